"""What a manager does with windows: sees, opens, closes early, extends and raises them; and reopens a slot of today
(R6.2, R6.5, R6.8, R6.9)."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.reader import Reader
from bot.screens.windows import window
from domain.bidding.bids import place_bid
from domain.bidding.resolving import Resolved
from domain.bidding.rules import Award, Bids
from domain.coverage import queries
from domain.coverage.ending import BecameInstant, ClosedEmpty, close_early, extend_window
from domain.coverage.opening import Opened, open_bids
from domain.coverage.rules import AlreadyOpen, later_closings
from domain.coverage.windows import WindowCard, bids_of, open_windows, window_card
from domain.db.models import Assignment, AuditLog, Bid, BidWindow, Delivery, SmsCode, User
from domain.db.models.words import (
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    DeliveryState,
    IncidentKind,
    NotificationType,
    Trigger,
    Urgency,
)
from domain.notices.codes import code_for
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from domain.shifts.removing import Removed, remove_driver
from domain.time import shift_start
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, close_due, contents, next_wave, open_emergency

FAR = 5  # days ahead


class Offered:
    """R12 of next week, for which there is a competitive window."""

    def __init__(self, depot: Depot, slot: Slot, window: uuid.UUID) -> None:
        self.depot, self.slot, self.window = depot, slot, window
        self.session, self.mona, self.now = depot.session, depot.mona, depot.now

    async def bidder(self, name: str, **more: Any) -> Person:
        driver = await self.depot.driver(name, **more)
        result = await place_bid(self.session, driver, self.window, POLICY, self.now + MINUTE)
        assert isinstance(result, Bids)
        return driver

    async def closes(self, by: Person | None = None, at: datetime | None = None) -> Any:
        return await close_early(self.session, by or self.mona, self.window, SAY, POLICY, at or self.now + HOUR)

    async def raised(self, by: Person | None = None, at: datetime | None = None) -> Any:
        return await open_emergency(self.session, by or self.mona, self.slot, at or self.now + HOUR)

    async def row(self) -> BidWindow:
        return await self.depot.window(self.window)

    async def outcomes(self, driver: Person) -> list[NotificationType]:
        """What he was told of how it ended."""
        ends = (NotificationType.BID_WON, NotificationType.BID_LOST)
        return [each.type for each in await self.depot.told(driver) if each.type in ends]

    async def bids(self) -> dict[uuid.UUID, BidStatus]:
        rows = await self.session.scalars(select(Bid).execution_options(populate_existing=True))
        return {row.user_id: row.status for row in rows}

    async def done(self, action: str) -> AuditLog:
        entries = select(AuditLog).where(AuditLog.entity_id == self.window, AuditLog.action == action)
        return (await self.session.scalars(entries)).one()


async def a_slot(depot: Depot, ahead: int, route: str = "R12") -> Slot:
    return await depot.fleet.slot(await depot.fleet.route(route, depot.north), depot.fleet.day(ahead))


@pytest.fixture
async def offered(depot: Depot) -> Offered:
    slot = await a_slot(depot, FAR)
    closes = shift_start(slot.on, POLICY) - DAY
    window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=closes)
    return Offered(depot, slot, window)


@pytest.fixture
async def max_(depot: Depot) -> Person:
    """Of South: nothing of North is there for him."""
    max_ = await depot.fleet.manager("Max")
    await depot.fleet.warehouse("South", max_)
    return max_


# -- closing early (R6.5)


async def test_r6_5_closed_early_the_best_has_it_and_everybody_is_told_once(offered: Offered) -> None:
    good, best = await offered.bidder("Gus", completion=0.5), await offered.bidder("Bea", completion=0.9)
    result = await offered.closes()
    assert result == Resolved(offered.window, offered.slot.id, best.id, 2)
    assert (await offered.row()).winner_id == best.id
    assert await offered.bids() == {best.id: BidStatus.WON, good.id: BidStatus.LOST}
    assert await offered.outcomes(best) == [NotificationType.BID_WON]
    assert await offered.outcomes(good) == [NotificationType.BID_LOST]
    assert (await offered.done("resolved")).actor_id == offered.mona.id
    assert await offered.closes() == Refused(Refusal.WINDOW_OVER)  # pressed twice


async def test_r6_5_closed_early_who_may_not_have_it_any_more_is_passed_over(offered: Offered) -> None:
    best, good = await offered.bidder("Bea", completion=0.9), await offered.bidder("Gus", completion=0.5)
    await offered.session.execute(update(User).where(User.id == best.id).values(is_flagged=True))
    result = await offered.closes()
    assert isinstance(result, Resolved) and result.winner_id == good.id


async def test_r6_6_closed_early_where_nobody_may_the_first_to_accept_has_it(offered: Offered) -> None:
    bea = await offered.bidder("Bea")
    await offered.session.execute(update(User).where(User.id == bea.id).values(is_flagged=True))
    assert await offered.closes() == BecameInstant(offered.window)
    row = await offered.row()
    assert (row.mode, row.closes_at) == (BidWindowMode.INSTANT, shift_start(offered.slot.on, POLICY))
    assert await offered.outcomes(bea) == []
    assert (await offered.done("mode_changed")).actor_id == offered.mona.id


async def test_r6_9_without_bids_there_is_nothing_to_close_early(offered: Offered, max_: Person) -> None:
    assert await offered.closes() == Refused(Refusal.NO_BIDS)
    assert await offered.closes(by=max_) == Refused(Refusal.NOT_FOUND)
    assert await offered.closes(by=await offered.depot.fleet.driver()) == Refused(Refusal.NOT_FOUND)
    emergency = await offered.depot.fleet.window(await a_slot(offered.depot, 0, "R2"))
    at_once = await close_early(offered.session, offered.mona, emergency, SAY, POLICY, offered.now)
    assert at_once == Refused(Refusal.NO_BIDS)
    assert (await offered.row()).status is BidWindowStatus.OPEN


async def test_r6_9_closed_early_what_another_program_filled_is_taken(offered: Offered) -> None:
    bea, xen = await offered.bidder("Bea"), await offered.depot.driver("Xen")
    filled = update(Assignment).where(Assignment.id == offered.slot.id)
    await offered.session.execute(filled.values(status=AssignmentStatus.SCHEDULED, user_id=xen.id))
    assert await offered.closes() == ClosedEmpty(offered.window, unfilled=False, told=0)
    assert (await offered.row()).status is BidWindowStatus.CLOSED
    assert (await offered.done("closed")).actor_id == offered.mona.id
    assert await offered.bids() == {bea.id: BidStatus.LOST}
    assert await offered.outcomes(bea) == [NotificationType.BID_LOST]


@pytest.mark.parametrize(("early_by", "is_over"), [(SECOND, False), (timedelta(), True)])
async def test_r6_5_at_its_close_it_is_the_clocks(offered: Offered, early_by: timedelta, is_over: bool) -> None:
    await offered.bidder("Bea")
    result = await offered.closes(at=(await offered.row()).closes_at - early_by)
    assert (result == Refused(Refusal.WINDOW_OVER)) is is_over


# -- raising (R6.9)


async def test_r6_9_raised_the_best_bidder_is_awarded_at_once_instead(offered: Offered) -> None:
    good, best = await offered.bidder("Gus", completion=0.5), await offered.bidder("Bea", completion=0.9)
    free = await offered.depot.driver("Fay")
    result = await offered.raised()
    assert result == Resolved(offered.window, offered.slot.id, best.id, 2)
    row = await offered.row()
    assert (row.mode, row.status) == (BidWindowMode.COMPETITIVE, BidWindowStatus.RESOLVED)
    assert await offered.outcomes(good) == [NotificationType.BID_LOST]
    assert NotificationType.EMERGENCY_ROUTE_AVAILABLE not in [each.type for each in await offered.depot.told(free)]


async def test_r6_9_raised_where_no_bidder_may_they_have_lost_and_are_told(offered: Offered) -> None:
    flagged, free = await offered.bidder("Flo"), await offered.depot.driver("Fay")
    home = await offered.depot.fleet.home_card(flagged)
    await offered.session.execute(update(User).where(User.id == flagged.id).values(is_flagged=True))
    result = await offered.raised()
    assert result == Opened(offered.window, 1)
    row = await offered.row()
    assert (row.mode, row.closes_at) == (BidWindowMode.EMERGENCY, local(offered.slot.on, 13))
    assert row.pay_bonus_percent == 20
    assert await offered.bids() == {flagged.id: BidStatus.LOST}
    assert await offered.outcomes(flagged) == [NotificationType.BID_LOST]
    [told] = [each for each in await offered.depot.told(flagged) if each.type is NotificationType.BID_LOST]
    assert (told.data or {})["why"] == "emergency"
    types = [each.type for each in await offered.depot.told(free)]
    assert types == [NotificationType.EMERGENCY_ROUTE_AVAILABLE]
    card = await offered.session.get_one(Delivery, home, populate_existing=True)
    assert card.redraw  # it had shown what he had bid for
    won = await accept(offered.session, free, offered.window, offered.now + 2 * HOUR)
    assert isinstance(won, Award)


async def test_r11_3_told_anew_in_another_mode_what_was_not_yet_sent_is_not(offered: Offered) -> None:
    """Who has no Telegram reads of the window once at 17:00, whether it goes on as an offer or as an emergency."""
    una, flo = await offered.depot.driver("Una", linked=False), await offered.depot.driver("Flo", completion=0.9)
    assert await next_wave(offered.session, offered.now) is not None
    assert isinstance(await place_bid(offered.session, flo, offered.window, POLICY, offered.now), Bids)
    await offered.session.execute(update(User).where(User.id == flo.id).values(is_flagged=True))
    assert isinstance(await offered.closes(), BecameInstant)
    assert await next_wave(offered.session, offered.now + HOUR) is not None
    assert isinstance(await offered.raised(at=offered.now + 2 * HOUR), Opened)
    rows = select(Delivery).where(Delivery.user_id == una.id).order_by(Delivery.expires_at)
    told = (await offered.session.scalars(rows.execution_options(populate_existing=True))).all()
    gone = (DeliveryState.CANCELLED, "told anew")
    assert [(row.state, row.reason) for row in told] == [gone, gone, (DeliveryState.PENDING, None)]


async def test_r6_9_raised_by_whoever_is_not_its_manager_it_stays(offered: Offered, max_: Person) -> None:
    await offered.bidder("Bea")
    before = await contents(offered.session)
    assert await offered.raised(by=max_) == Refused(Refusal.NOT_FOUND)
    assert await contents(offered.session) == before


async def test_r6_9_after_the_start_nobody_is_given_it_by_a_bid(depot: Depot) -> None:
    """The clock's duty was not there in time."""
    slot = await a_slot(depot, 0)
    window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=depot.now - DAY)
    bea = await depot.driver("Bea")
    await depot.fleet.add(Bid, assignment_id=slot.id, user_id=bea.id, window_closes_at=depot.now)
    result = await open_emergency(depot.session, depot.mona, slot, depot.now)
    assert result == Opened(window, 1)
    assert (await depot.row(slot.id)).status is AssignmentStatus.UNFILLED


