"""Drops and no-shows that meet themselves, the driver who confirms or arrives, and one who wants his shift back."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from random import Random
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.faults import Failed
from bot.jobs import Duty, Errand, run_due, table_of_duties
from domain.bidding.rules import Award
from domain.db.models import Assignment, BidWindow, DriverMetrics, Incident, Notification, Shift
from domain.db.models.words import AssignmentStatus, BidWindowStatus, IncidentKind, NotificationType
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import leaving, stopping
from domain.shifts import missing as no_shows
from domain.shifts.actions import arrive, confirm_shift
from domain.shifts.leaving import Left, drop_due_shift
from domain.shifts.missing import miss_due_shift
from domain.shifts.restoring import Restored, want_back
from domain.shifts.rules import Arrive, Confirm
from domain.shifts.stopping import Overdue, tell_overdue
from domain.time import shift_start
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept
from tests.races.conftest import Act, Arena
from tests.waits import somebody_waits

TODAY, SATURDAY = date(2026, 11, 25), date(2026, 11, 28)
NINE = local(TODAY, 9)
DUE = local(date(2026, 11, 26), 7)  # to confirm Saturday
ROUNDS = 8
REPLICAS = 3


async def depot(fleet: Fleet) -> Depot:
    """With a home card for everybody: they are locked, too."""
    mona = await fleet.manager("Mona")
    await fleet.home_card(mona)
    return Depot(fleet, mona, await fleet.warehouse("North", mona))


async def shifts(arena: Arena, count: int, on: date, *, confirmed: bool) -> list[tuple[Person, Slot]]:
    """Each of a driver of his own, who was reminded in time."""

    async def make(fleet: Fleet) -> list[tuple[Person, Slot]]:
        it, made = await depot(fleet), []
        for n in range(count):
            driver = await it.driver(f"D{n}")
            await fleet.home_card(driver)
            slot = await it.shift(driver, on, confirmed=confirmed, route=f"R{n}")
            await it.reminder(driver, slot, DUE - DAY)
            made.append((driver, slot))
        return made

    return await arena.build(make)


async def count(session: AsyncSession, model: Any, *where: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def dropping(at: datetime) -> Act[Left | None]:
    return lambda session: drop_due_shift(session, SAY, POLICY, at)


def missing(at: datetime) -> Act[Left | None]:
    return lambda session: miss_due_shift(session, SAY, POLICY, at)


async def all_done(arena: Arena, duty: Duty | Errand, at: datetime) -> list[object]:
    """By so many replicas, each until it finds nothing more, as the clockwork does it."""
    async with asyncio.timeout(60):
        done = await asyncio.gather(*(run_due(duty, arena.session, at) for _ in range(REPLICAS)))
    return [item for each in done for item in each]


DUTIES: list[tuple[str, bool, date, datetime, IncidentKind]] = [
    ("auto-drop", False, SATURDAY, DUE + SECOND, IncidentKind.AUTO_DROP),
    ("no-show", True, TODAY, NINE + 30 * MINUTE, IncidentKind.NO_SHOW),  # so many at once are held until then
]


@pytest.mark.parametrize(("name", "confirmed", "on", "at", "kind"), DUTIES)
async def test_r14_three_replicas_at_once_and_each_shift_is_lost_once(
    arena: Arena, name: str, confirmed: bool, on: date, at: datetime, kind: IncidentKind
) -> None:
    made = await shifts(arena, 40, on, confirmed=confirmed)
    done = await all_done(arena, table_of_duties(SAY, POLICY)[name], at)
    assert [item for item in done if isinstance(item, Failed)] == []
    left = [item for item in done if isinstance(item, Left)]
    assert Counter(item.assignment_id for item in left) == Counter(slot.id for _, slot in made)
    assert await all_done(arena, table_of_duties(SAY, POLICY)[name], at + HOUR) == []
    async with arena.session() as session:
        assert await count(session, Incident, Incident.kind == kind) == 40
        assert await count(session, Assignment, Assignment.status == AssignmentStatus.UNFILLED) == 40
        assert await count(session, BidWindow, BidWindow.status == BidWindowStatus.OPEN) == 40
        # Of a drop its driver and the manager; of a no-show the manager, and whether its driver is back (R10.2).
        assert await count(session, Notification, Notification.type != NotificationType.WARNING) == 80
        assert set(await session.scalars(select(DriverMetrics.total_shifts))) == {1}


@pytest.mark.parametrize(("name", "confirmed", "on", "at", "kind"), DUTIES)
async def test_r14_a_single_shift_that_all_of_them_want(
    arena: Arena, name: str, confirmed: bool, on: date, at: datetime, kind: IncidentKind
) -> None:
    dice = Random(1)
    act = dropping(at) if kind is IncidentKind.AUTO_DROP else missing(at)
    for _ in range(ROUNDS):
        [(driver, slot)] = await shifts(arena, 1, on, confirmed=confirmed)
        said = [left for left in await arena.at_once(*[act] * 6, dice=dice) if left is not None]
        assert [left.assignment_id for left in said] == [slot.id]
        async with arena.session() as session:
            assert await count(session, Incident, Incident.user_id == driver.id) == 1


async def test_r4_3_confirm_against_drop_has_one_outcome(arena: Arena) -> None:
    """He presses at the last instant, the duty runs a second later; who is first has it."""
    dice = Random(2)
    for _ in range(ROUNDS):
        [(driver, slot)] = await shifts(arena, 1, SATURDAY, confirmed=False)

        async def confirming(session: AsyncSession, driver: Person = driver, slot: Slot = slot) -> Any:
            return await confirm_shift(session, driver, slot.id, POLICY, DUE)

        confirmed, *drops = await arena.at_once(confirming, *[dropping(DUE + SECOND)] * 3, dice=dice)
        left = [drop for drop in drops if drop is not None]
        async with arena.session() as session:
            row = await session.get_one(Assignment, slot.id)
            blamed = await count(session, Incident, Incident.user_id == driver.id)
            told = await count(session, Notification, Notification.user_id == driver.id)
        if left:
            assert len(left) == 1 and confirmed == Refused(Refusal.SHIFT_GONE)
            assert (row.status, row.confirmed_at, blamed, told) == (AssignmentStatus.CANCELLED, None, 1, 1)
        else:
            assert confirmed == Confirm()
            assert (row.status, row.confirmed_at, blamed, told) == (AssignmentStatus.SCHEDULED, DUE, 0, 0)
            assert await arena.at_once(dropping(DUE + SECOND)) == [None]


async def test_r8_6_arrive_against_no_show_has_one_outcome(arena: Arena) -> None:
    dice = Random(3)
    for _ in range(3 * ROUNDS):
        [(driver, slot)] = await shifts(arena, 1, TODAY, confirmed=True)

        async def arriving(session: AsyncSession, driver: Person = driver, slot: Slot = slot) -> Any:
            return await arrive(session, driver, slot.id, POLICY, NINE - SECOND)

        arrived, *misses = await arena.at_once(arriving, *[missing(NINE)] * 5, dice=dice)
        left = [miss for miss in misses if miss is not None]
        async with arena.session() as session:
            row = await session.get_one(Assignment, slot.id)
            blamed = await count(session, Incident, Incident.user_id == driver.id)
            there = await count(session, Shift, Shift.assignment_id == slot.id)
        if left:
            assert len(left) == 1 and arrived == Refused(Refusal.SHIFT_GONE)
            assert (row.status, blamed, there) == (AssignmentStatus.CANCELLED, 1, 0)
        else:
            assert arrived == Arrive()
            assert (row.status, blamed, there) == (AssignmentStatus.ACTIVE, 0, 1)
            assert await arena.at_once(missing(NINE)) == [None]


async def test_r8_6_many_arrive_while_the_rest_is_missed(arena: Arena) -> None:
    """Each is either there or missed, whoever of them the replicas have in hand at that moment."""
    made = await shifts(arena, 18, TODAY, confirmed=True)

    def arriving(driver: Person, slot: Slot) -> Act[Any]:
        return lambda session: arrive(session, driver, slot.id, POLICY, NINE - SECOND)

    duty = table_of_duties(SAY, POLICY)["no-show"]
    presses = asyncio.create_task(arena.at_once(*(arriving(*each) for each in made), dice=Random(4)))
    done = await all_done(arena, duty, NINE + 30 * MINUTE)
    arrived = await presses
    done += await all_done(arena, duty, NINE + 30 * MINUTE)
    assert [item for item in done if isinstance(item, Failed)] == []
    lost = {item.assignment_id for item in done if isinstance(item, Left)}
    async with arena.session() as session:
        for (_, slot), answer in zip(made, arrived, strict=True):
            status = (await session.get_one(Assignment, slot.id)).status
            assert (answer, status) == (
                (Refused(Refusal.SHIFT_GONE), AssignmentStatus.CANCELLED)
                if slot.id in lost
                else (Arrive(), AssignmentStatus.ACTIVE)
            )


# -- between looking and locking


def room_of(name: str) -> ModuleType:
    return {"_NO_SHOW_DUE": no_shows, "_DUE": stopping}.get(name, leaving)


@contextmanager
def halting(patch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """The duty's statement halts once it has looked, and before it locks, while somebody holds lock 7."""
    where = room_of(name)
    found: TextClause = getattr(where, name)
    halted = found.text.replace("WHERE a.status", "WHERE pg_advisory_xact_lock_shared(7)::text = '' AND a.status", 1)
    assert halted != found.text
    patch.setattr(where, name, text(halted).bindparams(*found._bindparams.values()))
    yield
    patch.undo()


