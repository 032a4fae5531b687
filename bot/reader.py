"""Who reads: a language and the company's time zone; texts, dates and numbers are made for him."""

import gettext
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from domain.schedule import holidays

LANGUAGES = ("en", "fr")
_SUNDAY = date(2026, 1, 4)
_HALF_A_YEAR = timedelta(weeks=26)
_LOCALES = Path(__file__).parent / "locales"


def language_of(code: str | None) -> str:
    """The language that we speak for a BCP 47 tag such as `fr-CA`; English where we don't speak it."""
    wanted = (code or "").split("-")[0].lower()
    return wanted if wanted in LANGUAGES else "en"


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of a language, read from its .po file: no compiled copy that could be stale. English is the source."""
    if language == "en":
        return gettext.NullTranslations()
    with (_LOCALES / f"{language}.po").open("rb") as file:
        texts = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=4096)  # the same few weeks are written again and again
def _written(on: date, form: str, locale: str) -> str:
    if on.day == 1 and locale.startswith("fr"):  # `mar. 1er déc.`
        form = form.replace("d", "d'er'")
    return format_date(on, form, locale=locale)


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader. `gettext` and `ngettext` give his texts; the rest formats for him."""

    language: str
    zone: ZoneInfo

    @property
    def _babel(self) -> str:
        return {"en": "en_CA", "fr": "fr_CA"}[self.language]

    def gettext(self, message: str) -> str:
        return catalogue(self.language).gettext(message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return catalogue(self.language).ngettext(one, many, n)

    def day(self, on: date) -> str:
        """`Tue 24 Nov`, `mar. 24 nov.`"""
        return _written(on, "EEE d MMM", self._babel)

    def dated(self, on: date, today: date) -> str:
        """The same, with the year where it isn't this one: `Thu 25 Nov 2027`."""
        return self.day(on) if on.year == today.year else _written(on, "EEE d MMM y", self._babel)

    def weekday(self, number: int) -> str:
        """`Sun`, `dim.`: 0 = Sunday (R1.2)."""
        return _written(_SUNDAY + timedelta(days=number), "EEE", self._babel)

    def whole_weekday(self, on: date) -> str:
        """`Friday`, `vendredi`."""
        return _written(on, "EEEE", self._babel)

    def week(self, monday: date, today: date | None = None) -> str:
        """`7-13 Dec`, `30 Nov-6 Dec`; `7 au 13 déc.`

        `today`: where it may be any week, the year stands there if it isn't this one: `30 Dec 2019-5 Jan 2020`. Half a
        year ahead and back nobody needs it.
        """
        sunday = monday + timedelta(days=6)
        far = today is not None and abs(monday - today) > _HALF_A_YEAR
        year = " y" if far and today is not None and {monday.year, sunday.year} != {today.year} else ""
        first = "d" if monday.month == sunday.month else "d MMM" if monday.year == sunday.year else f"d MMM{year}"
        days = {"first": _written(monday, first, self._babel), "last": _written(sunday, f"d MMM{year}", self._babel)}
        return self.gettext("{first}-{last}").format(**days)

    def holiday(self, on: date) -> str:
        """`Christmas Day`, `Jour de Noël`; nothing where it is none."""
        return holidays.names(on.year, {"en": "en_CA", "fr": "fr"}[self.language]).get(on, "")

    def time(self, at: datetime) -> str:
        """`09:00`, `9 h`, `9 h 30`: the company's wall clock."""
        local = at.astimezone(self.zone)
        if self.language == "en":
            return f"{local:%H:%M}"
        return f"{local.hour}\u00a0h\u00a0{local:%M}" if local.minute else f"{local.hour}\u00a0h"

    def moment(self, at: datetime, *, near: bool = False) -> str:
        """The time with its day; `near`: the day is known, so the time alone."""
        return self.time(at) if near else f"{self.day(at.astimezone(self.zone).date())} {self.time(at)}"

    def said(self, of: str, what: str) -> str:
        """`R12, Tue 24 Nov: no driver`, with the colon of his language."""
        return self.gettext("{of}: {what}").format(of=of, what=what)

    def quoted(self, text: str) -> str:
        """`“Too late”`, `« Trop tard »`: somebody's own words."""
        return self.gettext("“{text}”").format(text=text)

    def number(self, value: float) -> str:
        """`0.82`, `0,82`: two places."""
        return format_decimal(value, "0.00", locale=self._babel)

    def bonus(self, percent: int) -> str:
        """`, +20%`, `, +20 %`; nothing where there is none."""
        return "" if percent == 0 else ", " + self.gettext("+{bonus}%").format(bonus=percent)

    def percent(self, rate: float) -> str:
        """`93%`, `93 %`: a rate of 0 to 1, in whole points."""
        return format_percent(rate, locale=self._babel)

    def left(self, time: timedelta) -> str:
        """How long there is still time, in whole hours, or minutes where it is less than two.

        `2 d 15 h` from two days on, `23 h`, `45 min`.
        """
        minutes = max(int(time.total_seconds() // 60), 0)
        days, hours = divmod(minutes // 60, 24)
        if days >= 2:
            return (self.gettext("{n} d").format(n=days) + f" {hours} h").replace(" ", "\u00a0")
        return f"{minutes // 60}\u00a0h" if minutes >= 120 else f"{minutes}\u00a0min"
