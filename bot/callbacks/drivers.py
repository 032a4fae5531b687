"""A manager's buttons about one of his drivers."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class DriverCard(Callback):
    """A driver, as a manager sees him."""

    word: ClassVar[str] = "who"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class HisLanguage(Callback):
    """Which language does the driver read?"""

    word: ClassVar[str] = "hisl"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class SpeakTo(Callback):
    """He reads this one, by its place among the languages."""

    word: ClassVar[str] = "hisy"
    user_id: uuid.UUID
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class LastDays(Callback):
    """Which day is the driver's last? Pages count from 0."""

    word: ClassVar[str] = "last"
    user_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class LastDay(Callback):
    """What follows from this last day. Nothing is written yet."""

    word: ClassVar[str] = "lastp"
    user_id: uuid.UUID
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class LetGo(Callback):
    """This is the driver's last day."""

    word: ClassVar[str] = "lasty"
    user_id: uuid.UUID
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class StaysOn(Callback):
    """The driver stays after all."""

    word: ClassVar[str] = "stay"
    user_id: uuid.UUID
