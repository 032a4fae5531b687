"""R11.8 and LESSONS: what an operator must put right is told to the owners, once for as long as it stands."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, insert, select, update

from bot.delivery import alerts, sms_claims, sms_queue, texting
from bot.delivery import sms as network
from bot.delivery.carrying import settle
from bot.delivery.claims import claim_telegram
from bot.delivery.mail import Mail
from bot.delivery.outcomes import Accepted, Misconfigured, Outcome, Sent, Unreachable
from bot.delivery.sms import Sms, twilio
from bot.delivery.steps import HELD
from bot.kinds import table_of_kinds
from domain.db.models import Delivery, Notification, OperatorAlert, Pace, SmsMonth, User
from domain.db.models.words import Channel, DeliveryState, Failure, Urgency, UserRole
from domain.people.owning import name_owners
from domain.policy import TORONTO, Policy
from tests.delivery.post import UNPACED, Post, Someone, until


@pytest.fixture
async def owner(post: Post) -> Someone:
    nadia = await post.person()
    async with post.sessions.begin() as session:
        await session.execute(update(User).where(User.id == nadia.id).values(role=UserRole.MANAGER))
        await name_owners(session, [nadia.phone], post.now())
    return nadia


@pytest.fixture
async def wrong(post: Post) -> AsyncIterator[Sms]:
    told = post.sandbox.settings
    async with twilio(told.account_sid, "wrong", told.sms_number, post.sandbox.url) as way:
        yield way


def mail_of(post: Post, *, budget: int | None = None, **given: Any) -> Mail:
    return post.mail(**UNPACED, policy=Policy(sms_monthly_budget=budget), **given)


async def texts(post: Post, urgency: Urgency, count: int) -> list[uuid.UUID]:
    people = [await post.person(linked=False) for _ in range(count)]
    return [await post.note(each, urgency, channel=Channel.SMS) for each in people]


async def carry_all(mail: Mail) -> None:
    while await texting.carry_one(mail) is not None:
        pass


async def told(post: Post) -> list[tuple[uuid.UUID, str]]:
    """Who was told what, in order."""
    async with post.sessions() as session:
        rows = select(Notification.user_id, Notification.data["alert"].astext).order_by(Notification.created_at)
        return list((await session.execute(rows.where(Notification.data["kind"].astext == "alert"))).tuples())


async def standing(post: Post) -> list[str]:
    async with post.sessions() as session:
        return list(await session.scalars(select(OperatorAlert.key).order_by(OperatorAlert.key)))


def counted(alert: str) -> float:
    return REGISTRY.get_sample_value("rollcall_operator_alerts_total", {"alert": alert}) or 0


async def test_a_wrong_token_is_told_once_and_again_only_after_it_had_worked(
    post: Post, owner: Someone, wrong: Sms
) -> None:
    before = counted("twilio")
    for times in (1, 2):
        await texts(post, Urgency.IMPORTANT, 3)
        await carry_all(mail_of(post, sms=wrong))
        assert (await told(post), await standing(post)) == ([(owner.id, "twilio")] * times, ["twilio"])
        post.sandbox.clock.forward(1)
        await texts(post, Urgency.URGENT, 1)
        await carry_all(mail_of(post))
        assert await standing(post) == []
    assert counted("twilio") - before == 2


async def test_telegram_that_refuses_the_token_is_told_once(post: Post, owner: Someone) -> None:
    mail = mail_of(post, kinds={**table_of_kinds(Policy(), "Acme"), **post.board.kinds()})
    held = [Misconfigured("Unauthorized"), Misconfigured("Unauthorized")]
    for outcome in held:
        await post.note(await post.person())
        claimed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
        assert claimed is not None
        await settle(mail, claimed, outcome)
    assert (await told(post), await standing(post)) == ([(owner.id, "telegram")], ["telegram"])
    await post.note(await post.person(), Urgency.URGENT)
    claimed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claimed is not None
    await settle(mail, claimed, Sent(7))
    assert await standing(post) == []


async def test_several_at_once_raise_it_once(post: Post, owner: Someone) -> None:
    mail = mail_of(post)
    raised = await asyncio.gather(*(alerts.raise_alert(mail, "telegram", "the token") for _ in range(5)))
    assert (sorted(raised), await told(post)) == ([False] * 4 + [True], [(owner.id, "telegram")])


async def test_what_telegram_takes_ends_the_alert_though_another_process_had_raised_it(
    post: Post, owner: Someone
) -> None:
    """One that has been started again since: the next incident is told, too."""
    for incident in (1, 2):
        before = mail_of(post)
        await alerts.raise_alert(before, alerts.TELEGRAM, "Unauthorized")
        assert len(await told(post)) == incident
        note = await post.note(await post.person(), Urgency.URGENT)
        async with post.working(mail_of(post)):
            await until(partial(post.is_in, note, DeliveryState.SENT))
        assert await standing(post) == []
        post.sandbox.clock.forward(1)


async def test_an_edit_or_a_refusal_does_not_end_the_alert(post: Post, owner: Someone) -> None:
    mail = mail_of(post)
    await alerts.raise_alert(mail, alerts.TELEGRAM, "Unauthorized")
    await post.note(await post.person(), Urgency.URGENT)
    claimed = await claim_telegram(mail.db, mail.now(), mail.pace.chat_every, mail.policy)
    assert claimed is not None
    await settle(mail, claimed, Unreachable("blocked"))
    assert await standing(post) == ["telegram"]


async def test_only_owners_who_are_managers_are_told_and_nobody_need_be(post: Post, owner: Someone) -> None:
    driver, manager = await post.person(), await post.person()
    async with post.sessions.begin() as session:
        await session.execute(update(User).where(User.id == manager.id).values(role=UserRole.MANAGER))
        await name_owners(session, [owner.phone, driver.phone, "+15145550199"], post.now())
    assert await alerts.raise_alert(post.mail(), "twilio", "x")
    assert [who for who, _ in await told(post)] == [owner.id]
    async with post.sessions.begin() as session:
        await name_owners(session, [], post.now())
    assert await alerts.raise_alert(post.mail(), "telegram", "x")
    assert len(await told(post)) == 1


async def test_the_owner_reads_it(post: Post, owner: Someone) -> None:
    mail = mail_of(post, kinds=table_of_kinds(Policy(), "Acme"))
    await alerts.raise_alert(mail, "twilio", "Twilio answered 401, code 20003")
    async with post.working(mail):
        await until(lambda: post.chat(owner))
    (message,) = await post.chat(owner)
    assert "Twilio answered 401, code 20003" in message


async def test_what_concerns_single_numbers_is_told_once_a_day(
    post: Post, owner: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others that get theirs meanwhile don't end it."""
    answers: list[Outcome] = []

    async def send(*_: Any) -> Outcome:
        return answers.pop(0)

    monkeypatch.setattr(network, "send", send)
    mail = mail_of(post)
    for day in (1, 2):
        refused = network.outcome_of(400, 21408)
        answers += [refused, Accepted(f"SM{day}"), refused]
        await texts(post, Urgency.URGENT, 3)
        while answers:
            await texting.carry_one(mail)
        assert [alert for _, alert in await told(post)] == ["twilio for some numbers"] * day
        async with post.sessions.begin() as session:  # they are tried again, in vain
            await session.execute(update(Delivery).values(due_at=None))
        post.sandbox.clock.forward(24 * 3600)


