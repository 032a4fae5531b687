"""Answers that are none."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault

HANG_SECONDS = 120
HANG_UP = "sandbox.hang_up"  # the server puts a function of this name into each request's scope


class NoAnswer(Response):
    """Closes the connection without an answer: at once, or after `seconds` unless the client gives up sooner."""

    def __init__(self, seconds: float = 0) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Waits, hangs up, and ends once the connection is gone."""
        hang_up: Callable[[], None] = scope[HANG_UP]
        gone = asyncio.ensure_future(_gone(receive))
        await asyncio.wait({gone}, timeout=self._seconds)
        hang_up()
        await gone


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def unanswered(fault: Fault) -> NoAnswer | None:
    """The silence of a fault before which nothing happens, where it is of that kind."""
    return NoAnswer(HANG_SECONDS) if fault.kind == "hang" else None
