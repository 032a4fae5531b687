"""A file of the company's data: what is wrong with it by line, what it says, and what came of it (R12.5)."""

import csv
import io
from datetime import datetime
from typing import Final

from bot.callbacks.importing import GetLinks, ImportNow, TextThem
from bot.delivery.files import LARGEST, NotFetched
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.screen import Button, Document, Screen, escape
from bot.screens.weekdays import listed
from domain.importing.desk import Done, Link, Links, Pending
from domain.importing.sheets import DriverLine, Fault, Line, RouteLine, SheetKind, WarehouseLine, What
from domain.policy import Policy
from domain.schedule.rules import DAYS_OF_WEEK

FAULTS_MOST: Final = 20  # that are shown at once
LINES_MOST: Final = 5
VALUE_MOST: Final = 40


def not_fetched(why: NotFetched, reader: Reader) -> Screen:
    _ = reader.gettext
    texts = {
        NotFetched.TOO_BIG: _("That file is too large for me: at most {n} kB. Send it in parts."),
        NotFetched.NOT_UTF8: _("I can't read the letters in that file. In Excel, save it as “CSV UTF-8”."),
        NotFetched.LOST: _("I didn't get that file from Telegram. Please send it once more."),
    }
    return Screen(texts[why].format(n=LARGEST // 1000), ((home_button(reader),),))


# -- what is wrong


def faults(file_name: str, found: tuple[Fault, ...], policy: Policy, reader: Reader) -> Screen:
    """By line; nothing was entered."""
    _ = reader.gettext
    title = _("❌ <b>Nothing was imported</b>")
    title = reader.said(title, escape(file_name)) if file_name else title
    some = found[:FAULTS_MOST]
    lines = [title, *(_line_of(fault, fault_text(fault, policy, reader), reader) for fault in some)]
    left = len(found) - len(some)
    if left > 0:
        lines.append(reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left))
    lines += ["", _("Put it right in the file and send it again: it is all imported, or nothing.")]
    return Screen("\n".join(lines), ((home_button(reader),),))


def _line_of(fault: Fault, text: str, reader: Reader) -> str:
    said = escape(text, 200)
    return reader.said(reader.gettext("Line {n}").format(n=fault.line), said) if fault.line else said


def fault_text(fault: Fault, policy: Policy, reader: Reader) -> str:
    """Plain text, for the chat and the command line alike."""
    _ = reader.gettext
    texts = {
        What.EMPTY: _("The file has no lines to import."),
        What.NOT_A_TABLE: _("From here on it can't be read as CSV: is a quotation mark missing?"),
        What.TOO_MANY: _("It has {value} lines; at most {lines} can be imported at once."),
        What.COLUMNS: _(
            "I need the columns first name, last name, phone, warehouse; or route, warehouse; or warehouse, address. "
            "There are: {value}"
        ),
        What.FIELDS: _("The line has more fields than there are columns."),
        What.NAME: _("“{value}” is no whole name, or too long a one."),
        What.PHONE: _("“{value}” is no phone number that can be used."),
        What.PHONE_TWICE: _("{value} is in line {other}, too."),
        What.PHONE_TAKEN: _("{value} belongs to somebody else already."),
        What.PHONE_OWN: _("{value} belongs to one of your drivers already: take the line out."),
        What.PHONE_LEFT: _(
            "{value} was the number of somebody who has driven here before: take the line out, /invite asks who it is."
        ),
        What.WAREHOUSE_MISSING: _("The warehouse is missing."),
        What.WAREHOUSE_UNKNOWN: _("None of your warehouses is called “{value}”."),
        What.WAREHOUSE_AMBIGUOUS: _("Several warehouses are called “{value}”."),
        What.ADDRESS: _("“{value}” is no address, or too long a one."),
        What.LANGUAGE: _("“{value}” is no language that I speak: en or fr."),
        What.DAYS: _("“{value}” is no weekdays. Write them like: mon-fri sun"),
        What.ROUTES_MANY: _("“{value}” is more than {routes} routes."),
        What.ROUTE_UNKNOWN: _("The warehouse has no route “{value}”."),
        What.NAME_TWICE: _("“{value}” is in line {other}, too."),
        What.NAME_TAKEN: _("“{value}” is there already."),
    }
    missing = {
        What.NAME: _("The name is missing."),
        What.PHONE: _("The phone number is missing."),
        What.ADDRESS: _("The address is missing."),
    }
    if not fault.value.strip() and fault.what in missing:
        return missing[fault.what]
    value = fault.value if len(fault.value) <= VALUE_MOST else fault.value[: VALUE_MOST - 1] + "…"
    most = {"lines": policy.import_lines_most, "routes": policy.routes_most}
    return texts[fault.what].format(value=value, other=fault.other, **most)


# -- what it says


def preview(facts: Pending, reader: Reader) -> Screen:
    """How many lines of what, the first of them, and the last button."""
    _ = reader.gettext
    sheet = facts.sheet
    count = counted(sheet.kind, len(sheet.lines), reader)
    title = _("<b>Import {count}?</b> {file}").format(count=count, file=escape(facts.file_name))
    some = sheet.lines[:LINES_MOST]
    lines = [title.strip(), *(f"• {_shown(line, reader)}" for line in some)]
    left = len(sheet.lines) - len(some)
    if left > 0:
        lines.append(reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left))
    lines += ["", _("All lines are in order. Nothing is entered yet.")]
    button = Button(_("✅ Import {count}").format(count=count), ImportNow(facts.import_id))
    return Screen("\n".join(lines), ((button,), (home_button(reader),)))


