"""Fetching updates: confirmed after the commit, in order, by one process at a time, whatever breaks meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy import update as change
from structlog.testing import capture_logs
from telegram import Bot, CallbackQuery, Update, User

from bot.acting import Acting
from bot.leases import Leases
from bot.polling import Journal, Polling
from bot.receiving import Outcome, Receipt, Receiver
from bot.run import Rollcall
from domain.db.models import Lease
from tests.bot.conftest import Line
from tests.bot.town import Town, command, take_effect
from tests.story.phones import PATIENCE_FOR, Phone, until


@asynccontextmanager
async def polling(town: Town, rollcall: Rollcall, leases: Leases | None = None) -> AsyncIterator[None]:
    stop = asyncio.Event()
    quick = leases or Leases(rollcall.edge.sessions, timedelta(seconds=2), renew_every=0.2)
    task = asyncio.create_task(Polling(rollcall.edge.mail.bot, rollcall.receiver, quick).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.fixture
async def rollcall(town: Town) -> AsyncIterator[Rollcall]:
    async with town.core() as rollcall:
        command(rollcall, "effect", take_effect)
        command(rollcall, "effect-button", take_effect, button=True)
        yield rollcall


async def pending(town: Town) -> list[dict[str, Any]]:
    answer = (await town.calls.get("/sandbox/updates")).raise_for_status().json()
    return list(answer["updates"])


async def a_message(phone: Phone, town: Town) -> dict[str, Any]:
    """A message of the bot's with a button, so that there is something to press."""
    await phone.send("/effect")
    return await phone.sees("Done.")


async def test_what_is_committed_is_confirmed(town: Town, rollcall: Rollcall) -> None:
    driver = await town.driver()
    await driver.send("/effect")
    await driver.send("/effect")
    async with polling(town, rollcall):

        async def confirmed() -> bool:
            return await town.effects() == 2 and await pending(town) == []

        await until(confirmed, "both are done and confirmed")
    asked = await town.requests("getUpdates")
    assert all("callback_query" in request["params"]["allowed_updates"] for request in asked[:-1])


async def test_an_order_that_telegram_keeps_is_kept_and_chats_do_not_wait_for_one_another(
    town: Town, rollcall: Rollcall
) -> None:
    order: list[tuple[str, int]] = []
    go_on = asyncio.Event()

    async def first(act: Acting) -> None:
        await go_on.wait()
        order.append(("first", act.chat_id))

    async def second(act: Acting) -> None:
        order.append(("second", act.chat_id))

    command(rollcall, "first", first)
    command(rollcall, "second", second)
    amara, bruno = await town.driver("Amara Osei"), await town.driver("Bruno Lima")
    await amara.send("/first")
    await amara.send("/second")
    await bruno.send("/second")
    async with polling(town, rollcall):
        await until(lambda: _is(order == [("second", 1002)]), "Bruno is not held up")
        assert {each["update_id"] for each in await pending(town)} != set()  # Amara's first is not confirmed
        go_on.set()
        await until(lambda: _is(len(order) == 3), "Amara's two")
    assert order[1:] == [("first", 1001), ("second", 1001)]


async def _is(condition: bool) -> bool:
    return condition


async def test_a_poison_update_does_not_block_the_next(town: Town, rollcall: Rollcall) -> None:
    async def fail(_act: Acting) -> None:
        raise ZeroDivisionError

    command(rollcall, "poison", fail)
    driver = await town.driver()
    await driver.send("/poison")
    await driver.send("/effect")
    async with polling(town, rollcall):
        await driver.sees("Something went wrong on our side")
        await driver.sees("Done.")
        await until(lambda: _confirmed(town), "both are confirmed")


async def _confirmed(town: Town) -> bool:
    return await pending(town) == []


async def test_messages_wait_for_the_database_and_presses_are_let_go(town: Town, line: Line) -> None:
    async with town.core(database_url=line.url) as rollcall, polling(town, rollcall):
        command(rollcall, "effect", take_effect)
        command(rollcall, "effect-button", take_effect, button=True)
        driver = await town.driver()
        shown = await a_message(driver, town)
        await line.cut()
        await driver.send("/effect")
        pressed = await driver.press_data(shown, "effect-button")
        assert pressed["text"] == "That wasn't recorded. Please press again."
        assert await town.effects() == 1  # nothing half done
        assert len(await pending(town)) >= 1  # the message is still Telegram's to keep
        await line.mend()

        async def processed() -> bool:
            return await town.effects() == 2 and await pending(town) == []

        await until(processed, "the message is processed when the database is back")
        assert (await driver.press_data(shown, "effect-button"))["text"] == "Done"
        assert await town.effects() == 3


async def test_it_survives_telegrams_faults_and_another_poller(town: Town, rollcall: Rollcall) -> None:
    driver = await town.driver()
    await town.fault("500", methods=["getUpdates", "deleteWebhook"], times=2)
    async with polling(town, rollcall):
        await driver.send("/effect")
        await driver.sees("Done.")
        await town.calls.get(f"/bot{town.sandbox.settings.token}/getUpdates")  # another's, which ends ours
        await driver.send("/effect")
        await until(lambda: _effects(town, 2), "it goes on")


async def _effects(town: Town, count: int) -> bool:
    return await town.effects() == count


