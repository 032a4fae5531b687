"""The buttons of what is held against a driver: why, and his appeals."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Whys(Callback):
    """All that holds for a driver, and the pages of what has happened; they count from 0."""

    word: ClassVar[str] = "whys"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class WhyHeld(Callback):
    """Why an incident, a flag or a hard stop, by its id; `back`: the page of the list, from 1, or 0 for a message."""

    word: ClassVar[str] = "whyheld"
    about: uuid.UUID
    back: int


@dataclasses.dataclass(frozen=True, slots=True)
class WhyCap(Callback):
    """Why so many shifts a week."""

    word: ClassVar[str] = "whycap"


@dataclasses.dataclass(frozen=True, slots=True)
class AppealIt(Callback):
    """A driver appeals an incident or a flag: he is asked why; `back` as above."""

    word: ClassVar[str] = "appeal"
    about: uuid.UUID
    back: int


@dataclasses.dataclass(frozen=True, slots=True)
class SendAppeal(Callback):
    """He sends what he has written."""

    word: ClassVar[str] = "appealy"
    about: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Appeals(Callback):
    """What waits for a manager's decision."""

    word: ClassVar[str] = "appeals"


@dataclasses.dataclass(frozen=True, slots=True)
class AppealShown(Callback):
    """One of them."""

    word: ClassVar[str] = "appealc"
    appeal_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class GrantAppeal(Callback):
    """A manager excuses it, or takes the flag back; he is asked why."""

    word: ClassVar[str] = "appok"
    appeal_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class RefuseAppeal(Callback):
    """A manager lets it count; he is asked why."""

    word: ClassVar[str] = "appno"
    appeal_id: uuid.UUID
