"""Who is there, and when he was last heard (R11.2)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Uuid,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import (
    ChatLink,
)
from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.people.queries import Person


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update of a chat. `first`: it has not been seen before. `paused`: nothing is sent until an operator resumes.

    `person` is None for somebody unknown.
    """

    first: bool
    paused: bool
    person: Person | None


# One round trip, since every press makes it. A second process with the same update waits at the insert for the first
# one's end: it is the first thing that either does, so neither holds anything that the other could be waiting for.
_ARRIVE = sql(
    """
    WITH seen AS (
        INSERT INTO seen_updates (update_id, seen_at) VALUES (:update_id, :now) ON CONFLICT DO NOTHING RETURNING 1
    ), who AS (
        SELECT person.id, person.role::text, person.first_name, person.last_name, person.phone, contact.language
        FROM chat_links link
        JOIN users person ON person.id = link.user_id
        LEFT JOIN contact_settings contact ON contact.user_id = link.user_id
        WHERE link.chat_id = :chat_id
    ), heard AS (
        INSERT INTO last_heard (user_id, at) SELECT who.id, :now FROM who, seen WHERE :acted
        ON CONFLICT (user_id) DO UPDATE SET at = greatest(last_heard.at, excluded.at)
    ), back AS (
        UPDATE chat_links link SET unreachable_at = NULL FROM who, seen
        WHERE link.user_id = who.id AND link.unreachable_at IS NOT NULL AND :acted
    )
    SELECT EXISTS (SELECT FROM seen) AS first, EXISTS (SELECT FROM pauses) AS paused, who.*
    FROM (SELECT) AS update_ LEFT JOIN who ON true
    """,
    update_id=BigInteger(),
    chat_id=BigInteger(),
    acted=Boolean(),
)


async def arrive(session: AsyncSession, update_id: int, chat_id: int, acted: bool, now: datetime) -> Arrival:
    """Records that an update has come, and finds out who is there.

    `acted`: the person did something, and did not just leave: what was sent to him before he has seen, and Telegram
    takes messages for him again (R11.2).
    """
    given = {"update_id": update_id, "chat_id": chat_id, "acted": acted, "now": now}
    first, paused, *who = (await session.execute(_ARRIVE, given)).one()
    if who[0] is None:
        return Arrival(first, paused, None)
    id_, role, *rest = who
    return Arrival(first, paused, Person(id_, UserRole(role), *rest))


async def reachable_again(session: AsyncSession, user_id: uuid.UUID) -> None:
    """He wrote to us, so Telegram will take messages for him again (R11.2)."""
    await session.execute(update(ChatLink).where(ChatLink.user_id == user_id).values(unreachable_at=None))


async def unreachable(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> None:
    """He blocked the bot: what comes next goes by SMS (R11.2)."""
    await session.execute(update(ChatLink).where(ChatLink.user_id == user_id).values(unreachable_at=now))


_HEARD = sql(
    """
    INSERT INTO last_heard (user_id, at) SELECT id, :now FROM unnest(:of) AS id ORDER BY id
    ON CONFLICT (user_id) DO UPDATE SET at = greatest(last_heard.at, excluded.at)
    """,
    of=ARRAY(Uuid()),
)


async def heard(session: AsyncSession, user_ids: Sequence[uuid.UUID], now: datetime) -> None:
    """These people have done something by SMS: what was sent before they have seen (R11.2)."""
    await session.execute(_HEARD, {"of": list(user_ids), "now": now})
