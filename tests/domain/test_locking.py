"""Everybody locks people alike: all in one statement, by id (ARCHITECTURE 4)."""

import uuid
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.bidding.queries import lock_people


async def test_however_many_are_locked_it_is_one_text(session: AsyncSession, shared_engine: AsyncEngine) -> None:
    """Each text is prepared and planned by itself: a night's parts and an award of three are the same to PostgreSQL."""
    said: list[str] = []

    def listen(*given: Any) -> None:
        if "SAVEPOINT" not in given[2]:
            said.append(given[2])

    event.listen(shared_engine.sync_engine, "before_cursor_execute", listen)
    for count in (0, 1, 2, 1000):
        await lock_people(session, [uuid.uuid4() for _ in range(count)])
    event.remove(shared_engine.sync_engine, "before_cursor_execute", listen)
    assert len(said) == 4 and len(set(said)) == 1 and "FOR NO KEY UPDATE" in said[0]
