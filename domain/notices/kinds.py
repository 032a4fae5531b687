"""The kinds of messages, and the one table of what the rules say of each (R11). The edge's table has how each looks."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Final

from domain.db.models.words import NotificationType, Urgency


class Kind(StrEnum):
    # Cards: they answer a press or a command, and are kept current.
    HOME = "home"  # about: nothing
    BOARD = "board"  # how the shifts of a day stand, for a manager; about: nothing
    COVERAGE = "coverage"  # how the routes of a day or a week stand, for a manager; about: nothing
    WINDOW = "window"  # a manager's card of a window; about: the window
    SHIFT = "shift"  # a driver's own shift; about: the assignment
    DRIVEN = "driven"  # a manager's card of a driver's shift; about: the assignment
    ROSTER = "roster"  # a manager's card of a roster that is made for him, or would be; about: the run
    GIVING = "giving"  # a driver's own shift that he gives away; about: the assignment
    MESSAGE = "message"  # the author's card of what he has written; about: the message

    # What a warehouse's group is told; about: the window.
    GROUP_CALL = "group_call"  # a route has lost its driver
    GROUP_UNFILLED = "group_unfilled"  # nobody has taken it
    GROUP_FORSAKEN = "group_forsaken"  # who connected it manages the warehouse no more; about: the group

    # Notices: somebody is told.
    OFFER = "offer"  # a driver's offer; about: the window
    WON = "won"  # the driver has the shift; about: the assignment
    ASSIGNED = "assigned"  # a manager has given it to the driver; about: the assignment
    WEEK = "week"  # the driver's shifts of a week that was given out; about: the week, see `week_about`
    WEEK_LOCKED = "week_locked"  # … that it was, to all drivers; about: the same
    WEEK_OPEN = "week_open"  # … and what of it is open; about: the same
    ROUTE_UNFILLED = "route_unfilled"  # to the manager; about: the window
    COVER = "cover"  # whether tomorrow is covered, to the manager; about: the day, see `cover_of`
    MANAGER_DIGEST = "manager_digest"  # the morning's, to the manager; about: the day, see `morning_of`
    ROUTE_CANCELLED = "route_cancelled"  # a driver has left a shift, to the manager; about: the window, else the shift
    REMINDER = "reminder"  # of today's shift; about: the assignment
    CONFIRM_REMINDER = "confirm_reminder"  # what is to be confirmed; about: the assignment that is due first
    DROPPED = "dropped"  # not confirmed in time, to its driver; about: the assignment that was his
    MISSED = "missed"  # not there in time, to its driver; about: the assignment that was his
    NO_SHOW = "no_show"  # the same to the manager; about: the window, else the shift
    NOT_CHECKED_IN = "not_checked_in"  # shortly before arriving is due, to the driver; about: the assignment
    MISSING_LIST = "missing_list"  # who is not checked in, to the managers; about: the list
    HELD_LIST = "held_list"  # who is missing while no no-show is automatic, to the managers; about: the hold
    RUNNING_LATE = "running_late"  # a driver has said so, to the manager; about: the assignment
    LATE_ANSWER = "late_answer"  # what the manager says to that, to the driver; about: the assignment
    ARRIVED_LATE = "arrived_late"  # after he was missed, to the manager; about: the assignment that was his
    RESTORED = "restored"  # it is his again or not, to the driver; about: the assignment that was his
    SHIFT_CANCELLED = "shift_cancelled"  # "don't travel", to its driver; about: the assignment that was his
    BID_LOST = "bid_lost"  # to whoever has bid; about: the window
    HOLIDAY = "holiday"  # do the routes run? To the managers; about: the day, see `holiday_of`
    OVERDUE = "overdue"  # not completed half a day after arrival, to its driver; about: the assignment
    STILL_OUT = "still_out"  # the same, later, to the manager; about: the assignment
    STOPPED = "stopped"  # a driver had to stop, to the manager; about: the window, else the shift
    DECIDED = "decided"  # what a manager says to an absence or a stop, to its driver; about: the assignment
    APPEALED = "appealed"  # a driver appeals, to the managers who decide; about: the appeal
    APPEAL_DECIDED = "appeal_decided"  # what they say to it, to the driver; about: the appeal
    EXCUSED = "excused"  # a manager has excused an incident by himself, to its driver; about: the incident
    GIVE_AWAY = "give_away"  # a colleague's shift that the driver may take over; about: the assignment that is given
    GIVE_AWAY_ENDED = "give_away_ended"  # what became of it, to who gave it or had asked for it; about: the same
    GIVE_AWAY_ASKED = "give_away_asked"  # a driver would take it, to the manager who must agree; about: his asking
    SHIFT_GIVEN = "shift_given"  # who drives instead of whom, to the manager; about: the taker's assignment
    POOL_LOST = "pool_lost"  # two late cancellations have stopped the driver, to him; about: the hard stop
    POOL_DECIDED = "pool_decided"  # what became of it, to him; about: the hard stop
    TO_REINSTATE = "to_reinstate"  # a driver is stopped: back or not? To his managers; about: the hard stop
    STARS_LOST = "stars_lost"  # to the driver; about: the hard stop
    STAR_GAINED = "star_gained"  # to the driver; about: the week, see `week_about`
    BONUS_AHEAD = "bonus_ahead"  # the last star, to the driver; about: the same
    CORRECTIVE = "corrective"  # he delivers too little, to the driver; about: always the same
    LINK_MOVED = "link_moved"  # to the chat that was linked before; about: nothing
    TIME_OFF = "time_off"  # a manager has entered days off, to the driver; about: the time off
    TIME_OFF_ENDED = "time_off_ended"  # … and that he is back early; about: the time off
    LEAVING = "leaving"  # his last day, to the driver; about: the driver
    STAYING = "staying"  # he stays after all, to the driver; about: the driver
    FLAGGED = "flagged"  # no new shifts for now, to the driver; about: the flag episode
    UNFLAGGED = "unflagged"  # … and that this is over; about: the same
    CAP = "cap"  # how many shifts a week he may have, to the driver; about: the driver
    FLAG_STUCK = "flag_stuck"  # a flagged driver can't recover by himself, to his managers; about: the driver
    REPORT = "report"  # how the week before went, to the managers; about: the week, see `report_of`
    MANUAL = "manual"  # what a manager writes; about: the message
    BROADCAST = "broadcast"  # … to many at once; about: the message
    ROUTE_MOVED = "route_moved"  # it leaves from another warehouse, to who drives it or likes to; about: the route
    IN_CHARGE = "in_charge"  # he manages a warehouse from now on, or no longer; about: the warehouse
    NUMBER_CHANGED = "number_changed"  # a driver has another phone, to his managers; about: the driver
    INVITATION = "invitation"  # a driver may link his chat, by SMS; about: the file that brought him in
    FALLBACK_GONE = "fallback_gone"  # to the managers: a driver takes no SMS any more; about: the driver
    ALERT = "alert"  # to the owners: an operator must act; about: nothing
    DIGEST = "digest"  # the day's normal notices in one SMS; about: nothing


# What asks for one shift to be confirmed, in the chat or by its code (R11.6).
ASKS_TO_CONFIRM: Final = (Kind.CONFIRM_REMINDER, Kind.ASSIGNED)

# There is one of each in a chat, and much that happens changes them: whoever changes several rows locks these last.
CHANGED_BY_ALL: Final = (Kind.HOME, Kind.BOARD, Kind.COVERAGE)


def cover_of(on: date) -> uuid.UUID:
    """What the cover lists of a day are about."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"cover:{on.isoformat()}")


