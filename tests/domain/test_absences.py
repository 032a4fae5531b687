"""R12.7: ill until a day, and time off by a manager: the days, their shifts, what the ledger says, who is told."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.bidding.offers import offer, open_offers
from domain.bidding.rules import first_refusal
from domain.bidding.standing import SlotKey, standing_of
from domain.db.models import AuditLog, BidWindow, Incident, Shift, TimeOff, WindowAsk
from domain.db.models.words import (
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    IncidentKind,
    NotificationType,
    OffKind,
)
from domain.notices.kinds import Kind
from domain.people.drivers import days_off
from domain.people.queries import Person
from domain.people.rules import AlreadyOff
from domain.refusals import Refusal, Refused
from domain.shifts.absences import Away, Back, Plan, end_off, fall_ill, plan, send_off
from domain.shifts.leaving import cancel_shift
from tests.domain.depot import DAY, HOUR, MINUTE, Depot, depot, heartbeats, local
from tests.domain.world import POLICY, SAY, Slot, contents

__all__ = ["depot"]

EARLY, PROTECTED = IncidentKind.EARLY_CANCEL, IncidentKind.PROTECTED_ABSENCE
NOT_FOUND = Refused(Refusal.NOT_FOUND)


async def falls_ill(depot: Depot, dana: Person, first: int, last: int) -> Away | AlreadyOff | Refused:
    fleet = depot.fleet
    return await fall_ill(depot.session, dana, fleet.day(first), fleet.day(last), SAY, POLICY, depot.now)


async def sends(
    depot: Depot, dana: Person, kind: OffKind, first: int, last: int, by: Person | None = None
) -> Away | AlreadyOff | Refused:
    fleet, manager = depot.fleet, by or depot.mona
    days = fleet.day(first), fleet.day(last)
    return await send_off(depot.session, manager, dana.id, kind, *days, SAY, POLICY, depot.now)


async def incidents(depot: Depot) -> dict[uuid.UUID, IncidentKind]:
    return {row.assignment_id: row.kind for row in await depot.session.scalars(select(Incident))}


async def off(depot: Depot) -> list[tuple[date, date, str]]:
    rows = await depot.session.scalars(select(TimeOff).execution_options(populate_existing=True))
    return [(row.starts_on, row.ends_on, row.kind) for row in rows]


async def a_week(depot: Depot, dana: Person, *days: int, confirmed: bool = True) -> list[Slot]:
    return [await depot.shift(dana, depot.fleet.day(day), confirmed=confirmed, route=f"R{day}") for day in days]


# -- ill until …


async def test_r8_6a_who_falls_ill_while_no_shows_are_held_is_none(depot: Depot) -> None:
    """Our outage lay in her last hour: at five past nine she can still say that she won't come, and she is ill."""
    nine = local(depot.fleet.today, 9)
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True)
    of_dana = (depot.session, dana, depot.fleet.today, depot.fleet.today, SAY, POLICY, nine + 5 * MINUTE)
    before = await depot.session.begin_nested()
    away = await fall_ill(*of_dana)
    assert isinstance(away, Away) and away.left == (), "a no-show by the clock, whenever the duty gets to it"
    await before.rollback()
    await heartbeats(depot.session, nine - HOUR, nine - 20 * MINUTE, nine - 10 * MINUTE, nine + 5 * MINUTE)
    planned = await plan(depot.session, dana.id, OffKind.ILL, *of_dana[2:4], POLICY, nine + 5 * MINUTE)
    assert isinstance(planned, Plan) and [given.incident for given in planned.given] == [PROTECTED]
    away = await fall_ill(*of_dana)
    assert isinstance(away, Away) and [left.assignment_id for left in away.left] == [slot.id]
    assert await depot.miss(nine + HOUR) is None
    assert await incidents(depot) == {slot.id: PROTECTED}


async def test_r12_7_every_shift_of_the_range_goes_and_the_range_is_protected_once(depot: Depot) -> None:
    """It is Wednesday: tomorrow's and Friday's are late, the others early; next week's second shift stays."""
    dana = await depot.driver()
    thursday, friday, monday, after = await a_week(depot, dana, 1, 2, 5, 9)
    away = await falls_ill(depot, dana, 0, 7)
    assert isinstance(away, Away) and len(away.left) == 3
    assert await off(depot) == [(depot.fleet.day(0), depot.fleet.day(7), "ill")]
    assert await incidents(depot) == {thursday.id: PROTECTED, monday.id: EARLY}
    for slot in (thursday, friday, monday):
        assert (await depot.row(slot.id)).status is AssignmentStatus.CANCELLED
        [kept] = await depot.session.scalars(select(Shift).where(Shift.assignment_id == slot.id))
        assert (kept.cancelled_at, kept.cancel_reason) == (depot.now, CancelReason.MEDICAL_EMERGENCY)
    assert (await depot.row(after.id)).status is AssignmentStatus.SCHEDULED
    assert await depot.counters(dana) == {}, "no penalty of any kind"
    assert await depot.in_pool(dana)


