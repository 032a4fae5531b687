"""R5.5: a driver gives a shift away; it stays his until somebody has it, and nobody is blamed."""

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.kinds import table_of_kinds
from bot.reader import Reader
from bot.screens.screen import Screen
from domain.bidding.bids import place_bid
from domain.coverage.actions import Declined
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    AuditLog,
    Bid,
    BidWindow,
    DayDecline,
    Delivery,
    DriverMetrics,
    GiveAway,
    Incident,
    Shift,
    WarehouseSettings,
)
from domain.db.models.words import (
    AssignedBy,
    AssignmentStatus,
    BidWindowMode,
    CancelReason,
    DeliveryState,
    GiveAwayEnd,
    NotificationType,
)
from domain.giving import actions, approving, queries
from domain.giving.actions import Found, Offered, Waits
from domain.giving.handing_over import Settled
from domain.giving.queries import Stand
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from domain.shifts.leaving import cancel_shift
from domain.shifts.rules import Done
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, contents

TODAY = date(2026, 11, 25)
ON = TODAY + 2 * DAY
TOKEN = "t" * 32


_ALL = select(Delivery).execution_options(populate_existing=True)


class Giving:
    """Dana's shift on Friday, and her colleagues Otto and Paul."""

    def __init__(self, depot: Depot, dana: Person, otto: Person, paul: Person, slot: Slot) -> None:
        self.depot, self.session, self.now = depot, depot.session, depot.now
        self.dana, self.otto, self.paul, self.slot = dana, otto, paul, slot

    async def by_link(self, at: datetime | None = None, token: str = TOKEN) -> Offered | Refused:
        return await actions.give_by_link(self.session, self.dana, self.slot.id, token, POLICY, at or self.now)

    async def to_all(self, at: datetime | None = None) -> Offered | Refused:
        return await actions.give_to_all(self.session, self.dana, self.slot.id, SAY, POLICY, at or self.now)

    async def opened(self, by: Person) -> None:
        found = await actions.open_link(self.session, by, TOKEN, self.now)
        assert found == Found(self.slot.id, own=False)

    async def takes(self, who: Person, give_away: uuid.UUID, at: datetime | None = None) -> Any:
        return await actions.take_over(self.session, who, give_away, SAY, POLICY, at or self.now)

    async def takes_back(self, give_away: uuid.UUID, by: Person | None = None) -> Any:
        return await actions.take_back(self.session, by or self.dana, give_away, SAY, POLICY, self.now)

    async def ends(self, at: datetime) -> Settled | None:
        return await approving.end_due_give_away(self.session, SAY, POLICY, at)

    async def approved(self) -> None:
        assert await approving.require_agreement(self.session, self.depot.mona, self.depot.north, True, self.now)

    async def asker(self, give_away: uuid.UUID) -> uuid.UUID:
        """The asking that a manager reads of."""
        row = await self.session.get(GiveAway, give_away, populate_existing=True)
        return (row.asking_id if row else None) or uuid.uuid4()

    async def agrees(self, give_away: uuid.UUID, by: Person | None = None, at: datetime | None = None) -> Any:
        manager, asker = by or self.depot.mona, await self.asker(give_away)
        return await approving.agree(self.session, manager, give_away, asker, SAY, POLICY, at or self.now)

    async def refuses(self, give_away: uuid.UUID, by: Person | None = None) -> Any:
        manager, asker = by or self.depot.mona, await self.asker(give_away)
        return await approving.refuse(self.session, manager, give_away, asker, SAY, POLICY, self.now)

    async def row(self, give_away: uuid.UUID) -> GiveAway:
        return await self.session.get_one(GiveAway, give_away, populate_existing=True)

    async def live(self) -> Assignment:
        of_slot = select(Assignment).where(Assignment.route_id == self.slot.route, Assignment.on == self.slot.on)
        live = of_slot.where(Assignment.status != AssignmentStatus.CANCELLED)
        return (await self.session.scalars(live.execution_options(populate_existing=True))).one()

    async def ends_told(self, person: Person) -> list[tuple[str, bool, str | None]]:
        return [
            (row.data["end"], row.data["giver"], row.data["other"])
            for row in await self.depot.told(person)
            if row.data and row.data["kind"] == Kind.GIVE_AWAY_ENDED
        ]

    async def kinds(self, person: Person) -> list[str]:
        return sorted(row.data["kind"] for row in await self.depot.told(person) if row.data)


