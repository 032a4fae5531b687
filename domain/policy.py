"""Every number of the rules, in one frozen object. Nothing else spells one."""

from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

TORONTO = ZoneInfo("America/Toronto")


@dataclass(frozen=True, slots=True)
class Policy:
    """The company's terms. What a setting can change is passed in by the edge; the rest is as the rules say."""

    zone: ZoneInfo = TORONTO  # R1.1

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
