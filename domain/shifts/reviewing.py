"""What a manager looks at before anybody is blamed: protected absences, and shifts that were stopped (R5.3, R8.8)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import DateTime, Integer, Text, Uuid, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding.queries import lock_people
from domain.db.models import Assignment, Route, Shift, ShiftReview, User, Warehouse
from domain.db.models.words import AssignmentStatus, CancelReason
from domain.db.sql import Find, sql
from domain.health import weeks
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.shifts import ReviewDecided
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person, manages
from domain.policy import Policy
from domain.reasons import bad_reason
from domain.refusals import Refusal, Refused
from domain.shifts import ledger


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """What is to be looked at, as it is under lock."""

    assignment_id: uuid.UUID
    driver_id: uuid.UUID
    warehouse_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    stopped: bool  # he had begun, and the shift is completed with what he brought back
    decided: bool
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decided:
    """It is decided. Not accepted: an absence is a late cancellation, a stopped shift counts for the rate."""

    assignment_id: uuid.UUID
    accepted: bool


def decide_review(facts: ReviewFacts | None, accepted: bool, reason: str | None, policy: Policy) -> Decided | Refused:
    """A manager decides once; not to accept it takes a reason, which its driver reads."""
    if facts is None:
        return Refused(Refusal.NOT_FOUND)
    if facts.decided:
        return Refused(Refusal.DECIDED_ALREADY)
    needs_none = accepted and not reason
    return (None if needs_none else bad_reason(reason, policy)) or Decided(facts.assignment_id, accepted)


_REVIEWS = (
    select(
        Assignment.id,
        Assignment.user_id,
        Assignment.warehouse_id,
        Route.name,
        Warehouse.name,
        Assignment.on,
        Assignment.status == AssignmentStatus.COMPLETED,
        ShiftReview.decided_at.is_not(None),
        Shift.completed_at,
    )
    .join(ShiftReview, ShiftReview.assignment_id == Assignment.id)
    .join(Route, Route.id == Assignment.route_id)
    .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
    .outerjoin(Shift, Shift.assignment_id == Assignment.id)
    .where(Assignment.id == bindparam("assignment", type_=Uuid()))
)
# Whether it is his is looked at once it is locked: he may have been removed meanwhile (R12.5).
_HIS = _REVIEWS.where(manages(bindparam("manager", type_=Uuid()), Assignment.warehouse_id))
_LOCK = (
    select(Assignment.id)
    .where(Assignment.id == bindparam("assignment", type_=Uuid()))
    .with_for_update(of=Assignment, key_share=True)
)
_DECIDE = sql(
    """
    UPDATE shift_reviews SET decided_at = :now, decided_by = :by, accepted = :accepted, reason = :reason
    WHERE assignment_id = :assignment
    """,
    by=Uuid(),
    assignment=Uuid(),
    reason=Text(),
)


async def decide(
    session: AsyncSession,
    manager: Person,
    assignment_id: uuid.UUID,
    accepted: bool,
    reason: str | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Decided | Refused:
    """A manager of the warehouse accepts what a driver could not help, or does not, with a reason (R5.3, R8.8)."""
    await session.execute(_LOCK, {"assignment": assignment_id})
    row = (await session.execute(_HIS, {"assignment": assignment_id, "manager": manager.id})).one_or_none()
    facts = None if row is None else ReviewFacts(*row)
    decision = decide_review(facts, accepted, reason, policy)
    if facts is not None and isinstance(decision, Decided):
        await _record(session, facts, decision, manager.id, reason, say, policy, now)
    return decision


_UNDECIDED = sql(
    """
    SELECT a.id FROM shift_reviews r JOIN assignments a ON a.id = r.assignment_id
    WHERE r.decided_at IS NULL AND r.opened_at <= :before
    ORDER BY r.opened_at, a.id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF a, r SKIP LOCKED
    """,
    before=DateTime(timezone=True),
    pass_by=Integer(),
)


def due_review(policy: Policy, now: datetime, pass_by: int = 0) -> Find:
    """A shift that nobody has looked at in time: its id."""
    return _UNDECIDED, {"before": now - policy.review_within, "pass_by": pass_by}


async def accept_due_review(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Decided | None:
    """What nobody has looked at within 14 days is accepted (R5.3); None where there is nothing.

    What others hold is passed by, and so are the first `pass_by` of what is due.
    """
    id_ = await session.scalar(*due_review(policy, now, pass_by))
    if id_ is None:
        return None
    facts = ReviewFacts(*(await session.execute(_REVIEWS, {"assignment": id_})).one())
    decision = Decided(facts.assignment_id, accepted=True)
    await _record(session, facts, decision, None, None, say, policy, now)
    return decision


async def _record(
    session: AsyncSession,
    facts: ReviewFacts,
    decision: Decided,
    by: uuid.UUID | None,
    reason: str | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    given = {"assignment": facts.assignment_id, "by": by, "accepted": decision.accepted, "reason": reason, "now": now}
    await session.execute(_DECIDE, given)
    after = {"accepted": decision.accepted} | ({"reason": reason} if reason else {})
    await audit.record(session, by, now, audit.Entry("shift_review", facts.assignment_id, "decided", after=after))
    if not decision.accepted and by is not None and not facts.stopped:
        await ledger.blame(session, facts.assignment_id, by, say, policy, now)
    if facts.stopped and facts.completed_at is not None:
        await lock_people(session, [facts.driver_id])
        await ledger.rate(session, facts.driver_id, now)
        await weeks.judge_again(session, facts.driver_id, [facts.completed_at], policy, now)
    starts_at = time.shift_start(facts.on, policy)
    notice = ReviewDecided(facts.route, facts.warehouse, facts.on, starts_at, facts.stopped, decision.accepted, reason)
    envelope = notices.Envelope(Kind.DECIDED, facts.assignment_id)
    await notices.tell(session, [facts.driver_id], notice, envelope, say, policy, now)
    await following.follow(session, facts.assignment_id, now, over=False)
    day = following.DayAt(facts.warehouse_id, facts.on)
    await following.follow_homes(session, now, of=[facts.driver_id], managers_of=[day], first=by)


# -- what waits


async def waits(session: AsyncSession, assignment_id: uuid.UUID) -> bool:
    """Whether this waits for a manager's decision."""
    open_ = exists().where(ShiftReview.assignment_id == assignment_id, ShiftReview.decided_at.is_(None))
    return bool(await session.scalar(select(open_)))


