"""The hard stop: out of the assignment pool until a manager has decided, and what lifts it (R10.2, R10.3).

Everything that writes `hard_stops` holds the driver's lock: whoever is about to be given a shift is out of the pool
before that, or has it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Integer, Interval, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health import asking, days, weeks
from domain.notices import actions as notices
from domain.notices.facts.health import PoolLost, StarsLost
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.policy import Policy

# What a manager has reinstated him after never latches again (R10.3). That an excuse has lifted a stop, or that nobody
# has decided, is no such word: whatever else there was still counts.
REINSTATED = """
    coalesce((SELECT max(ended_at) FROM hard_stops past
              WHERE past.user_id = {driver} AND past.reinstated {before}), '-infinity')
"""


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
_END = sql("UPDATE hard_stops SET ended_at = :now WHERE user_id = :driver AND ended_at IS NULL", driver=Uuid())
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
    enough = {
        IncidentKind.NO_SHOW: facts.no_shows >= policy.hard_stop_no_shows,
        IncidentKind.LATE_CANCEL: facts.late_cancels >= policy.hard_stop_late_cancels,
    }
    if not facts.in_pool or not enough.get(kind):
        return None
    stopped = Stopped(uuid.uuid4(), facts.stars)
    await session.execute(_END, {"driver": driver_id, "now": now})
    given = {"id": stopped.id, "driver": driver_id, "most": policy.stopped_most, "now": now}
    await session.execute(_STOP, given)
    after = pool(False, True) | ({"stars": 0} if facts.stars else {})
    before = {"stars": facts.stars} if facts.stars else {}
    await audit.record(session, None, now, audit.Entry("user", driver_id, "hard_stop", before, after))
    if kind is IncidentKind.LATE_CANCEL:
        lost = PoolLost(facts.late_cancels, policy.hard_stop_within.days)
        await notices.tell(session, [driver_id], lost, notices.Envelope(Kind.POOL_LOST, stopped.id), say, policy, now)
    if facts.stars:
        gone = notices.Envelope(Kind.STARS_LOST, stopped.id)
        await notices.tell(session, [driver_id], StarsLost(facts.stars), gone, say, policy, now)
    await asking.ask(session, stopped.id, say, policy, now)
    return stopped


def pool(eligible: bool, requires: bool) -> dict[str, Any]:
    """How it stands in the audit log."""
    return {"assignment_pool_eligible": eligible, "requires_manager_intervention": requires}


# What a stop stands on: the incidents within the days before it, and those since, as long as it lasted. One that came
# when nobody had decided on the one before stands on what is later than that (`after`).
_LIFT = sql(
    f"""
    WITH stop AS (
        SELECT s.id, s.user_id, coalesce(s.ended_at, 'infinity') AS until, greatest(s.stopped_at - :within,
               {REINSTATED.format(driver="s.user_id", before="AND past.ended_at <= s.stopped_at")}) AS since,
               coalesce((SELECT max(past.stopped_at) FROM hard_stops past
                         WHERE past.user_id = s.user_id AND past.ended_at <= s.stopped_at AND NOT past.lifted
                           AND past.reinstated IS NOT TRUE), '-infinity') AS after
        FROM hard_stops s WHERE s.user_id = :driver AND NOT s.lifted
    ), gone AS (
        SELECT stop.id FROM stop WHERE NOT EXISTS (
            SELECT FROM incidents last
            WHERE last.user_id = stop.user_id AND last.excused_at IS NULL
              AND last.occurred_at > greatest(stop.since, stop.after) AND last.occurred_at < stop.until
              AND (SELECT count(*) FROM incidents i
                   WHERE i.user_id = stop.user_id AND i.excused_at IS NULL AND i.kind = last.kind
                     AND i.occurred_at > stop.since AND i.occurred_at <= last.occurred_at
                     AND i.occurred_at > last.occurred_at - :within)
                  >= CASE last.kind WHEN 'no_show' THEN :no_shows WHEN 'late_cancel' THEN :late_cancels END)
    )
    UPDATE hard_stops s SET lifted = true, ended_at = coalesce(s.ended_at, :now) FROM gone
    WHERE s.id = gone.id RETURNING s.ended_at = :now AS was_open
    """,  # noqa: S608
    driver=Uuid(),
    no_shows=Integer(),
    late_cancels=Integer(),
    within=Interval(),
)
# The one before it, which nobody had decided when it came: it goes on as it was.
_REOPEN = sql(
    f"""
    UPDATE hard_stops SET ended_at = NULL WHERE id = (
        SELECT id FROM hard_stops WHERE user_id = :driver AND NOT lifted AND reinstated IS NOT TRUE
          AND stopped_at > {REINSTATED.format(driver=":driver", before="")}
        ORDER BY stopped_at DESC LIMIT 1)
    """,  # noqa: S608
    driver=Uuid(),
)
FOLLOW_POOL = sql(
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


async def lift_if_due(
    session: AsyncSession, driver_id: uuid.UUID, by: uuid.UUID | None, policy: Policy, now: datetime
) -> bool:
    """After an incident of his was excused, under his lock: a stop that nothing holds any more is as if it had never
    been, also one that was decided: the stars that it cost count again, and the score. Returns whether that was so.

    Who was taken out of the pool by another program has no stop, and stays as he is.
    """
    terms = {"no_shows": policy.hard_stop_no_shows, "late_cancels": policy.hard_stop_late_cancels}
    given = terms | {"driver": driver_id, "within": policy.hard_stop_within, "now": now}
    lifted = (await session.scalars(_LIFT, given)).all()
    if not lifted:
        return False
    if any(lifted):
        await session.execute(_REOPEN, {"driver": driver_id})
        stands = (await session.execute(FOLLOW_POOL, {"driver": driver_id, "now": now})).one()
        after = pool(stands.eligible, stands.requires)
        await audit.record(session, by, now, audit.Entry("user", driver_id, "hard_stop_lifted", after=after))
    await weeks.count_stars(session, [driver_id], policy, now)
    await days.evaluate(session, policy, now, [driver_id])
    return True
