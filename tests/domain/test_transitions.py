"""R2.3 as a table: every state of an assignment, whatever can happen to it, and by whose doing.

What is legal changes it exactly so; anything else is refused with the reason, and leaves nothing written.
"""

import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.jobs import Errand, table_of_duties
from domain.coverage.assigning import Assigned, Given, assign_driver
from domain.coverage.rules import AlreadyOpen
from domain.db.models import Assignment, BidWindow, Shift
from domain.db.models.words import AssignmentStatus, BidWindowStatus, CancelReason
from domain.giving.actions import give_to_all, take_over
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule.closing import close_day
from domain.shifts import actions
from domain.shifts.coming import come_late, he_is_here, leave_to_others
from domain.shifts.declining import decline_shift
from domain.shifts.driven import driver_of
from domain.shifts.leaving import cancel_shift
from domain.shifts.removing import remove_driver
from domain.shifts.restoring import want_back
from domain.shifts.rules import Done
from domain.shifts.stopping import stop_shift
from tests.domain.depot import DAY, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, contents, open_emergency

TODAY = date(2026, 11, 25)
CONFIRM_BY = local(TODAY, 7, 25)  # hers is an assignment that came late; shifts started at seven
FOUR = local(TODAY, 4)
DROPPED_AT = local(TODAY, 7, 26)
PRESSED_AT = local(TODAY, 7, 21)
BACK_AT = local(TODAY, 7, 30)
NINE = local(TODAY, 9)
LATE = local(TODAY, 9, 5)
PARCELS, BACK = 120, 6


class State(StrEnum):
    """Of one assignment. What became of a cancelled one stands in the ledger."""

    UNFILLED = auto()
    SCHEDULED = auto()
    CONFIRMED = auto()
    ACTIVE = auto()
    LOADED = auto()
    COMPLETED = auto()
    CORRECTED = auto()
    CANCELLED = auto()  # by her
    DROPPED = auto()
    MISSED = auto()
    REGAINED = auto()  # dropped, and hers again by another row
    PASSED_ON = auto()  # given away to a colleague
    CALLED_OFF = auto()  # the route does not run that day
    GIVEN = auto()  # to her by a manager, when it was late; she has not agreed yet
    REMOVED = auto()  # from her by a manager


S = State
# One status in the database.
GONE = {S.CANCELLED, S.DROPPED, S.MISSED, S.REGAINED, S.PASSED_ON, S.CALLED_OFF, S.REMOVED}


async def state_of(depot: Depot, slot: Slot) -> State:
    """As it stands in the database; any that is cancelled is `CANCELLED`."""
    row = await depot.row(slot.id)
    match row.status:
        case AssignmentStatus.SCHEDULED:
            return S.CONFIRMED if row.confirmed_at else S.SCHEDULED
        case AssignmentStatus.ACTIVE | AssignmentStatus.COMPLETED:
            about = select(Shift).where(Shift.assignment_id == slot.id).execution_options(populate_existing=True)
            shift = (await depot.session.scalars(about)).one()
            if row.status is AssignmentStatus.ACTIVE:
                return S.LOADED if shift.parcels_start else S.ACTIVE
            return S.COMPLETED if shift.parcels_returned == BACK else S.CORRECTED
    return S(row.status)


@dataclass(frozen=True, slots=True)
class Before:
    """How everything stood: all rows of all tables."""

    contents: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Here:
    """Dana's shift of today, or the slot that nobody has; the warehouse is Mona's."""

    depot: Depot
    dana: Person
    slot: Slot

    async def does(self, what: str, who: Person, *, by: Person | None = None) -> Any:
        return await EVENTS[what].do(self, who, EVENTS[what].at, by)

    def doer(self, what: str) -> Person:
        return self.depot.mona if what in MANAGERS else self.dana

    async def before(self) -> Before:
        return Before(await contents(self.depot.session))

    async def became(self, state: State, before: Before) -> None:
        """The row is so now; who has lost or regained it has another row of the slot."""
        assert await contents(self.depot.session) != before.contents
        assert await state_of(self.depot, self.slot) is (S.CANCELLED if state in GONE else state)
        live = Assignment.route_id == self.slot.route, Assignment.status != AssignmentStatus.CANCELLED
        rows = await self.depot.session.scalars(
            select(Assignment).where(*live).execution_options(populate_existing=True)
        )
        if state is S.CALLED_OFF:
            assert list(rows) == []
            return
        [row] = rows
        if state is S.PASSED_ON:
            assert row.status is AssignmentStatus.SCHEDULED and row.user_id not in (None, self.dana.id)
            return
        hers = state not in GONE or state is S.REGAINED
        assert (row.id == self.slot.id) is (state not in GONE)
        assert row.user_id == (self.dana.id if hers else None)
        assert row.status is not AssignmentStatus.UNFILLED or not hers

    async def window_id(self) -> uuid.UUID:
        """The window through which the slot is open; any other where it is not."""
        open_ = (
            select(BidWindow.id)
            .join(Assignment, Assignment.id == BidWindow.assignment_id)
            .where(Assignment.route_id == self.slot.route, BidWindow.status == BidWindowStatus.OPEN)
        )
        return await self.depot.session.scalar(open_) or uuid.uuid4()


