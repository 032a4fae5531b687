"""A manager writes to somebody and sees where it stands, over HTTP (R11, PRODUCT)."""

import asyncio
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.home import GotIt
from bot.callbacks.messages import DiscardMessage, MessageStands, Recipients, SendMessage, WriteTo
from bot.callbacks.windows import AskedFor, WindowCard
from domain.db.models import Assignment, Delivery, Message, User, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.notices.kinds import Kind
from domain.people.actions import create_driver
from domain.policy import TORONTO
from sandbox.fleet import INVITE
from tests.story.phones import Phone, until

AMARA, UNLINKED, BLOCKED, FRENCH = "amara-osei", "chloe-roy", "liam-o-brien", "luc-tremblay"


@pytest.fixture
async def nadia(calls: httpx.AsyncClient) -> Phone:
    """The manager of North, who reads English."""
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    return nadia


@pytest.fixture
async def elise(calls: httpx.AsyncClient) -> Phone:
    """The other one, who reads French."""
    elise = Phone(calls, "elise-fortin")
    await elise.sees("Bonjour Élise")
    return elise


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["keyboard"] or [] for button in row]


async def now_is(calls: httpx.AsyncClient, at: datetime) -> None:
    (await calls.post("/sandbox/clock", json={"set": at.isoformat()})).raise_for_status()


async def clock(calls: httpx.AsyncClient) -> datetime:
    return datetime.fromisoformat((await calls.get("/sandbox/clock")).json()["now"]).astimezone(TORONTO)


async def test_a_message_is_sent_seen_and_answered(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, nadia: Phone
) -> None:
    amara = Phone(calls, AMARA)
    preview = await nadia.writes("/message amara: Please <b>call</b> & me\nbefore noon", "To Amara Osei, North:")
    assert "Please <b>call</b> & me\nbefore noon" in preview["text"]
    assert "goes by SMS" in preview["text"]
    assert labels(preview) == ["🔴 Urgent", "🟠 Important", "⚪ Normal", "✖ Discard"]
    assert not [message for message in await amara.chat() if "Nadia" in message["text"]]

    assert (await nadia.press(preview, "Urgent"))["text"] == "On its way."
    got = await amara.sees("Message from Nadia Haddad", "Please <b>call</b> & me\nbefore noon")
    card = await nadia.sees("Your urgent message", "Amara Osei: ✔️ sent", "not seen yet")  # keeps itself current
    assert card["message_id"] == preview["message_id"]

    assert (await nadia.press_data(card, preview["keyboard"][0][2]["data"]))["text"] == "It has been sent already."
    assert "Thank you" in (await amara.press(got, "Got it"))["text"]
    answered = await amara.sees("Please <b>call</b>", "You have answered this.")
    assert (answered["message_id"], answered["keyboard"]) == (got["message_id"], None)
    card = await nadia.sees("Your urgent message", "Amara Osei: sent", "👍 answered")
    again = await amara.press_data(answered, got["keyboard"][0][0]["data"])
    assert again["text"] == "You have answered this."
    assert len([message for message in await amara.chat() if "Nadia" in message["text"]]) == 1
    await nadia.press(card, "Refresh")
    await nadia.sees("👍 answered", "As of")
    async with sessions() as session:
        [row] = await session.scalars(select(Delivery).where(Delivery.kind == Kind.MANUAL))
        assert (row.state, row.escalate_at, row.answered_at is not None) == ("acknowledged", None, True)


async def test_in_french_and_without_a_colon(calls: httpx.AsyncClient, elise: Phone) -> None:
    luc = Phone(calls, FRENCH)
    preview = await elise.writes("/message LUC tremblay appelez-moi, svp", "À Luc Tremblay, North\u00a0:")
    assert labels(preview) == ["🔴 Urgent", "🟠 Important", "⚪ Normal", "✖ Jeter"]
    assert (await elise.press(preview, "Urgent"))["text"] == "C’est parti."
    got = await luc.sees("Message de Élise Fortin", "appelez-moi, svp")
    await elise.sees("Votre message urgent", "pas encore vu")
    await luc.press(got, "Bien reçu")
    await luc.sees("Vous y avez répondu.")
    await elise.sees("Votre message urgent", "👍 répondu")
    help_ = await elise.writes("/help", "/message")
    assert "écrit à quelqu’un" in help_["text"]


async def test_r11_2_without_telegram_it_goes_by_sms_and_the_author_sees_why_not(
    calls: httpx.AsyncClient, nadia: Phone
) -> None:
    for person in (UNLINKED, BLOCKED):
        preview = await nadia.writes(f"/message {person.split('-')[0]}: call me {person}", "How urgent is it?")
        await nadia.press(preview, "Urgent")

        async def texted(person: str = person) -> list[str]:
            return [sms["body"] for sms in await Phone(calls, person).sms() if f"call me {person}" in sms["body"]]

        await until(texted, f"{person} gets an SMS")
        await nadia.sees(f"call me {person}", "📱 by SMS")

    await calls.patch(f"/sandbox/people/{UNLINKED}", json={"sms_opted_out": True})
    preview = await nadia.writes("/message Chloe: after STOP", "How urgent is it?")
    await nadia.press(preview, "Urgent")
    card = await nadia.sees("after STOP", "❌ not delivered: has texted STOP", "Call +14165550104")
    assert labels(card) == ["🔄 Refresh"]


