"""What was written may mean several, or nearly means something: the choices as buttons, one below the other."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from bot.callbacks.callback import Callback
from bot.reader import Reader
from bot.screens.paging import Rows
from bot.screens.places import place_name
from bot.screens.screen import Button, escape, shortened
from domain.people.drivers import Found
from domain.schedule.queries import Place

FOUND_MOST: Final = 10
NAME_MOST: Final = 40


def several(title: str, keys: Sequence[Button], reader: Reader) -> tuple[str, Rows]:
    """The text, which tells how many more there are, and the first of the keys."""
    left = len(keys) - FOUND_MOST
    more = reader.ngettext("… and {n} more: write more of the name.", "… and {n} more: write more of the name.", left)
    text = title if left <= 0 else f"{title}\n{more.format(n=left)}"
    return text, [(key,) for key in keys[:FOUND_MOST]]


def nearly(said: str, keys: Sequence[Button], reader: Reader) -> tuple[str, Rows]:
    """Nothing is called so, which `said` says; the keys are what looks like it, if anything does."""
    text = said + "\n" + reader.gettext("Do you mean one of these?") if keys else said
    return text, [(key,) for key in keys[:FOUND_MOST]]


def places(found: Sequence[Place], to: Callable[[Place], Callback]) -> list[Button]:
    """Places on buttons, each leading somewhere."""
    return [Button(shortened(place_name(place), NAME_MOST), to(place)) for place in found]


def example(mine: Sequence[Place], reader: Reader) -> str:
    """A warehouse of his to write a command with; one that might be where he has none."""
    return mine[0].warehouse if mine else reader.gettext("North")


def no_such_day(example: str, reader: Reader) -> str:
    """`example`: of the command that he has written, with a day that exists."""
    return reader.gettext("That day doesn't exist. Write for example {example}").format(example=escape(example))


def too_far(on: date, earliest: date, latest: date, today: date, reader: Reader) -> str:
    """A day that is read, and can't be shown."""
    text = reader.gettext("{day} can't be shown here: only days from {first} to {last} can.")
    days = {"day": on, "first": earliest, "last": latest}
    return text.format(**{name: reader.dated(each, today) for name, each in days.items()})


def called(who: Found) -> str:
    """A driver on a button: namesakes are told apart by the end of their numbers."""
    return f"{shortened(who.name, NAME_MOST)} (…{who.phone[-4:]})"
