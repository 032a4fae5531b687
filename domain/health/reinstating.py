"""Back into the pool or not: by a manager, by an appeal that waits, or since nobody decides in time (R10.2, R10.3)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Boolean, DateTime, Integer, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.queries import lock_people
from domain.db.sql import Find, sql
from domain.health import asking, grounds, pool
from domain.notices import actions as notices
from domain.notices import following
from domain.notices.facts.health import Becomes, PoolDecided
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import still_his
from domain.people.queries import Person
from domain.policy import Policy
from domain.reasons import bad_reason
from domain.refusals import Refusal, Refused
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class StopFacts:
    """A hard stop that is not over, as it is under the driver's lock. `appealed`: an appeal against it waits."""

    id: uuid.UUID
    driver_id: uuid.UUID
    stopped_at: datetime
    reminded_at: datetime | None
    widened_at: datetime | None
    back_at: datetime | None
    reinstated: bool | None
    appealed: bool


def is_back(stop: StopFacts, policy: Policy, now: datetime) -> bool:
    """Undecided for 72 h, or while an appeal waits, he is in the pool until it is decided (R10.2)."""
    return stop.appealed or (stop.reinstated is None and now >= stop.stopped_at + policy.stop_back_after)


@dataclass(frozen=True, slots=True)
class Decided:
    """A manager has decided: he is back, or stays out."""

    driver_id: uuid.UUID
    stop_id: uuid.UUID
    reinstated: bool


def decide(stop: StopFacts | None, reinstated: bool) -> StopFacts | Refused:
    """What a manager may decide so; who stays out can still be reinstated later (R10.3)."""
    if stop is None:
        return Refused(Refusal.NOT_STOPPED)
    if not reinstated and stop.reinstated is not None:
        return Refused(Refusal.DECIDED_ALREADY)
    return stop


_OPEN = sql(
    f"""
    SELECT s.id, s.user_id, s.stopped_at, s.reminded_at, s.widened_at, s.back_at, s.reinstated, {pool.APPEALED}
    FROM hard_stops s WHERE s.user_id = :driver AND s.ended_at IS NULL
    """,  # noqa: S608 - our own texts
    driver=Uuid(),
    **grounds.TYPES,
)


async def open_stop(session: AsyncSession, driver_id: uuid.UUID, policy: Policy) -> StopFacts | None:
    """The hard stop of a driver that is not over; None where he has none."""
    row = (await session.execute(_OPEN, {"driver": driver_id} | grounds.given(policy))).one_or_none()
    return None if row is None else StopFacts(*row)


# Taken out by another program, which has no table for it: what a manager decides about it is kept all the same.
_ADOPT = sql(
    """
    INSERT INTO hard_stops (id, user_id, stopped_at, adopted)
    SELECT gen_random_uuid(), user_id, :now, true FROM driver_health_state
    WHERE user_id = :driver AND NOT assignment_pool_eligible
      AND NOT EXISTS (SELECT FROM hard_stops WHERE user_id = :driver AND ended_at IS NULL)
    """,
    driver=Uuid(),
)


async def stop_to_decide(
    session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, reinstated: bool, policy: Policy, now: datetime
) -> StopFacts | Refused:
    """What a manager is about to decide about a driver of his, under that driver's lock.

    Whom another program has taken out has a stop of ours from now on, but not its deadlines (R10.2): to have been asked
    about decides nothing, so nobody is back by time alone.
    """
    await lock_people(session, [driver_id])  # he may just be leaving (R12.7)
    if await still_his(session, manager_id, driver_id, local_day(now, policy)) is None:
        return Refused(Refusal.NOT_FOUND)
    await session.execute(_ADOPT, {"driver": driver_id, "now": now})
    return decide(await open_stop(session, driver_id, policy), reinstated)


_DECIDE = sql(
    """
    UPDATE hard_stops SET decided_at = :now, decided_by = :by, reinstated = :reinstated, reason = :reason,
           ended_at = CASE WHEN :reinstated THEN CAST(:now AS timestamptz) END,
           back_at = CASE WHEN :reinstated OR :back THEN back_at END
    WHERE id = :stop
    """,
    by=Uuid(),
    stop=Uuid(),
    reinstated=Boolean(),
    back=Boolean(),
    reason=Text(),
)


