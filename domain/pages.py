"""Lists that are shown a page at a time. Pages count from 0; for one that there is not, the nearest is shown."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def nearest(page: int, count: int, per_page: int) -> tuple[int, int]:
    """The nearest page that there is, of so many things, and how many pages there are: at least one."""
    pages = max(1, -(-count // per_page))
    return min(max(page, 0), pages - 1), pages


def cut(every: Sequence[Item], page: int, per_page: int) -> tuple[tuple[Item, ...], int, int]:
    """What is on the nearest page, and the two of `nearest`."""
    page, pages = nearest(page, len(every), per_page)
    return tuple(every[page * per_page : (page + 1) * per_page]), page, pages
