"""A manager gives a slot to a driver, and the driver says yes, no or nothing (R4.4, R7)."""

import itertools
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.bidding.rules import Standing
from domain.coverage.assigning import Assigned, Given, assign_driver
from domain.coverage.candidates import candidate, candidates, slot_head
from domain.coverage.rules import refuse_assignment
from domain.db.models import Assignment, AuditLog, Bid, BidWindow, DayDecline, Delivery, DriverMetrics, Shift, User
from domain.db.models.words import (
    AssignedBy,
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    DeliveryState,
    NotificationType,
    Trigger,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import confirm_shift
from domain.shifts.declining import decline_shift
from domain.shifts.leaving import DECLINED, UNANSWERED, Left, cancel_shift
from domain.shifts.restoring import Restored, want_back
from domain.shifts.rules import Confirm
from domain.time import last_confirmation, shift_start
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, contents, next_wave

SOON, FAR = 1, 5  # days ahead: given for tomorrow it is late, for next week it is not


async def assign(
    depot: Depot,
    slot: Slot,
    driver: Person | uuid.UUID,
    *,
    by: Person | None = None,
    reason: str | None = None,
    at: datetime | None = None,
) -> Any:
    id_ = driver.id if isinstance(driver, Person) else driver
    return await assign_driver(depot.session, by or depot.mona, slot.id, id_, reason, SAY, POLICY, at or depot.now)


async def open_slot(depot: Depot, ahead: int = SOON, route: str = "R12") -> Slot:
    return await depot.fleet.slot(await depot.fleet.route(route, depot.north), depot.fleet.day(ahead))


async def bid(depot: Depot, slot: Slot, driver: Person, status: BidStatus = BidStatus.PENDING) -> uuid.UUID:
    closes = shift_start(slot.on, POLICY) - DAY
    what = {"assignment_id": slot.id, "user_id": driver.id, "status": status, "bid_at": depot.now - HOUR}
    return await depot.fleet.add(Bid, **what, window_closes_at=closes)


@dataclass(frozen=True)
class Deed:
    """What the audit log has of something that was done."""

    actor_id: uuid.UUID | None
    changes: dict[str, Any]


async def audit(depot: Depot, entity: uuid.UUID, action: str) -> list[Deed]:
    found = select(AuditLog).where(AuditLog.entity_id == entity, AuditLog.action == action)
    return [Deed(row.actor_id, row.changes or {}) for row in await depot.session.scalars(found)]


# -- what it comes to (R7.2)


async def test_r7_2_the_slot_is_his_by_the_manager(depot: Depot) -> None:
    dana, slot = await depot.driver("Dana"), await open_slot(depot)
    result = await assign(depot, slot, dana)
    arrive, confirm = local(slot.on, 9), depot.now + 12 * HOUR
    assert result == Assigned(slot.id, "Dana Test", False, confirm)
    row = await depot.row(slot.id)
    assert (row.status, row.user_id, row.assigned_by) == (AssignmentStatus.SCHEDULED, dana.id, AssignedBy.MANAGER)
    assert (row.assigned_at, row.confirmed_at) == (depot.now, None)
    [told] = await depot.told(dana)
    assert told.type is NotificationType.ASSIGNMENT_CONFIRMED
    assert told.title == "Can you drive R12, North?"
    assert told.body == "Thu 26 Nov, start 07:00. Mona Test has given it to you. Answer by Wed 25 Nov 19:20."
    [delivery] = await depot.session.scalars(select(Delivery).where(Delivery.kind == Kind.ASSIGNED))
    assert (delivery.about, delivery.level, delivery.expires_at) == (slot.id, Urgency.IMPORTANT, confirm)
    [entry] = await audit(depot, slot.id, "manual_assign")
    assert entry.actor_id == depot.mona.id and entry.changes["after"]["user_id"] == str(dana.id)
    metrics = await depot.session.get_one(DriverMetrics, dana.id)
    assert (metrics.total_assigned, metrics.confirmed_shifts, metrics.bid_pickups) == (1, 0, 0)
    assert arrive == local(slot.on, 9)


async def test_r7_2_the_window_is_resolved_and_the_others_have_lost(depot: Depot) -> None:
    dana, otto, una = [await depot.driver(name) for name in ("Dana", "Otto", "Una")]
    slot = await open_slot(depot, FAR)
    window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE)
    bids = {driver.id: await bid(depot, slot, driver) for driver in (otto, una)}
    assert isinstance(await assign(depot, slot, dana), Assigned)
    row = await depot.window(window)
    assert (row.status, row.winner_id) == (BidWindowStatus.RESOLVED, dana.id)
    for driver in (otto, una):
        lost = await depot.session.get_one(Bid, bids[driver.id], populate_existing=True)
        assert (lost.status, lost.resolved_at) == (BidStatus.LOST, depot.now) and lost.score is not None
        assert [each.type for each in await depot.told(driver)] == [NotificationType.BID_LOST]
    assert [each.type for each in await depot.told(dana)] == [NotificationType.ASSIGNMENT_CONFIRMED]
    [entry] = await audit(depot, window, "resolved")
    assert {each["driver_id"] for each in entry.changes["facts"]["bids"]} == {str(otto.id), str(una.id)}


