"""R12.2: linking a chat by sharing one's own contact, and everything that gets one and the same answer."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AuditLog, ChatLink, ContactSettings, Delivery, Invite, Notification, SmsCode, User
from domain.notices.kinds import Kind
from domain.people.linking import AlreadyLinked, Contact, Linked, invite, link_by_contact, link_by_invite
from domain.people.numbers import NumberIsNew, correct_number
from domain.people.queries import Person, linked_chat
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY, Fleet, contents

NOT_GOOD = Refused(Refusal.CONTACT_NOT_GOOD)
CHAT = 777


async def shares(
    fleet: Fleet, phone: str, *, chat: int = CHAT, own: bool = True, at: datetime | None = None
) -> Linked | AlreadyLinked | NumberIsNew | Refused:
    return await link_by_contact(fleet.session, Contact(own, phone), chat, "fr", SAY, POLICY, at or fleet.now)


@pytest.mark.parametrize(
    ("shared", "number"),
    [
        ("+14165550123", "+14165550123"),
        ("14165550123", "+14165550123"),
        ("33612345678", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("4165550123", "+14165550123"),
        ("416-555-0123", "+14165550123"),
        ("911", None),
        ("", None),
        ("+", None),
        ("hello", None),
    ],
)
def test_r12_1_a_number_as_telegram_writes_it(shared: str, number: str | None) -> None:
    """Telegram may leave the + out."""
    assert Contact(True, shared).number == number


@pytest.mark.parametrize("plus", ["+", ""])
@pytest.mark.parametrize("manager", [True, False])
async def test_r12_2_ones_own_number_links(fleet: Fleet, plus: str, manager: bool) -> None:
    who = await (fleet.manager("Mona", linked=False) if manager else fleet.driver("Dana", linked=False))
    assert await shares(fleet, plus + who.phone.removeprefix("+")) == Linked(who.id)
    assert await linked_chat(fleet.session, who.id) == CHAT
    assert (await fleet.session.get_one(ContactSettings, who.id)).language == "fr"
    assert (await fleet.session.scalars(select(AuditLog.action).where(AuditLog.entity_id == who.id))).all() == [
        "linked"
    ]


async def test_r12_2_one_answer_whoever_exists(fleet: Fleet) -> None:
    """Somebody else's contact, an unknown number, a shared one, and a driver whose employment is over."""
    north = await fleet.warehouse("North")
    dana = await fleet.driver("Dana", linked=False)
    one, two = await fleet.driver("One", linked=False), await fleet.driver("Two", linked=False)
    await fleet.session.execute(update(User).where(User.id.in_([one.id, two.id])).values(phone="+14165550107"))
    over = (date(2020, 1, 1), fleet.day(-1))
    gone = await fleet.driver("Gus", linked=False, home=north, employed=over)
    left, there = await fleet.driver("Left", linked=False, home=north, employed=over), await fleet.driver("There")
    await fleet.session.execute(update(User).where(User.id.in_([left.id, there.id])).values(phone="+14165550108"))
    before = await contents(fleet.session)
    said = [
        await shares(fleet, dana.phone, own=False),
        await shares(fleet, "+14165559999"),
        await shares(fleet, "+14165550107"),
        await shares(fleet, "+14165550108"),
        await shares(fleet, gone.phone),
        await shares(fleet, "nonsense"),
    ]
    assert said == [NOT_GOOD] * 6
    assert await contents(fleet.session) == before


@pytest.mark.parametrize("ends", [0, 30, None])
async def test_r12_7_until_his_last_day_is_over_he_may_link(fleet: Fleet, ends: int | None) -> None:
    north = await fleet.warehouse("North")
    until = None if ends is None else fleet.day(ends)
    dana = await fleet.driver("Dana", linked=False, home=north, employed=(date(2020, 1, 1), until))
    assert await shares(fleet, dana.phone) == Linked(dana.id)


async def test_r12_1_who_is_to_begin_may_link_before(fleet: Fleet) -> None:
    north = await fleet.warehouse("North")
    dana = await fleet.driver("Dana", linked=False, home=north, employed=(fleet.day(9), None))
    assert await shares(fleet, dana.phone) == Linked(dana.id)


async def test_r12_2_from_another_account_it_moves_the_link_and_tells_the_old_chat(fleet: Fleet) -> None:
    dana = await fleet.driver("Dana")
    old = await linked_chat(fleet.session, dana.id)
    assert await shares(fleet, dana.phone) == Linked(dana.id)
    assert await linked_chat(fleet.session, dana.id) == CHAT
    [told] = await fleet.session.scalars(select(Delivery).where(Delivery.kind == Kind.LINK_MOVED))
    assert told.chat_id == old


async def test_r12_2_it_uses_up_the_open_links(fleet: Fleet) -> None:
    dana = await fleet.driver("Dana", linked=False)
    await invite(fleet.session, dana.id, "token", None, POLICY, fleet.now)
    assert await shares(fleet, dana.phone) == Linked(dana.id)
    assert await fleet.session.scalar(select(Invite.used_at)) == fleet.now
    used = await link_by_invite(fleet.session, "token", 888, "en", SAY, fleet.now)
    assert used == Refused(Refusal.LINK_NOT_GOOD)


