"""What tests of things at once go on by: others wait for a lock. Nothing sleeps for a time and hopes."""

import asyncio
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Other tests are at work on the same server. Whoever waits for a row has locked its table, which is of a database.
_WAITING: Final = text(
    """
    SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
    """
)
PATIENCE_FOR: Final = 120.0  # seconds; who waits for a process of its own waits until that has begun


async def somebody_waits(
    session: AsyncSession, others: int = 1, *, unless_done: asyncio.Task[Any] | None = None
) -> None:
    """Returns when so many sessions on this session's database wait for locks."""
    async with asyncio.timeout(PATIENCE_FOR):
        while (await session.scalar(_WAITING) or 0) < others:
            if unless_done is not None and unless_done.done():
                return
