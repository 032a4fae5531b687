"""R6.3, R6.8: what a driver finds under /open, his bids, and why they ended as they did."""

import dataclasses
import uuid
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.callbacks.appeals import Whys
from bot.callbacks.bidding import AcceptAtHome, OpenShift
from bot.kinds import table_of_kinds
from bot.reader import Reader
from bot.screens.bidding import offer as offer_screen
from bot.screens.open_shifts import open_shifts
from bot.screens.open_shifts import own_bids as bids_screen
from bot.screens.open_shifts import why as why_screen
from bot.screens.screen import Screen
from domain.bidding.awarding import bidders_from
from domain.bidding.bids import place_bid
from domain.bidding.offers import offer
from domain.bidding.open_shifts import OpenPage, asked_and_open, open_to
from domain.bidding.own_bids import Outcome, OwnBids, Why, own_bids, why
from domain.bidding.rules import Bids, first_refusal, parts, ranked
from domain.bidding.standing import SlotKey, standing_of
from domain.coverage.assigning import Assigned, assign_driver
from domain.coverage.ending import Ended
from domain.db.models import Assignment, AuditLog, Bid, BidWindow, DriverHealthState, DriverMetrics, User, WindowAsk
from domain.db.models.words import BidStatus, BidWindowMode, BidWindowStatus
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.refusals import Refusal
from domain.shifts.handing_back import hand_back
from domain.shifts.leaving import Left
from tests.domain.bidding import Bidding
from tests.domain.test_accept_rules import model_score
from tests.domain.test_eligibility_agrees import history, somebody
from tests.domain.test_waves import statements
from tests.domain.world import POLICY, SAY, Fleet, accept, close_due

MANY = 100  # on a page: all
EN = Reader("en", TORONTO)


async def page_of(session: AsyncSession, driver: Person, fleet: Fleet, page: int = 0, per_page: int = MANY) -> OpenPage:
    return await open_to(session, driver.id, page, per_page, POLICY, fleet.now)


async def ids(session: AsyncSession, driver: Person, fleet: Fleet) -> list[uuid.UUID]:
    return [each.window_id for each in (await page_of(session, driver, fleet)).offers]


@pytest.mark.parametrize("seed", range(3))
async def test_r6_3_open_shows_what_he_may_take_and_nothing_else(fleet: Fleet, seed: int) -> None:
    """Against the rule, window by window, in random fleets with windows of all modes."""
    dice = Random(seed)
    north, south = await fleet.warehouse("North"), await fleet.warehouse("South")
    slot = await fleet.slot(await fleet.route("R12", north))
    others = [await fleet.route(f"R{number}", dice.choice([north, south])) for number in (20, 21, 22, 23)]
    manager = await fleet.manager("Mona", north)
    keys = {}
    for each in [slot, *[await fleet.slot(route, fleet.day(dice.randint(0, 9))) for route in others]]:
        mode = dice.choice(list(BidWindowMode))
        window = await fleet.window(each, mode, closes_at=fleet.now + timedelta(hours=1))
        keys[window] = SlotKey(window, each.route, each.warehouse, each.on, mode is BidWindowMode.EMERGENCY)
    first = next(iter(keys))
    drivers = [await somebody(fleet, dice, slot, south, others) for _ in range(25)]
    for driver in drivers:
        await history(fleet, dice, slot, driver, first, manager)
    for driver in drivers:
        standings = {window: await standing_of(fleet.session, key, driver.id, POLICY) for window, key in keys.items()}
        may = {window for window, standing in standings.items() if first_refusal(standing) is None}
        shown = await ids(fleet.session, driver, fleet)
        assert set(shown) == may and len(shown) == len(may)
        for window in keys:  # and a page for each of them, asked or not
            found = await offer(fleet.session, driver.id, window, POLICY, fleet.now)
            assert (found is not None) is (window in may)
            if found is not None and found.by_bids:
                assert found.score is not None and found.score.parts == parts(standings[window], POLICY)


