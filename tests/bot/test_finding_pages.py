"""Commands in one line, as people write them: misspelled, in either language, with a day or without (PRODUCT)."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from bot import conversations
from bot.callbacks.coverage import CoverageOf
from bot.conversations import Step
from bot.reader import Reader
from domain.db.models import ContactSettings, User, Warehouse
from domain.people.queries import linked_chat
from domain.policy import TORONTO
from domain.time import week_of
from tests.bot.town import Town
from tests.domain.world import Fleet
from tests.story.phones import Phone, until
from tests.story.test_working_day import labels


@dataclass
class Place:
    """Mona manages North and North Bay; tomorrow R12 and R120 of North have no driver, and the day after R12 hasn't."""

    mona: Phone
    today: date

    def day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)


@pytest.fixture
async def place(town: Town) -> AsyncIterator[Place]:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
        north, bay = await fleet.warehouse("North", mona), await fleet.warehouse("North Bay", mona)
        r12, r120 = await fleet.route("R12", north), await fleet.route("R120", north)
        south = await fleet.warehouse("South", sue)
        for route, day in ((r12, 1), (r12, 2), (r120, 1), (await fleet.route("R13", south), 1)):
            await fleet.slot(route, fleet.day(day))
        driver = await fleet.driver("Dana", home=bay)
        await fleet.shift(await fleet.route("Lakeshore", bay), driver, fleet.day(1), confirmed=True)
        chat = await linked_chat(session, mona.id)
    account = {"user_id": chat, "started": True}
    body = {"id": "mona", "name": "Mona Test", "phone": mona.phone, "language": "en", "telegram": account}
    (await town.calls.post("/sandbox/people", json=body)).raise_for_status()
    async with town.serving():
        yield Place(Phone(town.calls, "mona"), town.now.astimezone(TORONTO).date())


async def test_an_emergency_is_found_by_a_name_and_a_day(place: Place) -> None:
    mona = place.mona
    card = await mona.writes("/emergency r-12 tomorow", "R12, North", "No driver.")
    assert any("🚨" in label for label in labels(card))
    await mona.writes(f"/emergency {place.day(2):%A} route 12", "R12, North", "No driver.")
    both = await mona.writes("/emergency north demain", "2 shifts have no driver")
    assert [label[:7] for label in labels(both)[:2]] == ["🔴 R12, ", "🔴 R120,"[:7]]
    several = await mona.writes("/emergency R12", "2 shifts have no driver")
    assert labels(several)[-1] == "🏠 Home"


async def in_french(town: Town) -> Phone:
    """Maud, who manages nothing but East, in French."""
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        maud = await fleet.manager("Maud")
        east = await fleet.warehouse("East", maud)
        await fleet.route("E1", east)
        chat = await linked_chat(session, maud.id)
        await fleet.put(ContactSettings, {"user_id": maud.id, "language": "fr"})
    account = {"user_id": chat, "started": True}
    body = {"id": "maud", "name": "Maud Test", "phone": maud.phone, "language": "fr", "telegram": account}
    (await town.calls.post("/sandbox/people", json=body)).raise_for_status()
    return Phone(town.calls, "maud")


async def test_a_day_in_a_fill_line_goes_before_the_beginning_of_a_name(town: Town, place: Place) -> None:
    """`/fill R6 sat` is about Saturday, though Hana Sato is a driver; her whole name is hers."""
    mona, day = place.mona, place.day(2)
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        north = await session.scalar(select(Warehouse.id).where(Warehouse.name == "North"))
        hana = await fleet.driver("Hana", home=north)
        await session.execute(update(User).where(User.id == hana.id).values(last_name=f"{day:%a}o"))
    in_english = Reader("en", TORONTO)
    who = await mona.writes(f"/fill R12 {day:%a}", "Who drives R12")
    assert in_english.day(day) in who["text"]
    await mona.writes(f"/fill R120 tomorrow {day:%a}o", f"Give R120, North to Hana {day:%a}o?")
    none = await mona.writes(f"/fill R120 {day:%a}", f"R120 doesn't run on {in_english.day(day)}, or that week isn't")
    [roster] = [label for label in labels(none) if "Roster of the week" in label]
    await mona.press(none, roster)
    await mona.sees(in_english.day(week_of(day)[0]), "roster")


