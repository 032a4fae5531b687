"""PRODUCT's live board: how the shifts of a day stand, whose it is, and what makes it follow."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.coverage.board import Board, Mark, RouteStands, Turned, board, day_of, mark_of, reopen_board, turn_board
from domain.coverage.opening import Opened
from domain.db.models import Delivery, WarehouseManager
from domain.db.models.words import AssignmentStatus, CancelReason, DeliveryState
from domain.notices import following
from domain.people.cleaning import clean_up
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.actions import arrive, complete_shift, confirm_all, confirm_shift, correct_parcels, load_parcels
from domain.shifts.checking import warn_missing
from domain.shifts.leaving import cancel_shift
from domain.shifts.restoring import Restored, want_back
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.test_waves import statements
from tests.domain.world import POLICY, SAY, accept, close_due, open_emergency

TODAY = date(2026, 11, 25)
NINE = local(TODAY, 9)
NOT_FOUND = Refused(Refusal.NOT_FOUND)


# -- where a route stands


@pytest.mark.parametrize(
    ("status", "confirmed", "loaded", "at", "mark"),
    [
        (AssignmentStatus.UNFILLED, False, False, NINE, Mark.UNCOVERED),
        (AssignmentStatus.SCHEDULED, False, False, NINE, Mark.UNCONFIRMED),
        (AssignmentStatus.SCHEDULED, True, False, NINE - 30 * MINUTE - SECOND, Mark.CONFIRMED),
        (AssignmentStatus.SCHEDULED, True, False, NINE - 30 * MINUTE, Mark.MISSING),
        (AssignmentStatus.SCHEDULED, True, False, NINE + HOUR, Mark.MISSING),  # held by an outage of ours
        (AssignmentStatus.ACTIVE, True, False, NINE, Mark.ARRIVED),
        (AssignmentStatus.ACTIVE, True, True, NINE, Mark.LOADED),
        (AssignmentStatus.COMPLETED, True, True, NINE, Mark.DONE),
    ],
)
def test_r8_2a_where_a_route_stands(
    status: AssignmentStatus, confirmed: bool, loaded: bool, at: datetime, mark: Mark
) -> None:
    assert mark_of(status, confirmed=confirmed, loaded=loaded, arrive_by=NINE, policy=POLICY, now=at) is mark


async def routes(depot: Depot, on: date = TODAY, at: datetime | None = None) -> list[RouteStands]:
    [day] = await day_of(depot.session, depot.mona.id, [depot.north], on, POLICY, at or depot.now)
    return list(day.routes)


async def test_the_day_is_listed_with_what_is_most_pressing_first(depot: Depot) -> None:
    fleet = depot.fleet
    await depot.shift(await depot.driver("Cleo"), TODAY, confirmed=True, route="R10")
    await depot.shift(await depot.driver("Ben"), TODAY, confirmed=True, route="R9")
    late = await depot.shift(
        await depot.driver("Late"), TODAY, confirmed=True, route="R7", arrive_by=depot.now + 29 * MINUTE
    )
    await depot.shift(await depot.driver("Una"), TODAY, route="R8")
    open_ = await fleet.slot(await fleet.route("R2", depot.north))
    offered = await fleet.slot(await fleet.route("R3", depot.north))
    window = await fleet.window(offered)
    gone = await fleet.driver("Gone")
    await fleet.cancelled_by(gone, open_.route, TODAY)
    await depot.shift(await depot.driver("Tom"), TODAY + DAY, confirmed=True, route="R6")
    dana = await depot.driver("Dana")
    working = await depot.shift(dana, TODAY, confirmed=True, route="R4")
    await arrive(depot.session, dana, working.id, POLICY, depot.now)
    await load_parcels(depot.session, dana, working.id, 142, POLICY, depot.now)
    asked = await open_emergency(depot.session, depot.mona, open_, depot.now)
    assert isinstance(asked, Opened)

    listed = await routes(depot)
    assert [(route.route, route.mark) for route in listed] == [
        ("R2", Mark.UNCOVERED),
        ("R3", Mark.UNCOVERED),
        ("R7", Mark.MISSING),
        ("R8", Mark.UNCONFIRMED),
        ("R9", Mark.CONFIRMED),
        ("R10", Mark.CONFIRMED),
        ("R4", Mark.LOADED),
    ]
    by_route = {route.route: route for route in listed}
    assert by_route["R2"].asked == asked.asked > 0
    assert by_route["R3"].asked == 0 and window is not None
    assert (by_route["R7"].assignment_id, by_route["R7"].driver) == (late.id, "Late Test")
    assert (by_route["R4"].loaded, by_route["R4"].arrived_at, by_route["R4"].asked) == (142, depot.now, None)
    [tomorrow] = await routes(depot, TODAY + DAY)
    assert tomorrow.route == "R6"


async def test_r12_3_only_his_own_warehouses(depot: Depot) -> None:
    other = await depot.fleet.manager("Otto")
    south = await depot.fleet.warehouse("South", other)
    assert await day_of(depot.session, depot.mona.id, [south], TODAY, POLICY, depot.now) == ()
    assert [day.name for day in await day_of(depot.session, other.id, None, TODAY, POLICY, depot.now)] == ["South"]
    turned = await turn_board(depot.session, depot.mona, south, TODAY, 0, POLICY, depot.now)
    assert turned == NOT_FOUND
    assert await board(depot.session, depot.mona.id, POLICY, depot.now) is None
    dana = await depot.driver()  # who drives manages nothing, whatever the table says
    await depot.fleet.put_in_charge(dana, depot.north)
    assert await day_of(depot.session, dana.id, None, TODAY, POLICY, depot.now) == ()


async def test_one_statement_whatever_the_number_of_routes(depot: Depot, shared_engine: AsyncEngine) -> None:
    async def count() -> int:
        with statements(shared_engine) as seen:
            await day_of(depot.session, depot.mona.id, None, TODAY, POLICY, depot.now)
        return len(seen)

    for number in range(40):
        await depot.fleet.slot(await depot.fleet.route(f"S{number}", depot.north))
    assert await count() == 1
    assert len(await routes(depot)) == 40


# -- what it shows


async def shown(depot: Depot, manager: Person | None = None, at: datetime | None = None) -> Board:
    found = await board(depot.session, (manager or depot.mona).id, POLICY, at or depot.now)
    assert found is not None
    return found


async def turn(depot: Depot, warehouse: uuid.UUID | None = None, on: date = TODAY, page: int = 0) -> None:
    assert await turn_board(depot.session, depot.mona, warehouse, on, page, POLICY, depot.now) == Turned()


async def test_the_only_warehouse_is_shown_at_once_and_several_are_to_choose_from(depot: Depot) -> None:
    await turn(depot)
    one = await shown(depot)
    assert one.one is not None and (one.one.name, one.others, one.all) == ("North", False, ())
    south = await depot.fleet.warehouse("South", depot.mona)
    both = await shown(depot)
    assert both.one is None and [day.name for day in both.all] == ["North", "South"]
    await turn(depot, south, page=3)
    chosen = await shown(depot)
    assert chosen.one is not None and (chosen.one.name, chosen.others, chosen.page) == ("South", True, 3)


async def test_a_manager_without_a_warehouse_has_an_empty_board(depot: Depot) -> None:
    nobody = await depot.fleet.manager("Nora")
    await turn_board(depot.session, nobody, None, TODAY, 0, POLICY, depot.now)
    assert await shown(depot, nobody) == Board(TODAY, TODAY, None, False, (), 0)


@pytest.mark.parametrize(
    ("days", "shows"), [(-7, -7), (-8, 0), (14, 14), (15, 0), (-700_000, 0), (700_000, 0), (0, 0), (1, 1)]
)
async def test_a_day_too_far_away_is_taken_for_today(depot: Depot, days: int, shows: int) -> None:
    await turn(depot, on=TODAY + timedelta(days=days))
    assert (await shown(depot)).on == TODAY + timedelta(days=shows)


async def test_a_board_of_a_warehouse_that_is_no_longer_his_is_gone(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South", depot.mona)
    await turn(depot, south)
    await depot.session.execute(delete(WarehouseManager).where(WarehouseManager.warehouse_id == south))
    assert await board(depot.session, depot.mona.id, POLICY, depot.now) is None
    await reopen_board(depot.session, depot.mona, POLICY, depot.now)
    assert (await shown(depot)).one is not None, "the way back leads to what is his"


async def test_the_way_back_leads_where_he_was_until_that_day_is_over(depot: Depot) -> None:
    await reopen_board(depot.session, depot.mona, POLICY, depot.now)
    assert (await shown(depot)).on == TODAY
    await turn(depot, depot.north, TODAY + DAY, 2)
    await reopen_board(depot.session, depot.mona, POLICY, depot.now + DAY)
    left = await shown(depot)
    assert (left.on, left.page) == (TODAY + DAY, 2)
    await reopen_board(depot.session, depot.mona, POLICY, depot.now + 2 * DAY)
    assert (await shown(depot, at=depot.now + 2 * DAY)).on == TODAY + 2 * DAY


# -- it follows whatever happens


class Watched:
    """Mona's board of North today and her home card; Otto's of South, and one of Mona's other days."""

    def __init__(self, depot: Depot, card: uuid.UUID, home: uuid.UUID, others: list[uuid.UUID]) -> None:
        self.depot, self.session, self.now = depot, depot.session, depot.now
        self.card, self.home, self._others = card, home, others

    async def marked(self) -> tuple[bool, bool]:
        """Whether the board is to be redrawn, and the home card; nobody else's is. All is quiet again afterwards."""
        rows = await self.session.scalars(select(Delivery.id).where(Delivery.redraw))
        marked = set(rows) & {self.card, self.home, *self._others}
        assert not marked & set(self._others)
        quiet = {"redraw": False, "due_at": None, "pause_until": None}
        await self.session.execute(update(Delivery).values(quiet))
        return self.card in marked, self.home in marked


