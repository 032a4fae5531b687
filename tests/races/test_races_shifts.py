"""R2.5 under many simultaneous presses: one effect, one answer that fits it, nobody deadlocked.

Two at a time, each against each: `test_races_pairs`.
"""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.coverage.opening import Opened
from domain.db.models import (
    Assignment,
    AuditLog,
    BidWindow,
    Delivery,
    DriverHealthState,
    DriverMetrics,
    Incident,
    Notification,
    RouteCompletions,
    Shift,
)
from domain.db.models.words import AssignmentStatus, CancelReason, DeliveryState, NotificationType
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import (
    arrive,
    complete_shift,
    confirm_all,
    confirm_shift,
    correct_parcels,
    load_parcels,
)
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.reviewing import Decided, decide
from domain.shifts.rules import Arrive, Confirm, Done
from domain.shifts.rules_of_parcels import Complete, Correct, Load
from domain.shifts.stopping import stop_shift
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, contents, open_emergency
from tests.races.conftest import Act, Arena

ROUNDS = 8
GONE = Refused(Refusal.SHIFT_GONE)


class Day:
    """A driver with a shift today, a manager, and their home cards."""

    def __init__(self, manager: Person, north: uuid.UUID, driver: Person, slot: Slot) -> None:
        self.manager, self.north, self.driver, self.slot = manager, north, driver, slot


async def a_day(fleet: Fleet, *, confirmed: bool = True, day: int = 0) -> Day:
    manager = await fleet.manager("Mona")
    north = await fleet.warehouse("North", manager)
    driver = await fleet.driver("Dana", home=north, cap=6)
    slot = await fleet.shift(await fleet.route("R12", north), driver, fleet.day(day), confirmed=confirmed)
    for person in (manager, driver):
        await fleet.home_card(person)
    shown = {"about": slot.id, "kind": Kind.SHIFT, "state": DeliveryState.SENT}  # a card of it, too
    card = await fleet.home_card(driver)
    await fleet.session.execute(update(Delivery).where(Delivery.id == card).values(shown))
    return Day(manager, north, driver, slot)


Do = Callable[[AsyncSession, Arena, Day], Awaitable[Any]]


async def confirms(session: AsyncSession, arena: Arena, it: Day) -> Any:
    return await confirm_shift(session, it.driver, it.slot.id, POLICY, arena.now)


async def confirms_all(session: AsyncSession, arena: Arena, it: Day) -> Any:
    return await confirm_all(session, it.driver, it.slot.on, it.slot.on, POLICY, arena.now)


async def arrives(session: AsyncSession, arena: Arena, it: Day) -> Any:
    return await arrive(session, it.driver, it.slot.id, POLICY, arena.now)


def loads(parcels: int) -> Do:
    return lambda session, arena, it: load_parcels(session, it.driver, it.slot.id, parcels, POLICY, arena.now)


def completes(returned: int) -> Do:
    return lambda session, arena, it: complete_shift(session, it.driver, it.slot.id, returned, POLICY, arena.now)


def corrects(start: int | None, returned: int | None) -> Do:
    return lambda session, arena, it: correct_parcels(
        session, it.driver, it.slot.id, start, returned, POLICY, arena.now
    )


async def cancels(session: AsyncSession, arena: Arena, it: Day) -> Any:
    return await cancel_shift(session, it.driver, it.slot.id, CancelReason.OTHER, None, SAY, POLICY, arena.now)


def pressing(arena: Arena, it: Day, do: Do) -> Act[Any]:
    return lambda session: do(session, arena, it)


async def after(arena: Arena, it: Day, *steps: Do) -> None:
    for step in steps:
        async with arena.session.begin() as session:
            assert not isinstance(await step(session, arena, it), Refused)


async def count(session: AsyncSession, model: Any, *where: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(*where)) or 0


async def metrics(session: AsyncSession, it: Day) -> DriverMetrics:
    return await session.get_one(DriverMetrics, it.driver.id, populate_existing=True)


PRESSES: dict[str, tuple[tuple[Do, ...], Do, type]] = {  # what was before, what is pressed, the one effect
    "confirm": ((), confirms, Confirm),
    "arrive": ((), arrives, Arrive),
    "load": ((arrives,), loads(120), Load),
    "complete": ((arrives, loads(120)), completes(6), Complete),
    "correct": ((arrives, loads(120), completes(6)), corrects(130, 7), Correct),
}