# -- extending (R6.2)


@pytest.fixture
async def emergency(depot: Depot) -> tuple[Slot, uuid.UUID, Person]:
    """Of today, open until 13:00, and told to Otto."""
    otto, slot = await depot.driver("Otto"), await a_slot(depot, 0)
    result = await open_emergency(depot.session, depot.mona, slot, depot.now)
    assert isinstance(result, Opened)
    return slot, result.window_id, otto


async def extend(
    depot: Depot, window: uuid.UUID, hour: int, by: Person | None = None, at: datetime | None = None
) -> Any:
    return await extend_window(depot.session, by or depot.mona, window, hour, POLICY, at or depot.now + HOUR)


async def test_r6_2_an_emergency_is_extended_and_its_offers_with_it(
    depot: Depot, emergency: tuple[Slot, uuid.UUID, Person]
) -> None:
    slot, window, otto = emergency
    one, four = local(slot.on, 13), local(slot.on, 16)
    sent = select(Delivery).where(Delivery.kind == Kind.OFFER).execution_options(populate_existing=True)
    [offer] = await depot.session.scalars(sent)
    await depot.session.execute(
        update(Delivery).where(Delivery.id == offer.id).values(state=DeliveryState.SENT, message_id=7, chat_id=8)
    )
    await code_for(depot.session, otto.phone, otto.id, Kind.OFFER, window, one)
    assert await extend(depot, window, 16) == four
    assert (await depot.window(window)).closes_at == four
    [offer] = await depot.session.scalars(sent)
    assert (offer.expires_at, offer.redraw) == (four, True)
    [code] = await depot.session.scalars(select(SmsCode).execution_options(populate_existing=True))
    assert code.expires_at == four
    entry = (await depot.session.scalars(select(AuditLog).where(AuditLog.action == "extended"))).one()
    assert entry.actor_id == depot.mona.id
    assert await close_due(depot.session, four - SECOND) is None
    assert isinstance(await accept(depot.session, otto, window, four - SECOND), Award)


