"""The buttons, by subject. `callback` has what they have in common."""

from bot.callbacks import (
    absences,
    arrivals,
    bidding,
    calendar,
    coverage,
    drivers,
    feed,
    filling,
    giving,
    home,
    messages,
    preferences,
    roster,
    settings,
    shifts,
    windows,
)

__all__ = [
    "absences",
    "arrivals",
    "bidding",
    "calendar",
    "coverage",
    "drivers",
    "feed",
    "filling",
    "giving",
    "home",
    "messages",
    "preferences",
    "roster",
    "settings",
    "shifts",
    "windows",
]
