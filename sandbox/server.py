"""The sandbox as a web application, and how to run it inside the present event loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from sandbox import api
from sandbox.answers import HANG_UP
from sandbox.clock import SandboxClock
from sandbox.network import Network
from sandbox.settings import Settings
from sandbox.sms import door as sms_door
from sandbox.telegram import door as telegram_door
from sandbox.telegram.pace import PUBLISHED, Limits
from sandbox.telegram.webhook import PAUSES

PAGE = Path(__file__).resolve().parent / "page"
_MESSAGES = "/2010-04-01/Accounts/{account_sid}/Messages"
_DEFAULTS = Settings()


def create_app(
    clock: SandboxClock,
    *,
    token: str = _DEFAULTS.token,
    bot_username: str = _DEFAULTS.bot_username,
    bot_name: str = _DEFAULTS.bot_name,
    account_sid: str = _DEFAULTS.account_sid,
    auth_token: str = _DEFAULTS.auth_token,
    sms_number: str = _DEFAULTS.sms_number,
    messaging_service_sid: str = _DEFAULTS.messaging_service_sid,
    timezone: str = _DEFAULTS.timezone,
    limits: Limits | None = PUBLISHED,
    webhook_pauses: tuple[float, ...] = PAUSES,
    sms_step_seconds: float = _DEFAULTS.sms_step_seconds,
    sms_retry_seconds: float = _DEFAULTS.sms_retry_seconds,
    seed: int | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Starlette:
    """The application; its `state.network` is the Network. `limits=None` lifts Telegram's rates.

    `monotonic` is what the network's own lifetimes and rates run by: real time, whatever the clock shows.
    """
    settings = Settings(
        token=token,
        bot_username=bot_username,
        bot_name=bot_name,
        account_sid=account_sid,
        auth_token=auth_token,
        sms_number=sms_number,
        messaging_service_sid=messaging_service_sid,
        timezone=timezone,
        limits=limits,
        webhook_pauses=webhook_pauses,
        sms_step_seconds=sms_step_seconds,
        sms_retry_seconds=sms_retry_seconds,
        seed=seed,
    )
    app = Starlette(
        routes=[
            Route("/file/bot{token}/{path:path}", telegram_door.file),
            Route("/bot{token}/{method}", telegram_door.call, methods=["GET", "POST"]),
            Route(f"{_MESSAGES}.json", sms_door.messages, methods=["GET", "POST"]),
            Route(f"{_MESSAGES}/{{message_sid}}.json", sms_door.message),
            *api.ROUTES,
            Route("/", _page),
            Route("/page/{path:path}", _page),
        ]
    )
    app.state.network = Network(clock, settings, monotonic)
    return app


async def _page(request: Request) -> Response:
    """A file of the page, read anew each time."""
    file = (PAGE / request.path_params.get("path", "index.html")).resolve()
    if not file.is_relative_to(PAGE) or not file.is_file():
        return PlainTextResponse("There is no such file.", 404)
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


@dataclass(frozen=True)
class Running:
    """A sandbox that listens."""

    url: str
    network: Network

    @property
    def clock(self) -> SandboxClock:
        """Its clock."""
        return self.network.clock

    @property
    def settings(self) -> Settings:
        """What it was told: token, account, number."""
        return self.network.settings


@asynccontextmanager
async def running(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Running]:
    """Runs the sandbox in the present event loop until the block is left; port 0 takes a free one."""
    network: Network = app.state.network
    async with served(app, host, port) as url:
        try:
            yield Running(url, network)
        finally:
            await network.close()


@asynccontextmanager
async def served(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serves an application in the present event loop, and yields its address.

    uvicorn's protocol is served directly, without uvicorn.Server: that one takes over the process's signals and needs
    a tenth of a second to stop.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than clients keep idle connections, or they meet one just being closed
    )
    config.load()
    state = ServerState()
    protocol: Any = config.http_protocol_class

    def connection() -> Any:
        connected = protocol(config=config, server_state=state, app_state={})
        connected.app = _with_hang_up(connected.app, connected)
        return connected

    server = await asyncio.get_running_loop().create_server(connection, host, port)
    try:
        yield f"http://{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for each in list(state.connections):
            each.transport.abort()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=1)


def _with_hang_up(app: ASGIApp, connection: Any) -> ASGIApp:
    """Lets a request close its connection without an answer, which ASGI has no word for."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        hang_up = partial(_abort, connection)
        await app({**scope, HANG_UP: hang_up}, receive, send)

    return served


def _abort(connection: Any) -> None:
    connection.transport.abort()
