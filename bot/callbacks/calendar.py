"""Buttons about routes, warehouses and the days on which they run."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class WarehousePage(Callback):
    """What a manager has chosen for a warehouse."""

    word: ClassVar[str] = "whouse"
    warehouse_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class DontTravel(Callback):
    """The driver knows that a shift of his was cancelled."""

    word: ClassVar[str] = "off"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Closings(Callback):
    """What is closed ahead; pages count from 0."""

    word: ClassVar[str] = "shut"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class CloseWhen(Callback):
    """On which day is a warehouse or a route to be closed?"""

    word: ClassVar[str] = "clwhen"
    place_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ClosePreview(Callback):
    """What would follow from closing it on a day (`date.toordinal`). Nothing is closed yet."""

    word: ClassVar[str] = "clask"
    place_id: uuid.UUID
    day: int


@dataclasses.dataclass(frozen=True, slots=True)
class CloseDay(Callback):
    """It is closed."""

    word: ClassVar[str] = "close"
    place_id: uuid.UUID
    day: int


@dataclasses.dataclass(frozen=True, slots=True)
class RunAfterAll(Callback):
    """It runs after all; `back` 1: to the route's own page."""

    word: ClassVar[str] = "runs"
    place_id: uuid.UUID
    day: int
    back: int


@dataclasses.dataclass(frozen=True, slots=True)
class Routes(Callback):
    """The manager's routes; pages count from 0."""

    word: ClassVar[str] = "routes"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class RoutePage(Callback):
    """A route's weekdays and closed days."""

    word: ClassVar[str] = "route"
    route_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class SetWeekday(Callback):
    """A route runs on a weekday (0 = Sunday): 1 yes, 0 no, 2 no and the manager has seen whom it displaces."""

    word: ClassVar[str] = "wday"
    route_id: uuid.UUID
    weekday: int
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class NewRouteWhere(Callback):
    """Of which warehouse is the new route to be? Pages count from 0."""

    word: ClassVar[str] = "newrt"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class NewRoute(Callback):
    """A new route of this warehouse: what is it called?"""

    word: ClassVar[str] = "newrtat"
    warehouse_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class HolidayAnswer(Callback):
    """Whether a warehouse runs on a holiday: 1 as usual, 0 it is closed."""

    word: ClassVar[str] = "holi"
    warehouse_id: uuid.UUID
    day: int
    choice: int
