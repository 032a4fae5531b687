"""What a file says is written, all of it or nothing (R12.5); by set, whatever the number of lines."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, DateTime, Uuid, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Warehouse
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.importing.judging import Judged, NewDriver, NewRoute, judge_sheet
from domain.importing.sheets import Fault, Sheet, WarehouseLine
from domain.people.actions import giving_numbers
from domain.people.queries import Person
from domain.places.naming import naming_warehouses
from domain.places.shown import follow_places
from domain.policy import Policy
from domain.roster.freezing import saving
from domain.schedule import opening
from domain.schedule.rules import DAYS_OF_WEEK
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Imported:
    """It is all there. `slots`: of new routes, that are open now; `drivers`: who came to exist, in the file's order."""

    warehouses: int = 0
    routes: int = 0
    slots: int = 0
    drivers: tuple[uuid.UUID, ...] = ()


async def import_sheet(
    session: AsyncSession, by: Person | None, in_charge: uuid.UUID | None, sheet: Sheet, policy: Policy, now: datetime
) -> Imported | tuple[Fault, ...]:
    """Writes what a sheet says, judged once more under locks; faults, and nothing written, where it does not fit.

    `by`: the manager whose warehouses it is about; None: who runs the company, at the command line, and then
    `in_charge` manages new warehouses: none is without a manager (R12.5). Locks: the freeze, names, numbers, the
    warehouses by id.
    """
    at, today = await saving(session, now), local_day(now, policy)
    await naming_warehouses(session)
    await giving_numbers(session)
    seen = await judge_sheet(session, by, sheet, today)
    if not isinstance(seen, Judged):
        return seen
    of = select(Warehouse.id).where(Warehouse.id.in_(seen.places)).order_by(Warehouse.id)
    await session.execute(of.with_for_update(key_share=True))
    judged = await judge_sheet(session, by, sheet, today)
    if not isinstance(judged, Judged):
        return judged
    actor = by.id if by is not None else None
    manager = in_charge or actor
    if judged.warehouses:
        assert manager is not None, "a warehouse is never without a manager"
        return await _warehouses(session, actor, manager, judged.warehouses, policy, now)
    if judged.routes:
        return await _routes(session, actor, judged.routes, policy, now)
    return await _drivers(session, actor, judged.drivers, policy, at, now)


_WAREHOUSES: Final = sql(
    """
    WITH made AS (
        INSERT INTO warehouses (id, name, address, created_by, created_at, updated_at)
        SELECT id, name, address, :manager, :now, :now
        FROM jsonb_to_recordset(:rows) AS rows (id uuid, name text, address text)
        RETURNING id
    )
    INSERT INTO warehouse_managers (warehouse_id, user_id, created_at) SELECT id, :manager, :now FROM made
    """,
    rows=JSONB(),
    manager=Uuid(),
)


async def _warehouses(
    session: AsyncSession,
    actor: uuid.UUID | None,
    manager: uuid.UUID,
    lines: tuple[WarehouseLine, ...],
    policy: Policy,
    now: datetime,
) -> Imported:
    rows: list[dict[str, Any]] = []
    entries = []
    for line in lines:
        id_, said = uuid.uuid4(), {"name": line.name, "address": line.address}
        rows.append({"id": str(id_)} | said)
        entries.append(audit.Entry("warehouse", id_, "created", after=said))
        entries.append(audit.Entry("warehouse", id_, "manager_added", after={"user_id": str(manager)}))
    await session.execute(_WAREHOUSES, {"rows": rows, "manager": manager, "now": now})
    await audit.record(session, actor, now, *entries)
    ids = [uuid.UUID(row["id"]) for row in rows]
    await follow_places(session, [], ids, local_day(now, policy), now)
    return Imported(warehouses=len(rows))


_ROUTES: Final = sql(
    """
    WITH rows AS (
        SELECT * FROM jsonb_to_recordset(:rows) AS rows (id uuid, name text, warehouse_id uuid, days integer[])
    ), made AS (
        INSERT INTO routes (id, name, warehouse_id, created_by, created_at, updated_at)
        SELECT id, name, warehouse_id, :actor, :now, :now FROM rows
    )
    INSERT INTO route_weekdays (route_id, weekday) SELECT id, unnest(days) FROM rows
    """,
    rows=JSONB(),
    actor=Uuid(),
)