async def test_r7_2_who_had_bid_has_won_and_is_confirmed_by_it(depot: Depot) -> None:
    dana, otto = await depot.driver("Dana"), await depot.driver("Otto", completion=1.0)
    slot = await open_slot(depot, FAR)
    await depot.fleet.window(slot, BidWindowMode.COMPETITIVE)
    own, other = await bid(depot, slot, dana), await bid(depot, slot, otto)
    result = await assign(depot, slot, dana)
    assert isinstance(result, Assigned) and result.confirmed
    row = await depot.row(slot.id)
    assert (row.confirmed_at, row.assigned_by) == (depot.now, AssignedBy.MANAGER)
    status = [(await depot.session.get_one(Bid, id_, populate_existing=True)).status for id_ in (own, other)]
    assert status == [BidStatus.WON, BidStatus.LOST]
    # One message each: no bid_won beside the assignment's.
    assert [each.type for each in await depot.told(dana)] == [NotificationType.ASSIGNMENT_CONFIRMED]
    [told] = await depot.told(dana)
    assert told.title == "R12, North is yours" and "Be there by" in told.body
    assert [each.type for each in await depot.told(otto)] == [NotificationType.BID_LOST]
    metrics = await depot.session.get_one(DriverMetrics, dana.id)
    assert (metrics.bid_pickups, metrics.confirmed_shifts) == (1, 1)  # R6.10


async def test_r6_3_being_given_a_shift_takes_back_not_today(depot: Depot) -> None:
    slot = await open_slot(depot)
    dana = await depot.driver("Dana", declined=[slot.on])
    assert isinstance(await assign(depot, slot, dana), Assigned)
    assert (await depot.session.scalars(select(DayDecline))).all() == []
    [deed] = await audit(depot, dana.id, "day_taken_back")
    assert (deed.actor_id, deed.changes["before"]) == (depot.mona.id, {"date": slot.on.isoformat()})


async def test_r11_3_his_other_offers_of_that_day_have_lost_their_point(depot: Depot) -> None:
    """Though none was open for the slot that he was given."""
    dana, otto, slot = await depot.driver("Dana"), await depot.driver("Otto"), await open_slot(depot)
    other = await depot.fleet.slot(await depot.fleet.route("R13", depot.north), slot.on)
    window = await depot.fleet.window(other, BidWindowMode.INSTANT, closes_at=shift_start(slot.on, POLICY))
    assert await next_wave(depot.session, depot.now) is not None
    sent = update(Delivery).where(Delivery.about == window, Delivery.user_id == dana.id)
    await depot.session.execute(sent.values(state=DeliveryState.SENT, redraw=False))
    await depot.fleet.window_card(depot.mona, window)
    assert isinstance(await assign(depot, slot, dana), Assigned)
    rows = await depot.session.scalars(select(Delivery).execution_options(populate_existing=True))
    found = {(row.user_id, row.kind): (row.state, row.redraw) for row in rows if row.about == window}
    assert found == {
        (dana.id, Kind.OFFER): (DeliveryState.SENT, True),
        (otto.id, Kind.OFFER): (DeliveryState.PENDING, False),
        (depot.mona.id, Kind.WINDOW): (DeliveryState.SENT, True),
    }


