"""R9.1, R9.6: figures made anew from what has happened are those that were counted event by event."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.db.models import DriverHealthState, DriverMetrics, RouteCompletions, Shift, ShiftReview
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.health.metrics import Rebuilt, rebuild
from domain.people.queries import Person
from domain.shifts import ledger
from domain.shifts.actions import arrive, complete_shift, confirm_shift, correct_parcels, load_parcels
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.restoring import Restored, restore, want_back
from domain.shifts.reviewing import Decided, decide
from domain.shifts.rules import Confirm
from domain.shifts.stopping import stop_shift
from tests.domain.depot import DAY, HOUR, MINUTE, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept

AS_IT_WAS = Rebuilt(0, 0)


async def figures(session: AsyncSession) -> list[Any]:
    """All but when they were written, by whose they are."""
    found: list[Any] = []
    for model, order in ((DriverMetrics, "user_id"), (RouteCompletions, "user_id, route_id")):
        columns = [column for column in model.__table__.columns if column.name != "updated_at"]
        rows = await session.execute(select(*columns).order_by(*(model.__table__.c[o] for o in order.split(", "))))
        found.append([tuple(row) for row in rows])
    return found


# -- what may become of a shift


async def begins(depot: Depot, driver: Person, slot: Slot) -> tuple[AsyncSession, Person, Any]:
    await arrive(depot.session, driver, slot.id, POLICY, local(slot.on, 8))
    await load_parcels(depot.session, driver, slot.id, 90 + slot.on.day, POLICY, local(slot.on, 8, 30))
    return depot.session, driver, slot.id


async def driven(depot: Depot, driver: Person, slot: Slot) -> None:
    await complete_shift(*await begins(depot, driver, slot), slot.on.day % 7, POLICY, local(slot.on, 15))


async def corrected(depot: Depot, driver: Person, slot: Slot) -> None:
    await driven(depot, driver, slot)
    await correct_parcels(depot.session, driver, slot.id, 200, 11, POLICY, local(slot.on, 15, 20))


async def stopped(depot: Depot, driver: Person, slot: Slot) -> None:
    of = await begins(depot, driver, slot)
    await stop_shift(*of, CancelReason.VEHICLE_BREAKDOWN, 60, SAY, POLICY, local(slot.on, 11))


async def not_accepted(depot: Depot, slot: Slot) -> None:
    said = await decide(depot.session, depot.mona, slot.id, False, "seen", SAY, POLICY, local(slot.on, 12))
    assert isinstance(said, Decided)


async def stopped_at_will(depot: Depot, driver: Person, slot: Slot) -> None:
    await stopped(depot, driver, slot)
    await not_accepted(depot, slot)


async def missed(depot: Depot, driver: Person, slot: Slot) -> Left:
    return await depot.missed(local(slot.on, 9))


async def excused(depot: Depot, driver: Person, slot: Slot) -> None:
    await missed(depot, driver, slot)
    of = (depot.session, slot.id, IncidentKind.NO_SHOW, depot.mona.id, "ours", POLICY)
    await ledger.excuse(*of, local(slot.on, 18))


async def restored(depot: Depot, driver: Person, slot: Slot) -> None:
    await missed(depot, driver, slot)
    back = await restore(depot.session, depot.mona, driver, slot.id, SAY, POLICY, local(slot.on, 9, 10))
    assert isinstance(back, Restored)


async def rescued(depot: Depot, driver: Person, slot: Slot) -> None:
    """Somebody else drives what he has missed."""
    left, other = await missed(depot, driver, slot), await depot.driver("Otto")
    assert left.reopened is not None
    assert isinstance(await accept(depot.session, other, left.reopened.window_id, local(slot.on, 9, 5)), Award)
    await driven(depot, other, replace(slot, id=left.reopened.assignment_id))


async def cancelled(
    depot: Depot, driver: Person, slot: Slot, reason: CancelReason = CancelReason.OTHER, before: int = 1
) -> None:
    at = local(slot.on, 12) - before * DAY
    assert isinstance(await cancel_shift(depot.session, driver, slot.id, reason, "-", SAY, POLICY, at), Left)


async def cancelled_early(depot: Depot, driver: Person, slot: Slot) -> None:
    await cancelled(depot, driver, slot, before=4)


async def ill(depot: Depot, driver: Person, slot: Slot) -> None:
    await cancelled(depot, driver, slot, CancelReason.MEDICAL_EMERGENCY)


async def not_believed(depot: Depot, driver: Person, slot: Slot) -> None:
    await ill(depot, driver, slot)
    await not_accepted(depot, slot)


async def dropped(depot: Depot, driver: Person, slot: Slot) -> datetime:
    due = local(slot.on, 7) - 2 * DAY
    await depot.reminder(driver, slot, due - DAY)
    await depot.dropped(due + MINUTE)
    return due


async def wanted_back(depot: Depot, driver: Person, slot: Slot) -> None:
    due = await dropped(depot, driver, slot)
    again = await want_back(depot.session, driver, slot.id, SAY, POLICY, due + HOUR)
    assert isinstance(again, Restored)
    await driven(depot, driver, replace(slot, id=again.assignment_id))


FATES: Sequence[Callable[[Depot, Person, Slot], Awaitable[Any]]] = (
    driven,
    corrected,
    stopped,
    stopped_at_will,
    missed,
    excused,
    restored,
    rescued,
    cancelled,
    cancelled_early,
    ill,
    not_believed,
    dropped,
    wanted_back,
)
UNCONFIRMED = (dropped, wanted_back)


@pytest.mark.parametrize("seed", range(12))
async def test_r9_6_a_rebuild_from_nothing_gives_what_was_counted_event_by_event(depot: Depot, seed: int) -> None:
    """Shifts of two drivers end in whatever way there is, in any order."""
    dice, session = Random(seed), depot.session
    drivers = [await depot.driver(name) for name in ("Dana", "Omar")]
    routes = [await depot.fleet.route(name, depot.north) for name in ("R1", "R2", "R3")]
    for days, fate in enumerate(dice.sample(FATES, len(FATES)), start=8):
        driver = dice.choice(drivers)
        slot = await depot.fleet.shift(dice.choice(routes), driver, depot.fleet.day(days))
        await ledger.count(session, driver.id, depot.now, total_assigned=1)
        if fate not in UNCONFIRMED:
            assert await confirm_shift(session, driver, slot.id, POLICY, depot.now) == Confirm()
        await session.execute(update(DriverHealthState).values(assignment_pool_eligible=True))
        await fate(depot, driver, slot)
        assert await rebuild(session, depot.now) == AS_IT_WAS, fate.__name__

    counted = await figures(session)
    assert {len(FATES), 0} & {sum(row[1] for row in counted[0])} == set(), "some counted, and some did not"
    for model in (DriverMetrics, RouteCompletions):
        await session.execute(delete(model))
    assert await rebuild(session, depot.now) == Rebuilt(*map(len, counted))
    assert await figures(session) == counted


async def test_r9_6_a_rebuild_mends_what_is_wrong_and_of_whom_it_is_asked(depot: Depot) -> None:
    """Counted too much, counted and never happened, not counted at all; and nobody else's."""
    dana, omar, cleo, otto = [await depot.driver(name) for name in ("Dana", "Omar", "Cleo", "Otto")]
    for driver, name in ((dana, "R1"), (cleo, "R2"), (otto, "R3")):
        await driven(depot, driver, await depot.shift(driver, depot.fleet.day(1), confirmed=True, route=name))
    assert await rebuild(depot.session, depot.now) == Rebuilt(3, 0), "what a fixture had assigned and confirmed"
    right = await figures(depot.session)
    wrong = {"total_shifts": 7, "no_shows": 6, "attendance_rate": 0.14}
    await depot.session.execute(
        update(DriverMetrics).where(DriverMetrics.user_id.in_([dana.id, otto.id])).values(wrong)
    )
    await depot.session.execute(
        update(RouteCompletions).where(RouteCompletions.user_id == dana.id).values(completion_count=9)
    )
    route = await depot.fleet.route("R4", depot.north)
    await depot.fleet.put(RouteCompletions, {"user_id": omar.id, "route_id": route, "completion_count": 3})
    await depot.fleet.put(DriverMetrics, {"user_id": omar.id, "bid_pickups": 2})
    for model in (DriverMetrics, RouteCompletions):
        await depot.session.execute(delete(model).where(model.user_id == cleo.id))

    assert await rebuild(depot.session, depot.now, [dana.id, omar.id]) == Rebuilt(2, 2)
    assert await rebuild(depot.session, depot.now) == Rebuilt(2, 1)
    metrics, known = await figures(depot.session)
    assert known == right[1]
    assert metrics == sorted([*right[0], (omar.id, *[0] * 11)])


