"""With a million assignments no press and no duty reads more than it shows, whatever the fleet's past."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bench.fleet import Fleet
from bot.jobs import Duty, table_of_duties
from bot.kinds import table_of_kinds
from bot.wording import Words
from domain.bidding.actions import accept_shift
from domain.bidding.bids import place_bid
from domain.bidding.offers import offer, open_offers, taken_offers
from domain.bidding.open_shifts import asked_and_open, open_to
from domain.bidding.own_bids import own_bids
from domain.bidding.rules import Bids, first_refusal
from domain.bidding.standing import SlotKey, standing_of
from domain.coverage import board, maps
from domain.coverage import queries as coverage
from domain.coverage.assigning import Assigned, assign_driver
from domain.coverage.candidates import candidates
from domain.coverage.cover import tell_cover
from domain.coverage.ending import close_early
from domain.coverage.opening import Opened, open_emergency
from domain.coverage.windows import bids_of, open_windows
from domain.db.engine import connect
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    BidWindow,
    Delivery,
    Employment,
    GiveAway,
    Incident,
    Message,
    Owner,
    RosterRun,
    Shift,
    User,
    WindowAsk,
)
from domain.db.models.words import (
    AssignmentStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    Channel,
    DeliveryState,
    GapReason,
    RosterCause,
)
from domain.health import appeal_cards, flags, own_standing, whys
from domain.health.appeals import Opened as AppealOpened
from domain.health.appeals import decide_appeal, open_appeal
from domain.health.attention import drivers_listed
from domain.health.excusing import Excused, excuse_incident
from domain.health.his_standing import his_incident, his_incidents, his_standing
from domain.health.rules_of_appeals import Decided
from domain.health.seeing import own_health
from domain.history.queries import Subject, history
from domain.notices.actions import acknowledge
from domain.notices.broadcasts import SentToMany, ToMany, draft_to_many, received_of_many, send_to_many
from domain.notices.inbox import inbox_page, mark_all_read
from domain.notices.kinds import Kind
from domain.people.anonymising import Anonymised, anonymise
from domain.people.drivers import driver_card, find_drivers, is_seen, names_of, near_drivers
from domain.people.linking import Contact, Linked, link_by_contact
from domain.people.queries import Person, person
from domain.places.actions import Founded, Renamed, found_warehouse, rename
from domain.places.deleting import Dependents, delete_place
from domain.places.moving import Moved, move_route
from domain.places.queries import warehouse_card
from domain.policy import Policy
from domain.refusals import Refused
from domain.reporting.queries import report
from domain.roster import cards, making, previewing, runs
from domain.roster.drives import drives
from domain.roster.flow import best_roster
from domain.roster.making import Previewed
from domain.roster.preferences import Saved, drop_route, prefer_day, prefer_route, wishes
from domain.roster.preferring import Preferences
from domain.roster.requesting import Requested, request_fill, request_preview
from domain.roster.rules import Cut, Gap, Roster
from domain.roster.snapshot import snapshot
from domain.roster.supposing import Supposed
from domain.roster.telling import AT_ONCE
from domain.roster.terms import terms_of
from domain.roster.weeks import glance
from domain.roster.workplaces import these_routes
from domain.schedule import queries as calendar
from domain.schedule.closing import Preview, RunsAgain, close_day, preview, run_after_all
from domain.schedule.rules import weekday_of
from domain.schedule.weekdays import turn_off
from domain.shifts import actions, queries
from domain.shifts.absences import Away, fall_ill
from domain.shifts.departures import Leaves, leave_company
from domain.shifts.feed import feed_shifts
from domain.shifts.leaving import Left, cancel_shift
from tests.domain.rostering import WEEK
from tests.figures.conftest import DRIVERS, NOW, ROUTES
from tests.figures.reading import Reading, read_by

POLICY = Policy()
SAY = Words(POLICY.zone)
TODAY, SUNDAY = date(2026, 11, 25), date(2026, 11, 29)
LAST_MONDAY = date(2026, 11, 16)
NINE = NOW.replace(hour=9, minute=0)
FLEET = Fleet(DRIVERS, ROUTES, TODAY, 7)
LOCALS = 100  # drivers of a warehouse
WORKED = 1_300  # who has worked at a warehouse in nearly three years, and what who has bid there has bid for (R12.3)
TRACES = 3_000  # what a driver's shifts are about, several times
FEW = 60  # rows of any one table: a day of a warehouse's 40 routes is the most that a press shows
PAST = 500  # shifts that a driver has had in nearly three years
OFFERED = 120  # offers that a driver had in a year
OPEN = 800  # windows that are open in all of the company
ASKED = 200  # drivers who are asked, and their offers and home cards, which are redrawn
DAY = 250  # the routes of a warehouse, a few times: before locks and after, with their drivers and windows
WEEKS = 600  # the same, and of which weeks ahead the warehouse has any rows
MOVED = 300  # and who prefers a route is found by looking at what each driver does
CANDIDATES = 500  # a warehouse's hundred drivers, by their days of the week …
# So few are there of these that what hangs on hundreds of shifts is found quickest by looking at all.
FEW_OF_THEM = {"incidents", "bid_windows"}
OF_A_WEEK = 1_500  # a warehouse's 280 shifts, once for each sort of figures and once for where each slot is
COMPANYS_WEEK = 50_000  # the same of all 25 warehouses
OF_A_ROUTE = 3_200  # its days in nearly three years, once for each thing that hangs on them
OF_MANY = 130  # whom a message to many went to: to find one of them, for the test
TOLD = 400  # a warehouse's hundred drivers, and what each is told; how each is reached, all chats say as quickly
# Who has no home recorded may work everywhere (R6.3): that is found by looking at all people, not at all assignments.
EVERYBODY = {"users", "employments", "contact_settings"}
# What there is of each driver or route, and not of each day; and what is in his chat, of which the old goes (R13).
OF_EACH = EVERYBODY | {"driver_preferences", "driver_health_state", "driver_metrics", "route_completions", "chat_links"}
OF_EACH |= {"routes", "deliveries"}
# What may be read from end to end, by the most rows of a press.
OF_ALL = {TOLD: EVERYBODY | {"chat_links"}} | dict.fromkeys((CANDIDATES, TRACES), EVERYBODY)
OF_ALL |= dict.fromkeys((WORKED, MOVED, ROUTES, DRIVERS, COMPANYS_WEEK), OF_EACH)


@dataclass(frozen=True, slots=True)
class Company:
    """Warehouse 0, through one session: its manager, a driver with a shift today, and an open slot of tomorrow."""

    session: AsyncSession
    engine: AsyncEngine
    manager: Person
    driver: Person
    shift: uuid.UUID
    slot: SlotKey

    async def open_slot(self) -> uuid.UUID:
        return (await self.session.get_one(BidWindow, self.slot.window_id)).assignment_id

    async def emergency(self) -> uuid.UUID:
        """The open slot is raised to an emergency, and thirty are asked."""
        opened = await open_emergency(self.session, self.manager, await self.open_slot(), 20, None, SAY, POLICY, NOW)
        assert isinstance(opened, Opened)
        return opened.window_id


# What a test has written and rolled back still takes room, by which PostgreSQL judges how much a table has in it.
_GROWN = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) / 8192 > relpages + 8
"""


