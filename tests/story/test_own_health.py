"""/health as a driver sees it, over HTTP: nothing yet, the picture, and after a no-show (R10.1, R10.2)."""

import httpx
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.db.models import DriverMetrics
from tests.story.phones import Phone
from tests.story.test_late_and_missed import alone, clock
from tests.story.test_late_and_missed import nadia as nadia
from tests.story.test_rostering_by_hand import PNG, picture_of
from tests.story.test_working_day import labels, working

Sessions = async_sessionmaker[AsyncSession]


async def test_r10_1_score_and_stars_in_the_chat(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    phone = it.phone
    async with sessions.begin() as session:
        his = {"total_shifts": 10, "completed_shifts": 9, "completion_rate": 0.9}
        await session.execute(update(DriverMetrics).where(DriverMetrics.user_id == it.user_id).values(his))
    home = await phone.sees("Hello")
    assert "⭐ My score" in labels(home)
    await phone.press(home, "My score")
    await phone.sees("Your score: 92 of 100", "+45 Attendance: 9 of 10 shifts driven", "Next star:")

    await alone(calls, sessions, it)
    await clock(calls, 9)
    await phone.sees("You weren't at North by 09:00")
    after = await phone.writes(
        "/health", "Your score: 49 of 100", "it is 49 at the most", f"No-show: {it.route}, North"
    )
    assert (await picture_of(calls, after)).startswith(PNG)
    await phone.press(after, "Why no new shifts")
    await phone.sees("How you stand", "You get no new shifts for now")


async def test_r10_1_before_the_first_shift_in_french(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "fr")
    async with sessions.begin() as session:
        await session.execute(delete(DriverMetrics).where(DriverMetrics.user_id == it.user_id))
    shown = await it.phone.writes("/health", "Votre score commence avec votre premier quart")
    assert shown.get("photo") is None and "🗓 Mes quarts" in labels(shown)


async def test_r12_4_a_manager_has_none(calls: httpx.AsyncClient, nadia: Phone) -> None:
    await nadia.writes("/health", "for drivers")
