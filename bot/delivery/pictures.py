"""The picture of a screen, drawn in another process before the message takes its turn."""

import asyncio
import html
import re
from typing import Final

import structlog

from bot.pictures.drawing import draw
from bot.screens.screen import Screen
from bot.workshop import Workshop

log = structlog.get_logger(__name__)

DRAW_FOR: Final = 10.0  # seconds; the first one waits for the child to start
CAPTION_MOST: Final = 1024  # of Telegram's characters, after its entities


async def drawn(workshop: Workshop, screen: Screen) -> bytes | None:
    """None: it has no picture, or goes without: a picture that can't be drawn must not lose what is said below it."""
    if screen.picture is None:
        return None
    if _length(screen.html) > CAPTION_MOST:
        log.error("picture left out: what is said below it is too long")
        return None
    try:
        async with asyncio.timeout(DRAW_FOR):
            return await workshop.run(draw, screen.picture)
    except Exception:
        log.exception("picture not drawn")
        return None


def whole(content: object, png: bytes | None) -> Screen | None:
    """The screen that is carried, with all that belongs to it; None for anything else: its picture may come yet."""
    return content if isinstance(content, Screen) and (content.picture is None or png is not None) else None


def _length(text: str) -> int:
    return len(html.unescape(re.sub(r"<[^>]*>", "", text)).encode("utf-16-le")) // 2
