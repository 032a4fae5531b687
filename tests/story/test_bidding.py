"""Drivers bid for a route that somebody gave up in time, over HTTP as they press it (R6.3 to R6.8, PRODUCT)."""

import uuid
from datetime import datetime, time
from typing import Any

import httpx
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.bidding import HandBack, HandBackNow, OpenShift, PlaceBid, WhyBid, WithdrawBid
from bot.callbacks.shifts import CannotCome
from domain.bidding.rules import first_refusal
from domain.bidding.standing import SlotKey, standing_of
from domain.db.models import Assignment, Bid, BidWindow, ChatLink, ContactSettings, DriverMetrics, Incident, User
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowStatus
from domain.notices.codes import CODE
from domain.policy import TORONTO, Policy
from sandbox.fleet import FIRST_NAMES
from sandbox.worked import BLOCKED
from tests.story.phones import Phone, until
from tests.story.test_working_day import Working, becomes, labels, now, now_is, working

Sessions = async_sessionmaker[AsyncSession]
POLICY = Policy()


async def given_up(calls: httpx.AsyncClient, sessions: Sessions, ahead: int = 3) -> tuple[Working, BidWindow]:
    """Somebody cancels, days ahead; the window that is open for his route since, until ten past eight today.

    Else two mornings would have to pass, with all that they bring.
    """
    it = await working(calls, sessions, "en", ahead=ahead)
    await it.phone.press_data(await it.phone.sees("Hello"), CannotCome(it.assignment_id).pack())
    await it.phone.press(await it.phone.sees("Why can't you make it"), "Another reason")
    await it.phone.press(await it.phone.sees("Cancel", "48 hours ahead"), "Yes, cancel it")
    slot = await it.row(sessions)

    async def open_() -> BidWindow | None:
        async with sessions() as session:
            windows = select(BidWindow).join(Assignment, Assignment.id == BidWindow.assignment_id)
            of_it = windows.where(Assignment.route_id == slot.route_id, Assignment.on == slot.on)
            return (await session.scalars(of_it.where(BidWindow.status == BidWindowStatus.OPEN))).one_or_none()

    window = await until(open_, "the window is open")
    async with sessions.begin() as session:
        window = await session.get_one(BidWindow, window.id)
        window.closes_at = datetime.combine((await now(calls)).date(), time(8, 10), TORONTO)
    return it, window


async def who_may(
    calls: httpx.AsyncClient, sessions: Sessions, window: BidWindow, language: str, count: int
) -> list[tuple[Phone, uuid.UUID]]:
    """Drivers who may bid for it, have a chat and read this language."""
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    found: list[tuple[Phone, uuid.UUID]] = []
    async with sessions() as session:
        slot = await session.get_one(Assignment, window.assignment_id)
        key = SlotKey(window.id, slot.route_id, slot.warehouse_id, slot.on, emergency=False)
        linked = (
            select(User.id, User.phone)
            .join(ChatLink, ChatLink.user_id == User.id)
            .join(ContactSettings, ContactSettings.user_id == User.id)
            .where(ContactSettings.language == language, User.first_name != FIRST_NAMES[BLOCKED])
            .order_by(User.phone)
        )
        for user_id, number in await session.execute(linked):
            if first_refusal(await standing_of(session, key, user_id, POLICY)) is None:
                [person] = [person["id"] for person in people if person["phone"] == number]
                found.append((Phone(calls, person), user_id))
    assert len(found) >= count, "the demo's fleet has that many"
    return found[:count]


async def rated(sessions: Sessions, user_id: uuid.UUID, completion: float, attendance: float) -> None:
    async with sessions.begin() as session:
        his = update(DriverMetrics).where(DriverMetrics.user_id == user_id)
        await session.execute(his.values(completion_rate=completion, attendance_rate=attendance))


async def bids(sessions: Sessions, window: BidWindow) -> dict[uuid.UUID, BidStatus]:
    async with sessions() as session:
        rows = await session.scalars(select(Bid).where(Bid.assignment_id == window.assignment_id))
        return {bid.user_id: bid.status for bid in rows}


async def found_under_open(phone: Phone, route: str) -> dict[str, Any]:
    """The page of it."""
    listed = await phone.writes("/open", "open to you", f"{route}, North")
    await phone.press(listed, f"{route},")
    return await becomes(phone, listed, f"{route}, North is open for bids")