async def test_a_webhook_that_was_left_is_removed(town: Town, rollcall: Rollcall) -> None:
    await rollcall.edge.mail.bot.set_webhook("https://left.example/hook")
    driver = await town.driver()
    async with polling(town, rollcall):
        await driver.send("/effect")
        await driver.sees("Done.")


async def test_one_process_polls_and_the_next_takes_over_when_it_leaves(town: Town, rollcall: Rollcall) -> None:
    driver = await town.driver()
    async with town.core() as other:
        command(other, "effect", take_effect)
        async with polling(town, rollcall):
            await driver.send("/effect")
            await until(lambda: _effects(town, 1), "the first polls")
            first = await holder(town)
            stop = asyncio.Event()
            leases = Leases(other.edge.sessions, timedelta(seconds=2), renew_every=0.2)
            second = asyncio.create_task(Polling(other.edge.mail.bot, other.receiver, leases).run(stop))
            await driver.send("/effect")
            await until(lambda: _effects(town, 2), "the first still polls")
            assert await holder(town) == first
        await driver.send("/effect")
        await until(lambda: _effects(town, 3), "the second polls")
        assert await holder(town) == leases.holder
        stop.set()
        await second
    assert await holder(town) is None


async def test_the_lease_of_one_who_died_is_taken_over_when_it_ends(town: Town, rollcall: Rollcall) -> None:
    dead = Leases(town.sessions, timedelta(minutes=10))
    assert await dead.take("polling")
    driver = await town.driver()
    await driver.send("/effect")
    async with polling(town, rollcall):
        assert await town.effects() == 0
        async with town.sessions.begin() as session:
            await session.execute(change(Lease).values(held_until=town.now - timedelta(days=9)))
        await until(lambda: _effects(town, 1), "it is taken over")


async def test_one_who_lost_the_lease_stops_polling(town: Town, rollcall: Rollcall) -> None:
    driver = await town.driver()
    async with polling(town, rollcall):
        await driver.send("/effect")
        await until(lambda: _effects(town, 1), "it polls")
        with capture_logs() as logged:
            later = town.now.replace(year=2100)
            async with town.sessions.begin() as session:
                await session.execute(change(Lease).values(holder="somebody else", held_until=later))
            await until(lambda: _is(any(line["event"] == "another process polls now" for line in logged)), "it notes")
        asked = len(await town.requests("getUpdates"))
        await driver.send("/effect")
        assert (len(await pending(town)), len(await town.requests("getUpdates"))) == (1, asked)
        assert await holder(town) == "somebody else"
    assert await town.effects() == 1


async def holder(town: Town) -> str | None:
    async with town.sessions() as session:
        return await session.scalar(select(Lease.holder))


@given(st.lists(st.integers(0, 10**9), unique=True, max_size=30), st.randoms())
def test_the_offset_never_passes_what_is_open(ids: list[int], random: Any) -> None:
    """Ids are keys, not an order: Telegram numbers anew after a quiet week."""
    journal, still_open = Journal(), list(ids)
    for update_id in ids:
        assert journal.is_new(update_id)
        assert not journal.is_new(update_id)
    while still_open:
        assert journal.offset == still_open[0]
        done = random.choice(still_open)
        still_open.remove(done)
        journal.done(done)
    assert journal.offset == (ids[-1] + 1 if ids else None)
    journal.all_confirmed()
    assert journal.offset is None


@given(st.lists(st.integers(0, 10**9), unique=True, min_size=1, max_size=30), st.randoms())
def test_what_is_done_while_telegram_answers_is_not_new_in_the_answer(ids: list[int], random: Any) -> None:
    """Else a press that was let go, and whose presser was told so, would have its effect after all."""
    journal = Journal()
    for update_id in ids:
        journal.is_new(update_id)
    journal.ask()
    for update_id in random.sample(ids, random.randint(1, len(ids))):
        journal.done(update_id)
    assert not any(journal.is_new(update_id) for update_id in ids)


async def test_a_press_that_is_let_go_while_telegram_answers_is_not_received_again(
    town: Town, rollcall: Rollcall
) -> None:
    """Its presser was told that it had no effect. Telegram answers with what was unconfirmed when it was asked."""
    press = Update(7, callback_query=CallbackQuery("7", User(1001, "Amara", False), "1001"))
    received: list[int] = []
    asked, let_go, answered_twice, stop = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Away:
        async def receive(self, given: Update) -> Receipt:
            received.append(given.update_id)
            await asked.wait()
            receipt = await rollcall.receiver.receive(given)
            return replace(receipt, outcome=Outcome.NOT_RECORDED)

    class Telegram:
        questions = 0

        async def delete_webhook(self) -> None:
            pass

        async def answer_callback_query(self, **_: object) -> None:
            let_go.set()

        async def get_updates(self, *, timeout: int, **_: object) -> tuple[Update, ...]:
            self.questions += 1
            if self.questions == 2:
                asked.set()
                await let_go.wait()
            if self.questions > 2:
                answered_twice.set()
                await asyncio.sleep(timeout)
                return ()
            return (press,)

    leases = Leases(town.sessions)
    task = asyncio.create_task(Polling(cast(Bot, Telegram()), cast(Receiver, Away()), leases).run(stop))
    async with asyncio.timeout(PATIENCE_FOR):
        await answered_twice.wait()
    stop.set()
    await task
    assert received == [7]