async def test_r6_2_only_later_full_hours_of_the_day_and_its_end(
    depot: Depot, emergency: tuple[Slot, uuid.UUID, Person], max_: Person
) -> None:
    slot, window, _otto = emergency
    before = await contents(depot.session)
    for hour in (-1, 0, 9, 12, 13, 25):
        assert await extend(depot, window, hour) == Refused(Refusal.NOT_LATER), hour
    assert await extend(depot, window, 14, by=max_) == Refused(Refusal.NOT_FOUND)
    assert await extend(depot, uuid.uuid4(), 14) == Refused(Refusal.NOT_FOUND)
    assert await extend(depot, window, 14, at=local(slot.on, 13)) == Refused(Refusal.WINDOW_OVER)
    assert await contents(depot.session) == before
    assert await extend(depot, window, 24) == local(slot.on, 23, 59)
    assert await extend(depot, window, 23) == Refused(Refusal.NOT_LATER)  # sooner than it is now


async def test_r6_2_windows_of_other_modes_are_not_extended(offered: Offered) -> None:
    assert await extend(offered.depot, offered.window, 16) == Refused(Refusal.NOT_LATER)


def test_r6_2_the_hours_that_are_left() -> None:
    on = date(2026, 11, 25)
    hours = [local(on, hour) for hour in range(14, 24)] + [local(on, 23, 59)]
    assert list(later_closings(on, local(on, 13), POLICY, local(on, 8))) == hours
    assert list(later_closings(on, local(on, 22), POLICY, local(on, 8))) == hours[9:]
    assert list(later_closings(on, local(on, 14), POLICY, local(on, 15, 30))) == hours[2:]
    assert later_closings(on, local(on, 23, 59), POLICY, local(on, 8)) == ()


