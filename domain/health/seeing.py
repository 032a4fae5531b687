"""How a driver is doing, for him to see: his score as it stands at this moment, and what it comes from (R10.1, R10.4).

Read from what the nightly duties read, so that it is true also before they run.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Date, DateTime, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health.scoring import Record, Score, score_of
from domain.notices.facts.appeals import Penalty
from domain.policy import Policy
from domain.time import local_day

DAYS: Final = 30  # of his line, today included


@dataclass(frozen=True, slots=True)
class Mishap:
    """What went wrong within the days that the score looks back. `until`: when it costs its own points no more; None
    where it only counts as a shift not driven.
    """

    kind: Penalty
    route: str
    warehouse: str
    on: date
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OwnHealth:
    """A driver's score, now. `before`: that of the days before today, those that have one, the first first.

    `capped_until`: when what holds the score down has aged out (R10.2). `driven`: shifts within the days that it looks
    back, the latest on `last_driven`; `star_week`: the last that has qualified; `held`: shifts ahead; `free`: he can
    get new ones.
    """

    score: Score
    record: Record
    today: date
    before: tuple[tuple[date, int], ...]
    mishaps: tuple[Mishap, ...]
    capped_until: datetime | None
    driven: int
    last_driven: date | None
    streak: int
    star_week: date | None
    held: int
    free: bool


_NOW = sql(
    """
    SELECT coalesce(m.total_shifts, 0) AS due, coalesce(m.completed_shifts, 0) AS completed,
           coalesce(m.completion_rate, 0) AS completion, coalesce(h.streak_weeks, 0) AS streak,
           h.last_qualified_week_start AS star_week, driven.n AS driven, driven.last AS last_driven,
           (SELECT count(*) FROM assignments WHERE user_id = u.id AND status IN ('scheduled', 'active')) AS held,
           NOT u.is_flagged AND coalesce(h.assignment_pool_eligible, true) AS free
    FROM users u
    LEFT JOIN driver_metrics m ON m.user_id = u.id
    LEFT JOIN driver_health_state h ON h.user_id = u.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS n, max(a.date) AS last FROM assignments a JOIN shifts s ON s.assignment_id = a.id
        WHERE a.user_id = u.id AND a.status = 'completed' AND s.completed_at > :since
    ) AS driven
    WHERE u.id = :driver
    """,
    driver=Uuid(),
    since=DateTime(timezone=True),
)
_MISHAPS = sql(
    """
    SELECT i.kind, i.occurred_at AS at, r.name AS route, w.name AS warehouse, a.date AS "on"
    FROM incidents i
    JOIN assignments a ON a.id = i.assignment_id
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses w ON w.id = a.warehouse_id
    WHERE i.user_id = :driver AND i.excused_at IS NULL AND i.occurred_at > :since
      AND i.kind IN ('no_show', 'late_cancel', 'auto_drop')
    ORDER BY i.occurred_at DESC, i.id
    """,
    driver=Uuid(),
    since=DateTime(timezone=True),
)
_BEFORE = sql(
    """
    SELECT evaluated_at, score FROM driver_health_snapshots
    WHERE user_id = :driver AND evaluated_at > :after AND evaluated_at < :today ORDER BY evaluated_at
    """,
    driver=Uuid(),
    after=Date(),
    today=Date(),
)


async def own_health(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> OwnHealth | None:
    """None: nothing of his was due yet, so there is no score (R10.1)."""
    since, today = {"driver": driver_id, "since": now - policy.hard_stop_within}, local_day(now, policy)
    row = (await session.execute(_NOW, since)).one()
    if row.due == 0:
        return None
    rows = (await session.execute(_MISHAPS, since)).all()
    missed, late = (
        [each.at for each in rows if each.kind == kind] for kind in (IncidentKind.NO_SHOW, IncidentKind.LATE_CANCEL)
    )
    record = Record(row.due, row.completed, row.completion, len(missed), len(late))
    days = {"driver": driver_id, "after": today - timedelta(days=DAYS), "today": today}
    score = score_of(record, policy)
    return OwnHealth(
        score=score,
        record=record,
        today=today,
        before=tuple((day, of_day) for day, of_day in await session.execute(_BEFORE, days)),
        mishaps=tuple(
            Mishap(
                Penalty(each.kind),
                each.route,
                each.warehouse,
                each.on,
                None if each.kind == IncidentKind.AUTO_DROP else each.at + policy.hard_stop_within,
            )
            for each in rows
        ),
        capped_until=_capped_until(missed, late, policy) if score.capped else None,
        driven=row.driven,
        last_driven=row.last_driven,
        streak=row.streak,
        star_week=row.star_week,
        held=row.held,
        free=row.free,
    )


def _capped_until(missed: Sequence[datetime], late: Sequence[datetime], policy: Policy) -> datetime:
    """When too few are left of both kinds; each has the latest first."""
    last = [
        each[enough - 1]
        for each, enough in ((missed, policy.hard_stop_no_shows), (late, policy.hard_stop_late_cancels))
        if len(each) >= enough
    ]
    return max(last) + policy.hard_stop_within
