"""SMS from a claim to its end: whatever happens on the way, none is lost and none is sent twice (R11.2 to R11.7)."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from structlog.testing import capture_logs

from bot.delivery import ladder, pace, sms_claims, sms_queue, sms_reports, texting
from bot.delivery import sms as network
from bot.delivery.carrying import settle
from bot.delivery.claims import claim_telegram
from bot.delivery.flight import Flight
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Accepted, NotTaken, Outcome, Rejected, Unreachable, Unsure
from bot.delivery.sms import Found, Sms, twilio
from bot.delivery.sms_claims import SmsInHand
from bot.delivery.steps import AGAIN_AFTER, LOOK_UP, TRIES_MOST
from bot.kinds import digest
from domain.db.models import (
    Assignment,
    ContactSettings,
    Delivery,
    LastHeard,
    Notification,
    Pace,
    SmsAttempt,
    SmsCode,
    SmsMonth,
    SmsOptOut,
    User,
)
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, Failure, Urgency, UserRole
from domain.notices.queries import last_texted
from domain.policy import Policy
from tests.delivery.post import UNPACED, Post, Someone, until, works
from tests.waits import somebody_waits

SENT = DeliveryState.SENT


def mail_of(post: Post, **given: Any) -> Mail:
    return post.mail(**UNPACED, **given)


async def text(post: Post, someone: Someone, urgency: Urgency = Urgency.IMPORTANT, **given: Any) -> uuid.UUID:
    return await post.note(someone, urgency, channel=Channel.SMS, **given)


async def done(post: Post, mail: Mail | None = None) -> None:
    async with post.working(mail or mail_of(post)):
        await until(post.all_done)


async def attempts(post: Post, delivery_id: uuid.UUID) -> list[SmsAttempt]:
    async with post.sessions() as session:
        of = select(SmsAttempt).where(SmsAttempt.delivery_id == delivery_id).order_by(SmsAttempt.begun_at)
        return list(await session.scalars(of))


async def change(post: Post, statement: Any) -> None:
    async with post.sessions.begin() as session:
        await session.execute(statement)


async def time_passed(post: Post, *ids: uuid.UUID) -> None:
    """Leases, pauses and turns are over, and attempts are old enough to be listed."""
    past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, 1)
    await change(post, update(Pace).where(Pace.key.like("sms to:%")).values(next_at=past))
    older = SmsAttempt.begun_at - timedelta(minutes=1)
    await change(post, update(SmsAttempt).where(SmsAttempt.delivery_id.in_(ids)).values(begun_at=older))
    await post.lease_ran_out(*ids)


async def claimed(post: Post, mail: Mail) -> SmsInHand:
    sms = await sms_claims.claim_send(mail.db, mail.now(), "", mail.policy)
    assert sms is not None
    return sms


async def begun(post: Post, mail: Mail, someone: Someone) -> uuid.UUID:
    """Begun by a process that is killed before the request leaves."""
    note = await text(post, someone)
    sms = await claimed(post, mail)
    assert sms.row.id == note
    assert await sms_queue.begin(mail.db, sms, someone.phone, "Acme (en): Hello", 1, mail.policy, mail.now())
    return note


async def state(post: Post, note: uuid.UUID) -> tuple[DeliveryState, Failure | None]:
    row = await post.row(note)
    return row.state, row.failure


# -- sent, and what it leaves behind


async def test_r11_7_the_attempt_is_committed_before_the_request_leaves(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str, int, str | None]] = []
    send = network.send

    async def looking_on(way: Sms, to: str, body: str, attempt_id: uuid.UUID, *rest: Any) -> Outcome:
        async with post.sessions() as session:
            attempt = await session.get_one(SmsAttempt, attempt_id)
            seen.append((attempt.phone, attempt.body, attempt.segments, attempt.sid))
            assert await session.scalar(select(Delivery.state)) is DeliveryState.SENDING
        return await send(way, to, body, attempt_id, *rest)

    monkeypatch.setattr(network, "send", looking_on)
    amara = await post.person(linked=False)
    note = await text(post, amara)
    await done(post)
    (body,) = await post.texts(amara)
    assert seen == [(amara.phone, body, 1, None)]
    (attempt,) = await attempts(post, note)
    row = await post.row(note)
    assert attempt.sid is not None
    assert (row.state, row.lease_until, row.sent_at is not None) == (SENT, None, True)
    async with post.sessions() as session:
        assert [(each.month.day, each.segments) for each in await session.scalars(select(SmsMonth))] == [(1, 1)]


async def test_r11_5_only_the_first_sms_tells_how_to_opt_out(post: Post) -> None:
    amara = await post.person(linked=False, language="fr")
    for _ in range(2):
        await text(post, amara)
        await done(post)
    first, second = await post.texts(amara)
    assert first.startswith(second)
    assert "STOP" in first
    assert second == "Acme (fr): Hello"


async def test_r11_5_the_first_that_reaches_nobody_is_none(post: Post) -> None:
    """What Twilio refused was not texted: it counts neither for the day nor for the month, and isn't the first."""
    amara = await post.person(linked=False)
    await post.fault("sms", "429", times=1)
    note = await text(post, amara, Urgency.URGENT)
    async with post.working(mail_of(post)):
        await until(lambda: post.is_in(note, SENT))
    assert "STOP" in (await post.texts(amara))[0]
    assert [attempt.status == "refused" for attempt in await attempts(post, note)] == [True, False]
    async with post.sessions() as session:
        assert await session.scalar(select(SmsMonth.segments)) == 1


@pytest.mark.parametrize("phone", ["12", "+14165550123 ext. 5", "+18005551234"])
async def test_r12_1_what_is_no_phone_is_not_tried(post: Post, phone: str) -> None:
    amara = await post.person(linked=False)
    await change(post, update(User).where(User.id == amara.id).values(phone=phone))
    note = await text(post, amara)
    await done(post)
    assert await state(post, note) == (DeliveryState.FAILED, Failure.BAD_NUMBER)
    assert await post.requests("create") == []


# -- what stops it before it leaves, in this order


