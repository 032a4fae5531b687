"""A manager's map of his routes, for a day or a week: a picture, and below it what needs somebody (PRODUCT)."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from bot.callbacks.callback import Callback
from bot.callbacks.coverage import Coverage, CoverageOf, CoverageOfAll, Slot, Unfilled
from bot.pictures.heat_map import DayMap, HeatMap, Mark
from bot.reader import Reader
from bot.screens import heat_maps, meant
from bot.screens.board import ASKED, SIGNS, board_button
from bot.screens.coverage import not_open
from bot.screens.heat_maps import ROUTES_PER_PICTURE, Line
from bot.screens.home import home_button
from bot.screens.paging import Rows, pager, side_by_side
from bot.screens.screen import Button, Screen, escape, shortened
from domain.coverage import board
from domain.coverage.maps import Cell, CoverageMap, Open
from domain.pages import nearest
from domain.refusals import Refusal
from domain.schedule.queries import Place
from domain.schedule.rules import DAYS_OF_WEEK, weekday_of

OPEN_MOST: Final = 10  # slots without a driver that have a button
WAREHOUSES_MOST: Final = 6
NAME_MOST: Final = 24
ROUTE_MOST: Final = 14  # of a name beside its day, two in a row
DAY: Final = timedelta(days=1)

WITH_BIDS: Final = "✋"
MARKS: Final = {
    Cell.UNCOVERED: Mark.EMPTY,
    Cell.WITH_BIDS: Mark.WITH_BIDS,
    Cell.LATE: Mark.LATE,
    Cell.UNCONFIRMED: Mark.UNCONFIRMED,
    Cell.FILLED: Mark.COVERED,
    Cell.DONE: Mark.DONE,
    Cell.CLOSED: Mark.CLOSED,
    Cell.NOT_RUN: Mark.NOT_RUN,
    Cell.NOT_PLANNED: Mark.NOT_PLANNED,
}


def coverage_map(facts: CoverageMap, bonus: int, reader: Reader) -> Screen:
    """The map; `bonus` is the one that an emergency would start with."""
    _ = reader.gettext
    if not facts.all:
        text = _("You have no warehouse yet. Ask whoever runs Rollcall here to give you one.")
        return Screen(text, ((home_button(reader),),))
    lines = _lines(facts)
    page, pages = nearest(facts.page, len(lines), ROUTES_PER_PICTURE)
    said = [
        "🗺 <b>" + _("Coverage") + f"</b>, {escape(_titled(facts, reader), NAME_MOST * 3)}",
        _comes_to(facts, reader),
    ]
    if facts.open:
        said.append(_("Press one to ask drivers or to give it to one."))
    rows = [
        *_to_open(facts, bonus, reader),
        *pager(page, pages, lambda turned: _to(facts, facts.first, turned, week=facts.week), reader),
        *_other_days(facts, reader),
        *_places(facts, reader),
        (board_button(reader), home_button(reader)),
    ]
    return Screen("\n".join(said), tuple(rows), picture=_picture(facts, lines, page, reader) if lines else None)


def map_button(reader: Reader) -> Button:
    """Leads to it, as it was left."""
    return Button(reader.gettext("🗺 Coverage"), Coverage())


# -- what is said


def _titled(facts: CoverageMap, reader: Reader) -> str:
    """Which days, and of which warehouse where it is one of several."""
    days = reader.week(facts.first, facts.today) if facts.week else reader.dated(facts.first, facts.today)
    return ", ".join([*([name] if (name := _one(facts)) else []), days])


def _one(facts: CoverageMap) -> str | None:
    return None if facts.one is None else dict(facts.all).get(facts.one)


def _comes_to(facts: CoverageMap, reader: Reader) -> str:
    """How many of these days, from today on, have a driver, and what is amiss with them and the others."""
    _ = reader.gettext
    uncovered, late, unconfirmed = (
        facts.ahead(*cells) for cells in ((Cell.UNCOVERED, Cell.WITH_BIDS), (Cell.LATE,), (Cell.UNCONFIRMED,))
    )
    covered = late + unconfirmed + facts.ahead(Cell.FILLED, Cell.DONE)
    if covered + uncovered == 0:
        return _("No shifts on these days.") if facts.days[-1] >= facts.today else _("These days are over.")
    if facts.week and facts.first < facts.today:  # what is over of it is not counted
        text = reader.ngettext(
            "{n} of {all} shift from today on has a driver.",
            "{n} of {all} shifts from today on have a driver.",
            covered + uncovered,
        )
    else:
        text = reader.ngettext(
            "{n} of {all} shift has a driver.", "{n} of {all} shifts have a driver.", covered + uncovered
        )
    with_bids = facts.ahead(Cell.WITH_BIDS)
    counts = (
        (
            SIGNS[board.Mark.UNCOVERED],
            uncovered,
            reader.ngettext("{n} without a driver", "{n} without a driver", uncovered),
        ),
        (WITH_BIDS, with_bids, reader.ngettext("{n} with bids", "{n} with bids", with_bids)),
        (SIGNS[board.Mark.MISSING], late, reader.ngettext("{n} not there", "{n} not there", late)),
        (
            SIGNS[board.Mark.UNCONFIRMED],
            unconfirmed,
            reader.ngettext("{n} not confirmed", "{n} not confirmed", unconfirmed),
        ),
    )
    amiss = " · ".join(f"{sign} {said.format(n=n)}" for sign, n, said in counts if n)
    return "\n".join([text.format(n=covered, all=covered + uncovered), *([amiss] if amiss else [])])


# -- what can be pressed


def _to_open(facts: CoverageMap, bonus: int, reader: Reader) -> Rows:
    """The slots without a driver, which lead to who could take them and to emergencies."""
    keys = [
        Button(_label(each, facts, reader), Slot(each.slot.assignment_id, bonus)) for each in facts.open[:OPEN_MOST]
    ]
    rows = side_by_side(keys, 2)
    left = len(facts.open) - OPEN_MOST
    if left > 0:
        more = reader.ngettext("🔎 {n} more without a driver", "🔎 {n} more without a driver", left)
        rows.append((Button(more.format(n=left), Unfilled(0)),))
    return rows


def _label(each: Open, facts: CoverageMap, reader: Reader) -> str:
    slot = each.slot
    sign = WITH_BIDS if each.with_bids else SIGNS[board.Mark.UNCOVERED] if slot.window_id is None else ASKED
    what = shortened(slot.route, ROUTE_MOST if facts.week else NAME_MOST)
    return f"{sign} {what}, {reader.day(slot.on)}" if facts.week else f"{sign} {what}"


def _other_days(facts: CoverageMap, reader: Reader) -> Rows:
    """Of a week its days, and the weeks beside it; of a day the days beside it, and its week."""
    _ = reader.gettext
    first = facts.first
    if not facts.week:
        before, after = first - DAY, first + DAY
        week = Button(
            _("🗓 Week {days}").format(days=reader.week(_monday(first), facts.today)), _to(facts, first, 0, week=True)
        )
        beside = (
            Button(f"‹ {reader.day(before)}", _to(facts, before, 0, week=False)),
            Button(f"{reader.day(after)} ›", _to(facts, after, 0, week=False)),
        )
        return [beside, (week,)]
    keys = [
        Button(("• " if on == facts.today else "") + reader.weekday(weekday_of(on)), _to(facts, on, 0, week=False))
        for on in facts.days
    ]
    week_before, week_after = first - DAYS_OF_WEEK * DAY, first + DAYS_OF_WEEK * DAY
    weeks = (
        Button(f"‹ {reader.week(week_before, facts.today)}", _to(facts, week_before, 0, week=True)),
        Button(f"{reader.week(week_after, facts.today)} ›", _to(facts, week_after, 0, week=True)),
    )
    return [*side_by_side(keys, 4), weeks]


def _monday(on: date) -> date:
    return on - on.weekday() * DAY


def _places(facts: CoverageMap, reader: Reader) -> Rows:
    """One warehouse alone, or back to all; with many of them it is written: /coverage North."""
    on, week = facts.first.toordinal(), int(facts.week)
    if facts.one is not None and len(facts.all) > 1:
        return [(Button(reader.gettext("‹ All warehouses"), CoverageOfAll(on, week, 0)),)]
    if not 1 < len(facts.all) <= WAREHOUSES_MOST:
        return []
    keys = [Button(f"🏭 {shortened(name, NAME_MOST)}", CoverageOf(id_, on, week, 0)) for id_, name in facts.all]
    return side_by_side(keys, 2)


def _to(facts: CoverageMap, on: date, page: int, *, week: bool) -> Callback:
    """The same places on other days, or another page of them."""
    day = on.toordinal()
    return CoverageOfAll(day, week, page) if facts.one is None else CoverageOf(facts.one, day, week, page)


# -- what is drawn


def _lines(facts: CoverageMap) -> list[Line]:
    """Of a day those alone that have anything to do with it."""
    return [
        Line(place.id, place.name, route.name, tuple(MARKS[cell] for cell in route.cells))
        for place in facts.warehouses
        for route in place.routes
        if facts.week or route.cells != (Cell.NOT_RUN,)
    ]


def _picture(facts: CoverageMap, lines: list[Line], page: int, reader: Reader) -> HeatMap | DayMap:
    shown = heat_maps.sections(lines, page)
    legend = heat_maps.legend(_meanings(reader), shown)
    title = shortened(_titled(facts, reader))
    if not facts.week:
        return DayMap(title, shown, legend)
    days = tuple((reader.weekday(weekday_of(on)), str(on.day)) for on in facts.days)
    today = facts.days.index(facts.today) if facts.today in facts.days else None
    return HeatMap(title, days, shown, legend, today)


def _meanings(reader: Reader) -> tuple[tuple[Mark, str], ...]:
    _ = reader.gettext
    return (
        (Mark.EMPTY, _("no driver")),
        (Mark.WITH_BIDS, _("has bids")),
        (Mark.LATE, _("not there yet")),
        (Mark.UNCONFIRMED, _("not confirmed")),
        (Mark.COVERED, _("has a driver")),
        (Mark.DONE, _("done")),
        (Mark.CLOSED, _("closed")),
        (Mark.NOT_PLANNED, _("not planned yet")),
        (Mark.NOT_RUN, _("does not run")),
    )


# -- answers


def which(found: tuple[Place, ...], day: int, week: int, reader: Reader) -> Screen:
    """Several warehouses are called so."""
    title = reader.gettext("That may mean several. Which one do you mean?")
    text, rows = meant.several(title, _to_maps(found, day, week), reader)
    return Screen(text, (*rows, (map_button(reader), home_button(reader))))


def _to_maps(found: tuple[Place, ...], day: int, week: int) -> list[Button]:
    """Of a route its warehouse's."""
    return meant.places(found, lambda place: CoverageOf(place.warehouse_id, day, week, 0))


