"""How windows end: by the clock or by a manager's hand they are awarded, go on in another mode, or are closed (R6.5,
R6.6, R6.9); and how an emergency lasts longer."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import queries as bidding
from domain.bidding.awarding import OpenSlot, lose_all, tell_lost
from domain.bidding.resolving import NobodyEligible, Resolved, resolve_window
from domain.bidding.rules import Bidder, WindowFacts
from domain.coverage import queries
from domain.coverage.reopening import change_mode
from domain.coverage.rules import Opening, decide_extension
from domain.db.models import BidWindow, WindowWaves
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus
from domain.db.sql import Find, sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.offers import Lost
from domain.notices.facts.routes import RouteUnfilled
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_to_tell
from domain.policy import Policy
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class ClosedEmpty:
    """The window's time came, and nobody had taken the slot through it."""

    window_id: uuid.UUID
    unfilled: bool  # still; another program may have filled the slot, or closed it
    told: int  # managers


@dataclass(frozen=True, slots=True)
class BecameInstant:
    """Nobody has bid who may have it: whoever accepts first has it, until it starts."""

    window_id: uuid.UUID


Ended = Resolved | BecameInstant | ClosedEmpty


_DUE = sql(
    """
    SELECT id, mode = 'competitive' AS awards FROM bid_windows WHERE status = 'open' AND closes_at <= :now
    ORDER BY closes_at, id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE SKIP LOCKED
    """,
    pass_by=Integer(),
)


def due_window(now: datetime, pass_by: int = 0) -> Find:
    """One whose time has come: its id, and whether its bids are awarded."""
    return _DUE, {"now": now, "pass_by": pass_by}


