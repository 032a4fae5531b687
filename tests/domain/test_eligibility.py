"""R6.3 clause by clause, with real rows: who may take a slot, as the drivers' own press and as the fleet's query."""

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.bidding.rules import first_refusal
from domain.bidding.standing import SlotKey, may_take, standing, standing_of
from domain.db.models import CapOverride, Employment
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.people.queries import Person
from domain.refusals import Refusal
from tests.domain.world import POLICY, Fleet, Slot


class Place:
    """One slot today at North, R12; `ask` says what stands against a driver there."""

    def __init__(self, fleet: Fleet, north: uuid.UUID, south: uuid.UUID, slot: Slot, elsewhere: uuid.UUID) -> None:
        self.fleet, self.north, self.south, self.slot, self.elsewhere = fleet, north, south, slot, elsewhere
        self.key = SlotKey(uuid.uuid4(), slot.route, slot.warehouse, slot.on, emergency=True)

    async def ask(self, driver: Person) -> Refusal | None:
        said = first_refusal(await standing_of(self.fleet.session, self.key, driver.id, POLICY))
        of = standing(POLICY).subquery()
        listed = await self.fleet.session.scalar(
            select(may_take(of)).where(of.c.driver_id == driver.id), self.key.given
        )
        assert listed is (said is None), "the query and the rule are one definition"
        return said

    async def routes(self, count: int) -> list[uuid.UUID]:
        return [await self.fleet.route(f"X{number}", self.north) for number in range(count)]


@pytest.fixture
async def place(fleet: Fleet) -> Place:
    north, south = await fleet.warehouse("North"), await fleet.warehouse("South")
    route, elsewhere = await fleet.route("R12", north), await fleet.route("R30", south)
    return Place(fleet, north, south, await fleet.slot(route), elsewhere)


async def test_r6_3_a_driver_of_the_house_may(place: Place) -> None:
    assert await place.ask(await place.fleet.driver(home=place.north)) is None


async def test_r6_3_only_drivers(place: Place) -> None:
    manager = await place.fleet.manager("Mona", place.north)
    assert await place.ask(manager) is Refusal.NOT_A_DRIVER


# -- employed, and where


@pytest.mark.parametrize(
    ("starts", "ends", "why"),
    [
        (0, None, None),  # his first day
        (1, None, Refusal.NOT_EMPLOYED),
        (-30, 0, None),  # his last day
        (-30, -1, Refusal.NOT_EMPLOYED),
        (0, 0, None),
    ],
)
async def test_r12_7_employed_from_until_inclusive(
    place: Place, starts: int, ends: int | None, why: Refusal | None
) -> None:
    day = place.fleet.day
    terms = day(starts), None if ends is None else day(ends)
    assert await place.ask(await place.fleet.driver(home=place.north, employed=terms)) is why


async def test_r12_7_it_is_the_date_of_the_shift_that_counts(place: Place) -> None:
    """Not today's: he starts tomorrow, and tomorrow's slot is open to him."""
    tomorrow = place.fleet.day(1)
    place.key = SlotKey(uuid.uuid4(), place.slot.route, place.north, tomorrow, emergency=True)
    assert await place.ask(await place.fleet.driver(home=place.north, employed=(tomorrow, None))) is None


async def test_r12_7_without_a_recorded_home_all_warehouses(place: Place) -> None:
    assert await place.ask(await place.fleet.driver(home=None)) is None


async def test_r6_3_another_warehouse_only_if_ticked(place: Place) -> None:
    assert await place.ask(await place.fleet.driver(home=place.south)) is Refusal.WAREHOUSE_NOT_HIS
    assert await place.ask(await place.fleet.driver(home=place.south, ticked=[place.north])) is None
    assert await place.ask(await place.fleet.driver(home=place.south, ticked=[place.south])) is (
        Refusal.WAREHOUSE_NOT_HIS
    )


async def test_r6_3_ticking_is_no_employment(place: Place) -> None:
    left = place.fleet.day(-30), place.fleet.day(-1)
    driver = await place.fleet.driver(home=place.south, employed=left, ticked=[place.north])
    assert await place.ask(driver) is Refusal.NOT_EMPLOYED


async def test_r12_7_who_moved_is_at_home_where_he_is_now(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north, employed=(place.fleet.day(-30), place.fleet.day(-1)))
    now_south = {"user_id": driver.id, "warehouse_id": place.south, "starts_on": place.fleet.today, "ends_on": None}
    await place.fleet.add(Employment, **now_south)
    assert await place.ask(driver) is Refusal.WAREHOUSE_NOT_HIS


