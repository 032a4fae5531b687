"""A manager gives an unfilled slot to a driver (R7)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import queries as bidding
from domain.bidding.awarding import OpenSlot, Winner, award, shown
from domain.bidding.rules import Bidder, Standing
from domain.bidding.standing import standing_of
from domain.coverage import queries
from domain.coverage.rules import SlotFacts, refuse_assignment
from domain.db.models import Assignment, User, Warehouse
from domain.db.models.words import AssignedBy, AssignmentStatus
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.facts.offers import ShiftAssigned
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people import drivers
from domain.people.queries import Person, manages, person
from domain.policy import Policy
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Assigned:
    """The slot is the driver's, and he is being told. `confirmed`: he had bid for it, so he need not agree (R4.4)."""

    assignment_id: uuid.UUID
    driver: str
    confirmed: bool
    confirm_by: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """Not unfilled (any more): `driver` has had it since `at`, from `by`, or took it himself; nobody: it is gone.

    `by` None: neither a manager's doing nor his own.
    """

    driver: str | None = None
    at: datetime | None = None
    by: str | None = None
    himself: bool = False


async def assign_driver(
    session: AsyncSession,
    manager: Person,
    assignment_id: uuid.UUID,
    driver_id: uuid.UUID,
    over_cap_reason: str | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Assigned | Given | Refused:
    """Gives the slot to the driver; an open window is resolved, and whoever else has bid for it has lost (R7.2).

    Refused in the order of R7.1, of which only the weekly cap can be overridden, with a reason; and for a day that is
    over. Locks: window, assignment, then the driver and all bidders in one statement.
    """
    slot = await queries.slot_locked(session, manager.id, assignment_id)
    if slot is None:
        return Refused(Refusal.NOT_FOUND)
    bidders = await _bidders_locked(session, slot, driver_id, policy)
    driver = await person(session, driver_id)  # under his lock: he may be nobody in particular by now (R12.6)
    if driver is None or driver.is_nobody:
        return Refused(Refusal.NOT_FOUND)
    standing = await standing_of(session, queries.key_of_slot(slot), driver_id, policy)
    if not await _is_known(session, manager, standing, policy, now):
        return Refused(Refusal.NOT_FOUND)
    if slot.status is not AssignmentStatus.UNFILLED:
        return await given(session, assignment_id)
    if now >= time.local_instant(slot.on, policy.day_ends, policy):
        return Refused(Refusal.DAY_OVER)
    if (why := refuse_assignment(standing, over_cap_reason, policy)) is not None:
        return Refused(why)
    return await _assign(session, manager, slot, driver, standing, bidders, over_cap_reason, say, policy, now)


async def _bidders_locked(session: AsyncSession, slot: SlotFacts, driver_id: uuid.UUID, policy: Policy) -> list[Bidder]:
    """Whoever has bid for it, once they and the driver are locked."""
    if slot.open_window_id is None:
        await bidding.lock_people(session, [driver_id])
        return []
    window = await bidding.window(session, slot.open_window_id)
    return await bidding.bidders_locked(session, window, policy, driver_id)


async def _is_known(session: AsyncSession, manager: Person, standing: Standing, policy: Policy, now: datetime) -> bool:
    """Whoever may work there, or the manager may look at: nobody else is there for him (R12.3)."""
    if standing.may_work_there:
        return True
    return await drivers.is_seen(session, manager.id, standing.driver_id, time.local_day(now, policy))


async def _assign(
    session: AsyncSession,
    manager: Person,
    slot: SlotFacts,
    driver: Person,
    standing: Standing,
    bidders: list[Bidder],
    over_cap_reason: str | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Assigned:
    open_slot = OpenSlot(
        slot.assignment_id,
        slot.route_id,
        slot.warehouse_id,
        slot.route,
        slot.warehouse,
        slot.on,
        slot.open_window_id,
        closes_at=None,
    )
    confirmed = any(each.standing.driver_id == driver.id for each in bidders)  # his bid says that he will come
    arrive_by = time.arrive_by(slot.on, now, policy)
    winner = Winner(standing, AssignedBy.MANAGER, confirmed, arrive_by)
    await award(session, open_slot, winner, bidders, manager.id, "manual_assign", say, policy, now)
    if standing.load >= standing.cap:
        facts = {"assignment_id": str(slot.assignment_id), "load": standing.load, "cap": standing.cap}
        entry = audit.Entry("user", driver.id, "cap_override", after=facts | {"reason": over_cap_reason})
        await audit.record(session, manager.id, now, entry)
    confirm_by = time.last_confirmation(slot.on, now, arrive_by, policy)
    notice = ShiftAssigned(
        route=slot.route,
        warehouse=slot.warehouse,
        on=slot.on,
        starts_at=time.shift_start(slot.on, policy),
        arrive_by=arrive_by,
        confirm_by=confirm_by,
        confirmed=confirmed,
        by=f"{manager.first_name} {manager.last_name}",
    )
    until = arrive_by if confirmed else confirm_by
    envelope = notices.Envelope(Kind.ASSIGNED, slot.assignment_id, expires_at=until)
    await notices.tell(session, [driver.id], notice, envelope, say, policy, now)
    if slot.open_window_id is not None:
        await notices.mark_read(session, driver.id, Kind.OFFER, slot.open_window_id)
    await shown(session, open_slot, driver.id, bidders, now)
    return Assigned(slot.assignment_id, f"{driver.first_name} {driver.last_name}", confirmed, confirm_by)


# Who has given it to whom: the latest entry that put him there. One who took it himself is his own actor.
_GIVEN = sql(
    """
    SELECT driver.first_name || ' ' || driver.last_name AS driver, a.assigned_at AS at,
           CASE WHEN giver.role = 'manager' THEN giver.first_name || ' ' || giver.last_name END AS by,
           coalesce(giver.id = a.user_id, false) AS himself
    FROM assignments a
    JOIN users driver ON driver.id = a.user_id
    LEFT JOIN LATERAL (
        SELECT log.actor_id FROM audit_logs log
        WHERE log.entity_type = 'assignment' AND log.entity_id = a.id
          AND log.changes -> 'after' ->> 'user_id' = a.user_id::text
        ORDER BY log.created_at DESC LIMIT 1
    ) AS deed ON true
    LEFT JOIN users giver ON giver.id = deed.actor_id
    WHERE a.id = :assignment AND a.status <> 'cancelled'
    """,
    assignment=Uuid(),
)


async def given(session: AsyncSession, assignment_id: uuid.UUID) -> Given:
    """Whose a slot is that is not unfilled, for managers of its warehouse."""
    row = (await session.execute(_GIVEN, {"assignment": assignment_id})).one_or_none()
    return Given() if row is None else Given(*row)


@dataclass(frozen=True, slots=True)
class Drives:
    """A shift of a route and day, and whose it is."""

    assignment_id: uuid.UUID
    warehouse: str
    driver: str


async def who_drives(
    session: AsyncSession, manager_id: uuid.UUID, routes: Collection[uuid.UUID], on: date
) -> tuple[Drives, ...]:
    """The shifts of that day on these routes that have a driver, by warehouse; for their managers (R12.3)."""
    rows = await session.execute(
        select(Assignment.id, Warehouse.name, User.first_name + " " + User.last_name)
        .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
        .join(User, User.id == Assignment.user_id)
        .where(
            Assignment.route_id.in_(routes),
            Assignment.on == on,
            Assignment.status != AssignmentStatus.CANCELLED,
            manages(manager_id, Assignment.warehouse_id),
        )
        .order_by(Warehouse.name, Assignment.id)
    )
    return tuple(Drives(*row) for row in rows)
