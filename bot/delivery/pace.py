"""The networks' pace, kept over all processes together (R11.8): a row each for Telegram, a chat, an SMS sender.

Whoever wants to send moves its row's `next_at` on and waits until his turn has come. All of it is by the database's
clock; what comes back are seconds to wait, which hold on any machine. Each call is one statement, committed by itself.
Nobody has a turn while everything is paused.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import Interval
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import metrics
from bot.alone import alone
from domain.db.models.words import Channel
from domain.db.sql import sql

TELEGRAM: Final = "telegram"
TELEGRAM_EVERY: Final = timedelta(seconds=1 / 27)  # the limit is 30 a second; the rest is for jitter of 0.1 s
CHAT_EVERY: Final = timedelta(seconds=1)
GROUP_TURNS: Final = 60 / 19  # of a chat's, for a group's: 19 of them a minute, of Telegram's 20
SEGMENT_EVERY: Final = timedelta(seconds=1)
PATIENCE: Final = timedelta(seconds=3)  # a reply that would wait longer for its turn is left to the workers
MOMENT: Final = 0.1  # seconds; who waits longer looks once more whether a halt has come meanwhile
SMS_PATIENCE: Final = timedelta(seconds=5)

# A worker's slot, only where something can be claimed; that is looked at before the row is locked, and in the claim's
# order: EXISTS would let the planner read through all that was ever sent.
_SLOT_FOR_WORK = sql(
    """
    WITH slot AS (
        INSERT INTO pace (key, next_at)
        SELECT 'telegram', clock_timestamp() + :telegram_every WHERE (
            SELECT true FROM deliveries d
            LEFT JOIN chat_links link ON link.user_id = d.user_id
            LEFT JOIN pace chat ON chat.key = 'chat:' || coalesce(d.chat_id, link.chat_id)
            WHERE d.channel = 'telegram' AND d.due_at <= :now
              AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
              AND (d.pause_until IS NULL OR d.pause_until <= clock_timestamp())
              AND (chat.next_at IS NULL OR chat.next_at <= clock_timestamp())
              AND NOT EXISTS (SELECT FROM deliveries held WHERE held.user_id = d.user_id AND held.channel = 'telegram'
                              AND held.lease_until > clock_timestamp())
              AND NOT EXISTS (SELECT FROM pauses)
            ORDER BY d.urgency, d.due_at LIMIT 1
        )
        ON CONFLICT (key) DO UPDATE SET next_at = greatest(pace.next_at, clock_timestamp()) + :telegram_every
        WHERE pace.halted_until IS NULL OR pace.halted_until <= clock_timestamp()
        RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 AS seconds
    )
    SELECT (SELECT seconds FROM slot) AS seconds, (
        SELECT true FROM deliveries
        WHERE channel = 'telegram' AND due_at <= :now AND (lease_until IS NULL OR lease_until <= clock_timestamp())
          AND (pause_until IS NULL OR pause_until <= clock_timestamp()) AND NOT EXISTS (SELECT FROM pauses)
        ORDER BY urgency, due_at LIMIT 1
    ) AS waiting
    """,
    telegram_every=Interval(),
)

_SLOT = sql(
    """
    INSERT INTO pace (key, next_at)
    SELECT 'telegram', clock_timestamp() + :telegram_every WHERE NOT EXISTS (SELECT FROM pauses)
    ON CONFLICT (key) DO UPDATE SET next_at = greatest(pace.next_at, clock_timestamp()) + :telegram_every
    WHERE (pace.halted_until IS NULL OR pace.halted_until <= clock_timestamp())
      AND pace.next_at <= clock_timestamp() + :patience
    RETURNING extract(epoch FROM next_at - clock_timestamp())::float8
    """,
    telegram_every=Interval(),
    patience=Interval(),
)

# A chat's turn and, where that is at once, the slot with it.
_TURN = sql(
    """
    WITH chat AS (
        INSERT INTO pace (key, next_at)
        SELECT :chat_key, clock_timestamp() + :chat_every WHERE NOT EXISTS (SELECT FROM pauses)
        ON CONFLICT (key) DO UPDATE SET next_at = greatest(pace.next_at, clock_timestamp()) + :chat_every
        WHERE pace.next_at <= clock_timestamp() + :patience
        RETURNING next_at, extract(epoch FROM next_at - clock_timestamp() - :chat_every)::float8 AS wait
    ), slot AS (
        INSERT INTO pace (key, next_at) SELECT 'telegram', clock_timestamp() + :telegram_every FROM chat WHERE wait <= 0
        ON CONFLICT (key) DO UPDATE SET next_at = greatest(pace.next_at, clock_timestamp()) + :telegram_every
        WHERE (pace.halted_until IS NULL OR pace.halted_until <= clock_timestamp())
          AND pace.next_at <= clock_timestamp() + :patience
        RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 AS seconds
    )
    SELECT chat.wait, slot.seconds FROM chat LEFT JOIN slot ON true
    """,
    chat_every=Interval(),
    telegram_every=Interval(),
    patience=Interval(),
)

_SMS_TURN = sql(
    """
    INSERT INTO pace (key, next_at)
    SELECT :key, clock_timestamp() + :every WHERE NOT EXISTS (SELECT FROM pauses)
    ON CONFLICT (key) DO UPDATE SET next_at = greatest(pace.next_at, clock_timestamp()) + :every
    WHERE (pace.halted_until IS NULL OR pace.halted_until <= clock_timestamp())
      AND pace.next_at <= clock_timestamp() + :patience
    RETURNING extract(epoch FROM next_at - clock_timestamp() - :every)::float8
    """,
    every=Interval(),
    patience=Interval(),
)

_HALTED = sql(
    "SELECT true FROM pace WHERE key = :key AND halted_until > clock_timestamp() UNION ALL SELECT true FROM pauses"
)

_HALT = sql(
    """
    INSERT INTO pace (key, next_at, halted_until) VALUES (:key, clock_timestamp(), clock_timestamp() + :pause)
    ON CONFLICT (key) DO UPDATE SET halted_until = greatest(pace.halted_until, excluded.halted_until)
    """,
    pause=Interval(),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """When the message may leave (`time.monotonic`)."""

    at: float


@dataclass(frozen=True, slots=True)
class Resting:
    """There is work, but its chats, or Telegram, must rest a moment."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace to keep; zero lifts it, for benchmarks."""

    db: AsyncEngine  # autocommit
    telegram_every: timedelta = TELEGRAM_EVERY
    chat_every: timedelta = CHAT_EVERY
    segment_every: timedelta = SEGMENT_EVERY
    _halted_until: dict[str, float] = field(default_factory=dict)  # by this process's answers (`time.monotonic`)

    async def slot_for_work(self, now: datetime) -> Slot | Resting | None:
        """A worker's slot for whatever is most urgent when it comes; None where nothing is due."""
        seconds, waiting = await self._row(_SLOT_FOR_WORK, now=now, telegram_every=self.telegram_every)
        if seconds is not None:
            return self._slot(seconds)
        return Resting() if waiting else None

    async def slot(self, patience: timedelta = PATIENCE) -> Slot | None:
        """One more slot; None while Telegram is halted, or crowded."""
        row = await self._row(_SLOT, telegram_every=self.telegram_every, patience=patience)
        return self._slot(row[0]) if row else None

    async def turn(self, chat_id: int, patience: timedelta = PATIENCE) -> bool:
        """Waits until a reply may go to this chat; False, without waiting, where that is not soon."""
        every = self.chat_every if chat_id > 0 else GROUP_TURNS * self.chat_every  # groups have negative ids
        given = {"chat_every": every, "telegram_every": self.telegram_every, "patience": patience}
        row = await self._row(_TURN, chat_key=f"chat:{chat_id}", **given)
        if row is None:
            return False
        wait, seconds = row
        slot: Slot | None = None if seconds is None else self._slot(seconds)
        if slot is None and wait > 0:
            await asyncio.sleep(wait)
            slot = await self.slot(patience)
        return slot is not None and await self.comes(slot)

    async def comes(self, slot: Slot) -> bool:
        """Waits for the slot; False where Telegram has been halted since, by this process or another (R11.8)."""
        waits_for = slot.at - monotonic()
        await sleep_until(slot.at)
        if monotonic() < self._halted_until.get(TELEGRAM, 0.0):
            return False
        return waits_for <= MOMENT or await self._row(_HALTED, key=TELEGRAM) is None

    async def sms_turn(self, key: str, segments: int) -> bool:
        """Waits until so many segments may leave; False, without waiting, where that is not soon.

        A halt that has come meanwhile is seen when the SMS is begun.
        """
        every = self.segment_every * segments
        row = await self._row(_SMS_TURN, key=key, every=every, patience=SMS_PATIENCE)
        if row is None:
            return False
        metrics.SLOTS.labels(Channel.SMS.value).inc(segments)
        await asyncio.sleep(max(0.0, row[0]))
        return True

    async def halt(self, key: str, pause: timedelta) -> None:
        """Nobody sends there for this long: a 429's retry_after (R11.8). A longer halt stands."""
        self._halted_until[key] = max(self._halted_until.get(key, 0.0), monotonic() + pause.total_seconds())
        async with self.db.connect() as connection:
            await connection.execute(_HALT, {"key": key, "pause": pause})
        metrics.HALTS.labels((Channel.TELEGRAM if key == TELEGRAM else Channel.SMS).value).inc()

    def _slot(self, seconds: float) -> Slot:
        metrics.SLOTS.labels(Channel.TELEGRAM.value).inc()
        return Slot(monotonic() + seconds - self.telegram_every.total_seconds())

    async def _row(self, statement: Any, **given: Any) -> Any:
        return next(iter(await alone(self.db, statement, given)), None)


async def sleep_until(at: float) -> None:
    """Waits until `time.monotonic` says so."""
    if (seconds := at - monotonic()) > 0:
        await asyncio.sleep(seconds)
