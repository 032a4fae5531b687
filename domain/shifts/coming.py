"""Whoever comes after all: he says so himself when it is too late, or a manager says that he is there (R8.6, R8.9)."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

from sqlalchemy import Date, Uuid, delete
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import AbsenceQuestion
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.arrivals import ArrivedLate
from domain.notices.following_many import follow_all
from domain.notices.kinds import Kind
from domain.notices.queries import told
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_to_tell, person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import actions, holds, leaving, missing, queries, restoring, rules
from domain.shifts.driven import driver_of
from domain.shifts.restoring import GoneToAnother, Restored
from domain.shifts.rules import Arrive, Done, ShiftFacts


@dataclass(frozen=True, slots=True)
class ToldLate:
    """He was missed already; his manager knows that he is there, and may give the shift back to him."""


async def come_late(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Arrive | Done | ToldLate | GoneToAnother | Refused:
    """[I'm here, late] (R8.6). By the clock he is a no-show, whether the duty has been there or not; the manager knows.

    Before arriving is due, and while no-shows are held, he simply arrives. Refused where he did not miss it, and where
    nothing is open any more.
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    if shift.status is AssignmentStatus.SCHEDULED:
        shift = replace(shift, leaving_since=None)  # whoever comes is not asked any more why he does not
        if not rules.is_missing(shift, now):
            return await actions.arrive(session, driver, assignment_id, policy, now)
        await _not_asked(session, shift)
        if await holds.is_held(session, shift, policy, now):
            return await actions.arrive(session, driver, assignment_id, policy, now)
        await missing.miss(session, shift, driver, say, policy, now)
    elif shift.status is not AssignmentStatus.CANCELLED:
        return Done()
    slot = await restoring.slot_of_missed(session, assignment_id)
    if slot is None or time.local_day(now, policy) != shift.on:
        return await _only_missed(session, shift, Refused(Refusal.SHIFT_GONE), now)
    if slot.user_id == driver.id:
        return Done()
    if slot.user_id is not None:
        return GoneToAnother()
    starts_at, name = time.shift_start(shift.on, policy), f"{driver.first_name} {driver.last_name}"
    notice = ArrivedLate(shift.route, shift.warehouse, shift.on, starts_at, name, driver.phone, now)
    envelope = notices.Envelope(Kind.ARRIVED_LATE, assignment_id, warehouse_id=shift.warehouse_id)
    responsible = (await session.scalars(managers_to_tell(shift.warehouse_id, shift.route_id, now))).all()
    await notices.tell(session, responsible, notice, envelope, say, policy, now)
    await leaving.shown(session, shift, now)
    return ToldLate()


async def _only_missed(session: AsyncSession, shift: ShiftFacts, refused: Refused, now: datetime) -> Refused:
    """Where he has been missed here and now, that is true and is shown; otherwise nothing has happened."""
    if shift.status is AssignmentStatus.SCHEDULED:
        await leaving.shown(session, shift, now)
    return refused


async def _not_asked(session: AsyncSession, shift: ShiftFacts) -> None:
    await session.execute(delete(AbsenceQuestion).where(AbsenceQuestion.assignment_id == shift.assignment_id))


async def he_is_here(
    session: AsyncSession, manager: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Arrive | Done | Restored | GoneToAnother | Refused:
    """[He's here], [Give it back]: on the manager's word the driver arrives, audited as by phone (R8.9).

    Before arriving is due, and while no-shows are held, he is in time. After that he is a no-show by the clock, and the
    shift is given back to him, if nobody has accepted it. Refused outside the manager's warehouses (R12.3).
    """
    driver = await driver_of(session, manager.id, assignment_id)
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy) if driver else None
    if driver is None or shift is None:
        return Refused(Refusal.NOT_FOUND)
    if shift.status is AssignmentStatus.SCHEDULED:
        shift = replace(shift, leaving_since=None)
        if not rules.is_missing(shift, now):
            return await actions.arrive(session, driver, assignment_id, policy, now, by=manager)
        await _not_asked(session, shift)
        if await holds.is_held(session, shift, policy, now):
            return await actions.arrive(session, driver, assignment_id, policy, now, by=manager)
        await missing.miss(session, shift, driver, say, policy, now)
    elif shift.status is not AssignmentStatus.CANCELLED:
        return Done()
    result = await restoring.restore(session, manager, driver, assignment_id, say, policy, now)
    if isinstance(result, Refused):
        return await _only_missed(session, shift, result, now)
    return result


@dataclass(frozen=True, slots=True)
class LeftToOthers:
    """The shift stays with whoever takes it; the driver is told, once."""


async def leave_to_others(
    session: AsyncSession, manager: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> LeftToOthers | Done | Refused:
    """[Leave it to others]: who was there too late does not get his shift back. Done where he has it already."""
    driver = await driver_of(session, manager.id, assignment_id)
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy) if driver else None
    if driver is None or shift is None:
        return Refused(Refusal.NOT_FOUND)
    slot = await restoring.slot_of_missed(session, assignment_id)
    if slot is None:
        return Refused(Refusal.SHIFT_GONE)
    if slot.user_id == driver.id:
        return Done()
    await restoring.tell_returned(session, driver, assignment_id, shift, False, say, policy, now)
    await follow_all(session, [assignment_id], now)
    return LeftToOthers()


@dataclass(frozen=True, slots=True)
class AllHere:
    """So many have arrived, on the manager's word."""

    count: int


async def all_here(
    session: AsyncSession, manager: Person, hold_id: uuid.UUID, policy: Policy, now: datetime
) -> AllHere | Refused:
    """[All here]: whoever is missing while no-shows are held arrives, by the manager (R8.6a, R8.9).

    Refused once it is over: then each is a no-show by the clock, and is restored one by one.
    """
    hold = await holds.hold_of(session, manager.id, hold_id)
    if hold is None:
        return Refused(Refusal.NOT_FOUND)
    shifts = await holds.missing_locked(session, hold, policy, now)
    if shifts is None:
        return Refused(Refusal.HOLD_OVER)
    for shift in shifts:
        await actions.record_arrival(session, shift.driver_id, shift, manager, now)
    await follow_all(session, [hold_id, *(shift.assignment_id for shift in shifts)], now)
    at = [following.DayAt(shift.warehouse_id, shift.on) for shift in shifts]
    await following.follow_homes(session, now, of=[shift.driver_id for shift in shifts], managers_of=at)
    return AllHere(len(shifts))


@dataclass(frozen=True, slots=True)
class LateComer:
    """Who was there too late, for his manager: whether he has it back, who else has it, or that it is still open."""

    notice: ArrivedLate
    assignment_id: uuid.UUID
    restored: bool
    taken_by: str | None
    open: bool
    left: bool = False  # to others, by a manager; he may still think better of it


async def late_comer(
    session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> LateComer | None:
    """What the manager was told, and how it stands; None for a shift outside his warehouses (R12.3)."""
    driver = await driver_of(session, manager_id, assignment_id)
    notice = await told(session, manager_id, Kind.ARRIVED_LATE, assignment_id) if driver else None
    if driver is None or not isinstance(notice, ArrivedLate):
        return None
    slot = await restoring.slot_of_missed(session, assignment_id)
    restored = slot is not None and slot.user_id == driver.id
    other = await person(session, slot.user_id) if slot and slot.user_id and not restored else None
    open_ = slot is not None and slot.user_id is None and time.local_day(now, policy) == notice.on
    name = f"{other.first_name} {other.last_name}" if other else None
    left = open_ and await _has_been(session, Kind.RESTORED, assignment_id)
    return LateComer(notice, assignment_id, restored, name, open_, left)


class MissedShift(Enum):
    """How a shift that the reader has missed stands."""

    OPEN = "open"  # others are asked for it
    TOLD = "told"  # likewise, and his manager knows that he is there
    LEFT = "left"  # likewise, and he has been told that it stays with others
    TAKEN = "taken"
    RESTORED = "restored"
    OVER = "over"


_HAS_BEEN = sql("SELECT EXISTS (SELECT FROM deliveries WHERE about = :about AND kind = :kind)", about=Uuid())


async def _has_been(session: AsyncSession, kind: Kind, assignment_id: uuid.UUID) -> bool:
    """Whether somebody was told this of the shift."""
    return bool(await session.scalar(_HAS_BEEN, {"about": assignment_id, "kind": kind}))


async def missed_shift(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, on: date, policy: Policy, now: datetime
) -> MissedShift:
    """For the driver, who learns no name (R12.3)."""
    slot = await restoring.slot_of_missed(session, assignment_id)
    if slot is not None and slot.user_id == driver_id:
        return MissedShift.RESTORED
    if slot is None or time.local_day(now, policy) != on:
        return MissedShift.OVER
    if slot.user_id is not None:
        return MissedShift.TAKEN
    if await _has_been(session, Kind.RESTORED, assignment_id):
        return MissedShift.LEFT
    return MissedShift.TOLD if await _has_been(session, Kind.ARRIVED_LATE, assignment_id) else MissedShift.OPEN


_MISSED_ON = sql(
    """
    SELECT a.id FROM assignments a JOIN incidents i ON i.assignment_id = a.id AND i.kind = 'no_show'
    WHERE a.user_id = :driver AND a.date = :on AND a.status = 'cancelled'
    ORDER BY i.occurred_at DESC LIMIT 1
    """,
    driver=Uuid(),
    on=Date(),
)


async def missed_on(session: AsyncSession, driver_id: uuid.UUID, on: date) -> uuid.UUID | None:
    """The shift of this day that he has missed; None where he has not."""
    found: uuid.UUID | None = await session.scalar(_MISSED_ON, {"driver": driver_id, "on": on})
    return found
