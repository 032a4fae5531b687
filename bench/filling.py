"""Filling a slot: a window opened with its first wave, bids resolved, and many who accept at once.

The domain's own actions, each in its transaction, beside the SQL that they can't do without. All drivers work at one
warehouse: nowhere does a window concern more of them.
"""

import asyncio
import statistics
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench import filling_floor as floor
from bench.presses import FLOOR, IN_FLIGHT, Bench, floor_pool
from bench.statements import Counted, counted
from bot.wording import Words
from domain.bidding.actions import accept_shift
from domain.bidding.resolving import Resolved
from domain.bidding.rules import Award
from domain.coverage.ending import close_due_window
from domain.coverage.opening import Opened, open_emergency
from domain.db.engine import connect, sessions
from domain.people.queries import Person
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.refusals import Refused
from domain.time import local_instant

TIMES: Final = 5  # the median of so many, product and floor in turns
BONUS: Final = 20
NAME: Final = "filling"  # of the product's sessions

_OPEN_SLOTS = "SELECT id, date FROM assignments WHERE date > $1 AND status = 'unfilled' ORDER BY date, id"
# Whoever could take it: free that day, and below his cap.
_FREE = """
SELECT u.id FROM users u WHERE u.role = 'driver'
AND NOT EXISTS (SELECT FROM assignments a WHERE a.user_id = u.id AND a.date = $1 AND a.status <> 'cancelled')
AND (SELECT count(*) FROM assignments a WHERE a.user_id = u.id AND a.status <> 'cancelled'
     AND a.date BETWEEN date_trunc('week', $1::date)::date AND date_trunc('week', $1::date)::date + 6) < u.weekly_cap
ORDER BY u.id LIMIT $2
"""
_WINDOW = """
WITH opened AS (
    INSERT INTO bid_windows (id, assignment_id, mode, trigger, opens_at, closes_at, status)
    VALUES ($1, $2, $3::bid_window_mode, 'cancellation', $4::timestamptz - interval '2 days', $5, 'open')
)
INSERT INTO window_waves (window_id) VALUES ($1)
"""
_BIDS = """
INSERT INTO bids (assignment_id, user_id, status, bid_at, window_closes_at)
SELECT $1, who, 'pending', $2::timestamptz - n * interval '1 second', $2
FROM unnest($3::uuid[]) WITH ORDINALITY AS bidder (who, n)
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One operation. Seconds, the median; statements of one of them."""

    name: str
    took_for: float
    floor_for: float
    statements: Counted
    floor_statements: Counted


async def opening(bench: Bench) -> list[Figure]:
    """An emergency window with its first wave of thirty, in a fleet of this size."""
    return await _Measuring(bench).opening()


async def resolving(bench: Bench, bids: int) -> list[Figure]:
    """So many bids are judged when their window closes."""
    return await _Measuring(bench).resolving(bids)


async def accepting(bench: Bench, presses: int) -> list[Figure]:
    """So many drivers accept one shift at once: until the last of them has his answer."""
    return await _Measuring(bench).accepting(presses)


