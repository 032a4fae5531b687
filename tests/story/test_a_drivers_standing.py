"""A manager looks at his drivers, and decides on one of them: over HTTP, as he presses and types it (R9.5, R10)."""

import httpx
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.callback import Callback
from bot.callbacks.drivers import DriverCard
from bot.callbacks.his_standing import ChooseCap, Excuse, HisCap, IncidentOf, Incidents, Unflag, WriteHim
from domain.db.models import ContactSettings, DriverHealthState, FlagEpisode, User, WarehouseManager
from tests.story.phones import Phone
from tests.story.test_appealing import incident_of
from tests.story.test_late_and_missed import alone, clock, name_of
from tests.story.test_late_and_missed import nadia as nadia
from tests.story.test_working_day import Working, labels, now, working

Sessions = async_sessionmaker[AsyncSession]


async def missed(calls: httpx.AsyncClient, sessions: Sessions, it: Working) -> None:
    await it.phone.sees("Hello")
    await alone(calls, sessions, it)
    await clock(calls, 9)
    await it.phone.sees("You weren't at North by 09:00")


async def flagged(calls: httpx.AsyncClient, sessions: Sessions, it: Working) -> None:
    at = await now(calls)
    async with sessions.begin() as session:
        await session.execute(update(User).where(User.id == it.user_id).values(is_flagged=True, flag_warning_date=at))
        judged = {"user_id": it.user_id, "flagged_at": at, "due": 5, "completed": 3}
        await session.execute(insert(FlagEpisode).values(judged))


async def user(sessions: Sessions, it: Working) -> User:
    async with sessions() as session:
        return await session.get_one(User, it.user_id)


