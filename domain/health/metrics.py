"""Drivers' figures made anew from what has happened: assignments, shifts, bids and the ledger (R9.1, R9.6).

What counts them event by event comes to the same, so that a rebuild writes nothing; it mends what another program or an
import has left behind.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql

_FIGURES = ("total_shifts", "completed_shifts", "attendance_rate", "completion_rate", "avg_parcels_delivered",
            "total_assigned", "confirmed_shifts", "auto_dropped_shifts", "late_cancellations", "no_shows",
            "bid_pickups")  # fmt: skip
_ALL = ", ".join(_FIGURES)

# Nothing is locked but what differs, and of that nothing is written that has moved since it was seen: the event that
# has moved it has counted itself. Events count a driver before a route, so the routes come last here, too.
_REBUILD = f"""
    WITH work AS MATERIALIZED (
        SELECT a.user_id, a.route_id, count(*) AS assigned, count(a.confirmed_at) AS confirmed,
               count(*) FILTER (WHERE a.status = 'completed') AS completed, max(s.completed_at) AS last_at,
               count(*) FILTER (WHERE rated) AS rated, sum(s.parcels_delivered) FILTER (WHERE rated) AS parcels,
               sum(s.parcels_delivered::float8 / nullif(s.parcels_start, 0)) FILTER (WHERE rated) AS brought
        FROM assignments a
        LEFT JOIN LATERAL (  -- each looked up by itself, or all shifts would be read for some drivers
            SELECT shift.* FROM shifts shift WHERE shift.assignment_id = a.id AND a.status = 'completed' LIMIT 1
        ) AS s ON true
        LEFT JOIN shift_reviews r ON r.assignment_id = a.id AND r.accepted IS NOT FALSE  -- he had to stop (R8.8)
        CROSS JOIN LATERAL (SELECT s.parcels_start > 0 AND r.assignment_id IS NULL) AS counts (rated)
        WHERE a.user_id IS NOT NULL AND {{a}} GROUP BY a.user_id, a.route_id
    ), worked AS (
        SELECT user_id, sum(assigned) AS assigned, sum(confirmed) AS confirmed, sum(completed) AS completed,
               sum(brought) / nullif(sum(rated), 0) AS rate, sum(parcels)::float8 / nullif(sum(rated), 0) AS parcels
        FROM work GROUP BY user_id
    ), ledger AS (
        SELECT i.user_id, count(*) FILTER (WHERE kind = 'auto_drop') AS drops,
               count(*) FILTER (WHERE kind = 'late_cancel') AS lates, count(*) FILTER (WHERE kind = 'no_show') AS missed
        FROM incidents i
        WHERE excused_at IS NULL AND kind IN ('auto_drop', 'late_cancel', 'no_show') AND {{i}} GROUP BY i.user_id
    ), won AS (
        SELECT b.user_id, count(*) AS bids FROM bids b WHERE status = 'won' AND {{b}} GROUP BY b.user_id
    ), had AS (
        SELECT m AS had, m.user_id FROM driver_metrics m WHERE {{m}}
    ), counted AS (
        SELECT user_id, had, coalesce(completed, 0)::int AS completed, coalesce(drops, 0)::int AS drops,
               coalesce(lates, 0)::int AS lates, coalesce(missed, 0)::int AS missed, coalesce(rate, 0)::real AS rate,
               coalesce(parcels, 0)::real AS parcels, coalesce(assigned, 0)::int AS assigned,
               coalesce(confirmed, 0)::int AS confirmed, coalesce(bids, 0)::int AS bids
        FROM worked FULL JOIN ledger USING (user_id) FULL JOIN won USING (user_id) FULL JOIN had USING (user_id)
    ), fresh ({_ALL}, user_id, had) AS (
        SELECT due, completed, coalesce(completed / nullif(due::float8, 0), 0)::real, rate, parcels, assigned,
               confirmed, drops, lates, missed, bids, user_id, had
        FROM counted CROSS JOIN LATERAL (SELECT completed + drops + lates + missed) AS all_that_was (due)
    ), differs AS MATERIALIZED (
        SELECT fresh.* FROM fresh JOIN driver_metrics m ON m.user_id = fresh.user_id AND m = fresh.had
        WHERE ({", ".join(f"m.{name}" for name in _FIGURES)}) <> ({", ".join(f"fresh.{name}" for name in _FIGURES)})
          AND {{m}}
        ORDER BY m.user_id FOR NO KEY UPDATE OF m
    ), mended AS (
        UPDATE driver_metrics m
        SET {", ".join(f"{name} = differs.{name}" for name in _FIGURES)}, updated_at = :now
        FROM differs WHERE {{m}} AND m.user_id = differs.user_id AND m = differs.had RETURNING m.user_id
    ), begun AS (
        INSERT INTO driver_metrics (user_id, {_ALL}, updated_at)
        SELECT user_id, {_ALL}, :now FROM fresh WHERE had IS NULL ORDER BY user_id
        ON CONFLICT DO NOTHING RETURNING user_id
    ), drivers AS MATERIALIZED (
        SELECT (SELECT count(*) FROM mended) + (SELECT count(*) FROM begun) AS n
    ), routes AS MATERIALIZED (
        SELECT user_id, route_id, c AS had, coalesce(w.completed, 0)::int AS completed,
               coalesce(w.last_at, c.last_completed_at) AS last_at
        FROM (SELECT user_id, route_id, completed, last_at FROM work WHERE completed > 0) AS w
        FULL JOIN (SELECT * FROM route_completions c WHERE {{c}}) AS c USING (user_id, route_id)
        WHERE (w.completed, coalesce(w.last_at, c.last_completed_at))
              IS DISTINCT FROM (c.completion_count, c.last_completed_at)
          AND (SELECT n FROM drivers) >= 0
    ), known AS (
        UPDATE route_completions c SET completion_count = routes.completed, last_completed_at = routes.last_at
        FROM routes
        WHERE {{c}} AND c.user_id = routes.user_id AND c.route_id = routes.route_id AND routes.completed > 0
          AND (c.completion_count, c.last_completed_at)
              IS NOT DISTINCT FROM ((routes.had).completion_count, (routes.had).last_completed_at)
        RETURNING c.user_id
    ), forgotten AS (
        DELETE FROM route_completions c USING routes
        WHERE {{c}} AND c.user_id = routes.user_id AND c.route_id = routes.route_id AND routes.completed = 0
          AND c.completion_count = (routes.had).completion_count
        RETURNING c.user_id
    ), learnt AS (
        INSERT INTO route_completions (user_id, route_id, completion_count, last_completed_at)
        SELECT user_id, route_id, completed, last_at FROM routes WHERE had IS NULL ORDER BY user_id, route_id
        ON CONFLICT DO NOTHING RETURNING user_id
    )
    SELECT n AS drivers, (SELECT count(*) FROM known) + (SELECT count(*) FROM forgotten)
           + (SELECT count(*) FROM learnt) AS routes
    FROM drivers
"""  # noqa: S608 - our own names
_TABLES = ("a", "i", "b", "m", "c")
_ALL_OF_THEM = sql(_REBUILD.format(**dict.fromkeys(_TABLES, "true")))
_SOME_OF_THEM = sql(
    _REBUILD.format(**{table: f"{table}.user_id = ANY (:drivers)" for table in _TABLES}), drivers=ARRAY(Uuid())
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many drivers' figures were not what has happened, and how many of their routes'."""

    drivers: int
    routes: int


async def rebuild(session: AsyncSession, now: datetime, of: Collection[uuid.UUID] | None = None) -> Rebuilt:
    """Figures of these drivers, or of all, as what has happened comes to; one statement, writing only what differs."""
    if of is None:
        row = (await session.execute(_ALL_OF_THEM, {"now": now})).one()
    else:
        row = (await session.execute(_SOME_OF_THEM, {"drivers": list(of), "now": now})).one()
    return Rebuilt(row.drivers, row.routes)
