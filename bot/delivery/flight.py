"""The messages of a process that are on their way: at most so many at once, and none holds up the others."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

LEAD_MOST: Final = 0.5  # seconds


@dataclass(slots=True)
class Flight:
    """`free` has a place for each that may still leave. `lead`: how long it takes to make one ready, in seconds."""

    free: asyncio.Semaphore
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    lead: float = 0.0

    def took(self, seconds: float) -> None:
        self.lead = min(max(seconds, 0.9 * self.lead), LEAD_MOST)

    def launch(self, sending: Coroutine[Any, Any, None]) -> None:
        """Lets one go; it gives its place back itself when it has come to its end."""
        task = asyncio.create_task(sending)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
