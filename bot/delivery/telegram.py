"""Carries a screen to a chat, and reads off Telegram's answer what has come of it."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Final, TypeVar

from telegram import Bot, InputMediaPhoto, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.delivery.aiohttp_request import NotConnected
from bot.delivery.outcomes import (
    Deleted,
    Edited,
    Halted,
    MessageGone,
    Misconfigured,
    Moved,
    NotTaken,
    Outcome,
    PictureStays,
    Pinned,
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
_HAS_PICTURE: Final = "there is no text in the message to edit"


async def send(bot: Bot, chat_id: int, screen: Screen, png: bytes | None = None, *, silent: bool = False) -> Outcome:
    """A new message, with its file, or its picture where that is drawn; `silent` does not ring."""
    common: dict[str, Any] = {"reply_markup": screen.markup(), "disable_notification": silent}
    common["parse_mode"] = ParseMode.HTML
    if screen.document is not None:
        file = screen.document
        sending = bot.send_document(chat_id, file.content, screen.html, filename=file.name, **common)
    elif png is not None:
        sending = bot.send_photo(chat_id, png, screen.html, **common)
    else:
        sending = bot.send_message(chat_id, screen.html, link_preview_options=_PLAIN, **common)
    sent = await _answer(sending)
    return sent if isinstance(sent, Outcome) else Sent(sent.message_id)


async def edit(
    bot: Bot, chat_id: int, message_id: int, screen: Screen, png: bytes | None = None
) -> Outcome | PictureStays:
    """The message shows this now, with these buttons or none.

    A text may get a picture, and a picture another one, but no message loses its picture.
    """
    if png is not None:
        photo = InputMediaPhoto(png, screen.html, ParseMode.HTML)
        edited = await _answer(bot.edit_message_media(photo, chat_id, message_id, reply_markup=screen.buttons()))
        return edited if isinstance(edited, Outcome) else Edited()
    edited = await _answer(
        bot.edit_message_text(
            screen.html,
            chat_id,
            message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.buttons(),
            link_preview_options=_PLAIN,
        )
    )
    if isinstance(edited, Rejected) and _HAS_PICTURE in edited.why.lower():
        return PictureStays()
    return edited if isinstance(edited, Outcome) else Edited()


async def take_buttons(bot: Bot, chat_id: int, message_id: int) -> Outcome:
    """The message shows what it shows, and nothing is to be pressed any more."""
    edited = await _answer(bot.edit_message_reply_markup(chat_id, message_id, reply_markup=None))
    return edited if isinstance(edited, Outcome) else Edited()


async def delete(bot: Bot, chat_id: int, message_id: int) -> Outcome:
    """The message goes from the chat. Telegram lets go only of what is younger than two days."""
    deleted = await _answer(bot.delete_message(chat_id, message_id))
    return deleted if isinstance(deleted, Outcome) else Deleted()


async def pin(bot: Bot, chat_id: int, message_id: int) -> Outcome:
    """The message stands at the top of the chat, beside whatever stands there already."""
    pinned = await _answer(bot.pin_chat_message(chat_id, message_id, disable_notification=True))
    return pinned if isinstance(pinned, Outcome) else Pinned()


async def unpin(bot: Bot, chat_id: int, message_id: int) -> None:
    """It stands there no more; where it does not, that is as well."""
    await _answer(bot.unpin_chat_message(chat_id, message_id))


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
        case ChatMigrated():
            return Moved(fault.new_chat_id)
        case Forbidden():
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
