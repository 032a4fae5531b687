"""R6.3, R6.4 under simultaneous presses: what he pressed last counts, until the window closes and no longer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from random import Random

import pytest

from domain.bidding.queries import lock_people
from domain.bidding.resolving import Resolved
from domain.bidding.rules import AlreadyYours, Bids, Withdraws
from domain.coverage.actions import Declined, WaveSent
from domain.coverage.ending import BecameInstant
from domain.db.models import AuditLog, Bid, DayDecline, WindowAsk
from domain.db.models.words import BidStatus, NotificationType
from domain.refusals import Refusal, Refused
from domain.schedule.closing import Closed
from tests.races.conftest import Arena
from tests.races.contest import MINUTE, MS, Contest
from tests.waits import somebody_waits

ROUNDS = 6
WON, LOST = NotificationType.BID_WON, NotificationType.BID_LOST


# -- bids and withdrawals at the last moment


@pytest.mark.parametrize("early", [True, False])
async def test_r6_4_bids_at_the_closing_instant(arena: Arena, early: bool) -> None:
    """A millisecond before it counts, if it comes before the resolution does; from then on it is refused, whether the
    duty has been there or not."""
    dice = Random(6)
    it = await Contest.of(arena, 6, cap=7)
    for number in range(ROUNDS):
        slot, window = await it.window(3 + number * 7, it.drivers[5])
        closes = it.closes(slot)
        at = closes - MS if early else closes
        presses = [it.bids(driver, window, at) for driver in it.drivers[:5]]
        said = await arena.at_once(*presses, it.ends(closes), it.ends(closes), dice=dice)
        counted = [driver for driver, one in zip(it.drivers, said[:5], strict=False) if one == Bids(closes)]
        assert early or counted == []
        assert {one for one in said[:5] if isinstance(one, Refused)} <= {
            Refused(Refusal.CLOSED),
            *({Refused(Refusal.TAKEN)}),
        }
        assert await it.count(Bid, Bid.assignment_id == slot.id) == len(counted) + 1
        await it.ended(closes)
        best = min([*counted, it.drivers[5]], key=it.drivers.index)
        assert await it.holder(slot) == best.id


async def test_r6_4_closed_to_the_millisecond_where_the_duty_has_not_been(arena: Arena) -> None:
    it = await Contest.of(arena, 3)
    slot, window = await it.window(3, it.drivers[2])
    closes = it.closes(slot)
    said = await arena.at_once(
        it.bids(it.drivers[0], window, closes - MS),
        it.bids(it.drivers[1], window, closes),
        it.withdraws(it.drivers[2], window, closes),
    )
    assert said == [Bids(closes), Refused(Refusal.CLOSED), Refused(Refusal.CLOSED)]
    assert await it.ended(closes) == [Resolved(window, slot.id, it.drivers[0].id, 2)]


async def test_r6_4_withdrawn_while_it_resolves(arena: Arena) -> None:
    """He has it and can't withdraw, or he has withdrawn and another has it, or nobody: never a bid without an end."""
    dice = Random(7)
    it = await Contest.of(arena, 2, cap=7)
    best, other = it.drivers
    for number in range(ROUNDS):
        alone = number % 2 == 0
        slot, window = await it.window(3 + number * 7, best, *([] if alone else [other]))
        closes = it.closes(slot)
        before = await it.outcomes()
        said, *_ = await arena.at_once(it.withdraws(best, window, closes - MS), it.ends(closes), dice=dice)
        done = [one.winner_id for one in await it.ended(closes) if isinstance(one, Resolved)]
        holder = await it.holder(slot)
        assert holder == (best.id if said == AlreadyYours() else None if alone else other.id)
        assert said in (AlreadyYours(), Withdraws())
        assert done in ([], [holder])
        assert await it.count(Bid, Bid.assignment_id == slot.id, Bid.user_id == best.id) == (said == AlreadyYours())
        told = await it.outcomes() - before
        assert told[best.id, WON] == (holder == best.id) and told[best.id, LOST] == 0
        assert told[other.id, WON if holder == other.id else LOST] == (not alone)


async def test_r2_5_one_bids_many_times_at_once(arena: Arena) -> None:
    dice = Random(8)
    it = await Contest.of(arena, 1)
    slot, window = await it.window(3)
    said = await arena.at_once(*[it.bids(it.drivers[0], window)] * 10, dice=dice)
    assert said == [Bids(it.closes(slot))] * 10
    assert await it.count(Bid) == 1
    assert await it.count(AuditLog, AuditLog.action == "placed") == 1
    assert await arena.at_once(*[it.withdraws(it.drivers[0], window)] * 10, dice=dice) == [Withdraws()] * 10
    assert await it.count(Bid) == 0
    assert await it.count(AuditLog, AuditLog.action == "withdrawn") == 1


