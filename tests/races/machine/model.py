"""What each press, and each duty, does to the company by the rules; written from them, and not from the product.

An answer is the set of what may be said: where several grounds refuse, the rules leave open which is named.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.races.machine.state import DAYS, MANAGERS, Bid, State, Window, at

Answer = frozenset[str]
HOUR = timedelta(hours=1)


def one(*said: str) -> Answer:
    return frozenset(said)


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody presses something, on what he saw last of the slot. `more`: a cap, a day, a reason's being there."""

    what: str
    who: str
    slot: str = "R1"
    more: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """An act on the row, window and give-away that were the slot's last when it was pressed; None: it had none yet."""

    act: Act
    at: datetime
    row: int
    window: int | None
    given: int | None


def bind(state: State, act: Act, at: datetime) -> Bound:
    windows, given = state.windows[act.slot], state.given[act.slot]
    last = len(windows) - 1 if windows else None
    return Bound(act, at, len(state.rows[act.slot]) - 1, last, len(given) - 1 if given else None)


# -- windows


def opening(on: date, now: datetime) -> tuple[str, datetime] | None:
    """R6.2."""
    start = at(on, 7)
    if start - now > 30 * HOUR:
        return "competitive", min(now + 48 * HOUR, start - 24 * HOUR)
    if now < start:
        return "instant", start
    return ("emergency", at(on, 13)) if now < at(on, 13) else None


def open_window(state: State, slot: str, now: datetime, how: tuple[str, datetime]) -> int:
    state.windows[slot].append(Window(len(state.rows[slot]) - 1, *how, next_at=now))
    return len(state.windows[slot]) - 1


def wave(state: State, slot: str, number: int, now: datetime) -> None:
    """R6.3; there are never thirty."""
    window = state.windows[slot][number]
    bidders = {bid.driver for bid in state.pending(slot)}
    asked = {
        driver
        for driver in state.caps
        if driver not in window.asked | bidders
        and (driver, DAYS[slot]) not in state.declined
        and not state.grounds(driver, slot)
    }
    every = timedelta(minutes=1 if window.mode == "emergency" else 5)
    state.set_window(slot, number, asked=window.asked | asked, next_at=now + every)
    state.tell("offer", *asked)


def lose(state: State, slot: str, but: str | None = None, *, told: bool = True) -> None:
    for number, bid in enumerate(state.bids):
        if bid.slot == slot and bid.status == "pending":
            won = bid.driver == but
            state.bids[number] = Bid(slot, bid.row, bid.driver, bid.at, "won" if won else "lost")
            if told and not won:
                state.tell("bid_lost", bid.driver)


def give(state: State, slot: str, driver: str, now: datetime, by: str = "bid") -> None:
    """The slot is the driver's: he accepts, his bid has won, or a manager says so (R6.5, R6.7, R6.10, R7.2)."""
    number, row = state.open_window(slot), len(state.rows[slot]) - 1
    has_bid = any(bid.driver == driver for bid in state.pending(slot))
    competitive = number is not None and state.windows[slot][number].mode == "competitive"
    lose(state, slot, but=driver)
    confirmed = has_bid or by == "bid"
    if by == "bid":
        state.tell("won", driver)
        if not has_bid:
            state.bids.append(Bid(slot, row, driver, now, "won"))
    won = competitive and by == "bid"
    state.set_row(slot, row, status="scheduled", driver=driver, confirmed=confirmed, by=by, assigned_at=now, won=won)
    if number is not None:
        state.set_window(slot, number, status="resolved", winner=driver)
    count(state, driver, bid_pickups=confirmed, total_assigned=1, confirmed_shifts=confirmed)
    state.declined.discard((driver, DAYS[slot]))


def count(state: State, driver: str, **events: int) -> None:
    for name, times in events.items():
        state.counted[driver, name] += times


def resolve(state: State, slot: str, now: datetime) -> bool:
    best = state.best_bidder(slot)
    if best is not None:
        give(state, slot, best, now)
    return best is not None


def change_mode(state: State, slot: str, number: int, mode: str, closes_at: datetime, now: datetime) -> None:
    state.set_window(slot, number, mode=mode, closes_at=closes_at, next_at=now, asked=frozenset())


def resolve_or_go_on(state: State, slot: str, number: int, now: datetime) -> Answer:
    """R6.5, else R6.6: instant, whose bids are lost without a message."""
    if resolve(state, slot, now):
        return one("Resolved")
    lose(state, slot, told=False)
    change_mode(state, slot, number, "instant", at(DAYS[slot], 7), now)
    return one("BecameInstant")


# -- duties


def due_to_end(state: State, now: datetime) -> list[str]:
    return [
        slot
        for slot, windows in state.windows.items()
        if any(window.status == "open" and window.closes_at <= now for window in windows)
    ]


def end(state: State, slot: str, now: datetime) -> None:
    """The window's time has come; once the shift has started nobody is given it by a bid (R6.6, R8.6a)."""
    number = state.open_window(slot)
    assert number is not None
    if state.windows[slot][number].mode == "competitive" and now < at(DAYS[slot], 7):
        resolve_or_go_on(state, slot, number, now)
        return
    lose(state, slot)
    state.set_window(slot, number, status="closed")
    state.tell("route_unfilled", *MANAGERS)


def due_for_wave(state: State, now: datetime) -> list[str]:
    return [
        slot
        for slot, windows in state.windows.items()
        if any(window.status == "open" and window.next_at <= now < window.closes_at for window in windows)
    ]


def next_wave(state: State, slot: str, now: datetime) -> None:
    number = state.open_window(slot)
    assert number is not None
    wave(state, slot, number, now)
