"""The floor of filling a slot: what it must ask of PostgreSQL, by hand, in the same transactions.

As in `bench.floor`: no language, no screen; each statement is prepared once a connection.
"""

import json
import uuid
from datetime import date, datetime, timedelta
from typing import Any, Final

from bench import duties_floor
from bench.floor import AUDIT, AWARD, FOLLOW, HOMES, INBOX, READ, STANDING, WINDOW_LOCKED

OPEN: Final = """
WITH opened AS (
    INSERT INTO bid_windows (id, assignment_id, mode, trigger, pay_bonus_percent, opens_at, closes_at, status)
    SELECT $1, id, 'emergency', 'manager', 20, $3, $3::timestamptz + interval '4 hours', 'open'
    FROM assignments WHERE id = $2 AND status = 'unfilled' FOR NO KEY UPDATE
), waves AS (INSERT INTO window_waves (window_id, next_at) VALUES ($1, $3))
INSERT INTO audit_logs (entity_type, entity_id, action, actor_type, changes, created_at)
VALUES ('bid_window', $1, 'opened', 'user', $4, $3)
"""
DUE: Final = """
SELECT w.id, w.assignment_id, a.route_id, a.warehouse_id, a.date
FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id
WHERE w.id = $1 AND w.status = 'open' AND w.closes_at <= $2 FOR NO KEY UPDATE OF w, a
"""
LOCK: Final = """
SELECT id FROM users WHERE id IN (SELECT user_id FROM bids WHERE assignment_id = $1 AND status = 'pending')
ORDER BY id FOR NO KEY UPDATE
"""
# Of everybody who has bid: whether he may have it, and what he is ranked by.
BIDDERS: Final = """
SELECT b.id AS bid_id, u.id AS user_id,
       0.4 * coalesce(m.completion_rate, 0) + 0.3 * least(coalesce(c.completion_count, 0) / 20.0, 1)
       + 0.2 * coalesce(m.attendance_rate, 0)
       + 0.1 * coalesce($2 = ANY (p.preferred_routes), false)::int AS score
FROM bids b JOIN users u ON u.id = b.user_id
LEFT JOIN driver_metrics m ON m.user_id = u.id LEFT JOIN driver_health_state h ON h.user_id = u.id
LEFT JOIN driver_preferences p ON p.user_id = u.id
LEFT JOIN route_completions c ON c.user_id = u.id AND c.route_id = $2
WHERE b.assignment_id = $1 AND b.status = 'pending' AND NOT u.is_flagged AND coalesce(h.assignment_pool_eligible, true)
  AND EXISTS (SELECT FROM employments e WHERE e.user_id = u.id AND e.warehouse_id = $3 AND e.starts_on <= $4)
  AND NOT EXISTS (SELECT FROM assignments a WHERE a.user_id = u.id AND a.date = $4 AND a.status <> 'cancelled')
  AND (SELECT count(*) FROM assignments a WHERE a.user_id = u.id AND a.status <> 'cancelled'
       AND a.date BETWEEN $5 AND $6) < u.weekly_cap
ORDER BY score DESC, b.bid_at, b.id
"""
JUDGE: Final = """
WITH judged AS (
    UPDATE bids SET status = CASE WHEN user_id = $2 THEN 'won' ELSE 'lost' END::bid_status, resolved_at = $3,
                    score = scored.score
    FROM unnest($4::uuid[], $5::real[]) AS scored (id, score) WHERE bids.id = scored.id
), slot AS (
    UPDATE assignments SET user_id = $2, status = 'scheduled', assigned_by = 'bid', assigned_at = $3,
        confirmed_at = $3, updated_at = $3 WHERE id = $1
), ended AS (UPDATE bid_windows SET status = 'resolved', winner_id = $2 WHERE id = $6
), waves AS (UPDATE window_waves SET next_at = NULL WHERE window_id = $6
), counted AS (
    INSERT INTO driver_metrics AS m (user_id, bid_pickups, total_assigned, updated_at) VALUES ($2, 1, 1, $3)
    ON CONFLICT (user_id) DO UPDATE SET bid_pickups = m.bid_pickups + 1, updated_at = $3
)
INSERT INTO audit_logs (entity_type, entity_id, action, actor_type, changes, created_at)
SELECT 'bid', id, 'lost', 'system'::actor_type, $7::jsonb, $3 FROM unnest($4::uuid[]) AS each (id)
UNION ALL VALUES ('bid_window', $6::uuid, 'resolved', 'system'::actor_type, $7::jsonb, $3),
                 ('assignment', $1::uuid, 'bid_assign', 'system'::actor_type, $7::jsonb, $3)
"""


