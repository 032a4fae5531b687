"""A roster of the queue is made: one look at everything, the best that there is, one transaction that publishes it.

Solving takes seconds where the company is large, so no transaction is open meanwhile (ARCHITECTURE 3): the edge calls
one of these after the other. Who is killed leaves nothing but a claim that runs out; who comes second finds it made.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.notices.wording import Wording
from domain.policy import Policy
from domain.roster import previewing, runs
from domain.roster.publishing import Published, publish
from domain.roster.rules import Roster
from domain.roster.snapshot import Snapshot, snapshot


@dataclass(frozen=True, slots=True)
class Previewed:
    """Nothing was written but what would be."""

    run_id: uuid.UUID
    week: date


Made = Published | Previewed


async def look(session: AsyncSession, run_id: uuid.UUID, policy: Policy, now: datetime) -> Snapshot:
    """What a claimed run decides from. The transaction is one that sees a single moment (REPEATABLE READ)."""
    run = await runs.run(session, run_id)
    return await snapshot(session, run, policy, now, await previewing.looked_at(session, run, policy))


async def finish(
    session: AsyncSession,
    run_id: uuid.UUID,
    seen: Snapshot,
    roster: Roster,
    supposed: Roster | None,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> Made | None:
    """Publishes what came of it, or keeps a preview (R3.2 to R3.9); None where somebody else has finished the run.

    `supposed`: what comes of the candidates of a what-if.
    """
    run = await runs.open_run(session, run_id)
    if run is None:
        return None
    if not run.is_preview:
        return await publish(session, run, seen, roster, say, policy, now)
    await previewing.keep_preview(session, run, seen, roster, supposed, now)
    return Previewed(run.id, run.week)
