"""The sandbox as a web application, and how to run it inside the present event loop."""

import asyncio
from collections.abc import AsyncIterator
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

PAGE = Path(__file__).parent / "page"
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
    seed: int | None = None,
) -> Starlette:
    """The application; its `state.network` is the Network. `limits=None` lifts Telegram's rates."""
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
        seed=seed,
    )
    app = Starlette(
        routes=[
            Route("/bot{token}/{method}", telegram_door.call, methods=["GET", "POST"]),
            Route(f"{_MESSAGES}.json", sms_door.messages, methods=["GET", "POST"]),
            Route(f"{_MESSAGES}/{{message_sid}}.json", sms_door.message),
            *api.ROUTES,
            Route("/", _page),
            Route("/page/{path:path}", _page),
        ]
    )
    app.state.network = Network(clock, settings)
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
    """Serves the application in the present event loop until the block is left; port 0 takes a free one.

    uvicorn's protocol is served directly, without uvicorn.Server: that one takes over the process's signals and needs
    a tenth of a second to stop.
    """
    network: Network = app.state.network
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False)
    config.load()
    state = ServerState()
    protocol: Any = config.http_protocol_class
    loop = asyncio.get_running_loop()

    def connection() -> Any:
        connected = protocol(config=config, server_state=state, app_state={})
        connected.app = _with_hang_up(connected.app, connected)
        return connected

    server = await loop.create_server(connection, host, port)
    try:
        bound_port = server.sockets[0].getsockname()[1]
        yield Running(f"http://{host}:{bound_port}", network)
    finally:
        server.close()
        await network.close()
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
