"""The facts of a report: how a week went, a part for each warehouse, with the reader's words in them already."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A warehouse: how much of it was driven (0 to 1), as it is written at the bar, and below it `lines` of figures."""

    name: str
    share: float
    written: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReportCard:
    """`bars` from top to bottom."""

    title: str
    bars: tuple[Bar, ...]
