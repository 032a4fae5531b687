"""How a slot gets its driver: by his bid, by accepting, or from a manager's hand (R6.5, R6.7, R7.2).

The caller has decided, and holds the locks: window, assignment, then all people concerned in one statement by id.
"""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import REAL, Boolean, Date, DateTime, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding.rules import Bidder, Standing, WindowFacts, first_refusal, parts, ranked
from domain.db.models.words import AssignedBy, AssignmentStatus, BidStatus, BidWindowStatus
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.offers import BidLost, Lost
from domain.notices.following_many import follow_slots
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """An unfilled slot under lock, and the window through which it is to be filled, if one is open."""

    assignment_id: uuid.UUID
    route_id: uuid.UUID
    warehouse_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    window_id: uuid.UUID | None
    closes_at: datetime | None

    @classmethod
    def of(cls, window: WindowFacts) -> "OpenSlot":
        """The slot of an open window."""
        names = (field.name for field in dataclasses.fields(cls))
        return cls(**{name: getattr(window, name) for name in names})


@dataclass(frozen=True, slots=True)
class Winner:
    """Who gets it, and how. `confirmed`: he has said that he will come, by his bid or by accepting (R4.4).

    `accepts`: he has not bid, and his acceptance is recorded as a bid that won.
    """

    standing: Standing
    by: AssignedBy
    confirmed: bool
    arrive_by: datetime
    accepts: bool = False


# One round trip: a thousand others may be waiting for the window. Counters exist from the first event on (R9.6), and
# every bid that won is a pickup (R6.10).
_AWARD = sql(
    """
    WITH slot AS (
        UPDATE assignments
        SET user_id = :driver, status = 'scheduled', assigned_by = CAST(:by AS assigned_by), assigned_at = :now,
            confirmed_at = CASE WHEN :confirmed THEN CAST(:now AS timestamptz) END, updated_at = :now
        WHERE id = :assignment
    ), terms AS (
        INSERT INTO assignment_terms (assignment_id, arrive_by) VALUES (:assignment, :arrive_by)
        ON CONFLICT (assignment_id) DO UPDATE SET arrive_by = excluded.arrive_by
    ), ended AS (
        UPDATE bid_windows SET status = 'resolved', winner_id = :driver WHERE id = :window
    ), waves AS (
        UPDATE window_waves SET next_at = NULL WHERE window_id = :window
    ), scored AS (
        SELECT * FROM unnest(CAST(:bids AS uuid[]), CAST(:scores AS real[])) AS scored (id, score)
    ), judged AS (
        UPDATE bids SET status = CAST(CASE WHEN bids.user_id = :driver THEN 'won' ELSE 'lost' END AS bid_status),
                        score = scored.score, resolved_at = :now
        FROM scored WHERE bids.id = scored.id
    ), accepted AS (
        INSERT INTO bids (id, assignment_id, user_id, score, status, bid_at, window_closes_at, resolved_at)
        SELECT :bid, :assignment, :driver, :score, 'won', :now, :closes_at, :now WHERE :accepts
    ), taken_back AS (
        DELETE FROM day_declines WHERE user_id = :driver AND date = :on RETURNING date
    )
    INSERT INTO driver_metrics AS m (user_id, bid_pickups, total_assigned, confirmed_shifts, updated_at)
    VALUES (:driver, CAST(:pickup AS integer), 1, CAST(:confirmed AS integer), :now)
    ON CONFLICT (user_id) DO UPDATE
    SET bid_pickups = m.bid_pickups + excluded.bid_pickups, total_assigned = m.total_assigned + 1,
        confirmed_shifts = m.confirmed_shifts + excluded.confirmed_shifts, updated_at = :now
    RETURNING EXISTS (SELECT FROM taken_back)
    """,
    driver=Uuid(),
    by=Text(),
    confirmed=Boolean(),
    assignment=Uuid(),
    arrive_by=DateTime(timezone=True),
    window=Uuid(),
    bids=ARRAY(Uuid()),
    scores=ARRAY(REAL()),
    bid=Uuid(),
    score=REAL(),
    closes_at=DateTime(timezone=True),
    accepts=Boolean(),
    pickup=Boolean(),
    on=Date(),
)


