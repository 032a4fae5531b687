"""The reasons for refusing. No prose: the edge says them in the reader's language."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    # anything: also for what lies outside the actor's warehouses (R12.3)
    NOT_FOUND = "not_found"

    # opening an emergency window
    NOT_UNFILLED = "not_unfilled"
    DAY_OVER = "day_over"
    SAY_UNTIL = "say_until"  # at or after 13:00 a manager says until when (R6.2)
    BAD_BONUS = "bad_bonus"
    BIDDING_OPEN = "bidding_open"
    WINDOW_OVER = "window_over"
    NOBODY_CAPPED = "nobody_capped"

    # taking a shift (R6.3)
    TAKEN = "taken"
    CLOSED = "closed"
    NOT_A_DRIVER = "not_a_driver"
    NOT_EMPLOYED = "not_employed"
    AWAY = "away"
    WAREHOUSE_NOT_HIS = "warehouse_not_his"
    FLAGGED = "flagged"
    OUT_OF_POOL = "out_of_pool"
    LEFT_THIS_SLOT = "left_this_slot"
    ON_SHIFT = "on_shift"
    BUSY = "busy"
    AT_CAP = "at_cap"

    # a driver's own shift (R4, R5, R8)
    NOT_CONFIRMABLE_YET = "not_confirmable_yet"
    TOO_LATE_TO_CONFIRM = "too_late_to_confirm"
    NOT_CONFIRMED = "not_confirmed"
    NOT_TODAY = "not_today"
    TOO_EARLY = "too_early"
    ARRIVED_TOO_LATE = "arrived_too_late"  # its time was over: [I'm here, late] tells the manager (R8.6)
    NOT_ARRIVED = "not_arrived"
    ARRIVED_ALREADY = "arrived_already"
    NOT_LOADED = "not_loaded"
    COMPLETED_ALREADY = "completed_already"
    NO_LONGER_EDITABLE = "no_longer_editable"
    BAD_PARCELS = "bad_parcels"
    SHIFT_GONE = "shift_gone"  # cancelled, dropped, or given to somebody else
    NOTES_TOO_LONG = "notes_too_long"

    # writing to people
    NOBODY_CALLED_SO = "nobody_called_so"
    NO_TEXT = "no_text"
    TEXT_TOO_LONG = "text_too_long"
    RECIPIENT_GONE = "recipient_gone"
    DRAFT_GONE = "draft_gone"  # unknown, another's, or too old

    # one's own settings
    NO_SUCH_CHOICE = "no_such_choice"
    NOT_A_MANAGER = "not_a_manager"

    # creating people (R12.1)
    BAD_NAME = "bad_name"
    BAD_PHONE = "bad_phone"
    PHONE_IS_A_DRIVERS = "phone_is_a_drivers"
    NO_SUCH_WAREHOUSE = "no_such_warehouse"

    # linking (R12.2)
    LINK_NOT_GOOD = "link_not_good"
    CHAT_IS_ANOTHERS = "chat_is_anothers"


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, and nothing was written."""

    why: Refusal
