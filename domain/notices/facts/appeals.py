"""What is told of appeals and excuses (R10.6)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Penalty(StrEnum):
    """What is held against a driver: an incident, or a flag."""

    NO_SHOW = "no_show"
    LATE_CANCEL = "late_cancel"
    AUTO_DROP = "auto_drop"
    FLAG = "flag"


class Stage(StrEnum):
    """How far an appeal has come."""

    OPENED = "opened"
    REMINDED = "reminded"  # half of its time is over
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Appealed:
    """A driver appeals; to the managers, who are to decide by `decide_by`. A flag is about no single shift."""

    what: Penalty
    route: str | None
    warehouse: str | None
    on: date | None
    driver: str
    decide_by: datetime
    stage: Stage


@dataclass(frozen=True, slots=True)
class PenaltyDecided:
    """A manager has excused what was held against the reader, or has not; `reason`: in the manager's words.

    `free`: the reader can get new shifts now.
    """

    what: Penalty
    route: str | None
    warehouse: str | None
    on: date | None
    excused: bool
    reason: str
    free: bool
