"""Replies: rows whose first attempt is made at once by who has the update in hand."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from time import monotonic

from bot.delivery import queue, replies
from bot.delivery.claims import SEND_FOR, Claimed, claim_telegram
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Edited, Sent, Unreachable, Unsure
from bot.delivery.replies import Lane, Reply, Saying
from bot.screens.screen import Screen
from domain.db.models.words import DeliveryState, Failure
from tests.delivery.post import UNPACED, Post, Someone, until


async def tracked(
    post: Post, someone: Someone, message_id: int | None = None, kind: str = "home", about: uuid.UUID | None = None
) -> Claimed:
    """As an update's transaction does it."""
    async with post.sessions.begin() as session:
        return await queue.track(
            session, someone.id, kind, about, chat_id=someone.chat_id, message_id=message_id, now=post.now()
        )


async def said(
    post: Post, mail: Mail, someone: Someone, text: str, kind: str = "home", about: uuid.UUID | None = None
) -> tuple[uuid.UUID, int]:
    post.board.texts[about] = text
    ticket = await tracked(post, someone, kind=kind, about=about)
    outcome = await replies.carry_reply(mail, ticket)
    assert isinstance(outcome, Sent)
    return ticket.id, outcome.message_id


async def test_a_reply_is_sent_at_once_and_kept_current(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    ticket = await tracked(post, amara)
    assert await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy) is None, (
        "it is in this process's hands"
    )
    assert isinstance(await replies.carry_reply(mail, ticket), Sent)
    row = await post.row(ticket.id)
    assert (row.state, row.due_at, row.lease_until) == (DeliveryState.SENT, None, None)
    await post.redraw(ticket.id)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en Hello"]


async def test_the_process_dies_before_it_replies_and_a_worker_does(post: Post) -> None:
    amara = await post.person()
    ticket = await tracked(post, amara)
    await post.lease_ran_out(ticket.id)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en Hello"]


async def test_a_pressed_message_shows_something_else_from_now_on(post: Post) -> None:
    amara = await post.person()
    mail, window = post.mail(), uuid.uuid4()
    note, message_id = await said(post, mail, amara, "an offer", kind="manual", about=window)
    post.board.texts[None] = "another"
    pressed = await tracked(post, amara, message_id, "manual", None)
    assert pressed.id == note
    assert await replies.carry_reply(mail, pressed) == Edited()
    row = await post.row(note)
    assert (row.about, row.state, row.attempt, row.due_at) == (None, DeliveryState.SENT, 2, None)
    assert await post.chat(amara) == ["en another"]


