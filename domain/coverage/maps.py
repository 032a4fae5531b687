"""How a manager's routes stand on a day, or on the days of a week: what /coverage shows as a heat map.

Read by one statement, whatever the number of routes and days.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Date, DateTime, Integer, SmallInteger, Uuid, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.coverage.board import Mark, Turned, is_his, mark_of
from domain.coverage.queries import Uncovered
from domain.db.models import CoverageMap as MapRow
from domain.db.models.words import AssignmentStatus, BidWindowMode
from domain.db.sql import sql
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule.calendar import RUNS
from domain.schedule.rules import DAYS_OF_WEEK, days_of
from domain.shifts import deadlines
from domain.shifts.deadlines import ARRIVE_BY

ONE_DAY: Final = timedelta(days=1)


class Cell(Enum):
    """How a route stands on a day."""

    UNCOVERED = auto()
    WITH_BIDS = auto()  # it has no driver, but drivers have bid for it
    LATE = auto()  # its driver is not there, half an hour before he is due, or later
    UNCONFIRMED = auto()
    FILLED = auto()  # confirmed, or under way
    DONE = auto()
    CLOSED = auto()
    NOT_RUN = auto()
    NOT_PLANNED = auto()  # it will run, and no roster was made yet


_OF_MARK: Final = {
    Mark.MISSING: Cell.LATE,
    Mark.UNCONFIRMED: Cell.UNCONFIRMED,
    Mark.CONFIRMED: Cell.FILLED,
    Mark.ARRIVED: Cell.FILLED,
    Mark.LOADED: Cell.FILLED,
    Mark.DONE: Cell.DONE,
}


@dataclass(frozen=True, slots=True)
class RouteDays:
    """A route, and its days in their order."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class WarehouseDays:
    """A warehouse's routes, short names first."""

    id: uuid.UUID
    name: str
    routes: tuple[RouteDays, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """A slot without a driver from today on; `with_bids`: some have bid for it."""

    slot: Uncovered
    with_bids: bool


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """A manager's map: a day, or `week` from its Monday on, in one of his warehouses or (`one` None) in all.

    `all`: his warehouses by id and name. `open`: the slots without a driver from today on, the nearest day first.
    """

    first: date
    week: bool
    today: date
    one: uuid.UUID | None
    all: tuple[tuple[uuid.UUID, str], ...]
    warehouses: tuple[WarehouseDays, ...]
    open: tuple[Open, ...]
    page: int

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + n * ONE_DAY for n in range(DAYS_OF_WEEK if self.week else 1))

    def ahead(self, *cells: Cell) -> int:
        """How many routes' days from today on stand so."""
        first = sum(on < self.today for on in self.days)
        every = (cell for place in self.warehouses for route in place.routes for cell in route.cells[first:])
        return sum(cell in cells for cell in every)


# The calendar is asked only where there is no assignment, which says it all.
_CELLS = f"""
    SELECT w.id AS warehouse_id, w.name AS warehouse, r.id AS route_id, r.name AS route, d.date,
           a.id, a.status::text, a.confirmed_at IS NOT NULL AS confirmed, {ARRIVE_BY} AS arrive_by,
           s.parcels_start IS NOT NULL AS loaded, offer.id AS window_id, offer.mode::text, offer.closes_at,
           a.status = 'unfilled' AND EXISTS (SELECT FROM bids bid WHERE bid.assignment_id = a.id
                                             AND bid.status = 'pending') AS with_bids,
           CASE WHEN a.id IS NULL THEN {RUNS} END AS runs,
           CASE WHEN a.id IS NULL THEN coalesce(
               (SELECT NOT e.runs FROM calendar_exceptions e WHERE e.route_id = r.id AND e.date = d.date),
               EXISTS (SELECT FROM calendar_exceptions e
                       WHERE e.warehouse_id = w.id AND e.date = d.date AND NOT e.runs)) END AS closed
    FROM desks mine
    JOIN warehouses w ON w.id = mine.warehouse_id
    JOIN routes r ON r.warehouse_id = w.id
    CROSS JOIN unnest(:days) AS d (date)
    LEFT JOIN assignments a ON a.route_id = r.id AND a.date = d.date AND a.status <> 'cancelled'
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    LEFT JOIN shifts s ON s.assignment_id = a.id
    LEFT JOIN bid_windows offer ON offer.assignment_id = a.id AND offer.status = 'open'
    WHERE mine.user_id = :manager AND (CAST(:of AS uuid) IS NULL OR w.id = :of)
    ORDER BY w.name, w.id, length(r.name), r.name, r.id, d.date
"""  # noqa: S608 - our own texts
_CELLS_OF = sql(_CELLS, days=ARRAY(Date()), manager=Uuid(), of=Uuid(), **deadlines.used(_CELLS))
_HIS = sql(
    """
    SELECT w.id, w.name FROM desks mine
    JOIN warehouses w ON w.id = mine.warehouse_id
    WHERE mine.user_id = :manager ORDER BY w.name, w.id
    """,
    manager=Uuid(),
)
_ROW = select(MapRow.warehouse_id, MapRow.on, MapRow.days, MapRow.page)


