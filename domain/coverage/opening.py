"""A manager opens windows, and raises those that are open to emergencies (R6.2, R6.9)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.bidding import queries as bidding
from domain.bidding.awarding import OpenSlot, lose_all, tell_lost
from domain.bidding.resolving import Resolved, resolve_window
from domain.bidding.rules import Bidder
from domain.bidding.standing import SlotKey
from domain.coverage import queries, rules
from domain.coverage.actions import Key, send_wave
from domain.coverage.reopening import change_mode, open_window
from domain.coverage.rules import AlreadyOpen, Opening, SlotFacts
from domain.db.models.words import AssignmentStatus, BidWindowMode, Trigger
from domain.notices import following
from domain.notices.facts.offers import Lost
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Opened:
    """The window is open, and the first wave is on its way."""

    window_id: uuid.UUID
    asked: int


async def open_emergency(
    session: AsyncSession,
    manager: Person,
    assignment_id: uuid.UUID,
    bonus_percent: int,
    until_hour: int | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Opened | Resolved | AlreadyOpen | Refused:
    """Opens an emergency window for an unfilled slot of the manager's, and asks the first wave (R6.2, R6.3).

    One that is open in another mode is raised to it, unless one of its bidders is awarded at once instead (R6.9).
    `bonus_percent` 0 to 100; `until_hour` as in the rule, None: its own closing time. The assignment is locked, so that
    two managers who press at once open one window.
    """
    slot = await queries.slot_locked(session, manager.id, assignment_id)
    if slot is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_emergency(slot, bonus_percent, until_hour, policy, now)
    if not isinstance(decision, rules.Open):
        return decision
    opening = Opening(BidWindowMode.EMERGENCY, decision.closes_at, bonus_percent)
    window_id = decision.raises
    if window_id is None:
        return await _open(session, manager, slot, opening, say, policy, now)
    before = set(await session.scalars(bidding.asked(window_id)))
    if slot.has_bids:
        lost = await _give_up_bids(session, manager, slot, window_id, say, policy, now)
        if isinstance(lost, Resolved):
            return lost
        before |= {each.standing.driver_id for each in lost}
    await change_mode(session, manager.id, window_id, slot.open_mode, opening, now)
    await following.follow(session, window_id, now, over=False, anew=True)
    return await _ask_first(session, slot, window_id, opening, sorted(before), say, policy, now)


async def open_bids(
    session: AsyncSession, manager: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Opened | AlreadyOpen | Refused:
    """Opens a window for an unfilled slot of the manager's, in the mode that fits the time left (R6.2), and asks the
    first wave. Refused once the slot is over: then he says until when, in an emergency.
    """
    slot = await queries.slot_locked(session, manager.id, assignment_id)
    if slot is None:
        return Refused(Refusal.NOT_FOUND)
    if slot.status is not AssignmentStatus.UNFILLED:
        return Refused(Refusal.NOT_UNFILLED)
    if slot.open_window_id is not None:
        return AlreadyOpen(slot.open_window_id)
    opening = rules.opening_for(slot.on, policy, now)
    if opening is None:
        over = now >= time.local_instant(slot.on, policy.day_ends, policy)
        return Refused(Refusal.DAY_OVER if over else Refusal.SAY_UNTIL)
    return await _open(session, manager, slot, opening, say, policy, now)


async def _open(
    session: AsyncSession,
    manager: Person,
    slot: SlotFacts,
    opening: Opening,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Opened:
    window_id = await open_window(session, manager.id, slot.assignment_id, Trigger.MANAGER, opening, now)
    return await _ask_first(session, slot, window_id, opening, (), say, policy, now)


async def _ask_first(
    session: AsyncSession,
    slot: SlotFacts,
    window_id: uuid.UUID,
    opening: Opening,
    before: Sequence[uuid.UUID],
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Opened:
    """The first wave, together with what else shows that the route is offered; `before`: who was asked or has bid."""
    emergency = opening.mode is BidWindowMode.EMERGENCY
    of_slot = SlotKey(window_id, slot.route_id, slot.warehouse_id, slot.on, emergency)
    key = Key(of_slot, slot.route, slot.warehouse)
    asked = await send_wave(session, key, opening, say, policy, now, before)
    if not asked:  # nobody is free at this moment: boards show all the same that the route is offered
        await following.follow_homes(session, now, of=before, boards_of=[key.day])
    return Opened(window_id, asked)


async def _give_up_bids(
    session: AsyncSession,
    manager: Person,
    slot: SlotFacts,
    window_id: uuid.UUID,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Resolved | tuple[Bidder, ...]:
    """A window that has bids is raised to an emergency: the best who may have the slot gets it at once instead (R6.9).

    Where nobody may, all have lost, and are told so. Once the shift has started nobody is given it by a bid (R8.6a).
    """
    window = await bidding.window(session, window_id)
    if now < time.shift_start(slot.on, policy):
        ended = await resolve_window(session, window_id, manager.id, say, policy, now)
        if isinstance(ended, Resolved):
            return ended
        bidders = ended.bidders
    else:
        bidders = tuple(await bidding.bidders_locked(session, window, policy))
    await lose_all(session, bidders, manager.id, policy, now)
    await tell_lost(session, OpenSlot.of(window), bidders, say, policy, now, why=Lost.EMERGENCY)
    return bidders
