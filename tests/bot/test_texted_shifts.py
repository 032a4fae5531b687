"""R11.6: confirming a shift and reporting from its day by SMS, in English and French."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.run import Rollcall
from domain.db.models import Assignment, Delivery, LateAnnouncement, Shift, SmsAttempt
from domain.db.models.words import AssignmentStatus, Channel, DeliveryState, Urgency
from domain.notices.actions import Envelope, tell
from domain.notices.codes import code_for
from domain.notices.facts.shifts import ToConfirm
from domain.notices.facts.weeks import WeekGiven
from domain.notices.kinds import Kind, week_about
from domain.people.queries import Person
from domain.time import shift_start, week_of
from tests.bot.texter import Texter, texting_to, twilio_settings
from tests.bot.town import Town
from tests.domain.world import POLICY, SAY, Fleet


@pytest.fixture
async def rollcall(town: Town) -> AsyncIterator[Rollcall]:
    async with town.core(**twilio_settings()) as rollcall:
        yield rollcall


@pytest.fixture
async def texter(town: Town, rollcall: Rollcall) -> AsyncIterator[Texter]:
    async with texting_to(town, rollcall) as texter:
        yield texter


@dataclass
class Driver:
    """Somebody without Telegram who drives today, and at the weekend, which he has not confirmed."""

    person: Person
    today: uuid.UUID
    saturday: uuid.UUID
    sunday: uuid.UUID


async def driver(town: Town, language: str = "en", *, unconfirmed: int = 2) -> Driver:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        north = await fleet.warehouse("North")
        person = await fleet.driver("Dana", home=north, language=language, linked=False)
        days = [await fleet.shift(await fleet.route(f"R{n}", north), person, fleet.day(n)) for n in (0, 3, 4)]
        confirmed = [days[0].id, *(slot.id for slot in days[1 + unconfirmed :])]
        await session.execute(update(Assignment).where(Assignment.id.in_(confirmed)).values(confirmed_at=town.now))
    return Driver(person, *(slot.id for slot in days))


async def is_confirmed(town: Town, assignment_id: uuid.UUID) -> bool:
    async with town.sessions() as session:
        row = select(Assignment.confirmed_at).where(Assignment.id == assignment_id)
        return (await session.scalar(row)) is not None


async def code_of(town: Town, it: Driver, assignment_id: uuid.UUID) -> str:
    async with town.sessions.begin() as session:
        until = town.now + timedelta(days=1)
        return await code_for(session, it.person.phone, it.person.id, Kind.CONFIRM_REMINDER, assignment_id, until)


@pytest.mark.parametrize(("language", "word", "says"), [("en", "c", "confirmed"), ("fr", "Confirmer", "confirmé")])
async def test_r11_6_c_with_the_shift_s_code(town: Town, texter: Texter, language: str, word: str, says: str) -> None:
    it = await driver(town, language)
    said = await texter.text(it.person.phone, f"{word} {await code_of(town, it, it.sunday)}") or ""
    assert says in said and "R4" in said
    assert (await is_confirmed(town, it.sunday), await is_confirmed(town, it.saturday)) == (True, False)


async def test_r11_6_the_code_may_be_left_out_where_one_waits(town: Town, texter: Texter) -> None:
    it = await driver(town, unconfirmed=1)
    assert "confirmed" in (await texter.text(it.person.phone, "C") or "")
    assert await is_confirmed(town, it.saturday)
    assert "nothing to confirm" in (await texter.text(it.person.phone, "C") or "")


async def test_r11_6_with_several_open_the_answer_lists_them(town: Town, texter: Texter) -> None:
    it = await driver(town)
    said = await texter.text(it.person.phone, "C") or ""
    assert f"{await code_of(town, it, it.saturday)} = R3" in said
    assert f"{await code_of(town, it, it.sunday)} = R4" in said
    assert not await is_confirmed(town, it.saturday)


async def test_r11_6_a_code_that_is_no_shift_s_confirms_nothing(town: Town, texter: Texter) -> None:
    it = await driver(town, unconfirmed=1)
    await texter.text(it.person.phone, "C Z9Z")
    assert not await is_confirmed(town, it.saturday)


async def reminded(town: Town, it: Driver, *about: uuid.UUID) -> list[uuid.UUID]:
    """The reminders of these shifts, to go by SMS."""
    starts_at = shift_start(town.now.date() + timedelta(days=3), POLICY)
    notice = ToConfirm("R3", "North", starts_at.date(), starts_at, starts_at - timedelta(days=2))
    async with town.sessions.begin() as session:
        for each in about:
            envelope = Envelope(Kind.CONFIRM_REMINDER, each, level=Urgency.IMPORTANT)
            assert await tell(session, [it.person.id], notice, envelope, SAY, POLICY, town.now) == 1
        return list(await session.scalars(select(Delivery.id).where(Delivery.about.in_(about))))


async def texted(town: Town, it: Driver, delivery_id: uuid.UUID, minutes: int = 0) -> None:
    """The company's SMS has gone out, so many minutes later."""
    at, sid = town.now + timedelta(minutes=minutes), f"SM{minutes}"
    sms = {"user_id": it.person.id, "phone": it.person.phone, "body": "", "segments": 1, "status": "sent"}
    async with town.sessions.begin() as session:
        await session.execute(insert(SmsAttempt).values(delivery_id=delivery_id, created_at=at, sid=sid, **sms))