async def test_misconfigured_is_tried_again_while_an_operator_may_mend_it(
    post: Post, owner: Someone, wrong: Sms
) -> None:
    (note,) = await texts(post, Urgency.IMPORTANT, 1)
    mail = mail_of(post, sms=wrong)
    assert await texting.carry_one(mail) is not None
    row = await post.row(note)
    assert (row.state, row.reason) == (DeliveryState.PENDING, "Twilio answered 401, code 20003")
    assert await texting.carry_one(mail) is None, "the pause holds"
    await _pauses_over(post, note)
    post.sandbox.clock.forward(31 * 60)
    assert await texting.carry_one(mail) is not None
    row = await post.row(note)
    assert (row.state, row.failure) == (DeliveryState.FAILED, Failure.MISCONFIGURED)


async def _pauses_over(post: Post, note: uuid.UUID) -> None:
    async with post.sessions.begin() as session:
        await session.execute(update(Pace).values(next_at=func.clock_timestamp()))
    await post.lease_ran_out(note)


async def test_a_number_that_carriers_refuse_is_for_an_operator(post: Post, owner: Someone) -> None:
    mail = mail_of(post)
    for _ in range(2):
        (note,) = await texts(post, Urgency.IMPORTANT, 1)
        sms = await sms_claims.claim_send(mail.db, mail.now(), "", mail.policy)
        assert sms is not None
        begun = await sms_queue.begin(mail.db, sms, "+14165550123", "Hi", 1, mail.policy, mail.now())
        assert begun is not None
        sid = f"SM{uuid.uuid4().hex}"
        assert await texting.on_report(mail, begun.attempt_id, network.Found(sid, "undelivered", 30034))
        assert (await post.row(note)).failure is Failure.CARRIER
    assert [alert for _, alert in await told(post)] == ["carriers take no SMS"]


