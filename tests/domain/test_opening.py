"""R6.2, R12.3: a manager opens an emergency window; R6.6, R5.4: it ends empty and the managers are told."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.coverage.actions import WaveSent
from domain.coverage.ending import BecameInstant, ClosedEmpty
from domain.coverage.opening import Opened
from domain.coverage.queries import slot_card, uncovered, warehouses_today
from domain.coverage.rules import AlreadyOpen
from domain.coverage.windows import window_card
from domain.db.models import (
    AuditLog,
    BidWindow,
    Delivery,
    Notification,
    User,
    WarehouseManager,
    WindowWaves,
)
from domain.db.models.words import (
    ActorType,
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    Channel,
    DeliveryState,
    NotificationType,
    Trigger,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.time import emergency_close, local_instant, shift_start
from tests.domain.world import POLICY, Fleet, Slot, accept, close_due, contents, next_wave, open_emergency


@pytest.fixture
async def mona(fleet: Fleet) -> Person:
    return await fleet.manager("Mona")


@pytest.fixture
async def north(fleet: Fleet, mona: Person) -> uuid.UUID:
    return await fleet.warehouse("North", mona)


@pytest.fixture
async def slot(fleet: Fleet, north: uuid.UUID) -> Slot:
    return await fleet.slot(await fleet.route("R12", north))


async def test_r6_2_opens(session: AsyncSession, mona: Person, slot: Slot, fleet: Fleet, now: datetime) -> None:
    driver = await fleet.driver(home=slot.warehouse)
    opened = await open_emergency(session, mona, slot, now, bonus=35)
    assert isinstance(opened, Opened) and opened.asked == 1
    window = await session.get_one(BidWindow, opened.window_id)
    assert (window.assignment_id, window.mode, window.trigger) == (slot.id, BidWindowMode.EMERGENCY, Trigger.MANAGER)
    assert (window.pay_bonus_percent, window.status, window.winner_id) == (35, BidWindowStatus.OPEN, None)
    assert (window.opens_at, window.closes_at) == (now, emergency_close(slot.on, POLICY))
    waves = await session.get_one(WindowWaves, window.id)
    assert (waves.next_at, waves.sent) == (now + timedelta(minutes=1), 1)
    assert list(await session.scalars(select(Delivery.user_id))) == [driver.id]


async def test_r13_who_opened_it_is_audited(session: AsyncSession, mona: Person, slot: Slot, now: datetime) -> None:
    opened = await open_emergency(session, mona, slot, now)
    assert isinstance(opened, Opened)
    [entry] = await session.scalars(select(AuditLog))
    assert (entry.entity_type, entry.entity_id, entry.action) == ("bid_window", opened.window_id, "opened")
    assert (entry.actor_id, entry.actor_type, entry.created_at) == (mona.id, ActorType.USER, now)
    assert entry.changes is not None
    after = entry.changes["after"]
    assert (after["assignment_id"], after["bonus_percent"]) == (str(slot.id), 20)


async def test_r6_2_until_a_later_hour(session: AsyncSession, mona: Person, slot: Slot, now: datetime) -> None:
    afternoon = now.replace(hour=15)
    assert await open_emergency(session, mona, slot, afternoon) == Refused(Refusal.SAY_UNTIL)
    opened = await open_emergency(session, mona, slot, afternoon, until=18)
    assert isinstance(opened, Opened)
    closes_at = (await session.get_one(BidWindow, opened.window_id)).closes_at
    assert closes_at == now.replace(hour=18, minute=0)


async def test_r6_2_opens_though_nobody_is_there_to_be_asked(
    session: AsyncSession, mona: Person, slot: Slot, now: datetime
) -> None:
    opened = await open_emergency(session, mona, slot, now)
    assert isinstance(opened, Opened) and opened.asked == 0


# -- who may


async def outsiders(fleet: Fleet, slot: Slot) -> dict[str, Person]:
    elsewhere = await fleet.manager("Sue", await fleet.warehouse("South"))
    nowhere = await fleet.manager("Nobody")
    driver = await fleet.driver(home=slot.warehouse)
    once_manager = await fleet.driver("Once", home=slot.warehouse)
    await fleet.put_in_charge(once_manager, slot.warehouse)  # the row stayed, the role did not
    return {"another warehouse's": elsewhere, "none's": nowhere, "a driver": driver, "a former one": once_manager}


async def test_r12_3_anything_outside_is_not_found(
    session: AsyncSession, fleet: Fleet, slot: Slot, now: datetime
) -> None:
    people = await outsiders(fleet, slot)
    before = await contents(session)
    for name, actor in people.items():
        assert await open_emergency(session, actor, slot, now) == Refused(Refusal.NOT_FOUND), name
        # a bad bonus tells nothing of what exists either
        assert await open_emergency(session, actor, slot, now, bonus=500) == Refused(Refusal.NOT_FOUND), name
        assert await slot_card(session, actor.id, slot.id, POLICY, now) is None, name
        assert (await uncovered(session, actor.id, slot.on, 0, 8)).total == 0, name
    assert await contents(session) == before


async def test_r12_4_the_role_is_read_from_the_database(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    """Whatever the edge believes of him."""
    await session.execute(update(User).where(User.id == mona.id).values(role="driver"))
    assert await open_emergency(session, mona, slot, now) == Refused(Refusal.NOT_FOUND)


async def test_r12_3_windows_are_shown_to_the_managers_of_the_warehouse(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    people = await outsiders(fleet, slot)
    opened = await open_emergency(session, mona, slot, now)
    assert isinstance(opened, Opened)
    shown = await window_card(session, mona.id, opened.window_id, POLICY)
    assert shown is not None and shown.asked == 2  # the two drivers
    for name, actor in people.items():
        assert await window_card(session, actor.id, opened.window_id, POLICY) is None, name


async def test_r12_3_an_unknown_slot(session: AsyncSession, mona: Person, slot: Slot, now: datetime) -> None:
    unknown = Slot(uuid.uuid4(), slot.route, slot.warehouse, slot.on)
    assert await open_emergency(session, mona, unknown, now) == Refused(Refusal.NOT_FOUND)


# -- refusals leave nothing


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"bonus": 101}, Refusal.BAD_BONUS),
        ({"bonus": -1}, Refusal.BAD_BONUS),
        ({"until": 8}, Refusal.SAY_UNTIL),
        ({"at": timedelta(hours=6)}, Refusal.SAY_UNTIL),  # 13:20
        ({"at": timedelta(hours=17)}, Refusal.DAY_OVER),  # past midnight
    ],
)
async def test_r2_5_a_refusal_writes_nothing(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime, changed: dict[str, Any], why: Refusal
) -> None:
    await fleet.driver(home=slot.warehouse)
    at = now + changed.pop("at", timedelta())
    before = await contents(session)
    assert await open_emergency(session, mona, slot, at, **changed) == Refused(why)
    assert await contents(session) == before


@pytest.mark.parametrize("status", [status for status in AssignmentStatus if status != "unfilled"])
async def test_r2_3_a_slot_that_has_a_driver(
    session: AsyncSession, fleet: Fleet, mona: Person, north: uuid.UUID, now: datetime, status: AssignmentStatus
) -> None:
    driver = await fleet.driver(home=north)
    slot = await fleet.shift(await fleet.route("R13", north), driver, status=status)
    before = await contents(session)
    assert await open_emergency(session, mona, slot, now) == Refused(Refusal.NOT_UNFILLED)
    assert await contents(session) == before


async def test_r2_5_a_second_press_changes_nothing(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    await fleet.driver(home=slot.warehouse)
    other = await fleet.manager("Omar", slot.warehouse)
    opened = await open_emergency(session, mona, slot, now)
    assert isinstance(opened, Opened)
    before = await contents(session)
    later = now + timedelta(seconds=5)
    for manager in (mona, other):
        assert await open_emergency(session, manager, slot, later, bonus=50) == AlreadyOpen(opened.window_id)
    assert await contents(session) == before


async def test_r6_9_a_window_for_which_nobody_has_bid_is_raised(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    window = await fleet.window(slot, BidWindowMode.INSTANT, closes_at=now + timedelta(hours=1))
    driver = await fleet.driver(home=slot.warehouse)
    assert await next_wave(session, now) == WaveSent(window, 1)
    assert await open_emergency(session, mona, slot, now, bonus=30) == Opened(window, 1)
    raised = await session.get_one(BidWindow, window)
    assert (raised.mode, raised.pay_bonus_percent) == (BidWindowMode.EMERGENCY, 30)
    assert raised.closes_at == emergency_close(slot.on, POLICY)
    told = await session.execute(
        select(Notification.type, Delivery.level)
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(Notification.user_id == driver.id)
        .order_by(Delivery.level)
    )
    assert told.tuples().all() == [
        (NotificationType.EMERGENCY_ROUTE_AVAILABLE, Urgency.URGENT),
        (NotificationType.BID_OPEN, Urgency.NORMAL),
    ]


async def test_r6_6_an_emptied_slot_may_be_opened_again(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    driver = await fleet.driver(home=slot.warehouse)
    first = await open_emergency(session, mona, slot, now)
    closes = emergency_close(slot.on, POLICY)
    assert await close_due(session, closes)
    second = await open_emergency(session, mona, slot, closes, until=15, bonus=50)
    assert isinstance(first, Opened) and isinstance(second, Opened)
    assert second.window_id != first.window_id
    assert second.asked == 1, "he was told of the first window; this is another"
    told = select(Delivery.user_id).where(Delivery.about == second.window_id)
    assert list(await session.scalars(told)) == [driver.id]


# -- closing


async def test_r6_6_not_before_its_time_and_once(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    opened = await open_emergency(session, mona, slot, now)
    assert isinstance(opened, Opened)
    closes = emergency_close(slot.on, POLICY)
    assert await close_due(session, closes - timedelta(milliseconds=1)) is None
    assert await close_due(session, closes) == ClosedEmpty(opened.window_id, unfilled=True, told=1)
    before = await contents(session)
    assert await close_due(session, closes) is None
    assert await close_due(session, closes + timedelta(days=1)) is None
    assert await contents(session) == before
    window = await session.get_one(BidWindow, opened.window_id)
    assert (window.status, window.winner_id) == (BidWindowStatus.CLOSED, None)
    assert (await session.get_one(WindowWaves, window.id)).next_at is None
    assert await next_wave(session, closes) is None


async def test_r13_the_system_closed_it(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    await open_emergency(session, mona, slot, now)
    closes = emergency_close(slot.on, POLICY)
    await close_due(session, closes)
    entry = (await session.scalars(select(AuditLog).where(AuditLog.action == "closed"))).one()
    assert (entry.actor_id, entry.actor_type, entry.created_at) == (None, ActorType.SYSTEM, closes)


async def test_r6_6_what_was_taken_is_not_closed(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    driver = await fleet.driver(home=slot.warehouse)
    opened = await open_emergency(session, mona, slot, now)
    assert isinstance(opened, Opened)
    await accept(session, driver, opened.window_id, now)
    assert await close_due(session, emergency_close(slot.on, POLICY)) is None


async def told(session: AsyncSession) -> set[uuid.UUID]:
    found = await session.scalars(
        select(Notification.user_id).where(Notification.type == NotificationType.ROUTE_UNFILLED)
    )
    people = list(found)
    assert len(people) == len(set(people))
    return set(people)


async def close_empty(session: AsyncSession, slot: Slot, fleet: Fleet) -> ClosedEmpty:
    await fleet.window(slot)
    closed = await close_due(session, emergency_close(slot.on, POLICY))
    assert isinstance(closed, ClosedEmpty)
    return closed


async def test_r5_4_the_routes_own_manager_is_told(session: AsyncSession, fleet: Fleet) -> None:
    own, other = await fleet.manager("Own"), await fleet.manager("Other")
    north = await fleet.warehouse("North", own, other)
    slot = await fleet.slot(await fleet.route("R12", north, own))
    assert (await close_empty(session, slot, fleet)).told == 1
    assert await told(session) == {own.id}
    delivery = (await session.scalars(select(Delivery).where(Delivery.user_id == own.id))).one()
    assert (delivery.kind, delivery.urgency) == (Kind.ROUTE_UNFILLED, Urgency.IMPORTANT)
    assert (delivery.channel, delivery.state) == (Channel.TELEGRAM, DeliveryState.PENDING)
    assert delivery.due_at == emergency_close(slot.on, POLICY)


async def test_r5_4_without_one_all_of_the_warehouse(session: AsyncSession, fleet: Fleet) -> None:
    one, two, away = [await fleet.manager(name) for name in ("One", "Two", "Away")]
    north, _ = await fleet.warehouse("North", one, two), await fleet.warehouse("South", away)
    slot = await fleet.slot(await fleet.route("R12", north))
    assert (await close_empty(session, slot, fleet)).told == 2
    assert await told(session) == {one.id, two.id}


async def test_r5_4_he_is_no_longer_of_this_warehouse(session: AsyncSession, fleet: Fleet) -> None:
    gone, here = await fleet.manager("Gone"), await fleet.manager("Here")
    north = await fleet.warehouse("North", here)
    await fleet.warehouse("South", gone)
    slot = await fleet.slot(await fleet.route("R12", north, gone))
    await close_empty(session, slot, fleet)
    assert await told(session) == {here.id}


async def test_r5_4_he_is_no_longer_a_manager(session: AsyncSession, fleet: Fleet) -> None:
    former, here = await fleet.manager("Former"), await fleet.manager("Here")
    north = await fleet.warehouse("North", former, here)
    slot = await fleet.slot(await fleet.route("R12", north, former))
    await session.execute(update(User).where(User.id == former.id).values(role="driver"))
    await close_empty(session, slot, fleet)
    assert await told(session) == {here.id}


async def test_r5_4_nobody_at_all_is_said(session: AsyncSession, fleet: Fleet) -> None:
    """Told 0: the edge raises the operator's alert by it."""
    slot = await fleet.slot(await fleet.route("R12", await fleet.warehouse("North")))
    assert (await close_empty(session, slot, fleet)).told == 0


