"""`rollcall pause`: no duty runs and nothing is sent; updates are still taken, and all goes on afterwards."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery import ladder, sms_claims, sms_queue, texting
from bot.delivery.claims import claim_telegram
from bot.delivery.pace import Slot
from bot.delivery.worker import deliver_due
from bot.jobs import Clockwork, Duty
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.notices import pausing
from domain.shifts import outages
from tests.delivery.post import Post, until
from tests.domain.depot import heartbeats


async def pause(post: Post) -> None:
    async with post.sessions.begin() as session:
        await pausing.pause(session, post.now())


async def resume(post: Post) -> None:
    async with post.sessions.begin() as session:
        assert await pausing.resume(session) is not None


async def test_nothing_is_sent_while_all_is_paused_and_afterwards_everything_is(post: Post) -> None:
    """Neither a notice, nor a reply, nor an SMS, nor what has waited for an answer; by workers or by hand."""
    amara, by_sms, late = await post.person(), await post.person(linked=False), await post.person()
    async with post.working():
        waits = await post.note(late, Urgency.URGENT)
        await until(post.all_done)
    mail = post.mail()
    await pause(post)
    notes = [await post.note(amara), await post.note(by_sms)]
    post.sandbox.clock.forward(mail.policy.urgent_within.total_seconds())
    assert await mail.pace.slot_for_work(post.now()) is None
    assert await mail.pace.slot() is None
    assert not await mail.pace.turn(amara.chat_id)
    assert mail.sms is not None
    assert not await mail.pace.sms_turn(mail.sms.pace_key, 1)
    assert await ladder.climb(mail) == 0
    assert await sms_claims.claim_send(mail.db, mail.now(), mail.sms.pace_key, mail.policy) is None
    assert await texting.carry_one(mail) is None
    assert await deliver_due(mail) == {}
    assert {(await post.row(note)).state for note in notes} == {DeliveryState.PENDING}
    await resume(post)
    async with post.working():
        await until(lambda: post.is_in(waits, DeliveryState.ESCALATED))
        await until(post.all_done)
    assert await post.chat(amara) == ["en Hello"]
    assert (len(await post.texts(by_sms)), len(await post.texts(late))) == (1, 1)


async def test_what_has_its_turn_already_does_not_leave_once_all_is_paused(post: Post) -> None:
    amara, by_sms = await post.person(), await post.person(linked=False)
    await post.note(amara)
    await post.note(by_sms, channel=Channel.SMS)
    mail = post.mail()
    slot = await mail.pace.slot_for_work(post.now())
    assert isinstance(slot, Slot)
    assert mail.sms is not None
    sms = await sms_claims.claim_send(mail.db, mail.now(), mail.sms.pace_key, mail.policy)
    assert sms is not None
    await pause(post)
    assert not await mail.pace.comes(replace(slot, at=slot.at + 1))
    assert await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy) is None
    assert await sms_queue.begin(mail.db, sms, by_sms.phone, "Hi", 1, mail.policy, mail.now()) is None


async def test_paused_twice_it_is_paused_since_the_first_time(post: Post) -> None:
    first = post.now()
    async with post.sessions.begin() as session:
        assert await pausing.paused_since(session) is None
        assert await pausing.pause(session, first) == first
        assert await pausing.pause(session, first + timedelta(hours=1)) == first
        assert await pausing.paused_since(session) == first
        assert await pausing.resume(session) == first
        assert await pausing.resume(session) is None


async def test_r8_6a_a_pause_is_an_outage_of_ours(post: Post) -> None:
    """Nobody is told anything, so nobody is blamed; it ends with the first heartbeat after it."""
    policy, now = post.mail().policy, post.now()
    async with post.sessions.begin() as session:
        await heartbeats(session, now, silent_for=timedelta(hours=1))
        await pausing.pause(session, now)
        await outages.beat(session, policy, now + timedelta(hours=1))
        [outage] = await outages.known_outages(session, policy, now + timedelta(hours=1))
        assert (outage.since, outage.until) == (now, None)
        await pausing.resume(session)
        await outages.beat(session, policy, now + timedelta(hours=1))
        [outage] = await outages.known_outages(session, policy, now + timedelta(hours=1))
        assert (outage.since, outage.until) == (now, now + timedelta(hours=1))


async def test_no_duty_runs_by_the_clock_while_all_is_paused(post: Post) -> None:
    done: list[datetime] = []

    async def item(_session: AsyncSession, now: datetime, _pass_by: int) -> None:
        done.append(now)

    await pause(post)
    stop = asyncio.Event()
    asked = post.engine.sync_engine
    looks: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "pauses" in statement:
            looks.append(statement)

    event.listen(asked, "before_cursor_execute", look)
    clockwork = Clockwork({"any": Duty(item)}, post.sessions, post.mail().policy, post.now)
    running = asyncio.create_task(clockwork.run(stop))

    async def looked(times: int) -> bool:
        return len(looks) >= times

    async def ran() -> bool:
        return bool(done)

    try:
        await until(lambda: looked(3))  # two seconds have passed
        assert done == []
        await resume(post)
        await until(ran)
    finally:
        stop.set()
        await running
