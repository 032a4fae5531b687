"""R6.4 to R6.6: bids are placed, withdrawn and awarded; where nobody may have it, it goes on."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from domain.bidding.bids import place_bid, withdraw_bid
from domain.bidding.resolving import NobodyEligible, Resolved, resolve_window
from domain.bidding.rules import AlreadyYours, Award, Bids, Withdraws
from domain.coverage.actions import Declined, WaveSent, decline_day
from domain.coverage.ending import BecameInstant, ClosedEmpty
from domain.db.models import (
    Assignment,
    AuditLog,
    Bid,
    BidWindow,
    DayDecline,
    Delivery,
    DriverHealthState,
    DriverMetrics,
    Employment,
    Notification,
    TimeOff,
    User,
    WindowWaves,
)
from domain.db.models.words import (
    AssignedBy,
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    DeliveryState,
    NotificationType,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.time import arrive_by, shift_start
from tests.domain.bidding import Bidding
from tests.domain.world import POLICY, SAY, accept, close_due, contents, next_wave

MS, SECOND, MINUTE, HOUR = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


# -- placing


async def test_r6_4_one_pending_bid_each(bidding: Bidding, ann: Person, ben: Person) -> None:
    assert await bidding.bid(ann) == Bids(bidding.closes)
    assert await bidding.bid(ben) == Bids(bidding.closes)
    before = await contents(bidding.session)
    assert await bidding.bid(ann, bidding.now + MINUTE) == Bids(bidding.closes)  # pressed again: one effect (R2.5)
    assert await contents(bidding.session) == before
    [bid] = await bidding.session.scalars(select(Bid).where(Bid.user_id == ann.id))
    assert (bid.assignment_id, bid.status, bid.bid_at) == (bidding.slot.id, BidStatus.PENDING, bidding.now)
    assert (bid.window_closes_at, bid.score, bid.resolved_at) == (bidding.closes, None, None)
    [entry] = await bidding.session.scalars(select(AuditLog).where(AuditLog.entity_id == bid.id))
    assert (entry.action, entry.actor_id) == ("placed", ann.id)
    assert (await bidding.slot_now()).status is AssignmentStatus.UNFILLED


async def test_r6_4_until_it_closes(bidding: Bidding, ann: Person, ben: Person) -> None:
    assert await bidding.bid(ann, bidding.closes - MS) == Bids(bidding.closes)
    before = await contents(bidding.session)
    assert await bidding.bid(ben, bidding.closes) == Refused(Refusal.CLOSED)
    assert await bidding.bid(ben, bidding.closes + MS) == Refused(Refusal.CLOSED)
    assert await contents(bidding.session) == before


async def test_r6_3_who_may_bid(bidding: Bidding) -> None:
    """The grounds of R6.3; who drives at this moment may bid for another day. Refusals write nothing."""
    fleet, north = bidding.fleet, bidding.north
    busy, left = await fleet.driver(home=north), await fleet.driver(home=north)
    await fleet.shift(await fleet.route("X2", north), busy, bidding.slot.on)
    await fleet.cancelled_by(left, bidding.slot.route, bidding.slot.on)
    driving = await fleet.driver(home=north)
    await fleet.shift(await fleet.route("X1", north), driving, status=AssignmentStatus.ACTIVE)
    refused = {
        Refusal.NOT_A_DRIVER: bidding.mona,
        Refusal.NOT_EMPLOYED: await fleet.driver(home=north, employed=(date(2020, 1, 1), date(2021, 1, 1))),
        Refusal.AWAY: await fleet.driver(home=north, off=(bidding.slot.on, bidding.slot.on)),
        Refusal.WAREHOUSE_NOT_HIS: await fleet.driver(home=await fleet.warehouse("South")),
        Refusal.FLAGGED: await fleet.driver(home=north, flagged=True),
        Refusal.OUT_OF_POOL: await fleet.driver(home=north, in_pool=False),
        Refusal.LEFT_THIS_SLOT: left,
        Refusal.BUSY: busy,
        Refusal.AT_CAP: await fleet.driver(home=north, cap=0),
    }
    before = await contents(bidding.session)
    for why, driver in refused.items():
        assert await bidding.bid(driver) == Refused(why)
    assert await place_bid(bidding.session, driving, uuid.uuid4(), POLICY, bidding.now) == Refused(Refusal.NOT_FOUND)
    assert await contents(bidding.session) == before
    assert await bidding.bid(driving) == Bids(bidding.closes)


async def test_r6_6_what_is_accepted_is_not_bid_for(bidding: Bidding, ann: Person) -> None:
    for mode in (BidWindowMode.INSTANT, BidWindowMode.EMERGENCY):
        await bidding.session.execute(update(BidWindow).values(mode=mode))
        assert await bidding.bid(ann) == Refused(Refusal.ACCEPT_INSTEAD)
        assert await withdraw_bid(bidding.session, ann, bidding.window, bidding.now) == Refused(Refusal.ACCEPT_INSTEAD)


async def test_r6_3_a_bid_takes_not_that_day_back(bidding: Bidding, ann: Person, ben: Person) -> None:
    for driver in (ann, ben):
        await bidding.fleet.decline(driver, bidding.slot.on)
    await bidding.bid(ann)
    assert (await bidding.session.scalars(select(DayDecline.user_id))).all() == [ben.id]
    back = select(AuditLog).where(AuditLog.action == "day_taken_back")
    [entry] = await bidding.session.scalars(back)
    assert (entry.entity_id, entry.actor_id) == (ann.id, ann.id)
    assert (entry.changes or {})["before"] == {"date": bidding.slot.on.isoformat()}


# -- withdrawing


async def test_r6_4_withdrawn_it_is_deleted_and_audited(bidding: Bidding, ann: Person, ben: Person) -> None:
    await bidding.bid(ann)
    await bidding.bid(ben)
    bid_id = await bidding.session.scalar(select(Bid.id).where(Bid.user_id == ann.id))
    assert await withdraw_bid(bidding.session, ann, bidding.window, bidding.now + MINUTE) == Withdraws()
    assert await bidding.bids() == {ben.id: BidStatus.PENDING}
    actions = await bidding.session.scalars(
        select(AuditLog.action).where(AuditLog.entity_id == bid_id).order_by(AuditLog.created_at)
    )
    assert actions.all() == ["placed", "withdrawn"]
    before = await contents(bidding.session)
    assert await withdraw_bid(bidding.session, ann, bidding.window, bidding.now + MINUTE) == Withdraws()
    assert await contents(bidding.session) == before
    assert await bidding.bid(ann, bidding.now + HOUR) == Bids(bidding.closes)
    again = await bidding.session.scalar(select(Bid.bid_at).where(Bid.user_id == ann.id))
    assert again == bidding.now + HOUR  # ties go to the earlier bid


async def test_r6_4_not_once_it_has_closed(bidding: Bidding, ann: Person) -> None:
    await bidding.bid(ann)
    assert await withdraw_bid(bidding.session, ann, bidding.window, bidding.closes) == Refused(Refusal.CLOSED)
    assert await bidding.bids() == {ann.id: BidStatus.PENDING}
    await close_due(bidding.session, bidding.closes)
    assert await withdraw_bid(bidding.session, ann, bidding.window, bidding.closes) == AlreadyYours()
    assert await bidding.bid(ann, bidding.closes) == AlreadyYours()


async def test_r6_3_not_that_day_withdraws_what_is_bid_for_that_day(bidding: Bidding, ann: Person) -> None:
    """He can't both be unwilling and win."""
    other = await bidding.fleet.slot(await bidding.fleet.route("R13", bidding.north), bidding.slot.on)
    window = await bidding.fleet.window(other, BidWindowMode.COMPETITIVE, closes_at=bidding.closes)
    later = await bidding.fleet.slot(await bidding.fleet.route("R14", bidding.north), bidding.fleet.day(4))
    of_later = await bidding.fleet.window(later, BidWindowMode.COMPETITIVE, closes_at=bidding.closes)
    while await next_wave(bidding.session, bidding.now) is not None:
        pass
    for each in (bidding.window, window, of_later):
        assert isinstance(await place_bid(bidding.session, ann, each, POLICY, bidding.now), Bids)
    await decline_day(bidding.session, ann, window, bidding.now + MINUTE)
    left = await bidding.session.scalars(select(Bid.assignment_id).where(Bid.user_id == ann.id))
    assert left.all() == [later.id]
    withdrawn = select(func.count()).where(AuditLog.action == "withdrawn", AuditLog.actor_id == ann.id)
    assert await bidding.session.scalar(withdrawn) == 2


