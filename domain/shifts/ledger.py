"""The incident ledger and the counters beside it: what went wrong, whose it is, what follows at once (R2.4, R10.2)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, Text, Uuid, insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import Incident, ShiftReview
from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health import pool, stops
from domain.notices import following_many as following
from domain.notices.wording import Wording
from domain.policy import Policy


class Excuse(StrEnum):
    """Why an incident does not count though no manager has said so in his own words; people read it in theirs."""

    PRACTICE = "practice"  # penalties have not begun (R9.7)
    WANTED_BACK = "wanted back"  # soon enough (R4.3)
    RESTORED = "restored"  # he was late, and has his shift (R8.6)


_COUNTERS = ("total_shifts", "completed_shifts", "total_assigned", "confirmed_shifts", "auto_dropped_shifts",
             "late_cancellations", "no_shows")  # fmt: skip
# Counters exist from a driver's first event on (R9.6); attendance follows what was due (R9.1).
_COUNT = sql(
    f"""
    INSERT INTO driver_metrics AS m (user_id, {", ".join(_COUNTERS)}, attendance_rate, updated_at)
    VALUES (:driver, {", ".join(f":{name}" for name in _COUNTERS)},
            coalesce(:completed_shifts / nullif(CAST(:total_shifts AS float8), 0), 0), :now)
    ON CONFLICT (user_id) DO UPDATE
    SET {", ".join(f"{name} = m.{name} + excluded.{name}" for name in _COUNTERS)}, updated_at = excluded.updated_at,
        attendance_rate = CASE WHEN excluded.total_shifts = 0 THEN m.attendance_rate ELSE coalesce(
            (m.completed_shifts + excluded.completed_shifts)
            / nullif(CAST(m.total_shifts + excluded.total_shifts AS float8), 0), 0) END
    """,  # noqa: S608 - our own names
    driver=Uuid(),
    **{name: Integer() for name in _COUNTERS},
)
_COUNTED = {
    IncidentKind.LATE_CANCEL: "late_cancellations",
    IncidentKind.AUTO_DROP: "auto_dropped_shifts",
    IncidentKind.NO_SHOW: "no_shows",
}


async def count(session: AsyncSession, driver_id: uuid.UUID, now: datetime, **events: int) -> None:
    """Adds to the driver's counters, by their columns in driver_metrics; what was due moves his attendance rate."""
    await session.execute(_COUNT, dict.fromkeys(_COUNTERS, 0) | events | {"driver": driver_id, "now": now})


def practice_until(policy: Policy, now: datetime) -> datetime | None:
    """When penalties begin; None: they are in force (R9.7)."""
    return policy.penalties_from if policy.penalties_from is not None and now < policy.penalties_from else None


