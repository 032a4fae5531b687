"""The kinds of messages, and the one table of what the rules say of each (R11). The edge's table has how each looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from domain.db.models.words import NotificationType, Urgency


class Kind(StrEnum):
    # Cards: they answer a press or a command, and are kept current.
    HOME = "home"  # about: nothing
    WINDOW = "window"  # a manager's card of a window; about: the window
    SHIFT = "shift"  # a driver's own shift; about: the assignment
    MESSAGE = "message"  # the author's card of what he has written; about: the message

    # Notices: somebody is told.
    OFFER = "offer"  # a driver's offer; about: the window
    WON = "won"  # the driver has the shift; about: the assignment
    ROUTE_UNFILLED = "route_unfilled"  # to the manager; about: the window
    ROUTE_CANCELLED = "route_cancelled"  # a driver has left a shift, to the manager; about: the window, else the shift
    REMINDER = "reminder"  # of today's shift; about: the assignment
    CONFIRM_REMINDER = "confirm_reminder"  # what is to be confirmed; about: the assignment that is due first
    DROPPED = "dropped"  # not confirmed in time, to its driver; about: the assignment that was his
    MISSED = "missed"  # not there in time, to its driver; about: the assignment that was his
    NO_SHOW = "no_show"  # the same to the manager; about: the window, else the shift
    LINK_MOVED = "link_moved"  # to the chat that was linked before; about: nothing
    MANUAL = "manual"  # what a manager writes; about: the message
    FALLBACK_GONE = "fallback_gone"  # to the managers: a driver takes no SMS any more; about: the driver
    ALERT = "alert"  # to the owners: an operator must act; about: nothing
    DIGEST = "digest"  # the day's normal notices in one SMS; about: nothing


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
    normal one in the day's digest. `passed_on`: urgent and still unanswered, it goes to the warehouse's other managers.
    """

    type: NotificationType
    urgency: Urgency | None
    acknowledged: Acknowledged = Acknowledged.BY_ANYTHING
    night: Night | None = None
    by_sms: bool = True
    passed_on: bool = False


RULES: Mapping[str, Rule] = {  # by Kind, as rows have it
    Kind.OFFER: Rule(NotificationType.BID_OPEN, None, night=Night.SILENT),  # in an emergency urgent, of another type
    Kind.WON: Rule(NotificationType.BID_WON, Urgency.IMPORTANT),
    Kind.ROUTE_UNFILLED: Rule(NotificationType.ROUTE_UNFILLED, Urgency.IMPORTANT),
    Kind.ROUTE_CANCELLED: Rule(NotificationType.ROUTE_CANCELLED, Urgency.IMPORTANT),
    Kind.REMINDER: Rule(NotificationType.SHIFT_REMINDER, Urgency.IMPORTANT),
    Kind.CONFIRM_REMINDER: Rule(NotificationType.CONFIRMATION_REMINDER, None),
    Kind.DROPPED: Rule(NotificationType.SHIFT_AUTO_DROPPED, Urgency.IMPORTANT),
    Kind.MISSED: Rule(NotificationType.WARNING, Urgency.URGENT),
    Kind.NO_SHOW: Rule(NotificationType.DRIVER_NO_SHOW, Urgency.URGENT, passed_on=True),
    Kind.LINK_MOVED: Rule(NotificationType.MANUAL, Urgency.IMPORTANT, night=Night.RINGS, by_sms=False),
    Kind.MANUAL: Rule(NotificationType.MANUAL, None, passed_on=True),
    Kind.FALLBACK_GONE: Rule(NotificationType.MANUAL, Urgency.NORMAL),
    Kind.ALERT: Rule(NotificationType.MANUAL, Urgency.IMPORTANT, night=Night.RINGS),
}
BY_ITS_BUTTON: Final = [str(kind) for kind, rule in RULES.items() if rule.acknowledged is Acknowledged.BY_ITS_BUTTON]
