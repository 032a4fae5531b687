"""The floor of nine o'clock: what a no-show and a wave must ask of PostgreSQL, by hand, in the same transactions.

As in `bench.floor`: no language, no decision in Python; each statement is prepared once a connection.
"""

import json
import uuid
from datetime import datetime
from typing import Any, Final

from bench.floor import FOLLOW, HOMES

DUE: Final = """
UPDATE assignments a SET status = 'cancelled', updated_at = $2 FROM warehouse_managers w
WHERE a.id = (SELECT id FROM assignments WHERE id = $1 AND status = 'scheduled' FOR NO KEY UPDATE SKIP LOCKED)
  AND w.warehouse_id = a.warehouse_id
RETURNING a.user_id, a.route_id, a.warehouse_id, a.date, w.user_id AS manager_id
"""
# What it says of him, and the slot that is open again.
MISSED: Final = """
WITH incident AS (INSERT INTO incidents (user_id, assignment_id, kind, occurred_at) VALUES ($2, $1, 'no_show', $3)
), counted AS (
    INSERT INTO driver_metrics AS m (user_id, total_shifts, no_shows, updated_at) VALUES ($2, 1, 1, $3)
    ON CONFLICT (user_id) DO UPDATE SET total_shifts = m.total_shifts + 1, no_shows = m.no_shows + 1, updated_at = $3
), stopped AS (
    INSERT INTO driver_health_state (user_id, assignment_pool_eligible, requires_manager_intervention, updated_at)
    VALUES ($2, false, true, $3) ON CONFLICT (user_id) DO UPDATE SET assignment_pool_eligible = false, updated_at = $3
), fresh AS (
    INSERT INTO assignments (id, route_id, warehouse_id, date, status, created_at, updated_at)
    VALUES ($4, $5, $6, $7, 'unfilled', $3, $3)
), opened AS (
    INSERT INTO bid_windows (id, assignment_id, mode, trigger, pay_bonus_percent, opens_at, closes_at, status)
    VALUES ($8, $4, 'emergency', 'no_show', 20, $3, $3 + interval '4 hours', 'open')
), waves AS (INSERT INTO window_waves (window_id, next_at) VALUES ($8, $3))
INSERT INTO audit_logs (entity_type, entity_id, action, actor_type, changes, created_at)
VALUES ('assignment', $1, 'no_show', 'system', $9, $3), ('incident', $1, 'created', 'system', $9, $3),
       ('user', $2, 'hard_stop', 'system', $9, $3), ('assignment', $4, 'reopened', 'system', $9, $3),
       ('bid_window', $8, 'opened', 'system', $9, $3)
"""
TELL: Final = """
WITH noted AS (
    INSERT INTO notifications (user_id, type, title, body, data, read, created_at)
    SELECT who, 'warning', $3, $4, jsonb_build_object('kind', $2::text, 'about', $5::uuid,
                                                      'dedupe', $2::text || $5::uuid || who), false, $6
    FROM unnest($1::uuid[]) AS who ON CONFLICT DO NOTHING RETURNING id, user_id
)
INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, level, state, due_at, created_at)
SELECT id, user_id, 'telegram', $2, $5, 0, 0, 'pending', $6, $6 FROM noted
"""
DUE_WAVE: Final = """
SELECT a.route_id, a.warehouse_id, a.date FROM window_waves waves
JOIN bid_windows w ON w.id = waves.window_id JOIN assignments a ON a.id = w.assignment_id
WHERE w.id = $1 AND waves.next_at <= $2 FOR NO KEY UPDATE OF w, waves SKIP LOCKED
"""
# Only what keeps most drivers from it: they work that day, or elsewhere, or are out of the pool.
ASK: Final = """
WITH asked AS (
    INSERT INTO window_asks (window_id, user_id, asked_at, date)
    SELECT $1, u.id, $4, $3 FROM employments e JOIN users u ON u.id = e.user_id
    LEFT JOIN driver_metrics m ON m.user_id = u.id LEFT JOIN driver_health_state h ON h.user_id = u.id
    WHERE e.warehouse_id = $2 AND coalesce(h.assignment_pool_eligible, true)
      AND NOT EXISTS (SELECT FROM assignments a WHERE a.user_id = u.id AND a.date = $3 AND a.status <> 'cancelled')
      AND (SELECT count(*) FROM assignments a WHERE a.user_id = u.id AND a.status <> 'cancelled'
           AND a.date BETWEEN $3 - 3 AND $3 + 3) < u.weekly_cap
    ORDER BY 0.4 * m.completion_rate + 0.2 * m.attendance_rate DESC NULLS LAST, u.id LIMIT 30
    RETURNING user_id
), next AS (UPDATE window_waves SET next_at = $4::timestamptz + interval '1 min', sent = sent + 1 WHERE window_id = $1)
SELECT array_agg(user_id) FROM asked
"""


async def miss(db: Any, assignment_id: uuid.UUID, now: datetime) -> uuid.UUID:
    """A shift whose driver is not there; returns the window through which it is to be filled."""
    slot_id, window_id, facts = uuid.uuid4(), uuid.uuid4(), json.dumps({"after": {"status": "cancelled"}})
    async with db.transaction():
        row = await db.fetchrow(DUE, assignment_id, now)
        slot = row["route_id"], row["warehouse_id"], row["date"]
        await db.execute(MISSED, assignment_id, row["user_id"], now, slot_id, *slot, window_id, facts)
        await db.execute(TELL, [row["user_id"]], "missed", "You are not there", "R0 goes to others", assignment_id, now)
        await db.execute(TELL, [row["manager_id"]], "no_show", "He is not there", "R0 is open", window_id, now)
        await db.execute(FOLLOW, assignment_id, None, row["date"], now)
        await db.execute(HOMES, row["user_id"], None, row["warehouse_id"], now)
    return window_id


async def wave(db: Any, window_id: uuid.UUID, now: datetime) -> None:
    """The first thirty are asked."""
    async with db.transaction():
        row = await db.fetchrow(DUE_WAVE, window_id, now)
        asked = await db.fetchval(ASK, window_id, row["warehouse_id"], row["date"], now)
        await db.execute(TELL, asked, "offer", "R0 needs a driver", "Whoever accepts first has it", window_id, now)
        await db.execute(FOLLOW, window_id, None, row["date"], now)
        await db.execute(HOMES, None, window_id, None, now)
