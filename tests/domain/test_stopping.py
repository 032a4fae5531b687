"""R8.7 and R8.8: a driver who must stop on the way, and shifts that nobody completes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain.db.models import AuditLog, BidWindow, DriverMetrics, RouteCompletions, Shift, ShiftReview
from domain.db.models.words import (
    AssignmentStatus,
    BidWindowMode,
    CancelReason,
    Channel,
    IncidentKind,
    NotificationType,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive, complete_shift, load_parcels
from domain.shifts.reviewing import decide
from domain.shifts.rules import Done
from domain.shifts.stopping import Overdue, Stopped, stop_shift, tell_overdue
from tests.domain.depot import HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, contents

ILL, OTHER = CancelReason.MEDICAL_EMERGENCY, CancelReason.OTHER


async def under_way(depot: Depot, parcels: int | None, name: str = "Dana") -> tuple[Person, Slot]:
    """Arrived at 07:20, with so many parcels on board."""
    dana = await depot.driver(name)
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True)
    await arrive(depot.session, dana, slot.id, POLICY, depot.now)
    if parcels is not None:
        await load_parcels(depot.session, dana, slot.id, parcels, POLICY, depot.now)
    return dana, slot


async def stops(
    depot: Depot, driver: Person, slot: Slot, returned: int | None, at: datetime, by: Person | None = None
) -> Stopped | Done | Refused:
    return await stop_shift(depot.session, driver, slot.id, ILL, returned, SAY, POLICY, at, by=by)


async def test_r8_8_before_loading_it_is_cancelled_and_opened_as_an_emergency(depot: Depot) -> None:
    dana, slot = await under_way(depot, None)
    result = await stops(depot, dana, slot, None, depot.now + MINUTE)
    assert isinstance(result, Stopped) and result.returned is None and result.told == 1
    assert (await depot.row(slot.id)).status is AssignmentStatus.CANCELLED
    assert await depot.incidents() == {dana.id: [IncidentKind.PROTECTED_ABSENCE]}  # for review, and no penalty
    assert await depot.counters(dana) == {} and await depot.in_pool(dana)
    of_it = (await depot.session.scalars(select(Shift).where(Shift.assignment_id == slot.id))).one()
    assert (of_it.cancelled_at, of_it.cancel_reason) == (depot.now + MINUTE, ILL)
    assert result.reopened is not None
    window = await depot.window(result.reopened.window_id)
    assert (window.mode, window.closes_at) == (BidWindowMode.EMERGENCY, local(slot.on, 13))
    assert await depot.levels(depot.mona, Kind.STOPPED) == [(Channel.TELEGRAM, Urgency.URGENT)]
    assert len(await depot.told(depot.mona, NotificationType.ROUTE_CANCELLED)) == 1
    review = await depot.session.get_one(ShiftReview, slot.id)
    assert (review.opened_at, review.decided_at) == (depot.now + MINUTE, None)


async def test_r8_8_also_before_the_start_it_is_an_emergency(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True)
    early = local(slot.on, 6)
    await arrive(depot.session, dana, slot.id, POLICY, early)
    result = await stops(depot, dana, slot, None, early)
    assert isinstance(result, Stopped) and result.reopened is not None
    assert (await depot.window(result.reopened.window_id)).mode is BidWindowMode.EMERGENCY


@pytest.mark.parametrize(("after", "reopens"), [(-SECOND, True), (0 * SECOND, False)])
async def test_r1_3_from_13_00_on_the_slot_is_over(depot: Depot, after: timedelta, reopens: bool) -> None:
    dana, slot = await under_way(depot, None)
    result = await stops(depot, dana, slot, None, local(slot.on, 13) + after)
    assert isinstance(result, Stopped) and (result.reopened is not None) is reopens
    assert result.told == 1


async def test_r8_8_with_parcels_it_is_completed_and_stays_out_of_the_rate(depot: Depot) -> None:
    dana, slot = await under_way(depot, 100)
    result = await stops(depot, dana, slot, 70, depot.now + HOUR)
    assert isinstance(result, Stopped) and (result.returned, result.reopened, result.told) == (70, None, 1)
    assert (await depot.row(slot.id)).status is AssignmentStatus.COMPLETED
    of_it = (await depot.session.scalars(select(Shift).where(Shift.assignment_id == slot.id))).one()
    assert (of_it.parcels_delivered, of_it.editable_until) == (30, depot.now + 2 * HOUR)
    assert (of_it.cancel_reason, of_it.cancelled_at) == (ILL, None)  # why, for whoever decides on it
    assert await depot.incidents() == {}
    assert await depot.counters(dana) == {"total_shifts": 1, "completed_shifts": 1}
    familiar = await depot.session.get_one(RouteCompletions, (dana.id, slot.route))
    assert familiar.completion_count == 1
    assert await rate(depot, dana) == 0  # not 0.3
    assert (await depot.session.scalars(select(BidWindow))).all() == []


async def rate(depot: Depot, driver: Person) -> float:
    return (await depot.session.get_one(DriverMetrics, driver.id, populate_existing=True)).completion_rate


@pytest.mark.parametrize(("accepted", "counted"), [(True, 0.0), (False, 0.3)])
async def test_r8_8_a_manager_decides_whether_it_counts(depot: Depot, accepted: bool, counted: float) -> None:
    dana, slot = await under_way(depot, 100)
    await stops(depot, dana, slot, 70, depot.now)
    reason = None if accepted else "He was seen at the mall."
    await decide(depot.session, depot.mona, slot.id, accepted, reason, SAY, POLICY, depot.now + HOUR)
    assert await rate(depot, dana) == pytest.approx(counted)
    assert await depot.incidents() == {}  # either way it is no cancellation
    assert len(await depot.told(dana, NotificationType.MANUAL)) == 1


async def test_r2_5_twice_is_once(depot: Depot) -> None:
    dana, slot = await under_way(depot, 100)
    await stops(depot, dana, slot, 70, depot.now)
    before = await contents(depot.session)
    assert await stops(depot, dana, slot, 70, depot.now + MINUTE) == Done()
    assert await stops(depot, dana, slot, 71, depot.now + MINUTE) == Refused(Refusal.COMPLETED_ALREADY)
    assert await contents(depot.session) == before


@pytest.mark.parametrize("returned", [None, -1, 101])
async def test_r8_3_so_many_can_not_come_back(depot: Depot, returned: int | None) -> None:
    dana, slot = await under_way(depot, 100)
    before = await contents(depot.session)
    assert await stops(depot, dana, slot, returned, depot.now) == Refused(Refusal.BAD_PARCELS)
    assert await contents(depot.session) == before


async def test_r8_8_only_an_own_and_active_shift_is_stopped(depot: Depot) -> None:
    dana, slot = await under_way(depot, None)
    ben = await depot.driver("Ben")
    his = await depot.shift(ben, depot.fleet.today, confirmed=True)
    before = await contents(depot.session)
    assert await stops(depot, ben, slot, None, depot.now) == Refused(Refusal.NOT_FOUND)
    assert await stops(depot, ben, his, None, depot.now) == Refused(Refusal.NOT_ARRIVED)
    assert await contents(depot.session) == before
    assert dana.id != ben.id


async def test_r8_8_and_r8_9_a_manager_for_him_and_the_audit_says_so(depot: Depot) -> None:
    dana, slot = await under_way(depot, None)
    assert isinstance(await stops(depot, dana, slot, None, depot.now, by=depot.mona), Stopped)
    entry = (await depot.session.scalars(select(AuditLog).where(AuditLog.action == "stopped"))).one()
    assert entry.changes is not None
    assert (entry.actor_id, entry.changes["by_phone"]) == (depot.mona.id, True)


# -- overdue


async def looks(depot: Depot, at: datetime, pass_by: int = 0) -> Overdue | None:
    return await tell_overdue(depot.session, SAY, POLICY, at, pass_by)


async def test_r8_7_after_12_hours_its_driver_after_16_the_manager_each_once(depot: Depot) -> None:
    dana, slot = await under_way(depot, 100)
    assert await looks(depot, depot.now + 12 * HOUR - SECOND) is None
    assert await looks(depot, depot.now + 12 * HOUR) == Overdue(slot.id, None)
    assert await depot.levels(dana, Kind.OVERDUE) == [(Channel.TELEGRAM, Urgency.IMPORTANT)]
    assert await looks(depot, depot.now + 16 * HOUR - SECOND) is None
    assert await depot.told(depot.mona) == []
    assert await looks(depot, depot.now + 16 * HOUR) == Overdue(slot.id, 1)
    assert await depot.levels(depot.mona, Kind.STILL_OUT) == [(Channel.TELEGRAM, Urgency.URGENT)]
    assert [row.type for row in await depot.told(depot.mona)] == [NotificationType.DRIVER_NO_SHOW]
    assert await looks(depot, depot.now + 40 * HOUR) is None


async def test_r14_run_late_both_are_told_and_what_is_a_week_old_is_left_alone(depot: Depot) -> None:
    _, slot = await under_way(depot, None)
    assert await looks(depot, depot.now + 8 * 24 * HOUR) is None
    late = depot.now + 20 * HOUR
    assert [await looks(depot, late), await looks(depot, late)] == [Overdue(slot.id, None), Overdue(slot.id, 1)]
    assert await looks(depot, late) is None


async def test_r8_7_what_is_completed_is_not_overdue(depot: Depot) -> None:
    dana, slot = await under_way(depot, 100)
    await complete_shift(depot.session, dana, slot.id, 0, POLICY, depot.now + 11 * HOUR)
    assert await looks(depot, depot.now + 13 * HOUR) is None


async def test_r5_4_with_no_manager_to_tell_it_is_told_once_all_the_same(depot: Depot) -> None:
    lone = await depot.fleet.warehouse("Lone")
    dana = await depot.fleet.driver("Dana", home=lone)
    slot = await depot.fleet.shift(await depot.fleet.route("R1", lone), dana, confirmed=True)
    await arrive(depot.session, dana, slot.id, POLICY, depot.now)
    late = depot.now + 17 * HOUR
    assert [await looks(depot, late) for _ in range(3)] == [Overdue(slot.id, None), Overdue(slot.id, 0), None]


async def test_r14_what_others_hold_or_failed_is_passed_by(depot: Depot) -> None:
    await under_way(depot, None)
    ben = await depot.driver("Ben")
    his = await depot.shift(ben, depot.fleet.today, confirmed=True, route="R13")
    await arrive(depot.session, ben, his.id, POLICY, depot.now + SECOND)
    assert await looks(depot, depot.now + 13 * HOUR, pass_by=1) == Overdue(his.id, None)


async def test_another_program_may_have_left_an_active_row_without_work(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, depot.fleet.today, confirmed=True, status=AssignmentStatus.ACTIVE)
    assert await looks(depot, depot.now + 20 * HOUR) is None
