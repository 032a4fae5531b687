"""A manager's view of uncovered slots and of the windows that fill them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from bot.callbacks.callback import Callback
from bot.callbacks.coverage import Emergency, Slot, Unfilled, UnfilledOn
from bot.callbacks.filling import FillSlot
from bot.callbacks.windows import OpenBids
from bot.reader import Reader
from bot.screens import history, meant
from bot.screens.board import board_button
from bot.screens.home import home_button
from bot.screens.paging import Rows, pager, side_by_side
from bot.screens.screen import Button, Screen, escape, shortened
from domain.bidding.resolving import Resolved
from domain.coverage.actions import AskedCapped
from domain.coverage.opening import Opened
from domain.coverage.queries import SlotCard, Uncovered, UncoveredPage
from domain.coverage.rules import AlreadyOpen, Opening
from domain.db.models.words import AssignmentStatus, BidWindowMode
from domain.history.queries import Subject
from domain.refusals import Refusal, Refused

BONUSES = (0, 10, 20, 30, 50, 100)  # offered as buttons; percent
WINNER_MOST = 40


def unfilled(page: UncoveredPage, today: date, bonus: int, reader: Reader) -> Screen:
    """The slots without a driver, each a button; `bonus` is the one that an emergency would start with."""
    _ = reader.gettext
    if page.total == 0:
        return Screen(_("🟢 Every route from today on has a driver."), ((home_button(reader),),))
    turn = pager(page.page, page.pages, Unfilled, reader)
    keys = [(key,) for key in _to_slots(page.slots, today, bonus, reader)]
    return Screen("\n".join(_listed(page, today, reader)), (*keys, *turn, (home_button(reader),)))


def some_unfilled(found: UncoveredPage, on: date | None, today: date, bonus: int, reader: Reader) -> Screen:
    """Those that a line means; of many, the first. `on`: it means all of this day, page by page."""
    keys = [(key,) for key in _to_slots(found.slots, today, bonus, reader)]
    turn: Rows = []
    if on is not None:
        day = on.toordinal()
        turn = pager(found.page, found.pages, lambda to: UnfilledOn(day, to), reader)
    lines = _listed(found, today, reader, left=0 if turn else found.total - len(found.slots))
    return Screen("\n".join(lines), (*keys, *turn, *_to_all(reader)))


def _listed(page: UncoveredPage, today: date, reader: Reader, left: int = 0) -> list[str]:
    """`left`: so many more are meant, and not shown."""
    title = reader.ngettext("<b>{n} shift has no driver</b>", "<b>{n} shifts have no driver</b>", page.total)
    lines = [title.format(n=page.total), *(uncovered_line(slot, today, reader) for slot in page.slots)]
    lines += [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left else []
    return [*lines, reader.gettext("Press one to ask drivers or to give it to one.")]


def _to_slots(slots: Sequence[Uncovered], today: date, bonus: int, reader: Reader) -> list[Button]:
    return [Button(uncovered_button(slot, today, reader), Slot(slot.assignment_id, bonus)) for slot in slots]


def _to_all(reader: Reader) -> tuple[tuple[Button, ...], ...]:
    return ((Button(reader.gettext("🔎 Uncovered routes"), Unfilled(0)),), (home_button(reader),))


def day_named(on: date, today: date, reader: Reader) -> str:
    return reader.gettext("today") if on == today else reader.day(on)


def uncovered_line(slot: Uncovered, today: date, reader: Reader) -> str:
    what = f"<b>{escape(slot.route)}</b>, {escape(slot.warehouse)}, {day_named(slot.on, today, reader)}"
    if slot.closes_at is None:
        return f"🔴 {what}"
    near = slot.closes_at.astimezone(reader.zone).date() == slot.on
    asked = reader.gettext("drivers are asked until {until}")
    return reader.said(f"🟠 {what}", asked.format(until=reader.moment(slot.closes_at, near=near)))


def uncovered_button(slot: Uncovered, today: date, reader: Reader) -> str:
    mark = "🔴" if slot.window_id is None else "🟠"
    return f"{mark} {slot.route}, {slot.warehouse}, {day_named(slot.on, today, reader)}"


def slot(card: SlotCard, bonus: int, until: tuple[datetime, ...], opening: Opening | None, reader: Reader) -> Screen:
    """One uncovered slot before it is offered; `opening`: the window that fits the time left.

    `until`: from 13:00 on, the closing times of an emergency to choose from.
    """
    _ = reader.gettext
    head = _("<b>{route}, {warehouse}</b>\n{day}, start {start}").format(
        route=escape(card.route),
        warehouse=escape(card.warehouse),
        day=reader.day(card.on),
        start=reader.time(card.starts_at),
    )
    back = (Button(_("‹ Uncovered routes"), Unfilled(0)), board_button(reader))
    if card.status is not AssignmentStatus.UNFILLED:
        who = escape(card.driver) if card.driver else _("nobody: it doesn't run")
        return Screen(head + "\n\n" + _("This shift is not open. Driver: {driver}").format(driver=who), (back,))
    lines = [head, _("No driver.") + " " + _free(card.free, card.free_at_cap, reader)]
    if until:
        lines.append(_("The usual time has passed. Until when shall drivers be asked?"))
    rows = emergency_rows(card.assignment_id, bonus, until, lambda percent: Slot(card.assignment_id, percent), reader)
    by_hand = [assign_button(card.assignment_id, reader)]
    if opening is not None and opening.mode is not BidWindowMode.EMERGENCY:
        by_hand.append(_open_bids(card.assignment_id, opening, reader))
    past = (history.button(Subject.SLOT, card.assignment_id, reader),)
    return Screen("\n\n".join(lines), (*rows, tuple(by_hand), past, back))


def emergency_rows(
    assignment_id: UUID, bonus: int, until: Sequence[datetime], choose: Callable[[int], Callback], reader: Reader
) -> tuple[tuple[Button, ...], ...]:
    """The bonuses to choose from, and the emergency with the one that is chosen; `until` as above."""
    _ = reader.gettext
    choices = tuple(
        Button(("• " if percent == bonus else "") + _("+{bonus}%").format(bonus=percent), choose(percent))
        for percent in BONUSES
    )
    text = _("🚨 Emergency{bonus}").format(bonus=reader.bonus(bonus))
    at_once: Rows = [(Button(text, Emergency(assignment_id, bonus, 0)),)]
    opens = hour_rows(until, lambda hour: Emergency(assignment_id, bonus, hour), reader) if until else at_once
    return (choices[:3], choices[3:], *opens)


def hour_rows(until: Sequence[datetime], to: Callable[[int], Callback], reader: Reader) -> Rows:
    """Closing times of an emergency to choose from; `to` takes the hour, 24 for the end of the day."""
    locals_ = [(at, at.astimezone(reader.zone)) for at in until]
    text = reader.gettext("🚨 until {until}")
    keys = [Button(text.format(until=reader.time(at)), to(24 if local.minute else local.hour)) for at, local in locals_]
    return side_by_side(keys, 3)


def _open_bids(assignment_id: UUID, opening: Opening, reader: Reader) -> Button:
    """In the mode that fits the time left (R6.2)."""
    _ = reader.gettext
    competitive = opening.mode is BidWindowMode.COMPETITIVE
    text = _("🙋 Open bids") if competitive else _("⚡ To the first who accepts")
    return Button(text, OpenBids(assignment_id))


def assign_button(assignment_id: UUID, reader: Reader) -> Button:
    """Leads to who could take an uncovered slot."""
    return Button(reader.gettext("👤 Give it to a driver"), FillSlot(assignment_id, 0))


def _free(free: int, at_cap: int, reader: Reader) -> str:
    if free == 0 and at_cap == 0:
        return reader.gettext("Nobody is free for it right now.")
    text = reader.ngettext("{n} driver could be asked.", "{n} drivers could be asked.", free).format(n=free)
    return text + (" " + capped(at_cap, reader) if at_cap else "")


def capped(at_cap: int, reader: Reader) -> str:
    return reader.ngettext(
        "{n} more is free but at the weekly cap.", "{n} more are free but at their weekly cap.", at_cap
    ).format(n=at_cap)


def opened(result: Opened | Resolved | AlreadyOpen, winner: str, reader: Reader) -> str:
    """The short answer over the chat; the card tells the rest. `winner`: of a bid that was awarded instead."""
    _ = reader.gettext
    if isinstance(result, AlreadyOpen):
        return _("Drivers are being asked already.")
    if isinstance(result, Resolved):
        text = _("{driver} has bid and has it at once; nobody else is asked.")
        return text.format(driver=shortened(winner, WINNER_MOST))
    if result.asked == 0:
        return _("Opened. Nobody is free right now; whoever becomes free is asked.")
    return reader.ngettext("{n} driver is being asked.", "{n} drivers are being asked.", result.asked).format(
        n=result.asked
    )


def asked_capped(result: AskedCapped | Refused, reader: Reader) -> str:
    if isinstance(result, Refused):
        return refusal(result.why, reader)
    return reader.ngettext(
        "{n} driver may take it beyond the cap.", "{n} drivers may take it beyond their cap.", result.allowed
    ).format(n=result.allowed)


def not_found(reader: Reader) -> Screen:
    """A slot that isn't there, or isn't in his warehouses: the same answer (R12.3)."""
    return not_open(Refusal.NOT_FOUND, reader)


def not_open(why: Refusal, reader: Reader) -> Screen:
    """A slot for which nobody can be asked, and where the others are."""
    return Screen(refusal(why, reader), _to_all(reader))


def none_there(written: str, reader: Reader) -> Screen:
    """What is meant by a line has its drivers, or does not run then."""
    said = reader.gettext("Nothing of yours is without a driver there: “{text}”.").format(text=escape(written))
    return Screen(said, _to_all(reader))


def no_such_route(name: str, near: tuple[Uncovered, ...], today: date, bonus: int, reader: Reader) -> Screen:
    """`near`: the uncovered slots of routes that look like it."""
    said = reader.gettext("No uncovered route of yours is called “{name}”.").format(name=escape(name))
    text, rows = meant.nearly(said, _to_slots(near, today, bonus, reader), reader)
    return Screen(text, (*rows, *_to_all(reader)))


def no_such_day(example: str, reader: Reader) -> Screen:
    return Screen(meant.no_such_day(example, reader), _to_all(reader))


def refusal(why: Refusal, reader: Reader) -> str:
    """Why a manager's press did nothing, and what he can do."""
    _ = reader.gettext
    texts = {
        Refusal.NOT_UNFILLED: _("This shift has a driver by now."),
        Refusal.DAY_OVER: _("That day is over."),
        Refusal.SAY_UNTIL: _("The usual time has passed: choose until when drivers shall be asked."),
        Refusal.BAD_BONUS: _("The bonus can be 0 to 100 percent."),
        Refusal.WINDOW_OVER: _("This offer is over."),
        Refusal.NOBODY_CAPPED: _("Nobody is kept from it by the weekly cap any more."),
    }
    return texts.get(why, _("I can't find that in your warehouses."))
