"""What somebody was told, as it was written, and what was texted to him."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.notices.wording import Notice, notice_of

_TOLD = sql(
    """
    SELECT data FROM notifications
    WHERE user_id = :user_id AND data ->> 'kind' = :kind AND data ->> 'about' = :about
    ORDER BY created_at DESC LIMIT 1
    """,
    user_id=Uuid(),
    kind=Text(),
    about=Text(),
)


async def told(session: AsyncSession, user_id: uuid.UUID, kind: Kind, about: uuid.UUID) -> Notice | None:
    """The latest notice of this kind about this, for what is true as it was told."""
    data = await session.scalar(_TOLD, {"user_id": user_id, "kind": kind.value, "about": str(about)})
    return None if data is None else notice_of(data)


class Texted(NamedTuple):
    """What an SMS told of, and whom."""

    user_id: uuid.UUID
    kind: Kind
    about: uuid.UUID


_LAST_TEXTED = sql(
    """
    WITH last AS (
        SELECT d.id FROM deliveries d JOIN sms_attempts t ON t.delivery_id = d.id
        WHERE d.user_id = ANY (:of) AND (t.sid IS NOT NULL OR t.status <> 'refused')
        ORDER BY t.created_at DESC, t.begun_at DESC LIMIT 1
    )
    SELECT d.user_id, d.kind, d.about FROM deliveries d JOIN last ON d.id = last.id OR d.superseded_by = last.id
    WHERE d.about IS NOT NULL ORDER BY d.created_at, d.id
    """,
    of=ARRAY(Uuid()),
)


async def last_texted(session: AsyncSession, user_ids: Sequence[uuid.UUID]) -> tuple[Texted, ...]:
    """What was texted last to any of them, a digest by what it told of; nothing where that was about nothing.

    Only what Twilio is known to have taken: nobody answers what he never got.
    """
    rows = await session.execute(_LAST_TEXTED, {"of": list(user_ids)})
    return tuple(Texted(row.user_id, Kind(row.kind), row.about) for row in rows)
