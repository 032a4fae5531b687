"""The floor of the nightly duties about drivers' standing: what they must ask of PostgreSQL, by hand.

As in `bench.floor`: no language, no decision in Python, nothing locked that is not written; one transaction a duty.
"""

import uuid
from datetime import date, datetime, timedelta
from typing import Any, Final

from bench.duties_floor import TELL
from domain.policy import Policy

_METRICS: Final = """
WITH work AS (
    SELECT a.user_id, count(*) AS assigned, count(a.confirmed_at) AS confirmed,
           count(*) FILTER (WHERE a.status = 'completed') AS completed,
           avg(s.parcels_delivered::float8 / s.parcels_start) FILTER (WHERE s.parcels_start > 0) AS rate,
           avg(s.parcels_delivered) FILTER (WHERE s.parcels_start > 0) AS parcels
    FROM assignments a LEFT JOIN shifts s ON s.assignment_id = a.id AND a.status = 'completed'
    WHERE a.user_id IS NOT NULL GROUP BY a.user_id
), lost AS (
    SELECT user_id, count(*) AS n, count(*) FILTER (WHERE kind = 'auto_drop') AS drops,
           count(*) FILTER (WHERE kind = 'late_cancel') AS lates, count(*) FILTER (WHERE kind = 'no_show') AS missed
    FROM incidents WHERE excused_at IS NULL AND kind IN ('auto_drop', 'late_cancel', 'no_show') GROUP BY user_id
), fresh AS (
    SELECT user_id, completed + coalesce(n, 0) AS due, completed,
           coalesce(completed / nullif(completed + coalesce(n, 0), 0)::float8, 0)::real AS attendance,
           coalesce(rate, 0)::real AS rate, coalesce(parcels, 0)::real AS parcels, assigned, confirmed,
           coalesce(drops, 0) AS drops, coalesce(lates, 0) AS lates, coalesce(missed, 0) AS missed
    FROM work LEFT JOIN lost USING (user_id)
)
UPDATE driver_metrics m
SET total_shifts = due, completed_shifts = completed, attendance_rate = attendance, completion_rate = rate,
    avg_parcels_delivered = parcels, total_assigned = assigned, confirmed_shifts = confirmed,
    auto_dropped_shifts = drops, late_cancellations = lates, no_shows = missed, updated_at = $1
FROM fresh
WHERE m.user_id = fresh.user_id
  AND (total_shifts, completed_shifts, attendance_rate, completion_rate, avg_parcels_delivered, total_assigned,
       confirmed_shifts, auto_dropped_shifts, late_cancellations, no_shows)
      <> (due, completed, attendance, rate, parcels, assigned, confirmed, drops, lates, missed)
"""
_ROUTES: Final = """
INSERT INTO route_completions AS c (user_id, route_id, completion_count, last_completed_at)
SELECT a.user_id, a.route_id, count(*), max(s.completed_at)
FROM assignments a JOIN shifts s ON s.assignment_id = a.id
WHERE a.status = 'completed' AND a.user_id IS NOT NULL GROUP BY a.user_id, a.route_id
ON CONFLICT (user_id, route_id) DO UPDATE
SET completion_count = excluded.completion_count, last_completed_at = excluded.last_completed_at
WHERE (c.completion_count, c.last_completed_at) <> (excluded.completion_count, excluded.last_completed_at)
"""
_FLAGS: Final = """
WITH recent AS (
    SELECT user_id, count(*) AS due, count(*) FILTER (WHERE done) AS completed FROM (
        SELECT a.user_id, true FROM shifts s JOIN assignments a ON a.id = s.assignment_id
        WHERE a.status = 'completed' AND s.completed_at > $1::timestamptz - interval '90 days'
        UNION ALL SELECT user_id, false FROM incidents
        WHERE excused_at IS NULL AND occurred_at > $1::timestamptz - interval '90 days'
    ) AS due (user_id, done) GROUP BY user_id
), judged AS (
    SELECT user_id, due, completed,
           due >= 5 AND completed < due * CASE WHEN due < 10 THEN 0.8 ELSE 0.7 END AS below,
           completed_shifts >= 20 AND completed_shifts >= 0.95 * total_shifts AS rewarded
    FROM recent JOIN driver_metrics USING (user_id)
), flagged AS (
    INSERT INTO flag_episodes (user_id, flagged_at, due, completed)
    SELECT user_id, $1, due, completed FROM judged
    WHERE below AND NOT EXISTS (SELECT FROM flag_episodes f WHERE f.user_id = judged.user_id AND f.ended_at IS NULL)
    RETURNING user_id
), capped AS (
    INSERT INTO driver_caps AS c (user_id, base, rewarded) SELECT user_id, 4, true FROM judged WHERE rewarded
    ON CONFLICT (user_id) DO UPDATE SET rewarded = true WHERE NOT c.rewarded RETURNING user_id
), changed AS (
    UPDATE users SET is_flagged = is_flagged OR id IN (SELECT user_id FROM flagged), updated_at = $1,
           weekly_cap = CASE WHEN id IN (SELECT user_id FROM capped) THEN 6 ELSE weekly_cap END
    WHERE id IN (SELECT user_id FROM flagged UNION ALL SELECT user_id FROM capped)
), audited AS (
    INSERT INTO audit_logs (entity_type, entity_id, action, actor_type, changes, created_at)
    SELECT 'user', user_id, 'flagged', 'system'::actor_type, '{"after": {"is_flagged": true}}'::jsonb, $1 FROM flagged
    UNION ALL
    SELECT 'user', user_id, 'cap_changed', 'system', '{"after": {"weekly_cap": 6}}', $1 FROM capped
)
SELECT (SELECT array_agg(user_id) FROM flagged) AS flagged, (SELECT array_agg(user_id) FROM capped) AS capped
"""
_SCORES: Final = """
WITH lately AS (
    SELECT user_id, count(*) FILTER (WHERE kind = 'no_show') AS missed,
           count(*) FILTER (WHERE kind = 'late_cancel') AS lates
    FROM incidents WHERE excused_at IS NULL AND occurred_at > $1::timestamptz - interval '30 days' GROUP BY user_id
), points AS (
    SELECT m.user_id, m.completion_rate, coalesce(missed, 0) AS missed, coalesce(lates, 0) AS lates,
           completed_shifts / total_shifts::numeric AS attendance,
           30 * round(completion_rate::numeric, 6) AS completion,
           greatest(20 - 5 * coalesce(missed + lates, 0), 0) AS reliability
    FROM driver_metrics m LEFT JOIN lately USING (user_id) WHERE total_shifts > 0
), scored AS (
    SELECT points.*, stops, least(round(round(50 * attendance + completion + reliability, 4)),
                                  CASE WHEN stops THEN 49 ELSE 100 END)::int AS score
    FROM points CROSS JOIN LATERAL (SELECT missed >= 1 OR lates >= 2) AS hard (stops)
), kept AS (
    INSERT INTO driver_health_snapshots AS s (user_id, evaluated_at, score, attendance_rate, completion_rate,
        late_cancellation_count_30d, no_show_count_30d, hard_stop_triggered, reasons, created_at)
    SELECT user_id, $2::date, score, attendance, completion_rate, lates, missed, stops,
           jsonb_build_array('attendance:' || round(50 * attendance) || '/50', 'completion:' || round(completion) ||
                             '/30', 'reliability:' || reliability || '/20'), $1
    FROM scored
    ON CONFLICT (user_id, evaluated_at) DO UPDATE SET score = excluded.score WHERE s.score <> excluded.score
)
INSERT INTO driver_health_state AS h (user_id, current_score, updated_at) SELECT user_id, score, $1 FROM scored
ON CONFLICT (user_id) DO UPDATE SET current_score = excluded.current_score, updated_at = excluded.updated_at
WHERE h.current_score <> excluded.current_score
"""
_LOW: Final = """
SELECT array_agg(user_id) FROM driver_metrics m
WHERE total_shifts > 0 AND completion_rate < 0.8
  AND EXISTS (SELECT FROM assignments a JOIN shifts s ON s.assignment_id = a.id
              WHERE a.user_id = m.user_id AND a.status = 'completed' AND s.parcels_start > 0
                AND s.completed_at > $1::timestamptz - interval '7 days')
  AND NOT EXISTS (SELECT FROM notifications n WHERE n.user_id = m.user_id AND n.type = 'corrective_warning'
                  AND n.created_at > $1::timestamptz - interval '7 days')
"""
_STARS: Final = """
WITH due AS (
    SELECT a.user_id, true AS done, s.parcels_delivered::numeric / nullif(s.parcels_start, 0) AS delivered
    FROM shifts s JOIN assignments a ON a.id = s.assignment_id AND a.status = 'completed'
    WHERE s.completed_at >= $1 AND s.completed_at < $2
    UNION ALL
    SELECT user_id, false, NULL FROM incidents WHERE excused_at IS NULL AND occurred_at >= $1 AND occurred_at < $2
), judged AS (
    INSERT INTO star_weeks (user_id, week, judged_at, qualified)
    SELECT user_id, $3::date, $4::timestamptz, bool_and(done) AND coalesce(avg(delivered) >= 0.95, true)
    FROM due GROUP BY user_id
    ON CONFLICT DO NOTHING RETURNING user_id, qualified
), counted AS (
    SELECT user_id, 1 + (SELECT count(*) FROM star_weeks w WHERE w.user_id = judged.user_id AND w.qualified) AS streak
    FROM judged WHERE qualified
), written AS (
    UPDATE driver_health_state h SET streak_weeks = streak, stars = least(streak, 4), last_qualified_week_start = $3,
           next_milestone_stars = least(streak + 1, 4), updated_at = $4
    FROM counted WHERE h.user_id = counted.user_id RETURNING h.user_id, streak
), audited AS (
    INSERT INTO audit_logs (entity_type, entity_id, action, actor_type, changes, created_at)
    SELECT 'user', user_id, 'stars', 'system', jsonb_build_object('after', streak), $4 FROM written
)
SELECT streak, array_agg(user_id) AS drivers FROM counted WHERE streak <= 4 GROUP BY streak ORDER BY streak
"""


