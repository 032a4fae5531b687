"""The home card: what is next, what waits, the week at a glance."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bot.callbacks.appeals import Whys
from bot.callbacks.arrivals import Reviews
from bot.callbacks.bidding import AcceptAtHome, OpenShifts
from bot.callbacks.coverage import BoardOfAll, Coverage, Unfilled
from bot.callbacks.giving import SeeGiven
from bot.callbacks.his_standing import Drivers
from bot.callbacks.home import Home, Inbox, OpenHealth
from bot.callbacks.preferences import OpenPreferences
from bot.callbacks.roster import RosterWeeks
from bot.callbacks.settings import BackAtHome, OpenSettings
from bot.callbacks.shifts import Keypad, Schedule, ToConfirm
from bot.reader import Reader
from bot.screens import shifts as shift_screens
from bot.screens.modes import SIGNS
from bot.screens.screen import Button, Screen, escape, shortened
from domain.bidding.offers import Offer
from domain.coverage.queries import WarehouseToday
from domain.db.models.words import AssignmentStatus, BidStatus
from domain.giving.queries import GivenAway
from domain.people.queries import UNREAD_MOST
from domain.shifts.displaced import DontTravel
from domain.shifts.queries import OwnShift
from domain.shifts.rules_of_parcels import Count
from domain.time import week_of

OFFERS_MOST: Final = 8  # are listed; the soonest come first
WAREHOUSES_MOST: Final = 15  # those with a gap come first


@dataclass(frozen=True, slots=True)
class DriverHome:
    """A driver's day. `shifts` are those of the week of `today`, and yesterday's; `unread` is his inbox's.

    `unconfirmed`: how many of his shifts, of whatever week, he has yet to confirm.
    """

    first_name: str
    now: datetime
    today: date
    unread: int
    shifts: tuple[OwnShift, ...]
    unconfirmed: int
    offers: tuple[Offer, ...]
    off: tuple[DontTravel, ...] = ()  # what he must not travel to
    given: tuple[GivenAway, ...] = ()  # what colleagues have offered him
    free: bool = True  # he gets new shifts: neither flagged nor stopped


@dataclass(frozen=True, slots=True)
class ManagerHome:
    """A manager's day. `away_until` None: he is there. `to_review`: absences that wait for his decision."""

    first_name: str
    today: date
    unread: int
    away_until: datetime | None
    warehouses: tuple[WarehouseToday, ...]
    to_review: int = 0


def home(facts: DriverHome | ManagerHome, reader: Reader) -> Screen:
    return _driver(facts, reader) if isinstance(facts, DriverHome) else _manager(facts, reader)


def _driver(facts: DriverHome, reader: Reader) -> Screen:
    _ = reader.gettext
    # What he has not finished of another day does not hide today's, which is later and so comes first.
    at_hand = [each for each in facts.shifts if each.on == facts.today or each.status is AssignmentStatus.ACTIVE]
    at_hand.sort(key=lambda each: each.on, reverse=True)
    lines = [_title(facts.first_name, facts.today, reader)]
    keyboard: list[tuple[Button, ...]] = []
    for off in facts.off:
        text = _("⛔ <b>Don't travel</b>: {route}, {warehouse} on {day} is cancelled.")
        what = {"route": escape(off.route), "warehouse": escape(off.warehouse), "day": reader.day(off.on)}
        lines.append(text.format(**what))
    if not at_hand:
        lines.append(_("No shift today."))
    for place, shift in enumerate(at_hand):
        lines.append(_at_hand(shift, facts.today, reader))
        steps = shift_screens.steps(shift, facts.today, facts.now, reader)
        keyboard += steps if place == 0 else ((_finish(shift, reader),),)
    if facts.unconfirmed:
        waiting = reader.ngettext("✅ {n} shift to confirm", "✅ {n} shifts to confirm", facts.unconfirmed)
        keyboard.append((Button(waiting.format(n=facts.unconfirmed), ToConfirm()),))
    wanted, declined = (
        [offer for offer in facts.offers if offer.declined is not_wanted] for not_wanted in (False, True)
    )
    if wanted or facts.given:
        listed = [_offer_line(offer, reader) for offer in wanted] + [given_line(each, reader) for each in facts.given]
        more = _more(len(listed) - OFFERS_MOST, reader)
        lines.append("\n".join([_("<b>Open to you now</b>"), *listed[:OFFERS_MOST], *more]))
    to_accept = [offer for offer in [*wanted, *declined] if not offer.by_bids]
    keyboard += [(_take(offer, reader),) for offer in to_accept[:OFFERS_MOST]]
    keyboard += [(given_button(each, reader),) for each in facts.given[: max(0, OFFERS_MOST - len(to_accept))]]
    if not facts.free:
        lines.append(_("⛔ You get no new shifts for now."))
        keyboard.append((Button(_("❔ Why no new shifts, and the way back"), Whys(0)),))
    keyboard.append((Button(_("🗓 My shifts"), Schedule(0)), open_button(reader)))
    keyboard.append((Button(_("🧭 Preferences"), OpenPreferences()), Button(_("⭐ My score"), OpenHealth())))
    keyboard.append(_own_affairs(facts.unread, reader))
    lines.append(_week(facts, reader))
    return Screen("\n\n".join(lines), tuple(keyboard))