async def meanwhile(arena: Arena, duty: Act[Left | None], act: Act[Any]) -> tuple[Left | None, Any]:
    """`act` commits while the duty's statement halts."""
    async with arena.session() as door, asyncio.timeout(30):
        await door.execute(text("SELECT pg_advisory_lock(7)"))
        looking = asyncio.create_task(arena.at_once(duty))
        await somebody_waits(door)
        [answer] = await arena.at_once(act)
        await door.execute(text("SELECT pg_advisory_unlock(7)"))
        [left] = await looking
    return left, answer


async def test_r8_6_who_arrives_while_the_duty_looks_is_not_missed(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(driver, slot)] = await shifts(arena, 1, TODAY, confirmed=True)
    with halting(monkeypatch, "_NO_SHOW_DUE"):
        left, arrived = await meanwhile(
            arena, missing(NINE), lambda session: arrive(session, driver, slot.id, POLICY, NINE - SECOND)
        )
    assert (left, arrived) == (None, Arrive())
    async with arena.session() as session:
        assert (await session.get_one(Assignment, slot.id)).status is AssignmentStatus.ACTIVE
        assert await count(session, Incident) == 0


async def test_r4_3_who_confirms_while_the_duty_looks_is_not_dropped(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(driver, slot)] = await shifts(arena, 1, SATURDAY, confirmed=False)
    with halting(monkeypatch, "_DROP_DUE"):
        left, confirmed = await meanwhile(
            arena, dropping(DUE + SECOND), lambda session: confirm_shift(session, driver, slot.id, POLICY, DUE)
        )
    assert (left, confirmed) == (None, Confirm())
    async with arena.session() as session:
        assert (await session.get_one(Assignment, slot.id)).status is AssignmentStatus.SCHEDULED
        assert await count(session, Incident) == 0


