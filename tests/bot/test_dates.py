"""Days as people write them, in English and French (PRODUCT: dates are understood as people write them)."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dates import Parted, Unreadable, day, parted, week, week_parted
from bot.reader import Reader
from domain.policy import TORONTO

THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("today", THURSDAY),
        ("Aujourd’hui", THURSDAY),
        ("aujourd'hui", THURSDAY),
        ("yesterday", date(2026, 11, 25)),  # over; whether it will do is for others to say
        ("hier", date(2026, 11, 25)),
        ("TOMORROW", date(2026, 11, 27)),
        ("demain", date(2026, 11, 27)),
        ("day after tomorrow", date(2026, 11, 28)),
        ("après-demain", date(2026, 11, 28)),
        ("thu", THURSDAY),  # today included
        ("fri", date(2026, 11, 27)),
        ("vendredi", date(2026, 11, 27)),
        ("mer.", date(2026, 12, 2)),
        ("mar", date(2026, 12, 1)),  # mardi, not March
        ("24 nov", date(2026, 11, 24)),  # over, but the nearest
        ("Nov 24th", date(2026, 11, 24)),
        ("3 jan", date(2027, 1, 3)),
        ("le 1er décembre", date(2026, 12, 1)),
        ("jeudi 3 déc. 2026", date(2026, 12, 3)),
        ("2026-11-24", date(2026, 11, 24)),
        ("29 feb", date(2028, 2, 29)),
        ("29/11", date(2026, 11, 29)),
        ("3/12", date(2026, 12, 3)),  # the day before the month, as we write it
        ("11/29", date(2026, 11, 29)),
        ("29-11-2027", date(2027, 11, 29)),
        ("31/11", Unreadable.NO_SUCH_DAY),
        ("dimanche prochain", date(2026, 11, 29)),
        ("next sunday", date(2026, 11, 29)),
        ("next thursday", date(2026, 12, 3)),  # not today
        ("in 3 days", date(2026, 11, 29)),
        ("dans 2 semaines", date(2026, 12, 10)),
        ("ce soir", THURSDAY),
        ("tomorow", date(2026, 11, 27)),  # a letter is missing
        ("wendesday", date(2026, 12, 2)),
        ("vendrdi", date(2026, 11, 27)),
        ("Martin", Unreadable.NOT_A_DAY),  # somebody's name, and no morning
        ("Marchand", Unreadable.NOT_A_DAY),
        ("jeudi prochain", date(2026, 12, 3)),  # not today
        ("sam 28", date(2026, 11, 28)),
        ("lundi 4", date(2027, 1, 4)),
        ("sam 27", Unreadable.NO_SUCH_DAY),
        ("31 nov", Unreadable.NO_SUCH_DAY),
        ("30 février", Unreadable.NO_SUCH_DAY),
        ("31 feb", Unreadable.NO_SUCH_DAY),
        ("29 feb 2027", Unreadable.NO_SUCH_DAY),
        ("2026-13-01", Unreadable.NO_SUCH_DAY),
        ("0 dec", Unreadable.NO_SUCH_DAY),
        ("R12", Unreadable.NOT_A_DAY),
        ("nov", Unreadable.NOT_A_DAY),
        ("12", Unreadable.NOT_A_DAY),
        ("", Unreadable.NOT_A_DAY),
        ("9999-99-99999999999999999", Unreadable.NOT_A_DAY),
    ],
)
def test_what_a_text_means(text: str, means: date | Unreadable) -> None:
    assert day(text, THURSDAY) == means


MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("week", MONDAY),
        ("this week", MONDAY),
        ("cette semaine", MONDAY),
        ("next week", date(2026, 11, 30)),
        ("la semaine prochaine", date(2026, 11, 30)),
        ("last week", date(2026, 11, 16)),
        ("la semaine dernière", date(2026, 11, 16)),
        ("semaine passée", date(2026, 11, 16)),
        ("week of 9 dec", date(2026, 12, 7)),
        ("semaine du 9 déc.", date(2026, 12, 7)),
        ("week of 31 nov", None),
        ("week week", None),
        ("9 dec", None),
        ("", None),
    ],
)
def test_what_week_a_text_means(text: str, means: date | None) -> None:
    assert week(text, THURSDAY) == means


@given(
    on=st.dates(THURSDAY - timedelta(days=180), THURSDAY + timedelta(days=180)), language=st.sampled_from(["en", "fr"])
)
@settings(max_examples=100)
def test_what_we_show_can_be_written(on: date, language: str) -> None:
    assert day(Reader(language, TORONTO).day(on), THURSDAY) == on
    assert day(on.isoformat(), THURSDAY) == on


@given(text=st.text(max_size=30))
@settings(max_examples=200)
def test_whatever_is_written_is_a_day_or_not(text: str) -> None:
    assert isinstance(day(text, THURSDAY), date | Unreadable)
    parted(text, THURSDAY)
    week_parted(text, THURSDAY)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("North today", Parted("North", THURSDAY)),
        ("tomorrow R12", Parted("R12", date(2026, 11, 27))),
        ("R12 le 24 nov", Parted("R12", date(2026, 11, 24))),
        ("R12 24 nov 2026", Parted("R12", date(2026, 11, 24))),
        ("Le Havre le vendredi", Parted("Le Havre", date(2026, 11, 27))),
        ("West on friday", Parted("West", date(2026, 11, 27))),
        ("today", Parted("", THURSDAY)),
        ("North", Parted("North", None)),
        ("North 31 feb", Parted("North", Unreadable.NO_SUCH_DAY)),
        ("", Parted("", None)),
    ],
)
def test_the_day_is_taken_off_a_text(text: str, parts: Parted) -> None:
    assert parted(text, THURSDAY) == parts