async def digest_of(town: Town, it: Driver, *delivery_ids: uuid.UUID) -> None:
    """The day's digest, which tells of these, has gone out."""
    async with town.sessions.begin() as session:
        digest = Delivery(
            user_id=it.person.id,
            channel=Channel.SMS,
            kind=Kind.DIGEST,
            urgency=Urgency.NORMAL,
            state=DeliveryState.SENT,
            created_at=town.now,
        )
        session.add(digest)
        await session.flush()
        superseded = update(Delivery).where(Delivery.id.in_(delivery_ids))
        await session.execute(superseded.values(superseded_by=digest.id, state=DeliveryState.SUPERSEDED))
        id_ = digest.id
    await texted(town, it, id_, minutes=1)


async def test_r11_6_ok_confirms_what_was_asked_last(town: Town, texter: Texter) -> None:
    it = await driver(town)
    [reminder] = await reminded(town, it, it.saturday)
    await texted(town, it, reminder)
    assert "confirmed" in (await texter.text(it.person.phone, "OK") or "")
    assert (await is_confirmed(town, it.saturday), await is_confirmed(town, it.sunday)) == (True, False)


async def test_r11_6_ok_to_a_digest_confirms_the_one_shift_that_it_asks_for(town: Town, texter: Texter) -> None:
    it = await driver(town)
    await digest_of(town, it, *await reminded(town, it, it.saturday))
    assert "confirmed" in (await texter.text(it.person.phone, "OK") or "")
    assert (await is_confirmed(town, it.saturday), await is_confirmed(town, it.sunday)) == (True, False)


async def test_r11_6_ok_to_a_digest_that_asks_for_two_confirms_neither(town: Town, texter: Texter) -> None:
    it = await driver(town)
    await digest_of(town, it, *await reminded(town, it, it.saturday, it.sunday))
    assert "confirmed" not in (await texter.text(it.person.phone, "OK") or "")
    assert (await is_confirmed(town, it.saturday), await is_confirmed(town, it.sunday)) == (False, False)


async def test_r11_6_ok_to_a_digest_confirms_nothing_that_an_earlier_sms_asked_for(town: Town, texter: Texter) -> None:
    it = await driver(town)
    [reminder] = await reminded(town, it, it.saturday)
    await texted(town, it, reminder)
    await digest_of(town, it)
    await texter.text(it.person.phone, "OK")
    assert not await is_confirmed(town, it.saturday)


@pytest.mark.parametrize(("unconfirmed", "confirms"), [(1, True), (2, False)])
async def test_r11_6_ok_to_a_week_with_one_shift_to_confirm(
    town: Town, texter: Texter, unconfirmed: int, confirms: bool
) -> None:
    it = await driver(town, unconfirmed=unconfirmed)
    monday, _ = week_of(town.now.date() + timedelta(days=3))
    async with town.sessions.begin() as session:
        envelope = Envelope(Kind.WEEK, week_about(monday), level=Urgency.NORMAL)
        assert await tell(session, [it.person.id], WeekGiven(monday, unconfirmed), envelope, SAY, POLICY, town.now) == 1
        [delivery_id] = await session.scalars(select(Delivery.id).where(Delivery.about == week_about(monday)))
    await texted(town, it, delivery_id)
    await texter.text(it.person.phone, "OK")
    assert await is_confirmed(town, it.saturday) is confirms


