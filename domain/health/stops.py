"""The hard stop: out of the assignment pool until a manager has decided, and what lifts it (R10.2, R10.3).

Everything that writes `hard_stops` holds the driver's lock: whoever is about to be given a shift is out of the pool
before that, or has it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, Integer, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health import asking, grounds, pool
from domain.health.grounds import REINSTATED
from domain.notices import actions as notices
from domain.notices import following_many as following
from domain.notices.facts.health import PoolLost, StarsLost
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Stopped:
    """A driver has been taken out of the pool. `stars`: those that it has cost him."""

    id: uuid.UUID
    stars: int


_FACTS = sql(
    f"""
    SELECT coalesce(h.assignment_pool_eligible, true) AS in_pool, coalesce(h.stars, 0) AS stars, counted.*
    FROM (SELECT count(*) FILTER (WHERE kind = 'no_show') AS no_shows,
                 count(*) FILTER (WHERE kind = 'late_cancel') AS late_cancels
          FROM incidents WHERE user_id = :driver AND excused_at IS NULL AND occurred_at > :since
            AND occurred_at > {REINSTATED.format(driver=":driver", before="")}) AS counted
    LEFT JOIN driver_health_state h ON h.user_id = :driver
    """,  # noqa: S608 - our own texts
    driver=Uuid(),
    since=DateTime(timezone=True),
)
_END = sql("UPDATE hard_stops SET ended_at = :now WHERE user_id = :driver AND ended_at IS NULL RETURNING id",
           driver=Uuid())  # fmt: skip
_STOP = sql(
    """
    WITH out AS (
        INSERT INTO driver_health_state AS s (user_id, assignment_pool_eligible, requires_manager_intervention,
                                              updated_at)
        VALUES (:driver, false, true, :now)
        ON CONFLICT (user_id) DO UPDATE
        SET assignment_pool_eligible = false, requires_manager_intervention = true, updated_at = excluded.updated_at,
            current_score = least(s.current_score, :most), stars = 0, streak_weeks = 0,
            next_milestone_stars = excluded.next_milestone_stars
    )
    INSERT INTO hard_stops (id, user_id, stopped_at) VALUES (:id, :driver, :now)
    """,
    id=Uuid(),
    driver=Uuid(),
    most=Integer(),
)


async def stop_if_due(
    session: AsyncSession, driver_id: uuid.UUID, kind: IncidentKind, say: Wording, policy: Policy, now: datetime
) -> Stopped | None:
    """After an incident of this kind, under his lock: one no-show, or two late cancels, within the rolling days.

    Whoever is out stays as he is. Who is back because nobody has decided (R10.2) is stopped anew, by what is new alone:
    a late cancel does not stop whom a no-show had stopped. His managers are asked; he is told, by the no-show's own
    message if it is one.
    """
    facts = (await session.execute(_FACTS, {"driver": driver_id, "since": now - policy.hard_stop_within})).one()
    if not facts.in_pool or not _is_enough(kind, facts.no_shows, facts.late_cancels, policy):
        return None
    stopped = Stopped(uuid.uuid4(), facts.stars)
    before_it = (await session.scalars(_END, {"driver": driver_id, "now": now})).all()
    given = {"id": stopped.id, "driver": driver_id, "most": policy.stopped_most, "now": now}
    await session.execute(_STOP, given)
    after = pool.told(False, True) | ({"stars": 0} if facts.stars else {})
    before = {"stars": facts.stars} if facts.stars else {}
    await audit.record(session, None, now, audit.Entry("user", driver_id, "hard_stop", before, after))
    if kind is IncidentKind.LATE_CANCEL:
        lost = PoolLost(facts.late_cancels, policy.hard_stop_within.days)
        await notices.tell(session, [driver_id], lost, notices.Envelope(Kind.POOL_LOST, stopped.id), say, policy, now)
    if facts.stars:
        gone = notices.Envelope(Kind.STARS_LOST, stopped.id)
        await notices.tell(session, [driver_id], StarsLost(facts.stars), gone, say, policy, now)
    await asking.ask(session, stopped.id, say, policy, now)
    if before_it:
        await following.follow_all(session, before_it, now)
    return stopped


def _is_enough(kind: IncidentKind, no_shows: int, late_cancels: int, policy: Policy) -> bool:
    """Whether so many within the rolling days stop a driver, the last of this kind among them (R10.2)."""
    enough = {
        IncidentKind.NO_SHOW: no_shows >= policy.hard_stop_no_shows,
        IncidentKind.LATE_CANCEL: late_cancels >= policy.hard_stop_late_cancels,
    }
    return enough.get(kind, False)


async def by_one_more_late_cancel(
    session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> PoolLost | None:
    """What he would be told if he cancelled late now, so that he reads it before (R5.1); None: it would not stop him.

    Not under his lock: it only foretells what `stop_if_due` decides.
    """
    facts = (await session.execute(_FACTS, {"driver": driver_id, "since": now - policy.hard_stop_within})).one()
    late_cancels = facts.late_cancels + 1
    if not facts.in_pool or not _is_enough(IncidentKind.LATE_CANCEL, facts.no_shows, late_cancels, policy):
        return None
    return PoolLost(late_cancels, policy.hard_stop_within.days)


_LIFT = sql(
    f"""
    WITH stop AS (
        SELECT s.id, s.ended_at IS NULL AS is_open FROM hard_stops s
        WHERE s.user_id = :driver AND NOT s.lifted AND NOT s.adopted
    ), gone AS (
        UPDATE hard_stops s SET lifted = true, ended_at = coalesce(s.ended_at, :now) FROM stop
        WHERE s.id = stop.id AND NOT EXISTS (SELECT FROM {grounds.grounds("s.user_id = :driver")} AS held
                                             WHERE held.stop_id = stop.id)
        RETURNING s.id
    )
    SELECT stop.id, stop.is_open, gone.id IS NOT NULL AS lifted FROM stop LEFT JOIN gone USING (id)
    WHERE stop.is_open OR gone.id IS NOT NULL
    """,  # noqa: S608
    driver=Uuid(),
    **grounds.TYPES,
)
# The one before it, which nobody had decided when it came: it goes on as it was.
_REOPEN = sql(
    f"""
    UPDATE hard_stops SET ended_at = NULL WHERE id = (
        SELECT id FROM hard_stops WHERE user_id = :driver AND NOT lifted AND reinstated IS NOT TRUE
          AND stopped_at > {REINSTATED.format(driver=":driver", before="")}
        ORDER BY stopped_at DESC LIMIT 1)
    RETURNING id
    """,  # noqa: S608
    driver=Uuid(),
)


async def lift_if_due(
    session: AsyncSession, driver_id: uuid.UUID, by: uuid.UUID | None, policy: Policy, now: datetime
) -> None:
    """After an incident of his was excused, under his lock: a stop that nothing holds any more is as if it had never
    been, also one that was decided. What shows his stops is redrawn; his stars and his score are the caller's affair.

    Who was taken out of the pool by another program has no stop of ours, and stays as he is.
    """
    given = grounds.given(policy) | {"driver": driver_id, "now": now}
    found = (await session.execute(_LIFT, given)).all()
    shown = [row.id for row in found]
    if any(row.lifted and row.is_open for row in found):
        shown += await session.scalars(_REOPEN, {"driver": driver_id})
        await pool.follow_stop(session, driver_id, "hard_stop_lifted", by, now)
    if shown:
        await following.follow_all(session, shown, now)
