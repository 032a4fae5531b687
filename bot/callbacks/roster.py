"""A manager's buttons about the rosters of his warehouses. `monday`: of the week, by its ordinal."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class RosterWeeks(Callback):
    """The weeks to choose from."""

    word: ClassVar[str] = "rosters"


@dataclasses.dataclass(frozen=True, slots=True)
class RosterWeek(Callback):
    """What the roster of this week would be now."""

    word: ClassVar[str] = "roster"
    monday: int


@dataclasses.dataclass(frozen=True, slots=True)
class RosterMap(Callback):
    """A roster; pages of its picture count from 0."""

    word: ClassVar[str] = "rmap"
    run_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class RosterGaps(Callback):
    """Why slots stay empty; pages count from 0."""

    word: ClassVar[str] = "rgaps"
    run_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class RosterDay(Callback):
    """Who drives on this day of the week, 0 its Monday; pages count from 0."""

    word: ClassVar[str] = "rday"
    run_id: uuid.UUID
    day: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class FillWeek(Callback):
    """What follows if what is empty is filled now."""

    word: ClassVar[str] = "rfill"
    run_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class FillWeekNow(Callback):
    """What is empty in this week is filled now."""

    word: ClassVar[str] = "rfilly"
    monday: int


@dataclasses.dataclass(frozen=True, slots=True)
class WhatIf(Callback):
    """Of whom is something supposed, in this week?"""

    word: ClassVar[str] = "if"
    monday: int


@dataclasses.dataclass(frozen=True, slots=True)
class Suppose(Callback):
    """Of this driver, or of somebody new (`supposing.SOMEBODY_NEW`)."""

    word: ClassVar[str] = "ifwho"
    monday: int
    of: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class SupposeAgain(Callback):
    """What this preview supposes is to be changed."""

    word: ClassVar[str] = "ifagain"
    run_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class SupposeDay(Callback):
    """He drives on this weekday, 0 = Sunday (1), or does not (0)."""

    word: ClassVar[str] = "ifday"
    of: uuid.UUID
    weekday: int
    wanted: int


@dataclasses.dataclass(frozen=True, slots=True)
class SupposeAnyRoute(Callback):
    """He takes any route of his warehouses (1), or does not (0)."""

    word: ClassVar[str] = "ifany"
    of: uuid.UUID
    wanted: int


@dataclasses.dataclass(frozen=True, slots=True)
class SupposeRoute(Callback):
    """He takes this route (1), or does not (0)."""

    word: ClassVar[str] = "ifroute"
    of: uuid.UUID
    route_id: uuid.UUID
    wanted: int


@dataclasses.dataclass(frozen=True, slots=True)
class SupposedRoutes(Callback):
    """Which route? Pages count from 0."""

    word: ClassVar[str] = "ifroutes"
    of: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class SupposeCap(Callback):
    """So many shifts a week at the most."""

    word: ClassVar[str] = "ifcap"
    of: uuid.UUID
    cap: int


@dataclasses.dataclass(frozen=True, slots=True)
class Supposing(Callback):
    """What is supposed so far."""

    word: ClassVar[str] = "ifso"
    of: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class SeeDifference(Callback):
    """What comes of it."""

    word: ClassVar[str] = "ifsee"
    of: uuid.UUID
