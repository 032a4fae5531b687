"""Days as buttons, two weeks at a time."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from bot.callbacks.callback import Callback
from bot.reader import Reader
from bot.screens.screen import Button

PER_PAGE: Final = 14
IN_A_ROW: Final = 2

Rows = tuple[tuple[Button, ...], ...]


def day_rows(
    first: date, count: int, page: int, day: Callable[[date], Callback], turn: Callable[[int], Callback], reader: Reader
) -> Rows:
    """Page `page`, from 0 on, of `count` days from `first` on, and the keys that turn it; the nearest page there is."""
    pages = max(1, -(-count // PER_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = range(page * PER_PAGE, min((page + 1) * PER_PAGE, count))
    keys = [Button(reader.day(on), day(on)) for on in (first + timedelta(days=number) for number in shown)]
    rows = [tuple(keys[at : at + IN_A_ROW]) for at in range(0, len(keys), IN_A_ROW)]
    back, more = reader.gettext("‹ Back"), reader.gettext("More ›")
    turns = ((back, page - 1, page > 0), (more, page + 1, page + 1 < pages))
    pager = tuple(Button(text, turn(number)) for text, number, there in turns if there)
    return (*rows, pager) if pager else tuple(rows)
