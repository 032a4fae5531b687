"""Who drives what on a day of a roster, or would (R3.9)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, Integer, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models.words import RosterCause
from domain.db.sql import sql
from domain.pages import nearest
from domain.people.drivers import names_of
from domain.policy import Policy
from domain.roster.cards import his_run
from domain.schedule.calendar import RUNS
from domain.schedule.rules import DAYS_OF_WEEK


@dataclass(frozen=True, slots=True)
class Drive:
    """A route of the day. `driven`: somebody has it, or `would_be`: would have it by the preview.

    `driver` None: nobody, or somebody without a name here: who is only supposed, or whom the manager may not see.
    """

    route: str
    warehouse: str
    driven: bool
    would_be: bool
    driver: str | None


@dataclass(frozen=True, slots=True)
class DrivesPage:
    """Some of a day's routes, by warehouse."""

    run_id: uuid.UUID
    on: date
    drives: tuple[Drive, ...]
    page: int
    pages: int


_DRIVES = f"""
    FROM routes r
    JOIN warehouses w ON w.id = r.warehouse_id
    CROSS JOIN (SELECT CAST(:on AS date)) AS d (date)
    LEFT JOIN assignments a ON a.route_id = r.id AND a.date = d.date AND a.status <> 'cancelled'
    LEFT JOIN roster_pairs pair ON pair.run_id = :run AND pair.route_id = r.id AND pair.date = d.date
    WHERE w.id = ANY (:warehouses) AND {RUNS}
"""
_TYPES: Mapping[str, Any] = {"on": Date(), "run": Uuid(), "warehouses": ARRAY(Uuid())}
_COUNT = sql(f"SELECT count(*) {_DRIVES}", **_TYPES)
_SOME = sql(
    f"""
    SELECT r.name AS route, w.name AS warehouse, a.user_id IS NOT NULL AS driven,
           a.user_id IS NULL AND pair.run_id IS NOT NULL AS would_be, coalesce(a.user_id, pair.user_id) AS driver_id
    {_DRIVES}
    ORDER BY w.name, w.id, length(r.name), r.name, r.id LIMIT :most OFFSET :passed
    """,
    most=Integer(),
    passed=Integer(),
    **_TYPES,
)


async def drives(
    session: AsyncSession,
    manager_id: uuid.UUID,
    run_id: uuid.UUID,
    day: int,
    page: int,
    per_page: int,
    policy: Policy,
    now: datetime,
) -> DrivesPage | None:
    """`day`: of the week, 0 its Monday; the nearest that there is, as of `page`, from 0 on.

    None where there is no such roster, or it is of no warehouse of his (R12.3).
    """
    found = await his_run(session, manager_id, run_id)
    if found is None:
        return None
    run, mine = found
    on = run.week + timedelta(days=min(max(day, 0), DAYS_OF_WEEK - 1))
    preview = run.id if run.cause is RosterCause.PREVIEW else None  # who has got it by a manager's run, has it or not
    given = {"on": on, "run": preview, "warehouses": mine}
    total = await session.scalar(_COUNT, given) or 0
    page, pages = nearest(page, total, per_page)
    rows = (await session.execute(_SOME, given | {"most": per_page, "passed": page * per_page})).all()
    names = await names_of(
        session, manager_id, [row.driver_id for row in rows if row.driver_id], time.local_day(now, policy)
    )
    some = tuple(Drive(row.route, row.warehouse, row.driven, row.would_be, names.get(row.driver_id)) for row in rows)
    return DrivesPage(run.id, on, some, page, pages)
