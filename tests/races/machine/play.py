"""Steps are taken in the model and in the product; each must end as the model could have."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

import asyncpg

from domain.db.engine import connect
from domain.db.engine import sessions as sessions_on
from tests.races.machine.company import Company
from tests.races.machine.dice import dealt
from tests.races.machine.state import MONDAY, State, company
from tests.races.machine.steps import Duty, Ending, Step, endings

CONNECTIONS: Final = 5  # two acts, two replicas, and whoever looks at it
AGAIN: Final = 3  # times that a shorter sequence may end well by luck


@dataclass
class Tally:
    """How much was tried, of that at once, and what was said to what."""

    examples: int = 0
    steps: int = 0
    at_once: int = 0
    said: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __add__(self, other: "Tally") -> "Tally":
        counted = self.examples + other.examples, self.steps + other.steps, self.at_once + other.at_once
        return Tally(*counted, self.said + other.said)


class Differs(AssertionError):
    """A step ended as no order of what happened in it could; after these steps, the last of which is that one."""

    def __init__(self, steps: Sequence[Step], how: str) -> None:
        super().__init__(steps, how)
        self.steps = steps

    def __str__(self) -> str:
        return "\n".join(["", *map(str, self.args[0]), self.args[1]])


Next = Callable[[State, datetime], Step]


def explore(database_url: str, seeds: Iterable[int], steps: int) -> Tally:
    """Plays a sequence of so many steps by each of these dice in an empty, migrated database.

    On a loop and an engine of its own. Raises `Differs`, with what led to it, as short as it can be made.
    """
    engine, tally = connect(database_url, connections=CONNECTIONS), Tally()
    with asyncio.Runner() as runner:
        database = runner.run(asyncpg.connect(database_url))
        it = runner.run(Company.founded(database, sessions_on(engine)))
        try:
            for seed in seeds:
                runner.run(_play_by_dice(it, Random(seed), steps, tally))
        finally:
            runner.run(database.close())
            runner.run(engine.dispose())
    return tally


async def _play_by_dice(it: Company, dice: Random, steps: int, tally: Tally) -> None:
    try:
        await _play(it, [lambda state, now: dealt(dice, state, now)] * steps, tally)
    except Differs as difference:
        raise await _shorter(it, difference) from None


async def _shorter(it: Company, difference: Differs) -> Differs:
    """One step or act after the other is left out, as long as it still differs."""
    for fewer in _with_less(difference.steps):
        for _ in range(AGAIN):
            try:
                await _play(it, [lambda *_, step=step: step for step in fewer], Tally())
            except Differs as found:
                return await _shorter(it, found)
    return difference


def _with_less(steps: Sequence[Step]) -> Iterable[list[Step]]:
    for number, step in enumerate(steps):
        before, after = list(steps[:number]), list(steps[number + 1 :])
        yield [*before, *after]
        if step.duty is not Duty.NONE:
            yield [*before, Step(step.wait, step.acts, step.early), *after]
        for left in range(len(step.acts) if len(step.acts) > 1 else 0):
            yield [*before, Step(step.wait, (step.acts[left],), (step.early[left],), step.duty), *after]


async def _play(it: Company, steps: Sequence[Next], tally: Tally) -> None:
    await it.begin_anew()
    state, now, taken = company(), MONDAY, list[Step]()
    assert await it.view() == state.view()
    tally.examples += 1
    for each in steps:
        step = each(state, now)
        taken.append(step)
        now = step.moment(state, now)
        acts, duty = step.bound(state, now), step.duty_at(state, now)
        could = list(endings(state, acts, duty, now))
        said = await it.at_once(acts, duty, now)
        if duty is not Duty.NONE or any(end.due for end in could):
            await it.run_duties(now)
        seen = await it.view()
        fitting = (end.state for end in could if _fit(end, said) and end.state.view() == seen)
        if (after := next(fitting, None)) is None:
            raise Differs(taken, _difference(said, seen, could))
        state = after
        tally.steps += 1
        tally.at_once += len(acts) + (duty is not Duty.NONE) > 1
        tally.said.update((bound.act.what, answer) for bound, answer in zip(acts, said, strict=True))


def _fit(end: Ending, said: Sequence[str]) -> bool:
    return all(each in among for each, among in zip(said, end.said, strict=True))


def _difference(said: list[str], seen: dict[str, Any], could: Sequence[Ending]) -> str:
    lines = [f"was answered {said}"]
    for end in could:
        view = end.state.view()
        lines.append(f"- by the rules {[sorted(each) for each in end.said]}, and")
        lines += [f"    {key}: {view[key]}\n    but is: {seen[key]}" for key in seen if view[key] != seen[key]]
    return "\n".join(lines)
