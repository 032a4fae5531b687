"""The floor: what each path must ask of PostgreSQL, written by hand for asyncpg, in the same transactions.

No language, no screen, no Telegram. The statements are those that the rules need (the record of the update, who is
there, locks, standing, the award with its audit and inbox entries, what follows on other phones, the reply's row; after
the commit the reply's turn and its outcome), each prepared once a connection, as the product's are.
"""

import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from bench.updates import Update, window_of

Path = Callable[[Any, Update], Awaitable[None]]

SEEN: Final = "INSERT INTO seen_updates (update_id, seen_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true"
PERSON: Final = """
SELECT users.id, role, first_name, last_name, phone, language, unreachable_at IS NOT NULL
FROM users LEFT JOIN chat_links ON chat_links.user_id = users.id
LEFT JOIN contact_settings ON contact_settings.user_id = users.id WHERE chat_links.chat_id = $1
"""
WINDOW_LOCKED: Final = """
SELECT w.id, a.id AS assignment_id, a.route_id, a.warehouse_id, routes.name, warehouses.name, a.date, w.mode, w.status,
       w.closes_at, w.pay_bonus_percent, w.winner_id
FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id JOIN routes ON routes.id = a.route_id
JOIN warehouses ON warehouses.id = a.warehouse_id JOIN users ON users.id = $2
WHERE w.id = $1 FOR NO KEY UPDATE OF w, a, users
"""
STANDING: Final = """
SELECT u.role = 'driver' AS is_driver,
       NOT EXISTS (SELECT FROM employments e WHERE e.user_id = u.id) OR EXISTS (SELECT FROM employments e
           WHERE e.user_id = u.id AND e.starts_on <= $4 AND (e.ends_on IS NULL OR e.ends_on >= $4)) AS employed,
       EXISTS (SELECT FROM time_off t WHERE t.user_id = u.id AND t.starts_on <= $4 AND t.ends_on >= $4) AS away,
       NOT EXISTS (SELECT FROM employments e WHERE e.user_id = u.id) OR EXISTS (SELECT FROM employments e
           WHERE e.user_id = u.id AND e.warehouse_id = $3 AND e.starts_on <= $4
           AND (e.ends_on IS NULL OR e.ends_on >= $4)) OR EXISTS (SELECT FROM open_warehouses o
           WHERE o.user_id = u.id AND o.warehouse_id = $3) AS may_work_there,
       u.is_flagged, coalesce(h.assignment_pool_eligible, true) AS in_pool,
       EXISTS (SELECT FROM assignments a WHERE a.user_id = u.id AND a.route_id = $2 AND a.date = $4
           AND a.status = 'cancelled' AND (EXISTS (SELECT FROM shifts s
               WHERE s.assignment_id = a.id AND s.cancelled_at IS NOT NULL) OR EXISTS (SELECT FROM incidents i
               WHERE i.assignment_id = a.id AND i.kind IN ('no_show', 'late_cancel', 'early_cancel',
                                                           'protected_absence')))) AS left_this_slot,
       EXISTS (SELECT FROM assignments a WHERE a.user_id = u.id AND a.status = 'active') AS on_shift,
       EXISTS (SELECT FROM assignments a WHERE a.user_id = u.id AND a.date = $4
           AND a.status IN ('scheduled', 'active', 'completed')) AS busy,
       (SELECT count(*) FROM assignments a WHERE a.user_id = u.id AND a.date BETWEEN $5 AND $6
           AND a.status IN ('scheduled', 'active', 'completed')) AS load,
       u.weekly_cap,
       EXISTS (SELECT FROM cap_overrides c WHERE c.window_id = $7 AND c.user_id = u.id) AS over_cap_allowed,
       coalesce(m.completion_rate, 0)::double precision, coalesce(c.completion_count, 0),
       coalesce(m.attendance_rate, 0)::double precision, coalesce($2 = ANY (p.preferred_routes), false)
FROM users u LEFT JOIN driver_metrics m ON m.user_id = u.id LEFT JOIN driver_health_state h ON h.user_id = u.id
LEFT JOIN driver_preferences p ON p.user_id = u.id
LEFT JOIN route_completions c ON c.user_id = u.id AND c.route_id = $2
WHERE u.id = $1
"""
AWARD: Final = """
WITH slot AS (
    UPDATE assignments SET user_id = $2, status = 'scheduled', assigned_by = 'bid', assigned_at = $4, confirmed_at = $4,
        updated_at = $4 WHERE id = $1
), terms AS (
    INSERT INTO assignment_terms (assignment_id, arrive_by) VALUES ($1, $5)
    ON CONFLICT (assignment_id) DO UPDATE SET arrive_by = excluded.arrive_by
), ended AS (UPDATE bid_windows SET status = 'resolved', winner_id = $2 WHERE id = $3
), waves AS (UPDATE window_waves SET next_at = NULL WHERE window_id = $3
), bid AS (
    INSERT INTO bids (assignment_id, user_id, score, status, bid_at, window_closes_at, resolved_at)
    VALUES ($1, $2, $6, 'won', $4, $7, $4)
), undecline AS (DELETE FROM day_declines WHERE user_id = $2 AND date = $8)
INSERT INTO driver_metrics AS m (user_id, bid_pickups, total_assigned, confirmed_shifts, updated_at)
VALUES ($2, 1, 1, 1, $4) ON CONFLICT (user_id) DO UPDATE SET bid_pickups = m.bid_pickups + 1,
    total_assigned = m.total_assigned + 1, confirmed_shifts = m.confirmed_shifts + 1, updated_at = $4
"""
AUDIT: Final = """
INSERT INTO audit_logs (entity_type, entity_id, action, actor_id, actor_type, changes, created_at)
VALUES ('assignment', $1, 'instant_assign', $3, 'user', $4, $5), ('bid', $1, 'won', $3, 'user', $4, $5),
       ('bid_window', $2, 'resolved', $3, 'user', $4, $5)
"""
INBOX: Final = """
INSERT INTO notifications (user_id, type, title, body, data, read, created_at)
VALUES ($1, 'bid_won', $2, $3, $4, true, $5) ON CONFLICT DO NOTHING
"""
READ: Final = "UPDATE notifications SET read = true WHERE data ->> 'dedupe' = $1 AND NOT read"
FOLLOW: Final = """
WITH touched AS (
    SELECT $1::uuid AS about, true AS itself UNION ALL
    SELECT w.id, false FROM window_asks ask JOIN bid_windows w ON w.id = ask.window_id AND w.status = 'open'
        AND w.id <> $1 WHERE ask.user_id = $2 AND ask.date = $3
), locked AS (
    SELECT d.id FROM deliveries d JOIN touched USING (about)
    WHERE itself AND kind = 'offer' AND state = 'pending'
       OR (kind <> 'offer' OR itself OR user_id = $2) AND state IN ('sending', 'sent') AND channel = 'telegram'
    ORDER BY kind = 'home', d.id FOR NO KEY UPDATE OF d
)
UPDATE deliveries SET state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END, redraw = state <> 'pending',
    due_at = CASE state WHEN 'pending' THEN NULL ELSE $4::timestamptz END, urgency = 3
WHERE id IN (SELECT id FROM locked)
"""
HOMES: Final = """
WITH whose AS (
    SELECT $1::uuid AS user_id UNION SELECT user_id FROM window_asks WHERE window_id = $2
    UNION SELECT user_id FROM warehouse_managers WHERE warehouse_id = $3
), locked AS (
    SELECT d.id FROM deliveries d JOIN whose USING (user_id) WHERE d.kind = 'home' AND d.state IN ('sending', 'sent')
    ORDER BY d.id FOR NO KEY UPDATE OF d
)
UPDATE deliveries SET redraw = true, due_at = $4, urgency = 3 WHERE id IN (SELECT id FROM locked)
"""
_OFFER: Final = """
SELECT w.id, w.assignment_id, w.mode, w.trigger, w.pay_bonus_percent, w.opens_at, w.closes_at, w.status, w.winner_id,
       a.date, t.arrive_by, routes.name, warehouses.name, warehouses.address, d.date
FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id JOIN routes ON routes.id = a.route_id
JOIN warehouses ON warehouses.id = a.warehouse_id LEFT JOIN assignment_terms t ON t.assignment_id = a.id
LEFT JOIN day_declines d ON d.user_id = $1 AND d.date = a.date WHERE w.mode <> 'competitive' AND
"""
OFFER: Final = f"""{_OFFER} w.id = $2 AND (w.winner_id = $1 OR EXISTS (SELECT FROM window_asks o
    WHERE o.window_id = $2 AND o.user_id = $1))"""
