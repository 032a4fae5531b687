"""R11.2: what Telegram can't deliver goes by SMS, or fails with a reason."""

import uuid

from domain.db.models.words import Channel, DeliveryState, Failure, Urgency
from tests.delivery.post import Post, until


async def test_r11_2_blocked_goes_by_sms_at_once_and_the_link_is_marked(post: Post) -> None:
    amara = await post.person(blocked=True)
    note = await post.note(amara, Urgency.URGENT)
    async with post.working():
        await until(post.all_done)
    assert await post.texts(amara) == ["Acme (en): Hello Reply STOP to opt out."]
    assert (await post.link(amara)).unreachable_at is not None
    row = await post.row(note)
    assert (row.state, row.failure) == (DeliveryState.ESCALATED, Failure.BLOCKED)
    sms = await post.sms_of(note)
    assert (sms.channel, sms.state, sms.notification_id) == (Channel.SMS, DeliveryState.SENT, row.notification_id)


async def test_r11_2_a_chat_that_telegram_does_not_know_goes_by_sms(post: Post) -> None:
    amara = await post.person(started=False)
    await post.note(amara)
    async with post.working():
        await until(post.all_done)
    assert len(await post.texts(amara)) == 1


async def test_r11_2_unlinked_goes_by_sms_without_asking_telegram(post: Post) -> None:
    amara = await post.person(linked=False)
    await post.note(amara)
    async with post.working():
        await until(post.all_done)
    assert len(await post.texts(amara)) == 1
    assert await post.requests("sendMessage") == []


async def test_r11_4a_normal_waits_for_the_digest(post: Post) -> None:
    amara = await post.person(blocked=True)
    telegram = await post.note(amara, Urgency.NORMAL)
    async with post.working():
        await until(post.all_done)
    row = await post.row(telegram)
    assert (row.state, await post.texts(amara)) == (DeliveryState.ESCALATED, [])
    assert "blocked" in (row.reason or "")
    waiting = await post.sms_of(telegram)
    assert (waiting.state, waiting.due_at) == (DeliveryState.PENDING, None)


async def test_without_twilio_it_fails_with_a_reason(post: Post) -> None:
    amara = await post.person(blocked=True)
    blocked = await post.note(amara)
    unlinked = await post.note(amara, channel=Channel.SMS)
    async with post.working(post.mail(sms=None)):
        await until(post.all_done)
    for row in (await post.sms_of(blocked), await post.row(unlinked)):
        assert (row.state, row.failure) == (DeliveryState.FAILED, Failure.NO_SMS)
        assert "SMS is not set up" in (row.reason or "")


async def test_r11_2_telegram_failing_for_four_minutes_sends_urgent_by_sms(post: Post) -> None:
    amara = await post.person()
    note = await post.note(amara, Urgency.URGENT)
    await post.fault("telegram", "500")
    async with post.working():
        await until(lambda: _tried(post, note))
        assert await post.texts(amara) == []
        post.sandbox.clock.forward(240)
        await until(post.all_done)
    assert len(await post.texts(amara)) == 1


async def _tried(post: Post, note: uuid.UUID) -> bool:
    row = await post.row(note)
    return row.attempt > 0 and row.state is DeliveryState.PENDING
