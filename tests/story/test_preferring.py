"""A driver of the demo says what he likes to drive, and reads from when it counts, over HTTP (R3.1, R3.3)."""

from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.reader import Reader
from domain.db.models import DriverPreferences, PreferenceVersion, Route, User
from domain.policy import TORONTO
from domain.time import week_of
from tests.story.phones import Phone
from tests.story.test_writing import clock, labels, now_is

WEEK = timedelta(days=7)


async def preferred(sessions: async_sessionmaker[AsyncSession], last_name: str, first_name: str) -> list[str]:
    """The names of his routes, as the given table has them."""
    his = select(DriverPreferences.preferred_routes).join(User, User.id == DriverPreferences.user_id)
    async with sessions() as session:
        routes = (await session.scalars(his.where(User.last_name == last_name, User.first_name == first_name))).one()
        names = {row.id: row.name for row in await session.execute(select(Route.id, Route.name))}
    return [names[each] for each in routes]


@pytest.mark.parametrize(
    ("person", "name", "language", "words"),
    [
        (
            "amara-osei",
            ("Osei", "Amara"),
            "en",
            ("Preferences", "My preferences", "from the week of {day}", "Any route", "Then any route", "Saved.", "Add"),
        ),
        (
            "luc-tremblay",
            ("Tremblay", "Luc"),
            "fr",
            (
                "Préférences",
                "Mes préférences",
                "à partir de la semaine du {day}",
                "Toute route",
                "Puis toute route",
                "Enregistré.",
                "Ajouter",
            ),
        ),
    ],
)
async def test_r3_3_what_is_chosen_and_from_which_week_it_counts(
    sessions: async_sessionmaker[AsyncSession],
    calls: httpx.AsyncClient,
    person: str,
    name: tuple[str, str],
    language: str,
    words: tuple[str, ...],
) -> None:
    button, title, counts, any_route, then_any, saved, add = words
    phone, reader = Phone(calls, person), Reader(language, TORONTO)
    now = await clock(calls)
    monday, sunday = week_of(now.date())
    home = await phone.writes("/today", name[1])
    await phone.press(home, button)
    card = await phone.sees(title, counts.format(day=reader.day(monday + 2 * WEEK)))
    before = await preferred(sessions, *name)
    assert all(f"{n}. {route}, North" in card["text"] for n, route in enumerate(before, start=1))

    assert (await phone.press(card, any_route))["text"] == saved
    card = await phone.sees(title, then_any)
    await phone.press(card, f"✖️ {before[0]}")
    card = await phone.sees(title, f"1. {before[1]}, North")
    await phone.press(card, add)
    await phone.sees("North")
    card = await phone.writes(before[0].lower(), title, f"3. {before[0]}, North")
    await phone.press(card, f"⬆️ {before[0]}")
    await phone.sees(title, f"2. {before[0]}, North")
    assert await preferred(sessions, *name) == [before[1], before[0], before[2]]

    # The last second of Sunday is in; what comes after counts a week later.
    at = datetime.combine(sunday, now.timetz())
    await now_is(calls, at.replace(hour=23, minute=59, second=58))
    async with sessions() as session:
        count = len((await session.scalars(select(PreferenceVersion.id))).all())
    assert count == 5  # what the fleet began with, and four changes
    await now_is(calls, at.replace(hour=23, minute=59, second=59) + timedelta(seconds=2))
    card = await phone.writes("/preferences", title, counts.format(day=reader.day(monday + 3 * WEEK)))
    await phone.press(card, labels(card)[0])
    await phone.sees(title, "⏳", reader.day(monday + 3 * WEEK))