def morning_of(on: date) -> uuid.UUID:
    """What the managers' digests of a day are about."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"morning:{on.isoformat()}")


def holiday_of(on: date) -> uuid.UUID:
    """What the questions about a holiday are about."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"holiday:{on.isoformat()}")


def week_about(week: date) -> uuid.UUID:
    """What the messages about the week of this Monday are about."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"week:{week.isoformat()}")


def report_of(week: date) -> uuid.UUID:
    """What the reports of the week of this Monday are about."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"report:{week.isoformat()}")


class Night(Enum):
    """What becomes of it in quiet hours (R11.4)."""

    HELD = "held"  # until they are over, unless it would lose its point first
    SILENT = "silent"  # comes at once without ringing, and not by SMS; an emergency rings who chose "wake me"
    RINGS = "rings"


class Acknowledged(Enum):
    """What counts as having seen it (R11.2)."""

    BY_ANYTHING = "anything"  # that he does in the chat or by SMS after it was sent
    BY_ITS_BUTTON = "its button"  # or by a card that shows it


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what the rules say of a kind of notice.

    `urgency` None: who sends it chooses. `night` None: as its level has it, urgent rings and the rest is held.
    `by_sms`: it goes on by SMS where Telegram can't deliver it and, urgent or important, where it stays unanswered; a
    normal one in the day's digest. `sms_at_once`: the SMS leaves together with it. `passed_on`: urgent and still
    unanswered, it goes to the warehouse's other managers.
    """

    type: NotificationType
    urgency: Urgency | None
    acknowledged: Acknowledged = Acknowledged.BY_ANYTHING
    night: Night | None = None
    by_sms: bool = True
    sms_at_once: bool = False
    passed_on: bool = False


RULES: Mapping[str, Rule] = {  # by Kind, as rows have it
    Kind.OFFER: Rule(NotificationType.BID_OPEN, None, night=Night.SILENT),  # in an emergency urgent, of another type
    Kind.WON: Rule(NotificationType.BID_WON, Urgency.IMPORTANT),
    Kind.ASSIGNED: Rule(NotificationType.ASSIGNMENT_CONFIRMED, Urgency.IMPORTANT),
    Kind.WEEK: Rule(NotificationType.ASSIGNMENT_CONFIRMED, None),
    Kind.WEEK_LOCKED: Rule(NotificationType.SCHEDULE_LOCKED, Urgency.NORMAL),
    Kind.WEEK_OPEN: Rule(NotificationType.BID_OPEN, Urgency.NORMAL),
    Kind.ROUTE_UNFILLED: Rule(NotificationType.ROUTE_UNFILLED, Urgency.IMPORTANT),
    Kind.COVER: Rule(NotificationType.ROUTE_UNFILLED, Urgency.IMPORTANT),
    Kind.MANAGER_DIGEST: Rule(NotificationType.ROUTE_UNFILLED, Urgency.NORMAL, by_sms=False),
    Kind.ROUTE_CANCELLED: Rule(NotificationType.ROUTE_CANCELLED, Urgency.IMPORTANT),
    Kind.REMINDER: Rule(NotificationType.SHIFT_REMINDER, Urgency.IMPORTANT),
    Kind.CONFIRM_REMINDER: Rule(NotificationType.CONFIRMATION_REMINDER, None),
    Kind.DROPPED: Rule(NotificationType.SHIFT_AUTO_DROPPED, Urgency.IMPORTANT),
    Kind.MISSED: Rule(NotificationType.WARNING, Urgency.URGENT),
    Kind.NO_SHOW: Rule(NotificationType.DRIVER_NO_SHOW, Urgency.URGENT, passed_on=True),
    Kind.NOT_CHECKED_IN: Rule(NotificationType.SHIFT_REMINDER, Urgency.URGENT, night=Night.RINGS, sms_at_once=True),
    Kind.MISSING_LIST: Rule(NotificationType.DRIVER_NO_SHOW, Urgency.URGENT),
    Kind.HELD_LIST: Rule(NotificationType.DRIVER_NO_SHOW, Urgency.URGENT),
    Kind.RUNNING_LATE: Rule(NotificationType.DRIVER_NO_SHOW, Urgency.URGENT, passed_on=True),
    Kind.LATE_ANSWER: Rule(NotificationType.MANUAL, None),
    Kind.ARRIVED_LATE: Rule(NotificationType.DRIVER_NO_SHOW, Urgency.URGENT, passed_on=True),
    Kind.RESTORED: Rule(NotificationType.MANUAL, Urgency.URGENT),
    Kind.SHIFT_CANCELLED: Rule(NotificationType.SHIFT_CANCELLED, Urgency.URGENT, Acknowledged.BY_ITS_BUTTON),
    Kind.BID_LOST: Rule(NotificationType.BID_LOST, Urgency.NORMAL),
    Kind.HOLIDAY: Rule(NotificationType.MANUAL, Urgency.NORMAL),
    Kind.OVERDUE: Rule(NotificationType.SHIFT_REMINDER, Urgency.IMPORTANT),
    Kind.STILL_OUT: Rule(NotificationType.DRIVER_NO_SHOW, Urgency.URGENT, passed_on=True),
    Kind.STOPPED: Rule(NotificationType.ROUTE_CANCELLED, Urgency.URGENT, passed_on=True),
    Kind.DECIDED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.APPEALED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.APPEAL_DECIDED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.EXCUSED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.GIVE_AWAY: Rule(NotificationType.BID_OPEN, Urgency.NORMAL, night=Night.SILENT),
    Kind.GIVE_AWAY_ENDED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.GIVE_AWAY_ASKED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.SHIFT_GIVEN: Rule(NotificationType.MANUAL, Urgency.NORMAL),
    Kind.POOL_LOST: Rule(NotificationType.WARNING, Urgency.URGENT),
    Kind.POOL_DECIDED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.TO_REINSTATE: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.STARS_LOST: Rule(NotificationType.STREAK_RESET, Urgency.NORMAL),
    Kind.STAR_GAINED: Rule(NotificationType.STREAK_ADVANCED, Urgency.NORMAL),
    Kind.BONUS_AHEAD: Rule(NotificationType.BONUS_ELIGIBLE, Urgency.NORMAL),
    Kind.CORRECTIVE: Rule(NotificationType.CORRECTIVE_WARNING, Urgency.NORMAL),
    Kind.LINK_MOVED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT, night=Night.RINGS, by_sms=False),
    Kind.TIME_OFF: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.TIME_OFF_ENDED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.LEAVING: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.STAYING: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.FLAGGED: Rule(NotificationType.WARNING, Urgency.IMPORTANT),
    Kind.UNFLAGGED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.CAP: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.FLAG_STUCK: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.REPORT: Rule(NotificationType.MANUAL, Urgency.NORMAL),
    Kind.MANUAL: Rule(NotificationType.MANUAL, None, passed_on=True),
    Kind.BROADCAST: Rule(NotificationType.MANUAL, None),
    Kind.ROUTE_MOVED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.IN_CHARGE: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.NUMBER_CHANGED: Rule(NotificationType.MANUAL, Urgency.NORMAL),
    Kind.INVITATION: Rule(NotificationType.MANUAL, Urgency.IMPORTANT),
    Kind.FALLBACK_GONE: Rule(NotificationType.MANUAL, Urgency.NORMAL),
    Kind.ALERT: Rule(NotificationType.MANUAL, Urgency.IMPORTANT, night=Night.RINGS),
}
# What managers are told of a route that needs a driver is told in their warehouse's group, too: by one of these.
IN_GROUPS: Final[Mapping[str, Kind]] = {
    Kind.ROUTE_CANCELLED: Kind.GROUP_CALL,
    Kind.NO_SHOW: Kind.GROUP_CALL,
    Kind.STOPPED: Kind.GROUP_CALL,
    Kind.ROUTE_UNFILLED: Kind.GROUP_UNFILLED,
}
BY_ITS_BUTTON: Final = [str(kind) for kind, rule in RULES.items() if rule.acknowledged is Acknowledged.BY_ITS_BUTTON]