async def open_window(db: Any, assignment_id: uuid.UUID, _on: date, now: datetime) -> None:
    """A window, and the first thirty are asked."""
    window_id = uuid.uuid4()
    async with db.transaction():
        await db.execute(OPEN, window_id, assignment_id, now, json.dumps({"after": {"mode": "emergency"}}))
        await duties_floor.wave(db, window_id, now)


async def resolve(db: Any, window_id: uuid.UUID, now: datetime) -> None:
    """The best has it, everybody is told."""
    async with db.transaction():
        row = await db.fetchrow(DUE, window_id, now)
        slot, on = row["assignment_id"], row["date"]
        await db.execute(LOCK, slot)
        week = on - timedelta(days=on.weekday()), on + timedelta(days=6 - on.weekday())
        bidders = await db.fetch(BIDDERS, slot, row["route_id"], row["warehouse_id"], on, *week)
        winner, bids = bidders[0]["user_id"], [each["bid_id"] for each in bidders]
        scores, facts = [each["score"] for each in bidders], json.dumps({"after": {"status": "resolved"}})
        await db.execute(JUDGE, slot, winner, now, bids, scores, window_id, facts)
        losers = [each["user_id"] for each in bidders[1:]]
        await db.execute(duties_floor.TELL, [winner], "won", "It's yours", "R0, start 07:00", slot, now)
        await db.execute(duties_floor.TELL, losers, "bid_lost", "Somebody else has it", "R0", window_id, now)
        await db.execute(FOLLOW, window_id, winner, on, now)
        await db.execute(HOMES, winner, window_id, row["warehouse_id"], now)


async def accept(pool: Any, window_id: uuid.UUID, driver_id: uuid.UUID, now: datetime) -> None:
    """[Accept]: it is his, or somebody else was quicker."""
    async with pool.acquire() as db, db.transaction():
        window = await db.fetchrow(WINDOW_LOCKED, window_id, driver_id)
        if window["winner_id"] is not None:
            return
        on: date = window["date"]
        week = on - timedelta(days=on.weekday()), on + timedelta(days=6 - on.weekday())
        place = window["route_id"], window["warehouse_id"], on
        await db.fetchrow(STANDING, driver_id, *place, *week, window_id)
        slot, arrive_by = window["assignment_id"], now + timedelta(minutes=90)
        await db.execute(AWARD, slot, driver_id, window_id, now, arrive_by, 0.8, window["closes_at"], on)
        after = json.dumps({"before": {"status": "unfilled"}, "after": {"user_id": str(driver_id)}, "facts": {}})
        await db.execute(AUDIT, slot, window_id, driver_id, after, now)
        data = json.dumps({"kind": "won", "about": str(slot), "dedupe": f"won:{slot}:{driver_id}"})
        await db.execute(INBOX, driver_id, "R0, Warehouse 0 is yours", "Be there by 09:00.", data, now)
        await db.execute(READ, f"offer:{window_id}:{driver_id}")
        await db.execute(FOLLOW, window_id, driver_id, on, now)
        await db.execute(HOMES, driver_id, window_id, window["warehouse_id"], now)
