import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, error

from sandbox.server import Running
from tests.sandbox.conftest import Calls, Timer

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("Accept", callback_data="accept")]])
TOO_OLD = "Query is too old and response timeout expired or query id is invalid"


async def say(calls: Calls, *texts: str) -> None:
    for text in texts:
        await calls.post("people/amara-osei/send", text=text)


async def test_updates_come_in_order_until_confirmed(bot: Bot, calls: Calls) -> None:
    await say(calls, "a", "b", "c")
    first = await bot.get_updates(limit=2)
    assert [each.message and each.message.text for each in first] == ["a", "b"]
    assert first[1].update_id == first[0].update_id + 1
    assert len(await bot.get_updates()) == 3
    (left,) = await bot.get_updates(offset=first[1].update_id + 1)
    assert left.message and left.message.text == "c"
    assert len((await calls.get("updates"))["updates"]) == 1
    assert await bot.get_updates(offset=left.update_id + 1) == ()


async def test_a_negative_offset_takes_the_last_and_forgets_the_rest(bot: Bot, calls: Calls) -> None:
    await say(calls, "a", "b", "c")
    (last,) = await bot.get_updates(offset=-1)
    assert last.message and last.message.text == "c"
    assert len(await bot.get_updates()) == 1


async def test_a_long_poll_ends_with_the_first_update(bot: Bot, calls: Calls) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await until_polling(calls)
    await say(calls, "a")
    (update,) = await poll
    assert update.message and update.message.text == "a"


async def until_polling(calls: Calls) -> None:
    async with asyncio.timeout(60):
        while not (await calls.get("requests", method="getUpdates"))["requests"]:
            pass


async def test_a_second_poll_ends_the_first_with_a_conflict(bot: Bot, calls: Calls) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await until_polling(calls)
    answer = await calls.http.post(f"/bot{bot.token}/getUpdates")
    assert answer.json() == {"ok": True, "result": []}
    with pytest.raises(error.Conflict) as refused:
        await poll
    assert refused.value.message == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )


