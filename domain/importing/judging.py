"""Whether what a file says fits what there is already; every name in it becomes an id (R12.5). Nothing is written."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, Text, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Route, Warehouse
from domain.db.sql import sql
from domain.importing.sheets import DriverLine, Fault, RouteLine, Sheet, WarehouseLine, What
from domain.names import folded
from domain.people.drivers import WORKS_HERE, own_among
from domain.people.queries import Person, manages


@dataclass(frozen=True, slots=True)
class NewRoute:
    """A route to be made in a warehouse."""

    line: RouteLine
    warehouse_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class NewDriver:
    """A driver to be made, his home, and the routes that he prefers."""

    line: DriverLine
    warehouse_id: uuid.UUID
    routes: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """All of it fits; of one of the three there is something."""

    warehouses: tuple[WarehouseLine, ...] = ()
    routes: tuple[NewRoute, ...] = ()
    drivers: tuple[NewDriver, ...] = ()

    @property
    def places(self) -> tuple[uuid.UUID, ...]:
        """The warehouses that it is about, by id."""
        return tuple(
            sorted({route.warehouse_id for route in self.routes} | {each.warehouse_id for each in self.drivers})
        )


async def judge_sheet(
    session: AsyncSession, by: Person | None, sheet: Sheet, today: date
) -> Judged | tuple[Fault, ...]:
    """The sheet with its ids; or everything in it that is wrong or does not fit, by line.

    `by`: whose warehouses are known to it; None: all are, for who runs the company. Of the numbers of people who are
    neither his drivers nor have left it is said only that they are taken. The statements are constant in number.
    """
    judged = await _judged(session, by, sheet, today)
    faults = sheet.faults if isinstance(judged, Judged) else (*sheet.faults, *judged)
    return tuple(sorted(set(faults), key=lambda fault: (fault.line, fault.what))) if faults else judged


async def _judged(session: AsyncSession, by: Person | None, sheet: Sheet, today: date) -> Judged | tuple[Fault, ...]:
    warehouses = [line for line in sheet.lines if isinstance(line, WarehouseLine)]
    routes = [line for line in sheet.lines if isinstance(line, RouteLine)]
    drivers = [line for line in sheet.lines if isinstance(line, DriverLine)]
    if warehouses:
        return await _judge_warehouses(session, warehouses)
    places = await _places(session, by)
    there = await _routes(session, places.values())
    if routes:
        return _judge_routes(routes, places, there)
    return _judge_drivers(drivers, places, there, await _taken(session, by, [line.phone for line in drivers], today))


async def _judge_warehouses(session: AsyncSession, lines: Sequence[WarehouseLine]) -> Judged | tuple[Fault, ...]:
    taken = {name.casefold() for name in await session.scalars(select(Warehouse.name))}
    faults = [Fault(line.line, What.NAME_TAKEN, line.name) for line in lines if line.name.casefold() in taken]
    return tuple(faults) if faults else Judged(warehouses=tuple(lines))


@dataclass(frozen=True, slots=True)
class _Names:
    """Things by their names: as they are written but for case, and as tolerantly as commands are read."""

    exact: Mapping[str, Sequence[uuid.UUID]]
    near: Mapping[str, Sequence[uuid.UUID]]

    def called(self, name: str) -> Sequence[uuid.UUID]:
        return self.exact.get(name.casefold(), ()) or self.near.get(folded(name), ())

    def values(self) -> list[uuid.UUID]:
        return [id_ for ids in self.exact.values() for id_ in ids]


def _names(rows: Iterable[tuple[uuid.UUID, str]]) -> _Names:
    exact, near = defaultdict(list), defaultdict(list)
    for id_, name in rows:
        exact[name.casefold()].append(id_)
        near[folded(name)].append(id_)
    return _Names(exact, near)


async def _places(session: AsyncSession, by: Person | None) -> _Names:
    his = select(Warehouse.id, Warehouse.name)
    if by is not None:
        his = his.where(manages(by.id, Warehouse.id))
    return _names((await session.execute(his)).tuples())


async def _routes(session: AsyncSession, warehouses: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, _Names]:
    of = select(Route.warehouse_id, Route.id, Route.name).where(Route.warehouse_id.in_(warehouses))
    rows = defaultdict(list)
    for warehouse_id, id_, name in await session.execute(of):
        rows[warehouse_id].append((id_, name))
    return {warehouse_id: _names(named) for warehouse_id, named in rows.items()}


_NONE = _Names({}, {})


def _warehouse(line: RouteLine | DriverLine, places: _Names) -> uuid.UUID | Fault:
    found = places.called(line.warehouse)
    if len(found) == 1:
        return found[0]
    what = What.WAREHOUSE_AMBIGUOUS if found else What.WAREHOUSE_UNKNOWN
    return Fault(line.line, what, line.warehouse)


def _judge_routes(
    lines: Sequence[RouteLine], places: _Names, there: Mapping[uuid.UUID, _Names]
) -> Judged | tuple[Fault, ...]:
    faults: list[Fault] = []
    routes: list[NewRoute] = []
    first: dict[tuple[uuid.UUID, str], int] = {}
    for line in lines:
        place = _warehouse(line, places)
        if isinstance(place, Fault):
            faults.append(place)
            continue
        key = place, line.name.casefold()
        if key in first:  # though the warehouse was written otherwise
            faults.append(Fault(line.line, What.NAME_TWICE, line.name, first[key]))
        elif line.name.casefold() in there.get(place, _NONE).exact:
            faults.append(Fault(line.line, What.NAME_TAKEN, line.name))
        first.setdefault(key, line.line)
        routes.append(NewRoute(line, place))
    return tuple(faults) if faults else Judged(routes=tuple(routes))


_TAKEN = sql(
    f"""
    SELECT who.phone, who.id, who.role = 'driver' AS drives, NOT {WORKS_HERE.format(who="who.id")} AS gone
    FROM users who WHERE who.phone = ANY (:phones)
    """,  # noqa: S608 - our own texts
    phones=ARRAY(Text()),
    today=Date(),
)


async def _taken(session: AsyncSession, by: Person | None, phones: Sequence[str], today: date) -> Mapping[str, What]:
    """Those of these numbers that somebody has, and whose they are, as `inviting.newcomer` sees it."""
    having = defaultdict(list)
    for row in await session.execute(_TAKEN, {"phones": list(phones), "today": today}):
        having[row.phone].append(row)
    ids = [who.id for people in having.values() for who in people]
    own = set(ids) if by is None else await own_among(session, by.id, ids, today)
    taken = {}
    for phone, (he, *others) in having.items():
        if others or not he.drives:
            taken[phone] = What.PHONE_TAKEN
        elif he.gone:
            taken[phone] = What.PHONE_LEFT
        else:
            taken[phone] = What.PHONE_OWN if he.id in own else What.PHONE_TAKEN
    return taken


def _judge_drivers(
    lines: Sequence[DriverLine], places: _Names, there: Mapping[uuid.UUID, _Names], taken: Mapping[str, What]
) -> Judged | tuple[Fault, ...]:
    faults: list[Fault] = []
    drivers: list[NewDriver] = []
    for line in lines:
        if line.phone in taken:
            faults.append(Fault(line.line, taken[line.phone], line.phone))
        place = _warehouse(line, places)
        if isinstance(place, Fault):
            faults.append(place)
            continue
        routes = []
        for name in line.routes:
            found = there.get(place, _NONE).called(name)
            if len(found) == 1:
                routes.append(found[0])
            else:
                faults.append(Fault(line.line, What.ROUTE_UNKNOWN, name))
        drivers.append(NewDriver(line, place, tuple(dict.fromkeys(routes))))
    return tuple(faults) if faults else Judged(drivers=tuple(drivers))
