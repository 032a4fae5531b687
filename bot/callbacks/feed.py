"""Buttons of a driver's calendar address."""

import dataclasses
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class ShowFeed(Callback):
    """The address, or how to get one."""

    word: ClassVar[str] = "feed"


@dataclasses.dataclass(frozen=True, slots=True)
class OpenFeed(Callback):
    """He wants an address."""

    word: ClassVar[str] = "feedon"


@dataclasses.dataclass(frozen=True, slots=True)
class RenewFeed(Callback):
    """Another address instead of the one with this mark."""

    word: ClassVar[str] = "feednew"
    mark: int


@dataclasses.dataclass(frozen=True, slots=True)
class CloseFeed(Callback):
    """No address any more."""

    word: ClassVar[str] = "feedoff"
