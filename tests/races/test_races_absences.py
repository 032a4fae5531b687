"""R12.7 under simultaneous presses: who is away or has left holds no shift of those days, and nothing happens twice."""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.db.models import Assignment, BidWindow, Incident, TimeOff
from domain.db.models.words import AssignmentStatus, BidWindowMode, CancelReason, IncidentKind, OffKind
from domain.people.queries import Person
from domain.people.rules import AlreadyOff, LeavesThen
from domain.refusals import Refusal, Refused
from domain.shifts.absences import Away, fall_ill, send_off
from domain.shifts.actions import arrive
from domain.shifts.departures import Leaves, leave_company, stay_after_all
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.rules import Arrive
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept
from tests.races.conftest import Act, Arena

ROUNDS = 8


@dataclass
class Town:
    """Dana has shifts today and tomorrow; another one of the day after is open to her."""

    manager: Person
    driver: Person
    today: Slot
    tomorrow: Slot
    open: Slot
    window: uuid.UUID


async def a_town(fleet: Fleet) -> Town:
    manager = await fleet.manager("Mona")
    north = await fleet.warehouse("North", manager)
    driver = await fleet.driver("Dana", home=north, cap=6)
    for person in (manager, driver):
        await fleet.home_card(person)
    today, tomorrow = [
        await fleet.shift(await fleet.route(f"R{day}", north), driver, fleet.day(day), confirmed=True) for day in (0, 1)
    ]
    slot = await fleet.slot(await fleet.route("R2", north), fleet.day(2))
    window = await fleet.window(slot, BidWindowMode.INSTANT)
    return Town(manager, driver, today, tomorrow, slot, window)


Do = Callable[[AsyncSession, Arena, Town], Awaitable[Any]]


async def accepts(session: AsyncSession, arena: Arena, it: Town) -> Any:
    return await accept(session, it.driver, it.window, arena.now)


async def falls_ill(session: AsyncSession, arena: Arena, it: Town) -> Any:
    days = it.tomorrow.on, it.open.on
    return await fall_ill(session, it.driver, *days, SAY, POLICY, arena.now)


async def is_sent_off(session: AsyncSession, arena: Arena, it: Town) -> Any:
    days = it.tomorrow.on, it.open.on
    return await send_off(session, it.manager, it.driver.id, OffKind.VACATION, *days, SAY, POLICY, arena.now)


async def leaves(session: AsyncSession, arena: Arena, it: Town) -> Any:
    return await leave_company(session, it.manager, it.driver.id, it.today.on, SAY, POLICY, arena.now)


async def stays(session: AsyncSession, arena: Arena, it: Town) -> Any:
    return await stay_after_all(session, it.manager, it.driver.id, SAY, POLICY, arena.now)


async def cancels_tomorrow(session: AsyncSession, arena: Arena, it: Town) -> Any:
    reason = CancelReason.MEDICAL_EMERGENCY
    return await cancel_shift(session, it.driver, it.tomorrow.id, reason, None, SAY, POLICY, arena.now)


async def is_ill_today(session: AsyncSession, arena: Arena, it: Town) -> Any:
    return await fall_ill(session, it.driver, it.today.on, it.open.on, SAY, POLICY, arena.now)


async def arrives(session: AsyncSession, arena: Arena, it: Town) -> Any:
    return await arrive(session, it.driver, it.today.id, POLICY, arena.now)


def press(arena: Arena, it: Town, do: Do) -> Act[Any]:
    async def act(session: AsyncSession) -> Any:
        return await do(session, arena, it)

    return act


async def at_once(arena: Arena, it: Town, dice: Random, *does: Do, anew: bool = False) -> list[Any]:
    return await arena.at_once(*(press(arena, it, do) for do in does), dice=dice, anew=anew)


async def held(arena: Arena, it: Town, first: date) -> int:
    """His live shifts from this day on."""
    async with arena.session() as session:
        live = select(func.count()).where(
            Assignment.user_id == it.driver.id,
            Assignment.on >= first,
            Assignment.status != AssignmentStatus.CANCELLED,
        )
        return await session.scalar(live) or 0


