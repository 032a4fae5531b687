"""A statement that commits by itself, straight to asyncpg: its connection goes back as it came, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import Double, Integer, Text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.alone import alone
from bot.faults import is_passing
from domain.db.engine import connect
from domain.db.sql import sql
from tests.delivery.post import until

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SLEEP = sql("SELECT pg_sleep(:seconds)", seconds=Double())
AT_WORK = sql("SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'")
TERMINATE = sql("SELECT pg_terminate_backend(:pid)", pid=Integer())
NOTE = sql("INSERT INTO duty_runs (duty, done_for) VALUES (:duty, :now) RETURNING duty, done_for", duty=Text())
NOTED = sql("SELECT duty FROM duty_runs ORDER BY duty")


@pytest.fixture
async def single(database_url: str) -> AsyncIterator[AsyncEngine]:
    """With one connection, so that the next has the one that the last left behind."""
    db = connect(database_url, connections=1)
    yield db
    await db.dispose()


async def sleeper(db: AsyncEngine) -> int:
    """The backend that sleeps, once it does."""

    async def sleeps() -> bool:
        return bool(await alone(db, AT_WORK, {}))

    await until(sleeps)
    [(pid,)] = await alone(db, AT_WORK, {})
    assert isinstance(pid, int)
    return pid


async def test_it_commits_by_itself(single: AsyncEngine, engine: AsyncEngine) -> None:
    [row] = await alone(single, NOTE, {"duty": "a", "now": NOW, "else": None})
    assert dict(row) == {"duty": "a", "done_for": NOW}
    assert [duty for (duty,) in await alone(engine, NOTED, {})] == ["a"]


async def test_who_is_stopped_in_the_middle_leaves_no_connection_at_work(
    single: AsyncEngine, engine: AsyncEngine
) -> None:
    sleeping = asyncio.create_task(alone(single, SLEEP, {"seconds": 600.0}))
    await sleeper(engine)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert await alone(single, NOTE, {"duty": "a", "now": NOW})


async def test_a_connection_that_is_cut_is_a_passing_fault_and_replaced(
    single: AsyncEngine, engine: AsyncEngine
) -> None:
    sleeping = asyncio.create_task(alone(single, SLEEP, {"seconds": 600.0}))
    await alone(engine, TERMINATE, {"pid": await sleeper(engine)})
    with pytest.raises(asyncpg.PostgresError) as cut:
        await sleeping
    assert is_passing(cut.value)
    assert await alone(single, NOTE, {"duty": "a", "now": NOW})


async def test_what_a_statement_itself_does_wrong_does_not_pass(single: AsyncEngine) -> None:
    await alone(single, NOTE, {"duty": "a", "now": NOW})
    with pytest.raises(asyncpg.UniqueViolationError) as twice:
        await alone(single, NOTE, {"duty": "a", "now": NOW})
    assert not is_passing(twice.value)
    assert await alone(single, NOTE, {"duty": "b", "now": NOW})
    assert is_passing(asyncpg.DeadlockDetectedError("")) and is_passing(asyncpg.LockNotAvailableError(""))
