"""R6.7 and what an award writes (R2.3, R4.4, R6.5, R6.10, R13); refusals write nothing (R2.5)."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.offers import offer, open_offers
from domain.bidding.rules import AlreadyYours, Award, Standing, parts
from domain.coverage.actions import decline_day
from domain.coverage.opening import Opened
from domain.coverage.windows import window_card
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    AuditLog,
    Bid,
    BidWindow,
    DayDecline,
    Delivery,
    DriverMetrics,
    Notification,
    User,
)
from domain.db.models.words import (
    ActorType,
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
from domain.shifts.queries import own_shifts
from domain.time import arrive_by, emergency_close, shift_start, week_of
from tests.domain.world import POLICY, Fleet, Slot, accept, contents, open_emergency

MINUTE = timedelta(minutes=1)


class Open:
    """R12 at North is open as an emergency; Ann, Ben and Cid were asked."""

    def __init__(self, fleet: Fleet, mona: Person, slot: Slot, drivers: list[Person], window: uuid.UUID) -> None:
        self.fleet, self.mona, self.slot, self.window = fleet, mona, slot, window
        self.ann, self.ben, self.cid = drivers


@pytest.fixture
async def it(fleet: Fleet, session: AsyncSession) -> Open:
    mona = await fleet.manager("Mona")
    north = await fleet.warehouse("North", mona)
    slot = await fleet.slot(await fleet.route("R12", north))
    drivers = [
        await fleet.driver(
            name, home=north, completion=0.9, attendance=0.7, completions={slot.route: 7}, prefers=[slot.route]
        )
        for name in ("Ann", "Ben", "Cid")
    ]
    opened = await open_emergency(session, mona, slot, fleet.now)
    assert isinstance(opened, Opened)
    return Open(fleet, mona, slot, drivers, opened.window_id)


async def test_r2_3_the_slot_is_his(session: AsyncSession, it: Open, now: datetime) -> None:
    at = now + 40 * MINUTE  # 08:00
    award = await accept(session, it.ann, it.window, at)
    assert isinstance(award, Award)
    slot = await session.get_one(Assignment, it.slot.id)
    assert (slot.user_id, slot.status) == (it.ann.id, AssignmentStatus.SCHEDULED)
    assert (slot.assigned_by, slot.assigned_at, slot.updated_at) == (AssignedBy.BID, at, at)
    assert slot.confirmed_at == at  # R4.4
    terms = await session.get_one(AssignmentTerms, it.slot.id)
    assert terms.arrive_by == award.arrive_by == arrive_by(it.slot.on, at, POLICY) == at + 90 * MINUTE


async def test_r6_5_the_bid_and_the_window(session: AsyncSession, it: Open, now: datetime) -> None:
    award = await accept(session, it.ann, it.window, now)
    assert isinstance(award, Award)
    [bid] = await session.scalars(select(Bid))
    assert (bid.assignment_id, bid.user_id, bid.status) == (it.slot.id, it.ann.id, BidStatus.WON)
    assert (bid.bid_at, bid.resolved_at) == (now, now)
    assert bid.window_closes_at == emergency_close(it.slot.on, POLICY)
    assert bid.score == pytest.approx(award.score)
    assert award.score == pytest.approx(0.4 * 0.9 + 0.3 * 7 / 20 + 0.2 * 0.7 + 0.1)
    window = await session.get_one(BidWindow, it.window)
    assert (window.status, window.winner_id) == (BidWindowStatus.RESOLVED, it.ann.id)


async def test_r6_10_every_award_is_counted(session: AsyncSession, it: Open, now: datetime) -> None:
    new = await it.fleet.driver("New", home=it.slot.warehouse)  # R9.6: counters exist from his first event
    await accept(session, new, it.window, now)
    metrics = await session.get_one(DriverMetrics, new.id)
    assert (metrics.bid_pickups, metrics.total_assigned, metrics.confirmed_shifts) == (1, 1, 1)
    assert (metrics.total_shifts, metrics.attendance_rate, metrics.updated_at) == (0, 0, now)


async def test_r6_10_and_added_to_those_before(session: AsyncSession, it: Open, now: datetime) -> None:
    before = {"bid_pickups": 3, "total_assigned": 40, "confirmed_shifts": 38, "total_shifts": 37}
    await session.execute(update(DriverMetrics).where(DriverMetrics.user_id == it.ann.id).values(**before))
    await accept(session, it.ann, it.window, now)
    metrics = await session.get_one(DriverMetrics, it.ann.id, populate_existing=True)
    assert (metrics.bid_pickups, metrics.total_assigned, metrics.confirmed_shifts) == (4, 41, 39)
    assert metrics.total_shifts == 37
    assert metrics.completion_rate == pytest.approx(0.9)
    other = await session.get_one(DriverMetrics, it.ben.id)
    assert other.bid_pickups == 0


def recomputed(facts: Mapping[str, Any]) -> float:
    standing = {name: value for name, value in facts.items() if name != "score"}
    return parts(Standing(**standing | {"driver_id": uuid.UUID(facts["driver_id"])}), POLICY).score


async def test_r13_from_the_audit_the_score_can_be_recomputed(session: AsyncSession, it: Open, now: datetime) -> None:
    award = await accept(session, it.ann, it.window, now)
    assert isinstance(award, Award)
    entries = {
        entry.entity_type: entry
        for entry in await session.scalars(select(AuditLog).where(AuditLog.actor_id == it.ann.id))
    }
    assert set(entries) == {"assignment", "bid", "bid_window"}
    for entry in entries.values():
        assert (entry.actor_type, entry.created_at) == (ActorType.USER, now)
    assigned, resolved = entries["assignment"], entries["bid_window"]
    assert (assigned.entity_id, resolved.entity_id) == (it.slot.id, it.window)
    assert assigned.changes is not None and resolved.changes is not None
    assert assigned.changes["before"] == {"status": "unfilled", "user_id": None}
    assert assigned.changes["after"]["status"] == "scheduled"
    assert assigned.changes["after"]["user_id"] == str(it.ann.id)
    assert resolved.changes["after"] == {"status": "resolved", "winner_id": str(it.ann.id)}
    facts = assigned.changes["facts"]
    assert (facts["route_completions"], facts["prefers_route"]) == (7, True)
    assert recomputed(facts) == facts["score"] == award.score


async def test_r6_5_bid_won_in_the_inbox(session: AsyncSession, it: Open, now: datetime) -> None:
    await accept(session, it.ann, it.window, now)
    [won] = await session.scalars(select(Notification).where(Notification.type == NotificationType.BID_WON))
    assert (won.user_id, won.read, won.created_at) == (it.ann.id, True, now)  # the answer to his own press told him
    assert won.data is not None
    assert (won.data["kind"], won.data["about"]) == (Kind.WON, str(it.slot.id))
    assert "R12" in won.title + won.body and "09:00" in won.body
    delivered = select(func.count()).select_from(Delivery).where(Delivery.notification_id == won.id)
    assert await session.scalar(delivered) == 0


async def test_r11_3_the_other_offers_lose_their_point(session: AsyncSession, it: Open, now: datetime) -> None:
    """Unsent: cancelled. Shown, or on its way this moment: redrawn, behind everything else (R11.8)."""
    sms = await it.fleet.driver("Sms", home=it.slot.warehouse, linked=False)
    await session.execute(
        update(Delivery).where(Delivery.user_id == it.ben.id).values(state=DeliveryState.SENT, due_at=None)
    )
    await session.execute(update(Delivery).where(Delivery.user_id == it.cid.id).values(state=DeliveryState.SENDING))
    card = await it.fleet.window_card(it.mona, it.window)
    other_window = await it.fleet.window(await it.fleet.slot(await it.fleet.route("R13", it.slot.warehouse)))
    other_card = await it.fleet.window_card(it.mona, other_window)
    at = now + MINUTE
    await accept(session, it.ann, it.window, at)
    session.expire_all()
    offers = {row.user_id: row for row in await session.scalars(select(Delivery).where(Delivery.kind == Kind.OFFER))}
    assert sms.id not in offers
    ann, ben, cid = offers[it.ann.id], offers[it.ben.id], offers[it.cid.id]
    assert (ann.state, ann.due_at) == (DeliveryState.CANCELLED, None)  # he knows already
    assert (ben.state, ben.redraw, ben.due_at, ben.urgency) == (DeliveryState.SENT, True, at, Urgency.TIDYING)
    assert (cid.state, cid.redraw, cid.due_at, cid.urgency) == (DeliveryState.SENDING, True, at, Urgency.TIDYING)
    shown = await session.get_one(Delivery, card)
    assert (shown.redraw, shown.due_at, shown.urgency) == (True, at, Urgency.IMPORTANT)
    assert (await session.get_one(Delivery, other_card)).redraw is False


async def test_all_home_cards_that_show_it_are_redrawn(session: AsyncSession, it: Open, now: datetime) -> None:
    stranger = await it.fleet.driver("Far", home=None)
    sue = await it.fleet.manager("Sue", await it.fleet.warehouse("South"))
    people = {"ann": it.ann, "ben": it.ben, "mona": it.mona, "stranger": stranger, "sue": sue}
    homes = {name: await it.fleet.home_card(person) for name, person in people.items()}
    sending = await it.fleet.home_card(it.cid, DeliveryState.SENDING)
    failed = await it.fleet.home_card(it.cid, DeliveryState.FAILED)
    at = now + MINUTE
    await accept(session, it.ann, it.window, at)
    session.expire_all()
    rows = {row.id: row for row in await session.scalars(select(Delivery).where(Delivery.kind == Kind.HOME))}
    assert {name for name, card in homes.items() if rows[card].redraw} == {"ann", "ben", "mona"}
    assert (rows[homes["ann"]].urgency, rows[homes["ann"]].due_at) == (Urgency.IMPORTANT, at)
    assert rows[homes["ben"]].urgency == Urgency.TIDYING
    assert (rows[sending].redraw, rows[failed].redraw) == (True, False)


async def test_the_winners_home_is_redrawn_though_he_was_not_asked(
    session: AsyncSession, it: Open, now: datetime
) -> None:
    """Who may bid sees the window under /open (R6.3), asked or not."""
    late = await it.fleet.driver("Late", home=it.slot.warehouse)
    home = await it.fleet.home_card(late)
    assert isinstance(await accept(session, late, it.window, now), Award)
    row = await session.get_one(Delivery, home, populate_existing=True)
    assert (row.redraw, row.urgency) == (True, Urgency.IMPORTANT)


async def test_r6_7_an_instant_window(session: AsyncSession, it: Open, now: datetime) -> None:
    slot = await it.fleet.slot(await it.fleet.route("R13", it.slot.warehouse), it.fleet.day(1))
    closes = shift_start(slot.on, POLICY)
    window = await it.fleet.window(slot, BidWindowMode.INSTANT, closes_at=closes, waves=False)
    assert await accept(session, it.ann, window, closes) == Refused(Refusal.CLOSED)
    award = await accept(session, it.ann, window, closes - timedelta(milliseconds=1))
    assert isinstance(award, Award)
    assert award.arrive_by == arrive_by(slot.on, None, POLICY)


# -- the second press, and others' presses


async def test_r2_5_a_second_press_changes_nothing(session: AsyncSession, it: Open, now: datetime) -> None:
    await accept(session, it.ann, it.window, now)
    before = await contents(session)
    assert await accept(session, it.ann, it.window, now + MINUTE) == AlreadyYours()
    assert await accept(session, it.ann, it.window, now + timedelta(days=1)) == AlreadyYours()
    assert await contents(session) == before


async def test_r6_7_everyone_else_reads_taken(session: AsyncSession, it: Open, now: datetime) -> None:
    await accept(session, it.ann, it.window, now)
    before = await contents(session)
    for other in (it.ben, it.cid):
        assert await accept(session, other, it.window, now) == Refused(Refusal.TAKEN)
    assert await contents(session) == before


async def test_r6_3_refusals_write_nothing(session: AsyncSession, it: Open, now: datetime) -> None:
    fleet, north = it.fleet, it.slot.warehouse
    away = it.slot.on, it.slot.on
    on_shift, busy = await fleet.driver(home=north), await fleet.driver(home=north)
    await fleet.shift(await fleet.route("X1", north), on_shift, status=AssignmentStatus.ACTIVE)
    await fleet.shift(await fleet.route("X2", north), busy)
    left = await fleet.driver(home=north)
    await fleet.cancelled_by(left, it.slot.route, it.slot.on)
    refused = {
        Refusal.NOT_A_DRIVER: it.mona,
        Refusal.NOT_EMPLOYED: await fleet.driver(home=north, employed=(date(2020, 1, 1), date(2021, 1, 1))),
        Refusal.AWAY: await fleet.driver(home=north, off=away),
        Refusal.WAREHOUSE_NOT_HIS: await fleet.driver(home=await fleet.warehouse("South")),
        Refusal.FLAGGED: await fleet.driver(home=north, flagged=True),
        Refusal.OUT_OF_POOL: await fleet.driver(home=north, in_pool=False),
        Refusal.LEFT_THIS_SLOT: left,
        Refusal.ON_SHIFT: on_shift,
        Refusal.BUSY: busy,
        Refusal.AT_CAP: await fleet.driver(home=north, cap=0),
    }
    before = await contents(session)
    for why, driver in refused.items():
        assert await accept(session, driver, it.window, now) == Refused(why)
    closes = emergency_close(it.slot.on, POLICY)
    assert await accept(session, it.ann, it.window, closes) == Refused(Refusal.CLOSED)
    assert await accept(session, it.ann, uuid.uuid4(), now) == Refused(Refusal.NOT_FOUND)
    assert await contents(session) == before


async def test_r12_4_he_is_looked_at_anew_with_every_press(session: AsyncSession, it: Open, now: datetime) -> None:
    await session.execute(update(User).where(User.id == it.ann.id).values(is_flagged=True))
    assert await accept(session, it.ann, it.window, now) == Refused(Refusal.FLAGGED)
    await session.execute(update(User).where(User.id == it.ben.id).values(role="manager"))
    assert await accept(session, it.ben, it.window, now) == Refused(Refusal.NOT_A_DRIVER)


async def test_r2_3_a_slot_that_another_program_filled(session: AsyncSession, it: Open, now: datetime) -> None:
    """The window was left open: nobody's shift is overwritten."""
    filled = {"status": AssignmentStatus.SCHEDULED, "user_id": it.cid.id}
    await session.execute(update(Assignment).where(Assignment.id == it.slot.id).values(**filled))
    before = await contents(session)
    assert await accept(session, it.ann, it.window, now) == Refused(Refusal.TAKEN)
    assert await contents(session) == before


