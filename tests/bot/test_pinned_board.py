"""One live board a day is pinned to the top of a manager's chat; it stays there and edits itself (PRODUCT)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import exists, select, update

from bot.jobs import run_due, table_of_duties
from bot.wording import Words
from domain.db.models import Delivery, ManagerDigest
from domain.people.queries import Person, linked_chat
from domain.policy import TORONTO
from domain.shifts.actions import arrive
from tests.bot.town import Town
from tests.domain.world import POLICY, Fleet, Slot
from tests.story.phones import Phone, until

DUTY = table_of_duties(Words(POLICY.zone), POLICY)["manager-digest"]
WAITS = select(exists().where(Delivery.kind.in_(["board", "retired"]), Delivery.due_at.is_not(None)))


@dataclass
class Place:
    """Mona manages North, where Dana drives R1 today and nobody drives R12."""

    town: Town
    mona: Phone
    today: date
    dana: Person
    shift: Slot

    async def morning(self) -> list[object]:
        return await run_due(DUTY, self.town.sessions, self.town.now)

    async def pinned(self) -> dict[str, Any]:
        """The message at the top of her chat, once there is one."""

        async def there() -> dict[str, Any] | None:
            chat = (await self.town.calls.get("/sandbox/people/mona/chat")).raise_for_status().json()
            found = [each for each in chat["messages"] if each["message_id"] == chat["pinned"] and not each["deleted"]]
            return found[0] if found else None

        return await until(there, "the board is pinned")

    async def settled(self) -> None:
        async def done() -> bool:
            async with self.town.sessions() as session:
                return not await session.scalar(WAITS)

        await until(done, "nothing is due any more")

    async def pins(self) -> int:
        return len(await self.town.requests("pinChatMessage"))


@pytest.fixture
async def place(town: Town) -> AsyncIterator[Place]:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        mona = await fleet.manager("Mona")
        north = await fleet.warehouse("North", mona)
        await fleet.slot(await fleet.route("R12", north), fleet.today)
        dana = await fleet.driver("Dana", home=north)
        shift = await fleet.shift(await fleet.route("R1", north), dana, fleet.today, confirmed=True)
        chat = await linked_chat(session, mona.id)
    account = {"user_id": chat, "started": True}
    body = {"id": "mona", "name": "Mona Test", "phone": mona.phone, "language": "en", "telegram": account}
    (await town.calls.post("/sandbox/people", json=body)).raise_for_status()
    async with town.serving():
        today = town.now.astimezone(TORONTO).date()
        yield Place(town, Phone(town.calls, "mona"), today, dana, shift)


async def test_the_board_is_pinned_once_a_day_silently_and_follows_in_place(place: Place) -> None:
    assert await place.morning() == [{"told": 1}]
    await place.mona.sees("Today, Wed 25 Nov: 1 of 2 routes has no driver.")
    board = await place.pinned()
    assert "North" in board["text"] and board["silent"]
    assert await place.morning() == [{"told": 0}]
    async with place.town.sessions.begin() as session:
        await arrive(session, place.dana, place.shift.id, POLICY, place.town.now)

    async def follows() -> bool:
        now = await place.pinned()
        return "1 arrived" in now["text"] and now["message_id"] == board["message_id"]

    await until(follows, "it edits itself")
    await place.settled()
    assert await place.pins() == 1
    texts = [message["text"] for message in await place.mona.chat()]
    assert not [text for text in texts if "didn't understand" in text]  # Telegram tells the bot of its own pin


async def test_what_is_pressed_on_it_is_answered_below_it(place: Place) -> None:
    await place.morning()
    board = await place.pinned()
    await place.mona.press(board, "Tomorrow")  # it turns, in place
    turned = await place.mona.sees("North, tomorrow")
    assert turned["message_id"] == board["message_id"]
    await place.mona.press(turned, "Today")
    await place.mona.sees("North, today")
    await place.mona.press(board, "R12")
    card = await place.mona.sees("R12, North", "No driver.")
    assert card["message_id"] > board["message_id"]
    await place.mona.press(card, "📋 Shifts")  # a board of its own, in the card's place
    await place.mona.writes("/shifts", "North")
    await place.settled()
    assert (await place.pinned())["message_id"] == board["message_id"] and await place.pins() == 1


async def test_the_next_mornings_takes_its_place(place: Place) -> None:
    await place.morning()
    board = await place.pinned()
    await place.settled()
    async with place.town.sessions.begin() as session:  # as if that had been yesterday's
        await session.execute(update(ManagerDigest).values(on=place.today - timedelta(days=1)))
    await place.morning()

    async def another() -> bool:
        return bool((await place.pinned())["message_id"] != board["message_id"])

    await until(another, "the new board is pinned")
    await place.settled()
    assert board["message_id"] not in [message["message_id"] for message in await place.mona.chat()]
