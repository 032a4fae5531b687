"""A manager's card of one shift and its driver, with what he can do for him by telephone (R8.9)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.callbacks.arrivals import AcceptReview, Driven, HesHere, RefuseReview
from bot.callbacks.shifts import CannotCome, Confirm, FixParcels, ImHere, Keypad
from bot.reader import Reader
from bot.screens import history, removing
from bot.screens.board import board_button
from bot.screens.cancelling import reason
from bot.screens.home import home_button
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from bot.screens.shifts import stop_button
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.history.queries import Subject
from domain.policy import Policy
from domain.refusals import Refusal
from domain.shifts import driven as facts_
from domain.shifts.reviewing import Decided, ToReview
from domain.shifts.rules_of_parcels import Count

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class DrivenNow:
    """A shift as of an instant: what can be done with it hangs on the hour. `check_in`: from when on the day."""

    driven: facts_.Driven
    now: datetime
    check_in: datetime


def card(facts: DrivenNow, reader: Reader) -> Screen:
    """How it stands with the shift, whose it is, and what can be done for him."""
    _ = reader.gettext
    driven, shift = facts.driven, facts.driven.shift
    head = _("<b>{route}, {warehouse}</b>, {day}\n👤 {driver}, ☎️ {phone}").format(
        route=escape(shift.route),
        warehouse=escape(shift.warehouse),
        day=reader.day(shift.on),
        driver=escape(driven.driver),
        phone=escape(driven.phone),
    )
    parts = [head, "\n".join(_stands(driven, reader))]
    rows = _by_phone(facts, reader)
    others = _others(facts, reader)
    if driven.shift.status in (AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE) and rows:
        by_phone = _("What {name} tells you by phone goes in below.").format(name=escape(driven.driver))
        parts.append(by_phone + (" " + _("🚨 takes the shift away and asks others.") if others else ""))
    if driven.in_review:
        parts.append(_("🕊 Was it all right? If nobody decides within two weeks, it is."))
    back = (board_button(reader), home_button(reader))
    past = (history.button(Subject.SLOT, shift.assignment_id, reader),)
    return Screen("\n\n".join(parts), (*_decision(driven, reader), *rows, *others, past, back))


def _others(facts: DrivenNow, reader: Reader) -> Rows:
    """Of today, and before he has arrived, the shift can be taken off him (R6.9)."""
    scheduled = facts.driven.shift.status is AssignmentStatus.SCHEDULED
    return ((removing.button(facts.driven, reader),),) if scheduled and _is_today(facts, reader) else ()


def _stands(driven: facts_.Driven, reader: Reader) -> list[str]:
    _ = reader.gettext
    shift = driven.shift
    lines = []
    match shift.status:
        case AssignmentStatus.ACTIVE if shift.parcels_start is None:
            lines.append(_("🟢 There since {at}; nothing loaded yet.").format(at=_at(shift.arrived_at, reader)))
        case AssignmentStatus.ACTIVE:
            under_way = reader.ngettext(
                "🚚 Under way with {n} parcel, there since {at}.",
                "🚚 Under way with {n} parcels, there since {at}.",
                shift.parcels_start or 0,
            )
            lines.append(under_way.format(n=shift.parcels_start, at=_at(shift.arrived_at, reader)))
        case AssignmentStatus.COMPLETED:
            n = shift.parcels_start or 0
            delivered = n - (shift.parcels_returned or 0)
            done = reader.ngettext(
                "🏁 Done: {delivered} of {n} delivered.", "🏁 Done: {delivered} of {n} delivered.", delivered
            )
            lines.append(done.format(delivered=delivered, n=n) if n else _("🏁 Done."))
        case AssignmentStatus.CANCELLED:
            lines.append(_("⚪ No longer this driver's."))
        case _ if shift.confirmed:
            lines.append(_("✓ Confirmed; due by {arrive_by}.").format(arrive_by=reader.moment(shift.arrive_by)))
        case _:
            text = _("❔ Not confirmed; possible until {confirm_by}.")
            lines.append(text.format(confirm_by=reader.moment(shift.confirm_by)))
    if driven.reason is not None:
        lines.append(_("Reason: {reason}").format(reason=reason(driven.reason, reader)))
    if driven.note:
        text = _("In the driver's words: {note}") if driven.noted_by is None else _("Noted by {name}, by phone: {note}")
        lines.append(text.format(name=escape(driven.noted_by or ""), note=escape(driven.note, TEXT_MOST)))
    if driven.incident is not None:
        lines.append(_incident(driven.incident, reader) + (" " + _("(excused)") if driven.excused else ""))
    return lines


def _at(at: datetime | None, reader: Reader) -> str:
    return "?" if at is None else reader.time(at)


def _incident(kind: IncidentKind, reader: Reader) -> str:
    _ = reader.gettext
    return {
        IncidentKind.EARLY_CANCEL: _("Cancelled in good time."),
        IncidentKind.LATE_CANCEL: _("A late cancellation."),
        IncidentKind.AUTO_DROP: _("Not confirmed in time."),
        IncidentKind.NO_SHOW: _("A no-show."),
        IncidentKind.REMOVED_BY_MANAGER: _("Taken off by a manager."),
        IncidentKind.PROTECTED_ABSENCE: _("Not held against the driver."),
    }[kind]


def _by_phone(facts: DrivenNow, reader: Reader) -> Rows:
    """What the driver would press himself."""
    _ = reader.gettext
    driven, shift, now = facts.driven, facts.driven.shift, facts.now
    id_ = shift.assignment_id
    stop = (stop_button(shift, reader, driven.driver),)
    match shift.status:
        case AssignmentStatus.ACTIVE if shift.parcels_start is None:
            return ((Button(_("📦 Parcels loaded"), Keypad(id_, Count.LOADED, 0)),), stop)
        case AssignmentStatus.ACTIVE:
            wrong = Button(_("✏️ {n} is wrong").format(n=shift.parcels_start), Keypad(id_, Count.LOADED, 0))
            return ((Button(_("↩️ Parcels brought back"), Keypad(id_, Count.BROUGHT_BACK, 0)),), (wrong,), stop)
        case AssignmentStatus.COMPLETED:
            return ((Button(_("✏️ Fix the numbers"), FixParcels(id_)),),) if shift.parcels_start is not None else ()
        case AssignmentStatus.CANCELLED:
            missed = driven.incident is IncidentKind.NO_SHOW and not driven.excused
            return (
                ((Button(_("✅ Is here: give it back"), HesHere(id_)),),) if missed and _is_today(facts, reader) else ()
            )
    rows: list[tuple[Button, ...]] = []
    if not shift.confirmed and now <= shift.confirm_by:
        rows.append((Button(_("✅ Agreed: confirm"), Confirm(id_)),))
    if shift.confirmed and facts.check_in <= now < shift.arrive_by:
        rows.append((Button(_("✅ Is here"), ImHere(id_)),))
    if shift.confirmed and shift.arrive_by <= now and _is_today(facts, reader):
        rows.append((Button(_("✅ Is here"), HesHere(id_)),))
    if now < shift.arrive_by:
        rows.append((Button(_("❌ Can't make it"), CannotCome(id_)),))
    return tuple(rows)


def _is_today(facts: DrivenNow, reader: Reader) -> bool:
    """Who was there too late can be given the shift back on its own day (R8.6)."""
    return facts.now.astimezone(reader.zone).date() == facts.driven.shift.on


def _decision(driven: facts_.Driven, reader: Reader) -> Rows:
    """On an absence, or on a shift that had to be stopped (R5.3, R8.8)."""
    _ = reader.gettext
    if not driven.in_review:
        return ()
    id_ = driven.shift.assignment_id
    stopped = driven.shift.status is AssignmentStatus.COMPLETED
    refuse = _("✖️ It counts like any day") if stopped else _("✖️ It's a late cancellation")
    return ((Button(_("👍 All right"), AcceptReview(id_)), Button(refuse, RefuseReview(id_))),)


def still_out(facts: DrivenNow, reader: Reader) -> Screen:
    """Sixteen hours after arrival; to the manager (R8.7)."""
    title = reader.gettext("⏰ <b>{driver} hasn't finished</b>").format(driver=escape(facts.driven.driver))
    below = card(facts, reader)
    return Screen(f"{title}\n{below.html}", below.keyboard)


LISTED_MOST = 10


def reviews(waiting: tuple[ToReview, ...], total: int, reader: Reader) -> Screen:
    """What waits for his decision, the oldest first."""
    _ = reader.gettext
    if not waiting:
        return Screen(_("👍 Nothing waits for your decision."), ((home_button(reader),),))
    title = _("<b>Was it all right?</b> If nobody decides, it is.")
    lines = [title, *(_waiting(each, reader) for each in waiting)]
    if total > len(waiting):
        lines.append(
            reader.ngettext("… and {n} more", "… and {n} more", total - len(waiting)).format(n=total - len(waiting))
        )
    rows = [
        (Button(f"{each.driver}, {each.route}, {reader.day(each.on)}"[:60], Driven(each.assignment_id)),)
        for each in waiting
    ]
    return Screen("\n".join(lines), (*rows, (home_button(reader),)))


def _waiting(each: ToReview, reader: Reader) -> str:
    absence = f"• {escape(each.driver)}, {escape(each.route)}, {reader.day(each.on)}"
    if each.reason:
        absence = reader.said(absence, reason(each.reason, reader))
    until = reader.gettext("(until {until})").format(until=reader.day(each.until.astimezone(reader.zone).date()))
    return f"{absence} {until}"


def ask_why_refused(policy: Policy, back: Button, reader: Reader) -> Screen:
    text = reader.gettext("Why not? The driver reads it. Write it now, in one message of at most {n} characters.")
    return Screen(text.format(n=policy.reasons_most), ((back,),))


def back(driven: facts_.Driven, reader: Reader) -> Button:
    return Button(reader.gettext("‹ Change nothing"), Driven(driven.shift.assignment_id))


def too_long(assignment_id: UUID, policy: Policy, reader: Reader) -> Screen:
    """He writes it again."""
    back = Button(reader.gettext("‹ Change nothing"), Driven(assignment_id))
    return Screen(refusal(Refusal.NOTES_TOO_LONG, policy, reader), ((back,),))


def review_decided(result: Decided, reader: Reader) -> str:
    _ = reader.gettext
    return _("Decided. The driver knows.") if result.accepted else _("Decided. The driver knows, with your reason.")


def refusal(why: Refusal, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    texts = {
        Refusal.DECIDED_ALREADY: _("That has been decided already."),
        Refusal.NO_REASON: _("It takes a reason."),
        Refusal.NOTES_TOO_LONG: _("That is over {n} characters. Please write it again, a bit shorter.").format(
            n=policy.reasons_most
        ),
    }
    return texts.get(why, _("I can't find that in your warehouses."))
