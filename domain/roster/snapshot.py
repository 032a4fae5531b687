"""What a roster is made from: the slots of its week and who may be given them, as of one moment (R3.4).

Every statement is about all drivers at once; what belongs together is put together here.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Boolean, Date, DateTime, Row, TextClause, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.sql import sql
from domain.policy import Policy
from domain.roster.rules import Candidate, Slot
from domain.roster.runs import Run
from domain.roster.supposing import Supposed, newcomer
from domain.schedule.calendar import RUNS
from domain.schedule.rules import DAYS_OF_WEEK, days_of, weekday_of


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`slots`: to be filled. `held`: so many have their driver; `bidden`: somebody has bid for these, which decides.

    `supposed`: the candidates as a what-if has them; None where nothing is supposed.
    """

    slots: tuple[Slot, ...]
    candidates: tuple[Candidate, ...]
    held: int = 0
    bidden: tuple[Slot, ...] = ()
    supposed: tuple[Candidate, ...] | None = None

    @property
    def all(self) -> int:
        """The slots of the week, whoever has them."""
        return self.held + len(self.slots) + len(self.bidden)


async def snapshot(
    session: AsyncSession, run: Run, policy: Policy, now: datetime, within: Collection[uuid.UUID] | None
) -> Snapshot:
    """What the run decides from. The transaction is one that sees a single moment (REPEATABLE READ).

    `within`: the warehouses that are looked at, be they more than the run's; None: all.
    """
    days = days_to_come(run.week, policy, now)
    scope = {"everywhere": within is None, "warehouses": list(within or ())}
    rows = (await session.execute(_SLOTS, scope | {"days": days})).all() if days else []
    slots, bidden = (
        tuple(Slot(row.route_id, row.date, row.warehouse_id) for row in rows if not row.held and row.bidden is whether)
        for whether in (False, True)
    )
    real, supposed = await _candidates(session, run, scope, slots, days, policy) if slots else ((), None)
    return Snapshot(tuple(slots), real, len(rows) - len(slots) - len(bidden), tuple(bidden), supposed)


def days_to_come(week: date, policy: Policy, now: datetime) -> list[date]:
    """Of the week of this Monday, those days whose shifts have not started."""
    every = days_of(*time.week_of(week))
    return [on for on in every if now < time.shift_start(on, policy)]


_SLOTS = sql(
    f"""
    SELECT r.id AS route_id, r.warehouse_id, d.date, a.user_id IS NOT NULL AS held,
           EXISTS (SELECT FROM bids b WHERE b.assignment_id = a.id AND b.status = 'pending') AS bidden
    FROM routes r
    CROSS JOIN unnest(:days) AS d (date)
    LEFT JOIN assignments a ON a.route_id = r.id AND a.date = d.date AND a.status <> 'cancelled'
    WHERE (:everywhere OR r.warehouse_id = ANY (:warehouses)) AND {RUNS}
    ORDER BY d.date, r.id
    """,  # noqa: S608 - our own text
    days=ARRAY(Date()),
    everywhere=Boolean(),
    warehouses=ARRAY(Uuid()),
)

# -- the drivers, a statement for each kind of fact

# What another program has written, without versions, counts as it stands (R3.2).
WISHES: Final = """
    wishes AS (
        (SELECT DISTINCT ON (user_id) user_id, days, routes[1:3] AS routes, any_home_route
         FROM preference_versions WHERE saved_at <= :as_of
         ORDER BY user_id, saved_at DESC)
        UNION ALL
        SELECT p.user_id, p.preferred_days, p.preferred_routes[1:3], false FROM driver_preferences p
        WHERE NOT EXISTS (SELECT FROM preference_versions v WHERE v.user_id = p.user_id)
    )
"""
# Of those who prefer something within the scope, and of whom something is supposed. A rate is judged by the number that
# was stored, not by its nearest binary fraction.
_DRIVERS = sql(
    f"""
    WITH {WISHES}, concerned AS (
        SELECT * FROM wishes
        WHERE :everywhere
           OR routes && ARRAY(SELECT r.id FROM routes r WHERE r.warehouse_id = ANY (:warehouses))
           OR any_home_route AND (NOT EXISTS (SELECT FROM employments e WHERE e.user_id = wishes.user_id)
                                  OR EXISTS (SELECT FROM employments e WHERE e.user_id = wishes.user_id
                                             AND e.warehouse_id = ANY (:warehouses)))
           OR user_id = :supposed
        UNION ALL
        SELECT CAST(:supposed AS uuid), '{{}}', '{{}}', false WHERE :supposed NOT IN (SELECT user_id FROM wishes)
    )
    SELECT who.id, who.weekly_cap, wish.days, wish.routes, wish.any_home_route,
           CAST(round(coalesce(m.completion_rate, 0)::numeric * 100) AS integer),
           CAST(round(coalesce(m.attendance_rate, 0)::numeric * 100) AS integer),
           EXISTS (SELECT FROM employments e WHERE e.user_id = who.id)
    FROM concerned wish
    JOIN users who ON who.id = wish.user_id AND who.role = 'driver' AND NOT who.is_flagged
    LEFT JOIN driver_health_state h ON h.user_id = who.id
    LEFT JOIN driver_metrics m ON m.user_id = who.id
    WHERE coalesce(h.assignment_pool_eligible, true)
    ORDER BY who.id
    """,  # noqa: S608 - our own text
    as_of=DateTime(timezone=True),
    everywhere=Boolean(),
    warehouses=ARRAY(Uuid()),
    supposed=Uuid(),
)


