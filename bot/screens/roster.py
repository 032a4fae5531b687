"""Rosters for managers: which week, what it is or would be, and why slots stay empty (R3.6, R3.9)."""

from datetime import date
from typing import Final

from bot.callbacks.roster import (
    FillWeek,
    FillWeekNow,
    RosterDay,
    RosterGaps,
    RosterMap,
    RosterWeek,
    RosterWeeks,
    SupposeAgain,
    WhatIf,
)
from bot.pictures.heat_map import HeatMap, Mark
from bot.reader import Reader
from bot.screens import heat_maps, meant
from bot.screens.heat_maps import ROUTES_PER_PICTURE, Line
from bot.screens.home import home_button
from bot.screens.paging import Rows, pager
from bot.screens.screen import Button, Screen, escape
from bot.screens.what_if import difference, question
from domain.db.models.words import RosterCause
from domain.pages import nearest
from domain.refusals import Refusal
from domain.roster.cards import Cell, RosterCard
from domain.roster.weeks import Certificate, WeekGlance
from domain.schedule.rules import days_of, weekday_of
from domain.time import week_of

MARKS: Final = {
    Cell.COVERED: Mark.COVERED,
    Cell.WOULD_BE: Mark.WOULD_BE,
    Cell.EMPTY: Mark.EMPTY,
    Cell.NOT_RUN: Mark.NOT_RUN,
    Cell.OVER: Mark.OVER,
}


# -- which week


def weeks(every: tuple[WeekGlance, ...], reader: Reader) -> Screen:
    """This week and the next ones, and which of them the coming freeze makes."""
    return _weeks(every, [], reader)


def not_read(every: tuple[WeekGlance, ...], written: str, reader: Reader) -> Screen:
    """Behind /roster there is neither a week nor a day."""
    text = reader.gettext("I can't read “{text}” as a week or a day. Write for example /roster next week")
    return _weeks(every, [text.format(text=escape(written))], reader)


def no_such_day(every: tuple[WeekGlance, ...], reader: Reader) -> Screen:
    return _weeks(every, [meant.no_such_day("/roster 24 nov", reader)], reader)


def refused(every: tuple[WeekGlance, ...], why: Refusal, reader: Reader) -> Screen:
    """Of the week that was written no roster is made."""
    return _weeks(every, [refusal(why, reader)], reader)


def _weeks(every: tuple[WeekGlance, ...], said: list[str], reader: Reader) -> Screen:
    """`said` goes first."""
    _ = reader.gettext
    if not every:
        text = _("You have no warehouse yet. Ask whoever runs Rollcall here to give you one.")
        return Screen(text, ((home_button(reader),),))
    lines = [*said, _("🧩 <b>The rosters of your warehouses</b>")]
    lines += [_glance(each, reader) for each in every]
    lines.append(_("Press a week to see what a roster would fill now, and what would stay empty."))
    keys = tuple((Button(span(each.monday, reader), RosterWeek(each.monday.toordinal())),) for each in every)
    return Screen("\n\n".join(lines), (*keys, (home_button(reader),)))


def span(monday: date, reader: Reader) -> str:
    """A week by its days."""
    return reader.gettext("{first} to {last}").format(first=reader.day(monday), last=reader.day(week_of(monday)[1]))


def _glance(week: WeekGlance, reader: Reader) -> str:
    _ = reader.gettext
    sign = "🟢" if week.slots and week.covered == week.slots else "🟠" if week.covered else "⚪"
    said = [f"{sign} <b>{span(week.monday, reader)}</b>"]
    if week.slots == 0:
        said.append(_("No routes run in what is left of this week."))
    else:
        text = reader.ngettext(
            "{n} of {all} shift ahead has a driver.", "{n} of {all} shifts ahead have a driver.", week.slots
        )
        said.append(text.format(n=week.covered, all=week.slots))
    if week.freezes_at is not None:
        said.append(_("The roster is made on Sunday night, {at}.").format(at=reader.moment(week.freezes_at)))
    elif week.made is not None:
        said.append(_("The roster was made {at}.").format(at=reader.moment(week.made.made_at)))
    return "\n".join(said)


