"""A warehouse or a route goes only while nothing depends on it (R12.5): what was driven stays true."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Date, Integer, Uuid, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Assignment, BidWindow, Route, Warehouse, WarehouseManager
from domain.db.sql import sql
from domain.notices import following
from domain.notices.following_many import follow_slots
from domain.notices.wording import Wording
from domain.people import managing
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.roster.freezing import saving
from domain.schedule import queries
from domain.schedule.calling_off import effect_locked
from domain.schedule.queries import Place
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Dependents:
    """What depends on a place: so many of each, at most one more than COUNTED_MOST. Nothing: it can be deleted.

    `shifts`: that somebody has or had, or that are over. `bids`: for shifts ahead. `drivers`: of a route, who prefer
    it; of a warehouse, whose home it is or was, or who take shifts there. `groups`: that are connected to it.
    """

    place: Place
    routes: int
    shifts: int
    bids: int
    drivers: int
    groups: int

    @property
    def none(self) -> bool:
        return not (self.routes or self.shifts or self.bids or self.drivers or self.groups)


COUNTED_MOST: Final = 99  # that something depends on it is what matters: history may be long

# The slots ahead that nobody ever had are the route's own: a new route has them at once (R2.0).
_OF_ROUTE = sql(
    """
    SELECT 0,
           (SELECT count(*) FROM (
                SELECT FROM assignments a
                WHERE a.route_id = :place AND (a.user_id IS NOT NULL OR a.date < :today)
                ORDER BY a.date LIMIT :most + 1) AS known),
           (SELECT count(*) FROM (
                SELECT FROM assignments a JOIN bids b ON b.assignment_id = a.id
                WHERE a.route_id = :place AND a.date >= :today LIMIT :most + 1) AS known),
           (SELECT count(*) FROM (
                SELECT FROM driver_preferences wish
                WHERE :place = ANY (wish.preferred_routes) LIMIT :most + 1) AS known),
           0
    """,
    place=Uuid(),
    today=Date(),
    most=Integer(),
)
_OF_WAREHOUSE = sql(
    """
    SELECT (SELECT count(*) FROM routes WHERE warehouse_id = :place),
           (SELECT count(*) FROM (
                SELECT FROM assignments WHERE warehouse_id = :place ORDER BY date LIMIT :most + 1) AS known),
           0,
           (SELECT count(*) FROM (
                SELECT user_id FROM employments WHERE warehouse_id = :place
                UNION SELECT user_id FROM open_warehouses WHERE warehouse_id = :place LIMIT :most + 1) AS his),
           (SELECT count(*) FROM warehouse_groups WHERE warehouse_id = :place AND ended_at IS NULL)
    """,
    place=Uuid(),
    most=Integer(),
)


async def dependents(
    session: AsyncSession, manager: Person, place_id: uuid.UUID, policy: Policy, now: datetime
) -> Dependents | Refused:
    """What depends on one of the manager's warehouses or routes. Refused: what is not his."""
    place = await queries.place(session, manager.id, place_id)
    return Refused(Refusal.NOT_FOUND) if place is None else await _dependents(session, place, local_day(now, policy))


async def _dependents(session: AsyncSession, place: Place, today: date) -> Dependents:
    row = (
        await session.execute(_OF_ROUTE, {"place": place.id, "today": today, "most": COUNTED_MOST})
        if place.is_route
        else await session.execute(_OF_WAREHOUSE, {"place": place.id, "most": COUNTED_MOST})
    ).one()
    return Dependents(place, *row)


@dataclass(frozen=True, slots=True)
class Deleted:
    """It is gone."""

    place: Place


async def delete_place(
    session: AsyncSession, manager: Person, place_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Deleted | Dependents | Refused:
    """Deletes one of the manager's warehouses or routes on which nothing depends (R12.5); otherwise says what does.

    A route's empty slots ahead go with it, and what offers them; a warehouse's other managers are told. Refused: what
    is not his, pressed twice too. Locks: the freeze, alone, the calendar, windows, assignments, then the row itself,
    FOR UPDATE: whoever refers to it waits, and finds it gone.
    """
    await saving(session, now, alone=True)  # that nobody prefers the route must stay true until it is gone
    place = await queries.place_locked(session, manager.id, place_id)
    if place is None:
        return Refused(Refusal.NOT_FOUND)
    today = local_day(now, policy)
    if place.is_route:
        ahead = select(Assignment.on).where(Assignment.route_id == place.id, Assignment.on >= today).distinct()
        await effect_locked(session, [place.id], list(await session.scalars(ahead)))
    model = Route if place.is_route else Warehouse
    await session.execute(select(model.id).where(model.id == place.id).with_for_update())
    depends = await _dependents(session, place, today)
    if not depends.none:
        return depends
    if place.is_route:
        await _delete_route(session, manager, place, now)
    else:
        await _delete_warehouse(session, manager, place, say, policy, now)
    return Deleted(place)


async def _delete_route(session: AsyncSession, manager: Person, place: Place, now: datetime) -> None:
    slots = (
        await session.execute(
            select(Assignment.id, Assignment.on, Assignment.status).where(Assignment.route_id == place.id)
        )
    ).all()
    ids = [slot.id for slot in slots]
    windows = (
        await session.execute(select(BidWindow.id, BidWindow.status).where(BidWindow.assignment_id.in_(ids)))
    ).all()
    await follow_slots(session, ids, [], now)  # while they are found: what shows them goes from the chats
    days = {following.DayAt(place.warehouse_id, slot.on) for slot in slots}
    await following.follow_homes(session, now, managers_of=list(days))
    await session.execute(delete(Assignment).where(Assignment.route_id == place.id))
    await session.execute(delete(Route).where(Route.id == place.id))
    was = {"name": place.name, "warehouse_id": str(place.warehouse_id)}
    await audit.record(
        session,
        manager.id,
        now,
        audit.Entry("route", place.id, "deleted", before=was),
        *(
            audit.Entry("assignment", slot.id, "deleted", {"status": slot.status, "date": slot.on.isoformat()})
            for slot in slots
        ),
        *(audit.Entry("bid_window", window.id, "deleted", {"status": window.status}) for window in windows),
    )


async def _delete_warehouse(
    session: AsyncSession, manager: Person, place: Place, say: Wording, policy: Policy, now: datetime
) -> None:
    address = await session.scalar(select(Warehouse.address).where(Warehouse.id == place.id))
    of = select(WarehouseManager.user_id).where(WarehouseManager.warehouse_id == place.id)
    managers = sorted(await session.scalars(of))
    await session.execute(delete(Warehouse).where(Warehouse.id == place.id))
    await following.follow_homes(session, now, of=managers)
    was = {"name": place.name, "address": address, "managers": [str(each) for each in managers]}
    await audit.record(session, manager.id, now, audit.Entry("warehouse", place.id, "deleted", before=was))
    for each in managers:
        if each != manager.id:
            await managing.tell(session, manager, each, place, False, say, policy, now)
