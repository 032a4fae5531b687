"""The duties by the clock over a large fleet: what they cost while nothing is due, and when much falls due at once."""

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

import asyncpg
import psutil
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench import duties_floor as floor
from bench import notices
from bench.fleet import ROUTES_A_WAREHOUSE
from bench.presses import FLOOR, ROUNDS, Bench
from bench.statements import Counted, counted, counted_by_name
from bot import logs
from bot.faults import Failed
from bot.jobs import Clockwork, Duties, Duty, run_due, table_of_duties
from bot.wording import Words
from domain.coverage.cover import CoverTold
from domain.db.engine import connect, sessions
from domain.db.models.words import Channel, Urgency
from domain.policy import Policy
from domain.shifts.checking import Checked
from domain.shifts.reminding import Reminded
from domain.time import local_instant

MISSING: Final = 60  # at nine, each in a warehouse of its own: more of one would be held (R8.6a)
UNCONFIRMED: Final = 100  # at their deadline
WITHOUT_TELEGRAM: Final = 1_000  # drivers with something in the digest
SECONDS: Final = 30  # of idle ticking
PER_ITEM: Final = ("auto-drop", "no-show", "waves", "windows")

_ARRIVED = """
WITH arrived AS (
    UPDATE assignments SET status = 'active' WHERE date = $1 AND status = 'scheduled' RETURNING id
)
INSERT INTO shifts (assignment_id, arrived_at, created_at) SELECT id, $2, $2 FROM arrived
"""
_NOT_THERE = """
WITH missing AS (UPDATE assignments SET status = 'scheduled' WHERE id = ANY ($1) RETURNING id)
DELETE FROM shifts WHERE assignment_id IN (SELECT id FROM missing)
"""
_UNCONFIRMED = (
    "UPDATE assignments SET confirmed_at = NULL WHERE date = $1 AND status = 'scheduled' AND route_id = ANY ($2)"
)
# Two days of them, as the database's clock would have it; the last one is young.
_BEATS = """
INSERT INTO heartbeats (at, first_at, last_at)
SELECT at, real, real FROM generate_series($1::timestamptz - interval '2 days', $1, '20 s') AS at,
     LATERAL (SELECT clock_timestamp() - ($1 - at)) AS by_database (real)
ON CONFLICT (at) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at
"""


@dataclass(frozen=True, slots=True)
class Idle:
    """A second in which nothing is due: statements by duty, and the milliseconds of processor time of both sides."""

    statements: Mapping[str, Counted]
    cpu_ms: float
    server_ms: float


@dataclass(frozen=True, slots=True)
class Due:
    """One run of a duty. `items`: things done one by one, or people told in one batch."""

    name: str
    items: int
    batch: bool
    statements: Counted
    took_for: float  # seconds


@dataclass(frozen=True, slots=True)
class Nine:
    """Nine o'clock: those who are missing, and the first waves for their slots. Seconds, by one process."""

    missed_for: float
    told_for: float
    asked: int
    floor_missed_for: float
    floor_told_for: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it."""

    drivers: int
    live: int
    today: int
    idle: Idle
    nine: Nine
    floor_items: tuple[Counted, Counted]  # statements of one no-show and of one wave
    due: list[Due]


async def measured(bench: Bench) -> Figures:
    """On a fleet of its own: nearly all of today's drivers have arrived."""
    logs.configure("ERROR", "console")
    return await _Measuring(bench).all()