async def test_r6_7_an_offer_of_it_is_taken_from_then_on(depot: Depot) -> None:
    dana, otto = await depot.driver("Dana"), await depot.driver("Otto")
    slot = await open_slot(depot, 0)
    window = await depot.fleet.window(slot)
    assert isinstance(await assign(depot, slot, dana), Assigned)
    assert await accept(depot.session, otto, window, depot.now + SECOND) == Refused(Refusal.TAKEN)


# -- what is refused (R7.1)


@pytest.fixture
async def elsewhere(depot: Depot) -> tuple[Slot, Person]:
    """South, of which Mona is no manager, with a slot and a driver."""
    south = await depot.fleet.warehouse("South", await depot.fleet.manager("Max"))
    slot = await depot.fleet.slot(await depot.fleet.route("R40", south), depot.fleet.day(SOON))
    return slot, await depot.fleet.driver("Sid", home=south)


async def test_r7_1_what_is_not_in_his_warehouses_is_not_found(depot: Depot, elsewhere: tuple[Slot, Person]) -> None:
    there, sid = elsewhere
    dana, slot = await depot.driver("Dana"), await open_slot(depot)
    before = await contents(depot.session)
    for what in ((there, dana), (slot, sid), (slot, uuid.uuid4())):
        assert await assign(depot, *what) == Refused(Refusal.NOT_FOUND)
    unknown = Slot(uuid.uuid4(), slot.route, slot.warehouse, slot.on)
    assert await assign(depot, unknown, dana) == Refused(Refusal.NOT_FOUND)
    assert await assign(depot, slot, dana, by=dana) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


async def test_r7_1_who_has_worked_there_is_found_though_it_is_not_his_warehouse(
    depot: Depot, elsewhere: tuple[Slot, Person]
) -> None:
    _there, sid = elsewhere
    await depot.shift(sid, depot.fleet.day(-3), status=AssignmentStatus.COMPLETED, route="R1")
    assert isinstance(await assign(depot, await open_slot(depot), sid), Assigned)


async def test_r7_1_who_would_work_there_is_found(depot: Depot, elsewhere: tuple[Slot, Person]) -> None:
    ticks = await depot.fleet.driver("Tia", home=elsewhere[0].warehouse, ticked=[depot.north])
    assert isinstance(await assign(depot, await open_slot(depot), ticks), Assigned)


async def test_r7_1_given_says_to_whom_by_whom_and_since_when(depot: Depot) -> None:
    dana, otto = await depot.driver("Dana"), await depot.driver("Otto")
    max_, slot = await depot.fleet.manager("Max", depot.north), await open_slot(depot)
    assert isinstance(await assign(depot, slot, dana, by=max_), Assigned)
    before = await contents(depot.session)
    later = depot.now + 12 * SECOND
    for whom in (otto, dana):  # pressed twice it shows how it stands (R2.5)
        assert await assign(depot, slot, whom, at=later) == Given("Dana Test", depot.now, "Max Test", False)
    assert await contents(depot.session) == before


async def test_r7_1_given_says_so_where_the_driver_took_it_himself_or_the_roster_gave_it(depot: Depot) -> None:
    dana, otto = await depot.driver("Dana"), await depot.driver("Otto")
    slot = await open_slot(depot, 0)
    await accept(depot.session, dana, await depot.fleet.window(slot), depot.now)
    assert await assign(depot, slot, otto) == Given("Dana Test", depot.now, None, True)
    planned = await depot.shift(otto, depot.fleet.day(FAR), route="R2")
    at = depot.now - 9 * DAY
    assert await assign(depot, planned, dana) == Given("Otto Test", at, None, False)


