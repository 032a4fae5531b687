"""R11.2 to R11.4: what nobody answers goes on, and nobody is woken for what can wait."""

import asyncio
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text

from bot.delivery import ladder, queue
from bot.delivery.carrying import carry, settle
from bot.delivery.claims import claim_telegram
from bot.delivery.mail import Mail
from bot.delivery.outcomes import NotTaken, Unreachable
from bot.screens.screen import Screen
from domain.db.models import (
    ContactSettings,
    Delivery,
    LastHeard,
    Notification,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus, DeliveryState, Failure, Urgency, UserRole
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.people import Written
from domain.notices.kinds import Kind
from domain.policy import TORONTO
from tests.delivery.post import UNPACED, Post, Someone, until, works
from tests.waits import somebody_waits


async def heard(post: Post, someone: Someone, at: datetime) -> None:
    async with post.sessions.begin() as session:
        await session.execute(delete(LastHeard).where(LastHeard.user_id == someone.id))
        await session.execute(insert(LastHeard).values(user_id=someone.id, at=at))


def ten_at_night(post: Post) -> datetime:
    night = post.now().astimezone(TORONTO).replace(hour=22, minute=0, second=0, microsecond=0)
    post.sandbox.clock.set(night)
    return night


async def sent(post: Post, someone: Someone, urgency: Urgency, **given: Any) -> uuid.UUID:
    """A message that Telegram has taken, with the clock standing still."""
    post.sandbox.clock.pause()
    note = await post.note(someone, urgency, **given)
    async with post.working():
        await until(lambda: post.is_in(note, DeliveryState.SENT))
    return note


@pytest.mark.parametrize(("urgency", "minutes"), [(Urgency.URGENT, 4), (Urgency.IMPORTANT, 30)])
async def test_r11_2_unanswered_it_goes_by_sms_to_the_second(post: Post, urgency: Urgency, minutes: int) -> None:
    amara = await post.person()
    mail, note = post.mail(), await sent(post, amara, urgency)
    post.sandbox.clock.forward(minutes * 60 - 1)
    assert await ladder.climb(mail) == 0
    post.sandbox.clock.forward(1)
    assert await ladder.climb(mail) == 1
    assert (await post.row(note)).state is DeliveryState.ESCALATED
    async with post.working():
        await until(post.all_done)
    assert len(await post.texts(amara)) == 1
    assert await ladder.climb(mail) == 0, "once"


async def test_r11_2_a_normal_one_never_goes_on(post: Post) -> None:
    amara = await post.person()
    note = await sent(post, amara, Urgency.NORMAL)
    post.sandbox.clock.forward(24 * 3600)
    assert await ladder.climb(post.mail()) == 0
    assert (await post.row(note)).escalate_at is None


@pytest.mark.parametrize(("seconds", "state"), [(0, DeliveryState.ACKNOWLEDGED), (-1, DeliveryState.ESCALATED)])
async def test_r11_2_anything_that_he_did_since_acknowledges(post: Post, seconds: int, state: DeliveryState) -> None:
    amara = await post.person()
    note = await sent(post, amara, Urgency.URGENT)
    await heard(post, amara, post.now() + timedelta(seconds=seconds))
    post.sandbox.clock.forward(240)
    await ladder.climb(post.mail())
    assert (await post.row(note)).state is state


async def test_r11_3_answered_before_the_sms_left_it_is_not_sent(post: Post) -> None:
    amara = await post.person()
    note = await sent(post, amara, Urgency.URGENT)
    post.sandbox.clock.forward(240)
    await ladder.climb(post.mail())
    await heard(post, amara, post.now())
    async with post.working():
        await until(post.all_done)
    assert (await post.sms_of(note)).state is DeliveryState.CANCELLED
    assert await post.texts(amara) == []


async def test_r11_2_a_long_halt_of_telegrams_does_not_keep_urgent_ones(post: Post) -> None:
    """Nobody even tries it while a 429 stands; four minutes after it was due it goes by SMS all the same."""
    amara = await post.person()
    mail = post.mail()
    post.sandbox.clock.pause()
    await mail.pace.halt("telegram", timedelta(hours=1))
    note = await post.note(amara, Urgency.URGENT)
    post.sandbox.clock.forward(239)
    assert await ladder.climb(mail) == 0
    post.sandbox.clock.forward(1)
    async with post.working():
        await until(lambda: post.is_in(note, DeliveryState.ESCALATED))
        await until(post.all_done)
    assert len(await post.texts(amara)) == 1


async def test_two_climbers_make_one_sms(post: Post) -> None:
    """Killed between the look and the record, another climbs when the lease ends."""
    amara = await post.person()
    note = await sent(post, amara, Urgency.URGENT)
    post.sandbox.clock.forward(240)
    assert (await ladder.climb(post.mail()), await ladder.climb(post.mail())) == (1, 0)
    await post.change(note, state=DeliveryState.SENT, escalate_at=post.now())
    await ladder.climb(post.mail())
    async with post.sessions() as session:
        rows = (await session.scalars(select(Delivery).where(Delivery.escalated_from == note))).all()
    assert len(rows) == 1


async def test_r11_2_what_is_answered_while_it_is_looked_for_goes_nowhere(post: Post) -> None:
    """The look has begun, and comes to its row only then; so would others behind it be held up."""
    amara = await post.person()
    about, mail = uuid.uuid4(), post.mail()
    note = await sent(post, amara, Urgency.URGENT, about=about)
    post.sandbox.clock.forward(240)
    async with post.sessions.begin() as session:
        await session.execute(text("ALTER TABLE pauses RENAME TO pauses_there_are"))
        held = "SELECT pg_advisory_xact_lock(1)::text <> '' AS since"
        await session.execute(text(f"CREATE VIEW pauses AS SELECT FROM ({held}) AS waits WHERE since"))
    async with post.sessions.begin() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(1)"))
        climbs = asyncio.create_task(ladder.climb(mail))
        await somebody_waits(session, unless_done=climbs)
        async with post.sessions.begin() as answering:
            assert await notices.acknowledge(answering, amara.id, Kind.MANUAL, about, post.now())
    assert await climbs == 0
    assert await post.is_in(note, DeliveryState.ACKNOWLEDGED)


@pytest.mark.parametrize(("free", "ends"), [(True, 8), (False, 6)])
async def test_r11_4_at_night_it_is_held_until_the_morning(post: Post, free: bool, ends: int) -> None:
    amara = await post.person()
    post.sandbox.clock.pause()
    night = ten_at_night(post)
    if not free:
        own = {"quiet_from": night.time().replace(hour=21), "quiet_until": night.time().replace(hour=6, minute=0)}
        async with post.sessions.begin() as session:
            await session.execute(insert(ContactSettings).values(user_id=amara.id, **own))
    note = await post.note(amara, Urgency.IMPORTANT)
    async with post.working():
        await until(post.all_done)
        row = await post.row(note)
        assert row.due_at == (night + timedelta(days=1)).replace(hour=ends, minute=0)
        assert await post.chat(amara) == []
        post.sandbox.clock.set(row.due_at)
        await until(lambda: post.is_in(note, DeliveryState.SENT))
    assert len(await post.chat(amara)) == 1


async def test_r11_4_what_lost_its_point_in_the_night_is_dropped(post: Post) -> None:
    amara, about = await post.person(), uuid.uuid4()
    post.sandbox.clock.pause()
    ten_at_night(post)
    note = await post.note(amara, Urgency.IMPORTANT, about=about)
    async with post.working():
        await until(post.all_done)
        post.board.pointless.add(about)
        post.sandbox.clock.forward(10 * 3600)
        await until(lambda: post.is_in(note, DeliveryState.CANCELLED))
    assert await post.chat(amara) == []


async def test_r11_4_what_would_expire_by_then_comes_silently_and_urgent_rings(post: Post) -> None:
    amara = await post.person()
    post.sandbox.clock.pause()
    ten_at_night(post)
    soon = post.now() + timedelta(hours=2)
    for urgency, expires_at in ((Urgency.IMPORTANT, soon), (Urgency.URGENT, None)):
        note = await post.note(amara, urgency, expires_at=expires_at)
        async with post.working():
            await until(partial(post.is_in, note, DeliveryState.SENT))
    silent = [request["params"].get("disable_notification") for request in await post.requests("sendMessage")]
    assert [str(each).lower() == "true" for each in silent] == [True, False]


async def test_r11_2_what_counts_by_its_button_alone_is_not_acknowledged_by_anything_else(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "BY_ITS_BUTTON", [Kind.MANUAL.value])
    amara, jean = await post.person(), await post.person()
    about = uuid.uuid4()
    unpressed, pressed = await sent(post, amara, Urgency.URGENT), await sent(post, jean, Urgency.URGENT, about=about)
    for someone in (amara, jean):
        await heard(post, someone, post.now())
    async with post.sessions.begin() as session:
        assert await notices.acknowledge(session, jean.id, Kind.MANUAL, about, post.now())
    post.sandbox.clock.forward(240)
    assert await ladder.climb(post.mail()) == 1
    states = [(await post.row(note)).state for note in (unpressed, pressed)]
    assert states == [DeliveryState.ESCALATED, DeliveryState.ACKNOWLEDGED]


async def test_r11_2_a_redraw_does_not_put_off_when_it_goes_on(post: Post) -> None:
    amara = await post.person()
    note = await sent(post, amara, Urgency.URGENT)
    waits_until = (await post.row(note)).escalate_at
    post.sandbox.clock.forward(200)
    post.board.texts[None] = "Sooner"
    await post.redraw(note)
    async with post.working():
        await until(post.all_done)
    row = await post.row(note)
    assert (row.state, row.escalate_at) == (DeliveryState.SENT, waits_until)
    post.sandbox.clock.forward(40)
    assert await ladder.climb(post.mail()) == 1


async def test_r11_2_what_went_on_by_sms_is_redrawn_all_the_same_and_goes_on_once(post: Post) -> None:
    """The redraw that was due when the time came is not lost by it."""
    amara = await post.person()
    note = await sent(post, amara, Urgency.URGENT)
    await post.redraw(note)
    await post.change(note, redraw=False)  # as after a first try of the edit
    post.board.texts[None] = "Taken"
    post.sandbox.clock.forward(240)
    await ladder.climb(post.mail())
    async with post.working():
        await until(post.all_done)
    row = await post.row(note)
    assert (row.state, row.reason, row.escalate_at) == (DeliveryState.ESCALATED, "unanswered", None)
    assert await post.chat(amara) == ["en Taken"]
    assert await ladder.climb(post.mail()) == 0


async def test_r11_7_killed_between_the_look_and_the_record_it_goes_by_sms_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    amara = await post.person()
    mail, note = post.mail(), await sent(post, amara, Urgency.URGENT)
    post.sandbox.clock.forward(240)
    late: list[tuple[Any, ...]] = []

    async def dies(*given: Any) -> None:
        late.append(given)

    monkeypatch.setattr(ladder, "settle", dies)
    assert (await ladder.climb(mail), await ladder.climb(mail)) == (1, 0), "the lease holds"
    monkeypatch.setattr(ladder, "settle", settle)
    await post.lease_ran_out(note)
    assert await ladder.climb(mail) == 1
    await settle(*late[0])  # it was not dead, only slow
    assert (await post.row(note)).state is DeliveryState.ESCALATED
    assert (await post.sms_of(note)).state is DeliveryState.PENDING, "one row"


async def test_r11_7_killed_before_a_refusal_is_recorded_it_goes_by_sms_once(post: Post) -> None:
    amara = await post.person(blocked=True)
    mail, note = post.mail(**UNPACED), await post.note(amara, Urgency.URGENT)
    killed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert killed is not None
    refused = await carry(mail, killed, Screen("Hello"))
    assert isinstance(refused, Unreachable)
    await post.lease_ran_out(note)
    async with post.working(mail):
        await until(post.all_done)
    await settle(mail, killed, refused)
    assert (await post.row(note)).state is DeliveryState.ESCALATED
    assert await post.sms_of(note)
    assert len(await post.texts(amara)) == 1


async def test_r11_2_tried_in_vain_for_four_minutes_it_goes_by_sms_though_its_sender_died(post: Post) -> None:
    amara = await post.person()
    post.sandbox.clock.pause()
    mail, note = post.mail(), await post.note(amara, Urgency.URGENT)
    assert await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    post.sandbox.clock.forward(240)
    assert await ladder.climb(mail) == 0, "it is in somebody's hands"
    await post.lease_ran_out(note)
    assert await ladder.climb(mail) == 1
    row = await post.row(note)
    assert (row.state, row.failure) == (DeliveryState.ESCALATED, Failure.NO_ANSWER)


async def test_r11_4_what_is_held_for_the_night_is_not_overdue(post: Post) -> None:
    amara = await post.person()
    post.sandbox.clock.pause()
    ten_at_night(post)
    note = await post.note(amara, Urgency.IMPORTANT)
    async with post.working():
        await until(post.all_done)
    post.sandbox.clock.forward(3600)
    assert await ladder.climb(post.mail()) == 0
    assert (await post.row(note)).state is DeliveryState.PENDING


async def test_r11_2_what_was_held_for_the_night_is_asked_of_telegram_first_however_late(post: Post) -> None:
    """The workers are back half an hour after the quiet hours have ended: nobody has tried it."""
    amara, mail = await post.person(), post.mail()
    post.sandbox.clock.pause()
    night = ten_at_night(post)
    note = await post.note(amara, Urgency.IMPORTANT)
    async with post.working(mail):
        await until(post.all_done)
    post.sandbox.clock.set((night + timedelta(days=1)).replace(hour=8, minute=31))
    assert await ladder.climb(mail) == 0
    async with post.working(mail):
        await until(lambda: post.is_in(note, DeliveryState.SENT))
    assert (len(await post.chat(amara)), await post.texts(amara)) == (1, [])


async def test_r11_2_what_was_given_back_untried_is_asked_of_telegram_first(post: Post) -> None:
    mail = post.mail()
    post.sandbox.clock.pause()
    note = await post.note(await post.person(), Urgency.URGENT)
    claim = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claim is not None
    await queue.release(mail.db, claim)
    post.sandbox.clock.forward(240)
    assert await ladder.climb(mail) == 0
    assert (await post.row(note)).attempt == 1


async def test_r11_2_what_telegram_did_not_take_is_overdue_though_nobody_has_it_in_hand(post: Post) -> None:
    mail = post.mail()
    post.sandbox.clock.pause()
    note = await post.note(await post.person(), Urgency.URGENT)
    claim = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claim is not None
    await settle(mail, claim, NotTaken("Telegram is away"))
    post.sandbox.clock.forward(239)
    assert await ladder.climb(mail) == 0
    post.sandbox.clock.forward(1)
    assert await ladder.climb(mail) == 1
    assert (await post.row(note)).state is DeliveryState.ESCALATED


async def rings(post: Post, someone: Someone, mail: Mail, **given: Any) -> bool:
    """Whether a message that comes at once rings."""
    note = await post.note(someone, **given)
    async with post.working(mail):
        await until(lambda: post.is_in(note, DeliveryState.SENT))
    return await rang(post)


async def rang(post: Post) -> bool:
    request = (await post.requests("sendMessage"))[-1]
    return str(request["params"].get("disable_notification")).lower() != "true"


@pytest.mark.parametrize("wakes", [False, True])
async def test_r11_4_emergency_offers_come_silently_at_night_but_for_who_chose_wake_me(post: Post, wakes: bool) -> None:
    amara = await post.person()
    post.sandbox.clock.pause()
    ten_at_night(post)
    async with post.sessions.begin() as session:
        await session.execute(insert(ContactSettings).values(user_id=amara.id, wake_me=wakes))
    kinds = post.board.kinds()
    mail = post.mail(kinds=kinds | {"offer": kinds["manual"]})
    assert await rings(post, amara, mail, urgency=Urgency.URGENT, kind="offer") is wakes


async def test_r11_4_to_a_manager_about_a_start_within_twelve_hours_it_rings_at_night(post: Post) -> None:
    mona = await post.person()
    post.sandbox.clock.pause()
    night = ten_at_night(post)
    note = await post.note(mona, Urgency.IMPORTANT)
    async with post.sessions.begin() as session:
        (await session.get_one(User, mona.id)).role = UserRole.MANAGER
        noted = await session.get_one(Notification, (await post.row(note)).notification_id)
        noted.data = {"kind": "manual", "starts_at": (night + timedelta(hours=9)).isoformat()}
    async with post.working():
        await until(lambda: post.is_in(note, DeliveryState.SENT))
    assert await rang(post)


@pytest.mark.parametrize(("urgency", "loud"), [(Urgency.NORMAL, False), (Urgency.IMPORTANT, True)])
async def test_r11_4_while_a_shift_is_active_normal_ones_come_silently(
    post: Post, urgency: Urgency, loud: bool
) -> None:
    amara = await post.person()
    await works(post, amara, post.now(), AssignmentStatus.ACTIVE)
    assert await rings(post, amara, post.mail(), urgency=urgency) is loud


@pytest.mark.parametrize(
    ("status", "ends"), [(AssignmentStatus.SCHEDULED, 6), (AssignmentStatus.CANCELLED, 8), (None, 8)]
)
async def test_r11_4_until_eight_only_on_a_morning_without_a_shift(
    post: Post, status: AssignmentStatus | None, ends: int
) -> None:
    amara = await post.person()
    post.sandbox.clock.pause()
    night = ten_at_night(post)
    if status is not None:
        await works(post, amara, night + timedelta(days=1), status)
    note = await post.note(amara, Urgency.IMPORTANT)
    async with post.working():
        await until(post.all_done)
    assert (await post.row(note)).due_at == (night + timedelta(days=1)).replace(hour=ends, minute=0)


async def test_r11_2_an_urgent_one_goes_on_to_the_other_managers(post: Post) -> None:
    """Four minutes to the SMS, ten more to the others; who is away is left out, who was told is not told again."""
    first, also, second, away = [await post.person() for _ in range(4)]
    mail = post.mail()
    post.sandbox.clock.pause()
    warehouse_id, about = uuid.uuid4(), uuid.uuid4()
    async with post.sessions.begin() as session:
        await session.execute(
            insert(Warehouse).values(id=warehouse_id, name="North", address="x", created_at=post.now())
        )
        for someone in (first, also, second, away):
            user = await session.get_one(User, someone.id)
            user.role = UserRole.MANAGER
            await session.execute(
                insert(WarehouseManager).values(warehouse_id=warehouse_id, user_id=someone.id, created_at=post.now())
            )
        until_then = post.now() + timedelta(days=1)
        await session.execute(insert(ContactSettings).values(user_id=away.id, away_until=until_then))
        envelope = notices.Envelope(Kind.MANUAL, about, warehouse_id=warehouse_id, level=Urgency.URGENT)
        told = [first.id, also.id]
        await notices.tell(session, told, Written("Nadia", "Call me"), envelope, mail.words, mail.policy, post.now())
    async with post.working(mail):
        await until(post.all_done)
        post.sandbox.clock.forward(240)
        await until(lambda: _texted(post, first))
        post.sandbox.clock.forward(599)
        assert await post.chat(second) == []
        post.sandbox.clock.forward(1)
        await until(lambda: _shown(post, second))
        await until(post.all_done)
        post.sandbox.clock.forward(240)
        await until(lambda: _texted(post, second))
        post.sandbox.clock.forward(600)
        await until(lambda: _climbed(post))
    async with post.sessions() as session:
        noted = (await session.scalars(select(Notification.user_id))).all()
    assert sorted(noted) == sorted([first.id, also.id, second.id]), "each once"
    assert await post.chat(away) == []


async def test_r11_2_answered_in_the_instant_of_passing_on_it_goes_to_nobody(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is committed after the ladder has taken the row, and before it passes the notice on."""
    manager, other = await post.person(linked=False), await post.person()
    mail, warehouse_id, about = post.mail(), uuid.uuid4(), uuid.uuid4()
    async with post.sessions.begin() as session:
        await session.execute(
            insert(Warehouse).values(id=warehouse_id, name="North", address="x", created_at=post.now())
        )
        for someone in (manager, other):
            (await session.get_one(User, someone.id)).role = UserRole.MANAGER
            values = {"warehouse_id": warehouse_id, "user_id": someone.id, "created_at": post.now()}
            await session.execute(insert(WarehouseManager).values(values))
        envelope = notices.Envelope(Kind.MANUAL, about, warehouse_id=warehouse_id, level=Urgency.URGENT)
        written = Written("Nadia", "Call me")
        await notices.tell(session, [manager.id], written, envelope, mail.words, mail.policy, post.now())
    post.sandbox.clock.forward(600)
    passes_on = ladder._pass_on

    async def answered_first(*given: Any) -> None:
        async with post.sessions.begin() as session:
            assert await notices.acknowledge(session, manager.id, Kind.MANUAL, about, post.now())
        await passes_on(*given)

    monkeypatch.setattr(ladder, "_pass_on", answered_first)
    assert await ladder.climb(mail) == 1
    async with post.sessions() as session:
        assert (await session.scalars(select(Notification.user_id))).all() == [manager.id]


@pytest.mark.parametrize("linked", [False, True])
async def test_r11_2_what_a_driver_does_not_answer_is_passed_on_to_nobody(post: Post, linked: bool) -> None:
    """By SMS from the beginning, or after Telegram."""
    driver, manager, mail = await post.person(linked=linked), await post.person(), post.mail()
    post.sandbox.clock.pause()
    warehouse_id, about = uuid.uuid4(), uuid.uuid4()
    async with post.sessions.begin() as session:
        await session.execute(
            insert(Warehouse).values(id=warehouse_id, name="North", address="x", created_at=post.now())
        )
        (await session.get_one(User, manager.id)).role = UserRole.MANAGER
        values = {"warehouse_id": warehouse_id, "user_id": manager.id, "created_at": post.now()}
        await session.execute(insert(WarehouseManager).values(values))
        envelope = notices.Envelope(Kind.MANUAL, about, warehouse_id=warehouse_id, level=Urgency.URGENT)
        written = Written("Nadia", "Call me")
        await notices.tell(session, [driver.id], written, envelope, mail.words, mail.policy, post.now())
    async with post.working(mail):
        await until(post.all_done)
        post.sandbox.clock.forward(240)
        await until(lambda: _texted(post, driver))
        await until(post.all_done)
    post.sandbox.clock.forward(600)
    assert await ladder.climb(mail) == 0
    async with post.sessions() as session:
        assert (await session.scalars(select(Notification.user_id))).all() == [driver.id]


async def test_r11_3_an_offer_that_is_over_does_not_go_on(post: Post) -> None:
    amara, about, kinds = await post.person(), uuid.uuid4(), post.board.kinds()
    mail = post.mail(kinds=kinds | {"offer": kinds["manual"]})
    post.sandbox.clock.pause()
    note, other = [await post.note(amara, Urgency.URGENT, kind="offer", about=each) for each in (about, uuid.uuid4())]
    async with post.working(mail):
        await until(lambda: post.is_in(note, DeliveryState.SENT))
        await until(lambda: post.is_in(other, DeliveryState.SENT))
    async with post.sessions.begin() as session:
        await following.follow(session, about, post.now(), over=True)
    post.sandbox.clock.forward(240)
    assert await ladder.climb(mail) == 1
    states = [(await post.row(each)).state for each in (note, other)]
    assert states == [DeliveryState.SENT, DeliveryState.ESCALATED]


async def _climbed(post: Post) -> bool:
    async with post.sessions() as session:
        return not await session.scalar(select(func.count()).where(Delivery.escalate_at <= post.now()))


async def _texted(post: Post, someone: Someone) -> bool:
    return bool(await post.texts(someone))


async def _shown(post: Post, someone: Someone) -> bool:
    return bool(await post.chat(someone))
