"""How the shifts of a day stand, route by route, what is most pressing first: a manager's live board."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from bot.callbacks.arrivals import Driven
from bot.callbacks.callback import Callback
from bot.callbacks.coverage import Board as ToBoard
from bot.callbacks.coverage import BoardOf, BoardOfAll, Slot
from bot.reader import Reader
from bot.screens import meant
from bot.screens.home import home_button
from bot.screens.paging import Rows, pager, side_by_side
from bot.screens.screen import Button, Screen, escape, shortened
from domain.coverage.board import Board, Mark, RouteStands, WarehouseDay
from domain.pages import cut
from domain.schedule.queries import Place

NAME_MOST: Final = 40  # of a name in a list: a page fits into a message, whatever people typed
LABEL_MOST: Final = 24  # of a name on a button, of which there are two in a row …
FINE_MOST: Final = 10  # … or four
LINES_MOST: Final = 20  # on a page …
TROUBLED_MOST: Final = 8  # … of which so many have a large button
WAREHOUSES_MOST: Final = 8
DAY: Final = timedelta(days=1)

SIGNS: Final = {
    Mark.UNCOVERED: "🔴",
    Mark.MISSING: "⏰",
    Mark.UNCONFIRMED: "❔",
    Mark.CONFIRMED: "👍",
    Mark.ARRIVED: "📍",
    Mark.LOADED: "📦",
    Mark.DONE: "🏁",
}
ASKED: Final = "🟠"  # uncovered, and drivers are being asked


def board(facts: Board, bonus: int, reader: Reader) -> Screen:
    """The board; `bonus` is the one that an emergency would start with."""
    return _all(facts, reader) if facts.one is None else _one(facts, facts.one, bonus, reader)


def _one(facts: Board, one: WarehouseDay, bonus: int, reader: Reader) -> Screen:
    _ = reader.gettext
    title = _("📋 <b>{warehouse}</b>, {day}")
    lines = [title.format(warehouse=escape(one.name, NAME_MOST), day=_named(facts, reader))]
    rows: Rows = []
    if one.routes:
        (shown,), page, pages = cut(pages_of(one.routes), facts.page, 1)
        lines += [_counts(one.counts, reader), "\n".join(_route(route, reader) for route in shown)]
        rows += side_by_side([_button(route, bonus) for route in shown if route.mark.troubled], 2)
        # For whoever is on the phone just now: small, below what is pressing.
        fine = [route for route in shown if not route.mark.troubled]
        keys = [Button(shortened(each.route, FINE_MOST), Driven(each.assignment_id)) for each in fine]
        rows += side_by_side(keys, 4)
        rows += pager(page, pages, lambda turned: BoardOf(one.warehouse_id, facts.on.toordinal(), turned), reader)
    else:
        lines.append(_("No routes run on this day."))
    rows.append(_days(facts, lambda day: BoardOf(one.warehouse_id, day, 0), reader))
    if facts.others:
        rows.append((Button(_("‹ All warehouses"), BoardOfAll(facts.on.toordinal(), 0)),))
    return Screen("\n\n".join(lines), (*rows, (home_button(reader),)))


def _all(facts: Board, reader: Reader) -> Screen:
    _ = reader.gettext
    if not facts.all:
        text = _("You have no warehouse yet. Ask whoever runs Rollcall here to give you one.")
        return Screen(text, ((home_button(reader),),))
    shown, page, pages = cut(sorted(facts.all, key=_need), facts.page, WAREHOUSES_MOST)
    lines = [_("📋 <b>Your warehouses</b>, {day}").format(day=_named(facts, reader))]
    for each in shown:
        stands = _counts(each.counts, reader) if each.routes else _("no routes")
        lines.append(f"<b>{escape(each.name, NAME_MOST)}</b>\n{stands}")
    day = facts.on.toordinal()
    keys = [
        Button(f"{_sign(each)} {shortened(each.name, LABEL_MOST)}", BoardOf(each.warehouse_id, day, 0))
        for each in shown
    ]
    rows = side_by_side(keys, 2) + pager(page, pages, lambda turned: BoardOfAll(day, turned), reader)
    rows.append(_days(facts, lambda other: BoardOfAll(other, 0), reader))
    return Screen("\n\n".join(lines), (*rows, (home_button(reader),)))


def board_button(reader: Reader) -> Button:
    """The way back from what the board leads to; it shows what it showed."""
    return Button(reader.gettext("📋 Shifts"), ToBoard())


def pages_of(routes: Sequence[RouteStands]) -> list[list[RouteStands]]:
    """The routes, in their order, in pages that fit: the text of a page, and a button for each that needs one."""
    pages: list[list[RouteStands]] = [[]]
    for route in routes:
        page = pages[-1]
        full = len(page) == LINES_MOST or (
            route.mark.troubled and sum(it.mark.troubled for it in page) == TROUBLED_MOST
        )
        if full:
            pages.append([route])
        else:
            page.append(route)
    return pages


def _need(warehouse: WarehouseDay) -> Mark:
    """What is most pressing there."""
    return min((route.mark for route in warehouse.routes), default=Mark.DONE)


def _sign(warehouse: WarehouseDay) -> str:
    if not warehouse.routes:
        return "⚪"
    need = _need(warehouse)
    return SIGNS[need] if need.troubled else "🟢"


def _counts(stand: Mapping[Mark, int], reader: Reader) -> str:
    """How many routes stand where, those left out where none does."""
    return " · ".join(f"{SIGNS[mark]} {_count(mark, n, reader)}" for mark in Mark if (n := stand.get(mark, 0)))


def _count(mark: Mark, n: int, reader: Reader) -> str:
    texts = {
        Mark.UNCOVERED: reader.ngettext("{n} without a driver", "{n} without a driver", n),
        Mark.MISSING: reader.ngettext("{n} not there", "{n} not there", n),
        Mark.UNCONFIRMED: reader.ngettext("{n} not confirmed", "{n} not confirmed", n),
        Mark.CONFIRMED: reader.ngettext("{n} confirmed", "{n} confirmed", n),
        Mark.ARRIVED: reader.ngettext("{n} arrived", "{n} arrived", n),
        Mark.LOADED: reader.ngettext("{n} loaded", "{n} loaded", n),
        Mark.DONE: reader.ngettext("{n} done", "{n} done", n),
    }
    return texts[mark].format(n=n)


def _route(route: RouteStands, reader: Reader) -> str:
    """One line of the board: the route, its driver, and how far he has come."""
    _ = reader.gettext
    if route.mark is Mark.UNCOVERED:
        return uncovered_line(route, None, reader)
    loaded = route.loaded or 0
    delivered = loaded - (route.brought_back or 0)
    texts = {
        Mark.MISSING: _("not there, due by {arrive_by}"),
        Mark.UNCONFIRMED: _("not confirmed yet"),
        Mark.CONFIRMED: _("due by {arrive_by}"),
        Mark.ARRIVED: _("there since {arrived_at}"),
        Mark.LOADED: reader.ngettext("{n} parcel", "{n} parcels", loaded),
        Mark.DONE: reader.ngettext("{delivered} of {n} delivered", "{delivered} of {n} delivered", delivered),
    }
    stands = texts[route.mark].format(
        arrive_by=reader.time(route.arrive_by),
        arrived_at=reader.time(route.arrived_at) if route.arrived_at else "",
        n=loaded,
        delivered=delivered,
    )
    driver = escape(route.driver or "", NAME_MOST)
    return f"{SIGNS[route.mark]} <b>{escape(route.route, NAME_MOST)}</b> {driver} · {stands}"


def uncovered_line(route: RouteStands, warehouse: str | None, reader: Reader) -> str:
    """A route without a driver, with its warehouse where several are listed."""
    what = f"<b>{escape(route.route, NAME_MOST)}</b>"
    if warehouse is not None:
        what += f", {escape(warehouse, NAME_MOST)}"
    if route.asked is None:
        return f"{SIGNS[Mark.UNCOVERED]} {what} · " + reader.gettext("no driver")
    asked = reader.ngettext("no driver, {n} asked", "no driver, {n} asked", route.asked)
    return f"{ASKED} {what} · {asked.format(n=route.asked)}"


def _button(route: RouteStands, bonus: int) -> Button:
    """What can be done about a route that somebody should look at."""
    name = shortened(route.route, LABEL_MOST)
    if route.mark is Mark.UNCOVERED:
        sign = SIGNS[route.mark] if route.asked is None else ASKED
        return Button(f"{sign} {name}", Slot(route.assignment_id, bonus))
    return Button(f"{SIGNS[route.mark]} {name}", Driven(route.assignment_id))


def _named(facts: Board, reader: Reader) -> str:
    """The board's day: `today, Thu 26 Nov`."""
    near = _near(facts.on, facts.today, reader)
    return f"{near}, {reader.day(facts.on)}" if near else reader.day(facts.on)


