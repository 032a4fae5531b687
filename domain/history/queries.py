"""What was done with a slot, a driver or a route, newest first, as far as it lies in a manager's warehouses (R12.3)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import Boolean, Integer, Row, TextClause, Uuid, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from domain.db.models import Assignment, Route, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.history.deeds import Deed, Of, facts_in
from domain.pages import nearest
from domain.people.drivers import is_own, is_seen
from domain.people.queries import manages, person, warehouses_of
from domain.policy import Policy
from domain.schedule.queries import place
from domain.time import local_day


class Subject(IntEnum):
    """Whose history it is."""

    SLOT = 0
    DRIVER = 1
    ROUTE = 2


@dataclass(frozen=True, slots=True)
class Head:
    """What it is called; a driver has neither `warehouse` nor `on`, a route no `on`. `has_driver`: of a slot's row."""

    name: str
    warehouse: str | None = None
    on: date | None = None
    has_driver: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Some of what was done, the newest first. `about`: the slot by any of its rows, the driver, or the route."""

    what: Subject
    about: uuid.UUID
    head: Head
    deeds: tuple[Deed, ...]
    page: int
    pages: int
    as_of: datetime


async def slot_on(session: AsyncSession, manager_id: uuid.UUID, route_id: uuid.UUID, on: date) -> uuid.UUID | None:
    """The slot of a route of the manager's on a day, by its row: the one that is live, else the latest."""
    gone = Assignment.status == AssignmentStatus.CANCELLED
    rows = select(Assignment.id).where(
        Assignment.route_id == route_id, Assignment.on == on, manages(manager_id, Assignment.warehouse_id)
    )
    latest = rows.order_by(gone, Assignment.created_at.desc(), Assignment.id).limit(1)
    found: uuid.UUID | None = await session.scalar(latest)
    return found


async def history(
    session: AsyncSession,
    manager_id: uuid.UUID,
    what: Subject,
    about: uuid.UUID,
    page: int,
    per_page: int,
    policy: Policy,
    now: datetime,
) -> History | None:
    """A page, counted from 0, of what was done; None where there is no such thing or it isn't his (R12.3).

    Of a driver it has the work in the manager's warehouses; what concerns the driver himself only where he is one of
    the manager's people.
    """
    today = local_day(now, policy)
    head = await _head(session, manager_id, what, about, today)
    if head is None:
        return None
    given = {"about": about, "mine": await warehouses_of(session, manager_id), "most": per_page}
    whole = {"own": await is_own(session, manager_id, about, today)} if what is Subject.DRIVER else {}
    rows = (await session.execute(_DEEDS[what], given | whole | {"passed": max(page, 0) * per_page})).all()
    if not rows and page > 0:  # a page that there is not
        return await history(session, manager_id, what, about, 0, per_page, policy, now)
    page, pages = nearest(page, rows[0].total if rows else 0, per_page)
    return History(what, about, head, tuple(_deed(row) for row in rows), page, pages, now)


async def _head(
    session: AsyncSession, manager_id: uuid.UUID, what: Subject, about: uuid.UUID, today: date
) -> Head | None:
    if what is Subject.ROUTE:
        route = await place(session, manager_id, about)
        return Head(route.name, route.warehouse) if route is not None and route.is_route else None
    if what is Subject.DRIVER:
        driver = await person(session, about) if await is_seen(session, manager_id, about, today) else None
        return Head(f"{driver.first_name} {driver.last_name}") if driver is not None else None
    found = await session.execute(
        select(Route.name, Warehouse.name, Assignment.on, Assignment.user_id.is_not(None))
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .where(Assignment.id == about, manages(manager_id, Assignment.warehouse_id))
    )
    row = found.one_or_none()
    return None if row is None else Head(*row)


def _deed(row: Row[Any]) -> Deed:
    changes = row.changes or {}
    of = Of(row.route, row.warehouse, row.date) if row.date is not None else None
    by_phone = changes.get("by_phone") is True
    before, after = facts_in(changes.get("before")), facts_in(changes.get("after"))
    return Deed(row.created_at, row.entity_type, row.action, row.actor, row.driver, of, by_phone, before, after)


