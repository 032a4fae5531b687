"""A driver's shifts: as he sees them, and under lock."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, Row, TextClause, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from domain import time
from domain.db.models.words import AssignedBy, AssignmentStatus
from domain.db.sql import sql
from domain.people.queries import Person, warehouses_of
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
# In SQL itself: nothing is read as often, and of mapped columns SQLAlchemy takes twice as long over each statement.
_SHIFTS: Final = """
SELECT a.id, a.user_id, a.date AS "on", a.route_id, a.warehouse_id, a.assigned_at, a.assigned_by::text, a.status::text,
       a.confirmed_at, (SELECT r.name FROM routes r WHERE r.id = a.route_id) AS route,
       w.name AS warehouse, w.address, t.arrive_by, t.confirm_by,
       s.arrived_at, s.parcels_start, s.parcels_returned, s.completed_at, s.editable_until,
       late.due_at, late.granted, late.decided_at, asked.asked_at, contact.quiet_from, contact.quiet_until,
       (SELECT won.id FROM bid_windows won WHERE won.assignment_id = a.id AND won.mode = 'competitive'
        AND won.winner_id = a.user_id AND a.assigned_by = 'bid') AS won_by
FROM assignments a
JOIN warehouses w ON w.id = a.warehouse_id
LEFT JOIN assignment_terms t ON t.assignment_id = a.id
LEFT JOIN shifts s ON s.assignment_id = a.id
LEFT JOIN late_announcements late ON late.assignment_id = a.id
LEFT JOIN absence_questions asked ON asked.assignment_id = a.id
LEFT JOIN contact_settings contact ON contact.user_id = a.user_id
"""
_LIVE: Final = "a.user_id = :driver AND a.status <> 'cancelled'"
_TO_CONFIRM: Final = "a.status = 'scheduled' AND a.confirmed_at IS NULL"
_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "driver": Uuid(),
    "assignment": Uuid(),
    "assignments": ARRAY(Uuid()),
    "first": Date(),
    "last": Date(),
}


def _where(which: str, rows: str = _SHIFTS) -> TextClause:
    """The shifts of which that is true; their order and lock may follow it."""
    types = {name: kind for name, kind in _TYPES.items() if re.search(rf":{name}\b", which)}
    return sql(f"{rows} WHERE {which}", **types)


_OWN = _where(f"{_LIVE} AND a.date BETWEEN :first AND :last ORDER BY a.date")
_AT_HOME = _where(f"{_LIVE} AND a.date >= :first AND (a.date <= :last OR {_TO_CONFIRM}) ORDER BY a.date")
_ONE = _where(f"{_LIVE} AND a.id = :assignment")
_ANY = _where("a.user_id = :driver AND a.id = :assignment")
_THESE = _where("a.id = ANY (:assignments) ORDER BY a.id")
_UNCONFIRMED = _where(f"{_LIVE} AND {_TO_CONFIRM} AND a.date >= :first ORDER BY a.date")
_UNCONFIRMED_UNTIL = _where(f"{_LIVE} AND {_TO_CONFIRM} AND a.date BETWEEN :first AND :last ORDER BY a.date")
_SCHEDULED = _where(f"{_LIVE} AND a.status = 'scheduled' AND a.date BETWEEN :first AND :last ORDER BY a.date")

_IDS: Final = "SELECT a.id FROM assignments a"
_LOCK = _where("a.id = :assignment AND a.user_id = :driver FOR NO KEY UPDATE", _IDS)
_LOCK_SOME: Final = "AND a.date BETWEEN :first AND :last ORDER BY a.id FOR NO KEY UPDATE"
_LOCK_UNCONFIRMED = _where(f"a.user_id = :driver AND {_TO_CONFIRM} {_LOCK_SOME}", _IDS)
_LOCK_SCHEDULED = _where(f"a.user_id = :driver AND a.status = 'scheduled' {_LOCK_SOME}", _IDS)
_LOCK_DRIVER = sql("SELECT id FROM users WHERE id = :driver AND role = 'driver' FOR NO KEY UPDATE", driver=Uuid())


async def own_shifts(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy
) -> tuple[OwnShift, ...]:
    """The driver's live shifts from `first` to `last`, both inclusive, by day; at most one a day (R2.1)."""
    rows = await session.execute(_OWN, {"driver": driver_id, "first": first, "last": last})
    return tuple(_own(row, policy) for row in rows)


