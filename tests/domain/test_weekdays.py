"""R2.0: a route's weekdays, and routes that start in the middle of a week."""

import uuid
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import select

from domain.db.models import Assignment, AuditLog, Bid, BidWindow, CalendarException, Incident, RouteWeekday
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus, NotificationType
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule import queries, weekdays
from domain.schedule.calendar import runs_on
from domain.schedule.calling_off import Effect
from domain.schedule.closing import close_day
from domain.schedule.rules import weekday_of
from domain.schedule.weekdays import Created, TurnedOff, TurnedOn, WouldDisplace
from tests.domain.depot import DAY, Depot, depot, local
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]
S = AssignmentStatus
FRIDAY = 5  # today is a Wednesday


async def on(depot: Depot, route: uuid.UUID, weekday: int = FRIDAY, by: Person | None = None) -> TurnedOn | Refused:
    return await weekdays.turn_on(depot.session, by or depot.mona, route, weekday, POLICY, depot.now)


async def off(
    depot: Depot, route: uuid.UUID, weekday: int = FRIDAY, *, sure: bool = False, by: Person | None = None
) -> TurnedOff | WouldDisplace | Refused:
    given = (depot.session, by or depot.mona, route, weekday)
    return await weekdays.turn_off(*given, sure, SAY, POLICY, depot.now)


async def create(depot: Depot, name: str = "R40", *, hour: int | None = None) -> Created | Refused:
    now = depot.now if hour is None else local(depot.fleet.today, hour)
    return await weekdays.create_route(depot.session, depot.mona, depot.north, name, POLICY, now)


async def unfilled(depot: Depot, route: uuid.UUID) -> list[date]:
    rows = select(Assignment.on).where(Assignment.route_id == route, Assignment.status == S.UNFILLED)
    return sorted(await depot.session.scalars(rows))


async def test_r2_0_turning_a_weekday_off_stays_true_to_what_was_before(depot: Depot) -> None:
    route, friday = await depot.fleet.route("R12", depot.north), depot.fleet.day(2)
    assert weekday_of(friday) == FRIDAY
    assert isinstance(await off(depot, route), TurnedOff)
    days = [friday + n * 7 * DAY for n in (-2, -1, 0, 1)]
    assert [await runs_on(depot.session, route, day) for day in days] == [True, True, False, False]
    assert all([await runs_on(depot.session, route, friday + n * DAY) for n in range(1, 7)])
    found = await queries.route_calendar(depot.session, depot.mona.id, route, depot.fleet.today, 5)
    assert found is not None and set(found.weekdays) == set(range(7)) - {FRIDAY}


async def test_r2_0_a_weekday_that_is_turned_off_and_on_and_off_again_the_same_day(depot: Depot) -> None:
    route, friday = await depot.fleet.route("R12", depot.north), depot.fleet.day(2)
    for _ in range(2):
        await off(depot, route)
        before = await contents(depot.session)
        assert await off(depot, route) == TurnedOff(Effect((), ()))  # pressed twice (R2.5)
        assert await contents(depot.session) == before
        assert not await runs_on(depot.session, route, friday)
        await on(depot, route)
        before = await contents(depot.session)
        assert await on(depot, route) == TurnedOn(0)
        assert await contents(depot.session) == before
        assert await runs_on(depot.session, route, friday)
    assert await unfilled(depot, route) == [friday]
    for weekday in range(7):
        await off(depot, route, weekday)
    assert not any([await runs_on(depot.session, route, friday + n * DAY) for n in range(7)])
    assert await runs_on(depot.session, route, friday - 7 * DAY)
    assert await unfilled(depot, route) == []


async def test_r2_0_a_weekday_that_began_today_is_turned_off_without_the_route_running_daily(depot: Depot) -> None:
    """Its only row says nothing any more, but it stays: a route without rows runs every day."""
    route = await depot.fleet.route("R12", depot.north)
    row = {"route_id": route, "weekday": FRIDAY, "starts_on": depot.fleet.today, "ends_on": None}
    await depot.fleet.put(RouteWeekday, row)
    await off(depot, route)
    assert not any([await runs_on(depot.session, route, depot.fleet.day(n)) for n in range(8)])


async def test_r2_0_nobody_is_displaced_without_asking(depot: Depot) -> None:
    friday = depot.fleet.day(2)
    slot = await depot.shift(dana := await depot.driver("Dana"), friday)
    before = await contents(depot.session)
    asked = await off(depot, slot.route)
    assert isinstance(asked, WouldDisplace)
    assert [each.driver for each in asked.effect.displaced] == ["Dana Test"]
    assert await contents(depot.session) == before
    done = await off(depot, slot.route, sure=True)
    assert isinstance(done, TurnedOff) and len(done.effect.displaced) == 1
    assert (await depot.row(slot.id)).status is S.CANCELLED
    assert [row.type for row in await depot.told(dana)] == [NotificationType.SHIFT_CANCELLED]
    assert await depot.incidents() == {} and (await depot.session.scalars(select(Incident))).all() == []


