"""A slot that is open for bids, and whoever bids for it (R6.4, R6.5)."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from domain.bidding.bids import place_bid
from domain.bidding.rules import AlreadyYours, Bids
from domain.db.models import Assignment, Bid, BidWindow, Notification
from domain.db.models.words import BidStatus, BidWindowMode, NotificationType
from domain.people.queries import Person
from domain.refusals import Refused
from domain.time import shift_start
from tests.domain.world import POLICY, Fleet, Slot


class Bidding:
    """R12 at North three days ahead, open for bids until `closes`; Ann is better than Ben, and Ben than Cid."""

    def __init__(self, fleet: Fleet, mona: Person, north: uuid.UUID, slot: Slot) -> None:
        self.fleet, self.session, self.now = fleet, fleet.session, fleet.now
        self.mona, self.north, self.slot = mona, north, slot
        self.closes = shift_start(slot.on, POLICY) - timedelta(hours=24)
        self.window = uuid.UUID(int=0)

    async def driver(self, name: str, completion: float, **more: Any) -> Person:
        return await self.fleet.driver(name, **{"home": self.north} | more, completion=completion, attendance=0.5)

    async def bid(self, driver: Person, at: datetime | None = None) -> Bids | AlreadyYours | Refused:
        return await place_bid(self.session, driver, self.window, POLICY, at or self.now)

    async def bids(self) -> dict[uuid.UUID, BidStatus]:
        self.session.expire_all()
        return {bid.user_id: bid.status for bid in await self.session.scalars(select(Bid))}

    async def told(self, type_: NotificationType) -> list[uuid.UUID]:
        """Who; a list, so that nobody hides in it twice."""
        return list(await self.session.scalars(select(Notification.user_id).where(Notification.type == type_)))

    async def slot_now(self) -> Assignment:
        return await self.session.get_one(Assignment, self.slot.id, populate_existing=True)

    async def window_now(self) -> BidWindow:
        return await self.session.get_one(BidWindow, self.window, populate_existing=True)


async def bidding_at(fleet: Fleet, day: int = 3) -> Bidding:
    """So many days ahead, and nobody there yet but the manager."""
    mona = await fleet.manager("Mona")
    north = await fleet.warehouse("North", mona)
    slot = await fleet.slot(await fleet.route("R12", north), fleet.day(day))
    bidding = Bidding(fleet, mona, north, slot)
    bidding.window = await fleet.window(slot, BidWindowMode.COMPETITIVE, closes_at=bidding.closes)
    return bidding
