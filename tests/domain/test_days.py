"""R10.1, R10.5: each day's score, and who is told that he delivers too little."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from domain.db.models import DriverHealthSnapshot, DriverHealthState, DriverMetrics, Employment
from domain.db.models.words import IncidentKind, NotificationType
from domain.health.days import evaluate, judge_day, record_of
from domain.health.scoring import Record
from domain.people.queries import Person
from domain.shifts.actions import arrive, complete_shift, load_parcels
from tests.domain.depot import DAY, HOUR, MINUTE, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.test_stops import LATE, MISSED, blamed, excuse
from tests.domain.world import POLICY, SAY


async def drives(depot: Depot, driver: Person, back: int = 0, days: int = 0) -> datetime:
    """Ten parcels, so many of which come back."""
    on = depot.fleet.day(days)
    slot = await depot.shift(driver, on, confirmed=True, route=f"R{on.day}")
    at = local(on, 8)
    await arrive(depot.session, driver, slot.id, POLICY, at)
    await load_parcels(depot.session, driver, slot.id, 10, POLICY, at)
    await complete_shift(depot.session, driver, slot.id, back, POLICY, at + HOUR)
    return at + HOUR


async def snapshots(depot: Depot) -> list[DriverHealthSnapshot]:
    rows = select(DriverHealthSnapshot).order_by(DriverHealthSnapshot.evaluated_at, DriverHealthSnapshot.score)
    return list(await depot.session.scalars(rows.execution_options(populate_existing=True)))


async def score(depot: Depot, driver: Person) -> int:
    return (await depot.session.get_one(DriverHealthState, driver.id, populate_existing=True)).current_score


async def test_r10_1_one_snapshot_a_day_with_its_reasons(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    await drives(depot, dana)
    done = await drives(depot, dana, back=1, days=1)
    await blamed(depot, dana, LATE, done, "R90")
    night = local(depot.fleet.day(2), 3, 40)
    assert await judge_day(depot.session, SAY, POLICY, night) == {"scored": 1, "warned": 0}
    assert await judge_day(depot.session, SAY, POLICY, night + MINUTE) == {"scored": 1, "warned": 0}
    [row] = await snapshots(depot)
    assert (row.user_id, row.evaluated_at, row.score) == (dana.id, depot.fleet.day(2), 77)  # 33.3 + 28.5 + 15
    assert row.reasons == ["attendance:33/50", "completion:29/30", "reliability:15/20"]
    assert (row.late_cancellation_count_30d, row.no_show_count_30d, row.hard_stop_triggered) == (1, 0, False)
    assert (round(row.attendance_rate, 3), round(row.completion_rate, 3)) == (0.667, 0.95)
    assert await score(depot, dana) == 77
    assert await depot.session.get(DriverHealthState, ben.id) is None, "nothing of his was due"


async def test_r10_2_what_stops_her_caps_the_score_until_it_is_30_days_old(depot: Depot) -> None:
    dana = await depot.driver()
    for n in range(9):
        await drives(depot, dana, days=-n)
    missed_at = local(depot.fleet.today, 12)
    await blamed(depot, dana, MISSED, missed_at, "R90")
    await judge_day(depot.session, SAY, POLICY, missed_at + 30 * DAY - MINUTE)
    await judge_day(depot.session, SAY, POLICY, missed_at + 31 * DAY)
    assert [(row.score, row.hard_stop_triggered) for row in await snapshots(depot)] == [(49, True), (95, False)]


async def test_r10_6_an_excuse_makes_todays_score_anew(depot: Depot) -> None:
    dana = await depot.driver()
    done = await drives(depot, dana)
    slot = await blamed(depot, dana, MISSED, done, "R90")
    await judge_day(depot.session, SAY, POLICY, done + MINUTE)
    assert await score(depot, dana) == 49
    await excuse(depot, slot, MISSED, done + HOUR)
    assert await score(depot, dana) == 100
    assert [row.score for row in await snapshots(depot)] == [100]


async def test_r10_1_who_has_left_is_scored_no_more(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    last = depot.fleet.today
    for driver in (dana, ben):
        done = await drives(depot, driver)
    await depot.session.execute(update(Employment).where(Employment.user_id == dana.id).values(ends_on=last))
    for days, scored in ((0, 2), (1, 1)):
        told = await judge_day(depot.session, SAY, POLICY, done + days * DAY)
        assert told == {"scored": scored, "warned": 0}
    kept = [(row.evaluated_at, row.user_id) for row in await snapshots(depot)]
    assert sorted(kept) == sorted([(last, dana.id), (last, ben.id), (last + DAY, ben.id)])


async def test_r10_1_once_nothing_was_due_there_is_no_score(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await blamed(depot, dana, IncidentKind.AUTO_DROP, depot.now, "R90")
    assert len(await evaluate(depot.session, POLICY, depot.now)) == 1
    await excuse(depot, slot, IncidentKind.AUTO_DROP, depot.now)
    assert await evaluate(depot.session, POLICY, depot.now, [dana.id]) == []
    assert await snapshots(depot) == [] and await score(depot, dana) == 0


async def test_r10_1_what_a_score_is_made_of_now(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    done = await drives(depot, dana, back=2)
    await blamed(depot, dana, LATE, done, "R90")
    made_of = await record_of(depot.session, dana.id, POLICY, done)
    assert made_of is not None and (made_of.due, made_of.completed, made_of.late_cancels) == (2, 1, 1)
    assert isinstance(made_of, Record) and round(made_of.completion, 6) == 0.8
    assert await record_of(depot.session, ben.id, POLICY, done) is None


# -- delivering too little


async def warned(depot: Depot, driver: Person) -> int:
    return len(await depot.told(driver, NotificationType.CORRECTIVE_WARNING))


@pytest.mark.parametrize(("back", "expected"), [(3, 1), (2, 0)])
async def test_r10_5_below_80_percent_exactly(depot: Depot, back: int, expected: int) -> None:
    dana = await depot.driver()
    done = await drives(depot, dana, back=back)
    await judge_day(depot.session, SAY, POLICY, done + HOUR)
    assert await warned(depot, dana) == expected


async def test_r10_5_once_in_seven_days_and_only_who_drove_in_them(depot: Depot) -> None:
    dana = await depot.driver()
    done = await drives(depot, dana, back=5)
    told = []
    for days in (0, 1, 6):
        await judge_day(depot.session, SAY, POLICY, done + days * DAY + HOUR)
        told.append(await warned(depot, dana))
    await drives(depot, dana, back=5, days=6)
    for days in (7, 14):
        await judge_day(depot.session, SAY, POLICY, done + days * DAY + HOUR)
        told.append(await warned(depot, dana))
    assert told == [1, 1, 1, 2, 2], "a fortnight later she has not driven for eight days"


async def test_r10_5_the_rate_is_read_as_it_was_meant(depot: Depot) -> None:
    """A `real` of 0.8 is 0.800000012, and one of 0.95 is 0.949999988."""
    dana = await depot.driver()
    done = await drives(depot, dana)
    await depot.session.execute(update(DriverMetrics).values(completion_rate=0.95))
    await judge_day(depot.session, SAY, POLICY, done + HOUR)
    assert await score(depot, dana) == 99  # 98.5
