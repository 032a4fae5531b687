"""What is held against a driver, in a word, wherever it is named."""

from datetime import date

from bot.reader import Reader
from bot.screens.screen import escape, shortened
from domain.db.models.words import IncidentKind
from domain.notices.facts.appeals import Penalty
from domain.shifts.ledger import Excuse


def named(what: Penalty | IncidentKind, reader: Reader) -> str:
    """With a capital, as a title begins."""
    _ = reader.gettext
    return {
        Penalty.NO_SHOW.value: _("No-show"),
        Penalty.LATE_CANCEL.value: _("Late cancellation"),
        Penalty.AUTO_DROP.value: _("Not confirmed in time"),
        Penalty.FLAG.value: _("Flag for attendance"),
        IncidentKind.PROTECTED_ABSENCE.value: _("Absence"),
        IncidentKind.EARLY_CANCEL.value: _("Early cancellation"),
        IncidentKind.REMOVED_BY_MANAGER.value: _("Taken off by a manager"),
    }[what.value]


def reason(said: str | None, reader: Reader) -> str:
    """Why it does not count, or does: in a manager's own words; by the rules, in the reader's."""
    _ = reader.gettext
    return {
        Excuse.WANTED_BACK.value: _("the shift was wanted back in time"),
        Excuse.RESTORED.value: _("late, but there: the shift was given back"),
    }.get(said or "", said or "")


def shift(route: str | None, warehouse: str | None, on: date | None, reader: Reader) -> str:
    """Of which shift, for plain text; nothing of what is about no single one."""
    if route is None or warehouse is None or on is None:
        return ""
    return f"{shortened(route)}, {shortened(warehouse)}, {reader.day(on)}"


def title(
    what: Penalty | IncidentKind, route: str | None, warehouse: str | None, on: date | None, reader: Reader
) -> str:
    """The same with its name before it, for plain text."""
    of = shift(route, warehouse, on, reader)
    return reader.said(named(what, reader), of) if of else named(what, reader)


def title_html(
    what: Penalty | IncidentKind, route: str | None, warehouse: str | None, on: date | None, reader: Reader
) -> str:
    name = f"<b>{named(what, reader)}</b>"
    if route is None or warehouse is None or on is None:
        return name
    return f"{name}\n{escape(route)}, {escape(warehouse)}, {reader.day(on)}"
