"""What this process answers at once to the update that it has in hand; what it can't is left to the workers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from bot.delivery import pace, queue, telegram
from bot.delivery.carrying import Remove, carry, clear, screen_for, send_instead, settle
from bot.delivery.claims import Claimed
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Edited, Halted, MessageGone, Outcome, PictureStays, Sent, Unchanged, Unreachable
from bot.delivery.pictures import drawn, whole
from bot.screens.screen import Screen

log = structlog.get_logger(__name__)

SAY_PATIENCE: Final = timedelta(seconds=10)  # what has no row would be lost: it waits longer, also for other processes
LOOK_EVERY: Final = 0.05  # seconds

Reply = Callable[[], Awaitable[object]]  # sends something, and says what came of it


async def carry_reply(mail: Mail, claimed: Claimed) -> Outcome | None:
    """The first attempt of a reply that `track` wrote, after the commit. None: a worker brings it in its turn.

    A message that is to be edited and is gone is sent anew: whoever pressed or asked gets an answer. A press about
    nothing that there is leaves the message as it was.
    """
    content, shown = await screen_for(mail, claimed), None
    if isinstance(content, Screen):
        png = await drawn(mail.workshop, content)
        if not await mail.pace.turn(claimed.chat):
            await queue.release(mail.db, claimed)
            return None
        outcome = await carry(mail, claimed, content, png)
        if isinstance(outcome, MessageGone) and await mail.pace.turn(claimed.chat):
            outcome = await carry(mail, replace(claimed, message_id=None), content, png)
        shown = whole(content, png)
    else:
        outcome = MessageGone("it would show nothing") if isinstance(content, Remove) else content
    await settle(mail, claimed, outcome, shown)
    return outcome


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said, without a row. `once_shown`: what follows from its being there, and only from that.

    `after`: the row of the message it is said in, of which a redraw is under way (`queue.untrack`).
    """

    mail: Mail
    chat_id: int
    message_id: int | None
    screen: Screen
    once_shown: Callable[[], Awaitable[None]] | None = None
    after: UUID | None = None

    async def __call__(self) -> Outcome | None:
        if self.after is not None:
            await _come_after(self.mail, self.after)
        outcome = await say(self.mail, self.chat_id, self.message_id, self.screen)
        if self.once_shown is not None and isinstance(outcome, Sent | Edited | Unchanged):
            await self.once_shown()
        return outcome


async def _come_after(mail: Mail, redrawn: UUID) -> None:
    """Lets a redraw come to its end first, in whatever process; who died over one is not waited for long."""
    until = monotonic() + pace.PATIENCE.total_seconds()
    while monotonic() < until and await queue.in_hand(mail.db, redrawn):  # noqa: ASYNC110 - it may be elsewhere
        await asyncio.sleep(LOOK_EVERY)


@dataclass(slots=True, weakref_slot=True)
class Lane:
    """What this process has still to send to one chat: one update's replies after another's, in the order of commits.

    What a later one says in the same message makes an earlier one pointless that has not left.
    """

    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # first come, first served
    _latest: dict[int, Saying] = field(default_factory=dict)  # by message

    async def send(self, replies: Sequence[Reply]) -> None:
        """What must not be lost has a row, and a worker, behind it."""
        for reply in replies:
            if isinstance(reply, Saying) and reply.message_id is not None:
                self._latest[reply.message_id] = reply
        async with self._turn:
            for reply in replies:
                if not self._is_overtaken(reply):
                    await _sent(reply)

    def _is_overtaken(self, reply: Reply) -> bool:
        if not isinstance(reply, Saying) or reply.message_id is None:
            return False
        return self._latest[reply.message_id] is not reply


async def _sent(reply: Reply) -> None:
    try:
        await reply()
    except Exception:
        log.exception("reply not sent")


async def say(mail: Mail, chat_id: int, message_id: int | None, screen: Screen) -> Outcome | None:
    """Shows what needs no keeping: in place of a message, or as a new one. Tried once; None: there was no turn."""
    outcome = await _said(mail, chat_id, message_id, screen)
    match outcome:
        case None:
            log.warning("nothing said: the chat's turn is not soon")
        case Halted(retry_after=retry_after):
            await mail.pace.halt(pace.TELEGRAM, retry_after)
        case Unreachable():
            await queue.mark_unreachable(mail.db, chat_id, mail.now())
        case _:
            pass
    return outcome


async def _said(mail: Mail, chat_id: int, message_id: int | None, screen: Screen) -> Outcome | None:
    png = await drawn(mail.workshop, screen)
    if not await mail.pace.turn(chat_id, SAY_PATIENCE):
        return None
    if message_id is None:
        return await telegram.send(mail.bot, chat_id, screen, png)
    edited = await telegram.edit(mail.bot, chat_id, message_id, screen, png)
    if not isinstance(edited, PictureStays):
        return edited
    outcome = await send_instead(mail, chat_id, screen, SAY_PATIENCE)
    if isinstance(outcome, Sent):
        await clear(mail, chat_id, message_id)
    return outcome
