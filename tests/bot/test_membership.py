"""Somebody blocks the bot, and comes back (R11.2)."""

from datetime import datetime

from sqlalchemy import func, select

from domain.db.models import ChatLink, LastHeard
from tests.bot.town import Town
from tests.story.phones import Phone, until


async def blocks(phone: Phone, blocked: bool) -> None:
    """On his phone; Telegram tells the bot (my_chat_member)."""
    answer = await phone.calls.patch(f"/sandbox/people/{phone.person}", json={"blocked": blocked})
    answer.raise_for_status()


async def unreachable_at(town: Town) -> datetime | None:
    async with town.sessions() as session:
        return (await session.scalars(select(ChatLink.unreachable_at))).one()


async def heard(town: Town) -> int:
    async with town.sessions() as session:
        return await session.scalar(select(func.count()).select_from(LastHeard)) or 0


async def test_r11_2_who_blocks_the_bot_is_reached_by_sms_and_who_comes_back_by_telegram(town: Town) -> None:
    amara = await town.driver()
    async with town.serving():
        await blocks(amara, True)
        await until(lambda: is_reachable(town, False), "he is marked")
        await blocks(amara, False)
        await until(lambda: is_reachable(town, True), "and unmarked")
        assert await heard(town) == 0, "neither is an act of his: he has seen nothing by it"


async def test_r11_2_any_new_message_mends_the_link(town: Town) -> None:
    amara = await town.driver()
    async with town.sessions.begin() as session:
        (await session.scalars(select(ChatLink))).one().unreachable_at = town.now
    async with town.serving():
        await amara.send("hello")
        await until(lambda: is_reachable(town, True), "Telegram takes messages for him again")
        await amara.sees("I didn't understand")
    assert await heard(town) == 1


async def is_reachable(town: Town, reachable: bool) -> bool:
    return (await unreachable_at(town) is None) is reachable