async def reinstate(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Decided | Refused:
    """A manager puts a driver of his back into the pool; what was before never stops him again (R10.3)."""
    return await _decide(session, manager, driver_id, True, reason, say, policy, now)


async def keep_out(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Decided | Refused:
    """A driver of his stays out of the pool, until a manager reinstates him; he reads why (R10.2).

    While an appeal waits he is in it all the same.
    """
    return await _decide(session, manager, driver_id, False, reason, say, policy, now)


async def _decide(
    session: AsyncSession,
    manager: Person,
    driver_id: uuid.UUID,
    reinstated: bool,
    reason: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Decided | Refused:
    if (refused := bad_reason(reason, policy)) is not None:
        return refused
    stop = await stop_to_decide(session, manager.id, driver_id, reinstated, policy, now)
    if isinstance(stop, Refused):
        return stop
    given = {"stop": stop.id, "by": manager.id, "reinstated": reinstated, "reason": reason, "back": stop.appealed}
    await session.execute(_DECIDE, given | {"now": now})
    action = "reinstated" if reinstated else "kept_out"
    await pool.follow_stop(session, driver_id, action, manager.id, now, {"reason": reason})
    becomes = Becomes.REINSTATED if reinstated else Becomes.KEPT_OUT
    by = f"{manager.first_name} {manager.last_name}"
    await _tell(session, stop, PoolDecided(becomes, by, reason), say, policy, now)
    await _shown(session, stop, now, first=manager.id)
    return Decided(driver_id, stop.id, reinstated)


_BACK = sql("UPDATE hard_stops SET back_at = :back_at WHERE id = :stop", stop=Uuid(),
            back_at=DateTime(timezone=True))  # fmt: skip


async def _tell(
    session: AsyncSession, stop: StopFacts, notice: PoolDecided, say: Wording, policy: Policy, now: datetime
) -> None:
    envelope = notices.Envelope(Kind.POOL_DECIDED, stop.id, occasion=now)
    await notices.tell(session, [stop.driver_id], notice, envelope, say, policy, now)


async def _shown(session: AsyncSession, stop: StopFacts, now: datetime, first: uuid.UUID | None = None) -> None:
    await following.follow(session, stop.id, now, over=False)
    await following.follow_homes(session, now, of=[stop.driver_id], first=first)


# -- the managers' deadlines

_DUE = sql(
    """
    SELECT s.user_id FROM hard_stops s JOIN users u ON u.id = s.user_id
    WHERE s.ended_at IS NULL AND s.reinstated IS NULL AND NOT s.adopted
      AND (s.reminded_at IS NULL AND s.stopped_at <= :reminded OR s.widened_at IS NULL AND s.stopped_at <= :widened
           OR s.back_at IS NULL AND s.stopped_at <= :back)
    ORDER BY s.stopped_at, s.id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF u SKIP LOCKED
    """,
    reminded=DateTime(timezone=True),
    widened=DateTime(timezone=True),
    back=DateTime(timezone=True),
    pass_by=Integer(),
)
_REACHED = sql(
    """
    UPDATE hard_stops SET reminded_at = coalesce(reminded_at, :now),
           widened_at = CASE WHEN :everybody THEN coalesce(widened_at, :now) ELSE widened_at END
    WHERE id = :stop
    """,
    stop=Uuid(),
    everybody=Boolean(),
)


@dataclass(frozen=True, slots=True)
class Reached:
    """A deadline that nobody has met: its managers were reminded, or all of them asked, or the driver is back."""

    stop_id: uuid.UUID
    asked: int
    back: bool


def due_stop(policy: Policy, now: datetime, pass_by: int = 0) -> Find:
    """A driver about whose hard stop nobody has decided in time: his id."""
    ends = {
        "reminded": policy.stop_reminded_after,
        "widened": policy.stop_widened_after,
        "back": policy.stop_back_after,
    }
    return _DUE, {name: now - after for name, after in ends.items()} | {"pass_by": pass_by}


async def follow_due_stop(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Reached | None:
    """One hard stop on which nobody has decided in time: 12, 24 or 72 h (R10.2); None where there is none.

    What others hold is passed by, and so are the first `pass_by`. The driver's row is locked: who decides holds it.
    """
    due = due_stop(policy, now, pass_by)
    while (driver_id := await session.scalar(*due)) is not None:
        stop = await open_stop(session, driver_id, policy)  # once more, under the lock
        if stop is None or stop.reinstated is not None:
            continue
        everybody = now >= stop.stopped_at + policy.stop_widened_after
        asks = stop.widened_at is None if everybody else stop.reminded_at is None
        await session.execute(_REACHED, {"stop": stop.id, "everybody": everybody, "now": now})
        back = stop.back_at is None and is_back(stop, policy, now)
        if back:
            await session.execute(_BACK, {"stop": stop.id, "back_at": now})
            await pool.follow_stop(session, driver_id, Becomes.BACK_UNDECIDED.value, None, now)
            await _tell(session, stop, PoolDecided(Becomes.BACK_UNDECIDED), say, policy, now)
        hours = (now - stop.stopped_at) // timedelta(hours=1)
        asked = 0
        if asks:
            asked = await asking.ask(session, stop.id, say, policy, now, everybody=everybody, hours=hours)
        await _shown(session, stop, now)
        return Reached(stop.id, asked, back)
    return None
