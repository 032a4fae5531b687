"""What becomes of `/fill R12 tomorrow Amara Osei`: several are meant, or it can't be done (R7)."""

from datetime import date
from typing import Final

from bot.callbacks.arrivals import Driven
from bot.callbacks.filling import Fill, FillSlot, FillWith
from bot.reader import Reader
from bot.screens.coverage import day_named
from bot.screens.filling import LABEL_MOST, reason, to_slot
from bot.screens.home import home_button
from bot.screens.screen import Button, Screen, escape, shortened
from domain.coverage.assigning import Drives
from domain.coverage.queries import Uncovered
from domain.people.drivers import Found
from domain.refusals import Refusal

CHOICES_MOST: Final = 10


def which(
    open_: tuple[Uncovered, ...], drivers: tuple[Found, ...], written: str, today: date, reader: Reader
) -> Screen:
    """Several slots or several drivers are meant by what he wrote."""
    title = reader.gettext("That may mean several. Which one do you mean?")
    if not drivers:
        rows = [to_slot(slot, today, reader) for slot in open_[:CHOICES_MOST]]
        return Screen(title, (*rows, (home_button(reader),)))
    pairs = [(slot, who) for who in drivers for slot in open_]
    rows = [(_pair(slot, who, len(open_) > 1, today, reader),) for slot, who in pairs[:CHOICES_MOST]]
    left = len(pairs) - CHOICES_MOST
    more = reader.ngettext("… and {n} more: write more of the name.", "… and {n} more: write more of the name.", left)
    text = f"{title} ({escape(written)})"
    return Screen(f"{text}\n{more.format(n=left)}" if left > 0 else text, (*rows, (home_button(reader),)))


def _pair(slot: Uncovered, who: Found, several: bool, today: date, reader: Reader) -> Button:
    name = f"{shortened(who.name, LABEL_MOST)} (…{who.phone[-4:]})"
    if several:
        name += f" · {shortened(slot.route, 20)}, {shortened(slot.warehouse, 20)}, {day_named(slot.on, today, reader)}"
    return Button(name, FillWith(slot.assignment_id, who.id))


def not_read(written: str, reader: Reader) -> Screen:
    text = reader.gettext(
        "I can't find a route of yours in “{text}”. Write for example /fill R12 tomorrow Amara Osei, in any order."
    )
    return _written(text.format(text=escape(written)), reader)


def no_such_day(reader: Reader) -> Screen:
    return _written(reader.gettext("That day doesn't exist. Write for example /fill R12 tomorrow Amara Osei"), reader)


def day_over(reader: Reader) -> Screen:
    return _written(reason(Refusal.DAY_OVER, reader), reader)


def has_driver(route: str, on: date | None, drives: tuple[Drives, ...], reader: Reader) -> Screen:
    """No slot of it is open. `on`: the day, if one was named; `drives`: who has it then."""
    _ = reader.gettext
    if on is None:
        return _written(_("{route} has a driver whenever it runs.").format(route=escape(route)), reader)
    what = {"route": escape(route), "day": reader.day(on)}
    if not drives:
        text = _("{route} doesn't run on {day}, or that week isn't planned yet.")
        return _written(text.format(**what), reader)
    text = _("{route}, {warehouse} on {day}: {driver} has it.")
    lines = [text.format(**what, warehouse=escape(each.warehouse), driver=escape(each.driver)) for each in drives]
    rows = [(Button(f"👤 {shortened(each.driver, LABEL_MOST)}", Driven(each.assignment_id)),) for each in drives]
    return Screen("\n".join(lines), (*rows, (Button(_("‹ Routes to fill"), Fill(0)),), (home_button(reader),)))


def nobody(name: str, open_: tuple[Uncovered, ...], near: tuple[Found, ...], today: date, reader: Reader) -> Screen:
    """The slot is clear, the driver is not. `near`: whose names look like what was written."""
    text = reader.gettext(
        "No driver of your warehouses is called “{name}”. Check the spelling, or choose from those who can take it."
    )
    said = text.format(name=escape(name))
    if near:
        said += "\n" + reader.gettext("Do you mean one of these?")
    pairs = [(slot, who) for who in near for slot in open_][:CHOICES_MOST]
    rows = [(_pair(slot, who, len(open_) > 1, today, reader),) for slot, who in pairs]
    back = FillSlot(open_[0].assignment_id, 0) if len(open_) == 1 else Fill(0)
    choose = Button(reader.gettext("👥 Who can take it"), back)
    return Screen(said, (*rows, (choose,), (home_button(reader),)))


def _written(text: str, reader: Reader) -> Screen:
    return Screen(text, ((Button(reader.gettext("‹ Routes to fill"), Fill(0)),), (home_button(reader),)))


def gone(said: str, reader: Reader) -> Screen:
    """What is not open to anybody any more."""
    return _written(escape(said), reader)