async def test_r2_5_sharing_it_again_is_fine_and_changes_nothing(session: AsyncSession, fleet: Fleet) -> None:
    dana = await fleet.driver("Dana")
    chat = await linked_chat(session, dana.id)
    assert chat is not None
    before = await contents(session)
    assert await shares(fleet, dana.phone, chat=chat) == AlreadyLinked(dana.id)
    await session.execute(update(User).where(User.id == (await fleet.driver("Else")).id).values(phone=dana.phone))
    assert await shares(fleet, dana.phone, chat=chat) == AlreadyLinked(dana.id), "whoever else has the number"
    count = select(func.count()).select_from(AuditLog)
    assert await session.scalar(count) == 0 and before


async def test_r12_2_a_chat_that_is_somebodys_keeps_its_person(fleet: Fleet) -> None:
    dana, ben = await fleet.driver("Dana"), await fleet.driver("Ben", linked=False)
    chat = await linked_chat(fleet.session, dana.id)
    assert chat is not None
    before = await contents(fleet.session)
    for person, own in ((ben, True), (ben, False), (dana, False)):
        assert await shares(fleet, person.phone, chat=chat, own=own) == NOT_GOOD
    assert await shares(fleet, "+14165559999", chat=chat, own=False) == NOT_GOOD
    assert await contents(fleet.session) == before
    assert set(await fleet.session.scalars(select(ChatLink.user_id))) == {dana.id}


async def test_r12_7_another_number_of_his_own_is_his_new_one_and_old_codes_are_void(fleet: Fleet) -> None:
    """[My number changed]: his managers are told, the link stays, and what was texted to the old phone is over."""
    mona = await fleet.manager("Mona")
    north = await fleet.warehouse("North", mona)
    dana = await fleet.driver("Dana", home=north)
    chat = await linked_chat(fleet.session, dana.id)
    assert chat is not None
    later = fleet.now + timedelta(hours=3)
    code = {"phone": dana.phone, "code": "K4A", "user_id": dana.id, "kind": "offer", "about": uuid.uuid4()}
    await fleet.put(SmsCode, code | {"expires_at": later})
    assert await shares(fleet, "+1 416 555 9999", chat=chat) == NumberIsNew(dana.id, "+14165559999", told=1)
    assert await fleet.session.scalar(select(User.phone).where(User.id == dana.id)) == "+14165559999"
    assert await linked_chat(fleet.session, dana.id) == chat
    assert await fleet.session.scalar(select(SmsCode.expires_at)) == fleet.now
    [told] = (await fleet.session.scalars(select(Notification))).all()
    assert (told.user_id, told.title) == (mona.id, "Dana Test has a new number")
    assert "+1416" not in f"{told.title} {told.body} {told.data}"  # phones stand in one place
    [entry] = (await fleet.session.scalars(select(AuditLog).where(AuditLog.action == "number_changed"))).all()
    assert entry.actor_id == dana.id and entry.changes == {
        "before": {"phone": dana.phone},
        "after": {"phone": "+14165559999"},
    }
    before = await contents(fleet.session)
    assert await shares(fleet, "+14165559999", chat=chat) == AlreadyLinked(dana.id)  # shared twice (R2.5)
    assert await contents(fleet.session) == before


async def test_r12_7_a_manager_enters_another_number_for_a_driver_of_his(fleet: Fleet) -> None:
    mona, omar, else_ = [await fleet.manager(name) for name in ("Mona", "Omar", "Else")]
    north = await fleet.warehouse("North", mona, omar)
    dana, ben = [await fleet.driver(name, home=north) for name in ("Dana", "Ben")]

    async def enters(by: Person, number: str) -> NumberIsNew | Refused:
        return await correct_number(fleet.session, by, dana.id, number, SAY, POLICY, fleet.now)

    before = await contents(fleet.session)
    assert await enters(else_, "416 555 9999") == await enters(ben, "416 555 9999") == Refused(Refusal.NOT_FOUND)
    assert await enters(mona, "12") == Refused(Refusal.BAD_PHONE)
    assert await enters(mona, ben.phone) == Refused(Refusal.PHONE_TAKEN)
    assert await enters(mona, dana.phone) == NumberIsNew(dana.id, dana.phone)
    assert await contents(fleet.session) == before
    assert await enters(mona, "416 555 9999") == NumberIsNew(dana.id, "+14165559999", told=1)
    assert await fleet.session.scalar(select(User.phone).where(User.id == dana.id)) == "+14165559999"
    assert list(await fleet.session.scalars(select(Notification.user_id))) == [omar.id]
    [entry] = (await fleet.session.scalars(select(AuditLog).where(AuditLog.action == "number_changed"))).all()
    assert entry.actor_id == mona.id and entry.changes is not None and entry.changes["by_phone"] is True
