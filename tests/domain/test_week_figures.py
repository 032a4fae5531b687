"""R12.5: each figure of a week, held by a week made by hand; what of it is told on Monday (R14)."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.bidding.bids import place_bid, withdraw_bid
from domain.coverage.assigning import Assigned, assign_driver
from domain.coverage.opening import Opened
from domain.db.models import Assignment, BidWindow, ContactSettings, Delivery, Incident, Notification, SmsAttempt
from domain.db.models.words import (
    AssignmentStatus,
    BidWindowMode,
    CancelReason,
    Channel,
    DeliveryState,
    IncidentKind,
    OffKind,
)
from domain.health.excusing import excuse_incident
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.places.moving import Moved, move_route
from domain.policy import TORONTO
from domain.reporting.queries import Figures, Filled, Left, Way, figures, last_week, report
from domain.reporting.telling import tell_week
from domain.schedule.closing import Closed, RunsAgain, close_day, run_after_all
from domain.shifts import ledger, restoring
from domain.shifts.absences import send_off
from domain.shifts.handing_back import hand_back
from domain.shifts.leaving import Left as LeftShift
from domain.shifts.leaving import cancel_shift, drop_due_shift
from tests.domain.depot import DAY, HOUR, MINUTE, Depot, statements
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, close_due, open_emergency

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)  # it is Wednesday
LATER = datetime(2026, 11, 30, 9, tzinfo=TORONTO)  # the Monday after


async def week(depot: Depot, of: date = MONDAY) -> Figures:
    """Of North alone."""
    found = await figures(depot.session, [depot.north], of, POLICY, depot.now)
    assert set(found) == {depot.north, None}
    assert replace(found[None], warehouse="North") == found[depot.north], "of one warehouse all is its own"
    return found[depot.north]


async def becomes(depot: Depot, slot: uuid.UUID, **values: Any) -> None:
    await depot.session.execute(update(Assignment).where(Assignment.id == slot).values(**values))


async def open_slot(depot: Depot, on: date, route: str = "R1", warehouse: uuid.UUID | None = None) -> Slot:
    return await depot.fleet.slot(await depot.fleet.route(route, warehouse or depot.north), on)


DRIVEN = AssignmentStatus.COMPLETED


# -- what was to be driven, and was


async def test_a_slot_is_driven_once_its_driver_was_there(depot: Depot) -> None:
    for on, status in ((MONDAY, DRIVEN), (SUNDAY, DRIVEN), (MONDAY, AssignmentStatus.ACTIVE)):
        await depot.shift(await depot.driver(), on, status=status)
    await depot.shift(await depot.driver(), SUNDAY, confirmed=True)
    await open_slot(depot, SUNDAY)
    for outside in (MONDAY - DAY, SUNDAY + DAY):  # the weeks before and after
        await depot.shift(await depot.driver(), outside, status=DRIVEN)
    found = await week(depot)
    assert (found.slots, found.driven, found.closed) == (5, 3, 0)
    assert [(await week(depot, of)).driven for of in (MONDAY - 7 * DAY, MONDAY + 7 * DAY)] == [1, 1]


async def test_r2_2_a_slot_that_was_reopened_is_one(depot: Depot) -> None:
    dana, eve = await depot.driver("Dana"), await depot.driver("Eve")
    slot = await depot.shift(dana, depot.fleet.day(3), confirmed=True)
    given = depot.session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY
    left = await cancel_shift(*given, depot.now)
    assert isinstance(left, LeftShift) and left.reopened is not None
    found = await week(depot)
    assert (found.slots, found.driven) == (1, 0)
    new = left.reopened.assignment_id
    assert isinstance(
        await assign_driver(depot.session, depot.mona, new, eve.id, None, SAY, POLICY, depot.now), Assigned
    )
    await becomes(depot, new, status=DRIVEN)
    found = await week(depot)
    assert (found.slots, found.driven) == (1, 1)


async def test_r2_2_a_slot_that_was_over_when_it_was_lost_was_to_be_driven_all_the_same(depot: Depot) -> None:
    dana = await depot.driver()
    await depot.fleet.lost_by(dana, await depot.fleet.route("R1", depot.north), MONDAY, IncidentKind.NO_SHOW)
    found = await week(depot)
    assert (found.slots, found.driven, found.closed, found.no_shows) == (1, 0, 0, 1)


async def test_r2_0_a_closed_day_was_not_to_be_driven_unless_it_was_put_back(depot: Depot) -> None:
    fleet, session = depot.fleet, depot.session
    on = fleet.day(3)
    route = await fleet.route("R1", depot.north)
    await fleet.shift(route, await depot.driver(), on)
    await open_slot(depot, on, "R2")
    await open_slot(depot, fleet.day(4), "R3")
    assert isinstance(await close_day(session, depot.mona, depot.north, on, "snow", SAY, POLICY, depot.now), Closed)
    found = await week(depot)
    assert (found.slots, found.closed) == (1, 2)
    later = depot.now + HOUR
    back = await run_after_all(session, depot.mona, depot.north, on, POLICY, later)
    assert isinstance(back, RunsAgain)
    found = await week(depot)
    assert back.slots == 3, "R3 runs every day, too"
    assert (found.slots, found.closed) == (4, 0)
    # Put back, it was lost again for good: it was to be driven.
    new = select(Assignment).where(Assignment.route_id == route, Assignment.status == AssignmentStatus.UNFILLED)
    row = (await session.scalars(new)).one()
    await becomes(depot, row.id, status=AssignmentStatus.CANCELLED, created_at=later + HOUR)
    found = await week(depot)
    assert (found.slots, found.closed) == (4, 0)


async def test_a_slot_counts_where_it_is_once_its_route_has_moved(depot: Depot) -> None:
    dana, on = await depot.driver("Dana"), depot.fleet.day(3)
    south = await depot.fleet.warehouse("South", depot.mona)
    slot = await depot.shift(dana, on, confirmed=True)
    left = await cancel_shift(depot.session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY, depot.now)
    assert isinstance(left, LeftShift) and left.reopened is not None
    route = (await depot.row(slot.id)).route_id
    moved = await move_route(depot.session, depot.mona, route, south, SAY, POLICY, depot.now)
    assert isinstance(moved, Moved)
    days = set(await depot.session.scalars(select(Assignment.on).where(Assignment.route_id == route)))
    there = len({day for day in days if day <= SUNDAY})  # it has shifts on the other days now, too
    found = await figures(depot.session, [depot.north, south], MONDAY, POLICY, depot.now)
    assert {each.warehouse: each.slots for each in found.values()} == {"North": 0, "South": there, None: there}
    assert (found[depot.north].left, found[south].left) == ((Left("other", 1),), ()), "he gave up what was North's"
    assert (await week(depot)).slots == 0, "nor where South is not looked at"
    await becomes(depot, left.reopened.assignment_id, status=DRIVEN)
    found = await figures(depot.session, [depot.north, south], MONDAY, POLICY, depot.now)
    assert {each.warehouse: each.driven for each in found.values()} == {"North": 0, "South": 1, None: 1}


# -- what went wrong


async def incident(depot: Depot, kind: IncidentKind, practice: bool = False) -> uuid.UUID:
    """On Monday; returns its id."""
    dana = await depot.driver()
    slot = await depot.fleet.lost_by(dana, await depot.fleet.route("R1", depot.north), MONDAY, None)
    policy = replace(POLICY, penalties_from=LATER) if practice else POLICY
    await ledger.enter(depot.session, dana.id, slot.id, kind, None, SAY, policy, depot.now)
    found = await depot.session.scalar(select(Incident.id).where(Incident.assignment_id == slot.id))
    assert found is not None
    return found


async def test_r9_7_practice_happened_and_what_is_excused_is_told_apart(depot: Depot) -> None:
    for kind in (IncidentKind.NO_SHOW, IncidentKind.LATE_CANCEL):
        await incident(depot, kind)
        await incident(depot, kind, practice=True)
    excused = [await incident(depot, kind) for kind in (IncidentKind.NO_SHOW, IncidentKind.LATE_CANCEL)]
    found = await week(depot)
    assert (found.no_shows, found.late, found.excused) == (3, 3, 0)
    for each in excused:
        await excuse_incident(depot.session, depot.mona, each, "the road was closed", SAY, POLICY, depot.now)
    found = await week(depot)
    assert (found.no_shows, found.late, found.excused) == (2, 2, 2)


@pytest.mark.parametrize("kind", [IncidentKind.EARLY_CANCEL, IncidentKind.PROTECTED_ABSENCE, IncidentKind.AUTO_DROP,
                                  IncidentKind.REMOVED_BY_MANAGER])  # fmt: skip
async def test_what_is_no_no_show_and_no_late_cancellation_is_none(depot: Depot, kind: IncidentKind) -> None:
    await incident(depot, kind)
    found = await week(depot)
    assert (found.no_shows, found.late, found.excused) == (0, 0, 0)


async def test_r5_given_up_by_reason_the_most_frequent_first(depot: Depot) -> None:
    reasons = [CancelReason.WEATHER_CONDITIONS] * 2 + [CancelReason.VEHICLE_BREAKDOWN, CancelReason.OTHER]
    for why in reasons:
        dana = await depot.driver()
        slot = await depot.shift(dana, depot.fleet.day(3), confirmed=True)
        await cancel_shift(depot.session, dana, slot.id, why, None, SAY, POLICY, depot.now)
    away = await depot.driver("Away")
    await depot.shift(away, depot.fleet.day(4), confirmed=True)
    on = depot.fleet.day(4)
    given = depot.session, depot.mona, away.id, OffKind.VACATION, on, on, SAY, POLICY, depot.now
    await send_off(*given)
    dropped = await depot.driver("Forgets")
    await depot.shift(dropped, depot.fleet.day(2))
    assert await drop_due_shift(depot.session, SAY, POLICY, depot.now + HOUR) is not None
    found = await week(depot)
    assert found.left == (
        Left("weather_conditions", 2),
        Left("other", 1),
        Left("time_off", 1),
        Left("vehicle_breakdown", 1),
    )
    assert found.dropped == 1
    assert (await week(depot, MONDAY + 7 * DAY)).left == ()


# -- how it was filled


async def emergency(
    depot: Depot, took: timedelta, bonus: int = 20, route: str = "R1"
) -> tuple[Slot, Person, uuid.UUID]:
    """Opened now, and accepted after so long."""
    slot = await open_slot(depot, depot.fleet.today, route)
    opened = await open_emergency(depot.session, depot.mona, slot, depot.now, bonus=bonus)
    assert isinstance(opened, Opened)
    driver = await depot.driver()
    await accept(depot.session, driver, opened.window_id, depot.now + took)
    return slot, driver, opened.window_id


async def test_half_of_the_emergencies_were_filled_within_their_median(depot: Depot) -> None:
    for minutes in (4, 31, 10):
        await emergency(depot, minutes * MINUTE)
    assert (await week(depot)).filled == (Filled(Way.EMERGENCY, 3, 10 * MINUTE),)
    await emergency(depot, 12 * MINUTE)
    assert (await week(depot)).filled == (Filled(Way.EMERGENCY, 4, 11 * MINUTE),)


async def test_r6_6_what_was_first_open_for_bids_is_timed_since_it_was_offered_anew(depot: Depot) -> None:
    slot = await open_slot(depot, depot.fleet.day(3))
    closes = depot.now + 5 * HOUR
    window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=closes)
    await close_due(depot.session, closes)  # nobody has bid: to the first who accepts
    assert (await depot.window(window)).mode is BidWindowMode.INSTANT
    await accept(depot.session, await depot.driver(), window, closes + 20 * MINUTE)
    found = await week(depot)
    assert found.filled == (Filled(Way.INSTANT, 1, 20 * MINUTE),)
    assert (found.windows, found.bids) == (1, 0), "it was open for bids, and nobody bid"


async def test_r7_by_hand_is_a_way_of_its_own(depot: Depot) -> None:
    slot = await open_slot(depot, depot.fleet.day(3))
    await depot.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=depot.now + 5 * HOUR)
    dana = await depot.driver()
    at = depot.now + 2 * HOUR
    assert isinstance(await assign_driver(depot.session, depot.mona, slot.id, dana.id, None, SAY, POLICY, at), Assigned)
    never_offered = await open_slot(depot, depot.fleet.day(4), "R2")
    await assign_driver(depot.session, depot.mona, never_offered.id, dana.id, None, SAY, POLICY, at)
    await becomes(depot, slot.id, status=DRIVEN)
    found = await week(depot)
    assert found.filled == (Filled(Way.BY_HAND, 1, 2 * HOUR),)
    assert found.bonus_shifts == 0, "nobody was promised one"


async def test_r4_3_who_got_back_what_was_his_has_filled_nothing(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.day(2))
    left = await drop_due_shift(depot.session, SAY, POLICY, depot.now + HOUR)
    assert left is not None and left.reopened is not None
    got = await restoring.want_back(depot.session, dana, slot.id, SAY, POLICY, depot.now + 90 * MINUTE)
    assert (await depot.window(left.reopened.window_id)).winner_id == dana.id, got
    found = await week(depot)
    assert (found.filled, found.dropped, found.slots) == ((), 1, 1)


async def test_r8_6_who_was_there_after_all_has_filled_nothing_and_missed_nothing(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True)
    nine = depot.now + 100 * MINUTE
    left = await depot.miss(nine)
    assert left is not None and left.reopened is not None
    found = await week(depot)
    assert (found.no_shows, found.driven) == (1, 0)
    back = await restoring.restore(depot.session, depot.mona, dana, slot.id, SAY, POLICY, nine + 5 * MINUTE)
    assert isinstance(back, restoring.Restored)
    found = await week(depot)
    assert (found.filled, found.no_shows, found.excused, found.driven, found.slots) == ((), 0, 1, 1, 1)


async def test_r6_4_handed_back_was_filled_and_was_not_given_up(depot: Depot) -> None:
    slot = await open_slot(depot, depot.fleet.day(3))
    closes = depot.now + 47 * HOUR + 40 * MINUTE  # 24 h before it starts
    window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=closes)
    ann, ben = await depot.driver("Ann"), await depot.driver("Ben")
    for driver in (ann, ben):
        await place_bid(depot.session, driver, window, POLICY, depot.now)
    await close_due(depot.session, closes)
    winner = (await depot.row(slot.id)).user_id
    driver = ann if winner == ann.id else ben
    back = await hand_back(depot.session, driver, slot.id, SAY, POLICY, closes + 30 * MINUTE)
    assert isinstance(back, LeftShift)
    found = await week(depot)
    assert found.filled == (Filled(Way.COMPETITIVE, 1, closes - depot.now),)
    assert (found.left, found.windows, found.bids) == ((), 1, 2)


async def test_bids_are_those_that_were_placed_and_not_withdrawn_and_no_acceptances(depot: Depot) -> None:
    windows: list[uuid.UUID] = []
    for ahead, bidders in ((3, 3), (4, 0), (4, 1)):
        slot = await open_slot(depot, depot.fleet.day(ahead), f"R{len(windows)}")
        window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=depot.now + 9 * HOUR)
        for _ in range(bidders):
            await place_bid(depot.session, await depot.driver(), window, POLICY, depot.now)
        windows.append(window)
    quitter = await depot.driver("Quits")
    await place_bid(depot.session, quitter, windows[1], POLICY, depot.now)
    await withdraw_bid(depot.session, quitter, windows[1], depot.now + MINUTE)
    await emergency(depot, MINUTE, route="R9")
    found = await week(depot)
    assert (found.windows, found.bids) == (3, 4)
    await close_due(depot.session, depot.now + 9 * HOUR)  # one of them is won, and counts as before
    found = await week(depot)
    assert (found.windows, found.bids) == (3, 4)


async def test_r6_2_a_bonus_is_spent_once_its_shift_was_driven(depot: Depot) -> None:
    for bonus, status in ((20, DRIVEN), (50, DRIVEN), (0, DRIVEN), (30, AssignmentStatus.SCHEDULED)):
        slot, _, _ = await emergency(depot, MINUTE, bonus, f"R{bonus}")
        await becomes(depot, slot.id, status=status)
    slot, _, window = await emergency(depot, MINUTE, 100, "R100")  # somebody else drove it in the end
    await becomes(depot, slot.id, status=DRIVEN)
    await depot.session.execute(
        update(BidWindow).where(BidWindow.id == window).values(winner_id=(await depot.driver()).id)
    )
    found = await week(depot)
    assert (found.bonus_shifts, found.bonus_points) == (2, 70)


# -- SMS


async def texted(
    depot: Depot, who: Person, at: datetime, segments: int, *, of: uuid.UUID | None = None, status: str | None = "sent"
) -> None:
    """An SMS to him; `of`: the warehouse that its notice names."""
    data = {"kind": "manual", "dedupe": str(uuid.uuid4())} | ({"warehouse_id": str(of)} if of else {})
    text = {"user_id": who.id, "title": "x", "body": "x"}
    note = await depot.fleet.add(Notification, **text, type="manual", data=data, created_at=at)
    what = {"kind": Kind.MANUAL, "urgency": 0, "state": DeliveryState.SENT, "channel": Channel.SMS}
    row = await depot.fleet.add(Delivery, user_id=who.id, notification_id=note, created_at=at, **what)
    sent = {"phone": who.phone, "body": "x", "segments": segments, "status": status, "created_at": at}
    await depot.fleet.add(SmsAttempt, delivery_id=row, user_id=who.id, **sent)


async def test_r11_8_sms_count_when_they_were_sent_and_for_the_warehouse_that_is_theirs(depot: Depot) -> None:
    fleet = depot.fleet
    sue = await fleet.manager("Sue")
    south = await fleet.warehouse("South", sue)
    dana, sam, nobody = await depot.driver(), await fleet.driver("Sam", home=south), await fleet.driver("Everywhere")
    first = datetime(2026, 11, 23, tzinfo=TORONTO)
    for at, segments in ((first, 1), (first + 7 * DAY - timedelta(seconds=1), 2), (first - MINUTE, 64)):
        await texted(depot, dana, at, segments)
    await texted(depot, dana, first + 7 * DAY, 128)
    await texted(depot, dana, depot.now, 256, status="refused")  # Twilio never took it
    await texted(depot, dana, depot.now, 4, of=south)
    await texted(depot, sam, depot.now, 8, of=depot.north)
    await texted(depot, sam, depot.now, 16, status=None)
    await texted(depot, depot.mona, depot.now, 32)
    await texted(depot, nobody, depot.now, 512)  # he has never driven
    drives = await fleet.driver("Drives")
    await fleet.shift(await fleet.route("S1", south), drives, MONDAY - DAY, DRIVEN)
    await fleet.shift(await fleet.route("N1", depot.north), drives, SUNDAY + DAY)  # not yet
    await texted(depot, drives, depot.now, 1024)
    both = await figures(depot.session, [depot.north, south], MONDAY, POLICY, depot.now)
    assert {each.warehouse: each.sms for each in both.values()} == {
        "North": 1 + 2 + 8 + 32,
        "South": 4 + 16 + 1024,
        None: 63 + 1024,
    }
    assert (await week(depot)).sms == 43


async def test_r14_of_weeks_whose_sms_are_not_kept_it_says_so_instead_of_none(depot: Depot) -> None:
    begins = datetime(2026, 11, 23, tzinfo=TORONTO)
    for after, sms in ((POLICY.keep_sms_for, 0), (POLICY.keep_sms_for + MINUTE, None)):
        found = await figures(depot.session, [depot.north], MONDAY, POLICY, begins + after)
        assert {each.sms for each in found.values()} == {sms}


# -- several warehouses, and all together


async def test_all_together_is_the_sum_and_its_medians_are_of_all(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South", depot.mona)
    for minutes in (2, 4):
        await emergency(depot, minutes * MINUTE)
    slot = await open_slot(depot, depot.fleet.today, "S1", south)
    opened = await open_emergency(depot.session, depot.mona, slot, depot.now)
    assert isinstance(opened, Opened)
    sam = await depot.fleet.driver("Sam", home=south)
    await accept(depot.session, sam, opened.window_id, depot.now + 60 * MINUTE)
    await incident(depot, IncidentKind.NO_SHOW)
    found = await figures(depot.session, [south, depot.north], MONDAY, POLICY, depot.now)
    assert [each.warehouse for each in found.values()] == ["North", "South", None], "by name, and all of them last"
    assert [each.filled for each in found.values()] == [
        (Filled(Way.EMERGENCY, 2, 3 * MINUTE),),
        (Filled(Way.EMERGENCY, 1, 60 * MINUTE),),
        (Filled(Way.EMERGENCY, 3, 4 * MINUTE),),
    ]
    assert [(each.slots, each.no_shows) for each in found.values()] == [(3, 1), (1, 0), (4, 1)]


async def test_r12_3_a_manager_sees_his_own_warehouses_and_weeks_that_are_over(depot: Depot) -> None:
    sue = await depot.fleet.manager("Sue")
    await depot.fleet.warehouse("South", sue)
    for on in (MONDAY, MONDAY - 21 * DAY):
        await depot.shift(await depot.driver(), on, status=DRIVEN)
    assert await report(depot.session, depot.mona.id, MONDAY, POLICY, depot.now) is None, "it is Wednesday"
    midnight = datetime(2026, 11, 30, tzinfo=TORONTO)
    assert await report(depot.session, depot.mona.id, MONDAY, POLICY, midnight - timedelta(seconds=1)) is None
    found = await report(depot.session, depot.mona.id, MONDAY, POLICY, midnight)
    assert found is not None
    assert ([each.warehouse for each in found.warehouses], found.total.driven) == (["North"], 1)
    assert (found.earlier, found.later) == (True, False)
    first = await report(depot.session, depot.mona.id, MONDAY - 21 * DAY, POLICY, midnight)
    assert first is not None
    assert (first.earlier, first.later, first.total.driven) == (False, True, 1)
    theirs = await report(depot.session, sue.id, MONDAY, POLICY, midnight)
    assert theirs is not None
    assert ([each.warehouse for each in theirs.warehouses], theirs.total.slots) == (["South"], 0)
    for nobody in (await depot.fleet.manager("New"), await depot.driver()):
        assert await report(depot.session, nobody.id, MONDAY, POLICY, midnight) is None


def test_r1_2_the_last_week_is_by_the_companys_clock() -> None:
    sunday_night = datetime(2026, 11, 30, 4, 59, tzinfo=UTC)
    assert last_week(POLICY, sunday_night) == MONDAY - 7 * DAY
    assert last_week(POLICY, sunday_night + MINUTE) == MONDAY


# -- on Monday


async def reports(depot: Depot) -> dict[uuid.UUID, dict[str, Any]]:
    rows = await depot.session.scalars(
        select(Notification)
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(Delivery.kind == "report")
    )
    return {row.user_id: row.data or {} for row in rows}


async def test_r14_each_manager_is_told_of_his_warehouses_once(depot: Depot) -> None:
    fleet = depot.fleet
    sue, away, idle = await fleet.manager("Sue"), await fleet.manager("Away", depot.north), await fleet.manager("Idle")
    south = await fleet.warehouse("South", sue, depot.mona)
    await fleet.warehouse("West", idle)  # where nothing was to run
    await fleet.put(ContactSettings, {"user_id": away.id, "away_until": LATER + 9 * DAY})
    await depot.shift(await depot.driver(), MONDAY, status=DRIVEN)
    await open_slot(depot, SUNDAY, "S1", south)
    await incident(depot, IncidentKind.NO_SHOW)
    assert await tell_week(depot.session, SAY, POLICY, LATER) == {"told": 2}
    told = await reports(depot)
    assert {who: (data["slots"], data["driven"], data["no_shows"]) for who, data in told.items()} == {
        depot.mona.id: (3, 1, 1),
        sue.id: (1, 0, 0),
    }
    assert {data["week"] for data in told.values()} == {"2026-11-23"}
    for again in (LATER, LATER + DAY):
        assert await tell_week(depot.session, SAY, POLICY, again) == {"told": 0}
    assert await tell_week(depot.session, SAY, POLICY, LATER + 7 * DAY) == {"told": 0}, "nothing was to run"


async def test_as_many_statements_for_12_warehouses_as_for_2(depot: Depot) -> None:
    counted = []
    for monday, more in ((MONDAY, 2), (MONDAY + 7 * DAY, 10)):
        for number in range(more):
            manager = await depot.fleet.manager(f"M{number}")
            warehouse = await depot.fleet.warehouse(f"W{number}", manager)
            await open_slot(depot, monday, f"R{number}", warehouse)
        async with statements(depot) as seen:
            told = await tell_week(depot.session, SAY, POLICY, LATER + (monday - MONDAY))
        assert told == {"told": more}
        counted.append(len(seen))
    assert counted[0] == counted[1]
