"""Every number of the rules, in one frozen object. Nothing else spells one."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

TORONTO = ZoneInfo("America/Toronto")
REDRAWN_EVERY = timedelta(seconds=3)  # at most, a manager's board or list; by the database's clock, as every pace


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Somebody's own (R11.4). Nothing chosen: those of the rules; both alike: none at all."""

    begins: time | None = None
    ends: time | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The company's terms. What a setting can change is passed in by the edge; the rest is as the rules say."""

    zone: ZoneInfo = TORONTO  # R1.1

    midnight: time = time(0)
    shift_starts: time = time(7)  # R1.3
    slot_over: time = time(13)  # R1.3, and when an emergency window closes (R6.2)
    day_ends: time = time(23, 59)  # the latest that a manager may extend an emergency window to (R6.2)
    arrive_by: time = time(9)  # R1.3a
    arrive_within: timedelta = timedelta(minutes=90)  # after award or assignment (R1.3a)

    routes_most: int = 3  # that a driver prefers (R3.1)
    freezes_at: time = time(23, 59, 59)  # of Sundays, what drivers prefer (R3.2) …
    roster_ahead: timedelta = timedelta(days=8)  # … for the week whose Monday is so long after
    week_told_at: time = time(12)  # of the Monday after the freeze (R3.8)
    cap: int = 4  # shifts a week that a driver may have (R9.4) …
    cap_most: int = 6  # … and the most that he may ever have, as a reward (R9.4) or by a manager's word (R9.5)
    cap_least: int = 1  # however often he was flagged (R9.3)
    roster_weeks: int = 3  # this one included, whose rosters managers may preview, and fill what is empty (R3.9)
    keep_previews_for: timedelta = timedelta(days=1)

    feed_back: timedelta = timedelta(weeks=4)  # that a driver's own calendar program is told of shifts

    confirm_before: timedelta = timedelta(hours=48)  # the start, at the latest (R1.3a); a later cancellation is late
    confirm_within: timedelta = timedelta(hours=12)  # of an assignment that came late (R1.3a) …
    confirm_lead: timedelta = timedelta(hours=2)  # … but so long before the start
    confirm_least: timedelta = timedelta(minutes=30)  # however late it came
    confirm_opens: timedelta | None = None  # before the start (R4.1); None: as soon as the shift is known

    remind_before: timedelta = timedelta(days=3)  # of the shift (R4.2)
    last_call_before: timedelta = timedelta(hours=14)  # the deadline: from then on a reminder is the last call (R4.2)
    reminded_before: timedelta = timedelta(hours=11)  # the deadline; later, or not at all: nobody is blamed (R4.3)
    wanted_within: timedelta = timedelta(hours=2)  # after a drop: wanted back, it is excused (R4.3)
    go_live_on: date | None = None  # earlier shifts are neither reminded of nor dropped (R4.5)

    outage_least: timedelta = timedelta(minutes=5)  # without an update being processed (R8.6a) …
    outage_before: timedelta = timedelta(hours=1)  # … in so long before arrival is due …
    held_for: timedelta = timedelta(minutes=30)  # … nothing is automatic for so long
    drops_held_for: timedelta = timedelta(minutes=15)  # after an outage
    missing_few: int = 3  # more than this, and than this share of a warehouse, missing at once: the same
    missing_share: float = 0.15
    keep_heartbeats_for: timedelta = timedelta(days=2)

    calendar_ahead: timedelta = timedelta(days=366)  # the furthest day that can be closed (R2.0)
    holidays_ahead: timedelta = timedelta(days=21)  # they are put before managers so long before
    import_lines_most: int = 5000  # of one file
    place_name_most: int = 40  # characters
    address_most: int = 120
    person_name_most: int = 60  # a first or a last one

    check_in_from: time = time(5)  # of the day (R8.2)
    check_before: timedelta = timedelta(minutes=30)  # arriving is due: whoever is not checked in is told so (R8.2a)
    late_before: timedelta = timedelta(minutes=15)  # the latest at which "running late" can be said (R8.5) …
    late_granted: timedelta = timedelta(minutes=30)  # … which grants so long at once, …
    late_choices: tuple[timedelta, ...] = (timedelta(minutes=60), timedelta(minutes=90))  # … a manager up to so long
    late_least: timedelta = timedelta(minutes=15)  # is left to who is refused it: no no-show by surprise
    reason_within: timedelta = timedelta(minutes=5)  # of CANT; then its reason is "other" (R11.6)
    parcels_most: int = 999  # R8.3
    editable_for: timedelta = timedelta(hours=1)  # after completion (R8.3)
    give_away_before: timedelta = timedelta(hours=2)  # the start: until then a shift can be given to a colleague (R5.5)
    cancel_notes_most: int = 500  # characters (R5.1)
    reasons_most: int = 500  # characters of a manager's reason
    review_within: timedelta = timedelta(days=14)  # a protected absence nobody looked at is accepted (R5.3)
    overdue_after: timedelta = timedelta(hours=12)  # arrival, and still not completed: its driver is reminded (R8.7) …
    overdue_told_after: timedelta = timedelta(hours=16)  # … and its managers are told …
    overdue_until: timedelta = timedelta(days=7)  # … of shifts that are no older

    penalties_from: datetime | None = None  # until then incidents are excused, as practice (R9.7)
    flag_within: timedelta = timedelta(days=90)  # what fell due so lately is judged (R9.2) …
    flag_least: int = 5  # … where it is so many shifts
    flag_few: int = (
        10  # with fewer than this the first share is the limit, from there on the second; equal is not below
    )
    flag_below_with_few: Fraction = Fraction(4, 5)
    flag_below: Fraction = Fraction(7, 10)
    cut_after: timedelta = timedelta(days=7)  # of the warning, still below: a shift a week less (R9.3); with no shift
    # left by then, a manager is asked
    reward_after: int = 20  # completed shifts (R9.4) …
    reward_from: Fraction = Fraction(19, 20)  # … with such attendance: the most shifts a week

    points_attendance: int = 50  # of the score (R10.1)
    points_completion: int = 30
    points_reliability: int = 20
    points_lost_each: int = 5  # no-show or late cancellation within `hard_stop_within`
    elite_from: int = 80
    stopped_most: int = 49  # the score while such as stop a driver are within those days (R10.2)
    star_completion: Fraction = Fraction(19, 20)  # of a week (R10.4)
    stars_judged_at: time = time(3, 50)  # of the Monday after it
    stars_most: int = 4  # … and with them the preview of a bonus of so many percent
    star_bonus_percent: int = 10
    correct_below: Fraction = Fraction(4, 5)  # completion (R10.5) …
    correct_every: timedelta = timedelta(days=7)  # … at most
    stop_reminded_after: timedelta = timedelta(hours=12)  # its managers, who are to decide (R10.2) …
    stop_widened_after: timedelta = timedelta(hours=24)  # … all of the warehouse …
    stop_back_after: timedelta = timedelta(hours=72)  # … and undecided then, he is back until it is
    appeal_within: timedelta = timedelta(days=30)  # of what it is about (R10.6)
    appeal_decided_within: timedelta = timedelta(hours=72)
    appeal_most: int = 500  # characters of a driver's reason

    hard_stop_no_shows: int = 1  # within these days a driver is out of the pool (R10.2)
    hard_stop_late_cancels: int = 2
    hard_stop_within: timedelta = timedelta(days=30)

    board_days_back: int = 7  # that a manager may look at how the shifts of a day stand …
    board_days_ahead: int = 14  # … and ahead
    map_back: timedelta = timedelta(weeks=8)  # that a manager may look at his routes on a map, day by day …
    map_ahead: timedelta = timedelta(weeks=5)  # … and ahead
    cover_from: time = time(18)  # of the evening before (R11.4a); after midnight it has lost its point

    competitive_above: timedelta = timedelta(hours=30)  # to the start: then a window is competitive (R6.2)
    competitive_for: timedelta = timedelta(hours=48)
    competitive_lead: timedelta = timedelta(hours=24)  # it closes so long before the start at the latest

    emergency_bonus_percent: int = 20  # R6.2
    bonus_percent_most: int = 100

    wave_size: int = 30  # R6.3
    wave_every_emergency: timedelta = timedelta(minutes=1)
    wave_every: timedelta = timedelta(minutes=5)
    few_locals: int = 10  # fewer than this: everyone eligible is told

    weight_completion: float = 0.4  # R6.4, and the given model's formula
    weight_familiarity: float = 0.3
    weight_attendance: float = 0.2
    weight_preference: float = 0.1
    familiar_after: int = 20  # completions of a route
    hand_back_below: timedelta = timedelta(hours=48)  # to the start: an award so late can be handed back (R6.4) …
    hand_back_within: timedelta = timedelta(minutes=60)  # … so long after it
    bids_shown_for: timedelta = timedelta(days=28)  # to who has placed them, after their result

    ill_days_most: int = 60  # in one range (R12.7)
    time_off_days_most: int = 366
    time_off_ahead: timedelta = timedelta(days=366)  # of its first day
    leaving_back: timedelta = timedelta(days=31)  # so long ago a last day may have been, at the most …
    leaving_ahead: timedelta = timedelta(days=366)  # … or be to come

    invite_good_for: timedelta = timedelta(days=7)  # R12.2
    invite_again_after: timedelta = timedelta(seconds=10)  # a press so soon after a link is the same one, made twice
    keep_updates_for: timedelta = timedelta(days=7)  # Telegram repeats an update for a day at the most
    keep_invites_for: timedelta = timedelta(days=30)

    urgent_within: timedelta = timedelta(minutes=4)  # unsent or unanswered so long, it goes by SMS (R11.2)
    important_within: timedelta = timedelta(minutes=30)
    pass_on_after: timedelta = timedelta(minutes=10)  # of the SMS: to the warehouse's other managers
    quiet_from: time = time(21)  # R11.4
    quiet_until: time = time(6)
    quiet_until_when_free: time = time(8)  # what is not urgent, on days without a shift
    look_at_shift_every: timedelta = timedelta(minutes=15)  # where an active shift holds a normal SMS
    quiet_choices: tuple[QuietHours, ...] = (  # what people may choose from
        QuietHours(),
        QuietHours(time(20), time(6)),
        QuietHours(time(22), time(7)),
        QuietHours(time(23), time(8)),
        QuietHours(time(0), time(0)),
    )
    away_ends: time = time(6)  # of the day on which a manager is back (R11.4a)
    away_days: int = 14  # the longest that he may choose
    managers_ring_within: timedelta = timedelta(hours=12)  # of the start that it is about
    sms_a_day: int = 10  # to one driver (R11.5)
    sms_a_day_urgent: int = 20
    sms_monthly_budget: int | None = None  # segments (R11.8); None: no limit
    budget_alert_percent: int = 80
    code_good_for: timedelta = timedelta(days=1)  # in an SMS (R11.6), if what it stands for has no end of its own
    help_once_in: timedelta = timedelta(days=1)  # unknown words by SMS are answered once in this time
    keep_sms_for: timedelta = timedelta(days=90)
    retell_for: timedelta = timedelta(days=7)  # what a digest did not bring is in the next ones for so long

    message_most: int = 1000  # characters that a manager may write to people
    draft_good_for: timedelta = timedelta(days=1)  # then it is not sent any more, and is removed
