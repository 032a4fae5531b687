"""R1: local days, weeks, the start of a shift and the deadlines on it."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import Policy
from domain.time import (
    arrive_by,
    emergency_close,
    is_late,
    last_confirmation,
    local_day,
    local_instant,
    shift_start,
    week_of,
)

POLICY = Policy()
TORONTO = ZoneInfo("America/Toronto")
FALL_BACK = date(2026, 11, 1)  # 02:00 EDT becomes 01:00 EST
SPRING_FORWARD = date(2027, 3, 14)  # 02:00 EST becomes 03:00 EDT


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (at(2026, 11, 26, 4, 59, 59), date(2026, 11, 25)),  # 23:59:59 EST
        (at(2026, 11, 26, 5, 0, 0), date(2026, 11, 26)),
        (at(2026, 7, 2, 3, 59, 59), date(2026, 7, 1)),  # 23:59:59 EDT
        (at(2026, 7, 2, 4, 0, 0), date(2026, 7, 2)),
        (at(2026, 11, 1, 4, 0, 0), FALL_BACK),  # begins in EDT
        (at(2026, 11, 2, 4, 59, 59), FALL_BACK),  # ends in EST: 25 hours
        (at(2026, 11, 2, 5, 0, 0), date(2026, 11, 2)),
        (at(2027, 3, 14, 5, 0, 0), SPRING_FORWARD),
        (at(2027, 3, 15, 3, 59, 59), SPRING_FORWARD),  # 23 hours
        (at(2027, 3, 15, 4, 0, 0), date(2027, 3, 15)),
    ],
)
def test_r1_1_the_local_day(instant: datetime, day: date) -> None:
    assert local_day(instant, POLICY) == day
    assert local_day(instant.astimezone(ZoneInfo("Asia/Tokyo")), POLICY) == day


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_r1_2_a_week_is_monday_to_sunday(day: date) -> None:
    monday, sunday = week_of(day)
    assert monday <= day <= sunday
    assert (monday.weekday(), sunday.weekday()) == (0, 6)
    assert sunday - monday == timedelta(days=6)


def test_r1_2_its_edges() -> None:
    week = date(2026, 11, 23), date(2026, 11, 29)
    assert week_of(date(2026, 11, 23)) == week
    assert week_of(date(2026, 11, 29)) == week
    assert week_of(date(2026, 11, 22)) == (date(2026, 11, 16), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2026, 10, 31), at(2026, 10, 31, 11)),  # EDT
        (FALL_BACK, at(2026, 11, 1, 12)),  # EST already
        (date(2026, 11, 25), at(2026, 11, 25, 12)),
        (date(2027, 3, 13), at(2027, 3, 13, 12)),
        (SPRING_FORWARD, at(2027, 3, 14, 11)),
    ],
)
def test_r1_3_a_shift_starts_at_seven_local(day: date, start: datetime) -> None:
    assert shift_start(day, POLICY) == start
    assert shift_start(day, POLICY).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("day", "close"),
    [
        (date(2026, 10, 31), at(2026, 10, 31, 17)),
        (FALL_BACK, at(2026, 11, 1, 18)),
        (SPRING_FORWARD, at(2027, 3, 14, 17)),
        (date(2026, 11, 25), at(2026, 11, 25, 18)),
    ],
)
def test_r6_2_an_emergency_closes_at_thirteen_local(day: date, close: datetime) -> None:
    assert emergency_close(day, POLICY) == close


@pytest.mark.parametrize(
    ("assigned_at", "deadline"),
    [
        (None, at(2026, 11, 25, 14)),
        (at(2026, 11, 20, 14), at(2026, 11, 25, 14)),
        (at(2026, 11, 25, 12, 29, 59), at(2026, 11, 25, 14)),
        (at(2026, 11, 25, 12, 30), at(2026, 11, 25, 14)),  # 07:30 + 90 minutes is 09:00
        (at(2026, 11, 25, 12, 30, 1), at(2026, 11, 25, 14, 0, 1)),
        (at(2026, 11, 25, 17, 59, 59), at(2026, 11, 25, 19, 29, 59)),
        (datetime(2026, 11, 25, 10, 0, tzinfo=TORONTO), at(2026, 11, 25, 16, 30)),
    ],
)
def test_r1_3a_arrive_by_is_the_later_of_nine_and_ninety_minutes(
    assigned_at: datetime | None, deadline: datetime
) -> None:
    assert arrive_by(date(2026, 11, 25), assigned_at, POLICY) == deadline


@pytest.mark.parametrize(("day", "nine"), [(FALL_BACK, at(2026, 11, 1, 14)), (SPRING_FORWARD, at(2027, 3, 14, 13))])
def test_r1_3a_arrive_by_around_the_clock_changes(day: date, nine: datetime) -> None:
    assert arrive_by(day, None, POLICY) == nine
    # Awarded before the clocks change: 09:00 by the new clock, whatever the night's length.
    assert arrive_by(day, at(day.year, day.month, day.day, 5, 45), POLICY) == nine
    assert arrive_by(day, nine - timedelta(minutes=89), POLICY) == nine + timedelta(minutes=1)


@given(
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.one_of(st.none(), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
)
def test_r1_3a_arrive_by_is_never_before_either(day: date, assigned_at: datetime | None) -> None:
    deadline, nine = arrive_by(day, assigned_at, POLICY), local_instant(day, time(9), POLICY)
    candidates = {nine} | ({assigned_at + timedelta(minutes=90)} if assigned_at else set())
    assert deadline == max(candidates)


# -- confirm_by: 2026-11-25, which starts at 12:00 UTC; 48 h before is the 23rd, 12:00


def confirm_by(on: date, assigned_at: datetime | None) -> datetime:
    return last_confirmation(on, assigned_at, arrive_by(on, assigned_at, POLICY), POLICY)


@pytest.mark.parametrize(
    ("assigned_at", "deadline"),
    [
        (None, at(2026, 11, 23, 12)),
        (at(2026, 11, 15, 5), at(2026, 11, 23, 12)),  # published ten days before
        (at(2026, 11, 22, 23, 59, 59), at(2026, 11, 23, 12)),
        (at(2026, 11, 23, 0, 0, 0), at(2026, 11, 23, 12)),  # 60 h before: both are the same
        (at(2026, 11, 23, 0, 0, 1), at(2026, 11, 23, 12, 0, 1)),  # late: twelve hours after the assignment
        (at(2026, 11, 24, 12), at(2026, 11, 25, 0)),
        (at(2026, 11, 24, 22), at(2026, 11, 25, 10)),  # … which is two hours before the start
        (at(2026, 11, 25, 0), at(2026, 11, 25, 10)),
        (at(2026, 11, 25, 9, 30), at(2026, 11, 25, 10)),
        (at(2026, 11, 25, 9, 30, 1), at(2026, 11, 25, 10, 0, 1)),  # half an hour after the assignment
        (at(2026, 11, 25, 11, 55), at(2026, 11, 25, 12, 25)),  # minutes before the start
        (at(2026, 11, 25, 13, 50), at(2026, 11, 25, 14, 20)),  # after it; arriving is due at 15:20
    ],
)
def test_r1_3a_confirm_by(assigned_at: datetime | None, deadline: datetime) -> None:
    assert confirm_by(date(2026, 11, 25), assigned_at) == deadline


def test_r1_3a_confirm_by_is_never_after_arriving_is_due_for_want_of_half_an_hour() -> None:
    """A granted arrive_by may come sooner than that: then there is nothing left to confirm."""
    assigned_at, due = at(2026, 11, 25, 13, 50), at(2026, 11, 25, 14)
    assert last_confirmation(date(2026, 11, 25), assigned_at, due, POLICY) == due


@given(
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.timedeltas(timedelta(days=-30), timedelta(hours=16)),
)
def test_r1_3a_confirm_by_is_the_latest_of_the_three(day: date, before: timedelta) -> None:
    start = shift_start(day, POLICY)
    assigned_at, deadline = start + before, confirm_by(day, start + before)
    due = arrive_by(day, assigned_at, POLICY)
    assert deadline >= start - timedelta(hours=48)
    assert deadline >= min(assigned_at + timedelta(hours=12), start - timedelta(hours=2))
    assert deadline >= min(assigned_at + timedelta(minutes=30), due)
    assert deadline <= due, "nobody confirms what he should have been at"
    if before <= timedelta(hours=-60):
        assert deadline == start - timedelta(hours=48)


# -- late


@pytest.mark.parametrize(
    ("day", "since"),
    [
        (date(2026, 11, 25), at(2026, 11, 23, 12)),  # 07:00 two days before
        (date(2026, 10, 31), at(2026, 10, 29, 11)),
        (FALL_BACK, at(2026, 10, 30, 12)),  # 08:00 by the clock: the night has an hour more
        (date(2026, 11, 2), at(2026, 10, 31, 12)),  # 08:00
        (date(2026, 11, 3), at(2026, 11, 1, 12)),  # 07:00 again
        (SPRING_FORWARD, at(2027, 3, 12, 11)),  # 06:00: the night has an hour less
        (date(2027, 3, 15), at(2027, 3, 13, 11)),  # 06:00
        (date(2027, 3, 16), at(2027, 3, 14, 11)),  # 07:00
    ],
)
def test_r1_4_late_is_48_exact_hours_before_the_start_or_less(day: date, since: datetime) -> None:
    second = timedelta(seconds=1)
    assert not is_late(day, since - second, POLICY)
    assert is_late(day, since, POLICY)
    assert is_late(day, since + second, POLICY)


@given(
    st.one_of(
        st.sampled_from([FALL_BACK, SPRING_FORWARD]).flatmap(
            lambda day: st.integers(-1, 3).map(lambda offset: day + timedelta(days=offset))
        ),
        st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    ),
    st.timedeltas(timedelta(days=-9), timedelta(hours=8)),
)
def test_r1_4_late_and_the_last_confirmation_are_one_instant(day: date, before: timedelta) -> None:
    """A shift that was assigned long ago can be confirmed until the instant from which on leaving it is late."""
    now = shift_start(day, POLICY) + before
    assert is_late(day, now, POLICY) is (before >= -timedelta(hours=48))
    assert is_late(day, now, POLICY) is (now >= confirm_by(day, None))


def test_r1_1_the_zone_is_a_setting() -> None:
    vancouver = Policy(zone=ZoneInfo("America/Vancouver"))
    assert shift_start(date(2026, 11, 25), vancouver) == at(2026, 11, 25, 15)
    assert local_day(at(2026, 11, 26, 7), vancouver) == date(2026, 11, 25)


def _under(zone: str) -> str:
    """What the pure functions say in a process whose host is in `zone`."""
    asked = """
from datetime import UTC, date, datetime, timedelta
from domain.policy import Policy
from domain import time
policy = Policy()
for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2), date(2027, 3, 13), date(2027, 3, 14)):
    nine = time.arrive_by(day, None, policy)
    print(time.shift_start(day, policy), time.emergency_close(day, policy), nine)
    for hour in range(30):
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour, minutes=59, seconds=59)
        print(time.local_day(at, policy), time.week_of(time.local_day(at, policy)), time.arrive_by(day, at, policy))
        print(time.is_late(day, at, policy), time.last_confirmation(day, at, nine, policy))
"""
    ran = subprocess.run(
        [sys.executable, "-c", asked], env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_r1_5_the_hosts_zone_never_matters() -> None:
    said = {_under(zone) for zone in ("UTC", "America/Toronto", "Asia/Tokyo")}
    assert len(said) == 1
    assert "2026-11-01 12:00:00+00:00" in said.pop()