def refusal(why: Refusal, reader: Reader) -> str:
    """Why no roster is made."""
    _ = reader.gettext
    texts = {
        Refusal.WEEK_OUT_OF_RANGE: _("That week can't be looked at. Choose one of these."),
        Refusal.NOTHING_EMPTY: _("Every shift of that week has a driver by now."),
    }
    return texts.get(why, _("I can't find that in your warehouses."))


def over(reader: Reader) -> str:
    """Of a roster that is not there any more."""
    return reader.gettext("That look ahead is too old. Choose the week again.")


# -- a roster


def card(facts: RosterCard, reader: Reader, page: int = 0) -> Screen:
    """`page`: of the picture, which shows so many routes at once."""
    title = "🧩 <b>" + span(facts.week, reader) + "</b>"
    if facts.made_at is None:
        text = reader.gettext("⏳ Working it out… The answer comes here by itself.")
        asked = [question(facts.what_if, reader)] if facts.what_if else []
        return Screen("\n\n".join([title, *asked, text]), (_to_weeks(reader),))
    if facts.what_if is not None:
        lines = [title, question(facts.what_if, reader), difference(facts, facts.what_if, reader)]
    else:
        lines = [title, _comes_to(facts, reader), *_night(facts, reader)]
    lines.append(reader.gettext("As of {at}.").format(at=reader.moment(facts.made_at)))
    page, pages = nearest(page, sum(len(place.routes) for place in facts.warehouses), ROUTES_PER_PICTURE)
    keys: Rows = [*_steps(facts, reader), *pager(page, pages, lambda to: RosterMap(facts.run_id, to), reader)]
    return Screen("\n\n".join(lines), (*keys, _to_weeks(reader)), picture=heat_map(facts, page, reader))


def _comes_to(facts: RosterCard, reader: Reader) -> str:
    """What is covered, what is or would be filled, and what stays empty."""
    _ = reader.gettext
    covered, would_be, empty = (facts.count(cell) for cell in (Cell.COVERED, Cell.WOULD_BE, Cell.EMPTY))
    slots = covered + would_be + empty
    if slots == 0:
        return _("No routes run in what is left of this week.")
    lines = []
    if facts.cause is RosterCause.MANAGER:
        text = reader.ngettext(
            "✅ {n} empty shift got its driver.", "✅ {n} empty shifts got their drivers.", facts.filled
        )
        lines.append(text.format(n=facts.filled) if facts.filled else _("Nothing was filled."))
    if covered == slots:
        lines.append(_("🟢 Every shift ahead has a driver."))
        return "\n".join(lines)
    text = reader.ngettext("{n} of {all} shift ahead has a driver.", "{n} of {all} shifts ahead have a driver.", slots)
    lines.append(text.format(n=covered, all=slots))
    if facts.cause is RosterCause.PREVIEW:
        text = reader.ngettext(
            "A roster made now would fill {n} of {all} empty shift.",
            "A roster made now would fill {n} of the {all} empty ones.",
            would_be + empty,
        )
        lines.append(text.format(n=would_be, all=would_be + empty))
    if empty:
        lines += [_proof(facts, reader)]
    return "\n".join(lines)


def _proof(facts: RosterCard, reader: Reader) -> str:
    """R3.6: whether more was possible."""
    _ = reader.gettext
    if facts.proven:
        return _("More isn't possible with what drivers prefer: that is proven.")
    if facts.cause is RosterCause.MANAGER:
        return _("More was possible, but meanwhile some drivers or shifts were taken.")
    return _("More isn't possible in all warehouses together that share these drivers: that is proven.")


def _night(facts: RosterCard, reader: Reader) -> list[str]:
    """When the week's own roster is made, or was, and what it came to."""
    _ = reader.gettext
    if facts.freezes_at is not None:
        return [_("The roster is made on Sunday night, {at}.").format(at=reader.moment(facts.freezes_at))]
    return [_certificate(facts.certificate, reader)] if facts.certificate else []


def _certificate(made: Certificate, reader: Reader) -> str:
    _ = reader.gettext
    what = {
        "at": reader.moment(made.made_at),
        "n": made.held + made.filled,
        "all": made.slots,
        "most": made.held + made.maximum,
    }
    if made.filled == made.maximum:
        text = reader.ngettext(
            "The week's roster, made {at}: {n} of {all} shift of all warehouses, the proven maximum.",
            "The week's roster, made {at}: {n} of {all} shifts of all warehouses, the proven maximum.",
            made.slots,
        )
        return text.format(**what)
    text = reader.ngettext(
        "The week's roster, made {at}: {n} of {all} shift of all warehouses. {most} could be filled, but some drivers "
        "were no longer free.",
        "The week's roster, made {at}: {n} of {all} shifts of all warehouses. {most} could be filled, but some drivers "
        "were no longer free.",
        made.slots,
    )
    return text.format(**what)