Do = Callable[[Here, Person, datetime, Person | None], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Event:
    """What happens, and when."""

    do: Do
    at: datetime = PRESSED_AT


async def confirm(it: Here, who: Person, at: datetime, by: Person | None) -> Any:
    return await actions.confirm_shift(it.depot.session, who, it.slot.id, POLICY, at, by=by)


async def arrive(it: Here, who: Person, at: datetime, by: Person | None) -> Any:
    return await actions.arrive(it.depot.session, who, it.slot.id, POLICY, at, by=by)


async def load(it: Here, who: Person, at: datetime, by: Person | None) -> Any:
    return await actions.load_parcels(it.depot.session, who, it.slot.id, PARCELS, POLICY, at, by=by)


async def complete(it: Here, who: Person, at: datetime, by: Person | None) -> Any:
    return await actions.complete_shift(it.depot.session, who, it.slot.id, BACK, POLICY, at, by=by)


async def correct(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await actions.correct_parcels(it.depot.session, who, it.slot.id, None, BACK + 1, POLICY, at)


async def cancel(it: Here, who: Person, at: datetime, by: Person | None) -> Any:
    reason = CancelReason.PERSONAL_EMERGENCY
    return await cancel_shift(it.depot.session, who, it.slot.id, reason, None, SAY, POLICY, at, by=by)


async def stop(it: Here, who: Person, at: datetime, by: Person | None) -> Any:
    reason = CancelReason.VEHICLE_BREAKDOWN
    return await stop_shift(it.depot.session, who, it.slot.id, reason, BACK, SAY, POLICY, at, by=by)


async def close(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await close_day(it.depot.session, who, it.depot.north, TODAY, None, SAY, POLICY, at)


async def want(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await want_back(it.depot.session, who, it.slot.id, SAY, POLICY, at)


async def take(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await accept(it.depot.session, who, await it.window_id(), at)


async def opens(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await open_emergency(it.depot.session, who, it.slot, at)


async def assign(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await assign_driver(it.depot.session, who, it.slot.id, it.dana.id, None, SAY, POLICY, at)


async def decline(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await decline_shift(it.depot.session, who, it.slot.id, SAY, POLICY, at)


async def asks_others(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await remove_driver(it.depot.session, who, it.slot.id, None, SAY, POLICY, at)


async def comes_late(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await come_late(it.depot.session, who, it.slot.id, SAY, POLICY, at)


async def vouches(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await he_is_here(it.depot.session, who, it.slot.id, SAY, POLICY, at)


async def leaves_it(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    return await leave_to_others(it.depot.session, who, it.slot.id, SAY, POLICY, at)


async def give(it: Here, who: Person, at: datetime, _by: Person | None) -> Any:
    """To all, and a colleague takes it."""
    offered = await give_to_all(it.depot.session, who, it.slot.id, SAY, POLICY, at)
    if isinstance(offered, Refused):
        return offered
    colleague = await it.depot.driver("Paul")
    return await take_over(it.depot.session, colleague, offered.give_away_id, SAY, POLICY, at)


async def drop(it: Here, _who: Person, at: datetime, _by: Person | None) -> Any:
    return await it.depot.drop(at)


async def miss(it: Here, _who: Person, at: datetime, _by: Person | None) -> Any:
    return await it.depot.miss(at)


EVENTS = {
    "confirm": Event(confirm),
    "arrive": Event(arrive),
    "load": Event(load),
    "complete": Event(complete),
    "correct": Event(correct),
    "cancel": Event(cancel),
    "stop": Event(stop),
    "give away": Event(give, FOUR),
    "close": Event(close, BACK_AT),
    "want back": Event(want, BACK_AT),
    "accept": Event(take, BACK_AT),
    "emergency": Event(opens, BACK_AT),
    "assign": Event(assign, BACK_AT),
    "decline": Event(decline),
    "ask others": Event(asks_others),
    "here, late": Event(comes_late, LATE),
    "he's here": Event(vouches, LATE),
    "leave it to others": Event(leaves_it, LATE),
    "auto-drop": Event(drop, DROPPED_AT),
    "no-show": Event(miss, NINE),
}

# What the one who may makes of it: another state, the reason why not, `same` where it stands so already (pressed twice,
# it has one effect), `stays` where others are told or affected and this is not, - where the clock finds nothing to do.
TABLES = """
            confirm        arrive         load               complete           correct             cancel
unfilled    not_found      not_found      not_found          not_found          not_found           not_found
scheduled   confirmed      not_confirmed  not_arrived        not_arrived        not_arrived         cancelled
confirmed   same           active         not_arrived        not_arrived        not_arrived         cancelled
active      same           same           loaded             not_loaded         no_longer_editable  arrived_already
loaded      same           same           same               completed          no_longer_editable  arrived_already
completed   same           same           completed_already  same               corrected           completed_already
cancelled   shift_gone     shift_gone     shift_gone         shift_gone         shift_gone          shift_gone
dropped     shift_gone     shift_gone     shift_gone         shift_gone         shift_gone          shift_gone
missed      shift_gone     shift_gone     shift_gone         shift_gone         shift_gone          shift_gone
passed_on   shift_gone     shift_gone     shift_gone         shift_gone         shift_gone          shift_gone

            stop           want back      accept          emergency      close        auto-drop  no-show
unfilled    not_found      shift_gone     confirmed       same           called_off   -          -
scheduled   not_arrived    shift_gone     not_found       not_unfilled   called_off   dropped    -
confirmed   not_arrived    shift_gone     not_found       not_unfilled   called_off   -          missed
active      cancelled      shift_gone     not_found       not_unfilled   stays        -          -
loaded      completed      shift_gone     not_found       not_unfilled   stays        -          -
completed   same           shift_gone     not_found       not_unfilled   stays        -          -
cancelled   shift_gone     shift_gone     left_this_slot  not_unfilled   called_off   -          -
dropped     shift_gone     regained       regained        not_unfilled   called_off   -          -
missed      shift_gone     shift_gone     out_of_pool     not_unfilled   called_off   -          -
passed_on   shift_gone     shift_gone     not_found       not_unfilled   called_off   -          stays

            here, late     he's here      leave it to others  give away
unfilled    not_found      not_found      not_found           not_found
scheduled   not_confirmed  not_confirmed  shift_gone          passed_on
confirmed   missed         regained       shift_gone          passed_on
active      same           same           shift_gone          arrived_already
loaded      same           same           shift_gone          arrived_already
completed   same           same           shift_gone          completed_already
cancelled   shift_gone     shift_gone     shift_gone          shift_gone
dropped     shift_gone     shift_gone     shift_gone          shift_gone
missed      stays          regained       stays               shift_gone
passed_on   shift_gone     shift_gone     shift_gone          shift_gone

            assign     decline            ask others
unfilled    scheduled  not_found          not_found
given       same       cancelled          removed
scheduled   same       not_declinable     removed
confirmed   same       agreed_already     removed
active      same       arrived_already    arrived_already
loaded      same       arrived_already    arrived_already
completed   same       completed_already  completed_already
cancelled   same       shift_gone         shift_gone
dropped     same       shift_gone         shift_gone
missed      same       shift_gone         shift_gone
"""


def cells(tables: str) -> dict[tuple[State, str], str]:
    """By state and event."""
    found: dict[tuple[State, str], str] = {}
    for table in tables.strip("\n").split("\n\n"):
        head, *rows = (re.split(r"\s{2,}", line.rstrip()) for line in table.split("\n"))
        found |= {(State(row[0]), event): cell for row in rows for event, cell in zip(head[1:], row[1:], strict=True)}
    return found


LEGAL = cells(TABLES)
MANAGERS = ("emergency", "assign", "ask others", "close", "he's here", "leave it to others")
BY_PHONE = ("confirm", "arrive", "load", "complete", "cancel", "stop")  # R8.9: a manager may do these for the driver


async def in_state(depot: Depot, state: State) -> Here:
    """Dana's shift, brought there by what she and the clock do."""
    dana = await depot.driver("Dana")
    if state in (S.UNFILLED, S.GIVEN):
        slot = await depot.fleet.slot(await depot.fleet.route("R12", depot.north), TODAY)
        await depot.fleet.window(slot)
        unfilled = Here(depot, dana, slot)
        if state is S.GIVEN:
            assert isinstance(await unfilled.does("assign", depot.mona), Assigned)
        return unfilled
    slot = await depot.shift(dana, TODAY, assigned_at=depot.now - 3 * DAY, confirm_by=CONFIRM_BY)  # in good time
    here = Here(depot, dana, slot)
    for step in WAY_TO[state]:
        assert not isinstance(await here.does(step, dana), Refused | None), step
    assert await state_of(depot, slot) is (S.CANCELLED if state in GONE else state)
    return here


WAY_TO: dict[State, list[str]] = {
    S.SCHEDULED: [],
    S.CONFIRMED: ["confirm"],
    S.ACTIVE: ["confirm", "arrive"],
    S.LOADED: ["confirm", "arrive", "load"],
    S.COMPLETED: ["confirm", "arrive", "load", "complete"],
    S.CANCELLED: ["cancel"],
    S.DROPPED: ["auto-drop"],
    S.MISSED: ["confirm", "no-show"],
    S.PASSED_ON: ["give away"],
}


@pytest.mark.parametrize(("state", "event"), LEGAL)
async def test_r2_3_every_state_and_whatever_happens_to_it(depot: Depot, state: State, event: str) -> None:
    here = await in_state(depot, state)
    await judge(here, state, event, await here.before(), await here.does(event, here.doer(event)))


@pytest.mark.parametrize(("state", "event"), [key for key in LEGAL if key[1] in BY_PHONE])
async def test_r8_9_by_phone_the_same_is_legal(depot: Depot, state: State, event: str) -> None:
    here = await in_state(depot, state)
    before = await here.before()
    driver = await driver_of(depot.session, depot.mona.id, here.slot.id)
    if driver is None:
        assert state is S.UNFILLED  # there is nobody to do it for
    else:
        await judge(here, state, event, before, await here.does(event, driver, by=depot.mona))


async def judge(here: Here, state: State, event: str, before: Before, said: Any) -> None:
    """Whether what was said and what became of the shift are as the table has it."""
    cell = LEGAL[state, event]
    if cell in State.__members__.values():
        assert not isinstance(said, Refused | Done | None)
        await here.became(State(cell), before)
        return
    if cell == "stays":
        assert not isinstance(said, Refused | None)
        assert await state_of(here.depot, here.slot) is (S.CANCELLED if state in GONE else state)
        return
    if cell == "same":
        assert isinstance(said, Done | AlreadyOpen | Given)
    else:
        assert said == (None if cell == "-" else Refused(Refusal(cell)))
    assert await contents(here.depot.session) == before.contents


@pytest.mark.parametrize("state", WAY_TO)
async def test_r12_3_nobody_else_can_do_anything_with_it(depot: Depot, state: State) -> None:
    """Another driver, somebody unknown, a manager in a driver's place, and one of another warehouse."""
    here = await in_state(depot, state)
    otto = await depot.driver("Otto")
    elsewhere = await depot.fleet.manager("Max", await depot.fleet.warehouse("South"))
    unknown = replace(otto, id=uuid.uuid4())
    before = await here.before()
    for press in (*BY_PHONE, "correct", "decline", "here, late", "want back", "give away"):
        why = Refusal.SHIFT_GONE if press == "want back" else Refusal.NOT_FOUND
        for stranger in (otto, unknown, depot.mona, elsewhere):
            assert await here.does(press, stranger) == Refused(why), (press, stranger.first_name)
    for nobody in (here.dana, otto, unknown, elsewhere):  # who does it for the driver, or opens its slot
        assert await driver_of(depot.session, nobody.id, here.slot.id) is None
        for what in MANAGERS:
            assert await here.does(what, nobody) == Refused(Refusal.NOT_FOUND)
    for taker in (depot.mona, elsewhere):
        said = await here.does("accept", taker)
        assert said in (Refused(Refusal.NOT_FOUND), Refused(Refusal.NOT_A_DRIVER))
    assert await contents(depot.session) == before.contents


TRANSACTION = ("begin", "commit", "rollback")


@contextmanager
def transactions(engine: AsyncEngine) -> Iterator[list[str]]:
    """What is opened, committed and undone meanwhile."""
    seen: list[str] = []
    listeners = {name: lambda *_, name=name: seen.append(name) for name in TRANSACTION}
    for name, note in listeners.items():
        event.listen(engine.sync_engine, name, note)
    yield seen
    for name, note in listeners.items():
        event.remove(engine.sync_engine, name, note)


async def test_r2_5_whatever_is_done_leaves_the_transaction_to_its_caller(
    depot: Depot, shared_engine: AsyncEngine
) -> None:
    """What is legal and what is refused, and every duty by the clock."""
    for state in (S.UNFILLED, *WAY_TO):
        async with depot.session.begin_nested() as only_here:
            here = await in_state(depot, state)
            with transactions(shared_engine) as seen:
                for name in EVENTS:
                    await here.does(name, here.doer(name))
                for duty in table_of_duties(SAY, POLICY).values():
                    if isinstance(duty, Errand):
                        continue
                    await duty.item(depot.session, NINE, 0)
            assert seen == [] and only_here.is_active  # a savepoint of its own is nobody's affair
            await only_here.rollback()
