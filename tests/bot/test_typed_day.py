"""R8, PRODUCT: what a driver simply types on the shift day, in English and French, and what is answered."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import conversations
from bot.conversations import Step
from bot.run import serving
from domain.db.models import Assignment, ContactSettings, Shift
from domain.db.models.words import AssignmentStatus
from domain.people.queries import Person, linked_chat
from tests.bot.town import Town
from tests.domain.world import Fleet, Slot
from tests.story.phones import Phone

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SCHEDULED, ACTIVE, COMPLETED = AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED


@dataclass
class Clock:
    now: datetime


class Day:
    """Dana drives R12 today, and yesterday drove R11; she has Telegram."""

    dana: Phone
    driver: Person
    north: uuid.UUID

    def __init__(self, town: Town, clock: Clock) -> None:
        self.town, self.clock = town, clock

    async def begins(self, language: str = "en") -> Phone:
        async with self.town.sessions.begin() as session:
            fleet = Fleet(session, self.town.now)
            self.north = await fleet.warehouse("North", await fleet.manager("Mona"))
            self.driver = await fleet.driver("Dana", home=self.north)
            awake = {"quiet_from": time(0), "quiet_until": time(0)}
            await fleet.put(ContactSettings, {"user_id": self.driver.id, "language": language} | awake)
            chat = await linked_chat(session, self.driver.id)
        account = {"user_id": chat, "started": True}
        body = {"id": "dana", "name": "Dana Test", "phone": self.driver.phone, "language": language}
        (await self.town.calls.post("/sandbox/people", json=body | {"telegram": account})).raise_for_status()
        self.dana = Phone(self.town.calls, "dana")
        return self.dana

    async def shift(
        self,
        route: str = "R12",
        status: AssignmentStatus = ACTIVE,
        loaded: int | None = None,
        returned: int | None = None,
        *,
        days_ago: int = 0,
        editable_for: timedelta = HOUR,
    ) -> Slot:
        """Hers, so far, and for so long still to be corrected."""
        now = self.town.now
        async with self.town.sessions.begin() as session:
            fleet = Fleet(session, now)
            on = fleet.day(-days_ago)
            slot = await fleet.shift(await fleet.route(route, self.north), self.driver, on, status, confirmed=True)
            if status in (ACTIVE, COMPLETED):
                at = now - timedelta(days=days_ago)
                row: dict[str, Any] = {"assignment_id": slot.id, "arrived_at": at, "parcels_start": loaded}
                if status is COMPLETED and loaded is not None and returned is not None:
                    row |= {"parcels_returned": returned, "parcels_delivered": loaded - returned, "completed_at": at}
                    row |= {"editable_until": now + editable_for}
                await fleet.put(Shift, row | {"created_at": at})
        return slot

    async def counts(self, slot: Slot) -> tuple[int | None, int | None]:
        async with self.town.sessions() as session:
            row = await session.scalar(select(Shift).where(Shift.assignment_id == slot.id))
            return (row.parcels_start, row.parcels_returned) if row else (None, None)

    async def status(self, slot: Slot) -> AssignmentStatus:
        async with self.town.sessions() as session:
            return (await session.get_one(Assignment, slot.id)).status


@pytest.fixture
def clock(town: Town) -> Clock:
    return Clock(town.now)


@pytest.fixture
async def day(town: Town, clock: Clock) -> AsyncIterator[Day]:
    async with serving(town.settings(), lambda: clock.now):
        yield Day(town, clock)


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["keyboard"] or [] for button in row]


# -- two shifts


@pytest.mark.parametrize(
    ("language", "load", "back", "asks"),
    [("en", "142", "back 4", "How many of 142"), ("fr", "charge 142", "Retour 4", "142")],
)
async def test_r8_3_todays_comes_before_yesterdays_that_was_never_finished(
    day: Day, language: str, load: str, back: str, asks: str
) -> None:
    dana = await day.begins(language)
    old, today = await day.shift("R11", loaded=50, days_ago=1), await day.shift("R12")
    await dana.writes(load, "Dana")
    assert (await day.counts(old), await day.counts(today)) == ((50, None), (142, None))
    pad = await dana.writes(back, "R12, North", asks, "\n\n4")
    await dana.press(pad, "✓ 4")
    await dana.sees("R11, North", "50")
    assert (await day.status(old), await day.status(today)) == (ACTIVE, COMPLETED)


async def test_r8_3_until_he_has_arrived_today_yesterdays_can_be_finished(day: Day) -> None:
    dana = await day.begins()
    old = await day.shift("R11", loaded=50, days_ago=1)
    await day.shift("R12", SCHEDULED)
    await dana.press(await dana.writes("back 50", "R11, North", "\n\n50"), "✓ 50")
    await dana.sees("R11, North", "0 of 50 parcels delivered")
    assert await day.status(old) is COMPLETED


# -- numbers


@pytest.mark.parametrize(
    ("language", "limits", "back", "button"),
    [
        ("en", "From 1 to 999 can", "From 0 to 120 can", "Parcels loaded"),
        ("fr", "de 1 à 999", "de 0 à 120", "Colis chargés"),
    ],
)
async def test_r8_3_a_number_that_cant_be_is_answered_with_what_it_can_be_and_the_keypad(
    day: Day, language: str, limits: str, back: str, button: str
) -> None:
    dana = await day.begins(language)
    today = await day.shift()
    for text in ("1000", "99999", "-1", "3.5", "3,5", "load -1", "Chargé 1 200 colis"):
        shown = await dana.writes(text, "R12, North", limits)
        assert labels(shown)[0].endswith(button) and len(labels(shown)) == 2
    assert await day.counts(today) == (None, None)
    await dana.writes("120 parcels" if language == "en" else "120 colis svp", "R12, North", "120")
    assert await day.counts(today) == (120, None)
    for text in ("121", "-1", "retour 3,5", "back 1000"):
        await dana.writes(text, "R12, North", back)


# -- while something is asked


@pytest.mark.parametrize(
    ("language", "sick", "here", "late", "cant", "why"),
    [
        ("en", "sick", "here", "late 15", "can't come", "Why can't you make it"),
        ("fr", "malade", "ICI", "retard 15", "ABSENT", "Pourquoi"),
    ],
)
async def test_r8_words_of_the_day_win_over_an_open_question(
    day: Day, language: str, sick: str, here: str, late: str, cant: str, why: str
) -> None:
    dana = await day.begins(language)
    today = await day.shift("R12", SCHEDULED)
    asks, friday = ("Until when", "friday") if language == "en" else ("Malade jusqu’à quand", "vendredi")
    lost = "didn't understand" if language == "en" else "pas compris"
    await dana.writes(sick, asks)
    await dana.writes(cant, why, "R12")
    await dana.writes(sick, asks)
    await dana.writes(late, "R12, North", "09:30" if language == "en" else "9\u00a0h\u00a030")
    await dana.writes(sick, asks)
    await dana.writes(sick, asks)
    await dana.writes(here, "R12, North")
    assert await day.status(today) is ACTIVE
    await dana.writes(friday, lost)
    await dana.writes(sick, asks)
    await dana.writes("142", "R12, North", "142")
    assert await day.counts(today) == (142, None)
    await dana.writes(sick, asks)
    await dana.writes("/confirm", "")
    await dana.writes(friday, lost)


@pytest.mark.parametrize(
    ("language", "sick", "asks", "read"),
    [("en", "sick", "Until when", "28 Nov"), ("fr", "malade", "Malade jusqu’à quand", "28 nov")],
)
async def test_r8_3_a_day_that_is_asked_for_is_no_number_of_parcels(
    day: Day, language: str, sick: str, asks: str, read: str
) -> None:
    dana = await day.begins(language)
    today = await day.shift()
    for answer, says in (("4", "4"), ("2026-11-28", read), ("28/11", read)):
        await dana.writes(sick, asks)
        await dana.writes(answer, says)
    assert await day.counts(today) == (None, None)


async def test_r10_6_a_note_in_his_own_words_may_say_that_he_is_ill(day: Day) -> None:
    dana = await day.begins()
    slot = await day.shift("R12", SCHEDULED)
    async with day.town.sessions.begin() as session:
        about = {"assignment_id": str(slot.id), "reason": 6}
        await conversations.ask(session, day.driver.id, Step.CANCEL_NOTE, about, day.town.now)
    await dana.writes("sick", "Your note: sick")
    async with day.town.sessions.begin() as session:
        await conversations.ask(session, day.driver.id, Step.CANCEL_NOTE, about, day.town.now)
    await dana.writes("I'm here", "you're there")
    assert await day.status(slot) is ACTIVE


# -- after the shift


@pytest.mark.parametrize(("language", "load", "back"), [("en", "load 100", "back 5"), ("fr", "chargé 100", "Retour 5")])
async def test_r8_4_either_number_is_corrected_by_its_word(day: Day, language: str, load: str, back: str) -> None:
    dana = await day.begins(language)
    today = await day.shift("R12", COMPLETED, 120, 6)
    await dana.writes(back, "R12, North", "115", "120")
    await dana.writes(load, "R12, North", "95", "100")
    assert await day.counts(today) == (100, 5)
    await dana.writes(load.replace("100", "4"), "can't be right" if language == "en" else "ne va pas")
    assert await day.counts(today) == (100, 5)


@pytest.mark.parametrize(
    ("language", "asks", "loaded", "back"),
    [
        ("en", "It stands at 120 loaded, 6 brought back", "Loaded: 7", "Brought back: 7"),
        ("fr", "Colis chargés\u00a0: 120, rapportés\u00a0: 6", "Chargés\u00a0: 7", "Rapportés\u00a0: 7"),
    ],
)
async def test_r8_4_of_a_bare_number_he_is_asked_which_it_is(
    day: Day, language: str, asks: str, loaded: str, back: str
) -> None:
    dana = await day.begins(language)
    today = await day.shift("R12", COMPLETED, 120, 6)
    asked = await dana.writes("7", "R12, North", asks)
    assert [label.split(" ", 1)[1] for label in labels(asked)[:2]] == [loaded, back]
    assert await day.counts(today) == (120, 6), "nothing before he presses"
    await dana.press(asked, back)
    await dana.sees("R12, North", "113", "120")
    assert await day.counts(today) == (120, 7)
    asked = await dana.writes("142", "R12, North")
    assert len(labels(asked)) == 2, "so many can't have come back"
    await dana.press(asked, "142")
    await dana.sees("R12, North", "135", "142")


@pytest.mark.parametrize(("language", "says"), [("en", "Your manager can still"), ("fr", "gestionnaire peut encore")])
async def test_r8_4_after_the_hour_only_the_manager_can(day: Day, language: str, says: str) -> None:
    dana = await day.begins(language)
    today = await day.shift("R12", COMPLETED, 120, 6, editable_for=-MINUTE)
    for text in ("load 100", "retour 5", "142"):
        await dana.writes(text, says)
    assert await day.counts(today) == (120, 6)