async def test_r7_1_what_is_called_off_is_nobodys(depot: Depot) -> None:
    slot = await open_slot(depot)
    gone = update(Assignment).where(Assignment.id == slot.id).values(status=AssignmentStatus.CANCELLED)
    await depot.session.execute(gone)
    assert await assign(depot, slot, await depot.driver("Dana")) == Given()


GROUNDS: dict[Refusal, dict[str, Any]] = {  # in the order of the rule
    Refusal.NOT_EMPLOYED: {"employed": (date(2020, 1, 1), date(2025, 1, 1))},
    Refusal.FLAGGED: {"flagged": True},
    Refusal.OUT_OF_POOL: {"in_pool": False},
    Refusal.AWAY: {"off": (date(2026, 11, 20), date(2026, 12, 20))},
    Refusal.AT_CAP: {"cap": 0},
}


@pytest.mark.parametrize("why", GROUNDS)
async def test_r7_1_refused_with_each_ground(depot: Depot, why: Refusal) -> None:
    dana, slot = await depot.driver("Dana", **GROUNDS[why]), await open_slot(depot)
    before = await contents(depot.session)
    assert await assign(depot, slot, dana) == Refused(why)
    assert await contents(depot.session) == before
    if why is not Refusal.AT_CAP:  # only the cap can be overridden
        assert await assign(depot, slot, dana, reason="please") == Refused(why)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(GROUNDS, 2)))
async def test_r7_1_of_two_grounds_the_first_is_the_answer(depot: Depot, first: Refusal, second: Refusal) -> None:
    dana = await depot.driver("Dana", **GROUNDS[first] | GROUNDS[second])
    assert await assign(depot, await open_slot(depot), dana) == Refused(first)


async def test_r7_1_a_manager_is_no_driver(depot: Depot) -> None:
    assert await assign(depot, await open_slot(depot), depot.mona) == Refused(Refusal.NOT_A_DRIVER)


@pytest.mark.parametrize("status", [AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED])
async def test_r7_1_who_works_that_day_is_busy(depot: Depot, status: AssignmentStatus) -> None:
    dana, slot = await depot.driver("Dana", cap=1), await open_slot(depot, 0)
    await depot.shift(dana, slot.on, status=status, route="R1")
    assert await assign(depot, slot, dana) == Refused(Refusal.BUSY)


async def test_r7_1_driving_today_is_nothing_against_tomorrow(depot: Depot) -> None:
    dana = await depot.driver("Dana")
    await depot.shift(dana, depot.fleet.today, status=AssignmentStatus.ACTIVE, route="R1")
    assert isinstance(await assign(depot, await open_slot(depot), dana), Assigned)


async def test_r7_1_a_day_that_is_over_is_nobodys_any_more(depot: Depot) -> None:
    dana, slot = await depot.driver("Dana"), await open_slot(depot, 0)
    last = local(slot.on, 23, 59)
    assert await assign(depot, slot, dana, at=last) == Refused(Refusal.DAY_OVER)
    assert isinstance(await assign(depot, slot, dana, at=last - SECOND), Assigned)


async def test_r7_1_the_cap_is_overridden_with_a_reason_which_is_kept(depot: Depot) -> None:
    dana, slot = await depot.driver("Dana", cap=1), await open_slot(depot)
    await depot.shift(dana, depot.fleet.today, route="R1")
    for reason, why in (
        (None, Refusal.AT_CAP),
        ("", Refusal.NO_REASON),
        (" \n", Refusal.NO_REASON),
        ("x" * 501, Refusal.NOTES_TOO_LONG),
    ):
        assert await assign(depot, slot, dana, reason=reason) == Refused(why)
    assert isinstance(await assign(depot, slot, dana, reason="x" * 500), Assigned)
    [entry] = await audit(depot, dana.id, "cap_override")
    assert entry.actor_id == depot.mona.id
    kept = {"assignment_id": str(slot.id), "load": 1, "cap": 1, "reason": "x" * 500}
    assert entry.changes["after"] == kept
    [deed] = await audit(depot, slot.id, "manual_assign")
    assert (deed.changes["facts"]["load"], deed.changes["facts"]["cap"]) == (1, 1)


