"""What stands in a warehouse's group, and what is said of it. Everybody there reads it: no phone, no score (R12.3)."""

import uuid
from typing import Final

from bot.callbacks.groups import ConnectHere, Disconnect, GroupEmergency, GroupFill
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.screen import Button, Screen, escape, shortened
from domain.db.models.words import BidWindowMode
from domain.groups.actions import Connected, Connections, Disconnected
from domain.groups.queries import Forsaken, GroupCall, Site

USERNAME_MOST: Final = 32  # Telegram's limit
FROM_GROUP: Final = "group"  # the payload of the link by which somebody unknown comes from a group
SITES_MOST: Final = 15  # warehouses in one message, each with its group and a button
ADDED: Final = "connect"  # … and of that by which a manager adds us: Telegram then writes /start connect there


def _to_bot(bot_username: str, how: str = "") -> str:
    """Leads to our chat, or asks to which group we are to be added."""
    return f"https://t.me/{shortened(bot_username, USERNAME_MOST)}{how}"


# -- what the group is told


def call(facts: GroupCall, reader: Reader) -> Screen:
    """A route that needs a driver, until it has one; the buttons lead managers to their own chats."""
    _ = reader.gettext
    if facts.covered_by is not None:
        head = _("✅ <b>{route}, {warehouse} is covered</b>")
        goes_on = _("{driver} has it.").format(driver=escape(facts.covered_by))
    elif not facts.unfilled:
        head, goes_on = _("⚪ <b>{route}, {warehouse}</b>"), _("Nothing is left to do here.")
    elif facts.over:
        head, goes_on = _("⚪ <b>{route}, {warehouse} had no driver</b>"), _("Nothing is left to do here.")
    else:
        head, goes_on = _("🔴 <b>{route}, {warehouse} needs a driver</b>"), _goes_on(facts, reader)
    named = head.format(route=escape(facts.route), warehouse=escape(facts.warehouse))
    when = _("{day}, start {start}").format(day=reader.day(facts.on), start=reader.time(facts.starts_at))
    return Screen(f"{named}\n{when}\n\n{goes_on}", _hands(facts, reader))


def _goes_on(facts: GroupCall, reader: Reader) -> str:
    _ = reader.gettext
    if facts.mode is None or facts.closes_at is None:
        return _("Nobody has taken it.")
    text = {
        BidWindowMode.COMPETITIVE: _("Open for bids{bonus}, decided {until}."),
        BidWindowMode.INSTANT: _("The first to accept has it{bonus}, until {until}."),
        BidWindowMode.EMERGENCY: _("🚨 Drivers are being asked{bonus}, until {until}."),
    }[facts.mode]
    near = facts.closes_at.astimezone(reader.zone).date() == facts.on
    return text.format(bonus=reader.bonus(facts.bonus_percent), until=reader.moment(facts.closes_at, near=near))


def _hands(facts: GroupCall, reader: Reader) -> tuple[tuple[Button, ...], ...]:
    _ = reader.gettext
    if not facts.unfilled or facts.over:
        return ()
    fill = Button(_("👤 Fill"), GroupFill(facts.assignment_id))
    if facts.mode is BidWindowMode.EMERGENCY:
        return ((fill,),)
    return ((fill, Button(_("🚨 Emergency"), GroupEmergency(facts.assignment_id))),)


def forsaken(facts: Forsaken, reader: Reader) -> Screen:
    """The last that stands here."""
    if facts.by_manager:
        return _no_longer(facts.warehouse, reader)
    text = reader.gettext(
        "👋 Whoever connected this group no longer manages {warehouse}, so nothing more is told here. One of its "
        "managers can write /connect to go on."
    )
    return Screen(text.format(warehouse=escape(facts.warehouse)))


def look_in_our_chat(reader: Reader) -> str:
    """To who has pressed one of them."""
    return reader.gettext("It goes on in our own chat, which nobody else reads.")


def not_yours(reader: Reader) -> str:
    return reader.gettext("Only a manager of this warehouse can do that.")


def not_asked_by_you(reader: Reader) -> str:
    return reader.gettext("Only who asked can choose.")


def who_are_you(reader: Reader) -> str:
    """To a press of somebody unknown; it tells nothing of who exists (R12.2)."""
    return reader.gettext("I don't know you yet. Write to me in a chat of our own.")


# -- what the group reads of what somebody asks in it


def answered(first_name: str, bot_username: str, reader: Reader) -> Screen:
    """Somebody has asked something; the answer is his alone."""
    _ = reader.gettext
    text = _("{name}, the answer is in our own chat.").format(name=escape(first_name))
    return Screen(text, ((Button(_("💬 Open it"), _to_bot(bot_username)),),))


def unknown(bot_username: str, reader: Reader) -> Screen:
    """To somebody unknown, or an administrator who writes in the group's name."""
    _ = reader.gettext
    text = _("I can't tell who you are. Write to me in a chat of our own.")
    return Screen(text, ((Button(_("💬 Open it"), _to_bot(bot_username, f"?start={FROM_GROUP}")),),))


