"""Heartbeats of whoever processes updates: where they are missing, nobody could act, and nobody is blamed (R8.6a)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.faults import brief, is_passing
from bot.waiting import first_of
from domain.policy import Policy
from domain.shifts import outages

log = structlog.get_logger(__name__)

BEAT_EVERY: Final = 20.0  # seconds
FRESH_FOR: Final = 60.0  # seconds since Telegram last answered a poll


@dataclass(slots=True)
class Heartbeat:
    """`polls`: updates are fetched, so only an answer of Telegram's shows that they are processed."""

    sessions: async_sessionmaker[AsyncSession]
    policy: Policy
    now: Callable[[], datetime]
    polls: bool
    _answered_at: float = float("-inf")  # `time.monotonic`

    def answered(self) -> None:
        """Telegram has answered a poll."""
        self._answered_at = monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Beats until `stop`. A database that is away gets none: that is the outage."""
        while not stop.is_set():
            try:
                if not self.polls or monotonic() - self._answered_at < FRESH_FOR:
                    async with self.sessions.begin() as session:
                        await outages.beat(session, self.policy, self.now())
            except Exception as fault:
                if not is_passing(fault):
                    raise
                log.warning("no heartbeat: the database is away", fault=brief(fault))
            await first_of(stop, for_at_most=BEAT_EVERY)
