"""R12.2, R12.7 as people press and type them: sharing one's number, falling ill, a manager's drivers. EN and FR."""

import uuid
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.callbacks.absences import (
    BackEarly,
    FallIll,
    IllDays,
    IllUntil,
    OffFrom,
    OffKinds,
    OffPlan,
    OffUntil,
    SendOff,
    WellAgain,
)
from bot.callbacks.callback import Callback
from bot.callbacks.drivers import DriverCard, HisLanguage, LastDay, LastDays, LetGo, SpeakTo, StaysOn
from domain.db.models import (
    Assignment,
    AuditLog,
    ChatLink,
    ContactSettings,
    Departure,
    Employment,
    Incident,
    TimeOff,
)
from domain.db.models.words import AssignmentStatus, IncidentKind
from domain.people.queries import Person, linked_chat
from domain.policy import TORONTO
from tests.bot.town import Town
from tests.domain.world import Fleet, Slot
from tests.story.phones import Phone, until

ODD = "<b>Ed</b> & co"


class Place:
    """North with its manager Mona, its driver Dana and her shifts; Sue manages South. All have phones."""

    mona: Phone
    dana: Phone
    sue: Phone
    driver: Person
    shifts: list[Slot]

    def __init__(self, town: Town) -> None:
        self.town, self.today = town, town.now.astimezone(TORONTO).date()

    def day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)

    async def build(self, *days: int, language: str | None = "en", linked: bool = True) -> "Place":
        async with self.town.sessions.begin() as session:
            fleet = Fleet(session, self.town.now)
            mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
            north, south = await fleet.warehouse("North", mona), await fleet.warehouse("South", sue)
            assert south
            self.driver = await fleet.driver("Dana", home=north, linked=linked)
            awake = {"quiet_from": time(0), "quiet_until": time(0)}  # it is before eight
            await fleet.put(ContactSettings, {"user_id": self.driver.id, "language": language} | awake)
            self.shifts = [
                await fleet.shift(await fleet.route(f"R{day}", north), self.driver, fleet.day(day), confirmed=True)
                for day in days
            ]
            chats = {who.id: await linked_chat(session, who.id) for who in (mona, sue, self.driver)}
        self.mona, self.sue, self.dana = [
            await self.phone(who, chats[who.id], language or "en") for who in (mona, sue, self.driver)
        ]
        return self

    async def phone(self, who: Person, chat: int | None, language: str) -> Phone:
        account = {"user_id": chat or 4711, "started": True}
        name = {"id": who.first_name.lower(), "name": f"{who.first_name} Test", "phone": who.phone}
        body = name | {"language": language if who is self.driver else "en", "telegram": account}
        (await self.town.calls.post("/sandbox/people", json=body)).raise_for_status()
        return Phone(self.town.calls, who.first_name.lower())

    async def statuses(self) -> list[AssignmentStatus]:
        async with self.town.sessions() as session:
            return [(await session.get_one(Assignment, slot.id)).status for slot in self.shifts]

    async def off(self) -> list[tuple[date, date, str]]:
        async with self.town.sessions() as session:
            rows = await session.execute(select(TimeOff.starts_on, TimeOff.ends_on, TimeOff.kind))
            return [tuple(row) for row in rows]


@pytest.fixture
def place(town: Town) -> Place:
    return Place(town)


async def offers(phone: Phone, label: str) -> dict[str, Any]:
    """The message that has this button, once it is there."""

    async def shown() -> dict[str, Any] | None:
        return next((message for message in await phone.chat() if label in labels(message)), None)

    return await until(shown, f"{phone.person} is offered {label}")


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["keyboard"] or [] for button in row]


# -- sharing one's own contact


async def test_r12_2_sharing_ones_number(town: Town, place: Place) -> None:
    await place.build(linked=False)
    dana = place.dana
    async with town.serving():
        for text in ("/start", "hello?"):
            await dana.writes(text, "This is the shift bot of Rollcall", "Share my number")
            assert await dana.below() == ["📱 Share my number"]
        await dana.shares("+14165559999")
        await dana.sees("I can't link you by this contact")
        assert await dana.below() == ["📱 Share my number"], "he may try again"
        async with town.sessions() as session:
            sues = (await session.scalars(select(ChatLink.chat_id))).all()
        assert sues
        await dana.shares(place.driver.phone.removeprefix("+"))
        await dana.sees("Welcome! This chat is linked to you now.")
        await dana.sees("Hello Dana")
        assert await dana.below() == []

        async def menu() -> bool:
            answer = await town.calls.get(f"/sandbox/people/{dana.person}/chat")
            return "schedule" in {each["command"] for each in answer.json()["commands"]}

        await until(menu, "his menu of commands")
        await dana.shares()
        await dana.sees("This chat is linked to you already.")
        await dana.shares("+14165559999")
        await dana.sees("This chat stays linked as it is")


