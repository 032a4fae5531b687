"""A driver's calendar program follows his shifts by a private address, over HTTP (/calendar)."""

import re
from typing import Any

import httpx
import vobject
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.feed import CloseFeed, OpenFeed, RenewFeed
from bot.callbacks.shifts import CancelShift
from domain.db.models import Assignment, AuditLog, CalendarFeed, Employment, Route, User, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.policy import Policy
from tests.story.phones import Phone, until
from tests.story.test_writing import clock, labels

AMARA, LUC, MANAGER = "amara-osei", "luc-tremblay", "elise-fortin"


async def get(address: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as program:
        return await program.get(address, headers=headers)


def address_in(message: dict[str, Any]) -> str:
    [address] = re.findall(r"http://\S+\.ics", message["text"])
    assert address.replace("http", "webcal", 1) in message["text"]
    return str(address)


async def another_than(card: dict[str, Any], phone: Phone) -> dict[str, Any]:
    """The message once it shows another address."""

    async def shown() -> dict[str, Any] | None:
        new = await phone.sees("paste this address")
        return None if address_in(new) == address_in(card) else new

    return await until(shown, "another address")


def events(answer: httpx.Response) -> dict[str, Any]:
    """By uid, as another program reads them."""
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/calendar")
    return {event.uid.value: event for event in getattr(vobject.readOne(answer.text), "vevent_list", [])}


async def shifts_of(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, first_name: str, last_name: str
) -> dict[str, Assignment]:
    """By what his calendar calls them, as far back as it goes."""
    his = select(Assignment).join(User, User.id == Assignment.user_id).order_by(Assignment.on)
    his = his.where(Assignment.on >= (await clock(calls)).date() - Policy().feed_back)
    async with sessions() as session:
        rows = await session.scalars(his.where(User.first_name == first_name, User.last_name == last_name))
        return {f"{row.id}@rollcall": row for row in rows}


async def test_a_calendar_program_follows_until_it_is_turned_off(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient
) -> None:
    amara = Phone(calls, AMARA)
    offer = await amara.writes("/calendar", "Your shifts in your own calendar", "a private address")
    await amara.press(offer, "Give me an address")
    card = await amara.sees("paste this address", "Keep it to yourself")
    first = await get(address_in(card))
    shown, kept = events(first), await shifts_of(sessions, calls, "Amara", "Osei")
    assert set(shown) == set(kept) and kept
    for uid, row in kept.items():
        assert shown[uid].dtstart.value.hour in (11, 12)
        assert (shown[uid].status.value == "CONFIRMED") is (row.confirmed_at is not None)
    same = await get(address_in(card), **{"If-None-Match": f'"other", W/{first.headers["ETag"]}'})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    again = await get(address_in(await amara.writes("/calendar", "paste this address")), **{"If-None-Match": '"other"'})
    assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])

    today = (await clock(calls)).date()

    # She cancels what is ahead: the same event, cancelled, and another tag.
    ahead = next(row for row in kept.values() if row.status is AssignmentStatus.SCHEDULED and row.on > today)
    await amara.press_data(card, CancelShift(ahead.id, 0).pack())
    await amara.sees("Hello Amara")
    changed = await get(address_in(card), **{"If-None-Match": first.headers["ETag"]})
    event = events(changed)[f"{ahead.id}@rollcall"]
    before = shown[f"{ahead.id}@rollcall"]
    assert (event.status.value, event.dtstart.value) == ("CANCELLED", before.dtstart.value)
    assert int(event.sequence.value) > int(before.sequence.value)
    assert changed.headers["ETag"] != first.headers["ETag"]

    # A new address voids the old one; turned off there is none.
    card = await amara.writes("/calendar", "paste this address")
    renew = card["keyboard"][0][0]["data"]
    assert (await amara.press(card, "New address"))["text"] == "The old address is void."
    new = await another_than(card, amara)
    assert (await get(address_in(card))).status_code == 404
    assert (await get(address_in(new))).content == changed.content
    await amara.press_data(new, renew)  # an old button, or one pressed twice
    assert address_in(await amara.sees("paste this address")) == address_in(new)
    await amara.press(new, "Turn it off")
    await amara.sees("You get a private address")
    gone, unknown = await get(address_in(new)), await get(address_in(new)[:-5] + "x.ics")
    elsewhere = await get(re.sub(r"/calendar/.*", "/nothing", address_in(new)))
    assert [(each.status_code, each.text) for each in (gone, unknown, elsewhere)] == [(404, "Not Found")] * 3
    async with sessions() as session:
        actions = await session.scalars(select(AuditLog.action).where(AuditLog.action.like("calendar%")))
        assert sorted(actions) == ["calendar_closed", "calendar_opened", "calendar_renewed"]


async def test_in_french_with_what_the_places_are_called(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient
) -> None:
    luc = Phone(calls, LUC)
    async with sessions.begin() as session:
        await session.execute(update(Warehouse).values(name="Côté; «Nord», été", address="1, rue\\de l’Île"))
        await session.execute(update(Route).values(name=func.concat(Route.name, " – Château")))
    week = await luc.writes("/schedule", " au dim.")
    await luc.press(week, "Dans mon calendrier")
    await luc.press(await luc.sees("Vos quarts dans votre propre calendrier"), "Donnez-moi une adresse")
    card = await luc.sees("collez cette adresse", "Gardez-la pour vous")
    shown = events(await get(address_in(card)))
    assert shown
    for event in shown.values():
        assert event.location.value == "Côté; «Nord», été, 1, rue\\de l’Île"
        assert re.match(r"R\d+ – Château, Côté; «Nord», été", event.summary.value)
    assert labels(card) == ["🔁 Nouvelle adresse", "🚫 La désactiver", "🏠 Accueil"]
    async with sessions.begin() as session:
        of = select(CalendarFeed.user_id).scalar_subquery()
        day = (await clock(calls)).date().replace(day=1)
        await session.execute(update(Employment).where(Employment.user_id == of).values(ends_on=day.replace(year=2025)))
    assert (await get(address_in(card))).status_code == 404


async def test_r12_4_managers_have_none_and_nobody_renews_what_he_has_not(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient
) -> None:
    renewing = (RenewFeed(1), RenewFeed(-1), CloseFeed())
    elise = Phone(calls, MANAGER)
    card = await elise.writes("/calendar", "C’est pour les chauffeurs")
    for forged in (OpenFeed(), *renewing):
        await elise.turns(card, forged.pack(), "C’est pour les chauffeurs")
    amara = Phone(calls, AMARA)
    card = await amara.writes("/calendar", "a private address")
    for forged in renewing:
        await amara.turns(card, forged.pack(), "a private address")
    async with sessions() as session:
        assert (await session.scalars(select(CalendarFeed))).all() == []
