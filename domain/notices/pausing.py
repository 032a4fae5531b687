"""Everything can be paused by an operator: no duty runs and nothing is sent; what people do is still recorded.

What sends looks for the row itself, in the statement by which it takes its turn. A pause counts as an outage of ours
(R8.6a): who is told nothing is blamed for nothing.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql

_PAUSE = sql(
    "INSERT INTO pauses (since) VALUES (:now) ON CONFLICT (one) DO UPDATE SET since = pauses.since RETURNING since"
)
_RESUME = sql("DELETE FROM pauses RETURNING since")
_SINCE = sql("SELECT since FROM pauses")


async def pause(session: AsyncSession, now: datetime) -> datetime:
    """From this commit on; returns since when it is so, which may be long ago."""
    since: datetime = (await session.execute(_PAUSE, {"now": now})).scalar_one()
    return since


async def resume(session: AsyncSession) -> datetime | None:
    """All goes on, late; returns since when it was paused, None where it was not."""
    return (await session.execute(_RESUME)).scalar_one_or_none()


async def paused_since(session: AsyncSession) -> datetime | None:
    """None: it is not."""
    return (await session.execute(_SINCE)).scalar_one_or_none()
