"""The nightly duties about drivers' standing, of a fleet with a year behind it, each beside the SQL of its result."""

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench import past
from bench import standing_floor as floor
from bench.filling import Figure, timed
from bench.presses import FLOOR, Bench
from bench.statements import counted
from bot import logs
from bot.faults import Failed
from bot.jobs import Duties, run_due, table_of_duties
from bot.wording import Words
from domain.db.engine import connect, sessions
from domain.policy import Policy
from domain.time import local_instant, week_of

WEEKS: Final = 52
TIMES: Final = 3  # the median of so many, product and floor in turns
NAME: Final = "standing"  # of the product's sessions

# As if nobody had been told or judged; the last is what the stars are before the week is judged.
_TOLD = "DELETE FROM deliveries WHERE notification_id IS NOT NULL; DELETE FROM notifications; TRUNCATE audit_logs"
_NO_METRICS = f"""
UPDATE driver_metrics SET total_assigned = total_assigned + 1; TRUNCATE route_completions, driver_caps;
DELETE FROM flag_episodes;
UPDATE users SET is_flagged = false, flag_warning_date = NULL, weekly_cap = 4 WHERE role = 'driver'; {_TOLD}
"""
_NO_SCORES = f"TRUNCATE driver_health_snapshots; UPDATE driver_health_state SET current_score = 0; {_TOLD}"
_NO_STARS = f"""
DELETE FROM star_weeks WHERE week = '{{week}}';
UPDATE driver_health_state h SET streak_weeks = n, stars = least(n, 4), next_milestone_stars = least(n + 1, 4)
FROM (SELECT user_id, count(*) FILTER (WHERE qualified) AS n FROM star_weeks GROUP BY user_id) AS had
WHERE had.user_id = h.user_id; {_TOLD}
"""
_AS_IT_IS = "SELECT"
# What both must come to.
_STANDING = "SELECT count(*) FILTER (WHERE is_flagged), sum(weekly_cap) FROM users WHERE role = 'driver'"
_FIGURES = "SELECT sum(total_shifts), sum(completed_shifts), sum(no_shows), sum(confirmed_shifts) FROM driver_metrics"
_SCORES = "SELECT count(*), sum(score), sum(no_show_count_30d) FROM driver_health_snapshots"
_STARS = "SELECT sum(streak_weeks), sum(stars) FROM driver_health_state"
_HOW_MANY = "SELECT count(*) FROM notifications"

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one fleet; `daily`: the seconds of every night's health."""

    drivers: int
    assignments: int
    duties: list[Figure]
    daily: float


@dataclass(frozen=True, slots=True)
class Case:
    """A duty as of an instant, and its floor; `before` makes the world such that there is something to do."""

    name: str
    duty: str
    at: datetime
    bare: Callable[[Any, datetime], Awaitable[None]]
    before: str
    result: tuple[str, ...]


async def measured(bench: Bench) -> Standing:
    """On a fleet of its own."""
    logs.configure("ERROR", "console")
    monday, _ = week_of(bench.fleet.today)
    await past.live(bench.db, WEEKS, monday)
    assignments = await bench.db.fetchval("SELECT count(*) FROM assignments WHERE user_id IS NOT NULL")
    measuring = _Measuring(bench)
    figures = [await measuring.figure(case) for case in _cases(bench, measuring.policy)]
    daily = next(each.took_for for each in figures if each.name.startswith("health"))
    return Standing(bench.fleet.drivers, assignments, figures, daily)


def _cases(bench: Bench, policy: Policy) -> list[Case]:
    today = bench.fleet.today
    monday, _ = week_of(today)
    week = monday - timedelta(weeks=1)
    at = local_instant(today, time(3, 30), policy)
    judged = local_instant(monday, policy.stars_judged_at, policy)
    metrics = Case(
        "metrics and flags, all of it different", "metrics", at, floor.metrics, _NO_METRICS, (_FIGURES, _STANDING)
    )
    return [
        metrics,
        replace(metrics, name="metrics and flags, nothing different", before=_AS_IT_IS),
        Case("health", "health", at, lambda db, now: floor.health(db, now, today), _NO_SCORES, (_SCORES, _HOW_MANY)),
        Case(
            "stars",
            "stars",
            judged,
            lambda db, now: floor.stars(db, now, week, policy),
            _NO_STARS.format(week=week),
            (_STARS, _HOW_MANY),
        ),
    ]


class _Measuring:
    def __init__(self, bench: Bench) -> None:
        self._bench, self.policy = bench, Policy()
        self._duties: Duties = table_of_duties(Words(self.policy.zone), self.policy)

    async def figure(self, case: Case) -> Figure:
        """Whatever it takes: a duty that takes longer than a statement may is to be seen."""
        engine = connect(self._bench.url, connections=1, name=NAME, statement_for=None)
        connection = await asyncpg.connect(self._bench.url, server_settings={"application_name": FLOOR})
        try:
            open_ = sessions(engine)

            async def mine() -> None:
                await self._product(case, open_)

            async def bare() -> None:
                await case.bare(connection, case.at)

            results = [await self._result(case, work) for work in (mine, bare)]  # the first run makes the statements
            assert results[0] == results[1], f"{case.name}: {results[0]}, and by SQL alone {results[1]}"
            took, floor_took = [], []
            for _ in range(TIMES):
                took.append(await self._timed(case, mine))
                floor_took.append(await self._timed(case, bare))
            counts = []
            for name, work in ((NAME, mine), (FLOOR, bare)):
                await self._bench.db.execute(case.before)
                counts.append(await counted(self._bench.db, self._bench.log, name, work))
            return Figure(case.name, statistics.median(took), statistics.median(floor_took), *counts)
        finally:
            await connection.close()
            await engine.dispose()

    async def _product(self, case: Case, open_: async_sessionmaker[AsyncSession]) -> None:
        done = await run_due(self._duties[case.duty], open_, case.at)
        assert not any(isinstance(item, Failed) for item in done), "a duty failed; its log is above"

    async def _result(self, case: Case, work: Work) -> list[Any]:
        await self._bench.db.execute(case.before)
        await work()
        return [await self._bench.db.fetchrow(each) for each in case.result]

    async def _timed(self, case: Case, work: Work) -> float:
        await self._bench.db.execute(case.before)
        await self._bench.db.execute("VACUUM ANALYZE")  # what the server would do of its own accord
        return await timed(work)
