"""Each week's star: judged on the Monday after it, and once more where it was other than it was known to be
(R10.4, R10.6)."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Integer, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.sql import sql
from domain.health.scoring import Stars, Week, qualifies
from domain.notices import actions as notices
from domain.notices.facts.health import BonusAhead, StarGained
from domain.notices.kinds import Kind, week_about
from domain.notices.wording import Wording
from domain.policy import Policy
from domain.time import local_day, local_instant, week_of

WEEK = timedelta(days=7)

# What fell due within these instants. Who had to stop on the way has completed, and what he delivered counts only once
# a manager has said so (R8.8).
_DUE = sql(
    """
    SELECT user_id, count(*), count(*) FILTER (WHERE completed), round(avg(delivered), 9) FROM (
        SELECT a.user_id, true AS completed,
               CASE WHEN s.parcels_start > 0
                    AND NOT EXISTS (SELECT FROM shift_reviews r WHERE r.assignment_id = a.id
                                    AND r.accepted IS NOT FALSE)
                    THEN s.parcels_delivered::numeric / s.parcels_start END AS delivered
        FROM shifts s JOIN assignments a ON a.id = s.assignment_id AND a.status = 'completed'
        WHERE s.completed_at >= :begins AND s.completed_at < :ends
        UNION ALL
        SELECT user_id, false, NULL FROM incidents
        WHERE excused_at IS NULL AND kind IN ('no_show', 'auto_drop', 'late_cancel')
          AND occurred_at >= :begins AND occurred_at < :ends
    ) AS due
    WHERE user_id IS NOT NULL AND (CAST(:of AS uuid[]) IS NULL OR user_id = ANY (:of))
    GROUP BY user_id ORDER BY user_id
    """,
    begins=DateTime(timezone=True),
    ends=DateTime(timezone=True),
    of=ARRAY(Uuid()),
)


async def _judged(
    session: AsyncSession, week: date, policy: Policy, of: Collection[uuid.UUID] | None
) -> dict[uuid.UUID, bool]:
    """By driver, whether his week has qualified; without those for whom nothing was due."""
    begins, ends = (local_instant(day, policy.midnight, policy) for day in (week, week + WEEK))
    rows = await session.execute(_DUE, {"begins": begins, "ends": ends, "of": None if of is None else list(of)})
    weighed = {row[0]: qualifies(Week(*row[1:]), policy) for row in rows}
    return {driver_id: good for driver_id, good in weighed.items() if good is not None}


_KEEP = sql(
    """
    INSERT INTO star_weeks (user_id, week, judged_at, qualified)
    SELECT user_id, :week, :judged_at, qualified
    FROM unnest(CAST(:ids AS uuid[]), CAST(:good AS boolean[])) AS judged (user_id, qualified)
    ON CONFLICT (user_id, week) DO NOTHING
    RETURNING user_id, qualified
    """,
    ids=ARRAY(Uuid()),
    good=ARRAY(Boolean()),
    week=Date(),
    judged_at=DateTime(timezone=True),
)
_COUNT = sql(
    """
    WITH counted AS (
        SELECT who.id AS user_id, count(w.week) FILTER (WHERE w.judged_at > coalesce(stop.at, '-infinity')) AS streak,
               max(w.week) AS last
        FROM unnest(CAST(:of AS uuid[])) AS who (id)
        LEFT JOIN star_weeks w ON w.user_id = who.id AND w.qualified
        LEFT JOIN (SELECT user_id, max(stopped_at) AS at FROM hard_stops WHERE NOT lifted AND NOT adopted
                   GROUP BY user_id) AS stop
               ON stop.user_id = who.id
        GROUP BY who.id
    ), before AS (
        SELECT user_id, stars, streak_weeks FROM driver_health_state WHERE user_id = ANY (:of)
    ), written AS (
        INSERT INTO driver_health_state AS h (user_id, streak_weeks, stars, last_qualified_week_start,
                                              next_milestone_stars, updated_at)
        SELECT user_id, streak, least(streak, :most), last, least(streak + 1, :most), :now FROM counted
        ON CONFLICT (user_id) DO UPDATE
        SET streak_weeks = excluded.streak_weeks, stars = excluded.stars,
            last_qualified_week_start = excluded.last_qualified_week_start,
            next_milestone_stars = excluded.next_milestone_stars, updated_at = excluded.updated_at
        WHERE (h.streak_weeks, h.stars, h.last_qualified_week_start)
              IS DISTINCT FROM (excluded.streak_weeks, excluded.stars, excluded.last_qualified_week_start)
    )
    SELECT counted.user_id, coalesce(before.streak_weeks, 0), counted.streak
    FROM counted LEFT JOIN before USING (user_id) ORDER BY counted.user_id
    """,
    of=ARRAY(Uuid()),
    most=Integer(),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A driver's stars, as they were and as they are."""

    driver_id: uuid.UUID
    before: Stars
    after: Stars


