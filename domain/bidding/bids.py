"""Placing and withdrawing bids (R6.4)."""

import uuid
from datetime import date, datetime

from sqlalchemy import Date, DateTime, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding import queries, rules
from domain.bidding.awarding import day_taken_back
from domain.bidding.rules import AlreadyYours, Bids, WindowFacts, Withdraws
from domain.bidding.standing import key_of, standing_of
from domain.db.models.words import BidStatus
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused

# The partial unique index is the last guard of "one pending bid per driver and assignment". He is taken to be willing
# to drive that day, whatever he had said before.
_PLACE = sql(
    """
    WITH placed AS (
        INSERT INTO bids (id, assignment_id, user_id, status, bid_at, window_closes_at)
        VALUES (:bid, :assignment, :driver, 'pending', :now, :closes_at)
        ON CONFLICT (assignment_id, user_id) WHERE status = 'pending' DO NOTHING
        RETURNING id
    ), taken_back AS (
        DELETE FROM day_declines WHERE user_id = :driver AND date = :on RETURNING date
    )
    SELECT (SELECT id FROM placed) AS bid_id, EXISTS (SELECT FROM taken_back) AS taken_back
    """,
    bid=Uuid(),
    assignment=Uuid(),
    driver=Uuid(),
    on=Date(),
    closes_at=DateTime(timezone=True),
)
_WITHDRAW = sql(
    """
    DELETE FROM bids b USING bid_windows w, assignments a
    WHERE w.status = 'open' AND w.mode = 'competitive' AND (w.id = :window OR a.date = :on)
      AND a.id = w.assignment_id AND b.assignment_id = a.id AND b.user_id = :driver AND b.status = 'pending'
    RETURNING b.id, b.assignment_id, w.id AS window_id, b.bid_at, a.warehouse_id
    """,
    window=Uuid(),
    on=Date(),
    driver=Uuid(),
)


async def place_bid(
    session: AsyncSession, driver: Person, window_id: uuid.UUID, policy: Policy, now: datetime
) -> Bids | AlreadyYours | Refused:
    """The driver bids for a competitive window's slot, once, until it closes (R6.3, R6.4). That takes back [Not today].

    Refused where it is over or not bid for, and for the grounds of R6.3. Pressed again, he bids. Locks: window,
    assignment, driver.
    """
    window = await queries.window_locked(session, window_id, driver.id)
    if window is None:
        return Refused(Refusal.NOT_FOUND)
    if (closed := rules.refuse_bid(window, driver.id, now)) is not None:
        return closed
    decision = rules.decide_bid(window, await standing_of(session, key_of(window), driver.id, policy))
    if isinstance(decision, Bids):
        bid = {"bid": uuid.uuid4(), "assignment": window.assignment_id, "driver": driver.id, "on": window.on}
        row = (await session.execute(_PLACE, bid | {"closes_at": window.closes_at, "now": now})).one()
        if row.taken_back:
            await audit.record(session, driver.id, now, day_taken_back(driver.id, window.on))
        if row.bid_id is not None:
            after = _of(window.assignment_id, window_id) | _pending(driver)
            await audit.record(session, driver.id, now, audit.Entry("bid", row.bid_id, "placed", {}, after))
            await notices.mark_read(session, driver.id, Kind.OFFER, window_id)
            await _shown(session, window, driver, now)
    return decision


async def withdraw_bid(
    session: AsyncSession, driver: Person, window_id: uuid.UUID, now: datetime
) -> Withdraws | AlreadyYours | Refused:
    """The driver takes his bid back, until the window closes; it is deleted, and audited (R6.4).

    Refused where the window is over or not bid for. Without a bid, or pressed again, he has none. Locks as a bid.
    """
    window = await queries.window_locked(session, window_id, driver.id)
    if window is None:
        return Refused(Refusal.NOT_FOUND)
    if (closed := rules.refuse_bid(window, driver.id, now)) is not None:
        return closed
    if await withdraw_own(session, driver, window_id, now):
        await _shown(session, window, driver, now)
    return Withdraws()


async def withdraw_own(session: AsyncSession, driver: Person, window_id: uuid.UUID, now: datetime) -> bool:
    """The driver bids for this no longer, whose window, open, is locked with him; returns whether he did. Not shown."""
    return bool(await _withdraw(session, driver, window_id, None, now))


async def withdraw_day(session: AsyncSession, driver: Person, on: date, now: datetime) -> dict[uuid.UUID, uuid.UUID]:
    """The driver, who is locked, bids for nothing of that date any longer, as far as it is not decided; returns the
    windows, each with its warehouse. What has closed is, too: he has said that he won't come before it was his.

    That lock is enough, whatever windows they are: all who place, withdraw or judge a bid have its driver's.
    """
    return await _withdraw(session, driver, None, on, now)


async def _withdraw(
    session: AsyncSession, driver: Person, window_id: uuid.UUID | None, on: date | None, now: datetime
) -> dict[uuid.UUID, uuid.UUID]:
    gone = (await session.execute(_WITHDRAW, {"window": window_id, "on": on, "driver": driver.id})).all()
    entries = [
        audit.Entry(
            "bid",
            bid.id,
            "withdrawn",
            _of(bid.assignment_id, bid.window_id) | _pending(driver) | {"bid_at": bid.bid_at.isoformat()},
        )
        for bid in gone
    ]
    if entries:
        await audit.record(session, driver.id, now, *entries)
    return {bid.window_id: bid.warehouse_id for bid in gone}


def _of(assignment_id: uuid.UUID, window_id: uuid.UUID) -> dict[str, str]:
    return {"assignment_id": str(assignment_id), "window_id": str(window_id)}


def _pending(driver: Person) -> dict[str, str]:
    return {"status": BidStatus.PENDING, "user_id": str(driver.id)}


async def _shown(session: AsyncSession, window: WindowFacts, driver: Person, now: datetime) -> None:
    """The managers' cards of the window and their maps, his own offers of that day, his home card, and what was told to
    who had it before.
    """
    day = following.Day(driver.id, window.on)
    await following.follow(session, window.window_id, now, over=False, bids=True, day=day)
    at = [following.DayAt(window.warehouse_id, window.on)]
    await following.follow_homes(session, now, of=[driver.id], boards_of=at, first=driver.id)
