"""R12.5: warehouses and routes are founded, renamed, moved, and deleted while nobody needs them."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from domain.bidding.bids import place_bid
from domain.db.models import (
    Assignment,
    AuditLog,
    BidWindow,
    CalendarException,
    Delivery,
    DriverPreferences,
    Notification,
    PreferenceVersion,
    Route,
    RouteCompletions,
    Warehouse,
    WarehouseGroup,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus, BidWindowMode, DeliveryState
from domain.groups import actions as groups
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.places import actions, deleting, moving, queries
from domain.places.actions import Founded, Readdressed, Renamed
from domain.places.deleting import Deleted, Dependents
from domain.places.moving import Moved, Moving
from domain.refusals import Refusal, Refused
from domain.schedule.weekdays import Created, create_route
from tests.domain.depot import Depot, depot
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]
NOT_FOUND = Refused(Refusal.NOT_FOUND)


async def rename(depot: Depot, place: uuid.UUID, name: str, by: Person | None = None) -> Renamed | Refused:
    return await actions.rename(depot.session, by or depot.mona, place, name, POLICY, depot.now)


async def found(depot: Depot, name: str = "South", address: str = "55 Lake Shore") -> Founded | Refused:
    return await actions.found_warehouse(depot.session, depot.mona, name, address, POLICY, depot.now)


async def delete(depot: Depot, place: uuid.UUID, by: Person | None = None) -> Deleted | Dependents | Refused:
    return await deleting.delete_place(depot.session, by or depot.mona, place, SAY, POLICY, depot.now)


async def move(depot: Depot, route: uuid.UUID, to: uuid.UUID, by: Person | None = None) -> Moved | Refused:
    return await moving.move_route(depot.session, by or depot.mona, route, to, SAY, POLICY, depot.now)


async def entries(depot: Depot, entity: uuid.UUID) -> list[str]:
    log = select(AuditLog.action).where(AuditLog.entity_id == entity, AuditLog.actor_id == depot.mona.id)
    return sorted(await depot.session.scalars(log))


async def elsewhere(depot: Depot) -> tuple[Person, uuid.UUID]:
    omar = await depot.fleet.manager("Omar")
    return omar, await depot.fleet.warehouse("West", omar)


# -- names


async def test_r12_5_a_route_is_renamed_and_what_shows_it_is_drawn_anew(depot: Depot) -> None:
    slot = await depot.shift(dana := await depot.driver("Dana"), depot.fleet.today)
    card = await depot.fleet.home_card(dana)
    result = await rename(depot, slot.route, "  R 12\u200b north ")
    assert isinstance(result, Renamed) and result.place.name == "R 12 north"
    assert await depot.session.scalar(select(Route.name).where(Route.id == slot.route)) == "R 12 north"
    assert await entries(depot, slot.route) == ["renamed"]
    shown = await depot.session.get_one(Delivery, card, populate_existing=True)
    assert shown.redraw and shown.due_at == depot.now
    before = await contents(depot.session)
    assert isinstance(await rename(depot, slot.route, "R 12 north"), Renamed)  # pressed twice (R2.5)
    assert await contents(depot.session) == before


async def test_r12_5_names_are_their_own_whatever_their_case(depot: Depot) -> None:
    first, second = [await depot.fleet.route(name, depot.north) for name in ("Été", "R2")]
    _, west = await elsewhere(depot)
    taken, bad = Refused(Refusal.NAME_TAKEN), Refused(Refusal.BAD_NAME)
    before = await contents(depot.session)
    assert await rename(depot, second, "ÉTÉ") == taken
    for name in ("", " \n ", "\u200b", "x" * (POLICY.place_name_most + 1)):
        assert await rename(depot, second, name) == bad
        assert await rename(depot, depot.north, name) == bad
    assert await rename(depot, depot.north, "west") == taken
    assert await contents(depot.session) == before
    assert isinstance(await rename(depot, first, "été"), Renamed)  # its own name, otherwise written
    south = await depot.fleet.warehouse("South", depot.mona)
    assert isinstance(await rename(depot, await depot.fleet.route("R9", south), "R2"), Renamed)
    assert isinstance(await rename(depot, depot.north, "North 1"), Renamed)
    assert west


async def test_r12_5_a_warehouse_is_founded_and_never_without_a_manager(depot: Depot) -> None:
    made = await found(depot, " South ", " 55  Lake Shore \n Toronto")
    assert isinstance(made, Founded)
    row = await depot.session.get_one(Warehouse, made.warehouse_id)
    assert (row.name, row.address, row.created_by) == ("South", "55 Lake Shore Toronto", depot.mona.id)
    managers = select(WarehouseManager.user_id).where(WarehouseManager.warehouse_id == made.warehouse_id)
    assert list(await depot.session.scalars(managers)) == [depot.mona.id]
    assert await entries(depot, made.warehouse_id) == ["created", "manager_added"]
    before = await contents(depot.session)
    assert await found(depot, "south") == await found(depot, "North") == Refused(Refusal.NAME_TAKEN)
    assert await found(depot, "East", " ") == Refused(Refusal.BAD_ADDRESS)
    assert await found(depot, "East", "x" * (POLICY.address_most + 1)) == Refused(Refusal.BAD_ADDRESS)
    assert await contents(depot.session) == before
    moved = await actions.readdress(depot.session, depot.mona, made.warehouse_id, "1 Bay St", POLICY, depot.now)
    assert isinstance(moved, Readdressed)
    card = await queries.warehouse_card(depot.session, depot.mona.id, made.warehouse_id, depot.fleet.today)
    assert card is not None
    assert (card.address, card.routes, card.drivers, card.managers) == ("1 Bay St", 0, 0, ("Mona Test",))


async def test_r12_3_a_manager_of_elsewhere_finds_nothing(depot: Depot) -> None:
    route = await depot.fleet.route("R12", depot.north)
    omar, west = await elsewhere(depot)
    before = await contents(depot.session)
    assert await rename(depot, route, "X", omar) == await rename(depot, depot.north, "X", omar) == NOT_FOUND
    assert await delete(depot, route, omar) == await delete(depot, depot.north, omar) == NOT_FOUND
    assert await deleting.dependents(depot.session, omar, route, POLICY, depot.now) == NOT_FOUND
    assert await move(depot, route, west, omar) == await move(depot, route, west) == NOT_FOUND
    assert await move(depot, depot.north, west) == await move(depot, west, depot.north) == NOT_FOUND
    given = (depot.session, depot.mona, route, west, POLICY, depot.now)
    assert await moving.preview_move(*given) == NOT_FOUND
    readdressed = await actions.readdress(depot.session, omar, depot.north, "X", POLICY, depot.now)
    assert readdressed == NOT_FOUND
    assert await actions.readdress(depot.session, depot.mona, route, "X", POLICY, depot.now) == NOT_FOUND
    assert await queries.warehouse_card(depot.session, omar.id, depot.north, depot.fleet.today) is None
    assert await queries.warehouse_card(depot.session, depot.mona.id, route, depot.fleet.today) is None
    assert await contents(depot.session) == before


# -- its end


async def test_r12_5_a_new_route_can_be_deleted_with_its_empty_slots(depot: Depot) -> None:
    made = await create_route(depot.session, depot.mona, depot.north, "Oops", POLICY, depot.now)
    assert isinstance(made, Created) and made.slots > 0
    slots = set(await depot.session.scalars(select(Assignment.id).where(Assignment.route_id == made.route_id)))
    window = await depot.session.scalar(select(BidWindow.id).where(BidWindow.assignment_id.in_(slots)).limit(1))
    assert window is not None
    card = await depot.fleet.window_card(depot.mona, window)
    asked = await deleting.dependents(depot.session, depot.mona, made.route_id, POLICY, depot.now)
    assert isinstance(asked, Dependents) and asked.none
    assert isinstance(await delete(depot, made.route_id), Deleted)
    for model in (Route, Assignment, BidWindow):
        assert (await depot.session.scalars(select(model))).all() == []
    shown = await depot.session.get_one(Delivery, card, populate_existing=True)
    assert shown.redraw  # it shows nothing any more, and so goes from the chat
    assert await entries(depot, made.route_id) == ["created", "deleted"]
    gone = select(AuditLog.entity_id).where(AuditLog.action == "deleted", AuditLog.entity_type == "assignment")
    assert set(await depot.session.scalars(gone)) == slots
    assert await delete(depot, made.route_id) == NOT_FOUND  # pressed twice


@pytest.mark.parametrize("what", ["shift", "was his", "past", "bid", "wish"])
async def test_r12_5_a_route_on_which_something_depends_stays(depot: Depot, what: str) -> None:
    fleet, dana = depot.fleet, await depot.driver("Dana")
    route = await fleet.route("R12", depot.north)
    match what:
        case "shift":
            await fleet.shift(route, dana, fleet.day(1))
        case "was his":
            await fleet.shift(route, dana, fleet.day(1), AssignmentStatus.CANCELLED)
        case "past":
            await fleet.slot(route, fleet.day(-1))
        case "bid":
            slot = await fleet.slot(route, fleet.day(4))
            window = await fleet.window(slot, BidWindowMode.COMPETITIVE)
            await place_bid(depot.session, dana, window, POLICY, depot.now)
        case "wish":
            await fleet.put(
                DriverPreferences, {"user_id": dana.id, "preferred_routes": [route], "updated_at": depot.now}
            )
    before = await contents(depot.session)
    kept = await delete(depot, route)
    assert isinstance(kept, Dependents)
    counted = {"shifts": kept.shifts, "bids": kept.bids, "drivers": kept.drivers}
    one = {"bid": "bids", "wish": "drivers"}.get(what, "shifts")
    assert counted == {"shifts": 0, "bids": 0, "drivers": 0} | {one: 1}
    assert await contents(depot.session) == before


async def test_r12_5_a_warehouse_goes_only_once_nothing_is_there(depot: Depot) -> None:
    made = await found(depot)
    assert isinstance(made, Founded)
    south = made.warehouse_id
    route = await depot.fleet.route("R1", south)
    kept = await delete(depot, south)
    assert isinstance(kept, Dependents) and (kept.routes, kept.shifts, kept.drivers) == (1, 0, 0)
    assert isinstance(await delete(depot, route), Deleted)
    dana = await depot.fleet.driver("Dana", home=south, employed=(depot.fleet.day(-90), depot.fleet.day(-60)))
    eli = await depot.driver("Eli", ticked=[south])
    kept = await delete(depot, south)
    assert isinstance(kept, Dependents) and (kept.routes, kept.drivers) == (0, 2)
    assert dana and eli
    other = await found(depot, "East")
    assert isinstance(other, Founded)
    assert isinstance(await delete(depot, other.warehouse_id), Deleted)
    assert await depot.session.get(Warehouse, other.warehouse_id) is None
    assert "deleted" in await entries(depot, other.warehouse_id)
    assert await delete(depot, other.warehouse_id) == NOT_FOUND


async def test_r12_5_a_warehouse_with_a_connected_group_stays_and_its_managers_read_of_its_end(depot: Depot) -> None:
    made = await found(depot)
    assert isinstance(made, Founded)
    south, omar = made.warehouse_id, await depot.fleet.manager("Omar")
    await depot.fleet.put_in_charge(omar, south)
    await groups.connect(depot.session, omar, south, groups.Group(-4001, "South crew"), "fr", depot.now)
    before = await contents(depot.session)
    kept = await delete(depot, south)
    assert isinstance(kept, Dependents) and (kept.groups, kept.none) == (1, False)
    assert await contents(depot.session) == before
    group = await depot.session.scalar(select(WarehouseGroup.id))
    assert group is not None
    await groups.disconnect(depot.session, omar, group, depot.now)
    assert isinstance(await delete(depot, south), Deleted)
    [told] = await depot.told(omar)
    assert told.data is not None and told.data["kind"] == Kind.IN_CHARGE
    assert (told.data["warehouse"], told.data["manages"], told.data["by"]) == ("South", False, "Mona Test")
    assert await depot.told(depot.mona) == []


# -- another warehouse


async def test_r12_5_a_route_moves_with_what_is_ahead_and_keeps_its_history(depot: Depot) -> None:
    fleet = depot.fleet
    south = await fleet.warehouse("South", depot.mona)
    route = await fleet.route("R12", depot.north)
    dana, eli = await depot.driver("Dana"), await depot.driver("Eli", language="fr")
    driven = await fleet.shift(route, dana, fleet.day(-3), AssignmentStatus.COMPLETED)
    today = await fleet.shift(route, dana, fleet.today, AssignmentStatus.ACTIVE)
    empty = await fleet.slot(route, fleet.day(-2))
    ahead = await fleet.shift(route, dana, fleet.day(2))
    later = await fleet.shift(route, dana, fleet.day(3))
    open_ = await fleet.slot(route, fleet.day(4))
    window = await fleet.window(open_, BidWindowMode.COMPETITIVE)
    await fleet.put(RouteCompletions, {"user_id": dana.id, "route_id": route, "completion_count": 7})
    his = {"user_id": eli.id, "preferred_routes": [route], "preferred_days": [1, 2], "updated_at": depot.now}
    await fleet.put(DriverPreferences, his)

    asked = await moving.preview_move(depot.session, depot.mona, route, south, POLICY, depot.now)
    assert isinstance(asked, Moving)
    assert (asked.first, asked.slots, asked.drivers, asked.unwanted) == (fleet.day(1), 3, 1, 1)
    result = await move(depot, route, south)
    assert isinstance(result, Moved) and (result.route.warehouse, result.told) == ("South", 2)
    where = dict((await depot.session.execute(select(Assignment.id, Assignment.warehouse_id))).tuples().all())
    assert {where[slot.id] for slot in (driven, empty, today)} == {depot.north}
    assert {where[slot.id] for slot in (ahead, later, open_)} == {south}
    assert await depot.session.scalar(select(RouteCompletions.completion_count)) == 7
    assert (await depot.row(ahead.id)).user_id == dana.id
    assert (await depot.window(window)).status.value == "open"
    [told] = await depot.told(dana)
    assert told.data is not None and told.data["kind"] == Kind.ROUTE_MOVED
    assert (told.data["shifts"], told.data["dropped"], "1 South St" in told.body) == (2, False, True)
    [told] = await depot.told(eli)
    assert told.data is not None and (told.data["shifts"], told.data["dropped"]) == (0, True)
    assert "préférences" in told.body
    # What he prefers is a version, from the next freeze on; what stood before is one, too (R3.2).
    versions = (await depot.session.scalars(select(PreferenceVersion).order_by(PreferenceVersion.saved_at))).all()
    assert [(each.user_id, each.days, each.routes) for each in versions] == [
        (eli.id, [1, 2], [route]),
        (eli.id, [1, 2], []),
    ]
    assert await depot.session.scalar(select(DriverPreferences.preferred_routes)) == []
    assert "moved" in await entries(depot, route) and "moved" in await entries(depot, ahead.id)

    before = await contents(depot.session)
    assert await move(depot, route, south) == Refused(Refusal.THERE_ALREADY)  # pressed twice
    assert await contents(depot.session) == before


async def test_r12_5_a_route_does_not_move_to_a_name_that_is_taken_or_a_closed_day(depot: Depot) -> None:
    fleet = depot.fleet
    south = await fleet.warehouse("South", depot.mona)
    route = await fleet.route("R12", depot.north)
    other = await fleet.route("r12", south)
    await fleet.slot(route, fleet.day(2))
    before = await contents(depot.session)
    assert await move(depot, route, south) == Refused(Refusal.NAME_TAKEN)
    assert await contents(depot.session) == before
    await depot.session.execute(update(Route).where(Route.id == other).values(name="R13"))
    shut = {"on": fleet.day(2), "runs": False, "created_at": depot.now}
    await depot.session.execute(insert(CalendarException).values(warehouse_id=south, **shut))
    before = await contents(depot.session)
    closed = Refused(Refusal.CLOSED_THERE)
    assert await move(depot, route, south) == closed
    assert await moving.preview_move(depot.session, depot.mona, route, south, POLICY, depot.now) == closed
    assert await contents(depot.session) == before


async def test_r2_0_where_the_old_warehouse_was_closed_a_moved_route_runs(depot: Depot) -> None:
    fleet = depot.fleet
    south = await fleet.warehouse("South", depot.mona)
    route = await fleet.route("R12", depot.north)
    shut = {"on": fleet.day(2), "runs": False, "created_at": depot.now}
    await depot.session.execute(insert(CalendarException).values(warehouse_id=depot.north, **shut))
    assert isinstance(await move(depot, route, south), Moved)
    days = sorted(await depot.session.scalars(select(Assignment.on).where(Assignment.route_id == route)))
    assert days == [fleet.day(n) for n in range(1, 5)]  # Thursday to Sunday
    assert fleet.today + timedelta(days=2) in days


async def test_r6_3_offers_that_were_sent_show_where_a_route_leaves_from_now(depot: Depot) -> None:
    fleet = depot.fleet
    south = await fleet.warehouse("South", depot.mona)
    slot = await fleet.slot(await fleet.route("R12", depot.north), fleet.day(2))
    window = await fleet.window(slot, BidWindowMode.COMPETITIVE)
    offer = await fleet.window_card(await depot.driver("Dana"), window)
    await depot.session.execute(update(Delivery).where(Delivery.id == offer).values(kind=Kind.OFFER))
    await move(depot, slot.route, south)
    row = await depot.session.get_one(Delivery, offer, populate_existing=True)
    assert (row.redraw, row.state) == (True, DeliveryState.SENT)
    assert (await depot.session.scalars(select(Notification))).all() == []
