"""What is loaded and brought back, corrected, and stopped on the way (R8.3, R8.4, R8.8). Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from domain.db.models.words import AssignmentStatus
from domain.policy import Policy
from domain.reasons import bad_reason
from domain.refusals import Refusal, Refused
from domain.shifts.rules import Done, ShiftFacts


class Count(IntEnum):
    """Which number of parcels is meant."""

    LOADED = 1
    BROUGHT_BACK = 2


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
    shift: ShiftFacts,
    start: int | None,
    returned: int | None,
    policy: Policy,
    now: datetime,
    *,
    by_manager: bool = False,
    reason: str | None = None,
) -> Correct | Done | Refused:
    """Either number of a completed shift, within the hour, inclusive, in the same bounds (R8.4). None: as it is.

    A manager may at any time, but gives a reason.
    """
    if shift.status is not AssignmentStatus.COMPLETED or shift.parcels_start is None or shift.parcels_returned is None:
        return Refused(_not_under_way(shift) or Refusal.NO_LONGER_EDITABLE)
    if by_manager:
        if (refused := bad_reason(reason, policy)) is not None:
            return refused
    elif shift.editable_until is None or now > shift.editable_until:
        return Refused(Refusal.NO_LONGER_EDITABLE)
    new = Correct(
        shift.parcels_start if start is None else start, shift.parcels_returned if returned is None else returned
    )
    if not parcels_fit(new.start, new.returned, policy):
        return Refused(Refusal.BAD_PARCELS)
    return Done() if (new.start, new.returned) == (shift.parcels_start, shift.parcels_returned) else new


def parcels_fit(start: int, returned: int, policy: Policy) -> bool:
    """The bounds of both numbers together (R8.3)."""
    return 1 <= start <= policy.parcels_most and 0 <= returned <= start


@dataclass(frozen=True, slots=True)
class Abandon:
    """The driver has to stop before he has loaded: the shift is no longer his, and nobody blames him yet."""


def decide_stop(
    shift: ShiftFacts, returned: int | None, policy: Policy, now: datetime
) -> Abandon | Complete | Done | Refused:
    """[I must stop] (R8.8), on an active shift. With parcels loaded it is completed with those that come back."""
    if shift.status is AssignmentStatus.COMPLETED and returned == shift.parcels_returned:
        return Done()
    if (why := _not_under_way(shift)) is not None:
        return Refused(why)
    if shift.parcels_start is None:
        return Abandon()
    return Refused(Refusal.BAD_PARCELS) if returned is None else decide_complete(shift, returned, policy, now)
