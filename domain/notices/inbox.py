"""A person's inbox: everything that he was told, newest first, and what of it he has read (R11.1)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.pages import nearest


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """One entry, in the language of when it was written. `kind` and `about` None: it is about nothing that we know."""

    id: uuid.UUID
    title: str
    body: str
    at: datetime
    new: bool
    kind: str | None
    about: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Some of a person's entries, newest first; `total` and `unread` count all of them."""

    entries: tuple[InboxEntry, ...]
    total: int
    unread: int
    page: int
    pages: int


_COUNTS = sql(
    "SELECT count(*), count(*) FILTER (WHERE NOT read) FROM notifications WHERE user_id = :user_id", user_id=Uuid()
)
_COLUMNS = "id, title, body, created_at, NOT read, data ->> 'kind', data ->> 'about'"
_PAGE = sql(
    f"""
    SELECT {_COLUMNS} FROM notifications WHERE user_id = :user_id
    ORDER BY created_at DESC, id DESC LIMIT :most OFFSET :skipped
    """,  # noqa: S608 - our own text
    user_id=Uuid(),
)
_ONE = sql(
    f"SELECT {_COLUMNS} FROM notifications WHERE id = :id AND user_id = :user_id",  # noqa: S608
    id=Uuid(),
    user_id=Uuid(),
)


async def inbox_page(session: AsyncSession, user_id: uuid.UUID, page: int, per_page: int) -> InboxPage:
    """A page of his inbox, counted from 0; the nearest one for a number that there is not."""
    total, unread = (await session.execute(_COUNTS, {"user_id": user_id})).one()
    page, pages = nearest(page, total, per_page)
    rows = await session.execute(_PAGE, {"user_id": user_id, "most": per_page, "skipped": page * per_page})
    return InboxPage(tuple(_entry(*row) for row in rows), total, unread, page, pages)


async def inbox_entry(session: AsyncSession, user_id: uuid.UUID, entry_id: uuid.UUID) -> InboxEntry | None:
    """One entry of his; None where there is none, or it is somebody else's (R12.4)."""
    row = (await session.execute(_ONE, {"id": entry_id, "user_id": user_id})).one_or_none()
    return None if row is None else _entry(*row)


def _entry(
    id_: uuid.UUID, title: str, body: str, at: datetime, new: bool, kind: str | None, about: str | None
) -> InboxEntry:
    try:
        return InboxEntry(id_, title, body, at, new, kind, uuid.UUID(about) if about else None)
    except ValueError:  # another program's, on the same database
        return InboxEntry(id_, title, body, at, new, kind, None)


# Locked by id: two presses of his, in two processes, would else lock the same rows crosswise.
_READ = sql(
    """
    WITH locked AS (
        SELECT id FROM notifications WHERE user_id = :user_id AND id = ANY (:of) AND NOT read
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE notifications SET read = true WHERE id IN (SELECT id FROM locked)
    """,
    user_id=Uuid(),
    of=ARRAY(Uuid()),
)
_READ_ALL = sql(
    """
    WITH locked AS (
        SELECT n.id FROM notifications n
        JOIN notifications latest ON latest.id = :latest AND latest.user_id = n.user_id
        WHERE n.user_id = :user_id AND NOT n.read AND (n.created_at, n.id) <= (latest.created_at, latest.id)
        ORDER BY n.id FOR NO KEY UPDATE OF n
    )
    UPDATE notifications SET read = true WHERE id IN (SELECT id FROM locked)
    """,
    user_id=Uuid(),
    latest=Uuid(),
)


async def mark_shown(session: AsyncSession, user_id: uuid.UUID, entry_ids: Sequence[uuid.UUID]) -> None:
    """He has these entries of his before his eyes (R11.1)."""
    await session.execute(_READ, {"user_id": user_id, "of": list(entry_ids)})


async def mark_all_read(session: AsyncSession, user_id: uuid.UUID, latest: uuid.UUID) -> None:
    """He is done with this entry of his and all that is older. What has come since he has not seen."""
    await session.execute(_READ_ALL, {"user_id": user_id, "latest": latest})
