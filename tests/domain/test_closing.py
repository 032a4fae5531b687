"""R2.0: a day is closed, and put back."""

import uuid
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Award
from domain.db.models import (
    Assignment,
    AuditLog,
    Bid,
    BidWindow,
    CalendarException,
    Delivery,
    Incident,
    Notification,
    WindowAsk,
    WindowWaves,
)
from domain.db.models.words import (
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    DeliveryState,
    NotificationType,
    Urgency,
)
from domain.notices import actions as notices
from domain.notices.facts.routes import Cause
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule import closing, queries
from domain.schedule.calling_off import effect_of
from domain.schedule.closing import Closed, Preview, RunsAgain
from domain.shifts import displaced
from domain.shifts.leaving import cancel_shift
from tests.domain.depot import DAY, Depot, depot, local
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, contents

__all__ = ["depot"]
S = AssignmentStatus


async def close(depot: Depot, place: uuid.UUID, on: date, by: Person | None = None, **more: Any) -> Closed | Refused:
    at = more.get("at", depot.now)
    result = await closing.close_day(depot.session, by or depot.mona, place, on, None, SAY, POLICY, at)
    assert not isinstance(result, Preview), "he is sure"
    return result


async def run(depot: Depot, place: uuid.UUID, on: date, by: Person | None = None, **more: Any) -> RunsAgain | Refused:
    return await closing.run_after_all(depot.session, by or depot.mona, place, on, POLICY, more.get("at", depot.now))


async def bid(depot: Depot, driver: Person, slot: Slot) -> uuid.UUID:
    fleet = depot.fleet
    waiting = {"status": BidStatus.PENDING, "bid_at": fleet.now, "window_closes_at": fleet.now + DAY}
    return await fleet.add(Bid, assignment_id=slot.id, user_id=driver.id, **waiting)


class Busy:
    """North, tomorrow: one of each kind of slot."""

    scheduled: Slot
    confirmed: Slot
    active: Slot
    completed: Slot
    unfilled: Slot
    window: uuid.UUID
    drivers: dict[str, Person]


async def busy(depot: Depot, on: date) -> Busy:
    it, fleet = Busy(), depot.fleet
    it.drivers = {name: await depot.driver(name) for name in ("Sana", "Cole", "Ada", "Dora", "Bea", "Ben")}
    it.scheduled = await depot.shift(it.drivers["Sana"], on, route="R1")
    it.confirmed = await depot.shift(it.drivers["Cole"], on, route="R2", confirmed=True)
    it.active = await depot.shift(it.drivers["Ada"], on, route="R3", confirmed=True, status=S.ACTIVE)
    it.completed = await depot.shift(it.drivers["Dora"], on, route="R4", confirmed=True, status=S.COMPLETED)
    it.unfilled = await fleet.slot(await fleet.route("R5", depot.north), on)
    it.window = await fleet.window(it.unfilled, BidWindowMode.COMPETITIVE)
    for name in ("Bea", "Ben"):
        await bid(depot, it.drivers[name], it.unfilled)
    return it


async def count(session: AsyncSession, model: Any, *where: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(*where)) or 0


