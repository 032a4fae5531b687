"""A route's weekdays, and routes that start in the middle of a week (R2.0)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Date, Integer, Uuid, insert, or_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.db.models import Route, RouteWeekday
from domain.db.sql import sql
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.places.naming import judge_route_name
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule import opening, queries
from domain.schedule.calling_off import Effect, call_off, effect_locked
from domain.schedule.queries import Place
from domain.schedule.rules import DAYS_OF_WEEK, weekday_of, weekdays_from


@dataclass(frozen=True, slots=True)
class TurnedOn:
    """The route runs on this weekday from today on; so many slots were opened. Pressed again: none."""

    slots: int


@dataclass(frozen=True, slots=True)
class TurnedOff:
    """It does not any more; what there was is called off. Pressed again: nothing was."""

    effect: Effect


@dataclass(frozen=True, slots=True)
class WouldDisplace:
    """Drivers have these shifts, or have bid for them: nothing is done before the manager has seen that."""

    route: Place
    weekday: int
    effect: Effect


async def turn_on(
    session: AsyncSession, manager: Person, route_id: uuid.UUID, weekday: int, policy: Policy, now: datetime
) -> TurnedOn | Refused:
    """A route runs on a weekday (0 = Sunday) from today on; its slots of the published weeks are opened at once.

    Today's only before its shifts start. Refused: what is not a route of the manager's, or no weekday.
    """
    route = await _locked(session, manager, route_id, weekday)
    if isinstance(route, Refused):
        return route
    today = time.local_day(now, policy)
    if weekday in weekdays_from(today, await queries.weekdays_of(session, route_id)):
        return TurnedOn(0)
    since = upsert(RouteWeekday).values(route_id=route_id, weekday=weekday, starts_on=today)
    again = since.on_conflict_do_update(index_elements=["route_id", "weekday", "starts_on"], set_={"ends_on": None})
    await session.execute(again)
    await _record(session, manager, route_id, weekday, True, today, now)
    published = await opening.published_days(session, route.warehouse_id, policy, now)
    days = [on for on in opening.still_to_start(published, policy, now) if weekday_of(on) == weekday]
    slots = await opening.open_slots(session, manager.id, route.warehouse_id, [route_id], days, [], policy, now)
    return TurnedOn(slots)


async def turn_off(
    session: AsyncSession,
    manager: Person,
    route_id: uuid.UUID,
    weekday: int,
    sure: bool,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> TurnedOff | WouldDisplace | Refused:
    """A route does not run on a weekday from today on; what was before stays true.

    Where drivers have such shifts ahead, or have bid for them, nothing is done unless the manager is `sure`; then they
    are told as at a closing. Days that are to run whatever the weekdays stay. Refused as above.
    """
    route = await _locked(session, manager, route_id, weekday)
    if isinstance(route, Refused):
        return route
    today = time.local_day(now, policy)
    its_own = await queries.weekdays_of(session, route_id)
    if weekday not in weekdays_from(today, its_own):
        return TurnedOff(Effect((), ()))
    days = await _days_ahead(session, route_id, weekday, today)
    effect = await effect_locked(session, [route_id], days)
    if not sure and (effect.displaced or effect.bidders):
        return WouldDisplace(route, weekday, effect)
    if not its_own:  # from now on it has
        every = [{"route_id": route_id, "weekday": number} for number in range(DAYS_OF_WEEK)]
        await session.execute(insert(RouteWeekday), every)
    await _end(session, route_id, weekday, today)
    await _record(session, manager, route_id, weekday, False, today, now)
    await call_off(session, manager.id, route.warehouse_id, days, effect, [], say, policy, now)
    return TurnedOff(effect)


async def _locked(session: AsyncSession, manager: Person, route_id: uuid.UUID, weekday: int) -> Place | Refused:
    route = await queries.place_locked(session, manager.id, route_id)
    if route is None or not route.is_route or not 0 <= weekday < DAYS_OF_WEEK:
        return Refused(Refusal.NOT_FOUND)
    return route


async def _end(session: AsyncSession, route_id: uuid.UUID, weekday: int, today: date) -> None:
    """Whatever says that it runs on this weekday says so until yesterday. Rows stay: without any it would run daily."""
    yesterday = today - timedelta(days=1)
    goes_on = or_(RouteWeekday.ends_on.is_(None), RouteWeekday.ends_on >= today)
    its = (RouteWeekday.route_id == route_id, RouteWeekday.weekday == weekday, goes_on)
    await session.execute(update(RouteWeekday).where(*its).values(ends_on=yesterday))


_DAYS_AHEAD = sql(
    """
    SELECT DISTINCT a.date FROM assignments a
    WHERE a.route_id = :route AND a.date >= :today AND a.status <> 'cancelled'
      AND extract(dow FROM a.date) = :weekday
      AND NOT EXISTS (SELECT FROM calendar_exceptions e WHERE e.route_id = a.route_id AND e.date = a.date AND e.runs)
    """,
    route=Uuid(),
    today=Date(),
    weekday=Integer(),
)


async def _days_ahead(session: AsyncSession, route_id: uuid.UUID, weekday: int, today: date) -> list[date]:
    given = {"route": route_id, "today": today, "weekday": weekday}
    return sorted(await session.scalars(_DAYS_AHEAD, given))


async def _record(
    session: AsyncSession, manager: Person, route_id: uuid.UUID, weekday: int, runs: bool, today: date, now: datetime
) -> None:
    after = {"weekday": weekday, "runs": runs, "from": today.isoformat()}
    await audit.record(session, manager.id, now, audit.Entry("route", route_id, "weekday", after=after))


@dataclass(frozen=True, slots=True)
class Created:
    """The route is there, and so many slots of it are open."""

    route_id: uuid.UUID
    name: str
    slots: int


async def create_route(
    session: AsyncSession, manager: Person, warehouse_id: uuid.UUID, name: str, policy: Policy, now: datetime
) -> Created | Refused:
    """A new route of one of the manager's warehouses, which runs every day; its slots are opened at once (R2.0).

    From today, before shifts start, to the end of the weeks that are published. Refused: a warehouse that is not his,
    no name or one of over 40 characters, and a name that another route of the warehouse has.
    """
    place = await queries.place_locked(session, manager.id, warehouse_id)
    if place is None or place.is_route:
        return Refused(Refusal.NOT_FOUND)
    judged = await judge_route_name(session, warehouse_id, name, policy)
    if isinstance(judged, Refusal):
        return Refused(judged)
    route_id = uuid.uuid4()
    made = {"created_by": manager.id, "created_at": now, "updated_at": now}
    await session.execute(insert(Route).values(id=route_id, name=judged, warehouse_id=warehouse_id, **made))
    after = {"name": judged, "warehouse_id": str(warehouse_id)}
    await audit.record(session, manager.id, now, audit.Entry("route", route_id, "created", after=after))
    days = opening.still_to_start(await opening.published_days(session, warehouse_id, policy, now), policy, now)
    slots = await opening.open_slots(session, manager.id, warehouse_id, [route_id], days, [], policy, now)
    return Created(route_id, judged, slots)
