"""R4.1, R8.2 to R8.4: what confirming, arriving, loading, completing and correcting write; refusals write nothing."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from domain.db.models import (
    Assignment,
    AssignmentTerms,
    AuditLog,
    Delivery,
    DriverMetrics,
    Notification,
    RouteCompletions,
    Shift,
)
from domain.db.models.words import ActorType, AssignmentStatus, Urgency
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import (
    Confirmed,
    arrive,
    complete_shift,
    confirm_all,
    confirm_shift,
    correct_parcels,
    load_parcels,
)
from domain.shifts.queries import at_home as shifts_at_home
from domain.shifts.queries import own_shift, own_shifts, unconfirmed
from domain.shifts.rules import Arrive, Confirm, Done
from domain.shifts.rules_of_parcels import Complete, Correct, Load
from domain.time import arrive_by, local_instant, shift_start
from tests.domain.world import POLICY, Fleet, Slot, contents

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOT_FOUND = Refused(Refusal.NOT_FOUND)


class Today:
    """Dana has R12 at North today, confirmed; it is 07:20."""

    def __init__(self, fleet: Fleet, dana: Person, north: uuid.UUID, route: uuid.UUID, slot: Slot) -> None:
        self.fleet, self.session, self.now = fleet, fleet.session, fleet.now
        self.dana, self.north, self.route, self.slot = dana, north, route, slot

    async def arrives(self, at: datetime | None = None, slot: Slot | None = None) -> object:
        return await arrive(self.session, self.dana, (slot or self.slot).id, POLICY, at or self.now)

    async def loads(self, parcels: int, at: datetime | None = None, slot: Slot | None = None) -> object:
        return await load_parcels(self.session, self.dana, (slot or self.slot).id, parcels, POLICY, at or self.now)

    async def completes(self, returned: int, at: datetime | None = None, slot: Slot | None = None) -> object:
        return await complete_shift(self.session, self.dana, (slot or self.slot).id, returned, POLICY, at or self.now)

    async def corrects(self, start: int | None, returned: int | None, at: datetime | None = None) -> object:
        return await correct_parcels(self.session, self.dana, self.slot.id, start, returned, POLICY, at or self.now)

    async def day(self, start: int, returned: int, slot: Slot | None = None) -> None:
        """From arriving to the end."""
        assert await self.arrives(slot=slot) == Arrive()
        assert isinstance(await self.loads(start, slot=slot), Load)
        assert isinstance(await self.completes(returned, slot=slot), Complete)

    async def assignment(self, slot: Slot | None = None) -> Assignment:
        return await self.session.get_one(Assignment, (slot or self.slot).id, populate_existing=True)

    async def shift(self) -> Shift:
        of_it = select(Shift).where(Shift.assignment_id == self.slot.id).execution_options(populate_existing=True)
        return (await self.session.scalars(of_it)).one()

    async def metrics(self) -> DriverMetrics:
        return await self.session.get_one(DriverMetrics, self.dana.id, populate_existing=True)

    async def audited(self) -> list[tuple[str, str, Any, Any]]:
        """Entity, action, before and after of all entries, all of them Dana's and about her shift."""
        entries = (await self.session.scalars(select(AuditLog).order_by(AuditLog.created_at, AuditLog.action))).all()
        found = []
        for entry in entries:
            assert (entry.entity_id, entry.actor_id, entry.actor_type) == (self.slot.id, self.dana.id, ActorType.USER)
            assert entry.changes is not None
            found.append((entry.entity_type, entry.action, entry.changes["before"], entry.changes["after"]))
        return found


@pytest.fixture
async def it(fleet: Fleet) -> Today:
    mona = await fleet.manager("Mona")
    north = await fleet.warehouse("North", mona)
    dana = await fleet.driver("Dana", home=north)
    route = await fleet.route("R12", north)
    return Today(fleet, dana, north, route, await fleet.shift(route, dana, confirmed=True))


async def to_confirm(it: Today, offset: int, route: str = "R13") -> Slot:
    return await it.fleet.shift(await it.fleet.route(route, it.north), it.dana, it.fleet.day(offset))


