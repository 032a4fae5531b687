"""Days as buttons, two weeks at a time."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from bot.callbacks.callback import Callback
from bot.reader import Reader
from bot.screens.paging import Rows, pager, side_by_side
from bot.screens.screen import Button
from domain.pages import cut

PER_PAGE: Final = 14
IN_A_ROW: Final = 2


def day_rows(
    first: date, count: int, page: int, day: Callable[[date], Callback], turn: Callable[[int], Callback], reader: Reader
) -> Rows:
    """Page `page`, from 0 on, of `count` days from `first` on, and the keys that turn it; the nearest page there is."""
    shown, page, pages = cut(range(count), page, PER_PAGE)
    keys = [Button(reader.day(on), day(on)) for on in (first + timedelta(days=number) for number in shown)]
    return side_by_side(keys, IN_A_ROW) + pager(page, pages, turn, reader)
