"""The sandbox's clock: real time, moved forward by whoever looks on."""

import time
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Tells the sandbox's instant. It runs with real time, may be paused or moved forward, and never goes back.

    `clock.now` serves wherever a `Callable[[], datetime]` is wanted.
    """

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        """Begins at `start` (aware; the real instant where it is None)."""
        self._base = _in_utc(start) if start else datetime.now(UTC)
        self._since = time.monotonic()
        self._running = running

    @property
    def running(self) -> bool:
        """Whether it moves by itself."""
        return self._running

    @property
    def offset_seconds(self) -> float:
        """How far it is ahead of real time."""
        return round((self.now() - datetime.now(UTC)).total_seconds(), 3)

    def now(self) -> datetime:
        """The sandbox's instant, aware, in UTC."""
        if not self._running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def set(self, instant: datetime) -> None:
        """Moves to `instant` (aware); ValueError where that lies in the past."""
        instant = _in_utc(instant)
        if instant < self.now():
            raise ValueError("The clock never goes back.")
        self._start_from(instant)

    def forward(self, seconds: float) -> None:
        """Moves ahead by so many seconds; ValueError where they are negative."""
        if seconds < 0:
            raise ValueError("The clock never goes back.")
        self._start_from(self.now() + timedelta(seconds=seconds))

    def pause(self) -> None:
        """Stops it where it is."""
        self._start_from(self.now())
        self._running = False

    def resume(self) -> None:
        """Lets it run on from where it is."""
        self._start_from(self.now())
        self._running = True

    def _start_from(self, instant: datetime) -> None:
        self._base, self._since = instant, time.monotonic()


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("An instant needs its offset.")
    return instant.astimezone(UTC)
