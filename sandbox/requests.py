"""The record of every request that the bot made."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.json_types import Json

KEPT = 50_000


@dataclass
class Recorded:
    """One request. `status` stays None while there is no answer, and for good where none was given."""

    n: int
    at: datetime
    wall: float
    network: str
    method: str
    params: Callable[[], Json]
    chat: str | None
    status: int | None = None

    def view(self) -> Json:
        """The request as tests and the page read it."""
        return {**vars(self), "at": self.at.isoformat(), "params": self.params()}


class Requests:
    """The last requests, in the order in which they came."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._count = 0
        self._kept: deque[Recorded] = deque(maxlen=KEPT)

    def record(self, network: str, method: str, params: Callable[[], Json], chat: str | None) -> Recorded:
        """Notes a request as it arrives; `params` is called only when somebody reads it."""
        self._count += 1
        entry = Recorded(self._count, self._now(), time.time(), network, method, params, chat)
        self._kept.append(entry)
        return entry

    def view(self, after: int = 0, method: str | None = None) -> list[Json]:
        """Those after number `after`, of one method or of all."""
        return [each.view() for each in self._kept if each.n > after and method in (None, each.method)]

    def clear(self) -> None:
        """Forgets them; the numbers go on."""
        self._kept.clear()
