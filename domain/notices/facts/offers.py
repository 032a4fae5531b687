"""What is told of open shifts and of those that somebody has been given."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ShiftOffered:
    """A shift that whoever accepts first may have, or that can be bid for until `closes_at`. `mode` as in the model."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    bonus_percent: int
    mode: str
    closes_at: datetime


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
class ShiftAssigned:
    """A manager has given the reader a shift, which he has yet to confirm, unless he had bid for it (R7.2)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    confirm_by: datetime
    confirmed: bool
    by: str


class Lost(StrEnum):
    """Why a bid has come to nothing."""

    TAKEN = "taken"  # somebody else has it
    CLOSED = "closed"  # nobody has: the route does not run that day
    EMERGENCY = "emergency"  # nobody has yet: it goes on as an emergency, for whoever accepts first
    TOO_LATE = "too_late"  # its shift started before anybody was given it


@dataclass(frozen=True, slots=True)
class BidLost:
    """The reader does not get what he has bid for."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    why: Lost
