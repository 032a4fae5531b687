"""Each of the simulator's invariants finds what breaks it: one bad row, and it is reported."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.bids import place_bid
from domain.bidding.resolving import Resolved
from domain.coverage.assigning import Assigned, assign_driver
from domain.db.models import (
    Appeal,
    Assignment,
    AuditLog,
    Bid,
    BidWindow,
    ChatLink,
    Delivery,
    DriverCap,
    DriverHealthState,
    DriverMetrics,
    DriverPreferences,
    DutyRun,
    FlagEpisode,
    GiveAway,
    Incident,
    Notification,
    RosterGap,
    RosterRun,
    SeenUpdate,
    Shift,
    SmsAttempt,
    SmsOptOut,
    StarWeek,
    User,
)
from domain.db.models.words import (
    ActorType,
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    CancelReason,
    Channel,
    DeliveryState,
    GapReason,
    IncidentKind,
    NotificationType,
    RosterCause,
    Urgency,
)
from domain.giving.actions import Offered, give_to_all, take_over
from domain.giving.handing_over import Settled
from domain.health.caps import choose_cap
from domain.people.queries import Person
from domain.policy import REDRAWN_EVERY
from domain.roster.telling import tell_week
from domain.shifts import ledger
from domain.shifts.outages import Outage
from domain.time import arrive_by, shift_start, week_of
from sandbox.simulate.invariants import INVARIANTS, Facts, broken
from tests.domain.world import POLICY, SAY, Fleet, Slot, close_due


class Depot:
    """One warehouse, two routes, two drivers, a manager; and the shortest way to what never should be."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self.session = session
        self.now = now
        self.fleet = Fleet(session, now)

    async def furnish(self) -> None:
        north = self.north = await self.fleet.warehouse()
        self.manager = await self.fleet.manager("Mona", north)
        self.dana = await self.fleet.driver("Dana", home=north)
        self.omar = await self.fleet.driver("Omar", home=north)
        self.r1, self.r2 = await self.fleet.route("R1", north), await self.fleet.route("R2", north)

    async def shift(self, driver: Person | None = None, *, days: int = 0, confirmed: bool = True) -> Slot:
        """Counted as what it is."""
        whose = driver or self.dana
        await ledger.count(self.session, whose.id, self.now, total_assigned=1, confirmed_shifts=int(confirmed))
        return await self.fleet.shift(self.r1, whose, self.fleet.day(days), confirmed=confirmed)

    async def without(self, index: str) -> None:
        """The database would refuse it itself."""
        await self.session.execute(text(f"DROP INDEX {index}"))

    async def becomes(self, slot: Slot, action: str, before: str | None, after: str, **more: Any) -> None:
        """A step of an assignment and the entry that tells of it; `at`, and more columns of the assignment."""
        at = more.pop("at", self.now)
        values = {"status": AssignmentStatus(after), "updated_at": self.now} | more
        await self.session.execute(update(Assignment).where(Assignment.id == slot.id).values(values))
        await self.step(slot, action, before, after, at)

    async def step(
        self, slot: Slot, action: str, before: str | None, after: str | None, at: datetime, by: Person | None = None
    ) -> None:
        changes = {"before": {"status": before} if before else {}, "after": {"status": after} if after else {}}
        await self.fleet.add(
            AuditLog,
            entity_type="assignment",
            entity_id=slot.id,
            action=action,
            actor_id=by.id if by else None,
            actor_type=ActorType.USER if by else ActorType.SYSTEM,
            changes=changes,
            created_at=at,
        )

    async def leaves(self, slot: Slot, action: str, kind: IncidentKind | None, at: datetime | None = None) -> None:
        """As it is recorded, but for the row that should follow it."""
        at = at or self.now
        await self.becomes(slot, action, "scheduled", "cancelled", at=at)
        if kind is not None:
            incident = {"user_id": self.dana.id, "assignment_id": slot.id, "kind": kind, "occurred_at": at}
            await self.fleet.add(Incident, **incident)

    async def awarded(self) -> Slot:
        """Both have bid for a slot, and an hour later it is Omar's, who likes the route; both have read it."""
        slot = await self.fleet.slot(self.r1, self.fleet.day(3))
        closes_at = self.now + timedelta(hours=1)
        window = await self.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=closes_at, waves=False)
        await self.fleet.put(
            DriverPreferences, {"user_id": self.omar.id, "preferred_routes": [self.r1], "updated_at": self.now}
        )
        for driver in (self.dana, self.omar):
            await place_bid(self.session, driver, window, POLICY, self.now)
        self.now = closes_at
        ended = await close_due(self.session, closes_at)
        assert isinstance(ended, Resolved) and ended.winner_id == self.omar.id
        await self.read_all()
        return slot

    async def read_all(self) -> None:
        """Nothing is on its way any more."""
        await self.session.execute(delete(Delivery))
        await self.session.execute(update(Notification).values(read=True))

    async def delivery(self, person: Person, **more: Any) -> uuid.UUID:
        values: dict[str, Any] = {"user_id": person.id, "channel": Channel.TELEGRAM, "kind": "missed", "urgency": 0}
        values |= {"state": DeliveryState.SENT, "level": int(Urgency.URGENT), "created_at": self.now}
        return await self.fleet.add(Delivery, **values | more)

    async def text_message(self, person: Person, times: int = 1) -> None:
        row = await self.delivery(person, channel=Channel.SMS)
        sms = {"delivery_id": row, "user_id": person.id, "phone": person.phone, "body": "x", "segments": 1}
        for _ in range(times):
            await self.fleet.add(SmsAttempt, **sms, created_at=self.now)

    async def roster(self, **more: Any) -> None:
        """This week's, of which nothing was filled, nor could be."""
        monday, _ = week_of(self.fleet.today)
        as_of = self.now - timedelta(days=10)
        figures = {"slots": 0, "held": 0, "filled": 0, "maximum": 0, "cut": {"full": [], "days": [], "slots": []}}
        made = {"requested_at": as_of, "as_of": as_of, "carried_out_at": as_of, "told_at": as_of}
        await self.fleet.add(RosterRun, **{"week": monday, "cause": RosterCause.DEADLINE} | made | figures | more)

    async def gap(self, route: uuid.UUID) -> None:
        """A slot that the roster left empty."""
        run = (await self.session.scalars(select(RosterRun))).one()
        about = {"run_id": run.id, "route_id": route, "on": run.week, "warehouse_id": self.north}
        await self.fleet.put(RosterGap, about | {"reason": GapReason.TAKEN, "wanted_by": 1, "drivers": []})

    async def found(self, **more: Any) -> set[str]:
        facts = Facts(POLICY, self.now, **more)
        return {each.invariant.words for each in await broken(self.session, facts, in_peace=True)}


