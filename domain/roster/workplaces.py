"""The warehouses and routes that a driver chooses from (R3.1, R6.3)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Date, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.schedule.queries import Place


class Tie(StrEnum):
    """What a warehouse is to a driver."""

    HOME = "home"
    OPEN = "open"  # another one, of which he wants to be offered shifts
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Workplace:
    """A warehouse, and what it is to a driver."""

    id: uuid.UUID
    name: str
    tie: Tie

    @property
    def his(self) -> bool:
        return self.tie is not Tie.OTHER


# Homes are those of today and to come; a driver without a recorded home has them all.
_WORKPLACES = sql(
    """
    WITH recorded AS (SELECT warehouse_id, ends_on FROM employments WHERE user_id = :driver)
    SELECT w.id, w.name, CASE
        WHEN NOT EXISTS (SELECT FROM recorded) OR EXISTS (
            SELECT FROM recorded WHERE warehouse_id = w.id AND (ends_on IS NULL OR ends_on >= :today)
        ) THEN 'home'
        WHEN EXISTS (SELECT FROM open_warehouses o WHERE o.user_id = :driver AND o.warehouse_id = w.id) THEN 'open'
        ELSE 'other' END
    FROM warehouses w ORDER BY w.name, w.id
    """,
    driver=Uuid(),
    today=Date(),
)


async def workplaces(session: AsyncSession, driver_id: uuid.UUID, today: date) -> tuple[Workplace, ...]:
    """All warehouses, by name."""
    rows = await session.execute(_WORKPLACES, {"driver": driver_id, "today": today})
    return tuple(Workplace(id_, name, Tie(tie)) for id_, name, tie in rows)


_ROUTES = "SELECT r.id, r.name, w.id, w.name FROM routes r JOIN warehouses w ON w.id = r.warehouse_id"
_IN_ORDER = "ORDER BY w.name, w.id, length(r.name), r.name, r.id"  # short names first: R2 before R12
_EVERY = sql(f"{_ROUTES} {_IN_ORDER}")
_OF_ONE = sql(f"{_ROUTES} WHERE w.id = :warehouse {_IN_ORDER}", warehouse=Uuid())
_THESE = sql(f"{_ROUTES} WHERE r.id = ANY (:routes)", routes=ARRAY(Uuid()))


async def every_route(session: AsyncSession) -> tuple[Place, ...]:
    """The company's routes, by warehouse."""
    return tuple(Place(*row) for row in await session.execute(_EVERY))


async def routes_of(session: AsyncSession, warehouse_id: uuid.UUID) -> tuple[Place, ...]:
    """A warehouse's routes."""
    return tuple(Place(*row) for row in await session.execute(_OF_ONE, {"warehouse": warehouse_id}))


async def these_routes(session: AsyncSession, ranked: Sequence[uuid.UUID]) -> tuple[Place, ...]:
    """These, in this order, without what does not exist (any more)."""
    found = {row[0]: Place(*row) for row in await session.execute(_THESE, {"routes": list(ranked)})}
    return tuple(found[each] for each in ranked if each in found)


def his_own(routes: Sequence[Place], among: Sequence[Workplace]) -> tuple[Place, ...]:
    """Those of `routes` that are of a driver's warehouses, of his homes first."""
    ties = {each.id: each.tie for each in among if each.his}
    found = [each for each in routes if each.warehouse_id in ties]
    return tuple(sorted(found, key=lambda each: ties[each.warehouse_id] is not Tie.HOME))
