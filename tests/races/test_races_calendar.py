"""R2.0 under simultaneous presses: a closed day has no slot but those that had begun, and everybody is told once."""

import uuid
from collections import Counter
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.db.models import Assignment, BidWindow, Incident, Notification
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus, CancelReason, NotificationType
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule.closing import Closed, Preview, RunsAgain, close_day, run_after_all
from domain.schedule.holidays import put_holidays
from domain.schedule.rules import weekday_of
from domain.schedule.weekdays import Created, TurnedOn, create_route, turn_off, turn_on
from domain.shifts.actions import arrive
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.rules import Arrive
from domain.shifts.stopping import Stopped, stop_shift
from tests.domain.depot import local
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept
from tests.races.conftest import Act, Arena

ROUNDS = 6
S = AssignmentStatus
GONE = NotificationType.SHIFT_CANCELLED


class North:
    """Today: shifts of some drivers, and as many open slots that others may take."""

    def __init__(self, manager: Person, id_: uuid.UUID) -> None:
        self.manager, self.id = manager, id_
        self.shifts: list[tuple[Person, Slot]] = []
        self.windows: list[tuple[Person, Slot, uuid.UUID]] = []


async def north(fleet: Fleet, count: int = 1) -> North:
    manager = await fleet.manager("Mona")
    it = North(manager, await fleet.warehouse("North", manager))
    await fleet.home_card(manager)
    for number in range(count):
        driver = await fleet.driver(f"Dana{number}", home=it.id)
        slot = await fleet.shift(await fleet.route(f"R{number}", it.id), driver, confirmed=True)
        it.shifts.append((driver, slot))
        other = await fleet.driver(f"Eli{number}", home=it.id)
        open_ = await fleet.slot(await fleet.route(f"S{number}", it.id))
        it.windows.append((other, open_, await fleet.window(open_, BidWindowMode.EMERGENCY)))
        for person in (driver, other):
            await fleet.home_card(person)
    return it


def closes(arena: Arena, it: North) -> Act[Any]:
    return lambda session: close_day(session, it.manager, it.id, it.shifts[0][1].on, None, SAY, POLICY, arena.now)


def accepts(arena: Arena, driver: Person, window: uuid.UUID) -> Act[Any]:
    return lambda session: accept(session, driver, window, arena.now)


def arrives(arena: Arena, driver: Person, slot: Slot) -> Act[Any]:
    return lambda session: arrive(session, driver, slot.id, POLICY, arena.now)


def cancels(arena: Arena, driver: Person, slot: Slot) -> Act[Any]:
    why = CancelReason.OTHER
    return lambda session: cancel_shift(session, driver, slot.id, why, None, SAY, POLICY, arena.now)


async def statuses(session: AsyncSession) -> Counter[AssignmentStatus]:
    return Counter(await session.scalars(select(Assignment.status)))


async def told(session: AsyncSession) -> Counter[uuid.UUID]:
    return Counter(await session.scalars(select(Notification.user_id).where(Notification.type == GONE)))


async def nothing_is_open(session: AsyncSession) -> None:
    found = await statuses(session)
    assert found[S.SCHEDULED] == found[S.UNFILLED] == 0
    open_ = select(func.count()).select_from(BidWindow).where(BidWindow.status == BidWindowStatus.OPEN)
    assert await session.scalar(open_) == 0


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_0_close_against_accept(arena: Arena, seed: int) -> None:
    """Who got it first is displaced again, and told; who comes later finds it closed."""
    it = await arena.build(lambda fleet: north(fleet, 4))
    acts = [accepts(arena, driver, window) for driver, _slot, window in it.windows]
    closed, *taken = await arena.at_once(closes(arena, it), *acts, dice=Random(seed))
    assert isinstance(closed, Closed)
    expected = {driver.id for driver, _ in it.shifts}
    for (driver, _slot, _window), result in zip(it.windows, taken, strict=True):
        if isinstance(result, Award):
            expected.add(driver.id)
        else:
            assert result == Refused(Refusal.CLOSED)
    async with arena.session() as session:
        await nothing_is_open(session)
        assert await told(session) == Counter(expected)
        assert (await session.scalars(select(Incident))).all() == []


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_0_close_against_arrive(arena: Arena, seed: int) -> None:
    """Who has arrived stays; who is too late is told not to travel. Nobody gets both."""
    it = await arena.build(lambda fleet: north(fleet, 4))
    acts = [arrives(arena, driver, slot) for driver, slot in it.shifts]
    closed, *results = await arena.at_once(closes(arena, it), *acts, dice=Random(seed))
    assert isinstance(closed, Closed)
    async with arena.session() as session:
        await nothing_is_open(session)
        displaced = await told(session)
        for (driver, slot), result in zip(it.shifts, results, strict=True):
            row = await session.get_one(Assignment, slot.id)
            if isinstance(result, Arrive):
                assert (row.status, displaced[driver.id]) == (S.ACTIVE, 0)
            else:
                assert (result, row.status, displaced[driver.id]) == (Refused(Refusal.SHIFT_GONE), S.CANCELLED, 1)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_0_close_against_a_drivers_own_cancellation(arena: Arena, seed: int) -> None:
    """The slot that he opens again is called off with the others, or never opened."""
    it = await arena.build(lambda fleet: north(fleet, 4))
    acts = [cancels(arena, driver, slot) for driver, slot in it.shifts]
    closed, *results = await arena.at_once(closes(arena, it), *acts, dice=Random(seed))
    assert isinstance(closed, Closed)
    async with arena.session() as session:
        await nothing_is_open(session)
        displaced = await told(session)
        for (driver, _slot), result in zip(it.shifts, results, strict=True):
            if isinstance(result, Left):
                assert displaced[driver.id] == 0
            else:
                assert (result, displaced[driver.id]) == (Refused(Refusal.SHIFT_GONE), 1)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_5_two_managers_close_at_once(arena: Arena, seed: int) -> None:
    it = await arena.build(lambda fleet: north(fleet, 2))
    results = await arena.at_once(closes(arena, it), closes(arena, it), dice=Random(seed))
    assert Counter(map(type, results)) == {Closed: 1, Refused: 1}
    assert Refused(Refusal.CLOSED_ALREADY) in results
    async with arena.session() as session:
        assert await told(session) == Counter(driver.id for driver, _ in it.shifts)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_0_close_against_run_after_all_and_a_new_route(arena: Arena, seed: int) -> None:
    """Whatever the order, slots stand where the calendar has them, and nowhere else."""
    it = await arena.build(lambda fleet: north(fleet, 2))
    on, early = it.shifts[0][1].on, arena.now.replace(hour=6)

    async def runs(session: AsyncSession) -> Any:
        return await run_after_all(session, it.manager, it.id, on, POLICY, arena.now)

    async def creates(session: AsyncSession) -> Any:
        return await create_route(session, it.manager, it.id, "New", POLICY, early)

    closed, again, created = await arena.at_once(closes(arena, it), runs, creates, dice=Random(seed))
    assert isinstance(closed, Closed) and isinstance(created, Created)
    async with arena.session() as session:
        of_the_day = select(func.count()).select_from(Assignment).where(Assignment.on == on)
        live = await session.scalar(of_the_day.where(Assignment.status != S.CANCELLED))
        if isinstance(again, RunsAgain):
            assert live == 5
        else:
            assert (again, live) == (Refused(Refusal.RUNS_ALREADY), 0)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_0_three_replicas_put_a_holiday_before_a_manager_once(arena: Arena, seed: int) -> None:
    it = await arena.build(north)
    nine = local(date(2026, 12, 4), 9)

    async def puts(session: AsyncSession) -> int:
        return (await put_holidays(session, SAY, POLICY, nine))["asked"]

    assert sorted(await arena.at_once(puts, puts, puts, dice=Random(seed))) == [0, 0, 1]
    async with arena.session() as session:
        whose = await session.scalars(select(Notification.user_id).where(Notification.type == NotificationType.MANUAL))
        assert list(whose) == [it.manager.id]


