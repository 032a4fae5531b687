"""All drivers whom a manager may look at, those who need him first (R9, R10, R12.3)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from sqlalchemy import Date, Integer, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import alphabetical, sql
from domain.health.subjects import APPEALED, MAY_DECIDE
from domain.people.seen import SEEN
from domain.policy import Policy
from domain.time import local_day

FALLS_WITHIN: Final = timedelta(days=7)


class Need(IntEnum):
    """Why a manager should look at a driver, the most urgent first. Only what waits for this manager waits."""

    STOPPED = 1  # out of the pool, and he is to decide
    UNDECIDED = 2  # back for now, and he is to decide
    APPEALS = 3
    STUCK = 4  # flagged, with no shift left by which to recover
    FLAGGED = 5
    OUT = 6  # of the pool, by a manager's word, or for others to decide
    FALLING = 7  # his score has lost as much as an incident costs
    NONE = 8
    LEFT = 9  # works here no more


@dataclass(frozen=True, slots=True)
class Listed:
    """`score` None: nothing was due yet. `fallen`: by so many points within a week; 0 where it hasn't."""

    id: uuid.UUID
    name: str
    phone: str
    need: Need
    score: int | None
    fallen: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of them. `waiting`: how many there are in all about whom he is to do something."""

    drivers: tuple[Listed, ...]
    total: int
    waiting: int
    page: int
    pages: int


_LISTED = sql(
    f"""
    WITH seen AS ({SEEN}), waiting AS (
        SELECT p.user_id, min(p.decide_by) AS decide_by
        FROM appeals p CROSS JOIN {APPEALED} AS s
        WHERE p.decided_at IS NULL AND s.counts AND {MAY_DECIDE}
        GROUP BY p.user_id
    ), facts AS MATERIALIZED (
        SELECT d.id, d.first_name || ' ' || d.last_name AS name, d.phone, seen.own, d.is_flagged,
               coalesce(h.assignment_pool_eligible, true) AS eligible, stop.id AS stop_id, stop.reinstated,
               stop.stopped_at, appeal.decide_by, flag.flagged_at,
               flag.put_at IS NOT NULL AND NOT EXISTS (
                   SELECT FROM assignments a WHERE a.user_id = d.id AND a.status IN ('scheduled', 'active') OFFSET 0
               ) AS stuck,
               CASE WHEN m.total_shifts > 0 THEN h.current_score END AS score, week.score AS week_score,
               EXISTS (SELECT FROM employments home WHERE home.user_id = d.id)
               AND NOT EXISTS (SELECT FROM employments home WHERE home.user_id = d.id
                               AND (home.ends_on IS NULL OR home.ends_on >= :today)) AS has_left
        FROM seen JOIN users d ON d.id = seen.id
        LEFT JOIN driver_health_state h ON h.user_id = d.id
        LEFT JOIN driver_metrics m ON m.user_id = d.id
        LEFT JOIN LATERAL (  -- of each by itself: there is one for every day of his since he is here
            SELECT was.score FROM driver_health_snapshots was
            WHERE was.user_id = d.id AND was.evaluated_at = :week_ago OFFSET 0
        ) AS week ON true
        LEFT JOIN hard_stops stop ON stop.user_id = d.id AND stop.ended_at IS NULL
        LEFT JOIN flag_episodes flag ON flag.user_id = d.id AND flag.ended_at IS NULL
        LEFT JOIN waiting appeal ON appeal.user_id = d.id
    ), needs AS MATERIALIZED (
        SELECT facts.*, greatest(week_score - score, 0) AS fallen, CASE
            WHEN has_left THEN {Need.LEFT}
            WHEN own AND NOT eligible AND reinstated IS NULL THEN {Need.STOPPED}
            WHEN own AND stop_id IS NOT NULL AND reinstated IS NULL THEN {Need.UNDECIDED}
            WHEN decide_by IS NOT NULL THEN {Need.APPEALS}
            WHEN own AND stuck THEN {Need.STUCK}
            WHEN is_flagged THEN {Need.FLAGGED}
            WHEN NOT eligible THEN {Need.OUT}
            WHEN week_score - score >= :falls THEN {Need.FALLING}
            ELSE {Need.NONE} END AS need
        FROM facts
    )
    SELECT id, name, phone, need, score, coalesce(fallen, 0) AS fallen,
           count(*) OVER () AS total, count(*) FILTER (WHERE need <= {Need.STUCK}) OVER () AS waiting
    FROM needs
    ORDER BY need, CASE need WHEN {Need.STOPPED} THEN stopped_at WHEN {Need.UNDECIDED} THEN stopped_at
                             WHEN {Need.APPEALS} THEN decide_by WHEN {Need.STUCK} THEN flagged_at END,
             CASE WHEN need < {Need.NONE} THEN score END, {alphabetical("name")}, id
    LIMIT :per_page OFFSET :skip
    """,  # noqa: S608 - our own text
    manager=Uuid(),
    manager_id=Uuid(),
    today=Date(),
    week_ago=Date(),
    falls=Integer(),
    per_page=Integer(),
    skip=Integer(),
)


async def drivers_listed(
    session: AsyncSession, manager_id: uuid.UUID, page: int, per_page: int, policy: Policy, now: datetime
) -> Page:
    """A page of the drivers whom this manager may look at; the first for one that there is not (any more)."""
    page, today = max(page, 0), local_day(now, policy)
    given = {
        "manager": manager_id,
        "manager_id": manager_id,
        "today": today,
        "week_ago": today - FALLS_WITHIN,
        "falls": policy.points_lost_each,
        "per_page": per_page,
        "skip": page * per_page,
    }
    rows = (await session.execute(_LISTED, given)).all()
    if not rows and page > 0:  # an old button
        return await drivers_listed(session, manager_id, 0, per_page, policy, now)
    listed = tuple(Listed(row.id, row.name, row.phone, Need(row.need), row.score, row.fallen) for row in rows)
    total, waiting = (rows[0].total, rows[0].waiting) if rows else (0, 0)
    return Page(listed, total, waiting, page, max(1, -(-total // per_page)))
