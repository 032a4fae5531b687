"""Buttons of what is recorded about somebody."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class OpenPrivacy(Callback):
    """What is recorded about him?"""

    word: ClassVar[str] = "privacy"


@dataclasses.dataclass(frozen=True, slots=True)
class SendMyData(Callback):
    """He wants all of it, as a file."""

    word: ClassVar[str] = "mydata"


@dataclasses.dataclass(frozen=True, slots=True)
class ForgetDriver(Callback):
    """Should a driver who has left be anonymous? Nothing is done yet."""

    word: ClassVar[str] = "forget"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ForgetDriverNow(Callback):
    """He should, for good."""

    word: ClassVar[str] = "forgety"
    user_id: uuid.UUID
