"""R12.1, R12.2, R12.7: a manager invites a driver, who is employed from today and gets a link that is good once."""

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from domain.db.models import AuditLog, Departure, Employment, Invite, ReceivedSms, SmsCode, SmsOptOut, User
from domain.db.models.words import UserRole
from domain.people import inviting
from domain.people.anonymising import Anonymised, AnonymousAlready, anonymise
from domain.people.drivers import driver_card
from domain.people.inviting import HereAlready, Invited, JustMade, Newcomer, Relinked
from domain.people.linking import Linked, link_by_invite
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.tokens import hashed
from tests.domain.depot import Depot, depot
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]
NOT_FOUND = Refused(Refusal.NOT_FOUND)


async def invite(
    depot: Depot,
    name: str = "Amara Osei",
    phone: str = "416 555 0177",
    *,
    at: uuid.UUID | None = None,
    by: Person | None = None,
    token: str = "token",
    former: uuid.UUID | None = None,
    as_new: bool = False,
) -> Invited | HereAlready | Newcomer | Refused:
    given = (depot.session, by or depot.mona, at or depot.north, name, phone, token)
    return await inviting.invite_driver(*given, POLICY, depot.now, former=former, as_new=as_new)


async def opens(depot: Depot, token: str, chat: int = 777) -> object:
    return await link_by_invite(depot.session, token, chat, "fr", SAY, depot.now)


async def test_r12_1_an_invited_driver_exists_is_employed_and_has_a_link(depot: Depot) -> None:
    done = await invite(depot)
    assert isinstance(done, Invited)
    assert (done.name.whole, done.home.name, done.until) == ("Amara Osei", "North", depot.now + timedelta(days=7))
    row = await depot.session.get_one(User, done.user_id)
    assert (row.role, row.phone, row.email, row.password_hash) == (
        UserRole.DRIVER,
        "+14165550177",
        f"{row.id}@no-email.invalid",
        "!",
    )
    home = (await depot.session.scalars(select(Employment).where(Employment.user_id == row.id))).one()
    assert (home.warehouse_id, home.starts_on, home.ends_on) == (depot.north, depot.fleet.today, None)
    link = (await depot.session.scalars(select(Invite))).one()
    assert (link.token_hash, link.created_by) == (hashed("token"), depot.mona.id)
    log = select(AuditLog.action).where(AuditLog.entity_id == row.id, AuditLog.actor_id == depot.mona.id)
    assert sorted(await depot.session.scalars(log)) == ["created", "employed", "invited"]
    assert await opens(depot, "token") == Linked(row.id)
    assert await opens(depot, "token", 888) == Refused(Refusal.LINK_NOT_GOOD)


async def test_r12_2_a_number_is_one_persons(depot: Depot) -> None:
    """Of the manager's own drivers he reads who it is; of anybody else only that it is taken."""
    dana = await depot.driver("Dana")
    omar = await depot.fleet.manager("Omar")
    eli = await depot.fleet.driver("Eli", home=await depot.fleet.warehouse("West", omar))
    before = await contents(depot.session)
    assert await invite(depot, "X Y", dana.phone) == HereAlready(dana.id, "Dana Test")
    for who in (eli, omar, depot.mona):
        assert await invite(depot, "X Y", who.phone) == Refused(Refusal.PHONE_TAKEN)
    assert await invite(depot, "X Y", "12") == Refused(Refusal.BAD_PHONE)
    assert await invite(depot, "Amara") == Refused(Refusal.BAD_NAME)
    assert await contents(depot.session) == before


async def test_r12_3_only_into_ones_own_warehouses(depot: Depot) -> None:
    omar, dana = await depot.fleet.manager("Omar"), await depot.driver("Dana")
    route = await depot.fleet.route("R12", depot.north)
    before = await contents(depot.session)
    assert await invite(depot, by=omar) == await invite(depot, by=dana) == NOT_FOUND
    assert await invite(depot, at=route) == await invite(depot, at=uuid.uuid4()) == NOT_FOUND
    again = (depot.session, omar, dana.id, "token", POLICY, depot.now)
    assert await inviting.invite_again(*again) == NOT_FOUND
    assert await contents(depot.session) == before


