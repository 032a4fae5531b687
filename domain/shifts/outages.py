"""Outages of ours: when no update was processed, so that nobody could act (R8.6a).

Whoever processes updates leaves a heartbeat now and then. How far two are apart is judged by the database's clock: the
business clock of a sandbox can be moved.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import DateTime, Interval
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.policy import Policy


class Outage(NamedTuple):
    """From the last heartbeat before it to the first after it; `until` None: it goes on."""

    since: datetime
    until: datetime | None


# Of those up to `:before` the last one is kept: since then it may have been silent, however long. The new one, which
# the DELETE does not see, is later than that.
_BEAT = sql(
    """
    WITH beaten AS (
        INSERT INTO heartbeats (at) SELECT :now WHERE NOT EXISTS (SELECT FROM pauses)
        ON CONFLICT (at) DO UPDATE SET last_at = clock_timestamp()
    )
    DELETE FROM heartbeats WHERE at < (SELECT max(at) FROM heartbeats WHERE at <= :before)
    """,
    before=DateTime(timezone=True),
)
_OUTAGES = sql(
    """
    SELECT at AS since, following AS until FROM (
        SELECT at, lead(at) OVER (ORDER BY at) AS following,
               lead(first_at, 1, clock_timestamp()) OVER (ORDER BY at) - last_at AS silent_for
        FROM heartbeats WHERE at >= coalesce((SELECT max(at) FROM heartbeats WHERE at <= :from), '-infinity')
    ) AS beats
    WHERE silent_for >= :least
    ORDER BY at
    """,
    least=Interval(),
    **{"from": DateTime(timezone=True)},
)


async def beat(session: AsyncSession, policy: Policy, now: datetime) -> None:
    """Updates are being processed, unless all is paused; heartbeats that nobody asks for any more are forgotten."""
    await session.execute(_BEAT, {"now": now, "before": now - policy.keep_heartbeats_for})


async def known_outages(
    session: AsyncSession, policy: Policy, now: datetime, *, within: timedelta | None = None
) -> tuple[Outage, ...]:
    """Those that ended `within` so long before now, or go on, the last one last; none where no heartbeat was ever left.

    `within` None: as far back as heartbeats are kept. What is asked each second does not read two days of them.
    """
    given = {"from": now - (within or policy.keep_heartbeats_for), "least": policy.outage_least}
    return tuple(Outage(row.since, row.until) for row in await session.execute(_OUTAGES, given))


async def drops_are_held(session: AsyncSession, policy: Policy, now: datetime) -> bool:
    """During an outage of ours, and until a quarter of an hour after it (R8.6a)."""
    known = await known_outages(session, policy, now, within=policy.drops_held_for)
    return any(outage.until is None or now < outage.until + policy.drops_held_for for outage in known)