@dataclass(frozen=True, slots=True)
class ToReview:
    """An absence, or a stopped shift, that nobody has decided on. `until`: then it is accepted."""

    assignment_id: uuid.UUID
    driver: str
    route: str
    warehouse: str
    on: date
    reason: CancelReason | None
    until: datetime


async def to_review(
    session: AsyncSession, manager_id: uuid.UUID, most: int, policy: Policy
) -> tuple[tuple[ToReview, ...], int]:
    """What waits in the manager's warehouses, the oldest first, `most` of it; and how much that is in all."""
    mine = (ShiftReview.decided_at.is_(None), manages(manager_id, Assignment.warehouse_id))
    rows = await session.execute(
        select(
            Assignment.id,
            User.first_name + " " + User.last_name,
            Route.name,
            Warehouse.name,
            Assignment.on,
            Shift.cancel_reason,
            ShiftReview.opened_at,
            func.count().over(),
        )
        .join(Assignment, Assignment.id == ShiftReview.assignment_id)
        .join(User, User.id == Assignment.user_id)
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .outerjoin(Shift, Shift.assignment_id == Assignment.id)
        .where(*mine)
        .order_by(ShiftReview.opened_at, Assignment.id)
        .limit(most)
    )
    found = rows.all()
    waiting = tuple(
        ToReview(id_, driver, route, warehouse, on, reason, opened_at + policy.review_within)
        for id_, driver, route, warehouse, on, reason, opened_at, _ in found
    )
    return waiting, found[0][-1] if found else 0
