"""Texts with entities, whose offsets and lengths count UTF-16 units as Telegram does."""

import re
from typing import NamedTuple

from sandbox.json_types import Json

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]|(?<![\w.@])(?:www\.|t\.me/)[^\s<>\"']*[^\s<>\"'.,;:!?)\]])"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/@])(?P<mention>@[A-Za-z][A-Za-z0-9_]{3,31})\b"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z][A-Za-z0-9_]{3,31})?)(?![\w/])"
)
_CLOSED = {"code", "pre", "text_link"}  # nothing is found inside these


class Formatted(NamedTuple):
    """A text and its entities, sorted."""

    text: str
    entities: list[Json]


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def with_found(formatted: Formatted) -> Formatted:
    """Adds what Telegram finds by itself: commands, addresses, mentions."""
    text, entities = formatted
    closed = [(each["offset"], each["offset"] + each["length"]) for each in entities if each["type"] in _CLOSED]
    found = []
    for match in _FOUND.finditer(text):
        start = units(text[: match.start()])
        end = start + units(match.group())
        if not any(start < right and left < end for left, right in closed):
            found.append({"type": str(match.lastgroup), "offset": start, "length": end - start})
    return Formatted(text, in_order([*entities, *found]))


def trimmed(formatted: Formatted) -> Formatted:
    """Without the blanks around, as Telegram stores a text; entities move along."""
    text = formatted.text.strip()
    if text == formatted.text:
        return formatted
    cut = units(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    size, entities = units(text), []
    for each in formatted.entities:
        start = max(each["offset"] - cut, 0)
        end = min(each["offset"] + each["length"] - cut, size)
        if start < end:
            entities.append({**each, "offset": start, "length": end - start})
    return Formatted(text, entities)


def in_order(entities: list[Json]) -> list[Json]:
    """Sorted as Telegram gives them: by where they begin, the longer first."""
    return sorted(entities, key=lambda each: (each["offset"], -each["length"]))
