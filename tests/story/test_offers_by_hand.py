"""A manager's windows over HTTP: opened, bid for, closed early, extended; and a shift of today asked anew (R6)."""

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.coverage import Emergency, TakeOff, TakeOffNow
from bot.callbacks.shifts import ShiftCard
from bot.callbacks.windows import Bids, CloseNow, ExtendUntil, OpenBids, Raise, Windows
from domain.db.models import BidWindow
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus, IncidentKind
from tests.story.phones import Phone, until
from tests.story.test_by_hand import nadia_of, slot_of
from tests.story.test_working_day import becomes, labels, new_incidents, now, now_is, working

Sessions = async_sessionmaker[AsyncSession]
ROUTE = "R12"


async def window_of(sessions: Sessions, assignment_id: Any) -> BidWindow:
    async with sessions() as session:
        of_it = select(BidWindow).where(BidWindow.assignment_id == assignment_id)
        return (await session.scalars(of_it.order_by(BidWindow.opens_at.desc()).limit(1))).one()


async def test_r6_9_an_emergency_is_opened_extended_and_given_by_hand(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    assert "No route is offered" in (await nadia.writes("/windows", "No route is offered"))["text"]
    card = await nadia.writes(f"/emergency {ROUTE}", ROUTE, "No driver.")
    assert "👤 Give it to a driver" in labels(card)
    await nadia.press_data(card, Emergency((await slot_of(sessions, today)).id, 50, 0).pack())
    card = await nadia.sees(f"{ROUTE}, North: drivers are being asked", "open until 13:00")
    await nadia.press(card, "Ask longer")
    hours = await nadia.sees("Until when shall drivers be asked?")
    answer = await nadia.press(hours, "until 16:00")
    assert "asked until 16:00" in answer["text"]
    card = await nadia.sees(f"{ROUTE}, North: drivers are being asked", "open until 16:00")
    listed = await nadia.writes("/windows", "1 route is offered", "emergency until", "16:00")
    await nadia.press(listed, ROUTE)
    card = await nadia.sees("drivers are being asked", "open until 16:00")
    await nadia.press(card, "Give it to a driver")
    who = await nadia.sees(f"Who drives {ROUTE}, North", "drivers can take it")
    name = labels(who)[0].split(" ", 1)[1]
    await nadia.press(who, name)
    asked = await nadia.sees(f"to {name}?", "Nobody else is asked any more")
    await nadia.press(asked, "Give it to")
    card = await nadia.sees(name, "Not confirmed")
    window = await window_of(sessions, (await slot_of(sessions, today)).id)
    assert window.status is BidWindowStatus.RESOLVED
    await nadia.press(card, "Ask others instead")
    await nadia.sees(f"Take {ROUTE}, North off", "Others are asked at once, +50%")


async def test_r6_5_bids_are_opened_and_decided_early(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    """Its driver cancels two days ahead, so the window is one for bids."""
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    await now_is(calls, await now(calls) + timedelta(hours=1))  # before eight nothing of that rings
    it = await working(calls, sessions, "en", ahead=2)
    listed = await it.phone.writes("/schedule", it.route)
    await it.phone.press_data(listed, ShiftCard(it.assignment_id).pack())
    shift = await it.phone.sees(f"{it.route}, North", "Next:")
    await it.phone.press(shift, "can't make it")
    why = await it.phone.sees("Why can't you make it")
    await it.phone.press(why, "Another reason")
    await it.phone.press(await it.phone.sees("Cancel", it.route), "Yes, cancel it")
    told = await nadia.sees("can't drive", f"{it.route}, North: open for bids", "Bids: 0.")
    slot = await slot_of(sessions, today + timedelta(days=2), it.route)
    window = await window_of(sessions, slot.id)
    assert window.mode is BidWindowMode.COMPETITIVE

    bidders = await offered(calls, it.route)
    for phone, offer in bidders[:2]:
        await phone.press(offer, "Bid" if any("Bid" in label for label in labels(offer)) else "candidat")
    told = await becomes(nadia, told, "Bids: 2.")
    assert "1. " in told["text"] and "2. " in told["text"] and " = " in told["text"]
    answer = await nadia.press(told, "Close now: award the best")
    assert "has won it" in answer["text"]
    await nadia.sees(f"{it.route}, North is covered", "won it at")
    assert (await window_of(sessions, slot.id)).status is BidWindowStatus.RESOLVED
    card = await nadia.sees("is covered")
    await nadia.press(card, "All bids (2)")
    await nadia.sees(f"Bids for {it.route}, North", "1. ", "2. ")


async def offered(calls: httpx.AsyncClient, route: str) -> list[tuple[Phone, dict[str, Any]]]:
    """Who was told that it can be bid for, once several were."""
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    phones = [Phone(calls, each["id"]) for each in people if each["role"] == "driver" and each["telegram"] is not None]

    async def found() -> list[tuple[Phone, dict[str, Any]]] | None:
        have = []
        for phone in phones:
            for message in await phone.chat():
                says = [label for label in labels(message) if "Bid" in label or "candidat" in label]
                if message["from"] == "bot" and route in message["text"] and says and "Hello" not in message["text"]:
                    have.append((phone, message))
                    break
            if len(have) == 2:
                return have
        return None

    return await until(found, "two are told")


async def test_r6_9_a_shift_of_today_is_asked_anew(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    it = await working(calls, sessions, "en")
    board = await nadia.writes("/shifts", "North")
    key = next(label for label in labels(board) if it.route in label.split())
    await nadia.press(board, key)
    card = await nadia.sees(it.route, "☎️")
    await nadia.press(card, "Ask others instead")
    asked = await nadia.sees(f"Take {it.route}, North off", "told at once not to travel")
    async with sessions() as session:
        assert (await session.scalars(new_incidents())).all() == []
    await nadia.press(asked, "Yes, ask others")
    await nadia.sees(f"{it.route}, North: drivers are being asked")
    await it.phone.sees("Don't travel", it.route, "taken this shift off you")
    async with sessions() as session:
        [incident] = await session.scalars(new_incidents())
        assert incident.kind is IncidentKind.REMOVED_BY_MANAGER
    assert (await slot_of(sessions, today, it.route)).status is AssignmentStatus.UNFILLED
    # Pressed again, and on the old card, it shows how that is doing.
    for press in (
        TakeOffNow(it.assignment_id, 0),
        TakeOff(it.assignment_id),
        Raise((await slot_of(sessions, today, it.route)).id, 0),
    ):
        home = await nadia.writes("/help", "What you can do here")
        await nadia.press_data(home, press.pack())
        await nadia.sees(f"{it.route}, North: drivers are being asked")


async def test_r12_4_nobody_else_has_a_hand_in_it(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    card = await nadia.writes(f"/emergency {ROUTE}", "No driver.")
    await nadia.press(card, "🚨 Emergency")
    await nadia.sees("drivers are being asked")
    slot, it = await slot_of(sessions, today), await working(calls, sessions, "en")
    window = await window_of(sessions, slot.id)
    presses = (
        Windows(0),
        Bids(window.id, 0),
        CloseNow(window.id),
        ExtendUntil(window.id, 16),
        Raise(slot.id, 20),
        OpenBids(slot.id),
        TakeOff(it.assignment_id),
        TakeOffNow(it.assignment_id, 0),
    )
    home = await it.phone.sees("Hello")
    for press in presses:
        await it.phone.press_data(home, press.pack())
        home = await it.phone.sees("That is for managers")
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    [marc_id] = [each["id"] for each in people if each["name"].startswith("Marc-André")]
    marc = Phone(calls, marc_id)
    home = await marc.sees("Bonjour Marc")
    for press in presses[1:]:
        await marc.press_data(home, press.pack())
    await marc.writes("/windows", "Aucune route n’est offerte")
    after = await window_of(sessions, slot.id)
    assert (after.status, after.closes_at) == (window.status, window.closes_at)
    assert (await it.row(sessions)).status is AssignmentStatus.SCHEDULED
