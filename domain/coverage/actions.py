"""The waves in which drivers are told of windows, and what they and managers say to that (R6.3)."""

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import DateTime, Integer, Select, Uuid, bindparam, insert, literal, not_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import bids
from domain.bidding import queries as bidding
from domain.bidding.rules import WindowFacts
from domain.bidding.standing import ONE, SlotKey, key_of, may_take, next_to_ask, standing_there
from domain.coverage import queries
from domain.coverage.rules import Opening
from domain.coverage.unasked import anybody_unasked
from domain.db.models import (
    Bid,
    BidWindow,
    CapOverride,
    DayDecline,
    WindowAsk,
    WindowWaves,
)
from domain.db.models.words import (
    BidStatus,
    BidWindowMode,
    NotificationType,
    Urgency,
)
from domain.db.sql import Find, sql
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.offers import ShiftOffered
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Key:
    """A slot with its names, and the window through which it is to be filled."""

    slot: SlotKey
    route: str
    warehouse: str

    @property
    def day(self) -> following.DayAt:
        return following.DayAt(self.slot.warehouse_id, self.slot.on)


def _opening(window: WindowFacts) -> Opening:
    return Opening(window.mode, window.closes_at, window.bonus_percent)


def _key(window: WindowFacts) -> Key:
    return Key(key_of(window), window.route, window.warehouse)


@functools.cache
def _next_wave(policy: Policy) -> Select[tuple[uuid.UUID]]:
    """Writes down the next drivers to be asked; built once, and executed with the parameters of a slot and `now`."""
    window_id = bindparam("slot_window", type_=Uuid())
    asked = select(WindowAsk.user_id).where(WindowAsk.window_id == window_id)
    bidding_for_it = (  # they have seen it under /open
        select(Bid.user_id)
        .join(BidWindow, BidWindow.assignment_id == Bid.assignment_id)
        .where(BidWindow.id == window_id, Bid.status == BidStatus.PENDING)
    )
    next_ = next_to_ask(policy, asked, bidding_for_it)
    chosen = select(next_.c.driver_id, window_id, bindparam("now", type_=DateTime(timezone=True)), ONE.on)
    columns = [WindowAsk.user_id, WindowAsk.window_id, WindowAsk.asked_at, WindowAsk.on]
    new = insert(WindowAsk).from_select(columns, chosen).returning(WindowAsk.user_id).cte("new")
    return select(new.c.user_id)


async def send_wave(
    session: AsyncSession,
    key: Key,
    opening: Opening,
    say: Wording,
    policy: Policy,
    now: datetime,
    also: Sequence[uuid.UUID] = (),
) -> int:
    """Asks the next thirty, best first: those near, or everyone eligible where fewer than ten are near (R6.3).

    The statements are constant in number, whatever the fleet's size. The window is locked by the caller. While it is
    open the next wave is always due: drivers become free, and are asked then. `also`: whose home cards have changed
    besides, if anybody is asked.
    """
    emergency = opening.mode is BidWindowMode.EMERGENCY
    every = policy.wave_every_emergency if emergency else policy.wave_every
    window_id = key.slot.window_id
    asked: Sequence[uuid.UUID] = ()
    if await anybody_unasked(session, window_id):
        asked = (await session.scalars(_next_wave(policy), key.slot.given | {"now": now})).all()
    await session.execute(
        update(WindowWaves)
        .where(WindowWaves.window_id == window_id)
        .values(next_at=now + every, sent=WindowWaves.sent + 1)
    )
    if asked:
        starts_at = time.shift_start(key.slot.on, policy)
        how = opening.bonus_percent, opening.mode.value, opening.closes_at
        notice = ShiftOffered(key.route, key.warehouse, key.slot.on, starts_at, *how)
        # A window that goes on in another mode closes at another time: then it is told again (R6.6).
        envelope = notices.Envelope(
            Kind.OFFER,
            window_id,
            expires_at=opening.closes_at,
            level=Urgency.URGENT if emergency else Urgency.NORMAL,
            type=NotificationType.EMERGENCY_ROUTE_AVAILABLE if emergency else None,
            occasion=opening.closes_at,
        )
        await notices.tell(session, asked, notice, envelope, say, policy, now)
        await following.follow(session, window_id, now, over=False)
        await following.follow_homes(session, now, of=[*asked, *also], boards_of=[key.day])
    return len(asked)


@dataclass(frozen=True, slots=True)
class WaveSent:
    """A wave was due, and `asked` drivers were told in it."""

    window_id: uuid.UUID
    asked: int


