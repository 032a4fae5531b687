"""R10.1, R10.4: what a driver sees of his health is as it stands at this moment, before any nightly run."""

from datetime import UTC, timedelta

from domain.db.models import DriverHealthSnapshot, DriverHealthState, DriverMetrics, Shift
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.health.seeing import Mishap, OwnHealth, own_health
from domain.notices.facts.appeals import Penalty
from domain.people.queries import Person
from domain.shifts import ledger
from domain.time import local_day
from tests.domain.depot import DAY, SECOND, Depot
from tests.domain.depot import depot as depot
from tests.domain.test_stops import blamed
from tests.domain.world import POLICY

WITHIN = timedelta(days=30)


async def seen(depot: Depot, driver: Person) -> OwnHealth:
    facts = await own_health(depot.session, driver.id, POLICY, depot.now.astimezone(UTC))
    assert facts is not None
    return facts


async def driven(depot: Depot, driver: Person, due: int, completed: int, completion: float) -> None:
    rates = {"total_shifts": due, "completed_shifts": completed, "completion_rate": completion}
    await depot.fleet.put(DriverMetrics, {"user_id": driver.id, "updated_at": depot.now} | rates)


async def test_r10_1_before_anything_was_due_there_is_no_score(depot: Depot) -> None:
    dana = await depot.driver()
    assert await own_health(depot.session, dana.id, POLICY, depot.now) is None
    await depot.shift(dana, depot.now.date(), confirmed=True)
    await driven(depot, dana, 0, 0, 0)
    assert await own_health(depot.session, dana.id, POLICY, depot.now) is None


async def test_r10_1_the_score_is_todays_whatever_the_last_night_said(depot: Depot) -> None:
    dana, at, today = await depot.driver(), depot.now, local_day(depot.now, POLICY)
    await driven(depot, dana, 9, 9, 0.9)
    for ago, score in ((30, 50), (29, 60), (1, 70), (0, 71)):
        day = {"user_id": dana.id, "evaluated_at": today - timedelta(days=ago), "score": score, "created_at": at}
        await depot.fleet.put(DriverHealthSnapshot, day | {"attendance_rate": 1, "completion_rate": 1})
    late = await blamed(depot, dana, IncidentKind.LATE_CANCEL, at, "R1")
    facts = await seen(depot, dana)
    assert [(each.points, each.lost) for each in facts.score.parts] == [(45, 5), (27, 3), (15, 5)]
    assert facts.score.score == 87 and facts.capped_until is None
    assert facts.before == ((today - timedelta(days=29), 60), (today - DAY, 70))
    kind = IncidentKind.LATE_CANCEL
    assert facts.mishaps == (Mishap(Penalty.LATE_CANCEL, "R1", "North", at.date(), at + WITHIN),)
    await ledger.excuse(depot.session, late.id, kind, depot.mona.id, "a mistake", POLICY, at)
    assert (await seen(depot, dana)).mishaps == ()


async def test_r10_1_incidents_count_for_thirty_days_to_the_second(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now.astimezone(UTC)  # as the clock does: the hour went back meanwhile
    await driven(depot, dana, 10, 10, 1.0)
    await blamed(depot, dana, IncidentKind.LATE_CANCEL, at - WITHIN, "R1")
    await blamed(depot, dana, IncidentKind.LATE_CANCEL, at - WITHIN + SECOND, "R2")
    await blamed(depot, dana, IncidentKind.AUTO_DROP, at - DAY, "R3")
    facts = await seen(depot, dana)
    assert [(each.route, each.until) for each in facts.mishaps] == [("R3", None), ("R2", at + SECOND)]
    assert (facts.record.no_shows, facts.record.late_cancels) == (0, 1)


async def test_r10_2_the_cap_ends_when_too_few_are_left(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    await driven(depot, dana, 20, 20, 1.0)
    for ago in (5, 3, 1):
        await blamed(depot, dana, IncidentKind.LATE_CANCEL, at - ago * DAY, f"R{ago}")
    facts = await seen(depot, dana)
    assert (facts.score.score, facts.capped_until) == (49, at - 3 * DAY + WITHIN), "one alone holds nothing down"
    assert not facts.free
    await blamed(depot, dana, IncidentKind.NO_SHOW, at - 2 * DAY, "R9")
    assert (await seen(depot, dana)).capped_until == at - 2 * DAY + WITHIN


async def test_r10_4_stars_and_what_was_driven_of_late(depot: Depot) -> None:
    dana, ola = await depot.driver(), await depot.driver("Ola")
    await driven(depot, dana, 3, 3, 1.0)
    week = depot.now.date() - timedelta(days=7)
    stars = {"stars": 4, "streak_weeks": 6, "last_qualified_week_start": week}
    await depot.fleet.put(DriverHealthState, {"user_id": dana.id, "updated_at": depot.now} | stars)
    for driver, ago in ((dana, 40), (dana, 3), (dana, 2), (ola, 1)):
        on = depot.now.date() - timedelta(days=ago)
        slot = await depot.shift(driver, on, status=AssignmentStatus.COMPLETED, route=f"R{ago}")
        await depot.fleet.put(Shift, {"assignment_id": slot.id, "completed_at": depot.now - ago * DAY})
    await depot.shift(dana, depot.now.date() + DAY, confirmed=True)
    facts = await seen(depot, dana)
    assert (facts.streak, facts.star_week, facts.held, facts.free) == (6, week, 1, True)
    assert (facts.driven, facts.last_driven) == (2, depot.now.date() - timedelta(days=2))
