"""Rollcall as a process that can be killed, by others or by itself.

Its settings stand in the environment, as those of `rollcall worker`; the pace is lifted, and waits that are long only
for real networks' sake are short. It kills itself where DIES_AT says so, and keeps a journal of what it sent.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from bot import logs, run
from bot.delivery import ladder, queue, sms_claims, sms_queue, steps, texting, worker
from bot.delivery import sms as network
from bot.delivery.carrying import Remove, carry
from bot.delivery.claims import Claimed, claim_telegram
from bot.delivery.mail import Mail, open_mail
from bot.delivery.outcomes import Outcome
from bot.delivery.queue import record
from bot.screens.screen import Screen
from bot.settings import load

UNPACED = {"telegram_every": timedelta(0), "chat_every": timedelta(0), "segment_every": timedelta(0)}
AT_THE = 5  # time of a step: by then several are under way


@dataclass(frozen=True, slots=True)
class Place:
    """A function after which, or right before which, a process may die."""

    module: ModuleType
    name: str
    before: bool = False


# Between any two steps of a delivery something is committed, or said to a network.
STEPS = {
    "claimed": Place(worker, "claim_telegram"),
    "answered": Place(worker, "carry"),
    "found blocked": Place(queue, "mark_unreachable"),
    "recorded": Place(queue, "record"),
    "taken by the ladder": Place(ladder, "settle", before=True),
    "climbed": Place(ladder, "settle"),
    "SMS claimed": Place(sms_claims, "claim_send"),
    "SMS begun": Place(sms_queue, "begin"),
    "SMS answered": Place(network, "send"),
    "SMS recorded": Place(sms_queue, "record"),
    "SMS to be looked up": Place(sms_claims, "claim_look_up"),
    "SMS looked up": Place(network, "find"),
}
RARE = {"found blocked", "SMS to be looked up", "SMS looked up"}  # the first time will do


def _mortal(place: Place, times: int) -> Callable[..., Awaitable[Any]]:
    """The function, with the process's end behind it (or before) when it has found something so many times."""
    function = getattr(place.module, place.name)
    left = times

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @wraps(function)
    async def mortal(*given: Any, **named: Any) -> Any:
        if place.before:
            count()
        result = await function(*given, **named)
        if not place.before and (result is not None or place.name == "mark_unreachable"):
            count()
        return result

    return mortal


@dataclass(frozen=True, slots=True)
class Journal:
    """What this process did with which delivery, a line each; written at once, so that it outlives a kill."""

    file: int

    def write(self, what: str, claimed: Claimed, outcome: str | None = None) -> None:
        line = {"pid": os.getpid(), "what": what, "delivery": str(claimed.id), "outcome": outcome}
        os.write(self.file, (json.dumps(line | {"at": datetime.now(UTC).timestamp()}) + "\n").encode())

    async def claimed(self, *given: Any) -> Claimed | None:
        claimed = await claim_telegram(*given)
        if claimed is not None:
            self.write("claimed", claimed)
        return claimed

    async def carried(self, mail: Mail, claimed: Claimed, content: Screen | Remove, png: bytes | None) -> Outcome:
        self.write("begun", claimed)
        outcome = await carry(mail, claimed, content, png)
        self.write("answered", claimed, type(outcome).__name__)
        return outcome

    async def recorded(self, db: Any, claimed: Claimed, *more: Any) -> bool:
        written = await record(db, claimed, *more)
        self.write("recorded" if written else "too late", claimed)
        return written


async def live(part: str) -> None:
    """Until it is told to stop, or killed."""
    ahead = timedelta(seconds=float(os.environ["CLOCK_AHEAD"]))
    settings = load("DATABASE_URL", "TELEGRAM_BOT_TOKEN", "PUBLIC_URL")
    logs.configure(settings.log_level, settings.log_format)

    def now() -> datetime:
        return datetime.now(UTC) + ahead

    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with run.serving(settings, now, receives=part == "web", works=part == "worker") as rollcall:
        await rollcall.wait()


@dataclass(slots=True)
class Mortal:
    """Such a process, seen from outside."""

    process: BaseProcess
    ended: asyncio.Event

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def exitcode(self) -> int | None:
        """Once it has ended; below zero, the signal that killed it."""
        return self.process.exitcode


@contextlib.asynccontextmanager
async def started(part: str, environment: dict[str, str], folder: Path) -> AsyncIterator[Mortal]:
    """`part` is "web" or "worker". What a process imports, a second or two each, is imported once for all of them."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    process = forks.Process(target=begin, args=(part, environment, folder))
    await asyncio.to_thread(process.start)
    mortal = Mortal(process, asyncio.Event())
    loop, end = asyncio.get_running_loop(), process.sentinel

    def has_ended() -> None:
        loop.remove_reader(end)
        mortal.ended.set()

    loop.add_reader(end, has_ended)
    try:
        yield mortal
    finally:
        process.terminate()
        await mortal.ended.wait()
        process.join()


def begin(part: str, environment: dict[str, str], folder: Path) -> None:
    """As a command would in that folder, its log beside it."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    main(part)


def main(part: str) -> None:
    short = steps.Retry(steps.LOOK_UP.patience, timedelta(seconds=2), timedelta(seconds=2))
    journal = Journal(os.open(Path(os.environ["JOURNAL"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    with contextlib.ExitStack() as stack:
        for module, name, instead in (
            (run, "open_mail", lambda *given, **named: open_mail(*given, **named | UNPACED)),
            (steps, "LOOK_UP", short),
            (steps, "SWEEP_AFTER", timedelta(seconds=5)),
            (texting, "LISTED_AFTER", 1),
            (network, "HALT_FOR", timedelta(seconds=1)),
            (worker, "claim_telegram", journal.claimed),
            (worker, "carry", journal.carried),
            (queue, "record", journal.recorded),
        ):
            stack.enter_context(mock.patch.object(module, name, instead))
        if dies_at := os.environ.get("DIES_AT"):
            place = STEPS[dies_at]
            mortal = _mortal(place, 1 if dies_at in RARE else AT_THE)
            stack.enter_context(mock.patch.object(place.module, place.name, mortal))
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(live(part))
