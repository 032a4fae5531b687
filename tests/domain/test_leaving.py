"""R5: what a cancellation writes: history, incident, counters, the slot anew, the managers' notice (R2.2, R5.4)."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award, first_refusal
from domain.bidding.standing import SlotKey, standing_of
from domain.coverage.rules import Opening, opening_for
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    AuditLog,
    BidWindow,
    Delivery,
    DriverHealthState,
    DriverMetrics,
    Incident,
    Notification,
    Shift,
    WindowAsk,
    WindowWaves,
)
from domain.db.models.words import (
    ActorType,
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    Channel,
    IncidentKind,
    NotificationType,
    Trigger,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import ledger
from domain.shifts.leaving import Left, cancel_shift
from domain.time import emergency_close, local_instant, shift_start
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, contents, next_wave

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OTHER = CancelReason.OTHER
PROTECTED = (
    CancelReason.VEHICLE_BREAKDOWN,
    CancelReason.MEDICAL_EMERGENCY,
    CancelReason.FAMILY_EMERGENCY,
    CancelReason.TRAFFIC_ACCIDENT,
    CancelReason.WEATHER_CONDITIONS,
)


class Leaving:
    """Dana drives R12 at North, whose managers are Mona and Max; Ben could, too."""

    def __init__(self, fleet: Fleet, managers: list[Person], dana: Person, ben: Person, north: uuid.UUID) -> None:
        self.fleet, self.session, self.now = fleet, fleet.session, fleet.now
        self.mona, self.max = managers
        self.dana, self.ben, self.north = dana, ben, north

    async def shift(self, offset: int, name: str = "R12", manager: Person | None = None) -> Slot:
        route = await self.fleet.route(name, self.north, manager)
        return await self.fleet.shift(route, self.dana, self.fleet.day(offset), confirmed=True)

    async def expected(self, slot: Slot, until: timedelta) -> None:
        """Arriving is due so long after the start."""
        terms = {"arrive_by": shift_start(slot.on, POLICY) + until}
        await self.fleet.put(AssignmentTerms, {"assignment_id": slot.id} | terms)

    async def cancels(
        self,
        slot: Slot,
        reason: CancelReason = OTHER,
        note: str | None = None,
        at: datetime | None = None,
        policy: Policy = POLICY,
    ) -> Left | Refused:
        return await cancel_shift(self.session, self.dana, slot.id, reason, note, SAY, policy, at or self.now)

    async def leaves(self, slot: Slot, reason: CancelReason = OTHER, **more: Any) -> Left:
        left = await self.cancels(slot, reason, **more)
        assert isinstance(left, Left)
        return left

    async def incidents(self) -> list[Incident]:
        return list(await self.session.scalars(select(Incident).order_by(Incident.occurred_at)))

    async def metrics(self) -> DriverMetrics | None:
        return await self.session.get(DriverMetrics, self.dana.id, populate_existing=True)

    async def in_pool(self) -> bool:
        state = await self.session.get(DriverHealthState, self.dana.id, populate_existing=True)
        return state is None or state.assignment_pool_eligible

    async def told(self) -> dict[uuid.UUID, Notification]:
        return {row.user_id: row for row in await self.session.scalars(select(Notification))}


@pytest.fixture
async def it(fleet: Fleet) -> Leaving:
    mona, max_ = await fleet.manager("Mona"), await fleet.manager("Max")
    north = await fleet.warehouse("North", mona, max_)
    dana, ben = await fleet.driver("Dana", home=north), await fleet.driver("Ben", home=north)
    return Leaving(fleet, [mona, max_], dana, ben, north)


# -- the row, and the slot


async def test_r2_2_his_row_becomes_history(it: Leaving) -> None:
    slot = await it.shift(5)
    confirmed_at = (await it.session.get_one(Assignment, slot.id)).confirmed_at
    await it.leaves(slot, CancelReason.WEATHER_CONDITIONS, note="<b>snow</b> & ice")
    row = await it.session.get_one(Assignment, slot.id, populate_existing=True)
    assert (row.status, row.user_id, row.updated_at) == (AssignmentStatus.CANCELLED, it.dana.id, it.now)
    assert row.confirmed_at == confirmed_at is not None
    [shift] = await it.session.scalars(select(Shift))
    assert (shift.assignment_id, shift.cancelled_at, shift.created_at) == (slot.id, it.now, it.now)
    assert (shift.cancel_reason, shift.cancel_notes) == (CancelReason.WEATHER_CONDITIONS, "<b>snow</b> & ice")
    assert (shift.arrived_at, shift.completed_at) == (None, None)


async def test_r2_2_the_slot_is_open_again(it: Leaving) -> None:
    slot = await it.shift(5)
    left = await it.leaves(slot)
    assert left.reopened is not None
    fresh = await it.session.get_one(Assignment, left.reopened.assignment_id)
    assert (fresh.route_id, fresh.warehouse_id, fresh.on) == (slot.route, slot.warehouse, slot.on)
    assert (fresh.status, fresh.user_id, fresh.confirmed_at) == (AssignmentStatus.UNFILLED, None, None)
    assert (fresh.assigned_by, fresh.assigned_at, fresh.created_at) == (None, None, it.now)
    window = await it.session.get_one(BidWindow, left.reopened.window_id)
    assert (window.assignment_id, window.status, window.trigger) == (fresh.id, BidWindowStatus.OPEN, "cancellation")
    assert (window.opens_at, window.winner_id) == (it.now, None)


@pytest.mark.parametrize(
    ("before_start", "mode", "open_for", "bonus"),
    [
        (100 * HOUR, BidWindowMode.COMPETITIVE, 48 * HOUR, 0),
        (72 * HOUR + SECOND, BidWindowMode.COMPETITIVE, 48 * HOUR, 0),
        (72 * HOUR, BidWindowMode.COMPETITIVE, 48 * HOUR, 0),
        (71 * HOUR, BidWindowMode.COMPETITIVE, 47 * HOUR, 0),  # at the latest 24 h before the start
        (30 * HOUR + SECOND, BidWindowMode.COMPETITIVE, 6 * HOUR + SECOND, 0),
        (30 * HOUR, BidWindowMode.INSTANT, 30 * HOUR, 0),
        (SECOND, BidWindowMode.INSTANT, SECOND, 0),
        (timedelta(0), BidWindowMode.EMERGENCY, 6 * HOUR, 20),  # after start only emergency windows
        (-6 * HOUR + SECOND, BidWindowMode.EMERGENCY, SECOND, 20),
    ],
)
async def test_r6_2_its_window_by_the_time_to_its_start(
    it: Leaving, before_start: timedelta, mode: BidWindowMode, open_for: timedelta, bonus: int
) -> None:
    slot = await it.shift(6)
    await it.expected(slot, 7 * HOUR)
    at = shift_start(slot.on, POLICY) - before_start
    left = await it.leaves(slot, at=at)
    assert left.reopened is not None and left.reopened.mode is mode
    window = await it.session.get_one(BidWindow, left.reopened.window_id)
    assert (window.mode, window.closes_at, window.pay_bonus_percent) == (mode, at + open_for, bonus)
    assert opening_for(slot.on, POLICY, at) == Opening(mode, at + open_for, bonus)
    if mode is not BidWindowMode.COMPETITIVE:  # the first wave is due at once
        assert (await it.session.get_one(WindowWaves, window.id)).next_at == at


async def test_r1_3_when_the_slot_is_over_nothing_is_opened(it: Leaving) -> None:
    slot = await it.shift(0)
    await it.expected(slot, 7 * HOUR)
    over = emergency_close(slot.on, POLICY)
    left = await it.leaves(slot, at=over)
    assert (left.reopened, left.incident) == (None, IncidentKind.LATE_CANCEL)
    assert (await it.session.scalars(select(BidWindow))).all() == []
    assert (await it.session.scalars(select(Assignment.status))).all() == [AssignmentStatus.CANCELLED]
    told = await it.told()
    assert set(told) == {it.mona.id, it.max.id}
    assert told[it.mona.id].data is not None
    assert (told[it.mona.id].data or {})["about"] == str(slot.id)
    assert opening_for(slot.on, replace(POLICY, emergency_bonus_percent=0), over - SECOND) == Opening(
        BidWindowMode.EMERGENCY, over, 0
    )


async def test_r2_1_on_a_day_when_the_clocks_change(it: Leaving) -> None:
    """The durations are exact, and 13:00 is by the clock of that day."""
    for on in (datetime(2026, 11, 1).date(), datetime(2027, 3, 14).date()):  # noqa: DTZ001 - plain dates
        start = shift_start(on, POLICY)
        assert opening_for(on, POLICY, start - 30 * HOUR) == Opening(BidWindowMode.INSTANT, start)
        early = opening_for(on, POLICY, start - 30 * HOUR - SECOND)
        assert early == Opening(BidWindowMode.COMPETITIVE, start - 24 * HOUR)
        over = local_instant(on, POLICY.slot_over, POLICY)
        assert over == start + 6 * HOUR
        assert opening_for(on, POLICY, start) == Opening(BidWindowMode.EMERGENCY, over, 20)
        assert opening_for(on, POLICY, over) is None


# -- incident and counters


@pytest.mark.parametrize("reason", CancelReason)
async def test_r5_3_earlier_than_48_hours_no_penalty_of_any_kind(it: Leaving, reason: CancelReason) -> None:
    slot = await it.shift(5)
    left = await it.leaves(slot, reason, at=shift_start(slot.on, POLICY) - 48 * HOUR - SECOND)
    assert left.incident is IncidentKind.EARLY_CANCEL
    [incident] = await it.incidents()
    assert (incident.kind, incident.user_id) == (IncidentKind.EARLY_CANCEL, it.dana.id)
    assert await it.metrics() is None
    assert await it.in_pool()


@pytest.mark.parametrize("reason", CancelReason)
@pytest.mark.parametrize("before_start", [48 * HOUR, SECOND, -HOUR])
async def test_r5_3_late_by_the_reason(it: Leaving, reason: CancelReason, before_start: timedelta) -> None:
    slot = await it.shift(5)
    at = shift_start(slot.on, POLICY) - before_start
    left = await it.leaves(slot, reason, at=at)
    [incident] = await it.incidents()
    assert (incident.user_id, incident.assignment_id, incident.occurred_at) == (it.dana.id, slot.id, at)
    assert (incident.excused_at, incident.excused_by, incident.excuse_reason) == (None, None, None)
    metrics = await it.metrics()
    if reason in PROTECTED:
        assert left.incident is incident.kind is IncidentKind.PROTECTED_ABSENCE
        assert metrics is None  # without automatic penalty
    else:
        assert left.incident is incident.kind is IncidentKind.LATE_CANCEL
        assert metrics is not None
        assert (metrics.late_cancellations, metrics.total_shifts, metrics.completed_shifts) == (1, 1, 0)
        assert (metrics.no_shows, metrics.auto_dropped_shifts, metrics.updated_at) == (0, 0, at)
    assert await it.in_pool()  # one late cancel is no hard stop


@pytest.mark.parametrize(("until", "practice"), [(SECOND, True), (timedelta(0), False), (-SECOND, False)])
async def test_r9_7_practice_until_penalties_begin(it: Leaving, until: timedelta, practice: bool) -> None:
    policy = replace(POLICY, penalties_from=it.now + until)
    for offset in (0, 1):
        await it.leaves(await it.shift(offset, f"R{offset}"), policy=policy)
    incidents, metrics = await it.incidents(), await it.metrics()
    assert [incident.kind for incident in incidents] == [IncidentKind.LATE_CANCEL] * 2
    assert all((incident.excused_at == it.now) is practice for incident in incidents)
    assert all((incident.excuse_reason == ledger.Excuse.PRACTICE) is practice for incident in incidents)
    assert await it.in_pool() is practice
    assert (metrics is None) if practice else (metrics is not None and metrics.late_cancellations == 2)


# -- the hard stop


async def test_r10_2_the_second_late_cancel_within_30_days(it: Leaving) -> None:
    earlier = await it.shift(-29, "R1")
    await late_cancel(it, earlier, it.now - 30 * DAY + SECOND)
    assert await it.in_pool()
    await it.leaves(await it.shift(0))
    state = await it.session.get_one(DriverHealthState, it.dana.id)
    assert (state.assignment_pool_eligible, state.requires_manager_intervention) == (False, True)
    assert state.updated_at == it.now
    [entry] = await it.session.scalars(select(AuditLog).where(AuditLog.action == "hard_stop"))
    assert (entry.entity_type, entry.entity_id, entry.actor_type) == ("user", it.dana.id, ActorType.SYSTEM)


async def test_r10_2_not_once_30_days_are_over(it: Leaving) -> None:
    await late_cancel(it, await it.shift(-29, "R1"), it.now - 30 * DAY)
    await it.leaves(await it.shift(0))
    assert await it.in_pool()


async def late_cancel(it: Leaving, slot: Slot, at: datetime) -> None:
    """As it happened on another day."""
    gone = {"status": AssignmentStatus.CANCELLED}
    await it.session.execute(update(Assignment).where(Assignment.id == slot.id).values(gone))
    kind = IncidentKind.LATE_CANCEL
    await ledger.enter(it.session, it.dana.id, slot.id, kind, it.dana.id, SAY, POLICY, at)


async def test_r10_2_a_single_no_show(it: Leaving) -> None:
    slot = await it.shift(0)
    await ledger.enter(it.session, it.dana.id, slot.id, IncidentKind.NO_SHOW, None, SAY, POLICY, it.now)
    assert not await it.in_pool()
    metrics = await it.metrics()
    assert metrics is not None
    assert (metrics.no_shows, metrics.total_shifts, metrics.late_cancellations) == (1, 1, 0)


async def test_r10_2_what_does_not_count(it: Leaving) -> None:
    """Excused incidents, those of others, and everything that is neither a no-show nor a late cancel."""
    excused = await it.shift(-1, "R1")
    await late_cancel(it, excused, it.now - DAY)
    await it.session.execute(update(Incident).values(excused_at=it.now, excuse_reason="a mistake"))
    others = await it.fleet.shift(await it.fleet.route("R2", it.north), it.ben, it.fleet.day(-1))
    await it.fleet.incident(others, it.ben, IncidentKind.LATE_CANCEL)
    for offset, reason in ((0, CancelReason.MEDICAL_EMERGENCY), (5, OTHER), (1, CancelReason.TRAFFIC_ACCIDENT)):
        await it.leaves(await it.shift(offset, f"R{10 + offset}"), reason)
    dropped = await it.shift(2, "R20")
    await ledger.enter(it.session, it.dana.id, dropped.id, IncidentKind.AUTO_DROP, None, SAY, POLICY, it.now)
    earlier = await it.shift(-3, "R21")
    await it.leaves(earlier, at=shift_start(earlier.on, POLICY))  # the first late cancel that counts
    assert await it.in_pool()


async def test_r10_2_shifts_already_held_are_kept(it: Leaving) -> None:
    await late_cancel(it, await it.shift(-9, "R1"), it.now - 9 * DAY)
    held = await it.shift(5, "R30")
    await it.leaves(await it.shift(0))
    assert not await it.in_pool()
    row = await it.session.get_one(Assignment, held.id)
    assert (row.status, row.user_id) == (AssignmentStatus.SCHEDULED, it.dana.id)
    left = await it.leaves(held)  # … and may be given back
    assert left.incident is IncidentKind.EARLY_CANCEL


# -- whom it concerns


async def test_r5_4_the_canceller_is_not_invited_and_others_are(it: Leaving) -> None:
    slot = await it.shift(0)
    left = await it.leaves(slot)
    assert left.reopened is not None
    key = SlotKey(left.reopened.window_id, slot.route, slot.warehouse, slot.on, emergency=True)
    his = await standing_of(it.session, key, it.dana.id, POLICY)
    assert first_refusal(his) is Refusal.LEFT_THIS_SLOT
    assert first_refusal(await standing_of(it.session, key, it.ben.id, POLICY)) is None
    assert await next_wave(it.session, it.now) is not None
    asked = await it.session.scalars(select(WindowAsk.user_id).where(WindowAsk.window_id == left.reopened.window_id))
    assert set(asked) == {it.ben.id}
    mine = await accept(it.session, it.dana, left.reopened.window_id, it.now)
    assert mine == Refused(Refusal.LEFT_THIS_SLOT)
    assert isinstance(await accept(it.session, it.ben, left.reopened.window_id, it.now), Award)


async def test_r5_4_early_too(it: Leaving) -> None:
    slot = await it.shift(9)
    left = await it.leaves(slot)
    assert left.reopened is not None
    key = SlotKey(left.reopened.window_id, slot.route, slot.warehouse, slot.on, emergency=True)
    assert first_refusal(await standing_of(it.session, key, it.dana.id, POLICY)) is Refusal.LEFT_THIS_SLOT


async def test_r5_4_the_routes_manager_is_told_and_nobody_else(it: Leaving) -> None:
    slot = await it.shift(0, manager=it.max)
    await it.fleet.manager("Olga", await it.fleet.warehouse("South"))
    left = await it.leaves(slot, note="flat tyre")
    assert left.told == 1 and left.reopened is not None
    told = await it.told()
    assert set(told) == {it.max.id}
    notice = told[it.max.id]
    assert (notice.type, notice.read, notice.created_at) == (NotificationType.ROUTE_CANCELLED, False, it.now)
    assert "Dana Test" in notice.title and "R12, North" in notice.title
    data = notice.data or {}
    assert (data["kind"], data["about"]) == (Kind.ROUTE_CANCELLED, str(left.reopened.window_id))
    assert (data["driver"], data["reason"], data["note"], data["late"]) == ("Dana Test", "other", "flat tyre", True)
    assert (data["route"], data["warehouse"], data["on"]) == ("R12", "North", slot.on.isoformat())
    [row] = await it.session.scalars(select(Delivery).where(Delivery.kind == Kind.ROUTE_CANCELLED))
    assert (row.user_id, row.notification_id, row.channel) == (it.max.id, notice.id, Channel.TELEGRAM)
    assert (row.level, row.due_at) == (Urgency.IMPORTANT, it.now)


async def test_r5_4_every_manager_of_the_warehouse_where_the_route_has_none(it: Leaving) -> None:
    moved = await it.fleet.manager("Gone")  # the route's, but no longer of this warehouse
    slot = await it.shift(0, manager=moved)
    left = await it.leaves(slot)
    assert left.told == 2
    assert set(await it.told()) == {it.mona.id, it.max.id}


async def test_r5_4_nobody_to_tell_is_said_so(it: Leaving, fleet: Fleet) -> None:
    south = await fleet.warehouse("South")
    slot = await fleet.shift(await fleet.route("S1", south), it.dana, confirmed=True)
    assert (await it.leaves(slot)).told == 0


async def test_r11_1_a_second_cancellation_of_the_slot_is_told_anew(it: Leaving) -> None:
    first = await it.leaves(await it.shift(0, manager=it.mona))
    assert first.reopened is not None
    assert isinstance(await accept(it.session, it.ben, first.reopened.window_id, it.now), Award)
    second = await cancel_shift(
        it.session, it.ben, first.reopened.assignment_id, OTHER, None, SAY, POLICY, it.now + MINUTE
    )
    assert isinstance(second, Left) and second.told == 1
    notices = await it.session.scalars(
        select(Notification.title).where(
            Notification.user_id == it.mona.id, Notification.type == NotificationType.ROUTE_CANCELLED
        )
    )
    assert sorted(title.split()[0] for title in notices) == ["Ben", "Dana"]


async def test_everybodys_home_card_and_his_own_messages_show_it(it: Leaving) -> None:
    slot = await it.shift(0)
    homes = [await it.fleet.home_card(person) for person in (it.dana, it.mona, it.max)]
    elsewhere = await it.fleet.home_card(it.ben)
    await it.leaves(slot)

    async def redrawn(ids: Iterable[uuid.UUID]) -> list[bool]:
        return [(await it.session.get_one(Delivery, id_, populate_existing=True)).redraw for id_ in ids]

    assert await redrawn(homes) == [True] * 3
    assert await redrawn([elsewhere]) == [False]


# -- audit


async def test_r13_all_of_it_is_audited(it: Leaving) -> None:
    slot = await it.shift(0)
    left = await it.leaves(slot)
    assert left.reopened is not None
    entries = {
        (entry.entity_type, entry.action): entry
        for entry in await it.session.scalars(select(AuditLog).where(AuditLog.actor_id == it.dana.id))
    }
    assert set(entries) == {
        ("assignment", "cancelled"),
        ("assignment", "reopened"),
        ("bid_window", "opened"),
        ("incident", "created"),
    }
    assert {entry.created_at for entry in entries.values()} == {it.now}
    cancelled = entries["assignment", "cancelled"]
    assert cancelled.entity_id == slot.id
    assert cancelled.changes == {
        "before": {"status": "scheduled"},
        "after": {"status": "cancelled", "reason": "other", "incident": "late_cancel"},
    }
    assert entries["assignment", "reopened"].entity_id == left.reopened.assignment_id
    assert entries["bid_window", "opened"].entity_id == left.reopened.window_id
    [incident] = await it.incidents()
    assert entries["incident", "created"].entity_id == incident.id


# -- refusals


async def test_r2_5_cancelling_twice_changes_nothing(it: Leaving) -> None:
    slot = await it.shift(0)
    await it.leaves(slot)
    before = await contents(it.session)
    for at in (it.now, it.now + MINUTE, it.now + DAY):
        assert await it.cancels(slot, at=at) == Refused(Refusal.SHIFT_GONE)
    assert await contents(it.session) == before


async def test_r5_2_refusals_write_nothing(it: Leaving) -> None:
    slot = await it.shift(0)
    others = await it.fleet.shift(await it.fleet.route("R13", it.north), it.ben, confirmed=True)
    active = await it.fleet.shift(await it.fleet.route("R14", it.north), it.dana, it.fleet.day(-1), ACTIVE)
    done = await it.fleet.shift(await it.fleet.route("R15", it.north), it.dana, it.fleet.day(-2), DONE)
    open_ = await it.fleet.slot(await it.fleet.route("R16", it.north))
    before = await contents(it.session)
    assert await it.cancels(others) == Refused(Refusal.NOT_FOUND)
    assert await it.cancels(open_) == Refused(Refusal.NOT_FOUND)
    assert await it.cancels(active) == Refused(Refusal.ARRIVED_ALREADY)
    assert await it.cancels(done) == Refused(Refusal.COMPLETED_ALREADY)
    assert await it.cancels(slot, note="x" * 501) == Refused(Refusal.NOTES_TOO_LONG)
    for actor in (it.ben, it.mona):
        mine = await cancel_shift(it.session, actor, slot.id, OTHER, None, SAY, POLICY, it.now)
        assert mine == Refused(Refusal.NOT_FOUND)
    assert await contents(it.session) == before
    await it.leaves(slot, note="x" * 500)


ACTIVE, DONE = AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED


async def test_r6_1_the_window_says_why_it_was_opened(it: Leaving, session: AsyncSession) -> None:
    left = await it.leaves(await it.shift(0))
    assert left.reopened is not None
    assert (await session.get_one(BidWindow, left.reopened.window_id)).trigger == Trigger.CANCELLATION
