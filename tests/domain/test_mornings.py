"""R14's managers' digest: each morning, one to each manager, and his board of the day, pinned; both kept current."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update

from bot.kinds import table_of_kinds
from bot.reader import Reader
from domain.coverage.mornings import Digest, MorningTold, tell_morning
from domain.db.models import Board, ChatLink, ContactSettings, Delivery, Notification, ShiftReview
from domain.db.models.words import Channel, DeliveryState
from domain.notices import following
from domain.notices.kinds import Kind, morning_of
from domain.people.queries import Person
from domain.shifts.actions import confirm_shift
from sandbox.telegram.formatting import parse_html
from tests.domain.depot import DAY, Depot, local
from tests.domain.depot import depot as depot
from tests.domain.world import POLICY, SAY

TODAY = date(2026, 11, 25)
SIX = local(TODAY, 6)
KIND = table_of_kinds(POLICY, "Acme")[Kind.MANAGER_DIGEST]
EN, FR = Reader("en", POLICY.zone), Reader("fr", POLICY.zone)


async def told(depot: Depot, of: Person) -> list[Notification]:
    his = select(Notification).where(Notification.user_id == of.id).order_by(Notification.created_at)
    kind = Notification.data["kind"].astext == Kind.MANAGER_DIGEST
    return list(await depot.session.scalars(his.where(kind).execution_options(populate_existing=True)))


async def deliveries(depot: Depot, of: Person, kind: str) -> list[Delivery]:
    his = select(Delivery).where(Delivery.user_id == of.id, Delivery.kind == kind).order_by(Delivery.created_at)
    return list(await depot.session.scalars(his.execution_options(populate_existing=True)))


async def digest(depot: Depot, of: Person) -> Digest:
    found = await KIND.load(depot.session, of.id, morning_of(TODAY), SIX)
    assert isinstance(found, Digest)
    return found


async def test_r14_each_manager_has_one_digest_a_day_and_a_board_that_is_pinned(depot: Depot) -> None:
    fleet = depot.fleet
    elise = await fleet.manager("Elise", depot.north)
    await depot.fleet.slot(await fleet.route("R2", depot.north), TODAY)
    await depot.shift(await depot.driver(), TODAY, confirmed=True)
    assert await tell_morning(depot.session, SAY, POLICY, SIX) == MorningTold(2)
    for manager in (depot.mona, elise):
        [note] = await told(depot, manager)
        assert (note.title, note.body) == ("Today, Wed 25 Nov: 1 of 2 routes has no driver", "R2.")
        [board] = await deliveries(depot, manager, Kind.BOARD)
        assert board.pins and board.state is DeliveryState.PENDING and board.pinned_at is None
        shows = await depot.session.get_one(Board, manager.id)
        assert (shows.on, shows.warehouse_id) == (TODAY, None)
    for later in (SIX, local(TODAY, 23)):  # again, late, or on another machine
        assert await tell_morning(depot.session, SAY, POLICY, later) == MorningTold(0)
    tomorrow = TODAY + DAY
    await fleet.slot(await fleet.route("R3", depot.north), tomorrow)
    assert await tell_morning(depot.session, SAY, POLICY, local(tomorrow, 6)) == MorningTold(2)
    assert len(await told(depot, depot.mona)) == 2
    assert [each.pins for each in await deliveries(depot, depot.mona, Kind.BOARD)] == [True]
    assert len(await deliveries(depot, depot.mona, "retired")) == 1  # yesterday's goes


async def test_r12_3_it_tells_of_his_warehouses_alone_and_nothing_where_none_run(depot: Depot) -> None:
    fleet = depot.fleet
    sue, idle = await fleet.manager("Sue"), await fleet.manager("Ida")
    south = await fleet.warehouse("South", sue)
    await fleet.warehouse("East", idle)
    await fleet.slot(await fleet.route("R1", depot.north), TODAY)
    await fleet.slot(await fleet.route("R9", south), TODAY)
    assert await tell_morning(depot.session, SAY, POLICY, SIX) == MorningTold(2)
    assert [note.body for note in await told(depot, sue)] == ["R9."] and await told(depot, idle) == []


async def test_who_is_away_or_has_no_chat_gets_none(depot: Depot) -> None:
    fleet = depot.fleet
    away, unlinked = await fleet.manager("Ann", depot.north), await fleet.manager("Bob", depot.north)
    await fleet.put(ContactSettings, {"user_id": away.id, "away_until": SIX + DAY})
    await depot.session.execute(delete(ChatLink).where(ChatLink.user_id == unlinked.id))
    await fleet.slot(await fleet.route("R1", depot.north), TODAY)
    assert await tell_morning(depot.session, SAY, POLICY, SIX) == MorningTold(1)
    assert await told(depot, depot.mona) and not await told(depot, away) and not await told(depot, unlinked)


@pytest.mark.parametrize(("confirmed", "rings"), [(True, False), (False, True)])
async def test_r11_4_it_is_about_todays_start_where_something_is_to_be_done(
    depot: Depot, confirmed: bool, rings: bool
) -> None:
    """Then it rings at six, as whatever concerns a start within twelve hours; else it waits for his quiet hours."""
    await depot.shift(await depot.driver(), TODAY, confirmed=confirmed)
    await tell_morning(depot.session, SAY, POLICY, SIX)
    [note] = await told(depot, depot.mona)
    assert note.data is not None and (note.data["starts_at"] == local(TODAY, 7).isoformat()) is rings
    assert await depot.levels(depot.mona, Kind.MANAGER_DIGEST) == [(Channel.TELEGRAM, 2)]


async def test_it_says_how_the_day_stands_and_what_waits(depot: Depot) -> None:
    fleet = depot.fleet
    driver = await depot.driver()
    shift = await depot.shift(driver, TODAY, confirmed=False)
    empty = await fleet.slot(await fleet.route("R2", depot.north), TODAY)
    for days in (1, 6, 7):  # the last is too far ahead
        await fleet.slot(await fleet.route(f"A{days}", depot.north), TODAY + timedelta(days=days))
    await tell_morning(depot.session, SAY, POLICY, SIX)
    await fleet.put(ShiftReview, {"assignment_id": shift.id, "opened_at": SIX})
    found = await digest(depot, depot.mona)
    assert (found.ahead, found.to_review) == (2, 1)
    screen = KIND.screen(found, EN)
    said = parse_html(screen.html).text
    assert "Today, Wed 25 Nov: 1 of 2 routes has no driver." in said and "Not confirmed yet:" in said
    assert "🔎 2 shifts until Tue 1 Dec have no driver yet." in said
    labels = [key.text for row in screen.keyboard for key in row]
    assert labels == ["👤 R2", "🕊 1 absence to decide on", "📋 Shifts of that day", "🗺 Coverage", "🏠 Home"]
    assert "Aujourd’hui" in KIND.screen(found, FR).html and empty


async def test_it_follows_its_day_the_days_ahead_and_whatever_changes_his_home_card(depot: Depot) -> None:
    fleet, session = depot.fleet, depot.session
    south = await fleet.warehouse("South", await fleet.manager("Sue"))
    driver = await depot.driver()
    shift = await depot.shift(driver, TODAY + 3 * DAY, confirmed=False)
    await fleet.slot(await fleet.route("R2", depot.north), TODAY)
    await tell_morning(session, SAY, POLICY, SIX)
    shown = update(Delivery).where(Delivery.kind == Kind.MANAGER_DIGEST)

    async def is_redrawn() -> bool:
        [row] = await deliveries(depot, depot.mona, Kind.MANAGER_DIGEST)
        marked = row.redraw
        await session.execute(shown.values(state=DeliveryState.SENT, redraw=False, due_at=None))
        return marked

    await is_redrawn()
    await confirm_shift(session, driver, shift.id, POLICY, SIX)
    assert await is_redrawn()
    for at, where, redrawn in (
        (SIX, depot.north, True),
        (SIX, south, False),
        (local(TODAY + DAY, 0), depot.north, False),  # its day is over
    ):
        await following.follow_homes(session, at, managers_of=[following.DayAt(where, TODAY)])
        assert await is_redrawn() is redrawn