OPEN_OFFERS: Final = f"""{_OFFER} w.id IN (SELECT window_id FROM window_asks WHERE user_id = $1)
    AND w.status = 'open' AND w.closes_at > $2 AND d.date IS NULL ORDER BY a.date, routes.name, w.id"""
SHIFTS: Final = """
SELECT a.id, routes.name, warehouses.name, warehouses.address, a.date, t.arrive_by, a.assigned_at, a.status,
       a.confirmed_at IS NOT NULL
FROM assignments a JOIN routes ON routes.id = a.route_id JOIN warehouses ON warehouses.id = a.warehouse_id
LEFT JOIN assignment_terms t ON t.assignment_id = a.id
WHERE a.user_id = $1 AND a.date BETWEEN $2 AND $3 AND a.status <> 'cancelled' ORDER BY a.date
"""
TRACK: Final = """
INSERT INTO deliveries (user_id, channel, kind, about, urgency, state, due_at, attempt, lease_until, chat_id,
                        message_id, created_at)
VALUES ($1, 'telegram', $2, $3, 0, $4, $5, 1, clock_timestamp() + interval '20 s', $6, $7, $5)
ON CONFLICT (chat_id, message_id) DO UPDATE SET user_id = excluded.user_id, kind = excluded.kind,
    about = excluded.about, urgency = excluded.urgency, due_at = excluded.due_at, lease_until = excluded.lease_until,
    state = 'sent', attempt = deliveries.attempt + 1, redraw = false
RETURNING id, attempt
"""
RETIRE: Final = """
UPDATE deliveries SET kind = 'retired', redraw = true, due_at = $3, urgency = 3
WHERE user_id = $1 AND kind = 'home' AND id <> $2 AND state IN ('sent', 'sending', 'pending')
"""
TURN: Final = """
WITH chat AS (INSERT INTO pace (key, next_at) VALUES ($1, clock_timestamp()) ON CONFLICT (key) DO UPDATE
    SET next_at = greatest(pace.next_at, clock_timestamp()) WHERE pace.next_at <= clock_timestamp() + interval '3 s'
    RETURNING next_at),
slot AS (INSERT INTO pace (key, next_at) SELECT 'telegram', clock_timestamp() FROM chat ON CONFLICT (key) DO UPDATE
    SET next_at = greatest(pace.next_at, clock_timestamp()) WHERE (pace.halted_until IS NULL
    OR pace.halted_until <= clock_timestamp()) AND pace.next_at <= clock_timestamp() + interval '3 s' RETURNING next_at)
SELECT extract(epoch FROM chat.next_at - clock_timestamp()), extract(epoch FROM slot.next_at - clock_timestamp())
FROM chat LEFT JOIN slot ON true
"""
RECORD: Final = """
UPDATE deliveries SET state = 'sent', reason = NULL, lease_until = NULL, sent_at = $3, chat_id = $4, message_id = $5,
    due_at = CASE WHEN redraw THEN $3::timestamptz END
WHERE id = $1 AND attempt = $2
"""