# Whatever hangs on some assignments (`rows`); each with its driver.
_OF_ROWS: Final = """
    SELECT 'assignment' AS entity, rows.id, rows.id AS assignment_id, rows.user_id AS driver_id,
           CAST(NULL AS text) AS only_on
    FROM rows
    UNION ALL SELECT 'shift', id, id, user_id, NULL FROM rows
    UNION ALL SELECT 'shift_review', id, id, user_id, NULL FROM rows
    UNION ALL SELECT 'incident', i.id, rows.id, i.user_id, NULL
        FROM rows JOIN incidents i ON i.assignment_id = rows.id
    UNION ALL SELECT 'appeal', p.id, rows.id, p.user_id, NULL
        FROM rows JOIN incidents i ON i.assignment_id = rows.id JOIN appeals p ON p.incident_id = i.id
    UNION ALL SELECT 'give_away', g.id, rows.id, g.giver_id, NULL
        FROM rows JOIN give_aways g ON g.assignment_id = rows.id
"""
_WINDOWS: Final = """
    UNION ALL SELECT 'bid_window', w.id, rows.id, w.winner_id, NULL
        FROM rows JOIN bid_windows w ON w.assignment_id = rows.id
"""
# A bid that was withdrawn is gone: only its entry tells of what it was.
_SLOT: Final = f"""
    WITH rows AS (
        SELECT a.id, a.user_id, a.route_id, a.warehouse_id, a.date FROM assignments slot
        JOIN assignments a ON a.route_id = slot.route_id AND a.date = slot.date
        WHERE slot.id = :about AND a.warehouse_id = ANY (:mine)
    ), day AS (
        SELECT DISTINCT route_id, warehouse_id, date FROM rows
    ), things AS (
        {_OF_ROWS}
        {_WINDOWS}
        UNION ALL SELECT 'bid', b.id, rows.id, b.user_id, NULL FROM rows JOIN bids b ON b.assignment_id = rows.id
        UNION ALL SELECT DISTINCT 'bid', gone.entity_id, rows.id, gone.actor_id, CAST(NULL AS text)
            FROM rows JOIN audit_logs gone ON gone.entity_type = 'bid' AND gone.action = 'withdrawn'
                AND gone.changes -> 'before' ->> 'assignment_id' = rows.id::text
        UNION ALL SELECT 'arrival_hold', hold.id, NULL, NULL, NULL
            FROM day JOIN arrival_holds hold USING (warehouse_id, date)
        UNION ALL SELECT 'roster_run', run.id, NULL, NULL, NULL
            FROM day JOIN roster_runs run ON run.week = date_trunc('week', day.date)::date
                AND run.cause <> 'preview' AND (run.warehouses IS NULL OR day.warehouse_id = ANY (run.warehouses))
        UNION ALL SELECT 'route', route_id, NULL, NULL, date::text FROM day
        UNION ALL SELECT 'warehouse', warehouse_id, NULL, NULL, date::text FROM day
    )
"""  # noqa: S608 - our own texts
_AN_ID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"  # another program may write anything there
_DRIVER: Final = f"""
    WITH rows AS (
        SELECT a.id, a.user_id FROM assignments a WHERE a.user_id = :about AND a.warehouse_id = ANY (:mine)
    ), things AS (
        {_OF_ROWS}
        UNION ALL SELECT 'give_away', g.id, a.id, g.giver_id, NULL
            FROM give_away_asks ask JOIN give_aways g ON g.id = ask.give_away_id AND g.taker_id = ask.user_id
            JOIN assignments a ON a.id = g.assignment_id
            WHERE ask.user_id = :about AND a.warehouse_id = ANY (:mine)
        UNION ALL SELECT 'bid', b.id, a.id, b.user_id, NULL FROM bids b JOIN assignments a ON a.id = b.assignment_id
            WHERE b.user_id = :about AND a.warehouse_id = ANY (:mine)
        UNION ALL SELECT DISTINCT 'bid', gone.entity_id, a.id, gone.actor_id, CAST(NULL AS text)
            FROM audit_logs gone JOIN assignments a
                ON a.id = CASE WHEN gone.changes -> 'before' ->> 'assignment_id' ~ '{_AN_ID}'
                    THEN CAST(gone.changes -> 'before' ->> 'assignment_id' AS uuid) END
            WHERE gone.entity_type = 'bid' AND gone.action = 'withdrawn' AND gone.actor_id = :about
                AND a.warehouse_id = ANY (:mine)
        UNION ALL SELECT entity, CAST(:about AS uuid), NULL, CAST(:about AS uuid), NULL
            FROM unnest(ARRAY['user', 'preferences']) AS entity WHERE :own
        UNION ALL SELECT 'appeal', p.id, NULL, p.user_id, NULL FROM appeals p
            WHERE :own AND p.user_id = :about AND p.flag_id IS NOT NULL
        UNION ALL SELECT DISTINCT 'message', d.about, CAST(NULL AS uuid), d.user_id, CAST(NULL AS text)
            FROM deliveries d JOIN notifications told ON told.id = d.notification_id
            WHERE :own AND d.user_id = :about AND d.kind IN ('manual', 'broadcast')
                AND coalesce(told.data ->> 'warehouse_id' = ANY (CAST(:mine AS text[])), d.kind = 'broadcast')
        UNION ALL SELECT 'delivery', d.id, NULL, d.user_id, NULL FROM deliveries d WHERE :own AND d.user_id = :about
    )
"""  # noqa: S608 - our own texts
_ROUTE: Final = f"""
    WITH rows AS (
        SELECT a.id, a.user_id FROM assignments a WHERE a.route_id = :about AND a.warehouse_id = ANY (:mine)
    ), things AS (
        {_OF_ROWS}
        {_WINDOWS}
        UNION ALL SELECT 'route', r.id, NULL, NULL, NULL FROM routes r WHERE r.id = :about
        UNION ALL SELECT 'warehouse', r.warehouse_id, NULL, NULL, NULL FROM routes r WHERE r.id = :about
    )
"""  # noqa: S608 - our own texts


