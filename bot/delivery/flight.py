"""The messages of a process that are on their way: at most so many at once, and none holds up the others."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

LEAD_MOST: Final = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Leaving(Generic[T]):
    """A message that is ready: what sends it and records what came of it, and what the log says of it."""

    sending: Coroutine[Any, Any, T]
    tags: Mapping[str, str]


@dataclass(slots=True)
class Flight:
    """`free` has a place for each that may still leave. `lead`: how long it takes to make one ready, in seconds."""

    free: asyncio.Semaphore
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    lead: float = 0.0

    def took(self, seconds: float) -> None:
        self.lead = min(max(seconds, 0.9 * self.lead), LEAD_MOST)

    async def let_go(self, ready: Callable[[], Awaitable[object]]) -> float:
        """Lets go what `ready` has made ready, once there is a place; returns the seconds to rest, if it says so.

        What is Leaving is not waited for, and gives its place back itself.
        """
        await self.free.acquire()
        made = None
        try:
            made = await ready()
            if isinstance(made, Leaving):
                task = asyncio.create_task(self._fly(made))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            return made if isinstance(made, float) else 0
        finally:
            if not isinstance(made, Leaving):
                self.free.release()

    async def _fly(self, leaving: Leaving[Any]) -> None:
        try:
            await leaving.sending
        except Exception:  # the row stays claimed until its lease ends; then it is carried again, or looked up
            log.exception("outcome not recorded", **leaving.tags)
        finally:
            self.free.release()
