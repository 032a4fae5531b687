"""How drivers stand with regard to a slot. `standing` is the one definition of R6.3, for fleets and for one driver."""

import dataclasses
import functools
import uuid
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Date,
    Double,
    RowMapping,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import FromClause

from domain.bidding.rules import Standing, WindowFacts
from domain.db.models import (
    Assignment,
    CapOverride,
    DayDecline,
    DriverHealthState,
    DriverMetrics,
    DriverPreferences,
    Employment,
    Incident,
    OpenWarehouse,
    Route,
    RouteCompletions,
    Shift,
    TimeOff,
    User,
)
from domain.db.models.words import AssignmentStatus, BidWindowMode, IncidentKind, UserRole
from domain.policy import Policy
from domain.time import week_of

# A row with one of these is live and has a driver (an unfilled one is live without). Spelled as a list for the index.
HELD = (AssignmentStatus.SCHEDULED, AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED)
LEFT = (IncidentKind.NO_SHOW, IncidentKind.LATE_CANCEL, IncidentKind.EARLY_CANCEL, IncidentKind.PROTECTED_ABSENCE)


@dataclasses.dataclass(frozen=True, slots=True)
class SlotKey:
    """The slot, and the window through which it is to be filled; `emergency`: at once, so not by who is driving."""

    window_id: uuid.UUID
    route_id: uuid.UUID
    warehouse_id: uuid.UUID
    on: date
    emergency: bool

    @property
    def given(self) -> dict[str, Any]:
        """The parameters of whatever is built on `standing`, for one slot."""
        monday, sunday = week_of(self.on)
        return {
            "slot_window": self.window_id,
            "slot_route": self.route_id,
            "slot_warehouse": self.warehouse_id,
            "slot_on": self.on,
            "slot_emergency": self.emergency,
            "week_first": monday,
            "week_last": sunday,
        }


def key_of(window: WindowFacts) -> SlotKey:
    """The slot of a window."""
    emergency = window.mode is BidWindowMode.EMERGENCY
    return SlotKey(window.window_id, window.route_id, window.warehouse_id, window.on, emergency)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class SlotColumns:
    """Where `standing` finds its slot: parameters, or the columns of whatever has many slots in it."""

    window_id: ColumnElement[uuid.UUID]
    route_id: ColumnElement[uuid.UUID]
    warehouse_id: ColumnElement[uuid.UUID]
    on: ColumnElement[date]
    emergency: ColumnElement[bool]
    monday: ColumnElement[date]
    sunday: ColumnElement[date]


# A `SlotKey` as parameters: the statement is built once, and costs as much as a page of code to build.
ONE = SlotColumns(
    window_id=bindparam("slot_window", type_=Uuid()),
    route_id=bindparam("slot_route", type_=Uuid()),
    warehouse_id=bindparam("slot_warehouse", type_=Uuid()),
    on=bindparam("slot_on", type_=Date()),
    emergency=bindparam("slot_emergency", type_=Boolean()),
    monday=bindparam("week_first", type_=Date()),
    sunday=bindparam("week_last", type_=Date()),
)


@functools.cache
def standing(policy: Policy, slot: SlotColumns = ONE) -> Select[Any]:
    """A row per user and slot: the columns of `rules.Standing`, and `declined`, `near` and `score` for whom to tell.

    What is built on `ONE` is executed with the parameters of a slot, `SlotKey.given`.
    """
    user = User.id
    works_on = and_(Employment.starts_on <= slot.on, or_(Employment.ends_on.is_(None), Employment.ends_on >= slot.on))
    no_home = not_(exists().where(Employment.user_id == user))
    at_home = exists().where(Employment.user_id == user, Employment.warehouse_id == slot.warehouse_id, works_on)
    held = and_(Assignment.user_id == user, Assignment.status.in_(HELD))
    # His week is looked at once, whatever of it is asked for and however often. The day alone, as an `exists`, could be
    # asked of all who drive then, in the whole company.
    week = (
        select(
            func.count().label("load"),
            func.coalesce(func.bool_or(Assignment.on == slot.on), false()).label("busy"),
        )
        .where(held, Assignment.on.between(slot.monday, slot.sunday))
        .correlate(User)
        .lateral("week")
    )
    cancelled_by_him = exists().where(Shift.assignment_id == Assignment.id, Shift.cancelled_at.is_not(None))
    missed_by_him = exists().where(Incident.assignment_id == Assignment.id, Incident.kind.in_(LEFT))
    worked = aliased(RouteCompletions)
    completions = func.coalesce(RouteCompletions.completion_count, 0)
    routes_there = select(func.array_agg(Route.id)).where(Route.warehouse_id == slot.warehouse_id).scalar_subquery()
    prefers_route = func.coalesce(DriverPreferences.preferred_routes.any_() == slot.route_id, false())
    completion = cast(func.coalesce(DriverMetrics.completion_rate, 0), Double)
    attendance = cast(func.coalesce(DriverMetrics.attendance_rate, 0), Double)
    familiarity = func.least(cast(completions, Double) / float(policy.familiar_after), 1.0)

    return (
        select(
            user.label("driver_id"),
            (User.role == UserRole.DRIVER).label("is_driver"),
            or_(no_home, exists().where(Employment.user_id == user, works_on)).label("employed"),
            exists()
            .where(TimeOff.user_id == user, TimeOff.starts_on <= slot.on, TimeOff.ends_on >= slot.on)
            .label("away"),
            or_(
                no_home,
                at_home,
                exists().where(OpenWarehouse.user_id == user, OpenWarehouse.warehouse_id == slot.warehouse_id),
            ).label("may_work_there"),
            User.is_flagged.label("flagged"),
            func.coalesce(DriverHealthState.assignment_pool_eligible, True).label("in_pool"),
            exists()
            .where(
                Assignment.user_id == user,
                Assignment.route_id == slot.route_id,
                Assignment.on == slot.on,
                Assignment.status == AssignmentStatus.CANCELLED,
                or_(cancelled_by_him, missed_by_him),
            )
            .label("left_this_slot"),
            and_(
                slot.emergency,
                exists().where(Assignment.user_id == user, Assignment.status == AssignmentStatus.ACTIVE),
            ).label("on_shift"),
            week.c.busy,
            week.c.load,
            User.weekly_cap.label("cap"),
            exists()
            .where(CapOverride.window_id == slot.window_id, CapOverride.user_id == user)
            .label("over_cap_allowed"),
            completion.label("completion_rate"),
            completions.label("route_completions"),
            attendance.label("attendance_rate"),
            prefers_route.label("prefers_route"),
            exists().where(DayDecline.user_id == user, DayDecline.on == slot.on).label("declined"),
            or_(
                at_home,
                func.coalesce(DriverPreferences.preferred_routes.overlap(routes_there), false()),
                exists().where(
                    worked.user_id == user,
                    worked.completion_count > 0,
                    worked.route_id == Route.id,
                    Route.warehouse_id == slot.warehouse_id,
                ),
                exists().where(held, Assignment.warehouse_id == slot.warehouse_id),
            ).label("near"),
            (
                completion * _double(policy.weight_completion)
                + familiarity * _double(policy.weight_familiarity)
                + attendance * _double(policy.weight_attendance)
                + case((prefers_route, _double(1.0)), else_=_double(0.0)) * _double(policy.weight_preference)
            ).label("score"),
        )
        .select_from(User)
        .outerjoin(DriverMetrics, DriverMetrics.user_id == user)
        .outerjoin(DriverHealthState, DriverHealthState.user_id == user)
        .outerjoin(DriverPreferences, DriverPreferences.user_id == user)
        .outerjoin(RouteCompletions, and_(RouteCompletions.user_id == user, RouteCompletions.route_id == slot.route_id))
        .join(week, true())
    )


