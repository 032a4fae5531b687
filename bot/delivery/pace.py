"""The networks' pace, kept over all processes together (R11.8): a row each for Telegram, a chat, an SMS sender.

Whoever wants to send moves its row's `next_at` on and waits until his turn has come. All of it is by the database's
clock; what comes back are seconds to wait, which hold on any machine. Each call is one statement, committed by itself.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, Text, and_, bindparam, exists, extract, func, literal, or_, select, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.delivery.claims import CHAT_FREE, CLOCK, interval, waiting_for_telegram
from domain.db.models import Delivery
from domain.db.models import Pace as PaceRow

TELEGRAM: Final = "telegram"
TELEGRAM_EVERY: Final = timedelta(seconds=1 / 28)  # the limit is 30 a second; the rest is for jitter on the way
CHAT_EVERY: Final = timedelta(seconds=1)
SEGMENT_EVERY: Final = timedelta(seconds=1)
PATIENCE: Final = timedelta(seconds=3)  # a reply that would wait longer for its turn is left to the workers
SMS_PATIENCE: Final = timedelta(seconds=5)

_SPEAKING = or_(PaceRow.halted_until.is_(None), PaceRow.halted_until <= CLOCK)
_SOON = PaceRow.next_at <= CLOCK + interval("patience")
_LEFT = sql_cast(extract("epoch", PaceRow.next_at - CLOCK), Float)


def _turn(key: Any, every: str, condition: ColumnElement[bool], source: Any = None) -> Any:
    """Moves a row on by the parameter `every` if the condition holds; a row that isn't there yet is made.

    Returns the seconds until the turn after this one.
    """
    gap = interval(every)
    row = insert(PaceRow)
    first = select(key, CLOCK + gap)
    row = row.from_select(["key", "next_at"], first if source is None else source(first))
    moved = func.greatest(PaceRow.next_at, CLOCK) + gap
    return row.on_conflict_do_update(index_elements=[PaceRow.key], set_={"next_at": moved}, where=condition).returning(
        _LEFT.label("left")
    )


def _slot_for_work() -> Any:
    """A slot only where something can be claimed; what is due is looked at before the row is locked."""
    waiting = exists(waiting_for_telegram(Delivery.id))
    claimable = exists(waiting_for_telegram(Delivery.id).where(CHAT_FREE))
    due = select(waiting.label("waiting"), claimable.label("claimable")).cte("due")
    slot = _turn(
        literal(TELEGRAM), "telegram_every", _SPEAKING, lambda first: first.select_from(due).where(due.c.claimable)
    ).cte("slot")
    return select(due.c.waiting, slot.c.left).select_from(due.outerjoin(slot, true()))


def _turn_in_chat() -> Any:
    """A chat's turn and, where it is at once, the slot with it."""
    chat = _turn(bindparam("chat_key", type_=Text), "chat_every", _SOON).cte("chat")
    at_once = chat.c.left <= sql_cast(extract("epoch", interval("chat_every")), Float)
    slot = _turn(
        literal(TELEGRAM),
        "telegram_every",
        and_(_SPEAKING, _SOON),
        lambda first: first.select_from(chat).where(at_once),
    ).cte("slot")
    return select(chat.c.left, slot.c.left).select_from(chat.outerjoin(slot, true()))


_SLOT_FOR_WORK, _TURN_IN_CHAT = _slot_for_work(), _turn_in_chat()
_SLOT = _turn(literal(TELEGRAM), "telegram_every", and_(_SPEAKING, _SOON))
_SMS_TURN = _turn(bindparam("key", type_=Text), "every", and_(_SPEAKING, _SOON))


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

    async def slot_for_work(self, now: datetime) -> Slot | Resting | None:
        """A worker's slot for whatever is most urgent when it comes; None where nothing is due."""
        row = await self._row(_SLOT_FOR_WORK, now=now, telegram_every=self.telegram_every)
        waiting, left = row
        if left is not None:
            return self._slot(left)
        return Resting() if waiting else None

    async def slot(self) -> Slot | None:
        """One more slot; None while Telegram is halted, or crowded."""
        row = await self._row(_SLOT, telegram_every=self.telegram_every, patience=PATIENCE)
        return self._slot(row[0]) if row else None

    async def turn(self, chat_id: int) -> bool:
        """Waits until a reply may go to this chat; False, without waiting, where that is not soon."""
        given = {"chat_every": self.chat_every, "telegram_every": self.telegram_every, "patience": PATIENCE}
        row = await self._row(_TURN_IN_CHAT, chat_key=f"chat:{chat_id}", **given)
        if row is None:
            return False
        chat_left, left = row
        chat_wait = chat_left - self.chat_every.total_seconds()
        if left is None and chat_wait <= 0:
            return False
        slot: Slot | None
        if left is None:
            await asyncio.sleep(chat_wait)
            slot = await self.slot()
        else:
            slot = self._slot(left)
        if slot is None:
            return False
        await sleep_until(slot.at)
        return True

    async def sms_turn(self, key: str, segments: int) -> bool:
        """Waits until so many segments may leave; False, without waiting, where that is not soon."""
        every = self.segment_every * segments
        row = await self._row(_SMS_TURN, key=key, every=every, patience=SMS_PATIENCE)
        if row is None:
            return False
        await asyncio.sleep(max(0.0, row[0] - every.total_seconds()))
        return True

    async def halt(self, key: str, pause: timedelta) -> None:
        """Nobody sends there for this long: a 429's retry_after (R11.8). A longer halt stands."""
        row = insert(PaceRow).values(key=key, next_at=CLOCK, halted_until=CLOCK + pause)
        longer = func.greatest(PaceRow.halted_until, row.excluded.halted_until)
        halted = row.on_conflict_do_update(index_elements=[PaceRow.key], set_={"halted_until": longer})
        async with self.db.connect() as connection:
            await connection.execute(halted)

    def _slot(self, left: float) -> Slot:
        return Slot(monotonic() + left - self.telegram_every.total_seconds())

    async def _row(self, statement: Any, **given: Any) -> Any:
        async with self.db.connect() as connection:
            return (await connection.execute(statement, given)).one_or_none()


async def sleep_until(at: float) -> None:
    """Waits until `time.monotonic` says so."""
    if (seconds := at - monotonic()) > 0:
        await asyncio.sleep(seconds)
