"""What somebody did, in words: every entry of the audit log that the domain writes has its sentence here."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from bot.reader import Reader
from bot.screens import penalties
from bot.screens.absences import kind
from bot.screens.cancelling import cause
from bot.screens.screen import escape
from domain.db.models.words import BidWindowMode, IncidentKind
from domain.history.deeds import Deed

NAME_MOST: Final = 40
REASON_MOST: Final = 160

# Reasons by a word of ours, and not in somebody's own.
_BY_CAUSE: Final = frozenset({("assignment", "cancelled"), ("assignment", "stopped")})

Key = tuple[str, str]


def sentence(deed: Deed, reader: Reader) -> str:
    """Telegram's HTML; with the reason, where one was given, and who entered it for somebody else (R8.9)."""
    _ = reader.gettext
    key = (deed.entity, deed.action)
    text = words(reader).get(key)
    if text is None:  # another program's, on the same database
        return escape(reader.said(deed.entity, deed.action), NAME_MOST)
    said = text.format(**_named(deed, reader))
    if deed.after.reason:
        why = (
            cause(deed.after.reason, reader)
            if key in _BY_CAUSE
            else reader.quoted(penalties.reason(deed.after.reason, reader))
        )
        said = reader.said(said.rstrip("."), escape(why, REASON_MOST))
    if deed.by_phone and deed.actor:
        said += " " + _("(by phone, entered by {name})").format(name=escape(deed.actor, NAME_MOST))
    return said


def _named(deed: Deed, reader: Reader) -> dict[str, str]:
    """What the sentences are made of; what an entry does not say is a dash."""
    _ = reader.gettext
    before, after = deed.before, deed.after
    who = deed.driver if deed.by_phone and deed.driver else deed.actor
    until = after.until or after.closes_at or after.arrive_by
    day = after.on or before.on or after.first
    numbers = {
        "n": after.parcels_start if after.drivers is None else after.drivers,
        "returned": after.parcels_returned,
        "delivered": after.parcels_delivered,
        "stars": after.stars,
        "stars_before": before.stars,
        "cap": after.weekly_cap,
        "cap_before": before.weekly_cap,
    }
    return {name: "–" if number is None else str(number) for name, number in numbers.items()} | {
        "who": escape(who, NAME_MOST) if who else "Rollcall",
        "driver": escape(deed.driver, NAME_MOST) if deed.driver else _("somebody"),
        "day": reader.day(day) if day else "–",
        "last": reader.day(after.last) if after.last else "–",
        "week": reader.week(after.week) if after.week else "–",
        "until": reader.moment(until) if until else "–",
        "weekday": reader.weekday(after.weekday) if after.weekday is not None else "–",
        "verdict": _verdict(deed, reader),
        "offered": _offered(deed, reader),
        "what": _kind(deed, reader),
        "name": escape(after.name or "–", NAME_MOST),
        "name_before": escape(before.name or "–", NAME_MOST),
    }


def _verdict(deed: Deed, reader: Reader) -> str:
    _ = reader.gettext
    after = deed.after
    if after.runs is not None:
        return _("it runs") if after.runs else _("it doesn't run")
    return _("yes") if after.granted or after.accepted else _("no")


def _offered(deed: Deed, reader: Reader) -> str:
    _ = reader.gettext
    how = {
        BidWindowMode.COMPETITIVE.value: _("for bids"),
        BidWindowMode.INSTANT.value: _("to the first who accepts"),
        BidWindowMode.EMERGENCY.value: _("as an emergency"),
    }.get(deed.after.mode or "", "–")
    return how + reader.bonus(deed.after.bonus_percent or 0)


def _kind(deed: Deed, reader: Reader) -> str:
    """Of an incident, of days off, or how urgent a message was."""
    _ = reader.gettext
    what, level = deed.after.kind or "", deed.after.level or ""
    if what in set(IncidentKind):
        practice = " " + _("(practice)") if deed.after.excused else ""
        return penalties.named(IncidentKind(what), reader) + practice
    levels = {"urgent": _("urgent"), "important": _("important"), "normal": _("normal")}
    return levels[level] if level in levels else kind(what, reader)


