"""R1.3: over at 13:00 unless a manager says otherwise. Whoever leaves a shift later leaves it open until then.

The bonus that the manager has chosen goes on with it (R6.2).
"""

from datetime import datetime

import pytest

from domain.bidding.rules import Award
from domain.coverage.assigning import Assigned, assign_driver
from domain.coverage.ending import extend_window
from domain.coverage.opening import Opened
from domain.coverage.windows import window_card
from domain.db.models.words import BidWindowMode, CancelReason, IncidentKind, Trigger
from domain.people.queries import Person
from domain.shifts.actions import arrive
from domain.shifts.declining import decline_shift
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.removing import Removed, remove_driver
from domain.shifts.rules import Arrive
from domain.shifts.stopping import Stopped, stop_shift
from tests.domain.depot import HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, next_wave, open_emergency


class Today:
    """R12 of today, open as an emergency until 18:00 with a bonus of its own, and Dana; it is half past one."""

    def __init__(self, depot: Depot, slot: Slot, opened: Opened, dana: Person) -> None:
        self.depot, self.session, self.slot, self.dana = depot, depot.session, slot, dana
        self.window = opened.window_id
        self.at, self.until = local(slot.on, 13, 30), local(slot.on, 18)

    async def accepted(self, at: datetime | None = None) -> None:
        assert isinstance(await accept(self.session, self.dana, self.window, at or self.at), Award)

    async def is_open_again(self, left: Left | Stopped | object, trigger: Trigger) -> None:
        assert isinstance(left, Left | Stopped | Removed) and left.reopened is not None
        window = await self.depot.window(left.reopened.window_id)
        assert (window.mode, window.trigger, window.closes_at) == (BidWindowMode.EMERGENCY, trigger, self.until)
        assert window.pay_bonus_percent == 45


@pytest.fixture
async def today(depot: Depot) -> Today:
    slot = await depot.fleet.slot(await depot.fleet.route("R12", depot.north), depot.fleet.day(0))
    dana = await depot.driver("Dana")
    opened = await open_emergency(depot.session, depot.mona, slot, depot.now, bonus=45, until=18)
    assert isinstance(opened, Opened)
    return Today(depot, slot, opened, dana)


async def test_r1_3_cancelled_after_13_it_is_open_until_the_manager_said(today: Today) -> None:
    await today.accepted()
    why = CancelReason.VEHICLE_BREAKDOWN
    left = await cancel_shift(today.session, today.dana, today.slot.id, why, None, SAY, POLICY, today.at + MINUTE)
    await today.is_open_again(left, Trigger.CANCELLATION)
    other = await today.depot.driver("Otto")
    assert await next_wave(today.session, today.at + MINUTE) is not None
    assert isinstance(left, Left) and left.reopened is not None
    assert isinstance(await accept(today.session, other, left.reopened.window_id, today.until - SECOND), Award)


async def test_r4_4_given_by_hand_and_declined(today: Today) -> None:
    given = await assign_driver(
        today.session, today.depot.mona, today.slot.id, today.dana.id, None, SAY, POLICY, today.at
    )
    assert isinstance(given, Assigned)
    left = await decline_shift(today.session, today.dana, today.slot.id, SAY, POLICY, today.at + MINUTE)
    await today.is_open_again(left, Trigger.CANCELLATION)


async def test_r4_4_given_by_hand_and_unanswered(today: Today) -> None:
    given = await assign_driver(
        today.session, today.depot.mona, today.slot.id, today.dana.id, None, SAY, POLICY, today.at
    )
    assert isinstance(given, Assigned)
    await today.is_open_again(await today.depot.drop(given.confirm_by + SECOND), Trigger.AUTO_DROP)


async def test_r8_6_accepted_at_noon_and_missed(today: Today) -> None:
    await today.accepted(local(today.slot.on, 12))
    left = await today.depot.miss(today.at)
    await today.is_open_again(left, Trigger.NO_SHOW)
    assert left is not None and left.incident is IncidentKind.NO_SHOW


async def test_r8_8_stopped_before_loading(today: Today) -> None:
    await today.accepted()
    assert isinstance(await arrive(today.session, today.dana, today.slot.id, POLICY, today.at + MINUTE), Arrive)
    why, at = CancelReason.VEHICLE_BREAKDOWN, today.at + HOUR
    left = await stop_shift(today.session, today.dana, today.slot.id, why, None, SAY, POLICY, at)
    await today.is_open_again(left, Trigger.CANCELLATION)


