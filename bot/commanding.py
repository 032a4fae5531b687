"""What every command does alike: it is quiet, runs to its end or until it is interrupted, and reads instants."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import typer
import uvloop
from sqlalchemy.ext.asyncio import AsyncSession

from bot import logs, run
from bot.settings import Settings, load
from domain.db.engine import connect, sessions

T = TypeVar("T")


def for_one_command(*required: str) -> Settings:
    """Quiet: what such a command has to say, it prints itself."""
    settings = load(*required)
    logs.configure("ERROR", settings.log_format)
    return settings


async def in_database(settings: Settings, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """One transaction, for what needs nothing but the database."""
    async with run.database(settings) as url:
        engine = connect(url, connections=0)
        await run.require_migrated(engine)
        async with sessions(engine).begin() as session:
            return await work(session)


def carried_out(work: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end, or until somebody wants it ended: then it takes leave properly. A second signal insists."""

    async def interruptible() -> T:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(interruptible())
        except asyncio.CancelledError:
            raise typer.Exit from None


def local(at: datetime, settings: Settings) -> str:
    """On the company's wall clock, to the minute."""
    return at.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M")


def instant_of(text: str, settings: Settings) -> datetime:
    """An ISO instant; without an offset it is the company's wall clock."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as fault:
        raise run.StartError(f"{text} is no instant; write it like 2026-11-24T07:00.") from fault
    return instant if instant.tzinfo else instant.replace(tzinfo=settings.timezone)
