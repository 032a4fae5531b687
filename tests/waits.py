"""What tests of things at once go on by: others wait for a lock. Nothing sleeps for a time and hopes."""

import asyncio
from typing import Final

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
PATIENCE_FOR: Final = 30.0  # seconds


async def somebody_waits(session: AsyncSession, others: int = 1) -> None:
    """Returns when so many sessions on this session's database wait for locks."""
    async with asyncio.timeout(PATIENCE_FOR):
        while (await session.scalar(_WAITING) or 0) < others:
            pass