# -- the month's budget


async def used(post: Post) -> int | None:
    async with post.sessions() as session:
        return await session.scalar(select(SmsMonth.segments))


async def test_r11_8_the_budget_is_for_what_is_urgent_in_the_end_and_alerts_come_once(
    post: Post, owner: Someone
) -> None:
    mail = mail_of(post, budget=5)
    for count, expected in ((3, 0), (1, 1), (1, 2)):
        await texts(post, Urgency.IMPORTANT, count)
        await carry_all(mail)
        assert len(await told(post)) == expected
    assert [alert for _, alert in await told(post)] == ["sms budget at 80 %", "sms budget used up"]
    (over,), (urgent,) = await texts(post, Urgency.IMPORTANT, 1), await texts(post, Urgency.URGENT, 1)
    await carry_all(mail)
    row = await post.row(over)
    assert (row.state, row.failure) == (DeliveryState.FAILED, Failure.BUDGET)
    assert (await post.row(urgent)).state is DeliveryState.SENT
    assert (await used(post), len(await told(post))) == (6, 2)


async def test_r11_8_an_owner_without_telegram_hears_by_sms_that_the_budget_is_used_up(post: Post) -> None:
    nadia = await post.person(linked=False)
    async with post.sessions.begin() as session:
        await session.execute(update(User).where(User.id == nadia.id).values(role=UserRole.MANAGER))
        await name_owners(session, [nadia.phone], post.now())
    kinds = {**table_of_kinds(Policy(), "Acme"), **post.board.kinds()}
    mail = mail_of(post, budget=1, kinds=kinds)
    await texts(post, Urgency.IMPORTANT, 1)
    await carry_all(mail)
    assert [alert for _, alert in await told(post)] == ["sms budget used up"]
    (message,) = await post.texts(nadia)
    assert "all 1 segments" in message


async def test_r11_8_a_new_month_has_a_new_budget(post: Post, owner: Someone) -> None:
    """The company's month: December begins when Toronto's does."""
    mail = mail_of(post, budget=1)
    async with post.sessions.begin() as session:
        await session.execute(insert(SmsMonth).values(month=post.now().date().replace(day=1), segments=1))
    (over,) = await texts(post, Urgency.IMPORTANT, 1)
    await carry_all(mail)
    assert (await post.row(over)).failure is Failure.BUDGET
    midnight = datetime(2026, 12, 1, tzinfo=TORONTO)
    post.sandbox.clock.forward((midnight - post.now()).total_seconds() - 60)
    (last,) = await texts(post, Urgency.IMPORTANT, 1)
    await carry_all(mail)
    assert (await post.row(last)).failure is Failure.BUDGET
    post.sandbox.clock.forward(120)
    (first,) = await texts(post, Urgency.IMPORTANT, 1)
    await carry_all(mail)
    assert (await post.row(first)).reason == HELD, "it is not barred"


async def test_without_a_budget_nobody_counts_against_it(post: Post, owner: Someone) -> None:
    await texts(post, Urgency.IMPORTANT, 2)
    await carry_all(mail_of(post))
    assert (await used(post), await told(post)) == (2, [])


def test_misconfigured_for_one_or_for_all() -> None:
    one = network.outcome_of(400, 21608)
    everybody = network.outcome_of(401, 20003)
    assert isinstance(one, Misconfigured)
    assert isinstance(everybody, Misconfigured)
    assert (one.for_one, everybody.for_one) == (True, False)
