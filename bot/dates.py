"""Days as people write them, in English and French alike: today, demain, fri, 24 nov, in 3 days. Pure."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Final, NamedTuple

from domain.time import week_of

WORDS_MOST: Final = 5  # "le jeudi 24 novembre 2026"


class Unreadable(Enum):
    """Why something is no day."""

    NOT_A_DAY = "not a day"
    NO_SUCH_DAY = "no such day"  # 31 February


def _words(*rows: str) -> Mapping[str, int]:
    """Each row's words stand for the row's number."""
    return {word: number for number, row in enumerate(rows) for word in row.split()}


def _meant(word: str, among: Mapping[str, int]) -> int | None:
    """What a word or its beginning stands for: mon, sept, juil."""
    if len(word) < SHORT:
        return None
    numbers = {number for name, number in among.items() if name.startswith(word)}
    if len(numbers) == 1:
        return numbers.pop()
    return None if numbers else _nearly(word, among)


def _nearly(word: str, among: Mapping[str, int]) -> int | None:
    """The same of a long word with a letter or two that are wrong: tomorow, wendesday, vendrdi."""
    near = difflib.get_close_matches(word, among, 1, NEAR_ENOUGH) if len(word) >= LONG else []
    return among[near[0]] if near else None


_NEAR: Final = _words(  # from yesterday on
    "yesterday hier",
    "today tod tonight day aujourdhui auj soir jour",
    "tomorrow tmrw tmr tom demain dem",
    "overmorrow apresdemain",
)
_WEEKDAYS: Final = _words(  # as date.weekday counts them
    "monday lundi",
    "tuesday mardi",
    "wednesday mercredi",
    "thursday jeudi",
    "friday vendredi",
    "saturday samedi",
    "sunday dimanche",
)
_MONTHS: Final = _words(
    "",
    "january janvier",
    "february fevrier",
    "march mars",
    "april avril",
    "may mai",
    "june juin",
    "july juillet",
    "august aout",
    "september septembre",
    "october octobre",
    "november novembre",
    "december decembre",
)
LONG: Final = 6  # letters, from which on a word may have one that is wrong …
NEAR_ENOUGH: Final = 0.85  # … by difflib: a name that looks like a day is none
SHORT: Final = 3  # letters that will do for a weekday or a month, if they mean one
_IN_FRONT: Final = {"on", "the", "le", "this", "ce", "for", "pour", "of", "de"}
_DAY: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|e)?")
_YEAR: Final = re.compile(r"\d{4}")
_SLASHED: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?")
_NEXT: Final = {"prochain", "prochaine", "next"}
_COUNT: Final = re.compile(r"\d{1,3}")
_IN: Final = {
    "in": {"day": 1, "days": 1, "week": 7, "weeks": 7},
    "dans": {"jour": 1, "jours": 1, "semaine": 7, "semaines": 7},
}
_AHEAD_MOST: Final = 60  # days, for a weekday with its number and no month
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")


def day(text: str, today: date) -> date | Unreadable:
    """The day that a text means. Weekdays: the next one, today included; days without a year: those nearest to today.

    Days that are over are days, too: whether they will do is for others to say.
    """
    words = [_bare(word) for word in text.split()]
    words = [word for word in words if word and word not in _IN_FRONT]
    if " ".join(words) in ("day after tomorrow", "apres demain"):
        return today + timedelta(days=2)
    if len(words) == 3 and words[0] in _IN and words[2] in _IN[words[0]] and _COUNT.fullmatch(words[1]):
        return today + timedelta(days=int(words[1]) * _IN[words[0]][words[2]])
    if len(words) == 1:
        if (iso := _ISO.fullmatch(words[0])) is not None:
            return _date(*(int(part) for part in iso.groups()))
        if (slashed := _SLASHED.fullmatch(words[0])) is not None:
            return _slashed(int(slashed[1]), int(slashed[2]), slashed[3], today)
        near = _NEAR.get(words[0], _nearly(words[0], _NEAR))
        if near is not None:
            return today + timedelta(days=near - 1)
        if (weekday := _meant(words[0], _WEEKDAYS)) is not None:
            return today + timedelta(days=(weekday - today.weekday()) % 7)
    found = _with_month(words, today)
    return _with_weekday(words, today) if found is Unreadable.NOT_A_DAY else found


def _slashed(first: int, second: int, year: str | None, today: date) -> date | Unreadable:
    """`29/11`: the day before the month, as we write it; the other way round only where that is no day."""
    ways = [
        _nearest(number, month, int(year) if year else None, today)
        for number, month in ((first, second), (second, first))
    ]
    return next((on for on in ways if isinstance(on, date)), Unreadable.NO_SUCH_DAY)


def _with_weekday(words: Sequence[str], today: date) -> date | Unreadable:
    """`dimanche prochain`, `next sunday`: not today. `sam 28`: the next one that is both."""
    if len(words) == 2 and words[0] in _NEXT:
        words = words[::-1]
    weekday = _meant(words[0], _WEEKDAYS) if len(words) == 2 else None
    if weekday is None:
        return Unreadable.NOT_A_DAY
    if words[1] in _NEXT:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if (number := _DAY.fullmatch(words[1])) is None:
        return Unreadable.NOT_A_DAY
    ahead = (today + timedelta(days=days) for days in range(_AHEAD_MOST))
    both = (on for on in ahead if on.weekday() == weekday and on.day == int(number[1]))
    return next(both, Unreadable.NO_SUCH_DAY)


def _bare(word: str) -> str:
    """Without accents, case and the signs around and within it; a date in numbers keeps its own."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    plain = plain.strip(",.;:!?()")
    return plain if _ISO.fullmatch(plain) or _SLASHED.fullmatch(plain) else re.sub(r"[^a-z0-9]", "", plain)


