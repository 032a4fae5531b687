"""R12.5, PRODUCT: a file is imported whole or not at all, by the chat and by the command line alike."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from domain.db.models import (
    Assignment,
    AuditLog,
    ContactSettings,
    DriverPreferences,
    Employment,
    Import,
    Invite,
    Notification,
    PreferenceVersion,
    Route,
    RouteWeekday,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus
from domain.importing import desk
from domain.importing.actions import Imported, import_sheet
from domain.importing.desk import Done, Pending
from domain.importing.sheets import Fault, Sheet, What, read_sheet
from domain.people import inviting
from domain.people.cleaning import clean_up
from domain.people.inviting import Relinked
from domain.people.linking import Linked, link_by_invite
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.tokens import hashed
from tests.domain.depot import Depot, depot
from tests.domain.world import POLICY, SAY, contents

__all__ = ["depot"]
GONE = Refused(Refusal.DRAFT_GONE)
DRIVERS = (
    "first name,last name,phone,warehouse,language,days,routes",
    "Amara,Osei,416 555 0501,north,fr,mon-fri,R12",
    "Luc,Roy,416 555 0502,NORTH,,,",
    "Mei,Chen,416 555 0503,North,en,sat,any",
)


def sheet(*lines: str) -> Sheet:
    found = read_sheet("\n".join(lines), POLICY)
    assert isinstance(found, Sheet), found
    return found


async def keep(depot: Depot, *lines: str, by: Person | None = None) -> Pending | tuple[Fault, ...]:
    return await desk.keep_sheet(depot.session, by or depot.mona, "x.csv", sheet(*lines), POLICY, depot.now)


async def press(depot: Depot, import_id: uuid.UUID, by: Person | None = None, **later: Any) -> Any:
    at = depot.now + timedelta(**later)
    return await desk.import_kept(depot.session, by or depot.mona, import_id, POLICY, at)


async def count(depot: Depot, model: Any) -> int:
    return await depot.session.scalar(select(func.count()).select_from(model)) or 0


async def test_r12_5_all_that_is_wrong_with_a_file_is_told_at_once(depot: Depot) -> None:
    """What a line has wrong by itself, and what does not fit with what there is: nobody sends a file five times."""
    lines = ("name,phone,warehouse", "Amara Osei,416 555 05,North", "Luc Roy,416 555 0502,Nort", "Mei Chen,,North")
    found = await keep(depot, *lines, "Omar Hassan,416 555 0502,North")
    assert found == (
        Fault(2, What.PHONE, "416 555 05"),
        Fault(3, What.WAREHOUSE_UNKNOWN, "Nort"),
        Fault(4, What.PHONE),
        Fault(5, What.PHONE_TWICE, "+14165550502", 3),
    )


async def test_r12_1_drivers_come_to_exist_with_home_language_and_what_they_prefer(depot: Depot) -> None:
    route = await depot.fleet.route("R12", depot.north)
    kept = await keep(depot, *DRIVERS)
    assert isinstance(kept, Pending)
    assert await count(depot, User) == 1  # nothing is entered before the last button
    done = await press(depot, kept.import_id)
    assert isinstance(done, Done) and (done.lines, done.unlinked) == (3, 3)
    people = {row.first_name: row for row in await depot.session.scalars(select(User).where(User.role == "driver"))}
    assert {name: row.phone for name, row in people.items()} == {
        "Amara": "+14165550501",
        "Luc": "+14165550502",
        "Mei": "+14165550503",
    }
    amara, mei = people["Amara"].id, people["Mei"].id
    assert (people["Luc"].email, people["Luc"].password_hash) == (f"{people['Luc'].id}@no-email.invalid", "!")
    homes = (await depot.session.execute(select(Employment.warehouse_id, Employment.starts_on))).tuples().all()
    assert homes == [(depot.north, depot.fleet.today)] * 3
    spoken = dict(
        (await depot.session.execute(select(ContactSettings.user_id, ContactSettings.language))).tuples().all()
    )
    assert spoken == {amara: "fr", mei: "en"}
    wishes = {row.user_id: row for row in await depot.session.scalars(select(PreferenceVersion))}
    assert {id_: (row.days, row.routes, row.any_home_route) for id_, row in wishes.items()} == {
        amara: ([1, 2, 3, 4, 5], [route], False),
        mei: ([6], [], True),
    }
    assert await count(depot, DriverPreferences) == 2
    log = select(AuditLog.action).where(AuditLog.entity_id == amara, AuditLog.actor_id == depot.mona.id)
    assert sorted(await depot.session.scalars(log)) == ["created", "employed", "saved"]


async def test_r2_5_the_last_button_has_one_effect(depot: Depot) -> None:
    await depot.fleet.route("R12", depot.north)
    kept = await keep(depot, *DRIVERS)
    assert isinstance(kept, Pending)
    first = await press(depot, kept.import_id)
    before = await contents(depot.session)
    assert await press(depot, kept.import_id, days=9) == first
    assert await contents(depot.session) == before
    row = await depot.session.get_one(Import, kept.import_id, populate_existing=True)
    assert (row.lines, row.count, len(row.drivers)) == (None, 3, 3)  # what was in it stands elsewhere now


async def test_every_line_that_does_not_fit_is_told_and_nothing_is_kept(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar")
    west = await depot.fleet.warehouse("West", omar)
    await depot.fleet.route("R9", west)
    dana = await depot.driver("Dana")
    before = await contents(depot.session)
    found = await keep(
        depot,
        DRIVERS[0],
        f"A,B,{dana.phone},North,,,",
        f"C,D,{omar.phone},West,,,",
        "E,F,416 555 0501,Nowhere,,,",
        "G,H,416 555 0502,North,,,R9",
    )
    assert isinstance(found, tuple)
    assert [(fault.line, fault.what) for fault in found] == [
        (2, What.PHONE_OWN),
        (3, What.PHONE_TAKEN),
        (3, What.WAREHOUSE_UNKNOWN),  # another manager's is not found (R12.3)
        (4, What.WAREHOUSE_UNKNOWN),
        (5, What.ROUTE_UNKNOWN),
    ]
    assert await contents(depot.session) == before


async def test_a_number_that_somebody_has_is_told_as_far_as_the_manager_may_know(depot: Depot) -> None:
    """His drivers, and who has left the company, whom /invite brings back; of all others only that it is taken."""
    fleet, over = depot.fleet, (depot.fleet.day(-90), depot.fleet.day(-1))
    west = await fleet.warehouse("West", await fleet.manager("Omar"))
    own, gone = await depot.driver("Dana"), await depot.driver("Eli", employed=over)
    stranger, once_here = await fleet.driver("Fay", home=west), await fleet.driver("Gil", home=west, employed=over)
    several = await depot.driver("Hal")
    other = await depot.driver("Ida")
    await depot.session.execute(update(User).where(User.id == other.id).values(phone=several.phone))
    whose = (own, gone, stranger, once_here, several)
    lines = [f"A B,{each.phone},North" for each in whose]
    found = await keep(depot, "name,phone,warehouse", *lines)
    expected = [What.PHONE_OWN, What.PHONE_LEFT, What.PHONE_TAKEN, What.PHONE_LEFT, What.PHONE_TAKEN]
    assert isinstance(found, tuple) and [fault.what for fault in found] == expected
    at_the_command_line = await import_sheet(
        depot.session, None, depot.mona.id, sheet("name,phone,warehouse", *lines), POLICY, depot.now
    )
    expected[2] = What.PHONE_OWN  # all warehouses are his who runs the company
    assert isinstance(at_the_command_line, tuple)
    assert [fault.what for fault in at_the_command_line] == expected


async def test_what_has_changed_since_the_preview_is_judged_once_more(depot: Depot) -> None:
    await depot.fleet.route("R12", depot.north)
    kept = await keep(depot, *DRIVERS)
    assert isinstance(kept, Pending)
    other = await depot.driver("Dana")
    await depot.session.execute(update(User).where(User.id == other.id).values(phone="+14165550502"))
    before = await contents(depot.session)
    assert await press(depot, kept.import_id) == (Fault(3, What.PHONE_OWN, "+14165550502"),)
    assert await contents(depot.session) == before


async def test_r12_3_a_file_is_its_senders_alone_and_for_a_day(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar", depot.north)
    await depot.fleet.route("R12", depot.north)
    kept = await keep(depot, *DRIVERS)
    assert isinstance(kept, Pending)
    before = await contents(depot.session)
    assert await press(depot, kept.import_id, by=omar) == await press(depot, uuid.uuid4()) == GONE
    assert await press(depot, kept.import_id, days=1) == GONE
    assert await contents(depot.session) == before
    await clean_up(depot.session, POLICY, depot.now + timedelta(days=1, seconds=1))
    assert await count(depot, Import) == 0
    assert await count(depot, User) == 2


async def test_r2_0_routes_run_on_their_days_and_are_open_at_once(depot: Depot) -> None:
    kept = await keep(depot, "route,warehouse,days", "R1,North,thu-fri", "R2,North,")
    assert isinstance(kept, Pending)
    done = await press(depot, kept.import_id)
    assert isinstance(done, Done) and (done.lines, done.unlinked) == (2, 0)
    routes = dict((await depot.session.execute(select(Route.name, Route.id))).tuples().all())
    days = select(RouteWeekday.route_id, RouteWeekday.weekday, RouteWeekday.starts_on)
    assert set((await depot.session.execute(days)).tuples()) == {(routes["R1"], 4, None), (routes["R1"], 5, None)}
    slots = select(Assignment.route_id, Assignment.on).where(Assignment.status == AssignmentStatus.UNFILLED)
    found = (await depot.session.execute(slots)).tuples().all()
    assert sorted(on for route, on in found if route == routes["R1"]) == [depot.fleet.day(1), depot.fleet.day(2)]
    assert sorted(on for route, on in found if route == routes["R2"]) == [depot.fleet.day(n) for n in range(1, 5)]
    again = await keep(depot, "route,warehouse", "r1,North", "R3,North")
    assert again == (Fault(2, What.NAME_TAKEN, "r1"),)


async def test_r12_5_warehouses_have_their_manager_from_the_start(depot: Depot) -> None:
    kept = await keep(depot, "name,address", "South,1 South St", "East,1 East St")
    assert isinstance(kept, Pending)
    assert isinstance(await press(depot, kept.import_id), Done)
    managed = select(Warehouse.name).join(WarehouseManager).where(WarehouseManager.user_id == depot.mona.id)
    assert sorted(await depot.session.scalars(managed)) == ["East", "North", "South"]
    assert await keep(depot, "name,address", "north,1 St") == (Fault(2, What.NAME_TAKEN, "north"),)


async def test_at_the_command_line_all_warehouses_are_known_and_somebody_answers_for_new_ones(depot: Depot) -> None:
    omar = await depot.fleet.manager("Omar")
    await depot.fleet.warehouse("West", omar)
    given = (depot.session, None, omar.id)
    done = await import_sheet(*given, sheet("name,address", "South,1 South St"), POLICY, depot.now)
    assert done == Imported(warehouses=1)
    done = await import_sheet(*given, sheet("route,warehouse", "R1,West", "R1,South"), POLICY, depot.now)
    assert isinstance(done, Imported) and done.routes == 2
    done = await import_sheet(*given, sheet("name,phone,warehouse", "A B,416 555 0501,South"), POLICY, depot.now)
    assert isinstance(done, Imported) and len(done.drivers) == 1
    in_charge = select(WarehouseManager.user_id).join(Warehouse).where(Warehouse.name == "South")
    assert list(await depot.session.scalars(in_charge)) == [omar.id]
    assert set(await depot.session.scalars(select(AuditLog.actor_id))) == {None}


@pytest.mark.parametrize("kind", ["drivers", "routes"])
async def test_a_file_is_written_by_set_whatever_its_lines(depot: Depot, kind: str) -> None:
    """As many statements for five lines as for five hundred."""
    statements: list[str] = []
    bind = depot.session.get_bind()

    def seen(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    async def needed(first: int, lines: int) -> int:
        header = {"drivers": "name,phone,warehouse,days", "routes": "route,warehouse,days"}[kind]
        written = {
            "drivers": [f"D{n} Test,416 555 {n:04d},North,mon" for n in range(first, first + lines)],
            "routes": [f"R{n},North,thu" for n in range(first, first + lines)],
        }[kind]
        statements.clear()
        done = await import_sheet(depot.session, depot.mona, None, sheet(header, *written), POLICY, depot.now)
        assert isinstance(done, Imported)
        return len(statements)

    event.listen(bind, "before_cursor_execute", seen)
    try:
        assert await needed(1000, 5) == await needed(2000, 500) > 5
    finally:
        event.remove(bind, "before_cursor_execute", seen)


# -- how they get their chats


async def imported(depot: Depot) -> uuid.UUID:
    await depot.fleet.route("R12", depot.north)
    kept = await keep(depot, *DRIVERS)
    assert isinstance(kept, Pending)
    assert isinstance(await press(depot, kept.import_id), Done)
    return kept.import_id


async def made(
    depot: Depot, import_id: uuid.UUID, by: Person | None = None, after: timedelta = timedelta()
) -> desk.Links:
    tokens = iter(str(uuid.uuid4()) for _ in range(9))
    given = (depot.session, by or depot.mona, import_id, lambda: next(tokens))
    return await desk.make_links(*given, POLICY, depot.now + after)


async def links(depot: Depot, import_id: uuid.UUID, **more: Any) -> tuple[desk.Link, ...]:
    return (await made(depot, import_id, **more)).made


async def test_r12_2_links_for_those_without_a_chat_are_good_once_and_void_the_earlier(depot: Depot) -> None:
    import_id = await imported(depot)
    first = await links(depot, import_id)
    assert [link.driver.name for link in first] == ["Amara Osei", "Luc Roy", "Mei Chen"]  # in the file's order
    kept = set(await depot.session.scalars(select(Invite.token_hash)))
    assert kept == {hashed(link.token) for link in first}
    linked = await link_by_invite(depot.session, first[0].token, 777, "en", SAY, depot.now)
    assert linked == Linked(first[0].driver.id)
    second = await links(depot, import_id, after=POLICY.invite_again_after)
    assert [link.driver.name for link in second] == ["Luc Roy", "Mei Chen"]
    old = await link_by_invite(depot.session, first[1].token, 778, "en", SAY, depot.now)
    assert old == Refused(Refusal.LINK_NOT_GOOD)
    new = await link_by_invite(depot.session, second[0].token, 778, "en", SAY, depot.now)
    assert new == Linked(second[0].driver.id)


async def test_r12_3_links_are_for_the_sender_and_for_drivers_who_are_still_his(depot: Depot) -> None:
    import_id = await imported(depot)
    omar = await depot.fleet.manager("Omar", depot.north)
    before = await contents(depot.session)
    assert await links(depot, import_id, by=omar) == ()
    assert await contents(depot.session) == before
    west = await depot.fleet.warehouse("West", omar)
    luc = await depot.session.scalar(select(User.id).where(User.first_name == "Luc"))
    await depot.session.execute(update(Employment).where(Employment.user_id == luc).values(warehouse_id=west))
    assert [link.driver.name for link in await links(depot, import_id)] == ["Amara Osei", "Mei Chen"]


async def test_r12_2_an_invitation_by_sms_has_no_secret_and_comes_once(depot: Depot) -> None:
    import_id = await imported(depot)
    given = (depot.session, depot.mona, import_id, "t.me/rollcall_bot", SAY, POLICY, depot.now)
    assert await desk.text_invitations(*given) == 3
    assert await desk.text_invitations(*given) == 0
    told = (await depot.session.scalars(select(Notification).order_by(Notification.title))).all()
    assert [row.title for row in told] == [
        "Mona Test gives out your shifts by Telegram",
        "Mona Test gives out your shifts by Telegram",
        "Mona Test vous donne vos quarts par Telegram",
    ]
    assert await count(depot, Invite) == 0


async def test_r2_5_links_of_a_file_pressed_twice_are_the_first(depot: Depot) -> None:
    """One who has got a link by himself meanwhile keeps that one, and is not in the file."""
    import_id = await imported(depot)
    amara = await depot.session.scalar(select(User.id).where(User.first_name == "Amara"))
    assert amara is not None
    alone = await inviting.invite_again(depot.session, depot.mona, amara, "alone", POLICY, depot.now)
    assert isinstance(alone, Relinked)
    first = await made(depot, import_id)
    assert ([link.driver.name for link in first.made], first.just_made) == (["Luc Roy", "Mei Chen"], 1)
    before = await contents(depot.session)
    assert await made(depot, import_id) == desk.Links((), 3)
    assert await contents(depot.session) == before
    assert await link_by_invite(depot.session, "alone", 777, "en", SAY, depot.now) == Linked(amara)
    token, luc = first.made[0].token, first.made[0].driver.id
    assert await link_by_invite(depot.session, token, 778, "en", SAY, depot.now) == Linked(luc)
