"""Buttons about what a manager writes to people."""

import dataclasses
import uuid
from typing import ClassVar

from bot.callbacks.callback import Callback


@dataclasses.dataclass(frozen=True, slots=True)
class Recipients(Callback):
    """The people who are called as a draft is addressed; pages count from 0."""

    word: ClassVar[str] = "msgwho"
    message_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class WriteTo(Callback):
    """Which of them the draft is for."""

    word: ClassVar[str] = "msgto"
    message_id: uuid.UUID
    user_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class SendMessage(Callback):
    """Sends a draft; `level` 0 urgent, 1 important, 2 normal."""

    word: ClassVar[str] = "msgsend"
    message_id: uuid.UUID
    user_id: uuid.UUID
    level: int


@dataclasses.dataclass(frozen=True, slots=True)
class DiscardMessage(Callback):
    """Throws a draft away."""

    word: ClassVar[str] = "msgdrop"
    message_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class MessageStands(Callback):
    """Where a message that was sent stands now."""

    word: ClassVar[str] = "msgnow"
    message_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class WriteToWarehouse(Callback):
    """A message to all drivers of a warehouse: the manager is asked for its text."""

    word: ClassVar[str] = "msgwh"
    warehouse_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class WriteToAll(Callback):
    """The same to all drivers of his warehouses."""

    word: ClassVar[str] = "msgall"


@dataclasses.dataclass(frozen=True, slots=True)
class ToManyPreview(Callback):
    """A draft to many, and the levels to choose from."""

    word: ClassVar[str] = "msgmany"
    message_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ToManySure(Callback):
    """Is he sure? `level` 0 urgent, 1 important, 2 normal."""

    word: ClassVar[str] = "msgsure"
    message_id: uuid.UUID
    level: int


@dataclasses.dataclass(frozen=True, slots=True)
class SendToMany(Callback):
    """Sends it to as many drivers as the button says; if they are others by then, he is asked again."""

    word: ClassVar[str] = "msgmanynow"
    message_id: uuid.UUID
    level: int
    drivers: int


@dataclasses.dataclass(frozen=True, slots=True)
class UnseenBy(Callback):
    """Who has not seen it so far; pages count from 0."""

    word: ClassVar[str] = "msgunseen"
    message_id: uuid.UUID
    page: int
