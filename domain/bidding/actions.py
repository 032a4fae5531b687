"""Taking shifts. The only writers of bids."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.bidding import queries, rules
from domain.bidding.awarding import OpenSlot, Winner, award, shown
from domain.bidding.rules import AcceptDecision, Award, WindowFacts
from domain.bidding.standing import key_of, standing_of
from domain.db.models.words import AssignedBy
from domain.notices import actions as notices
from domain.notices.facts.offers import ShiftWon
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused


async def accept_shift(
    session: AsyncSession, driver: Person, window_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> AcceptDecision:
    """Takes an instant or emergency shift for `driver`; the first to get here wins (R6.7).

    Refusals are values and leave nothing written. Locks: window, assignment, driver; a driver's standing is read after
    them, so that two windows can't give him more than his cap. Pressing Accept takes back a [Not today].
    """
    window = await queries.window_locked(session, window_id, driver.id)
    if window is None:
        return Refused(Refusal.NOT_FOUND)
    if (closed := rules.refuse_window(window, driver.id, now)) is not None:
        return closed
    standing = await standing_of(session, key_of(window), driver.id, policy)
    decision = rules.decide_accept(window, standing, policy, now)
    if isinstance(decision, Award):
        slot, winner = OpenSlot.of(window), Winner(standing, AssignedBy.BID, True, decision.arrive_by, accepts=True)
        await award(session, slot, winner, [], driver.id, "instant_assign", say, policy, now)
        await _tell_award(session, window, driver, decision, say, policy, now)
        await shown(session, slot, driver.id, [], now)
    return decision


async def _tell_award(
    session: AsyncSession,
    window: WindowFacts,
    driver: Person,
    decision: Award,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    won = ShiftWon(
        window.route,
        window.warehouse,
        window.on,
        time.shift_start(window.on, policy),
        decision.arrive_by,
        window.bonus_percent,
    )
    envelope = notices.Envelope(Kind.WON, window.assignment_id)
    await notices.note(session, driver.id, driver.language, won, envelope, say, now)
    await notices.mark_read(session, driver.id, Kind.OFFER, window.window_id)
