"""What is judged of everybody at an hour of the night, a thousand people at a time (R14).

A part is a transaction, which also records whom it has come to. So whoever is killed leaves what is recorded, whoever
comes after him goes on from there, and of several at once one has the row, and the others come back later.
"""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot import hours
from bot.faults import Failed, brief, fault_id, is_away
from domain.health import nights
from domain.policy import Policy

log = structlog.get_logger(__name__)

Sessions = async_sessionmaker[AsyncSession]
Some = Callable[[AsyncSession, Sequence[uuid.UUID], datetime], Awaitable[dict[str, int]]]  # for these people


async def make(
    duty: str, at: str, some: Some, policy: Policy, sessions: Sessions, now: datetime, by_hand: bool
) -> list[object]:
    """The next part of a round whose hour has come; by hand all of it, whatever the hour, and nothing is recorded.

    Of a part that fails each is done by himself: who can't be holds up nobody else, and has his turn the next night.
    """
    if by_hand:
        return [await _whole(duty, some, sessions, now)]
    failed: list[object] = []
    try:
        done = await _part(duty, at, some, policy, sessions, now)
    except Exception as fault:
        if is_away(fault):
            raise
        log.warning("a part is done one by one", duty=duty, fault=brief(fault))
        done = await _part(duty, at, partial(_one_by_one, duty, some, failed), policy, sessions, now)
    return [*([] if done is None else [done]), *failed]


async def _part(
    duty: str, at: str, some: Some, policy: Policy, sessions: Sessions, now: datetime
) -> dict[str, int] | None:
    """None: nothing is due, or somebody else has it."""
    async with sessions.begin() as session:
        run = await hours.take(session, duty, at, now, policy)
        if run is None:
            return None
        of = await nights.next_people(session, run.reached)
        if len(of) < nights.AT_ONCE:
            await hours.done(session, run)
        else:
            await hours.done_until(session, run, of[-1])
        return await some(session, of, now)


async def _one_by_one(
    duty: str, some: Some, failed: list[object], session: AsyncSession, of: Sequence[uuid.UUID], now: datetime
) -> dict[str, int]:
    done: Counter[str] = Counter()
    for each in of:
        try:
            async with session.begin_nested():
                done.update(await some(session, [each], now))
        except Exception as fault:
            if is_away(fault):
                raise
            failed.append(Failed(id_ := fault_id()))
            log.exception("duty failed", duty=duty, of=str(each), fault_id=id_)
    return dict(done)


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
