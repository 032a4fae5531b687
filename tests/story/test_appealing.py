"""A driver reads why, appeals, and his manager decides; as both see it, over HTTP (R10.6)."""

import uuid
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.appeals import AppealIt, AppealShown, GrantAppeal, SendAppeal, WhyHeld
from domain.db.models import Appeal, DriverHealthState, Incident
from tests.story.phones import Phone, until
from tests.story.test_late_and_missed import alone, clock, name_of
from tests.story.test_late_and_missed import nadia as nadia
from tests.story.test_working_day import Working, labels, working

Sessions = async_sessionmaker[AsyncSession]


async def incident_of(sessions: Sessions, it: Working) -> Incident:
    async with sessions() as session:
        of_it = select(Incident).where(Incident.assignment_id == it.assignment_id)
        return (await session.scalars(of_it)).one()


async def test_r10_6_a_no_show_is_explained_appealed_and_excused(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    phone, name = it.phone, await name_of(calls, it)
    await alone(calls, sessions, it)
    await clock(calls, 9)
    missed = await phone.sees("You weren't at North by 09:00", "counts as a no-show")
    assert [label for label in labels(missed) if label in ("❔ Why", "⚖️ Appeal")] == ["❔ Why", "⚖️ Appeal"]
    await phone.press(missed, "Why")
    why = await phone.sees(
        "No-show", f"{it.route}, North", "weren't checked in by", "What it costs", "You can appeal until"
    )
    assert why["message_id"] != missed["message_id"], "what told him stays"

    await phone.press(why, "Appeal")
    await phone.sees("Why should it not count?", "in your own words")
    await phone.writes("x" * 501, "over 500 characters")
    sure = await phone.writes("The <gate> was locked & nobody came.", "Send this appeal?", "“The <gate> was locked")
    assert await waiting(sessions) == 0, "nothing is sent before the last button"
    answer = await phone.press(sure, "Send it")
    assert "Your manager decides" in answer["text"]
    await phone.sees("No-show", "Your appeal waits for your manager")

    async def cannot_appeal_again() -> dict[str, Any] | None:
        shown = await phone.sees("You weren't at North by 09:00")
        return None if "⚖️ Appeal" in labels(shown) else shown

    turned = await until(cannot_appeal_again, "the message that told him follows")
    assert "❔ Why" in labels(turned)
    again = await phone.press_data(why, SendAppeal((await incident_of(sessions, it)).id).pack())
    assert "appealed this already" in again["text"]

    asked = await nadia.sees(f"{name} appeals", f"No-show: {it.route}, North", "“The <gate> was locked", "Decide by")
    forged = await phone.press_data(why, GrantAppeal(await appeal_of(sessions)).pack())
    assert "Decided" not in (forged["text"] or ""), "his manager decides, not he"
    await nadia.press(asked, "Excuse it")
    await nadia.sees("Why does it not count?", "The driver reads it")
    await nadia.writes("The gate was ours.", f"{name} appeals", "has excused it: The gate was ours.")
    await phone.sees("👍 No-show", "doesn't count any more", "Reason: The gate was ours.", "You can get new shifts")
    await phone.sees("You weren't at North by 09:00", "nothing is held against you")
    async with sessions() as session:
        state = await session.get_one(DriverHealthState, it.user_id)
        assert state.assignment_pool_eligible
    assert (await incident_of(sessions, it)).excuse_reason == "The gate was ours."
    await nadia.writes("/appeals", "No appeal waits for you")
    await phone.writes("/why", "How you stand", "You can get new shifts", "1 thing went wrong")


async def waiting(sessions: Sessions) -> int:
    async with sessions() as session:
        return len((await session.scalars(select(Appeal))).all())


async def appeal_of(sessions: Sessions) -> uuid.UUID:
    async with sessions() as session:
        return (await session.scalars(select(Appeal.id))).one()


async def test_r10_6_in_french_and_refused(calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone) -> None:
    it = await working(calls, sessions, "fr")
    phone, name = it.phone, await name_of(calls, it)
    await phone.sees(f"{it.route}, North")
    await alone(calls, sessions, it)
    await clock(calls, 9)
    missed = await phone.sees("Vous n’étiez pas à North avant 9\u00a0h")
    await phone.press(missed, "Contester")
    await phone.sees("Pourquoi cela ne devrait-il pas compter?")
    sure = await phone.writes("La barrière était fermée.", "Envoyer cette contestation?", "«\u00a0La barrière")
    await phone.press(sure, "Envoyer")
    await phone.sees("Absence sans avis", "Votre contestation attend")
    await nadia.writes("/appeals", "Appeals to decide", name)
    listed = await nadia.sees("Appeals to decide")
    await nadia.press(listed, name)
    card = await nadia.sees(f"{name} appeals", "La barrière était fermée.")
    await nadia.press(card, "It counts")
    await nadia.writes("It was open.", f"{name} appeals", "lets it count: It was open.")
    await phone.sees(
        "✖️ Absence sans avis", "cela compte toujours", "Raison\u00a0: It was open.", "Pas de nouveaux quarts"
    )
    await phone.writes("/why", "Où vous en êtes", "Pas de nouveaux quarts", "1 incident dans les 90 derniers jours")
    await phone.press(await phone.sees("Où vous en êtes"), "Absence sans avis")
    explained = await phone.sees(
        "Absence sans avis", "La règle", "Ce que cela coûte", "cela compte toujours\u00a0: It was open."
    )
    assert "⚖️ Contester" not in labels(explained)
    english = [message["text"] for message in await phone.chat() if "your" in message["text"].lower()]
    assert english == []


async def test_r12_4_other_peoples_buttons(calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone) -> None:
    it, other = await working(calls, sessions, "en"), await working(calls, sessions, "en", nth=1)
    await alone(calls, sessions, it)
    await clock(calls, 9)
    await it.phone.sees("You weren't at North by 09:00")
    incident = await incident_of(sessions, it)
    home = await other.phone.sees("Hello")
    for button in (WhyHeld(incident.id, 0), AppealIt(incident.id, 0), SendAppeal(incident.id)):
        answer = await other.phone.press_data(home, button.pack())
        assert "can't find that" in answer["text"]
    answer = await nadia.press_data(await nadia.sees("Nadia"), AppealShown(uuid.uuid4()).pack())
    assert "can't find that" in answer["text"]
    assert await waiting(sessions) == 0
