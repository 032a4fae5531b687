"""Outages of ours: when no update was processed, so that nobody could act (R8.6a).

Whoever processes updates leaves a heartbeat now and then. How far two are apart is judged by the database's clock: the
business clock of a sandbox can be moved.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import DateTime, Interval
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.policy import Policy


class Outage(NamedTuple):
    """From the last heartbeat before it to the first after it; `until` None: it goes on."""

    since: datetime
    until: datetime | None


_BEAT = sql("INSERT INTO heartbeats (at) VALUES (:now) ON CONFLICT (at) DO UPDATE SET last_at = clock_timestamp()")
_FORGET = sql("DELETE FROM heartbeats WHERE at < :before", before=DateTime(timezone=True))
_LAST = sql(
    """
    SELECT at AS since, following AS until FROM (
        SELECT at, lead(at) OVER (ORDER BY at) AS following,
               lead(first_at, 1, clock_timestamp()) OVER (ORDER BY at) - last_at AS silent_for
        FROM heartbeats WHERE at > :from
    ) AS beats
    WHERE silent_for >= :least
    ORDER BY at DESC LIMIT 1
    """,
    least=Interval(),
    **{"from": DateTime(timezone=True)},
)


async def beat(session: AsyncSession, policy: Policy, now: datetime) -> None:
    """Updates are being processed; heartbeats that nobody asks for any more are forgotten."""
    await session.execute(_BEAT, {"now": now})
    await session.execute(_FORGET, {"before": now - policy.keep_heartbeats_for})


async def last_outage(session: AsyncSession, policy: Policy, now: datetime) -> Outage | None:
    """The last one as far as heartbeats are kept; None where there was none, or no heartbeat was ever left."""
    given = {"from": now - policy.keep_heartbeats_for, "least": policy.outage_least}
    row = (await session.execute(_LAST, given)).one_or_none()
    return None if row is None else Outage(row.since, row.until)