async def test_a_fill_line_says_which_year_and_whom_it_has_not_found(town: Town, place: Place) -> None:
    mona, far = place.mona, place.day(400)
    for text in ("/fill R12 in 400 days Dana", f"/fill R12 {far.isoformat()} Dana"):
        none = await mona.writes(text, "R12 doesn't run on", f"{far.year}, or")
        assert not [label for label in labels(none) if "Roster" in label], "so far ahead there is none"
    await mona.writes(f"/fill Lakeshore {far.isoformat()} Nobody Atall", "is called “Nobody Atall”", "doesn't run on")
    await mona.writes(
        "/fill Lakeshore Nobody", "is called “Nobody”", "has a driver on every day that is planned so far"
    )
    maud = await in_french(town)
    await maud.writes("/fill E1 dans 400 jours", "Pas de E1", f"{far.year})")
    await maud.writes("/fill E1 Zoltan", "ne s’appelle «\u00a0Zoltan\u00a0»", "chaque jour planifié jusqu’ici")


async def shows(phone: Phone, day: str) -> bool:
    """Itself, and not how far it goes."""
    texts = [message["text"] for message in await phone.chat() if message["from"] == "bot"]
    return any(day in text and "can't be shown" not in text for text in texts)


async def test_a_day_that_is_too_far_is_not_taken_for_today(town: Town, place: Place) -> None:
    mona, in_english = place.mona, Reader("en", TORONTO)
    far, today = place.day(400), place.today
    for command, back, ahead in (("/coverage", 56, 35), ("/shifts", 7, 14)):
        days = f"from {in_english.dated(place.day(-back), today)} to {in_english.dated(place.day(ahead), today)}"
        offered = await mona.writes(f"{command} {far.isoformat()}", f"{far.year} can't be shown here", days)
        await mona.writes(f"{command} {place.day(-60).isoformat()}", "can't be shown here", days)
        label = in_english.dated(place.day(ahead), today)
        assert label in labels(offered)[0]
        await mona.press(offered, label)
        await until(partial(shows, mona, in_english.day(place.day(ahead))), "that day, in place of the offer or below")
    offered = await mona.writes(f"/coverage North {far.isoformat()}", "can't be shown here")
    assert CoverageOf.fits(offered["keyboard"][0][0]["data"])
    maud = await in_french(town)
    for command in ("/coverage", "/shifts"):
        await maud.writes(f"{command} {far.isoformat()}", "Impossible d’afficher ici", f"{far.year}\u00a0:")


async def test_all_of_a_day_are_shown_page_by_page(town: Town, place: Place) -> None:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        bay = await session.scalar(select(Warehouse.id).where(Warehouse.name == "North Bay"))
        assert bay is not None
        for number in range(20):
            await fleet.slot(await fleet.route(f"B{number:02}", bay), fleet.day(3))
    mona, day = place.mona, f"{place.day(3):%A}"
    first = await mona.writes(f"/unfilled {day}", "20 shifts have no driver", "B07")
    assert "more" not in first["text"] and "B08" not in first["text"]
    await mona.press(first, "›")
    second = await mona.sees("20 shifts have no driver", "B08")
    assert "B00" not in second["text"]
    some = await mona.writes("/unfilled north bay", "20 shifts have no driver", "… and 12 more")
    assert some["text"].index("and 12 more") < some["text"].index("Press one")


