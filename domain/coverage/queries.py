"""What is covered and what is not, and how a window is doing."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import time
from domain.bidding import queries as bidding
from domain.bidding.queries import SlotKey, may_take, standing
from domain.coverage.rules import SlotFacts
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    Bid,
    BidWindow,
    DayDecline,
    Route,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus, UserRole
from domain.people.queries import manages
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A slot without a driver."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    window_id: uuid.UUID | None
    mode: BidWindowMode | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class UncoveredPage:
    """Some of a manager's uncovered slots, nearest day first; `total` counts all."""

    slots: tuple[Uncovered, ...]
    total: int
    page: int
    pages: int


_OPEN = and_(BidWindow.assignment_id == Assignment.id, BidWindow.status == BidWindowStatus.OPEN)


async def uncovered(
    session: AsyncSession, manager_id: uuid.UUID, today: date, page: int, per_page: int, *, route: str | None = None
) -> UncoveredPage:
    """The unfilled slots from `today` on in the manager's warehouses; `route`: those of the routes with this name."""
    mine = [
        Assignment.status == AssignmentStatus.UNFILLED,
        Assignment.on >= today,
        manages(manager_id, Assignment.warehouse_id),
    ]
    if route is not None:
        mine.append(func.lower(Route.name) == route.lower())
    base = select(Assignment.id).join(Route, Route.id == Assignment.route_id).where(*mine)
    total = await session.scalar(select(func.count()).select_from(base.subquery())) or 0
    pages = max(1, -(-total // per_page))
    page = min(max(page, 0), pages - 1)
    rows = await session.execute(
        select(
            Assignment.id,
            Route.name,
            Warehouse.name,
            Assignment.on,
            BidWindow.id,
            BidWindow.mode,
            BidWindow.closes_at,
        )
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .outerjoin(BidWindow, _OPEN)
        .where(*mine)
        .order_by(Assignment.on, Warehouse.name, func.length(Route.name), Route.name, Assignment.id)
        .limit(per_page)
        .offset(page * per_page)
    )
    return UncoveredPage(tuple(Uncovered(*row) for row in rows), total, page, pages)


async def slot_locked(session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID) -> SlotFacts | None:
    """A slot of the manager's, its assignment locked; None where there is none or it isn't his (R12.3)."""
    # A window that is open already may be raised: it is locked first, as by all who lock both.
    open_ = select(BidWindow.id).where(
        BidWindow.assignment_id == assignment_id, BidWindow.status == BidWindowStatus.OPEN
    )
    await session.execute(open_.with_for_update(key_share=True))
    locked = await session.execute(
        select(
            Assignment.id,
            Assignment.route_id,
            Assignment.warehouse_id,
            Route.name,
            Warehouse.name,
            Assignment.on,
            Assignment.status,
        )
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .where(Assignment.id == assignment_id, manages(manager_id, Assignment.warehouse_id))
        .with_for_update(of=Assignment, key_share=True)
    )
    row = locked.one_or_none()
    if row is None:
        return None
    # Read after the lock was got: whoever opens a window holds it.
    bids = exists().where(Bid.assignment_id == assignment_id, Bid.status == BidStatus.PENDING)
    window = (
        await session.execute(
            select(BidWindow.id, BidWindow.mode, bids).where(
                BidWindow.assignment_id == assignment_id, BidWindow.status == BidWindowStatus.OPEN
            )
        )
    ).one_or_none()
    return SlotFacts(*row, *(window or (None, None, False)))


@dataclass(frozen=True, slots=True)
class SlotCard:
    """What a manager sees before he opens a window."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    starts_at: datetime
    status: AssignmentStatus
    driver: str | None
    open_window_id: uuid.UUID | None
    free: int  # drivers who could take it now
    free_at_cap: int  # and those who are free but at their weekly cap


async def slot_card(
    session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> SlotCard | None:
    """A slot of the manager's; None where there is none or it isn't his (R12.3)."""
    found = await session.execute(
        select(
            Assignment.route_id,
            Assignment.warehouse_id,
            Route.name,
            Warehouse.name,
            Assignment.on,
            Assignment.status,
            User.first_name,
            User.last_name,
            BidWindow.id,
        )
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .outerjoin(User, User.id == Assignment.user_id)
        .outerjoin(BidWindow, _OPEN)
        .where(Assignment.id == assignment_id, manages(manager_id, Assignment.warehouse_id))
    )
    row = found.one_or_none()
    if row is None:
        return None
    route_id, warehouse_id, route, warehouse, on, status, first_name, last_name, window_id = row
    free, at_cap = await _free(session, SlotKey(window_id or assignment_id, route_id, warehouse_id, on), policy)
    driver = f"{first_name} {last_name}" if first_name else None
    starts_at = time.shift_start(on, policy)
    return SlotCard(assignment_id, route, warehouse, on, starts_at, status, driver, window_id, free, at_cap)


async def _free(session: AsyncSession, slot: SlotKey, policy: Policy) -> tuple[int, int]:
    """How many drivers may take the slot and haven't said [Not today], and how many only their cap keeps from it."""
    of = standing(policy).subquery("standing")
    counts = await session.execute(
        select(func.count().filter(may_take(of)), func.count().filter(not_(may_take(of)))).where(
            may_take(of, but_for_cap=True), not_(of.c.declined)
        ),
        slot.given,
    )
    free, at_cap = counts.one()
    return free, at_cap


@dataclass(frozen=True, slots=True)
class WindowCard:
    """How a window is doing, for a manager.

    `winner` has taken the slot through it; `driver` has the slot now, be it by a later window. `unfilled`: nobody has.
    """

    window_id: uuid.UUID
    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    starts_at: datetime
    mode: BidWindowMode
    status: BidWindowStatus
    opens_at: datetime
    closes_at: datetime
    bonus_percent: int
    winner: str | None
    taken_at: datetime | None
    arrive_by: datetime | None
    driver: str | None
    unfilled: bool
    asked: int
    declined: int
    free_at_cap: int


async def window_card(
    session: AsyncSession, manager_id: uuid.UUID, window_id: uuid.UUID, policy: Policy
) -> WindowCard | None:
    """A window of a slot in the manager's warehouses; None where there is none or it isn't his (R12.3)."""
    asked, driver = bidding.asked(window_id), aliased(User)
    found = await session.execute(
        select(
            BidWindow,
            Assignment,
            Route.name,
            Warehouse.name,
            User.first_name + " " + User.last_name,
            driver.first_name + " " + driver.last_name,
            AssignmentTerms.arrive_by,
            select(func.count()).select_from(asked.subquery()).scalar_subquery(),
            select(func.count())
            .where(DayDecline.user_id.in_(asked), DayDecline.on == Assignment.on)
            .correlate(Assignment)
            .scalar_subquery(),
        )
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .outerjoin(User, User.id == BidWindow.winner_id)
        .outerjoin(driver, driver.id == Assignment.user_id)
        .outerjoin(AssignmentTerms, AssignmentTerms.assignment_id == Assignment.id)
        .where(BidWindow.id == window_id, manages(manager_id, Assignment.warehouse_id))
    )
    row = found.one_or_none()
    if row is None:
        return None
    window, slot, route, warehouse, winner, driver_name, arrive_by, asked_count, declined = row
    at_cap = 0
    if window.status is BidWindowStatus.OPEN:
        _, at_cap = await _free(session, SlotKey(window_id, slot.route_id, slot.warehouse_id, slot.on), policy)
    return WindowCard(
        window_id=window_id,
        assignment_id=slot.id,
        route=route,
        warehouse=warehouse,
        on=slot.on,
        starts_at=time.shift_start(slot.on, policy),
        mode=window.mode,
        status=window.status,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        bonus_percent=window.pay_bonus_percent,
        winner=winner,
        taken_at=slot.confirmed_at if winner else None,
        arrive_by=arrive_by,
        driver=None if slot.status is AssignmentStatus.CANCELLED else driver_name,
        unfilled=slot.status is AssignmentStatus.UNFILLED,
        asked=asked_count,
        declined=declined,
        free_at_cap=at_cap,
    )


@dataclass(frozen=True, slots=True)
class WarehouseToday:
    """One warehouse's day in figures, for the manager's home card."""

    name: str
    slots: int
    uncovered: int


async def warehouses_today(session: AsyncSession, manager_id: uuid.UUID, today: date) -> tuple[WarehouseToday, ...]:
    """The manager's warehouses by name, with today's live slots and those without a driver."""
    rows = await session.execute(
        select(
            Warehouse.name,
            func.count(Assignment.id),
            func.count(Assignment.id).filter(Assignment.status == AssignmentStatus.UNFILLED),
        )
        .join(WarehouseManager, WarehouseManager.warehouse_id == Warehouse.id)
        .join(User, User.id == WarehouseManager.user_id)
        .outerjoin(
            Assignment,
            and_(
                Assignment.warehouse_id == Warehouse.id,
                Assignment.on == today,
                Assignment.status != AssignmentStatus.CANCELLED,
            ),
        )
        .where(WarehouseManager.user_id == manager_id, User.role == UserRole.MANAGER)
        .group_by(Warehouse.id)
        .order_by(Warehouse.name)
    )
    return tuple(WarehouseToday(*row) for row in rows)
