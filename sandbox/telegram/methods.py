"""The Bot API's methods, as far as Rollcall uses them: one table."""

import inspect
from collections.abc import Callable
from typing import Any

from sandbox.json_types import Json
from sandbox.telegram import bot_methods as bot
from sandbox.telegram import editing, sending
from sandbox.telegram.errors import ApiError
from sandbox.telegram.params import Params
from sandbox.telegram.state import Telegram

METHODS: dict[str, Callable[[Telegram, Params], Any]] = {
    "getMe": bot.get_me,
    "getChat": bot.get_chat,
    "getFile": bot.get_file,
    "getUpdates": bot.get_updates,
    "setWebhook": bot.set_webhook,
    "deleteWebhook": bot.delete_webhook,
    "getWebhookInfo": bot.get_webhook_info,
    "setMyCommands": bot.set_commands,
    "getMyCommands": bot.get_commands,
    "deleteMyCommands": bot.delete_commands,
    "setMyDescription": bot.set_description,
    "setMyShortDescription": bot.set_short_description,
    "answerCallbackQuery": bot.answer_press,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": editing.edit_text,
    "editMessageCaption": editing.edit_caption,
    "editMessageMedia": editing.edit_media,
    "editMessageReplyMarkup": editing.edit_markup,
    "deleteMessage": editing.delete_message,
    "pinChatMessage": editing.pin_message,
    "unpinChatMessage": editing.unpin_message,
}
_NAMES = {name.lower(): name for name in METHODS}  # Telegram takes them in any case


def named(method: str) -> str:
    """The method's name as the documentation writes it; as it came where it is unknown."""
    return _NAMES.get(method.lower(), method)


async def perform(telegram: Telegram, method: str, params: Params) -> tuple[int, Json]:
    """Carries out a call: the status and the body of Telegram's answer."""
    try:
        if method not in METHODS:
            raise ApiError(404)
        result = METHODS[method](telegram, params)
        if inspect.isawaitable(result):
            result = await result
    except ApiError as error:
        return error.code, error.body()
    return 200, {"ok": True, "result": result}
