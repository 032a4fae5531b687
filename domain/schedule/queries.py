"""A manager's places and their calendars: where he may close what, and what is closed."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, DateTime, Integer, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import Assignment, CalendarException, Route, RouteWeekday
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.names import Forms, Known, folded
from domain.pages import cut, nearest
from domain.policy import Policy
from domain.schedule import calendar
from domain.schedule.rules import PlaceFacts, Weekday, weekdays_from

_NUMBERED: Final = re.compile(r"\D0*(\d+)$")  # a route called by letters and a number


@dataclass(frozen=True, slots=True)
class Place:
    """What can be closed: a warehouse, or one of its routes. `id` is the route's or the warehouse's."""

    id: uuid.UUID
    name: str
    warehouse_id: uuid.UUID
    warehouse: str

    @property
    def is_route(self) -> bool:
        return self.id != self.warehouse_id


# The warehouses first; each by name, short ones first: R2 before R12. Routes warehouse by warehouse: PostgreSQL would
# read all of a company's for those of one.
_PLACES = """
    WITH mine AS (
        SELECT w.id, w.name FROM desks here
        JOIN warehouses w ON w.id = here.warehouse_id
        WHERE here.user_id = :manager
    ), places AS (
        SELECT id, name, id AS warehouse_id, name AS warehouse, 0 AS rank FROM mine
        UNION ALL
        SELECT r.id, r.name, mine.id, mine.name, 1 FROM mine
        CROSS JOIN LATERAL (SELECT id, name FROM routes WHERE warehouse_id = mine.id OFFSET 0) AS r
    )
"""
_ALL = sql(
    f"""
    {_PLACES}
    SELECT id, name, warehouse_id, warehouse FROM places ORDER BY rank, warehouse, length(name), name, id
    """,  # noqa: S608 - our own text, as below
    manager=Uuid(),
)
_ONE = sql(
    """
    SELECT place.id, place.name, w.id, w.name FROM (
        SELECT id, name, id AS warehouse_id FROM warehouses WHERE id = :place
        UNION ALL
        SELECT id, name, warehouse_id FROM routes WHERE id = :place
    ) AS place JOIN warehouses w ON w.id = place.warehouse_id
    WHERE EXISTS (SELECT FROM desks here WHERE here.user_id = :manager AND here.warehouse_id = w.id)
    """,
    manager=Uuid(),
    place=Uuid(),
)


async def places(session: AsyncSession, manager_id: uuid.UUID) -> tuple[Place, ...]:
    """The manager's warehouses and their routes."""
    return tuple(Place(*row) for row in await session.execute(_ALL, {"manager": manager_id}))


async def place(session: AsyncSession, manager_id: uuid.UUID, place_id: uuid.UUID) -> Place | None:
    """One of them; None where there is none or it isn't his (R12.3)."""
    row = (await session.execute(_ONE, {"manager": manager_id, "place": place_id})).one_or_none()
    return None if row is None else Place(*row)


async def place_locked(session: AsyncSession, manager_id: uuid.UUID, place_id: uuid.UUID) -> Place | None:
    """The same with its warehouse's calendar locked, as it is then: who was waited for may have moved or deleted it."""
    found = await place(session, manager_id, place_id)
    while found is not None:
        await calendar.locked(session, found.warehouse_id)
        again = await place(session, manager_id, place_id)
        if again is None or again.warehouse_id == found.warehouse_id:
            return again
        found = again
    return None


def called(name: str, among: Sequence[Place]) -> tuple[Place, ...]:
    """Those that are called so, in their order; tolerant as `names` is.

    A route may be named together with its warehouse, "North R12", or by its number alone, "12".
    """
    return Known(among, _of_place).called(name)


def near(name: str, among: Sequence[Place]) -> tuple[Place, ...]:
    """Where none is called so: those whose names look like it, the likest first."""
    return Known(among, _of_place).near(name)


