"""R11.1: the inbox, newest first, and what of it has been read."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Delivery, Notification, WindowAsk
from domain.db.models.words import BidWindowStatus, Channel, DeliveryState, NotificationType, Urgency
from domain.notices.actions import Envelope, tell
from domain.notices.facts.offers import ShiftOffered
from domain.notices.inbox import inbox_entry, inbox_page, mark_all_read, mark_shown
from domain.notices.kinds import Kind
from domain.people.queries import UNREAD_MOST, Person, at_home
from tests.domain.world import POLICY, SAY, Fleet

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def dana(fleet: Fleet) -> Person:
    return await fleet.driver("Dana", home=await fleet.warehouse())


async def note(fleet: Fleet, person: Person, at: datetime, **values: Any) -> uuid.UUID:
    given = {"type": NotificationType.MANUAL, "title": f"at {at:%H:%M}", "body": "", "read": False}
    return await fleet.add(Notification, user_id=person.id, created_at=at, **(given | values))


async def unread(session: AsyncSession, person: Person) -> set[uuid.UUID]:
    return set(
        await session.scalars(
            select(Notification.id).where(Notification.user_id == person.id, Notification.read.is_(False))
        )
    )


async def test_r11_1_newest_first_in_pages_and_only_his(fleet: Fleet, dana: Person, now: datetime) -> None:
    his = [await note(fleet, dana, now + n * MINUTE, read=n < 5) for n in range(7)]
    await note(fleet, await fleet.driver("Else"), now)
    for number, expected in {0: his[:3:-1], 1: his[3:0:-1], 2: his[:1]}.items():
        page = await inbox_page(fleet.session, dana.id, number, 3)
        assert [entry.id for entry in page.entries] == expected
        assert (page.total, page.unread, page.page, page.pages) == (7, 2, number, 3)
        assert [entry.new for entry in page.entries] == [id_ in his[5:] for id_ in expected]


async def test_a_page_that_there_is_not_is_the_nearest(fleet: Fleet, dana: Person, now: datetime) -> None:
    for n in range(4):
        await note(fleet, dana, now + n * MINUTE)
    for number, shown in {-5: 0, 1: 1, 2: 1, 999_999: 1}.items():
        assert (await inbox_page(fleet.session, dana.id, number, 3)).page == shown


async def test_an_empty_inbox_has_one_page(fleet: Fleet, dana: Person) -> None:
    page = await inbox_page(fleet.session, dana.id, 3, 5)
    assert (page.entries, page.total, page.unread, page.page, page.pages) == ((), 0, 0, 0, 1)


async def test_entries_of_one_instant_have_one_order(fleet: Fleet, dana: Person, now: datetime) -> None:
    his = {await note(fleet, dana, now) for _ in range(6)}
    shown = [
        entry.id for number in (0, 1, 2) for entry in (await inbox_page(fleet.session, dana.id, number, 2)).entries
    ]
    assert set(shown) == his


async def test_what_was_told_says_what_it_is_about(fleet: Fleet, dana: Person, now: datetime) -> None:
    window = uuid.uuid4()
    offered = ShiftOffered("R12", "North", fleet.today, now, 20, "emergency", now)
    envelope = Envelope(Kind.OFFER, window, level=Urgency.URGENT)
    assert await tell(fleet.session, [dana.id], offered, envelope, SAY, POLICY, now) == 1
    [entry] = (await inbox_page(fleet.session, dana.id, 0, 5)).entries
    assert (entry.title, entry.at, entry.new) == ("R12, North needs a driver", now, True)
    assert (entry.kind, entry.about) == (Kind.OFFER, window)
    assert await inbox_entry(fleet.session, dana.id, entry.id) == entry


@pytest.mark.parametrize("data", [None, {}, {"kind": "offer", "about": "no id"}, {"about": ""}, [1], "text"])
async def test_what_another_program_wrote_is_shown_all_the_same(
    fleet: Fleet, dana: Person, now: datetime, data: Any
) -> None:
    await note(fleet, dana, now, data=data)
    [entry] = (await inbox_page(fleet.session, dana.id, 0, 5)).entries
    assert entry.about is None


async def test_r12_4_an_entry_of_somebody_elses_is_none(fleet: Fleet, dana: Person, now: datetime) -> None:
    other = await note(fleet, await fleet.driver("Else"), now)
    assert await inbox_entry(fleet.session, dana.id, other) is None
    assert await inbox_entry(fleet.session, dana.id, uuid.uuid4()) is None


async def test_r11_1_what_was_shown_is_read_and_nothing_else(fleet: Fleet, dana: Person, now: datetime) -> None:
    elsa = await fleet.driver("Else")
    first, second, hers = [await note(fleet, person, now) for person in (dana, dana, elsa)]
    await mark_shown(fleet.session, dana.id, [first, hers])
    assert await unread(fleet.session, dana) == {second}
    assert await unread(fleet.session, elsa) == {hers}, "another's stays as it is (R12.4)"
    await mark_shown(fleet.session, dana.id, [])
    assert await unread(fleet.session, dana) == {second}


async def test_mark_all_read_takes_all_up_to_the_one_that_he_saw(fleet: Fleet, dana: Person, now: datetime) -> None:
    old, seen, since = [await note(fleet, dana, now + n * MINUTE) for n in range(3)]
    elsa = await fleet.driver("Else")
    hers = await note(fleet, elsa, now + 9 * MINUTE)
    await mark_all_read(fleet.session, dana.id, hers)
    assert await unread(fleet.session, dana) == {old, seen, since}, "not by an entry of somebody else's"
    await mark_all_read(fleet.session, dana.id, seen)
    assert await unread(fleet.session, dana) == {since}, "what has come since he has not seen"
    assert await unread(fleet.session, elsa) == {hers}


async def test_the_home_card_counts_what_is_unread(fleet: Fleet, dana: Person, now: datetime) -> None:
    for n in range(UNREAD_MOST + 5):
        await note(fleet, dana, now, read=n < 3)
    home = await at_home(fleet.session, dana.id, fleet.today, now)
    assert home is not None and home.unread == UNREAD_MOST + 1, "and no further"
    await fleet.session.execute(update(Notification).values(read=True))
    home = await at_home(fleet.session, dana.id, fleet.today, now)
    assert home is not None and (home.unread, home.first_name, home.away_until) == (0, "Dana", None)
    assert await at_home(fleet.session, uuid.uuid4(), fleet.today, now) is None


async def test_the_home_card_looks_only_for_what_there_is(fleet: Fleet, dana: Person, now: datetime) -> None:
    async def looked_for() -> tuple[bool, ...]:
        home = await at_home(fleet.session, dana.id, fleet.today, now)
        assert home is not None
        return home.asked, home.called_off

    route = await fleet.route("R9", await fleet.warehouse("South"))
    over = await fleet.window(await fleet.slot(route, fleet.day(3)), status=BidWindowStatus.CLOSED)
    await fleet.put(WindowAsk, {"window_id": over, "user_id": dana.id, "asked_at": now, "on": fleet.day(3)})
    assert await looked_for() == (False, False)
    slot = await fleet.shift(route, dana, fleet.day(2))
    window = await fleet.window(await fleet.slot(route))
    await fleet.put(WindowAsk, {"window_id": window, "user_id": dana.id, "asked_at": now, "on": fleet.today})
    assert await looked_for() == (True, False)
    told = {"user_id": dana.id, "channel": Channel.TELEGRAM, "kind": Kind.SHIFT_CANCELLED, "about": slot.id}
    await fleet.add(Delivery, **told, urgency=0, state=DeliveryState.SENT, created_at=now)
    assert await looked_for() == (True, True)
