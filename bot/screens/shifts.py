"""One shift of a driver's, wherever it is shown, with the next step of the day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.callbacks.bidding import HandBack
from bot.callbacks.giving import GiveAway
from bot.callbacks.home import Home
from bot.callbacks.shifts import (
    CannotCome,
    ComeLate,
    Confirm,
    Decline,
    FixParcels,
    ImHere,
    Keypad,
    MustStop,
    RunLate,
    Schedule,
)
from bot.reader import Reader
from bot.screens.places import directions
from bot.screens.screen import Button, Screen, escape
from domain.db.models.words import AssignmentStatus
from domain.notices.facts.offers import ShiftAssigned
from domain.refusals import Refusal, Refused
from domain.shifts.queries import OwnShift, is_editable
from domain.shifts.rules_of_leaving import may_hand_back
from domain.shifts.rules_of_parcels import Count

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class ShiftNow:
    """A shift as of an instant: what can be done with it hangs on the hour."""

    shift: OwnShift
    now: datetime

    @property
    def back_until(self) -> datetime | None:
        """Until when he may hand it back (R6.4); None: he may not, or no longer."""
        until = self.shift.hand_back_until
        return until if may_hand_back(until, self.now) else None


def lines(shift: OwnShift, reader: Reader) -> str:
    """How it stands, and the next step."""
    _, n = reader.gettext, shift.parcels_start or 0
    place = {"route": escape(shift.route), "warehouse": escape(shift.warehouse), "address": escape(shift.address)}
    match shift.status:
        case AssignmentStatus.ACTIVE if shift.parcels_start is None:
            text = _("📦 <b>{route}, {warehouse}</b>: you're there.\nNext: how many parcels have you loaded?")
        case AssignmentStatus.ACTIVE:
            text = reader.ngettext(
                "🚚 <b>{route}, {warehouse}</b>: {n} parcel loaded.\n"
                "Next: once you're back, how many did you bring back?",
                "🚚 <b>{route}, {warehouse}</b>: {n} parcels loaded.\n"
                "Next: once you're back, how many did you bring back?",
                n,
            )
        case AssignmentStatus.COMPLETED if shift.parcels_start is None:  # by another program
            text = _("🏁 <b>{route}, {warehouse}</b> is done. Thank you!")
        case AssignmentStatus.COMPLETED:
            text = reader.ngettext(
                "🏁 <b>{route}, {warehouse}</b> is done: {delivered} of {n} parcel delivered. Thank you!",
                "🏁 <b>{route}, {warehouse}</b> is done: {delivered} of {n} parcels delivered. Thank you!",
                n,
            )
        case _ if shift.confirmed and shift.late is not None:
            text = _(
                "⏳ <b>{route}, {warehouse}</b>: you're running late.\nNext: be at {address} by <b>{arrive_by}</b>."
            )
        case _ if shift.confirmed:
            text = _("🚚 <b>{route}, {warehouse}</b>, start {start}\nNext: be at {address} by <b>{arrive_by}</b>.")
        case _:
            text = _(
                "🚚 <b>{route}, {warehouse}</b>, start {start}\nNext: confirm by <b>{confirm_by}</b>, "
                "or it goes to somebody else."
            )
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
            return ((Button(_("📦 Parcels loaded"), Keypad(id_, Count.LOADED, 0)),), (stop_button(shift, reader),))
        case AssignmentStatus.ACTIVE:
            correct = Button(_("✏️ {n} is wrong").format(n=shift.parcels_start), Keypad(id_, Count.LOADED, 0))
            back = Button(_("↩️ Parcels brought back"), Keypad(id_, Count.BROUGHT_BACK, 0))
            return ((back,), (correct, stop_button(shift, reader)))
        case AssignmentStatus.COMPLETED:
            return ((Button(_("✏️ Fix the numbers"), FixParcels(id_)),),) if is_editable(shift, now) else ()
    rows: list[tuple[Button, ...]] = []
    if shift.declinable:
        return (answers(shift, reader), (directions(shift.warehouse, shift.address, reader),))
    if not shift.confirmed:
        rows.append((Button(_("✅ Confirm {day}").format(day=reader.day(shift.on)), Confirm(id_)),))
    elif shift.on <= today and now >= shift.arrive_by:
        return ((come_late_button(shift, reader),), (directions(shift.warehouse, shift.address, reader),))
    elif shift.on <= today:
        rows.append((Button(_("✅ I'm here"), ImHere(id_)),))
    in_time = shift.late_until is not None and now <= shift.late_until
    late = (late_button(shift, reader),) if shift.confirmed and shift.on == today and in_time else ()
    givable = shift.give_until is not None and now < shift.give_until
    give = (Button(_("🤝 Give it away"), GiveAway(id_)),) if givable else ()
    rows.append((*late, cannot_button(shift, reader), *give))
    if may_hand_back(shift.hand_back_until, now):
        rows.append((hand_back_button(shift, reader),))
    rows.append((directions(shift.warehouse, shift.address, reader),))
    return tuple(rows)


def answers(shift: OwnShift, reader: Reader) -> tuple[Button, ...]:
    """To what a manager has given him late (R4.4)."""
    _ = reader.gettext
    return (
        Button(_("👍 OK, I'll drive"), Confirm(shift.assignment_id)),
        Button(_("✖️ Decline"), Decline(shift.assignment_id)),
    )


def hand_back_button(shift: OwnShift, reader: Reader) -> Button:
    """What a bid has just won can be given back (R6.4)."""
    return Button(reader.gettext("↩️ Give it back"), HandBack(shift.assignment_id))


def come_late_button(shift: OwnShift, reader: Reader) -> Button:
    return Button(reader.gettext("🏃 I'm here, late"), ComeLate(shift.assignment_id))


def late_button(shift: OwnShift, reader: Reader) -> Button:
    return Button(reader.gettext("⏳ Running late"), RunLate(shift.assignment_id))


def cannot_button(shift: OwnShift, reader: Reader) -> Button:
    return Button(reader.gettext("I can't make it"), CannotCome(shift.assignment_id))


def stop_button(shift: OwnShift, reader: Reader, who: str | None = None) -> Button:
    """`who`: whom a manager stops it for."""
    _ = reader.gettext
    text = _("🛑 I must stop") if who is None else _("🛑 Must stop")
    return Button(text, MustStop(shift.assignment_id))


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
class Given:
    """A shift that a manager has given the reader; None where it is not his any more."""

    notice: ShiftAssigned
    shift: OwnShift | None
    now: datetime


def assigned(facts: Given, reader: Reader) -> Screen:
    """Who has given it to him, how it stands, and his answer (R4.4, R7.2)."""
    _ = reader.gettext
    notice, shift = facts.notice, facts.shift
    if shift is None:
        text = _("⚪ <b>{route}, {warehouse} on {day} is no longer yours</b>")
        what = {"route": escape(notice.route), "warehouse": escape(notice.warehouse), "day": reader.day(notice.on)}
        return Screen(text.format(**what), ((Button(_("🗓 My shifts"), Schedule(0)),), (Button(_("🏠 Home"), Home()),)))
    asks = _("📌 <b>{name} has given you a shift on {day}</b>\nCan you drive it? If not, just say so.")
    tells = _("📌 <b>{name} has given you a shift on {day}</b>")
    title = (asks if shift.declinable else tells).format(name=escape(notice.by), day=reader.day(shift.on))
    today = facts.now.astimezone(reader.zone).date()
    return Screen(f"{title}\n\n{lines(shift, reader)}", steps(shift, today, facts.now, reader))


# -- answers


def declined(told: int, reader: Reader) -> str:
    _ = reader.gettext
    return _("All right, it goes to others. Your manager knows.") if told else _("All right, it goes to others.")


def wanted_back(reader: Reader) -> str:
    return reader.gettext("It's yours again, and confirmed.")


def not_done(refused: Refused, about: OwnShift | None, home: Button, reader: Reader) -> Screen:
    """The answer to what was typed, with the way out of it where the text names one."""
    ways: tuple[Button, ...] = ()
    if about is not None and refused.why is Refusal.ARRIVED_ALREADY:
        ways = (stop_button(about, reader),)
    elif about is not None and refused.why is Refusal.BAD_MINUTES:
        ways = (late_button(about, reader), cannot_button(about, reader))
    elif about is not None and refused.why is Refusal.ARRIVED_TOO_LATE:
        ways = (come_late_button(about, reader),)
    elif about is not None and refused.why is Refusal.TOO_LATE_TO_SAY:
        here = Button(reader.gettext("✅ I'm here"), ImHere(about.assignment_id))
        ways = (here, cannot_button(about, reader))
    return Screen(refusal(refused, reader), (ways, (home,)) if ways else ((home,),))


def refusal(refused: Refused, reader: Reader) -> str:
    """Why it can't be done, and the next step. At most 200 characters."""
    _ = reader.gettext
    texts = {
        Refusal.NOT_CONFIRMABLE_YET: _("It's too early to confirm this one. You'll be reminded."),
        Refusal.TOO_LATE_TO_CONFIRM: _("Its time to confirm is over. Ask your manager if you still want it."),
        Refusal.AGREED_ALREADY: _("You have said yes to it. If you can't make it after all, cancel it."),
        Refusal.NOT_DECLINABLE: _("If you can't make it, cancel it: press “I can't make it”."),
        Refusal.NOT_CONFIRMED: _("This shift wasn't confirmed. Please call your manager."),
        Refusal.NOT_TODAY: _("This shift isn't today."),
        Refusal.TOO_EARLY: _("You can check in from 5 in the morning of that day."),
        Refusal.ARRIVED_TOO_LATE: _(
            "Its time is over. If you are there, press “I'm here, late”, or call your manager."
        ),
        Refusal.TOO_LATE_TO_GIVE: _("It starts too soon to be given away. If you can't make it, say so."),
        Refusal.OFFERED_ALREADY: _(
            "You're giving it away already. Take it back first if you want to offer it otherwise."
        ),
        Refusal.TOO_LATE_TO_SAY: _(
            "It's too late to run late: press “I'm here” once you're there, or say you can't come."
        ),
        Refusal.TAKEN: _("Somebody else has it by now. Please call your manager."),
        Refusal.NOT_ARRIVED: _("Press “I'm here” first, once you're at the warehouse."),
        Refusal.ARRIVED_ALREADY: _("You're on this shift already. If you have to stop, press “I must stop”."),
        Refusal.BAD_MINUTES: _(
            "From 1 to 90 minutes is what you can be late: write “late 15”. If that isn't enough, press “I can't make "
            "it”."
        ),
        Refusal.NOT_LOADED: _("Say first how many parcels you have loaded."),
        Refusal.COMPLETED_ALREADY: _("This shift is done already."),
        Refusal.NO_LONGER_EDITABLE: _("The hour for corrections is over. Your manager can still put it right."),
        Refusal.TOO_LATE_TO_HAND_BACK: _("The time to give it back is over. Press “I can't make it” if you can't."),
        Refusal.BAD_PARCELS: _(
            "That number can't be right: at least 1 is loaded, and no more comes back than was loaded."
        ),
    }
    return texts.get(refused.why, _("This shift isn't yours any more."))
