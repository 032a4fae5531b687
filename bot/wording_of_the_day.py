"""Words what people are told on the shift day itself: who is awaited, late, missing, or there after all (R8)."""

from collections.abc import Sequence
from typing import Final

from bot.reader import Reader
from domain.notices.facts.arrivals import (
    ArrivalsHeld,
    ArrivedLate,
    DriverLate,
    LateAnswered,
    MissingListed,
    NotCheckedIn,
)
from domain.notices.facts.shifts import ShiftReturned
from domain.notices.wording import Worded

NAMES_MOST: Final = 5

OfTheDay = NotCheckedIn | MissingListed | ArrivalsHeld | DriverLate | LateAnswered | ArrivedLate | ShiftReturned


def worded(notice: OfTheDay, reader: Reader) -> Worded:
    _ = reader.gettext
    match notice:
        case NotCheckedIn():
            return Worded(
                _("Not checked in: {route}, {warehouse}").format(route=notice.route, warehouse=notice.warehouse),
                _("At {arrive_by} your route goes to others.").format(arrive_by=reader.time(notice.arrive_by)),
            )
        case MissingListed():
            title = reader.ngettext(
                "{n} driver isn't checked in at {warehouse}",
                "{n} drivers aren't checked in at {warehouse}",
                len(notice.drivers),
            )
            return Worded(
                title.format(n=len(notice.drivers), warehouse=notice.warehouse),
                _("Due by {due}: {names}.").format(due=reader.time(notice.due_at), names=names(notice.drivers, reader)),
            )
        case ArrivalsHeld():
            title = reader.ngettext(
                "{n} driver is missing at {warehouse}", "{n} drivers are missing at {warehouse}", len(notice.drivers)
            )
            return Worded(
                title.format(n=len(notice.drivers), warehouse=notice.warehouse),
                _("Nothing is automatic until {until}: {names}.").format(
                    until=reader.time(notice.until), names=names(notice.drivers, reader)
                ),
            )
        case DriverLate():
            return Worded(
                _("{driver} is running late: {route}, {warehouse}").format(
                    driver=notice.driver, route=notice.route, warehouse=notice.warehouse
                ),
                _("Due by {due}, now by {arrive_by}.").format(
                    due=reader.time(notice.due_at), arrive_by=reader.time(notice.arrive_by)
                ),
            )
        case LateAnswered():
            return Worded(
                _("Be at {warehouse} by {arrive_by}").format(
                    warehouse=notice.warehouse, arrive_by=reader.time(notice.arrive_by)
                ),
                _("{route}. Your manager gives you until then.").format(route=notice.route)
                if notice.granted
                else _("{route}. Your manager can't wait any longer.").format(route=notice.route),
            )
        case ArrivedLate():
            return Worded(
                _("{driver} is there after all: {route}, {warehouse}").format(
                    driver=notice.driver, route=notice.route, warehouse=notice.warehouse
                ),
                _("Since {time}. While nobody has accepted, you can restore the shift.").format(
                    time=reader.time(notice.at)
                ),
            )
        case ShiftReturned(restored=True):
            return Worded(
                _("{route}, {warehouse} is yours again").format(route=notice.route, warehouse=notice.warehouse),
                _("You're checked in, and nothing is held against you."),
            )
        case ShiftReturned():
            return Worded(
                _("{route}, {warehouse} stays with others").format(route=notice.route, warehouse=notice.warehouse),
                _("Your manager knows that you came. Please call if something is unclear."),
            )


def names(drivers: Sequence[str], reader: Reader) -> str:
    """The first few of them."""
    left = len(drivers) - NAMES_MOST
    some = ", ".join(drivers[:NAMES_MOST])
    return some + reader.ngettext(" and {n} more", " and {n} more", left).format(n=left) if left > 0 else some
