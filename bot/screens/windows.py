"""A manager's view of windows: the open ones, how each is doing, who has bid, and what can be done about it (R6.9)."""

from datetime import datetime
from typing import Final

from bot.callbacks.coverage import Emergency, Slot, Unfilled
from bot.callbacks.windows import (
    AskCapped,
    AskedFor,
    Bids,
    CloseNow,
    ExtendUntil,
    ExtendWindow,
    Raise,
    WindowCard,
    Windows,
)
from bot.reader import Reader
from bot.screens import meant
from bot.screens.board import board_button
from bot.screens.coverage import assign_button, capped, emergency_rows, hour_rows
from bot.screens.filling import legend, reason, score
from bot.screens.home import home_button
from bot.screens.modes import SIGNS
from bot.screens.paging import pager
from bot.screens.screen import Button, Screen, escape, shortened
from domain.bidding.resolving import Resolved
from domain.coverage import windows as facts
from domain.coverage.ending import BecameInstant, ClosedEmpty, Ended
from domain.coverage.windows import OpenWindow, OpenWindows, RankedBid
from domain.db.models.words import BidWindowMode, BidWindowStatus
from domain.refusals import Refusal, Refused

PER_PAGE: Final = 8
BIDS_PER_PAGE: Final = 10
LABEL_MOST: Final = 20
NAME_MOST: Final = 40

Row = tuple[Button, ...]


def open_windows(page: OpenWindows, reader: Reader) -> Screen:
    """What is open in his warehouses, what closes first on top."""
    _ = reader.gettext
    uncovered = Button(_("🔎 Uncovered routes"), Unfilled(0))
    if page.total == 0:
        return Screen(_("No route is offered at the moment."), ((uncovered,), (home_button(reader),)))
    rows: list[Row] = [(key,) for key in _to_cards(page, reader)]
    rows += pager(page.page, page.pages, Windows, reader)
    return Screen("\n".join(_listed(page, reader)), (*rows, (uncovered,), (home_button(reader),)))