async def accept_won(db: Any, update: Update) -> None:
    """[Accept], and the driver has it."""
    now, window_id, chat_id = datetime.now(UTC), window_of(update), update.chat_id
    async with db.transaction():
        driver_id = await _who(db, update, now)
        window = await db.fetchrow(WINDOW_LOCKED, window_id, driver_id)
        assert window["winner_id"] is None
        on: date = window["date"]
        week = on - timedelta(days=on.weekday()), on + timedelta(days=6 - on.weekday())
        place = window["route_id"], window["warehouse_id"], on
        standing = await db.fetchrow(STANDING, driver_id, *place, *week, window_id)
        assert standing["is_driver"] and standing["load"] < standing["weekly_cap"]
        slot, arrive_by = window["assignment_id"], now + timedelta(minutes=90)
        await db.execute(AWARD, slot, driver_id, window_id, now, arrive_by, 0.8, window["closes_at"], on)
        after = json.dumps({"before": {"status": "unfilled"}, "after": {"user_id": str(driver_id)}, "facts": {}})
        await db.execute(AUDIT, slot, window_id, driver_id, after, now)
        data = json.dumps({"kind": "won", "about": str(slot), "dedupe": f"won:{slot}:{driver_id}"})
        await db.execute(INBOX, driver_id, "R0, Warehouse 0 is yours", "Be there by 09:00.", data, now)
        await db.execute(READ, f"offer:{window_id}:{driver_id}")
        await db.execute(FOLLOW, window_id, driver_id, on, now)
        await db.execute(HOMES, driver_id, window_id, window["warehouse_id"], now)
        ticket = await db.fetchrow(TRACK, driver_id, "offer", window_id, "sent", now, chat_id, _message(update))
    await db.fetchrow(OFFER, driver_id, window_id)
    await _outcome(db, ticket, chat_id, _message(update), now)


