"""A driver's shifts as iCalendar (RFC 5545), for any calendar program.

Starts are given in UTC, so that every program shows them by the clock of where it is, whatever the season. Of a shift
that changes, the same event is given again with a higher sequence: first to be confirmed, then confirmed, at last
cancelled.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, vDuration

from bot.reader import Reader
from domain.shifts.feed import FeedShift

LOOK_EVERY: Final = timedelta(hours=1)  # a program is asked to; most decide for themselves


def calendar(shifts: Sequence[FeedShift], company: str, reader: Reader) -> bytes:
    """The whole calendar; the same shifts give the same bytes."""
    every = Calendar()
    every.add("prodid", "-//Rollcall//Shifts//EN")
    every.add("version", "2.0")
    every.add("calscale", "GREGORIAN")
    every.add("method", "PUBLISH")
    every.add("x-wr-calname", reader.said(company, reader.gettext("my shifts")))
    every.add("refresh-interval", vDuration(LOOK_EVERY), parameters={"VALUE": "DURATION"})
    every.add("x-published-ttl", vDuration(LOOK_EVERY))
    for shift in shifts:
        every.add_component(_event(shift, reader))
    return bytes(every.to_ical())


def _event(shift: FeedShift, reader: Reader) -> Event:
    _ = reader.gettext
    event = Event()
    event.add("uid", f"{shift.assignment_id}@rollcall")
    event.add("dtstamp", _whole(shift.changed_at))
    event.add("last-modified", _whole(shift.changed_at))
    event.add("dtstart", shift.starts_at)
    event.add("dtend", shift.over_at)
    status, sequence, summary = _stands(shift, reader)
    event.add("status", status)
    event.add("sequence", sequence)
    event.add("summary", summary)
    event.add("location", f"{shift.warehouse}, {shift.address}")
    event.add("transp", "TRANSPARENT" if shift.cancelled else "OPAQUE")
    if not shift.cancelled:
        starts = _("Starts at {start}. When it is over depends on the day.").format(start=reader.time(shift.starts_at))
        confirm = [] if shift.confirmed else [_("Please confirm it in Telegram: /confirm")]
        event.add("description", "\n".join([starts, *confirm]))
    return event


def _stands(shift: FeedShift, reader: Reader) -> tuple[str, int, str]:
    _ = reader.gettext
    what = f"{shift.route}, {shift.warehouse}"
    if shift.cancelled:
        return "CANCELLED", 2, reader.said(_("Cancelled"), what)
    if shift.confirmed:
        return "CONFIRMED", 1, what
    return "TENTATIVE", 0, _("{shift} (to confirm)").format(shift=what)


def _whole(at: datetime) -> datetime:
    """iCalendar knows whole seconds, in UTC."""
    return at.astimezone(UTC).replace(microsecond=0)