@pytest.fixture
async def depot(session: AsyncSession, now: datetime) -> Depot:
    made = Depot(session, now)
    await made.furnish()
    return made


# -- the bad rows


async def two_rows_a_slot(depot: Depot) -> None:
    await depot.without("uniq_assignments_live_slot")
    await depot.shift(depot.dana)
    await depot.shift(depot.omar)


async def two_shifts_a_day(depot: Depot) -> None:
    await depot.without("uniq_assignments_live_driver")
    await depot.shift()
    await depot.fleet.shift(depot.r2, depot.dana)


async def unfilled_with_a_driver(depot: Depot) -> None:
    await depot.fleet.shift(depot.r1, depot.dana, status=AssignmentStatus.UNFILLED)


async def lost_without_successor(depot: Depot) -> None:
    await depot.leaves(await depot.shift(days=5), "cancelled", IncidentKind.EARLY_CANCEL)


async def completed_out_of_nothing(depot: Depot) -> None:
    slot = await depot.shift()
    await depot.becomes(slot, "completed", "scheduled", "completed")


async def status_without_history(depot: Depot) -> None:
    await depot.fleet.shift(depot.r1, depot.dana, status=AssignmentStatus.ACTIVE)


async def no_show_before_nine(depot: Depot) -> None:
    await depot.leaves(await depot.shift(), "no_show", IncidentKind.NO_SHOW)


