"""Slots that come to be because the calendar has changed: unfilled, each with its window, at once (R2.0)."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Date, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.coverage.reopening import open_windows
from domain.coverage.rules import opening_for
from domain.db.models.words import AssignmentStatus, Trigger
from domain.db.sql import sql
from domain.notices import following
from domain.notices.following_many import follow_slots
from domain.policy import Policy
from domain.schedule.calendar import RUNS
from domain.schedule.rules import DAYS_OF_WEEK, days_of

_PUBLISHED = sql(
    """
    SELECT DISTINCT CAST(date_trunc('week', a.date) AS date)
    FROM routes r JOIN assignments a ON a.route_id = r.id
    WHERE r.warehouse_id = :warehouse AND a.date >= :first
    UNION
    SELECT week FROM roster_runs WHERE cause = 'deadline' AND carried_out_at IS NOT NULL AND week >= :first
    """,
    warehouse=Uuid(),
    first=Date(),
)


async def published_days(session: AsyncSession, warehouse_id: uuid.UUID, policy: Policy, now: datetime) -> list[date]:
    """From today on: the rest of this week, and every later week whose roster is made (R3.2), or of which the warehouse
    has any rows.

    Today is among them; whether its slots can still be opened is for `open_slots`.
    """
    today = time.local_day(now, policy)
    _, sunday = time.week_of(today)
    later = await session.scalars(_PUBLISHED, {"warehouse": warehouse_id, "first": sunday + timedelta(days=1)})
    weeks = (days_of(monday, monday + timedelta(days=DAYS_OF_WEEK - 1)) for monday in sorted(later))
    return [*days_of(today, sunday), *(on for week in weeks for on in week)]


# Who is under way when the day is put back may have to stop, and does not open his slot again while it does not run: he
# is waited for, or waits and finds that it does (R8.8).
_UNDER_WAY = sql(
    """
    SELECT id FROM assignments WHERE route_id = ANY (:routes) AND date = ANY (:days) AND status = 'active'
    ORDER BY id FOR NO KEY UPDATE
    """,
    routes=ARRAY(Uuid()),
    days=ARRAY(Date()),
)
# The unique index is the guard against another program's row that has come meanwhile (R2.1).
_OPEN = sql(
    f"""
    INSERT INTO assignments (route_id, warehouse_id, date, status, created_at, updated_at)
    SELECT r.id, r.warehouse_id, d.date, 'unfilled', :now, :now
    FROM (SELECT id, :warehouse AS warehouse_id FROM routes) AS r CROSS JOIN unnest(:days) AS d (date)
    WHERE r.id = ANY (:routes) AND {RUNS}
      AND NOT EXISTS (SELECT FROM assignments a WHERE a.route_id = r.id AND a.date = d.date AND a.status <> 'cancelled')
    ON CONFLICT (route_id, date) WHERE status <> 'cancelled' DO NOTHING
    RETURNING id, date
    """,  # noqa: S608 - our own texts
    routes=ARRAY(Uuid()),
    warehouse=Uuid(),
    days=ARRAY(Date()),
)


async def open_slots(
    session: AsyncSession,
    actor_id: uuid.UUID | None,
    warehouse_id: uuid.UUID,
    routes: Sequence[uuid.UUID],
    days: Sequence[date],
    also: Sequence[uuid.UUID],
    policy: Policy,
    now: datetime,
) -> int:
    """Opens what is missing of these routes' slots on these days, where the calendar has them; returns how many.

    They are the warehouse's, from which these routes leave on these days. Not where the day is over (R1.3). The
    warehouse's calendar is locked by the caller; `also`: what else shows it.
    """
    openings = {on: opening for on in days if (opening := opening_for(on, policy, now)) is not None}
    slots = {}
    if openings:
        of = {"routes": list(routes), "days": list(openings)}
        await session.execute(_UNDER_WAY, of)
        opened = await session.execute(_OPEN, of | {"warehouse": warehouse_id, "now": now})
        slots = {row.id: row.date for row in opened}
    entries = [
        audit.Entry("assignment", id_, "opened", after={"status": AssignmentStatus.UNFILLED, "date": on.isoformat()})
        for id_, on in slots.items()
    ]
    if entries:
        await audit.record(session, actor_id, now, *entries)
    windows = [(id_, openings[on]) for id_, on in slots.items()]
    await open_windows(session, actor_id, windows, Trigger.SCHEDULE_UNFILLED, now)
    await follow_slots(session, list(slots), also, now)
    await following.follow_homes(session, now, managers_of=[following.DayAt(warehouse_id, on) for on in days])
    return len(slots)


def still_to_start(days: Sequence[date], policy: Policy, now: datetime) -> list[date]:
    """Without today, where its shifts have started."""
    return [on for on in days if now < time.shift_start(on, policy)]