@pytest.mark.parametrize(
    ("language", "here", "load", "back", "thanks"),
    [("en", "Here", "load 142", "BACK 4", "Thank you"), ("fr", "ici", "Charge 142", "retour 4", "Merci")],
)
async def test_r11_6_the_day_by_sms(
    town: Town, texter: Texter, language: str, here: str, load: str, back: str, thanks: str
) -> None:
    it = await driver(town, language)
    assert load.split()[0].upper() in (await texter.text(it.person.phone, here) or "")
    assert "142" in (await texter.text(it.person.phone, load) or "")
    assert thanks in (await texter.text(it.person.phone, back) or "")
    async with town.sessions() as session:
        shift = (await session.scalars(select(Shift).where(Shift.assignment_id == it.today))).one()
        status = await session.scalar(select(Assignment.status).where(Assignment.id == it.today))
    assert (shift.parcels_start, shift.parcels_returned, shift.parcels_delivered) == (142, 4, 138)
    assert status is AssignmentStatus.COMPLETED


async def test_r11_6_what_can_t_be_says_why(town: Town, texter: Texter) -> None:
    it = await driver(town)
    phone = it.person.phone
    assert "Reply HERE first" in (await texter.text(phone, "LOAD 142") or "")
    await texter.text(phone, "HERE")
    for wrong in ("LOAD", "LOAD 0", "LOAD 1000", "LOAD -40", "LOAD 3.5", "LOAD 1 200"):
        assert "can't be right. Reply LOAD and 1 to 999" in (await texter.text(phone, wrong) or "")
    assert "how many parcels" in (await texter.text(phone, "BACK 4") or "")


@pytest.mark.parametrize(
    ("language", "example", "sentences"),
    [
        ("en", "like BACK 4", ("Back in 20 min", "back soon", "BACK 4 of 142")),
        ("fr", "RETOUR 4", ("Retour dans 30 minutes", "retour bientôt", "Retour 4 sur 142")),
    ],
)
async def test_r11_6_a_sentence_completes_no_shift(
    town: Town, texter: Texter, language: str, example: str, sentences: tuple[str, ...]
) -> None:
    it = await driver(town, language)
    phone = it.person.phone
    await texter.text(phone, "HERE")
    await texter.text(phone, "LOAD 142")
    assert example in (await texter.text(phone, sentences[0]) or "")
    for sentence in sentences[1:]:
        assert await texter.text(phone, sentence) is None, "two machines must not talk to each other for ever"
    for number in ("-1", "3.5", "1 000", "143"):
        assert "0" in (said := await texter.text(phone, f"BACK {number}") or "") and "142" in said
    async with town.sessions() as session:
        assert await session.scalar(select(Assignment.status).where(Assignment.id == it.today)) == "active"


@pytest.mark.parametrize(
    ("language", "sentence", "example"),
    [
        ("en", "HERE I AM SOON", "reply HERE and nothing else"),
        ("fr", "Ici dans 20 min", "répondez ICI sans rien"),
        ("en", "late because of the snow", "like LATE 15"),
        ("fr", "Retard du camion", "exemple RETARD 15"),
    ],
)
async def test_r11_6_nor_does_it_check_anybody_in(
    town: Town, texter: Texter, language: str, sentence: str, example: str
) -> None:
    it = await driver(town, language)
    assert example in (await texter.text(it.person.phone, sentence) or "")
    async with town.sessions() as session:
        assert await session.scalar(select(Assignment.status).where(Assignment.id == it.today)) == "scheduled"
        assert list(await session.scalars(select(LateAnnouncement))) == []


async def test_r11_6_who_confirms_only_in_part_of_a_sentence_confirms_nothing(town: Town, texter: Texter) -> None:
    it = await driver(town, unconfirmed=1)
    [reminder] = await reminded(town, it, it.saturday)
    await texted(town, it, reminder)
    assert "Reply OK and nothing else" in (await texter.text(it.person.phone, "OK but not on Saturday") or "")
    assert "reply C and nothing else" in (await texter.text(it.person.phone, "C'est bon") or "")
    assert not await is_confirmed(town, it.saturday)


async def test_r11_6_who_has_no_shift_today_reads_so(town: Town, texter: Texter) -> None:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        idle = await fleet.driver("Ina", home=await fleet.warehouse("North"), linked=False)
    assert "no shift today" in (await texter.text(idle.phone, "HERE") or "")
