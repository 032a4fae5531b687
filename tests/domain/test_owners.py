"""R12.5a: who runs the company has every warehouse on his desk, whoever's it is, and is not woken for it."""

from datetime import datetime

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import User, WarehouseManager, desks
from domain.people import linking
from domain.people.managing import Added, Proposed, add_manager, propose_manager
from domain.people.numbers import change_number
from domain.people.owning import name_owners
from domain.people.queries import Person, managers_of, manages, owners, warehouses_of
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY, Fleet


@pytest.fixture
async def fleet(session: AsyncSession, now: datetime) -> Fleet:
    return Fleet(session, now)


async def desk(fleet: Fleet, whose: Person) -> list[object]:
    found = await fleet.session.execute(select(desks.c.warehouse_id).where(desks.c.user_id == whose.id))
    return sorted(row.warehouse_id for row in found)


async def test_r12_5a_an_owner_has_all_warehouses_on_his_desk_each_once(fleet: Fleet) -> None:
    mona, olga = await fleet.manager("Mona"), await fleet.manager("Olga")
    north, south = await fleet.warehouse("North", mona), await fleet.warehouse("South", olga)
    assert await name_owners(fleet.session, [olga.phone], fleet.now) == []
    assert await desk(fleet, olga) == sorted([north, south]) == await warehouses_of(fleet.session, olga.id)
    assert await desk(fleet, mona) == [north]
    east = await fleet.warehouse("East", mona)
    assert await desk(fleet, olga) == sorted([north, south, east])


async def test_r12_5a_what_happens_in_a_warehouse_is_told_its_managers_alone(fleet: Fleet) -> None:
    mona, olga = await fleet.manager("Mona"), await fleet.manager("Olga")
    north = await fleet.warehouse("North", mona)
    await name_owners(fleet.session, [olga.phone], fleet.now)
    assert list(await fleet.session.scalars(managers_of(north))) == [mona.id]
    assert list(await fleet.session.scalars(owners())) == [olga.id]


async def test_r12_5a_who_is_named_and_who_is_named_no_more(fleet: Fleet) -> None:
    mona, olga = await fleet.manager("Mona"), await fleet.manager("Olga")
    dana = await fleet.driver("Dana", home=await fleet.warehouse("North", mona))
    stranger = "+15145550199"
    await name_owners(fleet.session, [olga.phone], fleet.now)
    assert await name_owners(fleet.session, [mona.phone, dana.phone, stranger], fleet.now) == sorted(
        [dana.phone, stranger]
    )
    assert list(await fleet.session.scalars(owners())) == [mona.id]
    assert await desk(fleet, olga) == [] == await desk(fleet, dana)
    await name_owners(fleet.session, [], fleet.now)
    assert list(await fleet.session.scalars(owners())) == []


async def test_r12_5a_it_goes_by_the_number_whoever_has_it(fleet: Fleet) -> None:
    mona, olga = await fleet.manager("Mona"), await fleet.manager("Olga")
    north = await fleet.warehouse("North", mona)
    new = "+15145550199"
    await name_owners(fleet.session, [new], fleet.now)
    assert await desk(fleet, olga) == []
    await fleet.session.execute(update(User).where(User.id == olga.id).values(phone=new))
    assert await desk(fleet, olga) == [north]


async def test_r12_3_whoever_is_no_manager_any_more_has_no_desk(fleet: Fleet) -> None:
    mona = await fleet.manager("Mona")
    north = await fleet.warehouse("North", mona)
    manages_it = select(manages(mona.id, WarehouseManager.warehouse_id)).where(WarehouseManager.warehouse_id == north)
    assert await fleet.session.scalar(manages_it) is True
    await fleet.session.execute(update(User).where(User.id == mona.id).values(role="driver"))
    assert await desk(fleet, mona) == []
    await fleet.session.execute(delete(WarehouseManager).where(WarehouseManager.user_id == mona.id))
    assert await desk(fleet, mona) == []


async def test_r12_4_no_manager_makes_an_owner_of_whomever_he_likes(fleet: Fleet) -> None:
    """Whoever adds somebody new gets his link: he would open it himself, and have every warehouse."""
    mona = await fleet.manager("Mona")
    north, stranger = await fleet.warehouse("North", mona), "+15145550199"
    await name_owners(fleet.session, [stranger], fleet.now)
    given = (north, "Max Power", "514 555-0199")
    assert await propose_manager(fleet.session, mona, *given, POLICY, fleet.now) == Refused(Refusal.PHONE_TAKEN)
    assert await add_manager(fleet.session, mona, *given, SAY, POLICY, fleet.now) == Refused(Refusal.PHONE_TAKEN)
    await name_owners(fleet.session, [], fleet.now)
    assert isinstance(await propose_manager(fleet.session, mona, *given, POLICY, fleet.now), Proposed)


async def test_r12_5a_an_owner_with_a_new_number_stays_one_until_the_settings_are_read_again(fleet: Fleet) -> None:
    olga, mona = await fleet.manager("Olga"), await fleet.manager("Mona")
    north, old, new = await fleet.warehouse("North", mona), olga.phone, "+15145550199"
    await name_owners(fleet.session, [old], fleet.now)
    changed = await change_number(fleet.session, olga.id, new, SAY, POLICY, fleet.now)
    assert changed.owners and await desk(fleet, olga) == [north]
    given = (north, "Max Power", old)
    refused = Refused(Refusal.PHONE_TAKEN)
    assert await propose_manager(fleet.session, mona, *given, POLICY, fleet.now) == refused, (
        "at the next start it would be his"
    )
    assert await name_owners(fleet.session, [old], fleet.now) == [old]
    assert await desk(fleet, olga) == []
    assert not (await change_number(fleet.session, mona.id, "+15145550198", SAY, POLICY, fleet.now)).owners


async def test_r12_4_nobody_is_put_in_charge_while_another_manager_has_his_link(fleet: Fleet) -> None:
    """Mona has invited Max, and could open his link herself: Sue's warehouse would be hers."""
    mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
    north, south = await fleet.warehouse("North", mona), await fleet.warehouse("South", sue)
    invited = await fleet.manager("Max", north, linked=False)
    await linking.invite(fleet.session, invited.id, "token", mona.id, POLICY, fleet.now)
    given = (south, "", invited.phone)
    assert await add_manager(fleet.session, sue, *given, SAY, POLICY, fleet.now) == Refused(Refusal.NOT_LINKED_YET)
    linked = await linking.link_by_invite(fleet.session, "token", 777, "en", SAY, fleet.now)
    assert isinstance(linked, linking.Linked)
    assert isinstance(await add_manager(fleet.session, sue, *given, SAY, POLICY, fleet.now), Added)


async def test_r12_5a_a_managers_link_for_who_becomes_an_owner_is_void(fleet: Fleet) -> None:
    mona = await fleet.manager("Mona")
    invited = await fleet.manager("Max", await fleet.warehouse("North", mona), linked=False)
    for token, by in (("mona's", mona.id), ("the operator's", None)):
        await linking.invite(fleet.session, invited.id, token, by, POLICY, fleet.now)
    await name_owners(fleet.session, [invited.phone], fleet.now)
    said = [
        await linking.link_by_invite(fleet.session, token, 777, "en", SAY, fleet.now)
        for token in ("mona's", "the operator's")
    ]
    assert said[0] == Refused(Refusal.LINK_NOT_GOOD) and isinstance(said[1], linking.Linked)
