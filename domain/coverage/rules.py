"""Opening windows, and giving slots by hand (R6.2, R7). Pure."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as Time

from domain import time
from domain.bidding.rules import Standing
from domain.db.models.words import AssignmentStatus, BidWindowMode
from domain.policy import Policy
from domain.reasons import bad_reason
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """A slot under lock, and the window that is open for it."""

    assignment_id: uuid.UUID
    route_id: uuid.UUID
    warehouse_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    status: AssignmentStatus
    open_window_id: uuid.UUID | None
    open_mode: BidWindowMode | None
    has_bids: bool = False  # somebody waits for the open window's award


@dataclass(frozen=True, slots=True)
class Open:
    """An emergency window is to be opened, until `closes_at`, or the one that is open raised to it (R6.9)."""

    closes_at: datetime
    raises: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class AlreadyOpen:
    """It is open: a second press, or a second manager's, changes nothing (R2.5)."""

    window_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Opening:
    """How a window is to be opened."""

    mode: BidWindowMode
    closes_at: datetime
    bonus_percent: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """A slot's last emergency: until when it was open, and the bonus, as a manager has it."""

    until: datetime
    bonus_percent: int


def opening_for(on: date, policy: Policy, now: datetime, said: Said | None = None) -> Opening | None:
    """The window of a slot that its driver has left, by the time to its start (R6.2); None: it is over (R1.3).

    More than 30 h: competitive, for 48 h, at the latest until 24 h before the start. Less: instant, until the start.
    From then on an emergency, until 13:00 or until when a manager has `said`, with the bonus. The bonus that he has
    chosen goes on, however the slot is open.
    """
    start, bonus = time.shift_start(on, policy), said.bonus_percent if said else 0
    if start - now > policy.competitive_above:
        closes_at = min(now + policy.competitive_for, start - policy.competitive_lead)
        return Opening(BidWindowMode.COMPETITIVE, closes_at, bonus)
    if now < start:
        return Opening(BidWindowMode.INSTANT, start, bonus)
    return emergency_until_over(on, policy, now, said)


def emergency_until_over(on: date, policy: Policy, now: datetime, said: Said | None) -> Opening | None:
    """An emergency until the slot is over, with its bonus; None: it is. That is at 13:00, or when a manager has
    `said`, if that is later (R1.3).
    """
    over = time.emergency_close(on, policy)
    over = over if said is None else max(over, said.until)
    return Opening(BidWindowMode.EMERGENCY, over, emergency_bonus(said, policy)) if now < over else None


def emergency_bonus(said: Said | None, policy: Policy) -> int:
    """The usual one, or what a manager has chosen for this slot before."""
    return policy.emergency_bonus_percent if said is None else said.bonus_percent


def decide_emergency(
    slot: SlotFacts, bonus_percent: int, until_hour: int | None, policy: Policy, now: datetime
) -> Open | AlreadyOpen | Refused:
    """Whether a manager may open an emergency window (R6.2): for an unfilled slot of today or later, with a bonus of 0
    to 100 %. It closes at 13:00 local on the day; a manager may extend that, and at or after 13:00 he says until when:
    a full local hour from 13 on, or 24 for 23:59.
    """
    if not 0 <= bonus_percent <= policy.bonus_percent_most:
        return Refused(Refusal.BAD_BONUS)
    if slot.status is not AssignmentStatus.UNFILLED:
        return Refused(Refusal.NOT_UNFILLED)
    if slot.open_window_id is not None and slot.open_mode is BidWindowMode.EMERGENCY:
        return AlreadyOpen(slot.open_window_id)
    closes_at = emergency_closing(slot.on, until_hour, policy, now)
    return closes_at if isinstance(closes_at, Refused) else Open(closes_at, slot.open_window_id)


def emergency_closing(on: date, until_hour: int | None, policy: Policy, now: datetime) -> datetime | Refused:
    """Until when an emergency of this day is open that begins now, as a manager has it (R6.2)."""
    if now >= time.local_instant(on, policy.day_ends, policy):
        return Refused(Refusal.DAY_OVER)
    closes_at = _close(on, until_hour, policy)
    if closes_at is None or closes_at < time.emergency_close(on, policy) or now >= closes_at:
        return Refused(Refusal.SAY_UNTIL)
    return closes_at


def later_closings(on: date, closes_at: datetime, policy: Policy, now: datetime) -> tuple[datetime, ...]:
    """To when a manager may extend an emergency: each full hour after it closes now, and 23:59 (R6.2)."""
    first, latest = time.emergency_close(on, policy), time.local_instant(on, policy.day_ends, policy)
    hours = (first + timedelta(hours=hour) for hour in range(1, 11))
    return tuple(at for at in (*hours, latest) if at > max(closes_at, now))


def decide_extension(
    mode: BidWindowMode, on: date, closes_at: datetime, until_hour: int, policy: Policy, now: datetime
) -> datetime | Refused:
    """When an open window closes that a manager extends: an emergency only, and only to one of `later_closings`."""
    later = _close(on, until_hour, policy)
    if mode is not BidWindowMode.EMERGENCY or later is None:
        return Refused(Refusal.NOT_LATER)
    return later if later in later_closings(on, closes_at, policy, now) else Refused(Refusal.NOT_LATER)


def _close(on: date, until_hour: int | None, policy: Policy) -> datetime | None:
    if until_hour is None:
        return time.emergency_close(on, policy)
    if until_hour == 24:
        return time.local_instant(on, policy.day_ends, policy)
    return time.local_instant(on, Time(until_hour), policy) if 0 <= until_hour < 24 else None


def hours_left(on: date, policy: Policy, now: datetime) -> tuple[datetime, ...]:
    """Until when a manager may open an emergency once 13:00 of its day has come: each full hour left, and 23:59."""
    first, latest = time.emergency_close(on, policy), time.local_instant(on, policy.day_ends, policy)
    if not first <= now < latest:
        return ()
    hours = [first + timedelta(hours=hour) for hour in range(1, 11)]
    return (*(at for at in hours if now < at), latest)


def refuse_assignment(driver: Standing, over_cap_reason: str | None, policy: Policy) -> Refusal | None:
    """Why a manager can't give a slot to this driver; None where he can (R7.1). The first that applies is the answer.

    Only the cap can be overridden, by saying why: not nothing, and at most 500 characters.
    """
    grounds = (
        (not driver.is_driver, Refusal.NOT_A_DRIVER),
        (not driver.employed, Refusal.NOT_EMPLOYED),
        (driver.flagged, Refusal.FLAGGED),
        (not driver.in_pool, Refusal.OUT_OF_POOL),
        (driver.busy, Refusal.BUSY),
        (driver.away, Refusal.AWAY),
    )
    if (why := next((why for applies, why in grounds if applies), None)) is not None or driver.load < driver.cap:
        return why
    if over_cap_reason is None:
        return Refusal.AT_CAP
    refused = bad_reason(over_cap_reason, policy)
    return None if refused is None else refused.why
