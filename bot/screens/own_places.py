"""A warehouse or a route itself: another name, another warehouse, and an end (R12.5)."""

from typing import Final

from bot.callbacks.calendar import RoutePage, Routes, WarehousePage
from bot.callbacks.places import DeletePlace, MovePreview, MoveRoute, MoveWhere, Warehouses
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.paging import warehouse_rows
from bot.screens.screen import Button, Screen, escape, shortened
from domain.places.deleting import COUNTED_MOST, Deleted, Dependents
from domain.places.moving import Moving
from domain.policy import Policy
from domain.refusals import Refusal
from domain.schedule.queries import Place

LABEL_MOST: Final = 40


def name(place: Place) -> str:
    """As HTML: a route with its warehouse."""
    return escape(place.name) if not place.is_route else f"{escape(place.name)}, {escape(place.warehouse)}"


def to_page(place: Place, reader: Reader) -> Button:
    """Back to what it is about."""
    label = shortened(f"‹ {place.name}", LABEL_MOST)
    return Button(label, RoutePage(place.id) if place.is_route else WarehousePage(place.id))


def refusal(why: Refusal, policy: Policy, reader: Reader) -> str:
    """Why it stays as it is, and the next step. At most 200 characters."""
    _ = reader.gettext
    texts = {
        Refusal.BAD_NAME: _("A name has 1 to {name_most} characters. Please write it again."),
        Refusal.BAD_ADDRESS: _("An address has 1 to {address_most} characters. Please write it again."),
        Refusal.NAME_TAKEN: _("Another one is called so already. Please write another name."),
        Refusal.THERE_ALREADY: _("The route leaves from there already."),
        Refusal.CLOSED_THERE: _("That warehouse is closed on a day on which the route has a shift: see /close."),
    }
    text = texts.get(why, _("I can't find that among your warehouses and routes."))
    return text.format(name_most=policy.place_name_most, address_most=policy.address_most)


def refused(why: Refusal, policy: Policy, reader: Reader) -> Screen:
    """The same as an answer to what was typed."""
    back = Button(reader.gettext("🏭 Warehouses"), Warehouses(0)), Button(reader.gettext("‹ Routes"), Routes(0))
    return Screen(refusal(why, policy, reader), (back, (home_button(reader),)))


# -- another name


def ask_name(place: Place, policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext("What is <b>{place}</b> to be called? Write its new name, at most {most} characters.")
    return Screen(text.format(place=name(place), most=policy.place_name_most), ((to_page(place, reader),),))


def renamed(place: Place, reader: Reader) -> Screen:
    _ = reader.gettext
    text = (
        _("✏️ The route is called <b>{place}</b> now.")
        if place.is_route
        else _("✏️ The warehouse is called <b>{place}</b> now.")
    )
    return Screen(text.format(place=name(place)), ((to_page(place, reader), home_button(reader)),))


# -- another warehouse


def move_where(route: Place, warehouses: tuple[Place, ...], page: int, reader: Reader) -> Screen:
    """`warehouses`: the manager's others."""
    _ = reader.gettext
    title = (
        _("From where will <b>{route}</b> leave?")
        if warehouses
        else _("<b>{route}</b> can only move between your own warehouses, and you have no other one.")
    )
    given = (lambda each: MovePreview(route.id, each.id), lambda to: MoveWhere(route.id, to))
    rows = warehouse_rows(warehouses, page, *given, reader)
    return Screen(title.format(route=name(route)), (*rows, (to_page(route, reader), home_button(reader))))


def moving(facts: Moving, reader: Reader) -> Screen:
    """What would follow, before the button that does it."""
    _ = reader.gettext
    title = _("<b>Move {route} to {warehouse} from {day} on?</b>").format(
        route=name(facts.route), warehouse=name(facts.to), day=reader.day(facts.first)
    )
    lines = [title, _("What was driven until then stays as it is.")]
    if facts.slots:
        text = reader.ngettext("{n} shift ahead moves along.", "{n} shifts ahead move along.", facts.slots)
        lines.append(text.format(n=facts.slots))
    if facts.drivers:
        text = reader.ngettext(
            "{n} driver keeps it and is told where to go.",
            "{n} drivers keep them and are told where to go.",
            facts.drivers,
        )
        lines.append(text.format(n=facts.drivers))
    if facts.unwanted:
        text = reader.ngettext(
            "{n} driver who likes the route doesn't work there: it goes from what he prefers.",
            "{n} drivers who like the route don't work there: it goes from what they prefer.",
            facts.unwanted,
        )
        lines.append(text.format(n=facts.unwanted))
    move = Button(_("🚚 Move it"), MoveRoute(facts.route.id, facts.to.id))
    return Screen("\n".join(lines), ((move,), (Button(_("‹ Leave it there"), RoutePage(facts.route.id)),)))


def moved_toast(told: int, reader: Reader) -> str:
    """At most 200 characters."""
    if not told:
        return reader.gettext("Moved.")
    return reader.ngettext("Moved. {n} driver is being told.", "Moved. {n} drivers are being told.", told).format(
        n=told
    )


# -- its end


def deletion(facts: Dependents, reader: Reader) -> Screen:
    """What depends on it; nothing: the button that deletes it."""
    _ = reader.gettext
    back = (to_page(facts.place, reader), home_button(reader))
    if facts.none:
        title = _("<b>Delete {place}?</b>\nNothing depends on it. This can't be undone.").format(
            place=name(facts.place)
        )
        return Screen(title, ((Button(_("🗑 Delete it"), DeletePlace(facts.place.id)),), back))
    title = _("<b>{place} can't be deleted.</b> On it depend:").format(place=name(facts.place))
    lines = [title, *(f"• {each}" for each in _dependents(facts, reader)), ""]
    if facts.place.is_route:
        lines.append(_("To retire it, turn off its days: what was driven stays, and nothing new comes."))
    elif facts.routes or facts.shifts or facts.drivers:
        lines.append(_("Move its routes to another warehouse of yours first. What was driven there keeps it."))
    if facts.groups:
        lines.append(_("Disconnect its group first: /disconnect"))
    return Screen("\n".join(lines), (back,))


def _dependents(facts: Dependents, reader: Reader) -> list[str]:
    counted = (
        (facts.routes, reader.ngettext("{n} route", "{n} routes", facts.routes)),
        (facts.shifts, reader.ngettext("{n} shift", "{n} shifts", facts.shifts)),
        (facts.bids, reader.ngettext("{n} bid", "{n} bids", facts.bids)),
        (
            facts.drivers,
            reader.ngettext("{n} driver who prefers it", "{n} drivers who prefer it", facts.drivers)
            if facts.place.is_route
            else reader.ngettext(
                "{n} driver who works or worked there", "{n} drivers who work or worked there", facts.drivers
            ),
        ),
        (facts.groups, reader.ngettext("{n} group that reads of it", "{n} groups that read of it", facts.groups)),
    )
    return [text.format(n=n if n <= COUNTED_MOST else f"{COUNTED_MOST}+") for n, text in counted if n]


def deleted_toast(result: Deleted, reader: Reader) -> str:
    """At most 200 characters."""
    return reader.gettext("{place} is deleted.").format(place=shortened(result.place.name))
