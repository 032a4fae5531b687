"""A manager's buttons about windows and the bids in them."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class AskCapped(Callback):
    """Asks those too who are free but at their weekly cap."""

    word: ClassVar[str] = "cap"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AskedFor(Callback):
    """Who was asked for a window and where it stands with each; pages count from 0."""

    word: ClassVar[str] = "asked"
    window_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class WindowCard(Callback):
    """Back to a manager's card of a window."""

    word: ClassVar[str] = "win"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Windows(Callback):
    """The open windows of a manager's warehouses; pages count from 0."""

    word: ClassVar[str] = "wins"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class Bids(Callback):
    """Who has bid, for a manager; pages count from 0."""

    word: ClassVar[str] = "allbids"
    window_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class OpenBids(Callback):
    """Opens a window in the mode that fits the time left."""

    word: ClassVar[str] = "openbids"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class CloseNow(Callback):
    """The bids of a window are decided at once."""

    word: ClassVar[str] = "closenow"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Raise(Callback):
    """What comes of making an open window an emergency, and with which bonus (percent)."""

    word: ClassVar[str] = "raise"
    assignment_id: uuid.UUID
    bonus: int


@dataclasses.dataclass(frozen=True, slots=True)
class ExtendWindow(Callback):
    """Until when an emergency shall be open."""

    word: ClassVar[str] = "longer"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ExtendUntil(Callback):
    """Extends it to this local hour; 24: 23:59."""

    word: ClassVar[str] = "longuntil"
    window_id: uuid.UUID
    hour: int