def routes_among(meant: Sequence[Place], among: Sequence[Place]) -> tuple[Place, ...]:
    """The routes that are meant by these places: of a warehouse, all of its own."""
    ids = {place.id for place in meant}
    return tuple(place for place in among if place.is_route and (place.id in ids or place.warehouse_id in ids))


def _of_place(place: Place) -> Forms:
    own, warehouse = folded(place.name), folded(place.warehouse)
    if not place.is_route:
        return Forms((own,), (), (own,))
    number = _NUMBERED.search(own)
    return Forms((own, warehouse + own, own + warehouse), (number[1], f"route{number[1]}") if number else (), (own,))


async def place_facts(session: AsyncSession, place: Place, on: date) -> PlaceFacts:
    """How it stands with a place on a day."""
    shut = select(CalendarException.id).where(CalendarException.on == on, CalendarException.runs.is_(False))
    leaves_from = await _leaves_from(session, place, on)
    at_warehouse = await session.scalar(select(shut.where(CalendarException.warehouse_id == leaves_from).exists()))
    if not place.is_route:
        return PlaceFacts(on, bool(at_warehouse), not at_warehouse)
    own = await session.scalar(select(shut.where(CalendarException.route_id == place.id).exists()))
    return PlaceFacts(on, bool(own or at_warehouse), await calendar.runs_on(session, place.id, on, leaves_from))


async def _leaves_from(session: AsyncSession, place: Place, on: date) -> uuid.UUID:
    """The warehouse of a route's shift of that day: the day it moves, that is the one before (R12.5)."""
    its = (Assignment.route_id == place.id, Assignment.on == on, Assignment.status != AssignmentStatus.CANCELLED)
    return await session.scalar(select(Assignment.warehouse_id).where(*its)) or place.warehouse_id


# Where a route that has moved today has, or had, its row of today, from there it leaves.
_ROUTES_TODAY = sql(
    """
    SELECT r.id FROM routes r
    LEFT JOIN LATERAL (
        SELECT a.warehouse_id FROM assignments a
        WHERE a.route_id = r.id AND a.date = :today AND r.updated_at >= :begun
        ORDER BY a.status = 'cancelled', a.created_at DESC LIMIT 1
    ) AS its ON true
    WHERE r.id IN (SELECT id FROM routes WHERE warehouse_id = :warehouse
                   UNION SELECT route_id FROM assignments WHERE warehouse_id = :warehouse AND date = :today)
      AND coalesce(its.warehouse_id, r.warehouse_id) = :warehouse
    ORDER BY r.id
    """,
    warehouse=Uuid(),
    today=Date(),
    begun=DateTime(timezone=True),
)


async def routes_on(session: AsyncSession, place: Place, on: date, policy: Policy, now: datetime) -> list[uuid.UUID]:
    """The route itself, or all that leave from the warehouse on a day from today on.

    One that moves leaves for the rest of the day from where it was (R12.5).
    """
    if place.is_route or on != time.local_day(now, policy):
        return await routes_of(session, place)
    begun = time.local_instant(on, policy.midnight, policy)
    given = {"warehouse": place.id, "today": on, "begun": begun}
    return list(await session.scalars(_ROUTES_TODAY, given))


async def routes_of(session: AsyncSession, place: Place) -> list[uuid.UUID]:
    """The route itself, or all of the warehouse's."""
    if place.is_route:
        return [place.id]
    return list(await session.scalars(select(Route.id).where(Route.warehouse_id == place.id).order_by(Route.id)))


@dataclass(frozen=True, slots=True)
class Closing:
    """A day on which a place is closed, and by whom; None: it was not a person."""

    place: Place
    on: date
    by: str | None


@dataclass(frozen=True, slots=True)
class Closings:
    """Some of what is closed ahead, the nearest day first."""

    closings: tuple[Closing, ...]
    page: int
    pages: int


