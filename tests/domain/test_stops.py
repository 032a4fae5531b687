"""R10.2, R10.3: what stops a driver, and what lifts it."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, update

from domain.db.models import DriverHealthState, HardStop, Incident
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind, NotificationType
from domain.health.excusing import take_back
from domain.notices.facts.health import PoolLost
from domain.people.queries import Person
from domain.policy import Policy
from domain.shifts import ledger
from domain.shifts.leaving import Consequence, Left, cancel_shift, consequence
from domain.shifts.queries import own_shift
from domain.shifts.rules_of_leaving import PROTECTED
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


async def foretold(depot: Depot, driver: Person, route: str, at: datetime, policy: Policy = POLICY) -> Consequence:
    """What she reads before she cancels late, and then does: it comes true."""
    slot = await depot.shift(driver, (at + DAY).date(), confirmed=True, route=route)
    shift = await own_shift(depot.session, driver.id, slot.id, policy)
    assert shift is not None
    costs = await consequence(depot.session, driver.id, shift, CancelReason.OTHER, policy, at)
    before = len(await stops(depot))
    left = await cancel_shift(depot.session, driver, slot.id, CancelReason.OTHER, None, SAY, policy, at)
    assert isinstance(left, Left) and left.incident is costs.incident
    told = [row.data for row in await depot.told(driver, NotificationType.WARNING) if row.data]
    stopped = len(await stops(depot)) > before
    assert (costs.stops is not None) is stopped
    if costs.stops is not None:
        assert (told[-1]["late_cancels"], told[-1]["days"]) == (costs.stops.late_cancels, costs.stops.days)
    return costs


async def test_r5_1_the_late_cancellation_that_stops_her_is_foretold(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    assert await foretold(depot, dana, "R1", at - 31 * DAY) == Consequence(LATE), "one"
    assert await foretold(depot, dana, "R2", at - DAY) == Consequence(LATE), "the first is too long ago"
    assert await foretold(depot, dana, "R3", at) == Consequence(LATE, stops=PoolLost(2, 30))
    assert await foretold(depot, dana, "R4", at + DAY) == Consequence(LATE), "she is stopped already"


async def test_r5_1_what_a_manager_has_reinstated_her_after_stops_her_no_more(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    assert await foretold(depot, dana, "R1", at - 2 * DAY) == Consequence(LATE)
    assert (await foretold(depot, dana, "R2", at - DAY)).stops == PoolLost(2, 30)
    await depot.session.execute(update(HardStop).values(ended_at=at, reinstated=True))
    await depot.session.execute(update(DriverHealthState).values(assignment_pool_eligible=True))
    assert await foretold(depot, dana, "R3", at + HOUR) == Consequence(LATE), "R10.3: the old ones never latch again"


async def test_r9_7_while_it_is_practice_a_late_cancellation_is_foretold_to_cost_nothing(depot: Depot) -> None:
    dana, at = await depot.driver(), depot.now
    policy = replace(POLICY, penalties_from=at + HOUR)
    for days_ago in (2, 1):
        costs = await foretold(depot, dana, f"R{days_ago}", at - days_ago * DAY, policy)
        assert costs == Consequence(LATE, practice_until=policy.penalties_from)
    assert await foretold(depot, dana, "R3", at + HOUR, policy) == Consequence(LATE), "the first that counts"


@pytest.mark.parametrize("reason", sorted(PROTECTED))
async def test_r5_3_a_protected_reason_is_not_foretold_to_stop_her(depot: Depot, reason: CancelReason) -> None:
    dana, at = await depot.driver(), depot.now
    await blamed(depot, dana, LATE, at - DAY, "R1")
    slot = await depot.shift(dana, (at + DAY).date(), confirmed=True, route="R2")
    shift = await own_shift(depot.session, dana.id, slot.id, POLICY)
    assert shift is not None
    costs = await consequence(depot.session, dana.id, shift, reason, POLICY, at)
    assert costs == Consequence(IncidentKind.PROTECTED_ABSENCE)
