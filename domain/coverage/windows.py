"""The windows of a manager's warehouses: which are open, how each is doing, and who has bid (R6.8)."""

import dataclasses
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, Integer, Row, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import time
from domain.bidding import queries as bidding
from domain.bidding.rules import Parts, Standing, first_refusal, parts, ranked
from domain.bidding.standing import SlotKey
from domain.coverage.queries import free_for
from domain.coverage.reopening import bonus_to_ask_with
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    AuditLog,
    Bid,
    BidWindow,
    DayDecline,
    Route,
    User,
    Warehouse,
)
from domain.db.models.words import AssignedBy, AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus
from domain.db.sql import sql
from domain.pages import cut, nearest
from domain.people.queries import manages
from domain.policy import Policy
from domain.refusals import Refusal

FIRST_BIDS: Final = 5  # that a window's card shows by itself


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window that is open: until when, how many have bid, how many were asked."""

    window_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    mode: BidWindowMode
    closes_at: datetime
    bids: int
    asked: int


@dataclass(frozen=True, slots=True)
class OpenWindows:
    """Some of a manager's open windows, those that close first; `total` counts all."""

    windows: tuple[OpenWindow, ...]
    total: int
    page: int
    pages: int


_OPEN = sql(
    """
    SELECT w.id, r.name AS route, there.name AS warehouse, a.date, w.mode::text, w.closes_at,
           (SELECT count(*) FROM bids b WHERE b.assignment_id = a.id AND b.status = 'pending') AS bids,
           (SELECT count(*) FROM window_asks ask WHERE ask.window_id = w.id) AS asked, count(*) OVER () AS total
    FROM bid_windows w
    JOIN assignments a ON a.id = w.assignment_id
    JOIN routes r ON r.id = a.route_id
    JOIN warehouses there ON there.id = a.warehouse_id
    WHERE w.status = 'open' AND a.status = 'unfilled' AND EXISTS (
        SELECT FROM desks mine WHERE mine.user_id = :manager AND mine.warehouse_id = a.warehouse_id)
        AND (CAST(:routes AS uuid[]) IS NULL OR a.route_id = ANY (:routes))
        AND (CAST(:first AS date) IS NULL OR a.date BETWEEN :first AND :last)
    ORDER BY w.closes_at, a.date, there.name, length(r.name), r.name, w.id
    LIMIT :most OFFSET :before
    """,
    manager=Uuid(),
    routes=ARRAY(Uuid()),
    first=Date(),
    last=Date(),
    most=Integer(),
    before=Integer(),
)


async def open_windows(
    session: AsyncSession,
    manager_id: uuid.UUID,
    page: int,
    per_page: int,
    *,
    routes: Collection[uuid.UUID] | None = None,
    days: tuple[date, date] | None = None,
) -> OpenWindows:
    """A page of them; one that there is not is the first. `routes`, `days` (both included): those of these shifts."""
    page, (first, last) = max(page, 0), days or (None, None)
    of = {"routes": None if routes is None else list(routes), "first": first, "last": last}
    rows = (
        await session.execute(_OPEN, {"manager": manager_id, "most": per_page, "before": page * per_page} | of)
    ).all()
    if not rows and page:
        return await open_windows(session, manager_id, 0, per_page, routes=routes, days=days)
    windows = tuple(_open_window(row) for row in rows)
    total = rows[0].total if rows else 0
    return OpenWindows(windows, total, *nearest(page, total, per_page))


def _open_window(row: Row[Any]) -> OpenWindow:
    return OpenWindow(
        window_id=row.id,
        route=row.route,
        warehouse=row.warehouse,
        on=row.date,
        mode=BidWindowMode(row.mode),
        closes_at=row.closes_at,
        bids=row.bids,
        asked=row.asked,
    )