async def test_r6_4_competitive_windows_are_not_accepted(session: AsyncSession, it: Open, now: datetime) -> None:
    slot = await it.fleet.slot(await it.fleet.route("R13", it.slot.warehouse), it.fleet.day(3))
    window = await it.fleet.window(slot, BidWindowMode.COMPETITIVE, waves=False)
    before = await contents(session)
    assert await accept(session, it.ann, window, now) == Refused(Refusal.NOT_FOUND)
    assert await contents(session) == before


async def test_r2_1_the_second_of_two_windows_on_a_date(session: AsyncSession, it: Open, now: datetime) -> None:
    other = await it.fleet.window(await it.fleet.slot(await it.fleet.route("R13", it.slot.warehouse)))
    assert isinstance(await accept(session, it.ann, it.window, now), Award)
    assert await accept(session, it.ann, other, now) == Refused(Refusal.BUSY)


# -- [Not today], taken back


async def test_r6_3_accepting_takes_a_decline_back(session: AsyncSession, it: Open, now: datetime) -> None:
    await decline_day(session, it.ann, it.window, now)
    await decline_day(session, it.ben, it.window, now)
    await it.fleet.decline(it.ann, it.fleet.day(1))
    assert isinstance(await accept(session, it.ann, it.window, now), Award)
    left = await session.execute(select(DayDecline.user_id, DayDecline.on))
    assert set(left.tuples()) == {(it.ben.id, it.slot.on), (it.ann.id, it.fleet.day(1))}