def _near(on: date, today: date, reader: Reader) -> str | None:
    _ = reader.gettext
    return {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}.get((on - today).days)


def _days(facts: Board, to: Callable[[int], Callback], reader: Reader) -> tuple[Button, ...]:
    """The days before and after the board's, each by its name."""
    before, after = (
        (_near(on, facts.today, reader) or reader.day(on), on.toordinal()) for on in (facts.on - DAY, facts.on + DAY)
    )
    return Button(f"‹ {_upper(before[0])}", to(before[1])), Button(f"{_upper(after[0])} ›", to(after[1]))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def which(found: tuple[Place, ...], day: int, reader: Reader) -> Screen:
    """Several warehouses are called so."""
    text, rows = meant.several(
        reader.gettext("That may mean several. Which one do you mean?"), _to_boards(found, day), reader
    )
    return Screen(text, (*rows, (board_button(reader), home_button(reader))))


def _to_boards(found: Sequence[Place], day: int) -> list[Button]:
    return meant.places(found, lambda warehouse: BoardOf(warehouse.id, day, 0))


def too_far(on: date, warehouse_id: UUID | None, days: tuple[date, date], today: date, reader: Reader) -> Screen:
    """It is none of `days`, the first and the last that can be shown; the nearer of them is offered, and today."""
    nearest_day = min(days, key=lambda each: abs(each - on))

    def to(day: date) -> Callback:
        return BoardOfAll(day.toordinal(), 0) if warehouse_id is None else BoardOf(warehouse_id, day.toordinal(), 0)

    keys = (
        Button(f"📋 {reader.dated(nearest_day, today)}", to(nearest_day)),
        Button("📋 " + reader.gettext("today"), to(today)),
    )
    return Screen(meant.too_far(on, *days, today, reader), (keys, (home_button(reader),)))


def not_read(written: str, near: tuple[Place, ...], day: int, reader: Reader) -> Screen:
    """Behind /shifts there is neither a day nor a warehouse of his; `near`: those that look like it."""
    text = reader.gettext(
        "I can't read “{text}” as a day or as one of your warehouses. Write for example /shifts tomorrow"
    )
    text, rows = meant.nearly(text.format(text=escape(written, NAME_MOST)), _to_boards(near, day), reader)
    return Screen(text, (*rows, (board_button(reader), home_button(reader))))
