"""What is told of drivers who are due."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ShiftMissed:
    """The reader was not there in time; the shift goes to others (R8.6). `counts`: against him."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class DriverMissing:
    """A driver was not there in time; to the manager. `asked`: others are being asked, unless the slot is over."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    driver: str
    phone: str
    asked: bool


@dataclass(frozen=True, slots=True)
class NotCheckedIn:
    """The reader is not there yet, and `arrive_by` is near (R8.2a)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    arrive_by: datetime


@dataclass(frozen=True, slots=True)
class MissingListed:
    """Who is not checked in, of those who are due at one instant; to the managers (R8.2a)."""

    warehouse: str
    on: date
    starts_at: datetime
    due_at: datetime
    drivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArrivalsHeld:
    """Who is missing while no no-show is automatic, `until` when; to the managers (R8.6a)."""

    warehouse: str
    on: date
    starts_at: datetime
    until: datetime
    drivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DriverLate:
    """A driver is running late: he was due at `due_at`, and has until `arrive_by`; to the manager (R8.5).

    `minutes`: so late, as he says.
    """

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    driver: str
    phone: str
    due_at: datetime
    arrive_by: datetime
    minutes: int | None


@dataclass(frozen=True, slots=True)
class LateAnswered:
    """The reader was running late, and his manager has `granted` him so many minutes more; none: refused (R8.5)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    granted: int


@dataclass(frozen=True, slots=True)
class ArrivedLate:
    """A driver is there after all, when he was missed already; to the manager (R8.6)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    driver: str
    phone: str
    at: datetime