async def test_r7_1_below_the_cap_a_reason_is_not_asked_for(depot: Depot) -> None:
    dana = await depot.driver("Dana", cap=1)
    assert isinstance(await assign(depot, await open_slot(depot), dana, reason=" "), Assigned)
    assert await audit(depot, dana.id, "cap_override") == []


# -- what he answers (R4.4)


@dataclass
class Asked:
    """Dana was given tomorrow's R12, and has not answered yet."""

    depot: Depot
    dana: Person
    slot: Slot

    @property
    def confirm_by(self) -> datetime:
        return self.depot.now + 12 * HOUR

    async def declines(self, at: datetime | None = None, who: Person | None = None) -> Left | Refused:
        at = at or self.depot.now + MINUTE
        return await decline_shift(self.depot.session, who or self.dana, self.slot.id, SAY, POLICY, at)

    async def reopened(self, left: Any) -> tuple[Trigger, BidWindowMode]:
        assert isinstance(left, Left) and left.reopened is not None
        window = await self.depot.window(left.reopened.window_id)
        assert (await self.depot.row(left.reopened.assignment_id)).status is AssignmentStatus.UNFILLED
        return Trigger(window.trigger or ""), window.mode


@pytest.fixture
async def asked(depot: Depot) -> Asked:
    dana, slot = await depot.driver("Dana"), await open_slot(depot)
    assert isinstance(await assign(depot, slot, dana), Assigned)
    return Asked(depot, dana, slot)


async def test_r4_4_ok_confirms_it_until_its_confirm_by(asked: Asked) -> None:
    depot = asked.depot
    too_late = await confirm_shift(depot.session, asked.dana, asked.slot.id, POLICY, asked.confirm_by + SECOND)
    assert too_late == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    assert await confirm_shift(depot.session, asked.dana, asked.slot.id, POLICY, asked.confirm_by) == Confirm()
    assert await asked.declines() == Refused(Refusal.AGREED_ALREADY)


async def test_r4_4_agreed_by_phone_confirms_it_for_him(asked: Asked) -> None:
    depot, id_ = asked.depot, asked.slot.id
    assert await confirm_shift(depot.session, asked.dana, id_, POLICY, depot.now, by=depot.mona) == Confirm()
    [entry] = await audit(depot, id_, "confirmed")
    assert entry.actor_id == depot.mona.id and entry.changes["by_phone"]


async def test_r4_4_declining_is_no_incident(asked: Asked) -> None:
    depot = asked.depot
    left = await asked.declines()
    assert isinstance(left, Left) and (left.incident, left.told) == (None, 1)
    assert await asked.reopened(left) == (Trigger.CANCELLATION, BidWindowMode.INSTANT)
    assert await depot.incidents() == {} and await depot.counters(asked.dana) == {}
    row = await depot.row(asked.slot.id)
    assert (row.status, row.user_id) == (AssignmentStatus.CANCELLED, asked.dana.id)
    [told] = await depot.told(depot.mona, NotificationType.ROUTE_CANCELLED)
    assert (told.data or {})["reason"] == DECLINED
    [entry] = await audit(depot, asked.slot.id, "declined")
    assert entry.actor_id == asked.dana.id
    assert await asked.declines() == Refused(Refusal.SHIFT_GONE)  # pressed twice