async def test_r1_3_extended_counts_as_said(today: Today) -> None:
    at, later = local(today.slot.on, 17), local(today.slot.on, 20)
    assert await extend_window(today.session, today.depot.mona, today.window, 20, POLICY, at) == later
    today.until = later
    await today.accepted(later - MINUTE)
    why = CancelReason.VEHICLE_BREAKDOWN
    left = await cancel_shift(today.session, today.dana, today.slot.id, why, None, SAY, POLICY, later - SECOND)
    await today.is_open_again(left, Trigger.CANCELLATION)


async def test_r6_9_taken_from_who_accepted_it(today: Today) -> None:
    await today.accepted()
    left = await remove_driver(today.session, today.depot.mona, today.slot.id, 18, SAY, POLICY, today.at + MINUTE)
    await today.is_open_again(left, Trigger.MANAGER)


@pytest.mark.parametrize(("day", "mode"), [(1, BidWindowMode.INSTANT), (4, BidWindowMode.COMPETITIVE)])
async def test_r6_2_the_bonus_goes_on_before_the_start_too(depot: Depot, day: int, mode: BidWindowMode) -> None:
    dana = await depot.driver("Dana")
    slot = await depot.fleet.slot(await depot.fleet.route("R12", depot.north), depot.fleet.day(day))
    opened = await open_emergency(depot.session, depot.mona, slot, depot.now, bonus=45)
    assert isinstance(opened, Opened)
    assert isinstance(await accept(depot.session, dana, opened.window_id, depot.now), Award)
    left = await cancel_shift(depot.session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY, depot.now)
    assert isinstance(left, Left) and left.reopened is not None
    window = await depot.window(left.reopened.window_id)
    assert (window.mode, window.pay_bonus_percent) == (mode, 45)
    card = await window_card(depot.session, depot.mona.id, window.id, POLICY)
    assert card is not None and card.emergency_bonus == 45, "raised, it begins with no less"


@pytest.mark.parametrize(("hours", "mode"), [(-7, BidWindowMode.INSTANT), (1, BidWindowMode.EMERGENCY)])
async def test_r6_2_what_he_said_goes_on_whoever_leaves_it_next(depot: Depot, hours: int, mode: BidWindowMode) -> None:
    """Dana leaves it the evening before, so that Otto has it by no emergency; the night before or in the morning he
    leaves it, too."""
    dana, otto = await depot.driver("Dana"), await depot.driver("Otto")
    slot = await depot.fleet.slot(await depot.fleet.route("R12", depot.north), depot.fleet.day(1))
    opened = await open_emergency(depot.session, depot.mona, slot, depot.now, bonus=45, until=18)
    assert isinstance(opened, Opened)
    assert isinstance(await accept(depot.session, dana, opened.window_id, depot.now), Award)
    left = await cancel_shift(depot.session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY, depot.now + HOUR)
    assert isinstance(left, Left) and left.reopened is not None and left.reopened.mode is BidWindowMode.INSTANT
    at = depot.now + 2 * HOUR
    assert isinstance(await accept(depot.session, otto, left.reopened.window_id, at), Award)
    his, at, start = left.reopened.assignment_id, local(slot.on, 7) + hours * HOUR, local(slot.on, 7)
    again = await cancel_shift(depot.session, otto, his, CancelReason.OTHER, None, SAY, POLICY, at)
    assert isinstance(again, Left) and again.reopened is not None
    window = await depot.window(again.reopened.window_id)
    until = start if mode is BidWindowMode.INSTANT else local(slot.on, 18)
    assert (window.mode, window.pay_bonus_percent, window.closes_at) == (mode, 45, until)


async def test_r1_3_his_last_word_counts(today: Today) -> None:
    """He has taken it from Dana, and asks others not as long as before."""
    await today.accepted()
    at = today.at + MINUTE
    left = await remove_driver(today.session, today.depot.mona, today.slot.id, 15, SAY, POLICY, at)
    assert isinstance(left, Removed) and left.reopened is not None
    otto, his = await today.depot.driver("Otto"), left.reopened.assignment_id
    assert isinstance(await accept(today.session, otto, left.reopened.window_id, at + MINUTE), Award)
    today.until = local(today.slot.on, 15)
    why, at = CancelReason.VEHICLE_BREAKDOWN, at + 2 * MINUTE
    left_again = await cancel_shift(today.session, otto, his, why, None, SAY, POLICY, at)
    await today.is_open_again(left_again, Trigger.CANCELLATION)


async def test_r1_3_from_then_on_it_is_over(today: Today) -> None:
    await today.accepted(today.until - MINUTE)
    why = CancelReason.VEHICLE_BREAKDOWN
    left = await cancel_shift(today.session, today.dana, today.slot.id, why, None, SAY, POLICY, today.until)
    assert isinstance(left, Left) and left.reopened is None
