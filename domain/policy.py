"""Every number of the rules, in one frozen object. Nothing else spells one."""

from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

TORONTO = ZoneInfo("America/Toronto")


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

    emergency_bonus_percent: int = 20  # R6.2
    bonus_percent_most: int = 100

    wave_size: int = 30  # R6.3
    wave_every_emergency: timedelta = timedelta(minutes=1)
    few_locals: int = 10  # fewer than this: everyone eligible is told

    weight_completion: float = 0.4  # R6.4, and the given model's formula
    weight_familiarity: float = 0.3
    weight_attendance: float = 0.2
    weight_preference: float = 0.1
    familiar_after: int = 20  # completions of a route

    invite_good_for: timedelta = timedelta(days=7)  # R12.2
    keep_updates_for: timedelta = timedelta(days=7)  # Telegram repeats an update for a day at the most
    keep_invites_for: timedelta = timedelta(days=30)

    urgent_within: timedelta = timedelta(minutes=4)  # unsent or unanswered so long, it goes by SMS (R11.2)
    important_within: timedelta = timedelta(minutes=30)
    pass_on_after: timedelta = timedelta(minutes=10)  # of the SMS: to the warehouse's other managers
    quiet_from: time = time(21)  # R11.4
    quiet_until: time = time(6)
    quiet_until_when_free: time = time(8)  # what is not urgent, on days without a shift
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
    owners: tuple[str, ...] = ()  # phones of the managers who are told when an operator must act (R12.5a)
    code_good_for: timedelta = timedelta(days=1)  # in an SMS (R11.6), if what it stands for has no end of its own
    help_once_in: timedelta = timedelta(days=1)  # unknown words by SMS are answered once in this time
    keep_sms_for: timedelta = timedelta(days=90)

    message_most: int = 1000  # characters that a manager may write to people
    draft_good_for: timedelta = timedelta(days=1)  # then it is not sent any more, and is removed