def _steps(facts: RosterCard, reader: Reader) -> Rows:
    _ = reader.gettext
    rows: Rows = []
    monday = facts.week.toordinal()
    if fills := facts.fills:
        text = reader.ngettext("✅ Fill {n} empty shift now", "✅ Fill {n} empty shifts now", fills)
        rows.append((Button(text.format(n=fills), FillWeek(facts.run_id)),))
    if empty := facts.count(Cell.EMPTY):
        text = reader.ngettext("❓ Why {n} stays empty", "❓ Why {n} stay empty", empty)
        rows.append((Button(text.format(n=empty), RosterGaps(facts.run_id, 0)),))
    if (first := _first_day_driven(facts)) is not None:
        rows.append((Button(_("👥 Who drives"), RosterDay(facts.run_id, first, 0)),))
    if facts.what_if is not None:
        rows.append(
            (Button(_("💭 Change it"), SupposeAgain(facts.run_id)), Button(_("‹ Without it"), RosterWeek(monday)))
        )
    else:
        rows.append((Button(_("💭 What if…"), WhatIf(monday)), Button(_("🔄 Look again"), RosterWeek(monday))))
    return rows


def _first_day_driven(facts: RosterCard) -> int | None:
    """The first day ahead on which somebody drives, or would."""
    days = zip(*(route.cells for place in facts.warehouses for route in place.routes), strict=False)
    driven = (Cell.COVERED, Cell.WOULD_BE)
    return next((day for day, cells in enumerate(days) if any(cell in driven for cell in cells)), None)


def _to_weeks(reader: Reader) -> tuple[Button, ...]:
    return (Button(reader.gettext("‹ Weeks"), RosterWeeks()), home_button(reader))


def heat_map(facts: RosterCard, page: int, reader: Reader) -> HeatMap:
    """So many of its routes, by warehouse."""
    _ = reader.gettext
    shown = heat_maps.sections(_lines(facts), page)
    meanings = (
        (Mark.COVERED, _("has a driver")),
        (Mark.WOULD_BE, _("would get one now")),
        (Mark.EMPTY, _("stays empty")),
        (Mark.NOT_RUN, _("does not run")),
        (Mark.OVER, _("over")),
    )
    return HeatMap(
        title=span(facts.week, reader),
        days=tuple((reader.weekday(weekday_of(on)), str(on.day)) for on in days_of(*week_of(facts.week))),
        sections=shown,
        legend=heat_maps.legend(meanings, shown),
    )


def _lines(facts: RosterCard) -> list[Line]:
    return [
        Line(place.id, place.name, route.name, tuple(MARKS[cell] for cell in route.cells))
        for place in facts.warehouses
        for route in place.routes
    ]


# -- filling what is empty


def consequence(facts: RosterCard, reader: Reader) -> Screen:
    """Before the last button; none where nothing is left that would be filled."""
    _ = reader.gettext
    to_card = RosterMap(facts.run_id, 0)
    if not (fills := facts.fills):
        text = _("Nothing is left to fill: what a roster would have filled has its driver by now, or has started.")
        return Screen(text, ((Button(_("‹ Roster"), to_card),),))
    head = _("<b>Fill the empty shifts now?</b>\n{week}").format(week=span(facts.week, reader))
    text = reader.ngettext(
        "As it stands, {n} shift gets its driver at once. The driver is told now, and confirms it as any shift; at "
        "short notice it can be declined.",
        "As it stands, {n} shifts get their drivers at once. The drivers are told now, and confirm them as any shift; "
        "at short notice they can be declined.",
        fills,
    )
    rest = _("What nobody who prefers it can take is offered to all who may drive it.")
    keys = (
        (Button(_("✅ Yes, fill them now"), FillWeekNow(facts.week.toordinal())),),
        (Button(_("‹ Change nothing"), to_card),),
    )
    return Screen("\n\n".join([head, text.format(n=fills), rest]), keys)
