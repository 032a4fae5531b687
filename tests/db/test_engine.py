"""The way to the database: addresses, poolers, restarts."""

import asyncio
import contextlib
import os
import shutil
import socket
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.migrate import migrate
from domain.db.engine import connect, sessions
from domain.db.models import AuditLog
from domain.db.models.words import ActorType
from tests.db.pooler import transaction_pooler


@pytest.fixture(params=["ours", "pgbouncer"])
async def pooled_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The test's database behind a transaction-mode pooler with two connections."""
    parts = urlsplit(database_url)
    if request.param == "ours":
        async with transaction_pooler(database_url, connections=2) as port:
            yield parts._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()
        return
    if not (program := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")):
        pytest.skip("pgbouncer is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\nrollcall = host=127.0.0.1 port={parts.port} dbname={parts.path[1:]} user=postgres "
        f"password={parts.password} pool_size=2\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        "auth_type = any\npool_mode = transaction\nunix_socket_dir =\n"
    )
    command = [program, "-q", *(["-u", "nobody"] if os.geteuid() == 0 else []), str(settings)]
    pgbouncer = await asyncio.create_subprocess_exec(*command)
    url = f"postgresql://postgres@127.0.0.1:{port}/rollcall"
    while not await answers(url):
        assert pgbouncer.returncode is None, "pgbouncer does not start"
    yield url
    pgbouncer.terminate()
    await pgbouncer.wait()


async def answers(url: str) -> bool:
    try:
        await (await asyncpg.connect(url, statement_cache_size=0)).close()
    except OSError:
        await asyncio.sleep(0)
        return False
    return True


async def one_update(session_of: async_sessionmaker[AsyncSession], entity: uuid.UUID) -> int:
    """Some statements with enums, JSON and parameters, in a transaction; how many statements the server has kept."""
    async with session_of() as session, session.begin():
        at = datetime(2026, 11, 25, tzinfo=UTC)
        facts = {"entity_type": "user", "entity_id": entity, "action": "made", "actor_type": ActorType.SYSTEM}
        session.add(AuditLog(**facts, changes={"after": {"id": entity, "at": at}}, created_at=at))
        await session.flush()
        entry = (await session.scalars(select(AuditLog).where(AuditLog.entity_id == entity))).one()
        kept: int = await session.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")) or 0
    assert entry.changes == {"after": {"id": str(entity), "at": "2026-11-25T00:00:00+00:00"}}  # readable when committed
    return kept


@pytest.mark.parametrize("said", ["", "?pgbouncer=true"])
async def test_through_a_transaction_mode_pooler_nothing_stays_on_the_server(pooled_url: str, said: str) -> None:
    engine = connect(pooled_url + said)
    kept = [await one_update(sessions(engine), uuid.uuid4())]
    for _ in range(5):
        kept += await asyncio.gather(*(one_update(sessions(engine), uuid.uuid4()) for _ in range(8)))
    await engine.dispose()
    assert kept == [0] * 41


async def test_a_pooler_breaks_what_is_prepared_for_the_session(pooled_url: str) -> None:
    """The counterpart: it is the recognised pooler, and not chance, that the test above passes."""
    engine = connect(pooled_url + "?pgbouncer=false")
    with pytest.raises(Exception, match="prepared statement"):
        for _ in range(20):
            await asyncio.gather(*(one_update(sessions(engine), uuid.uuid4()) for _ in range(8)))
    await engine.dispose()


async def test_a_database_is_migrated_through_a_pooler(empty_database_url: str) -> None:
    async with transaction_pooler(empty_database_url, connections=2) as port:
        await migrate(urlsplit(empty_database_url)._replace(netloc=f"postgres@127.0.0.1:{port}").geturl())
    engine = connect(empty_database_url, connections=0)
    assert await one_update(sessions(engine), uuid.uuid4()) >= 0
    await engine.dispose()


async def test_without_a_pooler_statements_stay_prepared(engine: AsyncEngine) -> None:
    await one_update(sessions(engine), uuid.uuid4())
    assert await one_update(sessions(engine), uuid.uuid4()) > 0


async def test_connections_that_a_restarted_server_closed_cost_no_error(engine: AsyncEngine, database_url: str) -> None:
    session_of = sessions(engine)
    await asyncio.gather(*(one_update(session_of, uuid.uuid4()) for _ in range(4)))
    other = await asyncpg.connect(database_url)
    ended = await other.fetchval(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'rollcall'"
    )
    await other.close()
    assert ended >= 1
    await asyncio.gather(*(one_update(session_of, uuid.uuid4()) for _ in range(4)))


@pytest.mark.parametrize("renewed_after", [300, 0, None])
async def test_connections_have_their_turns_or_the_last_one_goes_on_for_good(
    database_url: str, renewed_after: float | None
) -> None:
    """By turns none lies idle for longer than a network bears it."""
    engine = connect(database_url, connections=3, renewed_after=renewed_after)

    async def at_once(most: int) -> list[int]:
        async with contextlib.AsyncExitStack() as stack:
            lent = [await stack.enter_async_context(engine.connect()) for _ in range(most)]
            return [int(await each.scalar(text("SELECT pg_backend_pid()"))) for each in lent]

    opened = await at_once(3)
    then = [(await at_once(1))[0] for _ in range(3)]
    if renewed_after is None:
        assert len({*then}) == 1 and {*then} < {*opened}
    else:
        assert len({*then}) == 3 and ({*then} == {*opened}) == (renewed_after > 0)
    await engine.dispose()


async def test_r1_1_a_session_reads_instants_in_utc_under_the_given_name(database_url: str) -> None:
    engine = connect(database_url, name="rollcall worker")
    async with engine.connect() as connection:
        row = (
            await connection.execute(text("SELECT current_setting('TimeZone'), current_setting('application_name')"))
        ).one()
    await engine.dispose()
    assert tuple(row) == ("UTC", "rollcall worker")


@pytest.mark.parametrize(
    "query",
    [
        "?sslmode=disable",
        "?sslmode=prefer&channel_binding=prefer&connect_timeout=3",
        "?pgbouncer=false&connection_limit=1",
        "?options=-c%20work_mem%3D5MB",
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
async def test_addresses_are_taken_as_hosts_print_them(database_url: str, scheme: str, query: str) -> None:
    engine = connect(database_url.replace("postgresql", scheme, 1) + query, connections=0)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()


@pytest.mark.parametrize("query", ["?sslmode=require", "?sslmode=verify-full&sslrootcert=system"])
async def test_encryption_that_is_required_is_not_done_without(database_url: str, query: str) -> None:
    engine = connect(database_url + query, connections=0)  # the test server has none
    with pytest.raises(ConnectionError, match="SSL"):
        await engine.connect()
    await engine.dispose()


@pytest.mark.parametrize("address", ["", "mysql://root@db/rollcall", "postgresql+asyncpg://u@h/d", "db:5432/rollcall"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must begin with postgresql://"):
        connect(address)