async def test_r2_5_invited_twice_is_one_driver(depot: Depot) -> None:
    done = await invite(depot)
    assert isinstance(done, Invited)
    assert await invite(depot, "Somebody Else") == HereAlready(done.user_id, "Amara Osei")
    assert await depot.session.scalar(select(func.count()).select_from(Invite)) == 1


async def has_left(depot: Depot) -> Person:
    return await depot.driver("Dana", employed=(date(2020, 1, 1), depot.fleet.day(-40)), linked=False)


async def test_r12_7_who_has_left_comes_back_with_what_was(depot: Depot) -> None:
    gone = await has_left(depot)
    left = {"user_id": gone.id, "last_on": depot.fleet.day(-40), "announced_by": depot.mona.id}
    await depot.fleet.put(Departure, left | {"announced_at": depot.now, "before": {"employments": []}})
    seen = await inviting.newcomer(depot.session, depot.mona, "", gone.phone, POLICY, depot.now)
    assert isinstance(seen, Newcomer) and seen.comes_back == gone.id
    done = await invite(depot, "Anything", gone.phone, former=gone.id)
    assert isinstance(done, Invited) and (done.user_id, done.name.whole) == (gone.id, "Dana Test")
    homes = select(Employment.starts_on).where(Employment.user_id == gone.id, Employment.ends_on.is_(None))
    assert list(await depot.session.scalars(homes)) == [depot.fleet.today]
    assert (await depot.session.scalars(select(Departure))).all() == []
    assert await opens(depot, "token") == Linked(gone.id)


@pytest.mark.parametrize("linked", [True, False])
async def test_r12_2_a_new_link_voids_the_one_before(depot: Depot, linked: bool) -> None:
    dana = await depot.driver("Dana", linked=linked)
    for token, at in (("first", depot.now - POLICY.invite_again_after), ("second", depot.now)):
        done = await inviting.invite_again(depot.session, depot.mona, dana.id, token, POLICY, at)
        assert isinstance(done, Relinked)
    assert await opens(depot, "first") == Refused(Refusal.LINK_NOT_GOOD)
    assert await opens(depot, "second") == Linked(dana.id)  # be it from another account


@pytest.mark.parametrize("again_at", [timedelta(seconds=after) for after in (-1, 0, 9)])
async def test_r2_5_a_press_right_after_the_first_makes_no_link_and_voids_none(
    depot: Depot, again_at: timedelta
) -> None:
    """Also by the clock of another process, which may be behind."""
    dana, omar = await depot.driver("Dana", linked=False), await depot.fleet.manager("Omar", depot.north)
    made = await inviting.invite_again(depot.session, depot.mona, dana.id, "first", POLICY, depot.now)
    assert isinstance(made, Relinked)
    before = await contents(depot.session)
    for manager, own in ((depot.mona, True), (omar, False)):
        again = (depot.session, manager, dana.id, "second", POLICY, depot.now + again_at)
        assert await inviting.invite_again(*again) == JustMade(own)
    assert await contents(depot.session) == before
    assert await opens(depot, "first") == Linked(dana.id)
    used = (depot.session, depot.mona, dana.id, "third", POLICY, depot.now)
    assert isinstance(await inviting.invite_again(*used), Relinked), "what is used up keeps nobody from another"


async def test_r2_5_nor_does_one_right_after_the_invitation(depot: Depot) -> None:
    done = await invite(depot)
    assert isinstance(done, Invited)
    again = (depot.session, depot.mona, done.user_id, "second", POLICY, depot.now)
    assert await inviting.invite_again(*again) == JustMade(True)
    assert await opens(depot, "token") == Linked(done.user_id)


# -- the number of somebody who has left may be somebody else's by now


