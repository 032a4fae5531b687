"""Carries a text to a phone through Twilio, and reads off the answer what has come of it.

Twilio's own async transport ignores its timeout and can repeat POSTs, and a send can't be told from its repetition:
hence a transport of our own, with real timeouts, no retries, and an address that can be changed.
"""

import uuid
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import aiohttp
from twilio.base import values
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from bot.delivery.outcomes import (
    Accepted,
    Arrived,
    BadNumber,
    Halted,
    LookupFailed,
    Lost,
    Misconfigured,
    NotFound,
    NotTaken,
    OnItsWay,
    OptedOut,
    Outcome,
    Rejected,
    Unsure,
)
from domain.db.models.words import Failure

T = TypeVar("T")

CONNECT_FOR: Final = 5.0  # seconds
TOTAL_FOR: Final = 15.0
VALID_LEAST: Final = timedelta(minutes=10)  # less, and a busy carrier drops what it should bring
VALID_MOST: Final = timedelta(minutes=30)  # Twilio's own ten hours would bring yesterday's emergencies
LISTED_SINCE: Final = timedelta(days=1)  # Twilio's list goes by days
LISTED_MOST: Final = 100  # a person gets twenty a day
CLOCKS_APART: Final = timedelta(minutes=1)
HALT_FOR: Final = timedelta(seconds=5)  # a 429 of Twilio's does not say how long

# Codes that come with HTTP 400; any other is a fault of ours.
_BAD_NUMBER = (21211, 21614)
_OPTED_OUT = (21610,)
_MISCONFIGURED = (20003, 21212, 21603, 21606, 21701, 21703)
_MISCONFIGURED_FOR_ONE = (21408, 21608)  # a country that is not allowed, a number that a trial has not verified
_QUEUE_FULL = (21611, 30001)

# How far an SMS is on its way; reports come in any order, and none leads back.
RANKS: Final[Mapping[str, int]] = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    **dict.fromkeys(("delivered", "read", "undelivered", "failed", "canceled"), 4),
}

# Codes of what a carrier, or Twilio itself, did not bring.
_ONCE_MORE = (30001, 30003, 30008, 30036)  # a full queue, a phone that was off, no reason given, not brought in time
_NO_SUCH_PHONE = (30005, 30006, *_BAD_NUMBER)
FOR_OPERATORS: Final = (30002, 30032, 30034)  # the account is suspended, the number is not verified or registered


@dataclass(frozen=True, slots=True)
class Sms:
    """A Twilio account, and the number or messaging service (MG…) that texts come from."""

    client: Client
    sender: str
    status_url: str | None = None  # where Twilio reports to, if it can reach us

    @property
    def pace_key(self) -> str:
        return f"sms:{self.sender}"


@asynccontextmanager
async def twilio(
    account_sid: str, auth_token: str, sender: str, api_url: str, status_url: str | None = None
) -> AsyncIterator[Sms]:
    """The way to Twilio's Messages under `api_url` (https://api.twilio.com), open until the block is left."""
    timeout = aiohttp.ClientTimeout(total=TOTAL_FOR, connect=CONNECT_FOR)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = Client(account_sid, auth_token, http_client=_Transport(session))
        client.api.base_url = api_url
        yield Sms(client, sender, status_url)


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


async def send(
    sms: Sms, to: str, text: str, attempt_id: uuid.UUID, expires_at: datetime | None, now: datetime
) -> Outcome:
    """One SMS to an E.164 number. Twilio drops what it can't pass on until `expires_at`, within limits.

    The attempt's id travels in the query of the StatusCallback, which Twilio signs: a report finds its attempt even
    where this process died before it had an answer. `#rc=3&rp=all`: Twilio repeats a report that did not get through.
    """
    left = expires_at - now if expires_at is not None else VALID_MOST
    valid_for = min(max(left, VALID_LEAST), VALID_MOST)
    more: dict[str, Any] = {"messaging_service_sid" if sms.sender.startswith("MG") else "from_": sms.sender}
    if sms.status_url:
        more["status_callback"] = f"{sms.status_url}?attempt={attempt_id}#rc=3&rp=all"
    call = sms.client.messages.create_async(to=to, body=text, validity_period=int(valid_for.total_seconds()), **more)
    message = await _answer(call)
    if isinstance(message, Outcome):
        return message
    return Accepted(message.sid) if message.sid else Unsure("Twilio's answer names no message")


