"""What happens next to a delivery: one pure function of the row, the outcome of an attempt, and the time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.db.models.words import Channel, DeliveryState, Urgency


@dataclass(frozen=True, slots=True)
class Row:
    """What the next step depends on."""

    channel: Channel
    urgency: Urgency
    shown: bool  # the message is in the chat already: it is being edited or deleted, not sent
    due_at: datetime  # since when it has been waiting
    expires_at: datetime | None = None
    no_sms: str | None = None  # why it can't go by SMS


# What the networks answered.
@dataclass(frozen=True, slots=True)
class Sent:
    message_id: int


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
    """An operator must put something right: token, account, number, permission."""

    why: str


Passing = Halted | NotTaken | Unsure | Misconfigured  # it may go better later


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

    why: str


Outcome = (
    Sent
    | Edited
    | Unchanged
    | Deleted
    | MessageGone
    | Accepted
    | Unreachable
    | BadNumber
    | OptedOut
    | Rejected
    | Passing
    | LostPoint
    | Expired
    | NoSms
)


@dataclass(frozen=True, slots=True)
class Retry:
    """A policy: pauses that double from `first` to `most`, until it has been due for `patience`."""

    patience: timedelta
    first: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(minutes=1)

    def pause(self, due_at: datetime, now: datetime) -> timedelta:
        """As long as it has been waiting already, which doubles the wait each time."""
        return min(max(now - due_at, self.first), self.most)

    def is_over(self, due_at: datetime, now: datetime) -> bool:
        return now - due_at >= self.patience


# R11.2 gives the first two; a normal message is worth two hours, an edit half of one.
TELEGRAM = {
    Urgency.URGENT: Retry(timedelta(minutes=4)),
    Urgency.IMPORTANT: Retry(timedelta(minutes=30)),
    Urgency.NORMAL: Retry(timedelta(hours=2)),
    Urgency.TIDYING: Retry(timedelta(minutes=30)),
}
EDIT = Retry(timedelta(minutes=30))
SMS = Retry(timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class Step:
    """What to record. Without `pause` and `channel` the work is done, for good or for now.

    `pause`: it stays due, and nobody takes it up before that. `channel`: it goes on there at once.
    """

    state: DeliveryState
    reason: str | None = None
    pause: timedelta | None = None
    channel: Channel | None = None


def next_step(row: Row, outcome: Outcome, now: datetime) -> Step:
    """The next step of a delivery after an attempt (R11.2, R11.3, R11.7)."""
    if row.channel is Channel.SMS:
        return _after_sms(row, outcome, now)
    return _after_edit(row, outcome, now) if row.shown else _after_send(row, outcome, now)


def _after_send(row: Row, outcome: Outcome, now: datetime) -> Step:
    match outcome:
        case Sent():
            return Step(DeliveryState.SENT)
        case LostPoint():
            return Step(DeliveryState.CANCELLED, "it had lost its point")
        case Expired():
            return Step(DeliveryState.EXPIRED)
        case Unreachable(why=why):
            return _by_sms(row, why)
        case Rejected(why=why):
            return _by_sms(row, f"a fault of ours: {why}")
        case Halted() | NotTaken() | Unsure() | Misconfigured():
            return _again(row, outcome, TELEGRAM[row.urgency], now) or _by_sms(row, _why(outcome))
    raise _never(row, outcome)


def _by_sms(row: Row, why: str) -> Step:
    """R11.2: urgent and important go by SMS where Telegram can't deliver; the rest never, one by one (R11.4a)."""
    if row.urgency > Urgency.IMPORTANT:
        return Step(DeliveryState.FAILED, why)
    if row.no_sms is not None:
        return Step(DeliveryState.FAILED, f"{why}; {row.no_sms}")
    return Step(DeliveryState.PENDING, why, channel=Channel.SMS)


def _after_edit(row: Row, outcome: Outcome, now: datetime) -> Step:
    """What was shown has arrived, so nothing goes by SMS; at worst it shows what was true."""
    match outcome:
        case Edited() | Unchanged() | Sent():  # sent anew, where the one to edit was gone
            return Step(DeliveryState.SENT)
        case Deleted():
            return Step(DeliveryState.CANCELLED, "deleted: there was nothing to show any more")
        case MessageGone(why=why):
            return Step(DeliveryState.CANCELLED, why)
        case Unreachable(why=why):
            return Step(DeliveryState.SENT, f"not redrawn: {why}")
        case Rejected(why=why):
            return Step(DeliveryState.SENT, f"not redrawn, a fault of ours: {why}")
        case Halted() | NotTaken() | Unsure() | Misconfigured():
            given_up = Step(DeliveryState.SENT, f"not redrawn: {_why(outcome)}")
            return _again(row, outcome, EDIT, now) or given_up
    raise _never(row, outcome)


def _after_sms(row: Row, outcome: Outcome, now: datetime) -> Step:
    match outcome:
        case Accepted():
            return Step(DeliveryState.SENT)
        case LostPoint():
            return Step(DeliveryState.CANCELLED, "it had lost its point")
        case Expired():
            return Step(DeliveryState.EXPIRED)
        case NoSms(why=why):
            return Step(DeliveryState.FAILED, why)
        case BadNumber(why=why):
            return Step(DeliveryState.FAILED, f"the number takes no SMS: {why}")
        case OptedOut(why=why):
            return Step(DeliveryState.FAILED, f"opted out of SMS: {why}")
        case Rejected(why=why):
            return Step(DeliveryState.FAILED, f"a fault of ours: {why}")
        case Unsure(why=why):  # it may have arrived: never again without looking first (R11.7)
            return Step(DeliveryState.UNKNOWN, why)
        case Halted() | NotTaken() | Misconfigured():
            return _again(row, outcome, SMS, now) or Step(DeliveryState.FAILED, _why(outcome))
    raise _never(row, outcome)


def _again(row: Row, outcome: Passing, retry: Retry, now: datetime) -> Step | None:
    """The same once more after a pause; None once patience is over, or when it would come too late."""
    pause = retry.pause(row.due_at, now)
    if isinstance(outcome, Halted):
        pause = max(pause, outcome.retry_after)
    state = DeliveryState.SENT if row.shown else DeliveryState.PENDING
    if not row.shown and row.expires_at is not None and now + pause >= row.expires_at:
        return Step(DeliveryState.EXPIRED, _why(outcome))
    return None if retry.is_over(row.due_at, now) else Step(state, _why(outcome), pause)


def _why(outcome: Passing) -> str:
    return f"told to wait {outcome.retry_after}" if isinstance(outcome, Halted) else outcome.why


def _never(row: Row, outcome: Outcome) -> AssertionError:
    return AssertionError(f"{outcome} can't come of {row}")
