"""Calls about a person's chat with the bot."""

import asyncio
import base64

from sandbox.api.calls import Call
from sandbox.json_types import Json
from sandbox.refusal import Refused
from sandbox.telegram import phone
from sandbox.telegram.bot_methods import commands_for
from sandbox.telegram.state import Press


def chat(call: Call) -> Json:
    """The chat, or what came into it after a message."""
    telegram = call.network.telegram
    if call.person.telegram is None:
        return {"messages": [], "commands": [], "reply_keyboard": None, "typing": False, "pinned": None}
    found = telegram.chat_of(call.person)
    after = int(call.query.get("after", 0))
    return {
        "messages": [each.view() for each in found.messages.values() if each.message_id > after],
        "commands": commands_for(telegram, found),
        "reply_keyboard": found.reply_keyboard,
        "typing": found.typing,
        "pinned": found.pinned,
    }


def send(call: Call) -> Json:
    """Sends a text."""
    return phone.send_text(call.network.telegram, call.person, str(call.needed("text"))).view()


def start(call: Call) -> Json:
    """Presses START, with a link's payload or without."""
    return phone.start(call.network.telegram, call.person, str(call.body.get("payload") or "")).view()


async def press(call: Call) -> Json:
    """Presses a button; with `wait` answers when the bot has, or after so many seconds."""
    message_id, data = int(call.needed("message_id")), str(call.needed("data"))
    return await answered(phone.press(call.network.telegram, call.person, message_id, data), call.query.get("wait"))


async def answered(pressed: Press, wait: str | None) -> Json:
    """What the bot has answered, or that it has not for so many seconds."""
    if wait is None:
        return {"callback_query_id": pressed.id}
    try:
        await asyncio.wait_for(pressed.answered.wait(), float(wait))
    except TimeoutError:
        nothing = {"text": None, "show_alert": False, "url": None}
        return {"callback_query_id": pressed.id, "answered": False, **nothing}
    return {"callback_query_id": pressed.id, "answered": True, **(pressed.answer or {})}


def contact(call: Call) -> Json:
    """Shares a contact, his own unless told otherwise; `"user_id": null` leaves out whose account it is."""
    number, known = call.body.get("phone", call.person.phone), "user_id" not in call.body
    if not known and call.body["user_id"] is not None:
        raise Refused("Whose account a number is, Telegram says; user_id can only be null.")
    return phone.share_contact(call.network.telegram, call.person, str(number), known=known).view()


def sticker(call: Call) -> Json:
    """Sends a sticker."""
    return phone.send_sticker(call.network.telegram, call.person).view()


def document(call: Call) -> Json:
    """Sends a file, of a text or of bytes (base64)."""
    name = str(call.needed("name"))
    if "base64" in call.body:
        data = base64.b64decode(str(call.body["base64"]), validate=True)
    else:
        data = str(call.needed("text")).encode()
    caption = str(call.body.get("caption") or "")
    return phone.send_document(call.network.telegram, call.person, name, data, caption).view()


def photo(call: Call) -> Json:
    """Sends a photo."""
    return phone.send_photo(call.network.telegram, call.person).view()
