"""What the demo fleet has worked: the weeks before, of which its figures are made, and this one."""

import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Assignment, DriverCap, DriverMetrics, RouteWeekday, Shift, User
from domain.db.models.words import AssignedBy, AssignmentStatus
from domain.health import metrics
from domain.health.rules import Due, is_rewarded
from domain.policy import Policy
from domain.time import local_day, shift_start, week_of

SEED = 12
WEEK = 349  # of the weeks that the dice would give, one that has for each language somebody who works today
OPEN_ROUTE = "R12"
OPEN = (
    (OPEN_ROUTE, timedelta(0)),
    ("R20", timedelta(1)),
    ("R25", timedelta(2)),
)  # nobody drives these, today and later
NEVER_LINKED = (4, 17, 33, 48)  # drivers without Telegram, by number
BLOCKED = 9  # has blocked the bot
WEEKEND = (5, 6)  # some have yet to confirm theirs
BEGUN = (AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED)
BUSIEST = 3  # shifts a week; one below the cap
WEEKS_PAST = 9  # that have been driven


@dataclass(frozen=True, slots=True)
class Worker:
    user_id: uuid.UUID
    home: str
    number: int


@dataclass(frozen=True, slots=True)
class Tour:
    id: uuid.UUID
    name: str
    home: str


async def past(
    session: AsyncSession,
    drivers: list[Worker],
    warehouses: dict[str, uuid.UUID],
    routes: list[Tour],
    policy: Policy,
    today: date,
    now: datetime,
) -> None:
    """The working days before this week: all of it driven; what went wrong with it comes after (`faltered`)."""
    dice, (monday, _) = random.Random(f"{SEED}:past"), week_of(today)
    slots: list[dict[str, Any]] = []
    for on in (monday - timedelta(days=back) for back in range(7 * WEEKS_PAST, 0, -1)):
        if on.weekday() in WEEKEND:
            continue
        for home, warehouse_id in warehouses.items():
            free = [driver for driver in drivers if driver.home == home]
            dice.shuffle(free)
            for route in (route for route in routes if route.home == home):
                slots.append(_slot(route, warehouse_id, free.pop(), on, today, now) | _stamps(on, policy))
    await session.execute(insert(Assignment), slots)
    await session.execute(insert(Shift), [_work(slot, dice, now) for slot in slots])


def _stamps(on: date, policy: Policy) -> dict[str, datetime]:
    """Given out well before, and confirmed three days ahead."""
    starts = shift_start(on, policy)
    at = {"created_at": timedelta(days=10), "assigned_at": timedelta(days=10), "confirmed_at": timedelta(days=3)}
    return {name: starts - before for name, before in (at | {"updated_at": timedelta(days=1)}).items()}


async def figures(session: AsyncSession, policy: Policy, now: datetime) -> None:
    """As the night leaves them: who has done well may have more shifts."""
    await metrics.rebuild(session, now)
    record = select(DriverMetrics.user_id, DriverMetrics.total_shifts, DriverMetrics.completed_shifts)
    rows = await session.execute(record.order_by(DriverMetrics.user_id))
    best = [id_ for id_, due, completed in rows.tuples() if is_rewarded(Due(due, completed), policy)]
    if best:
        await session.execute(
            insert(DriverCap), [{"user_id": id_, "base": policy.cap, "rewarded": True} for id_ in best]
        )
        await session.execute(update(User).where(User.id.in_(best)).values(weekly_cap=policy.cap_most))


async def week(
    session: AsyncSession,
    drivers: list[Worker],
    warehouses: dict[str, uuid.UUID],
    routes: list[Tour],
    today: date,
    now: datetime,
) -> None:
    """This week's slots: past days done, today's mostly under way, later ones confirmed but for some at the weekend.

    From this week on a few routes run at weekends, too.
    """
    dice, (monday, _) = random.Random(f"{SEED}:week:{WEEK}"), week_of(today)
    load = dict.fromkeys((driver.number for driver in drivers), 0)
    slots, runs = [], []
    for on in (monday + timedelta(days=offset) for offset in range(7)):
        working: set[int] = set()
        running = routes if on.weekday() not in WEEKEND else dice.sample(routes, 12)
        since = monday if on.weekday() in WEEKEND else None
        runs += [{"route_id": route.id, "weekday": on.isoweekday() % 7, "starts_on": since} for route in running]
        for route in running:
            free = [] if (route.name, on - today) in OPEN else _free(drivers, route, working, load, today == on)
            driver = dice.choice(free) if free else None
            if driver is not None:
                working.add(driver.number)
                load[driver.number] += 1
            slots.append(_slot(route, warehouses[route.home], driver, on, today, now))
    await session.execute(insert(RouteWeekday), runs)
    await session.execute(insert(Assignment), slots)
    await session.execute(insert(Shift), [_work(slot, dice, now) for slot in slots if slot["status"] in BEGUN])


def _work(slot: dict[str, Any], dice: random.Random, now: datetime) -> dict[str, Any]:
    """What has been done of a shift: all of it on days that are past."""
    loaded, over = dice.randint(90, 160), slot["status"] is AssignmentStatus.COMPLETED
    returned = dice.choice((0, 0, 0, 1, 2, 5)) if over else None
    at = now - timedelta(minutes=30) - (local_day(now, Policy()) - slot["on"])
    return {
        "assignment_id": slot["id"],
        "arrived_at": at,
        "parcels_start": loaded if over else None,
        "parcels_delivered": None if returned is None else loaded - returned,
        "parcels_returned": returned,
        "started_at": at + timedelta(minutes=20) if over else None,
        "completed_at": at + timedelta(hours=8) if over else None,
        "editable_until": at + timedelta(hours=9) if over else None,
        "created_at": at,
    }


def _free(drivers: list[Worker], route: Tour, working: set[int], load: dict[int, int], today: bool) -> list[Worker]:
    """Who may drive: of this home, not working that day, below three shifts; the story's people are kept free today."""
    return [
        driver
        for driver in drivers
        if driver.home == route.home
        and driver.number not in working
        and load[driver.number] < BUSIEST
        and not (today and driver.number in (*NEVER_LINKED, BLOCKED))
    ]


def _slot(
    route: Tour, warehouse_id: uuid.UUID, driver: Worker | None, on: date, today: date, now: datetime
) -> dict[str, Any]:
    there = on == today and driver is not None and driver.number % 4 != 0
    done = AssignmentStatus.ACTIVE if there else AssignmentStatus.SCHEDULED
    done = AssignmentStatus.COMPLETED if on < today else done
    confirmed = driver is not None and not (on.weekday() in WEEKEND and driver.number % 2)
    return {
        "id": uuid.uuid4(),
        "route_id": route.id,
        "warehouse_id": warehouse_id,
        "user_id": driver.user_id if driver else None,
        "on": on,
        "status": done if driver else AssignmentStatus.UNFILLED,
        "assigned_by": AssignedBy.ALGORITHM if driver else None,
        "assigned_at": now - timedelta(days=10) if driver else None,
        "confirmed_at": now - timedelta(days=5) if confirmed else None,
        "created_at": now - timedelta(days=10),
        "updated_at": now - timedelta(days=5),
    }
