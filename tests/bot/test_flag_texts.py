"""R9.2-9.5, R11.5: what drivers and managers read of flags and caps, in the chat and by SMS."""

import uuid
from datetime import date

import pytest

from bot.callbacks.appeals import AppealIt, WhyHeld
from bot.delivery.gsm7 import is_gsm7, segments
from bot.reader import Reader
from bot.screens import flags
from bot.screens.flags import FlagNow, OfFlags
from domain.notices.facts.standing import CAP_CHANGES, CapChanged, Flagged, FlagStuck, Unflagged
from domain.policy import TORONTO

ON = date(2026, 11, 25)
BY = ("Marc-André Gagnon", "He was ill, & has <brought> a note")
TOLD: list[OfFlags] = [
    Flagged(5, 3, 90, 5, ON),
    Flagged(10, 6, 90, 1, ON),
    Unflagged(4),
    Unflagged(1, *BY),
    FlagStuck(uuid.uuid4(), "Alexandra Konstantinopoulos-Beauregard", 15, 9, ON),
    *(CapChanged(n, why, *(BY if why in ("chosen", "lifted") else ())) for n, why in enumerate(CAP_CHANGES, start=1)),
]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("notice", TOLD, ids=lambda notice: type(notice).__name__)
def test_r11_5_an_sms_of_it_is_one_segment_and_the_chat_says_all(notice: OfFlags, language: str) -> None:
    reader = Reader(language, TORONTO)
    said = flags.text(notice, "Trillium Parcel Delivery", reader)
    assert segments(said) == 1 and is_gsm7(said), said
    title, body = flags.worded(notice, reader)
    assert title and body and "None" not in title + body and "{" not in title + body
    match notice:
        case Flagged():
            screen = flags.flagged(FlagNow(notice, uuid.uuid4(), True, True), reader)
        case FlagStuck():
            screen = flags.stuck(notice, reader)
        case _:
            screen = flags.told(notice, reader)
    assert "<brought>" not in screen.html and len(screen.keyboard) >= 2


@pytest.mark.parametrize(
    ("stands", "appealable", "steps"),
    [(True, True, {WhyHeld, AppealIt}), (True, False, {WhyHeld}), (False, False, set())],
)
def test_r10_6_a_flag_that_stands_is_explained_and_appealed(stands: bool, appealable: bool, steps: set[type]) -> None:
    screen = flags.flagged(FlagNow(Flagged(5, 3, 90, 5, ON), uuid.uuid4(), stands, appealable), Reader("en", TORONTO))
    offered = {type(button.to) for row in screen.keyboard for button in row}
    assert offered & {WhyHeld, AppealIt} == steps


def test_r9_3_who_is_flagged_reads_what_brings_him_back() -> None:
    _, body = flags.worded(Flagged(10, 6, 90, 1, ON), Reader("en", TORONTO))
    assert "6 of the 10 shifts that were due in the last 90 days" in body
    assert "complete the next one, and you get new ones again" in body
    assert "If it's still too few on Wed 25 Nov, you get one shift a week less." in body
