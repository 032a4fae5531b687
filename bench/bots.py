"""The bot as its real processes, and what they take of the machine."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

import psutil

from bench.telegram import TOKEN, Telegram

START_FOR = 30.0  # seconds
STOP_FOR = 30.0
READY: Final = '"event": "ready"'  # what a process logs once all its parts run
NOT_STARTED: Final = "the bot did not start; its log is printed above"


@dataclass(frozen=True, slots=True)
class Running:
    """A running process."""

    process: psutil.Process

    def cpu_ms(self) -> float:
        """Milliseconds of processor time so far."""
        times = self.process.cpu_times()
        return 1000 * (times.user + times.system)

    def megabytes(self) -> float:
        """Resident memory."""
        return float(self.process.memory_info().rss) / 1e6


@dataclass(frozen=True, slots=True)
class Bot(Running):
    """One that takes updates at `url`."""

    url: str
    secret: str


@asynccontextmanager
async def bot(command: str, folder: Path, database_url: str, telegram: Telegram, *, paced: bool) -> AsyncIterator[Bot]:
    """`rollcall <command>` with a webhook; `paced` as in production, else with Telegram's pace lifted."""
    telegram.forget_bot()
    async with _process(command, folder, database_url, telegram, paced=paced) as (started, _):
        told = await _webhook(started, telegram)
        yield Bot(psutil.Process(started.pid), told["url"], told["secret_token"])


@asynccontextmanager
async def workers(
    count: int, folder: Path, database_url: str, telegram: Telegram, *, paced: bool
) -> AsyncIterator[list[Running]]:
    """So many `rollcall worker`, each a process of its own; they set no webhook, and poll for no updates."""
    async with AsyncExitStack() as stack:
        running = []
        for _ in range(count):
            a_process = _process("worker", folder, database_url, telegram, paced=paced)
            started, log = await stack.enter_async_context(a_process)
            await _ready(started, log)
            running.append(Running(psutil.Process(started.pid)))
        yield running


@asynccontextmanager
async def _process(
    command: str, folder: Path, database_url: str, telegram: Telegram, *, paced: bool
) -> AsyncIterator[tuple[Process, Path]]:
    """Its settings are these alone, all others at their defaults; what it logs goes into a file of its own."""
    port = _free_port()
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "DATABASE_URL": database_url,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "LOG_FORMAT": "json",
    }
    log_path = folder / f"{command}-{port}.log"
    with log_path.open("ab") as log:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot" if paced else "bench.process", command,
            env=environment, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield started, log_path
    except RuntimeError:
        print(_said(log_path)[-2000:])
        raise
    finally:
        await _stop(started)


async def _webhook(started: Process, telegram: Telegram) -> dict[str, str]:
    """What the bot tells Telegram once it listens."""
    ended = asyncio.ensure_future(started.wait())
    either: tuple[asyncio.Future[Any], ...] = (ended, telegram.webhook)
    await asyncio.wait(either, timeout=START_FOR, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if not telegram.webhook.done():
        raise RuntimeError(NOT_STARTED)
    return telegram.webhook.result()


async def _ready(started: Process, log: Path) -> None:
    """Until the process says so."""
    until = monotonic() + START_FOR
    while READY not in _said(log):
        if started.returncode is not None or monotonic() > until:
            raise RuntimeError(NOT_STARTED)
        await asyncio.sleep(0.05)


def _said(log: Path) -> str:
    return log.read_text(errors="replace")


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_FOR)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
