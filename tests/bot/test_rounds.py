"""What is judged of everybody at night is done a part at a time, once for its hour, whoever does it (R14)."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.testing import capture_logs

from bot import rounds
from bot.jobs import Clockwork, Errand, run_due, told
from domain.db.models import AuditLog, DutyRun, User
from domain.db.models.words import ActorType
from domain.policy import TORONTO, Policy
from tests.domain.world import Fleet

Sessions = async_sessionmaker[AsyncSession]
POLICY = Policy()
AT = "30 3 * * *"
NIGHT = datetime(2026, 11, 26, 3, 30, tzinfo=TORONTO)


@pytest.fixture
async def people(sessions: Sessions, now: datetime, monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """Five, by id; two of them fit into a part."""
    monkeypatch.setattr("domain.health.nights.AT_ONCE", 2)
    async with sessions.begin() as session:
        fleet = Fleet(session, now)
        for n in range(5):
            await fleet.driver(f"D{n}")
    async with sessions() as session:
        return list(await session.scalars(select(User.id).order_by(User.id)))


class Judge:
    """Judges people by a row each. `fails` at somebody, or stands still, where it is to be killed."""

    def __init__(self, at: uuid.UUID | None = None, *, stands_still: bool = False) -> None:
        self.fails, self.stands_still, self.inside = at, stands_still, asyncio.Event()

    async def __call__(self, session: AsyncSession, of: Sequence[uuid.UUID], now: datetime) -> dict[str, int]:
        for each in of:
            entry = {"entity_type": "user", "action": "judged", "actor_type": ActorType.SYSTEM, "created_at": now}
            await session.execute(insert(AuditLog).values(entity_id=each, **entry))
            if each == self.fails:
                self.inside.set()
                if self.stands_still:
                    await asyncio.Event().wait()
                raise ZeroDivisionError
        return {"judged": len(of)}


def errand(judge: Judge) -> Errand:
    return Errand(partial(rounds.make, "night", AT, judge, POLICY), AT)


def clockwork(sessions: Sessions, judge: Judge, at: datetime) -> Clockwork:
    return Clockwork({"night": errand(judge)}, sessions, POLICY, lambda: at)


async def judged(sessions: Sessions) -> list[uuid.UUID]:
    """In the order in which it was done, a part in that of ids."""
    async with sessions() as session:
        rows = select(AuditLog.entity_id).order_by(AuditLog.created_at, AuditLog.entity_id)
        return list(await session.scalars(rows))


async def begin(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await session.execute(insert(DutyRun).values(duty="night", done_for=NIGHT - timedelta(days=1)))


async def test_r14_a_round_is_done_once_for_its_hour_by_any_number_of_workers(
    sessions: Sessions, people: list[uuid.UUID]
) -> None:
    await begin(sessions)
    early = clockwork(sessions, Judge(), NIGHT - timedelta(seconds=1))
    await early.tick("night")
    assert await judged(sessions) == []
    for second in range(5):  # each time one of them at least takes a part
        workers = [clockwork(sessions, Judge(), NIGHT + timedelta(seconds=second)) for _ in range(3)]
        await asyncio.gather(*(worker.tick("night") for worker in workers))
    assert await judged(sessions) == people
    async with sessions() as session:
        run = await session.get_one(DutyRun, "night")
    assert (run.done_for, run.doing_for, run.reached) == (NIGHT, None, None)


async def test_r14_who_is_killed_in_the_middle_leaves_what_is_recorded_and_the_next_goes_on(
    sessions: Sessions, people: list[uuid.UUID]
) -> None:
    await begin(sessions)
    deadly = Judge(people[3], stands_still=True)
    first = clockwork(sessions, deadly, NIGHT)
    await first.tick("night")
    dying = asyncio.create_task(first.tick("night"))
    await asyncio.wait_for(deadly.inside.wait(), 10)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await judged(sessions) == people[:2]
    for hours in (1, 2, 3):
        await clockwork(sessions, Judge(), NIGHT + timedelta(hours=hours)).tick("night")
    assert await judged(sessions) == people


async def test_r14_a_round_that_was_not_finished_begins_anew_the_next_night(
    sessions: Sessions, people: list[uuid.UUID]
) -> None:
    await begin(sessions)
    await clockwork(sessions, Judge(), NIGHT).tick("night")
    for seconds in range(4):
        await clockwork(sessions, Judge(), NIGHT + timedelta(days=1, seconds=seconds)).tick("night")
    assert await judged(sessions) == people[:2] + people


async def test_r14_who_cant_be_judged_is_told_and_holds_up_nobody_else(
    sessions: Sessions, people: list[uuid.UUID]
) -> None:
    """Neither those of his part nor those behind it; the next night he has his turn again."""
    await begin(sessions)
    worker = clockwork(sessions, Judge(people[2]), NIGHT)
    with capture_logs() as logged:
        for _ in range(4):
            await worker.tick("night")
    failed = [line for line in logged if line["event"] == "duty failed"]
    assert [line["of"] for line in failed] == [str(people[2])]
    assert await judged(sessions) == [*people[:2], *people[3:]]
    later = NIGHT + timedelta(days=1)
    for _ in range(4):
        await clockwork(sessions, Judge(), later).tick("night")
    assert await judged(sessions) == [*people[:2], *people[3:], *people]


async def test_r14_by_hand_it_is_all_done_at_once_and_nothing_is_recorded(
    sessions: Sessions, people: list[uuid.UUID], now: datetime
) -> None:
    for _ in range(2):
        assert told(await run_due(errand(Judge()), sessions, now)) == {"done": 1, "judged": 5}
    assert sorted(await judged(sessions)) == sorted(people * 2)
    failed = told(await run_due(errand(Judge(people[2])), sessions, now))
    assert (failed["done"], len(failed["failed"])) == (0, 1)
    async with sessions() as session:
        assert (await session.scalars(select(DutyRun))).all() == []