async def test_r11_3_expired_goes_nowhere(post: Post) -> None:
    amara = await post.person(linked=False)
    note = await text(post, amara, expires_at=post.now())
    await change(post, insert(ContactSettings).values(user_id=amara.id, sms=False))
    await done(post)
    assert await state(post, note) == (DeliveryState.EXPIRED, None)


async def test_r11_3_what_has_lost_its_point_goes_nowhere(post: Post) -> None:
    amara, about, gone = await post.person(linked=False), uuid.uuid4(), uuid.uuid4()
    post.board.pointless.add(about)
    post.board.texts[gone] = None
    await change(post, insert(ContactSettings).values(user_id=amara.id, sms=False))
    notes = [await text(post, amara, about=each) for each in (about, gone)]
    await done(post)
    assert [await state(post, note) for note in notes] == [(DeliveryState.CANCELLED, None)] * 2


@pytest.mark.parametrize(
    ("heard", "origin", "sent"),
    [
        (0, {"state": "escalated", "sent_at": 0}, False),
        (-1, {"state": "escalated", "sent_at": 0}, True),
        (None, {"state": "escalated", "sent_at": 0}, True),
        (None, {"state": "acknowledged", "sent_at": 0}, False),
        (None, {"state": "escalated", "answered_at": 0}, False),
        (1, {"state": "escalated"}, True),  # Telegram never brought it: whatever he did, he has not seen it
    ],
)
async def test_r11_3_what_was_seen_in_telegram_meanwhile_is_not_texted(
    post: Post, heard: int | None, origin: dict[str, Any], sent: bool
) -> None:
    amara, now = await post.person(), post.now() - timedelta(minutes=10)

    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else now + timedelta(minutes=minutes)

    values: dict[str, Any] = {
        name: at(value) if name.endswith("_at") else DeliveryState(value) for name, value in origin.items()
    }
    first = await post.note(amara, due_at=None, **values)
    note = await text(post, amara, escalated_from=first)
    if heard is not None:
        await change(post, insert(LastHeard).values(user_id=amara.id, at=at(heard)))
    await done(post)
    assert await post.is_in(note, SENT if sent else DeliveryState.CANCELLED)
    assert len(await post.texts(amara)) == sent


async def test_r11_7_what_somebody_without_telegram_texts_is_no_answer_to_what_has_not_left(post: Post) -> None:
    amara = await post.person(linked=False)
    note = await text(post, amara)
    await change(post, insert(LastHeard).values(user_id=amara.id, at=post.now()))
    await done(post)
    assert await post.is_in(note, SENT)


async def test_without_twilio_it_fails(post: Post) -> None:
    note = await text(post, await post.person(linked=False))
    await done(post, mail_of(post, sms=None))
    assert await state(post, note) == (DeliveryState.FAILED, Failure.NO_SMS)


async def test_who_has_no_phone_can_get_no_sms(post: Post) -> None:
    amara = await post.person(linked=False)
    await change(post, update(User).where(User.id == amara.id).values(phone=""))
    note = await text(post, amara)
    await done(post)
    assert await state(post, note) == (DeliveryState.FAILED, Failure.NO_PHONE)


async def test_r11_5_who_has_turned_sms_off_gets_none(post: Post) -> None:
    amara = await post.person(linked=False)
    await change(post, insert(ContactSettings).values(user_id=amara.id, sms=False))
    note = await text(post, amara, Urgency.URGENT)
    await done(post)
    assert await state(post, note) == (DeliveryState.FAILED, Failure.SMS_OFF)


async def test_r11_5_stop_holds_however_the_number_is_written(post: Post) -> None:
    amara, jean = await post.person(linked=False), await post.person(linked=False)
    local = f"({jean.phone[2:5]}) {jean.phone[5:8]}-{jean.phone[8:]}"
    await change(post, update(User).where(User.id == jean.id).values(phone=local))
    for each in (amara, jean):
        await change(post, insert(SmsOptOut).values(phone=each.phone, since=post.now()))
    notes = [await text(post, each, Urgency.URGENT) for each in (amara, jean)]
    await done(post)
    assert [await state(post, note) for note in notes] == [(DeliveryState.FAILED, Failure.OPTED_OUT)] * 2
    assert await post.requests("create") == []


async def test_r11_5_an_opt_out_that_twilio_tells_of_is_kept(post: Post) -> None:
    amara = await post.person(linked=False)
    await post.call("PATCH", f"people/{amara.slug}", {"sms_opted_out": True})
    notes = [await text(post, amara) for _ in range(2)]
    await done(post)
    assert [await state(post, note) for note in notes] == [(DeliveryState.FAILED, Failure.OPTED_OUT)] * 2
    assert len(await post.requests("create")) == 1, "Twilio was not asked again"
    async with post.sessions() as session:
        assert await session.scalar(select(SmsOptOut.phone)) == amara.phone


async def earlier_ones(post: Post, someone: Someone, count: int, at: datetime, status: str | None = None) -> None:
    note = await post.note(someone, channel=Channel.SMS, state=SENT, due_at=None)
    row = {"delivery_id": note, "user_id": someone.id, "phone": someone.phone, "body": "", "segments": 1}
    row |= {"created_at": at, "status": status}
    await change(post, insert(SmsAttempt).values([row | {"id": uuid.uuid4()} for _ in range(count)]))


@pytest.mark.parametrize(("urgency", "most"), [(Urgency.IMPORTANT, 10), (Urgency.URGENT, 20)])
async def test_r11_5_so_many_a_day_and_no_more(post: Post, urgency: Urgency, most: int) -> None:
    amara = await post.person(linked=False)
    await earlier_ones(post, amara, most - 1, post.now())
    await earlier_ones(post, amara, 5, post.now(), "refused")
    notes = [await text(post, amara, urgency) for _ in range(2)]
    await done(post)
    assert sorted([await state(post, note) for note in notes]) == [(DeliveryState.PENDING, None), (SENT, None)]


