"""Races: real commits, several sessions at once, everybody let loose by one barrier. Nothing sleeps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from random import Random
from typing import TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from domain.db.engine import connect
from domain.db.engine import sessions as sessions_on
from tests.domain.world import Fleet

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

    async def at_once(self, *acts: Act[Result], dice: Random | None = None) -> list[Result]:
        """Each in a transaction of its own, as `acting` and `jobs` do it; results in the order of `acts`.

        All connections are open and all transactions begun before the first may go; `dice` shuffle who is let go first.
        """
        barrier = asyncio.Barrier(len(acts))
        results: dict[int, Result] = {}

        async def run(index: int, act: Act[Result]) -> None:
            async with self.session.begin() as session:
                await session.connection()
                await barrier.wait()
                results[index] = await act(session)

        order = list(enumerate(acts))
        (dice or Random(0)).shuffle(order)
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            for index, act in order:
                group.create_task(run(index, act))
        return [results[index] for index in range(len(acts))]


@pytest.fixture
async def racing(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Room for twenty at once."""
    engine = connect(database_url, connections=24)
    yield engine
    await engine.dispose()


@pytest.fixture
def arena(racing: AsyncEngine, now: datetime) -> Arena:
    return Arena(sessions_on(racing), now)
