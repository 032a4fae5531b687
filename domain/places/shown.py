"""What shows a warehouse or a route, once something about it has changed."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Date, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.notices import following
from domain.notices.following_many import follow_all

# Route by route: of how much is ahead the planner thinks too much, and would read what is ahead of all the company.
_AHEAD = sql(
    """
    SELECT a.id, a.date, a.warehouse_id, a.user_id,
           (SELECT w.id FROM bid_windows w WHERE w.assignment_id = a.id AND w.status = 'open') AS window_id
    FROM unnest(:routes) AS r (id)
    CROSS JOIN LATERAL (
        SELECT * FROM assignments own
        WHERE own.route_id = r.id AND own.date >= :today AND own.status <> 'cancelled' ORDER BY own.date OFFSET 0
    ) AS a
    """,
    routes=ARRAY(Uuid()),
    today=Date(),
)
_ASKED = sql(
    "SELECT DISTINCT user_id FROM window_asks WHERE window_id = ANY (:windows) ORDER BY user_id",
    windows=ARRAY(Uuid()),
)


async def follow_places(
    session: AsyncSession,
    routes: Sequence[uuid.UUID],
    warehouses: Sequence[uuid.UUID],
    today: date,
    now: datetime,
    also: Sequence[uuid.UUID] = (),
    left: Sequence[following.DayAt] = (),
) -> None:
    """The shifts ahead of these routes, what is offered of them, their drivers' and managers' cards, and boards.

    `warehouses`: whose managers' cards are, whether or not anything is ahead. `also`: other people's home cards.
    `left`: where shifts ahead were until now.
    """
    rows = (await session.execute(_AHEAD, {"routes": list(routes), "today": today})).all()
    windows = [row.window_id for row in rows if row.window_id is not None]
    await follow_all(session, [*(row.id for row in rows), *windows], now, offers=True)
    asked = await session.scalars(_ASKED, {"windows": windows})
    of = {row.user_id for row in rows if row.user_id is not None} | set(asked) | set(also)
    days = {following.DayAt(row.warehouse_id, row.date) for row in rows}
    days |= set(left) | {following.DayAt(warehouse_id, today) for warehouse_id in warehouses}
    await following.follow_homes(session, now, of=sorted(of), managers_of=list(days))
