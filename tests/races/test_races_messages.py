"""A manager's message under simultaneous presses: it goes out once, and one answers first (R11, R2.5)."""

import uuid
from collections import Counter
from datetime import timedelta
from random import Random

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Delivery, Notification
from domain.db.models.words import DeliveryState, Urgency
from domain.notices import actions as notices
from domain.notices import messages
from domain.notices.kinds import Kind
from domain.notices.messages import AlreadySent, Draft, Sent
from domain.people.queries import Person
from domain.refusals import Refused
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Act, Arena

MINUTE = timedelta(minutes=1)


async def colleagues(fleet: Fleet, count: int) -> tuple[Person, list[Person]]:
    """The author, and managers of the same warehouse."""
    author = await fleet.manager("Mona")
    north = await fleet.warehouse("North", author)
    return author, [await fleet.manager(f"M{number}", north) for number in range(count)]


async def drafted(arena: Arena, author: Person, to: Person) -> uuid.UUID:
    async with arena.session.begin() as session:
        draft = await messages.draft_message(session, author, f"{to.first_name}: call me", POLICY, arena.now)
    assert isinstance(draft, Draft)
    return draft.message_id


def sending(arena: Arena, author: Person, message: uuid.UUID, to: Person, level: Urgency) -> Act[object]:
    async def act(session: AsyncSession) -> object:
        return await messages.send_message(session, author, message, to.id, int(level), SAY, POLICY, arena.now)

    return act


async def test_r2_5_a_message_goes_out_once_to_one_however_often_it_is_pressed(arena: Arena) -> None:
    author, others = await arena.build(lambda fleet: colleagues(fleet, 4))
    for seed in range(4):
        message = await drafted(arena, author, others[0])
        presses = [sending(arena, author, message, to, level) for to in others for level in messages.LEVELS]
        results = await arena.at_once(*presses, dice=Random(seed))
        assert Counter(type(result) for result in results) == {Sent: 1, AlreadySent: len(presses) - 1}
        async with arena.session() as session:
            of = select(func.count()).select_from(Delivery).where(Delivery.about == message)
            assert await session.scalar(of) == 1
            noted = select(func.count()).select_from(Notification)
            assert await session.scalar(noted) == seed + 1


async def test_r2_5_sent_or_discarded_but_not_both(arena: Arena) -> None:
    author, [to] = await arena.build(lambda fleet: colleagues(fleet, 1))
    for seed in range(8):
        message = await drafted(arena, author, to)

        async def discard(session: AsyncSession, message: uuid.UUID = message) -> object:
            return await messages.discard_message(session, author, message)

        sent, discarded = await arena.at_once(
            sending(arena, author, message, to, Urgency.URGENT), discard, dice=Random(seed)
        )
        assert (isinstance(sent, Sent), isinstance(discarded, AlreadySent)) in ((True, True), (False, False))
        assert isinstance(sent, Sent | Refused)


async def test_r11_2_many_answer_at_once_nobody_deadlocks_and_each_is_kept(arena: Arena) -> None:
    author, others = await arena.build(lambda fleet: colleagues(fleet, 16))
    message = await drafted(arena, author, others[0])
    await arena.at_once(sending(arena, author, message, others[0], Urgency.URGENT))
    async with arena.session.begin() as session:
        told = await session.scalar(select(Delivery.notification_id).where(Delivery.about == message))
        assert told is not None
        await notices.pass_on(session, told, SAY, POLICY, arena.now + MINUTE)
        fleet = Fleet(session, arena.now)
        for _copy in range(3):
            await fleet.message_card(author, message)
        rows = update(Delivery).where(Delivery.about == message, Delivery.kind == Kind.MANUAL)
        await session.execute(rows.values(state=DeliveryState.SENT, sent_at=arena.now, due_at=None))

    def answering(who: Person) -> Act[bool | None]:
        async def act(session: AsyncSession) -> bool | None:
            return await notices.acknowledge(session, who.id, Kind.MANUAL, message, arena.now + MINUTE)

        return act

    answers = await arena.at_once(*(answering(who) for who in others + others[:4]), dice=Random(7))
    assert Counter(answers) == {True: 16, False: 4}
    async with arena.session() as session:
        rows_now = select(Delivery.state, Delivery.answered_at).where(Delivery.kind == Kind.MANUAL)
        assert set((await session.execute(rows_now)).tuples()) == {(DeliveryState.ACKNOWLEDGED, arena.now + MINUTE)}
