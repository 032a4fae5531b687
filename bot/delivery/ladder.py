"""What becomes of what nobody answers, or Telegram does not take: an SMS, then the next manager (R11.2)."""

import uuid
from typing import Any, Final

import structlog
from sqlalchemy import Interval, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY

from bot.delivery.carrying import settle
from bot.delivery.claims import LEASE_FOR, Claimed, claimed_from
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Answered, Overdue, Unanswered, Waited
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.db.sql import sql
from domain.notices.actions import pass_on
from domain.notices.kinds import BY_ITS_BUTTON

log = structlog.get_logger(__name__)

BATCH: Final = 50

# What Telegram did not take: tried in vain (it pauses), in hand of a sender that died, or kept by a long halt of
# Telegram's from being tried at all. What nobody has tried, after an outage of ours or a night, is tried first. What
# has gone by SMS before, in vain, is not to go so again.
_NOT_TAKEN: Final = """
    channel = 'telegram' AND state IN ('pending', 'sending') AND message_id IS NULL AND notification_id IS NOT NULL
    AND (state = 'sending' OR pause_until IS NOT NULL
         OR EXISTS (SELECT FROM pace WHERE key = 'telegram' AND halted_until > clock_timestamp()))
    AND NOT EXISTS (SELECT FROM deliveries text WHERE text.escalated_from = d.id)
"""

# These, and rows that were sent and wait for an answer. Leased like a send, so that no two steps are taken at once. Of
# what is picked it is asked again whether it waits: of that row alone PostgreSQL looks at what has come meanwhile.
_TAKE = sql(
    f"""
    WITH due AS (
        SELECT id FROM deliveries WHERE escalate_at <= :now AND (state = 'sent' OR channel = 'sms')
        UNION ALL
        SELECT id FROM deliveries d
        WHERE urgency = :urgent AND due_at <= CAST(:now AS timestamptz) - :urgent_within AND {_NOT_TAKEN}
        UNION ALL
        SELECT id FROM deliveries d
        WHERE urgency = :important AND due_at <= CAST(:now AS timestamptz) - :important_within AND {_NOT_TAKEN}
    ), picked AS (
        SELECT d.id, NOT d.kind = ANY (CAST(:by_button AS text[]))
                     AND coalesce(heard.at >= CASE d.channel WHEN 'sms' THEN d.created_at ELSE d.sent_at END, false)
                     AS answered
        FROM deliveries d JOIN due USING (id) LEFT JOIN last_heard heard ON heard.user_id = d.user_id
        WHERE (d.escalate_at <= :now AND (d.state = 'sent' OR d.channel = 'sms')
               OR d.due_at <= :now AND d.state IN ('pending', 'sending'))
          AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp()) AND NOT EXISTS (SELECT FROM pauses)
        LIMIT :batch
        FOR NO KEY UPDATE OF d SKIP LOCKED
    )
    UPDATE deliveries d SET attempt = d.attempt + 1, lease_until = clock_timestamp() + :lease_for
    FROM picked WHERE d.id = picked.id
    RETURNING d.id, d.attempt, d.user_id, d.channel, d.kind, d.about, d.urgency, coalesce(d.due_at, :now) AS due_at,
              d.expires_at, d.chat_id, d.message_id, d.state, d.level, d.notification_id, d.sent_at, picked.answered
    """,  # noqa: S608 - our own text
    urgent=SmallInteger(),
    important=SmallInteger(),
    urgent_within=Interval(),
    important_within=Interval(),
    by_button=ARRAY(Text()),
    batch=SmallInteger(),
    lease_for=Interval(),
)


def given(mail: Mail) -> dict[str, Any]:
    """What decides who has waited long enough."""
    return {
        "now": mail.now(),
        "urgent": int(Urgency.URGENT),
        "important": int(Urgency.IMPORTANT),
        "urgent_within": mail.policy.urgent_within,
        "important_within": mail.policy.important_within,
        "by_button": BY_ITS_BUTTON,
        "batch": BATCH,
        "lease_for": LEASE_FOR,
    }


async def climb(mail: Mail) -> int:
    """Takes the next step of whatever has waited long enough; returns how many. Safe on any number of machines."""
    async with mail.db.connect() as connection:
        rows = (await connection.execute(_TAKE, given(mail))).mappings().all()
    for found in rows:
        row = dict(found)
        answered = row.pop("answered")
        claimed = claimed_from(row, Channel(row.pop("channel")))
        if claimed.channel is Channel.SMS:
            await _pass_on(mail, claimed, answered)
        else:
            await settle(mail, claimed, _waited(claimed, answered))
    return len(rows)


def _waited(claimed: Claimed, answered: bool) -> Waited:
    if claimed.state is not DeliveryState.SENT:
        return Overdue()
    return Answered() if answered else Unanswered()


# Without `escalate_at` it was answered since it was taken.
_DONE = sql(
    """
    UPDATE deliveries SET escalate_at = NULL, lease_until = NULL
    WHERE id = :id AND attempt = :attempt AND escalate_at IS NOT NULL RETURNING notification_id
    """
)


async def _pass_on(mail: Mail, claimed: Claimed, answered: bool) -> None:
    """An urgent SMS to a manager: unanswered, its notice goes to the warehouse's other managers, once."""
    told: int | None = None
    async with mail.sessions.begin() as session:
        done = await session.scalar(_DONE, {"id": claimed.id, "attempt": claimed.attempt})
        if isinstance(done, uuid.UUID) and not answered:
            told = await pass_on(session, done, mail.words, mail.policy, mail.now())
    if told is not None:
        log.info("passed on", managers=told, **claimed.tags)
