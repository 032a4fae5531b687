"""A manager's drivers: who is called so, one driver's card, his days off, his language, his last day (R12.3, R12.7)."""

from datetime import date
from typing import Final
from uuid import UUID

from bot.callbacks.absences import OffFrom, OffPlan, OffUntil, SendOff
from bot.callbacks.drivers import DriverCard, LastDay, LastDays, LetGo, SpeakTo
from bot.dates import Unreadable
from bot.reader import LANGUAGES, Reader
from bot.screens.absences import days_refused, given_back, kind, no_day
from bot.screens.days import day_rows
from bot.screens.home import home_button
from bot.screens.meant import called, nearly, several
from bot.screens.screen import Button, Screen, escape
from bot.screens.settings import NAMES
from domain.db.models.words import IncidentKind, OffKind
from domain.people import drivers
from domain.people.drivers import Found
from domain.people.rules import LeavesThen
from domain.policy import Policy
from domain.refusals import Refusal
from domain.shifts import absences, departures
from domain.time import week_of

LAST_DAYS: Final = 56  # that are offered as buttons; any other can be written
FIRST_DAYS: Final = 56

Row = tuple[Button, ...]


def how_to_find(reader: Reader) -> Screen:
    return Screen(reader.gettext("Whom do you look for? /driver Amara Osei"), ((home_button(reader),),))


def nobody(written: str, near: tuple[Found, ...], reader: Reader) -> Screen:
    """`near`: whose names look like it."""
    said = reader.gettext(
        "No driver of your warehouses is called “{name}”. Check the spelling, or write less of the name: /driver Amara"
    )
    text, rows = nearly(said.format(name=escape(written)), _to_cards(near), reader)
    return Screen(text, (*rows, (home_button(reader),)))


def _to_cards(found: tuple[Found, ...]) -> list[Button]:
    return [Button(called(who), DriverCard(who.id)) for who in found]


def choose(written: str, found: tuple[Found, ...], reader: Reader) -> Screen:
    text, rows = several(which(written, reader), _to_cards(found), reader)
    return Screen(text, (*rows, (home_button(reader),)))


def which(written: str, reader: Reader) -> str:
    """Several are called so: whom does he mean?"""
    return reader.gettext("Several drivers are called “{name}”. Whom do you mean?").format(name=escape(written))


def _back(user_id: UUID, reader: Reader) -> Row:
    return (Button(reader.gettext("‹ Leave it"), DriverCard(user_id)),)


# -- time off


def kinds(facts: drivers.DriverCard, reader: Reader) -> Screen:
    _ = reader.gettext
    title = _("<b>Why is {name} off?</b>").format(name=escape(facts.name))
    texts = {OffKind.VACATION: _("🌴 Vacation"), OffKind.ILL: _("🤒 Ill"), OffKind.OTHER: _("🗓 Something else")}
    rows = [(Button(texts[each], OffFrom(facts.id, number, 0)),) for number, each in enumerate(OffKind)]
    return Screen(title, (*rows, _back(facts.id, reader)))


def off_from(facts: drivers.DriverCard, number: int, today: date, page: int, reader: Reader) -> Screen:
    text = reader.gettext("<b>{name}: off from which day on?</b>\nPress it, or write it, like “friday” or “4 dec”.")
    rows = day_rows(
        today,
        FIRST_DAYS,
        page,
        lambda first: OffUntil(facts.id, number, first.toordinal(), 0),
        lambda to: OffFrom(facts.id, number, to),
        reader,
    )
    return Screen(text.format(name=escape(facts.name)), (*rows, _back(facts.id, reader)))


