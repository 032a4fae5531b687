"""Sunday night preferences are frozen (R3.2): a save is in this freeze, or clearly in the next.

Whoever saves shares a lock that whoever freezes has alone, as has who moves or deletes a route (R12.5). So the run of a
freeze is there before anything is saved that it does not count, and everything that it counts is there before the run.
"""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import DateTime, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.db.models import DriverPreferences, DutyRun, RosterRun
from domain.db.models.words import RosterCause
from domain.db.sql import sql
from domain.policy import Policy
from domain.schedule.rules import DAYS_OF_WEEK

DUTY: Final = "roster"
A_WEEK: Final = timedelta(days=DAYS_OF_WEEK)
_KEY: Final = 0x726F73746572
_SHARED, _ALONE = (text(f"SELECT pg_advisory_xact_lock{kind}({_KEY})") for kind in ("_shared", ""))


async def saving(session: AsyncSession, now: datetime, *, alone: bool = False) -> datetime:
    """The instant as of which preferences are saved: now, or just after a freeze that has not waited for them.

    Called before anything is locked; until the transaction ends nobody freezes. `alone`: nor does anybody else save,
    for who must see what everybody prefers.
    """
    await session.execute(_ALONE if alone else _SHARED)
    frozen: datetime | None = await session.scalar(
        select(func.max(RosterRun.as_of)).where(RosterRun.cause == RosterCause.DEADLINE)
    )
    return now if frozen is None or frozen < now else frozen + time.MOMENT


_FREEZE = sql(
    """
    INSERT INTO roster_runs (week, cause, requested_at, as_of) VALUES (:week, 'deadline', :now, :as_of)
    ON CONFLICT (week) WHERE cause = 'deadline' DO NOTHING
    RETURNING id
    """,
    as_of=DateTime(timezone=True),
)


async def freeze(session: AsyncSession, policy: Policy, now: datetime, *, by_hand: bool = False) -> list[date]:
    """Freezes what is due, and puts the rosters into the queue; returns the Mondays of their weeks (R3.2).

    Due is each Sunday since the last that was done: a new database begins with the next. `by_hand`: the last one in any
    case. What was frozen before is not again, and nothing is for a week that is over.
    """
    done_for = await session.scalar(select(DutyRun.done_for).where(DutyRun.duty == DUTY))
    if done_for is None and not by_hand:
        await session.execute(upsert(DutyRun).values(duty=DUTY, done_for=now).on_conflict_do_nothing())
        return []
    due = _due(done_for, policy, now, by_hand=by_hand)
    if not due:
        return []
    await session.execute(_ALONE)
    frozen = [week for week in due if await _freeze(session, week, policy, now)]
    last = time.freeze_of(due[-1], policy)
    done = upsert(DutyRun).values(duty=DUTY, done_for=last)
    latest = func.greatest(DutyRun.done_for, done.excluded.done_for)
    await session.execute(done.on_conflict_do_update(index_elements=["duty"], set_={"done_for": latest}))
    if frozen:
        await session.execute(update(DriverPreferences).values(locked_at=time.freeze_of(frozen[-1], policy)))
    return frozen


def _due(done_for: datetime | None, policy: Policy, now: datetime, *, by_hand: bool) -> list[date]:
    """The Mondays of the weeks that are to be frozen by now, first to last."""
    last = now - A_WEEK
    since = done_for if done_for is not None and not (by_hand and done_for > last) else last
    week, due = time.week_to_freeze(since + time.MOMENT, policy), []
    while time.freeze_of(week, policy) <= now:
        due.append(week)
        week += A_WEEK
    return due


async def _freeze(session: AsyncSession, week: date, policy: Policy, now: datetime) -> bool:
    if now >= time.local_instant(week + A_WEEK, policy.midnight, policy):
        return False
    as_of = time.freeze_of(week, policy)
    run_id = await session.scalar(_FREEZE, {"week": week, "as_of": as_of, "now": now})
    if run_id is not None:
        after = {"week": week.isoformat(), "as_of": as_of.isoformat()}
        await audit.record(session, None, now, audit.Entry("roster_run", run_id, "frozen", after=after))
    return run_id is not None
