"""SMS from people to the company: what Twilio does by itself, and what it brings to the company's webhook."""

from xml.etree import ElementTree

import httpx

from sandbox.clock import SandboxClock
from sandbox.events import Events
from sandbox.json_types import Json
from sandbox.people import Person
from sandbox.refusal import Refused
from sandbox.settings import Settings
from sandbox.sms import forms
from sandbox.sms.callbacks import Address
from sandbox.sms.network import Sms
from sandbox.sms.text import LONGEST_BODY, Text

OPT_OUT = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
OPT_IN = frozenset({"START", "YES", "UNSTOP"})
OPTED_OUT = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
OPTED_IN = (
    "You have successfully been re-subscribed to messages from this Number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
XML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})


class WebhookError(Exception):
    """An answer of the company's that Twilio can't use, by the code that stands in Twilio's error log."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Incoming:
    """The way of SMS from people to the company."""

    def __init__(self, sms: Sms, settings: Settings, clock: SandboxClock, events: Events) -> None:
        self._sms = sms
        self._settings = settings
        self._clock = clock
        self._events = events
        self._told: str | None = None
        self._address: Address | None = None
        self._last_error: Json | None = None

    def send(self, person: Person, body: str) -> Text:
        """The person texts the company. What follows from it goes on by itself."""
        if not body.strip():
            raise Refused("An SMS needs a text.")
        if len(body) > LONGEST_BODY:
            raise Refused(f"An SMS holds at most {LONGEST_BODY} characters.")
        text = self._sms.take(person, body)
        self._mind_keywords(person, body.strip().upper())
        if self._address:
            self._sms.start(self._bring(text, person, self._address))
        return text

    def set_webhook(self, url: str | None) -> None:
        """Brings SMS there from now on, or nowhere; refused where Twilio could not."""
        try:
            self._address = Address.read(url) if url is not None else None
        except ValueError as error:
            raise Refused(f"That is no webhook: {error}.") from error
        self._told, self._last_error = url, None

    def webhook(self) -> Json:
        """The webhook, and the last of its answers that could not be used."""
        return {"url": self._told, "last_error": self._last_error}

    def clear(self) -> None:
        """Forgets the error; the webhook stays."""
        self._last_error = None

    def _mind_keywords(self, person: Person, word: str) -> None:
        if word not in OPT_OUT | OPT_IN:
            return
        person.sms_opted_out = word in OPT_OUT
        self._events.emit("person", person=person.id)
        self._text_back(person, OPTED_OUT if person.sms_opted_out else OPTED_IN)

    async def _bring(self, text: Text, person: Person, address: Address) -> None:
        answer = await self._sms.caller.call(address, forms.incoming(text, self._settings.account_sid))
        try:
            replies = said(answer)
        except WebhookError as error:
            at = self._clock.now().isoformat()
            self._last_error = {"code": error.code, "message": str(error), "sid": text.sid, "at": at}
            return
        for reply in replies:
            if not person.sms_opted_out:
                self._text_back(person, reply)

    def _text_back(self, person: Person, body: str) -> None:
        self._sms.send(person.phone, self._settings.sms_number, body, direction="outbound-reply")


def said(answer: httpx.Response | None) -> list[str]:
    """What the company texts back; WebhookError where its answer is no TwiML."""
    if answer is None:
        raise WebhookError(11200, "HTTP retrieval failure: there was no answer")
    if not answer.is_success:
        raise WebhookError(11200, f"HTTP retrieval failure: the answer was {answer.status_code}")
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() not in XML_TYPES:
        raise WebhookError(12300, "Invalid Content-Type")
    try:
        response = ElementTree.fromstring(answer.content)
    except ElementTree.ParseError as error:
        raise WebhookError(12100, f"Document parse failure: {error}") from error
    if response.tag != "Response":
        raise WebhookError(12100, "Document parse failure: the document is no Response")
    bodies = [(message.findtext("Body") or message.text or "").strip() for message in response.findall("Message")]
    if not all(0 < len(body) <= LONGEST_BODY for body in bodies):
        raise WebhookError(14103, "Message Invalid Body")
    return bodies