# -- [Not today]


async def test_r6_3_not_that_day_while_he_bids_for_another_slot_of_it(arena: Arena) -> None:
    """What he has pressed last counts: he is never both unwilling and a bidder, and so a winner."""
    dice = Random(9)
    it = await Contest.of(arena, 1, cap=7)
    driver = it.drivers[0]
    for number in range(3 * ROUNDS):
        (slot, one), (_, other) = [await it.window(3 + number * 7) for _ in range(2)]
        while (await arena.at_once(it.wave(arena.now)))[0] is not None:
            pass
        said = await arena.at_once(it.declines(driver, one), it.bids(driver, other), dice=dice)
        assert said == [Declined(), Bids(it.closes(slot))]
        declined = await it.count(DayDecline, DayDecline.on == slot.on)
        pending = await it.count(Bid, Bid.status == BidStatus.PENDING)
        assert declined + pending == 1
        await it.ended(it.closes(slot))


async def test_r6_3_not_that_day_while_what_he_bid_for_resolves(arena: Arena) -> None:
    dice = Random(10)
    it = await Contest.of(arena, 2, cap=7)
    best, other = it.drivers
    for number in range(ROUNDS):
        slot, window = await it.window(3 + number * 7)
        await arena.at_once(it.wave(arena.now))
        for driver in it.drivers:
            await arena.at_once(it.bids(driver, window))
        closes = it.closes(slot)
        said, _ = await arena.at_once(it.declines(best, window, closes - MS), it.ends(closes), dice=dice)
        await it.ended(closes)
        assert said == Declined()
        declined = await it.count(DayDecline, DayDecline.on == slot.on)
        assert declined == 1  # which takes nothing back that he has won
        holder = await it.holder(slot)
        assert holder in (best.id, other.id)
        assert (await it.bid_states(slot)).get(best.id) == (BidStatus.WON if holder == best.id else None)


async def test_r6_3_not_that_day_while_a_wave_asks(arena: Arena) -> None:
    """Of two windows of a day: who declines in one is asked for the other before that, or not at all."""
    dice = Random(11)
    it = await Contest.of(arena, 3, cap=7)
    driver = it.drivers[0]
    for number in range(ROUNDS):
        slot, one = await it.window(3 + number * 7)
        await arena.at_once(it.wave(arena.now))
        _, other = await it.window(3 + number * 7)
        said, sent = await arena.at_once(it.declines(driver, one), it.wave(arena.now), dice=dice)
        assert said == Declined() and isinstance(sent, WaveSent) and sent.window_id == other
        asked = await it.count(WindowAsk, WindowAsk.window_id == other, WindowAsk.user_id == driver.id)
        assert sent.asked == 2 + asked
        again = [wave async for wave in _waves(it, arena.now + 6 * MINUTE)]
        assert {wave.asked for wave in again} == {0}
        await it.ended(it.closes(slot))


async def _waves(it: Contest, at: datetime) -> AsyncIterator[WaveSent]:
    while (wave := (await it.arena.at_once(it.wave(at)))[0]) is not None:
        yield wave


async def test_r6_3_who_declines_what_is_just_becoming_instant_has_not_been_asked_yet(arena: Arena) -> None:
    """Judged is what stands when it is his turn."""
    it = await Contest.of(arena, 1)
    slot, window = await it.window(3)
    assert [wave.asked async for wave in _waves(it, arena.now)] == [1]
    at = it.closes(slot)
    ended, said = await arena.one_waits_for_the_other(it.ends(at), it.declines(it.drivers[0], window, at))
    assert isinstance(ended, BecameInstant)
    assert said == Refused(Refusal.NOT_FOUND)
    assert await it.count(DayDecline) == 0


async def test_a_day_is_closed_while_somebody_who_bids_for_it_is_busy(arena: Arena) -> None:
    """What he has bid for changes under his own lock only."""
    it = await Contest.of(arena, 2, cap=7)
    slot, _ = await it.window(3, *it.drivers)
    async with arena.session.begin() as holding, asyncio.timeout(30):
        await lock_people(holding, [it.drivers[0].id])
        closing = asyncio.create_task(arena.at_once(it.closes_day(slot.on)))
        await somebody_waits(holding)
        assert await it.bid_states(slot) == dict.fromkeys([driver.id for driver in it.drivers], BidStatus.PENDING)
    [closed] = await closing
    assert isinstance(closed, Closed)
    assert set((await it.bid_states(slot)).values()) == {BidStatus.LOST}
