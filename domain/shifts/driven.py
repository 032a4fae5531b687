"""One shift and its driver, as a manager of its warehouse sees them (R8.9)."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Uuid, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.db.models import Assignment, AuditLog, Incident, Shift, ShiftReview, User
from domain.db.models.words import AssignmentStatus, CancelReason, IncidentKind
from domain.people.queries import Person, manages, person
from domain.policy import Policy
from domain.shifts.queries import OwnShift, any_shift


@dataclass(frozen=True, slots=True)
class Driven:
    """A shift of any state. `reason`, `note`: why its driver left or stopped it, in his words.

    `noted_by`: the manager who has entered them for him, told by telephone (R8.9); None: he himself.
    `incident`: what the ledger says of it, if anything; `excused`: a manager has, or it was practice.
    `in_review`: a manager is to look at it; `accepted`: whether one has, None until then.
    """

    shift: OwnShift
    driver_id: uuid.UUID
    driver: str
    phone: str
    reason: CancelReason | None
    note: str | None
    noted_by: str | None
    incident: IncidentKind | None
    excused: bool
    in_review: bool
    accepted: bool | None


_NOTER = aliased(User)
_NOTED_BY = (
    select(_NOTER.first_name + " " + _NOTER.last_name)
    .join(AuditLog, AuditLog.actor_id == _NOTER.id)
    .where(
        AuditLog.entity_type == "assignment",
        AuditLog.entity_id == Assignment.id,
        AuditLog.changes["after"]["status"].astext == AssignmentStatus.CANCELLED,
        AuditLog.changes["by_phone"].as_boolean(),
    )
    .order_by(AuditLog.created_at.desc())
    .limit(1)
    .scalar_subquery()
)
_DRIVEN = (
    select(
        User.id,
        User.first_name + " " + User.last_name,
        User.phone,
        Shift.cancel_reason,
        Shift.cancel_notes,
        _NOTED_BY,
        Incident.kind,
        Incident.excused_at.is_not(None),
        and_(ShiftReview.opened_at.is_not(None), ShiftReview.decided_at.is_(None)),
        ShiftReview.accepted,
    )
    .select_from(Assignment)
    .join(User, User.id == Assignment.user_id)
    .outerjoin(Shift, Shift.assignment_id == Assignment.id)
    .outerjoin(Incident, Incident.assignment_id == Assignment.id)
    .outerjoin(ShiftReview, ShiftReview.assignment_id == Assignment.id)
    .where(
        Assignment.id == bindparam("assignment", type_=Uuid()),
        manages(bindparam("manager", type_=Uuid()), Assignment.warehouse_id),
    )
    .order_by(Incident.occurred_at.desc())
    .limit(1)
)


async def driven(
    session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> Driven | None:
    """A shift that has or had a driver, in a warehouse of the manager's; None for any other (R12.3)."""
    row = (await session.execute(_DRIVEN, {"assignment": assignment_id, "manager": manager_id})).one_or_none()
    if row is None:
        return None
    shift = await any_shift(session, row[0], assignment_id, policy)
    return None if shift is None else Driven(shift, *row)


async def driver_of(session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID) -> Person | None:
    """Whose shift it is or was, in a warehouse of the manager's; None for any other (R12.3)."""
    row = (await session.execute(_DRIVEN, {"assignment": assignment_id, "manager": manager_id})).one_or_none()
    return None if row is None else await person(session, row[0])
