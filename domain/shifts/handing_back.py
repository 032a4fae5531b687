"""What a bid has won at short notice can be handed back for an hour (R6.4)."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import CancelReason, Trigger
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import queries, rules_of_leaving
from domain.shifts.leaving import HANDED_BACK, Exit, Left, leave, shown
from domain.shifts.rules_of_leaving import Leave


async def hand_back(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Left | Refused:
    """[Give it back]: the slot opens again, its manager is told, and nobody is blamed (R6.4).

    He has left this slot himself, so it is not offered to him again (R6.3). Refused where it is not his (any more), was
    not won by a bid less than 48 h before its start, and once the hour is over.
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_leaving.decide_hand_back(shift, now)
    if not isinstance(decision, Leave):
        return decision
    why, reason = HANDED_BACK, CancelReason.OTHER
    exit_ = Exit(driver.id, why, decision.incident, Trigger.CANCELLATION, reason, action=HANDED_BACK)
    left = await leave(session, shift, driver, exit_, say, policy, now)
    await shown(session, shift, now)
    return left
