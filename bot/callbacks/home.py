"""Buttons of the home card and the inbox."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Home(Callback):
    """Back to the home card."""

    word: ClassVar[str] = "home"


@dataclasses.dataclass(frozen=True, slots=True)
class OpenHealth(Callback):
    """A driver's score and stars."""

    word: ClassVar[str] = "health"


@dataclasses.dataclass(frozen=True, slots=True)
class GotIt(Callback):
    """The reader of a message answers it."""

    word: ClassVar[str] = "msgok"
    message_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Inbox(Callback):
    """What somebody was told, newest first; pages count from 0."""

    word: ClassVar[str] = "inbox"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class OpenNotice(Callback):
    """The card of what an entry of the inbox is about."""

    word: ClassVar[str] = "open"
    notification_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ReadAll(Callback):
    """Marks an entry and all that are older as read."""

    word: ClassVar[str] = "read"
    notification_id: uuid.UUID
