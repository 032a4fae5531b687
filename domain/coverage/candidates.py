"""Whom a manager could give a slot to: ranked by the bid score, and why not, for the others (R7.3)."""

import functools
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, Select, Uuid, and_, bindparam, case, func, literal, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.bidding.rules import Parts, Standing, parts
from domain.bidding.standing import STANDING_FIELDS, SlotKey, standing, standing_from, standing_there
from domain.coverage.rules import refuse_assignment
from domain.db.models import Assignment, Bid, BidWindow, Route, User, Warehouse
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowMode, BidWindowStatus
from domain.pages import nearest
from domain.people.drivers import is_seen
from domain.people.queries import manages
from domain.policy import Policy
from domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class SlotHead:
    """A slot of the manager's that is to be filled; `bids`: how many drivers wait for its award."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    starts_at: datetime
    status: AssignmentStatus
    key: SlotKey
    window_open: bool
    bids: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A driver with regard to a slot; `refusal` None: it can be given to him. `declined`: he has said [Not today]."""

    standing: Standing
    parts: Parts  # of his score
    name: str
    refusal: Refusal | None
    has_bid: bool
    declined: bool


@dataclass(frozen=True, slots=True)
class Candidates:
    """Some of those who may work there, who can take it first, the best first; `free`: how many can."""

    slot: SlotHead
    candidates: tuple[Candidate, ...]
    free: int
    page: int
    pages: int


_HEAD = (
    select(
        Assignment.id,
        Assignment.route_id,
        Assignment.warehouse_id,
        Route.name.label("route"),
        Warehouse.name.label("warehouse"),
        Assignment.on,
        Assignment.status,
        BidWindow.id.label("window_id"),
        BidWindow.mode,
        select(func.count())
        .select_from(Bid)
        .where(Bid.assignment_id == Assignment.id, Bid.status == BidStatus.PENDING)
        .scalar_subquery()
        .label("bids"),
    )
    .join(Route, Route.id == Assignment.route_id)
    .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
    .outerjoin(BidWindow, and_(BidWindow.assignment_id == Assignment.id, BidWindow.status == BidWindowStatus.OPEN))
    .where(
        Assignment.id == bindparam("assignment", type_=Uuid()),
        manages(bindparam("manager", type_=Uuid()), Assignment.warehouse_id),
    )
)


async def slot_head(
    session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> SlotHead | None:
    """None where there is no such slot, or it isn't his (R12.3)."""
    row = (await session.execute(_HEAD, {"assignment": assignment_id, "manager": manager_id})).one_or_none()
    if row is None:
        return None
    window_id, emergency = row.window_id or row.id, row.mode is BidWindowMode.EMERGENCY
    return SlotHead(
        assignment_id=row.id,
        route=row.route,
        warehouse=row.warehouse,
        on=row.on,
        starts_at=time.shift_start(row.on, policy),
        status=row.status,
        key=SlotKey(window_id, row.route_id, row.warehouse_id, row.on, emergency),
        window_open=row.window_id is not None,
        bids=row.bids,
    )


def _with_bids(of: Select[Any]) -> Select[Any]:
    """A `standing` with the person's name, and whether he waits for the slot's award."""
    has_bid = select(Bid.bid_at).where(
        Bid.user_id == User.id,
        Bid.assignment_id == bindparam("assignment", type_=Uuid()),
        Bid.status == BidStatus.PENDING,
    )
    name = (User.first_name + " " + User.last_name).label("name")
    return of.add_columns(name, has_bid.scalar_subquery().label("bid_at"))


@functools.cache
def _candidates(policy: Policy) -> Select[Any]:
    """One statement for all who may work there that day: who can take it, who could but for his cap, then the others;
    each by score, as bids are ranked (R6.4)."""
    of = _with_bids(standing_there(policy)).subquery("standing")
    fit = and_(not_(of.c.flagged), of.c.in_pool, not_(of.c.busy), not_(of.c.away))
    place = case((not_(fit), literal(2)), (of.c.load >= of.c.cap, literal(1)), else_=literal(0))
    shown = [of.c[name] for name in (*STANDING_FIELDS, "declined", "name", "bid_at")]
    return (
        select(*shown, func.count().over().label("all"), func.count().filter(place == 0).over().label("free"))
        .where(of.c.is_driver, of.c.employed, of.c.may_work_there)
        .order_by(place, of.c.score.desc(), of.c.load, of.c.bid_at.nulls_last(), of.c.driver_id)
        .limit(bindparam("most"))
        .offset(bindparam("before"))
    )


async def candidates(
    session: AsyncSession, manager_id: uuid.UUID, assignment_id: uuid.UUID, page: int, per_page: int, policy: Policy
) -> Candidates | None:
    """A page of them; None where there is no such slot, or it isn't the manager's (R12.3)."""
    slot = await slot_head(session, manager_id, assignment_id, policy)
    if slot is None:
        return None
    page = max(page, 0)
    given = slot.key.given | {"assignment": assignment_id, "most": per_page, "before": page * per_page}
    rows = (await session.execute(_candidates(policy), given)).mappings().all()
    if not rows and page:
        return await candidates(session, manager_id, assignment_id, 0, per_page, policy)
    every, free = (rows[0]["all"], rows[0]["free"]) if rows else (0, 0)
    found = tuple(_candidate(row, policy) for row in rows)
    return Candidates(slot, found, free, *nearest(page, every, per_page))


def _candidate(row: RowMapping, policy: Policy) -> Candidate:
    his = standing_from(row)
    refusal = refuse_assignment(his, None, policy)
    return Candidate(his, parts(his, policy), row["name"], refusal, row["bid_at"] is not None, row["declined"])


@functools.cache
def _candidate_of(policy: Policy) -> Select[Any]:
    return _with_bids(standing(policy)).where(User.id == bindparam("driver", type_=Uuid()))


async def candidate(
    session: AsyncSession, manager_id: uuid.UUID, slot: SlotHead, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> Candidate | None:
    """One driver; None for who neither may work there nor is one whom the manager may look at (R12.3)."""
    given = slot.key.given | {"assignment": slot.assignment_id, "driver": driver_id}
    row = (await session.execute(_candidate_of(policy), given)).mappings().one_or_none()
    if row is None:
        return None
    found, today = _candidate(row, policy), time.local_day(now, policy)
    known = found.standing.may_work_there or await is_seen(session, manager_id, driver_id, today)
    return found if known else None
