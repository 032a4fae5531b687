"""The bot as its real processes, and what they take of the machine."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.telegram import TOKEN, Telegram

START_FOR = 30.0  # seconds
STOP_FOR = 30.0


@dataclass(frozen=True, slots=True)
class Bot:
    """A running process that takes updates at `url`."""

    url: str
    secret: str
    process: psutil.Process

    def cpu_ms(self) -> float:
        """Milliseconds of processor time so far."""
        times = self.process.cpu_times()
        return 1000 * (times.user + times.system)

    def megabytes(self) -> float:
        """Resident memory."""
        return float(self.process.memory_info().rss) / 1e6


@asynccontextmanager
async def bot(command: str, folder: Path, database_url: str, telegram: Telegram, *, paced: bool) -> AsyncIterator[Bot]:
    """`rollcall <command>` with a webhook; `paced` as in production, else with Telegram's pace lifted.

    Its settings are these alone, all others at their defaults; what it logs goes into the folder.
    """
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
    telegram.forget_bot()
    log_path = folder / f"{command}.log"
    with log_path.open("ab") as log:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot" if paced else "bench.process", command,
            env=environment, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        told = await _webhook(started, telegram)
        yield Bot(told["url"], told["secret_token"], psutil.Process(started.pid))
    except RuntimeError:
        print(log_path.read_text(errors="replace")[-2000:])
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
        raise RuntimeError("the bot did not start; its log is printed above")
    return telegram.webhook.result()


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
