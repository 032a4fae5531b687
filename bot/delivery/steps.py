"""What happens next to a delivery: one pure function of the row, what came of an attempt or of waiting, and the time.

`docs/deliveries.md` draws it; the drawing is made from this function.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.delivery.outcomes import (
    Accepted,
    Answered,
    Arrived,
    BadNumber,
    DayFull,
    Deleted,
    Edited,
    Expired,
    Halted,
    LookupFailed,
    Lost,
    LostPoint,
    MessageGone,
    Misconfigured,
    Moved,
    NoSms,
    NotFound,
    NotTaken,
    OnItsWay,
    OptedOut,
    Outcome,
    Overdue,
    Passing,
    Rejected,
    Sent,
    Unanswered,
    Unchanged,
    Unreachable,
    Unsure,
    Waited,
)
from domain.db.models.words import Channel, DeliveryState, Failure, Urgency
from domain.notices.rules import Held


@dataclass(frozen=True, slots=True)
class Row:
    """What the next step depends on."""

    channel: Channel
    state: DeliveryState
    urgency: Urgency
    shown: bool  # Telegram: the message is in the chat already, and is being edited or deleted, not sent
    due_at: datetime  # since when it has been waiting
    expires_at: datetime | None = None
    by_sms: bool = False  # Telegram: the rules let it go on by SMS, and it has not done so before
    answer_within: timedelta | None = None  # Telegram: so long unsent, or sent and unanswered, it goes on by SMS
    tries: int = 0  # the last one included; SMS: how many were handed to Twilio; Telegram: how often it was in hand
    sent_at: datetime | None = None  # SMS: when Twilio took it
    may_go_back: bool = False  # SMS: it goes on from a Telegram row that only a passing failure kept from being sent


@dataclass(frozen=True, slots=True)
class Retry:
    """A policy: pauses that double from `first` to `most`, until it has been due for `patience`."""

    patience: timedelta
    first: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(minutes=1)

    def pause(self, due_at: datetime, now: datetime) -> timedelta:
        """As long as it has been waiting already, which doubles the wait each time."""
        return min(max(now - due_at, self.first), self.most)

    def pause_after(self, tries: int) -> timedelta:
        """The same for what may have waited in a queue for long before it was first tried."""
        doublings: int = 2 ** min(max(tries, 1) - 1, 16)
        return min(self.first * doublings, self.most)

    def is_over(self, due_at: datetime, now: datetime) -> bool:
        return now - due_at >= self.patience


NORMAL = Retry(timedelta(hours=2))  # a normal message is worth two hours, an edit half of one
EDIT = Retry(timedelta(minutes=30))
SMS = Retry(timedelta(minutes=30))
SWEEP_AFTER = timedelta(minutes=10)  # no word from the carrier for so long: it is asked for
SWEEP_FOR = timedelta(hours=4)  # then nobody asks any more
LOOK_UP = Retry(SWEEP_FOR, first=timedelta(seconds=30), most=timedelta(minutes=5))
AGAIN_AFTER = timedelta(minutes=5)  # where the carrier could not bring it
TRIES_MOST = 3
MOVED = "the group has become another chat"
HELD = "held: it may not ring now"
SHOWN = (DeliveryState.SENT, DeliveryState.ACKNOWLEDGED, DeliveryState.ESCALATED)  # a message may be in the chat


@dataclass(frozen=True, slots=True)
class Step:
    """What to record. Without `pause` and `due_at` the work is done, for good or for now.

    `pause`: it stays due, and nobody takes it up before that. `due_at`: it is due from then on. `escalate_at`:
    unanswered then, it goes on. A Telegram row that becomes `escalated` gets an SMS row, in the same transaction.
    `back`: the Telegram row that an SMS goes on from is tried again, likewise.
    """

    state: DeliveryState
    reason: str | None = None
    failure: Failure | None = None
    pause: timedelta | None = None
    due_at: datetime | None = None
    escalate_at: datetime | None = None
    back: bool = False


def next_step(row: Row, outcome: Outcome, now: datetime) -> Step:
    """The next step of a delivery (R11.2, R11.3, R11.7). Only from `pending` and `sending` does anything leave."""
    if row.channel is Channel.SMS:
        step = _after_handing_over(row, outcome, now) if _is_word_of(outcome) else _after_sms(row, outcome, now)
        return replace(step, back=row.may_go_back and _is_of_no_help(row, step, outcome))
    if isinstance(outcome, Waited):
        return _after_waiting(row, outcome)
    return _after_edit(row, outcome, now) if row.shown else _after_send(row, outcome, now)


def _after_send(row: Row, outcome: Outcome, now: datetime) -> Step:
    match outcome:
        case Sent():
            waits = row.by_sms and row.answer_within is not None
            return Step(
                DeliveryState.SENT, escalate_at=now + row.answer_within if waits and row.answer_within else None
            )
        case Held(until=until):
            return Step(DeliveryState.PENDING, HELD, due_at=until)
        case LostPoint():
            return Step(DeliveryState.CANCELLED, "it had lost its point")
        case Expired():
            return Step(DeliveryState.EXPIRED)
        case Unreachable(why=why, failure=failure):
            return _by_sms(row, why, failure)
        case Moved():
            return Step(DeliveryState.PENDING, MOVED, pause=timedelta(0))
        case Rejected(why=why):
            return _by_sms(row, f"a fault of ours: {why}", Failure.REFUSED)
        case Halted() | NotTaken() | Unsure() | Misconfigured():
            patience = NORMAL if row.answer_within is None else Retry(row.answer_within)
            return _again(row, outcome, patience, now) or _by_sms(row, _why(outcome), _failure(outcome))
    raise _never(row, outcome)


def _after_waiting(row: Row, outcome: Waited) -> Step:
    match outcome:
        case Answered() if row.state is DeliveryState.SENT:
            return Step(DeliveryState.ACKNOWLEDGED)
        case Unanswered() if row.state is DeliveryState.SENT:
            return Step(DeliveryState.ESCALATED, "unanswered")
        case Overdue() if row.state in (DeliveryState.PENDING, DeliveryState.SENDING) and not row.shown:
            return _by_sms(row, "Telegram did not take it in time", Failure.NO_ANSWER)
    raise _never(row, outcome)


def _by_sms(row: Row, why: str, failure: Failure) -> Step:
    """R11.2: it goes on by SMS, at once or (normal) in the digest; cards and the like don't."""
    return Step(DeliveryState.ESCALATED if row.by_sms else DeliveryState.FAILED, why, failure)


