"""A driver's shifts: as he sees them, and under lock."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Row, Uuid, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import Assignment, AssignmentTerms, Route, Shift, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.policy import Policy
from domain.shifts.rules import ShiftFacts


@dataclass(frozen=True, slots=True)
class OwnShift:
    """One shift of a driver's. `parcels_…`, `completed_at` and `editable_until`: as far as it has come (R8.3)."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    address: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    confirm_by: datetime
    status: AssignmentStatus
    confirmed: bool
    arrived_at: datetime | None
    parcels_start: int | None
    parcels_returned: int | None
    completed_at: datetime | None
    editable_until: datetime | None


_SHIFTS = (
    select(
        Assignment.id,
        Route.name.label("route"),
        Warehouse.name.label("warehouse"),
        Warehouse.address,
        Assignment.on,
        AssignmentTerms.arrive_by,
        AssignmentTerms.confirm_by,
        Assignment.assigned_at,
        Assignment.status,
        Assignment.confirmed_at,
        Assignment.route_id,
        Assignment.warehouse_id,
        Shift.arrived_at,
        Shift.parcels_start,
        Shift.parcels_returned,
        Shift.completed_at,
        Shift.editable_until,
    )
    .join(Route, Route.id == Assignment.route_id)
    .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
    .outerjoin(AssignmentTerms, AssignmentTerms.assignment_id == Assignment.id)
    .outerjoin(Shift, Shift.assignment_id == Assignment.id)
    .where(Assignment.user_id == bindparam("driver", type_=Uuid()))
)
_LIVE = _SHIFTS.where(Assignment.status != AssignmentStatus.CANCELLED).order_by(Assignment.on)
_FIRST, _LAST = bindparam("first", type_=Date()), bindparam("last", type_=Date())
_OWN = _LIVE.where(Assignment.on.between(_FIRST, _LAST))
_ONE = _LIVE.where(Assignment.id == bindparam("assignment", type_=Uuid()))
_ANY = _SHIFTS.where(Assignment.id == bindparam("assignment", type_=Uuid()))
_LOCK = (
    select(Assignment.id)
    .where(
        Assignment.id == bindparam("assignment", type_=Uuid()), Assignment.user_id == bindparam("driver", type_=Uuid())
    )
    .with_for_update(key_share=True)
)
_IS_UNCONFIRMED = and_(
    Assignment.status == AssignmentStatus.SCHEDULED, Assignment.confirmed_at.is_(None), Assignment.on >= _FIRST
)
_UNCONFIRMED = _LIVE.where(_IS_UNCONFIRMED)
_LOCK_UNCONFIRMED = (
    select(Assignment.id)
    .where(Assignment.user_id == bindparam("driver", type_=Uuid()), _IS_UNCONFIRMED, Assignment.on <= _LAST)
    .order_by(Assignment.id)
    .with_for_update(key_share=True)
)


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


async def unconfirmed(
    session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> tuple[OwnShift, ...]:
    """What the driver has yet to confirm and still can, the soonest first."""
    rows = await session.execute(_UNCONFIRMED, {"driver": driver_id, "first": time.local_day(now, policy)})
    return tuple(shift for shift in (_own(row, policy) for row in rows) if now <= shift.confirm_by)


async def shift_locked(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> ShiftFacts | None:
    """A shift that is or was the driver's, its assignment locked; None for any other (R12.3)."""
    own = {"driver": driver_id, "assignment": assignment_id}
    await session.execute(_LOCK, own)
    # Read once the lock is got: what another press has written stands in other tables, too.
    row = (await session.execute(_ANY, own)).one_or_none()
    return None if row is None else _facts(row, driver_id, policy)


async def unconfirmed_locked(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy
) -> tuple[ShiftFacts, ...]:
    """The driver's unconfirmed shifts from `first` to `last`, both inclusive, locked in the order of their ids."""
    days = {"driver": driver_id, "first": first, "last": last}
    locked = set(await session.scalars(_LOCK_UNCONFIRMED, days))
    rows = await session.execute(_UNCONFIRMED.where(Assignment.on <= _LAST), days)
    return tuple(_facts(row, driver_id, policy) for row in rows if row.id in locked)


def _terms(row: Row[Any], policy: Policy) -> tuple[datetime, datetime]:
    """When arriving and confirming are due; a shift without terms of its own has the policy's (R1.3a)."""
    arrive_by = row.arrive_by or time.arrive_by(row.on, row.assigned_at, policy)
    return arrive_by, row.confirm_by or time.last_confirmation(row.on, row.assigned_at, arrive_by, policy)


def _own(row: Row[Any], policy: Policy) -> OwnShift:
    arrive_by, confirm_by = _terms(row, policy)
    return OwnShift(
        assignment_id=row.id,
        route=row.route,
        warehouse=row.warehouse,
        address=row.address,
        on=row.on,
        starts_at=time.shift_start(row.on, policy),
        arrive_by=arrive_by,
        confirm_by=confirm_by,
        status=row.status,
        confirmed=row.confirmed_at is not None,
        arrived_at=row.arrived_at,
        parcels_start=row.parcels_start,
        parcels_returned=row.parcels_returned,
        completed_at=row.completed_at,
        editable_until=row.editable_until,
    )


def _facts(row: Row[Any], driver_id: uuid.UUID, policy: Policy) -> ShiftFacts:
    arrive_by, confirm_by = _terms(row, policy)
    return ShiftFacts(
        assignment_id=row.id,
        driver_id=driver_id,
        route_id=row.route_id,
        warehouse_id=row.warehouse_id,
        route=row.route,
        warehouse=row.warehouse,
        on=row.on,
        status=row.status,
        assigned_at=row.assigned_at,
        confirmed_at=row.confirmed_at,
        arrive_by=arrive_by,
        confirm_by=confirm_by,
        arrived_at=row.arrived_at,
        parcels_start=row.parcels_start,
        parcels_returned=row.parcels_returned,
        completed_at=row.completed_at,
        editable_until=row.editable_until,
    )