# -- confirming


async def test_r4_1_a_shift_is_confirmed(it: Today) -> None:
    it.slot = await to_confirm(it, 5)
    result = await confirm_shift(it.session, it.dana, it.slot.id, POLICY, it.now)
    assert result == Confirm()
    row = await it.assignment()
    assert (row.status, row.confirmed_at, row.updated_at) == (AssignmentStatus.SCHEDULED, it.now, it.now)
    metrics = await it.metrics()  # R9.6: they exist from his first event
    assert (metrics.confirmed_shifts, metrics.total_shifts, metrics.updated_at) == (1, 0, it.now)
    confirmed_at = {"confirmed_at": it.now.isoformat()}
    assert await it.audited() == [("assignment", "confirmed", {"confirmed_at": None}, confirmed_at)]
    assert (await it.session.scalars(select(Notification))).all() == []


async def test_r2_5_confirming_twice_changes_nothing(it: Today) -> None:
    slot = await to_confirm(it, 5)
    await confirm_shift(it.session, it.dana, slot.id, POLICY, it.now)
    before = await contents(it.session)
    for at in (it.now, it.now + MINUTE, shift_start(slot.on, POLICY) + DAY):
        assert await confirm_shift(it.session, it.dana, slot.id, POLICY, at) == Done()
    assert await contents(it.session) == before


async def test_r4_1_after_its_confirm_by_nothing_is_written(it: Today) -> None:
    slot = await to_confirm(it, 5)
    before, last = await contents(it.session), shift_start(slot.on, POLICY) - 48 * HOUR
    late = await confirm_shift(it.session, it.dana, slot.id, POLICY, last + SECOND)
    assert late == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    assert await contents(it.session) == before
    assert await confirm_shift(it.session, it.dana, slot.id, POLICY, last) == Confirm()


async def test_r4_5_what_is_before_go_live_can_be_confirmed_as_long_as_it_can_be_driven(it: Today) -> None:
    """Nothing asks for it and nothing drops it: else whoever has such a shift could never check in."""
    slot = await to_confirm(it, 1)
    before_it = replace(POLICY, go_live_on=slot.on + DAY)
    at = shift_start(slot.on, POLICY)
    late = (it.session, it.dana, slot.id)
    assert await confirm_shift(*late, replace(POLICY, go_live_on=slot.on), at) == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    assert [each.assignment_id for each in await unconfirmed(it.session, it.dana.id, before_it, at)] == [slot.id]
    nine = at + 2 * HOUR
    assert await confirm_shift(*late, before_it, nine + SECOND) == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    assert await confirm_shift(*late, before_it, at) == Confirm()
    assert await it.arrives(at, slot) == Arrive()


async def test_r1_3a_its_own_terms_are_what_counts(it: Today) -> None:
    slot = await to_confirm(it, 1)
    terms = {"confirm_by": it.now + HOUR, "arrive_by": shift_start(slot.on, POLICY) + 3 * HOUR}
    await it.fleet.put(AssignmentTerms, {"assignment_id": slot.id} | terms)
    shown = await own_shift(it.session, it.dana.id, slot.id, POLICY)
    assert shown is not None
    assert {"confirm_by": shown.confirm_by, "arrive_by": shown.arrive_by} == terms
    late = await confirm_shift(it.session, it.dana, slot.id, POLICY, it.now + HOUR + SECOND)
    assert late == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    assert await confirm_shift(it.session, it.dana, slot.id, POLICY, it.now + HOUR) == Confirm()
    at = shift_start(slot.on, POLICY) + 3 * HOUR
    assert await it.arrives(at, slot) == Refused(Refusal.ARRIVED_TOO_LATE)
    assert await it.arrives(at - SECOND, slot) == Arrive()