async def late_cancel_days_before(depot: Depot) -> None:
    slot = await depot.shift(days=5)
    await depot.leaves(slot, "cancelled", IncidentKind.LATE_CANCEL)
    cancelled = {"cancelled_at": depot.now, "cancel_reason": CancelReason.OTHER, "created_at": depot.now}
    await depot.fleet.add(Shift, assignment_id=slot.id, **cancelled)


async def dropped_without_reminder(depot: Depot) -> None:
    slot = await depot.shift(days=1, confirmed=False)
    await depot.leaves(slot, "auto_dropped", IncidentKind.AUTO_DROP)


async def unanswered_and_blamed(depot: Depot) -> None:
    await depot.leaves(await depot.shift(days=1), "unanswered", IncidentKind.AUTO_DROP)


async def gone_and_not_in_the_ledger(depot: Depot) -> None:
    await depot.leaves(await depot.shift(), "no_show", None)


async def given_away_to_nobody(depot: Depot) -> None:
    await depot.becomes(await depot.shift(), "given_away", "scheduled", "cancelled")


async def given_away_for_ever(depot: Depot) -> None:
    slot = await depot.shift(days=-1)
    await depot.fleet.add(GiveAway, assignment_id=slot.id, giver_id=depot.dana.id, offered_at=depot.now)


async def failed_update(depot: Depot) -> None:
    await depot.fleet.put(SeenUpdate, {"update_id": 1, "seen_at": depot.now, "fault_id": "ABCDEFGH"})


async def confirmed_the_day_before(depot: Depot) -> None:
    slot = await depot.shift(days=1)
    await depot.step(slot, "confirmed", None, None, depot.now, depot.dana)


async def two_windows(depot: Depot) -> None:
    await depot.without("uniq_bid_windows_open")
    slot = await depot.fleet.slot(depot.r1)
    await depot.fleet.window(slot)
    await depot.fleet.window(slot)


async def window_for_a_driven_route(depot: Depot) -> None:
    await depot.fleet.window(await depot.shift())


async def winner_of_nothing(depot: Depot) -> None:
    slot = await depot.shift(depot.dana)
    await depot.fleet.window(slot, status=BidWindowStatus.RESOLVED, winner=depot.omar)


async def not_the_best(depot: Depot) -> None:
    await depot.awarded()
    await depot.session.execute(update(BidWindow).values(winner_id=depot.dana.id))


async def scored_by_other_facts(depot: Depot) -> None:
    await depot.awarded()
    liked = "jsonb_set(changes, '{facts,bids,1,prefers_route}', 'true')"
    await depot.session.execute(text(f"UPDATE audit_logs SET changes = {liked} WHERE action = 'resolved'"))


async def a_bid_left_out(depot: Depot) -> None:
    await depot.awarded()
    left_out = "changes #- '{facts,bids,1}'"
    await depot.session.execute(text(f"UPDATE audit_logs SET changes = {left_out} WHERE action = 'resolved'"))


async def never_told_of_losing(depot: Depot) -> None:
    await depot.awarded()
    await depot.session.execute(delete(Notification).where(Notification.type == NotificationType.BID_LOST))


async def told_of_losing_what_goes_on(depot: Depot) -> None:
    await depot.awarded()
    goes_on = "action = 'mode_changed', changes = jsonb_build_object('after', jsonb_build_object('mode', 'instant'))"
    await depot.session.execute(text(f"UPDATE audit_logs SET {goes_on} WHERE action = 'resolved'"))


async def won_and_told_of_nothing(depot: Depot) -> None:
    await depot.awarded()
    await depot.session.execute(delete(Notification).where(Notification.type == NotificationType.BID_WON))


async def bid_for_nothing(depot: Depot) -> None:
    slot = await depot.fleet.slot(depot.r1, depot.fleet.day(3))
    await depot.fleet.window(slot, BidWindowMode.INSTANT)
    bid = {"assignment_id": slot.id, "user_id": depot.omar.id, "status": BidStatus.PENDING, "bid_at": depot.now}
    await depot.fleet.add(Bid, **bid, window_closes_at=depot.now)


