"""The windows that bidding decides about, and who bids, under lock."""

import functools
import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, Select, Uuid, and_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.rules import Bidder, WindowFacts
from domain.bidding.standing import SlotKey, key_of, standing, standing_from
from domain.db.models import Assignment, Bid, BidWindow, Route, User, Warehouse, WindowAsk
from domain.db.models.words import BidStatus
from domain.db.sql import sql
from domain.policy import Policy


@functools.cache
def _bidders(policy: Policy) -> Select[Any]:
    pending = and_(Bid.assignment_id == bindparam("assignment", type_=Uuid()), Bid.status == BidStatus.PENDING)
    with_bids = standing(policy).join(Bid, and_(Bid.user_id == User.id, pending))
    return with_bids.add_columns(Bid.id.label("bid_id"), Bid.bid_at.label("bid_at"))


async def bidders(session: AsyncSession, slot: SlotKey, assignment_id: uuid.UUID, policy: Policy) -> list[Bidder]:
    """Everybody who has a pending bid for the slot, in no order. Read it when their rows are locked."""
    found = await session.execute(_bidders(policy), slot.given | {"assignment": assignment_id})
    return [Bidder(row["bid_id"], row["bid_at"], standing_from(row)) for row in found.mappings()]


_BIDDERS_OF = select(Bid.user_id).where(
    Bid.assignment_id == bindparam("assignment", type_=Uuid()), Bid.status == BidStatus.PENDING
)


async def bidders_locked(session: AsyncSession, window: WindowFacts, policy: Policy, *also: uuid.UUID) -> list[Bidder]:
    """The same, once they and whoever else is named are locked; the window is, so nobody comes or goes meanwhile."""
    ids = (await session.scalars(_BIDDERS_OF, {"assignment": window.assignment_id})).all()
    await lock_people(session, {*ids, *also})
    return await bidders(session, key_of(window), window.assignment_id, policy) if ids else []


_LOCKED = sql("SELECT id FROM users WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE", ids=ARRAY(Uuid()))


async def lock_people(session: AsyncSession, user_ids: Collection[uuid.UUID]) -> None:
    """Locks them in the one order, in one statement: two windows have bidders in common (ARCHITECTURE 4)."""
    await session.execute(_LOCKED, {"ids": list(user_ids)})


def _windows() -> Select[Any]:
    """The columns of `rules.WindowFacts`, in order.

    Whoever is waited for may have moved the route (R12.5): then the lock reads the slot anew, and nothing that it is
    joined to. So its warehouse is looked up.
    """
    warehouse = select(Warehouse.name).where(Warehouse.id == Assignment.warehouse_id).scalar_subquery()
    return (
        select(
            BidWindow.id,
            Assignment.id,
            Assignment.route_id,
            Assignment.warehouse_id,
            Route.name,
            warehouse,
            Assignment.on,
            Assignment.status,
            BidWindow.mode,
            BidWindow.status,
            BidWindow.closes_at,
            BidWindow.pay_bonus_percent,
            BidWindow.winner_id,
        )
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .join(Route, Route.id == Assignment.route_id)
    )


_WINDOW = _windows().where(BidWindow.id == bindparam("window"))
_WITH_SLOT_LOCKED = _WINDOW.with_for_update(of=[BidWindow, Assignment], key_share=True)
_WINDOW_LOCKED = (
    _windows()
    .join(User, User.id == bindparam("driver"))
    .where(BidWindow.id == bindparam("window"))
    .with_for_update(of=[BidWindow, Assignment, User], key_share=True)
)


def asked(window_id: uuid.UUID | BindParameter[uuid.UUID]) -> Select[tuple[uuid.UUID]]:
    """The drivers who were told of this window."""
    return select(WindowAsk.user_id).where(WindowAsk.window_id == window_id)


async def window(session: AsyncSession, window_id: uuid.UUID) -> WindowFacts:
    """A window that the caller has locked."""
    return WindowFacts(*(await session.execute(_WINDOW, {"window": window_id})).one())


async def with_slot_locked(session: AsyncSession, window_id: uuid.UUID) -> WindowFacts:
    """A window that there is, and its assignment, locked in this order."""
    return WindowFacts(*(await session.execute(_WITH_SLOT_LOCKED, {"window": window_id})).one())


async def window_locked(session: AsyncSession, window_id: uuid.UUID, driver_id: uuid.UUID) -> WindowFacts | None:
    """The window, its assignment and the driver, locked in this order; None where there is no such window."""
    found = await session.execute(_WINDOW_LOCKED, {"window": window_id, "driver": driver_id})
    row = found.one_or_none()
    return None if row is None else WindowFacts(*row)
