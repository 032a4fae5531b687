"""What if a driver's terms were others, or there were one more? Asked by buttons, answered by a preview (R3.9)."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from bot.callbacks.roster import (
    RosterWeek,
    SeeDifference,
    Suppose,
    SupposeAnyRoute,
    SupposeCap,
    SupposeDay,
    SupposedRoutes,
    SupposeRoute,
    Supposing,
)
from bot.reader import Reader
from bot.screens import drivers, meant, weekdays
from bot.screens.paging import pager, side_by_side
from bot.screens.screen import Button, Screen, escape, shortened
from bot.screens.weekdays import MARKS
from domain.pages import cut
from domain.people.drivers import Found
from domain.policy import Policy
from domain.roster.cards import Cell, RosterCard, WhatIf
from domain.roster.supposing import SOMEBODY_NEW, Supposed
from domain.schedule.queries import Place

NAME_MOST: Final = 24  # of a name in a list, or on a button
LABEL_MOST: Final = 40
SLOTS_MOST: Final = 6  # of those that close or open
ROUTES_PER_PAGE: Final = 30


def of(supposed: Supposed) -> UUID:
    """As its buttons name the driver."""
    return supposed.driver_id or SOMEBODY_NEW


# -- of whom


def whose(monday: date, reader: Reader) -> Screen:
    text = reader.gettext(
        "💭 <b>What if a driver drove on other days, on other routes, or more?</b>\nWrite a name, or add somebody new. "
        "Nothing is changed by this."
    )
    return Screen(text, ((_new(monday, reader),), (_to_roster(monday, reader),)))


def choose(monday: date, name: str, found: tuple[Found, ...], reader: Reader) -> Screen:
    """Several are called so."""
    text, rows = meant.several(drivers.which(name, reader), _of_these(monday, found), reader)
    return Screen(text, (*rows, (_new(monday, reader),), (_to_roster(monday, reader),)))


def nobody(monday: date, name: str, near: tuple[Found, ...], reader: Reader) -> Screen:
    """Nobody is called so; `near`: whose names look like it."""
    said = reader.gettext("I know nobody called “{name}” among your drivers. Write it again.")
    text, rows = meant.nearly(said.format(name=escape(name)), _of_these(monday, near), reader)
    return Screen(text, (*rows, (_new(monday, reader),), (_to_roster(monday, reader),)))


def _of_these(monday: date, found: tuple[Found, ...]) -> list[Button]:
    return [Button(meant.called(who), Suppose(monday.toordinal(), who.id)) for who in found]


def _new(monday: date, reader: Reader) -> Button:
    return Button(reader.gettext("➕ A new driver"), Suppose(monday.toordinal(), SOMEBODY_NEW))


def _to_roster(monday: date, reader: Reader) -> Button:
    return Button(reader.gettext("‹ Roster"), RosterWeek(monday.toordinal()))


# -- what


def terms(
    monday: date, supposed: Supposed, driver: str | None, routes: tuple[Place, ...], policy: Policy, reader: Reader
) -> Screen:
    """His days, routes and cap as they are supposed. `routes`: those supposed, by name."""
    _ = reader.gettext
    who, has = of(supposed), supposed.preferences
    lines = [
        *_supposed(supposed, driver, routes, reader),
        _("Change what you like, then see the difference. Nothing is saved."),
    ]
    rows = weekdays.toggles(has.days, lambda number, wanted: SupposeDay(who, number, wanted), reader)
    rows += [(Button(f"✖️ {shortened(each.name, LABEL_MOST)}", SupposeRoute(who, each.id, 0)),) for each in routes]
    if len(has.routes) < policy.routes_most:
        rows.append((Button(_("➕ Add a route"), SupposedRoutes(who, 0)),))
    any_route = SupposeAnyRoute(who, int(not has.any_home_route))
    rows.append((Button(f"{MARKS[has.any_home_route]} {_any_route(supposed, reader)}", any_route),))
    caps = (("−1", supposed.cap - 1), ("+1", supposed.cap + 1))
    changes = [Button(sign, SupposeCap(who, cap)) for sign, cap in caps if 1 <= cap <= policy.cap_most]
    rows.append((Button(_up_to(supposed, reader), Supposing(who)), *changes))
    rows.append((Button(_("🔎 See the difference"), SeeDifference(who)),))
    return Screen("\n".join(lines), (*rows, (_to_roster(monday, reader),)))


def _supposed(supposed: Supposed, driver: str | None, routes: Sequence[Place], reader: Reader) -> list[str]:
    """Of whom, and on which days and routes."""
    _ = reader.gettext
    name = _("a new driver") if supposed.driver_id is None else escape(driver or _("somebody"), NAME_MOST)
    days = weekdays.listed(supposed.preferences.days, reader)
    ranked = [
        f"{number}. {escape(route.name, NAME_MOST)}, {escape(route.warehouse, NAME_MOST)}"
        for number, route in enumerate(routes, start=1)
    ]
    return [_("💭 <b>What if: {name}</b>").format(name=name), _("📅 Days: {days}").format(days=days or "–"), *ranked]


def _any_route(supposed: Supposed, reader: Reader) -> str:
    _ = reader.gettext
    new = supposed.driver_id is None
    return _("Any route of my warehouses") if new else _("Any route of the home warehouses")


def _up_to(supposed: Supposed, reader: Reader) -> str:
    text = reader.ngettext("Up to {n} shift a week", "Up to {n} shifts a week", supposed.cap)
    return text.format(n=supposed.cap)


def which_route(supposed: Supposed, routes: tuple[Place, ...], page: int, reader: Reader) -> Screen:
    """Those of the manager's warehouses that are not supposed yet."""
    who = of(supposed)
    left = [route for route in routes if route.id not in supposed.preferences.routes]
    shown, page, pages = cut(left, page, ROUTES_PER_PAGE)
    keys = [Button(shortened(each.name, NAME_MOST), SupposeRoute(who, each.id, 1)) for each in shown]
    rows = [*side_by_side(keys, 3), *pager(page, pages, lambda to: SupposedRoutes(who, to), reader)]
    return Screen(reader.gettext("<b>Which route?</b> Press it, or write its name."), (*rows, _back(who, reader)))


