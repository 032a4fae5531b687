"""Several drivers after the same slots, and managers with a hand in it: what races about filling shifts begin with."""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.bids import place_bid, withdraw_bid
from domain.coverage.actions import decline_day
from domain.coverage.assigning import assign_driver
from domain.coverage.opening import open_bids
from domain.db.models import Assignment, Bid, BidWindow, DriverMetrics, Notification
from domain.db.models.words import (
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    NotificationType,
)
from domain.people.queries import Person
from domain.schedule.closing import close_day
from domain.time import shift_start
from tests.domain.world import POLICY, SAY, Fleet, Slot, accept, close_due, next_wave, open_emergency
from tests.races.conftest import Act, Arena

Result = TypeVar("Result")
MS, SECOND, MINUTE, HOUR = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OUTCOMES = (NotificationType.BID_WON, NotificationType.BID_LOST)


class Contest:
    """North with a manager and drivers with home cards, the best first; slots, each on a route of its own."""

    def __init__(self, arena: Arena, mona: Person, north: uuid.UUID, drivers: list[Person]) -> None:
        self.arena, self.mona, self.north, self.drivers = arena, mona, north, drivers

    @classmethod
    async def of(cls, arena: Arena, drivers: int, **alike: Any) -> "Contest":
        async def make(fleet: Fleet) -> "Contest":
            mona = await fleet.manager("Mona")
            north = await fleet.warehouse("North", mona)
            completion = [1 - number / 100 for number in range(drivers)]
            people = [
                await fleet.driver(f"D{number}", home=north, completion=rate, **alike)
                for number, rate in enumerate(completion)
            ]
            for person in (mona, *people):
                await fleet.home_card(person)
            return cls(arena, mona, north, people)

        return await arena.build(make)

    async def manager(self, name: str) -> Person:
        """Another one of North."""
        return await self.arena.build(lambda fleet: fleet.manager(name, self.north))

    async def slot(self, day: int) -> Slot:
        """Unfilled, so many days ahead."""

        async def make(fleet: Fleet) -> Slot:
            return await fleet.slot(await fleet.route(f"R{uuid.uuid4().hex[:6]}", self.north), fleet.day(day))

        return await self.arena.build(make)

    async def held(self, driver: Person, day: int, **more: Any) -> Slot:
        """A shift that he has already."""

        async def make(fleet: Fleet) -> Slot:
            route = await fleet.route(f"R{uuid.uuid4().hex[:6]}", self.north)
            return await fleet.shift(route, driver, fleet.day(day), **more)

        return await self.arena.build(make)

    async def window(
        self,
        day: int,
        *bidders: Person,
        mode: BidWindowMode = BidWindowMode.COMPETITIVE,
        closes_at: datetime | None = None,
    ) -> tuple[Slot, uuid.UUID]:
        """Open for a slot of its own, and these have bid; a manager's card shows it."""
        slot = await self.slot(day)

        async def make(fleet: Fleet) -> uuid.UUID:
            window = await fleet.window(slot, mode, closes_at=closes_at or self.closes(slot))
            await fleet.window_card(self.mona, window)
            for driver in bidders:
                await place_bid(fleet.session, driver, window, POLICY, self.arena.now)
            return window

        return slot, await self.arena.build(make)

    def closes(self, slot: Slot) -> datetime:
        """When such a window closes."""
        return shift_start(slot.on, POLICY) - POLICY.competitive_lead

    # -- what somebody does, at an instant (else now)

    def bids(self, driver: Person, window: uuid.UUID, at: datetime | None = None) -> Act[Any]:
        return lambda session: place_bid(session, driver, window, POLICY, at or self.arena.now)

    def withdraws(self, driver: Person, window: uuid.UUID, at: datetime | None = None) -> Act[Any]:
        return lambda session: withdraw_bid(session, driver, window, at or self.arena.now)

    def accepts(self, driver: Person, window: uuid.UUID, at: datetime | None = None) -> Act[Any]:
        return lambda session: accept(session, driver, window, at or self.arena.now)

    def declines(self, driver: Person, window: uuid.UUID, at: datetime | None = None) -> Act[Any]:
        return lambda session: decline_day(session, driver, window, at or self.arena.now)

    def closes_day(self, on: date, at: datetime | None = None) -> Act[Any]:
        return lambda session: close_day(session, self.mona, self.north, on, None, SAY, POLICY, at or self.arena.now)

    def assigns(self, driver: Person, slot: Slot, by: Person | None = None, at: datetime | None = None) -> Act[Any]:
        given = (by or self.mona, slot.id, driver.id, None, SAY, POLICY)
        return lambda session: assign_driver(session, *given, at or self.arena.now)

    def opens(self, slot: Slot, by: Person | None = None, at: datetime | None = None) -> Act[Any]:
        """As an emergency."""
        return lambda session: open_emergency(session, by or self.mona, slot, at or self.arena.now)

    def opens_bids(self, slot: Slot, by: Person | None = None, at: datetime | None = None) -> Act[Any]:
        """In the mode that fits the time left."""
        return lambda session: open_bids(session, by or self.mona, slot.id, SAY, POLICY, at or self.arena.now)

    def ends(self, at: datetime) -> Act[Any]:
        """The duty `windows`: one of those that are due."""
        return lambda session: close_due(session, at)

    def wave(self, at: datetime) -> Act[Any]:
        return lambda session: next_wave(session, at)

    async def ended(self, at: datetime) -> list[Any]:
        """The duty, until nothing is due."""
        done = []
        while (one := (await self.arena.at_once(self.ends(at)))[0]) is not None:
            done.append(one)
        return done

    # -- what has come of it

    async def rows(self, wanted: Select[Any]) -> list[Any]:
        """Of what is committed."""
        async with self.arena.session() as session:
            return list((await session.execute(wanted)).all())

    async def read(self, look: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
        async with self.arena.session() as session:
            return await look(session)

    async def holder(self, slot: Slot) -> uuid.UUID | None:
        """Whose the slot is; that its window and his bid say the same is asserted."""
        async with self.arena.session() as session:
            row = await session.get_one(Assignment, slot.id)
            of_slot = select(BidWindow).where(BidWindow.assignment_id == slot.id)
            windows = list(await session.scalars(of_slot))
            won = select(Bid.user_id).where(Bid.assignment_id == slot.id, Bid.status == BidStatus.WON)
            winners = list(await session.scalars(won))
        scheduled = row.status is AssignmentStatus.SCHEDULED
        assert scheduled == (row.user_id is not None)
        resolved = [each.winner_id for each in windows if each.status is BidWindowStatus.RESOLVED]
        assert resolved == ([row.user_id] if scheduled else [])
        assert winners in ([], resolved)
        return row.user_id

    async def windows(self, slot: Slot) -> list[BidWindow]:
        """All that there are and were."""
        of_slot = select(BidWindow).where(BidWindow.assignment_id == slot.id)
        return [window for (window,) in await self.rows(of_slot)]

    async def driver_of(self, slot: Slot) -> uuid.UUID | None:
        """The same of any slot."""
        return await self.read(
            lambda session: session.scalar(select(Assignment.user_id).where(Assignment.id == slot.id))
        )

    async def bid_states(self, slot: Slot) -> dict[uuid.UUID, BidStatus]:
        of_slot = select(Bid.user_id, Bid.status).where(Bid.assignment_id == slot.id)
        return dict(await self.rows(of_slot))

    async def outcomes(self) -> Counter[tuple[uuid.UUID, NotificationType]]:
        """Who was told how often that he has won or lost."""
        told = select(Notification.user_id, Notification.type).where(Notification.type.in_(OUTCOMES))
        return Counter((user_id, type_) for user_id, type_ in await self.rows(told))

    async def pickups(self) -> dict[uuid.UUID, tuple[int, int, int]]:
        """bid_pickups, total_assigned and confirmed_shifts, of those who have any."""
        counted = select(
            DriverMetrics.user_id,
            DriverMetrics.bid_pickups,
            DriverMetrics.total_assigned,
            DriverMetrics.confirmed_shifts,
        ).where(DriverMetrics.total_assigned > 0)
        return {user_id: (a, b, c) for user_id, a, b, c in await self.rows(counted)}

    async def count(self, model: Any, *where: Any) -> int:
        counted = select(func.count()).select_from(model).where(*where)
        return await self.read(lambda session: session.scalar(counted)) or 0
