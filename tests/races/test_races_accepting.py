"""R6.7, R2.1, R6.3 under simultaneous presses: one winner, no driver over his cap, nobody deadlocked."""

import uuid
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.coverage.actions import AskedCapped, Declined, WaveSent, ask_capped, decline_day
from domain.coverage.ending import ClosedEmpty
from domain.coverage.opening import Opened
from domain.coverage.rules import AlreadyOpen
from domain.db.models import (
    Assignment,
    AuditLog,
    Bid,
    BidWindow,
    DayDecline,
    Delivery,
    DriverMetrics,
    Notification,
    WindowWaves,
)
from domain.db.models.words import AssignmentStatus, BidWindowStatus, DeliveryState, NotificationType
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.time import emergency_close
from tests.domain.world import (
    POLICY,
    SAY,
    Fleet,
    Slot,
    accept,
    close_due,
    contents,
    next_wave,
    open_emergency,
)
from tests.races.conftest import Act, Arena

TAKEN = Refused(Refusal.TAKEN)
MINUTE = timedelta(minutes=1)
ROUNDS = 8


class Company:
    """A manager, a warehouse, drivers with home cards."""

    def __init__(self, manager: Person, north: uuid.UUID, drivers: list[Person]) -> None:
        self.manager, self.north, self.drivers = manager, north, drivers


async def company(fleet: Fleet, drivers: int, **alike: Any) -> Company:
    manager = await fleet.manager("Mona")
    north = await fleet.warehouse("North", manager)
    people = [await fleet.driver(f"D{number}", home=north, **alike) for number in range(drivers)]
    for person in (manager, *people):
        await fleet.home_card(person)
    return Company(manager, north, people)


async def slot(fleet: Fleet, it: Company, day: int = 0) -> Slot:
    return await fleet.slot(await fleet.route(f"R{uuid.uuid4().hex[:6]}", it.north), fleet.day(day))


async def opened(arena: Arena, it: Company, day: int = 0) -> tuple[Slot, uuid.UUID]:
    """A window opened and its first wave sent, some offers and a card of it shown already."""

    async def make(fleet: Fleet) -> tuple[Slot, uuid.UUID]:
        this = await slot(fleet, it, day)
        result = await open_emergency(fleet.session, it.manager, this, fleet.now)
        assert isinstance(result, Opened)
        about = update(Delivery).where(Delivery.about == result.window_id)
        await fleet.session.execute(about.values(state=DeliveryState.SENT, due_at=None))
        await fleet.window_card(it.manager, result.window_id)
        return this, result.window_id

    return await arena.build(make)


def accepting(arena: Arena, driver: Person, window: uuid.UUID, at: timedelta = timedelta()) -> Act[Any]:
    async def act(session: AsyncSession) -> Any:
        return await accept(session, driver, window, arena.now + at)

    return act


async def count(session: AsyncSession, model: Any, *where: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(*where)) or 0


async def test_r6_7_twenty_press_at_once_and_one_has_it(arena: Arena) -> None:
    dice = Random(1)
    it = await arena.build(lambda fleet: company(fleet, 20, cap=7))
    for number in range(ROUNDS):
        this, window = await opened(arena, it, day=number * 7)  # another week each, so that nobody's cap matters
        said = await arena.at_once(*(accepting(arena, driver, window) for driver in it.drivers), dice=dice)
        winners = [driver for driver, result in zip(it.drivers, said, strict=True) if isinstance(result, Award)]
        assert len(winners) == 1
        assert [result for result in said if not isinstance(result, Award)] == [TAKEN] * 19
        async with arena.session() as session:
            assert (await session.get_one(Assignment, this.id)).user_id == winners[0].id
            assert (await session.get_one(BidWindow, window)).winner_id == winners[0].id
            assert await count(session, Bid, Bid.assignment_id == this.id) == 1
            assert await count(session, AuditLog, AuditLog.entity_id == this.id) == 1
            won = Notification.type == NotificationType.BID_WON
            assert await count(session, Notification, won) == number + 1
            assert await session.scalar(select(func.sum(DriverMetrics.bid_pickups))) == number + 1