# Whom the entry of a warehouse names as its manager.
_NAMED: Final = "coalesce(log.changes -> 'after' ->> 'user_id', log.changes -> 'before' ->> 'user_id')"
_MANAGER: Final = f"""
    CASE WHEN log.entity_type = 'warehouse' AND {_NAMED} ~ '{_AN_ID}' THEN CAST({_NAMED} AS uuid) END
"""


def _deeds(things: str, but: str = "true", **more: TypeEngine[Any]) -> TextClause:
    """Those entries, the newest first; what one transaction did, its consequences before what it began with."""
    return sql(
        f"""
        {things}
        SELECT log.created_at, log.entity_type, log.action, log.changes,
               actor.first_name || ' ' || actor.last_name AS actor,
               driver.first_name || ' ' || driver.last_name AS driver,
               r.name AS route, w.name AS warehouse, a.date, count(*) OVER () AS total
        FROM things thing
        JOIN audit_logs log ON log.entity_type = thing.entity AND log.entity_id = thing.id
        LEFT JOIN users actor ON actor.id = log.actor_id
        LEFT JOIN users driver ON driver.id = coalesce(thing.driver_id, {_MANAGER})
        LEFT JOIN assignments a ON a.id = thing.assignment_id
        LEFT JOIN routes r ON r.id = a.route_id
        LEFT JOIN warehouses w ON w.id = a.warehouse_id
        WHERE (thing.only_on IS NULL OR log.changes -> 'after' ->> 'date' = thing.only_on) AND ({but})
        ORDER BY log.created_at DESC, (log.entity_type = 'bid_window') DESC, (log.action = 'reopened') DESC,
                 (log.entity_type <> 'assignment') DESC, log.entity_type, log.action, log.id
        LIMIT :most OFFSET :passed
        """,  # noqa: S608 - one of our own texts
        about=Uuid(),
        mine=ARRAY(Uuid()),
        most=Integer(),
        passed=Integer(),
        **more,
    )


# What was open before it was his tells nothing of him.
_NOT_HIS: Final = "log.action NOT IN ('opened', 'reopened') OR log.entity_type <> 'assignment'"
_DEEDS: Final = {
    Subject.SLOT: _deeds(_SLOT),
    Subject.DRIVER: _deeds(_DRIVER, _NOT_HIS, own=Boolean()),
    Subject.ROUTE: _deeds(_ROUTE),
}