@pytest.mark.parametrize("name", PRESSES)
async def test_r2_5_the_same_press_many_times_at_once(arena: Arena, name: str) -> None:
    before, press, effect = PRESSES[name]
    dice = Random(1)
    for _ in range(ROUNDS):
        ahead = name == "confirm"

        async def make(fleet: Fleet, ahead: bool = ahead) -> Day:
            return await a_day(fleet, confirmed=not ahead, day=5 if ahead else 0)

        it = await arena.build(make)
        await after(arena, it, *before)
        async with arena.session() as session:
            entries = await count(session, AuditLog, AuditLog.entity_id == it.slot.id)
        said = await arena.at_once(*[pressing(arena, it, press)] * 4, dice=dice)
        assert Counter(type(result) for result in said) == {effect: 1, Done: 3}
        async with arena.session() as session:
            assert await count(session, AuditLog, AuditLog.entity_id == it.slot.id) == entries + 1
            counted = await session.get(DriverMetrics, it.driver.id)
            known = await session.get(RouteCompletions, (it.driver.id, it.slot.route))
            done = int(name in ("complete", "correct"))
            assert (counted.completed_shifts if counted else 0) == (known.completion_count if known else 0) == done
            assert (counted.confirmed_shifts if counted else 0) == int(name == "confirm")
            assert await count(session, Shift, Shift.assignment_id == it.slot.id) == int(name != "confirm")


async def left(arena: Arena, it: Day) -> None:
    """He left it once: one row of each kind."""
    async with arena.session() as session:
        row = await session.get_one(Assignment, it.slot.id)
        assert (row.status, row.user_id) == (AssignmentStatus.CANCELLED, it.driver.id)
        of_slot = Assignment.route_id == it.slot.route
        fresh = (await session.scalars(select(Assignment).where(of_slot, Assignment.id != it.slot.id))).one()
        assert (fresh.status, fresh.user_id) == (AssignmentStatus.UNFILLED, None)
        assert await count(session, BidWindow, BidWindow.assignment_id == fresh.id) == 1
        assert await count(session, Incident, Incident.assignment_id == it.slot.id) == 1
        assert await count(session, Shift, Shift.assignment_id == it.slot.id, Shift.cancelled_at.is_not(None)) == 1
        cancelled = Notification.type == NotificationType.ROUTE_CANCELLED
        assert await count(session, Notification, cancelled, Notification.user_id == it.manager.id) == 1


async def late_cancels(arena: Arena, it: Day) -> int:
    async with arena.session() as session:
        counted = await session.get(DriverMetrics, it.driver.id)
        return counted.late_cancellations if counted else 0


async def test_r5_2_cancelling_many_times_at_once(arena: Arena) -> None:
    dice = Random(5)
    for _ in range(ROUNDS):
        it = await arena.build(a_day)
        said = await arena.at_once(*[pressing(arena, it, cancels)] * 4, dice=dice)
        assert Counter(type(result) for result in said) == {Left: 1, Refused: 3}
        assert said.count(GONE) == 3
        await left(arena, it)
        assert await late_cancels(arena, it) == 1


async def test_r10_2_two_late_cancels_of_two_shifts_at_once(arena: Arena) -> None:
    """Neither transaction sees the other's incident, and yet the second must stop him."""
    dice = Random(8)
    for _ in range(ROUNDS):

        async def two(fleet: Fleet) -> tuple[Day, Day]:
            it = await a_day(fleet)
            route = await fleet.route("R13", it.north)
            other = await fleet.shift(route, it.driver, fleet.day(1), confirmed=True)
            return it, Day(it.manager, it.north, it.driver, other)

        today, tomorrow = await arena.build(two)
        said = await arena.at_once(pressing(arena, today, cancels), pressing(arena, tomorrow, cancels), dice=dice)
        assert all(isinstance(result, Left) for result in said)
        async with arena.session() as session:
            assert (await metrics(session, today)).late_cancellations == 2
            state = await session.get(DriverHealthState, today.driver.id)
            assert state is not None and not state.assignment_pool_eligible
            assert await count(session, AuditLog, AuditLog.action == "hard_stop", of(today)) == 1


