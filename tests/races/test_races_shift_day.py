"""What meets on a shift day: late and no-show, restore and acceptance, He's here and no-show, CANT and an arrival."""

import uuid
from collections import Counter
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.faults import Failed
from bot.jobs import table_of_duties
from domain.bidding.rules import Award
from domain.coverage import opening
from domain.coverage.opening import Opened
from domain.db.models import (
    ArrivalHold,
    ArrivalList,
    ArrivalWarning,
    Assignment,
    AssignmentTerms,
    BidWindow,
    Delivery,
    DriverHealthState,
    DriverMetrics,
    Incident,
    LateAnnouncement,
    Notification,
    Shift,
)
from domain.db.models.words import AssignmentStatus, BidWindowStatus, CancelReason, Channel, NotificationType
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive
from domain.shifts.asking_why import ask_why, cancel_unanswered, say_why
from domain.shifts.coming import AllHere, all_here, come_late, he_is_here
from domain.shifts.holds import begin_due_hold, release
from domain.shifts.late import MINUTE as ONE_MINUTE
from domain.shifts.late import answer_late, run_late
from domain.shifts.leaving import Left
from domain.shifts.restoring import GoneToAnother, Restored
from domain.shifts.rules import Arrive, Extend
from tests.domain.depot import HOUR, MINUTE, SECOND, local
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, close_due
from tests.races.conftest import Act, Arena
from tests.races.test_races_shift_duties import (
    ROUNDS,
    all_done,
    count,
    depot,
    halting,
    meanwhile,
    missing,
    shifts,
)

TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
HALF_PAST = NINE + 30 * MINUTE
ANSWERED_BY = NINE - HOUR + 5 * MINUTE  # who is asked at eight why he can't make it


async def one(arena: Arena) -> tuple[Person, Person, Slot]:
    """Mona, and Dana who has confirmed for today."""

    async def make(fleet: Fleet) -> tuple[Person, Person, Slot]:
        it = await depot(fleet)
        dana = await it.driver("Dana")
        await fleet.home_card(dana)
        return it.mona, dana, await it.shift(dana, TODAY, confirmed=True)

    return await arena.build(make)


def saying(driver: Person, slot: Slot) -> Act[Any]:
    return lambda session: run_late(session, driver, slot.id, 40, SAY, POLICY, NINE - HOUR)


def asking(driver: Person, slot: Slot) -> Act[Any]:
    return lambda session: ask_why(session, driver, slot.id, POLICY, NINE - HOUR)


def after(trips: int, act: Act[Any]) -> Act[Any]:
    """A head start for the others: so many round trips to the database."""

    async def later(session: AsyncSession) -> Any:
        for _ in range(trips):
            await session.execute(select(1))
        return await act(session)

    return later


# -- late against no-show