async def giving(depot: Depot, on: date = ON, *, confirmed: bool = True) -> Giving:
    dana, otto, paul = [await depot.driver(name) for name in ("Dana", "Otto", "Paul")]
    slot = await depot.shift(dana, on, confirmed=confirmed, assigned_at=depot.now - 9 * DAY)
    if not confirmed:
        await depot.fleet.put(
            AssignmentTerms, {"assignment_id": slot.id, "arrive_by": None, "confirm_by": depot.now + HOUR}
        )
    return Giving(depot, dana, otto, paul, slot)


async def offered(it: Giving, *, to_all: bool) -> uuid.UUID:
    result = await (it.to_all() if to_all else it.by_link())
    assert isinstance(result, Offered)
    if not to_all:
        await it.opened(it.otto)
    return result.give_away_id


@pytest.mark.parametrize("to_all", [False, True])
async def test_r5_5_who_takes_it_has_it_and_nobody_is_blamed(depot: Depot, to_all: bool) -> None:
    it = await giving(depot)
    assert depot.now > local(ON, 7) - POLICY.confirm_before  # given away late
    await depot.fleet.decline(it.otto, ON)  # taking it takes that back
    give_away = await offered(it, to_all=to_all)
    assert (await it.live()).user_id == it.dana.id
    assert await it.takes(it.otto, give_away) == Settled(it.slot.id)

    gone, his = await depot.row(it.slot.id), await it.live()
    assert (gone.status, gone.user_id, gone.confirmed_at is not None) == (AssignmentStatus.CANCELLED, it.dana.id, True)
    assert (his.user_id, his.status, his.assigned_by) == (it.otto.id, AssignmentStatus.SCHEDULED, AssignedBy.BID)
    assert his.assigned_at == his.confirmed_at == depot.now
    assert (await depot.session.get_one(AssignmentTerms, his.id)).arrive_by == local(ON, 9)
    row = await it.row(give_away)
    assert (row.outcome, row.taker_id, row.taken_as, row.ended_at) == (GiveAwayEnd.TAKEN, it.otto.id, his.id, depot.now)
    for table in (Incident, BidWindow, Shift, DayDecline):
        assert (await depot.session.scalars(select(table))).all() == []
    back = select(AuditLog.actor_id).where(AuditLog.entity_id == it.otto.id, AuditLog.action == "day_taken_back")
    assert (await depot.session.scalars(back)).all() == [it.otto.id]
    metrics = await depot.session.get_one(DriverMetrics, it.otto.id)
    assert (metrics.total_assigned, metrics.confirmed_shifts, metrics.bid_pickups) == (1, 1, 0)
    assert await depot.counters(it.dana) == {}

    # Each learns of it once; where it was offered to all, no names (R12.3).
    name = None if to_all else "Otto Test"
    assert await it.ends_told(it.dana) == [("taken", True, name)]
    assert [row.read for row in await depot.told(it.otto, NotificationType.BID_WON)] == [True]
    [told] = [row for row in await depot.told(depot.mona) if row.data and row.data["kind"] == Kind.SHIFT_GIVEN]
    assert told.data is not None
    assert (told.data["giver"], told.data["taker"], told.data["about"]) == ("Dana Test", "Otto Test", str(his.id))
    assert await depot.levels(depot.mona, Kind.SHIFT_GIVEN) == [("telegram", 2)]
    entries = {
        row.entity_id: row
        for row in await depot.session.scalars(
            select(AuditLog).where(AuditLog.action.in_(("given_away", "taken_over", "taken")))
        )
    }
    assert {row.action for row in entries.values()} == {"given_away", "taken_over", "taken"}
    assert {row.actor_id for row in entries.values()} == {it.otto.id}
    changes = entries[his.id].changes
    assert changes is not None
    assert (changes["after"]["instead_of"], changes["facts"]["driver_id"]) == (str(it.slot.id), str(it.otto.id))

    # Pressed again, it is his; anybody else is too late.
    before = await contents(depot.session)
    assert await it.takes(it.otto, give_away) == Done()
    assert await it.takes(it.paul, give_away) == Refused(Refusal.TAKEN if to_all else Refusal.NOT_FOUND)
    assert await it.takes_back(give_away) == Refused(Refusal.TAKEN)
    assert await contents(depot.session) == before


async def test_r5_5_who_gave_it_away_may_have_it_again(depot: Depot) -> None:
    """He left it to somebody, and did not leave it open: nothing bars him, should it become so."""
    it = await giving(depot)
    await it.takes(it.otto, await offered(it, to_all=True))
    his = await it.live()
    reason = CancelReason.VEHICLE_BREAKDOWN
    left = await cancel_shift(depot.session, it.otto, his.id, reason, None, SAY, POLICY, depot.now)
    assert not isinstance(left, Refused) and left.reopened is not None
    change = {"mode": BidWindowMode.INSTANT, "closes_at": local(ON, 7)}
    await depot.session.execute(update(BidWindow).where(BidWindow.id == left.reopened.window_id).values(change))
    assert await accept(depot.session, it.otto, left.reopened.window_id, depot.now) == Refused(Refusal.LEFT_THIS_SLOT)
    assert not isinstance(await accept(depot.session, it.dana, left.reopened.window_id, depot.now), Refused)


