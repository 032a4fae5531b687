"""Twilio's calls to the bot, one after another and without a network between: nothing is left to who is quicker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from starlette.types import ASGIApp

from sandbox.simulate.mishaps import Death
from sandbox.sms.callbacks import Address, Caller, Form


class Postman(Caller):
    """Calls the application itself. While the bot is in the middle of something, `waiting`, calls wait."""

    def __init__(self, auth_token: str, passable: Callable[[], Awaitable[None]], app: ASGIApp) -> None:
        super().__init__(auth_token, 0, passable)
        self._app = app
        self._turn = asyncio.Lock()  # first come, first served

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Nobody is called in the block."""
        async with self._turn:
            yield

    async def call(self, address: Address, form: Form) -> httpx.Response | None:
        """As over HTTP; where the bot dies over it, it is brought again."""
        async with self._turn:
            try:
                return await super().call(address, form)
            except Death:
                return await super().call(address, form)

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._made is None:
            self._made = httpx.AsyncClient(transport=httpx.ASGITransport(self._app))
        return self._made
