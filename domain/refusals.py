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
    WINDOW_OVER = "window_over"
    NOBODY_CAPPED = "nobody_capped"
    NO_BIDS = "no_bids"  # that could be decided early
    NOT_LATER = "not_later"  # only an emergency is extended, to a full hour that is left, or to 23:59

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
    BID_FOR = "bid_for"  # others have bid, so who had it before bids for it as they do (R4.3)
    ACCEPT_INSTEAD = "accept_instead"  # it is not bid for (any more): whoever accepts first has it

    # a driver's own shift (R4, R5, R8)
    NOT_CONFIRMABLE_YET = "not_confirmable_yet"
    TOO_LATE_TO_CONFIRM = "too_late_to_confirm"
    NOT_CONFIRMED = "not_confirmed"
    NOT_TODAY = "not_today"
    TOO_EARLY = "too_early"
    ARRIVED_TOO_LATE = "arrived_too_late"  # its time was over: [I'm here, late] tells the manager (R8.6)
    TOO_LATE_TO_SAY = "too_late_to_say"  # that he is running late (R8.5)
    NOT_ARRIVED = "not_arrived"
    ARRIVED_ALREADY = "arrived_already"
    NOT_LOADED = "not_loaded"
    COMPLETED_ALREADY = "completed_already"
    NO_LONGER_EDITABLE = "no_longer_editable"
    BAD_MINUTES = "bad_minutes"  # of being late: none, or more than anybody can grant
    BAD_PARCELS = "bad_parcels"
    HOLD_OVER = "hold_over"  # no-shows are automatic again (R8.6a)
    TOO_LATE_TO_GIVE = "too_late_to_give"  # away (R5.5)
    OFFERED_ALREADY = "offered_already"
    GIVE_AWAY_OVER = "give_away_over"  # taken back, refused, or its time or the shift is over
    CHANGED_HIS_MIND = "changed_his_mind"  # who has asked: he does not want to drive that day any more
    ANOTHER_ASKS = "another_asks"  # than the one whom a manager has decided on
    OWN_SHIFT = "own_shift"  # that he gives away himself
    SHIFT_GONE = "shift_gone"  # cancelled, dropped, or given to somebody else
    AGREED_ALREADY = "agreed_already"  # what a manager has given him can't be declined any more (R4.4) …
    NOT_DECLINABLE = "not_declinable"  # … or was given early enough to be cancelled as usual
    TOO_LATE_TO_HAND_BACK = "too_late_to_hand_back"  # or never possible: it can still be cancelled
    NOTES_TOO_LONG = "notes_too_long"
    NO_REASON = "no_reason"
    DECIDED_ALREADY = "decided_already"  # the absence, by another manager or by time

    # appeals, and excusing (R10.6)
    APPEALED_ALREADY = "appealed_already"
    NOTHING_COUNTS = "nothing_counts"  # (any more): what happened was excused, or the flag is gone
    TOO_LATE_TO_APPEAL = "too_late_to_appeal"
    # how a driver stands (R9.5)
    BAD_CAP = "bad_cap"  # fewer than one shift a week, or more than anybody may have
    NO_CAP_CHOSEN = "no_cap_chosen"  # that could be lifted
    NOT_FLAGGED = "not_flagged"
    NOT_STOPPED = "not_stopped"  # he is in the pool already (R10.3)

    # the calendar (R2.0)
    DAY_PAST = "day_past"
    DAY_TOO_FAR = "day_too_far"
    CLOSED_ALREADY = "closed_already"
    RUNS_ALREADY = "runs_already"
    DOES_NOT_RUN = "does_not_run"  # that day by its weekdays
    NAME_TAKEN = "name_taken"
    # warehouses and routes (R12.5)
    BAD_ADDRESS = "bad_address"
    THERE_ALREADY = "there_already"  # the route is of that warehouse
    CLOSED_THERE = "closed_there"  # the other warehouse, on a day of the route's that has a slot
    # rosters (R3.9)
    WEEK_OUT_OF_RANGE = "week_out_of_range"
    NOTHING_EMPTY = "nothing_empty"

    # time off, and leaving the company (R12.7)
    RANGE_REVERSED = "range_reversed"
    RANGE_PAST = "range_past"
    RANGE_TOO_LONG = "range_too_long"
    RANGE_TOO_FAR = "range_too_far"
    OFF_ALREADY = "off_already"  # some of these days, and not for the same reason
    NOT_OFF = "not_off"
    NOT_LEAVING = "not_leaving"
    # being made anonymous (R12.6)
    STILL_EMPLOYED = "still_employed"
    STILL_HAS_SHIFTS = "still_has_shifts"

    # what he prefers (R3.1), and warehouses that are open to him (R6.3)
    NO_SUCH_ROUTE = "no_such_route"  # (any more)
    PREFERRED_ALREADY = "preferred_already"
    ROUTES_FULL = "routes_full"
    HOME_ALREADY = "home_already"
    PREFERS_ROUTE_THERE = "prefers_route_there"

    # writing to people
    NOBODY_CALLED_SO = "nobody_called_so"
    NO_TEXT = "no_text"
    TEXT_TOO_LONG = "text_too_long"
    RECIPIENT_GONE = "recipient_gone"
    NOBODY_THERE = "nobody_there"  # no driver who could be told
    DRAFT_GONE = "draft_gone"  # unknown, another's, or too old

    # one's own settings
    NO_SUCH_CHOICE = "no_such_choice"
    NOT_A_MANAGER = "not_a_manager"

    # creating people (R12.1)
    BAD_NAME = "bad_name"
    BAD_PHONE = "bad_phone"
    PHONE_TAKEN = "phone_taken"  # it is somebody's already, whoever that is
    NOT_LINKED_YET = "not_linked_yet"  # somebody else still has a link with which he would be he
    LAST_MANAGER = "last_manager"  # of a warehouse, which is never without one
    PHONE_IS_A_DRIVERS = "phone_is_a_drivers"
    NO_SUCH_WAREHOUSE = "no_such_warehouse"

    # linking (R12.2)
    LINK_NOT_GOOD = "link_not_good"
    CONTACT_NOT_GOOD = "contact_not_good"  # whatever the reason: strangers learn nothing
    CHAT_IS_ANOTHERS = "chat_is_anothers"


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, and nothing was written."""

    why: Refusal
