"""What is covered and what is not, and how a window is doing."""

import contextlib
import functools
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import time
from domain.bidding.standing import SlotKey, has_room, may_take, standing_there
from domain.coverage.rules import SlotFacts, opening_for
from domain.db.models import (
    Assignment,
    Bid,
    BidWindow,
    Route,
    User,
    Warehouse,
    desks,
)
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus
from domain.pages import nearest
from domain.people.queries import manages, warehouses_of
from domain.policy import Policy
from domain.refusals import Refusal, Refused


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
    session: AsyncSession,
    manager_id: uuid.UUID,
    today: date,
    page: int,
    per_page: int,
    *,
    routes: Collection[uuid.UUID] | None = None,
    on: date | None = None,
) -> UncoveredPage:
    """The unfilled slots from `today` on in the manager's warehouses; `routes`, `on`: those of these, of that day."""
    # His warehouses first: how many of the company's slots are his, the planner can only guess where it looks for both.
    mine = [
        Assignment.status == AssignmentStatus.UNFILLED,
        Assignment.on >= today,
        Assignment.warehouse_id.in_(await warehouses_of(session, manager_id)),
    ]
    if routes is not None:
        mine.append(Assignment.route_id.in_(routes))
    if on is not None:
        mine.append(Assignment.on == on)
    base = select(Assignment.id).join(Route, Route.id == Assignment.route_id).where(*mine)
    total = await session.scalar(select(func.count()).select_from(base.subquery())) or 0
    page, pages = nearest(page, total, per_page)
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


class _Opened(Exception):
    """Somebody has opened a window while we waited for the assignment."""


async def slot_locked(session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID) -> SlotFacts | None:
    """A slot of the manager's, locked; None where there is none or it isn't his (R12.3).

    Its open window is locked first, as by all who lock both. Where one is opened meanwhile, both are locked anew: a
    driver may have it already, and wait for the assignment.
    """
    while True:
        with contextlib.suppress(_Opened):
            async with session.begin_nested():
                return await _slot_locked(session, manager_id, assignment_id)


async def _slot_locked(session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID) -> SlotFacts | None:
    open_ = select(BidWindow.id).where(
        BidWindow.assignment_id == assignment_id, BidWindow.status == BidWindowStatus.OPEN
    )
    window_id = await session.scalar(open_.with_for_update(key_share=True))
    # Looked up, since whoever is waited for may have moved the route, as in `bidding.queries` (R12.5).
    warehouse = select(Warehouse.name).where(Warehouse.id == Assignment.warehouse_id).scalar_subquery()
    locked = await session.execute(
        select(
            Assignment.id,
            Assignment.route_id,
            Assignment.warehouse_id,
            Route.name,
            warehouse,
            Assignment.on,
            Assignment.status,
        )
        .join(Route, Route.id == Assignment.route_id)
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
    if window is not None and window.id != window_id:
        raise _Opened
    return SlotFacts(*row, *(window or (None, None, False)))


async def open_window_there(session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID) -> uuid.UUID | None:
    """The window that is open for the slot of a row, be the slot another row's by now; for its managers (R12.3)."""
    was = aliased(Assignment)
    found = (
        select(BidWindow)
        .join(Assignment, _OPEN)
        .join(was, and_(was.route_id == Assignment.route_id, was.on == Assignment.on))
        .where(was.id == assignment_id, manages(manager_id, was.warehouse_id))
    )
    window = await session.scalar(found)
    return window.id if window else None


def key_of_slot(slot: SlotFacts) -> SlotKey:
    """For what `standing` says of it; without an open window it stands for itself."""
    emergency = slot.open_mode is BidWindowMode.EMERGENCY
    return SlotKey(slot.open_window_id or slot.assignment_id, slot.route_id, slot.warehouse_id, slot.on, emergency)


async def refuse_hand(
    session: AsyncSession, manager_id: uuid.UUID, window_id: uuid.UUID, now: datetime
) -> Refused | None:
    """What a window says to its manager's hand, once it is locked: not his, or over; None where it is open."""
    await session.execute(select(BidWindow.id).where(BidWindow.id == window_id).with_for_update(key_share=True))
    # Read once the lock is got: its route may be another warehouse's by now (R12.5).
    found = await session.execute(
        select(BidWindow.status, BidWindow.closes_at)
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .where(BidWindow.id == window_id, manages(manager_id, Assignment.warehouse_id))
    )
    row = found.one_or_none()
    if row is None:
        return Refused(Refusal.NOT_FOUND)
    return None if row.status is BidWindowStatus.OPEN and now < row.closes_at else Refused(Refusal.WINDOW_OVER)


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
    free: int  # drivers who could be asked now
    free_at_cap: int  # and those who are free but at their weekly cap


async def slot_card(
    session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> SlotCard | None:
    """A slot of the manager's; None where there is none or it isn't his (R12.3).

    Who is free is counted for the window that would be opened for it at this moment (R6.2, R6.3).
    """
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
    opening = opening_for(on, policy, now)
    emergency = opening is None or opening.mode is BidWindowMode.EMERGENCY
    key = SlotKey(window_id or assignment_id, route_id, warehouse_id, on, emergency)
    free, at_cap = await free_for(session, key, policy)
    driver = f"{first_name} {last_name}" if first_name else None
    starts_at = time.shift_start(on, policy)
    return SlotCard(assignment_id, route, warehouse, on, starts_at, status, driver, window_id, free, at_cap)


@functools.cache
def _counts_of_free(policy: Policy) -> Select[tuple[bool, int]]:
    of = standing_there(policy).subquery("standing")
    below_cap = has_room(of).label("below_cap")  # grouped by, so that it is looked up once for each driver
    return (
        select(below_cap, func.count()).where(may_take(of, but_for_cap=True), not_(of.c.declined)).group_by("below_cap")
    )


async def free_for(session: AsyncSession, slot: SlotKey, policy: Policy) -> tuple[int, int]:
    """How many drivers may take the slot and haven't said [Not today], and how many only their cap keeps from it."""
    counts = dict((await session.execute(_counts_of_free(policy), slot.given)).tuples().all())
    return counts.get(True, 0), counts.get(False, 0)


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
        .join(desks, desks.c.warehouse_id == Warehouse.id)
        .outerjoin(
            Assignment,
            and_(
                Assignment.warehouse_id == Warehouse.id,
                Assignment.on == today,
                Assignment.status != AssignmentStatus.CANCELLED,
            ),
        )
        .where(desks.c.user_id == manager_id)
        .group_by(Warehouse.id)
        .order_by(Warehouse.name)
    )
    return tuple(WarehouseToday(*row) for row in rows)