async def test_what_stands_behind_a_list_is_read_or_said_not_to_be(town: Town, place: Place) -> None:
    mona, maud = place.mona, await in_french(town)
    await mona.writes("/drivers dana", "👤 Dana Test")
    await mona.writes("/drivers zzz", "No driver of your warehouses is called “zzz”")
    await mona.writes("/warehouses north-bay", "North Bay")
    await mona.writes("/managers north bay", "Who manages North Bay")
    for command in ("/warehouses", "/managers"):
        near = await mona.writes(f"{command} Nroth", "None of your warehouses is called “Nroth”", "Do you mean")
        assert labels(near)[0] == "North"
        await mona.writes(f"{command} zzz", "None of your warehouses is called “zzz”")
        await maud.writes(f"{command} zzz", "ne s’appelle «\u00a0zzz\u00a0»")
    for text in ("banana", "tomorrow", "31 feb"):
        away = await mona.writes(f"/away {text}", f"behind /away (“{text}”): press below until when", "Going away?")
        assert "For two weeks" in labels(away)
    await maud.writes("/away demain", "ce qui suit /away («\u00a0demain\u00a0»)\u00a0: choisissez")
    await maud.writes("/drivers zzz", "zzz")


async def test_what_is_misspelled_is_offered(place: Place) -> None:
    mona = place.mona
    near = await mona.writes("/emergency Q12 tomorrow", "No uncovered route of yours is called “Q12”", "Do you mean")
    assert [label for label in labels(near) if label.startswith("🔴 R12, ")]
    await mona.press(near, "R12")
    await mona.sees("R12, North", "No driver.")
    not_hers = await mona.writes("/emergency R13 tomorrow", "No uncovered route of yours is called “R13”")
    assert not [label for label in labels(not_hers) if "R13" in label]
    near = await mona.writes("/close Nroth tomorrow", "is called “Nroth”", "Do you mean")
    await mona.press(near, "North")
    await mona.sees("Close North on")
    near = await mona.writes("/shifts Nroth", "I can't read “Nroth”", "Do you mean")
    await mona.press(near, "North")
    await mona.sees("North, today")
    near = await mona.writes("/fill R1120 tomorrow Osei", "I can't find a route of yours", "Do you mean")
    await mona.press(near, "R120")
    await mona.sees("Who drives R120, North")
    near = await mona.writes("/driver Dama", "is called “Dama”", "Do you mean")
    await mona.press(near, "Dana")
    await mona.sees("Dana")


async def test_several_that_are_called_so_are_buttons(place: Place) -> None:
    several = await place.mona.writes("/shifts nor", "That may mean several")
    assert labels(several)[:2] == ["North", "North Bay"]
    await place.mona.press(several, "North Bay")
    await place.mona.sees("North Bay, today")
    await place.mona.writes("/shifts NORTH tomorrow", "North, tomorrow")  # a whole name before the beginning of others


async def test_what_is_uncovered_somewhere_on_some_day(place: Place) -> None:
    mona = place.mona
    await mona.writes("/unfilled", "3 shifts have no driver")
    await mona.writes("/unfilled tomorrow", "2 shifts have no driver")
    await mona.writes("/unfilled 120", "1 shift has no driver", "R120")
    await mona.writes("/unfilled lakeshore", "Nothing of yours is without a driver there: “lakeshore”")
    await mona.writes("/unfilled R12 31 nov", "That day doesn't exist. Write for example /unfilled R12 24 nov")


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        ("/coverage", "Coverage"),
        ("/shifts", "today"),
        ("/shifts North", "North, today"),
        ("/unfilled", "R12"),
        ("/emergency R12", "2 shifts have no driver"),
        ("/windows", "No route is offered"),
        ("/windows R12", "Nothing of yours is offered there"),
        ("/routes R120", "R120, North"),
        ("/roster Zoltan", "I can't read “Zoltan”"),
    ],
)
async def test_r12_4_what_was_asked_before_a_command_is_not_answered_after_it(
    town: Town, place: Place, command: str, shows: str
) -> None:
    async with town.sessions.begin() as session:
        mona = await session.scalar(select(User.id).where(User.first_name == "Mona"))
        assert mona is not None
        await conversations.ask(session, mona, Step.EXCUSE, {"incident_id": str(uuid.uuid4())}, town.now)
    await place.mona.writes(command, shows)
    async with town.sessions() as session:
        assert await conversations.asked(session, mona, town.now) is None
