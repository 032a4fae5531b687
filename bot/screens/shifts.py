"""A driver's own shifts: the next step of the day, his weeks, confirming, parcels, cancelling."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from bot.callbacks import (
    AddNote,
    CancelBecause,
    CancelShift,
    CannotCome,
    Confirm,
    ConfirmAll,
    EnterParcels,
    FixParcels,
    Home,
    ImHere,
    Keypad,
    Schedule,
    ShiftCard,
    StillWanted,
)
from bot.reader import Reader
from bot.screens.places import directions
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.notices.wording import ShiftDropped, ShiftMissed
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import leaving
from domain.shifts.actions import Confirmed
from domain.shifts.queries import OwnShift
from domain.shifts.rules import Count

Rows = tuple[tuple[Button, ...], ...]

MARKS: Final = {
    AssignmentStatus.ACTIVE: "🚚",
    AssignmentStatus.COMPLETED: "🏁",
}


@dataclass(frozen=True, slots=True)
class ShiftNow:
    """A shift as of an instant: what can be done with it hangs on the hour."""

    shift: OwnShift
    now: datetime


# -- one shift, wherever it is shown


def lines(shift: OwnShift, reader: Reader) -> str:
    """How it stands, and the next step."""
    _ = reader.gettext
    place = {"route": escape(shift.route), "warehouse": escape(shift.warehouse), "address": escape(shift.address)}
    match shift.status:
        case AssignmentStatus.ACTIVE if shift.parcels_start is None:
            text = _("📦 <b>{route}, {warehouse}</b>: you're there.\nNext: how many parcels have you loaded?")
        case AssignmentStatus.ACTIVE:
            text = _(
                "🚚 <b>{route}, {warehouse}</b>: {n} parcels loaded.\n"
                "Next: once you're back, how many did you bring back?"
            )
        case AssignmentStatus.COMPLETED:
            text = _("🏁 <b>{route}, {warehouse}</b> is done: {delivered} of {n} parcels delivered. Thank you!")
        case _ if shift.confirmed:
            text = _("🚚 <b>{route}, {warehouse}</b>, start {start}\nNext: be at {address} by <b>{arrive_by}</b>.")
        case _:
            text = _(
                "🚚 <b>{route}, {warehouse}</b>, start {start}\nNext: confirm by <b>{confirm_by}</b>, "
                "or it goes to somebody else."
            )
    n = shift.parcels_start or 0
    return text.format(
        **place,
        start=reader.time(shift.starts_at),
        arrive_by=reader.time(shift.arrive_by),
        confirm_by=reader.moment(shift.confirm_by),
        n=n,
        delivered=n - (shift.parcels_returned or 0),
    )


def steps(shift: OwnShift, today: date, now: datetime, reader: Reader) -> Rows:
    """The next step as the one big button, and what else can be done."""
    _ = reader.gettext
    id_ = shift.assignment_id
    match shift.status:
        case AssignmentStatus.ACTIVE if shift.parcels_start is None:
            return ((Button(_("📦 Parcels loaded"), Keypad(id_, Count.LOADED, 0)),),)
        case AssignmentStatus.ACTIVE:
            correct = Button(_("✏️ {n} is wrong").format(n=shift.parcels_start), Keypad(id_, Count.LOADED, 0))
            return ((Button(_("↩️ Parcels brought back"), Keypad(id_, Count.BROUGHT_BACK, 0)),), (correct,))
        case AssignmentStatus.COMPLETED:
            editable = shift.editable_until is not None and now <= shift.editable_until
            return ((Button(_("✏️ Fix the numbers"), FixParcels(id_)),),) if editable else ()
    rows: list[tuple[Button, ...]] = []
    if not shift.confirmed:
        rows.append((Button(_("✅ Confirm {day}").format(day=reader.day(shift.on)), Confirm(id_)),))
    elif shift.on <= today:
        rows.append((Button(_("✅ I'm here"), ImHere(id_)),))
    rows.append((Button(_("I can't make it"), CannotCome(id_)),))
    rows.append((directions(shift.warehouse, shift.address, reader),))
    return tuple(rows)


def card(facts: ShiftNow, reader: Reader) -> Screen:
    """One shift by itself."""
    shift = facts.shift
    today = facts.now.astimezone(reader.zone).date()
    title = f"<b>{reader.day(shift.on)}</b>"
    back = (Button(reader.gettext("‹ My shifts"), Schedule(_week_of(shift.on, today))),)
    return Screen(f"{title}\n{lines(shift, reader)}", (*steps(shift, today, facts.now, reader), back))


def _week_of(on: date, today: date) -> int:
    """As `Schedule` counts them."""
    mondays = [day - timedelta(days=day.weekday()) for day in (today, on)]
    return (mondays[1] - mondays[0]).days // 7


def reminder(facts: ShiftNow, reader: Reader) -> Screen:
    """On the morning of the day."""
    shift = facts.shift
    title = reader.gettext("☀️ <b>Your shift today</b>")
    today = facts.now.astimezone(reader.zone).date()
    return Screen(f"{title}\n{lines(shift, reader)}", steps(shift, today, facts.now, reader))


@dataclass(frozen=True, slots=True)
class Gone:
    """A shift that was the reader's. `wanted`: he can still have it back."""

    notice: ShiftDropped
    assignment_id: UUID
    wanted: bool


