"""What is told of people: their links, their time, and what is written to them."""

import uuid
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class LinkMoved:
    """The reader's account was linked from another chat; to the old one (R12.2)."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a manager has written to people; the text is his own, in his own language.

    `instead_of`: to whom it was written, where that one is away and the reader stands in (R11.4a).
    """

    author: str
    text: str
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class TimeOffNoted:
    """A manager has entered days off for the reader, by phone; so many shifts of these go to others (R12.7)."""

    off: str  # its kind: "kind" is the notice's own
    first: date
    last: date
    shifts: int
    by: str


@dataclass(frozen=True, slots=True)
class TimeOffEnded:
    """A manager has noted that the reader is back before his days off were over (R12.7)."""

    first: date
    last: date
    by: str


@dataclass(frozen=True, slots=True)
class EmploymentEnds:
    """The reader's last day, as a manager has entered it; so many shifts after it go to others (R12.7)."""

    last: date
    shifts: int
    by: str


@dataclass(frozen=True, slots=True)
class EmploymentGoesOn:
    """The reader stays after all; what went to others stays with them (R12.7)."""

    by: str


@dataclass(frozen=True, slots=True)
class InCharge:
    """The reader manages a warehouse from now on, or no longer does (R12.5)."""

    warehouse: str
    manages: bool
    by: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """The reader drives here now, and may link his chat at this address, by his own number (R12.2)."""

    address: str
    by: str


@dataclass(frozen=True, slots=True)
class NumberChanged:
    """A driver has another phone number, as he has shared it himself; to his managers (R12.7)."""

    driver_id: uuid.UUID
    driver: str


@dataclass(frozen=True, slots=True)
class FallbackGone:
    """A driver takes no SMS any more; to his managers (R11.5)."""

    driver: str
    linked: bool  # he is still reached by Telegram


@dataclass(frozen=True, slots=True)
class OperatorAlert:
    """Something that an operator must put right; to the owners. `alert` names it, `detail` is for experts."""

    alert: str
    detail: str
