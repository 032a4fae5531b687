"""A roster is published while others want the same: whoever comes first, the week is whole, and nobody is let down."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.bids import place_bid
from domain.bidding.queries import lock_people
from domain.bidding.rules import Award, Bids
from domain.coverage.assigning import Assigned, assign_driver
from domain.db.models import (
    Assignment,
    Bid,
    BidWindow,
    DriverMetrics,
    PreferenceVersion,
    RosterGap,
    RosterRun,
    Route,
    User,
)
from domain.db.models.words import (
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    RosterCause,
)
from domain.people.inviting import invite_driver
from domain.people.queries import Person
from domain.places.actions import Founded, found_warehouse
from domain.refusals import Refused
from domain.roster import making
from domain.roster.flow import best_roster
from domain.roster.making import Made
from domain.roster.publishing import Published
from domain.roster.rules import Roster
from domain.roster.snapshot import Snapshot
from domain.schedule.closing import Closed, close_day, run_after_all
from domain.schedule.weekdays import create_route, turn_off
from domain.shifts.absences import fall_ill
from domain.shifts.departures import leave_company
from domain.shifts.leaving import Left, cancel_shift
from domain.time import local_day
from tests.domain.rostering import DAY, FROZEN, WEEK
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept
from tests.races.conftest import Act, Arena
from tests.waits import somebody_waits

S, W = AssignmentStatus, BidWindowStatus
SUNDAY = WEEK + 6 * DAY
THE_WEEK = [WEEK + n * DAY for n in range(7)]
seeds = pytest.mark.parametrize("seed", range(2))


@dataclass
class North:
    """R1 and R2. Dana prefers R1 on Monday and Tuesday, Ben nothing; Monday's R1 is open, and he may take it."""

    mona: Person
    id: uuid.UUID
    r1: uuid.UUID
    r2: uuid.UUID
    dana: Person
    ben: Person
    open: Slot
    window: uuid.UUID
    run_id: uuid.UUID


async def north(fleet: Fleet, mode: BidWindowMode = BidWindowMode.INSTANT) -> North:
    mona = await fleet.manager("Mona")
    id_ = await fleet.warehouse("North", mona)
    r1, r2 = [await fleet.route(name, id_, mona) for name in ("R1", "R2")]
    dana, ben = [await fleet.driver(name, home=id_) for name in ("Dana", "Ben")]
    wishes = {"saved_at": FROZEN - DAY, "days": [1, 2], "routes": [r1], "any_home_route": False}
    await fleet.add(PreferenceVersion, user_id=dana.id, **wishes)
    open_ = await fleet.slot(r1, WEEK)
    window = await fleet.window(open_, mode)
    run = await fleet.add(RosterRun, week=WEEK, cause=RosterCause.DEADLINE, requested_at=FROZEN, as_of=FROZEN)
    return North(mona, id_, r1, r2, dana, ben, open_, window, run)


async def by_hand(it: North, fleet: Fleet) -> uuid.UUID:
    """Mona's own run."""
    asked = {"requested_by": it.mona.id, "requested_at": FROZEN, "as_of": FROZEN, "warehouses": [it.id]}
    return await fleet.add(RosterRun, week=WEEK, cause=RosterCause.MANAGER, **asked)


async def looked(arena: Arena, run_id: uuid.UUID) -> tuple[Snapshot, Roster]:
    async with arena.session() as session:
        seen = await making.look(session, run_id, POLICY, FROZEN)
    return seen, best_roster(seen.candidates, seen.slots, POLICY)


async def publishes(arena: Arena, run_id: uuid.UUID) -> Act[Any]:
    """Of what has been worked out by now."""
    seen, roster = await looked(arena, run_id)

    async def publish(session: AsyncSession) -> Made | None:
        return await making.finish(session, run_id, seen, roster, None, SAY, POLICY, FROZEN)

    return publish