async def at_home(
    session: AsyncSession, driver_id: uuid.UUID, first: date, last: date, policy: Policy, now: datetime
) -> tuple[tuple[OwnShift, ...], int]:
    """The same, and how many of his shifts, of whatever week, he has yet to confirm and still can.

    `first` is not after today.
    """
    rows = await session.execute(_AT_HOME, {"driver": driver_id, "first": first, "last": last})
    shifts = [_own(row, policy) for row in rows]
    today = time.local_day(now, policy)
    to_confirm = sum(shift.on >= today and can_be_confirmed(shift, now) for shift in shifts)
    return tuple(shift for shift in shifts if shift.on <= last), to_confirm


async def own_shift(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> OwnShift | None:
    """One live shift of the driver's; None where it is not (or no longer) his."""
    row = (await session.execute(_ONE, {"driver": driver_id, "assignment": assignment_id})).one_or_none()
    return None if row is None else _own(row, policy)


async def under_way(session: AsyncSession, driver_id: uuid.UUID, today: date, policy: Policy) -> OwnShift | None:
    """The shift that he is on now: of `today`, else of the day before, never finished; None: he is on none."""
    shifts = await own_shifts(session, driver_id, today - timedelta(days=1), today, policy)
    return next((shift for shift in reversed(shifts) if shift.status is AssignmentStatus.ACTIVE), None)


async def of_the_day(session: AsyncSession, driver_id: uuid.UUID, today: date, policy: Policy) -> OwnShift | None:
    """His shift of `today`, else the one of the day before that he is still on."""
    shifts = await own_shifts(session, driver_id, today - timedelta(days=1), today, policy)
    return next((each for each in reversed(shifts) if each.on == today or each.status is AssignmentStatus.ACTIVE), None)


async def to_count(
    session: AsyncSession, driver_id: uuid.UUID, today: date, policy: Policy, now: datetime
) -> OwnShift | None:
    """The shift whose parcels he counts: of `today`, else of the day before, if he is on it or may still correct it.

    Else that of `today`, as it stands (R8.3, R8.4).
    """
    shifts = await own_shifts(session, driver_id, today - timedelta(days=1), today, policy)
    open_ = [shift for shift in shifts if shift.status is AssignmentStatus.ACTIVE or is_editable(shift, now)]
    return next(reversed(open_ or [shift for shift in shifts if shift.on == today]), None)


def is_editable(shift: OwnShift, now: datetime) -> bool:
    """Whether its driver may still correct the numbers, as far as the clock goes (R8.4)."""
    return shift.editable_until is not None and now <= shift.editable_until


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
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy, *, by: Person | None = None
) -> ShiftFacts | None:
    """A shift that is or was the driver's, its assignment locked; None for any other (R12.3).

    `by`: the manager who acts for him. To him it is none, too, if its route has just moved from his warehouses (R12.5);
    shifts of today and before stay where they are.
    """
    own = {"driver": driver_id, "assignment": assignment_id}
    await session.execute(_LOCK, own)
    # Read once the lock is got: what another press has written stands in other tables, too.
    row = (await session.execute(_ANY, own)).one_or_none()
    if row is None or (by is not None and row.warehouse_id not in await warehouses_of(session, by.id)):
        return None
    return _facts(row, driver_id, policy)


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
    rows = await session.execute(_UNCONFIRMED_UNTIL, days)
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


def _by(row: Row[Any]) -> AssignedBy | None:
    return AssignedBy(row.assigned_by) if row.assigned_by else None


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
        status=AssignmentStatus(row.status),
        confirmed=row.confirmed_at is not None,
        arrived_at=row.arrived_at,
        parcels_start=row.parcels_start,
        parcels_returned=row.parcels_returned,
        completed_at=row.completed_at,
        editable_until=row.editable_until,
        late_until=None if row.due_at else arrive_by - policy.late_before,
        late=_late(row),
        declinable=row.status == AssignmentStatus.SCHEDULED
        and row.confirmed_at is None
        and came_late(row.on, _by(row), row.assigned_at, policy),
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
        status=AssignmentStatus(row.status),
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
        assigned_by=_by(row),
        hand_back_until=_hand_back_until(row, policy),
    )
