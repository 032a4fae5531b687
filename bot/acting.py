"""One update, one transaction: who is there, what time it is, and whether the update has had its effect already.

    async with acting(update, context) as act:
        result = await actions.do_something(act.session, act.person, act.now)
        await act.show(Kind.HOME)

Leaving the block commits; only then does anything go to Telegram, from what the block has put into `InHand`. The block
may be run again from its beginning where the database faltered, and is not run at all for an update seen before.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from telegram import CallbackQuery, MaybeInaccessibleMessage, Message, Update
from telegram.ext import ApplicationHandlerStop, CallbackContext, ExtBot

from bot import chats, menus
from bot.delivery import queue, replies
from bot.delivery.mail import Mail
from bot.delivery.replies import Reply
from bot.kinds import Kinds
from bot.reader import Reader, language_of
from bot.screens import faults as fault_screens
from bot.screens import groups as group_screens
from bot.screens.screen import Screen, shortened
from bot.settings import Settings
from bot.wording import Words
from domain.db.models.words import UserRole
from domain.notices.kinds import Kind
from domain.people.presence import arrive
from domain.people.queries import Person, linked_chat, person_in_chat
from domain.policy import Policy

TOAST_MOST = 200  # characters; Telegram refuses longer ones


@dataclass(frozen=True, slots=True)
class Edge:
    """What every handler has at hand; put together once, at the start."""

    settings: Settings
    policy: Policy
    words: Words
    kinds: Kinds
    sessions: async_sessionmaker[AsyncSession]
    mail: Mail
    now: Callable[[], datetime]


class Context(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], Edge]):
    """PTB's context; `bot_data` is our Edge."""


class Seen(ApplicationHandlerStop):
    """The update has had its effect, here or in another process: nothing is left to do but to still the button."""


@dataclass(frozen=True, slots=True)
class Toast:
    """What a pressed button is answered with; without text its spinner just stops."""

    text: str | None = None
    alert: bool = False


@dataclass(slots=True)
class InHand:
    """What follows the commit of the update that this process has in hand."""

    toast: Toast = Toast()
    replies: list[Reply] = field(default_factory=list)
    fault: Exception | None = None


in_hand: ContextVar[InHand] = ContextVar("in_hand")


@dataclass(frozen=True, slots=True)
class InGroup:
    """The group in which it was asked; `pressed`: the message there with the button."""

    chat_id: int
    title: str
    pressed: int | None


@dataclass(slots=True)
class Acting:
    """The open transaction and who acts in it; `person` is None for somebody unknown."""

    session: AsyncSession
    now: datetime
    policy: Policy
    reader: Reader
    person: Person | None
    chat_id: int  # his own, wherever he has asked
    group: InGroup | None
    language_code: str | None  # of his Telegram
    _pressed: Message | None  # the message with the button, where it can still be edited
    _edge: Edge
    _after: InHand

    @property
    def company(self) -> str:
        return self._edge.settings.company_name

    @property
    def words(self) -> Words:
        """What the domain words its notices with."""
        return self._edge.words

    async def recognise(self) -> Person | None:
        """Finds out anew who is there, once somebody has linked his chat or changed how he wants to be spoken to."""
        self.recognised(await person_in_chat(self.session, self.chat_id))
        return self.person

    def recognised(self, person: Person | None) -> None:
        self.person = person
        chosen = person.language if person else None
        self.reader = Reader(chosen or language_of(self.language_code), self.policy.zone)

    async def show(
        self,
        kind: str,
        about: UUID | None = None,
        *,
        fresh: bool = False,
        toast: str | None = None,
        alert: bool = False,
    ) -> None:
        """Answers with a message that is kept current from now on: in place of the pressed one, or `fresh`.

        Its row is written here, in the transaction, and outlives this process should it die before the message is sent.
        What it shows is read after the commit: a change that others commit in between is then either in it, or finds
        the row.
        """
        person = self.person or await self.recognise()
        assert person is not None, "only people who are known have messages that are kept current"
        self.toast(toast, alert)
        if about and await self._edge.kinds[kind].load(self.session, person.id, about, self.now) is None:
            return  # about nothing that there is, or that is his: the message stays as it was
        edited = None if fresh else await self._message_to_edit(stays=kind == Kind.BOARD)
        ticket = await queue.track(
            self.session, person.id, kind, about, chat_id=self.chat_id, message_id=edited, now=self.now
        )
        reply = partial(replies.carry_reply, self._edge.mail, replace(ticket, language=self.reader.language))
        self._after.replies.append(reply)

    async def say(
        self,
        screen: Screen,
        *,
        fresh: bool = False,
        toast: str | None = None,
        alert: bool = False,
        once_shown: Callable[[AsyncSession], Awaitable[None]] | None = None,
    ) -> None:
        """Answers with a message that stays as it is; in place of the pressed one, or `fresh`.

        `once_shown` is done, in a transaction of its own, when Telegram has taken it, and not otherwise.
        """
        self.toast(toast, alert)
        edited = None if fresh or screen.below is not None else await self._message_to_edit()
        redrawn = None
        if edited is not None and self.person is not None:
            redrawn = await queue.untrack(self.session, self.person.id, self.chat_id, edited, self.now)
        then = None if once_shown is None else partial(self._alone, once_shown)
        self._after.replies.append(replies.Saying(self._edge.mail, self.chat_id, edited, screen, then, redrawn))

    async def _message_to_edit(self, *, stays: bool = False) -> int | None:
        """The pressed one; a manager's pinned board shows no other thing than itself (`stays`)."""
        if self._pressed is None:
            return None
        message_id = self._pressed.message_id
        if stays or self.person is None or self.person.role is not UserRole.MANAGER:
            return message_id
        return None if await queue.is_pinned(self.session, self.chat_id, message_id) else message_id

    async def say_in_group(self, screen: Screen) -> None:
        """Says it where everybody reads it: in place of the pressed message, or as a new one."""
        assert self.group is not None, "it was asked in one"
        reply = replies.Saying(self._edge.mail, self.group.chat_id, self.group.pressed, screen)
        self._after.replies.append(reply)

    async def _alone(self, does: Callable[[AsyncSession], Awaitable[None]]) -> None:
        async with self._edge.sessions.begin() as session:
            await does(session)

    def offer_commands(self) -> None:
        """Sets the menu of commands of this chat, for somebody who has just been linked."""
        if self.person is not None:
            self._after.replies.append(
                partial(menus.set_for_one, self._edge.mail.bot, self.chat_id, self.person.role, self.reader)
            )

    async def offer_commands_to(self, person: Person) -> None:
        """The same in the chat of somebody else, in his language, where he has one."""
        chat_id = await linked_chat(self.session, person.id)
        if chat_id is not None:
            reader = Reader(person.language or "en", self.policy.zone)
            self._after.replies.append(partial(menus.set_for_one, self._edge.mail.bot, chat_id, person.role, reader))

    def toast(self, text: str | None, alert: bool = False) -> None:
        """Answers the press with a line over the chat, or with a box that must be closed (`alert`)."""
        if text is not None:
            self._after.toast = Toast(shortened(text, TOAST_MOST), alert)


