"""Rosters when much happens at once: a freeze and a save, several replicas."""

import asyncio
import itertools
import uuid
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.rosters import carry_out
from domain.bidding.rules import Award
from domain.db.models import (
    Assignment,
    BidWindow,
    DriverMetrics,
    Employment,
    PreferenceVersion,
    RosterRun,
    Route,
    User,
)
from domain.db.models.words import BidWindowMode, RosterCause
from domain.people.queries import Person, person
from domain.roster import making, runs
from domain.roster.flow import best_roster
from domain.roster.freezing import freeze, saving
from domain.roster.requesting import Requested, request_fill, request_preview
from sandbox.simulate.mishaps import mortal
from tests.domain.rostering import DAY, FROZEN, WEEK, Rostering
from tests.domain.world import POLICY, SAY, Fleet, accept
from tests.races.conftest import Arena
from tests.waits import somebody_waits

IN_IT = select(PreferenceVersion.user_id).where(PreferenceVersion.saved_at <= FROZEN)


async def crew(fleet: Fleet) -> list[Person]:
    return [await fleet.driver(f"D{n}") for n in range(3)]


async def save(driver: Person, session: AsyncSession) -> int:
    """Pressed in the very second of the freeze."""
    version = {"days": [1], "routes": [], "any_home_route": False}
    saved_at = await saving(session, FROZEN)
    await session.execute(insert(PreferenceVersion).values(user_id=driver.id, saved_at=saved_at, **version))
    return 0


async def freezes(session: AsyncSession) -> int:
    return len(await freeze(session, POLICY, FROZEN + timedelta(seconds=1), by_hand=True))


async def test_r3_2_a_freeze_waits_for_saves_that_are_under_way(arena: Arena) -> None:
    [driver, *_] = await arena.build(crew)
    assert sorted(await arena.one_waits_for_the_other(partial(save, driver), freezes, freezes)) == [0, 0, 1]
    async with arena.session() as session:
        assert await session.scalar(IN_IT) == driver.id


async def test_r3_2_a_save_that_finds_a_freeze_under_way_is_in_the_next(arena: Arena) -> None:
    saves = [partial(save, driver) for driver in await arena.build(crew)]
    assert await arena.one_waits_for_the_other(freezes, *saves) == [1, 0, 0, 0]
    async with arena.session() as session:
        assert await session.scalar(IN_IT) is None


async def test_r3_2_saves_do_not_wait_for_each_other(arena: Arena) -> None:
    first, second, _ = await arena.build(crew)
    async with arena.session() as session, asyncio.timeout(30):
        await save(first, session)
        await arena.at_once(partial(save, second))


async def test_r3_2_three_replicas_freeze_once(arena: Arena) -> None:
    assert sorted(await arena.at_once(freezes, freezes, freezes)) == [0, 0, 1]
    async with arena.session() as session:
        assert list(await session.scalars(select(RosterRun.week))) == [WEEK]


async def test_r3_9_two_managers_who_press_at_once_ask_for_one_roster(arena: Arena) -> None:
    async def depot(fleet: Fleet) -> list[Person]:
        north = await fleet.warehouse("North")
        await fleet.route("R1", north)
        return [await fleet.manager(name, north) for name in ("Mona", "Nick", "Olga")]

    managers = await arena.build(depot)
    presses = [
        partial(request_fill, manager=manager, week=WEEK, policy=POLICY, now=FROZEN - timedelta(days=1))
        for manager in managers
    ]
    asked = await arena.at_once(*presses)
    assert len({each.run_id for each in asked if isinstance(each, Requested)}) == 1 and len(asked) == 3
    async with arena.session() as session:
        assert len(list(await session.scalars(select(RosterRun.id)))) == 1


async def test_r2_5_a_preview_that_is_asked_for_twice_at_once_is_one(arena: Arena) -> None:
    async def depot(fleet: Fleet) -> Person:
        return await fleet.manager("Mona", await fleet.warehouse("North"))

    manager = await arena.build(depot)
    now = FROZEN - timedelta(days=1)
    press = partial(request_preview, manager=manager, week=WEEK, supposed=None, policy=POLICY, now=now)
    first, second = await arena.at_once(press, press)
    assert isinstance(first, Requested) and first == second


# -- made once and whole


@pytest.fixture
async def rostering(arena: Arena) -> Rostering:
    """Dana prefers R1 on Mondays and Tuesdays, Ben on Mondays; each has a home card."""
    rostering = Rostering(arena.session)
    north, routes = await rostering.place("North", "R1", "R2")
    dana = await rostering.driver("Dana", [1, 2], [routes["R1"]], home=north)
    ben = await rostering.driver("Ben", [1], [routes["R1"], routes["R2"]], home=north)
    for driver in (dana, ben):
        await rostering.build(lambda fleet: fleet.home_card(driver))  # noqa: B023 - at once
    await rostering.freeze()
    return rostering


