"""A shift that its driver leaves or loses: what becomes of it, of him, and of the slot, in one transaction (R2.2).

He cancels (R5), he did not confirm in time (R4.3), or he was not there in time (R8.6).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, DateTime, Double, Integer, Interval, insert, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.coverage.reopening import Reopened, reopen
from domain.db.models import Assignment, Shift
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind, Trigger
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.kinds import Kind
from domain.notices.wording import DriverMissing, Notice, RouteCancelled, ShiftDropped, ShiftMissed, Wording
from domain.people.queries import Person, managers_to_tell
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import deadlines, ledger, outages, queries, rules
from domain.shifts.deadlines import ARRIVE_BY, CONFIRM_BY
from domain.shifts.rules import Leave, ShiftFacts

NOT_CONFIRMED: Final = "not_confirmed"  # reasons beside the model's, for the manager
UNREACHABLE: Final = "unreachable"


@dataclass(frozen=True, slots=True)
class Left:
    """The driver is rid of it. `incident` None: nobody is blamed. `reopened` None: the slot is over.

    `told`: how many managers know.
    """

    assignment_id: uuid.UUID
    incident: IncidentKind | None
    reopened: Reopened | None
    told: int


async def cancel_shift(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    reason: CancelReason,
    note: str | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Left | Refused:
    """The driver cancels (R5). His row stays as history, the slot opens again, the route's manager is told (R5.4).

    Refused once he has arrived, where it is not his (any more), and for a note of over 500 characters.
    """
    if note is not None and len(note) > policy.cancel_notes_most:
        return Refused(Refusal.NOTES_TOO_LONG)
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_cancel(shift, reason, policy, now)
    if not isinstance(decision, Leave):
        return decision
    await _vacate(session, shift, driver.id, "cancelled", {"reason": reason, "incident": decision.incident}, now)
    cancelled = {"cancelled_at": now, "cancel_reason": reason, "cancel_notes": note}
    await session.execute(insert(Shift).values(assignment_id=shift.assignment_id, created_at=now, **cancelled))
    await ledger.enter(session, driver.id, shift.assignment_id, decision.incident, driver.id, policy, now)
    reopened = await reopen(session, shift, Trigger.CANCELLATION, driver.id, policy, now)
    late = decision.incident is not IncidentKind.EARLY_CANCEL
    told = await _tell_cancelled(session, shift, driver, reason, note, late, reopened, say, policy, now)
    await _shown(session, shift, now)
    return Left(shift.assignment_id, decision.incident, reopened, told)


# -- not confirmed in time

_NOT_CONFIRMED = f"""
SELECT a.id, a.user_id, {CONFIRM_BY} AS confirm_by FROM assignments a
LEFT JOIN assignment_terms t ON t.assignment_id = a.id
WHERE a.status = 'scheduled' AND a.confirmed_at IS NULL AND a.date BETWEEN :first AND :last AND {CONFIRM_BY} < :now
ORDER BY a.date, a.id LIMIT 1 OFFSET :pass_by
FOR NO KEY UPDATE OF a SKIP LOCKED
"""  # noqa: S608 - our own texts
_DROP_DUE = sql(_NOT_CONFIRMED, first=Date(), last=Date(), pass_by=Integer(), **deadlines.used(_NOT_CONFIRMED))
# A reminder of this very shift that had reached him in time.
_REMINDED = sql(
    """
    SELECT EXISTS (SELECT FROM deliveries WHERE about = :about AND kind = 'confirm_reminder' AND user_id = :driver
                   AND (channel = 'telegram' OR state IN ('sent', 'delivered')) AND sent_at <= :before)
    """,
    before=DateTime(timezone=True),
)


async def drop_due_shift(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Left | None:
    """Drops one shift that was not confirmed in time (R4.3); None where there is none, or an outage holds all.

    Nobody is blamed whom no reminder has reached 11 h before the deadline. What others hold is passed by, and so are
    the first `pass_by` of what is due.
    """
    if await _drops_are_held(session, policy, now):
        return None
    last = time.local_day(now + policy.confirm_before, policy)
    days = {"first": policy.go_live_on or date.min, "last": last}
    due = await session.execute(_DROP_DUE, days | _terms(_NOT_CONFIRMED, policy) | {"now": now, "pass_by": pass_by})
    row = due.one_or_none()
    if row is None:
        return None
    shift, driver = await _lost(session, row.user_id, row.id, policy)
    reached = {"about": shift.assignment_id, "driver": driver.id, "before": row.confirm_by - policy.reminded_before}
    blamed = bool(await session.scalar(_REMINDED, reached))
    await _vacate(session, shift, None, "auto_dropped", {"confirm_by": row.confirm_by.isoformat()}, now)
    incident = (session, driver.id, shift.assignment_id, IncidentKind.AUTO_DROP, None, policy, now)
    counts = blamed and await ledger.enter(*incident)
    reopened = await reopen(session, shift, Trigger.AUTO_DROP, None, policy, now)
    notice = ShiftDropped(shift.route, shift.warehouse, shift.on, time.shift_start(shift.on, policy), counts)
    await _tell_driver(session, shift, Kind.DROPPED, notice, say, policy, now)
    why = NOT_CONFIRMED if blamed else UNREACHABLE
    told = await _tell_cancelled(session, shift, driver, why, None, False, reopened, say, policy, now)
    await _shown(session, shift, now)
    return Left(shift.assignment_id, IncidentKind.AUTO_DROP if blamed else None, reopened, told)


async def _drops_are_held(session: AsyncSession, policy: Policy, now: datetime) -> bool:
    """During an outage of ours, and until a quarter of an hour after it (R8.6a)."""
    return any(
        outage.until is None or now < outage.until + policy.drops_held_for
        for outage in await outages.known_outages(session, policy, now)
    )


# -- not there in time

# Held for half an hour where an outage of ours came before, or where too many are missing at once for all of them to be
# at fault (R8.6a). The status is asked for once more where the row is locked: only there PostgreSQL looks again at one
# that was changed meanwhile, by its driver who has arrived or by another replica.
_MISSING = f"""
WITH missing AS (
    SELECT a.id, a.user_id, a.warehouse_id, a.date, {ARRIVE_BY} AS arrive_by FROM assignments a
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    WHERE a.status = 'scheduled' AND a.confirmed_at IS NOT NULL AND a.date BETWEEN :first AND :last
      AND {ARRIVE_BY} <= :now
), many AS (
    SELECT m.warehouse_id, m.date FROM missing m GROUP BY m.warehouse_id, m.date
    HAVING count(*) > greatest(:few, :share * (
        SELECT count(*) FROM assignments a WHERE a.warehouse_id = m.warehouse_id AND a.date = m.date
        AND a.confirmed_at IS NOT NULL AND a.status IN ('scheduled', 'active', 'completed')))
)
SELECT a.id, a.user_id FROM assignments a JOIN missing m ON m.id = a.id
WHERE a.status = 'scheduled' AND a.confirmed_at IS NOT NULL
  AND NOT (:now < m.arrive_by + :held_for
           AND EXISTS (SELECT FROM many WHERE many.warehouse_id = m.warehouse_id AND many.date = m.date))
  AND NOT EXISTS (SELECT FROM unnest(:since, :until) AS outage (since, until)
                  WHERE m.arrive_by > since AND m.arrive_by - :before < until
                    AND :now < greatest(m.arrive_by, until) + :held_for)
