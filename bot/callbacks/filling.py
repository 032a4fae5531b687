"""A manager's buttons that give a slot to a driver."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Fill(Callback):
    """The uncovered slots, to give one to somebody; pages count from 0."""

    word: ClassVar[str] = "fill"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class FillSlot(Callback):
    """Whom a slot could be given to; pages count from 0."""

    word: ClassVar[str] = "fillwho"
    assignment_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class FillWith(Callback):
    """What comes of giving it to this one."""

    word: ClassVar[str] = "fillwith"
    assignment_id: uuid.UUID
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Assign(Callback):
    """Gives it to this one."""

    word: ClassVar[str] = "assign"
    assignment_id: uuid.UUID
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AssignOverCap(Callback):
    """The same although the cap is reached; the manager writes why."""

    word: ClassVar[str] = "overcap"
    assignment_id: uuid.UUID
    user_id: uuid.UUID