async def test_r9_5_cap_flag_pool_and_incident_from_the_card(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    phone, name = it.phone, await name_of(calls, it)
    await missed(calls, sessions, it)
    await flagged(calls, sessions, it)

    home = await nadia.sees("Hello Nadia")
    await nadia.press(home, "👥 Drivers")
    listed = await nadia.sees("👥", "drivers", "for you.")
    [label] = [label for label in labels(listed) if name in label]
    assert "stopped, decide" in label
    await nadia.press(listed, name)
    card = await nadia.sees(f"👤 {name}", "Score 49", "at most 49 until", "🚩 Flagged since", "⛔ Stopped since")
    assert {"↩️ Reinstate", "⏸ Stays out", "🏳️ Unflag…", "🧮 Shifts a week…"} <= set(labels(card))

    await nadia.press(card, "Shifts a week")
    caps = await nadia.sees("How many shifts a week may", name)
    assert "↩️ As the rules say" not in labels(caps), "nothing is chosen yet"
    answer = await nadia.press_data(caps, ChooseCap(it.user_id, 9).pack())
    assert "isn't possible" in answer["text"]
    answer = await nadia.press_data(caps, ChooseCap(it.user_id, 0).pack())
    assert "rules decide already" in answer["text"]
    await nadia.press_data(caps, ChooseCap(it.user_id, 2).pack())
    await nadia.sees("Why up to 2 shifts a week", "the driver reads it")
    await nadia.writes("x" * 501, "over 500 characters")
    card = await nadia.writes("Back <slowly>.", "✅ Done.", "Up to 2 shifts a week, set by a manager: Back <slowly>.")
    await phone.sees("Up to 2 shifts a week", "Back <slowly>.")
    assert (await user(sessions, it)).weekly_cap == 2

    await nadia.press(card, "Unflag")
    await nadia.sees("Why does the flag", name)
    card = await nadia.writes("We have talked.", "✅ Done.", f"👤 {name}")
    assert "Flagged" not in card["text"] and "🏳️ Unflag…" not in labels(card)
    await phone.sees("new shifts again", "We have talked.")
    answer = await nadia.press_data(card, Unflag(it.user_id).pack())
    assert "no flag any more" in answer["text"]

    await nadia.press(await nadia.sees(f"👤 {name}"), "Stays out")
    await nadia.sees("stay out?", name)
    out = await nadia.writes("Wait a week.", "stays out", "Wait a week.")
    await nadia.press(out, name)
    card = await nadia.sees(f"👤 {name}", "stays out: Wait a week.")
    assert "⏸ Stays out" not in labels(card)
    await nadia.press(card, "Reinstate")
    await nadia.sees(f"Why is {name} back?")
    back = await nadia.writes("The week is over.", "back again", "The week is over.")
    await phone.sees("The week is over.")
    async with sessions() as session:
        assert (await session.get_one(DriverHealthState, it.user_id)).assignment_pool_eligible

    await nadia.press(back, name)
    card = await nadia.sees(f"👤 {name}", "Score 49")
    assert "Stopped" not in card["text"]
    await nadia.press(card, "incident")
    incidents = await nadia.sees(f"{name}: incidents of 90 days")
    await nadia.press(incidents, f"No-show: {it.route}")
    one = await nadia.sees(name, "No-show", "not checked in by", "It counts.")
    await nadia.press(one, "Excuse it")
    await nadia.sees("Why does it not count", f"No-show: {it.route}")
    card = await nadia.writes("The gate was ours.", "✅ Done.", f"👤 {name}")
    assert "Score 49" not in card["text"], "nothing holds it down any more"
    await phone.sees("doesn't count any more", "Reason: The gate was ours.")
    assert (await incident_of(sessions, it)).excuse_reason == "The gate was ours."
    answer = await nadia.press_data(one, Excuse((await incident_of(sessions, it)).id).pack())
    assert "doesn't count any more" in answer["text"]

    await nadia.press(await nadia.sees(f"👤 {name}"), "Message")
    await nadia.sees("What do you want to tell", name)
    await nadia.writes("x" * 1001, "over 1000 characters")
    preview = await nadia.writes("Welcome back & drive safely.", f"To {name}", "How urgent is it?")
    await nadia.press(preview, "Normal")
    await phone.sees("Message from Nadia Haddad", "Welcome back & drive safely.")


async def test_r12_3_other_managers_and_drivers_get_nowhere(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    phone = it.phone
    await missed(calls, sessions, it)
    await flagged(calls, sessions, it)
    incident = (await incident_of(sessions, it)).id
    async with sessions() as session:
        north = await session.scalar(select(User.id).where(User.first_name == "Nadia"))
    assert north is not None
    buttons: list[Callback] = [
        HisCap(it.user_id),
        ChooseCap(it.user_id, 6),
        Unflag(it.user_id),
        Incidents(it.user_id, 0),
    ]
    buttons += [IncidentOf(incident), Excuse(incident), WriteHim(it.user_id)]
    home = await phone.sees("Hello")
    for button in buttons:
        await phone.turns(home, button.pack(), "That is for managers")
    async with sessions.begin() as session:
        await session.execute(delete(WarehouseManager).where(WarehouseManager.user_id == north))
    card = await nadia.sees("Hello Nadia")
    for button in [DriverCard(it.user_id), *buttons]:
        answer = await nadia.press_data(card, button.pack())
        assert "can't find that" in answer["text"], button
    await nadia.writes("/drivers", "There are no drivers in your warehouses yet")
    row = await user(sessions, it)
    assert row.is_flagged and row.weekly_cap > 1
    assert (await incident_of(sessions, it)).excused_at is None


async def test_r9_5_in_french(calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone) -> None:
    it = await working(calls, sessions, "en")
    name = await name_of(calls, it)
    await missed(calls, sessions, it)
    async with sessions.begin() as session:
        hers = select(User.id).where(User.first_name == "Nadia").scalar_subquery()
        await session.execute(update(ContactSettings).where(ContactSettings.user_id == hers).values(language="fr"))
    listed = await nadia.writes("/drivers", "chauffeurs", "votre décision")
    await nadia.press(listed, name)
    card = await nadia.sees(f"👤 {name}", "Assiduité", "Arrêt depuis", "À décider avant")
    await nadia.press(card, "Quarts par semaine")
    caps = await nadia.sees("Combien de quarts par semaine")
    await nadia.press_data(caps, ChooseCap(it.user_id, 1).pack())
    await nadia.sees("Pourquoi jusqu’à 1 quart par semaine")
    card = await nadia.writes("Doucement.", "C’est fait.", "fixé par un gestionnaire\u00a0: Doucement.")
    await nadia.press(card, "incident")
    await nadia.press(await nadia.sees("incidents de 90 jours"), "Absence sans avis")
    await nadia.sees("pas sur place avant", "Cela compte.")