async def test_r2_0_bids_are_asked_about_too_and_lost(depot: Depot) -> None:
    fleet, friday = depot.fleet, depot.fleet.day(2)
    slot = await fleet.slot(await fleet.route("R12", depot.north), friday)
    window = await fleet.window(slot, BidWindowMode.COMPETITIVE)
    dana = await depot.driver("Dana")
    waiting = {"status": BidStatus.PENDING, "bid_at": fleet.now, "window_closes_at": fleet.now + DAY}
    await fleet.add(Bid, assignment_id=slot.id, user_id=dana.id, **waiting)
    assert isinstance(await off(depot, slot.route), WouldDisplace)
    await off(depot, slot.route, sure=True)
    assert [row.type for row in await depot.told(dana)] == [NotificationType.BID_LOST]
    assert (await depot.window(window)).status is BidWindowStatus.CLOSED


async def test_r2_0_unfilled_slots_go_without_asking_and_others_stay(depot: Depot) -> None:
    """Other weekdays, other routes, the past, and days that are to run whatever the weekdays."""
    fleet = depot.fleet
    route, other = await fleet.route("R12", depot.north), await fleet.route("R20", depot.north)
    gone = [await fleet.slot(route, fleet.day(2)), await fleet.slot(route, fleet.day(9))]
    stay = [
        await fleet.slot(route, fleet.day(3)),
        await fleet.slot(other, fleet.day(2)),
        await fleet.slot(route, fleet.day(-5)),
        await fleet.slot(route, fleet.day(16)),
    ]
    runs = {"on": fleet.day(16), "route_id": route, "runs": True, "created_at": fleet.now}
    await fleet.put(CalendarException, runs)
    assert isinstance(await off(depot, route), TurnedOff)
    assert {(await depot.row(slot.id)).status for slot in gone} == {S.CANCELLED}
    assert {(await depot.row(slot.id)).status for slot in stay} == {S.UNFILLED}


async def test_r2_0_turning_on_opens_the_slots_of_the_published_weeks(depot: Depot) -> None:
    """This week, and each later one of which the warehouse has any rows."""
    fleet, friday = depot.fleet, depot.fleet.day(2)
    route = await fleet.route("R12", depot.north)
    await off(depot, route)
    other = await fleet.route("R20", depot.north)
    await fleet.slot(other, fleet.day(14))  # the week after next is published, the next is not
    elsewhere = await fleet.route("R30", await fleet.warehouse("South", await fleet.manager("Omar")))
    await fleet.slot(elsewhere, fleet.day(7))
    result = await on(depot, route)
    assert isinstance(result, TurnedOn) and result.slots == 2
    assert await unfilled(depot, route) == [friday, friday + 14 * DAY]
    windows = await depot.session.execute(
        select(Assignment.on, BidWindow.mode, BidWindow.trigger, BidWindow.status)
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .where(Assignment.route_id == route)
        .order_by(Assignment.on)
    )
    opened = (BidWindowMode.COMPETITIVE, "schedule_unfilled", BidWindowStatus.OPEN)
    assert [tuple(row) for row in windows] == [(friday, *opened), (friday + 14 * DAY, *opened)]


async def test_r2_1_a_slot_that_is_there_is_not_opened_again(depot: Depot) -> None:
    slot = await depot.shift(await depot.driver("Dana"), depot.fleet.day(2), status=S.ACTIVE)
    await off(depot, slot.route, sure=True)  # it has begun, so it stays
    result = await on(depot, slot.route)
    assert isinstance(result, TurnedOn) and result.slots == 0


async def test_r2_0_no_slot_opens_where_the_day_is_closed(depot: Depot) -> None:
    friday = depot.fleet.day(2)
    route = await depot.fleet.route("R12", depot.north)
    await off(depot, route)
    await close_day(depot.session, depot.mona, depot.north, friday, None, SAY, POLICY, depot.now)
    result = await on(depot, route)
    assert isinstance(result, TurnedOn) and result.slots == 0
    created = await create(depot)
    assert isinstance(created, Created)
    assert friday not in await unfilled(depot, created.route_id)


