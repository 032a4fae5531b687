"""Which groups are connected, and what is said in one of a route that needs a driver (R12.3)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import time
from domain.db.models import Assignment, BidWindow, Route, User, Warehouse, WarehouseGroup, desks
from domain.db.models.words import AssignmentStatus, BidWindowMode, BidWindowStatus
from domain.people.queries import manages
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Site:
    """One of a manager's warehouses, and the group that is connected to it, if one is."""

    warehouse_id: uuid.UUID
    warehouse: str
    group_id: uuid.UUID | None
    title: str | None
    chat_id: int | None


async def sites(session: AsyncSession, manager_id: uuid.UUID) -> tuple[Site, ...]:
    """The manager's warehouses, by name."""
    rows = await session.execute(
        select(Warehouse.id, Warehouse.name, WarehouseGroup.id, WarehouseGroup.title, WarehouseGroup.chat_id)
        .join(desks, desks.c.warehouse_id == Warehouse.id)
        .outerjoin(WarehouseGroup, (WarehouseGroup.warehouse_id == Warehouse.id) & WarehouseGroup.ended_at.is_(None))
        .where(desks.c.user_id == manager_id)
        .order_by(Warehouse.name, Warehouse.id)
    )
    return tuple(Site(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Forsaken:
    """A group that was connected to this warehouse: a manager has ended that, or nobody vouches for it any more."""

    language: str
    warehouse: str
    by_manager: bool


async def forsaken(session: AsyncSession, group_id: uuid.UUID) -> Forsaken | None:
    """None where it goes on, or the chat is connected anew."""
    anew = aliased(WarehouseGroup)
    of = select(WarehouseGroup.language, Warehouse.name, WarehouseGroup.ended_by.is_not(None)).join(
        Warehouse, Warehouse.id == WarehouseGroup.warehouse_id
    )
    ended = of.where(
        WarehouseGroup.id == group_id,
        WarehouseGroup.ended_at.is_not(None),
        not_(exists().where(anew.chat_id == WarehouseGroup.chat_id, anew.ended_at.is_(None))),
    )
    row = (await session.execute(ended)).one_or_none()
    return None if row is None else Forsaken(*row)


@dataclass(frozen=True, slots=True)
class GroupCall:
    """A route that needs, or needed, a driver, as a group may read it: no phone, no score, no reason, a first name.

    `mode` and `closes_at` are those of the window that is open for it at this moment, if one is. `covered_by`: who has
    it now. Neither `unfilled` nor covered: it does not run, or it is told of anew below. `over`: its day is.
    """

    language: str
    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    starts_at: datetime
    unfilled: bool
    covered_by: str | None
    over: bool
    mode: BidWindowMode | None
    closes_at: datetime | None
    bonus_percent: int


async def group_call(
    session: AsyncSession, group_id: uuid.UUID, window_id: uuid.UUID, policy: Policy, now: datetime
) -> GroupCall | None:
    """As it stands; None where the group is no longer connected, or nobody vouches for it any more."""
    here, open_ = aliased(BidWindow), aliased(BidWindow)
    found = await session.execute(
        select(WarehouseGroup.language, Assignment, Route.name, Warehouse.name, User.first_name, open_)
        .join(Assignment, Assignment.warehouse_id == WarehouseGroup.warehouse_id)
        .join(here, here.assignment_id == Assignment.id)
        .join(Route, Route.id == Assignment.route_id)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .outerjoin(User, User.id == Assignment.user_id)
        .outerjoin(open_, (open_.assignment_id == Assignment.id) & (open_.status == BidWindowStatus.OPEN))
        .where(
            WarehouseGroup.id == group_id,
            WarehouseGroup.ended_at.is_(None),
            manages(WarehouseGroup.connected_by, WarehouseGroup.warehouse_id),
            here.id == window_id,
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    language, slot, route, warehouse, first_name, window = row
    gone = slot.status is AssignmentStatus.CANCELLED
    return GroupCall(
        language=language,
        assignment_id=slot.id,
        route=route,
        warehouse=warehouse,
        on=slot.on,
        starts_at=time.shift_start(slot.on, policy),
        unfilled=slot.status is AssignmentStatus.UNFILLED,
        covered_by=None if gone else first_name,
        over=slot.on < time.local_day(now, policy),
        mode=window.mode if window else None,
        closes_at=window.closes_at if window else None,
        bonus_percent=window.pay_bonus_percent if window else 0,
    )
