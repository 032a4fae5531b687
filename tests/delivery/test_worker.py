"""R11: what is due arrives, once, in the right order, by the right way."""

import asyncio
import uuid
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from bot.delivery import worker
from bot.delivery.carrying import carry, screen_for, settle
from bot.delivery.claims import Claimed, claim_telegram
from bot.delivery.mail import Mail
from bot.delivery.outcomes import NotTaken
from bot.delivery.pace import TELEGRAM, Slot
from bot.delivery.steps import Step
from bot.screens.screen import Screen
from domain.db.models import Pace
from domain.db.models.words import Channel, DeliveryState, Failure, Urgency
from tests.delivery.post import OTHERS, PATIENCE, UNLIMITED, UNPACED, Post, until
from tests.waits import somebody_waits


async def claimed(mail: Mail) -> Claimed:
    claim = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claim is not None
    return claim


async def finish(mail: Mail, claim: Claimed) -> Step:
    """What a worker does with what it has claimed."""
    content = await screen_for(mail, claim)
    assert isinstance(content, Screen)
    return await settle(mail, claim, await carry(mail, claim, content))


async def test_r11_2_a_notice_arrives_once(post: Post) -> None:
    amara = await post.person(language="fr")
    note = await post.note(amara)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["fr Hello"]
    row = await post.row(note)
    assert (row.state, row.attempt, row.lease_until, row.reason) == (DeliveryState.SENT, 1, None, None)
    assert row.message_id is not None
    assert row.chat_id == amara.chat_id
    assert row.sent_at is not None


@UNLIMITED
async def test_r11_7_two_workers_send_nothing_twice(post: Post) -> None:
    people = [await post.person() for _ in range(60)]
    await post.notes(people, Urgency.IMPORTANT)
    mail = post.mail(telegram_every=timedelta(seconds=0.005))
    async with post.working(mail), post.working(mail):
        await until(post.all_done)
    sends = [each["chat"] for each in await post.requests("sendMessage") if each["status"] == 200]
    assert len(sends) == len(set(sends)) == 60


@UNLIMITED
async def test_r11_7_killed_between_send_and_record_another_takes_over_when_the_lease_ends(post: Post) -> None:
    amara = await post.person()
    note = await post.note(amara)
    mail = post.mail(**UNPACED)
    killed = await claimed(mail)
    screen = await screen_for(mail, killed)
    assert isinstance(screen, Screen)
    await carry(mail, killed, screen)  # and it dies before it records
    assert await claim_telegram(mail.db, mail.now(), timedelta(0), mail.policy) is None, "the lease holds"
    await post.lease_ran_out(note)
    async with post.working(mail):
        await until(post.all_done)
    assert (await post.row(note)).attempt == 2
    assert await post.chat(amara) == ["en Hello", "en Hello"]  # the one place where a duplicate is allowed


@UNLIMITED
async def test_r11_7_who_comes_back_late_records_nothing_but_its_copy_is_kept_current(post: Post) -> None:
    amara = await post.person()
    note = await post.note(amara)
    mail = post.mail(**UNPACED)
    slow = await claimed(mail)
    await post.lease_ran_out(note)
    quick = await claimed(mail)
    await finish(mail, quick)
    before = await post.row(note)
    await finish(mail, slow)
    after = await post.row(note)
    assert (after.attempt, after.message_id, after.state) == (2, before.message_id, DeliveryState.SENT)
    post.board.texts[None] = "Taken"
    await post.redraw(note)
    async with post.working(mail):
        await until(post.all_done)
    assert await post.chat(amara) == ["en Taken", "en Taken"]


@UNLIMITED
async def test_r11_7_who_comes_back_late_does_not_speak_for_who_has_it_in_hand(post: Post) -> None:
    note = await post.note(await post.person(blocked=True), Urgency.URGENT)
    mail = post.mail(**UNPACED)
    slow = await claimed(mail)
    await post.lease_ran_out(note)
    quick = await claimed(mail)
    await finish(mail, slow)
    row = await post.row(note)
    assert (row.state, row.attempt, row.lease_until is not None) == (DeliveryState.SENDING, 2, True)
    await finish(mail, quick)
    assert (await post.row(note)).state is DeliveryState.ESCALATED


async def test_nothing_else_goes_to_a_person_while_a_message_of_his_is_in_hand(post: Post) -> None:
    amara, jean = await post.person(), await post.person()
    mail = post.mail(**UNPACED)
    await post.notes([amara, amara], Urgency.URGENT)
    his = await post.note(jean, Urgency.NORMAL)
    in_hand = await claimed(mail)
    other = await claimed(mail)
    assert (in_hand.user_id, other.id) == (amara.id, his)
    assert await claim_telegram(mail.db, mail.now(), timedelta(0), mail.policy) is None
    assert not isinstance(await mail.pace.slot_for_work(mail.now()), Slot), "no slot is taken in vain"
    await finish(mail, in_hand)
    assert (await claimed(mail)).user_id == amara.id


