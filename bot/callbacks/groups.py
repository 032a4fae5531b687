"""What is pressed in a warehouse's group, and about it."""

import dataclasses
import uuid
from typing import ClassVar, Final

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class ConnectHere(Callback):
    """The warehouse that the group is to be connected to, for who asked (`user_id`); `instead` 1: of another one."""

    word: ClassVar[str] = "gconn"
    user_id: uuid.UUID
    warehouse_id: uuid.UUID
    instead: int


@dataclasses.dataclass(frozen=True, slots=True)
class GroupFill(Callback):
    """A manager would fill the slot: in his own chat."""

    word: ClassVar[str] = "gfill"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class GroupEmergency(Callback):
    """A manager would make an emergency of it: in his own chat."""

    word: ClassVar[str] = "gem"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Disconnect(Callback):
    """In a manager's own chat: nothing more is told in this group."""

    word: ClassVar[str] = "gout"
    group_id: uuid.UUID


IN_GROUPS: Final = (ConnectHere, GroupFill, GroupEmergency)
