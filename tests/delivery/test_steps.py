"""The one function that says what happens next to a delivery."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import steps
from bot.delivery.steps import (
    Accepted,
    BadNumber,
    Deleted,
    Edited,
    Expired,
    Halted,
    LostPoint,
    MessageGone,
    Misconfigured,
    NoSms,
    NotTaken,
    OptedOut,
    Outcome,
    Rejected,
    Row,
    Sent,
    Step,
    Unchanged,
    Unreachable,
    Unsure,
    next_step,
)
from domain.db.models.words import Channel, DeliveryState, Urgency

NOW = datetime(2026, 11, 25, 12, 20, tzinfo=UTC)
ENDS = {DeliveryState.CANCELLED, DeliveryState.EXPIRED, DeliveryState.FAILED, DeliveryState.UNKNOWN}

whys = st.just("why")
halts = st.builds(Halted, st.integers(1, 600).map(lambda seconds: timedelta(seconds=seconds)))
passing = st.one_of(halts, *(st.builds(kind, whys) for kind in (NotTaken, Unsure, Misconfigured)))
before = st.sampled_from([LostPoint(), Expired()])
by_telegram = st.one_of(passing, before, st.just(Sent(7)), st.builds(Unreachable, whys), st.builds(Rejected, whys))
by_edit = st.one_of(
    passing,
    st.sampled_from([Edited(), Unchanged(), Deleted(), Sent(7)]),
    *(st.builds(kind, whys) for kind in (MessageGone, Unreachable, Rejected)),
)
by_sms = st.one_of(
    passing,
    before,
    st.just(Accepted("SM1")),
    *(st.builds(kind, whys) for kind in (BadNumber, OptedOut, NoSms, Rejected)),
)


def outcomes(channel: Channel, shown: bool) -> st.SearchStrategy[Any]:
    if channel is Channel.SMS:
        return by_sms
    return by_edit if shown else by_telegram


@given(
    st.data(), st.sampled_from(Urgency), st.booleans(), st.none() | st.integers(-60, 7200), st.none() | st.just("off")
)
def test_r11_7_every_path_ends_and_nothing_is_sent_after_an_end(
    data: st.DataObject, urgency: Urgency, shown: bool, expires_in: int | None, no_sms: str | None
) -> None:
    now, due_at, channel = NOW, NOW, Channel.TELEGRAM
    expires_at = None if expires_in is None else NOW + timedelta(seconds=expires_in)
    channels = [channel]
    for _ in range(400):
        row = Row(channel, urgency, shown, due_at, expires_at, no_sms)
        step = next_step(row, data.draw(outcomes(channel, shown)), now)
        goes_on = step.pause is not None or step.channel is not None
        if not goes_on:
            assert step.state in ENDS | {DeliveryState.SENT}
            assert step.state is DeliveryState.SENT or step.state is DeliveryState.EXPIRED or step.reason
            break
        assert step.state is (DeliveryState.SENT if shown else DeliveryState.PENDING)
        if step.channel is not None:
            channel, due_at = step.channel, now
            channels.append(channel)
        now += step.pause or timedelta(0)
    else:
        raise AssertionError("it never ends")
    assert channels in ([Channel.TELEGRAM], [Channel.TELEGRAM, Channel.SMS]), "never back, never twice"
    if shown or urgency > Urgency.IMPORTANT or no_sms:
        assert channel is Channel.TELEGRAM


@given(st.sampled_from(Urgency), st.integers(0, 3600), passing)
def test_pauses_grow_and_keep_to_retry_after(urgency: Urgency, waited: int, outcome: Outcome) -> None:
    row = Row(Channel.TELEGRAM, urgency, True, NOW - timedelta(seconds=waited))
    step = next_step(row, outcome, NOW)
    if step.pause is None:
        assert waited >= 1800
    else:
        assert step.pause >= min(timedelta(seconds=max(1, waited)), timedelta(minutes=1))
        assert not isinstance(outcome, Halted) or step.pause >= outcome.retry_after


@pytest.mark.parametrize(
    ("urgency", "minutes", "then"),
    [
        (Urgency.URGENT, 4, Channel.SMS),
        (Urgency.IMPORTANT, 30, Channel.SMS),
        (Urgency.NORMAL, 120, None),
    ],
)
def test_r11_2_how_long_telegram_is_tried(urgency: Urgency, minutes: int, then: Channel | None) -> None:
    row = Row(Channel.TELEGRAM, urgency, False, NOW)
    patience = timedelta(minutes=minutes)
    assert next_step(row, Unsure("500"), NOW + patience - timedelta(seconds=1)).pause is not None
    over = next_step(row, Unsure("500"), NOW + patience)
    assert (over.channel, over.pause) == (then, None)
    assert over.state is (DeliveryState.PENDING if then else DeliveryState.FAILED)
    assert over.reason == "500"


@pytest.mark.parametrize("outcome", [Unreachable("blocked"), Rejected("can't parse")])
def test_r11_2_what_telegram_can_not_deliver_goes_by_sms_at_once(outcome: Outcome) -> None:
    step = next_step(Row(Channel.TELEGRAM, Urgency.URGENT, False, NOW), outcome, NOW)
    assert (step.state, step.channel, step.pause) == (DeliveryState.PENDING, Channel.SMS, None)


def test_r11_2_without_a_way_for_sms_it_fails_with_both_reasons() -> None:
    row = Row(Channel.TELEGRAM, Urgency.URGENT, False, NOW, no_sms="SMS is not set up")
    assert next_step(row, Unreachable("blocked"), NOW) == Step(DeliveryState.FAILED, "blocked; SMS is not set up")


def test_r11_7_an_sms_whose_outcome_is_unknown_is_not_sent_again() -> None:
    row = Row(Channel.SMS, Urgency.URGENT, False, NOW)
    assert next_step(row, Unsure("timeout"), NOW) == Step(DeliveryState.UNKNOWN, "timeout")
    assert next_step(row, NotTaken("refused"), NOW).pause is not None


def test_r11_3_a_retry_that_would_come_too_late_is_none() -> None:
    row = Row(Channel.TELEGRAM, Urgency.URGENT, False, NOW, NOW + timedelta(seconds=5))
    assert next_step(row, Halted(timedelta(seconds=6)), NOW).state is DeliveryState.EXPIRED


def test_a_shown_message_never_goes_by_sms_and_stays_sent() -> None:
    row = Row(Channel.TELEGRAM, Urgency.URGENT, True, NOW)
    step = next_step(row, Unreachable("blocked"), NOW)
    assert (step.state, step.channel) == (DeliveryState.SENT, None)


def test_pauses_double_up_to_a_minute() -> None:
    policy, at = steps.EDIT, NOW
    pauses: list[int] = []
    while len(pauses) < 9:
        pauses.append(int(policy.pause(NOW, at).total_seconds()))
        at += timedelta(seconds=pauses[-1])
    assert pauses == [1, 1, 2, 4, 8, 16, 32, 60, 60]
