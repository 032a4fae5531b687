"""The whole bot in one process, against the whole network."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from bot.callbacks.feed import CloseFeed, OpenFeed, RenewFeed
from bot.kinds import Kind
from bot.run import Rollcall, StartError, serving
from bot.screens.screen import Screen
from bot.web import PATH, SECRET_HEADER
from domain.db.models import CalendarFeed, ChatLink, Delivery, Notification
from domain.db.models.words import Channel, DeliveryState, NotificationType, Urgency
from tests.bot.conftest import Line
from tests.bot.town import Town
from tests.story.phones import Phone, until


async def test_by_webhook_updates_come_and_answers_go(town: Town) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    driver = await town.driver()
    async with town.serving(public_url=f"http://127.0.0.1:{port}", port=port):
        await driver.send("/today")
        home = await driver.sees("Hello Amara")
        await driver.send("/help")
        help_ = await driver.sees("What you can do here")
        assert (await driver.press(help_, "Home"))["answered"]

        async def in_place() -> bool:
            shown = {message["message_id"]: message["text"] for message in await driver.chat()}
            return "Hello Amara" in shown[help_["message_id"]] and home["message_id"] not in shown

        await until(in_place, "home stands where help stood, and the earlier home card is gone")


async def test_menus_are_set_in_both_languages(town: Town) -> None:
    async with town.serving():
        asked = [each["params"] for each in await town.requests("setMyCommands")]
    menus = {
        ((each.get("scope") or {}).get("type"), each.get("language_code")): str(each["commands"]) for each in asked
    }
    everywhere, groups = [
        [menus.pop((scope, language)) for language in (None, "fr")] for scope in (None, "all_group_chats")
    ]
    assert menus == {}
    assert "Ma journée" in everywhere[1] and "connect" not in everywhere[0]
    assert "Relier ce groupe" in groups[1] and "today" not in groups[0]


async def test_two_of_all_parts_in_one_place_do_everything_once(town: Town) -> None:
    """As many processes as wanted: what one does, the other does not."""
    driver = await town.driver()
    async with town.serving(), serving(town.settings(), lambda: town.now):
        await driver.send("/today")
        await driver.sees("Hello Amara")
        await driver.send("/help")
        await driver.sees("What you can do here")
    assert [message["from"] for message in await driver.chat()] == ["person", "bot", "person", "bot"]


@pytest.fixture
async def way(town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """The way to Telegram, which can be cut; a bot that finds it cut tries it often."""
    monkeypatch.setattr("bot.run.TRY_EVERY_MOST", 0.1)
    port = urlsplit(town.sandbox.url).port
    assert port is not None
    way = Line("", 0, port)
    await way.mend()
    way.url = f"http://127.0.0.1:{way.port}"
    yield way
    await way.cut()


@pytest.mark.parametrize("fault", ["down", "500", "429", "hang"])
async def test_r11_2_started_while_telegram_is_away_what_is_urgent_goes_by_sms(
    town: Town, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.run.TRY_EVERY_MOST", 0.1)
    monkeypatch.setattr("bot.run.INTRODUCE_WITHIN", 0.5)
    driver, clock = await town.driver(), town.sandbox.clock
    await town.fault(fault)
    with capture_logs() as logged:
        begun = monotonic()
        async with serving(town.settings(**town.sms()), clock.now) as rollcall:
            assert monotonic() - begun < 5  # a Telegram that says nothing is not waited for
            notice = await urgent_notice(town, rollcall, driver)
            clock.forward(239)
            await until(lambda: asked_for(town, "sendMessage"), "Telegram is tried")
            assert await driver.sms() == []
            clock.forward(2)
            (sms,) = await until(driver.sms, "it goes by SMS")
            assert sms["body"].startswith("Acme: come quickly")
            assert not rollcall.met.is_set()

            await town.no_faults()
            await until(lambda: met(rollcall), "Telegram is there")
            await driver.send("/today")
            await driver.sees("Hello Amara")
            assert (await town.requests("setMyCommands")) != []
    told = [line["event"] for line in logged]
    assert (told.count("all goes on without Telegram"), told.count("Telegram is there")) == (1, 1)
    steps = [line for line in logged if line.get("kind") == "manual"]
    assert {str(line["state"]) for line in steps} >= {"escalated", "sent"}
    assert all(line["notice"] == str(notice) and line["delivery"] for line in steps)  # through every step


async def test_the_webhook_is_set_once_telegram_is_there(town: Town, way: Line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    driver = await town.driver()
    await way.cut()
    there = {"public_url": f"http://127.0.0.1:{port}", "port": port, "webhook_secret": SecretStr("s")}
    async with town.serving(telegram_api_url=way.url, **there) as rollcall:
        update, url = town.message(driver, "/today", update_id=7), f"http://127.0.0.1:{port}{PATH}"
        early = await town.calls.post(url, json=update, headers={SECRET_HEADER: "s"})
        assert (early.status_code, await town.seen()) == (503, {})  # it is brought again
        await way.mend()
        await until(lambda: met(rollcall), "Telegram is there")
        await driver.send("/today")
        await driver.sees("Hello Amara")


async def test_a_token_that_is_refused_later_ends_it_all_the_same(town: Town, way: Line) -> None:
    await way.cut()
    async with town.serving(telegram_api_url=way.url, telegram_bot_token=SecretStr("1:another")) as rollcall:
        await way.mend()
        with pytest.raises(StartError, match="Telegram refuses the token"):
            await asyncio.wait_for(rollcall.wait(), 20)


async def test_it_ends_in_good_order_though_telegram_never_came(town: Town, way: Line) -> None:
    await way.cut()
    async with asyncio.timeout(20), town.serving(telegram_api_url=way.url) as rollcall:
        pass
    assert all(part.done() for part in rollcall.parts)


async def met(rollcall: Rollcall) -> bool:
    return rollcall.met.is_set()


async def asked_for(town: Town, method: str) -> bool:
    return bool(await town.requests(method))


async def urgent_notice(town: Town, rollcall: Rollcall, driver: Phone) -> UUID:
    """A manager's message, in words of this test's own."""

    async def facts(*_: Any) -> str:
        return "come quickly"

    say = Kind(facts, lambda text, _reader: Screen(text), sms=lambda text, _reader, _code, _behind: f"Acme: {text}")
    cast("dict[str, Kind]", rollcall.edge.mail.kinds)["manual"] = say
    now, id_, chat_id = town.sandbox.clock.now(), uuid4(), int(driver.person.split("-")[1])
    note = {"type": NotificationType.MANUAL, "title": "", "body": "", "data": {"kind": "manual"}, "created_at": now}
    row = {"channel": Channel.TELEGRAM, "kind": "manual", "urgency": Urgency.URGENT, "level": Urgency.URGENT}
    row |= {"state": DeliveryState.PENDING, "due_at": now, "created_at": now, "notification_id": id_}
    async with town.sessions.begin() as session:
        user_id = await session.scalar(select(ChatLink.user_id).where(ChatLink.chat_id == chat_id))
        await session.execute(insert(Notification).values(id=id_, user_id=user_id, **note))
        await session.execute(insert(Delivery).values(user_id=user_id, **row))
    return id_


@pytest.mark.parametrize(("language", "words"), [("en", "no public address"), ("fr", "pas d’adresse publique")])
async def test_without_a_public_address_a_calendar_can_follow_nothing(town: Town, language: str, words: str) -> None:
    driver = await town.driver(language=language)
    async with town.serving():
        await driver.send("/calendar")
        card = await driver.sees(words, "/schedule")
        for forged in (OpenFeed(), RenewFeed(1), CloseFeed()):
            await driver.press_data(card, forged.pack())
        await driver.press(card, "🗓")
    async with town.sessions() as session:
        assert (await session.scalars(select(CalendarFeed))).all() == []


async def test_under_another_token_of_the_bot_an_address_goes_on_but_is_not_shown(town: Town) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    driver, here = await town.driver(), {"public_url": f"http://127.0.0.1:{port}", "port": port}
    async with town.serving(**here):
        await driver.send("/calendar")
        await driver.press(await driver.sees("a private address"), "Give me an address")
        text = (await driver.sees("paste this address"))["text"]
        address = next(line for line in text.splitlines() if line.startswith("http"))
    async with town.sessions.begin() as session:  # as if the token had been another one then
        at = (await session.scalars(select(CalendarFeed.created_at))).one()
        await session.execute(update(CalendarFeed).values(created_at=at + timedelta(days=1)))
    async with town.serving(**here), httpx.AsyncClient(trust_env=False) as program:
        await driver.send("/calendar")
        card = await driver.sees("can't be shown any more")
        assert (await program.get(address)).status_code == 200
        await driver.press(card, "New address")
        await driver.sees("paste this address")
        assert (await program.get(address)).status_code == 404
