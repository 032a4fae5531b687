import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from sandbox.server import Running
from sandbox.sms.segments import segments
from tests.sandbox.conftest import Calls

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
TO = "+14165550101"


class Redirected(AsyncHttpClient):  # type: ignore[misc]  # twilio has no types
    """Twilio's own client, but its requests go to the sandbox."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True)
        self.http = http

    async def request(self, method: str, url: str, **given: Any) -> Response:
        sent: dict[str, Any] = {name: given.get(name) for name in ("params", "data", "headers", "auth")}
        answer = await self.http.request(method, httpx.URL(url).raw_path.decode(), **sent)
        return Response(answer.status_code, answer.text)


@pytest.fixture
def twilio(http: httpx.AsyncClient, sandbox: Running, calls: Calls) -> Client:
    return Client(sandbox.settings.account_sid, sandbox.settings.auth_token, http_client=Redirected(http))


async def test_an_sms_goes_its_way(twilio: Client, sandbox: Running, calls: Calls, until: Until) -> None:
    sent = await twilio.messages.create_async(to=TO, from_=sandbox.settings.sms_number, body="Rollcall: être là")
    assert (sent.status, sent.direction, sent.num_segments) == ("queued", "outbound-api", "1")
    assert (sent.to, sent.from_, sent.body) == (TO, sandbox.settings.sms_number, "Rollcall: être là")
    assert sent.date_created == sandbox.clock.now() and sent.date_sent is None

    async def delivered() -> bool:
        return bool((await twilio.messages(sent.sid).fetch_async()).status == "delivered")

    await until(delivered)
    (shown,) = (await calls.get("people/amara-osei/sms"))["messages"]
    assert shown == {
        "sid": sent.sid, "from": "company", "sender": sandbox.settings.sms_number, "to": TO, "person": "amara-osei",
        "body": "Rollcall: être là", "at": sandbox.clock.now().isoformat(), "status": "delivered", "segments": 1,
        "encoding": "UCS-2",
    }  # fmt: skip
    assert (await calls.get("sms"))["messages"] == [shown]
    assert (await calls.get("people/amara-osei"))["unread"]["sms"] == 1


async def test_an_sms_to_a_number_that_nobody_has_is_undelivered(
    twilio: Client, sandbox: Running, until: Until
) -> None:
    sent = await twilio.messages.create_async(to="+14165550188", from_=sandbox.settings.sms_number, body="x")

    async def failed() -> Any:
        fetched = await twilio.messages(sent.sid).fetch_async()
        return fetched.status == "undelivered" and fetched

    assert (await until(failed)).error_code == 30005


async def test_a_messaging_service_may_send(twilio: Client, sandbox: Running) -> None:
    service = sandbox.settings.messaging_service_sid
    sent = await twilio.messages.create_async(to=TO, messaging_service_sid=service, body="x")
    assert (sent.messaging_service_sid, sent.from_) == (service, sandbox.settings.sms_number)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"to": "+1416555"}, 21211),
        ({"to": "+11165550101"}, 21211),
        ({"to": "416 555 0101"}, 21211),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"from_": "+14165550177"}, 21606),
        ({"from_": "nobody"}, 21212),
        ({"from_": ""}, 21603),
        ({"to": ""}, 21604),
        ({"from_": "", "messaging_service_sid": "MG" + "9" * 32}, 21701),
    ],
)
async def test_requests_that_twilio_refuses(
    twilio: Client, sandbox: Running, calls: Calls, changed: dict[str, str], code: int
) -> None:
    given = {"to": TO, "from_": sandbox.settings.sms_number, "body": "x", **changed}
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages.create_async(**given)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert (await calls.get("sms"))["messages"] == []


async def test_an_error_looks_like_twilios(http: httpx.AsyncClient, sandbox: Running, calls: Calls) -> None:
    settings = sandbox.settings
    path, auth = (
        f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        (settings.account_sid, settings.auth_token),
    )
    answer = await http.post(path, auth=auth, data={"To": "+1", "From": settings.sms_number, "Body": "x"})
    assert answer.json() == {
        "code": 21211,
        "message": "The 'To' number +1 is not a valid phone number.",
        "more_info": "https://www.twilio.com/docs/errors/21211",
        "status": 400,
    }


async def test_who_opted_out_gets_nothing(twilio: Client, sandbox: Running, calls: Calls) -> None:
    await calls.patch("people/amara-osei", sms_opted_out=True)
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages.create_async(to=TO, from_=sandbox.settings.sms_number, body="x")
    assert refused.value.code == 21610


@pytest.mark.parametrize("auth", [None, ("AC", "wrong"), ("AC" + "0" * 31 + "1", "wrong")])
async def test_wrong_credentials(http: httpx.AsyncClient, sandbox: Running, auth: tuple[str, str] | None) -> None:
    path = f"/2010-04-01/Accounts/{sandbox.settings.account_sid}/Messages.json"
    answer = await http.post(path, auth=auth or httpx.USE_CLIENT_DEFAULT, data={"To": TO})
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_another_account_and_an_unknown_message(
    twilio: Client, http: httpx.AsyncClient, sandbox: Running
) -> None:
    settings = sandbox.settings
    other = f"/2010-04-01/Accounts/AC{'9' * 32}/Messages.json"
    assert (await http.get(other, auth=(settings.account_sid, settings.auth_token))).status_code == 404
    with pytest.raises(TwilioRestException) as refused:
        await twilio.messages("SM" + "0" * 32).fetch_async()
    assert (refused.value.status, refused.value.code) == (404, 20404)


async def test_messages_are_listed_by_number_and_day_in_pages(twilio: Client, sandbox: Running) -> None:
    yesterday = sandbox.clock.now()
    send = twilio.messages.create_async
    await send(to=TO, from_=sandbox.settings.sms_number, body="old")
    sandbox.clock.forward(24 * 3600)
    for n in range(5):
        await send(to=TO, from_=sandbox.settings.sms_number, body=str(n))
    await send(to="+14165550102", from_=sandbox.settings.sms_number, body="other")

    async def bodies(**chosen: Any) -> list[str]:
        return [each.body for each in await twilio.messages.list_async(**chosen)]

    assert await bodies(to=TO, page_size=2) == ["4", "3", "2", "1", "0", "old"]
    assert await bodies(to=TO, date_sent=yesterday.date()) == ["old"]
    assert await bodies(date_sent_after=sandbox.clock.now(), limit=2) == ["other", "4"]
    assert await bodies(date_sent_before=yesterday) == ["old"]
    assert await bodies(from_="+14165550177") == []


async def test_an_invite_comes_by_another_way(calls: Calls) -> None:
    got = await calls.post("people/amara-osei/receive-sms", body="hello", **{"from": "Rollcall"})
    assert (got["from"], got["sender"], got["status"]) == ("company", "Rollcall", "delivered")


async def test_requests_are_on_record(twilio: Client, sandbox: Running, calls: Calls) -> None:
    await twilio.messages.create_async(to=TO, from_=sandbox.settings.sms_number, body="x")
    (noted,) = [each for each in (await calls.get("requests"))["requests"] if each["network"] == "sms"]
    assert (noted["method"], noted["chat"], noted["status"]) == ("create", "amara-osei", 201)
    assert noted["params"]["Body"] == "x"


async def test_many_at_once(twilio: Client, sandbox: Running, calls: Calls, until: Until) -> None:
    number = sandbox.settings.sms_number
    await asyncio.gather(*(twilio.messages.create_async(to=TO, from_=number, body=str(n)) for n in range(20)))

    async def all_delivered() -> bool:
        shown = (await calls.get("people/amara-osei/sms"))["messages"]
        return [each["status"] for each in shown] == ["delivered"] * 20

    await until(all_delivered)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("x" * 160, "GSM-7", 160, 1),
        ("x" * 161, "GSM-7", 161, 2),
        ("x" * 306, "GSM-7", 306, 2),
        ("x" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("x" * 152 + "€" + "x" * 10, "GSM-7", 164, 2),
        ("x" * 152 + "€" + "x" * 152, "GSM-7", 306, 3),  # a sign of two units is not cut
        ("é" * 160, "GSM-7", 160, 1),
        ("ê" * 70, "UCS-2", 70, 1),
        ("ê" * 71, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 67, "UCS-2", 134, 3),
    ],
)
def test_segments(text: str, encoding: str, units: int, parts: int) -> None:
    assert segments(text) == (encoding, units, parts)
