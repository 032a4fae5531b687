"""Twilio's Message resource: what a request asks for, what is refused, how a message is shown."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from urllib.parse import urlencode

from sandbox.json_types import Json
from sandbox.people import People
from sandbox.settings import Settings
from sandbox.sms.callbacks import Address
from sandbox.sms.forms import API_VERSION
from sandbox.sms.network import Sms
from sandbox.sms.segments import segments
from sandbox.sms.text import LONGEST_BODY, Text

LONGEST_VALIDITY = 36_000  # seconds
_NUMBER = re.compile(r"\+(?:1[2-9]\d{2}[2-9]\d{6}|[2-9]\d{6,14})")


class TwilioError(Exception):
    """A request that Twilio refuses."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }


def create(sms: Sms, people: People, settings: Settings, form: Mapping[str, str]) -> Text:
    """Sends an SMS; TwilioError where Twilio would not."""
    to, body, service = form.get("To", ""), form.get("Body", ""), form.get("MessagingServiceSid")
    if not to:
        raise TwilioError(21604, "A 'To' phone number is required.")
    if not _NUMBER.fullmatch(to):
        raise TwilioError(21211, f"The 'To' number {to} is not a valid phone number.")
    sender = _sender(settings, to, form.get("From", ""), service)
    if not body:
        raise TwilioError(21602, "Message body is required.")
    if len(body) > LONGEST_BODY:
        raise TwilioError(21617, "The concatenated message body exceeds the 1600 character limit")
    _judge_validity(form.get("ValidityPeriod", str(LONGEST_VALIDITY)))
    report_to = _report_to(form.get("StatusCallback", ""))
    person = people.by_phone.get(to)
    if person and person.sms_opted_out:
        raise TwilioError(21610, "Attempt to send to unsubscribed recipient")
    return sms.send(to, sender, body, service_sid=service, report_to=report_to)


def _judge_validity(seconds: str) -> None:
    """Nothing waits here for so long that it would matter."""
    if not re.fullmatch(r"[0-9]{1,5}", seconds) or not 1 <= int(seconds) <= LONGEST_VALIDITY:
        raise TwilioError(21624, "Invalid validity period value")


def _report_to(url: str) -> Address | None:
    try:
        return Address.read(url) if url else None
    except ValueError as error:
        raise TwilioError(21609, f"The StatusCallback URL {url} is not a valid URL.") from error


def _sender(settings: Settings, to: str, sender: str, service: str | None) -> str:
    if service:
        if service != settings.messaging_service_sid:
            raise TwilioError(21701, "The Messaging Service does not exist")
        return settings.sms_number
    if not sender:
        raise TwilioError(21603, "A 'From' phone number is required.")
    if not _NUMBER.fullmatch(sender):
        raise TwilioError(21212, f"Invalid From Number (caller ID): {sender}")
    if sender != settings.sms_number:
        words = (
            f"The 'From' phone number provided ({sender}) is not a valid message-capable Twilio phone number for this"
        )
        raise TwilioError(21606, f"{words} destination/account: {to}")
    return sender


def find(sms: Sms, path: str, sid: str) -> Text:
    """The message with this sid."""
    if sid not in sms.texts:
        raise TwilioError(20404, f"The requested resource {path} was not found", 404)
    return sms.texts[sid]


def resource(text: Text, account_sid: str) -> Json:
    """Twilio's Message."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{text.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": text.body,
        "date_created": _rfc2822(text.at),
        "date_sent": _rfc2822(text.sent_at),
        "date_updated": _rfc2822(text.updated_at or text.at),
        "direction": text.direction,
        "error_code": text.error_code,
        "error_message": "Unknown destination handset" if text.error_code else None,
        "from": text.sender,
        "messaging_service_sid": text.service_sid,
        "num_media": "0",
        "num_segments": str(segments(text.body).parts),
        "price": None,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.to,
        "uri": f"{uri}.json",
    }


def page(sms: Sms, account_sid: str, query: Mapping[str, str]) -> Json:
    """A page of the list, the newest first, chosen by To, From and DateSent (`=`, `<`, `>`)."""
    size = min(max(int(query.get("PageSize", 50)), 1), 1000)
    number = int(query.get("Page", 0))
    found = [text for text in reversed(sms.texts.values()) if _fits(text, query)]
    shown = found[number * size : (number + 1) * size]
    path = f"/{API_VERSION}/Accounts/{account_sid}/Messages.json"

    def address(page_number: int) -> str:
        kept = {name: value for name, value in query.items() if name not in ("Page", "PageSize", "PageToken")}
        return f"{path}?{urlencode({**kept, 'PageSize': size, 'Page': page_number})}"

    return {
        "messages": [resource(text, account_sid) for text in shown],
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": max(number * size + len(shown) - 1, 0),
        "first_page_uri": address(0),
        "next_page_uri": address(number + 1) if len(found) > (number + 1) * size else None,
        "previous_page_uri": address(number - 1) if number else None,
        "uri": address(number),
    }


def _fits(text: Text, query: Mapping[str, str]) -> bool:
    sent_at = text.sent_at or text.at
    return (
        query.get("To") in (None, "", text.to)
        and query.get("From") in (None, "", text.sender)
        and ("DateSent" not in query or sent_at.date() == _instant(query["DateSent"]).date())
        and ("DateSent<" not in query or sent_at <= _instant(query["DateSent<"]))
        and ("DateSent>" not in query or sent_at >= _instant(query["DateSent>"]))
    )


def _instant(given: str) -> datetime:
    """An instant, or the beginning of a day, in UTC."""
    try:
        if len(given) == len("2026-11-22"):
            return datetime.combine(date.fromisoformat(given), time.min, UTC)
        return datetime.fromisoformat(given).astimezone(UTC)
    except ValueError as error:
        raise TwilioError(20001, f"Invalid date: {given}") from error


def _rfc2822(instant: datetime | None) -> str | None:
    return format_datetime(instant) if instant else None
