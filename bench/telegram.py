"""A stand-in for Telegram that costs almost nothing: it takes every call, and notes when a chat's message came.

The sandbox is strict and keeps everything it is sent; that would be paid for by the two cores that are measured.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from sandbox.server import served

TOKEN: Final = "7000000001:bench-token-of-no-worth"  # noqa: S105 - made up
BOT: Final = {"id": 7000000001, "is_bot": True, "first_name": "Rollcall", "username": "rollcall_bot"}
_METHOD: Final = re.compile(r"/bot[^/]+/(\w+)")
_MESSAGES: Final = ("sendMessage", "editMessageText")


@dataclass(frozen=True, slots=True)
class Message:
    """One that the bot sent, or edited."""

    at: float  # time.monotonic
    chat_id: int
    is_new: bool


@dataclass
class Telegram:
    """Whatever the bot sends here is taken."""

    url: str = ""
    calls: int = 0
    webhook: "asyncio.Future[dict[str, str]]" = field(default_factory=asyncio.Future)
    sent: list[Message] = field(default_factory=list)
    _awaited: dict[int, "asyncio.Future[float]"] = field(default_factory=dict)
    _last_message_id: int = 1_000_000

    def message(self, chat_id: int) -> "asyncio.Future[float]":
        """Ends when the next message, new or edited, comes to this chat: with the time of `monotonic`."""
        awaited = self._awaited.get(chat_id)
        if awaited is None or awaited.done():  # whoever waited for an earlier one may have given up
            awaited = self._awaited[chat_id] = asyncio.get_running_loop().create_future()
        return awaited

    def forget_bot(self) -> None:
        """A new process is about to set the webhook."""
        self.webhook = asyncio.get_running_loop().create_future()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        body = b""
        while (event := await receive())["type"] == "http.request":
            body += event["body"]
            if not event.get("more_body"):
                break
        found = _METHOD.fullmatch(scope["path"])
        result = self._take(found[1] if found else "", dict(parse_qsl(body.decode())))
        answer = json.dumps({"ok": True, "result": result}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _take(self, method: str, params: dict[str, str]) -> Any:
        self.calls += 1
        if method == "getMe":
            return BOT
        if method == "setWebhook" and not self.webhook.done():
            self.webhook.set_result(params)
        return self._message(method, params) if method in _MESSAGES else True

    def _message(self, method: str, params: dict[str, str]) -> dict[str, Any]:
        chat_id, now = int(params["chat_id"]), monotonic()
        self.sent.append(Message(now, chat_id, is_new=method == "sendMessage"))
        awaited = self._awaited.pop(chat_id, None)
        if awaited is not None and not awaited.done():
            awaited.set_result(now)
        self._last_message_id += 1
        return {
            "message_id": int(params.get("message_id", self._last_message_id)),
            "date": int(time()),
            "chat": {"id": chat_id, "type": "private"},
            "text": params["text"],
        }


@asynccontextmanager
async def telegram() -> AsyncIterator[Telegram]:
    """Runs it in the present event loop."""
    stand_in = Telegram()
    async with served(stand_in) as url:
        stand_in.url = url
        yield stand_in
