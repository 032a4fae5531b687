"""Who manages a warehouse (R12.5)."""

from typing import Final

from bot.callbacks.calendar import WarehousePage
from bot.callbacks.inviting import (
    AddManager,
    AskManager,
    ManagersOf,
    ManagersWhere,
    NewManagerLink,
    RemoveManager,
    RemovePreview,
)
from bot.callbacks.places import Warehouses
from bot.reader import Reader
from bot.screens import inviting
from bot.screens.home import home_button
from bot.screens.paging import PER_PAGE, Rows, pager, warehouse_rows
from bot.screens.screen import Button, Screen, escape, shortened
from domain.pages import cut
from domain.people.inviting import JustMade
from domain.people.managing import Added, Manager, Managers, Proposed, Removed
from domain.refusals import Refusal
from domain.schedule.queries import Place

LABEL_MOST: Final = 40


def which_warehouse(warehouses: tuple[Place, ...], page: int, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("Whose managers? Choose a warehouse.") if warehouses else _("You manage no warehouse yet: /warehouses")
    rows = warehouse_rows(warehouses, page, lambda each: ManagersOf(each.id, 0), ManagersWhere, reader)
    return Screen(text, (*rows, (home_button(reader),)))


def managers(facts: Managers, page: int, reader: Reader, said: str = "") -> Screen:
    """Those of one warehouse. The last one can't be removed. `said`: above all, to who has typed and sees no toast."""
    _ = reader.gettext
    lines = [escape(said)] if said else []
    lines += [_("<b>Who manages {warehouse}</b>").format(warehouse=escape(facts.place.name))]
    some, page, pages = cut(facts.managers, page, PER_PAGE)
    lines += [_manager(each, facts, reader) for each in some]
    rows: Rows = [(Button(_("➕ Add a manager"), AskManager(facts.place.id)),)]
    rows += [
        (
            Button(
                _("🔗 New link for {name}").format(name=shortened(each.name, LABEL_MOST)),
                NewManagerLink(facts.place.id, each.id),
            ),
        )
        for each in some
        if each.invitable
    ]
    if len(facts.managers) > 1:
        rows += [
            (
                Button(
                    _("➖ Remove {name}").format(name=shortened(each.name, LABEL_MOST)),
                    RemovePreview(facts.place.id, each.id),
                ),
            )
            for each in some
        ]
    rows += pager(page, pages, lambda to: ManagersOf(facts.place.id, to), reader)
    back = Button(shortened(f"‹ {facts.place.name}", LABEL_MOST), WarehousePage(facts.place.id))
    return Screen("\n".join(lines), (*rows, (back, home_button(reader))))


def _manager(manager: Manager, facts: Managers, reader: Reader) -> str:
    _ = reader.gettext
    name = escape(manager.name)
    if manager.id == facts.me:
        return _("👤 {name} (you)").format(name=name)
    return f"👤 {name}" if manager.linked else _("👤 {name}: no Telegram yet").format(name=name)


def refusal(why: Refusal, reader: Reader) -> str:
    """Why it stays as it is. At most 200 characters."""
    if why is Refusal.LAST_MANAGER:
        return reader.gettext("A warehouse is never without a manager: add another one first.")
    if why is Refusal.NOT_LINKED_YET:
        return reader.gettext("They haven't opened their first invite link yet. Once they have, add them here.")
    return inviting.refusal(why, reader)


def refused(why: Refusal, reader: Reader) -> Screen:
    """The same as an answer to what was typed."""
    back = Button(reader.gettext("🏭 Warehouses"), Warehouses(0))
    return Screen(refusal(why, reader), ((back, home_button(reader)),))


def ask_whom(place: Place, reader: Reader) -> Screen:
    text = reader.gettext(
        "Who is to manage <b>{warehouse}</b>, too? Write name and phone number, like: Amara Osei 416 555 0101\n"
        "Who is a manager already is known by the number."
    )
    return Screen(text.format(warehouse=escape(place.name)), (_back(place, reader),))


def _back(place: Place, reader: Reader) -> tuple[Button, ...]:
    return (Button(reader.gettext("‹ Leave it"), ManagersOf(place.id, 0)),)


def proposed(facts: Proposed, of: int, reader: Reader) -> Screen:
    """Before the last button, which says `of` whom: another may be proposed below it."""
    _ = reader.gettext
    title = _("<b>{name} manages {warehouse}, too?</b>").format(
        name=escape(facts.name.whole), warehouse=escape(facts.place.name)
    )
    known = _("Is a manager already, and will be told.") if facts.known else _("Is new here, and needs a link.")
    add = Button(_("✅ Yes, add"), AddManager(facts.place.id, of))
    return Screen(f"{title}\n📞 {escape(facts.phone)}\n{known}", ((add,), _back(facts.place, reader)))


def added_toast(result: Added, reader: Reader) -> str:
    """At most 200 characters."""
    _ = reader.gettext
    text = _("{name} manages it now. Forward the next message.") if result.new else _("{name} manages it now.")
    return text.format(name=shortened(result.name))


def manages_already(name: str, reader: Reader) -> str:
    """HTML."""
    return reader.gettext("{name} manages it already.").format(name=name)


def just_made(facts: JustMade, reader: Reader) -> str:
    """At most 200 characters: a link can't be shown again."""
    _ = reader.gettext
    if facts.own:
        return _("The link was just made: it is here in the chat, in a message of its own.")
    return _("Somebody else has just made a link. If you need your own, press again in a moment; theirs is void then.")


def new_link_toast(name: str, reader: Reader) -> str:
    """At most 200 characters."""
    return reader.gettext("A new link for {name}: forward the next message.").format(name=shortened(name))


def removing(facts: Managers, who: Manager, reader: Reader) -> Screen:
    """What follows, before the last button."""
    _ = reader.gettext
    names = {"name": escape(who.name), "warehouse": escape(facts.place.name)}
    if who.id == facts.me:
        text = _("<b>You no longer manage {warehouse}?</b>\nIts others go on; only they can add you again.")
    else:
        text = _("<b>{name} no longer manages {warehouse}?</b>\nIts other managers go on.")
    go = Button(_("➖ Yes, remove"), RemoveManager(facts.place.id, who.id))
    return Screen(text.format(**names), ((go,), _back(facts.place, reader)))


def removed_toast(result: Removed, reader: Reader) -> str:
    """At most 200 characters."""
    text = reader.gettext("{name} no longer manages {warehouse}.")
    return text.format(name=shortened(result.name), warehouse=shortened(result.place.name))
