"""Whether a wave could find anybody at all: a quick look before R6.3's grounds are gone through, driver by driver."""

import uuid

from sqlalchemy import Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql

# Once all are asked, the next wave is due every minute all the same: somebody may become free. What keeps nearly all
# who are left from it are a shift of that day and the cap. test_eligibility_agrees.py holds it against `standing`.
_UNASKED = sql(
    """
    SELECT true FROM bid_windows w
    JOIN assignments slot ON slot.id = w.assignment_id
    WHERE w.id = :window AND EXISTS (
        SELECT FROM (
            SELECT user_id FROM employments WHERE warehouse_id = slot.warehouse_id
            UNION ALL SELECT user_id FROM open_warehouses WHERE warehouse_id = slot.warehouse_id
            UNION ALL SELECT id FROM users WHERE NOT EXISTS (SELECT FROM employments home WHERE home.user_id = users.id)
        ) AS there (user_id)
        JOIN users who ON who.id = there.user_id AND who.role = 'driver'
        WHERE NOT EXISTS (SELECT FROM window_asks ask WHERE ask.window_id = w.id AND ask.user_id = who.id)
          AND NOT EXISTS (SELECT FROM assignments busy
                          WHERE busy.user_id = who.id AND busy.date = slot.date AND busy.status <> 'cancelled')
          AND ((SELECT count(*) FROM assignments his
                WHERE his.user_id = who.id AND his.status <> 'cancelled'
                  AND his.date BETWEEN date_trunc('week', slot.date)::date AND date_trunc('week', slot.date)::date + 6
               ) < who.weekly_cap
               OR EXISTS (SELECT FROM cap_overrides o WHERE o.window_id = w.id AND o.user_id = who.id))
    )
    """,
    window=Uuid(),
)


async def anybody_unasked(session: AsyncSession, window_id: uuid.UUID) -> bool:
    """False: the next wave for the window is empty. True: it need not be."""
    return await session.scalar(_UNASKED, {"window": window_id}) is not None