class _Measuring:
    def __init__(self, bench: Bench) -> None:
        self._bench, self._policy = bench, Policy()
        self._words = Words(self._policy.zone)
        self._now = local_instant(bench.fleet.today, self._policy.midnight, self._policy) + timedelta(hours=10)

    async def opening(self) -> list[Figure]:
        manager_id = self._bench.fleet.id("manager", 0)
        slots = await self._slots()

        async def open_one(open_: async_sessionmaker[AsyncSession]) -> Callable[[], Awaitable[None]]:
            slot = next(slots)["id"]

            async def work() -> None:
                async with open_.begin() as session:
                    manager = await person_by_id(session, manager_id)
                    assert manager is not None
                    done = await open_emergency(
                        session, manager, slot, BONUS, None, self._words, self._policy, self._now
                    )
                    assert isinstance(done, Opened) and done.asked == self._policy.wave_size

            return work

        async def bare(db: Any) -> Callable[[], Awaitable[None]]:
            slot = next(slots)
            return lambda: floor.open_window(db, slot["id"], slot["date"], self._now)

        return [await self._figure(f"{self._bench.fleet.drivers:,} drivers: opened, thirty asked", open_one, bare)]

    async def resolving(self, bids: int) -> list[Figure]:
        slots = await self._slots()

        async def window() -> uuid.UUID:
            slot, id_ = next(slots), uuid.uuid4()
            free = [row["id"] for row in await self._bench.db.fetch(_FREE, slot["date"], bids)]
            assert len(free) == bids
            await self._bench.db.execute(_WINDOW, id_, slot["id"], "competitive", self._now, self._now)
            await self._bench.db.execute(_BIDS, slot["id"], self._now, free)
            await self._bench.db.execute("ANALYZE bids")
            return id_

        async def resolve(open_: async_sessionmaker[AsyncSession]) -> Callable[[], Awaitable[None]]:
            await window()

            async def work() -> None:
                async with open_.begin() as session:
                    ended = await close_due_window(session, self._words, self._policy, self._now)
                assert isinstance(ended, Resolved) and ended.bidders == bids

            return work

        async def bare(db: Any) -> Callable[[], Awaitable[None]]:
            id_ = await window()
            return lambda: floor.resolve(db, id_, self._now)

        return [await self._figure(f"{bids:,} bids: resolved, all told", resolve, bare)]

    async def accepting(self, presses: int) -> list[Figure]:
        slots = await self._slots()

        async def window() -> tuple[uuid.UUID, list[uuid.UUID]]:
            slot, id_ = next(slots), uuid.uuid4()
            closes_at = self._now + timedelta(hours=20)
            await self._bench.db.execute(_WINDOW, id_, slot["id"], "instant", self._now, closes_at)
            return id_, [row["id"] for row in await self._bench.db.fetch(_FREE, slot["date"], presses)]

        async def accept(open_: async_sessionmaker[AsyncSession]) -> Callable[[], Awaitable[None]]:
            id_, free = await window()
            async with open_() as session:
                drivers = [await person_by_id(session, each) for each in free]

            async def one(driver: Person | None) -> bool:
                assert driver is not None
                async with open_.begin() as session:
                    done = await accept_shift(session, driver, id_, self._words, self._policy, self._now)
                assert isinstance(done, Award | Refused)
                return isinstance(done, Award)

            async def work() -> None:
                assert sum(await asyncio.gather(*map(one, drivers))) == 1

            return work

        async def bare(_db: Any) -> Callable[[], Awaitable[None]]:
            id_, free = await window()

            async def work() -> None:
                async with floor_pool(self._bench) as pool:
                    await asyncio.gather(*(floor.accept(pool, id_, each, self._now) for each in free))

            return work

        return [await self._figure(f"{presses:,} accept at once, one has it", accept, bare)]

    async def _slots(self) -> Iterator[Any]:
        """Those that nobody has and no window is open for, each once."""
        await self._bench.db.execute("UPDATE bid_windows SET status = 'closed' WHERE status = 'open'")
        return iter(await self._bench.db.fetch(_OPEN_SLOTS, self._bench.fleet.today))

    async def _figure(
        self,
        name: str,
        product: Callable[[async_sessionmaker[AsyncSession]], Awaitable[Callable[[], Awaitable[None]]]],
        bare: Callable[[Any], Awaitable[Callable[[], Awaitable[None]]]],
    ) -> Figure:
        """Each time the world is made such that there is something to do, which is not measured."""
        engine = connect(self._bench.url, connections=IN_FLIGHT, name=NAME)
        db = await asyncpg.connect(self._bench.url, server_settings={"application_name": FLOOR})
        try:
            open_ = sessions(engine)
            await (await product(open_))()  # connects, and makes the statements
            await (await bare(db))()
            took, floor_took = [], []
            for _ in range(TIMES):
                took.append(await timed(await product(open_)))
                floor_took.append(await timed(await bare(db)))
            log = self._bench.log
            mine = await counted(self._bench.db, log, NAME, await product(open_))
            its = await counted(self._bench.db, log, FLOOR, await bare(db))
            return Figure(name, statistics.median(took), statistics.median(floor_took), mine, its)
        finally:
            await db.close()
            await engine.dispose()


async def timed(work: Callable[[], Awaitable[None]]) -> float:
    began = monotonic()
    await work()
    return monotonic() - began
