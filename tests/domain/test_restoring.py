"""R4.3: [I still want it]. The dropped shift comes back while nobody else has bid; within two hours it is excused."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.callbacks.appeals import AppealIt, WhyHeld
from bot.callbacks.bidding import OpenShift, OpenShifts
from bot.callbacks.home import Home
from bot.callbacks.shifts import StillWanted
from bot.kinds import table_of_kinds
from bot.reader import Reader
from domain.bidding.bids import place_bid, withdraw_bid
from domain.bidding.rules import Award, Bids
from domain.coverage.actions import Declined, decline_day
from domain.coverage.opening import Opened
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    AuditLog,
    Bid,
    BidWindow,
    Delivery,
    Incident,
    User,
    WindowAsk,
    WindowWaves,
)
from domain.db.models.words import (
    AssignedBy,
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    Channel,
    DeliveryState,
    IncidentKind,
    NotificationType,
)
from domain.notices.following import follow
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.refusals import Refusal, Refused
from domain.shifts import ledger
from domain.shifts.actions import arrive
from domain.shifts.restoring import Restored, StillOpen, still_open, want_back
from domain.shifts.rules import Arrive
from domain.time import shift_start
from tests.domain.depot import DAY, HOUR, MINUTE, SECOND, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Slot, accept, contents, next_wave, open_emergency

SATURDAY = date(2026, 11, 28)
EVENING = local(date(2026, 11, 25), 20)
LOST_AT = local(date(2026, 11, 26), 7) + SECOND


@dataclass(frozen=True)
class Lost:
    """What Dana had and has lost; the row and the window through which its slot is open now."""

    depot: Depot
    dana: Person
    slot: Slot
    at: datetime
    assignment: uuid.UUID
    window: uuid.UUID

    async def wanted(self, after: timedelta = timedelta(), who: Person | None = None) -> Restored | Refused:
        return await want_back(self.depot.session, who or self.dana, self.slot.id, SAY, POLICY, self.at + after)

    async def is_wanted(self) -> bool:
        """Whether the button is offered to her."""
        stands = await still_open(self.depot.session, self.dana.id, self.slot.id, POLICY)
        return stands is not None and not stands.others_bid

    async def bid(self, driver: Person, status: BidStatus = BidStatus.PENDING) -> None:
        what = {"assignment_id": self.assignment, "user_id": driver.id, "status": status, "bid_at": self.at}
        await self.depot.fleet.add(Bid, **what, window_closes_at=self.at + DAY)


async def lost(depot: Depot, at: datetime = LOST_AT, **shift: Any) -> Lost:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY, **shift)
    await depot.reminder(dana, slot, EVENING)
    left = await depot.dropped(at)
    assert left.incident is IncidentKind.AUTO_DROP and left.reopened is not None
    return Lost(depot, dana, slot, at, left.reopened.assignment_id, left.reopened.window_id)


# -- it comes back


async def test_r4_3_it_is_hers_again_and_confirmed(depot: Depot) -> None:
    it = await lost(depot)
    assert await it.is_wanted()
    assert await it.wanted(HOUR) == Restored(it.assignment, excused=True)
    row = await depot.row(it.assignment)
    assert (row.user_id, row.status, row.confirmed_at) == (it.dana.id, AssignmentStatus.SCHEDULED, it.at + HOUR)
    assert (row.assigned_by, row.assigned_at) == (AssignedBy.ALGORITHM, depot.now - 9 * DAY), "as she had it"
    assert (await depot.row(it.slot.id)).status is AssignmentStatus.CANCELLED, "history stays"
    window = await depot.window(it.window)
    assert (window.status, window.winner_id) == (BidWindowStatus.RESOLVED, it.dana.id)
    assert not await it.is_wanted()
    assert await depot.drop(it.at + 10 * DAY) is None, "she has confirmed it"
    [his] = await depot.told(it.dana)
    assert (his.type, his.read) == (NotificationType.SHIFT_AUTO_DROPPED, True), "answered by its own button (R11.1)"
    there = shift_start(SATURDAY, POLICY)
    assert isinstance(await arrive(depot.session, it.dana, it.assignment, POLICY, there), Arrive)


@pytest.mark.parametrize(("after", "excused"), [(2 * HOUR, True), (2 * HOUR + SECOND, False), (9 * HOUR, False)])
async def test_r4_3_within_two_hours_the_incident_is_excused_too(depot: Depot, after: timedelta, excused: bool) -> None:
    it = await lost(depot)
    assert await it.wanted(after) == Restored(it.assignment, excused)
    [incident] = await depot.session.scalars(select(Incident))
    await depot.session.refresh(incident)
    if excused:
        assert (incident.excused_by, incident.excused_at) == (it.dana.id, it.at + after)
        assert await depot.counters(it.dana) == {"confirmed_shifts": 1}
    else:
        assert incident.excused_at is None
        assert await depot.counters(it.dana) == {"confirmed_shifts": 1, "total_shifts": 1, "auto_dropped_shifts": 1}


async def test_r4_3_where_nobody_was_blamed_nothing_is_to_be_excused(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, SATURDAY)
    left = await depot.dropped(LOST_AT)
    assert left.incident is None and left.reopened is not None
    result = await want_back(depot.session, dana, slot.id, SAY, POLICY, LOST_AT + MINUTE)
    assert isinstance(result, Restored)
    assert await depot.counters(dana) == {"confirmed_shifts": 1}
    assert list(await depot.session.scalars(select(Incident))) == []


async def test_r6_5_her_own_bid_for_it_does_not_wait_for_ever(depot: Depot) -> None:
    it = await lost(depot)
    assert isinstance(await place_bid(depot.session, it.dana, it.window, POLICY, it.at + MINUTE), Bids)
    assert await it.wanted(HOUR) == Restored(it.assignment, excused=True)
    assert (await depot.session.scalars(select(Bid.id))).all() == [], "withdrawn: it is hers without"
    withdrawn = select(AuditLog.actor_id).where(AuditLog.entity_type == "bid", AuditLog.action == "withdrawn")
    assert (await depot.session.scalars(withdrawn)).all() == [it.dana.id]
    assert (await depot.row(it.assignment)).assigned_by is AssignedBy.ALGORITHM, "as she had it"


async def test_r13_it_is_audited_as_hers(depot: Depot) -> None:
    it = await lost(depot)
    await it.wanted(HOUR)
    rows = list(await depot.session.scalars(select(AuditLog).where(AuditLog.created_at == it.at + HOUR)))
    assert {(row.entity_type, row.entity_id, row.action) for row in rows} >= {
        ("assignment", it.assignment, "restored"),
        ("bid_window", it.window, "resolved"),
    }
    assert {row.entity_type for row in rows if row.action == "excused"} == {"incident"}
    assert {row.actor_id for row in rows} == {it.dana.id}


async def test_r1_3a_the_terms_that_it_had_are_kept(depot: Depot) -> None:
    arrive_by = local(SATURDAY, 9, 45)
    it = await lost(depot, arrive_by=arrive_by, confirm_by=LOST_AT - SECOND)
    await it.wanted()
    terms = await depot.session.get_one(AssignmentTerms, it.assignment)
    assert (terms.arrive_by, terms.confirm_by) == (arrive_by, LOST_AT - SECOND)


async def test_r1_3a_without_terms_of_its_own_arriving_is_due_at_nine(depot: Depot) -> None:
    it = await lost(depot)
    await it.wanted()
    assert await depot.miss(local(SATURDAY, 9) - SECOND) is None
    assert await depot.miss(local(SATURDAY, 9)) is not None


async def test_r1_3a_wanted_back_on_the_day_there_are_ninety_minutes(depot: Depot) -> None:
    """A manager has raised it to an emergency: who takes it at 9:40 is due at 11:10, not at once a no-show."""
    it = await lost(depot)
    morning = local(SATURDAY, 9, 30)
    opened = await open_emergency(depot.session, depot.mona, await slot_of(depot, it), morning)
    assert isinstance(opened, Opened) and opened.window_id == it.window
    at = morning + 10 * MINUTE
    assert isinstance(await it.wanted(at - it.at), Restored)
    assert await depot.miss(at + 90 * MINUTE - SECOND) is None
    left = await depot.missed(at + 90 * MINUTE)
    assert left.assignment_id == it.assignment


async def test_r1_3a_and_where_it_had_terms_of_its_own_the_later_of_both(depot: Depot) -> None:
    it = await lost(depot, arrive_by=local(SATURDAY, 9, 45))
    await open_emergency(depot.session, depot.mona, await slot_of(depot, it), local(SATURDAY, 9))
    await it.wanted(local(SATURDAY, 9, 10) - it.at)
    assert (await depot.session.get_one(AssignmentTerms, it.assignment)).arrive_by == local(SATURDAY, 10, 40)


async def slot_of(depot: Depot, it: Lost) -> Slot:
    row = await depot.row(it.assignment)
    return Slot(row.id, row.route_id, row.warehouse_id, row.on)


async def test_r6_3_nobody_further_is_asked_and_those_asked_read_that_it_is_over(depot: Depot) -> None:
    others = [await depot.driver(f"B{n}") for n in range(35)]
    it = await lost(depot, at=shift_start(SATURDAY, POLICY) - 20 * HOUR)
    assert (await depot.window(it.window)).mode is BidWindowMode.INSTANT
    assert (await next_wave(depot.session, it.at)) is not None
    offers = update(Delivery).where(Delivery.kind == Kind.OFFER)
    shown = others[0]
    sent = {"state": DeliveryState.SENT, "due_at": None, "message_id": 1, "chat_id": 1}
    await depot.session.execute(offers.where(Delivery.user_id == shown.id).values(sent))
    assert isinstance(await it.wanted(MINUTE), Restored)
    assert await next_wave(depot.session, it.at + HOUR) is None
    assert await depot.session.scalar(select(WindowWaves.next_at).where(WindowWaves.window_id == it.window)) is None
    rows = list(await depot.session.scalars(select(Delivery).where(Delivery.kind == Kind.OFFER)))
    for row in rows:
        await depot.session.refresh(row)
    states = {row.user_id: (row.state, row.redraw) for row in rows}
    if shown.id in states:
        assert states.pop(shown.id) == (DeliveryState.SENT, True)
    assert set(states.values()) == {(DeliveryState.CANCELLED, False)}
    assert await accept(depot.session, others[1], it.window, it.at + HOUR) == Refused(Refusal.TAKEN)


# -- it does not


async def test_r4_3_not_once_somebody_else_has_bid_but_she_can_bid_too(depot: Depot) -> None:
    it, ben = await lost(depot), await depot.driver("Ben")
    await it.bid(ben)
    assert not await it.is_wanted()
    before = await contents(depot.session)
    assert await it.wanted(MINUTE) == Refused(Refusal.BID_FOR)
    assert await contents(depot.session) == before
    stands = await still_open(depot.session, it.dana.id, it.slot.id, POLICY)
    assert stands == StillOpen(it.window, others_bid=True, may_bid=True)
    assert isinstance(await place_bid(depot.session, it.dana, it.window, POLICY, it.at + MINUTE), Bids), (
        "as she is told"
    )


async def test_r6_3_who_may_take_no_shift_is_not_told_to_bid(depot: Depot) -> None:
    it, ben = await lost(depot), await depot.driver("Ben")
    await it.bid(ben)
    await depot.session.execute(update(User).where(User.id == it.dana.id).values(is_flagged=True))
    assert await it.wanted(MINUTE) == Refused(Refusal.FLAGGED)
    stands = await still_open(depot.session, it.dana.id, it.slot.id, POLICY)
    assert stands == StillOpen(it.window, others_bid=True, may_bid=False)


@pytest.mark.parametrize("whose", ["hers", "one that was withdrawn by its end"])
async def test_r4_3_only_a_pending_bid_of_somebody_else_stands_in_her_way(depot: Depot, whose: str) -> None:
    it, ben = await lost(depot), await depot.driver("Ben")
    await it.bid(*((it.dana,) if whose == "hers" else (ben, BidStatus.LOST)))
    assert await it.is_wanted()
    assert isinstance(await it.wanted(MINUTE), Restored)


async def test_r4_3_not_once_somebody_else_has_taken_it(depot: Depot) -> None:
    ben = await depot.driver("Ben")
    it = await lost(depot, at=shift_start(SATURDAY, POLICY) - 20 * HOUR)
    assert isinstance(await accept(depot.session, ben, it.window, it.at + MINUTE), Award)
    assert not await it.is_wanted()
    before = await contents(depot.session)
    assert isinstance(await it.wanted(2 * MINUTE), Refused)
    assert await contents(depot.session) == before


async def test_r6_2_not_once_its_window_is_over(depot: Depot) -> None:
    """Whether or not it has been closed yet."""
    it = await lost(depot, at=shift_start(SATURDAY, POLICY) - 20 * HOUR)
    for after in (20 * HOUR, 30 * HOUR):
        assert isinstance(await it.wanted(after), Refused)
    await depot.session.execute(update(BidWindow).values(status=BidWindowStatus.CLOSED))
    assert not await it.is_wanted()
    assert isinstance(await it.wanted(MINUTE), Refused)


@pytest.mark.parametrize(
    ("hindrance", "why"),
    [
        ({"is_flagged": True}, Refusal.FLAGGED),
        ({"weekly_cap": 1}, Refusal.AT_CAP),
    ],
)
async def test_r6_3_not_who_may_take_no_shift(depot: Depot, hindrance: dict[str, Any], why: Refusal) -> None:
    it = await lost(depot)
    await depot.shift(it.dana, SATURDAY - 3 * DAY, route="R13", confirmed=True)  # her one shift of that week
    await depot.session.execute(update(User).where(User.id == it.dana.id).values(hindrance))
    before = await contents(depot.session)
    assert await it.wanted(MINUTE) == Refused(why)
    assert await contents(depot.session) == before


async def test_r10_2_not_who_is_out_of_the_pool(depot: Depot) -> None:
    it = await lost(depot)
    today = await depot.shift(it.dana, SATURDAY - 3 * DAY, route="R13", confirmed=True)
    given = (it.dana.id, today.id, IncidentKind.NO_SHOW, None, SAY, POLICY, it.at)
    assert await ledger.enter(depot.session, *given)
    assert await it.wanted(MINUTE) == Refused(Refusal.OUT_OF_POOL)


async def test_r2_1_not_who_has_another_shift_that_day_by_now(depot: Depot) -> None:
    it = await lost(depot)
    await depot.shift(it.dana, SATURDAY, route="R13", confirmed=True)
    assert await it.wanted(MINUTE) == Refused(Refusal.BUSY)


async def test_r12_3_nobody_gets_what_was_not_his(depot: Depot) -> None:
    """Nor what he has lost otherwise, or has."""
    it, ben = await lost(depot), await depot.driver("Ben")
    before = await contents(depot.session)
    assert await it.wanted(MINUTE, ben) == Refused(Refusal.SHIFT_GONE)
    assert await want_back(depot.session, it.dana, uuid.uuid4(), SAY, POLICY, it.at) == Refused(Refusal.SHIFT_GONE)
    assert await contents(depot.session) == before
    missed = await depot.shift(ben, SATURDAY, route="R14", confirmed=True)
    await depot.missed(local(SATURDAY, 9))
    assert await want_back(depot.session, ben, missed.id, SAY, POLICY, local(SATURDAY, 9)) == Refused(
        Refusal.SHIFT_GONE
    )


# -- again


async def test_r2_5_pressed_twice_it_is_hers_and_the_second_answer_says_so(depot: Depot) -> None:
    it = await lost(depot)
    first = await it.wanted(HOUR)
    before = await contents(depot.session)
    assert await it.wanted(HOUR + SECOND) == first
    assert await it.wanted(5 * HOUR) == first
    assert await contents(depot.session) == before


async def test_r4_3_once_given_up_or_lost_again_it_does_not_come_back_by_the_old_button(depot: Depot) -> None:
    it = await lost(depot)
    await it.wanted()
    gone = {"status": AssignmentStatus.CANCELLED}
    await depot.session.execute(update(Assignment).where(Assignment.id == it.assignment).values(gone))
    assert await it.wanted(HOUR) == Refused(Refusal.SHIFT_GONE)


# -- what is shown


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ("Nobody else has it yet.", "Others have bid for it by now; you can bid, too.")),
        ("fr", ("Personne d’autre ne l’a encore.", "D’autres ont postulé entre-temps; vous pouvez postuler aussi.")),
    ],
)
async def test_r4_3_his_message_says_how_it_stands_with_the_next_step(
    depot: Depot, language: str, says: tuple[str, str]
) -> None:
    it, ben = await lost(depot), await depot.driver("Ben")
    kind, held, below = table_of_kinds(POLICY, "Acme")[Kind.DROPPED], [WhyHeld, AppealIt], [OpenShifts, Home]

    async def shown() -> tuple[str, list[type]]:
        facts = await kind.load(depot.session, it.dana.id, it.slot.id, it.at)
        assert facts is not None
        screen = kind.screen(facts, Reader(language, TORONTO))
        return screen.html, [type(button.to) for row in screen.keyboard for button in row]

    text, buttons = await shown()
    assert says[0] in text and buttons == [StillWanted, *held, *below]
    await it.bid(ben)
    text, buttons = await shown()
    assert says[1] in text and buttons == [OpenShift, *held, *below]
    assert await depot.session.scalar(select(func.count()).select_from(Bid)) == 1
    await depot.session.execute(update(User).where(User.id == it.dana.id).values(is_flagged=True))
    text, buttons = await shown()
    assert says[0] not in text and says[1] not in text and buttons == [*held, *below]
    await depot.session.execute(update(BidWindow).values(status=BidWindowStatus.CLOSED))
    assert (await shown())[1] == [*held, *below]


async def dropped_message(depot: Depot, it: Lost) -> uuid.UUID:
    about = {"user_id": it.dana.id, "channel": Channel.TELEGRAM, "kind": Kind.DROPPED, "about": it.slot.id}
    sent = {"urgency": 1, "state": DeliveryState.SENT, "chat_id": 77, "message_id": 7, "created_at": it.at}
    return await depot.fleet.add(Delivery, **about, **sent)


async def test_r4_3_a_bid_and_its_end_turn_the_message_of_who_had_it(depot: Depot) -> None:
    it, ben = await lost(depot), await depot.driver("Ben")
    message = await dropped_message(depot, it)

    async def is_redrawn() -> bool:
        redraw = (await depot.session.get_one(Delivery, message, populate_existing=True)).redraw
        await depot.session.execute(update(Delivery).where(Delivery.id == message).values(redraw=False))
        return redraw

    assert isinstance(await place_bid(depot.session, ben, it.window, POLICY, it.at), Bids)
    assert await is_redrawn()
    await withdraw_bid(depot.session, ben, it.window, it.at + MINUTE)
    assert await is_redrawn()
    await place_bid(depot.session, ben, it.window, POLICY, it.at + 2 * MINUTE)
    assert await is_redrawn()
    await depot.fleet.put(WindowAsk, {"window_id": it.window, "user_id": ben.id, "asked_at": it.at, "on": SATURDAY})
    assert await decline_day(depot.session, ben, it.window, it.at + 3 * MINUTE) == Declined()
    assert await is_redrawn()


async def test_r4_3_once_somebody_else_has_it_his_message_no_longer_offers_it(depot: Depot) -> None:
    it = await lost(depot)
    message = await dropped_message(depot, it)
    await follow(depot.session, it.window, it.at, over=True)
    assert (await depot.session.get_one(Delivery, message)).redraw
