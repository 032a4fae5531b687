"""What is held against drivers, as rows: incidents that count or have counted, and flags (R10.6)."""

import uuid
from typing import Any, Final

from sqlalchemy import Row, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.health.rules_of_appeals import Subject
from domain.notices.facts.appeals import Penalty

# Of incidents those that cost somebody something. A row is found by its id, or all of a driver by his.
SUBJECTS: Final = """(
    SELECT i.id, i.user_id AS driver_id, i.kind AS what, i.occurred_at AS at, i.excused_at IS NULL AS counts,
           a.id AS assignment_id, a.route_id, a.warehouse_id, r.name AS route, w.name AS warehouse, a.date AS "on"
    FROM incidents i
    JOIN assignments a ON a.id = i.assignment_id
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses w ON w.id = a.warehouse_id
    WHERE i.kind IN ('no_show', 'late_cancel', 'auto_drop')
    UNION ALL
    SELECT f.id, f.user_id, 'flag', f.flagged_at, f.ended_at IS NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM flag_episodes f
)"""
# What an appeal `p` is about, looked up by itself: joined, the whole ledger would be read for it.
APPEALED: Final = f"""LATERAL (
    SELECT of.* FROM {SUBJECTS} AS of WHERE of.id = coalesce(p.incident_id, p.flag_id) OFFSET 0
)"""  # noqa: S608 - our own text
COLUMNS: Final = """
    s.id, s.driver_id, s.what, s.at, s.counts, s.assignment_id, s.route_id, s.warehouse_id, s.route, s.warehouse,
    s."on"
"""
# Whose manager somebody is who decides on it: of the shift's warehouse; of a flag, as with all that concerns the whole
# of a driver, of one of his homes, or of any warehouse where none was ever recorded. `manager` is the row that says so.
DECIDES: Final = """
    manager.warehouse_id = s.warehouse_id
    OR s.warehouse_id IS NULL AND (
        NOT EXISTS (SELECT FROM employments home WHERE home.user_id = s.driver_id)
        OR EXISTS (SELECT FROM employments home
                   WHERE home.user_id = s.driver_id AND home.warehouse_id = manager.warehouse_id
                     AND (home.ends_on IS NULL OR home.ends_on >= :today)))
"""
MAY_DECIDE: Final = f"""
    EXISTS (SELECT FROM desks manager WHERE manager.user_id = :manager AND ({DECIDES}))
"""
_SUBJECT = sql(
    f"""
    SELECT {COLUMNS}, (SELECT p.id FROM appeals p WHERE p.incident_id = s.id OR p.flag_id = s.id) AS appeal_id
    FROM {SUBJECTS} AS s WHERE s.id = :id
    """,  # noqa: S608 - our own text
    id=Uuid(),
)


async def subject(session: AsyncSession, id_: uuid.UUID) -> Subject | None:
    """What is held against somebody, by the id of the incident or the flag."""
    row = (await session.execute(_SUBJECT, {"id": id_})).one_or_none()
    return None if row is None else subject_from(row)


def subject_from(row: Row[Any]) -> Subject:
    """From `COLUMNS` and `appeal_id`."""
    return Subject(
        id=row.id,
        driver_id=row.driver_id,
        what=Penalty(row.what),
        at=row.at,
        counts=row.counts,
        assignment_id=row.assignment_id,
        route_id=row.route_id,
        warehouse_id=row.warehouse_id,
        route=row.route,
        warehouse=row.warehouse,
        on=row.on,
        appeal_id=row.appeal_id,
    )
