"""CANT by SMS: the driver has left, and is asked for his reason; without one in time it is "other" (R11.6)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, Integer, Uuid, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import AbsenceQuestion
from domain.db.models.words import CancelReason
from domain.db.sql import Find, sql
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import holds, leaving, queries, rules_of_leaving
from domain.shifts.leaving import Left


@dataclass(frozen=True, slots=True)
class Asked:
    """He is asked why, and has `until` then to say it, inclusive."""

    until: datetime


async def ask_why(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> Asked | Refused:
    """The driver can't make it: nothing is cancelled before he has said why, or 5 minutes have gone by (R11.6).

    Refused as a cancellation is. Asked again, it is the same question.
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_leaving.decide_cancel(shift, CancelReason.OTHER, policy, now)
    if decision == Refused(Refusal.ARRIVED_TOO_LATE) and await holds.is_held(session, shift, policy, now):
        decision = rules_of_leaving.decide_cancel(shift, CancelReason.OTHER, policy, now, held=True)
    if isinstance(decision, Refused):
        return decision
    values = {"assignment_id": assignment_id, "user_id": driver.id, "asked_at": now}
    await session.execute(insert(AbsenceQuestion).values(values).on_conflict_do_nothing())
    return Asked((shift.leaving_since or now) + policy.reason_within)


_OPEN = sql(
    "SELECT assignment_id FROM absence_questions WHERE user_id = :driver ORDER BY asked_at DESC LIMIT 1", driver=Uuid()
)


async def open_question(session: AsyncSession, driver_id: uuid.UUID) -> uuid.UUID | None:
    """The shift that he is asked about; None where he is not."""
    found: uuid.UUID | None = await session.scalar(_OPEN, {"driver": driver_id})
    return found


async def say_why(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    reason: CancelReason,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Left | Refused:
    """He says why: the shift is cancelled as of when he was asked, whenever he was due. Too late, it is "other"."""
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None or shift.leaving_since is None:
        return Refused(Refusal.NOT_FOUND)
    in_time = now <= shift.leaving_since + policy.reason_within
    why = reason if in_time else CancelReason.OTHER
    return await leaving.cancel_shift(session, driver, assignment_id, why, None, say, policy, now)


_UNANSWERED = sql(
    """
    SELECT asked.assignment_id, asked.user_id FROM absence_questions asked
    JOIN assignments a ON a.id = asked.assignment_id
    WHERE asked.asked_at < :before
    ORDER BY asked.asked_at, asked.assignment_id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF a SKIP LOCKED
    """,
    before=DateTime(timezone=True),
    pass_by=Integer(),
)


def due_answer(policy: Policy, now: datetime, pass_by: int = 0) -> Find:
    """A shift whose driver has not said why in time: its id, and his."""
    return _UNANSWERED, {"before": now - policy.reason_within, "pass_by": pass_by}


async def cancel_unanswered(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Left | Refused | None:
    """Cancels one shift whose driver has not said why in time, as "other"; None where there is none."""
    due = due_answer(policy, now, pass_by)
    while (row := (await session.execute(*due)).one_or_none()) is not None:
        # Looked at again under the lock: he may have answered, or come after all.
        shift = await queries.shift_locked(session, row.user_id, row.assignment_id, policy)
        if shift is not None and shift.leaving_since is None:
            continue
        driver = await person_by_id(session, row.user_id)
        assert driver is not None, "his question would be gone with him"
        left = await leaving.cancel_shift(
            session, driver, row.assignment_id, CancelReason.OTHER, None, say, policy, now
        )
        if isinstance(left, Refused):  # it is not his any more
            gone = AbsenceQuestion.assignment_id == row.assignment_id
            await session.execute(delete(AbsenceQuestion).where(gone))
        return left
    return None