async def drives(arena: Arena) -> dict[tuple[str, date], str | None]:
    """Live rows: who has which route on which day. What must hold of any week holds of this one."""
    live = (
        select(Route.name, Assignment.on, User.first_name, BidWindow.id)
        .join(Route, Route.id == Assignment.route_id)
        .outerjoin(User, User.id == Assignment.user_id)
        .outerjoin(BidWindow, (BidWindow.assignment_id == Assignment.id) & (BidWindow.status == W.OPEN))
        .where(Assignment.status != S.CANCELLED, Assignment.on.between(WEEK, SUNDAY))
    )
    async with arena.session() as session:
        rows = (await session.execute(live)).all()
        winners = select(func.count(BidWindow.id)).join(Assignment, Assignment.id == BidWindow.assignment_id)
        wrong = winners.where(
            BidWindow.status == W.RESOLVED, Assignment.status == S.SCHEDULED, BidWindow.winner_id != Assignment.user_id
        )
        assert await session.scalar(wrong) == 0
    found = {(route, on): driver for route, on, driver, _ in rows}
    assert len(found) == len(rows), "a slot has one live row"
    for route, on, driver, window in rows:
        assert (driver is None) is (window is not None), (route, on, "what is empty is offered, and nothing else")
    return found


def every(*routes: str) -> set[tuple[str, date]]:
    return {(route, on) for route in routes for on in THE_WEEK}


@pytest.mark.parametrize("cause", [RosterCause.DEADLINE, RosterCause.MANAGER])
@seeds
async def test_r6_7_somebody_accepts(arena: Arena, seed: int, cause: RosterCause) -> None:
    it = await arena.build(north)
    run_id = await arena.build(partial(by_hand, it)) if cause is RosterCause.MANAGER else it.run_id
    publish = await publishes(arena, run_id)
    made, said = await arena.at_once(publish, lambda s: accept(s, it.ben, it.window, FROZEN), dice=Random(seed))
    found = await drives(arena)
    assert found.keys() == every("R1", "R2")
    assert isinstance(made, Published)
    gets_it, filled = (it.ben, 1) if isinstance(said, Award) else (it.dana, 2)
    assert (found["R1", WEEK], made.filled) == (gets_it.first_name, filled)
    assert found["R1", WEEK + DAY] == "Dana"
    async with arena.session() as session:
        window = await session.get_one(BidWindow, it.window)
        assert (window.status, window.winner_id) == (W.RESOLVED, gets_it.id)


@seeds
async def test_r6_4_somebody_bids(arena: Arena, seed: int) -> None:
    it = await arena.build(partial(north, mode=BidWindowMode.COMPETITIVE))
    publish = await publishes(arena, it.run_id)
    _, said = await arena.at_once(publish, lambda s: place_bid(s, it.ben, it.window, POLICY, FROZEN), dice=Random(seed))
    assert (await drives(arena))["R1", WEEK] == (None if isinstance(said, Bids) else "Dana")
    async with arena.session() as session:
        pending = await session.scalar(select(func.count()).where(Bid.status == BidStatus.PENDING))
    assert pending == isinstance(said, Bids)


@seeds
async def test_r7_a_manager_gives_it_to_somebody(arena: Arena, seed: int) -> None:
    it = await arena.build(north)
    publish = await publishes(arena, it.run_id)

    async def give(session: AsyncSession) -> Any:
        return await assign_driver(session, it.mona, it.open.id, it.ben.id, None, SAY, POLICY, FROZEN)

    _, said = await arena.at_once(publish, give, dice=Random(seed))
    assert (await drives(arena))["R1", WEEK] == ("Ben" if isinstance(said, Assigned) else "Dana")


@seeds
async def test_r2_0_a_day_is_closed(arena: Arena, seed: int) -> None:
    it = await arena.build(north)
    publish = await publishes(arena, it.run_id)

    async def close(session: AsyncSession) -> Any:
        return await close_day(session, it.mona, it.id, WEEK, None, SAY, POLICY, FROZEN)

    _, said = await arena.at_once(publish, close, dice=Random(seed))
    assert isinstance(said, Closed)
    assert (await drives(arena)).keys() == every("R1", "R2") - {("R1", WEEK), ("R2", WEEK)}


