"""Emergency windows: opened by a manager, told of in waves, closed when nobody came. The only writers of windows."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, insert, literal, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding import queries as bidding
from domain.bidding.queries import SlotKey, may_take, standing
from domain.bidding.rules import WindowFacts
from domain.coverage import queries, rules
from domain.coverage.reopening import change_mode, open_window
from domain.coverage.rules import AlreadyOpen, Opening, SlotFacts
from domain.db.models import (
    Assignment,
    Bid,
    BidWindow,
    CapOverride,
    DayDecline,
    WindowAsk,
    WindowWaves,
)
from domain.db.models.words import (
    AssignmentStatus,
    BidStatus,
    BidWindowMode,
    BidWindowStatus,
    NotificationType,
    Trigger,
    Urgency,
)
from domain.notices import actions as notices
from domain.notices.kinds import Kind
from domain.notices.wording import EmergencyOffered, RouteUnfilled, Wording
from domain.people.queries import Person, managers_to_tell, manages
from domain.policy import Policy
from domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Opened:
    """The window is open, and the first wave is on its way."""

    window_id: uuid.UUID
    asked: int


async def open_emergency(
    session: AsyncSession,
    manager: Person,
    assignment_id: uuid.UUID,
    bonus_percent: int,
    until_hour: int | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Opened | AlreadyOpen | Refused:
    """Opens an emergency window for an unfilled slot of the manager's, and asks the first wave (R6.2, R6.3).

    `bonus_percent` 0 to 100; `until_hour` as in the rule, None: its own closing time. The assignment is locked, so that
    two managers who press at once open one window.
    """
    slot = await queries.slot_locked(session, manager.id, assignment_id)
    if slot is None:
        return Refused(Refusal.NOT_FOUND)
    decision = rules.decide_emergency(slot, bonus_percent, until_hour, policy, now)
    if not isinstance(decision, rules.Open):
        return decision
    opening = Opening(BidWindowMode.EMERGENCY, decision.closes_at, bonus_percent)
    window_id = decision.raises
    if window_id is None:
        window_id = await open_window(session, manager.id, slot.assignment_id, Trigger.MANAGER, opening, now)
    else:
        await change_mode(session, manager.id, window_id, slot.open_mode, opening, now)
    asked = await _send_wave(session, _key(slot, window_id), opening, say, policy, now)
    return Opened(window_id, asked)


@dataclass(frozen=True, slots=True)
class _Key:
    """A slot with its names, and the window through which it is to be filled."""

    slot: SlotKey
    route: str
    warehouse: str


def _opening(window: WindowFacts) -> Opening:
    return Opening(window.mode, window.closes_at, window.bonus_percent)


def _key(slot: SlotFacts | WindowFacts, window_id: uuid.UUID) -> _Key:
    return _Key(SlotKey(window_id, slot.route_id, slot.warehouse_id, slot.on), slot.route, slot.warehouse)


async def _send_wave(
    session: AsyncSession,
    key: _Key,
    opening: Opening,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> int:
    """Asks the next thirty, best first: those near, or everyone eligible where fewer than ten are near (R6.3).

    The statements are constant in number, whatever the fleet's size. The window is locked by the caller. While it is
    open the next wave is always due: drivers become free, and are asked then.
    """
    emergency = opening.mode is BidWindowMode.EMERGENCY
    every = policy.wave_every_emergency if emergency else policy.wave_every
    window_id = key.slot.window_id
    of = standing(policy).subquery("standing")
    eligible = select(of).where(may_take(of), not_(of.c.declined)).cte("eligible")
    locals_ = select(func.count()).select_from(eligible).where(eligible.c.near).scalar_subquery()
    chosen = (
        select(eligible.c.driver_id, literal(window_id), literal(now))
        .where(
            or_(eligible.c.near, locals_ < policy.few_locals),
            eligible.c.driver_id.not_in(bidding.asked(window_id)),
        )
        .order_by(eligible.c.score.desc(), eligible.c.load, eligible.c.driver_id)
        .limit(policy.wave_size)
    )
    new = await session.execute(
        insert(WindowAsk)
        .from_select(["user_id", "window_id", "asked_at"], chosen.params(key.slot.given))
        .returning(WindowAsk.user_id)
    )
    asked = new.scalars().all()
    await session.execute(
        update(WindowWaves)
        .where(WindowWaves.window_id == window_id)
        .values(next_at=now + every, sent=WindowWaves.sent + 1)
    )
    if asked:
        starts_at = time.shift_start(key.slot.on, policy)
        notice = EmergencyOffered(key.route, key.warehouse, key.slot.on, starts_at, opening.bonus_percent)
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
        await notices.follow(session, window_id, now, over=False)
        await notices.follow_homes(session, now, of=asked)
    return len(asked)


@dataclass(frozen=True, slots=True)
class WaveSent:
    """A wave was due, and `asked` drivers were told in it."""

    window_id: uuid.UUID
    asked: int


async def send_due_wave(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> WaveSent | None:
    """Decides and writes one wave that is due (R6.3); None where there is none.

    What others hold is passed by, and so are the first `pass_by` of what is due.
    """
    found = await session.execute(
        select(WindowWaves.window_id)
        .join(BidWindow, BidWindow.id == WindowWaves.window_id)
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .where(
            WindowWaves.next_at <= now,
            BidWindow.status == BidWindowStatus.OPEN,
            BidWindow.closes_at > now,
            Assignment.status == AssignmentStatus.UNFILLED,  # another program may have filled it
        )
        .order_by(WindowWaves.next_at, WindowWaves.window_id)
        .offset(pass_by)
        .limit(1)
        .with_for_update(of=[BidWindow, WindowWaves], key_share=True, skip_locked=True)
    )
    window_id = found.scalar_one_or_none()
    if window_id is None:
        return None
    window = await bidding.window(session, window_id)
    asked = await _send_wave(session, _key(window, window_id), _opening(window), say, policy, now)
    return WaveSent(window_id, asked)


@dataclass(frozen=True, slots=True)
class ClosedEmpty:
    """The window's time came, and nobody had taken the slot through it."""

    window_id: uuid.UUID
    unfilled: bool  # still; another program may have filled the slot, or closed it
    told: int  # managers


