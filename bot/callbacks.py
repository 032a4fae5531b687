"""What a button says when it is pressed: at most 64 bytes, ids and numbers only.

Whatever comes back is untrusted: a client can send any data for any button that it sees (R12.4). Parsing checks the
form; the action checks the actor.
"""

import base64
import binascii
import dataclasses
import uuid
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
    return base64.urlsafe_b64encode(value.bytes).rstrip(b"=").decode() if isinstance(value, uuid.UUID) else str(value)


def _parsed(kind: str, part: str) -> uuid.UUID | int:
    try:
        if "UUID" in kind:
            return uuid.UUID(bytes=base64.b64decode(part + "==", altchars=b"-_", validate=True))
        if len(part) > 6:
            raise Malformed(part)
        return int(part)
    except (ValueError, binascii.Error) as fault:
        raise Malformed(part) from fault


Pressed = TypeVar("Pressed", bound=Callback)


def pressed(update: Update, callback: type[Pressed]) -> Pressed:
    """What was pressed, in a handler that was found by `fits`."""
    query = update.callback_query
    assert query is not None and query.data is not None
    return callback.parse(query.data)


@dataclasses.dataclass(frozen=True, slots=True)
class Home(Callback):
    """Back to the home card."""

    word: ClassVar[str] = "home"


@dataclasses.dataclass(frozen=True, slots=True)
class Unfilled(Callback):
    """The manager's list of uncovered slots; pages count from 0."""

    word: ClassVar[str] = "unf"
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class Slot(Callback):
    """One uncovered slot, and the bonus (percent) that an emergency offer would carry."""

    word: ClassVar[str] = "slot"
    assignment_id: uuid.UUID
    bonus: int


@dataclasses.dataclass(frozen=True, slots=True)
class Emergency(Callback):
    """Opens an emergency window; `until` is the local hour at which it closes (24: 23:59), 0 for the rule's own."""

    word: ClassVar[str] = "em"
    assignment_id: uuid.UUID
    bonus: int
    until: int


@dataclasses.dataclass(frozen=True, slots=True)
class AskCapped(Callback):
    """Asks those too who are free but at their weekly cap."""

    word: ClassVar[str] = "cap"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Accept(Callback):
    """A driver takes an instant or emergency shift."""

    word: ClassVar[str] = "take"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AcceptAtHome(Callback):
    """The same from the home card, which stays one."""

    word: ClassVar[str] = "taken"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class NotToday(Callback):
    """A driver does not want to be asked for the date of this window."""

    word: ClassVar[str] = "no"
    window_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class AskedFor(Callback):
    """Who was asked for a window and where it stands with each; pages count from 0."""

    word: ClassVar[str] = "asked"
    window_id: uuid.UUID
    page: int


@dataclasses.dataclass(frozen=True, slots=True)
class WindowCard(Callback):
    """Back to a manager's card of a window."""

    word: ClassVar[str] = "win"
    window_id: uuid.UUID


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


@dataclasses.dataclass(frozen=True, slots=True)
class OpenSettings(Callback):
    """How somebody wants to be reached."""

    word: ClassVar[str] = "set"


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseLanguage(Callback):
    """By its place among the languages."""

    word: ClassVar[str] = "lang"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseSms(Callback):
    """SMS where Telegram does not do: 1 yes, 0 no."""

    word: ClassVar[str] = "sms"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseWakeMe(Callback):
    """Emergency offers ring in quiet hours, too: 1 yes, 0 no."""

    word: ClassVar[str] = "wake"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class ChooseQuietHours(Callback):
    """By their place among the policy's."""

    word: ClassVar[str] = "quiet"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class OpenAway(Callback):
    """A manager's absence, and who stands in."""

    word: ClassVar[str] = "leave"


@dataclasses.dataclass(frozen=True, slots=True)
class GoAway(Callback):
    """A manager is away for so long; 0: he is back."""

    word: ClassVar[str] = "away"
    choice: int


@dataclasses.dataclass(frozen=True, slots=True)
class BackAtHome(Callback):
    """He is back, said from the home card, which stays one."""

    word: ClassVar[str] = "back"


# -- a driver's own shifts


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule(Callback):
    """A week of the driver's shifts: 0 is this one, -1 the last, 1 the next."""

    word: ClassVar[str] = "wk"
    week: int


@dataclasses.dataclass(frozen=True, slots=True)
class ShiftCard(Callback):
    """One of the driver's shifts, with its next step."""

    word: ClassVar[str] = "sh"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ToConfirm(Callback):
    """What the driver has yet to confirm."""

    word: ClassVar[str] = "conf"


@dataclasses.dataclass(frozen=True, slots=True)
class Confirm(Callback):
    """The driver confirms one of his shifts."""

    word: ClassVar[str] = "ok"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class ConfirmAll(Callback):
    """He confirms whatever waits between two days, both inclusive (`date.toordinal`)."""

    word: ClassVar[str] = "oks"
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class ImHere(Callback):
    """The driver has arrived."""

    word: ClassVar[str] = "here"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class Keypad(Callback):
    """The keypad for a number of parcels: `what` is a `Count`, `typed` what has been typed so far."""

    word: ClassVar[str] = "key"
    assignment_id: uuid.UUID
    what: int
    typed: int


@dataclasses.dataclass(frozen=True, slots=True)
class EnterParcels(Callback):
    """The number is as it should be."""

    word: ClassVar[str] = "num"
    assignment_id: uuid.UUID
    what: int
    parcels: int


@dataclasses.dataclass(frozen=True, slots=True)
class FixParcels(Callback):
    """Which of a completed shift's two numbers is wrong?"""

    word: ClassVar[str] = "fix"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class CannotCome(Callback):
    """Why can't the driver make it? Nothing is cancelled yet."""

    word: ClassVar[str] = "cant"
    assignment_id: uuid.UUID


@dataclasses.dataclass(frozen=True, slots=True)
class CancelBecause(Callback):
    """What follows from cancelling for this reason (its place in `CancelReason`). Nothing is cancelled yet."""

    word: ClassVar[str] = "why"
    assignment_id: uuid.UUID
    reason: int


@dataclasses.dataclass(frozen=True, slots=True)
class AddNote(Callback):
    """The driver wants to add a few words to the reason."""

    word: ClassVar[str] = "note"
    assignment_id: uuid.UUID
    reason: int


@dataclasses.dataclass(frozen=True, slots=True)
class CancelShift(Callback):
    """The driver cancels for good."""

    word: ClassVar[str] = "canc"
    assignment_id: uuid.UUID
    reason: int


@dataclasses.dataclass(frozen=True, slots=True)
class StillWanted(Callback):
    """The driver wants a shift back that he did not confirm in time."""

    word: ClassVar[str] = "want"
    assignment_id: uuid.UUID
