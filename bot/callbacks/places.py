"""Buttons about warehouses and routes themselves: founded, renamed, moved, deleted."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Warehouses(Callback):
    """The manager's warehouses; pages count from 0."""

    word: ClassVar[str] = "whs"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class NewWarehouse(Callback):
    """A new warehouse: what is it called?"""

    word: ClassVar[str] = "newwh"


@dataclasses.dataclass(frozen=True, slots=True)
class Rename(Callback):
    """Another name for a warehouse or a route: which?"""

    word: ClassVar[str] = "rename"
    place_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Readdress(Callback):
    """Another address for a warehouse: which?"""

    word: ClassVar[str] = "readdr"
    warehouse_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class MoveWhere(Callback):
    """To which of his other warehouses does the route move? Pages count from 0."""

    word: ClassVar[str] = "mvwhere"
    route_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class MovePreview(Callback):
    """What would follow from moving it there. Nothing is moved yet."""

    word: ClassVar[str] = "mvask"
    route_id: uuid.UUID
    warehouse_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class MoveRoute(Callback):
    """It is moved."""

    word: ClassVar[str] = "mvnow"
    route_id: uuid.UUID
    warehouse_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class DeletePreview(Callback):
    """Whether a warehouse or a route can be deleted, and what depends on it. Nothing is deleted yet."""

    word: ClassVar[str] = "delask"
    place_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class DeletePlace(Callback):
    """It is deleted."""

    word: ClassVar[str] = "delnow"
    place_id: uuid.UUID