def dropped(facts: Gone, reader: Reader) -> Screen:
    """It was not confirmed in time (R4.3)."""
    _ = reader.gettext
    text = _("⚪ <b>{route}, {warehouse} on {day} is no longer yours</b>\nIt wasn't confirmed in time.").format(
        route=escape(facts.notice.route), warehouse=escape(facts.notice.warehouse), day=reader.day(facts.notice.on)
    )
    if not facts.wanted:
        return Screen(text)
    still = _("Nobody else has it yet.")
    return Screen(f"{text} {still}", ((Button(_("✋ I still want it"), StillWanted(facts.assignment_id)),),))


def missed(notice: ShiftMissed, reader: Reader) -> Screen:
    """He was not there in time (R8.6)."""
    _ = reader.gettext
    text = _(
        "⛔ <b>You weren't at {warehouse} by {arrive_by}</b>\n{route}, {day}\n\nThe route goes to others now."
    ).format(
        warehouse=escape(notice.warehouse),
        arrive_by=reader.time(notice.arrive_by),
        route=escape(notice.route),
        day=reader.day(notice.on),
    )
    counts = _("This counts as a no-show: you get no new shifts until your manager has decided.")
    call = _("Please call your manager.")
    return Screen(" ".join([text, *([counts] if notice.counts else []), call]))


# -- weeks


@dataclass(frozen=True, slots=True)
class Week:
    """A driver's shifts of the week that begins with `monday`; `number` as in `Schedule`."""

    monday: date
    number: int
    shifts: tuple[OwnShift, ...]
    unconfirmed: int  # of these, how many can still be confirmed


WEEKS_MOST: Final = 52  # back and ahead


def week(facts: Week, home: Button, reader: Reader) -> Screen:
    _ = reader.gettext
    sunday = facts.monday + timedelta(days=6)
    title = _("<b>{first} to {last}</b>").format(first=reader.day(facts.monday), last=reader.day(sunday))
    listed = [_in_week(shift, reader) for shift in facts.shifts] or [_("No shifts in this week.")]
    rows: list[tuple[Button, ...]] = []
    if facts.unconfirmed:
        whole = _("✅ Confirm my week")
        rows.append((Button(whole, ConfirmAll(facts.monday.toordinal(), sunday.toordinal())),))
    rows += [
        (Button(f"{reader.day(shift.on)} {shift.route}"[:40], ShiftCard(shift.assignment_id)),)
        for shift in facts.shifts
    ]
    pages = (("‹", facts.number - 1), ("›", facts.number + 1))
    rows.append(tuple(Button(sign, Schedule(number)) for sign, number in pages if abs(number) <= WEEKS_MOST))
    rows.append((home,))
    return Screen("\n".join([title, *listed]), tuple(rows))


def _in_week(shift: OwnShift, reader: Reader) -> str:
    _ = reader.gettext
    mark = MARKS.get(shift.status) or ("✓" if shift.confirmed else "❔")
    what = f"{mark} {reader.day(shift.on)}: {escape(shift.route)}, {escape(shift.warehouse)}"
    if shift.status is AssignmentStatus.COMPLETED and shift.parcels_start:
        delivered = shift.parcels_start - (shift.parcels_returned or 0)
        return what + " " + _("({delivered} of {n} delivered)").format(delivered=delivered, n=shift.parcels_start)
    if shift.status is AssignmentStatus.SCHEDULED and not shift.confirmed:
        return what + " " + _("(confirm by {until})").format(until=reader.moment(shift.confirm_by))
    return what