async def test_r6_5_who_has_said_not_that_day_by_then_is_not_awarded(bidding: Bidding, ann: Person) -> None:
    """The bids have closed, and the duty is not there yet: he has said that he won't come before it was his."""
    other = await bidding.fleet.slot(await bidding.fleet.route("R13", bidding.north), bidding.slot.on)
    window = await bidding.fleet.window(other, BidWindowMode.COMPETITIVE, closes_at=bidding.closes + HOUR)
    while await next_wave(bidding.session, bidding.now) is not None:
        pass
    assert await bidding.bid(ann) == Bids(bidding.closes)
    assert await decline_day(bidding.session, ann, window, bidding.closes) == Declined()
    assert await bidding.bids() == {}
    assert await close_due(bidding.session, bidding.closes + SECOND) == BecameInstant(bidding.window)
    assert await bidding.told(NotificationType.BID_WON) == []


async def test_r6_3_not_that_day_is_shown_where_he_had_not_been_asked(bidding: Bidding, ann: Person) -> None:
    """He has found it under /open: the manager's card counts his bid no longer."""
    found = await bidding.fleet.slot(await bidding.fleet.route("R13", bidding.north), bidding.slot.on)
    window = await bidding.fleet.window(found, BidWindowMode.COMPETITIVE, closes_at=bidding.closes, waves=False)
    assert await next_wave(bidding.session, bidding.now) is not None
    assert isinstance(await place_bid(bidding.session, ann, window, POLICY, bidding.now), Bids)
    card = await bidding.fleet.window_card(bidding.mona, window)
    await decline_day(bidding.session, ann, bidding.window, bidding.now + MINUTE)
    assert await bidding.bids() == {}
    assert (await bidding.session.get_one(Delivery, card, populate_existing=True)).redraw is True


