"""What else an answer changes: the same driver's other offers of that day, the inbox, the terms of the shift."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.kinds import table_of_kinds
from bot.reader import Reader
from domain.bidding import offers as offers_of_driver
from domain.bidding.rules import Award
from domain.coverage import windows
from domain.coverage.actions import decline_day
from domain.coverage.ending import ClosedEmpty
from domain.coverage.opening import Opened
from domain.db.models import Assignment, AssignmentTerms, AuditLog, Delivery, Notification
from domain.db.models.words import DeliveryState, NotificationType
from domain.notices.kinds import Kind
from tests.domain.test_waves import MINUTE, Emergency
from tests.domain.test_waves import emergency as emergency
from tests.domain.world import POLICY, accept, close_due, next_wave, open_emergency


async def another_window(emergency: Emergency, route: str) -> Opened:
    slot = await emergency.fleet.slot(await emergency.fleet.route(route, emergency.north))
    opened = await open_emergency(emergency.session, emergency.manager, slot, emergency.now)
    assert isinstance(opened, Opened)
    return opened


async def all_sent(emergency: Emergency) -> None:
    sent = {"state": DeliveryState.SENT, "redraw": False, "due_at": None}
    await emergency.session.execute(update(Delivery).where(Delivery.kind == Kind.OFFER).values(sent))


async def offers(emergency: Emergency) -> dict[tuple[object, object], Delivery]:
    emergency.session.expire_all()
    rows = await emergency.session.scalars(select(Delivery).where(Delivery.kind == Kind.OFFER))
    return {(row.about, row.user_id): row for row in rows}


async def test_r11_3_a_winners_other_offers_of_that_day_have_lost_their_point(emergency: Emergency) -> None:
    [winner, other] = await emergency.drivers(2)
    first = await emergency.open()
    second = (await another_window(emergency, "R13")).window_id
    await all_sent(emergency)
    assert isinstance(await accept(emergency.session, winner, first, emergency.now), Award)
    rows = await offers(emergency)
    assert rows[second, winner.id].redraw is True
    assert rows[second, other.id].redraw is False
    shown = await offers_of_driver.offer(emergency.session, winner.id, second, POLICY, emergency.now)
    assert shown is not None
    assert (shown.open, shown.busy) == (True, True)
    assert await offers_of_driver.open_offers(emergency.session, winner.id, POLICY, emergency.now) == ()


async def test_r6_3_not_today_is_shown_on_all_offers_of_that_day(emergency: Emergency) -> None:
    [driver, other] = await emergency.drivers(2)
    first = await emergency.open()
    second = (await another_window(emergency, "R13")).window_id
    card = await emergency.fleet.window_card(emergency.manager, second)
    await all_sent(emergency)
    await decline_day(emergency.session, driver, first, emergency.now)
    rows = await offers(emergency)
    assert rows[second, driver.id].redraw is True
    assert rows[second, other.id].redraw is False
    assert (await emergency.session.get_one(Delivery, card)).redraw is True


async def test_r11_1_an_offer_is_read_when_its_button_answers_it(emergency: Emergency) -> None:
    [taker, decliner, idle] = await emergency.drivers(3)
    window = await emergency.open()
    await decline_day(emergency.session, decliner, window, emergency.now)
    await accept(emergency.session, taker, window, emergency.now)
    offered = Notification.type == NotificationType.EMERGENCY_ROUTE_AVAILABLE
    rows = await emergency.session.execute(select(Notification.user_id, Notification.read).where(offered))
    read = {row.user_id: row.read for row in rows}
    assert read == {taker.id: True, decliner.id: True, idle.id: False}


async def test_r11_3_nobody_is_asked_for_a_slot_that_another_program_filled(emergency: Emergency) -> None:
    drivers = await emergency.drivers(35)
    window = await emergency.open()
    filled = {"user_id": drivers[0].id, "status": "scheduled"}
    await emergency.session.execute(update(Assignment).where(Assignment.id == emergency.slot.id).values(filled))
    assert await next_wave(emergency.session, emergency.now + MINUTE) is None
    shown = await offers_of_driver.offer(emergency.session, drivers[1].id, window, POLICY, emergency.now)
    assert shown is None or (shown.open, shown.taken) == (False, True)
    closed = await close_due(emergency.session, emergency.now + timedelta(hours=9))
    assert closed == ClosedEmpty(window, unfilled=False, told=0)


async def test_r1_3a_terms_that_are_there_already_are_no_obstacle(emergency: Emergency) -> None:
    [driver] = await emergency.drivers(1)
    window = await emergency.open()
    confirm_by = emergency.now + timedelta(hours=1)
    await emergency.fleet.put(AssignmentTerms, {"assignment_id": emergency.slot.id, "confirm_by": confirm_by})
    award = await accept(emergency.session, driver, window, emergency.now)
    assert isinstance(award, Award)
    terms = (await emergency.session.execute(select(AssignmentTerms.arrive_by, AssignmentTerms.confirm_by))).one()
    assert tuple(terms) == (award.arrive_by, confirm_by)


async def test_r13_a_won_bid_is_audited(emergency: Emergency) -> None:
    [driver] = await emergency.drivers(1)
    window = await emergency.open()
    award = await accept(emergency.session, driver, window, emergency.now)
    assert isinstance(award, Award)
    bids = select(AuditLog.action, AuditLog.changes).where(AuditLog.entity_type == "bid")
    [(action, changes)] = (await emergency.session.execute(bids)).all()
    assert action == "won"
    assert changes["after"]["score"] == award.score


async def unfilled(emergency: Emergency) -> tuple[uuid.UUID, uuid.UUID]:
    """R12's window has closed with nobody in it; the manager's notice of it is in his chat."""
    window = await emergency.open()
    assert await close_due(emergency.session, emergency.now + timedelta(hours=9)) == ClosedEmpty(window, True, 1)
    sent = {"state": DeliveryState.SENT, "chat_id": 1, "message_id": 1, "redraw": False, "due_at": None}
    mine = Delivery.kind == Kind.ROUTE_UNFILLED
    await emergency.session.execute(update(Delivery).where(mine).values(sent))
    return window, (await emergency.session.scalars(select(Delivery.id).where(mine))).one()


async def test_r11_3_nobody_took_it_has_no_point_once_somebody_has_it_or_the_day_is_over(emergency: Emergency) -> None:
    window, _ = await unfilled(emergency)
    kind = table_of_kinds(POLICY, "Acme")[Kind.ROUTE_UNFILLED]

    async def has_point(at: datetime) -> bool:
        return kind.has_point(await kind.load(emergency.session, emergency.manager.id, window, at), at)

    midnight = emergency.now.replace(hour=0, minute=0) + timedelta(days=1)
    assert await has_point(midnight - MINUTE)
    assert not await has_point(midnight)
    [driver] = await emergency.drivers(1)
    filled = {"user_id": driver.id, "status": "scheduled"}
    await emergency.session.execute(update(Assignment).where(Assignment.id == emergency.slot.id).values(filled))
    assert not await has_point(emergency.now)
    closed = {"user_id": None, "status": "cancelled"}
    await emergency.session.execute(update(Assignment).where(Assignment.id == emergency.slot.id).values(closed))
    assert not await has_point(emergency.now)


async def test_r11_1_nobody_took_it_says_who_has_it_once_a_later_window_is_taken(emergency: Emergency) -> None:
    window, card = await unfilled(emergency)
    at = emergency.now + timedelta(hours=9)
    [driver] = await emergency.drivers(1)
    opened = await open_emergency(emergency.session, emergency.manager, emergency.slot, at, until=20)
    assert isinstance(opened, Opened)
    assert isinstance(await accept(emergency.session, driver, opened.window_id, at), Award)
    assert await emergency.session.scalar(select(Delivery.redraw).where(Delivery.id == card)) is True
    facts = await windows.window_card(emergency.session, emergency.manager.id, window, POLICY)
    shown = table_of_kinds(POLICY, "Acme")[Kind.ROUTE_UNFILLED].screen(facts, Reader("en", POLICY.zone)).html
    assert "R12, North is covered" in shown and "<b>D0 Test</b> has it." in shown