@pytest.mark.parametrize("seed", range(3))
async def test_r6_3_home_shows_of_what_he_was_asked_for_what_he_may_take(fleet: Fleet, seed: int) -> None:
    """As the rule and /open have it: he may have been flagged, stopped or filled up since he was asked."""
    dice = Random(seed)
    north, south = await fleet.warehouse("North"), await fleet.warehouse("South")
    slot = await fleet.slot(await fleet.route("R12", north))
    others = [await fleet.route(f"R{number}", dice.choice([north, south])) for number in (20, 21, 22, 23)]
    manager = await fleet.manager("Mona", north)
    slots = [slot, *[await fleet.slot(route, fleet.day(dice.randint(0, 9))) for route in others]]
    windows = {await fleet.window(each, dice.choice(list(BidWindowMode))): each for each in slots}
    for _ in range(25):
        driver = await somebody(fleet, dice, slot, south, others)
        await history(fleet, dice, slot, driver, next(iter(windows)), manager)
        may, asked = set(await ids(fleet.session, driver, fleet)), set(dice.sample(list(windows), 4))
        for window in asked:
            ask = {"window_id": window, "user_id": driver.id, "asked_at": fleet.now, "on": windows[window].on}
            await fleet.put(WindowAsk, ask)
        shown = await asked_and_open(fleet.session, driver.id, POLICY, fleet.now)
        assert {each.window_id for each in shown} == may & asked


@pytest.mark.parametrize("flagged", [True, False], ids=["flagged", "stopped"])
async def test_r10_2_home_offers_nothing_to_who_gets_no_new_shifts_and_says_so(
    bidding: Bidding, ann: Person, shared_engine: AsyncEngine, flagged: bool
) -> None:
    slot = await bidding.fleet.slot(await bidding.fleet.route("R7", bidding.north), bidding.fleet.day(4))
    instant = await bidding.fleet.window(slot, BidWindowMode.INSTANT)
    for window, on in ((bidding.window, bidding.slot.on), (instant, slot.on)):
        await bidding.fleet.put(WindowAsk, {"window_id": window, "user_id": ann.id, "asked_at": bidding.now, "on": on})

    async def home(reader: Reader) -> Screen:
        kind = table_of_kinds(POLICY, "Rollcall")[Kind.HOME]
        return kind.screen(await kind.load(bidding.session, ann.id, None, bidding.now), reader)

    def leads_to(screen: Screen) -> list[object]:
        return [button.to for row in screen.keyboard for button in row]

    with statements(shared_engine) as before:
        shown = await home(EN)
    assert "Open to you now" in shown.html and AcceptAtHome(instant) in leads_to(shown)
    assert Whys(0) not in leads_to(shown)
    if flagged:
        await bidding.session.execute(update(User).where(User.id == ann.id).values(is_flagged=True))
    else:
        stopped = {"user_id": ann.id, "assignment_pool_eligible": False, "updated_at": bidding.now}
        await bidding.fleet.put(DriverHealthState, stopped)
    with statements(shared_engine) as after:
        shown = await home(EN)
    assert len(after) == len(before)
    assert "Open to you now" not in shown.html and AcceptAtHome(instant) not in leads_to(shown)
    assert "⛔ You get no new shifts for now." in shown.html and Whys(0) in leads_to(shown)
    assert "⛔ Pas de nouveaux quarts pour le moment." in (await home(Reader("fr", TORONTO))).html


async def test_r6_3_neither_what_is_over_nor_what_is_filled(bidding: Bidding, ann: Person) -> None:
    assert await ids(bidding.session, ann, bidding.fleet) == [bidding.window]
    found = await open_to(bidding.session, ann.id, 0, MANY, POLICY, bidding.closes)
    assert found.offers == ()
    await bidding.session.execute(update(Assignment).where(Assignment.id == bidding.slot.id).values(status="cancelled"))
    assert await ids(bidding.session, ann, bidding.fleet) == []
    await bidding.session.execute(update(Assignment).where(Assignment.id == bidding.slot.id).values(status="unfilled"))
    await bidding.session.execute(update(BidWindow).values(status=BidWindowStatus.CLOSED))
    assert await ids(bidding.session, ann, bidding.fleet) == []


async def test_his_bid_stays_in_sight_though_he_could_not_take_it_now(bidding: Bidding, ann: Person) -> None:
    await bidding.bid(ann)
    await bidding.session.execute(update(User).where(User.id == ann.id).values(is_flagged=True))
    [mine] = (await page_of(bidding.session, ann, bidding.fleet)).offers
    assert (mine.window_id, mine.bid, mine.bids) == (bidding.window, BidStatus.PENDING, 1)
    assert mine.barred is Refusal.FLAGGED


