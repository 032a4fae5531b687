"""R6.9 at the moment when the window resolves by itself: it ends once, and each bid has one outcome."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from domain.bidding.resolving import Resolved
from domain.coverage.ending import BecameInstant, close_early
from domain.coverage.opening import Opened
from domain.coverage.rules import AlreadyOpen
from domain.db.models import Bid, BidWindow, Delivery
from domain.db.models.words import BidStatus, BidWindowMode, DeliveryState, NotificationType
from domain.notices.kinds import Kind
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY, SAY
from tests.races.conftest import Arena
from tests.races.contest import MS, Contest

ROUNDS = 6
WON, LOST = NotificationType.BID_WON, NotificationType.BID_LOST


async def test_r6_1_twenty_open_bids_at_once_and_there_is_one_window(arena: Arena) -> None:
    dice = Random(1)
    it = await Contest.of(arena, 3)
    managers = [it.mona, *[await it.manager(f"M{number}") for number in range(9)]]
    for number in range(ROUNDS):
        slot = await it.slot(3 + number * 7)
        bids, emergencies = (it.opens_bids(slot, by) for by in managers), (it.opens(slot, by) for by in managers)
        said = await arena.at_once(*bids, *emergencies, dice=dice)
        # Whoever opens bids first may see them raised to an emergency by the others; then there are no more of them.
        opened = [one for one in said if isinstance(one, Opened)]
        assert len(opened) <= 2 and len(opened) + sum(isinstance(one, AlreadyOpen) for one in said) == 20
        assert len({one.window_id for one in said}) == 1
        assert await it.count(BidWindow, BidWindow.assignment_id == slot.id) == 1


@pytest.mark.parametrize("eligible", [True, False])
@pytest.mark.parametrize("what", ["emergency", "close early"])
async def test_r6_9_by_hand_while_it_resolves_by_itself(arena: Arena, what: str, eligible: bool) -> None:
    """The best has it, whoever closes it; where nobody may have it, it goes on, and all have lost."""
    dice = Random(f"{what}{eligible}")
    for _ in range(ROUNDS):
        it = await Contest.of(arena, 3, cap=7)
        slot, window = await it.window(3, *it.drivers)
        if not eligible:
            for driver in it.drivers:
                await it.held(driver, 3)
        closes, before = it.closes(slot), await it.outcomes()

        def early(session: Any, it: Contest = it, window: Any = window, at: Any = closes - MS) -> Any:
            return close_early(session, it.mona, window, SAY, POLICY, at)

        by_hand = early if what == "close early" else it.opens(slot, at=closes - MS)
        said, *_ = await arena.at_once(by_hand, it.ends(closes), it.ends(closes), dice=dice)
        await it.ended(closes)
        told = await it.outcomes() - before
        states = Counter((await it.bid_states(slot)).values())
        [row] = await it.windows(slot)
        if eligible:
            best = it.drivers[0]
            assert await it.holder(slot) == best.id
            assert told == {(each.id, WON if each is best else LOST): 1 for each in it.drivers}
            assert states == {BidStatus.WON: 1, BidStatus.LOST: 2}
            over = {Refused(Refusal.WINDOW_OVER), Refused(Refusal.NOT_UNFILLED)}
            assert isinstance(said, Resolved) or said in over
            continue
        assert states == {BidStatus.LOST: 3} and await it.holder(slot) is None
        # Raised with bids they are told so; once it goes on by itself, or was closed early, there is nothing to tell.
        raised_first = told.total() == 3
        assert told.total() in (0, 3) and not (raised_first and what == "close early")
        assert row.mode is (BidWindowMode.EMERGENCY if what == "emergency" else BidWindowMode.INSTANT)
        answers = (Opened,) if what == "emergency" else (BecameInstant, Refused)
        assert isinstance(said, answers)


async def test_r6_9_raised_while_bids_come_in(arena: Arena) -> None:
    """A bid is among those that are awarded, or refused since it is taken: none is left without an end."""
    dice = Random(4)
    it = await Contest.of(arena, 4, cap=7)
    for number in range(ROUNDS):
        slot, window = await it.window(3 + number * 7, *it.drivers[2:])
        said, *bids = await arena.at_once(
            it.opens(slot), *(it.bids(driver, window) for driver in it.drivers[:2]), dice=dice
        )
        assert isinstance(said, Resolved)
        counted = [it.drivers[n] for n, one in enumerate(bids) if one != Refused(Refusal.TAKEN)]
        best = min([*counted, *it.drivers[2:]], key=it.drivers.index)
        assert await it.holder(slot) == best.id and said.bidders == len(counted) + 2
        assert await it.count(Bid, Bid.status == BidStatus.PENDING) == 0
        offers = (Delivery.about == window, Delivery.kind == Kind.OFFER, Delivery.state == DeliveryState.PENDING)
        assert await it.count(Delivery, *offers) == 0