# -- awarding


async def test_r6_5_the_best_wins_when_it_closes(bidding: Bidding, ann: Person, ben: Person, cid: Person) -> None:
    for driver in (cid, ben, ann):
        await bidding.bid(driver)
    assert await close_due(bidding.session, bidding.closes - MS) is None
    assert await close_due(bidding.session, bidding.closes) == Resolved(bidding.window, bidding.slot.id, ann.id, 3)
    slot, window = await bidding.slot_now(), await bidding.window_now()
    assert (slot.status, slot.user_id, slot.assigned_by) == (AssignmentStatus.SCHEDULED, ann.id, AssignedBy.BID)
    assert (slot.assigned_at, slot.confirmed_at) == (bidding.closes, bidding.closes)  # winning is confirming (R4.4)
    assert (window.status, window.winner_id) == (BidWindowStatus.RESOLVED, ann.id)
    assert await bidding.bids() == {ann.id: BidStatus.WON, ben.id: BidStatus.LOST, cid.id: BidStatus.LOST}
    assert (await bidding.session.get_one(WindowWaves, bidding.window)).next_at is None
    assert (await bidding.session.get_one(DriverMetrics, ann.id)).bid_pickups == 1  # R6.10
    assert await close_due(bidding.session, bidding.closes + HOUR) is None  # and again: nothing


async def test_r6_5_exactly_one_outcome_each(bidding: Bidding, ann: Person, ben: Person, cid: Person) -> None:
    for driver in (ann, ben, cid):
        await bidding.bid(driver)
    await close_due(bidding.session, bidding.closes)
    assert await bidding.told(NotificationType.BID_WON) == [ann.id]
    assert sorted(await bidding.told(NotificationType.BID_LOST)) == sorted([ben.id, cid.id])
    rows = await bidding.session.scalars(select(Delivery).where(Delivery.kind.in_([Kind.WON, Kind.BID_LOST])))
    sent = {row.user_id: (row.kind, row.about, row.level) for row in rows}
    lost = (Kind.BID_LOST, bidding.window, Urgency.NORMAL)
    assert sent == {ann.id: (Kind.WON, bidding.slot.id, Urgency.IMPORTANT), ben.id: lost, cid.id: lost}


async def test_r1_3a_its_terms_are_those_of_the_award(bidding: Bidding, ann: Person) -> None:
    await bidding.bid(ann)
    await close_due(bidding.session, bidding.closes)
    [won] = await bidding.session.scalars(select(Notification).where(Notification.type == NotificationType.BID_WON))
    assert won.data is not None
    assert won.data["arrive_by"] == arrive_by(bidding.slot.on, bidding.closes, POLICY).isoformat()


async def busy(bidding: Bidding, ann: Person) -> None:
    await bidding.fleet.shift(await bidding.fleet.route("X1", bidding.north), ann, bidding.slot.on)


async def at_cap(bidding: Bidding, ann: Person) -> None:
    await bidding.session.execute(update(User).where(User.id == ann.id).values(weekly_cap=1))
    await bidding.fleet.shift(await bidding.fleet.route("X1", bidding.north), ann, bidding.fleet.day(2))


