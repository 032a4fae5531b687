"""Boards and evening lists when much happens at once: nobody waits crosswise, nothing is lost, nobody is told twice."""

import asyncio
import uuid
from datetime import date, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.coverage.board import Turned, turn_board
from domain.coverage.cover import CoverTold, tell_cover
from domain.db.models import Delivery
from domain.db.models.words import CancelReason
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refused
from domain.shifts.actions import arrive, load_parcels
from domain.shifts.rules import Arrive, Done
from domain.shifts.stopping import Stopped, stop_shift
from tests.domain.depot import local
from tests.domain.world import POLICY, SAY, Fleet, Slot
from tests.races.conftest import Arena
from tests.waits import somebody_waits

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize("seed", range(3))
async def test_ten_who_arrive_at_once_while_managers_turn_their_boards(arena: Arena, seed: int) -> None:
    async def morning(fleet: Fleet) -> tuple[list[Person], list[tuple[Person, Slot]]]:
        managers = [await fleet.manager(f"M{n}") for n in range(3)]
        north, south = await fleet.warehouse("North", *managers), await fleet.warehouse("South", *managers)
        for n, manager in enumerate(managers):
            await turn_board(fleet.session, manager, (north, south, None)[n], TODAY, 0, POLICY, fleet.now)
            await fleet.board_card(manager)
            await fleet.home_card(manager)
        drivers = []
        for n in range(10):
            driver = await fleet.driver(f"D{n}")
            await fleet.home_card(driver)
            route = await fleet.route(f"R{n}", (north, south)[n % 2])
            drivers.append((driver, await fleet.shift(route, driver, confirmed=True)))
        return managers, drivers

    managers, drivers = await arena.build(morning)

    async def arrives(driver: Person, slot: Slot, session: AsyncSession) -> Arrive | Done | Refused | Turned:
        return await arrive(session, driver, slot.id, POLICY, arena.now)

    async def turns(manager: Person, session: AsyncSession) -> Arrive | Done | Refused | Turned:
        return await turn_board(session, manager, None, TODAY, 1, POLICY, arena.now)

    acts = [*(partial(arrives, *each) for each in drivers), *(partial(turns, each) for each in managers)]
    results = await arena.at_once(*acts, dice=Random(seed))
    assert results == [Arrive()] * 10 + [Turned()] * 3
    async with arena.session() as session:
        rows = await session.execute(select(Delivery.redraw, Delivery.due_at).where(Delivery.kind == Kind.BOARD))
        assert [tuple(row) for row in rows] == [(True, arena.now)] * 3


async def test_r11_4a_three_replicas_tell_each_manager_once(arena: Arena) -> None:
    async def evening(fleet: Fleet) -> None:
        north = await fleet.warehouse("North", *[await fleet.manager(f"M{n}") for n in range(5)])
        await fleet.slot(await fleet.route("R1", north), TODAY + timedelta(days=1))

    await arena.build(evening)

    async def tells(session: AsyncSession) -> CoverTold:
        return await tell_cover(session, SAY, POLICY, local(TODAY, 18))

    told = await arena.at_once(tells, tells, tells)
    assert sum(each.told for each in told) == 5
    async with arena.session() as session:
        assert await session.scalar(select(func.count()).where(Delivery.kind == Kind.COVER)) == 5


async def test_r8_8_who_stops_with_parcels_takes_home_cards_and_boards_in_one_go(arena: Arena) -> None:
    """Somebody has the manager's home card, and goes on to his board: nobody who waits for the card may have that."""

    async def under_way(fleet: Fleet) -> tuple[Person, Slot, uuid.UUID, uuid.UUID]:
        mona = await fleet.manager("Mona")
        north = await fleet.warehouse("North", mona)
        dana = await fleet.driver("Dana")
        slot = await fleet.shift(await fleet.route("R1", north), dana, confirmed=True)
        await arrive(fleet.session, dana, slot.id, POLICY, fleet.now)
        await load_parcels(fleet.session, dana, slot.id, 100, POLICY, fleet.now)
        await turn_board(fleet.session, mona, north, TODAY, 0, POLICY, fleet.now)
        cards = []
        for n, card in enumerate([await fleet.home_card(mona), await fleet.board_card(mona)]):
            cards.append(uuid.UUID(int=n))  # in the order of their ids, in which everybody takes them
            await fleet.session.execute(update(Delivery).where(Delivery.id == card).values(id=cards[n]))
        return dana, slot, cards[0], cards[1]

    dana, slot, home, board = await arena.build(under_way)

    async def stops(session: AsyncSession) -> object:
        given = (session, dana, slot.id, CancelReason.VEHICLE_BREAKDOWN, 70, SAY, POLICY)
        return await stop_shift(*given, arena.now)

    async with arena.session() as other, asyncio.timeout(30):
        card = select(Delivery.id).with_for_update(key_share=True)
        await other.execute(card.where(Delivery.id == home))
        stopping = asyncio.create_task(arena.at_once(stops))
        await somebody_waits(other)
        taken = card.where(Delivery.id == board).with_for_update(key_share=True, nowait=True)
        try:
            assert await other.scalar(taken) == board
        finally:
            await other.rollback()
            [stopped] = await stopping
    assert isinstance(stopped, Stopped)
