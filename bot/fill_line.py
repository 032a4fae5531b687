"""What `/fill R12 tomorrow Amara Osei` may mean: a route, a day and a driver, in any order. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot import dates
from domain.names import folded
from domain.schedule.queries import Place, called

WORDS_MOST: Final = 12  # more than a route, a day and a name have


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read it. `routes`: those called so; `on` None: no day; `name`: what is left, the driver's.

    `closeness`: the smaller, the likelier, if the name is as good.
    """

    routes: tuple[Place, ...]
    on: date | None
    name: str
    closeness: tuple[bool, bool, int, int]


def readings(written: str, routes: Sequence[Place], today: date) -> list[Reading]:
    """Every way to read it that names a route, the likeliest first: those with a whole name and a day before others."""
    words = written.split()
    if len(words) > WORDS_MOST:
        return []
    found = []
    for on, day_words, rest in _days(words, today):
        for cut in range(len(rest) + 1):
            for route_words, name in ((rest[:cut], rest[cut:]), (rest[cut:], rest[:cut])):
                here = called(" ".join(route_words), routes)
                if here:
                    whole = folded(here[0].name) in folded(" ".join(route_words))
                    close = (not whole, on is None, -day_words, -len(route_words))
                    found.append(Reading(here, on, " ".join(name), close))
    return sorted(found, key=lambda reading: reading.closeness)


def beginnings(text: str) -> list[str]:
    """What may be a route's name, misspelled, at the beginning or the end of a line: its first and last words."""
    words = text.split()[:WORDS_MOST]
    return [" ".join(some) for count in (1, 2) if count <= len(words) for some in (words[:count], words[-count:])]


def names_no_day(text: str, today: date) -> bool:
    """Whether some of the words say a day that does not exist: 31 Nov."""
    words = text.split()[:WORDS_MOST]
    spans = ((start, start + count) for count in range(1, dates.WORDS_MOST + 1) for start in range(len(words)))
    none = dates.Unreadable.NO_SUCH_DAY
    return any(dates.day(" ".join(words[start:end]), today) is none for start, end in spans)


def _days(words: Sequence[str], today: date) -> Iterator[tuple[date | None, int, list[str]]]:
    """Each day that some of the words mean, how many they are, and the others; last of all none, and all of them."""
    for count in range(min(dates.WORDS_MOST, len(words)), 0, -1):
        for start in range(len(words) - count + 1):
            on = dates.day(" ".join(words[start : start + count]), today)
            if isinstance(on, date):
                yield on, count, [*words[:start], *words[start + count :]]
    yield None, 0, list(words)
