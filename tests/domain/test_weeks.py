"""R10.4: a week in which everything went well is a star, once."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.db.models import DriverHealthState, Incident, Shift, ShiftReview, StarWeek
from domain.db.models.words import IncidentKind, NotificationType
from domain.health.days import judge_day
from domain.health.excusing import Excused, excuse_incident
from domain.health.weeks import judge_weeks
from domain.people.queries import Person
from domain.shifts.actions import correct_parcels
from domain.shifts.reviewing import decide
from domain.shifts.rules_of_parcels import Correct
from domain.time import local_day, week_of
from tests.domain.depot import DAY, HOUR, MINUTE, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.test_days import drives
from tests.domain.test_stops import MISSED, blamed, excuse
from tests.domain.world import POLICY, SAY

WEEK = 7 * DAY


def monday(depot: Depot, weeks: int = 1) -> datetime:
    """The night on which the week `weeks` ago … is judged."""
    return local(week_of(depot.fleet.today)[0] + timedelta(days=7 * weeks), 3, 50)


async def stands(depot: Depot, driver: Person) -> tuple[int, int, int, date | None]:
    row = await depot.session.get(DriverHealthState, driver.id, populate_existing=True)
    if row is None:
        return 0, 0, 1, None
    return row.stars, row.streak_weeks, row.next_milestone_stars, row.last_qualified_week_start


async def told(depot: Depot, driver: Person, kind: NotificationType) -> list[int]:
    return [(row.data or {})["stars"] for row in await depot.told(driver, kind)]


async def test_r10_4_a_week_that_went_well_is_one_star_however_often_it_is_judged(depot: Depot) -> None:
    dana, week = await depot.driver(), week_of(depot.fleet.today)[0]
    await drives(depot, dana)
    first = await judge_weeks(depot.session, SAY, POLICY, monday(depot))
    again = await judge_weeks(depot.session, SAY, POLICY, monday(depot) + HOUR)
    assert (first, again) == ({"weeks": 1, "judged": 1, "stars": 1}, {"weeks": 1, "judged": 0, "stars": 0})
    assert await stands(depot, dana) == (1, 1, 2, week)
    assert await told(depot, dana, NotificationType.STREAK_ADVANCED) == [1]


@pytest.mark.parametrize("kind", [IncidentKind.AUTO_DROP, IncidentKind.LATE_CANCEL])
async def test_r10_4_not_with_anything_that_was_due_and_not_completed(depot: Depot, kind: IncidentKind) -> None:
    dana = await depot.driver()
    done = await drives(depot, dana)
    await blamed(depot, dana, kind, done + HOUR, "R90")
    assert (await judge_weeks(depot.session, SAY, POLICY, monday(depot)))["stars"] == 0
    assert await stands(depot, dana) == (0, 0, 1, None)
    assert [row.qualified for row in await depot.session.scalars(select(StarWeek))] == [False]


@pytest.mark.parametrize(("back", "stars"), [((0, 1), 1), ((1, 1), 0)])
async def test_r10_4_of_95_percent_delivered(depot: Depot, back: tuple[int, int], stars: int) -> None:
    dana = await depot.driver()
    for n, returned in enumerate(back):
        await drives(depot, dana, returned, n)
    assert (await judge_weeks(depot.session, SAY, POLICY, monday(depot)))["stars"] == stars


async def test_r10_4_a_week_without_a_shift_is_neutral_and_a_bad_one_costs_nothing(depot: Depot) -> None:
    dana = await depot.driver()
    await drives(depot, dana)
    await judge_weeks(depot.session, SAY, POLICY, monday(depot))
    await judge_weeks(depot.session, SAY, POLICY, monday(depot, 2))
    await drives(depot, dana, back=9, days=14)
    await judge_weeks(depot.session, SAY, POLICY, monday(depot, 3))
    assert (await stands(depot, dana))[:2] == (1, 1)


async def test_r10_4_four_stars_at_the_most_and_a_bonus_is_seen_once(depot: Depot) -> None:
    dana = await depot.driver()
    for n in range(5):
        await drives(depot, dana, days=7 * n)
        await judge_weeks(depot.session, SAY, POLICY, monday(depot, n + 1))
    assert (await stands(depot, dana))[:3] == (4, 5, 4)
    assert sorted(await told(depot, dana, NotificationType.STREAK_ADVANCED)) == [1, 2, 3, 4]
    assert await told(depot, dana, NotificationType.BONUS_ELIGIBLE) == [4]


async def test_r10_4_weeks_that_nobody_judged_in_time_are_judged_later(depot: Depot) -> None:
    dana = await depot.driver()
    await drives(depot, dana)
    await judge_weeks(depot.session, SAY, POLICY, monday(depot))
    for n in (1, 2):
        await drives(depot, dana, days=7 * n)
    done = await judge_weeks(depot.session, SAY, POLICY, monday(depot, 3) + 2 * DAY)
    assert done == {"weeks": 2, "judged": 2, "stars": 2}


async def test_r10_2_a_stop_costs_the_stars_before_it_and_not_those_after(depot: Depot) -> None:
    dana = await depot.driver()
    for n in range(2):
        await drives(depot, dana, days=7 * n)
        await judge_weeks(depot.session, SAY, POLICY, monday(depot, n + 1))
    assert (await stands(depot, dana))[0] == 2
    await blamed(depot, dana, MISSED, monday(depot, 2) + HOUR, "R90")
    assert (await stands(depot, dana))[:3] == (0, 0, 1)
    assert await told(depot, dana, NotificationType.STREAK_RESET) == [2]
    await drives(depot, dana, days=21)
    await judge_weeks(depot.session, SAY, POLICY, monday(depot, 4))
    assert (await stands(depot, dana))[:2] == (1, 1)


async def test_r10_2_a_week_judged_late_counts_from_its_monday_on(depot: Depot) -> None:
    """The duty comes on Tuesday, and the stop was on Monday: the week before it is over."""
    dana = await depot.driver()
    await drives(depot, dana)
    await blamed(depot, dana, MISSED, monday(depot) + HOUR, "R90")
    await judge_weeks(depot.session, SAY, POLICY, monday(depot) + DAY)
    assert (await stands(depot, dana))[0] == 0
    assert await told(depot, dana, NotificationType.STREAK_ADVANCED) == []


async def test_r10_6_an_excuse_gives_back_the_stars_and_judges_the_week_again(depot: Depot) -> None:
    dana = await depot.driver()
    for n in range(2):
        await drives(depot, dana, days=7 * n)
        await judge_weeks(depot.session, SAY, POLICY, monday(depot, n + 1))
    at = monday(depot, 2) + HOUR
    await drives(depot, dana, days=14)
    slot = await blamed(depot, dana, MISSED, at, "R90")
    await judge_weeks(depot.session, SAY, POLICY, monday(depot, 3))
    assert (await stands(depot, dana))[:2] == (0, 0)
    await excuse(depot, slot, MISSED, monday(depot, 3) + MINUTE)
    assert (await stands(depot, dana))[:2] == (3, 3)


async def test_r10_6_whoever_excuses_has_the_score_and_the_star_made_anew(depot: Depot) -> None:
    """A drop stops nobody: its excuse lifts no stop, and yet today's score and its week are others."""
    dana = await depot.driver()
    done = await drives(depot, dana)
    slot = await blamed(depot, dana, IncidentKind.AUTO_DROP, done + HOUR, "R90")
    at = monday(depot) + HOUR
    await judge_weeks(depot.session, SAY, POLICY, at)
    await judge_day(depot.session, SAY, POLICY, at)
    incident = await depot.session.scalar(select(Incident.id).where(Incident.assignment_id == slot.id))
    assert incident is not None
    result = await excuse_incident(depot.session, depot.mona, incident, "ours", SAY, POLICY, at + HOUR)
    assert isinstance(result, Excused)
    state = await depot.session.get_one(DriverHealthState, dana.id, populate_existing=True)
    assert (state.current_score, state.stars) == (100, 1)