@seeds
async def test_r2_0_a_weekday_is_turned_off(arena: Arena, seed: int) -> None:
    it = await arena.build(north)
    publish = await publishes(arena, it.run_id)

    async def turn(session: AsyncSession) -> Any:
        return await turn_off(session, it.mona, it.r1, 2, True, SAY, POLICY, FROZEN)

    await arena.at_once(publish, turn, dice=Random(seed))
    assert (await drives(arena)).keys() == every("R1", "R2") - {("R1", WEEK + DAY)}


@seeds
async def test_r2_0_a_route_is_new(arena: Arena, seed: int) -> None:
    """Of a warehouse that had none, too."""
    it = await arena.build(north)
    south = await arena.build(lambda fleet: fleet.warehouse("South", it.mona))
    publish = await publishes(arena, it.run_id)

    def creates(name: str, warehouse: uuid.UUID) -> Act[Any]:
        return lambda session: create_route(session, it.mona, warehouse, name, POLICY, FROZEN)

    await arena.at_once(publish, creates("R3", it.id), creates("R4", south), dice=Random(seed))
    assert (await drives(arena)).keys() == every("R1", "R2", "R3", "R4")


@seeds
async def test_r2_0_a_closed_day_runs_after_all(arena: Arena, seed: int) -> None:
    """The week has no row of its warehouse yet."""
    it = await arena.build(north)

    async def closed(fleet: Fleet) -> uuid.UUID:
        south = await fleet.warehouse("South", it.mona)
        route = await fleet.route("R3", south)
        await close_day(fleet.session, it.mona, route, SUNDAY, None, SAY, POLICY, FROZEN)
        return route

    route = await arena.build(closed)
    publish = await publishes(arena, it.run_id)

    async def runs_again(session: AsyncSession) -> Any:
        return await run_after_all(session, it.mona, route, SUNDAY, POLICY, FROZEN)

    await arena.at_once(publish, runs_again, dice=Random(seed))
    assert (await drives(arena)).keys() == every("R1", "R2", "R3")


async def test_r2_2_who_leaves_a_slot_that_he_has_just_taken_leaves_it_to_others(arena: Arena) -> None:
    """It was open when the roster was worked out. He waits until that is published, which so knows of all rows."""
    it = await arena.build(north)
    publish = await publishes(arena, it.run_id)
    async with arena.session.begin() as session:
        assert isinstance(await accept(session, it.ben, it.window, FROZEN), Award)

    async def leave(session: AsyncSession) -> Any:
        return await cancel_shift(session, it.ben, it.open.id, CancelReason.OTHER, None, SAY, POLICY, FROZEN)

    async with arena.session() as session, asyncio.timeout(30):
        await lock_people(session, [it.dana.id])
        publishing = asyncio.create_task(arena.at_once(publish))
        await somebody_waits(session)
        leaving = asyncio.create_task(arena.at_once(leave))
        await somebody_waits(session, others=2)
        await session.commit()
        await publishing
        [left] = await leaving
    assert isinstance(left, Left) and (await drives(arena))["R1", WEEK] is None


Goes = Callable[[North, AsyncSession], Any]


@pytest.mark.parametrize(
    "goes",
    [
        lambda it, session: leave_company(session, it.mona, it.dana.id, WEEK - DAY, SAY, POLICY, FROZEN),
        lambda it, session: fall_ill(session, it.dana, WEEK, SUNDAY, SAY, POLICY, FROZEN),
    ],
    ids=["leaves", "ill"],
)
@seeds
async def test_r12_7_who_is_given_shifts_goes(arena: Arena, seed: int, goes: Goes) -> None:
    it = await arena.build(north)
    publish = await publishes(arena, it.run_id)
    await arena.at_once(publish, partial(goes, it), dice=Random(seed))
    found = await drives(arena)
    assert found.keys() == every("R1", "R2") and set(found.values()) == {None}