ORDER BY m.arrive_by, a.id LIMIT 1 OFFSET :pass_by
FOR NO KEY UPDATE OF a SKIP LOCKED
"""  # noqa: S608 - our own texts
_NO_SHOW_DUE = sql(
    _MISSING,
    first=Date(),
    last=Date(),
    few=Double(),
    share=Double(),
    held_for=Interval(),
    before=Interval(),
    since=ARRAY(DateTime(timezone=True)),
    until=ARRAY(DateTime(timezone=True)),
    pass_by=Integer(),
    **deadlines.used(_MISSING),
)


async def miss_due_shift(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Left | None:
    """Takes one shift from whoever has confirmed it and is not there when arrival is due (R8.6); None: there is none.

    The slot is opened again as an emergency. What others hold is passed by, and so are the first `pass_by`.
    """
    known = await outages.known_outages(session, policy, now)
    if any(outage.until is None for outage in known):
        return None  # nobody can act at this moment (R8.6a)
    today = time.local_day(now, policy)
    given = {
        "first": policy.go_live_on or date.min,
        "last": today,
        "few": float(policy.missing_few),
        "share": policy.missing_share,
        "held_for": policy.held_for,
        "before": policy.outage_before,
        "since": [outage.since for outage in known],
        "until": [outage.until for outage in known],
        "pass_by": pass_by,
    }
    row = (await session.execute(_NO_SHOW_DUE, given | _terms(_MISSING, policy) | {"now": now})).one_or_none()
    if row is None:
        return None
    shift, driver = await _lost(session, row.user_id, row.id, policy)
    await _vacate(session, shift, None, "no_show", {"arrive_by": shift.arrive_by.isoformat()}, now)
    counts = await ledger.enter(session, driver.id, shift.assignment_id, IncidentKind.NO_SHOW, None, policy, now)
    reopened = await reopen(session, shift, Trigger.NO_SHOW, None, policy, now)
    starts_at = time.shift_start(shift.on, policy)
    missed = ShiftMissed(shift.route, shift.warehouse, shift.on, starts_at, shift.arrive_by, counts)
    await _tell_driver(session, shift, Kind.MISSED, missed, say, policy, now)
    name, asked = f"{driver.first_name} {driver.last_name}", reopened is not None
    missing = DriverMissing(shift.route, shift.warehouse, shift.on, starts_at, name, driver.phone, asked)
    told = await _tell_managers(session, shift, Kind.NO_SHOW, missing, reopened, say, policy, now)
    await _shown(session, shift, now)
    return Left(shift.assignment_id, IncidentKind.NO_SHOW, reopened, told)


# -- what is common to all


def _terms(statement: str, policy: Policy) -> dict[str, Any]:
    used = deadlines.used(statement)
    return {name: value for name, value in deadlines.given(policy).items() if name in used}


async def _lost(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> tuple[ShiftFacts, Person]:
    """A shift that is locked already, and whose it is."""
    shift = await queries.shift_locked(session, driver_id, assignment_id, policy)
    driver = await person_by_id(session, driver_id)
    assert shift is not None and driver is not None, "it is locked, with its driver in it"
    return shift, driver


async def _vacate(
    session: AsyncSession,
    shift: ShiftFacts,
    actor_id: uuid.UUID | None,
    action: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> None:
    """The row becomes history, with its driver and his confirmation in it (R2.2)."""
    await session.execute(
        update(Assignment)
        .where(Assignment.id == shift.assignment_id)
        .values(status=AssignmentStatus.CANCELLED, updated_at=now)
    )
    after = {"status": AssignmentStatus.CANCELLED} | dict(facts)
    entry = audit.Entry("assignment", shift.assignment_id, action, {"status": shift.status}, after)
    await audit.record(session, actor_id, now, entry)


async def _tell_driver(
    session: AsyncSession, shift: ShiftFacts, kind: Kind, notice: Notice, say: Wording, policy: Policy, now: datetime
) -> None:
    envelope = notices.Envelope(kind, shift.assignment_id)
    await notices.tell(session, [shift.driver_id], notice, envelope, say, policy, now)


async def _tell_cancelled(
    session: AsyncSession,
    shift: ShiftFacts,
    driver: Person,
    reason: str,
    note: str | None,
    late: bool,
    reopened: Reopened | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> int:
    notice = RouteCancelled(
        route=shift.route,
        warehouse=shift.warehouse,
        on=shift.on,
        starts_at=time.shift_start(shift.on, policy),
        driver=f"{driver.first_name} {driver.last_name}",
        reason=reason,
        note=note,
        late=late,
        mode=reopened.mode if reopened else None,
    )
    return await _tell_managers(session, shift, Kind.ROUTE_CANCELLED, notice, reopened, say, policy, now)


async def _tell_managers(
    session: AsyncSession,
    shift: ShiftFacts,
    kind: Kind,
    notice: Notice,
    reopened: Reopened | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> int:
    """Whoever is responsible for the route (R5.4); about the window through which it is to be filled, if it is."""
    about = reopened.window_id if reopened else shift.assignment_id
    envelope = notices.Envelope(kind, about, warehouse_id=shift.warehouse_id)
    responsible = (await session.scalars(managers_to_tell(shift.warehouse_id, shift.route_id, now))).all()
    return await notices.tell(session, responsible, notice, envelope, say, policy, now)


async def _shown(session: AsyncSession, shift: ShiftFacts, now: datetime) -> None:
    """His messages about the shift, his home card, and those of the managers show it."""
    await notices.follow(session, shift.assignment_id, now, over=False)
    of = [shift.driver_id]
    await notices.follow_homes(session, now, of=of, managers_of=shift.warehouse_id, first=shift.driver_id)
