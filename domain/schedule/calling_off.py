"""Slots that are called off: their rows, their windows, and those who had counted on them (R2.0).

Scheduled and unfilled rows are cancelled, without incident and without being opened again; who is active or done stays.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Row, Uuid, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding.queries import lock_people
from domain.db.models import Assignment, Bid, BidWindow, WindowAsk
from domain.db.models.words import AssignmentStatus, BidStatus, BidWindowStatus
from domain.db.sql import sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.offers import BidLost, Lost
from domain.notices.facts.routes import Cause, ShiftCancelled
from domain.notices.following_many import follow_slots
from domain.notices.kinds import Kind
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.policy import Policy

STAYING = (AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class LiveSlot:
    """A live row and whose it is; `bidders`: how many wait for its award."""

    assignment_id: uuid.UUID
    route: str
    warehouse: str
    on: date
    status: AssignmentStatus
    driver_id: uuid.UUID | None
    driver: str | None
    language: str | None
    window_id: uuid.UUID | None
    bidders: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What calling off comes to: what is cancelled, with or without a driver, and what stays since it has begun."""

    cancelled: tuple[LiveSlot, ...]
    staying: tuple[LiveSlot, ...]

    @property
    def displaced(self) -> tuple[LiveSlot, ...]:
        """Those whose driver must not travel."""
        return tuple(slot for slot in self.cancelled if slot.driver_id is not None)

    @property
    def bidders(self) -> int:
        return sum(slot.bidders for slot in self.cancelled)


# Names are looked up one by one: of how many rows there are on these days the planner thinks too much to do so itself.
_LIVE = sql(
    """
    SELECT a.id, (SELECT name FROM routes r WHERE r.id = a.route_id) AS route,
           (SELECT name FROM warehouses w WHERE w.id = a.warehouse_id) AS warehouse, a.date, a.status::text, a.user_id,
           (SELECT first_name || ' ' || last_name FROM users who WHERE who.id = a.user_id) AS driver,
           (SELECT language FROM contact_settings contact WHERE contact.user_id = a.user_id) AS language,
           (SELECT bw.id FROM bid_windows bw WHERE bw.assignment_id = a.id AND bw.status = 'open') AS window_id,
           (SELECT count(*) FROM bids b WHERE b.assignment_id = a.id AND b.status = 'pending') AS bidders
    FROM assignments a
    WHERE a.route_id = ANY (:routes) AND a.date = ANY (:days) AND a.status <> 'cancelled'
    ORDER BY a.date, length((SELECT name FROM routes r WHERE r.id = a.route_id)), route, a.id
    """,
    routes=ARRAY(Uuid()),
    days=ARRAY(Date()),
)


def _slot(row: Row[Any]) -> LiveSlot:
    found = row._mapping
    return LiveSlot(
        assignment_id=found["id"],
        route=found["route"],
        warehouse=found["warehouse"],
        on=found["date"],
        status=AssignmentStatus(found["status"]),
        driver_id=found["user_id"],
        driver=found["driver"],
        language=found["language"],
        window_id=found["window_id"],
        bidders=found["bidders"],
    )


async def effect_of(session: AsyncSession, routes: Sequence[uuid.UUID], days: Sequence[date]) -> Effect:
    """What calling off these routes on these days would come to."""
    rows = await session.execute(_LIVE, {"routes": list(routes), "days": list(days)})
    return _effect([_slot(row) for row in rows])


def _effect(slots: Sequence[LiveSlot]) -> Effect:
    begun = tuple(slot for slot in slots if slot.status in STAYING)
    return Effect(tuple(slot for slot in slots if slot.status not in STAYING), begun)


class _Moved(Exception):
    """Somebody has opened a slot or a window again while we waited for locks."""


async def effect_locked(session: AsyncSession, routes: Sequence[uuid.UUID], days: Sequence[date]) -> Effect:
    """The same with every live row locked, those that stay, too: none of them can be opened again behind our back.

    Windows before assignments before those who bid for them, as everybody does. Whoever was waited for may have put a
    fresh row or window in the place of the old one: then all are given back and locked anew.
    """
    while True:
        try:
            async with session.begin_nested():
                seen = await effect_of(session, routes, days)
                every = (*seen.cancelled, *seen.staying)
                windows = [slot.window_id for slot in every if slot.window_id is not None]
                rows = [slot.assignment_id for slot in every]
                for model, ids in ((BidWindow, windows), (Assignment, rows)):
                    of_these = select(model.id).where(model.id.in_(ids)).order_by(model.id)
                    await session.execute(of_these.with_for_update(key_share=True))
                now_there = await effect_of(session, routes, days)
                for slot in (*now_there.cancelled, *now_there.staying):
                    if slot.assignment_id not in rows or slot.window_id not in (None, *windows):
                        raise _Moved
                bidding = select(Bid.user_id).where(Bid.assignment_id.in_(rows), Bid.status == BidStatus.PENDING)
                if bidders := set(await session.scalars(bidding)):
                    await lock_people(session, bidders)
                return now_there
        except _Moved:
            continue


