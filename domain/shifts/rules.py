"""A driver's shift, and when he may confirm it, arrive and be late (R4, R8). Pure."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain import time
from domain.db.models.words import AssignedBy, AssignmentStatus
from domain.policy import Policy
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Late:
    """The driver is running late: `due_at` is when he was due before, `granted` so much more he has (0: refused)."""

    due_at: datetime
    granted: timedelta
    decided: bool  # by a manager


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """A driver's own shift, as it is under lock. `arrive_by` and `confirm_by` are its terms (R1.3a).

    `late` None: he has not said so. `leaving_since`: he has said that he can't make it, and is asked why (R11.6).
    `hand_back_until`: he was awarded it late, by a bid, and may hand it back until then (R6.4).
    """

    assignment_id: uuid.UUID
    driver_id: uuid.UUID
    route_id: uuid.UUID
    warehouse_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    status: AssignmentStatus
    assigned_at: datetime | None
    confirmed_at: datetime | None
    arrive_by: datetime
    confirm_by: datetime
    arrived_at: datetime | None
    parcels_start: int | None
    parcels_returned: int | None
    completed_at: datetime | None
    editable_until: datetime | None
    late: Late | None
    leaving_since: datetime | None
    assigned_by: AssignedBy | None = None
    hand_back_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It stands so already: a second press changes nothing (R2.5)."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The driver says that he will come."""


def decide_confirm(shift: ShiftFacts, policy: Policy, now: datetime, *, held: bool = False) -> Confirm | Done | Refused:
    """A scheduled shift can be confirmed from when it is known until its confirm_by, inclusive, once (R4.1).

    `held`: no drop is automatic at this moment, so it is not too late (R8.6a).
    """
    if shift.status is AssignmentStatus.CANCELLED:
        return Refused(Refusal.SHIFT_GONE)
    if shift.confirmed_at is not None or shift.status is not AssignmentStatus.SCHEDULED:
        return Done()
    if policy.confirm_opens is not None and now < time.shift_start(shift.on, policy) - policy.confirm_opens:
        return Refused(Refusal.NOT_CONFIRMABLE_YET)
    return Confirm() if now <= shift.confirm_by or held else Refused(Refusal.TOO_LATE_TO_CONFIRM)


@dataclass(frozen=True, slots=True)
class Arrive:
    """The driver is there; the shift is active."""


def decide_arrive(shift: ShiftFacts, policy: Policy, now: datetime, *, held: bool = False) -> Arrive | Done | Refused:
    """Arriving: today, confirmed, from 05:00 on and before arrive_by; at exactly that it is too late (R8.2, R8.6).

    `held`: no no-show is automatic at this moment, so it is not too late (R8.6a).
    """
    if shift.status is AssignmentStatus.CANCELLED:
        return Refused(Refusal.SHIFT_GONE)
    if shift.status is not AssignmentStatus.SCHEDULED:
        return Done()
    if time.local_day(now, policy) < shift.on:
        return Refused(Refusal.NOT_TODAY)
    if now < time.local_instant(shift.on, policy.check_in_from, policy):
        return Refused(Refusal.TOO_EARLY)
    if shift.confirmed_at is None:
        return Refused(Refusal.NOT_CONFIRMED)
    return Arrive() if now < shift.arrive_by or held else Refused(Refusal.ARRIVED_TOO_LATE)


def is_missing(shift: ShiftFacts, now: datetime) -> bool:
    """Arriving was due, and he is not there: a no-show, unless it is held (R8.6). Who says why he leaves is none."""
    waits = shift.status is AssignmentStatus.SCHEDULED and shift.confirmed_at is not None
    return waits and shift.leaving_since is None and now >= shift.arrive_by


@dataclass(frozen=True, slots=True)
class Extend:
    """He has until `arrive_by` to be there, `granted` beyond when he was due."""

    arrive_by: datetime
    granted: timedelta


def decide_late(
    shift: ShiftFacts, policy: Policy, now: datetime, minutes: int | None = None
) -> Extend | Done | Refused:
    """Running late, of a confirmed shift of today: 15 minutes before arriving is due, inclusive, at the latest (R8.5).

    Half an hour is granted at once, once for each shift; said again it is done already. `minutes`: so late, as he says,
    which is refused where it is none, or more than a manager could grant.
    """
    if (why := not_to_come(shift.status)) is not None:
        return Refused(why)
    if time.local_day(now, policy) < shift.on:
        return Refused(Refusal.NOT_TODAY)
    if shift.confirmed_at is None:
        return Refused(Refusal.NOT_CONFIRMED)
    if now >= shift.arrive_by:
        return Refused(Refusal.ARRIVED_TOO_LATE)
    if shift.late is None and now > shift.arrive_by - policy.late_before:
        return Refused(Refusal.TOO_LATE_TO_SAY)
    if minutes is not None and not timedelta() < timedelta(minutes=minutes) <= max(policy.late_choices):
        return Refused(Refusal.BAD_MINUTES)
    if shift.late is not None:
        return Done()
    return Extend(shift.arrive_by + policy.late_granted, policy.late_granted)


def decide_extension(shift: ShiftFacts, more: timedelta, policy: Policy, now: datetime) -> Extend | Done | Refused:
    """A manager's answer to who is running late: `more` in all beyond when he was due, up to 90 minutes; none: refused.

    Who is refused is due when he was, but is left a quarter of an hour (or what he still had, if that is less): nobody
    is a no-show by surprise (R8.5). Answered again, it changes; once arriving is due, it can't be answered any more.
    """
    if (why := not_to_come(shift.status)) is not None:
        return Refused(why)
    if shift.late is None or more < timedelta() or more > max(policy.late_choices):
        return Refused(Refusal.NOT_FOUND)
    if now >= shift.arrive_by:
        return Refused(Refusal.ARRIVED_TOO_LATE)
    if shift.late.decided and shift.late.granted == more:
        return Done()
    due = shift.late.due_at + more
    return Extend(max(due, min(now + policy.late_least, shift.arrive_by)), more)


def not_to_come(status: AssignmentStatus) -> Refusal | None:
    """Why nobody is awaited for it: he is there, it is done, or not his any more."""
    match status:
        case AssignmentStatus.SCHEDULED:
            return None
        case AssignmentStatus.ACTIVE:
            return Refusal.ARRIVED_ALREADY
        case AssignmentStatus.COMPLETED:
            return Refusal.COMPLETED_ALREADY
    return Refusal.SHIFT_GONE
