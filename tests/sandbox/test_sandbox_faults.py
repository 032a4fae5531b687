import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from telegram import Bot, error

from sandbox.server import Running
from tests.sandbox.conftest import Calls

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


async def test_telegram_down_refuses_every_call(bot: Bot, calls: Calls) -> None:
    fault = await calls.post("faults", network="telegram", kind="down")
    for call in (bot.get_me(), bot.send_message(1001, "x"), bot.get_updates()):
        with pytest.raises(error.NetworkError, match="Bad Gateway"):
            await call
    assert (await calls.get("faults"))["telegram"] == [fault]
    assert (await calls.http.delete(f"/sandbox/faults/{fault['id']}")).json() == {"ok": True}
    assert await bot.send_message(1001, "x")


async def test_too_many_requests_and_server_errors(bot: Bot, calls: Calls) -> None:
    await calls.post("faults", network="telegram", kind="429", retry_after=9, times=1, methods=["sendMessage"])
    await calls.post("faults", network="telegram", kind="500", times=1)
    with pytest.raises(error.NetworkError, match="Internal Server Error"):
        await bot.get_me()
    with pytest.raises(error.RetryAfter, match="Flood control exceeded") as refused:
        await bot.send_message(1001, "x")
    assert refused.value._retry_after == timedelta(seconds=9)
    assert await bot.send_message(1001, "x")


async def test_a_fault_may_hit_one_person_or_a_part_of_the_requests(bot: Bot, calls: Calls) -> None:
    await calls.post("people/jean-roy/start")
    await calls.post("faults", network="telegram", kind="down", person="jean-roy")
    await calls.post("faults", network="telegram", kind="500", share=0.5)
    with pytest.raises(error.NetworkError, match="Bad Gateway"):
        await bot.send_message(1002, "x")
    outcomes = []
    for _ in range(40):
        try:
            outcomes.append(bool(await bot.get_me()))
        except error.NetworkError:
            outcomes.append(False)
    assert 5 < sum(outcomes) < 35


async def test_an_answer_may_be_lost_after_the_effect(bot: Bot, calls: Calls) -> None:
    await calls.post("faults", network="telegram", kind="answer-lost", times=1)
    with pytest.raises(error.NetworkError, match="disconnected without sending a response"):
        await bot.send_message(1001, "x")
    assert [each["text"] for each in (await calls.get("people/amara-osei/chat"))["messages"]] == ["x"]
    assert (await calls.get("requests", method="sendMessage"))["requests"][0]["status"] is None


async def test_a_hanging_call_lasts_until_the_client_gives_up(bot: Bot, calls: Calls) -> None:
    await calls.post("faults", network="telegram", kind="hang", times=1)
    with pytest.raises(error.TimedOut):
        await bot.send_message(1001, "x", read_timeout=0.5)
    assert (await calls.get("people/amara-osei/chat"))["messages"] == []
    assert await bot.send_message(1001, "x")


async def test_a_sandbox_stops_at_once_while_calls_hang(calls: Calls, bot: Bot, until: Until) -> None:
    await calls.post("faults", network="telegram", kind="hang", methods=["getMe"])
    hanging = asyncio.create_task(bot.get_me(read_timeout=60))
    polling = asyncio.create_task(bot.get_updates(timeout=50))

    async def both_arrived() -> bool:
        return len((await calls.get("requests"))["requests"]) >= 3  # one of them is Bot.initialize's own

    await until(both_arrived)
    hanging.cancel()
    polling.cancel()


@pytest.mark.parametrize(("kind", "status"), [("down", 502), ("429", 429), ("500", 500)])
async def test_sms_faults(http: httpx.AsyncClient, calls: Calls, sandbox: Running, kind: str, status: int) -> None:
    await calls.post("faults", network="sms", kind=kind, times=1)
    assert (await post_sms(http, sandbox)).status_code == status
    assert (await post_sms(http, sandbox)).status_code == 201


async def post_sms(http: httpx.AsyncClient, sandbox: Running, patience: float = 5) -> httpx.Response:
    settings = sandbox.settings
    return await http.post(
        f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        auth=(settings.account_sid, settings.auth_token),
        data={"To": "+14165550101", "From": settings.sms_number, "Body": "x"},
        timeout=patience,
    )


async def test_an_sms_may_be_sent_and_its_answer_lost(http: httpx.AsyncClient, calls: Calls, sandbox: Running) -> None:
    await calls.post("faults", network="sms", kind="answer-lost", methods=["create"], person="amara-osei")
    with pytest.raises(httpx.RemoteProtocolError):
        await post_sms(http, sandbox)
    assert len((await calls.get("sms"))["messages"]) == 1


async def test_an_sms_call_may_hang(http: httpx.AsyncClient, calls: Calls, sandbox: Running) -> None:
    await calls.post("faults", network="sms", kind="hang")
    with pytest.raises(httpx.ReadTimeout):
        await post_sms(http, sandbox, patience=0.2)
    assert (await calls.get("sms"))["messages"] == []


async def test_faults_that_are_none(http: httpx.AsyncClient) -> None:
    for body in ({}, {"network": "telegram", "kind": "smoke"}, {"network": "sms", "kind": "down", "share": "x"}):
        assert (await http.post("/sandbox/faults", json=body)).status_code == 400
    assert (await http.delete("/sandbox/faults/9")).status_code == 404
    assert (await http.delete("/sandbox/faults")).json() == {"ok": True}
