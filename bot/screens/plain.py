"""What an SMS may consist of: GSM-7 where the language allows it, and of long words as much as fits (R11.5)."""

import unicodedata
from collections.abc import Callable
from typing import Final

from bot.delivery.gsm7 import is_gsm7, segments

NAME_MOST: Final = 40  # characters of a name; an address may have twice as many

# What GSM-7 has not, and NFKD does not take apart.
_LETTERS = {"œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"}
_LETTERS |= {"ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ẞ": "SS", "ə": "e", "Ə": "E"}
_SIGNS = {"’": "'", "‘": "'", "‚": "'", "‹": "'", "›": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
_SIGNS |= {"–": "-", "—": "-", "‐": "-", "−": "-", "•": "-", "·": "-", "×": "x", "÷": "/"}
_INSTEAD: Final = _LETTERS | _SIGNS


def plain(text: str) -> str:
    """The text on one line, in GSM-7 as far as its language allows: other accents go, and so do emoji and signs.

    The letters of other scripts stay: somebody wrote them to be read. A colon stands by its word, also in French: there
    is no no-break space to keep it there.
    """
    signs = (_plain(sign) for sign in unicodedata.normalize("NFC", text).replace("\u00a0:", ":"))
    return " ".join("".join(signs).split())


def _plain(sign: str) -> str:
    if is_gsm7(sign):
        return sign
    bare = "".join(
        _INSTEAD.get(part, part) for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part)
    )
    if is_gsm7(bare):
        return bare
    return sign if unicodedata.category(sign)[0] in "LMN" else ""


def name_of(text: str, most: int = NAME_MOST) -> str:
    """A name may be anything, but not as long as that."""
    name = plain(text)
    return name if len(name) <= most else f"{name[: most - 3].rstrip()}..."


def fitting(make: Callable[[str], str], text: str, behind: str) -> str:
    """What `make` makes of as much of the text as one segment holds, together with what comes `behind`."""
    for length in range(len(text), 0, -1):
        if segments((whole := make(text[:length].rstrip())) + behind) == 1:
            return whole
    return make("")