async def test_r12_7_several_homes(place: Place) -> None:
    driver = await place.fleet.driver(home=place.south)
    await place.fleet.add(
        Employment, user_id=driver.id, warehouse_id=place.north, starts_on=date(2020, 1, 1), ends_on=None
    )
    assert await place.ask(driver) is None


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (0, 0, Refusal.AWAY),
        (-5, 0, Refusal.AWAY),
        (0, 5, Refusal.AWAY),
        (-5, 5, Refusal.AWAY),
        (-5, -1, None),
        (1, 5, None),
    ],
)
async def test_r12_7_time_off_both_days_inclusive(place: Place, first: int, last: int, why: Refusal | None) -> None:
    off = place.fleet.day(first), place.fleet.day(last)
    assert await place.ask(await place.fleet.driver(home=place.north, off=off)) is why


# -- flagged, pool


async def test_r9_2_a_flagged_driver_gets_no_new_shifts(place: Place) -> None:
    assert await place.ask(await place.fleet.driver(home=place.north, flagged=True)) is Refusal.FLAGGED


async def test_r10_2_out_of_the_pool(place: Place) -> None:
    assert await place.ask(await place.fleet.driver(home=place.north, in_pool=False)) is Refusal.OUT_OF_POOL
    assert await place.ask(await place.fleet.driver(home=place.north, in_pool=True)) is None
    assert await place.ask(await place.fleet.driver(home=place.north, in_pool=None)) is None


# -- what he did with this slot


@pytest.mark.parametrize("incident", [None, IncidentKind.EARLY_CANCEL, IncidentKind.LATE_CANCEL])
async def test_r6_3_who_cancelled_this_slot_may_not(place: Place, incident: IncidentKind | None) -> None:
    driver = await place.fleet.driver(home=place.north)
    await place.fleet.cancelled_by(driver, place.slot.route, place.slot.on, incident)
    assert await place.ask(driver) is Refusal.LEFT_THIS_SLOT


async def test_r6_3_who_is_ill_cancelled_too(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north)
    await place.fleet.cancelled_by(driver, place.slot.route, place.slot.on, IncidentKind.PROTECTED_ABSENCE)
    assert await place.ask(driver) is Refusal.LEFT_THIS_SLOT


async def test_r6_3_who_missed_this_slot_may_not(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north)
    await place.fleet.lost_by(driver, place.slot.route, place.slot.on, IncidentKind.NO_SHOW)
    assert await place.ask(driver) is Refusal.LEFT_THIS_SLOT


@pytest.mark.parametrize("incident", [IncidentKind.AUTO_DROP, IncidentKind.REMOVED_BY_MANAGER, None])
async def test_r6_3_who_was_dropped_or_removed_may_take_it_back(place: Place, incident: IncidentKind | None) -> None:
    driver = await place.fleet.driver(home=place.north)
    await place.fleet.lost_by(driver, place.slot.route, place.slot.on, incident)
    assert await place.ask(driver) is None


async def test_r6_3_it_is_this_slot_that_he_left_not_another(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north)
    [other] = await place.routes(1)
    await place.fleet.cancelled_by(driver, other, place.slot.on, IncidentKind.LATE_CANCEL)
    await place.fleet.cancelled_by(driver, place.slot.route, place.fleet.day(-1), IncidentKind.LATE_CANCEL)
    somebody = await place.fleet.driver("Else", home=place.north)
    await place.fleet.cancelled_by(somebody, place.slot.route, place.slot.on, IncidentKind.LATE_CANCEL)
    assert await place.ask(driver) is None


# -- what he holds


@pytest.mark.parametrize("status", [AssignmentStatus.SCHEDULED, AssignmentStatus.COMPLETED])
async def test_r2_1_one_live_shift_a_date(place: Place, status: AssignmentStatus) -> None:
    driver = await place.fleet.driver(home=place.north)
    await place.fleet.shift(place.elsewhere, driver, status=status)
    assert await place.ask(driver) is Refusal.BUSY


async def test_r2_1_a_cancelled_shift_leaves_the_date_free(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north)
    await place.fleet.shift(place.elsewhere, driver, status=AssignmentStatus.CANCELLED)
    await place.fleet.shift(place.elsewhere, driver, place.fleet.day(1))
    assert await place.ask(driver) is None


@pytest.mark.parametrize("day", [0, -1])
async def test_r6_3_nobody_who_is_on_a_shift(place: Place, day: int) -> None:
    """Yesterday's that has not been completed, too."""
    driver = await place.fleet.driver(home=place.north)
    await place.fleet.shift(place.elsewhere, driver, place.fleet.day(day), AssignmentStatus.ACTIVE)
    assert await place.ask(driver) is Refusal.ON_SHIFT


# -- the weekly cap. Today is Wednesday 25 November; its week is 23 to 29.

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)


