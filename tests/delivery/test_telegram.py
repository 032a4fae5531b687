"""What Telegram's answers mean, in the words in which it gives them."""

from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest
from telegram import Bot
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.delivery import telegram
from bot.delivery.aiohttp_request import AiohttpRequest, NotConnected
from bot.delivery.carrying import carry, settle
from bot.delivery.claims import SEND_FOR, claim_telegram
from bot.delivery.outcomes import (
    Deleted,
    Edited,
    Halted,
    MessageGone,
    Misconfigured,
    NotTaken,
    Outcome,
    Rejected,
    Sent,
    Unchanged,
    Unreachable,
    Unsure,
)
from bot.delivery.pace import CHAT_EVERY
from bot.screens.screen import Button, Screen
from domain.db.models.words import DeliveryState
from tests.delivery.post import Post


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), Unreachable),
        (Forbidden("Forbidden: user is deactivated"), Unreachable),
        (Forbidden("Forbidden: bot can't initiate conversation with a user"), Unreachable),
        (BadRequest("Bad Request: chat not found"), Unreachable),
        (BadRequest("Bad Request: PEER_ID_INVALID"), Unreachable),
        (BadRequest("Bad Request: message is not modified: specified new message content and reply markup"), Unchanged),
        (BadRequest("Bad Request: message to edit not found"), MessageGone),
        (BadRequest("Bad Request: message can't be edited"), MessageGone),
        (BadRequest("Bad Request: message to delete not found"), MessageGone),
        (BadRequest("Bad Request: message can't be deleted for everyone"), MessageGone),
        (BadRequest("Bad Request: MESSAGE_ID_INVALID"), MessageGone),
        (BadRequest("Bad Request: can't parse entities: Unsupported start tag"), Rejected),
        (BadRequest("Bad Request: message is too long"), Rejected),
        (RetryAfter(3), Halted),
        (RetryAfter(timedelta(seconds=3)), Halted),
        (InvalidToken(), Misconfigured),
        (TimedOut(), Unsure),
        (NetworkError("Bad Gateway"), Unsure),
        (Conflict("Conflict"), Unsure),
        (TelegramError("Invalid server response"), Unsure),
        (NotConnected("refused"), NotTaken),
    ],
)
def test_r11_2_what_an_error_means(fault: TelegramError, meaning: type[Outcome]) -> None:
    outcome = telegram.outcome_of(fault)
    assert type(outcome) is meaning
    if isinstance(outcome, Halted):
        assert outcome.retry_after == timedelta(seconds=3)


async def test_a_message_is_sent_edited_and_deleted(post: Post) -> None:
    amara = await post.person()
    sent = await telegram.send(post.bot, amara.chat_id, Screen("<b>Hi</b> https://example.com"), silent=True)
    assert isinstance(sent, Sent)
    new = Screen("new", ((Button("Map", "https://example.com"),),))
    assert await telegram.edit(post.bot, amara.chat_id, sent.message_id, new) == Edited()
    assert await telegram.edit(post.bot, amara.chat_id, sent.message_id, new) == Unchanged()
    assert await telegram.delete(post.bot, amara.chat_id, sent.message_id) == Deleted()
    assert isinstance(await telegram.edit(post.bot, amara.chat_id, sent.message_id, new), MessageGone)
    assert isinstance(await telegram.delete(post.bot, amara.chat_id, sent.message_id), MessageGone)
    request = (await post.requests("sendMessage"))[0]["params"]
    assert request["disable_notification"] in (True, "true")
    assert "is_disabled" in str(request["link_preview_options"])


@pytest.mark.parametrize(
    ("kind", "meaning"), [("down", Unsure), ("500", Unsure), ("429", Halted), ("answer-lost", Unsure)]
)
async def test_faults_of_the_network(post: Post, kind: str, meaning: type[Outcome]) -> None:
    amara = await post.person()
    await post.fault("telegram", kind)
    assert type(await telegram.send(post.bot, amara.chat_id, Screen("Hi"))) is meaning
    assert len(await post.chat(amara)) == (1 if kind == "answer-lost" else 0)


async def test_of_an_edit_nothing_is_read_but_that_it_came_about(post: Post) -> None:
    amara = await post.person()
    bot, chat = post.bot, amara.chat_id
    sent = await bot.send_message(chat, "one")
    assert sent.text == "one"
    assert await bot.edit_message_text("two", chat, sent.message_id) is True
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("two", chat, sent.message_id)


async def test_refused_connections_are_surely_not_sent() -> None:
    async with AiohttpRequest() as request:
        nobody = Bot("1:a", base_url="http://127.0.0.1:9/bot", request=request)
        assert isinstance(await telegram.send(nobody, 1, Screen("Hi")), NotTaken)


async def test_a_send_is_stopped_before_its_lease_ends(post: Post) -> None:
    amara = await post.person()
    mail = post.mail()
    note = await post.note(amara)
    claim = await claim_telegram(mail.db, mail.now(), CHAT_EVERY, mail.policy)
    assert claim is not None
    await post.fault("telegram", "hang")
    nearly_over = replace(claim, at=monotonic() - SEND_FOR + 0.2)
    outcome = await carry(mail, nearly_over, Screen("Hi"))
    assert isinstance(outcome, Unsure)
    assert (await settle(mail, claim, outcome)).pause is not None
    row = await post.row(note)
    assert (row.state, row.due_at) == (DeliveryState.PENDING, claim.due_at)


async def test_photos_go_too(post: Post) -> None:
    amara = await post.person()
    sent = await post.bot.send_photo(
        amara.chat_id, b"\x89PNG\r\n\x1a\n" + bytes(64), caption="health", filename="h.png"
    )
    assert sent.photo
    assert await post.bot.edit_message_caption(amara.chat_id, sent.message_id, caption="new")


async def test_a_long_poll_may_wait_longer_than_a_send(post: Post) -> None:
    assert await post.bot.get_updates(timeout=1) == ()
