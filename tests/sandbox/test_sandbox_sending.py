from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    error,
)
from telegram.constants import ParseMode

from sandbox.server import Running
from tests.sandbox.conftest import Calls

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4) + (480).to_bytes(4) + b"rest"


def keys(*data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(f"key {each}", callback_data=each)] for each in data])


async def refusal(call: Awaitable[Any]) -> str:
    with pytest.raises(error.TelegramError) as refused:
        await call
    return f"{type(refused.value).__name__}: {refused.value.message}"


async def test_a_message_arrives_formatted_with_its_keys(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(
        1001, "<b>Route 7</b> &amp; more ", parse_mode=ParseMode.HTML, reply_markup=keys("a"), disable_notification=True
    )
    assert (sent.text, sent.text_html) == ("Route 7 & more", "<b>Route 7</b> &amp; more")
    (shown,) = (await calls.get("people/amara-osei/chat"))["messages"]
    assert (shown["from"], shown["html"], shown["silent"]) == ("bot", "<b>Route 7</b> &amp; more", True)
    assert shown["keyboard"] == [[{"text": "key a", "data": "a", "url": None, "kind": "callback"}]]
    assert (await calls.get("people/amara-osei"))["unread"]["chat"] == 1


async def test_the_dates_are_the_sandbox_clocks(bot: Bot, calls: Calls, sandbox: Running) -> None:
    assert (await bot.send_message(1001, "x")).date == sandbox.clock.now()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "BadRequest: Message text is empty"),
        (" \n ", "BadRequest: Message text is empty"),
        ("<b> </b>", "BadRequest: Message text is empty"),
        ("x" * 4097, "BadRequest: Message is too long"),
        ("😀" * 2049, "BadRequest: Message is too long"),
        ("<x>", 'BadRequest: Can\'t parse entities: unsupported start tag "x" at byte offset 0'),
    ],
)
async def test_texts_that_telegram_refuses(bot: Bot, calls: Calls, text: str, words: str) -> None:
    assert (await refusal(bot.send_message(1001, text, parse_mode=ParseMode.HTML))) == words


