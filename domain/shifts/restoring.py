"""A shift that comes back to the driver who lost it: he did not confirm it (R4.3), or was there too late (R8.6)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, Text, Uuid, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import queries as bidding
from domain.bidding.bids import withdraw_own
from domain.bidding.rules import WindowFacts, first_refusal
from domain.bidding.standing import SlotKey, key_of, standing_of
from domain.db.models import Assignment, Bid, BidWindow
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowStatus, IncidentKind
from domain.db.sql import sql
from domain.health import excusing
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.shifts import ShiftReturned
from domain.notices.kinds import Kind
from domain.notices.queries import told
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import ledger
from domain.shifts.ledger import Excuse
from domain.shifts.rules import ShiftFacts
from domain.time import local_day, shift_start


@dataclass(frozen=True, slots=True)
class Restored:
    """It is his again, and confirmed. `excused`: so is that he had lost it."""

    assignment_id: uuid.UUID
    excused: bool


@dataclass(frozen=True, slots=True)
class SlotNow:
    """Whose a slot is that somebody has missed: the row that is live, and its latest window."""

    assignment_id: uuid.UUID
    status: AssignmentStatus
    user_id: uuid.UUID | None
    window_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class _Lost:
    """What the driver had, when he lost it, and the window through which its slot is open now."""

    assigned_by: str | None
    assigned_at: datetime | None
    lost_at: datetime
    window_id: uuid.UUID
    key: SlotKey


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
    slot = SlotKey(window_id, old.route_id, old.warehouse_id, old.on, emergency=False)  # which nobody bids for
    return _Lost(old.assigned_by, old.assigned_at, old.updated_at, window_id, slot)


@dataclass(frozen=True, slots=True)
class StillOpen:
    """What a driver has lost is open still: his again if he wants it, or, once `others_bid`, to be bid for (R4.3).

    `may_bid`: by him, too.
    """

    window_id: uuid.UUID
    others_bid: bool
    may_bid: bool


async def still_open(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, policy: Policy
) -> StillOpen | None:
    """How a dropped shift of the driver's stands; None where it is open to nobody any more."""
    lost = await _lost(session, driver_id, assignment_id)
    if lost is None:
        return None
    if not await _others_bid(session, lost.window_id, driver_id):
        return StillOpen(lost.window_id, others_bid=False, may_bid=False)
    standing = await standing_of(session, lost.key, driver_id, policy)
    return StillOpen(lost.window_id, others_bid=True, may_bid=first_refusal(standing) is None)


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
    session: AsyncSession, driver: Person, assignment_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> Restored | Refused:
    """[I still want it]: the dropped shift is his again while nobody else has bid; within two hours it is excused, too.

    His own bid for it is withdrawn. Refused where it was not his, somebody else has it, he may not take it any more
    (R6.3), or others have bid: then he can do so, too. Pressed again, it is his. Locks as an acceptance: window,
    assignment, driver.
    """
    lost = await _lost(session, driver.id, assignment_id)
    if lost is None:
        return await _gone_or_his(session, driver.id, assignment_id)
    window = await bidding.window_locked(session, lost.window_id, driver.id)
    open_ = window is not None and window.status is BidWindowStatus.OPEN and now < window.closes_at
    if window is None or not open_ or window.slot_status is not AssignmentStatus.UNFILLED:
        return await _gone_or_his(session, driver.id, assignment_id)
    if (why := first_refusal(await standing_of(session, key_of(window), driver.id, policy))) is not None:
        return Refused(why)
    if await _others_bid(session, lost.window_id, driver.id):
        return Refused(Refusal.BID_FOR)
    await withdraw_own(session, driver, window.window_id, now)  # it is his without
    given = {"driver": driver.id, "assignment": window.assignment_id, "old": assignment_id, "window": window.window_id}
    due = time.arrive_by(window.on, now, policy)
    had = {"by": lost.assigned_by, "assigned_at": lost.assigned_at}
    late = {"arrive_by": due if due > time.arrive_by(window.on, lost.assigned_at, policy) else None}
    await session.execute(_RESTORE, given | had | late | {"now": now})
    await ledger.count(session, driver.id, now, total_assigned=1, confirmed_shifts=1)
    excused = now - lost.lost_at <= policy.wanted_within
    if excused:
        await excusing.take_back(
            session, assignment_id, IncidentKind.AUTO_DROP, driver.id, Excuse.WANTED_BACK, say, policy, now
        )
    await _audit_restored(session, driver.id, driver.id, window, assignment_id, AssignmentStatus.SCHEDULED, now)
    await notices.mark_read(session, driver.id, Kind.DROPPED, assignment_id)
    await _shown(session, driver.id, assignment_id, window, now)
    return Restored(window.assignment_id, excused)


async def _audit_restored(
    session: AsyncSession,
    actor_id: uuid.UUID,
    driver_id: uuid.UUID,
    window: WindowFacts,
    instead_of: uuid.UUID,
    status: AssignmentStatus,
    now: datetime,
) -> None:
    before = {"status": AssignmentStatus.UNFILLED, "user_id": None}
    after = {"status": status, "user_id": str(driver_id), "instead_of": str(instead_of)}
    entries = [audit.Entry("assignment", window.assignment_id, "restored", before, after)]
    if window.status is BidWindowStatus.OPEN:
        resolved = {"status": BidWindowStatus.RESOLVED, "winner_id": str(driver_id)}
        entries.append(audit.Entry("bid_window", window.window_id, "resolved", {"status": window.status}, resolved))
    await audit.record(session, actor_id, now, *entries)


