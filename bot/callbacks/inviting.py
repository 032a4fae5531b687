"""Buttons with which drivers are invited and managers added or removed."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class AskWhom(Callback):
    """Whom does the manager invite?"""

    word: ClassVar[str] = "inv"


@dataclasses.dataclass(frozen=True, slots=True)
class InviteWhere(Callback):
    """For which warehouse does whoever was written drive? Pages count from 0; `of`: the mark of what was written."""

    word: ClassVar[str] = "invwhere"
    of: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class InviteTo(Callback):
    """Whoever was written drives for this warehouse. `of`: the mark of what was (`contact_line.mark`)."""

    word: ClassVar[str] = "invto"
    warehouse_id: uuid.UUID
    of: int


@dataclasses.dataclass(frozen=True, slots=True)
class NewWhere(Callback):
    """As `InviteWhere`, for somebody new who has the number of a driver who has left."""

    word: ClassVar[str] = "newwhere"
    of: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class NewTo(Callback):
    """As `InviteTo`, for somebody new who has the number of a driver who has left."""

    word: ClassVar[str] = "newto"
    warehouse_id: uuid.UUID
    of: int


@dataclasses.dataclass(frozen=True, slots=True)
class InviteAgain(Callback):
    """A new link for a driver."""

    word: ClassVar[str] = "invnew"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AskNumber(Callback):
    """Which other number does the driver have?"""

    word: ClassVar[str] = "hisnum"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ManagersWhere(Callback):
    """Whose managers? Pages count from 0."""

    word: ClassVar[str] = "mgrwhere"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class ManagersOf(Callback):
    """Who manages a warehouse; pages count from 0."""

    word: ClassVar[str] = "mgrs"
    warehouse_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class AskManager(Callback):
    """Who is to manage it, too?"""

    word: ClassVar[str] = "mgrask"
    warehouse_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AddManager(Callback):
    """Whoever was written does. `of`: the mark of what was."""

    word: ClassVar[str] = "mgradd"
    warehouse_id: uuid.UUID
    of: int


@dataclasses.dataclass(frozen=True, slots=True)
class NewManagerLink(Callback):
    """Another link for one of its managers, who was never linked."""

    word: ClassVar[str] = "mgrlink"
    warehouse_id: uuid.UUID
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class RemovePreview(Callback):
    """What follows when somebody no longer manages it. Nothing is done yet."""

    word: ClassVar[str] = "mgrgo"
    warehouse_id: uuid.UUID
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class RemoveManager(Callback):
    """He no longer does."""

    word: ClassVar[str] = "mgrgone"
    warehouse_id: uuid.UUID
    user_id: uuid.UUID
