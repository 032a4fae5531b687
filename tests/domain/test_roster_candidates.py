"""R3.2, R3.4, R3.5: who may be given what, and the facts by which the best is chosen."""

import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from domain.db.models import Bid, DriverPreferences, Employment, PreferenceVersion, RouteWeekday, User
from domain.db.models.words import AssignmentStatus, BidWindowMode, IncidentKind, RosterCause
from domain.people.queries import Person
from domain.roster.rules import Candidate, Slot
from domain.roster.runs import Run
from domain.roster.snapshot import Snapshot, snapshot
from domain.time import shift_start
from tests.domain.rostering import DAY, EVERY_DAY, FROZEN, SECOND, WEEK
from tests.domain.world import POLICY, Fleet

TUESDAY, SUNDAY = WEEK + DAY, WEEK + 6 * DAY
THE_WEEK = {WEEK + n * DAY for n in range(7)}
RUN = Run(uuid.uuid4(), WEEK, RosterCause.DEADLINE, None, FROZEN, None, None)


class Town:
    """North with R1 and R2, South with R3; Dana is at home in North and prefers R1 every day."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    async def build(self) -> None:
        fleet = self.fleet
        self.north, self.south = await fleet.warehouse("North"), await fleet.warehouse("South")
        self.r1, self.r2 = await fleet.route("R1", self.north), await fleet.route("R2", self.north)
        self.r3 = await fleet.route("R3", self.south)

    async def dana(self, days: Iterable[int] = EVERY_DAY, *, any_home: bool = False, **more: Any) -> Person:
        driver = await self.fleet.driver("Dana", **({"home": self.north} | more))
        await self.saved(driver, FROZEN, days, any_home=any_home)
        return driver

    async def saved(self, driver: Person, at: datetime, days: Iterable[int], *, any_home: bool = False) -> None:
        wishes = {"days": list(days), "routes": [self.r1], "any_home_route": any_home}
        await self.fleet.add(PreferenceVersion, user_id=driver.id, saved_at=at, **wishes)

    async def seen(self, now: datetime = FROZEN, **of: Any) -> Snapshot:
        return await snapshot(self.fleet.session, run := replace(RUN, **of), POLICY, now, run.warehouses)

    async def candidate(self) -> Candidate:
        """The only one."""
        [candidate] = (await self.seen()).candidates
        return candidate


@pytest.fixture
async def town(fleet: Fleet) -> Town:
    town = Town(fleet)
    await town.build()
    return town


# -- what counts of his preferences


async def test_r3_2_the_last_version_at_or_before_the_freeze_counts(town: Town) -> None:
    dana = await town.dana([1])
    await town.saved(dana, FROZEN - DAY, [2, 3])
    await town.saved(dana, FROZEN + timedelta(microseconds=1), EVERY_DAY)
    assert set((await town.candidate()).days) == {WEEK}


async def test_r3_2_what_another_program_has_written_counts_as_it_stands(town: Town) -> None:
    ben = await town.fleet.driver("Ben", home=town.north, prefers=[town.r2])
    await town.fleet.session.execute(update(DriverPreferences).values(preferred_days=[2]))
    candidate = await town.candidate()
    assert (candidate.driver_id, set(candidate.days), candidate.routes) == (ben.id, {TUESDAY}, (town.r2,))
    await town.saved(ben, FROZEN + SECOND, EVERY_DAY)  # it was not his any more when it was frozen
    assert (await town.seen()).candidates == ()


async def test_r1_2_sunday_is_0_and_the_last_day_of_the_week(town: Town) -> None:
    await town.dana([0])
    assert set((await town.candidate()).days) == {SUNDAY}


# -- R3.4, a ground each

Change = Callable[[Town, Person], Awaitable[object]]


async def nothing(_town: Town, _dana: Person) -> None:
    pass


def a_user_with(**values: Any) -> Change:
    return lambda town, dana: town.fleet.session.execute(update(User).where(User.id == dana.id).values(**values))


@pytest.mark.parametrize(
    ("change", "there"),
    [
        (nothing, True),
        (a_user_with(is_flagged=True), False),
        (a_user_with(role="manager"), False),
    ],
)
async def test_r3_4_drivers_who_are_not_flagged(town: Town, change: Change, there: bool) -> None:
    await change(town, await town.dana())
    assert bool((await town.seen()).candidates) is there


@pytest.mark.parametrize(("in_pool", "there"), [(None, True), (True, True), (False, False)])
async def test_r3_4_drivers_in_the_pool(town: Town, in_pool: bool | None, there: bool) -> None:
    await town.dana(in_pool=in_pool)
    assert bool((await town.seen()).candidates) is there


@pytest.mark.parametrize(
    ("employed", "days"),
    [
        ((TUESDAY, None), THE_WEEK - {WEEK}),
        ((date(2020, 1, 1), TUESDAY), {WEEK, TUESDAY}),
        ((TUESDAY, TUESDAY), {TUESDAY}),
        ((date(2020, 1, 1), WEEK - DAY), set()),
        ((SUNDAY + DAY, None), set()),
    ],
)
async def test_r12_7_on_the_days_of_his_employment(
    town: Town, employed: tuple[date, date | None], days: set[date]
) -> None:
    await town.dana(employed=employed)
    found = (await town.seen()).candidates
    assert {on for each in found for on in each.days} == days


async def test_r12_7_nobody_has_recorded_where_he_works(town: Town) -> None:
    await town.dana(home=None, any_home=True)
    assert (await town.candidate()).days == dict.fromkeys(THE_WEEK, frozenset({town.north, town.south}))


async def test_r12_7_not_on_time_off(town: Town) -> None:
    await town.dana(off=(TUESDAY, WEEK + 2 * DAY))
    assert set((await town.candidate()).days) == THE_WEEK - {TUESDAY, WEEK + 2 * DAY}


async def test_r6_3_not_on_a_day_that_he_has_declined(town: Town) -> None:
    await town.dana(declined=[TUESDAY])
    assert set((await town.candidate()).days) == THE_WEEK - {TUESDAY}


async def test_r3_1_any_route_of_his_home_on_the_days_on_which_it_is_that(town: Town) -> None:
    dana = await town.dana(any_home=True, employed=(date(2020, 1, 1), TUESDAY))
    since = {"user_id": dana.id, "warehouse_id": town.south, "starts_on": TUESDAY}
    await town.fleet.add(Employment, **since)
    days = (await town.candidate()).days
    assert days[WEEK] == {town.north} and days[TUESDAY] == {town.north, town.south}
    assert days[SUNDAY] == {town.south}


async def test_r3_1_only_his_routes_where_he_has_not_ticked_that(town: Town) -> None:
    await town.dana()
    candidate = await town.candidate()
    assert set(candidate.days.values()) == {frozenset()} and candidate.routes == (town.r1,)


async def test_r3_4_live_rows_of_the_week_count_and_take_their_days(town: Town) -> None:
    dana = await town.dana(cap=3)
    for on, status in (
        (WEEK, AssignmentStatus.SCHEDULED),
        (TUESDAY, AssignmentStatus.COMPLETED),
        (SUNDAY, AssignmentStatus.CANCELLED),
        (WEEK - DAY, AssignmentStatus.SCHEDULED),
        (SUNDAY + DAY, AssignmentStatus.SCHEDULED),
    ):
        await town.fleet.shift(town.r2, dana, on, status)
    candidate = await town.candidate()
    assert (candidate.room, candidate.held) == (1, 2)
    assert candidate.taken == {WEEK: town.r2, TUESDAY: town.r2}


async def test_r3_4_somebody_over_his_cap_has_no_room(town: Town) -> None:
    dana = await town.dana(cap=1)
    for on in (WEEK, TUESDAY):
        await town.fleet.shift(town.r2, dana, on)
    assert (await town.candidate()).room == 0


async def test_r6_3_not_a_slot_that_he_has_left_himself(town: Town) -> None:
    dana = await town.dana()
    await town.fleet.cancelled_by(dana, town.r1, WEEK)
    await town.fleet.lost_by(dana, town.r1, TUESDAY, IncidentKind.NO_SHOW)
    await town.fleet.lost_by(dana, town.r1, SUNDAY, IncidentKind.AUTO_DROP)
    assert (await town.candidate()).left == {(town.r1, WEEK), (town.r1, TUESDAY)}


# -- R3.5, what suits


async def test_r3_5_rates_are_whole_percents_rounded_half_up(town: Town) -> None:
    await town.dana(completion=0.285, attendance=0.994999)
    candidate = await town.candidate()
    assert (candidate.completion, candidate.attendance) == (29, 99)


async def test_r3_5_completions_of_routes(town: Town) -> None:
    await town.dana(completions={town.r1: 30, town.r2: 2})
    assert (await town.candidate()).completions == {town.r1: 30, town.r2: 2}


async def test_r3_5_what_he_drove_in_the_week_that_is_ending(town: Town) -> None:
    dana = await town.dana()
    ending = date(2026, 11, 23)  # its Monday; it ends with the freeze
    for route, on, status in (
        (town.r1, ending, AssignmentStatus.COMPLETED),
        (town.r2, ending + 6 * DAY, AssignmentStatus.ACTIVE),
        (town.r2, ending - DAY, AssignmentStatus.COMPLETED),
        (town.r2, ending + 7 * DAY, AssignmentStatus.COMPLETED),
        (town.r1, ending + 2 * DAY, AssignmentStatus.CANCELLED),
        (town.r1, ending + 3 * DAY, AssignmentStatus.SCHEDULED),
    ):
        await town.fleet.shift(route, dana, on, status)
    assert (await town.candidate()).drove == {(town.r1, 1), (town.r2, 0)}


# -- the slots


async def test_r3_9_only_slots_of_these_warehouses_that_have_not_begun(town: Town) -> None:
    await town.dana()
    assert {slot.route_id for slot in (await town.seen()).slots} == {town.r1, town.r2, town.r3}
    seen = await town.seen(now=shift_start(SUNDAY - DAY, POLICY), warehouses=(town.north,))
    assert set(seen.slots) == {Slot(route, SUNDAY, town.north) for route in (town.r1, town.r2)}
    assert (await town.seen(now=shift_start(SUNDAY, POLICY))).slots == ()


async def test_r2_0_only_where_the_route_runs(town: Town) -> None:
    await town.fleet.put(RouteWeekday, *({"route_id": town.r1, "weekday": day} for day in (1, 0)))
    slots = (await town.seen()).slots
    assert {slot.on for slot in slots if slot.route_id == town.r1} == {WEEK, SUNDAY}
    assert len(slots) == 16


async def test_r3_7_slots_that_have_their_driver_are_held_and_those_with_bids_are_left_to_them(town: Town) -> None:
    dana = await town.dana()
    await town.fleet.shift(town.r1, dana, WEEK)
    unfilled = [await town.fleet.slot(town.r1, on) for on in (TUESDAY, SUNDAY)]
    for slot in unfilled:
        await town.fleet.window(slot, BidWindowMode.COMPETITIVE)
    bid = {"bid_at": FROZEN, "window_closes_at": FROZEN + DAY, "user_id": dana.id}
    await town.fleet.add(Bid, assignment_id=unfilled[0].id, **bid)
    seen = await town.seen()
    assert (seen.held, seen.bidden) == (1, (Slot(town.r1, TUESDAY, town.north),))
    assert Slot(town.r1, SUNDAY, town.north) in seen.slots and len(seen.slots) == 19
