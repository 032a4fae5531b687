"""PRODUCT's /coverage: how the routes of a day or a week stand on a manager's map, and what makes it follow."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.bidding.bids import place_bid, withdraw_bid
from domain.bidding.rules import Bids
from domain.coverage.actions import decline_day
from domain.coverage.board import Turned
from domain.coverage.maps import Cell, CoverageMap, coverage_map, reopen_map, turn_map
from domain.db.models import CalendarException, Delivery, RouteWeekday, WarehouseManager, WindowAsk
from domain.db.models.words import AssignmentStatus, BidWindowMode, DeliveryState
from domain.notices import following
from domain.people.cleaning import clean_up
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive, confirm_shift
from tests.domain.depot import DAY, HOUR, MINUTE, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.test_waves import statements
from tests.domain.world import POLICY, Fleet

TODAY = date(2026, 11, 25)  # a Wednesday
MONDAY = date(2026, 11, 23)
NOT_FOUND = Refused(Refusal.NOT_FOUND)


async def mapped(
    depot: Depot, on: date = TODAY, *, week: bool = True, of: uuid.UUID | None = None, at: datetime | None = None
) -> CoverageMap:
    now = at or depot.now
    assert await turn_map(depot.session, depot.mona, of, on, 0, POLICY, now, week=week) == Turned()
    found = await coverage_map(depot.session, depot.mona.id, POLICY, now)
    assert found is not None
    return found


def rows(found: CoverageMap) -> dict[str, tuple[Cell, ...]]:
    return {route.name: route.cells for place in found.warehouses for route in place.routes}


# -- where a route stands


async def test_every_way_in_which_a_route_can_stand(depot: Depot) -> None:
    fleet, session, north = depot.fleet, depot.session, depot.north
    driver = [await fleet.driver(f"D{n}", home=north) for n in range(5)]
    await depot.shift(driver[0], TODAY, route="R1", confirmed=True)
    await depot.shift(driver[1], TODAY, route="R2", confirmed=False)
    await depot.shift(driver[2], TODAY, status=AssignmentStatus.ACTIVE, route="R3", confirmed=True)
    await depot.shift(driver[3], TODAY, status=AssignmentStatus.COMPLETED, route="R4", confirmed=True)
    await fleet.slot(await fleet.route("R5", north), TODAY)
    bid_for = await fleet.slot(await fleet.route("R6", north), TODAY + DAY)
    window = await fleet.window(bid_for, BidWindowMode.COMPETITIVE)
    assert isinstance(await place_bid(session, driver[4], window, POLICY, depot.now), Bids)
    closed = await fleet.route("R7", north)
    await session.execute(insert(CalendarException).values(route_id=closed, on=TODAY, runs=False, created_at=depot.now))
    mondays = await fleet.route("R8", north)
    await session.execute(insert(RouteWeekday).values(route_id=mondays, weekday=1))
    await fleet.route("R9", north)
    day = rows(await mapped(depot, week=False))
    assert day == {
        "R1": (Cell.FILLED,),
        "R2": (Cell.UNCONFIRMED,),
        "R3": (Cell.FILLED,),
        "R4": (Cell.DONE,),
        "R5": (Cell.UNCOVERED,),
        "R6": (Cell.NOT_PLANNED,),
        "R7": (Cell.CLOSED,),
        "R8": (Cell.NOT_RUN,),
        "R9": (Cell.NOT_PLANNED,),
    }
    week = rows(await mapped(depot))
    assert week["R6"][3] is Cell.WITH_BIDS
    assert week["R8"] == (Cell.NOT_RUN,) * 7  # its Monday is over, and there was no shift
    assert week["R9"] == (Cell.NOT_RUN,) * 2 + (Cell.NOT_PLANNED,) * 5


async def test_a_closed_warehouse_closes_all_but_what_runs_all_the_same(depot: Depot) -> None:
    fleet = depot.fleet
    shut, runs = await fleet.route("R1", depot.north), await fleet.route("R2", depot.north)
    await depot.session.execute(
        insert(CalendarException),
        [
            {"warehouse_id": depot.north, "route_id": None, "on": TODAY, "runs": False, "created_at": depot.now},
            {"warehouse_id": None, "route_id": runs, "on": TODAY, "runs": True, "created_at": depot.now},
        ],
    )
    assert shut
    assert rows(await mapped(depot, week=False)) == {"R1": (Cell.CLOSED,), "R2": (Cell.NOT_PLANNED,)}


async def test_r8_2a_who_is_not_there_half_an_hour_before_he_is_due_is_late(depot: Depot) -> None:
    driver = await depot.fleet.driver("Dan", home=depot.north)
    await depot.shift(driver, TODAY, route="R1", confirmed=True)
    nine = local(TODAY, 9)
    for at, cell in ((nine - 31 * MINUTE, Cell.FILLED), (nine - 30 * MINUTE, Cell.LATE), (nine + HOUR, Cell.LATE)):
        assert rows(await mapped(depot, at=at))["R1"][2] is cell


async def test_what_is_open_is_listed_from_today_on_the_nearest_day_first(depot: Depot) -> None:
    fleet = depot.fleet
    r12, r2 = await fleet.route("R12", depot.north), await fleet.route("R2", depot.north)
    for route, on in ((r12, TODAY + DAY), (r2, TODAY + 2 * DAY), (r2, TODAY), (r12, TODAY - DAY)):
        await fleet.slot(route, on)
    found = await mapped(depot)
    assert [(each.slot.route, each.slot.on) for each in found.open] == [
        ("R2", TODAY),
        ("R12", TODAY + DAY),
        ("R2", TODAY + 2 * DAY),
    ]
    assert found.ahead(Cell.UNCOVERED) == 3  # what is over is on the map, but nobody's to do any more
    assert rows(found)["R12"][1] is Cell.UNCOVERED


async def test_one_statement_whatever_the_number_of_routes(depot: Depot, shared_engine: AsyncEngine) -> None:
    async def read() -> int:
        with statements(shared_engine) as seen:
            assert await coverage_map(depot.session, depot.mona.id, POLICY, depot.now) is not None
        return len(seen)

    await mapped(depot)
    before = await read()
    for n in range(30):
        await depot.fleet.slot(await depot.fleet.route(f"R{n}", depot.north), TODAY + n % 4 * DAY)
    assert await read() == before == 3  # what it shows, whose warehouses they are, and how all of it stands


# -- whose it is, and which days


async def test_r12_3_it_shows_his_warehouses_alone(depot: Depot) -> None:
    fleet = depot.fleet
    sue = await fleet.manager("Sue")
    south = await fleet.warehouse("South", sue)
    await fleet.slot(await fleet.route("R9", south), TODAY)
    await fleet.slot(await fleet.route("R1", depot.north), TODAY)
    found = await mapped(depot)
    assert set(rows(found)) == {"R1"} and [each.slot.route for each in found.open] == ["R1"]
    given = depot.session, depot.mona, south, TODAY, 0, POLICY, depot.now
    assert await turn_map(*given, week=True) == NOT_FOUND
    await fleet.put_in_charge(depot.mona, south)
    assert set(rows(await mapped(depot))) == {"R1", "R9"}
    assert set(rows(await mapped(depot, of=south))) == {"R9"}
    hers = WarehouseManager.user_id == depot.mona.id, WarehouseManager.warehouse_id == south
    await depot.session.execute(delete(WarehouseManager).where(*hers))
    assert await coverage_map(depot.session, depot.mona.id, POLICY, depot.now) is None  # it is hers no more
    await reopen_map(depot.session, depot.mona, POLICY, depot.now)
    again = await coverage_map(depot.session, depot.mona.id, POLICY, depot.now)
    assert again is not None and again.one is None and set(rows(again)) == {"R1"}


@pytest.mark.parametrize(
    ("on", "week", "days"),
    [
        (TODAY, True, (MONDAY, 7)),
        (TODAY, False, (TODAY, 1)),
        (MONDAY + 13 * DAY, True, (MONDAY + 7 * DAY, 7)),
        (TODAY - timedelta(weeks=8), False, (TODAY - timedelta(weeks=8), 1)),
        (TODAY - timedelta(weeks=8, days=1), False, (TODAY, 1)),  # too far away, as of an old button or a forged one
        (date.min, True, (MONDAY, 7)),
        (date.max, True, (MONDAY, 7)),
    ],
)
async def test_the_days_of_a_map(depot: Depot, on: date, week: bool, days: tuple[date, int]) -> None:
    found = await mapped(depot, on, week=week)
    assert (found.days[0], len(found.days)) == days


async def test_back_to_it_as_it_was_left_until_its_days_are_over(depot: Depot) -> None:
    await mapped(depot, TODAY + DAY, week=False)
    for at, first in ((local(TODAY + DAY, 23), TODAY + DAY), (local(TODAY + 2 * DAY, 0), MONDAY)):
        await reopen_map(depot.session, depot.mona, POLICY, at)
        found = await coverage_map(depot.session, depot.mona.id, POLICY, at)
        assert found is not None and found.days[0] == first


# -- what makes it follow


async def shown(depot: Depot) -> uuid.UUID:
    return await depot.fleet.add(
        Delivery,
        user_id=depot.mona.id,
        channel="telegram",
        kind="coverage",
        urgency=2,
        state=DeliveryState.SENT,
        created_at=depot.now,
    )


async def is_redrawn(session: AsyncSession, card: uuid.UUID) -> bool:
    """Since it was last asked."""
    row = await session.get_one(Delivery, card, populate_existing=True)
    marked = row.redraw
    await session.execute(update(Delivery).where(Delivery.id == card).values(redraw=False, due_at=None))
    return marked


async def bid_window(depot: Depot, fleet: Fleet, driver: Person, on: date) -> uuid.UUID:
    slot = await fleet.slot(await fleet.route(f"B{on.day}", depot.north), on)
    window = await fleet.window(slot, BidWindowMode.COMPETITIVE)
    await fleet.put(WindowAsk, {"window_id": window, "user_id": driver.id, "on": on, "asked_at": depot.now})
    return window


async def test_it_follows_whatever_happens_on_its_days(depot: Depot) -> None:
    fleet, session, now = depot.fleet, depot.session, depot.now
    driver = await fleet.driver("Dan", home=depot.north)
    waits = await depot.shift(driver, TODAY + 3 * DAY, route="R1", confirmed=False)
    today = await depot.shift(driver, TODAY, route="R2", confirmed=True)
    bids = await bid_window(depot, fleet, driver, TODAY + 2 * DAY)
    later = await bid_window(depot, fleet, driver, TODAY + 7 * DAY)
    await mapped(depot)
    card = await shown(depot)

    await confirm_shift(session, driver, waits.id, POLICY, now)
    assert await is_redrawn(session, card)
    await arrive(session, driver, today.id, POLICY, now)
    assert await is_redrawn(session, card)
    await place_bid(session, driver, bids, POLICY, now)
    assert await is_redrawn(session, card)
    await withdraw_bid(session, driver, bids, now)
    assert await is_redrawn(session, card)
    await place_bid(session, driver, bids, POLICY, now)
    assert await is_redrawn(session, card)
    await decline_day(session, driver, bids, now)  # and with it he withdraws
    assert await is_redrawn(session, card)
    await place_bid(session, driver, later, POLICY, now)  # of next week
    assert not await is_redrawn(session, card)


async def test_a_map_of_one_warehouse_follows_that_one_alone_and_none_follows_once_it_is_over(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South", depot.mona)
    await mapped(depot, of=depot.north)
    card = await shown(depot)
    for warehouse, at, redrawn in (
        (depot.north, depot.now, True),
        (south, depot.now, False),
        (depot.north, local(MONDAY + 7 * DAY, 0), False),
    ):
        await following.follow_homes(depot.session, at, boards_of=[following.DayAt(warehouse, TODAY + DAY)])
        assert await is_redrawn(depot.session, card) is redrawn


async def test_a_new_day_is_another_today(depot: Depot) -> None:
    await mapped(depot)
    card = await shown(depot)
    await clean_up(depot.session, POLICY, local(TODAY + DAY, 4))
    assert await is_redrawn(depot.session, card)