def counted(kind: SheetKind, n: int, reader: Reader) -> str:
    match kind:
        case SheetKind.DRIVERS:
            text = reader.ngettext("{n} driver", "{n} drivers", n)
        case SheetKind.ROUTES:
            text = reader.ngettext("{n} route", "{n} routes", n)
        case SheetKind.WAREHOUSES:
            text = reader.ngettext("{n} warehouse", "{n} warehouses", n)
    return text.format(n=n)


def _shown(line: Line, reader: Reader) -> str:
    match line:
        case DriverLine():
            parts = [f"{line.first_name} {line.last_name}", line.phone, line.warehouse]
            wishes = [listed(line.days, reader)] if line.days else []
            wishes += [", ".join(line.routes)] if line.routes else []
        case RouteLine():
            parts = [line.name, line.warehouse]
            wishes = [listed(line.days, reader)] if len(line.days) < DAYS_OF_WEEK else []
        case WarehouseLine():
            parts, wishes = [line.name, line.address], []
    return ", ".join(escape(part) for part in (*parts, *wishes))


# -- what came of it


def gone(reader: Reader) -> Screen:
    return Screen(reader.gettext("That file is gone. Please send it again."), ((home_button(reader),),))


def done(result: Done, texts: bool, reader: Reader) -> Screen:
    """`texts`: SMS are set up here."""
    _ = reader.gettext
    title = _("✅ <b>Imported: {count}</b>").format(count=counted(result.kind, result.lines, reader))
    if not result.unlinked:
        return Screen(title, ((home_button(reader),),))
    text = reader.ngettext(
        "{n} driver has no Telegram chat here yet.", "{n} drivers have no Telegram chat here yet.", result.unlinked
    )
    lines = [title, text.format(n=result.unlinked)]
    rows = [(Button(_("📄 A file with their links"), GetLinks(result.import_id)),)]
    if texts:
        lines.append(_("I can text them how to join, or give you a link for each to pass on."))
        rows.insert(0, (Button(_("📱 Text them how to join"), TextThem(result.import_id)),))
    else:
        lines.append(_("I can give you a link for each to pass on."))
    return Screen("\n".join(lines), (*rows, (home_button(reader),)))


def texted(told: int, reader: Reader) -> str:
    """At most 200 characters."""
    if not told:
        return reader.gettext("Everybody has been texted already.")
    return reader.ngettext("{n} driver is being texted.", "{n} drivers are being texted.", told).format(n=told)


def nobody_left(reader: Reader) -> str:
    return reader.gettext("Nobody of that file needs a link any more.")


def just_made(reader: Reader) -> str:
    """At most 200 characters: the links can't be shown again."""
    return reader.gettext("The links were just made, and each is good: wait a moment to make others.")


def links(found: Links, address: str, until: datetime, reader: Reader) -> Screen:
    """The file; `address`: what stands before each secret part."""
    _ = reader.gettext
    text = _("🔗 Each link works once, until {until}. Pass each on to its driver alone; earlier ones are void.")
    text = text.format(until=reader.moment(until))
    if found.just_made:
        others = reader.ngettext(
            "{n} driver got a link a moment ago, and is not in the file.",
            "{n} drivers got a link a moment ago, and are not in the file.",
            found.just_made,
        )
        text += "\n" + others.format(n=found.just_made)
    return Screen(text, document=Document("links.csv", links_file(found.made, address, reader)))


def links_file(found: tuple[Link, ...], address: str, reader: Reader) -> bytes:
    """A table of them, as spreadsheets open it."""
    _ = reader.gettext
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow([_("name"), _("phone"), _("link")])
    writer.writerows([_plain(link.driver.name), link.driver.phone, address + link.token] for link in found)
    return table.getvalue().encode("utf-8-sig")


def _plain(name: str) -> str:
    """A name never is a formula, whatever program opens the file."""
    return f"'{name}" if name[:1] in "=+-@\t" else name
