"""What is told of a driver's own shifts."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ShiftToday:
    """The reader drives today."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    arrive_by: datetime


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """The reader has not said yet whether he will be there."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    confirm_by: datetime


@dataclass(frozen=True, slots=True)
class ShiftDropped:
    """The reader did not confirm in time; the shift is open to others. `blamed`: it counts against him (R4.3)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    blamed: bool


@dataclass(frozen=True, slots=True)
class ShiftReturned:
    """The reader was there too late; his manager has given him the shift back, or not (R8.6)."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    restored: bool


@dataclass(frozen=True, slots=True)
class ShiftOverdue:
    """A shift that has not been completed half a day after arrival (R8.7); to its driver, later to the manager."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    driver: str


@dataclass(frozen=True, slots=True)
class DriverStopped:
    """A driver had to stop on the way; to the manager (R8.8). `loaded` None: before he had loaded anything.

    `asked`: others are being asked to take the route. `shift`: the assignment.
    """

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    driver: str
    phone: str
    reason: str
    loaded: int | None
    brought_back: int | None
    asked: bool
    shift: uuid.UUID


@dataclass(frozen=True, slots=True)
class ReviewDecided:
    """What became of an absence, or of a shift that was stopped; to its driver (R5.3, R8.8). `stopped`: he had begun.

    `reason`: the manager's own words, where it was not accepted.
    """

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    stopped: bool
    accepted: bool
    reason: str | None
