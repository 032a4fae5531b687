"""The evening's list for managers: whether tomorrow is covered, and what is not. It keeps itself current."""

from datetime import timedelta
from typing import Final

from bot.callbacks.coverage import BoardOfAll, Unfilled
from bot.callbacks.filling import FillSlot
from bot.reader import Reader
from bot.screens.board import LABEL_MOST, NAME_MOST, SIGNS, uncovered_line
from bot.screens.home import home_button
from bot.screens.screen import Button, Screen, escape, shortened
from domain.coverage.board import Mark
from domain.coverage.cover import Cover

LISTED_MOST: Final = 12  # of each sort


def cover(facts: Cover, reader: Reader) -> Screen:
    """All covered, or the routes without a driver and those that nobody has confirmed."""
    _ = reader.gettext
    day = reader.day(facts.on)
    if facts.on == facts.today + timedelta(days=1):
        day = _("Tomorrow, {day}").format(day=day)
    open_, unconfirmed = facts.standing(Mark.UNCOVERED), facts.standing(Mark.UNCONFIRMED)
    said = _("{day}: {summary}").format(day=f"<b>{day}</b>", summary=summary(len(open_), facts.slots, reader))
    lines = [f"{'🔴' if open_ else '🟢'} {said}"]
    several = len(facts.warehouses) > 1
    if open_:
        listed = [uncovered_line(route, name if several else None, reader) for name, route in open_[:LISTED_MOST]]
        lines.append("\n".join([*listed, *_more(len(open_) - LISTED_MOST, reader)]))
    if unconfirmed:
        listed = [
            f"{SIGNS[Mark.UNCONFIRMED]} <b>{escape(route.route, NAME_MOST)}</b> {escape(route.driver or '', NAME_MOST)}"
            for _name, route in unconfirmed[:LISTED_MOST]
        ]
        lines.append("\n".join([_("Not confirmed yet:"), *listed, *_more(len(unconfirmed) - LISTED_MOST, reader)]))
    fill = [
        Button(f"👤 {shortened(route.route, LABEL_MOST)}", FillSlot(route.assignment_id, 0)) for _name, route in open_
    ]
    rows = [tuple(fill[start : start + 2]) for start in range(0, min(len(fill), LISTED_MOST), 2)]
    rows += [(Button(_("🔎 Uncovered routes"), Unfilled(0)),)] if open_ else []
    shifts = Button(_("📋 Shifts of that day"), BoardOfAll(facts.on.toordinal(), 0))
    return Screen("\n\n".join(lines), (*rows, (shifts,), (home_button(reader),)))


def summary(uncovered: int, slots: int, reader: Reader) -> str:
    """The day in a sentence, as everything that tells of it begins."""
    if slots == 0:
        return reader.gettext("no routes run.")
    if uncovered == 0:
        return reader.ngettext("the route is covered.", "all {n} routes are covered.", slots).format(n=slots)
    text = reader.ngettext("{n} of {all} routes has no driver.", "{n} of {all} routes have no driver.", uncovered)
    return text.format(n=uncovered, all=slots)


def _more(left: int, reader: Reader) -> list[str]:
    return [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else []
