"""The SMS digest: the day's normal notices for who has no Telegram, in one message (R11.4a)."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import DateTime, SmallInteger, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import Urgency
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.policy import Policy
from domain.time import local_day, local_instant

# What waits is locked first, in the order in which everybody locks deliveries: a second run waits, and then finds
# nothing that waits. What a run writes takes the place of what waited, in the same statement.
_GATHER: Final = sql(
    """
    WITH waiting AS MATERIALIZED (
        SELECT id, user_id, notification_id, kind, about, level, expires_at
        FROM deliveries
        WHERE channel = 'sms' AND state = 'pending' AND due_at IS NULL
        ORDER BY id
        FOR NO KEY UPDATE
    ), judged AS MATERIALIZED (
        SELECT waiting.*, gen_random_uuid() AS by_telegram,
               CASE WHEN waiting.expires_at <= :now THEN 'expired'
                    WHEN note.read THEN 'read'
                    WHEN link.chat_id IS NOT NULL THEN 'telegram'
                    ELSE 'digest' END AS fate
        FROM waiting
        LEFT JOIN notifications note ON note.id = waiting.notification_id
        LEFT JOIN chat_links link ON link.user_id = waiting.user_id AND link.unreachable_at IS NULL
    ), digests AS MATERIALIZED (
        SELECT user_id, gen_random_uuid() AS id FROM judged WHERE fate = 'digest' GROUP BY user_id
    ), written AS (
        INSERT INTO deliveries (id, notification_id, user_id, channel, kind, about, urgency, level, state, due_at,
                                expires_at, created_at)
        SELECT by_telegram, notification_id, user_id, 'telegram', kind, about, level, level, 'pending', :now,
               expires_at, CAST(:now AS timestamptz)
        FROM judged WHERE fate = 'telegram'
        UNION ALL
        SELECT id, NULL, user_id, 'sms', :digest, id, :normal, :normal, 'pending', :now, :until, :now FROM digests
    ), ended AS (
        UPDATE deliveries d SET
            state = CASE fate WHEN 'expired' THEN 'expired' WHEN 'read' THEN 'cancelled' ELSE 'superseded' END,
            reason = CASE fate WHEN 'read' THEN 'it was read meanwhile'
                               WHEN 'telegram' THEN 'Telegram works again' END,
            superseded_by = CASE fate WHEN 'telegram' THEN by_telegram WHEN 'digest' THEN digests.id END
        FROM judged LEFT JOIN digests ON digests.user_id = judged.user_id
        WHERE d.id = judged.id
    )
    SELECT notification_id, fate,
           CASE fate WHEN 'digest' THEN digests.id WHEN 'telegram' THEN by_telegram ELSE judged.id END AS told_by
    FROM judged LEFT JOIN digests ON digests.user_id = judged.user_id
    ORDER BY judged.id
    """,
    digest=Text(),
    normal=SmallInteger(),
    until=DateTime(timezone=True),
)


class Gathered(NamedTuple):
    """What became of a notice that waited, and the delivery that tells it from now on; its own where none does."""

    notification_id: uuid.UUID
    fate: str
    told_by: uuid.UUID


@dataclass(frozen=True, slots=True)
class Gathering:
    """Every notice that waited."""

    notices: tuple[Gathered, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        fates = Counter(each.fate for each in self.notices)
        return {
            "digests": len({each.told_by for each in self.notices if each.fate == "digest"}),
            "notices": fates["digest"],
            "by_telegram": fates["telegram"],
            "read": fates["read"],
            "expired": fates["expired"],
        }


async def gather(session: AsyncSession, policy: Policy, now: datetime) -> Gathering:
    """Puts what waits for it into one SMS a person; returns what became of each notice.

    Who can be reached by Telegram by now gets it there. What has expired, or was read meanwhile, is told no more. A
    digest is worth sending until the quiet hours begin; one gathered later than that, until those of the next day.
    """
    today = local_day(now, policy)
    tonight, tomorrow = (local_instant(on, policy.quiet_from, policy) for on in (today, today + timedelta(days=1)))
    until = tonight if now < tonight else tomorrow
    given = {"digest": Kind.DIGEST.value, "normal": int(Urgency.NORMAL), "until": until, "now": now}
    return Gathering(tuple(Gathered(*row) for row in await session.execute(_GATHER, given)))


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as it stands in the inbox, in its reader's language. `kind`, `about`, `expires_at`: of its delivery."""

    title: str
    body: str
    kind: str = ""
    about: uuid.UUID | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """What a digest tells, the oldest first. `linked`: he has a chat, in which Telegram does not reach him."""

    notices: tuple[Told, ...]
    linked: bool


_DIGEST: Final = sql(
    """
    SELECT note.title, note.body, d.kind, d.about, d.expires_at,
           EXISTS (SELECT FROM chat_links WHERE user_id = :user_id) AS linked
    FROM deliveries d JOIN notifications note ON note.id = d.notification_id
    WHERE d.superseded_by = :id AND d.user_id = :user_id AND NOT note.read
    ORDER BY note.created_at, note.id
    """,
    id=Uuid(),
    user_id=Uuid(),
)


async def digest(session: AsyncSession, user_id: uuid.UUID, delivery_id: uuid.UUID) -> Digest | None:
    """What a digest has to tell now; None where all of it has been read."""
    rows = (await session.execute(_DIGEST, {"id": delivery_id, "user_id": user_id})).all()
    if not rows:
        return None
    return Digest(tuple(Told(row.title, row.body, row.kind, row.about, row.expires_at) for row in rows), rows[0].linked)
