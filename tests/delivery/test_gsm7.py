"""R11.5: one segment where possible."""

import pytest

from bot.delivery.gsm7 import segments


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),  # é è à ù are in GSM-7
        ("ê" * 70, 1),  # ê ç ô are not
        ("ê" * 71, 2),
        ("€" * 80, 1),  # two places each
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 6, 1),
        ("a" * 152 + "€" + "a" * 152, 3),  # the sign is not cut in two: 152, 1 + 151 …
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_r11_5_segments(text: str, count: int) -> None:
    assert segments(text) == count