async def close_due_window(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Ended | None:
    """Ends one window whose time has come (R6.5, R6.6); None where there is none.

    A competitive one is awarded; where nobody has bid who may have the slot it becomes instant, and closes when the
    shift starts. Any other is closed, and the route's manager told, once. What others hold is passed by, and so are the
    first `pass_by` of what is due.
    """
    due = (await session.execute(*due_window(now, pass_by))).one_or_none()
    if due is None:
        return None
    if not due.awards:
        return await _close(session, await bidding.window(session, due.id), say, policy, now)
    return await _end_bids(session, due.id, None, say, policy, now)


async def _end_bids(
    session: AsyncSession, window_id: uuid.UUID, actor_id: uuid.UUID | None, say: Wording, policy: Policy, now: datetime
) -> Ended:
    """Once the shift has started nobody is given it by a bid: he could not know that he drives (R8.6a)."""
    window = await bidding.with_slot_locked(session, window_id)
    starts_at, unfilled = time.shift_start(window.on, policy), window.slot_status is AssignmentStatus.UNFILLED
    if unfilled and now < starts_at:
        ended = await resolve_window(session, window_id, actor_id, say, policy, now)
        if isinstance(ended, Resolved):
            return ended
        return await _go_on_instant(session, ended, actor_id, policy, now)
    bidders = await bidding.bidders_locked(session, window, policy)
    await lose_all(session, bidders, actor_id, policy, now)
    why = Lost.TOO_LATE if unfilled else Lost.CLOSED if _called_off(window) else Lost.TAKEN
    await tell_lost(session, OpenSlot.of(window), bidders, say, policy, now, why=why)
    return await _close(session, window, say, policy, now, bidders, actor_id)


def _called_off(window: WindowFacts) -> bool:
    return window.slot_status is AssignmentStatus.CANCELLED


async def close_early(
    session: AsyncSession, manager: Person, window_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Ended | Refused:
    """[Close now]: the bids for a slot of the manager's are decided at once, as at their close (R6.5, R6.9).

    Refused where the window is not the manager's or is over, is not one for bids, and while nobody has bid.
    """
    if (why := await queries.refuse_hand(session, manager.id, window_id, now)) is not None:
        return why
    window = await bidding.with_slot_locked(session, window_id)
    if window.mode is not BidWindowMode.COMPETITIVE or not await bidding.bidders_locked(session, window, policy):
        return Refused(Refusal.NO_BIDS)
    return await _end_bids(session, window_id, manager.id, say, policy, now)


async def extend_window(
    session: AsyncSession, manager: Person, window_id: uuid.UUID, until_hour: int, policy: Policy, now: datetime
) -> datetime | Refused:
    """[Ask longer]: an emergency of the manager's closes later, at a full hour that is left, or at 24: at 23:59 (R6.2).

    Returns when. Refused where the window is not the manager's or is over, and for any other instant. Offers that were
    sent say so, and those yet to be sent keep their point until then.
    """
    if (why := await queries.refuse_hand(session, manager.id, window_id, now)) is not None:
        return why
    window = await bidding.window(session, window_id)
    later = decide_extension(window.mode, window.on, window.closes_at, until_hour, policy, now)
    if isinstance(later, Refused):
        return later
    await session.execute(update(BidWindow).where(BidWindow.id == window_id).values(closes_at=later))
    before, after = {"closes_at": window.closes_at.isoformat()}, {"closes_at": later.isoformat()}
    await audit.record(session, manager.id, now, audit.Entry("bid_window", window_id, "extended", before, after))
    await following.follow(session, window_id, now, over=False, offers=True)
    await following.expire_later(session, Kind.OFFER, window_id, later, now)
    return later


async def _go_on_instant(
    session: AsyncSession, nobody: NobodyEligible, actor_id: uuid.UUID | None, policy: Policy, now: datetime
) -> BecameInstant:
    """Who has bid is not told that he has lost: he may accept, if he can take it by then, and is asked anew (R6.6)."""
    window, bidders = nobody.window, nobody.bidders
    await lose_all(session, bidders, actor_id, policy, now)
    opening = Opening(BidWindowMode.INSTANT, time.shift_start(window.on, policy), window.bonus_percent)
    await change_mode(session, actor_id, window.window_id, window.mode, opening, now)
    await following.follow(session, window.window_id, now, over=False, anew=True)
    of = sorted(each.standing.driver_id for each in bidders)
    at = [following.DayAt(window.warehouse_id, window.on)]
    await following.follow_homes(session, now, of=of, boards_of=at)
    return BecameInstant(window.window_id)


async def _close(
    session: AsyncSession,
    window: WindowFacts,
    say: Wording,
    policy: Policy,
    now: datetime,
    bidders: list[Bidder] | None = None,
    actor_id: uuid.UUID | None = None,
) -> ClosedEmpty:
    window_id, unfilled = window.window_id, window.slot_status is AssignmentStatus.UNFILLED
    await session.execute(update(BidWindow).where(BidWindow.id == window_id).values(status=BidWindowStatus.CLOSED))
    await session.execute(update(WindowWaves).where(WindowWaves.window_id == window_id).values(next_at=None))
    before, after = {"status": BidWindowStatus.OPEN}, {"status": BidWindowStatus.CLOSED}
    await audit.record(session, actor_id, now, audit.Entry("bid_window", window_id, "closed", before, after))
    told = 0
    if unfilled:
        notice = RouteUnfilled(window.route, window.warehouse, window.on, time.shift_start(window.on, policy))
        envelope = notices.Envelope(Kind.ROUTE_UNFILLED, window_id)
        responsible = (await session.scalars(managers_to_tell(window.warehouse_id, window.route_id, now))).all()
        told = await notices.tell(session, responsible, notice, envelope, say, policy, now)
    await following.follow(session, window_id, now, over=True)
    of = sorted(each.standing.driver_id for each in bidders or ())
    at = [following.DayAt(window.warehouse_id, window.on)]
    await following.follow_homes(session, now, of=of, asked_of=window_id, managers_of=at)
    return ClosedEmpty(window_id, unfilled, told)