async def awarded_without_a_bid(depot: Depot) -> None:
    await depot.awarded()
    await depot.session.execute(delete(Bid))


async def handed_back_at_leisure(depot: Depot) -> None:
    await depot.becomes(await depot.awarded(), "handed_back", "scheduled", "cancelled")


async def five_shifts(depot: Depot) -> None:
    for days in range(-2, 3):
        await depot.shift(days=days)


async def arrived_at_nine(depot: Depot) -> None:
    slot = await depot.shift()
    due = arrive_by(slot.on, None, POLICY)
    await depot.becomes(slot, "arrived", "scheduled", "active")
    await depot.step(slot, "arrived", None, None, due, depot.dana)
    await depot.fleet.add(Shift, assignment_id=slot.id, arrived_at=due, created_at=due)


async def more_back_than_loaded(depot: Depot) -> None:
    slot = await depot.fleet.shift(depot.r1, depot.dana, status=AssignmentStatus.ACTIVE)
    parcels = {"parcels_start": 10, "parcels_returned": 11, "parcels_delivered": -1}
    await depot.fleet.add(Shift, assignment_id=slot.id, arrived_at=depot.now, created_at=depot.now, **parcels)


async def counted_twice(depot: Depot) -> None:
    await depot.shift()
    await depot.session.execute(update(DriverMetrics).values(no_shows=1))


async def out_for_nothing(depot: Depot) -> None:
    await depot.shift()
    out = {"assignment_pool_eligible": False, "updated_at": depot.now}
    await depot.fleet.put(DriverHealthState, {"user_id": depot.dana.id} | out)


async def flagged_without_a_flag(depot: Depot) -> None:
    await depot.session.execute(
        update(User).where(User.id == depot.dana.id).values(is_flagged=True, updated_at=depot.now)
    )


async def has_a_flag_and_is_not(depot: Depot) -> None:
    await depot.fleet.add(FlagEpisode, user_id=depot.dana.id, flagged_at=depot.now, due=5, completed=3)


async def cut_and_not_less(depot: Depot) -> None:
    await depot.fleet.put(DriverCap, {"user_id": depot.dana.id, "base": 4, "cut": True})


async def excused(depot: Depot) -> uuid.UUID:
    slot = await depot.shift()
    await depot.leaves(slot, "no_show", IncidentKind.NO_SHOW)
    of = update(Incident).values(excused_at=depot.now, excused_by=depot.manager.id, excuse_reason="ours")
    return (await depot.session.scalars(of.returning(Incident.id))).one()


async def appeal_of_what_is_excused(depot: Depot) -> None:
    about = {"user_id": depot.dana.id, "incident_id": await excused(depot), "reason": "I was there"}
    await depot.fleet.add(Appeal, **about, opened_at=depot.now, decide_by=depot.now)


async def flagged_for_what_is_excused(depot: Depot) -> None:
    await excused(depot)
    flag = {"flagged_at": depot.now + timedelta(hours=1), "due": 5, "completed": 4}
    await depot.fleet.add(FlagEpisode, user_id=depot.dana.id, **flag)


async def no_star_for_what_is_excused(depot: Depot) -> None:
    await excused(depot)
    done = await depot.fleet.shift(depot.r2, depot.dana, status=AssignmentStatus.COMPLETED)
    parcels = {"parcels_start": 100, "parcels_delivered": 100, "parcels_returned": 0}
    await depot.fleet.add(Shift, assignment_id=done.id, completed_at=depot.now, created_at=depot.now, **parcels)
    judged = {"week": week_of(depot.fleet.today)[0], "judged_at": depot.now, "qualified": False}
    await depot.fleet.put(StarWeek, {"user_id": depot.dana.id} | judged)


async def noted_and_never_sent(depot: Depot) -> None:
    told = {"user_id": depot.dana.id, "type": NotificationType.WARNING, "title": "t", "body": "b"}
    await depot.fleet.add(Notification, **told, read=False, created_at=depot.now)


async def twenty_one_texts(depot: Depot) -> None:
    await depot.text_message(depot.dana, 21)