@dataclass(frozen=True, slots=True)
class BecameInstant:
    """Nobody has bid: whoever accepts first has it, until it starts."""

    window_id: uuid.UUID


async def close_due_window(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> ClosedEmpty | BecameInstant | None:
    """Closes one window whose time has come, and tells the route's manager, once (R6.6).

    A competitive one for which nobody has bid becomes instant, and closes when the shift starts.

    What others hold is passed by, and so are the first `pass_by` of what is due.
    """
    bids = exists().where(Bid.assignment_id == BidWindow.assignment_id, Bid.status == BidStatus.PENDING)
    found = await session.execute(
        select(BidWindow.id)
        .where(
            BidWindow.status == BidWindowStatus.OPEN,
            BidWindow.closes_at <= now,
            or_(BidWindow.mode != BidWindowMode.COMPETITIVE, not_(bids)),
        )
        .order_by(BidWindow.closes_at, BidWindow.id)
        .offset(pass_by)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    )
    window_id = found.scalar_one_or_none()
    if window_id is None:
        return None
    window = await bidding.window(session, window_id)
    starts_at = time.shift_start(window.on, policy)
    if window.mode is BidWindowMode.COMPETITIVE and now < starts_at:
        await change_mode(session, None, window_id, window.mode, Opening(BidWindowMode.INSTANT, starts_at), now)
        await notices.follow(session, window_id, now, over=False)
        return BecameInstant(window_id)
    await session.execute(update(BidWindow).where(BidWindow.id == window_id).values(status=BidWindowStatus.CLOSED))
    await session.execute(update(WindowWaves).where(WindowWaves.window_id == window_id).values(next_at=None))
    await audit.record(
        session,
        None,
        now,
        audit.Entry(
            "bid_window",
            window_id,
            "closed",
            before={"status": BidWindowStatus.OPEN},
            after={"status": BidWindowStatus.CLOSED},
        ),
    )
    notice = RouteUnfilled(window.route, window.warehouse, window.on, starts_at)
    envelope = notices.Envelope(Kind.ROUTE_UNFILLED, window_id)
    unfilled = window.slot_status is AssignmentStatus.UNFILLED
    told = 0
    if unfilled:
        responsible = (await session.scalars(managers_to_tell(window.warehouse_id, window.route_id, now))).all()
        told = await notices.tell(session, responsible, notice, envelope, say, policy, now)
    await notices.follow(session, window_id, now, over=True)
    await notices.follow_homes(session, now, asked_of=window_id, managers_of=window.warehouse_id)
    return ClosedEmpty(window_id, unfilled, told)


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
    locked = await session.execute(
        select(BidWindow.id)
        .join(Assignment, Assignment.id == BidWindow.assignment_id)
        .where(BidWindow.id == window_id, manages(manager.id, Assignment.warehouse_id))
        .with_for_update(of=BidWindow, key_share=True)
    )
    if locked.one_or_none() is None:
        return Refused(Refusal.NOT_FOUND)
    window = await bidding.window(session, window_id)
    if window.status is not BidWindowStatus.OPEN or now >= window.closes_at:
        return Refused(Refusal.WINDOW_OVER)
    key = _key(window, window_id)
    of = standing(policy).subquery("standing")
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
    asked = await _send_wave(session, key, _opening(window), say, policy, now)
    if not asked:  # none of them in this wave: how many are at their cap has changed all the same
        await notices.follow(session, window_id, now, over=False)
    return AskedCapped(len(drivers), asked)


@dataclass(frozen=True, slots=True)
class Declined:
    """He won't be asked for that day again."""


async def decline_day(session: AsyncSession, driver: Person, window_id: uuid.UUID, now: datetime) -> Declined | Refused:
    """[Not today]: the driver is not told of, or counted as free for, shifts of this window's date (R6.3).

    Refused for a window that he was not asked for. The window is locked, as by all who change what shows it.
    """
    asked = bidding.asked(window_id).where(WindowAsk.user_id == driver.id)
    on = await session.scalar(
        select(Assignment.on)
        .join(BidWindow, BidWindow.assignment_id == Assignment.id)
        .where(BidWindow.id == window_id, asked.exists())
        .with_for_update(of=BidWindow, key_share=True)
    )
    if on is None:
        return Refused(Refusal.NOT_FOUND)
    declined = await session.execute(
        upsert(DayDecline)
        .values(user_id=driver.id, on=on, declined_at=now)
        .on_conflict_do_nothing()
        .returning(DayDecline.on)
    )
    if declined.first() is not None:
        await audit.record(
            session, driver.id, now, audit.Entry("user", driver.id, "day_declined", after={"date": on.isoformat()})
        )
        await notices.mark_read(session, driver.id, Kind.OFFER, window_id)
        await notices.follow(session, window_id, now, over=False, day=notices.Day(driver.id, on))
        await notices.follow_homes(session, now, of=[driver.id])
    return Declined()
