"""How many segments an SMS takes, as carriers count and bill them (R11.5)."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes two places


def is_gsm7(text: str) -> bool:
    """Whether it needs no other alphabet, which would more than double its price."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def segments(text: str) -> int:
    """160 places, or 153 in each of several; with a single character beyond GSM-7, 70 or 67."""
    if is_gsm7(text):
        return _packed([2 if character in _EXTENDED else 1 for character in text], 160, 153)
    return _packed([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _packed(sizes: list[int], alone: int, each: int) -> int:
    """A character is never cut in two, so a segment may stay a place short."""
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > each:
            count, used = count + 1, 0
        used += size
    return count
