"""What an SMS says on the shift day: to who is awaited, late or missed, and to his managers (R8, R11.6). Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.delivery.gsm7 import segments
from bot.reader import Reader
from bot.screens.parcels import bounds
from bot.screens.plain import name_of, plain
from bot.screens.shifts import refusal
from bot.wording_of_the_day import NAMES_MOST, names
from domain.db.models.words import CancelReason
from domain.notices.facts.arrivals import ArrivedLate, LateAnswered, ShiftMissed
from domain.notices.facts.shifts import ShiftReturned
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts.checking import HeldCard, MissingCard
from domain.shifts.late import LateCard
from domain.shifts.queries import OwnShift
from domain.shifts.rules_of_parcels import Count

REASONS: Final = tuple(CancelReason)  # their numbers in an SMS are their places, from 1

Placed = OwnShift | ShiftMissed | ShiftReturned | ArrivedLate | LateCard


def _where(what: Placed, company: str) -> dict[str, str]:
    return {"company": name_of(company), "route": name_of(what.route), "warehouse": name_of(what.warehouse)}


# -- to the driver


def not_checked_in(shift: OwnShift, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: not checked in for {route} at {warehouse}. At {arrive_by} it goes to others. "
        "Reply HERE, LATE or CANT."
    )
    return plain(text.format(**_where(shift, company), arrive_by=reader.time(shift.arrive_by)))


def missed(notice: ShiftMissed, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: you weren't at {warehouse} in time, {route} goes to others. If you are there, reply HERE."
    )
    return plain(text.format(**_where(notice, company)))


def late_answered(notice: LateAnswered, shift: OwnShift, company: str, reader: Reader) -> str:
    _ = reader.gettext
    granted = _("{company}: your manager gives you until {arrive_by} for {route} at {warehouse}.")
    refused = _("{company}: your manager can't wait: be at {warehouse} by {arrive_by} for {route}, or reply CANT.")
    text = granted if notice.granted else refused
    return plain(text.format(**_where(shift, company), arrive_by=reader.time(shift.arrive_by)))


def returned(notice: ShiftReturned, company: str, reader: Reader) -> str:
    _ = reader.gettext
    again = _("{company}: {route} at {warehouse} is yours again. You're checked in. Reply LOAD and your parcels.")
    gone = _("{company}: {route} at {warehouse} stays with others. Your manager knows that you came.")
    return plain((again if notice.restored else gone).format(**_where(notice, company)))


# -- to his managers


def missing_list(card: MissingCard, company: str, reader: Reader, behind: str = "") -> str:
    """As many names as fit."""
    awaited = card.awaited
    head = reader.ngettext(
        "{company}: {n} driver not checked in at {warehouse}, due by {due}:",
        "{company}: {n} drivers not checked in at {warehouse}, due by {due}:",
        len(awaited),
    ).format(company=name_of(company), n=len(awaited), warehouse=name_of(card.warehouse), due=reader.time(card.due_at))
    return _listing(head, [each.driver for each in awaited], reader, behind)


def held_list(card: HeldCard, company: str, reader: Reader, behind: str = "") -> str:
    awaited = card.awaited
    head = reader.ngettext(
        "{company}: {n} driver missing at {warehouse}, nothing is automatic until {until}:",
        "{company}: {n} drivers missing at {warehouse}, nothing is automatic until {until}:",
        len(awaited),
    ).format(company=name_of(company), n=len(awaited), warehouse=name_of(card.warehouse), until=reader.time(card.until))
    return _listing(head, [each.driver for each in awaited], reader, behind)


def _listing(head: str, drivers: Sequence[str], reader: Reader, behind: str) -> str:
    how = reader.gettext("Open our Telegram bot.")
    for count in range(min(len(drivers), NAMES_MOST), 0, -1):
        left = len(drivers) - count
        more = reader.ngettext(" and {n} more", " and {n} more", left).format(n=left) if left else ""
        listed = ", ".join(name_of(driver) for driver in drivers[:count])
        if segments((text := plain(f"{head} {listed}{more}. {how}")) + behind) == 1:
            return text
    return plain(f"{head} {names(drivers[:1], reader)}... {how}")


def running_late(card: LateCard, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: {driver} is running late for {route} at {warehouse}, has until {arrive_by}. Call {phone}."
    )
    what = _where(card, company) | {"driver": name_of(card.driver), "phone": card.phone}
    return plain(text.format(**what, arrive_by=reader.time(card.arrive_by)))


def arrived_late(notice: ArrivedLate, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: {driver} is at {warehouse} after all for {route}. Give it back in our Telegram bot. Call {phone}."
    )
    return plain(text.format(**_where(notice, company), driver=name_of(notice.driver), phone=notice.phone))


# -- answers


def is_late(shift: OwnShift, company: str, reader: Reader, *, again: bool = False) -> str:
    """`again`: he has said it before, and nobody is told once more."""
    _ = reader.gettext
    text = _("{company}: noted, be at {warehouse} by {arrive_by}. Your manager knows. Reply HERE there.")
    if again:
        text = _("{company}: be at {warehouse} by {arrive_by}, as before. Later? Call your manager. Reply HERE there.")
    return plain(text.format(**_where(shift, company), arrive_by=reader.time(shift.arrive_by)))


def why(shift: OwnShift, until: datetime, company: str, reader: Reader) -> str:
    """The seven reasons by number (R11.6); the two that count against him come last (R5.3)."""
    text = reader.gettext(
        "{company}: why not {route}? Reply 1 vehicle, 2 ill/hurt, 3 family, 4 accident, 5 weather, "
        "6 personal, 7 other (6, 7 count against you). No reply by {until}: 7."
    )
    return plain(text.format(**_where(shift, company), until=reader.time(until)))


def cancelled(shift: OwnShift, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {route} at {warehouse}, {day}, is cancelled. Your manager knows.")
    return plain(text.format(**_where(shift, company), day=reader.day(shift.on)))


def refused(why: Refused, company: str, reader: Reader, about: OwnShift | None = None) -> str:
    """As on a button, but with the words that he can text. `about`: the shift that was meant, where it is named."""
    _ = reader.gettext
    texts = {
        Refusal.TOO_LATE_TO_SAY: _("It's too late to run late. Reply HERE once you're there, or CANT."),
        Refusal.ARRIVED_TOO_LATE: _("Its time is over. If you are there, reply HERE, or call your manager."),
        Refusal.BAD_MINUTES: _("1 to 90 minutes is what you can be late: reply LATE 15. Not enough? Reply CANT."),
        Refusal.ARRIVED_ALREADY: _("You're on this shift already. If you have to stop, call your manager."),
        Refusal.NOT_ARRIVED: _("Reply HERE first, once you're at the warehouse."),
        Refusal.NOT_LOADED: _("Reply LOAD and how many parcels you have loaded first."),
    }
    head = f"{name_of(company)}, {name_of(about.route)}" if about else name_of(company)
    return plain(f"{head}: {texts.get(why.why) or refusal(why, reader)}")


def cant_be(shift: OwnShift, what: Count, policy: Policy, company: str, reader: Reader) -> str:
    """The answer to a number of parcels that can't be right, or to none."""
    _ = reader.gettext
    least, most = bounds(shift, what, policy)
    text = _("{company}, {route}: that number can't be right. Reply BACK and a number from {least} to {most}.")
    if what is Count.LOADED:
        text = _(
            "{company}, {route}: that number can't be right. Reply LOAD and {least} to {most} parcels, like LOAD 120."
        )
    return plain(text.format(company=name_of(company), route=name_of(shift.route), least=least, most=most))


def told_late(company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: it's past your time, but your manager knows that you are there, and decides.")
    return plain(text.format(company=name_of(company)))


def gone_to_another(company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: somebody else has your route by now. Please call your manager.")
    return plain(text.format(company=name_of(company)))


def several_today(company: str, reader: Reader) -> str:
    """Several people with one phone: nobody knows who of them texts."""
    text = reader.gettext("{company}: several of you on this phone drive today. Please call your warehouse.")
    return plain(text.format(company=name_of(company)))
