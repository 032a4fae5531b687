"""What is told of flags and weekly caps (R9.2-9.5)."""

import uuid
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Flagged:
    """The reader gets no new shifts for now: of those that fell due in so many `days` he has completed too few.

    `back_after`: so many more, completed one after the other, bring him back; still below on `cut_on`, it costs a shift
    a week.
    """

    due: int
    completed: int
    days: int
    back_after: int
    cut_on: date


@dataclass(frozen=True, slots=True)
class Unflagged:
    """The reader gets new shifts again, so many a week. `by`: a manager's word, with his `reason`; null: recovered."""

    cap: int
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CapChanged:
    """The reader may have so many shifts a week. `why`: a word of `CAP_CHANGES`; `reason`: a manager's."""

    cap: int
    why: str
    by: str | None = None
    reason: str | None = None


CAP_CUT, CAP_RESTORED, CAP_REWARDED, CAP_NORMAL = "cut", "restored", "rewarded", "normal"
CAP_CHOSEN, CAP_LIFTED = "chosen", "lifted"
CAP_UNCUT = "uncut"  # the flag that has cost it was taken back
CAP_CHANGES = (CAP_CUT, CAP_RESTORED, CAP_REWARDED, CAP_NORMAL, CAP_CHOSEN, CAP_LIFTED, CAP_UNCUT)


@dataclass(frozen=True, slots=True)
class FlagStuck:
    """A flagged driver has no shift left by which to recover; to his managers, who can help him."""

    driver_id: uuid.UUID
    driver: str
    due: int
    completed: int
    since: date