LISTED_MOST: Final = 15  # shifts that wait for a confirmation; the soonest come first


def to_confirm(shifts: tuple[OwnShift, ...], home: Button, reader: Reader) -> Screen:
    _ = reader.gettext
    if not shifts:
        return Screen(_("👍 Nothing to confirm. You're all set."), ((home,),))
    title = _("<b>Will you be there?</b>")
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
    """The shift that a reminder is about, and all that its driver has yet to confirm."""

    shift: OwnShift
    unconfirmed: tuple[OwnShift, ...]

    def is_open(self, now: datetime) -> bool:
        """Whether it is still to be confirmed."""
        scheduled = self.shift.status is AssignmentStatus.SCHEDULED
        return scheduled and not self.shift.confirmed and now <= self.shift.confirm_by


def remind_to_confirm(facts: Waiting, reader: Reader) -> Screen:
    """Whatever waits; the reminder keeps itself current."""
    return to_confirm(facts.unconfirmed, Button(reader.gettext("🏠 Home"), Home()), reader)


def confirmed(result: Confirmed, reader: Reader) -> str:
    if result.count == 0:
        return reader.gettext("There is nothing left to confirm.")
    return reader.ngettext("Confirmed, thank you!", "{n} shifts confirmed, thank you!", result.count).format(
        n=result.count
    )


# -- parcels


