"""The demo fleet: 3 warehouses, 30 routes, 60 drivers and 4 managers of a made-up city, in the middle of a week.

The same seed gives the same fleet. Route R12 at North has lost its driver today; the manager of North, Nadia, has an
invite link in her phone's SMS that she hasn't opened yet. Of her drivers one is flagged, and one has cancelled late.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import (
    ChatLink,
    ContactSettings,
    DriverPreferences,
    OpenWarehouse,
    Route,
    Warehouse,
)
from domain.people import actions as people
from domain.people import linking
from domain.policy import Policy
from domain.refusals import Refused
from domain.time import local_day
from sandbox.faltered import falter, last_night
from sandbox.recorded import record_past
from sandbox.worked import BLOCKED, NEVER_LINKED, OPEN_ROUTE, SEED, Tour, Worker, figures, past, week

INVITE = "welcome-to-rollcall-nadia"  # the token of Nadia's link; a demo needs no secrets

WAREHOUSES = (  # name, address, how many routes, how many drivers
    ("North", "1200 Steeles Ave W, Toronto", 12, 28),
    ("South", "55 Lake Shore Blvd E, Toronto", 10, 18),
    ("East", "4100 Kingston Rd, Scarborough", 8, 14),
)
MANAGERS = (  # first name, last name, language, warehouse
    ("Nadia", "Haddad", "en", "North"),
    ("Marc-André", "Gagnon", "fr", "South"),
    ("Priya", "Raman", "en", "East"),
    ("Élise", "Fortin", "fr", "North"),
)
FIRST_NAMES = (
    "Amara Luc Mei Omar Chloé Kwame Sofia Jean Fatima Liam Ngozi Émile Wei Aisha Noah Zoé Ravi Marie Tariq Olivia "
    "Samuel Léa Yusuf Grace Antoine Hana Diego Simone Ibrahim Emma Pavel Camille Thanh Ruth Mathieu Leila Jorge Anna "
    "Kofi Juliette Arjun Nina Felix Ines Daniel Maya Hugo Salma Victor Alice Dmitri Rosa Benoît Imani Carlos Eva "
    "Hassan Clara Théo Lin"
).split()
LAST_NAMES = (
    "Osei Tremblay Chen Hassan Roy Mensah Rossi Bouchard Khan O'Brien Okafor Côté Zhang Diallo Smith Lavoie Patel "
    "Gauthier Aziz Brown Nguyen Morin Demir Campbell Pelletier Sato Ramirez Bélanger Traoré Wilson Novak Fortier Tran "
    "Adeyemi Caron Haidari Silva Kowalski Boateng Dubois Sharma Petrov Bergeron Costa Murphy Singh Lapointe Amin "
    "Ivanov Thompson Volkov Mendoza Cloutier Juma Reyes Lindqvist Farah Martin Nadeau Wong"
).split()
FRENCH = 5  # every second of five drivers or so reads French


@dataclass(frozen=True, slots=True)
class Phone:
    """What the sandbox's network has to know of a person."""

    name: str
    label: str
    role: str
    number: str
    language: str
    telegram_id: int | None
    started: bool
    blocked: bool
    sms: str | None = None  # lies in the phone from the beginning

    def person(self) -> dict[str, Any]:
        """As `POST /sandbox/people` takes it."""
        first_name, _, last_name = self.name.partition(" ")
        account = {
            "user_id": self.telegram_id,
            "first_name": first_name,
            "last_name": last_name,
            "username": None,
            "started": self.started,
            "blocked": self.blocked,
        }
        return {
            "name": self.name,
            "label": self.label,
            "role": self.role,
            "phone": self.number,
            "language": self.language,
            "telegram": account if self.telegram_id is not None else None,
        }


async def settle(session: AsyncSession, today: date, bot_username: str, policy: Policy, now: datetime) -> list[Phone]:
    """Writes the fleet into an empty, migrated database; returns the phones of its people."""
    dice = random.Random(SEED)
    warehouses = {name: uuid.uuid4() for name, *_ in WAREHOUSES}
    await session.execute(
        insert(Warehouse),
        [
            {"id": warehouses[name], "name": name, "address": address, "created_at": now, "updated_at": now}
            for name, address, *_ in WAREHOUSES
        ],
    )
    phones = [await _manager(session, n, warehouses, bot_username, policy, now) for n in range(len(MANAGERS))]
    routes = await _routes(session, warehouses, now)
    drivers = []
    for number, home in enumerate(name for name, _, _, count in WAREHOUSES for _ in range(count)):
        driver, phone = await _driver(session, number, home, warehouses, policy, now)
        drivers.append(driver)
        phones.append(phone)
    await _history(session, dice, drivers, warehouses, routes, now)
    await past(session, drivers, warehouses, routes, policy, today, now)
    await week(session, drivers, warehouses, routes, today, now)
    await falter(session, drivers, policy, today)
    await record_past(session)
    await figures(session, policy, now)
    await last_night(session, drivers, policy, today)
    return phones