# -- ill until …


async def test_r12_7_sick_as_he_types_it(town: Town, place: Place) -> None:
    await place.build(1, 2, 5)
    dana = place.dana
    async with town.serving():
        await dana.writes("I'll be there", "Sorry, I didn't understand that")  # no illness
        ask = await dana.writes("I'm sick today!", "Until when are you ill?", "Nothing is cancelled yet.")
        assert labels(ask)[0] == "Wed 25 Nov" and labels(ask)[-1] == "‹ Leave it"
        await dana.press(ask, "More ›")
        assert labels(await offers(dana, "Tue 22 Dec"))[0] == "Wed 9 Dec"
        await dana.writes("whenever", "I can't read “whenever” as a day")
        await dana.writes("24 nov", "The last day is before the first one")
        last = await dana.writes("friday", "Ill until Fri 27 Nov?", "These 2 shifts go to others:", "Thu 26 Nov: R1")
        assert "your manager takes a look" in str(last["text"])
        assert await place.statuses() == [AssignmentStatus.SCHEDULED] * 3, "nothing before the last button"
        await dana.press(last, "Yes, until Fri 27 Nov")
        done = await dana.sees("Get well soon!", "ill until Fri 27 Nov", "2 shifts go to others.")
        gone, kept = AssignmentStatus.CANCELLED, AssignmentStatus.SCHEDULED
        assert await place.statuses() == [gone, gone, kept]
        assert await place.off() == [(place.today, place.day(2), "ill")]
        async with town.sessions() as session:
            assert (await session.scalars(select(Incident.kind))).all() == [IncidentKind.PROTECTED_ABSENCE]
        # An old button says how it is; well again ends it.
        await dana.press_data(done, FallIll(place.today.toordinal(), place.day(2).toordinal()).pack())
        already = await dana.sees("You're marked as ill until Fri 27 Nov already.")
        answer = await dana.press(already, "I'm well again")
        assert "Good to have you back" in answer["text"]
        await dana.sees("Hello Dana")
        assert await place.off() == []


async def test_r12_7_from_the_reason_of_a_cancellation(town: Town, place: Place) -> None:
    await place.build(0, 1)
    dana = place.dana
    async with town.serving():
        home = await dana.writes("/today", "Hello Dana", "R0, North")
        await dana.press(home, "I can't make it")
        await dana.press(await dana.sees("Why can't you make it to R0"), "I'm ill or hurt")
        which = await dana.sees("Get well soon.", "Is it just R0 on Wed 25 Nov")
        assert labels(which) == ["Just this shift", "Until a day…", "‹ Keep my shift"]
        await dana.press(which, "Just this shift")
        await dana.sees("Cancel R0, North on Wed 25 Nov?", "I'm ill or hurt")
        await dana.press_data(which, IllDays(place.today.toordinal(), 0).pack())
        await dana.press(await dana.sees("Until when are you ill?"), "Thu 26 Nov")
        await dana.press(await dana.sees("Ill until Thu 26 Nov?"), "Leave it")
        await dana.sees("Hello Dana")
        await dana.writes("friday", "Sorry, I didn't understand that")
        assert await place.statuses() == [AssignmentStatus.SCHEDULED] * 2


@pytest.mark.parametrize("words", ["malade jusqu'à vendredi", "Je suis malade jusqu’au 27 nov"])
async def test_r12_7_malade(town: Town, place: Place, words: str) -> None:
    await place.build(1, language="fr")
    async with town.serving():
        last = await place.dana.writes(words, "Malade jusqu’au ven. 27 nov.?", "Ce quart va à d’autres")
        await place.dana.press(last, "Oui")
        await place.dana.sees("Bon rétablissement!", "ven. 27 nov.")
    assert await place.statuses() == [AssignmentStatus.CANCELLED]


