"""R12.5: the managers of a warehouse add and remove each other, and never the last one."""

import uuid

import pytest
from sqlalchemy import select

from domain.db.models import AuditLog, User, WarehouseManager
from domain.db.models.words import UserRole
from domain.notices.kinds import Kind
from domain.people import managing
from domain.people.managing import Added, ManagesAlready, Proposed, Removed
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from tests.domain.depot import Depot, depot
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]
NOT_FOUND = Refused(Refusal.NOT_FOUND)


async def add(
    depot: Depot, name: str, phone: str, warehouse: uuid.UUID | None = None, by: Person | None = None
) -> Added | ManagesAlready | Refused:
    given = (depot.session, by or depot.mona, warehouse or depot.north, name, phone)
    return await managing.add_manager(*given, SAY, POLICY, depot.now)


async def remove(depot: Depot, user: uuid.UUID, by: Person | None = None) -> Removed | Refused:
    given = (depot.session, by or depot.mona, depot.north, user)
    return await managing.remove_manager(*given, SAY, POLICY, depot.now)


async def in_charge(depot: Depot) -> set[uuid.UUID]:
    of = select(WarehouseManager.user_id).where(WarehouseManager.warehouse_id == depot.north)
    return set(await depot.session.scalars(of))


async def test_r12_5_who_is_a_manager_already_is_known_by_his_number_and_told(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar")
    seen = await managing.propose_manager(
        depot.session, depot.mona, depot.north, "whoever", omar.phone, POLICY, depot.now
    )
    assert isinstance(seen, Proposed) and (seen.known, seen.name.whole) == (True, "Omar Test")
    added = await add(depot, "", omar.phone)
    assert isinstance(added, Added) and (added.user_id, added.new) == (omar.id, False)
    assert await in_charge(depot) == {depot.mona.id, omar.id}
    [told] = await depot.told(omar)
    assert told.data is not None and (told.data["kind"], told.title) == (Kind.IN_CHARGE, "You manage North now")
    before = await contents(depot.session)
    assert await add(depot, "", omar.phone) == ManagesAlready("Omar Test")  # pressed twice (R2.5)
    assert await contents(depot.session) == before


async def test_r12_1_somebody_new_comes_to_exist_as_a_manager(depot: Depot) -> None:
    added = await add(depot, "Marc-André de la Tour", "(416) 555-0177")
    assert isinstance(added, Added) and added.new
    row = await depot.session.get_one(User, added.user_id)
    assert (row.first_name, row.last_name, row.phone, row.role) == (
        "Marc-André",
        "de la Tour",
        "+14165550177",
        UserRole.MANAGER,
    )
    assert await in_charge(depot) == {depot.mona.id, added.user_id}
    log = select(AuditLog.action).where(AuditLog.actor_id == depot.mona.id)
    assert sorted(await depot.session.scalars(log)) == ["created", "manager_added"]


async def test_r12_3_nobody_gets_a_role_by_his_number(depot: Depot) -> None:
    """A driver stays one; and of whose number it is nothing is said."""
    dana = await depot.driver("Dana")
    omar = await depot.fleet.manager("Omar")
    before = await contents(depot.session)
    for name, phone, why in (
        ("Dana Test", dana.phone, Refusal.PHONE_TAKEN),
        ("New One", "911", Refusal.BAD_PHONE),
        ("New One", "", Refusal.BAD_PHONE),
        ("New", "416 555 0177", Refusal.BAD_NAME),
        ("", "416 555 0177", Refusal.BAD_NAME),
        (f"New {'x' * 61}", "416 555 0177", Refusal.BAD_NAME),
    ):
        assert await add(depot, name, phone) == Refused(why)
    assert await add(depot, "New One", "416 555 0177", by=omar) == NOT_FOUND
    assert await add(depot, "New One", "416 555 0177", warehouse=uuid.uuid4()) == NOT_FOUND
    assert await add(depot, "New One", "416 555 0177", by=dana) == NOT_FOUND
    assert await contents(depot.session) == before


async def test_r12_5_the_last_manager_stays(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar", depot.north)
    away = await depot.fleet.manager("Else")
    assert await remove(depot, omar.id, by=away) == NOT_FOUND
    assert await remove(depot, away.id) == NOT_FOUND
    done = await remove(depot, omar.id)
    assert isinstance(done, Removed) and done.name == "Omar Test"
    assert [each.title for each in await depot.told(omar)] == ["You no longer manage North"]
    before = await contents(depot.session)
    assert await remove(depot, omar.id) == NOT_FOUND  # pressed twice
    assert await remove(depot, depot.mona.id) == Refused(Refusal.LAST_MANAGER)
    assert await remove(depot, depot.mona.id, by=omar) == NOT_FOUND
    assert await contents(depot.session) == before
    assert await in_charge(depot) == {depot.mona.id}


async def test_r12_5_a_manager_may_remove_himself_while_others_go_on(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar", depot.north)
    assert isinstance(await remove(depot, depot.mona.id), Removed)
    assert await in_charge(depot) == {omar.id}
    assert await depot.told(depot.mona) == []
    assert await managing.managers(depot.session, depot.mona, depot.north) is None


@pytest.mark.parametrize("role", list(UserRole))
async def test_r12_5_who_only_looks_like_a_manager_does_not_count(depot: Depot, role: UserRole) -> None:
    """A row for somebody who is a driver is nobody who could decide."""
    other = await (depot.driver("Dana") if role is UserRole.DRIVER else depot.fleet.manager("Omar"))
    await depot.fleet.put_in_charge(other, depot.north)
    result = await remove(depot, depot.mona.id)
    assert isinstance(result, Removed if role is UserRole.MANAGER else Refused)
