"""A manager's buttons about how one of his drivers stands (R9.5, R10.6), and the list of them all."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Drivers(Callback):
    """All whom he may look at; pages count from 0."""

    word: ClassVar[str] = "drivers"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class HisCap(Callback):
    """How many shifts a week may the driver have?"""

    word: ClassVar[str] = "hiscap"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseCap(Callback):
    """So many; 0: as the rules say. The manager is asked why."""

    word: ClassVar[str] = "capc"
    user_id: uuid.UUID
    cap: int


@dataclasses.dataclass(frozen=True, slots=True)
class Unflag(Callback):
    """The driver's flag is to go; the manager is asked why."""

    word: ClassVar[str] = "unflag"
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Incidents(Callback):
    """What went wrong lately; pages count from 0."""

    word: ClassVar[str] = "incs"
    user_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class IncidentOf(Callback):
    """One of them."""

    word: ClassVar[str] = "inc"
    incident_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Excuse(Callback):
    """It is not to count; the manager is asked why."""

    word: ClassVar[str] = "excuse"
    incident_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class WriteHim(Callback):
    """A message to the driver: the manager is asked for its text."""

    word: ClassVar[str] = "write"
    user_id: uuid.UUID
