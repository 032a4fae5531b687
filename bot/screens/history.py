"""What was done with a slot, a driver or a route, newest first, in words (R13)."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from bot.callbacks.arrivals import Driven
from bot.callbacks.calendar import RoutePage, Routes
from bot.callbacks.callback import Callback
from bot.callbacks.drivers import DriverCard
from bot.callbacks.filling import FillSlot
from bot.callbacks.his_standing import Drivers
from bot.callbacks.history import HistoryOf
from bot.reader import Reader
from bot.screens.deeds import sentence
from bot.screens.home import home_button
from bot.screens.meant import nearly, several
from bot.screens.meant import no_such_day as no_such_day_text
from bot.screens.paging import Rows, pager
from bot.screens.screen import Button, Screen, escape, shortened
from domain.history.deeds import Deed
from domain.history.queries import History, Subject

PER_PAGE: Final = 8
LABEL_MOST: Final = 40
NAME_MOST: Final = 30  # of a route or a warehouse, beside each of eight sentences


@dataclass(frozen=True, slots=True)
class Meant:
    """What may be meant by what was written; `on` of a slot."""

    what: Subject
    about: UUID
    name: str
    on: date | None = None


def history(facts: History, reader: Reader) -> Screen:
    """A page of it; every entry with its time, and what is not a slot's own with its shift."""
    _ = reader.gettext
    head = [facts.head.name, *([facts.head.warehouse] if facts.head.warehouse is not None else [])]
    title = ", ".join(escape(each) for each in head)
    if facts.head.on is not None:
        title += f", {reader.day(facts.head.on)}"
    lines = [f"📜 <b>{title}</b>", *(_line(deed, facts, reader) for deed in facts.deeds)]
    if not facts.deeds:
        lines.append(_("Nothing was recorded about it. What came from another program has no history here."))
    turn = pager(
        facts.page,
        facts.pages,
        lambda to: HistoryOf(facts.what, facts.about, to),
        reader,
        back=_("‹ Newer"),
        more=_("Older ›"),
    )
    return Screen("\n\n".join(lines), (*turn, (_back(facts, reader), home_button(reader))))


def _line(deed: Deed, facts: History, reader: Reader) -> str:
    at = deed.at.astimezone(reader.zone)
    when = reader.day(at.date())
    if at.year != facts.as_of.astimezone(reader.zone).year:
        when += f" {at.year}"
    shift = "" if deed.of is None or facts.what is Subject.SLOT else _shift(deed, facts, reader) + "\n"
    return f"<b>{when} {reader.time(at)}</b>\n{shift}{sentence(deed, reader)}"


def _shift(deed: Deed, facts: History, reader: Reader) -> str:
    """Which shift; of a route, its day alone."""
    assert deed.of is not None
    day = "🗓 " + reader.day(deed.of.on)
    if facts.what is Subject.ROUTE:
        return day
    return f"{day}, {escape(deed.of.route, NAME_MOST)}, {escape(deed.of.warehouse, NAME_MOST)}"


def _back(facts: History, reader: Reader) -> Button:
    name = shortened(f"‹ {facts.head.name}", LABEL_MOST)
    to: dict[Subject, Callback] = {
        Subject.SLOT: Driven(facts.about) if facts.head.has_driver else FillSlot(facts.about, 0),
        Subject.DRIVER: DriverCard(facts.about),
        Subject.ROUTE: RoutePage(facts.about),
    }
    return Button(name, to[facts.what])


# -- which one


def how_to_ask(reader: Reader) -> Screen:
    text = reader.gettext(
        "Whose history do you want to see? Write a route, a route with its day, or a driver:\n"
        "/audit R12\n/audit R12 yesterday\n/audit Amara Osei"
    )
    return _asked(text, [], reader)


def choose(written: str, meant: tuple[Meant, ...], near: tuple[Meant, ...], reader: Reader) -> Screen:
    """Several are called so; or nothing is, and `near` looks like it."""
    _ = reader.gettext
    keys = [Button(_label(each, reader), HistoryOf(each.what, each.about, 0)) for each in meant or near]
    if meant:
        text, rows = several(_("That may mean several. Which one do you mean?"), keys, reader)
        return _asked(text, rows, reader)
    said = _("I find no route and no driver of yours called “{name}”. Write for example /audit R12 yesterday")
    text, rows = nearly(said.format(name=escape(written)), keys, reader)
    return _asked(text, rows, reader)


def _label(each: Meant, reader: Reader) -> str:
    mark = {Subject.DRIVER: "👤", Subject.ROUTE: "🛣", Subject.SLOT: "🗓"}[each.what]
    day = f", {reader.day(each.on)}" if each.on is not None else ""
    return f"{mark} {shortened(each.name, LABEL_MOST + 8)}{day}"  # behind a driver's name the end of his number


def no_shift(route: str, on: date, reader: Reader) -> Screen:
    text = reader.gettext("{route} has no shift on that day: {day}")
    return _asked(text.format(route=escape(route), day=reader.day(on)), [], reader)


def no_such_day(reader: Reader) -> Screen:
    return _asked(no_such_day_text("/audit R12 yesterday", reader), [], reader)


def gone(reader: Reader) -> str:
    return reader.gettext("I can't find that in your warehouses.")


def _asked(text: str, rows: Rows, reader: Reader) -> Screen:
    _ = reader.gettext
    lists = (Button(_("‹ Routes"), Routes(0)), Button(_("👥 All drivers"), Drivers(0)))
    return Screen(text, (*rows, lists, (home_button(reader),)))


def button(what: Subject, about: UUID, reader: Reader) -> Button:
    """Leads to the history of what a card is about."""
    return Button(reader.gettext("📜 What was done"), HistoryOf(what, about, 0))