async def test_r6_6_an_instant_window_that_ends_empty_too(
    session: AsyncSession, fleet: Fleet, mona: Person, north: uuid.UUID, now: datetime
) -> None:
    instant = await fleet.window(await fleet.slot(await fleet.route("R2", north)), BidWindowMode.INSTANT)
    later = now + timedelta(days=1)
    closed = await close_due(session, later)
    assert isinstance(closed, ClosedEmpty) and closed.window_id == instant
    assert await close_due(session, later) is None


async def test_r6_6_a_competitive_window_without_a_bid_becomes_instant(
    session: AsyncSession, fleet: Fleet, mona: Person, north: uuid.UUID, now: datetime
) -> None:
    slot = await fleet.slot(await fleet.route("R1", north), fleet.day(2))
    competitive = await fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=now)
    driver = await fleet.driver(home=north)
    assert await close_due(session, now) == BecameInstant(competitive)
    window = await session.get_one(BidWindow, competitive)
    assert (window.mode, window.status) == (BidWindowMode.INSTANT, BidWindowStatus.OPEN)
    assert window.closes_at == shift_start(slot.on, POLICY)
    assert await next_wave(session, now) == WaveSent(competitive, 1)
    assert isinstance(await accept(session, driver, competitive, now), Award)


async def test_r11_3_offers_unsent_are_cancelled_and_those_sent_redrawn(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    states = {
        DeliveryState.PENDING: (DeliveryState.CANCELLED, False),
        DeliveryState.SENDING: (DeliveryState.SENDING, True),
        DeliveryState.SENT: (DeliveryState.SENT, True),
        DeliveryState.FAILED: (DeliveryState.FAILED, False),
    }
    drivers = {state: await fleet.driver(state, home=slot.warehouse) for state in states}
    sms = await fleet.driver("Sms", home=slot.warehouse, linked=False)
    opened = await open_emergency(session, mona, slot, now)
    assert isinstance(opened, Opened)
    card = await fleet.window_card(mona, opened.window_id)
    home = await fleet.home_card(drivers[DeliveryState.SENT])
    for state, driver in drivers.items():
        await session.execute(update(Delivery).where(Delivery.user_id == driver.id).values(state=state, due_at=None))
    await session.execute(update(Delivery).where(Delivery.user_id == sms.id).values(state="sent", due_at=None))
    await session.execute(update(Delivery).where(Delivery.id == home).values(state="sent"))
    closes = emergency_close(slot.on, POLICY)
    await close_due(session, closes)
    session.expire_all()
    rows = {(row.user_id, row.kind): row for row in await session.scalars(select(Delivery))}
    for state, (then, redrawn) in states.items():
        row = rows[drivers[state].id, Kind.OFFER]
        assert (row.state, row.redraw) == (then, redrawn), state
        assert row.due_at == (closes if redrawn else None)
        if redrawn:
            assert row.urgency == Urgency.TIDYING  # R11.8: edits of offers that are over come last
    assert rows[sms.id, Kind.OFFER].redraw is False, "an SMS can't be edited"
    shown = await session.get_one(Delivery, card)
    assert (shown.redraw, shown.due_at, shown.urgency) == (True, closes, Urgency.IMPORTANT)
    assert (await session.get_one(Delivery, home)).redraw is True
    notice = rows[mona.id, Kind.ROUTE_UNFILLED]
    assert (notice.state, notice.redraw) == (DeliveryState.PENDING, False)


# -- what managers see


async def test_the_list_of_what_is_uncovered(
    session: AsyncSession, fleet: Fleet, mona: Person, north: uuid.UUID, now: datetime
) -> None:
    today = [await fleet.slot(await fleet.route(f"R{number}", north)) for number in (2, 10, 1)]
    covered = await fleet.route("R3", north)
    await fleet.shift(covered, await fleet.driver(home=north))
    tomorrow = await fleet.slot(covered, fleet.day(1))
    await fleet.slot(covered, fleet.day(-1))
    south = await fleet.warehouse("South")
    await fleet.slot(await fleet.route("R40", south))
    page = await uncovered(session, mona.id, fleet.today, 0, 3)
    assert [(slot.route, slot.on) for slot in page.slots] == [(name, fleet.today) for name in ("R1", "R2", "R10")]
    assert (page.total, page.pages) == (4, 2)
    last = await uncovered(session, mona.id, fleet.today, 99, 3)
    assert [slot.assignment_id for slot in last.slots] == [tomorrow.id]
    of_route = await uncovered(session, mona.id, fleet.today, 0, 3, routes=[today[1].route])
    assert [slot.assignment_id for slot in of_route.slots] == [today[1].id]
    of_day = await uncovered(session, mona.id, fleet.today, 0, 3, on=fleet.day(1))
    assert [slot.assignment_id for slot in of_day.slots] == [tomorrow.id]
    [shown] = await warehouses_today(session, mona.id, fleet.today)
    assert (shown.name, shown.slots, shown.uncovered) == ("North", 4, 3)
    await session.execute(delete(WarehouseManager).where(WarehouseManager.user_id == mona.id))
    assert (await uncovered(session, mona.id, fleet.today, 0, 3)).total == 0


async def test_the_card_counts_who_is_free_and_who_only_at_his_cap(
    session: AsyncSession, fleet: Fleet, mona: Person, slot: Slot, now: datetime
) -> None:
    for facts in ({}, {}, {"cap": 0}, {"flagged": True}, {"declined": [slot.on]}, {"cap": 0, "declined": [slot.on]}):
        await fleet.driver(home=slot.warehouse, **facts)
    card = await slot_card(session, mona.id, slot.id, POLICY, now)
    assert card is not None
    assert (card.free, card.free_at_cap, card.status) == (2, 1, AssignmentStatus.UNFILLED)
    assert card.starts_at == local_instant(slot.on, POLICY.shift_starts, POLICY)
