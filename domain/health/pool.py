"""Whether a driver is in the assignment pool, as his open hard stop has it (R10.2); under his lock."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.sql import sql
from domain.health import grounds
from domain.notices import following_many as following
from domain.policy import Policy


def told(eligible: bool, requires: bool) -> dict[str, Any]:
    """How it stands in the audit log."""
    return {"assignment_pool_eligible": eligible, "requires_manager_intervention": requires}


_FOLLOW = sql(
    """
    UPDATE driver_health_state h
    SET assignment_pool_eligible = now_.eligible, requires_manager_intervention = now_.requires, updated_at = :now
    FROM (SELECT coalesce(bool_and(s.back_at IS NOT NULL), true) AS eligible,
                 coalesce(bool_or(s.reinstated IS NULL), false) AS requires
          FROM hard_stops s WHERE s.user_id = :driver AND s.ended_at IS NULL) AS now_
    WHERE h.user_id = :driver
    RETURNING now_.eligible, now_.requires
    """,
    driver=Uuid(),
)


async def follow_stop(
    session: AsyncSession,
    driver_id: uuid.UUID,
    action: str,
    by: uuid.UUID | None,
    now: datetime,
    why: dict[str, str] | None = None,
) -> None:
    """His stop has changed: he is in the pool, or out of it, accordingly; audited as `action`."""
    stands = (await session.execute(_FOLLOW, {"driver": driver_id, "now": now})).one()
    after = told(stands.eligible, stands.requires) | (why or {})
    await audit.record(session, by, now, audit.Entry("user", driver_id, action, after=after))


# An appeal of what a stop `s` stands on waits.
APPEALED = f"""
    EXISTS (SELECT FROM appeals p JOIN {grounds.grounds("s.user_id = :driver")} AS held USING (incident_id)
            WHERE held.stop_id = s.id AND p.decided_at IS NULL)
"""
# Back is who waits for the decision on such an appeal, or on whom nobody has decided in time.
_FOLLOW_APPEAL = sql(
    f"""
    UPDATE hard_stops s SET back_at = CASE WHEN is_.back THEN CAST(:now AS timestamptz) END
    FROM (SELECT s.id, {APPEALED} OR s.reinstated IS NULL AND s.stopped_at <= :undecided_since AS back
          FROM hard_stops s WHERE s.user_id = :driver AND s.ended_at IS NULL) AS is_
    WHERE s.id = is_.id AND is_.back <> (s.back_at IS NOT NULL)
    RETURNING s.id, is_.back
    """,  # noqa: S608
    driver=Uuid(),
    undecided_since=DateTime(timezone=True),
    **grounds.TYPES,
)


async def follow_appeal(
    session: AsyncSession, driver_id: uuid.UUID, by: uuid.UUID, policy: Policy, now: datetime
) -> None:
    """Whoever is stopped is back in the pool while an appeal of that waits, and out again once it is refused."""
    until = {"driver": driver_id, "undecided_since": now - policy.stop_back_after, "now": now}
    row = (await session.execute(_FOLLOW_APPEAL, until | grounds.given(policy))).one_or_none()
    if row is not None:
        await follow_stop(session, driver_id, "back_for_now" if row.back else "out_again", by, now)
        await following.follow_all(session, [row.id], now)
