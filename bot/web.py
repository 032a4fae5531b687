"""The webhook: Telegram brings an update, and hears that it arrived once its effects are committed."""

import asyncio
import contextlib
import hmac
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import structlog
import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.polling import ALLOWED_UPDATES
from bot.receiving import Outcome, Receipt, Receiver

log = structlog.get_logger(__name__)

PATH: Final = "/telegram/webhook"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
MOST_BYTES = 1 << 20  # an update is a few thousand
FINISH_WITHIN = 15  # seconds at shutdown; longer than an update may take
HEALTH_WITHIN = 2.0  # seconds for the database's answer


class PortTakenError(Exception):
    """Nothing can be served there; the text is one sentence."""


def web_app(receiver: Receiver, secret: str) -> Starlette:
    """The ASGI application. `secret` is what Telegram sends along, so that we know that it is Telegram."""

    async def on_update(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return PlainTextResponse("The secret token is missing or wrong.", 401)
        return await _answer(await receiver.receive_json(await _body(request)), receiver)

    async def on_health(_request: Request) -> Response:
        return JSONResponse({"alive": True, "database": await _database(receiver)})

    return Starlette(
        routes=[Route(PATH, on_update, methods=["POST"]), Route("/healthz", on_health)],
    )


async def _body(request: Request) -> dict[str, Any]:
    """The update as JSON. 400 for what is too long or none."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > MOST_BYTES:
            raise HTTPException(400, "This is too long for an update.")
    try:
        body = json.loads(read)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("update_id"), int):
        raise HTTPException(400, "This is no update.")
    return body


async def _answer(receipt: Receipt, receiver: Receiver) -> Response:
    """Once committed, the button is answered in our own answer, which saves a call; the messages follow behind it.

    Not recorded: Telegram is to bring it again; the presser is told at once, by a call of its own, since Telegram takes
    none from an answer other than 200.
    """
    if receipt.outcome is Outcome.NOT_RECORDED:
        await receipt.send_answer(receiver.app.bot)
        return PlainTextResponse("Not recorded; please bring it again.", 503)
    answer = receipt.answer()
    behind = BackgroundTask(receipt.send_replies) if receipt.replies else None
    if answer is None:
        return Response(status_code=200, background=behind)
    return JSONResponse({"method": "answerCallbackQuery"} | answer, background=behind)


async def _database(receiver: Receiver) -> str:
    try:
        async with asyncio.timeout(HEALTH_WITHIN), receiver.app.bot_data.sessions() as session:
            await session.execute(text("SELECT 1"))
    except Exception:
        return "unreachable"
    return "reachable"


async def set_webhook(receiver: Receiver, public_url: str, secret: str) -> None:
    """Tells Telegram where to bring updates. Raises TelegramError."""
    await receiver.app.bot.set_webhook(public_url + PATH, secret_token=secret, allowed_updates=ALLOWED_UPDATES)


def listen(port: int) -> socket.socket:
    """A port of this machine, all interfaces; 0 takes a free one. Raises PortTakenError."""
    try:
        return socket.create_server(("", port))
    except OSError as fault:
        why = os.strerror(fault.errno or 0)
        raise PortTakenError(f"Port {port} can't be used ({why}): set PORT to another one.") from fault


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the whole process's affair, of which this is a part."""
        yield


@contextlib.asynccontextmanager
async def serving_web(app: Starlette, listener: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serves until the block is left; then nothing new is taken, and what is in hand is finished first.

    The task ends before that only by a fault.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=FINISH_WITHIN,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield serving
    finally:
        server.should_exit = True
        await asyncio.wait((serving,))
