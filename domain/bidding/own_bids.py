"""A driver's own bids, what became of them, and why (R6.8)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, Interval, Row, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.awarding import bidders_from
from domain.bidding.gaps import Gap, gap
from domain.bidding.rules import OwnScore, first_refusal, own_score
from domain.db.models.words import AssignedBy, BidStatus, BidWindowStatus
from domain.db.sql import sql
from domain.pages import nearest
from domain.policy import Policy
from domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class OwnBid:
    """A bid, or the acceptance of an offer. `window_id`: through which it was placed. `decided_at`: when it is, or was.

    `taken`: it was lost, and somebody has got the slot by it. `open_by`: the window through which the slot is open now.
    """

    window_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    status: BidStatus
    accepted: bool
    taken: bool
    decided_at: datetime
    open_by: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class OwnBids:
    """Some of a driver's bids: those that wait first, then the latest results; `total` counts all."""

    bids: tuple[OwnBid, ...]
    total: int
    page: int
    pages: int


# A bid belongs to the slot, which may have had several windows: it was placed in the latest that was open then.
_OWN_BIDS = sql(
    """
    SELECT w.id AS window_id, r.name AS route, h.name AS warehouse, a.date AS "on", b.status::text,
           b.status = 'won' AND w.mode <> 'competitive' AS accepted, coalesce(w.winner_id <> b.user_id, false) AS taken,
           coalesce(b.resolved_at, b.window_closes_at) AS decided_at, now_open.id AS open_by, count(*) OVER () AS total
    FROM bids b
    JOIN assignments a ON a.id = b.assignment_id
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses h ON h.id = a.warehouse_id
    JOIN LATERAL (
        SELECT id, mode, winner_id FROM bid_windows WHERE assignment_id = a.id AND opens_at <= b.bid_at
        ORDER BY opens_at DESC, id LIMIT 1
    ) AS w ON true
    LEFT JOIN LATERAL (
        SELECT again.id FROM assignments slot
        JOIN bid_windows again ON again.assignment_id = slot.id AND again.status = 'open' AND again.closes_at > :now
        WHERE slot.route_id = a.route_id AND slot.date = a.date AND slot.status = 'unfilled'
    ) AS now_open ON true
    WHERE b.user_id = :driver AND (b.status = 'pending' OR b.resolved_at >= CAST(:now AS timestamptz) - :shown_for)
    ORDER BY b.status = 'pending' DESC, CASE b.status WHEN 'pending' THEN b.window_closes_at END, b.resolved_at DESC,
             b.id
    LIMIT :per_page OFFSET :skip
    """,
    driver=Uuid(),
    shown_for=Interval(),
    per_page=Integer(),
    skip=Integer(),
)


async def own_bids(
    session: AsyncSession, driver_id: uuid.UUID, page: int, per_page: int, policy: Policy, now: datetime
) -> OwnBids:
    """The driver's bids that wait for their result, and those of the last four weeks that have one."""
    page = max(page, 0)
    given = {"driver": driver_id, "shown_for": policy.bids_shown_for, "per_page": per_page, "now": now}
    rows = (await session.execute(_OWN_BIDS, given | {"skip": page * per_page})).all()
    if not rows and page > 0:  # an old button
        return await own_bids(session, driver_id, 0, per_page, policy, now)
    total = rows[0].total if rows else 0
    bids = tuple(_own(row) for row in rows)
    return OwnBids(bids, total, *nearest(page, total, per_page))


def _own(row: Row[Any]) -> OwnBid:
    return OwnBid(
        window_id=row.window_id,
        route=row.route,
        warehouse=row.warehouse,
        on=row.on,
        status=BidStatus(row.status),
        accepted=row.accepted,
        taken=row.taken,
        decided_at=row.decided_at,
        open_by=row.open_by,
    )


class Outcome(StrEnum):
    """What became of a bid."""

    PENDING = "pending"
    WON = "won"
    ACCEPTED = "accepted"  # he was the first to accept: no score came into it
    OUTRANKED = "outranked"
    BARRED = "barred"  # he could not take it any more when it was awarded
    GIVEN = "given"  # to him, by a manager
    BY_HAND = "by_hand"  # a manager has given it to somebody else
    QUICKER = "quicker"  # it went on without bids, and somebody else has accepted
    NOBODY = "nobody"  # it went on without bids, or was closed, and nobody had it


@dataclass(frozen=True, slots=True)
class Why:
    """Why a driver got a shift or did not (R6.8). Nothing of it is about another driver.

    `score`, `rank` (1 is first) and `of`: where it was awarded by score. `refusal`: why he could not have it.
    """

    window_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    outcome: Outcome
    score: OwnScore | None = None
    rank: int = 0
    of: int = 0
    refusal: Refusal | None = None
    gap: Gap | None = None


_WINDOW = sql(
    """
    SELECT w.id, r.name AS route, h.name AS warehouse, a.date AS "on", w.status::text, w.winner_id,
           a.assigned_by::text, b.status::text AS bid, b.status = 'won' AND w.mode <> 'competitive' AS accepted,
           (SELECT log.changes -> 'facts' FROM audit_logs log
            WHERE log.entity_type = 'bid_window' AND log.entity_id = w.id AND log.action = 'resolved'
            ORDER BY log.created_at DESC LIMIT 1) AS facts
    FROM bid_windows w
    JOIN assignments a ON a.id = w.assignment_id
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses h ON h.id = a.warehouse_id
    JOIN LATERAL (
        SELECT status FROM bids WHERE assignment_id = a.id AND user_id = :driver
        ORDER BY bid_at DESC, id LIMIT 1
    ) AS b ON true
    WHERE w.id = :window
    """,
    driver=Uuid(),
    window=Uuid(),
)


async def why(session: AsyncSession, driver_id: uuid.UUID, window_id: uuid.UUID, policy: Policy) -> Why | None:
    """Why he won or lost what he has bid for, from what was kept with the award; None: he has not bid for it."""
    row = (await session.execute(_WINDOW, {"driver": driver_id, "window": window_id})).one_or_none()
    if row is None:
        return None
    what = (row.id, row.route, row.warehouse, row.on)
    if row.bid == BidStatus.PENDING:
        return Why(*what, Outcome.PENDING)
    if row.accepted:
        return Why(*what, Outcome.ACCEPTED)
    bidders = bidders_from(row.facts) if row.facts else []
    own = next((each for each in bidders if each.standing.driver_id == driver_id), None)
    if own is None:
        return Why(*what, _without_ranking(row))
    score, rank = own_score(own.standing, policy), bidders.index(own) + 1
    winner = next((each for each in bidders if each.standing.driver_id == row.winner_id), None)
    refusal, by_hand = first_refusal(own.standing), row.assigned_by == AssignedBy.MANAGER
    if winner is own:
        return Why(*what, Outcome.GIVEN if by_hand else Outcome.WON, score, rank, len(bidders))
    if by_hand or winner is None:
        return Why(*what, Outcome.BY_HAND, score, rank, len(bidders))
    if refusal is not None:
        return Why(*what, Outcome.BARRED, score, rank, len(bidders), refusal=refusal)
    return Why(*what, Outcome.OUTRANKED, score, rank, len(bidders), gap=gap(own, winner, policy))


def _without_ranking(row: Row[Any]) -> Outcome:
    """His bid was lost before anybody was awarded it by score."""
    if row.winner_id is None or row.status != BidWindowStatus.RESOLVED:
        return Outcome.NOBODY
    return Outcome.BY_HAND if row.assigned_by == AssignedBy.MANAGER else Outcome.QUICKER
