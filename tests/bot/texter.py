"""Somebody's phone as Twilio shows it to the bot: forms with a signature, and TwiML in answer."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
from pydantic import SecretStr
from sqlalchemy import select
from starlette.applications import Starlette
from twilio.request_validator import RequestValidator

from bot.run import Rollcall
from bot.twilio_signature import HEADER
from bot.twilio_web import SMS_PATH, for_twilio
from domain.db.models import ReceivedSms, SmsCode
from tests.bot.town import Town

PUBLIC = "https://rollcall.example/bot"
TOKEN = "the auth token"
FORM = "application/x-www-form-urlencoded"


def twilio_settings() -> dict[str, Any]:
    return {
        "public_url": PUBLIC,
        "twilio_account_sid": "AC" + "0" * 32,
        "twilio_auth_token": SecretStr(TOKEN),
        "twilio_from_number": "+14165550100",
    }


def signed(form: dict[str, str], token: str = TOKEN, url: str = PUBLIC + SMS_PATH) -> str:
    return str(RequestValidator(token).compute_signature(url, form))


@dataclass
class Texter:
    """What comes in, over the real route."""

    town: Town
    client: httpx.AsyncClient
    _sids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def post(self, form: dict[str, str], signature: str | None = None) -> httpx.Response:
        headers = httpx.Headers({"Content-Type": FORM}, encoding="utf-8")
        if signature is not None:
            headers[HEADER] = signature
        return await self.client.post(SMS_PATH, content=urlencode(form), headers=headers)

    async def bring(self, phone: str, body: str, sid: str | None = None, **more: str) -> httpx.Response:
        """Blank fields are signed too, and Twilio sends many."""
        form = {"From": phone, "To": "+14165550100", "Body": body, "FromCity": "", "NumMedia": "0"}
        form |= {"MessageSid": sid or f"SM{next(self._sids):032x}"} | more
        return await self.post(form, signed(form))

    async def text(self, phone: str, body: str, sid: str | None = None, **more: str) -> str | None:
        """The answer; None where nothing is texted back."""
        return said(await self.bring(phone, body, sid, **more))

    async def codes(self, phone: str) -> dict[str, SmsCode]:
        async with self.town.sessions() as session:
            return {row.code: row for row in await session.scalars(select(SmsCode).where(SmsCode.phone == phone))}

    async def received(self) -> list[ReceivedSms]:
        async with self.town.sessions() as session:
            return list(await session.scalars(select(ReceivedSms).order_by(ReceivedSms.sid)))


def said(answer: httpx.Response) -> str | None:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    messages = ElementTree.fromstring(answer.text).findall("Message")
    assert len(messages) <= 1
    return messages[0].text if messages else None


@asynccontextmanager
async def texting_to(town: Town, rollcall: Rollcall) -> AsyncIterator[Texter]:
    app = Starlette(routes=for_twilio(rollcall.edge, PUBLIC, TOKEN))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot", timeout=30) as client:
        yield Texter(town, client)