async def test_r6_5_who_is_at_his_cap_reads_that_his_bid_cannot_win_as_it_stands(bidding: Bidding, ann: Person) -> None:
    await bidding.bid(ann)
    [mine] = (await page_of(bidding.session, ann, bidding.fleet)).offers
    assert mine.barred is None
    await bidding.session.execute(update(User).where(User.id == ann.id).values(weekly_cap=0))
    [mine] = (await page_of(bidding.session, ann, bidding.fleet)).offers
    assert (mine.barred, mine.cap) == (Refusal.AT_CAP, 0)
    card = await offer(bidding.session, ann.id, bidding.window, POLICY, bidding.now)
    assert card is not None
    for screen in (open_shifts(OpenPage((mine,), 1, 0, 1), (), bidding.now, EN), offer_screen(card, EN)):
        assert "you can't win it: you have your 0 shifts of that week." in screen.html


async def test_pages_the_soonest_first(bidding: Bidding, ann: Person) -> None:
    for day in (4, 6, 5):
        slot = await bidding.fleet.slot(await bidding.fleet.route(f"R{day}", bidding.north), bidding.fleet.day(day))
        await bidding.fleet.window(slot, BidWindowMode.COMPETITIVE)
    first, last = [await page_of(bidding.session, ann, bidding.fleet, page, 3) for page in (0, 1)]
    assert [each.on for each in (*first.offers, *last.offers)] == [bidding.fleet.day(day) for day in (3, 4, 5, 6)]
    assert (first.total, first.pages, len(first.offers), len(last.offers)) == (4, 2, 3, 1)
    assert await page_of(bidding.session, ann, bidding.fleet, 7, 3) == last  # an old button
    assert await page_of(bidding.session, ann, bidding.fleet, -1, 3) == first


async def test_r6_3_one_statement_whatever_the_number_of_windows(
    bidding: Bidding,
    ann: Person,
    shared_engine: AsyncEngine,
) -> None:
    with statements(shared_engine) as few:
        await page_of(bidding.session, ann, bidding.fleet)
    for day in range(40):
        slot = await bidding.fleet.slot(
            await bidding.fleet.route(f"X{day}", bidding.north), bidding.fleet.day(day % 10 + 4)
        )
        window = await bidding.fleet.window(slot, BidWindowMode.COMPETITIVE)
        if day < 5:
            assert isinstance(await place_bid(bidding.session, ann, window, POLICY, bidding.now), Bids)
    with statements(shared_engine) as many:
        found = await page_of(bidding.session, ann, bidding.fleet)
    assert (len(few), len(many), found.total) == (1, 1, 41)
    assert sum(each.score is not None for each in found.offers) == 5, "of what he has bid for"


# -- his bids


async def bids_of(bidding: Bidding, driver: Person, page: int = 0, per_page: int = MANY) -> OwnBids:
    return await own_bids(bidding.session, driver.id, page, per_page, POLICY, bidding.closes)


async def test_what_waits_comes_first_then_the_results(bidding: Bidding, ann: Person, ben: Person) -> None:
    await bidding.bid(ben)
    await bidding.bid(ann)
    await close_due(bidding.session, bidding.closes)
    slot = await bidding.fleet.slot(await bidding.fleet.route("R13", bidding.north), bidding.fleet.day(5))
    later = await bidding.fleet.window(slot, BidWindowMode.COMPETITIVE)
    await place_bid(bidding.session, ben, later, POLICY, bidding.closes)
    found = await bids_of(bidding, ben)
    assert [(each.window_id, each.status, each.taken) for each in found.bids] == [
        (later, BidStatus.PENDING, False),
        (bidding.window, BidStatus.LOST, True),
    ]
    [won] = (await bids_of(bidding, ann)).bids
    assert (won.status, won.accepted, won.decided_at) == (BidStatus.WON, False, bidding.closes)
    assert [each.route for each in (await bids_of(bidding, ben, 1, 1)).bids] == ["R12"]
    assert await bids_of(bidding, ben, 9, 1) == await bids_of(bidding, ben, 0, 1)
    over = bidding.closes + POLICY.bids_shown_for + timedelta(seconds=1)
    left = await own_bids(bidding.session, ann.id, 0, MANY, POLICY, over)
    assert (left.bids, left.total, left.pages) == ((), 0, 1)


