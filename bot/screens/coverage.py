"""A manager's view of uncovered slots and of the windows that fill them."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.callbacks import AskCapped, AskedFor, Emergency, Slot, Unfilled
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from bot.screens.shifts import cause
from domain.coverage.actions import AskedCapped, Opened
from domain.coverage.queries import SlotCard, Uncovered, UncoveredPage, WindowCard
from domain.coverage.rules import AlreadyOpen
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus
from domain.notices.wording import DriverMissing, RouteCancelled
from domain.refusals import Refusal, Refused

BONUSES = (0, 10, 20, 30, 50, 100)  # offered as buttons; percent


def unfilled(page: UncoveredPage, today: date, bonus: int, reader: Reader) -> Screen:
    """The slots without a driver, each a button; `bonus` is the one that an emergency would start with."""
    _ = reader.gettext
    if page.total == 0:
        return Screen(_("🟢 Every route from today on has a driver."), ((home_button(reader),),))
    title = reader.ngettext("<b>{n} route has no driver</b>", "<b>{n} routes have no driver</b>", page.total)
    lines = [title.format(n=page.total)]
    lines += [_uncovered_line(slot, today, reader) for slot in page.slots]
    lines.append(_("Press one to send an emergency offer."))
    rows: list[tuple[Button, ...]] = [
        (Button(_slot_button(slot, today, reader), Slot(slot.assignment_id, bonus)),) for slot in page.slots
    ]
    if page.pages > 1:
        rows.append(_pager(page, reader))
    rows.append((home_button(reader),))
    return Screen("\n".join(lines), tuple(rows))


def _when(on: date, today: date, reader: Reader) -> str:
    return reader.gettext("today") if on == today else reader.day(on)


def _uncovered_line(slot: Uncovered, today: date, reader: Reader) -> str:
    what = f"<b>{escape(slot.route)}</b>, {escape(slot.warehouse)}, {_when(slot.on, today, reader)}"
    if slot.closes_at is None:
        return f"🔴 {what}"
    return f"🟠 {what}: " + reader.gettext("drivers are asked until {until}").format(
        until=reader.moment(slot.closes_at, near=slot.on == today)
    )


def _slot_button(slot: Uncovered, today: date, reader: Reader) -> str:
    mark = "🔴" if slot.window_id is None else "🟠"
    return f"{mark} {slot.route}, {slot.warehouse}, {_when(slot.on, today, reader)}"


def _pager(page: UncoveredPage, reader: Reader) -> tuple[Button, ...]:
    _ = reader.gettext
    back = Button(_("‹ Back"), Unfilled(page.page - 1))
    on = Button(_("More ›"), Unfilled(page.page + 1))
    return tuple(button for button, there in ((back, page.page > 0), (on, page.page + 1 < page.pages)) if there)


def slot(card: SlotCard, bonus: int, until: tuple[datetime, ...], reader: Reader) -> Screen:
    """One uncovered slot before an emergency is opened; `until`: from 13:00 on, the closing times to choose from."""
    _ = reader.gettext
    head = _("<b>{route}, {warehouse}</b>\n{day}, start {start}").format(
        route=escape(card.route),
        warehouse=escape(card.warehouse),
        day=reader.day(card.on),
        start=reader.time(card.starts_at),
    )
    back = (Button(_("‹ Uncovered routes"), Unfilled(0)),)
    if card.status is not AssignmentStatus.UNFILLED:
        who = escape(card.driver) if card.driver else _("nobody: it doesn't run")
        return Screen(head + "\n\n" + _("This shift is not open. Driver: {driver}").format(driver=who), (back,))
    lines = [head, _("No driver.") + " " + _free(card.free, card.free_at_cap, reader)]
    choices = tuple(
        Button(
            ("• " if percent == bonus else "") + _("+{bonus}%").format(bonus=percent), Slot(card.assignment_id, percent)
        )
        for percent in BONUSES
    )
    if until:
        lines.append(_("The usual time has passed. Until when shall drivers be asked?"))
        opens = [_emergency_until(card, bonus, at, reader) for at in until]
        rows = [tuple(opens[i : i + 3]) for i in range(0, len(opens), 3)]
    else:
        text = _("🚨 Emergency{bonus}").format(bonus=reader.bonus(bonus))
        rows = [(Button(text, Emergency(card.assignment_id, bonus, 0)),)]
    return Screen("\n\n".join(lines), (choices[:3], choices[3:], *rows, back))


def _emergency_until(card: SlotCard, bonus: int, at: datetime, reader: Reader) -> Button:
    local = at.astimezone(reader.zone)
    hour = 24 if local.minute else local.hour
    return Button(
        reader.gettext("🚨 until {until}").format(until=reader.time(at)), Emergency(card.assignment_id, bonus, hour)
    )


def _free(free: int, at_cap: int, reader: Reader) -> str:
    if free == 0 and at_cap == 0:
        return reader.gettext("Nobody is free for it right now.")
    text = reader.ngettext("{n} driver could take it.", "{n} drivers could take it.", free).format(n=free)
    return text + (" " + _capped(at_cap, reader) if at_cap else "")


def _capped(at_cap: int, reader: Reader) -> str:
    return reader.ngettext(
        "{n} more is free but at the weekly cap.", "{n} more are free but at their weekly cap.", at_cap
    ).format(n=at_cap)


def window(card: WindowCard, reader: Reader) -> Screen:
    """How a window is doing: who has it, or how many were asked; it keeps itself current."""
    _ = reader.gettext
    what = {"route": escape(card.route), "warehouse": escape(card.warehouse), "day": reader.day(card.on)}
    asked = reader.ngettext("Asked: {n} driver.", "Asked: {n} drivers.", card.asked).format(n=card.asked)
    if card.declined:
        asked += " " + _("Not today: {n}.").format(n=card.declined)
    who = (Button(_("👥 Who was asked"), AskedFor(card.window_id, 0)),) if card.asked else ()
    others = (*who, Button(_("🔎 Uncovered routes"), Unfilled(0)))
    if card.winner is not None and card.taken_at is not None and card.arrive_by is not None:
        text = _(
            "✅ <b>{route}, {warehouse} is covered</b>\n{day}\n\n"
            "<b>{driver}</b> took it at {taken_at} and is due by {arrive_by}."
        ).format(
            **what,
            driver=escape(card.winner),
            taken_at=reader.time(card.taken_at),
            arrive_by=reader.moment(card.arrive_by),
        )
        return Screen(f"{text}\n{asked}", (others,))
    if card.driver is not None and card.status is not BidWindowStatus.OPEN:
        text = _("✅ <b>{route}, {warehouse} is covered</b>\n{day}\n\n<b>{driver}</b> has it.")
        return Screen(f"{text.format(**what, driver=escape(card.driver))}\n{asked}", (others,))
    if card.status is not BidWindowStatus.OPEN:
        text = _("⚪ <b>Nobody took {route}, {warehouse}</b>\n{day}\n\nThe offer ended at {closed}.").format(
            **what, closed=reader.time(card.closes_at)
        )
        again = Button(_("🚨 Try again"), Slot(card.assignment_id, card.bonus_percent))
        return Screen(f"{text}\n{asked}", ((again,), others))
    lines = [
        _("🚨 <b>{route}, {warehouse}: drivers are being asked</b>\n{day}{bonus}, open until {until}").format(
            **what, bonus=reader.bonus(card.bonus_percent), until=reader.time(card.closes_at)
        ),
        asked
        + "\n"
        + (
            _("The best are asked first, and whoever becomes free later.")
            if card.asked
            else _("Nobody is free for it right now. Whoever becomes free is asked.")
        ),
    ]
    rows = [others]
    if card.free_at_cap:
        lines.append(_capped(card.free_at_cap, reader))
        rows.insert(0, (Button(_("Ask them too ({n})").format(n=card.free_at_cap), AskCapped(card.window_id)),))
    return Screen("\n\n".join(lines), tuple(rows))


def route_unfilled(card: WindowCard, reader: Reader) -> Screen:
    """Nobody came before the window closed; to the manager."""
    return window(card, reader)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What the manager was told, and how the window is doing through which the slot is to be filled, if it is."""

    notice: RouteCancelled
    card: WindowCard | None


