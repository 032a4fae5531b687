"""Filling shifts against the rules in plain Python: the tests' machine, with many more examples, new ones each time."""

import asyncio
import multiprocessing
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Final

from tests.races.machine.play import Tally, explore

EXAMPLES: Final = 10_000
STEPS: Final = 8  # of each
PROCESSES: Final = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Explored:
    """All of it ended as by the rules. `took_for`: seconds."""

    tally: Tally
    took_for: float


async def explored(databases: Sequence[str]) -> Explored:
    """Shares the examples out to a process for each of these empty, migrated databases.

    Raises AssertionError for what ends otherwise, as short as it can be made.
    """
    began, loop, first = monotonic(), asyncio.get_running_loop(), secrets.randbits(32)
    with ProcessPoolExecutor(len(databases), multiprocessing.get_context("spawn")) as pool:
        shares = (
            loop.run_in_executor(pool, explore, url, range(first + share, first + EXAMPLES, len(databases)), STEPS)
            for share, url in enumerate(databases)
        )
        return Explored(sum(await asyncio.gather(*shares), Tally()), monotonic() - began)
