"""Whether routes run, in SQL, for whatever finds many at once; a test holds it against `rules.runs` (R2.0).

`RUNS` is put into statements about `routes r` and days `d (date)`. Whoever opens slots or changes the calendar of a
warehouse holds `locked`: so no slot is opened on a day that is just being closed.
"""

import uuid
from datetime import date
from typing import Final

from sqlalchemy import Date, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Warehouse
from domain.db.sql import sql

RUNS: Final = """
    coalesce(
        (SELECT e.runs FROM calendar_exceptions e WHERE e.route_id = r.id AND e.date = d.date),
        NOT EXISTS (SELECT FROM calendar_exceptions e
                    WHERE e.warehouse_id = r.warehouse_id AND e.date = d.date AND NOT e.runs)
        AND (NOT EXISTS (SELECT FROM route_weekdays w WHERE w.route_id = r.id)
             OR EXISTS (SELECT FROM route_weekdays w
                        WHERE w.route_id = r.id AND w.weekday = extract(dow FROM d.date)
                          AND coalesce(w.starts_on, '-infinity') <= d.date
                          AND coalesce(w.ends_on, 'infinity') >= d.date))
    )
"""
_RUNS_ON = sql(
    f"""
    SELECT {RUNS}
    FROM (SELECT id, coalesce(CAST(:warehouse AS uuid), warehouse_id) AS warehouse_id FROM routes) AS r,
         (SELECT CAST(:on AS date)) AS d (date)
    WHERE r.id = :route
    """,  # noqa: S608 - our own text
    route=Uuid(),
    warehouse=Uuid(),
    on=Date(),
)


async def runs_on(session: AsyncSession, route_id: uuid.UUID, on: date, warehouse_id: uuid.UUID | None = None) -> bool:
    """Whether one route runs on a day; False where there is no such route.

    `warehouse_id`: from where it leaves that day, since a route that moves stays for the day where it was (R12.5).
    """
    return bool(await session.scalar(_RUNS_ON, {"route": route_id, "warehouse": warehouse_id, "on": on}))


async def locked(session: AsyncSession, warehouse_id: uuid.UUID) -> None:
    """Takes the calendar of a warehouse, before any window or assignment; read from it only afterwards."""
    await session.execute(select(Warehouse.id).where(Warehouse.id == warehouse_id).with_for_update(key_share=True))