def _after_edit(row: Row, outcome: Outcome, now: datetime) -> Step:
    """What was shown has arrived, so nothing goes by SMS for this; at worst it shows what was true."""
    match outcome:
        case Edited() | Unchanged() | Sent():  # sent anew, where the one to edit was gone
            return Step(row.state)
        case Deleted():
            return Step(DeliveryState.CANCELLED, "deleted: there was nothing to show any more")
        case MessageGone(why=why):  # a notice has been there all the same, and may still wait for its answer
            return Step(row.state, f"not redrawn: {why}") if row.by_sms else Step(DeliveryState.CANCELLED, why)
        case Moved():  # what was told before stays behind
            return Step(DeliveryState.CANCELLED, MOVED)
        case Unreachable(why=why):
            return Step(row.state, f"not redrawn: {why}")
        case Rejected(why=why):
            return Step(row.state, f"not redrawn, a fault of ours: {why}")
        case Halted() | NotTaken() | Unsure() | Misconfigured():
            return _again(row, outcome, EDIT, now) or Step(row.state, f"not redrawn: {_why(outcome)}")
    raise _never(row, outcome)


def _after_sms(row: Row, outcome: Outcome, now: datetime) -> Step:
    match outcome:
        case Accepted():
            return Step(DeliveryState.SENT, due_at=now + SWEEP_AFTER)
        case Held(until=until):
            return Step(DeliveryState.PENDING, HELD, due_at=until)
        case LostPoint():
            return Step(DeliveryState.CANCELLED, "it had lost its point")
        case Expired():
            return Step(DeliveryState.EXPIRED)
        case NoSms(failure=failure, why=why):
            return Step(DeliveryState.FAILED, why, failure)
        case DayFull(until=until, why=why):
            if row.expires_at is not None and row.expires_at <= until:
                return Step(DeliveryState.FAILED, why, Failure.DAY_FULL)
            return Step(DeliveryState.PENDING, why, due_at=until)
        case BadNumber(why=why):
            return Step(DeliveryState.FAILED, why, Failure.BAD_NUMBER)
        case OptedOut(why=why):
            return Step(DeliveryState.FAILED, why, Failure.OPTED_OUT)
        case Rejected(why=why):
            return Step(DeliveryState.FAILED, f"a fault of ours: {why}", Failure.REFUSED)
        case Unsure(why=why):  # it may have arrived: never again without looking first (R11.7)
            return Step(DeliveryState.UNKNOWN, why, pause=LOOK_UP.first, due_at=now)
        case Halted() | NotTaken() | Misconfigured():
            given_up = Step(DeliveryState.FAILED, _why(outcome), _failure(outcome))
            return _again(row, outcome, SMS, now) or given_up
    raise _never(row, outcome)


