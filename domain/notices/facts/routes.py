"""What is told of routes without a driver, and of days on which none run."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RouteUnfilled:
    """Nobody took it before its window closed; to the manager."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class TomorrowCover:
    """How far tomorrow is covered in these warehouses (by id); to the manager. `routes`: the first without a driver."""

    on: date
    warehouses: tuple[str, ...]
    slots: int
    uncovered: int
    unconfirmed: int
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Morning:
    """How far today is covered, as above; to the manager. `starts_at`: of the shifts, where something is to be done."""

    on: date
    warehouses: tuple[str, ...]
    slots: int
    uncovered: int
    unconfirmed: int
    routes: tuple[str, ...]
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class RouteCancelled:
    """A driver has left his shift; to the manager. `reason` and `mode` as in the model; no mode: the slot is over.

    `shift`: the assignment that was his.
    """

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    driver: str
    reason: str
    note: str | None
    late: bool
    mode: str | None
    shift: uuid.UUID


class Cause(StrEnum):
    """Why a driver is rid of a shift without having said so here."""

    CLOSED = "closed"  # the route does not run that day (R2.0)
    REMOVED = "removed"  # a manager has taken it from him
    BY_PHONE = "by_phone"  # a manager has cancelled it for him, on his word by telephone (R8.9) …
    BY_PHONE_LATE = "by_phone_late"  # … and that counts as a late cancellation


@dataclass(frozen=True, slots=True)
class ShiftCancelled:
    """The reader does not drive that day, and has not said so here: he must not travel."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class HolidayAhead:
    """A statutory holiday is near; to the managers, who say whether their routes run (R2.0)."""

    on: date


@dataclass(frozen=True, slots=True)
class RouteMoved:
    """A route leaves from another warehouse from a day on; to those who drive it then, or like to (R12.5).

    `shifts`: so many of the reader's. `dropped`: he does not work there, and so prefers it no longer.
    """

    route: str
    warehouse: str
    address: str
    first: date
    shifts: int
    dropped: bool