_CLOSED = f"""
    {_PLACES}
    , closed AS (
        SELECT place.*, e.date, e.created_by FROM places place
        CROSS JOIN LATERAL (
            SELECT date, created_by FROM calendar_exceptions e
            WHERE e.warehouse_id = place.id AND NOT e.runs AND e.date >= :today
            UNION ALL
            SELECT date, created_by FROM calendar_exceptions e
            WHERE e.route_id = place.id AND NOT e.runs AND e.date >= :today
        ) AS e
        WHERE CAST(:route AS uuid) IS NULL OR place.id = :route
              OR place.id = (SELECT warehouse_id FROM routes WHERE id = :route)
                 AND NOT EXISTS (SELECT FROM calendar_exceptions own WHERE own.route_id = :route AND own.date = e.date)
    )
"""  # noqa: S608
_TYPES: dict[str, Any] = {"manager": Uuid(), "today": Date(), "route": Uuid()}
_COUNT_CLOSED = sql(f"{_CLOSED} SELECT count(*) FROM closed", **_TYPES)  # noqa: S608
_SOME_CLOSED = sql(
    f"""
    {_CLOSED}
    SELECT id, name, warehouse_id, warehouse, date,
           (SELECT first_name || ' ' || last_name FROM users who WHERE who.id = created_by)
    FROM closed
    ORDER BY date, rank, warehouse, length(name), name, id LIMIT :most OFFSET :passed
    """,  # noqa: S608
    most=Integer(),
    passed=Integer(),
    **_TYPES,
)


async def closings(
    session: AsyncSession,
    manager_id: uuid.UUID,
    today: date,
    page: int,
    per_page: int,
    *,
    route_id: uuid.UUID | None = None,
) -> Closings:
    """What is closed from `today` on in the manager's warehouses; `route_id`: what concerns this route."""
    given = {"manager": manager_id, "today": today, "route": route_id}
    page, pages = nearest(page, await session.scalar(_COUNT_CLOSED, given) or 0, per_page)
    rows = await session.execute(_SOME_CLOSED, given | {"most": per_page, "passed": page * per_page})
    return Closings(tuple(Closing(Place(*row[:4]), *row[4:]) for row in rows), page, pages)


@dataclass(frozen=True, slots=True)
class RoutesPage:
    """Some of a manager's routes, by warehouse; and all of his warehouses."""

    routes: tuple[Place, ...]
    warehouses: tuple[Place, ...]
    page: int
    pages: int


async def routes_page(session: AsyncSession, manager_id: uuid.UUID, page: int, per_page: int) -> RoutesPage:
    """/routes; pages count from 0."""
    every = await places(session, manager_id)
    routes = [place for place in every if place.is_route]
    some, page, pages = cut(routes, page, per_page)
    return RoutesPage(some, tuple(place for place in every if not place.is_route), page, pages)


async def weekdays_of(session: AsyncSession, route_id: uuid.UUID) -> tuple[Weekday, ...]:
    """The weekdays that a route has of its own; none: it runs every day."""
    rows = await session.execute(
        select(RouteWeekday.weekday, RouteWeekday.starts_on, RouteWeekday.ends_on)
        .where(RouteWeekday.route_id == route_id)
        .order_by(RouteWeekday.weekday, RouteWeekday.starts_on)
    )
    return tuple(Weekday(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class RouteCalendar:
    """A route's weekdays as they stand from `today` on (0 = Sunday), and the nearest days on which it is closed."""

    route: Place
    weekdays: tuple[int, ...]
    closed: Closings


async def route_calendar(
    session: AsyncSession, manager_id: uuid.UUID, route_id: uuid.UUID, today: date, most: int
) -> RouteCalendar | None:
    """None where there is no such route or it isn't his (R12.3)."""
    route = await place(session, manager_id, route_id)
    if route is None or not route.is_route:
        return None
    on = weekdays_from(today, await weekdays_of(session, route_id))
    return RouteCalendar(route, on, await closings(session, manager_id, today, 0, most, route_id=route_id))
