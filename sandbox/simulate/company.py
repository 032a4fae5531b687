"""The company of a simulation: one warehouse, its people and their phones, and the two weeks that it begins with.

Those another program has planned; every later one is a roster of the product's own.
"""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import (
    Assignment,
    ChatLink,
    ContactSettings,
    DriverHealthState,
    DriverPreferences,
    Employment,
    PreferenceVersion,
    Route,
    RouteWeekday,
    TimeOff,
    User,
    Warehouse,
)
from domain.db.models.words import AssignedBy, AssignmentStatus, UserRole
from domain.health import metrics
from domain.people.actions import create_manager
from domain.policy import Policy
from domain.refusals import Refused
from domain.time import local_day, local_instant
from sandbox.fleet import FIRST_NAMES, LAST_NAMES, MANAGERS

WAREHOUSE: Final = ("North", "1200 Steeles Ave W, Toronto")
ROUTES: Final = 0.25  # for each driver
AT_WEEKENDS: Final = 0.6  # of the routes run; the others on working days
DAYS_LIKED: Final = 5
ANY_ROUTE: Final = 0.2  # of the drivers take any of their home
CAPS: Final = (1, 2, 3, 4, 4, 6)  # of shifts a week
WORKING_DAYS: Final = 5  # from Monday on
LEFT_OPEN: Final = 0.01  # of the slots of a week, for others than the program to fill
PLANNED_BEFORE: Final = timedelta(days=7)
SETTLED: Final = timedelta(days=5)
FRENCH: Final = 0.3
WITHOUT_TELEGRAM: Final = 0.05
WITHOUT_SMS: Final = 0.5  # of those with Telegram
FIRST_CHAT: Final = 1001
FIRST_MANAGERS_CHAT: Final = 9001


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the company. `chat` None: he has no Telegram."""

    id: uuid.UUID
    name: str
    role: UserRole
    phone: str
    language: str
    chat: int | None

    def account(self) -> dict[str, Any]:
        """As `POST /sandbox/people` takes it."""
        first, _, last = self.name.partition(" ")
        telegram = {"user_id": self.chat, "first_name": first, "last_name": last, "username": None, "started": True}
        return {
            "id": self.name,
            "name": self.name,
            "phone": self.phone,
            "language": self.language,
            "telegram": None if self.chat is None else telegram,
        }


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody, and every route, in the order of their numbers."""

    drivers: tuple[Member, ...]
    managers: tuple[Member, ...]
    routes: tuple[tuple[uuid.UUID, str], ...]
    daily: frozenset[uuid.UUID]  # the routes that run at weekends, too
    warehouse_id: uuid.UUID
    seed: int

    def running(self, on: date) -> tuple[tuple[uuid.UUID, str], ...]:
        """The routes of a day."""
        return (
            self.routes if on.weekday() < WORKING_DAYS else tuple(each for each in self.routes if each[0] in self.daily)
        )

    @property
    def people(self) -> tuple[Member, ...]:
        return self.managers + self.drivers


async def found(session: AsyncSession, drivers: int, seed: int, now: datetime) -> Company:
    """Writes the company into an empty, migrated database."""
    dice = random.Random(f"{seed}:company")
    managers = [await _manager(session, number, now) for number in (0, 3)]
    warehouse_id = (await session.scalars(select(Warehouse.id))).one()
    those = [_driver(number, dice) for number in range(drivers)]
    stamps = {"created_at": now, "updated_at": now}
    routes = [(uuid.uuid4(), f"R{number}") for number in range(1, max(2, round(drivers * ROUTES)) + 1)]
    daily = frozenset(id_ for id_, _ in dice.sample(routes, max(1, round(len(routes) * AT_WEEKENDS))))
    wishes = [_preferences(each, dice, routes) for each in those]
    rows: list[tuple[type[Any], list[dict[str, Any]]]] = [
        (User, [_user(each) | {"weekly_cap": dice.choice(CAPS)} | stamps for each in those]),
        (Route, [{"id": id_, "name": name, "warehouse_id": warehouse_id} | stamps for id_, name in routes]),
        (
            Employment,
            [{"user_id": each.id, "warehouse_id": warehouse_id, "starts_on": date(2020, 1, 1)} for each in those],
        ),
        (DriverPreferences, [each | {"updated_at": now} for each in wishes]),
        (PreferenceVersion, [_version(each, dice) | {"saved_at": now} for each in wishes]),
        (
            RouteWeekday,
            [
                {"route_id": id_, "weekday": number}
                for id_, _ in routes
                for number in range(1, WORKING_DAYS + 1)
                if id_ not in daily
            ],
        ),
        (
            ChatLink,
            [
                {"user_id": each.id, "chat_id": each.chat, "linked_at": now}
                for each in [*managers, *those]
                if each.chat is not None
            ],
        ),
        (ContactSettings, [_contact(each, dice) for each in [*managers, *those]]),
    ]
    for table, values in rows:
        if values:
            await session.execute(insert(table), values)
    return Company(tuple(those), tuple(managers), tuple(routes), daily, warehouse_id, seed)


