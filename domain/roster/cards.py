"""A roster that is made for a manager, or would be: what its card shows, and why slots stay empty (R3.6, R3.9)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from itertools import groupby
from typing import Any

from sqlalchemy import Boolean, Date, Integer, Uuid, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import RosterRun, User
from domain.db.models.words import GapReason, RosterCause
from domain.db.sql import sql
from domain.pages import nearest
from domain.people.drivers import names_of
from domain.people.queries import warehouses_of
from domain.policy import Policy
from domain.roster import weeks
from domain.roster.snapshot import days_to_come
from domain.roster.supposing import Difference, Supposed
from domain.roster.weeks import Certificate
from domain.roster.workplaces import these_routes
from domain.schedule.calendar import RUNS
from domain.schedule.queries import Place
from domain.schedule.rules import DAYS_OF_WEEK, days_of


class Cell(Enum):
    """A route on a day, as a roster's card has it."""

    COVERED = auto()
    WOULD_BE = auto()  # covered, by the roster of a preview
    EMPTY = auto()
    NOT_RUN = auto()
    OVER = auto()  # its shift has started


@dataclass(frozen=True, slots=True)
class RouteWeek:
    """A route, and its days from Monday on."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class WarehouseWeek:
    """A warehouse's routes."""

    id: uuid.UUID
    name: str
    routes: tuple[RouteWeek, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a preview supposes, and what comes of it. `driver` None: somebody new, or whom the manager may not
    see (any more); `routes`: those supposed, ranked; `before`: so many would be filled else.

    `closed`: slots, by route's name and day, that only then have a driver; `opened`: those that only then have none.
    What has got a driver since, or has started, is none of these.
    """

    supposed: Supposed
    driver: str | None
    routes: tuple[Place, ...]
    before: int
    closed: tuple[tuple[str, date], ...]
    opened: tuple[tuple[str, date], ...]


@dataclass(frozen=True, slots=True)
class RosterCard:
    """What a manager sees of a roster: his warehouses alone.

    `made_at` None: it is under way. `filled`: so many there by it. `proven`: no more than that is possible in his
    warehouses; otherwise, by a preview, in those together that share drivers with them, and by what was filled, some of
    it was taken meanwhile. `certificate` is that of the week's own roster, `freezes_at` when that is to be made.
    """

    run_id: uuid.UUID
    week: date
    cause: RosterCause
    made_at: datetime | None
    filled: int
    proven: bool
    warehouses: tuple[WarehouseWeek, ...]
    certificate: Certificate | None
    freezes_at: datetime | None
    what_if: WhatIf | None = None

    @property
    def fills(self) -> int:
        """How many slots would be filled now, as it is: by what is only supposed, none."""
        return 0 if self.what_if else self.count(Cell.WOULD_BE)

    def count(self, *cells: Cell) -> int:
        """How many routes' days are like this."""
        return sum(cell in cells for place in self.warehouses for route in place.routes for cell in route.cells)


_CELLS = sql(
    f"""
    SELECT w.id AS warehouse_id, w.name AS warehouse, r.id AS route_id, r.name AS route, d.date, {RUNS} AS runs,
           a.user_id IS NOT NULL AS covered, pair.run_id IS NOT NULL AND :preview AS would_be,
           (a.assigned_by = 'algorithm' AND a.user_id = pair.user_id) IS TRUE AS given
    FROM routes r
    JOIN warehouses w ON w.id = r.warehouse_id
    CROSS JOIN unnest(:days) AS d (date)
    LEFT JOIN assignments a ON a.route_id = r.id AND a.date = d.date AND a.status <> 'cancelled'
    LEFT JOIN roster_pairs pair ON pair.run_id = :run AND pair.route_id = r.id AND pair.date = d.date
    WHERE w.id = ANY (:warehouses)
    ORDER BY w.name, w.id, length(r.name), r.name, r.id, d.date
    """,  # noqa: S608 - our own text
    days=ARRAY(Date()),
    warehouses=ARRAY(Uuid()),
    run=Uuid(),
    preview=Boolean(),
)


async def card(
    session: AsyncSession, manager_id: uuid.UUID, run_id: uuid.UUID, policy: Policy, now: datetime
) -> RosterCard | None:
    """None where there is no such roster (any more), or it is of no warehouse of his (R12.3)."""
    found = await his_run(session, manager_id, run_id)
    if found is None:
        return None
    run, mine = found
    days = days_of(run.week, run.week + timedelta(days=DAYS_OF_WEEK - 1))
    is_preview = run.cause is RosterCause.PREVIEW
    given = {"days": days, "warehouses": mine, "run": run.id, "preview": is_preview}
    rows = (await session.execute(_CELLS, given)).all()
    to_come = frozenset(days_to_come(run.week, policy, now))
    by_preview = sum(row.would_be for row in rows)
    return RosterCard(
        run_id=run.id,
        week=run.week,
        cause=run.cause,
        made_at=run.carried_out_at,
        filled=by_preview if is_preview else sum(row.given for row in rows),
        proven=run.maximum == (by_preview if is_preview else run.filled),
        warehouses=_warehouses(rows, to_come),
        certificate=(await weeks.certificates(session, [run.week])).get(run.week),
        freezes_at=weeks.freezes_at(run.week, policy, now),
        what_if=await _what_if(session, manager_id, run, rows, to_come, time.local_day(now, policy)),
    )


async def _what_if(
    session: AsyncSession,
    manager_id: uuid.UUID,
    run: RosterRun,
    rows: Sequence[Any],
    to_come: frozenset[date],
    today: date,
) -> WhatIf | None:
    if run.changes is None:
        return None
    supposed, difference = Supposed.of(run.changes), Difference.of(run.changes)
    names = {} if supposed.driver_id is None else await names_of(session, manager_id, [supposed.driver_id], today)
    routes = {(row.route_id, row.date): row.route for row in rows}
    cells = {(row.route_id, row.date): _cell(row, to_come) for row in rows}
    closed, opened = (
        tuple((routes[slot], slot[1]) for slot in slots if cells.get(slot) is still)
        for slots, still in ((difference.closed, Cell.WOULD_BE), (difference.opened, Cell.EMPTY))
    )
    before = sum(cell is Cell.WOULD_BE for cell in cells.values()) - len(closed) + len(opened)
    ranked = await these_routes(session, supposed.preferences.routes)
    return WhatIf(supposed, next(iter(names.values()), None), ranked, before, closed, opened)


async def supposed_in(session: AsyncSession, manager_id: uuid.UUID, run_id: uuid.UUID) -> tuple[date, Supposed] | None:
    """Of which week a preview is, and what it supposes; None where it supposes nothing, or is none of his (R12.3)."""
    found = await his_run(session, manager_id, run_id)
    return None if found is None or found[0].changes is None else (found[0].week, Supposed.of(found[0].changes))


async def his_run(
    session: AsyncSession, manager_id: uuid.UUID, run_id: uuid.UUID
) -> tuple[RosterRun, list[uuid.UUID]] | None:
    """A roster that was asked for, and those of its warehouses that are (still) this manager's."""
    run = await session.scalar(select(RosterRun).where(RosterRun.id == run_id))
    if run is None or run.warehouses is None:
        return None
    mine = [each for each in await warehouses_of(session, manager_id) if each in run.warehouses]
    return (run, mine) if mine else None


def _warehouses(rows: Sequence[Any], to_come: frozenset[date]) -> tuple[WarehouseWeek, ...]:
    places = []
    for id_, of_place in groupby(rows, key=lambda row: row.warehouse_id):
        routes = []
        for _, of_route in groupby(of_place, key=lambda row: row.route_id):
            days = list(of_route)
            routes.append(RouteWeek(days[0].route, tuple(_cell(day, to_come) for day in days)))
            name = days[0].warehouse
        places.append(WarehouseWeek(id_, name, tuple(routes)))
    return tuple(places)


def _cell(row: Any, to_come: frozenset[date]) -> Cell:
    if not row.runs:
        return Cell.NOT_RUN
    if row.date not in to_come:
        return Cell.OVER
    if row.covered:
        return Cell.COVERED
    return Cell.WOULD_BE if row.would_be else Cell.EMPTY


# -- why slots stay empty


@dataclass(frozen=True, slots=True)
class KeptFrom:
    """What keeps a driver from a slot that he prefers: a shift that day, `route` naming it where the manager may know,
    or (`at_cap`) his weekly cap."""

    driver: str
    route: str | None
    at_cap: int | None


@dataclass(frozen=True, slots=True)
class GapLine:
    """A slot that stays empty, and why. `others`: so many more prefer it than are named.

    `assignment_id`: the row by which it can be filled by hand; None: there is none yet.
    """

    route: str
    warehouse: str
    on: date
    reason: GapReason
    drivers: tuple[KeptFrom, ...]
    others: int
    assignment_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class GapsPage:
    """Some of a roster's gaps in a manager's warehouses, nearest day first; `total` counts all."""

    run_id: uuid.UUID
    week: date
    gaps: tuple[GapLine, ...]
    total: int
    page: int
    pages: int


# Those that still are gaps.
_GAPS = f"""
    FROM roster_gaps gap
    JOIN routes r ON r.id = gap.route_id
    JOIN warehouses w ON w.id = r.warehouse_id
    CROSS JOIN LATERAL (SELECT gap.date) AS d (date)
    LEFT JOIN assignments a ON a.route_id = gap.route_id AND a.date = gap.date AND a.status <> 'cancelled'
    WHERE gap.run_id = :run AND w.id = ANY (:warehouses) AND gap.date = ANY (:days) AND a.user_id IS NULL AND {RUNS}
"""
_TYPES: Mapping[str, Any] = {"run": Uuid(), "warehouses": ARRAY(Uuid()), "days": ARRAY(Date())}
_COUNT_GAPS = sql(f"SELECT count(*) {_GAPS}", **_TYPES)
_SOME_GAPS = sql(
    f"""
    SELECT r.name AS route, w.name AS warehouse, gap.date, gap.reason, gap.drivers, gap.wanted_by, a.id AS assignment_id
    {_GAPS}
    ORDER BY gap.date, w.name, length(r.name), r.name, r.id LIMIT :most OFFSET :passed
    """,
    most=Integer(),
    passed=Integer(),
    **_TYPES,
)
_CAPS = select(User.id, User.weekly_cap)
_ROUTES = sql(
    "SELECT id, name FROM routes WHERE id = ANY (:routes) AND warehouse_id = ANY (:warehouses)",
    routes=ARRAY(Uuid()),
    warehouses=ARRAY(Uuid()),
)


async def gaps(
    session: AsyncSession,
    manager_id: uuid.UUID,
    run_id: uuid.UUID,
    page: int,
    per_page: int,
    policy: Policy,
    now: datetime,
) -> GapsPage | None:
    """Pages count from 0. None where there is no such roster, or it is of no warehouse of his (R12.3)."""
    found = await his_run(session, manager_id, run_id)
    if found is None:
        return None
    run, mine = found
    given = {"run": run.id, "warehouses": mine, "days": days_to_come(run.week, policy, now)}
    total = await session.scalar(_COUNT_GAPS, given) or 0
    page, pages = nearest(page, total, per_page)
    rows = (await session.execute(_SOME_GAPS, given | {"most": per_page, "passed": page * per_page})).all()
    keeps = [each for row in rows for each in row.drivers]
    who = [uuid.UUID(each["driver_id"]) for each in keeps]
    names = await names_of(session, manager_id, who, time.local_day(now, policy))
    caps = dict((await session.execute(_CAPS.where(User.id.in_(names)))).tuples().all())
    if run.changes is not None and (supposed := Supposed.of(run.changes)).driver_id is not None:
        caps[supposed.driver_id] = supposed.cap
    by = [uuid.UUID(each["taken_by"]) for each in keeps if each["taken_by"]]
    routes = dict((await session.execute(_ROUTES, {"routes": by, "warehouses": mine})).tuples().all())
    lines = tuple(_line(row, names, caps, routes) for row in rows)
    return GapsPage(run.id, run.week, lines, total, page, pages)


def _line(
    row: Any, names: Mapping[uuid.UUID, str], caps: Mapping[uuid.UUID, int], routes: Mapping[uuid.UUID, str]
) -> GapLine:
    named = []
    for each in row.drivers:
        driver_id, taken_by = uuid.UUID(each["driver_id"]), each["taken_by"]
        if driver_id in names:
            route = routes.get(uuid.UUID(taken_by)) if taken_by else None
            named.append(KeptFrom(names[driver_id], route, None if taken_by else caps[driver_id]))
    reason, others = GapReason(row.reason), row.wanted_by - len(named)
    return GapLine(row.route, row.warehouse, row.date, reason, tuple(named), others, row.assignment_id)