@pytest.fixture
async def company(large: str) -> AsyncIterator[Company]:
    engine = connect(large, connections=1)
    async with engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in (await autocommit.execute(text(_GROWN))).scalars().all():
            await autocommit.execute(text(f"VACUUM {table}"))
    async with engine.connect() as connection:
        transaction = await connection.begin()
        session = AsyncSession(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        # The last heartbeat is young, by the database's clock; a minute ago there was another.
        await session.execute(
            text("UPDATE heartbeats SET last_at = clock_timestamp(), first_at = clock_timestamp() WHERE at >= :since"),
            {"since": NOW - timedelta(minutes=10)},
        )
        shift = FLEET.slot(3, TODAY)
        row = await session.get_one(Assignment, shift)
        assert row.user_id is not None
        driver, manager = await person(session, row.user_id), await person(session, FLEET.id("manager", 0))
        open_ = select(BidWindow.id, Assignment).join(Assignment, Assignment.id == BidWindow.assignment_id)
        window, slot = (
            await session.execute(
                open_.where(
                    Assignment.warehouse_id == row.warehouse_id,
                    Assignment.status == AssignmentStatus.UNFILLED,
                    Assignment.on > TODAY,
                ).limit(1)
            )
        ).one()
        assert driver is not None and manager is not None
        key = SlotKey(window, slot.route_id, slot.warehouse_id, slot.on, emergency=True)
        yield Company(session, engine, manager, driver, shift, key)
        await transaction.rollback()
    await engine.dispose()


def judged(reading: Reading, most: int, *, whole: Set[str] = frozenset()) -> None:
    """`most` rows of any one big table, and none of them is read from end to end but `whole`."""
    assert reading.statements
    assert reading.scanned <= whole, reading.rows
    much = {table: rows for table, rows in reading.rows.items() if rows > most and table not in whole}
    assert not much, (much, reading.statements)


Do = Callable[[Company], Awaitable[Any]]


async def nothing(_it: Company) -> None:
    pass


async def is_shown(it: Company, kind: Kind, to: Person, about: uuid.UUID | None) -> None:
    """As every press ends: what it is about is read again, and shown."""
    shown = await table_of_kinds(POLICY, "Rollcall")[kind].load(it.session, to.id, about, NOW)
    assert shown is not None


async def home(it: Company) -> None:
    await is_shown(it, Kind.HOME, it.driver, None)


async def managers_home(it: Company) -> None:
    await is_shown(it, Kind.HOME, it.manager, None)


async def own_week(it: Company) -> None:
    assert await queries.own_shifts(it.session, it.driver.id, TODAY, SUNDAY, POLICY)


async def own_shift(it: Company) -> None:
    await is_shown(it, Kind.SHIFT, it.driver, it.shift)


async def unconfirmed(it: Company) -> None:
    await queries.unconfirmed(it.session, it.driver.id, POLICY, NOW)
    await queries.unconfirmed_locked(it.session, it.driver.id, TODAY, SUNDAY, POLICY)


async def confirms(it: Company) -> None:
    assert await actions.confirm_all(it.session, it.driver, TODAY, TODAY, POLICY, NOW) == actions.Confirmed(1)


async def is_unconfirmed(it: Company) -> None:
    await it.session.execute(update(Assignment).where(Assignment.id == it.shift).values(confirmed_at=None))
    await it.session.execute(insert(AssignmentTerms).values(assignment_id=it.shift, confirm_by=NOW))


async def arrives(it: Company) -> None:
    assert not isinstance(await actions.arrive(it.session, it.driver, it.shift, POLICY, NOW), Refused)


async def loads(it: Company) -> None:
    assert not isinstance(await actions.load_parcels(it.session, it.driver, it.shift, 120, POLICY, NOW), Refused)


async def completes(it: Company) -> None:
    assert not isinstance(await actions.complete_shift(it.session, it.driver, it.shift, 2, POLICY, NOW), Refused)


async def cancels(it: Company) -> None:
    said = await cancel_shift(it.session, it.driver, it.shift, CancelReason.OTHER, None, SAY, POLICY, NOW)
    assert isinstance(said, Left)


async def emergency(it: Company) -> None:
    await it.emergency()


async def open_offers_of_one_asked(it: Company) -> None:
    await open_offers(it.session, it.driver.id, POLICY, NOW)
    await asked_and_open(it.session, it.driver.id, POLICY, NOW)
    await taken_offers(it.session, it.driver.id, POLICY, NOW)
    await offer(it.session, it.driver.id, it.slot.window_id, POLICY, NOW)


async def whats_open(it: Company) -> None:
    await open_to(it.session, it.driver.id, 0, 6, POLICY, NOW)


async def his_bids(it: Company) -> None:
    await own_bids(it.session, it.driver.id, 0, 6, POLICY, NOW)


async def bidder(it: Company) -> Person:
    """Of the warehouse's, somebody who may have the slot."""
    its = replace(it.slot, emergency=False)
    for user_id in await it.session.scalars(select(User.id).where(User.id.in_(locals_of(it))).order_by(User.id)):
        if first_refusal(await standing_of(it.session, its, user_id, POLICY)) is None:
            found = await person(it.session, user_id)
            assert found is not None
            return found
    raise AssertionError("nobody may have it")


def locals_of(it: Company) -> Select[tuple[uuid.UUID]]:
    return select(Employment.user_id).where(Employment.warehouse_id == it.slot.warehouse_id)


async def competitive(it: Company) -> None:
    mode = {"mode": BidWindowMode.COMPETITIVE, "closes_at": NINE}
    await it.session.execute(update(BidWindow).where(BidWindow.id == it.slot.window_id).values(mode))


async def bids(it: Company) -> None:
    assert isinstance(await place_bid(it.session, await bidder(it), it.slot.window_id, POLICY, NOW), Bids)


async def accepts(it: Company) -> None:
    asked = "SELECT user_id FROM window_asks WHERE window_id = :window ORDER BY user_id LIMIT 1"
    taker = await person(it.session, await it.session.scalar(text(asked), {"window": it.slot.window_id}))
    assert taker is not None
    said = await accept_shift(it.session, taker, it.slot.window_id, SAY, POLICY, NOW)
    assert not isinstance(said, Refused)


async def one_drivers_standing(it: Company) -> None:
    await standing_of(it.session, it.slot, it.driver.id, POLICY)


async def window(it: Company) -> None:
    await is_shown(it, Kind.WINDOW, it.manager, it.slot.window_id)


async def uncovered(it: Company) -> None:
    assert (await coverage.uncovered(it.session, it.manager.id, TODAY, 0, 8)).slots


async def whom_to_give_it_to(it: Company) -> None:
    found = await candidates(it.session, it.manager.id, await it.open_slot(), 0, 8, POLICY)
    assert found is not None and found.candidates


async def given_by_hand(it: Company) -> None:
    to = (await bidder(it)).id
    said = await assign_driver(it.session, it.manager, await it.open_slot(), to, None, SAY, POLICY, NOW)
    assert isinstance(said, Assigned)


async def what_is_offered(it: Company) -> None:
    assert (await open_windows(it.session, it.manager.id, 0, 8)).windows


async def all_its_bids(it: Company) -> None:
    found = await bids_of(it.session, it.manager.id, it.slot.window_id, 0, 10, POLICY)
    assert found is not None and found.bids


async def closes_early(it: Company) -> None:
    said = await close_early(it.session, it.manager, it.slot.window_id, SAY, POLICY, NOW)
    assert not isinstance(said, Refused)


async def live_board(it: Company) -> None:
    assert await board.day_of(it.session, it.manager.id, None, TODAY, POLICY, NOW)


async def map_of_a_week(it: Company) -> None:
    await maps.turn_map(it.session, it.manager, None, TODAY, 0, POLICY, NOW, week=True)
    await is_shown(it, Kind.COVERAGE, it.manager, None)


async def is_watched(it: Company) -> None:
    """The manager has her board in the chat, and yesterday evening's list."""
    await tell_cover(it.session, SAY, POLICY, NOW.replace(hour=18) - timedelta(days=1))
    await board.turn_board(it.session, it.manager, None, TODAY, 0, POLICY, NOW)
    card = {"kind": Kind.BOARD, "channel": Channel.TELEGRAM, "state": DeliveryState.SENT, "urgency": 2}
    await maps.turn_map(it.session, it.manager, None, TODAY, 0, POLICY, NOW, week=True)
    for kind in (Kind.BOARD, Kind.COVERAGE):
        await it.session.execute(
            insert(Delivery).values(user_id=it.manager.id, created_at=NOW, **card | {"kind": kind})
        )


async def places(it: Company) -> None:
    assert len(await calendar.places(it.session, it.manager.id)) == 41


async def closed_ahead(it: Company) -> None:
    assert (await calendar.closings(it.session, it.manager.id, TODAY, 0, 8)).closings


async def route_page(it: Company) -> None:
    assert await calendar.route_calendar(it.session, it.manager.id, it.slot.route_id, TODAY, 5)


async def would_close(it: Company) -> None:
    seen = await preview(it.session, it.manager, it.slot.warehouse_id, it.slot.on, POLICY, NOW)
    assert isinstance(seen, Preview) and len(seen.effect.cancelled) == 40


async def closes(it: Company) -> None:
    given = (it.session, it.manager, it.slot.warehouse_id, it.slot.on)
    assert not isinstance(await close_day(*given, None, SAY, POLICY, NOW), Refused)


async def runs_after_all(it: Company) -> None:
    again = await run_after_all(it.session, it.manager, it.slot.warehouse_id, it.slot.on, POLICY, NOW)
    assert isinstance(again, RunsAgain) and again.slots == 40


async def turns_a_weekday_off(it: Company) -> None:
    given = (it.session, it.manager, it.slot.route_id, weekday_of(it.slot.on))
    assert not isinstance(await turn_off(*given, True, SAY, POLICY, NOW), Refused)


async def drivers_card(it: Company) -> None:
    assert await driver_card(it.session, it.manager.id, it.driver.id, POLICY, NOW)


async def all_my_drivers(it: Company) -> None:
    page = await drivers_listed(it.session, it.manager.id, 0, 8, POLICY, NOW)
    assert page.total >= LOCALS


async def is_an_owner(it: Company) -> None:
    await it.session.execute(insert(Owner).values(phone=it.manager.phone))


async def all_drivers(it: Company) -> None:
    page = await drivers_listed(it.session, it.manager.id, 0, 8, POLICY, NOW)
    assert page.total == DRIVERS


async def finds_a_driver(it: Company) -> None:
    called = f"{it.driver.first_name} {it.driver.last_name}"
    assert await find_drivers(it.session, it.manager.id, called, TODAY)


async def finds_nearly_a_driver(it: Company) -> None:
    called = f"{it.driver.first_name}x {it.driver.last_name}"
    assert not await find_drivers(it.session, it.manager.id, called, TODAY)
    assert await near_drivers(it.session, it.manager.id, called, TODAY)


async def strangers_card(it: Company) -> None:
    """Of the last warehouse: he is looked for in all that could show him."""
    assert await driver_card(it.session, it.manager.id, FLEET.id("driver", DRIVERS - 1), POLICY, NOW) is None


async def how_he_stands(it: Company) -> None:
    assert await his_standing(it.session, it.manager.id, it.driver.id, POLICY, NOW)


async def what_went_wrong(it: Company) -> None:
    found = await his_incidents(it.session, it.manager.id, it.driver.id, 0, 5, POLICY, NOW)
    assert found is not None and found.lately.incidents
    assert await his_incident(it.session, it.manager.id, found.lately.incidents[0].id, POLICY, NOW)


async def own_score(it: Company) -> None:
    assert await own_health(it.session, it.driver.id, POLICY, NOW)


async def why(it: Company) -> None:
    await own_standing.standing(it.session, it.driver.id)
    [first, *_] = (await whys.lately(it.session, it.driver.id, 0, 5, POLICY, NOW)).incidents
    assert await whys.happened(it.session, it.driver.id, first.id, POLICY)
    assert await flags.drivers(it.session, POLICY, NOW, [it.driver.id])


async def is_late_cancelled(it: Company) -> None:
    """His last incident is of today, so that it can still be appealed."""
    its = select(Incident.id).where(Incident.user_id == it.driver.id).order_by(Incident.occurred_at.desc()).limit(1)
    await it.session.execute(update(Incident).where(Incident.id == its.scalar_subquery()).values(occurred_at=NOW))


async def appeals(it: Company) -> None:
    [first, *_] = (await whys.lately(it.session, it.driver.id, 0, 5, POLICY, NOW)).incidents
    assert isinstance(await open_appeal(it.session, it.driver, first.id, "Ice", SAY, POLICY, NOW), AppealOpened)


async def what_is_appealed(it: Company) -> None:
    [card], _ = await appeal_cards.to_decide(it.session, it.manager.id, 8, POLICY, NOW)
    await is_shown(it, Kind.APPEALED, it.manager, card.id)


async def decides_an_appeal(it: Company) -> None:
    [card], _ = await appeal_cards.to_decide(it.session, it.manager.id, 8, POLICY, NOW)
    said = await decide_appeal(it.session, it.manager, card.id, False, "The ice was salted", SAY, POLICY, NOW)
    assert isinstance(said, Decided)


async def excuses(it: Company) -> None:
    [first, *_] = (await whys.lately(it.session, it.driver.id, 0, 5, POLICY, NOW)).incidents
    said = await excuse_incident(it.session, it.manager, first.id, "Ice", SAY, POLICY, NOW)
    assert isinstance(said, Excused)


async def has_left(it: Company) -> None:
    """Yesterday, and all that he has told others of is there."""
    over = {"ends_on": TODAY - timedelta(days=1)}
    await it.session.execute(update(Employment).where(Employment.user_id == it.driver.id).values(over))
    his = update(Assignment).where(Assignment.user_id == it.driver.id, Assignment.on >= TODAY)
    await it.session.execute(his.values(status=AssignmentStatus.COMPLETED))


async def is_made_anonymous(it: Company) -> None:
    assert await anonymise(it.session, it.manager.id, it.driver.id, POLICY, NOW) == Anonymised()


async def falls_ill(it: Company) -> None:
    days = TODAY + timedelta(days=1), TODAY + timedelta(days=7)
    assert isinstance(await fall_ill(it.session, it.driver, *days, SAY, POLICY, NOW), Away)


async def leaves(it: Company) -> None:
    assert isinstance(await leave_company(it.session, it.manager, it.driver.id, TODAY, SAY, POLICY, NOW), Leaves)


async def has_a_number(it: Company) -> None:
    await it.session.execute(update(User).where(User.id == it.driver.id).values(phone="+14165550123"))


async def shares_his_number(it: Company) -> None:
    contact = Contact(True, "14165550123")
    said = await link_by_contact(it.session, contact, 4711, "en", SAY, POLICY, NOW)
    assert said == Linked(it.driver.id)


async def inbox(it: Company) -> None:
    page = await inbox_page(it.session, it.driver.id, 0, 5)
    await mark_all_read(it.session, it.driver.id, page.entries[0].id)


async def his_wishes(it: Company) -> None:
    await wishes(it.session, it.driver.id, POLICY, NOW)


async def prefers_a_day(it: Company) -> None:
    assert await prefer_day(it.session, it.driver, 3, True, POLICY, NOW) == Saved()


async def prefers_one_route_less(it: Company) -> None:
    assert await drop_route(it.session, it.driver, it.slot.route_id, POLICY, NOW) == Saved()


async def prefers_a_route(it: Company) -> None:
    assert await prefer_route(it.session, it.driver, it.slot.route_id, POLICY, NOW) == Saved()


async def his_calendar(it: Company) -> None:
    assert await feed_shifts(it.session, it.driver.id, POLICY, NOW)


async def weeks_of_rosters(it: Company) -> None:
    assert len(await glance(it.session, it.manager.id, POLICY, NOW)) == 3


async def asks_for_a_preview(it: Company) -> None:
    asked = await request_preview(it.session, it.manager, WEEK, None, POLICY, NOW)
    assert isinstance(asked, Requested)


async def asks_to_fill(it: Company) -> None:
    assert isinstance(await request_fill(it.session, it.manager, WEEK, POLICY, NOW), Requested)


async def is_made(it: Company) -> None:
    """A preview in which nobody gets anything."""
    await asks_for_a_preview(it)
    run = await runs.run(it.session, await run_id(it))
    within = await previewing.looked_at(it.session, run, POLICY)
    seen = await snapshot(it.session, run, POLICY, NOW, within)
    gaps = tuple(Gap(slot, GapReason.NOBODY) for slot in seen.slots)
    await previewing.keep_preview(it.session, run, seen, Roster((), gaps, 0, Cut((), (), ())), None, NOW)


async def run_id(it: Company) -> uuid.UUID:
    [found] = await it.session.scalars(select(RosterRun.id))
    return found


async def supposing(it: Company) -> Supposed:
    """That the driver drove every day, wherever he is at home."""
    terms = await terms_of(it.session, it.driver.id, POLICY)
    assert terms is not None
    return replace(terms, preferences=Preferences(tuple(range(7)), terms.preferences.routes, any_home_route=True))


async def his_terms(it: Company) -> None:
    supposed = await supposing(it)
    assert await is_seen(it.session, it.manager.id, it.driver.id, TODAY)
    assert await names_of(it.session, it.manager.id, [it.driver.id], TODAY)
    assert await these_routes(it.session, supposed.preferences.routes)


async def asks_what_if(it: Company) -> None:
    asked = await request_preview(it.session, it.manager, WEEK, await supposing(it), POLICY, NOW)
    assert isinstance(asked, Requested)


async def made_what_if(it: Company) -> None:
    await asks_what_if(it)
    run = await run_id(it)
    seen = await making.look(it.session, run, POLICY, NOW)
    assert seen.supposed
    real, supposed = [best_roster(of, seen.slots, POLICY) for of in (seen.candidates, seen.supposed)]
    assert isinstance(await making.finish(it.session, run, seen, real, supposed, SAY, POLICY, NOW), Previewed)


async def rosters_card(it: Company) -> None:
    await is_shown(it, Kind.ROSTER, it.manager, await run_id(it))


async def why_empty(it: Company) -> None:
    assert await cards.gaps(it.session, it.manager.id, await run_id(it), 0, 8, POLICY, NOW)


async def who_would_drive(it: Company) -> None:
    assert await drives(it.session, it.manager.id, await run_id(it), 0, 0, 20, POLICY, NOW)


async def moves_a_route(it: Company) -> None:
    south = await found_warehouse(it.session, it.manager, "Another", "1 Bay St", POLICY, NOW)
    assert isinstance(south, Founded)
    route = await it.session.get_one(Assignment, it.shift)
    moved = await move_route(it.session, it.manager, route.route_id, south.warehouse_id, SAY, POLICY, NOW)
    assert isinstance(moved, Moved)


async def cant_delete(it: Company) -> None:
    row = await it.session.get_one(Assignment, it.shift)
    for place in (row.route_id, row.warehouse_id):
        assert isinstance(await delete_place(it.session, it.manager, place, SAY, POLICY, NOW), Dependents)


async def renames(it: Company) -> None:
    row = await it.session.get_one(Assignment, it.shift)
    assert isinstance(await rename(it.session, it.manager, row.route_id, "Another", POLICY, NOW), Renamed)
    assert await warehouse_card(it.session, it.manager.id, row.warehouse_id, TODAY)


async def slots_history(it: Company) -> None:
    assert await history(it.session, it.manager.id, Subject.SLOT, await it.open_slot(), 0, 8, POLICY, NOW)


async def drivers_history(it: Company) -> None:
    assert await history(it.session, it.manager.id, Subject.DRIVER, it.driver.id, 0, 8, POLICY, NOW)


async def routes_history(it: Company) -> None:
    assert await history(it.session, it.manager.id, Subject.ROUTE, it.slot.route_id, 0, 8, POLICY, NOW)


async def weeks_report(it: Company) -> None:
    found = await report(it.session, it.manager.id, LAST_MONDAY, POLICY, NOW)
    assert found is not None and found.total.slots == 280


async def companys_report(it: Company) -> None:
    found = await report(it.session, it.manager.id, LAST_MONDAY, POLICY, NOW)
    assert found is not None and found.total.slots == 7 * ROUTES


async def is_written_to(it: Company) -> None:
    """And all of the warehouse's drivers."""
    draft = await draft_to_many(it.session, it.manager, None, "come to door 4", POLICY, NOW)
    assert isinstance(draft, ToMany)
    given = it.session, it.manager, draft.message_id, 1, draft.to.drivers, SAY, POLICY, NOW
    assert isinstance(await send_to_many(*given), SentToMany)


async def answers_it(it: Company) -> None:
    about = await it.session.scalar(select(Message.id).where(Message.to_many))
    assert about is not None
    driver = await it.session.scalar(select(Delivery.user_id).where(Delivery.about == about).limit(1))
    assert driver is not None
    assert await acknowledge(it.session, driver, Kind.BROADCAST, about, NOW) is True
    assert await received_of_many(it.session, driver, about) is not None


PRESSES: dict[str, tuple[list[Do], Do, int]] = {  # what was before, the press, and the most rows of any one table
    "a driver's home card": ([], home, FEW),
    "a manager's home card": ([], managers_home, FEW),
    "his week": ([], own_week, 10),
    "one of his shifts": ([], own_shift, 10),
    "what he has to confirm": ([], unconfirmed, 20),
    "confirm": ([is_unconfirmed], confirms, 10),
    "arrive": ([], arrives, 10),
    "arrive, on a board and a map that are watched": ([is_watched], arrives, 12),
    "load": ([arrives], loads, 10),
    "complete": ([arrives, loads], completes, PAST),  # his completion rate is the mean over all his shifts (R9.1)
    "cancel": ([], cancels, FEW),
    "his offers": ([], open_offers_of_one_asked, OFFERED),
    "all that is open to him": ([], whats_open, OPEN),
    "his bids": ([competitive, bids], his_bids, FEW),
    "a driver's standing": ([], one_drivers_standing, 10),
    "accept": ([emergency], accepts, ASKED),
    "a window's card": ([emergency], window, CANDIDATES),
    "an emergency": ([], emergency, CANDIDATES),
    "the uncovered list": ([], uncovered, FEW),
    "whom a slot could be given to": ([], whom_to_give_it_to, CANDIDATES),
    "given by hand": ([], given_by_hand, CANDIDATES),
    "what is offered": ([emergency], what_is_offered, OPEN),
    "a window's bids": ([competitive, bids], all_its_bids, FEW),
    "closed early": ([competitive, bids], closes_early, ASKED),
    "the live board": ([], live_board, FEW),
    "the map of a week": ([], map_of_a_week, WEEKS),
    "the inbox": ([], inbox, FEW),
    "a manager's card of a driver": ([], drivers_card, FEW),
    "all of a manager's drivers": ([], all_my_drivers, WORKED),
    "all of a company's drivers": ([is_an_owner], all_drivers, DRIVERS),
    "a driver who is found by his name": ([], finds_a_driver, CANDIDATES),
    "a driver whose name is nearly so": ([], finds_nearly_a_driver, WORKED),
    "a driver whom a manager doesn't see": ([], strangers_card, CANDIDATES),
    "how a driver stands": ([], how_he_stands, PAST),
    "what went wrong with a driver": ([], what_went_wrong, FEW),
    "his own score": ([], own_score, PAST),
    "why": ([], why, PAST),
    "an appeal": ([is_late_cancelled], appeals, FEW),
    "what is appealed": ([is_late_cancelled, appeals], what_is_appealed, FEW),
    "an appeal that is decided": ([is_late_cancelled, appeals], decides_an_appeal, FEW),
    "an excuse": ([], excuses, 2 * PAST),
    "who has left, made anonymous": ([has_left], is_made_anonymous, TRACES),
    "ill for a week": ([], falls_ill, 4 * OFFERED),  # once for each shift that goes to others
    "the last day": ([], leaves, 4 * OFFERED),
    "a shared number": ([has_a_number], shares_his_number, FEW),
    "what can be closed": ([], places, FEW),
    "what is closed ahead": ([closes], closed_ahead, DAY),
    "a route's weekdays": ([closes], route_page, DAY),
    "what closing would do": ([], would_close, DAY),
    "closing a day": ([], closes, DAY),
    "running it after all": ([closes], runs_after_all, WEEKS),
    "a weekday turned off": ([], turns_a_weekday_off, ASKED),
    "what he prefers": ([], his_wishes, 10),
    "a day that he prefers": ([], prefers_a_day, 10),
    "a route that he prefers": ([prefers_one_route_less], prefers_a_route, 10),
    "his calendar": ([], his_calendar, FEW),
    "the weeks of rosters": ([], weeks_of_rosters, 3 * WEEKS),
    "a preview that is asked for": ([], asks_for_a_preview, 10),
    "a week that is to be filled": ([], asks_to_fill, WEEKS),
    "a roster's card": ([is_made], rosters_card, WEEKS),
    "why slots stay empty": ([is_made], why_empty, WEEKS),
    "who would drive": ([is_made], who_would_drive, DAY),
    "a driver's terms, to suppose others": ([], his_terms, 10),
    "a what-if that is asked for": ([], asks_what_if, 10),
    "a route moved": ([], moves_a_route, MOVED),
    "a place that stays": ([], cant_delete, MOVED),
    "a route renamed": ([], renames, DAY),
    "the difference that a what-if makes": ([made_what_if], rosters_card, WEEKS),
    "what was done with a slot": ([], slots_history, FEW),
    "what was done with a driver": ([], drivers_history, PAST),
    "what was done with a route": ([], routes_history, OF_A_ROUTE),
    "a week's report": ([], weeks_report, OF_A_WEEK),
    "an owner's home card": ([is_an_owner], managers_home, ROUTES),
    "an owner's board": ([is_an_owner], live_board, DRIVERS),
    "an owner's uncovered list": ([is_an_owner], uncovered, DRIVERS),
    "an owner's map of a week": ([is_an_owner], map_of_a_week, COMPANYS_WEEK),
    "an owner's weeks of rosters": ([is_an_owner], weeks_of_rosters, COMPANYS_WEEK),
    "an owner's report": ([is_an_owner], companys_report, COMPANYS_WEEK),
    "a message to many": ([], is_written_to, TOLD),
    "answering a message to many": ([is_written_to], answers_it, OF_MANY),
}


@pytest.mark.parametrize("name", PRESSES)
async def test_a_press_reads_what_it_shows(company: Company, name: str) -> None:
    before, press, most = PRESSES[name]
    for each in before:
        await each(company)
    with read_by(company.engine) as reading:
        await press(company)
    counted = FEW_OF_THEM if press in (drivers_history, routes_history, weeks_report, companys_report) else frozenset()
    judged(reading, most, whole=OF_ALL.get(most, frozenset()) | counted)


DUTIES = {name: duty for name, duty in table_of_duties(SAY, POLICY).items() if isinstance(duty, Duty)}
BEATS = 600  # heartbeats of an hour and a half, which is what can hold a no-show (R8.6a)


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("name", [name for name, duty in DUTIES.items() if duty.at is None])
async def test_r14_a_duty_with_nothing_to_do_reads_next_to_nothing(company: Company, name: str, arrived: bool) -> None:
    """A thousand routes run today; nobody is there yet, or all are."""
    if arrived:
        await company.session.execute(
            update(Assignment).where(Assignment.on == TODAY).values(status=AssignmentStatus.ACTIVE)
        )
        here = select(Assignment.id, literal(NOW), literal(NOW)).where(Assignment.on == TODAY)
        columns = [Shift.assignment_id, Shift.arrived_at, Shift.created_at]
        await company.session.execute(insert(Shift).from_select(columns, here))
    duty = DUTIES[name]
    with read_by(company.engine) as reading:
        assert duty.due is not None and (await company.session.execute(*duty.due(NOW))).first() is None
        assert await duty.item(company.session, NOW, 0) is None
    assert reading.rows["heartbeats"] <= BEATS
    del reading.rows["heartbeats"]
    judged(reading, 5)


async def missing(it: Company) -> None:
    """Everybody is there but one."""
    arrived = update(Assignment).where(Assignment.on == TODAY, Assignment.id != it.shift)
    await it.session.execute(arrived.values(status=AssignmentStatus.ACTIVE))


async def dropped(it: Company) -> None:
    """Of somebody who was asked for hundreds of shifts since he is here."""
    friday = select(Assignment.id).where(Assignment.on == TODAY + timedelta(days=2), Assignment.user_id.is_not(None))
    one = friday.limit(1).scalar_subquery()
    driver = await it.session.scalar(
        update(Assignment).where(Assignment.id == one).values(confirmed_at=None).returning(Assignment.user_id)
    )
    past = select(BidWindow.id, literal(driver), BidWindow.opens_at, func.date(BidWindow.opens_at))
    past = past.where(
        BidWindow.status == BidWindowStatus.RESOLVED,
        BidWindow.id.not_in(select(WindowAsk.window_id).where(WindowAsk.user_id == driver)),
    )
    columns = [WindowAsk.window_id, WindowAsk.user_id, WindowAsk.asked_at, WindowAsk.on]
    await it.session.execute(insert(WindowAsk).from_select(columns, past.limit(5 * FEW)))


async def closing(it: Company) -> None:
    at = {"closes_at": NINE}
    await it.session.execute(update(BidWindow).where(BidWindow.id == it.slot.window_id).values(at))


async def closing_with_bids(it: Company) -> None:
    await competitive(it)
    await bids(it)


async def wave_is_due(it: Company) -> None:
    await it.emergency()


async def given_away(it: Company) -> None:
    """Since yesterday, and nobody has taken it."""
    giver = select(Assignment.user_id).where(Assignment.id == it.shift).scalar_subquery()
    of = {"assignment_id": it.shift, "giver_id": giver, "offered_at": NOW - timedelta(days=1)}
    await it.session.execute(insert(GiveAway).values(**of))


DUE: dict[str, tuple[Do, int]] = {  # what makes one thing due at nine, and the most rows of any one table
    "no-show": (missing, FEW),
    "auto-drop": (dropped, FEW),
    "windows": (closing, FEW),
    "windows, for which somebody has bid": (closing_with_bids, ASKED),
    "waves": (wave_is_due, CANDIDATES),
    "give-aways": (given_away, FEW),
}


@pytest.mark.parametrize("name", DUE)
async def test_r14_one_thing_that_is_due_reads_what_concerns_it(company: Company, name: str) -> None:
    make, most = DUE[name]
    await make(company)
    with read_by(company.engine) as reading:
        assert await DUTIES[name.split(",")[0]].item(company.session, NINE, 0) is not None
    del reading.rows["heartbeats"]
    judged(reading, most, whole=EVERYBODY if most == CANDIDATES else frozenset())


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("shift-reminders", NOW.replace(hour=6)),
        ("confirmation-reminders", NOW.replace(hour=8)),
        ("last-calls", NOW.replace(hour=18)),
        ("cover", NOW.replace(hour=18)),
    ],
)
async def test_r4_2_a_reminder_reads_the_shifts_of_its_day(company: Company, name: str, at: datetime) -> None:
    """A thousand are told; everybody's chat and language may be read for it, but not everybody's past."""
    with read_by(company.engine) as reading:
        assert await DUTIES[name].item(company.session, at, 0) is not None
    assert 0 < reading.rows["assignments"] <= 2 * ROUTES  # the last call looks at those of the day after, too
    assert reading.scanned <= EVERYBODY | {"chat_links", "routes"}


