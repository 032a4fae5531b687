"""What a run has come to, and the proof that no more was possible (R3.6)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Date, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.roster.rules import Gap, Roster
from domain.roster.runs import Run

_CERTIFICATE = sql(
    """
    UPDATE roster_runs SET carried_out_at = :now, claimed_until = NULL, slots = :slots, held = :held, filled = :filled,
                           maximum = :maximum, cut = :cut
    WHERE id = :run
    """,
    run=Uuid(),
    slots=Integer(),
    held=Integer(),
    filled=Integer(),
    maximum=Integer(),
    cut=JSONB(),
)
_GAPS = sql(
    """
    INSERT INTO roster_gaps (run_id, route_id, date, reason, wanted_by, drivers)
    SELECT :run, * FROM unnest(:routes, :days, CAST(:reasons AS text[]), CAST(:wanted_by AS integer[]), :drivers)
    """,
    run=Uuid(),
    routes=ARRAY(Uuid()),
    days=ARRAY(Date()),
    reasons=ARRAY(Text()),
    wanted_by=ARRAY(Integer()),
    drivers=ARRAY(JSONB(), dimensions=1),  # each is a list itself
)


async def keep_certificate(
    session: AsyncSession,
    run: Run,
    slots: int,
    held: int,
    roster: Roster,
    filled: int,
    gaps: Sequence[Gap],
    now: datetime,
) -> None:
    """What the run has come to, the proof that no more was possible, and why each gap is one (R3.6)."""
    figures = {
        "slots": slots,
        "held": held,
        "filled": filled,
        "maximum": roster.maximum,
        "cut": asdict(roster.cut),
    }
    await session.execute(_CERTIFICATE, figures | {"run": run.id, "now": now})
    given = {
        "routes": [gap.slot.route_id for gap in gaps],
        "days": [gap.slot.on for gap in gaps],
        "reasons": [gap.reason.value for gap in gaps],
        "wanted_by": [gap.wanted_by for gap in gaps],
        "drivers": [[asdict(keeps) for keeps in gap.drivers] for gap in gaps],
    }
    await session.execute(_GAPS, given | {"run": run.id})
