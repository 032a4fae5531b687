"""The figures of delivery: its pace under a backlog, what overtakes that, how soon one leaves alone, and its cost."""

import asyncio
import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from bench import floor, notices
from bench.bots import Running, workers
from bench.fleet import FIRST_CHAT
from bench.load import ANSWER_FOR, each
from bench.presses import FLOOR, IN_FLIGHT, ROUNDS, WARM_UP, Bench, floor_pool
from bench.statements import Counted, counted
from domain.db.models.words import Urgency

BACKLOG: Final = 3_000  # people, since a chat gets one message a second
WORKERS: Final = (1, 4)  # processes
DRAINED_AFTER: Final = 300.0  # seconds, at the most
URGENT_EVERY: Final = (2.0, 4.0)  # seconds, anything between them
ALONE: Final = 200  # notices, one at a time
ALONE_EVERY: Final = (0.05, 0.45)  # seconds, anything between them
COUNT: Final = 600  # deliveries a round with the pace lifted
COUNTED: Final = 200  # deliveries whose statements are counted

_dice = random.Random(7)


@dataclass(frozen=True, slots=True)
class Drained:
    """A backlog of normal notices, and the urgent ones that came in between. `overtook`: seconds from the commit."""

    workers: int
    a_second: float
    most_in_a_second: int  # of all windows of that length
    overtook: list[float]


@dataclass(frozen=True, slots=True)
class Cost:
    """With the pace lifted, one worker process. The two counts are of `COUNTED` deliveries."""

    a_second: float
    cpu_ms: float  # of the worker, a delivery
    floor_a_second: float
    statements: Counted
    floor_statements: Counted


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Everything but its growth."""

    drained: list[Drained]
    alone: list[float]  # seconds from commit to network
    cost: Cost


async def measured(bench: Bench) -> Deliveries:
    """All of it, on a fleet with more than BACKLOG drivers."""
    await notices.never_quiet(bench.db)
    drains = [await _drained(bench, count) for count in WORKERS]
    return Deliveries(drains, await _alone(bench), await _cost(bench))


async def _drained(bench: Bench, count: int) -> Drained:
    async with workers(count, bench.folder, bench.url, bench.telegram, paced=True):
        await _warmed_up(bench)
        sent = bench.telegram.sent
        del sent[:]
        overtook: list[float] = []
        others = itertools.cycle(range(BACKLOG, bench.fleet.drivers))
        await _write(bench, range(BACKLOG))
        async with asyncio.timeout(DRAINED_AFTER):
            while len(sent) < BACKLOG + len(overtook):
                overtook.append(await _until_shown(bench, next(others), Urgency.URGENT))
                await asyncio.sleep(_dice.uniform(*URGENT_EVERY))
        await bench.quiet()
        came = sorted(message.at for message in sent)
    await bench.set_aside()
    return Drained(count, (len(came) - 1) / (came[-1] - came[0]), most_within(came, 1.0), overtook)


async def _alone(bench: Bench) -> list[float]:
    async with workers(1, bench.folder, bench.url, bench.telegram, paced=True):
        await _warmed_up(bench)
        took = []
        for driver in range(ALONE):
            await asyncio.sleep(_dice.uniform(*ALONE_EVERY))
            took.append(await _until_shown(bench, driver, Urgency.NORMAL))
        await bench.quiet()
    return took


async def _cost(bench: Bench) -> Cost:
    await bench.db.execute(floor.QUEUE)
    async with (
        floor_pool(bench) as pool,
        workers(1, bench.folder, bench.url, bench.telegram, paced=False) as [worker],
    ):
        await _carried(bench, worker, WARM_UP)
        await _bare(pool, WARM_UP)
        statements = await counted(bench.db, bench.log, "rollcall", lambda: _carried(bench, worker, COUNTED))
        bare = await counted(bench.db, bench.log, FLOOR, lambda: _bare(pool, COUNTED))
        rates, floors = [], []
        for _ in range(ROUNDS):
            rates.append(await _carried(bench, worker, COUNT))
            floors.append(await _bare(pool, COUNT))
    return Cost(max(rate for rate, _ in rates), min(cpu for _, cpu in rates), max(floors), statements, bare)


async def _carried(bench: Bench, worker: Running, count: int) -> tuple[float, float]:
    """Deliveries a second from the commit to the last record, and milliseconds of processor time each.

    What the worker has to do is copied for the floor in the transaction that makes it due.
    """
    cpu = worker.cpu_ms()
    async with bench.db.transaction():
        await _write(bench, range(count))
        await bench.db.execute(floor.COPY_DUE)
    began = monotonic()
    await bench.quiet()
    took = monotonic() - began
    return count / took, (worker.cpu_ms() - cpu) / count


async def _bare(pool: Any, count: int) -> float:
    """Deliveries a second by SQL alone, of those that were copied."""

    async def one(_: int) -> None:
        async with pool.acquire() as connection:
            await floor.delivery(connection)

    began = monotonic()
    await each(range(count), one, IN_FLIGHT)
    return count / (monotonic() - began)


async def _warmed_up(bench: Bench) -> None:
    """The first messages of a process make its connections and its statements."""
    await _write(bench, range(WARM_UP))
    await bench.quiet()


async def _until_shown(bench: Bench, driver: int, level: Urgency) -> float:
    """Seconds from the commit of one notice until the network has it."""
    message = bench.telegram.message(FIRST_CHAT + driver)
    await _write(bench, [driver], level)
    committed = monotonic()
    return await asyncio.wait_for(message, ANSWER_FOR) - committed


async def _write(bench: Bench, drivers: Iterable[int], level: Urgency = Urgency.NORMAL) -> None:
    await notices.write(bench.db, bench.fleet, drivers, level, datetime.now(UTC))


def most_within(times: list[float], seconds: float) -> int:
    """The most that fall into one window of this length, wherever it begins; `times` from first to last."""
    most = begins = 0
    for ends, at in enumerate(times):
        while times[begins] <= at - seconds:
            begins += 1
        most = max(most, ends - begins + 1)
    return most
