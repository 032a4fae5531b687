"""What Telegram brings: who is let in, what is done once only, and what it is told."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from structlog.testing import capture_logs

from bot.acting import Acting
from bot.run import Rollcall
from bot.screens.screen import Screen
from bot.web import MOST_BYTES, PATH, SECRET_HEADER, for_telegram
from domain.notices import pausing
from tests.bot.conftest import Line
from tests.bot.town import Town, command, take_effect

SECRET = "a-secret"


@pytest.fixture
async def rollcall(town: Town) -> AsyncIterator[Rollcall]:
    async with town.core() as rollcall:
        command(rollcall, "effect", take_effect)
        command(rollcall, "effect-button", take_effect, button=True)
        yield rollcall


@pytest.fixture
async def hook(rollcall: Rollcall) -> AsyncIterator[httpx.AsyncClient]:
    async with webhook_of(rollcall) as client:
        yield client


def webhook_of(rollcall: Rollcall) -> httpx.AsyncClient:
    app = Starlette(routes=for_telegram(rollcall.receiver, SECRET, rollcall.met))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://bot", headers={SECRET_HEADER: SECRET}, timeout=30
    )


async def bring(hook: httpx.AsyncClient, update: dict[str, Any]) -> httpx.Response:
    return await hook.post(PATH, json=update)


@pytest.mark.parametrize("headers", [{SECRET_HEADER: "wrong"}, {SECRET_HEADER: ""}, {SECRET_HEADER: "é"}])
async def test_r12_4_a_wrong_secret_is_refused_and_nothing_recorded(
    town: Town, hook: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    update = town.message(await town.driver(), "/effect")
    coded = httpx.Headers(headers, encoding="utf-8")
    assert (await hook.post(PATH, json=update, headers=coded)).status_code == 401
    del hook.headers[SECRET_HEADER]
    assert (await bring(hook, update)).status_code == 401
    assert (await town.effects(), await town.seen()) == (0, {})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"update_id": "7"}', b" " * MOST_BYTES + b"{}"])
async def test_what_is_no_update_is_refused(town: Town, hook: httpx.AsyncClient, body: bytes) -> None:
    assert (await hook.post(PATH, content=body)).status_code == 400
    assert await town.seen() == {}


async def test_an_update_is_answered_once_it_is_committed(town: Town, hook: httpx.AsyncClient) -> None:
    driver = await town.driver()
    assert (await bring(hook, town.message(driver, "/effect"))).status_code == 200
    assert await town.effects() == 1
    await driver.sees("Done.")


async def test_a_press_is_answered_in_the_answer_itself(town: Town, hook: httpx.AsyncClient) -> None:
    driver = await town.driver()
    update = town.press(driver, "effect-button")
    answer = (await bring(hook, update)).json()
    query_id = update["callback_query"]["id"]
    assert answer == {
        "method": "answerCallbackQuery",
        "callback_query_id": query_id,
        "text": "Done",
        "show_alert": False,
    }
    assert await town.requests("answerCallbackQuery") == []


async def test_a_press_in_a_pause_is_told_so_in_its_answer_and_nothing_is_sent(
    town: Town, rollcall: Rollcall, hook: httpx.AsyncClient
) -> None:
    async def silent(act: Acting) -> None:
        await act.session.execute(text("SELECT 1"))

    command(rollcall, "silent-button", silent, button=True)
    driver, stranger = await town.driver(), await town.stranger()
    async with town.sessions.begin() as session:
        await pausing.pause(session, rollcall.edge.now())
    paused = town.press(driver, "silent-button")
    assert "is paused" in (await bring(hook, paused)).json()["text"]
    assert "text" not in (await bring(hook, paused)).json(), "seen before"
    assert "is paused" in (await bring(hook, town.press(stranger, "silent-button"))).json()["text"]
    assert (await bring(hook, town.press(driver, "effect-button"))).json()["text"] == "Done", "it has a line of its own"
    assert await town.effects() == 1
    assert await town.requests("answerCallbackQuery") == await town.requests("sendMessage") == []
    async with town.sessions.begin() as session:
        await pausing.resume(session)
    assert "text" not in (await bring(hook, town.press(driver, "silent-button"))).json()


async def test_a_toast_is_never_longer_than_telegram_takes(
    town: Town, rollcall: Rollcall, hook: httpx.AsyncClient
) -> None:
    async def says(act: Acting) -> None:
        act.toast("🚚" * 150)

    command(rollcall, "long-button", says, button=True)
    answer = (await bring(hook, town.press(await town.driver(), "long-button"))).json()
    assert answer["text"] == "🚚" * 99 + "…"  # each counts twice


@pytest.mark.paced
async def test_of_quick_presses_the_last_is_what_the_message_shows(
    town: Town, rollcall: Rollcall, hook: httpx.AsyncClient
) -> None:
    """More than the chat's pace lets through soon, in one message, each answered before what it says has left."""
    driver, presses = await town.driver(), itertools.count(1)

    async def says(act: Acting) -> None:
        await act.session.execute(text("SELECT pg_advisory_xact_lock(1)"))  # counted in the order of their commits
        await act.say(Screen(f"Page {next(presses)}."))

    command(rollcall, "page", says)
    command(rollcall, "page-button", says, button=True)
    await bring(hook, town.message(driver, "/page"))
    await driver.sees("Page 1.")
    answers = await asyncio.gather(*(bring(hook, town.press(driver, "page-button")) for _ in range(7)))
    assert [answer.status_code for answer in answers] == [200] * 7
    await driver.sees("Page 8.")
    shown = [request["params"]["text"] for request in await town.requests("editMessageText")]
    assert shown == sorted(shown), "none crosses another"
    assert len(shown) < 7, "what the next one replaces is not said"


