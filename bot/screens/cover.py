"""The evening's list for managers, of tomorrow, and the morning's digest, of today. Both keep themselves current."""

from datetime import timedelta
from typing import Final

from bot.callbacks.arrivals import Reviews
from bot.callbacks.coverage import BoardOfAll, CoverageOfAll, Unfilled
from bot.callbacks.filling import FillSlot
from bot.reader import Reader
from bot.screens.board import LABEL_MOST, NAME_MOST, SIGNS, uncovered_line
from bot.screens.home import home_button
from bot.screens.paging import Rows, side_by_side
from bot.screens.screen import Button, Screen, escape, shortened
from domain.coverage.board import Mark
from domain.coverage.cover import Cover
from domain.coverage.mornings import Digest

LISTED_MOST: Final = 12  # of each sort


def cover(facts: Cover, reader: Reader) -> Screen:
    """All covered, or the routes without a driver and those that nobody has confirmed."""
    named = reader.gettext("Tomorrow, {day}") if facts.on == facts.today + timedelta(days=1) else "{day}"
    lines, rows = _day(facts, named.format(day=reader.day(facts.on)), reader)
    if facts.standing(Mark.UNCOVERED):
        rows.append((Button(reader.gettext("🔎 Uncovered routes"), Unfilled(0)),))
    shifts = Button(reader.gettext("📋 Shifts of that day"), BoardOfAll(facts.on.toordinal(), 0))
    return Screen("\n\n".join(lines), (*rows, (shifts,), (home_button(reader),)))


def morning(facts: Digest, reader: Reader) -> Screen:
    """The day, and what else waits: what has no driver on the days after it, and absences to decide on."""
    _ = reader.gettext
    named = _("Today, {day}") if facts.day.on == facts.day.today else "{day}"
    lines, rows = _day(facts.day, named.format(day=reader.day(facts.day.on)), reader)
    if facts.ahead:
        text = reader.ngettext(
            "🔎 {n} shift until {day} has no driver yet.", "🔎 {n} shifts until {day} have no driver yet.", facts.ahead
        )
        lines.append(text.format(n=facts.ahead, day=reader.day(facts.last)))
    if facts.to_review:
        text = reader.ngettext("🕊 {n} absence to decide on", "🕊 {n} absences to decide on", facts.to_review)
        rows.append((Button(text.format(n=facts.to_review), Reviews()),))
    shifts = Button(_("📋 Shifts of that day"), BoardOfAll(facts.day.on.toordinal(), 0))
    coverage = Button(_("🗺 Coverage"), CoverageOfAll(facts.day.on.toordinal(), 1, 0))
    return Screen("\n\n".join(lines), (*rows, (shifts, coverage), (home_button(reader),)))


def _day(facts: Cover, day: str, reader: Reader) -> tuple[list[str], Rows]:
    """What of a day has no driver, or is not confirmed; and a button for each that leads to who could take it."""
    _ = reader.gettext
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
    return lines, side_by_side(fill[:LISTED_MOST], 2)


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
