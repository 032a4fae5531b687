"""R11.8: never more than 30 in any one second, 1 a second to a chat, over all processes together."""

import asyncio
from datetime import timedelta
from time import monotonic

import pytest
from sqlalchemy import text

from bot.delivery import pace
from bot.delivery.pace import Pace, Resting, Slot
from domain.db.models.words import Urgency
from tests.delivery.post import UNLIMITED, Post, keeps_pace, until


@UNLIMITED
async def test_r11_8_two_workers_together_send_30_a_second_at_most(post: Post) -> None:
    people = [await post.person() for _ in range(120)]
    await post.notes(people, Urgency.NORMAL)
    begun = await post.watch_turns(pace.TELEGRAM)
    async with post.working(), post.working():
        await until(post.all_done)
    walls = [send["wall"] for send in await post.requests("sendMessage")]
    assert len(walls) == 120
    assert keeps_pace(walls, begun, 30)
    assert await post.least_apart(pace.TELEGRAM) >= timedelta(seconds=1 / 30)


async def test_r11_8_one_a_second_to_a_chat_whoever_sends(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    await post.notes([amara] * 2, Urgency.NORMAL)
    begun = await post.watch_turns(key := f"chat:{amara.chat_id}")
    async with post.working(), post.working():
        assert await mail.pace.turn(amara.chat_id)
        await post.bot.send_message(amara.chat_id, "a reply")
        await until(post.all_done)
    walls = [send["wall"] for send in await post.requests("sendMessage")]
    assert len(walls) == 3
    assert keeps_pace(walls, begun, 1)
    assert await post.least_apart(key) >= timedelta(seconds=1)


async def test_r11_8_a_reply_waits_for_its_chat_but_not_long(post: Post) -> None:
    kept = post.mail().pace
    turns = await asyncio.gather(*(kept.turn(7) for _ in range(8)))
    assert turns.count(True) >= 3
    assert turns.count(False) >= 3, "more than three seconds ahead are left to the workers"


async def test_nothing_due_takes_no_slot(post: Post) -> None:
    kept = post.mail().pace
    assert await kept.slot_for_work(post.now()) is None
    async with post.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM pace")) == 0


async def test_work_for_a_chat_that_must_rest_takes_no_slot(post: Post) -> None:
    amara = await post.person()
    kept = post.mail(chat_every=timedelta(hours=1)).pace
    assert await kept.turn(amara.chat_id)
    await post.note(amara)
    assert isinstance(await kept.slot_for_work(post.now()), Resting)
    await post.note(await post.person())
    assert isinstance(await kept.slot_for_work(post.now()), Slot)


async def test_r11_8_a_halt_silences_all_and_a_longer_one_stands(post: Post) -> None:
    amara = await post.person()
    await post.note(amara)
    one, other = post.mail().pace, post.mail().pace
    await one.halt(pace.TELEGRAM, timedelta(hours=1))
    await other.halt(pace.TELEGRAM, timedelta(seconds=0))
    assert isinstance(await other.slot_for_work(post.now()), Resting)
    assert await other.slot() is None
    assert not await other.turn(amara.chat_id)


async def test_r11_8_a_reply_that_waits_for_its_slot_does_not_leave_in_a_halt(post: Post) -> None:
    kept = post.mail(telegram_every=timedelta(seconds=0.5)).pace
    assert await kept.turn(7)
    waits = asyncio.create_task(kept.turn(8))
    await until(lambda: _chats(post, 2))
    await kept.halt(pace.TELEGRAM, timedelta(seconds=30))
    assert not await waits


async def test_r11_8_a_halt_that_another_process_was_told_of_stops_who_waits_already(post: Post) -> None:
    kept, other = post.mail(telegram_every=timedelta(seconds=0.5)).pace, post.mail().pace
    assert await kept.turn(7)
    waits = asyncio.create_task(kept.turn(8))
    await until(lambda: _chats(post, 2))
    await other.halt(pace.TELEGRAM, timedelta(seconds=30))
    assert not await waits


async def test_r11_8_who_was_told_of_the_halt_himself_sends_nothing_even_at_once(post: Post) -> None:
    kept = post.mail().pace
    assert await kept.comes(Slot(monotonic()))
    await kept.halt(pace.TELEGRAM, timedelta(seconds=30))
    assert not await kept.comes(Slot(monotonic()))


async def _chats(post: Post, count: int) -> bool:
    async with post.sessions() as session:
        return bool(await session.scalar(text("SELECT count(*) FROM pace WHERE key LIKE 'chat:%'")) == count)


@pytest.mark.parametrize("segments", [1, 3])
async def test_r11_8_sms_keep_a_pace_by_segments(post: Post, segments: int) -> None:
    kept = Pace(post.mail().db, segment_every=timedelta(seconds=0.05))
    begun = monotonic()
    for _ in range(3):
        assert await kept.sms_turn("sms:+14165550100", segments)
    assert monotonic() - begun >= 2 * segments * 0.05
