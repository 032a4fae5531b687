"""Groups as Telegram has them: who may do what, what the bot gets to read, and what it is refused."""

from typing import Any

import httpx
import pytest
from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, InlineKeyboardButton, InlineKeyboardMarkup, error

from tests.sandbox.conftest import Calls

KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("Fill", callback_data="fill")]])
AMARA = {"person": "amara-osei"}


@pytest.fixture
async def group(calls: Calls) -> dict[str, Any]:
    """With Amara, and without the bot."""
    made: dict[str, Any] = await calls.post("groups", title="North crew", members=["amara-osei"])
    return made


async def read(bot: Bot) -> list[str]:
    """What the bot gets to read, by its kind, and forgets."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    texts = []
    for update in updates:
        member, message = update.my_chat_member, update.message
        if member is not None:
            texts.append(f"{member.old_chat_member.status} to {member.new_chat_member.status}")
        elif message is not None:
            texts.append(message.text or "service")
    return texts


async def test_the_bot_is_told_when_it_comes_and_goes(bot: Bot, calls: Calls, group: dict[str, Any]) -> None:
    assert (group["chat_id"], group["type"], group["bot"]) == (-4001, "group", "left")
    with pytest.raises(error.Forbidden, match="bot is not a member of the group chat"):
        await bot.send_message(-4001, "Hello")
    with pytest.raises(error.BadRequest, match="Chat not found"):
        await bot.send_message(-4999, "Hello")
    await calls.post("groups/north-crew/bot", **AMARA, status="member")
    assert await read(bot) == ["left to member", "service"]
    sent = await bot.send_message(-4001, "Hello", reply_markup=KEYS)
    assert (sent.chat.id, sent.chat.title, sent.chat.type) == (-4001, "North crew", "group")
    await calls.post("groups/north-crew/bot", **AMARA, status="administrator")
    await calls.post("groups/north-crew/bot", **AMARA, status="kicked")
    assert await read(bot) == ["member to administrator", "administrator to kicked"]
    for refused in (bot.send_message(-4001, "?"), bot.edit_message_text("?", -4001, sent.message_id)):
        with pytest.raises(error.Forbidden, match="bot was kicked from the group chat"):
            await refused


async def test_in_privacy_mode_it_reads_what_is_meant_for_it(bot: Bot, calls: Calls, group: dict[str, Any]) -> None:
    await calls.post("groups/north-crew/bot", **AMARA, status="member")
    sent = await bot.send_message(-4001, "Hello")
    await read(bot)

    async def says(text: str, **more: Any) -> None:
        await calls.post("groups/north-crew/send", **AMARA, text=text, **more)

    await says("/connect")  # the bot was the last to say something
    await says("See you")
    await says("/connect")  # somebody else was
    await says("/connect@rollcall_bot")
    await says("/connect@other_bot")
    await says("142", reply_to=sent.message_id)
    await calls.post("groups/north-crew/enter", person="jean-roy")
    assert await read(bot) == ["/connect", "/connect@rollcall_bot", "142", "service"]
    await calls.post("groups/north-crew/bot", **AMARA, status="administrator")
    await says("See you")
    assert await read(bot) == ["member to administrator", "See you"]


async def test_whoever_is_in_it_presses_and_others_do_nothing(bot: Bot, calls: Calls, group: dict[str, Any]) -> None:
    await calls.post("groups/north-crew/bot", **AMARA, status="member")
    await read(bot)
    sent = await bot.send_message(-4001, "Hello", reply_markup=KEYS)
    await calls.post("groups/north-crew/press", **AMARA, message_id=sent.message_id, data="fill")
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query is not None and query.from_user.id == 1001 and query.data == "fill"
    assert query.message is not None and query.message.chat.id == -4001
    for path, body in (("send", {"text": "x"}), ("press", {"message_id": sent.message_id, "data": "x"})):
        with pytest.raises(httpx.HTTPStatusError, match="409"):
            await calls.post(f"groups/north-crew/{path}", person="jean-roy", **body)
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await calls.post("groups/nobody/upgrade", **AMARA)
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        await calls.post("groups", title="North crew")


async def test_an_upgraded_group_is_another_chat(bot: Bot, calls: Calls, group: dict[str, Any]) -> None:
    await calls.post("groups/north-crew/bot", **AMARA, status="member")
    sent = await bot.send_message(-4001, "Hello")
    await read(bot)
    after = (await calls.post("groups/north-crew/upgrade", **AMARA))["chat_id"]
    assert after < -1_000_000_000_000
    old, new = await bot.get_updates()
    assert old.message and (old.message.chat.id, old.message.migrate_to_chat_id) == (-4001, after)
    assert new.message and (new.message.chat.id, new.message.migrate_from_chat_id) == (after, -4001)
    assert new.message.chat.type == "supergroup"
    with pytest.raises(error.ChatMigrated) as refused:
        await bot.send_message(-4001, "?")
    assert refused.value.new_chat_id == after
    with pytest.raises(error.BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("?", after, sent.message_id)
    await bot.send_message(after, "Here")
    texts = [each["text"] for each in (await calls.get("groups/north-crew/chat"))["messages"]]
    assert texts[1] == "Hello" and texts[-1] == "Here"


async def test_commands_of_groups(bot: Bot, calls: Calls, group: dict[str, Any]) -> None:
    await bot.set_my_commands([BotCommand("today", "All")])
    await bot.set_my_commands([BotCommand("connect", "Groups")], scope=BotCommandScopeAllGroupChats())
    assert (await calls.get("groups/north-crew/chat"))["commands"][0]["command"] == "connect"
    assert (await calls.get("people/amara-osei/chat"))["commands"][0]["command"] == "today"