async def test_no_polling_beside_a_webhook(bot: Bot, calls: Calls) -> None:
    await bot.set_webhook("http://127.0.0.1:9/")
    with pytest.raises(error.Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_a_webhook_ends_a_waiting_poll(bot: Bot, calls: Calls) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await until_polling(calls)
    await bot.set_webhook("http://127.0.0.1:9/")
    with pytest.raises(error.Conflict, match="terminated by setWebhook request"):
        await poll


async def test_the_choice_of_updates_stays_when_it_is_omitted(bot: Bot, calls: Calls) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await bot.get_updates()
    await say(calls, "unseen")
    assert await bot.get_updates() == ()
    assert (await bot.get_webhook_info()).allowed_updates == ("callback_query",)
    await bot.get_updates(allowed_updates=[])
    await say(calls, "seen")
    assert len(await bot.get_updates()) == 1


async def test_messages_live_a_day_and_presses_two_and_a_half_minutes(bot: Bot, calls: Calls, timer: Timer) -> None:
    sent = await bot.send_message(1001, "x", reply_markup=KEYS)
    await say(calls, "a")
    await calls.post("people/amara-osei/press", message_id=sent.message_id, data="accept")
    timer.seconds += 149
    assert len(await bot.get_updates()) == 2
    timer.seconds += 1
    (left,) = await bot.get_updates()
    assert left.message
    timer.seconds += 24 * 3600
    assert await bot.get_updates() == ()


async def test_a_press_brings_the_message_and_waits_for_its_answer(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(1001, "<b>offer</b>", parse_mode="HTML", reply_markup=KEYS)
    body = {"message_id": sent.message_id, "data": "anything at all"}
    press = asyncio.create_task(calls.http.post("/sandbox/people/amara-osei/press?wait=5", json=body))
    (update,) = await bot.get_updates(timeout=5)
    query = update.callback_query
    assert query and query.message and query.message.is_accessible and query.chat_instance
    assert (query.data, query.from_user.id) == ("anything at all", 1001)
    assert query.message.to_dict() == sent.to_dict()
    assert await query.answer("taken", show_alert=True)
    answer = (await press).json()
    told = {"callback_query_id": query.id, "answered": True, "text": "taken", "show_alert": True, "url": None}
    assert answer == told
    with pytest.raises(error.BadRequest, match=TOO_OLD):  # once only
        await query.answer()


async def test_a_press_that_nobody_answers(bot: Bot, calls: Calls, timer: Timer) -> None:
    sent = await bot.send_message(1001, "x", reply_markup=KEYS)
    body = {"message_id": sent.message_id, "data": "accept"}
    answer = (await calls.http.post("/sandbox/people/amara-osei/press?wait=0.01", json=body)).json()
    assert answer["answered"] is False
    timer.seconds += 151
    with pytest.raises(error.BadRequest, match=TOO_OLD):
        await bot.answer_callback_query(answer["callback_query_id"])
    with pytest.raises(error.BadRequest, match=TOO_OLD):
        await bot.answer_callback_query("1234")


async def test_an_answer_holds_200_characters(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(1001, "x", reply_markup=KEYS)
    pressed = await calls.post("people/amara-osei/press", message_id=sent.message_id, data="accept")
    with pytest.raises(error.BadRequest, match="Message_too_long"):
        await bot.answer_callback_query(pressed["callback_query_id"], "x" * 201)
    assert await bot.answer_callback_query(pressed["callback_query_id"], "x" * 200)


async def test_a_press_under_a_deleted_message_brings_an_inaccessible_one(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(1001, "x", reply_markup=KEYS)
    await sent.delete()
    await calls.post("people/amara-osei/press", message_id=sent.message_id, data="accept")
    (update,) = await bot.get_updates()
    assert update.callback_query and update.callback_query.message
    assert not update.callback_query.message.is_accessible


async def test_what_people_send(bot: Bot, calls: Calls) -> None:
    await calls.post("people/jean-roy/start", payload="abc_1-2")
    await calls.post("people/jean-roy/contact")
    await calls.post("people/jean-roy/contact", phone="+14165550109", user_id=None)
    await calls.post("people/jean-roy/sticker")
    await calls.post("people/jean-roy/photo")
    start, own, other, sticker, photo = (each.message for each in await bot.get_updates())
    assert start and own and other and sticker and photo
    assert start.text == "/start abc_1-2" and start.entities[0].type == "bot_command"
    assert start.from_user and start.from_user.language_code == "fr"
    assert own.contact and (own.contact.phone_number, own.contact.user_id) == ("+14165550102", 1002)
    assert other.contact and (other.contact.phone_number, other.contact.user_id) == ("+14165550109", None)
    assert sticker.sticker and photo.photo and not photo.text


async def test_a_contact_names_the_account_that_its_number_belongs_to(
    http: httpx.AsyncClient, bot: Bot, calls: Calls
) -> None:
    """Whoever shares it; nobody can pass another number off as his own."""
    for body in (
        {"phone": "+14165550102"},
        {"phone": "14165550101"},
        {"phone": "+1 416 555-0101"},
        {"phone": "+14165550199"},
        {"user_id": None},
    ):
        await calls.post("people/amara-osei/contact", **body)
    shared = [each.message.contact for each in await bot.get_updates() if each.message]
    assert [(each.phone_number, each.user_id, each.first_name) for each in shared if each] == [
        ("+14165550102", 1002, "Jean"),
        ("14165550101", 1001, "Amara"),
        ("+1 416 555-0101", 1001, "Amara"),
        ("+14165550199", None, "+14165550199"),
        ("+14165550101", None, "Amara"),
    ]
    for refused in ({"phone": "+14165550102", "user_id": 1001}, {"phone": "hello"}, {"phone": ""}):
        assert (await http.post("/sandbox/people/amara-osei/contact", json=refused)).status_code == 400


async def test_the_bot_is_told_of_blocks(bot: Bot, calls: Calls) -> None:
    await calls.patch("people/amara-osei", blocked=True)
    await calls.patch("people/amara-osei", blocked=True)
    await calls.post("people/amara-osei/start")
    blocked, back, start = await bot.get_updates()
    assert blocked.my_chat_member and back.my_chat_member and start.message
    changes = [(each.old_chat_member.status, each.new_chat_member.status) for each in
               (blocked.my_chat_member, back.my_chat_member)]  # fmt: skip
    assert changes == [("member", "kicked"), ("kicked", "member")]


async def test_people_who_cannot_send(http: httpx.AsyncClient, calls: Calls, sandbox: Running) -> None:
    never = await http.post("/sandbox/people/jean-roy/send", json={"text": "hello"})
    assert (never.status_code, never.json()) == (409, {"error": "Jean Roy has not pressed START yet."})
    assert (await http.post("/sandbox/people/jean-roy/send", json={"text": "/start"})).status_code == 200
    await calls.patch("people/jean-roy", blocked=True)
    gone = await http.post("/sandbox/people/jean-roy/send", json={"text": "hello"})
    assert (gone.status_code, gone.json()) == (409, {"error": "Jean Roy has blocked the bot."})
    for path, body in (("send", {}), ("send", {"text": " "}), ("start", {"payload": "a b"})):
        assert (await http.post(f"/sandbox/people/amara-osei/{path}", json=body)).status_code == 400
    unknown = {"message_id": 99, "data": "x"}
    assert (await http.post("/sandbox/people/amara-osei/press", json=unknown)).status_code == 404