async def coverage_map(
    session: AsyncSession, manager_id: uuid.UUID, policy: Policy, now: datetime
) -> CoverageMap | None:
    """What his map shows now; None where he has none, or it is of a warehouse that is no longer his (R12.3)."""
    row = (await session.execute(_ROW.where(MapRow.user_id == manager_id))).one_or_none()
    if row is None:
        return None
    his = tuple((id_, name) for id_, name in await session.execute(_HIS, {"manager": manager_id}))
    if row.warehouse_id is not None and row.warehouse_id not in dict(his):
        return None
    days, today = days_of(row.on, row.on + timedelta(days=row.days - 1)), time.local_day(now, policy)
    given = {"manager": manager_id, "of": row.warehouse_id, "days": days}
    cells = (await session.execute(_CELLS_OF, given | deadlines.given_to(_CELLS, policy))).all()
    return CoverageMap(
        first=row.on,
        week=row.days > 1,
        today=today,
        one=row.warehouse_id,
        all=his,
        warehouses=tuple(_warehouses(cells, today, policy, now)),
        open=tuple(sorted(_open(cells, today), key=lambda each: each.slot.on)),
        page=row.page,
    )


def _warehouses(rows: Sequence[Any], today: date, policy: Policy, now: datetime) -> Iterator[WarehouseDays]:
    for (id_, name), of_place in groupby(rows, key=lambda row: (row.warehouse_id, row.warehouse)):
        routes = tuple(
            RouteDays(route, tuple(_cell(day, today, policy, now) for day in days))
            for (_, route), days in groupby(of_place, key=lambda row: (row.route_id, row.route))
        )
        yield WarehouseDays(id_, name, routes)


def _cell(row: Any, today: date, policy: Policy, now: datetime) -> Cell:
    if row.id is None:
        if row.closed:
            return Cell.CLOSED
        return Cell.NOT_PLANNED if row.runs and row.date >= today else Cell.NOT_RUN
    if row.with_bids:
        return Cell.WITH_BIDS
    mark = mark_of(
        AssignmentStatus(row.status),
        confirmed=row.confirmed,
        loaded=row.loaded,
        arrive_by=row.arrive_by,
        policy=policy,
        now=now,
    )
    return _OF_MARK.get(mark, Cell.UNCOVERED)


def _open(rows: Sequence[Any], today: date) -> Iterator[Open]:
    for row in rows:
        if row.status == AssignmentStatus.UNFILLED and row.date >= today:
            mode = BidWindowMode(row.mode) if row.mode else None
            slot = Uncovered(row.id, row.route, row.warehouse, row.date, row.window_id, mode, row.closes_at)
            yield Open(slot, row.with_bids)


# -- what it shows

_TURN = sql(
    """
    INSERT INTO coverage_maps (user_id, warehouse_id, date, days, page, live_until)
    VALUES (:manager, :warehouse, :on, :days, :page, :live_until)
    ON CONFLICT (user_id) DO UPDATE SET warehouse_id = excluded.warehouse_id, date = excluded.date,
        days = excluded.days, page = excluded.page, live_until = excluded.live_until
    """,
    manager=Uuid(),
    warehouse=Uuid(),
    on=Date(),
    days=SmallInteger(),
    page=Integer(),
    live_until=DateTime(timezone=True),
)


def days_on_map(today: date, policy: Policy) -> tuple[date, date]:
    """The first and the last day that can be shown."""
    return today - policy.map_back, today + policy.map_ahead


async def turn_map(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID | None,
    on: date,
    page: int,
    policy: Policy,
    now: datetime,
    *,
    week: bool,
) -> Turned | Refused:
    """Has his map show this day, or the week that it is in, in one of his warehouses or (None) in all; pages from 0.

    Refused: a warehouse that is not his (R12.3). A day too far away, back or ahead, is taken for today.
    """
    if not await is_his(session, manager, warehouse_id):
        return Refused(Refusal.NOT_FOUND)
    today = time.local_day(now, policy)
    earliest, latest = days_on_map(today, policy)
    if not earliest <= on <= latest:
        on = today
    first, count = (time.week_of(on)[0], DAYS_OF_WEEK) if week else (on, 1)
    live_until = time.local_instant(first + count * ONE_DAY, policy.midnight, policy)
    shows = {"warehouse": warehouse_id, "on": first, "days": count, "page": max(page, 0), "live_until": live_until}
    await session.execute(_TURN, {"manager": manager.id} | shows)
    return Turned()


async def reopen_map(session: AsyncSession, manager: Person, policy: Policy, now: datetime) -> None:
    """Back to his map as he left it; once its days are over, or the warehouse not his any more, to this week in all."""
    row = (await session.execute(_ROW.where(MapRow.user_id == manager.id))).one_or_none()
    today = time.local_day(now, policy)
    if row is not None and row.on + row.days * ONE_DAY > today and await is_his(session, manager, row.warehouse_id):
        return
    await turn_map(session, manager, None, today, 0, policy, now, week=True)
