"""The calendar: closing a day and putting it back, holidays, and what it means for drivers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.callbacks.calendar import CloseDay, ClosePreview, CloseWhen, Closings, DontTravel, HolidayAnswer, RunAfterAll
from bot.callbacks.shifts import Schedule
from bot.reader import Reader
from bot.screens import meant
from bot.screens.home import home_button
from bot.screens.lost_shifts import Held, held_row
from bot.screens.paging import pager
from bot.screens.places import place_name
from bot.screens.screen import Button, Screen, escape, shortened
from domain.db.models.words import AssignmentStatus
from domain.notices.facts.routes import Cause
from domain.policy import Policy
from domain.refusals import Refusal
from domain.schedule.calling_off import Effect, LiveSlot
from domain.schedule.closing import Closed, Preview, RunsAgain
from domain.schedule.holidays import Holiday, HolidayAt
from domain.schedule.queries import Closing, Place
from domain.schedule.queries import Closings as ClosedAhead
from domain.shifts.displaced import Displaced

Rows = tuple[tuple[Button, ...], ...]

NAMES_MOST: Final = 20  # of drivers, in a preview
PLACES_MOST: Final = 8  # as buttons; who means another one writes more of its name
HOLIDAY_PLACES_MOST: Final = 20
DAYS_OFFERED: Final = 7  # from today on
LABEL_NAME_MOST: Final = 24


# -- closing


def overview(closed: ClosedAhead, places: tuple[Place, ...], reader: Reader) -> Screen:
    """What is closed ahead, and what could be."""
    _ = reader.gettext
    if closed.closings:
        lines = [_("<b>Closed ahead</b>"), *(_closed_line(each, reader) for each in closed.closings)]
    else:
        lines = [_("Nothing is closed ahead.")]
    how = _("To close a day, write for example /close {name} tomorrow, or press one of these.")
    lines += ["", how.format(name=escape(meant.example(places, reader)))]
    rows: list[tuple[Button, ...]] = [(run_button(each, 0, reader),) for each in closed.closings]
    rows += pager(closed.page, closed.pages, Closings, reader)
    rows += [
        (Button(_("⛔ Close {place}").format(place=_label(place)), CloseWhen(place.id)),)
        for place in places[:PLACES_MOST]
    ]
    return Screen("\n".join(lines), (*rows, (home_button(reader),)))


def _closed_line(closing: Closing, reader: Reader) -> str:
    by = f" ({escape(closing.by)})" if closing.by else ""
    return "⛔ " + reader.said(reader.day(closing.on), f"{escape(place_name(closing.place))}{by}")


def run_button(closing: Closing, back: int, reader: Reader) -> Button:
    text = reader.gettext("▶️ Run {place} on {day} after all")
    to = RunAfterAll(closing.place.id, closing.on.toordinal(), back)
    return Button(text.format(place=_label(closing.place), day=reader.day(closing.on)), to)


def _label(place: Place) -> str:
    return shortened(place_name(place), LABEL_NAME_MOST)


def which_day(place: Place, today: date, reader: Reader) -> Screen:
    _ = reader.gettext
    title = _("On which day is <b>{place}</b> closed?").format(place=escape(place_name(place)))
    hint = _("For another day, write for example /close {place} 24 dec").format(place=escape(place.name))
    days = [today + timedelta(days=n) for n in range(DAYS_OFFERED)]
    rows = [(Button(_day(on, today, reader), ClosePreview(place.id, on.toordinal())),) for on in days]
    return Screen(f"{title}\n{hint}", (*rows, _back(reader)))


def _day(on: date, today: date, reader: Reader) -> str:
    return reader.gettext("today, {day}").format(day=reader.day(on)) if on == today else reader.day(on)


def which_place(places: tuple[Place, ...], on: date | None, reader: Reader) -> Screen:
    """Several are called so, or none was named. Without a day, that is asked next."""
    _ = reader.gettext
    title = _("What is closed?") if on is None else _("What is closed on {day}?").format(day=reader.day(on))
    rows = [(key,) for key in _to_close(places[:PLACES_MOST], on)]
    left = len(places) - PLACES_MOST
    if left > 0:
        more = _("There are more: write the whole name, for example /close {name} tomorrow.")
        title += "\n" + more.format(name=escape(_written(places[PLACES_MOST])))
    return Screen(title, (*rows, _back(reader)))


def _written(place: Place) -> str:
    """As one writes it in a command."""
    return f"{place.warehouse} {place.name}" if place.is_route else place.name


def _to_close(places: tuple[Place, ...], on: date | None) -> list[Button]:
    """Without a day, that is asked next."""
    return meant.places(
        places, lambda place: CloseWhen(place.id) if on is None else ClosePreview(place.id, on.toordinal())
    )


def no_such_place(
    name: str, near: tuple[Place, ...], mine: tuple[Place, ...], on: date | None, reader: Reader
) -> Screen:
    """`near`: what looks like it; `mine`: what there is."""
    said = reader.gettext(
        "None of your warehouses or routes is called “{name}”. Write for example /close {warehouse} tomorrow"
    ).format(name=escape(name), warehouse=escape(meant.example(mine, reader)))
    text, rows = meant.nearly(said, _to_close(near, on), reader)
    return Screen(text, (*rows, _back(reader)))


def no_such_day(mine: tuple[Place, ...], reader: Reader) -> Screen:
    return Screen(meant.no_such_day(f"/close {meant.example(mine, reader)} 24 nov", reader), (_back(reader),))


def _back(reader: Reader) -> tuple[Button, ...]:
    return Button(reader.gettext("‹ Closed days"), Closings(0)), home_button(reader)


def preview(facts: Preview, reader: Reader) -> Screen:
    """What would follow, before the button that does it."""
    _ = reader.gettext
    title = _("<b>Close {place} on {day}?</b>").format(place=escape(place_name(facts.place)), day=reader.day(facts.on))
    close = Button(_("⛔ Close it"), CloseDay(facts.place.id, facts.on.toordinal()))
    keep = Button(_("‹ Leave it open"), Closings(0))
    return Screen("\n".join([title, *follows(facts.effect, reader)]), ((close,), (keep,)))


def follows(effect: Effect, reader: Reader) -> list[str]:
    """What calling these slots off comes to, line by line."""
    _ = reader.gettext
    n, displaced = len(effect.cancelled), effect.displaced
    lines = []
    if n:
        lines.append(reader.ngettext("{n} shift is cancelled.", "{n} shifts are cancelled.", n).format(n=n))
    if displaced:
        text = reader.ngettext(
            "{n} driver is told not to travel: {names}", "{n} drivers are told not to travel: {names}", len(displaced)
        )
        lines.append(text.format(n=len(displaced), names=_names(displaced, reader)))
    if effect.bidders:
        text = reader.ngettext("{n} bid is lost.", "{n} bids are lost.", effect.bidders)
        lines.append(text.format(n=effect.bidders))
    if effect.staying:
        text = reader.ngettext(
            "{n} stays, since it has begun: {names}", "{n} stay, since they have begun: {names}", len(effect.staying)
        )
        lines.append(text.format(n=len(effect.staying), names=_names(effect.staying, reader)))
    return lines or [_("No shift is planned there yet, so nobody is affected.")]


def _names(slots: Sequence[LiveSlot], reader: Reader) -> str:
    _ = reader.gettext
    done = {AssignmentStatus.COMPLETED: _("done"), AssignmentStatus.ACTIVE: _("on the road")}
    names = [
        f"{escape(slot.driver or '')} ({escape(slot.route)}{', ' + done[slot.status] if slot.status in done else ''})"
        for slot in slots[:NAMES_MOST]
    ]
    left = len(slots) - NAMES_MOST
    more = [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else []
    return ", ".join([*names, *more])


def closed(facts: Closed, reader: Reader) -> Screen:
    """It is done, and who knows."""
    _ = reader.gettext
    title = _("⛔ <b>{place} is closed on {day}</b>").format(
        place=escape(place_name(facts.place)), day=reader.day(facts.on)
    )
    n = len(facts.effect.displaced)
    told = [reader.ngettext("{n} driver is being told.", "{n} drivers are being told.", n).format(n=n)] if n else []
    undo = Button(_("▶️ Run after all"), RunAfterAll(facts.place.id, facts.on.toordinal(), 0))
    return Screen("\n".join([title, *told]), ((undo,), _back(reader)))


def runs_again(result: RunsAgain, reader: Reader) -> str:
    """At most 200 characters."""
    text = reader.ngettext(
        "{place} runs on {day}: {n} shift is open again.",
        "{place} runs on {day}: {n} shifts are open again.",
        result.slots,
    )
    return text.format(place=shortened(place_name(result.place)), day=reader.day(result.on), n=result.slots)


def refusal(why: Refusal, policy: Policy, reader: Reader) -> str:
    """Why the calendar stays as it is, and the next step. At most 200 characters."""
    _ = reader.gettext
    texts = {
        Refusal.DAY_PAST: _("That day is over. Choose today or a later one."),
        Refusal.DAY_TOO_FAR: _("That is too far ahead. Choose a day within a year."),
        Refusal.DAY_OVER: _("It's too late for that today: the shifts would be over."),
        Refusal.CLOSED_ALREADY: _("It is closed that day already."),
        Refusal.RUNS_ALREADY: _("It runs that day already."),
        Refusal.DOES_NOT_RUN: _("It doesn't run that day anyway: /routes has its weekdays."),
        Refusal.NAME_TAKEN: _("Another route of this warehouse is called so. Please write another name."),
        Refusal.BAD_NAME: _("A route's name has 1 to {most} characters. Please write it again."),
    }
    text = texts.get(why, _("I can't find that among your warehouses and routes."))
    return text.format(most=policy.place_name_most)


def refused(why: Refusal, policy: Policy, reader: Reader) -> Screen:
    """The same as an answer to what was typed."""
    return Screen(refusal(why, policy, reader), (_back(reader),))


# -- holidays


def holiday(facts: Holiday, reader: Reader) -> Screen:
    """To a manager: do the routes run?"""
    _ = reader.gettext
    title = _("📅 <b>{day} is {holiday}</b>\nDo your routes run?").format(
        day=reader.day(facts.on), holiday=reader.holiday(facts.on)
    )
    some = facts.warehouses[:HOLIDAY_PLACES_MOST]
    left = len(facts.warehouses) - len(some)
    more = [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else []
    lines = [_holiday_line(each, reader) for each in some]
    return Screen("\n".join([title, "", *lines, *more]), tuple(_answers(facts.on, each, reader) for each in some))


def _holiday_line(at: HolidayAt, reader: Reader) -> str:
    _ = reader.gettext
    by = f" ({escape(at.by)})" if at.by else ""
    if at.closed is None:
        return _("❔ {warehouse}: not decided yet").format(warehouse=escape(at.warehouse))
    text = _("⛔ {warehouse}: closed") if at.closed else _("✅ {warehouse}: runs as usual")
    return text.format(warehouse=escape(at.warehouse)) + by


def _answers(on: date, at: HolidayAt, reader: Reader) -> tuple[Button, ...]:
    """What can be said of a warehouse; once something is said, its contrary."""
    _ = reader.gettext
    name, day = shortened(at.warehouse, LABEL_NAME_MOST), on.toordinal()
    close = Button(_("⛔ {warehouse}: closed").format(warehouse=name), HolidayAnswer(at.warehouse_id, day, 0))
    runs = Button(_("✅ {warehouse}: runs as usual").format(warehouse=name), HolidayAnswer(at.warehouse_id, day, 1))
    return tuple(button for button, stands in ((close, True), (runs, False)) if at.closed is not stands)


# -- to drivers


def why_off(cause: Cause, reader: Reader) -> str:
    """Why a driver must not travel, and what is held against him for it."""
    _ = reader.gettext
    return {
        Cause.CLOSED: _("The route doesn't run that day, so your shift is cancelled. Nothing is held against you."),
        Cause.REMOVED: _("Your manager has taken this shift off you. Nothing is held against you."),
        Cause.BY_PHONE: _("Your manager has cancelled it for you, by phone. Nothing is held against you."),
        Cause.BY_PHONE_LATE: _("Your manager has cancelled it for you, by phone. It counts as a late cancellation."),
    }[cause]


@dataclass(frozen=True, slots=True)
class Off:
    """A shift that was the reader's, and what is held against him for it, if anything is."""

    displaced: Displaced
    held: Held | None = None


