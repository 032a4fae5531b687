"""A board follows what happens, once in three seconds at most, by the database's clock."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from bot.delivery.mail import Mail
from bot.delivery.worker import deliver_due
from bot.kinds import Kind as ShownAs
from domain.coverage.board import turn_board
from domain.db.models import Delivery, User
from domain.db.models.words import UserRole
from domain.notices import following
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import REDRAWN_EVERY, Policy
from domain.time import local_day
from tests.delivery.post import UNLIMITED, UNPACED, Post, Someone
from tests.domain.world import Fleet

pytestmark = UNLIMITED
POLICY = Policy()


class Watching:
    """A manager's board of a warehouse's day, in his chat."""

    def __init__(self, post: Post, manager: Someone, warehouse: uuid.UUID, card: uuid.UUID) -> None:
        self.post, self.manager, self.warehouse, self.card = post, manager, warehouse, card

    def mail(self) -> Mail:
        board = self.post.board
        return self.post.mail(kinds={Kind.BOARD: ShownAs(board.load, board.screen)}, **UNPACED)

    async def happens(self, text: str) -> None:
        """Something of the day changes, in a transaction of its own."""
        self.post.board.texts[None] = text
        async with self.post.sessions.begin() as session:
            day = following.DayAt(self.warehouse, local_day(self.post.now(), POLICY))
            await following.follow_homes(session, self.post.now(), boards_of=[day])

    async def delivered(self) -> int:
        """How many edits there have been, once all that is due is done."""
        await deliver_due(self.mail())
        return len(await self.post.requests("editMessageText"))

    async def waits_for(self) -> timedelta | None:
        async with self.post.sessions() as session:
            column = select(Delivery.pause_until - func.clock_timestamp()).where(Delivery.id == self.card)
            left: timedelta | None = await session.scalar(column)
            return left


async def watching(post: Post) -> Watching:
    manager = await post.person()
    async with post.sessions.begin() as session:
        fleet = Fleet(session, post.now())
        await session.execute(update(User).where(User.id == manager.id).values(role=UserRole.MANAGER))
        person = Person(manager.id, UserRole.MANAGER, "P", "x", manager.phone, None)
        warehouse = await fleet.warehouse("North", person)
        await turn_board(session, person, warehouse, fleet.today, 0, POLICY, post.now())
    card: dict[str, Any] = {"kind": Kind.BOARD, "notification_id": None}
    found = Watching(post, manager, warehouse, await post.note(manager, **card))
    assert await found.delivered() == 0 and await post.chat(manager) == ["en Hello"]
    return found


async def test_five_drivers_within_a_second_make_one_edit(post: Post) -> None:
    it = await watching(post)
    for n in range(5):
        await it.happens(f"{n + 1} arrived")
    assert await it.delivered() == 0, "it waits for what else happens"
    left = await it.waits_for()
    assert left is not None and timedelta(0) < left <= REDRAWN_EVERY == timedelta(seconds=3)
    await post.lease_ran_out(it.card)  # as if the three seconds had passed
    assert await it.delivered() == 1
    assert await post.chat(it.manager) == ["en 5 arrived"]
    assert await it.delivered() == 1


async def test_what_happens_during_an_edit_waits_its_three_seconds_too(post: Post) -> None:
    it = await watching(post)
    await it.happens("1 arrived")

    async def another() -> None:
        await it.happens("2 arrived")

    post.board.while_loading = another
    await post.lease_ran_out(it.card)
    assert await it.delivered() == 1
    row = await post.row(it.card)
    assert row.redraw and row.due_at is not None and await it.waits_for() is not None
    assert await it.delivered() == 1
    await post.lease_ran_out(it.card)
    await it.delivered()
    assert await post.chat(it.manager) == ["en 2 arrived"]


async def test_a_board_that_telegram_does_not_take_is_tried_again_and_shows_the_latest(post: Post) -> None:
    it = await watching(post)
    await it.happens("1 arrived")
    await post.fault("telegram", "500", times=1)
    await post.lease_ran_out(it.card)
    await it.delivered()
    await it.happens("2 arrived")
    await post.lease_ran_out(it.card)
    await it.delivered()
    assert await post.chat(it.manager) == ["en 2 arrived"]