WHOLE = {("R1", 0): "Dana", ("R1", 1): "Dana", ("R2", 0): "Ben"}


async def is_whole(rostering: Rostering) -> None:
    rows = await rostering.roster()
    assert {slot: driver for slot, driver in rows.items() if driver} == WHOLE and len(rows) == 14
    run = await rostering.run()
    assert (run.filled, run.slots, run.carried_out_at) == (3, 14, FROZEN)
    assert len(await rostering.gaps()) == len(await rostering.rows(select(BidWindow.id))) == 11
    assigned = await rostering.rows(select(DriverMetrics.total_assigned))
    assert sum(count for (count,) in assigned) == 3


async def test_r3_2_killed_at_any_statement_the_week_comes_out_once_and_whole(rostering: Rostering) -> None:
    run_id = (await rostering.run()).id
    for statement in itertools.count():
        made = await mortal(lambda: carry_out(SAY, POLICY, rostering.sessions, run_id, FROZEN), statement)
        if made is not None:
            break
        assert await rostering.roster() == {} and (await rostering.run()).carried_out_at is None
    assert statement > 30, "there are that many at which it can die"
    await is_whole(rostering)


async def test_r3_2_who_is_killed_with_a_run_in_hand_is_followed_by_another(rostering: Rostering) -> None:
    async with rostering.sessions.begin() as session:
        assert await runs.claim(session) is not None
    assert await rostering.make_all() == []  # somebody has it
    async with rostering.sessions.begin() as session:
        lapsed = update(RosterRun).values(claimed_until=func.clock_timestamp() - timedelta(seconds=1))
        await session.execute(lapsed)
        claimed = await runs.claim(session)
    assert claimed is not None and claimed.again
    await carry_out(SAY, POLICY, rostering.sessions, claimed.run_id, FROZEN)
    await is_whole(rostering)


# -- against what others do meanwhile


@pytest.fixture
async def opened(arena: Arena, rostering: Rostering) -> uuid.UUID:
    """The week is out; R2 is open on Tuesday, of which Dana would now like it. Its window."""
    await rostering.make_all()
    found = (
        select(BidWindow.id)
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .join(Route, Route.id == Assignment.route_id)
        .where(Route.name == "R2", Assignment.on == WEEK + DAY)
    )
    [(window,)] = await rostering.rows(found)
    async with arena.session.begin() as session:
        await session.execute(update(BidWindow).where(BidWindow.id == window).values(mode=BidWindowMode.INSTANT))
        ben = select(User.id).where(User.first_name == "Ben").scalar_subquery()
        routes = select(func.array_agg(Route.id)).scalar_subquery()
        wishes = {"days": [2], "routes": routes, "any_home_route": False, "saved_at": FROZEN + DAY}
        await session.execute(insert(PreferenceVersion).values(user_id=ben, **wishes))
    assert isinstance(window, uuid.UUID)
    return window


async def test_r3_4_a_managers_run_waits_for_who_is_just_taking_his_last_shift(
    arena: Arena, rostering: Rostering, opened: uuid.UUID
) -> None:
    """Ben, who drives on Monday and may drive twice, accepts one elsewhere; the run is about to give him R2."""
    now = FROZEN + DAY

    async def elsewhere(fleet: Fleet) -> uuid.UUID:
        await fleet.session.execute(update(User).where(User.first_name == "Ben").values(weekly_cap=2))
        slot = await fleet.slot(await fleet.route("R7", await fleet.warehouse("South")), WEEK + 4 * DAY)
        return await fleet.window(slot, BidWindowMode.INSTANT)

    other = await rostering.build(elsewhere)
    async with arena.session.begin() as session:
        ben = await person(session, (await session.scalars(select(User.id).where(User.first_name == "Ben"))).one())
        assert ben is not None
        await session.execute(delete(Employment).where(Employment.user_id == ben.id))
        north = (await session.scalars(select(Route.warehouse_id).where(Route.name == "R2"))).one()
    run_id = await rostering.ask(RosterCause.MANAGER, now, warehouses=[north])
    async with arena.session() as session:
        seen = await making.look(session, run_id, POLICY, now)
    roster = best_roster(seen.candidates, seen.slots, POLICY)
    assert (WEEK + DAY, ben.id) in {(pair.slot.on, pair.driver_id) for pair in roster.pairs}

    async def finishes(session: AsyncSession) -> object:
        return await making.finish(session, run_id, seen, roster, None, SAY, POLICY, now)

    async with arena.session() as session, asyncio.timeout(30):
        assert isinstance(await accept(session, ben, other, now), Award)
        finishing = asyncio.create_task(arena.at_once(finishes))
        await somebody_waits(session)
        await session.commit()
        await finishing
    assert (await rostering.roster())["R2", 1] is None
    assert await rostering.rows(select(func.count()).where(Assignment.user_id == ben.id)) == [(2,)]
