"""A driver's score, what it is made of, and his stars (R10.1, R10.4). Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from domain.policy import Policy

MILLION: Final = 10**6  # a rate is known to six places
NEARLY: Final = 10**4  # and points to four


class Part(StrEnum):
    ATTENDANCE = "attendance"
    COMPLETION = "completion"
    RELIABILITY = "reliability"


@dataclass(frozen=True, slots=True)
class Record:
    """What a driver is scored by: all that ever fell due (R9.1), and what went wrong within the last 30 days.

    `completion` is the rate of his metrics, 0 to 1. What was excused is in none of it.
    """

    due: int
    completed: int
    completion: float
    no_shows: int
    late_cancels: int


@dataclass(frozen=True, slots=True)
class Points:
    """What a part brought, in whole points, of what it could."""

    part: Part
    points: int
    of: int

    @property
    def lost(self) -> int:
        return self.of - self.points


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100. `parts` add up to it, unless it is `capped`: then they add up to more."""

    score: int
    parts: tuple[Points, ...]
    capped: bool

    @property
    def reasons(self) -> list[str]:
        """For the given column: each part with its points, and the cap."""
        return [f"{each.part.value}:{each.points}/{each.of}" for each in self.parts] + ["capped"] * self.capped


def stops(no_shows: int, late_cancels: int, policy: Policy) -> bool:
    """Whether so many within 30 days stop a driver, and hold his score down (R10.2)."""
    return no_shows >= policy.hard_stop_no_shows or late_cancels >= policy.hard_stop_late_cancels


def score_of(record: Record, policy: Policy) -> Score:
    """The score of R10.1, half points up; at most 49 as long as what stops a driver is within the last 30 days."""
    due, completed = (record.due, record.completed) if record.due else (1, 0)
    one = due * MILLION  # point: so every part is a whole number of the same
    lost = policy.points_lost_each * (record.no_shows + record.late_cancels)
    exact = {
        Part.ATTENDANCE: (policy.points_attendance * completed * MILLION, policy.points_attendance),
        Part.COMPLETION: (policy.points_completion * _millionths(record.completion) * due, policy.points_completion),
        Part.RELIABILITY: (max(0, policy.points_reliability - lost) * one, policy.points_reliability),
    }
    total = (_nearly(sum(points for points, _ in exact.values()), one) + NEARLY // 2) // NEARLY
    whole = _adding_up([points for points, _ in exact.values()], one, total)
    parts = tuple(Points(part, points, of) for points, (part, (_, of)) in zip(whole, exact.items(), strict=True))
    capped = stops(record.no_shows, record.late_cancels, policy) and total > policy.stopped_most
    return Score(policy.stopped_most if capped else total, parts, capped)


def rate_of(stored: float) -> Fraction:
    """The column is a `real`: 0.95 comes back as 0.94999999, which is not to cost anybody his half point."""
    return Fraction(_millionths(stored), MILLION)


def _millionths(stored: float) -> int:
    """A real times a million is exact as a float."""
    return round(stored * MILLION)


def _nearly(points: int, one: int) -> int:
    """In ten-thousandths, half to even: a third, to six places, times 30 is not quite 10."""
    down, over = divmod(points * NEARLY, one)
    return down + (2 * over > one or (2 * over == one and down % 2))


def _adding_up(parts: list[int], one: int, total: int) -> list[int]:
    """Each its own whole or the next one, so that they add up: those that lose most by rounding down are rounded up."""
    down = [_nearly(part, one) // NEARLY for part in parts]
    most = sorted(range(len(down)), key=lambda at: down[at] * one - parts[at])[: total - sum(down)]
    return [part + (at in most) for at, part in enumerate(down)]


@dataclass(frozen=True, slots=True)
class Week:
    """What fell due for a driver within a week. `completion`: its mean; None where no shift of it has parcels."""

    due: int
    completed: int
    completion: Decimal | None


def qualifies(week: Week, policy: Policy) -> bool | None:
    """Whether a week earns a star: all that was due completed, and 95 % of it delivered (R10.4).

    None where nothing was due. A no-show, a drop or a late cancellation was due and is not completed.
    """
    if week.due == 0:
        return None
    return week.completed == week.due and (
        week.completion is None or Fraction(week.completion) >= policy.star_completion
    )


@dataclass(frozen=True, slots=True)
class Stars:
    """`streak` is the number of weeks that have qualified since the last hard stop, `stars` the same up to four."""

    streak: int
    policy: Policy

    @property
    def stars(self) -> int:
        return min(self.streak, self.policy.stars_most)

    @property
    def next(self) -> int:
        """The next milestone; with the last one reached, that."""
        return min(self.stars + 1, self.policy.stars_most)