@pytest.mark.parametrize(("name", "at", "kind"), [("_NO_SHOW_DUE", NINE, "no_show"), ("_DROP_DUE", DUE + SECOND, "")])
async def test_r14_what_another_replica_has_done_meanwhile_is_not_done_again(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, name: str, at: datetime, kind: str
) -> None:
    on, confirmed = (TODAY, True) if kind else (SATURDAY, False)
    [(_, slot)] = await shifts(arena, 1, on, confirmed=confirmed)
    other = missing(at) if kind else dropping(at)
    whole: TextClause = getattr(room_of(name), name)

    async def quick(session: AsyncSession) -> Left | None:
        with monkeypatch.context() as patch:
            patch.setattr(room_of(name), name, whole)
            return await other(session)

    with halting(monkeypatch, name):
        left, first = await meanwhile(arena, other, quick)
    assert left is None and first is not None and first.assignment_id == slot.id


@pytest.mark.parametrize("after", [12, 16])
async def test_r8_7_of_whom_another_replica_has_told_meanwhile_nobody_is_told_again(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Nor does it seem that there is nobody to be told, of which the owners would hear (R5.4)."""
    [(driver, slot)] = await shifts(arena, 1, TODAY, confirmed=True)
    await arena.at_once(lambda session: arrive(session, driver, slot.id, POLICY, NINE - HOUR))
    whole: TextClause = stopping._DUE

    def telling(hours: int) -> Act[Any]:
        return lambda session: tell_overdue(session, SAY, POLICY, NINE - HOUR + hours * HOUR)

    async def quick(session: AsyncSession) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(stopping, "_DUE", whole)
            return await telling(after)(session)

    if after == 16:
        await arena.at_once(telling(12))
    with halting(monkeypatch, "_DUE"):
        again, first = await meanwhile(arena, telling(after), quick)
    assert (again, first) == (None, Overdue(slot.id, 1 if after == 16 else None))


# -- wanted back


async def dropped(arena: Arena, at: datetime) -> tuple[Person, Person, Slot, uuid.UUID]:
    """Whose it was, another driver, and the window through which its slot is open."""

    async def make(fleet: Fleet) -> tuple[Person, Person, Slot, uuid.UUID]:
        it = await depot(fleet)
        dana, ben = await it.driver("Dana"), await it.driver("Ben")
        for driver in (dana, ben):
            await fleet.home_card(driver)
        slot = await it.shift(dana, SATURDAY)
        await it.reminder(dana, slot, DUE - DAY)
        left = await it.dropped(at)
        assert left.reopened is not None
        return dana, ben, slot, left.reopened.window_id

    return await arena.build(make)


def wanting(driver: Person, slot: Slot, at: datetime) -> Act[Any]:
    return lambda session: want_back(session, driver, slot.id, SAY, POLICY, at)


def accepting(driver: Person, window: uuid.UUID, at: datetime) -> Act[Any]:
    return lambda session: accept(session, driver, window, at)


async def test_r4_3_wanted_back_against_an_acceptance_has_one_outcome(arena: Arena) -> None:
    dice, at = Random(5), shift_start(SATURDAY, POLICY) - 20 * HOUR
    outcomes: Counter[str] = Counter()
    for _ in range(2 * ROUNDS):
        dana, ben, slot, window = await dropped(arena, at)
        later = at + MINUTE
        back, taken = await arena.at_once(wanting(dana, slot, later), accepting(ben, window, later), dice=dice)
        async with arena.session() as session:
            ended = await session.get_one(BidWindow, window)
            row = await session.get_one(Assignment, ended.assignment_id)
            excused = await session.scalar(select(Incident.excused_at).where(Incident.assignment_id == slot.id))
        assert ended.status is BidWindowStatus.RESOLVED and row.status is AssignmentStatus.SCHEDULED
        assert ended.winner_id == row.user_id
        if row.user_id == dana.id:
            assert (back, taken) == (Restored(row.id, excused=True), Refused(Refusal.TAKEN))
            assert excused == later
        else:
            assert isinstance(taken, Award) and isinstance(back, Refused)
            assert (row.user_id, excused) == (ben.id, None)
        outcomes[type(back).__name__] += 1
    assert sum(outcomes.values()) == 2 * ROUNDS


async def test_r2_5_wanted_back_many_times_at_once(arena: Arena) -> None:
    dice, at = Random(6), DUE + SECOND
    for _ in range(ROUNDS):
        dana, _ben, slot, window = await dropped(arena, at)
        said = await arena.at_once(*[wanting(dana, slot, at + MINUTE)] * 6, dice=dice)
        async with arena.session() as session:
            row_id = (await session.get_one(BidWindow, window)).assignment_id
            metrics = await session.get_one(DriverMetrics, dana.id)
        assert said == [Restored(row_id, excused=True)] * 6
        assert (metrics.confirmed_shifts, metrics.total_shifts, metrics.auto_dropped_shifts) == (1, 0, 0)


async def test_r2_1_wanted_back_while_he_takes_another_of_that_day(arena: Arena) -> None:
    """He has one of them at the most: both lock him first."""
    dice, at = Random(7), shift_start(SATURDAY, POLICY) - 20 * HOUR
    for _ in range(ROUNDS):
        dana, _ben, slot, window = await dropped(arena, at)

        async def another(fleet: Fleet, of: uuid.UUID = slot.warehouse) -> uuid.UUID:
            closes = shift_start(SATURDAY, POLICY)
            route = await fleet.route(f"X{uuid.uuid4().hex[:6]}", of)
            return await fleet.window(await fleet.slot(route, SATURDAY), closes_at=closes)

        other = await arena.build(another)
        later = at + MINUTE
        back, taken = await arena.at_once(wanting(dana, slot, later), accepting(dana, other, later), dice=dice)
        assert {isinstance(back, Restored), isinstance(taken, Award)} == {True, False}
        assert Refused(Refusal.BUSY) in (back, taken)
        async with arena.session() as session:
            his = (Assignment.user_id == dana.id, Assignment.status == AssignmentStatus.SCHEDULED)
            assert await count(session, Assignment, *his) == 1
            open_ = (BidWindow.id.in_([window, other]), BidWindow.status == BidWindowStatus.OPEN)
            assert await count(session, BidWindow, *open_) == 1
