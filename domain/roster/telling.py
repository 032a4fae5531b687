"""Drivers are told of a week that has been given out (R3.8): in one message each, and in their inbox row by row."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Date, DateTime, Integer, Text, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models import RosterRun
from domain.db.models.words import Urgency
from domain.db.sql import Find, sql
from domain.notices.actions import Envelope
from domain.notices.facts.weeks import WeekGiven, WeekLocked, WeekOpen
from domain.notices.kinds import Kind, week_about
from domain.notices.mailing import Letter, note_each, tell_each
from domain.notices.wording import Wording
from domain.policy import Policy
from domain.roster.openings import HisShifts, HisWeek, shifts_of, weeks_of
from domain.schedule.rules import DAYS_OF_WEEK

AT_ONCE: Final = 200  # drivers in a transaction: nobody waits for twenty thousand letters, nor does the event loop


@dataclass(frozen=True, slots=True)
class WeekTold:
    """So many drivers were told of the week of this Monday."""

    week: date
    told: int


# Whoever is employed at all until the week is over.
_NEXT = sql(
    """
    SELECT who.id FROM users who
    WHERE who.role = 'driver'
      AND (NOT EXISTS (SELECT FROM employments e WHERE e.user_id = who.id)
           OR EXISTS (SELECT FROM employments e WHERE e.user_id = who.id
                      AND e.starts_on <= :last AND coalesce(e.ends_on, 'infinity') >= :first))
      AND NOT EXISTS (SELECT FROM notifications n WHERE n.data ->> 'dedupe' = :dedupe || who.id)
    ORDER BY who.id LIMIT :most
    """,
    first=Date(),
    last=Date(),
    dedupe=Text(),
    most=Integer(),
)


async def tell_week(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> WeekTold | None:
    """The next drivers who are to be told of a week whose hour has come: Monday 12:00 after its freeze (R3.8).

    None where there is no such week. What others hold is passed by, and so are the first `pass_by` of what is due.
    Nobody is told of a week that is over.
    """
    run = (await session.execute(*due_week(policy, now, pass_by))).one_or_none()
    if run is None:
        return None
    _, last = time.week_of(run.week)
    about, over = week_about(run.week), time.local_instant(last, policy.day_ends, policy)
    given = {"first": run.week, "last": last, "dedupe": Envelope(Kind.WEEK_LOCKED, about).dedupe, "most": AT_ONCE}
    drivers = (await session.scalars(_NEXT, given)).all() if now < over else []
    if not drivers:
        await session.execute(update(RosterRun).where(RosterRun.id == run.id).values(told_at=now))
        return WeekTold(run.week, 0)
    await _tell(session, run.week, await weeks_of(session, run.week, drivers, now), say, policy, now)
    return WeekTold(run.week, len(drivers))


_DUE = sql(
    """
    SELECT id, week FROM roster_runs
    WHERE cause = 'deadline' AND carried_out_at IS NOT NULL AND told_at IS NULL AND as_of < :frozen
    ORDER BY week LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE SKIP LOCKED
    """,
    frozen=DateTime(timezone=True),
    pass_by=Integer(),
)


def due_week(policy: Policy, now: datetime, pass_by: int = 0) -> Find:
    """A week, and its run's id: due once its roster is published and its Monday noon has come, be it long past."""
    monday, _ = time.week_of(time.local_day(now, policy))
    noon = time.local_instant(monday, policy.week_told_at, policy)
    first = monday if now >= noon else monday - timedelta(days=DAYS_OF_WEEK)
    return _DUE, {"frozen": time.local_instant(first, policy.midnight, policy), "pass_by": pass_by}


async def _tell(
    session: AsyncSession, week: date, drivers: Sequence[HisWeek], say: Wording, policy: Policy, now: datetime
) -> None:
    """One message each; who has shifts is told of those, and finds the rest beside it in his inbox."""
    about, until = week_about(week), until_when(week, policy, now)
    locked = Envelope(Kind.WEEK_LOCKED, about, expires_at=until)
    given = Envelope(Kind.WEEK, about, expires_at=until, level=Urgency.NORMAL)
    open_ = Envelope(Kind.WEEK_OPEN, about)
    working = [each for each in drivers if each.shifts]
    of_shifts = [Letter(each.driver_id, each.language, WeekGiven(week, each.shifts), given) for each in working]
    of_locks = {
        each.driver_id: Letter(each.driver_id, each.language, WeekLocked(week, each.shifts), locked) for each in drivers
    }
    of_open = [Letter(each.driver_id, each.language, WeekOpen(week, each.open), open_) for each in drivers if each.open]
    await note_each(session, [of_locks[each.driver_id] for each in working], say, now)
    await note_each(session, of_open, say, now)
    await tell_each(session, [of_locks[each.driver_id] for each in drivers if not each.shifts], say, now)
    await tell_each(session, of_shifts, say, now)


async def tell_given(
    session: AsyncSession, week: date, drivers: Sequence[uuid.UUID], say: Wording, policy: Policy, now: datetime
) -> None:
    """Those to whom a manager's run has given shifts learn of it at once (R3.9)."""
    about = week_about(week)
    letters = [
        Letter(
            each.driver_id,
            each.language,
            WeekGiven(week, each.shifts),
            Envelope(Kind.WEEK, about, _point_until(each, week, policy, now), level=Urgency.IMPORTANT, occasion=now),
        )
        for each in await shifts_of(session, week, drivers)
    ]
    await tell_each(session, letters, say, now)


def _point_until(his: HisShifts, week: date, policy: Policy, now: datetime) -> datetime:
    """What is to be confirmed within hours has lost its point then: so the night does not hold it (R11.4)."""
    until, on = until_when(week, policy, now), his.to_confirm_on
    if on is None:
        return until
    confirm_by = time.last_confirmation(on, now, time.arrive_by(on, now, policy), policy)
    return min(until, confirm_by) if confirm_by <= now + policy.confirm_within else until


def until_when(week: date, policy: Policy, now: datetime) -> datetime:
    """When the message about a week has lost its point: as the week begins, or, if it has, when it is over."""
    begins = time.local_instant(week, policy.midnight, policy)
    return begins if now < begins else time.local_instant(week + timedelta(days=DAYS_OF_WEEK), policy.midnight, policy)