async def test_r2_5_the_same_update_twice_has_one_effect(town: Town, hook: httpx.AsyncClient) -> None:
    update = town.press(await town.driver(), "effect-button", update_id=7)
    first, second = await bring(hook, update), await bring(hook, update)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["method"] == "answerCallbackQuery"  # the button is stilled again
    assert (await town.effects(), await town.seen()) == (1, {7: None})


async def test_r2_5_the_same_update_at_two_replicas_at_once_has_one_effect(town: Town) -> None:
    """The second waits for the first one's end; nothing that either holds is waited for by the other."""
    update = town.message(await town.driver(), "/slow", update_id=8)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(act: Acting) -> None:
        inside.set()
        await go_on.wait()
        await take_effect(act)

    async with town.core() as one, town.core() as other, webhook_of(one) as hook, webhook_of(other) as other_hook:
        command(one, "slow", slowly)
        command(other, "slow", take_effect)
        first = asyncio.create_task(bring(hook, update))
        await inside.wait()
        second = asyncio.create_task(bring(other_hook, update))
        await town.somebody_waits()
        assert not second.done()
        go_on.set()
        assert [answer.status_code for answer in await asyncio.gather(first, second)] == [200, 200]
    assert await town.effects() == 1


async def test_r2_5_where_the_first_of_two_replicas_fails_the_other_takes_effect(town: Town) -> None:
    update = town.message(await town.driver(), "/slow", update_id=9)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def cut_off(act: Acting) -> None:
        inside.set()
        await go_on.wait()
        raise ConnectionError("the database is gone")

    async with town.core() as one, town.core() as other, webhook_of(one) as hook, webhook_of(other) as other_hook:
        command(one, "slow", cut_off)
        command(other, "slow", take_effect)
        first = asyncio.create_task(bring(hook, update))
        await inside.wait()
        second = asyncio.create_task(bring(other_hook, update))
        await town.somebody_waits()
        go_on.set()
        assert [answer.status_code for answer in await asyncio.gather(first, second)] == [200, 200]
    assert await town.effects() == 1


async def test_a_fault_of_ours_is_rolled_back_recorded_and_told_and_blocks_nothing(
    town: Town, rollcall: Rollcall, hook: httpx.AsyncClient
) -> None:
    async def fail(act: Acting) -> None:
        await take_effect(act)
        raise ZeroDivisionError

    command(rollcall, "poison", fail)
    driver = await town.driver()
    poison = town.message(driver, "/poison", update_id=7)
    with capture_logs() as logged:
        assert (await bring(hook, poison)).status_code == 200  # else Telegram would bring it again and again
    fault_id = (await town.seen())[7]
    assert fault_id is not None
    assert await town.effects() == 0
    await driver.sees("Something went wrong on our side", fault_id)
    (line,) = [line for line in logged if line.get("fault_id") == fault_id]
    assert isinstance(line["exc_info"], ZeroDivisionError)

    assert (await bring(hook, poison)).status_code == 200
    assert len(await driver.chat()) == 1  # told once
    assert (await bring(hook, town.message(driver, "/effect"))).status_code == 200
    assert await town.effects() == 1


