from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from telegram import Bot, error

from sandbox.clock import SandboxClock
from sandbox.server import Running, create_app, running
from sandbox.telegram.pace import PUBLISHED, Pace
from tests.sandbox.conftest import Timer


@pytest.fixture
async def sandbox(timer: Timer) -> AsyncIterator[Running]:
    """With the published rates."""
    async with running(create_app(SandboxClock(), monotonic=timer)) as started:
        for n in range(40):
            added = started.network.people.add_from({"name": f"P {n}", "phone": f"+1416555{n:04}"})
            added.account.started = True
        yield started


def test_a_chat_takes_a_burst_and_then_one_a_second(timer: Timer) -> None:
    pace = Pace(PUBLISHED, timer)
    assert [pace.take(1) for _ in range(4)] == [0, 0, 0, 1]
    timer.seconds += 1
    assert [pace.take(1) for _ in range(2)] == [0, 1]
    timer.seconds += 60
    assert [pace.take(1) for _ in range(4)] == [0, 0, 0, 1]


def test_all_chats_together_take_thirty_in_any_second(timer: Timer) -> None:
    pace = Pace(PUBLISHED, timer)
    assert [pace.take(chat) for chat in range(1, 32)] == [0] * 30 + [1]
    timer.seconds += 0.9
    assert pace.take(31) == 1
    timer.seconds += 0.1
    assert pace.take(31) == 0


def test_a_group_takes_twenty_a_minute(timer: Timer) -> None:
    pace = Pace(PUBLISHED, timer)
    assert [pace.take(-1) for _ in range(21)] == [0] * 20 + [60]
    timer.seconds += 45
    assert pace.take(-1) == 15
    timer.seconds += 15
    assert pace.take(-1) == 0


def test_no_limits_no_waits(timer: Timer) -> None:
    pace = Pace(None, timer)
    assert not any(pace.take(1) for _ in range(1000))


async def test_too_many_sends_and_edits_are_told_when_to_come_again(sandbox: Running, bot: Bot, timer: Timer) -> None:
    sent = await bot.send_message(1001, "1")
    await bot.edit_message_text("2", 1001, sent.message_id)
    await bot.send_message(1001, "3")
    with pytest.raises(error.RetryAfter) as refused:
        await bot.send_message(1001, "4")
    assert refused.value._retry_after == timedelta(seconds=1)
    await bot.get_chat(1001)  # what only asks is not counted
    await bot.send_message(1002, "another chat")
    timer.seconds += 1
    assert await bot.send_message(1001, "4")


async def test_the_thirty_first_send_in_a_second_is_refused(sandbox: Running, bot: Bot) -> None:
    for n in range(30):
        await bot.send_message(1001 + n, "x")
    with pytest.raises(error.RetryAfter):
        await bot.send_message(1031, "x")