async def test_r6_3_the_cap_counts_the_week_of_the_slot(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north, cap=2)
    await place.fleet.shift(place.elsewhere, driver, MONDAY - timedelta(days=1))
    await place.fleet.shift(place.elsewhere, driver, SUNDAY + timedelta(days=1))
    assert await place.ask(driver) is None
    await place.fleet.shift(place.elsewhere, driver, MONDAY, AssignmentStatus.COMPLETED)
    assert await place.ask(driver) is None
    await place.fleet.shift(place.elsewhere, driver, SUNDAY)
    assert await place.ask(driver) is Refusal.AT_CAP


async def test_r6_3_the_cap_counts_all_but_cancelled(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north, cap=1)
    await place.fleet.shift(place.elsewhere, driver, MONDAY, AssignmentStatus.CANCELLED)
    assert await place.ask(driver) is None
    await place.fleet.shift(place.elsewhere, driver, MONDAY, AssignmentStatus.COMPLETED)
    assert await place.ask(driver) is Refusal.AT_CAP


async def test_r6_3_the_cap_counts_the_slots_week_not_todays(place: Place) -> None:
    driver = await place.fleet.driver(home=place.north, cap=1)
    await place.fleet.shift(place.elsewhere, driver, MONDAY)
    place.key = SlotKey(uuid.uuid4(), place.slot.route, place.north, SUNDAY + timedelta(days=1), emergency=True)
    assert await place.ask(driver) is None
    place.key = SlotKey(uuid.uuid4(), place.slot.route, place.north, SUNDAY, emergency=True)
    assert await place.ask(driver) is Refusal.AT_CAP


async def test_r6_3_a_cap_override_is_for_this_window_and_driver(place: Place) -> None:
    at_cap = [await place.fleet.driver(name, home=place.north, cap=1) for name in ("One", "Two")]
    for driver in at_cap:
        await place.fleet.shift((await place.routes(1))[0], driver, MONDAY)
    manager = await place.fleet.manager("Mona", place.north)
    window = await place.fleet.window(place.slot)
    granted = {"window_id": window, "user_id": at_cap[0].id, "granted_by": manager.id, "granted_at": place.fleet.now}
    await place.fleet.put(CapOverride, granted)
    assert [await place.ask(driver) for driver in at_cap] == [Refusal.AT_CAP, Refusal.AT_CAP]
    place.key = SlotKey(window, place.slot.route, place.north, place.slot.on, emergency=True)
    assert [await place.ask(driver) for driver in at_cap] == [None, Refusal.AT_CAP]


# -- [Not today]


async def test_r6_3_not_today_is_about_telling_and_stands_apart(place: Place) -> None:
    """Whoever pressed it isn't told; what he presses himself is his to press (a decline is taken back by accepting)."""
    driver = await place.fleet.driver(home=place.north, declined=[place.slot.on])
    other_day = await place.fleet.driver(home=place.north, declined=[place.fleet.day(1)])
    of = standing(POLICY).subquery()
    rows = await place.fleet.session.execute(select(of.c.driver_id, of.c.declined), place.key.given)
    declined = {row.driver_id: row.declined for row in rows}
    assert declined == {driver.id: True, other_day.id: False}
    assert await place.ask(driver) is None


# -- near: whom waves tell first


async def near(place: Place, driver: Person) -> bool:
    of = standing(POLICY).subquery()
    found = await place.fleet.session.scalar(select(of.c.near).where(of.c.driver_id == driver.id), place.key.given)
    assert found is not None
    return bool(found)


async def test_r6_3_near_are_those_at_home_there(place: Place) -> None:
    assert await near(place, await place.fleet.driver(home=place.north))
    assert not await near(place, await place.fleet.driver(home=place.south, ticked=[place.north]))
    assert not await near(place, await place.fleet.driver(home=None))


async def test_r6_3_near_are_those_who_prefer_a_route_there(place: Place) -> None:
    [another] = await place.routes(1)
    assert await near(place, await place.fleet.driver(home=None, prefers=[place.elsewhere, another]))
    assert not await near(place, await place.fleet.driver(home=None, prefers=[place.elsewhere]))
    assert not await near(place, await place.fleet.driver(home=None, prefers=[]))


async def test_r6_3_near_are_those_who_worked_there(place: Place) -> None:
    [another] = await place.routes(1)
    assert await near(place, await place.fleet.driver(home=None, completions={another: 1}))
    assert not await near(place, await place.fleet.driver(home=None, completions={place.elsewhere: 9}))
    assert not await near(place, await place.fleet.driver(home=None, completions={another: 0}))


async def test_r6_3_near_are_those_who_work_there(place: Place) -> None:
    here, there, gone = [await place.fleet.driver(name, home=None) for name in ("Here", "There", "Gone")]
    [another] = await place.routes(1)
    await place.fleet.shift(another, here, place.fleet.day(2))
    await place.fleet.shift(place.elsewhere, there, place.fleet.day(2))
    await place.fleet.shift(another, gone, place.fleet.day(3), AssignmentStatus.CANCELLED)
    assert [await near(place, driver) for driver in (here, there, gone)] == [True, False, False]
