"""The days of a week as they are read, from Monday on, and as toggles."""

from collections.abc import Callable, Collection
from typing import Final

from bot.callbacks.callback import Callback
from bot.reader import Reader
from bot.screens.paging import Rows, side_by_side
from bot.screens.screen import Button

WEEK: Final = (1, 2, 3, 4, 5, 6, 0)  # 0 = Sunday (R1.2)
MARKS: Final = {True: "✅", False: "▫️"}  # of whatever can be ticked


def listed(chosen: Collection[int], reader: Reader) -> str:
    """`Mon, Fri`; nothing for none."""
    return ", ".join(reader.weekday(number) for number in WEEK if number in chosen)


def toggles(chosen: Collection[int], to: Callable[[int, int], Callback], reader: Reader) -> Rows:
    """Each says what it leads to, 1 chosen or 0 not, so that twice is once."""
    keys = [
        Button(f"{MARKS[number in chosen]} {reader.weekday(number)}", to(number, int(number not in chosen)))
        for number in WEEK
    ]
    return side_by_side(keys, 4)
