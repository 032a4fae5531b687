"""The company's server as Twilio sees it: it lets nobody in but who signs as Twilio does."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from sandbox.answers import HANG_UP
from sandbox.server import served
from sandbox.sms.callbacks import SIGNATURE_HEADER

HANGS_UP = 0  # in the place of a status

Form = dict[str, str]


@dataclass
class Company:
    """Notes what it gets, and answers as the test wants."""

    token: str
    url: str = ""
    got: list[Form] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    tries: int = 0
    failures: list[int] = field(default_factory=list)  # what the next tries are answered with first
    answer: Response = field(default_factory=lambda: Response(status_code=204))
    held: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(open_door))  # by SmsStatus

    async def take(self, request: Request) -> Response:
        self.tries += 1
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=True))
        signature = request.headers[SIGNATURE_HEADER]
        if not RequestValidator(self.token).validate(str(request.url), form, signature):
            return Response(status_code=403)
        await self.held[form["SmsStatus"]].wait()
        if self.failures:
            status = self.failures.pop(0)
            if status == HANGS_UP:
                request.scope[HANG_UP]()
            return Response(status_code=status or 500)
        self.got.append(form)
        self.queries.append(request.url.query)
        return self.answer

    def texts_back(self, twiml: str, media_type: str = "application/xml") -> None:
        self.answer = Response(twiml, media_type=media_type)


def open_door() -> asyncio.Event:
    door = asyncio.Event()
    door.set()
    return door


@asynccontextmanager
async def listening_company(token: str) -> AsyncIterator[Company]:
    company = Company(token)
    async with served(Starlette(routes=[Route("/twilio", company.take, methods=["POST"])])) as url:
        company.url = f"{url}/twilio"
        yield company
