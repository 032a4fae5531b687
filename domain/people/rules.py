"""Who may be away for which days, who may leave the company when, and what people are called (R12.1, R12.7). Pure."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.db.models.words import OffKind
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.written import tidy

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Off:
    """Days for which somebody is away, both inclusive. `kind` is one of OffKind, or another program's word."""

    id: uuid.UUID
    kind: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class TakeOff:
    """He is away from `first` to `last`; `instead_of`: the days off that these go on from, in one with them now."""

    first: date
    last: date
    instead_of: tuple[Off, ...]


@dataclass(frozen=True, slots=True)
class AlreadyOff:
    """All of these days are days off already: nothing is to be done."""

    off: Off


def decide_time_off(
    kind: OffKind, first: date, last: date, known: Sequence[Off], policy: Policy, today: date
) -> TakeOff | AlreadyOff | Refused:
    """Time off from `first` to `last`, both inclusive.

    An illness goes on: where it overlaps or follows another one, the two are one. Refused: days that are over, a last
    one before the first, more than the policy has, more than a year ahead, and where it overlaps anything else.
    """
    if last < first:
        return Refused(Refusal.RANGE_REVERSED)
    if first < today:
        return Refused(Refusal.RANGE_PAST)
    if (last - first).days >= (policy.ill_days_most if kind is OffKind.ILL else policy.time_off_days_most):
        return Refused(Refusal.RANGE_TOO_LONG)
    if first > today + policy.time_off_ahead:
        return Refused(Refusal.RANGE_TOO_FAR)
    whole = next((off for off in known if off.first <= first and last <= off.last), None)
    if whole is not None:
        return AlreadyOff(whole)
    overlapping = [off for off in known if off.first <= last and first <= off.last]
    if any(kind is not OffKind.ILL or off.kind != OffKind.ILL for off in overlapping):
        return Refused(Refusal.OFF_ALREADY)
    if kind is not OffKind.ILL:
        return TakeOff(first, last, ())
    one = [off for off in known if off.kind == OffKind.ILL and off.first <= last + DAY and first - DAY <= off.last]
    firsts, lasts = [first, *(off.first for off in one)], [last, *(off.last for off in one)]
    return TakeOff(min(firsts), max(lasts), tuple(one))


@dataclass(frozen=True, slots=True)
class EndOff:
    """He is back: the days off end with `last`; None: they had not begun, and are struck out."""

    off: Off
    last: date | None


def decide_back(off: Off | None, today: date) -> EndOff | Refused:
    """[Back early]: today he is there again. Refused where they are over, or there are none."""
    if off is None or off.last < today:
        return Refused(Refusal.NOT_OFF)
    return EndOff(off, today - DAY if off.first < today else None)


@dataclass(frozen=True, slots=True)
class Employed:
    """A home warehouse from a day until a day, both inclusive; `last` None: for good."""

    warehouse_id: uuid.UUID
    first: date
    last: date | None


def last_day(employments: Sequence[Employed]) -> date | None:
    """The last day of somebody's employment; None: for good, as it is where none was ever recorded (R12.7)."""
    ends = [each.last for each in employments if each.last is not None]
    return max(ends) if ends and len(ends) == len(employments) else None


@dataclass(frozen=True, slots=True)
class Leave:
    """His last day; `employments` are what is to be recorded, in place of what was."""

    last: date
    employments: tuple[Employed, ...]


@dataclass(frozen=True, slots=True)
class LeavesThen:
    """That is his last day already: nothing is to be done."""

    last: date


def decide_leaving(
    last: date,
    announced: date | None,
    employments: Sequence[Employed],
    worked_at: Sequence[uuid.UUID],
    since: date,
    policy: Policy,
    today: date,
) -> Leave | LeavesThen | Refused:
    """Somebody's last day (R12.7). `announced`: the last day that was told before; another one may take its place.

    `employments` are his, as if nothing had been announced. Where none was ever recorded, he is recorded from `since`
    on as one of the warehouses `worked_at`. Refused: a day too long ago or too far ahead, and who has left already.
    """
    if announced == last:
        return LeavesThen(last)
    if last < today - policy.leaving_back:
        return Refused(Refusal.RANGE_PAST)
    if last > today + policy.leaving_ahead:
        return Refused(Refusal.RANGE_TOO_FAR)
    gone_on = announced or last_day(employments)
    if gone_on is not None and gone_on < today:
        return Refused(Refusal.NOT_EMPLOYED)
    recorded = list(employments) or [Employed(warehouse, min(since, last), None) for warehouse in worked_at]
    kept = [
        Employed(each.warehouse_id, each.first, last if each.last is None else min(each.last, last))
        for each in recorded
        if each.first <= last
    ]
    # Somebody who was to begin later never does; without a row he would be employed everywhere since ever.
    never = [Employed(each.warehouse_id, last, last) for each in recorded[:1]]
    return Leave(last, tuple(kept or never))


def decide_stay(announced: date | None, today: date) -> Refused | None:
    """[Stays after all]: as long as his last day is not over. None: nothing is against it."""
    return Refused(Refusal.NOT_LEAVING) if announced is None or announced < today else None


@dataclass(frozen=True, slots=True)
class FullName:
    """A first and a last name."""

    first: str
    last: str

    @property
    def whole(self) -> str:
        return f"{self.first} {self.last}"


def judge_person_name(written: str, policy: Policy) -> FullName | Refused:
    """The first word is the first name, the rest the last. Refused: one word alone, or too long a one."""
    first, _, last = tidy(written).partition(" ")
    return judge_full_name(first, last, policy)


def judge_full_name(first: str, last: str, policy: Policy) -> FullName | Refused:
    """The same, where both are written by themselves."""
    name = FullName(tidy(first), tidy(last))
    fits = all(0 < len(each) <= policy.person_name_most for each in (name.first, name.last))
    return name if fits else Refused(Refusal.BAD_NAME)
