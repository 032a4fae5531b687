"""R3.2: what is saved at once is all there, in one order, and each version has its own instant."""

import uuid
from datetime import datetime
from functools import partial
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import DriverPreferences, OpenWarehouse, PreferenceVersion
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.roster.preferences import Saved, open_warehouse, prefer_day, prefer_route
from tests.domain.world import POLICY, Fleet
from tests.races.conftest import Arena


async def dana_at_north(fleet: Fleet) -> Person:
    return await fleet.driver("Dana", home=await fleet.warehouse("North"))


async def press(weekday: int, driver: Person, now: datetime, session: AsyncSession) -> Saved | Refused:
    return await prefer_day(session, driver, weekday, True, POLICY, now)


@pytest.mark.parametrize("seed", range(3))
async def test_r3_2_every_press_of_many_at_once_is_kept(arena: Arena, seed: int) -> None:
    dana = await arena.build(dana_at_north)
    acts = [partial(press, weekday, dana, arena.now) for weekday in (*range(7), *range(7))]
    assert await arena.at_once(*acts, dice=Random(seed)) == [Saved()] * 14
    async with arena.session() as session:
        versions = (await session.scalars(select(PreferenceVersion).order_by(PreferenceVersion.saved_at))).all()
        assert [len(each.days) for each in versions] == [1, 2, 3, 4, 5, 6, 7]
        assert len({each.saved_at for each in versions}) == 7
        assert await session.scalar(select(DriverPreferences.preferred_days)) == list(range(7))


@pytest.mark.parametrize("seed", range(3))
async def test_r3_1_two_presses_do_not_make_a_fourth_route(arena: Arena, seed: int) -> None:
    async def company(fleet: Fleet) -> tuple[Person, list[uuid.UUID]]:
        north = await fleet.warehouse("North")
        return await fleet.driver("Dana", home=north), [await fleet.route(f"R{n}", north) for n in range(5)]

    dana, routes = await arena.build(company)

    async def add(route: uuid.UUID, session: AsyncSession) -> Saved | Refused:
        return await prefer_route(session, dana, route, POLICY, arena.now)

    said = await arena.at_once(*(partial(add, route) for route in routes), dice=Random(seed))
    assert sorted(type(each).__name__ for each in said) == ["Refused"] * 2 + ["Saved"] * 3
    async with arena.session() as session:
        preferred = await session.scalar(select(DriverPreferences.preferred_routes))
        assert preferred is not None and len(set(preferred)) == len(preferred) == 3


async def test_r6_3_no_route_is_preferred_of_a_warehouse_that_is_just_closed(arena: Arena) -> None:
    """Dana closes South while her route there waits for her: it is judged by what stands then."""

    async def company(fleet: Fleet) -> tuple[Person, uuid.UUID, uuid.UUID]:
        south = await fleet.warehouse("South")
        dana = await fleet.driver("Dana", home=await fleet.warehouse("North"), ticked=[south])
        return dana, south, await fleet.route("S1", south)

    dana, south, route = await arena.build(company)

    async def prefer(session: AsyncSession) -> Saved | Refused:
        return await prefer_route(session, dana, route, POLICY, arena.now)

    async def close(session: AsyncSession) -> Saved | Refused:
        return await open_warehouse(session, dana, south, False, POLICY, arena.now)

    said = await arena.one_waits_for_the_other(close, prefer)
    assert said == [Saved(), Refused(Refusal.WAREHOUSE_NOT_HIS)]


@pytest.mark.parametrize("seed", range(3))
async def test_r6_3_of_closing_a_warehouse_and_preferring_its_route_one_is_refused(arena: Arena, seed: int) -> None:
    async def company(fleet: Fleet) -> tuple[Person, uuid.UUID, uuid.UUID]:
        south = await fleet.warehouse("South")
        dana = await fleet.driver("Dana", home=await fleet.warehouse("North"), ticked=[south])
        return dana, south, await fleet.route("S1", south)

    dana, south, route = await arena.build(company)

    async def prefer(session: AsyncSession) -> Saved | Refused:
        return await prefer_route(session, dana, route, POLICY, arena.now)

    async def close(session: AsyncSession) -> Saved | Refused:
        return await open_warehouse(session, dana, south, False, POLICY, arena.now)

    said = await arena.at_once(prefer, close, dice=Random(seed))
    assert said in (
        [Saved(), Refused(Refusal.PREFERS_ROUTE_THERE)],
        [Refused(Refusal.WAREHOUSE_NOT_HIS), Saved()],
    )


@pytest.mark.parametrize("seed", range(3))
async def test_r6_3_a_warehouse_is_opened_once(arena: Arena, seed: int) -> None:
    async def company(fleet: Fleet) -> tuple[Person, uuid.UUID]:
        return await dana_at_north(fleet), await fleet.warehouse("South")

    dana, south = await arena.build(company)

    async def open_(session: AsyncSession) -> Saved | Refused:
        return await open_warehouse(session, dana, south, True, POLICY, arena.now)

    assert await arena.at_once(open_, open_, open_, dice=Random(seed)) == [Saved()] * 3
    async with arena.session() as session:
        assert len((await session.scalars(select(OpenWarehouse))).all()) == 1
