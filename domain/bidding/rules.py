"""Who may take a shift, and how drivers are ranked for it (R6.3, R6.4, R6.7). Pure."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from domain import time
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus
from domain.policy import Policy
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of one driver with regard to one slot; made by `queries.standing`."""

    driver_id: uuid.UUID
    is_driver: bool
    employed: bool
    away: bool
    may_work_there: bool  # the warehouse is his home or open to him
    flagged: bool
    in_pool: bool
    left_this_slot: bool  # cancelled or missed it; an auto-dropped driver may take it back
    on_shift: bool  # is driving right now, and this is an emergency
    busy: bool  # has a live shift on that date
    load: int  # live shifts in the week of the slot
    cap: int
    over_cap_allowed: bool  # a manager asked him although he is at his cap
    completion_rate: float  # 0 to 1
    route_completions: int
    attendance_rate: float  # 0 to 1
    prefers_route: bool


def first_refusal(driver: Standing) -> Refusal | None:
    """Why this driver can't take the slot; None where he can (R6.3). The first that applies is the answer."""
    grounds = (
        (not driver.is_driver, Refusal.NOT_A_DRIVER),
        (not driver.employed, Refusal.NOT_EMPLOYED),
        (driver.away, Refusal.AWAY),
        (not driver.may_work_there, Refusal.WAREHOUSE_NOT_HIS),
        (driver.flagged, Refusal.FLAGGED),
        (not driver.in_pool, Refusal.OUT_OF_POOL),
        (driver.left_this_slot, Refusal.LEFT_THIS_SLOT),
        (driver.on_shift, Refusal.ON_SHIFT),
        (driver.busy, Refusal.BUSY),
        (driver.load >= driver.cap and not driver.over_cap_allowed, Refusal.AT_CAP),
    )
    return next((why for applies, why in grounds if applies), None)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a bid score is made of, weighted: as the parts enter the sum."""

    completion: float
    familiarity: float
    attendance: float
    preference: float

    @property
    def score(self) -> float:
        """0 to 1, in double precision, summed in the given model's order (R6.4)."""
        return self.completion + self.familiarity + self.attendance + self.preference


def parts(driver: Standing, policy: Policy) -> Parts:
    """The given model's bid score, part by part (R6.4). Missing data count 0."""
    return Parts(
        completion=driver.completion_rate * policy.weight_completion,
        familiarity=min(driver.route_completions / policy.familiar_after, 1.0) * policy.weight_familiarity,
        attendance=driver.attendance_rate * policy.weight_attendance,
        preference=(1.0 if driver.prefers_route else 0.0) * policy.weight_preference,
    )


@dataclass(frozen=True, slots=True)
class OwnScore:
    """A driver's own score for a slot, what each part of it could come to, and what stands behind the parts."""

    parts: Parts
    most: Parts
    completion_rate: float
    attendance_rate: float
    completions: int  # of the route …
    completions_enough: int  # … of which no more than so many count
    prefers_route: bool


def own_score(driver: Standing, policy: Policy) -> OwnScore:
    """His score, taken apart for himself (R6.8)."""
    most = Parts(
        policy.weight_completion, policy.weight_familiarity, policy.weight_attendance, policy.weight_preference
    )
    return OwnScore(
        parts=parts(driver, policy),
        most=most,
        completion_rate=driver.completion_rate,
        attendance_rate=driver.attendance_rate,
        completions=driver.route_completions,
        completions_enough=policy.familiar_after,
        prefers_route=driver.prefers_route,
    )


@dataclass(frozen=True, slots=True)
class Bidder:
    """Who waits for a window's award, as he stands at this moment."""

    bid_id: uuid.UUID
    bid_at: datetime
    standing: Standing


def ranked(bidders: Iterable[Bidder], policy: Policy) -> list[Bidder]:
    """In the order in which they are awarded (R6.4): by score, then fewer shifts that week, the earlier bid, its id."""
    return sorted(
        bidders,
        key=lambda each: (-parts(each.standing, policy).score, each.standing.load, each.bid_at, each.bid_id),
    )


def first_eligible(bidders: Iterable[Bidder], policy: Policy) -> Bidder | None:
    """Who gets it: the first in rank who may still take it (R6.5); None where nobody may."""
    return next((each for each in ranked(bidders, policy) if first_refusal(each.standing) is None), None)


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """A window and its slot, as they are under lock."""

    window_id: uuid.UUID
    assignment_id: uuid.UUID
    route_id: uuid.UUID
    warehouse_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    slot_status: AssignmentStatus
    mode: BidWindowMode
    status: BidWindowStatus
    closes_at: datetime
    bonus_percent: int
    winner_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Award:
    """The driver has the shift; he is confirmed with it (R4.4)."""

    arrive_by: datetime
    score: float


@dataclass(frozen=True, slots=True)
class AlreadyYours:
    """He took it before; a second press changes nothing (R2.5)."""


AcceptDecision = Award | AlreadyYours | Refused


def refuse_window(window: WindowFacts, driver_id: uuid.UUID, now: datetime) -> AlreadyYours | Refused | None:
    """What the window alone says to an acceptance: his already, taken, closed; None where it is open to be taken."""
    if _is_his(window, driver_id):
        return AlreadyYours()
    if (why := _over(window, now)) is not None:
        return Refused(why)
    if window.mode is BidWindowMode.COMPETITIVE:  # it is bid for, not accepted
        return Refused(Refusal.NOT_FOUND)
    return None


def _is_his(window: WindowFacts, driver_id: uuid.UUID) -> bool:
    """He has it through this window, and has not left it since (R2.2)."""
    return window.winner_id == driver_id and window.slot_status is not AssignmentStatus.CANCELLED


def _over(window: WindowFacts, now: datetime) -> Refusal | None:
    if window.slot_status is AssignmentStatus.CANCELLED:  # called off, or left by whoever had it
        return Refusal.CLOSED
    if window.winner_id is not None:
        return Refusal.TAKEN
    if window.status is not BidWindowStatus.OPEN or now >= window.closes_at:
        return Refusal.CLOSED
    if window.slot_status is not AssignmentStatus.UNFILLED:  # filled past its window, by another program (R2.3)
        return Refusal.TAKEN
    return None


def decide_accept(window: WindowFacts, driver: Standing, policy: Policy, now: datetime) -> Award | Refused:
    """Who may take an instant or emergency shift (R6.3, R6.7), once `refuse_window` had nothing against it."""
    if (why := first_refusal(driver)) is not None:
        return Refused(why)
    return Award(arrive_by=time.arrive_by(window.on, now, policy), score=parts(driver, policy).score)


@dataclass(frozen=True, slots=True)
class Bids:
    """He bids for it. `until`: when that is decided."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Withdraws:
    """He bids for it no longer."""


def refuse_bid(window: WindowFacts, driver_id: uuid.UUID, now: datetime) -> AlreadyYours | Refused | None:
    """What the window alone says to a bid, or to its withdrawal; None where it is open to be bid for (R6.4).

    Until it closes, that instant excluded. One that goes on in another mode is accepted, not bid for (R6.6).
    """
    if _is_his(window, driver_id):
        return AlreadyYours()
    if (why := _over(window, now)) is not None:
        return Refused(why)
    return None if window.mode is BidWindowMode.COMPETITIVE else Refused(Refusal.ACCEPT_INSTEAD)


def decide_bid(window: WindowFacts, driver: Standing) -> Bids | Refused:
    """Who may bid (R6.3), once `refuse_bid` had nothing against it; whether he may have it is asked again at close."""
    why = first_refusal(driver)
    return Bids(window.closes_at) if why is None else Refused(why)
