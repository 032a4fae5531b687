"""The SMS network: what was sent, how far it got, and who hears of it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.events import Events
from sandbox.people import People, Person
from sandbox.settings import Settings
from sandbox.sms import forms
from sandbox.sms.callbacks import Address, Caller
from sandbox.sms.text import Direction, Text

UNKNOWN_HANDSET = 30005


class Sms:
    """Every SMS by its sid, in the order of sending."""

    def __init__(
        self,
        settings: Settings,
        clock: SandboxClock,
        people: People,
        events: Events,
        passable: Callable[[], Awaitable[None]],
    ) -> None:
        """`passable` waits while the network is cut off."""
        self.texts: dict[str, Text] = {}
        self.caller = Caller(settings.auth_token, settings.sms_retry_seconds, passable)
        self._settings = settings
        self._clock = clock
        self._people = people
        self._events = events
        self._under_way: set[asyncio.Task[object]] = set()

    def send(
        self,
        to: str,
        sender: str,
        body: str,
        *,
        service_sid: str | None = None,
        report_to: Address | None = None,
        direction: Direction = "outbound-api",
    ) -> Text:
        """Takes an SMS from the company, as queued; it goes its way by itself."""
        text = self._add(sender, to, body, self._people.by_phone.get(to), direction)
        text.service_sid, text.report_to = service_sid, report_to
        self._report(text)
        self.start(self._carry(text))
        return text

    def receive(self, person: Person, body: str, sender: str) -> Text:
        """Puts an SMS into a person's phone that came by another way than Twilio."""
        text = self._add(sender, person.phone, body, person, "outbound-api")
        self._arrive(text)
        return text

    def take(self, person: Person, body: str) -> Text:
        """Takes an SMS from a person to the company's number."""
        text = self._add(person.phone, self._settings.sms_number, body, person, "inbound")
        self._move(text, "received")
        person.last_at = text.at
        self._events.emit("sms", person=person.id, sms=text.view())
        return text

    def of(self, person: Person) -> list[Text]:
        """A person's SMS, his own too."""
        return [text for text in self.texts.values() if text.person is person]

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Lets something go on by itself, until all is forgotten."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def settled(self) -> None:
        """Waits until nothing is under way any more."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def clear(self) -> None:
        """Forgets all; nothing is carried on, nobody is told any more."""
        self.texts.clear()
        for task in self._under_way:
            task.cancel()

    async def close(self) -> None:
        """Forgets all, and waits until everything under way has ended."""
        self.clear()
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self.caller.close()

    def _add(self, sender: str, to: str, body: str, person: Person | None, direction: Direction) -> Text:
        text = Text(f"SM{secrets.token_hex(16)}", sender, to, body, self._clock.now(), person, direction)
        self.texts[text.sid] = text
        return text

    async def _carry(self, text: Text) -> None:
        await asyncio.sleep(self._settings.sms_step_seconds)
        self._move(text, "sent")
        await asyncio.sleep(self._settings.sms_step_seconds)
        if text.person:
            self._arrive(text)
        else:
            text.error_code = UNKNOWN_HANDSET
            self._move(text, "undelivered")

    def _arrive(self, text: Text) -> None:
        self._move(text, "delivered")
        if text.person:
            text.person.unread_sms += 1
            text.person.last_at = self._clock.now()
            self._events.emit("sms", person=text.person.id, sms=text.view())

    def _move(self, text: Text, status: str) -> None:
        """Every change of a status passes here."""
        text.status = status
        text.updated_at = self._clock.now()
        text.sent_at = text.sent_at or text.updated_at
        self._report(text)

    def _report(self, text: Text) -> None:
        """Each report goes by itself, so that one may overtake another."""
        if text.report_to:
            self.start(self.caller.call(text.report_to, forms.report(text, self._settings.account_sid)))
