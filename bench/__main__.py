"""`python -m bench`: measures, prints one table, and leaves nothing behind."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import aiohttp
import asyncpg
import uvloop
from rich.console import Console

from bench import report
from bench.bots import bot
from bench.emergencies import emergency
from bench.fleet import FIRST_CHAT, settle
from bench.load import Carrier, each
from bench.presses import IN_FLIGHT, Bench, Cases, measured
from bench.report import Memory
from bench.telegram import Telegram, telegram
from bench.updates import accept, today
from bot.embedded_postgres import Server, embedded_postgres
from bot.migrate import migrate

SMALL = (100, 40)  # drivers, routes
LARGE = (10_000, 4_000)
UPDATES = 1_000  # for the memory
IDLE_AFTER = 2.0  # seconds

console = Console(width=110)


async def main() -> None:
    began = monotonic()
    with _server() as (server, folder):
        async with telegram() as network, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            waves = []
            for drivers, routes in (SMALL, LARGE):
                console.log(f"a fleet of {drivers:,} drivers on {routes:,} routes")
                async with _bench(server, folder, drivers, routes, network, http) as bench:
                    console.log("an emergency in it")
                    waves.append(await emergency(bench))
                    if drivers == LARGE[0]:
                        cases = Cases(bench)
                        console.log("presses and /today, beside their floors")
                        figures = await measured(bench, cases)
                        console.log("memory")
                        memory = await _memory(bench, cases)
    console.print(report.table(figures, waves, memory))
    console.print(f"{monotonic() - began:.0f} s; the best of three for rates and processor time.", style="dim")


@contextlib.contextmanager
def _server() -> Iterator[tuple[Server, Path]]:
    """A server as safe as in production, on disk; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="rollcall-bench-"))
    try:
        with embedded_postgres(folder) as server:
            yield server, folder
    finally:
        _wait_for_end(folder / "postgres" / "postmaster.pid")
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_end(pid_file: Path) -> None:
    """The server stops when its last user has left, a moment later."""
    deadline = monotonic() + 30
    while pid_file.exists() and monotonic() < deadline:
        sleep(0.05)


@contextlib.asynccontextmanager
async def _bench(
    server: Server, folder: Path, drivers: int, routes: int, network: Telegram, http: Any
) -> AsyncIterator[Bench]:
    name = f"fleet_{drivers}"
    admin = await asyncpg.connect(server.url())
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    await migrate(server.url(name))
    db = await asyncpg.connect(server.url(name))
    try:
        fleet = await settle(db, drivers, routes, datetime.now(UTC))
        yield Bench(db, server.url(name), folder, folder / "postgres.log", fleet, network, http)
    finally:
        await db.close()


async def _memory(bench: Bench, cases: Cases) -> Memory:
    """Of `serve`, which does everything in one process: at rest, and after updates of both kinds."""
    await bench.db.execute("UPDATE deliveries SET due_at = NULL")
    await bench.db.execute("UPDATE window_waves SET next_at = NULL")
    async with bot("serve", bench.folder, bench.url, bench.telegram, paced=False) as running:
        await asyncio.sleep(IDLE_AFTER)
        idle = running.megabytes()
        pressed = [accept(offer) for offer in await cases.offers(UPDATES // 2)]
        typed = [today(FIRST_CHAT + driver) for driver in range(UPDATES // 2)]
        await each(pressed + typed, Carrier(running, bench.telegram, bench.http).bring, IN_FLIGHT)
        await asyncio.sleep(IDLE_AFTER)
        return Memory(idle, running.megabytes(), UPDATES)


if __name__ == "__main__":
    uvloop.run(main())
