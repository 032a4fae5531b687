"""A manager's message as one of its readers sees it (R11.2, R11.4a)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Message, User
from domain.db.sql import sql


@dataclass(frozen=True, slots=True)
class Received:
    """A message as one of its readers sees it.

    `linked`: Telegram reaches him. `to`: whom it was written to, where that is another: it was passed on to this reader
    since that one did not answer (R11.2), or is `away` (R11.4a).
    `taken_by`, `taken_at`: who else has answered first, and when.
    """

    message_id: uuid.UUID
    author: str
    text: str
    linked: bool
    answered: bool
    to: str | None
    away: bool
    taken_by: str | None
    taken_at: datetime | None

    @property
    def has_point(self) -> bool:
        """Whether it is still to be sent: not once it is answered, by him or, passed on to him, by another (R11.3)."""
        return not self.answered and (self.to is None or self.taken_by is None)


_READERS = sql(
    """
    SELECT who.id, who.first_name || ' ' || who.last_name AS name, told.created_at > message.sent_at AS passed_on,
           told.data ->> 'instead_of' AS instead_of,
           min(d.answered_at) AS answered_at, bool_or(link.chat_id IS NOT NULL) AS linked
    FROM deliveries d
    JOIN messages message ON message.id = d.about
    JOIN notifications told ON told.id = d.notification_id
    JOIN users who ON who.id = d.user_id
    LEFT JOIN chat_links link ON link.user_id = d.user_id AND link.unreachable_at IS NULL
    WHERE d.about = :message_id AND d.kind = 'manual'
    GROUP BY who.id, told.id, message.id
    ORDER BY answered_at, told.created_at, who.id
    """,
    message_id=Uuid(),
)


async def received(session: AsyncSession, user_id: uuid.UUID, message_id: uuid.UUID) -> Received | None:
    """A message to its reader; None where there is none, or where he was not told of it (R12.4)."""
    readers = (await session.execute(_READERS, {"message_id": message_id})).all()
    own = next((reader for reader in readers if reader.id == user_id), None)
    if own is None:
        return None
    author_and_text = await session.execute(
        select(User.first_name, User.last_name, Message.text)
        .join(User, User.id == Message.author_id)
        .where(Message.id == message_id)
    )
    first_name, last_name, text = author_and_text.one()
    first = next((reader for reader in readers if reader.answered_at is not None), None)
    others = first is not None and first.id != user_id
    return Received(
        message_id=message_id,
        author=f"{first_name} {last_name}",
        text=text,
        linked=own.linked,
        answered=own.answered_at is not None,
        to=next((reader.name for reader in readers if not reader.passed_on), None) if own.passed_on else own.instead_of,
        away=not own.passed_on and own.instead_of is not None,
        taken_by=first.name if first is not None and others else None,
        taken_at=first.answered_at if first is not None and others else None,
    )