def _at_hand(shift: OwnShift, today: date, reader: Reader) -> str:
    text = shift_screens.lines(shift, reader)
    if shift.on == today:
        return text
    title = reader.gettext("⏰ <b>Not finished yet: {day}</b>").format(day=reader.day(shift.on))
    return f"{title}\n{text}"


def _finish(shift: OwnShift, reader: Reader) -> Button:
    """The next step of what is not finished of another day, below today's."""
    count = Count.LOADED if shift.parcels_start is None else Count.BROUGHT_BACK
    text = reader.gettext("🏁 Finish {day}").format(day=reader.day(shift.on))
    return Button(text, Keypad(shift.assignment_id, count, 0))


def _take(offer: Offer, reader: Reader) -> Button:
    """Takes an offer; one whose day he declined is still there for him, should he change his mind."""
    _ = reader.gettext
    text = _("I can take {route} after all") if offer.declined else _("✅ Take {route}{bonus}")
    return Button(
        text.format(route=offer.route, bonus=reader.bonus(offer.bonus_percent)), AcceptAtHome(offer.window_id)
    )


def _title(first_name: str, today: date, reader: Reader) -> str:
    return reader.gettext("<b>Hello {name}</b>, {day}").format(name=escape(first_name), day=reader.day(today))


def _offer_line(offer: Offer, reader: Reader) -> str:
    _ = reader.gettext
    if not offer.by_bids:
        text = SIGNS[offer.mode] + " " + _("{route}, {warehouse}, {day}, start {start}")
    elif offer.bid is BidStatus.PENDING:
        text = _("✋ {route}, {warehouse}, {day}: you have bid, result on {until}")
    else:
        text = _("🙋 {route}, {warehouse}, {day}: bid by {until}")
    return text.format(
        route=escape(offer.route),
        warehouse=escape(offer.warehouse),
        day=reader.day(offer.on),
        start=reader.time(offer.starts_at),
        until=reader.moment(offer.closes_at),
    )


def given_line(given: GivenAway, reader: Reader) -> str:
    """A colleague's shift, among what is open."""
    return reader.gettext("🤝 {route}, {warehouse}, {day}, from a colleague").format(
        route=escape(given.route), warehouse=escape(given.warehouse), day=reader.day(given.on)
    )


def given_button(given: GivenAway, reader: Reader) -> Button:
    """Leads to it."""
    return Button(f"🤝 {shortened(given.route)}, {reader.day(given.on)}", SeeGiven(given.give_away_id))


