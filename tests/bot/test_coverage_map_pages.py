"""/coverage as it is written and pressed, over HTTP: the map, its days and places, and that it follows what happens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import exists, or_, select

from bot.callbacks.coverage import CoverageOf, CoverageOfAll
from domain.db.models import Delivery
from domain.notices import following
from domain.notices.kinds import Kind
from domain.people.queries import Person, linked_chat
from domain.policy import TORONTO
from domain.shifts.actions import confirm_shift
from tests.bot.town import Town
from tests.domain.world import POLICY, Fleet, Slot
from tests.story.phones import Phone, until
from tests.story.test_working_day import labels

WAITS = select(
    exists().where(Delivery.kind == Kind.COVERAGE, or_(Delivery.due_at.is_not(None), Delivery.lease_until.is_not(None)))
)


@dataclass
class Place:
    """Mona manages North; tomorrow R12 has no driver; on Sunday Dana has R1, not confirmed yet. Sue manages South."""

    town: Town
    mona: Phone
    today: date
    dana: Person
    unconfirmed: Slot
    south: Any

    async def edits(self) -> int:
        return len(await self.town.requests("editMessageMedia"))

    async def happens(self) -> None:
        """Something about that day that the map does not show."""
        async with self.town.sessions.begin() as session:
            at = [following.DayAt(self.unconfirmed.warehouse, self.unconfirmed.on)]
            await following.follow_homes(session, self.town.now, boards_of=at)


@pytest.fixture
async def place(town: Town) -> AsyncIterator[Place]:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
        north, south = await fleet.warehouse("North", mona), await fleet.warehouse("South", sue)
        await fleet.slot(await fleet.route("R12", north), fleet.day(1))
        await fleet.slot(await fleet.route("R9", south), fleet.day(1))
        dana = await fleet.driver("Dana", home=north)
        shift = await fleet.shift(await fleet.route("R1", north), dana, fleet.day(4))
        chat = await linked_chat(session, mona.id)
    account = {"user_id": chat, "started": True}
    body = {"id": "mona", "name": "Mona Test", "phone": mona.phone, "language": "en", "telegram": account}
    (await town.calls.post("/sandbox/people", json=body)).raise_for_status()
    async with town.serving():
        today = town.now.astimezone(TORONTO).date()
        yield Place(town, Phone(town.calls, "mona"), today, dana, shift, south)


async def test_the_week_is_drawn_and_leads_to_whom_could_take_what_is_open(place: Place) -> None:
    mona = place.mona
    week = await mona.writes("/coverage", "🗺 Coverage, 23-29 Nov", "1 of 2 shifts from today on have a driver.")
    assert week["photo"] and "🔴 1 without a driver" in week["text"] and "❔ 1 not confirmed" in week["text"]
    await mona.press(week, "R12")
    slot = await mona.sees("R12, North", "No driver.")
    assert "👤 Give it to a driver" in labels(slot) and any("🚨" in label for label in labels(slot))


async def test_days_weeks_and_places_as_people_write_them(place: Place) -> None:
    mona = place.mona
    await mona.writes("/coverage tomorrow", "🗺 Coverage, Thu 26 Nov", "0 of 1 shift has a driver.")
    await mona.writes("/coverage jour", "🗺 Coverage, Wed 25 Nov", "No shifts on these days.")
    await mona.writes("/coverage next week", "🗺 Coverage, 30 Nov-6 Dec")
    await mona.writes("/coverage semaine", "🗺 Coverage, 23-29 Nov")
    await mona.writes("/coverage north thrusday", "🗺 Coverage, North, Thu 26 Nov")
    near = await mona.writes("/coverage Nroth", "I can't read “Nroth”", "Do you mean one of these?")
    await mona.press(near, "North")
    await mona.sees("🗺 Coverage, North, 23-29 Nov")
    await mona.writes("/coverage 31 nov", "That day doesn't exist")
    await mona.writes("/coverage South", "I can't read “South”")  # not hers, so there is none (R12.3)


async def test_a_press_turns_it_and_there_is_one_of_it(place: Place) -> None:
    mona = place.mona
    week = await mona.writes("/coverage", "23-29 Nov")
    await mona.press_data(week, CoverageOfAll(place.today.toordinal() + 1, 0, 0).pack())
    day = await mona.sees("🗺 Coverage, Thu 26 Nov")
    assert day["message_id"] == week["message_id"] and day["photo"] != week["photo"]
    await mona.press(day, "🗓 Week")
    await mona.sees("🗺 Coverage, 23-29 Nov")
    await mona.writes("/coverage", "🗺 Coverage, 23-29 Nov")

    async def alone() -> bool:
        return len([each for each in await mona.chat() if "🗺 Coverage" in each["text"]]) == 1

    await until(alone, "the earlier one goes")


async def test_r12_3_what_is_not_hers_is_not_found(place: Place) -> None:
    mona = place.mona
    week = await mona.writes("/coverage", "23-29 Nov")
    await mona.press_data(week, CoverageOf(place.south, place.today.toordinal(), 1, 0).pack())
    answer = await mona.sees("I can't find that in your warehouses.")
    await mona.press_data(answer, CoverageOfAll(999_999, 1, 7).pack())  # a forged day is today
    await mona.sees("🗺 Coverage, 23-29 Nov")


async def test_it_follows_in_place_and_only_what_it_shows(place: Place) -> None:
    mona = place.mona
    week = await mona.writes("/coverage", "❔ 1 not confirmed")
    before = await place.edits()
    async with place.town.sessions.begin() as session:
        await confirm_shift(session, place.dana, place.unconfirmed.id, POLICY, place.town.now)

    async def confirmed() -> bool:
        [now] = [each for each in await mona.chat() if each["message_id"] == week["message_id"]]
        return "not confirmed" not in now["text"] and now["photo"] != week["photo"]

    async def settled() -> bool:
        """Also recorded: nobody knows what a message shows that is in hand."""
        async with place.town.sessions() as session:
            return not await session.scalar(WAITS)

    await until(confirmed, "the map follows")
    await until(settled, "and that is recorded")
    assert await place.edits() == before + 1
    await place.happens()
    await until(settled, "nothing is due any more")
    assert await place.edits() == before + 1
