"""The end of a competitive window: of those who have bid, the best who may still have the slot gets it (R6.5)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.bidding import queries
from domain.bidding.awarding import OpenSlot, Winner, award, shown
from domain.bidding.rules import Bidder, WindowFacts, first_eligible
from domain.db.models.words import AssignedBy, AssignmentStatus
from domain.notices import actions as notices
from domain.notices.facts.offers import ShiftWon
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Resolved:
    """The slot is the winner's; `bidders`: of how many."""

    window_id: uuid.UUID
    assignment_id: uuid.UUID
    winner_id: uuid.UUID
    bidders: int


@dataclass(frozen=True, slots=True)
class NobodyEligible:
    """Nobody has bid who may have it, or it is no longer to be had; nothing was written. `bidders` are locked."""

    window: WindowFacts
    bidders: tuple[Bidder, ...]


async def resolve_window(
    session: AsyncSession, window_id: uuid.UUID, actor_id: uuid.UUID | None, say: Wording, policy: Policy, now: datetime
) -> Resolved | NobodyEligible:
    """Awards an open competitive window that the caller has locked: at its close, or when a manager closes it early.

    `actor_id` None: its time has come. Locks the assignment, then all who have bid in one statement ordered by id; so
    whoever was flagged, given another shift or brought to his cap before is passed over, and who is afterwards keeps
    it. The winner and every other bidder are told, once. The statements are constant in number.
    """
    window = await queries.with_slot_locked(session, window_id)
    bidders = await queries.bidders_locked(session, window, policy)
    best = first_eligible(bidders, policy)
    if best is None or window.slot_status is not AssignmentStatus.UNFILLED:
        return NobodyEligible(window, tuple(bidders))
    slot, arrive_by = OpenSlot.of(window), time.arrive_by(window.on, now, policy)
    winner = Winner(best.standing, AssignedBy.BID, confirmed=True, arrive_by=arrive_by)
    await award(session, slot, winner, bidders, actor_id, "bid_assign", say, policy, now)
    starts_at = time.shift_start(window.on, policy)
    won = ShiftWon(window.route, window.warehouse, window.on, starts_at, arrive_by, window.bonus_percent)
    winner_id, envelope = best.standing.driver_id, notices.Envelope(Kind.WON, window.assignment_id)
    await notices.tell(session, [winner_id], won, envelope, say, policy, now)
    await shown(session, slot, winner_id, bidders, now)
    return Resolved(window_id, window.assignment_id, winner_id, len(bidders))
