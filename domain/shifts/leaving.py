"""A shift that its driver leaves or loses: what becomes of it, of him, and of the slot, in one transaction (R2.2).

He cancels (R5), or he did not confirm in time (R4.3). Who was not there in time: see `missing`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, DateTime, Integer, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.coverage.reopening import Reopened, reopen
from domain.db.models import AbsenceQuestion, Assignment, Shift
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind, Trigger
from domain.db.sql import Find, sql
from domain.health import stops
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.health import PoolLost
from domain.notices.facts.routes import Cause, RouteCancelled
from domain.notices.facts.shifts import ShiftDropped
from domain.notices.kinds import Kind
from domain.notices.wording import Notice, Wording
from domain.people.queries import Person, managers_to_tell
from domain.people.queries import person as person_by_id
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import deadlines, holds, ledger, outages, queries, rules_of_leaving
from domain.shifts.deadlines import CONFIRM_BY, UNCONFIRMED
from domain.shifts.displaced import tell_displaced
from domain.shifts.queries import OwnShift
from domain.shifts.rules import ShiftFacts
from domain.shifts.rules_of_leaving import Leave

NOT_CONFIRMED: Final = "not_confirmed"  # reasons beside the model's, for the manager
UNREACHABLE: Final = "unreachable"
DECLINED: Final = "declined"
HANDED_BACK: Final = "handed_back"
UNANSWERED: Final = "unanswered"


@dataclass(frozen=True, slots=True)
class Left:
    """The driver is rid of it. `incident` None: nobody is blamed. `reopened` None: the slot is over.

    `told`: how many managers know.
    """

    assignment_id: uuid.UUID
    incident: IncidentKind | None
    reopened: Reopened | None
    told: int


@dataclass(frozen=True, slots=True)
class Consequence:
    """What it would cost the driver to cancel. `incident` None: nobody is blamed.

    `practice_until`: of a late cancellation, when such begin to count, if they don't yet (R9.7). `stops`: it would be
    the one that takes him out of the pool (R10.2).
    """

    incident: IncidentKind | None
    practice_until: datetime | None = None
    stops: PoolLost | None = None


async def consequence(
    session: AsyncSession, driver_id: uuid.UUID, shift: OwnShift, reason: CancelReason, policy: Policy, now: datetime
) -> Consequence:
    """What follows if the shift is cancelled now, for who reads it before the last button (R5.1)."""
    blameless = shift.declinable or rules_of_leaving.may_hand_back(shift.hand_back_until, now)
    incident = None if blameless else rules_of_leaving.incident_of(shift.on, reason, policy, now)
    if incident is not IncidentKind.LATE_CANCEL:
        return Consequence(incident)
    if (until := ledger.practice_until(policy, now)) is not None:
        return Consequence(incident, practice_until=until)
    return Consequence(incident, stops=await stops.by_one_more_late_cancel(session, driver_id, policy, now))


async def cancel_shift(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    reason: CancelReason,
    note: str | None,
    say: Wording,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Left | Refused:
    """The driver cancels, or the manager `by` for him, on his word by telephone (R5, R8.9).

    His row stays as history, the slot opens again, the route's manager is told (R5.4), and the driver, where it was not
    he who did it: whose line was picked by mistake would travel. Refused once he has arrived,
    where it is not his (any more), and for a note of over 500 characters.
    """
    if note is not None and len(note) > policy.cancel_notes_most:
        return Refused(Refusal.NOTES_TOO_LONG)
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy, by=by)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules_of_leaving.decide_cancel(shift, reason, policy, now)
    if decision == Refused(Refusal.ARRIVED_TOO_LATE) and await holds.is_held(session, shift, policy, now):
        decision = rules_of_leaving.decide_cancel(shift, reason, policy, now, held=True)
    if not isinstance(decision, Leave):
        return decision
    blameless = DECLINED if shift.confirmed_at is None else HANDED_BACK  # as by its own button (R4.4, R6.4)
    action = "cancelled" if decision.incident else blameless
    exit_ = Exit((by or driver).id, reason, decision.incident, Trigger.CANCELLATION, reason, note, action)
    left = await leave(session, shift, driver, exit_, say, policy, now)
    if by is not None:
        counts = left.incident is IncidentKind.LATE_CANCEL and ledger.practice_until(policy, now) is None
        cause = Cause.BY_PHONE_LATE if counts else Cause.BY_PHONE
        await tell_displaced(session, shift, cause, say, policy, now)
    await shown(session, shift, now)
    return left


@dataclass(frozen=True, slots=True)
class Exit:
    """How a driver comes to leave a shift: who says so, why (for the manager), and what the ledger says of it.

    `reason` and `note` are kept with a cancellation of his own. `action` names the deed in the audit. `not_again`: the
    slot is not offered to him again, though he has given no reason, as it is not to who has given one (R5.4).
    """

    actor_id: uuid.UUID
    why: str
    incident: IncidentKind | None
    trigger: Trigger
    reason: CancelReason | None = None
    note: str | None = None
    action: str = "cancelled"
    not_again: bool = False


async def leave(
    session: AsyncSession, shift: ShiftFacts, driver: Person, exit_: Exit, say: Wording, policy: Policy, now: datetime
) -> Left:
    """The driver is rid of a shift that is locked: history, incident, the slot anew, the managers' notice (R2.2, R5.4).

    What shows it is not followed yet, see `all_shown`: those rows are locked last.
    """
    actor, because = exit_.actor_id, {"reason": exit_.why, "incident": exit_.incident}
    await vacate(session, shift, actor, exit_.action, because, now, by_phone=actor != driver.id)
    if exit_.reason is not None or exit_.not_again:
        await not_again(session, shift, now, exit_.reason, exit_.note)
    if exit_.incident is not None:
        await ledger.enter(session, driver.id, shift.assignment_id, exit_.incident, actor, say, policy, now)
    reopened = await reopen(session, shift, exit_.trigger, actor, policy, now)
    late = time.is_late(shift.on, now, policy)
    told = await _tell_cancelled(session, shift, driver, exit_.why, exit_.note, late, reopened, say, policy, now)
    return Left(shift.assignment_id, exit_.incident, reopened, told)


async def not_again(
    session: AsyncSession, shift: ShiftFacts, now: datetime, reason: CancelReason | None = None, note: str | None = None
) -> None:
    """That he is rid of it is kept with the shift: its slot is not offered to him again (R5.4, R6.3)."""
    cancelled = {"cancelled_at": now, "cancel_reason": reason, "cancel_notes": note}
    await session.execute(insert(Shift).values(assignment_id=shift.assignment_id, created_at=now, **cancelled))


# -- not confirmed in time

_NOT_CONFIRMED = f"""
SELECT a.id, a.user_id, {CONFIRM_BY} AS confirm_by FROM assignments a
LEFT JOIN assignment_terms t ON t.assignment_id = a.id
WHERE a.status = 'scheduled' AND {UNCONFIRMED} AND a.date BETWEEN :first AND :last AND {CONFIRM_BY} < :now
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


