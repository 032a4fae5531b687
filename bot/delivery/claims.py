"""What may be sent next: one statement each that finds it, takes its lease and, in a chat, its turn."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import Interval, TextClause
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.delivery.steps import Row
from domain.db.models.words import Channel, Urgency
from domain.db.sql import sql

LEASE_FOR: Final = timedelta(seconds=20)
SEND_FOR: Final = 0.8 * LEASE_FOR.total_seconds()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in this process's hands, for the length of a lease."""

    id: uuid.UUID
    attempt: int
    user_id: uuid.UUID
    channel: Channel
    kind: str
    about: uuid.UUID | None
    urgency: int
    due_at: datetime
    expires_at: datetime | None
    chat_id: int | None
    message_id: int | None
    reachable: bool = True  # by Telegram, as far as is known
    language: str | None = None
    phone: str | None = None
    first_sms: bool = False
    at: float = field(default_factory=monotonic)  # when it was claimed (`time.monotonic`)

    @property
    def seconds_left(self) -> float:
        """How long a send may still take: it is stopped before another sender may begin it."""
        return self.at + SEND_FOR - monotonic()

    def row(self, no_sms: str | None) -> Row:
        """What the next step depends on."""
        return Row(
            self.channel, Urgency(self.urgency), self.message_id is not None, self.due_at, self.expires_at, no_sms
        )


# Nothing is claimed where another sender has just taken the chat's turn: `took` is empty then.
_CLAIM_TELEGRAM = sql(
    """
    WITH picked AS (
        SELECT d.id, coalesce(d.chat_id, link.chat_id) AS chat_id,
               d.chat_id IS NOT NULL OR link.unreachable_at IS NULL AS reachable, contact.language, person.phone
        FROM deliveries d
        JOIN users person ON person.id = d.user_id
        LEFT JOIN chat_links link ON link.user_id = d.user_id
        LEFT JOIN contact_settings contact ON contact.user_id = d.user_id
        LEFT JOIN pace chat ON chat.key = 'chat:' || coalesce(d.chat_id, link.chat_id)
        WHERE d.channel = 'telegram' AND d.due_at <= :now
          AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
          AND (chat.next_at IS NULL OR chat.next_at <= clock_timestamp())
          AND NOT EXISTS (SELECT FROM pace WHERE key = 'telegram' AND halted_until > clock_timestamp())
        ORDER BY d.urgency, d.due_at
        LIMIT 1
        FOR NO KEY UPDATE OF d SKIP LOCKED
    ), took AS (
        INSERT INTO pace (key, next_at)
        SELECT 'chat:' || chat_id, clock_timestamp() + :chat_every FROM picked WHERE chat_id IS NOT NULL
        ON CONFLICT (key) DO UPDATE SET next_at = excluded.next_at WHERE pace.next_at <= clock_timestamp()
        RETURNING key
    )
    UPDATE deliveries d
    SET state = CASE d.state WHEN 'sent' THEN 'sent' ELSE 'sending' END, redraw = false,
        attempt = d.attempt + 1, lease_until = clock_timestamp() + :lease_for
    FROM picked
    WHERE d.id = picked.id AND (picked.chat_id IS NULL OR EXISTS (SELECT FROM took))
    RETURNING d.id, d.attempt, d.user_id, d.kind, d.about, d.urgency, d.due_at, d.expires_at, d.message_id,
              picked.chat_id, picked.reachable, picked.language, picked.phone
    """,
    chat_every=Interval(),
    lease_for=Interval(),
)

_CLAIM_SMS = sql(
    """
    WITH picked AS (
        SELECT d.id, contact.language, person.phone,
               NOT EXISTS (SELECT FROM deliveries earlier
                           WHERE earlier.user_id = d.user_id AND earlier.sms_sid IS NOT NULL) AS first_sms
        FROM deliveries d
        JOIN users person ON person.id = d.user_id
        LEFT JOIN contact_settings contact ON contact.user_id = d.user_id
        WHERE d.channel = 'sms' AND d.due_at <= :now AND d.state = 'pending'
          AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
          AND NOT EXISTS (SELECT FROM pace WHERE key = :pace_key AND halted_until > clock_timestamp())
        ORDER BY d.urgency, d.due_at
        LIMIT 1
        FOR NO KEY UPDATE OF d SKIP LOCKED
    )
    UPDATE deliveries d
    SET attempt = d.attempt + 1, lease_until = clock_timestamp() + :lease_for
    FROM picked
    WHERE d.id = picked.id
    RETURNING d.id, d.attempt, d.user_id, d.kind, d.about, d.urgency, d.due_at, d.expires_at, d.message_id, d.chat_id,
              picked.language, picked.phone, picked.first_sms
    """,
    lease_for=Interval(),
)


async def claim_telegram(db: AsyncEngine, now: datetime, chat_every: timedelta) -> Claimed | None:
    """The most urgent message, send or edit, whose chat may get one now; None also where another sender was quicker.

    Takes the chat's turn of `chat_every`. One whose lease ran out is claimed again: Telegram may show it twice (R11.7).
    """
    given = {"now": now, "chat_every": chat_every, "lease_for": LEASE_FOR}
    return await _claimed(db, Channel.TELEGRAM, _CLAIM_TELEGRAM, given)


async def claim_sms(db: AsyncEngine, now: datetime, pace_key: str) -> Claimed | None:
    """The most urgent SMS. It stays `pending` until `begin_sms`: who dies before that has sent nothing."""
    given = {"now": now, "pace_key": pace_key, "lease_for": LEASE_FOR}
    return await _claimed(db, Channel.SMS, _CLAIM_SMS, given)


async def _claimed(
    db: AsyncEngine, channel: Channel, statement: TextClause, given: Mapping[str, Any]
) -> Claimed | None:
    async with db.connect() as connection:
        row = (await connection.execute(statement, given)).mappings().one_or_none()
    return Claimed(channel=channel, **row) if row is not None else None
