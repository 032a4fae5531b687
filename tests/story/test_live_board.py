"""A manager's live board and the evening's list, over HTTP as she reads and presses them (PRODUCT, R11.4a)."""

from datetime import timedelta

import httpx
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.coverage import BoardOf
from domain.db.models import Assignment
from sandbox.fleet import INVITE
from tests.story.phones import Phone
from tests.story.test_working_day import arrived, becomes, labels, now, now_is, working

Sessions = async_sessionmaker[AsyncSession]


async def test_the_board_follows_the_morning_and_the_list_tells_of_tomorrow(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    nadia, marc = Phone(calls, "nadia-haddad"), Phone(calls, "marc-andre-gagnon")
    await nadia.start(INVITE)
    home = await nadia.sees("Hello Nadia", "North")
    await nadia.press(home, "Today's shifts")
    board = await nadia.sees("North, today", "🔴 1 without a driver")
    assert board["message_id"] == home["message_id"]
    it = await working(calls, sessions, "en")
    line = next(line for line in board["text"].splitlines() if f" {it.route} " in line)
    assert line.startswith("👍") and line.endswith("due by 09:00")

    # A driver arrives: the board shows it, in place and by itself.
    await arrived(it)
    followed = await nadia.sees("North, today", f"📍 {it.route}", "there since 07:20")
    assert followed["message_id"] == board["message_id"]
    await nadia.press(followed, "Tomorrow ›")
    tomorrow = await nadia.sees("North, tomorrow")
    assert tomorrow["message_id"] == board["message_id"] and "‹ Today" in labels(tomorrow)
    await nadia.press(tomorrow, "‹ Today")
    await nadia.press(await nadia.sees("North, today"), "🔴 R12")
    await nadia.press(await nadia.sees("R12, North", "could be asked"), "📋 Shifts")
    await nadia.sees("North, today", f"📍 {it.route}")

    # Half an hour before nine whoever is not there is put first; the button leads to her, and back.
    await now_is(calls, (await now(calls)).replace(hour=8, minute=31))
    late = await nadia.writes("/shifts", "North, today", "not there, due by 09:00")
    missing = next(label for label in labels(late) if label.startswith("⏰"))
    await nadia.press(late, missing)
    await nadia.press(await nadia.sees(f"{missing.split()[1]}, North", "☎️ +1"), "📋 Shifts")
    assert "not there, due by 09:00" in (await becomes(nadia, late, "North, today"))["text"]

    # In French, and only what is his.
    await marc.send("/shifts")
    south = await marc.sees("South, aujourd’hui", "pas arrivés")
    assert "North" not in south["text"] and "‹ Hier" in labels(south)
    async with sessions() as session:
        north = (await session.get_one(Assignment, it.assignment_id)).warehouse_id
    await marc.press_data(south, BoardOf(north, 0, 0).pack())
    refused = await marc.sees("Je ne trouve pas cela dans vos entrepôts")
    assert "R12" not in refused["text"]
    await marc.writes("/shifts", "South, aujourd’hui")

    # A day and a warehouse may be named.
    await nadia.writes("/shifts north tomorrow", "North, tomorrow")
    for nonsense in ("31 feb", "South", "whenever"):
        await nadia.writes(f"/shifts {nonsense}", f"I can't read “{nonsense}” as a day or as one of your warehouses")

    # A driver has no board.
    await it.phone.send("/shifts")
    await it.phone.sees("That is for managers.")

    # The evening: what of tomorrow is covered, each manager in her or his words.
    await now_is(calls, (await now(calls)).replace(hour=18, minute=0) + timedelta(seconds=1))
    await nadia.sees("Tomorrow, ", "all 12 routes are covered.")
    listed = await marc.sees("Demain, ", "1 route sur 10 n’a pas de chauffeur.", "R20")
    await marc.press(listed, "Les quarts de ce jour")
    await marc.sees("South, demain", "R20")
