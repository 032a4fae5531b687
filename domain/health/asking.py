"""Who is asked whether a stopped driver is back, and what he sees of it (R10.2)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import HardStop, User
from domain.db.models.words import IncidentKind
from domain.db.sql import sql
from domain.health import grounds
from domain.notices import actions as notices
from domain.notices.facts.health import ToReinstate
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import is_own
from domain.people.queries import managers_of_driver, managers_to_tell
from domain.policy import Policy
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Blamed:
    """An incident that a stop stands on."""

    kind: IncidentKind
    route: str
    warehouse: str
    on: date


@dataclass(frozen=True, slots=True)
class StopCard:
    """A hard stop as its manager sees it. `back`: in the pool meanwhile; `reinstated` None: nobody has decided;
    `adopted`: another program has stopped him, and nothing is known of when or why.
    """

    stop_id: uuid.UUID
    driver_id: uuid.UUID
    driver: str
    phone: str
    stopped_at: datetime
    decide_by: datetime
    back_at: datetime
    back: bool
    over: bool
    lifted: bool
    reinstated: bool | None
    by: str | None
    reason: str | None
    adopted: bool
    blamed: tuple[Blamed, ...]


async def stop_card(
    session: AsyncSession, manager_id: uuid.UUID, stop_id: uuid.UUID, policy: Policy, now: datetime
) -> StopCard | None:
    """None where there is no such stop, or it is of a driver for whom this manager may not act (R12.3)."""
    stop = await session.get(HardStop, stop_id, populate_existing=True)
    if stop is None or not await is_own(session, manager_id, stop.user_id, local_day(now, policy)):
        return None
    driver = await session.get_one(User, stop.user_id)
    by = await session.get(User, stop.decided_by) if stop.decided_by else None
    return StopCard(
        stop_id=stop.id,
        driver_id=driver.id,
        driver=f"{driver.first_name} {driver.last_name}",
        phone=driver.phone,
        stopped_at=stop.stopped_at,
        decide_by=stop.stopped_at + policy.stop_widened_after,
        back_at=stop.stopped_at + policy.stop_back_after,
        back=stop.back_at is not None,
        over=stop.ended_at is not None,
        lifted=stop.lifted,
        reinstated=stop.reinstated,
        by=None if by is None else f"{by.first_name} {by.last_name}",
        reason=stop.reason,
        adopted=stop.adopted,
        blamed=await _blamed(session, stop.id, policy),
    )


_HOLDS = grounds.grounds("s.id = :stop")
_BLAMED = sql(
    f"""
    SELECT i.kind, r.name, w.name, a.date
    FROM {_HOLDS} AS held
    JOIN incidents i ON i.id = held.incident_id
    JOIN assignments a ON a.id = i.assignment_id
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses w ON w.id = a.warehouse_id
    ORDER BY i.occurred_at DESC, i.id
    """,  # noqa: S608 - our own texts
    stop=Uuid(),
    **grounds.TYPES,
)


async def _blamed(session: AsyncSession, stop_id: uuid.UUID, policy: Policy) -> tuple[Blamed, ...]:
    rows = await session.execute(_BLAMED, {"stop": stop_id} | grounds.given(policy))
    return tuple(Blamed(IncidentKind(kind), route, warehouse, on) for kind, route, warehouse, on in rows)


# Where the shift was that stopped him, if one of his managers is responsible there, he is asked first.
_LAST = sql(
    f"""
    SELECT a.warehouse_id, a.route_id, d.first_name || ' ' || d.last_name AS name, s.user_id, s.stopped_at
    FROM hard_stops s JOIN users d ON d.id = s.user_id
    LEFT JOIN LATERAL (
        SELECT i.assignment_id FROM {_HOLDS} AS held JOIN incidents i ON i.id = held.incident_id
        ORDER BY i.occurred_at DESC, i.id LIMIT 1
    ) AS last ON true
    LEFT JOIN assignments a ON a.id = last.assignment_id
    WHERE s.id = :stop
    """,  # noqa: S608
    stop=Uuid(),
    **grounds.TYPES,
)


async def ask(
    session: AsyncSession,
    stop_id: uuid.UUID,
    say: Wording,
    policy: Policy,
    now: datetime,
    *,
    everybody: bool = False,
    hours: int = 0,
) -> int:
    """Asks who is responsible for the route on which it happened, as far as the driver is his; else, and where
    `everybody` is to be asked, all managers of the driver. Returns how many that were.
    """
    where = (await session.execute(_LAST, {"stop": stop_id} | grounds.given(policy))).one()
    his = await managers_of_driver(session, where.user_id, local_day(now, policy), now)
    asked = his
    if not everybody and where.route_id is not None:
        near = set(await session.scalars(managers_to_tell(where.warehouse_id, where.route_id, now)))
        asked = his & near or his
    notice = ToReinstate(where.name, where.stopped_at, where.stopped_at + policy.stop_widened_after, hours)
    envelope = notices.Envelope(Kind.TO_REINSTATE, stop_id, occasion=now if hours else None)
    return await notices.tell(session, sorted(asked), notice, envelope, say, policy, now)
