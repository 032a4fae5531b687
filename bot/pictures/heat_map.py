"""The facts of a heat map: routes × days with a mark in each cell, or the routes of one day."""

from dataclasses import dataclass
from enum import Enum, auto


class Mark(Enum):
    """How a cell looks: a colour that the colour-blind tell apart, and a sign for those who see none."""

    COVERED = auto()
    WOULD_BE = auto()
    EMPTY = auto()
    NOT_RUN = auto()
    OVER = auto()
    UNCONFIRMED = auto()
    WITH_BIDS = auto()
    LATE = auto()
    DONE = auto()
    CLOSED = auto()
    NOT_PLANNED = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """A route: its name, and one mark for each day."""

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The routes of a warehouse."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """`days`: weekday and day of the month, each on a line of its own. `legend`: what the marks mean that are in it.

    `today`: which of the days that is, counted from 0.
    """

    title: str
    days: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    legend: tuple[tuple[Mark, str], ...]
    today: int | None = None


@dataclass(frozen=True, slots=True)
class DayMap:
    """One day: each of the rows has one mark, and is a tile with the route's name on it."""

    title: str
    sections: tuple[Section, ...]
    legend: tuple[tuple[Mark, str], ...]
