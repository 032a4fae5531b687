"""Before a roster is published: its slots as a table of the transaction, locked, and what does not hold any more.

What was decided was true a moment ago. Under the locks each pair is judged once more, in one statement; what does not
hold any more is a slot like any other that nobody has got. The table, `roster_slots`, is read by every statement of the
publication: 84,000 slots go to the database once.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Boolean, Date, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.places.naming import naming_warehouses
from domain.roster.rules import Slot
from domain.roster.runs import Run
from domain.roster.snapshot import HE_LEFT
from domain.schedule.calendar import RUNS


async def judge(
    session: AsyncSession,
    run: Run,
    slots: Sequence[Slot],
    driver_of: Mapping[Slot, uuid.UUID],
    at_home: Collection[Slot],
    days: Sequence[date],
) -> None:
    """Lays out the slots of a run with who is to get each, locks all that they concern, and judges them.

    `at_home`: those that he is to get as any of his home warehouse, and not by the route's name.
    Locks: the warehouses' calendars, then windows, assignments, drivers, as everybody. Of a run everywhere first that
    none is founded: one that nobody holds would open its routes without knowing of this week.
    """
    scope = _scope(run)
    if run.warehouses is None:
        await naming_warehouses(session)
    await _lay_out(session, slots, driver_of, at_home)
    await session.execute(_LOCK_CALENDARS, scope)
    await _lock_rows(session)
    await session.execute(_LOCK_DRIVERS)
    await session.execute(_GONE)
    await session.execute(_COME, scope | {"days": list(days)})
    await session.execute(_STANDING)
    await session.execute(_JUDGE)


def _scope(run: Run) -> dict[str, Any]:
    return {"everywhere": run.warehouses is None, "warehouses": list(run.warehouses or ())}


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A slot that nobody has. `lost`: somebody was to get it; `had_driver`: one who has left it."""

    slot: Slot
    lost: bool
    had_driver: bool


async def left_open(session: AsyncSession, run: Run, days: Sequence[date]) -> list[LeftOpen]:
    """All that are empty on these days: the run's own, those with bids, and what has come open meanwhile."""
    rows = await session.execute(_LEFT_OPEN, _scope(run) | {"days": list(days)})
    return [LeftOpen(Slot(row.route_id, row.date, row.warehouse_id), row.lost, row.had_driver) for row in rows]


async def clear(session: AsyncSession) -> None:
    """The table is not needed any more."""
    await session.execute(_CLEAR)


# -- the slots, and their locks

# The window is the one that is open, or, where it `opens`, one that the slot would get. Ids are given in the order of
# the slots: the same company gets the same ones where they come by a seed.
_LAID_OUT = sql(
    """
    CREATE TEMPORARY TABLE roster_slots (
        route_id uuid, date date, warehouse_id uuid, driver_id uuid, at_home boolean DEFAULT false,
        lost boolean DEFAULT false,
        assignment_id uuid DEFAULT gen_random_uuid(), stood boolean DEFAULT false,
        window_id uuid DEFAULT gen_random_uuid(), opens boolean DEFAULT true, PRIMARY KEY (route_id, date)
    )
    """
)
_SLOTS = sql(
    """
    INSERT INTO roster_slots (route_id, date, warehouse_id, driver_id, at_home)
    SELECT * FROM unnest(:routes, :days, :warehouses, :drivers, :at_home)
    """,
    routes=ARRAY(Uuid()),
    days=ARRAY(Date()),
    warehouses=ARRAY(Uuid()),
    drivers=ARRAY(Uuid()),
    at_home=ARRAY(Boolean()),
)
_KNOWN = sql("ANALYZE roster_slots")  # else the planner takes it for a handful
_CLEAR = sql("DROP TABLE roster_slots")


