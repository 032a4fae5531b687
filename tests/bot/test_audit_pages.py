"""R13: /audit, and the buttons that lead to it, as a manager uses them. Over HTTP, in English and French."""

import uuid

import pytest
from sqlalchemy import select

from bot.callbacks.arrivals import Driven
from bot.callbacks.calendar import RoutePage
from bot.callbacks.callback import Callback
from bot.callbacks.drivers import DriverCard
from bot.callbacks.history import HistoryOf
from domain.db.models import ContactSettings, Route, User
from domain.db.models.words import CancelReason
from domain.people.managing import Added, add_manager, remove_manager
from domain.people.queries import linked_chat, person
from domain.shifts.actions import confirm_shift
from domain.shifts.leaving import cancel_shift
from tests.bot.test_people_pages import labels
from tests.bot.test_stop_pages import _phone
from tests.bot.town import Town
from tests.domain.world import POLICY, SAY, Fleet
from tests.story.phones import Phone

SLOT, DRIVER, ROUTE = range(3)


class Place:
    """Dana, of North, has confirmed R12 of Saturday, and Mona has cancelled it for her by phone."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.phones: dict[str, Phone] = {}

    async def settle(self, language: str) -> None:
        async with self.town.sessions.begin() as session:
            fleet = Fleet(session, self.town.now)
            mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
            north, south = await fleet.warehouse("North", mona), await fleet.warehouse("South", sue)
            dana = await fleet.driver("Dana", home=north)
            self.route, self.driver, self.on = await fleet.route("R12", north), dana, fleet.day(3)
            await fleet.route("R13", north)
            await fleet.route("S1", south)
            self.slot = await fleet.shift(self.route, dana, self.on)
            await confirm_shift(session, dana, self.slot.id, POLICY, self.town.now)
            why = CancelReason.MEDICAL_EMERGENCY
            given = session, dana, self.slot.id, why, None, SAY, POLICY, self.town.now
            await cancel_shift(*given, by=mona)
            people = (mona, sue, dana)
            await fleet.put(ContactSettings, *({"user_id": who.id, "language": language} for who in people))
            chats = [await linked_chat(session, who.id) for who in people]
        for who, chat in zip(people, chats, strict=True):
            self.phones[who.first_name] = await _phone(self.town, who, chat, language)

    def every(self) -> list[Callback]:
        there = ((SLOT, self.slot.id), (DRIVER, self.driver.id), (ROUTE, self.route))
        return [HistoryOf(what, about, page) for what, about in there for page in (0, 99, -1)]


@pytest.fixture
async def place(town: Town) -> Place:
    place = Place(town)
    await place.settle("en")
    return place


async def test_r13_a_slot_a_route_and_a_driver_by_their_names(town: Town, place: Place) -> None:
    mona = place.phones["Mona"]
    async with town.serving():
        await mona.writes("/audit", "Whose history do you want to see?")
        slot = await mona.writes(
            "/audit r12 sat", "R12, North, Sat 28 Nov", "Dana Test can't drive it: I'm ill or hurt"
        )
        assert "(by phone, entered by Mona Test)" in slot["text"]
        assert "Dana Test confirmed it." in slot["text"]
        assert slot["text"].index("The shift is open again.") < slot["text"].index("confirmed it")
        assert labels(slot) == ["‹ R12", "🏠 Home"]
        driver = await mona.writes("/audit dana", "📜 Dana Test", "🗓 Sat 28 Nov, R12, North")
        assert "+1416" not in driver["text"], "nobody's phone"
        await mona.press(driver, "‹ Dana Test")
        card = await mona.sees("👤 Dana Test")
        await mona.press(card, "📜 What was done")
        await mona.sees("📜 Dana Test", "🗓 Sat 28 Nov, R12, North")
        route = await mona.writes("/audit North R12", "📜 R12, North", "🗓 Sat 28 Nov")
        await mona.press(route, "‹ R12")
        await mona.press(await mona.sees("R12, North", "Runs every day."), "📜 What was done")
        several = await mona.writes("/audit R1", "That may mean several.")
        assert labels(several)[:2] == ["🛣 R12, North", "🛣 R13, North"]
        await mona.writes("/audit R13", "📜 R13, North", "Nothing was recorded about it.")
        await mona.writes("/audit R12 2 dec", "R12 has no shift on that day: Wed 2 Dec")
        await mona.writes("/audit R12 31 nov", "That day doesn't exist.")
        near = await mona.writes("/audit Danna Tesst", "I find no route and no driver", "Do you mean one of these?")
        await mona.press(near, "Dana Test")
        await mona.sees("📜 Dana Test")
        near = await mona.writes("/audit R122", "I find no route", "Do you mean one of these?")
        await mona.press(near, "🛣 R12, North")
        await mona.sees("📜 R12, North")
        nobody = await mona.writes("/audit South Pole", "called “South Pole”")  # S1 is of South
        assert labels(nobody) == ["‹ Routes", "👥 All drivers", "🏠 Home"]
        await mona.writes("/audit <b>&", "called “<b>&”")


async def test_r13_the_cards_of_a_shift_lead_there(town: Town, place: Place) -> None:
    mona = place.phones["Mona"]
    async with town.serving():
        home = await mona.writes("/today", "Hello Mona")
        await mona.press_data(home, Driven(place.slot.id).pack())
        card = await mona.sees("R12, North", "👤 Dana Test")
        await mona.press(card, "📜 What was done")
        await mona.press(await mona.sees("📜 R12, North, Sat 28 Nov"), "‹ R12")
        await mona.sees("R12, North", "👤 Dana Test")
        listed = await mona.writes("/unfilled", "1 shift has no driver")
        await mona.press(listed, "R12")
        window = await mona.sees("R12, North")
        assert window["keyboard"]


async def test_r13_in_french(town: Town) -> None:
    place = Place(town)
    await place.settle("fr")
    mona = place.phones["Mona"]
    async with town.serving():
        slot = await mona.writes("/audit R12 samedi", "📜 R12, North", "Dana Test ne peut pas le faire\u00a0: ")
        assert "(par téléphone, saisi par Mona Test)" in slot["text"]
        await mona.writes("/audit", "l’historique", "/audit R12 hier")
        help_ = await mona.writes("/help", "/audit R12 hier")
        assert help_["keyboard"]


async def test_r12_3_forged_buttons_show_nothing(town: Town, place: Place) -> None:
    sue, dana, mona = place.phones["Sue"], place.phones["Dana"], place.phones["Mona"]
    nonsense: list[Callback] = [HistoryOf(7, place.slot.id, 0), HistoryOf(-1, place.driver.id, 0)]
    nonsense += [HistoryOf(what, uuid.uuid4(), 999_999) for what in range(3)]
    async with town.serving():
        home = await sue.writes("/audit Dana", "I find no route and no driver of yours called “Dana”")
        for callback in [*place.every(), *nonsense]:
            answer = await sue.press_data(home, callback.pack())
            assert answer["text"] == "I can't find that in your warehouses."
        assert not [message for message in await sue.chat() if "R12" in message["text"]]
        card = await dana.writes("/audit R12", "That is for managers")
        for callback in place.every():
            await dana.press_data(card, callback.pack())
        await dana.sees("That is for managers")
        assert not [message for message in await dana.chat() if "📜" in message["text"]]
        mine = await mona.writes("/audit R12", "📜 R12, North")
        for callback in nonsense:
            assert (await mona.press_data(mine, callback.pack()))["text"] == "I can't find that in your warehouses."
        for callback in (DriverCard(place.driver.id), RoutePage(place.route)):
            assert (await mona.press_data(mine, callback.pack()))["answered"]


@pytest.mark.parametrize(
    ("language", "added", "removed"),
    [
        ("en", "Mona Test put Max Power in charge of the", "Mona Test noted that Max Power no longer manages the"),
        ("fr", "Mona Test a confié l’entrepôt à Max Power.", "Mona Test a noté que Max Power ne gère plus l’entrepôt."),
    ],
)
async def test_r13_whom_a_warehouse_got_and_lost_as_its_manager(
    town: Town, language: str, added: str, removed: str
) -> None:
    place = Place(town)
    await place.settle(language)
    async with town.sessions.begin() as session:
        mona = await session.scalar(select(User).where(User.first_name == "Mona"))
        route = await session.get_one(Route, place.route)
        assert mona is not None
        by = await person(session, mona.id)
        assert by is not None
        given = session, by, route.warehouse_id
        max_ = await add_manager(*given, "Max Power", "416 555 0177", SAY, POLICY, town.now)
        assert isinstance(max_, Added)
        await remove_manager(*given, max_.user_id, SAY, POLICY, town.now)
    async with town.serving():
        await place.phones["Mona"].writes("/audit R12", added, removed)
