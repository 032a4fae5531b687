"""R2.2, R2.4, R9.1, R10.2: blame and confirmation follow the person; what the ledger counts, and what it stops."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain.bidding.rules import Award
from domain.db.models import Assignment, AuditLog, DriverHealthState, DriverMetrics, Shift
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.people.queries import Person
from domain.shifts import ledger
from domain.shifts.actions import arrive, complete_shift, load_parcels
from domain.shifts.leaving import Left, cancel_shift
from tests.domain.depot import DAY, HOUR, MINUTE, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept


async def test_r2_2_a_slot_that_changes_hands_three_times_tells_three_true_stories(depot: Depot) -> None:
    """Anna cancels the evening before, Ben takes it and misses it, Cleo rescues and completes it."""
    anna, ben, cleo = [await depot.driver(name) for name in ("Anna", "Ben", "Cleo")]
    slot = await depot.shift(anna, depot.fleet.day(1), confirmed=True)
    evening, nine = local(depot.fleet.today, 20), local(slot.on, 9)
    first = await cancel_shift(depot.session, anna, slot.id, CancelReason.OTHER, "moving", SAY, POLICY, evening)
    assert isinstance(first, Left) and first.reopened is not None
    taken = await accept(depot.session, ben, first.reopened.window_id, evening + MINUTE)
    assert isinstance(taken, Award)
    second = await depot.missed(nine)
    assert second.assignment_id == first.reopened.assignment_id and second.reopened is not None
    third = second.reopened.assignment_id
    assert isinstance(await accept(depot.session, cleo, second.reopened.window_id, nine + 20 * MINUTE), Award)
    of = (depot.session, cleo, third)
    await arrive(*of, POLICY, nine + HOUR)
    await load_parcels(*of, 100, POLICY, nine + HOUR)
    await complete_shift(*of, 2, POLICY, nine + 7 * HOUR)

    rows = [await depot.row(each) for each in (slot.id, second.assignment_id, third)]
    assert [(row.user_id, row.status) for row in rows] == [
        (anna.id, AssignmentStatus.CANCELLED),
        (ben.id, AssignmentStatus.CANCELLED),
        (cleo.id, AssignmentStatus.COMPLETED),
    ]
    assert [row.confirmed_at for row in rows[1:]] == [evening + MINUTE, nine + 20 * MINUTE]
    assert rows[0].confirmed_at is not None and rows[0].confirmed_at < evening, "hers stays with her"
    assert await depot.incidents() == {anna.id: [IncidentKind.LATE_CANCEL], ben.id: [IncidentKind.NO_SHOW]}
    works = {row.assignment_id: row for row in await depot.session.scalars(select(Shift))}
    assert set(works) == {slot.id, third}
    assert (works[slot.id].cancel_notes, works[third].parcels_delivered) == ("moving", 98)
    assert await depot.counters(anna) == {"total_shifts": 1, "late_cancellations": 1}
    assert await depot.counters(ben) == {"total_shifts": 1, "no_shows": 1, "confirmed_shifts": 1, "bid_pickups": 1}
    assert await depot.counters(cleo) == {
        "total_shifts": 1,
        "completed_shifts": 1,
        "confirmed_shifts": 1,
        "bid_pickups": 1,
    }
    told = {
        each: [
            entry.action for entry in await depot.session.scalars(select(AuditLog).where(AuditLog.entity_id == each))
        ]
        for each in (slot.id, second.assignment_id, third)
    }
    assert set(told[slot.id]) == {"cancelled"}
    assert set(told[second.assignment_id]) == {"reopened", "instant_assign", "no_show"}
    assert set(told[third]) >= {"reopened", "instant_assign", "arrived", "completed"}


async def attendance(depot: Depot, driver: Person) -> float:
    return (await depot.session.get_one(DriverMetrics, driver.id, populate_existing=True)).attendance_rate


async def works(depot: Depot, driver: Person, slot: Slot) -> None:
    at = local(slot.on, 8)
    await arrive(depot.session, driver, slot.id, POLICY, at)
    await load_parcels(depot.session, driver, slot.id, 10, POLICY, at)
    await complete_shift(depot.session, driver, slot.id, 0, POLICY, at + HOUR)


async def test_r9_1_attendance_follows_from_each_event_on(depot: Depot) -> None:
    dana = await depot.driver()
    await works(depot, dana, await depot.shift(dana, depot.fleet.today, confirmed=True))
    assert await attendance(depot, dana) == 1.0
    missed = await depot.shift(dana, depot.fleet.day(1), confirmed=True)
    await depot.missed(local(missed.on, 9))
    assert await attendance(depot, dana) == 0.5
    at = local(missed.on, 10)
    await ledger.excuse(depot.session, missed.id, IncidentKind.NO_SHOW, depot.mona.id, "ours", POLICY, at)
    assert await attendance(depot, dana) == 1.0


@pytest.mark.parametrize("reason", [CancelReason.OTHER, CancelReason.MEDICAL_EMERGENCY])
async def test_r9_1_what_is_early_or_protected_does_not_count(depot: Depot, reason: CancelReason) -> None:
    dana = await depot.driver()
    await works(depot, dana, await depot.shift(dana, depot.fleet.today, confirmed=True))
    ahead = 5 if reason is CancelReason.OTHER else 1
    slot = await depot.shift(dana, depot.fleet.day(ahead), confirmed=True)
    await cancel_shift(depot.session, dana, slot.id, reason, None, SAY, POLICY, depot.now)
    assert await attendance(depot, dana) == 1.0


async def test_r10_3_a_drop_latches_no_old_incident_again(depot: Depot) -> None:
    """A manager has put her back into the pool; her old no-show stands, and the next drop is no no-show."""
    dana = await depot.driver()
    await depot.shift(dana, depot.fleet.today, confirmed=True)
    await depot.missed(local(depot.fleet.today, 9))
    assert not await depot.in_pool(dana)
    back = {"assignment_pool_eligible": True, "requires_manager_intervention": False}
    await depot.session.execute(update(DriverHealthState).values(back))
    due = local(depot.fleet.day(5), 7)
    slot = await depot.shift(dana, depot.fleet.day(7))
    await depot.reminder(dana, slot, due - DAY)
    await depot.dropped(due + MINUTE)
    assert (await depot.incidents())[dana.id] == [IncidentKind.NO_SHOW, IncidentKind.AUTO_DROP]
    assert await depot.in_pool(dana)
    assert (await depot.session.get_one(Assignment, slot.id)).on == depot.now.date() + timedelta(days=7)
