"""A manager's warehouses, as he sees them."""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import alphabetical, sql
from domain.schedule import queries
from domain.schedule.queries import Place


@dataclass(frozen=True, slots=True)
class WarehouseCard:
    """One of them: its address, how many routes leave from it, whose home it is, and who manages it, by name.

    `agreement`: shifts change hands there only with a manager's word (R5.5).
    """

    place: Place
    address: str
    routes: int
    drivers: int
    managers: tuple[str, ...]
    agreement: bool


_CARD = sql(
    f"""
    SELECT w.address,
           (SELECT count(*) FROM routes WHERE warehouse_id = w.id),
           (SELECT count(DISTINCT home.user_id) FROM employments home
            WHERE home.warehouse_id = w.id AND (home.ends_on IS NULL OR home.ends_on >= :today)),
           ARRAY(SELECT who.first_name || ' ' || who.last_name FROM warehouse_managers here
                 JOIN users who ON who.id = here.user_id AND who.role = 'manager'
                 WHERE here.warehouse_id = w.id
                 ORDER BY {alphabetical("who.first_name || ' ' || who.last_name")}, who.id),
           coalesce((SELECT approve_give_aways FROM warehouse_settings chosen WHERE chosen.warehouse_id = w.id), false)
    FROM warehouses w WHERE w.id = :warehouse
    """,  # noqa: S608 - our own text
    warehouse=Uuid(),
    today=Date(),
)


async def warehouse_card(
    session: AsyncSession, manager_id: uuid.UUID, warehouse_id: uuid.UUID, today: date
) -> WarehouseCard | None:
    """None where there is none or it isn't his (R12.3)."""
    place = await queries.place(session, manager_id, warehouse_id)
    if place is None or place.is_route:
        return None
    row = (await session.execute(_CARD, {"warehouse": place.id, "today": today})).one()
    return WarehouseCard(place, row[0], row[1], row[2], tuple(row[3]), row[4])


async def warehouses(session: AsyncSession, manager_id: uuid.UUID) -> tuple[Place, ...]:
    """The manager's own, by name."""
    return tuple(place for place in await queries.places(session, manager_id) if not place.is_route)