async def each_slot_is_open_once(arena: Arena, it: Town) -> None:
    """What went from him is unfilled, with one window."""
    async with arena.session() as session:
        for slot in (it.tomorrow, it.open):
            of_slot = Assignment.route_id == slot.route, Assignment.on == slot.on
            [row] = await session.scalars(
                select(Assignment).where(*of_slot, Assignment.status != AssignmentStatus.CANCELLED)
            )
            assert row.status is AssignmentStatus.UNFILLED
            windows = select(func.count()).where(BidWindow.assignment_id == row.id, BidWindow.status == "open")
            assert await session.scalar(windows) == 1


async def incidents(arena: Arena, it: Town) -> Counter[IncidentKind]:
    async with arena.session() as session:
        return Counter(await session.scalars(select(Incident.kind).where(Incident.user_id == it.driver.id)))


@pytest.mark.parametrize(
    ("goes", "gone", "why"),
    [(falls_ill, Away, Refusal.AWAY), (is_sent_off, Away, Refusal.AWAY), (leaves, Leaves, Refusal.NOT_EMPLOYED)],
)
async def test_r12_7_going_against_an_award(arena: Arena, goes: Do, gone: type[Away | Leaves], why: Refusal) -> None:
    """He has it and loses it again, or doesn't get it: never is he away and has it."""
    dice = Random(7)
    for _ in range(ROUNDS):
        it = await arena.build(a_town)
        went, accepted = await at_once(arena, it, dice, goes, accepts)
        assert isinstance(went, gone)
        assert isinstance(accepted, Award) or accepted == Refused(why)
        assert len(went.left) == (2 if isinstance(accepted, Award) else 1)
        assert await held(arena, it, it.tomorrow.on) == 0
        await each_slot_is_open_once(arena, it)


async def test_r2_5_falling_ill_twice_at_once(arena: Arena) -> None:
    dice = Random(8)
    for _ in range(ROUNDS):
        it = await arena.build(a_town)
        said = await at_once(arena, it, dice, falls_ill, falls_ill, falls_ill)
        assert Counter(type(each) for each in said) == {Away: 1, AlreadyOff: 2}
        assert await incidents(arena, it) == {IncidentKind.PROTECTED_ABSENCE: 1}
        async with arena.session() as session:
            rows = select(func.count()).where(TimeOff.user_id == it.driver.id)
            assert await session.scalar(rows) == 1


async def test_r2_5_cancelling_one_shift_against_the_range(arena: Arena) -> None:
    """It is cancelled once, and put before a manager once."""
    dice = Random(9)
    for _ in range(ROUNDS):
        it = await arena.build(a_town)
        away, left = await at_once(arena, it, dice, falls_ill, cancels_tomorrow)
        assert isinstance(away, Away)
        assert isinstance(left, Left) != (len(away.left) == 1)
        assert isinstance(left, Left) or left == Refused(Refusal.SHIFT_GONE)
        assert await incidents(arena, it) == {IncidentKind.PROTECTED_ABSENCE: 1}
        await each_slot_is_open_once(arena, it)


async def test_r8_2_arriving_against_falling_ill(arena: Arena) -> None:
    """Who has arrived is on his shift; tomorrow's goes in any case."""
    dice = Random(10)
    for _ in range(ROUNDS):
        it = await arena.build(a_town)
        away, arrived = await at_once(arena, it, dice, is_ill_today, arrives)
        assert isinstance(away, Away)
        async with arena.session() as session:
            today = (await session.get_one(Assignment, it.today.id)).status
        if isinstance(arrived, Arrive):
            assert today is AssignmentStatus.ACTIVE and len(away.left) == 1
        else:
            assert arrived == Refused(Refusal.SHIFT_GONE)
            assert today is AssignmentStatus.CANCELLED and len(away.left) == 2
        assert await held(arena, it, it.tomorrow.on) == 0


async def test_r12_7_leaving_twice_staying_and_accepting_at_once(arena: Arena) -> None:
    """Whatever comes last, employment and shifts agree, and nobody waits for the other for ever."""
    dice = Random(11)
    for _ in range(ROUNDS):
        it = await arena.build(a_town)
        one, two, stayed, accepted = await at_once(arena, it, dice, leaves, leaves, stays, accepts, anew=True)
        assert Counter(type(each) for each in (one, two)) in (
            Counter({Leaves: 1, LeavesThen: 1}),
            Counter({Leaves: 2}),  # stayed in between
        )
        assert isinstance(accepted, Award) or accepted == Refused(Refusal.NOT_EMPLOYED)
        assert stayed is not None
        live = await held(arena, it, it.tomorrow.on)
        assert live == 0 or isinstance(accepted, Award)