@pytest.mark.parametrize("named", [False, True])
async def test_r3_4_who_has_another_home_by_then_gets_only_what_he_prefers_by_name(arena: Arena, named: bool) -> None:
    """He has left, and come back elsewhere, while the roster was worked out."""

    async def make(fleet: Fleet) -> tuple[North, Person, uuid.UUID]:
        it = await north(fleet)
        omar = await fleet.manager("Omar")
        wishes = {"routes": [it.r2] if named else [], "any_home_route": not named}
        await fleet.session.execute(update(PreferenceVersion).values(wishes))
        return it, omar, await fleet.warehouse("South", omar)

    it, omar, south = await arena.build(make)
    publish = await publishes(arena, it.run_id)
    yesterday = local_day(FROZEN, POLICY) - DAY

    async def leaves(session: AsyncSession) -> Any:
        return await leave_company(session, it.mona, it.dana.id, yesterday, SAY, POLICY, FROZEN)

    async def comes_back(session: AsyncSession) -> Any:
        whom = (south, "Dana Test", it.dana.phone, "token", POLICY, FROZEN)
        return await invite_driver(session, omar, *whom, former=it.dana.id)

    for act in (leaves, comes_back):
        assert not isinstance((await arena.at_once(act))[0], Refused)
    await arena.at_once(publish)
    his = {slot for slot, driver in (await drives(arena)).items() if driver is not None}
    assert his == ({("R2", WEEK), ("R2", WEEK + DAY)} if named else set())


async def test_r2_0_a_route_of_a_warehouse_that_is_just_founded_has_slots_in_the_week_that_is_published(
    arena: Arena,
) -> None:
    """It was in no roster, and by what was committed the week was not published."""
    it = await arena.build(north)
    publish = await publishes(arena, it.run_id)

    async def founds(session: AsyncSession) -> Any:
        founded = await found_warehouse(session, it.mona, "West", "3 West St", POLICY, FROZEN)
        assert isinstance(founded, Founded)
        return await create_route(session, it.mona, founded.warehouse_id, "R3", POLICY, FROZEN)

    await arena.one_waits_for_the_other(publish, founds)
    assert set(await drives(arena)) == every("R1", "R2", "R3")


@seeds
async def test_r3_2_three_who_have_worked_it_out_publish_it_once(arena: Arena, seed: int) -> None:
    """The claim of the first had run out while it was still at work."""
    it = await arena.build(north)
    all_ = [await publishes(arena, it.run_id) for _ in range(3)]
    made = await arena.at_once(*all_, dice=Random(seed))
    assert sorted(type(each).__name__ for each in made) == ["NoneType", "NoneType", "Published"]
    found = await drives(arena)
    assert found.keys() == every("R1", "R2")
    assert {slot: driver for slot, driver in found.items() if driver} == {
        ("R1", WEEK): "Dana",
        ("R1", WEEK + DAY): "Dana",
    }
    async with arena.session() as session:
        run = await session.get_one(RosterRun, it.run_id)
        assert (run.filled, run.slots, run.carried_out_at) == (2, 14, FROZEN)
        gaps = await session.scalar(select(func.count()).where(RosterGap.run_id == it.run_id))
        opened = await session.scalar(select(func.count()).where(BidWindow.status == W.OPEN))
        assert gaps == opened == 12
        assert await session.scalar(select(func.sum(DriverMetrics.total_assigned))) == 2


@seeds
async def test_r3_9_a_managers_roster_and_that_of_the_freeze_together_are_one(arena: Arena, seed: int) -> None:
    it = await arena.build(north)
    both = [await publishes(arena, run_id) for run_id in (it.run_id, await arena.build(partial(by_hand, it)))]
    made = await arena.at_once(*both, dice=Random(seed))
    assert sorted(each.filled for each in made if isinstance(each, Published)) == [0, 2]
    assert (await drives(arena)).keys() == every("R1", "R2")