@dataclass(frozen=True, slots=True)
class _Driver:
    """Who may be given shifts at all. `has_home`: one was ever recorded."""

    id: uuid.UUID
    cap: int
    days: Sequence[int]
    routes: Sequence[uuid.UUID]
    any_home: bool
    completion: int
    attendance: int
    has_home: bool


def _of_the_week(statement: str) -> TextClause:
    types: dict[str, Any] = {"first": Date(), "last": Date(), "routes": ARRAY(Uuid()), "drivers": ARRAY(Uuid())}
    return sql(statement, **{name: kind for name, kind in types.items() if f":{name}" in statement})


_HELD = _of_the_week(
    """
    SELECT user_id, date, route_id FROM assignments
    WHERE date BETWEEN :first AND :last AND status IN ('scheduled', 'active', 'completed') AND user_id = ANY (:drivers)
    """
)
_HOMES = _of_the_week(
    """
    SELECT user_id, warehouse_id, starts_on AS first, coalesce(ends_on, :last) AS last FROM employments
    WHERE starts_on <= :last AND coalesce(ends_on, :last) >= :first AND user_id = ANY (:drivers)
    """
)
_AWAY = _of_the_week(
    """
    SELECT user_id, starts_on AS first, ends_on AS last FROM time_off
    WHERE starts_on <= :last AND ends_on >= :first AND user_id = ANY (:drivers)
    """
)
_DECLINED = _of_the_week(
    "SELECT user_id, date FROM day_declines WHERE date BETWEEN :first AND :last AND user_id = ANY (:drivers)"
)
# Whether whoever had the row `a` has left the slot (R6.3); a test holds it against `standing`.
HE_LEFT: Final = """
    a.status = 'cancelled'
    AND (EXISTS (SELECT FROM shifts s WHERE s.assignment_id = a.id AND s.cancelled_at IS NOT NULL)
         OR EXISTS (SELECT FROM incidents i WHERE i.assignment_id = a.id
                    AND i.kind IN ('no_show', 'late_cancel', 'early_cancel', 'protected_absence')))
"""
_LEFT = _of_the_week(
    f"""
    SELECT a.user_id, a.route_id, a.date FROM assignments a
    WHERE a.date BETWEEN :first AND :last AND a.user_id = ANY (:drivers) AND {HE_LEFT}
    """  # noqa: S608 - our own text
)
_COMPLETIONS = _of_the_week(
    """
    SELECT user_id, route_id, completion_count FROM route_completions
    WHERE completion_count > 0 AND route_id = ANY (:routes) AND user_id = ANY (:drivers)
    """
)
_DROVE = _of_the_week(
    """
    SELECT user_id, route_id, date FROM assignments
    WHERE date BETWEEN :first AND :last AND status IN ('active', 'completed') AND user_id = ANY (:drivers)
    """
)


