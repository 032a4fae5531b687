"""A shift that comes back to the driver who lost it (R4.3)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, Text, Uuid, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import queries as bidding
from domain.bidding.queries import SlotKey
from domain.bidding.rules import first_refusal
from domain.db.models import Assignment, Bid, BidWindow
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowStatus, IncidentKind
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.kinds import Kind
from domain.notices.queries import told
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import ledger


@dataclass(frozen=True, slots=True)
class Restored:
    """It is his again, and confirmed. `excused`: so is that he had lost it."""

    assignment_id: uuid.UUID
    excused: bool


@dataclass(frozen=True, slots=True)
class _Lost:
    """What the driver had, when he lost it, and the window through which its slot is open now."""

    route_id: uuid.UUID
    assigned_by: str | None
    assigned_at: datetime | None
    lost_at: datetime
    window_id: uuid.UUID


async def _lost(session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID) -> _Lost | None:
    """None where it was not dropped from him for want of a confirmation, or is open to nobody any more."""
    if await told(session, driver_id, Kind.DROPPED, assignment_id) is None:
        return None
    old = (await session.scalars(select(Assignment).where(Assignment.id == assignment_id))).one()
    window_id = await session.scalar(
        select(BidWindow.id)
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .where(
            Assignment.route_id == old.route_id,
            Assignment.on == old.on,
            Assignment.status == AssignmentStatus.UNFILLED,
            BidWindow.status == BidWindowStatus.OPEN,
        )
    )
    if window_id is None:
        return None
    return _Lost(old.route_id, old.assigned_by, old.assigned_at, old.updated_at, window_id)


async def is_wanted(session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID) -> bool:
    """Whether the driver could still have it back: nobody else has it, or has bid for it (R4.3)."""
    lost = await _lost(session, driver_id, assignment_id)
    return lost is not None and not await _others_bid(session, lost.window_id, driver_id)


async def _others_bid(session: AsyncSession, window_id: uuid.UUID, driver_id: uuid.UUID) -> bool:
    others = exists().where(
        Bid.assignment_id == BidWindow.assignment_id, Bid.status == BidStatus.PENDING, Bid.user_id != driver_id
    )
    return bool(await session.scalar(select(others).where(BidWindow.id == window_id)))


# He has it by now, and said that he will come: the present state, for whoever presses twice (R2.5).
_HIS_AGAIN = sql(
    """
    SELECT again.id, NOT EXISTS (SELECT FROM incidents WHERE assignment_id = old.id AND kind = 'auto_drop'
                                 AND excused_at IS NULL) AS excused
    FROM assignments old
    JOIN assignments again ON again.route_id = old.route_id AND again.date = old.date AND again.user_id = old.user_id
    WHERE old.id = :old AND old.user_id = :driver AND again.id <> old.id
      AND again.status IN ('scheduled', 'active', 'completed') AND again.confirmed_at IS NOT NULL
    """,
    old=Uuid(),
    driver=Uuid(),
)


async def _gone_or_his(session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID) -> Restored | Refused:
    if await told(session, driver_id, Kind.DROPPED, assignment_id) is None:
        return Refused(Refusal.SHIFT_GONE)
    row = (await session.execute(_HIS_AGAIN, {"old": assignment_id, "driver": driver_id})).one_or_none()
    return Refused(Refusal.SHIFT_GONE) if row is None else Restored(row.id, row.excused)


# One round trip, as for an award. The terms are those that he had, but arriving is due no sooner than for an award.
_RESTORE = sql(
    """
    WITH slot AS (
        UPDATE assignments SET user_id = :driver, status = 'scheduled', assigned_by = CAST(:by AS assigned_by),
            assigned_at = :assigned_at, confirmed_at = :now, updated_at = :now
        WHERE id = :assignment
    ), terms AS (
        INSERT INTO assignment_terms (assignment_id, arrive_by, confirm_by)
        SELECT :assignment, greatest(t.arrive_by, :arrive_by), t.confirm_by
        FROM (SELECT) AS one LEFT JOIN assignment_terms t ON t.assignment_id = :old
        WHERE t.assignment_id IS NOT NULL OR :arrive_by IS NOT NULL
        ON CONFLICT DO NOTHING
    ), waves AS (
        UPDATE window_waves SET next_at = NULL WHERE window_id = :window
    )
    UPDATE bid_windows SET status = 'resolved', winner_id = :driver WHERE id = :window
    """,
    driver=Uuid(),
    assignment=Uuid(),
    old=Uuid(),
    window=Uuid(),
    by=Text(),
    assigned_at=DateTime(timezone=True),
    arrive_by=DateTime(timezone=True),
)


async def want_back(
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, policy: Policy, now: datetime
) -> Restored | Refused:
    """[I still want it]: the dropped shift is his again while nobody else has bid; within two hours it is excused, too.

    Refused where it was not his, somebody else was quicker, or he may not take it any more (R6.3). Pressed again, it is
    his. Locks as an acceptance: window, assignment, driver.
    """
    lost = await _lost(session, driver.id, assignment_id)
    if lost is None:
        return await _gone_or_his(session, driver.id, assignment_id)
    window = await bidding.window_locked(session, lost.window_id, driver.id)
    open_ = window is not None and window.status is BidWindowStatus.OPEN and now < window.closes_at
    if window is None or not open_ or window.slot_status is not AssignmentStatus.UNFILLED:
        return await _gone_or_his(session, driver.id, assignment_id)
    if await _others_bid(session, lost.window_id, driver.id):
        return Refused(Refusal.TAKEN)
    slot = SlotKey(window.window_id, window.route_id, window.warehouse_id, window.on)
    if (why := first_refusal(await bidding.standing_of(session, slot, driver.id, policy))) is not None:
        return Refused(why)
    given = {"driver": driver.id, "assignment": window.assignment_id, "old": assignment_id, "window": window.window_id}
    due = time.arrive_by(window.on, now, policy)
    had = {"by": lost.assigned_by, "assigned_at": lost.assigned_at}
    late = {"arrive_by": due if due > time.arrive_by(window.on, lost.assigned_at, policy) else None}
    await session.execute(_RESTORE, given | had | late | {"now": now})
    await ledger.count(session, driver.id, now, confirmed_shifts=1)
    excused = now - lost.lost_at <= policy.wanted_within
    if excused:
        await ledger.excuse(session, assignment_id, IncidentKind.AUTO_DROP, driver.id, "wanted back", now)
    before = {"status": AssignmentStatus.UNFILLED, "user_id": None}
    after = {"status": AssignmentStatus.SCHEDULED, "user_id": str(driver.id), "instead_of": str(assignment_id)}
    resolved = {"status": BidWindowStatus.RESOLVED, "winner_id": str(driver.id)}
    await audit.record(
        session,
        driver.id,
        now,
        audit.Entry("assignment", window.assignment_id, "restored", before, after),
        audit.Entry("bid_window", window.window_id, "resolved", {"status": window.status}, resolved),
    )
    await notices.mark_read(session, driver.id, Kind.DROPPED, assignment_id)
    await notices.follow(session, assignment_id, now, over=False)
    day = notices.Day(driver.id, window.on)
    await notices.follow(session, window.window_id, now, over=True, day=day)
    homes = {"asked_of": window.window_id, "managers_of": window.warehouse_id}
    await notices.follow_homes(session, now, of=[driver.id], first=driver.id, **homes)
    return Restored(window.assignment_id, excused)
