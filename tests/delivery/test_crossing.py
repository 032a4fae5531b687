"""What crosses: a press before its message is recorded, a link that moves while messages are under way."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.delivery import pace, queue, replies
from bot.delivery.carrying import carry, settle
from bot.delivery.claims import Claimed, claim_telegram
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Edited, Outcome, Sent
from bot.screens.screen import Screen
from bot.wording import Words
from domain.db.models.words import DeliveryState, Urgency
from domain.notices import following
from domain.people import linking
from domain.policy import Policy
from tests.delivery.post import UNPACED, Post, Someone, until
from tests.delivery.test_replies import tracked


async def moves_to(post: Post, who: Someone, other: Someone) -> None:
    """His link is opened from another account."""
    async with post.sessions.begin() as session:
        await linking.invite(session, who.id, "token", None, Policy(), post.now())
    async with post.sessions.begin() as session:
        words = Words(Policy().zone)
        linked = await linking.link_by_invite(session, "token", other.chat_id, "en", words, post.now())
    assert isinstance(linked, linking.Linked)


async def test_r11_7_a_press_before_its_message_is_recorded_leaves_one_message(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    note = await post.note(amara, Urgency.URGENT)
    claimed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claimed is not None
    outcome = await carry(mail, claimed, Screen("an offer"))
    assert isinstance(outcome, Sent)
    pressed = await tracked(post, amara, outcome.message_id, "manual", None)
    await replies.carry_reply(mail, pressed)
    await settle(mail, claimed, outcome)
    await post.lease_ran_out(note)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["en Hello"]


async def test_a_list_in_place_of_a_card_that_is_not_recorded_yet_stays(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    ticket = await tracked(post, amara)
    outcome = await carry(mail, ticket, Screen("home"))
    assert isinstance(outcome, Sent)
    async with post.sessions.begin() as session:
        await queue.untrack(session, amara.id, amara.chat_id, outcome.message_id, post.now())
    await replies.say(mail, amara.chat_id, outcome.message_id, Screen("the list"))
    await settle(mail, ticket, outcome)
    async with post.sessions.begin() as session:
        await following.follow_homes(session, post.now(), of=[amara.id])  # something about home changes
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["the list"]


@dataclass
class Crossing:
    """A home card of which a redraw is under way when its place is taken by a list, which waits for that."""

    post: Post
    mail: Mail
    amara: Someone
    message_id: int
    redraw: Claimed
    listed: asyncio.Task[Outcome | None]

    async def waits(self) -> bool:
        return await queue.in_hand(self.mail.db, self.redraw.id)

    async def edits(self) -> list[str]:
        return [edit["params"]["text"] for edit in await self.post.requests("editMessageText")]


@pytest.fixture
async def crossing(post: Post, monkeypatch: pytest.MonkeyPatch) -> Crossing:
    amara = await post.person()
    mail, looks, looked = post.mail(**UNPACED), queue.in_hand, asyncio.Event()
    ticket = await tracked(post, amara)
    sent = await carry(mail, ticket, Screen("home"))
    assert isinstance(sent, Sent)
    await settle(mail, ticket, sent)
    async with post.sessions.begin() as session:
        await following.follow_homes(session, post.now(), of=[amara.id])
    redraw = await claim_telegram(mail.db, mail.now(), timedelta(0), mail.policy)
    assert redraw is not None and redraw.id == ticket.id
    async with post.sessions.begin() as session:
        row = await queue.untrack(session, amara.id, amara.chat_id, sent.message_id, post.now())

    async def looks_whether(*of: Any) -> bool:
        looked.set()
        return await looks(*of)

    monkeypatch.setattr(queue, "in_hand", looks_whether)
    monkeypatch.setattr(pace, "PATIENCE", timedelta(minutes=1))
    says = replies.Saying(mail, amara.chat_id, sent.message_id, Screen("the list"), after=row)
    listed, waits = asyncio.create_task(says()), asyncio.create_task(looked.wait())
    await asyncio.wait([listed, waits], return_when=asyncio.FIRST_COMPLETED)
    assert not listed.done()
    return Crossing(post, mail, amara, sent.message_id, redraw, listed)


async def test_a_list_comes_after_the_redraw_that_is_under_way_of_the_card_it_replaces(crossing: Crossing) -> None:
    """Else the card might be the last word: a person presses a button, and what he gets is gone again."""
    it = crossing
    await settle(it.mail, it.redraw, await carry(it.mail, it.redraw, Screen("home, redrawn")))
    assert not await it.waits(), "nobody waits longer than for this"
    assert await it.listed == Edited()
    assert (await it.post.row(it.redraw.id)).due_at is None, "and nothing is left to be redrawn"
    assert await it.edits() == ["home, redrawn", "the list"]


async def test_a_list_waits_no_longer_for_a_redraw_that_is_given_back(crossing: Crossing) -> None:
    await queue.release(crossing.mail.db, crossing.redraw)
    assert not await crossing.waits()
    assert await crossing.listed == Edited()


async def test_a_list_waits_no_longer_where_a_card_takes_its_place(crossing: Crossing) -> None:
    it = crossing
    await tracked(it.post, it.amara, it.message_id)
    assert not await it.waits()
    await it.listed


async def test_of_a_redraw_that_came_as_a_new_message_behind_a_list_nothing_is_left(crossing: Crossing) -> None:
    it = crossing
    anew = await carry(it.mail, replace(it.redraw, message_id=None), Screen("home, anew"))
    await settle(it.mail, it.redraw, anew)
    assert await it.listed == Edited()
    async with it.post.working():
        await until(it.post.all_done)
    assert await it.post.chat(it.amara) == ["the list"]


async def test_whoever_waits_behind_a_redraw_is_sent_other_messages_meanwhile(crossing: Crossing) -> None:
    it = crossing
    note = await it.post.note(it.amara, Urgency.URGENT)
    claimed = await claim_telegram(it.mail.db, it.mail.now(), timedelta(0), it.mail.policy)
    assert claimed is not None and claimed.id == note
    await queue.release(it.mail.db, it.redraw)
    await it.listed


async def test_r12_2_a_reply_left_to_the_workers_does_not_reach_the_old_chat(post: Post) -> None:
    amara, other = await post.person(), await post.person(linked=False)
    mail = post.mail()
    ticket = await tracked(post, amara)
    await queue.release(mail.db, ticket)
    await moves_to(post, amara, other)
    post.board.texts[None] = "private"
    async with post.working():
        await until(post.all_done)
    assert not [text for text in await post.chat(amara) if "private" in text]
    assert (await post.row(ticket.id)).state is DeliveryState.CANCELLED


async def test_r12_2_what_was_on_its_way_to_the_old_chat_is_deleted_there_and_sent_to_the_new(post: Post) -> None:
    amara, other = await post.person(), await post.person(linked=False)
    mail = post.mail()
    note = await post.note(amara, Urgency.URGENT)
    claimed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claimed is not None
    outcome = await carry(mail, claimed, Screen("an offer"))
    await moves_to(post, amara, other)
    await settle(mail, claimed, outcome)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == [], "neither as it was sent nor kept current"
    row = await post.row(note)
    assert row.chat_id != amara.chat_id


async def test_r12_2_what_is_claimed_while_the_link_moves_does_not_reach_the_old_chat(post: Post) -> None:
    amara, other = await post.person(), await post.person(linked=False)
    mail = post.mail(**UNPACED)
    note = await post.note(amara, Urgency.URGENT)
    async with post.sessions.begin() as session:
        await linking.invite(session, amara.id, "token", None, Policy(), post.now())
    async with post.sessions.begin() as session:
        words = Words(Policy().zone)
        await linking.link_by_invite(session, "token", other.chat_id, "en", words, post.now())
        claimed = await claim_telegram(mail.db, mail.now(), timedelta(0), mail.policy)
        assert claimed is None, "until it is known which chat is his"
    async with post.working(mail):
        await until(post.all_done)
    assert (await post.row(note)).chat_id == other.chat_id
    assert "en Hello" not in await post.chat(amara)


async def test_r12_2_a_card_of_a_press_in_the_old_chat_while_the_link_moves_is_not_kept_current(post: Post) -> None:
    amara, other = await post.person(), await post.person(linked=False)
    mail = post.mail(**UNPACED)
    async with post.sessions.begin() as session:
        ticket = await queue.track(
            session, amara.id, "home", None, chat_id=amara.chat_id, message_id=None, now=post.now()
        )
        await moves_to(post, amara, other)
    await replies.carry_reply(mail, ticket)
    post.board.texts[None] = "private"
    async with post.sessions.begin() as session:
        await following.follow_homes(session, post.now(), of=[amara.id])
    async with post.working(mail):
        await until(post.all_done)
    assert not [text for text in await post.chat(amara) if "private" in text]
    assert (await post.row(ticket.id)).state is DeliveryState.CANCELLED