async def count_stars(
    session: AsyncSession, of: Collection[uuid.UUID], policy: Policy, now: datetime
) -> dict[uuid.UUID, Counted]:
    """Counts the stars of these drivers anew, under their locks: the weeks that have qualified and were judged since
    the last hard stop of ours that was not lifted (R10.2, R10.4). Audited where they are others than before.
    """
    rows = await session.execute(_COUNT, {"of": list(of), "most": policy.stars_most, "now": now})
    counted = {row[0]: Counted(row[0], Stars(row[1], policy), Stars(row[2], policy)) for row in rows}
    changed = [each for each in counted.values() if each.before != each.after]
    entries = [audit.Entry("user", each.driver_id, "stars", _said(each.before), _said(each.after)) for each in changed]
    if entries:
        await audit.record(session, None, now, *entries)
    return counted


def _said(stars: Stars) -> Mapping[str, int]:
    return {"stars": stars.stars, "streak_weeks": stars.streak}


# -- on Mondays

_LAST = sql("SELECT max(week) FROM star_weeks")


async def judge_weeks(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> dict[str, int]:
    """Judges the week that is over, and those before it that nobody was there to judge; once each (R10.4)."""
    this, _ = week_of(local_day(now, policy))
    last = await session.scalar(_LAST)
    week = this - WEEK if last is None else min(last + WEEK, this - WEEK)
    done = {"weeks": 0, "judged": 0, "stars": 0}
    while week < this:
        judged, gained = await _judge(session, week, say, policy, now)
        done = {"weeks": done["weeks"] + 1, "judged": done["judged"] + judged, "stars": done["stars"] + gained}
        week += WEEK
    return done


async def _judge(session: AsyncSession, week: date, say: Wording, policy: Policy, now: datetime) -> tuple[int, int]:
    """How many drivers were judged for the first time, and how many have a star more for it."""
    await lock_people(session, (await _judged(session, week, policy, None)).keys())
    judged = await _judged(session, week, policy, None)  # once more: an excuse may have come before us
    new = {row.user_id: row.qualified for row in await _keep(session, week, judged, policy)}
    good = [driver_id for driver_id, qualified in new.items() if qualified]
    if not good:
        return len(new), 0
    counted = await count_stars(session, good, policy, now)
    gained: dict[int, list[uuid.UUID]] = {}
    for each in counted.values():
        if each.after.stars > each.before.stars:
            gained.setdefault(each.after.stars, []).append(each.driver_id)
    for stars, drivers in sorted(gained.items()):
        envelope = notices.Envelope(Kind.STAR_GAINED, week_about(week))
        await notices.tell(session, drivers, StarGained(stars, policy.stars_most), envelope, say, policy, now)
    if most := gained.get(policy.stars_most):
        notice = BonusAhead(policy.star_bonus_percent, policy.stars_most)
        await notices.tell(
            session, most, notice, notices.Envelope(Kind.BONUS_AHEAD, week_about(week)), say, policy, now
        )
    return len(new), sum(len(drivers) for drivers in gained.values())


async def _keep(session: AsyncSession, week: date, judged: Mapping[uuid.UUID, bool], policy: Policy) -> Sequence[Any]:
    at = local_instant(week + WEEK, policy.stars_judged_at, policy)
    given = {"ids": list(judged), "good": list(judged.values()), "week": week, "judged_at": at}
    return (await session.execute(_KEEP, given)).all()


# -- once an incident of theirs is excused, or the parcels of a shift are others

_WEEKS = sql("SELECT week FROM star_weeks WHERE user_id = :driver AND week = ANY (:weeks)", driver=Uuid(),
             weeks=ARRAY(Date()))  # fmt: skip
_FORGET = sql("DELETE FROM star_weeks WHERE user_id = :driver AND week = :week", driver=Uuid(), week=Date())


async def judge_again(
    session: AsyncSession, driver_id: uuid.UUID, instants: Collection[datetime], policy: Policy, now: datetime
) -> Counted:
    """The weeks in which these instants lie, as far as they are judged already, once more, under his lock (R10.6).

    What fell due in them counts as it does now; a week without any of it is neutral. Nobody is told.
    """
    weeks = sorted({week_of(local_day(at, policy))[0] for at in instants})
    for week in (await session.scalars(_WEEKS, {"driver": driver_id, "weeks": weeks})).all():
        judged = await _judged(session, week, policy, [driver_id])
        await session.execute(_FORGET, {"driver": driver_id, "week": week})
        await _keep(session, week, judged, policy)
    return (await count_stars(session, [driver_id], policy, now))[driver_id]
