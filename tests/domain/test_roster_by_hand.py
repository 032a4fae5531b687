"""R3.9, R4.4: a manager has what is still empty filled, this week, too; and what is given late is a question."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.db.models import Assignment, AuditLog, Delivery
from domain.db.models.words import RosterCause, Urgency
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from domain.shifts.declining import decline_shift
from domain.shifts.leaving import Left
from domain.shifts.queries import own_shift
from domain.time import last_confirmation, shift_start
from tests.domain.rostering import DAY, HOUR, WEEK, Rostering
from tests.domain.world import POLICY, SAY

TUESDAY, SUNDAY = WEEK + DAY, WEEK + 6 * DAY
NOW = datetime(2026, 12, 7, 16, tzinfo=TORONTO)  # the Monday of that week: a company has just started


@pytest.fixture
def rostering(sessions: async_sessionmaker[AsyncSession]) -> Rostering:
    return Rostering(sessions)


async def started(rostering: Rostering) -> tuple[Person, Person, dict[int, uuid.UUID]]:
    """Mona had it filled; Dana prefers Tuesdays and Sundays. Her shifts by day."""
    mona = await rostering.build(lambda fleet: fleet.manager("Mona"))
    north, routes = await rostering.place("North", "R1")
    await rostering.place("South", "R9")
    dana = await rostering.driver("Dana", [2, 0], [routes["R1"]], home=north)
    await rostering.ask(RosterCause.MANAGER, NOW, requested_by=mona.id, warehouses=[north])
    await rostering.make_all(NOW)
    hers = select(Assignment.on, Assignment.id).where(Assignment.user_id == dana.id)
    return mona, dana, {(on - WEEK).days: id_ for on, id_ in await rostering.rows(hers)}


async def test_r3_9_what_is_left_of_this_week_is_filled_at_once(rostering: Rostering) -> None:
    mona, dana, _ = await started(rostering)
    rows = await rostering.roster()
    assert set(rows) == {("R1", day) for day in range(1, 7)}, "neither what has begun, nor another's warehouse"
    assert {slot for slot, driver in rows.items() if driver == "Dana"} == {("R1", 1), ("R1", 6)}
    actors = select(AuditLog.actor_id).where(AuditLog.action == "roster_assign").distinct()
    assert await rostering.rows(actors) == [(mona.id,)]
    told = select(Delivery.user_id, Delivery.kind, Delivery.level).where(Delivery.kind == Kind.WEEK)
    assert await rostering.rows(told) == [(dana.id, Kind.WEEK, Urgency.IMPORTANT)]


async def test_r3_9_again_there_is_nothing_to_be_filled_and_nobody_is_told_twice(rostering: Rostering) -> None:
    mona, _, _ = await started(rostering)
    before = await rostering.roster()
    await rostering.ask(RosterCause.MANAGER, NOW + HOUR, requested_by=mona.id)
    await rostering.make_all(NOW + HOUR)
    assert {slot: driver for slot, driver in (await rostering.roster()).items() if slot[0] == "R1"} == before
    assert len(await rostering.rows(select(Delivery.id).where(Delivery.kind == Kind.WEEK))) == 1


async def test_r4_4_what_a_roster_gives_late_is_a_question(rostering: Rostering) -> None:
    _, dana, shifts = await started(rostering)
    async with rostering.sessions.begin() as session:
        tomorrow = await own_shift(session, dana.id, shifts[1], POLICY)
        assert tomorrow is not None and tomorrow.declinable
        arrive_by = shift_start(TUESDAY, POLICY) + timedelta(hours=2)
        assert tomorrow.confirm_by == last_confirmation(TUESDAY, NOW, arrive_by, POLICY)
        left = await decline_shift(session, dana, shifts[1], SAY, POLICY, NOW + HOUR)
    assert isinstance(left, Left) and left.incident is None


async def test_r4_4_what_it_gives_early_is_confirmed_or_cancelled_as_usual(rostering: Rostering) -> None:
    _, dana, shifts = await started(rostering)
    async with rostering.sessions.begin() as session:
        sunday = await own_shift(session, dana.id, shifts[6], POLICY)
        assert sunday is not None and not sunday.declinable
        assert sunday.confirm_by == shift_start(SUNDAY, POLICY) - POLICY.confirm_before
        declined = await decline_shift(session, dana, shifts[6], SAY, POLICY, NOW + HOUR)
    assert declined == Refused(Refusal.NOT_DECLINABLE)
