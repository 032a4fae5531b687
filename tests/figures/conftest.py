"""A company that has been at it for years: a million assignments, made once a server by whoever needs them first."""

import asyncio
import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bench import fleet, past
from bench.fleet import settle
from bot.embedded_postgres import Server
from domain.policy import TORONTO

NOW = datetime(2026, 11, 25, 7, 20, tzinfo=TORONTO)  # a Wednesday
MONDAY = date(2026, 11, 23)
DRIVERS, ROUTES = 2_500, 1_000
WEEKS = 145  # before the last one

# What hangs on it is of the last weeks only: enough for an index to be worth its while.
_LATELY = """
INSERT INTO shifts (assignment_id, arrived_at, parcels_start, parcels_delivered, parcels_returned, completed_at)
SELECT id, date + interval '12 hours', 120, 118, 2, date + interval '19 hours' FROM assignments
WHERE status = 'completed' AND date BETWEEN '2026-03-01' AND '2026-11-15';
INSERT INTO notifications (user_id, type, title, body, data, read, created_at)
SELECT id, 'shift_reminder', 'Today', 'Be there', jsonb_build_object('kind', 'reminder', 'dedupe', id || ':' || n),
       n > 3, timestamptz '2026-11-25T06:00-05' - n * interval '1 day'
FROM users, generate_series(1, 20) AS n;
INSERT INTO deliveries (user_id, channel, kind, about, urgency, level, state, attempt, chat_id, message_id, sent_at,
                        created_at)
SELECT id, 'telegram', 'reminder', gen_random_uuid(), 1, 1, 'acknowledged', 1, 1, row_number() OVER () + 10, now, now
FROM users, generate_series(1, 10) AS n,
     LATERAL (SELECT timestamptz '2026-11-25T06:00-05' - n * interval '1 day') AS t (now);
INSERT INTO bid_windows (assignment_id, mode, trigger, opens_at, closes_at, status, winner_id)
SELECT id, 'emergency', 'manager', date + interval '8 hours', date + interval '17 hours', 'resolved', user_id
FROM assignments WHERE status = 'completed' AND date > '2025-11-25' AND abs(hashtext(id::text)) % 25 = 0;
INSERT INTO window_asks (window_id, user_id, asked_at, date)
SELECT w.id, e.user_id, w.opens_at, a.date FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id
JOIN employments e ON e.warehouse_id = a.warehouse_id WHERE abs(hashtext(e.user_id::text || w.id)) % 12 = 0;
INSERT INTO bids (assignment_id, user_id, status, bid_at, window_closes_at, resolved_at)
SELECT w.assignment_id, asked.user_id, 'lost', asked.asked_at, w.closes_at, w.closes_at
FROM bid_windows w JOIN window_asks asked ON asked.window_id = w.id WHERE w.opens_at < '2026-10-01';
INSERT INTO assignments (route_id, user_id, warehouse_id, date, status)
SELECT r.id, d.id, r.warehouse_id, date '2024-01-01' - n::int, 'completed'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM users WHERE role = 'driver') AS d
JOIN (SELECT id, warehouse_id, row_number() OVER (ORDER BY id) AS n FROM routes) AS r USING (n);
INSERT INTO bids (assignment_id, user_id, status, bid_at, window_closes_at)
SELECT id, user_id, 'lost', date, date FROM assignments WHERE date < '2024-01-01' AND abs(hashtext(id::text)) % 2 = 0;
INSERT INTO bid_places (warehouse_id, user_id)
SELECT DISTINCT a.warehouse_id, b.user_id FROM bids b JOIN assignments a ON a.id = b.assignment_id;
INSERT INTO driver_health_snapshots (user_id, evaluated_at, score, attendance_rate, completion_rate)
SELECT id, date '2026-11-25' - n, 80, 1, 1 FROM users, generate_series(0, 30) AS n WHERE role = 'driver';
INSERT INTO bid_windows (assignment_id, mode, trigger, opens_at, closes_at, status)
SELECT id, 'competitive', 'schedule_unfilled', now, greatest(date - interval '1 day', '2026-11-25T20:00-05'), 'open'
FROM assignments, (SELECT timestamptz '2026-11-23T06:00-05') AS t (now) WHERE status = 'unfilled';
INSERT INTO window_waves (window_id, next_at, sent) SELECT id, NULL, 1 FROM bid_windows;
INSERT INTO incidents (user_id, assignment_id, kind, occurred_at)
SELECT user_id, id, 'late_cancel', confirmed_at FROM assignments
WHERE status = 'completed' AND date > '2026-09-01' AND abs(hashtext(id::text)) % 30 = 0;
INSERT INTO heartbeats (at, first_at, last_at) SELECT at, at, at
FROM generate_series(timestamptz '2026-11-23T07:20-05', timestamptz '2026-11-25T07:20-05', '10 s') AS at;
UPDATE assignments SET confirmed_at = NULL WHERE status = 'scheduled' AND date >= '2026-11-28'
"""


@pytest.fixture(scope="session")
def large(server: Server, template: str) -> str:
    """The address of the database; whoever uses it rolls back."""
    made_of = "".join(Path(each).read_text() for each in (__file__, fleet.__file__, past.__file__)) + template
    name = f"large_{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    asyncio.run(_make(server, template, name))
    return server.url(name)


async def _make(server: Server, template: str, name: str) -> None:
    """Under an advisory lock, and renamed when done, so that nobody reads a half-made one."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute("SELECT pg_advisory_lock(2)")
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        await connection.execute(f'DROP DATABASE IF EXISTS "new_{name}"')
        await connection.execute(f'CREATE DATABASE "new_{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        db = await asyncpg.connect(server.url(f"new_{name}"))
        await fill(db)
        await db.close()
        await connection.execute(f'ALTER DATABASE "new_{name}" RENAME TO "{name}"')
    finally:
        await connection.close()


async def fill(db: Any) -> None:
    """Into an empty, migrated database."""
    await settle(db, DRIVERS, ROUTES, NOW)
    # Foreign keys are not looked at for a million rows that are copies.
    await db.execute("SET session_replication_role = replica")
    await past.repeat_last_week(db, WEEKS, MONDAY)
    await db.execute(_LATELY)
    await db.execute("SET default_statistics_target = 1000")  # many rows looked at, so that no plan is one of chance
    await db.execute("ANALYZE")
