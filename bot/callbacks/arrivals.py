"""A manager's buttons about drivers who are due, and their shifts."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerLate(Callback):
    """A manager gives who is running late so many minutes in all; none: he is refused."""

    word: ClassVar[str] = "lateans"
    assignment_id: uuid.UUID
    minutes: int


@dataclasses.dataclass(frozen=True, slots=True)
class HesHere(Callback):
    """On the manager's word the driver is there; after a no-show he gets the shift back."""

    word: ClassVar[str] = "hehere"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class LeaveToOthers(Callback):
    """Who was there too late does not get the shift back."""

    word: ClassVar[str] = "others"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AllHere(Callback):
    """Whoever is missing in this hold is there."""

    word: ClassVar[str] = "allhere"
    hold_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class TheseMissing(Callback):
    """Whoever is still missing in this hold is a no-show."""

    word: ClassVar[str] = "missing"
    hold_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Driven(Callback):
    """A manager's card of one shift and its driver, with what can be done for him."""

    word: ClassVar[str] = "drv"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Reviews(Callback):
    """What waits for a manager's decision."""

    word: ClassVar[str] = "revs"


@dataclasses.dataclass(frozen=True, slots=True)
class AcceptReview(Callback):
    """A manager accepts what a driver could not help."""

    word: ClassVar[str] = "revok"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class RefuseReview(Callback):
    """A manager does not; he is asked why."""

    word: ClassVar[str] = "revno"
    assignment_id: uuid.UUID
