"""What is told of shifts that are given away."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ShiftToGive:
    """A colleague gives a shift away, and the reader may take it over (R5.5). It is offered to all, so by no name."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime


class Given(StrEnum):
    """What became of a shift that somebody wanted to give away."""

    TAKEN = "taken"
    REFUSED = "refused"  # by a manager
    UNDECIDED = "undecided"  # no manager has said anything in time
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class GiveAwayEnded:
    """What became of it; to who gave it (`giver`), or to who has asked for it and does not get it (R5.5).

    `other`: who has taken it, or asked for it, or for the latter whose it stays; None where it was offered to all.
    """

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    end: Given
    giver: bool
    other: str | None


@dataclass(frozen=True, slots=True)
class GiveAwayAsked:
    """A driver would take over a colleague's shift, if the reader, a manager, agrees (R5.5)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    giver: str
    taker: str
    give_away: uuid.UUID


@dataclass(frozen=True, slots=True)
class ShiftGiven:
    """A driver has given a shift to a colleague; to the manager (R5.5)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    giver: str
    taker: str
