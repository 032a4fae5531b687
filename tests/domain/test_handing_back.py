"""R6.4: what a bid has won at short notice can be handed back for an hour, without incident."""

from datetime import datetime, time, timedelta

from sqlalchemy import select, update

from domain.bidding.resolving import Resolved
from domain.bidding.rules import AlreadyYours, Award
from domain.db.models import BidWindow, ContactSettings, Delivery, Incident, Notification
from domain.db.models.words import (
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    DeliveryState,
    NotificationType,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.handing_back import hand_back
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.queries import own_shift
from domain.time import shift_start
from tests.domain.bidding import Bidding
from tests.domain.world import POLICY, SAY, accept, close_due, contents, next_wave

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


async def won(bidding: Bidding, driver: Person) -> datetime:
    """Awarded 24 h before the start, at 07:00; returns when he is told, at 08:00 (R11.4)."""
    await bidding.bid(driver)
    assert isinstance(await close_due(bidding.session, bidding.closes), Resolved)
    return bidding.closes + HOUR


async def back(bidding: Bidding, driver: Person, at: datetime) -> Left | Refused:
    return await hand_back(bidding.session, driver, bidding.slot.id, SAY, POLICY, at)


async def incidents(bidding: Bidding) -> list[Incident]:
    return list(await bidding.session.scalars(select(Incident)))


async def test_r6_4_handed_back_without_incident(bidding: Bidding, ann: Person, ben: Person) -> None:
    at = await won(bidding, ann) + HOUR
    left = await back(bidding, ann, at)
    assert isinstance(left, Left) and left.reopened is not None
    assert (left.incident, left.told) == (None, 1)
    assert await incidents(bidding) == []
    assert (await bidding.slot_now()).status is AssignmentStatus.CANCELLED
    window = await bidding.session.get_one(BidWindow, left.reopened.window_id)
    assert (window.trigger, window.status, window.mode) == ("cancellation", BidWindowStatus.OPEN, BidWindowMode.INSTANT)
    [told] = await bidding.session.scalars(
        select(Notification).where(Notification.type == NotificationType.ROUTE_CANCELLED)
    )
    assert (told.user_id, (told.data or {})["reason"]) == (bidding.mona.id, "handed_back")


async def test_r6_3_who_has_handed_it_back_is_not_asked_for_it_again(
    bidding: Bidding, ann: Person, ben: Person
) -> None:
    at = await won(bidding, ann)
    left = await back(bidding, ann, at)
    assert isinstance(left, Left) and left.reopened is not None
    asked = await next_wave(bidding.session, at)
    assert asked is not None and asked.asked == 1  # Ben
    again = await accept(bidding.session, ann, left.reopened.window_id, at)
    assert again == Refused(Refusal.LEFT_THIS_SLOT)
    assert isinstance(await accept(bidding.session, ben, left.reopened.window_id, at), Award)


async def test_r2_5_the_button_by_which_he_had_bid_says_that_it_is_over(
    bidding: Bidding, ann: Person, ben: Person
) -> None:
    at = await won(bidding, ann)
    assert await bidding.bid(ann, at) == AlreadyYours()
    left = await back(bidding, ann, at)
    assert isinstance(left, Left) and left.reopened is not None
    for driver in (ann, ben):
        assert await bidding.bid(driver, at) == Refused(Refusal.CLOSED)
        assert await accept(bidding.session, driver, bidding.window, at) == Refused(Refusal.CLOSED)


async def test_r6_4_not_a_second_later(bidding: Bidding, ann: Person) -> None:
    at = await won(bidding, ann)
    before = await contents(bidding.session)
    assert await back(bidding, ann, at + HOUR + SECOND) == Refused(Refusal.TOO_LATE_TO_HAND_BACK)
    assert await contents(bidding.session) == before


async def test_r6_4_the_hour_begins_after_his_own_quiet_hours(bidding: Bidding, ann: Person) -> None:
    quiet = {"user_id": ann.id, "quiet_from": time(23), "quiet_until": time(10)}
    await bidding.fleet.put(ContactSettings, quiet)
    at = await won(bidding, ann) + 3 * HOUR  # 11:00
    shift = await own_shift(bidding.session, ann.id, bidding.slot.id, POLICY)
    assert shift is not None and shift.hand_back_until == at
    assert isinstance(await back(bidding, ann, at), Left)


async def test_r2_5_pressed_twice(bidding: Bidding, ann: Person) -> None:
    at = await won(bidding, ann)
    await back(bidding, ann, at)
    before = await contents(bidding.session)
    assert await back(bidding, ann, at) == Refused(Refusal.SHIFT_GONE)
    assert await contents(bidding.session) == before


async def test_r12_4_nobody_elses(bidding: Bidding, ann: Person, ben: Person) -> None:
    at = await won(bidding, ann)
    for other in (ben, bidding.mona):
        assert await back(bidding, other, at) == Refused(Refusal.NOT_FOUND)


async def test_r6_4_only_what_a_bid_has_won(bidding: Bidding, ann: Person) -> None:
    """An offer that was accepted is meant."""
    await close_due(bidding.session, bidding.closes)
    assert isinstance(await accept(bidding.session, ann, bidding.window, bidding.closes), Award)
    assert await back(bidding, ann, bidding.closes) == Refused(Refusal.TOO_LATE_TO_HAND_BACK)
    shift = await own_shift(bidding.session, ann.id, bidding.slot.id, POLICY)
    assert shift is not None and (shift.won_by, shift.hand_back_until) == (None, None)


async def test_r6_4_by_whatever_button(bidding: Bidding, ann: Person, ben: Person) -> None:
    """[I can't make it] within the hour is the same; after it, it is late."""
    at = await won(bidding, ann)
    reason = CancelReason.OTHER
    left = await cancel_shift(bidding.session, ann, bidding.slot.id, reason, None, SAY, POLICY, at + HOUR)
    assert isinstance(left, Left) and left.incident is None
    assert await incidents(bidding) == []


async def test_r5_3_after_the_hour_it_is_late(bidding: Bidding, ann: Person) -> None:
    at = await won(bidding, ann)
    reason = CancelReason.OTHER
    left = await cancel_shift(bidding.session, ann, bidding.slot.id, reason, None, SAY, POLICY, at + HOUR + SECOND)
    assert isinstance(left, Left) and left.incident is not None


async def test_his_messages_of_it_turn(bidding: Bidding, ann: Person) -> None:
    """The offer that said that it is his, and his card of it."""
    await next_wave(bidding.session, bidding.now)
    at = await won(bidding, ann)
    rows = (await bidding.session.scalars(select(Delivery).where(Delivery.user_id == ann.id))).all()
    for row in rows:
        row.state, row.message_id, row.redraw, row.due_at = DeliveryState.SENT, 7, False, None
    await bidding.session.flush()
    await back(bidding, ann, at)
    redrawn = await bidding.session.execute(
        select(Delivery.kind, Delivery.redraw)
        .where(Delivery.user_id == ann.id)
        .execution_options(populate_existing=True)
    )
    assert dict(redrawn.tuples().all()) == {Kind.OFFER: True, Kind.WON: True}


async def test_r6_4_awarded_earlier_it_is_an_early_cancellation_anyway(bidding: Bidding, ann: Person) -> None:
    bidding.closes = shift_start(bidding.slot.on, POLICY) - timedelta(hours=48)
    await bidding.session.execute(update(BidWindow).values(closes_at=bidding.closes))
    await won(bidding, ann)
    shift = await own_shift(bidding.session, ann.id, bidding.slot.id, POLICY)
    assert shift is not None and (shift.won_by, shift.hand_back_until) == (bidding.window, None)
