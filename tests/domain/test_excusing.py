"""R10.6: what is excused is as if it had not been: figures, flag, cap, and whatever else has followed from it."""

import uuid
from datetime import date, datetime, time, timedelta

from sqlalchemy import select, update

from domain.db.models import (
    Appeal,
    AuditLog,
    DriverCap,
    DriverHealthSnapshot,
    DriverHealthState,
    DriverMetrics,
    FlagEpisode,
    Incident,
    StarWeek,
)
from domain.db.models.words import IncidentKind, NotificationType
from domain.health.appeals import Opened, decide_appeal, open_appeal
from domain.health.caps import FlagEnded, unflag
from domain.health.excusing import Excused, excuse_incident
from domain.health.rules_of_appeals import Decided
from domain.notices.facts.standing import CapChanged, Unflagged
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import ledger
from domain.time import local_instant, week_of
from tests.domain.depot import DAY, HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.test_flags import episodes, history, night, told, user
from tests.domain.world import POLICY, SAY, contents

WEEK = timedelta(days=7)


async def incidents(depot: Depot, driver: Person) -> list[uuid.UUID]:
    """The latest first."""
    his = select(Incident.id).where(Incident.user_id == driver.id).order_by(Incident.occurred_at.desc())
    return list(await depot.session.scalars(his))


async def excuses(depot: Depot, incident: uuid.UUID, reason: str = "Ice on the road") -> None:
    done = await excuse_incident(depot.session, depot.mona, incident, reason, SAY, POLICY, depot.now)
    assert done == Excused(incident)


async def test_r10_6_what_is_excused_takes_back_flag_and_cut_and_leaves_the_night_nothing_to_do(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=3, missed=2)
    await night(depot, depot.now - 8 * DAY)
    await night(depot, depot.now - HOUR)
    flagged = await user(depot, dana)
    assert (flagged.is_flagged, flagged.weekly_cap) == (True, 3)
    last, _first = await incidents(depot, dana)
    await excuses(depot, last)
    row = await user(depot, dana)
    assert (row.is_flagged, row.weekly_cap) == (False, 4)
    metrics = await depot.session.get_one(DriverMetrics, dana.id, populate_existing=True)
    assert (metrics.total_shifts, metrics.completed_shifts, metrics.no_shows) == (4, 3, 1)
    (episode,) = await episodes(depot.session)
    assert (episode.ended_at, episode.ended_by) == (depot.now, None)
    assert await night(depot) == 0, "nothing is left to put right"


async def test_r10_6_a_flag_that_the_rest_still_holds_stays(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=3, missed=4)
    await night(depot)
    last, *_ = await incidents(depot, dana)
    await excuses(depot, last)
    assert (await user(depot, dana)).is_flagged


async def test_r10_6_an_excuse_is_to_his_good_alone_the_rest_waits_for_the_night(depot: Depot) -> None:
    """He is below already, and the night has not come yet; nor does an excuse cost what a week of grace leaves him."""
    dana, omar = await depot.driver(), await depot.driver("Omar")
    await history(depot, omar, completed=3, missed=4)
    await night(depot, depot.now - 8 * DAY)
    await history(depot, dana, completed=3, missed=4)
    for driver in (dana, omar):
        last, *_ = await incidents(depot, driver)
        await excuses(depot, last)
    assert [(row.is_flagged, row.weekly_cap) for row in (await user(depot, dana), await user(depot, omar))] == [
        (False, 4),
        (True, 4),
    ]
    assert await night(depot) == 2
    assert [(row.is_flagged, row.weekly_cap) for row in (await user(depot, dana), await user(depot, omar))] == [
        (True, 4),
        (True, 3),
    ]


async def flag_appealed(depot: Depot) -> tuple[Person, FlagEpisode, uuid.UUID]:
    dana = await depot.driver()
    await history(depot, dana, completed=3, missed=2)
    await night(depot)
    (flag,) = await episodes(depot.session)
    opened = await open_appeal(depot.session, dana, flag.id, "I was in hospital.", SAY, POLICY, depot.now + HOUR)
    assert isinstance(opened, Opened)
    return dana, flag, opened.appeal_id