async def test_r2_5_one_driver_presses_many_times_at_once(arena: Arena) -> None:
    it = await arena.build(lambda fleet: company(fleet, 1))
    _, window = await opened(arena, it)
    said = await arena.at_once(*(accepting(arena, it.drivers[0], window) for _ in range(10)))
    assert Counter(type(result).__name__ for result in said) == {"Award": 1, "AlreadyYours": 9}
    async with arena.session() as session:
        assert (await session.get_one(DriverMetrics, it.drivers[0].id)).bid_pickups == 1


async def test_r2_1_one_driver_takes_two_windows_of_a_date_at_once(arena: Arena) -> None:
    dice = Random(2)
    it = await arena.build(lambda fleet: company(fleet, 1, cap=7))
    for number in range(ROUNDS):
        windows = [(await opened(arena, it, day=number * 7))[1] for _ in range(2)]
        said = await arena.at_once(*(accepting(arena, it.drivers[0], window) for window in windows), dice=dice)
        assert Counter(type(result).__name__ for result in said) == {"Award": 1, "Refused": 1}
        assert Refused(Refusal.BUSY) in said


async def test_r6_3_the_cap_holds_over_two_windows_at_once(arena: Arena) -> None:
    """Cap 4 and 3 held: of two windows on two dates of the week he gets one."""
    dice = Random(3)
    for _ in range(ROUNDS):

        async def three_held(fleet: Fleet) -> Company:
            it = await company(fleet, 1)
            for day in (-2, -1, 0):  # Monday to Wednesday
                await fleet.shift(
                    await fleet.route("X", it.north), it.drivers[0], fleet.day(day), AssignmentStatus.COMPLETED
                )
            return it

        it = await arena.build(three_held)
        windows = [(await opened(arena, it, day))[1] for day in (1, 2)]
        said = await arena.at_once(*(accepting(arena, it.drivers[0], window) for window in windows), dice=dice)
        assert Counter(type(result).__name__ for result in said) == {"Award": 1, "Refused": 1}
        assert Refused(Refusal.AT_CAP) in said


async def test_windows_with_drivers_in_common_end_at_once(arena: Arena) -> None:
    """Each redraws the home cards of all whom it asked; were they locked crosswise, PostgreSQL would kill one."""
    dice = Random(4)
    it = await arena.build(lambda fleet: company(fleet, 12, cap=7))
    for number in range(ROUNDS):
        windows = [(await opened(arena, it, day=number * 7))[1] for _ in range(5)]
        takers = dice.sample(it.drivers, len(windows))
        presses = [accepting(arena, driver, window) for driver, window in zip(takers, windows, strict=True)]
        decliners = [driver for driver in it.drivers if driver not in takers]

        def declining(driver: Person, window: uuid.UUID) -> Act[Any]:
            return lambda session: decline_day(session, driver, window, arena.now)

        presses += [declining(driver, dice.choice(windows)) for driver in decliners]
        said = await arena.at_once(*presses, dice=dice)
        assert all(isinstance(result, Award) for result in said[: len(windows)])
        assert said[len(windows) :] == [Declined()] * len(decliners)


async def test_r6_1_two_managers_open_a_slot_at_once(arena: Arena) -> None:
    dice = Random(5)
    it = await arena.build(lambda fleet: company(fleet, 3))
    for number in range(ROUNDS):

        async def two(fleet: Fleet, day: int = number * 7) -> tuple[Person, Slot]:
            return await fleet.manager("Omar", it.north), await slot(fleet, it, day)

        omar, this = await arena.build(two)

        def opening(manager: Person, this: Slot) -> Act[Any]:
            return lambda session: open_emergency(session, manager, this, arena.now)

        said = await arena.at_once(
            *(opening(manager, this) for manager in (it.manager, omar, it.manager, omar)), dice=dice
        )
        assert Counter(type(result) for result in said) == {Opened: 1, AlreadyOpen: 3}
        assert len({result.window_id for result in said}) == 1
        async with arena.session() as session:
            assert await count(session, BidWindow, BidWindow.assignment_id == this.id) == 1
            told = select(func.count(), func.count(Delivery.user_id.distinct())).where(
                Delivery.about == said[0].window_id, Delivery.kind == Kind.OFFER
            )
            assert (await session.execute(told)).one() == (3, 3)


