"""R7, R6.1, R6.7: managers, drivers and the clock after one slot at once: one has it, and the counters say so."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from domain.bidding.rules import Award, Bids
from domain.coverage import queries
from domain.coverage.assigning import Assigned, Given
from domain.coverage.ending import ClosedEmpty
from domain.coverage.opening import Opened
from domain.coverage.rules import AlreadyOpen
from domain.db.models import AuditLog, BidWindow, Delivery
from domain.db.models.words import BidStatus, BidWindowMode, DeliveryState, NotificationType
from domain.notices.kinds import Kind
from domain.refusals import Refusal, Refused
from tests.races.conftest import Arena
from tests.races.contest import MS, Contest
from tests.waits import somebody_waits

ROUNDS = 6
WON, LOST = NotificationType.BID_WON, NotificationType.BID_LOST
INSTANT, COMPETITIVE = BidWindowMode.INSTANT, BidWindowMode.COMPETITIVE


async def test_r6_1_twenty_open_one_slot_at_once_and_there_is_one_window(arena: Arena) -> None:
    dice = Random(1)
    it = await Contest.of(arena, 3)
    managers = [it.mona, *[await it.manager(f"M{number}") for number in range(9)]]
    for number in range(ROUNDS):
        slot = await it.slot(number * 7)
        said = await arena.at_once(*(it.opens(slot, by) for by in managers * 2), dice=dice)
        assert Counter(type(one) for one in said) == {Opened: 1, AlreadyOpen: 19}
        assert len({one.window_id for one in said}) == 1
        assert await it.count(BidWindow, BidWindow.assignment_id == slot.id) == 1
        assert await it.count(AuditLog, AuditLog.entity_id == said[0].window_id, AuditLog.action == "opened") == 1
        assert await it.count(Delivery, Delivery.about == said[0].window_id, Delivery.kind == Kind.OFFER) == 3


async def test_r7_1_two_managers_assign_two_drivers_at_once(arena: Arena) -> None:
    """One of them has given it, the other reads to whom, by whom and since when; with an open window and without."""
    dice = Random(2)
    it = await Contest.of(arena, 2, cap=7)
    omar = await it.manager("Omar")
    for number in range(ROUNDS):
        day = number * 7
        slot = await it.slot(day) if number % 2 else (await it.window(day, mode=INSTANT))[0]
        given = [(it.mona, it.drivers[0]), (omar, it.drivers[1])]
        said = await arena.at_once(*(it.assigns(driver, slot, by) for by, driver in given), dice=dice)
        assert Counter(type(one) for one in said) == {Assigned: 1, Given: 1}
        [(by, driver)] = [pair for pair, one in zip(given, said, strict=True) if isinstance(one, Assigned)]
        assert Given(f"{driver.first_name} Test", arena.now, f"{by.first_name} Test") in said
        assert await it.driver_of(slot) == driver.id
    assert sum(total for _, total, _ in (await it.pickups()).values()) == ROUNDS


async def test_r2_5_two_managers_give_it_to_the_same_driver(arena: Arena) -> None:
    dice = Random(3)
    it = await Contest.of(arena, 1, cap=7)
    omar = await it.manager("Omar")
    slot, _ = await it.window(3, it.drivers[0])
    said = await arena.at_once(*(it.assigns(it.drivers[0], slot, by) for by in (it.mona, omar) * 3), dice=dice)
    assert Counter(type(one) for one in said) == {Assigned: 1, Given: 5}
    assert await it.holder(slot) == it.drivers[0].id
    assert await it.pickups() == {it.drivers[0].id: (1, 1, 1)}
    assert await it.count(Delivery, Delivery.kind == Kind.ASSIGNED) == 1


async def test_r7_2_assigned_while_somebody_accepts_while_the_window_closes(arena: Arena) -> None:
    """Of an instant window, a millisecond before its end; who gets there second reads that it is taken."""
    dice = Random(4)
    it = await Contest.of(arena, 4, cap=7)
    for number in range(2 * ROUNDS):
        slot, window = await it.window(3 + number * 7, mode=INSTANT)
        closes, before = it.closes(slot), await it.pickups()
        assigned, ended, *accepted = await arena.at_once(
            it.assigns(it.drivers[0], slot, at=closes),
            it.ends(closes),
            *(it.accepts(driver, window, closes - MS) for driver in it.drivers[1:]),
            dice=dice,
        )
        awards = sum(isinstance(one, Award) for one in accepted)
        assert isinstance(assigned, Assigned) + awards == 1
        assert isinstance(assigned, Assigned | Given)
        assert {one for one in accepted if isinstance(one, Refused)} <= {
            Refused(Refusal.TAKEN),
            Refused(Refusal.CLOSED),
        }
        if isinstance(ended, ClosedEmpty):  # first: then a manager may give it all the same
            assert ended.unfilled and awards == 0
        holder = await it.driver_of(slot)
        assert (holder == it.drivers[0].id) == isinstance(assigned, Assigned)
        after = await it.pickups()
        gained = {
            driver: tuple(b - a for a, b in zip(before.get(driver, (0, 0, 0)), counted, strict=True))
            for driver, counted in after.items()
            if counted != before.get(driver)
        }
        assert gained == {holder: (0, 1, 0) if isinstance(assigned, Assigned) else (1, 1, 1)}
        assert await it.ended(closes) == []
        offers = (Delivery.about == window, Delivery.kind == Kind.OFFER, Delivery.state == DeliveryState.PENDING)
        assert await it.count(Delivery, *offers) == 0


@pytest.mark.parametrize("bidder", [True, False])
async def test_r7_2_assigned_while_bids_come_and_the_window_resolves(arena: Arena, bidder: bool) -> None:
    """The best bidder, one who has bid, or one who has not: exactly one holder, and one outcome for each bid."""
    dice = Random(5)
    it = await Contest.of(arena, 5, cap=7)
    best, second, third, late, outsider = it.drivers
    for number in range(2 * ROUNDS):
        slot, window = await it.window(3 + number * 7, best, second, third)
        closes, before, told_before = it.closes(slot), await it.pickups(), await it.outcomes()
        chosen = second if bidder else outsider
        assigned, _, bid = await arena.at_once(
            it.assigns(chosen, slot, at=closes - MS),
            it.ends(closes),
            it.bids(late, window, closes - MS),
            dice=dice,
        )
        await it.ended(closes)
        by_hand = isinstance(assigned, Assigned)
        assert by_hand or assigned == Given(f"{best.first_name} Test", closes)
        holder = await it.holder(slot) if bidder or not by_hand else chosen.id
        assert holder == (chosen.id if by_hand else best.id)
        bidders = [best, second, third, *([late] if isinstance(bid, Bids) else [])]
        states = await it.bid_states(slot)
        assert states == {driver.id: BidStatus.WON if driver.id == holder else BidStatus.LOST for driver in bidders}
        told = await it.outcomes() - told_before
        assert told == {
            **{(driver.id, LOST): 1 for driver in bidders if driver.id != holder},
            **({} if by_hand else {(best.id, WON): 1}),  # who is given it reads that instead
        }
        pickups = (await it.pickups())[holder][0] - before.get(holder, (0, 0, 0))[0]
        assert pickups == (not by_hand or bidder)


async def test_r2_1_a_driver_is_given_one_slot_while_he_takes_another_of_that_date(arena: Arena) -> None:
    dice = Random(6)
    it = await Contest.of(arena, 1, cap=7)
    driver = it.drivers[0]
    for number in range(ROUNDS):
        slot = await it.slot(3 + number * 7)
        _, window = await it.window(3 + number * 7, mode=INSTANT)
        assigned, accepted = await arena.at_once(it.assigns(driver, slot), it.accepts(driver, window), dice=dice)
        assert isinstance(assigned, Assigned) != isinstance(accepted, Award)
        assert Refused(Refusal.BUSY) in (assigned, accepted)


async def test_a_window_is_opened_and_pressed_in_while_another_manager_waits_for_the_slot(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When he has got the slot it has a window, which is a driver's at that moment, who waits for the slot."""
    it = await Contest.of(arena, 2, cap=7)
    omar, slot = await it.manager("Omar"), await it.slot(0)
    has_the_slot, goes_on, locks = asyncio.Event(), asyncio.Event(), queries._slot_locked

    async def hesitates(*given: Any) -> Any:
        try:
            return await locks(*given)
        except queries._Opened:
            has_the_slot.set()
            await goes_on.wait()
            raise

    monkeypatch.setattr(queries, "_slot_locked", hesitates)
    async with arena.session() as watching, asyncio.timeout(30):
        async with arena.session.begin() as opening:
            opened = await it.opens(slot)(opening)
            assert isinstance(opened, Opened)
            assigning = asyncio.create_task(arena.at_once(it.assigns(it.drivers[0], slot, omar)))
            await somebody_waits(opening)
        await has_the_slot.wait()
        accepting = asyncio.create_task(arena.at_once(it.accepts(it.drivers[1], opened.window_id)))
        await somebody_waits(watching, unless_done=accepting)
        goes_on.set()
        [award], [given] = await accepting, await assigning
    assert isinstance(award, Award) and given == Given("D1 Test", arena.now, None, himself=True)
