"""Buttons of how a week went."""

import dataclasses
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class ReportOf(Callback):
    """The week of this day (`date.toordinal`); pages of warehouses count from 0."""

    word: ClassVar[str] = "report"
    week: int
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class ReportFile(Callback):
    """The same as a file."""

    word: ClassVar[str] = "reportcsv"
    week: int
