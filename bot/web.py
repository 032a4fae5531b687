"""What listens on PORT: Telegram's webhook, Twilio's, and what operators look at.

Telegram brings an update, and hears that it arrived once its effects are committed.
"""

import asyncio
import contextlib
import hmac
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import uvicorn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import metrics
from bot.polling import ALLOWED_UPDATES
from bot.pulse import Pulse
from bot.receiving import Outcome, Receipt, Receiver
from domain.notices.operators import Standing, standing
from domain.policy import Policy

T = TypeVar("T")

PATH: Final = "/telegram/webhook"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
MOST_BYTES = 1 << 20  # an update is a few thousand
FINISH_WITHIN = 15  # seconds at shutdown; longer than an update may take
ANSWER_WITHIN = 1.5  # seconds for the database's answer; /healthz has two for its own
STILL_MOST = 60.0  # seconds; the longest round, with everything that can hang in it, ends before


class PortTakenError(Exception):
    """Nothing can be served there; the text is one sentence."""


def for_telegram(receiver: Receiver, secret: str, met: asyncio.Event) -> list[Route]:
    """Where Telegram brings updates. `secret` is what it sends along, so that we know that it is Telegram.

    Before we have `met` Telegram no update can be understood: it is to bring them again.
    """

    async def on_update(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return PlainTextResponse("The secret token is missing or wrong.", 401)
        if not met.is_set():
            return PlainTextResponse("Not ready; please bring it again.", 503)
        return await _answer(await receiver.receive_json(await _body(request)), receiver)

    return [Route(PATH, on_update, methods=["POST"])]


def for_operators(
    sessions: async_sessionmaker[AsyncSession],
    parts: Sequence[asyncio.Task[None]],
    pulse: Pulse,
    policy: Policy,
    now: Callable[[], datetime],
) -> list[Route]:
    """Whether this process is alive, and the figures (see bot/metrics.py)."""

    async def answers() -> bool:
        async with sessions() as session:
            return bool(await session.scalar(text("SELECT true")))

    async def figures() -> Standing:
        async with sessions() as session:
            return await standing(session, policy, now())

    database, state = Question(answers), Question(figures)

    async def on_health(_request: Request) -> Response:
        reachable = await database.answer() is not None
        told = {"database": "reachable" if reachable else "unreachable"}
        if why := _why_dead(parts, pulse, reachable):
            return JSONResponse({"alive": False} | told | {"why": why}, 503)
        return JSONResponse({"alive": True} | told)

    async def on_metrics(_request: Request) -> Response:
        shown = metrics.exposition(await state.answer(), policy.sms_monthly_budget)
        return Response(shown, media_type=metrics.CONTENT_TYPE)

    return [Route("/healthz", on_health), Route("/metrics", on_metrics)]


def _why_dead(parts: Sequence[asyncio.Task[None]], pulse: Pulse, database: bool) -> str | None:
    """What only another start can mend. Where the database is away, what stands still waits for it."""
    for part in parts:
        if part.done():
            return f"{part.get_name()} has ended"
    still = pulse.still_for()
    return f"deliveries have stood still for {still:.0f} s" if database and still > STILL_MOST else None


class Question(Generic[T]):
    """What is asked of the database, one at a time: taking one back that hangs may take longer than it has hung."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._asked: asyncio.Task[T] | None = None

    async def answer(self) -> T | None:
        """None where it does not come in time, or never."""
        if (asked := self._asked) is None or asked.done():
            asked = self._asked = asyncio.create_task(self._ask())
            asked.add_done_callback(_heard)
        await asyncio.wait((asked,), timeout=ANSWER_WITHIN)
        if not asked.done() or asked.cancelled() or asked.exception() is not None:
            return None
        return asked.result()


def _heard(asked: asyncio.Task[Any]) -> None:
    """Its fault is known: whoever asked was told that there is no answer."""
    if not asked.cancelled():
        asked.exception()


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
    serving = asyncio.create_task(server.serve([listener]), name="the web server")
    try:
        yield serving
    finally:
        server.should_exit = True
        await asyncio.wait((serving,))