async def test_r10_6_an_appeal_of_a_flag_that_is_granted_ends_it_by_a_managers_word(depot: Depot) -> None:
    dana, _flag, appeal = await flag_appealed(depot)
    later = depot.now + 2 * HOUR
    decided = await decide_appeal(depot.session, depot.mona, appeal, True, "Get well.", SAY, POLICY, later)
    assert decided == Decided(True)
    (flag,) = await episodes(depot.session)
    assert (flag.ended_at, flag.ended_by, flag.reason) == (later, depot.mona.id, "Get well.")
    assert not (await user(depot, dana)).is_flagged
    [told] = await depot.told(dana, NotificationType.MANUAL)
    assert "count any more: Flag for attendance" in told.title and "Get well." in told.body
    assert await night(depot, depot.now + DAY) == 0, "a manager's word holds until a later incident"


async def cut_and_appealed(depot: Depot) -> tuple[Person, uuid.UUID, datetime]:
    """A week after the warning it has cost her a shift a week."""
    dana, _flag, appeal = await flag_appealed(depot)
    later = depot.now + WEEK
    await night(depot, later)
    assert (await user(depot, dana)).weekly_cap == 3
    return dana, appeal, later + HOUR


async def gives_back(depot: Depot, dana: Person) -> None:
    row = await user(depot, dana)
    assert (row.is_flagged, row.weekly_cap) == (False, 4)
    assert not (await depot.session.get_one(DriverCap, dana.id, populate_existing=True)).cut
    actions = select(AuditLog.action).where(AuditLog.entity_id == dana.id, AuditLog.actor_id == depot.mona.id)
    assert sorted(await depot.session.scalars(actions)) == ["cap_changed", "unflagged"]


async def test_r10_6_an_appeal_of_a_flag_that_is_granted_gives_back_the_shift_that_it_has_cost(depot: Depot) -> None:
    dana, appeal, at = await cut_and_appealed(depot)
    await decide_appeal(depot.session, depot.mona, appeal, True, "Get well.", SAY, POLICY, at)
    await gives_back(depot, dana)
    assert CapChanged(4, "uncut") in await told(depot, dana)
    assert await night(depot, at + DAY) == 0


async def test_r10_6_a_manager_who_unflags_grants_the_appeal_that_waits(depot: Depot) -> None:
    dana, appeal, at = await cut_and_appealed(depot)
    assert isinstance(await unflag(depot.session, depot.mona, dana.id, "Get well.", SAY, POLICY, at), FlagEnded)
    row = await depot.session.get_one(Appeal, appeal, populate_existing=True)
    assert (row.granted, row.decided_by, row.decided_at, row.answer) == (True, depot.mona.id, at, "Get well.")
    await gives_back(depot, dana)
    assert (await told(depot, dana))[-1] == Unflagged(4, "Mona Test", "Get well.")
    entries = select(AuditLog.action).where(AuditLog.entity_id == appeal)
    assert sorted(await depot.session.scalars(entries)) == ["decided", "opened"]
    again = await decide_appeal(depot.session, depot.mona, appeal, False, "no", SAY, POLICY, at + HOUR)
    assert again == Refused(Refusal.DECIDED_ALREADY)


async def test_r10_6_an_appeal_of_a_flag_that_is_refused_leaves_it(depot: Depot) -> None:
    dana, _flag, appeal = await flag_appealed(depot)
    await decide_appeal(depot.session, depot.mona, appeal, False, "No note.", SAY, POLICY, depot.now + 2 * HOUR)
    assert (await user(depot, dana)).is_flagged
    (flag,) = await episodes(depot.session)
    assert flag.ended_at is None


