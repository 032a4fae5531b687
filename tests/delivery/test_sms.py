"""Twilio's side of an SMS: the request, what an answer means, and how one is found again (R11.5, R11.7)."""

import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from bot.delivery import sms
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
from bot.delivery.sms import RANKS, Found, Sms, behind, twilio, word_of
from domain.db.models.words import Failure
from tests.delivery.post import Post

CONTRACTS = Path(__file__).resolve().parents[3] / "shared" / "contracts"
STATUS_URL: Final = "https://rollcall.example/twilio/status"


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 21211, BadNumber),
        (400, 21614, BadNumber),
        (400, 21610, OptedOut),
        (401, 20003, Misconfigured),
        (403, None, Misconfigured),
        (404, 20404, Misconfigured),
        (400, 21408, Misconfigured),
        (400, 21606, Misconfigured),
        (400, 21608, Misconfigured),
        (400, 21611, NotTaken),
        (400, 30001, NotTaken),
        (400, 21617, Rejected),
        (429, 20429, Halted),
        (500, 20500, Unsure),
        (503, 21610, Unsure),  # the status is first
        (None, None, Unsure),
    ],
)
def test_what_a_refusal_means(status: int | None, code: int | None, meaning: type[Outcome]) -> None:
    assert type(sms.outcome_of(status, code)) is meaning


@pytest.mark.parametrize(
    ("code", "failure", "again"),
    [
        (30003, Failure.CARRIER, True),
        (30008, Failure.CARRIER, True),
        (30001, Failure.CARRIER, True),
        (30036, Failure.CARRIER, True),  # if there is a point in it still
        (30005, Failure.BAD_NUMBER, False),
        (30006, Failure.BAD_NUMBER, False),
        (30004, Failure.CARRIER, False),
        (30007, Failure.CARRIER, False),
        (30032, Failure.CARRIER, False),
        (30034, Failure.CARRIER, False),
        (21610, Failure.OPTED_OUT, False),
        (None, Failure.CARRIER, False),
    ],
)
@pytest.mark.parametrize("status", ["undelivered", "failed", "canceled"])
def test_what_a_carriers_failure_means(status: str, code: int | None, failure: Failure, again: bool) -> None:
    word = word_of(status, code)
    assert isinstance(word, Lost)
    assert (word.failure, word.again) == (failure, again)


@pytest.mark.parametrize("status", ["accepted", "scheduled", "queued", "sending", "sent", "a word of tomorrow's"])
def test_what_is_not_final_is_on_its_way(status: str) -> None:
    assert isinstance(word_of(status, None), OnItsWay)
    assert isinstance(word_of("delivered", None), Arrived)


def test_r11_7_statuses_lead_forward_only() -> None:
    order = ["queued", "sending", "sent", "delivered"]
    for at, status in enumerate(order):
        assert [each for each in order if each in behind(status)] == order[:at]
    finals = {status for status, rank in RANKS.items() if rank == max(RANKS.values())}
    assert finals == {"delivered", "read", "undelivered", "failed", "canceled"}
    assert not finals & set(behind("delivered"))
    assert behind("a word of tomorrow's") == []


async def send(way: Sms | None, phone: str, **given: Any) -> Outcome:
    assert way is not None
    now = given.pop("now", datetime.now(UTC))
    return await sms.send(way, phone, given.get("text", "Hi"), uuid.uuid4(), given.get("expires_at"), now)


@pytest.mark.parametrize(
    ("kind", "meaning", "arrived"),
    [("429", Halted, 0), ("500", Unsure, 0), ("down", Unsure, 0), ("answer-lost", Unsure, 1)],
)
async def test_r11_7_faults_of_the_network_and_nothing_is_repeated(
    post: Post, kind: str, meaning: type[Outcome], arrived: int
) -> None:
    amara = await post.person()
    await post.fault("sms", kind)
    assert type(await send(post.sms, amara.phone)) is meaning
    assert (len(await post.texts(amara)), len(await post.requests("create"))) == (arrived, 1)


