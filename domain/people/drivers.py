"""A manager's drivers: found by name, and what he sees of one (R12.3)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Date, Uuid, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import names
from domain.db.models import TimeOff, User
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.people.queries import Person, person
from domain.people.rules import Employed, Off, last_day
from domain.people.seen import SEEN, SEEN_OF
from domain.policy import Policy
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Found:
    """A driver who is called so."""

    id: uuid.UUID
    first_name: str
    last_name: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


_NAMES = select(User.id, User.first_name, User.last_name, User.phone).where(User.role == UserRole.DRIVER)

# Who is employed, today or to come, or was never recorded: then everywhere since ever (R12.7).
WORKS_HERE: Final = """
    (NOT EXISTS (SELECT FROM employments home WHERE home.user_id = {who})
     OR EXISTS (SELECT FROM employments home
                WHERE home.user_id = {who} AND (home.ends_on IS NULL OR home.ends_on >= :today)))
"""

_SEEN = sql(SEEN, manager_id=Uuid(), today=Date())
_SEEN_OF = sql(SEEN_OF, manager_id=Uuid(), of=ARRAY(Uuid()), today=Date())


async def find_drivers(session: AsyncSession, manager_id: uuid.UUID, name: str, today: date) -> tuple[Found, ...]:
    """The drivers whom a manager may look at and who are called so, by name; tolerant as `names` is."""
    everybody = names.people([Found(*row) for row in await session.execute(_NAMES)])
    some = everybody.beginning(name)
    if not some:
        return ()
    given = {"manager_id": manager_id, "of": [who.id for who in some], "today": today}
    seen = {row.id for row in await session.execute(_SEEN_OF, given)}
    return names.people([who for who in some if who.id in seen]).called(name)


async def near_drivers(session: AsyncSession, manager_id: uuid.UUID, name: str, today: date) -> tuple[Found, ...]:
    """Where nobody is called so: the drivers whom a manager may look at and whose names look like it."""
    everybody = [Found(*row) for row in await session.execute(_NAMES)]
    given = {"manager_id": manager_id, "today": today}
    seen = {row.id for row in await session.execute(_SEEN, given)}
    return names.people([who for who in everybody if who.id in seen]).near(name)


async def names_of(
    session: AsyncSession, manager_id: uuid.UUID, driver_ids: Collection[uuid.UUID], today: date
) -> dict[uuid.UUID, str]:
    """Of these drivers, the names of those whom a manager may look at (R12.3)."""
    given = {"manager_id": manager_id, "of": list(driver_ids), "today": today}
    seen = [row.id for row in await session.execute(_SEEN_OF, given)]
    return {row[0]: Found(*row).name for row in await session.execute(_NAMES.where(User.id.in_(seen)))}


async def _seen(session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, today: date) -> bool | None:
    """Whether a driver is one of the manager's people; None: he may not even look at him."""
    given = {"manager_id": manager_id, "of": [driver_id], "today": today}
    row = (await session.execute(_SEEN_OF, given)).one_or_none()
    return None if row is None else row.own


async def is_seen(session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, today: date) -> bool:
    """Whether a manager may look at this driver."""
    return await _seen(session, manager_id, driver_id, today) is not None


async def is_own(session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, today: date) -> bool:
    """Whether this manager may act for this driver."""
    return bool(await _seen(session, manager_id, driver_id, today))


async def own_among(
    session: AsyncSession, manager_id: uuid.UUID, driver_ids: Collection[uuid.UUID], today: date
) -> set[uuid.UUID]:
    """Those of these drivers for whom this manager may act."""
    given = {"manager_id": manager_id, "of": list(driver_ids), "today": today}
    return {row.id for row in await session.execute(_SEEN_OF, given) if row.own}


async def his_driver(session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, today: date) -> Person | None:
    """A driver for whom this manager may act; None for anybody else."""
    return await person(session, driver_id) if await is_own(session, manager_id, driver_id, today) else None


async def still_his(session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, today: date) -> Person | None:
    """The same, once he is locked: None also where he has been made nobody in particular meanwhile (R12.6)."""
    driver = await his_driver(session, manager_id, driver_id, today)
    return None if driver is None or driver.is_nobody else driver