@functools.cache
def standing_there(policy: Policy) -> Select[Any]:
    """`standing` of whoever comes into question for work at the slot's warehouse: few of a large fleet."""
    there = union(
        select(Employment.user_id).where(Employment.warehouse_id == ONE.warehouse_id),
        select(OpenWarehouse.user_id).where(OpenWarehouse.warehouse_id == ONE.warehouse_id),
        select(User.id).where(not_(exists().where(Employment.user_id == User.id))),
    )
    return standing(policy).where(User.id.in_(there))


def _double(number: float) -> ColumnElement[float]:
    return cast(literal(number), Double)


def has_room(row: FromClause) -> ColumnElement[bool]:
    """Below his cap, or a manager has asked him in spite of it."""
    return or_(row.c.load < row.c.cap, row.c.over_cap_allowed)


def may_take(row: FromClause, *, but_for_cap: bool = False) -> ColumnElement[bool]:
    """`rules.first_refusal` is None, as a condition on a subquery of `standing`; `but_for_cap`: the cap aside."""
    of = row.c
    grounds = [
        of.is_driver,
        of.employed,
        not_(of.away),
        of.may_work_there,
        not_(of.flagged),
        of.in_pool,
        not_(of.left_this_slot),
        not_(of.on_shift),
        not_(of.busy),
    ]
    if not but_for_cap:
        grounds.append(has_room(row))
    return and_(*grounds)


def next_to_ask(policy: Policy, *known: Select[tuple[uuid.UUID]]) -> CTE:
    """`driver_id` of the next wave for a slot, at most thirty, best first, of those who don't know of it yet (R6.3).

    Those near, or everyone eligible where fewer than ten are near.
    """
    of = standing_there(policy).subquery("standing")
    ranked_by = of.c.near, of.c.score, of.c.load  # no more: each of the other columns is a look into another table
    eligible = select(of.c.driver_id, *ranked_by).where(may_take(of), not_(of.c.declined)).cte("eligible")
    locals_ = select(func.count()).select_from(eligible).where(eligible.c.near).scalar_subquery()
    return (
        select(eligible.c.driver_id)
        .where(or_(eligible.c.near, locals_ < policy.few_locals))
        .where(*(eligible.c.driver_id.not_in(each) for each in known))
        .order_by(eligible.c.score.desc(), eligible.c.load, eligible.c.driver_id)
        .limit(policy.wave_size)
        .cte("chosen")
    )


STANDING_FIELDS = [field.name for field in dataclasses.fields(Standing)]


def standing_from(row: RowMapping) -> Standing:
    """A row of `standing`, as the rules take it."""
    return Standing(**{name: row[name] for name in STANDING_FIELDS})


@functools.cache
def _standing_of(policy: Policy) -> Select[Any]:
    return standing(policy).where(User.id == bindparam("driver"))


async def standing_of(session: AsyncSession, slot: SlotKey, driver_id: uuid.UUID, policy: Policy) -> Standing:
    """One driver's standing. Read it when his row is locked: others may be giving him shifts (ARCHITECTURE 4)."""
    found = await session.execute(_standing_of(policy), slot.given | {"driver": driver_id})
    return standing_from(found.mappings().one())
