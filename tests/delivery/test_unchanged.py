"""What a message shows already is not sent again, and whatever might show something else is (PRODUCT, R11.8)."""

import uuid
from dataclasses import replace

import pytest

from bot.delivery import carrying, queue
from bot.delivery.carrying import screen_for, settle
from bot.delivery.claims import claim_telegram
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Edited, Unsure
from bot.delivery.worker import deliver_due
from bot.pictures.heat_map import Mark
from bot.screens.screen import Button, Screen
from bot.workshop import Workshop
from tests.delivery.post import UNLIMITED, UNPACED, Post, Someone
from tests.delivery.test_pictures import MAP

pytestmark = UNLIMITED


class Card:
    """A message that is kept current, and what it shows: a text, or a screen."""

    def __init__(self, post: Post, of: Someone, id_: uuid.UUID, mail: Mail) -> None:
        self.post, self.of, self.id, self.shown = post, of, id_, Screen("a")
        kinds = post.board.kinds()
        self.mail = replace(mail, kinds=kinds | {"home": replace(kinds["home"], screen=self._screen)})

    def _screen(self, _facts: object, _reader: object) -> Screen:
        return self.shown

    async def turns(self, shown: Screen) -> int:
        """Something has happened, and it is to show this now; returns how many requests that has taken."""
        before = len(await self.requests())
        self.shown = shown
        await self.post.redraw(self.id)
        await deliver_due(self.mail)
        row = await self.post.row(self.id)
        assert not row.redraw and row.due_at is None
        return len(await self.requests()) - before

    async def requests(self) -> list[object]:
        return [*await self.post.requests("sendMessage", "sendPhoto", "editMessageText", "editMessageMedia")]

    async def text(self) -> str:
        return (await self.post.chat(self.of))[-1]


async def card(post: Post, mail: Mail | None = None) -> Card:
    someone = await post.person()
    it = Card(post, someone, await post.note(someone, kind="home"), mail or post.mail(**UNPACED))
    await deliver_due(it.mail)
    return it


async def test_what_shows_already_what_it_shall_is_not_edited(post: Post) -> None:
    it = await card(post)
    key = Button("A", "https://example.com")
    assert await it.turns(Screen("b")) == 1
    assert await it.turns(Screen("b")) == 0
    assert await it.turns(Screen("b", ((key,),))) == 1  # another button is something else
    assert await it.turns(Screen("b", ((key,),))) == 0
    assert await it.turns(Screen("a")) == 1
    assert await it.text() == "a"


async def test_a_picture_is_drawn_and_sent_only_when_it_is_another_one(post: Post) -> None:
    workshop = Workshop()
    it = await card(post, replace(post.mail(**UNPACED), workshop=workshop))
    assert await it.turns(Screen("b", picture=MAP)) == 1
    assert await it.turns(Screen("b", picture=MAP)) == 0
    assert await it.turns(Screen("b", picture=replace(MAP, legend=((Mark.EMPTY, "no driver"),)))) == 1
    assert len(await post.requests("editMessageMedia")) == 2
    workshop.close()


async def test_a_picture_that_could_not_be_drawn_comes_with_the_next_change(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = Workshop()
    it = await card(post, replace(post.mail(**UNPACED), workshop=workshop))
    with monkeypatch.context() as broken:
        broken.setattr("bot.delivery.pictures.DRAW_FOR", 0)
        assert await it.turns(Screen("b", picture=MAP)) == 1
    assert len(await post.requests("editMessageMedia")) == 0
    assert await it.turns(Screen("b", picture=MAP)) == 1
    assert len(await post.requests("editMessageMedia")) == 1
    workshop.close()


async def test_r11_7_an_edit_whose_outcome_nobody_knows_is_made_again(post: Post) -> None:
    """Telegram may have taken it: what was there before is then no reason to leave it."""
    it = await card(post)
    assert await it.turns(Screen("a")) == 0
    it.shown = Screen("b")
    await post.redraw(it.id)
    claimed = await claim_telegram(it.mail.db, it.mail.now(), it.mail.pace.chat_every, it.mail.policy)
    assert claimed is not None and isinstance(await screen_for(it.mail, claimed), Screen)
    await settle(it.mail, claimed, Unsure("cut off"))
    await post.change(it.id, pause_until=None)
    assert await it.turns(Screen("a")) == 1


async def test_r11_7_who_dies_over_an_edit_leaves_nothing_that_is_taken_for_granted(post: Post) -> None:
    it = await card(post)
    it.shown = Screen("b")
    await post.redraw(it.id)
    assert await claim_telegram(it.mail.db, it.mail.now(), it.mail.pace.chat_every, it.mail.policy) is not None
    await post.lease_ran_out(it.id)
    assert await it.turns(Screen("a")) == 1


async def test_an_edit_that_comes_too_late_is_undone(post: Post) -> None:
    """An earlier attempt's request may arrive behind a later one's: what the row says then is not to be trusted."""
    it = await card(post)
    await post.redraw(it.id)
    late = await claim_telegram(it.mail.db, it.mail.now(), it.mail.pace.chat_every, it.mail.policy)
    assert late is not None
    await post.lease_ran_out(it.id)
    assert await it.turns(Screen("b")) == 1
    await carrying.carry(it.mail, late, Screen("a"))
    await settle(it.mail, late, Edited(), Screen("a"))
    assert await it.text() == "a"
    await deliver_due(it.mail)
    assert await it.text() == "b"


async def test_a_change_during_an_edit_is_made_whatever_the_row_says(post: Post) -> None:
    it = await card(post)
    it.shown = Screen("b")
    await post.redraw(it.id)
    claimed = await claim_telegram(it.mail.db, it.mail.now(), it.mail.pace.chat_every, it.mail.policy)
    assert claimed is not None
    await post.redraw(it.id)
    outcome = await carrying.carry(it.mail, claimed, it.shown)
    await settle(it.mail, claimed, outcome, it.shown)
    assert isinstance(outcome, Edited) and (await post.row(it.id)).shows is None


async def test_a_press_shows_its_answer_whatever_was_there(post: Post) -> None:
    it = await card(post)
    message_id = (await post.row(it.id)).message_id
    assert message_id is not None and (await post.row(it.id)).shows is not None
    async with post.sessions.begin() as session:
        await queue.track(session, it.of.id, "home", None, chat_id=it.of.chat_id, message_id=message_id, now=post.now())
    assert (await post.row(it.id)).shows is None