async def test_a_press_fences_off_a_worker_that_is_redrawing_and_has_the_last_word(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    note, message_id = await said(post, mail, amara, "an offer", kind="manual")
    post.board.texts[None] = "the latest"
    pressed: list[Claimed] = []

    async def press() -> None:
        pressed.append(await tracked(post, amara, message_id, "manual"))
        await replies.carry_reply(mail, pressed[0])

    post.board.while_loading = press
    await post.redraw(note)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en the latest"], "what the worker brought too late is drawn anew"
    assert (await post.row(note)).attempt >= 3


async def test_there_is_one_home_card(post: Post) -> None:
    amara, jean = await post.person(), await post.person()
    mail = post.mail()
    first, _ = await said(post, mail, amara, "home")
    other, _ = await said(post, mail, jean, "home")
    second, _ = await said(post, mail, amara, "home again")
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en home again"]
    assert await post.chat(jean) == ["en home"]
    states = [(await post.row(row)).state for row in (first, second, other)]
    assert states == [DeliveryState.CANCELLED, DeliveryState.SENT, DeliveryState.SENT]


async def test_a_reply_shows_what_is_true_when_it_is_sent(post: Post) -> None:
    amara = await post.person()
    ticket = await tracked(post, amara)
    post.board.texts[None] = "changed by somebody since"
    assert isinstance(await replies.carry_reply(post.mail(), ticket), Sent)
    assert await post.chat(amara) == ["en changed by somebody since"]


async def test_r12_4_a_press_about_nothing_leaves_the_message_as_it_was(post: Post) -> None:
    amara = await post.person()
    mail, nothing = post.mail(), uuid.uuid4()
    row, message_id = await said(post, mail, amara, "home")
    post.board.texts[nothing] = None
    pressed = await tracked(post, amara, message_id, "manual", nothing)
    await replies.carry_reply(mail, pressed)
    assert await post.chat(amara) == ["en home"]
    assert (await post.row(row)).state is DeliveryState.CANCELLED


async def test_a_message_that_is_gone_is_answered_by_a_fresh_one(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    pressed = await tracked(post, amara, 999)
    assert isinstance(await replies.carry_reply(mail, pressed), Sent)
    row = await post.row(pressed.id)
    assert (row.state, row.message_id != 999) == (DeliveryState.SENT, True)
    assert await post.chat(amara) == ["en Hello"]


async def test_r11_7_a_fresh_one_is_stopped_before_a_worker_may_begin_it(post: Post) -> None:
    amara = await post.person()
    pressed = await tracked(post, amara, 999)
    await post.fault("telegram", "hang", methods=["sendMessage"])
    nearly_over = replace(pressed, at=monotonic() - SEND_FOR + 1)
    assert await replies.carry_reply(post.mail(**UNPACED), nearly_over) == Unsure("stopped before the lease ended")


async def test_r11_8_without_a_turn_soon_the_reply_is_left_to_the_workers(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    await post.mail(chat_every=timedelta(seconds=5)).pace.turn(amara.chat_id)
    ticket = await tracked(post, amara)
    assert await replies.carry_reply(mail, ticket) is None
    row = await post.row(ticket.id)
    assert (row.state, row.due_at is not None, row.lease_until) == (DeliveryState.PENDING, True, None)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en Hello"]


async def test_r11_8_what_has_no_row_waits_longer_for_its_turn_but_not_for_ever(post: Post) -> None:
    amara, jean = await post.person(), await post.person()
    mail = post.mail()
    for someone, seconds in ((amara, 4), (jean, 60)):
        await post.mail(chat_every=timedelta(seconds=seconds)).pace.turn(someone.chat_id)
    outcomes = [await replies.say(mail, someone.chat_id, None, Screen("a word")) for someone in (amara, jean)]
    assert [outcome is not None for outcome in outcomes] == [True, False]
    assert (await post.chat(amara), await post.chat(jean)) == (["a word"], [])


async def test_replies_to_one_chat_leave_one_after_another_in_the_order_of_their_updates(post: Post) -> None:
    """Each update's together, and whatever fails does not hold up those behind it."""
    lane, order, second = Lane(), list[str](), asyncio.Event()

    def reply(name: str, waits_for: asyncio.Event | None = None, fault: Exception | None = None) -> Reply:
        async def sends() -> None:
            if waits_for is not None:
                await waits_for.wait()
            order.append(name)
            if fault is not None:
                raise fault

        return sends

    first = asyncio.create_task(lane.send([reply("1a", second), reply("1b", fault=ValueError("a fault"))]))
    await asyncio.sleep(0)
    behind = [asyncio.create_task(lane.send([reply(name)])) for name in ("2", "3")]
    await asyncio.sleep(0)
    second.set()
    await asyncio.gather(first, *behind)
    assert order == ["1a", "1b", "2", "3"]


async def test_of_quick_presses_the_last_has_the_last_word_and_what_it_replaces_need_not_be_said(post: Post) -> None:
    amara = await post.person()
    mail, lane = post.mail(), Lane()
    _, message_id = await said(post, mail, amara, "an offer", kind="manual")
    pages = [Saying(mail, amara.chat_id, message_id, Screen(f"page {number}")) for number in range(1, 6)]
    word = Saying(mail, amara.chat_id, None, Screen("a word"))
    await asyncio.gather(*(lane.send([each]) for each in (*pages[:3], word, *pages[3:])))
    assert await post.chat(amara) == ["page 5", "a word"]
    assert len(await post.requests("editMessageText")) == 2, "the one that was under way, and the last"


async def test_r11_2_a_reply_to_who_blocks_meanwhile_marks_the_link(post: Post) -> None:
    amara = await post.person(blocked=True)
    ticket = await tracked(post, amara)
    assert isinstance(await replies.carry_reply(post.mail(), ticket), Unreachable)
    assert (await post.link(amara)).unreachable_at is not None
    row = await post.row(ticket.id)
    assert row.state is DeliveryState.FAILED
    assert row.failure is Failure.BLOCKED


async def test_an_untracked_message_is_not_redrawn(post: Post) -> None:
    amara = await post.person()
    mail, window = post.mail(), uuid.uuid4()
    note, message_id = await said(post, mail, amara, "an offer", kind="manual", about=window)
    async with post.sessions.begin() as session:
        await queue.untrack(session, amara.id, amara.chat_id, message_id, post.now())
    assert await replies.say(mail, amara.chat_id, message_id, Screen("help")) == Edited()
    row = await post.row(note)
    assert (row.about, row.due_at) == (None, None)
    assert await post.chat(amara) == ["help"]
