"""A route moves to another of its manager's warehouses, with what is ahead of it (R12.5); what was driven stays."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, DateTime, Row, Uuid, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import Assignment, Route, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.routes import RouteMoved
from domain.notices.kinds import Kind
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.places.naming import judge_route_name
from domain.places.shown import follow_places
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.roster.freezing import saving
from domain.schedule import opening, queries
from domain.schedule.calling_off import LiveSlot, effect_locked
from domain.schedule.queries import Place
from domain.time import local_day

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moving:
    """What moving comes to, before the last button. `slots` of the route go with it, from `first` on.

    So many `drivers` have some of them, and so many take it from what they prefer, since they don't work there
    (`unwanted`).
    """

    route: Place
    to: Place
    first: date
    slots: int
    drivers: int
    unwanted: int


@dataclass(frozen=True, slots=True)
class Moved:
    """It leaves from there, from `first` on, and those whom it concerns are told."""

    route: Place
    first: date
    told: int


# Who prefers the route, and who of them could not be given it there: neither a home of his nor open to him (R6.3).
_PREFERRING = sql(
    """
    SELECT wish.user_id, contact.language,
           NOT (NOT EXISTS (SELECT FROM employments home WHERE home.user_id = wish.user_id)
                OR EXISTS (SELECT FROM employments home WHERE home.user_id = wish.user_id AND home.warehouse_id = :to
                           AND (home.ends_on IS NULL OR home.ends_on >= :today))
                OR EXISTS (SELECT FROM open_warehouses open
                           WHERE open.user_id = wish.user_id AND open.warehouse_id = :to)) AS unwanted
    FROM driver_preferences wish LEFT JOIN contact_settings contact ON contact.user_id = wish.user_id
    WHERE :route = ANY (wish.preferred_routes)
    """,
    route=Uuid(),
    to=Uuid(),
    today=Date(),
)


async def preview_move(
    session: AsyncSession, manager: Person, route_id: uuid.UUID, to_id: uuid.UUID, policy: Policy, now: datetime
) -> Moving | Refused:
    """What would follow from moving a route of the manager's to another of his warehouses. Refused as moving is."""
    route, to = [await queries.place(session, manager.id, each) for each in (route_id, to_id)]
    decided = await _decide(session, route, to, policy)
    if isinstance(decided, Refused):
        return decided
    route, to = decided
    first = local_day(now, policy) + DAY
    ahead = await _ahead(session, route, first)
    if await _closed(session, to, ahead):
        return Refused(Refusal.CLOSED_THERE)
    preferring = await _preferring(session, route, to, policy, now)
    drivers = {slot.user_id for slot in ahead if slot.user_id is not None}
    return Moving(route, to, first, len(ahead), len(drivers), sum(each.unwanted for each in preferring))


async def _decide(
    session: AsyncSession, route: Place | None, to: Place | None, policy: Policy
) -> tuple[Place, Place] | Refused:
    if route is None or to is None or not route.is_route or to.is_route:
        return Refused(Refusal.NOT_FOUND)
    if route.warehouse_id == to.id:
        return Refused(Refusal.THERE_ALREADY)
    judged = await judge_route_name(session, to.id, route.name, policy)
    return Refused(judged) if isinstance(judged, Refusal) else (route, to)


