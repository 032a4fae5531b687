"""Text with entities as safe HTML, for the page."""

import html
import re
from collections.abc import Callable

from sandbox.json_types import Json
from sandbox.telegram.entities import in_order

_TAGS = {
    "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "pre": "pre",
    "spoiler": "tg-spoiler", "blockquote": "blockquote", "expandable_blockquote": "blockquote",
}  # fmt: skip
_SAFE = re.compile(r"(?:https?|tg|mailto):", re.IGNORECASE)


def render_html(text: str, entities: list[Json]) -> str:
    """The text as HTML that a page may insert as it is. Overlapping entities are closed and opened again."""
    wide = text.encode("utf-16-le", "surrogatepass")

    def part(start: int, end: int) -> str:
        return wide[2 * start : 2 * end].decode("utf-16-le", "replace")

    shown = [each for each in in_order(entities) if _opening(each, part)]
    size = len(wide) // 2
    cuts = sorted({0, size, *(each["offset"] for each in shown), *(_end(each) for each in shown)})
    out: list[str] = []
    open_now: list[Json] = []
    for start, end in zip(cuts, [*cuts[1:], size], strict=True):
        ended = next((i for i, each in enumerate(open_now) if _end(each) <= start), len(open_now))
        out += [_closing(each) for each in reversed(open_now[ended:])]
        opening = [each for each in open_now[ended:] if _end(each) > start]
        opening += [each for each in shown if each["offset"] == start and _end(each) > start]
        out += [_opening(each, part) for each in opening]
        open_now = open_now[:ended] + opening
        out.append(html.escape(part(start, end)).replace("\n", "<br>"))
    return "".join(out)


def _end(entity: Json) -> int:
    return int(entity["offset"] + entity["length"])


def _opening(entity: Json, part: Callable[[int, int], str]) -> str:
    kind = entity["type"]
    if kind in ("text_link", "url", "email"):
        link = entity.get("url") or part(entity["offset"], _end(entity))
        if kind == "email":
            link = f"mailto:{link}"
        elif kind == "url" and "://" not in link:
            link = f"https://{link}"
        return f'<a href="{html.escape(link)}" target="_blank" rel="noopener">' if _SAFE.match(link) else ""
    return f"<{_TAGS[kind]}>" if kind in _TAGS else ""


def _closing(entity: Json) -> str:
    return f"</{_TAGS.get(entity['type'], 'a')}>"