@dataclass(frozen=True, slots=True)
class RankedBid:
    """A bid as a manager sees it; `rank` from 1 on. `refusal`: why the slot can't go to this driver, if it can't."""

    rank: int
    name: str
    parts: Parts
    load: int
    cap: int
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class WindowCard:
    """How a window is doing, for a manager.

    `winner` has taken the slot through it, at `taken_at`, unless a manager has given it to him; `driver` has the slot
    now, be it by a later window. `unfilled`: nobody has. `bids`: the first of those who wait for its award, or waited
    for it; `bid_count`: how many there are. `extendable`: an emergency that does not close at the end of its day yet.
    `left`: had the slot, and has it no more. `emergency_bonus`: what an emergency for it would start with, in percent.
    `awardable`: one of those who have bid gets it at once, should it become an emergency (R6.9).
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
    bids: tuple[RankedBid, ...] = ()
    bid_count: int = 0
    extendable: bool = False
    left: str | None = None
    emergency_bonus: int = 0
    awardable: bool = False


_ASKED, _HAS_IT = bidding.asked(bindparam("window", type_=Uuid())), aliased(User)
_CARD = (
    select(
        BidWindow,
        Assignment,
        Route.name,
        Warehouse.name,
        User.first_name + " " + User.last_name,
        _HAS_IT.first_name + " " + _HAS_IT.last_name,
        AssignmentTerms.arrive_by,
        select(func.count()).select_from(_ASKED.subquery()).scalar_subquery(),
        select(func.count())
        .where(DayDecline.user_id.in_(_ASKED), DayDecline.on == Assignment.on)
        .correlate(Assignment)
        .scalar_subquery(),
    )
    .join(Assignment, Assignment.id == BidWindow.assignment_id)
    .join(Route, Route.id == Assignment.route_id)
    .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
    .outerjoin(User, User.id == BidWindow.winner_id)
    .outerjoin(_HAS_IT, _HAS_IT.id == Assignment.user_id)
    .outerjoin(AssignmentTerms, AssignmentTerms.assignment_id == Assignment.id)
    .where(
        BidWindow.id == bindparam("window", type_=Uuid()),
        manages(bindparam("manager", type_=Uuid()), Assignment.warehouse_id),
    )
)


async def window_card(
    session: AsyncSession, manager_id: uuid.UUID, window_id: uuid.UUID, policy: Policy
) -> WindowCard | None:
    """A window of a slot in the manager's warehouses; None where there is none or it isn't his (R12.3)."""
    found = await session.execute(_CARD, {"window": window_id, "manager": manager_id})
    row = found.one_or_none()
    if row is None:
        return None
    window, slot, route, warehouse, winner, driver_name, arrive_by, asked_count, declined = row
    at_cap, open_ = 0, window.status is BidWindowStatus.OPEN
    emergency = window.mode is BidWindowMode.EMERGENCY
    if open_:
        key = SlotKey(window_id, slot.route_id, slot.warehouse_id, slot.on, emergency)
        _, at_cap = await free_for(session, key, policy)
    bids = await _bids(session, window, slot, policy)
    took_it = winner is not None and slot.assigned_by is AssignedBy.BID
    gone = slot.status is AssignmentStatus.CANCELLED
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
        taken_at=slot.confirmed_at if took_it else None,
        arrive_by=arrive_by,
        driver=None if gone else driver_name,
        unfilled=slot.status is AssignmentStatus.UNFILLED,
        asked=asked_count,
        declined=declined,
        free_at_cap=at_cap,
        bids=tuple(bids[:FIRST_BIDS]),
        bid_count=len(bids),
        extendable=open_ and emergency and window.closes_at < time.local_instant(slot.on, policy.day_ends, policy),
        left=driver_name if gone else None,
        emergency_bonus=await bonus_to_ask_with(session, slot.id, policy),
        awardable=open_ and any(each.refusal is None for each in bids),
    )


@dataclass(frozen=True, slots=True)
class Bids:
    """Some of a window's bids, the best first."""

    window_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    bids: tuple[RankedBid, ...]
    total: int
    page: int
    pages: int


async def bids_of(
    session: AsyncSession, manager_id: uuid.UUID, window_id: uuid.UUID, page: int, per_page: int, policy: Policy
) -> Bids | None:
    """All of them, in pages; None where there is no such window or it isn't the manager's (R12.3)."""
    found = await session.execute(
        select(BidWindow, Assignment, Route.name, Warehouse.name)
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .where(BidWindow.id == window_id, manages(manager_id, Assignment.warehouse_id))
    )
    row = found.one_or_none()
    if row is None:
        return None
    window, slot, route, warehouse = row
    bids = await _bids(session, window, slot, policy)
    some, page, pages = cut(bids, page, per_page)
    return Bids(window_id, route, warehouse, slot.on, some, len(bids), page, pages)


async def _bids(session: AsyncSession, window: BidWindow, slot: Assignment, policy: Policy) -> list[RankedBid]:
    """Of an open window as they stand at this moment, of one that was resolved as they stood then (R6.5)."""
    if window.mode is not BidWindowMode.COMPETITIVE:
        return []
    if window.status is not BidWindowStatus.OPEN:
        return await _bids_then(session, window.id, policy)
    pending = select(Bid.id).where(Bid.assignment_id == slot.id, Bid.status == BidStatus.PENDING)
    if await session.scalar(pending.limit(1)) is None:
        return []
    key = SlotKey(window.id, slot.route_id, slot.warehouse_id, slot.on, emergency=False)
    order = ranked(await bidding.bidders(session, key, slot.id, policy), policy)
    stands = [(each.standing, first_refusal(each.standing)) for each in order]
    return await _named(session, stands, policy)


async def _bids_then(session: AsyncSession, window_id: uuid.UUID, policy: Policy) -> list[RankedBid]:
    """From the facts that the audit entry of the award keeps, in the order in which they were ranked."""
    entry = select(AuditLog.changes).where(
        AuditLog.entity_type == "bid_window", AuditLog.entity_id == window_id, AuditLog.action == "resolved"
    )
    changes: Mapping[str, Any] = await session.scalar(entry.limit(1)) or {}
    kept = (changes.get("facts") or {}).get("bids", [])
    return await _named(session, [(_standing(each), _refusal(each)) for each in kept], policy)


def _standing(kept: Mapping[str, Any]) -> Standing:
    names = [field.name for field in dataclasses.fields(Standing)]
    return Standing(**{name: kept[name] for name in names} | {"driver_id": uuid.UUID(kept["driver_id"])})


def _refusal(kept: Mapping[str, Any]) -> Refusal | None:
    return Refusal(kept["refusal"]) if kept["refusal"] else None


async def _named(
    session: AsyncSession, stands: Sequence[tuple[Standing, Refusal | None]], policy: Policy
) -> list[RankedBid]:
    of = [standing.driver_id for standing, _ in stands]
    people = await session.execute(select(User.id, User.first_name + " " + User.last_name).where(User.id.in_(of)))
    names = {row[0]: row[1] for row in people}
    return [
        RankedBid(rank, names[his.driver_id], parts(his, policy), his.load, his.cap, refusal)
        for rank, (his, refusal) in enumerate(stands, start=1)
    ]
