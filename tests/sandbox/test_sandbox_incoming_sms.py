"""SMS from people to the company, and what Twilio does with them."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox.server import Running
from tests.sandbox.company import HANGS_UP, Company
from tests.sandbox.conftest import Calls

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
NOTHING = "<Response/>"
AMARA = "people/amara-osei"


@pytest.fixture
async def webhook(calls: Calls, company: Company) -> Company:
    company.texts_back(NOTHING)
    assert await calls.post("sms/webhook", url=company.url) == {"url": company.url, "last_error": None}
    return company


async def bodies(calls: Calls, until: Until, count: int) -> list[str]:
    """What the company has texted to Amara, once so many SMS have arrived."""

    async def arrived() -> Any:
        got = [sms for sms in (await calls.get(f"{AMARA}/sms"))["messages"] if sms["from"] == "company"]
        return [sms["body"] for sms in got] if [sms["status"] for sms in got] == ["delivered"] * count else None

    return list(await until(arrived))


async def taken(company: Company, until: Until, count: int = 1) -> dict[str, str]:
    """The latest form that the company has got."""

    async def got() -> bool:
        return len(company.got) == count

    await until(got)
    return company.got[-1]


async def failed(calls: Calls, until: Until) -> dict[str, Any]:
    async def error() -> Any:
        return (await calls.get("sms/webhook"))["last_error"]

    return dict(await until(error))


async def test_an_sms_is_brought_signed_with_its_blanks(
    sandbox: Running, calls: Calls, webhook: Company, until: Until
) -> None:
    sent = await calls.post(f"{AMARA}/send-sms", body="Ça va? 1+1=2 & more")
    form = await taken(webhook, until)
    places = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip")}
    assert form == {
        "MessageSid": sent["sid"],
        "SmsSid": sent["sid"],
        "SmsMessageSid": sent["sid"],
        "AccountSid": sandbox.settings.account_sid,
        "From": "+14165550101",
        "To": sandbox.settings.sms_number,
        "Body": "Ça va? 1+1=2 & more",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "FromCountry": "CA",
        "ToCountry": "CA",
        **places,
    }
    (shown,) = (await calls.get(f"{AMARA}/sms"))["messages"]
    assert shown == sent
    assert (shown["from"], shown["sender"], shown["status"]) == ("person", "+14165550101", "received")
    assert (await calls.get(AMARA))["unread"]["sms"] == 0
    assert (await calls.get("sms/webhook"))["last_error"] is None


async def test_what_the_company_answers_is_texted_back(
    http: httpx.AsyncClient, sandbox: Running, calls: Calls, webhook: Company, until: Until
) -> None:
    webhook.texts_back("<Response><Message>R&amp;D</Message><Message><Body>second</Body></Message></Response>")
    await calls.post(f"{AMARA}/send-sms", body="hello")
    assert sorted(await bodies(calls, until, 2)) == ["R&D", "second"]
    settings = sandbox.settings
    path = f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
    listed = (await http.get(path, auth=(settings.account_sid, settings.auth_token))).json()["messages"]
    assert [each["direction"] for each in listed] == ["outbound-reply", "outbound-reply", "inbound"]
    assert {each["from"] for each in listed[:2]} == {settings.sms_number}


@pytest.mark.parametrize(
    ("answer", "media_type", "code"),
    [
        ("not XML", "application/xml", 12100),
        ("<Answer/>", "text/xml", 12100),
        ("", "text/html", 12100),
        ("hello", "text/plain", 12300),
        ("<Response><Message/></Response>", "application/xml", 14103),
        (f"<Response><Message>{'x' * 1601}</Message></Response>", "application/xml", 14103),
    ],
)
async def test_an_answer_that_is_none_is_kept_as_an_error(
    calls: Calls, webhook: Company, until: Until, answer: str, media_type: str, code: int
) -> None:
    webhook.texts_back(answer, media_type)
    sent = await calls.post(f"{AMARA}/send-sms", body="hello")
    error = await failed(calls, until)
    assert (error["code"], error["sid"], error["at"]) == (code, sent["sid"], sent["at"])
    assert (await calls.get("sms"))["messages"] == [sent]
    assert (await calls.post("sms/webhook", url=webhook.url))["last_error"] is None


@pytest.mark.parametrize("failures", [[500], [HANGS_UP] * 2])
async def test_a_failing_webhook_is_an_error(calls: Calls, webhook: Company, until: Until, failures: list[int]) -> None:
    webhook.failures = failures
    sent = await calls.post(f"{AMARA}/send-sms", body="hello")
    assert (await failed(calls, until))["code"] == 11200
    assert (await calls.get("sms"))["messages"] == [sent]


async def test_a_failed_call_is_repeated_and_answered_once(calls: Calls, webhook: Company, until: Until) -> None:
    await calls.post("sms/webhook", url=f"{webhook.url}#rc=3&rp=all")
    webhook.failures = [503, HANGS_UP, 403]
    webhook.texts_back("<Response><Message>here</Message></Response>")
    await calls.post(f"{AMARA}/send-sms", body="hello")
    assert await bodies(calls, until, 1) == ["here"]
    assert (webhook.tries, len(webhook.got)) == (4, 1)


async def test_without_a_webhook_an_sms_is_kept(calls: Calls, company: Company) -> None:
    assert await calls.get("sms/webhook") == {"url": None, "last_error": None}
    await calls.post("sms/webhook", url=company.url)
    await calls.post("sms/webhook", url=None)
    sent = await calls.post(f"{AMARA}/send-sms", body="hello")
    assert (await calls.get(f"{AMARA}/sms"))["messages"] == [sent]
    assert company.tries == 0


async def test_a_reset_leaves_the_webhook(calls: Calls, webhook: Company, until: Until) -> None:
    webhook.failures = [500]
    await calls.post(f"{AMARA}/send-sms", body="hello")
    await failed(calls, until)
    await calls.post("reset")
    assert await calls.get("sms/webhook") == {"url": webhook.url, "last_error": None}


async def test_an_sms_waits_while_the_network_is_cut_off(calls: Calls, webhook: Company, until: Until) -> None:
    await calls.post("faults", network="sms", kind="429")  # hits what the company asks for, and nothing else
    await calls.post(f"{AMARA}/send-sms", body="before")
    await taken(webhook, until)
    await calls.post("faults", network="sms", kind="down")
    await calls.post(f"{AMARA}/send-sms", body="meanwhile")
    assert (await calls.get(f"{AMARA}/sms"))["messages"][-1]["body"] == "meanwhile"
    assert webhook.tries == 1
    await calls.http.delete("/sandbox/faults")
    assert (await taken(webhook, until, 2))["Body"] == "meanwhile"


@pytest.mark.parametrize("word", "STOP STOPALL Unsubscribe cancel END quit REVOKE optout".split())
async def test_a_word_opts_out_and_another_in(
    http: httpx.AsyncClient, sandbox: Running, calls: Calls, webhook: Company, until: Until, word: str
) -> None:
    webhook.texts_back("<Response><Message>never</Message></Response>")
    await calls.post(f"{AMARA}/send-sms", body=f" {word}\n")
    assert (await calls.get(AMARA))["sms_opted_out"] is True
    form = await taken(webhook, until)
    assert (form["Body"], form.get("OptOutType")) == (f" {word}\n", None)
    (said,) = await bodies(calls, until, 1)
    assert said.startswith("You have successfully been unsubscribed.")
    settings = sandbox.settings
    refused = await http.post(
        f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        auth=(settings.account_sid, settings.auth_token),
        data={"To": "+14165550101", "From": settings.sms_number, "Body": "x"},
    )
    assert refused.json()["code"] == 21610
    await calls.post(f"{AMARA}/send-sms", body="hello?")
    await taken(webhook, until, 2)
    assert len(await bodies(calls, until, 1)) == 1  # no answer goes to who has opted out


@pytest.mark.parametrize("word", ["start", "YES", " Unstop "])
async def test_opting_in_is_told_and_passed_on(calls: Calls, webhook: Company, until: Until, word: str) -> None:
    await calls.patch(AMARA, sms_opted_out=True)
    await calls.post(f"{AMARA}/send-sms", body=word)
    assert (await calls.get(AMARA))["sms_opted_out"] is False
    (said,) = await bodies(calls, until, 1)
    assert said.startswith("You have successfully been re-subscribed")
    assert (await taken(webhook, until))["Body"] == word


async def test_opting_out_needs_no_webhook(calls: Calls, until: Until) -> None:
    await calls.post(f"{AMARA}/send-sms", body="stop")
    assert len(await bodies(calls, until, 1)) == 1


@pytest.mark.parametrize("body", ["STOP it", "stop.", "please stop", "ARRET", "HELP"])
async def test_other_words_are_the_companys_affair(calls: Calls, webhook: Company, until: Until, body: str) -> None:
    await calls.post(f"{AMARA}/send-sms", body=body)
    await taken(webhook, until)
    assert (await calls.get(AMARA))["sms_opted_out"] is False
    assert len((await calls.get("sms"))["messages"]) == 1


async def test_what_cannot_be_texted_or_entered(http: httpx.AsyncClient, calls: Calls) -> None:
    for body in ({}, {"body": "  "}, {"body": "x" * 1601}):
        assert (await http.post(f"/sandbox/{AMARA}/send-sms", json=body)).status_code == 400
    assert (await http.post("/sandbox/people/nobody/send-sms", json={"body": "x"})).status_code == 404
    for url in ("", "ftp://127.0.0.1", "http://", "http://127.0.0.1/#rc=9", "http://127.0.0.1/#rp=x"):
        answer = await http.post("/sandbox/sms/webhook", json={"url": url})
        assert answer.status_code == 400 and answer.json()["error"].startswith("That is no webhook: ")
    assert (await http.post("/sandbox/sms/webhook", json={})).status_code == 400