# -- opening bids (R6.2)


@pytest.mark.parametrize(
    ("ahead", "mode"),
    [(FAR, BidWindowMode.COMPETITIVE), (1, BidWindowMode.INSTANT), (0, BidWindowMode.EMERGENCY)],
)
async def test_r6_2_bids_are_opened_in_the_mode_that_fits_the_time(
    depot: Depot, ahead: int, mode: BidWindowMode
) -> None:
    slot, free = await a_slot(depot, ahead), await depot.driver("Fay")
    result = await open_bids(depot.session, depot.mona, slot.id, SAY, POLICY, depot.now)
    assert isinstance(result, Opened) and result.asked == 1
    row = await depot.window(result.window_id)
    assert (row.mode, row.trigger, row.opens_at) == (mode, Trigger.MANAGER, depot.now)
    assert len(await depot.told(free)) == 1
    again = await open_bids(depot.session, depot.mona, slot.id, SAY, POLICY, depot.now + SECOND)
    assert again == AlreadyOpen(result.window_id)
    assert await next_wave(depot.session, depot.now + SECOND) is None


async def test_r6_2_bids_are_not_opened_for(depot: Depot, max_: Person) -> None:
    slot, dana = await a_slot(depot, 0), await depot.driver("Dana")
    given = await depot.shift(dana, depot.fleet.day(1), route="R1")
    for who, what, at, why in (
        (max_, slot, depot.now, Refusal.NOT_FOUND),
        (dana, slot, depot.now, Refusal.NOT_FOUND),
        (depot.mona, given, depot.now, Refusal.NOT_UNFILLED),
        (depot.mona, slot, local(slot.on, 13), Refusal.SAY_UNTIL),
        (depot.mona, slot, local(slot.on, 23, 59), Refusal.DAY_OVER),
    ):
        assert await open_bids(depot.session, who, what.id, SAY, POLICY, at) == Refused(why)


# -- what he sees (R6.8)


