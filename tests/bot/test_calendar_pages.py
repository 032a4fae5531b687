"""/routes and the question before a holiday, over HTTP: what each press does and shows, and what is refused (R2.0)."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from bot.callbacks.calendar import HolidayAnswer, NewRoute, SetWeekday
from bot.wording import Words
from domain.db.models import Assignment, CalendarException, ChatLink, ContactSettings, Route, User, Warehouse
from domain.db.models.words import AssignmentStatus
from domain.people.queries import Person
from domain.policy import Policy
from domain.schedule.holidays import put_holidays
from tests.bot.test_settings_and_away import labels, manager
from tests.bot.town import Town
from tests.domain.depot import local
from tests.domain.world import Fleet
from tests.story.phones import Phone

POLICY = Policy()
CHRISTMAS = date(2026, 12, 25)


async def person(town: Town, phone: Phone) -> Person:
    async with town.sessions() as session:
        found = await session.execute(
            select(User).join(ChatLink, ChatLink.user_id == User.id).where(ChatLink.chat_id == _number(phone))
        )
        user = found.scalar_one()
    return Person(user.id, user.role, user.first_name, user.last_name, user.phone, None)


def _number(phone: Phone) -> int:
    return int(phone.person.split("-")[1])


async def place(town: Town, name: str) -> uuid.UUID:
    async with town.sessions() as session:
        return (await session.scalars(select(Warehouse.id).where(Warehouse.name == name))).one()


async def build(town: Town, make: Callable[[Fleet], Awaitable[uuid.UUID]]) -> uuid.UUID:
    async with town.sessions.begin() as session:
        return await make(Fleet(session, town.now))


async def slots(town: Town, route: str) -> list[tuple[date, AssignmentStatus]]:
    async with town.sessions() as session:
        rows = await session.execute(
            select(Assignment.on, Assignment.status)
            .join(Route, Route.id == Assignment.route_id)
            .where(Route.name == route)
            .order_by(Assignment.on, Assignment.status)
        )
        return [(on, status) for on, status in rows]


async def test_r2_0_a_routes_weekdays_as_toggles(town: Town) -> None:
    mona, dana = await manager(town), await town.driver("Dana Diaz")
    north, driver = await place(town, "North"), await person(town, dana)
    friday = town.now.date() + timedelta(days=2)

    async def make(fleet: Fleet) -> uuid.UUID:
        route = await fleet.route("R12", north)
        await fleet.shift(route, driver, friday, confirmed=True)
        return route

    route = await build(town, make)
    async with town.serving():
        await mona.send("/routes")
        await mona.press(await mona.sees("Your routes"), "North: R12")
        page = await mona.sees("R12, North", "Runs every day.")
        assert labels(page)[:7] == ["✅ Mon", "✅ Tue", "✅ Wed", "✅ Thu", "✅ Fri", "✅ Sat", "✅ Sun"]
        await mona.press(page, "Sun")  # nobody has it: at once
        page = await mona.sees("Runs on Mon, Tue, Wed, Thu, Fri, Sat.")
        await mona.press(page, "Fri")
        asked = await mona.sees("Stop R12, North on Fri?", "1 driver is told not to travel: Dana Diaz (R12)")
        await mona.press(asked, "Leave it as it is")
        page = await mona.sees("Runs on Mon, Tue, Wed, Thu, Fri, Sat.")
        assert await slots(town, "R12") == [(friday, AssignmentStatus.SCHEDULED)]
        await mona.press(page, "Fri")
        await mona.press(await mona.sees("Stop R12, North on Fri?"), "Stop it on that day")
        page = await mona.sees("Runs on Mon, Tue, Wed, Thu, Sat.")
        told = await dana.sees("Don't travel: R12, North")
        await dana.press_data(told, SetWeekday(route, 1, 2).pack())  # forged
        await dana.sees("That is for managers")
        omar = await manager(town, "Omar Ali", "South")
        await omar.send("/routes")
        await omar.press_data(await omar.sees("No routes yet."), SetWeekday(route, 1, 2).pack())
        await omar.sees("I can't find that among your warehouses and routes")
        answer = await mona.press(page, "Fri")
        assert answer["text"] == "1 shift is open now."
        await mona.sees("Runs on Mon, Tue, Wed, Thu, Fri, Sat.")
        cancelled, fresh = AssignmentStatus.CANCELLED, AssignmentStatus.UNFILLED
        assert set(await slots(town, "R12")) == {(friday, cancelled), (friday, fresh)}


async def test_r2_0_a_new_route_is_asked_for_its_name(town: Town) -> None:
    mona = await manager(town)
    north = await place(town, "North")
    async with town.serving():
        await mona.send("/routes")
        await mona.press(await mona.sees("No routes yet."), "Add a route")
        await mona.sees("What is the new route called?")
        await mona.send("x" * 41)
        await mona.sees("A route's name has 1 to 40 characters")
        await mona.send("  <R40> &  co ")
        made = await mona.sees("<R40> & co is there", "It runs every day.", "4 shifts are open now.")
        assert len(await slots(town, "<R40> & co")) == 4  # Thursday to Sunday: today's have started
        await mona.press_data(made, NewRoute(north).pack())
        await mona.sees("What is the new route called?")
        await mona.send("<r40> & CO")
        await mona.sees("Another route of this warehouse is called so")
        await mona.send("/routes")  # he has thought better of it
        await mona.sees("Your routes")
        await mona.send("R41")
        await mona.sees("I didn't understand")
        omar = await manager(town, "Omar Ali", "South")
        await omar.send("/routes")
        await omar.press_data(await omar.sees("No routes yet."), NewRoute(north).pack())
        await omar.sees("What is the new route called?")
        await omar.send("R66")
        await omar.sees("I can't find that among your warehouses and routes")
        assert await slots(town, "R66") == []


async def test_r2_0_a_holiday_is_answered_for_each_warehouse(town: Town) -> None:
    town.sandbox.clock.set(nine := local(CHRISTMAS - timedelta(days=21), 9))
    town = replace(town, now=nine)
    mona, elise = await manager(town), await manager(town, "Élise Fortin", language="fr")
    dana = await town.driver("Dana Diaz")
    north, driver = await place(town, "North"), await person(town, dana)

    async def make(fleet: Fleet) -> uuid.UUID:
        south = await fleet.warehouse("South", await person(town, mona))
        await fleet.shift(await fleet.route("S1", south), driver, CHRISTMAS)
        await fleet.put(ContactSettings, {"user_id": (await person(town, elise)).id, "language": "fr"})
        await put_holidays(fleet.session, Words(POLICY.zone), POLICY, nine)
        return south

    south = await build(town, make)
    async with town.serving():
        asked = await mona.sees("Fri 25 Dec is Christmas Day", "Do your routes run?", "North: not decided yet")
        assert labels(asked) == [
            "⛔ North: closed",
            "✅ North: runs as usual",
            "⛔ South: closed",
            "✅ South: runs as usual",
        ]
        await elise.sees("Jour de Noël", "Vos routes roulent-elles", "North\u00a0: pas encore décidé")
        await mona.press(asked, "North: closed")
        await mona.sees("⛔ North: closed (Mona Roy)", "South: not decided yet")
        french = await elise.sees("⛔ North\u00a0: fermé (Mona Roy)")  # kept current
        await elise.press(french, "North\u00a0: comme d’habitude")
        await mona.sees("✅ North: runs as usual (Élise Fortin)", "South: not decided yet")

        await mona.press(asked, "South: closed")  # somebody drives there: not without asking
        preview = await mona.sees("Close South on Fri 25 Dec?", "1 driver is told not to travel: Dana Diaz (S1)")
        assert await slots(town, "S1") == [(CHRISTMAS, AssignmentStatus.SCHEDULED)]
        await mona.press(preview, "Close it")
        await mona.sees("⛔ South: closed (Mona Roy)")
        await dana.sees("Don't travel: S1, South on Fri 25 Dec")

        await elise.press_data(french, HolidayAnswer(south, CHRISTMAS.toordinal(), 1).pack())  # not hers
        await elise.press_data(french, HolidayAnswer(north, 0, 0).pack())  # no day
        await elise.sees("Jour de Noël")
        async with town.sessions() as session:
            said = await session.execute(select(CalendarException.warehouse_id, CalendarException.runs))
            assert {tuple(row) for row in said} == {(north, True), (south, False)}
