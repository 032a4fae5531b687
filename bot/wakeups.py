"""Being told by the database that something has become due. Where that doesn't work, whoever waits polls as well."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)

CHANNEL: Final = "rollcall"
CHECK_EVERY: Final = 30.0  # seconds; a connection that died without a word is noticed by then
BACK_OFF_MOST: Final = 30.0


class Wakeups:
    """One listening connection a process; everybody who waits has an event of his own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._events: list[asyncio.Event] = []

    def event(self) -> asyncio.Event:
        """Is set when something may have become due; whoever waits for it clears it."""
        event = asyncio.Event()
        self._events.append(event)
        return event

    async def listen(self, stop: asyncio.Event) -> None:
        """Listens until `stop`, and again after every break; something may have been missed then, so it wakes all."""
        faults = 0
        while not stop.is_set():
            try:
                await self._listen_once(stop)
                faults = 0
            except Exception as fault:
                faults += 1
                log.warning("not listening", fault=type(fault).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(0.25 * 2**faults, BACK_OFF_MOST))

    async def _listen_once(self, stop: asyncio.Event) -> None:
        pooled = await self._engine.raw_connection()
        connection: asyncpg.Connection = pooled.driver_connection
        pooled.detach()  # it is ours alone from now on; the pool makes another in its place
        try:
            ended = asyncio.Event()
            connection.add_termination_listener(lambda *_: ended.set())
            await connection.add_listener(CHANNEL, self._wake)
            self._wake()
            while not stop.is_set() and not ended.is_set():
                await _first_of(stop, ended, for_at_most=CHECK_EVERY)
                await connection.execute("SELECT 1", timeout=5)
        finally:
            connection.terminate()

    def _wake(self, *_: Any) -> None:
        for event in self._events:
            event.set()


async def _first_of(*events: asyncio.Event, for_at_most: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=for_at_most, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
