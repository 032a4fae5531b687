"""Taking shifts. The only writers of bids."""

import dataclasses
import uuid
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import queries, rules
from domain.bidding.rules import AcceptDecision, Award, Standing, WindowFacts
from domain.db.models import (
    Assignment,
    AssignmentTerms,
    Bid,
    BidWindow,
    DayDecline,
    DriverMetrics,
    WindowWaves,
)
from domain.db.models.words import (
    AssignedBy,
    AssignmentStatus,
    BidStatus,
    BidWindowStatus,
    NotificationType,
    Urgency,
)
from domain.notices import actions as notices
from domain.notices.kinds import Kind
from domain.notices.wording import ShiftWon, Wording
from domain.people.queries import Person, managers_of
from domain.policy import Policy
from domain.refusals import Refusal, Refused


async def accept_shift(
    session: AsyncSession, driver: Person, window_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> AcceptDecision:
    """Takes an instant or emergency shift for `driver`; the first to get here wins (R6.7).

    Refusals are values and leave nothing written. Locks: window, assignment, driver; a driver's standing is read after
    them, so that two windows can't give him more than his cap. Pressing Accept takes back a [Not today].
    """
    window = await queries.window_locked(session, window_id, driver.id)
    if window is None:
        return Refused(Refusal.NOT_FOUND)
    if (closed := rules.refuse_window(window, driver.id, now)) is not None:
        return closed
    slot = queries.SlotKey(window.window_id, window.route_id, window.warehouse_id, window.on)
    standing = await queries.standing_of(session, slot, driver.id, policy)
    decision = rules.decide_accept(window, standing, policy, now)
    if isinstance(decision, Award):
        await _record_award(session, window, standing, decision, now)
        await _tell_award(session, window, driver, decision, say, policy, now)
    return decision


async def _record_award(
    session: AsyncSession, window: WindowFacts, standing: Standing, award: Award, now: datetime
) -> None:
    driver_id = standing.driver_id
    await session.execute(
        update(Assignment)
        .where(Assignment.id == window.assignment_id)
        .values(
            user_id=driver_id,
            status=AssignmentStatus.SCHEDULED,
            assigned_by=AssignedBy.BID,
            assigned_at=now,
            confirmed_at=now,
            updated_at=now,
        )
    )
    await session.execute(insert(AssignmentTerms).values(assignment_id=window.assignment_id, arrive_by=award.arrive_by))
    await session.execute(
        update(BidWindow)
        .where(BidWindow.id == window.window_id)
        .values(status=BidWindowStatus.RESOLVED, winner_id=driver_id)
    )
    await session.execute(update(WindowWaves).where(WindowWaves.window_id == window.window_id).values(next_at=None))
    await session.execute(
        insert(Bid).values(
            assignment_id=window.assignment_id,
            user_id=driver_id,
            score=award.score,
            status=BidStatus.WON,
            bid_at=now,
            window_closes_at=window.closes_at,
            resolved_at=now,
        )
    )
    await session.execute(delete(DayDecline).where(DayDecline.user_id == driver_id, DayDecline.on == window.on))
    await session.execute(  # counters exist from a driver's first event (R9.6)
        insert(DriverMetrics)
        .values(user_id=driver_id, bid_pickups=1, total_assigned=1, confirmed_shifts=1, updated_at=now)
        .on_conflict_do_update(
            index_elements=[DriverMetrics.user_id],
            set_={
                "bid_pickups": DriverMetrics.bid_pickups + 1,
                "total_assigned": DriverMetrics.total_assigned + 1,
                "confirmed_shifts": DriverMetrics.confirmed_shifts + 1,
                "updated_at": now,
            },
        )
    )
    facts = dataclasses.asdict(standing) | {"driver_id": str(driver_id), "score": award.score}
    await audit.record(
        session,
        driver_id,
        now,
        audit.Entry(
            "assignment",
            window.assignment_id,
            "instant_assign",
            before={"status": AssignmentStatus.UNFILLED, "user_id": None},
            after={"status": AssignmentStatus.SCHEDULED, "user_id": str(driver_id), "confirmed_at": now.isoformat()},
            facts=facts,
        ),
        audit.Entry(
            "bid_window",
            window.window_id,
            "resolved",
            before={"status": window.status},
            after={"status": BidWindowStatus.RESOLVED, "winner_id": str(driver_id)},
        ),
    )


async def _tell_award(
    session: AsyncSession,
    window: WindowFacts,
    driver: Person,
    award: Award,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    won = ShiftWon(
        window.route,
        window.warehouse,
        window.on,
        time.shift_start(window.on, policy),
        award.arrive_by,
        window.bonus_percent,
    )
    envelope = notices.Envelope(NotificationType.BID_WON, Kind.WON, Urgency.IMPORTANT, window.assignment_id)
    await notices.note(session, driver.id, won, envelope, say, now)
    await notices.follow(session, window.window_id, now, over=True)
    await notices.follow_home(session, queries.asked(window.window_id), now, first=driver.id)
    await notices.follow_home(session, managers_of(window.warehouse_id), now)