def route_cancelled(facts: Cancelled, reader: Reader) -> Screen:
    """A driver has left his shift; to the manager. The window's card below it keeps itself current."""
    notice, card = facts.notice, facts.card
    text = _why_cancelled(notice, reader)
    if card is None:
        return Screen(text, ((home_button(reader),),))
    if card.mode is BidWindowMode.COMPETITIVE and card.status is BidWindowStatus.OPEN:
        open_until = reader.gettext("The route is open for bids until {until}.")
        return Screen(f"{text}\n\n{open_until.format(until=reader.moment(card.closes_at))}", ((home_button(reader),),))
    below = window(card, reader)
    return Screen(f"{text}\n\n{below.html}", below.keyboard)


def _why_cancelled(notice: RouteCancelled, reader: Reader) -> str:
    _ = reader.gettext
    late = _("❌ <b>{driver} can't drive {route}, {warehouse}</b>\n{day}, start {start}: a late cancellation")
    early = _("❌ <b>{driver} can't drive {route}, {warehouse}</b>\n{day}, start {start}")
    text = (late if notice.late else early).format(
        driver=escape(notice.driver),
        route=escape(notice.route),
        warehouse=escape(notice.warehouse),
        day=reader.day(notice.on),
        start=reader.time(notice.starts_at),
    )
    words = f": {escape(notice.note, TEXT_MOST)}" if notice.note else ""
    return f"{text}\n{cause(notice.reason, reader)}{words}"