async def award(
    session: AsyncSession,
    slot: OpenSlot,
    winner: Winner,
    bidders: Sequence[Bidder],
    actor_id: uuid.UUID | None,
    action: str,
    say: Wording,
    policy: Policy,
    now: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """The slot is the winner's, the window resolved, his bid won; every other bidder has lost, and is told, once.

    `bidders`: everybody with a pending bid, the winner among them if he has one. `action` names the deed in the
    assignment's audit entry, `facts` are kept in it beside those of his standing; the window's entry keeps the facts of
    every score, so that each can be computed again (R6.5). Statements are constant in number. The winner is told by the
    caller, and what shows all this is redrawn by `shown`, last.
    """
    driver_id, order = winner.standing.driver_id, ranked(bidders, policy)
    own = next((each for each in order if each.standing.driver_id == driver_id), None)
    bid_id = own.bid_id if own else uuid.uuid4()
    score = parts(winner.standing, policy).score
    given = {
        "driver": driver_id,
        "by": winner.by.value,
        "confirmed": winner.confirmed,
        "assignment": slot.assignment_id,
        "arrive_by": winner.arrive_by,
        "window": slot.window_id,
        "bids": [each.bid_id for each in order],
        "scores": [parts(each.standing, policy).score for each in order],
        "bid": bid_id,
        "score": score,
        "closes_at": slot.closes_at or now,
        "accepts": winner.accepts and own is None,
        "pickup": winner.accepts or own is not None,
        "on": slot.on,
    }
    taken_back = await session.scalar(_AWARD, given | {"now": now})
    entries = [_assigned(slot, winner, action, facts, policy, now)]
    if taken_back:
        entries.append(day_taken_back(driver_id, slot.on))
    if winner.accepts or own is not None:
        entries.append(_judged(bid_id, driver_id, BidStatus.WON, score, before=own))
    losers = [each for each in order if each is not own]
    entries += [
        _judged(each.bid_id, each.standing.driver_id, BidStatus.LOST, parts(each.standing, policy).score, before=each)
        for each in losers
    ]
    if slot.window_id is not None:
        resolved = {"status": BidWindowStatus.RESOLVED, "winner_id": str(driver_id)}
        of_all = {"bids": [facts_of(each, policy) for each in order]} if order else None
        before = {"status": BidWindowStatus.OPEN}
        entries.append(audit.Entry("bid_window", slot.window_id, "resolved", before, resolved, of_all))
    await audit.record(session, actor_id, now, *entries)
    await tell_lost(session, slot, losers, say, policy, now)


def _assigned(
    slot: OpenSlot, winner: Winner, action: str, more: Mapping[str, Any] | None, policy: Policy, now: datetime
) -> audit.Entry:
    driver_id = str(winner.standing.driver_id)
    after = {"status": AssignmentStatus.SCHEDULED, "user_id": driver_id}
    return audit.Entry(
        "assignment",
        slot.assignment_id,
        action,
        before={"status": AssignmentStatus.UNFILLED, "user_id": None},
        after=after | ({"confirmed_at": now.isoformat()} if winner.confirmed else {}),
        facts=_plain(winner.standing) | {"score": parts(winner.standing, policy).score} | dict(more or {}),
    )


def day_taken_back(driver_id: uuid.UUID, on: date) -> audit.Entry:
    """He drives, or bids for, a day of which he had said [Not today]."""
    return audit.Entry("user", driver_id, "day_taken_back", before={"date": on.isoformat()})


def _judged(
    bid_id: uuid.UUID, driver_id: uuid.UUID, status: BidStatus, score: float, before: Bidder | None
) -> audit.Entry:
    pending = {"status": BidStatus.PENDING} if before else {}
    return audit.Entry("bid", bid_id, status, pending, {"user_id": str(driver_id), "score": score})


def facts_of(bidder: Bidder, policy: Policy) -> dict[str, Any]:
    """What a bidder's rank hangs on, and what kept him from the shift, if anything did; as the audit keeps it."""
    why = first_refusal(bidder.standing)
    bid = {"bid_id": str(bidder.bid_id), "bid_at": bidder.bid_at.isoformat(), "refusal": why}
    return _plain(bidder.standing) | bid | {"score": parts(bidder.standing, policy).score}


def bidders_from(facts: Mapping[str, Any]) -> list[Bidder]:
    """The bidders as they stood, from what a window's audit entry keeps of them; in the order of their ranks."""
    return [_bidder_from(each) for each in facts["bids"]]


def _bidder_from(kept: Mapping[str, Any]) -> Bidder:
    names = (field.name for field in dataclasses.fields(Standing))
    standing = Standing(**{name: kept[name] for name in names} | {"driver_id": uuid.UUID(kept["driver_id"])})
    return Bidder(uuid.UUID(kept["bid_id"]), datetime.fromisoformat(kept["bid_at"]), standing)


def _plain(standing: Standing) -> dict[str, Any]:
    return dataclasses.asdict(standing) | {"driver_id": str(standing.driver_id)}


async def tell_lost(
    session: AsyncSession,
    slot: OpenSlot,
    losers: Sequence[Bidder],
    say: Wording,
    policy: Policy,
    now: datetime,
    *,
    why: Lost = Lost.TAKEN,
) -> None:
    """Each of them learns once that the shift is not his."""
    if not losers or slot.window_id is None:
        return
    notice = BidLost(slot.route, slot.warehouse, slot.on, time.shift_start(slot.on, policy), why)
    of = [each.standing.driver_id for each in losers]
    await notices.tell(session, of, notice, notices.Envelope(Kind.BID_LOST, slot.window_id), say, policy, now)


_LOSE = sql(
    """
    UPDATE bids SET status = 'lost', score = scored.score, resolved_at = :now
    FROM unnest(CAST(:bids AS uuid[]), CAST(:scores AS real[])) AS scored (id, score)
    WHERE bids.id = scored.id
    """,
    bids=ARRAY(Uuid()),
    scores=ARRAY(REAL()),
)


async def lose_all(
    session: AsyncSession, bidders: Sequence[Bidder], actor_id: uuid.UUID | None, policy: Policy, now: datetime
) -> None:
    """All pending bids of a window are lost, since it goes on in another mode (R6.6, R6.9). Nobody is told by this."""
    if not bidders:
        return
    scores = [parts(each.standing, policy).score for each in bidders]
    await session.execute(_LOSE, {"bids": [each.bid_id for each in bidders], "scores": scores, "now": now})
    entries = (
        _judged(each.bid_id, each.standing.driver_id, BidStatus.LOST, score, before=each)
        for each, score in zip(bidders, scores, strict=True)
    )
    await audit.record(session, actor_id, now, *entries)


async def shown(
    session: AsyncSession, slot: OpenSlot, winner_id: uuid.UUID, bidders: Sequence[Bidder], now: datetime
) -> None:
    """Whatever shows the slot or the winner's day shows it as it is now: offers are taken, boards and home cards turn.

    Those rows are locked last.
    """
    day = following.Day(winner_id, slot.on)
    if slot.window_id is not None:
        await following.follow(session, slot.window_id, now, over=True, day=day)
    else:
        await follow_slots(session, [slot.assignment_id], [], now, days=[day])
    await following.follow_homes(
        session,
        now,
        of=sorted({winner_id, *(each.standing.driver_id for each in bidders)}),
        asked_of=slot.window_id,
        managers_of=[following.DayAt(slot.warehouse_id, slot.on)],
        first=winner_id,
    )
