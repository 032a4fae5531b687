"""How days, weeks and somebody's words are written for whom reads them."""

from datetime import date

import pytest

from bot.reader import Reader
from domain.policy import TORONTO

ENGLISH, FRENCH = Reader("en", TORONTO), Reader("fr", TORONTO)
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("on", "english", "french"),
    [
        (date(2026, 12, 1), "Tue 1 Dec", "mar. 1er déc."),
        (date(2026, 12, 11), "Fri 11 Dec", "ven. 11 déc."),
        (date(2026, 12, 21), "Mon 21 Dec", "lun. 21 déc."),
    ],
)
def test_the_first_of_a_month_is_an_ordinal_in_french(on: date, english: str, french: str) -> None:
    assert (ENGLISH.day(on), FRENCH.day(on)) == (english, french)
    assert FRENCH.dated(on, date(2020, 1, 1)) == f"{french} 2026"


def test_a_week_that_begins_with_the_first() -> None:
    assert FRENCH.week(date(2027, 2, 1)) == "1er au 7 févr."
    assert FRENCH.week(date(2027, 1, 26)) == "26 janv. au 1er févr."


@pytest.mark.parametrize(
    ("monday", "english", "french"),
    [
        (date(2026, 11, 16), "16-22 Nov", "16 au 22 nov."),
        (date(2026, 1, 5), "5-11 Jan", "5 au 11 janv."),
        (date(2026, 12, 28), "28 Dec-3 Jan", "28 déc. au 3 janv."),
        (date(2027, 1, 4), "4-10 Jan", "4 au 10 janv."),
        (date(2025, 12, 29), "29 Dec 2025-4 Jan 2026", "29 déc. 2025 au 4 janv. 2026"),
        (date(2019, 12, 30), "30 Dec 2019-5 Jan 2020", "30 déc. 2019 au 5 janv. 2020"),
        (date(2024, 7, 29), "29 Jul-4 Aug 2024", "29 juill. au 4 août 2024"),
    ],
)
def test_a_week_far_away_in_another_year_shows_it(monday: date, english: str, french: str) -> None:
    assert (ENGLISH.week(monday, TODAY), FRENCH.week(monday, TODAY)) == (english, french)
    assert "20" not in ENGLISH.week(monday).replace("20-", "").replace("-20", ""), "where any week is near"


def test_somebodys_words_are_quoted_as_his_reader_does() -> None:
    assert (ENGLISH.quoted("Too late"), FRENCH.quoted("Trop tard")) == ("“Too late”", "«\u00a0Trop tard\u00a0»")
