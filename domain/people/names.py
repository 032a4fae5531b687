"""People by their names, as others write them: without regard to case, accents, spaces and signs (PRODUCT)."""

import difflib
import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Final, Generic, Protocol, TypeVar


class Named(Protocol):
    """Somebody with a name."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def first_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...


Who = TypeVar("Who", bound=Named)

NEAR_MOST: Final = 5  # names that are offered where nobody is called so
_NEAR_ENOUGH: Final = 0.75  # of 1, by difflib: a letter or two of a name are wrong

_SIGNS: Final = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """The letters and digits of a name, without regard to case, accents, spaces and signs."""
    bare = name if name.isascii() else unicodedata.normalize("NFKD", name)
    return _SIGNS.sub("", bare).casefold()


class Known(Generic[Who]):
    """Some people, their names folded once: a company may have 20,000 of them, and a command several names to try."""

    def __init__(self, people: Sequence[Who]) -> None:
        self._people = [(folded(who.first_name), folded(who.last_name), who) for who in people]

    def beginning(self, name: str) -> tuple[Who, ...]:
        """Everybody whose name begins so, with the first or the last one first, in no order."""
        wanted = folded(name)
        if not wanted:
            return ()
        return tuple(
            who
            for first, last, who in self._people
            if (first + last).startswith(wanted) or (last + first).startswith(wanted)
        )

    def called(self, name: str) -> tuple[Who, ...]:
        """Those who are called so, by name: whole names before first or last names, and these before beginnings."""
        wanted = folded(name)
        ranked = [(_rank(wanted, folded(who.first_name), folded(who.last_name)), who) for who in self.beginning(name)]
        best = min((rank for rank, _ in ranked), default=0)
        return tuple(sorted((who for rank, who in ranked if rank == best), key=_by_name))

    def near(self, name: str) -> tuple[Who, ...]:
        """Whose names look like it, the likest first: to be offered where nobody is called so, never to be picked."""
        wanted = folded(name)
        written: dict[str, list[Who]] = {}
        for first, last, who in self._people:
            for form in {first + last, last + first, first, last}:
                written.setdefault(form, []).append(who)
        forms = difflib.get_close_matches(wanted, written, NEAR_MOST, _NEAR_ENOUGH) if wanted else []
        found = {who.id: who for form in forms for who in sorted(written[form], key=_by_name)}
        return tuple(found.values())[:NEAR_MOST]


def _rank(wanted: str, first: str, last: str) -> int:
    if wanted in (first + last, last + first):
        return 0
    return 1 if wanted in (first, last) else 2


def _by_name(who: Named) -> tuple[str, uuid.UUID]:
    return folded(f"{who.first_name} {who.last_name}"), who.id