@pytest.mark.parametrize("cause", [RosterCause.DEADLINE, RosterCause.MANAGER, RosterCause.PREVIEW])
async def test_r3_2_a_roster_reads_its_week_and_no_years(company: Company, cause: RosterCause) -> None:
    """A freeze's is of all routes, a manager's of his own; what drivers prefer is looked for among them all."""
    of_all = cause is RosterCause.DEADLINE
    mine = {} if of_all else {"requested_by": company.manager.id, "warehouses": [company.slot.warehouse_id]}
    made = {"cause": cause, "requested_at": NOW, "as_of": NOW} | mine
    run = insert(RosterRun).values(week=WEEK, **made).returning(RosterRun.id)
    id_ = (await company.session.scalars(run)).one()
    with read_by(company.engine) as reading:
        seen = await making.look(company.session, id_, POLICY, NOW)
        roster = best_roster(seen.candidates, seen.slots, POLICY)
        assert await making.finish(company.session, id_, seen, roster, None, SAY, POLICY, NOW) is not None
    assert len(seen.slots) == 7 * (ROUTES if of_all else 40) and roster.pairs
    assert 0 < reading.rows["assignments"] <= 2 * len(seen.slots)
    assert reading.scanned <= OF_EACH
    grows = reading.rows.keys() - OF_EACH
    assert all(reading.rows[table] <= 2 * len(seen.slots) for table in grows), reading.rows


async def test_r3_8_those_who_are_told_of_a_week_are_read_and_no_others(company: Company) -> None:
    """Five hundred at once: of each his week, and what of it is open."""
    made = {"cause": RosterCause.DEADLINE, "requested_at": NOW, "as_of": NOW - timedelta(days=3), "carried_out_at": NOW}
    await company.session.execute(insert(RosterRun).values(week=date(2026, 11, 30), **made))
    with read_by(company.engine) as reading:
        assert await DUTIES["week-message"].item(company.session, NOW, 0) is not None
    assert 0 < reading.rows["assignments"] <= 10 * AT_ONCE
    assert reading.rows["notifications"] <= 2 * AT_ONCE
    assert reading.scanned <= EVERYBODY | {"driver_health_state"}
