"""One second before each deadline, at it, and one after, in the two weeks of the year in which the clocks change.

By the rule, which is pure, and by what a press or a duty then does. The instants are spelled, not computed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

import pytest
from sqlalchemy import select, update

from domain import time
from domain.bidding.bids import place_bid
from domain.bidding.rules import Bids
from domain.coverage.rules import opening_for
from domain.db.models import Assignment, BidWindow
from domain.db.models.words import AssignedBy, BidWindowMode, BidWindowStatus, CancelReason
from domain.giving.actions import give_by_link
from domain.giving.approving import end_due_give_away
from domain.giving.rules import decide_give
from domain.people.queries import Person
from domain.refusals import Refused
from domain.shifts import actions, queries, rules, rules_of_leaving
from domain.shifts.checking import warn_missing
from domain.shifts.handing_back import hand_back
from domain.shifts.leaving import Left, cancel_shift
from domain.shifts.restoring import Restored, want_back
from domain.shifts.rules import ShiftFacts
from tests.domain.depot import DAY, HOUR, SECOND, Depot
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, close_due


class Instants(NamedTuple):
    """Of a shift's day, in UTC: 48 h, 30 h and 24 h before its start; 05:00, the start, 08:30, 09:00 and 13:00."""

    late: str
    h30: str
    h24: str
    five: str
    start: str
    half_past_eight: str
    nine: str
    thirteen: str


# fmt: off
DAYS: Final = {  # on 1 November 02:00 EDT becomes 01:00 EST, on 14 March 02:00 EST becomes 03:00 EDT
    "2026-10-31": Instants("10-29T11:00", "10-30T05:00", "10-30T11:00", "09:00", "11:00", "12:30", "13:00", "17:00"),
    "2026-11-01": Instants("10-30T12:00", "10-31T06:00", "10-31T12:00", "10:00", "12:00", "13:30", "14:00", "18:00"),
    "2026-11-02": Instants("10-31T12:00", "11-01T06:00", "11-01T12:00", "10:00", "12:00", "13:30", "14:00", "18:00"),
    "2027-03-13": Instants("03-11T12:00", "03-12T06:00", "03-12T12:00", "10:00", "12:00", "13:30", "14:00", "18:00"),
    "2027-03-14": Instants("03-12T11:00", "03-13T05:00", "03-13T11:00", "09:00", "11:00", "12:30", "13:00", "17:00"),
    "2027-03-15": Instants("03-13T11:00", "03-14T05:00", "03-14T11:00", "09:00", "11:00", "12:30", "13:00", "17:00"),
}
# fmt: on


def instant(day: str, name: str) -> datetime:
    said = str(getattr(DAYS[day], name))
    return datetime.fromisoformat(f"{day[:5]}{said}" if "T" in said else f"{day}T{said}").replace(tzinfo=UTC)


class It(NamedTuple):
    """Dana's shift of the day."""

    depot: Depot
    dana: Person
    slot: Slot

    async def facts(self) -> ShiftFacts:
        shift = await queries.shift_locked(self.depot.session, self.dana.id, self.slot.id, POLICY)
        assert shift is not None
        return shift


What = Callable[[It, datetime], Awaitable[Any]]


def short(said: Any) -> Any:
    """What is said, in one word."""
    match said:
        case Refused(why):
            return why.value
        case Left(incident=incident):
            return incident.value if incident else "unblamed"
        case None:
            return None
    return type(said).__name__


async def confirm(it: It, at: datetime) -> Any:
    decision = rules.decide_confirm(await it.facts(), POLICY, at)
    said = await actions.confirm_shift(it.depot.session, it.dana, it.slot.id, POLICY, at)
    assert said == decision
    return short(said)


async def arrive(it: It, at: datetime) -> Any:
    decision = rules.decide_arrive(await it.facts(), POLICY, at)
    said = await actions.arrive(it.depot.session, it.dana, it.slot.id, POLICY, at)
    assert said == decision
    return short(said)


async def cancelling(it: It, at: datetime) -> Left | Refused:
    decision = rules_of_leaving.decide_cancel(await it.facts(), CancelReason.OTHER, POLICY, at)
    said = await cancel_shift(it.depot.session, it.dana, it.slot.id, CancelReason.OTHER, None, SAY, POLICY, at)
    assert short(said) == (short(decision) if isinstance(decision, Refused) else decision.incident)
    return said


async def cancel(it: It, at: datetime) -> Any:
    return short(await cancelling(it, at))


