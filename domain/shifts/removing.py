"""A manager reopens a slot of today: its driver is removed, and others are asked at once (R6.9)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.coverage.reopening import Reopened, bonus_to_ask_with, reopen
from domain.coverage.rules import Opening, emergency_closing
from domain.db.models.words import BidWindowMode, IncidentKind, Trigger
from domain.notices.facts.routes import Cause
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import ledger, queries, rules_of_leaving
from domain.shifts.displaced import tell_displaced
from domain.shifts.driven import driver_of
from domain.shifts.leaving import not_again, shown, vacate


@dataclass(frozen=True, slots=True)
class Removed:
    """He does not drive, and is being told. `reopened` None: the route does not run today any more."""

    assignment_id: uuid.UUID
    driver: str
    reopened: Reopened | None


async def remove_driver(
    session: AsyncSession,
    manager: Person,
    assignment_id: uuid.UUID,
    until_hour: int | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Removed | Refused:
    """Takes today's shift from its driver, who must not travel, and opens the slot as an emergency (R6.9).

    It is never a no-show, and counts for nothing (R9.1); the slot is not offered to him again. `until_hour` as for an
    emergency: from 13:00 on the manager says until when. Refused: what is not in his warehouses, not today's, begun, or
    nobody's any more.
    """
    driver = await driver_of(session, manager.id, assignment_id)
    if driver is None:
        return Refused(Refusal.NOT_FOUND)
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    if (why := rules_of_leaving.refuse_removal(shift.status, shift.on, policy, now)) is not None:
        return Refused(why)
    closes_at = emergency_closing(shift.on, until_hour, policy, now)
    if isinstance(closes_at, Refused):
        return closes_at
    bonus = await bonus_to_ask_with(session, assignment_id, policy)
    opening = Opening(BidWindowMode.EMERGENCY, closes_at, bonus)
    await vacate(session, shift, manager.id, "removed", {"user_id": str(driver.id)}, now)
    await not_again(session, shift, now)
    kind = IncidentKind.REMOVED_BY_MANAGER
    await ledger.enter(session, driver.id, assignment_id, kind, manager.id, say, policy, now)
    reopened = await reopen(session, shift, Trigger.MANAGER, manager.id, policy, now, opening=opening)
    await tell_displaced(session, shift, Cause.REMOVED, say, policy, now)
    await shown(session, shift, now)
    return Removed(assignment_id, f"{driver.first_name} {driver.last_name}", reopened)
