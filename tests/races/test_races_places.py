"""R12.5 under simultaneous presses: nothing refers to what is gone, and no warehouse is without a manager."""

import asyncio
import uuid
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, exc, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.faults import is_overtaken, is_passing
from domain.bidding.bids import place_bid
from domain.bidding.rules import Award, Bids
from domain.coverage import ending
from domain.coverage.assigning import Assigned, assign_driver
from domain.db.models import (
    Assignment,
    BidWindow,
    DriverPreferences,
    Employment,
    Invite,
    OpenWarehouse,
    Route,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus, BidWindowMode, CancelReason
from domain.importing import desk
from domain.importing.actions import import_sheet
from domain.importing.sheets import Fault, Sheet, What, read_sheet
from domain.people import inviting, linking, managing
from domain.people.actions import create_manager
from domain.people.anonymising import Anonymised, anonymise
from domain.people.inviting import Invited, Newcomer
from domain.people.inviting_managers import invite_manager_again
from domain.people.managing import Added, Removed
from domain.people.owning import name_owners
from domain.people.queries import Person, linked_chat
from domain.people.rules import FullName
from domain.places import actions, deleting, moving
from domain.places.actions import Founded
from domain.places.deleting import Deleted, Dependents
from domain.places.moving import Moved
from domain.refusals import Refusal, Refused
from domain.roster import preferences
from domain.roster.preferences import Saved
from domain.schedule import weekdays
from domain.schedule.weekdays import Created
from domain.shifts.actions import confirm_shift
from domain.shifts.driven import driver_of
from domain.shifts.leaving import cancel_shift
from tests.domain.world import POLICY, SAY, Fleet, accept
from tests.races.conftest import Act, Arena
from tests.waits import somebody_waits

ROUNDS = 6


class Place:
    """North with a route that has one empty slot ahead, a driver, and its manager; South is his, too."""

    def __init__(self, manager: Person, north: uuid.UUID, south: uuid.UUID, route: uuid.UUID) -> None:
        self.manager, self.north, self.south, self.route = manager, north, south, route
        self.driver: Person
        self.slot: uuid.UUID
        self.window: uuid.UUID


async def place(fleet: Fleet) -> Place:
    manager = await fleet.manager("Mona")
    north, south = [await fleet.warehouse(name, manager) for name in ("North", "South")]
    it = Place(manager, north, south, await fleet.route("R12", north))
    it.driver = await fleet.driver("Dana", home=north, ticked=[south])
    slot = await fleet.slot(it.route, fleet.day(4))
    it.slot, it.window = slot.id, await fleet.window(slot, BidWindowMode.COMPETITIVE)
    await fleet.home_card(manager)
    await fleet.home_card(it.driver)
    return it


def again(act: Act[Any]) -> Act[Any]:
    """As `receiving` does: whoever was overtaken looks a second time."""

    async def tried(session: AsyncSession) -> Any:
        try:
            async with session.begin_nested():
                return await act(session)
        except exc.IntegrityError as fault:
            assert is_overtaken(fault) and not is_passing(fault)
            return await act(session)

    return tried


def deletes(arena: Arena, it: Place, what: uuid.UUID) -> Act[Any]:
    return again(lambda session: deleting.delete_place(session, it.manager, what, SAY, POLICY, arena.now))


async def whole(session: AsyncSession) -> None:
    """Whatever is there refers to what is there."""
    for model, column in ((Assignment, Assignment.route_id), (Route, Route.warehouse_id)):
        of = Route if model is Assignment else Warehouse
        lost = select(func.count()).select_from(model).where(column.not_in(select(of.id)))
        assert await session.scalar(lost) == 0
    manned = select(WarehouseManager.warehouse_id)
    assert await session.scalar(select(func.count()).select_from(Warehouse).where(Warehouse.id.not_in(manned))) == 0


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("what", ["assigns", "bids", "turns a day on", "moves", "renames"])
async def test_r12_5_a_route_is_deleted_while_somebody_uses_it(arena: Arena, what: str, seed: int) -> None:
    it = await arena.build(place)

    async def uses(session: AsyncSession) -> Any:
        match what:
            case "assigns":
                given = (session, it.manager, it.slot, it.driver.id)
                return await assign_driver(*given, None, SAY, POLICY, arena.now)
            case "bids":
                return await place_bid(session, it.driver, it.window, POLICY, arena.now)
            case "turns a day on":
                return await weekdays.turn_on(session, it.manager, it.route, 1, POLICY, arena.now)
            case "moves":
                return await moving.move_route(session, it.manager, it.route, it.south, SAY, POLICY, arena.now)
            case _:
                return await actions.rename(session, it.manager, it.route, "R99", POLICY, arena.now)

    deleted, used = await arena.at_once(deletes(arena, it, it.route), again(uses), dice=Random(seed))
    async with arena.session() as session:
        await whole(session)
        there = await session.get(Route, it.route) is not None
        assert there is not isinstance(deleted, Deleted)
        if isinstance(deleted, Dependents):
            assert what in ("assigns", "bids") and not isinstance(used, Refused)
        elif what in ("assigns", "bids"):
            assert isinstance(used, Refused)
            assert (await session.scalars(select(BidWindow))).all() == []
        if isinstance(used, Assigned):
            assert await session.scalar(select(Assignment.user_id).where(Assignment.route_id == it.route))


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("what", ["a route", "a driver", "a manager"])
async def test_r12_5_a_warehouse_is_deleted_while_something_comes_to_it(arena: Arena, what: str, seed: int) -> None:
    it = await arena.build(place)

    async def comes(session: AsyncSession) -> Any:
        match what:
            case "a route":
                return await weekdays.create_route(session, it.manager, it.south, "R1", POLICY, arena.now)
            case "a driver":
                given = (session, it.manager, it.south, "Amara Osei", "416 555 0177", "token")
                return await inviting.invite_driver(*given, POLICY, arena.now)
            case _:
                whom = (it.south, "Amara Osei", "416 555 0177")
                return await managing.add_manager(session, it.manager, *whom, SAY, POLICY, arena.now)

    async def nobody_there(fleet: Fleet) -> None:
        await fleet.session.execute(delete(OpenWarehouse))

    await arena.build(nobody_there)
    deleted, came = await arena.at_once(deletes(arena, it, it.south), again(comes), dice=Random(seed))
    async with arena.session() as session:
        await whole(session)
        if isinstance(deleted, Deleted):
            if what != "a manager":
                assert came == Refused(Refusal.NOT_FOUND)
        else:
            assert isinstance(deleted, Dependents) and isinstance(came, Created | Invited)
        homes = await session.scalars(select(Employment.warehouse_id).where(Employment.warehouse_id == it.south))
        assert len(homes.all()) == isinstance(came, Invited)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r12_5_two_managers_remove_each_other_and_one_stays(arena: Arena, seed: int) -> None:
    async def two(fleet: Fleet) -> tuple[Person, Person, uuid.UUID]:
        one, other = await fleet.manager("Mona"), await fleet.manager("Omar")
        for each in (one, other):
            await fleet.home_card(each)
        return one, other, await fleet.warehouse("North", one, other)

    one, other, north = await arena.build(two)

    def removes(by: Person, whom: Person) -> Act[Any]:
        return lambda session: managing.remove_manager(session, by, north, whom.id, SAY, POLICY, arena.now)

    results = await arena.at_once(removes(one, other), removes(other, one), dice=Random(seed))
    assert sorted(type(each).__name__ for each in results) == [Refused.__name__, Removed.__name__]
    assert Refused(Refusal.NOT_FOUND) in results
    async with arena.session() as session:
        assert len((await session.scalars(select(WarehouseManager.user_id))).all()) == 1


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r12_2_one_number_invited_by_two_and_shared_by_a_third_is_one_persons(arena: Arena, seed: int) -> None:
    it = await arena.build(place)
    number = "+14165550177"

    async def invites(session: AsyncSession) -> Any:
        token = str(uuid.uuid4())
        return await inviting.invite_driver(
            session, it.manager, it.north, "Amara Osei", number, token, POLICY, arena.now
        )

    async def shares(session: AsyncSession) -> Any:
        chat = await linked_chat(session, it.driver.id)
        assert chat is not None
        contact = linking.Contact(True, number)
        return await linking.link_by_contact(session, contact, chat, "en", SAY, POLICY, arena.now)

    await arena.at_once(invites, invites, shares, dice=Random(seed))
    async with arena.session() as session:
        assert await session.scalar(select(func.count()).select_from(User).where(User.phone == number)) == 1


def invites(arena: Arena, manager: Person, home: uuid.UUID, gone: Person, *, as_new: bool) -> Act[Any]:
    """Back, or whoever has his number now."""

    async def act(session: AsyncSession) -> Any:
        whom = (home, "Amara Osei", gone.phone, str(uuid.uuid4()), POLICY, arena.now)
        return await inviting.invite_driver(session, manager, *whom, former=gone.id, as_new=as_new)

    return act


def forgets(arena: Arena, manager: Person, gone: Person) -> Act[Any]:
    return lambda session: anonymise(session, manager.id, gone.id, POLICY, arena.now)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r12_1_who_has_left_comes_back_or_somebody_new_has_his_number(arena: Arena, seed: int) -> None:
    """By two managers at once, each pressing twice, while he is made anonymous: one person has it, and one link."""
    it = await arena.build(place)

    async def make(fleet: Fleet) -> tuple[Person, Person]:
        omar = await fleet.manager("Omar", it.south)
        return omar, await fleet.driver("Gil", home=it.north, employed=(date(2020, 1, 1), fleet.day(-40)), linked=False)

    omar, gone = await arena.build(make)

    new = invites(arena, it.manager, it.north, gone, as_new=True)
    back, other = (invites(arena, omar, it.south, gone, as_new=as_new) for as_new in (False, True))
    acts = (new, new, back, back) if seed % 2 else (new, new, other, forgets(arena, it.manager, gone))
    said = await arena.at_once(*acts, dice=Random(seed))
    async with arena.session() as session:
        having = (await session.scalars(select(User).where(User.phone == gone.phone))).all()
        unused = (await session.scalars(select(Invite.user_id).where(Invite.used_at.is_(None)))).all()
    invited = [each.user_id for each in said if isinstance(each, Invited)]
    assert [row.id for row in having] == invited == list(unused) or (not invited and not having)
    if seed % 2:
        assert len(invited) == 1
        [he] = having
        assert (he.first_name == "Amara") == (he.id != gone.id)


async def test_r12_6_nobody_in_particular_is_not_invited_back(arena: Arena) -> None:
    it = await arena.build(place)

    async def make(fleet: Fleet) -> Person:
        return await fleet.driver("Gil", home=it.north, employed=(date(2020, 1, 1), fleet.day(-40)), linked=False)

    gone = await arena.build(make)
    back = invites(arena, it.manager, it.north, gone, as_new=False)
    said = await arena.one_waits_for_the_other(forgets(arena, it.manager, gone), back)
    assert said == [Anonymised(), Newcomer(FullName("Amara", "Osei"), gone.phone, None)]
    async with arena.session() as session:
        assert (await session.scalars(select(Employment.ends_on).where(Employment.user_id == gone.id))).all() != [None]
        assert await session.scalar(select(func.count()).where(Invite.user_id == gone.id)) == 0


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r12_5_two_warehouses_of_one_name_and_two_moves_crosswise(arena: Arena, seed: int) -> None:
    it = await arena.build(place)

    async def founds(session: AsyncSession) -> Any:
        return await actions.found_warehouse(session, it.manager, "East", "1 East St", POLICY, arena.now)

    results = await arena.at_once(founds, founds, dice=Random(seed))
    assert sorted(type(each).__name__ for each in results) == [Founded.__name__, Refused.__name__]
    other = await arena.build(lambda fleet: fleet.route("R13", it.south))

    def moves(route: uuid.UUID, to: uuid.UUID) -> Act[Any]:
        return lambda session: moving.move_route(session, it.manager, route, to, SAY, POLICY, arena.now)

    moved = await arena.at_once(moves(it.route, it.south), moves(other, it.north), dice=Random(seed))
    assert [type(each) for each in moved] == [Moved, Moved]
    async with arena.session() as session:
        await whole(session)


# -- files


FILE = "name,phone,warehouse,days\n" + "\n".join(f"D{n} Test,416 555 {n:04d},North,mon" for n in range(1, 41))


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_5_a_file_pressed_by_several_at_once_is_imported_once(arena: Arena, seed: int) -> None:
    it = await arena.build(place)
    sheet = read_sheet(FILE, POLICY)
    assert isinstance(sheet, Sheet)

    async def sends(session: AsyncSession) -> Any:
        return await desk.keep_sheet(session, it.manager, "x.csv", sheet, POLICY, arena.now)

    first, second = [each.import_id for each in await arena.at_once(sends, sends)]

    def presses(import_id: uuid.UUID) -> Act[Any]:
        return lambda session: desk.import_kept(session, it.manager, import_id, POLICY, arena.now)

    async def invites(session: AsyncSession) -> Any:
        whom = (it.north, "Amara Osei", "416 555 0007", "token")
        return await inviting.invite_driver(session, it.manager, *whom, POLICY, arena.now)

    acts = (presses(first), presses(first), presses(second), invites)
    *results, invited = await arena.at_once(*acts, dice=Random(seed))
    done = [each for each in results if isinstance(each, desk.Done)]
    async with arena.session() as session:
        phones = list(await session.scalars(select(User.phone).where(User.role == "driver")))
        assert len(phones) == len(set(phones))
    if isinstance(invited, Invited):  # he was first, so no file fits any more
        assert done == [] and len(phones) == 2
    else:
        assert len(phones) == 41
        assert len(done) in (1, 2) and len({each.import_id for each in done}) == 1


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_r2_5_links_asked_for_twice_at_once_are_one_each_and_work(arena: Arena, seed: int) -> None:
    """By the file's button pressed twice, and [Invite link] of one of its drivers pressed twice."""
    it, sheet = await arena.build(place), read_sheet(FILE, POLICY)
    assert isinstance(sheet, Sheet)

    async def brings(session: AsyncSession) -> uuid.UUID:
        kept = await desk.keep_sheet(session, it.manager, "x.csv", sheet, POLICY, arena.now)
        assert isinstance(kept, desk.Pending)
        assert isinstance(await desk.import_kept(session, it.manager, kept.import_id, POLICY, arena.now), desk.Done)
        return kept.import_id

    [import_id] = await arena.at_once(brings)
    async with arena.session() as session:
        one = (await session.scalars(select(User.id).where(User.first_name == "D7"))).one()

    async def file(session: AsyncSession) -> dict[uuid.UUID, str]:
        given = (session, it.manager, import_id, lambda: str(uuid.uuid4()))
        made = await desk.make_links(*given, POLICY, arena.now)
        return {link.driver.id: link.token for link in made.made}

    async def single(session: AsyncSession) -> dict[uuid.UUID, str]:
        token = str(uuid.uuid4())
        made = await inviting.invite_again(session, it.manager, one, token, POLICY, arena.now)
        return {one: token} if isinstance(made, inviting.Relinked) else {}

    shown = await arena.at_once(file, file, single, single, dice=Random(seed))
    assert sum(len(each) for each in shown) == len(set().union(*shown)) == 40
    async with arena.session.begin() as session:
        for chat, (driver, token) in enumerate((pair for each in shown for pair in each.items()), start=1):
            linked = await linking.link_by_invite(session, token, chat, "en", SAY, arena.now)
            assert linked == linking.Linked(driver)


# -- who is waited for: what he does is seen once he has done it


async def behind(arena: Arena, first: Act[Any], second: Act[Any]) -> Any:
    """What `second` comes to, begun while `first` is done but not yet committed."""
    async with arena.session.begin() as session, asyncio.TaskGroup() as group:
        await first(session)

        async def goes() -> Any:
            async with arena.session.begin() as other:
                return await second(other)

        going = group.create_task(goes())
        async with arena.session() as looking:
            await somebody_waits(looking, unless_done=going)
        await session.commit()
    return going.result()


async def test_r12_5_what_another_program_refers_to_meanwhile_is_not_swept_away(arena: Arena) -> None:
    """A home that went with its warehouse would leave its driver employed everywhere (R12.7)."""
    it = await arena.build(place)

    await arena.build(lambda fleet: fleet.session.execute(delete(OpenWarehouse)))

    async def employs(session: AsyncSession) -> Any:
        home = {"user_id": it.driver.id, "warehouse_id": it.south, "starts_on": arena.now.date()}
        await session.execute(insert(Employment).values(home))

    assert isinstance(await behind(arena, employs, deletes(arena, it, it.south)), Dependents)
    async with arena.session() as session:
        homes = select(Employment.warehouse_id).where(Employment.warehouse_id == it.south)
        assert len((await session.scalars(homes)).all()) == 1


async def test_r12_5_a_route_that_came_meanwhile_is_a_fault_of_the_file(arena: Arena) -> None:
    it = await arena.build(place)
    sheet = read_sheet("route,warehouse\nR50,North\n", POLICY)
    assert isinstance(sheet, Sheet)

    async def creates(session: AsyncSession) -> Any:
        return await weekdays.create_route(session, it.manager, it.north, "R50", POLICY, arena.now)

    async def imports(session: AsyncSession) -> Any:
        return await import_sheet(session, it.manager, None, sheet, POLICY, arena.now)

    assert await behind(arena, creates, imports) == (Fault(2, What.NAME_TAKEN, "R50"),)


@pytest.mark.parametrize("what", ["moves", "deletes"])
async def test_r12_5_who_is_just_saving_that_he_prefers_a_route_is_waited_for(arena: Arena, what: str) -> None:
    it = await arena.build(place)

    await arena.build(lambda fleet: fleet.session.execute(delete(OpenWarehouse)))

    async def prefers(session: AsyncSession) -> Any:
        return await preferences.prefer_route(session, it.driver, it.route, POLICY, arena.now)

    async def moves(session: AsyncSession) -> Any:
        return await moving.move_route(session, it.manager, it.route, it.south, SAY, POLICY, arena.now)

    result = await behind(arena, prefers, moves if what == "moves" else deletes(arena, it, it.route))
    async with arena.session() as session:
        preferred = await session.scalar(select(DriverPreferences.preferred_routes))
        if what == "moves":  # he does not work there, and is told
            assert isinstance(result, Moved) and (result.told, preferred) == (1, [])
        else:
            assert isinstance(result, Dependents) and (result.drivers, preferred) == (1, [it.route])


# -- who waits: what was so before is not so any more


def moves(arena: Arena, it: Place) -> Act[Any]:
    return lambda session: moving.move_route(session, it.manager, it.route, it.south, SAY, POLICY, arena.now)


@pytest.mark.parametrize("mode", [BidWindowMode.INSTANT, BidWindowMode.COMPETITIVE])
async def test_r12_5_who_wants_a_shift_whose_route_is_just_moving_gets_it_there(
    arena: Arena, mode: BidWindowMode
) -> None:
    it = await arena.build(place)
    await arena.build(lambda fleet: fleet.session.execute(update(BidWindow).values(mode=mode)))

    async def wants(session: AsyncSession) -> Any:
        if mode is BidWindowMode.COMPETITIVE:
            return await place_bid(session, it.driver, it.window, POLICY, arena.now)
        return await accept(session, it.driver, it.window, arena.now)

    moved, said = await arena.one_waits_for_the_other(moves(arena, it), wants)
    assert isinstance(moved, Moved) and isinstance(said, Bids | Award)


async def test_r12_5_a_manager_fills_what_is_just_moving_between_his_warehouses(arena: Arena) -> None:
    """No window is open for it, of which who moves it has the lock, too."""
    it = await arena.build(place)
    await arena.build(lambda fleet: fleet.session.execute(delete(BidWindow)))

    async def assigns(session: AsyncSession) -> Any:
        return await assign_driver(session, it.manager, it.slot, it.driver.id, None, SAY, POLICY, arena.now)

    moved, said = await arena.one_waits_for_the_other(moves(arena, it), assigns)
    assert isinstance(moved, Moved) and isinstance(said, Assigned)


async def test_r12_3_whose_window_just_moves_from_his_warehouse_no_longer_decides_it(arena: Arena) -> None:
    it = await arena.build(place)

    async def make(fleet: Fleet) -> Person:
        assert isinstance(await place_bid(fleet.session, it.driver, it.window, POLICY, fleet.now), Bids)
        return await fleet.manager("Nick", it.north)

    nick = await arena.build(make)

    async def closes(session: AsyncSession) -> Any:
        return await ending.close_early(session, nick, it.window, SAY, POLICY, arena.now)

    moved, said = await arena.one_waits_for_the_other(moves(arena, it), closes)
    assert isinstance(moved, Moved) and said == Refused(Refusal.NOT_FOUND)


@pytest.mark.parametrize("first", ["links", "adds"])
async def test_r12_3_nobody_has_the_link_of_who_just_comes_to_manage_what_is_not_his(arena: Arena, first: str) -> None:
    """Kim has never opened a link. Mona makes her another one, and could open it herself; Omar puts her in charge."""

    async def make(fleet: Fleet) -> tuple[Person, Person, Person, uuid.UUID, uuid.UUID]:
        mona, omar = await fleet.manager("Mona"), await fleet.manager("Omar")
        kim = await fleet.manager("Kim", linked=False)
        return mona, omar, kim, await fleet.warehouse("North", mona, kim), await fleet.warehouse("East", omar)

    mona, omar, kim, north, east = await arena.build(make)

    async def links(session: AsyncSession) -> Any:
        return await invite_manager_again(session, mona, north, kim.id, "token", POLICY, arena.now)

    async def adds(session: AsyncSession) -> Any:
        return await managing.add_manager(session, omar, east, "Kim Test", kim.phone, SAY, POLICY, arena.now)

    acts: list[Act[Any]] = [links, adds] if first == "links" else [adds, links]
    _, said = await arena.one_waits_for_the_other(*acts)
    assert said == Refused(Refusal.NOT_LINKED_YET if first == "links" else Refusal.NOT_FOUND)


@pytest.mark.parametrize("what", ["links", "adds"])
@pytest.mark.parametrize("first", ["manager", "settings"])
async def test_r12_5a_nobody_has_the_link_of_who_is_just_named_an_owner(arena: Arena, first: str, what: str) -> None:
    async def make(fleet: Fleet) -> tuple[Person, Person, uuid.UUID]:
        mona, kim = await fleet.manager("Mona"), await fleet.manager("Kim", linked=False)
        return mona, kim, await fleet.warehouse("North", mona, kim)

    mona, kim, north = await arena.build(make)
    phone = kim.phone if what == "links" else "+14165550177"

    async def names(session: AsyncSession) -> Any:
        return await name_owners(session, [phone], arena.now)

    async def links(session: AsyncSession) -> Any:
        if what == "links":
            return await invite_manager_again(session, mona, north, kim.id, "token", POLICY, arena.now)
        added = await managing.add_manager(session, mona, north, "Nadia Test", phone, SAY, POLICY, arena.now)
        if isinstance(added, Added):
            await linking.invite(session, added.user_id, "token", mona.id, POLICY, arena.now)
        return added

    await arena.one_waits_for_the_other(*([links, names] if first == "manager" else [names, links]))
    async with arena.session() as session:
        assert (await session.scalars(select(Invite.id).where(Invite.used_at.is_(None)))).all() == []


def enters(arena: Arena, warehouse: str, address: str | None) -> Act[Any]:
    """A manager, at the command line."""
    whom = ("Amara", "Osei", "416 555 0177")
    return lambda session: create_manager(session, *whom, warehouse, address, arena.now)


async def test_r12_5_a_name_that_is_just_given_is_given_at_the_command_line_to_the_same_warehouse(arena: Arena) -> None:
    it = await arena.build(place)

    async def founds(session: AsyncSession) -> Any:
        return await actions.found_warehouse(session, it.manager, "East", "1 East St", POLICY, arena.now)

    founded, amara = await arena.one_waits_for_the_other(founds, enters(arena, "east", "2 East St"))
    async with arena.session() as session:
        hers = select(WarehouseManager.warehouse_id).where(WarehouseManager.user_id == amara)
        assert (await session.scalars(hers)).all() == [founded.warehouse_id]


async def test_r12_5_nobody_comes_at_the_command_line_to_manage_what_is_just_deleted(arena: Arena) -> None:
    it = await arena.build(place)
    await arena.build(lambda fleet: fleet.session.execute(delete(OpenWarehouse)))
    deleted, said = await arena.one_waits_for_the_other(deletes(arena, it, it.south), enters(arena, "South", None))
    assert isinstance(deleted, Deleted) and said == Refused(Refusal.NO_SUCH_WAREHOUSE)


@pytest.mark.parametrize("says", ["cancels", "confirms"])
async def test_r12_3_what_is_just_moved_from_his_warehouse_he_does_not_change_by_phone(arena: Arena, says: str) -> None:
    it = await arena.build(place)

    async def make(fleet: Fleet) -> tuple[Person, uuid.UUID]:
        held = {"status": AssignmentStatus.SCHEDULED, "user_id": it.driver.id, "assigned_by": "algorithm"}
        await fleet.session.execute(delete(BidWindow))
        await fleet.session.execute(update(Assignment).values(held))
        return await fleet.manager("Nick", it.north), it.slot

    nick, shift = await arena.build(make)

    async def by_phone(session: AsyncSession) -> Any:
        driver = await driver_of(session, nick.id, shift)  # as the button finds whose it is
        assert driver is not None
        if says == "confirms":
            return await confirm_shift(session, driver, shift, POLICY, arena.now, by=nick)
        return await cancel_shift(session, driver, shift, CancelReason.OTHER, None, SAY, POLICY, arena.now, by=nick)

    moved, said = await arena.one_waits_for_the_other(moves(arena, it), by_phone)
    assert isinstance(moved, Moved) and said == Refused(Refusal.NOT_FOUND)


@pytest.mark.parametrize("wanted", [True, False])
async def test_r12_5_whether_who_prefers_it_works_there_is_what_he_has_just_said(arena: Arena, wanted: bool) -> None:
    it = await arena.build(place)

    async def make(fleet: Fleet) -> None:
        assert await preferences.prefer_route(fleet.session, it.driver, it.route, POLICY, fleet.now) == Saved()
        if wanted:
            await fleet.session.execute(delete(OpenWarehouse))

    await arena.build(make)

    async def ticks(session: AsyncSession) -> Any:
        return await preferences.open_warehouse(session, it.driver, it.south, wanted, POLICY, arena.now)

    ticked, moved = await arena.one_waits_for_the_other(ticks, moves(arena, it))
    assert ticked == Saved() and isinstance(moved, Moved)
    async with arena.session() as session:
        prefers = await session.scalar(select(DriverPreferences.preferred_routes))
    assert (prefers, moved.told) == (([it.route], 0) if wanted else ([], 1))