async def _routes(
    session: AsyncSession, actor: uuid.UUID | None, routes: tuple[NewRoute, ...], policy: Policy, now: datetime
) -> Imported:
    """Their slots are opened at once, as those of a route that is made in the chat (R2.0)."""
    rows: list[dict[str, Any]] = []
    of: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    entries = []
    for route in routes:
        id_, line = uuid.uuid4(), route.line
        days = list(line.days) if len(line.days) < DAYS_OF_WEEK else []  # none of its own: it runs every day
        place = str(route.warehouse_id)
        rows.append({"id": str(id_), "name": line.name, "warehouse_id": place, "days": days})
        of[route.warehouse_id].append(id_)
        after = {"name": line.name, "warehouse_id": place, "weekdays": list(line.days)}
        entries.append(audit.Entry("route", id_, "created", after=after))
    await session.execute(_ROUTES, {"rows": rows, "actor": actor, "now": now})
    await audit.record(session, actor, now, *entries)
    slots = 0
    for warehouse_id, ids in sorted(of.items()):
        published = await opening.published_days(session, warehouse_id, policy, now)
        days_ahead = opening.still_to_start(published, policy, now)
        slots += await opening.open_slots(session, actor, warehouse_id, ids, days_ahead, [], policy, now)
    return Imported(routes=len(rows), slots=slots)


# As `create_driver` and a driver's own save of his preferences write them (R12.8, R3.2).
_DRIVERS: Final = sql(
    """
    WITH rows AS (
        SELECT * FROM jsonb_to_recordset(:rows)
            AS rows (id uuid, first_name text, last_name text, phone text, warehouse_id uuid, language text,
                     wishes boolean, days integer[], routes uuid[], any_home_route boolean)
    ), made AS (
        INSERT INTO users (id, email, password_hash, first_name, last_name, phone, role, created_at, updated_at)
        SELECT id, id::text || '@no-email.invalid', '!', first_name, last_name, phone, 'driver', :now, :now FROM rows
    ), employed AS (
        INSERT INTO employments (user_id, warehouse_id, starts_on) SELECT id, warehouse_id, :today FROM rows
    ), speaking AS (
        INSERT INTO contact_settings (user_id, language) SELECT id, language FROM rows WHERE language IS NOT NULL
    ), saved AS (
        INSERT INTO preference_versions (user_id, saved_at, days, routes, any_home_route)
        SELECT id, :at, days, routes, any_home_route FROM rows WHERE wishes
    )
    INSERT INTO driver_preferences (user_id, preferred_days, preferred_routes, updated_at)
    SELECT id, days, routes, :at FROM rows WHERE wishes
    """,
    rows=JSONB(),
    today=Date(),
    at=DateTime(timezone=True),
)


async def _drivers(
    session: AsyncSession,
    actor: uuid.UUID | None,
    drivers: tuple[NewDriver, ...],
    policy: Policy,
    at: datetime,
    now: datetime,
) -> Imported:
    today = local_day(now, policy)
    rows = [_row(driver, uuid.uuid4()) for driver in drivers]
    await session.execute(_DRIVERS, {"rows": rows, "today": today, "at": at, "now": now})
    await audit.record(session, actor, now, *(entry for row in rows for entry in _entries(row, today)))
    homes = sorted({driver.warehouse_id for driver in drivers})
    await follow_places(session, [], homes, today, now)
    return Imported(drivers=tuple(uuid.UUID(row["id"]) for row in rows))


def _row(driver: NewDriver, id_: uuid.UUID) -> dict[str, Any]:
    line = driver.line
    return {
        "id": str(id_),
        "first_name": line.first_name,
        "last_name": line.last_name,
        "phone": line.phone,
        "warehouse_id": str(driver.warehouse_id),
        "language": line.language,
        "wishes": bool(line.days or driver.routes or line.any_route),
        "days": list(line.days),
        "routes": [str(route) for route in driver.routes],
        "any_home_route": line.any_route,
    }


def _entries(row: dict[str, Any], today: date) -> list[audit.Entry]:
    id_ = uuid.UUID(row["id"])
    home = {"warehouse_id": row["warehouse_id"], "starts_on": today.isoformat()}
    entries = [
        audit.Entry("user", id_, "created", after={"role": UserRole.DRIVER}),
        audit.Entry("user", id_, "employed", after=home),
    ]
    if row["wishes"]:
        wishes = {name: row[name] for name in ("days", "routes", "any_home_route")}
        entries.append(audit.Entry("preferences", id_, "saved", after=wishes))
    return entries
