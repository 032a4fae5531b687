"""R3.4 to R3.7: what was decided a moment ago is judged once more before it is written, and what is written shows."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from domain.db.models import (
    Assignment,
    Bid,
    BidWindow,
    CalendarException,
    Delivery,
    DriverHealthState,
    DriverMetrics,
    Employment,
    RosterGap,
    RosterRun,
    Route,
    RouteWeekday,
    TimeOff,
    User,
    WindowAsk,
    WindowWaves,
)
from domain.db.models.words import (
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    DeliveryState,
    GapReason,
    IncidentKind,
    RosterCause,
)
from domain.notices import following
from domain.notices.following_many import follow_slots
from domain.notices.kinds import Kind
from domain.roster import runs
from domain.roster.publishing import Published, publish
from domain.roster.rules import Cut, Gap, Pair, Roster, Slot
from domain.roster.snapshot import Snapshot
from tests.domain.rostering import DAY, FROZEN, WEEK
from tests.domain.world import POLICY, SAY, Fleet

TUESDAY = WEEK + DAY
NO_CUT = Cut((), (), ())


class Desk:
    """R1 of North on Monday is about to be Dana's, and her Tuesday, too; R2 is nobody's. Both run on these days."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.session = fleet, fleet.session

    async def build(self, cause: RosterCause) -> None:
        fleet = self.fleet
        self.mona = await fleet.manager("Mona")
        self.north = await fleet.warehouse("North", self.mona)
        self.r1, self.r2 = await fleet.route("R1", self.north), await fleet.route("R2", self.north)
        await fleet.put(
            RouteWeekday,
            *({"route_id": route, "weekday": weekday} for route in (self.r1, self.r2) for weekday in (1, 2)),
        )
        self.dana, self.ben = await fleet.driver("Dana", home=self.north), await fleet.driver("Ben", home=self.north)
        asked = {"week": WEEK, "cause": cause, "requested_at": FROZEN, "as_of": FROZEN}
        by = {"requested_by": self.mona.id} if cause is RosterCause.MANAGER else {}
        self.run_id = await fleet.add(RosterRun, **asked, **by)

    def slot(self, route: uuid.UUID, on: date) -> Slot:
        return Slot(route, on, self.north)

    async def publish(self, **seen: Any) -> Published:
        slots = [self.slot(route, on) for route in (self.r1, self.r2) for on in (WEEK, TUESDAY)]
        pairs = tuple(Pair(slot, self.dana.id) for slot in slots if slot.route_id == self.r1)
        run = await runs.run(self.session, self.run_id)
        gaps = tuple(Gap(slot, GapReason.NOBODY) for slot in slots if slot.route_id == self.r2)
        roster = Roster(pairs, gaps, len(pairs), NO_CUT)
        return await publish(self.session, run, Snapshot(tuple(slots), (), **seen), roster, SAY, POLICY, FROZEN)

    async def drives(self) -> dict[date, str | None]:
        """Who has R1 by this; a day on which it has no row is not there."""
        rows = (
            select(Assignment.on, User.first_name)
            .outerjoin(User, User.id == Assignment.user_id)
            .where(Assignment.route_id == self.r1, Assignment.status != AssignmentStatus.CANCELLED)
        )
        return dict((await self.session.execute(rows)).tuples().all())

    async def lost(self) -> set[date]:
        found = select(RosterGap.on).where(RosterGap.reason == GapReason.LOST)
        return set(await self.session.scalars(found))


@pytest.fixture
async def desk(fleet: Fleet) -> Desk:
    desk = Desk(fleet)
    await desk.build(RosterCause.DEADLINE)
    return desk


@pytest.fixture
async def by_hand(fleet: Fleet) -> Desk:
    desk = Desk(fleet)
    await desk.build(RosterCause.MANAGER)
    return desk


# -- what does not hold any more

Change = Callable[[Desk], Awaitable[object]]


def hers(values: dict[str, Any]) -> Change:
    return lambda desk: desk.session.execute(update(User).where(User.id == desk.dana.id).values(**values))


def has(model: Any, **values: Any) -> Change:
    async def change(desk: Desk) -> None:
        await desk.session.execute(insert(model).values(user_id=desk.dana.id, **values))

    return change


