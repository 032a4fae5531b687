"""What is judged of everybody at an hour of the night, a thousand people at a time (R14).

A part is a transaction, which also records whom it has come to. So whoever is killed leaves what is recorded, whoever
comes after him goes on from there, and of several at once one has the row, and the others come back later.
"""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot import hours
from bot.faults import Failed, fault_id, is_away
from domain.health import nights
from domain.policy import Policy

log = structlog.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]
Some = Callable[[AsyncSession, Sequence[uuid.UUID], datetime], Awaitable[dict[str, int]]]  # for these people


async def make(
    duty: str, at: str, some: Some, policy: Policy, sessions: Sessions, now: datetime, by_hand: bool
) -> list[object]:
    """The next part of a round whose hour has come; by hand all of it, whatever the hour, and nothing is recorded."""
    if by_hand:
        return [await _whole(duty, some, sessions, now)]
    async with sessions.begin() as session:
        run = await hours.take(session, duty, at, now, policy)
        if run is None:
            return []
        of = await nights.next_people(session, run.reached)
        if len(of) < nights.AT_ONCE:
            await hours.done(session, run)
        else:
            await hours.done_until(session, run, of[-1])
        return [await some(session, of, now)]


async def _whole(duty: str, some: Some, sessions: Sessions, now: datetime) -> dict[str, int] | Failed:
    """One part after the other, and how much that was together. A fault of ours ends it."""
    done: Counter[str] = Counter()
    of: Sequence[uuid.UUID] | None = None
    try:
        while of is None or len(of) == nights.AT_ONCE:
            async with sessions.begin() as session:
                of = await nights.next_people(session, of[-1] if of else None)
                done.update(await some(session, of, now))
    except Exception as fault:
        if is_away(fault):
            raise
        log.exception("duty failed", duty=duty, fault_id=(id_ := fault_id()))
        return Failed(id_)
    return dict(done)