ByDriver = Mapping[uuid.UUID, Sequence[Row[Any]]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the statements above say, by driver."""

    held: ByDriver
    homes: ByDriver
    away: ByDriver
    declined: ByDriver
    left: ByDriver
    completions: ByDriver
    drove: ByDriver


async def _candidates(
    session: AsyncSession,
    run: Run,
    scope: dict[str, Any],
    slots: Sequence[Slot],
    days: Sequence[date],
    policy: Policy,
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...] | None]:
    """As it is, and as it is supposed."""
    supposed = None if run.changes is None else Supposed.of(run.changes)
    asked = scope | {"as_of": run.as_of, "supposed": supposed.driver_id if supposed else None}
    drivers = [_Driver(*row) for row in await session.execute(_DRIVERS, asked)]
    facts = await _facts(session, run, [driver.id for driver in drivers], slots, policy)
    everywhere = frozenset(slot.warehouse_id for slot in slots)

    def candidates(of: Iterable[_Driver]) -> tuple[Candidate, ...]:
        return tuple(each for driver in of if (each := _candidate(driver, facts, days, everywhere)).days)

    real = candidates(drivers)
    if supposed is None:
        return real, None
    if supposed.driver_id is None:
        return real, (*real, newcomer(supposed, run.warehouses or everywhere, days))
    return real, candidates(_as_supposed(driver, supposed) for driver in drivers)


def _as_supposed(driver: _Driver, supposed: Supposed) -> _Driver:
    if driver.id != supposed.driver_id:
        return driver
    has = supposed.preferences
    return replace(driver, cap=supposed.cap, days=has.days, routes=has.routes, any_home=has.any_home_route)


async def _facts(
    session: AsyncSession, run: Run, of: Sequence[uuid.UUID], slots: Sequence[Slot], policy: Policy
) -> _Facts:
    first, last = time.week_of(run.week)
    # A freeze is a second before the week that comes then.
    ending, _ = time.week_of(time.local_day(run.as_of + timedelta(seconds=1), policy) - timedelta(days=DAYS_OF_WEEK))
    drivers = {"drivers": list(of)}
    week = drivers | {"first": first, "last": last}
    before = drivers | {"first": ending, "last": ending + timedelta(days=DAYS_OF_WEEK - 1)}
    routes = drivers | {"routes": list({slot.route_id for slot in slots})}
    return _Facts(
        held=await _by_driver(session, _HELD, week),
        homes=await _by_driver(session, _HOMES, week),
        away=await _by_driver(session, _AWAY, week),
        declined=await _by_driver(session, _DECLINED, week),
        left=await _by_driver(session, _LEFT, week),
        completions=await _by_driver(session, _COMPLETIONS, routes),
        drove=await _by_driver(session, _DROVE, before),
    )


async def _by_driver(session: AsyncSession, statement: TextClause, given: Mapping[str, Any]) -> ByDriver:
    found: dict[uuid.UUID, list[Row[Any]]] = defaultdict(list)
    for row in await session.execute(statement, given):
        found[row.user_id].append(row)
    return found


def _candidate(driver: _Driver, facts: _Facts, days: Sequence[date], everywhere: frozenset[uuid.UUID]) -> Candidate:
    """Whoever has no recorded home is employed, and at home, everywhere (R12.7). No days: he can be given nothing."""
    homes, away = facts.homes.get(driver.id, ()), facts.away.get(driver.id, ())
    declined = {row.date for row in facts.declined.get(driver.id, ())}
    his: dict[date, frozenset[uuid.UUID]] = {}
    for on in days:
        home = frozenset(row.warehouse_id for row in homes if row.first <= on <= row.last)
        works = not driver.has_home or bool(home)
        if works and weekday_of(on) in driver.days and on not in declined and not _within(on, away):
            his[on] = (home if driver.has_home else everywhere) if driver.any_home else frozenset()
    held = {row.date: row.route_id for row in facts.held.get(driver.id, ())}
    return Candidate(
        driver_id=driver.id,
        days=his,
        routes=tuple(driver.routes),
        room=max(0, driver.cap - len(held)),
        held=len(held),
        completion=driver.completion,
        attendance=driver.attendance,
        completions={row.route_id: row.completion_count for row in facts.completions.get(driver.id, ())},
        drove=frozenset((row.route_id, weekday_of(row.date)) for row in facts.drove.get(driver.id, ())),
        left=frozenset((row.route_id, row.date) for row in facts.left.get(driver.id, ())),
        taken={on: route_id for on, route_id in held.items() if on in his},
    )


def _within(on: date, ranges: Sequence[Row[Any]]) -> bool:
    return any(row.first <= on <= row.last for row in ranges)
