"""Carries a screen to a chat, and reads off Telegram's answer what has come of it."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Final, TypeVar

from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.delivery.aiohttp_request import NotConnected
from bot.delivery.steps import (
    Deleted,
    Edited,
    Halted,
    MessageGone,
    Misconfigured,
    NotTaken,
    Outcome,
    Rejected,
    Sent,
    Unchanged,
    Unreachable,
    Unsure,
)
from bot.screens.screen import Screen

T = TypeVar("T")

_PLAIN: Final = LinkPreviewOptions(is_disabled=True)

# Telegram has no codes for these, only words, which PTB gives with one capital letter at the most.
_NO_CHAT = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "have no rights to send")
_NO_MESSAGE = (
    "message to edit not found",
    "message to delete not found",
    "message can't be edited",
    "message can't be deleted",
    "message_id_invalid",
    "message identifier is not specified",
)


async def send(bot: Bot, chat_id: int, screen: Screen, *, silent: bool = False) -> Outcome:
    """A new message; `silent` does not ring."""
    sent = await _answer(
        bot.send_message(
            chat_id,
            screen.html,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.markup(),
            link_preview_options=_PLAIN,
            disable_notification=silent,
        )
    )
    return sent if isinstance(sent, Outcome) else Sent(sent.message_id)


async def edit(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> Outcome:
    """The message shows this now, with these buttons or none."""
    edited = await _answer(
        bot.edit_message_text(
            screen.html,
            chat_id,
            message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.markup(),
            link_preview_options=_PLAIN,
        )
    )
    return edited if isinstance(edited, Outcome) else Edited()


async def delete(bot: Bot, chat_id: int, message_id: int) -> Outcome:
    """The message goes from the chat. Telegram lets go only of what is younger than two days."""
    deleted = await _answer(bot.delete_message(chat_id, message_id))
    return deleted if isinstance(deleted, Outcome) else Deleted()


async def _answer(call: Awaitable[T]) -> T | Outcome:
    try:
        return await call
    except TelegramError as fault:
        return outcome_of(fault)


def outcome_of(fault: TelegramError) -> Outcome:
    """What an error of PTB's means for the message. BadRequest and TimedOut are NetworkErrors, too."""
    why = str(fault)
    match fault:
        case RetryAfter():
            pause = fault.retry_after  # whole seconds where the environment tells PTB so
            return Halted(pause if isinstance(pause, timedelta) else timedelta(seconds=pause))
        case Forbidden() | ChatMigrated():
            return Unreachable(why)
        case InvalidToken():
            return Misconfigured(f"Telegram refuses the token: {why}")
        case BadRequest():
            return _bad_request(why)
        case NotConnected():
            return NotTaken(why)
    return Unsure(why)  # out of time, cut off, 5xx, an answer that nobody can read


def _bad_request(why: str) -> Outcome:
    words = why.lower()
    if "message is not modified" in words:
        return Unchanged()
    if any(known in words for known in _NO_MESSAGE):
        return MessageGone(why)
    if any(known in words for known in _NO_CHAT):
        return Unreachable(why)
    return Rejected(why)
