"""A manager drops a file into the chat: faults by line, a preview, one press, and links for the drivers (R12.5)."""

import csv
import io
import re
from datetime import timedelta

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.importing import GetLinks, ImportNow, TextThem
from bot.delivery.files import LARGEST
from domain.db.models import Import, Invite, Route, User
from tests.story.phones import Phone
from tests.story.test_by_hand import nadia_of, person_of
from tests.story.test_company_data import stranger
from tests.story.test_working_day import labels, now, now_is

Sessions = async_sessionmaker[AsyncSession]
GOOD = "\ufeffPrénom;Nom;Téléphone;Entrepôt;Langue\r\n" + "\r\n".join(
    f"{name};Nouveau;(416) 555-81{number:02d};North;fr"
    for number, name in enumerate(("Zoé", "Yves", "Xavier", "Walid", "Vera", "Ursule", "Théo"))
)


async def drivers(sessions: Sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(User).where(User.role == "driver")) or 0


async def test_drivers_come_by_file_and_get_their_chats(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    nadia, before = await nadia_of(calls), await drivers(sessions)
    amara, _ = await person_of(calls, sessions, "Amara Osei")
    await nadia.drops(
        "drivers.csv",
        "name,phone,warehouse\nZoé,416 555 8100,North\nYves Roy,12,South\nXavier Roy,4165558102,North\n"
        "Walid Roy,416-555-8102,North\n",
        "Nothing was imported: drivers.csv",
        "Line 2: “Zoé” is no whole name",
        "Line 3: “12” is no phone number",
        "Line 5: +14165558102 is in line 4, too",
        "all imported, or nothing",
    )
    await nadia.drops(
        "drivers.csv",
        "name,phone,warehouse\nZoé Roy,,North\n,416 555 8101,North\n",
        "Line 2: The phone number is missing.",
        "Line 3: The name is missing.",
    )
    elise = Phone(calls, "elise-fortin")
    await elise.drops(
        "chauffeurs.csv",
        "name,phone,warehouse\n,,North\n",
        "Rien n’a été importé\u00a0: chauffeurs.csv",
        "Il manque le nom.",
        "Il manque le numéro de téléphone.",
    )
    shown = await nadia.drops("neu.csv", GOOD.replace("North", "South"), "None of your warehouses is called “South”")
    assert labels(shown) == ["🏠 Home"]
    asked = await nadia.drops("neu.csv", GOOD, "Import 7 drivers? neu.csv", "Zoé Nouveau, +14165558100, North")
    assert "… and 2 more" in asked["text"]
    assert await drivers(sessions) == before
    await nadia.press(asked, "Import 7 drivers")
    done = await nadia.sees("Imported: 7 drivers", "7 drivers have no Telegram chat here yet")
    assert done["message_id"] == asked["message_id"]
    assert await drivers(sessions) == before + 7
    async with sessions() as session:
        sent = (await session.scalars(select(Import))).one()
    await nadia.press_data(done, ImportNow(sent.id).pack())  # pressed twice
    assert await drivers(sessions) == before + 7

    (
        await calls.post("/sandbox/clock", json={"forward": 0, "running": False})
    ).raise_for_status()  # however long it takes
    await nadia.press(done, "A file with their links")
    letter = await nadia.sees("Each link works once")
    assert letter["document"]["name"] == "links.csv"
    assert "just made" in (await nadia.press(done, "A file with their links"))["text"]  # pressed twice
    table = (await calls.get(letter["document"]["at"])).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    assert rows[0] == ["name", "phone", "link"]
    assert [row[0] for row in rows[1:]][:2] == ["Zoé Nouveau", "Yves Nouveau"]
    zoe = await stranger(calls, "Zoé Nouveau", rows[1][1])
    [token] = re.findall(r"start=([\w-]+)", rows[1][2])
    await zoe.start(token)
    await zoe.sees("Bonjour Zoé")

    # The others are texted how to join, once, with nothing in it that opens anything.
    answer = await nadia.press(done, "Text them how to join")
    assert "6 drivers are being texted" in answer["text"]
    assert "already" in (await nadia.press(done, "Text them how to join"))["text"]
    yves = await stranger(calls, "Yves Nouveau", rows[2][1])
    await now_is(calls, await now(calls) + timedelta(hours=1))  # nobody is texted in quiet hours
    await yves.reads("vous donne vos quarts par Telegram", "t.me/rollcall_bot")
    await yves.start()
    await yves.sees("Share my number")
    await yves.shares()
    await yves.sees("Bonjour Yves")

    # Whoever else presses these buttons gets nothing.
    async with sessions() as session:
        made = await session.scalar(select(func.count()).select_from(Invite))
    card = await amara.sees("Hello")
    for press in (ImportNow(sent.id), GetLinks(sent.id), TextThem(sent.id)):
        await amara.turns(card, press.pack(), "That is for managers")
    priya, _ = await person_of(calls, sessions, "Priya Raman")
    hers = await priya.sees("Hello Priya")
    await priya.turns(hers, ImportNow(sent.id).pack(), "That file is gone")
    assert "Nobody of that file" in (await priya.press_data(hers, GetLinks(sent.id).pack()))["text"]
    assert "already" in (await priya.press_data(hers, TextThem(sent.id).pack()))["text"]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Invite)) == made


async def test_routes_by_file_in_french_and_whatever_is_no_such_file(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    elise, _ = await person_of(calls, sessions, "Élise Fortin")
    await elise.sees("Bonjour Élise")
    asked = await elise.drops("routes.csv", "route,entrepôt,jours\nA1,North,lun-ven\nA2,North,\n", "Importer 2 routes")
    assert "A1, North, lun., mar., mer., jeu., ven." in asked["text"]
    await elise.press(asked, "Importer")
    await elise.sees("Importé", "2 routes")
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Route).where(Route.name.in_(["A1", "A2"]))) == 2
    await elise.drops("photo.png", b"\x89PNG\r\n\x1a\n\xff\xfe", "CSV UTF-8")
    await elise.drops("big.csv", "x" * (LARGEST + 1), "trop grand")
    await elise.drops("x.txt", "Bonjour, ça va?", "Il me faut les colonnes")
    await elise.drops("x.csv", 'route,entrepôt\n<b>&,North\n"x', "Ligne 3", "guillemet")
    fault = {"network": "telegram", "kind": "500", "methods": ["file"], "times": 1}
    (await calls.post("/sandbox/faults", json=fault)).raise_for_status()
    await elise.drops("x.csv", "route,entrepôt\nA3,North", "Je n’ai pas reçu ce fichier")
    await elise.drops("x.csv", "route,entrepôt\n<b>&,North", "Importer 1 route", "<b>&, North")

    # A driver's file is not even fetched.
    driver, _ = await person_of(calls, sessions, "Amara Osei")
    fetched = len((await calls.get("/sandbox/requests", params={"method": "getFile"})).json()["requests"])
    await driver.drops("x.csv", "route,warehouse\nA9,North", "I didn't understand that")
    assert len((await calls.get("/sandbox/requests", params={"method": "getFile"})).json()["requests"]) == fetched
    nobody = await stranger(calls, "Nobody Known", "+14165559900")
    await nobody.start()
    await nobody.drops("x.csv", "route,warehouse\nA9,North", "This is the shift bot")
