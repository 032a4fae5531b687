"""A preview of a roster: what it looks at, and what is kept of it (R3.9). Nothing else is written."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Boolean, Date, DateTime, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models.words import GapReason
from domain.db.sql import sql
from domain.notices.following_many import follow_all
from domain.policy import Policy
from domain.roster.certificate import keep_certificate
from domain.roster.connected import connected
from domain.roster.rules import Gap, Roster
from domain.roster.runs import Run
from domain.roster.snapshot import WISHES, Snapshot
from domain.roster.supposing import SOMEBODY_NEW, Supposed, difference

# What is supposed of a driver ties together what it names, beside what he prefers.
_TIES = sql(
    f"""
    WITH {WISHES}, wanted AS (
        SELECT user_id, routes, any_home_route FROM wishes
        UNION ALL SELECT CAST(:supposed AS uuid), :routes, :any_home_route WHERE :supposed IS NOT NULL
    ), ties AS (
        SELECT wanted.user_id, route.warehouse_id FROM wanted
        JOIN routes route ON route.id = ANY (wanted.routes)
        UNION
        SELECT wanted.user_id, home.warehouse_id FROM wanted
        JOIN employments home ON home.user_id = wanted.user_id AND home.starts_on <= :last
             AND coalesce(home.ends_on, :last) >= :first
        WHERE wanted.any_home_route
        UNION
        SELECT wanted.user_id, w.id FROM wanted CROSS JOIN warehouses w
        WHERE wanted.any_home_route AND NOT EXISTS (SELECT FROM employments home WHERE home.user_id = wanted.user_id)
    )
    SELECT DISTINCT array_agg(warehouse_id ORDER BY warehouse_id) FROM ties GROUP BY user_id HAVING count(*) > 1
    """,  # noqa: S608 - our own text
    as_of=DateTime(timezone=True),
    supposed=Uuid(),
    routes=ARRAY(Uuid()),
    any_home_route=Boolean(),
    first=Date(),
    last=Date(),
)


async def looked_at(session: AsyncSession, run: Run, policy: Policy) -> Collection[uuid.UUID] | None:
    """The warehouses that a run must see; None: all.

    The roster of a freeze is one of all warehouses: before it, a preview sees those that share drivers with its own.
    Afterwards only a manager fills what is empty, in his own alone.
    """
    if not run.is_preview or run.warehouses is None or run.as_of > time.freeze_of(run.week, policy):
        return run.warehouses
    first, last = time.week_of(run.week)
    supposed = Supposed.of(run.changes) if run.changes else None
    given = {
        "as_of": run.as_of,
        "supposed": supposed.driver_id if supposed else None,  # somebody new is tied to nothing but the manager's own
        "routes": list(supposed.preferences.routes) if supposed else [],
        "any_home_route": supposed is not None and supposed.preferences.any_home_route,
        "first": first,
        "last": last,
    }
    return connected(run.warehouses, [set(row[0]) for row in await session.execute(_TIES, given)])


_PAIRS = sql(
    """
    INSERT INTO roster_pairs (run_id, route_id, date, user_id)
    SELECT :run, pair.* FROM unnest(:routes, :days, :drivers) AS pair
    """,
    run=Uuid(),
    routes=ARRAY(Uuid()),
    days=ARRAY(Date()),
    drivers=ARRAY(Uuid()),
)
_DIFFERENCE = sql(
    "UPDATE roster_runs SET changes = changes || :difference WHERE id = :run", difference=JSONB(), run=Uuid()
)


async def keep_preview(
    session: AsyncSession, run: Run, seen: Snapshot, roster: Roster, supposed: Roster | None, now: datetime
) -> None:
    """What would be, in the run's own warehouses, and with whom; the figures are of all that it has looked at."""
    shown, own = supposed or roster, frozenset(run.warehouses or ())
    every = (*shown.gaps, *(Gap(slot, GapReason.BIDS) for slot in seen.bidden))
    gaps = [gap for gap in every if gap.slot.warehouse_id in own]
    await keep_certificate(session, run, seen.all, seen.held, shown, len(shown.pairs), gaps, now)
    pairs = [pair for pair in shown.pairs if pair.slot.warehouse_id in own]
    given = {
        "routes": [pair.slot.route_id for pair in pairs],
        "days": [pair.slot.on for pair in pairs],
        "drivers": [None if pair.driver_id == SOMEBODY_NEW else pair.driver_id for pair in pairs],
    }
    await session.execute(_PAIRS, given | {"run": run.id})
    if supposed is not None:
        before = [pair.slot for pair in roster.pairs if pair.slot.warehouse_id in own]
        changed = difference(before, [pair.slot for pair in pairs]).plain()
        await session.execute(_DIFFERENCE, {"difference": changed, "run": run.id})
    await follow_all(session, [run.id], now)
