"""R10.6: what is excused is as if it had not been: figures, flag, cap, and whatever else has followed from it."""

import uuid
from datetime import timedelta

from sqlalchemy import select, update

from domain.db.models import Appeal, AuditLog, DriverMetrics, FlagEpisode, Incident
from domain.db.models.words import IncidentKind, NotificationType
from domain.health.appeals import Opened, decide_appeal, open_appeal
from domain.health.excusing import Excused, excuse_incident
from domain.health.rules_of_appeals import Decided
from domain.people.queries import Person
from domain.shifts import ledger
from tests.domain.depot import DAY, HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.test_flags import episodes, history, night, user
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