async def test_r6_3_the_managers_card_counts_who_was_asked_and_has_declined_that_day(
    session: AsyncSession, it: Open, now: datetime
) -> None:
    await it.fleet.decline(it.ann, it.fleet.day(1))
    await it.fleet.decline(await it.fleet.driver("Zoe"), it.slot.on)  # whom nobody has asked
    await decline_day(session, it.ben, it.window, now)
    card = await window_card(session, it.mona.id, it.window, POLICY)
    assert card is not None and (card.asked, card.declined) == (3, 1)


async def test_r2_5_a_refused_acceptance_takes_no_decline_back(session: AsyncSession, it: Open, now: datetime) -> None:
    await decline_day(session, it.ann, it.window, now)
    await session.execute(update(User).where(User.id == it.ann.id).values(is_flagged=True))
    before = await contents(session)
    assert await accept(session, it.ann, it.window, now) == Refused(Refusal.FLAGGED)
    assert await contents(session) == before


# -- what is read afterwards


async def test_what_each_sees_of_the_offer(session: AsyncSession, it: Open, now: datetime) -> None:
    stranger = await it.fleet.driver("Far", home=await it.fleet.warehouse("South"))
    assert await offer(session, stranger.id, it.window, POLICY, now) is None  # R12.3: the offers made to him
    found = await offer(session, (await it.fleet.driver("Eve", home=it.slot.warehouse)).id, it.window, POLICY, now)
    assert found is not None and (found.open, found.asked) == (True, False)  # R6.3: whoever may take it
    seen = await offer(session, it.ann.id, it.window, POLICY, now)
    assert seen is not None and (seen.open, seen.taken, seen.mine) == (True, False, False)
    assert [one.window_id for one in await open_offers(session, it.ben.id, POLICY, now)] == [it.window]
    await accept(session, it.ann, it.window, now)
    mine = await offer(session, it.ann.id, it.window, POLICY, now)
    theirs = await offer(session, it.ben.id, it.window, POLICY, now)
    assert mine is not None and (mine.open, mine.taken, mine.mine) == (False, True, True)
    assert theirs is not None and (theirs.open, theirs.taken, theirs.mine) == (False, True, False)
    assert await open_offers(session, it.ben.id, POLICY, now) == ()
    card = await window_card(session, it.mona.id, it.window, POLICY)
    assert card is not None
    assert (card.winner, card.taken_at, card.asked, card.status) == ("Ann Test", now, 3, BidWindowStatus.RESOLVED)


