"""`rollcall simulate`: months side by side, how far they have come, and what they have come to."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import sandbox
from sandbox.simulate.alone import NEWS, ORDER, Day, Fault, Order
from sandbox.simulate.months import Month, Terms
from sandbox.simulate.result import Result, page, together

PATIENCE_FOR: Final = 30.0  # seconds
LINE_MOST: Final = 1 << 24  # bytes
CODE: Final = Path(sandbox.__file__).parents[1]  # a month runs on ours, wherever the command is given

Tell = Callable[[Month, date], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """A run at whose end everything held."""

    result: Result
    page: RenderableType
    seconds: float


class Failed(Exception):
    """A month could not go on; the text says why."""

    def __init__(self, month: Month, words: str) -> None:
        super().__init__(f"Month {month.number}, from {month.begins} on: {words}")
        self.month = month


async def simulate(terms: Terms, console: Console) -> Ran | None:
    """Runs it on throw-away databases, with a bar for each month. None: something did not hold, which is told."""
    began, months = monotonic(), terms.months
    try:
        with _bars(console, months) as tell:
            result = together(await side_by_side(months, processors(), tell))
    except Failed as failed:
        console.print(f"{failed}\nThe same seed repeats it: {terms.command}", markup=False, highlight=False)
        return None
    seconds = monotonic() - began
    return Ran(result, page(terms, result, seconds), seconds)


def processors() -> list[int | None]:
    """Those that we may use; None for each where one can't choose among them."""
    if hasattr(os, "sched_getaffinity"):
        return [*sorted(os.sched_getaffinity(0))]
    return [None] * (os.cpu_count() or 1)


async def side_by_side(months: Sequence[Month], on: Sequence[int | None], tell: Tell) -> list[Result]:
    """Each in a process of its own, as many at once as there are processors to be `on`; their results in order.

    Left early, it ends them all, and their databases. Raises Failed for the first that fails.
    """
    free: asyncio.Queue[int | None] = asyncio.Queue()
    for processor in on:
        free.put_nowait(processor)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_when_there_is_one(free, month, tell)) for month in months]
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


async def _when_there_is_one(free: "asyncio.Queue[int | None]", month: Month, tell: Tell) -> Result:
    processor = await free.get()
    folder = Path(tempfile.mkdtemp(prefix="rollcall-simulation-", dir=_memory()))
    try:
        return await _result(Order(month, folder, processor), tell)
    finally:
        await asyncio.to_thread(_remove, folder)
        free.put_nowait(processor)


_SAME: Final = os.environ | {"PYTHONHASHSEED": "0"}  # in a set, days and words stand in the same order each time


async def _result(order: Order, tell: Tell) -> Result:
    """Of a process, whose days are told as they end. Raises Failed."""
    command = (sys.executable, "-m", "sandbox.simulate.alone", ORDER.dump_json(order).decode())
    # In a session of its own: who interrupts us means us, and it is for us to end it.
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, limit=LINE_MOST, start_new_session=True, cwd=CODE, env=_SAME
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            match NEWS.validate_json(line):
                case Day(on):
                    tell(order.month, on)
                case Fault(words):
                    raise Failed(order.month, words)
                case result:
                    return result
        raise Failed(order.month, f"its process ended with code {await process.wait()}.")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # its database stops by itself once its user is gone
        await process.wait()


def _remove(folder: Path) -> None:
    """The server stops when its last user has left, a moment later."""
    deadline = monotonic() + PATIENCE_FOR
    while (folder / "postgres" / "postmaster.pid").exists() and monotonic() < deadline:
        sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """Where files are quick, if there is such a place."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > 1 << 30 else None


@contextlib.contextmanager
def _bars(console: Console, months: Sequence[Month]) -> Iterator[Tell]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {month: progress.add_task(f"month {month.number}", total=month.days) for month in months}
        yield lambda month, on: progress.update(tasks[month], advance=1, description=f"{on:%a %d %b %Y}")
