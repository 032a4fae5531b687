"""What happens next, several things at once among it; and all that this may lead to by the model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tests.races.machine import model
from tests.races.machine.hands import DOES, ON_A_WINDOW
from tests.races.machine.model import Act, Answer, Bound
from tests.races.machine.state import State

MS, US = timedelta(milliseconds=1), timedelta(microseconds=1)


class Wait(StrEnum):
    """How long until the next step."""

    SECOND = "a second"
    MINUTES = "six minutes"  # then the next waves are due
    CLOSING = "to the next closing"


class Duty(StrEnum):
    """What runs in two replicas at the same moment; the rest follows it."""

    NONE = "none"
    WINDOWS = "windows"
    WAVES = "waves"


@dataclass(frozen=True, slots=True)
class Step:
    """Some time passes; then these happen at once, the early ones a millisecond before that instant."""

    wait: Wait
    acts: tuple[Act, ...]
    early: tuple[bool, ...]
    duty: Duty = Duty.NONE

    def moment(self, state: State, now: datetime) -> datetime:
        closings = [each.closes_at for windows in state.windows.values() for each in windows if each.status == "open"]
        match self.wait:
            case Wait.SECOND:
                return now + timedelta(seconds=1)
            case Wait.MINUTES:
                return now + timedelta(minutes=6)
        return max(min(closings, default=now + timedelta(hours=12)), now + timedelta(seconds=1))

    def duty_at(self, state: State, now: datetime) -> Duty:
        """The duty, if it has anything to do."""
        due = {Duty.WINDOWS: model.due_to_end, Duty.WAVES: model.due_for_wave}.get(self.duty)
        return self.duty if due is not None and due(state, now) else Duty.NONE

    def bound(self, state: State, now: datetime) -> tuple[Bound, ...]:
        """The acts on what there is to press; a microsecond apart, so that no two bids are as early."""
        acts = (
            model.bind(state, act, now - MS * early + US * number)
            for number, (act, early) in enumerate(zip(self.acts, self.early, strict=True))
        )
        return tuple(it for it in acts if is_there(it))


def is_there(it: Bound) -> bool:
    """Whether there is a button for it."""
    if it.act.what in ON_A_WINDOW:
        return it.window is not None
    return it.act.what != "take" or it.given is not None


@dataclass(frozen=True, slots=True)
class Ending:
    """What is said to each act, and what it all ends in. `due`: with something for the duties to do afterwards."""

    said: list[Answer]
    state: State
    due: bool


def endings(
    state: State,
    acts: Sequence[Bound],
    duty: Duty,
    now: datetime,
    said: dict[int, Answer] | None = None,
    due: bool = False,
) -> Iterator[Ending]:
    """Each way in which these may come one after the other.

    The duty's items come in any order, before, between and after the acts if it runs with them; else after.
    """
    said = said or {}
    left = [number for number in range(len(acts)) if number not in said]
    for number in left:
        after = state.copy()
        answer = DOES[acts[number].act.what](after, acts[number])
        yield from endings(after, acts, duty, now, said | {number: answer})
    ends = model.due_to_end(state, now) if duty is Duty.WINDOWS or not left else []
    for slot in ends:
        after = state.copy()
        model.end(after, slot, now)
        yield from endings(after, acts, duty, now, said, due=not left)
    waves = model.due_for_wave(state, now) if duty is Duty.WAVES or not (left or ends) else []
    for slot in waves if left else waves[:1]:  # with nobody else there, their order is nothing to be seen
        after = state.copy()
        model.next_wave(after, slot, now)
        yield from endings(after, acts, duty, now, said, due=not left)
    if not (left or ends or waves):
        yield Ending([said[number] for number in range(len(acts))], state, due)
