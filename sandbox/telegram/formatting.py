"""Telegram's HTML: text with tags in, text with entities out; what Telegram refuses is refused in its words."""

import re
from dataclasses import dataclass

from sandbox.json_types import Json
from sandbox.telegram.entities import Formatted, in_order, units
from sandbox.telegram.errors import bad_request

_TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "span": "spoiler",
    "tg-spoiler": "spoiler", "tg-emoji": "custom_emoji", "a": "text_link", "code": "code", "pre": "pre",
    "blockquote": "blockquote",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_CHARACTER = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z]+));?")
_PIECE = re.compile(r"[^<&]+|[<&]")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE = re.compile(r"\s*([^\s=>]*)(?:\s*(=)\s*(\"[^\"]*\"?|'[^']*'?|[A-Za-z0-9.-]*))?")
_LINK = re.compile(r"(?:https?|tg|ton|mailto|tel):\S+", re.IGNORECASE)


@dataclass
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    begins: int  # in the list of pieces written so far


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.pos = 0
        self.pieces: list[str] = []
        self.offset = 0
        self.open: list[_Open] = []
        self.entities: list[Json] = []

    def run(self) -> Formatted:
        while match := _PIECE.match(self.source, self.pos):
            if match.group() == "<":
                self.tag()
            elif match.group() == "&" and (character := _CHARACTER.match(self.source, self.pos)):
                self.pos = character.end()
                self.write(_decoded(character))
            else:
                self.pos = match.end()
                self.write(match.group())
        if self.open:
            raise _cant_parse(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return Formatted("".join(self.pieces), in_order(self.entities))

    def write(self, text: str) -> None:
        self.pieces.append(text)
        self.offset += units(text)

    def tag(self) -> None:
        begin, closing = self.pos, self.source.startswith("</", self.pos)
        name = _TAG_NAME.match(self.source, begin + 1 + closing)
        assert name  # it matches the empty string
        self.pos = name.end()
        if closing:
            self.end(name.group().lower(), begin)
        else:
            self.start(name.group().lower(), begin)

    def start(self, tag: str, begin: int) -> None:
        if self.pos >= len(self.source):
            raise _cant_parse("Unclosed start tag", self.byte(begin))
        if tag not in _TYPES:
            raise _cant_parse(f'Unsupported start tag "{tag}"', self.byte(begin))
        attributes = self.attributes(tag, begin)
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _cant_parse('Tag "span" must have class "tg-spoiler"', self.byte(begin))
        self.open.append(_Open(tag, attributes, self.offset, len(self.pieces)))

    def attributes(self, tag: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            while self.source[self.pos : self.pos + 1].isspace():
                self.pos += 1
            if self.source.startswith(">", self.pos):
                self.pos += 1
                return found
            match = _ATTRIBUTE.match(self.source, self.pos)
            assert match  # it matches the empty string
            name, equals, value = match.groups()
            self.pos = match.end()
            if self.pos >= len(self.source):
                raise _cant_parse("Unclosed start tag", self.byte(begin))
            if not name:
                raise _cant_parse(f'Empty attribute name in the tag "{tag}"', self.byte(begin))
            if not equals and name != "expandable":
                words = f'Expected equal sign in declaration of an attribute of the tag "{tag}"'
                raise _cant_parse(words, self.byte(begin))
            if not self.source[self.pos].isspace() and self.source[self.pos] != ">":
                raise _cant_parse("Unexpected end of name token", self.byte(match.start(3)))
            found[name] = _CHARACTER.sub(_decoded, _unquoted(value or ""))

    def end(self, tag: str, begin: int) -> None:
        if not self.open:
            raise _cant_parse("Unexpected end tag", self.byte(begin))
        while self.source[self.pos : self.pos + 1].isspace():
            self.pos += 1
        if not self.source.startswith(">", self.pos):
            raise _cant_parse("Unclosed end tag", self.byte(begin))
        self.pos += 1
        opened = self.open.pop()
        if tag not in ("", opened.tag):
            words = f'Unmatched end tag at byte offset {self.byte(begin)}, expected "</{opened.tag}>", found "</{tag}>"'
            raise _cant_parse(words)
        if self.offset > opened.offset:
            self.close(opened)

    def close(self, opened: _Open) -> None:
        entity = {"type": _TYPES[opened.tag], "offset": opened.offset, "length": self.offset - opened.offset}
        if opened.tag == "a":
            link = _checked(opened.attributes.get("href") or "".join(self.pieces[opened.begins :]))
            if link is None:  # Telegram drops a link that is none
                return
            entity.update(link)
        elif opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "tg-emoji":
            if not opened.attributes.get("emoji-id", "").isdigit():
                raise _cant_parse("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.attributes["emoji-id"]
        elif opened.tag == "code" and (language := _language(opened)):
            entity["language"] = language
        elif opened.tag == "pre":
            entity.update(self.language_inside(entity))
        self.entities.append(entity)

    def language_inside(self, pre: Json) -> Json:
        """`<pre><code class="language-python">` is one entity, of which the pre is told last."""
        last = self.entities[-1] if self.entities else {}
        if "language" in last and (last["offset"], last["length"]) == (pre["offset"], pre["length"]):
            return {"language": self.entities.pop()["language"]}
        return {}

    def byte(self, pos: int) -> int:
        return len(self.source[:pos].encode("utf-8", "surrogatepass"))


def parse_html(source: str) -> Formatted:
    """The text and the entities of a string in parse mode HTML; ApiError where Telegram can't parse it."""
    text, entities = _Parser(source).run()
    for each in entities:
        if each["type"] == "code":
            each.pop("language", None)  # only a pre has one
    return Formatted(text, entities)


def _unquoted(value: str) -> str:
    return value[1:].removesuffix(value[0]) if value[:1] in ('"', "'") else value.lower()


def _decoded(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED.get(name, match.group())
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else match.group()


def _language(opened: _Open) -> str:
    name = opened.attributes.get("class", "")
    return name.removeprefix("language-") if name.startswith("language-") else ""


def _checked(link: str) -> Json | None:
    if _LINK.fullmatch(link):
        return {"url": link}
    if re.fullmatch(r"[\w-]+(\.[\w-]+)+([/?#]\S*)?", link):
        return {"url": f"http://{link}"}
    return None


def _cant_parse(words: str, byte: int | None = None) -> Exception:
    return bad_request(f"can't parse entities: {words}" + (f" at byte offset {byte}" if byte is not None else ""))
