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


class Channel(StrEnum):
    TELEGRAM = "telegram"
    SMS = "sms"


class DeliveryState(StrEnum):
    """Where a delivery stands. The last five are ends."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"  # it lost its point before it was sent (R11.3)
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"  # an SMS whose outcome nobody knows is never sent again blindly (R11.7)


class Urgency(IntEnum):
    """R11's levels, most urgent first, and behind them the edits of offers that are taken (R11.8)."""

    URGENT = 0
    IMPORTANT = 1
    NORMAL = 2
    TIDYING = 3