async def test_r6_8_open_windows_are_listed_the_nearest_closing_first(offered: Offered, max_: Person) -> None:
    depot = offered.depot
    later = await a_slot(depot, 0, "R2")
    window = await depot.fleet.window(later)
    south = await depot.fleet.warehouse("West", await depot.fleet.manager("Wim"))
    await depot.fleet.window(await depot.fleet.slot(await depot.fleet.route("R9", south)))
    await offered.bidder("Bea")
    page = await open_windows(offered.session, offered.mona.id, 0, 8)
    assert [(each.window_id, each.route, each.bids) for each in page.windows] == [
        (window, "R2", 0),
        (offered.window, "R12", 1),
    ]
    assert (page.total, page.pages) == (2, 1)
    second = await open_windows(offered.session, offered.mona.id, 1, 1)
    assert [each.window_id for each in second.windows] == [offered.window] and second.pages == 2
    assert (await open_windows(offered.session, offered.mona.id, 7, 1)).page == 0
    assert (await open_windows(offered.session, max_.id, 0, 8)).total == 0


async def test_r6_8_managers_see_every_bid_with_its_parts_and_rank(offered: Offered, max_: Person) -> None:
    good = await offered.bidder("Gus", completion=0.5, attendance=1.0)
    best = await offered.bidder("Bea", completion=0.9, completions={offered.slot.route: 20})
    await offered.session.execute(update(User).where(User.id == good.id).values(is_flagged=True))

    async def seen() -> list[Any]:
        found = await bids_of(offered.session, offered.mona.id, offered.window, 0, 10, POLICY)
        assert found is not None and found.total == 2
        return [(each.rank, each.name, round(each.parts.score, 2), each.refusal) for each in found.bids]

    expected = [(1, "Bea Test", 0.66, None), (2, "Gus Test", 0.4, Refusal.FLAGGED)]
    assert await seen() == expected
    card = await window_card(offered.session, offered.mona.id, offered.window, POLICY)
    assert card is not None and card.bid_count == 2 and [each.rank for each in card.bids] == [1, 2]
    assert await bids_of(offered.session, max_.id, offered.window, 0, 10, POLICY) is None
    # Once it is awarded, as it was then, whatever has changed since.
    await offered.closes()
    await offered.session.execute(update(User).where(User.id == good.id).values(is_flagged=False))
    assert await seen() == expected
    assert (await offered.row()).winner_id == best.id


async def test_r6_2_an_emergency_of_bids_starts_with_the_usual_bonus(offered: Offered) -> None:
    """Bids carry none; who has bid and may have the slot gets it instead, so that no bonus is to be chosen (R6.9)."""

    async def card() -> WindowCard:
        found = await window_card(offered.session, offered.mona.id, offered.window, POLICY)
        assert found is not None
        return found

    await offered.session.execute(update(BidWindow).values(pay_bonus_percent=0))
    assert (await card()).emergency_bonus == POLICY.emergency_bonus_percent
    assert not (await card()).awardable
    gus = await offered.bidder("Gus", completion=0.5)
    assert (await card()).awardable
    await offered.session.execute(update(User).where(User.id == gus.id).values(is_flagged=True))
    assert not (await card()).awardable


async def test_r6_8_a_window_says_who_had_the_slot_and_has_it_no_more(offered: Offered) -> None:
    await offered.bidder("Gus", completion=0.5)
    await offered.closes()
    gone = update(Assignment).where(Assignment.id == offered.slot.id).values(status="cancelled")
    await offered.session.execute(gone)
    card = await window_card(offered.session, offered.mona.id, offered.window, POLICY)
    assert card is not None and (card.left, card.driver, card.unfilled) == ("Gus Test", None, False)
    said = window(card, Reader("en", TORONTO)).html
    assert "Gus Test no longer has R12, North" in said
    assert "Nobody" not in said and "covered" not in said


async def test_r6_3_a_slot_counts_who_is_free_for_the_window_it_would_have(depot: Depot) -> None:
    """Who is driving now is kept from an emergency, and not from bids for another day."""
    on_shift = await depot.fleet.driver("Ola", home=depot.north)
    route = await depot.fleet.route("R1", depot.north)
    today = await depot.fleet.shift(route, on_shift, depot.fleet.day(0), AssignmentStatus.ACTIVE)
    far, near = await a_slot(depot, FAR), await a_slot(depot, 0, "R2")
    counts = []
    for slot, at in ((far, depot.now), (near, shift_start(today.on, POLICY))):
        card = await queries.slot_card(depot.session, depot.mona.id, slot.id, POLICY, at)
        assert card is not None
        counts.append(card.free)
    assert counts == [1, 0]