async def test_r6_3_what_he_declined_is_not_offered_to_him_again(asked: Asked) -> None:
    left = await asked.declines()
    assert isinstance(left, Left) and left.reopened is not None
    again = await accept(asked.depot.session, asked.dana, left.reopened.window_id, asked.depot.now + 2 * MINUTE)
    assert again == Refused(Refusal.LEFT_THIS_SLOT)
    kept = (await asked.depot.session.scalars(select(Shift))).one()
    assert (kept.assignment_id, kept.cancel_reason) == (asked.slot.id, None)


async def test_r4_4_nobody_else_can_decline_it(asked: Asked) -> None:
    otto = await asked.depot.driver("Otto")
    before = await contents(asked.depot.session)
    for who in (otto, asked.depot.mona):
        assert await asked.declines(who=who) == Refused(Refusal.NOT_FOUND)
    assert await contents(asked.depot.session) == before


async def test_r4_4_cancelling_what_he_may_decline_is_no_incident_either(asked: Asked) -> None:
    """By CANT, or by a manager on the phone."""
    depot = asked.depot
    left = await cancel_shift(
        depot.session, asked.dana, asked.slot.id, CancelReason.OTHER, None, SAY, POLICY, depot.now + MINUTE
    )
    assert isinstance(left, Left) and left.incident is None
    assert await depot.incidents() == {}
    [_entry] = await audit(depot, asked.slot.id, "declined")


@pytest.mark.parametrize("reminded", [False, True])
async def test_r4_4_unanswered_is_no_incident_whatever_has_reached_him(asked: Asked, reminded: bool) -> None:
    depot = asked.depot
    if reminded:
        await depot.reminder(asked.dana, asked.slot, depot.now - DAY)
    assert await depot.drop(asked.confirm_by) is None
    left = await depot.dropped(asked.confirm_by + SECOND)
    assert left.incident is None
    assert await asked.reopened(left) == (Trigger.AUTO_DROP, BidWindowMode.INSTANT)
    assert await depot.incidents() == {} and await depot.counters(asked.dana) == {}
    [told] = await depot.told(depot.mona, NotificationType.ROUTE_CANCELLED)
    assert (told.data or {})["reason"] == UNANSWERED
    [his] = await depot.told(asked.dana, NotificationType.SHIFT_AUTO_DROPPED)
    assert (his.data or {})["blamed"] is False
    [_entry] = await audit(depot, asked.slot.id, "unanswered")


async def test_r4_4_who_did_not_answer_may_have_it_back(asked: Asked) -> None:
    depot = asked.depot
    await depot.dropped(asked.confirm_by + SECOND)
    back = await want_back(depot.session, asked.dana, asked.slot.id, SAY, POLICY, asked.confirm_by + MINUTE)
    assert isinstance(back, Restored)
    assert (await depot.row(back.assignment_id)).confirmed_at is not None


DEADLINE = POLICY.confirm_before


@pytest.mark.parametrize(("early_by", "declinable"), [(SECOND, False), (timedelta(), True), (-SECOND, True)], ids=str)
@pytest.mark.parametrize("on", [date(2026, 12, 9), date(2026, 11, 2), date(2027, 3, 15)], ids=str)
async def test_r4_4_only_what_was_given_after_the_deadline_can_be_declined(
    depot: Depot, on: date, early_by: timedelta, declinable: bool
) -> None:
    """To the second, and in the weeks with a clock change: 48 h are an exact duration (R1.4)."""
    at = shift_start(on, POLICY) - DEADLINE - early_by
    dana, route = await depot.driver("Dana"), await depot.fleet.route("R12", depot.north)
    slot = await depot.fleet.slot(route, on)
    assert isinstance(await assign(depot, slot, dana, at=at), Assigned)
    result = await decline_shift(depot.session, dana, slot.id, SAY, POLICY, at + SECOND)
    assert isinstance(result, Left) is declinable
    assert declinable or result == Refused(Refusal.NOT_DECLINABLE)


