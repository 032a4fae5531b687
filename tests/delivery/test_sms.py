"""R11.5 and R11.7: SMS through Twilio, never twice."""

import uuid
from datetime import timedelta

import pytest

from bot.delivery import queue, sms
from bot.delivery.carrying import carry_text, settle, text_for
from bot.delivery.claims import Claimed, claim_sms
from bot.delivery.sms import Sms, twilio
from bot.delivery.steps import (
    Accepted,
    BadNumber,
    Halted,
    Misconfigured,
    NotTaken,
    OptedOut,
    Outcome,
    Rejected,
    Unsure,
)
from domain.db.models.words import Channel, DeliveryState, Urgency
from tests.delivery.post import Post, until


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 21211, BadNumber),
        (400, 21614, BadNumber),
        (400, 21610, OptedOut),
        (401, 20003, Misconfigured),
        (403, None, Misconfigured),
        (404, 20404, Misconfigured),
        (400, 21408, Misconfigured),
        (400, 21606, Misconfigured),
        (400, 21608, Misconfigured),
        (400, 21611, NotTaken),
        (400, 30001, NotTaken),
        (400, 21617, Rejected),
        (429, 20429, Halted),
        (500, 20500, Unsure),
        (503, 21610, Unsure),  # the status is first
        (None, None, Unsure),
    ],
)
def test_what_a_refusal_means(status: int | None, code: int | None, meaning: type[Outcome]) -> None:
    assert type(sms.outcome_of(status, code)) is meaning


@pytest.mark.parametrize(
    ("kind", "meaning", "arrived"), [("429", Halted, 0), ("500", Unsure, 0), ("answer-lost", Unsure, 1)]
)
async def test_faults_of_the_network_and_nothing_is_repeated(
    post: Post, kind: str, meaning: type[Outcome], arrived: int
) -> None:
    amara = await post.person()
    await post.fault("sms", kind)
    assert post.sms is not None
    assert type(await sms.send(post.sms, amara.phone, "Hi", None, post.now())) is meaning
    assert (len(await post.texts(amara)), len(await post.requests("create"))) == (arrived, 1)


async def test_refused_connections_are_surely_not_sent(post: Post) -> None:
    async with twilio("AC1", "token", "+14165550100", "http://127.0.0.1:9") as nobody:
        assert isinstance(await sms.send(nobody, "+14165550123", "Hi", None, post.now()), NotTaken)


async def test_the_request(post: Post) -> None:
    amara = await post.person()
    assert post.sms is not None
    post.sandbox.clock.pause()
    service = Sms(post.sms.client, post.sandbox.settings.messaging_service_sid)
    soon, late = post.now() + timedelta(minutes=1), post.now() + timedelta(hours=5)
    for way, until_then in ((post.sms, soon), (service, late), (service, post.now() + timedelta(minutes=20))):
        assert isinstance(await sms.send(way, amara.phone, "Hi", until_then, post.now()), Accepted)
    first, second, third = (request["params"] for request in await post.requests("create"))
    assert (first["To"], first["From"], first["Body"]) == (amara.phone, post.sms.sender, "Hi")
    assert (second["MessagingServiceSid"], "From" in second) == (service.sender, False)
    assert [params["ValidityPeriod"] for params in (first, second, third)] == ["600", "1800", "1200"]


@pytest.mark.parametrize("phone", ["", "12", "+14165550123 ext. 5", "+18005551234"])
async def test_r12_1_what_is_no_phone_is_not_tried(post: Post, phone: str) -> None:
    assert post.sms is not None
    assert isinstance(await sms.send(post.sms, phone, "Hi", None, post.now()), BadNumber)
    assert await post.requests("create") == []


async def test_r11_5_only_the_first_sms_tells_how_to_opt_out(post: Post) -> None:
    amara = await post.person(linked=False, language="fr")
    for _ in range(2):
        await post.note(amara, channel=Channel.SMS)
        async with post.working(post.mail(segment_every=timedelta(0))):
            await until(post.all_done)
    first, second = await post.texts(amara)
    assert first.startswith(second)
    assert "STOP" in first
    assert second == "Acme (fr): Hello"


async def test_opted_out_fails_with_the_reason(post: Post) -> None:
    amara = await post.person(linked=False)
    await post.call("PATCH", f"people/{amara.slug}", {"sms_opted_out": True})
    note = await post.note(amara, channel=Channel.SMS)
    async with post.working():
        await until(post.all_done)
    row = await post.row(note)
    assert row.state is DeliveryState.FAILED
    assert "opted out" in (row.reason or "")


async def test_r11_7_an_sms_with_an_unknown_outcome_is_never_sent_again(post: Post) -> None:
    amara = await post.person(linked=False)
    await post.fault("sms", "answer-lost")
    note = await post.note(amara, Urgency.URGENT, channel=Channel.SMS)
    async with post.working():
        await until(post.all_done)
    assert (await post.row(note)).state is DeliveryState.UNKNOWN
    assert len(await post.texts(amara)) == 1


async def test_r11_7_died_while_sending_is_unknown_died_before_is_sent(post: Post) -> None:
    amara, jean = await post.person(linked=False), await post.person(linked=False)
    mail = post.mail(segment_every=timedelta(0))
    begun, unbegun = await _claimed_note(post, amara.id), await _claimed_note(post, jean.id)
    assert await queue.begin_sms(mail.db, begun)
    await post.lease_ran_out(begun.id, unbegun.id)
    async with post.working(mail):
        await until(post.all_done)
    row = await post.row(begun.id)
    assert row.state is DeliveryState.UNKNOWN
    assert "died" in (row.reason or "")
    assert (len(await post.texts(amara)), len(await post.texts(jean))) == (0, 1)


async def _claimed_note(post: Post, user_id: uuid.UUID) -> Claimed:
    mail = post.mail()
    note = await post.note_for(user_id, channel=Channel.SMS)
    claim = await claim_sms(mail.db, mail.now(), "sms:")
    assert claim is not None
    assert claim.id == note
    return claim


async def test_r11_3_cancelled_after_the_claim_is_not_sent(post: Post) -> None:
    amara = await post.person(linked=False)
    mail = post.mail()
    claim = await _claimed_note(post, amara.id)
    text = await text_for(mail, claim)
    assert isinstance(text, str)
    await post.change(claim.id, state=DeliveryState.CANCELLED, due_at=None)
    assert await carry_text(mail, claim, text) is None
    assert await post.texts(amara) == []


async def test_misconfigured_is_tried_again_while_an_operator_may_mend_it(post: Post) -> None:
    amara = await post.person(linked=False)
    mail = post.mail()
    claim = await _claimed_note(post, amara.id)
    step = await settle(mail, claim, Misconfigured("code 20003"))
    assert step.pause is not None
    row = await post.row(claim.id)
    assert (row.state, row.due_at, row.reason) == (DeliveryState.PENDING, claim.due_at, "code 20003")
    assert await claim_sms(mail.db, mail.now(), "sms:") is None, "the pause holds"
    await post.lease_ran_out(claim.id)
    post.sandbox.clock.forward(3600)
    again = await claim_sms(mail.db, mail.now(), "sms:")
    assert again is not None
    await settle(mail, again, Misconfigured("code 20003"))
    assert (await post.row(claim.id)).state is DeliveryState.FAILED
