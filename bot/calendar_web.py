"""Where calendar programs find a driver's shifts, at the address that /calendar has given him."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import ical
from bot.acting import Edge
from bot.faults import is_passing
from bot.reader import Reader
from bot.settings import Settings
from domain.people.feeds import whose_feed
from domain.shifts.feed import feed_shifts
from domain.time import local_day

PATH: Final = "/calendar/{token}.ics"


def token_for(settings: Settings, driver_id: uuid.UUID) -> Callable[[datetime], str]:
    """The secret part of the address that a driver was given at an instant, alike in every process.

    It follows from the bot's token: nobody guesses it, whatever else he may know, and it need not be kept.
    """

    def token(made_at: datetime) -> str:
        named = f"calendar {driver_id} {made_at.astimezone(UTC).isoformat()}"
        digest = hmac.new(settings.token.encode(), named.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    return token


def address(public_url: str, token: str) -> str:
    """Under which it is found."""
    return public_url + PATH.format(token=token)


def for_calendar(edge: Edge) -> list[Route]:
    """To whoever has the address; any other is not found, and nothing is said of why."""

    async def on_calendar(request: Request) -> Response:
        try:
            found = await _calendar(edge, request.path_params["token"])
        except Exception as fault:
            if not is_passing(fault):
                raise
            return PlainTextResponse("Not now; please try again.", 503)
        if found is None:
            return PlainTextResponse("Not Found", 404)
        tag = f'"{hashlib.sha256(found).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if _known(tag, request.headers.get("If-None-Match", "")):
            return Response(status_code=304, headers=headers)
        return Response(found, media_type="text/calendar", headers=headers)

    return [Route(PATH, on_calendar)]


async def _calendar(edge: Edge, token: str) -> bytes | None:
    now = edge.now()
    async with edge.sessions() as session:
        whose = await whose_feed(session, token, local_day(now, edge.policy))
        if whose is None:
            return None
        shifts = await feed_shifts(session, whose.driver_id, edge.policy, now)
    return ical.calendar(shifts, edge.settings.company_name, Reader(whose.language or "en", edge.policy.zone))


def _known(tag: str, asked: str) -> bool:
    """Whether the program has what we would send (RFC 9110: compared weakly)."""
    tags = {each.strip().removeprefix("W/") for each in asked.split(",")}
    return tag in tags or "*" in tags
