"""What happens, told to everyone who looks on (server-sent events)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

KEEP_ALIVE_SECONDS = 15


class Events:
    """Every change, to every listener, in order."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()

    @property
    def heard(self) -> bool:
        """Whether anyone listens: views are not worth building for nobody."""
        return bool(self._listeners)

    def emit(self, kind: str, *, person: str | None = None, group: str | None = None, **about: Any) -> None:
        """Tells the listeners of one change; `about` may hold `message`, `sms` or `answer`."""
        if not self.heard:
            return
        data = {"kind": kind, "person": person, "group": group, "message": None, "sms": None, "answer": None, **about}
        line = f"event: change\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        for queue in self._listeners:
            queue.put_nowait(line)

    async def stream(self) -> AsyncIterator[str]:
        """The changes from now on, as the lines of an event stream."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield ": listening\n\n"
            while True:
                try:
                    line = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    line = ": still here\n\n"
                if line is None:
                    return
                yield line
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Ends every stream."""
        for queue in self._listeners:
            queue.put_nowait(None)
