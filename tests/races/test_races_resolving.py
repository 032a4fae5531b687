"""R6.5, R6.6 under simultaneous duties and changes: one winner, one outcome each; whatever came before it counts."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.resolving import Resolved
from domain.db.models import Assignment, AuditLog, Bid, User
from domain.db.models.words import AssignmentStatus, BidStatus, CancelReason, IncidentKind, NotificationType
from domain.people.queries import Person
from domain.schedule.closing import Closed
from domain.shifts.leaving import Left, cancel_shift
from tests.domain.world import POLICY, SAY, Slot
from tests.races.conftest import Arena
from tests.races.contest import HOUR, Contest
from tests.waits import somebody_waits

ROUNDS = 6
WON, LOST = NotificationType.BID_WON, NotificationType.BID_LOST


async def test_r6_5_ten_resolve_at_once_and_one_wins(arena: Arena) -> None:
    dice = Random(1)
    it = await Contest.of(arena, 7, cap=7)
    for number in range(ROUNDS):
        bidders = dice.sample(it.drivers, 5)
        slot, window = await it.window(3 + number * 7, *bidders)
        before = await it.outcomes()
        done = await arena.at_once(*[it.ends(it.closes(slot))] * 10, dice=dice)
        best = min(bidders, key=it.drivers.index)
        assert [one for one in done if one] == [Resolved(window, slot.id, best.id, 5)]
        assert await it.holder(slot) == best.id
        states = await it.bid_states(slot)
        assert states == {driver.id: BidStatus.WON if driver is best else BidStatus.LOST for driver in bidders}
        told = await it.outcomes() - before
        assert told == {(driver.id, WON if driver is best else LOST): 1 for driver in bidders}
        assert await it.count(AuditLog, AuditLog.entity_id == window, AuditLog.action == "resolved") == 1
    assert sum(pickups for pickups, _, _ in (await it.pickups()).values()) == ROUNDS


async def test_r6_5_two_replicas_end_many_windows_once_each(arena: Arena) -> None:
    """The same drivers have bid for all of them: locked in any order but one, somebody would be left waiting."""
    dice = Random(2)
    it = await Contest.of(arena, 8, cap=7)
    for number in range(3):
        windows = [await it.window(3 + number * 7, *dice.sample(it.drivers, 6)) for _ in range(8)]
        at = it.closes(windows[0][0])
        before = await it.outcomes()
        done: list[Any] = []
        while some := [one for one in await arena.at_once(*[it.ends(at)] * 4, dice=dice) if one]:
            done += some
        # Of an earlier round, what nobody could take has become instant, and is closed by now.
        done = [one for one in done if one.window_id in {window for _, window in windows}]
        assert Counter(one.window_id for one in done) == {window: 1 for _, window in windows}
        winners = [one.winner_id for one in done if isinstance(one, Resolved)]
        assert len(set(winners)) == len(winners) >= 6  # whoever has won one that day is passed over in the others
        assert (await it.outcomes() - before).total() == 6 * len(winners)
        assert [await it.holder(slot) for slot, _ in windows].count(None) == 8 - len(winners)


async def test_r6_3_three_windows_close_at_once_for_one_who_has_room_for_one(arena: Arena) -> None:
    """Cap 4 and three held: of three windows he wins one, and the others go to the next best."""
    dice = Random(3)
    for _ in range(ROUNDS):
        it = await Contest.of(arena, 4)
        best, others = it.drivers[0], it.drivers[1:]
        for day in range(5, 8):  # Monday to Wednesday of the week to come
            await it.held(best, day)
        at = arena.now + 48 * HOUR
        slots = [(await it.window(8 + n, best, other, closes_at=at))[0] for n, other in enumerate(others)]
        await arena.at_once(*[it.ends(at)] * 3, dice=dice)
        await it.ended(at)
        holders = [await it.holder(slot) for slot in slots]
        assert holders.count(best.id) == 1
        assert all(holder in (best.id, other.id) for holder, other in zip(holders, others, strict=True))
        assert (await it.pickups())[best.id] == (1, 1, 1)


async def test_r2_1_two_windows_of_a_date_close_at_once(arena: Arena) -> None:
    dice = Random(4)
    it = await Contest.of(arena, 2, cap=7)
    best, other = it.drivers
    for number in range(ROUNDS):
        slots = [(await it.window(3 + number * 7, best, other))[0] for _ in range(2)]
        at = it.closes(slots[0])
        await arena.at_once(it.ends(at), it.ends(at), dice=dice)
        await it.ended(at)
        assert {await it.holder(slot) for slot in slots} == {best.id, other.id}


# -- what lands between bid and award


async def flagged(session: AsyncSession, _: Contest, best: Person, at: datetime) -> None:
    await session.execute(update(User).where(User.id == best.id).values(is_flagged=True, updated_at=at))


async def capped(session: AsyncSession, _: Contest, best: Person, at: datetime) -> None:
    await session.execute(update(User).where(User.id == best.id).values(weekly_cap=0, updated_at=at))


async def stopped(session: AsyncSession, it: Contest, best: Person, at: datetime) -> None:
    """His second late cancellation within 30 days (R10.2): not of what he may just have won, but of the day after."""
    held = select(Assignment.id).where(Assignment.user_id == best.id, Assignment.status == AssignmentStatus.SCHEDULED)
    shift = (await session.scalars(held.order_by(Assignment.on.desc()))).first()
    assert shift is not None
    why = CancelReason.OTHER
    assert isinstance(await cancel_shift(session, best, shift, why, None, SAY, POLICY, at), Left)


Landing = Callable[[AsyncSession, Contest, Person, datetime], Awaitable[None]]
LANDING: dict[str, Landing] = {"flag": flagged, "cap": capped, "hard stop": stopped}


async def contested(arena: Arena, what: str) -> tuple[Contest, Slot, uuid.UUID]:
    it = await Contest.of(arena, 3, cap=7)
    if what == "hard stop":
        gone = await it.held(it.drivers[0], -1, status=AssignmentStatus.CANCELLED)
        await arena.build(lambda fleet: fleet.incident(gone, it.drivers[0], IncidentKind.LATE_CANCEL))
        await it.held(it.drivers[0], 4)
    return it, *await it.window(3, *it.drivers)


@pytest.mark.parametrize("what", LANDING)
async def test_r6_5_what_lands_while_the_award_waits_for_its_locks_counts(arena: Arena, what: str) -> None:
    """It has his lock when the resolution asks for it: the next best has the slot."""
    it, slot, window = await contested(arena, what)
    best, second, _ = it.drivers
    async with arena.session.begin() as landing:
        await LANDING[what](landing, it, best, it.closes(slot))
        resolving = asyncio.create_task(arena.at_once(it.ends(it.closes(slot))))
        await somebody_waits(landing)
    assert await resolving == [Resolved(window, slot.id, second.id, 3)]
    assert await it.outcomes() == {(best.id, LOST): 1, (second.id, WON): 1, (it.drivers[2].id, LOST): 1}


@pytest.mark.parametrize("what", LANDING)
async def test_r6_5_before_or_after_the_award(arena: Arena, what: str) -> None:
    """At once, one of the two was first; a shift that he has won stays his (R9.2, R9.3, R10.2)."""
    dice = Random(what)
    for _ in range(ROUNDS):
        it, slot, _ = await contested(arena, what)
        best, second, third = it.drivers

        def lands(session: AsyncSession, it: Contest = it, slot: Slot = slot) -> Awaitable[None]:
            return LANDING[what](session, it, it.drivers[0], it.closes(slot))

        before = await it.outcomes()
        await arena.at_once(it.ends(it.closes(slot)), lands, dice=dice)
        await it.ended(it.closes(slot))
        winner = await it.holder(slot)
        assert winner in (best.id, second.id)
        told = await it.outcomes() - before
        assert told == {(each.id, WON if each.id == winner else LOST): 1 for each in (best, second, third)}


async def test_r2_0_a_day_is_closed_while_its_windows_resolve(arena: Arena) -> None:
    """Awarded first, the winner is told not to travel; closed first, all have lost. Nobody is left waiting."""
    dice = Random(5)
    it = await Contest.of(arena, 4, cap=7)
    for number in range(ROUNDS):
        windows = [await it.window(3 + number * 7, *it.drivers) for _ in range(2)]
        slot, at = windows[0][0], it.closes(windows[0][0])
        before = await it.outcomes()
        closed, *done = await arena.at_once(it.closes_day(slot.on, at), it.ends(at), it.ends(at), dice=dice)
        assert isinstance(closed, Closed)
        assert await it.ended(at) == []  # whatever was left open, the day is closed
        awarded = [one for one in done if one]
        ids = [one_slot.id for one_slot, _ in windows]
        assert await it.count(Assignment, Assignment.id.in_(ids), Assignment.status == AssignmentStatus.CANCELLED) == 2
        assert await it.count(Bid, Bid.status == BidStatus.PENDING) == 0
        told = await it.outcomes() - before
        assert told.total() == 8 and sum(n for (_, type_), n in told.items() if type_ is WON) == len(awarded)
        gone = [displaced.driver_id for displaced in closed.effect.displaced]
        assert Counter(gone) == Counter(one.winner_id for one in awarded)
