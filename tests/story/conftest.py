"""A running demo for each test, and the calls to it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.demo import Demo, demo


@pytest.fixture
async def running_demo(database_url: str) -> AsyncIterator[Demo]:
    async with demo(database_url) as running:
        yield running


@pytest.fixture
async def calls(running_demo: Demo) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running_demo.sandbox.url, trust_env=False, timeout=30) as client:
        yield client
