"""Lists of buttons that are longer than a phone: pages, and the keys that turn them."""

from collections.abc import Callable, Sequence
from typing import Final

from bot.callbacks.callback import Callback
from bot.reader import Reader
from bot.screens.screen import Button, shortened
from domain.pages import cut
from domain.schedule.queries import Place

Rows = list[tuple[Button, ...]]
PER_PAGE: Final = 10
LABEL_MOST: Final = 40


def side_by_side(keys: Sequence[Button], width: int) -> Rows:
    """So many in a row."""
    return [tuple(keys[at : at + width]) for at in range(0, len(keys), width)]


def pager(
    page: int,
    pages: int,
    to: Callable[[int], Callback],
    reader: Reader,
    *,
    back: str | None = None,
    more: str | None = None,
) -> Rows:
    """The row that turns the pages; no row where there is one page only. `back`, `more`: other words for its keys."""
    _ = reader.gettext
    turns = ((back or _("‹ Back"), page - 1), (more or _("More ›"), page + 1))
    row = tuple(Button(text, to(turned)) for text, turned in turns if 0 <= turned < pages)
    return [row] if row else []


def warehouse_rows(
    warehouses: Sequence[Place],
    page: int,
    choose: Callable[[Place], Callback],
    to: Callable[[int], Callback],
    reader: Reader,
    mark: str = "🏭 ",
) -> Rows:
    """One to be chosen, a page at a time."""
    some, page, pages = cut(warehouses, page, PER_PAGE)
    rows: Rows = [(Button(shortened(f"{mark}{each.name}", LABEL_MOST), choose(each)),) for each in some]
    return rows + pager(page, pages, to, reader)
