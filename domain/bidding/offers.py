"""Offers, as the drivers who were asked see them."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, DateTime, Row, Select, Uuid, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import time
from domain.bidding.rules import OwnScore, Standing, first_refusal, own_score
from domain.bidding.standing import HELD, SlotKey, standing_of
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    Bid,
    BidWindow,
    DayDecline,
    Route,
    TimeOff,
    Warehouse,
    WindowAsk,
)
from domain.db.models.words import AssignedBy, AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus
from domain.policy import Policy
from domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Offer:
    """A window as a driver who may take it sees it.

    `bid`: what has become of his latest bid for the slot, if he ever placed one; `bids`: how many wait for its award.
    `barred`: why his bid, if it waits, can't win as it stands; `cap`: his shifts of a week at the most.
    """

    window_id: uuid.UUID
    assignment_id: uuid.UUID
    route: str
    warehouse: str
    address: str
    on: date
    starts_at: datetime
    is_today: bool
    mode: BidWindowMode
    arrive_by: datetime  # as awarded, or the earliest that it may be
    arrive_within: timedelta  # of accepting, where that is later …
    hurries: bool  # … as it is from now on
    closes_at: datetime
    bonus_percent: int
    open: bool  # to him: not while he is away that day
    taken: bool
    mine: bool
    by_hand: bool  # whoever has it got it from a manager
    declined: bool
    busy: bool  # he has another shift that day
    asked: bool  # he was told of it, rather than having found it under /open
    bid: BidStatus | None
    bids: int
    score: OwnScore | None = None  # where he may bid
    barred: Refusal | None = None
    cap: int = 0

    @property
    def may_hurry(self) -> bool:
        """Whether who accepts towards its end has to be there later than `arrive_by` (R1.3a)."""
        return self.closes_at + self.arrive_within > self.arrive_by

    @property
    def by_bids(self) -> bool:
        """It goes to the best of those who bid, not to the first who accepts."""
        return self.mode is BidWindowMode.COMPETITIVE


_ASKED_FOR = select(WindowAsk.window_id).where(WindowAsk.user_id == bindparam("driver", type_=Uuid()))


def offers() -> Select[Any]:
    """Windows as the driver sees them, in the columns that `offer_from` reads; to be restricted by the caller."""
    driver = bindparam("driver", type_=Uuid())
    other = aliased(Assignment)
    busy = exists().where(
        other.user_id == driver, other.on == Assignment.on, other.status.in_(HELD), other.id != Assignment.id
    )
    return (
        select(
            BidWindow.id,
            BidWindow.assignment_id,
            BidWindow.mode,
            BidWindow.status,
            BidWindow.closes_at,
            BidWindow.pay_bonus_percent,
            BidWindow.winner_id,
            Assignment.on,
            Assignment.status,
            Assignment.assigned_by,
            AssignmentTerms.arrive_by,
            Route.name,
            Warehouse.name,
            Warehouse.address,
            exists().where(DayDecline.user_id == driver, DayDecline.on == Assignment.on),
            busy,
            exists().where(
                TimeOff.user_id == driver, TimeOff.starts_on <= Assignment.on, TimeOff.ends_on >= Assignment.on
            ),
            BidWindow.id.in_(_ASKED_FOR),
            select(Bid.status)
            .where(Bid.assignment_id == Assignment.id, Bid.user_id == driver)
            .order_by(Bid.bid_at.desc(), Bid.id)
            .limit(1)
            .correlate(Assignment)
            .scalar_subquery(),
            select(func.count())
            .where(Bid.assignment_id == Assignment.id, Bid.status == BidStatus.PENDING)
            .correlate(Assignment)
            .scalar_subquery(),
            Assignment.route_id,
            Assignment.warehouse_id,
        )
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .outerjoin(AssignmentTerms, AssignmentTerms.assignment_id == Assignment.id)
    )


_OFFER = offers().where(BidWindow.id == bindparam("window", type_=Uuid()))
_OPEN_OFFERS = (
    offers()
    .where(
        BidWindow.id.in_(_ASKED_FOR.where(WindowAsk.on >= bindparam("first", type_=Date()))),
        BidWindow.status == BidWindowStatus.OPEN,
    )
    .order_by(Assignment.on, Route.name, BidWindow.id)
)
_TAKEN = (
    offers()
    .where(
        BidWindow.winner_id == bindparam("driver", type_=Uuid()),
        Assignment.user_id == BidWindow.winner_id,
        Assignment.status.in_(HELD),
        BidWindow.closes_at > bindparam("now", type_=DateTime(timezone=True)),
    )
    .order_by(Assignment.on, Route.name, BidWindow.id)
)


def offer_from(row: Row[Any], driver_id: uuid.UUID, policy: Policy, now: datetime) -> Offer:
    """A row of `offers`, as it stands at this instant."""
    window_id, assignment_id, mode, window_status, closes_at, bonus_percent, winner_id, *slot = row
    on, status, by, arrive_by, route, warehouse, address, declined, busy, away, asked, bid, bids, *_ = slot
    unfilled = status is AssignmentStatus.UNFILLED
    return Offer(
        window_id=window_id,
        assignment_id=assignment_id,
        route=route,
        warehouse=warehouse,
        address=address,
        on=on,
        starts_at=time.shift_start(on, policy),
        is_today=on == time.local_day(now, policy),
        arrive_by=arrive_by or time.arrive_by(on, None, policy),
        arrive_within=policy.arrive_within,
        hurries=now + policy.arrive_within >= (arrive_by or time.arrive_by(on, None, policy)),
        mode=mode,
        closes_at=closes_at,
        bonus_percent=bonus_percent,
        open=unfilled and window_status is BidWindowStatus.OPEN and now < closes_at and not away,
        taken=winner_id not in (None, driver_id) or status in HELD,
        mine=winner_id == driver_id and status in HELD,
        by_hand=by is AssignedBy.MANAGER and status in HELD,
        declined=declined,
        busy=busy,
        asked=asked,
        bid=bid,
        bids=bids,
    )


async def offer(
    session: AsyncSession, driver_id: uuid.UUID, window_id: uuid.UUID, policy: Policy, now: datetime
) -> Offer | None:
    """A window that this driver was asked for, has bid for, has, or may take; others are not shown to him (R12.3)."""
    row = (await session.execute(_OFFER, {"driver": driver_id, "window": window_id})).one_or_none()
    if row is None:
        return None
    found = offer_from(row, driver_id, policy, now)
    known = found.asked or found.mine or found.bid is not None
    if not found.open or (known and not found.by_bids):
        return found if known else None
    key = SlotKey(window_id, row.route_id, row.warehouse_id, found.on, found.mode is BidWindowMode.EMERGENCY)
    standing = await standing_of(session, key, driver_id, policy)
    if not known and first_refusal(standing) is not None:
        return None
    return judged(found, standing, policy) if found.by_bids else found


def judged(offer: Offer, standing: Standing, policy: Policy) -> Offer:
    """An offer for bids with his score, and with what is against his bid as it stands, if he has one (R6.5)."""
    barred = first_refusal(standing) if offer.bid is BidStatus.PENDING else None
    return replace(offer, score=own_score(standing, policy), barred=barred, cap=standing.cap)


async def open_offers(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> tuple[Offer, ...]:
    """What this driver was asked to take and still can, also where he declined the day; the soonest first."""
    rows = await session.execute(_OPEN_OFFERS, {"driver": driver_id, "first": time.local_day(now, policy)})
    offers = (offer_from(row, driver_id, policy, now) for row in rows)
    return tuple(offer for offer in offers if offer.open and not offer.busy)


async def taken_offers(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> tuple[Offer, ...]:
    """What this driver took and still has, until its window would have closed; the soonest first."""
    rows = await session.execute(_TAKEN, {"driver": driver_id, "now": now})
    return tuple(offer_from(row, driver_id, policy, now) for row in rows)
