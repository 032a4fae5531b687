"""Who may give a shift away, and who may take it (R5.5). Pure."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from domain import time
from domain.bidding.rules import Standing, first_refusal
from domain.db.models.words import GiveAwayEnd
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts.rules import Done, ShiftFacts, not_to_come


@dataclass(frozen=True, slots=True)
class GiveAwayFacts:
    """A shift that is given away, as it is under lock. `to_all` False: by a link.

    `outcome` None: it is open. `taker_id`: who has taken it, or waits for a manager since he asked by `asking_id`.
    `approved`: only a manager's word makes it the taker's.
    """

    give_away_id: uuid.UUID
    to_all: bool
    taker_id: uuid.UUID | None
    asking_id: uuid.UUID | None
    outcome: GiveAwayEnd | None
    approved: bool
    shift: ShiftFacts

    @property
    def giver_id(self) -> uuid.UUID:
        return self.shift.driver_id


@dataclass(frozen=True, slots=True)
class Give:
    """He may give it away."""


def decide_give(shift: ShiftFacts, policy: Policy, now: datetime) -> Give | Refused:
    """An own shift, confirmed or not, more than two hours before its start.

    One that was not confirmed in time is dropped by the clock, whenever the duty gets to it (R4.3).
    """
    if (why := not_to_come(shift.status)) is not None:
        return Refused(why)
    if now >= time.give_away_until(shift.on, policy):
        return Refused(Refusal.TOO_LATE_TO_GIVE)
    if shift.confirmed_at is None and now > shift.confirm_by:
        return Refused(Refusal.TOO_LATE_TO_CONFIRM)
    return Give()


@dataclass(frozen=True, slots=True)
class Take:
    """The shift is the taker's, confirmed with it (R4.4)."""

    arrive_by: datetime


@dataclass(frozen=True, slots=True)
class AskManager:
    """He would have it, but for a manager's word."""


@dataclass(frozen=True, slots=True)
class Asked:
    """He has asked for it already, and no manager has decided yet."""


def refuse_taking(
    given: GiveAwayFacts, taker_id: uuid.UUID, policy: Policy, now: datetime
) -> Done | Asked | Refused | None:
    """What the shift alone says to who wants it: his already or asked for, taken, over; None where he may have it."""
    if given.outcome is GiveAwayEnd.TAKEN:
        return Done() if given.taker_id == taker_id else Refused(Refusal.TAKEN)
    if given.outcome is not None or isinstance(decide_give(given.shift, policy, now), Refused):
        return Refused(Refusal.GIVE_AWAY_OVER)
    if given.giver_id == taker_id:
        return Refused(Refusal.OWN_SHIFT)
    if given.taker_id is not None:
        return Asked() if given.taker_id == taker_id else Refused(Refusal.TAKEN)
    return None


def decide_take(
    given: GiveAwayFacts, taker: Standing, policy: Policy, now: datetime
) -> Take | AskManager | Asked | Done | Refused:
    """Whoever may take an open slot (R6.3) may take it, the first who comes; it may need a manager's word."""
    if (said := refuse_taking(given, taker.driver_id, policy, now)) is not None:
        return said
    if (why := first_refusal(taker)) is not None:
        return Refused(why)
    return AskManager() if given.approved else Take(time.arrive_by(given.shift.on, now, policy))


def decide_agreement(given: GiveAwayFacts, taker: Standing, policy: Policy, now: datetime) -> Take | Refused:
    """A manager agrees: the taker, who waits, may still have it."""
    if isinstance(decide_give(given.shift, policy, now), Refused):
        return Refused(Refusal.GIVE_AWAY_OVER)
    if (why := first_refusal(taker)) is not None:
        return Refused(why)
    return Take(time.arrive_by(given.shift.on, now, policy))
