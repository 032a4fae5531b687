"""A word and its number, as people write them in an SMS or the chat: load 120, retard 20 min, 142 colis. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from domain.names import folded

POLITE: Final = frozenset(
    ("please", "pls", "svp", "stp", "thanks", "thx", "thank", "you", "merci", "sorry", "desole", "desolee")
)
PARCELS: Final = frozenset(
    ("parcel", "parcels", "colis", "package", "packages", "pkg", "pkgs", "pcs", "box", "boxes", "paquet", "paquets")
)
MINUTES: Final = frozenset(("min", "mins", "minute", "minutes"))
DIGITS_MOST: Final = 9  # more is no number of anything here

_PARTS: Final = re.compile(r"(?P<before>\D*)(?P<digits>\d.*\d|\d)(?P<behind>\D*)", re.DOTALL)
_LETTER: Final = re.compile(r"[^\W\d_]")
_SIGN: Final = re.compile(r"(?:^|\s)(?:[-\u2010-\u2015\u2212+]\s*|[.,])$")  # LOAD -40, LOAD .5; not LOAD-40, LOAD.40
_SHARE: Final = re.compile(r"[%+/*]")  # of the number behind which it stands


@dataclass(frozen=True, slots=True)
class Numbered:
    """`word`: what stands in front, folded and without courtesies. `number` None: it is no whole number from 0 on."""

    word: str
    number: int | None


def numbered(text: str, units: frozenset[str] = frozenset()) -> Numbered | None:
    """A word with its number and nothing else but courtesies and `units`; None: it is no such thing, or a sentence.

    What is -1, 3.5 or 1 200 is never another number (R8.3).
    """
    parts = _PARTS.fullmatch(text)
    if parts is None or _LETTER.search(parts["digits"]):
        return None
    if not set(_words(parts["behind"])) <= units | POLITE:
        return None
    word = "".join(each for each in _words(parts["before"]) if each not in POLITE)
    digits = parts["digits"]
    plain = digits.isdecimal() and len(digits) <= DIGITS_MOST
    counts = plain and not _SIGN.search(parts["before"]) and not _SHARE.search(parts["behind"])
    return Numbered(word, int(digits) if counts else None)


def _words(text: str) -> list[str]:
    return [word for each in re.split(r"[\s.,;:!?]+", text) if (word := folded(each))]