async def test_the_winners_shift(session: AsyncSession, it: Open, now: datetime) -> None:
    at = now + 60 * MINUTE
    award = await accept(session, it.ann, it.window, at)
    assert isinstance(award, Award)
    [shift] = await own_shifts(session, it.ann.id, *week_of(it.slot.on), POLICY)
    assert (shift.route, shift.warehouse, shift.on, shift.confirmed) == ("R12", "North", it.slot.on, True)
    assert (shift.starts_at, shift.arrive_by) == (shift_start(it.slot.on, POLICY), at + 90 * MINUTE)
    assert await own_shifts(session, it.ben.id, *week_of(it.slot.on), POLICY) == ()


async def test_r1_3a_without_terms_the_defaults(session: AsyncSession, it: Open, fleet: Fleet) -> None:
    tomorrow = await fleet.shift(await fleet.route("R13", it.slot.warehouse), it.ann, fleet.day(1))
    gone = await fleet.shift(
        await fleet.route("R14", it.slot.warehouse), it.ann, fleet.day(2), AssignmentStatus.CANCELLED
    )
    shifts = await own_shifts(session, it.ann.id, fleet.today, fleet.day(7), POLICY)
    assert [shift.assignment_id for shift in shifts] == [tomorrow.id]
    assert shifts[0].arrive_by == arrive_by(tomorrow.on, None, POLICY)
    assert gone.id not in {shift.assignment_id for shift in shifts}
