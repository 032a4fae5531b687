"""Shifts that a driver is rid of without having said so here: he must not travel (R11: shift_cancelled)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Date, Integer, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.facts.routes import Cause, ShiftCancelled
from domain.notices.kinds import Kind
from domain.notices.queries import told
from domain.notices.wording import Wording
from domain.policy import Policy
from domain.shifts.rules import ShiftFacts
from domain.time import local_day, local_instant, shift_start

SHOWN_MOST: Final = 5  # on a home card


async def tell_displaced(
    session: AsyncSession, shift: ShiftFacts, cause: Cause, say: Wording, policy: Policy, now: datetime
) -> None:
    """To the driver, whose shift it was; until the day is over."""
    notice = ShiftCancelled(shift.route, shift.warehouse, shift.on, shift_start(shift.on, policy), cause)
    over_at = local_instant(shift.on, policy.day_ends, policy)
    envelope = notices.Envelope(Kind.SHIFT_CANCELLED, shift.assignment_id, expires_at=over_at)
    await notices.tell(session, [shift.driver_id], notice, envelope, say, policy, now)


@dataclass(frozen=True, slots=True)
class Displaced:
    """A shift that was the driver's. `answered`: he knows; `his_again`: he has the same route that day after all."""

    assignment_id: uuid.UUID
    notice: ShiftCancelled
    answered: bool
    his_again: bool


_STANDS = sql(
    """
    SELECT EXISTS (SELECT FROM deliveries d WHERE d.about = :shift AND d.kind = :kind AND d.user_id = :driver
                   AND d.answered_at IS NOT NULL) AS answered,
           EXISTS (SELECT FROM assignments gone JOIN assignments again
                       ON again.route_id = gone.route_id AND again.date = gone.date
                   WHERE gone.id = :shift AND again.user_id = :driver AND again.status <> 'cancelled') AS his_again
    """,
    shift=Uuid(),
    driver=Uuid(),
    kind=Text(),
)


async def displaced(session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID) -> Displaced | None:
    """A shift of which the driver was told so; None where he was not."""
    notice = await told(session, driver_id, Kind.SHIFT_CANCELLED, assignment_id)
    if not isinstance(notice, ShiftCancelled):
        return None
    given = {"shift": assignment_id, "driver": driver_id, "kind": Kind.SHIFT_CANCELLED.value}
    row = (await session.execute(_STANDS, given)).one()
    return Displaced(assignment_id, notice, row.answered, row.his_again)


@dataclass(frozen=True, slots=True)
class DontTravel:
    """One line of a driver's home card. `answered`: he knows."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    answered: bool


_AHEAD = sql(
    """
    SELECT a.id, r.name, w.name, a.date, bool_or(d.answered_at IS NOT NULL)
    FROM deliveries d
    JOIN assignments a ON a.id = d.about
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses w ON w.id = a.warehouse_id
    WHERE d.user_id = :driver AND d.kind = :kind AND a.date >= :today
      AND NOT EXISTS (SELECT FROM assignments again WHERE again.user_id = :driver AND again.route_id = a.route_id
                      AND again.date = a.date AND again.status <> 'cancelled')
    GROUP BY a.id, r.id, w.id
    ORDER BY a.date, a.id LIMIT :most
    """,
    most=Integer(),
    driver=Uuid(),
    kind=Text(),
    today=Date(),
)


async def not_to_travel(session: AsyncSession, driver_id: uuid.UUID, today: date) -> tuple[DontTravel, ...]:
    """What the driver's home card shows of it, from `today` on, the nearest day first."""
    given = {"driver": driver_id, "kind": Kind.SHIFT_CANCELLED.value, "today": today, "most": SHOWN_MOST}
    return tuple(DontTravel(*row) for row in await session.execute(_AHEAD, given))


async def seen_at_home(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> None:
    """The driver asks for his home card, which shows what he must not travel to: he knows (R11.2).

    Before anything else is locked.
    """
    for shift in await not_to_travel(session, driver_id, local_day(now, policy)):
        if not shift.answered:
            await notices.acknowledge(session, driver_id, Kind.SHIFT_CANCELLED, shift.assignment_id, now)
