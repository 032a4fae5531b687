"""A shift changes hands, over HTTP: by a link that is forwarded, offered to all, and with a manager's word (R5.5)."""

import re
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.giving import AgreeToGive, GiveAway, GiveByLink, GiveToAll, RequireAgreement, TakeBack, TakeOver
from bot.callbacks.shifts import ShiftCard
from bot.delivery.alerts import NO_MANAGER
from domain.bidding.rules import first_refusal
from domain.bidding.standing import SlotKey, standing_of
from domain.db.models import (
    Assignment,
    ChatLink,
    GiveAwayAsk,
    OperatorAlert,
    Route,
    User,
    WarehouseManager,
    WarehouseSettings,
)
from domain.db.models import GiveAway as GiveAwayRow
from domain.db.models.words import AssignmentStatus, UserRole
from domain.policy import Policy
from sandbox.fleet import INVITE
from tests.story.phones import Phone, until
from tests.story.test_story import everyone
from tests.story.test_working_day import Working, new_incidents, now, now_is, working

Sessions = async_sessionmaker[AsyncSession]
AHEAD = 2  # days
LINK = re.compile(r"https://t\.me/\w+\?start=(give-[A-Za-z0-9_-]{32})")


async def at_eight(calls: httpx.AsyncClient, sessions: Sessions) -> Working:
    """Who drives the day after tomorrow; the quiet hours are over for those who do not drive today, too (R11.4)."""
    it = await working(calls, sessions, "en", ahead=AHEAD)
    await now_is(calls, (await now(calls)).replace(hour=8, minute=1))
    return it


async def given_by(it: Working) -> dict[str, Any]:
    """The page on which she says to whom."""
    home = await it.phone.sees("Hello")
    await it.phone.press_data(home, ShiftCard(it.assignment_id).pack())
    card = await it.phone.sees(f"{it.route}, North", "start 07:00", "Next:")
    await it.phone.press(card, "Give it away")
    return await it.phone.sees(f"Give away {it.route}, North")


async def free_colleague(
    calls: httpx.AsyncClient, sessions: Sessions, it: Working, *, language: str = "en", nth: int = 0
) -> tuple[Phone, uuid.UUID, str]:
    """Somebody of North with Telegram who could take her shift, and reads this language."""
    people = {person["phone"]: person for person in await everyone(calls)}
    fitting = []
    async with sessions() as session:
        shift = await session.get_one(Assignment, it.assignment_id)
        slot = SlotKey(shift.id, shift.route_id, shift.warehouse_id, shift.on, emergency=False)
        found = select(User.id, User.phone, User.first_name, User.last_name).join(ChatLink, ChatLink.user_id == User.id)
        for row in await session.execute(found.where(User.role == UserRole.DRIVER).order_by(User.id)):
            person = people[row.phone]
            able = first_refusal(await standing_of(session, slot, row.id, Policy())) is None
            if able and person["language"] == language and not person["telegram"]["blocked"]:
                fitting.append((Phone(calls, person["id"]), row.id, f"{row.first_name} {row.last_name}"))
    return fitting[nth]


async def managed_by_all(sessions: Sessions) -> None:
    """No route has a manager of its own, so all of its warehouse's are told."""
    async with sessions.begin() as session:
        await session.execute(update(Route).values(manager_id=None))


async def whose(sessions: Sessions, it: Working) -> Assignment:
    """The slot's live row."""
    async with sessions() as session:
        old = await session.get_one(Assignment, it.assignment_id)
        live = select(Assignment).where(Assignment.route_id == old.route_id, Assignment.on == old.on)
        return (await session.scalars(live.where(Assignment.status != AssignmentStatus.CANCELLED))).one()


async def turned(phone: Phone, card: dict[str, Any], text: str) -> bool:
    """The same message shows this by now."""
    return text in {message["message_id"]: message for message in await phone.chat()}[card["message_id"]]["text"]


