"""A manager's warehouses and routes: founded, called otherwise (R12.5)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Route, Warehouse, WarehouseManager
from domain.people.queries import Person
from domain.places.naming import judge_route_name, judge_warehouse_name, naming_warehouses
from domain.places.shown import follow_places
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule import queries
from domain.schedule.queries import Place
from domain.time import local_day
from domain.written import tidy


@dataclass(frozen=True, slots=True)
class Founded:
    """The warehouse is there, and who founded it manages it."""

    warehouse_id: uuid.UUID
    name: str


async def found_warehouse(
    session: AsyncSession, manager: Person, name: str, address: str, policy: Policy, now: datetime
) -> Founded | Refused:
    """A new warehouse, of which he is the first manager: none is ever without (R12.5).

    Refused: no name or address, or too long a one, and the name of another warehouse.
    """
    await naming_warehouses(session)
    judged, where = await judge_warehouse_name(session, name, policy), judge_address(address, policy)
    if isinstance(judged, Refusal):
        return Refused(judged)
    if where is None:
        return Refused(Refusal.BAD_ADDRESS)
    warehouse_id = uuid.uuid4()
    made = {"created_by": manager.id, "created_at": now, "updated_at": now}
    await session.execute(insert(Warehouse).values(id=warehouse_id, name=judged, address=where, **made))
    his = {"warehouse_id": warehouse_id, "user_id": manager.id, "created_at": now}
    await session.execute(insert(WarehouseManager).values(his))
    await audit.record(
        session,
        manager.id,
        now,
        audit.Entry("warehouse", warehouse_id, "created", after={"name": judged, "address": where}),
        audit.Entry("warehouse", warehouse_id, "manager_added", after={"user_id": str(manager.id)}),
    )
    await follow_places(session, [], [warehouse_id], local_day(now, policy), now)
    return Founded(warehouse_id, judged)


def judge_address(written: str, policy: Policy) -> str | None:
    """The address as it is kept; None for none, or one that is too long. Pure."""
    address = tidy(written)
    return address if 0 < len(address) <= policy.address_most else None


async def warehouse_name_stands(session: AsyncSession, name: str, policy: Policy) -> str | Refused:
    """Whether a new warehouse can be called so, before its address is asked for. Refused as founding it is."""
    judged = await judge_warehouse_name(session, name, policy)
    return Refused(judged) if isinstance(judged, Refusal) else judged


@dataclass(frozen=True, slots=True)
class Renamed:
    """It is called so; whoever sees it reads so."""

    place: Place


async def rename(
    session: AsyncSession, manager: Person, place_id: uuid.UUID, name: str, policy: Policy, now: datetime
) -> Renamed | Refused:
    """Another name for one of the manager's warehouses or routes; what was told before keeps the old one.

    Refused: what is not his, no name or too long a one, a name that is another's.
    """
    await naming_warehouses(session)
    place = await queries.place_locked(session, manager.id, place_id)
    if place is None:
        return Refused(Refusal.NOT_FOUND)
    judged = (
        await judge_route_name(session, place.warehouse_id, name, policy, but=place.id)
        if place.is_route
        else await judge_warehouse_name(session, name, policy, but=place.id)
    )
    if isinstance(judged, Refusal):
        return Refused(judged)
    warehouse = place.warehouse if place.is_route else judged
    renamed = Place(place.id, judged, place.warehouse_id, warehouse)
    if judged == place.name:
        return Renamed(renamed)
    model = Route if place.is_route else Warehouse
    await session.execute(update(model).where(model.id == place.id).values(name=judged, updated_at=now))
    entry = audit.Entry(_entity(place), place.id, "renamed", {"name": place.name}, {"name": judged})
    await audit.record(session, manager.id, now, entry)
    routes = await queries.routes_of(session, place)
    await follow_places(session, routes, [place.warehouse_id], local_day(now, policy), now)
    return Renamed(renamed)


def _entity(place: Place) -> str:
    return "route" if place.is_route else "warehouse"


@dataclass(frozen=True, slots=True)
class Readdressed:
    """That is where it is."""

    place: Place
    address: str


async def readdress(
    session: AsyncSession, manager: Person, warehouse_id: uuid.UUID, address: str, policy: Policy, now: datetime
) -> Readdressed | Refused:
    """Another address for one of the manager's warehouses. Refused: what is not his, none, or too long a one."""
    place = await queries.place_locked(session, manager.id, warehouse_id)
    if place is None or place.is_route:
        return Refused(Refusal.NOT_FOUND)
    where = judge_address(address, policy)
    if where is None:
        return Refused(Refusal.BAD_ADDRESS)
    before = await session.scalar(select(Warehouse.address).where(Warehouse.id == place.id))
    if where != before:
        of = update(Warehouse).where(Warehouse.id == place.id)
        await session.execute(of.values(address=where, updated_at=now))
        entry = audit.Entry("warehouse", place.id, "moved", {"address": before}, {"address": where})
        await audit.record(session, manager.id, now, entry)
        routes = await queries.routes_of(session, place)
        await follow_places(session, routes, [place.id], local_day(now, policy), now)
    return Readdressed(place, where)
