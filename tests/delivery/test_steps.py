"""The next step of a delivery: every path ends, nothing leaves after an end (R11.2, R11.3, R11.7)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.drawing import arrows
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
from bot.delivery.steps import SHOWN, TRIES_MOST, Row, Step, next_step
from domain.db.models.words import Channel, DeliveryState, Failure, Urgency
from domain.notices.rules import Held

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STEPS_MOST: Final = 500  # more, and it never ends
ENDS = (
    DeliveryState.DELIVERED,
    DeliveryState.UNDELIVERED,
    DeliveryState.FAILED,
    DeliveryState.CANCELLED,
    DeliveryState.EXPIRED,
    DeliveryState.SUPERSEDED,
)
NOT_TAKEN = (Halted(timedelta(seconds=2)), Halted(timedelta(hours=1)), NotTaken("refused"), Misconfigured("token"))
AGAIN = (*NOT_TAKEN, Unsure("cut off"))
SENDS = (Sent(1), Unreachable("blocked"), Rejected("bug"), LostPoint(), Expired(), *AGAIN)
GONE = (Deleted(), MessageGone("gone"))
EDITS = (*(Edited(), Unchanged(), Sent(2), Unreachable("blocked"), Rejected("bug")), *GONE, *AGAIN)
LOOKED_AT = (NoSms(Failure.NO_SMS, "off"), LostPoint(), Expired(), Rejected("bug"), BadNumber("no phone"))
REFUSED = (BadNumber("21211"), OptedOut("21610"), Rejected("bug"), *NOT_TAKEN)
REPORTS = (OnItsWay(), Arrived(), Lost("30007", Failure.CARRIER), Lost("30003", Failure.CARRIER, again=True))
HANDED_OVER = (Accepted("SM1"), Unsure("cut off"), *REFUSED, *REPORTS)
LOOKED_UP = (NotFound(), LookupFailed("down"), *REPORTS)


@dataclass(frozen=True, slots=True)
class Moved:
    """One step of a life: the row as it was, what came, and what was to be recorded."""

    row: Row
    outcome: Outcome
    step: Step
    at: datetime


def telegram_life(data: st.DataObject, row: Row) -> Iterator[Moved]:
    """Sent, redrawn at any time, waited for: as whatever Telegram, the clock and its reader do."""
    now, held, escalate_at, redraws = NOW, 2, None, data.draw(st.integers(0, 3))
    for _ in range(STEPS_MOST):
        can_come: list[Outcome] = list(EDITS if row.shown else SENDS)
        if not row.shown:
            row = replace(row, state=DeliveryState.SENDING, tries=row.tries + 1)
            can_come += [Held(now + timedelta(hours=9))] if held else []
            can_come += [Overdue()] if now - row.due_at >= (row.answer_within or timedelta.max) else []
        elif escalate_at is not None and now >= escalate_at:
            can_come = [Answered(), Unanswered()]
        outcome = data.draw(st.sampled_from(can_come))
        held -= isinstance(outcome, Held)
        step = next_step(row, outcome, now)
        yield Moved(row, outcome, step, now)
        edited = row.shown and step.state in SHOWN and not isinstance(outcome, Answered | Unanswered)
        escalate_at = escalate_at if edited else step.escalate_at
        row = replace(
            row, state=step.state, shown=row.shown or isinstance(outcome, Sent), due_at=step.due_at or row.due_at
        )
        if step.pause is not None or step.due_at is not None:
            now = max(now + (step.pause or timedelta(0)), step.due_at or now)
        elif row.state in SHOWN and row.shown and redraws:
            redraws -= 1
            now += timedelta(minutes=data.draw(st.integers(0, 10)))
            row = replace(row, due_at=now)
        elif row.state is DeliveryState.SENT and escalate_at is not None:
            now = max(now, escalate_at)
        else:
            return
    raise AssertionError("it never ends")


def sms_life(data: st.DataObject, row: Row) -> Iterator[Moved]:
    """Looked at, handed over, looked up, reported on: as whatever Twilio, the carriers and the clock do."""
    now, held = NOW, 2
    for _ in range(STEPS_MOST):
        can_come: tuple[Outcome, ...] = LOOKED_UP
        if row.state is DeliveryState.PENDING and (early := data.draw(st.sampled_from((None, None, None, *LOOKED_AT)))):
            can_come = (early,)
        elif row.state is DeliveryState.PENDING and held and data.draw(st.integers(0, 9)) == 0:
            waits: tuple[Outcome, ...] = (Held(now + timedelta(hours=9)), DayFull(now + timedelta(hours=9), "10 SMS"))
            can_come, held = (data.draw(st.sampled_from(waits)),), held - 1
        elif row.state is DeliveryState.PENDING:
            row = replace(row, state=DeliveryState.SENDING, tries=row.tries + 1)
            can_come = HANDED_OVER
        outcome = data.draw(st.sampled_from(can_come))
        step = next_step(row, outcome, now)
        yield Moved(row, outcome, step, now)
        row = replace(
            row,
            state=step.state,
            tries=row.tries - (row.state is DeliveryState.SENDING and outcome in REFUSED),
            due_at=step.due_at or row.due_at,
            sent_at=row.sent_at or (now if step.state is DeliveryState.SENT else None),
        )
        if step.pause is None and step.due_at is None:
            return
        now = max(now + (step.pause or timedelta(0)), step.due_at or now)
    raise AssertionError("it never ends")


def rows(channel: Channel) -> st.SearchStrategy[Row]:
    telegram = channel is Channel.TELEGRAM
    return st.builds(
        Row,
        channel=st.just(channel),
        state=st.just(DeliveryState.PENDING),
        urgency=st.sampled_from(Urgency),
        shown=st.just(False),
        due_at=st.just(NOW),
        expires_at=st.one_of(st.none(), st.integers(0, 9000).map(lambda seconds: NOW + timedelta(seconds=seconds))),
        by_sms=st.booleans() if telegram else st.just(False),
        answer_within=st.sampled_from([None, timedelta(minutes=4), timedelta(minutes=30)]) if telegram else st.none(),
    )


LIVES = {Channel.TELEGRAM: telegram_life, Channel.SMS: sms_life}
each_channel = pytest.mark.parametrize("channel", Channel)


@each_channel
@given(st.data())
def test_every_path_ends_and_every_bad_end_says_why(channel: Channel, data: st.DataObject) -> None:
    *_, last = LIVES[channel](data, data.draw(rows(channel)))
    assert last.step.state not in (DeliveryState.PENDING, DeliveryState.SENDING)
    if last.step.state in (DeliveryState.FAILED, DeliveryState.UNDELIVERED):
        assert last.step.reason is not None
        assert last.step.failure is not None


@each_channel
@given(st.data())
def test_no_state_comes_about_in_a_way_that_is_not_drawn(channel: Channel, data: st.DataObject) -> None:
    drawn = {(way.before, way.after) for way in arrows(channel)}
    for moved in LIVES[channel](data, data.draw(rows(channel))):
        assert moved.step.state is moved.row.state or (moved.row.state, moved.step.state) in drawn


@given(st.data(), rows(Channel.TELEGRAM))
def test_r11_2_it_goes_by_sms_once_at_the_most_and_says_why(data: st.DataObject, row: Row) -> None:
    """An SMS row is made where a row becomes `escalated`, whatever is redrawn before and after."""
    made = [
        moved.step
        for moved in telegram_life(data, row)
        if moved.step.state is DeliveryState.ESCALATED and moved.row.state is not DeliveryState.ESCALATED
    ]
    assert len(made) <= 1
    assert all(step.reason for step in made)
    assert row.by_sms or not made


@given(st.data(), rows(Channel.TELEGRAM))
def test_r11_2_what_is_urgent_is_neither_forgotten_nor_left_waiting(data: st.DataObject, row: Row) -> None:
    """With an SMS to fall back on: answered, gone on, or over; and gone on in time."""
    within = timedelta(minutes=4)
    life = list(telegram_life(data, replace(row, by_sms=True, answer_within=within, expires_at=None)))
    assert life[-1].step.state in (DeliveryState.ACKNOWLEDGED, DeliveryState.ESCALATED, DeliveryState.CANCELLED, *ENDS)
    for moved in life:
        took = moved.outcome in AGAIN and not moved.row.shown
        assert not took or moved.step.state is not DeliveryState.FAILED


@given(st.data(), rows(Channel.TELEGRAM))
def test_r11_3_nothing_is_sent_anew_where_it_is_shown(data: st.DataObject, row: Row) -> None:
    shown = False
    for moved in telegram_life(data, row):
        assert moved.row.shown is shown
        shown = shown or isinstance(moved.outcome, Sent)
        assert not shown or moved.step.state not in (DeliveryState.PENDING, DeliveryState.SENDING)


@given(st.data(), rows(Channel.SMS))
def test_r11_7_an_unsure_sms_is_never_sent_again_without_looking(data: st.DataObject, row: Row) -> None:
    known = True
    for moved in sms_life(data, row):
        assert known or moved.row.state is not DeliveryState.SENDING, "nobody knows whether the last one arrived"
        if isinstance(moved.outcome, Unsure):
            known = False
        elif isinstance(moved.outcome, NotFound | Lost):
            known = True


@given(st.data(), rows(Channel.SMS), st.booleans())
def test_r11_7_an_sms_that_helps_nobody_gives_its_message_back_to_telegram(
    data: st.DataObject, row: Row, may: bool
) -> None:
    for moved in sms_life(data, replace(row, may_go_back=may)):
        bad = moved.step.state in (DeliveryState.FAILED, DeliveryState.UNDELIVERED)
        assert moved.step.back is (may and (bad or isinstance(moved.outcome, DayFull)))


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNDELIVERED])
def test_r11_7_what_has_ended_gives_nothing_back_by_a_late_report(state: DeliveryState) -> None:
    row = Row(Channel.SMS, state, Urgency.URGENT, shown=False, due_at=NOW, may_go_back=True)
    assert not next_step(row, Lost("30007", Failure.CARRIER), NOW).back


def test_r11_5_where_the_day_is_full_it_comes_the_next_unless_it_is_over_by_then() -> None:
    row, morning = Row(Channel.SMS, DeliveryState.PENDING, Urgency.IMPORTANT, False, NOW), NOW + timedelta(hours=18)
    for expires_at in (None, morning + timedelta(seconds=1)):
        step = next_step(replace(row, expires_at=expires_at), DayFull(morning, "10 SMS"), NOW)
        assert (step.state, step.due_at) == (DeliveryState.PENDING, morning)
    step = next_step(replace(row, expires_at=morning), DayFull(morning, "10 SMS"), NOW)
    assert (step.state, step.failure, step.due_at) == (DeliveryState.FAILED, Failure.DAY_FULL, None)


@given(st.data(), rows(Channel.SMS))
def test_twilio_gets_an_sms_three_times_at_the_most(data: st.DataObject, row: Row) -> None:
    """And what it brought, or may have, is not handed over again."""
    taken = [
        moved.outcome
        for moved in sms_life(data, row)
        if moved.row.state is DeliveryState.SENDING and moved.outcome not in REFUSED
    ]
    assert len(taken) <= TRIES_MOST


def test_r11_7_what_twilio_never_got_three_times_fails_for_good() -> None:
    row = Row(Channel.SMS, DeliveryState.UNKNOWN, Urgency.URGENT, shown=False, due_at=NOW)
    steps = [next_step(replace(row, tries=tries), NotFound(), NOW) for tries in (1, 2, 3)]
    assert [step.state for step in steps] == [DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.FAILED]
    assert (steps[0].due_at, steps[2].failure) == (NOW, Failure.NO_ANSWER)


def test_what_the_carrier_lost_for_now_is_tried_once_more_five_minutes_later() -> None:
    row = Row(Channel.SMS, DeliveryState.SENT, Urgency.URGENT, shown=False, due_at=NOW, tries=1, sent_at=NOW)
    lost = Lost("30003", Failure.CARRIER, again=True)
    step = next_step(row, lost, NOW)
    assert (step.state, step.due_at) == (DeliveryState.PENDING, NOW + timedelta(minutes=5))
    assert next_step(replace(row, tries=2), lost, NOW).state is DeliveryState.UNDELIVERED
    assert next_step(replace(row, expires_at=NOW + timedelta(minutes=5)), lost, NOW).state is DeliveryState.UNDELIVERED
    assert next_step(row, replace(lost, again=False), NOW).state is DeliveryState.UNDELIVERED


@given(st.data(), rows(Channel.SMS))
def test_what_was_brought_is_never_sent_again(data: st.DataObject, row: Row) -> None:
    arrived = False
    for moved in sms_life(data, row):
        assert not arrived
        arrived = isinstance(moved.outcome, Arrived)


@given(st.sampled_from(ENDS), st.lists(st.sampled_from(LOOKED_UP)), rows(Channel.SMS))
def test_nothing_leaves_after_an_end(end: DeliveryState, reports: list[Outcome], row: Row) -> None:
    """Reports that come late, in any order, change an end only for the better."""
    ended = replace(row, state=end)
    for report in reports:
        step = next_step(ended, report, NOW)
        better = isinstance(report, Arrived) and ended.state in (DeliveryState.UNDELIVERED, DeliveryState.FAILED)
        assert step.state is (DeliveryState.DELIVERED if better else ended.state)
        assert (step.pause, step.due_at) == (None, None)
        ended = replace(ended, state=step.state)


@given(st.sampled_from(SHOWN), st.sampled_from(EDITS), rows(Channel.TELEGRAM))
def test_an_edit_keeps_the_state_of_its_notice(state: DeliveryState, outcome: Outcome, row: Row) -> None:
    step = next_step(replace(row, state=state, shown=True), outcome, NOW)
    assert step.state in (state, DeliveryState.CANCELLED)
    assert step.state is state or outcome in GONE


def test_r11_2_a_notice_that_is_gone_from_the_chat_still_waits_for_its_answer_a_card_is_forgotten() -> None:
    row = Row(Channel.TELEGRAM, DeliveryState.SENT, Urgency.URGENT, True, NOW, by_sms=True)
    assert next_step(row, MessageGone("gone"), NOW).state is DeliveryState.SENT
    assert next_step(replace(row, by_sms=False), MessageGone("gone"), NOW).state is DeliveryState.CANCELLED


@pytest.mark.parametrize(("level", "minutes"), [(Urgency.URGENT, 4), (Urgency.IMPORTANT, 30)])
@pytest.mark.parametrize("outcome", [*AGAIN[:1], *AGAIN[2:]])
def test_r11_2_telegram_is_tried_so_long_and_then_it_goes_by_sms(
    level: Urgency, minutes: int, outcome: Outcome
) -> None:
    patience = timedelta(minutes=minutes)
    row = Row(Channel.TELEGRAM, DeliveryState.SENDING, level, False, NOW, by_sms=True, answer_within=patience)
    assert next_step(row, outcome, NOW + patience - timedelta(seconds=1)).state is DeliveryState.PENDING
    assert next_step(row, outcome, NOW + patience).state is DeliveryState.ESCALATED
    assert next_step(replace(row, by_sms=False), outcome, NOW + patience).state is DeliveryState.FAILED


def test_r11_2_a_sent_notice_waits_for_its_answer_by_its_level() -> None:
    row = Row(Channel.TELEGRAM, DeliveryState.SENDING, Urgency.URGENT, False, NOW, by_sms=True)
    for within, waits_until in ((timedelta(minutes=4), NOW + timedelta(minutes=4)), (None, None)):
        assert next_step(replace(row, answer_within=within), Sent(1), NOW) == Step(
            DeliveryState.SENT, escalate_at=waits_until
        )


def test_a_pause_doubles_with_each_try_however_long_it_was_queued_before() -> None:
    queued = NOW - timedelta(minutes=1)
    row = Row(
        Channel.TELEGRAM, DeliveryState.SENDING, Urgency.URGENT, False, queued, answer_within=timedelta(minutes=4)
    )
    pauses = [next_step(replace(row, tries=tries), NotTaken("x"), NOW).pause for tries in (1, 2, 3, 4, 50)]
    assert pauses == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 60)]


def test_a_redraw_s_pause_doubles_with_the_wait_however_often_it_was_redrawn_before() -> None:
    row = Row(Channel.TELEGRAM, DeliveryState.SENT, Urgency.URGENT, True, NOW, tries=50)
    pauses = [next_step(row, NotTaken("x"), NOW + timedelta(seconds=waited)).pause for waited in (0, 1, 2, 4, 8, 200)]
    assert pauses == [timedelta(seconds=seconds) for seconds in (1, 1, 2, 4, 8, 60)]


def test_r11_8_a_retry_after_is_kept_exactly() -> None:
    row = Row(Channel.TELEGRAM, DeliveryState.SENDING, Urgency.NORMAL, False, NOW - timedelta(minutes=1), tries=7)
    for seconds in (1, 90):
        assert next_step(row, Halted(timedelta(seconds=seconds)), NOW).pause == timedelta(seconds=seconds)


def test_r11_3_what_would_come_too_late_expires_or_goes_by_sms_while_there_is_time() -> None:
    row = Row(Channel.TELEGRAM, DeliveryState.SENDING, Urgency.URGENT, False, NOW, NOW + timedelta(seconds=1))
    assert next_step(row, NotTaken("x"), NOW).state is DeliveryState.EXPIRED
    goes_on = replace(row, by_sms=True, answer_within=timedelta(minutes=4))
    assert next_step(goes_on, NotTaken("x"), NOW).state is DeliveryState.ESCALATED
    assert next_step(goes_on, NotTaken("x"), NOW + timedelta(seconds=1)).state is DeliveryState.EXPIRED


def test_r11_4_what_is_held_is_due_when_the_quiet_hours_end() -> None:
    row = Row(Channel.TELEGRAM, DeliveryState.SENDING, Urgency.IMPORTANT, False, NOW)
    step = next_step(row, Held(NOW + timedelta(hours=9)), NOW)
    assert (step.state, step.due_at) == (DeliveryState.PENDING, NOW + timedelta(hours=9))


def test_r11_7_a_look_up_that_fails_is_repeated_for_hours_from_when_it_left() -> None:
    """However long it had been waiting before that."""
    row = Row(Channel.SMS, DeliveryState.SENDING, Urgency.URGENT, False, NOW - timedelta(hours=3))
    unsure = next_step(row, Unsure("cut off"), NOW)
    assert (unsure.state, unsure.due_at, unsure.pause) == (DeliveryState.UNKNOWN, NOW, timedelta(seconds=30))
    unknown = replace(row, state=DeliveryState.UNKNOWN, due_at=NOW)
    assert next_step(unknown, LookupFailed("down"), NOW + timedelta(hours=3)).pause == timedelta(minutes=5)
    assert next_step(unknown, LookupFailed("down"), NOW + timedelta(hours=5)).pause is None