async def texted_after_stop(depot: Depot) -> None:
    await depot.fleet.put(SmsOptOut, {"phone": depot.dana.phone, "since": depot.now - timedelta(hours=1)})
    await depot.text_message(depot.dana)


async def in_anothers_chat(depot: Depot) -> None:
    await depot.delivery(depot.dana, chat_id=1, message_id=1, sent_at=depot.now)


async def anothers_shift(depot: Depot) -> None:
    slot = await depot.shift(depot.dana)
    await depot.delivery(depot.omar, about=slot.id)


async def never_sent(depot: Depot) -> None:
    await depot.delivery(depot.dana, state=DeliveryState.PENDING, due_at=depot.now - timedelta(hours=1))


async def never_dropped(depot: Depot) -> None:
    await depot.shift(days=1, confirmed=False)


async def never_missed(depot: Depot) -> None:
    await depot.shift(days=-1)


async def never_closed(depot: Depot) -> None:
    slot = await depot.fleet.slot(depot.r1, depot.fleet.day(-1))
    await depot.fleet.window(slot, BidWindowMode.INSTANT, closes_at=shift_start(slot.on, POLICY))


async def three_home_cards(depot: Depot) -> None:
    for _ in range(3):
        await depot.fleet.home_card(depot.dana)


async def given_out_twice(depot: Depot) -> None:
    await depot.without("uniq_roster_runs_week")
    for _ in range(2):
        await depot.roster()


async def filled_more_than_given(depot: Depot) -> None:
    await depot.roster(filled=1, maximum=1)


async def less_than_was_possible(depot: Depot) -> None:
    await depot.roster(slots=3, maximum=2, cut={"full": [], "days": [], "slots": [1, 2]})
    for route in (depot.r1, depot.r2):
        await depot.gap(route)


async def a_cut_that_is_worth_less(depot: Depot) -> None:
    await depot.roster(maximum=5, cut={"full": [str(depot.dana.id)], "days": [], "slots": []})


async def empty_and_not_open(depot: Depot) -> None:
    await depot.roster()
    await depot.fleet.slot(depot.r1, depot.fleet.day(1))


async def never_carried_out(depot: Depot) -> None:
    await depot.roster(carried_out_at=None)


async def never_told(depot: Depot) -> None:
    await depot.roster(told_at=None)


async def never_frozen(depot: Depot) -> None:
    await depot.fleet.put(DutyRun, {"duty": "roster", "done_for": depot.now - timedelta(days=7, seconds=1)})


Bad = Callable[[Depot], Awaitable[None]]
BAD: dict[str, list[Bad]] = {
    "a slot has at most one live row": [two_rows_a_slot],
    "a driver has at most one live row a day": [two_shifts_a_day],
    "a slot is unfilled or somebody's": [unfilled_with_a_driver],
    "a lost shift has its successor, unless it is over": [lost_without_successor],
    "a status is reached by legal steps, all audited": [completed_out_of_nothing, status_without_history],
    "nobody is blamed without the rule for it": [
        no_show_before_nine,
        late_cancel_days_before,
        dropped_without_reminder,
    ],
    "who leaves or loses a shift stands in the ledger": [gone_and_not_in_the_ledger],
    "nobody is blamed for what he may leave": [unanswered_and_blamed],
    "what is given away is taken by one other": [given_away_to_nobody],
    "no update failed": [failed_update],
    "nothing is confirmed too late": [confirmed_the_day_before],
    "a slot has at most one open window": [two_windows],
    "open windows are for open slots": [window_for_a_driven_route],
    "a resolved window has one winner": [winner_of_nothing],
    "windows end in their time": [never_closed],
    "the best of the bidders has it": [not_the_best, scored_by_other_facts, a_bid_left_out],
    "each bidder is told once what came of it": [
        never_told_of_losing,
        told_of_losing_what_goes_on,
        won_and_told_of_nothing,
    ],
    "a pending bid waits for an award": [bid_for_nothing],
    "for each award one bid has won": [awarded_without_a_bid],
    "what is handed back was won late, and within the hour": [handed_back_at_leisure],
    "nobody is over his weekly cap": [five_shifts],
    "who arrived was in time": [arrived_at_nine],
    "the numbers of parcels add up": [more_back_than_loaded],
    "counters say what the ledger says": [counted_twice],
    "the pool follows the ledger": [out_for_nothing],
    "who is flagged has a flag that stands": [flagged_without_a_flag, has_a_flag_and_is_not],
    "a weekly cap is what its causes come to": [cut_and_not_less],
    "what is excused counts nowhere": [
        appeal_of_what_is_excused,
        flagged_for_what_is_excused,
        no_star_for_what_is_excused,
    ],
    "what is in an inbox was sent": [noted_and_never_sent],
    "no driver gets more SMS a day than he may": [twenty_one_texts],
    "who has texted STOP gets none": [texted_after_stop],
    "messages are in their own people's chats": [in_anothers_chat],
    "nobody is told of what is not his affair": [anothers_shift],
    "every notice has come to its end": [never_sent],
    "a week is given out once": [given_out_twice],
    "a roster comes to what it says": [filled_more_than_given, less_than_was_possible],
    "and no more was possible": [a_cut_that_is_worth_less],
    "what a roster left empty is open": [empty_and_not_open],
    "each week was given out and told": [never_carried_out, never_told, never_frozen],
    "what was not confirmed was dropped": [never_dropped],
    "who was not there was missed": [never_missed],
    "nothing is given away any more once it starts": [given_away_for_ever],
    "there is one home card": [three_home_cards],
}
CASES = [(words, bad) for words, those in BAD.items() for bad in those]


