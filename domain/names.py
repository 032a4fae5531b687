"""Whoever and whatever has a name, as others write it: without regard to case, accents, spaces and signs (PRODUCT)."""

import difflib
import re
import unicodedata
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

NEAR_MOST: Final = 5  # names that are offered where nothing is called so
_SHORT: Final = 4  # letters, of which one that is wrong is a good part
_NEAR_ENOUGH, _NEAR_IF_SHORT = 0.75, 0.6  # of 1, by difflib: a letter or two of a name are wrong

_SIGNS: Final = re.compile(r"[\W_]+")
_LIGATURES: Final = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"})


def folded(name: str) -> str:
    """The letters and digits of a name, without regard to case, accents, spaces and signs."""
    bare = name if name.isascii() else unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    return _SIGNS.sub("", bare).casefold()


class Forms(NamedTuple):
    """How something may be called, folded: whole, by a part of its name, or by the beginning of one of these."""

    whole: tuple[str, ...]
    parts: tuple[str, ...]
    beginnings: tuple[str, ...]


Thing = TypeVar("Thing")


class Known(Generic[Thing]):
    """Some of a sort, their names folded once: a company may have 20,000 people, and a command several names to try."""

    def __init__(
        self, things: Sequence[Thing], forms: Callable[[Thing], Forms], order: Callable[[Thing], Any] | None = None
    ) -> None:
        """`order`: in which they are answered; None: as they were given."""
        self._things = [(forms(thing), thing) for thing in things]
        self._order = order

    def beginning(self, name: str) -> tuple[Thing, ...]:
        """All whose name begins so, or is this in part, in no order."""
        wanted = folded(name)
        return tuple(thing for forms, thing in self._things if wanted and _rank(wanted, forms) is not None)

    def called(self, name: str) -> tuple[Thing, ...]:
        """Those that are called so: whole names before parts of names, and these before beginnings."""
        wanted = folded(name)
        if not wanted:
            return ()
        ranked = [(rank, thing) for forms, thing in self._things if (rank := _rank(wanted, forms)) is not None]
        best = min((rank for rank, _ in ranked), default=0)
        return self._in_order([thing for rank, thing in ranked if rank == best])

    def near(self, name: str) -> tuple[Thing, ...]:
        """Whose names look like it, the likest first: to be offered where nothing is called so, never to be picked."""
        wanted = folded(name)
        written: dict[str, list[Thing]] = {}
        for forms, thing in self._things:
            for form in {*forms.whole, *forms.parts}:
                written.setdefault(form, []).append(thing)
        enough = _NEAR_IF_SHORT if len(wanted) <= _SHORT else _NEAR_ENOUGH
        likest = difflib.get_close_matches(wanted, written, NEAR_MOST, enough) if wanted else []
        found: list[Thing] = []
        for form in likest:
            found += [thing for thing in self._in_order(written[form]) if thing not in found]
        return tuple(found[:NEAR_MOST])

    def _in_order(self, things: Sequence[Thing]) -> tuple[Thing, ...]:
        return tuple(things if self._order is None else sorted(things, key=self._order))


def _rank(wanted: str, forms: Forms) -> int | None:
    if wanted in forms.whole:
        return 0
    if wanted in forms.parts:
        return 1
    return 2 if any(form.startswith(wanted) for form in forms.beginnings) else None


# -- people


class Named(Protocol):
    """Somebody with a name."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def first_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...


Who = TypeVar("Who", bound=Named)


def people(known: Sequence[Who]) -> Known[Who]:
    """By their names, the first or the last one first."""
    return Known(known, _of_person, _by_name)


def _of_person(who: Named) -> Forms:
    first, last = folded(who.first_name), folded(who.last_name)
    whole = (first + last, last + first)
    return Forms(whole, (first, last), whole)


def _by_name(who: Named) -> tuple[str, uuid.UUID]:
    return folded(f"{who.first_name} {who.last_name}"), who.id
