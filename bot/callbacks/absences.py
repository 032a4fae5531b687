"""Buttons about illness and time off."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class IllOrHurt(Callback):
    """Just this shift, or until a day? Nothing is cancelled yet."""

    word: ClassVar[str] = "ill"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class IllDays(Callback):
    """The days until which the driver may be ill from `first` on (`date.toordinal`); pages count from 0."""

    word: ClassVar[str] = "illd"
    first: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class IllUntil(Callback):
    """What follows from being ill from `first` to `last`, both inclusive. Nothing is cancelled yet."""

    word: ClassVar[str] = "illu"
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class FallIll(Callback):
    """The driver is ill for these days."""

    word: ClassVar[str] = "illy"
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class WellAgain(Callback):
    """The driver is there again before his illness was to end."""

    word: ClassVar[str] = "well"
    off_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class OffKinds(Callback):
    """Why is the driver off?"""

    word: ClassVar[str] = "offk"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class OffFrom(Callback):
    """From which day on? `kind` is its place in `OffKind`; pages count from 0."""

    word: ClassVar[str] = "offf"
    user_id: uuid.UUID
    kind: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class OffUntil(Callback):
    """Until which day? Days are `date.toordinal`."""

    word: ClassVar[str] = "offu"
    user_id: uuid.UUID
    kind: int
    first: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class OffPlan(Callback):
    """What follows from these days off. Nothing is written yet."""

    word: ClassVar[str] = "offp"
    user_id: uuid.UUID
    kind: int
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class SendOff(Callback):
    """The driver is off for these days."""

    word: ClassVar[str] = "offy"
    user_id: uuid.UUID
    kind: int
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class BackEarly(Callback):
    """The driver is back before his days off were over."""

    word: ClassVar[str] = "offb"
    user_id: uuid.UUID
    off_id: uuid.UUID
