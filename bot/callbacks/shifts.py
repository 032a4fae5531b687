"""Buttons about a driver's own shifts."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule(Callback):
    """A week of the driver's shifts: 0 is this one, -1 the last, 1 the next."""

    word: ClassVar[str] = "wk"
    week: int


@dataclasses.dataclass(frozen=True, slots=True)
class ShiftCard(Callback):
    """One of the driver's shifts, with its next step."""

    word: ClassVar[str] = "sh"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ToConfirm(Callback):
    """What the driver has yet to confirm."""

    word: ClassVar[str] = "conf"


@dataclasses.dataclass(frozen=True, slots=True)
class Confirm(Callback):
    """The driver confirms one of his shifts."""

    word: ClassVar[str] = "ok"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ConfirmAll(Callback):
    """He confirms whatever waits between two days, both inclusive (`date.toordinal`)."""

    word: ClassVar[str] = "oks"
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class ImHere(Callback):
    """The driver has arrived."""

    word: ClassVar[str] = "here"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Keypad(Callback):
    """The keypad for a number of parcels: `what` is a `Count`, `typed` what has been typed so far."""

    word: ClassVar[str] = "key"
    assignment_id: uuid.UUID
    what: int
    typed: int


@dataclasses.dataclass(frozen=True, slots=True)
class EnterParcels(Callback):
    """The number is as it should be."""

    word: ClassVar[str] = "num"
    assignment_id: uuid.UUID
    what: int
    parcels: int


@dataclasses.dataclass(frozen=True, slots=True)
class FixParcels(Callback):
    """Which of a completed shift's two numbers is wrong?"""

    word: ClassVar[str] = "fix"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class CannotCome(Callback):
    """Why can't the driver make it? Nothing is cancelled yet."""

    word: ClassVar[str] = "cant"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class CancelBecause(Callback):
    """What follows from cancelling for this reason (its place in `CancelReason`). Nothing is cancelled yet."""

    word: ClassVar[str] = "why"
    assignment_id: uuid.UUID
    reason: int


@dataclasses.dataclass(frozen=True, slots=True)
class AddNote(Callback):
    """The driver wants to add a few words to the reason."""

    word: ClassVar[str] = "note"
    assignment_id: uuid.UUID
    reason: int


@dataclasses.dataclass(frozen=True, slots=True)
class CancelShift(Callback):
    """The driver cancels for good."""

    word: ClassVar[str] = "canc"
    assignment_id: uuid.UUID
    reason: int


@dataclasses.dataclass(frozen=True, slots=True)
class StillWanted(Callback):
    """The driver wants a shift back that he did not confirm in time."""

    word: ClassVar[str] = "want"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class RunLate(Callback):
    """The driver is running late."""

    word: ClassVar[str] = "late"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ComeLate(Callback):
    """The driver is there, when it is too late."""

    word: ClassVar[str] = "latehere"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Decline(Callback):
    """A driver does not want what a manager has given him."""

    word: ClassVar[str] = "decl"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class MustStop(Callback):
    """Why must the driver stop? Nothing is stopped yet."""

    word: ClassVar[str] = "stop"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class StopBecause(Callback):
    """What follows from stopping for this reason; with parcels on board, the keypad for those that come back."""

    word: ClassVar[str] = "stopw"
    assignment_id: uuid.UUID
    reason: int
    typed: int


@dataclasses.dataclass(frozen=True, slots=True)
class StopShift(Callback):
    """The driver stops for good; `returned` counts where parcels are loaded."""

    word: ClassVar[str] = "stopy"
    assignment_id: uuid.UUID
    reason: int
    returned: int