@pytest.mark.parametrize(("words", "bad"), CASES, ids=[bad.__name__ for _, bad in CASES])
async def test_each_invariant_finds_what_breaks_it(depot: Depot, words: str, bad: Bad) -> None:
    await bad(depot)
    assert words in await depot.found()


async def test_r8_6a_blame_for_an_outage_of_ours_is_found(depot: Depot) -> None:
    slot = await depot.shift(days=-1)
    due = arrive_by(slot.on, None, POLICY)
    await depot.leaves(slot, "no_show", IncidentKind.NO_SHOW, due)
    out = Outage(due - timedelta(minutes=20), due - timedelta(minutes=10))
    assert "nobody is blamed for an outage of ours" not in await depot.found()
    assert "nobody is blamed for an outage of ours" in await depot.found(outages=(out,))


def test_every_invariant_has_a_bad_row() -> None:
    assert {each.words for each in INVARIANTS} == {*BAD, "nobody is blamed for an outage of ours"}


async def test_nothing_is_found_where_all_is_well(depot: Depot) -> None:
    await depot.shift(days=1)
    await depot.fleet.home_card(depot.dana)
    await depot.session.execute(update(ChatLink).values(linked_at=depot.now))
    assert await depot.found() == set()


async def test_r11_4a_what_a_digest_did_not_bring_waits_for_the_next_ones(depot: Depot) -> None:
    waits = {"channel": Channel.SMS, "state": DeliveryState.PENDING, "reason": "its digest came to a bad end"}
    row = await depot.delivery(depot.dana, **waits, created_at=depot.now - timedelta(hours=34))
    assert "every notice has come to its end" not in await depot.found()
    longer = {"created_at": depot.now - POLICY.retell_for - timedelta(days=2)}
    await depot.session.execute(update(Delivery).where(Delivery.id == row).values(longer))
    assert "every notice has come to its end" in await depot.found()


async def test_a_card_that_waits_a_moment_for_what_else_happens_has_its_redraw_before_it(depot: Depot) -> None:
    clock = (await depot.session.execute(select(func.clock_timestamp()))).scalar_one()
    waits = {"kind": "week_locked", "due_at": depot.now, "redraw": True}
    row = await depot.delivery(depot.dana, **waits, pause_until=clock + REDRAWN_EVERY)
    assert "every notice has come to its end" not in await depot.found()
    longer = {"pause_until": clock + REDRAWN_EVERY + timedelta(minutes=1)}
    await depot.session.execute(update(Delivery).where(Delivery.id == row).values(longer))
    assert "every notice has come to its end" in await depot.found()


