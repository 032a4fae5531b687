"""What becomes of an update, however it came: done, not recorded, or failed by a fault of ours (ARCHITECTURE 2)."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import literal
from sqlalchemy.dialects.postgresql import insert
from telegram import Bot, Update
from telegram.error import TelegramError
from telegram.ext import Application, ApplicationHandlerStop, ExtBot

from bot import chats, metrics
from bot.acting import Context, Edge, InHand, Toast, in_hand
from bot.delivery.replies import Lane, Reply, Saying
from bot.faults import brief, fault_id, is_overtaken, is_passing
from bot.reader import Reader, language_of
from bot.screens import faults as screens
from domain.db.models import SeenUpdate

log = structlog.get_logger(__name__)

DEADLINE_FOR = 10.0  # seconds for an update, all attempts together
PAUSES = (0.1, 0.4, 1.0)  # seconds between attempts: a failover or a cut connection is over by then, an outage is not

App = Application[ExtBot[None], Context, dict[Any, Any], dict[Any, Any], Edge, None]


class Outcome(Enum):
    DONE = "done"
    NOT_RECORDED = "not recorded"  # the database is away: nothing happened, and the update may be brought again
    FAILED = "failed"  # a fault of ours: rolled back, recorded as seen with the fault's id, not to be brought again


@dataclass(frozen=True, slots=True)
class Receipt:
    """How it ended, what the pressed button is to be answered with, and what is still to be sent."""

    outcome: Outcome
    query_id: str | None
    toast: Toast
    replies: tuple[Reply, ...]
    lane: Lane  # of its chat

    def answer(self) -> dict[str, Any] | None:
        """The parameters of answerCallbackQuery; None where nothing was pressed."""
        if self.query_id is None:
            return None
        text = {"text": self.toast.text, "show_alert": self.toast.alert} if self.toast.text else {}
        return {"callback_query_id": self.query_id} | text

    async def send_answer(self, bot: Bot) -> None:
        """Stills the button by a call of its own. Too late is no fault: a press is forgotten after a while."""
        if (answer := self.answer()) is not None:
            try:
                await bot.answer_callback_query(**answer)
            except TelegramError as fault:
                log.info("press not answered", fault=str(fault))

    async def send_replies(self) -> None:
        """Sends what the update led to, in order, and behind what earlier ones of the same chat led to."""
        await self.lane.send(self.replies)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes updates, from polling and webhook alike."""

    app: App
    _lanes: WeakValueDictionary[int, Lane] = field(default_factory=WeakValueDictionary)  # by chat, while there are any

    async def receive(self, update: Update) -> Receipt:
        """Processes one update to its end: when this returns, its effects are committed, or there are none."""
        if not chats.is_ours(update):
            return self._receipt(update, Outcome.DONE, InHand())
        if update.message is not None and update.message.pinned_message is not None:
            return self._receipt(update, Outcome.DONE, InHand())  # mostly our own doing, and nobody's word
        try:
            async with asyncio.timeout(DEADLINE_FOR):
                return await self._insist(update)
        except TimeoutError:
            log.warning("update not recorded: out of time", update_id=update.update_id)
        return self._not_recorded(update)

    async def receive_json(self, body: dict[str, Any]) -> Receipt:
        """The same for an update as Telegram sends it. One that we can't even read is a fault of ours, too."""
        try:
            update = Update.de_json(body, self.app.bot)
        except Exception as fault:
            return await self._failed(Update(body["update_id"]), fault)
        return await self.receive(update)

    async def _insist(self, update: Update) -> Receipt:
        for pause in (*PAUSES, None):
            after = InHand()
            fault = await self._attempt(update, after)
            if fault is None:
                return self._receipt(update, Outcome.DONE, after)
            if not is_passing(fault) and (pause is None or not is_overtaken(fault)):
                return await self._failed(update, fault)
            log.warning("update to be tried again", update_id=update.update_id, fault=brief(fault))
            if pause is not None:
                await asyncio.sleep(pause)
        return self._not_recorded(update)

    async def _attempt(self, update: Update, after: InHand) -> Exception | None:
        in_hand.set(after)
        try:
            await self.app.process_update(update)
        except Exception as fault:
            return fault
        return after.fault

    async def _failed(self, update: Update, fault: BaseException) -> Receipt:
        """Records the update as failed, so that it can't come again and block what is behind it."""
        shown = fault_id()
        log.error("update failed", update_id=update.update_id, fault_id=shown, exc_info=fault)
        edge = self.app.bot_data
        failed = insert(SeenUpdate).values(update_id=update.update_id, seen_at=edge.now(), fault_id=shown)
        try:
            async with edge.sessions.begin() as session:
                first = await session.scalar(failed.on_conflict_do_nothing().returning(literal(True)))
        except Exception as second:
            log.warning("failed update not recorded", update_id=update.update_id, fault=brief(second))
            return self._not_recorded(update)
        return self._receipt(update, Outcome.FAILED, self._telling(update, shown) if first else InHand())

    def _telling(self, update: Update, shown: str) -> InHand:
        screen = screens.failed(shown, self._reader(update))
        if update.callback_query is not None:
            return InHand(toast=Toast(screen.html, alert=True))
        chat_id = chats.answered_in(update)
        return InHand(replies=[Saying(self.app.bot_data.mail, chat_id, None, screen)] if chat_id else [])

    def _not_recorded(self, update: Update) -> Receipt:
        toast = Toast(screens.not_recorded(self._reader(update)), alert=True)
        return self._receipt(update, Outcome.NOT_RECORDED, InHand(toast=toast))

    def _reader(self, update: Update) -> Reader:
        """The language of his Telegram: the database that knows the chosen one may be what is away."""
        code = update.effective_user.language_code if update.effective_user else None
        return Reader(language_of(code), self.app.bot_data.policy.zone)

    def _receipt(self, update: Update, outcome: Outcome, after: InHand) -> Receipt:
        query_id = update.callback_query.id if update.callback_query else None
        metrics.UPDATES.labels(outcome.value.replace(" ", "_")).inc()
        lane = self._lanes.setdefault(chats.answered_in(update), Lane())
        return Receipt(outcome, query_id, after.toast, tuple(after.replies), lane)


async def on_error(_update: object, context: Context) -> None:
    """PTB ends every fault of a handler here; the receiver judges it, and no further handler gets the update."""
    in_hand.get().fault = context.error
    raise ApplicationHandlerStop
