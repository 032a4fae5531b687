import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from sandbox import server
from sandbox.server import Running
from tests.sandbox.conftest import AMARA, Calls


async def test_people_are_added_listed_and_changed(calls: Calls) -> None:
    added = await calls.post("people", name="Zoë Ångström", phone="+14165550103")
    assert added["id"] == "zoe-angstrom"
    assert added["telegram"] == {
        "user_id": 1003, "first_name": "Zoë", "last_name": "Ångström", "username": None, "started": False,
        "blocked": False,
    }  # fmt: skip
    assert (added["unread"], added["last_at"], added["language"]) == ({"chat": 0, "sms": 0}, None, "en")
    assert [each["id"] for each in (await calls.get("people"))["people"]] == ["amara-osei", "jean-roy", added["id"]]
    changed = await calls.patch("people/zoe-angstrom", name="Zoë Roy", language="fr", started=True)
    assert (changed["name"], changed["language"], changed["telegram"]["started"]) == ("Zoë Roy", "fr", True)


async def test_a_phone_may_have_no_telegram(http: httpx.AsyncClient, calls: Calls) -> None:
    added = await calls.post("people", name="Max", phone="+14165550104", telegram=None)
    assert added["telegram"] is None
    assert (await calls.get("people/max/chat"))["messages"] == []
    refused = await http.post("/sandbox/people/max/send", json={"text": "x"})
    assert (refused.status_code, refused.json()) == (409, {"error": "Max has no Telegram."})


@pytest.mark.parametrize(
    ("body", "status"), [(AMARA, 409), ({"name": "X"}, 400), ({"phone": "+14165550199"}, 400), ([], 400)]
)
async def test_people_who_cannot_be_added(http: httpx.AsyncClient, calls: Calls, body: Any, status: int) -> None:
    answer = await http.post("/sandbox/people", json=body)
    assert answer.status_code == status and answer.json()["error"].endswith(".")


async def test_nobody(http: httpx.AsyncClient) -> None:
    answer = await http.get("/sandbox/people/nobody")
    assert (answer.status_code, answer.json()) == (404, {"error": "There is nobody with the id nobody."})


async def test_unread_counts_until_read(bot: Bot, calls: Calls) -> None:
    sent = await bot.send_message(1001, "x")
    await calls.post("people/amara-osei/receive-sms", body="hello", **{"from": "Rollcall"})
    assert (await calls.get("people/amara-osei"))["unread"] == {"chat": 1, "sms": 1}
    assert await calls.post("people/amara-osei/read", chat=True) == {"ok": True}
    assert (await calls.get("people/amara-osei"))["unread"] == {"chat": 0, "sms": 1}
    assert (await calls.get("people/amara-osei"))["last_at"]
    assert (await calls.get("people/amara-osei/chat", after=sent.message_id))["messages"] == []


async def test_the_clock_moves_ahead_only(http: httpx.AsyncClient, sandbox: Running) -> None:
    shown = (await http.get("/sandbox/clock")).json()
    assert (shown["now"], shown["running"]) == ("2026-11-23T12:00:00+00:00", False)
    assert shown["timezone"] == "America/Toronto"
    ahead = await http.post("/sandbox/clock", json={"forward": 60})
    assert ahead.json()["now"] == "2026-11-23T12:01:00+00:00"
    moved = await http.post("/sandbox/clock", json={"set": "2026-11-23T08:00:00-05:00"})
    assert moved.json()["now"] == "2026-11-23T13:00:00+00:00"
    back = await http.post("/sandbox/clock", json={"set": "2026-11-23T12:00:00Z"})
    assert (back.status_code, back.json()) == (409, {"error": "The clock never goes back."})
    assert (await http.post("/sandbox/clock", json={"set": "soon"})).status_code == 400
    assert (await http.post("/sandbox/clock", json={"set": "2027-01-01T00:00:00"})).status_code == 400
    assert (await http.post("/sandbox/clock", json={"forward": 1e300})).status_code == 400
    assert (await http.post("/sandbox/clock", json={"running": True})).json()["running"] is True


@asynccontextmanager
async def listening(sandbox: Running) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
    """The changes, as a page hears them."""
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    ready = asyncio.Event()

    async def listen() -> None:
        async with (
            httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as client,
            client.stream("GET", "/sandbox/events") as stream,
        ):
            assert stream.headers["content-type"].startswith("text/event-stream")
            async for line in stream.aiter_lines():
                ready.set()
                if line.startswith("data: "):
                    heard.put_nowait(json.loads(line.removeprefix("data: ")))

    task = asyncio.create_task(listen())
    await asyncio.wait_for(ready.wait(), 5)
    yield heard
    task.cancel()


async def test_everything_that_happens_is_told(sandbox: Running, calls: Calls, bot: Bot) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x")]])
    async with listening(sandbox) as heard:

        async def told() -> tuple[str, str | None]:
            change = await asyncio.wait_for(heard.get(), 5)
            return change["kind"], change["person"]

        sent = await bot.send_message(1001, "x", reply_markup=markup)
        change = await asyncio.wait_for(heard.get(), 5)
        assert (change["kind"], change["person"], change["message"]["text"]) == ("message", "amara-osei", "x")
        assert change["sms"] is None and change["answer"] is None
        pressed = await calls.post("people/amara-osei/press", message_id=sent.message_id, data="x")
        await bot.answer_callback_query(pressed["callback_query_id"], "done")
        change = await asyncio.wait_for(heard.get(), 5)
        assert change["answer"] == {**pressed, "text": "done", "show_alert": False}
        await sent.edit_text("y")
        assert await told() == ("edited", "amara-osei")
        await sent.delete()
        assert await told() == ("deleted", "amara-osei")
        await calls.post("people/amara-osei/receive-sms", body="hello")
        assert await told() == ("sms", "amara-osei")
        await calls.patch("people/jean-roy", language="en")
        assert await told() == ("person", "jean-roy")
        await calls.post("clock", forward=1)
        assert await told() == ("clock", None)
        await calls.post("faults", network="sms", kind="down", share=0)
        assert await told() == ("faults", None)
        await calls.post("reset")
        assert await told() == ("reset", None)


async def test_reset_forgets_all_but_the_clock(sandbox: Running, calls: Calls, bot: Bot) -> None:
    await bot.send_message(1001, "x")
    await calls.post("people/amara-osei/send", text="hello")
    await calls.post("people/amara-osei/receive-sms", body="hello")
    await calls.post("faults", network="sms", kind="down")
    now = sandbox.clock.now()
    await calls.post("reset")
    assert (await calls.get("people"))["people"] == []
    assert (await calls.get("sms"))["messages"] == []
    assert await calls.get("faults") == {"telegram": [], "sms": []}
    assert (await calls.get("requests"))["requests"] == []
    assert (await calls.get("updates"))["updates"] == []
    assert sandbox.clock.now() == now
    await calls.post("people", **AMARA)
    assert (await calls.get("people/amara-osei/chat"))["messages"] == []


async def test_the_page_is_read_from_disk_each_time(
    http: httpx.AsyncClient, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PAGE", tmp_path)
    assert (await http.get("/")).status_code == 404
    (tmp_path / "index.html").write_text("<p>one")
    first = await http.get("/")
    assert (first.text, first.headers["cache-control"]) == ("<p>one", "no-cache")
    (tmp_path / "app.js").write_text("two")
    assert (await http.get("/page/app.js")).text == "two"
    assert (await http.get("/page/../conftest.py")).status_code == 404
    assert (await http.get("/page/%2e%2e/server.py")).status_code == 404
