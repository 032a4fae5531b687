"""`rollcall bench`: measures, prints one table, and leaves nothing behind.

Takes names of sections; none: all but `machine`, which measures nothing and takes long.
"""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import aiohttp
import asyncpg
from rich.console import Console

from bench import deliveries, duties, filling, growth, machine, pictures, report, roster, standing
from bench.bots import bot
from bench.emergencies import emergency
from bench.fleet import FIRST_CHAT, settle
from bench.load import Carrier, each
from bench.presses import IN_FLIGHT, Bench, Cases, measured
from bench.report import Memory, Section
from bench.telegram import Telegram, telegram
from bench.updates import accept, today
from bot.embedded_postgres import Server, embedded_postgres
from bot.migrate import migrate
from bot.run import StartError
from sandbox.simulate import running
from sandbox.simulate.months import Terms

Size = tuple[int, int]  # drivers, routes

SMALL: Final = (100, 40)
LARGE: Final = (10_000, 4_000)
TO_DELIVER: Final = (4_000, 1_600)
TO_GROW: Final = (2_000, 800)
WITH_DUTIES: Final = (10_000, 3_000)
TO_FILL: Final = ((2_000, 800), (20_000, 8_000))
TO_JUDGE: Final = ((2_000, 800), (20_000, 8_000))
BIDS: Final = (100, 1_000)
AT_ONCE: Final = (50, 1_000)
TO_ROSTER: Final = ((100, 60), (2_000, 1_200), (20_000, 12_000))
WEEKS: Final = Terms(drivers=200, days=56, seed=7)
UPDATES = 1_000  # for the memory
IDLE_AFTER = 2.0  # seconds

console = Console(width=110)


@dataclass(frozen=True, slots=True)
class Fleets:
    """One database a size and purpose, made when it is first wanted."""

    server: Server
    folder: Path
    network: Telegram
    http: Any  # aiohttp
    stack: contextlib.AsyncExitStack
    made: dict[str, Bench] = field(default_factory=dict)

    async def of(self, size: Size, purpose: str = "fleet", warehouses: int | None = None) -> Bench:
        name = f"{purpose}_{size[0]}"
        if name not in self.made:
            console.log(f"a fleet of {size[0]:,} drivers on {size[1]:,} routes")
            self.made[name] = await self.stack.enter_async_context(_bench(self, name, size, warehouses))
        return self.made[name]


async def _emergencies(fleets: Fleets) -> list[Section]:
    waves = []
    for size in (SMALL, LARGE):
        bench = await fleets.of(size)
        console.log("an emergency in it")
        waves.append(await emergency(bench))
    return report.of_emergencies(waves)


async def _presses(fleets: Fleets) -> list[Section]:
    bench = await fleets.of(LARGE)
    console.log("presses and /today, beside their floors")
    return report.of_presses(await measured(bench))


async def _memories(fleets: Fleets) -> list[Section]:
    bench = await fleets.of(LARGE)
    console.log("memory")
    return report.of_memory(await _memory(bench))


async def _deliveries(fleets: Fleets) -> list[Section]:
    bench = await fleets.of(TO_DELIVER)
    console.log("backlogs, deliveries alone, and their cost beside its floor")
    delivered = await deliveries.measured(bench)
    few, many = await fleets.of(TO_GROW, "few"), await fleets.of(TO_GROW, "many")
    console.log("a table that has grown, beside one that has not")
    return report.of_deliveries(delivered, await growth.measured(few, many))


async def _duties(fleets: Fleets) -> list[Section]:
    bench = await fleets.of(WITH_DUTIES, "duties")
    console.log("the duties, while nothing is due and when much is")
    return report.of_duties(await duties.measured(bench))


async def _filling(fleets: Fleets) -> list[Section]:
    figures = []
    for size in TO_FILL:
        bench = await fleets.of(size, "filling", warehouses=1)
        console.log("windows opened")
        figures += await filling.opening(bench)
    bench = await fleets.of(TO_FILL[0], "filling", warehouses=1)
    console.log("bids resolved, and one accepted by many")
    for bids in BIDS:
        figures += await filling.resolving(bench, bids)
    for presses in AT_ONCE:
        figures += await filling.accepting(bench, presses)
    return report.of_filling(figures)


