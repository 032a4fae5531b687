"""Where work is done that would hold up the event loop: in another process (ARCHITECTURE 3)."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar

import structlog

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Workshop:
    """One child, started when it is first wanted, which does one thing after another until `close`.

    Functions and what they take and return go through pickle; the child imports the function's module. What `main`
    program was started is imported there, too, so it must be behind `if __name__ == "__main__"`.
    """

    _child: ProcessPoolExecutor | None = None
    _lifeline: Connection | None = None
    closed: bool = False

    async def run(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What the function returns or raises. Where the child dies over it another one tries once more."""
        try:
            return await self._asked(function, *args, **named)
        except BrokenProcessPool:
            if self.closed:
                raise
            log.warning("a child died at its work, another one tries", work=function.__name__)
            return await self._asked(function, *args, **named)

    async def _asked(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        if self._child is None:
            self._child, self._lifeline = _started()
        child = self._child
        try:
            return await asyncio.wrap_future(child.submit(function, *args, **named))
        except BrokenProcessPool:
            if self._child is child:  # of several that wait for it the first one sees to the next
                self._child = None
            raise

    def close(self) -> None:
        """Ends the child at once, whatever it is at; who waits for it gets BrokenProcessPool."""
        self.closed = True
        if self._child is not None and self._lifeline is not None:
            self._lifeline.close()
            self._child.shutdown(cancel_futures=True)
            self._child = None


def _started() -> tuple[ProcessPoolExecutor, Connection]:
    context = get_context("spawn")  # a fork would take the event loop and the connections along
    theirs, ours = context.Pipe(duplex=False)
    return ProcessPoolExecutor(1, context, _settle_in, (theirs,)), ours


def _settle_in(parent: Connection) -> None:
    """The child ends with its parent, however that ends; an interrupt from the keyboard is the parent's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    parent.poll(None)  # nothing is ever sent: it returns when the other end is closed
    os._exit(0)
