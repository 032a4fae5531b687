"""R6.2: when a manager may open an emergency window, and until when."""

import dataclasses
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coverage.rules import AlreadyOpen, Open, SlotFacts, decide_emergency, hours_left
from domain.db.models.words import AssignmentStatus, BidWindowMode
from domain.policy import Policy
from domain.refusals import Refusal, Refused

POLICY = Policy()
TORONTO = ZoneInfo("America/Toronto")
DAY = date(2026, 11, 25)
SLOT = SlotFacts(
    assignment_id=uuid.UUID(int=1),
    route_id=uuid.UUID(int=2),
    warehouse_id=uuid.UUID(int=3),
    route="R12",
    warehouse="North",
    on=DAY,
    status=AssignmentStatus.UNFILLED,
    open_window_id=None,
    open_mode=None,
)


def local(hour: int, minute: int = 0, second: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=TORONTO)


def decide(now: datetime, *, bonus: int = 20, until: int | None = None, slot: SlotFacts = SLOT) -> object:
    return decide_emergency(slot, bonus, until, POLICY, now)


SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize("now", [local(0), local(6, 59, 59), local(7), local(7, 20), local(12, 59, 59)])
def test_r6_2_closes_at_thirteen_on_the_day(now: datetime) -> None:
    assert decide(now) == Open(local(13))


def test_r6_2_a_later_day_may_be_opened_before_it_comes() -> None:
    tomorrow = dataclasses.replace(SLOT, on=DAY + timedelta(days=1))
    assert decide(local(20), slot=tomorrow) == Open(local(13, day=tomorrow.on))


@pytest.mark.parametrize("now", [local(13), local(13, 0, 1), local(20), local(23, 58, 59)])
def test_r6_2_from_thirteen_on_he_says_until_when(now: datetime) -> None:
    assert decide(now) == Refused(Refusal.SAY_UNTIL)


@pytest.mark.parametrize("until", range(14, 24))
def test_r6_2_until_a_full_hour(until: int) -> None:
    assert decide(local(13), until=until) == Open(local(until))


def test_r6_2_at_the_latest_until_23_59() -> None:
    assert decide(local(13), until=24) == Open(local(23, 59))
    assert decide(local(7, 20), until=24) == Open(local(23, 59))
    assert decide(local(23, 58, 59), until=24) == Open(local(23, 59))


@pytest.mark.parametrize("until", [25, 99, -1])
def test_r6_2_no_such_hour(until: int) -> None:
    assert decide(local(13), until=until) == Refused(Refusal.SAY_UNTIL)


def test_r6_2_an_hour_that_is_over_is_none() -> None:
    assert decide(local(15), until=15) == Refused(Refusal.SAY_UNTIL)
    assert decide(local(15), until=14) == Refused(Refusal.SAY_UNTIL)
    assert decide(local(15) - INSTANT, until=15) == Open(local(15))


@pytest.mark.parametrize("until", [0, 8, 12])
def test_r6_2_extended_only_never_shortened(until: int) -> None:
    assert decide(local(7, 20), until=until) == Refused(Refusal.SAY_UNTIL)


@pytest.mark.parametrize("now", [local(23, 59), local(23, 59, 1), local(0, day=DAY + timedelta(days=1))])
def test_r6_2_the_day_is_over(now: datetime) -> None:
    assert decide(now, until=24) == Refused(Refusal.DAY_OVER)
    assert decide(now) == Refused(Refusal.DAY_OVER)


def test_r6_2_yesterday() -> None:
    yesterday = dataclasses.replace(SLOT, on=DAY - timedelta(days=1))
    assert decide(local(7, 20), slot=yesterday) == Refused(Refusal.DAY_OVER)
    assert decide(local(7, 20), until=24, slot=yesterday) == Refused(Refusal.DAY_OVER)


@pytest.mark.parametrize("bonus", [0, 1, 20, 99, 100])
def test_r6_2_a_bonus_of_0_to_100(bonus: int) -> None:
    assert decide(local(7, 20), bonus=bonus) == Open(local(13))


@pytest.mark.parametrize("bonus", [-1, 101, 100_000])
def test_r6_2_another_bonus_is_refused(bonus: int) -> None:
    assert decide(local(7, 20), bonus=bonus) == Refused(Refusal.BAD_BONUS)


@pytest.mark.parametrize("status", [status for status in AssignmentStatus if status != "unfilled"])
def test_r2_3_only_an_unfilled_slot(status: AssignmentStatus) -> None:
    assert decide(local(7, 20), slot=dataclasses.replace(SLOT, status=status)) == Refused(Refusal.NOT_UNFILLED)


def test_r2_5_a_second_press_finds_it_open() -> None:
    window = uuid.UUID(int=9)
    open_ = dataclasses.replace(SLOT, open_window_id=window, open_mode=BidWindowMode.EMERGENCY)
    assert decide(local(7, 20), slot=open_) == AlreadyOpen(window)


@pytest.mark.parametrize("mode", [BidWindowMode.COMPETITIVE, BidWindowMode.INSTANT])
def test_r6_9_one_that_is_open_is_raised_whoever_has_bid(mode: BidWindowMode) -> None:
    window = uuid.UUID(int=9)
    open_ = dataclasses.replace(SLOT, open_window_id=window, open_mode=mode)
    assert decide(local(7, 20), slot=open_) == Open(local(13), raises=window)
    assert decide(local(7, 20), slot=dataclasses.replace(open_, has_bids=True)) == Open(local(13), raises=window)


@given(
    now=st.datetimes(datetime(2026, 11, 24), datetime(2026, 11, 27), timezones=st.just(TORONTO)),  # noqa: DTZ001
    until=st.one_of(st.none(), st.integers(-2, 30)),
    bonus=st.integers(-5, 105),
)
def test_r6_2_whatever_is_opened_closes_between_thirteen_and_23_59_and_later_than_now(
    now: datetime, until: int | None, bonus: int
) -> None:
    decision = decide(now, until=until, bonus=bonus)
    if isinstance(decision, Open):
        assert 0 <= bonus <= 100
        assert now < decision.closes_at
        assert local(13) <= decision.closes_at <= local(23, 59)
    else:
        assert isinstance(decision, Refused)


@given(st.datetimes(datetime(2026, 11, 24), datetime(2026, 11, 27), timezones=st.just(TORONTO)))  # noqa: DTZ001
def test_r6_2_the_hours_that_are_offered_are_those_that_are_granted(now: datetime) -> None:
    granted = {
        decision.closes_at
        for until in range(25)
        if now >= local(13) and isinstance(decision := decide(now, until=until), Open)
    }
    assert set(hours_left(DAY, POLICY, now)) == granted


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2027, 3, 14)])
def test_r6_2_on_days_with_a_clock_change(day: date) -> None:
    slot = dataclasses.replace(SLOT, on=day)
    assert decide(local(7, day=day), slot=slot) == Open(local(13, day=day))
    assert hours_left(day, POLICY, local(13, day=day)) == (
        *(local(hour, day=day) for hour in range(14, 24)),
        local(23, 59, day=day),
    )