async def test_r2_2_what_somebody_else_had_is_open_again_once_he_has_left_it(
    bidding: Bidding, ann: Person, ben: Person
) -> None:
    """With the way to it."""
    for driver in (ann, ben):
        await bidding.bid(driver)
    await close_due(bidding.session, bidding.closes)
    [bid] = (await bids_of(bidding, ben)).bids
    assert bid.open_by is None
    left = await hand_back(bidding.session, ann, bidding.slot.id, SAY, POLICY, bidding.closes)
    assert isinstance(left, Left) and left.reopened is not None
    page = await bids_of(bidding, ben)
    assert page.bids[0].open_by == left.reopened.window_id
    screen = bids_screen(page, EN)
    assert "R12, North, " in screen.html and "it's open again" in screen.html and "somebody else" not in screen.html
    [[_why, see], *_rest] = screen.keyboard
    assert see.to == OpenShift(left.reopened.window_id)
    assert await offer(bidding.session, ben.id, left.reopened.window_id, POLICY, bidding.closes) is not None
    hers = await bids_of(bidding, ann)  # she has left it herself
    assert hers.bids[0].status is BidStatus.WON
    assert see.text not in [button.text for row in bids_screen(hers, EN).keyboard for button in row]


async def test_r6_6_what_went_on_without_bids_is_still_open(bidding: Bidding, ann: Person) -> None:
    await bidding.bid(ann)
    await bidding.session.execute(update(User).where(User.id == ann.id).values(is_flagged=True))
    await close_due(bidding.session, bidding.closes)
    page = await bids_of(bidding, ann)
    assert page.bids[0].open_by == bidding.window
    assert "not by bids, but it's still open" in bids_screen(page, EN).html


# -- why


async def awarded(bidding: Bidding, *drivers: Person) -> Ended | None:
    """They bid in this order, a minute apart."""
    for minutes, driver in enumerate(drivers):
        await bidding.bid(driver, bidding.now + timedelta(minutes=minutes))
    return await close_due(bidding.session, bidding.closes)


async def why_of(bidding: Bidding, driver: Person) -> Why:
    found = await why(bidding.session, driver.id, bidding.window, POLICY)
    assert found is not None
    return found


async def test_r6_8_rank_parts_and_gap(bidding: Bidding, ann: Person, ben: Person, cid: Person) -> None:
    await awarded(bidding, cid, ben, ann)
    found = await why_of(bidding, cid)
    assert (found.outcome, found.rank, found.of, found.route) == (Outcome.OUTRANKED, 3, 3, "R12")
    assert found.score is not None and found.gap is not None
    assert found.score.parts.completion == pytest.approx(0.32) and found.score.parts.attendance == 0.1
    assert found.gap.completions == 6  # of 20, for 0.3: 0.09 is more than the 0.08 that were missing
    assert (found.gap.attendance, found.gap.completion) == (40, 20)  # points: equal, and his is the earlier bid
    assert found.gap.preference is True
    mine = await why_of(bidding, ann)
    assert (mine.outcome, mine.rank, mine.of, mine.gap) == (Outcome.WON, 1, 3, None)


async def test_r6_8_nothing_that_identifies_another_driver(
    bidding: Bidding,
    ann: Person,
    ben: Person,
    cid: Person,
) -> None:
    await awarded(bidding, ann, ben, cid)
    for driver, others in ((ben, (ann, cid)), (ann, (ben, cid))):
        told = str(dataclasses.asdict(await why_of(bidding, driver)))
        for other in others:
            assert str(other.id) not in told and other.first_name not in told
    assert (
        await why(bidding.session, (await bidding.driver("Eve", 1.0)).id, bidding.window, POLICY) is None
    )  # he has not bid


async def test_r6_8_who_was_ahead_but_could_not_take_it_any_more(
    bidding: Bidding,
    ann: Person,
    ben: Person,
) -> None:
    await bidding.bid(ann)
    await bidding.bid(ben)
    await bidding.session.execute(update(User).where(User.id == ann.id).values(is_flagged=True))
    await close_due(bidding.session, bidding.closes)
    found = await why_of(bidding, ann)
    assert (found.outcome, found.rank, found.refusal, found.gap) == (Outcome.BARRED, 1, Refusal.FLAGGED, None)
    winner = await why_of(bidding, ben)
    assert (winner.outcome, winner.rank) == (Outcome.WON, 2)