@cache
def words(reader: Reader) -> Mapping[Key, str]:
    """Every kind of entry by what it is about and what was done, as it is told."""
    return {
        (entity, action): text
        for entity, of_it in (
            ("assignment", _of_assignments(reader)),
            ("shift", _of_shifts(reader)),
            ("shift_review", {"decided": reader.gettext("{who} decided whether it was all right: {verdict}.")}),
            ("bid_window", _of_windows(reader)),
            ("bid", _of_bids(reader)),
            ("give_away", _of_give_aways(reader)),
            ("incident", _of_incidents(reader)),
            ("appeal", _of_appeals(reader)),
            ("arrival_hold", _of_holds(reader)),
            ("preferences", _of_preferences(reader)),
            ("roster_run", _of_rosters(reader)),
            ("route", _of_routes(reader)),
            ("warehouse", _of_warehouses(reader)),
            ("user", _of_people(reader) | _of_standing(reader)),
            ("message", _of_messages(reader)),
            ("delivery", _of_deliveries(reader)),
            ("import", {"imported": reader.gettext("{who} brought in a file.")}),
        )
        for action, text in of_it.items()
    }


def _of_assignments(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "opened": _("The shift is there, without a driver."),
        "reopened": _("The shift is open again."),
        "roster_assign": _("The roster gave it to {driver}."),
        "manual_assign": _("{who} gave it to {driver}."),
        "bid_assign": _("{driver} got it by a bid."),
        "instant_assign": _("{driver} accepted it."),
        "taken_over": _("{driver} took it over from a colleague."),
        "given_away": _("{driver} gave it to a colleague."),
        "confirmed": _("{who} confirmed it."),
        "arrived": _("{who} checked in."),
        "completed": _("{who} finished: {delivered} delivered, {returned} brought back."),
        "stopped": _("{driver} had to stop."),
        "cancelled": _("{driver} can't drive it."),
        "declined": _("{driver} declined it."),
        "handed_back": _("{driver} handed it back."),
        "auto_dropped": _("It wasn't confirmed in time, so {driver} lost it."),
        "unanswered": _("{driver} didn't answer, so it went back."),
        "no_show": _("{driver} wasn't there in time."),
        "removed": _("{who} took it off {driver}."),
        "called_off": _("{who} called it off."),
        "moved": _("{who} moved it to another warehouse."),
        "deleted": _("{who} deleted it, with its route."),
        "restored": _("{driver} has it again."),
        "running_late": _("{who} runs late and is due by {until} now."),
        "extended": _("{who} gave more time, until {until}."),
        "extension_refused": _("{who} gave no more time: due by {until}."),
    }


def _of_shifts(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "loaded": _("Parcels loaded by {who}: {n}."),
        "corrected": _("{who} corrected the parcels: {n} loaded, {returned} brought back."),
    }


def _of_windows(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "opened": _("It was offered {offered}, until {until}."),
        "mode_changed": _("It was offered anew {offered}, until {until}."),
        "extended": _("{who} extended the offer until {until}."),
        "cap_override": _("Drivers whom {who} let take it beyond their cap: {n}."),
        "resolved": _("The offer ended: the shift has its driver."),
        "closed": _("The offer ended without a driver."),
        "deleted": _("The offer was deleted with its route."),
    }


def _of_bids(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "placed": _("{driver} placed a bid."),
        "withdrawn": _("{driver} withdrew the bid."),
        "won": _("{driver} won."),
        "lost": _("{driver} didn't win."),
    }


def _of_give_aways(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "offered": _("{driver} offers it to colleagues."),
        "asked": _("{who} wants to take it over; a manager must agree."),
        "ask_withdrawn": _("{who} doesn't want to take it over any more."),
        "taken": _("A colleague has taken it over."),
        "taken_back": _("{driver} keeps it after all."),
        "refused": _("{who} refused the handover."),
        "over": _("Nobody took it over in time."),
    }


def _of_incidents(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "created": _("Recorded of {driver}: {what}."),
        "excused": _("{who} excused what was recorded."),
        "not_accepted": _("{who} didn't accept the absence: it is a late cancellation."),
    }


def _of_appeals(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "opened": _("{driver} appealed."),
        "decided": _("{who} decided whether to grant the appeal: {verdict}."),
    }


def _of_holds(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "begun": _("No no-show is automatic until {until}."),
        "released": _("{who} let no-shows be automatic again."),
    }


