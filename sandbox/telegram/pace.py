"""How much a bot may send: Telegram's published rates.

No more than 30 messages in any second over all, about one a second to one chat, 20 a minute to one group. Telegram
tolerates short bursts in a chat, without saying how short: here three, then one each second. Edits count as sends,
nothing else does. A call refused for coming too soon does not count.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Messages a second over all; a chat's burst and seconds for each further one; a group's messages a minute."""

    per_second: int = 30
    chat_burst: int = 3
    chat_seconds: float = 1.0
    group_per_minute: int = 20


PUBLISHED = Limits()


class Window:
    """At most `most` in any `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._times: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0 where it fits now."""
        while self._times and now - self._times[0] >= self._seconds:
            self._times.popleft()
        return 0.0 if len(self._times) < self._most else self._times[0] + self._seconds - now

    def take(self, now: float) -> None:
        """Counts one."""
        self._times.append(now)


class Bucket:
    """A burst of `size`, refilled by one each `seconds`."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size, self._seconds = size, seconds
        self._free_at = 0.0  # when the bucket will be full

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0 where it fits now."""
        return max(0.0, self._free_at - now - (self._size - 1) * self._seconds)

    def take(self, now: float) -> None:
        """Counts one."""
        self._free_at = max(self._free_at, now) + self._seconds


class Pace:
    """Counts sends; `limits=None` lets everything pass."""

    def __init__(self, limits: Limits | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._chats: dict[int, Bucket | Window] = {}
        self._all = Window(limits.per_second, 1.0) if limits else None

    def take(self, chat_id: int) -> int:
        """Counts a send to a chat and answers 0; or, where it comes too soon, the whole seconds to wait."""
        if self._limits is None or self._all is None:
            return 0
        now = self._monotonic()
        chat = self._chats.setdefault(chat_id, _for_chat(chat_id, self._limits))
        wait = max(self._all.wait(now), chat.wait(now))
        if wait > 0:
            return math.ceil(wait)
        self._all.take(now)
        chat.take(now)
        return 0


def _for_chat(chat_id: int, limits: Limits) -> Bucket | Window:
    if chat_id < 0:  # groups have negative ids
        return Window(limits.group_per_minute, 60.0)
    return Bucket(limits.chat_burst, limits.chat_seconds)
