"""SMS that come in: who is let in, what a text does and is answered, once however often brought (R11.5, R11.6)."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import ColumnElement, func, insert, select, update
from structlog.testing import capture_logs

from bot.callbacks.bidding import Accept
from bot.delivery.gsm7 import segments
from bot.run import Rollcall
from bot.sms import receiving as inbound
from bot.sms.texter import Texting
from bot.sms.words import Word
from bot.twilio_signature import HEADER, MOST_BYTES
from bot.twilio_web import SMS_PATH
from bot.wording import Words
from domain.bidding.bids import place_bid
from domain.bidding.resolving import Resolved, resolve_window
from domain.bidding.rules import Award, Bids
from domain.coverage.assigning import Assigned, assign_driver
from domain.coverage.opening import Opened
from domain.db.base import Base
from domain.db.models import (
    Assignment,
    AuditLog,
    Bid,
    BidWindow,
    ChatLink,
    ContactSettings,
    Delivery,
    LastHeard,
    Notification,
    ReceivedSms,
    SmsAttempt,
    SmsCode,
    SmsMonth,
    SmsOptOut,
    User,
)
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus, Urgency, UserRole
from domain.notices import actions as notices
from domain.notices.codes import code_for
from domain.notices.facts.people import Written
from domain.notices.kinds import Kind
from domain.people.queries import Person
from tests.bot.conftest import Line
from tests.bot.texter import PUBLIC, Texter, said, signed, texting_to, twilio_settings
from tests.bot.town import Town
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, open_emergency

COMPANY = "Rollcall"


@dataclass
class Company:
    manager: Person
    north: uuid.UUID
    driver: Person
    slot: Slot
    window: uuid.UUID


@pytest.fixture
async def rollcall(town: Town) -> AsyncIterator[Rollcall]:
    async with town.core(**twilio_settings()) as rollcall:
        yield rollcall


@pytest.fixture
async def texter(town: Town, rollcall: Rollcall) -> AsyncIterator[Texter]:
    async with texting_to(town, rollcall) as texter:
        yield texter


async def offered(town: Town, language: str | None = None, *, linked: bool = False) -> Company:
    """One driver who was asked for R12 at North, today."""
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        manager = await fleet.manager("Mona")
        north = await fleet.warehouse("North", manager)
        driver = await fleet.driver("Dana", home=north, language=language, linked=linked)
        slot, window = await _window(fleet, manager, north, "R12")
        return Company(manager, north, driver, slot, window)


async def _window(fleet: Fleet, manager: Person, north: uuid.UUID, route: str, day: int = 0) -> tuple[Slot, uuid.UUID]:
    slot = await fleet.slot(await fleet.route(route, north), fleet.day(day))
    opened = await open_emergency(fleet.session, manager, slot, fleet.now)
    assert isinstance(opened, Opened)
    return slot, opened.window_id


async def another(town: Town, it: Company, route: str, day: int = 1) -> tuple[Slot, uuid.UUID]:
    async with town.sessions.begin() as session:
        return await _window(Fleet(session, town.now), it.manager, it.north, route, day)


async def code_of(town: Town, person: Person, window: uuid.UUID) -> str:
    """As the SMS with the offer gave it to him."""
    async with town.sessions.begin() as session:
        closes_at = await session.scalar(select(BidWindow.closes_at).where(BidWindow.id == window))
        assert closes_at is not None
        return await code_for(session, person.phone, person.id, Kind.OFFER, window, closes_at)


async def winner(town: Town, window: uuid.UUID) -> uuid.UUID | None:
    async with town.sessions() as session:
        return await session.scalar(select(BidWindow.winner_id).where(BidWindow.id == window))


async def heard(town: Town, person: Person) -> bool:
    async with town.sessions() as session:
        return await session.scalar(select(LastHeard.at).where(LastHeard.user_id == person.id)) is not None


async def count(town: Town, model: type[Base], *where: ColumnElement[bool]) -> int:
    async with town.sessions() as session:
        return await session.scalar(select(func.count()).select_from(model).where(*where)) or 0


# -- who is let in


async def test_r12_4_only_what_twilio_has_signed_is_taken(town: Town, texter: Texter) -> None:
    it = await offered(town)
    form = {"From": it.driver.phone, "To": "+14165550100", "Body": "TAKE", "MessageSid": "SM1", "FromCity": ""}
    good = signed(form)
    assert (await texter.post(form)).status_code == 403
    for forged in ("", "wrong", "é", signed(form, "another token"), signed(form, url="http://bot" + SMS_PATH)):
        assert (await texter.post(form, forged)).status_code == 403
    assert (await texter.post(form | {"Body": "STOP"}, good)).status_code == 403
    without_blank = {name: value for name, value in form.items() if value}
    assert (await texter.post(form, signed(without_blank))).status_code == 403
    assert await texter.received() == []
    assert await winner(town, it.window) is None
    assert (await texter.post(form, good)).status_code == 200
    assert await winner(town, it.window) == it.driver.id


async def test_the_address_counts_with_its_query(texter: Texter) -> None:
    form = {"From": "+14165550199", "Body": "hi", "MessageSid": "SM1"}
    header = {HEADER: signed(form, url=f"{PUBLIC}{SMS_PATH}?from=north&x=")}
    answer = await texter.client.post(f"{SMS_PATH}?from=north&x=", data=form, headers=header)
    assert answer.status_code == 200
    assert (await texter.client.post(SMS_PATH, data=form, headers=header)).status_code == 403


async def test_what_is_no_sms_is_refused(texter: Texter) -> None:
    for form in ({}, {"From": "+14165550199"}, {"From": "", "MessageSid": "SM1"}, {"MessageSid": "SM1"}):
        assert (await texter.post(form, signed(form))).status_code == 400
    assert (await texter.post({"Body": "x" * MOST_BYTES})).status_code == 400
    assert await texter.received() == []


async def test_r12_2_strangers_learn_nothing(town: Town, texter: Texter) -> None:
    it = await offered(town)
    code = await code_of(town, it.driver, it.window)
    with capture_logs() as logged:
        for body in ("TAKE", f"TAKE {code}", "HELP", "OK", "ARRET", "hello", ""):
            assert await texter.text("+14165559876", body) is None
    assert await winner(town, it.window) is None
    assert "+14165559876" not in str(logged)
    assert await count(town, SmsMonth) == 0


# -- taking a shift


@pytest.mark.parametrize("body", ["TAKE {code}", "take {code}!", "Take: {code}!", "Take"])
async def test_r11_6_an_offer_is_taken_by_sms(town: Town, texter: Texter, body: str) -> None:
    it = await offered(town)
    code = await code_of(town, it.driver, it.window)
    answer = await texter.text(it.driver.phone, body.format(code=code))
    assert answer == "Rollcall: It's yours: R12 at North, Wed 25 Nov. Be at 1 North St by 09:00."
    assert await winner(town, it.window) == it.driver.id
    assert await heard(town, it.driver)
    async with town.sessions() as session:
        inbox = (await session.scalars(select(Notification).where(Notification.user_id == it.driver.id))).all()
    assert {note.data["kind"]: note.read for note in inbox if note.data} == {"offer": True, "won": True}


async def test_r2_5_texted_twice_shows_how_it_stands(town: Town, texter: Texter) -> None:
    it = await offered(town)
    code = await code_of(town, it.driver, it.window)
    await texter.text(it.driver.phone, f"TAKE {code}")
    for body in (f"TAKE {code}", "TAKE"):
        answer = await texter.text(it.driver.phone, body)
        assert answer == "Rollcall: You have it already: R12 at North, Wed 25 Nov. Be at 1 North St by 09:00."
    assert await count(town, Bid) == 1


async def test_what_was_taken_and_lost_again_is_not_his(town: Town, texter: Texter) -> None:
    it = await offered(town)
    await texter.text(it.driver.phone, "TAKE")
    async with town.sessions.begin() as session:
        await session.execute(update(Assignment).values(status=AssignmentStatus.UNFILLED, user_id=None))
        await session.execute(
            insert(Assignment).values(
                route_id=it.slot.route,
                warehouse_id=it.slot.warehouse,
                on=it.slot.on,
                user_id=it.driver.id,
                status=AssignmentStatus.CANCELLED,
            )
        )
    assert await texter.text(it.driver.phone, "TAKE") == "Rollcall: nothing is open to you right now."


async def test_r2_5_the_same_sms_brought_again_has_one_effect_and_the_same_answer(town: Town, texter: Texter) -> None:
    it = await offered(town)
    first = await texter.bring(it.driver.phone, "TAKE", sid="SM1")
    again = await texter.bring(it.driver.phone, "TAKE", sid="SM1")
    assert said(first) is not None
    assert said(again) == said(first)
    async with town.sessions() as session:
        sent = await session.scalar(select(SmsMonth.segments))
        audited = await session.scalars(select(AuditLog.action).where(AuditLog.action == "instant_assign"))
        assert (sent, len(audited.all())) == (1, 1)


async def test_r11_6_in_french(town: Town, texter: Texter) -> None:
    it = await offered(town, "fr")
    assert await texter.text(it.driver.phone, "PRENDRE") == (
        "Rollcall: R12 à North est à vous: mer. 25 nov., soyez au 1 North St avant 9 h."
    )
    refused = await texter.text(it.driver.phone, "take K7Q")
    assert refused == "Rollcall: ce code n'est plus bon, et rien n'est ouvert pour vous en ce moment."


async def test_a_french_word_is_answered_in_french_where_no_language_was_chosen(town: Town, texter: Texter) -> None:
    it = await offered(town)
    assert "PRENDRE + code" in (await texter.text(it.driver.phone, "Aide") or "")
    assert "TAKE + code" in (await texter.text(it.driver.phone, "help") or "")
    code = await code_of(town, it.driver, it.window)
    assert "est à vous" in (await texter.text(it.driver.phone, f"prendre: {code.lower()}") or "")


async def test_r11_6_with_several_open_the_answer_lists_them_with_their_codes(town: Town, texter: Texter) -> None:
    it = await offered(town)
    _, other = await another(town, it, "R14")
    answer = await texter.text(it.driver.phone, "TAKE") or ""
    codes = {row.about: code for code, row in (await texter.codes(it.driver.phone)).items()}
    assert f"{codes[it.window]} R12, North, Wed 25 Nov 07:00, +20%" in answer
    assert f"{codes[other]} R14, North, Thu 26 Nov 07:00, +20%" in answer
    assert await winner(town, it.window) is None
    assert await winner(town, other) is None
    assert "It's yours: R14" in (await texter.text(it.driver.phone, f"take {codes[other]}") or "")
    assert "It's yours: R12" in (await texter.text(it.driver.phone, "take") or "")  # the only one now


async def test_r11_6_a_wrong_or_expired_code_says_what_is_open(town: Town, texter: Texter) -> None:
    it = await offered(town)
    answer = await texter.text(it.driver.phone, "TAKE R99") or ""
    (code,) = await texter.codes(it.driver.phone)
    assert answer == (
        "Rollcall: that code is not good any more. Reply TAKE and the code of what is open: "
        f"{code} R12, North, Wed 25 Nov 07:00, +20%"
    )
    async with town.sessions.begin() as session:
        await session.execute(update(SmsCode).values(expires_at=town.now))
    answer = await texter.text(it.driver.phone, f"TAKE {code}") or ""
    assert "that code is not good any more" in answer
    assert await winner(town, it.window) is None
    assert f"{code} R12" in answer  # good again, since it is still open
    assert "It's yours" in (await texter.text(it.driver.phone, f"TAKE {code}") or "")


async def test_r11_6_nothing_open_is_said(town: Town, texter: Texter) -> None:
    it = await offered(town)
    async with town.sessions.begin() as session:
        await session.execute(update(BidWindow).values(status=BidWindowStatus.CLOSED))
    assert await texter.text(it.driver.phone, "TAKE") == "Rollcall: nothing is open to you right now."
    assert await texter.text(it.manager.phone, "TAKE") == "Rollcall: nothing is open to you right now."


async def test_r11_6_a_refusal_says_why_in_his_language(town: Town, texter: Texter) -> None:
    it = await offered(town, "fr")
    code = await code_of(town, it.driver, it.window)
    async with town.sessions.begin() as session:
        quicker = await Fleet(session, town.now).driver("Quick", home=it.north)
        assert isinstance(await accept(session, quicker, it.window, town.now), Award)
    answer = await texter.text(it.driver.phone, f"PRENDRE {code}") or ""
    assert answer == "Rollcall: R12 à North, mer. 25 nov., est déjà prise: quelqu'un a été plus rapide."
    assert segments(answer) == 1


@pytest.mark.parametrize("by_hand", [True, False])
async def test_r6_5_who_comes_too_late_reads_how_it_was_decided(town: Town, texter: Texter, by_hand: bool) -> None:
    """Nobody is quicker where the best score wins, or a manager gives it to somebody."""
    it = await offered(town)
    code = await code_of(town, it.driver, it.window)
    async with town.sessions.begin() as session:
        await session.execute(update(BidWindow).values(mode=BidWindowMode.COMPETITIVE))
        rival = await Fleet(session, town.now).driver("Rival", home=it.north)
        if by_hand:
            given = await assign_driver(session, it.manager, it.slot.id, rival.id, None, SAY, POLICY, town.now)
            assert isinstance(given, Assigned)
        else:
            assert isinstance(await place_bid(session, rival, it.window, POLICY, town.now), Bids)
            assert isinstance(await resolve_window(session, it.window, None, SAY, POLICY, town.now), Resolved)
    answer = await texter.text(it.driver.phone, f"TAKE {code}") or ""
    how = "a manager has given R12" if by_hand else "the bids for R12 at North, Wed 25 Nov, are decided"
    assert how in answer and "quicker" not in answer


async def test_r12_4_another_persons_code_is_worth_nothing(town: Town, texter: Texter) -> None:
    it = await offered(town)
    code = await code_of(town, it.driver, it.window)
    async with town.sessions.begin() as session:
        other = await Fleet(session, town.now).driver("Kwame", home=it.north)
    assert "that code is not good any more, and nothing is open" in (
        await texter.text(other.phone, f"TAKE {code}") or ""
    )
    assert await winner(town, it.window) is None


async def test_r11_6_what_only_telegram_told_can_be_taken_by_sms_too(town: Town, texter: Texter) -> None:
    it = await offered(town, linked=True)
    assert await texter.codes(it.driver.phone) == {}
    assert "It's yours" in (await texter.text(it.driver.phone, "TAKE") or "")


async def test_r6_3_who_was_not_asked_takes_nothing(town: Town, texter: Texter) -> None:
    it = await offered(town)
    async with town.sessions.begin() as session:
        outsider = await Fleet(session, town.now).driver("Out", home=it.north)
    assert await texter.text(outsider.phone, "TAKE") == "Rollcall: nothing is open to you right now."


async def test_r6_3_a_declined_day_counts_only_where_nothing_else_is_open(town: Town, texter: Texter) -> None:
    it = await offered(town)
    _, other = await another(town, it, "R14")
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        await fleet.decline(it.driver, fleet.day(0))
    assert "It's yours: R14" in (await texter.text(it.driver.phone, "TAKE") or "")
    assert await winner(town, other) == it.driver.id
    assert "It's yours: R12" in (await texter.text(it.driver.phone, "TAKE") or "")


# -- a shared phone


async def test_r11_6_on_a_shared_phone_the_code_names_the_person(town: Town, texter: Texter) -> None:
    it = await offered(town)
    async with town.sessions.begin() as session:
        brother = await Fleet(session, town.now).driver("Bela", home=it.north, language="fr")
        await session.execute(update(User).where(User.id == brother.id).values(phone=it.driver.phone))
    brother = replace(brother, phone=it.driver.phone)
    _, other = await another(town, it, "R14", day=0)  # both are asked for it
    answer = await texter.text(it.driver.phone, "TAKE") or ""  # two things for Dana, one for Bela
    codes = {(row.user_id, row.about): code for code, row in (await texter.codes(it.driver.phone)).items()}
    assert len(codes) == 3
    assert f"{codes[brother.id, other]} (Bela) R14" in answer
    won = await texter.text(it.driver.phone, f"TAKE {codes[brother.id, other]}") or ""
    assert "R14 à North est à vous" in won  # in Bela's language
    assert await winner(town, other) == brother.id
    assert await heard(town, brother)
    assert "It's yours: R12" in (await texter.text(it.driver.phone, "TAKE") or "")  # one thing is open to both together
    assert await winner(town, it.window) == it.driver.id


async def test_r11_2_on_a_shared_phone_only_who_is_named_is_heard(town: Town, texter: Texter) -> None:
    it = await offered(town)
    async with town.sessions.begin() as session:
        other = await Fleet(session, town.now).driver("Bela", home=it.north)
        await session.execute(update(User).where(User.id == other.id).values(phone=it.driver.phone))
    code = await code_of(town, it.driver, it.window)
    await texter.text(it.driver.phone, f"TAKE {code}")
    assert (await heard(town, it.driver), await heard(town, other)) == (True, False)
    for words in ("OK", "TAKE", "HELP", "hello"):
        await texter.text(it.driver.phone, words)
    assert not await heard(town, other)


# -- the other words


async def test_r11_6_ok_acknowledges(town: Town, texter: Texter) -> None:
    it = await offered(town)
    assert not await heard(town, it.driver)
    assert await texter.text(it.driver.phone, "Ok!") == "Rollcall: thank you, noted."
    assert await heard(town, it.driver)


async def test_r11_6_ok_answers_what_was_texted_last(town: Town, texter: Texter) -> None:
    it = await offered(town)
    earlier, last = uuid.uuid4(), uuid.uuid4()
    async with town.sessions.begin() as session:
        for minutes, about in ((2, earlier), (1, last)):
            envelope = notices.Envelope(Kind.MANUAL, about, level=Urgency.URGENT)
            written = Written("Mona", "Please call me.")
            await notices.tell(session, [it.driver.id], written, envelope, Words(POLICY.zone), POLICY, town.now)
            rows = await session.scalars(select(Delivery.id).where(Delivery.about == about))
            attempt = {"user_id": it.driver.id, "phone": it.driver.phone, "body": "", "segments": 1}
            at, attempt["sid"] = town.now - timedelta(minutes=minutes), f"SM{about.hex}"
            await session.execute(insert(SmsAttempt).values(delivery_id=rows.one(), created_at=at, **attempt))
    await texter.text(it.driver.phone, "OK")
    async with town.sessions() as session:
        answered = await session.scalars(select(Delivery.about).where(Delivery.answered_at.is_not(None)))
        assert set(answered) == {last}


async def test_r11_6_help_tells_what_can_be_texted(town: Town, texter: Texter) -> None:
    it = await offered(town, "fr")
    words = ("PRENDRE", "ICI", "RETARD", "ABSENT", "CHARGE", "RETOUR")
    said = await texter.text(it.driver.phone, "AIDE") or ""
    assert all(word in said for word in words)
    told = await texter.text(it.manager.phone, "HELP") or ""
    assert "TAKE" not in told and "OK" in told and COMPANY in told
    assert await texter.text(it.driver.phone, "HELP", OptOutType="HELP") is None  # Twilio has answered


async def test_r11_6_unknown_words_are_answered_once_with_help(town: Town, texter: Texter) -> None:
    it = await offered(town)
    first = await texter.text(it.driver.phone, "what is this")
    assert first is not None and "wasn't understood" in first
    for body in ("hello?", "", "🙂"):
        assert await texter.text(it.driver.phone, body) is None
    assert (await texter.text(it.driver.phone, "HELP")) is not None  # a word that is known is answered each time
    assert "wasn't understood" in (await texter.text(it.manager.phone, "what is this") or "")  # another phone
    async with town.sessions.begin() as session:
        before = town.now - POLICY.help_once_in
        await session.execute(update(ReceivedSms).values(received_at=before))
    assert await texter.text(it.driver.phone, "and now?") is not None
    assert [row.understood for row in await texter.received()].count(True) == 1


# -- opting out and in


async def opted_out(town: Town, phone: str) -> bool:
    return await count(town, SmsOptOut, SmsOptOut.phone == phone) == 1


async def told(town: Town, manager: Person) -> list[str]:
    async with town.sessions() as session:
        mine = select(Notification).where(Notification.user_id == manager.id).order_by(Notification.created_at)
        return [note.title for note in await session.scalars(mine)]


@pytest.mark.parametrize(
    "word", ["STOP", "stopall", "Unsubscribe", "CANCEL", "end", "QUIT", "REVOKE", "OPTOUT", " stop. "]
)
async def test_r11_5_what_twilio_answers_itself_is_honoured_silently(town: Town, texter: Texter, word: str) -> None:
    it = await offered(town)
    assert await texter.text(it.driver.phone, word) is None
    assert await opted_out(town, it.driver.phone)
    assert await winner(town, it.window) is None


@pytest.mark.parametrize("word", ["ARRET", "Arrêt", "arrêter", "DESABONNER", "Se désabonner"])
async def test_r11_5_the_french_words_are_confirmed_once_in_french(town: Town, texter: Texter, word: str) -> None:
    it = await offered(town)
    assert await texter.text(it.driver.phone, word) == (
        "Rollcall: vous ne recevrez plus de SMS. Répondez START pour en recevoir encore."
    )
    assert await opted_out(town, it.driver.phone)
    assert await texter.text(it.driver.phone, word) is None
    assert await texter.text(it.driver.phone, word, OptOutType="STOP") is None


async def test_r11_5_optouttype_decides(town: Town, texter: Texter) -> None:
    it = await offered(town)
    assert await texter.text(it.driver.phone, "plus jamais", OptOutType="STOP") is None
    assert await opted_out(town, it.driver.phone)
    assert await texter.text(it.driver.phone, "encore", OptOutType="START") is None
    assert not await opted_out(town, it.driver.phone)


async def test_r11_5_who_has_opted_out_is_not_texted_until_he_opts_in(town: Town, texter: Texter) -> None:
    it = await offered(town)
    await texter.text(it.driver.phone, "ARRET")
    for body in ("HELP", "OK", "what", "TAKE K7Q"):
        assert await texter.text(it.driver.phone, body) is None
    assert await texter.text(it.driver.phone, "TAKE") is None
    assert await winner(town, it.window) == it.driver.id  # what he does counts all the same
    for word in ("START", "yes", "Unstop"):
        assert await texter.text(it.driver.phone, word) is None
        assert not await opted_out(town, it.driver.phone)
    assert await texter.text(it.driver.phone, "OK") is not None


async def test_r11_5_his_managers_read_that_the_fallback_is_gone_each_time(town: Town, texter: Texter) -> None:
    it = await offered(town)
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        colleague, elsewhere = await fleet.manager("Max", it.north), await fleet.manager("Eva")
        await fleet.warehouse("South", elsewhere)
    await texter.text(it.driver.phone, "STOP")
    await texter.text(it.driver.phone, "STOP")  # he has said so
    title = "Dana Test gets no SMS any more"
    for manager, titles in ((it.manager, [title]), (colleague, [title]), (elsewhere, [])):
        assert await told(town, manager) == titles
    async with town.sessions() as session:
        note = await session.scalar(select(Notification).where(Notification.user_id == colleague.id))
        delivery = await session.scalar(select(Delivery).where(Delivery.user_id == colleague.id))
        assert note is not None and delivery is not None
        assert note.body == "Dana Test has texted STOP and has no Telegram: call when it matters."
        assert (delivery.kind, delivery.about, delivery.level) == ("fallback_gone", it.driver.id, 2)
        actions = select(AuditLog.action, AuditLog.actor_id).where(AuditLog.entity_id == it.driver.id)
        audited = (await session.execute(actions.order_by(AuditLog.action))).tuples().all()
        assert list(audited) == [("sms_opted_out", it.driver.id)]
    await texter.text(it.driver.phone, "START")
    assert await count(town, AuditLog, AuditLog.action == "sms_opted_in") == 1
    town_later = replace(town, now=town.now + timedelta(hours=1))
    async with town_later.core(**twilio_settings()) as later, texting_to(town_later, later) as texter_later:
        await texter_later.text(it.driver.phone, "ARRET", sid="SMlater")
    assert await told(town, it.manager) == [title, title]


async def test_r12_7_only_managers_of_todays_home_are_told_and_not_who_is_away(town: Town, texter: Texter) -> None:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        here, away, former = [await fleet.manager(name) for name in ("Here", "Away", "Former")]
        north, south = await fleet.warehouse("North", here, away), await fleet.warehouse("South", former)
        until = {"away_until": town.now + timedelta(days=1)}
        await session.execute(insert(ContactSettings).values(user_id=away.id, **until))
        driver = await fleet.driver("Dana", home=north)
        ended = (fleet.day(-9), fleet.day(-1))
        gone = await fleet.driver("Gone", home=south, employed=ended)
    for person in (driver, gone):
        await texter.text(person.phone, "STOP")
    assert [len(await told(town, manager)) for manager in (here, away, former)] == [1, 0, 0]
    assert await told(town, here) == ["Dana Test gets no SMS any more"]
    async with town.sessions() as session:
        assert "Telegram still works" in (await session.scalar(select(Notification.body)) or "")


async def test_a_manager_who_opts_out_is_nobodys_driver(town: Town, texter: Texter) -> None:
    it = await offered(town)
    await texter.text(it.manager.phone, "STOP")
    assert await opted_out(town, it.manager.phone)
    assert await told(town, it.manager) == []


# -- faults


async def test_r2_5_the_same_sms_at_two_replicas_at_once_has_one_effect(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits at the record for the first one's end, and gives the same answer."""
    it = await offered(town)
    inside, go_on, times = asyncio.Event(), asyncio.Event(), 0
    taking = inbound.ACTIONS[Word.TAKE]

    async def slowly(this: Texting) -> str | None:
        nonlocal times
        times += 1
        inside.set()
        await go_on.wait()
        return await taking(this)

    monkeypatch.setattr(inbound, "ACTIONS", {**inbound.ACTIONS, Word.TAKE: slowly})
    async with (
        town.core(**twilio_settings()) as one,
        town.core(**twilio_settings()) as other,
        texting_to(town, one) as first,
        texting_to(town, other) as second,
    ):
        answers = [asyncio.create_task(first.text(it.driver.phone, "TAKE", sid="SM1"))]
        await inside.wait()
        answers.append(asyncio.create_task(second.text(it.driver.phone, "TAKE", sid="SM1")))
        await town.somebody_waits()
        go_on.set()
        said_first, said_again = await asyncio.gather(*answers)
    assert said_first is not None and "It's yours" in said_first
    assert (said_again, times) == (said_first, 1)
    assert await count(town, Bid, Bid.status == BidStatus.WON) == 1
    assert await texter_segments(town) == 1


