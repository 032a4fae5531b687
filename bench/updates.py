"""Updates as Telegram brings them, with all that it puts into them."""

import itertools
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bench.offers import Offer
from bench.telegram import BOT
from bot.callbacks.bidding import Accept, NotToday
from bot.callbacks.callback import Callback

_ids = itertools.count(100_000_000)


@dataclass(frozen=True, slots=True)
class Update:
    """One update of one private chat."""

    chat_id: int
    body: dict[str, Any]


def accept(offer: Offer) -> Update:
    """[Accept] on an offer."""
    buttons = [("✅ Accept", Accept(offer.window_id)), ("Not today", NotToday(offer.window_id))]
    return press(offer.chat_id, offer.message_id, Accept(offer.window_id), buttons)


def press(chat_id: int, message_id: int, callback: Callback, buttons: list[tuple[str, Callback]]) -> Update:
    """A press on one of the buttons of a message."""
    number = next(_ids)
    message = {
        "message_id": message_id,
        "from": BOT,
        "chat": _chat(chat_id),
        "date": int(time.time()),
        "text": "🚨 R0, Warehouse 0 needs a driver\nMon 14 Dec, start 07:00\n\n💰 Bonus: +20%\n\nTake it now.",
        "entities": [{"offset": 3, "length": 30, "type": "bold"}],
        "reply_markup": {
            "inline_keyboard": [[{"text": text, "callback_data": button.pack()} for text, button in buttons]]
        },
    }
    query = {
        "id": str(number << 32),
        "from": _user(chat_id),
        "message": message,
        "chat_instance": "-3786242462434",
        "data": callback.pack(),
    }
    return Update(chat_id, {"update_id": number, "callback_query": query})


def today(chat_id: int) -> Update:
    """/today, typed."""
    number = next(_ids)
    message = {
        "message_id": number,
        "from": _user(chat_id),
        "chat": _chat(chat_id),
        "date": int(time.time()),
        "text": "/today",
        "entities": [{"offset": 0, "length": 6, "type": "bot_command"}],
    }
    return Update(chat_id, {"update_id": number, "message": message})


def window_of(update: Update) -> UUID:
    """The window of an [Accept]."""
    return Accept.parse(update.body["callback_query"]["data"]).window_id


def _user(chat_id: int) -> dict[str, Any]:
    return {"id": chat_id, "is_bot": False, "first_name": "Driver", "last_name": "No. 1", "language_code": "en"}


def _chat(chat_id: int) -> dict[str, Any]:
    return {"id": chat_id, "type": "private", "first_name": "Driver", "last_name": "No. 1"}
