"""To managers: a driver is not coming, and how it stands with the window through which the route is to be filled."""

from dataclasses import dataclass
from uuid import UUID

from bot.callbacks.arrivals import Driven
from bot.reader import Reader
from bot.screens.cancelling import cause
from bot.screens.home import home_button
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from bot.screens.windows import window
from domain.coverage.windows import WindowCard
from domain.notices.facts.arrivals import DriverMissing
from domain.notices.facts.routes import RouteCancelled
from domain.shifts import leaving


def look(assignment_id: UUID, waits: bool, reader: Reader) -> Button:
    """Leads to a driver's shift; `waits`: for a manager's decision."""
    _ = reader.gettext
    return Button(_("🕊 Decide on the absence") if waits else _("👤 Driver and shift"), Driven(assignment_id))


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What the manager was told, and how the window is doing through which the slot is to be filled, if it is.

    `waits`: the absence, for a manager's decision.
    """

    notice: RouteCancelled
    card: WindowCard | None
    waits: bool = False


def route_cancelled(facts: Cancelled, reader: Reader) -> Screen:
    """A driver has left his shift; to the manager. The window's card below it keeps itself current."""
    notice, card = facts.notice, facts.card
    text = _why_cancelled(notice, reader)
    if facts.waits:
        text += "\n" + reader.gettext("For this reason nobody is blamed, unless you decide so.")
    rows = ((look(notice.shift, facts.waits, reader),),)
    if card is None:
        return Screen(text, (*rows, (home_button(reader),)))
    below = window(card, reader)
    return Screen(f"{text}\n\n{below.html}", (*below.keyboard, *rows))


def _why_cancelled(notice: RouteCancelled, reader: Reader) -> str:
    _ = reader.gettext
    in_time = _("❌ <b>{driver} can't drive {route}, {warehouse}</b>\n{day}, start {start}")
    short = _("❌ <b>{driver} can't drive {route}, {warehouse}</b>\n{day}, start {start}: at short notice")
    answered = notice.reason in (leaving.DECLINED, leaving.UNANSWERED)  # it was given at short notice, which is said
    text = (short if notice.late and not answered else in_time).format(
        driver=escape(notice.driver),
        route=escape(notice.route),
        warehouse=escape(notice.warehouse),
        day=reader.day(notice.on),
        start=reader.time(notice.starts_at),
    )
    why = cause(notice.reason, reader)
    if notice.note:
        why = reader.said(why, escape(notice.note, TEXT_MOST))
    return f"{text}\n{why}"


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
