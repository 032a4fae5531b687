"""A driver's shifts: as he sees them, and under lock."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, Row, Uuid, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import (
    AbsenceQuestion,
    Assignment,
    AssignmentTerms,
    BidWindow,
    ContactSettings,
    LateAnnouncement,
    Route,
    Shift,
    User,
    Warehouse,
)
from domain.db.models.words import AssignedBy, AssignmentStatus, BidWindowMode, UserRole
from domain.policy import Policy, QuietHours
from domain.shifts.rules import Late, ShiftFacts
from domain.shifts.rules_of_leaving import came_late, hand_back_until


@dataclass(frozen=True, slots=True)
class OwnShift:
    """One shift of a driver's. `parcels_…`, `completed_at` and `editable_until`: as far as it has come (R8.3).

    `late`: he has said that he is running late; `late_until`: until when he still can (R8.5). `declinable`: a manager
    has given it to him late, and he has not agreed yet (R4.4). `give_until`: when giving it away is too late (R5.5).
    """

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
    late_until: datetime | None = None
    late: Late | None = None
    declinable: bool = False
    won_by: uuid.UUID | None = None  # the window, where his bid has won it …
    hand_back_until: datetime | None = None  # … and until when he may hand it back
    give_until: datetime | None = None


# A route is looked up by its id, for each of the few shifts by itself: joined, all are read if statistics are unlucky.
_ROUTE = select(Route.name).where(Route.id == Assignment.route_id).correlate(Assignment).scalar_subquery()
_ALL = (
    select(
        Assignment.id,
        Assignment.user_id,
        _ROUTE.label("route"),
        Warehouse.name.label("warehouse"),
        Warehouse.address,
        Assignment.on,
        AssignmentTerms.arrive_by,
        AssignmentTerms.confirm_by,
        Assignment.assigned_at,
        Assignment.assigned_by,
        Assignment.status,
        Assignment.confirmed_at,
        Assignment.route_id,
        Assignment.warehouse_id,
        Shift.arrived_at,
        Shift.parcels_start,
        Shift.parcels_returned,
        Shift.completed_at,
        Shift.editable_until,
        LateAnnouncement.due_at,
        LateAnnouncement.granted,
        LateAnnouncement.decided_at,
        AbsenceQuestion.asked_at,
        ContactSettings.quiet_from,
        ContactSettings.quiet_until,
        select(BidWindow.id)
        .where(
            BidWindow.assignment_id == Assignment.id,
            BidWindow.mode == BidWindowMode.COMPETITIVE,
            BidWindow.winner_id == Assignment.user_id,
            Assignment.assigned_by == AssignedBy.BID,
        )
        .correlate(Assignment)
        .scalar_subquery()
        .label("won_by"),
    )
    .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
    .outerjoin(AssignmentTerms, AssignmentTerms.assignment_id == Assignment.id)
    .outerjoin(Shift, Shift.assignment_id == Assignment.id)
    .outerjoin(LateAnnouncement, LateAnnouncement.assignment_id == Assignment.id)
    .outerjoin(AbsenceQuestion, AbsenceQuestion.assignment_id == Assignment.id)
    .outerjoin(ContactSettings, ContactSettings.user_id == Assignment.user_id)
)
_SHIFTS = _ALL.where(Assignment.user_id == bindparam("driver", type_=Uuid()))
_THESE = _ALL.where(Assignment.id.in_(bindparam("assignments", expanding=True))).order_by(Assignment.id)
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


_IS_SCHEDULED = and_(Assignment.status == AssignmentStatus.SCHEDULED, Assignment.on.between(_FIRST, _LAST))
_SCHEDULED = _LIVE.where(_IS_SCHEDULED)
_LOCK_SCHEDULED = (
    select(Assignment.id)
    .where(Assignment.user_id == bindparam("driver", type_=Uuid()), _IS_SCHEDULED)
    .order_by(Assignment.id)
    .with_for_update(key_share=True)
)
_LOCK_DRIVER = (
    select(User.id)
    .where(User.id == bindparam("driver", type_=Uuid()), User.role == UserRole.DRIVER)
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


async def under_way(session: AsyncSession, driver_id: uuid.UUID, today: date, policy: Policy) -> OwnShift | None:
    """The shift that he is on now, of `today` or still of the day before; None: he is on none."""
    shifts = await own_shifts(session, driver_id, today - timedelta(days=1), today, policy)
    return next((shift for shift in shifts if shift.status is AssignmentStatus.ACTIVE), None)


async def any_shift(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> OwnShift | None:
    """The same, also where it was his."""
    row = (await session.execute(_ANY, {"driver": driver_id, "assignment": assignment_id})).one_or_none()
    return None if row is None else _own(row, policy)


def can_be_confirmed(shift: OwnShift, now: datetime) -> bool:
    """Whether he has yet to confirm it and still can, as far as the clock goes."""
    return shift.status is AssignmentStatus.SCHEDULED and not shift.confirmed and now <= shift.confirm_by


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


async def shifts_of(
    session: AsyncSession, assignment_ids: Sequence[uuid.UUID], policy: Policy
) -> tuple[ShiftFacts, ...]:
    """Shifts that the caller has locked, whosever they are, by id."""
    rows = await session.execute(_THESE, {"assignments": list(assignment_ids)})
    return tuple(_facts(row, row.user_id, policy) for row in rows)


async def unconfirmed_locked(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy
) -> tuple[ShiftFacts, ...]:
    """The driver's unconfirmed shifts from `first` to `last`, both inclusive, locked in the order of their ids."""
    days = {"driver": driver_id, "first": first, "last": last}
    locked = set(await session.scalars(_LOCK_UNCONFIRMED, days))
    rows = await session.execute(_UNCONFIRMED.where(Assignment.on <= _LAST), days)
    return tuple(_facts(row, driver_id, policy) for row in rows if row.id in locked)


