"""R6.4: what a bid has won is handed back once, however often and by whatever button."""

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select

from domain.bidding.resolving import Resolved
from domain.db.models import Assignment
from domain.db.models.words import AssignmentStatus, CancelReason
from domain.people.queries import Person
from domain.shifts.handing_back import hand_back
from domain.shifts.leaving import Left, cancel_shift
from tests.domain.bidding import Bidding, bidding_at
from tests.domain.world import POLICY, SAY, Fleet, close_due
from tests.races.conftest import Arena


async def won(fleet: Fleet) -> tuple[Bidding, Person]:
    it = await bidding_at(fleet)
    ann = await it.driver("Ann", 1.0)
    for person in (it.mona, ann):
        await fleet.home_card(person)
    await it.bid(ann)
    assert isinstance(await close_due(fleet.session, it.closes), Resolved)
    return it, ann


@pytest.mark.parametrize("seed", range(3))
async def test_r6_4_handed_back_twice_and_cancelled_at_once(arena: Arena, seed: int) -> None:
    it, ann = await arena.build(won)
    at = it.closes + timedelta(minutes=5)
    said = await arena.at_once(
        lambda session: hand_back(session, ann, it.slot.id, SAY, POLICY, at),
        lambda session: hand_back(session, ann, it.slot.id, SAY, POLICY, at),
        lambda session: cancel_shift(session, ann, it.slot.id, CancelReason.OTHER, None, SAY, POLICY, at),
        dice=Random(seed),
    )
    left = [each for each in said if isinstance(each, Left)]
    assert len(left) == 1 and left[0].incident is None
    async with arena.session() as session:
        live = Assignment.status != AssignmentStatus.CANCELLED
        assert await session.scalar(select(func.count()).where(Assignment.route_id == it.slot.route, live)) == 1
