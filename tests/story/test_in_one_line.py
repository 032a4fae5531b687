"""A route, what is offered, and a week's roster, by what is written behind the command (PRODUCT)."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.reader import Reader
from domain.db.models import Assignment
from domain.db.models.words import AssignmentStatus
from domain.policy import TORONTO
from domain.time import week_of
from tests.story.phones import Phone
from tests.story.test_by_hand import nadia_of, slot_of
from tests.story.test_working_day import labels, now

ROSTERS = "The rosters of your warehouses"


@pytest.fixture
async def nadia(calls: httpx.AsyncClient) -> Phone:
    """The manager of North, R1 to R12, who reads English."""
    return await nadia_of(calls)


@pytest.fixture
async def elise(calls: httpx.AsyncClient) -> Phone:
    """The other one, who reads French."""
    return Phone(calls, "elise-fortin")


async def test_a_route_by_its_name(nadia: Phone, elise: Phone) -> None:
    card = await nadia.writes("/routes R12", "R12, North", "Runs ")
    assert "✏️ Rename" in labels(card)
    await nadia.writes("/routes route 12 tomorrow", "R12, North", "Runs ")
    await nadia.writes("/routes", "Your routes")

    ten = await nadia.writes("/routes nor", "That may mean several", "… and 2 more")
    assert labels(ten)[:2] == ["R1, North", "R2, North"] and labels(ten)[-2:] == ["‹ Routes", "🏠 Home"]
    await nadia.press(ten, "R3, North")
    await nadia.sees("R3, North", "Runs ")

    near = await nadia.writes("/routes Q12", "None of your routes is called “Q12”", "Do you mean one of these?")
    await nadia.press(near, "R12, North")
    await nadia.sees("R12, North", "Runs ")
    hers = await nadia.writes("/routes R13", "None of your routes is called “R13”")  # of South
    assert not any("R13" in label for label in labels(hers))
    await nadia.writes("/routes <b>Zoltan & co", "None of your routes is called “<b>Zoltan & co”", "/routes R12")

    await elise.writes("/routes rouute 12", "Aucune de vos routes ne s’appelle «\u00a0rouute 12\u00a0»")
    await elise.writes("/routes r-12", "R12, North", "Roule")


async def test_what_is_offered_by_a_place_and_a_day(
    calls: httpx.AsyncClient, sessions: async_sessionmaker[AsyncSession], nadia: Phone, elise: Phone
) -> None:
    tomorrow = (await now(calls)).date() + timedelta(days=1)
    slot = await slot_of(sessions, tomorrow, "R3")
    async with sessions.begin() as session:  # without a driver, too
        free = {"status": AssignmentStatus.UNFILLED, "user_id": None, "assigned_by": None, "confirmed_at": None}
        await session.execute(update(Assignment).where(Assignment.id == slot.id).values(free))
    await nadia.writes("/windows R12", "Nothing of yours is offered there: “R12”")
    await nadia.press(await nadia.writes("/emergency R12", "R12, North", "No driver."), "Emergency")
    await nadia.sees("R12, North: drivers are being asked")
    await nadia.press(await nadia.writes("/emergency R3 tomorrow", "R3, North", "No driver."), "To the first")
    await nadia.sees("R3, North: the first to accept has it")

    await nadia.writes("/windows tomorow", "R3, North: the first to accept has it")  # the only one: its own card
    await nadia.writes("/windows r-12", "R12, North: drivers are being asked")
    await nadia.writes("/windows tomorrow R12", "Nothing of yours is offered there: “tomorrow R12”")
    for both in ("North", "this week", "week north"):
        listed = await nadia.writes(f"/windows {both}", "2 routes are offered", "R12", "R3")
        assert "🙋 All offers" in labels(listed)
    await nadia.press(listed, "R3, North")
    await nadia.sees("R3, North: the first to accept has it")
    await nadia.writes("/windows next week", "Nothing of yours is offered there: “next week”")

    near = await nadia.writes("/windows Q12", "is called “Q12”", "Do you mean one of these?")
    await nadia.press(near, "R12, North")
    await nadia.sees("R12, North: drivers are being asked")
    none = await nadia.writes("/windows Zoltan", "is called “Zoltan”", "/windows tomorrow")
    assert labels(none) == ["🙋 All offers", "🔎 Uncovered routes", "🏠 Home"]
    await nadia.press(none, "All offers")
    await nadia.sees("2 routes are offered")
    await nadia.writes("/windows R12 31 nov", "That day doesn't exist. Write for example /windows R12 24 nov")

    await elise.writes("/windows demain", "R3, North")
    await elise.writes(
        "/windows vendredi prochain", "Rien chez vous n’y est offert\u00a0: «\u00a0vendredi prochain\u00a0»"
    )
    await elise.writes("/windows Québec", "ne s’appelle «\u00a0Québec\u00a0»", "/windows demain")


async def test_a_roster_by_its_week(calls: httpx.AsyncClient, nadia: Phone, elise: Phone) -> None:
    today = (await now(calls)).date()
    monday, next_monday = (week_of(today)[0] + timedelta(days=days) for days in (0, 7))
    in_english, in_french = Reader("en", TORONTO), Reader("fr", TORONTO)
    would_fill = "A roster made now would fill"

    await nadia.writes("/roster next week", in_english.day(next_monday), would_fill)
    await nadia.writes(
        f"/roster week of {next_monday + timedelta(days=3):%d %b}", in_english.day(next_monday), would_fill
    )
    await nadia.writes("/roster North in 2 weeks", in_english.day(next_monday + timedelta(days=7)), would_fill)
    await nadia.writes("/roster this week", in_english.day(monday), "As of")
    await nadia.writes("/roster North", ROSTERS)

    listed = await nadia.writes("/roster last week", "That week can't be looked at. Choose one of these.", ROSTERS)
    await nadia.press(listed, in_english.day(next_monday))
    await nadia.sees(in_english.day(next_monday), would_fill)
    await nadia.writes("/roster Zoltan", "I can't read “Zoltan” as a week or a day", "/roster next week", ROSTERS)
    await nadia.writes("/roster 31 nov", "That day doesn't exist. Write for example /roster 24 nov", ROSTERS)

    await elise.writes("/roster la semaine prochaine", in_french.day(next_monday), "comblerait")
    await elise.writes("/roster la semaine passée", "Cette semaine ne peut pas être consultée")
    await elise.writes("/roster Québec", "Je ne lis dans «\u00a0Québec\u00a0»", "/roster semaine prochaine")
