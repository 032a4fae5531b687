"""The facts of a health card: a driver's score, his last days, his stars, and what helped and hurt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """Of the score: its name, how much of it is reached (0 to 1), the points gained and those lost, as written."""

    name: str
    share: float
    helped: str
    hurt: str


@dataclass(frozen=True, slots=True)
class HealthCard:
    """`days`: how long ago and the score, today (0) the last; `first` and `last` are written below the line's ends.

    `mark`: where the elite begins, of `most` points; `verdict`: how far the score is from it. `next`: what brings more.
    """

    title: str
    score: int
    most: int
    mark: int
    verdict: str
    days: tuple[tuple[int, int], ...]
    span: int
    first: str
    last: str
    stars: int
    stars_most: int
    parts: tuple[Part, ...]
    next: str
