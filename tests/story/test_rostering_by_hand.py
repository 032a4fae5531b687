"""A manager of the demo looks at the weeks to come, asks what if, and has what is empty filled, over HTTP (R3.9)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.reader import Reader
from domain.db.models import Assignment, DriverPreferences, PreferenceVersion
from domain.db.models.words import AssignedBy
from domain.policy import TORONTO
from domain.time import week_of
from tests.story.test_by_hand import nadia_of
from tests.story.test_working_day import labels, now

PNG = b"\x89PNG"


async def picture_of(calls: httpx.AsyncClient, message: dict[str, Any]) -> bytes:
    assert message["photo"] is not None
    return (await calls.get(message["photo"])).content


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            {
                "weeks": "The rosters of your warehouses",
                "sunday": "Sunday night",
                "filled": "A roster made now would fill",
                "why": "stay empty",
                "reason": "Nobody who can be given shifts prefers R1 on Fridays.",
                "back": "‹ Roster",
                "if": "What if…",
                "whose": "What if a driver drove on other days",
                "new": "A new driver",
                "terms": "What if: a new driver",
                "see": "See the difference",
                "instead": "instead of",
                "unchanged": "Nothing has been changed.",
                "without": "Without it",
                "fill": "✅ Fill",
                "sure": "Fill the empty shifts now?",
                "yes": "Yes, fill them now",
                "got": "got their drivers",
            },
        ),
        (
            "fr",
            {
                "weeks": "Les horaires de vos entrepôts",
                "sunday": "dans la nuit de dimanche",
                "filled": "Un horaire fait maintenant comblerait",
                "why": "restent vides",
                "reason": "Personne à qui des quarts peuvent être donnés ne préfère R1 le vendredi.",
                "back": "‹ Horaire",
                "if": "Et si…",
                "whose": "Et si un chauffeur roulait d’autres jours",
                "new": "Un nouveau chauffeur",
                "terms": "Et si\u00a0: un nouveau chauffeur",
                "see": "Voir la différence",
                "instead": "au lieu de",
                "unchanged": "Rien n’a été changé.",
                "without": "Sans cela",
                "fill": "✅ Combler",
                "sure": "Combler maintenant les quarts vides?",
                "yes": "Oui, les combler maintenant",
                "got": "ont reçu leur chauffeur",
            },
        ),
    ],
)
async def test_r3_9_the_weeks_to_come(
    calls: httpx.AsyncClient,
    sessions: async_sessionmaker[AsyncSession],
    language: str,
    words: dict[str, str],
) -> None:
    manager, reader = await nadia_of(calls), Reader(language, TORONTO)
    if language == "fr":
        await manager.press(await manager.writes("/settings", "Settings"), "Français")
        await manager.sees("Réglages")
    async with sessions.begin() as session:  # nobody likes Fridays and weekends
        await session.execute(update(DriverPreferences).values(preferred_days=[1, 2, 3, 4]))
    monday = week_of((await now(calls)).date())[0] + timedelta(days=7)
    week = reader.day(monday)
    listed = await manager.writes("/roster", words["weeks"], words["sunday"], week)
    await manager.press(listed, week)
    card = await manager.sees(week, words["filled"])
    assert (await picture_of(calls, card)).startswith(PNG)

    await manager.press(card, words["why"])
    gaps = await manager.sees(week, words["reason"])
    assert gaps["photo"] is None
    await manager.press(gaps, words["back"])
    card = await manager.sees(week, words["filled"])

    await manager.press(card, words["if"])
    await manager.press(await manager.sees(words["whose"]), words["new"])
    await manager.press(await manager.sees(words["terms"]), "+1")
    await manager.press(await manager.sees(words["terms"]), words["see"])
    changed = await manager.sees(words["instead"], words["unchanged"])
    assert (await picture_of(calls, changed)).startswith(PNG)
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(PreferenceVersion)) == 0

    await manager.press(changed, words["without"])
    card = await manager.sees(week, words["filled"])
    await manager.press(card, words["fill"])
    await manager.press(await manager.sees(words["sure"]), words["yes"])
    done = await manager.sees(week, words["got"])
    assert not any(words["fill"] in label for label in labels(done))
    async with sessions() as session:
        by_roster = select(func.count()).where(
            Assignment.on >= monday, Assignment.assigned_by == AssignedBy.ALGORITHM, Assignment.user_id.is_not(None)
        )
        assert (await session.scalar(by_roster) or 0) > 20