async def reopened(it: It, at: datetime) -> Any:
    opening = opening_for(it.slot.on, POLICY, at)
    said = await cancelling(it, at)
    assert isinstance(said, Left)
    assert (said.reopened and said.reopened.mode) == (opening and opening.mode)
    return said.reopened and said.reopened.mode.value


async def drop(it: It, at: datetime) -> Any:
    return short(await it.depot.drop(at))


async def miss(it: It, at: datetime) -> Any:
    assert rules.is_missing(await it.facts(), at) is (at >= time.arrive_by(it.slot.on, None, POLICY))
    return short(await it.depot.miss(at))


async def warned(it: It, at: datetime) -> Any:
    return short(await warn_missing(it.depot.session, SAY, POLICY, at))


async def window_closes(it: It, at: datetime) -> Any:
    return short(await close_due(it.depot.session, at))


async def gives(it: It, at: datetime) -> Any:
    decision = decide_give(await it.facts(), POLICY, at)
    said = await give_by_link(it.depot.session, it.dana, it.slot.id, "t" * 32, POLICY, at)
    assert isinstance(said, Refused) is isinstance(decision, Refused)
    return short(said)


async def no_longer_given(it: It, at: datetime) -> Any:
    return short(await end_due_give_away(it.depot.session, SAY, POLICY, at))


async def given(it: It) -> None:
    before = instant(str(it.slot.on), "five") - HOUR
    assert await gives(it, before) == "Offered"


async def won_late(it: It) -> None:
    """Her own slot, won by a bid in the night before: her hour begins at six, when she is told."""
    seven = instant(str(it.slot.on), "start")
    awarded = seven - 3 * HOUR
    await it.depot.fleet.window(
        it.slot, BidWindowMode.COMPETITIVE, closes_at=awarded, status=BidWindowStatus.RESOLVED, winner=it.dana
    )
    by_bid = {"assigned_by": AssignedBy.BID, "assigned_at": awarded}
    await it.depot.session.execute(update(Assignment).where(Assignment.id == it.slot.id).values(by_bid))
    assert (await it.facts()).hand_back_until == seven


async def hands_back(it: It, at: datetime) -> Any:
    return short(await hand_back(it.depot.session, it.dana, it.slot.id, SAY, POLICY, at))


async def with_a_bid(it: It) -> None:
    """Ben would like to have what she has given back."""
    await given_back_early(it)
    ben = await it.depot.driver("Ben")
    window = (await it.depot.session.scalars(select(BidWindow.id))).one()
    said = await place_bid(it.depot.session, ben, window, POLICY, instant(str(it.slot.on), "h30"))
    assert isinstance(said, Bids)


async def given_back(it: It, at: datetime) -> None:
    said = await cancelling(it, at)
    assert isinstance(said, Left) and said.reopened is not None


async def given_back_early(it: It) -> None:
    await given_back(it, instant(str(it.slot.on), "late") - HOUR)


async def given_back_late(it: It) -> None:
    await given_back(it, instant(str(it.slot.on), "h24"))


async def given_back_today(it: It) -> None:
    await given_back(it, instant(str(it.slot.on), "half_past_eight"))


async def nothing(_it: It) -> None:
    pass


