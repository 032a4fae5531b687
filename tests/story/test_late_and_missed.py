"""A driver who is late, is missed, and has his route back; as he and his manager see it, over HTTP (R8.2a to R8.6)."""

import uuid
from datetime import datetime, time

import httpx
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.arrivals import AllHere, HesHere
from domain.db.models import Assignment, DriverHealthState, Incident, Shift, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.policy import TORONTO
from sandbox.fleet import INVITE
from tests.story.phones import Phone
from tests.story.test_working_day import Working, labels, now, now_is, working

Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture
async def nadia(calls: httpx.AsyncClient) -> Phone:
    """The manager of North."""
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    return nadia


async def alone(calls: httpx.AsyncClient, sessions: Sessions, it: Working) -> None:
    """Everybody else who drives today is there already."""
    today = (await now(calls)).date()
    async with sessions.begin() as session:
        others = update(Assignment).where(Assignment.on == today, Assignment.status == AssignmentStatus.SCHEDULED)
        await session.execute(others.where(Assignment.id != it.assignment_id).values(status=AssignmentStatus.ACTIVE))


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_r8_5_what_he_says_is_answered(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone, language: str
) -> None:
    """More than half an hour is not granted at once, and more than 90 minutes by nobody."""
    it = await working(calls, sessions, language)
    await clock(calls, 8)
    late, bad, less, again, cannot = {
        "en": ("late", "From 1 to 90 minutes", "until 09:30 for now", "have until 09:30.", "I can't make it"),
        "fr": ("retard", "de 1 à 90", "Pour l’instant", "Vous avez jusqu’à", "Je ne peux pas venir"),
    }[language]
    for minutes in ("0", "91", "500", "12345"):
        shown = await it.phone.writes(f"{late} {minutes}", bad)
        assert cannot in labels(shown) and len(labels(shown)) == 3
    assert (await it.row(sessions)).status is AssignmentStatus.SCHEDULED
    shown = await it.phone.writes(f"{late} 60", less, "60\u00a0" if language == "fr" else "60 minutes")
    assert cannot in labels(shown)
    await nadia.sees(f"{await name_of(calls, it)} is running late", "60", "has until 09:30")
    await it.phone.writes(f"{late} 75", again)


async def clock(calls: httpx.AsyncClient, hour: int, minute: int = 0, second: int = 0) -> None:
    await now_is(calls, datetime.combine((await now(calls)).date(), time(hour, minute, second), TORONTO))


