"""What can come of an attempt to deliver, of a report, a look-up, or mere waiting."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.db.models.words import Failure
from domain.notices.rules import Held


# What the networks answered.
@dataclass(frozen=True, slots=True)
class Sent:
    message_id: int


@dataclass(frozen=True, slots=True)
class Replaced(Sent):
    """Sent in the place of a message whose picture no edit takes away. That one, `before`, is still there."""

    before: int


@dataclass(frozen=True, slots=True)
class Edited:
    pass


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Telegram says that the message shows this already."""


@dataclass(frozen=True, slots=True)
class Deleted:
    pass


@dataclass(frozen=True, slots=True)
class Pinned:
    """It stands at the top of its chat. No row ends with this: what is pinned was sent before."""


@dataclass(frozen=True, slots=True)
class MessageGone:
    """The message to edit or delete is not there, or not to be changed any more."""

    why: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Twilio has taken the SMS."""

    sid: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No way to this person by Telegram: blocked, the chat is gone, never linked."""

    why: str
    failure: Failure = Failure.BLOCKED


@dataclass(frozen=True, slots=True)
class Moved:
    """Telegram has made a supergroup of the group: it has another id from now on."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class BadNumber:
    why: str


@dataclass(frozen=True, slots=True)
class OptedOut:
    why: str


@dataclass(frozen=True, slots=True)
class Halted:
    """The network wants everybody to be quiet for a while."""

    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Surely not processed: the connection was refused, or the network said so."""

    why: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may have arrived or not: out of time, cut off, 5xx."""

    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A bug of ours; the same request will never do."""

    why: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """An operator must put something right: token, account, number, permission. `for_one`: others get theirs."""

    why: str
    for_one: bool = False


Passing = Halted | NotTaken | Unsure | Misconfigured  # it may go better later


@dataclass(frozen=True, slots=True)
class PictureStays:
    """The message has a picture and is to have none: it takes a new one in its place, so nothing has come of it yet."""


# What is known of an SMS that was handed over: by callback, or looked up.
@dataclass(frozen=True, slots=True)
class OnItsWay:
    pass


@dataclass(frozen=True, slots=True)
class Arrived:
    pass


@dataclass(frozen=True, slots=True)
class Lost:
    """The carrier did not bring it. `again`: one more try, later, may do."""

    why: str
    failure: Failure
    again: bool = False


@dataclass(frozen=True, slots=True)
class NotFound:
    """Twilio has no such SMS: it never got it."""


@dataclass(frozen=True, slots=True)
class LookupFailed:
    why: str


# What was found before anything was sent.
@dataclass(frozen=True, slots=True)
class LostPoint:
    """There is nothing (any more) to tell (R11.3)."""


@dataclass(frozen=True, slots=True)
class Expired:
    pass


@dataclass(frozen=True, slots=True)
class NoSms:
    """An SMS that can't even be tried."""

    failure: Failure
    why: str


@dataclass(frozen=True, slots=True)
class DayFull:
    """So many SMS have gone to him today that this one may not before `until` (R11.5)."""

    until: datetime
    why: str


# What waiting has come to (R11.2).
@dataclass(frozen=True, slots=True)
class Answered:
    """Its reader has done something since."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Telegram has it, and nothing has come from its reader for too long."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """Telegram has not taken it for too long, tried or not."""


Waited = Answered | Unanswered | Overdue
Outcome = (
    Sent
    | Edited
    | Unchanged
    | Deleted
    | Pinned
    | MessageGone
    | Accepted
    | Unreachable
    | Moved
    | BadNumber
    | OptedOut
    | Rejected
    | Passing
    | OnItsWay
    | Arrived
    | Lost
    | NotFound
    | LookupFailed
    | LostPoint
    | Expired
    | Held
    | NoSms
    | DayFull
    | Waited
)