async def test_r6_bid_withdraw_bid_again_and_win_and_the_other_asks_why(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    it, window = await given_up(calls, sessions)
    (ann, ann_id), (ben, ben_id) = await who_may(calls, sessions, window, "en", 2)
    await rated(sessions, ann_id, 1.0, 1.0)
    await rated(sessions, ben_id, 0.5, 0.95)

    # Both were told by the waves. One bids from there, thinks better of it, and bids again from /open.
    offered = await ann.sees(f"{it.route}, North is open for bids", "Your score:", "Attendance 0.20 of 0.20")
    assert labels(offered)[:2] == ["🙋 Bid", "Not that day"]
    answer = await ann.press(offered, "Bid")
    assert "Your bid is in" in answer["text"]
    mine = await becomes(ann, offered, "You have bid")
    assert await bids(sessions, window) == {ann_id: BidStatus.PENDING}
    await ann.press(mine, "Withdraw")
    await becomes(ann, offered, "Nobody has bid yet")
    assert await bids(sessions, window) == {}
    page = await found_under_open(ann, it.route)
    await ann.press(page, "Bid")
    await becomes(ann, page, "You have bid")
    await ben.press(await found_under_open(ben, it.route), "Bid")
    await ben.sees("2 drivers have bid so far", "You have bid")
    home = await ben.writes("/today", "Hello", "you have bid, result on")
    assert "🙋 Open shifts" in labels(home)
    # The one who gave it up is not invited, and can't bid with a button that he never had.
    assert it.route not in (await it.phone.writes("/open", "open to you"))["text"].split("\n\n")[1:]
    forged = await it.phone.press_data(await it.phone.sees("open to you"), PlaceBid(window.id).pack())
    assert "You gave this shift up before" in forged["text"]

    # It closes: one has it, the other reads that and why.
    await now_is(calls, window.closes_at)
    won = await ann.sees("It's yours", f"{it.route}, North")
    lost = await ben.sees(f"{it.route}, North on", "went to somebody else")
    assert await bids(sessions, window) == {ann_id: BidStatus.WON, ben_id: BidStatus.LOST}
    assert labels(won)[1:] == ["❓ Why?", "🏠 Home"]  # it is more than 48 h ahead
    await ben.press(lost, "Why?")
    why = await ben.sees("Why?", "You were number 2 of 2", "Deliveries 0.20 of 0.40 (50%)", "would have been enough")
    assert not any(name in why["text"] for name in await names(sessions, ann_id))
    await ben.press(why, "My bids")
    listed = await ben.sees("Your bids", "somebody else has it")
    await ben.press(listed, f"Why? {it.route}")
    await ben.sees("You were number 2 of 2")
    await ann.press(won, "Why?")
    await ann.sees("You won it: the best score of 2")
    for press in (WhyBid(window.id, 0), HandBack(window.assignment_id), HandBackNow(window.assignment_id)):
        said = await it.phone.press_data(await it.phone.writes("/open", "open to you"), press.pack())
        assert any(text in said["text"] for text in ("haven't bid", "isn't yours"))
    late = await ben.press_data(listed, WithdrawBid(window.id).pack())
    assert "it went to somebody else" in late["text"]
    gone = await ben.press_data(listed, PlaceBid(window.id).pack())
    assert "it went to somebody else" in gone["text"]


async def names(sessions: Sessions, user_id: uuid.UUID) -> tuple[str, str]:
    async with sessions() as session:
        user = await session.get_one(User, user_id)
        return user.first_name, user.last_name


async def test_r6_4_won_and_given_back_within_the_hour(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it, window = await given_up(calls, sessions, ahead=2)
    [(ann, ann_id)] = await who_may(calls, sessions, window, "en", 1)
    await ann.press(await found_under_open(ann, it.route), "Bid")
    await ann.sees("You have bid")
    await now_is(calls, window.closes_at)
    won = await ann.sees("It's yours", f"{it.route}, North", "you can give it back")
    await ann.press(won, "Give it back")
    asked = await ann.sees("Give", f"{it.route}, North", "nothing is held against you")
    assert labels(asked) == ["↩️ Yes, give it back", "‹ Keep my shift"]
    answer = await ann.press(asked, "Yes, give it back")
    assert "Given back" in answer["text"]
    async with sessions() as session:
        row = await session.get_one(Assignment, window.assignment_id)
        assert (row.status, row.user_id) == (AssignmentStatus.CANCELLED, ann_id)
        incidents = select(Incident).where(Incident.assignment_id == row.id)
        assert (await session.scalars(incidents)).all() == []
    again = await ann.press_data(asked, HandBackNow(window.assignment_id).pack())
    assert "isn't yours" in again["text"]
    empty = await ann.writes("/open", "open to you")
    assert it.route not in empty["text"].split("\n\n")[1:]


async def test_r6_6_nobody_bids_so_it_can_be_accepted_in_french(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it, window = await given_up(calls, sessions)
    [(phone, user_id)] = await who_may(calls, sessions, window, "fr", 1)
    offered = await phone.sees(f"{it.route}, North", "les candidatures sont ouvertes", "Votre score", "Présence 0,")
    assert labels(offered)[:2] == ["🙋 Postuler", "Pas ce jour-là"]
    await now_is(calls, window.closes_at)
    await becomes(phone, offered, "cherche un chauffeur")
    old = await phone.press_data(offered, PlaceBid(window.id).pack())
    assert "les candidatures sont closes" in old["text"]
    listed = await phone.writes("/open", "Au premier qui accepte", "encore 2")
    await phone.press_data(listed, OpenShift(window.id).pack())
    page = await becomes(phone, listed, "cherche un chauffeur")
    await phone.press(page, "Accepter")
    await becomes(phone, page, "C’est à vous")
    async with sessions() as session:
        assert (await session.get_one(Assignment, window.assignment_id)).user_id == user_id
    english = [message["text"] for message in await phone.chat() if "your" in message["text"].lower()]
    assert english == []


async def test_r11_6_a_bid_by_sms(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    """TAKE, alone, where that is the only thing that is open."""
    it, window = await given_up(calls, sessions)
    [(phone, user_id)] = await who_may(calls, sessions, window, "en", 1)
    await phone.sees(f"{it.route}, North is open for bids")
    await phone.text("take")
    texted = await phone.reads(it.route)
    if "several" in texted["body"]:  # so has everybody: each with its code
        code = next(word for word in texted["body"].split() if CODE.fullmatch(word))
        await phone.text(f"take {code}")
        texted = await phone.reads("is in")
    assert "Result by" in texted["body"] and "08:10" in texted["body"]
    assert await bids(sessions, window) == {user_id: BidStatus.PENDING}
