"""What drivers press, by the rules; written from them, and not from the product, as all of `machine`."""

from datetime import datetime

from tests.races.machine.model import HOUR, Answer, Bound, count, give, one, open_window, opening
from tests.races.machine.state import DAYS, MANAGERS, Bid, GiveAway, Row, State, at


def over(state: State, it: Bound) -> Answer | None:
    """What the window alone says to somebody who would have its slot; None where it is open."""
    assert it.window is not None
    window, row = state.windows[it.act.slot][it.window], state.rows[it.act.slot]
    if row[window.row].status == "cancelled":  # also where he had it, and has left it
        return one("closed")
    if window.winner is not None:
        return one("AlreadyYours" if window.winner == it.act.who else "taken")
    return one("closed") if window.status != "open" or it.at >= window.closes_at else None


def bid(state: State, it: Bound) -> Answer:
    act, slot = it.act, it.act.slot
    if (said := over(state, it)) is not None:
        return said
    if state.windows[slot][it.window or 0].mode != "competitive":
        return one("accept_instead")
    if grounds := state.grounds(act.who, slot):
        return frozenset(grounds)
    if all(each.driver != act.who for each in state.pending(slot)):
        state.bids.append(Bid(slot, it.row, act.who, it.at))
        state.declined.discard((act.who, DAYS[slot]))
    return one("Bids")


def withdraw(state: State, it: Bound) -> Answer:
    slot = it.act.slot
    if (said := over(state, it)) is not None:
        return said
    if state.windows[slot][it.window or 0].mode != "competitive":
        return one("accept_instead")
    state.bids = [each for each in state.bids if each not in state.pending(slot) or each.driver != it.act.who]
    return one("Withdraws")


def accept(state: State, it: Bound) -> Answer:
    slot = it.act.slot
    if (said := over(state, it)) is not None:
        return said
    if state.windows[slot][it.window or 0].mode == "competitive":
        return one("not_found")
    if grounds := state.grounds(it.act.who, slot):
        return frozenset(grounds)
    give(state, slot, it.act.who, it.at)
    return one("Award")


def decline(state: State, it: Bound) -> Answer:
    """[Not today]; what he has bid for that day is withdrawn, until it is decided (R6.3, R6.5)."""
    act, on = it.act, DAYS[it.act.slot]
    if act.who not in state.windows[act.slot][it.window or 0].asked:
        return one("not_found")
    if (act.who, on) not in state.declined:
        state.declined.add((act.who, on))
        for slot, day in DAYS.items():
            number = state.open_window(slot)
            if day == on and number is not None and state.windows[slot][number].mode == "competitive":
                state.bids = [b for b in state.bids if b not in state.pending(slot) or b.driver != act.who]
    return one("Declined")


def cancel(state: State, it: Bound) -> Answer:
    """R5.2, R5.3, R4.4, R6.4: late, it counts, but for what a manager gave late and what was just won."""
    act, on = it.act, DAYS[it.act.slot]
    row, start = state.rows[act.slot][it.row], at(on, 7)
    if row.driver != act.who:
        return one("not_found")
    if row.status != "scheduled":
        return one("shift_gone")
    assert row.assigned_at is not None
    arrive_by = max(at(on, 9), row.assigned_at + 1.5 * HOUR)
    if row.confirmed and it.at >= arrive_by:
        return one("arrived_too_late")
    given_late = row.by == "manager" and start - row.assigned_at <= 48 * HOUR
    unasked = given_late and not row.confirmed
    just_won = row.won and start - row.assigned_at < 48 * HOUR and it.at <= row.assigned_at + HOUR
    state.set_row(act.slot, it.row, status="cancelled")
    state.left.add((act.who, act.slot))
    if start - it.at <= 48 * HOUR and not unasked and not just_won:
        state.late[act.who] += 1
        count(state, act.who, late_cancellations=1)
        if state.late[act.who] == 2:
            state.stopped.add(act.who)
    if (how := opening(on, it.at)) is not None and on not in state.closed:
        state.rows[act.slot].append(Row("unfilled"))
        open_window(state, act.slot, it.at, how)
    state.tell("route_cancelled", *MANAGERS)
    return one("Left")


def give_away(state: State, it: Bound) -> Answer:
    """R5.5, to all."""
    act, row = it.act, state.rows[it.act.slot][it.row]
    if row.driver != act.who:
        return one("not_found")
    if row.status != "scheduled":
        return one("shift_gone")
    if (why := _kept(state, act.slot, it.row, it.at)) is not None:
        return why
    if any(each.row == it.row for each in state.given[act.slot]):
        return one("offered_already")
    state.given[act.slot].append(GiveAway(it.row, act.who))
    return one("Offered")


def _kept(state: State, slot: str, number: int, now: datetime) -> Answer | None:
    """Why it can't be given away (any more)."""
    row, start = state.rows[slot][number], at(DAYS[slot], 7)
    if row.status != "scheduled":
        return one("shift_gone")
    if now >= start - 2 * HOUR:
        return one("too_late_to_give")
    assert row.assigned_at is not None
    arrive_by = max(at(DAYS[slot], 9), row.assigned_at + 1.5 * HOUR)
    least = min(row.assigned_at + 0.5 * HOUR, arrive_by)
    confirm_by = max(start - 48 * HOUR, min(row.assigned_at + 12 * HOUR, start - 2 * HOUR), least)
    return None if row.confirmed or now <= confirm_by else one("too_late_to_confirm")


def take(state: State, it: Bound) -> Answer:
    """A colleague takes it: the giver's row is history without blame, and his own confirmed (R5.5)."""
    act, slot, number = it.act, it.act.slot, it.given or 0
    given = state.given[slot][number]
    if given.taker is not None:
        return one("Done" if given.taker == act.who else "taken")
    if _kept(state, slot, given.row, it.at) is not None:
        return one("give_away_over")
    if given.giver == act.who:
        return one("own_shift")
    if grounds := state.grounds(act.who, slot):
        return frozenset(grounds)
    state.set_row(slot, given.row, status="cancelled")
    state.rows[slot].append(Row("scheduled", act.who, True, "bid", it.at))
    state.given[slot][number] = GiveAway(given.row, given.giver, act.who)
    count(state, act.who, total_assigned=1, confirmed_shifts=1)
    state.declined.discard((act.who, DAYS[slot]))
    state.tell("won", act.who)
    return one("Settled")
