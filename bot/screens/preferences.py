"""What a driver prefers, and the routes and warehouses that he chooses from (R3.1, R3.3, R6.3).

His manager reads the same, as of somebody else: `name`.
"""

from typing import Final
from uuid import UUID

from bot.callbacks.drivers import DriverCard
from bot.callbacks.preferences import (
    AddRoute,
    DropRoute,
    OpenTo,
    OtherWarehouses,
    PreferAnyRoute,
    PreferDay,
    PreferencesOf,
    PreferRoute,
    RankRoute,
    RoutesIn,
)
from bot.reader import Reader
from bot.screens import meant, weekdays
from bot.screens.home import home_button
from bot.screens.paging import pager, side_by_side
from bot.screens.screen import Button, Screen, escape, shortened
from bot.screens.settings import listed
from bot.screens.weekdays import MARKS
from domain.pages import cut, nearest
from domain.policy import Policy
from domain.refusals import Refusal
from domain.roster.preferences import Wishes
from domain.roster.workplaces import Tie, Workplace
from domain.schedule.queries import Place

WAREHOUSES_PER_PAGE: Final = 12
ROUTES_PER_PAGE: Final = 30
RANGES_MOST: Final = 60  # pages of a warehouse that are buttons; the rest are found by turning, or by name
LABEL_MOST: Final = 40
SHORT_NAME: Final = 6  # four buttons with such names stand beside each other

Row = tuple[Button, ...]


def card(facts: Wishes, name: str | None, policy: Policy, reader: Reader) -> Screen:
    """His preferences as they stand; each press is saved."""
    _ = reader.gettext
    of, has = facts.driver_id, facts.kept.preferences
    title = "🧭 <b>" + (_("{name}: preferences").format(name=escape(name)) if name else _("My preferences")) + "</b>"
    lines = [
        title,
        _counts_from(facts, reader),
        "",
        _("📅 Days: {days}").format(days=weekdays.listed(has.days, reader) or "–"),
        *_routes(facts, reader),
        *_warehouses(facts, reader),
        *_missing(facts, reader),
    ]
    rows = weekdays.toggles(has.days, lambda number, wanted: PreferDay(of, number, wanted), reader)
    rows += [_ranking(facts, rank, route) for rank, route in enumerate(facts.kept.routes)]
    if len(has.routes) < policy.routes_most:
        rows.append((Button(_("➕ Add a route"), AddRoute(of, 0)),))
    any_route = _("Any route of the home warehouses") if name else _("Any route of my warehouses")
    rows.append((Button(f"{MARKS[has.any_home_route]} {any_route}", PreferAnyRoute(of, int(not has.any_home_route))),))
    if any(each.tie is not Tie.HOME for each in facts.workplaces):
        rows.append((Button(_("🏭 Other warehouses"), OtherWarehouses(of, 0)),))
    back = home_button(reader) if name is None else Button(shortened(f"‹ {name}", LABEL_MOST), DriverCard(of))
    return Screen("\n".join(lines), (*rows, (back,)))


def _counts_from(facts: Wishes, reader: Reader) -> str:
    _ = reader.gettext
    if facts.waiting:
        text = _("⏳ The last change counts from the week of {day}. The weeks before stay as planned.")
    else:
        text = _("Each press is saved. A change counts from the week of {day}.")
    return text.format(day=reader.day(facts.since))


def _routes(facts: Wishes, reader: Reader) -> list[str]:
    _ = reader.gettext
    named = [f"{n}. {_named(route)}" for n, route in enumerate(facts.kept.routes, start=1)]
    homes = [each.name for each in facts.workplaces if each.tie is Tie.HOME]
    if facts.kept.preferences.any_home_route:
        named.append(_("Then any route of {warehouses}").format(warehouses=listed(homes, reader) or "–"))
    return [_("🛣 Routes:"), *named] if named else [_("🛣 Routes: none yet")]


def _warehouses(facts: Wishes, reader: Reader) -> list[str]:
    open_ = [each.name for each in facts.workplaces if each.tie is Tie.OPEN]
    text = reader.gettext("🏭 Offers from {warehouses}, too")
    return [text.format(warehouses=listed(open_, reader))] if open_ else []


