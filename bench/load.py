"""Brings updates to a bot: as fast as it takes them, or so many a second; and notes when each was answered."""

import asyncio
import math
import statistics
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

import aiohttp

from bench.bots import Bot
from bench.telegram import Telegram
from bench.updates import Update
from bot.web import SECRET_HEADER

T = TypeVar("T")

ANSWER_FOR = 15.0  # seconds
MEASURE_FOR = 4.0  # seconds, at the most


@dataclass(frozen=True, slots=True)
class Answered:
    """Seconds from the webhook's POST."""

    taken_for: float  # until the 200: it is committed, and the button answered
    shown_for: float  # until both the 200 and the message have come


@dataclass(frozen=True, slots=True)
class Rate:
    """What came of bringing updates as fast as they are taken."""

    a_second: float
    cpu_ms: float  # of the bot's process, an update
    calls: float  # to Telegram, an update


@dataclass(frozen=True, slots=True)
class Carrier:
    """Telegram's side of the webhook."""

    bot: Bot
    telegram: Telegram
    http: aiohttp.ClientSession

    async def bring(self, update: Update) -> Answered | None:
        """One update to its end: the 200, and the message that answers it. None: there was no time for it."""
        message = self.telegram.message(update.chat_id)
        began = monotonic()
        async with self.http.post(self.bot.url, json=update.body, headers={SECRET_HEADER: self.bot.secret}) as answer:
            await answer.read()
            if answer.status == 503:
                return None
            answer.raise_for_status()
        taken = monotonic()
        try:
            shown = await asyncio.wait_for(message, ANSWER_FOR)
        except TimeoutError:
            return None
        return Answered(taken - began, max(taken, shown) - began)

    async def rate(self, updates: list[Update], in_flight: int) -> Rate:
        """All of them, or as many as are done in MEASURE_FOR, `in_flight` at a time."""
        calls, cpu, began = self.telegram.calls, self.bot.cpu_ms(), monotonic()
        count = await each(updates, self.bring, in_flight, MEASURE_FOR)
        took = monotonic() - began
        return Rate(count / took, (self.bot.cpu_ms() - cpu) / count, (self.telegram.calls - calls) / count)

    async def evenly(self, updates: list[Update], a_second: float) -> list[Answered | None]:
        """All of them, each at its instant, whatever has become of those before."""
        began = monotonic()
        under_way = []
        for number, update in enumerate(updates):
            await asyncio.sleep(began + number / a_second - monotonic())
            under_way.append(asyncio.create_task(self.bring(update)))
        return await asyncio.gather(*under_way)


async def each(
    items: Iterable[T], work: Callable[[T], Awaitable[object]], in_flight: int, for_at_most: float = math.inf
) -> int:
    """Does the work for every item, `in_flight` at a time; none is begun after `for_at_most` s. Returns how many."""
    waiting, until, done = iter(items), monotonic() + for_at_most, 0

    async def hand() -> None:
        nonlocal done
        while monotonic() < until and (item := next(waiting, None)) is not None:
            await work(item)
            done += 1

    async with asyncio.TaskGroup() as hands:
        for _ in range(in_flight):
            hands.create_task(hand())
    return done


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """The 50th and the 99th, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return 1000 * cuts[49], 1000 * cuts[98]
