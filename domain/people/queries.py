"""Who somebody is, and where a manager may act."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Integer, Row, Select, Uuid, and_, bindparam, exists, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from domain.db.models import ChatLink, ContactSettings, Owner, Route, SmsOptOut, User, WarehouseManager, desks
from domain.db.models.words import UserRole
from domain.db.sql import sql

NO_PHONE: Final = ""  # of who has left, and whose number is somebody else's now
NOBODY: Final = ("Former", "driver", NO_PHONE)  # first name, last name and number of who was made anonymous


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known here. `language` None: not chosen yet."""

    id: uuid.UUID
    role: UserRole
    first_name: str
    last_name: str
    phone: str
    language: str | None

    @property
    def is_nobody(self) -> bool:
        """Whether he has left and was made anonymous (R12.6)."""
        return (self.first_name, self.last_name, self.phone) == NOBODY


_PEOPLE = (
    select(
        User.id,
        User.role,
        User.first_name,
        User.last_name,
        User.phone,
        ContactSettings.language,
    )
    .outerjoin(ChatLink, ChatLink.user_id == User.id)
    .outerjoin(ContactSettings, ContactSettings.user_id == User.id)
)
_IN_CHAT = _PEOPLE.where(ChatLink.chat_id == bindparam("chat"))
_BY_ID = _PEOPLE.where(User.id == bindparam("user"))
_WITH_PHONE = _PEOPLE.where(User.phone == bindparam("phone")).order_by(User.id)


async def person_in_chat(session: AsyncSession, chat_id: int) -> Person | None:
    """Whose chat this is; None for somebody unknown, who learns nothing of who exists (R12.2)."""
    return _made((await session.execute(_IN_CHAT, {"chat": chat_id})).one_or_none())


async def person(session: AsyncSession, user_id: uuid.UUID) -> Person | None:
    """Somebody by his id."""
    return _made((await session.execute(_BY_ID, {"user": user_id})).one_or_none())


async def linked_chat(session: AsyncSession, user_id: uuid.UUID) -> int | None:
    """The chat in which somebody is reached; None for who has none."""
    chat_id: int | None = await session.scalar(select(ChatLink.chat_id).where(ChatLink.user_id == user_id))
    return chat_id


async def people_with_phone(session: AsyncSession, phone: str) -> tuple[Person, ...]:
    """Whose number (E.164) this is, by id: the model lets people share one. Empty for one that is unknown."""
    rows = await session.execute(_WITH_PHONE, {"phone": phone})
    return tuple(Person(*row) for row in rows)


def _made(row: Row[Any] | None) -> Person | None:
    return None if row is None else Person(*row)


def manages(
    manager_id: uuid.UUID | ColumnElement[uuid.UUID] | InstrumentedAttribute[uuid.UUID],
    warehouse_id: InstrumentedAttribute[uuid.UUID],
) -> ColumnElement[bool]:
    """Whether this warehouse is on somebody's desk; anything else is 'not found' to him (R12.3, R12.5a)."""
    return exists().where(desks.c.warehouse_id == warehouse_id, desks.c.user_id == manager_id)


async def warehouses_of(session: AsyncSession, manager_id: uuid.UUID) -> list[uuid.UUID]:
    """Those on somebody's desk, by id."""
    mine = select(desks.c.warehouse_id).where(desks.c.user_id == manager_id)
    return list(await session.scalars(mine.order_by(desks.c.warehouse_id)))


def managers_of(warehouse_id: uuid.UUID) -> Select[tuple[uuid.UUID]]:
    """The managers of a warehouse, who are told of what happens there; owners are not by being owners."""
    return (
        select(User.id)
        .join(WarehouseManager, WarehouseManager.user_id == User.id)
        .where(WarehouseManager.warehouse_id == warehouse_id, User.role == UserRole.MANAGER)
    )


def owners() -> Select[tuple[uuid.UUID]]:
    """Those who run the company, as far as they are managers here (R12.5a)."""
    return select(User.id).join(Owner, Owner.phone == User.phone).where(User.role == UserRole.MANAGER)


def managers_to_tell(warehouse_id: uuid.UUID, route_id: uuid.UUID, now: datetime) -> Select[tuple[uuid.UUID]]:
    """Who is responsible for a route: its own manager, or all of the warehouse where there is none (R5.4).

    One who is no longer of this warehouse is none. One who is away is spoken for by the others (R11.4a); are they all
    away, they are told all the same.
    """
    here = managers_of(warehouse_id)
    own = here.where(User.id == select(Route.manager_id).where(Route.id == route_id).scalar_subquery())
    away = select(ContactSettings.user_id).where(ContactSettings.away_until > now)
    own_present, present = own.where(User.id.not_in(away)), here.where(User.id.not_in(away))
    return here.where(
        or_(
            User.id.in_(own_present),
            and_(not_(own_present.exists()), User.id.in_(present)),
            and_(not_(present.exists()), or_(User.id.in_(own), not_(own.exists()))),
        )
    )


def managers_present(warehouse_ids: Collection[uuid.UUID], now: datetime) -> Select[Any]:
    """`warehouse_id`, `user_id` and `language` of the managers of these warehouses.

    Those who are away are spoken for by the others (R11.4a); are they all away, they are told all the same.
    """
    other, there = aliased(WarehouseManager), aliased(User)
    away = select(ContactSettings.user_id).where(ContactSettings.away_until > now)
    others_present = exists().where(
        other.warehouse_id == WarehouseManager.warehouse_id,
        there.id == other.user_id,
        there.role == UserRole.MANAGER,
        other.user_id.not_in(away),
    )
    return (
        select(WarehouseManager.warehouse_id, WarehouseManager.user_id, ContactSettings.language)
        .join(User, User.id == WarehouseManager.user_id)
        .outerjoin(ContactSettings, ContactSettings.user_id == WarehouseManager.user_id)
        .where(
            WarehouseManager.warehouse_id.in_(warehouse_ids),
            User.role == UserRole.MANAGER,
            or_(User.id.not_in(away), not_(others_present)),
        )
        .order_by(WarehouseManager.warehouse_id, WarehouseManager.user_id)
    )


