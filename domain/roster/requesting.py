"""A manager asks for a roster: what it would be, or that what is empty be filled now (R3.9)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Text, Uuid, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit, time
from domain.bidding.queries import lock_people
from domain.db.models import RosterRun
from domain.db.models.words import RosterCause
from domain.db.sql import sql
from domain.people.drivers import is_seen
from domain.people.queries import Person, warehouses_of
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.roster import weeks
from domain.roster.supposing import Supposed

_ONE_BY_ONE: Final = text(f"SELECT pg_advisory_xact_lock({0x66696C6C})")


@dataclass(frozen=True, slots=True)
class Requested:
    """The run that makes it; whoever asks for the same meanwhile gets the same."""

    run_id: uuid.UUID


async def request_preview(
    session: AsyncSession, manager: Person, week: date, supposed: Supposed | None, policy: Policy, now: datetime
) -> Requested | Refused:
    """What the roster of the week of this Monday would be in his warehouses; `supposed`: if this were so.

    Refused: no warehouse is his, another week than this one and the next two, or a driver whom he may not see (R12.3).
    Lock: he, so that pressed twice at once it is one.
    """
    mine = await _allowed(session, manager, week, policy, now)
    if isinstance(mine, Refused):
        return mine
    of, today = supposed.driver_id if supposed else None, time.local_day(now, policy)
    if of is not None and not await is_seen(session, manager.id, of, today):
        return Refused(Refusal.NOT_FOUND)
    changes = None if supposed is None else supposed.plain()
    await lock_people(session, [manager.id])
    same = [RosterRun.cause == RosterCause.PREVIEW, RosterRun.requested_by == manager.id, RosterRun.week == week]
    for run_id, asked in await session.execute(
        select(RosterRun.id, RosterRun.changes).where(*same, RosterRun.carried_out_at.is_(None))
    ):
        if asked == changes:
            return Requested(run_id)
    return await _ask(session, manager, week, RosterCause.PREVIEW, mine, changes, now)


_LAST_SUPPOSED = sql(
    """
    SELECT id FROM roster_runs
    WHERE requested_by = :manager AND changes ? 'driver_id' AND changes ->> 'driver_id' IS NOT DISTINCT FROM :of
    ORDER BY requested_at DESC, id LIMIT 1
    """,
    manager=Uuid(),
    of=Text(),
)


async def last_supposed(session: AsyncSession, manager: Person, of: uuid.UUID | None) -> uuid.UUID | None:
    """His latest preview that supposes something of this driver; `of` None: of somebody new."""
    given = {"manager": manager.id, "of": None if of is None else str(of)}
    found: uuid.UUID | None = await session.scalar(_LAST_SUPPOSED, given)
    return found


async def request_fill(
    session: AsyncSession, manager: Person, week: date, policy: Policy, now: datetime
) -> Requested | Refused:
    """What is empty in his warehouses in that week is to be filled, as if it were its freeze.

    Two who ask at once ask for the same, unless the second has warehouses that the first has not. Refused: as above, or
    nothing is empty.
    """
    mine = await _allowed(session, manager, week, policy, now)
    if isinstance(mine, Refused):
        return mine
    await session.execute(_ONE_BY_ONE)
    under_way = [RosterRun.cause == RosterCause.MANAGER, RosterRun.week == week, RosterRun.carried_out_at.is_(None)]
    same = select(RosterRun.id).where(*under_way, RosterRun.warehouses.contains(mine))
    if (run_id := await session.scalar(same.limit(1))) is not None:
        return Requested(run_id)
    if not await weeks.empty(session, mine, week, policy, now):
        return Refused(Refusal.NOTHING_EMPTY)
    asked = await _ask(session, manager, week, RosterCause.MANAGER, mine, None, now)
    after = {"week": week.isoformat(), "warehouses": [str(each) for each in mine]}
    await audit.record(session, manager.id, now, audit.Entry("roster_run", asked.run_id, "requested", after=after))
    return asked


async def _allowed(
    session: AsyncSession, manager: Person, week: date, policy: Policy, now: datetime
) -> list[uuid.UUID] | Refused:
    """His warehouses."""
    mine = await warehouses_of(session, manager.id)
    if not mine:
        return Refused(Refusal.NOT_FOUND)
    return mine if week in weeks.mondays(policy, now) else Refused(Refusal.WEEK_OUT_OF_RANGE)


async def _ask(
    session: AsyncSession,
    manager: Person,
    week: date,
    cause: RosterCause,
    mine: list[uuid.UUID],
    changes: dict[str, Any] | None,
    now: datetime,
) -> Requested:
    run_id = uuid.uuid4()
    asked = {"id": run_id, "week": week, "cause": cause, "requested_by": manager.id, "requested_at": now, "as_of": now}
    await session.execute(insert(RosterRun).values(**asked, warehouses=mine, changes=changes))
    return Requested(run_id)