def due_drop(policy: Policy, now: datetime, pass_by: int = 0) -> Find:
    """One that was not confirmed in time: its id, whose it is, and by when he was to confirm it."""
    last = time.local_day(now + policy.confirm_before, policy)
    if not time.is_late(last, now, policy):
        last -= timedelta(days=1)  # no deadline of that day can be over: its shifts are not looked at each second
    days = {"first": policy.go_live_on or date.min, "last": last}
    return _DROP_DUE, days | deadlines.given_to(_NOT_CONFIRMED, policy) | {"now": now, "pass_by": pass_by}


async def drop_due_shift(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Left | None:
    """Drops one shift that was not confirmed in time (R4.3); None where there is none, or an outage holds all.

    Nobody is blamed whom no reminder has reached 11 h before the deadline, or for what a manager gave him later than
    that deadline usually is, whatever has reached him (R4.4). What others hold is passed by, and so are the first
    `pass_by` of what is due.
    """
    row = (await session.execute(*due_drop(policy, now, pass_by))).one_or_none()
    if row is None or await outages.drops_are_held(session, policy, now):
        return None
    shift, driver = await lost(session, row.user_id, row.id, policy)
    reached = {"about": shift.assignment_id, "driver": driver.id, "before": row.confirm_by - policy.reminded_before}
    unasked = rules_of_leaving.came_late(shift.on, shift.assigned_by, shift.assigned_at, policy)
    blamed = not unasked and bool(await session.scalar(_REMINDED, reached))
    action = "unanswered" if unasked else "auto_dropped"
    await vacate(session, shift, None, action, {"confirm_by": row.confirm_by.isoformat()}, now)
    incident = (session, driver.id, shift.assignment_id, IncidentKind.AUTO_DROP, None, say, policy, now)
    counts = blamed and await ledger.enter(*incident)
    reopened = await reopen(session, shift, Trigger.AUTO_DROP, None, policy, now)
    notice = ShiftDropped(shift.route, shift.warehouse, shift.on, time.shift_start(shift.on, policy), counts)
    await tell_driver(session, shift, Kind.DROPPED, notice, say, policy, now)
    why = UNANSWERED if unasked else NOT_CONFIRMED if blamed else UNREACHABLE
    told = await _tell_cancelled(session, shift, driver, why, None, False, reopened, say, policy, now)
    await shown(session, shift, now)
    return Left(shift.assignment_id, IncidentKind.AUTO_DROP if blamed else None, reopened, told)


# -- what is common to all


async def lost(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> tuple[ShiftFacts, Person]:
    """A shift that is locked already, and whose it is."""
    shift = await queries.shift_locked(session, driver_id, assignment_id, policy)
    driver = await person_by_id(session, driver_id)
    assert shift is not None and driver is not None, "it is locked, with its driver in it"
    return shift, driver


async def vacate(
    session: AsyncSession,
    shift: ShiftFacts,
    actor_id: uuid.UUID | None,
    action: str,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    by_phone: bool = False,
) -> None:
    """The row becomes history, with its driver and his confirmation in it (R2.2)."""
    await session.execute(
        update(Assignment)
        .where(Assignment.id == shift.assignment_id)
        .values(status=AssignmentStatus.CANCELLED, updated_at=now)
    )
    if shift.leaving_since is not None:
        await session.execute(delete(AbsenceQuestion).where(AbsenceQuestion.assignment_id == shift.assignment_id))
    after = {"status": AssignmentStatus.CANCELLED} | dict(facts)
    entry = audit.Entry("assignment", shift.assignment_id, action, {"status": shift.status}, after)
    await audit.record(session, actor_id, now, entry, by_phone=by_phone)


async def tell_driver(
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
        shift=shift.assignment_id,
    )
    return await tell_managers(session, shift, Kind.ROUTE_CANCELLED, notice, reopened, say, policy, now)


async def tell_managers(
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


async def shown(session: AsyncSession, shift: ShiftFacts, now: datetime) -> None:
    """His messages about the shift and his offers of that day, his home card, and those of the managers show it."""
    day = following.Day(shift.driver_id, shift.on)
    await following.follow(session, shift.assignment_id, now, over=False, day=day)
    of = [shift.driver_id]
    at = [following.DayAt(shift.warehouse_id, shift.on)]
    await following.follow_homes(session, now, of=of, managers_of=at, first=shift.driver_id)


async def all_shown(session: AsyncSession, driver_id: uuid.UUID, shifts: Sequence[ShiftFacts], now: datetime) -> None:
    """The same of several shifts, of whatever warehouses; last, in the order in which everybody locks these rows."""
    for shift in sorted(shifts, key=lambda each: each.assignment_id):
        await following.follow(session, shift.assignment_id, now, over=False, day=following.Day(driver_id, shift.on))
    at = [following.DayAt(shift.warehouse_id, shift.on) for shift in shifts]
    await following.follow_homes(session, now, of=[driver_id], managers_of=at, first=driver_id)
