"""A day is closed, and put back (R2.0)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.coverage.rules import opening_for
from domain.db.models import CalendarException
from domain.notices.kinds import holiday_of
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.schedule import calendar, opening, queries, rules
from domain.schedule.calling_off import Effect, call_off, effect_locked, effect_of
from domain.schedule.queries import Place


@dataclass(frozen=True, slots=True)
class Preview:
    """What closing comes to; nothing is done yet."""

    place: Place
    on: date
    effect: Effect


async def preview(
    session: AsyncSession, manager: Person, place_id: uuid.UUID, on: date, policy: Policy, now: datetime
) -> Preview | Refused:
    """What would follow from closing a place of the manager's on a day. Refused as closing it is."""
    place = await queries.place(session, manager.id, place_id)
    if place is None:
        return Refused(Refusal.NOT_FOUND)
    facts = await queries.place_facts(session, place, on)
    decision = rules.decide_close(facts, policy, time.local_day(now, policy))
    if isinstance(decision, Refused):
        return decision
    routes = await queries.routes_on(session, place, on, policy, now)
    return Preview(place, on, await effect_of(session, routes, [on]))


@dataclass(frozen=True, slots=True)
class Closed:
    """It is closed, and whoever it concerns is told."""

    place: Place
    on: date
    effect: Effect


async def close_day(
    session: AsyncSession,
    manager: Person,
    place_id: uuid.UUID,
    on: date,
    reason: str | None,
    say: Wording,
    policy: Policy,
    now: datetime,
    *,
    sure: bool = True,
) -> Closed | Preview | Refused:
    """Closes a warehouse or a route for a day: slots are called off, displaced drivers and bidders told (R2.0).

    Where there are any, nothing is done unless the manager is `sure`: he is to see them first. Refused: what is not
    his, days that are over or over a year ahead, what is closed already or does not run.
    Locks: the warehouse's calendar, windows, assignments, bidders.
    """
    place = await queries.place_locked(session, manager.id, place_id)
    if place is None:
        return Refused(Refusal.NOT_FOUND)
    facts = await queries.place_facts(session, place, on)
    decision = rules.decide_close(facts, policy, time.local_day(now, policy))
    if isinstance(decision, Refused):
        return decision
    routes = await queries.routes_on(session, place, on, policy, now)
    effect = await effect_locked(session, routes, [on])
    if not sure and (effect.displaced or effect.bidders):
        return Preview(place, on, effect)
    if not place.is_route:  # all of it: also what was to run whatever its weekdays
        await session.execute(
            delete(CalendarException).where(
                CalendarException.route_id.in_(routes), CalendarException.on == on, CalendarException.runs
            )
        )
    await _except(session, manager, place, on, False, reason, now)
    also = [holiday_of(on)]
    await call_off(session, manager.id, place.warehouse_id, [on], effect, also, say, policy, now)
    return Closed(place, on, effect)


@dataclass(frozen=True, slots=True)
class RunsAgain:
    """The day is as usual; so many slots have come back."""

    place: Place
    on: date
    slots: int


async def run_after_all(
    session: AsyncSession, manager: Person, place_id: uuid.UUID, on: date, policy: Policy, now: datetime
) -> RunsAgain | Refused:
    """[Run after all]: what was closed that day runs; its slots come back unfilled, with windows, if it is published.

    A route runs whatever its weekdays and its warehouse; of a warehouse, those run that would have. Refused: what is
    not the manager's, runs already, or is over.
    """
    place = await queries.place_locked(session, manager.id, place_id)
    if place is None:
        return Refused(Refusal.NOT_FOUND)
    facts = await queries.place_facts(session, place, on)
    decision = rules.decide_run(facts, policy, time.local_day(now, policy))
    if isinstance(decision, Refused):
        return decision
    if opening_for(on, policy, now) is None:
        return Refused(Refusal.DAY_OVER)
    await _run(session, manager, place, on, now)
    published = await opening.published_days(session, place.warehouse_id, policy, now)
    days = [on] if on in published else []
    routes, also = await queries.routes_on(session, place, on, policy, now), [holiday_of(on)]
    slots = await opening.open_slots(session, manager.id, place.warehouse_id, routes, days, also, policy, now)
    return RunsAgain(place, on, slots)


async def _run(session: AsyncSession, manager: Person, place: Place, on: date, now: datetime) -> None:
    """A route needs no word of its own where it runs without."""
    if place.is_route:
        its_own = (CalendarException.route_id == place.id, CalendarException.on == on)
        await session.execute(delete(CalendarException).where(*its_own))
        if await calendar.runs_on(session, place.id, on):
            after = {"date": on.isoformat(), "runs": True}
            await audit.record(session, manager.id, now, audit.Entry("route", place.id, "runs", after=after))
            return
    await _except(session, manager, place, on, True, None, now)


async def keep_running(
    session: AsyncSession, manager: Person, warehouse_id: uuid.UUID, on: date, policy: Policy, now: datetime
) -> RunsAgain | Refused:
    """[Runs as usual], of a holiday: said so, for all managers to see; what was closed runs after all."""
    result = await run_after_all(session, manager, warehouse_id, on, policy, now)
    if result != Refused(Refusal.RUNS_ALREADY):
        return result
    place = await queries.place(session, manager.id, warehouse_id)
    if place is None or place.is_route:
        return Refused(Refusal.NOT_FOUND)
    said = select(CalendarException.id).where(CalendarException.warehouse_id == place.id, CalendarException.on == on)
    if await session.scalar(said) is not None:
        return RunsAgain(place, on, 0)
    await _except(session, manager, place, on, True, None, now)
    await opening.open_slots(session, manager.id, place.id, [], [on], [holiday_of(on)], policy, now)
    return RunsAgain(place, on, 0)


async def _except(
    session: AsyncSession, manager: Person, place: Place, on: date, runs: bool, reason: str | None, now: datetime
) -> None:
    where = {"route_id": place.id} if place.is_route else {"warehouse_id": place.id}
    said = {"runs": runs, "reason": reason, "created_by": manager.id, "created_at": now}
    exception = upsert(CalendarException).values(on=on, **where, **said)
    await session.execute(exception.on_conflict_do_update(index_elements=[*where, "date"], set_=said))
    entity, action = "route" if place.is_route else "warehouse", "runs" if runs else "closed"
    after = {"date": on.isoformat(), "runs": runs} | ({"reason": reason} if reason else {})
    await audit.record(session, manager.id, now, audit.Entry(entity, place.id, action, after=after))
