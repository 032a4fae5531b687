"""A driver's shifts as his calendar program is told of them, those that he has lost among them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.policy import Policy
from domain.time import local_day, local_instant, shift_start


@dataclass(frozen=True, slots=True)
class FeedShift:
    """One shift that is or was his. `over_at`: no end is known; a slot is over then (R1.3). `changed_at`: when it last
    became what it is."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    address: str
    on: date
    starts_at: datetime
    over_at: datetime
    confirmed: bool
    cancelled: bool
    changed_at: datetime


# A route's name is looked up one by one: the planner would read all routes for as many shifts as it thinks he has.
_HIS = sql(
    """
    SELECT a.id, (SELECT name FROM routes r WHERE r.id = a.route_id), w.name, w.address, a.date,
           a.confirmed_at IS NOT NULL, a.status = 'cancelled',
           CASE WHEN a.status = 'cancelled' THEN coalesce(work.cancelled_at, a.updated_at)
                ELSE coalesce(greatest(a.confirmed_at, a.assigned_at), a.created_at) END
    FROM assignments a
    JOIN warehouses w ON w.id = a.warehouse_id
    LEFT JOIN shifts work ON work.assignment_id = a.id
    WHERE a.user_id = :driver AND a.date >= :first
    ORDER BY a.date, a.id
    """,
    driver=Uuid(),
    first=Date(),
)


async def feed_shifts(
    session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> tuple[FeedShift, ...]:
    """All that are to come, and those of the last weeks, by day."""
    first = local_day(now - policy.feed_back, policy)
    rows = await session.execute(_HIS, {"driver": driver_id, "first": first})
    return tuple(
        FeedShift(
            assignment_id=id_,
            route=route,
            warehouse=warehouse,
            address=address,
            on=on,
            starts_at=shift_start(on, policy),
            over_at=local_instant(on, policy.slot_over, policy),
            confirmed=confirmed,
            cancelled=cancelled,
            changed_at=changed_at,
        )
        for id_, route, warehouse, address, on, confirmed, cancelled, changed_at in rows
    )
