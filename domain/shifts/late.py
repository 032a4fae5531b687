"""Running late: the driver says so in time, half an hour is granted at once, and a manager may answer (R8.5)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import DateTime, Integer, Uuid, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.db.models import AbsenceQuestion, AssignmentTerms, LateAnnouncement, User
from domain.db.models.words import AssignmentStatus, Urgency
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.actions import Envelope
from domain.notices.facts.arrivals import DriverLate, LateAnswered
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, managers_to_tell
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import leaving, queries, rules
from domain.shifts.driven import driver_of
from domain.shifts.rules import Done, Extend, ShiftFacts

MINUTE = timedelta(minutes=1)

_ANNOUNCE = sql(
    """
    INSERT INTO late_announcements (assignment_id, due_at, announced_at, minutes, granted)
    VALUES (:assignment, :due_at, :now, :minutes, :granted)
    """,
    assignment=Uuid(),
    due_at=DateTime(timezone=True),
    minutes=Integer(),
    granted=Integer(),
)
_ANSWER = sql(
    """
    UPDATE late_announcements SET granted = :granted, decided_by = :by, decided_at = :now
    WHERE assignment_id = :assignment
    """,
    assignment=Uuid(),
    granted=Integer(),
    by=Uuid(),
)


async def run_late(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    minutes: int | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Extend | Done | Refused:
    """The driver is late, by so many `minutes` as he says; the manager is told, and may refuse or extend it (R8.5).

    Refused where it is not his, not today or not confirmed, he is there, it is less than 15 minutes before he is due,
    or where nobody can be so many minutes late. Whoever was asked why he can't make it comes after all.
    """
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy)
    if shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_late(shift, policy, now, minutes)
    if not isinstance(decision, Extend):
        return decision
    known = {"assignment": assignment_id, "due_at": shift.arrive_by, "minutes": minutes}
    await session.execute(_ANNOUNCE, known | {"granted": decision.granted // MINUTE, "now": now})
    if shift.leaving_since is not None:
        await session.execute(delete(AbsenceQuestion).where(AbsenceQuestion.assignment_id == assignment_id))
    said = {"minutes": minutes} if minutes is not None else {}
    await _set_terms(session, shift, decision, driver.id, "running_late", said, now)
    notice = DriverLate(
        shift.route,
        shift.warehouse,
        shift.on,
        time.shift_start(shift.on, policy),
        f"{driver.first_name} {driver.last_name}",
        driver.phone,
        shift.arrive_by,
        decision.arrive_by,
        minutes,
    )
    envelope = Envelope(Kind.RUNNING_LATE, assignment_id, warehouse_id=shift.warehouse_id)
    responsible = (await session.scalars(managers_to_tell(shift.warehouse_id, shift.route_id, now))).all()
    await notices.tell(session, responsible, notice, envelope, say, policy, now)
    await leaving.shown(session, shift, now)
    return decision


async def answer_late(
    session: AsyncSession,
    manager: Person,
    assignment_id: uuid.UUID,
    more: timedelta,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Extend | Done | Refused:
    """[Refuse] (no `more`) or [Extend]: the driver's terms change, and he is told (R8.5).

    Refused for a shift that is not of the manager's warehouses, once he is there, and from when arriving is due on.
    """
    driver = await driver_of(session, manager.id, assignment_id)
    shift = await queries.shift_locked(session, driver.id, assignment_id, policy) if driver else None
    if driver is None or shift is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_extension(shift, more, policy, now)
    if not isinstance(decision, Extend):
        return decision
    granted = decision.granted // MINUTE
    await session.execute(_ANSWER, {"assignment": assignment_id, "granted": granted, "by": manager.id, "now": now})
    action = "extended" if granted else "extension_refused"
    await _set_terms(session, shift, decision, manager.id, action, {}, now)
    starts_at = time.shift_start(shift.on, policy)
    notice = LateAnswered(shift.route, shift.warehouse, shift.on, starts_at, decision.arrive_by, granted)
    level = Urgency.IMPORTANT if granted else Urgency.URGENT
    envelope = Envelope(Kind.LATE_ANSWER, assignment_id, expires_at=decision.arrive_by, level=level, occasion=now)
    await notices.tell(session, [driver.id], notice, envelope, say, policy, now)
    await leaving.shown(session, shift, now)
    return decision


async def _set_terms(
    session: AsyncSession,
    shift: ShiftFacts,
    extension: Extend,
    actor_id: uuid.UUID,
    action: str,
    facts: dict[str, int],
    now: datetime,
) -> None:
    """Under the assignment's lock, which the no-show duty takes before it looks at them once more."""
    terms = {"arrive_by": extension.arrive_by}
    written = upsert(AssignmentTerms).values(assignment_id=shift.assignment_id, **terms)
    await session.execute(written.on_conflict_do_update(index_elements=["assignment_id"], set_=terms))
    before, after = {"arrive_by": shift.arrive_by.isoformat()}, {"arrive_by": extension.arrive_by.isoformat()}
    entry = audit.Entry("assignment", shift.assignment_id, action, before, after, facts or None)
    await audit.record(session, actor_id, now, entry)


@dataclass(frozen=True, slots=True)
class LateCard:
    """Who is running late, for his manager. `due_at`: when he was due before; `granted`: so much more, none: refused.

    `minutes`: so late, as he says; `decided_by`: who has answered it.
    """

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    driver: str
    phone: str
    status: AssignmentStatus
    due_at: datetime
    arrive_by: datetime
    arrived_at: datetime | None
    minutes: int | None
    granted: timedelta
    decided_by: str | None


async def late_card(
    session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> LateCard | None:
    """A shift in the manager's warehouses whose driver has said that he is late; None for any other (R12.3)."""
    driver = await driver_of(session, manager_id, assignment_id)
    shift = await queries.any_shift(session, driver.id, assignment_id, policy) if driver else None
    said = select(LateAnnouncement, User.first_name + " " + User.last_name).outerjoin(
        User, User.id == LateAnnouncement.decided_by
    )
    row = (await session.execute(said.where(LateAnnouncement.assignment_id == assignment_id))).one_or_none()
    if driver is None or shift is None or row is None:
        return None
    late, decided_by = row
    return LateCard(
        assignment_id=assignment_id,
        route=shift.route,
        warehouse=shift.warehouse,
        on=shift.on,
        driver=f"{driver.first_name} {driver.last_name}",
        phone=driver.phone,
        status=shift.status,
        due_at=late.due_at,
        arrive_by=shift.arrive_by,
        arrived_at=shift.arrived_at,
        minutes=late.minutes,
        granted=late.granted * MINUTE,
        decided_by=decided_by,
    )