@pytest.mark.parametrize("at", ["2026-11-25T05:00:00Z", "2026-11-26T04:59:59Z"])
async def test_r11_5_the_day_is_the_companys(post: Post, at: str) -> None:
    """Of Toronto's 25th, whatever the hosts of the bot and of the database think."""
    amara, jean = await post.person(linked=False), await post.person(linked=False)
    inside = datetime.fromisoformat(at)
    outside = inside + (timedelta(seconds=1) if inside.day == 26 else -timedelta(seconds=1))
    await earlier_ones(post, amara, 10, inside)
    await earlier_ones(post, jean, 10, outside)
    notes = [await text(post, each) for each in (amara, jean)]
    await done(post)
    assert [await state(post, note) for note in notes] == [(DeliveryState.PENDING, None), (SENT, None)]


async def test_r11_5_what_a_full_day_has_no_room_for_is_not_lost_but_texted_in_the_morning(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    await earlier_ones(post, amara, 20, post.now())
    note = await text(post, amara, Urgency.URGENT)
    over = await text(post, amara, Urgency.URGENT, expires_at=post.now() + timedelta(hours=5))
    for _ in range(2):
        assert await texting.carry_one(mail) is not None
    assert await state(post, over) == (DeliveryState.FAILED, Failure.DAY_FULL)
    row = await post.row(note)
    assert row.due_at is not None and row.due_at.isoformat() == "2026-11-26T11:00:00+00:00", "6:00 in Toronto"
    assert await post.texts(amara) == []
    post.sandbox.clock.set(row.due_at)
    await done(post, mail)
    assert await post.is_in(note, SENT)


async def test_r11_5_managers_have_no_such_limit(post: Post) -> None:
    amara = await post.person(linked=False)
    await change(post, update(User).where(User.id == amara.id).values(role=UserRole.MANAGER))
    await earlier_ones(post, amara, 20, post.now())
    note = await text(post, amara)
    await done(post)
    assert await post.is_in(note, SENT)


async def test_r11_4_held_in_quiet_hours_and_texted_after_them(post: Post) -> None:
    amara = await post.person(linked=False)
    post.sandbox.clock.forward(11 * 3600)  # 23:00
    important, urgent = await text(post, amara), await text(post, amara, Urgency.URGENT)
    async with post.working(mail_of(post)):
        await until(lambda: post.is_in(urgent, SENT))
        await until(lambda: _held(post, important))
        assert len(await post.texts(amara)) == 1
        post.sandbox.clock.forward(9 * 3600)  # 8:00, since he has no shift
        await until(lambda: post.is_in(important, SENT))


async def _held(post: Post, note: uuid.UUID) -> bool:
    row = await post.row(note)
    return row.due_at is not None and row.due_at.isoformat() == "2026-11-26T13:00:00+00:00"


async def test_r11_3_cancelled_after_the_claim_is_not_sent(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara)
    sms = await claimed(post, mail)
    await post.change(note, state=DeliveryState.CANCELLED, due_at=None)
    assert await sms_queue.begin(mail.db, sms, amara.phone, "Hi", 1, mail.policy, mail.now()) is None
    assert await attempts(post, note) == []


async def test_a_claim_that_ran_out_does_not_begin(post: Post) -> None:
    """Another may have the reader's turn by now."""
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara)
    sms = await claimed(post, mail)
    await time_passed(post, note)
    assert await sms_queue.begin(mail.db, sms, amara.phone, "Hi", 1, mail.policy, mail.now()) is None
    again = await claimed(post, mail)
    assert await sms_queue.begin(mail.db, sms, amara.phone, "Hi", 1, mail.policy, mail.now()) is None
    assert await sms_queue.begin(mail.db, again, amara.phone, "Hi", 1, mail.policy, mail.now()) is not None


# -- who comes when


async def test_r11_8_urgent_comes_first(post: Post) -> None:
    people = [await post.person(linked=False) for _ in range(3)]
    for each, urgency in zip(people, (Urgency.NORMAL, Urgency.IMPORTANT, Urgency.URGENT), strict=True):
        await text(post, each, urgency)
    order = [(await claimed(post, mail_of(post))).row.user_id for _ in people]
    assert order == [each.id for each in reversed(people)]


async def test_no_two_sms_are_in_hand_for_one_person(post: Post) -> None:
    """However many processes claim at the same moment."""
    amara, jean, mail = await post.person(linked=False), await post.person(linked=False), mail_of(post)
    for each in (amara, amara, amara, amara, jean):
        await text(post, each)

    async def connected() -> None:
        async with mail.db.connect() as connection:
            await connection.execute(select(func.pg_sleep(0.1)))

    async def claim() -> SmsInHand | None:
        return await sms_claims.claim_send(mail.db, mail.now(), "", mail.policy)

    await asyncio.gather(*(connected() for _ in range(8)))
    for _ in range(5):
        held = [sms for sms in await asyncio.gather(*(claim() for _ in range(8))) if sms is not None]
        assert sorted(sms.row.whose for sms in held) == sorted([amara.id, jean.id])
        for sms in held:
            await sms_queue.release(mail.db, sms)


async def test_r11_7_the_turn_ends_with_what_came_of_it(post: Post) -> None:
    """And not with what comes too late: the next one's turn stays his."""
    amara, mail = await post.person(linked=False), mail_of(post)
    first, second = await text(post, amara), await text(post, amara)
    late = await claimed(post, mail)
    assert late.row.id == first
    await time_passed(post, first)
    other = await claimed(post, mail)
    await sms_queue.release(mail.db, late)
    assert await sms_claims.claim_send(mail.db, mail.now(), "", mail.policy) is None
    await sms_queue.release(mail.db, other)
    assert (await claimed(post, mail)).row.id in (first, second)


async def test_r11_8_one_that_hangs_does_not_hold_up_the_urgent_ones(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "TOTAL_FOR", 3)
    stuck, amara = await post.person(linked=False), await post.person(linked=False)
    await post.fault("sms", "hang", person=stuck.slug)
    told = post.sandbox.settings
    async with twilio(told.account_sid, told.auth_token, told.sms_number, post.sandbox.url) as way:
        hangs = await text(post, stuck, Urgency.URGENT)
        async with post.working(mail_of(post, sms=way)):
            await until(lambda: post.is_in(hangs, DeliveryState.SENDING))
            urgent = await text(post, amara, Urgency.URGENT)
            await until(lambda: post.is_in(urgent, SENT))
            assert await post.is_in(hangs, DeliveryState.SENDING)
    assert await post.is_in(hangs, DeliveryState.UNKNOWN)