async def accept_taken(db: Any, update: Update) -> None:
    """[Accept], and somebody else has it."""
    now, window_id, chat_id = datetime.now(UTC), window_of(update), update.chat_id
    async with db.transaction():
        driver_id = await _who(db, update, now)
        window = await db.fetchrow(WINDOW_LOCKED, window_id, driver_id)
        assert window["winner_id"] is not None
        ticket = await db.fetchrow(TRACK, driver_id, "offer", window_id, "sent", now, chat_id, _message(update))
    await db.fetchrow(OFFER, driver_id, window_id)
    await _outcome(db, ticket, chat_id, _message(update), now)


async def today(db: Any, update: Update) -> None:
    """/today: a new home card, and the earlier one to be deleted."""
    now, chat_id, on = datetime.now(UTC), update.chat_id, datetime.now(UTC).date()
    async with db.transaction():
        driver_id = await _who(db, update, now)
        await db.fetch(SHIFTS, driver_id, on - timedelta(days=on.weekday()), on + timedelta(days=6 - on.weekday()))
        await db.fetch(OPEN_OFFERS, driver_id, now)
        ticket = await db.fetchrow(TRACK, driver_id, "home", None, "sending", now, chat_id, None)
        await db.execute(RETIRE, driver_id, ticket["id"], now)
    await _outcome(db, ticket, chat_id, update.body["update_id"], now)


async def _who(db: Any, update: Update, now: datetime) -> uuid.UUID:
    assert await db.fetchval(SEEN, update.body["update_id"], now)
    driver_id: uuid.UUID = await db.fetchval(PERSON, update.chat_id)
    return driver_id


async def _outcome(db: Any, ticket: Any, chat_id: int, message_id: int, now: datetime) -> None:
    await db.fetchrow(TURN, f"chat:{chat_id}")
    await db.execute(RECORD, ticket["id"], ticket["attempt"], now, chat_id, message_id)


def _message(update: Update) -> int:
    message_id: int = update.body["callback_query"]["message"]["message_id"]
    return message_id


# The queue alone: claim and done, on a table of the same columns and indexes that nothing else hangs on.
QUEUE: Final = "CREATE TABLE bare_queue (LIKE deliveries INCLUDING DEFAULTS INCLUDING INDEXES)"
COPY_DUE: Final = "INSERT INTO bare_queue SELECT * FROM deliveries WHERE due_at IS NOT NULL"
CLAIM: Final = """
SELECT id FROM bare_queue WHERE channel = 'telegram' AND due_at <= $1 ORDER BY urgency, due_at LIMIT 1
FOR UPDATE SKIP LOCKED
"""
DONE: Final = "UPDATE bare_queue SET state = 'sent', due_at = NULL, sent_at = $2 WHERE id = $1"


async def delivery(db: Any) -> None:
    """One of the bare queue, from its claim to its end."""
    now = datetime.now(UTC)
    async with db.transaction():
        claimed = await db.fetchval(CLAIM, now)
        assert claimed is not None
        await db.execute(DONE, claimed, now)