async def move_route(
    session: AsyncSession,
    manager: Person,
    route_id: uuid.UUID,
    to_id: uuid.UUID,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Moved | Refused:
    """A route of the manager's leaves from another of his warehouses from tomorrow on; what is before stays (R12.5).

    Drivers keep their shifts and are told where they leave from; bids stand, and are judged by the new warehouse. Who
    does not work there no longer prefers it, from the next freeze on, and is told. Refused: what is not his, where it
    is already, a name that the other warehouse has, and where that is closed on a day of one of the slots. Locks: the
    freeze, alone, both calendars by id, windows, assignments, then drivers by id.
    """
    at = await saving(session, now, alone=True)
    before = await queries.place(session, manager.id, route_id)
    calendars = sorted({to_id} | ({before.warehouse_id} if before else set()))
    of_both = select(Warehouse.id).where(Warehouse.id.in_(calendars)).order_by(Warehouse.id)
    await session.execute(of_both.with_for_update(key_share=True))
    route, to = [await queries.place(session, manager.id, each) for each in (route_id, to_id)]
    if before is not None and route is not None and route.warehouse_id != before.warehouse_id:
        return Refused(Refusal.THERE_ALREADY if route.warehouse_id == to_id else Refusal.NOT_FOUND)
    decided = await _decide(session, route, to, policy)
    if isinstance(decided, Refused):
        return decided
    route, to = decided
    first = local_day(now, policy) + DAY
    days = sorted({slot.date for slot in await _ahead(session, route, first)})
    effect = await effect_locked(session, [route.id], days)
    ahead = await _ahead(session, route, first)
    if await _closed(session, to, ahead):
        return Refused(Refusal.CLOSED_THERE)
    preferring = await _preferring(session, route, to, policy, now)
    if preferring:
        await lock_people(session, {each.user_id for each in preferring})
        preferring = await _preferring(session, route, to, policy, now)  # where they work may just have changed
    await _write(session, manager, route, to, [slot.id for slot in ahead], now)
    unwanted = [each.user_id for each in preferring if each.unwanted]
    await _no_longer_preferred(session, manager, route, unwanted, at, now)
    told = await _tell(session, route, to, first, effect.cancelled, preferring, say, now)
    today = local_day(now, policy)
    left = [following.DayAt(route.warehouse_id, on) for on in days]
    both = [route.warehouse_id, to.id]
    await follow_places(session, [route.id], both, today, now, also=unwanted, left=left)
    published = await opening.published_days(session, to.id, policy, now)
    new = [on for on in published if on >= first]
    await opening.open_slots(session, manager.id, to.id, [route.id], new, [], policy, now)
    return Moved(Place(route.id, route.name, to.id, to.name), first, told)


# Said by what it is not: by what it is, PostgreSQL would read all of the company's days ahead.
_AHEAD = sql(
    """
    SELECT id, date, user_id FROM assignments
    WHERE route_id = :route AND date >= :first AND status NOT IN ('active', 'completed', 'cancelled') ORDER BY date
    """,
    route=Uuid(),
    first=Date(),
)


async def _ahead(session: AsyncSession, route: Place, first: date) -> list[Row[Any]]:
    return list((await session.execute(_AHEAD, {"route": route.id, "first": first})).all())


_CLOSED = sql(
    """
    SELECT EXISTS (
        SELECT FROM assignments a JOIN calendar_exceptions there ON there.warehouse_id = :to AND there.date = a.date
        WHERE a.id = ANY (:slots) AND NOT there.runs
          AND NOT EXISTS (SELECT FROM calendar_exceptions own
                          WHERE own.route_id = a.route_id AND own.date = a.date AND own.runs))
    """,
    to=Uuid(),
)


async def _closed(session: AsyncSession, to: Place, ahead: list[Row[Any]]) -> bool:
    """Whether the warehouse is closed on a day of one of these slots."""
    return bool(await session.scalar(_CLOSED, {"to": to.id, "slots": [slot.id for slot in ahead]}))


async def _preferring(session: AsyncSession, route: Place, to: Place, policy: Policy, now: datetime) -> list[Row[Any]]:
    given = {"route": route.id, "to": to.id, "today": local_day(now, policy)}
    return list((await session.execute(_PREFERRING, given)).all())


async def _write(
    session: AsyncSession, manager: Person, route: Place, to: Place, slots: list[uuid.UUID], now: datetime
) -> None:
    there = {"warehouse_id": to.id, "updated_at": now}
    await session.execute(update(Route).where(Route.id == route.id).values(there))
    await session.execute(update(Assignment).where(Assignment.id.in_(slots)).values(there))
    was, is_ = {"warehouse_id": str(route.warehouse_id)}, {"warehouse_id": str(to.id)}
    moved = [audit.Entry("assignment", slot, "moved", was, is_) for slot in slots]
    await audit.record(session, manager.id, now, audit.Entry("route", route.id, "moved", was, is_), *moved)


# A version, as when a driver saves (R3.2); what another program has written becomes the first.
_NO_LONGER = sql(
    """
    WITH stood AS (
        INSERT INTO preference_versions (user_id, saved_at, days, routes, any_home_route)
        SELECT user_id, least(updated_at, :at - interval '1 microsecond'), preferred_days, preferred_routes[1:3], false
        FROM driver_preferences wish
        WHERE user_id = ANY (:drivers)
          AND NOT EXISTS (SELECT FROM preference_versions v WHERE v.user_id = wish.user_id)
    ), saved AS (
        INSERT INTO preference_versions (user_id, saved_at, days, routes, any_home_route)
        SELECT wish.user_id, greatest(:at, last.saved_at + interval '1 microsecond'),
               coalesce(last.days, wish.preferred_days),
               array_remove(coalesce(last.routes, wish.preferred_routes[1:3]), :route),
               coalesce(last.any_home_route, false)
        FROM driver_preferences wish
        LEFT JOIN LATERAL (
            SELECT * FROM preference_versions v WHERE v.user_id = wish.user_id ORDER BY v.saved_at DESC LIMIT 1
        ) last ON true
        WHERE wish.user_id = ANY (:drivers)
    )
    UPDATE driver_preferences SET preferred_routes = array_remove(preferred_routes, :route), updated_at = :at
    WHERE user_id = ANY (:drivers)
    """,
    route=Uuid(),
    at=DateTime(timezone=True),
)


async def _no_longer_preferred(
    session: AsyncSession, manager: Person, route: Place, drivers: list[uuid.UUID], at: datetime, now: datetime
) -> None:
    if drivers:
        await session.execute(_NO_LONGER, {"route": route.id, "drivers": drivers, "at": at})
        before = {"route_id": str(route.id)}
        gone = [audit.Entry("preferences", driver, "route_moved", before) for driver in drivers]
        await audit.record(session, manager.id, now, *gone)


async def _tell(
    session: AsyncSession,
    route: Place,
    to: Place,
    first: date,
    slots: tuple[LiveSlot, ...],
    preferring: list[Row[Any]],
    say: Wording,
    now: datetime,
) -> int:
    """Who has shifts of it, or does not prefer it any more. Returns how many those are."""
    address = await session.scalar(select(Warehouse.address).where(Warehouse.id == to.id)) or ""
    driving = [slot for slot in slots if slot.status is AssignmentStatus.SCHEDULED and slot.driver_id is not None]
    languages = {slot.driver_id: slot.language for slot in driving if slot.driver_id is not None}
    languages |= {each.user_id: each.language for each in preferring if each.unwanted}
    unwanted = {each.user_id for each in preferring if each.unwanted}
    envelope = notices.Envelope(Kind.ROUTE_MOVED, route.id, occasion=now)
    letters = []
    for driver_id, language in sorted(languages.items()):
        shifts = sum(slot.driver_id == driver_id for slot in driving)
        notice = RouteMoved(route.name, to.name, address, first, shifts, driver_id in unwanted)
        letters.append(Letter(driver_id, language, notice, envelope))
    return await tell_each(session, letters, say, now)
