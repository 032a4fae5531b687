"""How the shifts of a day stand, route by route: what a manager's live board shows, and his list of what is covered.

Read by one statement whatever the number of routes, and no more of the assignments than the warehouse's day.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from itertools import groupby

from sqlalchemy import Date, DateTime, Integer, Uuid, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import Board as BoardRow
from domain.db.models import Warehouse, desks
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.people.queries import Person, manages
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import deadlines
from domain.shifts.deadlines import ARRIVE_BY


class Mark(IntEnum):
    """Where a route stands, what is most pressing first."""

    UNCOVERED = 0  # it has no driver
    MISSING = 1  # its driver is not there, half an hour before he is due, or later
    UNCONFIRMED = 2
    CONFIRMED = 3
    ARRIVED = 4
    LOADED = 5
    DONE = 6

    @property
    def troubled(self) -> bool:
        """Somebody should look at it."""
        return self <= Mark.UNCONFIRMED


def mark_of(
    status: AssignmentStatus, *, confirmed: bool, loaded: bool, arrive_by: datetime, policy: Policy, now: datetime
) -> Mark:
    """Where a live assignment stands at this instant. Missing: from 30 minutes before arrival is due (R8.2a)."""
    match status:
        case AssignmentStatus.COMPLETED:
            return Mark.DONE
        case AssignmentStatus.ACTIVE:
            return Mark.LOADED if loaded else Mark.ARRIVED
        case AssignmentStatus.SCHEDULED if not confirmed:
            return Mark.UNCONFIRMED
        case AssignmentStatus.SCHEDULED:
            return Mark.MISSING if now >= arrive_by - policy.check_before else Mark.CONFIRMED
    return Mark.UNCOVERED


@dataclass(frozen=True, slots=True)
class RouteStands:
    """One route of the day. `asked`: how many drivers were asked to take it; None: it is offered to nobody."""

    assignment_id: uuid.UUID
    route: str
    driver: str | None
    mark: Mark
    arrive_by: datetime
    arrived_at: datetime | None
    loaded: int | None
    brought_back: int | None
    asked: int | None


@dataclass(frozen=True, slots=True)
class WarehouseDay:
    """A warehouse's routes of the day, what is most pressing first."""

    warehouse_id: uuid.UUID
    name: str
    routes: tuple[RouteStands, ...]

    @property
    def counts(self) -> Mapping[Mark, int]:
        """How many routes stand where."""
        return Counter(route.mark for route in self.routes)


_DAY = f"""
    SELECT w.id AS warehouse_id, w.name AS warehouse, day.*
    FROM desks mine
    JOIN warehouses w ON w.id = mine.warehouse_id
    LEFT JOIN LATERAL (
        SELECT a.id, r.name AS route, a.status::text, a.confirmed_at IS NOT NULL AS confirmed,
               driver.first_name || ' ' || driver.last_name AS driver, {ARRIVE_BY} AS arrive_by,
               s.arrived_at, s.parcels_start, s.parcels_returned,
               (SELECT count(ask.user_id) FROM bid_windows offer LEFT JOIN window_asks ask ON ask.window_id = offer.id
                WHERE offer.assignment_id = a.id AND offer.status = 'open' GROUP BY offer.id) AS asked
        FROM assignments a
        JOIN routes r ON r.id = a.route_id
        LEFT JOIN users driver ON driver.id = a.user_id
        LEFT JOIN assignment_terms t ON t.assignment_id = a.id
        LEFT JOIN shifts s ON s.assignment_id = a.id
        WHERE a.warehouse_id = w.id AND a.date = :on AND a.status <> 'cancelled'
    ) AS day ON true
    WHERE mine.user_id = :manager AND (CAST(:of AS uuid[]) IS NULL OR w.id = ANY (:of))
    ORDER BY w.name, w.id, length(day.route), day.route, day.id
"""  # noqa: S608 - our own texts
_DAY_OF = sql(_DAY, on=Date(), manager=Uuid(), of=ARRAY(Uuid()), **deadlines.used(_DAY))