def _is_of_no_help(row: Row, step: Step, outcome: Outcome) -> bool:
    """No SMS reaches him, or none today: Telegram, which may be well again, is what is left (R11.7)."""
    ends_badly = step.state in (DeliveryState.FAILED, DeliveryState.UNDELIVERED) and step.state is not row.state
    return ends_badly or isinstance(outcome, DayFull)


WordOf = OnItsWay | Arrived | Lost | NotFound | LookupFailed
_OPEN = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.SENT)


def _is_word_of(outcome: Outcome) -> bool:
    return isinstance(outcome, WordOf)


def _after_handing_over(row: Row, outcome: Outcome, now: datetime) -> Step:
    """What a callback or a look-up says of an SMS. It may come late: an end is left only for the better."""
    match outcome:
        case Arrived() if row.state in (*_OPEN, DeliveryState.UNDELIVERED, DeliveryState.FAILED):
            return Step(DeliveryState.DELIVERED)
        case OnItsWay() if row.state in _OPEN:
            return Step(DeliveryState.SENT, due_at=_next_sweep(row, now))
        case Lost(why=why, failure=failure, again=again) if row.state in _OPEN:
            in_time = row.expires_at is None or now + AGAIN_AFTER < row.expires_at
            if again and in_time and row.tries < TRIES_MOST - 1:  # R11.7 and LESSONS: one later retry
                return Step(DeliveryState.PENDING, why, due_at=now + AGAIN_AFTER)
            if again and row.expires_at is not None and now >= row.expires_at:
                return Step(DeliveryState.EXPIRED, why)
            return Step(DeliveryState.UNDELIVERED, why, failure)
        case NotFound() if row.state is DeliveryState.UNKNOWN:
            if row.expires_at is not None and now >= row.expires_at:
                return Step(DeliveryState.EXPIRED, "Twilio never got it")
            if row.tries < TRIES_MOST:
                return Step(DeliveryState.PENDING, "Twilio never got it", due_at=now)
            return Step(DeliveryState.FAILED, "Twilio never got it", Failure.NO_ANSWER)
        case LookupFailed(why=why) if row.state is DeliveryState.UNKNOWN:
            over = LOOK_UP.is_over(row.due_at, now)
            return Step(row.state, why, pause=None if over else LOOK_UP.pause(row.due_at, now))
        case NotFound() | LookupFailed() if row.state is DeliveryState.SENT:
            return Step(row.state, due_at=_next_sweep(row, now))
    return Step(row.state)


def _next_sweep(row: Row, now: datetime) -> datetime | None:
    """Each as long after the last as it has been under way; None: carriers that never say so are not asked for ever."""
    under_way = now - (row.sent_at or now)
    return None if under_way >= SWEEP_FOR else now + max(under_way, SWEEP_AFTER)


def _again(row: Row, outcome: Passing, retry: Retry, now: datetime) -> Step | None:
    """The same once more after a pause; None once patience is over, or when it would come too late."""
    pause = retry.pause(row.due_at, now)
    if isinstance(outcome, Halted):
        pause = outcome.retry_after
    elif row.channel is Channel.TELEGRAM and not row.shown:
        pause = min(pause, retry.pause_after(row.tries))
    if not row.shown and row.expires_at is not None and now + pause >= row.expires_at:
        in_time_by_sms = row.by_sms and row.answer_within is not None and now < row.expires_at
        return None if in_time_by_sms else Step(DeliveryState.EXPIRED, _why(outcome))
    state = row.state if row.shown else DeliveryState.PENDING
    return None if retry.is_over(row.due_at, now) else Step(state, _why(outcome), pause=pause)


def _why(outcome: Passing) -> str:
    return f"told to wait {outcome.retry_after}" if isinstance(outcome, Halted) else outcome.why


def _failure(outcome: Passing) -> Failure:
    return Failure.MISCONFIGURED if isinstance(outcome, Misconfigured) else Failure.NO_ANSWER


def _never(row: Row, outcome: Outcome) -> AssertionError:
    return AssertionError(f"{outcome} can't come of {row}")