async def test_an_outcome_that_can_t_be_recorded_is_told_with_its_delivery(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    amara, flight = await post.person(linked=False), Flight(asyncio.Semaphore(1))
    note = await text(post, amara)

    async def fails(*_given: Any) -> bool:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(sms_queue, "record", fails)
    with capture_logs() as logged:
        await texting.send_round(mail_of(post), flight)
        await asyncio.gather(*flight.tasks)
    [line] = [line for line in logged if line["event"] == "outcome not recorded"]
    assert (line["delivery"], flight.free.locked()) == (str(note), False)


# -- nobody knows


async def test_r11_7_killed_after_the_attempt_was_written_it_is_looked_up_and_sent_once(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    await time_passed(post, note)
    async with post.working(mail):
        await until(lambda: post.is_in(note, DeliveryState.UNKNOWN))
        assert await post.requests("create") == [], "not before anybody has looked"
        await time_passed(post, note)
        await until(lambda: post.is_in(note, SENT))
    assert len(await post.texts(amara)) == 1
    assert [attempt.sid is None for attempt in await attempts(post, note)] == [True, False]


async def test_r11_7_killed_after_twilio_had_it_it_is_found_and_not_sent_again(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    (attempt,) = await attempts(post, note)
    assert mail.sms is not None
    assert isinstance(await network.send(mail.sms, amara.phone, attempt.body, attempt.id, None, mail.now()), Accepted)
    await time_passed(post, note)
    async with post.working(mail):
        await until(lambda: post.is_in(note, DeliveryState.UNKNOWN))
        await time_passed(post, note)
        await until(lambda: _handed_over(post, note))
    assert len(await post.texts(amara)) == len(await post.requests("create")) == 1
    (attempt,) = await attempts(post, note)
    assert attempt.sid is not None


async def _handed_over(post: Post, note: uuid.UUID) -> bool:
    return (await post.row(note)).state in (SENT, DeliveryState.DELIVERED)


async def test_r11_7_killed_before_the_attempt_it_is_sent_at_once(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara)
    await claimed(post, mail)
    await time_passed(post, note)
    await done(post, mail)
    assert await post.is_in(note, SENT)
    assert await post.requests("list") == []


@pytest.mark.parametrize(("kind", "arrived"), [("answer-lost", True), ("500", False)])
async def test_r11_7_without_an_answer_it_is_looked_up_before_a_second_try(
    post: Post, kind: str, arrived: bool
) -> None:
    amara = await post.person(linked=False)
    await post.fault("sms", kind, methods=["create"], times=1)
    note = await text(post, amara, Urgency.URGENT)
    async with post.working(mail_of(post)):
        await until(lambda: post.is_in(note, DeliveryState.UNKNOWN))
        assert len(await post.requests("create")) == 1
        await time_passed(post, note)
        await until(lambda: _handed_over(post, note))
    assert len(await post.texts(amara)) == 1
    assert len(await post.requests("create")) == (1 if arrived else 2)


async def test_r11_7_what_may_not_be_listed_yet_is_not_taken_for_lost(post: Post) -> None:
    """The attempt is younger than half a minute: that Twilio does not list it says nothing."""
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    await post.change(note, state=DeliveryState.UNKNOWN)
    past = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, 1)
    await change(post, update(Pace).values(next_at=past))
    await post.lease_ran_out(note)
    step = await texting.carry_one(mail)
    assert step is not None
    assert (step.state, step.reason) == (DeliveryState.UNKNOWN, "it may not be listed yet")
    row = await post.row(note)
    assert row.pause_until is not None
    assert row.due_at is not None


async def test_r11_7_two_alike_to_one_phone_are_told_apart(post: Post) -> None:
    """They share a phone, and are told the same: what the other one's attempt has become is not taken for one's own."""
    amara, jean, mail = await post.person(linked=False), await post.person(linked=False), mail_of(post)
    await change(post, update(User).where(User.id == jean.id).values(phone=amara.phone))
    await earlier_ones(post, amara, 1, post.now() - timedelta(days=30))
    await earlier_ones(post, jean, 1, post.now() - timedelta(days=30))
    sent = await text(post, amara)
    await done(post, mail)
    assert await post.is_in(sent, SENT)
    await post.fault("sms", "500", methods=["create"], times=1)
    lost = await text(post, jean)
    async with post.working(mail):
        await until(lambda: post.is_in(lost, DeliveryState.UNKNOWN))
        await time_passed(post, lost)
        await until(lambda: _handed_over(post, lost))
    assert len(await post.requests("create")) == 3


async def test_r11_7_it_is_tried_three_times_at_the_most(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    await post.fault("sms", "500", methods=["create"])
    note = await text(post, amara)
    for count in range(1, TRIES_MOST + 1):
        assert await texting.carry_one(mail) is not None
        assert await post.is_in(note, DeliveryState.UNKNOWN)
        assert len(await post.requests("create")) == count
        await time_passed(post, note)
        assert await texting.carry_one(mail) is not None, "it is looked up"
    assert await state(post, note) == (DeliveryState.FAILED, Failure.NO_ANSWER)
    assert await texting.carry_one(mail) is None
    assert len(await post.requests("create")) == TRIES_MOST


async def test_r11_7_while_nobody_can_look_it_stays_unknown_and_ends_so(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    await post.fault("sms", "500")
    note = await text(post, amara)
    assert await texting.carry_one(mail) is not None
    for minutes in (1, LOOK_UP.patience.total_seconds() / 60):
        await time_passed(post, note)
        post.sandbox.clock.forward(minutes * 60)
        step = await texting.carry_one(mail)
        assert step is not None
        assert step.state is DeliveryState.UNKNOWN
    assert (await post.row(note)).due_at is None
    assert len(await post.requests("create")) == 1


async def test_r11_7_long_queued_it_is_still_tried_again(post: Post) -> None:
    """Patience is for the network: an hour in the queue does not use it up."""
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara, due_at=post.now() - timedelta(hours=3))
    await post.fault("sms", "429")
    step = await texting.carry_one(mail)
    assert step is not None
    assert (step.state, step.pause is not None) == (DeliveryState.PENDING, True)
    await change(post, update(Pace).values(halted_until=None))
    await time_passed(post, note)
    post.sandbox.clock.forward(31 * 60)
    step = await texting.carry_one(mail)
    assert step is not None
    assert (step.state, step.failure) == (DeliveryState.FAILED, Failure.NO_ANSWER)


async def test_r11_8_a_429_stops_the_number_for_everybody(post: Post) -> None:
    amara, jean = await post.person(linked=False), await post.person(linked=False)
    await post.fault("sms", "429", times=1)
    await text(post, amara)
    await text(post, jean)
    mail = mail_of(post)
    assert await texting.carry_one(mail) is not None
    assert await texting.carry_one(mail) is None
    await change(post, update(Pace).values(halted_until=None))
    assert await texting.carry_one(mail) is not None


# -- no report comes


async def test_r11_7_no_report_comes_and_twilio_is_asked(post: Post) -> None:
    amara = await post.person(linked=False)
    note = await text(post, amara, Urgency.URGENT)
    async with post.working(mail_of(post)):
        await until(lambda: post.is_in(note, SENT))
        await until(lambda: _arrived(post, amara))
        assert await post.requests("fetch") == []
        post.sandbox.clock.forward(660)
        await until(lambda: post.is_in(note, DeliveryState.DELIVERED))
    assert len(await post.requests("fetch")) == 1
    assert (await post.row(note)).due_at is None


async def _arrived(post: Post, someone: Someone) -> bool:
    sent = (await post.call("GET", f"people/{someone.slug}/sms"))["messages"]
    return all(message["status"] == "delivered" for message in sent)


async def test_r11_7_a_number_that_nobody_has_is_learned_of(post: Post) -> None:
    amara = await post.person(linked=False)
    await change(post, update(User).where(User.id == amara.id).values(phone="+15145550199"))
    note = await text(post, amara)
    async with post.working(mail_of(post)):
        await until(lambda: post.is_in(note, SENT))
        await until(lambda: _all_final(post))
        post.sandbox.clock.forward(660)
        await until(lambda: post.is_in(note, DeliveryState.UNDELIVERED))
    assert await state(post, note) == (DeliveryState.UNDELIVERED, Failure.BAD_NUMBER)


async def _all_final(post: Post) -> bool:
    return all(each["status"] == "undelivered" for each in (await post.call("GET", "sms"))["messages"])


async def test_r11_7_nobody_is_asked_for_ever(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara)
    assert await texting.carry_one(mail) is not None
    await post.fault("sms", "500", methods=["fetch"])
    for _ in range(12):
        post.sandbox.clock.forward(3600)
        await time_passed(post, note)
        await texting.carry_one(mail)
    assert await state(post, note) == (SENT, None)
    assert (await post.row(note)).due_at is None
    assert len(await post.requests("fetch")) < 6


# -- reports (their way in is tests/bot/test_twilio_status.py)

SID = "SM" + "7" * 32


async def report(
    mail: Mail, post: Post, note: uuid.UUID, status: str, code: int | None = None, sid: str = SID, at: int = -1
) -> Any:
    return await texting.on_report(mail, (await attempts(post, note))[at].id, Found(sid, status, code))


async def test_r11_7_reports_come_early_twice_and_in_any_order(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    assert await report(mail, post, note, "sent"), "before its sender has the answer"
    row = await post.row(note)
    assert (row.state, row.sent_at is not None, row.lease_until) == (SENT, True, None)
    for status in ("queued", "sending", "sent"):
        assert await report(mail, post, note, status) is None
    assert await report(mail, post, note, "delivered")
    for status in ("sent", "delivered", "undelivered", "queued"):
        assert await report(mail, post, note, status) is None
    row = await post.row(note)
    assert (row.state, row.due_at) == (DeliveryState.DELIVERED, None)
    (attempt,) = await attempts(post, note)
    assert (attempt.sid, attempt.status) == (SID, "delivered")


async def test_r11_7_two_reports_at_once_take_turns(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sent` is taken and not yet written down when `delivered` comes: it waits, and has the last word."""
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara)
    sms = await claimed(post, mail)
    begun = await sms_queue.begin(mail.db, sms, amara.phone, "Hello", 1, mail.policy, mail.now())
    assert begun is not None
    takes, delivered = sms_reports.take_report, asyncio.Event()

    async def slowly(session: AsyncSession, attempt_id: uuid.UUID, report: Found) -> bool:
        taken = await takes(session, attempt_id, report)
        if report.status == "sent":
            delivered.set()
            await somebody_waits(session)
        return taken

    async def comes_second() -> None:
        await delivered.wait()
        await texting.on_report(mail, begun.attempt_id, Found("SM1", "delivered", None))

    monkeypatch.setattr(sms_reports, "take_report", slowly)
    first = texting.on_report(mail, begun.attempt_id, Found("SM1", "sent", None))
    await asyncio.gather(first, comes_second())
    assert await post.is_in(note, DeliveryState.DELIVERED)


async def test_r11_7_a_late_report_sees_the_attempt_that_is_just_begun(post: Post) -> None:
    """Else that one would be tried once more, though it is on its way."""
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    await time_passed(post, note)
    await post.change(note, state=DeliveryState.PENDING)  # Twilio was asked, and had never got it
    sms = await claimed(post, mail)
    async with post.engine.connect() as connection:

        @asynccontextmanager
        async def not_committed() -> AsyncIterator[AsyncConnection]:
            yield connection

        at_once: Any = SimpleNamespace(connect=not_committed)
        assert await sms_queue.begin(at_once, sms, amara.phone, "Hi", 1, mail.policy, mail.now())
        comes = asyncio.create_task(report(mail, post, note, "undelivered", 30003))
        async with post.sessions() as session:
            await somebody_waits(session, unless_done=comes)
        await connection.commit()
    assert await comes is None
    assert await post.is_in(note, DeliveryState.SENDING)


@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered"])
@pytest.mark.parametrize("answer", ["accepted", "lost"])
async def test_r11_7_an_answer_behind_the_report_changes_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch, status: str, answer: str
) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara)

    async def overtaken(_way: Sms, _to: str, _body: str, attempt_id: uuid.UUID, *_: Any) -> Outcome:
        assert await texting.on_report(mail, attempt_id, Found(SID, status, 30005))
        return Accepted(SID) if answer == "accepted" else Unsure("cut off")

    monkeypatch.setattr(network, "send", overtaken)
    await texting.carry_one(mail)
    assert (await post.row(note)).state is DeliveryState(status)
    (attempt,) = await attempts(post, note)
    assert (attempt.sid, attempt.status) == (SID, status)
    again = await text(post, amara)
    assert (await claimed(post, mail)).row.id == again, "the turn is free"


async def test_r11_7_a_report_on_nothing_has_no_effect(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    assert await texting.on_report(mail, uuid.uuid4(), Found(SID, "delivered", None)) is None
    assert await report(mail, post, note, "sent")
    assert await report(mail, post, note, "delivered", sid="SM" + "8" * 32) is None, "of another SMS"
    assert await report(mail, post, note, "a word of tomorrow's") is None
    assert await post.is_in(note, SENT)


async def test_r11_7_an_unknown_one_is_resolved_by_its_report(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    await post.fault("sms", "answer-lost", methods=["create"])
    note = await text(post, amara)
    assert await texting.carry_one(mail) is not None
    assert await post.is_in(note, DeliveryState.UNKNOWN)
    assert await report(mail, post, note, "delivered")
    assert await post.is_in(note, DeliveryState.DELIVERED)
    post.sandbox.clock.forward(3600)
    await time_passed(post, note)
    assert await texting.carry_one(mail) is None
    assert await post.requests("list") == []


async def test_r11_7_what_a_carrier_lost_is_tried_once_more_later(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    await time_passed(post, note)
    assert await report(mail, post, note, "undelivered", 30003)
    row = await post.row(note)
    assert row.state is DeliveryState.PENDING
    assert row.due_at is not None
    assert row.due_at - post.now() > AGAIN_AFTER - timedelta(seconds=5)
    post.sandbox.clock.forward(301)
    assert await texting.carry_one(mail) is not None
    assert await post.is_in(note, SENT)
    assert await report(mail, post, note, "undelivered", 30003, sid=SID, at=0) is None
    second = (await attempts(post, note))[1].sid
    assert await report(mail, post, note, "undelivered", 30003, sid=str(second))
    assert await state(post, note) == (DeliveryState.UNDELIVERED, Failure.CARRIER)


async def test_r11_3_what_was_not_brought_in_time_is_expired(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    await post.change(note, expires_at=post.now())
    assert await report(mail, post, note, "failed", 30036)
    assert await state(post, note) == (DeliveryState.EXPIRED, None)


async def test_r11_7_late_word_of_an_earlier_attempt_does_not_spoil_the_later_one(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    await post.fault("sms", "500", methods=["create"], times=1)
    note = await text(post, amara)
    async with post.working(mail):
        await until(lambda: post.is_in(note, DeliveryState.UNKNOWN))
        await time_passed(post, note)
        await until(lambda: _handed_over(post, note))
    before = await state(post, note)
    assert await report(mail, post, note, "undelivered", 30005, at=0) is None
    assert await state(post, note) == before


async def test_r11_5_stop_that_a_carrier_reports_is_kept(post: Post) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await begun(post, mail, amara)
    assert await report(mail, post, note, "failed", 21610)
    assert await state(post, note) == (DeliveryState.UNDELIVERED, Failure.OPTED_OUT)
    async with post.sessions() as session:
        assert await session.scalar(select(SmsOptOut.phone)) == amara.phone


async def test_r11_6_an_answer_is_to_what_was_texted_and_not_to_what_was_only_tried(post: Post) -> None:
    amara, mail, known, lost, refused = await post.person(linked=False), mail_of(post), *(uuid.uuid4() for _ in "123")
    await text(post, amara, about=known)
    await done(post, mail)
    await post.fault("sms", "500", methods=["create"], times=1)
    nobody_knows = await text(post, amara, Urgency.URGENT, about=lost)
    assert await texting.carry_one(mail) is not None
    await post.fault("sms", "429", times=1)
    await text(post, amara, Urgency.URGENT, about=refused)
    assert await texting.carry_one(mail) is not None
    assert [each.sid for each in await attempts(post, nobody_knows)] == [None]
    async with post.sessions() as session:
        assert [each.about for each in await last_texted(session, [amara.id])] == [known]


# -- no SMS helps, and Telegram may


async def gone_on(
    post: Post, mail: Mail, someone: Someone, outcome: Outcome | None = None, level: Urgency = Urgency.URGENT
) -> uuid.UUID:
    """A notice that Telegram did not take in time."""
    note = await post.note(someone, level)
    claim = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claim is not None
    post.sandbox.clock.forward(1800)
    step = await settle(mail, claim, outcome or NotTaken("Telegram is away"))
    assert step.state is DeliveryState.ESCALATED
    return note


async def bar(post: Post, someone: Someone, failure: Failure) -> dict[str, Any]:
    """Makes that no SMS goes to him; returns what the post office is to be opened with."""
    of = {"user_id": someone.id}
    phone = {Failure.NO_PHONE: "", Failure.BAD_NUMBER: "12"}.get(failure, someone.phone)
    await change(post, update(User).where(User.id == someone.id).values(phone=phone))
    if failure is Failure.SMS_OFF:
        await change(post, insert(ContactSettings).values(of | {"sms": False}))
    if failure is Failure.OPTED_OUT:
        await change(post, insert(SmsOptOut).values(phone=someone.phone, since=post.now()))
    if failure is Failure.BUDGET:
        await change(post, insert(SmsMonth).values(month=post.now().date().replace(day=1), segments=5))
        return {"policy": Policy(sms_monthly_budget=5)}
    return {"sms": None} if failure is Failure.NO_SMS else {}


BARS = [
    *(Failure.NO_SMS, Failure.SMS_OFF, Failure.OPTED_OUT, Failure.NO_PHONE, Failure.BAD_NUMBER),
    Failure.BUDGET,
]


@pytest.mark.parametrize("failure", BARS)
async def test_r11_7_where_no_sms_can_go_telegram_is_tried_until_it_takes_it(post: Post, failure: Failure) -> None:
    amara = await post.person()
    mail = mail_of(post, **await bar(post, amara, failure))
    level = Urgency.IMPORTANT if failure is Failure.BUDGET else Urgency.URGENT
    note = await gone_on(post, mail, amara, level=level)
    assert await texting.carry_one(mail) is not None
    text_of = await post.sms_of(note)
    assert await state(post, text_of.id) == (DeliveryState.FAILED, failure)
    row = await post.row(note)
    assert (row.state, row.failure, row.due_at is not None) == (DeliveryState.PENDING, None, True)
    await done(post, mail)
    assert (await post.row(note)).state is SENT
    assert len(await post.chat(amara)) == 1
    assert (await post.row(note)).escalate_at is None, "it does not go by SMS twice"


async def test_r11_7_it_is_tried_for_two_hours_more_and_then_fails(post: Post) -> None:
    amara, mail = await post.person(), mail_of(post, sms=None)
    note = await gone_on(post, mail, amara)
    assert await texting.carry_one(mail) is not None
    for minutes, state_then in ((0, DeliveryState.PENDING), (119, DeliveryState.PENDING), (1, DeliveryState.FAILED)):
        await post.lease_ran_out(note)
        claim = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
        assert claim is not None
        post.sandbox.clock.forward(minutes * 60)
        assert (await settle(mail, claim, NotTaken("Telegram is away"))).state is state_then
        assert await ladder.climb(mail) == 0, "the ladder has nothing to climb to"
    async with post.sessions() as session:
        assert await session.scalar(select(func.count()).where(Delivery.channel == Channel.SMS)) == 1


@pytest.mark.parametrize("outcome", [Unreachable("blocked"), Rejected("a bug")])
async def test_r11_7_what_telegram_will_never_take_is_not_tried_again(post: Post, outcome: Outcome) -> None:
    amara, mail = await post.person(), mail_of(post, sms=None)
    note = await gone_on(post, mail, amara, outcome)
    assert await texting.carry_one(mail) is not None
    assert (await post.row(note)).state is DeliveryState.ESCALATED


async def test_r11_7_what_telegram_has_already_is_not_sent_again(post: Post) -> None:
    amara, mail = await post.person(), mail_of(post)
    note = await post.note(amara, Urgency.URGENT)
    await done(post, mail)
    post.sandbox.clock.forward(240)
    assert await ladder.climb(mail) == 1
    await bar(post, amara, Failure.SMS_OFF)
    await done(post, mail)
    assert (await post.sms_of(note)).failure is Failure.SMS_OFF
    assert (await post.row(note)).state is DeliveryState.ESCALATED
    assert len(await post.chat(amara)) == 1


async def test_r11_7_what_the_carrier_did_not_bring_goes_back_to_telegram_with_its_report(post: Post) -> None:
    amara, mail = await post.person(), mail_of(post)
    note = await gone_on(post, mail, amara)
    assert await texting.carry_one(mail) is not None
    text_of = await post.sms_of(note)
    sid = (await attempts(post, text_of.id))[0].sid
    assert await report(mail, post, text_of.id, "undelivered", 30006, sid=str(sid))
    assert await state(post, text_of.id) == (DeliveryState.UNDELIVERED, Failure.BAD_NUMBER)
    assert (await post.row(note)).state is DeliveryState.PENDING


async def test_r11_7_on_a_full_day_telegram_is_tried_and_the_sms_waits_for_the_morning(post: Post) -> None:
    amara, mail = await post.person(), mail_of(post)
    await earlier_ones(post, amara, 20, post.now())
    note = await gone_on(post, mail, amara)
    assert await texting.carry_one(mail) is not None
    assert (await post.sms_of(note)).state is DeliveryState.PENDING
    async with post.working(mail):
        await until(lambda: post.is_in(note, SENT))
    await change(post, insert(LastHeard).values(user_id=amara.id, at=post.now()))
    morning = (await post.sms_of(note)).due_at
    assert morning is not None
    post.sandbox.clock.set(morning)
    assert await texting.carry_one(mail) is not None
    assert (await post.sms_of(note)).state is DeliveryState.CANCELLED, "he has seen it in Telegram"


async def test_r11_8_an_sms_that_waited_for_its_turn_does_not_leave_in_a_halt(post: Post) -> None:
    """Which another process was told of meanwhile."""
    amara, mail, other = await post.person(linked=False), mail_of(post), mail_of(post)
    note = await text(post, amara)
    assert mail.sms is not None
    sms = await sms_claims.claim_send(mail.db, mail.now(), mail.sms.pace_key, mail.policy)
    assert sms is not None
    await other.pace.halt(mail.sms.pace_key, timedelta(hours=1))
    assert await sms_queue.begin(mail.db, sms, amara.phone, "Hi", 1, mail.policy, mail.now()) is None
    assert await attempts(post, note) == []


@pytest.mark.parametrize("what", ["STOP", "another number", "no SMS"])
async def test_r11_5_what_has_changed_while_it_waited_for_its_turn_counts(
    post: Post, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Carriers know nothing of ARRET; and the old number may be somebody else's by now (R12.7)."""
    amara, mail, other = await post.person(linked=False), mail_of(post), await post.person(linked=False)
    note = await text(post, amara)
    happens = {
        "STOP": insert(SmsOptOut).values(phone=amara.phone, since=post.now()),
        "another number": update(User).where(User.id == amara.id).values(phone=other.phone),
        "no SMS": insert(ContactSettings).values(user_id=amara.id, sms=False),
    }

    async def waits(*_: Any) -> bool:
        await change(post, happens[what])
        return True

    with monkeypatch.context() as patched:
        patched.setattr(pace.Pace, "sms_turn", waits)
        assert await texting.carry_one(mail) is None
    assert await attempts(post, note) == []
    await done(post, mail)
    assert await post.texts(amara) == []
    failure = {"STOP": Failure.OPTED_OUT, "another number": None, "no SMS": Failure.SMS_OFF}[what]
    assert await state(post, note) == (DeliveryState.FAILED if failure else SENT, failure)
    assert len(await post.texts(other)) == (failure is None)


async def test_r11_8_one_that_may_not_begin_is_given_back(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    amara, mail = await post.person(linked=False), mail_of(post)
    note = await text(post, amara)

    async def halted(*_: Any) -> None:
        return None

    with monkeypatch.context() as patched:
        patched.setattr(sms_queue, "begin", halted)
        assert await texting.carry_one(mail) is None
    assert (await post.row(note)).lease_until is None
    assert await texting.carry_one(mail) is not None
    assert await post.is_in(note, SENT)


# -- the digest


async def digest_of(post: Post, someone: Someone, *told: dict[str, Any]) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """A digest that is due, and the notices that it tells."""
    id_ = uuid.uuid4()
    of_digest = {"notification_id": None, "kind": "digest", "about": id_, "id": id_}
    digest = await post.note(someone, Urgency.NORMAL, channel=Channel.SMS, **of_digest)
    tells = {"channel": Channel.SMS, "state": DeliveryState.SUPERSEDED, "due_at": None, "superseded_by": digest}
    return digest, [await post.note(someone, Urgency.NORMAL, **tells | each) for each in told or ({},)]


def with_digest(post: Post, **given: Any) -> Mail:
    kinds = post.board.kinds()
    return mail_of(post, kinds=kinds | {"digest": kinds["manual"]}, **given)


async def for_the_next(post: Post, told: uuid.UUID) -> bool:
    row = await post.row(told)
    return (row.state, row.due_at, row.superseded_by) == (DeliveryState.PENDING, None, None)


async def test_r11_4_a_digest_is_held_in_quiet_hours(post: Post) -> None:
    amara, mail = await post.person(linked=False), with_digest(post)
    post.sandbox.clock.forward(10 * 3600)  # 22:00
    digest, _ = await digest_of(post, amara)
    assert await texting.carry_one(mail) is not None
    row = await post.row(digest)
    assert (row.state, row.due_at and row.due_at.isoformat()) == (DeliveryState.PENDING, "2026-11-26T13:00:00+00:00")
    assert await post.texts(amara) == []


async def test_r11_4_a_digest_does_not_ring_while_his_shift_is_active(post: Post) -> None:
    amara, mail = await post.person(linked=False), with_digest(post)
    await works(post, amara, post.now(), AssignmentStatus.ACTIVE)
    digest, _ = await digest_of(post, amara)
    for _ in range(2):
        assert await texting.carry_one(mail) is not None
        due_at = (await post.row(digest)).due_at
        assert due_at is not None and await post.is_in(digest, DeliveryState.PENDING)
        post.sandbox.clock.set(due_at)
    await change(post, update(Assignment).values(status=AssignmentStatus.COMPLETED))
    assert await texting.carry_one(mail) is not None
    assert await post.is_in(digest, SENT)


async def test_r11_6_what_a_digest_offers_has_a_code_of_its_own_each(post: Post) -> None:
    amara = await post.person(linked=False)
    offers = replace(post.board.kinds()["manual"], coded=True, line=lambda _facts, _reader, code: f"take it by {code}")
    mail = mail_of(post, kinds={"manual": offers, **digest.kinds({"manual": offers}, "Acme")})
    _, told = await digest_of(post, amara, *[{"about": uuid.uuid4()} for _ in range(2)])
    assert await texting.carry_one(mail) is not None
    async with post.sessions() as session:
        codes = {row.code: row.about for row in await session.scalars(select(SmsCode))}
    assert len(codes) == 2 and set(codes.values()) == {(await post.row(note)).about for note in told}
    [said] = await post.texts(amara)
    assert all(f"take it by {code}" in str(said) for code in codes)


@pytest.mark.parametrize("end", ["failed", "expired", "undelivered", "reported"])
async def test_r11_7_what_a_digest_did_not_bring_is_in_the_next(post: Post, end: str) -> None:
    amara, mail = await post.person(linked=False), with_digest(post)
    digest, [told] = await digest_of(post, amara)
    if end == "failed":
        await bar(post, amara, Failure.SMS_OFF)
    if end == "expired":
        await post.change(digest, expires_at=post.now())
    assert await texting.carry_one(mail) is not None
    if end in ("undelivered", "reported"):
        assert not await for_the_next(post, told), "it is on its way"
        sid = (await attempts(post, digest))[0].sid
        assert await report(mail, post, digest, "undelivered", 30006, sid=str(sid))
    assert not await post.is_in(digest, SENT)
    assert await for_the_next(post, told)


async def test_r11_3_what_has_no_point_any_more_is_not_in_the_next_digest(post: Post) -> None:
    amara, mail = await post.person(linked=False), with_digest(post, sms=None)
    over, later = {"expires_at": post.now()}, {"expires_at": post.now() + timedelta(days=1)}
    _, [expired, read, old, kept] = await digest_of(post, amara, over, {}, {}, later)
    of_read, of_old = (await post.row(read)).notification_id, (await post.row(old)).notification_id
    await change(post, update(Notification).where(Notification.id == of_read).values(read=True))
    long_ago = post.now() - timedelta(days=7)
    await change(post, update(Notification).where(Notification.id == of_old).values(created_at=long_ago))
    assert await texting.carry_one(mail) is not None
    assert [await for_the_next(post, each) for each in (expired, read, old, kept)] == [False, False, False, True]


# -- private


@pytest.mark.parametrize("kind", [None, "429", "500", "answer-lost"])
async def test_no_log_names_a_phone(post: Post, kind: str | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    amara, mail = await post.person(linked=False), mail_of(post)
    if kind:
        await post.fault("sms", kind)
    note = await text(post, amara, about=None)
    with capture_logs() as lines:
        await texting.carry_one(mail)
        await time_passed(post, note)
        post.sandbox.clock.forward(700)
        await texting.carry_one(mail)
        await report(mail, post, note, "delivered")
    assert lines
    ours = str(lines) + "".join(record.getMessage() for record in caplog.records if record.name != "uvicorn.access")
    assert amara.phone[1:] not in ours
    async with post.sessions() as session:
        noted = (await session.scalars(select(Notification.id))).one()
    assert all(line.get("notice") == str(noted) for line in lines if "delivery" in line)
