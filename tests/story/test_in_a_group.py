"""A warehouse's group, over HTTP as its people read and press there (R12.3, R12.4)."""

from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.db.models import Delivery, User, Warehouse, WarehouseGroup, WarehouseManager
from domain.db.models.words import DeliveryState
from sandbox.fleet import INVITE
from tests.story.phones import Group, Phone, until
from tests.story.test_late_and_missed import alone, clock
from tests.story.test_working_day import labels, working

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture
async def nadia(calls: httpx.AsyncClient) -> Phone:
    """The manager of North."""
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    return nadia


async def test_r12_3_a_group_is_connected_and_follows_a_no_show_until_it_is_covered(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it, other = await working(calls, sessions, "en"), await working(calls, sessions, "en", nth=1)
    marc, driver = Phone(calls, "marc-andre-gagnon"), other.phone
    group = await Group.of(calls, "North crew", nadia, marc, driver)
    await group.bot(nadia)
    await group.sees("Hello! A manager of a warehouse writes /connect")
    await group.send(driver, "/connect")
    await group.sees("Only a manager of a warehouse can connect a group")
    await group.send(nadia, "/connect")
    await group.sees("Connected to North")

    # A no-show: one message there, with neither the driver's name nor his phone.
    await alone(calls, sessions, it)
    await clock(calls, 9)
    told = await group.sees(f"{it.route}, North needs a driver", "Drivers are being asked")
    await nadia.sees("is not there", it.route)
    assert labels(told) == ["👤 Fill"]
    assert "+1" not in told["text"]

    # Nobody but a manager of North can press; what he gets is his alone.
    for stranger in (marc, driver):
        refused = await group.press(stranger, told, "Fill")
        assert (refused["show_alert"], "Only" in refused["text"] or "Seul" in refused["text"]) == (True, True)
    pressed = await group.press(nadia, told, "Fill")
    assert "our own chat" in pressed["text"]
    listed = await nadia.sees(f"Who drives {it.route}, North")
    best = labels(listed)[0].split(" ", 1)[1].rsplit(",", 1)[0]
    await nadia.press(listed, labels(listed)[0])
    await nadia.press(await nadia.sees(f"Give {it.route}, North to "), "Give it to")
    covered = await group.sees(f"{it.route}, North is covered", "has it.")
    assert covered["message_id"] == told["message_id"] and labels(covered) == []
    assert best.split()[0] in covered["text"] and best.split()[-1] not in covered["text"], "by his first name"
    assert await group.press_data(nadia, covered, told["keyboard"][0][0]["data"])  # an old button: who has it
    await nadia.sees(f"{it.route}, North", best)
    for text in await group.says():
        assert "+1" not in text and "Score" not in text and listed["text"] not in text


async def test_r12_3_what_is_personal_is_answered_in_ones_own_chat(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    (await calls.post("/sandbox/people", json={"name": "Zoe Nobody", "phone": "+14165550999"})).raise_for_status()
    zoe = Phone(calls, "zoe-nobody")
    group = await Group.of(calls, "North crew", nadia, it.phone, zoe)
    await group.bot(nadia)
    await group.sees("Hello!")

    seen = len(await it.phone.chat(deleted=True))
    await group.send(it.phone, "/settings")
    await it.phone.sees("Settings", after=seen)
    line = await group.sees("the answer is in our own chat")
    assert line["keyboard"][0][0]["url"] == "https://t.me/rollcall_bot"

    # Somebody unknown: a button that opens a chat of his own, and nothing about who exists.
    await group.send(zoe, "/schedule@rollcall_bot")
    line = await group.sees("I can't tell who you are")
    assert line["keyboard"][0][0]["url"] == "https://t.me/rollcall_bot?start=group"
    assert (await group.press_data(zoe, line, "gfill:" + "A" * 22))["show_alert"]
    assert not (await group.press_data(zoe, line, "home"))["text"], "no button of a group's"
    await zoe.start("group")
    await zoe.sees("This is the shift bot of")

    # What people say to each other, other bots' commands and unknown ones are none of ours.
    for text in ("See you at seven", "/schedule@other_bot", "/weather", "142"):
        await group.send(nadia, text, reply_to=line["message_id"])
    seen = len(await nadia.chat(deleted=True))
    await group.send(nadia, "/unfilled@rollcall_bot")
    await nadia.sees("R12", after=seen)
    await group.sees("Nadia, the answer")
    said = await group.says()
    assert [text.split(",")[-1].strip() for text in said[1:]] == [
        "the answer is in our own chat.",
        "I can't tell who you are. Write to me in a chat of our own.",
        "the answer is in our own chat.",
    ]


async def test_of_several_warehouses_who_asks_chooses_and_a_group_is_moved_by_a_press(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    marc = Phone(calls, "marc-andre-gagnon")
    async with sessions.begin() as session:
        north, south = [
            await session.scalar(select(Warehouse.id).where(Warehouse.name == name)) for name in ("North", "South")
        ]
        who = await session.scalar(select(User.id).where(User.first_name == "Marc-André", User.role == "manager"))
        await session.execute(insert(WarehouseManager).values(warehouse_id=north, user_id=who, created_at=CREATED))
    amara = Phone(calls, "amara-osei")
    first, second = [await Group.of(calls, title, nadia, marc, amara) for title in ("Équipe", "Crew")]
    await first.bot(marc)
    await first.sees("Bonjour")
    await first.send(marc, "/connect")
    asked = await first.sees("À quel entrepôt")
    refused = await first.press(nadia, asked, "North")
    assert refused["show_alert"]
    await first.press(marc, asked, "North")
    connected = await first.sees("Relié à North")
    assert connected["message_id"] == asked["message_id"]

    await second.bot(nadia)
    await second.sees("Hello!")
    await second.send(nadia, "/connect")
    against = await second.sees("North has a group already: Équipe.")
    await second.press(nadia, against, "instead")
    await second.sees("Connected to North")
    await first.sees("n’est plus relié à North")
    async with sessions() as session:
        live = list(await session.scalars(select(WarehouseGroup.title).where(WarehouseGroup.ended_at.is_(None))))
    assert live == ["Crew"]
    assert south is not None

    said = await first.says()
    await first.send(marc, "/connect Nroth")
    which = await first.sees("À quel entrepôt", after=len(said))
    assert labels(which) == ["North", "South"], "what nothing is called is not picked"
    await first.send(marc, "/connect sou")
    await first.sees("Relié à South", after=len(said))

    page = await nadia.writes("/connect", "Groups of my warehouses", "North: Crew")
    assert page["keyboard"][0][0]["url"] == "https://t.me/rollcall_bot?startgroup=connect"
    await nadia.press(page, "Disconnect Crew")
    await nadia.sees("North: no group")
    await second.sees("no longer connected to North")
    await second.send(nadia, "/start@rollcall_bot connect")
    await second.sees("Connected to North", after=3)
    await second.send(amara, "/disconnect")
    await second.sees("Only a manager of its warehouse can disconnect this group.", after=4)
    await second.send(amara, "/connect")
    await second.sees("Only a manager of a warehouse can connect a group to it.", after=4)
    await second.send(nadia, "/disconnect")
    await second.sees("no longer connected to North", after=4)
    await second.send(nadia, "/disconnect")
    await second.sees("not connected to a warehouse of yours")


async def test_a_group_that_is_upgraded_goes_on_and_one_without_the_bot_ends(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    group = await Group.of(calls, "North crew", nadia)
    await group.bot(nadia)
    await group.sees("Hello!")
    await group.send(nadia, "/connect")
    await group.sees("Connected to North")
    await group.upgrade(nadia)

    async def has_moved() -> bool:
        async with sessions() as session:
            chats = list(await session.scalars(select(WarehouseGroup.chat_id).where(WarehouseGroup.ended_at.is_(None))))
        return len(chats) == 1 and chats[0] < -1_000_000_000_000

    await until(has_moved, "the group's new id")
    await alone(calls, sessions, it)
    await clock(calls, 9)
    await group.sees(f"{it.route}, North needs a driver")
    await group.bot(nadia, "kicked")

    async def ended() -> bool:
        async with sessions() as session:
            rows = list(await session.scalars(select(Delivery.state).where(Delivery.group_id.is_not(None))))
            live = list(await session.scalars(select(WarehouseGroup.id).where(WarehouseGroup.ended_at.is_(None))))
        return not live and set(rows) == {DeliveryState.CANCELLED}

    await until(ended, "nothing is connected")