def off_until(facts: drivers.DriverCard, number: int, first: date, page: int, policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext(
        "<b>{name}: off from {first}. What is the last day off?</b>\nPress it, or write it, like “friday” or “4 dec”."
    )
    start = first.toordinal()
    rows = day_rows(
        first,
        most(number, policy),
        page,
        lambda last: OffPlan(facts.id, number, start, last.toordinal()),
        lambda to: OffUntil(facts.id, number, start, to),
        reader,
    )
    return Screen(text.format(name=escape(facts.name), first=reader.day(first)), (*rows, _back(facts.id, reader)))


def most(number: int, policy: Policy) -> int:
    """How many days such time off may have."""
    return policy.ill_days_most if kind_of(number) is OffKind.ILL else policy.time_off_days_most


def kind_of(number: int) -> OffKind:
    """By its place, as buttons say it."""
    every = list(OffKind)
    return every[number] if 0 <= number < len(every) else OffKind.OTHER


def off_plan(facts: drivers.DriverCard, number: int, plan: absences.Plan, reader: Reader) -> Screen:
    """Before the last button."""
    _ = reader.gettext
    title = (
        _("<b>{name} off on {first}: {kind}?</b>")
        if plan.first == plan.last
        else _("<b>{name} off from {first} to {last}: {kind}?</b>")
    ).format(
        name=escape(facts.name),
        first=reader.day(plan.first),
        last=reader.day(plan.last),
        kind=kind(kind_of(number), reader),
    )
    reviewed = any(each.incident is IncidentKind.PROTECTED_ABSENCE for each in plan.given)
    fine = (
        _("Nothing is held against {name}; it is a protected absence, to be looked at once.")
        if reviewed
        else _("Nothing is held against {name}.")
    )
    tell = _("It is entered as said by phone, and {name} is told.")
    days = plan.first.toordinal(), plan.last.toordinal()
    rows = (
        (Button(_("✅ Yes, enter it"), SendOff(facts.id, number, *days)),),
        (Button(_("‹ Another day"), OffUntil(facts.id, number, days[0], 0)),),
        _back(facts.id, reader),
    )
    name = escape(facts.name)
    shifts = given_back([each.shift for each in plan.given], reader)
    return Screen("\n\n".join((title, shifts, f"{fine} {tell}".format(name=name))), rows)


def off_refused(facts: drivers.DriverCard, number: int, why: Refusal, policy: Policy, reader: Reader) -> Screen:
    again = (Button(reader.gettext("‹ Other days"), OffFrom(facts.id, number, 0)),)
    return Screen(days_refused(why, most(number, policy), reader), (again, _back(facts.id, reader)))


def not_read(facts: drivers.DriverCard, written: str, why: Unreadable, reader: Reader) -> Screen:
    """What was typed is no day; the question stands."""
    return Screen(no_day(written, why, reader), (_back(facts.id, reader),))


def off_toast(done: bool, reader: Reader) -> str:
    _ = reader.gettext
    return _("Entered.") if done else _("These days are days off already.")


def back_toast(reader: Reader) -> str:
    return reader.gettext("Noted. Shifts that went to others stay with them.")


# -- language


def languages(facts: drivers.DriverCard, reader: Reader) -> Screen:
    title = reader.gettext("<b>Which language does {name} read?</b>").format(name=escape(facts.name))
    row = tuple(
        Button(("• " if language == facts.language else "") + NAMES[language], SpeakTo(facts.id, number))
        for number, language in enumerate(LANGUAGES)
    )
    return Screen(title, (row, _back(facts.id, reader)))


# -- leaving


def last_days(facts: drivers.DriverCard, today: date, page: int, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("<b>Which day is the last one of {name}?</b>\nPress it, or write it, like “friday” or “31 dec”.")
    rows = day_rows(
        today,
        LAST_DAYS,
        page,
        lambda last: LastDay(facts.id, last.toordinal()),
        lambda to: LastDays(facts.id, to),
        reader,
    )
    sunday = week_of(today)[1]
    near = (
        Button(_("Today"), LastDay(facts.id, today.toordinal())),
        Button(_("End of this week"), LastDay(facts.id, sunday.toordinal())),
    )
    first = (near,) if page == 0 else ()
    return Screen(text.format(name=escape(facts.name)), (*first, *rows, _back(facts.id, reader)))


def leaving_plan(facts: drivers.DriverCard, plan: departures.Plan, reader: Reader) -> Screen:
    """Before the last button."""
    _ = reader.gettext
    title = _("🚪 <b>{name} leaves the company, last day {day}?</b>")
    chat = (
        _("{name} is told, and loses this chat at once.")
        if plan.at_once
        else _("{name} is told, and keeps the chat until that day is over.")
    )
    rows = (
        (
            Button(
                _("🚪 Yes, last day {day}").format(day=reader.day(plan.last)), LetGo(facts.id, plan.last.toordinal())
            ),
        ),
        (Button(_("‹ Another day"), LastDays(facts.id, 0)),),
        _back(facts.id, reader),
    )
    name = escape(facts.name)
    parts = (
        title.format(name=name, day=reader.day(plan.last)),
        given_back(plan.shifts, reader),
        chat.format(name=name),
    )
    return Screen("\n\n".join(parts), rows)


def leaving_refused(facts: drivers.DriverCard, why: Refusal, reader: Reader) -> Screen:
    _ = reader.gettext
    texts = {
        Refusal.RANGE_PAST: _("That is too long ago. Please choose a later day."),
        Refusal.RANGE_TOO_FAR: _("That is more than a year ahead. Please choose a nearer day."),
        Refusal.NOT_EMPLOYED: _("{name} has left the company already.").format(name=escape(facts.name)),
    }
    again = (Button(_("‹ Another day"), LastDays(facts.id, 0)),)
    return Screen(texts.get(why, _("That isn't possible any more.")), (again, _back(facts.id, reader)))


def leaving_toast(result: departures.Leaves | LeavesThen, reader: Reader) -> str:
    _ = reader.gettext
    if isinstance(result, LeavesThen):
        return _("That is the last day already.")
    return _("Entered. The chat is closed.") if result.unlinked else _("Entered.")


def stays_toast(result: departures.Stays | Refusal, reader: Reader) -> str:
    _ = reader.gettext
    if isinstance(result, Refusal):
        return _("There is nothing to take back any more.")
    if not result.linked:
        return _("Taken back. The chat was closed: send a new invite link.")
    return _("Taken back. Shifts that went to others stay with them.")


def gone(reader: Reader) -> str:
    """No driver whom he may look at (any more)."""
    return reader.gettext("I can't find that driver among yours.")
