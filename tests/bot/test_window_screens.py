"""R6.3: how a window is doing, as a manager reads it."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.reader import Reader
from bot.screens.windows import window
from domain.coverage.windows import WindowCard
from domain.db.models.words import BidWindowMode, BidWindowStatus

ZONE = ZoneInfo("America/Toronto")
ON = date(2026, 2, 18)


def card(**values: Any) -> WindowCard:
    base: dict[str, Any] = dict.fromkeys(WindowCard.__dataclass_fields__)
    base |= {"route": "R12", "warehouse": "North", "on": ON, "bonus_percent": 0, "bids": (), "bid_count": 0}
    base |= {"status": BidWindowStatus.OPEN, "mode": BidWindowMode.INSTANT, "unfilled": True, "free_at_cap": 0}
    base |= {"asked": 0, "declined": 0, "emergency_bonus": 20, "extendable": False, "awardable": False}
    base |= {"opens_at": datetime(2026, 2, 16, 8, tzinfo=ZONE), "closes_at": datetime(2026, 2, 18, 7, tzinfo=ZONE)}
    return WindowCard(**(base | values))


@pytest.mark.parametrize(
    ("language", "asked", "declined"),
    [("en", "Asked: 3 drivers.", "Declined: 2."), ("fr", "3 chauffeurs sollicités.", "2 refus.")],
)
def test_r6_3_it_counts_who_was_asked_and_who_does_not_want_it(language: str, asked: str, declined: str) -> None:
    reader = Reader(language, ZONE)
    assert f"{asked} {declined}" in window(card(asked=3, declined=2), reader).html
    assert declined.strip(".12 :") not in window(card(asked=3), reader).html
