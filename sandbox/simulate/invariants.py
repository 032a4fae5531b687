"""What must hold after every step, each by the number of its rule: a statement that finds what breaks it, in words.

The statements are in `findings`, `open_slots` and `standings`; the histories of assignments are judged in
`histories`, the awards of windows in `rankings`.
"""

import functools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Date, DateTime, Double, Integer, Interval, SmallInteger, Text, TextClause
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from domain.db.models.words import CancelReason, Urgency
from domain.db.sql import sql
from domain.policy import REDRAWN_EVERY, Policy
from domain.shifts import deadlines
from domain.shifts.outages import Outage
from domain.shifts.rules_of_leaving import PROTECTED
from domain.time import local_day
from sandbox.simulate import findings, histories, open_slots, rankings, rosters, standings

EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the database. `outages`: of ours. `ticked`: whatever was due by then has had several chances
    to be done since; None: it has been done by now.
    """

    policy: Policy
    now: datetime
    since: datetime = EVER
    outages: Sequence[Outage] = ()
    ticked: datetime | None = None


Statement = str  # in SQL; returns a line of words for each violation, or nulls
Check = Callable[[AsyncSession, Facts], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """`in_peace`: it holds only once the networks have been well for a while and nothing is due any more."""

    rule: str
    words: str
    finds: Statement | Check = field(repr=False)
    in_peace: bool = False


_OURS: Final[Mapping[str, TypeEngine[Any]]] = {
    "since": DateTime(timezone=True),
    "ticked": DateTime(timezone=True),
    "today": Date(),
    "late_before": Interval(),
    "reminded_before": Interval(),
    "held_for": Interval(),
    "drops_held_for": Interval(),
    "before": Interval(),
    "outages_since": ARRAY(DateTime(timezone=True)),
    "outages_until": ARRAY(DateTime(timezone=True)),
    "protected": ARRAY(Text()),
    "urgent": SmallInteger(),
    "parcels_most": Integer(),
    "texts_most": Integer(),
    "no_shows": Integer(),
    "late_cancels": Integer(),
    "within": Interval(),
    "stop_back_after": Interval(),
    "check_in_from": Interval(),
    "tiny": Double(),
    "few": Integer(),
    "retell_for": Interval(),
    "redrawn_every": Interval(),
    "hand_back_within": Interval(),
    "hand_back_below": Interval(),
    "cap_most": Integer(),
    "cap_least": Integer(),
    "star_completion": Double(),
}


def _given(facts: Facts) -> dict[str, Any]:
    policy = facts.policy
    from_midnight = datetime.combine(EVER, policy.check_in_from) - datetime.combine(EVER, policy.midnight)
    return {
        "since": facts.since,
        "ticked": facts.ticked or facts.now,
        "today": local_day(facts.now, policy),
        "now": facts.now,
        "late_before": policy.confirm_before,
        "reminded_before": policy.reminded_before,
        "held_for": policy.held_for,
        "drops_held_for": policy.drops_held_for,
        "before": policy.outage_before,
        "outages_since": [each.since for each in facts.outages],
        "outages_until": [each.until or facts.now for each in facts.outages],
        "protected": [reason.value for reason in CancelReason if reason in PROTECTED],
        "urgent": int(Urgency.URGENT),
        "parcels_most": policy.parcels_most,
        "texts_most": policy.sms_a_day_urgent,
        "no_shows": policy.hard_stop_no_shows,
        "late_cancels": policy.hard_stop_late_cancels,
        "within": policy.hard_stop_within,
        "stop_back_after": policy.stop_back_after,
        "check_in_from": from_midnight,
        "tiny": 1e-4,
        "few": policy.missing_few,
        "retell_for": policy.retell_for,
        "redrawn_every": REDRAWN_EVERY,
        "hand_back_within": policy.hand_back_within,
        "hand_back_below": policy.hand_back_below,
        "cap_most": policy.cap_most,
        "cap_least": policy.cap_least,
        "star_completion": float(policy.star_completion),
    } | deadlines.given(policy)


async def legal_histories(session: AsyncSession, facts: Facts) -> list[str]:
    """Each assignment has come to its status by legal steps, which its audit trail tells (R2.3, R13)."""
    return await histories.broken(session, facts.since)


async def best_have_it(session: AsyncSession, facts: Facts) -> list[str]:
    """What the facts of a window's award come to is what it came to (R6.4, R6.5)."""
    return await rankings.broken(session, facts.policy, facts.since)


