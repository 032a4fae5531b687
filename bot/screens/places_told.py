"""What people are told of who manages what, of where routes leave from, and of other phone numbers (R12.5, R12.7)."""

from typing import Final

from bot.callbacks.drivers import DriverCard
from bot.callbacks.shifts import Schedule
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.plain import name_of, plain
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from domain.notices.facts.people import InCharge, Invitation, NumberChanged
from domain.notices.facts.routes import RouteMoved
from domain.notices.wording import Worded

OfPlaces = RouteMoved | InCharge | NumberChanged | Invitation
TITLE_MOST: Final = 200  # characters, with names in them
_MARKS: Final = {RouteMoved: "🚚", InCharge: "👥", NumberChanged: "📱", Invitation: "👋"}


def worded(notice: OfPlaces, reader: Reader) -> Worded:
    """For his inbox."""
    _ = reader.gettext
    match notice:
        case InCharge():
            title = _("You manage {warehouse} now") if notice.manages else _("You no longer manage {warehouse}")
            body = (
                _("{name} has put you in charge. You read here what happens there, and decide.")
                if notice.manages
                else _("{name} has entered this. What happens there is no longer told to you.")
            )
            return Worded(title.format(warehouse=notice.warehouse), body.format(name=notice.by))
        case NumberChanged():
            title = _("{name} has a new number").format(name=notice.driver)
            return Worded(title, _("It stands on the driver's card. Codes in older SMS no longer work."))
        case Invitation():
            title = _("{name} gives out your shifts by Telegram").format(name=notice.by)
            return Worded(title, _("Open {address} and press Share my number.").format(address=notice.address))
        case RouteMoved():
            title = _("From {day} on {route} leaves from {warehouse}").format(
                route=notice.route, warehouse=notice.warehouse, day=reader.day(notice.first)
            )
            return Worded(title, " ".join(_of_moved(notice, reader)))


def _of_moved(notice: RouteMoved, reader: Reader) -> list[str]:
    _ = reader.gettext
    parts = [f"{notice.address}."]
    if notice.shifts:
        text = reader.ngettext("Your shift on it stays yours.", "Your {n} shifts on it stay yours.", notice.shifts)
        parts.append(text.format(n=notice.shifts))
    if notice.dropped:
        parts.append(_("You don't work there, so you no longer prefer it."))
    return parts


def told(notice: OfPlaces, reader: Reader) -> Screen:
    """The same, in his chat."""
    title, body = worded(notice, reader)
    text = f"{_MARKS[type(notice)]} <b>{escape(title, TITLE_MOST)}</b>\n{escape(body, TEXT_MOST)}"
    if isinstance(notice, RouteMoved):
        return Screen(text, ((Button(reader.gettext("🗓 My shifts"), Schedule(0)), home_button(reader)),))
    if isinstance(notice, NumberChanged):
        return Screen(text, ((Button(f"👤 {notice.driver}", DriverCard(notice.driver_id)), home_button(reader)),))
    return Screen(text, ((home_button(reader),),))


def text(notice: OfPlaces, company: str, reader: Reader) -> str:
    """The same, by SMS."""
    title, body = worded(notice, reader)
    return plain(f"{name_of(company)}: {title}. {body}")
