"""A driver's preferences: as they stand, and as he saves them, each time a version (R3.1 to R3.3, R6.3)."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, Uuid, delete, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import OpenWarehouse, User
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.roster import preferring, workplaces
from domain.roster.freezing import saving
from domain.roster.preferring import Preferences, Wanted
from domain.roster.workplaces import Tie, Workplace
from domain.schedule.queries import Place
from domain.time import MOMENT, local_day, week_to_freeze


@dataclass(frozen=True, slots=True)
class Kept:
    """What he prefers, of routes that exist, and when that was saved; None: never."""

    preferences: Preferences
    routes: tuple[Place, ...] = ()
    saved_at: datetime | None = None


# The last version; what another program has written, without versions, counts as it stands (R3.2).
_KEPT = sql(
    """
    SELECT coalesce(last.days, wish.preferred_days), coalesce(last.any_home_route, false),
           coalesce(last.saved_at, wish.updated_at),
           coalesce(last.routes, wish.preferred_routes[1:3])
    FROM users person
    LEFT JOIN driver_preferences wish ON wish.user_id = person.id
    LEFT JOIN LATERAL (
        SELECT * FROM preference_versions v WHERE v.user_id = person.id ORDER BY v.saved_at DESC LIMIT 1
    ) last ON true
    WHERE person.id = :driver
    """,
    driver=Uuid(),
)


async def kept(session: AsyncSession, driver_id: uuid.UUID, policy: Policy) -> Kept:
    """As it stands; nothing for who has never saved any."""
    row = (await session.execute(_KEPT, {"driver": driver_id})).one_or_none()
    if row is None or row[2] is None:
        return Kept(Preferences())
    days, any_home_route, saved_at, ranked = row
    routes = await workplaces.these_routes(session, tuple(dict.fromkeys(ranked)))
    preferences = preferring.made(days, [each.id for each in routes], any_home_route, policy)
    return Kept(preferences, routes[: policy.routes_most], saved_at)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a driver prefers, as it is shown.

    `since`: the Monday of the week from which a change counts (R3.3). `waiting`: his last change is not in a roster
    yet, and counts from then, too. `workplaces`: all warehouses, and what they are to him.
    """

    driver_id: uuid.UUID
    kept: Kept
    since: date
    waiting: bool
    workplaces: tuple[Workplace, ...]


