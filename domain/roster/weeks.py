"""The weeks whose rosters a manager may look at, and how they stand (R3.9)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Date, Uuid, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import RosterRun
from domain.db.models.words import RosterCause
from domain.db.sql import sql
from domain.people.queries import warehouses_of
from domain.policy import Policy
from domain.roster.snapshot import days_to_come
from domain.schedule.calendar import RUNS
from domain.schedule.rules import DAYS_OF_WEEK


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a week's roster came to, in all warehouses: so many slots, so many filled, and the proven most (R3.6)."""

    made_at: datetime
    slots: int
    held: int
    filled: int
    maximum: int


@dataclass(frozen=True, slots=True)
class WeekGlance:
    """A week in a manager's warehouses: of the slots that have not started, so many, and so many have their driver.

    `made`: its roster; `freezes_at`: when that is to be made.
    """

    monday: date
    slots: int
    covered: int
    made: Certificate | None
    freezes_at: datetime | None


def mondays(policy: Policy, now: datetime) -> list[date]:
    """Of this week and the next ones, as many as managers may ask for (R3.9)."""
    monday, _sunday = time.week_of(time.local_day(now, policy))
    return [monday + timedelta(days=DAYS_OF_WEEK * number) for number in range(policy.roster_weeks)]


# The days of each route by themselves: with many routes, PostgreSQL would look for them in all that was ever driven.
_COUNTS = sql(
    f"""
    WITH planned AS MATERIALIZED (
        SELECT a.* FROM routes r CROSS JOIN LATERAL (
            SELECT route_id, date, user_id FROM assignments
            WHERE route_id = r.id AND date = ANY (:days) AND status <> 'cancelled' OFFSET 0
        ) AS a WHERE r.warehouse_id = ANY (:warehouses)
    )
    SELECT d.date, count(*) AS slots, count(a.user_id) AS covered
    FROM routes r
    CROSS JOIN unnest(:days) AS d (date)
    LEFT JOIN planned a ON a.route_id = r.id AND a.date = d.date
    WHERE r.warehouse_id = ANY (:warehouses) AND {RUNS}
    GROUP BY d.date
    """,  # noqa: S608 - our own text
    days=ARRAY(Date()),
    warehouses=ARRAY(Uuid()),
)


async def glance(session: AsyncSession, manager_id: uuid.UUID, policy: Policy, now: datetime) -> tuple[WeekGlance, ...]:
    """The weeks from this one on; none for who has no warehouse."""
    mine = await warehouses_of(session, manager_id)
    if not mine:
        return ()
    every = mondays(policy, now)
    days = [on for monday in every for on in days_to_come(monday, policy, now)]
    counts = (await session.execute(_COUNTS, {"days": days, "warehouses": mine})).all()
    made = await certificates(session, every)
    return tuple(
        WeekGlance(
            monday,
            sum(row.slots for row in counts if time.week_of(row.date)[0] == monday),
            sum(row.covered for row in counts if time.week_of(row.date)[0] == monday),
            made.get(monday),
            freezes_at(monday, policy, now),
        )
        for monday in every
    )


def freezes_at(week: date, policy: Policy, now: datetime) -> datetime | None:
    """When the roster of that week is to be made; None where that is over."""
    return time.freeze_of(week, policy) if week >= time.week_to_freeze(now, policy) else None


async def certificates(session: AsyncSession, of: Sequence[date]) -> dict[date, Certificate]:
    """Of the rosters that were made for these weeks, by Monday."""
    found = select(
        RosterRun.week,
        RosterRun.carried_out_at,
        RosterRun.slots,
        RosterRun.held,
        RosterRun.filled,
        RosterRun.maximum,
    ).where(RosterRun.cause == RosterCause.DEADLINE, RosterRun.week.in_(of), RosterRun.carried_out_at.is_not(None))
    return {row[0]: Certificate(*row[1:]) for row in await session.execute(found)}


async def empty(
    session: AsyncSession, warehouses: Sequence[uuid.UUID], week: date, policy: Policy, now: datetime
) -> int:
    """How many slots of these warehouses have no driver in what is left of that week."""
    given = {"days": days_to_come(week, policy, now), "warehouses": list(warehouses)}
    return sum(row.slots - row.covered for row in await session.execute(_COUNTS, given))
