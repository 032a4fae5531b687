"""R8.6: whoever has confirmed and is not there when arrival is due. When, what it costs, and who has the route then."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select

from domain.bidding.rules import Award
from domain.db.models import Assignment, AuditLog, BidWindow, Incident, RouteCompletions, WindowAsk
from domain.db.models.words import (
    ActorType,
    AssignedBy,
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    Channel,
    IncidentKind,
    NotificationType,
    Trigger,
    Urgency,
)
from domain.notices.kinds import Kind
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive, complete_shift, load_parcels
from domain.shifts.rules import Arrive
from domain.shifts.rules_of_parcels import Complete, Load
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, accept, contents, next_wave

TODAY = date(2026, 11, 25)
NINE, ONE = local(TODAY, 9), local(TODAY, 13)


# -- when


@pytest.mark.parametrize(
    ("on", "due"),
    [
        (TODAY, NINE),
        (date(2026, 11, 1), datetime.fromisoformat("2026-11-01T14:00+00:00")),  # the clocks went back in the night
        (date(2027, 3, 14), datetime.fromisoformat("2027-03-14T13:00+00:00")),  # and forward
    ],
)
async def test_r8_6_at_exactly_arrive_by_and_not_before(depot: Depot, on: date, due: datetime) -> None:
    slot = await depot.shift(await depot.driver(), on, confirmed=True, assigned_at=due - 9 * DAY)
    before = await contents(depot.session)
    assert await depot.miss(due - SECOND) is None
    assert await contents(depot.session) == before
    left = await depot.missed(due)
    assert (left.assignment_id, left.incident) == (slot.id, IncidentKind.NO_SHOW)


async def test_r8_6_a_granted_extension_counts(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True, arrive_by=NINE + 45 * MINUTE)
    assert await depot.miss(NINE + 45 * MINUTE - SECOND) is None
    assert await depot.miss(NINE + 45 * MINUTE) is not None


async def test_r1_3a_who_was_awarded_it_late_has_ninety_minutes(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True, assigned_at=NINE - 40 * MINUTE)
    assert await depot.miss(NINE + 50 * MINUTE - SECOND) is None
    assert await depot.miss(NINE + 50 * MINUTE) is not None


@pytest.mark.parametrize("status", [AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED, AssignmentStatus.CANCELLED])
async def test_r8_6_whoever_has_arrived_or_left_is_no_no_show(depot: Depot, status: AssignmentStatus) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True, status=status)
    assert await depot.miss(NINE + HOUR) is None


async def test_r8_6_unconfirmed_shifts_and_open_slots_are_none(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY)
    await depot.fleet.slot(await depot.fleet.route("R13", depot.north))
    await depot.shift(await depot.driver("Ben"), TODAY + DAY, confirmed=True, route="R14")
    assert await depot.miss(NINE + HOUR) is None


# -- what it does


async def test_r8_6_incident_and_hard_stop(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, TODAY, confirmed=True)
    kept = await depot.shift(dana, TODAY + 3 * DAY, confirmed=True, route="R13")
    await depot.missed(NINE)
    [incident] = await depot.session.scalars(select(Incident))
    assert (incident.user_id, incident.assignment_id, incident.kind) == (dana.id, slot.id, IncidentKind.NO_SHOW)
    assert (incident.occurred_at, incident.excused_at) == (NINE, None)
    assert await depot.counters(dana) == {"total_shifts": 1, "no_shows": 1}
    assert not await depot.in_pool(dana), "one no-show (R10.2)"
    assert await depot.in_pool(ben)
    assert (await depot.row(kept.id)).status is AssignmentStatus.SCHEDULED, "shifts already held are kept"
    old = await depot.row(slot.id)
    assert (old.status, old.user_id) == (AssignmentStatus.CANCELLED, dana.id)
    assert old.confirmed_at is not None, "history keeps that he had confirmed (R2.2)"


async def test_r8_6_the_slot_is_an_emergency_with_bonus_until_13_and_others_are_asked(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, TODAY, confirmed=True)
    left = await depot.missed(NINE)
    assert left.reopened is not None and left.reopened.mode is BidWindowMode.EMERGENCY
    new, window = await depot.row(left.reopened.assignment_id), await depot.window(left.reopened.window_id)
    assert (new.status, new.user_id, new.route_id, new.on) == (AssignmentStatus.UNFILLED, None, slot.route, TODAY)
    assert (window.mode, window.trigger, window.status) == (
        BidWindowMode.EMERGENCY,
        Trigger.NO_SHOW,
        BidWindowStatus.OPEN,
    )
    assert (window.opens_at, window.closes_at, window.pay_bonus_percent) == (NINE, ONE, 20)
    sent = await next_wave(depot.session, NINE)
    assert sent is not None and (sent.window_id, sent.asked) == (window.id, 1)
    assert list(await depot.session.scalars(select(WindowAsk.user_id))) == [ben.id], "he missed this slot (R6.3)"
    refused = await accept(depot.session, dana, window.id, NINE + MINUTE)
    assert isinstance(refused, Refused)


async def test_r6_2_the_bonus_is_a_setting(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    left = await depot.missed(NINE, replace(POLICY, emergency_bonus_percent=35))
    assert left.reopened is not None
    assert (await depot.window(left.reopened.window_id)).pay_bonus_percent == 35


@pytest.mark.parametrize("late", [False, True])
async def test_r1_3_from_13_on_the_slot_is_over(depot: Depot, late: bool) -> None:
    """Be it that arrival was due only then, or that the duty ran late: the driver is blamed, nobody is asked."""
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True, assigned_at=None if late else ONE - 80 * MINUTE)
    at = ONE if late else ONE + 10 * MINUTE
    left = await depot.missed(at)
    assert (left.incident, left.reopened, left.told) == (IncidentKind.NO_SHOW, None, 1)
    assert list(await depot.session.scalars(select(BidWindow))) == []
    assert len(list(await depot.session.scalars(select(Assignment)))) == 1
    [hers] = await depot.told(depot.mona, NotificationType.DRIVER_NO_SHOW)
    assert hers.data is not None and (hers.data["about"], hers.data["asked"]) == (str(slot.id), False)
    assert "too far gone" in hers.body


async def test_r8_6_managers_and_driver_are_told_at_once(depot: Depot) -> None:
    omar, sue = await depot.fleet.manager("Omar", depot.north), await depot.fleet.manager("Sue")
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    left = await depot.missed(NINE)
    assert left.reopened is not None and left.told == 2
    for manager in (depot.mona, omar):
        [told] = await depot.told(manager, NotificationType.DRIVER_NO_SHOW)
        assert told.data is not None and told.data["about"] == str(left.reopened.window_id)
        assert "Dana Test" in told.title and "R12" in told.title
        assert told.data["phone"] == dana.phone
        assert await depot.levels(manager, Kind.NO_SHOW) == [(Channel.TELEGRAM, Urgency.URGENT)]
    assert await depot.told(sue) == []
    [his] = await depot.told(dana)
    assert his.type is NotificationType.WARNING
    assert his.data is not None and (his.data["about"], his.data["counts"]) == (str(slot.id), True)
    assert await depot.levels(dana, Kind.MISSED) == [(Channel.TELEGRAM, Urgency.URGENT)]


async def test_r11_2_who_has_no_telegram_is_warned_by_sms_at_once(depot: Depot) -> None:
    dana = await depot.driver(linked=False)
    await depot.shift(dana, TODAY, confirmed=True)
    await depot.missed(NINE)
    assert await depot.levels(dana, Kind.MISSED) == [(Channel.SMS, Urgency.URGENT)]


async def test_r13_every_change_is_audited_as_the_systems(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    await depot.missed(NINE)
    rows = list(await depot.session.scalars(select(AuditLog)))
    assert {(row.entity_type, row.action) for row in rows} == {
        ("assignment", "no_show"),
        ("incident", "created"),
        ("user", "hard_stop"),
        ("assignment", "reopened"),
        ("bid_window", "opened"),
    }
    assert {(row.actor_id, row.actor_type, row.created_at) for row in rows} == {(None, ActorType.SYSTEM, NINE)}


# -- blame follows the person (R2.2)


async def test_r2_2_a_is_a_no_show_b_rescues_at_0920_and_completes(depot: Depot) -> None:
    anna, ben = await depot.driver("Anna"), await depot.driver("Ben")
    slot = await depot.shift(anna, TODAY, confirmed=True)
    left = await depot.missed(NINE)
    assert left.reopened is not None
    route, window = left.reopened.assignment_id, left.reopened.window_id
    award = await accept(depot.session, ben, window, NINE + 20 * MINUTE)
    assert isinstance(award, Award) and award.arrive_by == NINE + 110 * MINUTE
    assert await depot.miss(NINE + 110 * MINUTE - SECOND) is None, "Ben has his own ninety minutes (R1.3a)"
    there = NINE + HOUR
    assert isinstance(await arrive(depot.session, ben, route, POLICY, there), Arrive)
    assert isinstance(await load_parcels(depot.session, ben, route, 120, POLICY, there), Load)
    assert isinstance(await complete_shift(depot.session, ben, route, 3, POLICY, there + 6 * HOUR), Complete)
    assert await depot.miss(there + 7 * HOUR) is None
    # Anna has the incident …
    assert await depot.incidents() == {anna.id: [IncidentKind.NO_SHOW]}
    assert await depot.counters(anna) == {"total_shifts": 1, "no_shows": 1}
    assert (await depot.in_pool(anna), await depot.in_pool(ben)) == (False, True)
    hers = await depot.row(slot.id)
    assert (hers.user_id, hers.status) == (anna.id, AssignmentStatus.CANCELLED)
    # … and Ben the pickup and the completed shift.
    assert await depot.counters(ben) == {
        "total_shifts": 1,
        "completed_shifts": 1,
        "confirmed_shifts": 1,
        "bid_pickups": 1,
    }
    his = await depot.row(route)
    assert (his.user_id, his.status, his.assigned_by) == (ben.id, AssignmentStatus.COMPLETED, AssignedBy.BID)
    done = list((await depot.session.execute(select(RouteCompletions.user_id, RouteCompletions.route_id))).tuples())
    assert done == [(ben.id, slot.route)]
    assert (await depot.window(window)).winner_id == ben.id


async def test_r2_2_who_rescues_and_does_not_come_either_is_a_no_show_himself(depot: Depot) -> None:
    anna, ben, cleo = [await depot.driver(name) for name in ("Anna", "Ben", "Cleo")]
    await depot.shift(anna, TODAY, confirmed=True)
    first = await depot.missed(NINE)
    assert first.reopened is not None
    assert isinstance(await accept(depot.session, ben, first.reopened.window_id, NINE + 20 * MINUTE), Award)
    second = await depot.missed(NINE + 110 * MINUTE)
    assert second.assignment_id == first.reopened.assignment_id and second.reopened is not None
    assert await depot.incidents() == {anna.id: [IncidentKind.NO_SHOW], ben.id: [IncidentKind.NO_SHOW]}
    for lost in (anna, ben):
        assert isinstance(await accept(depot.session, lost, second.reopened.window_id, NINE + 2 * HOUR), Refused)
    assert isinstance(await accept(depot.session, cleo, second.reopened.window_id, NINE + 2 * HOUR), Award)


async def test_r8_6_arriving_once_it_is_taken_away_is_refused(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, TODAY, confirmed=True)
    assert await arrive(depot.session, dana, slot.id, POLICY, NINE) == Refused(Refusal.ARRIVED_TOO_LATE)
    await depot.missed(NINE)
    assert await arrive(depot.session, dana, slot.id, POLICY, NINE) == Refused(Refusal.SHIFT_GONE)


# -- practice


async def test_r9_7_nobody_is_blamed_before_penalties_begin(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, TODAY, confirmed=True)
    left = await depot.missed(NINE, replace(POLICY, penalties_from=NINE + SECOND))
    assert left.reopened is not None, "the route needs somebody all the same"
    [incident] = await depot.session.scalars(select(Incident))
    assert (incident.kind, incident.excused_at, incident.excuse_reason) == (IncidentKind.NO_SHOW, NINE, "practice")
    assert await depot.counters(dana) == {}
    assert await depot.in_pool(dana)
    [his] = await depot.told(dana)
    assert his.data is not None and his.data["counts"] is False


async def test_r9_7_from_then_on_it_counts(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.shift(dana, TODAY, confirmed=True)
    await depot.missed(NINE, replace(POLICY, penalties_from=NINE))
    assert await depot.incidents() == {dana.id: [IncidentKind.NO_SHOW]}
    assert not await depot.in_pool(dana)


# -- again, late


async def test_r14_a_second_run_changes_nothing(depot: Depot) -> None:
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    await depot.missed(NINE)
    before = await contents(depot.session)
    for later in (NINE, NINE + HOUR, NINE + 5 * DAY):
        assert await depot.miss(later) is None
    assert await contents(depot.session) == before


async def test_r8_6_the_result_depends_on_the_clock_not_on_when_the_job_ran(depot: Depot) -> None:
    """He who was there in time is not missed by a late run; he who was not, is."""
    dana, ben = await depot.driver(), await depot.driver("Ben")
    there = await depot.shift(dana, TODAY, confirmed=True)
    absent = await depot.shift(ben, TODAY, confirmed=True, route="R13")
    assert isinstance(await arrive(depot.session, dana, there.id, POLICY, NINE - SECOND), Arrive)
    left = await depot.missed(NINE + 3 * HOUR)
    assert left.assignment_id == absent.id
    assert await depot.miss(NINE + 3 * HOUR) is None


async def test_r14_what_failed_just_now_is_passed_by(depot: Depot) -> None:
    slots = [
        await depot.shift(
            await depot.driver(f"D{n}"), TODAY, confirmed=True, route=f"R{n}", arrive_by=NINE + n * MINUTE
        )
        for n in range(2)
    ]
    left = await depot.miss(NINE + HOUR, pass_by=1)
    assert left is not None and left.assignment_id == slots[1].id
    assert (await depot.missed(NINE + HOUR)).assignment_id == slots[0].id
