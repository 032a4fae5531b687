"""docs/deliveries.md, made from the one function that moves a delivery: `python -m bot.delivery.drawing`."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final

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
    Rejected,
    Sent,
    Unanswered,
    Unchanged,
    Unreachable,
    Unsure,
)
from bot.delivery.steps import SHOWN, TRIES_MOST, Row, next_step
from domain.db.models.words import Channel, DeliveryState, Failure, Urgency
from domain.notices.rules import Held

State = DeliveryState

NOW: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)  # any instant does
LATE: Final = NOW + timedelta(days=1)  # all patience is over
WITHIN: Final = timedelta(minutes=4)

# The words of an arrow, by what came of an attempt, of a report or of waiting.
_PASSING: Final[dict[Outcome, str]] = {
    Halted(timedelta(seconds=1)): "429",
    NotTaken(""): "not taken",
    Misconfigured(""): "an operator must act",
}
_SENT_OFF: Final[dict[Outcome, str]] = {
    Sent(1): "Telegram has it",
    Unreachable(""): "blocked, no chat",
    Moved(-1): "the group has another id",
    Rejected(""): "a fault of ours",
    Unsure(""): "cut off",
    **_PASSING,
}
_LOOKED_AT: Final[dict[Outcome, str]] = {
    LostPoint(): "no point any more",
    Expired(): "expired",
    Held(LATE): "quiet hours",
}
_EDITED: Final[dict[Outcome, str]] = {
    Edited(): "redrawn",
    Unchanged(): "redrawn",
    Sent(2): "redrawn",
    Deleted(): "nothing to show",
    MessageGone(""): "gone from the chat",
    Unreachable(""): "blocked",
    Moved(-1): "left in the group as it was",
    Rejected(""): "a fault of ours",
    Unsure(""): "cut off",
    **_PASSING,
}
_WAITED: Final[dict[Outcome, str]] = {Answered(): "answered", Unanswered(): "unanswered"}
_NOT_TEXTED: Final[dict[Outcome, str]] = {
    NoSms(Failure.NO_PHONE, ""): "no SMS to him",
    DayFull(LATE, ""): "the day is full",
    BadNumber(""): "no number",
    Rejected(""): "a fault of ours",
    **_LOOKED_AT,
}
_HANDED_OVER: Final[dict[Outcome, str]] = {
    Accepted(""): "Twilio has it",
    BadNumber(""): "no number",
    OptedOut(""): "opted out",
    Rejected(""): "a fault of ours",
    Unsure(""): "nobody knows",
    **_PASSING,
}
_WORDS: Final[dict[Outcome, str]] = {
    OnItsWay(): "on its way",
    Arrived(): "arrived",
    Lost("", Failure.CARRIER): "lost",
    Lost("", Failure.CARRIER, again=True): "lost for now",
}
_LOOKED_UP: Final[dict[Outcome, str]] = {
    NotFound(): "Twilio never got it",
    LookupFailed(""): "look-up failed",
    **_WORDS,
}

_BY_AN_OPERATOR: Final = (
    (State.PENDING, State.CANCELLED, "by an operator"),
    *((state, State.PENDING, "an operator's retry") for state in (State.FAILED, State.CANCELLED, State.EXPIRED)),
)
# What is done without an outcome: a claim, and what the domain does in the transaction that causes it.
_ELSEWHERE: Final[dict[Channel, tuple[tuple[State, State, str], ...]]] = {
    Channel.TELEGRAM: (
        (State.PENDING, State.SENDING, "a worker has it in hand"),
        (State.PENDING, State.CANCELLED, "no point any more"),
        (State.SENDING, State.PENDING, "given back"),
        (State.SENT, State.PENDING, "unanswered in a chat that is no longer his"),
        (State.SENDING, State.CANCELLED, "answered before it was recorded"),
        *((state, State.ACKNOWLEDGED, "its button") for state in (State.SENDING, State.SENT, State.ESCALATED)),
        *((state, State.CANCELLED, "the chat is no longer his, or the group's") for state in SHOWN),
        *_BY_AN_OPERATOR,
    ),
    Channel.SMS: (
        (State.PENDING, State.SENDING, "handed over"),
        (State.PENDING, State.CANCELLED, "answered already"),
        (State.PENDING, State.SUPERSEDED, "in the digest, by Telegram"),
        (State.SUPERSEDED, State.PENDING, "its digest came to a bad end"),
        (State.PENDING, State.EXPIRED, "expired"),
        (State.UNDELIVERED, State.PENDING, "an operator's retry"),
        *_BY_AN_OPERATOR,
    ),
}

_MEANING: Final[dict[Channel, dict[State, str]]] = {
    Channel.TELEGRAM: {
        State.PENDING: "It is to be sent when it is due: now, after a pause, or when the quiet hours end. "
        "What Telegram did not take and no SMS could bring is tried for two more hours.",
        State.SENDING: "A worker has it in hand, or died with it; when the lease ends, another takes it up.",
        State.SENT: "Telegram has it. What is urgent or important waits for an answer.",
        State.ACKNOWLEDGED: "Its reader has done something since, or pressed its own button.",
        State.ESCALATED: "It goes on by SMS, as a row of its own.",
        State.FAILED: "It can't be delivered and does not go by SMS; `failure` has the class, `reason` the words.",
        State.CANCELLED: "It had lost its point before it was sent, or is gone from the chat.",
        State.EXPIRED: "Its time was over before it could be sent.",
    },
    Channel.SMS: {
        State.PENDING: "It is to be sent when it is due; a normal one, which has no such time, waits for the digest.",
        State.SENDING: "It may have left: its attempt is written down before Twilio is asked.",
        State.SENT: "Twilio has it; reports or look-ups tell what becomes of it.",
        State.UNKNOWN: "Nobody knows whether it left. It is looked up, and never sent again before that.",
        State.DELIVERED: "The carrier has brought it.",
        State.UNDELIVERED: "The carrier has not brought it.",
        State.FAILED: "It can't be sent; `failure` has the class, `reason` the words.",
        State.CANCELLED: "It had lost its point before it was sent: answered already, or nothing to tell.",
        State.SUPERSEDED: "Another row tells it: the day's digest, or one by Telegram, which works again. "
        "When that digest comes to a bad end, what still has a point waits for the next.",
        State.EXPIRED: "Its time was over before it could be sent.",
    },
}


@dataclass(frozen=True, slots=True)
class Arrow:
    """One way from a state to a state, with all that leads along it."""

    before: State
    after: State
    why: tuple[str, ...]


def arrows(channel: Channel) -> tuple[Arrow, ...]:
    """Every way that a row of this channel can take."""
    found: dict[tuple[State, State], dict[str, None]] = {}
    for before, after, why in _ELSEWHERE[channel]:
        found.setdefault((before, after), {})[why] = None
    for row, outcome, why in _cases(channel):
        for now in (NOW, LATE):
            after = next_step(row, outcome, now).state
            if after is not row.state:
                found.setdefault((row.state, after), {})[why] = None
    if channel is Channel.TELEGRAM and _goes_back():
        found.setdefault((State.ESCALATED, State.PENDING), {})["no SMS could be brought"] = None
    order = list(State)
    ways = sorted(found.items(), key=lambda way: (order.index(way[0][0]), order.index(way[0][1])))
    return tuple(Arrow(before, after, tuple(why)) for (before, after), why in ways)


def _goes_back() -> bool:
    return any(next_step(row, outcome, now).back for row, outcome, _ in _cases(Channel.SMS) for now in (NOW, LATE))


def rests(channel: Channel) -> tuple[State, ...]:
    """The states in which nothing is to be done any more, unless something happens."""
    found = {after for _, after, _ in _ELSEWHERE[channel]} - {State.PENDING, State.SENDING}
    for row, outcome, _ in _cases(channel):
        steps = (next_step(row, outcome, now) for now in (NOW, LATE))
        found |= {step.state for step in steps if not (step.pause or step.due_at or step.escalate_at)}
    return tuple(state for state in State if state in found)


def _cases(channel: Channel) -> Iterator[tuple[Row, Outcome, str]]:
    """Every kind of row with everything that can come of it."""
    rows = _telegram_rows() if channel is Channel.TELEGRAM else _sms_rows()
    for row in rows:
        for outcome, why in _outcomes(row).items():
            yield row, outcome, why


def _telegram_rows() -> Iterator[Row]:
    new = Row(Channel.TELEGRAM, State.SENDING, Urgency.URGENT, shown=False, due_at=NOW)
    for by_sms, answer_within, expires_at in product((True, False), (WITHIN, None), (None, NOW)):
        row = replace(new, by_sms=by_sms, answer_within=answer_within, expires_at=expires_at)
        yield row
        yield replace(row, state=State.PENDING)
        yield from (replace(row, state=state, shown=True) for state in SHOWN)


def _sms_rows() -> Iterator[Row]:
    new = Row(Channel.SMS, State.PENDING, Urgency.URGENT, shown=False, due_at=NOW, sent_at=NOW)
    for state, tries, expires_at in product(State, (1, TRIES_MOST), (None, NOW)):
        yield replace(new, state=state, tries=tries, expires_at=expires_at, may_go_back=True)


def _outcomes(row: Row) -> dict[Outcome, str]:
    """What can come of a row as it stands, and the words for it."""
    if row.channel is Channel.TELEGRAM:
        if row.shown:
            return _EDITED | (_WAITED if row.state is State.SENT else {})
        overdue: dict[Outcome, str] = {Overdue(): "not taken in time"}
        return overdue if row.state is State.PENDING else _SENT_OFF | _LOOKED_AT | overdue
    match row.state:
        case State.PENDING:
            return _NOT_TEXTED
        case State.SENDING:
            return _HANDED_OVER | _WORDS
        case State.UNKNOWN | State.SENT:
            return _LOOKED_UP
        case State.ACKNOWLEDGED | State.ESCALATED:
            return {}
    return _WORDS


def document() -> str:
    """The page."""
    return "\n".join(
        (
            "# Deliveries",
            "",
            "One row of `deliveries` is one message on one phone. This is how it moves on; made from `next_step` in",
            "`bot/delivery/steps.py` by `python -m bot.delivery.drawing > docs/deliveries.md`.",
            "",
            *_section("By Telegram", Channel.TELEGRAM),
            "",
            "A message that is there is redrawn in place when what it shows has changed; its state stays as it is.",
            "",
            *_section("By SMS", Channel.SMS),
            "",
            "Reports of the carrier come early, twice, or in any order: an end is left only for the better.",
            "",
        )
    )


def _section(title: str, channel: Channel) -> Iterable[str]:
    ways = arrows(channel)
    yield from (f"## {title}", "", "```mermaid", "stateDiagram-v2", "    [*] --> pending")
    yield from (f"    {way.before} --> {way.after}: {', '.join(way.why)}" for way in ways)
    yield from (f"    {state} --> [*]" for state in rests(channel))
    yield from ("```", "", "| state | |", "|---|---|")
    yield from (f"| {state} | {meaning} |" for state, meaning in _MEANING[channel].items())


if __name__ == "__main__":
    sys.stdout.write(document())