async def _manager(session: AsyncSession, number: int, now: datetime) -> Member:
    first, last, language, _ = MANAGERS[number]
    phone = f"+1416555{9000 + number}"
    id_ = await create_manager(session, first, last, phone, *WAREHOUSE, now)
    assert not isinstance(id_, Refused)
    return Member(id_, f"{first} {last}", UserRole.MANAGER, phone, language, FIRST_MANAGERS_CHAT + number)


def _driver(number: int, dice: random.Random) -> Member:
    """No two are called the same."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[(number + number // len(FIRST_NAMES)) % len(LAST_NAMES)]
    language = "fr" if dice.random() < FRENCH else "en"
    chat = None if dice.random() < WITHOUT_TELEGRAM else FIRST_CHAT + number
    name, phone = f"{first} {last}", f"+1647{2_000_000 + number}"
    return Member(uuid.uuid4(), name, UserRole.DRIVER, phone, language, chat)


def _user(member: Member) -> dict[str, Any]:
    first, _, last = member.name.partition(" ")
    names = {"first_name": first, "last_name": last, "phone": member.phone, "role": member.role}
    return {"id": member.id, "email": f"{member.id}@no-email.invalid", "password_hash": "!"} | names


def _contact(member: Member, dice: random.Random) -> dict[str, Any]:
    sms = member.chat is None or member.role is UserRole.MANAGER or dice.random() >= WITHOUT_SMS
    return {"user_id": member.id, "language": member.language, "sms": sms}


def _preferences(driver: Member, dice: random.Random, routes: Sequence[tuple[uuid.UUID, str]]) -> dict[str, Any]:
    return {
        "user_id": driver.id,
        "preferred_days": sorted(dice.sample(range(7), DAYS_LIKED)),
        "preferred_routes": [id_ for id_, _ in dice.sample(routes, min(3, len(routes)))],
    }


def _version(wishes: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The same as our own table has it; some take any route."""
    days, routes = wishes["preferred_days"], wishes["preferred_routes"]
    return {"user_id": wishes["user_id"], "days": days, "routes": routes, "any_home_route": dice.random() < ANY_ROUTE}


async def plan_week(
    session: AsyncSession, company: Company, monday: date, unruly: float, policy: Policy, now: datetime
) -> int:
    """Writes a week's assignments as another program would; returns how many. Some slots stay unfilled, and those for
    which nobody is left. Who is out of the pool, or away, gets nothing, and nobody more than his cap allows (R3.4).

    A week that has begun, or is about to, was planned a while ago, and its first days are confirmed.
    """
    planned_at = min(now, local_instant(monday, policy.midnight, policy) - PLANNED_BEFORE)
    settled = local_day(now, policy) + SETTLED
    dice = random.Random(f"{company.seed}:week:{monday}")
    days = [monday + timedelta(days=offset) for offset in range(7)]
    out = set(
        await session.scalars(
            select(DriverHealthState.user_id).where(DriverHealthState.assignment_pool_eligible.is_(False))
        )
    )
    caps = dict((await session.execute(select(User.id, User.weekly_cap))).tuples().all())
    liked = dict(
        (await session.execute(select(DriverPreferences.user_id, DriverPreferences.preferred_days))).tuples().all()
    )
    load = dict.fromkeys(caps, 0)
    slots = []
    for on in days:
        weekday = (on.weekday() + 1) % 7  # R1.2
        away = set(await session.scalars(select(TimeOff.user_id).where(TimeOff.starts_on <= on, TimeOff.ends_on >= on)))
        free = [each for each in company.drivers if each.id not in out | away and weekday in liked[each.id]]
        free = [each for each in free if load[each.id] < caps[each.id]]
        dice.shuffle(free)
        free.sort(key=lambda each: load[each.id])  # the sort is stable
        for route_id, _name in company.running(on):
            driver = free.pop(0) if free and dice.random() >= LEFT_OPEN * unruly else None
            if driver is not None:
                load[driver.id] += 1
            confirmed_at = planned_at if driver is not None and on <= settled else None
            slots.append(_slot(route_id, company.warehouse_id, on, driver, planned_at, confirmed_at))
    await session.execute(insert(Assignment), slots)
    await metrics.rebuild(session, now)  # which that program does not count
    return len(slots)


def _slot(
    route_id: uuid.UUID,
    warehouse_id: uuid.UUID,
    on: date,
    driver: Member | None,
    planned_at: datetime,
    confirmed_at: datetime | None,
) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "route_id": route_id,
        "warehouse_id": warehouse_id,
        "on": on,
        "user_id": driver.id if driver else None,
        "status": AssignmentStatus.SCHEDULED if driver else AssignmentStatus.UNFILLED,
        "assigned_by": AssignedBy.ALGORITHM if driver else None,
        "assigned_at": planned_at if driver else None,
        "confirmed_at": confirmed_at,
        "created_at": planned_at,
        "updated_at": planned_at,
    }
