"""A message to many under simultaneous presses: it goes out once, and many answer at once (R11, R2.5)."""

import uuid
from collections import Counter
from random import Random

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AuditLog, Delivery
from domain.db.models.words import DeliveryState
from domain.notices import actions as notices
from domain.notices import broadcasts, messages
from domain.notices.broadcasts import SentToMany, ToMany
from domain.notices.kinds import Kind
from domain.notices.messages import AlreadySent
from domain.people.queries import Person
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Act, Arena

DRIVERS = 12


async def company(fleet: Fleet) -> tuple[Person, uuid.UUID, list[uuid.UUID]]:
    mona = await fleet.manager("Mona")
    north = await fleet.warehouse("North", mona)
    return mona, north, await fleet.drivers(DRIVERS, north)


async def drafted(arena: Arena, mona: Person, north: uuid.UUID) -> uuid.UUID:
    async with arena.session.begin() as session:
        draft = await broadcasts.draft_to_many(session, mona, north, "door 4", POLICY, arena.now)
    assert isinstance(draft, ToMany)
    return draft.message_id


async def test_r2_5_it_goes_out_once_however_often_it_is_pressed(arena: Arena) -> None:
    mona, north, _ = await arena.build(company)

    def sending(message: uuid.UUID, level: int) -> Act[object]:
        return lambda session: broadcasts.send_to_many(session, mona, message, level, DRIVERS, SAY, POLICY, arena.now)

    for seed in range(4):
        message = await drafted(arena, mona, north)
        presses = [sending(message, int(level)) for level in messages.LEVELS] * 2
        results = await arena.at_once(*presses, dice=Random(seed))
        assert Counter(map(type, results)) == {SentToMany: 1, AlreadySent: len(presses) - 1}
        assert SentToMany(DRIVERS) in results
        async with arena.session() as session:
            of = select(func.count()).select_from(Delivery).where(Delivery.about == message)
            assert await session.scalar(of) == DRIVERS
            logged = select(func.count()).select_from(AuditLog).where(AuditLog.entity_id == message)
            assert await session.scalar(logged) == 1


async def test_r11_2_all_answer_at_once_and_each_is_the_first_to(arena: Arena) -> None:
    mona, north, drivers = await arena.build(company)
    message = await drafted(arena, mona, north)
    async with arena.session.begin() as session:
        await broadcasts.send_to_many(session, mona, message, 0, DRIVERS, SAY, POLICY, arena.now)
        await session.execute(update(Delivery).values(state=DeliveryState.SENT, sent_at=arena.now, due_at=None))
    await arena.build(lambda fleet: fleet.message_card(mona, message))

    def answering(driver: uuid.UUID) -> Act[object]:
        async def act(session: AsyncSession) -> object:
            return await notices.acknowledge(session, driver, Kind.BROADCAST, message, arena.now)

        return act

    results = await arena.at_once(*(answering(driver) for driver in drivers * 2), dice=Random(7))
    assert Counter(results) == {True: DRIVERS, False: DRIVERS}
    async with arena.session() as session:
        states = select(Delivery.state).where(Delivery.about == message, Delivery.kind == Kind.BROADCAST)
        assert set(await session.scalars(states)) == {DeliveryState.ACKNOWLEDGED}
