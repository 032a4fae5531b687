"""What may be done with a shift, by whom and when (R2.3, R4, R5, R8). Pure."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from domain import time
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.policy import Policy
from domain.refusals import Refusal, Refused

# The five reasons for which nobody is blamed before a manager has looked at it (R5.3).
PROTECTED = frozenset(CancelReason) - {CancelReason.PERSONAL_EMERGENCY, CancelReason.OTHER}


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """A driver's own shift, as it is under lock. `arrive_by` and `confirm_by` are its terms (R1.3a)."""

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


class Count(IntEnum):
    """Which number of parcels is meant."""

    LOADED = 1
    BROUGHT_BACK = 2


@dataclass(frozen=True, slots=True)
class Done:
    """It stands so already: a second press changes nothing (R2.5)."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The driver says that he will come."""


def decide_confirm(shift: ShiftFacts, policy: Policy, now: datetime) -> Confirm | Done | Refused:
    """A scheduled shift can be confirmed from when it is known until its confirm_by, inclusive, once (R4.1)."""
    if shift.status is AssignmentStatus.CANCELLED:
        return Refused(Refusal.SHIFT_GONE)
    if shift.confirmed_at is not None or shift.status is not AssignmentStatus.SCHEDULED:
        return Done()
    if policy.confirm_opens is not None and now < time.shift_start(shift.on, policy) - policy.confirm_opens:
        return Refused(Refusal.NOT_CONFIRMABLE_YET)
    return Confirm() if now <= shift.confirm_by else Refused(Refusal.TOO_LATE_TO_CONFIRM)


@dataclass(frozen=True, slots=True)
class Arrive:
    """The driver is there; the shift is active."""


def decide_arrive(shift: ShiftFacts, policy: Policy, now: datetime) -> Arrive | Done | Refused:
    """Arriving: today, confirmed, from 05:00 on and before arrive_by; at exactly that it is too late (R8.2, R8.6)."""
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
    return Arrive() if now < shift.arrive_by else Refused(Refusal.ARRIVED_TOO_LATE)


@dataclass(frozen=True, slots=True)
class Load:
    """So many parcels are loaded. `before`: what stood there, where it is corrected."""

    parcels: int
    before: int | None


def decide_load(shift: ShiftFacts, parcels: int, policy: Policy) -> Load | Done | Refused:
    """Parcels loaded, 1 to 999; they may be corrected until completion (R8.3), afterwards see `decide_correct`."""
    if (why := _not_under_way(shift)) is not None:
        return Refused(why)
    if not 1 <= parcels <= policy.parcels_most:
        return Refused(Refusal.BAD_PARCELS)
    return Done() if parcels == shift.parcels_start else Load(parcels, shift.parcels_start)


@dataclass(frozen=True, slots=True)
class Complete:
    """The shift is over. `editable_until`: how long its driver may correct the numbers (R8.4)."""

    returned: int
    delivered: int
    editable_until: datetime


def decide_complete(shift: ShiftFacts, returned: int, policy: Policy, now: datetime) -> Complete | Done | Refused:
    """Parcels brought back, 0 to those loaded; what was delivered is computed (R8.3)."""
    if shift.status is AssignmentStatus.COMPLETED:
        return Done() if returned == shift.parcels_returned else Refused(Refusal.COMPLETED_ALREADY)
    if (why := _not_under_way(shift)) is not None:
        return Refused(why)
    if shift.parcels_start is None:
        return Refused(Refusal.NOT_LOADED)
    if not 0 <= returned <= shift.parcels_start:
        return Refused(Refusal.BAD_PARCELS)
    return Complete(returned, shift.parcels_start - returned, now + policy.editable_for)


def _not_under_way(shift: ShiftFacts) -> Refusal | None:
    match shift.status:
        case AssignmentStatus.ACTIVE:
            return None
        case AssignmentStatus.COMPLETED:
            return Refusal.COMPLETED_ALREADY
        case AssignmentStatus.SCHEDULED:
            return Refusal.NOT_ARRIVED
    return Refusal.SHIFT_GONE


@dataclass(frozen=True, slots=True)
class Correct:
    """A completed shift's numbers are put right."""

    start: int
    returned: int

    @property
    def delivered(self) -> int:
        return self.start - self.returned


def decide_correct(
    shift: ShiftFacts, start: int | None, returned: int | None, policy: Policy, now: datetime
) -> Correct | Done | Refused:
    """Either number of a completed shift, within the hour, inclusive, in the same bounds (R8.4). None: as it is."""
    if shift.status is not AssignmentStatus.COMPLETED or shift.parcels_start is None or shift.parcels_returned is None:
        return Refused(_not_under_way(shift) or Refusal.NO_LONGER_EDITABLE)
    if shift.editable_until is None or now > shift.editable_until:
        return Refused(Refusal.NO_LONGER_EDITABLE)
    new = Correct(
        shift.parcels_start if start is None else start, shift.parcels_returned if returned is None else returned
    )
    if not (1 <= new.start <= policy.parcels_most and 0 <= new.returned <= new.start):
        return Refused(Refusal.BAD_PARCELS)
    return Done() if (new.start, new.returned) == (shift.parcels_start, shift.parcels_returned) else new


@dataclass(frozen=True, slots=True)
class Leave:
    """The driver gives the shift back; `incident` is what the ledger says of it (R2.4)."""

    incident: IncidentKind

    @property
    def late(self) -> bool:
        return self.incident is not IncidentKind.EARLY_CANCEL


def decide_cancel(shift: ShiftFacts, reason: CancelReason, policy: Policy, now: datetime) -> Leave | Refused:
    """A driver's own cancellation (R5.2, R5.3), until he has arrived; after the start it is "I can't make it"."""
    match shift.status:
        case AssignmentStatus.CANCELLED:
            return Refused(Refusal.SHIFT_GONE)
        case AssignmentStatus.ACTIVE:
            return Refused(Refusal.ARRIVED_ALREADY)
        case AssignmentStatus.COMPLETED:
            return Refused(Refusal.COMPLETED_ALREADY)
    if shift.confirmed_at is not None and now >= shift.arrive_by:
        return Refused(Refusal.ARRIVED_TOO_LATE)  # a no-show by the clock, whenever the duty gets to it (R8.6)
    return Leave(incident_of(shift.on, reason, policy, now))


def incident_of(on: date, reason: CancelReason, policy: Policy, now: datetime) -> IncidentKind:
    """Early: no penalty of any kind. Late: for five of the seven reasons a manager looks at it first (R5.3)."""
    if not time.is_late(on, now, policy):
        return IncidentKind.EARLY_CANCEL
    return IncidentKind.PROTECTED_ABSENCE if reason in PROTECTED else IncidentKind.LATE_CANCEL