async def test_r4_3_given_in_good_time_it_is_confirmed_as_any_shift(depot: Depot) -> None:
    dana, slot = await depot.driver("Dana"), await open_slot(depot, FAR)
    await assign(depot, slot, dana)
    confirm_by = last_confirmation(slot.on, depot.now, local(slot.on, 9), POLICY)
    assert confirm_by == shift_start(slot.on, POLICY) - POLICY.confirm_before
    await depot.reminder(dana, slot, confirm_by - DAY)
    left = await depot.dropped(confirm_by + SECOND)
    assert left.incident is not None


async def test_r1_3a_given_after_the_start_half_an_hour_is_left_to_answer(depot: Depot) -> None:
    dana, slot = await depot.driver("Dana"), await open_slot(depot, 0)
    result = await assign(depot, slot, dana)  # at 7:20
    assert isinstance(result, Assigned) and result.confirm_by == depot.now + 30 * MINUTE
    left = await depot.dropped(result.confirm_by + SECOND)
    assert left.reopened is not None and left.reopened.mode is BidWindowMode.EMERGENCY


async def test_r1_3a_arriving_is_due_an_hour_and_a_half_after_it_was_given(depot: Depot) -> None:
    dana, slot = await depot.driver("Dana"), await open_slot(depot, 0)
    at = local(slot.on, 10)
    assert isinstance(await assign(depot, slot, dana, at=at), Assigned)
    await confirm_shift(depot.session, dana, slot.id, POLICY, at + MINUTE)
    assert await depot.miss(at + 90 * MINUTE - SECOND) is None
    assert (await depot.missed(at + 90 * MINUTE)).assignment_id == slot.id


# -- whom he can choose from (R7.3)


async def shown(depot: Depot, slot: Slot, page: int = 0, per_page: int = 20) -> Any:
    return await candidates(depot.session, depot.mona.id, slot.id, page, per_page, POLICY)


async def test_r7_3_candidates_are_ranked_by_score_and_the_others_have_a_reason(depot: Depot) -> None:
    slot = await open_slot(depot)
    made: dict[str, Callable[[], Awaitable[Person]]] = {
        "Best": lambda: depot.driver("Best", completion=1.0, attendance=1.0, completions={slot.route: 30}),
        "Good": lambda: depot.driver("Good", completion=0.9, attendance=1.0, prefers=[slot.route]),
        "Capped": lambda: depot.driver("Capped", completion=1.0, cap=0),
        "Flagged": lambda: depot.driver("Flagged", completion=0.5, flagged=True),
        "Stopped": lambda: depot.driver("Stopped", completion=0.4, in_pool=False),
        "Away": lambda: depot.driver("Away", completion=0.3, off=(slot.on, slot.on)),
        "Busy": lambda: depot.driver("Busy", completion=0.2),
        "New": lambda: depot.driver("New"),
    }
    people = {name: await make() for name, make in made.items()}
    await depot.shift(people["Busy"], slot.on, route="R1")
    await depot.shift(people["Good"], depot.fleet.today, route="R2")
    await depot.driver("Gone", employed=(date(2020, 1, 1), date(2025, 1, 1)))  # is not one of them any more
    await bid(depot, slot, people["New"])
    found = await shown(depot, slot)
    order = [(each.name.split()[0], each.refusal) for each in found.candidates]
    assert order == [
        ("Best", None),
        ("Good", None),
        ("New", None),
        ("Capped", Refusal.AT_CAP),
        ("Flagged", Refusal.FLAGGED),
        ("Stopped", Refusal.OUT_OF_POOL),
        ("Away", Refusal.AWAY),
        ("Busy", Refusal.BUSY),
    ]
    assert (found.free, found.pages, found.slot.bids) == (3, 1, 1)
    best, good, new = found.candidates[:3]
    assert (best.parts.completion, best.parts.familiarity, best.parts.preference) == (0.4, 0.3, 0.0)
    assert (good.standing.load, good.standing.cap, good.parts.preference) == (1, 4, 0.1)
    assert new.has_bid and not good.has_bid
    pages = [(await shown(depot, slot, page, 3)).candidates for page in range(3)]
    assert [each.name for page in pages for each in page] == [each.name for each in found.candidates]
    assert (await shown(depot, slot, 9, 3)).page == 0  # there are not so many


