"""Opening emergency windows (R6.2). Pure."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as Time

from domain import time
from domain.db.models.words import AssignmentStatus, BidWindowMode
from domain.policy import Policy
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


def opening_for(on: date, policy: Policy, now: datetime) -> Opening | None:
    """The window of a slot that its driver has left, by the time to its start (R6.2); None: it is over (R1.3).

    More than 30 h: competitive, for 48 h, at the latest until 24 h before the start. Less: instant, until the start.
    From then on an emergency, until 13:00, with the bonus.
    """
    start = time.shift_start(on, policy)
    if start - now > policy.competitive_above:
        closes_at = min(now + policy.competitive_for, start - policy.competitive_lead)
        return Opening(BidWindowMode.COMPETITIVE, closes_at)
    if now < start:
        return Opening(BidWindowMode.INSTANT, start)
    over = time.emergency_close(on, policy)
    return Opening(BidWindowMode.EMERGENCY, over, policy.emergency_bonus_percent) if now < over else None


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
    if slot.has_bids:
        return Refused(Refusal.BIDDING_OPEN)
    latest = time.local_instant(slot.on, policy.day_ends, policy)
    if now >= latest:
        return Refused(Refusal.DAY_OVER)
    closes_at = _close(slot.on, until_hour, policy)
    if closes_at is None or closes_at < time.emergency_close(slot.on, policy) or now >= closes_at:
        return Refused(Refusal.SAY_UNTIL)
    return Open(closes_at, slot.open_window_id)


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
