"""The enums of the given model, and our own."""

from enum import IntEnum, StrEnum


class UserRole(StrEnum):
    DRIVER = "driver"
    MANAGER = "manager"


class AssignmentStatus(StrEnum):
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    UNFILLED = "unfilled"


class AssignedBy(StrEnum):
    ALGORITHM = "algorithm"
    MANAGER = "manager"
    BID = "bid"


class BidStatus(StrEnum):
    PENDING = "pending"
    WON = "won"
    LOST = "lost"


class BidWindowStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    RESOLVED = "resolved"


class CancelReason(StrEnum):
    VEHICLE_BREAKDOWN = "vehicle_breakdown"
    MEDICAL_EMERGENCY = "medical_emergency"
    FAMILY_EMERGENCY = "family_emergency"
    TRAFFIC_ACCIDENT = "traffic_accident"
    WEATHER_CONDITIONS = "weather_conditions"
    PERSONAL_EMERGENCY = "personal_emergency"
    OTHER = "other"


class BidWindowMode(StrEnum):
    COMPETITIVE = "competitive"
    INSTANT = "instant"
    EMERGENCY = "emergency"


class NotificationType(StrEnum):
    SHIFT_REMINDER = "shift_reminder"
    BID_OPEN = "bid_open"
    BID_WON = "bid_won"
    BID_LOST = "bid_lost"
    SHIFT_CANCELLED = "shift_cancelled"
    WARNING = "warning"
    MANUAL = "manual"
    SCHEDULE_LOCKED = "schedule_locked"
    ASSIGNMENT_CONFIRMED = "assignment_confirmed"
    ROUTE_UNFILLED = "route_unfilled"
    ROUTE_CANCELLED = "route_cancelled"
    DRIVER_NO_SHOW = "driver_no_show"
    CONFIRMATION_REMINDER = "confirmation_reminder"
    SHIFT_AUTO_DROPPED = "shift_auto_dropped"
    EMERGENCY_ROUTE_AVAILABLE = "emergency_route_available"
    STREAK_ADVANCED = "streak_advanced"
    STREAK_RESET = "streak_reset"
    BONUS_ELIGIBLE = "bonus_eligible"
    CORRECTIVE_WARNING = "corrective_warning"


class ActorType(StrEnum):
    USER = "user"
    SYSTEM = "system"


class Trigger(StrEnum):
    """Why a window was opened (R6.1); text in the given model."""

    SCHEDULE_UNFILLED = "schedule_unfilled"
    CANCELLATION = "cancellation"
    AUTO_DROP = "auto_drop"
    NO_SHOW = "no_show"
    MANAGER = "manager"


class IncidentKind(StrEnum):
    """What went wrong with a shift (R2.4)."""

    EARLY_CANCEL = "early_cancel"
    LATE_CANCEL = "late_cancel"
    AUTO_DROP = "auto_drop"
    NO_SHOW = "no_show"
    REMOVED_BY_MANAGER = "removed_by_manager"
    PROTECTED_ABSENCE = "protected_absence"


class GiveAwayEnd(StrEnum):
    """What became of a shift that its driver wanted to give away (R5.5)."""

    TAKEN = "taken"
    TAKEN_BACK = "taken_back"
    REFUSED = "refused"  # by a manager
    OVER = "over"  # its time, or the shift


class HoldCause(StrEnum):
    """Why no no-show is automatic (R8.6a)."""

    OUTAGE = "outage"  # of ours, so that nobody could act
    MANY = "many"  # are missing at once


class RosterCause(StrEnum):
    """Why a roster is made (R3.2, R3.9)."""

    DEADLINE = "deadline"  # the week's preferences are frozen
    MANAGER = "manager"  # asks for what is still empty to be filled
    PREVIEW = "preview"  # nothing is written but what would be


class GapReason(StrEnum):
    """Why a slot could not be filled (R3.6)."""

    NOBODY = "nobody"  # who may be given a shift prefers it
    TAKEN = "taken"  # those who do are all at their cap, or taken that day
    LOST = "lost"  # it had somebody, for whom it did not hold until it was published
    BIDS = "bids"  # somebody has bid for it: its window decides
    CAME = "came"  # it was no open slot yet when the roster was worked out


class OffKind(StrEnum):
    """Why somebody is away for days (R12.7)."""

    VACATION = "vacation"
    ILL = "ill"
    OTHER = "other"


class Channel(StrEnum):
    TELEGRAM = "telegram"
    SMS = "sms"


class DeliveryState(StrEnum):
    """Where a delivery stands; docs/deliveries.md draws how it moves on."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"  # the network has taken it
    ACKNOWLEDGED = "acknowledged"  # Telegram: its reader has done something since
    ESCALATED = "escalated"  # Telegram: it goes on by SMS, a row of its own
    DELIVERED = "delivered"  # SMS: the carrier says so
    UNDELIVERED = "undelivered"  # SMS: the carrier says so
    FAILED = "failed"
    UNKNOWN = "unknown"  # SMS: nobody knows; looked up before anything else, never sent again blindly (R11.7)
    CANCELLED = "cancelled"  # it lost its point before it was sent (R11.3)
    SUPERSEDED = "superseded"  # SMS: another row tells it, the digest or one by Telegram (R11.4a)
    EXPIRED = "expired"


class Failure(StrEnum):
    """Why a message did not arrive, by class: for the manager who wonders, and for the operator's figures."""

    NO_CHAT = "no_chat"  # Telegram was never linked
    BLOCKED = "blocked"  # Telegram: blocked by the person, or the chat is gone
    NO_ANSWER = "no_answer"  # the network did not take it for too long
    REFUSED = "refused"  # a fault of ours: the same request will never do
    MISCONFIGURED = "misconfigured"  # an operator must put something right
    NO_PHONE = "no_phone"
    SMS_OFF = "sms_off"  # the person has turned SMS off
    OPTED_OUT = "opted_out"  # the person has texted STOP
    NO_SMS = "no_sms"  # SMS is not set up here
    DAY_FULL = "day_full"  # so many SMS to him that day already (R11.5)
    BUDGET = "budget"  # the month's SMS are used up (R11.8)
    BAD_NUMBER = "bad_number"
    CARRIER = "carrier"  # filtered, unreachable, or lost on the way


class Urgency(IntEnum):
    """R11's levels, most urgent first, and behind them the edits of offers that are taken (R11.8)."""

    URGENT = 0
    IMPORTANT = 1
    NORMAL = 2
    TIDYING = 3
