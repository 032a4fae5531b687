"""R11.7, R12.4: the way in for Twilio's reports on our SMS."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import InterfaceError
from starlette.applications import Starlette

from bot import twilio_web
from bot.delivery.sms import Found
from bot.run import Rollcall
from bot.twilio_signature import HEADER
from bot.twilio_web import STATUS_PATH, for_twilio
from domain.db.models import Delivery, SmsAttempt, User
from domain.db.models.words import Channel, DeliveryState
from tests.bot.texter import FORM, PUBLIC, TOKEN, signed, twilio_settings
from tests.bot.town import Town

SID: Final = "SM" + "7" * 32


@dataclass
class Sent:
    """An SMS that has left, and the door at which Twilio knocks."""

    town: Town
    client: httpx.AsyncClient
    delivery_id: uuid.UUID
    attempt_id: uuid.UUID

    def path(self, attempt: object = None) -> str:
        return f"{STATUS_PATH}?attempt={attempt or self.attempt_id}"

    async def post(self, form: dict[str, str], path: str, signature: str | None) -> httpx.Response:
        given = {"Content-Type": FORM} | ({HEADER: signature} if signature is not None else {})
        headers = httpx.Headers(given, encoding="utf-8")
        return await self.client.post(path, content=urlencode(form), headers=headers)

    async def report(self, status: str, attempt: object = None, **more: str) -> httpx.Response:
        form = {"MessageSid": SID, "MessageStatus": status, "ErrorCode": "", "To": "+14165550123"} | more
        path = self.path(attempt)
        return await self.post(form, path, signed(form, url=PUBLIC + path))

    async def state(self) -> DeliveryState:
        async with self.town.sessions() as session:
            return (await session.get_one(Delivery, self.delivery_id)).state


@pytest.fixture
async def rollcall(town: Town) -> AsyncIterator[Rollcall]:
    async with town.core(**twilio_settings()) as rollcall:
        yield rollcall


@pytest.fixture
async def sent(town: Town, rollcall: Rollcall) -> AsyncIterator[Sent]:
    ids = {name: uuid.uuid4() for name in ("user", "delivery", "attempt")}
    person = {"first_name": "A", "last_name": "B", "phone": "+14165550123", "email": "a", "password_hash": "!"}
    row: dict[str, Any] = {"channel": Channel.SMS, "kind": "manual", "urgency": 0, "level": 0, "created_at": town.now}
    row |= {"state": DeliveryState.SENDING, "due_at": town.now, "user_id": ids["user"]}
    attempt = {"phone": "+14165550123", "body": "Hi", "segments": 1, "created_at": town.now}
    async with town.sessions.begin() as session:
        await session.execute(insert(User).values(id=ids["user"], **person))
        await session.execute(insert(Delivery).values(id=ids["delivery"], **row))
        of = {"delivery_id": ids["delivery"], "user_id": ids["user"]}
        await session.execute(insert(SmsAttempt).values(id=ids["attempt"], **of, **attempt))
    app = Starlette(routes=for_twilio(rollcall.edge, PUBLIC, TOKEN))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot") as client:
        yield Sent(town, client, ids["delivery"], ids["attempt"])


async def test_r11_7_a_report_moves_the_delivery_on(sent: Sent) -> None:
    assert (await sent.report("sent")).status_code == 204
    assert await sent.state() is DeliveryState.SENT
    assert (await sent.report("delivered")).status_code == 204
    assert await sent.state() is DeliveryState.DELIVERED


async def test_an_error_code_is_understood(sent: Sent) -> None:
    assert (await sent.report("undelivered", ErrorCode="30005")).status_code == 204
    assert await sent.state() is DeliveryState.UNDELIVERED
    async with sent.town.sessions() as session:
        assert await session.scalar(select(SmsAttempt.error_code)) == 30005


async def test_r12_4_without_twilios_signature_nothing_is_believed(sent: Sent) -> None:
    form = {"MessageSid": SID, "MessageStatus": "delivered", "ErrorCode": ""}
    right = PUBLIC + sent.path()
    for signature in (
        None,
        "",
        "é",
        signed(form, token="another", url=right),
        signed(form | {"MessageStatus": "sent"}, url=right),
        signed({name: value for name, value in form.items() if value}, url=right),  # blank fields are signed, too
        signed(form, url=PUBLIC + sent.path(uuid.uuid4())),  # an attempt can't be swapped for another
        signed(form, url=PUBLIC + STATUS_PATH),
        signed(form, url="http://bot" + sent.path()),  # what counts is the public address
    ):
        assert (await sent.post(form, sent.path(), signature)).status_code == 403
    assert await sent.state() is DeliveryState.SENDING


@pytest.mark.parametrize("attempt", ["7", "' OR true", "00000000-0000-4000-8000-000000000000"])
async def test_what_is_no_attempt_of_ours_has_no_effect(sent: Sent, attempt: str) -> None:
    assert (await sent.report("delivered", attempt.replace(" ", "%20"))).status_code == 204
    assert await sent.state() is DeliveryState.SENDING


@pytest.mark.parametrize("more", [{"MessageStatus": ""}, {"MessageSid": ""}, {"MessageStatus": "tomorrow's"}])
async def test_what_is_no_report_has_no_effect(sent: Sent, more: dict[str, str]) -> None:
    assert (await sent.report("delivered", **more)).status_code == 204
    assert await sent.state() is DeliveryState.SENDING


@pytest.mark.parametrize("code", ["", "none", "9" * 30, "²"])
async def test_an_error_code_that_is_none_is_left_out(sent: Sent, code: str) -> None:
    assert (await sent.report("undelivered", ErrorCode=code)).status_code == 204
    assert await sent.state() is DeliveryState.UNDELIVERED


async def test_r11_7_while_the_database_is_away_it_is_to_be_brought_again(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_mail: object, _attempt_id: uuid.UUID, _report: Found) -> None:
        raise InterfaceError("", None, OSError())

    with monkeypatch.context() as context:
        context.setattr(twilio_web, "on_report", away)
        assert (await sent.report("delivered")).status_code == 503
    assert (await sent.report("delivered")).status_code == 204
    assert await sent.state() is DeliveryState.DELIVERED


async def test_it_is_only_posted(sent: Sent) -> None:
    assert (await sent.client.get(sent.path())).status_code == 405


async def test_twilio_is_told_where_to_report_to(rollcall: Rollcall, town: Town) -> None:
    assert rollcall.edge.mail.sms is not None
    assert rollcall.edge.mail.sms.status_url == PUBLIC + STATUS_PATH
    async with town.core(**twilio_settings() | {"public_url": None}) as polling:
        assert polling.edge.mail.sms is not None
        assert polling.edge.mail.sms.status_url is None
