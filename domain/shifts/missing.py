"""A driver who is not there when arriving is due: a no-show, unless it is held (R8.6, R8.6a)."""

from datetime import datetime

from sqlalchemy import Integer
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.coverage.reopening import reopen
from domain.db.models.words import IncidentKind, Trigger
from domain.db.sql import sql
from domain.notices.facts.arrivals import DriverMissing, ShiftMissed
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.queries import Person
from domain.policy import Policy
from domain.shifts import holds, ledger
from domain.shifts.holds import HELD, IS_HELD
from domain.shifts.leaving import Left, lost, shown, tell_driver, tell_managers, vacate
from domain.shifts.rules import ShiftFacts, is_missing

# The status is asked for once more where the row is locked: only there PostgreSQL looks again at one that was changed
# meanwhile, by its driver who has arrived or by another replica.
_NO_SHOW_DUE = sql(
    f"""
    {HELD}
    SELECT a.id, a.user_id FROM assignments a JOIN held m ON m.id = a.id
    WHERE a.status = 'scheduled' AND a.confirmed_at IS NOT NULL AND NOT {IS_HELD}
    ORDER BY m.arrive_by, a.id LIMIT 1 OFFSET :pass_by
    FOR NO KEY UPDATE OF a SKIP LOCKED
    """,  # noqa: S608 - our own texts
    pass_by=Integer(),
    **holds.TYPES,
)


async def miss_due_shift(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, pass_by: int = 0
) -> Left | None:
    """Takes one shift from whoever has confirmed it and is not there when arrival is due (R8.6); None: there is none.

    The slot is opened again as an emergency. What others hold is passed by, and so are the first `pass_by`.
    """
    known = await holds.given(session, policy, now)
    if known is None:
        return None
    while (row := (await session.execute(_NO_SHOW_DUE, known | {"pass_by": pass_by})).one_or_none()) is not None:
        # Its terms stand in another table: an extension that came between looking and locking is seen only now.
        shift, driver = await lost(session, row.user_id, row.id, policy)
        if is_missing(shift, now):
            left = await miss(session, shift, driver, say, policy, now)
            await shown(session, shift, now)
            return left
    return None


async def miss(
    session: AsyncSession, shift: ShiftFacts, driver: Person, say: Wording, policy: Policy, now: datetime
) -> Left:
    """The no-show of a shift that is locked, and missing: history, incident, the slot as an emergency, who is told.

    What shows it is not followed yet: those rows are locked last.
    """
    await vacate(session, shift, None, "no_show", {"arrive_by": shift.arrive_by.isoformat()}, now)
    counts = await ledger.enter(session, driver.id, shift.assignment_id, IncidentKind.NO_SHOW, None, say, policy, now)
    reopened = await reopen(session, shift, Trigger.NO_SHOW, None, policy, now)
    starts_at = time.shift_start(shift.on, policy)
    missed = ShiftMissed(shift.route, shift.warehouse, shift.on, starts_at, shift.arrive_by, counts)
    await tell_driver(session, shift, Kind.MISSED, missed, say, policy, now)
    name, asked = f"{driver.first_name} {driver.last_name}", reopened is not None
    missing = DriverMissing(shift.route, shift.warehouse, shift.on, starts_at, name, driver.phone, asked)
    told = await tell_managers(session, shift, Kind.NO_SHOW, missing, reopened, say, policy, now)
    return Left(shift.assignment_id, IncidentKind.NO_SHOW, reopened, told)