@dataclass(frozen=True, slots=True)
class Missing:
    """A driver who is not there, and how the window for his route is doing, if there is one."""

    notice: DriverMissing
    card: WindowCard | None


def no_show(facts: Missing, reader: Reader) -> Screen:
    """A driver was not there in time; to the manager, with the window's card below it."""
    notice, card = facts.notice, facts.card
    text = reader.gettext(
        "⛔ <b>{driver} is not there</b>\n{route}, {warehouse}, {day}, start {start}\n☎️ {phone}"
    ).format(
        driver=escape(notice.driver),
        route=escape(notice.route),
        warehouse=escape(notice.warehouse),
        day=reader.day(notice.on),
        start=reader.time(notice.starts_at),
        phone=escape(notice.phone),
    )
    if card is None:
        return Screen(text, ((home_button(reader),),))
    below = window(card, reader)
    return Screen(f"{text}\n\n{below.html}", below.keyboard)


def opened(result: Opened | AlreadyOpen, reader: Reader) -> str:
    """The short answer over the chat; the card tells the rest."""
    _ = reader.gettext
    if isinstance(result, AlreadyOpen):
        return _("Drivers are being asked already.")
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
    return Screen(
        refusal(Refusal.NOT_FOUND, reader),
        ((Button(reader.gettext("🔎 Uncovered routes"), Unfilled(0)),), (home_button(reader),)),
    )


def no_such_route(name: str, reader: Reader) -> Screen:
    return Screen(
        reader.gettext("No uncovered route of yours is called “{name}”.").format(name=escape(name)),
        ((Button(reader.gettext("🔎 Uncovered routes"), Unfilled(0)),), (home_button(reader),)),
    )


def refusal(why: Refusal, reader: Reader) -> str:
    """Why a manager's press did nothing, and what he can do."""
    _ = reader.gettext
    texts = {
        Refusal.NOT_UNFILLED: _("This shift has a driver by now."),
        Refusal.DAY_OVER: _("That day is over."),
        Refusal.SAY_UNTIL: _("The usual time has passed: choose until when drivers shall be asked."),
        Refusal.BAD_BONUS: _("The bonus can be 0 to 100 percent."),
        Refusal.BIDDING_OPEN: _("Drivers are bidding for this shift already."),
        Refusal.WINDOW_OVER: _("This offer is over."),
        Refusal.NOBODY_CAPPED: _("Nobody is kept from it by the weekly cap any more."),
    }
    return texts.get(why, _("I can't find that in your warehouses."))
