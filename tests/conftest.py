"""What every test may ask for. One PostgreSQL serves all workers and all test runs of this person at once."""

import asyncio
import contextlib
import functools
import gc
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import structlog
from hypothesis import settings
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

import migrations
from bot.delivery.mail import open_mail
from bot.embedded_postgres import Server, embedded_postgres
from bot.migrate import migrate
from bot.reader import Reader
from bot.screens.deeds import words
from domain import audit
from domain.db.engine import connect
from domain.db.engine import sessions as sessions_on
from tests.learnt import learn_once

ENOUGH = 1 << 30  # bytes
PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)

# Workers, and the commands that tests start, compile what they import once, wherever the tests run: the slowest part.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.load_profile("ci")  # the same examples everywhere, and no limits of time: machines are shared


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, that nobody waits for it in the end.

    That is the proof, the machine, and the large database, for which another worker would only wait until it is made.
    """
    longest = ("test_proof.py", "test_races_machine.py")
    items.sort(
        key=lambda item: (
            all(name not in item.nodeid for name in longest),
            "large" not in getattr(item, "fixturenames", ()),
        )
    )


def pytest_collection_finish() -> None:
    """What has been imported by now stays, and to go through all of it for garbage takes a worker one second in 13."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def learnt() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        learn_once(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def deeds_have_words() -> Iterator[None]:
    """Whatever a test lets the domain write into the audit log can be read (R13), or the test fails as it writes it."""
    known = words(Reader("en", ZoneInfo("UTC")))
    write = audit._changes

    def checked(entry: audit.Entry, by_phone: bool) -> dict[str, Any]:
        assert entry.entity == "test" or (entry.entity, entry.action) in known, f"no words for {entry}"
        return write(entry, by_phone)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "_changes", checked)
        yield


@pytest.fixture(scope="session", autouse=True)
def pictures_may_take_their_time() -> Iterator[None]:
    """A shared machine is slow to start the child that draws them, and what is late goes without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.delivery.pictures.DRAW_FOR", 60.0)
        yield


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Some tests fail on purpose a thousand times, and a coloured traceback takes longer than most tests."""
    structlog.configure(processors=[structlog.stdlib.add_log_level, PLAIN])


@pytest.fixture
def now() -> datetime:
    """A Wednesday morning, twenty minutes after shifts have started."""
    return datetime(2026, 11, 25, 7, 20, tzinfo=ZoneInfo("America/Toronto"))


@pytest.fixture
def unpaced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot sends as fast as it can: for tests of what is said, not of when (tests/delivery, and those marked so)."""
    if request.node.get_closest_marker("paced"):
        return
    at_once = functools.partial(open_mail, telegram_every=timedelta(0), chat_every=timedelta(0))
    monkeypatch.setattr("bot.run.open_mail", at_once)


@pytest.fixture(scope="session")
def memory() -> Path:
    """Where files are quick: in memory where there is room for the databases of all workers."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ENOUGH
    return shared if roomy else Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def server(memory: Path) -> Iterator[Server]:
    """A server of throw-away databases, gone with its last user."""
    with embedded_postgres(memory / f"rollcall-tests-{os.getuid()}", fast=True) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """The name of a migrated database without rows, made by whoever comes first."""
    history = b"".join(path.read_bytes() for path in sorted(Path(migrations.__file__).parent.rglob("*.py")))
    name = f"template_{hashlib.sha256(history).hexdigest()[:16]}"
    asyncio.run(_make_template(server, name))
    return name


@pytest.fixture(scope="session")
def clone(server: Server) -> Callable[[str], AbstractAsyncContextManager[str]]:
    """Of the database of that name, for a while; gives its address."""
    return functools.partial(_database, server)


@pytest.fixture
async def new_database_url(server: Server) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Makes databases without tables."""
    async with contextlib.AsyncExitStack() as made:
        yield lambda: made.enter_async_context(_database(server, "template0"))


@pytest.fixture
async def empty_database_url(new_database_url: Callable[[], Awaitable[str]]) -> str:
    return await new_database_url()


@pytest.fixture
async def database_url(server: Server, template: str) -> AsyncIterator[str]:
    """A migrated database of this test's own, for what commits or starts other processes."""
    async with _database(server, template) as url:
        yield url


@pytest.fixture
async def new_migrated_url(server: Server, template: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Makes migrated databases, for what needs several."""
    async with contextlib.AsyncExitStack() as made:
        yield lambda: made.enter_async_context(_database(server, template))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions that really commit, on this test's own database."""
    return sessions_on(engine)


@pytest.fixture(scope="session")
def new_shared(server: Server, template: str) -> Iterator[Callable[[], str]]:
    """Makes migrated databases that last as long as this worker; gives their names."""
    made: list[str] = []

    def make() -> str:
        made.append(f"shared_{uuid.uuid4().hex}")
        asyncio.run(_administer(server, f'CREATE DATABASE "{made[-1]}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
        return made[-1]

    yield make
    for name in made:
        asyncio.run(_administer(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def shared_engine(server: Server, new_shared: Callable[[], str]) -> AsyncEngine:
    """On one database a worker. Its connections stay: PostgreSQL gets to know the tables anew in each, and that takes
    longer than most tests."""
    return connect(server.url(new_shared()))


@pytest.fixture
async def session(shared_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session whose work, its commits too, is rolled back in the end: quick, for what needs one session only."""
    async with shared_engine.connect() as connection:
        transaction = await connection.begin()
        yield AsyncSession(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        await transaction.rollback()


@contextlib.asynccontextmanager
async def _database(server: Server, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    await _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    yield server.url(name)
    await _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(server: Server, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _make_template(server: Server, name: str) -> None:
    """Under an advisory lock, and renamed when done, so that nobody clones a half-made one."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute("SELECT pg_advisory_lock(1)")
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        await connection.execute(f'DROP DATABASE IF EXISTS "new_{name}"')
        await connection.execute(f'CREATE DATABASE "new_{name}"')
        await migrate(server.url(f"new_{name}"))
        await connection.execute(f'ALTER DATABASE "new_{name}" RENAME TO "{name}"')
    finally:
        await connection.close()
