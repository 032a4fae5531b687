"""What each night makes anew of everybody's figures, flags and caps, some people at a time (R9)."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Integer, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.queries import lock_people
from domain.db.sql import sql
from domain.health import flags, metrics
from domain.health.metrics import Rebuilt
from domain.health.rules import Turned
from domain.notices.wording import Wording
from domain.policy import Policy

AT_ONCE: Final = 1_000  # people in a transaction: their rows are locked for as long as it takes

_NEXT = sql(
    "SELECT id FROM users WHERE CAST(:after AS uuid) IS NULL OR id > :after ORDER BY id LIMIT :most",
    after=Uuid(),
    most=Integer(),
)


async def next_people(session: AsyncSession, after: uuid.UUID | None) -> Sequence[uuid.UUID]:
    """Those who come next by id, be they who they may; fewer than `AT_ONCE`: nobody comes after them."""
    return (await session.scalars(_NEXT, {"after": after, "most": AT_ONCE})).all()


async def judge_standing(
    session: AsyncSession, of: Sequence[uuid.UUID], say: Wording, policy: Policy, now: datetime
) -> tuple[Rebuilt, list[Turned]]:
    """These people's figures as what has happened comes to, then their flags and caps by them (R9.1-9.4).

    Twice is once. Locks: they themselves, before their figures, as every event does.
    """
    await lock_people(session, of)
    rebuilt = await metrics.rebuild(session, now, of)
    return rebuilt, await flags.judge_some(session, of, say, policy, now)