@pytest.fixture
async def watched(depot: Depot) -> Watched:
    fleet = depot.fleet
    otto, zora = await fleet.manager("Otto"), await fleet.manager("Zora", depot.north)
    await fleet.warehouse("South", otto)
    now = depot.now
    for manager, warehouse, on in ((depot.mona, depot.north, TODAY), (otto, None, TODAY), (zora, None, TODAY - DAY)):
        await turn_board(depot.session, manager, warehouse, on, 0, POLICY, now)
    card, ottos, zoras = [await fleet.board_card(manager) for manager in (depot.mona, otto, zora)]
    return Watched(depot, card, await fleet.home_card(depot.mona), [ottos, zoras])


BOARD_ALONE, BOTH = (True, False), (True, True)


async def test_the_board_follows_a_drivers_day_and_home_cards_stay_as_they_are(watched: Watched) -> None:
    depot, session, now = watched.depot, watched.session, watched.now
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, TODAY, confirm_by=now + HOUR)
    bens = await depot.shift(ben, TODAY, route="R13", confirm_by=now + HOUR)
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: confirm_shift(session, dana, slot.id, POLICY, now),
        lambda: confirm_all(session, ben, TODAY, TODAY, POLICY, now),
        lambda: arrive(session, dana, slot.id, POLICY, now),
        lambda: load_parcels(session, dana, slot.id, 142, POLICY, now),
        lambda: complete_shift(session, dana, slot.id, 4, POLICY, now),
        lambda: correct_parcels(session, dana, slot.id, None, 5, POLICY, now),
    ]
    for number, step in enumerate(steps):
        await step()
        assert await watched.marked() == BOARD_ALONE, number
        await step()
        assert await watched.marked() == (False, False), f"{number}: a second press changes nothing"
    assert bens.on == TODAY


