"""Carries a text to a phone through Twilio, and reads off the answer what has come of it.

Twilio's own async transport ignores its timeout and can repeat POSTs, and a send can't be told from its repetition:
hence a transport of our own, with real timeouts, no retries, and an address that can be changed.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from bot.delivery.steps import Accepted, BadNumber, Halted, Misconfigured, NotTaken, OptedOut, Outcome, Rejected, Unsure
from domain.people.phones import e164

CONNECT_FOR: Final = 5.0  # seconds
TOTAL_FOR: Final = 15.0
VALID_LEAST: Final = timedelta(minutes=10)  # less, and a busy carrier drops what it should bring
VALID_MOST: Final = timedelta(minutes=30)  # Twilio's own ten hours would bring yesterday's emergencies
HALT_FOR: Final = timedelta(seconds=5)  # a 429 of Twilio's does not say how long

# Codes that come with HTTP 400; any other is a fault of ours.
_BAD_NUMBER = (21211, 21614)
_OPTED_OUT = (21610,)
_MISCONFIGURED = (20003, 21212, 21408, 21603, 21606, 21608, 21701, 21703)
_QUEUE_FULL = (21611, 30001)


@dataclass(frozen=True, slots=True)
class Sms:
    """A Twilio account, and the number or messaging service (MG…) that texts come from."""

    client: Client
    sender: str

    @property
    def pace_key(self) -> str:
        return f"sms:{self.sender}"


@asynccontextmanager
async def twilio(account_sid: str, auth_token: str, sender: str, api_url: str) -> AsyncIterator[Sms]:
    """The way to Twilio's Messages under `api_url` (https://api.twilio.com), open until the block is left."""
    timeout = aiohttp.ClientTimeout(total=TOTAL_FOR, connect=CONNECT_FOR)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = Client(account_sid, auth_token, http_client=_Transport(session))
        client.api.base_url = api_url
        yield Sms(client, sender)


class _Transport:
    """What Twilio's client asks of an AsyncHttpClient; nothing is logged, since addresses and bodies hold numbers."""

    is_async = True

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request, never repeated; aiohttp's errors pass."""
        signed = dict(headers or {})
        if auth is not None:
            signed["Authorization"] = f"Basic {b64encode(':'.join(auth).encode()).decode()}"
        async with self._session.request(
            method, uri, params=params, data=data, headers=signed, allow_redirects=allow_redirects
        ) as response:
            return Response(response.status, await response.text(), response.headers)


async def send(sms: Sms, phone: str, text: str, expires_at: datetime | None, now: datetime) -> Outcome:
    """One SMS. Twilio drops what it can't pass on until `expires_at`, within limits."""
    to = e164(phone)
    if to is None:
        return BadNumber("it is no phone that can be texted")
    left = expires_at - now if expires_at is not None else VALID_MOST
    valid_for = min(max(left, VALID_LEAST), VALID_MOST)
    sender = {"messaging_service_sid" if sms.sender.startswith("MG") else "from_": sms.sender}
    try:
        message = await sms.client.messages.create_async(
            to=to, body=text, validity_period=int(valid_for.total_seconds()), **sender
        )
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
        return NotTaken(type(fault).__name__)
    except (aiohttp.ClientError, TimeoutError) as fault:
        return Unsure(type(fault).__name__)
    except ValueError:
        return Unsure("Twilio's answer can't be read")
    except TwilioException as fault:  # its text repeats the number
        return outcome_of(getattr(fault, "status", None), getattr(fault, "code", None))
    return Accepted(message.sid) if message.sid else Unsure("Twilio's answer names no message")


def outcome_of(status: int | None, code: int | None) -> Outcome:
    """What a refusal means: by HTTP status first, by Twilio's code second."""
    why = f"Twilio answered {status}, code {code}"
    match status:
        case 429:
            return Halted(HALT_FOR)
        case 401 | 403 | 404:
            return Misconfigured(why)
        case 400:
            return _bad_request(code, why)
    return Unsure(why)


def _bad_request(code: int | None, why: str) -> Outcome:
    if code in _BAD_NUMBER:
        return BadNumber(why)
    if code in _OPTED_OUT:
        return OptedOut(why)
    if code in _MISCONFIGURED:
        return Misconfigured(why)
    return NotTaken(why) if code in _QUEUE_FULL else Rejected(why)
