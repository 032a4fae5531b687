"""The figures of one update: a press that wins, one that comes too late, and /today, each beside its floor."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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
        self._sets = 0

    def all(self) -> list[Case]:
        """Accept that wins, Accept that comes too late, /today."""
        return [
            Case("Accept, it's yours", floor.accept_won, lambda count: self._accepts(count, taken=False)),
            Case("Accept, already taken", floor.accept_taken, lambda count: self._accepts(count, taken=True)),
            Case("/today", floor.today, self._todays),
        ]

    async def offers(self, count: int, *, taken: bool = False) -> list[Offer]:
        """So many new windows, each offered to a driver of its own."""
        self._sets += 1
        bench = self._bench
        return await offer(bench.db, bench.fleet, self._sets, count, datetime.now(UTC), taken=taken)

    async def _accepts(self, count: int, *, taken: bool) -> list[Update]:
        return [updates.accept(each) for each in await self.offers(count, taken=taken)]

    async def _todays(self, count: int) -> list[Update]:
        return [updates.today(FIRST_CHAT + driver) for driver in range(count)]


async def measured(bench: Bench, cases: Cases) -> list[Figures]:
    """All three cases."""
    kinds = cases.all()
    rates: dict[str, list[Rate]] = {case.name: [] for case in kinds}
    floors: dict[str, list[float]] = {case.name: [] for case in kinds}
    statements = {}
    async with (
        asyncpg.create_pool(
            bench.url,
            min_size=IN_FLIGHT,
            max_size=IN_FLIGHT,
            server_settings={"application_name": FLOOR},
            reset=_nothing,
        ) as pool,
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
