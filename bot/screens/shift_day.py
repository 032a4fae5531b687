"""What a driver reads on the day: that he is not checked in, an answer to his being late, whether it is his again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.reader import Reader
from bot.screens.screen import Screen, escape
from bot.screens.shifts import ShiftNow, lines, steps
from domain.db.models.words import AssignmentStatus
from domain.notices.facts.arrivals import LateAnswered
from domain.notices.facts.shifts import ShiftReturned
from domain.shifts.queries import OwnShift


def not_checked_in(facts: ShiftNow, reader: Reader) -> Screen:
    """Shortly before arriving is due (R8.2a)."""
    shift, now = facts.shift, facts.now
    today = now.astimezone(reader.zone).date()
    if shift.status is not AssignmentStatus.SCHEDULED or now >= shift.arrive_by:
        return Screen(lines(shift, reader), steps(shift, today, now, reader))
    text = reader.gettext(
        "⏰ <b>Not checked in</b>: {route}, {warehouse}\n"
        "At <b>{arrive_by}</b> your route goes to others. Are you there?"
    ).format(route=escape(shift.route), warehouse=escape(shift.warehouse), arrive_by=reader.time(shift.arrive_by))
    return Screen(text, steps(shift, today, now, reader))


@dataclass(frozen=True, slots=True)
class Answered:
    """What the manager has said to the reader's being late, and how the shift stands."""

    notice: LateAnswered
    shift: OwnShift
    now: datetime


def late_answered(facts: Answered, reader: Reader) -> Screen:
    """The latest answer counts (R8.5)."""
    _ = reader.gettext
    shift, now = facts.shift, facts.now
    buttons = steps(shift, now.astimezone(reader.zone).date(), now, reader)
    if shift.status is not AssignmentStatus.SCHEDULED:
        return Screen(lines(shift, reader), buttons)
    granted = _("👍 <b>Your manager gives you until {arrive_by}</b>: {route}, {warehouse}.")
    refused = _("⚠️ <b>Your manager can't wait: be there by {arrive_by}</b>, {route}, {warehouse}.")
    text = (granted if facts.notice.granted else refused).format(
        route=escape(shift.route), warehouse=escape(shift.warehouse), arrive_by=reader.time(shift.arrive_by)
    )
    return Screen(text, buttons)


@dataclass(frozen=True, slots=True)
class Returned:
    """Whether a shift is the reader's again after he was there too late. `shift`: as it stands, if it is."""

    notice: ShiftReturned
    shift: OwnShift | None
    now: datetime


def returned(facts: Returned, reader: Reader) -> Screen:
    _ = reader.gettext
    place = {"route": escape(facts.notice.route), "warehouse": escape(facts.notice.warehouse)}
    if not facts.notice.restored:
        text = _("⚪ <b>{route}, {warehouse}</b> stays with others. Your manager knows that you came.")
        return Screen(text.format(**place))
    text = _("✅ <b>It's yours again</b>: {route}, {warehouse}. You're checked in, and nothing is held against you.")
    if facts.shift is None:
        return Screen(text.format(**place))
    today = facts.now.astimezone(reader.zone).date()
    below = lines(facts.shift, reader)
    return Screen(f"{text.format(**place)}\n\n{below}", steps(facts.shift, today, facts.now, reader))


def run_late(arrive_by: datetime, reader: Reader) -> str:
    """The short answer over the chat."""
    text = reader.gettext("Noted: be there by {arrive_by}. Your manager knows.")
    return text.format(arrive_by=reader.time(arrive_by))


def too_little(shift: OwnShift, minutes: int) -> bool:
    """Whether he has said that he will be later than he may be."""
    return shift.late is not None and shift.late.due_at + timedelta(minutes=minutes) > shift.arrive_by


def less_than_said(facts: ShiftNow, minutes: int, told: bool, reader: Reader) -> Screen:
    """Who says that he will be later than was granted: until when he has, and what becomes of it (R8.5).

    `told`: his manager has just been told of these minutes; of what he says again nobody is.
    """
    _ = reader.gettext
    shift = facts.shift
    text = (
        _("⏳ <b>You have until {arrive_by} for now.</b> Your manager knows of {n} minutes and can give you more.")
        if told
        else _("⏳ <b>You have until {arrive_by}.</b> If you'll be later than that, please call your manager.")
    )
    after = _("At {arrive_by} your route goes to others.")
    said = f"{text}\n{after}".format(arrive_by=reader.time(shift.arrive_by), n=minutes)
    today = facts.now.astimezone(reader.zone).date()
    return Screen(said, steps(shift, today, facts.now, reader))


def told_late(reader: Reader) -> str:
    return reader.gettext("Your manager knows that you are there, and decides.")
