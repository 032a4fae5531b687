"""A manager's warehouses: where they are, who manages them, what he has chosen for each (R12.5)."""

from typing import Final

from bot.callbacks.calendar import CloseWhen, Routes, WarehousePage
from bot.callbacks.giving import RequireAgreement
from bot.callbacks.inviting import AskWhom, ManagersOf
from bot.callbacks.places import DeletePreview, NewWarehouse, Readdress, Rename, Warehouses
from bot.reader import Reader
from bot.screens import meant
from bot.screens.home import home_button
from bot.screens.own_places import to_page
from bot.screens.paging import warehouse_rows
from bot.screens.screen import TEXT_MOST, Button, Screen, escape, shortened
from domain.places.actions import Founded, Readdressed
from domain.places.queries import WarehouseCard
from domain.policy import Policy
from domain.schedule.queries import Place

LABEL_MOST: Final = 40
NAMES_MOST: Final = 10


def which(written: str, keys: tuple[Button, ...], called_so: bool, reader: Reader) -> Screen:
    """Several are called so, or none is: then `keys` are those whose names look like it."""
    _ = reader.gettext
    if called_so:
        text, rows = meant.several(_("That may mean several. Which one do you mean?"), keys, reader)
    else:
        said = _("None of your warehouses is called “{value}”.").format(value=escape(written, TEXT_MOST))
        text, rows = meant.nearly(said, keys, reader)
    return Screen(text, (*rows, (Button(_("🏭 Warehouses"), Warehouses(0)), home_button(reader))))


def warehouses(mine: tuple[Place, ...], page: int, reader: Reader) -> Screen:
    """By name; pressing one shows it."""
    _ = reader.gettext
    text = _("<b>Your warehouses</b>") if mine else _("You manage no warehouse yet.")
    rows = warehouse_rows(mine, page, lambda each: WarehousePage(each.id), Warehouses, reader)
    new = Button(_("➕ New warehouse"), NewWarehouse())
    return Screen(text, (*rows, (new,), (Button(_("🛣 Routes"), Routes(0)), home_button(reader))))


def warehouse(facts: WarehouseCard, reader: Reader) -> Screen:
    """One of them, with what can be done about it."""
    _ = reader.gettext
    place = facts.place
    agreement = (
        _("A driver who takes a shift from a colleague needs a manager to agree.")
        if facts.agreement
        else _("Drivers who can take a shift may take it from a colleague without asking. You are told.")
    )
    lines = [
        f"🏭 <b>{escape(place.name)}</b>",
        f"📍 {escape(facts.address)}",
        "🛣 " + reader.ngettext("{n} route", "{n} routes", facts.routes).format(n=facts.routes),
        "👤 " + reader.ngettext("{n} driver", "{n} drivers", facts.drivers).format(n=facts.drivers),
        "👥 " + _managers(facts.managers, reader),
        "",
        agreement,
    ]
    label = _("▫️ Let them do it alone") if facts.agreement else _("☑️ Ask a manager first")
    rows = (
        (Button(label, RequireAgreement(place.id, 0 if facts.agreement else 1)),),
        (Button(_("⛔ Close a day"), CloseWhen(place.id)),),
        (Button(_("👥 Managers"), ManagersOf(place.id, 0)), Button(_("➕ Invite a driver"), AskWhom())),
        (Button(_("✏️ Rename"), Rename(place.id)), Button(_("📍 Address"), Readdress(place.id))),
        (Button(_("🗑 Delete…"), DeletePreview(place.id)),),
        (Button(_("🏭 Warehouses"), Warehouses(0)), Button(_("‹ Routes"), Routes(0)), home_button(reader)),
    )
    return Screen("\n".join(lines), rows)


def _managers(names: tuple[str, ...], reader: Reader) -> str:
    some = [escape(name) for name in names[:NAMES_MOST]]
    left = len(names) - NAMES_MOST
    more = [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else []
    return ", ".join([*some, *more])


def ask_name(policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext("What is the new warehouse called? Write its name, at most {most} characters.")
    return Screen(text.format(most=policy.place_name_most), (_leave(reader),))


def _leave(reader: Reader) -> tuple[Button, ...]:
    return (Button(reader.gettext("🏭 Warehouses"), Warehouses(0)), home_button(reader))


def ask_address(name: str, reader: Reader) -> Screen:
    text = reader.gettext("Where is <b>{warehouse}</b>? Write its address: drivers find it on their phones.")
    return Screen(text.format(warehouse=escape(name)), (_leave(reader),))


def founded(result: Founded, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("🏭 <b>{warehouse} is there</b>, and you manage it. Next: its routes and its drivers.")
    to = Button(shortened(f"🏭 {result.name}", LABEL_MOST), WarehousePage(result.warehouse_id))
    return Screen(text.format(warehouse=escape(result.name)), ((to,), (Button(_("🛣 Routes"), Routes(0)),)))


def readdressed(result: Readdressed, reader: Reader) -> Screen:
    text = reader.gettext("📍 <b>{warehouse}</b> is at {address} now.")
    place = escape(result.place.name)
    rows = ((to_page(result.place, reader), home_button(reader)),)
    return Screen(text.format(warehouse=place, address=escape(result.address)), rows)
