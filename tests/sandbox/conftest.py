"""A sandbox for each test, driven over HTTP by the clients that the bot uses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from sandbox.clock import SandboxClock
from sandbox.server import Running, create_app, running
from tests.sandbox.company import Company, listening_company

AMARA = {"id": "amara-osei", "name": "Amara Osei", "phone": "+14165550101", "telegram": {"user_id": 1001}}
JEAN = {"id": "jean-roy", "name": "Jean Roy", "phone": "+14165550102", "language": "fr", "telegram": {"user_id": 1002}}


@dataclass
class Timer:
    """Real time as the network's lifetimes and rates see it."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Calls:
    """The /sandbox calls."""

    http: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> Any:
        return (await self.http.get(f"/sandbox/{path}", params=query)).raise_for_status().json()

    async def post(self, path: str, **body: Any) -> Any:
        return (await self.http.post(f"/sandbox/{path}", json=body)).raise_for_status().json()

    async def patch(self, path: str, **body: Any) -> Any:
        return (await self.http.patch(f"/sandbox/{path}", json=body)).raise_for_status().json()


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
async def sandbox(timer: Timer) -> AsyncIterator[Running]:
    clock = SandboxClock(datetime(2026, 11, 23, 12, tzinfo=UTC), running=False)
    app = create_app(
        clock,
        limits=None,
        webhook_pauses=(0.01,),
        sms_step_seconds=0.0,
        sms_retry_seconds=0.001,
        seed=7,
        monotonic=timer,
    )
    async with running(app) as started:
        yield started


@pytest.fixture
async def company(sandbox: Running) -> AsyncIterator[Company]:
    async with listening_company(sandbox.settings.auth_token) as company:
        yield company


@pytest.fixture
async def http(sandbox: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, verify=False) as client:  # no TLS to load
        yield client


@pytest.fixture
async def calls(http: httpx.AsyncClient) -> Calls:
    """With Amara, who has pressed START, and Jean, who has not."""
    calls = Calls(http)
    await calls.post("people", **AMARA)
    await calls.post("people", **JEAN)
    await calls.patch("people/amara-osei", started=True)
    return calls


@pytest.fixture
async def bot(sandbox: Running) -> AsyncIterator[Bot]:
    plain, polling = (HTTPXRequest(httpx_kwargs={"verify": False, "trust_env": False}) for _ in range(2))
    async with Bot(
        sandbox.settings.token, base_url=f"{sandbox.url}/bot", request=plain, get_updates_request=polling
    ) as bot:
        yield bot


@pytest.fixture
def until() -> Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]:
    """Asks again and again until the answer is true."""

    async def ask(question: Callable[[], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(60):
            while not (answer := await question()):  # noqa: ASYNC110 - it asks over HTTP
                await asyncio.sleep(0.005)
            return answer

    return ask
