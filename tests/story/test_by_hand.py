"""A manager fills routes by hand, over HTTP as it is pressed and typed (R4.4, R7, PRODUCT)."""

from datetime import date, timedelta
from typing import Any

import httpx
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.filling import Assign, AssignOverCap, FillSlot, FillWith
from bot.callbacks.shifts import Decline
from domain.db.models import Assignment, AuditLog, Route, User
from domain.db.models.words import AssignedBy, AssignmentStatus
from sandbox.fleet import INVITE
from tests.story.phones import Phone, until
from tests.story.test_working_day import labels, new_incidents, now, now_is

Sessions = async_sessionmaker[AsyncSession]
ROUTE = "R12"  # nobody drives it today


async def nadia_of(calls: httpx.AsyncClient) -> Phone:
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    return nadia


async def slot_of(sessions: Sessions, on: date, route: str = ROUTE) -> Assignment:
    async with sessions() as session:
        live = select(Assignment).join(Route, Route.id == Assignment.route_id).where(Route.name == route)
        return (await session.scalars(live.where(Assignment.on == on, Assignment.status != "cancelled"))).one()


async def person_of(calls: httpx.AsyncClient, sessions: Sessions, name: str) -> tuple[Phone, User]:
    first, _, last = name.partition(" ")
    async with sessions() as session:
        user = (await session.scalars(select(User).where(User.first_name == first, User.last_name == last))).one()
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    [person] = [person["id"] for person in people if person["phone"] == user.phone]
    return Phone(calls, person), user


def name_on(message: dict[str, Any], number: int) -> str:
    """Whom the nth of the buttons offers."""
    return labels(message)[number].split(" ", 1)[1]


