"""R12.2 under simultaneous openings of links: one chat a person, nobody deadlocked."""

import asyncio
import uuid
from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AuditLog, ChatLink, Delivery, Invite, User
from domain.notices.kinds import Kind
from domain.people.anonymising import anonymise
from domain.people.cleaning import clean_up
from domain.people.linking import Contact, Linked, invite, link_by_contact, link_by_invite
from domain.people.queries import NO_PHONE, Person, linked_chat
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Act, Arena
from tests.waits import somebody_waits

ROUNDS = 12
NOT_GOOD = Refused(Refusal.LINK_NOT_GOOD)


async def invited(arena: Arena, *tokens: str, linked: bool = False) -> Person:
    async def make(fleet: Fleet) -> Person:
        person = await fleet.driver("Dana", linked=linked)
        for token in tokens:
            await invite(fleet.session, person.id, token, None, POLICY, fleet.now)
        return person

    return await arena.build(make)


def opening(arena: Arena, token: str, chat_id: int) -> Act[Any]:
    async def act(session: AsyncSession) -> Any:
        return await link_by_invite(session, token, chat_id, "en", SAY, arena.now)

    return act


def sharing(arena: Arena, person: Person, chat_id: int) -> Act[Any]:
    async def act(session: AsyncSession) -> Any:
        return await link_by_contact(session, Contact(True, person.phone), chat_id, "en", SAY, POLICY, arena.now)

    return act


async def test_r12_2_one_link_opened_in_many_chats_at_once(arena: Arena) -> None:
    dice = Random(1)
    for number in range(ROUNDS):
        person = await invited(arena, f"token {number}")
        chats = [number * 100 + chat for chat in range(1, 7)]
        said = await arena.at_once(*(opening(arena, f"token {number}", chat) for chat in chats), dice=dice)
        assert Counter(said) == {Linked(person.id): 1, NOT_GOOD: 5}
        async with arena.session() as session:
            chat = (await session.scalars(select(ChatLink.chat_id).where(ChatLink.user_id == person.id))).one()
            assert chat == chats[said.index(Linked(person.id))]


async def test_r12_2_two_links_of_one_person_at_once(arena: Arena) -> None:
    """Each would void the other: one is used, and both are over."""
    dice = Random(2)
    for number in range(ROUNDS):
        linked = number % 2 == 1
        tokens = [f"{number}, {which}" for which in range(4)]
        person = await invited(arena, *tokens, linked=linked)
        presses = [opening(arena, token, number * 100 + chat) for chat, token in enumerate(tokens, start=1)]
        said = await arena.at_once(*presses, dice=dice)
        assert Counter(said) == {Linked(person.id): 1, NOT_GOOD: 3}
        async with arena.session() as session:
            outstanding = select(func.count()).select_from(Invite).where(Invite.used_at.is_(None))
            assert await session.scalar(outstanding) == 0
            entries = (
                select(func.count())
                .select_from(AuditLog)
                .where(AuditLog.entity_id == person.id, AuditLog.action == "linked")
            )
            assert await session.scalar(entries) == 1
            told = (
                select(func.count())
                .select_from(Delivery)
                .where(Delivery.user_id == person.id, Delivery.kind == Kind.LINK_MOVED)
            )
            assert await session.scalar(told) == (1 if linked else 0)


async def test_r12_2_two_accounts_share_the_same_number_at_once(arena: Arena) -> None:
    """Both are his: one after the other has him, the earlier one is told, and nobody has him twice."""
    dice = Random(3)
    for number in range(ROUNDS):
        person = await invited(arena, f"spare {number}")
        chats = [number * 100 + chat for chat in range(1, 5)]
        said = await arena.at_once(*(sharing(arena, person, chat) for chat in chats), dice=dice)
        assert said == [Linked(person.id)] * len(chats)
        async with arena.session() as session:
            chat = (await session.scalars(select(ChatLink.chat_id).where(ChatLink.user_id == person.id))).one()
            moved = select(Delivery.chat_id).where(Delivery.user_id == person.id, Delivery.kind == Kind.LINK_MOVED)
            assert {chat, *await session.scalars(moved)} == set(chats)


async def test_r12_2_a_contact_and_a_link_in_two_chats_at_once(arena: Arena) -> None:
    """Whichever is first: the link is over, one chat has him, and a link that came too late is refused."""
    dice = Random(4)
    for number in range(ROUNDS):
        person = await invited(arena, f"either {number}")
        by_link, by_contact = number * 100 + 1, number * 100 + 2
        first, second = await arena.at_once(
            opening(arena, f"either {number}", by_link), sharing(arena, person, by_contact), dice=dice
        )
        assert second == Linked(person.id) and first in (Linked(person.id), NOT_GOOD)
        async with arena.session() as session:
            chat = (await session.scalars(select(ChatLink.chat_id).where(ChatLink.user_id == person.id))).one()
            assert chat == by_contact, "the link is used up by then"


@pytest.mark.parametrize("what", ["made nobody in particular", "linked in another chat"])
async def test_r12_7_a_number_that_comes_from_a_chat_that_is_just_no_longer_his_is_not_his(
    arena: Arena, what: str
) -> None:
    """It may be somebody else's phone by now."""

    async def make(fleet: Fleet) -> Person:
        last = fleet.day(-1) if what == "made nobody in particular" else None
        dana = await fleet.driver("Dana", home=await fleet.warehouse("North"), employed=(date(2020, 1, 1), last))
        await invite(fleet.session, dana.id, "another", None, POLICY, fleet.now)
        return dana

    dana = await arena.build(make)
    async with arena.session() as session:
        chat = await linked_chat(session, dana.id)
    assert chat is not None
    goes: dict[str, Act[Any]] = {
        "made nobody in particular": lambda session: anonymise(session, None, dana.id, POLICY, arena.now),
        "linked in another chat": opening(arena, "another", 77),
    }
    shares = sharing(arena, replace(dana, phone="+14165550177"), chat)
    _, said = await arena.one_waits_for_the_other(goes[what], shares)
    assert said == Refused(Refusal.CONTACT_NOT_GOOD)
    async with arena.session() as session:
        assert await session.scalar(select(User.phone)) == (NO_PHONE if what in list(goes)[:1] else dana.phone)


async def test_r14_the_new_day_locks_home_cards_in_the_one_order(arena: Arena) -> None:
    """Whoever waits for the first by id holds none of those behind it, in whatever order the rows lie."""
    low, high = uuid.UUID(int=1), uuid.UUID(int=2)

    async def make(fleet: Fleet) -> None:
        for id_ in (high, low):
            card = await fleet.home_card(await fleet.driver("Dana"))
            await fleet.session.execute(update(Delivery).where(Delivery.id == card).values(id=id_))

    async def turn() -> None:
        async with arena.session.begin() as session:
            await clean_up(session, POLICY, arena.now)

    await arena.build(make)
    async with arena.session.begin() as holder:
        await holder.get(Delivery, low, with_for_update=True)
        turning = asyncio.create_task(turn())
        await somebody_waits(holder)
        free = select(Delivery.id).where(Delivery.id == high).with_for_update(skip_locked=True)
        assert await holder.scalar(free) == high
    await turning
