"""R5.5 under simultaneous presses: one colleague has it, and never without the giver being rid of it."""

import uuid
from collections import Counter
from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.db.models import Assignment, GiveAway, Incident
from domain.db.models.words import AssignmentStatus, BidWindowMode, CancelReason, GiveAwayEnd
from domain.giving.actions import Offered, give_to_all, take_back, take_over
from domain.giving.handing_over import Settled
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule.closing import Closed
from domain.shifts.leaving import Left, cancel_shift, drop_due_shift
from domain.time import shift_start
from tests.domain.world import POLICY, SAY, Slot
from tests.races.conftest import Act, Arena
from tests.races.contest import SECOND, Contest

ROUNDS = 6
OVER = Refused(Refusal.GIVE_AWAY_OVER)


async def offered(
    it: Contest, day: int, giver: Person | None = None, *, confirmed: bool = True
) -> tuple[Slot, uuid.UUID]:
    """A shift, the first driver's unless it is somebody else's, that is offered to all."""
    slot = await it.held(giver or it.drivers[0], day, confirmed=confirmed)
    given = (giver or it.drivers[0], slot.id, SAY, POLICY, it.arena.now)
    [offer] = await it.arena.at_once(lambda session: give_to_all(session, *given))
    assert isinstance(offer, Offered)
    return slot, offer.give_away_id


def takes(it: Contest, driver: Person, give_away: uuid.UUID, at: datetime | None = None) -> Act[Any]:
    return lambda session: take_over(session, driver, give_away, SAY, POLICY, at or it.arena.now)


async def holders(it: Contest, slot: Slot) -> list[uuid.UUID | None]:
    """Who has a live row of the slot's; there is one at the most, and None for an open one."""
    live = (
        Assignment.route_id == slot.route,
        Assignment.on == slot.on,
        Assignment.status != AssignmentStatus.CANCELLED,
    )
    return [driver for (driver,) in await it.rows(select(Assignment.user_id).where(*live))]


async def outcome(it: Contest, give_away: uuid.UUID) -> GiveAwayEnd | None:
    return await it.read(lambda session: session.scalar(select(GiveAway.outcome).where(GiveAway.id == give_away)))


async def test_r5_5_ten_take_it_at_once_and_one_has_it(arena: Arena) -> None:
    dice = Random(1)
    it = await Contest.of(arena, 6, cap=7)
    for number in range(ROUNDS):
        slot, give_away = await offered(it, 1 + number * 7)
        said = await arena.at_once(*(takes(it, driver, give_away) for driver in it.drivers[1:] * 2), dice=dice)
        assert Counter(type(one).__name__ for one in said) == {"Settled": 1, "Done": 1, "Refused": 8}
        assert said.count(Refused(Refusal.TAKEN)) == 8
        [taker] = [driver for driver, one in zip(it.drivers[1:] * 2, said, strict=True) if isinstance(one, Settled)]
        assert await holders(it, slot) == [taker.id]
    assert sum(total for _, total, _ in (await it.pickups()).values()) == ROUNDS
    assert await it.count(Incident) == 0


async def test_r5_5_taken_while_it_is_cancelled(arena: Arena) -> None:
    """Taken, he can't cancel it any more, and nobody is blamed; cancelled, nobody can take it."""
    dice = Random(2)
    it = await Contest.of(arena, 2, cap=7)
    giver, taker = it.drivers
    for number in range(2 * ROUNDS):
        slot, give_away = await offered(it, 1 + number * 7)
        before = await it.count(Incident)

        def cancels(session: AsyncSession, slot: Slot = slot) -> Any:
            return cancel_shift(session, giver, slot.id, CancelReason.OTHER, None, SAY, POLICY, arena.now)

        took, left = await arena.at_once(takes(it, taker, give_away), cancels, dice=dice)
        assert isinstance(took, Settled) != isinstance(left, Left)
        assert await holders(it, slot) == [taker.id if isinstance(took, Settled) else None]
        assert took == OVER or Refused(Refusal.SHIFT_GONE) == left
        assert await it.count(Incident) - before == isinstance(left, Left)