async def test_r3_6_nothing_is_found_where_a_roster_says_what_it_came_to(depot: Depot) -> None:
    await depot.roster(slots=2)
    for route in (depot.r1, depot.r2):
        await depot.gap(route)
    await depot.fleet.put(DutyRun, {"duty": "roster", "done_for": depot.now - timedelta(days=7)})
    assert await depot.found() == set()


async def test_r3_8_one_message_tells_of_what_stands_beside_it_in_the_inbox(depot: Depot) -> None:
    await depot.shift(days=7)
    await depot.roster(week=week_of(depot.fleet.day(7))[0], as_of=depot.now - timedelta(days=3), told_at=None)
    assert await tell_week(depot.session, SAY, POLICY, depot.now) is not None
    assert "what is in an inbox was sent" not in await depot.found()
    await depot.session.execute(delete(Delivery))
    assert "what is in an inbox was sent" in await depot.found()


async def test_r6_5_nothing_is_found_where_a_window_is_awarded(depot: Depot) -> None:
    await depot.awarded()
    assert await depot.found() == set()


async def test_r6_3_what_a_manager_has_let_over_the_cap_is_not_counted(depot: Depot) -> None:
    for days in range(-2, 2):
        await depot.shift(days=days)
    slot = await depot.fleet.slot(depot.r1, depot.fleet.day(2))
    why = "Nobody else knows the streets there"
    given = await assign_driver(depot.session, depot.manager, slot.id, depot.dana.id, why, SAY, POLICY, depot.now)
    assert isinstance(given, Assigned)
    assert "nobody is over his weekly cap" not in await depot.found()
    await depot.session.execute(delete(AuditLog).where(AuditLog.action == "cap_override"))
    assert "nobody is over his weekly cap" in await depot.found()


async def test_r9_3_a_lower_cap_takes_no_shift_away_but_gives_none_either(depot: Depot) -> None:
    for days in range(-2, 2):
        await depot.shift(days=days)
    await depot.session.execute(update(Assignment).values(assigned_at=depot.now - timedelta(hours=1)))
    why = "He asked for fewer"
    await choose_cap(depot.session, depot.manager, depot.dana.id, 3, why, SAY, POLICY, depot.now)
    assert "nobody is over his weekly cap" not in await depot.found()
    await depot.session.execute(update(Assignment).values(assigned_at=depot.now + timedelta(hours=1)))
    assert "nobody is over his weekly cap" in await depot.found()


async def test_r6_3_a_higher_cap_does_not_make_good_what_was_over_it(depot: Depot) -> None:
    for days in range(-2, 4):
        await depot.shift(days=days)
    await depot.session.execute(update(Assignment).values(assigned_at=depot.now - timedelta(hours=1)))
    await choose_cap(depot.session, depot.manager, depot.dana.id, 5, "He wants more", SAY, POLICY, depot.now)
    assert "nobody is over his weekly cap" in await depot.found()


@pytest.mark.parametrize(("again", "over"), [("active", False), ("scheduled", True)])
async def test_r8_6_what_he_has_again_since_he_was_late_is_his_whatever_the_cap(
    depot: Depot, again: str, over: bool
) -> None:
    for days in range(-2, 2):
        await depot.shift(days=days)
    await depot.step(await depot.shift(days=2), "restored", "unfilled", again, depot.now, depot.manager)
    assert ("nobody is over his weekly cap" in await depot.found()) is over


async def test_r5_5_nothing_is_found_where_a_shift_is_given_away(depot: Depot) -> None:
    slot = await depot.shift(days=1)
    await depot.session.execute(update(Assignment).values(assigned_at=depot.now))
    offered = await give_to_all(depot.session, depot.dana, slot.id, SAY, POLICY, depot.now)
    assert isinstance(offered, Offered) and offered.told == 1
    assert isinstance(await take_over(depot.session, depot.omar, offered.give_away_id, SAY, POLICY, depot.now), Settled)
    await depot.read_all()
    assert await depot.found() == set()
    await depot.delivery(depot.omar, kind="give_away", about=slot.id)
    assert await depot.found() == set()