async def test_r11_4_quiet_hours_hold_it_unless_it_is_urgent(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, nadia: Phone
) -> None:
    amara, at = Phone(calls, AMARA), await clock(calls)
    async with sessions.begin() as session:  # nobody drives, or half the company would be missing by then
        driving = update(Assignment).where(Assignment.status.in_((AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE)))
        await session.execute(driving.values(status=AssignmentStatus.CANCELLED))
    await now_is(calls, at.replace(hour=22, minute=5))
    preview = await nadia.writes("/message Amara: tomorrow, please", "How urgent is it?")
    await nadia.press(preview, "Normal")
    held = await nadia.sees("tomorrow, please", "🌙 waits until")
    assert "(quiet hours)" in held["text"]
    preview = await nadia.writes("/message Amara: now, please", "How urgent is it?")
    await nadia.press(preview, "Urgent")
    await amara.sees("now, please")
    assert not [message for message in await amara.chat() if "tomorrow, please" in message["text"]]
    await now_is(calls, at.replace(hour=8, minute=1) + timedelta(days=1))
    await amara.sees("tomorrow, please")
    await nadia.sees("tomorrow, please", "✔️ sent")


async def test_whatever_is_written_gets_an_answer_with_the_next_step(
    calls: httpx.AsyncClient, nadia: Phone, elise: Phone
) -> None:
    for command, says in (
        ("/message", "Write to whom and what"),
        ("/message Amara", "What do you want to tell Amara Osei?"),
        ("/message Amara:   ", "What do you want to tell Amara Osei?"),
        ("/message <i>Zoltan</i> & co: hello", "Nobody in your warehouses is called “<i>Zoltan</i> & co”"),
        ("/message Maya Singh: hello", "Nobody in your warehouses is called “Maya Singh”"),  # of South
        ("/message Nadia: hello", "Nobody in your warehouses is called “Nadia”"),
        ("/message Amara: " + "x" * 1001, "at most 1000 characters"),
        ("/message :", "Nobody in your warehouses"),
    ):
        assert (await nadia.writes(command, says))["keyboard"], command
    near = await nadia.writes("/message Amarra Ossei: now", "called “Amarra Ossei”", "Do you mean one of these?")
    await nadia.press(near, "Amara Osei, North")
    await nadia.sees("To Amara Osei, North:", "now", "How urgent is it?")
    await elise.writes("/message", "Écrivez à qui et quoi")
    await elise.writes("/message Zoltan: allô", "ne s’appelle «\u00a0Zoltan\u00a0»")
    preview = await nadia.writes("/message Amara: never mind", "How urgent is it?")
    await nadia.press(preview, "Discard")
    gone = await nadia.sees("Discarded: nobody has been told.")
    await nadia.press_data(gone, preview["keyboard"][0][0]["data"])
    await nadia.sees("I don't have that draft any more", "/message")
    driver = Phone(calls, AMARA)
    await driver.writes("/message Nadia: hello", "That is for managers")


async def test_namesakes_are_offered_as_buttons_page_by_page(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, nadia: Phone
) -> None:
    at = await clock(calls)
    async with sessions.begin() as session:
        north = await session.scalar(select(Warehouse.id).where(Warehouse.name == "North"))
        assert north is not None
        for number in range(10):
            phone = f"+1416555{3000 + number}"
            await create_driver(session, "Zed", f"<b>&\"' {number}", phone, north, None, date(2020, 1, 1), at)
    zed = {"name": "Zed", "phone": "+14165553009", "telegram": None}
    (await calls.post("/sandbox/people", json=zed)).raise_for_status()
    listed = await nadia.writes("/message zed: hello all", "Several people are called “zed”")
    assert len([label for label in labels(listed) if label.startswith("Zed <b>&\"'")]) == 8
    await nadia.press(listed, "More")
    second = await until(lambda: _with(nadia, "‹ Back"), "the second page")
    assert len(labels(second)) == 4  # two people, back, discard
    await nadia.press(second, "Zed <b>&\"' 9, North (…3009)")
    preview = await nadia.sees("To Zed <b>&\"' 9, North:", "hello all")
    await nadia.press(preview, "Urgent")
    await nadia.sees("hello all", "Zed <b>&\"' 9", "📱 by SMS")


async def _with(phone: Phone, label: str) -> dict[str, Any] | None:
    return next((message for message in await phone.chat() if label in labels(message)), None)