async def test_what_was_not_taken_rests_before_it_is_tried_again(post: Post) -> None:
    note = await post.note(await post.person(), Urgency.URGENT)
    mail = post.mail(**UNPACED)
    step = await settle(mail, await claimed(mail), NotTaken("refused"))
    row = await post.row(note)
    assert (row.state, row.lease_until, row.pause_until is not None) == (DeliveryState.PENDING, None, True)
    assert step.pause is not None
    assert step.pause >= timedelta(seconds=1)
    assert await claim_telegram(mail.db, mail.now(), timedelta(0), mail.policy) is None
    assert not isinstance(await mail.pace.slot_for_work(mail.now()), Slot)
    await post.change(note, pause_until=func.clock_timestamp())
    assert (await claimed(mail)).id == note


async def test_of_two_claims_at_once_one_gets_the_chat(post: Post) -> None:
    """The second has looked before the first took the chat's turn."""
    amara = await post.person()
    mail = post.mail()
    await post.note(amara, Urgency.URGENT)
    key = f"chat:{amara.chat_id}"
    async with post.sessions.begin() as session:
        await session.execute(text("INSERT INTO pace VALUES (:key, clock_timestamp())"), {"key": key})
    async with post.sessions.begin() as first:
        await first.execute(
            text("UPDATE pace SET next_at = next_at + interval '1 hour' WHERE key = :key"), {"key": key}
        )
        second = asyncio.create_task(claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy))
        await somebody_waits(first)
    assert await second is None


async def test_a_change_while_the_message_is_on_its_way_is_not_lost(post: Post) -> None:
    amara = await post.person()
    window = uuid.uuid4()
    note = await post.note(amara, about=window)
    post.board.texts[window] = "open"

    async def taken() -> None:
        post.board.texts[window] = "taken"
        await post.redraw(note)

    post.board.while_loading = taken
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en taken"]
    assert len(await post.requests("sendMessage", "editMessageText")) == 2


async def test_redraws_of_one_message_become_one_edit(post: Post) -> None:
    amara = await post.person()
    note = await post.note(amara)
    async with post.working():
        await until(post.all_done)
    for n in range(5):
        post.board.texts[None] = f"version {n}"
        await post.redraw(note)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en version 4"]
    assert len(await post.requests("editMessageText")) == 1


async def test_a_message_that_shows_it_already_counts_as_redrawn(post: Post) -> None:
    note = await post.note(await post.person())
    async with post.working():
        await until(post.all_done)
        await post.change(note, shows=None)  # nobody knows what it shows
        await post.redraw(note)
        await until(post.all_done)
    assert (await post.requests("editMessageText"))[0]["status"] == 400
    row = await post.row(note)
    assert (row.state, row.reason) == (DeliveryState.SENT, None)


async def test_what_has_nothing_to_show_any_more_is_deleted_or_never_sent(post: Post) -> None:
    amara, jean = await post.person(), await post.person()
    window = uuid.uuid4()
    shown = await post.note(amara, about=window)
    async with post.working():
        await until(post.all_done)
        post.board.texts[window] = None
        unsent = await post.note(jean, about=window)
        await post.redraw(shown)
        await until(post.all_done)
    assert await post.chat(amara) == await post.chat(jean) == []
    assert (await post.row(shown)).state == (await post.row(unsent)).state == DeliveryState.CANCELLED


async def test_a_card_that_is_gone_from_the_chat_is_forgotten(post: Post) -> None:
    note = await post.note(await post.person(), kind="home", notification_id=None)
    async with post.working():
        await until(post.all_done)
        await post.change(note, message_id=999)
        post.board.texts[None] = "new"
        await post.redraw(note)
        await until(post.all_done)
    row = await post.row(note)
    assert row.state is DeliveryState.CANCELLED
    assert "not found" in (row.reason or "")


async def test_r11_3_what_lost_its_point_is_never_sent(post: Post) -> None:
    amara = await post.person()
    window = uuid.uuid4()
    lost = await post.note(amara, about=window)
    over = await post.note(amara, expires_at=post.now() - timedelta(seconds=1))
    post.board.pointless.add(window)
    async with post.working():
        await until(post.all_done)
    assert (await post.row(lost)).state is DeliveryState.CANCELLED
    assert (await post.row(over)).state is DeliveryState.EXPIRED
    assert await post.chat(amara) == await post.texts(amara) == []


@UNLIMITED
async def test_r11_8_urgent_goes_ahead_of_thousands_and_edits_of_taken_offers_last(post: Post) -> None:
    crowd = [await post.person() for _ in range(40)]
    offers = await post.notes(crowd[:10], Urgency.URGENT)
    async with post.working(post.mail(**UNPACED)):
        await until(post.all_done)
    await post.redraw(*offers, urgency=Urgency.TIDYING)
    post.board.texts[None] = "taken"
    await post.notes(crowd * 50, Urgency.NORMAL)  # 2,000
    done = len(await post.requests("sendMessage"))
    urgent = await post.person()
    mail = post.mail(telegram_every=timedelta(seconds=0.01), chat_every=timedelta(0))
    async with post.working(mail):
        await until(lambda: _more_sent(post, done + 20))
        before = len(await post.requests("sendMessage"))
        await post.note(urgent, Urgency.URGENT)
        await until(lambda: post.chat(urgent))
    sends = await post.requests("sendMessage")
    place = [send["chat"] for send in sends].index(urgent.slug)
    assert place - before < 15, "it overtook all but those that were on their way while the test looked"
    assert await post.requests("editMessageText") == []