def _phone_number(number: int) -> str:
    return f"+1416555{100 + number:04d}"


async def _manager(
    session: AsyncSession,
    number: int,
    warehouses: dict[str, uuid.UUID],
    bot_username: str,
    policy: Policy,
    now: datetime,
) -> Phone:
    first_name, last_name, language, warehouse = MANAGERS[number]
    phone = _phone_number(900 + number)
    user_id = await people.create_manager(session, first_name, last_name, phone, warehouse, None, now)
    assert not isinstance(user_id, Refused)
    telegram_id, sms = 9001 + number, None
    if number == 0:
        await linking.invite(session, user_id, INVITE, None, policy, now)
        sms = (
            f"Rollcall: welcome, {first_name}! Open this link on your phone: https://t.me/{bot_username}?start={INVITE}"
        )
    else:
        await _link(session, user_id, telegram_id, language, now)
    name, label = f"{first_name} {last_name}", f"manager · {warehouse}"
    return Phone(name, label, "manager", phone, language, telegram_id, started=number != 0, blocked=False, sms=sms)


async def _link(session: AsyncSession, user_id: uuid.UUID, chat_id: int, language: str, now: datetime) -> None:
    await session.execute(insert(ChatLink).values(user_id=user_id, chat_id=chat_id, linked_at=now))
    await session.execute(insert(ContactSettings).values(user_id=user_id, language=language))


async def _routes(session: AsyncSession, warehouses: dict[str, uuid.UUID], now: datetime) -> list[Tour]:
    homes = [name for name, _, count, _ in WAREHOUSES for _ in range(count)]
    routes = [Tour(uuid.uuid4(), f"R{number}", home) for number, home in enumerate(homes, start=1)]
    await session.execute(
        insert(Route),
        [
            {
                "id": route.id,
                "name": route.name,
                "warehouse_id": warehouses[route.home],
                "created_at": now,
                "updated_at": now,
            }
            for route in routes
        ],
    )
    return routes


async def _driver(
    session: AsyncSession, number: int, home: str, warehouses: dict[str, uuid.UUID], policy: Policy, now: datetime
) -> tuple[Worker, Phone]:
    first_name, last_name = FIRST_NAMES[number], LAST_NAMES[number]
    language = "fr" if number % FRENCH in (1, 3) else "en"
    linked = number not in NEVER_LINKED
    since = local_day(now, policy) - timedelta(days=400)
    phone = _phone_number(number)
    user_id = await people.create_driver(
        session, first_name, last_name, phone, warehouses[home], None if linked else language, since, now
    )
    assert not isinstance(user_id, Refused)
    telegram_id = 1001 + number if linked else None
    if telegram_id is not None:
        await _link(session, user_id, telegram_id, language, now)
    return Worker(user_id, home, number), Phone(
        f"{first_name} {last_name}",
        f"driver · {home}",
        "driver",
        phone,
        language,
        telegram_id,
        started=linked,
        blocked=number == BLOCKED,
    )


async def _history(
    session: AsyncSession,
    dice: random.Random,
    drivers: list[Worker],
    warehouses: dict[str, uuid.UUID],
    routes: list[Tour],
    now: datetime,
) -> None:
    """What drivers prefer, and which other warehouses are open to them."""
    preferences, ticked = [], []
    for driver in drivers:
        own = [route for route in routes if route.home == driver.home]
        liked = dice.sample(own, 3)
        if driver.home != "North" and dice.random() < 0.4:  # some live near another warehouse, too
            ticked.append({"user_id": driver.user_id, "warehouse_id": warehouses["North"]})
            liked[2] = next(route for route in routes if route.name == OPEN_ROUTE)
        days = sorted(dice.sample(range(7), 5))
        preferences.append(
            {
                "user_id": driver.user_id,
                "preferred_days": days,
                "preferred_routes": [route.id for route in liked],
                "updated_at": now,
            }
        )
    await session.execute(insert(DriverPreferences), preferences)
    await session.execute(insert(OpenWarehouse), ticked)
