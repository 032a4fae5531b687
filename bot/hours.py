"""What belongs to an hour of the day: when it is due, and that it is done once for it (ARCHITECTURE 5)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import DutyRun
from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Run:
    """A duty that is due for `instant`; `reached`: whom it has come to, where it is done in parts."""

    duty: str
    instant: datetime
    reached: uuid.UUID | None


async def take(session: AsyncSession, duty: str, at: str, now: datetime, policy: Policy) -> Run | None:
    """Where its hour has come since it was last done, its row is locked; None, too, where somebody else has it.

    A new database gets the row: what was before it is nobody's duty.
    """
    done_for = await session.scalar(select(DutyRun.done_for).where(DutyRun.duty == duty))
    if done_for is None:
        await session.execute(insert(DutyRun).values(duty=duty, done_for=now).on_conflict_do_nothing())
        return None
    if last_instant(at, done_for, now, policy) is None:
        return None
    its = select(DutyRun).where(DutyRun.duty == duty).execution_options(populate_existing=True)
    row = await session.scalar(its.with_for_update(key_share=True, skip_locked=True))
    instant = last_instant(at, row.done_for, now, policy) if row else None
    if row is None or instant is None:
        return None
    return Run(duty, instant, row.reached if row.doing_for == instant else None)


async def done(session: AsyncSession, run: Run) -> None:
    """All of it."""
    whole = {"done_for": run.instant, "doing_for": None, "reached": None}
    await session.execute(update(DutyRun).where(DutyRun.duty == run.duty).values(whole))


async def done_until(session: AsyncSession, run: Run, reached: uuid.UUID) -> None:
    """A part of it: all up to this one, by id."""
    part = {"doing_for": run.instant, "reached": reached}
    await session.execute(update(DutyRun).where(DutyRun.duty == run.duty).values(part))


def last_instant(at: str, after: datetime, until: datetime, policy: Policy) -> datetime | None:
    """The last instant of the schedule `at` later than `after` and not later than `until`; None where there is none."""
    trigger = CronTrigger.from_crontab(at, timezone=policy.zone)
    last: datetime | None = None
    while (following := _next(trigger, last or after)) is not None and following <= until:
        last = following
    return last


def _next(trigger: Any, after: datetime) -> datetime | None:
    following: datetime | None = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    return following
