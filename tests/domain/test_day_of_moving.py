"""R2.0, R12.5: the day a route moves, its shift of that day still leaves from where it was, and by that calendar."""

import uuid

import pytest
from sqlalchemy import select, update

from domain.db.models import Assignment, BidWindow, CalendarException, Route
from domain.db.models.words import AssignmentStatus
from domain.places import moving
from domain.places.moving import Moved
from domain.refusals import Refusal, Refused
from domain.schedule import closing, queries
from domain.schedule.closing import Closed, Preview, RunsAgain
from domain.schedule.queries import Place
from tests.domain.depot import DAY, HOUR, Depot, depot, local
from tests.domain.world import POLICY, SAY, Slot, contents

__all__ = ["depot"]


async def moved(depot: Depot, *, confirmed: bool = True) -> tuple[Slot, uuid.UUID]:
    """Today's shift in North, of a route that leaves from South from tomorrow on; South is returned, too."""
    south = await depot.fleet.warehouse("South", depot.mona)
    slot = await depot.shift(await depot.driver("Dana"), depot.fleet.today, confirmed=confirmed)
    result = await moving.move_route(depot.session, depot.mona, slot.route, south, SAY, POLICY, depot.now)
    assert isinstance(result, Moved)
    return slot, south


async def close(depot: Depot, place: uuid.UUID) -> tuple[int, ...]:
    """How many it calls off; as many as it said before."""
    before = await contents(depot.session)
    given = (depot.session, depot.mona, place, depot.fleet.today)
    asked = await closing.preview(*given, POLICY, depot.now)
    assert isinstance(asked, Preview) and await contents(depot.session) == before
    result = await closing.close_day(*given, None, SAY, POLICY, depot.now)
    assert isinstance(result, Closed) and result.effect == asked.effect
    return tuple(len(slots) for slots in (result.effect.cancelled, result.effect.staying))


async def shut(depot: Depot, place: uuid.UUID) -> None:
    day = {"warehouse_id": place, "on": depot.fleet.today, "runs": False, "created_at": depot.now}
    await depot.fleet.put(CalendarException, day)


async def test_r8_6_whoever_does_not_come_is_missed_though_the_new_warehouse_is_closed(depot: Depot) -> None:
    slot, south = await moved(depot)
    await shut(depot, south)
    left = await depot.missed(local(depot.fleet.today, 9) + HOUR)
    assert left.assignment_id == slot.id
    live = select(Assignment).where(Assignment.route_id == slot.route, Assignment.on == depot.fleet.today)
    [fresh] = await depot.session.scalars(live.where(Assignment.status != AssignmentStatus.CANCELLED))
    assert (fresh.status, fresh.warehouse_id) == (AssignmentStatus.UNFILLED, depot.north)
    windows = select(BidWindow).where(BidWindow.assignment_id == fresh.id)
    assert len((await depot.session.scalars(windows)).all()) == 1


async def test_r2_0_nobody_travels_to_the_old_warehouse_once_that_is_closed(depot: Depot) -> None:
    slot, _south = await moved(depot)
    runs = {"route_id": slot.route, "on": depot.fleet.today, "runs": True, "created_at": depot.now}
    await depot.fleet.put(CalendarException, runs)  # whatever its weekdays: all of the warehouse is closed
    assert await close(depot, depot.north) == (1, 0)
    assert (await depot.row(slot.id)).status is AssignmentStatus.CANCELLED
    said = select(CalendarException.runs).where(CalendarException.on == depot.fleet.today)
    assert list(await depot.session.scalars(said)) == [False]


async def test_r2_0_the_new_warehouse_is_closed_without_it(depot: Depot) -> None:
    slot, south = await moved(depot)
    other = await depot.fleet.slot(await depot.fleet.route("R1", south))
    assert await close(depot, south) == (1, 0)
    assert (await depot.row(slot.id)).status is AssignmentStatus.SCHEDULED
    assert (await depot.row(other.id)).status is AssignmentStatus.CANCELLED


@pytest.mark.parametrize("closed", ["old", "new"])
async def test_r2_0_the_route_itself_is_closed_where_it_leaves_from(depot: Depot, closed: str) -> None:
    slot, south = await moved(depot)
    await shut(depot, south if closed == "new" else depot.north)
    if closed == "new":
        assert await close(depot, slot.route) == (1, 0)
    else:
        result = await closing.preview(depot.session, depot.mona, slot.route, depot.fleet.today, POLICY, depot.now)
        assert result == Refused(Refusal.CLOSED_ALREADY)


@pytest.mark.parametrize("closed", ["before it moves", "after"])
async def test_r2_0_what_was_called_off_that_day_comes_back_where_it_was(depot: Depot, closed: str) -> None:
    if closed == "after":
        slot, south = await moved(depot)
        assert await close(depot, depot.north) == (1, 0)
    else:
        slot = await depot.shift(await depot.driver("Dana"), depot.fleet.today)
        south = await depot.fleet.warehouse("South", depot.mona)
        assert await close(depot, depot.north) == (1, 0)
        result = await moving.move_route(depot.session, depot.mona, slot.route, south, SAY, POLICY, depot.now)
        assert isinstance(result, Moved)
    await shut(depot, south)
    for place, slots in ((south, 0), (depot.north, 1)):
        given = (depot.session, depot.mona, place, depot.fleet.today, POLICY, depot.now)
        assert await closing.run_after_all(*given) == RunsAgain(await place_of(depot, place), depot.fleet.today, slots)
    live = select(Assignment.warehouse_id).where(
        Assignment.on == depot.fleet.today, Assignment.status == AssignmentStatus.UNFILLED
    )
    assert list(await depot.session.scalars(live)) == [depot.north]


async def test_r2_0_what_was_called_off_before_it_moved_on_an_earlier_day_comes_back_where_it_is(depot: Depot) -> None:
    slot = await depot.shift(await depot.driver("Dana"), depot.fleet.today, status=AssignmentStatus.CANCELLED)
    south = await depot.fleet.warehouse("South", depot.mona)
    there = {"warehouse_id": south, "updated_at": depot.now - DAY}
    await depot.session.execute(update(Route).where(Route.id == slot.route).values(there))
    for place, slots in ((depot.north, 0), (south, 1)):
        await shut(depot, place)
        result = await closing.run_after_all(depot.session, depot.mona, place, depot.fleet.today, POLICY, depot.now)
        assert isinstance(result, RunsAgain) and result.slots == slots


async def place_of(depot: Depot, place: uuid.UUID) -> Place:
    found = await queries.place(depot.session, depot.mona.id, place)
    assert found is not None
    return found
