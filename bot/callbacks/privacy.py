"""Buttons of what is recorded about somebody."""

import dataclasses
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class SendMyData(Callback):
    """He wants all of it, as a file."""

    word: ClassVar[str] = "mydata"