async def _more_sent(post: Post, count: int) -> bool:
    return len(await post.requests("sendMessage")) >= count


async def test_r11_8_a_429_halts_every_worker_for_as_long_as_it_says(post: Post) -> None:
    people = [await post.person() for _ in range(40)]
    await post.notes(people, Urgency.IMPORTANT)
    await post.fault("telegram", "429", times=1, retry_after=4)
    async with post.working(), post.working():
        await until(post.all_done)
    async with post.sessions() as session:
        halted_until = await session.scalar(select(Pace.halted_until).where(Pace.key == TELEGRAM))
    assert halted_until is not None
    over = halted_until.timestamp()
    walls = [send["wall"] for send in await post.requests("sendMessage")]
    # What had left, or was made ready, before the halt was known is not held against anybody.
    assert [wall for wall in walls if over - 2 < wall < over] == []
    later = [wall for wall in walls if wall >= over]
    assert len(later) >= 4
    assert min(later) - over < PATIENCE / 4, "then soon"
    assert await post.states() == {"sent": 40}


@pytest.mark.parametrize("by_another", [False, True])
async def test_r11_8_what_was_about_to_leave_when_a_429_came_waits_too(post: Post, by_another: bool) -> None:
    note = await post.note(await post.person())
    mail = post.mail(telegram_every=timedelta(seconds=1))
    assert await mail.pace.slot()
    slot = await mail.pace.slot_for_work(mail.now())
    assert isinstance(slot, Slot)
    claim = await claimed(mail)
    await (post.mail() if by_another else mail).pace.halt(TELEGRAM, timedelta(hours=1))
    assert not await worker._in_time(mail, slot, claim)
    row = await post.row(note)
    assert (row.state, row.lease_until) == (DeliveryState.PENDING, None), "whoever is first afterwards has it"


async def test_a_screen_that_cannot_be_made_fails_alone(post: Post) -> None:
    amara = await post.person()
    post.board.fault = ValueError("a fault of ours")
    broken = await post.note(amara, Urgency.NORMAL)
    unknown = await post.note(amara, Urgency.NORMAL, kind="of another release")
    async with post.working():
        await until(post.all_done)
    for note, state in ((broken, DeliveryState.ESCALATED), (unknown, DeliveryState.FAILED)):
        row = await post.row(note)
        assert (row.state, row.failure) == (state, Failure.REFUSED)
        assert "a fault of ours" in (row.reason or "")


async def test_html_is_valid_whatever_names_contain(post: Post) -> None:
    amara = await post.person()
    name = '<b>&amp; O\'Brien "<script>" </b> Zoë & fils > 3'
    post.board.texts[None] = name
    await post.note(amara)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == [f"en {name}"]


async def test_r11_7_the_database_restarts_and_the_work_goes_on_by_itself(post: Post) -> None:
    people = [await post.person() for _ in range(30)]
    await post.notes(people, Urgency.IMPORTANT)
    async with post.working():
        await until(lambda: _more_sent(post, 5))
        async with post.sessions() as session:
            cut = OTHERS.replace("*", "pg_terminate_backend(pid)")
            await session.execute(text(f"{cut} AND datname = current_database()"))
        await until(lambda: _all_done_after_a_cut(post))
    assert await post.states() == {"sent": 30}
    sends = [each["chat"] for each in await post.requests("sendMessage")]
    assert len(sends) == len(set(sends)), "what was sent while the database was away is recorded when it is back"


async def _all_done_after_a_cut(post: Post) -> bool:
    try:
        return await post.all_done()
    except DBAPIError:  # the test's own connections were cut, too
        return False


async def test_the_duty_carries_everything_that_is_due_and_counts(post: Post) -> None:
    amara, jean = await post.person(), await post.person(linked=False)
    await post.notes([amara, amara], Urgency.NORMAL)
    await post.note(jean, channel=Channel.SMS)
    await post.note(amara, due_at=post.now() + timedelta(hours=1))
    assert await worker.deliver_due(post.mail()) == {"sent": 3}
    assert (len(await post.chat(amara)), len(await post.texts(jean))) == (2, 1)


async def test_a_commit_wakes_the_worker(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody polls here: without being woken, no message would ever leave."""
    monkeypatch.setattr(worker, "POLL_EVERY", 3600.0)
    people = [await post.person() for _ in range(5)]
    async with post.working():
        await until(lambda: _somebody_listens(post))
        for someone in people:
            await post.note(someone)
            assert await until(partial(post.chat, someone)) == ["en Hello"]


async def _somebody_listens(post: Post) -> bool:
    async with post.sessions() as session:
        listening = OTHERS.replace("*", "count(*)") + " AND query LIKE 'LISTEN%' AND state = 'idle'"
        return bool(await session.scalar(text(f"{listening} AND datname = current_database()")))