async def test_r5_5_a_link_is_forwarded_and_taken(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await at_eight(calls, sessions)
    await managed_by_all(sessions)
    colleague, user_id, name = await free_colleague(calls, sessions, it)
    other, _, _ = await free_colleague(calls, sessions, it, nth=1)  # later on its giver would be one of them
    asked = await given_by(it)
    await it.phone.press(asked, "by a link")
    card = await it.phone.sees(f"{it.route}, North", "Forward the link below")
    assert card["message_id"] == asked["message_id"]
    to_forward = await it.phone.sees("offers you a shift", it.route)
    assert not to_forward["keyboard"]
    [token] = LINK.findall(to_forward["text"])

    # Whoever has no account here learns nothing; neither does a wrong link.
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(token)
    await nadia.sees("This link doesn't work any more. Ask your manager")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    await nadia.start(token)
    await nadia.sees("That is for drivers")
    await it.phone.start(token)
    await it.phone.sees("This is the link of your own shift")
    await colleague.start("give-" + "x" * 32)
    await colleague.sees("This link doesn't work any more. Ask your colleague")

    await colleague.start(token)
    offer = await colleague.sees("gives away", f"{it.route}, North", "Whoever takes it first")
    before = len(await it.phone.chat(deleted=True))
    answer = await colleague.press(offer, "Take it")
    assert answer["text"] == "It's yours. Thank you!"
    won = await colleague.sees("It's yours", f"{it.route}, North")
    assert won["message_id"] == offer["message_id"]
    told = await it.phone.sees(f"{it.route}, North", f"{name} has it", "you're free that day", after=before)
    await until(lambda: turned(it.phone, card, f"✅ {name} has it"), "her card says so, too")
    assert "drives" in (await nadia.sees(f"{name} drives {it.route}", "gave the shift away"))["text"]
    now_his = await whose(sessions, it)
    assert (now_his.user_id, now_his.status) == (user_id, AssignmentStatus.SCHEDULED)
    assert now_his.confirmed_at is not None

    # It works once; old buttons say what is so.
    await other.start(token)
    await other.sees(f"{it.route}, North is taken")
    assert (await colleague.press_data(won, offer["keyboard"][0][0]["data"]))["text"] == "It's yours. Thank you!"
    async with sessions() as session:
        give_away = (await session.scalars(select(GiveAwayRow.id))).one()
        assert (await session.scalars(new_incidents())).all() == []
    assert "settled already" in (await it.phone.press_data(told, TakeBack(give_away).pack()))["text"]


async def test_r5_5_offered_to_all_and_taken_in_french(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await at_eight(calls, sessions)
    asked = await given_by(it)
    answer = await it.phone.press(asked, "To everyone")
    assert "being told" in answer["text"]
    card = await it.phone.sees(f"{it.route}, North", "have been told", "it's yours")
    async with sessions() as session:
        told = set(await session.scalars(select(GiveAwayAsk.user_id)))
    for nth in range(10):
        paul, user_id, name = await free_colleague(calls, sessions, it, language="fr", nth=nth)
        if user_id in told:
            break
    offer = await paul.sees("Un collègue cède", f"{it.route}, North")
    other, _, _ = await free_colleague(calls, sessions, it, nth=0)
    await other.send("/open")
    listed = await other.sees("open to you", f"{it.route}, North", "from a colleague")
    await other.press(listed, f"🤝 {it.route}")
    await until(lambda: turned(other, listed, f"A colleague gives away {it.route}, North"), "its card, in place")
    await other.send("/today")
    await other.sees("Hello", "Open to you now", f"🤝 {it.route}, North")
    before = len(await it.phone.chat(deleted=True))
    answer = await paul.press(offer, "Le prendre")
    assert answer["text"] == "C’est à vous. Merci!"
    await paul.sees("C’est à vous", f"{it.route}, North")
    ended = await it.phone.sees("A colleague has it", "you're free", after=before)
    await until(lambda: turned(it.phone, card, "✅ A colleague has it"), "her card says so, too")
    assert name not in ended["text"]  # R12.3
    assert (await whose(sessions, it)).user_id == user_id
    await until(lambda: turned(other, listed, f"{it.route}, North is taken"), "what others look at turns")
    answer = await other.press_data(listed, offer["keyboard"][0][0]["data"])
    assert "Already taken" in answer["text"]


@pytest.mark.parametrize("agrees", [True, False])
async def test_r5_5_a_manager_has_the_last_word(calls: httpx.AsyncClient, sessions: Sessions, agrees: bool) -> None:
    it = await at_eight(calls, sessions)
    await managed_by_all(sessions)
    colleague, user_id, name = await free_colleague(calls, sessions, it)
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    await nadia.send("/routes")
    page = await nadia.sees("Your routes")
    await nadia.press(page, "🏭 North")
    house = await nadia.sees("North", "without asking")
    await nadia.press(house, "Ask a manager first")
    await nadia.sees("North", "needs a manager to agree")

    asked = await given_by(it)
    assert "Your manager must agree" in asked["text"]
    await it.phone.press(asked, "by a link")
    [token] = LINK.findall((await it.phone.sees("offers you a shift", it.route))["text"])
    await colleague.start(token)
    offer = await colleague.sees("gives away", it.route, "A manager must agree")
    await colleague.press(offer, "Take it")
    await colleague.sees("Waits for a manager of North")
    await it.phone.sees(f"{name} would take it")
    assert (await whose(sessions, it)).id == it.assignment_id

    word = await nadia.sees(f"{name} would take {it.route}, North from", "Until you agree")
    await nadia.press(word, "Agree" if agrees else "Don't agree")
    if agrees:
        await nadia.sees(it.route, f"Agreed: {name} drives")
        await colleague.sees("It's yours", it.route)
        await it.phone.sees(it.route, f"{name} has it")
        assert (await whose(sessions, it)).user_id == user_id
    else:
        await nadia.sees(it.route, "Not agreed")
        await colleague.sees(it.route, "A manager didn't agree")
        await it.phone.sees(it.route, "didn't agree: it's still yours")
        assert (await whose(sessions, it)).id == it.assignment_id


async def test_r5_4_where_nobody_could_agree_the_owners_are_told(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await at_eight(calls, sessions)
    colleague, _, _ = await free_colleague(calls, sessions, it)
    async with sessions.begin() as session:
        here = select(Assignment.warehouse_id).where(Assignment.id == it.assignment_id).scalar_subquery()
        await session.execute(insert(WarehouseSettings).values(warehouse_id=here, approve_give_aways=True))
        await session.execute(delete(WarehouseManager).where(WarehouseManager.warehouse_id == here))
    await it.phone.press(await given_by(it), "by a link")
    [token] = LINK.findall((await it.phone.sees("offers you a shift", it.route))["text"])
    await colleague.start(token)
    await colleague.press(await colleague.sees("gives away", it.route, "A manager must agree"), "Take it")
    await colleague.sees("Waits for a manager of North")
    async with sessions() as session:
        raised = await session.scalars(select(OperatorAlert.key))
        assert f"{NO_MANAGER}:{it.assignment_id}" in raised.all()


async def test_r12_4_forged_presses_change_nothing(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en", ahead=AHEAD)
    stranger, _, _ = await free_colleague(calls, sessions, it)
    home = await stranger.sees("Hello")
    for press in (
        *(each(it.assignment_id) for each in (GiveAway, GiveByLink, GiveToAll)),
        *(each(uuid.uuid4()) for each in (TakeBack, TakeOver)),
        AgreeToGive(uuid.uuid4(), uuid.uuid4()),
        RequireAgreement(uuid.uuid4(), 1),
    ):
        await stranger.press_data(home, press.pack())
    async with sessions() as session:
        assert (await session.scalars(select(GiveAwayRow))).all() == []
        assert (await session.get_one(Assignment, it.assignment_id)).status is AssignmentStatus.SCHEDULED
