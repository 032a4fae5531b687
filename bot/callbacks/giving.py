"""Buttons about shifts that are given away."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class GiveAway(Callback):
    """A driver would give his shift away; or, where he does, how that stands."""

    word: ClassVar[str] = "give"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class GiveByLink(Callback):
    """To a colleague, by a link that he forwards."""

    word: ClassVar[str] = "givel"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class GiveToAll(Callback):
    """To whoever can take it."""

    word: ClassVar[str] = "givea"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class TakeBack(Callback):
    """It is his as before."""

    word: ClassVar[str] = "giveb"
    give_away_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class SeeGiven(Callback):
    """A shift that a colleague gives away, as one of the open ones."""

    word: ClassVar[str] = "gives"
    give_away_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class TakeOver(Callback):
    """A driver takes a colleague's shift."""

    word: ClassVar[str] = "givet"
    give_away_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class NotThatDay(Callback):
    """He does not want to drive on that day."""

    word: ClassVar[str] = "giveday"
    give_away_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class NotAfterAll(Callback):
    """Who waits for a manager's word can't take it after all."""

    word: ClassVar[str] = "given"
    give_away_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AgreeToGive(Callback):
    """A manager agrees that a shift goes to who asks for it."""

    word: ClassVar[str] = "giveok"
    give_away_id: uuid.UUID
    asking_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class RefuseToGive(Callback):
    """A manager does not agree that it goes to him."""

    word: ClassVar[str] = "giveno"
    give_away_id: uuid.UUID
    asking_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class RequireAgreement(Callback):
    """Whether shifts change hands there only with a manager's word: 1 or 0."""

    word: ClassVar[str] = "whgive"
    warehouse_id: uuid.UUID
    required: int
