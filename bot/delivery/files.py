"""Fetches a file that somebody has sent, as far as it is one that we read. No transaction is open meanwhile."""

from enum import Enum
from typing import Final

import structlog
from telegram import Bot, Document
from telegram.error import TelegramError

log = structlog.get_logger(__name__)

LARGEST: Final = 1_000_000  # bytes: 5,000 lines of 200
_WAIT: Final = 4.0  # seconds for each of two calls, so that the update itself is not given up


class NotFetched(Enum):
    """Why it can't be read."""

    TOO_BIG = "too_big"
    NOT_UTF8 = "not_utf8"
    LOST = "lost"  # Telegram does not give it, now or any more


async def fetched(bot: Bot, document: Document) -> str | NotFetched:
    """The text of a file. How large it is Telegram says beforehand, but what counts is what comes."""
    if document.file_size is not None and document.file_size > LARGEST:
        return NotFetched.TOO_BIG
    try:
        file = await bot.get_file(document.file_id, read_timeout=_WAIT)
        if file.file_size is not None and file.file_size > LARGEST:
            return NotFetched.TOO_BIG
        data = await file.download_as_bytearray(read_timeout=_WAIT)
    except TelegramError as fault:
        log.warning("file not fetched", fault=str(fault))
        return NotFetched.LOST
    if len(data) > LARGEST:
        return NotFetched.TOO_BIG
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return NotFetched.NOT_UTF8
