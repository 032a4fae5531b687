"""Everything that Telegram knows about the one bot: its chats, updates, commands and pictures."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.events import Events
from sandbox.groups import Group, Groups
from sandbox.json_types import Json
from sandbox.people import People, Person
from sandbox.settings import Settings
from sandbox.telegram.errors import ApiError, bad_request, too_many
from sandbox.telegram.messages import Chat, Document, Message, Photo
from sandbox.telegram.pace import Pace
from sandbox.telegram.params import Params
from sandbox.telegram.updates import PRESS_LIFE, Updates
from sandbox.telegram.webhook import Webhook

Scope = tuple[str, int]  # the kind of scope, and the chat where it is one chat's


@dataclass
class Press:
    """A pressed button, which waits for its answer."""

    id: str
    person: Person
    pressed_at: float
    answer: Json | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Telegram:
    """The network's Telegram side."""

    def __init__(
        self,
        settings: Settings,
        clock: SandboxClock,
        people: People,
        events: Events,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.people = people
        self.events = events
        self.monotonic = monotonic
        self.chats: dict[int, Chat] = {}
        self.groups = Groups()
        self.updates = Updates(monotonic, settings.seed)
        self.webhook = Webhook(self.updates, clock.now, settings.webhook_pauses)
        self.pace = Pace(settings.limits, monotonic)
        self.presses: dict[str, Press] = {}
        self.commands: dict[tuple[Scope, str], list[Json]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        self.photos: dict[str, Photo] = {}
        self.documents: dict[str, Document] = {}
        self.bot: Json = {
            "id": int(settings.token.partition(":")[0]),
            "is_bot": True,
            "first_name": settings.bot_name,
            "username": settings.bot_username,
        }
        self._last_message_id = 0

    def chat_of(self, of: Person | Group) -> Chat:
        """A person's chat with the bot, or a group's."""
        return self.chats.setdefault(of.chat_id, Chat(of))

    def known_chat(self, params: Params) -> Chat:
        """The chat that a call means, where the bot has one; ApiError otherwise."""
        if not params.text("chat_id"):
            raise bad_request("chat_id is empty")
        chat_id = params.whole("chat_id")
        if (group := self.groups.by_chat_id.get(chat_id)) is not None:
            return self._group_chat(group, chat_id)
        person = self.people.by_user_id.get(chat_id)
        if person is None:
            raise bad_request("chat not found")
        return self.chat_of(person)

    def _group_chat(self, group: Group, chat_id: int) -> Chat:
        """The group's, under the id that it has now, while the bot is in it."""
        if group.bot == "kicked":
            raise ApiError(403, f"bot was kicked from the {group.kind} chat")
        if not group.has_bot:
            raise ApiError(403, f"bot is not a member of the {group.kind} chat")
        if chat_id != group.chat_id:
            words = "group chat was upgraded to a supergroup chat"
            raise ApiError(400, words, {"migrate_to_chat_id": group.chat_id})
        return self.chat_of(group)

    def open_chat(self, params: Params) -> Chat:
        """The chat that a call means, where the bot may write to it now; ApiError otherwise. Counts as a send."""
        chat = self.known_chat(params)
        if isinstance(chat.of, Group):
            return chat
        account = chat.of.account
        if not account.started:
            raise ApiError(403, "bot can't initiate conversation with a user")
        if account.blocked:
            raise ApiError(403, "bot was blocked by the user")
        return chat

    def count_send(self, chat: Chat) -> None:
        """Holds a send or an edit against the rates."""
        if wait := self.pace.take(chat.id):
            raise too_many(wait)

    def add(self, chat: Chat, *, from_bot: bool, **content: Any) -> Message:
        """Puts a new message into a chat and tells who looks on."""
        self._last_message_id += 1
        message = Message(self._last_message_id, chat, from_bot, self.clock.now(), **content)
        chat.messages[message.message_id] = message
        chat.of.last_at = message.at
        if from_bot:
            chat.typing_until = 0.0
            if isinstance(chat.of, Person):
                chat.of.unread_chat += 1
        self.tell("message", message)
        return message

    def tell(self, kind: str, message: Message) -> None:
        """Tells who looks on of a message."""
        if self.events.heard:
            self.events.emit(kind, **message.chat.about, message=message.view())

    def tell_of(self, chat: Chat) -> None:
        """Tells who looks on that a chat has changed."""
        kind = "person" if isinstance(chat.of, Person) else "group"
        self.events.emit(kind, **chat.about)

    def press(self, person: Person) -> Press:
        """Notes a press, under a new id; forgets those that nobody can answer any more."""
        now = self.monotonic()
        while self.presses and now - next(iter(self.presses.values())).pressed_at > PRESS_LIFE:
            del self.presses[next(iter(self.presses))]
        press = Press(str(secrets.randbits(62)), person, now)
        self.presses[press.id] = press
        return press

    def open_press(self, press_id: str) -> Press:
        """The press with this id, while it waits for its answer; ApiError once it does not."""
        press = self.presses.get(press_id)
        if press is None or press.answer is not None or self.monotonic() - press.pressed_at > PRESS_LIFE:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return press

    def clear(self) -> None:
        """Forgets chats and what came from them; what the bot set for everyone stays."""
        self.chats.clear()
        self.groups.clear()
        self.presses.clear()
        self.photos.clear()
        self.documents.clear()
        self.updates.clear()
        self.pace = Pace(self.settings.limits, self.monotonic)
        self.commands = {key: value for key, value in self.commands.items() if key[0][0] != "chat"}