async def test_r12_7_the_slots_open_again_and_their_managers_are_told(depot: Depot) -> None:
    dana = await depot.driver()
    await a_week(depot, dana, 1, 5)
    away = await falls_ill(depot, dana, 0, 7)
    assert isinstance(away, Away)
    told = await depot.told(depot.mona, NotificationType.ROUTE_CANCELLED)
    assert {row.data["reason"] for row in told if row.data} == {"medical_emergency"} and len(told) == 2
    for left in away.left:
        assert left.reopened is not None and left.told == 1
        window = await depot.window(left.reopened.window_id)
        assert (window.status, window.trigger) == (BidWindowStatus.OPEN, "cancellation")
        assert (await depot.row(left.reopened.assignment_id)).status is AssignmentStatus.UNFILLED


async def test_r12_7_who_is_away_is_not_asked_and_not_for_what_he_gave_back(depot: Depot) -> None:
    dana = await depot.driver()
    [slot] = await a_week(depot, dana, 1)
    away = await falls_ill(depot, dana, 0, 3)
    assert isinstance(away, Away) and away.left[0].reopened is not None

    async def refused(on: date) -> Refusal | None:
        key = SlotKey(uuid.uuid4(), slot.route, slot.warehouse, on, emergency=True)
        return first_refusal(await standing_of(depot.session, key, dana.id, POLICY))

    assert await refused(depot.fleet.day(3)) is Refusal.AWAY
    assert await refused(depot.fleet.day(4)) is None
    assert isinstance(await end_off(depot.session, dana, away.off_id, SAY, POLICY, depot.now), Back)
    assert await refused(slot.on) is Refusal.LEFT_THIS_SLOT


async def test_r11_3_offers_of_these_days_are_over_for_him_until_he_is_back(depot: Depot) -> None:
    dana = await depot.driver()
    windows = {}
    for day in (2, 6):
        slot = await depot.fleet.slot(await depot.fleet.route(f"O{day}", depot.north), depot.fleet.day(day))
        windows[day] = await depot.fleet.window(slot, BidWindowMode.INSTANT)
        asked = {"window_id": windows[day], "user_id": dana.id, "asked_at": depot.now, "on": slot.on}
        await depot.fleet.put(WindowAsk, asked)

    async def offered() -> set[uuid.UUID]:
        return {each.window_id for each in await open_offers(depot.session, dana.id, POLICY, depot.now)}

    assert await offered() == set(windows.values())
    away = await falls_ill(depot, dana, 0, 4)
    assert isinstance(away, Away)
    assert await offered() == {windows[6]}
    shown = await offer(depot.session, dana.id, windows[2], POLICY, depot.now)
    assert shown is not None and not shown.open
    assert isinstance(await end_off(depot.session, dana, away.off_id, SAY, POLICY, depot.now), Back)
    assert await offered() == set(windows.values())


async def test_r12_7_what_has_begun_stays(depot: Depot) -> None:
    dana = await depot.driver()
    [today] = await a_week(depot, dana, 0)
    row = await depot.row(today.id)
    row.status = AssignmentStatus.ACTIVE
    await depot.session.flush()
    away = await falls_ill(depot, dana, 0, 0)
    assert isinstance(away, Away) and away.left == ()
    assert (await depot.row(today.id)).status is AssignmentStatus.ACTIVE


async def test_r8_6_a_no_show_by_the_clock_is_no_illness(depot: Depot) -> None:
    """At nine it is too late to say so: the duty decides."""
    dana = await depot.driver()
    [today] = await a_week(depot, dana, 0)
    nine = local(depot.fleet.today, 9)
    away = await fall_ill(depot.session, dana, depot.fleet.today, depot.fleet.day(2), SAY, POLICY, nine)
    assert isinstance(away, Away) and away.left == ()
    assert (await depot.row(today.id)).status is AssignmentStatus.SCHEDULED
    left = await depot.missed(nine)
    assert left.incident is IncidentKind.NO_SHOW


async def test_r5_2_before_arrival_is_due_today_goes_as_an_emergency(depot: Depot) -> None:
    dana = await depot.driver()
    [today] = await a_week(depot, dana, 0)
    away = await falls_ill(depot, dana, 0, 0)
    assert isinstance(away, Away) and away.left[0].reopened is not None
    assert away.left[0].reopened.mode == "emergency"
    assert await incidents(depot) == {today.id: PROTECTED}