async def day_of(
    session: AsyncSession,
    manager_id: uuid.UUID,
    of: Sequence[uuid.UUID] | None,
    on: date,
    policy: Policy,
    now: datetime,
) -> tuple[WarehouseDay, ...]:
    """The day in these warehouses, by name; `of` None: in all. What is not the manager's is left out (R12.3)."""
    given = {"manager": manager_id, "of": None if of is None else list(of), "on": on}
    rows = await session.execute(_DAY_OF, given | deadlines.given_to(_DAY, policy))
    days = []
    for (warehouse_id, name), its in groupby(rows, key=lambda row: (row.warehouse_id, row.warehouse)):
        routes = [
            RouteStands(
                row.id,
                row.route,
                row.driver,
                mark_of(
                    AssignmentStatus(row.status),
                    confirmed=row.confirmed,
                    loaded=row.parcels_start is not None,
                    arrive_by=row.arrive_by,
                    policy=policy,
                    now=now,
                ),
                row.arrive_by,
                row.arrived_at,
                row.parcels_start,
                row.parcels_returned,
                row.asked,
            )
            for row in its
            if row.id is not None
        ]
        days.append(WarehouseDay(warehouse_id, name, tuple(sorted(routes, key=lambda route: route.mark))))
    return tuple(days)


@dataclass(frozen=True, slots=True)
class Board:
    """A manager's board of a day: one of his warehouses, or where it shows none (`one` None) all of them by name.

    `others`: he has more than that one. `today`: the company's day at this moment.
    """

    on: date
    today: date
    one: WarehouseDay | None
    others: bool
    all: tuple[WarehouseDay, ...]
    page: int


_HIS = select(func.count()).where(desks.c.user_id == BoardRow.user_id).scalar_subquery()
_ROW = select(BoardRow.warehouse_id, BoardRow.on, BoardRow.page, _HIS.label("his"))


async def board(session: AsyncSession, manager_id: uuid.UUID, policy: Policy, now: datetime) -> Board | None:
    """What his board shows now; None where he has none, or it is of a warehouse that is no longer his (R12.3)."""
    row = (await session.execute(_ROW.where(BoardRow.user_id == manager_id))).one_or_none()
    if row is None:
        return None
    of, today = None if row.warehouse_id is None else [row.warehouse_id], time.local_day(now, policy)
    days = await day_of(session, manager_id, of, row.on, policy, now)
    if len(days) == 1:
        return Board(row.on, today, days[0], row.his > 1, (), row.page)
    return Board(row.on, today, None, False, days, row.page) if of is None else None


_TURN = sql(
    """
    INSERT INTO boards (user_id, warehouse_id, date, page, live_until)
    VALUES (:manager, :warehouse, :on, :page, :live_until)
    ON CONFLICT (user_id) DO UPDATE SET warehouse_id = excluded.warehouse_id, date = excluded.date,
        page = excluded.page, live_until = excluded.live_until
    """,
    manager=Uuid(),
    warehouse=Uuid(),
    on=Date(),
    page=Integer(),
    live_until=DateTime(timezone=True),
)


@dataclass(frozen=True, slots=True)
class Turned:
    """The board is to show this from now on."""


def days_on_board(today: date, policy: Policy) -> tuple[date, date]:
    """The first and the last day that can be shown."""
    return today - timedelta(days=policy.board_days_back), today + timedelta(days=policy.board_days_ahead)


async def turn_board(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID | None,
    on: date,
    page: int,
    policy: Policy,
    now: datetime,
) -> Turned | Refused:
    """Has his board show this day in one of his warehouses, or (None) in all; pages count from 0.

    Refused: a warehouse that is not his (R12.3). A day too far away, back or ahead, is taken for today.
    """
    if not await is_his(session, manager, warehouse_id):
        return Refused(Refusal.NOT_FOUND)
    today = time.local_day(now, policy)
    earliest, latest = days_on_board(today, policy)
    if not earliest <= on <= latest:
        on = today
    live_until = time.local_instant(on + timedelta(days=1), policy.midnight, policy)
    shows = {"warehouse": warehouse_id, "on": on, "page": max(page, 0), "live_until": live_until}
    await session.execute(_TURN, {"manager": manager.id} | shows)
    return Turned()


async def reopen_board(session: AsyncSession, manager: Person, policy: Policy, now: datetime) -> None:
    """Back to his board as he left it; once its day is over, or the warehouse not his any more, to today in all."""
    row = (await session.execute(_ROW.where(BoardRow.user_id == manager.id))).one_or_none()
    today = time.local_day(now, policy)
    if row is not None and row.on >= today and await is_his(session, manager, row.warehouse_id):
        return
    await turn_board(session, manager, None, today, 0, policy, now)


async def is_his(session: AsyncSession, manager: Person, warehouse_id: uuid.UUID | None) -> bool:
    """Whether he may see this warehouse; None: all of his, whichever these are."""
    if warehouse_id is None:
        return True
    his = select(Warehouse.id).where(Warehouse.id == warehouse_id, manages(manager.id, Warehouse.id))
    return await session.scalar(his) is not None