async def test_r4_1_the_whole_week_at_once(it: Today) -> None:
    ours = [await to_confirm(it, offset, f"R{offset}") for offset in (5, 6, 7)]
    beyond, too_late = await to_confirm(it, 12, "R20"), await to_confirm(it, 1, "R21")
    others = await it.fleet.shift(
        await it.fleet.route("R22", it.north), await it.fleet.driver("Ben", home=it.north), it.fleet.day(5)
    )
    first, last = it.fleet.day(0), it.fleet.day(7)
    assert await confirm_all(it.session, it.dana, first, last, POLICY, it.now) == Confirmed(3)
    for slot in ours:
        assert (await it.assignment(slot)).confirmed_at == it.now
    for slot in (beyond, too_late, others):
        assert (await it.assignment(slot)).confirmed_at is None
    assert (await it.metrics()).confirmed_shifts == 3
    entries = await it.session.scalars(select(AuditLog.entity_id).where(AuditLog.action == "confirmed"))
    assert set(entries) == {slot.id for slot in ours}
    before = await contents(it.session)
    assert await confirm_all(it.session, it.dana, first, last, POLICY, it.now + MINUTE) == Confirmed(0)
    assert await confirm_all(it.session, it.dana, date.min, date.min, POLICY, it.now) == Confirmed(0)
    assert await contents(it.session) == before


async def test_r4_1_what_he_has_yet_to_confirm(it: Today) -> None:
    later, sooner = await to_confirm(it, 8, "R8"), await to_confirm(it, 4, "R4")
    await to_confirm(it, 1, "R1")  # its time is over
    mine = await unconfirmed(it.session, it.dana.id, POLICY, it.now)
    assert [shift.assignment_id for shift in mine] == [sooner.id, later.id]
    at = shift_start(sooner.on, POLICY) - 48 * HOUR
    assert len(await unconfirmed(it.session, it.dana.id, POLICY, at)) == 2
    assert [one.assignment_id for one in await unconfirmed(it.session, it.dana.id, POLICY, at + SECOND)] == [later.id]


async def test_his_home_card_counts_what_he_has_yet_to_confirm_of_whatever_week(it: Today) -> None:
    sooner = await to_confirm(it, 4, "R4")
    await to_confirm(it, 19, "R8")
    over = await to_confirm(it, -1, "R2")
    still = {"arrive_by": it.now, "confirm_by": it.now + 30 * DAY}  # were it not over
    await it.session.execute(insert(AssignmentTerms).values(assignment_id=over.id, **still))
    first, last = over.on, sooner.on

    async def at_home(now: datetime) -> tuple[list[uuid.UUID], int]:
        shifts, count = await shifts_at_home(it.session, it.dana.id, first, last, POLICY, now)
        return [each.assignment_id for each in shifts], count

    assert await at_home(it.now) == ([over.id, it.slot.id, sooner.id], 2)
    at = shift_start(sooner.on, POLICY) - 48 * HOUR
    assert await at_home(at) == ([over.id, it.slot.id, sooner.id], 2)
    assert await at_home(at + SECOND) == ([over.id, it.slot.id, sooner.id], 1)


# -- arriving


async def test_r8_2_arriving_makes_it_active(it: Today) -> None:
    assert await it.arrives() == Arrive()
    row, shift = await it.assignment(), await it.shift()
    assert (row.status, row.user_id, row.updated_at) == (AssignmentStatus.ACTIVE, it.dana.id, it.now)
    assert (shift.arrived_at, shift.created_at, shift.started_at, shift.parcels_start) == (it.now, it.now, None, None)
    after = {"status": "active", "arrived_at": it.now.isoformat()}
    assert await it.audited() == [("assignment", "arrived", {"status": "scheduled"}, after)]


async def test_r8_2_what_is_refused_writes_nothing(it: Today) -> None:
    tomorrow = await it.fleet.shift(await it.fleet.route("R13", it.north), it.dana, it.fleet.day(1), confirmed=True)
    five, nine = local_instant(it.slot.on, POLICY.check_in_from, POLICY), arrive_by(it.slot.on, None, POLICY)
    before = await contents(it.session)
    assert await it.arrives(five - SECOND) == Refused(Refusal.TOO_EARLY)
    assert await it.arrives(nine) == Refused(Refusal.ARRIVED_TOO_LATE)
    assert await it.arrives(slot=tomorrow) == Refused(Refusal.NOT_TODAY)
    assert await contents(it.session) == before
    assert await it.arrives(nine - SECOND) == Arrive()


