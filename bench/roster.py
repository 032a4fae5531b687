"""A week's roster in companies of any size, made as a worker makes it: by the duty, in the other process.

What the solver proves to be the most, and what the common rule would fill, stand beside what it fills.
"""

import asyncio
import contextlib
import gc
import resource
import sys
import uuid
from collections.abc import Awaitable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Final
from unittest import mock

from bench.roster_fleet import FROZEN_AT, TOLD_AT, made_up, write
from bench.roster_greedy import greedy
from bot import rosters
from bot.jobs import run_due, table_of_duties
from bot.wording import Words
from bot.workshop import Workshop
from domain.db.engine import connect, sessions
from domain.policy import Policy
from domain.roster.making import Made
from domain.roster.rules import Candidate, Roster, Slot

SEED: Final = 7
NAME: Final = "rosters"  # of the product's sessions
KILOBYTE: Final = 1 if sys.platform == "darwin" else 1024  # what the system counts memory in
TICK: Final = 0.005  # seconds: so often the event loop is looked at


@dataclass(frozen=True, slots=True)
class Parts:
    """What the other process did, in seconds; and the most memory that it had, in megabytes, libraries and all."""

    loaded_for: float
    solved_for: float
    written_for: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """`most`: what is proven; `greedy`: what the common rule fills."""

    slots: int
    filled: int
    most: int
    greedy: int


@dataclass(frozen=True, slots=True)
class Rostered:
    """A company's week, in seconds. `started_for`: until the other process is there; `made_for`: from the freeze to the
    commit, `parts` of it there; `told_for`: the week's messages. `paused_for`: the longest that the event loop of who
    waited for it stood still. `anywhere`: where drivers prefer routes of the whole company, how long the solver takes.
    """

    drivers: int
    routes: int
    parts: Parts
    started_for: float
    made_for: float
    told_for: float
    paused_for: float
    coverage: Coverage
    anywhere: tuple[float, Coverage]


async def rostered(db: Any, url: str, drivers: int, routes: int) -> Rostered:
    """On an empty, migrated database: over asyncpg, and by its address."""
    week = made_up(drivers, routes, SEED, at_home=True)
    await write(db, week)
    slots, by_greedy = len(week.slots), greedy(week)
    del week
    gc.collect()  # a worker has no such week to look through
    parts = list[Parts]()

    async def make(_sessions: rosters.Sessions, run_id: uuid.UUID, now: datetime) -> Made | None:
        made, its = await workshop.run(_made, url, run_id, now)
        parts.append(its)
        return made

    policy, workshop, engine = Policy(), Workshop(), connect(url, name=NAME)
    duties = table_of_duties(Words(policy.zone), policy, make)
    try:
        with _watching() as pauses:
            started_for = await _timed(workshop.run(_ready))
            made_for = await _timed(run_due(duties["roster"], sessions(engine), FROZEN_AT))
        await db.execute("ANALYZE")  # as the server has of its own accord until Monday noon
        told_for = await _timed(run_due(duties["week-message"], sessions(engine), TOLD_AT))
        anywhere = await workshop.run(_solved, drivers, routes)
    finally:
        workshop.close()
        await engine.dispose()
    filled, most = await db.fetchrow("SELECT filled, maximum FROM roster_runs")
    coverage = Coverage(slots, filled, most, by_greedy)
    return Rostered(drivers, routes, parts[0], started_for, made_for, told_for, max(pauses), coverage, anywhere)


async def _timed(work: Awaitable[object]) -> float:
    began = monotonic()
    await work
    return monotonic() - began


@contextlib.contextmanager
def _watching() -> Iterator[list[float]]:
    """How long the event loop stood still, each time that it was looked at."""
    pauses: list[float] = []

    async def watch() -> None:
        while True:
            looked_at = monotonic()
            await asyncio.sleep(TICK)
            pauses.append(monotonic() - looked_at - TICK)

    watching = asyncio.create_task(watch())
    try:
        yield pauses
    finally:
        watching.cancel()


def _ready() -> None:
    """In the other process: what it wants is imported."""
    import domain.roster.flow  # noqa: F401 - not in this one


def _made(url: str, run_id: uuid.UUID, now: datetime) -> tuple[Made | None, Parts]:
    """In the other process: the product's own work, the clock read when the solver begins and ends."""
    from domain.roster import flow  # not in this one

    best_roster, read = flow.best_roster, [monotonic()]

    def solve(candidates: Collection[Candidate], slots: Collection[Slot], policy: Policy) -> Roster:
        read.append(monotonic())
        roster = best_roster(candidates, slots, policy)
        read.append(monotonic())
        return roster

    with mock.patch.object(flow, "best_roster", solve):
        made = rosters.alone(url, Policy(), run_id, now)
    if isinstance(made, rosters.Trouble):
        raise rosters.NotMade(made.told)
    began, loaded, solved = read
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE / 2**20
    return made, Parts(loaded - began, solved - loaded, monotonic() - solved, megabytes)


def _solved(drivers: int, routes: int) -> tuple[float, Coverage]:
    """In the other process: without a database, the hardest."""
    from domain.roster.flow import best_roster

    week = made_up(drivers, routes, SEED, at_home=False)
    began = monotonic()
    roster = best_roster(week.drivers, week.slots, Policy())
    took_for = monotonic() - began
    return took_for, Coverage(len(week.slots), len(roster.pairs), roster.maximum, greedy(week))