def no_such_route(
    supposed: Supposed, name: str, found: tuple[Place, ...], near: tuple[Place, ...], reader: Reader
) -> Screen:
    """`found`: several are called so; `near`: none is, and these look like it."""
    _ = reader.gettext
    who = of(supposed)
    if not found:
        said = _("No route of your warehouses is called “{name}”. Write it again.").format(name=escape(name))
        text, rows = meant.nearly(said, _these_routes(who, near), reader)
        return Screen(text, (*rows, _back(who, reader)))
    title = _("Several routes are called “{name}”. Which one?").format(name=escape(name))
    text, rows = meant.several(title, _these_routes(who, found), reader)
    return Screen(text, (*rows, _back(who, reader)))


def _these_routes(who: UUID, routes: tuple[Place, ...]) -> list[Button]:
    return meant.places(routes, lambda route: SupposeRoute(who, route.id, 1))


def _back(who: UUID, reader: Reader) -> tuple[Button, ...]:
    return (Button(reader.gettext("‹ Back"), Supposing(who)),)


def over(reader: Reader) -> str:
    """Of a question that was left, or is another one by now."""
    return reader.gettext("That question is over. Begin with the week again.")


# -- what comes of it


def question(what_if: WhatIf, reader: Reader) -> str:
    """All that is supposed."""
    supposed = what_if.supposed
    lines = _supposed(supposed, what_if.driver, what_if.routes, reader)
    if supposed.preferences.any_home_route:
        lines.append(_any_route(supposed, reader))
    return "\n".join([*lines, _up_to(supposed, reader)])


def difference(facts: RosterCard, what_if: WhatIf, reader: Reader) -> str:
    """So many instead of so many, and which."""
    _ = reader.gettext
    covered, filled, empty = (facts.count(cell) for cell in (Cell.COVERED, Cell.WOULD_BE, Cell.EMPTY))
    what = {"n": covered + filled, "before": covered + what_if.before, "all": covered + filled + empty}
    if filled == what_if.before:
        text = _("With that, as many shifts ahead would have a driver as without it: {n} of {all}.")
        lines = [text.format(**what)]
    else:
        text = reader.ngettext(
            "With that, {n} of {all} shift ahead would have a driver, instead of {before}.",
            "With that, {n} of {all} shifts ahead would have a driver, instead of {before}.",
            what["all"],
        )
        lines = ["<b>" + text.format(**what) + "</b>"]
    if what_if.closed:
        lines.append(_("No longer empty: {slots}").format(slots=_slots(what_if.closed, reader)))
    if what_if.opened:
        lines.append(_("Empty instead: {slots}").format(slots=_slots(what_if.opened, reader)))
    return "\n".join([*lines, _("Nothing has been changed.")])


def _slots(slots: Sequence[tuple[str, date]], reader: Reader) -> str:
    said = ", ".join(f"{escape(route, NAME_MOST)} {reader.day(on)}" for route, on in slots[:SLOTS_MOST])
    more = len(slots) - SLOTS_MOST
    return said + (reader.ngettext(" and {n} more", " and {n} more", more).format(n=more) if more > 0 else "")
