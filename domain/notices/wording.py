"""What can be told, by its kind. The edge hands in the function that words it (R11.1): no prose in here.

The facts of each notice are in `facts`, by subject.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, get_type_hints

from domain.notices.facts.appeals import Appealed, Penalty, PenaltyDecided, Stage
from domain.notices.facts.arrivals import (
    ArrivalsHeld,
    ArrivedLate,
    DriverLate,
    DriverMissing,
    LateAnswered,
    MissingListed,
    NotCheckedIn,
    ShiftMissed,
)
from domain.notices.facts.giving import GiveAwayAsked, GiveAwayEnded, Given, ShiftGiven, ShiftToGive
from domain.notices.facts.health import (
    Becomes,
    BonusAhead,
    DeliversTooLittle,
    PoolDecided,
    PoolLost,
    StarGained,
    StarsLost,
    ToReinstate,
)
from domain.notices.facts.offers import BidLost, Lost, ShiftAssigned, ShiftOffered, ShiftWon
from domain.notices.facts.people import (
    EmploymentEnds,
    EmploymentGoesOn,
    FallbackGone,
    InCharge,
    Invitation,
    LinkMoved,
    NumberChanged,
    OperatorAlert,
    TimeOffEnded,
    TimeOffNoted,
    Written,
)
from domain.notices.facts.routes import (
    Cause,
    HolidayAhead,
    Morning,
    RouteCancelled,
    RouteMoved,
    RouteUnfilled,
    ShiftCancelled,
    TomorrowCover,
)
from domain.notices.facts.shifts import (
    DriverStopped,
    ReviewDecided,
    ShiftDropped,
    ShiftOverdue,
    ShiftReturned,
    ShiftToday,
    ToConfirm,
)
from domain.notices.facts.standing import CapChanged, Flagged, FlagStuck, Unflagged
from domain.notices.facts.weeks import WeekGiven, WeekLocked, WeekOpen, WeekReported
from domain.notices.kinds import Kind

Notice = (
    ShiftOffered
    | ShiftWon
    | ShiftAssigned
    | WeekGiven
    | WeekLocked
    | WeekOpen
    | WeekReported
    | RouteUnfilled
    | TomorrowCover
    | Morning
    | RouteCancelled
    | ShiftToday
    | ToConfirm
    | ShiftDropped
    | ShiftMissed
    | DriverMissing
    | NotCheckedIn
    | MissingListed
    | ArrivalsHeld
    | DriverLate
    | LateAnswered
    | ArrivedLate
    | ShiftReturned
    | ShiftCancelled
    | BidLost
    | HolidayAhead
    | ShiftOverdue
    | DriverStopped
    | ReviewDecided
    | Appealed
    | PenaltyDecided
    | ShiftToGive
    | GiveAwayEnded
    | GiveAwayAsked
    | ShiftGiven
    | PoolLost
    | PoolDecided
    | ToReinstate
    | StarsLost
    | StarGained
    | BonusAhead
    | DeliversTooLittle
    | LinkMoved
    | Written
    | TimeOffNoted
    | TimeOffEnded
    | EmploymentEnds
    | EmploymentGoesOn
    | Flagged
    | Unflagged
    | CapChanged
    | FlagStuck
    | RouteMoved
    | InCharge
    | NumberChanged
    | Invitation
    | FallbackGone
    | OperatorAlert
)
NOTICES: Mapping[Kind, type[Notice]] = {
    Kind.OFFER: ShiftOffered,
    Kind.WON: ShiftWon,
    Kind.ASSIGNED: ShiftAssigned,
    Kind.WEEK: WeekGiven,
    Kind.WEEK_LOCKED: WeekLocked,
    Kind.WEEK_OPEN: WeekOpen,
    Kind.ROUTE_UNFILLED: RouteUnfilled,
    Kind.COVER: TomorrowCover,
    Kind.MANAGER_DIGEST: Morning,
    Kind.ROUTE_CANCELLED: RouteCancelled,
    Kind.REMINDER: ShiftToday,
    Kind.CONFIRM_REMINDER: ToConfirm,
    Kind.DROPPED: ShiftDropped,
    Kind.MISSED: ShiftMissed,
    Kind.NO_SHOW: DriverMissing,
    Kind.NOT_CHECKED_IN: NotCheckedIn,
    Kind.MISSING_LIST: MissingListed,
    Kind.HELD_LIST: ArrivalsHeld,
    Kind.RUNNING_LATE: DriverLate,
    Kind.LATE_ANSWER: LateAnswered,
    Kind.ARRIVED_LATE: ArrivedLate,
    Kind.RESTORED: ShiftReturned,
    Kind.SHIFT_CANCELLED: ShiftCancelled,
    Kind.BID_LOST: BidLost,
    Kind.HOLIDAY: HolidayAhead,
    Kind.OVERDUE: ShiftOverdue,
    Kind.STILL_OUT: ShiftOverdue,
    Kind.STOPPED: DriverStopped,
    Kind.DECIDED: ReviewDecided,
    Kind.APPEALED: Appealed,
    Kind.APPEAL_DECIDED: PenaltyDecided,
    Kind.EXCUSED: PenaltyDecided,
    Kind.GIVE_AWAY: ShiftToGive,
    Kind.GIVE_AWAY_ENDED: GiveAwayEnded,
    Kind.GIVE_AWAY_ASKED: GiveAwayAsked,
    Kind.SHIFT_GIVEN: ShiftGiven,
    Kind.POOL_LOST: PoolLost,
    Kind.POOL_DECIDED: PoolDecided,
    Kind.TO_REINSTATE: ToReinstate,
    Kind.STARS_LOST: StarsLost,
    Kind.STAR_GAINED: StarGained,
    Kind.BONUS_AHEAD: BonusAhead,
    Kind.CORRECTIVE: DeliversTooLittle,
    Kind.LINK_MOVED: LinkMoved,
    Kind.REPORT: WeekReported,
    Kind.MANUAL: Written,
    Kind.BROADCAST: Written,
    Kind.TIME_OFF: TimeOffNoted,
    Kind.TIME_OFF_ENDED: TimeOffEnded,
    Kind.LEAVING: EmploymentEnds,
    Kind.STAYING: EmploymentGoesOn,
    Kind.FLAGGED: Flagged,
    Kind.UNFLAGGED: Unflagged,
    Kind.CAP: CapChanged,
    Kind.FLAG_STUCK: FlagStuck,
    Kind.ROUTE_MOVED: RouteMoved,
    Kind.IN_CHARGE: InCharge,
    Kind.NUMBER_CHANGED: NumberChanged,
    Kind.INVITATION: Invitation,
    Kind.FALLBACK_GONE: FallbackGone,
    Kind.ALERT: OperatorAlert,
}
_READ: Mapping[object, Callable[[Any], object]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    datetime | None: lambda at: datetime.fromisoformat(at) if at else None,
    date | None: lambda on: date.fromisoformat(on) if on else None,
    uuid.UUID: uuid.UUID,
    tuple[str, ...]: tuple,
    Cause: Cause,
    Lost: Lost,
    Given: Given,
    Penalty: Penalty,
    Stage: Stage,
    Becomes: Becomes,
}


def notice_of(data: Mapping[str, Any]) -> Notice:
    """The notice whose facts are kept in an inbox row's `data`."""
    kind = NOTICES[Kind(data["kind"])]
    facts: dict[str, Any] = {
        field.name: _READ[read](data[field.name])
        if (read := get_type_hints(kind)[field.name]) in _READ
        else data[field.name]
        for field in fields(kind)
    }
    return kind(**facts)


class Worded(NamedTuple):
    """Plain text for the given title and body columns."""

    title: str
    body: str


class Wording(Protocol):
    """Words a notice in a language; pure. `languages` are those that people may have; the first is for the rest."""

    @property
    def languages(self) -> tuple[str, ...]: ...

    def __call__(self, notice: Notice, language: str) -> Worded: ...
