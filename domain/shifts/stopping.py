"""A driver has to stop on the way (R8.8), and shifts that nobody has completed (R8.7)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Date, DateTime, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.coverage.reopening import Reopened, reopen, said
from domain.coverage.rules import emergency_until_over
from domain.db.models import Shift
from domain.db.models.words import CancelReason, IncidentKind, Trigger
from domain.db.sql import Find, sql
from domain.notices import actions as notices
from domain.notices.facts.shifts import DriverStopped, ShiftOverdue
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_to_tell
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import ledger, queries, rules_of_parcels
from domain.shifts.actions import complete
from domain.shifts.leaving import shown, tell_managers, vacate
from domain.shifts.rules import Done, ShiftFacts
from domain.shifts.rules_of_parcels import Abandon, Complete


@dataclass(frozen=True, slots=True)
class Stopped:
    """He is free. `returned` None: he had loaded nothing, and the slot is open again unless the day is over.

    `told`: how many managers know.
    """

    assignment_id: uuid.UUID
    returned: int | None
    reopened: Reopened | None
    told: int


async def stop_shift(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    reason: CancelReason,
    returned: int | None,
    say: Wording,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Stopped | Done | Refused:
    """[I must stop] on an active shift, or the manager `by` for its driver (R8.8).

    `returned`: parcels brought back, needed once some are loaded; the shift is then completed. Before that it is
    cancelled, and the slot opens as an emergency. Either way a manager looks at it, and until he has nobody is blamed.
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_parcels.decide_stop(shift, returned, policy, now)
    if not isinstance(decision, Abandon | Complete):
        return decision
    actor_id, reopened = (by or driver).id, None
    if isinstance(decision, Complete):
        await ledger.open_review(session, assignment_id, now)
        why = update(Shift).where(Shift.assignment_id == assignment_id).values(cancel_reason=reason)
        await session.execute(why)
        await complete(session, driver, shift, decision, "stopped", {"reason": reason}, by, now)
    else:
        await vacate(session, shift, actor_id, "stopped", {"reason": reason}, now, by_phone=by is not None)
        cancelled = {"cancelled_at": now, "cancel_reason": reason}
        await session.execute(update(Shift).where(Shift.assignment_id == assignment_id).values(cancelled))
        await ledger.enter(
            session, driver.id, assignment_id, IncidentKind.PROTECTED_ABSENCE, actor_id, say, policy, now
        )
        before = await said(session, assignment_id)
        opening = emergency_until_over(shift.on, policy, now, before)  # whatever the time to the start (R8.8)
        reopened = await reopen(session, shift, Trigger.CANCELLATION, actor_id, policy, now, opening=opening)
    told = await _tell(session, shift, driver, reason, decision, reopened, say, policy, now)
    await shown(session, shift, now)
    return Stopped(assignment_id, decision.returned if isinstance(decision, Complete) else None, reopened, told)


async def _tell(
    session: AsyncSession,
    shift: ShiftFacts,
    driver: Person,
    reason: CancelReason,
    decision: Abandon | Complete,
    reopened: Reopened | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> int:
    notice = DriverStopped(
        route=shift.route,
        warehouse=shift.warehouse,
        on=shift.on,
        starts_at=time.shift_start(shift.on, policy),
        driver=f"{driver.first_name} {driver.last_name}",
        phone=driver.phone,
        reason=reason,
        loaded=shift.parcels_start,
        brought_back=decision.returned if isinstance(decision, Complete) else None,
        asked=reopened is not None,
        shift=shift.assignment_id,
    )
    return await tell_managers(session, shift, Kind.STOPPED, notice, reopened, say, policy, now)


# -- not completed


@dataclass(frozen=True, slots=True)
class Overdue:
    """A shift that is not completed. `told`: how many managers know; None: its driver was reminded."""

    assignment_id: uuid.UUID
    told: int | None


_DUE = sql(
    """
    SELECT a.id, a.user_id, s.arrived_at <= :told_before AND overdue.told_at IS NULL
                            AND overdue.reminded_at IS NOT NULL AS managers
    FROM assignments a
    JOIN shifts s ON s.assignment_id = a.id
    LEFT JOIN overdue_shifts overdue ON overdue.assignment_id = a.id
    WHERE a.status = 'active' AND a.date BETWEEN :first AND :last
      AND (s.arrived_at <= :reminded_before AND overdue.reminded_at IS NULL
           OR s.arrived_at <= :told_before AND overdue.told_at IS NULL)
    ORDER BY s.arrived_at, a.id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF a SKIP LOCKED
    """,
    first=Date(),
    last=Date(),
    reminded_before=DateTime(timezone=True),
    told_before=DateTime(timezone=True),
)
_TOLD = sql(
    """
    INSERT INTO overdue_shifts AS o (assignment_id, reminded_at, told_at)
    VALUES (:assignment, :now, CASE WHEN :managers THEN CAST(:now AS timestamptz) END)
    ON CONFLICT (assignment_id) DO UPDATE SET told_at = excluded.told_at
    WHERE o.told_at IS NULL AND excluded.told_at IS NOT NULL
    RETURNING true
    """,
    managers=Boolean(),
)


def due_overdue(policy: Policy, now: datetime, pass_by: int = 0) -> Find:
    """One that nobody has been told of: its id, whose it is, and whether it is his managers' turn."""
    today = last = time.local_day(now, policy)
    if now < time.local_instant(today, policy.check_in_from, policy) + policy.overdue_after:
        last -= timedelta(days=1)  # nobody of today can be overdue: they are not looked at each second
    return _DUE, {
        "first": today - policy.overdue_until,
        "last": last,
        "reminded_before": now - policy.overdue_after,
        "told_before": now - policy.overdue_told_after,
        "pass_by": pass_by,
    }


async def tell_overdue(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Overdue | None:
    """One shift that is not completed 12 h after arrival: its driver is reminded; at 16 h his managers are told (R8.7).

    None where there is none. Each once; shifts of more than a week ago are nobody's business any more. What others hold
    is passed by, and so are the first `pass_by`.
    """
    while (row := (await session.execute(*due_overdue(policy, now, pass_by))).one_or_none()) is not None:
        # Who was told stands in another table: what another replica has just done is seen only now.
        if await session.scalar(_TOLD, {"assignment": row.id, "managers": row.managers, "now": now}):
            break
    else:
        return None
    shift = await queries.shift_locked(session, row.user_id, row.id, policy)
    driver = await person_by_id(session, row.user_id)
    assert shift is not None and driver is not None, "it is locked, with its driver in it"
    name = f"{driver.first_name} {driver.last_name}"
    notice = ShiftOverdue(shift.route, shift.warehouse, shift.on, time.shift_start(shift.on, policy), name)
    if not row.managers:
        await notices.tell(session, [driver.id], notice, notices.Envelope(Kind.OVERDUE, row.id), say, policy, now)
        return Overdue(row.id, None)
    responsible = (await session.scalars(managers_to_tell(shift.warehouse_id, shift.route_id, now))).all()
    envelope = notices.Envelope(Kind.STILL_OUT, row.id, warehouse_id=shift.warehouse_id)
    return Overdue(row.id, await notices.tell(session, responsible, notice, envelope, say, policy, now))
