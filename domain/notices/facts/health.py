"""What is told of a driver's standing: hard stops, stars, and how much he delivers (R10)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PoolLost:
    """So many late cancellations within 30 days: the reader gets no new shifts until a manager has decided (R10.2)."""

    late_cancels: int
    days: int


class Becomes(StrEnum):
    """What becomes of a driver who was stopped."""

    REINSTATED = "reinstated"
    KEPT_OUT = "kept_out"
    BACK_UNDECIDED = "back_undecided"  # nobody has decided in time: he is back until somebody does


@dataclass(frozen=True, slots=True)
class PoolDecided:
    """What became of the reader's hard stop (R10.2, R10.3); by a manager with his reason, or by the clock."""

    becomes: Becomes
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ToReinstate:
    """A driver is out of the pool, and a manager is to decide by then; `hours`: since when he waits (R10.2)."""

    driver: str
    stopped_at: datetime
    decide_by: datetime
    hours: int = 0


@dataclass(frozen=True, slots=True)
class StarsLost:
    """By a hard stop (R10.2)."""

    stars: int


@dataclass(frozen=True, slots=True)
class StarGained:
    """By a week in which everything went well (R10.4)."""

    stars: int
    most: int


@dataclass(frozen=True, slots=True)
class BonusAhead:
    """The last star: a preview of a bonus of so many percent, which nobody promises (R10.4)."""

    percent: int
    stars: int


@dataclass(frozen=True, slots=True)
class DeliversTooLittle:
    """Of what the reader has loaded less was delivered than is `wanted`, in percent (R10.5)."""

    wanted: int
