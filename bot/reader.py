"""Who reads: a language and the company's time zone; texts, dates and numbers are made for him."""

import gettext
import io
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "fr")
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
        return format_date(on, "EEE d MMM", locale=self._babel)

    def time(self, at: datetime) -> str:
        """`09:00`, `9 h`, `9 h 30`: the company's wall clock."""
        local = at.astimezone(self.zone)
        if self.language == "en":
            return f"{local:%H:%M}"
        return f"{local.hour}\u00a0h\u00a0{local:%M}" if local.minute else f"{local.hour}\u00a0h"

    def moment(self, at: datetime, *, near: bool = False) -> str:
        """The time with its day; `near`: the day is known, so the time alone."""
        return self.time(at) if near else f"{self.day(at.astimezone(self.zone).date())} {self.time(at)}"

    def bonus(self, percent: int) -> str:
        """`, +20%`, `, +20 %`; nothing where there is none."""
        return "" if percent == 0 else ", " + self.gettext("+{bonus}%").format(bonus=percent)
