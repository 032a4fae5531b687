"""R12.1, R12.2, R12.8: people come to exist and link their chats."""

import hashlib
import secrets
import uuid
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import (
    AuditLog,
    ChatLink,
    ContactSettings,
    Delivery,
    Employment,
    Invite,
    LastHeard,
    Notification,
    SeenUpdate,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import ActorType, Channel, DeliveryState, NotificationType, Urgency, UserRole
from domain.notices.actions import Envelope, tell
from domain.notices.facts.people import Written
from domain.notices.kinds import Kind
from domain.people.actions import create_driver, create_manager
from domain.people.cleaning import clean_up
from domain.people.consent import opt_in, opt_out
from domain.people.linking import AlreadyLinked, Linked, invite, link_by_invite
from domain.people.phones import e164
from domain.people.presence import arrive, reachable_again, unreachable
from domain.people.queries import Person, managers_of_driver, person_in_chat
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY, Fleet, contents

DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)
NOT_GOOD = Refused(Refusal.LINK_NOT_GOOD)


# -- phones (R12.1)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("416-555-0123", "+14165550123"),
        ("(416) 555 0123", "+14165550123"),
        ("1 416 555 0123", "+14165550123"),
        ("+1 416 555 0123", "+14165550123"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("  416.555.0123 ", "+14165550123"),
    ],
)
def test_r12_1_phones_are_kept_in_e164_canadian_unless_written_with_plus(written: str, kept: str) -> None:
    assert e164(written) == kept


@pytest.mark.parametrize(
    "written", ["", "abc", "911", "555-0123", "416-555-0123 x12", "1-800-555-0199", "1-900-555-0199", "+999 123 4567"]
)
def test_r12_1_what_is_not_a_phone_that_can_be_texted(written: str) -> None:
    assert e164(written) is None


# -- creating people


async def mona(session: AsyncSession, now: datetime, warehouse: str = "North") -> uuid.UUID | Refused:
    return await create_manager(session, "Mona", "Roy", "416-555-0101", warehouse, "1 North St", now)


async def test_r12_1_the_first_manager_and_his_warehouse(session: AsyncSession, now: datetime) -> None:
    user_id = await mona(session, now)
    assert isinstance(user_id, uuid.UUID)
    user = await session.get_one(User, user_id)
    assert (user.first_name, user.last_name, user.phone) == ("Mona", "Roy", "+14165550101")
    assert (user.role, user.created_at) == (UserRole.MANAGER, now)
    [warehouse] = await session.scalars(select(Warehouse))
    assert (warehouse.name, warehouse.address, warehouse.created_by) == ("North", "1 North St", user_id)
    [given] = await session.scalars(select(WarehouseManager))
    assert (given.warehouse_id, given.user_id, given.created_at) == (warehouse.id, user_id, now)


async def test_r13_of_each_there_is_an_entry(session: AsyncSession, now: datetime) -> None:
    user_id = await mona(session, now)
    entries = await session.scalars(select(AuditLog))
    found = {(entry.entity_type, entry.action, entry.actor_type) for entry in entries}
    assert found == {
        ("user", "created", ActorType.SYSTEM),
        ("warehouse", "created", ActorType.SYSTEM),
        ("warehouse", "manager_added", ActorType.SYSTEM),
    }
    assert await mona(session, now) == user_id
    assert await session.scalar(select(func.count()).select_from(AuditLog)) == 3, "nothing changed the second time"


async def test_r12_8_the_columns_that_the_model_requires(session: AsyncSession, now: datetime) -> None:
    manager = await mona(session, now)
    north = (await session.scalars(select(Warehouse.id))).one()
    driver = await create_driver(session, "Dana", "Lee", "416-555-0102", north, None, date(2026, 11, 1), now)
    for user_id in (manager, driver):
        assert isinstance(user_id, uuid.UUID)
        user = await session.get_one(User, user_id)
        assert (user.email, user.password_hash) == (f"{user_id}@no-email.invalid", "!")


async def test_r12_1_a_manager_known_by_his_phone_gets_the_further_warehouse(
    session: AsyncSession, now: datetime
) -> None:
    first = await mona(session, now)
    again = await create_manager(session, "M.", "R.", "+1 416 555 0101", "South", "2 South St", now)
    assert again == first
    assert await session.scalar(select(func.count()).select_from(User)) == 1
    assert await session.scalar(select(func.count()).select_from(WarehouseManager)) == 2
    assert isinstance(first, uuid.UUID)
    assert (await session.get_one(User, first)).first_name == "Mona"