@pytest.mark.parametrize(
    ("language", "unread", "days", "never", "gone"),
    [
        ("en", "sick until blah", ("until friday", "friday"), "31 february", "doesn't exist"),
        (
            "fr",
            "malade jusqu'à lundii prochainn",
            ("jusqu’à vendredi", "jusqu'au 27 nov"),
            "31 février",
            "n’existe pas",
        ),
    ],
)
async def test_r12_7_who_is_not_understood_at_once_answers_with_the_day(
    town: Town, place: Place, language: str, unread: str, days: tuple[str, ...], never: str, gone: str
) -> None:
    await place.build(1, language=language)
    async with town.serving():
        for day in days:
            await place.dana.writes(unread, "2026-12-04")
            await place.dana.writes(never, never, gone)
            await place.dana.writes(day, "27 Nov" if language == "en" else "27 nov", "R1")
        await place.dana.writes(f"sick until {never}", gone)
        await place.dana.writes(days[-1], "R1")


@pytest.mark.parametrize(
    ("language", "words", "asks"),
    [("en", "sick tomorrow!", "Until when are you ill?"), ("fr", "Malade demain", "Malade jusqu’à quand")],
)
async def test_r12_7_ill_from_another_day(town: Town, place: Place, language: str, words: str, asks: str) -> None:
    await place.build(0, 1, language=language)
    async with town.serving():
        ask = await place.dana.writes(words, asks)
        assert "26" in labels(ask)[0], "from tomorrow on"
        last = await place.dana.writes("27 nov", "R1")
        assert "R0" not in last["text"]
        again = await place.dana.writes("ill tomorrow until friday", "R1")
        assert again["text"] == last["text"]
        await place.dana.press(again, "Yes" if language == "en" else "Oui")
        await place.dana.sees("27 nov" if language == "fr" else "27 Nov", "!")
    assert await place.statuses() == [AssignmentStatus.SCHEDULED, AssignmentStatus.CANCELLED]
    assert await place.off() == [(place.day(1), place.day(2), "ill")]


MANAGER_KNOWS = {"en": "your manager knows", "fr": "votre gestionnaire le sait"}


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_r12_7_without_a_shift_no_manager_is_said_to_know(town: Town, place: Place, language: str) -> None:
    """Nobody has been told, and so nothing of the kind is said."""
    await place.build(5, language=language)
    word, yes, says, manager = {
        "en": ("ill until friday", "Yes", ("ill until Fri 27 Nov", "no shifts are offered"), "manager"),
        "fr": ("malade jusqu'à vendredi", "Oui", ("jusqu’au ven. 27 nov.", "pas de quarts"), "gestionnaire"),
    }[language]
    async with town.serving():
        await place.dana.press(await place.dana.writes(word, "ven" if language == "fr" else "Fri"), yes)
        done = await place.dana.sees(*says)
        assert manager not in done["text"], done["text"]
    assert await place.off() == [(place.today, place.day(2), "ill")]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_r8_8_who_falls_ill_on_the_road_is_shown_how_to_stop(town: Town, place: Place, language: str) -> None:
    await place.build(0, language=language)
    async with town.sessions.begin() as session:
        there = update(Assignment).where(Assignment.id == place.shifts[0].id)
        await session.execute(there.values(status=AssignmentStatus.ACTIVE))
    word, yes, on_it, stop, why = {
        "en": ("ill until today", "Yes", "You're on R0, North now", "I must stop", "Why must"),
        "fr": ("malade jusqu'au 25 nov", "Oui", "Vous êtes en route sur R0, North", "Je dois arrêter", "Pourquoi"),
    }[language]
    async with town.serving():
        asked = await place.dana.writes(word, on_it)
        assert labels(asked)[1] == f"🛑 {stop}" and stop in asked["text"]
        await place.dana.press(asked, yes)
        done = await place.dana.sees("Get well soon!" if language == "en" else "Bon rétablissement!", on_it)
        assert labels(done)[0] == f"🛑 {stop}" and MANAGER_KNOWS[language] not in done["text"]
        await place.dana.press(done, stop)
        await place.dana.sees(why, "R0")
    assert await place.statuses() == [AssignmentStatus.ACTIVE]


# -- a manager's drivers