def keypad(shift: OwnShift, what: Count, typed: int, most: int, home: Button, reader: Reader) -> Screen:
    """Digits as buttons; nothing is written before ✓."""
    _ = reader.gettext
    ask = (
        _("<b>How many parcels have you loaded?</b>")
        if what is Count.LOADED
        else _("<b>How many of {n} parcels did you bring back?</b>").format(n=shift.parcels_start)
    )

    def digit(n: int) -> Button:
        longer = typed * 10 + n
        return Button(str(n), Keypad(shift.assignment_id, what, longer if longer <= most else typed))

    rows: list[tuple[Button, ...]] = [tuple(digit(n) for n in range(first, first + 3)) for first in (1, 4, 7)]
    enter = Button(_("✓ {n}").format(n=typed), EnterParcels(shift.assignment_id, what, typed))
    rows.append((Button("⌫", Keypad(shift.assignment_id, what, typed // 10)), digit(0), enter))
    if what is Count.BROUGHT_BACK and typed == 0:
        rows.insert(0, (Button(_("All delivered: 0 brought back"), EnterParcels(shift.assignment_id, what, 0)),))
    rows.append((home,))
    place = f"{escape(shift.route)}, {escape(shift.warehouse)}"
    return Screen(f"{place}\n{ask}\n\n<b>{typed}</b>", tuple(rows))


def which_number(shift: OwnShift, home: Button, reader: Reader) -> Screen:
    _ = reader.gettext
    loaded = _("📦 Loaded: {n}").format(n=shift.parcels_start)
    back = _("↩️ Brought back: {n}").format(n=shift.parcels_returned)
    buttons = (
        Button(loaded, Keypad(shift.assignment_id, Count.LOADED, 0)),
        Button(back, Keypad(shift.assignment_id, Count.BROUGHT_BACK, 0)),
    )
    return Screen(_("<b>Which number is wrong?</b>"), (buttons, (home,)))


# -- cancelling


def reason(why: CancelReason, reader: Reader) -> str:
    _ = reader.gettext
    return {
        CancelReason.VEHICLE_BREAKDOWN: _("My vehicle has broken down"),
        CancelReason.MEDICAL_EMERGENCY: _("I'm ill or hurt"),
        CancelReason.FAMILY_EMERGENCY: _("A family emergency"),
        CancelReason.TRAFFIC_ACCIDENT: _("A traffic accident"),
        CancelReason.WEATHER_CONDITIONS: _("The weather"),
        CancelReason.PERSONAL_EMERGENCY: _("Something personal"),
        CancelReason.OTHER: _("Another reason"),
    }[why]


def cause(why: str, reader: Reader) -> str:
    """Why a route was left: the driver's reason, or what he did not do."""
    _ = reader.gettext
    words = {each.value: reason(each, reader) for each in CancelReason} | {
        leaving.NOT_CONFIRMED: _("It wasn't confirmed in time"),
        leaving.UNREACHABLE: _("Unreachable: no reminder got through in time"),
    }
    return words.get(why, words[CancelReason.OTHER])


def reasons(shift: OwnShift, keep: Button, reader: Reader) -> Screen:
    _ = reader.gettext
    title = _("<b>Why can't you make it to {route} on {day}?</b>\nNothing is cancelled yet.")
    rows = [
        (Button(reason(why, reader), CancelBecause(shift.assignment_id, number)),)
        for number, why in enumerate(CancelReason)
    ]
    text = title.format(route=escape(shift.route), day=reader.day(shift.on))
    return Screen(text, (*rows, (keep,)))


def consequence(
    shift: OwnShift, why: CancelReason, incident: IncidentKind, note: str | None, keep: Button, reader: Reader
) -> Screen:
    """What follows, before the last button (R5.1)."""
    _ = reader.gettext
    match incident:
        case IncidentKind.EARLY_CANCEL:
            follows = _("It is more than 48 hours ahead, so nothing is held against you.")
        case IncidentKind.PROTECTED_ABSENCE:
            follows = _(
                "It is 48 hours ahead or less, but for this reason nothing is held against you; your manager takes a "
                "look."
            )
        case _late:
            follows = _("It is 48 hours ahead or less, so this counts as a late cancellation.")
    text = _("<b>Cancel {route}, {warehouse} on {day}?</b>\nReason: {reason}").format(
        route=escape(shift.route),
        warehouse=escape(shift.warehouse),
        day=reader.day(shift.on),
        reason=reason(why, reader),
    )
    number = list(CancelReason).index(why)
    words = "" if note is None else "\n" + _("Your note: {note}").format(note=escape(note, TEXT_MOST))
    buttons = (
        (Button(_("❌ Yes, cancel it"), CancelShift(shift.assignment_id, number)),),
        (Button(_("📝 Add a note"), AddNote(shift.assignment_id, number)),),
        (keep,),
    )
    return Screen(f"{text}{words}\n\n{follows}", buttons)


def ask_note(policy: Policy, keep: Button, reader: Reader) -> Screen:
    text = reader.gettext("Write your note now, in one message of at most {n} characters.")
    return Screen(text.format(n=policy.cancel_notes_most), ((keep,),))


def note_too_long(policy: Policy, keep: Button, reader: Reader) -> Screen:
    text = reader.gettext("That is over {n} characters. Please write it again, a bit shorter.")
    return Screen(text.format(n=policy.cancel_notes_most), ((keep,),))


def keep(shift: OwnShift, reader: Reader) -> Button:
    return Button(reader.gettext("‹ Keep my shift"), ShiftCard(shift.assignment_id))


def wanted_back(reader: Reader) -> str:
    return reader.gettext("It's yours again, and confirmed.")


def cancelled_toast(reader: Reader) -> str:
    return reader.gettext("Cancelled. Your manager knows.")


# -- answers


def not_done(refused: Refused, home: Button, reader: Reader) -> Screen:
    """The answer to what was typed."""
    return Screen(refusal(refused, reader), ((home,),))


def refusal(refused: Refused, reader: Reader) -> str:
    """Why it can't be done, and the next step. At most 200 characters."""
    _ = reader.gettext
    texts = {
        Refusal.NOT_CONFIRMABLE_YET: _("It's too early to confirm this one. You'll be reminded."),
        Refusal.TOO_LATE_TO_CONFIRM: _("Its time to confirm is over. Ask your manager if you still want it."),
        Refusal.NOT_CONFIRMED: _("This shift wasn't confirmed. Please call your manager."),
        Refusal.NOT_TODAY: _("This shift isn't today."),
        Refusal.TOO_EARLY: _("You can check in from 5 in the morning of that day."),
        Refusal.ARRIVED_TOO_LATE: _("Its time is over, and others are being asked. Please call your manager."),
        Refusal.NOT_ARRIVED: _("Press “I'm here” first, once you're at the warehouse."),
        Refusal.ARRIVED_ALREADY: _("You're on this shift already. If you have to stop, call your manager."),
        Refusal.NOT_LOADED: _("Say first how many parcels you have loaded."),
        Refusal.COMPLETED_ALREADY: _("This shift is done already."),
        Refusal.NO_LONGER_EDITABLE: _("The hour for corrections is over. Your manager can still put it right."),
        Refusal.BAD_PARCELS: _("That number can't be right. Check it and try again."),
    }
    return texts.get(refused.why, _("This shift isn't yours any more."))
