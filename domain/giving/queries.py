"""Shifts that are given away: under lock, and as those whom they concern see them (R5.5)."""

import functools
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Row, Select, Uuid, and_, bindparam, cast, exists, false, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain import time
from domain.bidding.open_shifts import EACH
from domain.bidding.queries import lock_people
from domain.bidding.rules import first_refusal
from domain.bidding.standing import SlotKey, may_take, standing, standing_of
from domain.db.models import Assignment, DayDecline, GiveAway, GiveAwayAsk, Route, User, Warehouse, WarehouseSettings
from domain.db.models.words import AssignmentStatus, GiveAwayEnd
from domain.giving.rules import GiveAwayFacts
from domain.people.queries import manages
from domain.policy import Policy
from domain.refusals import Refusal
from domain.shifts.queries import shift_locked


def key_of(given: GiveAwayFacts) -> SlotKey:
    """Its slot, for the standing of who would take it."""
    shift = given.shift
    return SlotKey(given.give_away_id, shift.route_id, shift.warehouse_id, shift.on, emergency=False)


_DRIVER = bindparam("driver", type_=Uuid())
_GIVE_AWAY, _ASSIGNMENT = bindparam("give_away", type_=Uuid()), bindparam("assignment", type_=Uuid())
_ASKED = exists().where(GiveAwayAsk.give_away_id == GiveAway.id, GiveAwayAsk.user_id == _DRIVER)
_IS_OFFERED = select(or_(GiveAway.token_hash.is_(None), GiveAway.giver_id == _DRIVER, _ASKED)).where(
    GiveAway.id == _GIVE_AWAY
)
_KEY = select(GiveAway.assignment_id, GiveAway.giver_id).where(GiveAway.id == _GIVE_AWAY)
_FACTS = (
    select(
        GiveAway.id,
        GiveAway.token_hash.is_(None).label("to_all"),
        GiveAway.taker_id,
        GiveAway.asking_id,
        GiveAway.outcome,
        func.coalesce(WarehouseSettings.approve_give_aways, false()).label("approved"),
    )
    .join(Assignment, Assignment.id == GiveAway.assignment_id)
    .outerjoin(WarehouseSettings, WarehouseSettings.warehouse_id == Assignment.warehouse_id)
    .where(GiveAway.id == _GIVE_AWAY)
)
_OPEN_OF = select(GiveAway.id).where(GiveAway.assignment_id == _ASSIGNMENT, GiveAway.ended_at.is_(None))
_MANAGED = (
    select(GiveAway.id)
    .join(Assignment, Assignment.id == GiveAway.assignment_id)
    .where(GiveAway.id == _GIVE_AWAY, manages(bindparam("manager", type_=Uuid()), Assignment.warehouse_id))
)


async def is_offered(session: AsyncSession, driver_id: uuid.UUID, give_away_id: uuid.UUID) -> bool:
    """Whether it is his affair: offered to all, or he has opened its link, or it is his own (R12.3)."""
    return bool(await session.scalar(_IS_OFFERED, {"driver": driver_id, "give_away": give_away_id}))


async def assignment_of(session: AsyncSession, give_away_id: uuid.UUID) -> uuid.UUID | None:
    """The giver's shift."""
    key = (await session.execute(_KEY, {"give_away": give_away_id})).one_or_none()
    return None if key is None else key.assignment_id


async def is_managed(session: AsyncSession, manager_id: uuid.UUID, give_away_id: uuid.UUID) -> bool:
    """Whether its route is of one of the manager's warehouses (R12.3)."""
    return await session.scalar(_MANAGED, {"manager": manager_id, "give_away": give_away_id}) is not None


async def open_of(session: AsyncSession, assignment_id: uuid.UUID) -> uuid.UUID | None:
    """The give-away of a shift, if it is open."""
    give_away_id: uuid.UUID | None = await session.scalar(_OPEN_OF, {"assignment": assignment_id})
    return give_away_id


async def locked(
    session: AsyncSession, give_away_id: uuid.UUID, policy: Policy, *, also: Iterable[uuid.UUID] = ()
) -> GiveAwayFacts | None:
    """One, with its assignment locked, then its people and those `also` concerned in one statement by id.

    Whoever changes it holds its assignment. None where there is no such.
    """
    key = (await session.execute(_KEY, {"give_away": give_away_id})).one_or_none()
    if key is None:
        return None
    shift = await shift_locked(session, key.giver_id, key.assignment_id, policy)
    assert shift is not None, "an assignment keeps its driver"
    row = (await session.execute(_FACTS, {"give_away": give_away_id})).one()  # under the lock: who takes it may change
    await lock_people(session, {key.giver_id, *([row.taker_id] if row.taker_id else []), *also})
    return GiveAwayFacts(row.id, row.to_all, row.taker_id, row.asking_id, row.outcome, row.approved, shift)