def hello(reader: Reader) -> Screen:
    """I was taken into the group."""
    return Screen(
        reader.gettext(
            "👋 Hello! A manager of a warehouse writes /connect, and from then on you read here when one of its routes "
            "needs a driver, and who has it. Phone numbers and scores never stand here."
        )
    )


def connected(result: Connected, reader: Reader) -> Screen:
    _ = reader.gettext
    name = escape(result.warehouse)
    if result.already:
        return Screen(_("👍 This group is connected to {warehouse} already.").format(warehouse=name))
    text = _(
        "✅ <b>Connected to {warehouse}</b>\nWhen one of its routes needs a driver, you read it here. "
        "/disconnect ends it."
    )
    return Screen(text.format(warehouse=name))


def which(user_id: uuid.UUID, sites: tuple[Site, ...], reader: Reader) -> Screen:
    """Who asked has several warehouses; of many, the first."""
    shown = sites[:SITES_MOST]
    rows = tuple((Button(each.warehouse, ConnectHere(user_id, each.warehouse_id, 0)),) for each in shown)
    asked = reader.gettext("Which warehouse is this group for?")
    return Screen("\n".join((asked, *_and_more(sites, reader))), rows)


def _and_more(sites: tuple[Site, ...], reader: Reader) -> tuple[str, ...]:
    left = len(sites) - SITES_MOST
    if left <= 0:
        return ()
    text = reader.ngettext(
        "… and {n} more: write for example /connect {warehouse}",
        "… and {n} more: write for example /connect {warehouse}",
        left,
    )
    return (text.format(n=left, warehouse=escape(sites[SITES_MOST].warehouse)),)


def against(user_id: uuid.UUID, found: Connections, reader: Reader) -> Screen:
    """The warehouse has another group, or the group another warehouse: only if he says so, and may."""
    _ = reader.gettext
    name, lines = escape(found.warehouse), []
    if found.other_title is not None:
        text = _("{warehouse} has a group already: {title}.")
        lines.append(text.format(warehouse=name, title=escape(found.other_title)))
    if found.other_warehouse is not None:
        text = _("This group is connected to {warehouse}.")
        lines.append(text.format(warehouse=escape(found.other_warehouse)))
    if not found.his:
        lines.append(_("One of its managers can write /disconnect here first."))
        return Screen("\n".join(lines))
    instead = Button(_("Connect this group to it instead"), ConnectHere(user_id, found.warehouse_id, 1))
    return Screen("\n".join((*lines, _("Only one group and one warehouse go together."))), ((instead,),))


def no_warehouse(reader: Reader) -> Screen:
    """He is no manager, or has no warehouse."""
    return Screen(reader.gettext("Only a manager of a warehouse can connect a group to it."))


def no_warehouse_to_disconnect(reader: Reader) -> Screen:
    """The same, where he wants to end it."""
    return Screen(reader.gettext("Only a manager of its warehouse can disconnect this group."))


def disconnected(result: Disconnected, reader: Reader) -> Screen:
    """In the group."""
    return _no_longer(result.warehouse, reader)


def _no_longer(warehouse: str, reader: Reader) -> Screen:
    text = reader.gettext("👋 This group is no longer connected to {warehouse}. /connect does it again.")
    return Screen(text.format(warehouse=escape(warehouse)))


def not_connected(reader: Reader) -> Screen:
    return Screen(reader.gettext("This group is not connected to a warehouse of yours."))


# -- in a manager's own chat


def groups(sites: tuple[Site, ...], bot_username: str, reader: Reader) -> Screen:
    """Which groups his warehouses have, and how they get one; of many, the first."""
    _ = reader.gettext
    lines, shown = [_("<b>Groups of my warehouses</b>")], sites[:SITES_MOST]
    for each in shown:
        what = escape(each.title) if each.title is not None else _("no group")
        lines.append(reader.said(escape(each.warehouse), what))
    lines += _and_more(sites, reader)
    lines.append(
        _(
            "Add me to a group and write /connect there: when a route of the warehouse needs a driver, everybody reads "
            "it there, and its managers can fill it. Phone numbers and scores never stand there."
        )
    )
    ends = tuple(
        (Button(_("✖️ Disconnect {title}").format(title=each.title), Disconnect(each.group_id)),)
        for each in shown
        if each.group_id is not None and each.title is not None
    )
    add = Button(_("➕ Add me to a group"), _to_bot(bot_username, f"?startgroup={ADDED}"))
    return Screen("\n".join(lines), ((add,), *ends, (home_button(reader),)))


def ended(result: Disconnected | None, reader: Reader) -> str:
    """He has pressed that; None: it was over already."""
    if result is None:
        return reader.gettext("That group is not connected any more.")
    return reader.gettext("Nothing more is told in {title}.").format(title=result.title)