async def test_r5_5_an_unconfirmed_shift_is_given_until_its_time_to_confirm_is_over(depot: Depot) -> None:
    it = await giving(depot, confirmed=False)
    last = depot.now + HOUR
    give_away = await offered(it, to_all=True)
    assert await it.takes(it.otto, give_away, last + SECOND) == Refused(Refusal.GIVE_AWAY_OVER)
    assert await it.by_link(last + SECOND) == Refused(Refusal.TOO_LATE_TO_CONFIRM)
    assert await it.takes(it.otto, give_away, last) == Settled(it.slot.id)
    assert (await it.live()).confirmed_at == last


# -- two hours before the start

CLOCK_CHANGES = [date(2026, 11, 1), date(2026, 11, 25), date(2027, 3, 14)]


@pytest.mark.parametrize("on", CLOCK_CHANGES)
async def test_r5_5_two_hours_before_the_start_it_is_over(depot: Depot, on: date) -> None:
    depot.fleet.now = depot.now = local(on - 3 * DAY, 12)
    it = await giving(depot, on)
    five = local(on, 5)
    assert five == local(on, 7) - 2 * HOUR
    assert await it.by_link(five) == Refused(Refusal.TOO_LATE_TO_GIVE)
    assert await it.to_all(five) == Refused(Refusal.TOO_LATE_TO_GIVE)
    give_away = await it.by_link(five - 2 * SECOND)
    assert isinstance(give_away, Offered)
    await it.opened(it.otto)
    assert await it.takes(it.otto, give_away.give_away_id, five) == Refused(Refusal.GIVE_AWAY_OVER)
    assert await it.ends(five - SECOND) is None
    for at, stands in ((five - SECOND, Stand.OPEN), (five, Stand.OVER)):
        card = await queries.own_card(depot.session, it.dana.id, it.slot.id, POLICY, at)
        assert card is not None and card.stands is stands
    assert await it.takes(it.otto, give_away.give_away_id, five - SECOND) == Settled(it.slot.id)


@pytest.mark.parametrize("on", CLOCK_CHANGES)
async def test_r5_5_what_nobody_took_in_time_ends_by_itself(depot: Depot, on: date) -> None:
    depot.fleet.now = depot.now = local(on - 3 * DAY, 12)
    it = await giving(depot, on)
    give_away, five = await offered(it, to_all=True), local(on, 5)
    assert await it.ends(five - SECOND) is None
    assert await it.ends(five) == Settled(it.slot.id)
    assert await it.ends(five) is None
    assert (await it.row(give_away)).outcome is GiveAwayEnd.OVER
    assert (await it.live()).user_id == it.dana.id
    assert await it.ends_told(it.dana) == []  # her reminder of the day follows; the card says it


async def test_r5_5_what_is_no_longer_his_is_no_longer_given_away(depot: Depot) -> None:
    it = await giving(depot)
    give_away = await offered(it, to_all=True)
    reason = CancelReason.FAMILY_EMERGENCY
    await cancel_shift(depot.session, it.dana, it.slot.id, reason, None, SAY, POLICY, depot.now)
    card = await queries.offered_card(depot.session, it.otto.id, it.slot.id, POLICY, depot.now)
    assert card is not None and card.stands is Stand.GONE
    assert await it.takes(it.otto, give_away) == Refused(Refusal.GIVE_AWAY_OVER)
    assert await it.ends(depot.now) == Settled(it.slot.id)
    assert (await it.row(give_away)).outcome is GiveAwayEnd.OVER


# -- who may offer, and take it back