async def enter(
    session: AsyncSession,
    driver_id: uuid.UUID,
    assignment_id: uuid.UUID,
    kind: IncidentKind,
    actor_id: uuid.UUID | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> bool:
    """Writes an incident with all that it causes at once: counters, and the hard stop (R10.2).

    Before penalties begin it is excused as practice, and causes nothing (R9.7). Returns whether it counts.
    """
    practice = practice_until(policy, now) is not None
    incident_id = uuid.uuid4()
    excuse: dict[str, Any] = {"excused_at": now, "excuse_reason": Excuse.PRACTICE.value} if practice else {}
    about = {"user_id": driver_id, "assignment_id": assignment_id, "kind": kind}
    await session.execute(insert(Incident).values(id=incident_id, occurred_at=now, **about, **excuse))
    after = {"user_id": str(driver_id), "assignment_id": str(assignment_id), "kind": kind} | (
        {"excused": Excuse.PRACTICE} if practice else {}
    )
    await audit.record(session, actor_id, now, audit.Entry("incident", incident_id, "created", after=after))
    if kind is IncidentKind.PROTECTED_ABSENCE and not practice:
        await open_review(session, assignment_id, now)
    counter = _COUNTED.get(kind)
    if practice or counter is None:
        return False
    if kind is IncidentKind.AUTO_DROP:  # which is neither of those that stop him (R4.3)
        await count(session, driver_id, now, total_shifts=1, **{counter: 1})
    else:
        await _blamed(session, driver_id, kind, say, policy, now)
    return True


async def _blamed(
    session: AsyncSession, driver_id: uuid.UUID, kind: IncidentKind, say: Wording, policy: Policy, now: datetime
) -> None:
    """Under his lock: who is about to be given a shift is out of the pool before, or has it (R10.2)."""
    await lock_people(session, [driver_id])
    await count(session, driver_id, now, total_shifts=1, **{_COUNTED[kind]: 1})
    await stops.stop_if_due(session, driver_id, kind, say, policy, now)


async def open_review(session: AsyncSession, assignment_id: uuid.UUID, now: datetime) -> None:
    """A manager is to look at it: a protected absence (R5.3), or a shift that had to be stopped (R8.8)."""
    await session.execute(insert(ShiftReview).values(assignment_id=assignment_id, opened_at=now))


_BLAME = sql(
    """
    UPDATE incidents SET kind = 'late_cancel'
    WHERE assignment_id = :assignment AND kind = 'protected_absence' AND excused_at IS NULL
    RETURNING id, user_id
    """,
    assignment=Uuid(),
)


async def blame(
    session: AsyncSession, assignment_id: uuid.UUID, by: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> None:
    """A protected absence that a manager did not accept: a late cancellation, dated as it happened (R5.3).

    What follows from it follows from now on. Nothing where there is none that counts.
    """
    row = (await session.execute(_BLAME, {"assignment": assignment_id})).one_or_none()
    if row is None:
        return
    before, after = {"kind": IncidentKind.PROTECTED_ABSENCE}, {"kind": IncidentKind.LATE_CANCEL}
    await audit.record(session, by, now, audit.Entry("incident", row.id, "not_accepted", before, after))
    await _blamed(session, row.user_id, IncidentKind.LATE_CANCEL, say, policy, now)


# R9.1's mean over completed shifts with parcels; exact, since it is made anew from the shifts themselves. Who had to
# stop on the way is left out, unless a manager has decided otherwise (R8.8).
_RATE = sql(
    """
    UPDATE driver_metrics m
    SET completion_rate = coalesce(done.rate, 0), avg_parcels_delivered = coalesce(done.parcels, 0), updated_at = :now
    FROM (
        SELECT avg(s.parcels_delivered::float8 / s.parcels_start) AS rate, avg(s.parcels_delivered)::float8 AS parcels
        FROM assignments a JOIN shifts s ON s.assignment_id = a.id
        WHERE a.user_id = :driver AND a.status = 'completed' AND s.parcels_start > 0
          AND NOT EXISTS (SELECT FROM shift_reviews r WHERE r.assignment_id = a.id AND r.accepted IS NOT FALSE)
    ) AS done
    WHERE m.user_id = :driver
    """,
    driver=Uuid(),
)


_LOCK_RATE = sql("SELECT FROM driver_metrics WHERE user_id = :driver FOR NO KEY UPDATE", driver=Uuid())


async def rate(session: AsyncSession, driver_id: uuid.UUID, now: datetime) -> None:
    """His completion rate and what he delivers on average, once a shift of his or its numbers have changed.

    Lock: his counters, before his shifts are read; who is waited for may just have completed another one.
    """
    await session.execute(_LOCK_RATE, {"driver": driver_id})
    await session.execute(_RATE, {"driver": driver_id, "now": now})


_EXCUSE = sql(
    """
    UPDATE incidents SET excused_by = :by, excused_at = :now, excuse_reason = :reason
    WHERE assignment_id = :assignment AND kind = :kind AND excused_at IS NULL
    RETURNING id, user_id, occurred_at
    """,
    by=Uuid(),
    reason=Text(),
    assignment=Uuid(),
    kind=Text(),
)


# Nobody has to decide any more on what is excused (R10.6).
_GRANT = sql(
    """
    UPDATE appeals SET decided_at = :now, decided_by = :by, granted = true, answer = :reason
    WHERE incident_id = :incident AND decided_at IS NULL
    RETURNING id
    """,
    by=Uuid(),
    reason=Text(),
    incident=Uuid(),
)


@dataclass(frozen=True, slots=True)
class Gone:
    """An incident that counts no longer. `at`: when it happened."""

    driver_id: uuid.UUID
    at: datetime


async def excuse(
    session: AsyncSession,
    assignment_id: uuid.UUID,
    kind: IncidentKind,
    by: uuid.UUID,
    reason: str,
    policy: Policy,
    now: datetime,
) -> Gone | None:
    """It counts no longer, and neither does what it caused at once: the counters that it moved, and a hard stop that
    nothing else holds. An appeal that waits is granted. None where there is no such incident.

    What has followed since is undone by `excusing.take_back`.
    """
    given = {"by": by, "reason": reason, "assignment": assignment_id, "kind": kind.value, "now": now}
    row = (await session.execute(_EXCUSE, given)).one_or_none()
    if row is None:
        return None
    if (counter := _COUNTED.get(kind)) is not None:
        await count(session, row.user_id, now, total_shifts=-1, **{counter: -1})
    entries, shown = [audit.Entry("incident", row.id, "excused", after={"reason": reason})], [row.id]
    appeal_id = await session.scalar(_GRANT, {"incident": row.id, "by": by, "reason": reason, "now": now})
    if appeal_id is not None:
        entries.append(audit.Entry("appeal", appeal_id, "decided", after={"granted": True, "reason": reason}))
        shown.append(appeal_id)
    await audit.record(session, by, now, *entries)
    await lock_people(session, [row.user_id])
    await following.follow_all(session, shown, now)
    await stops.lift_if_due(session, row.user_id, by, policy, now)
    await pool.follow_appeal(session, row.user_id, by, policy, now)
    return Gone(row.user_id, row.occurred_at)