# -- a slot of today is opened again (R6.9)


async def remove(
    depot: Depot, slot: Slot, by: Person | None = None, at: datetime | None = None, until: int | None = None
) -> Any:
    return await remove_driver(depot.session, by or depot.mona, slot.id, until, SAY, POLICY, at or depot.now)


@pytest.mark.parametrize("confirmed", [False, True])
async def test_r6_9_todays_slot_is_reopened_without_its_driver(depot: Depot, confirmed: bool) -> None:
    dana, otto = await depot.driver("Dana"), await depot.driver("Otto")
    slot = await depot.shift(dana, depot.fleet.today, confirmed=confirmed)
    result = await remove(depot, slot)
    assert isinstance(result, Removed) and result.reopened is not None and result.driver == "Dana Test"
    row = await depot.row(slot.id)
    assert (row.status, row.user_id) == (AssignmentStatus.CANCELLED, dana.id)
    window = await depot.window(result.reopened.window_id)
    assert (window.mode, window.trigger) == (BidWindowMode.EMERGENCY, Trigger.MANAGER)
    assert (window.closes_at, window.pay_bonus_percent) == (local(slot.on, 13), 20)
    [told] = await depot.told(dana)
    assert (told.type, told.title) == (NotificationType.SHIFT_CANCELLED, "Don't travel: R12, North")
    [(_channel, level)] = await depot.levels(dana, Kind.SHIFT_CANCELLED)
    assert level == Urgency.URGENT
    # It is written down, and counts for nothing (R9.1).
    assert await depot.incidents() == {dana.id: [IncidentKind.REMOVED_BY_MANAGER]}
    assert await depot.counters(dana) == {} and await depot.in_pool(dana)
    # Others are asked, but not the one who has just read that he must not travel.
    wave = await next_wave(depot.session, depot.now + SECOND)
    assert wave is not None and wave.asked == 1
    assert len(await depot.told(otto)) == 1 and len(await depot.told(dana)) == 1
    assert await depot.miss(local(slot.on, 9)) is None  # never a no-show
    again = await remove(depot, slot)
    assert again == Refused(Refusal.SHIFT_GONE)


async def test_r6_9_it_is_not_reopened(depot: Depot, max_: Person) -> None:
    today, tomorrow = depot.fleet.today, depot.fleet.day(1)
    there = await depot.shift(await depot.driver(), today, status=AssignmentStatus.ACTIVE, route="R1")
    done = await depot.shift(await depot.driver(), today, status=AssignmentStatus.COMPLETED, route="R2")
    later = await depot.shift(await depot.driver(), tomorrow, route="R3")
    dana = await depot.driver("Dana")
    slot = await depot.shift(dana, today, route="R4")
    nobodys = await a_slot(depot, 0, "R5")
    before = await contents(depot.session)
    for what, why in (
        (there, Refusal.ARRIVED_ALREADY),
        (done, Refusal.COMPLETED_ALREADY),
        (later, Refusal.NOT_TODAY),
        (nobodys, Refusal.NOT_FOUND),
    ):
        assert await remove(depot, what) == Refused(why)
    for who in (max_, dana):
        assert await remove(depot, slot, by=who) == Refused(Refusal.NOT_FOUND)
    one = local(today, 13)
    assert await remove(depot, slot, at=one) == Refused(Refusal.SAY_UNTIL)
    assert await remove(depot, slot, at=local(today, 23, 59), until=24) == Refused(Refusal.DAY_OVER)
    assert await contents(depot.session) == before
    result = await remove(depot, slot, at=one, until=15)
    assert isinstance(result, Removed) and result.reopened is not None
    assert (await depot.window(result.reopened.window_id)).closes_at == local(today, 15)


async def test_r2_2_whoever_gets_it_afterwards_has_a_row_of_his_own(depot: Depot) -> None:
    dana, otto = await depot.driver("Dana"), await depot.driver("Otto")
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True)
    result = await remove(depot, slot)
    assert result.reopened is not None
    refused = await accept(depot.session, dana, result.reopened.window_id, depot.now + SECOND)
    assert refused == Refused(Refusal.LEFT_THIS_SLOT)
    assert isinstance(await accept(depot.session, otto, result.reopened.window_id, depot.now + SECOND), Award)
