"""Why a driver can't make it, and what follows, before anything is cancelled (R5.1)."""

from datetime import datetime

from bot.callbacks.absences import IllOrHurt
from bot.callbacks.bidding import HandBackNow
from bot.callbacks.shifts import AddNote, CancelBecause, CancelShift, ShiftCard
from bot.reader import Reader
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from domain.db.models.words import CancelReason, IncidentKind
from domain.notices.facts.health import PoolLost
from domain.policy import Policy
from domain.shifts import absences, departures, leaving
from domain.shifts.leaving import Consequence
from domain.shifts.queries import OwnShift


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
        leaving.DECLINED: _("Has declined: it was given at short notice"),
        leaving.UNANSWERED: _("Hasn't answered: it was given at short notice"),
        absences.TIME_OFF: _("Time off"),
        departures.LEFT_COMPANY: _("Leaves the company"),
        leaving.HANDED_BACK: _("Handed back within the hour after winning it"),
    }
    return words.get(why, words[CancelReason.OTHER])


def reasons(shift: OwnShift, keep: Button, reader: Reader, who: str | None = None) -> Screen:
    """`who`: for whom a manager cancels."""
    _ = reader.gettext
    title = (
        _("<b>Why can't you make it to {route} on {day}?</b>\nNothing is cancelled yet.")
        if who is None
        else _("<b>Why can't {name} make it to {route} on {day}?</b>\nNothing is cancelled yet.")
    )
    rows = [
        (
            Button(
                reason(why, reader),
                IllOrHurt(shift.assignment_id)
                if why is CancelReason.MEDICAL_EMERGENCY and who is None
                else CancelBecause(shift.assignment_id, number),
            ),
        )
        for number, why in enumerate(CancelReason)
    ]
    text = title.format(route=escape(shift.route), day=reader.day(shift.on), name=escape(who or ""))
    return Screen(text, (*rows, (keep,)))


def consequence(
    shift: OwnShift,
    why: CancelReason,
    costs: Consequence,
    note: str | None,
    keep: Button,
    now: datetime,
    reader: Reader,
    who: str | None = None,
) -> Screen:
    """What follows, before the last button (R5.1); once it has begun, that is said (R5.2)."""
    _ = reader.gettext
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
    return Screen(f"{text}{words}\n\n{_follows(shift, costs, now >= shift.starts_at, reader, who)}", buttons)


def _follows(shift: OwnShift, costs: Consequence, begun: bool, reader: Reader, who: str | None) -> str:
    _, name = reader.gettext, escape(who or "")
    match costs.incident:
        case IncidentKind.LATE_CANCEL:
            return _late(costs, begun, reader, who)
        case IncidentKind.PROTECTED_ABSENCE if begun and who is None:
            return _("It has begun, but for this reason nothing is held against you; your manager takes a look.")
        case IncidentKind.PROTECTED_ABSENCE if begun:
            text = _("It has begun, but for this reason nothing is held against {name} unless you decide so.")
            return text.format(name=name)
        case None if shift.declinable and who is None:
            return _("You hadn't agreed to it yet, so nothing is held against you.")
        case None if shift.declinable:
            return _("{name} hadn't agreed to it yet, so nothing is held against {name}.").format(name=name)
        case None if who is None:
            return _("Your bid won it less than an hour ago, so nothing is held against you.")
        case None:
            return _("It was won by a bid less than an hour ago, so nothing is held against {name}.").format(name=name)
        case IncidentKind.EARLY_CANCEL if who is None:
            return _("It is more than 48 hours ahead, so nothing is held against you.")
        case IncidentKind.PROTECTED_ABSENCE if who is None:
            return _(
                "It is 48 hours ahead or less, but for this reason nothing is held against you; your manager takes a "
                "look."
            )
        case IncidentKind.EARLY_CANCEL:
            return _("It is more than 48 hours ahead, so nothing is held against {name}.").format(
                name=escape(who or "")
            )
    return _(
        "It is 48 hours ahead or less, but for this reason nothing is held against {name} unless you decide so."
    ).format(name=name)


def _late(costs: Consequence, begun: bool, reader: Reader, who: str | None) -> str:
    """A late cancellation: whether such count yet (R9.7), and that it is the one that stops him (R10.2)."""
    _ = reader.gettext
    if costs.practice_until is not None:
        text = _("That is late, but it costs you nothing: before {day} late cancellations are practice.")
        if who is not None:
            text = _("That is late, but it costs {name} nothing: before {day} late cancellations are practice.")
        begins_on = costs.practice_until.astimezone(reader.zone).date()
        return text.format(name=escape(who or ""), day=reader.day(begins_on))
    text = (
        _("It has begun, so this counts as a late cancellation. Others are asked at once.")
        if begun
        else _("It is 48 hours ahead or less, so this counts as a late cancellation.")
    )
    if costs.stops is None:
        return text
    many = _late_cancels(costs.stops, reader)
    stops = (
        _("⛔ <b>With it you get no new shifts until your manager has decided:</b> {many} You keep the others.")
        if who is None
        else _("⛔ <b>With it {name} gets no new shifts until a manager has decided:</b> {many}")
    )
    return f"{text}\n\n" + stops.format(many=many, name=escape(who or ""))


def _late_cancels(lost: PoolLost, reader: Reader) -> str:
    return reader.ngettext(
        "{n} late cancellation within {days} days.", "{n} late cancellations within {days} days.", lost.late_cancels
    ).format(n=lost.late_cancels, days=lost.days)


def ask_note(policy: Policy, keep: Button, reader: Reader) -> Screen:
    text = reader.gettext("Write your note now, in one message of at most {n} characters.")
    return Screen(text.format(n=policy.cancel_notes_most), ((keep,),))


def note_too_long(policy: Policy, keep: Button, reader: Reader) -> Screen:
    text = reader.gettext("That is over {n} characters. Please write it again, a bit shorter.")
    return Screen(text.format(n=policy.cancel_notes_most), ((keep,),))


def keep(shift: OwnShift, reader: Reader, who: str | None = None) -> Button:
    text = reader.gettext("‹ Keep my shift") if who is None else reader.gettext("‹ Change nothing")
    return Button(text, ShiftCard(shift.assignment_id))


def hand_back(shift: OwnShift, keep: Button, reader: Reader) -> Screen:
    """What follows, before a shift that he has just won goes back (R6.4)."""
    _ = reader.gettext
    text = _(
        "<b>Give {route}, {warehouse} on {day} back?</b>\n"
        "Others are asked at once, and nothing is held against you. You won't be offered this shift again."
    ).format(route=escape(shift.route), warehouse=escape(shift.warehouse), day=reader.day(shift.on))
    return Screen(text, ((Button(_("↩️ Yes, give it back"), HandBackNow(shift.assignment_id)),), (keep,)))


def handed_back(told: int, reader: Reader) -> str:
    return reader.gettext("Given back. Your manager knows.") if told else reader.gettext("Given back.")


def cancelled_toast(told: int, reader: Reader) -> str:
    return reader.gettext("Cancelled. Your manager knows.") if told else reader.gettext("Cancelled.")
