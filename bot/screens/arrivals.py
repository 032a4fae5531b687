"""What managers read while drivers are awaited: who is missing, late, or there after all (R8.2a to R8.6a)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.callbacks.arrivals import AllHere, AnswerLate, HesHere, LeaveToOthers, TheseMissing
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.screen import Button, Screen, escape
from domain.db.models.words import AssignmentStatus, HoldCause
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import coming
from domain.shifts.checking import Expected, HeldCard, MissingCard, Whereabouts
from domain.shifts.coming import LateComer, LeftToOthers
from domain.shifts.holds import Released
from domain.shifts.late import MINUTE, LateCard
from domain.shifts.restoring import GoneToAnother, Restored
from domain.shifts.rules import Arrive, Done, Extend

Rows = tuple[tuple[Button, ...], ...]

LISTED_MOST: Final = 30  # people in a list; those who are awaited come first
NAME_MOST: Final = 40  # of a driver in it; a route may have half as many
BUTTONS_MOST: Final = 12  # whoever is marked makes room for the next

MARKS: Final = {Whereabouts.AWAITED: "🔴", Whereabouts.HERE: "✅", Whereabouts.GONE: "⚪"}


def missing_list(card: MissingCard, reader: Reader) -> Screen:
    """Half an hour before arriving is due (R8.2a); it keeps itself current."""
    _ = reader.gettext
    awaited = card.awaited
    if awaited:
        title = reader.ngettext(
            "⏰ <b>{n} driver isn't checked in at {warehouse}</b>",
            "⏰ <b>{n} drivers aren't checked in at {warehouse}</b>",
            len(awaited),
        ).format(n=len(awaited), warehouse=escape(card.warehouse))
    else:
        title = _nobody(card.warehouse, reader)
    due = _("{day}, due by {due}").format(day=reader.day(card.on), due=reader.time(card.due_at))
    text = "\n".join([title, due, *_people(card.people, card.due_at, reader)])
    return Screen(text, (*_here(awaited, reader), (home_button(reader),)))


@dataclass(frozen=True, slots=True)
class HeldNow:
    """A hold as of an instant."""

    card: HeldCard
    now: datetime


def held_list(facts: HeldNow, reader: Reader) -> Screen:
    """While no no-show is automatic, and who was missing when that ended (R8.6a); it keeps itself current."""
    _ = reader.gettext
    card, awaited = facts.card, facts.card.awaited
    on = card.is_on(facts.now)
    lines = _held(card, reader) if on and awaited else _held_no_more(card, on, reader)
    text = "\n".join([*lines, *_people(card.people, None, reader)])
    rows: list[tuple[Button, ...]] = []
    if on and awaited:
        everybody = Button(_("✅ All here"), AllHere(card.hold_id))
        rows.append((everybody, Button(_("⛔ These are missing"), TheseMissing(card.hold_id))))
    return Screen(text, (*rows, *_here(awaited, reader), (home_button(reader),)))


def _held(card: HeldCard, reader: Reader) -> list[str]:
    """Nobody is to blame yet, and a manager may know more."""
    _ = reader.gettext
    title = reader.ngettext(
        "⏸ <b>{n} driver is missing at {warehouse}</b>",
        "⏸ <b>{n} drivers are missing at {warehouse}</b>",
        len(card.awaited),
    ).format(n=len(card.awaited), warehouse=escape(card.warehouse))
    why = (
        _("Rollcall could not be reached for a while, so nobody is to blame yet.")
        if card.cause is HoldCause.OUTAGE
        else _("So many at once may have another reason, so nobody is to blame yet.")
    )
    stands = _("Nothing is automatic until {until}: what do you know?").format(until=reader.time(card.until))
    return [title, reader.day(card.on), why, stands]


def _held_no_more(card: HeldCard, on: bool, reader: Reader) -> list[str]:
    """All are there, or it is over for those who are not: by a manager's word, or by its time."""
    _ = reader.gettext
    day, missing = reader.day(card.on), len(card.missing)
    if on or not missing:
        return [_nobody(card.warehouse, reader), day]
    title = reader.ngettext(
        "⛔ <b>{n} driver was missing at {warehouse}</b>", "⛔ <b>{n} drivers were missing at {warehouse}</b>", missing
    ).format(n=missing, warehouse=escape(card.warehouse))
    if card.released_by is not None:
        return [title, day, _("{name} has said who is missing.").format(name=escape(card.released_by))]
    return [title, day, _("Nothing was automatic until {until}.").format(until=reader.time(card.until))]


