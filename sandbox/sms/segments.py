"""How many segments an SMS takes, and in which encoding."""

from typing import NamedTuple

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")  # two units each


class Segments(NamedTuple):
    """An SMS as it is billed."""

    encoding: str
    units: int
    parts: int


def segments(text: str) -> Segments:
    """The segments of a text: 160 units alone or 153 each in GSM-7, 70 or 67 in UCS-2."""
    if all(sign in GSM or sign in GSM_EXTENDED for sign in text):
        sizes = [2 if sign in GSM_EXTENDED else 1 for sign in text]
        return Segments("GSM-7", sum(sizes), _packed(sizes, 160, 153))
    sizes = [2 if ord(sign) > 0xFFFF else 1 for sign in text]
    return Segments("UCS-2", sum(sizes), _packed(sizes, 70, 67))


def _packed(sizes: list[int], alone: int, each: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > each:  # a sign is never cut in two
            count, used = count + 1, 0
        used += size
    return count