@pytest.mark.parametrize("early", [True, False])
async def test_r6_7_a_press_at_the_closing_instant(arena: Arena, early: bool) -> None:
    """He who pressed a moment before 13:00 has it or doesn't: never a window that is both taken and closed."""
    dice = Random(6)
    it = await arena.build(lambda fleet: company(fleet, 8, cap=7))
    for number in range(ROUNDS):
        this, window = await opened(arena, it, day=number * 7)
        closes = emergency_close(this.on, POLICY) - arena.now
        press_at = closes - timedelta(milliseconds=1) if early else closes

        def closing(at: timedelta) -> Act[Any]:
            return lambda session: close_due(session, arena.now + at)

        presses = [accepting(arena, driver, window, press_at) for driver in it.drivers]
        said = await arena.at_once(*presses, closing(closes), closing(closes), dice=dice)
        awards = [result for result in said if isinstance(result, Award)]
        closed = [result for result in said if isinstance(result, ClosedEmpty)]
        async with arena.session() as session:
            ended = await session.get_one(BidWindow, window)
            held = await session.get_one(Assignment, this.id)
        if not early:
            assert awards == []
        if awards:
            assert (len(awards), closed) == (1, [])
            assert (ended.status, held.status) == (BidWindowStatus.RESOLVED, AssignmentStatus.SCHEDULED)
        else:
            assert (ended.winner_id, held.user_id) == (None, None)
            # Passed by while somebody held it: the next tick closes it.
            if not closed:
                left = await arena.at_once(closing(closes))
                assert left == [ClosedEmpty(window, unfilled=True, told=1)]


async def test_r6_3_a_press_while_the_next_wave_is_written(arena: Arena) -> None:
    dice = Random(7)
    it = await arena.build(lambda fleet: company(fleet, 45, cap=7))
    for number in range(ROUNDS):
        _, window = await opened(arena, it, day=number * 7)

        async def wave(session: AsyncSession) -> Any:
            return await next_wave(session, arena.now + MINUTE)

        [award, sent, other] = await arena.at_once(
            accepting(arena, dice.choice(it.drivers), window, MINUTE), wave, wave, dice=dice
        )
        assert isinstance(award, Award)
        assert {sent, other} <= {None, WaveSent(window, 15)} and (sent is None or other is None)
        async with arena.session() as session:
            offers = (Delivery.about == window, Delivery.kind == Kind.OFFER)
            pending = await count(session, Delivery, *offers, Delivery.state == DeliveryState.PENDING)
            assert pending == 0, "what the wave wrote meanwhile is cancelled by the award"
            assert (await session.get_one(WindowWaves, window)).next_at is None
            assert await count(session, Delivery, *offers) == (45 if sent or other else 30)


async def test_r6_3_two_replicas_send_each_wave_once(arena: Arena) -> None:
    dice = Random(8)
    it = await arena.build(lambda fleet: company(fleet, 75, cap=7))
    windows = [(await opened(arena, it))[1] for _ in range(3)]

    def wave(minute: int) -> Act[Any]:
        return lambda session: next_wave(session, arena.now + minute * MINUTE)

    for minute, expected in ((1, 30), (2, 15), (3, 0)):
        sent: list[WaveSent] = []
        while said := [one for one in await arena.at_once(*[wave(minute)] * 6, dice=dice) if one]:
            sent += said
        assert sorted(sent, key=str) == sorted((WaveSent(window, expected) for window in windows), key=str)
    async with arena.session() as session:
        for window in windows:
            told = select(func.count(), func.count(Delivery.user_id.distinct())).where(
                Delivery.about == window, Delivery.kind == Kind.OFFER
            )
            assert (await session.execute(told)).one() == (75, 75)
            assert (await session.get_one(WindowWaves, window)).sent == 4


async def test_waves_accepts_and_declines_of_one_window_at_once(arena: Arena) -> None:
    """All of them redraw the manager's card and drivers' home cards."""
    dice = Random(9)
    it = await arena.build(lambda fleet: company(fleet, 40, cap=7))
    for number in range(ROUNDS):
        _, window = await opened(arena, it, day=number * 7)
        async with arena.session() as session:
            told = set(
                await session.scalars(
                    select(Delivery.user_id).where(Delivery.about == window, Delivery.kind == Kind.OFFER)
                )
            )
        asked = [driver for driver in it.drivers if driver.id in told]
        dice.shuffle(asked)

        def declining(driver: Person, window: uuid.UUID = window) -> Act[Any]:
            async def act(session: AsyncSession) -> Any:
                said = await decline_day(session, driver, window, arena.now + MINUTE)
                # The edge answers in the pressed message: last of all it takes that row, in the same transaction.
                pressed = (Delivery.about == window, Delivery.user_id == driver.id, Delivery.kind == Kind.OFFER)
                await session.execute(update(Delivery).where(*pressed).values(attempt=Delivery.attempt + 1))
                return said

            return act

        async def wave(session: AsyncSession) -> Any:
            return await next_wave(session, arena.now + MINUTE)

        said = await arena.at_once(
            accepting(arena, asked[0], window, MINUTE), wave, *map(declining, asked[1:16]), dice=dice
        )
        assert isinstance(said[0], Award)
        assert said[2:] == [Declined()] * 15