async def test_r7_3_equal_scores_are_ranked_as_bids_are(depot: Depot) -> None:
    slot = await open_slot(depot)
    busy, fresh, eager = [await depot.driver(name, completion=0.5) for name in ("Busy", "Fresh", "Eager")]
    await depot.shift(busy, depot.fleet.today, route="R1")
    await bid(depot, slot, eager)
    found = [each.standing.driver_id for each in (await shown(depot, slot)).candidates]
    assert found == [eager.id, fresh.id, busy.id]


async def test_r12_3_candidates_of_others_slots_are_not_shown(depot: Depot, elsewhere: tuple[Slot, Person]) -> None:
    there, sid = elsewhere
    assert await shown(depot, there) is None
    slot = await open_slot(depot)
    head = await slot_head(depot.session, depot.mona.id, slot.id, POLICY)
    assert head is not None
    assert await candidate(depot.session, depot.mona.id, head, sid.id, POLICY, depot.now) is None
    dana = await depot.driver("Dana")
    one = await candidate(depot.session, depot.mona.id, head, dana.id, POLICY, depot.now)
    assert one is not None and one == (await shown(depot, slot)).candidates[0]


async def test_r7_3_the_list_says_what_an_assignment_answers(depot: Depot) -> None:
    """Whoever is shown as free can be given it, whoever is not is refused so."""
    slot = await open_slot(depot)
    for number, (flagged, pool, off, busy, cap) in enumerate(itertools.product((False, True), repeat=5)):
        who = await depot.driver(
            f"D{number}",
            flagged=flagged,
            in_pool=not pool,
            off=(slot.on, slot.on) if off else None,
            cap=0 if cap else 4,
        )
        if busy:
            await depot.shift(who, slot.on, route=f"R{100 + number}")
    found = (await shown(depot, slot, per_page=40)).candidates
    assert len(found) == 32
    for each in found:
        async with depot.session.begin_nested() as only_here:
            result = await assign(depot, slot, each.standing.driver_id)
            assert result == Refused(each.refusal) if each.refusal else isinstance(result, Assigned)
            await only_here.rollback()


ORDER: dict[Refusal, dict[str, Any]] = {
    Refusal.NOT_A_DRIVER: {"is_driver": False},
    Refusal.NOT_EMPLOYED: {"employed": False},
    Refusal.FLAGGED: {"flagged": True},
    Refusal.OUT_OF_POOL: {"in_pool": False},
    Refusal.BUSY: {"busy": True},
    Refusal.AWAY: {"away": True},
    Refusal.AT_CAP: {"load": 1},
}


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(ORDER, 2)))
def test_r7_1_the_order_of_the_grounds(first: Refusal, second: Refusal) -> None:
    facts: dict[str, Any] = dict.fromkeys(Standing.__slots__, 0)
    facts |= {"is_driver": True, "employed": True, "in_pool": True, "cap": 1} | ORDER[first] | ORDER[second]
    assert refuse_assignment(Standing(**facts), None, POLICY) is first


def test_r7_1_what_is_no_ground_for_a_manager() -> None:
    """He may have given it up before, be driving today, or work elsewhere: the manager knows better."""
    facts: dict[str, Any] = dict.fromkeys(Standing.__slots__, 0)
    facts |= {"is_driver": True, "employed": True, "in_pool": True, "cap": 1, "left_this_slot": True, "on_shift": True}
    assert refuse_assignment(Standing(**facts), None, POLICY) is None


async def test_r13_whoever_assigns_is_a_manager_there_at_that_moment(depot: Depot) -> None:
    dana, slot = await depot.driver("Dana"), await open_slot(depot)
    await depot.session.execute(update(User).where(User.id == depot.mona.id).values(role="driver"))
    assert await assign(depot, slot, dana) == Refused(Refusal.NOT_FOUND)
    assert (await depot.session.scalars(select(BidWindow))).all() == []
