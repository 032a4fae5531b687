"""Who may take a shift, and how drivers are ranked for it (R6.3, R6.4, R6.7). Pure."""

import uuid
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
    on_shift: bool  # is driving right now
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


def score(driver: Standing, policy: Policy) -> float:
    """The given model's bid score, 0 to 1, in double precision (R6.4). Missing data count 0."""
    return (
        driver.completion_rate * policy.weight_completion
        + min(driver.route_completions / policy.familiar_after, 1.0) * policy.weight_familiarity
        + driver.attendance_rate * policy.weight_attendance
        + (1.0 if driver.prefers_route else 0.0) * policy.weight_preference
    )


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
    if window.winner_id == driver_id:
        return AlreadyYours()
    if window.winner_id is not None:
        return Refused(Refusal.TAKEN)
    if window.status is not BidWindowStatus.OPEN or now >= window.closes_at:
        return Refused(Refusal.CLOSED)
    if window.slot_status is AssignmentStatus.CANCELLED:
        return Refused(Refusal.CLOSED)
    if window.slot_status is not AssignmentStatus.UNFILLED:  # filled past its window, by another program (R2.3)
        return Refused(Refusal.TAKEN)
    if window.mode is BidWindowMode.COMPETITIVE:  # it is bid for, not accepted
        return Refused(Refusal.NOT_FOUND)
    return None


def decide_accept(window: WindowFacts, driver: Standing, policy: Policy, now: datetime) -> Award | Refused:
    """Who may take an instant or emergency shift (R6.3, R6.7), once `refuse_window` had nothing against it."""
    if (why := first_refusal(driver)) is not None:
        return Refused(why)
    return Award(arrive_by=time.arrive_by(window.on, now, policy), score=score(driver, policy))