async def test_r12_7_a_manager_enters_time_off_and_ends_it(town: Town, place: Place) -> None:
    await place.build(1, 5)
    mona, dana = place.mona, place.dana
    async with town.serving():
        await mona.writes("/driver", "Whom do you look for?")
        await mona.writes(f"/driver {ODD}", f"No driver of your warehouses is called “{ODD}”")
        card = await mona.writes("/driver DANA", "Dana Test", place.driver.phone, "North", "English, has Telegram")
        assert labels(card)[:2] == ["✓ Thu 26 Nov: R1, North", "✓ Mon 30 Nov: R5, North"]
        await mona.press(card, "Time off")
        await mona.press(await mona.sees("Why is Dana Test off?"), "Vacation")
        await mona.press(await mona.sees("off from which day on?"), "Thu 26 Nov")
        await mona.sees("off from Thu 26 Nov. What is the last day off?")
        last = await mona.writes("4 dec", "Dana Test off from Thu 26 Nov to Fri 4 Dec: vacation?", "These 2 shifts")
        await mona.press(last, "Yes, enter it")
        card = await mona.sees("Dana Test", "Off from Thu 26 Nov to Fri 4 Dec: vacation")
        assert await place.off() == [(place.day(1), place.day(9), "vacation")]
        assert await place.statuses() == [AssignmentStatus.CANCELLED] * 2
        await dana.sees("Off from Thu 26 Nov to Fri 4 Dec: vacation", "Mona Test has entered this for you.", "2 shifts")
        await mona.press(card, "Back early")
        await mona.sees("Dana Test", "No shifts ahead in your warehouses.")
        assert await place.off() == []
        await dana.sees("You're back: no longer off until Fri 4 Dec")


@pytest.mark.parametrize(
    ("language", "off", "told"),
    [("en", "Off on Fri 4 Dec: vacation", "Off on Fri 4 Dec"), ("fr", "Off on Fri 4 Dec", "Absence le ven. 4 déc.")],
)
async def test_r12_7_one_day_off_reads_as_one(town: Town, place: Place, language: str, off: str, told: str) -> None:
    await place.build(1, language=language)
    mona, name = place.mona, "Dana Test"
    async with town.serving():
        await mona.press(await mona.writes("/driver DANA", name), "Time off")
        await mona.press(await mona.sees(f"Why is {name} off?"), "Vacation")
        await mona.sees("off from which day on?")
        await mona.writes("4 dec", "off from Fri 4 Dec. What is the last day off?")
        last = await mona.writes("4 dec", f"{name} off on Fri 4 Dec: vacation?")
        await mona.press(last, "Yes, enter it")
        await mona.sees(name, off)
        await place.dana.sees(told)


async def test_r8_9_a_manager_says_which_language_he_reads(town: Town, place: Place) -> None:
    await place.build(language=None)
    async with town.serving():
        await place.dana.writes("/today", "Hello Dana")
        card = await place.mona.writes("/driver dana", "language not chosen yet")
        await place.mona.press(card, "Language")
        await place.mona.press(await place.mona.sees("Which language does Dana Test read?"), "Français")
        await place.mona.sees("Dana Test", "Français, has Telegram")
        await place.dana.sees("Bonjour Dana")
    async with town.sessions() as session:
        assert await session.scalar(select(ContactSettings.language)) == "fr"
        [entry] = await session.scalars(select(AuditLog).where(AuditLog.action == "contact_changed"))
        assert entry.changes is not None and entry.changes["by_phone"] is True
        assert entry.actor_id != place.driver.id


async def test_r12_7_leaving_the_company_and_staying_after_all(town: Town, place: Place) -> None:
    await place.build(1, 5)
    mona, dana = place.mona, place.dana
    async with town.serving():
        card = await mona.writes("/driver dana", "Dana Test")
        await mona.press(card, "Leaves the company")
        ask = await mona.sees("Which day is the last one of Dana Test?")
        assert labels(ask)[:3] == ["Today", "End of this week", "Wed 25 Nov"]
        await mona.press(ask, "End of this week")
        last = await mona.sees("Dana Test leaves the company, last day Sun 29 Nov?", "This shift goes to others:")
        assert "keeps the chat until that day is over" in last["text"]
        await mona.press(last, "Yes, last day Sun 29 Nov")
        card = await mona.sees("Dana Test", "Employed until Sun 29 Nov")
        assert await place.statuses() == [AssignmentStatus.SCHEDULED, AssignmentStatus.CANCELLED]
        await dana.sees("Your last day: Sun 29 Nov", "1 shift of yours goes to others.")
        await mona.press(card, "Stays after all")
        await dana.sees("You're staying: good to know")
        card = await mona.writes("/driver dana", "Dana Test", "North")
        assert "Employed until" not in card["text"] and "↩️ Stays after all" not in labels(card)