async def _shown(
    session: AsyncSession, driver_id: uuid.UUID, assignment_id: uuid.UUID, window: WindowFacts, now: datetime
) -> None:
    """Offers of the slot turn to taken, those not yet sent are cancelled; last, as everybody locks them."""
    await following.follow(session, assignment_id, now, over=False)
    day = following.Day(driver_id, window.on)
    await following.follow(session, window.window_id, now, over=True, day=day)
    at = [following.DayAt(window.warehouse_id, window.on)]
    await following.follow_homes(
        session, now, of=[driver_id], asked_of=window.window_id, managers_of=at, first=driver_id
    )


# -- who was there too late


@dataclass(frozen=True, slots=True)
class GoneToAnother:
    """Somebody else has it by now; the driver is told."""


# The slot as it is now: its live row, and the latest window of that.
_SLOT_NOW = sql(
    """
    SELECT slot.id, slot.status::text, slot.user_id,
           (SELECT w.id FROM bid_windows w WHERE w.assignment_id = slot.id ORDER BY w.opens_at DESC, w.id LIMIT 1)
               AS window_id
    FROM assignments old
    JOIN assignments slot ON slot.route_id = old.route_id AND slot.date = old.date AND slot.status <> 'cancelled'
    WHERE old.id = :old AND old.status = 'cancelled'
      AND EXISTS (SELECT FROM incidents WHERE assignment_id = old.id AND kind = 'no_show')
    """,
    old=Uuid(),
)
_GIVE_BACK = sql(
    """
    WITH slot AS (
        UPDATE assignments SET user_id = :driver, status = 'active', assigned_by = 'manager', assigned_at = :now,
            confirmed_at = :now, updated_at = :now
        WHERE id = :assignment
    ), there AS (
        INSERT INTO shifts (assignment_id, arrived_at, created_at) VALUES (:assignment, :now, :now)
    ), waves AS (
        UPDATE window_waves SET next_at = NULL WHERE window_id = :window
    )
    UPDATE bid_windows SET status = 'resolved', winner_id = :driver WHERE id = :window AND status = 'open'
    """,
    driver=Uuid(),
    assignment=Uuid(),
    window=Uuid(),
)


async def slot_of_missed(session: AsyncSession, assignment_id: uuid.UUID) -> SlotNow | None:
    """Where the slot of a shift that was missed stands now; None where it was not missed, or is over."""
    row = (await session.execute(_SLOT_NOW, {"old": assignment_id})).one_or_none()
    return None if row is None else SlotNow(row.id, AssignmentStatus(row.status), row.user_id, row.window_id)


async def restore(
    session: AsyncSession,
    manager: Person,
    driver: Person,
    assignment_id: uuid.UUID,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Restored | GoneToAnother | Refused:
    """[Restore him]: the shift that the driver missed is his again while nobody has accepted, and he is there (R8.6).

    The incident is excused with all that it caused. Refused where he did not miss it, has another shift that day, or
    the day is over; `manager` has been found to manage its warehouse. Locks as an acceptance: window, assignment,
    driver; so one of them has it. Pressed again, it is his.
    """
    window: WindowFacts | None = None
    while (slot := await slot_of_missed(session, assignment_id)) is not None and slot.window_id is not None:
        if window is not None and window.window_id == slot.window_id:  # once more, under the lock
            break
        window = await bidding.window_locked(session, slot.window_id, driver.id)
    else:
        return Refused(Refusal.SHIFT_GONE)
    if slot.user_id == driver.id:
        return Restored(slot.assignment_id, excused=True)
    if local_day(now, policy) != window.on:
        return Refused(Refusal.DAY_OVER)
    if slot.status is not AssignmentStatus.UNFILLED:
        await tell_returned(session, driver, assignment_id, window, False, say, policy, now)
        return GoneToAnother()
    if (await standing_of(session, key_of(window), driver.id, policy)).busy:
        return Refused(Refusal.BUSY)
    given = {"driver": driver.id, "assignment": slot.assignment_id, "window": window.window_id, "now": now}
    await session.execute(_GIVE_BACK, given)
    await ledger.count(session, driver.id, now, total_assigned=1, confirmed_shifts=1)
    await excusing.take_back(
        session, assignment_id, IncidentKind.NO_SHOW, manager.id, Excuse.RESTORED, say, policy, now
    )
    await _audit_restored(session, manager.id, driver.id, window, assignment_id, AssignmentStatus.ACTIVE, now)
    await tell_returned(session, driver, assignment_id, window, True, say, policy, now)
    await notices.mark_read(session, driver.id, Kind.MISSED, assignment_id)
    await _shown(session, driver.id, assignment_id, window, now)
    return Restored(slot.assignment_id, excused=True)


async def tell_returned(
    session: AsyncSession,
    driver: Person,
    assignment_id: uuid.UUID,
    slot: WindowFacts | ShiftFacts,
    restored: bool,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """Either way he is told: that it is his again each time, that it is not once."""
    starts_at = shift_start(slot.on, policy)
    notice = ShiftReturned(slot.route, slot.warehouse, slot.on, starts_at, restored)
    envelope = notices.Envelope(Kind.RESTORED, assignment_id, occasion=now if restored else None)
    await notices.tell(session, [driver.id], notice, envelope, say, policy, now)
