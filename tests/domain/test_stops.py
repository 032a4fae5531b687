"""R10.2, R10.3: what stops a driver, and what lifts it."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from domain.db.models import DriverHealthState, HardStop, Incident
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.health.excusing import take_back
from domain.people.queries import Person
from domain.shifts import ledger
from tests.domain.depot import DAY, HOUR, Depot
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot

LATE, MISSED = IncidentKind.LATE_CANCEL, IncidentKind.NO_SHOW


async def blamed(depot: Depot, driver: Person, kind: IncidentKind, at: datetime, route: str) -> Slot:
    status = AssignmentStatus.CANCELLED
    slot = await depot.shift(driver, at.date(), status=status, confirmed=True, route=route)
    await ledger.enter(depot.session, driver.id, slot.id, kind, None, SAY, POLICY, at)
    return slot


async def stops(depot: Depot) -> list[tuple[datetime, datetime | None, bool]]:
    rows = select(HardStop).order_by(HardStop.stopped_at).execution_options(populate_existing=True)
    return [(row.stopped_at, row.ended_at, row.lifted) for row in await depot.session.scalars(rows)]


async def undecided(depot: Depot, at: datetime) -> None:
    """Nobody has decided in time."""
    await depot.session.execute(update(HardStop).values(back_at=at))
    await depot.session.execute(update(DriverHealthState).values(assignment_pool_eligible=True))


async def excuse(depot: Depot, slot: Slot, kind: IncidentKind, at: datetime) -> None:
    await take_back(depot.session, slot.id, kind, depot.mona.id, "a mistake", SAY, POLICY, at)


async def test_r10_2_a_stop_costs_the_stars_and_holds_the_score_down(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    stands = {"current_score": 93, "stars": 3, "streak_weeks": 7, "next_milestone_stars": 4}
    await depot.fleet.put(DriverHealthState, {"user_id": dana.id, "updated_at": at - DAY} | stands)
    await blamed(depot, dana, MISSED, at, "R1")
    state = await depot.session.get_one(DriverHealthState, dana.id, populate_existing=True)
    assert (state.current_score, state.stars, state.streak_weeks, state.next_milestone_stars) == (49, 0, 0, 1)
    assert await stops(depot) == [(at, None, False)]


@pytest.mark.parametrize(("kind", "again"), [(MISSED, True), (LATE, False)])
async def test_r10_2_who_is_back_undecided_is_stopped_anew_by_what_is_new_alone(
    depot: Depot, kind: IncidentKind, again: bool
) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, MISSED, at - 5 * DAY, "R1")
    await undecided(depot, at - 2 * DAY)
    await blamed(depot, dana, kind, at, "R2")
    assert await depot.in_pool(dana) is not again
    assert await stops(depot) == ([(at - 5 * DAY, at, False)] if again else []) + [
        (at if again else at - 5 * DAY, None, False)
    ]


async def test_r10_6_the_stop_before_goes_on_once_the_second_is_lifted(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, MISSED, at - 5 * DAY, "R1")
    await undecided(depot, at - 2 * DAY)
    slot = await blamed(depot, dana, MISSED, at, "R2")
    await excuse(depot, slot, MISSED, at + HOUR)
    assert await stops(depot) == [(at - 5 * DAY, None, False), (at, at + HOUR, True)]
    assert await depot.in_pool(dana), "as she was, since nobody has decided on the first"


async def test_r10_6_an_excuse_lifts_only_what_nothing_else_holds(depot: Depot) -> None:
    """Two late cancels stop her, a third comes while she is out: two of them still do."""
    dana, at = await depot.driver(), depot.now
    slots = [await blamed(depot, dana, LATE, at - n * DAY, f"R{n}") for n in (3, 2, 1)]
    await excuse(depot, slots[0], LATE, at)
    assert (await stops(depot), await depot.in_pool(dana)) == ([(at - 2 * DAY, None, False)], False)
    await excuse(depot, slots[2], LATE, at)
    assert (await stops(depot), await depot.in_pool(dana)) == ([(at - 2 * DAY, at, True)], True)
    assert await depot.session.scalar(select(Incident.id).where(Incident.excused_at.is_(None))) is not None
