"""Who may leave a shift, or have it taken from him, and what the ledger says of it (R4.4, R5, R6.4, R6.9). Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain import time
from domain.db.models.words import AssignedBy, AssignmentStatus, CancelReason, IncidentKind, Urgency, UserRole
from domain.notices.rules import Recipient, quiet_until
from domain.policy import Policy, QuietHours
from domain.refusals import Refusal, Refused
from domain.shifts.rules import ShiftFacts, not_to_come

# The five reasons for which nobody is blamed before a manager has looked at it (R5.3).
PROTECTED = frozenset(CancelReason) - {CancelReason.PERSONAL_EMERGENCY, CancelReason.OTHER}


@dataclass(frozen=True, slots=True)
class Leave:
    """The driver gives the shift back; `incident` is what the ledger says of it, None where nobody is to blame."""

    incident: IncidentKind | None


def came_late(on: date, by: AssignedBy | None, assigned_at: datetime | None, policy: Policy) -> bool:
    """It was given to its driver when cancelling it was late already, by a manager's hand or by a roster for what was
    still empty: he may say no, or nothing (R4.4).
    """
    given = by in (AssignedBy.MANAGER, AssignedBy.ALGORITHM)
    return given and assigned_at is not None and time.is_late(on, assigned_at, policy)


def decide_decline(shift: ShiftFacts, policy: Policy) -> Leave | Refused:
    """[Decline], of what a manager gave him late and he has not agreed to; that is no incident (R4.4).

    Anything else is cancelled as usual. Until it is taken from him for want of an answer, he can still say no.
    """
    if (why := not_to_come(shift.status)) is not None:
        return Refused(why)
    if shift.confirmed_at is not None:
        return Refused(Refusal.AGREED_ALREADY)
    late = came_late(shift.on, shift.assigned_by, shift.assigned_at, policy)
    return Leave(None) if late else Refused(Refusal.NOT_DECLINABLE)


def hand_back_until(on: date, awarded_at: datetime, quiet: QuietHours, policy: Policy) -> datetime | None:
    """Until when, inclusive, what a bid has won can be handed back without incident (R6.4): 60 minutes, if it was
    awarded less than 48 h before the start; else it is an early cancellation anyway, and this is None.

    The hour begins when he could know: news of an award are held until his `quiet` hours end (R11.4).
    """
    if time.shift_start(on, policy) - awarded_at >= policy.hand_back_below:
        return None
    return _told_at(on, awarded_at, policy, quiet) + policy.hand_back_within


def _told_at(on: date, awarded_at: datetime, policy: Policy, quiet: QuietHours) -> datetime:
    """When he is told of an award: as somebody without other shifts, who is told later than one who has some."""
    today = time.local_day(awarded_at, policy)
    free = {"free_today": today != on, "free_tomorrow": today + timedelta(days=1) != on}
    winner = Recipient(UserRole.DRIVER, quiet.begins, quiet.ends, **free)
    return quiet_until(Urgency.IMPORTANT, winner, policy, awarded_at) or awarded_at


def decide_hand_back(shift: ShiftFacts, now: datetime) -> Leave | Refused:
    """[Give it back] (R6.4)."""
    if shift.status is AssignmentStatus.CANCELLED:
        return Refused(Refusal.SHIFT_GONE)
    if shift.status is not AssignmentStatus.SCHEDULED or not may_hand_back(shift.hand_back_until, now):
        return Refused(Refusal.TOO_LATE_TO_HAND_BACK)
    return Leave(None)


def may_hand_back(until: datetime | None, now: datetime) -> bool:
    """Whether the hour is not over yet, if he has it."""
    return until is not None and now <= until


def decide_cancel(
    shift: ShiftFacts, reason: CancelReason, policy: Policy, now: datetime, *, held: bool = False
) -> Leave | Refused:
    """A driver's own cancellation (R5.2, R5.3), until he has arrived; after the start it is "I can't make it".

    Who has texted so before, when he could, and is asked why, has left as of then, whenever he answers (R11.6). Of
    what he may decline or hand back it is no incident to cancel it, either (R4.4, R6.4).
    `held`: no no-show is automatic at this moment, so he can still say so himself (R8.6a).
    """
    said_at = shift.leaving_since or now
    if (why := not_to_come(shift.status)) is not None:
        return Refused(why)
    if shift.confirmed_at is not None and shift.leaving_since is None and now >= shift.arrive_by and not held:
        return Refused(Refusal.ARRIVED_TOO_LATE)  # a no-show by the clock, whenever the duty gets to it (R8.6)
    if isinstance(unasked := decide_decline(shift, policy), Leave):
        return unasked
    if may_hand_back(shift.hand_back_until, said_at):
        return Leave(None)
    return Leave(incident_of(shift.on, reason, policy, said_at))


def incident_of(on: date, reason: CancelReason, policy: Policy, now: datetime) -> IncidentKind:
    """Early: no penalty of any kind. Late: for five of the seven reasons a manager looks at it first (R5.3)."""
    if not time.is_late(on, now, policy):
        return IncidentKind.EARLY_CANCEL
    return IncidentKind.PROTECTED_ABSENCE if reason in PROTECTED else IncidentKind.LATE_CANCEL


def refuse_removal(status: AssignmentStatus, on: date, policy: Policy, now: datetime) -> Refusal | None:
    """Why a manager can't take the shift from its driver (R6.9): only today's, and only before he has arrived."""
    if (why := not_to_come(status)) is not None:
        return why
    return None if time.local_day(now, policy) == on else Refusal.NOT_TODAY
