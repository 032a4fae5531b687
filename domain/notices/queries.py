"""What somebody was told, as it was written."""

import uuid

from sqlalchemy import Text, Uuid
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
