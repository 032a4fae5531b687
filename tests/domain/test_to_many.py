"""`manual` to many (R11, 11.1): who is told, once, in as many statements for one as for all; and who has seen it."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from domain.db.models import AuditLog, Delivery, LastHeard, Message, Notification, Warehouse, WarehouseManager
from domain.db.models.words import DeliveryState, Failure, NotificationType, Urgency
from domain.notices import actions as notices
from domain.notices import broadcasts, following, messages
from domain.notices.broadcasts import Audience, SentToMany, ToMany
from domain.notices.inbox import mark_shown
from domain.notices.kinds import Kind
from domain.notices.messages import AlreadySent, Draft
from domain.notices.spreading import Spread, Unseen, spread, unseen
from domain.people.cleaning import clean_up
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from tests.domain.depot import DAY, MINUTE, Depot, statements
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, contents

TEXT = "The dock is closed, come to door 4"


async def audience(depot: Depot, manager: Person, warehouse: uuid.UUID | None) -> Audience | Refused:
    return await broadcasts.audience(depot.session, manager, warehouse, POLICY, depot.now)


async def drafted(depot: Depot, warehouse: uuid.UUID | None = None, text: str = TEXT) -> uuid.UUID:
    draft = await broadcasts.draft_to_many(depot.session, depot.mona, warehouse, text, POLICY, depot.now)
    assert isinstance(draft, ToMany)
    return draft.message_id


async def send(
    depot: Depot, message: uuid.UUID, level: int = 1, by: Person | None = None, later: timedelta = timedelta()
) -> SentToMany | ToMany | AlreadySent | Refused:
    """Asked about those who are there."""
    draft = await broadcasts.to_many(depot.session, depot.mona, message, POLICY, depot.now)
    drivers = draft.to.drivers if isinstance(draft, ToMany) else 0
    given = depot.session, by or depot.mona, message, level, drivers, SAY, POLICY, depot.now + later
    return await broadcasts.send_to_many(*given)


async def rows(depot: Depot, message: uuid.UUID) -> dict[uuid.UUID, Delivery]:
    depot.session.expire_all()
    found = await depot.session.scalars(select(Delivery).where(Delivery.about == message, Delivery.kind == "broadcast"))
    return {row.whose: row for row in found}


async def shown(depot: Depot, message: uuid.UUID, who: Person, **more: Any) -> None:
    """It is in his chat."""
    at: dict[str, Any] = {"state": DeliveryState.SENT, "sent_at": depot.now, "chat_id": 7, "due_at": None}
    at |= {"message_id": who.id.int % 10**9} | more
    await depot.session.execute(
        update(Delivery).where(Delivery.about == message, Delivery.user_id == who.id).values(**at)
    )


async def how_far(depot: Depot, message: uuid.UUID) -> Spread:
    found = await spread(depot.session, depot.mona.id, message, depot.now)
    assert found is not None
    return found


async def who_has_not(depot: Depot, message: uuid.UUID, page: int = 0, per_page: int = 10) -> Unseen:
    found = await unseen(depot.session, depot.mona.id, message, page, per_page, POLICY, depot.now + MINUTE)
    assert found is not None
    return found


async def test_r12_7_the_drivers_of_a_warehouse_are_those_whose_home_it_is_today(depot: Depot) -> None:
    fleet, today = depot.fleet, depot.fleet.today
    south = await fleet.warehouse("South", depot.mona)
    west = await fleet.warehouse("West", await fleet.manager("Tim"))
    await depot.driver("Ann")
    await depot.driver("Ben", linked=False)
    await depot.driver("Cid", blocked=True)
    await depot.driver("Gone", employed=(today - 9 * DAY, today - DAY))
    await depot.driver("Soon", employed=(today + DAY, None))
    await depot.driver("Last", employed=(today - DAY, today))
    await fleet.driver("Sam", home=south)
    await fleet.driver("Everywhere")  # no home was ever recorded
    await fleet.driver("Tom", home=west)
    assert await audience(depot, depot.mona, depot.north) == Audience(depot.north, "North", 5, 2)
    assert await audience(depot, depot.mona, south) == Audience(south, "South", 2, 0)
    assert await audience(depot, depot.mona, None) == Audience(None, None, 6, 2)


async def test_r12_3_no_warehouse_of_another_and_nobody_is_no_audience(depot: Depot) -> None:
    fleet = depot.fleet
    tim, dana = await fleet.manager("Tim"), await depot.driver("Dana")
    west = await fleet.warehouse("West", tim)
    route = await fleet.route("R1", depot.north)
    for manager, warehouse in ((depot.mona, west), (tim, depot.north), (depot.mona, uuid.uuid4()), (depot.mona, route)):
        assert await audience(depot, manager, warehouse) == Refused(Refusal.NOT_FOUND)
    for manager, to in ((tim, west), (tim, None), (dana, None)):
        assert await audience(depot, manager, to) == Refused(Refusal.NOBODY_THERE)
    for manager, to in ((tim, depot.north), (dana, depot.north), (tim, None)):
        draft = await broadcasts.draft_to_many(depot.session, manager, to, TEXT, POLICY, depot.now)
        assert isinstance(draft, Refused)
    message = await drafted(depot, depot.north)
    before = await contents(depot.session)
    for other in (tim, dana):
        assert await send(depot, message, by=other) == Refused(Refusal.DRAFT_GONE)
    assert await contents(depot.session) == before


@pytest.mark.parametrize("level", list(messages.LEVELS))
async def test_r11_1_each_has_one_inbox_row_and_one_delivery_in_his_language(depot: Depot, level: Urgency) -> None:
    ann, ben = await depot.driver("Ann"), await depot.driver("Ben", language="fr")
    cid = await depot.driver("Cid", linked=False)
    message = await drafted(depot, depot.north)
    assert await send(depot, message, int(level)) == SentToMany(3)
    found = await rows(depot, message)
    assert {user: (row.channel, row.level, row.state) for user, row in found.items()} == {
        ann.id: ("telegram", level, "pending"),
        ben.id: ("telegram", level, "pending"),
        cid.id: ("sms", level, "pending"),
    }
    told = {each.user_id: each for each in await depot.session.scalars(select(Notification))}
    assert {each.type for each in told.values()} == {NotificationType.MANUAL}
    assert (told[ann.id].title, told[ann.id].body) == ("Message from Mona Test", TEXT)
    assert told[ben.id].title == "Message de Mona Test"
    [entry] = await depot.session.scalars(select(AuditLog).where(AuditLog.entity_type == "message"))
    assert entry.changes is not None
    assert entry.changes["after"] == {"drivers": 3, "level": level.name.lower(), "warehouse_id": str(depot.north)}


async def test_r2_5_it_is_sent_once_and_to_who_is_there_then(depot: Depot) -> None:
    await depot.driver("Ann")
    message = await drafted(depot)
    await depot.driver("Ben")
    assert await send(depot, message) == SentToMany(2)
    for level in (0, 1, 2):
        assert await send(depot, message, level) == AlreadySent()
    assert len(await rows(depot, message)) == 2
    assert await broadcasts.to_many(depot.session, depot.mona, message, POLICY, depot.now) == AlreadySent()
    assert await messages.discard_message(depot.session, depot.mona, message) == AlreadySent()


async def test_r11_others_than_he_was_asked_about_are_told_nothing(depot: Depot) -> None:
    """5,000 drivers may have been imported between the last button and its press."""
    await depot.driver("Ann")
    message = await drafted(depot)
    before = await contents(depot.session)
    for shown in (0, 2, -1, 999_999):
        given = depot.session, depot.mona, message, 0, shown, SAY, POLICY, depot.now
        assert await broadcasts.send_to_many(*given) == ToMany(message, TEXT, Audience(None, None, 1, 0))
    assert await contents(depot.session) == before
    assert await broadcasts.send_to_many(depot.session, depot.mona, message, 0, 1, SAY, POLICY, depot.now) == (
        SentToMany(1)
    )


async def test_a_draft_is_to_many_or_to_one_and_never_both(depot: Depot) -> None:
    ann = await depot.driver("Ann")
    many = await drafted(depot)
    one = await messages.draft_message(depot.session, depot.mona, "Ann: hello", POLICY, depot.now)
    assert isinstance(one, Draft)
    before = await contents(depot.session)
    assert await send(depot, one.message_id) == Refused(Refusal.NOT_FOUND)
    to_one = depot.session, depot.mona, many, ann.id, 1, SAY, POLICY, depot.now
    assert await messages.send_message(*to_one) == Refused(Refusal.NOT_FOUND)
    gone = Refused(Refusal.DRAFT_GONE)
    assert await broadcasts.to_many(depot.session, depot.mona, one.message_id, POLICY, depot.now) == gone
    assert await messages.draft(depot.session, depot.mona, many, POLICY, depot.now) == gone
    for level in (-1, 3, 7):
        assert await send(depot, many, level) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


async def test_a_draft_is_good_for_a_day_and_must_say_something(depot: Depot) -> None:
    await depot.driver("Ann")
    for text, why in (("", Refusal.NO_TEXT), ("x" * 1001, Refusal.TEXT_TOO_LONG)):
        draft = await broadcasts.draft_to_many(depot.session, depot.mona, None, text, POLICY, depot.now)
        assert draft == Refused(why)
    message = await drafted(depot, text="x" * 1000)
    assert await send(depot, message, later=DAY) == Refused(Refusal.DRAFT_GONE)
    assert (await clean_up(depot.session, POLICY, depot.now + DAY))["drafts"] == 1
    assert await depot.session.get(Message, message) is None


async def test_as_many_statements_for_300_as_for_3(depot: Depot) -> None:
    counted = []
    for more, all_ in ((3, 3), (297, 300)):
        await depot.fleet.drivers(more, depot.north)
        message = await drafted(depot)
        given = depot.session, depot.mona, message, 1, all_, SAY, POLICY, depot.now
        async with statements(depot) as seen:
            assert await broadcasts.send_to_many(*given) == SentToMany(all_)
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 6
    assert await depot.session.scalar(select(func.count()).select_from(Delivery)) == 303


async def test_a_draft_to_a_warehouse_that_is_gone_does_not_become_one_to_all(depot: Depot) -> None:
    gone = await depot.fleet.warehouse("Gone", depot.mona)
    await depot.driver("Ann")
    await depot.fleet.driver("Everywhere")
    message = await drafted(depot, gone)
    await depot.session.execute(delete(WarehouseManager).where(WarehouseManager.warehouse_id == gone))
    await depot.session.execute(delete(Warehouse).where(Warehouse.id == gone))
    assert await send(depot, message) == Refused(Refusal.NOBODY_THERE)
    assert await rows(depot, message) == {}


# -- answering it


async def test_r11_2_one_who_answers_touches_nobody_elses_message(depot: Depot) -> None:
    people = [await depot.driver(name) for name in ("Ann", "Ben", "Cid")]
    message = await drafted(depot)
    await send(depot, message)
    for who in people:
        await shown(depot, message, who, escalate_at=depot.now + 30 * MINUTE)
    card = await depot.fleet.message_card(depot.mona, message)
    later = depot.now + MINUTE
    before = {user: (row.attempt, row.redraw, row.due_at) for user, row in (await rows(depot, message)).items()}
    given = people[0].id, Kind.BROADCAST, message, later
    assert await notices.acknowledge(depot.session, *given) is True
    assert await notices.acknowledge(depot.session, *given) is False
    after = await rows(depot, message)
    his = after.pop(people[0].id)
    assert (his.state, his.answered_at, his.escalate_at, his.redraw) == ("acknowledged", later, None, True)
    assert {user: (row.attempt, row.redraw, row.due_at) for user, row in after.items()} == {
        user: before[user] for user in after
    }
    author = await depot.session.get_one(Delivery, card)
    assert author.redraw and author.pause_until is not None, "the author sees it, at leisure"
    facts = await broadcasts.received_of_many(depot.session, people[0].id, message)
    assert facts is not None and facts.answered and not facts.has_point
    other = await broadcasts.received_of_many(depot.session, people[1].id, message)
    assert other is not None and (other.answered, other.has_point, other.taken_by) == (False, True, None)


async def test_the_authors_card_waits_a_moment_and_not_longer_for_whoever_comes_next(depot: Depot) -> None:
    await depot.driver("Ann")
    message = await drafted(depot)
    card = await depot.fleet.message_card(depot.mona, message)

    async def waits_until() -> datetime:
        await following.follow_author(depot.session, message, depot.now, at_leisure=True)
        row = await depot.session.get_one(Delivery, card, populate_existing=True)
        assert row.redraw and row.pause_until is not None
        return row.pause_until

    first = await waits_until()
    assert [await waits_until() for _ in range(3)] == [first] * 3, "on a busy morning it would never be shown"


async def test_r12_4_nobody_answers_what_he_was_not_told(depot: Depot) -> None:
    await depot.driver("Ann")
    message = await drafted(depot)
    await send(depot, message)
    late = await depot.driver("Late")
    before = await contents(depot.session)
    for about in (message, uuid.uuid4()):
        assert await notices.acknowledge(depot.session, late.id, Kind.BROADCAST, about, depot.now) is None
    assert await contents(depot.session) == before
    assert await broadcasts.received_of_many(depot.session, late.id, message) is None


# -- what the author sees


async def test_r11_2_who_has_seen_it_and_who_has_not(depot: Depot) -> None:
    names = ("Ann", "Ben", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal")
    people = {name: await depot.driver(name, linked=name not in ("Gus", "Hal")) for name in names}
    message = await drafted(depot)
    await send(depot, message, level=2)
    assert (await how_far(depot, message)).waiting == 8
    for name in ("Ann", "Ben", "Cid", "Dan"):
        await shown(depot, message, people[name])
    await shown(depot, message, people["Ann"], answered_at=depot.now, state=DeliveryState.ACKNOWLEDGED)
    for name, at in (("Ben", depot.now), ("Cid", depot.now - MINUTE)):  # since it came, and before
        await depot.fleet.put(LastHeard, {"user_id": people[name].id, "at": at})
    inbox = select(Notification.id).where(Notification.user_id == people["Eve"].id)
    await mark_shown(depot.session, people["Eve"].id, list(await depot.session.scalars(inbox)))  # read it there
    await shown(depot, message, people["Fay"], state=DeliveryState.FAILED, sent_at=None, failure=Failure.BLOCKED)
    digest = await depot.fleet.add(
        Delivery,
        user_id=people["Hal"].id,
        channel="sms",
        kind=Kind.DIGEST,
        urgency=2,
        state=DeliveryState.DELIVERED,
        sent_at=depot.now,
        created_at=depot.now,
    )
    told_by = {"state": DeliveryState.SUPERSEDED, "superseded_by": digest}
    await depot.session.execute(
        update(Delivery).where(Delivery.about == message, Delivery.user_id == people["Hal"].id).values(**told_by)
    )
    found = await how_far(depot, message)
    counts = found.seen, found.brought, found.waiting, found.failed
    assert counts == (3, 3, 1, 1), "Ann, Ben, Eve; Cid, Dan, Hal; Gus; Fay"
    assert (found.total, found.level, found.text, found.warehouse) == (8, Urgency.NORMAL, TEXT, None)
    listed = await who_has_not(depot, message)
    assert [told.name for told in listed.told] == ["Cid Test", "Dan Test", "Fay Test", "Gus Test", "Hal Test"]
    assert listed.told[0].phone == people["Cid"].phone
    second = await who_has_not(depot, message, 1, 2)
    assert ([told.name for told in second.told], second.total, second.page, second.pages) == (
        ["Fay Test", "Gus Test"],
        5,
        1,
        3,
    )
    assert (await who_has_not(depot, message, 9, 2)).page == 0


async def test_r12_3_only_the_author_sees_how_far_it_has_come(depot: Depot) -> None:
    ann, colleague = await depot.driver("Ann"), await depot.fleet.manager("Colin", depot.north)
    message = await drafted(depot, depot.north)
    assert await spread(depot.session, depot.mona.id, message, depot.now) is None, "a draft has come nowhere"
    await send(depot, message)
    for who in (ann, colleague):
        assert await spread(depot.session, who.id, message, depot.now) is None
        assert await unseen(depot.session, who.id, message, 0, 9, POLICY, depot.now) is None
    assert (await how_far(depot, message)).warehouse == "North"