@pytest.mark.parametrize("first", ["stops", "runs"])
@pytest.mark.parametrize("what", ["the day", "the weekday"])
async def test_r8_8_who_has_to_stop_while_his_day_is_put_back_leaves_the_slot_open(
    arena: Arena, what: str, first: str
) -> None:
    """Who was under way stayed when it was closed, and would not open it again while it is."""
    early = arena.now.replace(hour=6)
    it = await arena.build(north)
    [(driver, slot)] = it.shifts
    number, why = weekday_of(slot.on), CancelReason.MEDICAL_EMERGENCY

    async def begins(session: AsyncSession) -> None:
        await arrive(session, driver, slot.id, POLICY, early)
        if what == "the day":
            await close_day(session, it.manager, slot.route, slot.on, None, SAY, POLICY, early)
        else:
            await turn_off(session, it.manager, slot.route, number, True, SAY, POLICY, early)

    async def stops(session: AsyncSession) -> Any:
        return await stop_shift(session, driver, slot.id, why, None, SAY, POLICY, early)

    async def runs(session: AsyncSession) -> Any:
        if what == "the day":
            return await run_after_all(session, it.manager, slot.route, slot.on, POLICY, early)
        return await turn_on(session, it.manager, slot.route, number, POLICY, early)

    await arena.at_once(begins)
    acts: list[Act[Any]] = [stops, runs] if first == "stops" else [runs, stops]
    for result in await arena.one_waits_for_the_other(*acts):
        assert isinstance(result, Stopped | RunsAgain | TurnedOn)
    async with arena.session() as session:
        today = (Assignment.route_id == slot.route, Assignment.on == slot.on, Assignment.status != S.CANCELLED)
        [row] = await session.scalars(select(Assignment).where(*today))
        assert row.status is S.UNFILLED
        open_ = (BidWindow.assignment_id == row.id, BidWindow.status == BidWindowStatus.OPEN)
        assert await session.scalar(select(func.count()).where(*open_)) == 1


async def test_r2_0_who_has_just_taken_a_shift_of_a_holiday_is_not_displaced_unseen(arena: Arena) -> None:
    """[Closed] closes at once what nobody drives; he takes it meanwhile, and the manager sees that first."""

    async def make(fleet: Fleet) -> tuple[Person, Person, Slot, uuid.UUID]:
        mona = await fleet.manager("Mona")
        of = await fleet.warehouse("North", mona)
        slot = await fleet.slot(await fleet.route("R1", of), fleet.day(1))
        return mona, await fleet.driver("Dana", home=of), slot, await fleet.window(slot, BidWindowMode.INSTANT)

    mona, dana, slot, window = await arena.build(make)

    async def answers(session: AsyncSession) -> Any:
        given = (session, mona, slot.warehouse, slot.on, None, SAY, POLICY, arena.now)
        return await close_day(*given, sure=False)

    taken, seen = await arena.one_waits_for_the_other(accepts(arena, dana, window), answers)
    assert isinstance(taken, Award) and isinstance(seen, Preview)
    assert [each.driver_id for each in seen.effect.displaced] == [dana.id]
    async with arena.session() as session:
        assert (await statuses(session), await told(session)) == ({S.SCHEDULED: 1}, {})
