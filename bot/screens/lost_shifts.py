"""A shift that its driver has lost: it was not confirmed in time, or he was not there in time (R4.3, R8.6)."""

from dataclasses import dataclass
from uuid import UUID

from bot.callbacks.appeals import AppealIt, WhyHeld
from bot.callbacks.bidding import OpenShift
from bot.callbacks.shifts import ComeLate, StillWanted
from bot.reader import Reader
from bot.screens.home import home_button, open_button
from bot.screens.screen import Button, Screen, escape
from domain.notices.facts.arrivals import ShiftMissed
from domain.notices.facts.shifts import ShiftDropped
from domain.shifts.coming import MissedShift
from domain.shifts.queries import OwnShift
from domain.shifts.restoring import StillOpen

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """An incident, which can be explained, and appealed if `appealable`. `counts`: it is not excused."""

    incident_id: UUID
    counts: bool
    appealable: bool


def held_row(held: Held | None, reader: Reader) -> Rows:
    if held is None:
        return ()
    appeal = (Button(reader.gettext("⚖️ Appeal"), AppealIt(held.incident_id, 0)),) if held.appealable else ()
    return ((Button(reader.gettext("❔ Why"), WhyHeld(held.incident_id, 0)), *appeal),)


@dataclass(frozen=True, slots=True)
class Gone:
    """A shift that was the reader's. `open` None: it is so to nobody; `held`: what is held against him for it."""

    notice: ShiftDropped
    assignment_id: UUID
    open: StillOpen | None
    held: Held | None = None


def dropped(facts: Gone, reader: Reader) -> Screen:
    """It was not confirmed in time (R4.3)."""
    _ = reader.gettext
    text = _("⚪ <b>{route}, {warehouse} on {day} is no longer yours</b>\nIt wasn't confirmed in time.").format(
        route=escape(facts.notice.route), warehouse=escape(facts.notice.warehouse), day=reader.day(facts.notice.on)
    )
    still, rows = _still_open(facts, reader)
    below = (*held_row(facts.held, reader), (open_button(reader), home_button(reader)))
    return Screen(f"{text} {still}".rstrip(), (*rows, *below))


def _still_open(facts: Gone, reader: Reader) -> tuple[str, Rows]:
    """Whether he can have it back, and the button for it (R4.3)."""
    _ = reader.gettext
    if facts.open is None:
        return "", ()
    if not facts.open.others_bid:
        return _("Nobody else has it yet."), ((Button(_("✋ I still want it"), StillWanted(facts.assignment_id)),),)
    if not facts.open.may_bid:
        return _("Others have bid for it by now."), ()
    see = Button(_("🙋 See it"), OpenShift(facts.open.window_id))
    return _("Others have bid for it by now; you can bid, too."), ((see,),)


@dataclass(frozen=True, slots=True)
class Missed:
    """A shift for which the reader was there too late, how it stands, and what is held against him for it."""

    notice: ShiftMissed
    assignment_id: UUID
    stands: MissedShift
    held: Held | None = None


def missed(facts: Missed, reader: Reader) -> Screen:
    """He was not there in time (R8.6)."""
    _ = reader.gettext
    notice = facts.notice
    text = _("⛔ <b>You weren't at {warehouse} by {arrive_by}</b>\n{route}, {day}").format(
        warehouse=escape(notice.warehouse),
        arrive_by=reader.time(notice.arrive_by),
        route=escape(notice.route),
        day=reader.day(notice.on),
    )
    home = ((home_button(reader),),)
    if facts.stands is MissedShift.RESTORED:
        given_back = _("Your manager has given it back to you: nothing is held against you.")
        return Screen(f"{text}\n\n{given_back}", home)
    counts = (
        _("This counts as a no-show: you get no new shifts until your manager has decided.")
        if facts.held is None or facts.held.counts
        else _("It was a no-show, but nothing is held against you.")
    )
    next_ = {
        MissedShift.OPEN: _("The route goes to others now. If you are there, say so: your manager may give it back."),
        MissedShift.TOLD: _("Your manager knows that you are there, and decides. Others are being asked meanwhile."),
        MissedShift.LEFT: _("The route stays with others. Your manager knows that you came."),
        MissedShift.TAKEN: _("Somebody else has the route by now. Please call your manager."),
        MissedShift.OVER: _("Please call your manager."),
    }[facts.stands]
    late = ((Button(_("🏃 I'm here, late"), ComeLate(facts.assignment_id)),),)
    said = "\n\n".join([text, *([counts] if notice.counts else []), next_])
    return Screen(said, (*(late if facts.stands is MissedShift.OPEN else home), *held_row(facts.held, reader)))


def too_late(shift: OwnShift, home: Button, reader: Reader) -> Screen:
    """[I'm here] at or after the last instant (R8.6)."""
    _ = reader.gettext
    text = _("⛔ You were due at {warehouse} by {arrive_by}. If you are there now, tell your manager.").format(
        warehouse=escape(shift.warehouse), arrive_by=reader.time(shift.arrive_by)
    )
    return Screen(text, ((Button(_("🏃 I'm here, late"), ComeLate(shift.assignment_id)),), (home,)))