@asynccontextmanager
async def acting(update: Update, context: Context, *, in_group: bool = False) -> AsyncIterator[Acting]:
    """Opens the one transaction of an update and records the update in it; raises Seen where that was done before.

    What is asked in a group is answered in the person's own chat, of which the group reads one line (R12.3), unless the
    handler answers there itself (`in_group`). Of who is not known the handler learns nothing, and the update is done.
    """
    edge, after = context.bot_data, in_hand.get()
    user = update.effective_user
    assert user is not None, "the receiver lets nothing else through"
    asked_in = _group_of(update)
    async with edge.sessions.begin() as session:
        act = Acting(
            session=session,
            now=edge.now(),
            policy=edge.policy,
            reader=Reader(language_of(user.language_code), edge.policy.zone),
            person=None,
            chat_id=chats.answered_in(update),
            group=asked_in,
            language_code=user.language_code,
            _pressed=_pressed_message(update.callback_query) if asked_in is None else None,
            _edge=edge,
            _after=after,
        )
        acted = update.my_chat_member is None and asked_in is None  # in his own chat, where he sees what we wrote
        arrival = await arrive(session, update.update_id, act.chat_id, acted, act.now)
        if not arrival.first:
            raise Seen
        act.recognised(arrival.person)
        stranger = asked_in is not None and act.person is None and chats.asks(update)
        if not stranger:
            yield act
        if asked_in is not None and chats.asks(update) and not (in_group and act.person):
            await _say_where(act, context.bot.username)
        if arrival.paused and update.callback_query is not None and after.toast.text is None:
            act.toast(fault_screens.paused(act.reader))
    if stranger:
        raise Seen


async def _say_where(act: Acting, bot_username: str) -> None:
    """In the group: where the answer is; or how somebody unknown gets one."""
    assert act.group is not None, "it was asked in one"
    if act.person is not None:
        await act.say_in_group(group_screens.answered(act.person.first_name, bot_username, act.reader))
    elif act.group.pressed is not None:
        act.toast(group_screens.who_are_you(act.reader), alert=True)
    else:
        await act.say_in_group(group_screens.unknown(bot_username, act.reader))


def _group_of(update: Update) -> InGroup | None:
    chat, query = update.effective_chat, update.callback_query
    if chat is None or not chats.is_group(update):
        return None
    return InGroup(chat.id, chat.title or "", query.message.message_id if query and query.message else None)


def _pressed_message(query: CallbackQuery | None) -> Message | None:
    message: MaybeInaccessibleMessage | None = query.message if query else None
    return message if isinstance(message, Message) else None
