"""The queue of rosters that are to be made (R3.2, R3.9): whoever is free takes the next, and nobody makes one twice."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Interval, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import RosterRun
from domain.db.models.words import RosterCause
from domain.db.sql import sql

LEASE: Final = timedelta(minutes=3)  # by the database's clock; what takes longer is done twice, and published once


@dataclass(frozen=True, slots=True)
class Run:
    """A roster that is to be made, as `RosterRun` has it."""

    id: uuid.UUID
    week: date
    cause: RosterCause
    requested_by: uuid.UUID | None
    as_of: datetime
    warehouses: tuple[uuid.UUID, ...] | None
    changes: dict[str, Any] | None

    @property
    def is_preview(self) -> bool:
        return self.cause is RosterCause.PREVIEW


@dataclass(frozen=True, slots=True)
class Claimed:
    """It is ours for a while. `again`: somebody had it before, and did not come to its end."""

    run_id: uuid.UUID
    again: bool


# What fails is taken up again when its lease is over, and so is behind all the others meanwhile.
_CLAIM = sql(
    """
    WITH next AS (
        SELECT id, claimed_until FROM roster_runs
        WHERE carried_out_at IS NULL AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        ORDER BY cause = 'preview', requested_at, id LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE roster_runs r SET claimed_until = clock_timestamp() + :lease
    FROM next WHERE r.id = next.id
    RETURNING r.id, next.claimed_until IS NOT NULL
    """,
    lease=Interval(),
)


async def claim(session: AsyncSession) -> Claimed | None:
    """Takes the oldest that nobody has in hand; None where there is none. What is given up is free after a while."""
    row = (await session.execute(_CLAIM, {"lease": LEASE})).one_or_none()
    return None if row is None else Claimed(*row)


async def run(session: AsyncSession, run_id: uuid.UUID) -> Run:
    """One that there is."""
    return _run(await session.get_one(RosterRun, run_id))


async def open_run(session: AsyncSession, run_id: uuid.UUID) -> Run | None:
    """One that is not carried out, locked: whoever else has it in hand waits, and then finds it done. None: it is."""
    locked = select(RosterRun).where(RosterRun.id == run_id, RosterRun.carried_out_at.is_(None))
    row = await session.scalar(locked.with_for_update(key_share=True))
    return None if row is None else _run(row)


def _run(row: RosterRun) -> Run:
    warehouses = None if row.warehouses is None else tuple(row.warehouses)
    return Run(row.id, row.week, row.cause, row.requested_by, row.as_of, warehouses, row.changes)
