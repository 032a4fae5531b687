"""A manager decides how somebody stands who is just no longer his to decide about (R9.5, R10.2, R12.3)."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.queries import lock_people
from domain.db.models import Assignment, DriverCap, FlagEpisode, HardStop, Incident, Notification
from domain.db.models.words import IncidentKind
from domain.health.caps import choose_cap, unflag
from domain.health.excusing import excuse_incident
from domain.health.nights import judge_standing
from domain.health.reinstating import keep_out, reinstate
from domain.notices.kinds import Kind
from domain.people.managing import Removed, remove_manager
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import reviewing
from domain.shifts.departures import Leaves, leave_company
from tests.domain.depot import Depot
from tests.domain.test_flags import history
from tests.domain.test_reviewing import absent
from tests.domain.test_stops import blamed
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Arena
from tests.waits import somebody_waits

Decides = Callable[..., Awaitable[Any]]


async def cap_of_two(session: AsyncSession, manager: Person, driver: Person, arena: Arena) -> Any:
    return await choose_cap(session, manager, driver.id, 2, "so", SAY, POLICY, arena.now)


async def unflags(session: AsyncSession, manager: Person, driver: Person, arena: Arena) -> Any:
    return await unflag(session, manager, driver.id, "so", SAY, POLICY, arena.now)


async def puts_back(session: AsyncSession, manager: Person, driver: Person, arena: Arena) -> Any:
    return await reinstate(session, manager, driver.id, "so", SAY, POLICY, arena.now)


async def keeps_out(session: AsyncSession, manager: Person, driver: Person, arena: Arena) -> Any:
    return await keep_out(session, manager, driver.id, "so", SAY, POLICY, arena.now)


@pytest.mark.parametrize("decides", [cap_of_two, unflags, puts_back, keeps_out])
async def test_r12_3_who_just_leaves_is_nobody_s_to_decide_about(arena: Arena, decides: Decides) -> None:
    """Nora says that he left yesterday, while Mona decides."""

    async def make(fleet: Fleet) -> tuple[Person, Person, Person]:
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        dana = await depot.driver()
        await history(depot, dana, completed=3, missed=2)
        await judge_standing(fleet.session, [dana.id], SAY, POLICY, arena.now)
        await blamed(depot, dana, IncidentKind.NO_SHOW, arena.now, "R0")
        return mona, await fleet.manager("Nora", depot.north), dana

    mona, nora, dana = await arena.build(make)
    yesterday = arena.now.date() - timedelta(days=1)

    async def leaves(session: AsyncSession) -> Any:
        return await leave_company(session, nora, dana.id, yesterday, SAY, POLICY, arena.now)

    left, said = await arena.one_waits_for_the_other(leaves, lambda session: decides(session, mona, dana, arena))
    assert isinstance(left, Leaves) and said == Refused(Refusal.NOT_FOUND)
    async with arena.session() as session:
        assert (await session.scalars(select(FlagEpisode.ended_at))).all() == [None]
        assert (await session.scalars(select(HardStop.ended_at))).all() == [None]
        assert (await session.scalars(select(HardStop.decided_at))).all() == [None]
        assert await session.scalar(select(func.count()).select_from(DriverCap).where(DriverCap.chosen == 2)) == 0
        told = set(await session.scalars(select(Notification.data["kind"].astext)))
        assert not told & {Kind.CAP, Kind.UNFLAGGED, Kind.POOL_DECIDED}


@pytest.mark.parametrize("what", ["an incident", "an absence"])
async def test_r12_5_who_is_removed_while_he_waits_decides_on_nothing(arena: Arena, what: str) -> None:
    """Something else is just being done about the driver, or his shift, meanwhile."""

    async def make(fleet: Fleet) -> tuple[Depot, Person, Person, uuid.UUID]:
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        nora, dana = await fleet.manager("Nora", depot.north), await depot.driver()
        if what == "an absence":
            return depot, nora, dana, (await absent(depot, driver=dana))[1].id
        await blamed(depot, dana, IncidentKind.LATE_CANCEL, arena.now, "R0")
        return depot, nora, dana, (await fleet.session.scalars(select(Incident.id))).one()

    depot, nora, dana, about = await arena.build(make)

    async def decides(session: AsyncSession) -> Any:
        if what == "an absence":
            return await reviewing.decide(session, nora, about, False, "so", SAY, POLICY, arena.now)
        return await excuse_incident(session, nora, about, "so", SAY, POLICY, arena.now)

    async def removes(session: AsyncSession) -> Any:
        return await remove_manager(session, depot.mona, depot.north, nora.id, SAY, POLICY, arena.now)

    async with arena.session() as session:
        await session.execute(select(Assignment.id).with_for_update(key_share=True))
        await lock_people(session, [dana.id])
        coming = asyncio.create_task(arena.at_once(decides))
        await somebody_waits(session, unless_done=coming)
        assert isinstance((await arena.at_once(removes))[0], Removed)
        await session.commit()
        assert await coming == [Refused(Refusal.NOT_FOUND)]
