"""Buttons about what a driver prefers. `of`: who he is, for whom his manager may press, too."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class OpenPreferences(Callback):
    """What he who presses prefers."""

    word: ClassVar[str] = "wish"


@dataclasses.dataclass(frozen=True, slots=True)
class PreferencesOf(Callback):
    """What this driver prefers."""

    word: ClassVar[str] = "wof"
    of: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class PreferDay(Callback):
    """A weekday, 0 = Sunday: 1 he drives, 0 he does not."""

    word: ClassVar[str] = "wishd"
    of: uuid.UUID
    weekday: int
    wanted: int


@dataclasses.dataclass(frozen=True, slots=True)
class PreferAnyRoute(Callback):
    """Any route of his home warehouses: 1 yes, 0 no."""

    word: ClassVar[str] = "wany"
    of: uuid.UUID
    wanted: int


@dataclasses.dataclass(frozen=True, slots=True)
class RankRoute(Callback):
    """A preferred route is to have this rank, from 0 on."""

    word: ClassVar[str] = "wrank"
    of: uuid.UUID
    route_id: uuid.UUID
    rank: int


@dataclasses.dataclass(frozen=True, slots=True)
class DropRoute(Callback):
    """A route is not preferred any more."""

    word: ClassVar[str] = "wdrop"
    of: uuid.UUID
    route_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AddRoute(Callback):
    """Which route? Pages of his warehouses count from 0."""

    word: ClassVar[str] = "wadd"
    of: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class RoutesIn(Callback):
    """Which route of this warehouse? Pages count from 1; 0 shows which there are."""

    word: ClassVar[str] = "wroutes"
    of: uuid.UUID
    warehouse_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class PreferRoute(Callback):
    """This route is preferred, too, behind the others."""

    word: ClassVar[str] = "wroute"
    of: uuid.UUID
    route_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class OtherWarehouses(Callback):
    """Of which warehouses other than his home does he want to be offered shifts? Pages count from 0."""

    word: ClassVar[str] = "wother"
    of: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class OpenTo(Callback):
    """He wants to be offered shifts of this warehouse: 1 yes, 0 no. `page`: where the button stood."""

    word: ClassVar[str] = "wopen"
    of: uuid.UUID
    warehouse_id: uuid.UUID
    wanted: int
    page: int
