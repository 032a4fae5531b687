"""[New link] for a manager who has never opened his: for nobody by whom who holds the link would gain (R12.4)."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from domain.db.models import AuditLog, ChatLink, Invite, Owner, User, WarehouseManager
from domain.people import linking, managing
from domain.people.inviting import JustMade, Relinked
from domain.people.inviting_managers import invite_manager_again
from domain.people.linking import Linked
from domain.people.managing import Added
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from tests.domain.depot import MINUTE, Depot, depot
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]
NO = Refused(Refusal.NOT_FOUND)


async def added(depot: Depot) -> uuid.UUID:
    """Max of North, whose link has expired."""
    given = (depot.session, depot.mona, depot.north, "Max Power", "416 555 0177", SAY, POLICY, depot.now)
    result = await managing.add_manager(*given)
    assert isinstance(result, Added)
    long_ago = depot.now - POLICY.invite_good_for - MINUTE
    await linking.invite(depot.session, result.user_id, "first", depot.mona.id, POLICY, long_ago)
    return result.user_id


async def ask(
    depot: Depot, who: uuid.UUID, by: Person | None = None, where: uuid.UUID | None = None, later: timedelta = MINUTE
) -> Relinked | JustMade | Refused:
    given = (depot.session, by or depot.mona, where or depot.north, who, f"token{later}", POLICY, depot.now + later)
    return await invite_manager_again(*given)


async def is_offered(depot: Depot, who: uuid.UUID) -> bool:
    found = await managing.managers(depot.session, depot.mona, depot.north)
    assert found is not None
    return next(each.invitable for each in found.managers if each.id == who)


async def test_r12_2_it_links_him_and_is_recorded_and_the_one_before_is_void(depot: Depot) -> None:
    max_ = await added(depot)
    assert await is_offered(depot, max_)
    made = await ask(depot, max_)
    assert isinstance(made, Relinked) and made.name.whole == "Max Power"
    assert await ask(depot, max_, later=MINUTE + timedelta(seconds=5)) == JustMade(own=True)  # pressed twice (R2.5)
    assert isinstance(await ask(depot, max_, later=2 * MINUTE), Relinked)
    logged = select(AuditLog.actor_id).where(AuditLog.entity_id == max_, AuditLog.action == "invited")
    assert (await depot.session.scalars(logged)).all() == [depot.mona.id] * 3
    for token, opens in (("first", False), (f"token{MINUTE}", False), (f"token{2 * MINUTE}", True)):
        result = await linking.link_by_invite(depot.session, token, 987, "en", SAY, depot.now + 3 * MINUTE)
        assert isinstance(result, Linked) is opens, token


@pytest.mark.parametrize("case", ["linked", "blocked", "was linked", "an owner", "manages elsewhere", "no manager"])
async def test_r12_4_for_nobody_else_is_a_link_made(depot: Depot, case: str) -> None:
    max_ = await added(depot)
    if case in ("linked", "blocked", "was linked"):
        await ask(depot, max_)
        await linking.link_by_invite(depot.session, f"token{MINUTE}", 987, "en", SAY, depot.now + MINUTE)
        if case == "blocked":
            await depot.session.execute(
                update(ChatLink).where(ChatLink.user_id == max_).values(unreachable_at=depot.now)
            )
        elif case == "was linked":
            await depot.session.execute(delete(ChatLink).where(ChatLink.user_id == max_))
    elif case == "an owner":
        phone = (await depot.session.get_one(User, max_)).phone
        depot.session.add(Owner(phone=phone))
    elif case == "manages elsewhere":  # Mona would have South by his link
        south = await depot.fleet.warehouse("South", await depot.fleet.manager("Sue"))
        depot.session.add(WarehouseManager(warehouse_id=south, user_id=max_, created_at=depot.now))
    else:
        await depot.session.execute(update(User).where(User.id == max_).values(role="driver"))
    await depot.session.flush()
    if case != "no manager":
        assert not await is_offered(depot, max_)
    before = await contents(depot.session)
    assert await ask(depot, max_, later=5 * MINUTE) == NO
    assert await contents(depot.session) == before


async def test_r12_3_only_by_a_manager_of_the_warehouse_and_for_one_of_it(depot: Depot) -> None:
    max_, tim = await added(depot), await depot.fleet.manager("Tim")
    west = await depot.fleet.warehouse("West", tim)
    dana = await depot.driver("Dana", linked=False)
    before = await contents(depot.session)
    assert await ask(depot, max_, tim) == NO == await ask(depot, max_, tim, west)
    assert await ask(depot, max_, dana) == NO == await ask(depot, max_, where=west)
    assert await ask(depot, dana.id) == NO == await ask(depot, uuid.uuid4())
    assert await contents(depot.session) == before
    assert (await depot.session.scalars(select(Invite.used_at).where(Invite.user_id == max_))).all() == [None]
