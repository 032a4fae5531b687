"""A manager keeps the company's data in the chat: routes, warehouses, managers, drivers (R12.5, PRODUCT)."""

import re
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.inviting import AddManager, InviteAgain, InviteTo, RemoveManager
from bot.callbacks.places import DeletePlace, MoveRoute, Readdress, Rename
from bot.contact_line import mark
from domain.db.models import Assignment, Employment, Route, User, Warehouse, WarehouseManager
from tests.story.phones import Phone, until
from tests.story.test_by_hand import nadia_of, person_of
from tests.story.test_working_day import labels, now, now_is

Sessions = async_sessionmaker[AsyncSession]


async def warehouse_named(sessions: Sessions, name: str) -> Warehouse:
    async with sessions() as session:
        return (await session.scalars(select(Warehouse).where(Warehouse.name == name))).one()


async def route_named(sessions: Sessions, name: str) -> Route:
    async with sessions() as session:
        return (await session.scalars(select(Route).where(Route.name == name))).one()


async def shows(phone: Phone, asked: dict[str, Any], *texts: str) -> dict[str, Any]:
    """The pressed message itself, once it shows these."""
    seen = await phone.sees(*texts)
    assert seen["message_id"] == asked["message_id"]
    return seen


async def stranger(calls: httpx.AsyncClient, name: str, phone: str) -> Phone:
    added = (await calls.post("/sandbox/people", json={"name": name, "phone": phone})).raise_for_status().json()
    return Phone(calls, added["id"])


