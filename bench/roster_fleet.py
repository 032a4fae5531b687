"""A made-up week to be filled, of any size: the same numbers and the same seed give the same one.

Each driver prefers 60 % of the days and three routes, of which he knows one or two, and others besides: routes of his
warehouse, as in real companies, or any of the company's, so that all of it hangs together and is the hardest to solve.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from bench.fleet import FIRST_CHAT, ROUTES_A_WAREHOUSE
from domain.policy import Policy
from domain.roster.rules import Candidate, Slot
from domain.schedule.rules import days_of, weekday_of
from domain.time import freeze_of, week_of

CAP: Final = 4
PREFERRED: Final = 3  # routes
WORKS: Final = 0.6  # of the days
WEEK: Final = days_of(*week_of(date(2026, 12, 7)))
FROZEN_AT: Final = freeze_of(WEEK[0], Policy())
TOLD_AT: Final = FROZEN_AT + timedelta(hours=12, seconds=1)
BEFORE: Final = FROZEN_AT - timedelta(days=1)  # when all of it was written


@dataclass(frozen=True, slots=True)
class Week:
    """What is to be filled, and who may be given it."""

    drivers: list[Candidate]
    slots: list[Slot]


def made_up(drivers: int, routes: int, seed: int, *, at_home: bool) -> Week:
    """Nobody has anything yet. `at_home`: drivers prefer routes of one warehouse."""
    dice = Random(seed)
    every = [_id(dice) for _ in range(routes)]
    homes = [every[first : first + ROUTES_A_WAREHOUSE] for first in range(0, routes, ROUTES_A_WAREHOUSE)]
    known = [homes[number * len(homes) // drivers] if at_home else every for number in range(drivers)]
    slots = [Slot(route, on, warehouse) for home in homes for warehouse in [_id(dice)] for route in home for on in WEEK]
    return Week([_driver(dice, his) for his in known], slots)


def _driver(dice: Random, routes: list[uuid.UUID]) -> Candidate:
    preferred, others = dice.sample(routes, PREFERRED), dice.sample(routes, 2)
    known = preferred[: dice.randint(1, 2)] + others
    return Candidate(
        _id(dice),
        days={on: frozenset() for on in WEEK if dice.random() < WORKS},
        routes=tuple(preferred),
        room=CAP,
        held=0,
        completion=dice.randint(85, 100),
        attendance=dice.randint(80, 100),
        completions={route: dice.randint(1, 30) for route in known},
    )


def _id(dice: Random) -> uuid.UUID:
    return uuid.UUID(int=dice.getrandbits(128))


async def write(db: Any, week: Week) -> None:
    """Puts it into an empty, migrated database, over asyncpg. Everybody has linked his chat."""
    at = {slot.route_id: slot.warehouse_id for slot in week.slots}
    who = [(number, driver.driver_id, driver) for number, driver in enumerate(week.drivers)]

    async def copy(table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
        await db.copy_records_to_table(table, records=rows, columns=columns.split())

    async with db.transaction():
        await copy("warehouses", "id name address", ((id_, str(id_), "Toronto") for id_ in set(at.values())))
        await copy("routes", "id name warehouse_id", ((id_, str(id_)[:8], home) for id_, home in at.items()))
        await copy(
            "users",
            "id email password_hash first_name last_name phone weekly_cap",
            ((id_, f"{id_}@no-email.invalid", "!", "Driver", str(n), f"+1416{n:07}", CAP) for n, id_, _ in who),
        )
        await copy("chat_links", "user_id chat_id linked_at", ((id_, FIRST_CHAT + n, BEFORE) for n, id_, _ in who))
        await copy(
            "employments",
            "user_id warehouse_id starts_on",
            ((id_, at[driver.routes[0]], date(2026, 1, 1)) for _, id_, driver in who),
        )
        await copy(
            "preference_versions",
            "user_id saved_at days routes any_home_route",
            ((id_, BEFORE, [weekday_of(on) for on in driver.days], driver.routes, False) for _, id_, driver in who),
        )
        await copy(
            "driver_metrics",
            "user_id completion_rate attendance_rate",
            ((id_, driver.completion / 100, driver.attendance / 100) for _, id_, driver in who),
        )
        await copy(
            "route_completions",
            "user_id route_id completion_count",
            ((id_, route, count) for _, id_, driver in who for route, count in driver.completions.items()),
        )
    await db.execute("ANALYZE")
