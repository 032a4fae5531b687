"""The sandbox against the official lists of methods, types and fields, where those lie beside the project."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, KeyboardButton
from telegram import ReplyKeyboardMarkup as Keyboard

from sandbox.server import Running
from sandbox.telegram.methods import METHODS
from tests.sandbox.conftest import Calls
from tests.sandbox.test_sandbox_sending import PNG

CONTRACTS = Path(__file__).resolve().parents[3] / "shared" / "contracts"
pytestmark = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the contracts are not beside the project")


@pytest.fixture
def telegram_list(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(CONTRACTS))
    import check_telegram

    yield check_telegram
    sys.modules.pop("check_telegram", None)


async def busy(bot: Bot, calls: Calls) -> list[Any]:
    """Uses every method that has more than trivial parameters; what the bot was answered, as Message."""
    await bot.set_my_commands([BotCommand("today", "Today")], language_code="fr")
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x")]])
    text = await bot.send_message(1001, "<b>x</b> https://x.ca", parse_mode="HTML", reply_markup=markup)
    photo = await bot.send_photo(1001, PNG, caption="x")
    document = await bot.send_document(1001, b"x", caption="x", filename="x.json")
    await bot.send_message(1001, "x", reply_markup=Keyboard([[KeyboardButton("me", request_contact=True)]]))
    edited = await bot.edit_message_text("y", 1001, text.message_id, reply_markup=markup)
    media = await bot.edit_message_media(InputMediaPhoto(PNG, caption="y"), 1001, photo.message_id)
    await bot.edit_message_caption(1001, photo.message_id, caption="z")
    await bot.edit_message_reply_markup(1001, text.message_id)
    await bot.pin_chat_message(1001, text.message_id)
    pressed = await calls.post("people/amara-osei/press", message_id=text.message_id, data="x")
    await bot.answer_callback_query(pressed["callback_query_id"], "done")
    for what in ("sticker", "photo", "contact"):
        await calls.post(f"people/amara-osei/{what}")
    await calls.post("people/amara-osei/send", text="/today")
    await calls.patch("people/amara-osei", blocked=True)
    return [text, photo, document, edited, media]


async def test_requests_fit_the_official_list(bot: Bot, calls: Calls, telegram_list: Any) -> None:
    await busy(bot, calls)
    requests = (await calls.get("requests"))["requests"]
    assert len(requests) > 10
    faults = [fault for each in requests for fault in telegram_list.problems(each["method"], each["params"])]
    assert faults == []


async def test_updates_and_answers_fit_the_official_types(bot: Bot, calls: Calls, telegram_list: Any) -> None:
    messages = await busy(bot, calls)
    updates = (await calls.get("updates"))["updates"]
    assert {kind for each in updates for kind in each} == {"update_id", "message", "callback_query", "my_chat_member"}
    post = calls.http.post
    answers = {
        "User": (await post(f"/bot{bot.token}/getMe")).json()["result"],
        "WebhookInfo": (await post(f"/bot{bot.token}/getWebhookInfo")).json()["result"],
        "ChatFullInfo": (await post(f"/bot{bot.token}/getChat", json={"chat_id": 1001})).json()["result"],
    }
    checked = [("Update", each) for each in updates] + [("Message", each.to_dict()) for each in messages]
    for kind, value in [*checked, *answers.items()]:
        assert telegram_list._one(kind, value, kind) == []


def test_every_method_is_official(telegram_list: Any) -> None:
    assert not [name for name in METHODS if name not in telegram_list._api["methods"]]


async def test_a_message_resource_has_twilios_fields(http: httpx.AsyncClient, sandbox: Running, calls: Calls) -> None:
    import json

    spec = json.loads((CONTRACTS / "twilio-messages.json").read_text())
    fields = spec["components"]["schemas"]["api.v2010.account.message"]["properties"]
    settings = sandbox.settings
    answer = await http.post(
        f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        auth=(settings.account_sid, settings.auth_token),
        data={"To": "+14165550101", "From": settings.sms_number, "Body": "x"},
    )
    assert answer.status_code == 201
    assert answer.json().keys() == fields.keys()