# -- as they are shown


class Stand(StrEnum):
    """Where it stands, for whoever looks at it."""

    OPEN = "open"
    WAITS = "waits"  # for a manager: for a colleague of the giver's, or for the reader himself who would take it
    TAKEN = "taken"
    MINE = "mine"  # the reader has taken it
    TAKEN_BACK = "taken_back"
    REFUSED = "refused"  # a manager did not agree
    OVER = "over"  # nobody took it in time: it is still the giver's
    GONE = "gone"  # it is not the giver's any more, for another reason


@dataclass(frozen=True, slots=True)
class GivenAway:
    """A shift that somebody gives away, as `stands` for the reader. `until`: when it is over.

    `giver` and `taker` are named where a link was forwarded, and to nobody where it was offered to all (R12.3).
    `told`: how many were told. `why`: what keeps the reader from taking it; `declined`: he has said [Not that day].
    """

    give_away_id: uuid.UUID
    assignment_id: uuid.UUID
    route: str
    warehouse: str
    address: str
    on: date
    starts_at: datetime
    arrive_by: datetime
    until: datetime
    to_all: bool
    approved: bool
    stands: Stand
    giver: str | None
    taker: str | None
    taker_id: uuid.UUID | None
    asking_id: uuid.UUID | None
    told: int
    why: Refusal | None = None
    declined: bool = False


_GIVER, _TAKER = aliased(User), aliased(User)
_CARDS = (
    select(
        GiveAway.id,
        GiveAway.assignment_id,
        GiveAway.giver_id,
        GiveAway.taker_id,
        GiveAway.asking_id,
        GiveAway.outcome,
        GiveAway.token_hash.is_(None).label("to_all"),
        Assignment.on.label("on"),
        Assignment.status,
        Assignment.route_id,
        Assignment.warehouse_id,
        Route.name.label("route"),
        Warehouse.name.label("warehouse"),
        Warehouse.address,
        (_GIVER.first_name + " " + _GIVER.last_name).label("giver"),
        (_TAKER.first_name + " " + _TAKER.last_name).label("taker"),
        select(func.count()).where(GiveAwayAsk.give_away_id == GiveAway.id).scalar_subquery().label("told"),
        func.coalesce(WarehouseSettings.approve_give_aways, false()).label("approved"),
    )
    .join(Assignment, Assignment.id == GiveAway.assignment_id)
    .join(Route, Route.id == Assignment.route_id)
    .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
    .join(_GIVER, _GIVER.id == GiveAway.giver_id)
    .outerjoin(_TAKER, _TAKER.id == GiveAway.taker_id)
    .outerjoin(WarehouseSettings, WarehouseSettings.warehouse_id == Assignment.warehouse_id)
)
_OF_ASSIGNMENT = _CARDS.where(GiveAway.assignment_id == _ASSIGNMENT).order_by(GiveAway.offered_at.desc()).limit(1)
_OWN = _OF_ASSIGNMENT.where(GiveAway.giver_id == _DRIVER)
_DECLINED = exists().where(DayDecline.user_id == _DRIVER, DayDecline.on == Assignment.on)
_OFFERED = _OF_ASSIGNMENT.where(_ASKED).add_columns(_DECLINED.label("declined"))
_BY_ID = _CARDS.where(GiveAway.id == _GIVE_AWAY)


def _card(row: Row[Any], reader_id: uuid.UUID | None, policy: Policy, now: datetime) -> GivenAway:
    return GivenAway(
        give_away_id=row.id,
        assignment_id=row.assignment_id,
        route=row.route,
        warehouse=row.warehouse,
        address=row.address,
        on=row.on,
        starts_at=time.shift_start(row.on, policy),
        arrive_by=time.arrive_by(row.on, now, policy),
        until=time.give_away_until(row.on, policy),
        to_all=row.to_all,
        approved=row.approved,
        stands=_stand(row, reader_id, policy, now),
        giver=None if row.to_all else row.giver,
        taker=None if row.to_all else row.taker,
        taker_id=row.taker_id,
        asking_id=row.asking_id,
        told=row.told,
    )