def of(it: Day) -> Any:
    return AuditLog.entity_id == it.driver.id


async def test_r8_4_correcting_against_accepting(arena: Arena) -> None:
    """Both count for the driver and redraw his home card; were they locked crosswise, PostgreSQL would kill one."""
    dice = Random(9)
    for number in range(2 * ROUNDS):
        it = await arena.build(a_day)
        await after(arena, it, arrives, loads(120), completes(6))

        async def open_tomorrow(fleet: Fleet, it: Day = it) -> uuid.UUID:
            slot = await fleet.slot(await fleet.route("R20", it.north), fleet.day(1))
            opened = await open_emergency(fleet.session, it.manager, slot, fleet.now)
            assert isinstance(opened, Opened)
            return opened.window_id

        window = await arena.build(open_tomorrow)

        async def accepts(session: AsyncSession, it: Day = it, window: uuid.UUID = window) -> Any:
            return await accept(session, it.driver, window, arena.now)

        corrected, award = await arena.at_once(pressing(arena, it, corrects(130 + number, None)), accepts, dice=dice)
        assert isinstance(corrected, Correct) and isinstance(award, Award)


@pytest.mark.parametrize("what", ["is corrected", "is decided on"])
async def test_r9_1_his_rate_counts_what_he_completes_while_another_shift_of_his(arena: Arena, what: str) -> None:
    """Of the day before, by his manager: each of the two figures is of both shifts."""
    morning = arena.now - timedelta(days=1)

    async def make(fleet: Fleet) -> tuple[Day, Slot]:
        it = await a_day(fleet)
        return it, await fleet.shift(it.slot.route, it.driver, fleet.day(-1), confirmed=True)

    it, before = await arena.build(make)
    async with arena.session.begin() as session:
        await arrive(session, it.driver, before.id, POLICY, morning)
        await load_parcels(session, it.driver, before.id, 100, POLICY, morning)
        if what == "is corrected":
            await complete_shift(session, it.driver, before.id, 0, POLICY, morning)
        else:
            why = CancelReason.MEDICAL_EMERGENCY
            await stop_shift(session, it.driver, before.id, why, 50, SAY, POLICY, morning)
    await after(arena, it, arrives, loads(100))

    async def counts(session: AsyncSession) -> Any:
        reason = "counted again"
        if what == "is decided on":
            return await decide(session, it.manager, before.id, False, reason, SAY, POLICY, arena.now)
        given = (session, it.driver, before.id, None, 50, POLICY, arena.now)
        return await correct_parcels(*given, by=it.manager, reason=reason)

    completed, counted = await arena.one_waits_for_the_other(pressing(arena, it, completes(0)), counts)
    assert isinstance(completed, Complete) and isinstance(counted, Correct | Decided)
    async with arena.session() as session:
        known = await metrics(session, it)
        assert (known.completion_rate, known.avg_parcels_delivered) == (0.75, 75)


async def test_r2_5_a_press_that_comes_late_meets_what_is(arena: Arena) -> None:
    """All presses of a day at once, in any order: whatever came through is a day that can have been."""
    dice = Random(10)
    for _ in range(ROUNDS):
        it = await arena.build(a_day)
        presses = [arrives, loads(120), completes(6), corrects(None, 7), cancels]
        await arena.at_once(*(pressing(arena, it, press) for press in presses), dice=dice)
        async with arena.session() as session:
            row = await session.get_one(Assignment, it.slot.id)
            shift = (await session.scalars(select(Shift).where(Shift.assignment_id == it.slot.id))).one()
            is_cancelled = row.status is AssignmentStatus.CANCELLED
            assert (shift.cancelled_at is not None) is is_cancelled
            assert (shift.arrived_at is None) is is_cancelled
            assert (shift.completed_at is not None) is (row.status is AssignmentStatus.COMPLETED)
            assert await count(session, Incident, Incident.assignment_id == it.slot.id) == int(is_cancelled)
            before = await contents(session)
        said = await arena.at_once(pressing(arena, it, cancels), dice=dice)
        if is_cancelled:
            assert said == [GONE]
            async with arena.session() as session:
                assert await contents(session) == before
        else:
            assert isinstance(said[0], Refused)