async def test_r8_2_an_unconfirmed_shift_is_not_arrived_at(it: Today) -> None:
    await it.session.execute(update(Assignment).where(Assignment.id == it.slot.id).values(confirmed_at=None))
    before = await contents(it.session)
    assert await it.arrives() == Refused(Refusal.NOT_CONFIRMED)
    assert await contents(it.session) == before


async def test_r2_5_arriving_twice_changes_nothing(it: Today) -> None:
    await it.arrives()
    before = await contents(it.session)
    for at in (it.now, it.now + MINUTE, arrive_by(it.slot.on, None, POLICY) + HOUR):
        assert await it.arrives(at) == Done()
    assert await contents(it.session) == before


# -- parcels


async def test_r8_3_loading_and_loading_again(it: Today) -> None:
    await it.arrives()
    assert await it.loads(120, it.now + MINUTE) == Load(120, None)
    assert await it.loads(121, it.now + 2 * MINUTE) == Load(121, 120)
    shift = await it.shift()
    assert (shift.parcels_start, shift.started_at) == (121, it.now + MINUTE)  # he started when he said so first
    assert (await it.audited())[1:] == [
        ("shift", "loaded", {"parcels_start": None}, {"parcels_start": 120}),
        ("shift", "loaded", {"parcels_start": 120}, {"parcels_start": 121}),
    ]
    before = await contents(it.session)
    assert await it.loads(121, it.now + HOUR) == Done()
    assert await contents(it.session) == before


async def test_r8_3_completing_computes_and_counts(it: Today) -> None:
    await it.arrives()
    await it.loads(120)
    at = it.now + 7 * HOUR
    assert await it.completes(6, at) == Complete(6, 114, at + HOUR)
    row, shift = await it.assignment(), await it.shift()
    assert (row.status, row.updated_at) == (AssignmentStatus.COMPLETED, at)
    assert (shift.parcels_start, shift.parcels_returned, shift.parcels_delivered) == (120, 6, 114)
    assert (shift.completed_at, shift.editable_until) == (at, at + HOUR)
    metrics = await it.metrics()
    assert (metrics.total_shifts, metrics.completed_shifts, metrics.confirmed_shifts) == (1, 1, 0)
    assert metrics.completion_rate == pytest.approx(114 / 120)
    assert (metrics.avg_parcels_delivered, metrics.updated_at) == (114, at)
    known = await it.session.get_one(RouteCompletions, (it.dana.id, it.route))
    assert (known.completion_count, known.last_completed_at) == (1, at)
    after = {"status": "completed", "parcels_returned": 6, "parcels_delivered": 114}
    assert (await it.audited())[-1] == ("assignment", "completed", {"status": "active"}, after)


async def test_r8_3_completing_adds_to_what_was(it: Today) -> None:
    values = {"completion_count": 7, "last_completed_at": it.now - 9 * DAY}
    await it.fleet.put(RouteCompletions, {"user_id": it.dana.id, "route_id": it.route} | values)
    counted = {"total_shifts": 12, "completed_shifts": 11, "late_cancellations": 1, "bid_pickups": 3}
    await it.fleet.put(DriverMetrics, {"user_id": it.dana.id, "updated_at": it.now} | counted)
    await it.day(100, 0)
    known = await it.session.get_one(RouteCompletions, (it.dana.id, it.route), populate_existing=True)
    assert (known.completion_count, known.last_completed_at) == (8, it.now)
    metrics = await it.metrics()
    assert (metrics.total_shifts, metrics.completed_shifts) == (13, 12)
    assert (metrics.late_cancellations, metrics.bid_pickups) == (1, 3)