def _week(facts: DriverHome, reader: Reader) -> str:
    _ = reader.gettext
    monday, _sunday = week_of(facts.today)
    by_day = {shift.on: shift for shift in facts.shifts}
    lines = [_("<b>Your week</b>")]
    for offset in range(7):
        on = monday + timedelta(days=offset)
        shift = by_day.get(on)
        what = "·" if shift is None else f"{escape(shift.route)}, {escape(shift.warehouse)}"
        mark = " ✓" if shift is not None and shift.confirmed else ""
        line = f"{reader.day(on)}  {what}{mark}"
        lines.append(f"<b>{line}</b>" if on == facts.today else line)
    return "\n".join(lines)


def _manager(facts: ManagerHome, reader: Reader) -> Screen:
    _ = reader.gettext
    lines = [_title(facts.first_name, facts.today, reader)]
    keyboard = [_own_affairs(facts.unread, reader)]
    if facts.warehouses:
        shifts = Button(_("📋 Today's shifts"), BoardOfAll(0, 0))
        keyboard.insert(0, (Button(_("🔎 Uncovered routes"), Unfilled(0)), shifts))
        keyboard.insert(1, (Button(_("🗺 Coverage"), Coverage()), Button(_("🧩 Rosters"), RosterWeeks())))
        keyboard.insert(2, (Button(_("👥 Drivers"), Drivers(0)),))
    else:
        lines.append(_("You have no warehouse yet. Ask whoever runs Rollcall here to give you one."))
    if facts.to_review:
        text = reader.ngettext("🕊 {n} absence to decide on", "🕊 {n} absences to decide on", facts.to_review)
        keyboard.append((Button(text.format(n=facts.to_review), Reviews()),))
    if facts.away_until is not None:
        away = _("🌴 You're away until {until}. /away tells who gets your notices.")
        lines.append(away.format(until=reader.moment(facts.away_until)))
        keyboard.insert(0, (Button(_("👋 I'm back"), BackAtHome()),))
    by_need = sorted(facts.warehouses, key=lambda warehouse: warehouse.uncovered == 0)
    lines += [_warehouse_line(warehouse, reader) for warehouse in by_need[:WAREHOUSES_MOST]]
    lines += _more(len(by_need) - WAREHOUSES_MOST, reader)
    return Screen("\n\n".join(lines), tuple(keyboard))


def _more(left: int, reader: Reader) -> list[str]:
    """The line below a list that is longer than what is shown of it."""
    return [reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)] if left > 0 else []


def _own_affairs(unread: int, reader: Reader) -> tuple[Button, ...]:
    """What every home card leads to."""
    count = f" ({unread})" if unread <= UNREAD_MOST else f" ({UNREAD_MOST}+)"
    inbox = "📥 " + reader.gettext("Inbox") + (count if unread else "")
    return Button(inbox, Inbox(0)), Button("⚙️ " + reader.gettext("Settings"), OpenSettings())


def _warehouse_line(warehouse: WarehouseToday, reader: Reader) -> str:
    name = escape(warehouse.name)
    if warehouse.slots == 0:
        return reader.gettext("⚪ <b>{warehouse}</b>: no routes today").format(warehouse=name)
    if warehouse.uncovered == 0:
        return reader.ngettext(
            "🟢 <b>{warehouse}</b>: the route is covered",
            "🟢 <b>{warehouse}</b>: all {n} routes are covered",
            warehouse.slots,
        ).format(warehouse=name, n=warehouse.slots)
    return reader.ngettext(
        "🔴 <b>{warehouse}</b>: {n} of {all} routes has no driver",
        "🔴 <b>{warehouse}</b>: {n} of {all} routes have no driver",
        warehouse.uncovered,
    ).format(warehouse=name, n=warehouse.uncovered, all=warehouse.slots)


def home_button(reader: Reader) -> Button:
    """The way back that every card offers."""
    return Button(reader.gettext("🏠 Home"), Home())


def open_button(reader: Reader) -> Button:
    """The way to whatever is open to a driver, and to his bids."""
    return Button(reader.gettext("🙋 Open shifts"), OpenShifts(0))