async def left_the_company(desk: Desk) -> None:
    await desk.session.execute(update(Employment).where(Employment.user_id == desk.dana.id).values(ends_on=WEEK))


async def drives_elsewhere(desk: Desk) -> None:
    await desk.fleet.shift(desk.r2, desk.dana, TUESDAY)


async def drives_on(desk: Desk) -> None:
    """Three of four, on other days of the week."""
    for n in (2, 3, 4):
        await desk.fleet.shift(desk.r2, desk.dana, WEEK + n * DAY)


async def bids_came(desk: Desk) -> None:
    slot = await desk.fleet.slot(desk.r1, TUESDAY)
    await desk.fleet.window(slot, BidWindowMode.COMPETITIVE)
    bid = {"bid_at": FROZEN, "window_closes_at": FROZEN + DAY, "user_id": desk.ben.id}
    await desk.fleet.add(Bid, assignment_id=slot.id, **bid)


async def has_left_it(desk: Desk) -> None:
    """She had taken it meanwhile, and it is open again."""
    await desk.fleet.cancelled_by(desk.dana, desk.r1, TUESDAY)


async def had_it_dropped(desk: Desk) -> None:
    await desk.fleet.lost_by(desk.dana, desk.r1, TUESDAY, IncidentKind.AUTO_DROP)


ALL, ONE = {WEEK, TUESDAY}, {TUESDAY}


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        (hers({"is_flagged": True}), ALL),
        (hers({"role": "manager"}), ALL),
        (hers({"weekly_cap": 1}), ONE),
        (has(DriverHealthState, assignment_pool_eligible=False, updated_at=FROZEN), ALL),
        (has(TimeOff, starts_on=TUESDAY, ends_on=TUESDAY, kind="ill"), ONE),
        (lambda desk: desk.fleet.decline(desk.dana, TUESDAY), ONE),
        (left_the_company, ONE),
        (drives_elsewhere, ONE),
        (drives_on, ONE),
        (bids_came, ONE),
        (has_left_it, ONE),
        (had_it_dropped, set()),
    ],
)
async def test_r3_4_whoever_may_not_have_it_any_more_does_not_get_it(
    desk: Desk, change: Change, lost: set[date]
) -> None:
    await change(desk)
    published = await desk.publish()
    assert await desk.lost() == lost
    assert await desk.drives() == {on: None if on in lost else "Dana" for on in ALL}
    assert published.filled == 2 - len(lost)
    run = await desk.session.get_one(RosterRun, desk.run_id, populate_existing=True)
    assert (run.filled, run.maximum) == (published.filled, 2)


async def test_r3_4_all_of_it_holds(desk: Desk) -> None:
    await desk.publish()
    assert await desk.drives() == dict.fromkeys(ALL, "Dana")
    assert await desk.lost() == set()


async def ben_has_it(desk: Desk) -> None:
    await desk.fleet.shift(desk.r1, desk.ben, TUESDAY)


async def closed(desk: Desk) -> None:
    said = {"created_by": desk.mona.id, "created_at": FROZEN}
    await desk.fleet.add(CalendarException, warehouse_id=desk.north, on=TUESDAY, runs=False, **said)


@pytest.mark.parametrize(
    ("change", "drives"),
    [
        (ben_has_it, {WEEK: "Dana", TUESDAY: "Ben"}),
        (closed, {WEEK: "Dana"}),
    ],
)
async def test_r2_1_what_is_no_open_slot_any_more_is_left_alone(
    desk: Desk, change: Change, drives: dict[date, str]
) -> None:
    await change(desk)
    await desk.publish()
    assert await desk.drives() == drives
    assert await desk.lost() == set()


async def test_r2_0_a_route_that_has_moved_meanwhile_is_open_where_it_is(desk: Desk) -> None:
    south = await desk.fleet.warehouse("South")
    await desk.session.execute(update(Route).where(Route.id == desk.r1).values(warehouse_id=south))
    await desk.publish()
    assert await desk.drives() == dict.fromkeys(ALL)
    places = select(Assignment.warehouse_id).where(Assignment.route_id == desk.r1)
    assert set(await desk.session.scalars(places)) == {south}


