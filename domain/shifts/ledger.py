"""The incident ledger and the counters beside it: what went wrong, whose it is, what follows at once (R2.4, R10.2)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Integer, Text, Uuid, insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Incident
from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.policy import Policy

PRACTICE = "practice"  # the reason for which an incident is excused before penalties begin (R9.7)

_COUNTERS = ("total_shifts", "completed_shifts", "confirmed_shifts", "auto_dropped_shifts", "late_cancellations",
             "no_shows")  # fmt: skip
# Counters exist from a driver's first event on (R9.6).
_COUNT = sql(
    f"""
    INSERT INTO driver_metrics AS m (user_id, {", ".join(_COUNTERS)}, updated_at)
    VALUES (:driver, {", ".join(f":{name}" for name in _COUNTERS)}, :now)
    ON CONFLICT (user_id) DO UPDATE
    SET {", ".join(f"{name} = m.{name} + excluded.{name}" for name in _COUNTERS)}, updated_at = excluded.updated_at
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
    """Adds to the driver's counters, by their columns in driver_metrics."""
    await session.execute(_COUNT, dict.fromkeys(_COUNTERS, 0) | events | {"driver": driver_id, "now": now})


async def enter(
    session: AsyncSession,
    driver_id: uuid.UUID,
    assignment_id: uuid.UUID,
    kind: IncidentKind,
    actor_id: uuid.UUID | None,
    policy: Policy,
    now: datetime,
) -> bool:
    """Writes an incident with all that it causes at once: counters, and the hard stop (R10.2).

    Before penalties begin it is excused as practice, and causes nothing (R9.7). Returns whether it counts.
    """
    practice = policy.penalties_from is not None and now < policy.penalties_from
    incident_id = uuid.uuid4()
    excuse: dict[str, Any] = {"excused_at": now, "excuse_reason": PRACTICE} if practice else {}
    about = {"user_id": driver_id, "assignment_id": assignment_id, "kind": kind}
    await session.execute(insert(Incident).values(id=incident_id, occurred_at=now, **about, **excuse))
    after = {"user_id": str(driver_id), "assignment_id": str(assignment_id), "kind": kind} | (
        {"excused": PRACTICE} if practice else {}
    )
    await audit.record(session, actor_id, now, audit.Entry("incident", incident_id, "created", after=after))
    counter = _COUNTED.get(kind)
    if practice or counter is None:
        return False
    await count(session, driver_id, now, total_shifts=1, **{counter: 1})
    await _stop_if_due(session, driver_id, policy, now)
    return True


_EXCUSE = sql(
    """
    UPDATE incidents SET excused_by = :by, excused_at = :now, excuse_reason = :reason
    WHERE assignment_id = :assignment AND kind = :kind AND excused_at IS NULL
    RETURNING id, user_id
    """,
    by=Uuid(),
    reason=Text(),
    assignment=Uuid(),
    kind=Text(),
)


async def excuse(
    session: AsyncSession, assignment_id: uuid.UUID, kind: IncidentKind, by: uuid.UUID, reason: str, now: datetime
) -> None:
    """It counts no longer, and neither do the counters that it moved; nothing where there is no such incident."""
    given = {"by": by, "reason": reason, "assignment": assignment_id, "kind": kind.value, "now": now}
    row = (await session.execute(_EXCUSE, given)).one_or_none()
    if row is None:
        return
    if (counter := _COUNTED.get(kind)) is not None:
        await count(session, row.user_id, now, total_shifts=-1, **{counter: -1})
    await audit.record(session, by, now, audit.Entry("incident", row.id, "excused", after={"reason": reason}))


# One no-show, or two late cancels, within the rolling days; whoever is out already stays as he is.
_STOP = sql(
    """
    INSERT INTO driver_health_state AS s (user_id, assignment_pool_eligible, requires_manager_intervention, updated_at)
    SELECT :driver, false, true, :now
    WHERE (SELECT count(*) FILTER (WHERE kind = 'no_show') >= :no_shows
                  OR count(*) FILTER (WHERE kind = 'late_cancel') >= :late_cancels
           FROM incidents WHERE user_id = :driver AND excused_at IS NULL AND occurred_at > :since)
    ON CONFLICT (user_id) DO UPDATE
    SET assignment_pool_eligible = false, requires_manager_intervention = true, updated_at = excluded.updated_at
    WHERE s.assignment_pool_eligible
    RETURNING user_id
    """,
    driver=Uuid(),
    no_shows=Integer(),
    late_cancels=Integer(),
    since=DateTime(timezone=True),
)


async def _stop_if_due(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> None:
    terms = {"no_shows": policy.hard_stop_no_shows, "late_cancels": policy.hard_stop_late_cancels}
    since = now - policy.hard_stop_within
    stopped = await session.scalar(_STOP, terms | {"driver": driver_id, "since": since, "now": now})
    if stopped is not None:
        out = {"assignment_pool_eligible": False, "requires_manager_intervention": True}
        await audit.record(session, None, now, audit.Entry("user", driver_id, "hard_stop", after=out))