async def test_r12_5_a_route_is_founded_renamed_moved_and_deleted(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia = await nadia_of(calls)
    listed = await nadia.writes("/warehouses", "Your warehouses")
    assert labels(listed)[:2] == ["🏭 North", "➕ New warehouse"]
    await nadia.press(listed, "New warehouse")
    await nadia.sees("What is the new warehouse called?")
    await nadia.writes("north", "called so already")
    await nadia.writes("Airport <b>", "Where is Airport <b>?")
    founded = await nadia.writes("6301 Silver Dart Dr, Mississauga", "Airport <b> is there", "you manage it")
    airport = await warehouse_named(sessions, "Airport <b>")

    route = await route_named(sessions, "R1")
    page = await nadia.writes("/routes", "Your routes")
    await nadia.press(page, "North: R1")
    card = await nadia.sees("R1, North")
    await nadia.press(card, "Rename")
    await nadia.sees("What is R1, North to be called?")
    await nadia.writes("R2", "called so already")
    done = await nadia.writes("R1 Lakeshore", "The route is called R1 Lakeshore, North now")
    assert (await route_named(sessions, "R1 Lakeshore")).id == route.id

    await nadia.press(done, "R1 Lakeshore")
    card = await shows(nadia, done, "R1 Lakeshore, North", "Runs every day")
    await nadia.press(card, "Move…")
    where = await shows(nadia, card, "From where will R1 Lakeshore, North leave?")
    await nadia.press(where, "Airport")
    asked = await shows(nadia, where, "Move R1 Lakeshore, North to Airport <b>", "are told where to go")
    answer = await nadia.press(asked, "Move it")
    assert "being told" in answer["text"]
    await shows(nadia, asked, "R1 Lakeshore, Airport <b>")
    again = await nadia.press_data(asked, MoveRoute(route.id, airport.id).pack())
    assert "leaves from there already" in again["text"]
    async with sessions() as session:
        of_it = select(Assignment.warehouse_id).where(Assignment.route_id == route.id).distinct()
        assert len(set(await session.scalars(of_it))) == 2  # what was driven stays where it was

    await nadia.press_data(asked, DeletePlace(route.id).pack())
    await shows(nadia, asked, "R1 Lakeshore, Airport <b> can't be deleted", "turn off its days")
    # A new one by mistake goes again.
    await nadia.press(founded, "Routes")
    page = await nadia.sees("Your routes")
    await nadia.press(page, "Add a route")
    await nadia.press(await nadia.sees("Of which warehouse"), "Airport")
    await nadia.sees("What is the new route called?")
    made = await nadia.writes("Oops", "Oops is there")
    await nadia.press(made, "Change its days")
    card = await shows(nadia, made, "Oops, Airport <b>")
    await nadia.press(card, "Delete…")
    sure = await shows(nadia, card, "Delete Oops, Airport <b>?", "Nothing depends on it")
    assert "Oops is deleted" in (await nadia.press(sure, "Delete it"))["text"]
    await shows(nadia, sure, "Your routes")
    async with sessions() as session:
        assert await session.scalar(select(Route.id).where(Route.name == "Oops")) is None


async def test_r12_5_managers_come_and_go_and_the_last_one_stays(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia = await nadia_of(calls)
    await now_is(calls, await now(calls) + timedelta(hours=1))  # after quiet hours
    priya, user = await person_of(calls, sessions, "Priya Raman")
    elise, _ = await person_of(calls, sessions, "Élise Fortin")
    north = await warehouse_named(sessions, "North")
    listed = await nadia.writes("/managers", "Who manages North", "Nadia Haddad (you)", "Élise Fortin")
    await nadia.press(listed, "Add a manager")
    await nadia.sees("Who is to manage North, too?")
    await nadia.writes("Priya", "can't read a phone number")
    asked = await nadia.writes(f"priya {user.phone}", "Priya Raman manages North, too?", "Is a manager already")
    await nadia.press(asked, "Yes, add")
    await shows(nadia, asked, "Who manages North", "Priya Raman")
    await nadia.press_data(asked, asked["keyboard"][0][0]["data"])  # pressed twice
    await nadia.press_data(asked, AddManager(north.id, 0).pack())  # or about somebody else
    await priya.sees("You manage North now", "Nadia Haddad has put you in charge")
    await priya.writes("/warehouses", "Your warehouses")

    asked = await nadia.writes("/managers", "Who manages North")
    await nadia.press(asked, "Remove Priya Raman")
    sure = await shows(nadia, asked, "Priya Raman no longer manages North?")
    assert "no longer manages North" in (await nadia.press(sure, "Yes, remove"))["text"]
    await priya.sees("You no longer manage North")
    async with sessions() as session:
        of = select(WarehouseManager.user_id).where(WarehouseManager.warehouse_id == north.id)
        everybody = set(await session.scalars(of))
        nadias = (await session.scalars(select(User).where(User.first_name == "Nadia"))).one()
    assert user.id not in everybody and len(everybody) == 2
    # Élise removes Nadia in French; the last one stays.
    await elise.press_data(await elise.sees("Bonjour Élise"), RemoveManager(north.id, nadias.id).pack())
    await elise.sees("Qui gère North")
    await nadia.sees("You no longer manage North")
    elises = (everybody - {nadias.id}).pop()
    refused = await elise.press_data(await elise.sees("Qui gère North"), RemoveManager(north.id, elises).pack())
    assert "jamais sans gestionnaire" in refused["text"]
    await nadia.writes("/managers", "You manage no warehouse yet")


async def test_r12_1_a_driver_is_invited_and_links_by_the_forwarded_message(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    nadia = await nadia_of(calls)
    await nadia.writes("/invite", "Whom do you invite?")
    await nadia.writes("Zoé", "can't read a phone number")
    await nadia.writes("Zoé 416 555 7001", "a first and a last name")
    before = await nadia.writes("/invite Bob Ray 416-555-7002", "Invite Bob Ray?")
    asked = await nadia.writes("/invite Zoé Lapierre 416-555-7001", "Invite Zoé Lapierre?", "+14165557001")
    await nadia.press(before, "✅ North")  # of whom is shown there, not of whom was written last
    await shows(nadia, before, "too long ago")
    (
        await calls.post("/sandbox/clock", json={"forward": 0, "running": False})
    ).raise_for_status()  # however long it takes
    await nadia.press(asked, "✅ North")
    card = await shows(nadia, asked, "Zoé Lapierre drives for North from today on")
    letter = await nadia.sees("Hello Zoé!", "https://t.me/", "It works once")
    north = await warehouse_named(sessions, "North")
    again = InviteTo(north.id, mark("Zoé Lapierre 416-555-7001")).pack()
    await nadia.press_data(card, again)  # pressed twice: her card, and no second driver
    shown = await shows(nadia, card, "👤 Zoé Lapierre", "only SMS")
    [token] = re.findall(r"start=([\w-]+)", letter["text"])
    async with sessions() as session:
        [user] = (await session.scalars(select(User).where(User.phone == "+14165557001"))).all()
        assert (await session.scalars(select(Employment.warehouse_id).where(Employment.user_id == user.id))).all() == [
            north.id
        ]

    answer = await nadia.press(shown, "Invite link")
    assert "just made" in answer["text"]  # the one that she has been shown is good for a while, whatever is pressed
    await now_is(calls, await now(calls) + timedelta(minutes=1))
    await nadia.press(shown, "Invite link")
    seen = int(letter["message_id"])

    async def another() -> dict[str, Any] | None:
        found = [each for each in await nadia.chat() if "Hello Zoé!" in each["text"]]
        return next((each for each in found if int(each["message_id"]) > seen), None)

    second = await until(another, "another link")
    [fresh] = re.findall(r"start=([\w-]+)", second["text"])
    zoe = await stranger(calls, "Zoé Lapierre", "+14165557001")
    await zoe.start(token)
    await zoe.sees("doesn't work any more")  # the first one is void
    await zoe.start(fresh)
    await zoe.sees("Hello Zoé")
    await nadia.writes("/invite Somebody Else 4165557001", "Zoé Lapierre has that number")

    # Her number changes: she shares it, and her managers read it.
    settings = await zoe.writes("/settings", "Settings")
    await zoe.press(settings, "My number changed")
    await zoe.sees("Telegram tells me your number, and your manager reads it.")
    assert await zoe.below() == ["📱 Share my number"]
    await zoe.shares("+14165557001")
    await zoe.sees("linked to you already")


async def test_r12_7_a_managers_new_number_is_nobodys_news(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    """Nobody is told, and so it is not said."""
    await nadia_of(calls)
    for name, settings, press, asks, number, done in (
        ("Nadia Haddad", "Settings", "My number", "tells me your number.", "+14165557101", "from now on; codes"),
        ("Élise Fortin", "Réglages", "numéro", "me donne votre numéro.", "+14165557102", "; les codes"),
    ):
        phone, manager = await person_of(calls, sessions, name)
        async with sessions.begin() as session:  # the one that he had before
            await session.execute(update(User).where(User.id == manager.id).values(phone=number))
        await phone.press(await phone.writes("/settings", settings), press)
        await phone.sees(asks)
        await phone.shares()
        said = await phone.sees(manager.phone, done)
        assert "anager knows" not in said["text"] and "gestionnaire le sait" not in said["text"]


FORGED = uuid.UUID(int=7)


@pytest.mark.parametrize("who", ["driver", "manager of another warehouse"])
async def test_r12_4_forged_presses_find_nothing(calls: httpx.AsyncClient, sessions: Sessions, who: str) -> None:
    name = "Amara Osei" if who == "driver" else "Priya Raman"
    phone, _ = await person_of(calls, sessions, name)
    north, route = await warehouse_named(sessions, "North"), await route_named(sessions, "R1")
    async with sessions() as session:
        nadia = (await session.scalars(select(User.id).where(User.first_name == "Nadia"))).one()
        home = Employment.warehouse_id == north.id
        driver = (await session.scalars(select(Employment.user_id).where(home).limit(1))).one()
    card = await phone.sees("Hello")
    expected = "That is for managers" if who == "driver" else "can't find that"
    for press in (
        Rename(north.id),
        Readdress(north.id),
        DeletePlace(route.id),
        RemoveManager(north.id, nadia),
        InviteAgain(driver),
        Rename(FORGED),
    ):
        await phone.turns(card, press.pack(), expected)
    async with sessions() as session:
        assert await session.get(Route, route.id) is not None
        assert len((await session.scalars(select(WarehouseManager))).all()) == 4
