"""R2.0: whether a route runs on a day, by the rule and in SQL alike; what can be closed."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Date
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import CalendarException, RouteWeekday
from domain.db.sql import sql
from domain.refusals import Refusal, Refused
from domain.schedule import holidays
from domain.schedule.calendar import RUNS, runs_on
from domain.schedule.rules import Change, PlaceFacts, Weekday, decide_close, decide_run, runs, weekday_of
from tests.domain.world import POLICY, Fleet

WEDNESDAY = date(2026, 11, 25)
MON_TO_SAT = [Weekday(number) for number in range(1, 7)]


def test_r1_2_weekdays_count_from_sunday() -> None:
    assert [weekday_of(date(2026, 11, 22) + timedelta(days=n)) for n in range(7)] == list(range(7))


@pytest.mark.parametrize(
    ("weekdays", "warehouse", "route", "does"),
    [
        ((), None, None, True),  # without rows a route runs every day
        ((), False, None, False),
        ((), None, False, False),
        ((), True, False, False),
        ((), False, True, True),  # a route's own goes before its warehouse's
        (MON_TO_SAT, None, None, True),
        ([Weekday(1)], None, None, False),
        ([Weekday(1)], True, None, False),  # a warehouse that runs does so as usual
        ([Weekday(1)], None, True, True),  # a route that runs, whatever its weekdays
        ([Weekday(3, None, WEDNESDAY)], None, None, True),  # both ends inclusive
        ([Weekday(3, None, WEDNESDAY - timedelta(days=1))], None, None, False),
        ([Weekday(3, WEDNESDAY, None)], None, None, True),
        ([Weekday(3, WEDNESDAY + timedelta(days=1), None)], None, None, False),
        ([Weekday(3, WEDNESDAY, WEDNESDAY - timedelta(days=1))], None, None, False),  # says nothing, but is a row
    ],
)
def test_r2_0_whether_a_route_runs(
    weekdays: Sequence[Weekday], warehouse: bool | None, route: bool | None, does: bool
) -> None:
    assert runs(WEDNESDAY, weekdays, warehouse, route) is does


class Case(NamedTuple):
    on: date
    weekdays: list[Weekday]
    warehouse: bool | None
    route: bool | None


DAYS = st.integers(-10, 10).map(lambda n: WEDNESDAY + timedelta(days=n))
SAYS = st.sampled_from([None, True, False])
WEEKDAYS = st.builds(Weekday, st.integers(0, 6), st.none() | DAYS, st.none() | DAYS)
CASES = st.builds(Case, DAYS, st.lists(WEEKDAYS, max_size=6), SAYS, SAYS)


@settings(max_examples=100)
@given(case=CASES)
def test_r2_0_exceptions_decide_before_weekdays_and_more_weekdays_never_close(case: Case) -> None:
    answer = runs(case.on, case.weekdays, case.warehouse, case.route)
    if case.route is not None:
        assert answer is case.route
    elif case.warehouse is False:
        assert not answer
    else:
        assert answer is runs(case.on, case.weekdays, None, None)
        assert runs(case.on, [*case.weekdays, Weekday(weekday_of(case.on))], None, None)


RUN_ON = sql(
    f"SELECT r.name, d.date, {RUNS} FROM routes r CROSS JOIN unnest(:days) AS d (date)",
    days=ARRAY(Date()),
)


@pytest.mark.parametrize("seed", range(3))
async def test_r2_0_sql_says_what_the_rule_says(session: AsyncSession, fleet: Fleet, seed: int) -> None:
    dice = Random(seed)
    days = [WEDNESDAY + timedelta(days=n) for n in range(-8, 9)]
    expected: dict[tuple[str, date], bool] = {}
    for number in range(30):
        name = f"R{number}"
        warehouse = await fleet.warehouse(f"W{number}")
        route = await fleet.route(name, warehouse)
        weekdays = [
            Weekday(dice.randrange(7), *dice.choices([None, *days], k=2)) for _ in range(dice.choice([0, 1, 4, 9]))
        ]
        weekdays = list({(each.weekday, each.starts_on): each for each in weekdays}.values())
        await fleet.put(RouteWeekday, *({"route_id": route} | _columns(each) for each in weekdays))
        said = [{on: dice.choice([True, False]) for on in dice.sample(days, 6)} for _ in range(2)]
        for place, exceptions in zip(({"warehouse_id": warehouse}, {"route_id": route}), said, strict=True):
            rows = ({"on": on, "runs": does, "created_at": fleet.now} | place for on, does in exceptions.items())
            await fleet.put(CalendarException, *rows)
        for on in days:
            expected[name, on] = runs(on, weekdays, said[0].get(on), said[1].get(on))
    found = {(name, on): does for name, on, does in await session.execute(RUN_ON, {"days": days})}
    assert found == expected
    assert set(expected.values()) == {True, False}


def _columns(each: Weekday) -> dict[str, object]:
    return {"weekday": each.weekday, "starts_on": each.starts_on, "ends_on": each.ends_on}


async def test_r2_0_a_route_that_does_not_exist_does_not_run(session: AsyncSession, fleet: Fleet) -> None:
    north = await fleet.warehouse("North")
    assert await runs_on(session, await fleet.route("R12", north), WEDNESDAY)
    assert not await runs_on(session, north, WEDNESDAY)


def test_r2_0_what_can_be_closed_and_run() -> None:
    def facts(days: int, *, closed: bool = False, does: bool = True) -> PlaceFacts:
        return PlaceFacts(WEDNESDAY + timedelta(days=days), closed, does)

    ahead = POLICY.calendar_ahead.days
    for decide, does in ((decide_close, True), (decide_run, False)):
        assert decide(facts(0, does=does), POLICY, WEDNESDAY) == Change()
        assert decide(facts(ahead, does=does), POLICY, WEDNESDAY) == Change()
        assert decide(facts(-1, does=does), POLICY, WEDNESDAY) == Refused(Refusal.DAY_PAST)
        assert decide(facts(ahead + 1, does=does), POLICY, WEDNESDAY) == Refused(Refusal.DAY_TOO_FAR)
    assert decide_close(facts(1, closed=True, does=False), POLICY, WEDNESDAY) == Refused(Refusal.CLOSED_ALREADY)
    assert decide_close(facts(1, does=False), POLICY, WEDNESDAY) == Refused(Refusal.DOES_NOT_RUN)
    assert decide_close(facts(1, closed=True), POLICY, WEDNESDAY) == Change()  # a route that ran all the same
    assert decide_run(facts(1), POLICY, WEDNESDAY) == Refused(Refusal.RUNS_ALREADY)


def test_r2_0_ontarios_statutory_holidays() -> None:
    """The nine of the Employment Standards Act; the days themselves, not those off in their stead."""
    assert [f"{on:%d %b} {name}" for on, name in holidays.names(2026, "en_CA").items()] == [
        "01 Jan New Year's Day",
        "16 Feb Family Day",
        "03 Apr Good Friday",
        "18 May Victoria Day",
        "01 Jul Canada Day",
        "07 Sep Labour Day",
        "12 Oct Thanksgiving Day",
        "25 Dec Christmas Day",
        "26 Dec Boxing Day",
    ]
    assert holidays.names(2026, "fr")[date(2026, 12, 25)] == "Jour de Noël"
    around = holidays.between(date(2026, 12, 25), date(2027, 1, 1))
    assert around == [date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)]