def not_read(written: str, near: tuple[Place, ...], day: int, week: int, reader: Reader) -> Screen:
    """Behind /coverage there is neither a day nor a place of his; `near`: those that look like it."""
    said = reader.gettext(
        "I can't read “{text}” as a day, a week or one of your warehouses. Write for example /coverage friday"
    ).format(text=escape(written))
    text, rows = meant.nearly(said, _to_maps(near, day, week), reader)
    return Screen(text, (*rows, (map_button(reader), home_button(reader))))


def no_such_day(mine: tuple[Place, ...], reader: Reader) -> Screen:
    text = meant.no_such_day(f"/coverage {meant.example(mine, reader)} 24 nov", reader)
    return Screen(text, ((map_button(reader), home_button(reader)),))


def too_far(
    on: date, week: int, warehouse_id: UUID | None, days: tuple[date, date], today: date, reader: Reader
) -> Screen:
    """It is none of `days`, the first and the last that can be shown; the nearer of them is offered."""
    nearest_day = min(days, key=lambda each: abs(each - on))
    shows = nearest_day.toordinal(), week, 0
    to = CoverageOfAll(*shows) if warehouse_id is None else CoverageOf(warehouse_id, *shows)
    keys = (Button(f"🗺 {reader.dated(nearest_day, today)}", to),)
    return Screen(
        meant.too_far(on, *days, today, reader),
        (keys, (map_button(reader), home_button(reader))),
    )


def not_found(reader: Reader) -> Screen:
    return not_open(Refusal.NOT_FOUND, reader)
