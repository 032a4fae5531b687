"""What Telegram's answers mean, in the words in which it gives them."""

from datetime import timedelta

import pytest
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
from bot.delivery.aiohttp_request import NotConnected
from bot.delivery.steps import (
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
from bot.screens.screen import Button, Screen
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
