"""Buttons of one's own settings."""

import dataclasses
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class OpenSettings(Callback):
    """How somebody wants to be reached."""

    word: ClassVar[str] = "set"


@dataclasses.dataclass(frozen=True, slots=True)
class NewNumber(Callback):
    """His phone number has changed."""

    word: ClassVar[str] = "mynum"


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseLanguage(Callback):
    """By its place among the languages."""

    word: ClassVar[str] = "lang"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseSms(Callback):
    """SMS where Telegram does not do: 1 yes, 0 no."""

    word: ClassVar[str] = "sms"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseWakeMe(Callback):
    """Emergency offers ring in quiet hours, too: 1 yes, 0 no."""

    word: ClassVar[str] = "wake"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseQuietHours(Callback):
    """By their place among the policy's."""

    word: ClassVar[str] = "quiet"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class OpenAway(Callback):
    """A manager's absence, and who stands in."""

    word: ClassVar[str] = "leave"


@dataclasses.dataclass(frozen=True, slots=True)
class GoAway(Callback):
    """A manager is away for so long; 0: he is back."""

    word: ClassVar[str] = "away"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class BackAtHome(Callback):
    """He is back, said from the home card, which stays one."""

    word: ClassVar[str] = "back"
