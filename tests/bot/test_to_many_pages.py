"""/message to many, as a manager and his drivers use it (R11, 11.1). Over HTTP, in English and French."""

import asyncio
import uuid
from datetime import time

import pytest
from sqlalchemy import delete, func, select

from bot.callbacks.callback import Callback
from bot.callbacks.messages import (
    DiscardMessage,
    MessageStands,
    SendToMany,
    ToManyPreview,
    ToManySure,
    UnseenBy,
    WriteToAll,
    WriteToWarehouse,
)
from domain.db.models import ContactSettings, Delivery, Message, WarehouseManager
from domain.people.queries import Person, linked_chat
from tests.bot.test_people_pages import labels
from tests.bot.test_stop_pages import _phone
from tests.bot.town import Town
from tests.domain.world import Fleet
from tests.story.phones import Phone, until


class Place:
    """Ann and Ben of North, Cid of South; Mona has both, Sue South alone."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.phones: dict[str, Phone] = {}
        self.people: dict[str, Person] = {}

    async def settle(self, language: str) -> None:
        async with self.town.sessions.begin() as session:
            fleet = Fleet(session, self.town.now)
            mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
            self.north, self.south = await fleet.warehouse("North", mona), await fleet.warehouse("South", mona, sue)
            homes = (("Ann", self.north), ("Ben", self.north), ("Cid", self.south))
            drivers = [await fleet.driver(name, home=home) for name, home in homes]
            self.people = {who.first_name: who for who in (mona, sue, *drivers)}
            awake = {"quiet_from": time(0), "quiet_until": time(0), "language": language}
            await fleet.put(ContactSettings, *({"user_id": who.id} | awake for who in self.people.values()))
            chats = {name: await linked_chat(session, who.id) for name, who in self.people.items()}
        for name, who in self.people.items():
            self.phones[name] = await _phone(self.town, who, chats[name], language)

    async def told(self) -> int:
        async with self.town.sessions() as session:
            counted = select(func.count()).select_from(Delivery).where(Delivery.kind == "broadcast")
            return await session.scalar(counted) or 0


@pytest.fixture
async def place(town: Town) -> Place:
    place = Place(town)
    await place.settle("en")
    return place


async def test_r11_a_warehouse_is_told_and_its_manager_sees_who_has_seen_it(town: Town, place: Place) -> None:
    mona, ann, ben = place.phones["Mona"], place.phones["Ann"], place.phones["Ben"]
    async with town.serving():
        start = await mona.writes("/message", "Write to whom and what", "Or choose below")
        assert labels(start) == ["📣 Drivers of North", "📣 Drivers of South", "📣 All my drivers", "🏠 Home"]
        await mona.press(start, "Drivers of North")
        await mona.sees("What do you want to tell them (2 drivers of North)?")
        too_long = await mona.writes("x" * 1001, "That is over 1000 characters")
        assert too_long["keyboard"]
        preview = await mona.writes("Dock 3 is <b>closed</b>\nCome to 4", "To 2 drivers of North", "How urgent is it?")
        assert "Dock 3 is <b>closed</b>\nCome to 4" in preview["text"]
        assert labels(preview) == ["🔴 Urgent", "🟠 Important", "⚪ Normal", "✖ Discard"]
        await mona.press(preview, "Important")
        sure = await mona.sees("Send this now?", "🟠 Important, to 2 drivers of North", "Dock 3 is <b>closed</b>")
        assert labels(sure) == ["📣 Send it to 2 drivers", "‹ Another level", "✖ Discard"]
        await mona.press(sure, "Another level")
        await mona.press(await mona.sees("To 2 drivers of North", "How urgent is it?"), "Urgent")
        sure = await mona.sees("Send this now?", "🔴 Urgent, to 2 drivers")
        assert await place.told() == 0, "so far nobody is told"
        assert (await mona.press(sure, "Send it to 2 drivers"))["text"] == "On its way."
        got = await ann.sees("Message from Mona Test", "Dock 3 is <b>closed</b>\nCome to 4")
        await ben.sees("Message from Mona Test")
        card = await mona.sees("Your urgent message", "To 2 drivers of North", "Sent, not seen yet: 2")
        assert card["message_id"] == sure["message_id"]
        assert "Thank you" in (await ann.press(got, "Got it"))["text"]
        await ann.sees("You have answered this.")
        await mona.sees("👀 Seen: 1", "Sent, not seen yet: 1")  # by itself
        assert not [each for each in await ben.chat() if "answered it first" in each["text"]]
        await mona.press(await mona.sees("👀 Seen: 1"), "Who hasn't seen it (1)")
        listed = await mona.sees("Not seen yet: 1", "Ben Test: ✔️ sent")
        assert "Ann" not in listed["text"]
        await ben.writes("/today", "Hello Ben")  # whatever he does says that he has seen it
        await mona.press(listed, "Refresh")
        await mona.sees("Not seen yet: 0", "Everybody has seen it.")
        await mona.press(await mona.sees("Everybody has seen it."), "‹ The message")
        done = await mona.sees("Your urgent message", "👀 Seen: 2")
        assert labels(done) == ["🔄 Refresh"]
    assert await place.told() == 2


async def test_in_one_line_and_in_french(town: Town) -> None:
    place = Place(town)
    await place.settle("fr")
    mona, cid = place.phones["Mona"], place.phones["Cid"]
    async with town.serving():
        preview = await mona.writes("/message tout le monde: Bonne fête!", "📣 À tous vos chauffeurs\u00a0: 3")
        await mona.press(preview, "Normal")
        await mona.press(await mona.sees("Envoyer ceci maintenant?"), "L’envoyer à 3 chauffeurs")
        got = await cid.sees("Message de Mona Test", "Bonne fête!")
        await mona.sees("Votre message", "Envoyé, pas encore vu\u00a0: 3")
        await cid.press(got, "Bien reçu")
        await cid.sees("Vous y avez répondu.")
        await mona.sees("👀 Vu\u00a0: 1")
        await mona.writes("/message SOUTH: à vous", "📣 À 1 chauffeur de South", "à vous")
        await mona.writes("/message South:", "Il n’y a rien à envoyer.")


@pytest.mark.parametrize(
    ("language", "sure", "button", "again", "send"),
    [
        (
            "en",
            "Send this now?",
            "Send it to 3 drivers",
            ("Nothing was sent.", "it was 3, now 8", "all your drivers: 8", "How urgent"),
            "Send it to 8",
        ),
        (
            "fr",
            "Envoyer ceci maintenant?",
            "L’envoyer à 3 chauffeurs",
            ("Rien n’a été envoyé.", "était de 3, il est maintenant de 8", "À tous vos chauffeurs\u00a0: 8"),
            "L’envoyer à 8",
        ),
    ],
)
async def test_r11_it_goes_to_as_many_as_the_last_button_says(
    town: Town, language: str, sure: str, button: str, again: tuple[str, ...], send: str
) -> None:
    place = Place(town)
    await place.settle(language)
    mona = place.phones["Mona"]
    async with town.serving():
        preview = await mona.writes("/message all: door 4", "3")
        await mona.press(preview, "Urgent")
        last = await mona.sees(sure, "3")
        async with town.sessions.begin() as session:  # an import
            await Fleet(session, town.now).drivers(5, place.north)
        await mona.press(last, button)
        preview = await mona.sees(*again)
        assert await place.told() == 0
        await mona.press(preview, "Urgent")
        await mona.press(await mona.sees(sure, "8"), send)
        await until(lambda: _are(place, 8), "all are told")


async def _are(place: Place, told: int) -> bool:
    return await place.told() == told


async def test_r11_without_a_colon_and_without_a_text(town: Town, place: Place) -> None:
    mona = place.phones["Mona"]
    asked = "What do you want to tell them"
    async with town.serving():
        await mona.writes("/message North", f"{asked} (2 drivers of North)?")
        await mona.writes("door 4", "To 2 drivers of North", "door 4")
        await mona.writes("/message all", f"{asked} (all your drivers: 3)?")
        await mona.writes("/message north hello everyone\nat noon", "To 2 drivers of North", "hello everyone\nat noon")
        await mona.writes("/message all please call", "To all your drivers: 3", "please call")
        await mona.writes("/message East hello", "Nobody in your warehouses is called")
        await mona.writes("/message ann", "What do you want to tell Ann Test?")
        await mona.writes("come to door 4", "To Ann Test, North", "come to door 4")
        assert await place.told() == 0, "nothing is sent before he has seen it"


async def test_r11_without_a_colon_in_french(town: Town) -> None:
    place = Place(town)
    await place.settle("fr")
    mona = place.phones["Mona"]
    async with town.serving():
        await mona.writes("/message tout le monde", "Que voulez-vous", "tous vos chauffeurs\u00a0: 3")
        await mona.writes("/message South bonjour", "À 1 chauffeur de South", "bonjour")
        await mona.writes("/message ann", "Que voulez-vous dire à Ann Test")


async def test_r2_5_many_presses_at_once_send_it_once(town: Town, place: Place) -> None:
    mona, ann = place.phones["Mona"], place.phones["Ann"]
    async with town.serving():
        preview = await mona.writes("/message all: once", "all your drivers: 3")
        message_id = ToManySure.parse(preview["keyboard"][0][0]["data"]).message_id
        presses = [SendToMany(message_id, level, 3).pack() for level in (0, 1, 2)] * 2
        answers = await asyncio.gather(*(mona.press_data(preview, data) for data in presses))
        assert sorted(answer["text"] for answer in answers) == ["It has been sent already."] * 5 + ["On its way."]
        await ann.sees("once")
        assert await place.told() == 3
        await mona.press_data(preview, DiscardMessage(message_id).pack())
        await mona.sees("Your", "To all your drivers: 3")
        for data in (ToManyPreview(message_id).pack(), ToManySure(message_id, 1).pack()):
            assert (await mona.press_data(preview, data))["text"] == "It has been sent already."


async def test_r12_3_and_r12_4_forged_buttons_tell_nobody_anything(town: Town, place: Place) -> None:
    mona, sue, ann = place.phones["Mona"], place.phones["Sue"], place.phones["Ann"]
    async with town.serving():
        preview = await mona.writes("/message North: only mine", "To 2 drivers of North")
        message_id = ToManySure.parse(preview["keyboard"][0][0]["data"]).message_id

        async def all_pressed(phone: Phone, home: str) -> None:
            shown = await phone.writes("/today", home)
            about: list[Callback] = [WriteToAll()] if phone is ann else [WriteToWarehouse(place.north)]
            about += [WriteToWarehouse(uuid.uuid4()), UnseenBy(uuid.uuid4(), -3), UnseenBy(message_id, 999_999)]
            about += [ToManyPreview(message_id), ToManySure(message_id, 7), SendToMany(message_id, 0, 2)]
            about += [DiscardMessage(message_id), MessageStands(message_id)]
            for forged in about:
                assert (await phone.press_data(shown, forged.pack()))["answered"], forged
            assert not [message for message in await phone.chat() if "only mine" in message["text"]]

        await all_pressed(sue, "Hello Sue")
        await all_pressed(ann, "Hello Ann")
        assert await place.told() == 0
        driver = await ann.writes("/message all: hello", "That is for managers")
        assert driver["keyboard"]
        mine = await mona.writes("/message North: mine", "To 2 drivers of North")
        for level in (-1, 3):
            await mona.press_data(mine, SendToMany(message_id, level, 2).pack())
        assert await place.told() == 0
        async with town.sessions.begin() as session:  # she manages North no more
            await session.execute(delete(WarehouseManager).where(WarehouseManager.warehouse_id == place.north))
        await mona.press_data(mine, SendToMany(message_id, 0, 2).pack())
        await mona.sees("There is no driver of yours to write to")
        assert await place.told() == 0
        async with town.sessions() as session:
            assert (await session.scalars(select(Message.sent_at))).all() == [None, None]


async def test_the_authors_card_is_edited_at_most_once_in_three_seconds(town: Town, place: Place) -> None:
    mona = place.phones["Mona"]
    async with town.sessions.begin() as session:
        await Fleet(session, town.now).drivers(40, place.north)
    async with town.serving():
        preview = await mona.writes("/message North: to many", "To 42 drivers of North")
        message_id = ToManySure.parse(preview["keyboard"][0][0]["data"]).message_id
        await mona.press_data(preview, SendToMany(message_id, 0, 42).pack())  # whatever the hour

        async def over() -> bool:
            async with town.sessions() as session:
                waiting = select(func.count()).where(
                    Delivery.kind == "broadcast", Delivery.state.in_(("pending", "sending"))
                )
                return await session.scalar(waiting) == 0

        await until(over, "all are told or can't be")
        edits = [each for each in await town.requests("editMessageText") if "Your" in each["params"]["text"]]
        assert len(edits) <= 4, "42 steps forward were not 42 edits"
        await mona.sees("Sent, not seen yet: 2", "Not delivered: 40")  # their chats don't exist
