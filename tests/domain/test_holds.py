"""R8.6a: while no no-show is automatic, the managers have one list, and end it; whoever comes meanwhile is in time."""

import uuid
from datetime import date, datetime

import pytest
from sqlalchemy import select

from domain.db.models import ArrivalHold, AuditLog, Incident, Shift
from domain.db.models.words import (
    ActorType,
    AssignmentStatus,
    CancelReason,
    HoldCause,
    IncidentKind,
    NotificationType,
    UserRole,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive
from domain.shifts.checking import HeldCard, Whereabouts, held_card
from domain.shifts.coming import AllHere, all_here, come_late, he_is_here
from domain.shifts.holds import HoldBegun, Released, begin_due_hold, release
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.restoring import Restored
from domain.shifts.rules import Arrive, Done
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, beats, heartbeats, local
from tests.domain.depot import depot as depot
from tests.domain.test_outages import all_missed, ids, missing
from tests.domain.world import POLICY, SAY, Slot, contents

TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
HALF_PAST = NINE + 30 * MINUTE


async def begin(depot: Depot, at: datetime) -> HoldBegun | None:
    return await begin_due_hold(depot.session, SAY, POLICY, at)


async def begun(depot: Depot, at: datetime) -> uuid.UUID:
    hold = await begin(depot, at)
    assert hold is not None
    return hold.hold_id


async def card(depot: Depot, hold: uuid.UUID, at: datetime) -> HeldCard:
    found = await held_card(depot.session, depot.mona.id, hold, POLICY, at)
    assert found is not None
    return found


async def driver_of(depot: Depot, slot: Slot) -> Person:
    row = await depot.row(slot.id)
    return Person(row.user_id or uuid.UUID(int=0), UserRole.DRIVER, "M", "Test", "+1", None)


# -- it begins


async def test_r8_6a_too_many_missing_and_the_managers_get_one_list(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar", depot.north)
    await missing(depot, 4)
    assert await begin(depot, NINE - SECOND) is None
    hold = await begin(depot, NINE)
    assert hold is not None and hold.told == 2
    assert await begin(depot, NINE + SECOND) is None
    for manager in (depot.mona, omar):
        [told] = await depot.told(manager, NotificationType.DRIVER_NO_SHOW)
        assert told.data is not None and told.data["kind"] == Kind.HELD_LIST
        assert len(told.data["drivers"]) == 4
    [row] = await depot.session.scalars(select(ArrivalHold))
    assert (row.cause, row.until, row.on) == (HoldCause.MANY, HALF_PAST, TODAY)


async def test_r8_6a_three_are_not_too_many(depot: Depot) -> None:
    await missing(depot, 3)
    before = await contents(depot.session)
    assert await begin(depot, NINE) is None
    assert await contents(depot.session) == before


async def test_r8_6a_after_an_outage(depot: Depot) -> None:
    await missing(depot, 1)
    await heartbeats(
        depot.session, *beats(NINE - 2 * HOUR, NINE - 20 * MINUTE), *beats(NINE - 10 * MINUTE, NINE + HOUR)
    )
    hold = await begun(depot, NINE)
    [row] = await depot.session.scalars(select(ArrivalHold))
    assert (row.id, row.cause, row.until) == (hold, HoldCause.OUTAGE, HALF_PAST)


async def test_r8_6a_nothing_begins_while_it_goes_on(depot: Depot) -> None:
    """Nobody could press anything on the list."""
    await missing(depot, 5)
    await heartbeats(depot.session, NINE - 10 * MINUTE, silent_for=10 * MINUTE)
    assert await begin(depot, NINE) is None


async def test_r8_6a_by_the_clock_it_is_over_for_a_duty_that_runs_late(depot: Depot) -> None:
    slots = await missing(depot, 4)
    assert await begin(depot, HALF_PAST) is None
    assert await all_missed(depot, HALF_PAST) == ids(slots)


# -- it is remembered


async def test_r8_6a_it_lasts_though_some_arrive(depot: Depot) -> None:
    slots = await missing(depot, 4)
    await begun(depot, NINE)
    for slot in slots[:2]:
        assert await arrive(depot.session, await driver_of(depot, slot), slot.id, POLICY, NINE + MINUTE) == Arrive()
    assert await depot.miss(HALF_PAST - SECOND) is None, "two would not be too many"
    assert await all_missed(depot, HALF_PAST) == ids(slots[2:])


async def test_r8_6a_whoever_becomes_due_meanwhile_is_held_too(depot: Depot) -> None:
    slots = await missing(depot, 4)
    late = await missing(depot, 1, NINE + 10 * MINUTE)
    await begun(depot, NINE)
    assert await depot.miss(NINE + 10 * MINUTE) is None
    assert await all_missed(depot, HALF_PAST) == ids([*slots, *late])


async def test_r8_6a_afterwards_they_do_not_count_again(depot: Depot) -> None:
    """At half past nine two more become due while the four of nine are still there to be missed."""
    slots = await missing(depot, 4)
    await begun(depot, NINE)
    more = await missing(depot, 2, HALF_PAST + SECOND)
    assert await begin(depot, HALF_PAST + SECOND) is None
    assert await all_missed(depot, HALF_PAST + SECOND) == ids([*slots, *more])


# -- the manager ends it


async def test_r8_6a_these_are_missing(depot: Depot) -> None:
    slots = await missing(depot, 5)
    hold = await begun(depot, NINE)
    here = await he_is_here(depot.session, depot.mona, slots[0].id, SAY, POLICY, NINE + MINUTE)
    assert here == Arrive()
    assert await release(depot.session, depot.mona, hold, NINE + 2 * MINUTE) == Released()
    assert await release(depot.session, depot.mona, hold, NINE + 2 * MINUTE) == Done()
    assert await begin(depot, NINE + 2 * MINUTE) is None, "it does not begin again"
    assert await all_missed(depot, NINE + 2 * MINUTE) == ids(slots[1:])
    assert (await card(depot, hold, NINE + 3 * MINUTE)).released_by == "Mona Test"


async def test_r8_6a_afterwards_the_list_is_of_those_who_were_missing(depot: Depot) -> None:
    """Missed by now they stand there still, whatever becomes due later; one is given back, and is there."""
    slots = await missing(depot, 5)
    await missing(depot, 1, NINE + 10 * MINUTE)
    hold = await begun(depot, NINE)
    await he_is_here(depot.session, depot.mona, slots[0].id, SAY, POLICY, NINE + MINUTE)
    await release(depot.session, depot.mona, hold, NINE + 2 * MINUTE)
    assert len((await card(depot, hold, NINE + 2 * MINUTE)).missing) == 4, "before the duty has missed them"
    await all_missed(depot, NINE + 2 * MINUTE)
    found = await card(depot, hold, NINE + 10 * MINUTE)
    assert {each.assignment_id for each in found.missing} == ids(slots[1:]) and len(found.people) == 5
    assert isinstance(
        await he_is_here(depot.session, depot.mona, slots[1].id, SAY, POLICY, NINE + 11 * MINUTE), Restored
    )
    found = await card(depot, hold, NINE + 12 * MINUTE)
    assert (len(found.missing), len(found.people)) == (3, 5)


async def test_r8_6a_over_by_its_time_it_lists_those_too_but_nobody_missed_before(depot: Depot) -> None:
    await missing(depot, 1)
    assert len(await all_missed(depot, NINE)) == 1
    slots = await missing(depot, 4, NINE + MINUTE)
    hold = await begun(depot, NINE + MINUTE)
    await all_missed(depot, HALF_PAST + MINUTE)
    assert {each.assignment_id for each in (await card(depot, hold, HALF_PAST + MINUTE)).missing} == ids(slots)


async def test_r8_6a_released_after_an_outage_too(depot: Depot) -> None:
    slots = await missing(depot, 1)
    await heartbeats(
        depot.session, *beats(NINE - 2 * HOUR, NINE - 20 * MINUTE), *beats(NINE - 10 * MINUTE, NINE + HOUR)
    )
    hold = await begun(depot, NINE)
    await release(depot.session, depot.mona, hold, NINE + MINUTE)
    assert await begin(depot, NINE + MINUTE) is None
    assert await all_missed(depot, NINE + MINUTE) == ids(slots)


async def test_r8_6a_who_becomes_due_after_the_release_is_judged_anew(depot: Depot) -> None:
    await missing(depot, 4)
    later = await missing(depot, 4, NINE + 10 * MINUTE)
    hold = await begun(depot, NINE)
    await release(depot.session, depot.mona, hold, NINE + MINUTE)
    assert len(await all_missed(depot, NINE + MINUTE)) == 4
    assert await depot.miss(NINE + 10 * MINUTE) is None
    assert await begin(depot, NINE + 10 * MINUTE) is not None
    assert await all_missed(depot, NINE + 40 * MINUTE) == ids(later)


async def test_r8_6a_all_here(depot: Depot) -> None:
    slots = await missing(depot, 5)
    hold = await begun(depot, NINE)
    assert await all_here(depot.session, depot.mona, hold, POLICY, NINE + 5 * MINUTE) == AllHere(5)
    for slot in slots:
        assert (await depot.row(slot.id)).status is AssignmentStatus.ACTIVE
    assert set(await depot.session.scalars(select(Shift.arrived_at))) == {NINE + 5 * MINUTE}
    assert await all_here(depot.session, depot.mona, hold, POLICY, NINE + 6 * MINUTE) == AllHere(0)
    assert await depot.miss(HALF_PAST) is None
    assert list(await depot.session.scalars(select(Incident))) == []
    found = await card(depot, hold, NINE + 6 * MINUTE)
    assert {each.whereabouts for each in found.people} == {Whereabouts.HERE} and len(found.people) == 5


async def test_r8_6a_once_it_is_over_nothing_is_held_any_more(depot: Depot) -> None:
    slots = await missing(depot, 5)
    hold = await begun(depot, NINE)
    assert await all_here(depot.session, depot.mona, hold, POLICY, HALF_PAST) == Refused(Refusal.HOLD_OVER)
    assert await release(depot.session, depot.mona, hold, HALF_PAST) == Refused(Refusal.HOLD_OVER)
    dana = await driver_of(depot, slots[0])
    assert await arrive(depot.session, dana, slots[0].id, POLICY, HALF_PAST) == Refused(Refusal.ARRIVED_TOO_LATE)


async def test_r12_3_nobody_else_ends_it(depot: Depot) -> None:
    [slot, *_] = await missing(depot, 5)
    hold = await begun(depot, NINE)
    stranger = await depot.fleet.manager("Sue", await depot.fleet.warehouse("South"))
    before = await contents(depot.session)
    for someone in (stranger, await driver_of(depot, slot)):
        assert await release(depot.session, someone, hold, NINE) == Refused(Refusal.NOT_FOUND)
        assert await all_here(depot.session, someone, hold, POLICY, NINE) == Refused(Refusal.NOT_FOUND)
        assert await he_is_here(depot.session, someone, slot.id, SAY, POLICY, NINE) == Refused(Refusal.NOT_FOUND)
        assert await held_card(depot.session, someone.id, hold, POLICY, NINE) is None
    assert await contents(depot.session) == before


# -- the driver, meanwhile


@pytest.mark.parametrize("seen", [False, True])
async def test_r8_6a_who_comes_while_it_is_held_is_in_time(depot: Depot, seen: bool) -> None:
    """Be it that the list has gone out, or that the duty is still to come."""
    slots = await missing(depot, 4)
    if seen:
        await begun(depot, NINE)
    one, two = [await driver_of(depot, slot) for slot in slots[:2]]
    assert await arrive(depot.session, one, slots[0].id, POLICY, HALF_PAST - SECOND) == Arrive()
    if seen:
        assert await come_late(depot.session, two, slots[1].id, SAY, POLICY, HALF_PAST - SECOND) == Arrive()


async def test_r8_6a_what_was_pressed_during_an_outage_counts_when_it_is_read(depot: Depot) -> None:
    [slot] = await missing(depot, 1)
    await heartbeats(
        depot.session, *beats(NINE - 2 * HOUR, NINE - 10 * MINUTE), *beats(NINE + 10 * MINUTE, NINE + HOUR)
    )
    assert await arrive(depot.session, await driver_of(depot, slot), slot.id, POLICY, NINE + 10 * MINUTE) == Arrive()


async def test_r8_6a_and_so_does_a_cancellation(depot: Depot) -> None:
    [slot] = await missing(depot, 1)
    await heartbeats(
        depot.session, *beats(NINE - 2 * HOUR, NINE - 10 * MINUTE), *beats(NINE + 10 * MINUTE, NINE + HOUR)
    )
    ill = (slot.id, CancelReason.MEDICAL_EMERGENCY, None, SAY, POLICY, NINE + 10 * MINUTE)
    left = await cancel_shift(depot.session, await driver_of(depot, slot), *ill)
    assert isinstance(left, Left) and left.incident is IncidentKind.PROTECTED_ABSENCE


async def test_r8_9_he_is_here_is_audited_as_by_phone(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    assert await he_is_here(depot.session, depot.mona, slot.id, SAY, POLICY, NINE - SECOND) == Arrive()
    assert await he_is_here(depot.session, depot.mona, slot.id, SAY, POLICY, NINE + DAY) == Done()
    [entry] = await depot.session.scalars(select(AuditLog).where(AuditLog.action == "arrived"))
    assert (entry.actor_id, entry.actor_type) == (depot.mona.id, ActorType.USER)
    assert "by_phone" in str(entry.changes)


async def test_r8_6a_who_was_held_for_their_time_do_not_make_the_next_one_too_many(depot: Depot) -> None:
    """Three of nine are still to be missed when another becomes due: he is one, not four."""
    slots = await missing(depot, 4)
    await begun(depot, NINE)
    await arrive(depot.session, await driver_of(depot, slots[0]), slots[0].id, POLICY, NINE + MINUTE)
    more = await missing(depot, 1, HALF_PAST + SECOND)
    assert await all_missed(depot, HALF_PAST + SECOND) == ids([*slots[1:], *more])
