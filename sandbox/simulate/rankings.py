"""Was a window's winner the best of those who could have it? From the facts that its audit entry keeps (R6.4, R6.5).

The formula and the grounds are written down here once more: what the product decides by is not asked.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.policy import Policy

Facts = Mapping[str, Any]

BY_BID: Final = "bid_assign"
NEEDED: Final = ("is_driver", "employed", "may_work_there", "in_pool")
IN_THE_WAY: Final = ("away", "flagged", "left_this_slot", "on_shift", "busy")
SHOWN_WITHIN: Final = 1e-6  # bids keep a score as a real


def score(facts: Facts, policy: Policy) -> float:
    """In double precision, in the model's order."""
    sum_: float = (
        facts["completion_rate"] * policy.weight_completion
        + min(facts["route_completions"] / policy.familiar_after, 1.0) * policy.weight_familiarity
        + facts["attendance_rate"] * policy.weight_attendance
        + facts["prefers_route"] * policy.weight_preference
    )
    return sum_


def may_have_it(facts: Facts) -> bool:
    """Of these facts, R6.3."""
    within_cap = facts["load"] < facts["cap"] or facts["over_cap_allowed"]
    return within_cap and all(facts[each] for each in NEEDED) and not any(facts[each] for each in IN_THE_WAY)


def best(bids: Sequence[Facts], policy: Policy) -> str | None:
    """The driver who is to have it; None: nobody may."""
    fitting = [bid for bid in bids if may_have_it(bid)]
    if not fitting:
        return None
    first = min(
        fitting,
        key=lambda bid: (
            -score(bid, policy),
            bid["load"],
            datetime.fromisoformat(bid["bid_at"]),
            uuid.UUID(bid["bid_id"]),
        ),
    )
    return str(first["driver_id"])


_RESOLVED: Final = sql(
    """
    SELECT to_char(a.date, 'YYYY-MM-DD') || ' ' || route.name AS shift, w.winner_id::text AS winner,
           coalesce(log.changes -> 'facts' -> 'bids', '[]') AS bids, deed.action,
           (SELECT coalesce(jsonb_object_agg(b.id, jsonb_build_array(b.user_id, b.status, b.score)), '{}') FROM bids b
            WHERE b.assignment_id = a.id AND b.resolved_at = log.created_at) AS judged
    FROM audit_logs log JOIN bid_windows w ON w.id = log.entity_id
    JOIN assignments a ON a.id = w.assignment_id JOIN routes route ON route.id = a.route_id
    LEFT JOIN audit_logs deed ON deed.entity_type = 'assignment' AND deed.entity_id = a.id
         AND deed.created_at = log.created_at AND deed.action IN ('bid_assign', 'instant_assign', 'manual_assign')
    WHERE log.entity_type = 'bid_window' AND log.action = 'resolved' AND log.created_at >= :since
    """,
    since=DateTime(timezone=True),
)


async def broken(session: AsyncSession, policy: Policy, since: datetime) -> list[str]:
    """Windows resolved since whose winner, or whose scores, their own facts do not bear out."""
    rows = await session.execute(_RESOLVED, {"since": since})
    return sorted(
        f"{row.shift}: {wrong}"
        for row in rows
        for wrong in _wrong(row.action, row.winner, row.bids, row.judged, policy)
    )


def _wrong(
    action: str | None, winner: str, bids: Sequence[Facts], judged: Mapping[str, Sequence[Any]], policy: Policy
) -> Iterator[str]:
    if action == BY_BID and best(bids, policy) != winner:
        yield "its winner is not the best"
    for bid in bids:
        bid_id, driver_id, own = bid["bid_id"], bid["driver_id"], score(bid, policy)
        if own != bid["score"]:
            yield f"a bid has {bid['score']}, and its facts come to {own}"
        status = "won" if driver_id == winner else "lost"
        found = judged.get(bid_id)
        if found is None or found[:2] != [driver_id, status] or abs(found[2] - own) > SHOWN_WITHIN:
            yield f"a bid should have {status} with {own}, and is {found}"
    if action == BY_BID and len(bids) != len(judged):
        yield f"{len(judged)} have bid, and {len(bids)} were ranked"