async def test_the_board_follows_who_leaves_and_who_takes_it(watched: Watched) -> None:
    depot, session, now = watched.depot, watched.session, watched.now
    dana, ben = await depot.driver(), await depot.driver("Ben")
    slot = await depot.shift(dana, TODAY, confirmed=True)
    left = await cancel_shift(session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY, now)
    assert not isinstance(left, Refused) and left.reopened is not None
    assert await watched.marked() == BOTH
    assert not isinstance(await accept(session, ben, left.reopened.window_id, now), Refused)
    assert await watched.marked() == BOTH


async def test_the_board_follows_no_shows_drops_and_restores(watched: Watched) -> None:
    depot, session = watched.depot, watched.session
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    await depot.missed(NINE)
    assert await watched.marked() == BOTH
    ben = await depot.driver("Ben")
    his = await depot.shift(ben, TODAY, route="R13", confirm_by=NINE)
    await depot.dropped(NINE + SECOND)
    assert await watched.marked() == BOTH
    assert isinstance(await want_back(session, ben, his.id, SAY, POLICY, NINE + MINUTE), Restored)
    assert await watched.marked() == BOTH


async def test_r8_2a_the_board_follows_the_clock_where_somebody_is_not_there(watched: Watched) -> None:
    await watched.depot.shift(await watched.depot.driver(), TODAY, confirmed=True)
    assert await warn_missing(watched.session, SAY, POLICY, NINE - 30 * MINUTE - SECOND) is None
    assert await warn_missing(watched.session, SAY, POLICY, NINE - 30 * MINUTE) is not None
    assert await watched.marked() == BOARD_ALONE


