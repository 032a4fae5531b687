"""Buttons of what was done."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class HistoryOf(Callback):
    """Of a slot (`what` 0), a driver (1) or a route (2), as `Subject` has them; pages count from 0."""

    word: ClassVar[str] = "audit"
    what: int
    about: uuid.UUID
    page: int
