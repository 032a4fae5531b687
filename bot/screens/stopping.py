"""A driver has to stop on the way, and who has not finished (R8.7, R8.8)."""

from dataclasses import dataclass

from bot.callbacks.shifts import StopBecause, StopShift
from bot.reader import Reader
from bot.screens.cancelling import cause, reason
from bot.screens.home import home_button
from bot.screens.left import look
from bot.screens.lost_shifts import Held, held_row
from bot.screens.parcels import Keys
from bot.screens.screen import Button, Screen, escape
from bot.screens.shifts import ShiftNow, lines, steps
from bot.screens.windows import window
from domain.coverage.windows import WindowCard
from domain.db.models.words import CancelReason
from domain.notices.facts.shifts import DriverStopped, ReviewDecided
from domain.shifts.queries import OwnShift


def reasons(shift: OwnShift, back: Button, reader: Reader, who: str | None) -> Screen:
    """`who`: for whom a manager stops it."""
    _ = reader.gettext
    title = (
        _("<b>Why must you stop on {route}?</b>\nNothing is stopped yet. In danger? Call 911 first.")
        if who is None
        else _("<b>Why must {name} stop on {route}?</b>\nNothing is stopped yet.")
    )
    rows = [
        (Button(reason(why, reader), StopBecause(shift.assignment_id, number, 0)),)
        for number, why in enumerate(CancelReason)
    ]
    return Screen(title.format(route=escape(shift.route), name=escape(who or "")), (*rows, (back,)))


def keys_for(shift: OwnShift, why: int) -> Keys:
    """The keypad of what comes back, before the last button."""
    id_ = shift.assignment_id
    return Keys(lambda n: StopBecause(id_, why, n), lambda n: StopShift(id_, why, n))


def consequence(shift: OwnShift, why: CancelReason, back: Button, reader: Reader) -> Screen:
    """Nothing is loaded yet: the route goes to others."""
    _ = reader.gettext
    text = _(
        "<b>Stop {route}, {warehouse} now?</b>\nReason: {reason}\n\n"
        "Others are asked to take the route at once. Nobody is blamed unless a manager decides so."
    ).format(route=escape(shift.route), warehouse=escape(shift.warehouse), reason=reason(why, reader))
    stop = Button(_("🛑 Yes, stop"), StopShift(shift.assignment_id, list(CancelReason).index(why), 0))
    return Screen(text, ((stop,), (back,)))


def stopped_toast(reader: Reader, *, by_phone: bool) -> str:
    if by_phone:
        return reader.gettext("Stopped, as you were told by phone.")
    return reader.gettext("Stopped. Your manager knows and will be in touch.")


@dataclass(frozen=True, slots=True)
class HasStopped:
    """What the manager was told, and how the window is doing through which the slot is to be filled, if it is."""

    notice: DriverStopped
    card: WindowCard | None
    waits: bool  # for a manager's decision


def stopped(facts: HasStopped, reader: Reader) -> Screen:
    """A driver had to stop; to the manager, with the window's card below it."""
    _ = reader.gettext
    notice, card, decide = facts.notice, facts.card, look(facts.notice.shift, facts.waits, reader)
    text = _("🛑 <b>{driver} had to stop on {route}, {warehouse}</b>\n{day}. {reason}.\n☎️ {phone}").format(
        driver=escape(notice.driver),
        route=escape(notice.route),
        warehouse=escape(notice.warehouse),
        day=reader.day(notice.on),
        reason=cause(notice.reason, reader),
        phone=escape(notice.phone),
    )
    if notice.loaded is not None:
        parcels = _("Parcels that come back: {back} of {n}.").format(back=notice.brought_back, n=notice.loaded)
        return Screen(f"{text}\n\n{parcels}", ((decide,), (home_button(reader),)))
    if card is None:
        over = _("The day is too far gone to ask others.")
        return Screen(f"{text}\n\n{over}", ((decide,), (home_button(reader),)))
    below = window(card, reader)
    return Screen(f"{text}\n\n{below.html}", (*below.keyboard, (decide,)))


def overdue(facts: ShiftNow, reader: Reader) -> Screen:
    """Half a day after he arrived, to the driver."""
    title = reader.gettext("⏰ <b>Are you back?</b> This shift isn't finished here yet.")
    today = facts.now.astimezone(reader.zone).date()
    buttons = steps(facts.shift, today, facts.now, reader)
    return Screen(f"{title}\n{lines(facts.shift, reader)}", (*buttons, (home_button(reader),)))


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a manager has decided, and what is held against its driver for it, if anything is."""

    notice: ReviewDecided
    held: Held | None


def decided(facts: Reviewed, reader: Reader) -> Screen:
    """What became of an absence or a stopped shift; to its driver."""
    _, notice = reader.gettext, facts.notice
    what = {"route": escape(notice.route), "warehouse": escape(notice.warehouse), "day": reader.day(notice.on)}
    if notice.accepted:
        text = _("👍 <b>{route}, {warehouse} on {day}</b>: all right, nothing is held against you.")
    elif notice.stopped:
        text = _("<b>{route}, {warehouse} on {day}</b>: your manager counts what you delivered that day.")
    else:
        text = _("<b>{route}, {warehouse} on {day}</b>: your manager counts this as a late cancellation.")
    why = "\n" + _("Reason: {reason}").format(reason=escape(notice.reason, 500)) if notice.reason else ""
    talk = "" if notice.accepted else "\n\n" + _not_right(facts.held, reader)
    return Screen(text.format(**what) + why + talk, (*held_row(facts.held, reader), (home_button(reader),)))


def _not_right(held: Held | None, reader: Reader) -> str:
    """What can be done about it (R10.6)."""
    _ = reader.gettext
    if held is not None and not held.counts:
        return _("🕊 It was excused, and costs you nothing.")
    if held is not None and held.appealable:
        return _("Not right? Appeal it, or talk to your manager.")
    return _("Not right? Please talk to your manager.")
