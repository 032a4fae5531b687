"""The duty `roster` (R14): by the clock and by hand, in this process and in the other, and when it fails."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.testing import capture_logs

from bot import rosters
from bot.jobs import Clockwork, run_due, table_of_duties, told
from bot.rosters import NotMade, in_workshop
from bot.workshop import Workshop
from domain.bidding.queries import lock_people
from domain.db.models import DutyRun, Notification, Owner, RosterRun
from domain.db.models.words import RosterCause
from domain.people.queries import Person
from domain.roster import flow
from domain.roster.making import Made
from tests.domain.rostering import DAY, FROZEN, SECOND, WEEK, Rostering
from tests.domain.world import POLICY, SAY
from tests.waits import somebody_waits

Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture
def rostering(sessions: Sessions) -> Rostering:
    return Rostering(sessions)


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


async def crewed(rostering: Rostering) -> Person:
    north, routes = await rostering.place("North", "R1")
    return await rostering.driver("Dana", [1], [routes["R1"]], home=north)


async def test_r14_by_the_clock_each_sunday_once_by_any_number_of_workers(
    rostering: Rostering, sessions: Sessions
) -> None:
    await crewed(rostering)
    at = FROZEN - 3 * DAY
    workers = [Clockwork(table_of_duties(SAY, POLICY), sessions, POLICY, lambda: at) for _ in range(3)]

    async def weeks_after_ticks() -> list[tuple[object, ...]]:
        await asyncio.gather(*(worker.tick("roster") for worker in workers))
        return await rostering.rows(select(RosterRun.week, RosterRun.filled).order_by(RosterRun.week))

    assert await weeks_after_ticks() == []
    at = FROZEN - SECOND
    assert await weeks_after_ticks() == []
    at = FROZEN
    assert await weeks_after_ticks() == [(WEEK, 1)]
    at = FROZEN + 7 * DAY + timedelta(hours=5)
    assert await weeks_after_ticks() == [(WEEK, 1), (WEEK + 7 * DAY, 1)]
    assert await rostering.rows(select(DutyRun.done_for)) == [(FROZEN + 7 * DAY,)]


async def test_r3_2_a_freeze_waits_for_one_roster_of_the_queue_at_most(
    rostering: Rostering, sessions: Sessions
) -> None:
    """Each is made as of the tick at which it is begun."""
    await crewed(rostering)
    await rostering.freeze(FROZEN - SECOND)
    for _ in range(2):
        await rostering.ask(RosterCause.PREVIEW, FROZEN - SECOND)
    here, at = rosters.here(SAY, POLICY), FROZEN - SECOND

    async def long_made(sessions: Sessions, run_id: uuid.UUID, now: datetime) -> Made | None:
        nonlocal at
        at += SECOND
        return await here(sessions, run_id, now)

    worker = Clockwork(table_of_duties(SAY, POLICY, long_made), sessions, POLICY, lambda: at)
    await worker.tick("roster")
    made = select(RosterRun.cause, RosterRun.carried_out_at).order_by(RosterRun.requested_at, RosterRun.carried_out_at)
    assert await rostering.rows(made) == [(RosterCause.PREVIEW, FROZEN - SECOND), (RosterCause.PREVIEW, None)]
    for _ in range(2):
        await worker.tick("roster")
    assert await rostering.rows(made) == [
        (RosterCause.PREVIEW, FROZEN - SECOND),
        (RosterCause.PREVIEW, FROZEN + SECOND),
        (RosterCause.DEADLINE, FROZEN),
    ]


async def test_r14_by_hand_it_says_what_it_did(rostering: Rostering, sessions: Sessions) -> None:
    await crewed(rostering)
    duty = table_of_duties(SAY, POLICY)["roster"]
    assert told(await run_due(duty, sessions, FROZEN + DAY)) == {"done": 1, "2026-12-07": {"filled": 1, "gaps": 6}}
    assert told(await run_due(duty, sessions, FROZEN + DAY)) == {"done": 0}


async def test_the_other_process_makes_the_same_and_the_loop_goes_on(
    rostering: Rostering,
    sessions: Sessions,
    database_url: str,
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It waits for us, who hold a driver: whoever waited for it without a loop would wait for ever."""
    dana = await crewed(rostering)
    monkeypatch.delattr(flow, "best_roster")  # in this process
    duty = table_of_duties(SAY, POLICY, in_workshop(workshop, database_url, POLICY))["roster"]
    async with sessions() as session:
        await lock_people(session, [dana.id])
        making = asyncio.create_task(run_due(duty, sessions, FROZEN))
        await somebody_waits(session)
    assert told(await making) == {"done": 1, "2026-12-07": {"filled": 1, "gaps": 6}}
    assert (await rostering.roster())["R1", 0] == "Dana"


async def test_what_is_wrong_in_the_other_process_is_told_here(
    rostering: Rostering, sessions: Sessions, database_url: str, workshop: Workshop
) -> None:
    make = in_workshop(workshop, database_url, POLICY)
    with pytest.raises(NotMade, match="NoResultFound"):
        await make(sessions, uuid.uuid4(), FROZEN)
    nowhere = make_url(database_url).set(port=1).render_as_string(hide_password=False)
    away = in_workshop(workshop, nowhere, POLICY)
    with pytest.raises(OSError, match="Error"):
        await away(sessions, uuid.uuid4(), FROZEN)


async def test_we_leave_without_waiting_for_a_roster(
    rostering: Rostering, sessions: Sessions, database_url: str, workshop: Workshop
) -> None:
    await crewed(rostering)
    await rostering.freeze()
    workshop.close()
    duty = table_of_duties(SAY, POLICY, in_workshop(workshop, database_url, POLICY))["roster"]
    with capture_logs() as logged:
        assert await run_due(duty, sessions, FROZEN) == []
    assert [line for line in logged if line["log_level"] == "error"] == []
    assert (await rostering.run()).carried_out_at is None


async def test_a_roster_that_fails_again_is_an_operators_matter_and_holds_nobody_up(
    rostering: Rostering, sessions: Sessions
) -> None:
    await crewed(rostering)
    olga = await rostering.build(lambda fleet: fleet.manager("Olga"))
    await rostering.freeze(FROZEN + 7 * DAY)
    await rostering.build(lambda fleet: fleet.put(Owner, {"phone": olga.phone}))
    here = rosters.here(SAY, POLICY)

    async def poisoned(sessions: Sessions, run_id: uuid.UUID, now: datetime) -> Made | None:
        async with sessions() as session:
            if (await session.get_one(RosterRun, run_id)).week == WEEK:
                raise ZeroDivisionError
        return await here(sessions, run_id, now)

    async def tried() -> list[str]:
        done = told(await run_due(table_of_duties(SAY, POLICY, poisoned)["roster"], sessions, FROZEN + 7 * DAY))
        assert len(done["failed"]) == 1
        async with sessions.begin() as session:  # the claim runs out
            lapsed = update(RosterRun).where(RosterRun.carried_out_at.is_(None))
            await session.execute(lapsed.values(claimed_until=FROZEN - 365 * DAY))
            return list(await session.scalars(select(Notification.body)))

    assert await tried() == []
    assert await rostering.rows(select(RosterRun.week).where(RosterRun.filled == 1)) == [(WEEK + 7 * DAY,)]
    [body] = await tried()
    assert "the week of 2026-12-07" in body
    assert len(await tried()) == 1
    mended = table_of_duties(SAY, POLICY)["roster"]
    made = told(await run_due(mended, sessions, FROZEN + 7 * DAY))
    assert made == {"done": 1, "2026-12-07": {"filled": 1, "gaps": 6}}