def _of_preferences(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "saved": _("{who} changed days or routes."),
        "route_moved": _("{who} moved a route of these to another warehouse."),
        "warehouse_opened": _("{who} wants offers of another warehouse, too."),
        "warehouse_closed": _("{who} wants no offers of another warehouse any more."),
    }


def _of_rosters(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "frozen": _("The preferences for the week of {week} were locked."),
        "requested": _("{who} had the empty shifts of the week of {week} filled."),
    }


def _of_routes(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "created": _("{who} created the route."),
        "renamed": _("{who} renamed it: {name_before}, now {name}"),
        "moved": _("{who} moved the route to another warehouse."),
        "deleted": _("{who} deleted the route."),
        "weekday": _("{who} changed a weekday, {weekday}: {verdict}."),
        "closed": _("{who} closed the route on {day} only."),
        "runs": _("{who} let the route run on {day} after all."),
    }


def _of_warehouses(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "created": _("{who} created the warehouse."),
        "renamed": _("{who} renamed it: {name_before}, now {name}"),
        "moved": _("{who} changed the address of the warehouse."),
        "deleted": _("{who} deleted the warehouse."),
        "manager_added": _("{who} put {driver} in charge of the warehouse."),
        "manager_removed": _("{who} noted that {driver} no longer manages the warehouse."),
        "group_connected": _("{who} connected a group in Telegram: {name}"),
        "group_kept": _("{who} connected its group in Telegram once more."),
        "group_disconnected": _("Its group in Telegram is not connected any more: {name_before}"),
        "settings": _("{who} changed whether a manager must agree to handovers."),
        "closed": _("{who} closed the warehouse on {day} only."),
        "runs": _("{who} let the warehouse run on {day}."),
    }


def _of_people(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "created": _("{driver} was entered."),
        "invited": _("{who} made an invite link."),
        "employed": _("{who} took {driver} on."),
        "number_changed": _("{driver} has another number."),
        "number_given_up": _("{who} noted that the number of {driver} is somebody else’s now."),
        "linked": _("The Telegram chat was linked."),
        "unlinked": _("The Telegram chat was taken by somebody else."),
        "leaves": _("{who} entered the last day: {last}"),
        "stays": _("{who} noted that {driver} stays after all."),
        "time_off": _("Days off, {what}: {day} to {last}"),
        "time_off_ended": _("The days off ended early."),
        "contact_changed": _("{who} changed language, SMS, quiet hours or /away."),
        "sms_opted_out": _("SMS were stopped with STOP."),
        "sms_opted_in": _("SMS were allowed again with START."),
        "calendar_opened": _("{who} opened a calendar address."),
        "calendar_renewed": _("{who} renewed the calendar address."),
        "calendar_closed": _("{who} closed the calendar address."),
        "anonymised": _("{who} removed the personal data."),
        "day_declined": _("{driver} said “not that day”: {day}"),
        "day_taken_back": _("{driver} drives that day after all: {day}"),
    }


def _of_standing(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "cap_changed": _("Shifts a week: {cap_before} before, {cap} now."),
        "cap_override": _("{who} gave a shift beyond the weekly cap."),
        "flagged": _("{who} flagged {driver} for attendance."),
        "unflagged": _("{who} took the flag back."),
        "flag_put_to_manager": _("{who} asked the managers about the flag."),
        "hard_stop": _("{driver} is out of the pool."),
        "hard_stop_lifted": _("{driver} is in the pool as if nothing had been."),
        "reinstated": _("{who} reinstated {driver}."),
        "kept_out": _("{who} keeps {driver} out of the pool."),
        "back_for_now": _("{driver} is back in the pool while the appeal waits."),
        "out_again": _("{driver} is out of the pool again."),
        "back_undecided": _("{driver} is back in the pool: nobody had decided."),
        "stars": _("Stars: {stars_before} before, {stars} now."),
    }


def _of_messages(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "sent": _("{who} sent a message ({what})."),
        "sent_to_many": _("{who} sent a message ({what}). Drivers who get it: {n}."),
    }


def _of_deliveries(reader: Reader) -> dict[str, str]:
    _ = reader.gettext
    return {
        "retried": _("An operator had a message sent again."),
        "cancelled": _("An operator stopped a message."),
    }
