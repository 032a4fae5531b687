"""A manager's buttons about uncovered slots and the day's board."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Unfilled(Callback):
    """The manager's list of uncovered slots; pages count from 0."""

    word: ClassVar[str] = "unf"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class UnfilledOn(Callback):
    """Those of one day: `day` is `date.toordinal`; pages count from 0."""

    word: ClassVar[str] = "unfon"
    day: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class Slot(Callback):
    """One uncovered slot, and the bonus (percent) that an emergency offer would carry."""

    word: ClassVar[str] = "slot"
    assignment_id: uuid.UUID
    bonus: int


@dataclasses.dataclass(frozen=True, slots=True)
class Emergency(Callback):
    """Opens an emergency window; `until` is the local hour at which it closes (24: 23:59), 0 for the rule's own."""

    word: ClassVar[str] = "em"
    assignment_id: uuid.UUID
    bonus: int
    until: int


@dataclasses.dataclass(frozen=True, slots=True)
class Board(Callback):
    """Back to the manager's board of shifts, as he left it."""

    word: ClassVar[str] = "bd"


@dataclasses.dataclass(frozen=True, slots=True)
class BoardOf(Callback):
    """How the shifts of a day stand in a warehouse: `day` is `date.toordinal`, 0 today; pages count from 0."""

    word: ClassVar[str] = "bdw"
    warehouse_id: uuid.UUID
    day: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class BoardOfAll(Callback):
    """The same in all of the manager's warehouses."""

    word: ClassVar[str] = "bda"
    day: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class Coverage(Callback):
    """Back to the manager's map of his routes, as he left it."""

    word: ClassVar[str] = "cov"


@dataclasses.dataclass(frozen=True, slots=True)
class CoverageOf(Callback):
    """A warehouse's map: of a day (`date.toordinal`), or of its week (`week` 1); pages count from 0."""

    word: ClassVar[str] = "covw"
    warehouse_id: uuid.UUID
    day: int
    week: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class CoverageOfAll(Callback):
    """The same of all of the manager's warehouses."""

    word: ClassVar[str] = "cova"
    day: int
    week: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class TakeOff(Callback):
    """What comes of taking today's shift off its driver."""

    word: ClassVar[str] = "takeoff"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class TakeOffNow(Callback):
    """Takes it, and asks others until this local hour; 0 for the rule's own."""

    word: ClassVar[str] = "takeoffnow"
    assignment_id: uuid.UUID
    until: int
