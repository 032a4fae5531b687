"""Buttons about a file of the company's data that was sent."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class ImportNow(Callback):
    """All that is in it is entered."""

    word: ClassVar[str] = "impnow"
    import_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class GetLinks(Callback):
    """A file with a link for each of its drivers who has no chat yet."""

    word: ClassVar[str] = "implink"
    import_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class TextThem(Callback):
    """They are texted where to link theirs."""

    word: ClassVar[str] = "imptext"
    import_id: uuid.UUID