async def wishes(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> Wishes:
    """As above, as it stands."""
    has = await kept(session, driver_id, policy)
    places = await workplaces.workplaces(session, driver_id, local_day(now, policy))
    since, last = week_to_freeze(now, policy), week_to_freeze(has.saved_at, policy) if has.saved_at else None
    waiting = last is not None and last >= since
    return Wishes(driver_id, has, last if last is not None and waiting else since, waiting, places)


# -- saving


@dataclass(frozen=True, slots=True)
class Saved:
    """It is as he wants it, whether or not it was before."""


Change = Callable[[Preferences], Awaitable[Preferences | Refused]]  # decided once the driver is locked


async def prefer_day(
    session: AsyncSession,
    driver: Person,
    weekday: int,
    wanted: bool,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Saved | Refused:
    """He drives on this weekday (0 = Sunday), or does not (R3.1). `by`: his manager, on his word (R8.9).

    Refused: a weekday that there is not.
    """

    async def change(has: Preferences) -> Preferences | Refused:
        return preferring.prefer_day(has, weekday, wanted)

    return await _save(session, driver, change, policy, now, by)


async def prefer_any_route(
    session: AsyncSession, driver: Person, wanted: bool, policy: Policy, now: datetime, *, by: Person | None = None
) -> Saved | Refused:
    """He takes any route of his home warehouses, or only those that he has named (R3.1)."""

    async def change(has: Preferences) -> Preferences:
        return preferring.prefer_any_route(has, wanted)

    return await _save(session, driver, change, policy, now, by)


async def prefer_route(
    session: AsyncSession,
    driver: Person,
    route_id: uuid.UUID,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Saved | Refused:
    """He prefers this route, too, behind the others (R3.1). Refused: as `preferring.prefer_route` says."""

    async def change(has: Preferences) -> Preferences | Refused:
        found = await workplaces.these_routes(session, [route_id])
        every = await workplaces.workplaces(session, driver.id, local_day(now, policy))
        wanted = Wanted(route_id, bool(workplaces.his_own(found, every))) if found else None
        return preferring.prefer_route(has, wanted, policy)

    return await _save(session, driver, change, policy, now, by)


async def rank_route(
    session: AsyncSession,
    driver: Person,
    route_id: uuid.UUID,
    rank: int,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Saved | Refused:
    """A preferred route has this rank, from 0 on. Refused: one that he does not prefer, a rank that there is not."""

    async def change(has: Preferences) -> Preferences | Refused:
        return preferring.rank_route(has, route_id, rank)

    return await _save(session, driver, change, policy, now, by)


async def drop_route(
    session: AsyncSession,
    driver: Person,
    route_id: uuid.UUID,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Saved | Refused:
    """He does not prefer this route (any more)."""

    async def change(has: Preferences) -> Preferences:
        return preferring.drop_route(has, route_id)

    return await _save(session, driver, change, policy, now, by)


_LOCK = select(User.id).where(User.role == UserRole.DRIVER).with_for_update(key_share=True)

# What another program has written becomes the first version: a late run of an earlier freeze still has it (R3.2).
_WRITE = sql(
    """
    WITH stood AS (
        INSERT INTO preference_versions (user_id, saved_at, days, routes, any_home_route)
        SELECT user_id, least(updated_at, :at - interval '1 microsecond'), preferred_days, preferred_routes[1:3],
               false
        FROM driver_preferences
        WHERE user_id = :driver AND NOT EXISTS (SELECT FROM preference_versions WHERE user_id = :driver)
    ), saved AS (
        INSERT INTO preference_versions (user_id, saved_at, days, routes, any_home_route)
        VALUES (:driver, :at, :days, :routes, :any_home_route)
    )
    INSERT INTO driver_preferences (user_id, preferred_days, preferred_routes, updated_at)
    VALUES (:driver, :days, :routes, :at)
    ON CONFLICT (user_id) DO UPDATE
    SET preferred_days = excluded.preferred_days, preferred_routes = excluded.preferred_routes,
        updated_at = excluded.updated_at
    """,
    driver=Uuid(),
    at=DateTime(timezone=True),
    days=ARRAY(Integer()),
    routes=ARRAY(Uuid()),
    any_home_route=Boolean(),
)


async def _save(
    session: AsyncSession, driver: Person, change: Change, policy: Policy, now: datetime, by: Person | None
) -> Saved | Refused:
    """Writes a version where something differs, with an audit entry (R13). Locks: the freeze, then the driver."""
    at = await saving(session, now)
    if await session.scalar(_LOCK.where(User.id == driver.id)) is None:
        return Refused(Refusal.NOT_A_DRIVER)
    before = await kept(session, driver.id, policy)
    after = await change(before.preferences)
    if isinstance(after, Refused):
        return after
    if after == before.preferences:
        return Saved()
    if before.saved_at is not None:  # two processes' clocks may differ: what is saved later is the later version
        at = max(at, before.saved_at + MOMENT)
    given = {"days": list(after.days), "routes": list(after.routes), "any_home_route": after.any_home_route}
    await session.execute(_WRITE, given | {"driver": driver.id, "at": at})
    entry = audit.Entry("preferences", driver.id, "saved", before=_plain(before.preferences), after=_plain(after))
    await audit.record(session, (by or driver).id, now, entry, by_phone=by is not None)
    return Saved()


def _plain(has: Preferences) -> dict[str, Any]:
    return {"days": list(has.days), "routes": [str(each) for each in has.routes], "any_home_route": has.any_home_route}


# -- warehouses other than his home


async def open_warehouse(
    session: AsyncSession,
    driver: Person,
    warehouse_id: uuid.UUID,
    wanted: bool,
    policy: Policy,
    now: datetime,
    *,
    by: Person | None = None,
) -> Saved | Refused:
    """He wants to be offered shifts of this warehouse, or not any more (R6.3); it holds at once.

    Refused: a warehouse that there is not, his home, one of whose routes he prefers. Lock: the driver, as for whatever
    decides on who is eligible.
    """
    if await session.scalar(_LOCK.where(User.id == driver.id)) is None:
        return Refused(Refusal.NOT_A_DRIVER)
    every = await workplaces.workplaces(session, driver.id, local_day(now, policy))
    place = next((each for each in every if each.id == warehouse_id), None)
    if place is None:
        return Refused(Refusal.NO_SUCH_WAREHOUSE)
    if place.tie is Tie.HOME:
        return Refused(Refusal.HOME_ALREADY)
    if (place.tie is Tie.OPEN) is wanted:
        return Saved()
    his = {"user_id": driver.id, "warehouse_id": warehouse_id}
    if wanted:
        await session.execute(insert(OpenWarehouse).values(**his))
    elif any(each.warehouse_id == warehouse_id for each in (await kept(session, driver.id, policy)).routes):
        return Refused(Refusal.PREFERS_ROUTE_THERE)
    else:
        await session.execute(delete(OpenWarehouse).filter_by(**his))
    action = "warehouse_opened" if wanted else "warehouse_closed"
    entry = audit.Entry("preferences", driver.id, action, after={"warehouse_id": str(warehouse_id)})
    await audit.record(session, (by or driver).id, now, entry, by_phone=by is not None)
    return Saved()
