"""A calendar's address when it is asked for or renewed by several presses at once: there is one."""

from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AuditLog, CalendarFeed
from domain.people.feeds import Feed, feed, open_feed, renew_feed
from domain.people.queries import Person
from domain.refusals import Refused
from domain.shifts.departures import leave_company
from tests.domain.world import POLICY, SAY, Fleet
from tests.races.conftest import Act, Arena


def token_for(made_at: datetime) -> str:
    return f"token of {made_at.timestamp()}"


async def dana(fleet: Fleet) -> Person:
    return await fleet.driver("Dana", home=await fleet.warehouse("North"))


async def test_asked_for_twice_there_is_one(arena: Arena) -> None:
    driver = await arena.build(dana)

    async def open_(session: AsyncSession) -> None:
        await open_feed(session, driver, token_for, arena.now)

    await arena.at_once(open_, open_, open_)
    async with arena.session() as session:
        assert await session.scalar(select(func.count()).select_from(CalendarFeed)) == 1
        assert await session.scalar(select(func.count()).select_from(AuditLog)) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_renewed_twice_there_is_one_new_one(arena: Arena, seed: int) -> None:
    driver = await arena.build(dana)
    async with arena.session.begin() as session:
        await open_feed(session, driver, token_for, arena.now)
        old = await feed(session, driver.id)
    assert old is not None

    async def renew(mark: int, session: AsyncSession) -> Feed | Refused:
        return await renew_feed(session, driver, token_for, mark, arena.now)

    first, *others = await arena.at_once(*[partial(renew, old.mark)] * 4, dice=Random(seed))
    assert others == [first] * 3 and first != old
    async with arena.session() as session:
        assert await feed(session, driver.id) == first


@pytest.mark.parametrize("first", ["opens", "leaves"])
async def test_r12_7_who_is_just_leaving_has_none(arena: Arena, first: str) -> None:
    """Nor would he have that one again, should he come back."""

    async def make(fleet: Fleet) -> tuple[Person, Person]:
        mona = await fleet.manager("Mona")
        return mona, await fleet.driver("Dana", home=await fleet.warehouse("North", mona))

    mona, driver = await arena.build(make)

    async def opens(session: AsyncSession) -> None:
        await open_feed(session, driver, token_for, arena.now)

    async def leaves(session: AsyncSession) -> Any:
        return await leave_company(session, mona, driver.id, arena.now.date(), SAY, POLICY, arena.now)

    acts: list[Act[Any]] = [opens, leaves] if first == "opens" else [leaves, opens]
    await arena.one_waits_for_the_other(*acts)
    async with arena.session() as session:
        assert await feed(session, driver.id) is None
