"""A week that was given out, as it is read: in the chat and by SMS (R3.8, R11.5)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.callbacks.bidding import OpenShifts
from bot.callbacks.shifts import ConfirmAll, ShiftCard
from bot.delivery.gsm7 import is_gsm7, segments
from bot.reader import LANGUAGES, Reader
from bot.screens import week_texts
from bot.screens import weeks as screens
from bot.screens.screen import Screen
from bot.screens.weeks import NewWeek, Week
from domain.shifts.queries import OwnShift
from tests.bot.test_shift_screens import a_shift
from tests.domain.rostering import WEEK

ZONE = ZoneInfo("America/Toronto")
ENGLISH = Reader("en", ZONE)
OPT_OUT = " Reply STOP to opt out."


def shifts(count: int) -> tuple[OwnShift, ...]:
    return tuple(a_shift(on=WEEK + timedelta(days=day), route=f"R{day}", confirmed=False) for day in range(count))


def given(count: int, *, unconfirmed: int = 0, open_: int = 0, locked: bool = True) -> NewWeek:
    week = Week(WEEK, 0, shifts(count), unconfirmed)
    return NewWeek(week, open_, WEEK + timedelta(days=7) if locked else None)


def presses(screen: Screen) -> list[type[object]]:
    return [type(button.to) for row in screen.keyboard for button in row]


def test_r3_8_his_shifts_and_one_button_for_all_of_them() -> None:
    screen = screens.given_out(given(2, unconfirmed=2, open_=3), ENGLISH)
    assert "Your shifts 7-13 Dec" in screen.html and "Preferences are locked" in screen.html
    assert "Changes count from the week of Mon 14 Dec on." in screen.html
    assert "3 more shifts of that week are open to you." in screen.html
    first = screen.keyboard[0][0]
    assert first.to == ConfirmAll(WEEK.toordinal(), (WEEK + timedelta(days=6)).toordinal())
    assert presses(screen)[1:4] == [OpenShifts, ShiftCard, ShiftCard]


@pytest.mark.parametrize("language", LANGUAGES)
def test_r3_8_nothing_to_confirm_nothing_open(language: str) -> None:
    screen = screens.given_out(given(0, locked=False), Reader(language, ZONE))
    assert not {ConfirmAll, OpenShifts} & set(presses(screen))
    assert "🔒" not in screen.html and "🙋" not in screen.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, 6])
@pytest.mark.parametrize("company", ["Rollcall", "C" * 99])
def test_r11_5_the_sms_is_one_plain_segment(language: str, count: int, company: str) -> None:
    facts = given(count, unconfirmed=count, open_=7)
    text = week_texts.given_out(facts, company, Reader(language, ZONE), OPT_OUT)
    assert is_gsm7(text) and segments(text + OPT_OUT) == 1


def test_r11_6_the_sms_has_as_many_shifts_as_fit_and_how_to_confirm() -> None:
    text = week_texts.given_out(given(6, unconfirmed=6), "Rollcall", ENGLISH)
    assert text.startswith("Rollcall: your shifts 7-13 Dec: Mon 7 Dec R0; ") and text.endswith("Reply C to confirm.")
    assert "Reply" not in week_texts.given_out(given(1), "Rollcall", ENGLISH)


def test_r3_8_the_sms_has_of_the_rest_what_fits() -> None:
    none = week_texts.given_out(given(0, open_=1), "Rollcall", ENGLISH, OPT_OUT)
    assert none == (
        "Rollcall: 7-13 Dec: no shifts for you. 1 shift is open to you: ask your manager. "
        "Preferences are locked for that week."
    )
    some = week_texts.given_out(given(2, unconfirmed=2, open_=3), "Rollcall", ENGLISH, OPT_OUT)
    assert some.endswith("Reply C to confirm. 3 shifts are open to you: ask your manager."), "then it is full"
    french = week_texts.given_out(given(0, locked=False), "Rollcall", Reader("fr", ZONE))
    assert french == "Rollcall: du 7 au 13 déc.: aucun quart pour vous."
