"""Whether a route runs on a day, and what a manager may change about it (R2.0). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.policy import Policy
from domain.refusals import Refusal, Refused

DAYS_OF_WEEK = 7


def weekday_of(on: date) -> int:
    """0 = Sunday … 6 = Saturday, as people's preferred days (R1.2)."""
    return on.isoweekday() % DAYS_OF_WEEK


@dataclass(frozen=True, slots=True)
class Weekday:
    """A route runs on this weekday from a day until a day, both inclusive. None: since ever, for good."""

    weekday: int
    starts_on: date | None = None
    ends_on: date | None = None

    def has(self, on: date) -> bool:
        begun = self.starts_on is None or self.starts_on <= on
        return self.weekday == weekday_of(on) and begun and (self.ends_on is None or on <= self.ends_on)


def runs(on: date, weekdays: Sequence[Weekday], warehouse: bool | None, route: bool | None) -> bool:
    """Whether a route runs on a day (R2.0); in SQL it is `calendar.RUNS`.

    `warehouse`, `route`: what their exceptions of that day say; None: there is none. The route's own goes first; its
    warehouse can be closed, or run as usual; then the weekdays decide, and a route without any runs every day.
    """
    if route is not None:
        return route
    if warehouse is False:
        return False
    return not weekdays or any(weekday.has(on) for weekday in weekdays)


def weekdays_from(today: date, weekdays: Sequence[Weekday]) -> tuple[int, ...]:
    """On which weekdays (0 = Sunday) a route runs from a day on, or will."""
    ahead = {each.weekday for each in weekdays if each.ends_on is None or each.ends_on >= today}
    return tuple(number for number in range(DAYS_OF_WEEK) if not weekdays or number in ahead)


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A route or a warehouse on a day, as a manager is about to change it.

    `closed`: it is by an exception, its own or, of a route, its warehouse's. `runs`: of a route, what `runs` says of
    it; of a warehouse, that it is not closed.
    """

    on: date
    closed: bool
    runs: bool


@dataclass(frozen=True, slots=True)
class Change:
    """It may be done."""


def decide_close(place: PlaceFacts, policy: Policy, today: date) -> Change | Refused:
    """A day can be closed from today on, at most a year ahead, once; and only where something runs."""
    if (why := out_of_reach(place.on, policy, today)) is not None:
        return Refused(why)
    if place.closed and not place.runs:
        return Refused(Refusal.CLOSED_ALREADY)
    return Change() if place.runs else Refused(Refusal.DOES_NOT_RUN)


def decide_run(place: PlaceFacts, policy: Policy, today: date) -> Change | Refused:
    """[Run after all], also for a day on which it does not run by its weekdays."""
    if (why := out_of_reach(place.on, policy, today)) is not None:
        return Refused(why)
    return Refused(Refusal.RUNS_ALREADY) if place.runs else Change()


def out_of_reach(on: date, policy: Policy, today: date) -> Refusal | None:
    """Why the calendar of a day can't be changed; None where it can."""
    if on < today:
        return Refusal.DAY_PAST
    return Refusal.DAY_TOO_FAR if on - today > policy.calendar_ahead else None


def days_of(first: date, last: date) -> list[date]:
    """Both inclusive."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
