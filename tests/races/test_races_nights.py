"""R14: what is judged of everybody at night, while things go on happening."""

import asyncio

from sqlalchemy import select, update

from domain.bidding.queries import lock_people
from domain.db.models import DriverMetrics, User
from domain.health.nights import judge_standing, next_people
from tests.domain.depot import Depot
from tests.domain.test_flags import history
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Arena
from tests.waits import somebody_waits


async def test_r14_the_night_waits_for_who_is_just_counted_and_holds_nothing_of_his(arena: Arena) -> None:
    """An event locks its driver, then counts; the night goes the same way, or both would wait for ever."""

    async def make(fleet: Fleet) -> None:
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        dana = await depot.driver("Dana")
        await history(depot, dana, completed=3, missed=2)
        await fleet.put(DriverMetrics, {"user_id": dana.id, "total_assigned": 1})  # all of it differs

    await arena.build(make)

    async def night() -> int:
        async with arena.session.begin() as session:
            everybody = await next_people(session, None)
            return len((await judge_standing(session, everybody, SAY, POLICY, arena.now))[1])

    async with asyncio.timeout(30):
        async with arena.session.begin() as event:
            dana = (await event.scalars(select(User.id).where(User.first_name == "Dana"))).one()
            await lock_people(event, [dana])
            judging = asyncio.create_task(night())
            await somebody_waits(event)
            await event.execute(update(DriverMetrics).where(DriverMetrics.user_id == dana).values(total_assigned=77))
        assert await judging == 1
    async with arena.session() as session:
        row = await session.get_one(DriverMetrics, dana)
        assert (row.total_shifts, row.completed_shifts, row.total_assigned) == (5, 3, 5)
