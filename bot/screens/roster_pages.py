"""What lies behind a roster's card: why slots stay empty, and who drives on a day (R3.6, R3.9)."""

from bot.callbacks.filling import FillSlot
from bot.callbacks.roster import RosterDay, RosterGaps, RosterMap, WhatIf
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.paging import Rows, pager, side_by_side
from bot.screens.roster import span
from bot.screens.screen import Button, Screen, escape, shortened
from bot.screens.what_if import NAME_MOST
from domain.db.models.words import GapReason
from domain.roster.cards import GapLine, GapsPage, KeptFrom
from domain.roster.drives import Drive, DrivesPage
from domain.schedule.rules import days_of, weekday_of
from domain.time import week_of

# -- why slots stay empty


def gaps(facts: GapsPage, reader: Reader) -> Screen:
    """Each with its reason in words; where there is a row already, it can be filled by hand."""
    _ = reader.gettext
    lines = ["❓ <b>" + _("Why shifts stay empty") + f"</b>\n{span(facts.week, reader)}"]
    lines += [_gap(gap, reader) for gap in facts.gaps] or [_("🟢 Nothing of it is empty any more.")]
    keys: Rows = [
        (Button(f"{shortened(gap.route, NAME_MOST)}, {reader.day(gap.on)}", FillSlot(gap.assignment_id, 0)),)
        for gap in facts.gaps
        if gap.assignment_id is not None
    ]
    if keys:
        lines.append(_("Press one to give it to a driver by hand, or to ask drivers."))
    keys += pager(facts.page, facts.pages, lambda to: RosterGaps(facts.run_id, to), reader)
    keys.append((Button(_("💭 What if…"), WhatIf(facts.week.toordinal())),))
    back = Button(_("‹ Roster"), RosterMap(facts.run_id, 0))
    return Screen("\n\n".join(lines), (*keys, (back, home_button(reader))))


def _gap(gap: GapLine, reader: Reader) -> str:
    where = f"{escape(gap.route, NAME_MOST)}, {escape(gap.warehouse, NAME_MOST)}"
    return f"<b>{reader.said(reader.day(gap.on), where)}</b>\n{_why(gap, reader)}"


def _why(gap: GapLine, reader: Reader) -> str:
    _ = reader.gettext
    what = {"route": escape(gap.route, NAME_MOST), "weekday": reader.whole_weekday(gap.on)}
    match gap.reason:
        case GapReason.NOBODY:
            return _("Nobody who can be given shifts prefers {route} on {weekday}s.").format(**what)
        case GapReason.LOST:
            return _("Somebody had it who was no longer free when it was published.")
        case GapReason.BIDS:
            return _("Drivers have bid for it, which decides.")
        case GapReason.CAME:
            return _("It only came open while the roster was being made.")
        case GapReason.TAKEN:
            return _("Preferred only by {drivers}.").format(drivers=_kept(gap, reader))


def _kept(gap: GapLine, reader: Reader) -> str:
    """Those who prefer it, each with what keeps him from it."""
    said = [_keeps(each, reader) for each in gap.drivers]
    if gap.others and said:
        said.append(reader.ngettext("{n} more", "{n} more", gap.others).format(n=gap.others))
    elif not said:
        text = reader.ngettext(
            "{n} driver, who drives already that day or is at the weekly cap",
            "{n} drivers, who all drive already that day or are at the weekly cap",
            gap.others,
        )
        said.append(text.format(n=gap.others))
    if len(said) == 1:
        return said[0]
    return reader.gettext("{some} and {last}").format(some=", ".join(said[:-1]), last=said[-1])


def _keeps(each: KeptFrom, reader: Reader) -> str:
    _ = reader.gettext
    what = {"driver": escape(each.driver, NAME_MOST), "route": escape(each.route or "", NAME_MOST), "n": each.at_cap}
    if each.at_cap is not None:
        return _("{driver} (at the cap of {n})").format(**what)
    return (_("{driver} (drives {route} that day)") if each.route else _("{driver} (drives that day)")).format(**what)


# -- who drives


def drives(facts: DrivesPage, reader: Reader) -> Screen:
    """A day's routes, with the driver whom each has, or would have."""
    _ = reader.gettext
    title = "👥 <b>" + _("Who drives on {day}?").format(day=reader.day(facts.on)) + "</b>"
    lines = [_drive(each, reader) for each in facts.drives] or [_("No routes run on this day.")]
    days = [
        Button(("• " if on == facts.on else "") + reader.weekday(weekday_of(on)), RosterDay(facts.run_id, number, 0))
        for number, on in enumerate(days_of(*week_of(facts.on)))
    ]
    turn = pager(facts.page, facts.pages, lambda to: RosterDay(facts.run_id, facts.on.weekday(), to), reader)
    back = Button(_("‹ Roster"), RosterMap(facts.run_id, 0))
    rows = (*turn, *side_by_side(days, 4), (back, home_button(reader)))
    return Screen("\n".join([title, "", *lines]), rows)


def _drive(each: Drive, reader: Reader) -> str:
    _ = reader.gettext
    where = f"{escape(each.route, NAME_MOST)}, {escape(each.warehouse, NAME_MOST)}"
    somebody = _("somebody new, or of other warehouses") if each.driver is None else escape(each.driver, NAME_MOST)
    if each.driven:
        return "✅ " + reader.said(where, somebody)
    if each.would_be:
        return "➕ " + reader.said(where, _("{driver} would get it").format(driver=somebody))
    return "✖️ " + reader.said(where, _("nobody"))