async def test_r6_8_given_by_a_managers_hand(bidding: Bidding, ann: Person, ben: Person, cid: Person) -> None:
    """Whoever was ahead could have taken it: nobody is told that she couldn't."""
    for driver in (ann, ben, cid):
        await bidding.bid(driver)
    by = bidding.session, bidding.mona, bidding.slot.id
    assert isinstance(await assign_driver(*by, ben.id, None, SAY, POLICY, bidding.now), Assigned)
    found = [await why_of(bidding, driver) for driver in (ann, ben, cid)]
    ranks = [(each.outcome, each.rank) for each in found]
    assert ranks == [(Outcome.BY_HAND, 1), (Outcome.GIVEN, 2), (Outcome.BY_HAND, 3)]
    assert "A manager gave it to you by hand." in why_screen(found[1], 0, Reader("en", TORONTO)).html


async def test_r6_8_without_an_award_by_score(bidding: Bidding, ann: Person, ben: Person) -> None:
    await bidding.bid(ann)
    assert (await why_of(bidding, ann)).outcome is Outcome.PENDING
    await bidding.session.execute(update(User).where(User.id == ann.id).values(is_flagged=True))
    await close_due(bidding.session, bidding.closes)
    assert (await why_of(bidding, ann)).outcome is Outcome.NOBODY  # it has become instant
    await accept(bidding.session, ben, bidding.window, bidding.closes)
    assert (await why_of(bidding, ann)).outcome is Outcome.QUICKER
    assert (await why_of(bidding, ben)).outcome is Outcome.ACCEPTED
    assert [each.accepted for each in (await bids_of(bidding, ben)).bids] == [True]


async def test_r6_5_the_audit_entry_rebuilds_the_ranking(
    bidding: Bidding,
    ann: Person,
    ben: Person,
    cid: Person,
) -> None:
    """By the facts alone, and the given model's formula; whatever has become of them since."""
    equal = await bidding.driver("Dan", 0.9)  # as Ben, who has bid earlier
    busier = await bidding.driver("Eve", 1.0)  # as Ann, with a shift more that week
    await bidding.fleet.shift(await bidding.fleet.route("R99", bidding.north), busier, bidding.fleet.day(2))
    for minutes, driver in enumerate((cid, ben, equal, busier, ann)):
        await bidding.bid(driver, bidding.now + timedelta(minutes=minutes))
    await close_due(bidding.session, bidding.closes)
    await bidding.session.execute(update(DriverMetrics).values(completion_rate=0.123, attendance_rate=0.456))
    [entry] = await bidding.session.scalars(select(AuditLog).where(AuditLog.action == "resolved"))
    assert entry.changes is not None
    facts = entry.changes["facts"]
    rebuilt = bidders_from(facts)
    order = [each.standing.driver_id for each in rebuilt]
    assert order == [ann.id, busier.id, ben.id, equal.id, cid.id]
    assert [each.bid_id for each in ranked(reversed(rebuilt), POLICY)] == [each.bid_id for each in rebuilt]
    for kept in facts["bids"]:
        model = model_score(
            kept["completion_rate"], kept["route_completions"], kept["attendance_rate"], kept["prefers_route"]
        )
        assert kept["score"] == model
        shown = await bidding.session.scalar(select(Bid.score).where(Bid.id == uuid.UUID(kept["bid_id"])))
        assert shown == pytest.approx(model, abs=1e-6)
    assert entry.changes["after"]["winner_id"] == str(order[0])


async def test_r6_5_as_many_statements_for_forty_bids_as_for_two(
    bidding: Bidding,
    ann: Person,
    ben: Person,
    shared_engine: AsyncEngine,
) -> None:
    await bidding.bid(ann)
    await bidding.bid(ben)
    with statements(shared_engine) as two:
        await close_due(bidding.session, bidding.closes)
    slot = await bidding.fleet.slot(await bidding.fleet.route("R13", bidding.north), bidding.fleet.day(5))
    bidding.window = await bidding.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=bidding.closes)
    for number in range(40):
        await bidding.bid(await bidding.driver(f"D{number}", number / 40))
    with statements(shared_engine) as forty:
        await close_due(bidding.session, bidding.closes)
    assert len(forty) == len(two)
    assert await bidding.session.scalar(select(func.count()).where(Bid.status == BidStatus.LOST)) == 1 + 39
