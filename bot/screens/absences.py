"""Ill until a day: what a driver is asked, what follows, and what he reads when his manager enters days off (R12.7)."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from bot.callbacks.absences import FallIll, IllDays, IllUntil, WellAgain
from bot.callbacks.home import Home
from bot.callbacks.shifts import CancelBecause
from bot.dates import Unreadable
from bot.reader import Reader
from bot.screens.days import day_rows
from bot.screens.screen import Button, Screen, escape
from bot.screens.shifts import stop_button
from domain.db.models.words import CancelReason, IncidentKind, OffKind
from domain.notices.facts.people import EmploymentEnds, EmploymentGoesOn, TimeOffEnded, TimeOffNoted
from domain.notices.wording import Worded
from domain.people.rules import AlreadyOff, Off
from domain.policy import Policy
from domain.refusals import Refusal
from domain.shifts.absences import Away, Plan
from domain.shifts.queries import OwnShift
from domain.shifts.rules import ShiftFacts

ByManager = TimeOffNoted | TimeOffEnded | EmploymentEnds | EmploymentGoesOn

LISTED_MOST: Final = 10  # shifts
TITLE_MOST: Final = 200  # characters, with a name in them


def just_this_one(shift: OwnShift, keep: Button, reader: Reader) -> Screen:
    """After [I'm ill or hurt]: is it this shift alone?"""
    _ = reader.gettext
    text = _("🤒 <b>Get well soon.</b>\nIs it just {route} on {day}, or will it take longer? Nothing is cancelled yet.")
    ill = list(CancelReason).index(CancelReason.MEDICAL_EMERGENCY)
    rows = (
        (Button(_("Just this shift"), CancelBecause(shift.assignment_id, ill)),),
        (Button(_("Until a day…"), IllDays(shift.on.toordinal(), 0)),),
        (keep,),
    )
    return Screen(text.format(route=escape(shift.route), day=reader.day(shift.on)), rows)


def until_when(first: date, page: int, known: Off | None, policy: Policy, reader: Reader) -> Screen:
    """`known`: the illness that he has told of already, which goes on."""
    _ = reader.gettext
    text = _(
        "🤒 <b>Until when are you ill?</b>\nPress the last day on which you can't work, or write it, like “friday”. "
        "Nothing is cancelled yet."
    )
    rows = day_rows(
        first,
        policy.ill_days_most,
        page,
        lambda last: IllUntil(first.toordinal(), last.toordinal()),
        lambda number: IllDays(first.toordinal(), number),
        reader,
    )
    if known is None:
        return Screen(text, (*rows, (_nothing(reader),)))
    told = _("You're marked as ill until {day}.").format(day=reader.day(known.last))
    return Screen(f"{told}\n\n{text}", ((_well(known.id, reader),), *rows, (_nothing(reader),)))


def _nothing(reader: Reader) -> Button:
    return Button(reader.gettext("‹ Leave it"), Home())


def _well(off_id: UUID, reader: Reader) -> Button:
    return Button(reader.gettext("💪 I'm well again"), WellAgain(off_id))


def what_follows(plan: Plan, running: OwnShift | None, reader: Reader) -> Screen:
    """Before the last button (R5.1). `running`: the shift that he is on, which stays his until he stops it (R8.8)."""
    _ = reader.gettext
    title = _("🤒 <b>Ill until {day}?</b>").format(day=reader.day(plan.last))
    reviewed = any(each.incident is IncidentKind.PROTECTED_ABSENCE for each in plan.given)
    fine = (
        _("For illness nothing is held against you; your manager takes a look.")
        if reviewed
        else _("Nothing is held against you.")
    )
    first, last = plan.first.toordinal(), plan.last.toordinal()
    rows = (
        (Button(_("🤒 Yes, until {day}").format(day=reader.day(plan.last)), FallIll(first, last)),),
        *_stop(running, reader),
        (Button(_("‹ Another day"), IllDays(first, 0)),),
        (_nothing(reader),),
    )
    if running is not None:
        shifts = [_still_on(running, reader)]
        shifts += [given_back([each.shift for each in plan.given], reader)] if plan.given else []
    else:
        shifts = [given_back([each.shift for each in plan.given], reader)]
    return Screen("\n\n".join((title, *shifts, f"{fine} {_not_asked(reader)}")), rows)


def _not_asked(reader: Reader) -> str:
    return reader.gettext("Until then you won't be asked to take shifts.")


def _still_on(running: OwnShift, reader: Reader) -> str:
    text = reader.gettext(
        "You're on {route}, {warehouse} now, and that shift stays yours. If you can't go on, press “I must stop”."
    )
    return text.format(route=escape(running.route), warehouse=escape(running.warehouse))


def _stop(running: OwnShift | None, reader: Reader) -> tuple[tuple[Button, ...], ...]:
    return () if running is None else ((stop_button(running, reader),),)


def given_back(shifts: Sequence[ShiftFacts], reader: Reader) -> str:
    """Which shifts would go to others."""
    _ = reader.gettext
    if not shifts:
        return _("No shift has to go to others.")
    head = reader.ngettext("This shift goes to others:", "These {n} shifts go to others:", len(shifts))
    lines = [
        "· " + reader.said(reader.day(each.on), f"{escape(each.route)}, {escape(each.warehouse)}")
        for each in shifts[:LISTED_MOST]
    ]
    left = len(shifts) - LISTED_MOST
    more = [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else []
    return "\n".join([head.format(n=len(shifts)), *lines, *more])


def ill(away: Away, running: OwnShift | None, reader: Reader) -> Screen:
    """It is recorded. A manager knows where one was told of a shift that goes to others, and only there."""
    _ = reader.gettext
    known = any(left.told for left in away.left)
    text = (
        _("🤒 <b>Get well soon!</b>\nYou're marked as ill until {day}, and your manager knows.")
        if known
        else _("🤒 <b>Get well soon!</b>\nYou're marked as ill until {day}: no shifts are offered to you until then.")
    )
    lines = [text.format(day=reader.day(away.last))]
    if away.left:
        n = len(away.left)
        lines.append(reader.ngettext("{n} shift goes to others.", "{n} shifts go to others.", n).format(n=n))
    lines += ["", _still_on(running, reader)] if running is not None else []
    rows = (*_stop(running, reader), (_well(away.off_id, reader),), (_home(reader),))
    return Screen("\n".join(lines), rows)


def _home(reader: Reader) -> Button:
    return Button(reader.gettext("🏠 Home"), Home())


def off_already(already: AlreadyOff, reader: Reader) -> Screen:
    """Nothing was to be done."""
    _ = reader.gettext
    off = already.off
    if off.kind != OffKind.ILL:
        text = (
            _("You're off on {first} already.")
            if off.first == off.last
            else _("You're off from {first} to {last} already.")
        )
        return Screen(text.format(first=reader.day(off.first), last=reader.day(off.last)), ((_home(reader),),))
    longer = Button(_("It takes longer…"), IllDays(off.last.toordinal(), 0))
    text = _("You're marked as ill until {day} already.").format(day=reader.day(off.last))
    return Screen(text, ((_well(off.id, reader),), (longer,), (_home(reader),)))


def not_ill(why: Refusal, first: date, policy: Policy, reader: Reader) -> Screen:
    """Why these days won't do, and the days to choose from again."""
    again = Button(reader.gettext("‹ Another day"), IllDays(first.toordinal(), 0))
    return Screen(days_refused(why, policy.ill_days_most, reader), ((again,), (_home(reader),)))


def days_refused(why: Refusal, most: int, reader: Reader) -> str:
    """Why days can't be days off. At most 200 characters."""
    _ = reader.gettext
    texts = {
        Refusal.RANGE_REVERSED: _("The last day is before the first one. Please choose a later day."),
        Refusal.RANGE_PAST: _("These days are over. Please choose others, from today on."),
        Refusal.RANGE_TOO_LONG: _("That is longer than {n} days. Please choose a nearer day."),
        Refusal.RANGE_TOO_FAR: _("That is more than a year ahead. Please choose a nearer day."),
        Refusal.OFF_ALREADY: _("Some of these days are days off already. Please choose others, or end those first."),
        Refusal.NOT_A_DRIVER: _("That is for drivers."),
        Refusal.NOT_OFF: _("These days off are over, or were taken back."),
    }
    return texts.get(why, _("That isn't possible any more.")).format(n=most)


def not_read(written: str, why: Unreadable, first: date, reader: Reader) -> Screen:
    """What he has typed is no day."""
    again = Button(reader.gettext("‹ Another day"), IllDays(first.toordinal(), 0))
    return Screen(no_day(written, why, reader), ((again,), (_home(reader),)))


def no_day(written: str, why: Unreadable, reader: Reader) -> str:
    _ = reader.gettext
    texts = {
        Unreadable.NOT_A_DAY: _("I can't read “{text}” as a day. Write it like “friday”, “4 dec” or “2026-12-04”."),
        Unreadable.NO_SUCH_DAY: _("The day “{text}” doesn't exist. Write one like “friday”, “4 dec” or “2026-12-04”."),
    }
    return texts[why].format(text=escape(written))


def well_again(reader: Reader) -> str:
    return reader.gettext("Good to have you back! You'll be asked to take shifts again.")


def by_manager(notice: ByManager, reader: Reader) -> Worded:
    """What a manager has entered for the reader, for his inbox."""
    _ = reader.gettext
    match notice:
        case TimeOffNoted():
            days = {"first": reader.day(notice.first), "last": reader.day(notice.last)}
            title = (
                _("Off on {first}: {kind}") if notice.first == notice.last else _("Off from {first} to {last}: {kind}")
            ).format(**days, kind=kind(notice.off, reader))
            body = _("{name} has entered this for you.").format(name=notice.by)
            return Worded(title, f"{body} {_gone(notice.shifts, reader)}".strip())
        case TimeOffEnded():
            title = _("You're back: no longer off until {last}").format(last=reader.day(notice.last))
            body = _("{name} has entered this for you. You'll be asked to take shifts again.")
            return Worded(title, body.format(name=notice.by))
        case EmploymentEnds():
            title = _("Your last day: {day}").format(day=reader.day(notice.last))
            body = _("{name} has entered this. After that day this chat is no longer linked.").format(name=notice.by)
            return Worded(title, f"{body} {_gone(notice.shifts, reader)}".strip())
        case EmploymentGoesOn():
            body = _("{name} has taken your last day back. Shifts that went to others stay with them.")
            return Worded(_("You're staying: good to know"), body.format(name=notice.by))


def _gone(shifts: int, reader: Reader) -> str:
    """How many shifts of his went to others with it."""
    text = reader.ngettext("{n} shift of yours goes to others.", "{n} shifts of yours go to others.", shifts)
    return text.format(n=shifts) if shifts else ""


def kind(off: str, reader: Reader) -> str:
    """Why somebody is off."""
    _ = reader.gettext
    return {OffKind.VACATION.value: _("vacation"), OffKind.ILL.value: _("ill")}.get(off, _("time off"))


def told(notice: ByManager, reader: Reader) -> Screen:
    """The same, in his chat."""
    title, body = by_manager(notice, reader)
    return Screen(f"🗓 <b>{escape(title, TITLE_MOST)}</b>\n{escape(body, 2 * TITLE_MOST)}", ((_home(reader),),))