async def test_the_board_follows_windows(watched: Watched) -> None:
    depot, session, now = watched.depot, watched.session, watched.now
    slot = await depot.fleet.slot(await depot.fleet.route("R14", depot.north))
    opened = await open_emergency(session, depot.mona, slot, now)
    assert isinstance(opened, Opened) and opened.asked == 0
    assert await watched.marked() == BOARD_ALONE, "it is offered, though nobody is free"
    await close_due(session, now + 9 * HOUR)
    assert await watched.marked() == BOTH


async def follow(watched: Watched, on: date = TODAY, at: datetime | None = None) -> None:
    days = [following.DayAt(watched.depot.north, on)]
    await following.follow_homes(watched.session, at or watched.now, boards_of=days)


async def test_a_board_of_all_warehouses_follows_each_of_them(watched: Watched) -> None:
    await turn_board(watched.session, watched.depot.mona, None, TODAY, 0, POLICY, watched.now)
    await follow(watched)
    assert await watched.marked() == BOARD_ALONE


async def test_a_board_follows_its_own_day_until_that_is_over(watched: Watched) -> None:
    midnight = local(TODAY + DAY, 0)
    await follow(watched, TODAY + DAY)
    assert await watched.marked() == (False, False)
    await follow(watched, at=midnight - SECOND)
    assert await watched.marked() == BOARD_ALONE
    await follow(watched, at=midnight)
    assert await watched.marked() == (False, False)


async def test_in_the_night_a_board_of_yesterday_is_turned_to_say_so(watched: Watched) -> None:
    await clean_up(watched.session, POLICY, local(TODAY + DAY, 4, 10))
    assert (await watched.session.get_one(Delivery, watched.card, populate_existing=True)).redraw
    stale = await shown(watched.depot, at=local(TODAY + DAY, 4, 10))
    assert (stale.on, stale.today) == (TODAY, TODAY + DAY)


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.CANCELLED, DeliveryState.FAILED])
async def test_only_a_board_that_is_in_the_chat_follows(watched: Watched, state: DeliveryState) -> None:
    await watched.session.execute(update(Delivery).where(Delivery.id == watched.card).values(state=state))
    await follow(watched)
    assert await watched.marked() == (False, False)


async def test_what_waits_already_does_not_wait_any_longer_for_what_happens_then(watched: Watched) -> None:
    await follow(watched)
    first = await row(watched)
    await follow(watched, at=watched.now + MINUTE)
    assert await row(watched) == first
    assert first[0] == watched.now and first[1] is not None


async def row(watched: Watched) -> tuple[datetime | None, datetime | None]:
    columns = select(Delivery.due_at, Delivery.pause_until).where(Delivery.id == watched.card)
    due_at, pause_until = (await watched.session.execute(columns)).one()
    return due_at, pause_until