async def test_names_may_be_anything_and_long(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, nadia: Phone
) -> None:
    strange = "<b>&\"'" + "é🚚" * 97
    async with sessions.begin() as session:
        for who in ("Amara", "Nadia"):
            names = {"first_name": who + strange[:195], "last_name": "<i>" + "x" * 197}
            await session.execute(update(User).where(User.first_name == who).values(**names))
    text = "<b>&\"'</i>\n" * 90
    preview = await nadia.writes(f"/message amara: {text}", "To Amara<b>&\"'", "How urgent is it?")
    await nadia.press(preview, "Urgent")
    amara = Phone(calls, AMARA)
    got = await amara.sees("Message from Nadia<b>&\"'", text.strip())
    await nadia.sees("Your urgent message", "Amara<b>&\"'", "✔️ sent")
    await amara.press(got, "Got it")
    await nadia.sees("Your urgent message", "👍 answered")


async def test_r12_4_forged_buttons_do_nothing(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, nadia: Phone, elise: Phone
) -> None:
    amara, kwame, south = Phone(calls, AMARA), Phone(calls, "kwame-mensah"), Phone(calls, "marc-andre-gagnon")
    preview = await nadia.writes("/message Amara: only mine", "How urgent is it?")
    send = SendMessage.parse(preview["keyboard"][0][0]["data"])
    message_id, amara_id = send.message_id, send.user_id
    async with sessions() as session:
        maya = await session.scalar(select(User.id).where(User.first_name == "Maya"))
    assert maya is not None
    about = (
        send,
        SendMessage(message_id, amara_id, 7),
        WriteTo(message_id, amara_id),
        Recipients(message_id, 999_999),
        DiscardMessage(message_id),
        MessageStands(message_id),
        MessageStands(uuid.uuid4()),
        GotIt(message_id),
        GotIt(uuid.uuid4()),
        AskedFor(uuid.uuid4(), -7),
        WindowCard(uuid.uuid4()),
    )
    for phone, name in ((south, "Marc-André"), (elise, "Élise"), (kwame, "Kwame")):
        home = await phone.sees(name)
        for forged in about:
            assert (await phone.press_data(home, forged.pack()))["answered"], forged
        assert not [message for message in await phone.chat() if "only mine" in message["text"]]
    # Her own draft, to somebody of another warehouse, and at a level that there is not.
    await nadia.press_data(preview, SendMessage(message_id, maya, 0).pack())
    refused = await nadia.sees("That person isn't in your warehouses any more")
    await nadia.press_data(refused, SendMessage(message_id, amara_id, 3).pack())
    assert not [message for message in await amara.chat() if "only mine" in message["text"]]
    await nadia.press_data(refused, send.pack())
    await amara.sees("only mine")
    # Now that it is sent, others' presses tell nothing of it either.
    home = await kwame.sees("managers")
    for forged in about:
        await kwame.press_data(home, forged.pack())
    assert not [message for message in await kwame.chat() if "only mine" in message["text"]]


async def test_r2_5_many_presses_at_once_send_one_message(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, nadia: Phone
) -> None:
    preview = await nadia.writes("/message Amara: once", "How urgent is it?")
    data = [button["data"] for button in preview["keyboard"][0]]
    answers = await asyncio.gather(*(nadia.press_data(preview, each) for each in data * 2))
    assert sorted(answer["text"] for answer in answers) == ["It has been sent already."] * 5 + ["On its way."]
    amara = Phone(calls, AMARA)
    await amara.sees("once")
    assert len([message for message in await amara.chat() if message["text"].endswith("once")]) == 1
    async with sessions() as session:
        assert len((await session.scalars(select(Message.id).where(Message.sent_at.is_not(None)))).all()) == 1


async def test_drafts_older_than_a_day_are_explained(calls: httpx.AsyncClient, elise: Phone) -> None:
    preview = await elise.writes("/message Amara: vieux", "À Amara Osei")
    await now_is(calls, await clock(calls) + timedelta(days=1, minutes=1))
    await elise.press(preview, "Urgent")
    await elise.sees("Je n’ai plus ce brouillon", "/message")


async def test_a_window_shows_who_was_asked_and_where_it_stands(calls: httpx.AsyncClient, elise: Phone) -> None:
    await elise.send("/emergency R12")
    slot = await elise.sees("R12, North", "sollicité")
    await elise.press(slot, "Urgence")
    card = await elise.sees("R12, North", "on demande aux chauffeurs")
    await elise.press(card, "À qui on a demandé")
    listed = await elise.sees("à qui on a demandé", "En date de")
    assert listed["message_id"] == card["message_id"]
    assert len([line for line in listed["text"].splitlines() if ": " in line]) >= 10

    async def all_on_their_way() -> dict[str, Any] | None:
        shown = await elise.sees("à qui on a demandé")
        if "⏳" not in shown["text"]:
            return shown
        await elise.press(listed, "Actualiser")
        return None

    shown = await until(all_on_their_way, "those of the first page are told", every=1.0)  # a chat's pace (R11.8)
    assert "✔️ envoyé" in shown["text"] or "📱 par SMS" in shown["text"]
    await elise.press(shown, "›")
    await until(lambda: _with(elise, "‹ Retour"), "the second page")
    second = await elise.sees("à qui on a demandé")
    await elise.press(second, "Retour à l’offre")
    await elise.sees("R12, North", "on demande aux chauffeurs")