async def test_r10_6_whoever_excuses_otherwise_grants_the_appeal_that_waits(depot: Depot) -> None:
    """As by giving the route back to who came late (R8.6)."""
    dana = await depot.driver()
    await history(depot, dana, completed=3, missed=1)
    (incident,) = await incidents(depot, dana)
    opened = await open_appeal(depot.session, dana, incident, "Late bus", SAY, POLICY, depot.now)
    assert isinstance(opened, Opened)
    of = await depot.session.get_one(Incident, incident)
    given = (of.assignment_id, IncidentKind.NO_SHOW, depot.mona.id, "restored", POLICY, depot.now)
    await ledger.excuse(depot.session, *given)
    row = await depot.session.get_one(Appeal, opened.appeal_id, populate_existing=True)
    assert (row.granted, row.decided_by, row.answer) == (True, depot.mona.id, "restored")
    entries = select(AuditLog.action).where(AuditLog.entity_id == opened.appeal_id).order_by(AuditLog.created_at)
    assert sorted(await depot.session.scalars(entries)) == ["decided", "opened"]
    before = await contents(depot.session)
    await ledger.excuse(depot.session, *given)
    assert await contents(depot.session) == before


async def test_r10_6_an_excuse_changes_nobody_elses_figures(depot: Depot) -> None:
    dana, omar = await depot.driver("Dana"), await depot.driver("Omar")
    for driver in (dana, omar):
        await history(depot, driver, completed=3, missed=2)
    await night(depot)
    await depot.session.execute(update(DriverMetrics).where(DriverMetrics.user_id == omar.id).values(no_shows=7))
    last, _ = await incidents(depot, dana)
    await excuses(depot, last)
    assert (await user(depot, omar)).is_flagged
    other = await depot.session.get_one(DriverMetrics, omar.id, populate_existing=True)
    assert other.no_shows == 7


async def test_r10_6_an_excuse_gives_back_the_stars_and_the_score(depot: Depot) -> None:
    """The week of what is excused is judged once more, and those before it count again (R10.2, R10.4)."""
    dana = await depot.driver()
    await history(depot, dana, completed=4, missed=0, ago=14 * DAY)
    await depot.fleet.put(
        StarWeek,
        *(
            {
                "user_id": dana.id,
                "week": monday,
                "judged_at": local_instant(monday + WEEK, time(3, 50), POLICY),
                "qualified": True,
            }
            for monday in (date(2026, 11, 2), date(2026, 11, 9))
        ),
    )
    state = {"user_id": dana.id, "stars": 2, "streak_weeks": 2, "updated_at": depot.now}
    await depot.fleet.put(DriverHealthState, state)
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True, route="R-missed")
    nine = local_instant(depot.fleet.today, time(9), POLICY)
    await depot.missed(nine)
    stopped = await depot.session.get_one(DriverHealthState, dana.id, populate_existing=True)
    assert (stopped.stars, stopped.assignment_pool_eligible) == (0, False)
    incident = await depot.session.scalar(select(Incident.id).where(Incident.assignment_id == slot.id))
    assert incident is not None
    done = await excuse_incident(depot.session, depot.mona, incident, "Ice", SAY, POLICY, nine + HOUR)
    assert done == Excused(incident)
    back = await depot.session.get_one(DriverHealthState, dana.id, populate_existing=True)
    assert (back.stars, back.streak_weeks, back.assignment_pool_eligible) == (2, 2, True)
    assert back.current_score == 100
    today = select(DriverHealthSnapshot.score).where(DriverHealthSnapshot.user_id == dana.id)
    assert list(await depot.session.scalars(today)) == [100]


async def test_r10_6_the_week_of_what_is_excused_is_judged_once_more(depot: Depot) -> None:
    dana = await depot.driver()
    await history(depot, dana, completed=1, missed=1, ago=15 * DAY)
    (incident,) = await incidents(depot, dana)
    monday = week_of((depot.now - 15 * DAY).astimezone(POLICY.zone).date())[0]
    judged = {"judged_at": local_instant(monday + WEEK, time(3, 50), POLICY), "qualified": False}
    await depot.fleet.put(StarWeek, {"user_id": dana.id, "week": monday, **judged})
    await excuses(depot, incident)
    [week] = await depot.session.scalars(select(StarWeek).execution_options(populate_existing=True))
    assert (week.week, week.qualified) == (monday, True)
    state = await depot.session.get_one(DriverHealthState, dana.id, populate_existing=True)
    assert (state.stars, state.streak_weeks) == (1, 1)
