"""The evening's list for managers: whether all of tomorrow's routes have a driver, and which have not (R11.4a)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.coverage.board import Mark, RouteStands, WarehouseDay, day_of
from domain.db.sql import sql
from domain.notices.actions import Envelope
from domain.notices.facts.routes import Morning, TomorrowCover
from domain.notices.kinds import Kind, cover_of
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.policy import Policy

NAMED_MOST: Final = 8  # routes that the inbox names

# Spelled as a list for the index.
_DAY: Final = """
    that_day AS (
        SELECT a.warehouse_id, w.name AS warehouse, r.name AS route, a.status = 'unfilled' AS uncovered,
               a.status = 'scheduled' AND a.confirmed_at IS NULL AS unconfirmed
        FROM assignments a
        JOIN routes r ON r.id = a.route_id
        JOIN warehouses w ON w.id = a.warehouse_id
        WHERE a.status IN ('scheduled', 'active', 'completed', 'unfilled') AND a.date = :on
    ), there AS (
        SELECT m.warehouse_id, m.user_id, contact.language, coalesce(contact.away_until > :now, false) AS away,
               EXISTS (SELECT FROM chat_links chat
                       WHERE chat.user_id = m.user_id AND chat.unreachable_at IS NULL) AS has_chat
        FROM warehouse_managers m
        JOIN users person ON person.id = m.user_id AND person.role = 'manager'
        LEFT JOIN contact_settings contact ON contact.user_id = m.user_id
    )
"""
# A warehouse's are told of it who are there; are they all away, all of them.
_LISTS = sql(
    f"""
    WITH {_DAY}
    SELECT there.user_id, there.language, there.has_chat,
           array_agg(DISTINCT warehouse_id::text) AS warehouses, count(*) AS slots,
           count(*) FILTER (WHERE uncovered) AS uncovered, count(*) FILTER (WHERE unconfirmed) AS unconfirmed,
           coalesce(array_agg(route ORDER BY warehouse, length(route), route) FILTER (WHERE uncovered),
                    '{{}}') AS routes
    FROM there JOIN that_day USING (warehouse_id)
    WHERE NOT away OR NOT EXISTS (SELECT FROM there other
                                  WHERE other.warehouse_id = there.warehouse_id AND NOT other.away)
    GROUP BY there.user_id, there.language, there.has_chat
    ORDER BY there.user_id
    """,  # noqa: S608 - our own texts
    on=Date(),
)
_UNMANAGED = sql(
    f"""
    WITH {_DAY}
    SELECT warehouse_id, warehouse, array_agg(route ORDER BY length(route), route) AS routes FROM that_day
    WHERE uncovered AND NOT EXISTS (SELECT FROM there WHERE there.warehouse_id = that_day.warehouse_id)
    GROUP BY warehouse_id, warehouse
    ORDER BY warehouse_id
    """,  # noqa: S608
    on=Date(),
)


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A warehouse has routes without a driver, and no manager who could be told."""

    warehouse_id: uuid.UUID
    warehouse: str
    on: date
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoverTold:
    """So many managers were told of tomorrow."""

    told: int
    unmanaged: tuple[Unmanaged, ...] = ()


async def tell_cover(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> CoverTold:
    """At 18:00, each manager what of tomorrow is covered in his warehouses, once (R11.4a).

    Run late, it is still of use on the same evening; before 18:00, or after midnight, nobody is told of anything. Three
    statements, whatever the number of managers.
    """
    today = time.local_day(now, policy)
    if now < time.local_instant(today, policy.cover_from, policy):
        return CoverTold(0)
    on = today + timedelta(days=1)
    until = time.local_instant(on, policy.midnight, policy)
    letters = [
        Letter(row.user_id, row.language, _notice(row, on), Envelope(Kind.COVER, cover_of(on), until))
        for row in await lists(session, on, now)
    ]
    told = await tell_each(session, letters, say, now)
    unmanaged = await session.execute(_UNMANAGED, {"on": on, "now": now})
    return CoverTold(
        told, tuple(Unmanaged(row.warehouse_id, row.warehouse, on, tuple(row.routes)) for row in unmanaged)
    )


async def lists(session: AsyncSession, on: date, now: datetime) -> Sequence[Row[Any]]:
    """Of each manager who is told: his language, whether he can be reached by Telegram, how far the day is covered."""
    return (await session.execute(_LISTS, {"on": on, "now": now})).all()


def _notice(row: Row[Any], on: date) -> TomorrowCover:
    return TomorrowCover(on, *figures(row))


def figures(row: Row[Any]) -> tuple[tuple[str, ...], int, int, int, tuple[str, ...]]:
    """Of one of `lists`: its warehouses, slots, how many have no driver or are not confirmed, the first without one."""
    return tuple(row.warehouses), row.slots, row.uncovered, row.unconfirmed, tuple(row.routes[:NAMED_MOST])


@dataclass(frozen=True, slots=True)
class Cover:
    """How far a day is covered at this moment, in the warehouses that a manager was told of."""

    on: date
    today: date
    warehouses: tuple[WarehouseDay, ...]

    @property
    def slots(self) -> int:
        return sum(len(warehouse.routes) for warehouse in self.warehouses)

    def standing(self, mark: Mark) -> Sequence[tuple[str, RouteStands]]:
        """The routes that stand there, each with its warehouse."""
        return [
            (warehouse.name, route) for warehouse in self.warehouses for route in warehouse.routes if route.mark is mark
        ]


async def cover_now(
    session: AsyncSession, manager_id: uuid.UUID, told: TomorrowCover | Morning, policy: Policy, now: datetime
) -> Cover:
    """As above; a warehouse that is no longer his is left out (R12.3)."""
    of = [uuid.UUID(warehouse_id) for warehouse_id in told.warehouses]
    return Cover(told.on, time.local_day(now, policy), await day_of(session, manager_id, of, told.on, policy, now))
