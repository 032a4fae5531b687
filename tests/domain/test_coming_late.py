"""R8.6: who was there too late says so, the manager gives the shift back while nobody has it, and it is excused."""

import uuid
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import date, datetime

import pytest
from sqlalchemy import select, update

from bot.kinds import table_of_kinds
from domain.bidding.rules import Award
from domain.db.models import Assignment, AuditLog, Delivery, DriverHealthState, HardStop, Incident, Shift
from domain.db.models.words import (
    AssignedBy,
    AssignmentStatus,
    BidWindowStatus,
    CancelReason,
    DeliveryState,
    IncidentKind,
    NotificationType,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.asking_why import ask_why
from domain.shifts.coming import (
    LeftToOthers,
    MissedShift,
    ToldLate,
    come_late,
    he_is_here,
    late_comer,
    leave_to_others,
    missed_shift,
)
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.ledger import excuse
from domain.shifts.restoring import GoneToAnother, Restored, slot_of_missed
from domain.shifts.rules import Arrive, Done
from domain.time import local_day
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, close_due, contents, next_wave

TODAY = date(2026, 11, 25)
NINE, ONE = local(TODAY, 9), local(TODAY, 13)
TEN_PAST = NINE + 10 * MINUTE


@dataclass
class Missed:
    """Dana was not there at nine; Ben is asked."""

    depot: Depot
    dana: Person
    ben: Person
    slot: Slot
    window: uuid.UUID

    def comes(self, at: datetime = TEN_PAST) -> Awaitable[object]:
        return come_late(self.depot.session, self.dana, self.slot.id, SAY, POLICY, at)

    def restored(self, at: datetime = TEN_PAST) -> Awaitable[object]:
        return he_is_here(self.depot.session, self.depot.mona, self.slot.id, SAY, POLICY, at)

    async def live(self) -> Assignment:
        found = await slot_of_missed(self.depot.session, self.slot.id)
        assert found is not None
        return await self.depot.row(found.assignment_id)


@pytest.fixture
async def missed(depot: Depot) -> Missed:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, TODAY, confirmed=True)
    left = await depot.missed(NINE)
    assert left.reopened is not None
    await next_wave(depot.session, NINE)
    return Missed(depot, dana, ben, slot, left.reopened.window_id)


# -- he says so


async def test_r8_6_here_late_tells_the_manager_once(missed: Missed) -> None:
    depot = missed.depot
    assert await missed.comes() == ToldLate()
    told = [row for row in await depot.told(depot.mona) if (row.data or {})["kind"] == Kind.ARRIVED_LATE]
    assert [row.type for row in told] == [NotificationType.DRIVER_NO_SHOW]
    assert told[0].data is not None and told[0].data["phone"] == missed.dana.phone
    assert [level for _, level in await depot.levels(depot.mona, Kind.ARRIVED_LATE)] == [Urgency.URGENT]
    assert await missed.comes(TEN_PAST + MINUTE) == ToldLate()
    assert len(await depot.levels(depot.mona, Kind.ARRIVED_LATE)) == 1


@pytest.mark.parametrize(("at", "late"), [(NINE - SECOND, False), (NINE, True)])
async def test_r8_6_the_clock_decides_and_not_the_duty(depot: Depot, at: datetime, late: bool) -> None:
    """Before the duty has been there: he is missed in this very transaction, or has arrived."""
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    result = await come_late(depot.session, dana, slot.id, SAY, POLICY, at)
    assert result == (ToldLate() if late else Arrive())
    assert (await depot.incidents()).get(dana.id, []) == ([IncidentKind.NO_SHOW] if late else [])
    kinds = {(row.data or {})["kind"] for row in await depot.told(depot.mona)}
    assert kinds == ({Kind.NO_SHOW, Kind.ARRIVED_LATE, Kind.TO_REINSTATE} if late else set())
    assert await depot.miss(NINE + HOUR) is None


async def test_r8_6_who_takes_it_has_it(missed: Missed) -> None:
    assert isinstance(await accept(missed.depot.session, missed.ben, missed.window, TEN_PAST), Award)
    before = await contents(missed.depot.session)
    assert await missed.comes() == GoneToAnother()
    assert await contents(missed.depot.session) == before


async def test_r8_6_only_for_a_shift_of_his_that_he_missed_today(missed: Missed) -> None:
    depot = missed.depot
    gone = await depot.shift(missed.ben, TODAY, status=AssignmentStatus.CANCELLED, route="R20")
    before = await contents(depot.session)
    for driver, slot, at, why in [
        (missed.ben, missed.slot, TEN_PAST, Refusal.NOT_FOUND),
        (missed.ben, gone, TEN_PAST, Refusal.SHIFT_GONE),
        (missed.dana, missed.slot, NINE + DAY, Refusal.SHIFT_GONE),
    ]:
        assert await come_late(depot.session, driver, slot.id, SAY, POLICY, at) == Refused(why)
    assert await contents(depot.session) == before


