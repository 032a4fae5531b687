"""Fetches updates where Telegram can't reach us. PTB's own updater confirms an update before it has had its effect."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.leases import Leases
from bot.receiving import Outcome, Receipt, Receiver
from bot.waiting import first_of

log = structlog.get_logger(__name__)

ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member")  # always sent: Telegram keeps the last ones
LEASE: Final = "polling"
ASK_FOR = 20  # seconds that Telegram holds a question to which it has no answer yet
MOST = 100  # updates that Telegram gives out at once, and so the most that are in hand
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds after one, two … failed questions
FINISH_WITHIN = 12.0  # seconds; longer than an update may take
RETRY_AFTER = 1.0  # seconds until a message that could not be recorded is tried again


@dataclass(slots=True)
class Journal:
    """Which updates are in hand, in the order in which they came: what may be confirmed, and what is new."""

    _order: deque[int] = field(default_factory=deque)
    _open: set[int] = field(default_factory=set)
    _offset: int | None = None
    _asked_with: frozenset[int] = frozenset()  # what was in hand when Telegram was asked last

    @property
    def offset(self) -> int | None:
        """The lowest update that has not been committed: asking from here on confirms all before it."""
        return self._order[0] if self._order else self._offset

    def ask(self) -> int | None:
        """The offset for a question that goes out now. Its answer repeats what is in hand, even if done by then."""
        self._asked_with = frozenset(self._order)
        return self.offset

    def is_new(self, update_id: int) -> bool:
        """Takes it in hand. Telegram repeats what is not confirmed; of that, what is in hand or done is not new."""
        if update_id in self._order or update_id in self._asked_with:
            return False
        self._order.append(update_id)
        self._open.add(update_id)
        return True

    def done(self, update_id: int) -> None:
        """It is committed, or let go."""
        self._open.discard(update_id)
        while self._order and self._order[0] not in self._open:
            self._offset = self._order.popleft() + 1

    def all_confirmed(self) -> None:
        """Telegram has nothing left from the offset on. It may number anew after a quiet week: ask from the start."""
        if not self._order:
            self._offset = None


@dataclass(slots=True)
class Polling:
    """One process at a time polls; the others wait for its lease."""

    bot: Bot
    receiver: Receiver
    leases: Leases
    ask_for: int = ASK_FOR
    answered: Callable[[], None] = lambda: None  # Telegram has answered a question
    _journal: Journal = field(default_factory=Journal)
    _lanes: dict[tuple[str, int], deque[Update]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _progress: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stop: asyncio.Event) -> None:
        """Polls until `stop`; then what is in hand is finished first, and confirmed."""
        while not stop.is_set():
            async with self.leases.held(LEASE, stop) as lost:
                if lost is None:
                    return
                log.info("polling")
                self._journal, self._stopping = Journal(), asyncio.Event()
                asking = asyncio.create_task(self._ask_on())
                await first_of(stop, lost)
                asking.cancel()
                await asyncio.wait((asking,))
                await self._finish(confirm=not lost.is_set())
                if lost.is_set():
                    log.warning("another process polls now")

    async def _ask_on(self) -> None:
        failures = 0
        webhook = True  # one that an earlier setting has left: Telegram refuses to be asked while there is one
        while True:
            try:
                if webhook:
                    await self.bot.delete_webhook()
                    webhook = False
                await self._ask()
                failures = 0
            except Exception as fault:
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                failures += 1
                if isinstance(fault, RetryAfter):
                    wait = fault.retry_after  # whole seconds, unless the environment tells PTB otherwise
                    pause = max(pause, wait.total_seconds() if isinstance(wait, timedelta) else wait)
                if not isinstance(fault, TelegramError):
                    log.exception("updates could not be read")
                log.warning(_explained(fault), fault=type(fault).__name__, again_in=pause)
                await asyncio.sleep(pause)

    async def _ask(self) -> None:
        self._progress.clear()
        updates = await self.bot.get_updates(
            offset=self._journal.ask(), limit=MOST, timeout=self.ask_for, allowed_updates=ALLOWED_UPDATES
        )
        self.answered()
        if not updates:
            self._journal.all_confirmed()
        new = [update for update in updates if self._journal.is_new(update.update_id)]
        for update in new:
            self._take(update)
        if updates and not new:  # Telegram answers at once while anything is unconfirmed: wait for that instead
            await first_of(self._progress, for_at_most=RETRY_AFTER)

    def _take(self, update: Update) -> None:
        """Behind what the same chat sent, or the same user pressed, before: those orders are Telegram's own."""
        chat, user = update.effective_chat, update.effective_user
        lane = ("user", user.id if user else 0) if update.callback_query else ("chat", chat.id if chat else 0)
        if lane in self._lanes:
            self._lanes[lane].append(update)
            return
        self._lanes[lane] = deque((update,))
        task = asyncio.create_task(self._work_off(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self, lane: tuple[str, int]) -> None:
        updates = self._lanes[lane]
        try:
            while updates and not self._stopping.is_set():
                if (receipt := await self._insist(updates.popleft())) is not None:
                    await receipt.send_answer(self.bot)
                    await receipt.send_replies()
        finally:
            del self._lanes[lane]

    async def _insist(self, update: Update) -> Receipt | None:
        """Until it is recorded; None where we are stopping. A press is let go: its presser was told to press again."""
        while True:
            receipt = await self.receiver.receive(update)
            if receipt.outcome is not Outcome.NOT_RECORDED or update.callback_query is not None:
                self._journal.done(update.update_id)
                self._progress.set()
                return receipt
            if await first_of(self._stopping, for_at_most=RETRY_AFTER):
                return None

    async def _finish(self, *, confirm: bool) -> None:
        """What has not been begun stays with Telegram, for the next process."""
        self._stopping.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_WITHIN)
        if confirm and self._journal.offset is not None:
            with contextlib.suppress(TelegramError):
                await self.bot.get_updates(offset=self._journal.offset, limit=1, timeout=0)


def _explained(fault: Exception) -> str:
    match fault:
        case Conflict():
            return "another program polls with this bot's token, or has set a webhook for it"
        case InvalidToken():
            return "Telegram refuses the bot's token"
        case _:
            return "Telegram could not be asked for updates"