async def test_r5_5_it_is_offered_once_at_a_time(depot: Depot) -> None:
    it = await giving(depot)
    give_away = await offered(it, to_all=False)
    for again in (it.by_link, it.to_all):
        assert await again() == Refused(Refusal.OFFERED_ALREADY)
    assert await it.takes_back(give_away, it.otto) == Refused(Refusal.NOT_FOUND)
    assert await it.takes_back(give_away) == Settled(it.slot.id)
    assert await it.takes_back(give_away) == Done()
    assert await it.takes(it.otto, give_away) == Refused(Refusal.GIVE_AWAY_OVER)
    assert isinstance(await it.to_all(), Offered)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (AssignmentStatus.CANCELLED, Refusal.SHIFT_GONE),
        (AssignmentStatus.ACTIVE, Refusal.ARRIVED_ALREADY),
        (AssignmentStatus.COMPLETED, Refusal.COMPLETED_ALREADY),
    ],
)
async def test_r2_3_only_what_has_not_begun_is_given_away(depot: Depot, status: AssignmentStatus, why: Refusal) -> None:
    it = await giving(depot)
    await depot.session.execute(update(Assignment).where(Assignment.id == it.slot.id).values(status=status))
    assert await it.by_link() == Refused(why)
    assert await it.to_all() == Refused(why)


async def test_r12_3_only_ones_own_shift_is_given_away(depot: Depot) -> None:
    it = await giving(depot)
    before = await contents(depot.session)
    for stranger in (it.otto, depot.mona, replace(it.otto, id=uuid.uuid4())):
        result = await actions.give_by_link(depot.session, stranger, it.slot.id, TOKEN, POLICY, depot.now)
        assert result == Refused(Refusal.NOT_FOUND)
        result = await actions.give_to_all(depot.session, stranger, it.slot.id, SAY, POLICY, depot.now)
        assert result == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


# -- who is told, and who may take it


async def test_r6_3_to_all_tells_the_thirty_best_at_once(depot: Depot) -> None:
    it = await giving(depot)
    await depot.fleet.drivers(40, depot.north)
    far = await depot.fleet.driver("Far", ticked=[depot.north], home=await depot.fleet.warehouse("South"))
    best = await depot.driver("Best", completion=1.0, attendance=1.0)
    busy, said_no = await depot.driver("Busy", completion=1.0), await depot.driver("No", completion=1.0)
    await depot.shift(busy, ON, route="R77")
    await depot.fleet.decline(said_no, ON)
    result = await it.to_all()
    assert isinstance(result, Offered) and result.told == POLICY.wave_size
    told = {row.user_id for row in await depot.session.scalars(select(Delivery).where(Delivery.kind == Kind.GIVE_AWAY))}
    assert len(told) == POLICY.wave_size and best.id in told
    assert told.isdisjoint({it.dana.id, busy.id, said_no.id, far.id})
    assert await depot.levels(best, Kind.GIVE_AWAY) == [("telegram", 2)]
    [note] = await depot.told(best, NotificationType.BID_OPEN)
    assert note.data is not None and "Dana" not in f"{note.title}{note.body}{note.data}"
    # Who was not told may take it all the same, and finds it among what is open to him.
    [card] = await queries.open_to(depot.session, far.id, POLICY, depot.now)
    assert (card.give_away_id, card.giver, card.stands) == (result.give_away_id, None, Stand.OPEN)
    at_home = [await queries.open_to(depot.session, who.id, POLICY, depot.now, of_all=False) for who in (best, far)]
    assert [len(cards) for cards in at_home] == [1, 0]
    for nobody in (it.dana, busy, depot.mona):
        assert await queries.open_to(depot.session, nobody.id, POLICY, depot.now) == ()
    assert await it.takes(far, result.give_away_id) == Settled(it.slot.id)
    assert await queries.open_to(depot.session, best.id, POLICY, depot.now) == ()


GROUNDS: dict[Refusal, dict[str, Any]] = {
    Refusal.FLAGGED: {"flagged": True},
    Refusal.OUT_OF_POOL: {"in_pool": False},
    Refusal.AWAY: {"off": (ON, ON)},
    Refusal.NOT_EMPLOYED: {"employed": (date(2020, 1, 1), TODAY)},
    Refusal.AT_CAP: {"cap": 1},
    Refusal.BUSY: {},
    Refusal.WAREHOUSE_NOT_HIS: {},
    Refusal.LEFT_THIS_SLOT: {},
}