async def test_r11_6_who_comes_after_all_is_asked_no_more_why_he_does_not(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await ask_why(depot.session, dana, slot.id, POLICY, NINE - MINUTE)
    assert await depot.miss(NINE + MINUTE) is None, "he has said that he can't come"
    assert await come_late(depot.session, dana, slot.id, SAY, POLICY, NINE + 2 * MINUTE) == ToldLate()


# -- the manager gives it back


async def test_r8_6_restored_it_is_his_he_is_there_and_nothing_is_held_against_him(missed: Missed) -> None:
    depot, dana = missed.depot, missed.dana
    assert not await depot.in_pool(dana)
    row = await missed.live()
    assert await missed.restored() == Restored(row.id, excused=True)
    row = await depot.row(row.id)
    assert (row.status, row.user_id, row.assigned_by) == (AssignmentStatus.ACTIVE, dana.id, AssignedBy.MANAGER)
    assert (row.assigned_at, row.confirmed_at) == (TEN_PAST, TEN_PAST)
    [shift] = await depot.session.scalars(select(Shift).where(Shift.assignment_id == row.id))
    assert shift.arrived_at == TEN_PAST
    window = await depot.window(missed.window)
    assert (window.status, window.winner_id) == (BidWindowStatus.RESOLVED, dana.id)
    [incident] = await depot.session.scalars(select(Incident))
    assert (incident.excused_by, incident.excused_at) == (depot.mona.id, TEN_PAST)
    assert await depot.counters(dana) == {"confirmed_shifts": 2}, "the one that he missed, and this"
    state = await depot.session.get_one(DriverHealthState, dana.id, populate_existing=True)
    assert (state.assignment_pool_eligible, state.requires_manager_intervention) == (True, False)
    told = [each for each in await depot.told(dana) if each.type is NotificationType.MANUAL]
    assert [(each.data or {})["restored"] for each in told] == [True]
    assert (await depot.row(missed.slot.id)).status is AssignmentStatus.CANCELLED, "history stays (R2.2)"
    kind = table_of_kinds(POLICY, "Rollcall")[Kind.MISSED]
    facts = await kind.load(depot.session, dana.id, missed.slot.id, TEN_PAST)
    assert not kind.has_point(facts, TEN_PAST), "no SMS says any more that it goes to others (R11.3)"
    assert await missed.restored(TEN_PAST + MINUTE) == Restored(row.id, excused=True)
    assert await missed.comes(TEN_PAST + MINUTE) == Done()
    assert await depot.counters(dana) == {"confirmed_shifts": 2}


async def test_r8_6_its_offers_end_with_it(missed: Missed) -> None:
    depot = missed.depot
    unsent = await depot.driver("Cleo")
    offer = (await depot.session.scalars(select(Delivery).where(Delivery.kind == Kind.OFFER))).one()
    offer.state, offer.message_id, offer.due_at = DeliveryState.SENT, 5, None
    pending = await depot.fleet.add(
        Delivery,
        user_id=unsent.id,
        channel=offer.channel,
        kind=Kind.OFFER,
        about=missed.window,
        urgency=0,
        state=DeliveryState.PENDING,
        due_at=NINE,
        created_at=NINE,
    )
    await missed.restored()
    await depot.session.refresh(offer)
    assert offer.redraw
    row = await depot.session.get_one(Delivery, pending, populate_existing=True)
    assert row.state is DeliveryState.CANCELLED
    assert isinstance(await accept(depot.session, missed.ben, missed.window, TEN_PAST), Refused)


async def test_r8_6_somebody_was_quicker_and_the_driver_is_told_that_too(missed: Missed) -> None:
    depot = missed.depot
    await accept(depot.session, missed.ben, missed.window, TEN_PAST)
    assert await missed.restored() == GoneToAnother()
    assert await missed.restored(TEN_PAST + MINUTE) == GoneToAnother()
    told = [each for each in await depot.told(missed.dana) if each.type is NotificationType.MANUAL]
    assert [(each.data or {})["restored"] for each in told] == [False]
    assert (await depot.incidents())[missed.dana.id] == [IncidentKind.NO_SHOW]
    assert not await depot.in_pool(missed.dana)


async def test_r8_6_or_the_manager_leaves_it_to_others(missed: Missed) -> None:
    depot = missed.depot
    leaves = (depot.session, depot.mona, missed.slot.id, SAY, POLICY)
    await missed.comes()

    async def stands() -> tuple[bool, MissedShift]:
        card = await late_comer(depot.session, depot.mona.id, missed.slot.id, POLICY, TEN_PAST)
        assert card is not None and card.open
        his = missed_shift(depot.session, missed.dana.id, missed.slot.id, TODAY, POLICY, TEN_PAST)
        return card.left, await his

    assert await stands() == (False, MissedShift.TOLD)
    for n in range(2):
        assert await leave_to_others(*leaves, TEN_PAST + n * MINUTE) == LeftToOthers()
    told = [each for each in await depot.told(missed.dana) if each.type is NotificationType.MANUAL]
    assert [(each.data or {})["restored"] for each in told] == [False]
    assert await stands() == (True, MissedShift.LEFT), "what both read is what was decided"
    assert isinstance(await missed.restored(TEN_PAST + 2 * MINUTE), Restored), "he may think better of it"
    assert await leave_to_others(*leaves, TEN_PAST + 3 * MINUTE) == Done()


async def test_r8_6_while_nobody_has_accepted_even_after_the_window_has_closed(missed: Missed) -> None:
    depot = missed.depot
    await close_due(depot.session, ONE)
    assert isinstance(await missed.restored(ONE + MINUTE), Restored)
    assert (await depot.window(missed.window)).status is BidWindowStatus.CLOSED


async def test_r8_6_not_another_day_and_not_beside_another_shift(missed: Missed) -> None:
    depot = missed.depot
    before = await contents(depot.session)
    assert await missed.restored(local(TODAY + DAY, 0)) == Refused(Refusal.DAY_OVER)
    assert await contents(depot.session) == before
    await depot.shift(missed.dana, TODAY, confirmed=True, route="R30")
    before = await contents(depot.session)
    assert await missed.restored() == Refused(Refusal.BUSY)
    assert await contents(depot.session) == before


async def test_r12_3_no_other_manager(missed: Missed) -> None:
    depot = missed.depot
    stranger = await depot.fleet.manager("Sue", await depot.fleet.warehouse("South"))
    before = await contents(depot.session)
    for someone in (stranger, missed.dana):
        theirs = (depot.session, someone, missed.slot.id, SAY, POLICY, TEN_PAST)
        assert await he_is_here(*theirs) == Refused(Refusal.NOT_FOUND)
        assert await leave_to_others(*theirs) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


async def test_r8_9_he_is_here_before_the_duty_has_been_there(depot: Depot) -> None:
    """Arriving was due: he is a no-show by the clock, and has it back at once."""
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    result = await he_is_here(depot.session, depot.mona, slot.id, SAY, POLICY, NINE)
    assert isinstance(result, Restored) and result.assignment_id != slot.id
    assert await depot.incidents() == {} and await depot.in_pool(dana)


async def test_r8_6_where_the_slot_is_over_there_is_nothing_to_give_back(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    refused = Refused(Refusal.SHIFT_GONE)
    assert await come_late(depot.session, dana, slot.id, SAY, POLICY, ONE) == refused
    assert await he_is_here(depot.session, depot.mona, slot.id, SAY, POLICY, ONE + MINUTE) == refused
    assert (await depot.incidents())[dana.id] == [IncidentKind.NO_SHOW]


# -- what an excuse takes back (R10.2, R10.3)


async def excused(depot: Depot, slot: Slot, kind: IncidentKind = IncidentKind.NO_SHOW, at: datetime = TEN_PAST) -> None:
    await excuse(depot.session, slot.id, kind, depot.mona.id, "a test", POLICY, at)


async def test_r10_2_another_no_show_still_holds_the_stop(missed: Missed) -> None:
    depot, dana = missed.depot, missed.dana
    other = await depot.shift(dana, TODAY + DAY, confirmed=True, route="R14")
    await depot.missed(NINE + DAY)
    await excused(depot, missed.slot)
    assert not await depot.in_pool(dana)
    await excused(depot, other)
    assert await depot.in_pool(dana)
    assert await depot.counters(dana) == {}


async def test_r10_2_so_do_two_late_cancels_and_one_does_not(missed: Missed) -> None:
    depot, dana = missed.depot, missed.dana
    route = await depot.fleet.route("R15", depot.north)
    for n, held in ((9, False), (8, True)):
        gone = await depot.fleet.cancelled_by(dana, route, TODAY - n * DAY, IncidentKind.LATE_CANCEL)
        at = {"occurred_at": NINE - n * DAY}
        await depot.session.execute(update(Incident).where(Incident.assignment_id == gone.id).values(at))
        nested = await depot.session.begin_nested()
        await excused(depot, missed.slot)
        assert await depot.in_pool(dana) is not held
        await nested.rollback()


async def reinstated(depot: Depot, driver: Person, at: datetime, said: bool = True) -> None:
    """As a manager decides it. `said`: whether he is back."""
    decided = {"decided_at": at, "decided_by": depot.mona.id, "reinstated": said, "ended_at": at if said else None}
    await depot.session.execute(update(HardStop).where(HardStop.user_id == driver.id).values(decided))
    await depot.session.execute(update(DriverHealthState).values({"assignment_pool_eligible": said}))


async def test_r10_6_who_was_kept_out_for_what_is_excused_is_back(missed: Missed) -> None:
    """What a manager has decided was about a stop, and that was none."""
    depot, dana = missed.depot, missed.dana
    await reinstated(depot, dana, NINE + MINUTE, False)
    await excused(depot, missed.slot)
    assert await depot.in_pool(dana)


async def test_r10_6_a_stop_that_was_over_is_lifted_as_well(missed: Missed) -> None:
    """He had been reinstated; it had cost him his stars all the same."""
    depot, dana = missed.depot, missed.dana
    await reinstated(depot, dana, NINE + MINUTE)
    await excused(depot, missed.slot)
    [stop] = await depot.session.scalars(select(HardStop), execution_options={"populate_existing": True})
    assert (stop.lifted, stop.ended_at) == (True, NINE + MINUTE)


async def test_r10_2_who_was_out_before_stays_out(depot: Depot) -> None:
    """Another program took him out; the system latched nothing."""
    dana = await depot.driver(in_pool=False)
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await depot.missed(NINE)
    await excused(depot, slot)
    assert not await depot.in_pool(dana)


async def test_r10_3_an_old_incident_after_which_he_was_reinstated_does_not_hold_him(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, TODAY - 5 * DAY, confirmed=True, route="R16")
    await depot.missed(NINE - 5 * DAY)
    await reinstated(depot, dana, NINE - 4 * DAY)
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await depot.missed(NINE)
    await excused(depot, slot)
    assert await depot.in_pool(dana)
    [lifted] = await depot.session.scalars(select(AuditLog).where(AuditLog.action == "hard_stop_lifted"))
    assert lifted.actor_id == depot.mona.id


async def test_r9_7_practice_is_excused_already(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    await depot.missed(NINE, replace(POLICY, penalties_from=NINE + DAY))
    await excused(depot, slot)
    assert await depot.counters(dana) == {} and await depot.in_pool(dana)


async def late_cancel(depot: Depot, driver: Person, at: datetime, route: str) -> None:
    slot = await depot.shift(driver, local_day(at, POLICY) + DAY, confirmed=True, route=route)
    left = await cancel_shift(depot.session, driver, slot.id, CancelReason.OTHER, None, SAY, POLICY, at)
    assert isinstance(left, Left) and left.incident is IncidentKind.LATE_CANCEL


async def test_r10_2_a_stop_that_an_excuse_has_lifted_forgives_nothing_else(missed: Missed) -> None:
    """Her late cancel of before counts on: with the next one it stops her, and no excuse of a drop lifts that."""
    depot, dana = missed.depot, missed.dana
    await late_cancel(depot, dana, NINE + MINUTE, "R17")
    await excused(depot, missed.slot)
    assert await depot.in_pool(dana)
    dropped = await depot.shift(dana, TODAY + 9 * DAY, route="R19")
    due = local(TODAY + 7 * DAY, 7)
    await depot.reminder(dana, dropped, due - DAY)
    await late_cancel(depot, dana, due - DAY, "R18")
    assert not await depot.in_pool(dana)
    await depot.dropped(due + MINUTE)
    await excused(depot, dropped, IncidentKind.AUTO_DROP, due + 2 * MINUTE)
    assert not await depot.in_pool(dana)


async def test_r10_3_nor_does_an_old_incident_latch_again(depot: Depot) -> None:
    """A no-show after which she was reinstated, and one late cancel since: that is no second one."""
    dana = await depot.driver()
    await depot.shift(dana, TODAY - 5 * DAY, confirmed=True, route="R16")
    await depot.missed(NINE - 5 * DAY)
    await reinstated(depot, dana, NINE - 4 * DAY)
    await late_cancel(depot, dana, NINE, "R17")
    assert await depot.in_pool(dana)
    await late_cancel(depot, dana, NINE + DAY, "R18")
    assert not await depot.in_pool(dana)
