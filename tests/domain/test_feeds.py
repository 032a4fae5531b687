"""The private address of a driver's calendar, and what it shows (PRODUCT, R12.7)."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from domain.db.models import AuditLog, CalendarFeed, Employment
from domain.db.models.words import AssignmentStatus
from domain.people.cleaning import clean_up
from domain.people.feeds import Feed, close_feed, feed, open_feed, renew_feed, whose_feed
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.departures import leave_company, stay_after_all
from domain.shifts.feed import feed_shifts
from domain.time import local_instant
from tests.domain.depot import DAY, Depot, depot
from tests.domain.world import POLICY, SAY

__all__ = ["depot"]


def token_for(made_at: datetime) -> str:
    return f"token of {made_at.timestamp()}"


async def opened(depot: Depot, driver: Person) -> Feed:
    await open_feed(depot.session, driver, token_for, depot.now)
    found = await feed(depot.session, driver.id)
    assert found is not None
    return found


async def follows(depot: Depot, token: str, day: int = 0) -> bool:
    return await whose_feed(depot.session, token, depot.fleet.day(day)) is not None


async def test_an_address_is_found_by_its_token_of_which_only_a_hash_is_kept(depot: Depot) -> None:
    dana = await depot.driver(language="fr")
    assert await feed(depot.session, dana.id) is None
    first, again = await opened(depot, dana), await opened(depot, dana)
    assert first == again and first.has(token_for(depot.now))
    row = await depot.session.scalar(select(CalendarFeed))
    assert row is not None and len(row.token_hash) == 32
    whose = await whose_feed(depot.session, token_for(depot.now), depot.fleet.today)
    assert whose is not None and (whose.driver_id, whose.language) == (dana.id, "fr")
    for wrong in ("", "token", token_for(depot.now + DAY), row.token_hash.hex()):
        assert not await follows(depot, wrong)
    assert list(await depot.session.scalars(select(AuditLog.action))) == ["calendar_opened"]


async def test_a_new_one_voids_the_old_and_pressed_twice_it_is_one(depot: Depot) -> None:
    dana = await depot.driver()
    assert await renew_feed(depot.session, dana, token_for, 1, depot.now) == Refused(Refusal.NOT_FOUND)
    old = await opened(depot, dana)
    new = await renew_feed(depot.session, dana, token_for, old.mark, depot.now)
    assert isinstance(new, Feed) and new != old
    assert not await follows(depot, token_for(old.made_at))
    assert await follows(depot, token_for(new.made_at))
    assert await renew_feed(depot.session, dana, token_for, old.mark, depot.now + DAY) == new
    assert await feed(depot.session, dana.id) == new


async def test_turned_off_it_is_void(depot: Depot) -> None:
    dana, ben = await depot.driver(), await depot.driver("Ben")
    old = await opened(depot, dana)
    await close_feed(depot.session, ben, depot.now)
    assert await follows(depot, token_for(old.made_at))
    for _ in range(2):
        await close_feed(depot.session, dana, depot.now)
        assert not await follows(depot, token_for(old.made_at))
    assert sorted(await depot.session.scalars(select(AuditLog.action))) == ["calendar_closed", "calendar_opened"]


async def test_r12_7_who_has_left_is_not_found_any_more(depot: Depot) -> None:
    dana = await depot.driver()
    at = await opened(depot, dana)
    await depot.session.execute(update(Employment).values(ends_on=depot.fleet.day(2)))
    assert await follows(depot, token_for(at.made_at), 2)
    assert not await follows(depot, token_for(at.made_at), 3)


@pytest.mark.parametrize("at_once", [True, False])
async def test_r12_7_whose_chat_goes_has_no_address_even_if_he_comes_back(depot: Depot, at_once: bool) -> None:
    dana = await depot.driver()
    await opened(depot, dana)
    last, at = (depot.fleet.today, depot.now) if at_once else (depot.fleet.day(1), depot.now + 2 * DAY)
    await leave_company(depot.session, depot.mona, dana.id, last, SAY, POLICY, depot.now)
    assert (await feed(depot.session, dana.id) is None) is at_once
    await clean_up(depot.session, POLICY, at)
    await stay_after_all(depot.session, depot.mona, dana.id, SAY, POLICY, depot.now)
    assert await feed(depot.session, dana.id) is None


async def test_r12_3_who_is_no_driver_any_more_is_not_found(depot: Depot) -> None:
    dana = await depot.driver()
    at = await opened(depot, dana)
    await depot.session.execute(update(CalendarFeed).values(user_id=(await depot.fleet.manager("Max", depot.north)).id))
    assert not await follows(depot, token_for(at.made_at))


async def test_it_shows_all_that_comes_four_weeks_back_and_what_was_lost(depot: Depot) -> None:
    fleet = depot.fleet
    dana, ben = await depot.driver(), await depot.driver("Ben")
    await depot.shift(dana, fleet.day(-29), status=AssignmentStatus.COMPLETED, confirmed=True, route="R1")
    past = await depot.shift(dana, fleet.day(-28), status=AssignmentStatus.COMPLETED, confirmed=True, route="R2")
    await depot.shift(ben, fleet.day(1), route="R3")
    gone = await fleet.cancelled_by(dana, await fleet.route("R4", depot.north), fleet.day(2))
    far = await depot.shift(dana, fleet.day(300), route="R5")
    shown = await feed_shifts(depot.session, dana.id, POLICY, depot.now)
    assert [(each.assignment_id, each.confirmed, each.cancelled) for each in shown] == [
        (past.id, True, False),
        (gone.id, False, True),
        (far.id, False, False),
    ]
    assert shown[1].changed_at == depot.now and shown[0].changed_at == depot.now - timedelta(days=5)
    assert (shown[2].warehouse, shown[2].address) == ("North", "1 North St")
    assert shown[2].starts_at == local_instant(fleet.day(300), time(7), POLICY)
    assert shown[2].over_at == local_instant(fleet.day(300), time(13), POLICY)