async def test_r9_1_what_completed_shifts_brought(depot: Depot) -> None:
    """The mean of what was delivered of what was loaded; who had to stop is left out until it is decided (R8.8)."""
    dana = await depot.driver()
    for days, loaded, delivered in ((1, 100, 100), (2, 100, 50), (3, 0, 0), (4, 10, 1)):
        slot = await depot.shift(
            dana, depot.fleet.day(-days), confirmed=True, status=AssignmentStatus.COMPLETED, route=f"R{days}"
        )
        work = {"parcels_start": loaded, "parcels_delivered": delivered, "parcels_returned": loaded - delivered}
        await depot.fleet.add(
            Shift, assignment_id=slot.id, completed_at=local(slot.on, 15), created_at=depot.now, **work
        )
    await depot.fleet.put(ShiftReview, {"assignment_id": slot.id, "opened_at": depot.now})
    await rebuild(depot.session, depot.now)
    row = await depot.session.get_one(DriverMetrics, dana.id)
    assert (row.total_shifts, row.completed_shifts, row.attendance_rate) == (4, 4, 1.0)
    assert (row.completion_rate, row.avg_parcels_delivered) == (0.75, 75.0)
    await depot.session.execute(update(ShiftReview).values(accepted=False))
    await rebuild(depot.session, depot.now)
    await depot.session.refresh(row)
    assert [row.completion_rate, row.avg_parcels_delivered] == pytest.approx([1.6 / 3, 151 / 3])
