"""`manual` (R11): to whom a manager may write, that it goes out once, and who answers first."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from domain.db.models import (
    AuditLog,
    ChatLink,
    ContactSettings,
    Delivery,
    Employment,
    Message,
    Notification,
    User,
    WarehouseManager,
)
from domain.db.models.words import Channel, DeliveryState, Failure, NotificationType, Urgency, UserRole
from domain.names import people
from domain.notices import actions as notices
from domain.notices import messages
from domain.notices.digest import gather
from domain.notices.kinds import Kind
from domain.notices.messages import AlreadySent, Away, Draft, Sent
from domain.notices.received import received
from domain.notices.recipients import Recipient, addressed, recipients
from domain.notices.standings import Stage, sending
from domain.people.cleaning import clean_up
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY, Fleet, contents

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Writing:
    """A manager of North, and what he does."""

    def __init__(self, fleet: Fleet, north: uuid.UUID, manager: Person) -> None:
        self.fleet, self.north, self.manager = fleet, north, manager
        self.session, self.now = fleet.session, fleet.now

    async def driver(self, first_name: str, last_name: str = "Test", **facts: Any) -> Person:
        person = await self.fleet.driver(first_name, **({"home": self.north} | facts))
        await self.session.execute(update(User).where(User.id == person.id).values(last_name=last_name))
        return replace(person, last_name=last_name)

    async def draft(self, written: str, at: datetime | None = None) -> Draft | Refused:
        return await messages.draft_message(self.session, self.manager, written, POLICY, at or self.now)

    async def send(
        self,
        draft: uuid.UUID,
        to: uuid.UUID,
        level: int = 0,
        *,
        by: Person | None = None,
        at: datetime | None = None,
    ) -> Sent | AlreadySent | Refused:
        return await messages.send_message(
            self.session, by or self.manager, draft, to, level, SAY, POLICY, at or self.now
        )

    async def sent(self, to: Person, level: Urgency = Urgency.URGENT) -> uuid.UUID:
        draft = await self.draft(f"{to.first_name} {to.last_name}: please call me")
        assert isinstance(draft, Draft)
        assert isinstance(await self.send(draft.message_id, to.id, int(level)), Sent)
        return draft.message_id

    async def deliveries(self, message: uuid.UUID, of: Person | None = None) -> list[Delivery]:
        self.session.expire_all()
        rows = select(Delivery).where(Delivery.about == message, Delivery.kind == Kind.MANUAL)
        if of is not None:
            rows = rows.where(Delivery.user_id == of.id)
        return list(await self.session.scalars(rows.order_by(Delivery.created_at, Delivery.channel)))

    async def set(self, delivery: Delivery, **values: Any) -> None:
        await self.session.execute(update(Delivery).where(Delivery.id == delivery.id).values(**values))


@pytest.fixture
async def writing(fleet: Fleet) -> Writing:
    manager = await fleet.manager("Mona")
    return Writing(fleet, await fleet.warehouse("North", manager), manager)


# -- names


def person(first_name: str, last_name: str) -> Recipient:
    return Recipient(uuid.uuid4(), first_name, last_name, UserRole.DRIVER, "+14165550100", uuid.uuid4(), "North")


TOWN = [
    person("Amara", "Osei"),
    person("Amara-Lee", "Chen"),
    person("Émile", "Côté"),
    person("Marc-André", "O’Brien"),
    person("Chloé", "Roy"),
    person("Roy", "Chloé"),
    person("Osei", "Amar"),
]


def names(found: tuple[Recipient, ...]) -> list[str]:
    return sorted(who.name for who in found)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Amara Osei", ["Amara Osei"]),
        ("  amara   OSEI ", ["Amara Osei"]),
        ("Osei Amara", ["Amara Osei"]),
        ("amara", ["Amara Osei"]),  # a whole first name before names that only begin so
        ("amar", ["Osei Amar"]),
        ("ama", ["Amara Osei", "Amara-Lee Chen", "Osei Amar"]),
        ("emile cote", ["Émile Côté"]),
        ("ÉMILE", ["Émile Côté"]),
        ("E\u0301mile", ["Émile Côté"]),  # as some phones write it
        ("marc andre", ["Marc-André O’Brien"]),
        ("o'brien", ["Marc-André O’Brien"]),
        ("OBrien", ["Marc-André O’Brien"]),
        ("Chloe Roy", ["Chloé Roy", "Roy Chloé"]),
        ("mara", []),
        ("", []),
        ("<b>&\"'", []),
        ("%", []),
    ],
)
def test_names_are_matched_tolerantly(written: str, meant: list[str]) -> None:
    assert names(people(TOWN).called(written)) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Amarra Osey", ["Amara Osei"]),
        ("Emil Cotte", ["Émile Côté"]),
        ("Zebulon Quist", []),
        ("", []),
    ],
)
def test_names_that_look_like_it_are_found_the_likest_first(written: str, meant: list[str]) -> None:
    assert names(people(TOWN).called(written)) == []
    assert [who.name for who in people(TOWN).near(written)][:1] == meant


@pytest.mark.parametrize(
    ("written", "meant", "text"),
    [
        ("Amara Osei: please call me", ["Amara Osei"], "please call me"),
        ("amara osei please call me", ["Amara Osei"], "please call me"),
        ("Amara, please call", ["Amara Osei"], "please call"),
        ("emile meet me at 10:30", ["Émile Côté"], "meet me at 10:30"),
        ("Amara: one\ntwo\n\nthree: four", ["Amara Osei"], "one\ntwo\n\nthree: four"),
        ("Amara\none\ntwo", ["Amara Osei"], "one\ntwo"),
        ("Amara:", ["Amara Osei"], ""),
        ("Amara Osei", ["Amara Osei"], ""),
        ("Zoltan: hello", [], "hello"),
        (":", [], ""),
        ("::::", [], ":::"),
    ],
)
def test_a_command_is_taken_apart_with_a_colon_or_without(written: str, meant: list[str], text: str) -> None:
    parts = addressed(written, TOWN)
    assert (names(parts.found), parts.text) == (meant, text)


@given(st.text(max_size=60))
def test_whatever_is_written_is_taken_apart(written: str) -> None:
    parts = addressed(written, TOWN)
    assert parts.text in written
    assert people(TOWN).called(parts.sought) == parts.found  # a press on the list finds the same people again


# -- to whom


async def test_r12_3_and_r12_7_the_drivers_and_managers_of_his_own_warehouses(writing: Writing) -> None:
    fleet, today = writing.fleet, writing.fleet.today
    south = await fleet.warehouse("South")
    at_home = await writing.driver("Home")
    anywhere = await fleet.driver("Anywhere")  # no employment recorded: everywhere
    last_day = await writing.driver("Lastday", employed=(today - DAY, today))
    colleague = await fleet.manager("Colin", writing.north)
    await writing.driver("Left", employed=(today - 9 * DAY, today - DAY))
    await writing.driver("Tomorrow", employed=(today + DAY, None))
    await writing.driver("Southerner", home=south)
    await writing.driver("Visitor", home=south, ticked=[writing.north])
    await fleet.manager("Sonia", south)
    found = await recipients(writing.session, writing.manager.id, POLICY, writing.now)
    assert {who.id for who in found} == {at_home.id, anywhere.id, last_day.id, colleague.id}
    assert {who.warehouse_id for who in found} == {writing.north}


async def test_somebody_of_several_shared_warehouses_is_there_once(writing: Writing) -> None:
    fleet = writing.fleet
    east = await fleet.warehouse("East", writing.manager)
    anywhere = await fleet.driver("Anywhere")
    [found] = await recipients(writing.session, writing.manager.id, POLICY, writing.now)
    assert (found.id, found.warehouse_id) == (anywhere.id, east)  # the first by name


async def test_who_has_no_warehouse_or_is_no_manager_reaches_nobody(writing: Writing) -> None:
    await writing.driver("Dana")
    nobody = await writing.fleet.manager("Newcomer")
    driver = await writing.driver("Climber")
    await writing.fleet.put_in_charge(driver, writing.north)  # a row that should not be there
    for who in (nobody, driver):
        assert await recipients(writing.session, who.id, POLICY, writing.now) == ()
    assert isinstance(await writing.draft("Climber: hello"), Draft)


# -- drafts


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("Nobody: hello", Refusal.NOBODY_CALLED_SO),
        ("Mona: hello", Refusal.NOBODY_CALLED_SO),  # himself
        ("Dana", Refusal.NO_TEXT),
        ("Dana:   \n ", Refusal.NO_TEXT),
        ("Dana: " + "x" * 1001, Refusal.TEXT_TOO_LONG),
    ],
)
async def test_what_can_not_be_drafted(writing: Writing, written: str, why: Refusal) -> None:
    await writing.driver("Dana")
    before = await contents(writing.session)
    assert await writing.draft(written) == Refused(why)
    assert await contents(writing.session) == before


async def test_where_nobody_is_called_so_the_likest_names_are_offered_and_never_picked(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    await writing.driver("Zoe")
    draft = await writing.draft("Danna: hello")
    assert isinstance(draft, Draft)
    assert (draft.found, [who.id for who in draft.near], draft.text) == ((), [dana.id], "hello")
    kept = await messages.draft(writing.session, writing.manager, draft.message_id, POLICY, writing.now)
    assert kept == draft
    assert isinstance(await writing.send(draft.message_id, dana.id), Sent)


async def test_a_text_has_up_to_1000_characters_and_keeps_its_lines(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    text = "a\n" * 499 + "é🚚"
    draft = await writing.draft("Dana: " + text)
    assert isinstance(draft, Draft)
    assert (draft.text, [who.id for who in draft.found]) == (text, [dana.id])
    assert await writing.session.scalar(select(func.count()).select_from(Notification)) == 0


async def test_namesakes_wait_for_a_choice(writing: Writing) -> None:
    danas = {(await writing.driver("Dana", f"N{number}")).id for number in range(12)}
    draft = await writing.draft("dana: hello")
    assert isinstance(draft, Draft)
    again = await messages.draft(writing.session, writing.manager, draft.message_id, POLICY, writing.now)
    assert again == draft
    assert {who.id for who in draft.found} == danas


# -- sending


@pytest.mark.parametrize("level", [Urgency.URGENT, Urgency.IMPORTANT, Urgency.NORMAL])
async def test_r11_1_it_is_sent_once_at_the_level_that_was_chosen(writing: Writing, level: Urgency) -> None:
    dana = await writing.driver("Dana")
    draft = await writing.draft("Dana: please <call> me")
    assert isinstance(draft, Draft)
    sent = await writing.send(draft.message_id, dana.id, int(level))
    assert isinstance(sent, Sent)
    assert sent.to.id == dana.id
    assert await writing.send(draft.message_id, dana.id, int(Urgency.URGENT)) == AlreadySent()
    [row] = await writing.deliveries(draft.message_id)
    assert (row.channel, row.state, row.level, row.user_id) == (Channel.TELEGRAM, "pending", int(level), dana.id)
    [told] = await writing.session.scalars(select(Notification))
    assert (told.type, told.body, told.title) == (NotificationType.MANUAL, "please <call> me", "Message from Mona Test")
    assert told.data is not None
    assert (told.data["warehouse_id"], told.data["kind"]) == (str(writing.north), "manual")
    entries = select(AuditLog).where(AuditLog.entity_type == "message")
    [entry] = await writing.session.scalars(entries)
    assert (entry.action, entry.actor_id, entry.entity_id) == ("sent", writing.manager.id, draft.message_id)
    assert entry.changes is not None
    assert entry.changes["after"] == {"to": str(dana.id), "level": level.name.lower()}


async def test_r11_2_who_has_no_telegram_gets_an_sms_or_the_digest(writing: Writing) -> None:
    unlinked = await writing.driver("Una", linked=False)
    blocked = await writing.driver("Bob", blocked=True)
    [urgent] = await writing.deliveries(await writing.sent(unlinked, Urgency.URGENT))
    assert (urgent.channel, urgent.due_at) == (Channel.SMS, writing.now)
    [normal] = await writing.deliveries(await writing.sent(blocked, Urgency.NORMAL))
    assert (normal.channel, normal.due_at) == (Channel.SMS, None)


async def test_r12_4_what_is_not_his_or_is_forged_is_refused_and_nothing_is_written(writing: Writing) -> None:
    fleet = writing.fleet
    dana = await writing.driver("Dana")
    colleague = await fleet.manager("Colin", writing.north)
    south = await fleet.warehouse("South")
    southerner = await writing.driver("Sue", home=south)
    draft = await writing.draft("Dana: hello")
    assert isinstance(draft, Draft)
    before = await contents(writing.session)
    gone, recipient_gone = Refused(Refusal.DRAFT_GONE), Refused(Refusal.RECIPIENT_GONE)
    assert await writing.send(draft.message_id, dana.id, by=colleague) == gone
    assert await writing.send(uuid.uuid4(), dana.id) == gone
    for who in (southerner.id, writing.manager.id, uuid.uuid4()):
        assert await writing.send(draft.message_id, who) == recipient_gone
    for level in (-1, 3, 99):
        assert isinstance(await writing.send(draft.message_id, dana.id, level), Refused)
    assert await messages.draft(writing.session, colleague, draft.message_id, POLICY, writing.now) == gone
    await messages.discard_message(writing.session, colleague, draft.message_id)
    assert await contents(writing.session) == before
    assert isinstance(await writing.send(draft.message_id, dana.id), Sent)


async def test_r12_3_who_left_meanwhile_is_not_written_to(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    draft = await writing.draft("Dana: hello")
    assert isinstance(draft, Draft)
    await writing.session.execute(update(Employment).values(ends_on=writing.fleet.today - DAY))
    assert await writing.send(draft.message_id, dana.id) == Refused(Refusal.RECIPIENT_GONE)


async def test_who_is_no_manager_there_any_more_sends_nothing(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    draft = await writing.draft("Dana: hello")
    assert isinstance(draft, Draft)
    await writing.session.execute(delete(WarehouseManager))
    assert await writing.send(draft.message_id, dana.id) == Refused(Refusal.RECIPIENT_GONE)


async def test_drafts_are_good_for_a_day_and_then_removed(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    old = await writing.draft("Dana: old", at=writing.now - DAY)
    young = await writing.draft("Dana: young", at=writing.now - DAY + MINUTE)
    assert isinstance(old, Draft)
    assert isinstance(young, Draft)
    sent = await writing.sent(dana)
    await writing.session.execute(update(Message).where(Message.id == sent).values(created_at=writing.now - 9 * DAY))
    assert await writing.send(old.message_id, dana.id) == Refused(Refusal.DRAFT_GONE)
    removed = await clean_up(writing.session, POLICY, writing.now)
    assert removed["drafts"] == 1
    assert set(await writing.session.scalars(select(Message.id))) == {young.message_id, sent}
    assert isinstance(await writing.send(young.message_id, dana.id), Sent)


async def test_what_is_discarded_can_not_be_sent_and_what_was_sent_not_discarded(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    draft = await writing.draft("Dana: hello")
    assert isinstance(draft, Draft)
    for _twice in range(2):
        discarded = await messages.discard_message(writing.session, writing.manager, draft.message_id)
        assert discarded == messages.Discarded()
    assert await writing.send(draft.message_id, dana.id) == Refused(Refusal.DRAFT_GONE)
    sent = await writing.sent(dana)
    assert await messages.discard_message(writing.session, writing.manager, sent) == AlreadySent()
    assert await writing.session.get(Message, sent) is not None


# -- answering


async def shown(writing: Writing, message: uuid.UUID, who: Person, **more: Any) -> Delivery:
    """His message is in his chat, and waits for an answer."""
    [row] = await writing.deliveries(message, who)
    writing.session.expunge(row)  # as it was told
    at = {"sent_at": writing.now, "chat_id": 77, "message_id": row.id.int % 10**9, "due_at": None}
    await writing.set(row, **({"state": DeliveryState.SENT, "escalate_at": writing.now + 4 * MINUTE} | at | more))
    return row


async def by_sms(writing: Writing, of: Delivery, state: DeliveryState, **more: Any) -> uuid.UUID:
    """The SMS that it went on as."""
    await writing.set(of, state=DeliveryState.ESCALATED, escalate_at=None)
    sms_id = uuid.uuid4()
    row = {
        "id": sms_id,
        "notification_id": of.notification_id,
        "user_id": of.user_id,
        "channel": Channel.SMS,
        "kind": of.kind,
        "about": of.about,
        "urgency": 0,
        "level": 0,
        "state": state,
        "escalated_from": of.id,
        "created_at": writing.now + 4 * MINUTE,
    }
    await writing.session.execute(insert(Delivery).values(row | more))
    return sms_id


async def author_card(writing: Writing, message: uuid.UUID) -> uuid.UUID:
    return await writing.fleet.message_card(writing.manager, message)


async def now_is(writing: Writing, delivery: uuid.UUID) -> Delivery:
    writing.session.expire_all()
    return await writing.session.get_one(Delivery, delivery)


async def acknowledge(writing: Writing, who: Person, message: uuid.UUID, after: timedelta = MINUTE) -> bool | None:
    return await notices.acknowledge(writing.session, who.id, Kind.MANUAL, message, writing.now + after)


async def test_r11_2_its_button_acknowledges_and_stops_the_ladder(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    message = await writing.sent(dana)
    await shown(writing, message, dana)
    card = await author_card(writing, message)
    assert await acknowledge(writing, dana, message) is True
    [row] = await writing.deliveries(message)
    assert (row.state, row.escalate_at, row.answered_at) == ("acknowledged", None, writing.now + MINUTE)
    assert row.redraw is True
    assert (await now_is(writing, card)).redraw is True
    assert await writing.session.scalar(select(Notification.read)) is True
    assert await acknowledge(writing, dana, message, 9 * MINUTE) is False
    [row] = await writing.deliveries(message)
    assert row.answered_at == writing.now + MINUTE  # when he first did


async def test_r12_4_nobody_answers_what_he_was_not_told(writing: Writing) -> None:
    dana, other = await writing.driver("Dana"), await writing.driver("Olga")
    message = await writing.sent(dana)
    await shown(writing, message, dana)
    before = await contents(writing.session)
    assert await acknowledge(writing, other, message) is None
    assert await acknowledge(writing, dana, uuid.uuid4()) is None
    assert await contents(writing.session) == before
    assert await received(writing.session, other.id, message) is None


async def test_r11_3_an_sms_that_has_not_left_is_cancelled(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    message = await writing.sent(dana)
    sms = await by_sms(
        writing, await shown(writing, message, dana), DeliveryState.PENDING, due_at=writing.now + 9 * MINUTE
    )
    assert await acknowledge(writing, dana, message) is True
    row = await now_is(writing, sms)
    assert (row.state, row.due_at) == ("cancelled", None)
    [telegram, _] = await writing.deliveries(message)
    assert telegram.state == "acknowledged"


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SENDING])
async def test_r11_2_an_sms_that_has_left_is_followed_to_its_end_but_not_passed_on(
    writing: Writing, state: DeliveryState
) -> None:
    dana = await writing.driver("Dana")
    message = await writing.sent(dana)
    due_at, escalate_at = writing.now + 5 * MINUTE, writing.now + 14 * MINUTE
    first = await shown(writing, message, dana)
    sms = await by_sms(writing, first, state, due_at=due_at, escalate_at=escalate_at, attempt=3)
    assert await acknowledge(writing, dana, message, 5 * MINUTE) is True
    row = await now_is(writing, sms)
    assert (row.state, row.due_at, row.escalate_at, row.attempt) == (state, due_at, None, 3)


async def test_an_edit_under_way_does_not_put_the_old_state_back(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    message = await writing.sent(dana)
    row = await shown(writing, message, dana, attempt=4, lease_until=func.clock_timestamp() + MINUTE)
    await acknowledge(writing, dana, message)
    row = await now_is(writing, row.id)
    assert (row.attempt, row.lease_until) == (5, None)  # who comes back with attempt 4 records nothing


async def test_r11_2_the_first_who_answers_is_named_to_the_others(writing: Writing) -> None:
    fleet = writing.fleet
    lead, second, third = [await fleet.manager(name, writing.north) for name in ("Lea", "Sam", "Tom")]
    message = await writing.sent(lead)
    told_first = await shown(writing, message, lead)
    await by_sms(writing, told_first, DeliveryState.SENT, sent_at=writing.now + 4 * MINUTE)
    later = writing.now + 14 * MINUTE
    assert told_first.notification_id is not None
    await notices.pass_on(writing.session, told_first.notification_id, SAY, POLICY, later)
    shown_to_second = await shown(writing, message, second, sent_at=later)
    facts = await received(writing.session, second.id, message)
    assert facts is not None
    assert (facts.to, facts.taken_by, facts.answered, facts.has_point) == ("Lea Test", None, False, True)

    assert await acknowledge(writing, second, message, 15 * MINUTE) is True
    assert (await now_is(writing, told_first.id)).redraw is True
    assert (await now_is(writing, shown_to_second.id)).state == "acknowledged"
    for who, to, has_point in ((lead, None, True), (third, "Lea Test", False)):
        facts = await received(writing.session, who.id, message)
        assert facts is not None
        taken = (facts.taken_by, facts.taken_at)
        assert (taken, facts.to, facts.has_point) == (("Sam Test", writing.now + 15 * MINUTE), to, has_point)
    assert await acknowledge(writing, lead, message, 20 * MINUTE) is True  # he answers, too; Sam stays the first
    facts = await received(writing.session, third.id, message)
    assert facts is not None
    assert facts.taken_by == "Sam Test"

    stands = await sending(writing.session, writing.manager.id, message, POLICY, later)
    assert stands is not None
    about = [(told.name, told.passed_on, told.standing.stage) for told in stands.told]
    assert about[0] == ("Lea Test", False, Stage.ANSWERED)
    assert {about[1], about[2]} == {
        ("Sam Test", True, Stage.ANSWERED),
        ("Tom Test", True, Stage.WAITING),
    }


# -- a manager who is away (R11.4a)


async def away(writing: Writing, *managers: Person) -> None:
    until = {"away_until": writing.now + DAY}
    await writing.fleet.put(ContactSettings, *({"user_id": who.id} | until for who in managers))


async def told_of(writing: Writing, message: uuid.UUID) -> set[uuid.UUID]:
    return {row.whose for row in await writing.deliveries(message)}


async def test_r11_4a_what_is_written_to_who_is_away_goes_to_the_others_of_the_warehouse(writing: Writing) -> None:
    fleet = writing.fleet
    lea, sam, tom, gone = [await fleet.manager(name, writing.north) for name in ("Lea", "Sam", "Tom", "Gone")]
    await fleet.warehouse("South", await fleet.manager("Sonia"))
    await away(writing, lea, gone)
    [to] = await recipients(writing.session, writing.manager.id, POLICY, writing.now, of=[lea.id])
    absence = await messages.away(writing.session, writing.manager.id, to, writing.now)
    assert absence == Away(writing.now + DAY, ((sam.id, "Sam Test"), (tom.id, "Tom Test")))
    message = await writing.sent(lea)
    assert await told_of(writing, message) == {sam.id, tom.id}
    facts = await received(writing.session, sam.id, message)
    assert facts is not None
    assert (facts.to, facts.away, facts.has_point) == ("Lea Test", True, True)
    stands = await sending(writing.session, writing.manager.id, message, POLICY, writing.now)
    assert stands is not None
    assert (stands.instead_of, [told.name for told in stands.told]) == ("Lea Test", ["Sam Test", "Tom Test"])
    assert await acknowledge(writing, tom, message) is True
    facts = await received(writing.session, sam.id, message)
    assert facts is not None and not facts.has_point, "one of them answers for all"


async def test_r11_4a_with_nobody_there_he_is_told_all_the_same(writing: Writing) -> None:
    lea, sam = [await writing.fleet.manager(name, writing.north) for name in ("Lea", "Sam")]
    await away(writing, lea, sam)
    message = await writing.sent(lea)
    assert await told_of(writing, message) == {lea.id}
    facts = await received(writing.session, lea.id, message)
    assert facts is not None and (facts.to, facts.away) == (None, False)
    stands = await sending(writing.session, writing.manager.id, message, POLICY, writing.now)
    assert stands is not None and stands.instead_of is None


async def test_r11_4a_who_is_back_gets_his_messages_himself(writing: Writing) -> None:
    lea, _ = [await writing.fleet.manager(name, writing.north) for name in ("Lea", "Sam")]
    await away(writing, lea)
    await writing.session.execute(update(ContactSettings).values(away_until=writing.now))
    assert await told_of(writing, await writing.sent(lea)) == {lea.id}


async def test_r11_2_are_all_the_others_away_it_is_passed_on_to_them_all_the_same(writing: Writing) -> None:
    lea, sam, tom = [await writing.fleet.manager(name, writing.north) for name in ("Lea", "Sam", "Tom")]
    message = await writing.sent(lea)
    [first] = await writing.deliveries(message)
    assert first.notification_id is not None
    await away(writing, sam)
    await notices.pass_on(writing.session, first.notification_id, SAY, POLICY, writing.now)
    assert await told_of(writing, message) == {lea.id, tom.id}
    await away(writing, tom)
    await notices.pass_on(writing.session, first.notification_id, SAY, POLICY, writing.now)
    assert await told_of(writing, message) == {lea.id, sam.id, tom.id}


# -- what the author sees


async def test_only_the_author_sees_where_it_stands(writing: Writing) -> None:
    dana = await writing.driver("Dana")
    colleague = await writing.fleet.manager("Colin", writing.north)
    message = await writing.sent(dana, Urgency.IMPORTANT)
    for who in (colleague, dana):
        assert await sending(writing.session, who.id, message, POLICY, writing.now) is None
    facts = await sending(writing.session, writing.manager.id, message, POLICY, writing.now)
    assert facts is not None
    assert (facts.level, facts.text, facts.as_of) == (Urgency.IMPORTANT, "please call me", writing.now)
    [told] = facts.told
    assert (told.name, told.phone, told.standing.stage) == ("Dana Test", dana.phone, Stage.WAITING)
    draft = await writing.draft("Dana: a draft")
    assert isinstance(draft, Draft)
    assert await sending(writing.session, writing.manager.id, draft.message_id, POLICY, writing.now) is None


async def test_r12_3_the_phone_of_who_has_left_is_not_shown(writing: Writing) -> None:
    dana = await writing.driver("Dana", linked=False)
    message = await writing.sent(dana)
    [row] = await writing.deliveries(message)
    await writing.set(row, state=DeliveryState.FAILED, failure=Failure.OPTED_OUT)
    await writing.session.execute(update(Employment).values(ends_on=writing.fleet.today - DAY))
    facts = await sending(writing.session, writing.manager.id, message, POLICY, writing.now)
    assert facts is not None
    [told] = facts.told
    assert (told.phone, told.standing.stage, told.standing.failure) == (None, Stage.FAILED, Failure.OPTED_OUT)


async def test_r11_4a_what_a_digest_tells_stands_where_the_digest_stands(writing: Writing) -> None:
    dana = await writing.driver("Dana", linked=False)
    message = await writing.sent(dana, Urgency.NORMAL)
    facts = await sending(writing.session, writing.manager.id, message, POLICY, writing.now)
    assert facts is not None
    assert facts.told[0].standing.stage is Stage.FOR_DIGEST
    digest = await writing.fleet.add(
        Delivery,
        user_id=dana.id,
        channel=Channel.SMS,
        kind=Kind.DIGEST,
        urgency=2,
        state=DeliveryState.DELIVERED,
        sent_at=writing.now + MINUTE,
        created_at=writing.now,
    )
    [row] = await writing.deliveries(message)
    await writing.set(row, state=DeliveryState.SUPERSEDED, superseded_by=digest)
    facts = await sending(writing.session, writing.manager.id, message, POLICY, writing.now)
    assert facts is not None
    assert facts.told[0].standing.stage is Stage.SMS_DELIVERED
    assert facts.told[0].standing.at == writing.now + MINUTE


async def test_r11_4a_where_telegram_works_again_the_digest_counts_for_nothing(writing: Writing) -> None:
    dana = await writing.driver("Dana", linked=False)
    message = await writing.sent(dana, Urgency.NORMAL)
    await writing.fleet.put(ChatLink, {"user_id": dana.id, "chat_id": 4711, "linked_at": writing.now})
    assert (await gather(writing.session, POLICY, writing.now)).counts["by_telegram"] == 1
    facts = await sending(writing.session, writing.manager.id, message, POLICY, writing.now)
    assert facts is not None
    assert facts.told[0].standing.stage is Stage.WAITING