async def texter_segments(town: Town) -> int | None:
    async with town.sessions() as session:
        return await session.scalar(select(SmsMonth.segments))


async def test_r6_7_take_by_sms_against_accept_in_telegram_has_one_winner(town: Town) -> None:
    """Some rounds, each with a window of its own, both let loose at once in two processes."""
    it = await offered(town)
    async with town.sessions.begin() as session:
        rival = await Fleet(session, town.now).driver("Rival", home=it.north)
        await session.execute(update(User).where(User.role == UserRole.DRIVER).values(weekly_cap=6))
        chat = await session.scalar(select(ChatLink.chat_id).where(ChatLink.user_id == rival.id))
        assert chat is not None
    async with town.core(**twilio_settings()) as one, town.core() as other, texting_to(town, one) as texter:
        for day in range(1, 7):
            slot, window = await another(town, it, f"R2{day}", day)
            text = f"TAKE {await code_of(town, it.driver, window)}"
            by_chat = asyncio.ensure_future(other.receiver.receive_json(_press(town, chat, window)))
            answer = await texter.text(it.driver.phone, text) or ""
            receipt = await by_chat
            has_it = await winner(town, window)
            assert ("It's yours" in answer, "already taken" in answer) == (has_it == it.driver.id, has_it == rival.id)
            assert (receipt.toast.text or "").startswith("It's yours") is (has_it == rival.id)
            assert await count(town, Bid, Bid.assignment_id == slot.id, Bid.status == BidStatus.WON) == 1
            assert await count(town, Assignment, Assignment.id == slot.id, Assignment.user_id == has_it) == 1