_OFF = select(TimeOff.id, TimeOff.kind, TimeOff.starts_on, TimeOff.ends_on)


async def days_off(session: AsyncSession, driver_id: uuid.UUID, today: date) -> tuple[Off, ...]:
    """Somebody's days off that are not over, and those that ended yesterday, by day; an illness may go on from them."""
    since = date.fromordinal(today.toordinal() - 1)
    his = _OFF.where(TimeOff.user_id == driver_id, TimeOff.ends_on >= since)
    rows = await session.execute(his.order_by(TimeOff.starts_on, TimeOff.id))
    return tuple(Off(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Next:
    """One of his shifts to come."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    confirmed: bool


@dataclass(frozen=True, slots=True)
class DriverCard:
    """What a manager sees of a driver.

    `own`: he may act for him. `homes` are those of today and to come, by name; none recorded: everywhere. `until`: his
    last day, where he has one. `leaving`: as it was announced, and can still be taken back. `shifts`: the next ones in
    the manager's warehouses, and how many `more` there are. `phone` is empty where it is somebody else's now, and of
    who was made anonymous (R12.6).
    """

    id: uuid.UUID
    name: str
    phone: str
    language: str | None
    own: bool
    homes: tuple[tuple[str, Employed], ...]
    recorded: bool
    until: date | None
    leaving: bool
    off: tuple[Off, ...]
    shifts: tuple[Next, ...]
    more: int
    linked: bool
    anonymous: bool


_HOMES = sql(
    """
    SELECT w.name, home.warehouse_id, home.starts_on, home.ends_on FROM employments home
    JOIN warehouses w ON w.id = home.warehouse_id
    WHERE home.user_id = :driver ORDER BY w.name, home.starts_on
    """,
    driver=Uuid(),
)
_SHIFTS = sql(
    """
    SELECT a.id, r.name, w.name, a.date, a.confirmed_at IS NOT NULL FROM assignments a
    JOIN routes r ON r.id = a.route_id JOIN warehouses w ON w.id = a.warehouse_id
    WHERE a.user_id = :driver AND a.status IN ('scheduled', 'active') AND a.date >= :today - 1
      AND (a.date >= :today OR a.status = 'active')
      AND EXISTS (SELECT FROM desks mine WHERE mine.warehouse_id = a.warehouse_id AND mine.user_id = :manager)
    ORDER BY a.date
    """,
    driver=Uuid(),
    manager=Uuid(),
    today=Date(),
)
_STATE = sql(
    """
    SELECT (SELECT last_on FROM departures WHERE user_id = :driver),
           EXISTS (SELECT FROM chat_links WHERE user_id = :driver AND unreachable_at IS NULL)
    """,
    driver=Uuid(),
)
SHIFTS_MOST = 8


async def driver_card(
    session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> DriverCard | None:
    """A driver as a manager sees him; None for somebody whom he may not look at (R12.3)."""
    today = local_day(now, policy)
    own = await _seen(session, manager_id, driver_id, today)
    driver = await person(session, driver_id)
    if own is None or driver is None:
        return None
    homes = [(row[0], Employed(*row[1:])) for row in await session.execute(_HOMES, {"driver": driver_id})]
    shifts = [
        Next(*row)
        for row in await session.execute(_SHIFTS, {"driver": driver_id, "manager": manager_id, "today": today})
    ]
    announced, linked = (await session.execute(_STATE, {"driver": driver_id})).one()
    off = await days_off(session, driver_id, today)
    return DriverCard(
        id=driver.id,
        name=f"{driver.first_name} {driver.last_name}",
        phone=driver.phone,
        language=driver.language,
        own=own,
        homes=tuple(home for home in homes if home[1].last is None or home[1].last >= today),
        recorded=bool(homes),
        until=last_day([home for _, home in homes]),
        leaving=announced is not None and announced >= today,
        off=tuple(each for each in off if each.last >= today),
        shifts=tuple(shifts[:SHIFTS_MOST]),
        more=max(0, len(shifts) - SHIFTS_MOST),
        linked=linked,
        anonymous=driver.is_nobody,
    )