@dataclass(frozen=True, slots=True)
class Found:
    """An SMS as Twilio has it."""

    sid: str
    status: str
    error_code: int | None


async def fetch(sms: Sms, sid: str) -> Found | NotFound | LookupFailed:
    """How far an SMS has come."""
    message = await _answer(sms.client.messages(sid).fetch_async(), absent=NotFound())
    if isinstance(message, Outcome):
        return message if isinstance(message, NotFound) else LookupFailed(_kind_of(message))
    return _found(message)


async def find(
    sms: Sms, to: str, text: str, begun_at: datetime, known: Collection[str]
) -> Found | NotFound | LookupFailed:
    """The SMS of an attempt that got no answer: to this number, with this text, not older; `known` are others'.

    What Twilio has not sent yet has no date to go by: before it is said not to be there, the newest are listed, too.
    """
    for since in (begun_at - LISTED_SINCE, values.unset):
        listed = await _answer(sms.client.messages.list_async(to=to, date_sent_after=since, limit=LISTED_MOST))
        if isinstance(listed, Outcome):
            return LookupFailed(_kind_of(listed))
        for message in listed:
            if _fits(message, text, begun_at) and message.sid not in known:
                return _found(message)
    return NotFound()


def _fits(message: Any, text: str, begun_at: datetime) -> bool:
    created: datetime | None = message.date_created
    in_time = created is None or created >= begun_at - CLOCKS_APART
    return in_time and (message.body or "").endswith(text)  # a trial account's begin with a line of Twilio's


def _found(message: Any) -> Found:
    return Found(str(message.sid), str(message.status), message.error_code)


def _kind_of(outcome: Outcome) -> str:
    why: str = getattr(outcome, "why", type(outcome).__name__)
    return why


async def _answer(call: Awaitable[T], absent: Outcome | None = None) -> T | Outcome:
    """What Twilio answers, or what it means that it does not. `absent`: what a 404 means."""
    try:
        return await call
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
        return NotTaken(type(fault).__name__)
    except (aiohttp.ClientError, TimeoutError) as fault:
        return Unsure(type(fault).__name__)
    except ValueError:
        return Unsure("Twilio's answer can't be read")
    except TwilioException as fault:  # its text repeats the number
        status = getattr(fault, "status", None)
        return absent if absent and status == 404 else outcome_of(status, getattr(fault, "code", None))


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
    if code in _MISCONFIGURED or code in _MISCONFIGURED_FOR_ONE:
        return Misconfigured(why, for_one=code in _MISCONFIGURED_FOR_ONE)
    return NotTaken(why) if code in _QUEUE_FULL else Rejected(why)


def word_of(status: str, error_code: int | None) -> OnItsWay | Arrived | Lost:
    """What Twilio's status of an SMS means for its delivery."""
    if status in ("delivered", "read"):
        return Arrived()
    if RANKS.get(status) != RANKS["failed"]:
        return OnItsWay()
    why = f"Twilio reports {status}, code {error_code}"
    if error_code in _NO_SUCH_PHONE:
        return Lost(why, Failure.BAD_NUMBER)
    if error_code in _OPTED_OUT:
        return Lost(why, Failure.OPTED_OUT)
    return Lost(why, Failure.CARRIER, again=error_code in _ONCE_MORE)


def behind(status: str) -> list[str]:
    """The statuses that a report of this one leads on from."""
    return [each for each, rank in RANKS.items() if rank < RANKS.get(status, 0)]