async def _lay_out(
    session: AsyncSession, slots: Sequence[Slot], driver_of: Mapping[Slot, uuid.UUID], at_home: Collection[Slot]
) -> None:
    given = {
        "routes": [slot.route_id for slot in slots],
        "days": [slot.on for slot in slots],
        "warehouses": [slot.warehouse_id for slot in slots],
        "drivers": [driver_of.get(slot) for slot in slots],
        "at_home": [slot in at_home for slot in slots],
    }
    await session.execute(_LAID_OUT)
    await session.execute(_SLOTS, given)
    await session.execute(_KNOWN)


_SCOPE: Mapping[str, Any] = {"everywhere": Boolean(), "warehouses": ARRAY(Uuid())}
_LOCK_CALENDARS = sql(  # also of those without a slot in this week: one may come
    "SELECT id FROM warehouses WHERE :everywhere OR id = ANY (:warehouses) ORDER BY id FOR NO KEY UPDATE", **_SCOPE
)
# Those of drivers, too: whoever leaves his now would open the slot again behind our back.
_LIVE = """
    FROM roster_slots s
    JOIN assignments a ON a.route_id = s.route_id AND a.date = s.date AND a.status <> 'cancelled'
"""
_OPEN_WINDOWS = f"SELECT w.id {_LIVE} JOIN bid_windows w ON w.assignment_id = a.id AND w.status = 'open'"
_ROWS = f"SELECT a.id {_LIVE}"
_LOCK_WINDOWS = sql(f"{_OPEN_WINDOWS} ORDER BY w.id FOR NO KEY UPDATE OF w")
_LOCK_ROWS = sql(f"{_ROWS} ORDER BY a.id FOR NO KEY UPDATE OF a")
_THERE = sql(f"{_OPEN_WINDOWS} UNION ALL {_ROWS}")
_LOCK_DRIVERS = sql(
    "SELECT id FROM users WHERE id IN (SELECT driver_id FROM roster_slots) ORDER BY id FOR NO KEY UPDATE"
)


class _Moved(Exception):
    """Somebody has opened a slot or a window while we waited for locks."""


async def _lock_rows(session: AsyncSession) -> None:
    """Windows before assignments. Where one was opened meanwhile, all are given back and locked anew."""
    while True:
        try:
            async with session.begin_nested():
                locked = {*await session.scalars(_LOCK_WINDOWS), *await session.scalars(_LOCK_ROWS)}
                if not locked.issuperset(await session.scalars(_THERE)):
                    raise _Moved
                return
        except _Moved:
            continue


# -- what still holds