async def test_r12_1_somebody_new_has_the_number_of_who_has_left(depot: Depot) -> None:
    """He gives it up with his codes and what was texted from it. The rest of his stays, and STOP, as the number's."""
    gone = await has_left(depot)
    await depot.fleet.put(SmsOptOut, {"phone": gone.phone, "since": depot.now})
    texted = {"sid": "SM1", "phone": gone.phone, "received_at": depot.now, "understood": True, "reply": "Hello Dana"}
    await depot.fleet.put(ReceivedSms, texted)
    code = {"phone": gone.phone, "code": "K7", "user_id": gone.id, "kind": "offer", "about": depot.north}
    await depot.fleet.put(SmsCode, code | {"expires_at": depot.now + timedelta(hours=1), "created_at": depot.now})
    seen = await inviting.newcomer(depot.session, depot.mona, "Amara Osei", gone.phone, POLICY, depot.now)
    assert isinstance(seen, Newcomer) and seen.as_new is not None
    assert (seen.name.whole, seen.comes_back, seen.as_new.whole) == ("Dana Test", gone.id, "Amara Osei")
    done = await invite(depot, "Amara Osei", gone.phone, former=gone.id, as_new=True)
    assert isinstance(done, Invited) and done.name.whole == "Amara Osei" and done.user_id != gone.id
    rows = {row.id: (row.first_name, row.phone) for row in await depot.session.scalars(select(User))}
    assert (rows[gone.id], rows[done.user_id]) == (("Dana", ""), ("Amara", gone.phone))
    assert await depot.session.scalar(select(Employment.ends_on).where(Employment.user_id == gone.id)) is not None
    assert (await depot.session.scalars(select(ReceivedSms))).all() == []
    assert (await depot.session.scalars(select(SmsOptOut.phone))).all() == [gone.phone]
    assert (await depot.session.scalars(select(SmsCode.expires_at))).all() == [depot.now]
    log = select(AuditLog.action, AuditLog.changes).where(
        AuditLog.entity_id == gone.id, AuditLog.actor_id == depot.mona.id
    )
    assert [tuple(row) for row in await depot.session.execute(log)] == [
        ("number_given_up", {"before": {"phone": gone.phone}, "after": {}})
    ]
    assert await opens(depot, "token") == Linked(done.user_id)
    again = await invite(depot, "Amara Osei", gone.phone, former=gone.id, as_new=True)
    assert again == HereAlready(done.user_id, "Amara Osei"), "pressed twice"


async def test_r12_6_who_has_given_his_number_up_can_still_be_made_anonymous(depot: Depot) -> None:
    gone = await has_left(depot)
    assert isinstance(await invite(depot, "Amara Osei", gone.phone, former=gone.id, as_new=True), Invited)
    card = await driver_card(depot.session, depot.mona.id, gone.id, POLICY, depot.now)
    assert card is not None and (card.phone, card.anonymous) == ("", False)
    given = (depot.session, depot.mona.id, gone.id, POLICY, depot.now)
    assert (await anonymise(*given), await anonymise(*given)) == (Anonymised(), AnonymousAlready())
    changes = select(AuditLog.changes).where(AuditLog.entity_id == gone.id, AuditLog.action == "number_given_up")
    assert (await depot.session.scalars(changes)).all() == [None]
    card = await driver_card(depot.session, depot.mona.id, gone.id, POLICY, depot.now)
    assert card is not None and card.anonymous


async def test_r12_3_a_number_is_given_up_only_into_ones_own_warehouse_and_with_a_whole_name(depot: Depot) -> None:
    gone, dana = await has_left(depot), await depot.driver("Dora")
    omar = await depot.fleet.manager("Omar")
    before = await contents(depot.session)
    assert await invite(depot, "Amara Osei", gone.phone, by=omar, former=gone.id, as_new=True) == NOT_FOUND
    assert await invite(depot, "Amara Osei", gone.phone, by=dana, former=gone.id, as_new=True) == NOT_FOUND
    assert await invite(depot, "Amara", gone.phone, former=gone.id, as_new=True) == Refused(Refusal.BAD_NAME)
    assert await invite(depot, "Amara Osei", dana.phone, former=dana.id, as_new=True) == HereAlready(
        dana.id, "Dora Test"
    )
    for other in (None, dana.id):  # he was shown somebody else, or nobody
        for as_new in (True, False):
            found = await invite(depot, "Amara Osei", gone.phone, former=other, as_new=as_new)
            assert isinstance(found, Newcomer) and found.comes_back == gone.id
    found = await invite(depot, former=gone.id, as_new=True)  # a number that nobody has, any more
    assert isinstance(found, Newcomer) and found.comes_back is None
    assert await contents(depot.session) == before