async def test_r9_1_the_completion_rate_is_the_mean_over_shifts_and_not_over_parcels(it: Today) -> None:
    """A small shift weighs as much as a big one; shifts without parcels, and those of others, don't count."""
    days = [(3, 1), (900, 90), (7, 0)]
    for number, (start, returned) in enumerate(days):
        on = it.fleet.day(-1 - number)
        before = await it.fleet.shift(await it.fleet.route(f"X{number}", it.north), it.dana, on, COMPLETED)
        numbers = {"parcels_start": start, "parcels_returned": returned, "parcels_delivered": start - returned}
        await it.fleet.put(Shift, {"assignment_id": before.id, "arrived_at": it.now} | numbers)
    await it.fleet.shift(await it.fleet.route("X8", it.north), it.dana, it.fleet.day(-8), COMPLETED)  # imported
    ben = await it.fleet.driver("Ben", home=it.north)
    others = await it.fleet.shift(await it.fleet.route("X9", it.north), ben, it.fleet.day(-1), COMPLETED)
    nothing = {"parcels_start": 50, "parcels_returned": 50, "parcels_delivered": 0}
    await it.fleet.put(Shift, {"assignment_id": others.id} | nothing)
    await it.day(120, 60)
    rates = [2 / 3, 0.9, 1.0, 0.5]
    metrics = await it.metrics()
    assert metrics.completion_rate == pytest.approx(sum(rates) / 4, abs=1e-6)
    assert metrics.avg_parcels_delivered == pytest.approx((2 + 810 + 7 + 60) / 4)
    assert await it.corrects(None, 0) == Correct(120, 0)
    assert (await it.metrics()).completion_rate == pytest.approx((2 / 3 + 0.9 + 1 + 1) / 4, abs=1e-6)


COMPLETED = AssignmentStatus.COMPLETED


async def test_r8_3_what_is_refused_writes_nothing(it: Today) -> None:
    before = await contents(it.session)
    assert await it.loads(120) == Refused(Refusal.NOT_ARRIVED)
    assert await it.completes(0) == Refused(Refusal.NOT_ARRIVED)
    assert await it.corrects(1, 0) == Refused(Refusal.NOT_ARRIVED)
    assert await contents(it.session) == before
    await it.arrives()
    before = await contents(it.session)
    assert await it.completes(0) == Refused(Refusal.NOT_LOADED)
    for parcels in (-1, 0, 1000):
        assert await it.loads(parcels) == Refused(Refusal.BAD_PARCELS)
    assert await contents(it.session) == before
    await it.loads(120)
    before = await contents(it.session)
    for returned in (-1, 121):
        assert await it.completes(returned) == Refused(Refusal.BAD_PARCELS)
    assert await contents(it.session) == before
    await it.completes(6)
    before = await contents(it.session)
    assert await it.completes(7) == Refused(Refusal.COMPLETED_ALREADY)
    assert await it.loads(121) == Refused(Refusal.COMPLETED_ALREADY)
    assert await it.corrects(5, None) == Refused(Refusal.BAD_PARCELS)
    assert await it.corrects(None, 7, it.now + HOUR + SECOND) == Refused(Refusal.NO_LONGER_EDITABLE)
    assert await contents(it.session) == before


async def test_r2_5_completing_and_correcting_twice_change_nothing(it: Today) -> None:
    await it.day(120, 6)
    before = await contents(it.session)
    for at in (it.now, it.now + MINUTE, it.now + DAY):
        assert await it.completes(6, at) == Done()
        assert await it.arrives(at) == Done()
    assert await it.corrects(120, 6) == Done()
    assert await contents(it.session) == before
    assert await it.corrects(130, 6) == Correct(130, 6)
    before = await contents(it.session)
    assert await it.corrects(130, None) == Done()
    assert await contents(it.session) == before


