"""What can be told, as facts. The edge hands in the function that words them (R11.1): no prose in here."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class EmergencyOffered:
    """A shift that whoever accepts first may have."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    bonus_percent: int


@dataclass(frozen=True, slots=True)
class ShiftWon:
    """The reader has the shift."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    bonus_percent: int


@dataclass(frozen=True, slots=True)
class RouteUnfilled:
    """Nobody took it before its window closed; to the manager."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class LinkMoved:
    """The reader's account was linked from another chat; to the old one (R12.2)."""


Notice = EmergencyOffered | ShiftWon | RouteUnfilled | LinkMoved


class Worded(NamedTuple):
    """Plain text for the given title and body columns."""

    title: str
    body: str


class Wording(Protocol):
    """Words a notice in a language; pure. `languages` are those that people may have; the first is for the rest."""

    @property
    def languages(self) -> tuple[str, ...]: ...

    def __call__(self, notice: Notice, language: str) -> Worded: ...
