"""A driver's week, and how much else of it he could take (R6.3), for as many drivers as are asked about.

Counted by warehouse and day, of which there are few, and not slot by slot; a test holds it against `standing`.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Date, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.roster.snapshot import HE_LEFT
from domain.time import week_of


@dataclass(frozen=True, slots=True)
class HisShifts:
    """A driver's shifts of a week that he has not begun.

    `to_confirm_on`: the day of the first that he has not confirmed.
    """

    driver_id: uuid.UUID
    language: str | None
    shifts: int
    to_confirm_on: date | None


@dataclass(frozen=True, slots=True)
class HisWeek(HisShifts):
    """The same, and how many others are open to him."""

    open: int


_HIS: Final = """
    SELECT count(*) AS held, count(*) FILTER (WHERE a.status = 'scheduled') AS shifts,
           min(a.date) FILTER (WHERE a.status = 'scheduled' AND a.confirmed_at IS NULL) AS to_confirm_on
    FROM assignments a
    WHERE a.user_id = u.id AND a.date BETWEEN :first AND :last AND a.status IN ('scheduled', 'active', 'completed')
"""
_SHIFTS = sql(
    f"""
    SELECT u.id, contact.language, his.shifts, his.to_confirm_on
    FROM users u
    LEFT JOIN contact_settings contact ON contact.user_id = u.id
    CROSS JOIN LATERAL ({_HIS}) AS his
    WHERE u.id = ANY (:of)
    ORDER BY u.id
    """,  # noqa: S608 - our own texts
    of=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
)
_OPEN: Final = """
    SELECT a.route_id, a.warehouse_id, a.date
    FROM assignments a JOIN bid_windows w ON w.assignment_id = a.id AND w.status = 'open' AND w.closes_at > :now
    WHERE a.status = 'unfilled' AND a.date BETWEEN :first AND :last
"""
_WEEKS = sql(
    f"""
    WITH open_ AS MATERIALIZED ({_OPEN}), places AS MATERIALIZED (
        SELECT warehouse_id, date, count(*) AS slots FROM open_ GROUP BY warehouse_id, date
    ), who AS MATERIALIZED (
        SELECT u.id, contact.language, NOT EXISTS (SELECT FROM employments e WHERE e.user_id = u.id) AS everywhere,
               his.shifts, his.to_confirm_on,
               NOT u.is_flagged AND coalesce(h.assignment_pool_eligible, true) AND u.weekly_cap > his.held AS may
        FROM users u
        LEFT JOIN driver_health_state h ON h.user_id = u.id
        LEFT JOIN contact_settings contact ON contact.user_id = u.id
        CROSS JOIN LATERAL ({_HIS}) AS his
        WHERE u.id = ANY (:of)
    ), homes AS (
        SELECT who.id, e.warehouse_id, e.starts_on, coalesce(e.ends_on, 'infinity') AS ends_on
        FROM who JOIN employments e ON e.user_id = who.id
    ), might AS (
        SELECT who.id, place.date, place.warehouse_id, place.slots FROM who CROSS JOIN places place WHERE everywhere
        UNION
        SELECT home.id, place.date, place.warehouse_id, place.slots
        FROM homes home
        JOIN places place ON place.warehouse_id = home.warehouse_id AND place.date BETWEEN starts_on AND ends_on
        UNION
        SELECT who.id, place.date, place.warehouse_id, place.slots
        FROM who JOIN open_warehouses o ON o.user_id = who.id JOIN places place ON place.warehouse_id = o.warehouse_id
        WHERE EXISTS (SELECT FROM homes home
                      WHERE home.id = who.id AND place.date BETWEEN home.starts_on AND home.ends_on)
    ), could AS MATERIALIZED (
        SELECT might.id, might.date, might.warehouse_id, might.slots FROM might JOIN who USING (id)
        WHERE who.may
          AND NOT EXISTS (SELECT FROM time_off t
                          WHERE t.user_id = might.id AND might.date BETWEEN t.starts_on AND t.ends_on)
          AND NOT EXISTS (SELECT FROM day_declines n WHERE n.user_id = might.id AND n.date = might.date)
          AND NOT EXISTS (SELECT FROM assignments a WHERE a.user_id = might.id AND a.date = might.date
                          AND a.status IN ('scheduled', 'active', 'completed'))
    ), left_ AS MATERIALIZED (
        SELECT DISTINCT a.user_id AS id, a.route_id, a.warehouse_id, a.date FROM assignments a
        WHERE a.user_id = ANY (:of) AND a.date BETWEEN :first AND :last AND {HE_LEFT}
    ), gone AS (
        SELECT left_.id FROM left_ JOIN could USING (id, date, warehouse_id) JOIN open_ USING (route_id, date)
    )
    SELECT who.id, who.language, who.shifts, who.to_confirm_on, coalesce(his.slots, 0) - coalesce(lost.slots, 0) AS open
    FROM who
    LEFT JOIN (SELECT id, sum(slots) AS slots FROM could GROUP BY id) AS his ON his.id = who.id
    LEFT JOIN (SELECT id, count(*) AS slots FROM gone GROUP BY id) AS lost ON lost.id = who.id
    ORDER BY who.id
    """,  # noqa: S608 - our own texts
    of=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
)


async def shifts_of(session: AsyncSession, week: date, of: Collection[uuid.UUID]) -> list[HisShifts]:
    """The shifts in the week of this Monday of each of these drivers, by id."""
    given = {"of": list(of), "first": week, "last": week_of(week)[1]}
    return [HisShifts(*row) for row in await session.execute(_SHIFTS, given)]


async def weeks_of(session: AsyncSession, week: date, of: Collection[uuid.UUID], now: datetime) -> list[HisWeek]:
    """The week of this Monday for each of these drivers, by id."""
    given = {"of": list(of), "first": week, "last": week_of(week)[1], "now": now}
    return [
        HisWeek(row.id, row.language, row.shifts, row.to_confirm_on, int(row.open))
        for row in await session.execute(_WEEKS, given)
    ]