async def test_r12_7_an_illness_that_goes_on_is_one_and_is_looked_at_once(depot: Depot) -> None:
    dana = await depot.driver()
    thursday, friday = await a_week(depot, dana, 1, 2)
    assert isinstance(await falls_ill(depot, dana, 0, 1), Away)
    assert await incidents(depot) == {thursday.id: PROTECTED}
    assert isinstance(await falls_ill(depot, dana, 0, 4), Away)
    assert await off(depot) == [(depot.fleet.day(0), depot.fleet.day(4), "ill")]
    assert await incidents(depot) == {thursday.id: PROTECTED}, "Friday's was late, too"
    assert (await depot.row(friday.id)).status is AssignmentStatus.CANCELLED


async def test_r5_3_a_shift_cancelled_for_illness_just_before_stands_for_the_range(depot: Depot) -> None:
    """[Just this shift], and then it was worse than that."""
    dana = await depot.driver()
    thursday, _friday = await a_week(depot, dana, 1, 2)
    ill = CancelReason.MEDICAL_EMERGENCY
    await cancel_shift(depot.session, dana, thursday.id, ill, None, SAY, POLICY, depot.now)
    assert isinstance(await falls_ill(depot, dana, 0, 4), Away)
    assert await incidents(depot) == {thursday.id: PROTECTED}


async def test_r5_3_another_protected_reason_does_not(depot: Depot) -> None:
    dana = await depot.driver()
    thursday, friday = await a_week(depot, dana, 1, 2)
    broken = CancelReason.VEHICLE_BREAKDOWN
    await cancel_shift(depot.session, dana, thursday.id, broken, None, SAY, POLICY, depot.now)
    assert isinstance(await falls_ill(depot, dana, 0, 4), Away)
    assert await incidents(depot) == {thursday.id: PROTECTED, friday.id: PROTECTED}


async def test_r2_5_saying_it_twice_has_one_effect_and_refusals_write_nothing(depot: Depot) -> None:
    dana = await depot.driver()
    await a_week(depot, dana, 1)
    assert isinstance(await falls_ill(depot, dana, 0, 3), Away)
    before = await contents(depot.session)
    assert isinstance(await falls_ill(depot, dana, 0, 3), AlreadyOff)
    for first, last, why in (
        (3, 1, Refusal.RANGE_REVERSED),
        (-3, -1, Refusal.RANGE_PAST),
        (10, 70, Refusal.RANGE_TOO_LONG),
    ):
        assert await falls_ill(depot, dana, first, last) == Refused(why)
    manager = replace(depot.mona)
    assert await falls_ill(depot, manager, 0, 3) == Refused(Refusal.NOT_A_DRIVER)
    assert await contents(depot.session) == before


async def test_r5_1_the_preview_is_what_happens(depot: Depot) -> None:
    dana = await depot.driver()
    await a_week(depot, dana, 0, 1, 2, 5)
    given = depot.session, dana.id, OffKind.ILL, depot.fleet.day(0), depot.fleet.day(7), POLICY, depot.now
    before = await contents(depot.session)
    shown = await plan(*given)
    assert await contents(depot.session) == before
    away = await falls_ill(depot, dana, 0, 7)
    assert isinstance(shown, Plan) and isinstance(away, Away)
    assert [(each.shift.assignment_id, each.incident) for each in shown.given] == [
        (left.assignment_id, left.incident) for left in away.left
    ]
    assert isinstance(await plan(*given), AlreadyOff)


async def test_r13_who_said_so_is_in_the_audit_log(depot: Depot) -> None:
    dana = await depot.driver()
    await falls_ill(depot, dana, 0, 3)
    await sends(depot, dana, OffKind.VACATION, 10, 12)
    rows = await depot.session.scalars(select(AuditLog).where(AuditLog.action == "time_off"))
    found = {row.actor_id: row.changes for row in rows if row.changes}
    assert found[dana.id]["after"]["kind"] == "ill" and "by_phone" not in found[dana.id]
    assert found[depot.mona.id]["after"]["kind"] == "vacation" and found[depot.mona.id]["by_phone"] is True


# -- by a manager


async def test_r12_7_a_vacation_is_nobodys_fault(depot: Depot) -> None:
    dana = await depot.driver()
    thursday, monday = await a_week(depot, dana, 1, 5)
    away = await sends(depot, dana, OffKind.VACATION, 0, 7)
    assert isinstance(away, Away) and {left.incident for left in away.left} == {None}
    assert await incidents(depot) == {}
    assert (await depot.session.scalars(select(Shift))).all() == [], "nobody has cancelled"
    for slot in (thursday, monday):
        assert (await depot.row(slot.id)).status is AssignmentStatus.CANCELLED
    triggers = set(await depot.session.scalars(select(BidWindow.trigger)))
    assert triggers == {"manager"}
    [told] = await depot.told(dana)
    assert told.type is NotificationType.MANUAL and told.data is not None
    assert (told.data["kind"], told.data["shifts"], told.data["by"]) == (Kind.TIME_OFF, 2, "Mona Test")
    assert {row.data["reason"] for row in await depot.told(depot.mona) if row.data} == {"time_off"}


