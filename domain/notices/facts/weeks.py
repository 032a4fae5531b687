"""What is told of a week that has been given out (R3.8)."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class WeekGiven:
    """The reader drives in the week of this Monday, so many times, and has yet to confirm it."""

    week: date
    shifts: int


@dataclass(frozen=True, slots=True)
class WeekLocked:
    """The week of this Monday is given out, and what drivers prefer is locked for it. `shifts`: the reader's."""

    week: date
    shifts: int


@dataclass(frozen=True, slots=True)
class WeekReported:
    """How the week of this Monday went in the reader's warehouses: shifts that were to be driven, and that were."""

    week: date
    slots: int
    driven: int
    no_shows: int


@dataclass(frozen=True, slots=True)
class WeekOpen:
    """So many shifts of the week of this Monday have no driver, of those that the reader could take."""

    week: date
    shifts: int
