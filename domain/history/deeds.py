"""What was done, as the audit log has it (R13): plain facts of each entry, and no more of them than may be shown.

No phone, no chat and no token of anybody is among them, whatever an entry holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Facts:
    """What an entry says of before or after, by the audit's own names; `on` is its `date`. None: it says nothing."""

    on: date | None = None
    first: date | None = None
    last: date | None = None
    week: date | None = None
    until: datetime | None = None
    closes_at: datetime | None = None
    arrive_by: datetime | None = None
    name: str | None = None
    mode: str | None = None
    kind: str | None = None
    reason: str | None = None
    level: str | None = None
    to: str | None = None
    excused: str | None = None
    bonus_percent: int | None = None
    parcels_start: int | None = None
    parcels_returned: int | None = None
    parcels_delivered: int | None = None
    drivers: int | None = None
    weekday: int | None = None
    weekly_cap: int | None = None
    stars: int | None = None
    granted: bool | None = None
    accepted: bool | None = None
    runs: bool | None = None


@dataclass(frozen=True, slots=True)
class Of:
    """The shift that it was about."""

    route: str
    warehouse: str
    on: date


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry. `actor` None: nobody, Rollcall did it by itself. `driver`: whom it is about, be he a manager.

    `by_phone`: the actor did it for him, on his word (R8.9).
    """

    at: datetime
    entity: str
    action: str
    actor: str | None
    driver: str | None
    of: Of | None
    by_phone: bool
    before: Facts
    after: Facts


def facts_in(said: object) -> Facts:
    """Those of `before` or `after`; whatever is not as it should be, say of another program's entry, is left out."""
    if not isinstance(said, Mapping):
        return Facts()
    found = {name: _read(said.get("date" if name == "on" else name), read) for name, read in _READS.items()}
    return Facts(**found)


def _read(value: object, read: Callable[[Any], Any]) -> Any | None:
    try:
        return None if value is None else read(value)
    except (TypeError, ValueError):
        return None


def _plain(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return read


def _instant(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(value)
    return at


_BY_TYPE: Final[dict[type, Callable[[Any], Any]]] = {
    date: date.fromisoformat,
    datetime: _instant,
    str: _plain(str),
    int: _plain(int),
    bool: _plain(bool),
}
_HINTS: Final = get_type_hints(Facts)
_READS: Final = {field.name: _BY_TYPE[get_args(_HINTS[field.name])[0]] for field in fields(Facts)}
