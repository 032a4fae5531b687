"""The figures of one update: a press that wins, one that comes too late, and /today, each beside its floor."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg

from bench import floor, updates
from bench.bots import bot
from bench.fleet import FIRST_CHAT, Fleet
from bench.load import MEASURE_FOR, Answered, Carrier, Rate, each
from bench.offers import Offer, offer
from bench.statements import Counted, counted
from bench.telegram import Telegram
from bench.updates import Update

IN_FLIGHT = 10  # as many as the bot has connections to the database; more only wait for one
COUNT = 300  # updates a measurement
ROUNDS = 3  # the best of so many, product and floor in turns: the machine has other things to do
WARM_UP = 40
A_SECOND = 25.0
EVENLY = 150  # updates: six seconds
FLOOR = "floor"  # the name of its sessions
QUIET_AFTER = 30.0  # seconds, at the most


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements need."""

    db: Any  # asyncpg
    url: str
    folder: Path
    log: Path
    fleet: Fleet
    telegram: Telegram
    http: Any  # aiohttp
    sets: Iterator[int] = field(default_factory=lambda: itertools.count(1))  # of offers: a week each

    async def quiet(self) -> None:
        """Until everything that was due has been sent, and recorded."""
        async with asyncio.timeout(QUIET_AFTER):
            while await self.db.fetchval("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def set_aside(self) -> None:
        """What nobody has sent, asked for or answered so far is not the next measurement's affair."""
        waiting = "due_at IS NOT NULL OR escalate_at IS NOT NULL"
        await self.db.execute(f"UPDATE deliveries SET due_at = NULL, escalate_at = NULL WHERE {waiting}")
        await self.db.execute("UPDATE window_waves SET next_at = NULL")


@dataclass(slots=True)
class Case:
    """One kind of update."""

    name: str
    floor: floor.Path
    updates: Callable[[int], Awaitable[list[Update]]]  # so many new ones


@dataclass(frozen=True, slots=True)
class Figures:
    """One case, measured."""

    name: str
    rate: Rate
    floor_a_second: float
    statements: Counted
    floor_statements: Counted
    evenly: list[Answered | None]


class Cases:
    """The three, with fresh windows whenever some are wanted."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def all(self) -> list[Case]:
        """Accept that wins, Accept that comes too late, /today."""
        return [
            Case("Accept, it's yours", floor.accept_won, lambda count: self._accepts(count, taken=False)),
            Case("Accept, already taken", floor.accept_taken, lambda count: self._accepts(count, taken=True)),
            Case("/today", floor.today, self._todays),
        ]

    async def offers(self, count: int, *, taken: bool = False) -> list[Offer]:
        """So many new windows, each offered to a driver of its own."""
        bench = self._bench
        return await offer(bench.db, bench.fleet, next(bench.sets), count, datetime.now(UTC), taken=taken)

    async def _accepts(self, count: int, *, taken: bool) -> list[Update]:
        return [updates.accept(each) for each in await self.offers(count, taken=taken)]

    async def _todays(self, count: int) -> list[Update]:
        return [updates.today(FIRST_CHAT + driver) for driver in range(count)]


async def measured(bench: Bench) -> list[Figures]:
    """All three cases."""
    kinds = Cases(bench).all()
    rates: dict[str, list[Rate]] = {case.name: [] for case in kinds}
    floors: dict[str, list[float]] = {case.name: [] for case in kinds}
    statements = {}
    async with (
        floor_pool(bench) as pool,
        bot("web", bench.folder, bench.url, bench.telegram, paced=False) as running,
    ):
        carrier = Carrier(running, bench.telegram, bench.http)
        for case in kinds:
            await carrier.rate(await case.updates(WARM_UP), IN_FLIGHT)
            await _floor(pool, case, WARM_UP)
            statements[case.name] = await _statements(bench, carrier, pool, case)
        for _ in range(ROUNDS):
            for case in kinds:
                rates[case.name].append(await carrier.rate(await case.updates(COUNT), IN_FLIGHT))
                floors[case.name].append(await _floor(pool, case, COUNT))
    return [
        Figures(
            case.name,
            Rate(
                max(rate.a_second for rate in rates[case.name]),
                min(rate.cpu_ms for rate in rates[case.name]),
                rates[case.name][0].calls,
            ),
            max(floors[case.name]),
            *statements[case.name],
            evenly,
        )
        for case, evenly in zip(kinds, await _evenly(bench, kinds), strict=True)
    ]


async def _evenly(bench: Bench, cases: list[Case]) -> list[list[Answered | None]]:
    """At the pace of production, which leaves three messages a second to spare."""
    answered = []
    async with bot("web", bench.folder, bench.url, bench.telegram, paced=True) as running:
        carrier = Carrier(running, bench.telegram, bench.http)
        for case in cases:
            await carrier.evenly(await case.updates(WARM_UP), A_SECOND)
            answered.append(await carrier.evenly(await case.updates(EVENLY), A_SECOND))
    return answered


@asynccontextmanager
async def floor_pool(bench: Bench) -> AsyncIterator[Any]:
    """As many connections as the bot has, for SQL alone."""
    async with asyncpg.create_pool(
        bench.url,
        min_size=IN_FLIGHT,
        max_size=IN_FLIGHT,
        server_settings={"application_name": FLOOR},
        reset=_nothing,
    ) as pool:
        yield pool


async def _nothing(_connection: Any) -> None:
    """asyncpg's pool would clean up by a statement of its own after each use; the floor is to be bare."""


async def _floor(pool: Any, case: Case, count: int) -> float:
    """Updates a second by SQL alone."""
    todo = await case.updates(count)

    async def one(update: Update) -> None:
        async with pool.acquire() as connection:
            await case.floor(connection, update)

    began = monotonic()
    return await each(todo, one, IN_FLIGHT, MEASURE_FOR) / (monotonic() - began)


async def _statements(bench: Bench, carrier: Carrier, pool: Any, case: Case) -> tuple[Counted, Counted]:
    """Of one update: those of the product, and those of its floor."""
    product, bare = await case.updates(1), await case.updates(1)

    async def one() -> None:
        async with pool.acquire() as connection:
            await case.floor(connection, bare[0])

    return (
        await counted(bench.db, bench.log, "rollcall", lambda: carrier.bring(product[0])),
        await counted(bench.db, bench.log, FLOOR, one),
    )