async def test_r6_3_a_decline_and_an_acceptance_of_one_driver_at_once(arena: Arena) -> None:
    dice = Random(10)
    it = await arena.build(lambda fleet: company(fleet, 2, cap=7))
    driver = it.drivers[0]
    for number in range(ROUNDS):
        _, window = await opened(arena, it, day=number * 7)

        def declining(window: uuid.UUID = window) -> Act[Any]:
            return lambda session: decline_day(session, driver, window, arena.now)

        said = await arena.at_once(accepting(arena, driver, window), declining(), dice=dice)
        assert isinstance(said[0], Award)
        assert said[1] == Declined()


async def test_r6_3_ask_them_too_while_somebody_accepts(arena: Arena) -> None:
    dice = Random(11)
    for _ in range(ROUNDS):

        async def make(fleet: Fleet) -> tuple[Company, list[Person]]:
            it = await company(fleet, 2)
            capped = [await fleet.driver(f"C{number}", home=it.north, cap=0) for number in range(3)]
            for person in capped:
                await fleet.home_card(person)
            return it, capped

        it, capped = await arena.build(make)
        this, window = await opened(arena, it)

        def asking(it: Company, window: uuid.UUID) -> Act[Any]:
            return lambda session: ask_capped(session, it.manager, window, SAY, POLICY, arena.now)

        presses = [accepting(arena, driver, window) for driver in (*it.drivers, *capped)]
        said = await arena.at_once(asking(it, window), asking(it, window), *presses, dice=dice)
        awards = [result for result in said[2:] if isinstance(result, Award)]
        assert len(awards) == 1
        assert set(said[2:]) - set(awards) <= {TAKEN, Refused(Refusal.AT_CAP)}
        granted = [result for result in said[:2] if isinstance(result, AskedCapped)]
        assert granted in ([], [AskedCapped(3, 3)])
        assert {result for result in said[:2] if isinstance(result, Refused)} <= {
            Refused(Refusal.WINDOW_OVER),
            Refused(Refusal.NOBODY_CAPPED),
        }
        async with arena.session() as session:
            offers = (Delivery.about == window, Delivery.kind == Kind.OFFER)
            assert await count(session, Delivery, *offers, Delivery.state == DeliveryState.PENDING) == 0
            assert await count(session, Delivery, *offers) == (5 if granted else 2)
            assert (await session.get_one(Assignment, this.id)).user_id is not None


async def test_r2_5_cut_off_in_the_middle_nothing_has_happened(arena: Arena) -> None:
    """The process dies between any two statements of an acceptance, or of an opening: as if it had never begun."""
    it = await arena.build(lambda fleet: company(fleet, 3))
    _, window = await opened(arena, it)
    this = await arena.build(lambda fleet: slot(fleet, it, 1))

    class Died(Exception):
        pass

    async def opening(session: AsyncSession) -> Any:
        return await open_emergency(session, it.manager, this, arena.now)

    for act in (accepting(arena, it.drivers[0], window), opening):
        async with arena.session() as session:
            before = await contents(session)
        steps = 0
        while True:
            async with arena.session() as session:
                left = steps

                async def dying(*args: Any, execute: Any = session.execute, **kwargs: Any) -> Any:
                    nonlocal left
                    if left == 0:
                        raise Died
                    left -= 1
                    return await execute(*args, **kwargs)

                try:
                    with mock.patch.object(session, "execute", dying):
                        await act(session)
                except Died:
                    await session.rollback()
                else:
                    break
            async with arena.session() as session:
                assert await contents(session) == before
            steps += 1
        assert steps > 3
    async with arena.session() as session:
        assert await count(session, DayDecline) == 0