async def scheduled(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy
) -> tuple[ShiftFacts, ...]:
    """The driver's shifts from `first` to `last`, both inclusive, that he has not arrived for, by day."""
    rows = await session.execute(_SCHEDULED, {"driver": driver_id, "first": first, "last": last})
    return tuple(_facts(row, driver_id, policy) for row in rows)


async def scheduled_locked(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy
) -> tuple[ShiftFacts, ...] | None:
    """The same, locked in the order of their ids, and with them the driver, so that nobody gives him another meanwhile.

    None where there is no such driver. What he was given between the two locks is locked after him: whoever holds that
    already and waits for the driver finds out by PostgreSQL's deadlock detection, and is done anew.
    """
    days = {"driver": driver_id, "first": first, "last": last}
    await session.execute(_LOCK_SCHEDULED, days)
    if await session.scalar(_LOCK_DRIVER, {"driver": driver_id}) is None:
        return None
    await session.execute(_LOCK_SCHEDULED, days)
    return await scheduled(session, driver_id, first, last, policy)


def _terms(row: Row[Any], policy: Policy) -> tuple[datetime, datetime]:
    """When arriving and confirming are due; a shift without terms of its own has the policy's (R1.3a).

    What is before go-live is never dropped (R4.5): it can be confirmed as long as it can be driven, or nobody could.
    """
    arrive_by = row.arrive_by or time.arrive_by(row.on, row.assigned_at, policy)
    confirm_by = row.confirm_by or time.last_confirmation(row.on, row.assigned_at, arrive_by, policy)
    if policy.go_live_on is not None and row.on < policy.go_live_on:
        confirm_by = max(confirm_by, arrive_by)
    return arrive_by, confirm_by


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
        late_until=None if row.due_at else arrive_by - policy.late_before,
        late=_late(row),
        declinable=row.status is AssignmentStatus.SCHEDULED
        and row.confirmed_at is None
        and came_late(row.on, row.assigned_by, row.assigned_at, policy),
        won_by=row.won_by,
        hand_back_until=_hand_back_until(row, policy),
        give_until=time.give_away_until(row.on, policy),
    )


def _hand_back_until(row: Row[Any], policy: Policy) -> datetime | None:
    by_bid = row.won_by is not None and row.assigned_at is not None
    quiet = QuietHours(row.quiet_from, row.quiet_until)
    return hand_back_until(row.on, row.assigned_at, quiet, policy) if by_bid else None


def _late(row: Row[Any]) -> Late | None:
    if row.due_at is None:
        return None
    return Late(row.due_at, timedelta(minutes=row.granted), row.decided_at is not None)


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
        late=_late(row),
        leaving_since=row.asked_at,
        assigned_by=row.assigned_by,
        hand_back_until=_hand_back_until(row, policy),
    )