def some_windows(found: OpenWindows, written: str, reader: Reader) -> Screen:
    """Those that a line means; of many, the first."""
    if found.total == 0:
        said = reader.gettext("Nothing of yours is offered there: “{text}”.").format(text=escape(written))
        return Screen(said, _to_all(reader))
    lines, left = _listed(found, reader), found.total - len(found.windows)
    lines += [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left else []
    return Screen("\n".join(lines), (*((key,) for key in _to_cards(found, reader)), *_to_all(reader)))


def no_such_place(name: str, near: OpenWindows, reader: Reader) -> Screen:
    """`near`: the windows of what looks like it."""
    said = reader.gettext("None of your warehouses or routes is called “{name}”. Write for example /windows tomorrow")
    text, rows = meant.nearly(said.format(name=escape(name)), _to_cards(near, reader), reader)
    return Screen(text, (*rows, *_to_all(reader)))


def no_such_day(reader: Reader) -> Screen:
    return Screen(meant.no_such_day("/windows R12 24 nov", reader), _to_all(reader))


def _listed(page: OpenWindows, reader: Reader) -> list[str]:
    title = reader.ngettext("<b>{n} route is offered</b>", "<b>{n} routes are offered</b>", page.total)
    return [title.format(n=page.total), *(_line(each, reader) for each in page.windows)]


def _to_cards(page: OpenWindows, reader: Reader) -> list[Button]:
    return [Button(_label(each, reader), WindowCard(each.window_id)) for each in page.windows]


def _to_all(reader: Reader) -> tuple[Row, ...]:
    _ = reader.gettext
    lists = (Button(_("🙋 All offers"), Windows(0)), Button(_("🔎 Uncovered routes"), Unfilled(0)))
    return (lists, (home_button(reader),))


def _line(each: OpenWindow, reader: Reader) -> str:
    _ = reader.gettext
    texts = {
        BidWindowMode.COMPETITIVE: _("bids until {until}"),
        BidWindowMode.INSTANT: _("to the first, until {until}"),
        BidWindowMode.EMERGENCY: _("emergency until {until}"),
    }
    what = f"{SIGNS[each.mode]} <b>{escape(each.route, NAME_MOST)}</b>, {escape(each.warehouse, NAME_MOST)}"
    near = each.closes_at.astimezone(reader.zone).date() == each.on
    how = texts[each.mode].format(until=reader.moment(each.closes_at, near=near))
    asked = reader.ngettext("{n} asked", "{n} asked", each.asked).format(n=each.asked)
    bids = ", " + _bids(each.bids, reader) if each.mode is BidWindowMode.COMPETITIVE else ""
    return reader.said(f"{what}, {reader.day(each.on)}", f"{how} · {asked}{bids}")


def _bids(count: int, reader: Reader) -> str:
    return reader.ngettext("{n} bid", "{n} bids", count).format(n=count)


def _label(each: OpenWindow, reader: Reader) -> str:
    route, warehouse = shortened(each.route, LABEL_MOST), shortened(each.warehouse, LABEL_MOST)
    return f"{SIGNS[each.mode]} {route}, {warehouse}, {reader.day(each.on)}"


# -- one of them


def window(card: facts.WindowCard, reader: Reader) -> Screen:
    """How a window is doing: who has it, or how many were asked and who has bid; it keeps itself current."""
    _ = reader.gettext
    what = {"route": escape(card.route), "warehouse": escape(card.warehouse), "day": reader.day(card.on)}
    asked = reader.ngettext("Asked: {n} driver.", "Asked: {n} drivers.", card.asked).format(n=card.asked)
    if card.declined:
        asked += " " + _("Declined: {n}.").format(n=card.declined)
    others = _others(card, reader)
    if card.status is not BidWindowStatus.OPEN and not card.unfilled and card.driver is None:
        return Screen(f"{_gone(card, what, reader)}\n{asked}", others)
    if card.winner is not None and card.taken_at is not None and card.arrive_by is not None:
        took = _(
            "✅ <b>{route}, {warehouse} is covered</b>\n{day}\n\n"
            "<b>{driver}</b> took it at {taken_at} and is due by {arrive_by}."
        )
        won = _(
            "✅ <b>{route}, {warehouse} is covered</b>\n{day}\n\n"
            "<b>{driver}</b> won it at {taken_at} and is due by {arrive_by}."
        )
        text = (won if card.mode is BidWindowMode.COMPETITIVE else took).format(
            **what,
            driver=escape(card.winner),
            taken_at=reader.time(card.taken_at),
            arrive_by=reader.moment(card.arrive_by),
        )
        return Screen(f"{text}\n{asked}", others)
    if card.driver is not None and card.status is not BidWindowStatus.OPEN:
        text = _("✅ <b>{route}, {warehouse} is covered</b>\n{day}\n\n<b>{driver}</b> has it.")
        return Screen(f"{text.format(**what, driver=escape(card.driver))}\n{asked}", others)
    if card.status is not BidWindowStatus.OPEN:
        text = _("⚪ <b>Nobody took {route}, {warehouse}</b>\n{day}\n\nThe offer ended at {closed}.").format(
            **what, closed=reader.time(card.closes_at)
        )
        again = Button(_("🚨 Try again"), Slot(card.assignment_id, card.emergency_bonus))
        return Screen(f"{text}\n{asked}", ((again,), (assign_button(card.assignment_id, reader),), *others))
    lines = [_head(card, what, reader), asked + "\n" + _goes_on(card, reader)]
    if card.bid_count:
        lines.append("\n".join(_bid(each, reader) for each in card.bids))
        lines.append(legend(reader))
    if card.free_at_cap:
        lines.append(capped(card.free_at_cap, reader))
    return Screen("\n\n".join(lines), (*_hand(card, reader), *others))


def _gone(card: facts.WindowCard, what: dict[str, str], reader: Reader) -> str:
    """It was filled through it, or meanwhile, and its driver has it no more; or it does not run."""
    _ = reader.gettext
    if card.left is None:
        return _("⚪ <b>{route}, {warehouse} doesn't run</b>\n{day}\n\nThe offer is over.").format(**what)
    text = _("⚪ <b>{driver} no longer has {route}, {warehouse}</b>\n{day}\n\nThis offer is over.")
    return text.format(**what, driver=escape(card.left))


def _head(card: facts.WindowCard, what: dict[str, str], reader: Reader) -> str:
    _ = reader.gettext
    near = card.closes_at.astimezone(reader.zone).date() == card.on
    text = {
        BidWindowMode.COMPETITIVE: _("🙋 <b>{route}, {warehouse}: open for bids</b>\n{day}, decided {until}"),
        BidWindowMode.INSTANT: _(
            "⚡ <b>{route}, {warehouse}: the first to accept has it</b>\n{day}{bonus}, open until {until}"
        ),
        BidWindowMode.EMERGENCY: _(
            "🚨 <b>{route}, {warehouse}: drivers are being asked</b>\n{day}{bonus}, open until {until}"
        ),
    }[card.mode]
    until = reader.moment(card.closes_at, near=near)
    return text.format(**what, bonus=reader.bonus(card.bonus_percent), until=until)


def _goes_on(card: facts.WindowCard, reader: Reader) -> str:
    _ = reader.gettext
    if card.mode is BidWindowMode.COMPETITIVE:
        return _("Bids: {n}.").format(n=card.bid_count)
    if card.asked:
        return _("The best are asked first, and whoever becomes free later.")
    return _("Nobody is free for it right now. Whoever becomes free is asked.")


def _bid(each: RankedBid, reader: Reader) -> str:
    """One bid: its rank, the score and its parts, and why the slot can't go to this driver, if it can't."""
    mark, beside = ("", "") if each.refusal is None else ("✖️ ", "\n" + reason(each.refusal, reader))
    said = score(each.parts, each.load, each.cap, reader)
    return f"{each.rank}. {mark}<b>{escape(each.name, NAME_MOST)}</b>\n{said}{beside}"


def _others(card: facts.WindowCard, reader: Reader) -> tuple[Row, ...]:
    """Where else to look."""
    _ = reader.gettext
    looks = [Button(_("👥 Who was asked"), AskedFor(card.window_id, 0))] if card.asked else []
    over = card.status is not BidWindowStatus.OPEN
    if card.bid_count > (0 if over else len(card.bids)):
        looks.insert(0, Button(_("🙋 All bids ({n})").format(n=card.bid_count), Bids(card.window_id, 0)))
    return (*((tuple(looks),) if looks else ()), (Button(_("🔎 Uncovered routes"), Unfilled(0)), board_button(reader)))


def _hand(card: facts.WindowCard, reader: Reader) -> tuple[Row, ...]:
    """What a manager can do about an open window."""
    _ = reader.gettext
    rows: list[Row] = []
    if card.free_at_cap:
        rows.append((Button(_("Ask them too ({n})").format(n=card.free_at_cap), AskCapped(card.window_id)),))
    if card.bid_count:
        rows.append((Button(_("✅ Close now: award the best"), CloseNow(card.window_id)),))
    by_hand = assign_button(card.assignment_id, reader)
    if card.mode is not BidWindowMode.EMERGENCY:
        rows.append((by_hand, Button(_("🚨 Emergency"), Raise(card.assignment_id, card.emergency_bonus))))
    elif card.extendable:
        rows.append((by_hand, Button(_("⏳ Ask longer"), ExtendWindow(card.window_id))))
    else:
        rows.append((by_hand,))
    return tuple(rows)


def route_unfilled(card: facts.WindowCard, reader: Reader) -> Screen:
    """Nobody came before the window closed; to the manager."""
    return window(card, reader)


def bids(found: facts.Bids, reader: Reader) -> Screen:
    """All bids of a window with what they are made of, the best first."""
    _ = reader.gettext
    title = _("<b>Bids for {route}, {warehouse} on {day}</b>").format(
        route=escape(found.route), warehouse=escape(found.warehouse), day=reader.day(found.on)
    )
    lines = [_bid(each, reader) for each in found.bids] or [_("Nobody has bid.")]
    turn = pager(found.page, found.pages, lambda to: Bids(found.window_id, to), reader)
    to_card = (Button(_("‹ Back to the offer"), WindowCard(found.window_id)),)
    return Screen("\n\n".join([title, *lines, legend(reader)]), (*turn, to_card, (home_button(reader),)))


# -- what a manager decides


def raise_(card: facts.WindowCard, bonus: int, until: tuple[datetime, ...], reader: Reader) -> Screen:
    """Before an open window becomes an emergency: what becomes of the bids, and which bonus it has."""
    _ = reader.gettext
    title = _("<b>Make {route}, {warehouse} an emergency?</b>\n{day}").format(
        route=escape(card.route), warehouse=escape(card.warehouse), day=reader.day(card.on)
    )
    back = Button(_("‹ Change nothing"), WindowCard(card.window_id))
    if card.awardable and not until:  # nobody is asked, so there is no bonus to choose
        follows = _("The best of those who have bid gets it at once instead, without a bonus of an emergency.")
        award = Button(_("✅ Award the best"), Emergency(card.assignment_id, bonus, 0))
        return Screen(f"{title}\n\n{follows}", ((award,), (back,)))
    follows = _("Everybody who is free is asked at once, and whoever accepts first has it.")
    if card.bid_count:
        follows = _("Nobody who has bid can get it; they are told so.") + " " + follows
    rows = emergency_rows(card.assignment_id, bonus, until, lambda percent: Raise(card.assignment_id, percent), reader)
    return Screen(f"{title}\n\n{follows}", (*rows, (back,)))


def extend(card: facts.WindowCard, later: tuple[datetime, ...], reader: Reader) -> Screen:
    """Until when an emergency shall be open."""
    _ = reader.gettext
    text = _("{route}, {warehouse} is open until {until}. Until when shall drivers be asked?").format(
        route=escape(card.route), warehouse=escape(card.warehouse), until=reader.time(card.closes_at)
    )
    rows = hour_rows(later, lambda hour: ExtendUntil(card.window_id, hour), reader)
    return Screen(text, (*rows, (Button(_("‹ Change nothing"), WindowCard(card.window_id)),)))


def closed_early(result: Ended | Refused, winner: str, reader: Reader) -> str:
    """The short answer; the card tells the rest. `winner`: of the award, if there was one."""
    _ = reader.gettext
    match result:
        case Resolved():
            return _("{driver} has won it. Everybody who has bid will be told.").format(
                driver=shortened(winner, NAME_MOST)
            )
        case BecameInstant():
            return _("Nobody who has bid can still drive it: now whoever accepts first has it.")
        case ClosedEmpty():  # another program had filled the slot, or closed it
            return refusal(Refusal.WINDOW_OVER, reader)
        case Refused(why=why):
            return refusal(why, reader)


def extended(result: datetime | Refused, reader: Reader) -> str:
    if isinstance(result, Refused):
        return refusal(result.why, reader)
    return reader.gettext("Drivers are asked until {until}.").format(until=reader.time(result))


def refusal(why: Refusal, reader: Reader) -> str:
    """Why a manager's press on a window did nothing."""
    _ = reader.gettext
    texts = {
        Refusal.WINDOW_OVER: _("This offer is over."),
        Refusal.NO_BIDS: _("Nobody has bid for it yet, so there is nothing to award."),
        Refusal.NOT_LATER: _("It can only be extended to a later full hour of its day, or to 23:59."),
    }
    return texts.get(why, _("I can't find that in your warehouses."))
