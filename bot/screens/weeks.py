"""A driver's weeks, and what of them he has yet to confirm."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bot.callbacks.feed import ShowFeed
from bot.callbacks.preferences import OpenPreferences
from bot.callbacks.shifts import Confirm, ConfirmAll, Schedule, ShiftCard
from bot.reader import Reader
from bot.screens.home import home_button, open_button
from bot.screens.screen import Button, Screen, escape
from domain.db.models.words import AssignmentStatus
from domain.shifts.actions import Confirmed
from domain.shifts.queries import OwnShift

MARKS: Final = {
    AssignmentStatus.ACTIVE: "🚚",
    AssignmentStatus.COMPLETED: "🏁",
}


@dataclass(frozen=True, slots=True)
class Week:
    """A driver's shifts of the week that begins with `monday`; `number` as in `Schedule`."""

    monday: date
    number: int
    shifts: tuple[OwnShift, ...]
    unconfirmed: int  # of these, how many can still be confirmed


WEEKS_MOST: Final = 52  # back and ahead


@dataclass(frozen=True, slots=True)
class NewWeek:
    """A week that was given out, as it stands for a driver. `open`: so many other shifts of it he could take.

    `changes_count_from`: for which week it counts what he prefers from now on; None: for this one, too.
    """

    week: Week
    open: int
    changes_count_from: date | None


def week(facts: Week, today: date, home: Button, reader: Reader) -> Screen:
    """A page of /schedule; a year back or ahead, the days have their year."""
    _ = reader.gettext
    sunday = facts.monday + timedelta(days=6)
    first, last = (reader.dated(each, today) for each in (facts.monday, sunday))
    title = _("<b>{first} to {last}</b>").format(first=first, last=last)
    listed = [_in_week(shift, reader) for shift in facts.shifts] or [_("No shifts in this week.")]
    rows: list[tuple[Button, ...]] = []
    if facts.unconfirmed:
        rows.append((confirm_week(facts, reader),))
    rows += [(_card(shift, reader),) for shift in facts.shifts]
    pages = (("‹", facts.number - 1), ("›", facts.number + 1))
    rows.append(tuple(Button(sign, Schedule(number)) for sign, number in pages if abs(number) <= WEEKS_MOST))
    rows.append((Button(_("📅 In my calendar"), ShowFeed()), home))
    return Screen("\n".join([title, *listed]), tuple(rows))


def confirm_week(facts: Week, reader: Reader) -> Button:
    """All of it at once."""
    sunday = facts.monday + timedelta(days=6)
    return Button(reader.gettext("✅ Confirm my week"), ConfirmAll(facts.monday.toordinal(), sunday.toordinal()))


def _card(shift: OwnShift, reader: Reader) -> Button:
    return Button(f"{reader.day(shift.on)} {shift.route}"[:40], ShiftCard(shift.assignment_id))


def given_out(facts: NewWeek, reader: Reader) -> Screen:
    """The week's message (R3.8): his shifts, that preferences are locked, and what else is open."""
    _, of = reader.gettext, facts.week
    title = (_("📅 <b>Your shifts {week}</b>") if of.shifts else _("📅 <b>{week}: no shifts for you</b>")).format(
        week=reader.week(of.monday)
    )
    lines = [title, *(_in_week(shift, reader) for shift in of.shifts)]
    if facts.changes_count_from is not None:
        locked = _("🔒 Preferences are locked for this week. Changes count from the week of {day} on.")
        lines += ["", locked.format(day=reader.day(facts.changes_count_from))]
    rows = [(confirm_week(of, reader),)] if of.unconfirmed else []
    if facts.open:
        others = reader.ngettext(
            "🙋 {n} more shift of that week is open to you.",
            "🙋 {n} more shifts of that week are open to you.",
            facts.open,
        )
        lines += ["", others.format(n=facts.open)]
        rows.append((open_button(reader),))
    rows += [(_card(shift, reader),) for shift in of.shifts]
    preferences = Button(_("🧭 Preferences"), OpenPreferences())
    return Screen("\n".join(lines), (*rows, (preferences, home_button(reader))))


def _in_week(shift: OwnShift, reader: Reader) -> str:
    _ = reader.gettext
    mark = MARKS.get(shift.status) or ("✓" if shift.confirmed else "❔")
    what = f"{mark} " + reader.said(reader.day(shift.on), f"{escape(shift.route)}, {escape(shift.warehouse)}")
    if shift.status is AssignmentStatus.COMPLETED and shift.parcels_start:
        delivered = shift.parcels_start - (shift.parcels_returned or 0)
        said = reader.ngettext("({delivered} of {n} delivered)", "({delivered} of {n} delivered)", delivered)
        return what + " " + said.format(delivered=delivered, n=shift.parcels_start)
    if shift.status is AssignmentStatus.SCHEDULED and not shift.confirmed:
        return what + " " + _("(confirm by {until})").format(until=reader.moment(shift.confirm_by))
    return what


LISTED_MOST: Final = 15  # shifts that wait for a confirmation; the soonest come first


def to_confirm(shifts: tuple[OwnShift, ...], home: Button, reader: Reader, *, last_call: bool = False) -> Screen:
    """`last_call`: what is due first is due soon (R4.2)."""
    _ = reader.gettext
    if not shifts:
        return Screen(_("👍 Nothing to confirm. You're all set."), ((home,),))
    title = (
        _("⏰ <b>Last call: will you be there?</b>\nWhat isn't confirmed in time goes to others.")
        if last_call
        else _("<b>Will you be there?</b>")
    )
    listed, left = shifts[:LISTED_MOST], len(shifts) - LISTED_MOST
    rows = [
        (Button(_("✅ Confirm {day}").format(day=reader.day(shift.on)), Confirm(shift.assignment_id)),)
        for shift in listed
    ]
    more = [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else []
    if len(shifts) > 1:
        every = ConfirmAll(shifts[0].on.toordinal(), shifts[-1].on.toordinal())
        rows.insert(0, (Button(_("✅ Confirm all {n}").format(n=len(shifts)), every),))
    return Screen("\n".join([title, *(_in_week(shift, reader) for shift in listed), *more]), (*rows, (home,)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """The shift that a reminder is about, and all that its driver has yet to confirm. `last_call`: it is due soon."""

    shift: OwnShift
    unconfirmed: tuple[OwnShift, ...]
    last_call: bool

    def is_open(self, now: datetime) -> bool:
        """Whether it is still to be confirmed."""
        scheduled = self.shift.status is AssignmentStatus.SCHEDULED
        return scheduled and not self.shift.confirmed and now <= self.shift.confirm_by


def remind_to_confirm(facts: Waiting, reader: Reader) -> Screen:
    """Whatever waits; the reminder keeps itself current."""
    return to_confirm(facts.unconfirmed, home_button(reader), reader, last_call=facts.last_call)


def confirmed(result: Confirmed, reader: Reader) -> str:
    if result.count == 0:
        return reader.gettext("There is nothing left to confirm.")
    return reader.ngettext("Confirmed, thank you!", "{n} shifts confirmed, thank you!", result.count).format(
        n=result.count
    )
