"""Telling many people, each something of his own, in one statement (R11.1)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, DateTime, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import Urgency
from domain.db.sql import sql
from domain.notices.actions import Envelope, facts_of
from domain.notices.kinds import RULES
from domain.notices.wording import Notice, Wording


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told. `language` None: not chosen, so the first of the wording's."""

    to: uuid.UUID
    language: str | None
    notice: Notice
    envelope: Envelope


_TELL_EACH = sql(
    """
    WITH letters AS (
        SELECT * FROM unnest(CAST(:to AS uuid[]), CAST(:titles AS text[]), CAST(:bodies AS text[]),
                             CAST(:data AS jsonb[]), CAST(:about AS uuid[]), CAST(:expires AS timestamptz[]))
            AS letters (user_id, title, body, data, about, expires_at)
    ), noted AS (
        INSERT INTO notifications (user_id, type, title, body, data, read, created_at)
        SELECT user_id, CAST(:type AS notification_type), title, body, data, false, :now FROM letters
        ON CONFLICT DO NOTHING
        RETURNING id, user_id, data
    ), carried AS (
        INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, level, state, due_at,
                                expires_at, created_at)
        SELECT noted.id, noted.user_id, way.channel, :kind, letters.about, :level, :level, 'pending',
               CASE WHEN way.channel = 'telegram' OR :level <= 1 THEN :now END, letters.expires_at, :now
        FROM noted
        JOIN letters ON letters.user_id = noted.user_id AND letters.data ->> 'dedupe' = noted.data ->> 'dedupe'
        LEFT JOIN chat_links link ON link.user_id = noted.user_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN link.chat_id IS NOT NULL AND link.unreachable_at IS NULL THEN 'telegram' ELSE 'sms' END
        ) AS way (channel)
        RETURNING id, notification_id, user_id, channel, kind, about, level, expires_at
    ), at_once AS (
        INSERT INTO deliveries (notification_id, user_id, channel, kind, about, urgency, level, state, due_at,
                                expires_at, escalated_from, created_at)
        SELECT notification_id, user_id, 'sms', kind, about, level, level, 'pending', :now, expires_at, id, :now
        FROM carried WHERE :sms_at_once AND channel = 'telegram'
    )
    SELECT count(*) FROM carried
    """,
    to=ARRAY(Uuid()),
    titles=ARRAY(Text()),
    bodies=ARRAY(Text()),
    data=ARRAY(JSONB()),
    about=ARRAY(Uuid()),
    expires=ARRAY(DateTime(timezone=True)),
    type=Text(),
    kind=Text(),
    level=SmallInteger(),
    sms_at_once=Boolean(),
)


async def tell_each(session: AsyncSession, letters: Sequence[Letter], say: Wording, now: datetime) -> int:
    """One inbox row and one delivery each, as `tell` writes them; returns how many that were.

    All letters are of one kind and level, and none of it is passed on to other managers. What leaves by SMS at once
    is a second row, as if it had gone on.
    """
    if not letters:
        return 0
    kind, level = letters[0].envelope.kind, letters[0].envelope.urgency
    assert all((each.envelope.kind, each.envelope.urgency) == (kind, level) for each in letters), "one kind and level"
    given = {
        "about": [each.envelope.about for each in letters],
        "expires": [each.envelope.expires_at for each in letters],
        "kind": kind.value,
        "level": int(Urgency(level)),
        "sms_at_once": RULES[kind].sms_at_once,
    }
    return await session.scalar(_TELL_EACH, _inbox(letters, say, now) | given) or 0


_NOTE_EACH = sql(
    """
    INSERT INTO notifications (user_id, type, title, body, data, read, created_at)
    SELECT user_id, CAST(:type AS notification_type), title, body, data, false, :now
    FROM unnest(CAST(:to AS uuid[]), CAST(:titles AS text[]), CAST(:bodies AS text[]), CAST(:data AS jsonb[]))
        AS letters (user_id, title, body, data)
    ON CONFLICT DO NOTHING
    """,
    to=ARRAY(Uuid()),
    titles=ARRAY(Text()),
    bodies=ARRAY(Text()),
    data=ARRAY(JSONB()),
    type=Text(),
)


async def note_each(session: AsyncSession, letters: Sequence[Letter], say: Wording, now: datetime) -> None:
    """The inbox rows alone, all of one kind: another message tells of it, too."""
    if letters:
        await session.execute(_NOTE_EACH, _inbox(letters, say, now))


def _inbox(letters: Sequence[Letter], say: Wording, now: datetime) -> dict[str, Any]:
    """What is alike in what they are told is worded once."""
    alike = {(each.notice, _language(each.language, say)) for each in letters}
    worded = {(notice, language): say(notice, language) for notice, language in alike}
    words = [worded[each.notice, _language(each.language, say)] for each in letters]
    return {
        "to": [each.to for each in letters],
        "titles": [each.title for each in words],
        "bodies": [each.body for each in words],
        "data": [
            facts_of(each.notice, each.envelope) | {"dedupe": f"{each.envelope.dedupe}{each.to}"} for each in letters
        ],
        "type": RULES[letters[0].envelope.kind].type.value,
        "now": now,
    }


def _language(chosen: str | None, say: Wording) -> str:
    return chosen if chosen in say.languages else say.languages[0]
