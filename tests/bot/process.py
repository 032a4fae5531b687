"""`rollcall` as a host runs it: another process, settings in its environment."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.settings import Settings

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def running(*arguments: str, cwd: Path, **settings: object) -> AsyncIterator[Process]:
    """A process that runs on; its log is read to the line that says that it is ready."""
    process = await _start(arguments, cwd, {"log_format": "json"} | settings)
    assert process.stderr is not None
    read: list[bytes] = []
    async with asyncio.timeout(60):
        while b'"ready"' not in (line := await process.stderr.readline()):
            assert line, b"".join(read).decode()
            read.append(line)
    reading = asyncio.create_task(process.stderr.read())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def _start(arguments: tuple[str, ...], cwd: Path, settings: dict[str, object]) -> Process:
    ours = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {name.upper(): str(value) for name, value in settings.items()} | {"PYTHONPATH": str(ROOT)}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments), cwd=cwd, env=environment, stdout=PIPE, stderr=PIPE
    )
