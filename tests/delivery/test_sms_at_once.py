"""R8.2a: what can't wait leaves by Telegram and by SMS together, and by SMS but once, whatever happens to the other."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.delivery import ladder
from bot.delivery.mail import Mail
from bot.kinds import Kind
from bot.wording import Words
from domain.db.models import Delivery
from domain.db.models.words import Channel, DeliveryState
from domain.notices.actions import Envelope
from domain.notices.facts.arrivals import NotCheckedIn
from domain.notices.kinds import Kind as Name
from domain.notices.mailing import Letter, tell_each
from domain.policy import TORONTO
from tests.delivery.post import UNPACED, Post, Someone, until
from tests.delivery.test_ladder import heard

SAYS = "Acme (en): Hello"


def mail_of(post: Post) -> Mail:
    """The kind as the rules have it, with a text that is easily read."""

    board = post.board.kinds()["manual"]
    kinds = {Name.NOT_CHECKED_IN.value: Kind(board.load, board.screen, board.has_point, board.sms)}
    return post.mail(**UNPACED, kinds=kinds)


async def told(post: Post, someone: Someone) -> uuid.UUID:
    """He is not checked in; what that is about."""
    about, due = uuid.uuid4(), post.now() + timedelta(minutes=30)
    notice = NotCheckedIn("R12", "North", post.now().date(), post.now(), due)
    letter = Letter(someone.id, None, notice, Envelope(Name.NOT_CHECKED_IN, about, expires_at=due))
    async with post.sessions.begin() as session:
        assert await tell_each(session, [letter], Words(TORONTO), post.now()) == 1
    return about


async def rows(post: Post, someone: Someone) -> dict[Channel, DeliveryState]:
    async with post.sessions() as session:
        found = list(await session.scalars(select(Delivery).where(Delivery.user_id == someone.id)))
    assert len(found) == len({row.channel for row in found})
    return {row.channel: row.state for row in found}


async def done(post: Post, mail: Mail) -> None:
    async with post.working(mail):
        await until(post.all_done)


async def test_r8_2a_both_leave_together(post: Post) -> None:
    amara = await post.person()
    await told(post, amara)
    await done(post, mail_of(post))
    assert (await post.chat(amara), [SAYS in each for each in await post.texts(amara)]) == (["en Hello"], [True])


async def test_r8_2a_by_sms_once_though_nobody_answers(post: Post) -> None:
    amara = await post.person()
    await told(post, amara)
    mail = mail_of(post)
    await done(post, mail)
    await post.call("POST", "clock", {"forward": 10 * 60})
    assert await ladder.climb(mail) == 0
    await done(post, mail)
    assert len(await post.texts(amara)) == 1


@pytest.mark.parametrize("linked", [False, True])
async def test_r8_2a_without_telegram_there_is_one_sms(post: Post, linked: bool) -> None:
    """Never linked, or blocked, which shows only when it is sent."""
    amara = await post.person(linked=linked, blocked=linked)
    await told(post, amara)
    mail = mail_of(post)
    await done(post, mail)
    assert await ladder.climb(mail) == 0
    assert len(await post.texts(amara)) == 1


async def test_r11_3_who_has_arrived_meanwhile_gets_neither(post: Post) -> None:
    amara = await post.person()
    post.board.pointless.add(await told(post, amara))
    await done(post, mail_of(post))
    assert (await post.chat(amara), await post.texts(amara)) == ([], [])
    assert set((await rows(post, amara)).values()) == {DeliveryState.CANCELLED}


async def test_r11_3_nor_the_sms_who_has_answered_in_the_chat(post: Post) -> None:
    """The number's turn comes later than Telegram's."""
    amara = await post.person()
    await told(post, amara)
    mail = mail_of(post)
    async with post.sessions.begin() as session:
        sms = (await session.scalars(select(Delivery).where(Delivery.channel == Channel.SMS))).one()
        sms.due_at, later = None, sms.due_at
    await done(post, mail)
    await heard(post, amara, post.now())
    await post.change(sms.id, due_at=later)
    await done(post, mail)
    assert (await post.chat(amara), await post.texts(amara)) == (["en Hello"], [])
    assert (await rows(post, amara))[Channel.SMS] is DeliveryState.CANCELLED
