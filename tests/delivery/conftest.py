from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from telegram import Bot

from bot.delivery.aiohttp_request import AiohttpRequest
from bot.delivery.sms import twilio
from sandbox.clock import SandboxClock
from sandbox.server import create_app, running
from sandbox.telegram.pace import PUBLISHED, Limits
from tests.delivery.post import Post


@pytest.fixture
def now(now: datetime) -> datetime:
    """Midday: nothing is held or silent for the hour (R11.4)."""
    return now.replace(hour=12)


@pytest.fixture
def limits() -> Limits | None:
    """Telegram's; a test whose own pace is lifted has them lifted too, by @UNLIMITED."""
    return PUBLISHED


@pytest.fixture
async def post(
    engine: AsyncEngine, sessions: async_sessionmaker[AsyncSession], now: datetime, limits: Limits | None
) -> AsyncIterator[Post]:
    """The product's delivery, the sandbox at the other end of HTTP, and a database of its own."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running(create_app(SandboxClock(now), limits=limits)))
        told = sandbox.settings
        sms = await stack.enter_async_context(twilio(told.account_sid, told.auth_token, told.sms_number, sandbox.url))
        bot = await stack.enter_async_context(
            Bot(
                told.token,
                base_url=f"{sandbox.url}/bot",
                request=AiohttpRequest(),
                get_updates_request=AiohttpRequest(connections=1),
            )
        )
        calls = await stack.enter_async_context(aiohttp.ClientSession())
        yield Post(sandbox, engine, sessions, calls, bot, sms)
