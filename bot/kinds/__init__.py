"""The one table of what Rollcall shows on a phone: each kind's facts, when it has a point, its screen and its SMS.

A message is always rendered from what is true when it is sent or redrawn, never from what was true when it was queued.
"""

from bot.kinds import (
    appeals,
    arrivals,
    calendar,
    coverage,
    digest,
    driven,
    flags,
    giving,
    groups,
    health,
    home,
    offers,
    people,
    places,
    reports,
    roster,
    shifts,
    weeks,
)
from bot.kinds.kind import Kind, Kinds, Load
from domain.policy import Policy

__all__ = ["Kind", "Kinds", "Load", "table_of_kinds"]


def table_of_kinds(policy: Policy, company: str) -> Kinds:
    """The table, for a company: its policy, and its name for the SMS."""
    rooms = (
        home,
        offers,
        shifts,
        weeks,
        arrivals,
        driven,
        giving,
        groups,
        coverage,
        calendar,
        roster,
        flags,
        health,
        people,
        places,
        reports,
        appeals,
    )
    kinds = {name: kind for room in rooms for name, kind in room.kinds(policy, company).items()}
    return {**kinds, **digest.kinds(kinds, company)}