async def test_r8_4_correcting_is_audited_and_counts_no_second_shift(it: Today) -> None:
    await it.day(120, 6)
    at = it.now + HOUR
    assert await it.corrects(None, 30, at) == Correct(120, 30)
    assert await it.corrects(60, None, at) == Correct(60, 30)
    shift = await it.shift()
    assert (shift.parcels_start, shift.parcels_returned, shift.parcels_delivered) == (60, 30, 30)
    assert (shift.completed_at, shift.editable_until) == (it.now, it.now + HOUR)  # the hour does not begin anew
    metrics = await it.metrics()
    assert (metrics.total_shifts, metrics.completed_shifts) == (1, 1)
    assert metrics.completion_rate == pytest.approx(0.5)
    known = await it.session.get_one(RouteCompletions, (it.dana.id, it.route))
    assert known.completion_count == 1
    corrected = [(before, after) for _, action, before, after in await it.audited() if action == "corrected"]
    assert corrected == [
        (
            {"parcels_start": 120, "parcels_returned": 6},
            {"parcels_start": 120, "parcels_returned": 30, "parcels_delivered": 90},
        ),
        (
            {"parcels_start": 120, "parcels_returned": 30},
            {"parcels_start": 60, "parcels_returned": 30, "parcels_delivered": 30},
        ),
    ]


# -- whose it is


async def test_r12_3_somebody_elses_shift_is_not_found(it: Today) -> None:
    ben, mona = await it.fleet.driver("Ben", home=it.north), await it.fleet.manager("Max", it.north)
    open_ = await it.fleet.slot(await it.fleet.route("R14", it.north))
    before = await contents(it.session)
    for actor in (ben, mona):
        for shift_id in (it.slot.id, open_.id, uuid.uuid4()):
            mine = (it.session, actor, shift_id)
            assert await confirm_shift(*mine, POLICY, it.now) == NOT_FOUND
            assert await arrive(*mine, POLICY, it.now) == NOT_FOUND
            assert await load_parcels(*mine, 1, POLICY, it.now) == NOT_FOUND
            assert await complete_shift(*mine, 0, POLICY, it.now) == NOT_FOUND
            assert await correct_parcels(*mine, 1, 0, POLICY, it.now) == NOT_FOUND
            assert await own_shift(it.session, actor.id, shift_id, POLICY) is None
    assert await contents(it.session) == before


async def test_r2_2_a_shift_that_he_has_lost_is_gone(it: Today) -> None:
    cancelled = {"status": AssignmentStatus.CANCELLED}
    await it.session.execute(update(Assignment).where(Assignment.id == it.slot.id).values(cancelled))
    before, gone = await contents(it.session), Refused(Refusal.SHIFT_GONE)
    assert await confirm_shift(it.session, it.dana, it.slot.id, POLICY, it.now) == gone
    assert [await it.arrives(), await it.loads(1), await it.completes(0), await it.corrects(1, 0)] == [gone] * 4
    assert await own_shift(it.session, it.dana.id, it.slot.id, POLICY) is None
    assert await contents(it.session) == before


# -- what he sees


async def test_what_he_sees_of_his_shift_as_the_day_goes_on(it: Today) -> None:
    await it.day(120, 6)
    [shift] = await own_shifts(it.session, it.dana.id, it.slot.on, it.slot.on, POLICY)
    assert (shift.status, shift.confirmed, shift.arrived_at) == (AssignmentStatus.COMPLETED, True, it.now)
    assert (shift.parcels_start, shift.parcels_returned) == (120, 6)
    assert (shift.completed_at, shift.editable_until) == (it.now, it.now + HOUR)
    assert shift.starts_at == datetime(2026, 11, 25, 12, tzinfo=UTC)


async def test_his_home_card_shows_every_step_at_once(it: Today) -> None:
    card = await it.fleet.home_card(it.dana)
    other = await it.fleet.home_card(await it.fleet.driver("Ben", home=it.north))
    steps: list[Callable[[], Awaitable[object]]] = [
        it.arrives,
        lambda: it.loads(120),
        lambda: it.completes(6),
        lambda: it.corrects(121, None),
    ]
    for step in steps:
        shown = update(Delivery).where(Delivery.id == card).values(redraw=False, due_at=None)
        await it.session.execute(shown)
        await step()
        row = await it.session.get_one(Delivery, card, populate_existing=True)
        assert (row.redraw, row.due_at, row.urgency) == (True, it.now, Urgency.IMPORTANT)
    assert (await it.session.get_one(Delivery, other, populate_existing=True)).redraw is False
