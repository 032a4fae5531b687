"""What a button says when it is pressed: at most 64 bytes, ids and numbers only.

Whatever comes back is untrusted: a client can send any data for any button that it sees (R12.4). Parsing checks the
form; the action checks the actor. The buttons themselves are in the modules beside this one, by subject.
"""

import base64
import binascii
import dataclasses
import uuid
from datetime import date
from typing import ClassVar, Self, TypeVar

from telegram import Update


class Malformed(ValueError):
    """Callback data that no button of ours has."""


@dataclasses.dataclass(frozen=True, slots=True)
class Callback:
    """Base of all: `word` names the action, the fields follow, separated by colons."""

    word: ClassVar[str]

    def pack(self) -> str:
        parts = [self.word, *(_packed(getattr(self, field.name)) for field in dataclasses.fields(self))]
        return ":".join(parts)

    @classmethod
    def parse(cls, data: str) -> Self:
        word, *parts = data.split(":")
        fields = dataclasses.fields(cls)
        if word != cls.word or len(parts) != len(fields):
            raise Malformed(data)
        return cls(*(_parsed(str(field.type), part) for field, part in zip(fields, parts, strict=True)))

    @classmethod
    def fits(cls, data: object) -> bool:
        """Whether this is well-formed data of this callback; the edge finds the handler by it."""
        try:
            cls.parse(str(data))
        except Malformed:
            return False
        return True


def _packed(value: uuid.UUID | int) -> str:
    if isinstance(value, uuid.UUID):
        return base64.urlsafe_b64encode(value.bytes).rstrip(b"=").decode()
    return str(int(value))  # of a bool, too


def _parsed(kind: str, part: str) -> uuid.UUID | int:
    try:
        if "UUID" in kind:
            return uuid.UUID(bytes=base64.b64decode(part + "==", altchars=b"-_", validate=True))
        if len(part) > 6:
            raise Malformed(part)
        return int(part)
    except (ValueError, binascii.Error) as fault:
        raise Malformed(part) from fault


def day_of(ordinal: int) -> date:
    """The day that a button names (`date.toordinal`); what no button of ours names is long over."""
    try:
        return date.fromordinal(ordinal)
    except (ValueError, OverflowError):
        return date.min


Pressed = TypeVar("Pressed", bound=Callback)


def pressed(update: Update, callback: type[Pressed]) -> Pressed:
    """What was pressed, in a handler that was found by `fits`."""
    query = update.callback_query
    assert query is not None and query.data is not None
    return callback.parse(query.data)