def dont_travel(facts: Off, reader: Reader) -> Screen:
    """A shift of the reader's was cancelled, and he has not said so here."""
    _ = reader.gettext
    shift, notice = facts.displaced, facts.displaced.notice
    what = {"route": escape(notice.route), "warehouse": escape(notice.warehouse), "day": reader.day(notice.on)}
    schedule = Button(_("🗓 My shifts"), Schedule(0))
    if shift.his_again:
        text = _("✅ <b>{route}, {warehouse} on {day} is yours again</b>\nPlease do come.")
        return Screen(text.format(**what), ((schedule,), (home_button(reader),)))
    text = _("⛔ <b>Don't travel: {route}, {warehouse} on {day}</b>").format(**what) + f"\n{_why_off(facts, reader)}"
    held = held_row(facts.held, reader)
    if shift.answered:
        return Screen(text, (*held, (schedule,), (home_button(reader),)))
    return Screen(text, ((Button(_("👍 OK, I won't travel"), DontTravel(shift.assignment_id)),), *held, (schedule,)))


def _why_off(facts: Off, reader: Reader) -> str:
    """As it stands: it may have been excused since."""
    cause = facts.displaced.notice.cause
    if cause not in (Cause.BY_PHONE, Cause.BY_PHONE_LATE):
        return why_off(cause, reader)
    counts = facts.held is not None and facts.held.counts
    mistake = reader.gettext("You didn't ask for that? Call your manager at once.")
    return f"{why_off(Cause.BY_PHONE_LATE if counts else Cause.BY_PHONE, reader)}\n{mistake}"


def dont_travel_toast(first: bool | None, reader: Reader) -> str:
    _ = reader.gettext
    if first is None:
        return _("This shift isn't yours any more.")
    return _("Thank you, we know that you know.")
