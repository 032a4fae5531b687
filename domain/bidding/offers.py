"""Offers, as the drivers who were asked see them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Row, Select, Uuid, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import time
from domain.bidding.queries import HELD
from domain.db.models import Assignment, AssignmentTerms, BidWindow, DayDecline, Route, Warehouse, WindowAsk
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Offer:
    """A window as a driver who may take it sees it."""

    window_id: uuid.UUID
    route: str
    warehouse: str
    address: str
    on: date
    starts_at: datetime
    is_today: bool
    arrive_by: datetime  # as awarded, or the earliest that it may be
    arrive_within: timedelta  # of accepting, where that is later
    closes_at: datetime
    bonus_percent: int
    open: bool
    taken: bool
    mine: bool
    declined: bool
    busy: bool  # he has another shift that day


def _offers() -> Select[Any]:
    driver = bindparam("driver", type_=Uuid())
    other = aliased(Assignment)
    busy = exists().where(
        other.user_id == driver, other.on == Assignment.on, other.status.in_(HELD), other.id != Assignment.id
    )
    return (
        select(
            BidWindow,
            Assignment.on,
            Assignment.status,
            AssignmentTerms.arrive_by,
            Route.name,
            Warehouse.name,
            Warehouse.address,
            exists().where(DayDecline.user_id == driver, DayDecline.on == Assignment.on),
            busy,
        )
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .outerjoin(AssignmentTerms, AssignmentTerms.assignment_id == Assignment.id)
        .where(BidWindow.mode != BidWindowMode.COMPETITIVE)
    )


_ASKED_FOR = select(WindowAsk.window_id).where(WindowAsk.user_id == bindparam("driver", type_=Uuid()))
_OFFER = _offers().where(
    BidWindow.id == bindparam("window", type_=Uuid()),
    or_(BidWindow.winner_id == bindparam("driver", type_=Uuid()), BidWindow.id.in_(_ASKED_FOR)),
)
_OPEN_OFFERS = (
    _offers()
    .where(BidWindow.id.in_(_ASKED_FOR), BidWindow.status == BidWindowStatus.OPEN)
    .order_by(Assignment.on, Route.name, BidWindow.id)
)
_TAKEN = (
    _offers()
    .where(
        BidWindow.winner_id == bindparam("driver", type_=Uuid()),
        Assignment.user_id == BidWindow.winner_id,
        Assignment.status.in_(HELD),
        BidWindow.closes_at > bindparam("now", type_=DateTime(timezone=True)),
    )
    .order_by(Assignment.on, Route.name, BidWindow.id)
)


def _offer(row: Row[Any], driver_id: uuid.UUID, policy: Policy, now: datetime) -> Offer:
    window, on, status, arrive_by, route, warehouse, address, declined, busy = row
    unfilled = status is AssignmentStatus.UNFILLED
    return Offer(
        window_id=window.id,
        route=route,
        warehouse=warehouse,
        address=address,
        on=on,
        starts_at=time.shift_start(on, policy),
        is_today=on == time.local_day(now, policy),
        arrive_by=arrive_by or time.arrive_by(on, None, policy),
        arrive_within=policy.arrive_within,
        closes_at=window.closes_at,
        bonus_percent=window.pay_bonus_percent,
        open=unfilled and window.status is BidWindowStatus.OPEN and now < window.closes_at,
        taken=window.winner_id is not None or status in HELD,
        mine=window.winner_id == driver_id,
        declined=declined,
        busy=busy,
    )


async def offer(
    session: AsyncSession, driver_id: uuid.UUID, window_id: uuid.UUID, policy: Policy, now: datetime
) -> Offer | None:
    """An instant or emergency window that this driver was asked for, or has; others are not shown to him (R12.3)."""
    row = (await session.execute(_OFFER, {"driver": driver_id, "window": window_id})).one_or_none()
    return None if row is None else _offer(row, driver_id, policy, now)


async def open_offers(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> tuple[Offer, ...]:
    """What this driver was asked to take and still can, also where he declined the day; the soonest first."""
    rows = await session.execute(_OPEN_OFFERS, {"driver": driver_id})
    offers = (_offer(row, driver_id, policy, now) for row in rows)
    return tuple(offer for offer in offers if offer.open and not offer.busy)


async def taken_offers(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> tuple[Offer, ...]:
    """What this driver took and still has, until its window would have closed; the soonest first."""
    rows = await session.execute(_TAKEN, {"driver": driver_id, "now": now})
    return tuple(_offer(row, driver_id, policy, now) for row in rows)