async def flagged(bidding: Bidding, ann: Person) -> None:
    await bidding.session.execute(update(User).where(User.id == ann.id).values(is_flagged=True))


async def stopped(bidding: Bidding, ann: Person) -> None:
    await bidding.fleet.put(
        DriverHealthState, {"user_id": ann.id, "assignment_pool_eligible": False, "updated_at": bidding.now}
    )


async def away(bidding: Bidding, ann: Person) -> None:
    await bidding.fleet.add(TimeOff, user_id=ann.id, starts_on=bidding.slot.on, ends_on=bidding.slot.on, kind="ill")


async def gone(bidding: Bidding, ann: Person) -> None:
    await bidding.session.execute(
        update(Employment).where(Employment.user_id == ann.id).values(ends_on=bidding.fleet.today)
    )


async def elsewhere(bidding: Bidding, ann: Person) -> None:
    south = await bidding.fleet.warehouse("South")
    await bidding.session.execute(update(Employment).where(Employment.user_id == ann.id).values(warehouse_id=south))


async def left_it(bidding: Bidding, ann: Person) -> None:
    await bidding.fleet.cancelled_by(ann, bidding.slot.route, bidding.slot.on)


async def no_driver(bidding: Bidding, ann: Person) -> None:
    await bidding.session.execute(update(User).where(User.id == ann.id).values(role="manager"))


MEANWHILE = {
    Refusal.NOT_A_DRIVER: no_driver,
    Refusal.NOT_EMPLOYED: gone,
    Refusal.AWAY: away,
    Refusal.WAREHOUSE_NOT_HIS: elsewhere,
    Refusal.FLAGGED: flagged,
    Refusal.OUT_OF_POOL: stopped,
    Refusal.LEFT_THIS_SLOT: left_it,
    Refusal.BUSY: busy,
    Refusal.AT_CAP: at_cap,
}


@pytest.mark.parametrize("ground", MEANWHILE)
async def test_r6_5_award_rechecks(bidding: Bidding, ann: Person, ben: Person, ground: Refusal) -> None:
    """What befell him between bid and award: the next one has it, and he is told as every other."""
    for driver in (ann, ben):
        await bidding.bid(driver)
    meanwhile: Callable[[Bidding, Person], Awaitable[None]] = MEANWHILE[ground]
    await meanwhile(bidding, ann)
    assert await close_due(bidding.session, bidding.closes) == Resolved(bidding.window, bidding.slot.id, ben.id, 2)
    assert await bidding.bids() == {ann.id: BidStatus.LOST, ben.id: BidStatus.WON}
    assert await bidding.told(NotificationType.BID_LOST) == [ann.id]
    [entry] = await bidding.session.scalars(select(AuditLog).where(AuditLog.action == "resolved"))
    assert entry.changes is not None
    why = {each["driver_id"]: each["refusal"] for each in entry.changes["facts"]["bids"]}
    assert why == {str(ann.id): ground, str(ben.id): None}


# -- nobody who may have it


async def test_r6_6_without_an_eligible_bidder_it_becomes_instant(bidding: Bidding, ann: Person, ben: Person) -> None:
    """Pending bids are lost without a message of their own; eligible drivers are told again, and bidders may accept."""
    assert await next_wave(bidding.session, bidding.now) == WaveSent(bidding.window, 2)
    await bidding.bid(ann)
    await flagged(bidding, ann)
    await bidding.session.execute(
        update(Delivery).values(state=DeliveryState.SENT, due_at=None, message_id=7, redraw=False)
    )
    await close_due(bidding.session, bidding.closes - MS)
    assert await close_due(bidding.session, bidding.closes) == BecameInstant(bidding.window)
    window = await bidding.window_now()
    assert (window.mode, window.status) == (BidWindowMode.INSTANT, BidWindowStatus.OPEN)
    assert window.closes_at == shift_start(bidding.slot.on, POLICY)
    assert await bidding.bids() == {ann.id: BidStatus.LOST}
    assert await bidding.told(NotificationType.BID_LOST) == []
    redrawn = await bidding.session.scalars(select(Delivery.redraw).where(Delivery.kind == Kind.OFFER))
    assert redrawn.all() == [True, True]  # [Bid] is no longer what can be pressed
    assert await next_wave(bidding.session, bidding.closes) == WaveSent(bidding.window, 1)  # not Ann
    told = await bidding.told(NotificationType.BID_OPEN)
    assert (told.count(ann.id), told.count(ben.id)) == (1, 2)
    await bidding.session.execute(update(User).values(is_flagged=False))
    assert isinstance(await accept(bidding.session, ann, bidding.window, bidding.closes + MINUTE), Award)
    assert sorted((await bidding.session.scalars(select(Bid.status).where(Bid.user_id == ann.id))).all()) == [
        BidStatus.LOST,
        BidStatus.WON,
    ]