async def test_the_limit_counts_after_the_entities(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(1001, f"<b>{'&amp;' * 4096}</b>", parse_mode=ParseMode.HTML)
    assert sent.text == "&" * 4096


async def test_chats_that_the_bot_cannot_write_to(bot: Bot, calls: Calls) -> None:
    assert await refusal(bot.send_message(9, "x")) == "BadRequest: Chat not found"
    assert await refusal(bot.send_message("@nobody", "x")) == "BadRequest: Chat not found"
    words = "Forbidden: Forbidden: bot can't initiate conversation with a user"
    assert await refusal(bot.send_message(1002, "x")) == words
    await calls.patch("people/amara-osei", blocked=True)
    assert await refusal(bot.send_message(1001, "x")) == "Forbidden: Forbidden: bot was blocked by the user"
    await calls.post("people/amara-osei/start")
    assert await bot.send_message(1001, "x")


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ({"text": "x", "callback_data": "d" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "url": "nowhere"}, "inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL"),
        ({"text": "x"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
    ],
)
async def test_buttons_that_telegram_refuses(
    http: httpx.AsyncClient, calls: Calls, sandbox: Running, button: dict[str, str], words: str
) -> None:
    body = {"chat_id": 1001, "text": "x", "reply_markup": {"inline_keyboard": [[button]]}}
    answer = await http.post(f"/bot{sandbox.settings.token}/sendMessage", json=body)
    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error_code": 400, "description": f"Bad Request: {words}"}


async def test_64_bytes_of_data_fit(bot: Bot, calls: Calls) -> None:
    assert await bot.send_message(1001, "x", reply_markup=keys("é" * 32))


async def test_more_than_a_hundred_buttons_do_not_fit(bot: Bot, calls: Calls) -> None:
    markup = keys(*(str(n) for n in range(101)))
    assert await refusal(bot.send_message(1001, "x", reply_markup=markup)) == "BadRequest: Reply markup is too long"


async def test_wrong_tokens_and_methods(http: httpx.AsyncClient, sandbox: Running) -> None:
    wrong = await http.post("/bot123:wrong/getMe")
    assert (wrong.status_code, wrong.json()["description"]) == (401, "Unauthorized")
    assert (await http.post("/botnonsense/getMe")).status_code == 404
    unknown = await http.post(f"/bot{sandbox.settings.token}/sendNothing")
    assert (unknown.status_code, unknown.json()["description"]) == (404, "Not Found")


async def test_methods_in_any_case_by_get_and_with_unknown_parameters(
    http: httpx.AsyncClient, calls: Calls, sandbox: Running
) -> None:
    answer = await http.get(
        f"/bot{sandbox.settings.token}/SENDMESSAGE", params={"chat_id": 1001, "text": "x", "unheard_of": 1}
    )
    assert answer.json()["result"]["text"] == "x"


async def test_an_edit_changes_text_and_keys(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(1001, "x", reply_markup=keys("a"))
    edited = await bot.edit_message_text("y", 1001, sent.message_id, reply_markup=keys("b"))
    assert not isinstance(edited, bool)
    assert edited.edit_date and edited.text == "y"
    await bot.edit_message_reply_markup(1001, sent.message_id)
    (shown,) = (await calls.get("people/amara-osei/chat"))["messages"]
    assert shown["text"] == "y" and shown["keyboard"] is None and shown["edited_at"]


async def test_edits_that_telegram_refuses(bot: Bot, calls: Calls) -> None:
    words = (
        "BadRequest: Message is not modified: specified new message content and reply markup are exactly the same as a "
        "current content and reply markup of the message"
    )
    sent = await bot.send_message(1001, "x", reply_markup=keys("a"))
    assert await refusal(bot.edit_message_text("x ", 1001, sent.message_id, reply_markup=keys("a"))) == words
    assert await refusal(bot.edit_message_reply_markup(1001, sent.message_id, reply_markup=keys("a"))) == words
    assert await refusal(bot.edit_message_text("y", 1001, 999)) == "BadRequest: Message to edit not found"
    caption = bot.edit_message_caption(1001, sent.message_id, caption="y")
    assert await refusal(caption) == "BadRequest: There is no caption in the message to edit"
    said = await calls.post("people/amara-osei/send", text="hi")
    edit = bot.edit_message_text("y", 1001, said["message_id"])
    assert await refusal(edit) == "BadRequest: Message can't be edited"
    photo = await bot.send_photo(1001, PNG)
    edit = bot.edit_message_text("y", 1001, photo.message_id)
    assert await refusal(edit) == "BadRequest: There is no text in the message to edit"
    await bot.delete_message(1001, sent.message_id)
    edit = bot.edit_message_text("y", 1001, sent.message_id)
    assert await refusal(edit) == "BadRequest: Message to edit not found"


async def test_deleting_a_message_once_and_within_48_hours(bot: Bot, calls: Calls, sandbox: Running) -> None:
    first, second = await bot.send_message(1001, "x"), await bot.send_message(1001, "y")
    assert await bot.delete_message(1001, first.message_id)
    words = "BadRequest: Message to delete not found"
    assert await refusal(bot.delete_message(1001, first.message_id)) == words
    sandbox.clock.forward(48 * 3600 + 1)
    words = "BadRequest: Message can't be deleted for everyone"
    assert await refusal(bot.delete_message(1001, second.message_id)) == words
    messages = (await calls.get("people/amara-osei/chat"))["messages"]
    assert [each["deleted"] for each in messages] == [True, False]


async def test_photos_are_sent_shown_sent_again_and_replaced(bot: Bot, calls: Calls, http: httpx.AsyncClient) -> None:
    sent = await bot.send_photo(1001, PNG, caption="<b>score</b>", parse_mode=ParseMode.HTML, reply_markup=keys("a"))
    assert (sent.caption, sent.photo[0].width, sent.photo[0].height) == ("score", 640, 480)
    (shown,) = (await calls.get("people/amara-osei/chat"))["messages"]
    picture = await http.get(shown["photo"])
    assert (shown["kind"], picture.content, picture.headers["content-type"]) == ("photo", PNG, "image/png")
    again = await bot.send_photo(1001, sent.photo[0].file_id)
    assert again.photo[0].file_id == sent.photo[0].file_id
    replaced = await bot.edit_message_media(InputMediaPhoto(PNG, caption="new"), 1001, sent.message_id)
    assert not isinstance(replaced, bool)
    assert replaced.caption == "new" and replaced.photo[0].file_id != sent.photo[0].file_id
    assert await bot.edit_message_caption(1001, sent.message_id, caption="newer")


async def test_photos_that_telegram_refuses(bot: Bot, calls: Calls) -> None:
    assert await refusal(bot.send_photo(1001, b"no picture")) == "BadRequest: Image_process_failed"
    long = bot.send_photo(1001, PNG, caption="x" * 1025)
    assert await refusal(long) == "BadRequest: Message caption is too long"
    wrong = bot.send_photo(1001, "AgACunknown")
    assert await refusal(wrong) == "BadRequest: Wrong file identifier/http url specified"


async def test_files_are_sent_shown_and_sent_again(bot: Bot, calls: Calls, http: httpx.AsyncClient) -> None:
    sent = await bot.send_document(
        1001, b'{"a": 1}', caption="<b>all</b>", filename="é.json", parse_mode=ParseMode.HTML
    )
    assert sent.document is not None
    told = sent.document
    assert (sent.caption, told.file_name, told.mime_type, told.file_size) == ("all", "é.json", "application/json", 8)
    (shown,) = (await calls.get("people/amara-osei/chat"))["messages"]
    file = await http.get(shown["document"]["at"])
    assert (shown["kind"], shown["text"], shown["document"]["name"], file.content) == (
        "document",
        "all",
        "é.json",
        b'{"a": 1}',
    )
    again = await bot.send_document(1001, told.file_id)
    assert again.document is not None and again.document.file_id == told.file_id
    edit = bot.edit_message_text("y", 1001, sent.message_id)
    assert await refusal(edit) == "BadRequest: There is no text in the message to edit"
    assert await bot.edit_message_caption(1001, sent.message_id, caption="newer")
    photo = await bot.edit_message_media(InputMediaPhoto(PNG), 1001, sent.message_id)
    assert not isinstance(photo, bool) and photo.document is None and photo.photo


async def test_files_that_telegram_refuses(bot: Bot, calls: Calls) -> None:
    assert await refusal(bot.send_document(1001, b"", filename="x")) == "BadRequest: File must be non-empty"
    long = bot.send_document(1001, b"x", caption="x" * 1025)
    assert await refusal(long) == "BadRequest: Message caption is too long"
    wrong = bot.send_document(1001, "BQACunknown")
    assert await refusal(wrong) == "BadRequest: Wrong file identifier/http url specified"


async def test_the_keyboard_below_the_chat(bot: Bot, calls: Calls) -> None:
    share = ReplyKeyboardMarkup([[KeyboardButton("Share", request_contact=True)]], one_time_keyboard=True)
    sent = await bot.send_message(1001, "x", reply_markup=share)
    shown = (await calls.get("people/amara-osei/chat"))["reply_keyboard"]
    assert shown["keyboard"] == [[{"text": "Share", "request_contact": True}]]
    edit = bot.edit_message_text("y", 1001, sent.message_id)
    assert await refusal(edit) == "BadRequest: Message can't be edited"
    await calls.post("people/amara-osei/contact")
    assert (await calls.get("people/amara-osei/chat"))["reply_keyboard"] is None
    await bot.send_message(1001, "x", reply_markup=ReplyKeyboardMarkup([["a", "b"]]))
    await bot.send_message(1001, "x", reply_markup=ReplyKeyboardRemove())
    assert (await calls.get("people/amara-osei/chat"))["reply_keyboard"] is None


async def test_replies(bot: Bot, calls: Calls) -> None:
    first = await bot.send_message(1001, "x")
    reply = await bot.send_message(1001, "y", reply_parameters=ReplyParameters(first.message_id))
    assert reply.reply_to_message and reply.reply_to_message.message_id == first.message_id
    lost = bot.send_message(1001, "y", reply_parameters=ReplyParameters(99))
    assert await refusal(lost) == "BadRequest: Message to be replied not found"


async def test_pinning(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(1001, "board")
    assert await bot.pin_chat_message(1001, sent.message_id)
    chat = await calls.get("people/amara-osei/chat")
    assert chat["pinned"] == sent.message_id
    assert [each["kind"] for each in chat["messages"]] == ["text", "service"]
    pinned = (await bot.get_chat(1001)).pinned_message
    assert pinned and pinned.text == "board"
    [told] = await bot.get_updates()  # as Telegram does, though it was the bot itself that pinned it
    assert told.message and told.message.pinned_message and told.message.pinned_message.message_id == sent.message_id
    assert told.message.from_user and told.message.from_user.is_bot
    another = await bot.send_message(1001, "another")
    assert await bot.pin_chat_message(1001, another.message_id, disable_notification=True)
    assert await bot.pin_chat_message(1001, another.message_id)  # pinned already: nothing is said again
    assert len(await bot.get_updates(offset=told.update_id + 1)) == 1
    assert (await calls.get("people/amara-osei/chat"))["pinned"] == another.message_id
    assert await bot.delete_message(1001, another.message_id)
    assert (await calls.get("people/amara-osei/chat"))["pinned"] == sent.message_id
    assert await bot.unpin_chat_message(1001, sent.message_id)
    assert await refusal(bot.pin_chat_message(1001, 99)) == "BadRequest: Message to pin not found"
    assert await refusal(bot.unpin_chat_message(1001)) == "BadRequest: Message to unpin not found"


async def test_typing_is_shown_until_the_bot_sends(bot: Bot, calls: Calls) -> None:
    await bot.send_chat_action(1001, "typing")
    assert (await calls.get("people/amara-osei/chat"))["typing"] is True
    await bot.send_message(1001, "x")
    assert (await calls.get("people/amara-osei/chat"))["typing"] is False
    words = "BadRequest: Wrong parameter action in request"
    assert await refusal(bot.send_chat_action(1001, "dancing")) == words


async def test_commands_by_scope_and_language(bot: Bot, calls: Calls) -> None:
    async def seen(person: str) -> list[str]:
        return [each["description"] for each in (await calls.get(f"people/{person}/chat"))["commands"]]

    await bot.set_my_commands([BotCommand("today", "Today")])
    await bot.set_my_commands([BotCommand("today", "Aujourd’hui")], language_code="fr")
    assert (await seen("amara-osei"), await seen("jean-roy")) == (["Today"], ["Aujourd’hui"])
    await bot.set_my_commands([BotCommand("today", "Private")], scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("today", "Chat")], scope=BotCommandScopeChat(1001))
    assert (await seen("amara-osei"), await seen("jean-roy")) == (["Chat"], ["Private"])
    await bot.delete_my_commands(scope=BotCommandScopeChat(1001))
    assert await seen("amara-osei") == ["Private"]
    assert [each.description for each in await bot.get_my_commands(language_code="fr")] == ["Aujourd’hui"]
    assert await refusal(bot.set_my_commands([BotCommand("to-day", "x")])) == "BadRequest: Bot_command_invalid"
    wrong = bot.set_my_commands([BotCommand("x", "x")], scope=BotCommandScopeChat(9))
    assert await refusal(wrong) == "BadRequest: Chat not found"


async def test_the_bot_describes_itself(bot: Bot, calls: Calls) -> None:
    assert (await bot.get_me()).username == "rollcall_bot"
    assert await bot.set_my_description("what it does")
    assert await bot.set_my_short_description("short")
    assert (await bot.get_chat(1001)).first_name == "Amara"


async def test_every_request_is_on_record(bot: Bot, calls: Calls) -> None:
    before = (await calls.get("requests"))["requests"][-1]["n"]
    await bot.send_message(1001, "x", reply_markup=keys("a"))
    await refusal(bot.send_message(9, "y"))
    first, second = (await calls.get("requests", after=before, method="sendMessage"))["requests"]
    assert (first["chat"], first["status"], second["chat"], second["status"]) == ("amara-osei", 200, None, 400)
    assert first["params"]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "a"
    assert first["n"] < second["n"] and first["network"] == "telegram"
