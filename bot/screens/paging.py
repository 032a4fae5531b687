"""Lists of buttons that are longer than a phone: pages, and the keys that turn them."""

from collections.abc import Callable, Sequence

from bot.callbacks.callback import Callback
from bot.reader import Reader
from bot.screens.screen import Button

Rows = list[tuple[Button, ...]]


def nearest(page: int, count: int, per_page: int) -> tuple[int, int]:
    """The nearest page that there is, from 0 on, and how many there are."""
    pages = max(1, -(-count // per_page))
    return min(max(page, 0), pages - 1), pages


def side_by_side(keys: Sequence[Button], width: int) -> Rows:
    """So many in a row."""
    return [tuple(keys[at : at + width]) for at in range(0, len(keys), width)]


def pager(page: int, pages: int, to: Callable[[int], Callback], reader: Reader) -> Rows:
    """The row that turns the pages; no row where there is one page only."""
    _ = reader.gettext
    back, on = Button(_("‹ Back"), to(page - 1)), Button(_("More ›"), to(page + 1))
    row = tuple(button for button, there in ((back, page > 0), (on, page + 1 < pages)) if there)
    return [row] if row else []
