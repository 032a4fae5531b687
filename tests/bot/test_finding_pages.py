"""Commands in one line, as people write them: misspelled, in either language, with a day or without (PRODUCT)."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot import conversations
from bot.conversations import Step
from domain.db.models import User
from domain.people.queries import linked_chat
from domain.policy import TORONTO
from tests.bot.town import Town
from tests.domain.world import Fleet
from tests.story.phones import Phone
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
    both = await mona.writes("/emergency north demain", "2 routes have no driver")
    assert [label[:7] for label in labels(both)[:2]] == ["🔴 R12, ", "🔴 R120,"[:7]]
    several = await mona.writes("/emergency R12", "2 routes have no driver")
    assert labels(several)[-1] == "🏠 Home"


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
    await mona.writes("/unfilled", "3 routes have no driver")
    await mona.writes("/unfilled tomorrow", "2 routes have no driver")
    await mona.writes("/unfilled 120", "1 route has no driver", "R120")
    await mona.writes("/unfilled lakeshore", "Nothing of yours is without a driver there: “lakeshore”")
    await mona.writes("/unfilled R12 31 nov", "That day doesn't exist. Write for example /unfilled R12 24 nov")


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        ("/coverage", "Coverage"),
        ("/shifts", "today"),
        ("/shifts North", "North, today"),
        ("/unfilled", "R12"),
        ("/emergency R12", "2 routes have no driver"),
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