def _press(town: Town, chat: int, window: uuid.UUID) -> dict[str, object]:
    user = {"id": chat, "is_bot": False, "first_name": "Rival", "language_code": "en"}
    message = {"message_id": 1, "date": int(town.now.timestamp()), "chat": {"id": chat, "type": "private"}}
    query = {"id": str(window), "chat_instance": "1", "data": Accept(window).pack(), "from": user, "message": message}
    return {"update_id": uuid.uuid4().int % 10**9, "callback_query": query}


async def test_a_fault_of_ours_is_rolled_back_told_and_not_repeated(
    town: Town, texter: Texter, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = await offered(town)

    async def fails(this: Texting) -> str | None:
        await _real(this)
        raise ZeroDivisionError

    _real = inbound.ACTIONS[Word.TAKE]
    monkeypatch.setattr(inbound, "ACTIONS", {**inbound.ACTIONS, Word.TAKE: fails})
    with capture_logs() as logged:
        answer = await texter.text(it.driver.phone, "TAKE", sid="SM1") or ""
    (line,) = [line for line in logged if line["event"] == "SMS failed"]
    assert line["fault_id"] in answer
    assert "nothing was changed" in answer
    assert isinstance(line["exc_info"], ZeroDivisionError)
    assert await winner(town, it.window) is None
    monkeypatch.undo()
    assert await texter.text(it.driver.phone, "TAKE", sid="SM1") == answer
    assert await winner(town, it.window) is None
    assert "It's yours" in (await texter.text(it.driver.phone, "TAKE", sid="SM2") or "")
    assert await texter.text(it.driver.phone, "what?", sid="SM3") is not None  # a fault is no help that was given


async def test_while_the_database_is_away_twilio_is_asked_to_come_again(town: Town, line: Line) -> None:
    it = await offered(town)
    settings = twilio_settings() | {"database_url": line.url}
    async with town.core(**settings) as rollcall, texting_to(town, rollcall) as texter:
        await line.cut()
        assert (await texter.bring(it.driver.phone, "TAKE", sid="SM1")).status_code == 503
        await line.mend()
        assert "It's yours" in (await texter.text(it.driver.phone, "TAKE", sid="SM1") or "")


async def test_a_cut_while_at_work_is_mended_in_process(
    town: Town, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = await offered(town)
    taking, whole = inbound.ACTIONS[Word.TAKE], True

    async def cut_once(this: Texting) -> str | None:
        nonlocal whole
        answer = await taking(this)
        if whole:
            whole = False
            await line.cut()
            await line.mend()
        return answer

    monkeypatch.setattr(inbound, "ACTIONS", {**inbound.ACTIONS, Word.TAKE: cut_once})
    settings = twilio_settings() | {"database_url": line.url}
    async with town.core(**settings) as rollcall, texting_to(town, rollcall) as texter:
        assert "It's yours" in (await texter.text(it.driver.phone, "TAKE") or "")
    assert await count(town, Bid) == 1


async def test_out_of_time_nothing_is_recorded(town: Town, texter: Texter, monkeypatch: pytest.MonkeyPatch) -> None:
    it = await offered(town)

    async def forever(this: Texting) -> str | None:
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(inbound, "DEADLINE_FOR", 0.2)
    monkeypatch.setattr(inbound, "ACTIONS", {**inbound.ACTIONS, Word.OK: forever})
    assert (await texter.bring(it.driver.phone, "OK")).status_code == 503
    assert await texter.received() == []


async def test_r11_8_answers_count_in_the_months_segments(town: Town, texter: Texter) -> None:
    it = await offered(town)
    first, second = await texter.text(it.driver.phone, "HELP"), await texter.text(it.driver.phone, "OK")
    await texter.text(it.driver.phone, "STOP")
    assert await texter_segments(town) == segments(first or "") + segments(second or "")