async def test_r3_6_each_slot_that_is_empty_then_has_its_reason(desk: Desk) -> None:
    """When it had been worked out, R3 was put into the calendar, and R4 left by its driver; for R5 somebody has bid,
    and R6 has gone to a bidder."""
    fleet, on = desk.fleet, TUESDAY
    routes = {name: await fleet.route(name, desk.north) for name in ("R3", "R4", "R5", "R6")}
    await fleet.put(RouteWeekday, *({"route_id": route, "weekday": 2} for route in routes.values()))
    await fleet.cancelled_by(desk.ben, routes["R4"], on)
    for name in ("R4", "R5"):
        await fleet.window(await fleet.slot(routes[name], on), BidWindowMode.COMPETITIVE)
    await fleet.shift(routes["R6"], desk.ben, on)
    await fleet.decline(desk.dana, on)
    published = await desk.publish(held=1, bidden=tuple(desk.slot(routes[name], on) for name in ("R5", "R6")))
    found = select(Route.name, RosterGap.on, RosterGap.reason).join(Route, Route.id == RosterGap.route_id)
    reasons = {(name, on): reason for name, on, reason in await desk.session.execute(found)}
    assert reasons == {
        ("R1", on): GapReason.LOST,
        ("R2", WEEK): GapReason.NOBODY,
        ("R2", on): GapReason.NOBODY,
        ("R3", on): GapReason.CAME,
        ("R4", on): GapReason.CAME,
        ("R5", on): GapReason.BIDS,
    }
    run = await desk.session.get_one(RosterRun, desk.run_id, populate_existing=True)
    assert (run.slots, run.held, published.filled, published.gaps) == (8, 0, 1, 6)


# -- slots that were open already


async def open_slot(
    desk: Desk, on: date, mode: BidWindowMode = BidWindowMode.COMPETITIVE
) -> tuple[uuid.UUID, uuid.UUID]:
    slot = await desk.fleet.slot(desk.r1, on)
    return slot.id, await desk.fleet.window(slot, mode)


async def windows(desk: Desk, window_id: uuid.UUID) -> tuple[BidWindowStatus, uuid.UUID | None]:
    row = select(BidWindow.status, BidWindow.winner_id).where(BidWindow.id == window_id)
    status, winner_id = (await desk.session.execute(row)).one()
    return status, winner_id


async def test_r7_2_the_window_of_a_slot_that_is_filled_is_resolved(by_hand: Desk) -> None:
    slot, window = await open_slot(by_hand, TUESDAY)
    await by_hand.session.execute(
        insert(WindowAsk).values(window_id=window, user_id=by_hand.ben.id, on=TUESDAY, asked_at=FROZEN)
    )
    home = await by_hand.fleet.home_card(by_hand.ben)
    offer = await by_hand.fleet._delivery(by_hand.ben, Kind.OFFER, window, DeliveryState.SENT)
    queued = await by_hand.fleet._delivery(by_hand.dana, Kind.OFFER, window, DeliveryState.PENDING)
    await by_hand.publish()
    assert (await by_hand.drives())[TUESDAY] == "Dana"
    row = await by_hand.session.get_one(Assignment, slot, populate_existing=True)
    assert (row.status, row.assigned_at) == (AssignmentStatus.SCHEDULED, FROZEN)
    assert await windows(by_hand, window) == (BidWindowStatus.RESOLVED, by_hand.dana.id)
    waves = select(WindowWaves.next_at).where(WindowWaves.window_id == window)
    assert await by_hand.session.scalar(waves) is None
    before = select(Delivery.id, Delivery.redraw).where(Delivery.kind != Kind.WEEK)
    shown = dict((await by_hand.session.execute(before)).tuples().all())
    assert shown == {home: True, offer: True, queued: False}
    assert (await by_hand.session.get_one(Delivery, queued, populate_existing=True)).state is DeliveryState.CANCELLED


