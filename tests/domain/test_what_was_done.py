"""R13, R12.3: what was done with a slot, a driver or a route, newest first, and nothing of other warehouses."""

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from domain import audit
from domain.bidding.bids import withdraw_bid
from domain.coverage.assigning import Assigned, assign_driver
from domain.db.models import AuditLog, Employment
from domain.db.models.words import CancelReason
from domain.health.caps import choose_cap
from domain.history import queries
from domain.history.deeds import Facts, facts_in
from domain.history.queries import Head, History, Subject
from domain.notices import messages
from domain.notices.messages import Draft
from domain.people.queries import Person
from domain.schedule.closing import close_day
from domain.shifts.actions import confirm_shift
from domain.shifts.leaving import Left, cancel_shift
from tests.domain.bidding import bidding_at
from tests.domain.depot import DAY, MINUTE, Depot
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY, Fleet

TODAY = date(2026, 11, 25)


async def history(
    fleet: Fleet, manager: Person, what: Subject, about: uuid.UUID, page: int = 0, per_page: int = 50
) -> History | None:
    later = fleet.now + 30 * DAY
    return await queries.history(fleet.session, manager.id, what, about, page, per_page, POLICY, later)


async def deeds(fleet: Fleet, manager: Person, what: Subject, about: uuid.UUID) -> list[tuple[str, str]]:
    found = await history(fleet, manager, what, about)
    assert found is not None
    return [(deed.entity, deed.action) for deed in found.deeds]


async def cancelled_and_given_anew(depot: Depot) -> tuple[Person, Person, uuid.UUID, uuid.UUID]:
    """Dana confirms, cancels a minute later, and another minute later Mona gives it to Eve."""
    dana, eve = await depot.driver("Dana"), await depot.driver("Eve")
    slot = await depot.shift(dana, depot.fleet.day(3))
    session, now = depot.session, depot.now
    await confirm_shift(session, dana, slot.id, POLICY, now)
    left = await cancel_shift(session, dana, slot.id, CancelReason.OTHER, None, SAY, POLICY, now + MINUTE)
    assert isinstance(left, Left) and left.reopened is not None
    new = left.reopened.assignment_id
    given = await assign_driver(session, depot.mona, new, eve.id, None, SAY, POLICY, now + 2 * MINUTE)
    assert isinstance(given, Assigned)
    return dana, eve, slot.id, new


async def test_r13_a_slots_history_is_one_whoever_had_it(depot: Depot) -> None:
    _, _, old, new = await cancelled_and_given_anew(depot)
    newest_first = [
        ("bid_window", "resolved"),
        ("assignment", "manual_assign"),
        ("bid_window", "opened"),
        ("assignment", "reopened"),
        ("incident", "created"),
        ("assignment", "cancelled"),
        ("assignment", "confirmed"),
    ]
    for row in (old, new):
        assert await deeds(depot.fleet, depot.mona, Subject.SLOT, row) == newest_first
    found = await history(depot.fleet, depot.mona, Subject.SLOT, old)
    assert found is not None
    assert found.head == Head("R12", "North", depot.fleet.day(3), has_driver=True)
    given, cancelled = found.deeds[1], found.deeds[5]
    assert (given.actor, given.driver, given.at) == ("Mona Test", "Eve Test", depot.now + 2 * MINUTE)
    assert (cancelled.actor, cancelled.driver, cancelled.after.reason) == ("Dana Test", "Dana Test", "other")


async def test_r13_a_drivers_history_is_his_part_of_it(depot: Depot) -> None:
    dana, eve, _, _ = await cancelled_and_given_anew(depot)
    his = [("incident", "created"), ("assignment", "cancelled"), ("assignment", "confirmed")]
    assert [deed for deed in await deeds(depot.fleet, depot.mona, Subject.DRIVER, dana.id) if deed[0] != "user"] == his
    assert await deeds(depot.fleet, depot.mona, Subject.DRIVER, eve.id) == [("assignment", "manual_assign")]


async def test_r13_a_routes_history_has_all_its_days(depot: Depot) -> None:
    fleet = depot.fleet
    route = await fleet.route("R7", depot.north)
    for ahead in (5, 6):
        dana = await depot.driver()
        slot = await fleet.shift(route, dana, fleet.day(ahead))
        await confirm_shift(depot.session, dana, slot.id, POLICY, depot.now + ahead * MINUTE)
    await close_day(depot.session, depot.mona, route, fleet.day(6), None, SAY, POLICY, depot.now + 9 * MINUTE)
    found = await history(fleet, depot.mona, Subject.ROUTE, route)
    assert found is not None
    assert [(deed.action, deed.of.on if deed.of else None) for deed in found.deeds] == [
        ("closed", None),
        ("called_off", fleet.day(6)),
        ("confirmed", fleet.day(6)),
        ("confirmed", fleet.day(5)),
    ]
    of_the_day = await queries.slot_on(depot.session, depot.mona.id, route, fleet.day(6))
    assert of_the_day is not None
    assert ("route", "closed") in await deeds(fleet, depot.mona, Subject.SLOT, of_the_day), "it was about that day"
    other = await queries.slot_on(depot.session, depot.mona.id, route, fleet.day(5))
    assert other is not None
    assert await deeds(fleet, depot.mona, Subject.SLOT, other) == [("assignment", "confirmed")], "and about no other"