@pytest.mark.parametrize("approved", [False, True])
@pytest.mark.parametrize("why", GROUNDS)
async def test_r5_5_who_could_not_take_an_open_slot_can_not_take_this(
    depot: Depot, why: Refusal, approved: bool
) -> None:
    """Each ground of R6.3, when he takes it, and once more when a manager agrees."""
    it = await giving(depot)
    if approved:
        await it.approved()
    home = await depot.fleet.warehouse("South") if why is Refusal.WAREHOUSE_NOT_HIS else depot.north
    rita = await depot.fleet.driver("Rita", home=home, **GROUNDS[why])
    if why is Refusal.BUSY:
        await depot.shift(rita, ON, route="R77")
    if why is Refusal.AT_CAP:
        await depot.shift(rita, ON - DAY, route="R77")
    if why is Refusal.LEFT_THIS_SLOT:
        await depot.fleet.cancelled_by(rita, it.slot.route, ON)
    give_away = await offered(it, to_all=True)
    before = await contents(depot.session)
    assert await it.takes(rita, give_away) == Refused(why)
    assert await contents(depot.session) == before
    if approved:
        asked = {"taker_id": rita.id, "asked_at": depot.now, "asking_id": uuid.uuid4()}
        asks = update(GiveAway).where(GiveAway.id == give_away).values(asked)
        await depot.session.execute(asks)
        before = await contents(depot.session)
        assert await it.agrees(give_away) == Refused(why)
        assert await contents(depot.session) == before
    card = await queries.offered_card(depot.session, rita.id, it.slot.id, POLICY, depot.now)
    assert card is None  # she was not told, and has no link


async def test_r5_5_neither_himself_nor_a_manager(depot: Depot) -> None:
    it = await giving(depot)
    give_away = await offered(it, to_all=True)
    assert await it.takes(it.dana, give_away) == Refused(Refusal.OWN_SHIFT)
    assert await it.takes(depot.mona, give_away) == Refused(Refusal.NOT_A_DRIVER)


async def test_r12_4_a_link_is_needed_where_it_is_given_by_one(depot: Depot) -> None:
    it = await giving(depot)
    result = await it.by_link()
    assert isinstance(result, Offered)
    row = await it.row(result.give_away_id)
    assert row.token_hash is not None and TOKEN.encode() not in row.token_hash
    before = await contents(depot.session)
    for forged in (result.give_away_id, uuid.uuid4()):
        assert await it.takes(it.otto, forged) == Refused(Refusal.NOT_FOUND)
    for token in ("", "x" * 32, TOKEN[:-1], TOKEN + "t"):
        assert await actions.open_link(depot.session, it.otto, token, depot.now) == Refused(Refusal.LINK_NOT_GOOD)
    assert await queries.offered_card(depot.session, it.otto.id, it.slot.id, POLICY, depot.now) is None
    assert await queries.open_to(depot.session, it.otto.id, POLICY, depot.now) == ()
    assert await actions.open_link(depot.session, it.dana, TOKEN, depot.now) == Found(it.slot.id, own=True)
    assert await contents(depot.session) == before

    await it.opened(it.otto)
    await it.opened(it.otto)  # twice is once
    card = await queries.offered_card(depot.session, it.otto.id, it.slot.id, POLICY, depot.now)
    assert card is not None and (card.stands, card.giver, card.why) == (Stand.OPEN, "Dana Test", None)
    assert len(await queries.open_to(depot.session, it.otto.id, POLICY, depot.now)) == 1
    assert await it.takes(it.otto, result.give_away_id) == Settled(it.slot.id)
    # One-time: whoever opens it later sees that it is taken.
    await it.opened(it.paul)
    card = await queries.offered_card(depot.session, it.paul.id, it.slot.id, POLICY, depot.now)
    assert card is not None and card.stands is Stand.TAKEN
    assert await it.takes(it.paul, result.give_away_id) == Refused(Refusal.TAKEN)


async def test_r5_5_the_card_of_who_cannot_take_it_says_why(depot: Depot) -> None:
    it = await giving(depot)
    await it.by_link()
    await depot.shift(it.otto, ON, route="R77")
    await it.opened(it.otto)
    card = await queries.offered_card(depot.session, it.otto.id, it.slot.id, POLICY, depot.now)
    assert card is not None and card.why is Refusal.BUSY


# -- with a manager's word


async def waiting(depot: Depot, *, to_all: bool = False) -> tuple[Giving, uuid.UUID]:
    it = await giving(depot)
    await it.approved()
    give_away = await offered(it, to_all=to_all)
    assert await it.takes(it.otto, give_away) == Waits(it.slot.id)
    return it, give_away