def _with_month(words: Sequence[str], today: date) -> date | Unreadable:
    """`24 nov`, `nov 24th`, `jeudi 24 novembre 2026`."""
    if len(words) > 2 and _meant(words[0], _WEEKDAYS) is not None:
        words = words[1:]
    year = None
    if len(words) == 3 and _YEAR.fullmatch(words[2]):
        year, words = int(words[2]), words[:2]
    if len(words) != 2:
        return Unreadable.NOT_A_DAY
    for number, name in (words, reversed(words)):
        month = _meant(name, _MONTHS)
        if month is not None and (found := _DAY.fullmatch(number)) is not None:
            return _nearest(int(found[1]), month, year, today)
    return Unreadable.NOT_A_DAY


def _nearest(number: int, month: int, year: int | None, today: date) -> date | Unreadable:
    if year is not None:
        return _date(year, month, number)
    years = [_date(today.year + more, month, number) for more in (-1, 0, 1, 2, 3)]  # 29 February may be years off
    there = [on for on in years if isinstance(on, date)]
    return min(there, key=lambda on: abs(on - today), default=Unreadable.NO_SUCH_DAY)


def _date(year: int, month: int, number: int) -> date | Unreadable:
    try:
        return date(year, month, number)
    except ValueError:
        return Unreadable.NO_SUCH_DAY


_WEEK: Final = {"week", "semaine", "sem"}
_WEEKS_AWAY: Final = {"": 0, "cette": 0, "next": 1, "prochaine": 1, "last": -1, "derniere": -1, "passee": -1}


def week(text: str, today: date) -> date | None:
    """The Monday of the week that a text means: `week`, `next week`, `semaine prochaine`, `week of 7 dec`."""
    words = [word for each in text.split() if (word := _bare(each)) and word not in (*_IN_FRONT, "du", "la")]
    rest = [word for word in words if word not in _WEEK]
    if len(rest) != len(words) - 1:
        return None
    if (away := _WEEKS_AWAY.get(" ".join(rest))) is not None:
        return week_of(today)[0] + timedelta(weeks=away)
    within = day(" ".join(rest), today) if words[0] in _WEEK else None
    return week_of(within)[0] if isinstance(within, date) else None


class Parted(NamedTuple):
    """A text without its day. `on` None: there is none in it."""

    rest: str
    on: date | Unreadable | None


def parted(text: str, today: date) -> Parted:
    """Takes the day off the end of a text, or off its beginning: `North tomorrow`, `24 nov R12`.

    The longest that is a day counts; a text that has none but one that does not exist (31 feb) says so.
    """
    nonsense: Parted | None = None
    for of_day, rest in _ends(text):
        match day(of_day, today):
            case date() as on:
                return Parted(" ".join(_without_prepositions(rest)), on)
            case Unreadable.NO_SUCH_DAY as why:
                nonsense = nonsense or Parted(" ".join(rest), why)
    return nonsense or Parted(text.strip(), None)


def week_parted(text: str, today: date) -> tuple[str, date | None]:
    """The same with a week, of which the Monday is returned: `North next week`. None: there is none in it."""
    for of_week, rest in _ends(text):
        if (monday := week(of_week, today)) is not None:
            return " ".join(_without_prepositions(rest)), monday
    return text.strip(), None


def _ends(text: str) -> Iterator[tuple[str, list[str]]]:
    """The text's last words and its first ones, the most of them first, each with all the others."""
    words = text.split()
    for count in range(min(WORDS_MOST, len(words)), 0, -1):
        yield " ".join(words[-count:]), words[:-count]
        yield " ".join(words[:count]), words[count:]


def _without_prepositions(words: list[str]) -> list[str]:
    while words and _bare(words[-1]) in _IN_FRONT:
        words = words[:-1]
    return words