async def test_r10_6_a_week_of_which_nothing_is_left_is_neutral(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    slot = await blamed(depot, dana, IncidentKind.AUTO_DROP, at, "R90")
    await judge_weeks(depot.session, SAY, POLICY, monday(depot))
    assert len(list(await depot.session.scalars(select(StarWeek)))) == 1
    await excuse(depot, slot, IncidentKind.AUTO_DROP, monday(depot) + HOUR)
    assert list(await depot.session.scalars(select(StarWeek))) == []
    assert (await stands(depot, dana))[0] == 0


async def test_r8_4_parcels_that_a_manager_corrects_make_another_week_of_it(depot: Depot) -> None:
    dana = await depot.driver()
    done = await drives(depot, dana)
    slot = (await depot.session.scalars(select(Shift.assignment_id))).one()
    await judge_weeks(depot.session, SAY, POLICY, monday(depot))
    at = monday(depot) + DAY
    for back, stars in ((1, 0), (0, 1)):
        of = (depot.session, dana, slot, None, back, POLICY, at)
        assert await correct_parcels(*of, by=depot.mona, reason="counted again") == Correct(10, back)
        assert (await stands(depot, dana))[0] == stars
    assert done < at


async def test_r8_8_a_stopped_shift_that_counts_after_all_makes_another_week_of_it(depot: Depot) -> None:
    """Who had to stop has completed; what he brought back counts against the star once a manager says so."""
    dana = await depot.driver()
    await drives(depot, dana, back=9)
    slot = (await depot.session.scalars(select(Shift.assignment_id))).one()
    await depot.fleet.put(ShiftReview, {"assignment_id": slot, "opened_at": depot.now})
    await judge_weeks(depot.session, SAY, POLICY, monday(depot))
    assert (await stands(depot, dana))[0] == 1
    await decide(depot.session, depot.mona, slot, False, "He went home.", SAY, POLICY, monday(depot) + DAY)
    assert (await stands(depot, dana))[0] == 0


async def test_r1_2_a_shift_that_ends_after_midnight_belongs_to_the_week_in_which_it_ends(depot: Depot) -> None:
    dana = await depot.driver()
    sunday = week_of(depot.fleet.today)[1]
    done = await drives(depot, dana, days=(sunday - depot.fleet.today).days)
    assert local_day(done, POLICY) == sunday
    assert (await judge_weeks(depot.session, SAY, POLICY, monday(depot)))["judged"] == 1
