"""What the bot has not confirmed yet: kept in order, for polling or for the webhook."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.json_types import Json
from sandbox.telegram.errors import ApiError

MESSAGE_LIFE = 24 * 60 * 60.0
PRESS_LIFE = 150.0
MOST_AT_ONCE = 100
LONGEST_POLL = 50

Lane = tuple[str, int]


@dataclass(frozen=True)
class Update:
    """One update. Updates of one lane (a chat's messages, a user's presses) are told in order."""

    update_id: int
    kind: str
    payload: Json
    lane: Lane
    dies_at: float

    def body(self) -> Json:
        """Telegram's Update."""
        return {"update_id": self.update_id, self.kind: self.payload}


class Updates:
    """The queue. Ids are sequential from a random start; lifetimes run by the real clock."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, seed: int | None = None) -> None:
        self.allowed: list[str] = []
        self.on_new: Callable[[Update], None] | None = None
        self._pending: dict[int, Update] = {}
        self._monotonic = monotonic
        self._next_id = random.Random(seed).randrange(100_000_000, 900_000_000)
        self._poll: asyncio.Future[str | None] | None = None

    def put(self, kind: str, payload: Json, lane: Lane, life: float = MESSAGE_LIFE) -> None:
        """Takes in an update, unless the bot does not want its kind."""
        if self.allowed and kind not in self.allowed:
            return
        update = Update(self._next_id, kind, payload, lane, self._monotonic() + life)
        self._next_id += 1
        self._pending[update.update_id] = update
        if self.on_new:
            self.on_new(update)
        elif self._poll and not self._poll.done():
            self._poll.set_result(None)

    def pending(self) -> list[Update]:
        """Those alive, the oldest first."""
        now = self._monotonic()
        for update_id in [each.update_id for each in self._pending.values() if each.dies_at <= now]:
            del self._pending[update_id]
        return list(self._pending.values())

    def alive(self, update: Update) -> bool:
        """Whether it is neither confirmed nor too old."""
        return update.update_id in self._pending and update.dies_at > self._monotonic()

    def confirm(self, update_ids: Iterable[int]) -> None:
        """Forgets these."""
        for update_id in update_ids:
            self._pending.pop(update_id, None)

    def clear(self) -> None:
        """Forgets all."""
        self._pending.clear()

    async def poll(self, offset: int, limit: int, timeout: int) -> list[Json]:
        """getUpdates: confirms what is below `offset`, ends an older poll, waits up to `timeout` seconds for news."""
        self.end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._confirm_below(offset)
        if not self.pending() and timeout > 0:
            poll = self._poll = asyncio.get_running_loop().create_future()
            await asyncio.wait({poll}, timeout=min(timeout, LONGEST_POLL))
            if poll.done() and (words := poll.result()):
                raise ApiError(409, words)
        return [each.body() for each in self.pending()[: min(max(limit, 1), MOST_AT_ONCE)]]

    def end_poll(self, words: str | None = None) -> None:
        """Ends a waiting poll: with a conflict in these words, or with what there is."""
        poll, self._poll = self._poll, None
        if poll is not None and not poll.done():
            poll.set_result(words)

    def _confirm_below(self, offset: int) -> None:
        if offset < 0:  # from the end: all before are forgotten
            offset = max([each.update_id for each in self.pending()][offset:][:1], default=0)
        self.confirm([update_id for update_id in self._pending if update_id < offset])