async def test_r8_5_who_says_so_while_the_duty_looks_is_not_missed(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The duty has read the old terms, and reads them again under the lock."""
    _, dana, slot = await one(arena)
    with halting(monkeypatch, "_NO_SHOW_DUE"):
        left, said = await meanwhile(
            arena,
            missing(NINE),
            lambda session: run_late(session, dana, slot.id, None, SAY, POLICY, NINE - 15 * MINUTE),
        )
    assert (left, said) == (None, Extend(HALF_PAST, 30 * MINUTE))
    async with arena.session() as session:
        assert (await session.get_one(Assignment, slot.id)).status is AssignmentStatus.SCHEDULED
        assert await count(session, Incident) == 0


async def test_r8_5_an_extension_against_the_no_show_wins_or_loses_cleanly(arena: Arena) -> None:
    """At the last instant of the half hour he is given more, while the duty is at it."""
    dice = Random(11)
    for _ in range(ROUNDS):
        mona, dana, slot = await one(arena)
        await arena.at_once(saying(dana, slot))

        async def extends(session: AsyncSession, mona: Person = mona, slot: Slot = slot) -> Any:
            return await answer_late(session, mona, slot.id, 90 * ONE_MINUTE, SAY, POLICY, HALF_PAST - SECOND)

        duties = [after(dice.randrange(8), missing(HALF_PAST)) for _ in range(3)]
        given, *misses = await arena.at_once(extends, *duties, dice=dice)
        left = [miss for miss in misses if miss is not None]
        async with arena.session() as session:
            row = await session.get_one(Assignment, slot.id)
            terms = await session.get_one(AssignmentTerms, slot.id)
            blamed = await count(session, Incident, Incident.user_id == dana.id)
        if left:
            assert len(left) == 1 and given == Refused(Refusal.SHIFT_GONE)
            assert (row.status, terms.arrive_by, blamed) == (AssignmentStatus.CANCELLED, HALF_PAST, 1)
        else:
            assert isinstance(given, Extend)
            assert (row.status, terms.arrive_by, blamed) == (AssignmentStatus.SCHEDULED, NINE + 90 * MINUTE, 0)


async def test_r2_5_late_many_times_at_once(arena: Arena) -> None:
    dice = Random(12)
    for _ in range(ROUNDS):
        _, dana, slot = await one(arena)

        said = await arena.at_once(*[saying(dana, slot)] * 6, dice=dice)
        assert Counter(type(each).__name__ for each in said) == {"Extend": 1, "Done": 5}
        async with arena.session() as session:
            assert (await session.get_one(AssignmentTerms, slot.id)).arrive_by == HALF_PAST
            mine = LateAnnouncement.assignment_id == slot.id
            assert await count(session, LateAnnouncement, mine) == 1


# -- a restore against an acceptance


async def missed(arena: Arena) -> tuple[Person, Person, Person, Slot, uuid.UUID]:
    """Mona, Dana who was not there at nine, Ben who may take it, and the window."""

    async def make(fleet: Fleet) -> tuple[Person, Person, Person, Slot, uuid.UUID]:
        it = await depot(fleet)
        dana, ben = await it.driver("Dana"), await it.driver("Ben")
        for driver in (dana, ben):
            await fleet.home_card(driver)
        slot = await it.shift(dana, TODAY, confirmed=True)
        left = await it.missed(NINE)
        assert left.reopened is not None
        return it.mona, dana, ben, slot, left.reopened.window_id

    return await arena.build(make)


def restoring(manager: Person, slot: Slot) -> Act[Any]:
    return lambda session: he_is_here(session, manager, slot.id, SAY, POLICY, NINE + MINUTE)


async def test_r8_6_a_restore_against_an_acceptance_has_one_outcome(arena: Arena) -> None:
    dice = Random(13)
    for _ in range(ROUNDS):
        mona, dana, ben, slot, window = await missed(arena)

        async def accepts(session: AsyncSession, ben: Person = ben, window: uuid.UUID = window) -> Any:
            return await accept(session, ben, window, NINE + MINUTE)

        back, taken = await arena.at_once(restoring(mona, slot), after(dice.randrange(12), accepts), dice=dice)
        async with arena.session() as session:
            ended = await session.get_one(BidWindow, window)
            row = await session.get_one(Assignment, ended.assignment_id)
            excused = await session.scalar(select(Incident.excused_at).where(Incident.assignment_id == slot.id))
            pool = (await session.get_one(DriverHealthState, dana.id)).assignment_pool_eligible
            metrics = await session.get_one(DriverMetrics, dana.id)
            there = await count(session, Shift, Shift.assignment_id == row.id)
            told = await count(
                session,
                Notification,
                Notification.user_id == dana.id,
                Notification.type == NotificationType.MANUAL,
            )
        assert ended.status is BidWindowStatus.RESOLVED and ended.winner_id == row.user_id and told == 1
        if row.user_id == dana.id:
            assert (back, taken) == (Restored(row.id, excused=True), Refused(Refusal.TAKEN))
            assert (row.status, there, excused, pool) == (AssignmentStatus.ACTIVE, 1, NINE + MINUTE, True)
            assert (metrics.total_shifts, metrics.no_shows) == (0, 0)
        else:
            assert back == GoneToAnother() and isinstance(taken, Award)
            assert (row.status, there, excused, pool) == (AssignmentStatus.SCHEDULED, 0, None, False)
            assert (metrics.total_shifts, metrics.no_shows) == (1, 1)


async def test_r2_5_two_managers_restore_and_he_presses_too(arena: Arena) -> None:
    dice = Random(14)
    for _ in range(ROUNDS):
        mona, dana, _ben, slot, _window = await missed(arena)

        async def comes(session: AsyncSession, dana: Person = dana, slot: Slot = slot) -> Any:
            return await come_late(session, dana, slot.id, SAY, POLICY, NINE + MINUTE)

        *backs, _said = await arena.at_once(*[restoring(mona, slot)] * 3, comes, dice=dice)
        assert len({back.assignment_id for back in backs}) == 1
        async with arena.session() as session:
            metrics = await session.get_one(DriverMetrics, dana.id)
            his = (Assignment.user_id == dana.id, Assignment.status == AssignmentStatus.ACTIVE)
            assert await count(session, Assignment, *his) == 1
            confirmed = (Assignment.user_id == dana.id, Assignment.confirmed_at.is_not(None))
            assert metrics.confirmed_shifts == await count(session, Assignment, *confirmed), (
                "what he lost, and this one"
            )
        assert (metrics.total_shifts, metrics.no_shows) == (0, 0)


async def test_r8_6_who_is_given_back_what_is_just_asked_for_again_has_it(arena: Arena) -> None:
    """Nobody has taken it by one, and another manager opens it anew meanwhile: still nobody has accepted."""
    mona, dana, _ben, slot, window = await missed(arena)
    one = local(TODAY, 13)
    await arena.at_once(lambda session: close_due(session, one))
    async with arena.session() as session:
        open_again = (await session.get_one(BidWindow, window)).assignment_id

    async def opens(session: AsyncSession) -> Any:
        return await opening.open_emergency(session, mona, open_again, 20, 18, SAY, POLICY, one)

    async def gives(session: AsyncSession) -> Any:
        return await he_is_here(session, mona, slot.id, SAY, POLICY, one)

    opened, back = await arena.one_waits_for_the_other(opens, gives)
    assert isinstance(opened, Opened) and back == Restored(open_again, excused=True)
    async with arena.session() as session:
        row = await session.get_one(Assignment, open_again)
        ended = await session.get_one(BidWindow, opened.window_id)
    assert (row.user_id, row.status) == (dana.id, AssignmentStatus.ACTIVE)
    assert (ended.status, ended.winner_id) == (BidWindowStatus.RESOLVED, dana.id)


# -- He's here against the no-show


@pytest.mark.parametrize("at", [NINE - SECOND, NINE])
async def test_r8_9_he_is_here_against_the_no_show(arena: Arena, at: Any) -> None:
    """In time by the clock it is either; at nine he is missed, whoever is first, and has it back."""
    dice = Random(15)
    for _ in range(ROUNDS):
        mona, dana, slot = await one(arena)

        async def says(session: AsyncSession, mona: Person = mona, slot: Slot = slot) -> Any:
            return await he_is_here(session, mona, slot.id, SAY, POLICY, at)

        here, *_misses = await arena.at_once(says, *[missing(NINE)] * 3, dice=dice)
        async with arena.session() as session:
            old = await session.get_one(Assignment, slot.id)
            active = (Assignment.user_id == dana.id, Assignment.status == AssignmentStatus.ACTIVE)
            assert await count(session, Assignment, *active) == 1
            counts = (Incident.user_id == dana.id, Incident.excused_at.is_(None))
            assert await count(session, Incident, *counts) == 0
        in_time = old.status is AssignmentStatus.ACTIVE
        assert isinstance(here, Arrive if in_time else Restored)
        assert not in_time or at < NINE


async def test_r8_6_here_late_against_the_no_show_enters_it_once(arena: Arena) -> None:
    dice = Random(16)
    for _ in range(ROUNDS):
        _, dana, slot = await one(arena)

        async def comes(session: AsyncSession, dana: Person = dana, slot: Slot = slot) -> Any:
            return await come_late(session, dana, slot.id, SAY, POLICY, NINE)

        await arena.at_once(comes, comes, *[missing(NINE)] * 3, dice=dice)
        async with arena.session() as session:
            assert await count(session, Incident, Incident.user_id == dana.id) == 1
            open_ = (Assignment.route_id == slot.route, Assignment.status == AssignmentStatus.UNFILLED)
            assert await count(session, Assignment, *open_) == 1
            metrics = await session.get_one(DriverMetrics, dana.id)
        assert (metrics.total_shifts, metrics.no_shows) == (1, 1)


# -- CANT's timer against an arrival, and against his answer


async def test_r11_6_the_timer_against_an_arrival(arena: Arena) -> None:
    dice = Random(17)
    for _ in range(ROUNDS):
        _, dana, slot = await one(arena)
        await arena.at_once(asking(dana, slot))

        async def arrives(session: AsyncSession, dana: Person = dana, slot: Slot = slot) -> Any:
            return await arrive(session, dana, slot.id, POLICY, ANSWERED_BY + SECOND)

        async def times_out(session: AsyncSession) -> Any:
            return await cancel_unanswered(session, SAY, POLICY, ANSWERED_BY + SECOND)

        arrived, *timers = await arena.at_once(after(dice.randrange(6), arrives), *[times_out] * 3, dice=dice)
        left = [each for each in timers if isinstance(each, Left)]
        async with arena.session() as session:
            row = await session.get_one(Assignment, slot.id)
        if left:
            assert len(left) == 1 and arrived == Refused(Refusal.SHIFT_GONE)
            assert row.status is AssignmentStatus.CANCELLED
        else:
            assert arrived == Arrive() and row.status is AssignmentStatus.ACTIVE
        assert await arena.at_once(times_out) == [None]


async def test_r11_6_the_timer_against_his_number(arena: Arena) -> None:
    dice = Random(18)
    for _ in range(ROUNDS):
        _, dana, slot = await one(arena)
        await arena.at_once(asking(dana, slot))

        async def says(session: AsyncSession, dana: Person = dana, slot: Slot = slot) -> Any:
            return await say_why(session, dana, slot.id, CancelReason.WEATHER_CONDITIONS, SAY, POLICY, ANSWERED_BY)

        async def times_out(session: AsyncSession) -> Any:
            return await cancel_unanswered(session, SAY, POLICY, ANSWERED_BY + SECOND)

        results = await arena.at_once(says, *[times_out] * 3, dice=dice)
        assert sum(isinstance(each, Left) for each in results) == 1
        async with arena.session() as session:
            assert await count(session, Incident, Incident.user_id == dana.id) == 1


# -- the duties, on three replicas


async def test_r14_three_replicas_warn_everybody_once(arena: Arena) -> None:
    await shifts(arena, 40, TODAY, confirmed=True)
    duty = table_of_duties(SAY, POLICY)["missing"]
    done = await all_done(arena, duty, NINE - 30 * MINUTE)
    assert [item for item in done if isinstance(item, Failed)] == []
    assert done == [{"drivers": 40, "managers": 1}]
    assert await all_done(arena, duty, NINE - 29 * MINUTE) == []
    async with arena.session() as session:
        assert await count(session, ArrivalWarning) == 40
        assert await count(session, ArrivalList) == 1
        assert await count(session, Delivery, Delivery.channel == Channel.SMS) == 40


async def test_r14_three_replicas_begin_a_hold_once(arena: Arena) -> None:
    await shifts(arena, 8, TODAY, confirmed=True)
    duties = table_of_duties(SAY, POLICY)
    done = await all_done(arena, duties["holds"], NINE)
    assert [type(item).__name__ for item in done] == ["HoldBegun"]
    assert await all_done(arena, duties["no-show"], NINE) == []
    async with arena.session() as session:
        assert await count(session, ArrivalHold) == 1


async def test_r8_6a_all_here_against_these_are_missing_and_an_arrival(arena: Arena) -> None:
    """Whoever is first: each is there or missed, and nobody both."""
    dice = Random(19)
    for _ in range(4):

        async def make(fleet: Fleet) -> tuple[Person, list[tuple[Person, Slot]]]:
            it = await depot(fleet)
            made = []
            for n in range(6):
                driver = await it.driver(f"D{n}")
                await fleet.home_card(driver)
                made.append((driver, await it.shift(driver, TODAY, confirmed=True, route=f"R{uuid.uuid4().hex[:6]}")))
            return it.mona, made

        mona, made = await arena.build(make)
        [hold] = await arena.at_once(lambda session: begin_due_hold(session, SAY, POLICY, NINE))
        assert hold is not None
        hold_id, (driver, slot) = hold.hold_id, made[0]

        async def everybody(session: AsyncSession, mona: Person = mona, hold_id: uuid.UUID = hold_id) -> Any:
            return await all_here(session, mona, hold_id, POLICY, NINE + MINUTE)

        async def nobody(session: AsyncSession, mona: Person = mona, hold_id: uuid.UUID = hold_id) -> Any:
            return await release(session, mona, hold_id, NINE + MINUTE)

        async def himself(session: AsyncSession, driver: Person = driver, slot: Slot = slot) -> Any:
            return await arrive(session, driver, slot.id, POLICY, NINE + MINUTE)

        all_, _, arrived = await arena.at_once(everybody, nobody, himself, dice=dice)
        while (await arena.at_once(missing(NINE + MINUTE)))[0] is not None:
            pass
        async with arena.session() as session:
            ids = [slot.id for _, slot in made]
            there = select(func.count()).where(Shift.assignment_id.in_(ids), Shift.arrived_at.is_not(None))
            blamed = select(func.count()).where(Incident.assignment_id.in_(ids))
            here, gone = await session.scalar(there) or 0, await session.scalar(blamed) or 0
        assert here + gone == 6
        if isinstance(all_, AllHere) and all_.count:
            assert gone == 0 and here == 6
        else:
            assert here == (1 if isinstance(arrived, Arrive) else 0)