_CALL_OFF = sql(
    """
    WITH rows AS (
        UPDATE assignments SET status = 'cancelled', updated_at = :now WHERE id = ANY (:slots)
    ), windows AS (
        UPDATE bid_windows SET status = 'closed' WHERE id = ANY (:windows)
    ), waves AS (
        UPDATE window_waves SET next_at = NULL WHERE window_id = ANY (:windows)
    ), lost AS (
        UPDATE bids SET status = 'lost', resolved_at = :now WHERE assignment_id = ANY (:slots) AND status = 'pending'
        RETURNING id, assignment_id, user_id
    )
    SELECT lost.id, lost.assignment_id, lost.user_id, contact.language
    FROM lost LEFT JOIN contact_settings contact ON contact.user_id = lost.user_id
    ORDER BY lost.user_id, lost.id
    """,
    slots=ARRAY(Uuid()),
    windows=ARRAY(Uuid()),
)


async def call_off(
    session: AsyncSession,
    actor_id: uuid.UUID,
    warehouse_id: uuid.UUID,
    days: Sequence[date],
    effect: Effect,
    also: Sequence[uuid.UUID],
    say: Wording,
    policy: Policy,
    now: datetime,
) -> None:
    """Cancels what `effect_locked` found on these days, and tells each displaced driver and each bidder, once.

    `also`: what else shows it. The statements are constant in number.
    """
    slots = {slot.assignment_id: slot for slot in effect.cancelled}
    windows = [slot.window_id for slot in effect.cancelled if slot.window_id is not None]
    lost = (await session.execute(_CALL_OFF, {"slots": list(slots), "windows": windows, "now": now})).all()
    cancelled, closed = {"status": AssignmentStatus.CANCELLED}, {"status": BidWindowStatus.CLOSED}
    entries = [
        *(
            audit.Entry("assignment", id_, "called_off", {"status": slot.status}, cancelled)
            for id_, slot in slots.items()
        ),
        *(audit.Entry("bid_window", id_, "closed", {"status": BidWindowStatus.OPEN}, closed) for id_ in windows),
        *(
            audit.Entry("bid", bid.id, "lost", {"status": BidStatus.PENDING}, {"status": BidStatus.LOST})
            for bid in lost
        ),
    ]
    if entries:
        await audit.record(session, actor_id, now, *entries)
    await tell_each(session, [_dont_travel(slot, policy) for slot in effect.displaced], say, now)
    bidders = [
        Letter(
            bid.user_id,
            bid.language,
            _bid_lost(slots[bid.assignment_id], policy),
            notices.Envelope(Kind.BID_LOST, slots[bid.assignment_id].window_id or bid.assignment_id),
        )
        for bid in lost
    ]
    await tell_each(session, bidders, say, now)
    await follow_slots(session, list(slots), also, now)
    asked = await session.scalars(select(WindowAsk.user_id).where(WindowAsk.window_id.in_(windows)).distinct())
    of = {bid.user_id for bid in lost} | {slot.driver_id for slot in effect.displaced if slot.driver_id} | set(asked)
    shown = [following.DayAt(warehouse_id, on) for on in days]
    await following.follow_homes(session, now, of=sorted(of), managers_of=shown)


def _bid_lost(slot: LiveSlot, policy: Policy) -> BidLost:
    return BidLost(slot.route, slot.warehouse, slot.on, time.shift_start(slot.on, policy), Lost.CLOSED)


def _dont_travel(slot: LiveSlot, policy: Policy) -> Letter:
    """To whom the shift was (R11: shift_cancelled, urgent). It has a point until the day is over."""
    assert slot.driver_id is not None
    over_at = time.local_instant(slot.on, policy.day_ends, policy)
    envelope = notices.Envelope(Kind.SHIFT_CANCELLED, slot.assignment_id, expires_at=over_at)
    starts_at = time.shift_start(slot.on, policy)
    notice = ShiftCancelled(slot.route, slot.warehouse, slot.on, starts_at, Cause.CLOSED)
    return Letter(slot.driver_id, slot.language, notice, envelope)
