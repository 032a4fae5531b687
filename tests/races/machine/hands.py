"""What managers do to the company of `state`, by the rules."""

from collections.abc import Callable

from tests.races.machine import drivers, model
from tests.races.machine.model import (
    Answer,
    Bound,
    change_mode,
    lose,
    one,
    open_window,
    resolve,
    resolve_or_go_on,
    wave,
)
from tests.races.machine.state import DATES, DAYS, TORONTO, State, at


def open_bids(state: State, it: Bound) -> Answer:
    """In the mode that fits the time left (R6.2), for what is unfilled and has no window (R6.1)."""
    slot, number = it.act.slot, state.open_window(it.act.slot)
    if state.rows[slot][it.row].status != "unfilled":
        return one("not_unfilled")
    if number is not None:
        return one("AlreadyOpen")
    how = model.opening(DAYS[slot], it.at)
    if how is None:
        return one("say_until", "day_over")
    wave(state, slot, open_window(state, slot, it.at, how), it.at)
    return one("Opened")


def emergency(state: State, it: Bound) -> Answer:
    """Opened as one, or raised to one, unless an eligible bidder is there, who is awarded instead (R6.2, R6.9)."""
    slot, number = it.act.slot, state.open_window(it.act.slot)
    closes_at = at(DAYS[slot], 13)
    if state.rows[slot][it.row].status != "unfilled":
        return one("not_unfilled")
    if number is not None and state.windows[slot][number].mode == "emergency":
        return one("AlreadyOpen")
    if it.at >= closes_at:
        return one("say_until", "day_over")
    if number is None:
        number = open_window(state, slot, it.at, ("emergency", closes_at))
    else:
        if state.pending(slot):
            if it.at < at(DAYS[slot], 7) and resolve(state, slot, it.at):
                return one("Resolved")
            lose(state, slot)
        change_mode(state, slot, number, "emergency", closes_at, it.at)
    wave(state, slot, number, it.at)
    return one("Opened")


def close_early(state: State, it: Bound) -> Answer:
    """The bids are decided now (R6.5, R6.9)."""
    slot, number = it.act.slot, it.window or 0
    window = state.windows[slot][number]
    if window.status != "open" or it.at >= window.closes_at:
        return one("window_over")
    if window.mode != "competitive" or not state.pending(slot):
        return one("no_bids")
    return resolve_or_go_on(state, slot, number, it.at)


def assign(state: State, it: Bound) -> Answer:
    """R7.1, R7.2; `more`: a reason is given for going over the cap. `who` gets it; which manager gives it is nobody's
    affair here.
    """
    driver, slot = it.act.who, it.act.slot
    if state.rows[slot][it.row].status != "unfilled":
        return one("Given")
    if it.at >= at(DAYS[slot], 23):  # an hour that is never tried is the last
        return one("day_over")
    refused = state.grounds(driver, slot) - {"left_this_slot"}
    if it.act.more:
        refused -= {"at_cap"}
    for ground in ("flagged", "out_of_pool", "busy", "at_cap"):
        if ground in refused:
            return one(ground)
    model.give(state, slot, driver, it.at, by="manager")
    state.tell("assigned", driver)
    return one("Assigned")


def close_day(state: State, it: Bound) -> Answer:
    """R2.0; `more`: which day."""
    on = DATES[it.act.more]
    if on < it.at.astimezone(TORONTO).date():
        return one("day_past")
    if on in state.closed:
        return one("closed_already")
    state.closed.add(on)
    for slot, day in DAYS.items():
        if day != on:
            continue
        last = len(state.rows[slot]) - 1
        row = state.rows[slot][last]
        lose(state, slot)
        if row.status == "scheduled":
            state.tell("shift_cancelled", row.driver or "")
        state.set_row(slot, last, status="cancelled")
        if (number := state.open_window(slot)) is not None:
            state.set_window(slot, number, status="closed")
    return one("Closed")


def flag(state: State, it: Bound) -> Answer:
    """R9.2; `more`: on or off."""
    (state.flagged.add if it.act.more else state.flagged.discard)(it.act.who)
    return one("NoneType")


def cap(state: State, it: Bound) -> Answer:
    """R9.3, R9.5; `more`: to what."""
    state.caps[it.act.who] = it.act.more
    return one("NoneType")


DOES: dict[str, Callable[[State, Bound], Answer]] = {
    "bid": drivers.bid,
    "withdraw": drivers.withdraw,
    "accept": drivers.accept,
    "decline": drivers.decline,
    "cancel": drivers.cancel,
    "give away": drivers.give_away,
    "take": drivers.take,
    "open bids": open_bids,
    "emergency": emergency,
    "close early": close_early,
    "assign": assign,
    "close day": close_day,
    "flag": flag,
    "cap": cap,
}
ON_A_WINDOW = ("bid", "withdraw", "accept", "decline", "close early")  # pressed where there is one