async def test_r7_a_route_is_filled_from_the_list_and_in_one_line(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    listed = await nadia.writes("/fill", "Which route do you want to fill?", ROUTE)
    await nadia.press(listed, f"{ROUTE}, North, today")
    who = await nadia.sees(f"Who drives {ROUTE}, North", "drivers can take it", "Score = ")
    best = name_on(who, 0)
    await nadia.press(who, best)
    asked = await nadia.sees(f"Give {ROUTE}, North to {best}?", "can agree or decline until")
    answer = await nadia.press(asked, f"Give it to {best}")
    assert "will be told and asked to agree" in answer["text"]
    card = await nadia.sees(best, "Not confirmed; possible until")
    assert "✅ Agreed: confirm" in labels(card)

    driver, user = await person_of(calls, sessions, best)
    told = await driver.sees("Nadia Haddad", f"{ROUTE}, North")
    async with sessions() as session:
        row = (
            await session.scalars(select(Assignment).where(Assignment.user_id == user.id, Assignment.on == today))
        ).one()
        assert (row.status, row.assigned_by, row.confirmed_at) == (AssignmentStatus.SCHEDULED, AssignedBy.MANAGER, None)
    # Pressed again, and typed again, it shows whose it is.
    again = await nadia.press_data(card, Assign(row.id, user.id).pack())
    assert f"Given to {best} by Nadia Haddad" in again["text"]
    has = await nadia.writes(f"/fill {ROUTE} today {best}", f"{ROUTE}, North on", f"{best} has it")
    assert labels(has)[:2] == [f"👤 {best}", "‹ Routes to fill"]

    # The driver says no: nobody is blamed, and the manager reads it.
    await driver.press(told, "Decline" if "✖️ Decline" in labels(told) else "Refuser")
    await nadia.sees(f"{best} can't drive {ROUTE}", "Has declined")
    async with sessions() as session:
        assert (await session.scalars(new_incidents())).all() == []
    fresh = await slot_of(sessions, today)
    assert (fresh.status, fresh.id != row.id) == (AssignmentStatus.UNFILLED, True)

    # Another one in one line, in any order and however it is written.
    who = await nadia.writes(f"/fill today {ROUTE.lower()}", f"Who drives {ROUTE}")
    [second] = [name_on(who, n) for n in range(2) if name_on(who, n) != best][:1]
    asked = await nadia.writes(f"/fill {second.upper()} {ROUTE} today", f"Give {ROUTE}, North to {second}?")
    await nadia.press(asked, "Give it to")
    card = await nadia.sees(second, "Not confirmed")
    await nadia.press(card, "Agreed: confirm")
    await nadia.sees(second, "✓ Confirmed")
    assert (await slot_of(sessions, today)).confirmed_at is not None
    phone, _user = await person_of(calls, sessions, second)
    await phone.sees(f"{ROUTE}, North", "Nadia Haddad")


async def test_r7_what_is_written_wrongly_gets_an_answer(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    for text, shows in (
        ("/fill Nowhere", "can't find a route of yours in “Nowhere”"),
        ("/fill 31 feb", "That day doesn't exist"),
        (f"/fill {ROUTE} today Nobody Atall", "No driver of your warehouses is called “Nobody Atall”"),
        ("/fill R1 2020-01-01", "That day is over"),
        ("/fill R1 yesterday", "That day is over"),
        (f"/fill {ROUTE} 31 nov Amara", "That day doesn't exist"),
        ("/fill R1 2035-01-01", "R1 doesn't run on"),
        ("/fill R20", "can't find a route of yours"),  # of South
        ("/fill today", "Which route do you want to fill?"),
    ):
        await nadia.writes(text, shows)
    near = await nadia.writes(f"/fill {ROUTE} today Amarra Ossei", "Do you mean one of these?")
    assert labels(near)[0].startswith("Amara Osei (…")
    several = await nadia.writes(f"/fill {ROUTE} today a", "That may mean several")
    assert all("(…" in label for label in labels(several)[:2])
    # Not a manager, or not his warehouse: nothing is there.
    slot, driver = await slot_of(sessions, today), await person_of(calls, sessions, "Amara Osei")
    phone, user = driver
    await phone.writes("/fill R12", "That is for managers")
    marc = Phone(calls, "marc-andr-gagnon")
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    [marc_id] = [each["id"] for each in people if each["name"].startswith("Marc-André")]
    marc = Phone(calls, marc_id)
    home = await until(lambda: marc_home(marc), "the home card of South's manager")
    for press in (
        FillSlot(slot.id, 0),
        FillWith(slot.id, user.id),
        Assign(slot.id, user.id),
        AssignOverCap(slot.id, user.id),
    ):
        await marc.press_data(home, press.pack())
        home = await marc.sees("Je ne trouve pas cela dans vos entrepôts")
    await phone.press_data(await phone.sees("That is for managers"), Decline(slot.id).pack())
    assert (await slot_of(sessions, today)).status is AssignmentStatus.UNFILLED


async def marc_home(marc: Phone) -> dict[str, Any] | None:
    return next((message for message in await marc.chat() if "Bonjour Marc" in message["text"]), None)


async def test_r7_1_over_the_cap_it_takes_a_reason(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    who = await nadia.writes(f"/fill {ROUTE} today", f"Who drives {ROUTE}")
    name = name_on(who, 0)
    _phone, user = await person_of(calls, sessions, name)
    async with sessions.begin() as session:
        await session.execute(update(User).where(User.id == user.id).values(weekly_cap=1))
        held = Assignment.user_id == user.id, Assignment.status != AssignmentStatus.CANCELLED
        if not (await session.scalars(select(Assignment).where(*held))).first():
            await session.execute(update(User).where(User.id == user.id).values(weekly_cap=0))
    asked = await nadia.writes(f"/fill {ROUTE} today {name}", "At the weekly cap")
    assert labels(asked)[0] == "⚠️ Over the cap, with a reason"
    await nadia.press(asked, "Over the cap")
    await nadia.sees("Why one more?")
    await nadia.writes("x" * 501, "That is over 500 characters")
    await nadia.writes("Knows the route, and has agreed", name, "Not confirmed")
    slot = await slot_of(sessions, today)
    assert slot.user_id == user.id
    async with sessions() as session:
        [entry] = await session.scalars(select(AuditLog).where(AuditLog.action == "cap_override"))
        assert entry.changes is not None
        assert entry.changes["after"]["reason"] == "Knows the route, and has agreed"


async def test_r4_4_unanswered_it_is_open_again_and_the_manager_told(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    nadia, today = await nadia_of(calls), (await now(calls)).date()
    who = await nadia.writes(f"/fill {ROUTE} today", f"Who drives {ROUTE}")
    name = name_on(who, 0)
    asked = await nadia.writes(f"/fill {ROUTE} {name}", f"Give {ROUTE}, North to {name}?")
    await nadia.press(asked, "Give it to")
    await nadia.sees(name, "Not confirmed")
    await now_is(calls, await now(calls) + timedelta(minutes=31))
    await nadia.sees(f"{name} can't drive {ROUTE}", "Hasn't answered")
    assert (await slot_of(sessions, today)).status is AssignmentStatus.UNFILLED
    async with sessions() as session:
        assert (await session.scalars(new_incidents())).all() == []
