"""Offers, as the drivers who were asked see them."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, DateTime, Row, Select, Uuid, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

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


# Of tables, not of the classes that are mapped to them: for those SQLAlchemy takes twice as long over each statement.
_W, _A, _R, _H, _T = (of.__table__ for of in (BidWindow, Assignment, Route, Warehouse, AssignmentTerms))
_BID, _ASK, _OFF, _DECLINED = (of.__table__.c for of in (Bid, WindowAsk, TimeOff, DayDecline))
_DRIVER = bindparam("driver", type_=Uuid())
_ASKED_FOR = select(_ASK.window_id).where(_ASK.user_id == _DRIVER)
ASKED_AHEAD: Final = _ASKED_FOR.where(_ASK.date >= bindparam("first", type_=Date()))  # what the driver was asked for

SOONEST: Final = (_A.c.date, _R.c.name, _W.c.id)  # first


def offers() -> Select[Any]:
    """Windows as the driver sees them, in the columns that `offer_from` reads; to be restricted by the caller."""
    other = _A.alias().c
    busy = exists().where(
        other.user_id == _DRIVER, other.date == _A.c.date, other.status.in_(HELD), other.id != _A.c.id
    )
    joined = _W.join(_A, _A.c.id == _W.c.assignment_id).join(_R, _R.c.id == _A.c.route_id)
    joined = joined.join(_H, _H.c.id == _A.c.warehouse_id).outerjoin(_T, _T.c.assignment_id == _A.c.id)
    return select(
        _W.c.id,
        _W.c.assignment_id,
        _W.c.mode,
        _W.c.status,
        _W.c.closes_at,
        _W.c.pay_bonus_percent,
        _W.c.winner_id,
        _A.c.date,
        _A.c.status,
        _A.c.assigned_by,
        _T.c.arrive_by,
        _R.c.name,
        _H.c.name,
        _H.c.address,
        exists().where(_DECLINED.user_id == _DRIVER, _DECLINED.date == _A.c.date),
        busy,
        exists().where(_OFF.user_id == _DRIVER, _OFF.starts_on <= _A.c.date, _OFF.ends_on >= _A.c.date),
        _W.c.id.in_(_ASKED_FOR),
        select(_BID.status)
        .where(_BID.assignment_id == _A.c.id, _BID.user_id == _DRIVER)
        .order_by(_BID.bid_at.desc(), _BID.id)
        .limit(1)
        .correlate(_A)
        .scalar_subquery(),
        select(func.count())
        .where(_BID.assignment_id == _A.c.id, _BID.status == BidStatus.PENDING)
        .correlate(_A)
        .scalar_subquery(),
        _A.c.route_id,
        _A.c.warehouse_id,
    ).select_from(joined)


_OFFER = offers().where(_W.c.id == bindparam("window", type_=Uuid()))
_OPEN_OFFERS = (
    offers()
    .where(
        _W.c.id.in_(ASKED_AHEAD),
        _W.c.status == BidWindowStatus.OPEN,
    )
    .order_by(*SOONEST)
)
_TAKEN = (
    offers()
    .where(
        _W.c.winner_id == _DRIVER,
        _A.c.user_id == _W.c.winner_id,
        _A.c.status.in_(HELD),
        _W.c.closes_at > bindparam("now", type_=DateTime(timezone=True)),
    )
    .order_by(*SOONEST)
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
    """What this driver was asked to take and is still open, also where he declined the day; the soonest first.

    Whether he may take it (R6.3) is looked at when he says so, and he is told why not.
    """
    rows = await session.execute(_OPEN_OFFERS, {"driver": driver_id, "first": time.local_day(now, policy)})
    offers = (offer_from(row, driver_id, policy, now) for row in rows)
    return tuple(offer for offer in offers if offer.open and not offer.busy)


async def taken_offers(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> tuple[Offer, ...]:
    """What this driver took and still has, until its window would have closed; the soonest first."""
    rows = await session.execute(_TAKEN, {"driver": driver_id, "now": now})
    return tuple(offer_from(row, driver_id, policy, now) for row in rows)
