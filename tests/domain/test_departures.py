"""R12.7: leaving the company: employments, shifts, links, codes, bids, the chat; and staying after all."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.bidding.rules import first_refusal
from domain.bidding.standing import SlotKey, standing_of
from domain.db.models import (
    AuditLog,
    Bid,
    ChatLink,
    Delivery,
    Departure,
    Employment,
    Incident,
    Invite,
    SmsCode,
)
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowMode, Channel, DeliveryState, NotificationType
from domain.notices.codes import code_for, meant_by
from domain.notices.kinds import Kind
from domain.people.cleaning import clean_up
from domain.people.drivers import DriverCard, driver_card, find_drivers
from domain.people.linking import invite
from domain.people.queries import Person, linked_chat
from domain.people.rules import LeavesThen
from domain.refusals import Refusal, Refused
from domain.shifts.departures import Leaves, Plan, Stays, leave_company, plan, stay_after_all
from tests.domain.depot import DAY, Depot, depot, local
from tests.domain.world import POLICY, SAY, Slot, contents

__all__ = ["depot"]

NOT_FOUND = Refused(Refusal.NOT_FOUND)


async def leaves(
    depot: Depot, dana: Person, last: int, by: Person | None = None, at: datetime | None = None
) -> Leaves | LeavesThen | Refused:
    on = depot.fleet.day(last)
    return await leave_company(depot.session, by or depot.mona, dana.id, on, SAY, POLICY, at or depot.now)


async def stays(depot: Depot, dana: Person, by: Person | None = None, at: datetime | None = None) -> Stays | Refused:
    return await stay_after_all(depot.session, by or depot.mona, dana.id, SAY, POLICY, at or depot.now)


async def card(depot: Depot, dana: Person, manager: Person | None = None) -> DriverCard | None:
    return await driver_card(depot.session, (manager or depot.mona).id, dana.id, POLICY, depot.now)


async def employments(depot: Depot, dana: Person) -> set[tuple[uuid.UUID, date, date | None]]:
    rows = await depot.session.execute(
        select(Employment.warehouse_id, Employment.starts_on, Employment.ends_on).where(Employment.user_id == dana.id)
    )
    return {tuple(row) for row in rows}


async def a_week(depot: Depot, dana: Person, *days: int) -> list[Slot]:
    return [await depot.shift(dana, depot.fleet.day(day), confirmed=True, route=f"R{day}") for day in days]


async def test_r12_7_employment_ends_and_later_shifts_go_to_others_without_blame(depot: Depot) -> None:
    dana = await depot.driver()
    friday, monday, later = await a_week(depot, dana, 2, 5, 12)
    result = await leaves(depot, dana, 4)
    assert isinstance(result, Leaves) and not result.unlinked
    assert await employments(depot, dana) == {(depot.north, date(2020, 1, 1), depot.fleet.day(4))}
    assert (await depot.row(friday.id)).status is AssignmentStatus.SCHEDULED
    assert [left.assignment_id for left in result.left] == [monday.id, later.id]
    for left in result.left:
        assert (await depot.row(left.assignment_id)).status is AssignmentStatus.CANCELLED
        assert left.incident is None and left.reopened is not None
        assert (await depot.row(left.reopened.assignment_id)).status is AssignmentStatus.UNFILLED
        assert (await depot.window(left.reopened.window_id)).trigger == "manager"
    assert (await depot.session.scalars(select(Incident))).all() == []
    told = await depot.told(depot.mona, NotificationType.ROUTE_CANCELLED)
    assert {row.data["reason"] for row in told if row.data} == {"left_company"} and len(told) == 2


async def test_r12_7_he_is_told_once_and_keeps_the_chat_until_his_last_day_is_over(depot: Depot) -> None:
    dana = await depot.driver()
    await a_week(depot, dana, 5, 12)
    assert isinstance(await leaves(depot, dana, 4), Leaves)
    [told] = await depot.told(dana)
    assert told.data is not None and told.data["kind"] == Kind.LEAVING and told.data["shifts"] == 2
    assert await linked_chat(depot.session, dana.id) is not None
    for days, left in ((4, 0), (5, 1), (6, 0)):
        night = local(depot.fleet.day(days), 4, 10)
        assert (await clean_up(depot.session, POLICY, night))["left"] == left
    assert await linked_chat(depot.session, dana.id) is None


async def test_r12_7_the_clean_up_leaves_who_drives_who_stays_and_who_never_was_recorded(depot: Depot) -> None:
    driving = await depot.driver("Dana", employed=(date(2020, 1, 1), depot.fleet.day(-1)))
    await depot.shift(driving, depot.fleet.day(-1), status=AssignmentStatus.ACTIVE, route="R1")
    await depot.driver("Ben", employed=(date(2020, 1, 1), depot.fleet.day(0)))
    await depot.fleet.driver("Eve")
    gone = await depot.driver("Gus", employed=(date(2020, 1, 1), depot.fleet.day(-1)))
    home = await depot.fleet.home_card(gone)
    offer = await depot.fleet.add(
        Delivery, user_id=gone.id, channel=Channel.TELEGRAM, kind=Kind.OFFER, about=uuid.uuid4(), urgency=0,
        state=DeliveryState.PENDING, due_at=depot.now, created_at=depot.now,
    )  # fmt: skip
    before = set(await depot.session.scalars(select(ChatLink.user_id)))
    assert (await clean_up(depot.session, POLICY, depot.now))["left"] == 1
    assert before - set(await depot.session.scalars(select(ChatLink.user_id))) == {gone.id}
    for id_ in (home, offer):
        row = await depot.session.get_one(Delivery, id_, populate_existing=True)
        assert row.state is DeliveryState.CANCELLED and row.due_at is None


@pytest.mark.parametrize("last", [0, -3])
async def test_r12_7_whose_work_is_over_loses_the_chat_at_once_and_is_told_there(depot: Depot, last: int) -> None:
    dana = await depot.driver()
    home = await depot.fleet.home_card(dana)
    chat = await linked_chat(depot.session, dana.id)
    result = await leaves(depot, dana, last)
    assert isinstance(result, Leaves) and result.unlinked
    assert await linked_chat(depot.session, dana.id) is None
    [told] = await depot.session.scalars(select(Delivery).where(Delivery.kind == Kind.LEAVING))
    assert (told.state, told.channel, told.chat_id) == (DeliveryState.PENDING, Channel.TELEGRAM, chat)
    assert (await depot.session.get_one(Delivery, home, populate_existing=True)).state is DeliveryState.CANCELLED


@pytest.mark.parametrize("status", [AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE])
async def test_r12_7_with_a_shift_today_he_keeps_the_chat(depot: Depot, status: AssignmentStatus) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True, status=status)
    result = await leaves(depot, dana, 0)
    assert isinstance(result, Leaves) and not result.unlinked and result.left == ()
    assert (await depot.row(slot.id)).status is status


async def test_r12_7_a_last_day_that_is_past_takes_todays_shift_but_not_one_under_way(depot: Depot) -> None:
    dana = await depot.driver()
    slot = await depot.shift(dana, depot.fleet.today, confirmed=True)
    result = await leaves(depot, dana, -1)
    assert isinstance(result, Leaves) and [left.assignment_id for left in result.left] == [slot.id]
    ben = await depot.driver("Ben")
    driving = await depot.shift(ben, depot.fleet.today, status=AssignmentStatus.ACTIVE, route="R7")
    result = await leaves(depot, ben, -1)
    assert isinstance(result, Leaves) and not result.unlinked and result.left == ()
    assert (await depot.row(driving.id)).status is AssignmentStatus.ACTIVE


async def test_r12_7_links_codes_and_later_bids_are_void(depot: Depot) -> None:
    dana = await depot.driver()
    await invite(depot.session, dana.id, "token", depot.mona.id, POLICY, depot.now)
    until = depot.now + 3 * DAY
    code = await code_for(depot.session, dana.phone, dana.id, "offer", uuid.uuid4(), until)
    bids, cards = {}, {}
    for day in (3, 9):
        slot = await depot.fleet.slot(await depot.fleet.route(f"B{day}", depot.north), depot.fleet.day(day))
        window = await depot.fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=until)
        cards[day] = await depot.fleet.window_card(depot.mona, window)
        bids[day] = await depot.fleet.add(
            Bid, assignment_id=slot.id, user_id=dana.id, status=BidStatus.PENDING, bid_at=depot.now,
            window_closes_at=until,
        )  # fmt: skip
    assert isinstance(await leaves(depot, dana, 4), Leaves)
    assert await depot.session.scalar(select(Invite.used_at)) == depot.now
    assert await meant_by(depot.session, dana.phone, code, depot.now) is None
    assert (await depot.session.scalars(select(SmsCode.expires_at))).all() == [depot.now]
    states = {day: (await depot.session.get_one(Bid, bid, populate_existing=True)).status for day, bid in bids.items()}
    assert states == {3: BidStatus.PENDING, 9: BidStatus.LOST}
    drawn = [(await depot.session.get_one(Delivery, card, populate_existing=True)).redraw for card in cards.values()]
    assert drawn == [False, True], "the manager's card counts his bid no longer"


async def test_r6_3_after_the_last_day_he_is_not_asked(depot: Depot) -> None:
    dana = await depot.driver()
    route = await depot.fleet.route("R1", depot.north)
    assert isinstance(await leaves(depot, dana, 4), Leaves)

    async def refused(day: int) -> Refusal | None:
        key = SlotKey(uuid.uuid4(), route, depot.north, depot.fleet.day(day), emergency=True)
        return first_refusal(await standing_of(depot.session, key, dana.id, POLICY))

    assert await refused(4) is None
    assert await refused(5) is Refusal.NOT_EMPLOYED


async def test_r12_7_without_a_recorded_home_he_gets_the_warehouses_where_he_works(depot: Depot) -> None:
    dana = await depot.fleet.driver("Dana")
    south = await depot.fleet.warehouse("South")
    await depot.fleet.shift(await depot.fleet.route("S1", south), dana, depot.fleet.day(2))
    assert isinstance(await leaves(depot, dana, 4), Leaves)
    rows = await employments(depot, dana)
    assert {(where, ends) for where, _since, ends in rows} == {
        (depot.north, depot.fleet.day(4)),  # one of the manager's, though he never drove there
        (south, depot.fleet.day(4)),
    }
    found = await card(depot, dana)
    assert found is not None and found.until == depot.fleet.day(4) and found.leaving


async def test_r2_5_the_same_again_changes_nothing_and_another_day_takes_its_place(depot: Depot) -> None:
    dana = await depot.driver()
    early, late = await a_week(depot, dana, 3, 9)
    assert isinstance(await leaves(depot, dana, 6), Leaves)
    before = await contents(depot.session)
    assert await leaves(depot, dana, 6) == LeavesThen(depot.fleet.day(6))
    assert await contents(depot.session) == before
    assert isinstance(await leaves(depot, dana, 1), Leaves)
    assert (await depot.row(early.id)).status is AssignmentStatus.CANCELLED
    assert isinstance(await leaves(depot, dana, 20), Leaves)
    assert (await depot.row(late.id)).status is AssignmentStatus.CANCELLED, "what went to others stays with them"
    assert await employments(depot, dana) == {(depot.north, date(2020, 1, 1), depot.fleet.day(20))}
    assert isinstance(await stays(depot, dana), Stays)
    assert await employments(depot, dana) == {(depot.north, date(2020, 1, 1), None)}


async def test_r12_7_stays_after_all_restores_the_employments_not_the_shifts(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South", depot.mona)
    dana = await depot.driver()
    fixed = {"user_id": dana.id, "warehouse_id": south, "starts_on": date(2026, 1, 1)}
    await depot.fleet.put(Employment, fixed | {"ends_on": depot.fleet.day(40)})
    before = await employments(depot, dana)
    [monday] = await a_week(depot, dana, 5)
    assert isinstance(await leaves(depot, dana, 4), Leaves)
    assert await stays(depot, dana, at=local(depot.fleet.day(4), 23, 59)) == Stays(linked=True)
    assert await employments(depot, dana) == before
    assert (await depot.row(monday.id)).status is AssignmentStatus.CANCELLED
    assert (await depot.session.scalars(select(Departure))).all() == []
    assert await stays(depot, dana) == Refused(Refusal.NOT_LEAVING)


async def test_r12_7_once_the_last_day_is_over_he_has_left(depot: Depot) -> None:
    dana = await depot.driver()
    assert isinstance(await leaves(depot, dana, 4), Leaves)
    after = local(depot.fleet.day(5), 0)
    before = await contents(depot.session)
    assert await stays(depot, dana, at=after) == NOT_FOUND, "he is nobody's driver any more"
    assert await leaves(depot, dana, 9, at=after) == NOT_FOUND
    assert await contents(depot.session) == before


async def test_r12_7_who_is_employed_anew_can_leave_anew(depot: Depot) -> None:
    dana = await depot.driver()
    assert isinstance(await leaves(depot, dana, 0), Leaves)
    anew = {"user_id": dana.id, "warehouse_id": depot.north, "starts_on": depot.fleet.day(10), "ends_on": None}
    await depot.fleet.put(Employment, anew)
    later = depot.now + 20 * DAY
    assert await stays(depot, dana, at=later) == Refused(Refusal.NOT_LEAVING)
    assert isinstance(await leaves(depot, dana, 30, at=later), Leaves)
    ends = {ends for _where, _since, ends in await employments(depot, dana)}
    assert ends == {depot.fleet.day(0), depot.fleet.day(30)}


async def test_r12_3_only_a_manager_of_his_home_and_never_a_manager(depot: Depot) -> None:
    dana = await depot.driver()
    sue = await depot.fleet.manager("Sue")
    south = await depot.fleet.warehouse("South", sue, depot.mona)
    await depot.fleet.shift(await depot.fleet.route("S1", south), dana, depot.fleet.day(2))
    before = await contents(depot.session)
    for by, whom in ((sue, dana), (dana, dana), (depot.mona, sue), (sue, depot.mona), (depot.mona, depot.mona)):
        assert await leaves(depot, whom, 4, by=by) == NOT_FOUND
        assert await stays(depot, whom, by=by) == NOT_FOUND
        assert await plan(depot.session, by, whom.id, depot.fleet.day(4), POLICY, depot.now) == NOT_FOUND
    nobody = await leave_company(depot.session, depot.mona, uuid.uuid4(), depot.fleet.day(1), SAY, POLICY, depot.now)
    assert nobody == NOT_FOUND
    for last, why in ((-40, Refusal.RANGE_PAST), (400, Refusal.RANGE_TOO_FAR)):
        assert await leaves(depot, dana, last) == Refused(why)
    assert await contents(depot.session) == before


async def test_r5_1_the_preview_is_what_happens(depot: Depot) -> None:
    dana = await depot.driver()
    await a_week(depot, dana, 1, 5, 9)
    before = await contents(depot.session)
    shown = await plan(depot.session, depot.mona, dana.id, depot.fleet.day(4), POLICY, depot.now)
    assert await contents(depot.session) == before
    result = await leaves(depot, dana, 4)
    assert isinstance(shown, Plan) and isinstance(result, Leaves)
    assert [shift.assignment_id for shift in shown.shifts] == [left.assignment_id for left in result.left]
    assert shown.at_once == result.unlinked


async def test_r13_who_entered_it(depot: Depot) -> None:
    dana = await depot.driver()
    await leaves(depot, dana, 4)
    await stays(depot, dana)
    rows = await depot.session.scalars(select(AuditLog).where(AuditLog.action.in_(["leaves", "stays"])))
    assert {(row.action, row.actor_id, row.entity_id) for row in rows} == {
        ("leaves", depot.mona.id, dana.id),
        ("stays", depot.mona.id, dana.id),
    }


# -- finding a driver


async def found(depot: Depot, name: str, by: Person | None = None) -> set[str]:
    some = await find_drivers(depot.session, (by or depot.mona).id, name, depot.fleet.today)
    return {who.first_name for who in some}


async def test_r12_3_whom_a_manager_may_look_at(depot: Depot) -> None:
    """By home, preferences, work or bids in his warehouses; nobody else."""
    fleet = depot.fleet
    route = await fleet.route("R1", depot.north)
    south = await fleet.warehouse("South", await fleet.manager("Sue"))
    south_route = await fleet.route("S1", south)
    await fleet.driver("Annhome", home=depot.north)
    await fleet.driver("Annwish", home=south, prefers=[route])
    worked = await fleet.driver("Annwork", home=south)
    await fleet.shift(route, worked, fleet.day(-30), AssignmentStatus.COMPLETED)
    bidder = await fleet.driver("Annbid", home=south)
    slot = await fleet.slot(route, fleet.day(3))
    given = {"bid_at": depot.now, "window_closes_at": depot.now + timedelta(hours=1)}
    await fleet.add(Bid, assignment_id=slot.id, user_id=bidder.id, **given)
    await fleet.driver("Annold", home=depot.north, employed=(date(2020, 1, 1), fleet.day(-9)))
    stranger = await fleet.driver("Annfar", home=south, prefers=[south_route])
    everywhere = await fleet.driver("Anneverywhere")
    assert await found(depot, "ann") == {"Annhome", "Annwish", "Annwork", "Annbid", "Annold", "Anneverywhere"}
    assert await card(depot, stranger) is None
    cards = [await card(depot, who) for who in (worked, bidder, everywhere)]
    own = {shown.name.split()[0] for shown in cards if shown is not None and shown.own}
    assert own == {"Anneverywhere"}
    assert await found(depot, "ann", by=stranger) == set(), "a driver finds nobody"
    assert await found(depot, "Mona") == set(), "managers are no drivers"


async def test_product_names_are_matched_tolerantly(depot: Depot) -> None:
    await depot.driver("Zoé-Anne")
    for written in ("zoe", "ZOÉ ANNE", "test zoeanne", "zoe anne test"):
        assert await found(depot, written) == {"Zoé-Anne"}
    for written in ("", "   ", "%", "ann"):
        assert await found(depot, written) == set()


async def test_r12_3_the_card_shows_what_is_the_managers_to_see(depot: Depot) -> None:
    fleet = depot.fleet
    south = await fleet.warehouse("South")
    dana = await depot.driver(language="fr", off=(fleet.day(20), fleet.day(24)))
    [friday] = await a_week(depot, dana, 2)
    await fleet.shift(await fleet.route("S1", south), dana, fleet.day(3))
    shown = await card(depot, dana)
    assert shown is not None
    assert (shown.name, shown.phone, shown.language, shown.own) == ("Dana Test", dana.phone, "fr", True)
    assert [shift.assignment_id for shift in shown.shifts] == [friday.id], "South is not hers"
    assert [(off.first, off.last) for off in shown.off] == [(fleet.day(20), fleet.day(24))]
    assert [name for name, _ in shown.homes] == ["North"] and shown.until is None and not shown.leaving
