"""R4.3: a shift that is not confirmed in time is dropped: when, whose fault it is, and what becomes of the slot."""

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.coverage.rules import opening_for
from domain.db.models import Assignment, AuditLog, BidWindow, Incident, Notification, Shift, WindowAsk
from domain.db.models.words import (
    ActorType,
    AssignmentStatus,
    BidWindowMode,
    Channel,
    DeliveryState,
    IncidentKind,
    NotificationType,
    Trigger,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.shifts.leaving import Left
from domain.time import shift_start
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, contents, next_wave

SATURDAY = date(2026, 11, 28)
DUE = local(date(2026, 11, 26), 7)  # 48 h before it starts
EVENING = local(date(2026, 11, 25), 20)  # 11 h before that


# -- when


@pytest.mark.parametrize(
    ("on", "due"),
    [
        (SATURDAY, DUE),
        (date(2026, 11, 1), local(date(2026, 10, 30), 8)),  # the night has an hour more
        (date(2027, 3, 14), local(date(2027, 3, 12), 6)),  # and here an hour less
    ],
)
async def test_r4_3_a_shift_is_dropped_strictly_after_its_confirm_by(depot: Depot, on: date, due: datetime) -> None:
    slot = await depot.shift(await depot.driver(), on, assigned_at=due - 9 * DAY)
    before = await contents(depot.session)
    for early in (due - DAY, due - SECOND, due):
        assert await depot.drop(early) is None
    assert await contents(depot.session) == before
    assert (await depot.dropped(due + SECOND)).assignment_id == slot.id


async def test_r1_3a_a_shift_assigned_late_has_twelve_hours(depot: Depot) -> None:
    assigned_at = local(date(2026, 11, 26), 9)
    await depot.shift(await depot.driver(), SATURDAY, assigned_at=assigned_at)
    assert await depot.drop(assigned_at + 12 * HOUR) is None
    assert await depot.drop(assigned_at + 12 * HOUR + SECOND) is not None


async def test_r1_3a_terms_of_its_own_say_when(depot: Depot) -> None:
    due = DUE + 5 * HOUR
    await depot.shift(await depot.driver(), SATURDAY, confirm_by=due)
    assert await depot.drop(due) is None
    assert await depot.drop(due + SECOND) is not None


@pytest.mark.parametrize("status", [AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED, AssignmentStatus.CANCELLED])
async def test_r4_3_only_what_is_scheduled_is_dropped(depot: Depot, status: AssignmentStatus) -> None:
    await depot.shift(await depot.driver(), SATURDAY, status=status)
    await depot.fleet.slot(await depot.fleet.route("R13", depot.north), SATURDAY)
    assert await depot.drop(DUE + HOUR) is None


async def test_r4_3_what_is_confirmed_is_left(depot: Depot) -> None:
    await depot.shift(await depot.driver(), SATURDAY, confirmed=True)
    for late in (HOUR, DAY, 5 * DAY):
        assert await depot.drop(DUE + late) is None


async def test_r4_5_a_go_live_date_exempts_what_is_before_it(depot: Depot) -> None:
    slot = await depot.shift(await depot.driver(), SATURDAY)
    assert await depot.drop(DUE + DAY, replace(POLICY, go_live_on=SATURDAY + DAY)) is None
    left = await depot.dropped(DUE + DAY, replace(POLICY, go_live_on=SATURDAY))
    assert left.assignment_id == slot.id


# -- what it does


async def test_r4_3_the_driver_is_blamed_and_the_slot_is_open_again(depot: Depot) -> None:
    dana, at = await depot.driver(), DUE + SECOND
    slot = await depot.shift(dana, SATURDAY)
    await depot.reminder(dana, slot, EVENING)
    left = await depot.dropped(at)
    assert (left.assignment_id, left.incident, left.told) == (slot.id, IncidentKind.AUTO_DROP, 1)
    [incident] = await depot.session.scalars(select(Incident))
    assert (incident.user_id, incident.assignment_id, incident.kind) == (dana.id, slot.id, IncidentKind.AUTO_DROP)
    assert (incident.occurred_at, incident.excused_at) == (at, None)
    assert await depot.counters(dana) == {"total_shifts": 1, "auto_dropped_shifts": 1}
    assert await depot.in_pool(dana), "neither a late cancel nor a no-show (R4.3, R10.2)"
    # R2.2: his row is history, and a fresh one is open.
    old = await depot.row(slot.id)
    assert (old.status, old.user_id, old.confirmed_at) == (AssignmentStatus.CANCELLED, dana.id, None)
    assert list(await depot.session.scalars(select(Shift))) == []
    assert left.reopened is not None
    new, window = await depot.row(left.reopened.assignment_id), await depot.window(left.reopened.window_id)
    assert (new.status, new.user_id, new.route_id, new.on) == (AssignmentStatus.UNFILLED, None, slot.route, SATURDAY)
    assert (window.assignment_id, window.trigger, window.opens_at) == (new.id, Trigger.AUTO_DROP, at)
    assert (window.mode, window.pay_bonus_percent) == (BidWindowMode.COMPETITIVE, 0)
    assert window.closes_at == local(date(2026, 11, 27), 7), "24 h before the start at the latest (R6.2)"


async def test_r4_3_driver_and_manager_are_told_once(depot: Depot) -> None:
    dana = await depot.driver()
    other = await depot.fleet.manager("Max", await depot.fleet.warehouse("South"))
    slot = await depot.shift(dana, SATURDAY)
    await depot.reminder(dana, slot, EVENING)
    left = await depot.dropped(DUE + SECOND)
    [his] = await depot.told(dana)
    assert (his.type, his.read) == (NotificationType.SHIFT_AUTO_DROPPED, False)
    assert await depot.levels(dana, Kind.DROPPED) == [(Channel.TELEGRAM, Urgency.IMPORTANT)]
    assert his.data is not None and (his.data["about"], his.data["blamed"]) == (str(slot.id), True)
    [hers] = await depot.told(depot.mona)
    assert (hers.type, hers.data and hers.data["reason"]) == (NotificationType.ROUTE_CANCELLED, "not_confirmed")
    assert hers.title == "Dana Test can't drive R12, North"
    assert "It wasn't confirmed in time" in hers.body
    assert await depot.levels(depot.mona, Kind.ROUTE_CANCELLED) == [(Channel.TELEGRAM, Urgency.IMPORTANT)]
    assert left.reopened is not None and hers.data is not None
    assert hers.data["about"] == str(left.reopened.window_id)
    assert await depot.told(other) == []


async def test_r13_every_change_is_audited_as_the_systems(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    await depot.reminder(dana, slot, EVENING)
    left = await depot.dropped(DUE + SECOND)
    assert left.reopened is not None
    rows = list(await depot.session.scalars(select(AuditLog)))
    assert {(row.entity_type, row.action) for row in rows} == {
        ("assignment", "auto_dropped"),
        ("incident", "created"),
        ("assignment", "reopened"),
        ("bid_window", "opened"),
    }
    assert {(row.actor_id, row.actor_type, row.created_at) for row in rows} == {(None, ActorType.SYSTEM, DUE + SECOND)}


@pytest.mark.parametrize(
    ("until_start", "mode"),
    [
        (30 * HOUR + SECOND, BidWindowMode.COMPETITIVE),
        (30 * HOUR, BidWindowMode.INSTANT),
        (SECOND, BidWindowMode.INSTANT),
        (timedelta(), BidWindowMode.EMERGENCY),
        (-6 * HOUR + SECOND, BidWindowMode.EMERGENCY),
    ],
)
async def test_r6_2_how_the_slot_is_open_depends_on_the_time_to_its_start(
    depot: Depot, until_start: timedelta, mode: BidWindowMode
) -> None:
    """However late the duty runs."""
    await depot.shift(await depot.driver(), SATURDAY)
    at = shift_start(SATURDAY, POLICY) - until_start
    left = await depot.dropped(at)
    assert left.reopened is not None and left.reopened.mode is mode
    window, opening = await depot.window(left.reopened.window_id), opening_for(SATURDAY, POLICY, at)
    assert opening is not None
    assert (window.mode, window.closes_at) == (mode, opening.closes_at)
    assert window.pay_bonus_percent == (20 if mode is BidWindowMode.EMERGENCY else 0)


async def test_r2_2_a_slot_that_is_over_is_not_opened_again(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    await depot.reminder(dana, slot, EVENING)
    left = await depot.dropped(local(SATURDAY, 13))
    assert (left.reopened, left.incident, left.told) == (None, IncidentKind.AUTO_DROP, 1)
    assert list(await depot.session.scalars(select(BidWindow))) == []
    assert list(await depot.session.scalars(select(Assignment.status))) == [AssignmentStatus.CANCELLED]
    [hers] = await depot.told(depot.mona)
    assert hers.data is not None and (hers.data["mode"], hers.data["about"]) == (None, str(slot.id))


async def test_r6_3_an_auto_dropped_driver_may_take_it_back(depot: Depot) -> None:
    """… so he is asked like all others."""
    dana, ben = await depot.driver(), await depot.driver("Ben")
    await depot.shift(dana, SATURDAY)
    at = shift_start(SATURDAY, POLICY) - 20 * HOUR
    left = await depot.dropped(at)
    sent = await next_wave(depot.session, at)
    assert sent is not None and left.reopened is not None and sent.window_id == left.reopened.window_id
    assert set(await depot.session.scalars(select(WindowAsk.user_id))) == {dana.id, ben.id}


# -- whose fault it is


@pytest.mark.parametrize(
    ("channel", "state", "sent_at", "blamed"),
    [
        (Channel.TELEGRAM, DeliveryState.SENT, EVENING, True),
        (Channel.TELEGRAM, DeliveryState.SENT, EVENING + SECOND, False),  # less than 11 h before
        (Channel.TELEGRAM, DeliveryState.ACKNOWLEDGED, EVENING - 3 * HOUR, True),
        (Channel.TELEGRAM, DeliveryState.ESCALATED, EVENING - 3 * HOUR, True),  # shown, and texted besides
        (Channel.TELEGRAM, DeliveryState.ESCALATED, None, False),  # never shown
        (Channel.TELEGRAM, DeliveryState.PENDING, None, False),
        (Channel.TELEGRAM, DeliveryState.FAILED, None, False),
        (Channel.SMS, DeliveryState.SENT, EVENING, True),
        (Channel.SMS, DeliveryState.DELIVERED, EVENING, True),
        (Channel.SMS, DeliveryState.DELIVERED, EVENING + SECOND, False),
        (Channel.SMS, DeliveryState.UNDELIVERED, EVENING - 3 * HOUR, False),
        (Channel.SMS, DeliveryState.FAILED, EVENING - 3 * HOUR, False),
        (Channel.SMS, DeliveryState.PENDING, None, False),
    ],
)
async def test_r4_3_nobody_is_blamed_whom_no_reminder_reached_11_h_before(
    depot: Depot, channel: Channel, state: DeliveryState, sent_at: datetime | None, blamed: bool
) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    await depot.reminder(dana, slot, sent_at, channel, state)
    left = await depot.dropped(DUE + SECOND)
    assert left.incident is (IncidentKind.AUTO_DROP if blamed else None)
    assert await depot.incidents() == ({dana.id: [IncidentKind.AUTO_DROP]} if blamed else {})
    [hers] = await depot.told(depot.mona)
    assert ("nreachable" in hers.body) is not blamed


async def test_r4_3_without_a_reminder_the_slot_opens_again_without_blame(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, SATURDAY)
    left = await depot.dropped(DUE + SECOND)
    assert left.incident is None and left.reopened is not None
    assert (await depot.window(left.reopened.window_id)).trigger == Trigger.AUTO_DROP
    assert await depot.counters(dana) == {}
    [hers] = await depot.told(depot.mona)
    assert hers.data is not None and hers.data["reason"] == "unreachable"
    [his] = await depot.told(dana, NotificationType.SHIFT_AUTO_DROPPED)
    assert his.data is not None and his.data["blamed"] is False


async def test_r4_3_a_reminder_of_another_shift_or_to_another_driver_is_none(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, SATURDAY)
    another = await depot.shift(dana, SATURDAY + DAY, route="R13")
    await depot.reminder(dana, another, EVENING)
    await depot.reminder(ben, slot, EVENING)
    assert (await depot.dropped(DUE + SECOND)).incident is None


async def test_r9_7_before_penalties_begin_it_is_practice(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    await depot.reminder(dana, slot, EVENING)
    left = await depot.dropped(DUE + SECOND, replace(POLICY, penalties_from=DUE + MINUTE))
    assert left.reopened is not None
    [incident] = await depot.session.scalars(select(Incident))
    assert (incident.excused_at, incident.excuse_reason) == (DUE + SECOND, "practice")
    assert await depot.counters(dana) == {}
    [his] = await depot.told(dana)
    assert his.data is not None and his.data["blamed"] is False, "it does not count against him"


# -- again, late, and past a fault


async def test_r14_a_second_run_changes_nothing(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    await depot.reminder(dana, slot, EVENING)
    await depot.dropped(DUE + SECOND)
    before = await contents(depot.session)
    for later in (DUE + SECOND, DUE + DAY, DUE + 9 * DAY):
        assert await depot.drop(later) is None
    assert await contents(depot.session) == before


async def test_r14_a_late_run_drops_all_that_was_due_one_by_one(depot: Depot) -> None:
    slots = [await depot.shift(await depot.driver(f"D{n}"), SATURDAY + n * DAY, route=f"R{n}") for n in range(4)]
    left: list[Left] = []
    while (one := await depot.drop(DUE + 2 * DAY + SECOND)) is not None:
        left.append(one)
    assert [each.assignment_id for each in left] == [slot.id for slot in slots[:3]]


async def test_r14_what_failed_just_now_is_passed_by(depot: Depot) -> None:
    slots = [await depot.shift(await depot.driver(f"D{n}"), SATURDAY + n * DAY, route=f"R{n}") for n in range(2)]
    left = await depot.drop(DUE + DAY + SECOND, pass_by=1)
    assert left is not None and left.assignment_id == slots[1].id
    assert await depot.drop(DUE + DAY + SECOND, pass_by=1) is None
    assert (await depot.dropped(DUE + DAY + SECOND)).assignment_id == slots[0].id


async def test_r11_1_who_loses_the_same_route_and_day_again_is_told_again(depot: Depot) -> None:
    """Another program may give it to him anew."""
    dana = await depot.driver()
    await depot.shift(dana, SATURDAY)
    first = await depot.dropped(DUE + SECOND)
    assert first.reopened is not None
    row = await depot.row(first.reopened.assignment_id)
    row.user_id, row.status, row.assigned_at = dana.id, AssignmentStatus.SCHEDULED, DUE + MINUTE
    await depot.session.flush()
    second = await depot.dropped(DUE + 13 * HOUR)
    assert second.assignment_id == row.id
    about = {row.data["about"] for row in await depot.session.scalars(select(Notification)) if row.data}
    assert {uuid.UUID(each) for each in about} >= {first.assignment_id, second.assignment_id}
