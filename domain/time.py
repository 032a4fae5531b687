"""Local days and weeks, the start of a shift, and the deadlines that hang on it (R1). Instants are aware, in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from domain.policy import Policy

MOMENT: Final = timedelta(microseconds=1)  # the least by which one instant is later than another


def local_day(at: datetime, policy: Policy) -> date:
    """The company's calendar day at this instant (R1.1)."""
    return at.astimezone(policy.zone).date()


def local_instant(on: date, at: time, policy: Policy) -> datetime:
    """The instant of a wall-clock time in the company's zone; the host's own zone never matters (R1.5)."""
    return datetime.combine(on, at, policy.zone).astimezone(UTC)


def week_of(on: date) -> tuple[date, date]:
    """Monday and Sunday, both inclusive, of the week that a day is in (R1.2)."""
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=6)


def shift_start(on: date, policy: Policy) -> datetime:
    """When the shift of this day starts: 07:00 local (R1.3)."""
    return local_instant(on, policy.shift_starts, policy)


def arrive_by(on: date, assigned_at: datetime | None, policy: Policy) -> datetime:
    """The later of 09:00 local and 90 minutes after award or assignment (R1.3a). Arriving at exactly this is late."""
    nine = local_instant(on, policy.arrive_by, policy)
    return nine if assigned_at is None else max(nine, assigned_at + policy.arrive_within)


def last_confirmation(on: date, assigned_at: datetime | None, arrive: datetime, policy: Policy) -> datetime:
    """Until when, inclusive, a shift can be confirmed: 48 h before its start (R1.3a).

    One that was assigned late has more time: the later of that, of 12 h after the assignment (at most 2 h before the
    start), and of 30 minutes after it (at most until `arrive`, when arriving is due).
    """
    start = shift_start(on, policy)
    latest = start - policy.confirm_before
    if assigned_at is None:
        return latest
    unhurried = min(assigned_at + policy.confirm_within, start - policy.confirm_lead)
    return max(latest, unhurried, min(assigned_at + policy.confirm_least, arrive))


def is_late(on: date, now: datetime, policy: Policy) -> bool:
    """Whether leaving a shift of this day is late: 48 h before its start or less (R5.2), an exact duration (R1.4)."""
    return now >= shift_start(on, policy) - policy.confirm_before


def give_away_until(on: date, policy: Policy) -> datetime:
    """Until when, exclusive, a shift can be offered to colleagues and taken by one: 2 h before its start (R5.5)."""
    return shift_start(on, policy) - policy.give_away_before


def emergency_close(on: date, policy: Policy) -> datetime:
    """When an emergency window closes by itself: 13:00 local on the shift's date (R6.2)."""
    return local_instant(on, policy.slot_over, policy)


def freeze_of(week: date, policy: Policy) -> datetime:
    """When preferences are frozen for the week of this Monday: Sunday 23:59:59 local, eight days before (R3.2)."""
    return local_instant(week - policy.roster_ahead, policy.freezes_at, policy)


def week_to_freeze(now: datetime, policy: Policy) -> date:
    """The Monday of the first week for which what is saved now counts: its freeze is now or to come (R3.2, R3.3)."""
    monday, _ = week_of(local_day(now, policy))
    week = monday + timedelta(days=6) + policy.roster_ahead
    return week if now <= freeze_of(week, policy) else week + timedelta(days=7)
