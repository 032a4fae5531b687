"""A running demo for each test, and the calls to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from bot.embedded_postgres import Server
from domain.policy import Policy
from sandbox.demo import Demo, demo, mid_week, settled
from sandbox.fleet import Phone
from sandbox.settings import Settings


@dataclass
class Settled:
    """Databases with a demo's fleet, to be cloned: one for each morning on which demos start, that is one a week."""

    server: Server
    new_shared: Callable[[], str]
    _made: dict[datetime, tuple[str, list[Phone]]] = field(default_factory=dict)

    def today(self) -> tuple[str, list[Phone]]:
        """The database's name, and the phones of its people."""
        policy = Policy()
        now = mid_week(datetime.now(UTC), policy)
        if now not in self._made:
            name, username = self.new_shared(), Settings().bot_username
            self._made[now] = name, asyncio.run(settled(self.server.url(name), username, policy, now))
        return self._made[now]


@pytest.fixture(scope="session")
def settled_fleets(server: Server, new_shared: Callable[[], str]) -> Settled:
    return Settled(server, new_shared)


@pytest.fixture
def settled_fleet(settled_fleets: Settled) -> tuple[str, list[Phone]]:
    return settled_fleets.today()


@pytest.fixture
async def database_url(
    settled_fleet: tuple[str, list[Phone]], clone: Callable[[str], AbstractAsyncContextManager[str]]
) -> AsyncIterator[str]:
    async with clone(settled_fleet[0]) as url:
        yield url


@pytest.fixture
async def running_demo(database_url: str, settled_fleet: tuple[str, list[Phone]], unpaced: None) -> AsyncIterator[Demo]:
    """Neither the bot nor Telegram keeps to a pace; the story in the browser does."""
    async with demo(database_url, limits=None, phones=settled_fleet[1]) as running:
        yield running


@pytest.fixture
async def calls(running_demo: Demo) -> AsyncIterator[httpx.AsyncClient]:
    url = running_demo.sandbox.url
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=30) as client:
        yield client