DEADLINES: dict[str, tuple[str, bool, Callable[[It], Awaitable[None]], What, tuple[Any, Any, Any]]] = {
    # of which instant, whether it is confirmed, what was before; what is tried; before, at, and after it
    "confirm": ("late", False, nothing, confirm, ("Confirm", "Confirm", "too_late_to_confirm")),
    "auto-drop": ("late", False, nothing, drop, (None, None, "unblamed")),  # no reminder had reached her
    "cancel": ("late", True, nothing, cancel, ("early_cancel", "late_cancel", "late_cancel")),
    "opened for bids": ("h30", False, nothing, reopened, ("competitive", "instant", "instant")),
    "bids close": ("h24", True, given_back_early, window_closes, (None, "BecameInstant", "BecameInstant")),
    "give away": ("five", True, nothing, gives, ("Offered", "too_late_to_give", "too_late_to_give")),
    "a give-away is over": ("five", True, given, no_longer_given, (None, "Settled", "Settled")),
    "a bid is awarded": ("h24", True, with_a_bid, window_closes, (None, "Resolved", "Resolved")),
    "hand back": ("start", True, won_late, hands_back, ("unblamed", "unblamed", "too_late_to_hand_back")),
    "check-in opens": ("five", True, nothing, arrive, ("too_early", "Arrive", "Arrive")),
    "opened as an emergency": ("start", False, nothing, reopened, ("instant", "emergency", "emergency")),
    "an instant window closes": ("start", True, given_back_late, window_closes, (None, "ClosedEmpty", "ClosedEmpty")),
    "not checked in": ("half_past_eight", True, nothing, warned, (None, "Checked", "Checked")),
    "arrive": ("nine", True, nothing, arrive, ("Arrive", "arrived_too_late", "arrived_too_late")),
    "no-show": ("nine", True, nothing, miss, (None, "no_show", "no_show")),
    "give it back": ("nine", True, nothing, cancel, ("late_cancel", "arrived_too_late", "arrived_too_late")),
    "opened again at all": ("thirteen", False, nothing, reopened, ("emergency", None, None)),
    "an emergency closes": ("thirteen", True, given_back_today, window_closes, (None, "ClosedEmpty", "ClosedEmpty")),
}


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("name", DEADLINES)
async def test_r1_4_one_second_either_side(depot: Depot, name: str, day: str) -> None:
    which, confirmed, before, what, expected = DEADLINES[name]
    deadline, on = instant(day, which), date.fromisoformat(day)
    dana = await depot.driver("Dana")
    slot = await depot.shift(dana, on, confirmed=confirmed, assigned_at=deadline - 20 * DAY)
    it = It(depot, dana, slot)
    await before(it)
    said = []
    for seconds in (-1, 0, 1):
        async with only_here(depot):
            said.append(await what(it, deadline + seconds * SECOND))
    assert tuple(said) == expected


@asynccontextmanager
async def only_here(depot: Depot) -> AsyncIterator[None]:
    """What is done is undone."""
    async with depot.session.begin_nested() as savepoint:
        yield
        await savepoint.rollback()
    depot.session.expire_all()


@pytest.mark.parametrize("day", DAYS)
async def test_r4_3_eleven_hours_before_the_deadline(depot: Depot, day: str) -> None:
    """A reminder that reached her any later is none that she can be blamed by."""
    deadline = instant(day, "late")
    dana = await depot.driver("Dana")
    slot = await depot.shift(dana, date.fromisoformat(day), assigned_at=deadline - 20 * DAY)
    said = []
    for seconds in (-1, 0, 1):
        async with only_here(depot):
            await depot.reminder(dana, slot, deadline - 11 * HOUR + seconds * SECOND)
            said.append(short(await depot.drop(deadline + SECOND)))
    assert said == ["auto_drop", "auto_drop", "unblamed"]


@pytest.mark.parametrize("day", DAYS)
async def test_r4_3_wanted_back_within_two_hours(depot: Depot, day: str) -> None:
    """From the drop, which may come late; through the night in which the clocks change as well."""
    dropped_at = instant(day, "late") + 12 * HOUR
    dana = await depot.driver("Dana")
    slot = await depot.shift(dana, date.fromisoformat(day), assigned_at=dropped_at - 20 * DAY)
    await depot.dropped(dropped_at)
    said = []
    for seconds in (-1, 0, 1):
        async with only_here(depot):
            back = await want_back(depot.session, dana, slot.id, SAY, POLICY, dropped_at + 2 * HOUR + seconds * SECOND)
            assert isinstance(back, Restored)
            said.append(back.excused)
    assert said == [True, True, False]


@pytest.mark.parametrize(
    "completed_at",
    [
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),  # 01:30 EDT: an hour later it is 01:30 once more
        datetime(2027, 3, 14, 6, 30, tzinfo=UTC),  # 01:30 EST: an hour later it is 03:30
    ],
)
async def test_r8_4_within_the_hour_in_the_nights_of_the_clock_changes(depot: Depot, completed_at: datetime) -> None:
    """A shift of the day before that ended long after midnight."""
    dana, on = await depot.driver("Dana"), completed_at.date() - timedelta(days=1)
    slot = await depot.shift(dana, on, confirmed=True, assigned_at=completed_at - 20 * DAY)
    arrived_at = instant(on.isoformat(), "half_past_eight")
    await actions.arrive(depot.session, dana, slot.id, POLICY, arrived_at)
    await actions.load_parcels(depot.session, dana, slot.id, 120, POLICY, arrived_at)
    await actions.complete_shift(depot.session, dana, slot.id, 6, POLICY, completed_at)
    said = []
    for seconds in (-1, 0, 1):
        async with only_here(depot):
            at = completed_at + HOUR + seconds * SECOND
            said.append(short(await actions.correct_parcels(depot.session, dana, slot.id, None, 7, POLICY, at)))
    assert said == ["Correct", "Correct", "no_longer_editable"]