async def test_r6_6_competitive_then_instant_then_closed(bidding: Bidding) -> None:
    start = shift_start(bidding.slot.on, POLICY)
    assert await close_due(bidding.session, bidding.closes) == BecameInstant(bidding.window)
    assert await close_due(bidding.session, start - MS) is None
    assert await close_due(bidding.session, start) == ClosedEmpty(bidding.window, unfilled=True, told=1)
    assert await bidding.told(NotificationType.ROUTE_UNFILLED) == [bidding.mona.id]
    assert await close_due(bidding.session, start + HOUR) is None


async def test_r6_2_once_the_shift_has_started_nobody_is_given_it_by_his_bid(bidding: Bidding, ann: Person) -> None:
    """The duty was not there for a day: he could not know that he drives."""
    await bidding.bid(ann)
    start = shift_start(bidding.slot.on, POLICY)
    assert await close_due(bidding.session, start) == ClosedEmpty(bidding.window, unfilled=True, told=1)
    assert await bidding.bids() == {ann.id: BidStatus.LOST}
    [lost] = await bidding.session.scalars(select(Notification).where(Notification.type == NotificationType.BID_LOST))
    assert (lost.user_id, (lost.data or {})["why"]) == (ann.id, "too_late")


@pytest.mark.parametrize(
    ("status", "why"), [(AssignmentStatus.SCHEDULED, "taken"), (AssignmentStatus.CANCELLED, "closed")]
)
async def test_r2_3_a_slot_that_another_program_filled_is_not_awarded(
    bidding: Bidding, ann: Person, ben: Person, status: AssignmentStatus, why: str
) -> None:
    await bidding.bid(ann)
    await bidding.session.execute(update(Assignment).where(Assignment.id == bidding.slot.id).values(status=status))
    assert await close_due(bidding.session, bidding.closes) == ClosedEmpty(bidding.window, unfilled=False, told=0)
    assert (await bidding.window_now()).status is BidWindowStatus.CLOSED
    [lost] = await bidding.session.scalars(select(Notification).where(Notification.type == NotificationType.BID_LOST))
    assert (lost.user_id, (lost.data or {})["why"]) == (ann.id, why)


async def test_r6_9_closed_early_by_a_manager(bidding: Bidding, ann: Person) -> None:
    """`resolve_window` at any time; where nobody may have it nothing is written, and the caller decides."""
    nobody = await resolve_window(bidding.session, bidding.window, bidding.mona.id, SAY, POLICY, bidding.now)
    assert isinstance(nobody, NobodyEligible) and nobody.bidders == ()
    await bidding.bid(ann)
    resolved = await resolve_window(bidding.session, bidding.window, bidding.mona.id, SAY, POLICY, bidding.now + MINUTE)
    assert resolved == Resolved(bidding.window, bidding.slot.id, ann.id, 1)
    [entry] = await bidding.session.scalars(select(AuditLog).where(AuditLog.action == "resolved"))
    assert entry.actor_id == bidding.mona.id


# -- who is told of it


async def test_r6_3_competitive_windows_are_told_in_waves(bidding: Bidding, ann: Person, ben: Person) -> None:
    await bidding.bid(ben)  # he had seen it under /open
    assert await next_wave(bidding.session, bidding.now) == WaveSent(bidding.window, 1)
    [offer] = await bidding.session.scalars(select(Delivery).where(Delivery.kind == Kind.OFFER))
    assert (offer.user_id, offer.level, offer.expires_at) == (ann.id, Urgency.NORMAL, bidding.closes)
    [told] = await bidding.session.scalars(select(Notification))
    assert (told.type, told.user_id) == (NotificationType.BID_OPEN, ann.id)
    assert "bid" in told.title + told.body
    assert await next_wave(bidding.session, bidding.now + 5 * MINUTE - SECOND) is None
    await bidding.driver("Dee", 0.1)
    assert await next_wave(bidding.session, bidding.now + 5 * MINUTE) == WaveSent(bidding.window, 1)
    assert await bidding.session.scalar(select(func.count()).select_from(Notification)) == 2
