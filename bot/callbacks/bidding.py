"""A driver's buttons about open shifts and his bids."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Accept(Callback):
    """A driver takes an instant or emergency shift."""

    word: ClassVar[str] = "take"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AcceptAtHome(Callback):
    """The same from the home card, which stays one."""

    word: ClassVar[str] = "taken"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class PlaceBid(Callback):
    """A driver bids for a window."""

    word: ClassVar[str] = "bid"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class WithdrawBid(Callback):
    """He takes his bid back."""

    word: ClassVar[str] = "unbid"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class OpenShifts(Callback):
    """A driver's list of what is open to him; pages count from 0."""

    word: ClassVar[str] = "opens"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class OpenShift(Callback):
    """One of them."""

    word: ClassVar[str] = "opened"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class MyBids(Callback):
    """A driver's bids and their results; pages count from 0."""

    word: ClassVar[str] = "bids"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class WhyBid(Callback):
    """Why he won or lost it; `back`: the page of his bids that it was pressed on, from 1, or 0 for a message."""

    word: ClassVar[str] = "whybid"
    window_id: uuid.UUID
    back: int


@dataclasses.dataclass(frozen=True, slots=True)
class HandBack(Callback):
    """A driver wants to hand back what his bid has just won: he is asked first."""

    word: ClassVar[str] = "hback"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class HandBackNow(Callback):
    """He does."""

    word: ClassVar[str] = "hbacky"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class NotToday(Callback):
    """A driver does not want to be asked for the date of this window."""

    word: ClassVar[str] = "no"
    window_id: uuid.UUID