async def metrics(db: Any, now: datetime) -> None:
    """The figures, and the flags and caps that follow."""
    async with db.transaction():
        await db.execute(_METRICS, now)
        await db.execute(_ROUTES)
        turned = await db.fetchrow(_FLAGS, now)
        for kind, drivers in turned.items():
            if drivers:
                await db.execute(TELL, drivers, kind, "It has changed", "This is why", _about(kind), now)


async def health(db: Any, now: datetime, today: date) -> None:
    """The score of each, and a word to who delivers too little."""
    async with db.transaction():
        await db.execute(_SCORES, now, today)
        if low := await db.fetchval(_LOW, now):
            await db.execute(TELL, low, "corrective", "More should arrive", "Tell us", _about("low"), now)


async def stars(db: Any, now: datetime, week: date, policy: Policy) -> None:
    """The week that is over, and who has a star more for it."""
    begins = datetime.combine(week, policy.midnight, policy.zone)
    async with db.transaction():
        for row in await db.fetch(_STARS, begins, begins + timedelta(weeks=1), week, now):
            await db.execute(TELL, row["drivers"], "star", "One more", "Well done", _about("star"), now)
            if row["streak"] == policy.stars_most:
                await db.execute(TELL, row["drivers"], "bonus", "In sight", "No promise", _about("bonus"), now)


def _about(what: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, what)