INVARIANTS: Final = (
    Invariant("R2.1", "a slot has at most one live row", findings.ONE_ROW_A_SLOT),
    Invariant("R2.1", "a driver has at most one live row a day", findings.ONE_SHIFT_A_DAY),
    Invariant("R2.1", "a slot is unfilled or somebody's", findings.HELD_BY_SOMEBODY),
    Invariant("R2.2", "a lost shift has its successor, unless it is over", findings.LOST_HAS_SUCCESSOR),
    Invariant("R2.3", "a status is reached by legal steps, all audited", legal_histories),
    Invariant("R2.4", "nobody is blamed without the rule for it", findings.BLAMED_BY_ITS_RULE),
    Invariant("R2.4", "who leaves or loses a shift stands in the ledger", findings.LOST_IS_IN_THE_LEDGER),
    Invariant("R2.5", "no update failed", findings.NO_UPDATE_FAILED),
    Invariant("R3.2", "a week is given out once", rosters.ONE_A_WEEK),
    Invariant("R3.6", "a roster comes to what it says", rosters.CERTIFIED),
    Invariant("R3.6", "and no more was possible", rosters.PROVEN),
    Invariant("R3.7", "what a roster left empty is open", rosters.GAPS_ARE_OPEN),
    Invariant("R4.1", "nothing is confirmed too late", findings.CONFIRMED_IN_TIME),
    Invariant("R2.4", "nobody is blamed for what he may leave", open_slots.LEFT_WITHOUT_BLAME),
    Invariant("R5.5", "what is given away is taken by one other", open_slots.GIVEN_IS_TAKEN),
    Invariant("R6.1", "a slot has at most one open window", open_slots.ONE_WINDOW_A_SLOT),
    Invariant("R6.1", "open windows are for open slots", open_slots.WINDOWS_ARE_FOR_OPEN_SLOTS),
    Invariant("R6.7", "a resolved window has one winner", open_slots.ONE_WINNER),
    Invariant("R6.5", "windows end in their time", open_slots.WINDOWS_ENDED),
    Invariant("R6.5", "the best of the bidders has it", best_have_it),
    Invariant("R6.5", "each bidder is told once what came of it", open_slots.ONE_OUTCOME_A_BID),
    Invariant("R6.4", "a pending bid waits for an award", open_slots.BIDS_WAIT_FOR_AN_AWARD),
    Invariant("R6.10", "for each award one bid has won", open_slots.ONE_BID_AN_AWARD),
    Invariant("R6.4", "what is handed back was won late, and within the hour", open_slots.HANDED_BACK_IN_TIME),
    Invariant("R6.3", "nobody is over his weekly cap", open_slots.NOBODY_OVER_HIS_CAP),
    Invariant("R8.2", "who arrived was in time", findings.ARRIVED_IN_TIME),
    Invariant("R8.3", "the numbers of parcels add up", findings.PARCELS_ADD_UP),
    Invariant("R8.6a", "nobody is blamed for an outage of ours", findings.NO_BLAME_FOR_OUR_OUTAGE),
    Invariant("R9.2", "who is flagged has a flag that stands", standings.FLAGGED_BY_A_FLAG),
    Invariant("R9.5", "a weekly cap is what its causes come to", standings.CAPPED_BY_A_CAUSE),
    Invariant("R10.6", "what is excused counts nowhere", standings.EXCUSED_IS_NOTHING),
    Invariant("R9.6", "counters say what the ledger says", findings.COUNTERS_FOLLOW_THE_LEDGER),
    Invariant("R10.2", "the pool follows the ledger", findings.POOL_FOLLOWS_THE_LEDGER),
    Invariant("R11.1", "what is in an inbox was sent", findings.NOTED_IS_SENT),
    Invariant("R11.5", "no driver gets more SMS a day than he may", findings.TEXTS_HAVE_A_LIMIT),
    Invariant("R11.5", "who has texted STOP gets none", findings.STOP_IS_HONOURED),
    Invariant("R12.2", "messages are in their own people's chats", findings.IN_HIS_OWN_CHAT),
    Invariant("R12.3", "nobody is told of what is not his affair", findings.TOLD_WHOM_IT_CONCERNS),
    Invariant("R11.7", "every notice has come to its end", findings.EVERY_NOTICE_ENDED, in_peace=True),
    Invariant("R3.2", "each week was given out and told", rosters.GIVEN_OUT, in_peace=True),
    Invariant("R4.3", "what was not confirmed was dropped", findings.DROPS_TOOK_EFFECT, in_peace=True),
    Invariant("R8.6", "who was not there was missed", findings.NO_SHOWS_TOOK_EFFECT, in_peace=True),
    Invariant("R5.5", "nothing is given away any more once it starts", open_slots.GIVE_AWAYS_ENDED, in_peace=True),
    Invariant("R11.1", "there is one home card", findings.ONE_HOME_CARD, in_peace=True),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold, and what it found."""

    invariant: Invariant
    found: list[str]


@functools.cache
def _in_one(invariants: tuple[Invariant, ...]) -> tuple[TextClause, frozenset[str]]:
    """All that are statements, in one: the number of each beside what it finds. And the names of its parameters."""
    parts = [
        f"SELECT {number} AS number, line FROM ({each.finds}) AS found (line) WHERE line IS NOT NULL"  # noqa: S608
        for number, each in enumerate(invariants)
        if isinstance(each.finds, str)
    ]
    whole = " UNION ALL ".join(parts)
    types = {name: kind for name, kind in (dict(_OURS) | deadlines.TYPES).items() if re.search(rf":{name}\b", whole)}
    return sql(whole, **types), frozenset({*types, *(("now",) if ":now" in whole else ())})


async def found(session: AsyncSession, facts: Facts, invariants: tuple[Invariant, ...]) -> list[Broken]:
    """Those of these that do not hold."""
    statement, names = _in_one(invariants)
    given = {name: value for name, value in _given(facts).items() if name in names}
    lines: dict[int, list[str]] = {}
    for number, line in await session.execute(statement, given):
        lines.setdefault(number, []).append(line)
    for number, each in enumerate(invariants):
        if not isinstance(each.finds, str):
            lines[number] = await each.finds(session, facts)
    return [Broken(invariants[number], sorted(those)) for number, those in sorted(lines.items()) if those]


ALWAYS: Final = tuple(each for each in INVARIANTS if not each.in_peace)


async def broken(session: AsyncSession, facts: Facts, *, in_peace: bool) -> list[Broken]:
    """`in_peace`: of all, else of those that hold at any time."""
    return await found(session, facts, INVARIANTS if in_peace else ALWAYS)
