"""How far a message to many has come: what its author sees (R11.1, R11.2), in one statement whatever their number."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Message, Warehouse
from domain.db.models.words import Urgency
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.notices.recipients import recipients
from domain.notices.standings import Told, standing_in, told_to
from domain.pages import nearest
from domain.policy import Policy

GONE: Final = "–"  # a warehouse that was deleted since


@dataclass(frozen=True, slots=True)
class Spread:
    """A message to many as its author sees it, as of an instant; `warehouse` None: to all of his drivers.

    Each of `total` is in one of these: he has seen it, that is read, answered, or done anything since (R11.2); it has
    come to him, unseen so far; it is on its way, or waits for the quiet hours to end or for the day's summary; or it
    could not be brought.
    """

    message_id: uuid.UUID
    text: str
    level: Urgency
    warehouse: str | None
    seen: int
    brought: int
    waiting: int
    failed: int
    as_of: datetime

    @property
    def total(self) -> int:
        return self.seen + self.brought + self.waiting + self.failed


# What was told in a digest stands where the digest stands.
_SPREAD = sql(
    """
    WITH each AS (
        SELECT d.user_id, min(d.level) AS level,
               bool_or(d.answered_at IS NOT NULL OR told.read OR coalesce(heard.at >= stands.sent_at, false)) AS seen,
               bool_or(stands.sent_at IS NOT NULL AND stands.state NOT IN ('failed', 'undelivered')) AS brought,
               bool_or(stands.state IN ('pending', 'sending', 'unknown')) AS waiting
        FROM deliveries d
        JOIN notifications told ON told.id = d.notification_id
        JOIN deliveries stands ON stands.id = coalesce(d.superseded_by, d.id)
        LEFT JOIN last_heard heard ON heard.user_id = d.user_id
        WHERE d.about = :about AND d.kind = 'broadcast'
        GROUP BY d.user_id
    )
    SELECT min(level) AS level, count(*) FILTER (WHERE seen) AS seen,
           count(*) FILTER (WHERE brought AND NOT seen) AS brought,
           count(*) FILTER (WHERE waiting AND NOT brought AND NOT seen) AS waiting,
           count(*) FILTER (WHERE NOT waiting AND NOT brought AND NOT seen) AS failed
    FROM each
    """,
    about=Uuid(),
)


async def spread(session: AsyncSession, author_id: uuid.UUID, message_id: uuid.UUID, now: datetime) -> Spread | None:
    """A message to many that was sent, for its author; None for anybody else (R12.3), and for any other message."""
    his = (
        select(Message.text, Message.warehouse_id, Warehouse.name)
        .outerjoin(Warehouse, Warehouse.id == Message.warehouse_id)
        .where(Message.id == message_id, Message.author_id == author_id, Message.sent_at.is_not(None), Message.to_many)
    )
    row = (await session.execute(his)).one_or_none()
    if row is None:
        return None
    text, warehouse_id, name = row
    warehouse = name if name or warehouse_id is None else GONE
    of = (await session.execute(_SPREAD, {"about": message_id})).one()
    counts = of.seen, of.brought, of.waiting, of.failed
    return Spread(message_id, text, Urgency(of.level or 0), warehouse, *counts, now)


_UNSEEN = told_to(
    """
    SELECT part.user_id, min(part.created_at) AS at, false AS passed_on,
           NULL AS done, CAST(NULL AS timestamptz) AS done_at
    FROM part
    JOIN notifications told ON told.id = part.notification_id
    JOIN deliveries stands ON stands.id = coalesce(part.superseded_by, part.id)
    LEFT JOIN last_heard heard ON heard.user_id = part.user_id
    GROUP BY part.user_id
    HAVING NOT bool_or(part.answered_at IS NOT NULL OR told.read OR coalesce(heard.at >= stands.sent_at, false))
    """
)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Some of those who have not seen it, by name; `total` counts all."""

    message_id: uuid.UUID
    told: tuple[Told, ...]
    total: int
    page: int
    pages: int
    as_of: datetime


async def unseen(
    session: AsyncSession,
    author_id: uuid.UUID,
    message_id: uuid.UUID,
    page: int,
    per_page: int,
    policy: Policy,
    now: datetime,
) -> Unseen | None:
    """A page, counted from 0; None where it is not the author's message to many (R12.3).

    Phones are those of people who are (still) of his warehouses.
    """
    his = (Message.id == message_id, Message.author_id == author_id, Message.sent_at.is_not(None), Message.to_many)
    if await session.scalar(select(Message.id).where(*his)) is None:
        return None
    given = {"about": message_id, "kind": Kind.BROADCAST.value, "most": per_page}
    rows = (await session.execute(_UNSEEN, given | {"from": max(page, 0) * per_page})).all()
    if not rows and page > 0:  # a page that there is not (any more): the first
        return await unseen(session, author_id, message_id, 0, per_page, policy, now)
    of = [row.user_id for row in rows]
    phones = {who.id: who.phone for who in await recipients(session, author_id, policy, now, of=of)}
    told = tuple(Told(row.name, phones.get(row.user_id) or None, standing_in(row, Kind.BROADCAST, now)) for row in rows)
    total = rows[0].total if rows else 0
    return Unseen(message_id, told, total, *nearest(page, total, per_page), now)
