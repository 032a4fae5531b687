"""R12.6: somebody is made anonymous while a manager still gives him a shift of his last day."""

from datetime import datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from domain.coverage.assigning import Assigned
from domain.db.models import Assignment, Employment, User
from domain.people.anonymising import Anonymised, anonymise
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from tests.domain.world import POLICY
from tests.races.conftest import Act, Arena
from tests.races.contest import Contest

ROUNDS = 6


def forgets(driver: Person, at: datetime) -> Act[Any]:
    return lambda session: anonymise(session, None, driver.id, POLICY, at)


@pytest.mark.parametrize("ahead", [0, 1])
async def test_r12_6_nobody_anonymous_has_a_shift_whoever_wins(arena: Arena, ahead: int) -> None:
    """At the end of the last day and just after it, by the clocks of two processes; with a bid window and without."""
    dice = Random(31)
    it = await Contest.of(arena, 2 * ROUNDS, cap=7)
    today = arena.now.date()
    async with arena.session.begin() as session:
        await session.execute(update(Employment).values(ends_on=today))
    midnight = datetime.combine(today + timedelta(days=1), time(), TORONTO)
    for number, driver in enumerate(it.drivers):
        slot = await it.slot(ahead) if number % 2 else (await it.window(ahead, closes_at=midnight))[0]
        assigned, anonymised = await arena.at_once(
            it.assigns(driver, slot, at=midnight - timedelta(seconds=1)),
            forgets(driver, midnight),
            dice=dice,
        )
        live = await it.count(Assignment, Assignment.user_id == driver.id)
        async with arena.session() as session:
            name = (await session.get_one(User, driver.id)).first_name
        if isinstance(assigned, Assigned):
            assert ahead == 0 and (anonymised, live, name) == (Refused(Refusal.STILL_HAS_SHIFTS), 1, driver.first_name)
        else:
            assert assigned in (Refused(Refusal.NOT_FOUND), Refused(Refusal.NOT_EMPLOYED))
            assert (anonymised, live, name) == (Anonymised(), 0, "Former")
