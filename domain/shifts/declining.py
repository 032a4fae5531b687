"""A driver says no to what a manager has given him late (R4.4)."""

import uuid
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import Trigger
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import queries, rules_of_leaving
from domain.shifts.leaving import DECLINED, Exit, Left, leave, shown
from domain.shifts.rules_of_leaving import Leave


async def decline_shift(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Left | Refused:
    """[Decline]: nobody is blamed, the slot opens again, but not to him, and the route's manager is told (R4.4).

    Refused where he has agreed already, where it was given early enough to be cancelled as usual, and where it is not
    his (any more).
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_leaving.decide_decline(shift, policy)
    if not isinstance(decision, Leave):
        return decision
    exit_ = Exit(driver.id, DECLINED, decision.incident, Trigger.CANCELLATION, action=DECLINED, not_again=True)
    left = await leave(session, shift, driver, exit_, say, policy, now)
    await shown(session, shift, now)
    return left