def _missing(facts: Wishes, reader: Reader) -> list[str]:
    """What it means that days or routes are not chosen, and the next step."""
    _ = reader.gettext
    has = facts.kept.preferences
    if has.days and (has.routes or has.any_home_route):
        return []
    means = _("⚠️ The weekly roster gives no shifts yet; what is open is under /open.")
    if not has.days:
        return ["", means + " " + _("Next: press the days that suit.")]
    return ["", means + " " + _("Next: add a route, or tick any route.")]


def _named(route: Place) -> str:
    return f"{escape(route.name)}, {escape(route.warehouse)}"


def _ranking(facts: Wishes, rank: int, route: Place) -> Row:
    """Moves a route up or down, or takes it from the list; each button says where it leads, so twice is once."""
    of, last = facts.driver_id, len(facts.kept.routes) - 1
    moves = (("⬆️", rank - 1, rank > 0), ("⬇️", rank + 1, rank < last))
    name = shortened(route.name, LABEL_MOST // 2)
    keys = [Button(f"{sign} {name}", RankRoute(of, route.id, to)) for sign, to, there in moves if there]
    return (*keys, Button(f"✖️ {name}", DropRoute(of, route.id)))


# -- choosing a route


def which_warehouse(facts: Wishes, page: int, reader: Reader) -> Screen:
    """His warehouses, his homes first."""
    _ = reader.gettext
    of = facts.driver_id
    places = sorted((each for each in facts.workplaces if each.his), key=lambda each: each.tie is not Tie.HOME)
    shown, page, pages = cut(places, page, WAREHOUSES_PER_PAGE)
    keys = [Button(shortened(f"🏭 {each.name}", LABEL_MOST), RoutesIn(of, each.id, 0)) for each in shown]
    rows = [*side_by_side(keys, 2), *pager(page, pages, lambda to: AddRoute(of, to), reader)]
    if any(each.tie is Tie.OTHER for each in facts.workplaces):
        rows.append((Button(_("🏭 Another warehouse…"), OtherWarehouses(of, 0)),))
    text = _("<b>Which route?</b>\nWrite its name, like “R12”, or choose its warehouse.")
    return Screen(text, (*rows, _back(of, reader)))


def routes(of: UUID, place: Workplace, found: tuple[Place, ...], page: int, several: bool, reader: Reader) -> Screen:
    """A warehouse's routes; of many first which page. `several`: he has other warehouses to go back to."""
    _ = reader.gettext
    title = f"🏭 <b>{escape(place.name)}</b>\n"
    _page, pages = nearest(0, len(found), ROUTES_PER_PAGE)
    below: list[Row] = [(Button(_("‹ Warehouses"), AddRoute(of, 0)),)] if several else []
    below.append(_back(of, reader))
    if not found:
        return Screen(title + _("No routes here yet."), tuple(below))
    if page < 1 and pages > 1:
        ranges = [
            Button(_range(found[at : at + ROUTES_PER_PAGE]), RoutesIn(of, place.id, at // ROUTES_PER_PAGE + 1))
            for at in range(0, min(len(found), RANGES_MOST * ROUTES_PER_PAGE), ROUTES_PER_PAGE)
        ]
        text = _("Among which? Or write the route's name.")
        return Screen(title + text, (*side_by_side(ranges, 2), *below))
    shown, page, _pages = cut(found, page - 1, ROUTES_PER_PAGE)
    width = 4 if max(len(each.name) for each in shown) <= SHORT_NAME else 2
    keys = [Button(shortened(each.name, LABEL_MOST), PreferRoute(of, each.id)) for each in shown]
    rows = side_by_side(keys, width)
    rows += pager(page, pages, lambda to: RoutesIn(of, place.id, to + 1), reader)
    return Screen(title + _("Press the route, or write its name."), (*rows, *below))


def _range(some: tuple[Place, ...]) -> str:
    first, last = (shortened(each.name, LABEL_MOST // 2) for each in (some[0], some[-1]))
    return first if len(some) == 1 else f"{first} – {last}"


def several(of: UUID, written: str, found: tuple[Place, ...], reader: Reader) -> Screen:
    """Several routes are called so: which does he mean?"""
    title = reader.gettext("Several routes are called “{name}”. Which one?").format(name=escape(written))
    text, rows = meant.several(title, _these_routes(of, found), reader)
    return Screen(text, (*rows, _back(of, reader)))


def _these_routes(of: UUID, routes: tuple[Place, ...]) -> list[Button]:
    return meant.places(routes, lambda route: PreferRoute(of, route.id))


def no_such_route(of: UUID, written: str, near: tuple[Place, ...], reader: Reader) -> Screen:
    """He is still asked. `near`: routes that look like it."""
    text = reader.gettext("No route is called “{name}”. Check the spelling, write less of it, or choose its warehouse.")
    by_warehouse = Button(reader.gettext("🏭 By warehouse"), AddRoute(of, 0))
    text, rows = meant.nearly(text.format(name=escape(written)), _these_routes(of, near), reader)
    return Screen(text, (*rows, (by_warehouse,), _back(of, reader)))


def elsewhere(of: UUID, route: Place, warehouses: tuple[str, ...], reader: Reader) -> Screen:
    """Only these warehouses have such a route, and they are not open to him."""
    _ = reader.gettext
    text = _("{route} is a route of {warehouses}. To be given shifts there, open that warehouse first.")
    open_ = Button(_("🏭 Other warehouses"), OtherWarehouses(of, 0))
    said = text.format(route=escape(route.name), warehouses=listed(warehouses, reader))
    return Screen(said, ((open_,), _back(of, reader)))


# -- other warehouses


def other_warehouses(facts: Wishes, page: int, reader: Reader) -> Screen:
    """All but his homes, as toggles."""
    _ = reader.gettext
    of = facts.driver_id
    places = [each for each in facts.workplaces if each.tie is not Tie.HOME]
    shown, page, pages = cut(places, page, WAREHOUSES_PER_PAGE)
    keys = [
        Button(
            f"{MARKS[each.his]} {shortened(each.name, LABEL_MOST)}",
            OpenTo(of, each.id, int(not each.his), page),
        )
        for each in shown
    ]
    text = _("<b>Other warehouses</b>\nTick those whose open shifts are wanted, too. It holds at once.")
    if not places:
        text = _("There are no other warehouses.")
    rows = [*side_by_side(keys, 2), *pager(page, pages, lambda to: OtherWarehouses(of, to), reader)]
    return Screen(text, (*rows, _back(of, reader)))


# -- what they share


def _back(of: UUID, reader: Reader) -> Row:
    return (Button(reader.gettext("‹ Preferences"), PreferencesOf(of)),)


def saved(reader: Reader) -> str:
    return reader.gettext("Saved.")


def not_added(of: UUID, why: Refusal, policy: Policy, reader: Reader) -> Screen:
    """What he has typed is a route that can't be added."""
    return Screen(refusal(why, policy, reader), (_back(of, reader),))


def refusal(why: Refusal, policy: Policy, reader: Reader) -> str:
    """Why nothing was changed. At most 200 characters."""
    _ = reader.gettext
    texts = {
        Refusal.NO_SUCH_ROUTE: _("That route doesn't exist any more."),
        Refusal.PREFERRED_ALREADY: _("That route is on the list already."),
        Refusal.WAREHOUSE_NOT_HIS: _("That warehouse isn't open yet: tick it under “Other warehouses” first."),
        Refusal.ROUTES_FULL: reader.ngettext(
            "There is room for {n} route. Remove it first.",
            "There is room for {n} routes. Remove one first.",
            policy.routes_most,
        ).format(n=policy.routes_most),
        Refusal.NO_SUCH_WAREHOUSE: _("That warehouse doesn't exist any more."),
        Refusal.HOME_ALREADY: _("That is a home warehouse: its shifts are offered anyway."),
        Refusal.PREFERS_ROUTE_THERE: _("One of the preferred routes is there. Remove that route first."),
        Refusal.NOT_A_DRIVER: _("That is for drivers."),
    }
    return texts.get(why, _("That isn't one of the choices. Please use the buttons below."))