async def test_r8_9_ill_by_phone_is_as_if_he_had_said_so(depot: Depot) -> None:
    dana = await depot.driver()
    thursday, friday = await a_week(depot, dana, 1, 2)
    assert isinstance(await sends(depot, dana, OffKind.ILL, 0, 4), Away)
    assert await incidents(depot) == {thursday.id: PROTECTED}
    rows = await depot.session.scalars(select(AuditLog).where(AuditLog.action == "cancelled"))
    assert {(row.actor_id, row.changes["by_phone"]) for row in rows if row.changes} == {(depot.mona.id, True)}
    assert (await depot.row(friday.id)).status is AssignmentStatus.CANCELLED


async def test_r12_3_only_a_manager_of_his_home(depot: Depot) -> None:
    fleet = depot.fleet
    dana = await depot.driver()
    sue = await fleet.manager("Sue")
    south = await fleet.warehouse("South", sue)
    await fleet.shift(await fleet.route("R9", south), dana, fleet.day(3))  # she sees him, but he is not her man
    given = await sends(depot, dana, OffKind.VACATION, 8, 9)
    assert isinstance(given, Away)
    before = await contents(depot.session)
    assert await sends(depot, dana, OffKind.VACATION, 2, 4, by=sue) == NOT_FOUND
    assert await sends(depot, sue, OffKind.VACATION, 2, 4) == NOT_FOUND
    assert await sends(depot, dana, OffKind.VACATION, 2, 4, by=dana) == NOT_FOUND
    for somebody in (sue, await fleet.driver("Ben")):
        before = await contents(depot.session)
        assert await end_off(depot.session, somebody, given.off_id, SAY, POLICY, depot.now) == NOT_FOUND
    unknown = await end_off(depot.session, depot.mona, uuid.uuid4(), SAY, POLICY, depot.now)
    assert unknown == Refused(Refusal.NOT_OFF)
    assert await contents(depot.session) == before


async def test_r12_7_back_early(depot: Depot) -> None:
    dana = await depot.driver(off=(depot.fleet.day(-4), depot.fleet.day(4)))
    [thursday] = await a_week(depot, dana, 1)
    [known] = await days_off(depot.session, dana.id, depot.fleet.today)
    not_his = await end_off(depot.session, dana, known.id, SAY, POLICY, depot.now)
    assert not_his == NOT_FOUND, "what his manager has entered, his manager ends"
    assert await end_off(depot.session, depot.mona, known.id, SAY, POLICY, depot.now) == Back(dana.id, known)
    assert await off(depot) == [(depot.fleet.day(-4), depot.fleet.day(-1), "vacation")]
    [told] = [row for row in await depot.told(dana) if row.data and row.data["kind"] == Kind.TIME_OFF_ENDED]
    assert told.data is not None and told.data["by"] == "Mona Test"
    assert thursday is not None
    again = await end_off(depot.session, depot.mona, known.id, SAY, POLICY, depot.now + HOUR)
    assert again == Refused(Refusal.NOT_OFF)


async def test_r12_7_what_had_not_begun_is_struck_out_and_shifts_do_not_come_back(depot: Depot) -> None:
    dana = await depot.driver()
    [monday] = await a_week(depot, dana, 5)
    away = await sends(depot, dana, OffKind.VACATION, 3, 9)
    assert isinstance(away, Away)
    assert isinstance(await end_off(depot.session, depot.mona, away.off_id, SAY, POLICY, depot.now), Back)
    assert await off(depot) == []
    assert (await depot.row(monday.id)).status is AssignmentStatus.CANCELLED


async def test_r9_7_before_penalties_begin_an_illness_is_practice(depot: Depot) -> None:
    dana = await depot.driver()
    await a_week(depot, dana, 1)
    policy = replace(POLICY, penalties_from=depot.now + 9 * DAY)
    day = depot.fleet.day
    away = await fall_ill(depot.session, dana, day(0), day(3), SAY, policy, depot.now + timedelta(seconds=1))
    assert isinstance(away, Away)
    assert await depot.incidents() == {}, "excused"


@pytest.mark.parametrize("first", [0, 1])
async def test_r12_7_days_that_overlap_time_off(depot: Depot, first: int) -> None:
    dana = await depot.driver(off=(depot.fleet.day(3), depot.fleet.day(6)))
    assert await falls_ill(depot, dana, first, 4) == Refused(Refusal.OFF_ALREADY)
    assert isinstance(await falls_ill(depot, dana, 4, 5), AlreadyOff)
    assert isinstance(await falls_ill(depot, dana, first, 2), Away)
