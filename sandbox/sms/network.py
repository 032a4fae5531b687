"""The SMS network: what was sent, and how far it got."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import SandboxClock
from sandbox.events import Events
from sandbox.json_types import Json
from sandbox.people import People, Person
from sandbox.settings import Settings
from sandbox.sms.segments import segments

UNKNOWN_HANDSET = 30005


@dataclass
class Text:
    """One SMS. `sender` is a number or a name; `person` is None where nobody here has the number."""

    sid: str
    sender: str
    to: str
    body: str
    at: datetime
    person: Person | None
    from_person: bool = False
    status: str = "queued"
    updated_at: datetime | None = None
    sent_at: datetime | None = None
    error_code: int | None = None
    service_sid: str | None = None

    def view(self) -> Json:
        """The SMS as the page draws it."""
        size = segments(self.body)
        return {
            "sid": self.sid,
            "from": "person" if self.from_person else "company",
            "sender": self.sender,
            "to": self.to,
            "person": self.person.id if self.person else None,
            "body": self.body,
            "at": self.at.isoformat(),
            "status": self.status,
            "segments": size.parts,
            "encoding": size.encoding,
        }


class Sms:
    """Every SMS by its sid, in the order of sending."""

    def __init__(self, settings: Settings, clock: SandboxClock, people: People, events: Events) -> None:
        self.texts: dict[str, Text] = {}
        self._settings = settings
        self._clock = clock
        self._people = people
        self._events = events
        self._carriers: set[asyncio.Task[None]] = set()

    def send(self, to: str, sender: str, body: str, service_sid: str | None = None) -> Text:
        """Takes an SMS from the company, as queued; it goes its way by itself."""
        text = self._add(sender, to, body, self._people.by_phone.get(to))
        text.service_sid = service_sid
        carrier = asyncio.create_task(self._carry(text))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)
        return text

    def receive(self, person: Person, body: str, sender: str) -> Text:
        """Puts an SMS into a person's phone that came by another way than Twilio."""
        text = self._add(sender, person.phone, body, person)
        self._arrive(text)
        return text

    def of(self, person: Person) -> list[Text]:
        """A person's SMS."""
        return [text for text in self.texts.values() if text.person is person]

    def clear(self) -> None:
        """Forgets all; nothing is carried on."""
        self.texts.clear()
        for carrier in self._carriers:
            carrier.cancel()

    def _add(self, sender: str, to: str, body: str, person: Person | None) -> Text:
        text = Text(f"SM{secrets.token_hex(16)}", sender, to, body, self._clock.now(), person)
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