def _nobody(warehouse: str, reader: Reader) -> str:
    text = reader.gettext("👍 <b>{warehouse}: nobody is awaited any more</b>")
    return text.format(warehouse=escape(warehouse))


def _people(people: Sequence[Expected], due_at: datetime | None, reader: Reader) -> list[str]:
    """Those who are awaited first, with their phones: somebody has to call them."""
    order = list(Whereabouts)
    listed = sorted(people, key=lambda each: order.index(each.whereabouts))
    lines = ["", *(_line(each, due_at, reader) for each in listed[:LISTED_MOST])]
    left = len(listed) - LISTED_MOST
    return lines + ([reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else [])


def _line(each: Expected, due_at: datetime | None, reader: Reader) -> str:
    text = f"{MARKS[each.whereabouts]} {escape(each.driver, NAME_MOST)}, {escape(each.route, NAME_MOST // 2)}"
    if each.whereabouts is not Whereabouts.AWAITED:
        return text
    if each.arrive_by != due_at:
        late = reader.gettext("late, due by {due}") if each.late else reader.gettext("due by {due}")
        text += ", " + late.format(due=reader.time(each.arrive_by))
    return f"{text} ☎️ {escape(each.phone)}"


def _here(awaited: Sequence[Expected], reader: Reader) -> Rows:
    label = reader.gettext("✅ {name} is here")
    return tuple(
        (Button(label.format(name=each.driver)[:60], HesHere(each.assignment_id)),) for each in awaited[:BUTTONS_MOST]
    )


def running_late(card: LateCard, policy: Policy, reader: Reader) -> Screen:
    """A driver has said so (R8.5); it keeps itself current."""
    _ = reader.gettext
    head = _("⏳ <b>{driver} is running late</b>\n{route}, {warehouse}, {day}\n☎️ {phone}").format(
        driver=escape(card.driver),
        route=escape(card.route),
        warehouse=escape(card.warehouse),
        day=reader.day(card.on),
        phone=escape(card.phone),
    )
    lines = [head]
    if card.minutes is not None:
        lines.append(_("Late by {n} min, as announced.").format(n=card.minutes))
    home = (home_button(reader),)
    if card.arrived_at is not None:
        lines.append(_("✅ There since {time}.").format(time=reader.time(card.arrived_at)))
        return Screen("\n".join(lines), (home,))
    if card.status is not AssignmentStatus.SCHEDULED:
        lines.append(_("⚪ The route has gone to others."))
        return Screen("\n".join(lines), (home,))
    times = {"due": reader.time(card.due_at), "arrive_by": reader.time(card.arrive_by)}
    if card.decided_by is None:
        lines.append(_("Due by {due}; has until <b>{arrive_by}</b>.").format(**times))
    else:
        said = (
            _("{name} gives time until <b>{arrive_by}</b> (at first due by {due}).")
            if card.granted
            else _("{name} has refused it: due by <b>{arrive_by}</b> (at first by {due}).")
        )
        lines.append(said.format(**times, name=escape(card.decided_by)))
    more = tuple(
        Button(
            _("+{n} min, until {until}").format(n=choice // MINUTE, until=reader.time(card.due_at + choice)),
            AnswerLate(card.assignment_id, choice // MINUTE),
        )
        for choice in policy.late_choices
        if choice != card.granted
    )
    refuse = () if card.decided_by is not None and not card.granted else (_refuse(card, reader),)
    here = Button(_("✅ {name} is here").format(name=card.driver)[:60], HesHere(card.assignment_id))
    return Screen("\n".join(lines), (more, *((each,) for each in refuse), (here,), home))


def _refuse(card: LateCard, reader: Reader) -> Button:
    return Button(reader.gettext("✋ Can't wait"), AnswerLate(card.assignment_id, 0))


def arrived_late(facts: LateComer, reader: Reader) -> Screen:
    """A driver is there after he was missed (R8.6); it keeps itself current."""
    _ = reader.gettext
    notice = facts.notice
    head = _("🏃 <b>{driver} is there after all</b>, since {time}\n{route}, {warehouse}, {day}\n☎️ {phone}").format(
        driver=escape(notice.driver),
        time=reader.time(notice.at),
        route=escape(notice.route),
        warehouse=escape(notice.warehouse),
        day=reader.day(notice.on),
        phone=escape(notice.phone),
    )
    home = (home_button(reader),)
    if facts.restored:
        return Screen(head + "\n\n" + _("✅ The route has been given back."), (home,))
    if facts.taken_by is not None:
        taken = _("{name} has the route by now.").format(name=escape(facts.taken_by))
        return Screen(f"{head}\n\n{taken}", (home,))
    if not facts.open:
        return Screen(head, (home,))
    text = (
        head + "\n\n" + _("Nobody has accepted the route yet. If you give it back, nothing is held against the driver.")
    )
    restore = Button(_("✅ Give it back"), HesHere(facts.assignment_id))
    if facts.left:
        text = head + "\n\n" + _("⚪ Left to others; nobody has accepted it yet, so it can still be given back.")
        return Screen(text, ((restore,), home))
    leave = Button(_("Leave it to others"), LeaveToOthers(facts.assignment_id))
    return Screen(text, ((restore,), (leave,), home))


# -- the short answers over the chat


def answered(result: Extend | Done | Refused, reader: Reader) -> str:
    _ = reader.gettext
    match result:
        case Extend(arrive_by, granted):
            text = (
                _("Has until {arrive_by}, and has been told.")
                if granted
                else _("Refused: due by {arrive_by}. Your driver is told.")
            )
            return text.format(arrive_by=reader.time(arrive_by))
        case Done():
            return _("It is so already.")
        case Refused():
            return refusal(result, reader)


def here(result: Arrive | Done | Restored | GoneToAnother | Refused, reader: Reader) -> str:
    _ = reader.gettext
    match result:
        case Arrive():
            return _("Checked in, on your word.")
        case Done():
            return _("Checked in already.")
        case Restored():
            return _("The route is given back, and nothing is held against the driver.")
        case GoneToAnother():
            return _("Somebody else has the route by now. Your driver is told.")
        case Refused():
            return refusal(result, reader)


def left_to_others(result: LeftToOthers | Done | Refused, reader: Reader) -> str:
    _ = reader.gettext
    match result:
        case LeftToOthers():
            return _("It stays with others. Your driver is told.")
        case Done():
            return _("The route has been given back already.")
        case Refused():
            return refusal(result, reader)


def all_here(result: coming.AllHere | Refused, reader: Reader) -> str:
    if isinstance(result, Refused):
        return refusal(result, reader)
    return reader.ngettext(
        "{n} driver is checked in, on your word.", "{n} drivers are checked in, on your word.", result.count
    ).format(n=result.count)


def released(result: Released | Done | Refused, reader: Reader) -> str:
    if isinstance(result, Refused):
        return refusal(result, reader)
    return reader.gettext("Their routes go to others now.")


def refusal(refused: Refused, reader: Reader) -> str:
    """Why a manager's press did nothing, and what he can do."""
    _ = reader.gettext
    texts = {
        Refusal.ARRIVED_ALREADY: _("Checked in already."),
        Refusal.COMPLETED_ALREADY: _("That shift is done already."),
        Refusal.ARRIVED_TOO_LATE: _("The time is over. Once your driver is there, you can give the route back."),
        Refusal.SHIFT_GONE: _("That route has gone to others, and there is nothing left to give back."),
        Refusal.NOT_TODAY: _("That shift isn't today."),
        Refusal.TOO_EARLY: _("Drivers can check in from 5 in the morning of the day."),
        Refusal.NOT_CONFIRMED: _("That shift isn't confirmed yet."),
        Refusal.DAY_OVER: _("That day is over."),
        Refusal.BUSY: _("Your driver has another shift that day by now."),
        Refusal.HOLD_OVER: _("That is over: whoever is missing now is a no-show. You can still give back each route."),
    }
    return texts.get(refused.why, _("I can't find that in your warehouses."))
