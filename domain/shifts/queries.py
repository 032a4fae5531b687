"""A driver's shifts, as he sees them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import Assignment, AssignmentTerms, Route, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class OwnShift:
    """One live shift of a driver's."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    address: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    status: AssignmentStatus
    confirmed: bool


_OWN = (
    select(
        Assignment.id,
        Route.name,
        Warehouse.name,
        Warehouse.address,
        Assignment.on,
        AssignmentTerms.arrive_by,
        Assignment.assigned_at,
        Assignment.status,
        Assignment.confirmed_at.is_not(None),
    )
    .join(Route, Route.id == Assignment.route_id)
    .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
    .outerjoin(AssignmentTerms, AssignmentTerms.assignment_id == Assignment.id)
    .where(
        Assignment.user_id == bindparam("driver"),
        Assignment.on.between(bindparam("first"), bindparam("last")),
        Assignment.status != AssignmentStatus.CANCELLED,
    )
    .order_by(Assignment.on)
)


async def own_shifts(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy
) -> tuple[OwnShift, ...]:
    """The driver's live shifts from `first` to `last`, both inclusive, by day; at most one a day (R2.1)."""
    rows = await session.execute(_OWN, {"driver": driver_id, "first": first, "last": last})
    return tuple(
        OwnShift(
            assignment_id=assignment_id,
            route=route,
            warehouse=warehouse,
            address=address,
            on=on,
            starts_at=time.shift_start(on, policy),
            arrive_by=granted or time.arrive_by(on, assigned_at, policy),
            status=status,
            confirmed=confirmed,
        )
        for assignment_id, route, warehouse, address, on, granted, assigned_at, status, confirmed in rows
    )
