import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from sandbox.server import served
from tests.sandbox.conftest import Calls

Until = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("Accept", callback_data="accept")]])


@dataclass
class Hook:
    """A bot's webhook: notes what it gets, and answers as the test wants."""

    url: str = ""
    got: list[str] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by text: how many 500s first
    answer: dict[str, Any] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    most_at_once: int = 0

    async def take(self, request: Request) -> Response:
        update = await request.json()
        press = update.get("callback_query")
        text = press["data"] if press else update["message"]["text"]
        self.headers.append(request.headers.get("x-telegram-bot-api-secret-token"))
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        await self.gate.wait()
        self.under_way -= 1
        if self.failures[text] > 0:
            self.failures[text] -= 1
            return Response(status_code=500)
        self.got.append(text)
        if press and self.answer:
            return JSONResponse({**self.answer, "callback_query_id": press["id"]})
        return Response()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    hook.gate.set()
    async with served(Starlette(routes=[Route("/hook", hook.take, methods=["POST"])])) as url:
        hook.url = f"{url}/hook"
        yield hook


async def send(calls: Calls, person: str, *texts: str) -> None:
    for text in texts:
        await calls.post(f"people/{person}/send", text=text)


async def test_updates_are_pushed_with_the_secret(bot: Bot, calls: Calls, hook: Hook, until: Until) -> None:
    await send(calls, "amara-osei", "before")
    await bot.set_webhook(hook.url, secret_token="s3cret")
    await send(calls, "amara-osei", "after")
    await until(lambda: nothing_pending(bot))
    assert hook.got == ["before", "after"]
    assert hook.headers == ["s3cret", "s3cret"]


async def nothing_pending(bot: Bot) -> bool:
    return (await bot.get_webhook_info()).pending_update_count == 0


async def test_a_failed_update_is_tried_again_and_blocks_only_its_lane(
    bot: Bot, calls: Calls, hook: Hook, until: Until
) -> None:
    await calls.post("people/jean-roy/start")
    sent = await bot.send_message(1001, "x", reply_markup=KEYS)
    hook.failures["a"] = 1_000_000
    await bot.set_webhook(hook.url)
    await send(calls, "amara-osei", "a", "b")
    await send(calls, "jean-roy", "c", "d")
    await calls.post("people/amara-osei/press", message_id=sent.message_id, data="accept")

    async def only_the_failing_lane_waits() -> bool:
        info = await bot.get_webhook_info()
        return info.pending_update_count == 2 and info.last_error_message is not None

    await until(only_the_failing_lane_waits)
    assert sorted(hook.got) == ["/start", "accept", "c", "d"]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    assert info.last_error_date
    hook.failures["a"] = 1
    await until(lambda: nothing_pending(bot))
    assert hook.got[-2:] == ["a", "b"]


async def test_no_more_at_once_than_wanted(bot: Bot, calls: Calls, hook: Hook, until: Until) -> None:
    for n in range(5):
        await calls.post("people", id=f"p{n}", name=f"P {n}", phone=f"+1416555111{n}")
        await calls.post(f"people/p{n}/start")
    hook.gate.clear()
    await bot.set_webhook(hook.url, max_connections=2)

    async def two_under_way() -> bool:
        return hook.under_way == 2

    await until(two_under_way)
    hook.gate.set()
    await until(lambda: nothing_pending(bot))
    assert (len(hook.got), hook.most_at_once) == (5, 2)


async def test_a_method_in_the_webhooks_answer_is_carried_out(bot: Bot, calls: Calls, hook: Hook) -> None:
    sent = await bot.send_message(1001, "x", reply_markup=KEYS)
    hook.answer = {"method": "answerCallbackQuery", "text": "taken"}
    await bot.set_webhook(hook.url)
    body = {"message_id": sent.message_id, "data": "accept"}
    answer = (await calls.http.post("/sandbox/people/amara-osei/press?wait=5", json=body)).json()
    assert (answer["answered"], answer["text"]) == (True, "taken")
    (noted,) = (await calls.get("requests", method="answerCallbackQuery"))["requests"]
    assert (noted["chat"], noted["status"]) == ("amara-osei", 200)


async def test_an_unreachable_webhook_is_reported(bot: Bot, calls: Calls, until: Until) -> None:
    await bot.set_webhook("http://127.0.0.1:9/")
    await send(calls, "amara-osei", "a")

    async def reported() -> bool:
        return (await bot.get_webhook_info()).last_error_message == "Connection refused"

    await until(reported)
    await bot.delete_webhook()
    (update,) = await bot.get_updates()  # it waits for whoever comes next
    assert update.message and update.message.text == "a"


async def test_nothing_is_pushed_while_the_network_is_cut_off(bot: Bot, calls: Calls, hook: Hook, until: Until) -> None:
    await bot.set_webhook(hook.url)
    for spared in ({"person": "jean-roy"}, {"methods": ["sendMessage"]}, {"share": 0.5}, {"times": 9}):
        await calls.post("faults", network="telegram", kind="down", **spared)
    await send(calls, "amara-osei", "before")
    await until(lambda: got(hook, 1))
    await calls.post("faults", network="telegram", kind="down")
    await send(calls, "amara-osei", "meanwhile")
    assert len((await calls.get("updates"))["updates"]) == 1
    assert hook.got == ["before"]
    await calls.http.delete("/sandbox/faults")
    await until(lambda: got(hook, 2))
    assert hook.got == ["before", "meanwhile"]


async def got(hook: Hook, count: int) -> bool:
    return len(hook.got) == count


async def test_pending_updates_can_be_dropped(bot: Bot, calls: Calls, hook: Hook) -> None:
    await send(calls, "amara-osei", "a")
    await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_what_a_webhook_must_be(calls: Calls, bot: Bot) -> None:
    answer = await calls.http.post(f"/bot{bot.token}/setWebhook", json={"url": "ftp://x"})
    assert answer.json()["description"] == "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    answer = await calls.http.post(f"/bot{bot.token}/setWebhook", json={"url": "https://x.ca", "secret_token": "a b"})
    assert answer.json()["description"] == "Bad Request: secret token contains unallowed characters"