async def _standing(fleets: Fleets) -> list[Section]:
    judged = []
    for size in TO_JUDGE:
        bench = await fleets.of(size, "standing")
        console.log("a year of its past, and how its drivers stand after it")
        judged.append(await standing.measured(bench))
    return report.of_standing(judged)


async def _roster(fleets: Fleets) -> list[Section]:
    figures = []
    for drivers, routes in TO_ROSTER:
        console.log(f"a week's roster of {drivers:,} drivers on {routes:,} routes")
        url = await _database(fleets.server, f"roster_{drivers}")
        db = await asyncpg.connect(url)
        figures.append(await roster.rostered(db, url, drivers, routes))
        await db.close()
    return report.of_rosters(figures)


async def _pictures(_fleets: Fleets) -> list[Section]:
    console.log("pictures")
    return report.of_pictures(pictures.measured())


async def _simulation(_fleets: Fleets) -> list[Section]:
    console.log(f"{WEEKS.weeks} weeks of {WEEKS.drivers} drivers, simulated")
    ran = await running.simulate(WEEKS, console)
    if ran is None:
        sys.exit(1)
    return report.of_simulation(WEEKS, ran)


async def _machine(fleets: Fleets) -> list[Section]:
    console.log(f"{machine.EXAMPLES:,} sequences of presses and duties, one after the other and at once")
    databases = [await _database(fleets.server, f"machine_{number}") for number in range(machine.PROCESSES)]
    admin = await asyncpg.connect(fleets.server.url())
    for number in range(machine.PROCESSES):
        await admin.execute(f"ALTER DATABASE machine_{number} SET synchronous_commit = off")  # nothing dies here
    await admin.close()
    return report.of_machine(await machine.explored(databases))


SECTIONS: Final[Mapping[str, Callable[[Fleets], Awaitable[list[Section]]]]] = {
    "emergency": _emergencies,
    "presses": _presses,
    "memory": _memories,
    "delivery": _deliveries,
    "duties": _duties,
    "filling": _filling,
    "standing": _standing,
    "roster": _roster,
    "pictures": _pictures,
    "simulate": _simulation,
    "machine": _machine,
}


def chosen(names: Sequence[str]) -> Sequence[str]:
    """Which sections are meant; StartError where there is none of a name."""
    if unknown := [name for name in names if name not in SECTIONS]:
        raise StartError(f"There is no section {unknown[0]}; there are: {', '.join(SECTIONS)}.")
    return names or [name for name in SECTIONS if name != "machine"]


async def main(wanted: Sequence[str]) -> None:
    """These sections, in their own order."""
    began = monotonic()
    sections: list[Section] = []
    with _server() as (server, folder):
        async with (
            telegram() as network,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
            contextlib.AsyncExitStack() as stack,
        ):
            fleets = Fleets(server, folder, network, http, stack)
            for name, section in SECTIONS.items():
                if name in wanted:
                    sections += await section(fleets)
    console.print(report.table(sections))
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


async def _database(server: Server, name: str) -> str:
    """The address of a new one, migrated."""
    admin = await asyncpg.connect(server.url())
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    await migrate(server.url(name))
    return server.url(name)


@contextlib.asynccontextmanager
async def _bench(fleets: Fleets, name: str, size: Size, warehouses: int | None) -> AsyncIterator[Bench]:
    folder, url = fleets.folder, await _database(fleets.server, name)
    db = await asyncpg.connect(url)
    try:
        fleet = await settle(db, *size, datetime.now(UTC), warehouses=warehouses)
        yield Bench(db, url, folder, folder / "postgres.log", fleet, fleets.network, fleets.http)
    finally:
        await db.close()


async def _memory(bench: Bench) -> Memory:
    """Of `serve`, which does everything in one process: at rest, and after updates of both kinds."""
    await bench.set_aside()
    async with bot("serve", bench.folder, bench.url, bench.telegram, paced=False) as running:
        await asyncio.sleep(IDLE_AFTER)
        idle = running.megabytes()
        pressed = [accept(offer) for offer in await Cases(bench).offers(UPDATES // 2)]
        typed = [today(FIRST_CHAT + driver) for driver in range(UPDATES // 2)]
        await each(pressed + typed, Carrier(running, bench.telegram, bench.http).bring, IN_FLIGHT)
        await asyncio.sleep(IDLE_AFTER)
        return Memory(idle, running.megabytes(), UPDATES)