async def test_r8_6_not_checked_in_late_missed_there_after_all_and_restored(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    phone, name = it.phone, await name_of(calls, it)
    await alone(calls, sessions, it)

    await clock(calls, 8, 30)
    asked = await phone.sees("Not checked in", f"{it.route}, North", "At 09:00 your route goes to others")
    assert labels(asked)[:3] == ["✅ I'm here", "⏳ Running late", "I can't make it"]
    listed = await nadia.sees("1 driver isn't checked in at North", "due by 09:00", name)
    assert f"✅ {name} is here" in labels(listed)
    await phone.reads("not checked in", "Reply HERE, LATE or CANT")

    await phone.press(asked, "Running late")
    await phone.sees("you're running late", "by 09:30")
    late = await nadia.sees(f"{name} is running late", "Due by 09:00; has until 09:30")
    await nadia.sees("isn't checked in at North", "late, due by 09:30")
    await nadia.press(late, "Can't wait")
    await nadia.sees(f"{name} is running late", "has refused it: due by 09:00")
    await phone.sees("Your manager can't wait: be there by 09:00")
    await nadia.press(await nadia.sees("has refused it"), "+60 min")
    given = await phone.sees("Your manager gives you until 10:00")

    await clock(calls, 10)
    missed = await phone.sees("You weren't at North by 10:00", "counts as a no-show", "If you are there, say so")
    await nadia.sees(f"{name} is not there")
    old = await phone.press_data(given, given["keyboard"][0][0]["data"])
    assert "I'm here, late" in old["text"], "[I'm here] is refused with that button"
    await phone.press(await phone.sees("You weren't at North"), "I'm here, late")
    await phone.sees("You weren't at North", "Your manager knows that you are there")
    came = await nadia.sees(f"{name} is there after all", "Nobody has accepted the route yet")
    forged = await phone.press_data(missed, HesHere(it.assignment_id).pack())
    assert "can't find" in forged["text"], "his manager decides, not he"
    await nadia.press(came, "Give it back")
    await nadia.sees(f"{name} is there after all", "The route has been given back")
    there = await phone.sees("It's yours again", f"{it.route}, North", "how many parcels have you loaded?")
    assert "📦 Parcels loaded" in labels(there)
    await phone.sees("You weren't at North", "nothing is held against you")
    async with sessions() as session:
        [incident] = await session.scalars(select(Incident).where(Incident.assignment_id == it.assignment_id))
        state = await session.get(DriverHealthState, it.user_id)
        today = (await now(calls)).date()
        his = select(Assignment.status).where(Assignment.user_id == it.user_id, Assignment.on == today)
        again = await session.scalars(his)
        assert incident.excused_at is not None and state is not None and state.assignment_pool_eligible
        assert set(again) == {AssignmentStatus.CANCELLED, AssignmentStatus.ACTIVE}


async def name_of(calls: httpx.AsyncClient, it: Working) -> str:
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    return next(str(person["name"]) for person in people if person["id"] == it.phone.person)


async def test_r8_5_typed_in_french(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "fr")
    await it.phone.sees(f"{it.route}, North")
    await alone(calls, sessions, it)
    await clock(calls, 8, 30)
    await it.phone.sees("Présence non signalée", "À 9\u00a0h, votre route passe à d’autres")
    await it.phone.writes("En retard de 15 min", "vous êtes en retard", "avant 9\u00a0h\u00a030")
    await clock(calls, 9, 30)
    missed = await it.phone.sees("Vous n’étiez pas à North avant 9\u00a0h\u00a030")
    again = await it.phone.writes("en retard", "Vous n’étiez pas à North avant 9\u00a0h\u00a030")
    assert labels(again)[0] == labels(missed)[0] == "🏃 Je suis là, en retard"
    await it.phone.press(again, "en retard")
    await it.phone.sees("Votre gestionnaire sait que vous êtes là")
    english = [message["text"] for message in await it.phone.chat() if "your" in message["text"].lower()]
    assert english == []


async def test_r8_6a_too_many_are_missing_and_the_manager_knows_better(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    name = await name_of(calls, it)
    async with sessions.begin() as session:  # nobody has arrived yet
        there = select(Assignment.id).where(
            Assignment.on == (await now(calls)).date(), Assignment.status == AssignmentStatus.ACTIVE
        )
        await session.execute(delete(Shift).where(Shift.assignment_id.in_(there)))
        back = update(Assignment).where(Assignment.id.in_(there))
        await session.execute(back.values(status=AssignmentStatus.SCHEDULED, confirmed_at=await now(calls)))
    await clock(calls, 9)
    held = await nadia.sees("drivers are missing at North", "Nothing is automatic until 09:30", name)
    assert labels(held)[:2] == ["✅ All here", "⛔ These are missing"]
    over = await it.phone.writes("late", "Its time is over", "press “I'm here, late”")
    assert labels(over) == ["🏃 I'm here, late", "🏠 Home"]
    home = await it.phone.sees(f"{it.route}, North")
    answer = await it.phone.press_data(home, AllHere(uuid.UUID(int=1)).pack())
    assert "can't find" in answer["text"], "nobody else's button"
    await it.phone.press(home, "I'm here")  # while nothing is automatic, he is in time
    await it.phone.sees("you're there", "how many parcels have you loaded?")
    await nadia.sees("missing at North", f"✅ {name}, {it.route}")
    answer = await nadia.press(await nadia.sees("missing at North"), "All here")
    assert "checked in, on your word" in answer["text"]
    await nadia.sees("North: nobody is awaited any more", f"✅ {name}, {it.route}")
    async with sessions() as session:
        today = (await now(calls)).date()
        late = select(Assignment.id).join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        waits = late.where(Assignment.on == today, Assignment.status == AssignmentStatus.SCHEDULED)
        assert list(await session.scalars(waits.where(Warehouse.name == "North"))) == []
