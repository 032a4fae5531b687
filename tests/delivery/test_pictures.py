"""Screens with a picture: sent, put in the place of texts and of each other, and never at the cost of what is said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from bot.delivery import carrying, queue, replies, telegram
from bot.delivery.carrying import carry, settle
from bot.delivery.claims import SEND_FOR, Claimed
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Edited, NotTaken, PictureStays, Sent
from bot.delivery.pace import Pace
from bot.delivery.worker import deliver_due
from bot.pictures.heat_map import HeatMap, Mark, Row, Section
from bot.screens.screen import Button, Screen
from bot.workshop import Workshop
from tests.delivery.post import UNLIMITED, UNPACED, Post, Someone

pytestmark = UNLIMITED

MAP = HeatMap(
    "Week of 7 Dec",
    (("Mon", "7"), ("Tue", "8")),
    (Section("North", (Row("R1", (Mark.COVERED, Mark.EMPTY)),)),),
    ((Mark.COVERED, "has a driver"),),
)
BROKEN = replace(MAP, days=(("Mon", "7"), 8))  # type: ignore[arg-type]  # what can't be drawn: that is the point
KEYS = ((Button("Map", "https://example.com"),),)


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


@pytest.fixture
def mail(post: Post, workshop: Workshop) -> Mail:
    return replace(post.mail(**UNPACED), workshop=workshop)


async def messages(post: Post, someone: Someone) -> list[dict[str, Any]]:
    every = (await post.call("GET", f"people/{someone.slug}/chat"))["messages"]
    return [message for message in every if not message["deleted"]]


async def test_a_text_gets_a_picture_and_a_picture_another_one(post: Post, mail: Mail) -> None:
    amara = await post.person()
    assert isinstance(await replies.say(mail, amara.chat_id, None, Screen("Working it out…", KEYS)), Sent)
    (message,) = await messages(post, amara)
    assert message["photo"] is None
    pictures = set()
    for title in ("Week of 7 Dec", "Week of 14 Dec"):
        shown = Screen(f"<b>{title}</b>", KEYS, picture=replace(MAP, title=title))
        assert isinstance(await replies.say(mail, amara.chat_id, message["message_id"], shown), Edited)
        (now,) = await messages(post, amara)
        assert (now["message_id"], now["text"], now["photo"] is None) == (message["message_id"], title, False)
        assert now["keyboard"][0][0]["text"] == "Map"
        pictures.add(now["photo"])
    assert len(pictures) == 2


async def test_a_text_after_a_picture_is_a_new_message_in_its_place(post: Post, mail: Mail) -> None:
    amara = await post.person()
    await replies.say(mail, amara.chat_id, None, Screen("a", KEYS, picture=MAP))
    (message,) = await messages(post, amara)
    outcome = await replies.say(mail, amara.chat_id, message["message_id"], Screen("b", KEYS))
    (now,) = await messages(post, amara)
    assert outcome == Sent(now["message_id"])
    assert (now["text"], now["photo"], now["silent"]) == ("b", None, True)


async def test_a_picture_that_is_too_old_to_go_loses_its_buttons(post: Post, mail: Mail) -> None:
    amara = await post.person()
    await replies.say(mail, amara.chat_id, None, Screen("a", KEYS, picture=MAP))
    (message,) = await messages(post, amara)
    await post.call("POST", "clock", {"forward": 49 * 3600})
    assert isinstance(await replies.say(mail, amara.chat_id, message["message_id"], Screen("b", KEYS)), Sent)
    old, new = await messages(post, amara)
    assert (old["text"], old["keyboard"], new["text"]) == ("a", None, "b")
    assert new["keyboard"]


@pytest.mark.parametrize("screen", [Screen("said", picture=BROKEN), Screen("said" * 300, picture=MAP)])
async def test_what_is_said_goes_alone_where_its_picture_cant(post: Post, mail: Mail, screen: Screen) -> None:
    amara = await post.person()
    assert isinstance(await replies.say(mail, amara.chat_id, None, screen), Sent)
    (message,) = await messages(post, amara)
    assert (message["text"], message["photo"]) == (screen.html, None)


async def test_r11_7_a_card_is_kept_current_from_text_to_picture_and_back(post: Post, mail: Mail) -> None:
    """By the workers: nobody presses anything."""
    amara, shown = await post.person(), Screen("a")
    kinds = post.board.kinds()
    kind = replace(kinds["home"], screen=lambda _facts, _reader: shown)
    mail = replace(mail, kinds=kinds | {"home": kind})
    note = await post.note(amara, kind="home")
    for shown in (Screen("a"), Screen("b", picture=MAP), Screen("c", picture=MAP), Screen("d"), Screen("e")):
        await post.redraw(note)
        await deliver_due(mail)
        (message,) = await messages(post, amara)
        assert (message["text"], message["photo"] is not None) == (shown.html, shown.picture is not None)
        assert (await post.row(note)).message_id == message["message_id"]


# -- a text in the place of a picture


async def press(post: Post, someone: Someone, message_id: int) -> Claimed:
    """As an update's transaction does it: the answer is in this process's hands."""
    async with post.sessions.begin() as session:
        return await queue.track(
            session, someone.id, "home", None, chat_id=someone.chat_id, message_id=message_id, now=post.now()
        )


async def pictured(post: Post, mail: Mail, someone: Someone) -> Claimed:
    """A press on a message with a picture."""
    sent = await replies.say(mail, someone.chat_id, None, Screen("a", KEYS, picture=MAP))
    assert isinstance(sent, Sent)
    return await press(post, someone, sent.message_id)


async def shown(post: Post, someone: Someone) -> list[tuple[str, bool]]:
    return [(message["text"], message["photo"] is not None) for message in await messages(post, someone)]


async def test_an_edit_that_takes_no_picture_away_is_one_request(post: Post, mail: Mail) -> None:
    amara = await post.person()
    await replies.say(mail, amara.chat_id, None, Screen("a", KEYS, picture=MAP))
    (message,) = await messages(post, amara)
    outcome = await telegram.edit(post.bot, amara.chat_id, message["message_id"], Screen("b", KEYS))
    assert outcome == PictureStays()
    assert await shown(post, amara) == [("a", True)]


@pytest.mark.parametrize("with_row", [False, True])
async def test_r11_8_each_of_its_requests_has_a_turn_of_its_own(
    post: Post, mail: Mail, with_row: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    amara = await post.person()
    pressed = await pictured(post, mail, amara)
    assert pressed.message_id is not None
    turns, before = [0], len((await post.call("GET", "requests"))["requests"])
    turn = Pace.turn

    async def counted(pace: Pace, *given: Any) -> bool:
        turns[0] += 1
        return await turn(pace, *given)

    monkeypatch.setattr(Pace, "turn", counted)
    if with_row:
        assert isinstance(await replies.carry_reply(mail, pressed), Sent)
    else:
        assert isinstance(await replies.say(mail, amara.chat_id, pressed.message_id, Screen("en Hello")), Sent)
    assert await shown(post, amara) == [("en Hello", False)]
    requests = (await post.call("GET", "requests"))["requests"][before:]
    assert turns == [3]
    assert [each["method"] for each in requests] == ["editMessageText", "sendMessage", "deleteMessage"]


async def test_r11_8_without_another_turn_soon_the_picture_stays_until_a_worker_comes(post: Post, mail: Mail) -> None:
    amara = await post.person()
    pressed = await pictured(post, mail, amara)
    slow = replace(mail, pace=replace(mail.pace, chat_every=timedelta(minutes=1)))
    await slow.pace.turn(amara.chat_id)
    outcome = await carry(slow, pressed, Screen("b"))
    assert isinstance(outcome, NotTaken)
    assert (await settle(slow, pressed, outcome)).pause is not None
    row = await post.row(pressed.id)
    assert (row.message_id, row.due_at is not None) == (pressed.message_id, True)
    assert await shown(post, amara) == [("a", True)]


async def test_r11_7_what_hangs_behind_the_new_message_brings_no_second_one(
    post: Post, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "CLEAR_FOR", 0.2)
    amara = await post.person()
    pressed = await pictured(post, mail, amara)
    nearly_over = replace(pressed, at=monotonic() - SEND_FOR + 2)
    await post.fault("telegram", "hang", methods=["deleteMessage"])
    assert isinstance(await replies.carry_reply(mail, nearly_over), Sent)
    row, (old, new) = await post.row(pressed.id), await messages(post, amara)
    assert (row.message_id, row.due_at, row.lease_until) == (new["message_id"], None, None)
    assert (old["message_id"], new["text"]) == (pressed.message_id, "en Hello")
    assert await deliver_due(mail) == {}


async def test_r11_7_what_a_later_press_has_in_hand_is_left_to_it(post: Post, mail: Mail) -> None:
    amara = await post.person()
    pressed = await pictured(post, mail, amara)
    outcome = await carry(mail, pressed, Screen("b"))
    assert pressed.message_id is not None
    await press(post, amara, pressed.message_id)
    await settle(mail, pressed, outcome)
    assert ("a", True) in await shown(post, amara)
