"""Races: real commits, several sessions at once, everybody let loose by one barrier. Nothing sleeps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from random import Random
from typing import TypeVar

import pytest
from sqlalchemy import QueuePool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.embedded_postgres import Server
from bot.faults import is_passing
from domain.db.base import Base
from domain.db.engine import connect
from domain.db.engine import sessions as sessions_on
from tests.domain.world import Fleet
from tests.waits import PATIENCE_FOR, somebody_waits

KEPT = 8  # connections
_TABLES = [f'"{table.name}"' for table in Base.metadata.sorted_tables]
# Who has failed in the middle may have left somebody at work, or a lock; what is deleted takes room all the same.
_LEFT_OVER = text(
    """
    WITH ended AS MATERIALIZED (
        SELECT count(pg_terminate_backend(pid, 5000)) AS them FROM pg_stat_activity AS other
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
          AND (state <> 'idle' OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = other.pid AND l.locktype = 'advisory'))
    )
    SELECT (SELECT sum(pg_relation_size(oid)) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) > 2000000
    FROM ended
    """
)
_EMPTY = "; ".join(["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {each}" for each in _TABLES)])
_AS_NEW = f"TRUNCATE {', '.join(_TABLES)}"

Result = TypeVar("Result")
Act = Callable[[AsyncSession], Awaitable[Result]]


class Arena:
    """The database of this race. `build` commits what it makes; `at_once` lets transactions loose on each other."""

    def __init__(self, open_session: async_sessionmaker[AsyncSession], now: datetime) -> None:
        self.session = open_session
        self.now = now

    async def build(self, make: Callable[[Fleet], Awaitable[Result]]) -> Result:
        async with self.session.begin() as session:
            return await make(Fleet(session, self.now))

    async def at_once(self, *acts: Act[Result], dice: Random | None = None, anew: bool = False) -> list[Result]:
        """Each in a transaction of its own, as `acting` and `jobs` do it; results in the order of `acts`.

        All connections are open and all transactions begun before the first may go; `dice` shuffle who is let go first.
        `anew`: as there, what ends in a deadlock is done once more. Few may end so, and those say that they do.
        """
        barrier = asyncio.Barrier(len(acts))
        results: dict[int, Result] = {}

        async def run(index: int, act: Act[Result]) -> None:
            try:
                async with self.session.begin() as session:
                    await session.connection()
                    await barrier.wait()
                    results[index] = await act(session)
            except DBAPIError as fault:
                if not (anew and is_passing(fault)):
                    raise
                async with self.session.begin() as session:
                    results[index] = await act(session)

        order = list(enumerate(acts))
        (dice or Random(0)).shuffle(order)
        async with asyncio.timeout(PATIENCE_FOR), asyncio.TaskGroup() as group:
            for index, act in order:
                group.create_task(run(index, act))
        return [results[index] for index in range(len(acts))]

    async def one_waits_for_the_other(self, first: Act[Result], *others: Act[Result]) -> list[Result]:
        """The others come when the first has done all but commit."""
        async with self.session() as session:
            done = [await first(session)]
            coming = asyncio.create_task(self.at_once(*others))
            await somebody_waits(session, len(others), unless_done=coming)
            assert not coming.done() or coming.exception() is not None, "nobody waited"
            await session.commit()
            return done + await coming


@pytest.fixture(scope="session")
def track(server: Server, new_shared: Callable[[], str]) -> AsyncEngine:
    """On one database a worker, with room for twenty at once. Its connections stay: to each new one all is new."""
    return connect(server.url(new_shared()), connections=24)


@pytest.fixture
async def racing(track: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """As if the database were this race's own: nothing is in it, and nobody else is."""
    yield track
    async with track.connect() as connection:
        [grown] = (await connection.execute(_LEFT_OVER)).scalars()
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute(_AS_NEW if grown else _EMPTY)
        await connection.commit()
    if isinstance(track.pool, QueuePool) and track.pool.checkedin() > KEPT:
        await track.dispose()


@pytest.fixture
def arena(racing: AsyncEngine, now: datetime) -> Arena:
    return Arena(sessions_on(racing), now)
