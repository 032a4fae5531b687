"""Whether the loops of this process still turn: each says so at every round, and /healthz asks (see bot/web.py)."""

from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Pulse:
    """When each loop began its last round (`time.monotonic`)."""

    _beats: dict[int, float] = field(default_factory=dict)

    def beat(self, loop: object) -> None:
        """`loop` stands for itself: whatever is one and the same at every round."""
        self._beats[id(loop)] = monotonic()

    def still_for(self) -> float:
        """Seconds for which the one that turned least lately has stood still; 0 where there is none."""
        return monotonic() - min(self._beats.values(), default=monotonic())
