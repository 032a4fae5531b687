"""Whom a manager may look at, as rows (R12.3): by where he is at home, and by what he has left in a warehouse.

Whose home, preferences, work or bids are or were in his warehouses, or who would work in one. `own` are his people, for
whom he may act: whose home is or will be one of his warehouses, or was never recorded.
"""

from typing import Final

# Where each is at home, which is read of all who are asked about. Who is at home elsewhere is seen by his traces alone.
_HOMES: Final = """
    WITH mine AS MATERIALIZED (
        SELECT here.warehouse_id AS id FROM desks here WHERE here.user_id = :manager_id
    ), homes AS MATERIALIZED (
        SELECT driver.id, count(home.user_id) = 0 AS nowhere, count(mine.id) > 0 AS here,
               count(home.user_id) = 0 AND EXISTS (SELECT FROM mine)
               OR count(mine.id) FILTER (WHERE home.ends_on IS NULL OR home.ends_on >= :today) > 0 AS own
        FROM users driver
        LEFT JOIN employments home ON home.user_id = driver.id
        LEFT JOIN mine ON mine.id = home.warehouse_id
        WHERE driver.role = 'driver' AND {whom}
        GROUP BY driver.id
    ), elsewhere AS MATERIALIZED (
        SELECT homes.id FROM homes WHERE NOT homes.nowhere AND NOT homes.here
    )
    SELECT homes.id, homes.own FROM homes WHERE homes.own OR homes.here
    UNION ALL
"""
# His bid for a slot there is still there. It is asked of him, and not of the place: of the few who are left by then.
_HAS_BID: Final = """EXISTS (
    SELECT FROM bids bid JOIN assignments slot ON slot.id = bid.assignment_id
    WHERE bid.user_id = elsewhere.id AND slot.warehouse_id = place.warehouse_id OFFSET 0
)"""

# Of all drivers; each has a row of its own. Traces are looked for warehouse by warehouse, where there is anybody whom
# they can show: a warehouse's drivers are taken from the index one after another, and not from all that they drove.
SEEN: Final = f"""
    {_HOMES.format(whom="true")}
    SELECT elsewhere.id, false FROM elsewhere WHERE elsewhere.id IN (
        WITH there AS MATERIALIZED (SELECT mine.id FROM mine WHERE EXISTS (SELECT FROM elsewhere))
        SELECT open.user_id FROM there JOIN open_warehouses open ON open.warehouse_id = there.id
        UNION ALL
        SELECT wish.user_id FROM driver_preferences wish CROSS JOIN unnest(wish.preferred_routes) AS preferred (id)
        JOIN routes route ON route.id = preferred.id JOIN there ON there.id = route.warehouse_id
        UNION ALL
        SELECT elsewhere.id FROM there CROSS JOIN LATERAL (
            SELECT bid.user_id, bid.warehouse_id FROM bid_places bid WHERE bid.warehouse_id = there.id OFFSET 0
        ) AS place JOIN elsewhere ON elsewhere.id = place.user_id
        WHERE {_HAS_BID}
        UNION ALL
        SELECT worked.user_id FROM there CROSS JOIN LATERAL (
            WITH RECURSIVE next AS (
                (SELECT work.user_id FROM assignments work
                 WHERE work.warehouse_id = there.id AND work.user_id IS NOT NULL ORDER BY work.user_id LIMIT 1)
                UNION ALL
                SELECT (SELECT work.user_id FROM assignments work
                        WHERE work.warehouse_id = there.id AND work.user_id > next.user_id
                        ORDER BY work.user_id LIMIT 1)
                FROM next WHERE next.user_id IS NOT NULL
            )
            SELECT next.user_id FROM next WHERE next.user_id IS NOT NULL
        ) AS worked
    )
"""  # noqa: S608 - our own text

# Of the drivers `:of`: whatever shows one of them, for each by himself.
SEEN_OF: Final = f"""
    {_HOMES.format(whom="driver.id = ANY (:of)")}
    SELECT elsewhere.id, false FROM elsewhere WHERE EXISTS (
        SELECT FROM mine WHERE EXISTS (
            SELECT FROM open_warehouses open WHERE open.user_id = elsewhere.id AND open.warehouse_id = mine.id OFFSET 0
        ) OR EXISTS (
            SELECT FROM assignments work
            WHERE work.user_id = elsewhere.id AND work.warehouse_id = mine.id OFFSET 0
        ) OR EXISTS (
            SELECT FROM bid_places place
            WHERE place.user_id = elsewhere.id AND place.warehouse_id = mine.id AND {_HAS_BID} OFFSET 0
        ) OFFSET 0
    ) OR EXISTS (
        SELECT FROM driver_preferences wish CROSS JOIN unnest(wish.preferred_routes) AS preferred (id)
        JOIN routes route ON route.id = preferred.id JOIN mine ON mine.id = route.warehouse_id
        WHERE wish.user_id = elsewhere.id OFFSET 0
    )
"""  # noqa: S608 - our own text