async def test_r2_1_what_else_he_was_offered_for_that_day_says_that_it_is_not_for_him(by_hand: Desk) -> None:
    other = await by_hand.fleet.window(await by_hand.fleet.slot(by_hand.r2, TUESDAY))
    asked = {"window_id": other, "on": TUESDAY, "asked_at": FROZEN}
    for driver in (by_hand.dana, by_hand.ben):
        await by_hand.session.execute(insert(WindowAsk).values(user_id=driver.id, **asked))
    hers, his = [
        await by_hand.fleet._delivery(driver, Kind.OFFER, other, DeliveryState.SENT)
        for driver in (by_hand.dana, by_hand.ben)
    ]
    await by_hand.publish()
    turned = set(await by_hand.session.scalars(select(Delivery.id).where(Delivery.redraw)))
    assert hers in turned and his not in turned


async def test_r2_1_what_another_was_offered_for_that_day_is_left_as_it_is(by_hand: Desk) -> None:
    """Each gets a day of the same week, and both had been asked for other shifts of both days."""
    await by_hand.fleet.decline(by_hand.dana, TUESDAY)
    offers = {}
    for on in (WEEK, TUESDAY):
        route = await by_hand.fleet.route(f"R{on}", by_hand.north)
        window = await by_hand.fleet.window(await by_hand.fleet.slot(route, on))
        for driver in (by_hand.dana, by_hand.ben):
            asked = {"window_id": window, "on": on, "asked_at": FROZEN, "user_id": driver.id}
            await by_hand.session.execute(insert(WindowAsk).values(asked))
            offer = await by_hand.fleet._delivery(driver, Kind.OFFER, window, DeliveryState.SENT)
            offers[offer] = driver.first_name, on
    await by_hand.session.execute(update(Delivery).values(escalate_at=FROZEN + DAY))
    changed = [following.Day(by_hand.dana.id, WEEK), following.Day(by_hand.ben.id, TUESDAY)]
    await follow_slots(by_hand.session, [], [], FROZEN, days=changed)
    turned = await by_hand.session.scalars(select(Delivery.id).where(Delivery.redraw))
    assert {offers[each] for each in turned} == {("Dana", WEEK), ("Ben", TUESDAY)}
    going_on = await by_hand.session.scalars(select(Delivery.id).where(Delivery.escalate_at.is_not(None)))
    assert {offers[each] for each in going_on} == {("Ben", WEEK), ("Dana", TUESDAY)}


async def test_r6_1_a_gap_that_has_a_window_keeps_it(desk: Desk) -> None:
    _, window = await open_slot(desk, TUESDAY)
    await desk.fleet.decline(desk.dana, TUESDAY)
    await desk.publish()
    assert await windows(desk, window) == (BidWindowStatus.OPEN, None)
    assert len(list(await desk.session.scalars(select(BidWindow.id)))) == 3  # and one for each day of R2


async def test_r3_7_a_gap_without_a_window_gets_one(desk: Desk) -> None:
    slot = await desk.fleet.slot(desk.r2, TUESDAY)
    await desk.publish()
    [window] = await desk.session.scalars(select(BidWindow).where(BidWindow.assignment_id == slot.id))
    assert window.status is BidWindowStatus.OPEN


async def test_r6_3_the_windows_of_a_managers_run_are_told_in_waves(by_hand: Desk) -> None:
    await by_hand.publish()
    opened = set(await by_hand.session.scalars(select(BidWindow.id)))
    rows = await by_hand.session.execute(select(WindowWaves.window_id, WindowWaves.next_at))
    assert dict(rows.tuples().all()) == dict.fromkeys(opened, FROZEN) and len(opened) == 2


async def test_r9_6_counters_go_on_from_what_they_were(desk: Desk) -> None:
    before = {"total_assigned": 5, "confirmed_shifts": 4, "updated_at": FROZEN - DAY}
    await desk.session.execute(insert(DriverMetrics).values(user_id=desk.dana.id, **before))
    await desk.publish()
    row = await desk.session.get_one(DriverMetrics, desk.dana.id, populate_existing=True)
    assert (row.total_assigned, row.confirmed_shifts, row.updated_at) == (7, 4, FROZEN)


async def test_whatever_shows_the_week_is_redrawn(desk: Desk) -> None:
    cards = {person: await desk.fleet.home_card(person) for person in (desk.dana, desk.mona, desk.ben)}
    await desk.publish()
    turned = set(await desk.session.scalars(select(Delivery.id).where(Delivery.redraw)))
    assert turned == {cards[desk.dana], cards[desk.mona]}
