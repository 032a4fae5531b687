"""A manager's buttons about a driver who is out of the pool (R10.3)."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Reinstate(Callback):
    """The driver is to be back; the manager is asked why."""

    word: ClassVar[str] = "rein"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class KeepOut(Callback):
    """The driver stays out; the manager is asked why."""

    word: ClassVar[str] = "keepo"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class StopOf(Callback):
    """The card of a hard stop."""

    word: ClassVar[str] = "stopc"
    stop_id: uuid.UUID
