"""Who is flagged, what that costs him and how he comes back; and his weekly cap (R9.2-R9.5). Pure; counts, no rates."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from domain.policy import Policy
from domain.reasons import bad_reason
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Due:
    """So many shifts fell due, and so many of them were completed; what was excused is in neither (R9.1)."""

    due: int
    completed: int

    def share(self) -> Fraction:
        return Fraction(self.completed, self.due) if self.due else Fraction()


@dataclass(frozen=True, slots=True)
class Cap:
    """Why a weekly cap is what it is. `base`: before any of it. `chosen`: by a manager, which nothing overrides."""

    base: int
    rewarded: bool = False
    cut: bool = False
    chosen: int | None = None

    def weekly(self, policy: Policy) -> int:
        if self.chosen is not None:
            return self.chosen
        return max((policy.cap_most if self.rewarded else self.base) - self.cut, policy.cap_least)


@dataclass(frozen=True, slots=True)
class Episode:
    """A flag that stands. `cut_at`, `put_at`: when it cost a shift a week, and was put before a manager."""

    id: uuid.UUID
    flagged_at: datetime
    cut_at: datetime | None = None
    put_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What is judged of a driver. `recent`: what fell due in the last 90 days, `ever`: all that did. `live`: shifts
    that he holds. `unflagged_at`: when a manager last did that; `incident_at`: his last incident that counts.
    """

    id: uuid.UUID
    recent: Due
    ever: Due
    live: int
    cap: Cap
    episode: Episode | None = None
    unflagged_at: datetime | None = None
    incident_at: datetime | None = None


def is_below(of: Due, policy: Policy) -> bool:
    """Whether so few of those that fell due were completed; equal is not below (R9.2)."""
    limit = policy.flag_below_with_few if of.due < policy.flag_few else policy.flag_below
    return of.due >= policy.flag_least and of.share() < limit


def is_rewarded(of: Due, policy: Policy) -> bool:
    """Whether so much attendance earns the most shifts a week (R9.4)."""
    return of.completed >= policy.reward_after and of.share() >= policy.reward_from


def back_after(of: Due, policy: Policy) -> int:
    """How many more shifts he must complete, one after the other, until he is not below any more (R9.3)."""
    more = 0
    while is_below(Due(of.due + more, of.completed + more), policy):
        more += 1
    return more


class Turn(StrEnum):
    """What becomes of a driver's flag."""

    FLAGGED = "flagged"
    CUT = "cut"  # still below after the grace: a shift a week less
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a night changes for a driver. `put`: a manager is to look at it, since he can't recover by himself."""

    turn: Turn | None
    put: bool
    cap: Cap

    def changes(self, facts: DriverFacts) -> bool:
        return self.turn is not None or self.put or self.cap != facts.cap


@dataclass(frozen=True, slots=True)
class Driver:
    """Who is judged, and how he is called."""

    name: str
    language: str | None
    facts: DriverFacts


@dataclass(frozen=True, slots=True)
class Turned:
    """What becomes of one driver; `flag_id`: the flag that it is about, if there is one."""

    driver: Driver
    judged: Judged
    flag_id: uuid.UUID | None


def judge(facts: DriverFacts, policy: Policy, now: datetime) -> Judged:
    """The flag and the cap as they should be now. What a manager has chosen is kept, and so is the rest beside it."""
    below, flag = is_below(facts.recent, policy), facts.episode
    cap = replace(facts.cap, rewarded=is_rewarded(facts.ever, policy), cut=facts.cap.cut and below)
    if flag is None:
        flags = below and not _held_by_a_manager(facts)
        return Judged(Turn.FLAGGED if flags else None, False, cap)
    if not below:
        return Judged(Turn.RECOVERED, False, cap)
    grace_over = now >= flag.flagged_at + policy.cut_after
    cuts = grace_over and flag.cut_at is None
    put = grace_over and flag.put_at is None and facts.live == 0
    return Judged(Turn.CUT if cuts else None, put, replace(cap, cut=cap.cut or cuts))


def relieved(facts: DriverFacts, judged: Judged) -> Judged:
    """Of a judgement, what is to the driver's good: what counts against him waits for the night (R9.2, R10.6)."""
    cap = replace(facts.cap, rewarded=facts.cap.rewarded or judged.cap.rewarded, cut=facts.cap.cut and judged.cap.cut)
    return Judged(Turn.RECOVERED if judged.turn is Turn.RECOVERED else None, False, cap)


def _held_by_a_manager(facts: DriverFacts) -> bool:
    """He has unflagged him, and nothing has happened since that counts (R9.5)."""
    if facts.unflagged_at is None:
        return False
    return facts.incident_at is None or facts.incident_at <= facts.unflagged_at


# -- a manager's word (R9.5)


@dataclass(frozen=True, slots=True)
class CapChosen:
    """His cap, from a manager's hand; None: lifted, so that the rules decide again."""

    chosen: int | None


def bad_cap(chosen: int | None, has_one: bool, policy: Policy) -> Refused | None:
    """What speaks against it: 1 to 6 can be chosen; to lift one there must be one."""
    if chosen is None:
        return None if has_one else Refused(Refusal.NO_CAP_CHOSEN)
    return None if policy.cap_least <= chosen <= policy.cap_most else Refused(Refusal.BAD_CAP)


def decide_cap(cap: Cap, chosen: int | None, reason: str, policy: Policy) -> CapChosen | Refused:
    """A cap that is possible, with a reason."""
    refused = bad_cap(chosen, cap.chosen is not None, policy) or bad_reason(reason, policy)
    return refused or CapChosen(chosen)


def decide_unflag(flag: Episode | None, reason: str, policy: Policy) -> Episode | Refused:
    """A flag that stands is taken back, with a reason."""
    if flag is None:
        return Refused(Refusal.NOT_FLAGGED)
    return bad_reason(reason, policy) or flag
