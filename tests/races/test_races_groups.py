"""R12.3 under simultaneous presses: one group a warehouse, one warehouse a group, nobody deadlocked."""

import uuid
from collections import Counter
from random import Random
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Delivery, WarehouseGroup
from domain.db.models.words import Urgency
from domain.groups import actions, telling
from domain.groups.actions import Connected, Connections, Group
from domain.notices.kinds import Kind
from domain.people.managing import remove_manager
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Act, Arena

ROUNDS = 10


async def managers(arena: Arena) -> tuple[uuid.UUID, uuid.UUID, Person, Person]:
    """North and South, and two who manage both."""

    async def make(fleet: Fleet) -> tuple[uuid.UUID, uuid.UUID, Person, Person]:
        mona, ann = await fleet.manager("Mona"), await fleet.manager("Ann")
        return await fleet.warehouse("North", mona, ann), await fleet.warehouse("South", mona, ann), mona, ann

    return await arena.build(make)


def connecting(arena: Arena, by: Person, to: uuid.UUID, chat_id: int, *, instead: bool = False) -> Act[Any]:
    async def act(session: AsyncSession) -> Any:
        group = Group(chat_id, f"Crew {chat_id}")
        return await actions.connect(session, by, to, group, "en", arena.now, instead=instead)

    return act


async def live(arena: Arena, *warehouses: uuid.UUID) -> list[tuple[uuid.UUID, int]]:
    async with arena.session() as session:
        here = (WarehouseGroup.ended_at.is_(None), WarehouseGroup.warehouse_id.in_(warehouses))
        rows = await session.execute(select(WarehouseGroup.warehouse_id, WarehouseGroup.chat_id).where(*here))
        return [(row[0], row[1]) for row in rows]


async def test_two_managers_connect_two_groups_to_one_warehouse(arena: Arena) -> None:
    dice = Random(8)
    for number in range(ROUNDS):
        north, _, mona, ann = await managers(arena)
        chats = (-10 * number - 1, -10 * number - 2)
        acts = [connecting(arena, who, north, chat) for who, chat in zip((mona, ann), chats, strict=True)]
        said = await arena.at_once(*acts, dice=dice)
        assert Counter(map(type, said)) == {Connected: 1, Connections: 1}
        [(_, chat)] = await live(arena, north)
        assert isinstance(said[chats.index(chat)], Connected)
        refused = said[1 - chats.index(chat)]
        assert refused.other_title == f"Crew {chat}", "the second reads of the first"


async def test_one_group_is_connected_to_two_warehouses(arena: Arena) -> None:
    dice = Random(9)
    for number in range(ROUNDS):
        north, south, mona, ann = await managers(arena)
        chat = -10 * number - 3
        said = await arena.at_once(connecting(arena, mona, north, chat), connecting(arena, ann, south, chat), dice=dice)
        assert Counter(map(type, said)) == {Connected: 1, Connections: 1}
        assert len(await live(arena, north, south)) == 1


async def test_who_comes_second_to_a_group_loses_nothing_of_his_own(arena: Arena) -> None:
    dice = Random(12)
    for number in range(ROUNDS):

        async def make(fleet: Fleet) -> tuple[uuid.UUID, uuid.UUID, Person, Person]:
            mona, paul = await fleet.manager("Mona"), await fleet.manager("Paul")
            return await fleet.warehouse("North", mona), await fleet.warehouse("South", paul), mona, paul

        north, south, mona, paul = await arena.build(make)
        old, chat = -10 * number - 7, -10 * number - 8
        await arena.at_once(connecting(arena, mona, north, old))
        said = await arena.at_once(
            connecting(arena, mona, north, chat, instead=True), connecting(arena, paul, south, chat), dice=dice
        )
        expected = [(north, chat)] if isinstance(said[0], Connected) else [(north, old), (south, chat)]
        assert sorted(await live(arena, north, south)) == sorted(expected)
        assert Counter(map(type, said))[Connected] == 1


async def test_both_instead_of_what_was_there(arena: Arena) -> None:
    dice = Random(10)
    for number in range(ROUNDS):
        north, south, mona, ann = await managers(arena)
        one, other = -10 * number - 4, -10 * number - 5
        await arena.at_once(connecting(arena, mona, north, one), connecting(arena, mona, south, other))
        said = await arena.at_once(
            connecting(arena, mona, north, other, instead=True),
            connecting(arena, ann, south, one, instead=True),
            dice=dice,
        )
        standing = await live(arena, north, south)
        assert Counter(map(type, said))[Connected] >= 1
        assert len({warehouse for warehouse, _ in standing}) == len({chat for _, chat in standing}) == len(standing)


async def test_what_is_told_while_the_group_is_disconnected_or_becomes_another_goes_nowhere_else(arena: Arena) -> None:
    dice = Random(11)
    for number in range(ROUNDS):
        north, _, mona, _ = await managers(arena)
        chat = -10 * number - 6

        async def slot(fleet: Fleet, north: uuid.UUID = north) -> uuid.UUID:
            return await fleet.window(await fleet.slot(await fleet.route("R12", north)))

        window_id = await arena.build(slot)
        await arena.at_once(connecting(arena, mona, north, chat))

        async def tell(session: AsyncSession, window_id: uuid.UUID = window_id) -> None:
            await telling.tell(session, Kind.GROUP_CALL, window_id, Urgency.URGENT, arena.now)

        async def end(session: AsyncSession, chat: int = chat) -> None:
            await actions.gone(session, chat, arena.now)

        async def move(session: AsyncSession, chat: int = chat) -> None:
            await actions.moved(session, chat, chat - 1_000_000_000_000)

        await arena.at_once(tell, tell, end if number % 2 else move, dice=dice)
        async with arena.session() as session:
            mine = select(func.count()).where(Delivery.about == window_id, Delivery.group_id.is_not(None))
            assert (await session.scalar(mine) or 0) <= 1, "told once"


async def test_r12_5_who_is_just_removed_connects_nothing(arena: Arena) -> None:
    north, _, mona, ann = await managers(arena)

    async def removes(session: AsyncSession) -> Any:
        return await remove_manager(session, mona, north, ann.id, SAY, POLICY, arena.now)

    _, said = await arena.one_waits_for_the_other(removes, connecting(arena, ann, north, -1))
    assert said == Refused(Refusal.NOT_FOUND)
    assert await live(arena, north) == []