async def test_r5_5_taken_while_it_is_taken_back(arena: Arena) -> None:
    dice = Random(3)
    it = await Contest.of(arena, 2, cap=7)
    giver, taker = it.drivers
    for number in range(ROUNDS):
        slot, give_away = await offered(it, 1 + number * 7)

        def takes_back(session: AsyncSession, give_away: uuid.UUID = give_away) -> Any:
            return take_back(session, giver, give_away, SAY, POLICY, arena.now)

        took, back = await arena.at_once(takes(it, taker, give_away), takes_back, dice=dice)
        assert isinstance(took, Settled) != isinstance(back, Settled)
        assert await holders(it, slot) == [taker.id if isinstance(took, Settled) else giver.id]
        end = GiveAwayEnd.TAKEN if isinstance(took, Settled) else GiveAwayEnd.TAKEN_BACK
        assert await outcome(it, give_away) is end


async def test_r5_5_taken_a_moment_before_it_is_dropped(arena: Arena) -> None:
    """Not confirmed in time: the taker has it, confirmed, or it is dropped and open to all."""
    dice = Random(4)
    it = await Contest.of(arena, 2, cap=7)
    taker = it.drivers[1]
    for number in range(ROUNDS):
        slot, give_away = await offered(it, 3 + number * 7, confirmed=False)
        confirm_by = shift_start(slot.on, POLICY) - POLICY.confirm_before

        def drops(session: AsyncSession, at: datetime = confirm_by + SECOND) -> Any:
            return drop_due_shift(session, SAY, POLICY, at)

        took, left = await arena.at_once(takes(it, taker, give_away, confirm_by), drops, dice=dice)
        assert isinstance(took, Settled) or took == OVER
        assert isinstance(left, Left) or isinstance(took, Settled)  # or else it was passed by
        await arena.at_once(drops)
        assert await holders(it, slot) == [taker.id if isinstance(took, Settled) else None]


async def test_r2_1_taken_while_the_taker_accepts_another_of_that_date(arena: Arena) -> None:
    dice = Random(5)
    it = await Contest.of(arena, 2, cap=7)
    taker = it.drivers[1]
    for number in range(ROUNDS):
        slot, give_away = await offered(it, 3 + number * 7)
        other, window = await it.window(3 + number * 7, mode=BidWindowMode.INSTANT)
        took, award = await arena.at_once(takes(it, taker, give_away), it.accepts(taker, window), dice=dice)
        assert isinstance(took, Settled) != isinstance(award, Award)
        assert Refused(Refusal.BUSY) in (took, award)
        assert [taker.id] in (await holders(it, slot), await holders(it, other))


@pytest.mark.parametrize("crosswise", [True, False])
async def test_r5_5_two_swap_or_give_in_a_ring(arena: Arena, crosswise: bool) -> None:
    """Each takes what another gives away, of days of their own: whoever is locked is so in one order."""
    dice = Random(6)
    it = await Contest.of(arena, 4, cap=7)
    for number in range(ROUNDS):
        ring = it.drivers[:2] if crosswise else it.drivers
        offers = [await offered(it, 1 + number * 7 + day, driver) for day, driver in enumerate(ring)]
        takers = [*ring[1:], ring[0]]
        presses = [takes(it, taker, give_away) for taker, (_, give_away) in zip(takers, offers, strict=True)]
        assert all(isinstance(one, Settled) for one in await arena.at_once(*presses, dice=dice))
        assert [await holders(it, slot) for slot, _ in offers] == [[taker.id] for taker in takers]


async def test_r2_0_taken_while_its_day_is_closed(arena: Arena) -> None:
    dice = Random(7)
    it = await Contest.of(arena, 2, cap=7)
    giver, taker = it.drivers
    for number in range(ROUNDS):
        slot, give_away = await offered(it, 1 + number * 7)
        took, closed = await arena.at_once(takes(it, taker, give_away), it.closes_day(slot.on), dice=dice)
        assert isinstance(closed, Closed) and (isinstance(took, Settled) or took == OVER)
        assert await holders(it, slot) == []
        told = [displaced.driver_id for displaced in closed.effect.displaced]
        assert told == [taker.id if isinstance(took, Settled) else giver.id]
