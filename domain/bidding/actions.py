"""Taking shifts. The only writers of bids."""

import dataclasses
import uuid
from datetime import datetime

from sqlalchemy import REAL, Date, DateTime, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import queries, rules
from domain.bidding.rules import AcceptDecision, Award, Standing, WindowFacts
from domain.db.models.words import (
    AssignmentStatus,
    BidWindowStatus,
)
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices.kinds import Kind
from domain.notices.wording import ShiftWon, Wording
from domain.people.queries import Person
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


# One round trip: a thousand others may be waiting for the window. Counters exist from the first event on (R9.6).
_AWARD = sql(
    """
    WITH slot AS (
        UPDATE assignments
        SET user_id = :driver, status = 'scheduled', assigned_by = 'bid', assigned_at = :now, confirmed_at = :now,
            updated_at = :now
        WHERE id = :assignment
    ), terms AS (
        INSERT INTO assignment_terms (assignment_id, arrive_by) VALUES (:assignment, :arrive_by)
        ON CONFLICT (assignment_id) DO UPDATE SET arrive_by = excluded.arrive_by
    ), ended AS (
        UPDATE bid_windows SET status = 'resolved', winner_id = :driver WHERE id = :window
    ), waves AS (
        UPDATE window_waves SET next_at = NULL WHERE window_id = :window
    ), bid AS (
        INSERT INTO bids (id, assignment_id, user_id, score, status, bid_at, window_closes_at, resolved_at)
        VALUES (:bid, :assignment, :driver, :score, 'won', :now, :closes_at, :now)
    ), taken_back AS (
        DELETE FROM day_declines WHERE user_id = :driver AND date = :on
    )
    INSERT INTO driver_metrics AS m (user_id, bid_pickups, total_assigned, confirmed_shifts, updated_at)
    VALUES (:driver, 1, 1, 1, :now)
    ON CONFLICT (user_id) DO UPDATE
    SET bid_pickups = m.bid_pickups + 1, total_assigned = m.total_assigned + 1,
        confirmed_shifts = m.confirmed_shifts + 1, updated_at = :now
    """,
    bid=Uuid(),
    driver=Uuid(),
    assignment=Uuid(),
    window=Uuid(),
    on=Date(),
    closes_at=DateTime(timezone=True),
    arrive_by=DateTime(timezone=True),
    score=REAL(),
)


async def _record_award(
    session: AsyncSession, window: WindowFacts, standing: Standing, award: Award, now: datetime
) -> None:
    driver_id, bid_id = standing.driver_id, uuid.uuid4()
    given = {
        "bid": bid_id,
        "driver": driver_id,
        "assignment": window.assignment_id,
        "window": window.window_id,
        "on": window.on,
        "closes_at": window.closes_at,
        "arrive_by": award.arrive_by,
        "score": award.score,
        "now": now,
    }
    await session.execute(_AWARD, given)
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
        audit.Entry("bid", bid_id, "won", after={"user_id": str(driver_id), "score": award.score}),
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
    envelope = notices.Envelope(Kind.WON, window.assignment_id)
    await notices.note(session, driver.id, driver.language, won, envelope, say, now)
    await notices.mark_read(session, driver.id, Kind.OFFER, window.window_id)
    await notices.follow(session, window.window_id, now, over=True, day=notices.Day(driver.id, window.on))
    await notices.follow_homes(
        session,
        now,
        of=[driver.id],
        asked_of=window.window_id,
        managers_of=window.warehouse_id,
        first=driver.id,
    )
