"""R12.1: the number of who has left may be somebody else's by now; whose it is, the manager says, page by page."""

from datetime import date
from typing import Any

from sqlalchemy import select

from domain.db.models import User
from tests.bot.test_long_lists import build, changed, reaches
from tests.bot.town import Town
from tests.domain.world import Fleet
from tests.story.phones import Phone, until
from tests.story.test_working_day import labels


async def have_left(town: Town, *names: str) -> list[str]:
    """Who drove for a warehouse of Mona's until a while ago; their numbers."""
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        others = await fleet.warehouse("Z", await fleet.manager("Zed", linked=False))
        gone = (date(2020, 1, 1), fleet.day(-40))
        return [(await fleet.driver(each, home=others, employed=gone, linked=False)).phone for each in names]


async def chooses(mona: Phone, message: dict[str, Any], label: str, *texts: str) -> dict[str, Any]:
    """Presses it, and reads what the same message says then."""
    before = labels(message)
    await mona.press(message, label)
    shown = await until(lambda: changed(mona, message["message_id"], before), "another text")
    assert all(text in shown["text"] for text in texts), shown["text"]
    return shown


async def test_somebody_new_has_the_number_and_who_had_it_has_none(town: Town) -> None:
    mona = await build(town)
    [number] = await have_left(town, "Dana")
    async with town.serving():
        asked = await mona.writes(f"/invite Amara Osei {number}", f"Whose number is {number} now?", "Dana Test")
        assert labels(asked)[:2] == ["👤 It is Dana Test", "🆕 Somebody new: Amara Osei"]
        page = await chooses(
            mona, asked, "🆕 Somebody new: Amara Osei", "Invite Amara Osei?", "Dana Test has the number"
        )
        page = await reaches(mona, page, "✅ W23")
        assert "Invite Amara Osei?" in page["text"]
        await mona.press(page, "✅ W23")
        await mona.sees("Amara Osei drives for W23 from today on")
        await mona.sees("Hello Amara!", "https://t.me/")
    async with town.sessions() as session:
        rows = (await session.execute(select(User.first_name, User.phone).where(User.role == "driver"))).all()
    assert sorted(map(tuple, rows)) == [("Amara", number), ("Dana", "")]


async def test_it_is_he_and_without_a_whole_name_nobody_else(town: Town) -> None:
    mona = await build(town)
    dana, gil = await have_left(town, "Dana", "Gil")
    async with town.serving():
        asked = await mona.writes(
            f"/invite {gil}", "Whose number is", "If it is somebody new, write the first and last"
        )
        assert labels(asked)[:2] == ["👤 It is Gil Test", "✏️ Write it again"]
        both = await mona.writes(f"/invite Amara Osei {dana}", "Dana Test")
        page = await chooses(mona, both, "👤 It is Dana Test", "Invite Dana Test?", "comes back with what was")
        assert "More ›" in labels(page)
        await mona.press(page, "✅ W01")
        await mona.sees("Dana Test drives for W01 from today on")
        await mona.press_data(both, asked["keyboard"][0][0]["data"])  # of Gil, whom she has not written since
        await mona.sees("That was too long ago")
    async with town.sessions() as session:
        rows = (await session.execute(select(User.first_name, User.phone).where(User.role == "driver"))).all()
    assert sorted(map(tuple, rows)) == [("Dana", dana), ("Gil", gil)]
