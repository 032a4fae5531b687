"""What one process at a time may do: a row that its holder renews, and that falls free when the holder dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import structlog
from sqlalchemy import delete, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.waiting import first_of
from domain.db.models import Lease

log = structlog.get_logger(__name__)

LEASE_FOR = timedelta(seconds=15)  # so long is the pause when a holder is killed
RENEW_EVERY = 4.0  # seconds; three renewals may fail before the lease is lost


@dataclass(frozen=True, slots=True)
class Leases:
    """Takes leases in the name of this process. All times are the database's (clock_timestamp)."""

    sessions: async_sessionmaker[AsyncSession]
    lease_for: timedelta = LEASE_FOR
    renew_every: float = RENEW_EVERY
    holder: str = field(default_factory=lambda: uuid4().hex)

    @contextlib.asynccontextmanager
    async def held(self, name: str, stop: asyncio.Event) -> AsyncIterator[asyncio.Event | None]:
        """Waits until the lease is ours and keeps it; None where `stop` came first.

        The event is set when the lease has been lost to somebody else. While the database is away nobody can take it
        over, so its holder goes on.
        """
        while not await self.take(name):
            if await first_of(stop, for_at_most=self.renew_every / 4):
                yield None
                return
        lost = asyncio.Event()
        renewing = asyncio.create_task(self._renew(name, lost))
        try:
            yield lost
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._release(name)

    async def _renew(self, name: str, lost: asyncio.Event) -> None:
        while not lost.is_set():
            await asyncio.sleep(self.renew_every)
            if await self.take(name) is False:
                lost.set()

    async def take(self, name: str) -> bool | None:
        """Takes or renews it. Whether it is ours now; None where the database does not say."""
        until = func.clock_timestamp() + literal(self.lease_for)
        taken = insert(Lease).values(name=name, holder=self.holder, held_until=until)
        taken = taken.on_conflict_do_update(
            index_elements=[Lease.name],
            set_={"holder": self.holder, "held_until": until},
            where=(Lease.holder == self.holder) | (Lease.held_until < func.clock_timestamp()),
        )
        try:
            async with self.sessions.begin() as session:
                return await session.scalar(taken.returning(literal(True))) is True
        except Exception as fault:
            log.warning("lease not renewed", lease=name, fault=type(fault).__name__)
            return None

    async def _release(self, name: str) -> None:
        with contextlib.suppress(Exception):  # it falls free by itself, only later
            async with self.sessions.begin() as session:
                await session.execute(delete(Lease).where(Lease.name == name, Lease.holder == self.holder))
