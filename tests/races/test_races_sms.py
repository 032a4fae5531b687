"""SMS that meet themselves: a digest gathered twice, a phone that opts out twice, a code that is asked for twice."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AuditLog, Delivery, Notification, SmsCode
from domain.db.models.words import DeliveryState
from domain.notices.actions import Envelope, tell
from domain.notices.codes import code_for
from domain.notices.digest import gather
from domain.notices.facts.people import FallbackGone
from domain.notices.kinds import Kind
from domain.people.consent import opt_in, opt_out
from domain.people.presence import heard
from domain.people.queries import Person
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Arena


async def count(arena: Arena, model: Any, *where: Any) -> int:
    async with arena.session() as session:
        return await session.scalar(select(func.count()).select_from(model).where(*where)) or 0


async def test_r14_a_digest_gathered_by_several_at_once_is_one(arena: Arena) -> None:
    async def make(fleet: Fleet) -> list[Person]:
        people = [await fleet.manager(f"M{number}", linked=False) for number in range(5)]
        for subject in range(4):
            envelope = Envelope(Kind.FALLBACK_GONE, uuid.uuid4())
            notice = FallbackGone(f"D{subject}", False)
            await tell(fleet.session, [each.id for each in people], notice, envelope, SAY, POLICY, fleet.now)
        return people

    people = await arena.build(make)

    async def act(session: AsyncSession) -> dict[str, int]:
        return (await gather(session, POLICY, arena.now)).counts

    done = await arena.at_once(*[act] * 4)
    assert sorted(each["digests"] for each in done) == [0, 0, 0, 5]
    assert await count(arena, Delivery, Delivery.kind == Kind.DIGEST) == len(people)
    assert await count(arena, Delivery, Delivery.state == DeliveryState.SUPERSEDED) == 20


async def test_r11_5_a_phone_that_opts_out_twice_at_once_is_told_of_once(arena: Arena) -> None:
    async def make(fleet: Fleet) -> Person:
        return await fleet.driver("Dana", home=await fleet.warehouse("North", await fleet.manager("Mona")))

    driver = await arena.build(make)

    async def out(session: AsyncSession) -> bool:
        await heard(session, [driver.id], arena.now)
        return await opt_out(session, driver.phone, SAY, POLICY, arena.now)

    async def in_again(session: AsyncSession) -> bool:
        return await opt_in(session, driver.phone, arena.now)

    assert sorted(await arena.at_once(*[out] * 6)) == [False] * 5 + [True]
    assert await count(arena, Notification) == 1
    assert sorted(await arena.at_once(*[in_again] * 3)) == [False, False, True]
    assert await count(arena, AuditLog, AuditLog.action == "sms_opted_in") == 1


async def test_r11_6_a_code_that_is_asked_for_twice_at_once_is_one(arena: Arena) -> None:
    driver = await arena.build(lambda fleet: fleet.driver("Dana"))
    things = [uuid.uuid4() for _ in range(3)]

    def asking(about: uuid.UUID) -> Any:
        async def act(session: AsyncSession) -> str:
            until = arena.now + timedelta(hours=1)
            return await code_for(session, driver.phone, driver.id, Kind.OFFER, about, until)

        return act

    codes = await arena.at_once(*(asking(about) for about in things * 4))
    assert [codes[n] for n in range(3)] * 4 == codes
    assert len(set(codes)) == 3
    assert await count(arena, SmsCode) == 3