async def test_r12_7_whose_work_is_over_reads_it_in_the_chat_that_closes(town: Town, place: Place) -> None:
    await place.build(language="fr")
    async with town.serving():
        card = await place.mona.writes("/driver dana", "Dana Test")
        await place.mona.press_data(card, LetGo(place.driver.id, place.today.toordinal()).pack())
        await place.dana.sees("Votre dernier jour\u00a0: mer. 25 nov.", "Mona Test")
        await place.dana.writes("/today", "Voici le robot des quarts de Rollcall")
        assert await place.dana.below() == ["📱 Partager mon numéro"]


def all_of(place: Place, off_id: uuid.UUID) -> list[Callback]:
    """Every press on a driver's card and behind it."""
    who, first, last = place.driver.id, place.day(2).toordinal(), place.day(4).toordinal()
    return [
        DriverCard(who),
        OffKinds(who),
        OffFrom(who, 0, 0),
        OffUntil(who, 0, first, 0),
        OffPlan(who, 0, first, last),
        SendOff(who, 0, first, last),
        BackEarly(who, off_id),
        HisLanguage(who),
        SpeakTo(who, 1),
        LastDays(who, 0),
        LastDay(who, last),
        LetGo(who, last),
        StaysOn(who),
    ]


async def test_r12_4_forged_presses_do_nothing(town: Town, place: Place) -> None:
    """By the manager of another warehouse, by a driver, by somebody unknown; and with nonsense in them."""
    await place.build(1, 3)
    off_id = uuid.uuid4()
    async with town.sessions.begin() as session:
        days = {"starts_on": place.day(20), "ends_on": place.day(24), "kind": "vacation"}
        session.add(TimeOff(id=off_id, user_id=place.driver.id, **days))
    stranger = await town.stranger()
    nonsense: list[Callback] = [
        SendOff(place.driver.id, 9, 999999, -5),
        OffUntil(place.driver.id, -1, -1, 99),
        LetGo(place.driver.id, 999999),
        LetGo(uuid.uuid4(), place.today.toordinal()),
        BackEarly(uuid.uuid4(), uuid.uuid4()),
        SpeakTo(place.driver.id, 7),
    ]
    async with town.serving() as rollcall:
        for phone in (place.sue, place.dana, stranger):
            for callback in all_of(place, off_id):
                body = town.press(phone, callback.pack()) if phone is stranger else None
                if body is not None:
                    await rollcall.receiver.receive_json(body)
        sue = await place.sue.writes("/driver dana", "No driver of your warehouses is called “dana”")
        for callback in all_of(place, off_id):
            assert (await place.sue.press_data(sue, callback.pack()))["answered"]
        dana = await place.dana.writes("/today", "Hello Dana")
        for callback in all_of(place, off_id):
            assert (await place.dana.press_data(dana, callback.pack()))["answered"]
        mine: list[Callback] = [WellAgain(off_id), WellAgain(uuid.uuid4()), FallIll(-1, 999999), IllUntil(0, 0)]
        for callback in [*mine, IllDays(999999, 99)]:
            assert (await place.dana.press_data(dana, callback.pack()))["answered"]
        mona = await place.mona.writes("/driver dana", "Dana Test")
        for callback in [*nonsense, *mine]:
            assert (await place.mona.press_data(mona, callback.pack()))["answered"]
    assert await place.statuses() == [AssignmentStatus.SCHEDULED] * 2
    assert await place.off() == [(place.day(20), place.day(24), "vacation")]
    async with town.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Departure)) == 0
        ends = select(Employment.ends_on).where(Employment.user_id == place.driver.id)
        assert (await session.scalars(ends)).all() == [None]
        assert await session.scalar(select(ContactSettings.language)) == "en"
        assert await session.execute(update(ContactSettings).values(language="en"))