async def test_r13_a_bid_that_was_withdrawn_is_still_told_of(fleet: Fleet) -> None:
    bidding = await bidding_at(fleet)
    ann, ben = await bidding.driver("Ann", 0.9), await bidding.driver("Ben", 0.8)
    for driver in (ann, ben):
        await bidding.bid(driver)
    await withdraw_bid(fleet.session, ann, bidding.window, fleet.now + MINUTE)
    found = await history(fleet, bidding.mona, Subject.SLOT, bidding.slot.id)
    assert found is not None
    assert sorted((deed.action, deed.driver) for deed in found.deeds) == [
        ("placed", "Ann Test"),
        ("placed", "Ben Test"),
        ("withdrawn", "Ann Test"),
    ]
    assert (await deeds(fleet, bidding.mona, Subject.DRIVER, ann.id))[:2] == [("bid", "withdrawn"), ("bid", "placed")]


@pytest.mark.parametrize("said", ["of old", "", None])
async def test_what_another_program_has_written_of_a_bid_hides_nothing(fleet: Fleet, said: str | None) -> None:
    bidding = await bidding_at(fleet)
    ann = await bidding.driver("Ann", 0.9)
    await bidding.bid(ann)
    entry = audit.Entry("bid", uuid.uuid4(), "withdrawn", before={"assignment_id": said})
    await audit.record(fleet.session, ann.id, fleet.now, entry)
    assert await deeds(fleet, bidding.mona, Subject.DRIVER, ann.id) == [("bid", "placed")]


async def test_r12_3_nothing_of_another_warehouse(depot: Depot) -> None:
    """Dana's home is North; she has driven at South, whose manager sees that, and nothing else of her."""
    fleet, session = depot.fleet, depot.session
    sue, tim = await fleet.manager("Sue"), await fleet.manager("Tim")
    south, _west = await fleet.warehouse("South", sue), await fleet.warehouse("West", tim)
    dana, _, old, _ = await cancelled_and_given_anew(depot)
    there = await fleet.shift(await fleet.route("S1", south), dana, fleet.day(4))
    await confirm_shift(session, dana, there.id, POLICY, depot.now)
    await choose_cap(session, depot.mona, dana.id, 2, "for now", SAY, POLICY, depot.now + 5 * MINUTE)
    draft = await messages.draft_message(session, depot.mona, "Dana: please call", POLICY, depot.now)
    assert isinstance(draft, Draft)
    await messages.send_message(session, depot.mona, draft.message_id, dana.id, 1, SAY, POLICY, depot.now)

    assert await deeds(fleet, sue, Subject.DRIVER, dana.id) == [("assignment", "confirmed")]
    of_north = await deeds(fleet, depot.mona, Subject.DRIVER, dana.id)
    assert {("user", "cap_changed"), ("message", "sent")} <= set(of_north)
    assert of_north.count(("assignment", "confirmed")) == 1, "that at South is not hers to see"
    for manager in (sue, tim):
        assert await history(fleet, manager, Subject.SLOT, old) is None
    assert await history(fleet, tim, Subject.DRIVER, dana.id) is None
    assert await history(fleet, dana, Subject.SLOT, old) is None
    route = there.route
    assert await history(fleet, depot.mona, Subject.ROUTE, route) is None
    assert await queries.slot_on(session, depot.mona.id, route, there.on) is None
    for what in Subject:
        assert await history(fleet, depot.mona, what, uuid.uuid4()) is None
    # Who has left is still looked at, for the work that was done there.
    await session.execute(update(Employment).where(Employment.user_id == dana.id).values(ends_on=date(2020, 1, 1)))
    assert ("user", "cap_changed") not in await deeds(fleet, depot.mona, Subject.DRIVER, dana.id)


async def test_pages_are_cut_newest_first_and_one_that_there_is_not_is_the_first(depot: Depot) -> None:
    driver = await depot.driver()
    slot = await depot.shift(driver, depot.fleet.day(3))
    for number in range(5):
        entry = audit.Entry("assignment", slot.id, "confirmed")
        await audit.record(depot.session, driver.id, depot.now + number * MINUTE, entry)

    async def minutes(page: int) -> tuple[list[int], int, int]:
        found = await history(depot.fleet, depot.mona, Subject.SLOT, slot.id, page, 2)
        assert found is not None
        return [(deed.at - depot.now) // MINUTE for deed in found.deeds], found.page, found.pages

    assert [await minutes(page) for page in range(3)] == [([4, 3], 0, 3), ([2, 1], 1, 3), ([0], 2, 3)]
    assert await minutes(7) == await minutes(-1) == ([4, 3], 0, 3)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"date": "2026-11-25", "reason": "because", "runs": False}, Facts(TODAY, reason="because", runs=False)),
        ({"date": "25 Nov", "bonus_percent": "20", "granted": 1, "parcels_start": True}, Facts()),
        ({"until": "2026-11-25T07:00:00"}, Facts()),  # without its zone nobody knows when that was
        ({"until": None, "phone": "+14165550100", "chat_id": 7}, Facts()),
        (["no", "mapping"], Facts()),
        (None, Facts()),
    ],
)
def test_only_plain_facts_are_read_and_only_what_is_as_it_should_be(said: Any, read: Facts) -> None:
    assert facts_in(said) == read


async def test_an_entry_without_changes_is_read(depot: Depot) -> None:
    driver = await depot.driver()
    slot = await depot.shift(driver, depot.fleet.day(3))
    await audit.record(depot.session, None, depot.now, audit.Entry("assignment", slot.id, "no_show"))
    await depot.session.execute(update(AuditLog).values(changes=None))  # as anonymising leaves some
    found = await history(depot.fleet, depot.mona, Subject.SLOT, slot.id)
    assert found is not None
    [deed] = found.deeds
    assert (deed.actor, deed.by_phone, deed.after) == (None, False, Facts())
