"""How a week went (R12.5): in words and as a picture, a few warehouses to a page, and all of it as a file."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from bot.callbacks.reports import ReportFile, ReportOf
from bot.pictures.report_card import Bar, ReportCard
from bot.reader import Reader
from bot.screens.cancelling import cause
from bot.screens.home import home_button
from bot.screens.screen import Button, Document, Screen, escape, shortened
from domain.db.models.words import CancelReason
from domain.pages import cut
from domain.reporting.queries import Figures, Report, Way
from domain.shifts.absences import TIME_OFF
from domain.shifts.departures import LEFT_COMPANY

PER_PAGE: Final = 3  # warehouses: with a picture Telegram has room for 1,024 characters
NAME_MOST: Final = 30
A_WEEK: Final = timedelta(days=7)
REASONS: Final = (*(reason.value for reason in CancelReason), TIME_OFF, LEFT_COMPANY)  # in the file, each its column


def report(facts: Report, page: int, reader: Reader) -> Screen:
    """A page of it; what all warehouses come to is above, where there are several."""
    _ = reader.gettext
    title = _("Week {week}").format(week=reader.week(facts.week, facts.today))
    several = (facts.total,) if len(facts.warehouses) > 1 else ()
    some, page, pages = cut((*several, *facts.warehouses), page, PER_PAGE)
    parts = [f"📈 <b>{title}</b>", *("\n".join(_said(each, reader)) for each in some)]
    rows: list[tuple[Button, ...]] = []
    if pages > 1:
        more = ((_("‹ Warehouses"), page - 1), (_("More warehouses ›"), page + 1))
        rows.append(tuple(Button(text, _to(facts.week, to)) for text, to in more if 0 <= to < pages))
    weeks = [(_("‹ Week before"), facts.week - A_WEEK)] if facts.earlier else []
    weeks += [(_("Week after ›"), facts.week + A_WEEK)] if facts.later else []
    rows += [tuple(Button(text, _to(week, 0)) for text, week in weeks)] if weeks else []
    rows.append((Button(_("📎 As a file (CSV)"), ReportFile(facts.week.toordinal())), home_button(reader)))
    picture = ReportCard(title, tuple(_bar(each, reader) for each in some))
    return Screen("\n\n".join(parts), tuple(rows), picture=picture)


def _to(week: date, page: int) -> ReportOf:
    return ReportOf(week.toordinal(), page)


def _name(of: Figures, reader: Reader) -> str:
    return reader.gettext("All warehouses") if of.warehouse is None else of.warehouse


def _driven(of: Figures, reader: Reader) -> str:
    text = reader.ngettext("{driven} of {slots} driven ({rate})", "{driven} of {slots} driven ({rate})", of.driven)
    return text.format(driven=of.driven, slots=of.slots, rate=reader.percent(of.driven / max(of.slots, 1)))


def _said(of: Figures, reader: Reader) -> Iterator[str]:
    _ = reader.gettext
    yield f"🏭 <b>{escape(_name(of, reader), NAME_MOST)}</b>"
    yield _driven(of, reader)
    yield _(
        "No-shows: {missed}, late cancellations: {late}, given up: {left}, not confirmed in time: {dropped}"
    ).format(missed=of.no_shows, late=of.late, left=_given_up(of), dropped=of.dropped)


def _given_up(of: Figures) -> int:
    """Whatever the reason; who did not confirm in time has given nothing up."""
    return sum(each.shifts for each in of.left)


def _bar(of: Figures, reader: Reader) -> Bar:
    share = of.driven / max(of.slots, 1)
    return Bar(shortened(_name(of, reader), NAME_MOST), share, reader.percent(share), tuple(_lines(of, reader)))


def _lines(of: Figures, reader: Reader) -> Iterator[tuple[str, str]]:
    """All the figures of a warehouse, each with its name; nothing of what there was none."""
    _ = reader.gettext
    closed = ", " + reader.ngettext("{n} closed", "{n} closed", of.closed).format(n=of.closed) if of.closed else ""
    yield _("Shifts driven"), _("{driven} of {slots}").format(driven=of.driven, slots=of.slots) + closed
    yield _("No-shows"), str(of.no_shows)
    yield _("Late cancellations"), str(of.late)
    if of.excused:
        yield _("Excused"), str(of.excused)
    if of.left:
        yield _("Given up"), str(_given_up(of))
        yield from ((f"· {cause(each.reason, reader)}", str(each.shifts)) for each in of.left)
    if of.dropped:
        yield _("Not confirmed in time"), str(of.dropped)
    for filled in of.filled:
        text = _("{n}, half within {time}").format(n=filled.shifts, time=reader.left(filled.median))
        yield way(filled.way, reader), text
    if of.windows:
        each = reader.number(of.bids / of.windows)
        yield _("Bids"), _("{each} a shift, {n} in all").format(each=each, n=of.bids)
    if of.bonus_shifts:
        mean = reader.percent(of.bonus_points / of.bonus_shifts / 100)
        text = reader.ngettext("{n} shift, {mean} on average", "{n} shifts, {mean} on average", of.bonus_shifts)
        yield _("Bonus"), text.format(n=of.bonus_shifts, mean=mean)
    if of.sms is None:
        yield _("SMS"), _("not kept any more")
    elif of.sms:
        yield _("SMS"), reader.ngettext("{n} segment", "{n} segments", of.sms).format(n=of.sms)


def way(of: Way, reader: Reader) -> str:
    _ = reader.gettext
    return {
        Way.COMPETITIVE: _("Filled by bids"),
        Way.INSTANT: _("First who accepted"),
        Way.EMERGENCY: _("In an emergency"),
        Way.BY_HAND: _("By a manager"),
    }[of]


# -- as a file


def file(facts: Report, reader: Reader) -> Screen:
    text = reader.gettext("📎 Week {week}: a row for each warehouse, and all of them in the last one.")
    document = Document(f"rollcall-{facts.week.isoformat()}.csv", as_csv(facts, reader))
    return Screen(text.format(week=reader.week(facts.week, facts.today)), document=document)


def as_csv(facts: Report, reader: Reader) -> bytes:
    """For the spreadsheets of his language, which know it by its separator; times are in minutes."""
    written = io.StringIO()
    rows = csv.writer(written, delimiter=";" if reader.language == "fr" else ",")
    every = (*facts.warehouses, facts.total)
    rows.writerow([name for name, _figure in _columns(facts.week, facts.total, reader)])
    rows.writerows([figure for _name, figure in _columns(facts.week, each, reader)] for each in every)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _columns(week: date, of: Figures, reader: Reader) -> Iterable[tuple[str, object]]:
    _ = reader.gettext
    left = {each.reason: each.shifts for each in of.left}
    columns: list[tuple[str, object]] = [
        (_("Week from"), week.isoformat()),
        (_("Warehouse"), _safe(_name(of, reader))),
        (_("Shifts"), of.slots),
        (_("Driven"), of.driven),
        (_("Closed"), of.closed),
        (_("No-shows"), of.no_shows),
        (_("Late cancellations"), of.late),
        (_("Excused"), of.excused),
        (_("Not confirmed in time"), of.dropped),
        *((_("Given up: {reason}").format(reason=cause(each, reader)), left.get(each, 0)) for each in REASONS),
    ]
    filled = {each.way: each for each in of.filled}
    for each in Way:
        found = filled.get(each)
        columns.append((way(each, reader), found.shifts if found else 0))
        minutes = _decimal(found.median / timedelta(minutes=1), reader) if found else ""
        columns.append((_("{way}: median minutes").format(way=way(each, reader)), minutes))
    return (
        *columns,
        (_("Shifts open for bids"), of.windows),
        (_("Bids"), of.bids),
        (_("Shifts with a bonus"), of.bonus_shifts),
        (_("Bonus, percent added up"), of.bonus_points),
        (_("SMS segments"), "" if of.sms is None else of.sms),
    )


def _decimal(number: float, reader: Reader) -> str:
    """With a digit behind the point, or the comma, as the spreadsheets of his language read it."""
    return f"{number:.1f}".replace(".", "," if reader.language == "fr" else ".")


def _safe(name: str) -> str:
    """What a spreadsheet would take for a formula is text to it."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name


# -- none


def none(last: date, reader: Reader) -> Screen:
    """There is no report (yet) of what was asked for; `last`: the week of the last one that there is."""
    _ = reader.gettext
    text = _("There is no report of that week: it isn't over yet. Write for example /report 16 nov")
    to_last = Button(_("Week {week}").format(week=reader.week(last)), _to(last, 0))
    return Screen(text, ((to_last,), (home_button(reader),)))


def no_warehouse(reader: Reader) -> Screen:
    text = reader.gettext("You have no warehouse yet. Ask whoever runs Rollcall here to give you one.")
    return Screen(text, ((home_button(reader),),))


def no_such_day(reader: Reader) -> Screen:
    text = reader.gettext(
        "That is no week. Write for example /report last week, or /report 16 nov for the week of that day."
    )
    return Screen(text, ((home_button(reader),),))


def gone(reader: Reader) -> str:
    return reader.gettext("There is no such report.")