# Another program may have filled the slot.
_DUE_WAVE = sql(
    """
    SELECT v.window_id FROM window_waves v
    JOIN bid_windows w ON w.id = v.window_id
    JOIN assignments a ON a.id = w.assignment_id
    WHERE v.next_at <= :now AND w.status = 'open' AND w.closes_at > :now AND a.status = 'unfilled'
    ORDER BY v.next_at, v.window_id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF w, v SKIP LOCKED
    """,
    pass_by=Integer(),
)


def due_wave(now: datetime, pass_by: int = 0) -> Find:
    """The window of one that is due."""
    return _DUE_WAVE, {"now": now, "pass_by": pass_by}


async def send_due_wave(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> WaveSent | None:
    """Decides and writes one wave that is due (R6.3); None where there is none.

    What others hold is passed by, and so are the first `pass_by` of what is due.
    """
    window_id = await session.scalar(*due_wave(now, pass_by))
    if window_id is None:
        return None
    window = await bidding.window(session, window_id)
    asked = await send_wave(session, _key(window), _opening(window), say, policy, now)
    return WaveSent(window_id, asked)


@dataclass(frozen=True, slots=True)
class AskedCapped:
    """Drivers at their cap were allowed for this window; those of the next wave were asked."""

    allowed: int
    asked: int


async def ask_capped(
    session: AsyncSession, manager: Person, window_id: uuid.UUID, say: Wording, policy: Policy, now: datetime
) -> AskedCapped | Refused:
    """[Ask them too]: lets drivers who are free but at their weekly cap take this shift, and asks them (R6.3, audited).

    Refused where the window is not the manager's or is over, and where no cap stands in anybody's way.
    """
    if (why := await queries.refuse_hand(session, manager.id, window_id, now)) is not None:
        return why
    window = await bidding.window(session, window_id)
    key = _key(window)
    of = standing_there(policy).subquery("standing")
    capped = select(literal(window_id), of.c.driver_id, literal(manager.id), literal(now)).where(
        may_take(of, but_for_cap=True), not_(may_take(of)), not_(of.c.declined)
    )
    allowed = await session.execute(
        upsert(CapOverride)
        .from_select(["window_id", "user_id", "granted_by", "granted_at"], capped.params(key.slot.given))
        .on_conflict_do_nothing()
        .returning(CapOverride.user_id)
    )
    drivers = [str(driver_id) for driver_id in allowed.scalars()]
    if not drivers:
        return Refused(Refusal.NOBODY_CAPPED)
    await audit.record(
        session, manager.id, now, audit.Entry("bid_window", window_id, "cap_override", after={"drivers": drivers})
    )
    asked = await send_wave(session, key, _opening(window), say, policy, now)
    if not asked:  # none of them in this wave: how many are at their cap has changed all the same
        await following.follow(session, window_id, now, over=False)
    return AskedCapped(len(drivers), asked)


@dataclass(frozen=True, slots=True)
class Declined:
    """He won't be asked for that day again."""


async def decline_day(session: AsyncSession, driver: Person, window_id: uuid.UUID, now: datetime) -> Declined | Refused:
    """[Not today]: the driver is not told of, or counted as free for, shifts of this window's date (R6.3).

    What he has bid for on that date is withdrawn, as far as it is not decided yet. Refused for a window that he was
    not asked for. Locks: window, assignment, driver, who so can't bid for another slot of that date meanwhile.
    """
    window = await bidding.window_locked(session, window_id, driver.id)
    if window is None or await session.scalar(bidding.asked(window_id).where(WindowAsk.user_id == driver.id)) is None:
        return Refused(Refusal.NOT_FOUND)
    await decline_of(session, driver, window.on, Kind.OFFER, window_id, now)
    return Declined()


async def decline_of(
    session: AsyncSession, driver: Person, on: date, kind: Kind, about: uuid.UUID, now: datetime
) -> None:
    """The same once he is locked, by a press on what was told of this; said twice, it changes nothing."""
    declined = await session.execute(
        upsert(DayDecline)
        .values(user_id=driver.id, on=on, declined_at=now)
        .on_conflict_do_nothing()
        .returning(DayDecline.on)
    )
    if declined.first() is None:
        return
    await audit.record(
        session, driver.id, now, audit.Entry("user", driver.id, "day_declined", after={"date": on.isoformat()})
    )
    withdrawn = await bids.withdraw_day(session, driver, on, now)
    await notices.mark_read(session, driver.id, kind, about)
    day = following.Day(driver.id, on)
    await following.follow(session, about, now, over=False, bids=bool(withdrawn), day=day, also=withdrawn.keys())
    at = [following.DayAt(warehouse_id, on) for warehouse_id in set(withdrawn.values())]
    await following.follow_homes(session, now, of=[driver.id], boards_of=at)
