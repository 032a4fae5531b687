"""What can be told, as facts. The edge hands in the function that words them (R11.1): no prose in here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, get_type_hints

from domain.notices.kinds import Kind


@dataclass(frozen=True, slots=True)
class EmergencyOffered:
    """A shift that whoever accepts first may have, in an emergency or ahead of it."""

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
class RouteCancelled:
    """A driver has left his shift; to the manager. `reason` and `mode` as in the model; no mode: the slot is over."""

    route: str
    warehouse: str
    on: date
    starts_at: datetime
    driver: str
    reason: str
    note: str | None
    late: bool
    mode: str | None


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
class FallbackGone:
    """A driver takes no SMS any more; to his managers (R11.5)."""

    driver: str
    linked: bool  # he is still reached by Telegram


@dataclass(frozen=True, slots=True)
class OperatorAlert:
    """Something that an operator must put right; to the owners. `alert` names it, `detail` is for experts."""

    alert: str
    detail: str


Notice = (
    EmergencyOffered
    | ShiftWon
    | RouteUnfilled
    | RouteCancelled
    | ShiftToday
    | ToConfirm
    | ShiftDropped
    | ShiftMissed
    | DriverMissing
    | LinkMoved
    | Written
    | FallbackGone
    | OperatorAlert
)


NOTICES: Mapping[Kind, type[Notice]] = {
    Kind.OFFER: EmergencyOffered,
    Kind.WON: ShiftWon,
    Kind.ROUTE_UNFILLED: RouteUnfilled,
    Kind.ROUTE_CANCELLED: RouteCancelled,
    Kind.REMINDER: ShiftToday,
    Kind.CONFIRM_REMINDER: ToConfirm,
    Kind.DROPPED: ShiftDropped,
    Kind.MISSED: ShiftMissed,
    Kind.NO_SHOW: DriverMissing,
    Kind.LINK_MOVED: LinkMoved,
    Kind.MANUAL: Written,
    Kind.FALLBACK_GONE: FallbackGone,
    Kind.ALERT: OperatorAlert,
}
_READ: Mapping[type, Callable[[str], object]] = {datetime: datetime.fromisoformat, date: date.fromisoformat}


def notice_of(data: Mapping[str, Any]) -> Notice:
    """The notice whose facts are kept in an inbox row's `data`."""
    kind = NOTICES[Kind(data["kind"])]
    facts: dict[str, Any] = {
        field.name: _READ[read](data[field.name])
        if (read := get_type_hints(kind)[field.name]) in _READ
        else data[field.name]
        for field in fields(kind)
    }
    return kind(**facts)


class Worded(NamedTuple):
    """Plain text for the given title and body columns."""

    title: str
    body: str


class Wording(Protocol):
    """Words a notice in a language; pure. `languages` are those that people may have; the first is for the rest."""

    @property
    def languages(self) -> tuple[str, ...]: ...

    def __call__(self, notice: Notice, language: str) -> Worded: ...
