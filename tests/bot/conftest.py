import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from sandbox.clock import SandboxClock
from sandbox.server import create_app, running
from tests.bot.town import Town


@pytest.fixture
async def town(
    database_url: str, sessions: async_sessionmaker[AsyncSession], now: datetime, unpaced: None
) -> AsyncIterator[Town]:
    """Neither Telegram nor a bot in this process keeps to a pace."""
    app = create_app(SandboxClock(now), limits=None, webhook_pauses=(0.2,))
    async with (
        running(app) as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, trust_env=False, verify=False, timeout=30) as calls,
    ):
        yield Town(sandbox, calls, sessions, database_url, now)


@dataclass
class Line:
    """A way to the database that can be cut, or fall silent: `flows` cleared, what is sent does not get there."""

    url: str
    port: int
    to_port: int
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def mend(self) -> None:
        self.flows.set()
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Every connection breaks, and new ones are refused."""
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        pair = {writer, there_writer}
        self._open |= pair
        await asyncio.gather(self._copy(reader, there_writer), self._copy(there_reader, writer))
        self._open -= pair

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                await self.flows.wait()
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    parts = urlsplit(database_url)
    assert parts.port is not None
    line = Line("", 0, parts.port)
    await line.mend()
    line.url = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{line.port}")))
    yield line
    await line.cut()
