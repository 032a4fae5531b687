"""What people do with their phones: look at what has come, press, type, text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.callbacks.callback import Callback
from sandbox.people import Person
from sandbox.simulate.company import Member
from sandbox.simulate.town import Town
from sandbox.sms.text import Text
from sandbox.telegram import phone
from sandbox.telegram.messages import Message

SCROLLED_MOST: Final = 40  # messages back that somebody looks for a button
LINK: Final = re.compile(r"\?start=([\w-]+)")


@dataclass(frozen=True, slots=True)
class Button:
    """A button as it stands in a chat."""

    message_id: int
    text: str
    data: str


@dataclass
class Phone:
    """Somebody's phone. Whatever is sent or pressed has reached the bot, and has been answered, on return."""

    town: Town
    member: Member
    _read: int = field(default=0)  # the last message that he has seen

    @property
    def person(self) -> Person:
        """The sandbox's side of him."""
        return self.town.network.people.get(self.member.name)

    @property
    def has_telegram(self) -> bool:
        """Whether he has it, and has not blocked the bot."""
        account = self.person.telegram
        return account is not None and not account.blocked

    @property
    def online(self) -> bool:
        """Whether what he does in Telegram gets anywhere at this moment."""
        return self.has_telegram and not self.town.is_cut_off("telegram")

    def buttons(self) -> Iterator[Button]:
        """Those on his screen, the newest message first."""
        for message in self._messages():
            for row in (message.inline or {}).get("inline_keyboard", ()):
                for button in row:
                    if "callback_data" in button:
                        yield Button(message.message_id, button["text"], button["callback_data"])

    def find(self, *beginnings: str) -> Button | None:
        """The first button whose data begin so; the beginnings in order of preference."""
        for beginning in beginnings:
            if (found := next((each for each in self.buttons() if each.data.startswith(beginning)), None)) is not None:
                return found
        return None

    def choices(self, *kinds: type[Callback]) -> list[Button]:
        """All buttons of these kinds on the newest message that has any."""
        words = {kind.word for kind in kinds}
        there = [each for each in self.buttons() if each.data.partition(":")[0] in words]
        return [each for each in there if each.message_id == there[0].message_id]

    def link(self) -> str | None:
        """What the last link to the bot in his chat carries."""
        found = (LINK.search(message.text) for message in self._messages())
        return next((link[1] for link in found if link), None)

    async def press(self, button: Button | None, times: int = 1) -> bool:
        """So often in a row, before there is an answer; False where there is no button, or no network."""
        if button is None or not self.online:
            return False
        for _ in range(times):
            phone.press(self.town.network.telegram, self.person, button.message_id, button.data)
        await self.town.bring()
        return True

    async def type(self, text: str) -> bool:
        """Into the chat; False where there is no network."""
        if not self.online:
            return False
        phone.send_text(self.town.network.telegram, self.person, text)
        await self.town.bring()
        return True

    async def open(self, payload: str) -> bool:
        """A link to the bot; False where there is no network."""
        if not self.online:
            return False
        phone.start(self.town.network.telegram, self.person, payload)
        await self.town.bring()
        return True

    async def sticker(self) -> bool:
        """Likewise."""
        if not self.online:
            return False
        phone.send_sticker(self.town.network.telegram, self.person)
        await self.town.bring()
        return True

    async def block(self, blocked: bool) -> None:
        """Blocks the bot, or comes back to it."""
        if self.person.telegram is None or self.person.telegram.blocked == blocked:
            return
        if blocked:
            phone.block(self.town.network.telegram, self.person, True)
        else:
            phone.start(self.town.network.telegram, self.person)
        await self.town.bring()

    async def text(self, body: str) -> None:
        """By SMS to the company's number."""
        await self.town.bring_text(self.person, body)

    def news(self) -> Sequence[Message]:
        """The bot's messages that he has not seen yet, the oldest first."""
        new = []
        for message in self._messages():
            if message.message_id <= self._read:
                break
            new.append(message)
        if new:
            self._read = new[0].message_id
        return new[::-1]

    def texts(self) -> Sequence[Text]:
        """His SMS of the company, the oldest first."""
        return [each for each in self.town.network.sms.of(self.person) if each.direction != "inbound"]

    def _messages(self) -> Iterator[Message]:
        chat = None if self.member.chat is None else self.town.network.telegram.chats.get(self.member.chat)
        if chat is None:
            return
        scrolled = 0
        for message in reversed(chat.messages.values()):
            if message.from_bot and not message.deleted:
                yield message
                scrolled += 1
                if scrolled >= SCROLLED_MOST:
                    return