# The route does not run (any more), or is another warehouse's, or somebody has been given the slot: it is no affair of
# this run.
_GONE = sql(
    f"""
    DELETE FROM roster_slots s
    WHERE NOT EXISTS (SELECT FROM routes r CROSS JOIN (VALUES (s.date)) AS d (date)
                      WHERE r.id = s.route_id AND r.warehouse_id = s.warehouse_id AND {RUNS})
       OR EXISTS (SELECT FROM assignments a WHERE a.route_id = s.route_id AND a.date = s.date
                  AND a.status NOT IN ('cancelled', 'unfilled'))
    """  # noqa: S608
)
# What the calendar has by now, and had not when we looked, is a gap (R2.0).
_COME = sql(
    f"""
    WITH missing AS MATERIALIZED (
        SELECT r.id, d.date
        FROM routes r CROSS JOIN unnest(:days) AS d (date)
        WHERE (:everywhere OR r.warehouse_id = ANY (:warehouses))
          AND NOT EXISTS (SELECT FROM roster_slots s WHERE s.route_id = r.id AND s.date = d.date)
          AND NOT EXISTS (SELECT FROM assignments a
                          WHERE a.route_id = r.id AND a.date = d.date AND a.status <> 'cancelled')
    )
    INSERT INTO roster_slots (route_id, date, warehouse_id)
    SELECT r.id, d.date, r.warehouse_id FROM missing d JOIN routes r USING (id) WHERE {RUNS}
    """,  # noqa: S608 - our own text
    days=ARRAY(Date()),
    **_SCOPE,
)
_STANDING = sql(
    """
    UPDATE roster_slots s
    SET assignment_id = a.id, stood = true, window_id = coalesce(w.id, s.window_id), opens = w.id IS NULL
    FROM assignments a LEFT JOIN bid_windows w ON w.assignment_id = a.id AND w.status = 'open'
    WHERE a.route_id = s.route_id AND a.date = s.date AND a.status <> 'cancelled'
    """
)
# R3.4 once more, but for what he prefers, which is frozen; where he is at home is not. The cap leaves him the first
# days of those that he has got.
_JUDGE = sql(
    f"""
    WITH fits AS (
        SELECT s.route_id, s.date, who.id AS driver_id, who.weekly_cap AS cap,
               row_number() OVER (PARTITION BY s.driver_id ORDER BY s.date) AS nth
        FROM roster_slots s
        JOIN users who ON who.id = s.driver_id AND who.role = 'driver' AND NOT who.is_flagged
        WHERE NOT EXISTS (SELECT FROM driver_health_state h
                          WHERE h.user_id = who.id AND NOT h.assignment_pool_eligible)
          AND (NOT EXISTS (SELECT FROM employments e WHERE e.user_id = who.id)
               OR EXISTS (SELECT FROM employments e WHERE e.user_id = who.id
                          AND s.date BETWEEN e.starts_on AND coalesce(e.ends_on, 'infinity')
                          AND (e.warehouse_id = s.warehouse_id OR NOT s.at_home)))
          AND NOT EXISTS (SELECT FROM time_off t WHERE t.user_id = who.id AND s.date BETWEEN t.starts_on AND t.ends_on)
          AND NOT EXISTS (SELECT FROM day_declines n WHERE n.user_id = who.id AND n.date = s.date)
          AND NOT EXISTS (SELECT FROM assignments a
                          WHERE a.user_id = who.id AND a.date = s.date AND a.status <> 'cancelled')
          AND NOT EXISTS (SELECT FROM assignments a
                          WHERE a.user_id = who.id AND a.route_id = s.route_id AND a.date = s.date AND {HE_LEFT})
          AND NOT EXISTS (SELECT FROM bids b WHERE b.assignment_id = s.assignment_id AND b.status = 'pending')
    ), loads AS (
        SELECT who.driver_id, count(a.id) AS load
        FROM (SELECT DISTINCT driver_id FROM fits) AS who
        CROSS JOIN (SELECT CAST(date_trunc('week', min(date)) AS date) AS monday FROM roster_slots) AS week
        LEFT JOIN assignments a ON a.user_id = who.driver_id AND a.date BETWEEN week.monday AND week.monday + 6
             AND a.status IN ('scheduled', 'active', 'completed')
        GROUP BY who.driver_id
    )
    UPDATE roster_slots s SET driver_id = NULL, lost = true
    WHERE s.driver_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM fits JOIN loads USING (driver_id)
                      WHERE fits.route_id = s.route_id AND fits.date = s.date AND loads.load + fits.nth <= fits.cap)
    """  # noqa: S608 - our own text
)
_LEFT_OPEN = sql(
    """
    SELECT route_id, date, warehouse_id, lost, false AS had_driver FROM roster_slots WHERE driver_id IS NULL
    UNION ALL
    SELECT a.route_id, a.date, a.warehouse_id, false,
           EXISTS (SELECT FROM assignments was
                   WHERE was.route_id = a.route_id AND was.date = a.date AND was.user_id IS NOT NULL)
    FROM assignments a
    WHERE a.status = 'unfilled' AND a.date = ANY (:days) AND (:everywhere OR a.warehouse_id = ANY (:warehouses))
      AND NOT EXISTS (SELECT FROM roster_slots s WHERE s.route_id = a.route_id AND s.date = a.date)
    """,
    days=ARRAY(Date()),
    **_SCOPE,
)
