"""What is open to a driver, whether he was asked or not (R6.3)."""

import functools
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Row,
    Select,
    Uuid,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.bidding.offers import ASKED_AHEAD, SOONEST, Offer, judged, offer_from, offers
from domain.bidding.standing import STANDING_FIELDS, SlotColumns, may_take, standing, standing_from
from domain.db.models import Assignment, Bid, BidWindow, Employment, OpenWarehouse, User
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus
from domain.pages import cut
from domain.policy import Policy

_DRIVER = bindparam("driver", type_=Uuid())
_NOW = bindparam("now", type_=DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Some of what is open to a driver, the soonest first; `total` counts all."""

    offers: tuple[Offer, ...]
    total: int
    page: int
    pages: int


# The columns of an `open_` that has many slots in it. As plain text: SQLAlchemy would read the table anew in every
# subquery of `standing`.
EACH = SlotColumns(
    window_id=literal_column("open_.window_id", Uuid()),
    route_id=literal_column("open_.route_id", Uuid()),
    warehouse_id=literal_column("open_.warehouse_id", Uuid()),
    on=literal_column("open_.slot_on", Date()),
    emergency=literal_column("open_.emergency", Boolean()),
    monday=literal_column("open_.monday", Date()),
    sunday=literal_column("open_.sunday", Date()),
)


@functools.cache
def _open_to(policy: Policy, of_all: bool) -> Select[Any]:
    """One statement whatever their number: the windows of where he works, and how he stands with regard to each.

    `of_all` False: those that he was asked for and may take; his own bid alone does not make it one of them.
    """
    his = exists().where(Bid.assignment_id == Assignment.id, Bid.user_id == _DRIVER, Bid.status == BidStatus.PENDING)
    there = or_(
        Assignment.warehouse_id.in_(select(Employment.warehouse_id).where(Employment.user_id == _DRIVER)),
        Assignment.warehouse_id.in_(select(OpenWarehouse.warehouse_id).where(OpenWarehouse.user_id == _DRIVER)),
        not_(exists().where(Employment.user_id == _DRIVER)),
        his,
    )
    monday = cast(func.date_trunc("week", Assignment.on), Date)
    open_ = (
        select(
            BidWindow.id.label("window_id"),
            Assignment.route_id,
            Assignment.warehouse_id,
            Assignment.on.label("slot_on"),
            (BidWindow.mode == BidWindowMode.EMERGENCY).label("emergency"),
            monday.label("monday"),
            (monday + 6).label("sunday"),
            his.label("his"),
        )
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .where(
            BidWindow.status == BidWindowStatus.OPEN,
            BidWindow.closes_at > _NOW,
            Assignment.status == AssignmentStatus.UNFILLED,
            there if of_all else BidWindow.id.in_(ASKED_AHEAD),
        )
        .cte("open_")
    )
    of = standing(policy, EACH).where(User.id == _DRIVER)
    stands = of.with_only_columns(*(of.selected_columns[name] for name in STANDING_FIELDS)).lateral("stands")
    for_him = (
        select(open_.c.window_id, *stands.c)
        .select_from(open_.join(stands, true()))
        .where(or_(open_.c.his, may_take(stands)) if of_all else may_take(stands))
        .cte("for_him")
    )
    return (
        offers()
        .join(for_him, for_him.c.window_id == BidWindow.id)
        .add_columns(*(for_him.c[name] for name in STANDING_FIELDS))
        .order_by(*SOONEST)
    )


async def open_to(
    session: AsyncSession, driver_id: uuid.UUID, page: int, per_page: int, policy: Policy, now: datetime
) -> OpenPage:
    """What the driver may take or bid for, and what he has bid for, whatever has become of him since (R6.3)."""
    rows = (await session.execute(_open_to(policy, True), {"driver": driver_id, "now": now})).all()
    shown, page, pages = cut(rows, page, per_page)
    found = tuple(_with_bid(offer_from(row, driver_id, policy, now), row, policy) for row in shown)
    return OpenPage(found, len(rows), page, pages)


async def asked_and_open(
    session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> tuple[Offer, ...]:
    """What the driver was asked for and may take or bid for as he stands, also where he declined the day (R6.3).

    The soonest first.
    """
    given = {"driver": driver_id, "now": now, "first": time.local_day(now, policy)}
    rows = await session.execute(_open_to(policy, False), given)
    return tuple(offer_from(row, driver_id, policy, now) for row in rows)


def _with_bid(offer: Offer, row: Row[Any], policy: Policy) -> Offer:
    """With what is against his bid, where he has one."""
    return judged(offer, standing_from(row._mapping), policy) if offer.bid is BidStatus.PENDING else offer