async def test_one_that_hangs_is_given_up(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (sms.CONNECT_FOR, sms.TOTAL_FOR) == (5, 15)
    monkeypatch.setattr(sms, "TOTAL_FOR", 0.2)
    amara, told = await post.person(), post.sandbox.settings
    await post.fault("sms", "hang")
    async with twilio(told.account_sid, told.auth_token, told.sms_number, post.sandbox.url) as hasty:
        assert isinstance(await send(hasty, amara.phone), Unsure)
    assert len(await post.requests("create")) == 1


async def test_refused_connections_are_surely_not_sent() -> None:
    async with twilio("AC1", "token", "+14165550100", "http://127.0.0.1:9") as nobody:
        assert isinstance(await send(nobody, "+14165550123"), NotTaken)


async def test_a_wrong_token_is_for_an_operator(post: Post) -> None:
    told = post.sandbox.settings
    async with twilio(told.account_sid, "wrong", told.sms_number, post.sandbox.url) as wrong:
        assert await send(wrong, (await post.person()).phone) == Misconfigured("Twilio answered 401, code 20003")


async def test_the_request(post: Post) -> None:
    amara = await post.person()
    assert post.sms is not None
    now = post.now()
    service = Sms(post.sms.client, post.sandbox.settings.messaging_service_sid, STATUS_URL)
    soon, late, between = (now + timedelta(minutes=minutes) for minutes in (1, 300, 20))
    attempt = uuid.uuid4()
    for way, until_then in ((post.sms, soon), (post.sms, late), (service, between), (service, None)):
        assert isinstance(await sms.send(way, amara.phone, "Hi", attempt, until_then, now), Accepted)
    first, second, third, fourth = (request["params"] for request in await post.requests("create"))
    assert (first["To"], first["From"], first["Body"]) == (amara.phone, post.sms.sender, "Hi")
    assert (third["MessagingServiceSid"], "From" in third) == (service.sender, False)
    assert [params["ValidityPeriod"] for params in (first, second, third, fourth)] == ["600", "1800", "1200", "1800"]
    assert "StatusCallback" not in first, "Twilio could not reach us"
    assert third["StatusCallback"] == f"{STATUS_URL}?attempt={attempt}#rc=3&rp=all"


# -- found again


async def test_it_is_found_by_number_text_and_time(post: Post) -> None:
    amara, begun_at = await post.person(), post.now()
    assert post.sms is not None
    for text in ("the other", "Hi", "Hi"):
        await send(post.sms, amara.phone, text=text)
    found = await sms.find(post.sms, amara.phone, "Hi", begun_at, ())
    assert isinstance(found, Found)
    other = await sms.find(post.sms, amara.phone, "Hi", begun_at, {found.sid})
    assert isinstance(other, Found)
    assert other.sid != found.sid
    assert isinstance(await sms.find(post.sms, amara.phone, "Hi", begun_at, {found.sid, other.sid}), NotFound)
    assert isinstance(await sms.find(post.sms, amara.phone, "H", begun_at, ()), NotFound)
    later = begun_at + timedelta(minutes=5)
    assert isinstance(await sms.find(post.sms, amara.phone, "Hi", later, ()), NotFound), "that is an older one"
    assert isinstance(await sms.find(post.sms, (await post.person()).phone, "Hi", begun_at, ()), NotFound)
    assert isinstance(await sms.fetch(post.sms, found.sid), Found)


@pytest.mark.parametrize("kind", ["429", "500", "answer-lost"])
async def test_r11_7_a_look_up_that_fails_says_nothing(post: Post, kind: str) -> None:
    amara = await post.person()
    await post.fault("sms", kind, methods=["list", "fetch"])
    assert post.sms is not None
    assert isinstance(await sms.find(post.sms, amara.phone, "Hi", post.now(), ()), LookupFailed)
    assert isinstance(await sms.fetch(post.sms, "SM" + "0" * 32), LookupFailed)


async def test_what_twilio_does_not_have_is_not_found_and_a_wrong_account_says_nothing(post: Post) -> None:
    assert post.sms is not None
    assert isinstance(await sms.fetch(post.sms, "SM" + "0" * 32), NotFound)
    told = post.sandbox.settings
    async with twilio(told.account_sid, "wrong", told.sms_number, post.sandbox.url) as wrong:
        assert isinstance(await sms.fetch(wrong, "SM" + "0" * 32), LookupFailed)
        assert isinstance(await sms.find(wrong, "+14165550123", "Hi", post.now(), ()), LookupFailed)


# -- another Twilio, which shows what it got as it got it, and answers what it is told to


class Recorder:
    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, str], bytes]] = []
        self.listed: list[list[dict[str, Any]]] = []

    async def answer(self, request: web.Request) -> web.Response:
        url = f"https://api.twilio.com{request.path_qs}"
        self.got.append((request.method, url, dict(request.headers), await request.read()))
        sid = "SM" + "0" * 32
        if request.method == "POST":
            return web.json_response({"sid": sid, "status": "queued"}, status=201)
        if request.path.endswith("/Messages.json"):
            return web.json_response({"messages": self.listed.pop(0) if self.listed else [], "next_page_uri": None})
        return web.json_response({"sid": sid, "status": "sent", "error_code": None})


@pytest.fixture
async def recorder() -> AsyncIterator[tuple[Recorder, Sms]]:
    recorder = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", recorder.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with twilio("AC" + "0" * 32, "token", "+14165550100", f"http://127.0.0.1:{port}", STATUS_URL) as way:
        yield recorder, way
    await runner.cleanup()


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the contracts are not beside the project")
async def test_every_request_fits_twilios_own_description(
    recorder: tuple[Recorder, Sms], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(CONTRACTS))
    import check_twilio

    asked, way = recorder
    service = Sms(way.client, "MG" + "0" * 32, STATUS_URL)
    for each in (way, service):
        assert isinstance(await send(each, "+14165550123", text="Hé: 7 h, [x] & plus+"), Accepted)
    await sms.find(way, "+14165550123", "Hi", datetime.now(UTC), ())
    await sms.fetch(way, "SM" + "0" * 32)
    assert [method for method, *_ in asked.got] == ["POST", "POST", "GET", "GET", "GET"]
    assert [check_twilio.problems(*request) for request in asked.got] == [[]] * 5
    sys.modules.pop("check_twilio", None)


def listed(**given: Any) -> dict[str, Any]:
    created = "Wed, 25 Nov 2026 17:00:00 +0000"
    return {"sid": "SM1", "body": "Hi", "status": "queued", "error_code": None, "date_created": created} | given


async def test_r11_7_what_is_queued_and_has_no_date_of_sending_is_found(recorder: tuple[Recorder, Sms]) -> None:
    twilios, way = recorder
    twilios.listed = [[], [listed()]]
    begun_at = datetime(2026, 11, 25, 17, tzinfo=UTC)
    assert await sms.find(way, "+14165550123", "Hi", begun_at, ()) == Found("SM1", "queued", None)
    assert ["DateSent" in url for _, url, *_ in twilios.got] == [True, False]


async def test_a_trials_line_in_front_does_not_hide_it(recorder: tuple[Recorder, Sms]) -> None:
    twilios, way = recorder
    twilios.listed = [[listed(body="Sent from your Twilio trial account - Hi")]]
    begun_at = datetime(2026, 11, 25, 17, 0, 30, tzinfo=UTC)
    assert isinstance(await sms.find(way, "+14165550123", "Hi", begun_at, ()), Found), "clocks may differ a little"
