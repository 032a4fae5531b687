"""R1.3a, R1.4: what SQL says of a shift's deadlines is what `domain.time` says, and what its driver is shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Date, DateTime, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.sql import sql
from domain.policy import Policy
from domain.shifts import deadlines
from tests.domain.depot import HOUR, MINUTE, SECOND
from tests.domain.world import POLICY

FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
CLOCK_CHANGES = [date(2026, 3, 8), date(2026, 11, 1), date(2027, 3, 14), date(2027, 11, 7), date(2028, 3, 12)]


class Shift(NamedTuple):
    on: date
    assigned_at: datetime | None = None
    arrive_by: datetime | None = None  # terms of its own
    confirm_by: datetime | None = None


class Deadlines(NamedTuple):
    start: datetime
    arrive_by: datetime
    confirm_by: datetime


_ASK = f"""
    SELECT {deadlines.START}, {deadlines.ARRIVE_BY}, {deadlines.CONFIRM_BY}
    FROM unnest(CAST(:n AS int[]), CAST(:dates AS date[]), CAST(:assigned AS timestamptz[])) AS a (n, date, assigned_at)
    LEFT JOIN unnest(CAST(:termed AS int[]), CAST(:arrive AS timestamptz[]), CAST(:confirm AS timestamptz[]))
        AS t (n, arrive_by, confirm_by) ON t.n = a.n
    ORDER BY a.n
"""
_INSTANTS = ARRAY(DateTime(timezone=True))
ASK = sql(
    _ASK,
    n=ARRAY(Integer()),
    dates=ARRAY(Date()),
    assigned=_INSTANTS,
    termed=ARRAY(Integer()),
    arrive=_INSTANTS,
    confirm=_INSTANTS,
    **deadlines.used(_ASK),
)


async def in_sql(session: AsyncSession, shifts: Sequence[Shift], policy: Policy) -> list[Deadlines]:
    termed = [(n, shift) for n, shift in enumerate(shifts) if shift.arrive_by or shift.confirm_by]
    asked = {
        "n": list(range(len(shifts))),
        "dates": [shift.on for shift in shifts],
        "assigned": [shift.assigned_at for shift in shifts],
        "termed": [n for n, _ in termed],
        "arrive": [shift.arrive_by for _, shift in termed],
        "confirm": [shift.confirm_by for _, shift in termed],
    }
    rows = await session.execute(ASK, asked | deadlines.given(policy))
    return [Deadlines(*row) for row in rows]


def by_the_rules(shift: Shift, policy: Policy) -> Deadlines:
    arrive_by = shift.arrive_by or time.arrive_by(shift.on, shift.assigned_at, policy)
    confirm_by = shift.confirm_by or time.last_confirmation(shift.on, shift.assigned_at, arrive_by, policy)
    return Deadlines(time.shift_start(shift.on, policy), arrive_by, confirm_by)


@pytest.mark.parametrize(
    "before",
    [None]
    + [
        edge + off
        for edge in (9 * 24 * HOUR, 60 * HOUR, 48 * HOUR, 14 * HOUR, 150 * MINUTE, 2 * HOUR, 30 * MINUTE, -30 * MINUTE)
        for off in (-SECOND, timedelta(), SECOND)
    ]
    + [timedelta(), -5 * HOUR],
)
async def test_r1_3a_every_day_of_three_years(session: AsyncSession, before: timedelta | None) -> None:
    """`before`: the start, at which it was assigned."""
    shifts = [Shift(on, None if before is None else time.shift_start(on, POLICY) - before) for on in DAYS]
    assert await in_sql(session, shifts, POLICY) == [by_the_rules(shift, POLICY) for shift in shifts]


async def test_r1_4_48_hours_are_exact_around_the_clock_changes(session: AsyncSession) -> None:
    around = [day + timedelta(days=n) for day in CLOCK_CHANGES for n in range(-1, 4)]
    for on, said in zip(around, await in_sql(session, [Shift(on) for on in around], POLICY), strict=True):
        assert said.start - said.confirm_by == 48 * HOUR
        assert said.start.astimezone(POLICY.zone).hour == 7
        assert said.arrive_by.astimezone(POLICY.zone).hour == 9
        assert said == by_the_rules(Shift(on), POLICY)


instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def a_shift(draw: st.DrawFn) -> Shift:
    on = draw(st.one_of(st.sampled_from(CLOCK_CHANGES), st.dates(FIRST, LAST)))
    start = time.shift_start(on, POLICY)
    near = st.timedeltas(timedelta(days=-4), timedelta(hours=14)).map(lambda off: start + off)
    when = st.one_of(st.none(), near, instants)
    return Shift(on, draw(when), draw(when), draw(when))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    shifts=st.lists(a_shift(), min_size=1, max_size=40),
    zone=st.sampled_from(["America/Toronto", "America/St_Johns", "Asia/Tokyo", "UTC"]),
)
async def test_r1_3a_whatever_was_assigned_when_and_with_what_terms(
    session: AsyncSession, shifts: list[Shift], zone: str
) -> None:
    policy = replace(POLICY, zone=ZoneInfo(zone))
    assert await in_sql(session, shifts, policy) == [by_the_rules(shift, policy) for shift in shifts]


async def test_a_statement_is_given_only_what_it_uses() -> None:
    assert set(deadlines.used(deadlines.START)) == {"shift_starts", "zone"}
    assert set(deadlines.used(_ASK)) == set(deadlines.given(POLICY))
