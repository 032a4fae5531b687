"""The history of an assignment, as its audit trail tells it: is there a legal way that leads to where it is (R2.3)?"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import AssignmentStatus as Status
from domain.db.sql import sql

Step = tuple[str | None, str]  # from and to; None: from nothing

BEGINNINGS: Final = (Status.SCHEDULED, Status.UNFILLED)
LEGAL: Final = frozenset(
    {
        *((None, first) for first in BEGINNINGS),
        (Status.SCHEDULED, Status.ACTIVE),
        (Status.ACTIVE, Status.COMPLETED),
        (Status.SCHEDULED, Status.CANCELLED),
        (Status.UNFILLED, Status.CANCELLED),
        (Status.ACTIVE, Status.CANCELLED),
        (Status.UNFILLED, Status.SCHEDULED),
        (Status.UNFILLED, Status.ACTIVE),  # restored by a manager, arrived at once (R8.6)
    }
)


def judged(status: str, steps: Iterable[Step]) -> str | None:
    """What is wrong with a history that ends in `status`; None: nothing.

    The order of steps of one instant is not known, and need not be: legal steps never lead in a circle, so whatever
    adds up (it comes into each status as often as it leaves it) is one way. A row that another program has written has
    no first step.
    """
    balance: Counter[str] = Counter()
    for before, after in steps:
        if (before, after) not in LEGAL:
            return f"{before} became {after}"
        balance[after] += 1
        if before is not None:
            balance[before] -= 1
    balance[status] -= 1
    left = {each: count for each, count in balance.items() if count}
    if not left or (len(left) == 1 and any(left.get(first) == -1 for first in BEGINNINGS)):
        return None
    return f"it is {status}, and its steps say otherwise: {dict(sorted(left.items()))}"


_CHANGED = sql(
    """
    SELECT a.id, a.status::text, log.changes -> 'before' ->> 'status' AS before,
           log.changes -> 'after' ->> 'status' AS after, to_char(a.date, 'YYYY-MM-DD') || ' ' || route.name AS shift
    FROM assignments a JOIN routes route ON route.id = a.route_id
    LEFT JOIN audit_logs log ON log.entity_type = 'assignment' AND log.entity_id = a.id
         AND log.changes -> 'after' ? 'status'
    WHERE a.updated_at >= :since
    """,
    since=DateTime(timezone=True),
)


async def broken(session: AsyncSession, since: datetime) -> list[str]:
    """Those of the assignments changed since whose history is not legal."""
    steps: dict[uuid.UUID, list[Step]] = defaultdict(list)
    ends: dict[uuid.UUID, tuple[str, str]] = {}
    for id_, status, before, after, shift in await session.execute(_CHANGED, {"since": since}):
        ends[id_] = status, shift
        if after is not None:
            steps[id_].append((before, after))
    verdicts = ((shift, judged(status, steps[id_])) for id_, (status, shift) in ends.items())
    return sorted(f"{shift}: {verdict}" for shift, verdict in verdicts if verdict is not None)