async def test_r12_1_an_existing_warehouse_by_its_name(session: AsyncSession, now: datetime) -> None:
    await mona(session, now)
    omar = await create_manager(session, "Omar", "Diaz", "416-555-0103", "north", None, now)
    assert isinstance(omar, uuid.UUID)
    assert await session.scalar(select(func.count()).select_from(Warehouse)) == 1


async def test_r12_1_refusals_of_managers(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    driver = await fleet.driver(home=await fleet.warehouse("North"))
    before = await contents(session)
    for phone, warehouse, address, why in (
        ("911", "North", None, Refusal.BAD_PHONE),
        ("416-555-0101", "Nowhere", None, Refusal.NO_SUCH_WAREHOUSE),
        (driver.phone, "North", None, Refusal.PHONE_IS_A_DRIVERS),
        (driver.phone, "New", "3 New St", Refusal.PHONE_IS_A_DRIVERS),
    ):
        assert await create_manager(session, "A", "B", phone, warehouse, address, now) == Refused(why)
    assert await contents(session) == before


async def test_r12_1_a_number_that_two_share(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    """The model's phone column is not unique."""
    north = await fleet.warehouse("North")
    one, two = await fleet.driver(home=north), await fleet.driver(home=north)
    await session.execute(update(User).where(User.id.in_([one.id, two.id])).values(phone="+14165550107"))
    refused = await create_manager(session, "A", "B", "416-555-0107", "North", None, now)
    assert refused == Refused(Refusal.PHONE_IS_A_DRIVERS)
    await session.execute(update(User).values(role="manager"))
    assert await create_manager(session, "A", "B", "416-555-0107", "North", None, now) in (one.id, two.id)


async def test_r12_7_a_driver_with_a_home_from_a_day_on(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    north = await fleet.warehouse("North")
    driver = await create_driver(session, "Dana", "Lee", "416-555-0102", north, "fr", date(2026, 12, 1), now)
    assert isinstance(driver, uuid.UUID)
    user = await session.get_one(User, driver)
    assert (user.role, user.weekly_cap, user.is_flagged, user.created_at) == (UserRole.DRIVER, 4, False, now)
    [employment] = await session.scalars(select(Employment))
    assert (employment.user_id, employment.warehouse_id) == (driver, north)
    assert (employment.starts_on, employment.ends_on) == (date(2026, 12, 1), None)
    assert (await session.get_one(ContactSettings, driver)).language == "fr"
    before = await contents(session)
    refused = await create_driver(session, "Dana", "Lee", "nonsense", north, None, date(2026, 12, 1), now)
    assert refused == Refused(Refusal.BAD_PHONE)
    assert await contents(session) == before


# -- linking (R12.2)


async def link(session: AsyncSession, token: str, chat_id: int, now: datetime, language: str = "en") -> object:
    return await link_by_invite(session, token, chat_id, language, SAY, now)


async def invited(session: AsyncSession, person: Person, now: datetime) -> str:
    token = secrets.token_urlsafe(16)
    assert await invite(session, person.id, token, None, POLICY, now) == now + POLICY.invite_good_for
    return token


@pytest.fixture
async def dana(fleet: Fleet) -> Person:
    return await fleet.driver("Dana", home=await fleet.warehouse(), linked=False)


async def test_r12_2_links_a_chat(session: AsyncSession, dana: Person, now: datetime) -> None:
    token = await invited(session, dana, now - DAY)
    assert await person_in_chat(session, 555) is None
    assert await link(session, token, 555, now, "fr") == Linked(dana.id)
    made = await session.get_one(ChatLink, dana.id)
    assert (made.chat_id, made.linked_at, made.unreachable_at) == (555, now, None)
    known = await person_in_chat(session, 555)
    assert known is not None and (known.id, known.language) == (dana.id, "fr")
    [used] = await session.scalars(select(Invite.used_at))
    assert used == now


async def test_r13_links_and_invites_are_audited(session: AsyncSession, dana: Person, fleet: Fleet) -> None:
    boss = await fleet.manager("Mona")
    await invite(session, dana.id, "token", boss.id, POLICY, fleet.now)
    await link(session, "token", 555, fleet.now)
    entries = {entry.action: entry for entry in await session.scalars(select(AuditLog))}
    assert set(entries) == {"invited", "linked"}
    assert (entries["invited"].actor_id, entries["linked"].actor_id) == (boss.id, dana.id)
    assert entries["linked"].changes == {"before": {"chat_id": None}, "after": {"chat_id": 555}}


async def test_r12_2_the_token_is_kept_only_hashed(session: AsyncSession, dana: Person, now: datetime) -> None:
    token = await invited(session, dana, now)
    await link(session, token, 555, now)
    [kept] = await session.scalars(select(Invite.token_hash))
    assert kept == hashlib.sha256(token.encode()).digest()
    for lines in (await contents(session)).values():
        assert token not in "".join(lines)
        assert token.encode().hex() not in "".join(lines)


async def test_r12_2_one_time(session: AsyncSession, dana: Person, now: datetime) -> None:
    token = await invited(session, dana, now)
    await link(session, token, 555, now)
    before = await contents(session)
    assert await link(session, token, 777, now) == NOT_GOOD
    assert await contents(session) == before


async def test_r2_5_opened_again_in_the_same_chat(session: AsyncSession, dana: Person, now: datetime) -> None:
    token = await invited(session, dana, now)
    await link(session, token, 555, now)
    before = await contents(session)
    for at in (now, now + 30 * DAY):
        assert await link(session, token, 555, at) == AlreadyLinked(dana.id)
    assert await contents(session) == before


async def test_r12_2_expires_at_the_instant(session: AsyncSession, dana: Person, now: datetime) -> None:
    token = await invited(session, dana, now)
    expires = now + POLICY.invite_good_for
    before = await contents(session)
    assert await link(session, token, 555, expires) == NOT_GOOD
    assert await link(session, token, 555, expires + DAY) == NOT_GOOD
    assert await contents(session) == before
    assert await link(session, token, 555, expires - MS) == Linked(dana.id)


async def test_r12_2_strangers_learn_nothing(session: AsyncSession, dana: Person, now: datetime) -> None:
    """Unknown, used and expired read alike."""
    used, old = await invited(session, dana, now), await invited(session, dana, now - 30 * DAY)
    await link(session, used, 555, now)
    before = await contents(session)
    for token in (used, old, "unknown", "", "é" * 40):
        assert await link(session, token, 999, now) == NOT_GOOD
    assert await contents(session) == before


async def test_r12_2_a_chat_that_is_somebody_elses(
    session: AsyncSession, dana: Person, fleet: Fleet, now: datetime
) -> None:
    elsa = await fleet.driver("Elsa", linked=False)
    await link(session, await invited(session, elsa, now), 555, now)
    token = await invited(session, dana, now)
    before = await contents(session)
    assert await link(session, token, 555, now) == Refused(Refusal.CHAT_IS_ANOTHERS)
    assert await contents(session) == before
    assert await link(session, token, 556, now) == Linked(dana.id), "the link was not used up by it"


async def test_r12_2_from_another_account_the_link_moves(
    session: AsyncSession, dana: Person, fleet: Fleet, now: datetime
) -> None:
    await link(session, await invited(session, dana, now), 555, now, "fr")
    home, offer, other = [await fleet.home_card(person) for person in (dana, dana, await fleet.driver("Else"))]
    await session.execute(update(Delivery).where(Delivery.id.in_([home, offer])).values(chat_id=555, redraw=True))
    await session.execute(update(Delivery).where(Delivery.id == offer).values(kind=Kind.OFFER, due_at=now))
    await session.execute(update(ChatLink).where(ChatLink.user_id == dana.id).values(unreachable_at=now))
    sms = await fleet.home_card(dana)
    await session.execute(update(Delivery).where(Delivery.id == sms).values(channel=Channel.SMS, chat_id=None))
    at = now + DAY
    assert await link(session, await invited(session, dana, at), 777, at) == Linked(dana.id)
    session.expire_all()
    moved = await session.get_one(ChatLink, dana.id)
    assert (moved.chat_id, moved.linked_at, moved.unreachable_at) == (777, at, None)
    assert await person_in_chat(session, 555) is None
    # nothing in the old chat is kept current any more
    for card in (home, offer):
        row = await session.get_one(Delivery, card)
        assert (row.state, row.due_at, row.redraw) == (DeliveryState.CANCELLED, None, False)
    for untouched in (other, sms):
        assert (await session.get_one(Delivery, untouched)).state is DeliveryState.SENT
    # and the old chat is told, in the person's language
    [told] = await session.scalars(select(Delivery).where(Delivery.kind == Kind.LINK_MOVED))
    assert (told.chat_id, told.channel, told.state) == (555, Channel.TELEGRAM, DeliveryState.PENDING)
    assert (told.due_at, told.user_id) == (at, dana.id)
    notice = await session.get_one(Notification, told.notification_id)
    assert (notice.type, notice.user_id) == (NotificationType.MANUAL, dana.id)
    assert "compte" in notice.body
    entry = (
        await session.scalars(select(AuditLog).where(AuditLog.action == "linked", AuditLog.created_at == at))
    ).one()
    assert entry.changes == {"before": {"chat_id": 555}, "after": {"chat_id": 777}}


@pytest.mark.parametrize("level", [Urgency.URGENT, Urgency.IMPORTANT])
async def test_r11_2_what_nobody_has_answered_comes_to_the_new_chat(
    session: AsyncSession, dana: Person, now: datetime, level: Urgency
) -> None:
    await link(session, await invited(session, dana, now), 555, now)
    for level_of in (level, Urgency.NORMAL):
        envelope = Envelope(Kind.MANUAL, uuid.uuid4(), level=level_of)
        await tell(session, [dana.id], Written("Mona Roy", "Please call."), envelope, SAY, POLICY, now)
    sent = {"state": DeliveryState.SENT, "due_at": None, "sent_at": now, "chat_id": 555, "urgency": 3, "redraw": True}
    mine = update(Delivery).where(Delivery.level == int(level))
    await session.execute(mine.values(sent | {"message_id": 7, "escalate_at": now + 240_000 * MS}))
    other = update(Delivery).where(Delivery.level == int(Urgency.NORMAL))
    await session.execute(other.values(sent | {"message_id": 8}))
    at = now + MS
    await link(session, await invited(session, dana, at), 777, at)
    session.expire_all()
    [row] = await session.scalars(select(Delivery).where(Delivery.level == int(level)))
    assert (row.state, row.due_at, row.urgency, row.redraw) == (DeliveryState.PENDING, at, int(level), False)
    assert (row.chat_id, row.message_id, row.sent_at, row.escalate_at) == (None, None, None, None)
    [stays] = await session.scalars(select(Delivery).where(Delivery.level == int(Urgency.NORMAL)))
    assert (stays.state, stays.chat_id) == (DeliveryState.CANCELLED, 555)


async def test_r12_2_the_link_may_move_back(session: AsyncSession, dana: Person, now: datetime) -> None:
    for chat_id in (555, 777, 555):
        assert await link(session, await invited(session, dana, now), chat_id, now) == Linked(dana.id)
    assert (await session.scalars(select(ChatLink.chat_id))).one() == 555


async def test_r12_2_of_two_outstanding_links_one_is_used_and_both_are_over(
    session: AsyncSession, dana: Person, fleet: Fleet, now: datetime
) -> None:
    first, second = await invited(session, dana, now), await invited(session, dana, now)
    elsa = await fleet.driver("Elsa", linked=False)
    hers = await invited(session, elsa, now)
    assert await link(session, second, 555, now) == Linked(dana.id)
    assert await link(session, first, 777, now) == NOT_GOOD
    assert await link(session, hers, 888, now) == Linked(elsa.id)


async def test_r12_2_the_language_that_he_chose_is_kept(session: AsyncSession, dana: Person, now: datetime) -> None:
    await session.execute(text("INSERT INTO contact_settings VALUES (:id, 'fr')"), {"id": dana.id})
    await link(session, await invited(session, dana, now), 555, now, "en")
    assert (await session.get_one(ContactSettings, dana.id)).language == "fr"


async def test_r12_2_without_a_choice_that_of_his_telegram(session: AsyncSession, dana: Person, now: datetime) -> None:
    await session.execute(text("INSERT INTO contact_settings VALUES (:id, NULL)"), {"id": dana.id})
    await link(session, await invited(session, dana, now), 555, now, "fr")
    assert (await session.get_one(ContactSettings, dana.id)).language == "fr"


async def test_r11_2_blocked_and_back(session: AsyncSession, fleet: Fleet, now: datetime) -> None:
    dana, other = await fleet.driver("Dana"), await fleet.driver("Else")
    await unreachable(session, dana.id, now)
    marks = select(ChatLink.user_id).where(ChatLink.unreachable_at == now)
    assert list(await session.scalars(marks)) == [dana.id]
    await unreachable(session, other.id, now)
    await reachable_again(session, dana.id)
    assert list(await session.scalars(marks)) == [other.id]


async def test_r14_what_is_over_is_cleaned_up(session: AsyncSession, dana: Person, fleet: Fleet, now: datetime) -> None:
    await fleet.put(
        SeenUpdate,
        {"update_id": 1, "seen_at": now - POLICY.keep_updates_for - MS},
        {"update_id": 2, "seen_at": now - POLICY.keep_updates_for},
    )
    await invited(session, dana, now - POLICY.keep_invites_for - POLICY.invite_good_for - MS)
    good = await invited(session, dana, now - POLICY.keep_invites_for - POLICY.invite_good_for)
    done = await clean_up(session, POLICY, now)
    assert {name: count for name, count in done.items() if count} == {"invites": 1, "updates": 1}
    assert list(await session.scalars(select(SeenUpdate.update_id))) == [2]
    assert list(await session.scalars(select(Invite.token_hash))) == [hashlib.sha256(good.encode()).digest()]
    assert set((await clean_up(session, POLICY, now)).values()) == {0}


@pytest.mark.parametrize(("acted", "back"), [(True, True), (False, False)])
async def test_r11_2_whatever_he_does_mends_his_link_and_leaving_is_no_act_of_his(
    session: AsyncSession, fleet: Fleet, now: datetime, acted: bool, back: bool
) -> None:
    dana, _ = await fleet.driver("Dana", blocked=True), await fleet.driver("Else", blocked=True)
    chat_id = (await session.scalars(select(ChatLink.chat_id).where(ChatLink.user_id == dana.id))).one()
    arrival = await arrive(session, 1, chat_id, acted, now)
    assert arrival.first and arrival.person is not None and arrival.person.id == dana.id
    reached = await session.scalars(select(ChatLink.user_id).where(ChatLink.unreachable_at.is_(None)))
    assert list(reached) == ([dana.id] if back else [])
    heard = await session.scalars(select(LastHeard.user_id))
    assert list(heard) == ([dana.id] if back else [])


# -- who is told of a driver (R11.4a, R11.5, R12.7)


async def told_of(session: AsyncSession, driver: Person, fleet: Fleet) -> set[uuid.UUID]:
    return await managers_of_driver(session, driver.id, fleet.today, fleet.now)


async def away(fleet: Fleet, *managers: Person) -> None:
    await fleet.put(ContactSettings, *({"user_id": who.id, "away_until": fleet.now + DAY} for who in managers))


async def test_r11_4a_are_all_of_a_drivers_managers_away_they_are_told_all_the_same(
    session: AsyncSession, fleet: Fleet
) -> None:
    mona, colin, sonia = [await fleet.manager(name) for name in ("Mona", "Colin", "Sonia")]
    north = await fleet.warehouse("North", mona, colin)
    await fleet.warehouse("South", sonia)
    dana = await fleet.driver("Dana", home=north)
    assert await told_of(session, dana, fleet) == {mona.id, colin.id}
    await away(fleet, mona)
    assert await told_of(session, dana, fleet) == {colin.id}
    await away(fleet, colin)
    assert await told_of(session, dana, fleet) == {mona.id, colin.id}


async def test_r12_7_of_who_was_never_recorded_as_employed_all_managers_are_told(
    session: AsyncSession, fleet: Fleet
) -> None:
    mona, sonia = await fleet.manager("Mona"), await fleet.manager("Sonia")
    north = await fleet.warehouse("North", mona)
    await fleet.warehouse("South", sonia)
    anywhere = await fleet.driver("Anywhere")
    gone = await fleet.driver("Gone", home=north, employed=(fleet.day(-9), fleet.day(-1)))
    assert await told_of(session, anywhere, fleet) == {mona.id, sonia.id}
    assert await told_of(session, gone, fleet) == set()
    assert await opt_out(session, anywhere.phone, SAY, POLICY, fleet.now)
    told = await session.scalars(select(Delivery.user_id).where(Delivery.kind == Kind.FALLBACK_GONE))
    assert set(told) == {mona.id, sonia.id}


async def test_r11_5_start_puts_right_what_the_managers_were_told(session: AsyncSession, fleet: Fleet) -> None:
    mona = await fleet.manager("Mona")
    dana = await fleet.driver("Dana", home=await fleet.warehouse("North", mona))
    await opt_out(session, dana.phone, SAY, POLICY, fleet.now)
    card = (await session.scalars(select(Delivery.id).where(Delivery.kind == Kind.FALLBACK_GONE))).one()
    shown = {"state": DeliveryState.SENT, "chat_id": 1, "message_id": 1, "redraw": False, "due_at": None}
    redraw = select(Delivery.redraw).where(Delivery.id == card)
    await session.execute(update(Delivery).where(Delivery.id == card).values(shown))
    await opt_in(session, dana.phone, fleet.now)
    assert await session.scalar(redraw) is True
    await session.execute(update(Delivery).where(Delivery.id == card).values(shown))
    await opt_out(session, dana.phone, SAY, POLICY, fleet.now + DAY)
    assert await session.scalar(redraw) is True
