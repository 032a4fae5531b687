"""A manager's routes: on which weekdays each runs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.callbacks.calendar import CloseWhen, NewRoute, NewRouteWhere, RoutePage, Routes, SetWeekday, WarehousePage
from bot.callbacks.places import DeletePreview, MoveWhere, Rename, Warehouses
from bot.reader import Reader
from bot.screens import history, meant, weekdays
from bot.screens.calendar import follows, run_button
from bot.screens.home import home_button
from bot.screens.paging import pager, warehouse_rows
from bot.screens.screen import Button, Screen, escape, shortened
from domain.history.queries import Subject
from domain.policy import Policy
from domain.schedule.queries import Place, RouteCalendar, RoutesPage
from domain.schedule.rules import DAYS_OF_WEEK
from domain.schedule.weekdays import Created, WouldDisplace

LABEL_MOST: Final = 40
WAREHOUSES_MOST: Final = 20  # beside the routes; /warehouses has all


def routes(page: RoutesPage, reader: Reader) -> Screen:
    """By warehouse; pressing one shows its weekdays."""
    _ = reader.gettext
    text = _("<b>Your routes</b>\nPress one to see on which days it runs.") if page.routes else _("No routes yet.")
    rows: list[tuple[Button, ...]] = [(Button(_named(route, reader), RoutePage(route.id)),) for route in page.routes]
    rows += pager(page.page, page.pages, Routes, reader)
    if page.warehouses:
        one = page.warehouses[0] if len(page.warehouses) == 1 else None
        rows.append((Button(_("➕ Add a route"), NewRoute(one.id) if one else NewRouteWhere(0)),))
    if len(page.warehouses) > WAREHOUSES_MOST:
        rows.append((Button(_("🏭 Warehouses"), Warehouses(0)),))
    else:
        every = page.warehouses
        rows += [(Button(shortened(f"🏭 {each.name}", LABEL_MOST), WarehousePage(each.id)),) for each in every]
    return Screen(text, (*rows, (home_button(reader),)))


def _named(route: Place, reader: Reader) -> str:
    return shortened(reader.said(route.warehouse, route.name), LABEL_MOST)


def which(found: tuple[Place, ...], reader: Reader) -> Screen:
    """Several are called so, or all of a warehouse are meant."""
    text, rows = meant.several(
        reader.gettext("That may mean several. Which one do you mean?"), _to_routes(found), reader
    )
    return Screen(text, (*rows, (_back(reader), home_button(reader))))


def no_such_route(written: str, near: tuple[Place, ...], reader: Reader) -> Screen:
    """`near`: what looks like it."""
    said = reader.gettext("None of your routes is called “{name}”. Write for example /routes R12")
    text, rows = meant.nearly(said.format(name=escape(written)), _to_routes(near), reader)
    return Screen(text, (*rows, (_back(reader), home_button(reader))))


def _to_routes(found: Sequence[Place]) -> list[Button]:
    return meant.places(found, lambda route: RoutePage(route.id))


def route(facts: RouteCalendar, reader: Reader) -> Screen:
    """A route's weekdays as toggles, and the closed days ahead."""
    _ = reader.gettext
    title = f"<b>{escape(facts.route.name)}, {escape(facts.route.warehouse)}</b>"
    if len(facts.weekdays) == DAYS_OF_WEEK:
        runs = _("Runs every day.")
    elif facts.weekdays:
        runs = _("Runs on {days}.").format(days=weekdays.listed(facts.weekdays, reader))
    else:
        runs = _("Doesn't run on any day.")
    lines = [title, runs, _("Press a day to change it from today on.")]
    if facts.closed.closings:
        days = ", ".join(reader.day(each.on) for each in facts.closed.closings)
        lines += ["", _("⛔ Closed: {days}").format(days=days)]
    rows = [
        *weekdays.toggles(facts.weekdays, lambda number, runs: SetWeekday(facts.route.id, number, runs), reader),
        *((run_button(replace(each, place=facts.route), 1, reader),) for each in facts.closed.closings),
        (Button(_("⛔ Close a day"), CloseWhen(facts.route.id)),),
        (Button(_("✏️ Rename"), Rename(facts.route.id)), Button(_("🚚 Move…"), MoveWhere(facts.route.id, 0))),
        (Button(_("🗑 Delete…"), DeletePreview(facts.route.id)),),
        (history.button(Subject.ROUTE, facts.route.id, reader),),
        (_back(reader), home_button(reader)),
    ]
    return Screen("\n".join(lines), tuple(rows))


def _back(reader: Reader) -> Button:
    return Button(reader.gettext("‹ Routes"), Routes(0))


def would_displace(facts: WouldDisplace, reader: Reader) -> Screen:
    """What would follow, before the button that does it."""
    _ = reader.gettext
    title = _("<b>Stop {route}, {warehouse} on {weekday}?</b>").format(
        route=escape(facts.route.name),
        warehouse=escape(facts.route.warehouse),
        weekday=reader.weekday(facts.weekday),
    )
    stop = Button(_("⛔ Stop it on that day"), SetWeekday(facts.route.id, facts.weekday, 2))
    keep = Button(_("‹ Leave it as it is"), RoutePage(facts.route.id))
    return Screen("\n".join([title, *follows(facts.effect, reader)]), ((stop,), (keep,)))


def turned(slots: int, reader: Reader) -> str:
    """At most 200 characters."""
    return reader.ngettext("{n} shift is open now.", "{n} shifts are open now.", slots).format(n=slots)


def which_warehouse(warehouses: tuple[Place, ...], page: int, reader: Reader) -> Screen:
    _ = reader.gettext
    rows = warehouse_rows(warehouses, page, lambda each: NewRoute(each.id), NewRouteWhere, reader, mark="")
    return Screen(_("Of which warehouse is the new route?"), (*rows, (_back(reader), home_button(reader))))


def ask_name(policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext("What is the new route called? Write its name, at most {most} characters.")
    return Screen(text.format(most=policy.place_name_most), ((_back(reader),),))


def created(result: Created, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("➕ <b>{route} is there</b>. It runs every day.").format(route=escape(result.name))
    open_ = turned(result.slots, reader)
    change = Button(_("Change its days"), RoutePage(result.route_id))
    return Screen(f"{text}\n{open_}", ((change,), (_back(reader), home_button(reader))))
