"""A driver's shifts, as he sees them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
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


_SHIFTS = (
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
    .where(Assignment.user_id == bindparam("driver"), Assignment.status != AssignmentStatus.CANCELLED)
    .order_by(Assignment.on)
)
_OWN = _SHIFTS.where(Assignment.on.between(bindparam("first"), bindparam("last")))
_ONE = _SHIFTS.where(Assignment.id == bindparam("assignment"))


async def own_shifts(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy
) -> tuple[OwnShift, ...]:
    """The driver's live shifts from `first` to `last`, both inclusive, by day; at most one a day (R2.1)."""
    rows = await session.execute(_OWN, {"driver": driver_id, "first": first, "last": last})
    return tuple(_own(row, policy) for row in rows)


async def own_shift(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> OwnShift | None:
    """One live shift of the driver's; None where it is not (or no longer) his."""
    row = (await session.execute(_ONE, {"driver": driver_id, "assignment": assignment_id})).one_or_none()
    return None if row is None else _own(row, policy)


def _own(row: Row[Any], policy: Policy) -> OwnShift:
    assignment_id, route, warehouse, address, on, granted, assigned_at, status, confirmed = row
    return OwnShift(
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