async def test_r2_0_a_preview_says_what_would_follow_and_writes_nothing(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    await busy(depot, tomorrow)
    before = await contents(depot.session)
    seen = await closing.preview(depot.session, depot.mona, depot.north, tomorrow, POLICY, depot.now)
    assert isinstance(seen, Preview)
    assert [slot.driver for slot in seen.effect.displaced] == ["Sana Test", "Cole Test"]
    assert [slot.driver for slot in seen.effect.staying] == ["Ada Test", "Dora Test"]
    assert (len(seen.effect.cancelled), seen.effect.bidders) == (3, 2)
    assert await contents(depot.session) == before


async def test_r2_0_closing_cancels_what_has_not_begun_without_incident_and_without_reopening(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    elsewhere = await depot.shift(await depot.driver("Eve"), depot.fleet.day(2), route="R6")
    result = await close(depot, depot.north, tomorrow)
    assert isinstance(result, Closed)
    slots = (it.scheduled, it.confirmed, it.active, it.completed, it.unfilled, elsewhere)
    assert [(await depot.row(slot.id)).status for slot in slots] == [
        S.CANCELLED,
        S.CANCELLED,
        S.ACTIVE,
        S.COMPLETED,
        S.CANCELLED,
        S.SCHEDULED,
    ]
    assert (await depot.row(it.confirmed.id)).confirmed_at is not None  # stays as history (R2.2)
    assert await count(depot.session, Assignment) == 6
    assert await count(depot.session, Incident) == 0
    assert (await depot.window(it.window)).status is BidWindowStatus.CLOSED
    assert (await depot.session.get_one(WindowWaves, it.window, populate_existing=True)).next_at is None


async def test_r2_0_displaced_drivers_and_bidders_are_told_once_each(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    earlier = await bid(depot, it.drivers["Ada"], it.unfilled)  # lost before, and told
    await depot.session.execute(update(Bid).where(Bid.id == earlier).values(status=BidStatus.LOST))
    await close(depot, depot.north, tomorrow)
    told = Counter((row.user_id, row.type) for row in await depot.session.scalars(select(Notification)))
    gone, lost = NotificationType.SHIFT_CANCELLED, NotificationType.BID_LOST
    expected = {(it.drivers[name].id, gone) for name in ("Sana", "Cole")}
    assert told == Counter(expected | {(it.drivers[name].id, lost) for name in ("Bea", "Ben")})
    [row] = await depot.told(it.drivers["Sana"])
    assert row.data is not None and row.data["cause"] == Cause.CLOSED
    assert await depot.levels(it.drivers["Sana"], Kind.SHIFT_CANCELLED) == [("telegram", Urgency.URGENT)]
    bids = (await depot.session.scalars(select(Bid).where(Bid.id != earlier))).all()
    assert {(each.status, each.resolved_at) for each in bids} == {(BidStatus.LOST, depot.now)}
    assert (await depot.session.get_one(Bid, earlier, populate_existing=True)).resolved_at is None


async def test_r11_2_who_has_no_telegram_gets_an_sms_at_once(depot: Depot) -> None:
    dana, tomorrow = await depot.driver("Dana", linked=False), depot.fleet.day(1)
    await depot.shift(dana, tomorrow)
    await close(depot, depot.north, tomorrow)
    [row] = await depot.session.scalars(select(Delivery).where(Delivery.user_id == dana.id))
    assert (row.channel, row.level, row.due_at) == ("sms", Urgency.URGENT, depot.now)
    assert row.expires_at == local(tomorrow, 23, 59)


async def test_r13_everything_that_closing_changes_is_audited(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    await busy(depot, tomorrow)
    await close(depot, depot.north, tomorrow)
    entries = (await depot.session.scalars(select(AuditLog).where(AuditLog.actor_id == depot.mona.id))).all()
    kinds = Counter((entry.entity_type, entry.action) for entry in entries)
    assert kinds == {
        ("assignment", "called_off"): 3,
        ("bid_window", "closed"): 1,
        ("bid", "lost"): 2,
        ("warehouse", "closed"): 1,
    }
    exception = (await depot.session.scalars(select(CalendarException))).one()
    assert (exception.warehouse_id, exception.on, exception.runs) == (depot.north, tomorrow, False)
    assert (exception.created_by, exception.created_at) == (depot.mona.id, depot.now)


async def test_r2_5_closing_twice_says_so_and_changes_nothing(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    await close(depot, depot.north, tomorrow)
    before = await contents(depot.session)
    assert await close(depot, depot.north, tomorrow) == Refused(Refusal.CLOSED_ALREADY)
    assert await close(depot, it.scheduled.route, tomorrow) == Refused(Refusal.CLOSED_ALREADY)  # with its warehouse
    seen = await closing.preview(depot.session, depot.mona, depot.north, tomorrow, POLICY, depot.now)
    assert seen == Refused(Refusal.CLOSED_ALREADY)
    assert await contents(depot.session) == before


async def test_r12_3_a_manager_of_elsewhere_finds_nothing_to_close(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    omar = await depot.fleet.manager("Omar")
    await depot.fleet.warehouse("South", omar)
    before = await contents(depot.session)
    for place in (depot.north, it.scheduled.route, uuid.uuid4()):
        assert await close(depot, place, tomorrow, by=omar) == Refused(Refusal.NOT_FOUND)
        assert await run(depot, place, tomorrow, by=omar) == Refused(Refusal.NOT_FOUND)
    assert await close(depot, depot.north, tomorrow, by=it.drivers["Sana"]) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


@pytest.mark.parametrize(("days", "why"), [(-1, Refusal.DAY_PAST), (400, Refusal.DAY_TOO_FAR)])
async def test_r2_0_days_out_of_reach_are_refused(depot: Depot, days: int, why: Refusal) -> None:
    on = depot.fleet.day(days)
    before = await contents(depot.session)
    assert await close(depot, depot.north, on) == Refused(why)
    assert await run(depot, depot.north, on) == Refused(why)
    assert await contents(depot.session) == before


async def test_r2_0_closing_one_route_leaves_the_others(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    await close(depot, it.scheduled.route, tomorrow)
    assert (await depot.row(it.scheduled.id)).status is S.CANCELLED
    assert (await depot.row(it.confirmed.id)).status is S.SCHEDULED
    assert (await depot.window(it.window)).status is BidWindowStatus.OPEN


async def test_r2_0_whoever_has_begun_on_a_closed_day_stops_without_the_slot_opening_again(depot: Depot) -> None:
    """Never a slot where the calendar says no, whoever leaves it."""
    today, dana = depot.fleet.today, await depot.driver("Dana")
    slot = await depot.shift(dana, today, confirmed=True)
    await depot.fleet.put(
        CalendarException, {"on": today, "route_id": slot.route, "runs": False, "created_at": depot.now}
    )
    left = await cancel_shift(depot.session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY, local(today, 7, 30))
    assert not isinstance(left, Refused) and left.reopened is None
    assert await count(depot.session, Assignment, Assignment.status == S.UNFILLED) == 0


async def test_r2_0_run_after_all_puts_the_day_back_unfilled_with_windows(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    await close(depot, depot.north, tomorrow)
    result = await run(depot, depot.north, tomorrow)
    assert isinstance(result, RunsAgain) and result.slots == 3  # those that stayed are there
    fresh = (await depot.session.scalars(select(Assignment).where(Assignment.status == S.UNFILLED))).all()
    assert {row.route_id for row in fresh} == {it.scheduled.route, it.confirmed.route, it.unfilled.route}
    windows = (await depot.session.scalars(select(BidWindow).where(BidWindow.status == BidWindowStatus.OPEN))).all()
    assert {window.assignment_id for window in windows} == {row.id for row in fresh}
    assert {(window.mode, window.trigger) for window in windows} == {(BidWindowMode.INSTANT, "schedule_unfilled")}
    assert await run(depot, depot.north, tomorrow) == Refused(Refusal.RUNS_ALREADY)
    # Who was displaced may take it back: he did not leave it.
    [window] = [
        each
        for each in windows
        if each.assignment_id in {row.id for row in fresh if row.route_id == it.scheduled.route}
    ]
    assert isinstance(await accept(depot.session, it.drivers["Sana"], window.id, depot.now), Award)
    off = await displaced.displaced(depot.session, it.drivers["Sana"].id, it.scheduled.id)
    assert off is not None and off.his_again
    assert await displaced.not_to_travel(depot.session, it.drivers["Sana"].id, depot.fleet.today) == ()


async def test_r2_0_a_route_runs_though_its_warehouse_is_closed_and_its_own_closing_outlives_the_warehouses(
    depot: Depot,
) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    await close(depot, it.confirmed.route, tomorrow)
    await close(depot, depot.north, tomorrow)
    again = await run(depot, it.scheduled.route, tomorrow)
    assert isinstance(again, RunsAgain) and again.slots == 1
    assert await close(depot, it.scheduled.route, tomorrow) != Refused(Refusal.CLOSED_ALREADY)
    assert isinstance(await run(depot, it.scheduled.route, tomorrow), RunsAgain)
    assert isinstance(await run(depot, depot.north, tomorrow), RunsAgain)
    live = await effect_of(depot.session, [it.confirmed.route, it.unfilled.route], [tomorrow])
    assert [slot.route for slot in live.cancelled] == ["R5"]  # R2 was closed by itself


async def test_r2_0_closing_a_warehouse_closes_what_ran_whatever_its_weekdays(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    it = await busy(depot, tomorrow)
    runs = {"on": tomorrow, "route_id": it.scheduled.route, "runs": True, "created_at": depot.now}
    await depot.fleet.put(CalendarException, runs)
    assert isinstance(await close(depot, depot.north, tomorrow), Closed)
    assert (await depot.row(it.scheduled.id)).status is S.CANCELLED
    assert await close(depot, it.scheduled.route, tomorrow) == Refused(Refusal.CLOSED_ALREADY)


async def test_r2_0_a_day_in_a_week_that_is_not_published_gets_no_slots(depot: Depot) -> None:
    """The roster will see to it."""
    later = depot.fleet.day(10)
    route = await depot.fleet.route("R12", depot.north)
    await close(depot, route, later)
    again = await run(depot, route, later)
    assert isinstance(again, RunsAgain) and again.slots == 0
    assert await count(depot.session, Assignment) == 0


@pytest.mark.parametrize(("hour", "comes_back"), [(6, True), (12, True), (13, False)])
async def test_r1_3_today_comes_back_until_its_slots_are_over(depot: Depot, hour: int, comes_back: bool) -> None:
    today = depot.fleet.today
    route = await depot.fleet.route("R12", depot.north)
    await close(depot, route, today)
    again = await run(depot, route, today, at=local(today, hour))
    if comes_back:
        assert isinstance(again, RunsAgain) and again.slots == 1
        [window] = await depot.session.scalars(select(BidWindow))
        assert window.mode is (BidWindowMode.INSTANT if hour < 7 else BidWindowMode.EMERGENCY)
    else:
        assert again == Refused(Refusal.DAY_OVER)
        assert await count(depot.session, Assignment) == 0


async def test_r11_3_offers_not_yet_sent_are_cancelled_and_what_shows_the_slot_is_redrawn(depot: Depot) -> None:
    fleet, tomorrow = depot.fleet, depot.fleet.day(1)
    dana, eli = await depot.driver("Dana"), await depot.driver("Eli")
    slot = await fleet.slot(await fleet.route("R12", depot.north), tomorrow)
    window = await fleet.window(slot)
    for driver in (dana, eli):
        asked = {"window_id": window, "user_id": driver.id, "asked_at": depot.now, "on": tomorrow}
        await fleet.put(WindowAsk, asked)
    homes = [await fleet.home_card(person) for person in (depot.mona, dana, eli)]
    card = await fleet.window_card(depot.mona, window)
    offers = [
        await fleet.add(
            Delivery,
            user_id=driver.id,
            channel="telegram",
            kind=Kind.OFFER,
            about=window,
            urgency=0,
            state=state,
            due_at=depot.now if state is DeliveryState.PENDING else None,
            escalate_at=depot.now + DAY,
            created_at=depot.now,
        )
        for driver, state in ((dana, DeliveryState.PENDING), (eli, DeliveryState.SENT))
    ]
    await close(depot, depot.north, tomorrow)
    rows = {row.id: row for row in await depot.session.scalars(select(Delivery))}
    assert [rows[id_].redraw for id_ in (*homes, card, *offers)] == [True, True, True, True, False, True]
    assert (rows[offers[0]].state, rows[offers[1]].escalate_at) == (DeliveryState.CANCELLED, None)


async def test_r11_2_the_home_card_that_shows_it_acknowledges_it(depot: Depot) -> None:
    tomorrow = depot.fleet.day(1)
    dana = await depot.driver("Dana")
    slot = await depot.shift(dana, tomorrow)
    await close(depot, depot.north, tomorrow)
    shown = await displaced.not_to_travel(depot.session, dana.id, depot.fleet.today)
    assert [(each.route, each.answered) for each in shown] == [("R12", False)]
    assert await displaced.not_to_travel(depot.session, dana.id, tomorrow + DAY) == ()
    await displaced.seen_at_home(depot.session, dana.id, POLICY, depot.now + timedelta(minutes=1))
    off = await displaced.displaced(depot.session, dana.id, slot.id)
    assert off is not None and off.answered
    assert await notices.acknowledge(depot.session, dana.id, Kind.SHIFT_CANCELLED, slot.id, depot.now) is False
    [told] = await depot.told(dana)
    assert told.read


async def test_r12_4_nobody_else_sees_whose_shift_it_was(depot: Depot) -> None:
    dana, eli = await depot.driver("Dana"), await depot.driver("Eli")
    slot = await depot.shift(dana, depot.fleet.day(1))
    await close(depot, depot.north, depot.fleet.day(1))
    assert await displaced.displaced(depot.session, eli.id, slot.id) is None
    assert await notices.acknowledge(depot.session, eli.id, Kind.SHIFT_CANCELLED, slot.id, depot.now) is None


async def test_r2_0_what_is_closed_ahead_is_listed_for_its_managers(depot: Depot) -> None:
    fleet = depot.fleet
    omar = await fleet.manager("Omar")
    south = await fleet.warehouse("South", omar)
    route, other = await fleet.route("R12", depot.north), await fleet.route("R20", depot.north)
    await close(depot, depot.north, fleet.day(3))
    await close(depot, route, fleet.day(1))
    await close(depot, other, fleet.day(1))
    await close(depot, south, fleet.day(2), by=omar)
    found = await queries.closings(depot.session, depot.mona.id, fleet.today, 0, 2)
    assert [(each.place.name, each.on, each.by) for each in found.closings] == [
        ("R12", fleet.day(1), "Mona Test"),
        ("R20", fleet.day(1), "Mona Test"),
    ]
    assert (found.page, found.pages) == (0, 2)
    rest = await queries.closings(depot.session, depot.mona.id, fleet.today, 99, 2)
    assert [(each.place.name, rest.page) for each in rest.closings] == [("North", 1)]
    of_route = await queries.closings(depot.session, depot.mona.id, fleet.today, 0, 9, route_id=route)
    assert [(each.place.name, each.on) for each in of_route.closings] == [
        ("R12", fleet.day(1)),
        ("North", fleet.day(3)),
    ]
    await run(depot, route, fleet.day(3))
    of_route = await queries.closings(depot.session, depot.mona.id, fleet.today, 0, 9, route_id=route)
    assert [each.place.name for each in of_route.closings] == ["R12"]


async def test_r2_0_places_are_found_whatever_case_and_accents(depot: Depot, fleet: Fleet) -> None:
    jerome = await fleet.warehouse("Saint-Jérôme", depot.mona)
    for name, warehouse in (("R1", depot.north), ("R12", depot.north), ("R12", jerome), ("Nord-Est", jerome)):
        await fleet.route(name, warehouse)
    await fleet.warehouse("Elsewhere", await fleet.manager("Omar"))
    mine = await queries.places(depot.session, depot.mona.id)

    def found(name: str) -> list[tuple[str, str]]:
        return [(place.name, place.warehouse) for place in queries.called(name, mine)]

    assert found("saint jerome") == [("Saint-Jérôme", "Saint-Jérôme")]
    assert found("r1") == [("R1", "North")]  # a whole name before beginnings
    assert found("R12") == [("R12", "North"), ("R12", "Saint-Jérôme")]
    assert found("north r12") == [("R12", "North")]
    assert found("no") == [("North", "North"), ("Nord-Est", "Saint-Jérôme")]
    assert found("Elsewhere") == found("") == found("…") == []