class _Measuring:
    def __init__(self, bench: Bench) -> None:
        self._bench, self._policy = bench, Policy()
        self._today = bench.fleet.today
        self._nine = local_instant(self._today, self._policy.arrive_by, self._policy)
        self._duties: Duties = table_of_duties(Words(self._policy.zone), self._policy)
        self._places: Iterator[int] = itertools.count()

    async def all(self) -> Figures:
        db = self._bench.db
        await db.execute(_ARRIVED, self._today, self._nine - timedelta(hours=2))
        await db.execute("VACUUM ANALYZE")  # what the server would do of its own accord
        live = "SELECT count(*) FROM assignments WHERE date >= $1 AND status IN ('scheduled', 'active')"
        of_today = "SELECT count(*) FROM assignments WHERE date = $1 AND status IN ('scheduled', 'active')"
        alive, today = [await db.fetchval(each, self._today) for each in (live, of_today)]
        idle = await self._idle()
        nine, floor_items = await self._nine_o_clock()
        due = [await self._due(name, at) async for name, at in self._falling_due()]
        return Figures(self._bench.fleet.drivers, alive, today, idle, nine, floor_items, due)

    # -- nothing is due

    async def _idle(self) -> Idle:
        """A second before nine, when everybody is there who should be."""
        await self._beat()
        at = self._nine - timedelta(seconds=1)
        async with _engines(self._bench.url, self._duties) as open_:
            clocks = {
                name: Clockwork({name: duty}, open_[name], self._policy, lambda: at)
                for name, duty in self._duties.items()
            }

            async def second() -> None:
                await asyncio.gather(*(clock.tick(name) for name, clock in clocks.items()))

            await second()  # connects, and makes the statements
            by_name = await counted_by_name(self._bench.db, self._bench.log, second)
            servers = [psutil.Process(row["pid"]) for row in await self._bench.db.fetch(_BACKENDS)]
            cpu, server = time.process_time(), _spent(servers)
            for _ in range(SECONDS):
                await second()
            return Idle(
                {name: by_name[_session(name)] for name in clocks},
                1000 * (time.process_time() - cpu) / SECONDS,
                1000 * (_spent(servers) - server) / SECONDS,
            )

    # -- nine o'clock

    async def _nine_o_clock(self) -> tuple[Nine, tuple[Counted, Counted]]:
        """The best of some rounds, product and floor in turns."""
        rounds = []
        items: tuple[Counted, Counted] | None = None
        async with _engines(self._bench.url, {"nine": None}) as open_:
            connection = await asyncpg.connect(self._bench.url, server_settings={"application_name": FLOOR})
            for _ in range(ROUNDS):
                rounds.append(await self._round(open_["nine"], connection))
            items = await self._floor_statements(connection)
            await connection.close()
        return Nine(*(min(values) for values in zip(*rounds, strict=True))), items

    async def _round(
        self, open_: async_sessionmaker[AsyncSession], connection: Any
    ) -> tuple[float, float, int, float, float]:
        await self._miss(MISSING)
        began = monotonic()
        missed = _done(await run_due(self._duties["no-show"], open_, self._nine))
        over = monotonic()
        waves = _done(await run_due(self._duties["waves"], open_, self._nine))
        ended = monotonic()
        assert len(missed) == len(waves) == MISSING
        asked = sum(wave.asked for wave in waves)
        ids = await self._miss(MISSING)
        floor_began = monotonic()
        windows = [await floor.miss(connection, each, self._nine) for each in ids]
        floor_over = monotonic()
        for window in windows:
            await floor.wave(connection, window, self._nine)
        return over - began, ended - over, asked, floor_over - floor_began, monotonic() - floor_over

    async def _floor_statements(self, connection: Any) -> tuple[Counted, Counted]:
        [missing] = await self._miss(1)
        opened: list[uuid.UUID] = []

        async def miss() -> None:
            opened.append(await floor.miss(connection, missing, self._nine))

        db, log = self._bench.db, self._bench.log
        one = await counted(db, log, FLOOR, miss)
        return one, await counted(db, log, FLOOR, lambda: floor.wave(connection, opened[0], self._nine))

    async def _miss(self, count: int) -> list[uuid.UUID]:
        """So many more drivers have not come; heartbeats say that they could have told."""
        place = next(self._places)
        ids = [self._bench.fleet.slot(n * ROUTES_A_WAREHOUSE + place, self._today) for n in range(count)]
        await self._bench.db.execute(_NOT_THERE, ids)
        await self._beat()
        return ids

    async def _beat(self) -> None:
        await self._bench.db.execute(_BEATS, self._nine)

    # -- much is due

    async def _falling_due(self) -> AsyncIterator[tuple[str, datetime]]:
        """Each duty by its name, with the instant, once the world is such that it has something to do."""
        db, fleet = self._bench.db, self._bench.fleet
        some = [fleet.id("route", n) for n in range(0, fleet.routes, fleet.routes // UNCONFIRMED)]
        await db.execute(_UNCONFIRMED, self._today + timedelta(days=2), some)
        yield "auto-drop", self._nine
        await db.execute("UPDATE bid_windows SET status = 'closed' WHERE status = 'open'")  # those of the rounds before
        await self._miss(MISSING)
        yield "missing", self._nine - self._policy.check_before
        yield "no-show", self._nine
        yield "waves", self._nine
        yield "windows", local_instant(self._today, self._policy.slot_over, self._policy)
        yield "shift-reminders", local_instant(self._today + timedelta(days=1), self._policy.quiet_until, self._policy)
        all_ = [fleet.id("route", n) for n in range(fleet.routes)]
        await db.execute(_UNCONFIRMED, self._today + self._policy.remind_before, all_)
        yield "confirmation-reminders", self._nine - timedelta(hours=1)
        yield "last-calls", self._nine + timedelta(hours=9)
        yield "cover", self._nine + timedelta(hours=9)
        await notices.write(db, fleet, range(WITHOUT_TELEGRAM), Urgency.NORMAL, self._nine, channel=Channel.SMS)
        await db.execute("UPDATE deliveries SET due_at = NULL WHERE channel = 'sms' AND state = 'pending'")
        yield "sms-digest", self._nine + timedelta(hours=8)
        yield "cleanup", self._nine + timedelta(days=1)

    async def _due(self, name: str, at: datetime) -> Due:
        done: list[Any] = []
        took: list[float] = []
        async with _engines(self._bench.url, {name: None}) as open_:

            async def run() -> None:
                began = monotonic()
                done.extend(_done(await run_due(duty, open_[name], at)))
                took.append(monotonic() - began)

            duty = self._duties[name]
            assert isinstance(duty, Duty)
            async with open_[name]() as session:  # connects, makes the statements, and is rolled back
                await duty.item(session, at, 0)
            statements = (await counted_by_name(self._bench.db, self._bench.log, run))[_session(name)]
        batch = name not in PER_ITEM
        return Due(name, _told(done[0]) if batch else len(done), batch, statements, took[0])


_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'duty\\_%'"


def _session(duty: str) -> str:
    """How the sessions of a duty are called in the server's log."""
    return f"duty_{duty.replace('-', '_')}"


@asynccontextmanager
async def _engines(url: str, names: Mapping[str, Any]) -> AsyncIterator[dict[str, async_sessionmaker[AsyncSession]]]:
    """Sessions for each duty, under a name by which its statements are known."""
    engines = {name: connect(url, connections=1, name=_session(name)) for name in names}
    try:
        yield {name: sessions(engine) for name, engine in engines.items()}
    finally:
        for engine in engines.values():
            await engine.dispose()


def _spent(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _done(items: list[Any]) -> list[Any]:
    assert not any(isinstance(item, Failed) for item in items), "a duty failed; its log is above"
    return items


def _told(result: Any) -> int:
    """People who were told, or rows that were removed, in one batch."""
    match result:
        case Reminded(count) | CoverTold(count):
            return count
        case Checked(drivers, managers):
            return drivers + managers
        case dict():
            return sum(result.values())
    raise TypeError(f"{type(result).__name__} is no batch")
