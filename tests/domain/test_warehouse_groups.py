"""R12.3: a warehouse's group: who may connect it, what is told in it, and when it is told nothing any more."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from bot.reader import Reader
from bot.screens import groups as screens
from domain.bidding.rules import Award
from domain.db.models import AuditLog, BidWindow, Delivery, WarehouseGroup, WarehouseManager
from domain.db.models.words import AssignmentStatus, DeliveryState, Urgency
from domain.groups import actions, queries
from domain.groups.actions import Connected, Connections, Disconnected, Group
from domain.notices.kinds import Kind
from domain.people.cleaning import clean_up
from domain.people.managing import Removed, remove_manager
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from sandbox.telegram.entities import units
from sandbox.telegram.formatting import parse_html
from tests.domain.depot import DAY, Depot, depot, local
from tests.domain.world import POLICY, SAY, accept, close_due

__all__ = ["depot"]

CREW, OTHER = Group(-4001, "North crew"), Group(-4002, "Others")
NOT_FOUND = Refused(Refusal.NOT_FOUND)


async def connect(
    depot: Depot, by: Person, group: Group = CREW, *, to: uuid.UUID | None = None, instead: bool = False
) -> Connected | Connections | Refused:
    warehouse = to or depot.north
    return await actions.connect(depot.session, by, warehouse, group, "fr", depot.now, instead=instead)


async def live(depot: Depot) -> list[WarehouseGroup]:
    ended = WarehouseGroup.ended_at.is_(None)
    rows = select(WarehouseGroup).where(ended).order_by(WarehouseGroup.chat_id.desc())
    return list(await depot.session.scalars(rows.execution_options(populate_existing=True)))


async def told(depot: Depot) -> list[Delivery]:
    rows = select(Delivery).where(Delivery.group_id.is_not(None)).order_by(Delivery.created_at, Delivery.kind)
    return list(await depot.session.scalars(rows.execution_options(populate_existing=True)))


async def missed(depot: Depot, route: str = "R12") -> uuid.UUID:
    """A driver does not come; the window through which his route is to be filled."""
    driver = await depot.driver(f"Dana {route}")
    slot = await depot.shift(driver, depot.fleet.today, confirmed=True, route=route)
    depot.now = local(depot.fleet.today, 9)
    left = await depot.missed(depot.now)
    assert left.reopened is not None and slot.id == left.assignment_id
    return left.reopened.window_id


async def test_r12_3_only_a_manager_of_the_warehouse_connects_a_group_to_it(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South")
    stranger, driver = await depot.fleet.manager("Sam", south), await depot.driver()
    for nobody in (stranger, driver):
        assert await connect(depot, nobody) == NOT_FOUND
    assert await connect(depot, depot.mona) == Connected("North")
    assert await connect(depot, depot.mona) == Connected("North", already=True)
    [group] = await live(depot)
    assert (group.warehouse_id, group.chat_id, group.title, group.language) == (depot.north, -4001, "North crew", "fr")
    assert await actions.disconnect(depot.session, stranger, group.id, depot.now) == NOT_FOUND
    assert await actions.disconnect(depot.session, depot.mona, group.id, depot.now) == Disconnected(
        "North", "North crew"
    )
    assert await actions.disconnect(depot.session, depot.mona, group.id, depot.now) == NOT_FOUND
    logged = await depot.session.scalars(select(AuditLog.action).where(AuditLog.entity_id == depot.north))
    assert sorted(logged) == ["group_connected", "group_disconnected"]


async def test_one_group_and_one_warehouse_go_together(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South", depot.mona)
    await connect(depot, depot.mona)
    assert await connect(depot, depot.mona, OTHER) == Connections(depot.north, "North", "North crew", None, his=True)
    assert await connect(depot, depot.mona, to=south) == Connections(south, "South", None, "North", his=True)
    await connect(depot, depot.mona, OTHER, to=south)
    assert [each.chat_id for each in await live(depot)] == [-4001, -4002]
    assert await connect(depot, depot.mona, OTHER, instead=True) == Connected("North")
    assert [(each.chat_id, each.warehouse_id) for each in await live(depot)] == [(-4002, depot.north)]


async def test_r12_3_nobody_ends_the_group_of_a_warehouse_that_is_not_his(depot: Depot) -> None:
    paul = await depot.fleet.manager("Paul")
    south = await depot.fleet.warehouse("South", paul)
    await connect(depot, depot.mona)
    found = await connect(depot, paul, to=south)
    assert found == Connections(south, "South", None, "North", his=False)
    shown = screens.against(paul.id, found, Reader("en", POLICY.zone))
    assert not shown.keyboard and "/disconnect" in shown.html
    assert await connect(depot, paul, to=south, instead=True) == NOT_FOUND, "a forged button"
    [group] = await live(depot)
    assert group.warehouse_id == depot.north and not await told(depot)

    # Once nobody vouches for it any more it is nobody's.
    await depot.session.execute(delete(WarehouseManager).where(WarehouseManager.user_id == depot.mona.id))
    found = await connect(depot, paul, to=south)
    assert isinstance(found, Connections) and screens.against(paul.id, found, Reader("en", POLICY.zone)).keyboard
    assert await connect(depot, paul, to=south, instead=True) == Connected("South")


async def test_a_group_that_a_manager_ends_from_elsewhere_is_told_so(depot: Depot) -> None:
    await connect(depot, depot.mona)
    await connect(depot, depot.mona, OTHER, instead=True)
    [farewell] = await told(depot)
    assert (farewell.kind, farewell.chat_id, farewell.state) == (Kind.GROUP_FORSAKEN, -4001, DeliveryState.PENDING)
    facts = await queries.forsaken(depot.session, farewell.whose)
    assert facts is not None
    shown = screens.forsaken(facts, Reader("en", POLICY.zone)).html
    assert "no longer connected to North" in shown and "Whoever" not in shown

    # Where it is connected again meanwhile there is nothing to say farewell to.
    south = await depot.fleet.warehouse("South", depot.mona)
    await connect(depot, depot.mona, to=south)
    assert await queries.forsaken(depot.session, farewell.whose) is None

    # Who ends it in the group itself is answered there.
    crew, other = await live(depot)
    await actions.disconnect(depot.session, depot.mona, crew.id, depot.now, there=True)
    assert len(await told(depot)) == 1
    await actions.disconnect(depot.session, depot.mona, other.id, depot.now)
    assert {row.chat_id for row in await told(depot)} == {-4001, -4002}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_of_many_warehouses_the_first_are_shown_and_the_others_are_found_by_name(language: str) -> None:
    name = "🚚" * 40
    many = tuple(queries.Site(uuid.uuid4(), f"{name}{n}", uuid.uuid4(), name, -n) for n in range(100))
    reader = Reader(language, POLICY.zone)
    for shown in (screens.which(uuid.uuid4(), many, reader), screens.groups(many, "rollcall_bot", reader)):
        assert units(parse_html(shown.html).text) <= 4096
        assert len(shown.keyboard) <= 20 and "85" in shown.html and "/connect 🚚" in shown.html
    few = screens.which(uuid.uuid4(), many[:15], reader)
    assert len(few.keyboard) == 15 and "/connect" not in few.html


async def test_r12_3_a_group_reads_of_a_no_show_once_and_by_first_name_who_drives(depot: Depot) -> None:
    await connect(depot, depot.mona)
    window_id = await missed(depot)
    [row] = await told(depot)
    assert (row.kind, row.about, row.chat_id, row.user_id) == (Kind.GROUP_CALL, window_id, -4001, None)
    assert (row.urgency, row.level, row.notification_id) == (Urgency.URGENT, Urgency.NORMAL, None)
    facts = await queries.group_call(depot.session, row.whose, window_id, POLICY, depot.now)
    assert facts is not None and facts.unfilled and not facts.over
    shown = screens.call(facts, Reader("en", POLICY.zone)).html
    assert "R12, North needs a driver" in shown
    assert "Dana" not in shown and "+1" not in shown, "who left it is between him and his managers"

    row.state, row.due_at = DeliveryState.SENT, None
    await depot.session.flush()
    helper = await depot.driver("Amara")
    assert isinstance(await accept(depot.session, helper, window_id, depot.now), Award)
    [row] = await told(depot)
    assert row.redraw, "it is kept current"
    facts = await queries.group_call(depot.session, row.whose, window_id, POLICY, depot.now)
    assert facts is not None and facts.covered_by == "Amara"
    covered = screens.call(facts, Reader("en", POLICY.zone))
    assert "Amara has it." in covered.html and helper.last_name not in covered.html and not covered.keyboard


async def test_nothing_is_told_where_no_group_is_connected_or_to_another_warehouse(depot: Depot) -> None:
    south = await depot.fleet.warehouse("South", depot.mona)
    await connect(depot, depot.mona, to=south)
    await missed(depot)
    assert await told(depot) == []


async def test_a_group_is_as_good_as_the_word_of_who_connected_it(depot: Depot) -> None:
    ann = await depot.fleet.manager("Ann", depot.north)
    await connect(depot, depot.mona)
    window_id = await missed(depot)
    [row] = await told(depot)
    his = (WarehouseManager.warehouse_id == depot.north, WarehouseManager.user_id == depot.mona.id)
    await depot.session.execute(delete(WarehouseManager).where(*his))  # by another program
    assert await queries.group_call(depot.session, row.whose, window_id, POLICY, depot.now) is None
    await missed(depot, "R13")
    assert len(await told(depot)) == 1, "nothing more is told"

    # Whoever of its managers connects it once more makes it good again.
    assert await connect(depot, ann) == Connected("North", already=True)
    assert await queries.group_call(depot.session, row.whose, window_id, POLICY, depot.now) is not None
    await missed(depot, "R14")
    assert len(await told(depot)) == 2


async def test_a_manager_who_is_removed_leaves_a_farewell_and_no_group(depot: Depot) -> None:
    ann = await depot.fleet.manager("Ann", depot.north)
    await connect(depot, depot.mona)
    await missed(depot)
    removed = await remove_manager(depot.session, ann, depot.north, depot.mona.id, SAY, POLICY, depot.now)
    assert isinstance(removed, Removed)
    assert await live(depot) == []
    rows = {row.kind: row for row in await told(depot)}
    assert rows[Kind.GROUP_CALL].state is DeliveryState.CANCELLED
    assert (rows[Kind.GROUP_FORSAKEN].state, rows[Kind.GROUP_FORSAKEN].due_at) == (DeliveryState.PENDING, depot.now)
    assert await queries.forsaken(depot.session, rows[Kind.GROUP_FORSAKEN].whose) is not None


async def test_r14_the_clean_up_ends_what_nobody_vouches_for(depot: Depot) -> None:
    await connect(depot, depot.mona)
    assert (await clean_up(depot.session, POLICY, depot.now))["groups"] == 0
    await depot.session.execute(delete(WarehouseManager))
    assert (await clean_up(depot.session, POLICY, depot.now + DAY))["groups"] == 1
    assert await live(depot) == []


async def test_a_group_without_the_bot_is_told_nothing_more(depot: Depot) -> None:
    await connect(depot, depot.mona)
    await missed(depot)
    await actions.gone(depot.session, OTHER.chat_id, depot.now)
    assert len(await live(depot)) == 1
    await actions.gone(depot.session, CREW.chat_id, depot.now)
    await actions.gone(depot.session, CREW.chat_id, depot.now)
    assert await live(depot) == []
    [row] = await told(depot)
    assert (row.state, row.due_at) == (DeliveryState.CANCELLED, None)
    entries = select(func.count()).where(AuditLog.action == "group_disconnected")
    assert await depot.session.scalar(entries) == 1


async def test_what_is_to_come_follows_a_group_to_its_new_id_and_what_was_told_stays(depot: Depot) -> None:
    await connect(depot, depot.mona)
    await missed(depot)
    [first] = await told(depot)
    first.state, first.message_id, first.due_at = DeliveryState.SENT, 5, None
    await depot.session.flush()
    await missed(depot, "R13")
    await actions.moved(depot.session, -4001, -1_000_000_004_001)
    await actions.moved(depot.session, -4001, -1_000_000_004_001)
    rows = {row.message_id: row for row in await told(depot)}
    assert (rows[5].chat_id, rows[5].state) == (-4001, DeliveryState.CANCELLED)
    assert (rows[None].chat_id, rows[None].state) == (-1_000_000_004_001, DeliveryState.PENDING)
    [group] = await live(depot)
    assert group.chat_id == -1_000_000_004_001


async def test_what_nobody_has_taken_is_a_message_of_its_own(depot: Depot) -> None:
    await connect(depot, depot.mona)
    window_id = await missed(depot)
    closes = await depot.session.scalar(select(BidWindow.closes_at).where(BidWindow.id == window_id))
    assert closes is not None
    depot.now = closes + timedelta(seconds=1)
    await close_due(depot.session, depot.now)
    assert [row.kind for row in await told(depot)] == [Kind.GROUP_CALL, Kind.GROUP_UNFILLED]
    row = (await told(depot))[1]
    facts = await queries.group_call(depot.session, row.whose, window_id, POLICY, depot.now)
    assert facts is not None and facts.unfilled and facts.mode is None
    assert AssignmentStatus.UNFILLED is (await depot.row(facts.assignment_id)).status