_OF_DRIVERS = sql(
    """
    WITH homes AS (
        SELECT driver_id, home.warehouse_id FROM unnest(CAST(:drivers AS uuid[])) AS of (driver_id)
        JOIN employments home ON home.user_id = driver_id
             AND home.starts_on <= :today AND (home.ends_on IS NULL OR home.ends_on >= :today)
        UNION ALL
        SELECT driver_id, anywhere.id FROM unnest(CAST(:drivers AS uuid[])) AS of (driver_id)
        JOIN warehouses anywhere ON NOT EXISTS (SELECT FROM employments home WHERE home.user_id = driver_id)
    ), here AS (
        SELECT driver_id, warehouse_id, m.user_id, contact.language, contact.away_until > :now IS TRUE AS away
        FROM homes JOIN warehouse_managers m USING (warehouse_id)
        LEFT JOIN contact_settings contact ON contact.user_id = m.user_id
        WHERE (SELECT u.role FROM users u WHERE u.id = m.user_id) = 'manager'
    )
    SELECT DISTINCT driver_id, user_id, language FROM here
    WHERE NOT (away AND EXISTS (SELECT FROM here other
                                WHERE other.warehouse_id = here.warehouse_id AND NOT other.away))
    ORDER BY driver_id, here.user_id
    """,
    drivers=ARRAY(Uuid()),
    today=Date(),
)


async def managers_of_drivers(
    session: AsyncSession, driver_ids: Collection[uuid.UUID], today: date, now: datetime
) -> Sequence[Row[Any]]:
    """`driver_id`, `user_id` and `language` of the managers of drivers' home warehouses of today; of all warehouses
    where none was ever recorded (R12.7). As above, those who are away are spoken for by the others of the warehouse.
    """
    return (await session.execute(_OF_DRIVERS, {"drivers": list(driver_ids), "today": today, "now": now})).all()


async def managers_of_driver(session: AsyncSession, driver_id: uuid.UUID, today: date, now: datetime) -> set[uuid.UUID]:
    """The same of one."""
    return {row.user_id for row in await managers_of_drivers(session, [driver_id], today, now)}


@dataclass(frozen=True, slots=True)
class Fallback:
    """Whether somebody can be reached when it matters. `gone`: he has texted STOP; `linked`: by Telegram."""

    name: str
    gone: bool
    linked: bool


_FALLBACK = select(
    User.first_name + " " + User.last_name,
    exists().where(SmsOptOut.phone == User.phone),
    exists().where(ChatLink.user_id == User.id, ChatLink.unreachable_at.is_(None)),
).where(User.id == bindparam("user"))


async def fallback(session: AsyncSession, user_id: uuid.UUID) -> Fallback | None:
    """How somebody is reached now, for his managers (R11.5)."""
    row = (await session.execute(_FALLBACK, {"user": user_id})).one_or_none()
    return None if row is None else Fallback(*row)


UNREAD_MOST: Final = 99  # counted on the home card; with more it says so


@dataclass(frozen=True, slots=True)
class AtHome:
    """Whose home card it is, and what its head says. `unread`: in his inbox, at most one more than UNREAD_MOST.

    What most cards do not show need not be looked for: open windows for which he was `asked`, shifts that were
    `called_off`, whenever that was, and colleagues' that were `offered` to him.
    """

    role: UserRole
    first_name: str
    unread: int
    away_until: datetime | None
    asked: bool
    called_off: bool
    offered: bool
    free: bool  # he gets new shifts: neither flagged nor stopped


_AT_HOME = sql(
    """
    SELECT person.role::text, person.first_name,
           (SELECT count(*) FROM (
                SELECT FROM notifications n WHERE n.user_id = person.id AND NOT n.read LIMIT :most + 1
            ) AS unread),
           (SELECT away_until FROM contact_settings contact WHERE contact.user_id = person.id AND away_until > :now),
           EXISTS (SELECT FROM window_asks ask JOIN bid_windows w ON w.id = ask.window_id
                   WHERE ask.user_id = person.id AND ask.date >= :today AND w.status = 'open'),
           EXISTS (SELECT FROM deliveries d WHERE d.user_id = person.id AND d.kind = 'shift_cancelled'),
           EXISTS (SELECT FROM give_away_asks ask JOIN give_aways g ON g.id = ask.give_away_id
                   WHERE ask.user_id = person.id AND g.ended_at IS NULL),
           NOT person.is_flagged AND NOT EXISTS (SELECT FROM driver_health_state h WHERE h.user_id = person.id
                                                 AND NOT h.assignment_pool_eligible)
    FROM users person WHERE person.id = :user_id
    """,
    user_id=Uuid(),
    today=Date(),
    most=Integer(),
)


async def at_home(session: AsyncSession, user_id: uuid.UUID, today: date, now: datetime) -> AtHome | None:
    """As above; None for somebody who is no longer there."""
    given = {"user_id": user_id, "most": UNREAD_MOST, "today": today, "now": now}
    row = (await session.execute(_AT_HOME, given)).one_or_none()
    return None if row is None else AtHome(UserRole(row[0]), *row[1:])