async def test_r5_5_where_a_manager_must_agree_it_is_the_givers_until_one_has(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    assert (await it.live()).id == it.slot.id
    assert await depot.levels(depot.mona, Kind.GIVE_AWAY_ASKED) == [("telegram", 1)]
    before = await contents(depot.session)
    assert await it.takes(it.otto, give_away) == Waits(it.slot.id)
    await actions.look_at(depot.session, it.otto, give_away, depot.now)
    assert await contents(depot.session) == before
    await it.opened(it.paul)
    assert await it.takes(it.paul, give_away) == Refused(Refusal.TAKEN)
    cards = [
        await queries.own_card(depot.session, it.dana.id, it.slot.id, POLICY, depot.now),
        await queries.offered_card(depot.session, it.otto.id, it.slot.id, POLICY, depot.now),
        await queries.offered_card(depot.session, it.paul.id, it.slot.id, POLICY, depot.now),
    ]
    assert [card and card.stands for card in cards] == [Stand.WAITS, Stand.WAITS, Stand.TAKEN]

    assert await it.agrees(give_away) == Settled(it.slot.id)
    his = await it.live()
    assert (his.user_id, his.confirmed_at, his.assigned_by) == (it.otto.id, depot.now, AssignedBy.BID)
    assert (await it.row(give_away)).decided_by == depot.mona.id
    assert await it.ends_told(it.dana) == [("taken", True, "Otto Test")]
    assert [row.read for row in await depot.told(it.otto, NotificationType.BID_WON)] == [False]
    assert await it.kinds(depot.mona) == [Kind.GIVE_AWAY_ASKED]  # she knows who drives
    assert (await depot.session.scalars(select(Incident))).all() == []
    assert await it.agrees(give_away) == Refused(Refusal.DECIDED_ALREADY)
    assert await it.refuses(give_away) == Refused(Refusal.DECIDED_ALREADY)


async def test_r5_5_a_manager_refuses_and_it_stays_his(depot: Depot) -> None:
    it, give_away = await waiting(depot, to_all=True)
    assert await it.refuses(give_away) == Settled(it.slot.id)
    assert (await it.live()).id == it.slot.id
    row = await it.row(give_away)
    assert (row.outcome, row.decided_by) == (GiveAwayEnd.REFUSED, depot.mona.id)
    assert await it.ends_told(it.dana) == [("refused", True, None)]
    assert await it.ends_told(it.otto) == [("refused", False, None)]
    assert await it.agrees(give_away) == Refused(Refusal.DECIDED_ALREADY)
    assert isinstance(await it.by_link(), Offered)


async def test_r12_3_only_managers_of_the_warehouse_decide(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    max_ = await depot.fleet.manager("Max", await depot.fleet.warehouse("South"))
    before = await contents(depot.session)
    for nobody in (max_, it.dana, it.otto, replace(max_, id=uuid.uuid4())):
        for decides in (it.agrees, it.refuses):
            assert await decides(give_away, nobody) == Refused(Refusal.NOT_FOUND)
        assert not await approving.require_agreement(depot.session, nobody, depot.north, False, depot.now)
    assert await it.agrees(uuid.uuid4()) == Refused(Refusal.NOT_FOUND)
    assert await contents(depot.session) == before


async def test_r5_5_undecided_in_time_it_stays_his_and_both_are_told(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    five = local(ON, 5)
    assert await it.agrees(give_away, at=five) == Refused(Refusal.GIVE_AWAY_OVER)
    assert await it.ends(five - SECOND) is None
    assert await it.ends(five) == Settled(it.slot.id)
    assert await it.ends_told(it.dana) == [("undecided", True, "Otto Test")]
    assert await it.ends_told(it.otto) == [("undecided", False, "Dana Test")]
    assert (await it.live()).id == it.slot.id
    assert await it.agrees(give_away, at=five + MINUTE) == Refused(Refusal.DECIDED_ALREADY)


async def test_r5_5_agreed_to_the_last_second(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    assert await it.agrees(give_away, at=local(ON, 5) - SECOND) == Settled(it.slot.id)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_r5_5_who_waits_is_told_that_it_is_not_given_away_any_more(depot: Depot, cancelled: bool) -> None:
    it, give_away = await waiting(depot)
    if cancelled:
        await cancel_shift(depot.session, it.dana, it.slot.id, CancelReason.OTHER, None, SAY, POLICY, depot.now)
        assert await it.ends(depot.now) == Settled(it.slot.id)
    else:
        assert await it.takes_back(give_away) == Settled(it.slot.id)
    assert await it.ends_told(it.otto) == [("taken_back", False, "Dana Test")]
    assert await it.ends_told(it.dana) == []
    assert await it.agrees(give_away) == Refused(Refusal.DECIDED_ALREADY)


async def card_of(it: Giving, asking: uuid.UUID) -> Screen:
    """What a manager's message of this asking shows."""
    kind = table_of_kinds(POLICY, "Rollcall")[Kind.GIVE_AWAY_ASKED]
    facts = await kind.load(it.session, it.depot.mona.id, asking, it.now)
    assert facts is not None
    return kind.screen(facts, Reader("en", TORONTO))


async def test_r5_5_a_managers_card_is_about_its_own_asking(depot: Depot) -> None:
    """Also of another give-away of the same shift, and when nobody asks by it any more."""
    it, give_away = await waiting(depot)
    first = await it.asker(give_away)
    assert "Otto Test would take" in (await card_of(it, first)).html
    assert await actions.withdraw(depot.session, it.otto, give_away, POLICY, depot.now) == Done()
    assert "The colleague has had second thoughts." in (await card_of(it, first)).html
    await it.opened(it.paul)
    assert await it.takes(it.paul, give_away, depot.now + MINUTE) == Waits(it.slot.id)
    second = await it.asker(give_away)
    old, new = await card_of(it, first), await card_of(it, second)
    assert "Otto Test would take" in old.html and "The colleague has had second thoughts." in old.html
    assert len(old.keyboard) == 1, "no buttons for what is asked no more"
    assert "Paul Test would take" in new.html and len(new.keyboard) == 2
    assert await it.refuses(give_away) == Settled(it.slot.id)
    again = await it.by_link(depot.now + 2 * MINUTE, "u" * 32)
    assert isinstance(again, Offered)
    await actions.look_at(depot.session, it.otto, again.give_away_id, depot.now)
    assert await it.takes(it.otto, again.give_away_id, depot.now + 2 * MINUTE) == Waits(it.slot.id)
    assert "Not agreed: it stays with Dana Test" in (await card_of(it, second)).html
    assert "Until you agree" in (await card_of(it, await it.asker(again.give_away_id))).html


async def test_r11_1_the_asking_turns_when_the_shift_is_no_longer_the_givers(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    asking = await it.asker(give_away)
    sent = {"state": DeliveryState.SENT, "message_id": 7, "redraw": False}
    await depot.session.execute(update(Delivery).where(Delivery.about == asking).values(sent))
    await cancel_shift(depot.session, it.dana, it.slot.id, CancelReason.OTHER, None, SAY, POLICY, depot.now)
    [card] = await depot.session.scalars(_ALL.where(Delivery.about == asking))
    assert card.redraw


async def test_r6_3_not_that_day_on_a_colleagues_shift_is_as_on_any_offer(depot: Depot) -> None:
    it = await giving(depot)
    offered = await it.to_all()
    assert isinstance(offered, Offered)
    slot = await depot.fleet.slot(await depot.fleet.route("R77", depot.north), ON)
    window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE)
    assert await place_bid(depot.session, it.otto, window, POLICY, depot.now)
    for nobody, why in ((it.dana, Refusal.OWN_SHIFT), (it.paul, Refusal.NOT_FOUND)):
        there = offered.give_away_id if nobody is it.dana else uuid.uuid4()
        assert await actions.decline_day(depot.session, nobody, there, POLICY, depot.now) == Refused(why)
    for _ in range(2):
        said = await actions.decline_day(depot.session, it.otto, offered.give_away_id, POLICY, depot.now)
        assert said == Declined()
    assert list(await depot.session.scalars(select(DayDecline.user_id))) == [it.otto.id]
    assert (await depot.session.scalars(select(Bid))).all() == [], "he has bid for that day, and does not want it"
    card = await queries.offered_card(depot.session, it.otto.id, it.slot.id, POLICY, depot.now)
    assert card is not None and card.declined and card.stands is Stand.OPEN
    assert await queries.open_to(depot.session, it.otto.id, POLICY, depot.now, of_all=False) == ()
    assert await queries.open_to(depot.session, it.otto.id, POLICY, depot.now) != ()
    assert isinstance(await it.takes(it.otto, offered.give_away_id), Settled)
    assert (await depot.session.scalars(select(DayDecline))).all() == []


async def test_r5_5_a_managers_word_is_about_the_taker_whom_he_has_read_of(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    of_first = await it.asker(give_away)
    assert await actions.withdraw(depot.session, it.otto, give_away, POLICY, depot.now) == Done()
    await it.opened(it.paul)
    assert await it.takes(it.paul, give_away, depot.now + MINUTE) == Waits(it.slot.id)
    before, of_otto = await contents(depot.session), (depot.mona, give_away, of_first, SAY, POLICY, depot.now)
    assert await approving.agree(depot.session, *of_otto) == Refused(Refusal.ANOTHER_ASKS)
    assert await approving.refuse(depot.session, *of_otto) == Refused(Refusal.ANOTHER_ASKS)
    assert await contents(depot.session) == before


async def test_r6_3_not_today_is_no_longer_wanting_it(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    await depot.fleet.put(DayDecline, {"user_id": it.otto.id, "on": ON, "declined_at": depot.now})
    assert await it.agrees(give_away) == Refused(Refusal.CHANGED_HIS_MIND)
    assert (await it.live()).id == it.slot.id


async def test_r11_3_what_is_not_given_away_any_more_is_not_told(depot: Depot) -> None:
    it = await giving(depot)
    offered = await it.to_all()
    assert isinstance(offered, Offered) and offered.told
    assert await it.takes_back(offered.give_away_id) == Settled(it.slot.id)
    of_kind = select(Delivery.state).where(Delivery.kind == Kind.GIVE_AWAY)
    assert set(await depot.session.scalars(of_kind)) == {DeliveryState.CANCELLED}


async def test_r5_5_who_waits_may_think_better_of_it(depot: Depot) -> None:
    it, give_away = await waiting(depot)
    for nobody in (it.paul, it.dana):
        result = await actions.withdraw(depot.session, nobody, give_away, POLICY, depot.now)
        assert result == Refused(Refusal.NOT_FOUND)
    assert await actions.withdraw(depot.session, it.otto, give_away, POLICY, depot.now) == Done()
    assert await it.agrees(give_away) == Refused(Refusal.DECIDED_ALREADY)
    await it.opened(it.paul)
    assert await it.takes(it.paul, give_away, depot.now + MINUTE) == Waits(it.slot.id)
    assert len(await depot.told(depot.mona, NotificationType.MANUAL)) == 2
    assert await it.agrees(give_away) == Settled(it.slot.id)
    assert (await it.live()).user_id == it.paul.id


async def test_r13_what_a_warehouse_wants_is_audited(depot: Depot) -> None:
    it = await giving(depot)
    assert not await approving.agreement_required(depot.session, depot.north)
    for wanted in (True, True, False):
        assert await approving.require_agreement(depot.session, depot.mona, depot.north, wanted, depot.now)
        assert await approving.agreement_required(depot.session, depot.north) is wanted
        assert await approving.agreement_required_for(depot.session, it.slot.id) is wanted
    entries = await depot.session.scalars(select(AuditLog.changes).where(AuditLog.action == "settings"))
    assert sorted(entry["after"]["approve_give_aways"] for entry in entries) == [False, True]
    assert (await depot.session.get_one(WarehouseSettings, depot.north)).approve_give_aways is False
    assert isinstance(await it.takes(it.otto, await offered(it, to_all=True)), Settled)


# -- what shows it


async def test_r11_1_whatever_shows_the_shift_turns_when_it_changes_hands(depot: Depot) -> None:
    it = await giving(depot)
    give_away = await offered(it, to_all=True)
    window = await depot.fleet.window(await depot.fleet.slot(await depot.fleet.route("R77", depot.north), ON))
    cards = {
        "his offer": await depot.fleet._delivery(it.otto, Kind.GIVE_AWAY, it.slot.id, DeliveryState.SENT),
        "another's": await depot.fleet._delivery(it.paul, Kind.GIVE_AWAY, it.slot.id, DeliveryState.SENT),
        "hers": await depot.fleet._delivery(it.dana, Kind.GIVING, it.slot.id, DeliveryState.SENT),
        "her home": await depot.fleet.home_card(it.dana),
        "his home": await depot.fleet.home_card(it.otto),
        "his other": await depot.fleet._delivery(it.otto, Kind.GIVE_AWAY, window, DeliveryState.SENT),
    }
    await it.takes(it.otto, give_away)
    rows = {
        row.id: row for row in await depot.session.scalars(select(Delivery).execution_options(populate_existing=True))
    }
    assert {name: rows[id_].redraw for name, id_ in cards.items()} == dict.fromkeys(cards, True) | {"his other": False}
    assert [rows[cards[name]].urgency for name in ("another's", "hers")] == [3, 1]


async def test_r5_5_his_other_offers_of_the_day_turn_when_he_takes_a_shift(depot: Depot) -> None:
    it = await giving(depot)
    await offered(it, to_all=True)
    slot = await depot.fleet.slot(await depot.fleet.route("R77", depot.north), ON)
    window = await depot.fleet.window(slot, BidWindowMode.INSTANT, closes_at=local(ON, 7))
    his = await depot.fleet._delivery(it.otto, Kind.GIVE_AWAY, it.slot.id, DeliveryState.SENT)
    anothers = await depot.fleet._delivery(it.paul, Kind.GIVE_AWAY, it.slot.id, DeliveryState.SENT)
    hers = await depot.fleet._delivery(it.dana, Kind.GIVING, it.slot.id, DeliveryState.SENT)
    assert not isinstance(await accept(depot.session, it.otto, window, depot.now), Refused)
    rows = {
        row.id: row for row in await depot.session.scalars(select(Delivery).execution_options(populate_existing=True))
    }
    assert [rows[id_].redraw for id_ in (his, anothers, hers)] == [True, False, False]
