"""How Twilio calls an address of the company's: with a signed form, repeated as the part behind # says."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx
from twilio.request_validator import RequestValidator

from sandbox.trust import trusted

SIGNATURE_HEADER = "X-Twilio-Signature"
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0  # for an answer, repetitions included
MOST_AT_ONCE = 100
MOST_RETRIES = 5
LONGEST_ADDRESS = 4000
POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})

Form = dict[str, str]


@dataclass(frozen=True)
class Address:
    """Where Twilio calls. `url` is called and signed; a call that fails in one of the ways of `policy` is repeated.

    `ct`: no connection; `rt`: no answer in time; `4xx`, `5xx`: such an answer; `all`: any of them.
    """

    url: str
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    @classmethod
    def read(cls, given: str) -> "Address":
        """An address as it is told to Twilio, with `#rc=3&rp=all` or without; ValueError where it can't be used."""
        url, _, fragment = given.partition("#")
        parts, told = urlsplit(url), dict(parse_qsl(fragment))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("an address begins with http:// or https:// and names a host")
        if len(given) > LONGEST_ADDRESS:
            raise ValueError(f"an address has at most {LONGEST_ADDRESS} characters")
        retries, policy = int(told.get("rc", cls.retries)), frozenset(told.get("rp", "ct").split(","))
        if not 0 <= retries <= MOST_RETRIES:
            raise ValueError(f"rc is a whole number from 0 to {MOST_RETRIES}")
        if not policy <= POLICIES:
            raise ValueError(f"rp is made of {', '.join(sorted(POLICIES))}")
        return cls(url, retries, policy)


class Caller:
    """Calls addresses of the company's."""

    def __init__(self, auth_token: str, pause: float, passable: Callable[[], Awaitable[None]]) -> None:
        """Signs with the account's token; waits `pause` seconds before it repeats a call, and while none may pass."""
        self._validator = RequestValidator(auth_token)
        self._pause = pause
        self._passable = passable
        self._at_once = asyncio.Semaphore(MOST_AT_ONCE)
        self._made: httpx.AsyncClient | None = None

    async def call(self, address: Address, form: Form) -> httpx.Response | None:
        """The answer to the last try, whatever its status; None where there was none in time."""
        answer = None
        await self._passable()
        try:
            async with self._at_once, asyncio.timeout(TOTAL_SECONDS):
                for left in reversed(range(address.retries + 1)):
                    answer, failure = await self._once(address.url, form)
                    if failure is None or not left or not address.policy & {failure, "all"}:
                        break
                    await asyncio.sleep(self._pause)
        except TimeoutError:
            pass
        return answer

    async def close(self) -> None:
        """Calls nobody any more."""
        if self._made:
            await self._made.aclose()

    async def _once(self, url: str, form: Form) -> tuple[httpx.Response | None, str | None]:
        """The answer, and the kind of failure where it is one."""
        headers = {SIGNATURE_HEADER: self._validator.compute_signature(url, form)}
        try:
            answer = await self._client.post(url, data=form, headers=headers)
        except httpx.ReadTimeout:
            return None, "rt"
        except (httpx.HTTPError, httpx.InvalidURL):
            return None, "ct"
        return answer, f"{answer.status_code // 100}xx" if answer.is_error else None

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._made is None:
            timeout, limits = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS), httpx.Limits(max_connections=None)
            self._made = httpx.AsyncClient(timeout=timeout, trust_env=False, verify=trusted(), limits=limits)
        return self._made
