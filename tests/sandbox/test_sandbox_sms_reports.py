"""What Twilio reports of the company's SMS, and how it calls."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox.server import Running
from sandbox.sms.callbacks import Address, Caller
from tests.sandbox.company import HANGS_UP, Company, Form
from tests.sandbox.conftest import Calls

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
TO, NOBODYS = "+14165550101", "+14165550188"


async def create(http: httpx.AsyncClient, sandbox: Running, patience: float = 5, **given: str) -> httpx.Response:
    settings = sandbox.settings
    return await http.post(
        f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        auth=(settings.account_sid, settings.auth_token),
        data={"To": TO, "From": settings.sms_number, "Body": "x", **given},
        timeout=patience,
    )


async def reported(company: Company, until: Until, count: int = 3) -> list[Form]:
    async def enough() -> bool:
        return len(company.got) == count

    await until(enough)
    return company.got


async def test_every_status_is_reported_and_signed(
    http: httpx.AsyncClient, sandbox: Running, calls: Calls, company: Company, until: Until
) -> None:
    address = f"{company.url}?attempt=7&x=%C3%A9#rc=3&rp=all"
    sent = (await create(http, sandbox, StatusCallback=address, ValidityPeriod="600")).json()
    forms = await reported(company, until)
    assert {form["MessageStatus"] for form in forms} == {"queued", "sent", "delivered"}
    assert set(company.queries) == {"attempt=7&x=%C3%A9"}
    assert company.tries == 3
    for form in forms:
        assert form == {
            "MessageSid": sent["sid"],
            "SmsSid": sent["sid"],
            "AccountSid": sandbox.settings.account_sid,
            "From": sandbox.settings.sms_number,
            "To": TO,
            "ApiVersion": "2010-04-01",
            "MessageStatus": form["SmsStatus"],
            "SmsStatus": form["SmsStatus"],
        }


async def test_an_undelivered_one_is_reported_with_its_code(
    http: httpx.AsyncClient, sandbox: Running, company: Company, until: Until
) -> None:
    service = sandbox.settings.messaging_service_sid
    await create(http, sandbox, To=NOBODYS, From="", MessagingServiceSid=service, StatusCallback=company.url)
    forms = {form["MessageStatus"]: form for form in await reported(company, until)}
    assert forms.keys() == {"queued", "sent", "undelivered"}
    assert forms["undelivered"]["ErrorCode"] == "30005"
    assert "ErrorCode" not in forms["sent"]
    assert forms["sent"]["MessagingServiceSid"] == service


async def test_a_report_may_overtake_another(
    http: httpx.AsyncClient, sandbox: Running, calls: Calls, company: Company, until: Until
) -> None:
    company.held["queued"].clear()
    await create(http, sandbox, StatusCallback=company.url)
    assert {form["MessageStatus"] for form in await reported(company, until, 2)} == {"sent", "delivered"}
    company.held["queued"].set()
    assert (await reported(company, until))[-1]["MessageStatus"] == "queued"


async def test_an_sms_whose_answer_is_lost_is_reported_and_a_hanging_one_never_was(
    http: httpx.AsyncClient, sandbox: Running, calls: Calls, company: Company, until: Until
) -> None:
    await calls.post("faults", network="sms", kind="hang", times=1)
    with pytest.raises(httpx.ReadTimeout):
        await create(http, sandbox, 0.2, StatusCallback=company.url)
    await calls.post("faults", network="sms", kind="answer-lost", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await create(http, sandbox, StatusCallback=company.url)
    (sms,) = (await calls.get("sms"))["messages"]
    assert {form["MessageSid"] for form in await reported(company, until)} == {sms["sid"]}


async def test_an_address_where_nobody_is_harms_nothing(
    http: httpx.AsyncClient, sandbox: Running, calls: Calls, until: Until
) -> None:
    await create(http, sandbox, StatusCallback="http://127.0.0.1:9/#rc=5")

    async def arrived() -> bool:
        return bool((await calls.get("sms"))["messages"][0]["status"] == "delivered")

    await until(arrived)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "-5"}, 21624),
        ({"ValidityPeriod": "10.5"}, 21624),
        ({"ValidityPeriod": ""}, 21624),
        ({"StatusCallback": "ftp://127.0.0.1/"}, 21609),
        ({"StatusCallback": "127.0.0.1"}, 21609),
        ({"StatusCallback": "http://127.0.0.1:x/"}, 21609),
        ({"StatusCallback": "http://127.0.0.1/#rc=6"}, 21609),
        ({"StatusCallback": "http://127.0.0.1/#rp=never"}, 21609),
        ({"StatusCallback": "http://127.0.0.1/" + "x" * 4000}, 21609),
    ],
)
async def test_what_twilio_refuses(
    http: httpx.AsyncClient, sandbox: Running, calls: Calls, given: dict[str, str], code: int
) -> None:
    refused = await create(http, sandbox, 5, **given)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert (await calls.get("sms"))["messages"] == []


@pytest.mark.parametrize("seconds", ["1", "36000"])
async def test_what_twilio_takes(http: httpx.AsyncClient, sandbox: Running, calls: Calls, seconds: str) -> None:
    assert (await create(http, sandbox, ValidityPeriod=seconds)).status_code == 201


@pytest.mark.parametrize(
    ("fragment", "failures", "tries", "arrives"),
    [
        ("", [HANGS_UP], 2, True),  # Twilio's own way: once more, where there was no connection
        ("", [HANGS_UP, HANGS_UP], 2, False),
        ("", [503], 1, False),
        ("#rc=0", [HANGS_UP], 1, False),
        ("#rc=3&rp=all", [503, 404, HANGS_UP], 4, True),
        ("#rc=3&rp=all", [500, 500, 500, 500], 4, False),
        ("#rc=5&rp=5xx", [500, 404], 2, False),
        ("#rp=4xx,ct", [404], 2, True),
    ],
)
async def test_a_call_is_repeated_as_its_address_says(
    company: Company, fragment: str, failures: list[int], tries: int, arrives: bool
) -> None:
    company.failures = list(failures)
    caller = Caller(company.token, 0.001, never_cut_off)
    answer = await caller.call(Address.read(company.url + fragment), {"SmsStatus": "sent", "Blank": ""})
    await caller.close()
    assert company.tries == tries
    assert company.got == ([{"SmsStatus": "sent", "Blank": ""}] if arrives else [])
    assert (answer is not None and answer.is_success) is arrives


async def never_cut_off() -> None:
    pass