def _stand(row: Row[Any], reader_id: uuid.UUID | None, policy: Policy, now: datetime) -> Stand:
    match row.outcome:
        case GiveAwayEnd.TAKEN:
            return Stand.MINE if row.taker_id == reader_id else Stand.TAKEN
        case _ if row.status is AssignmentStatus.CANCELLED:
            return Stand.GONE
        case GiveAwayEnd.TAKEN_BACK:
            return Stand.TAKEN_BACK
        case GiveAwayEnd.REFUSED:
            return Stand.REFUSED
        case GiveAwayEnd.OVER:
            return Stand.OVER
    if row.status is not AssignmentStatus.SCHEDULED or now >= time.give_away_until(row.on, policy):
        return Stand.OVER
    if row.taker_id is None:
        return Stand.OPEN
    return Stand.WAITS if reader_id in (row.taker_id, row.giver_id, None) else Stand.TAKEN


async def own_card(
    session: AsyncSession, giver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> GivenAway | None:
    """What the driver sees of the shift that he gives or gave away; None where he does not."""
    row = (await session.execute(_OWN, {"driver": giver_id, "assignment": assignment_id})).one_or_none()
    return None if row is None else _card(row, giver_id, policy, now)


async def offered_card(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> GivenAway | None:
    """What a driver sees who was told of it, or has opened its link; None for anybody else (R12.3)."""
    row = (await session.execute(_OFFERED, {"driver": driver_id, "assignment": assignment_id})).one_or_none()
    if row is None:
        return None
    if _stand(row, driver_id, policy, now) is not Stand.OPEN:
        return _card(row, driver_id, policy, now)
    slot = SlotKey(row.id, row.route_id, row.warehouse_id, row.on, emergency=False)
    why = first_refusal(await standing_of(session, slot, driver_id, policy))
    return replace(_card(row, driver_id, policy, now), why=why, declined=row.declined)


async def card_by_id(session: AsyncSession, give_away_id: uuid.UUID, policy: Policy, now: datetime) -> GivenAway | None:
    """As a manager sees it, who was asked for his word."""
    row = (await session.execute(_BY_ID, {"give_away": give_away_id})).one_or_none()
    return None if row is None else _card(row, None, policy, now)


@functools.cache
def _open_to(policy: Policy, of_all: bool) -> Select[Any]:
    """The columns as above of those that a driver may take; built once. `of_all` False: of those he was told of."""
    monday = cast(func.date_trunc("week", Assignment.on), Date)
    open_ = (
        select(
            GiveAway.id.label("window_id"),
            Assignment.route_id,
            Assignment.warehouse_id,
            Assignment.on.label("slot_on"),
            false().label("emergency"),
            monday.label("monday"),
            (monday + 6).label("sunday"),
        )
        .join(Assignment, Assignment.id == GiveAway.assignment_id)
        .where(
            GiveAway.ended_at.is_(None),
            GiveAway.taker_id.is_(None),
            GiveAway.giver_id != _DRIVER,
            or_(GiveAway.token_hash.is_(None), _ASKED) if of_all else and_(_ASKED, not_(_DECLINED)),
            Assignment.status == AssignmentStatus.SCHEDULED,
            Assignment.on >= bindparam("first", type_=Date()),
        )
        .cte("open_")
    )
    stands = standing(policy, EACH).where(User.id == _DRIVER).lateral("stands")
    for_him = select(open_.c.window_id).select_from(open_.join(stands, true())).where(may_take(stands))
    return _CARDS.where(GiveAway.id.in_(for_him)).order_by(Assignment.on, Route.name, GiveAway.id)


async def open_to(
    session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime, *, of_all: bool = True
) -> tuple[GivenAway, ...]:
    """What colleagues give away that this driver may take (R6.3), to all or by a link that he has opened.

    `of_all` False: of that, what he was told of, or has looked at, but for days that he has declined. The soonest
    first; one statement, whatever their number.
    """
    given = {"driver": driver_id, "first": time.local_day(now, policy)}
    cards = (_card(row, driver_id, policy, now) for row in await session.execute(_open_to(policy, of_all), given))
    return tuple(card for card in cards if card.stands is Stand.OPEN)


_TOLD = select(GiveAwayAsk.user_id).where(GiveAwayAsk.give_away_id == _GIVE_AWAY)


async def told_of(session: AsyncSession, give_away_id: uuid.UUID) -> list[uuid.UUID]:
    """Who was told of it, or has looked at it: their home cards show it."""
    return list(await session.scalars(_TOLD, {"give_away": give_away_id}))