@pytest.mark.parametrize(("hour", "first"), [(6, 0), (7, 1)])
async def test_r2_0_a_route_that_starts_mid_week_has_its_slots_at_once(depot: Depot, hour: int, first: int) -> None:
    """From today while its shifts have not started, to the end of the week."""
    created = await create(depot, hour=hour)
    assert isinstance(created, Created) and created.slots == 5 - first
    days = await unfilled(depot, created.route_id)
    assert days == [depot.fleet.day(n) for n in range(first, 5)]  # Wednesday to Sunday
    entries = await depot.session.scalars(select(AuditLog.action).where(AuditLog.actor_id == depot.mona.id))
    assert sorted(entries) == sorted(["created", *["opened"] * 2 * created.slots])


async def test_r2_0_a_new_routes_name_is_its_own_in_its_warehouse(depot: Depot) -> None:
    assert isinstance(await create(depot, "  R  40 "), Created)
    assert await create(depot, "r 40") == Refused(Refusal.NAME_TAKEN)
    for name in ("", "  \n ", "x" * (POLICY.place_name_most + 1)):
        assert await create(depot, name) == Refused(Refusal.BAD_NAME)
    south = await depot.fleet.warehouse("South", depot.mona)
    elsewhere = await weekdays.create_route(depot.session, depot.mona, south, "R 40", POLICY, depot.now)
    assert isinstance(elsewhere, Created)


async def test_r12_3_a_manager_of_elsewhere_changes_nothing(depot: Depot) -> None:
    route = await depot.fleet.route("R12", depot.north)
    omar = await depot.fleet.manager("Omar")
    await depot.fleet.warehouse("South", omar)
    before = await contents(depot.session)
    not_found = Refused(Refusal.NOT_FOUND)
    assert await on(depot, route, by=omar) == not_found
    assert await off(depot, route, by=omar, sure=True) == not_found
    assert await off(depot, depot.north) == not_found  # no route
    assert await on(depot, route, 7) == await on(depot, route, -1) == not_found
    created = await weekdays.create_route(depot.session, omar, depot.north, "R40", POLICY, depot.now)
    assert created == not_found
    assert await queries.route_calendar(depot.session, omar.id, route, depot.fleet.today, 5) is None
    assert await contents(depot.session) == before


async def test_routes_are_listed_by_warehouse_in_pages(depot: Depot) -> None:
    east = await depot.fleet.warehouse("East", depot.mona)
    for name, warehouse in (("R2", depot.north), ("R12", depot.north), ("R3", depot.north), ("R99", east)):
        await depot.fleet.route(name, warehouse)
    first = await queries.routes_page(depot.session, depot.mona.id, 0, 3)
    assert [(route.warehouse, route.name) for route in first.routes] == [
        ("East", "R99"),
        ("North", "R2"),
        ("North", "R3"),
    ]
    assert [warehouse.name for warehouse in first.warehouses] == ["East", "North"]
    last = await queries.routes_page(depot.session, depot.mona.id, 7, 3)
    assert ([route.name for route in last.routes], last.page, last.pages) == (["R12"], 1, 2)


async def test_r2_0_the_past_and_other_weeks_are_left_alone_by_opening(depot: Depot) -> None:
    created = await create(depot)
    assert isinstance(created, Created)
    assert await runs_on(depot.session, created.route_id, depot.fleet.day(-30) + timedelta(days=0))
    assert min(await unfilled(depot, created.route_id)) > depot.fleet.today


@pytest.mark.parametrize("seed", range(3))
async def test_r2_0_whatever_is_pressed_changes_what_comes_and_never_what_was(depot: Depot, seed: int) -> None:
    """Weekdays turned on and off at random on the days of five weeks, against a calendar that is kept by hand."""
    dice, route = Random(seed), await depot.fleet.route("R12", depot.north)
    first, length = depot.fleet.today, 35
    expected = dict.fromkeys((first + n * DAY for n in range(-7, length + 14)), True)
    for n in range(length):
        today = first + n * DAY
        for _ in range(dice.choice([0, 1, 3])):
            weekday, does = dice.randrange(7), dice.random() < 0.5
            given = (depot.session, depot.mona, route, weekday)
            if does:
                await weekdays.turn_on(*given, POLICY, local(today, 6))
            else:
                await weekdays.turn_off(*given, False, SAY, POLICY, local(today, 6))
            expected |= {day: does for day in expected if day >= today and weekday_of(day) == weekday}
    found = {day: await runs_on(depot.session, route, day) for day in expected}
    assert found == expected
    assert set(expected.values()) == {True, False}
    live = select(Assignment.on).where(Assignment.route_id == route, Assignment.status != S.CANCELLED)
    last = first + (length - 1) * DAY
    assert all(expected[day] for day in await depot.session.scalars(live) if day >= last)