async def test_who_is_overtaken_looks_again(town: Town, rollcall: Rollcall, hook: httpx.AsyncClient) -> None:
    """A unique index is the last guard: who runs into it begins anew, and finds what the quicker one did."""
    attempts = []

    async def run_into(act: Acting) -> None:
        await take_effect(act)
        attempts.append(act)
        if len(attempts) == 1:
            await act.session.execute(text("INSERT INTO leases SELECT 'a', 'b', now() FROM generate_series(1, 2)"))

    command(rollcall, "guarded", run_into)
    driver = await town.driver()
    assert (await bring(hook, town.message(driver, "/guarded"))).status_code == 200
    assert (len(attempts), await town.effects()) == (2, 1)
    await driver.sees("Done.")
    assert len(await driver.chat()) == 1


async def test_a_press_that_fails_shows_the_faults_id(town: Town, rollcall: Rollcall, hook: httpx.AsyncClient) -> None:
    async def fail(_act: Acting) -> None:
        raise ZeroDivisionError

    command(rollcall, "poison", fail, button=True)
    answer = (await bring(hook, town.press(await town.driver(), "poison", update_id=7))).json()
    assert (await town.seen())[7] in answer["text"]
    assert answer["show_alert"] is True


async def test_an_update_that_cant_be_read_is_recorded_as_failed(town: Town, hook: httpx.AsyncClient) -> None:
    update = {"update_id": 7, "message": {"message_id": 1, "chat": {"nonsense": True}}}
    assert (await bring(hook, update)).status_code == 200
    assert (await town.seen())[7] is not None


@pytest.mark.parametrize(("kind", "text"), [("channel", "/effect"), ("group", "See you"), ("supergroup", "142")])
async def test_channels_and_what_people_say_in_groups_are_passed_by(
    town: Town, hook: httpx.AsyncClient, kind: str, text: str
) -> None:
    update = town.message(await town.driver(), text)
    update["message"]["chat"] |= {"type": kind, "id": -5, "title": "Drivers"}
    assert (await bring(hook, update)).status_code == 200
    assert (await town.effects(), await town.seen(), await town.requests("sendMessage")) == (0, {}, [])


async def test_out_of_time_nothing_is_recorded_and_the_presser_is_told(
    town: Town, rollcall: Rollcall, hook: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forever(act: Acting) -> None:
        await take_effect(act)
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.receiving.DEADLINE_FOR", 0.2)
    command(rollcall, "forever", forever, button=True)
    update = town.press(await town.driver(), "forever")
    assert (await bring(hook, update)).status_code == 503
    (told,) = await town.requests("answerCallbackQuery")
    assert told["params"]["text"] == "That wasn't recorded. Please press again."
    assert (await town.effects(), await town.seen()) == (0, {})


async def test_while_the_database_is_away_telegram_is_asked_to_come_again(town: Town, line: Line) -> None:
    async with town.core(database_url=line.url) as rollcall, webhook_of(rollcall) as hook:
        command(rollcall, "effect", take_effect)
        command(rollcall, "effect-button", take_effect, button=True)
        driver = await town.driver()
        message, press = town.message(driver, "/effect"), town.press(driver, "effect-button")
        await line.cut()
        assert [(await bring(hook, update)).status_code for update in (message, press)] == [503, 503]
        (told,) = await town.requests("answerCallbackQuery")
        assert told["params"]["text"] == "That wasn't recorded. Please press again."
        assert await town.effects() == 0
        await line.mend()
        assert [(await bring(hook, update)).status_code for update in (message, press)] == [200, 200]
        assert await town.effects() == 2


async def test_a_cut_while_at_work_is_mended_in_process(town: Town, line: Line) -> None:
    """The connection breaks inside the transaction: it is rolled back, and the whole of it done again."""
    async with town.core(database_url=line.url) as rollcall, webhook_of(rollcall) as hook:
        whole = True

        async def cut_once(act: Acting) -> None:
            nonlocal whole
            await take_effect(act)
            if whole:
                whole = False
                await line.cut()
                await line.mend()

        command(rollcall, "cut", cut_once)
        driver = await town.driver()
        assert (await bring(hook, town.message(driver, "/cut"))).status_code == 200
        assert await town.effects() == 1
        await driver.sees("Done.")


async def test_a_button_that_no_screen_has_is_answered(town: Town, hook: httpx.AsyncClient) -> None:
    driver = await town.driver()
    for data in ("take:!", "take:" + "A" * 40, "em:1:2", "nonsense", "home:1"):
        assert (await bring(hook, town.press(driver, data))).json()["method"] == "answerCallbackQuery"
    await driver.sees("Sorry, I didn't understand that.")
    assert set((await town.seen()).values()) == {None}
