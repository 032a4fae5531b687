"""What becomes of `/fill R12 tomorrow Amara Osei`: several are meant, or it can't be done (R7)."""

from datetime import date

from bot.callbacks.arrivals import Driven
from bot.callbacks.filling import Fill, FillSlot, FillWith
from bot.callbacks.roster import RosterWeek
from bot.reader import Reader
from bot.screens.coverage import day_named
from bot.screens.filling import LABEL_MOST, reason, to_slot
from bot.screens.home import home_button
from bot.screens.meant import FOUND_MOST, called, nearly, several
from bot.screens.meant import no_such_day as no_such_day_text
from bot.screens.screen import Button, Screen, escape, shortened
from domain.coverage.assigning import Drives
from domain.coverage.queries import Uncovered
from domain.people.drivers import Found
from domain.refusals import Refusal


def which(
    open_: tuple[Uncovered, ...], drivers: tuple[Found, ...], written: str, today: date, reader: Reader
) -> Screen:
    """Several slots or several drivers are meant by what he wrote."""
    title = reader.gettext("That may mean several. Which one do you mean?")
    if not drivers:
        slots = [to_slot(slot, today, reader) for slot in open_[:FOUND_MOST]]
        return Screen(title, (*slots, (home_button(reader),)))
    text, rows = several(f"{title} ({escape(written)})", _pairs(open_, drivers, today, reader), reader)
    return Screen(text, (*rows, (home_button(reader),)))


def _pairs(open_: tuple[Uncovered, ...], drivers: tuple[Found, ...], today: date, reader: Reader) -> list[Button]:
    """Each driver with each slot, which is named where there are several."""
    return [
        Button(
            called(who) + (_slot(slot, today, reader) if len(open_) > 1 else ""), FillWith(slot.assignment_id, who.id)
        )
        for who in drivers
        for slot in open_
    ]


def _slot(slot: Uncovered, today: date, reader: Reader) -> str:
    return f" · {shortened(slot.route, 20)}, {shortened(slot.warehouse, 20)}, {day_named(slot.on, today, reader)}"


def not_read(written: str, near: tuple[Uncovered, ...], today: date, reader: Reader) -> Screen:
    """No route is in it. `near`: the open slots of routes whose names look like what was written."""
    said = reader.gettext(
        "I can't find a route of yours in “{text}”. Write for example /fill R12 tomorrow Amara Osei, in any order."
    )
    keys = [button for slot in near for button in to_slot(slot, today, reader)]
    text, rows = nearly(said.format(text=escape(written)), keys, reader)
    return Screen(text, (*rows, *_to_fill(reader)))


def no_such_day(reader: Reader) -> Screen:
    return _written(no_such_day_text("/fill R12 24 nov Amara Osei", reader), reader)


def day_over(reader: Reader) -> Screen:
    return _written(reason(Refusal.DAY_OVER, reader), reader)


def has_driver(
    route: str,
    on: date | None,
    drives: tuple[Drives, ...],
    unknown: str,
    roster: date | None,
    today: date,
    reader: Reader,
) -> Screen:
    """No slot of it is open. `on`: the day, if one was named; `drives`: who has it then.

    `unknown`: what was read as a driver's name, and nobody's is. `roster`: the Monday of that week, where its roster
    can be looked at.
    """
    _ = reader.gettext
    lines = [_("No driver of your warehouses is called “{name}”.").format(name=escape(unknown))] if unknown else []
    if on is None:
        lines.append(_("{route} has a driver on every day that is planned so far.").format(route=escape(route)))
        return _written("\n".join(lines), reader)
    what = {"route": escape(route), "day": reader.dated(on, today)}
    if not drives:
        lines.append(_("{route} doesn't run on {day}, or that week isn't planned yet.").format(**what))
    text = _("{route}, {warehouse} on {day}: {driver} has it.")
    lines += [text.format(**what, warehouse=escape(each.warehouse), driver=escape(each.driver)) for each in drives]
    rows = [(Button(f"👤 {shortened(each.driver, LABEL_MOST)}", Driven(each.assignment_id)),) for each in drives]
    if roster is not None and not drives:
        label = _("📅 Roster of the week {days}").format(days=reader.week(roster))
        rows.append((Button(label, RosterWeek(roster.toordinal())),))
    return Screen("\n".join(lines), (*rows, *_to_fill(reader)))


def nobody(name: str, open_: tuple[Uncovered, ...], near: tuple[Found, ...], today: date, reader: Reader) -> Screen:
    """The slot is clear, the driver is not. `near`: whose names look like what was written."""
    said = reader.gettext(
        "No driver of your warehouses is called “{name}”. Check the spelling, or choose from those who can take it."
    )
    text, rows = nearly(said.format(name=escape(name)), _pairs(open_, near, today, reader), reader)
    back = FillSlot(open_[0].assignment_id, 0) if len(open_) == 1 else Fill(0)
    choose = Button(reader.gettext("👥 Who can take it"), back)
    return Screen(text, (*rows, (choose,), (home_button(reader),)))


def _written(text: str, reader: Reader) -> Screen:
    return Screen(text, _to_fill(reader))


def _to_fill(reader: Reader) -> tuple[tuple[Button, ...], ...]:
    return ((Button(reader.gettext("‹ Routes to fill"), Fill(0)),), (home_button(reader),))


def gone(said: str, reader: Reader) -> Screen:
    """What is not open to anybody any more."""
    return _written(escape(said), reader)
