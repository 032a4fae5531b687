"""R3.9: what a manager asks of rosters, what a preview keeps, and what his card shows of it."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.db.models import (
    Assignment,
    Bid,
    CalendarException,
    Notification,
    PreferenceVersion,
    RosterGap,
    RosterPair,
    RosterRun,
    Route,
)
from domain.db.models.words import AssignmentStatus, BidWindowMode, CancelReason, GapReason, RosterCause
from domain.people.cleaning import clean_up
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.roster import cards, freezing, requesting, runs, weeks
from domain.roster.cards import Cell, GapsPage, KeptFrom, RosterCard
from domain.roster.drives import DrivesPage, drives
from domain.roster.preferring import Preferences
from domain.roster.requesting import Requested
from domain.roster.supposing import Supposed, somebody_new
from domain.roster.weeks import WeekGlance
from domain.shifts.leaving import cancel_shift
from domain.time import shift_start
from tests.domain.rostering import DAY, FROZEN, SECOND, WEEK, Rostering
from tests.domain.world import POLICY, SAY, Fleet

Result = TypeVar("Result")
A_PAGE: dict[str, Any] = {"day": 0, "page": 0, "per_page": 9, "policy": POLICY, "now": FROZEN}
EARLY = FROZEN - DAY  # the week is not frozen yet


@pytest.fixture
def rostering(sessions: async_sessionmaker[AsyncSession]) -> Rostering:
    return Rostering(sessions)


class Desk:
    """A manager and what he asks."""

    def __init__(self, rostering: Rostering, manager: Person) -> None:
        self.rostering, self.manager = rostering, manager

    @classmethod
    async def of(cls, rostering: Rostering, *warehouses: uuid.UUID, name: str = "Mona") -> "Desk":
        async def make(fleet: Fleet) -> Person:
            return await fleet.manager(name, *warehouses)

        return cls(rostering, await rostering.build(make))

    async def does(self, act: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        async with self.rostering.sessions.begin() as session:
            return await act(session)

    async def asks(self, supposed: Supposed | None = None, week: date = WEEK, now: Any = EARLY) -> Requested | Refused:
        return await self.does(
            lambda session: requesting.request_preview(session, self.manager, week, supposed, POLICY, now)
        )

    async def glance(self, now: Any = EARLY) -> tuple[WeekGlance, ...]:
        return await self.does(lambda session: weeks.glance(session, self.manager.id, POLICY, now))

    async def fills(self, week: date = WEEK, now: Any = EARLY) -> Requested | Refused:
        return await self.does(lambda session: requesting.request_fill(session, self.manager, week, POLICY, now))

    async def card(self, run_id: uuid.UUID, now: Any = EARLY) -> RosterCard | None:
        return await self.does(lambda session: cards.card(session, self.manager.id, run_id, POLICY, now))

    async def gaps(self, run_id: uuid.UUID, page: int = 0, per_page: int = 20, now: Any = EARLY) -> GapsPage | None:
        return await self.does(
            lambda session: cards.gaps(session, self.manager.id, run_id, page, per_page, POLICY, now)
        )

    async def previews(self, supposed: Supposed | None = None, week: date = WEEK, now: Any = EARLY) -> RosterCard:
        asked = await self.asks(supposed, week, now)
        assert isinstance(asked, Requested)
        await self.rostering.make_all(now)
        card = await self.card(asked.run_id, now)
        assert card is not None and card.made_at == now
        return card


def names_of(page: GapsPage | None) -> dict[tuple[str, int], Any]:
    assert page is not None
    return {(gap.route, (gap.on - WEEK).days): gap for gap in page.gaps}


# -- asking


async def test_r3_9_a_preview_is_asked_for_this_week_and_the_next_two(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    desk = await Desk.of(rostering, north)
    assert weeks.mondays(POLICY, EARLY) == [WEEK - 14 * DAY, WEEK - 7 * DAY, WEEK]
    for week in weeks.mondays(POLICY, EARLY):
        assert isinstance(await desk.asks(week=week), Requested)
    for week in (WEEK - 21 * DAY, WEEK + 7 * DAY, WEEK + DAY, date.min):
        assert await desk.asks(week=week) == Refused(Refusal.WEEK_OUT_OF_RANGE)
        assert await desk.fills(week=week) == Refused(Refusal.WEEK_OUT_OF_RANGE)


async def test_r12_3_who_has_no_warehouse_asks_for_nothing(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    nobody = await Desk.of(rostering)
    dana = await rostering.driver("Dana", home=north)
    for desk in (nobody, Desk(rostering, dana)):
        assert await desk.asks() == await desk.fills() == Refused(Refusal.NOT_FOUND)
        assert await desk.glance() == ()
    assert await rostering.rows(select(RosterRun.id)) == []


async def test_pressing_twice_asks_once_and_another_question_is_another(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    desk = await Desk.of(rostering, north)
    first = await desk.asks()
    assert await desk.asks() == first
    assert await desk.asks(somebody_new(POLICY)) != first
    assert await desk.asks(somebody_new(POLICY)) == await desk.asks(somebody_new(POLICY))
    await rostering.make_all(EARLY)
    assert await desk.asks() != first


async def test_r3_9_what_is_empty_is_filled_on_a_managers_word(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    desk = await Desk.of(rostering, north)
    asked = await desk.fills()
    assert isinstance(asked, Requested) and await desk.fills() == asked
    await rostering.make_all(EARLY)
    card = await desk.card(asked.run_id)
    assert card is not None and (card.cause, card.filled, card.proven) == (RosterCause.MANAGER, 1, True)
    assert card.count(Cell.COVERED) == 1 and card.count(Cell.EMPTY) == 6
    assert (await rostering.roster())["R1", 0] == "Dana"


async def test_r3_9_a_card_counts_what_its_own_run_has_filled(rostering: Rostering) -> None:
    """Two at the same instant: the clock of a demonstration stands still. Whoever leaves is not shown as a plan."""
    north, routes = await rostering.place("North", "R1")
    dana = await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    desk = await Desk.of(rostering, north)
    runs_ = []
    for name in ("Ben", None):
        asked = await desk.fills()
        assert isinstance(asked, Requested)
        await rostering.make_all(EARLY)
        runs_.append(asked.run_id)
        if name is not None:
            await rostering.driver(name, [2], [routes["R1"]], home=north)
    made = [await desk.card(run_id) for run_id in runs_]
    assert [card.filled for card in made if card] == [1, 1]

    async def leave(session: AsyncSession) -> object:
        hers = select(Assignment.id).where(Assignment.user_id == dana.id)
        [shift] = await session.scalars(hers)
        return await cancel_shift(session, dana, shift, CancelReason.OTHER, None, SAY, POLICY, EARLY)

    await desk.does(leave)
    card = await desk.card(runs_[0])
    assert card is not None and (card.filled, card.count(Cell.WOULD_BE), card.count(Cell.COVERED)) == (0, 0, 1)
    at = A_PAGE | {"now": EARLY}
    page = await desk.does(lambda session: drives(session, desk.manager.id, runs_[0], **at))
    assert page is not None and [(each.driven, each.would_be, each.driver) for each in page.drives] == [
        (False, False, None)
    ]


async def test_r12_3_of_what_was_filled_for_both_each_reads_his_own(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    south, others = await rostering.place("South", "S1")
    await rostering.driver("Dana", [1, 2], [routes["R1"]], home=north)
    await rostering.driver("Ben", [1], [others["S1"]], home=south)
    mona, nick = await Desk.of(rostering, north, south), await Desk.of(rostering, south)
    asked = await mona.fills()
    assert isinstance(asked, Requested) and await nick.fills() == asked
    await rostering.make_all(EARLY)
    for desk, filled in ((mona, 3), (nick, 1)):
        card = await desk.card(asked.run_id)
        assert card is not None and (card.filled, card.proven) == (filled, True)


async def test_r3_9_nothing_is_filled_where_nothing_is_empty(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    await rostering.driver("Dana", routes=[routes["R1"]], home=north, cap=7)
    desk = await Desk.of(rostering, north)
    await desk.fills()
    await rostering.make_all(EARLY)
    assert await desk.fills() == Refused(Refusal.NOTHING_EMPTY)


async def test_a_second_manager_with_more_warehouses_asks_for_them(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    south, _ = await rostering.place("South", "S1")
    mona, nick = await Desk.of(rostering, north), await Desk.of(rostering, north, south, name="Nick")
    first = await mona.fills()
    second = await nick.fills()
    assert first != second and isinstance(second, Requested)
    card = await mona.card(second.run_id)
    assert card is not None and [place.name for place in card.warehouses] == ["North"], "of his own alone"


# -- what a preview keeps


async def test_r3_9_a_preview_writes_nothing_but_what_would_be(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1", "R2")
    dana = await rostering.driver("Dana", [1, 5], [routes["R1"]], home=north)
    desk = await Desk.of(rostering, north)
    card = await desk.previews()
    assert (card.filled, card.proven, card.count(Cell.WOULD_BE), card.count(Cell.EMPTY)) == (2, True, 2, 12)
    assert card.freezes_at == FROZEN and card.certificate is None
    assert [route.name for route in card.warehouses[0].routes] == ["R1", "R2"]
    would_be, empty = Cell.WOULD_BE, Cell.EMPTY
    assert card.warehouses[0].routes[0].cells == (would_be, empty, empty, empty, would_be, empty, empty)
    assert await rostering.rows(select(Assignment.id)) == await rostering.rows(select(Notification.id)) == []
    pairs = await rostering.rows(select(RosterPair.on, RosterPair.user_id).order_by(RosterPair.on))
    assert pairs == [(WEEK, dana.id), (WEEK + 4 * DAY, dana.id)]


async def test_r3_6_each_gap_says_why_by_name(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1", "R2", "R3")
    ana = await rostering.driver("Ana", [5], [routes["R1"], routes["R2"]], home=north)
    desk = await Desk.of(rostering, north)
    card = await desk.previews()
    gaps = names_of(await desk.gaps(card.run_id))
    assert len(gaps) == card.count(Cell.EMPTY) == 21 - card.filled
    assert (gaps["R3", 4].reason, gaps["R3", 4].drivers, gaps["R3", 4].assignment_id) == (GapReason.NOBODY, (), None)
    friday = gaps.get(("R1", 4)) or gaps["R2", 4]
    assert friday.reason is GapReason.TAKEN
    other = {"R1": "R2", "R2": "R1"}[friday.route]
    assert friday.drivers == (KeptFrom(f"{ana.first_name} {ana.last_name}", other, None),) and friday.others == 0


async def test_r3_6_who_is_at_his_cap_is_said_to_be(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    await rostering.driver("Ben", [1, 2], [routes["R1"]], home=north, cap=1)
    desk = await Desk.of(rostering, north)
    card = await desk.previews()
    gaps = names_of(await desk.gaps(card.run_id))
    taken = [gap for gap in gaps.values() if gap.reason is GapReason.TAKEN]
    assert [[(kept.route, kept.at_cap) for kept in gap.drivers] for gap in taken] == [[(None, 1)]]


async def test_r3_9_what_if_a_cap_is_reached_that_is_supposed(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    ben = await rostering.driver("Ben", [], [routes["R1"]], home=north, cap=1)
    desk = await Desk.of(rostering, north)
    card = await desk.previews(supposed(ben, 1, 2, 3, routes=(routes["R1"],), cap=2))
    assert card.what_if is not None and [route.name for route in card.what_if.routes] == ["R1"]
    gaps = names_of(await desk.gaps(card.run_id))
    assert [kept.at_cap for gap in gaps.values() for kept in gap.drivers] == [2]


async def test_r12_3_of_drivers_whom_he_may_not_see_only_the_number_is_said(rostering: Rostering) -> None:
    """He preferred it when that was frozen, and nothing ties him to these warehouses today."""
    north, routes = await rostering.place("North", "R1")
    south, _ = await rostering.place("South", "S1")
    await rostering.driver("Ana", [1, 2], [routes["R1"]], home=south, cap=1)
    desk = await Desk.of(rostering, north)
    card = await desk.previews()
    taken = [gap for gap in names_of(await desk.gaps(card.run_id)).values() if gap.reason is GapReason.TAKEN]
    assert [(gap.drivers, gap.others) for gap in taken] == [((), 1)]


async def test_r3_6_what_somebody_has_bid_for_is_a_gap_of_a_preview_too(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    south, others = await rostering.place("South", "S1")
    ben = await rostering.driver("Ben", [1], [routes["R1"], others["S1"]], home=north)
    desk = await Desk.of(rostering, north)

    async def bid(fleet: Fleet) -> None:
        for route in (routes["R1"], others["S1"]):
            fleet._warehouse_of[route] = north if route == routes["R1"] else south
            slot = await fleet.slot(route, WEEK)
            await fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=FROZEN)
            when = {"bid_at": EARLY, "window_closes_at": FROZEN}
            await fleet.add(Bid, assignment_id=slot.id, user_id=ben.id, **when)

    await rostering.build(bid)
    card = await desk.previews()
    page = await desk.gaps(card.run_id)
    gaps = names_of(page)
    assert gaps["R1", 0].reason is GapReason.BIDS and gaps["R1", 0].assignment_id is not None
    assert len(gaps) == card.count(Cell.EMPTY) == 7


async def test_r2_0_a_day_that_is_closed_meanwhile_is_no_gap(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    desk = await Desk.of(rostering, north)
    card = await desk.previews()

    async def close(fleet: Fleet) -> None:
        said = {"created_by": desk.manager.id, "created_at": EARLY}
        await fleet.add(CalendarException, warehouse_id=north, on=WEEK, runs=False, **said)

    await rostering.build(close)
    page, shown = await desk.gaps(card.run_id), await desk.card(card.run_id)
    assert shown is not None and page is not None
    assert page.total == len(names_of(page)) == shown.count(Cell.EMPTY) == 6 and ("R1", 0) not in names_of(page)


async def test_gaps_are_paged_and_what_is_filled_meanwhile_is_none(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    desk = await Desk.of(rostering, north)
    card = await desk.previews()
    page = await desk.gaps(card.run_id, page=99, per_page=3)
    assert page is not None and (page.page, page.pages, page.total, len(page.gaps)) == (2, 3, 7, 1)

    async def fill(fleet: Fleet) -> None:
        await fleet.add(
            Assignment, route_id=routes["R1"], warehouse_id=north, on=WEEK, status=AssignmentStatus.UNFILLED
        )
        driver = await fleet.driver("Zoe")
        await fleet.add(
            Assignment,
            route_id=routes["R1"],
            warehouse_id=north,
            on=WEEK + DAY,
            status=AssignmentStatus.SCHEDULED,
            user_id=driver.id,
        )

    await rostering.build(fill)
    gaps = names_of(await desk.gaps(card.run_id))
    assert ("R1", 1) not in gaps and gaps["R1", 0].assignment_id is not None


async def test_what_has_started_is_over_and_what_does_not_run_is_no_gap(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    desk = await Desk.of(rostering, north)
    wednesday = shift_start(WEEK + 2 * DAY, POLICY)
    card = await desk.previews(now=wednesday)
    assert card.warehouses[0].routes[0].cells[:4] == (Cell.OVER,) * 3 + (Cell.EMPTY,)


async def test_r3_9_a_preview_says_who_would_drive(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1", "R2", "R3")
    south, _ = await rostering.place("South", "S1")
    await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    await rostering.driver("Ana", [1], [routes["R2"]], home=south)
    desk = await Desk.of(rostering, north)
    card = await desk.previews()

    async def of_day(day: int, page: int = 0, per_page: int = 20) -> DrivesPage | None:
        return await desk.does(
            lambda session: drives(session, desk.manager.id, card.run_id, day, page, per_page, POLICY, EARLY)
        )

    page = await of_day(0)
    assert page is not None and page.on == WEEK
    assert [(each.route, each.driven, each.would_be, each.driver) for each in page.drives] == [
        ("R1", False, True, "Dana Test"),
        ("R2", False, True, None),  # of another warehouse: by name he is none of the manager's
        ("R3", False, False, None),
    ]
    last = await of_day(99, page=7, per_page=2)
    assert last is not None and (last.on, last.page, last.pages, len(last.drives)) == (WEEK + 6 * DAY, 1, 2, 1)
    await desk.fills()
    await rostering.make_all(EARLY)
    page = await of_day(0)
    assert page is not None and [each.driver for each in page.drives] == ["Dana Test", "Ana Test", None]
    assert [each.driven for each in page.drives] == [True, True, False]


async def test_r12_3_a_roster_of_others_does_not_exist(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    south, _ = await rostering.place("South", "S1")
    card = await (await Desk.of(rostering, north)).previews()
    nick = await Desk.of(rostering, south, name="Nick")
    for run_id in (card.run_id, uuid.uuid4()):
        assert await nick.card(run_id) is None
        assert await nick.gaps(run_id) is None
        assert await nick.does(partial(drives, manager_id=nick.manager.id, run_id=run_id, **A_PAGE)) is None
    await rostering.frozen_and_made()
    [deadline] = await rostering.rows(select(RosterRun.id).where(RosterRun.cause == RosterCause.DEADLINE))
    assert await nick.card(deadline[0]) is None


async def test_r3_6_a_week_that_was_made_shows_its_certificate(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    desk = await Desk.of(rostering, north)
    await rostering.frozen_and_made()
    card = await desk.previews(now=FROZEN + SECOND)
    made = card.certificate
    assert made is not None and (made.made_at, made.slots, made.filled, made.maximum) == (FROZEN, 7, 1, 1)
    assert card.freezes_at is None and card.count(Cell.COVERED) == 1
    glances = await desk.glance(FROZEN + SECOND)
    by_monday = {each.monday: each for each in glances}
    assert (by_monday[WEEK].slots, by_monday[WEEK].covered, by_monday[WEEK].made) == (7, 1, made)
    assert by_monday[WEEK].freezes_at is None and by_monday[WEEK + 7 * DAY].freezes_at == FROZEN + 7 * DAY


async def test_r14_previews_go_after_a_day_and_what_was_made_stays(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1")
    desk = await Desk.of(rostering, north)
    card = await desk.previews()
    await rostering.frozen_and_made()
    removed = await desk.does(lambda session: clean_up(session, POLICY, FROZEN + 2 * DAY))
    assert removed["previews"] == 1 and await desk.card(card.run_id) is None
    assert await rostering.rows(select(RosterRun.cause)) == [(RosterCause.DEADLINE,)]
    counted = select(func.count()).select_from(RosterGap).where(RosterGap.run_id == card.run_id)
    assert await rostering.rows(counted) == [(0,)]


# -- shared drivers


async def test_r3_9_before_the_freeze_a_preview_sees_who_is_shared_with_other_warehouses(rostering: Rostering) -> None:
    """Alone, North would have Ana; of the whole, only with her South has anybody, and North has Ben."""
    north, routes = await rostering.place("North", "R1")
    _south, others = await rostering.place("South", "S1")
    await rostering.driver("Ana", [1], [routes["R1"], others["S1"]], home=north)
    await rostering.driver("Ben", [1], [routes["R1"]], home=north)
    desk = await Desk.of(rostering, north)
    card = await desk.previews()
    assert card.filled == 1 and card.count(Cell.WOULD_BE) == 1
    assert not card.proven, "what is proven is of both warehouses"
    [pair] = await rostering.rows(select(RosterPair.user_id))
    await rostering.frozen_and_made()
    made = select(Assignment.user_id).where(Assignment.warehouse_id == north, Assignment.user_id.is_not(None))
    assert await rostering.rows(made) == [pair]


async def test_r3_9_after_the_freeze_a_preview_is_of_his_own_warehouses_as_filling_is(rostering: Rostering) -> None:
    """Of those who share drivers with others, it is for his own that he fills what is empty."""
    north, routes = await rostering.place("North", "R1")
    south, others = await rostering.place("South", "S1")
    later = FROZEN + SECOND
    shared = [routes["R1"], others["S1"]]
    await rostering.driver("Ana", [1], shared, home=south, saved_at=later)
    await rostering.driver("Any", [2], (), any_home_route=True, home=north, saved_at=later)
    await rostering.driver("Sue", [3], [others["S1"]], home=south, saved_at=later)
    desk = await Desk.of(rostering, north)
    await rostering.frozen_and_made()
    card = await desk.previews(now=later)
    assert (card.filled, card.proven) == (2, True)
    preview = select(RosterRun.slots).where(RosterRun.cause == RosterCause.PREVIEW)
    assert await rostering.rows(preview) == [(7,)]


async def test_r3_9_of_other_warehouses_nothing_is_kept(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    _south, others = await rostering.place("South", "S1")
    await rostering.driver("Ana", [1, 2], [routes["R1"], others["S1"]], home=north)
    desk = await Desk.of(rostering, north)
    await desk.previews()
    of = select(Route.warehouse_id).join(RosterGap, RosterGap.route_id == Route.id)
    assert await rostering.rows(of.distinct()) == [(north,)]


# -- what if


def supposed(
    driver: Person | None, *days: int, routes: tuple[uuid.UUID, ...] = (), any_: bool = False, cap: int = 4
) -> Supposed:
    return Supposed(driver.id if driver else None, Preferences(days, routes, any_), cap)


async def test_r3_9_what_if_one_more_day(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    dana = await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    desk = await Desk.of(rostering, north)
    card = await desk.previews(supposed(dana, 1, 5, routes=(routes["R1"],)))
    assert card.what_if is not None
    assert (card.filled, card.what_if.before, card.what_if.driver) == (2, 1, "Dana Test")
    assert (card.what_if.closed, card.what_if.opened) == ((("R1", WEEK + 4 * DAY),), ())
    assert len(await rostering.rows(select(PreferenceVersion.id))) == 1, "nothing is saved"


async def test_r3_9_what_if_changes_only_the_one_of_whom_it_is(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1", "R2")
    dana = await rostering.driver("Dana", [1], [routes["R1"]], home=north)
    await rostering.driver("Ben", [2], [routes["R2"]], home=north)
    desk = await Desk.of(rostering, north)
    card = await desk.previews(supposed(dana, 5, routes=(routes["R1"],)))
    assert card.what_if is not None and (card.filled, card.what_if.before) == (2, 2)
    assert (card.what_if.closed, card.what_if.opened) == ((("R1", WEEK + 4 * DAY),), (("R1", WEEK),))


async def test_r3_9_what_if_counts_no_slot_twice_that_has_got_its_driver_since(rostering: Rostering) -> None:
    """The card is kept current: Monday is taken by hand, Friday stays what would be; then Monday is over."""
    north, routes = await rostering.place("North", "R1", "R2")
    dana = await rostering.driver("Dana", [1], [routes["R2"]], home=north)
    desk = await Desk.of(rostering, north)
    card = await desk.previews(supposed(dana, 1, 5, routes=(routes["R1"],)))
    assert card.what_if is not None and (card.count(Cell.WOULD_BE), card.what_if.before) == (2, 1)
    monday, friday = ("R1", WEEK), ("R1", WEEK + 4 * DAY)
    assert (card.what_if.closed, card.what_if.opened) == ((monday, friday), (("R2", WEEK),))

    async def by_hand(fleet: Fleet) -> None:
        where = {"warehouse_id": north, "on": WEEK, "status": AssignmentStatus.SCHEDULED}
        for name in ("R1", "R2"):
            driver = await fleet.driver(f"Zoe {name}")
            await fleet.add(Assignment, route_id=routes[name], user_id=driver.id, **where)

    await rostering.build(by_hand)
    for now in (EARLY, shift_start(WEEK, POLICY)):
        later = await desk.card(card.run_id, now)
        assert later is not None and later.what_if is not None
        assert (later.count(Cell.WOULD_BE), later.what_if.before) == (1, 0)
        assert (later.what_if.closed, later.what_if.opened) == ((friday,), ())


async def test_r3_9_what_if_somebody_of_elsewhere_came(rostering: Rostering) -> None:
    """He prefers nothing here so far, and the week is made: only this warehouse is looked at."""
    north, routes = await rostering.place("North", "R1")
    south, others = await rostering.place("South", "S1")
    sue = await rostering.driver("Sue", [3], [others["S1"]], home=south, ticked=[north])
    desk = await Desk.of(rostering, north)
    await rostering.frozen_and_made()
    card = await desk.previews(supposed(sue, 1, routes=(routes["R1"],)), now=FROZEN + SECOND)
    assert card.what_if is not None and (card.filled, card.what_if.before) == (1, 0)


async def test_r3_9_what_if_there_were_one_more(rostering: Rostering) -> None:
    north, _ = await rostering.place("North", "R1", "R2")
    await rostering.place("South", "S1")
    desk = await Desk.of(rostering, north)
    card = await desk.previews(supposed(None, 0, 1, 2, 3, 4, 5, 6, any_=True, cap=3))
    assert card.what_if is not None and (card.filled, card.what_if.before, card.what_if.driver) == (3, 0, None)
    pairs = await rostering.rows(select(RosterPair.user_id))
    assert pairs == [(None,)] * 3


async def test_r3_9_what_if_the_cap_were_another(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    dana = await rostering.driver("Dana", routes=[routes["R1"]], home=north, cap=4)
    desk = await Desk.of(rostering, north)
    for cap in (3, 5):
        card = await desk.previews(supposed(dana, *range(7), routes=(routes["R1"],), cap=cap))
        assert card.what_if is not None and (card.filled, card.what_if.before) == (cap, 4)


async def test_r3_9_what_if_respects_what_no_preference_changes(rostering: Rostering) -> None:
    """Time off, a shift that he has, and being flagged."""
    north, routes = await rostering.place("North", "R1", "R2")
    off = await rostering.driver("Off", [], [routes["R1"]], home=north, off=(WEEK, WEEK))
    flagged = await rostering.driver("Flagged", [], [routes["R1"]], home=north, flagged=True)
    never = await rostering.build(lambda fleet: fleet.driver("Never", home=north))
    desk = await Desk.of(rostering, north)
    for driver, filled in ((off, 0), (flagged, 0), (never, 1)):
        card = await desk.previews(supposed(driver, 1, routes=(routes["R1"],)))
        assert card.what_if is not None and (card.filled, card.what_if.before) == (filled, 0), driver.first_name


async def test_r12_3_nothing_is_supposed_of_a_driver_whom_he_may_not_see(rostering: Rostering) -> None:
    north, routes = await rostering.place("North", "R1")
    south, _ = await rostering.place("South", "S1")
    ana = await rostering.driver("Ana", [1], home=south)
    desk = await Desk.of(rostering, north)
    for who in (ana, desk.manager):
        assert await desk.asks(supposed(who, 1, routes=(routes["R1"],))) == Refused(Refusal.NOT_FOUND)


async def test_r3_9_what_if_reaches_as_far_as_what_is_supposed(rostering: Rostering) -> None:
    """Of a driver who would drive in both, both are looked at."""
    north, routes = await rostering.place("North", "R1")
    south, others = await rostering.place("South", "S1")
    ana = await rostering.driver("Ana", [1], [others["S1"]], home=south, ticked=[north])
    desk = await Desk.of(rostering, north)
    await desk.previews(supposed(ana, 1, routes=(routes["R1"], others["S1"])))
    assert await rostering.rows(select(RosterRun.slots)) == [(14,)]
    await desk.previews()
    assert sorted(await rostering.rows(select(RosterRun.slots))) == [(7,), (14,)]


async def test_r3_2_a_freeze_does_not_wait_for_previews_that_were_asked_for_before(rostering: Rostering) -> None:
    desk = await Desk.of(rostering, await rostering.build(Fleet.warehouse))
    assert isinstance(await desk.asks(), Requested)
    [week] = await desk.does(lambda session: freezing.freeze(session, POLICY, FROZEN + SECOND, by_hand=True))
    claimed = await desk.does(runs.claim)
    assert claimed is not None
    cause = await desk.does(
        lambda session: session.scalar(select(RosterRun.cause).where(RosterRun.id == claimed.run_id))
    )
    assert (week, cause) == (WEEK, RosterCause.DEADLINE)
