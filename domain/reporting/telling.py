"""Each Monday managers are told how the week before went in their warehouses (R14)."""

import uuid
from collections import defaultdict
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Warehouse
from domain.notices.actions import Envelope
from domain.notices.facts.weeks import WeekReported
from domain.notices.kinds import Kind, report_of
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.people.queries import managers_present
from domain.policy import Policy
from domain.reporting.queries import Figures, figures, last_week

_WAREHOUSES: Final = select(Warehouse.id).order_by(Warehouse.id)


async def tell_week(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> dict[str, int]:
    """Tells each manager of the last week that is over, once; who is away is spoken for by the others (R11.4a).

    Nobody is told of a week in which nothing was to run there. Returns how many were told. The statements are constant
    in number.
    """
    week = last_week(policy, now)
    warehouses = list(await session.scalars(_WAREHOUSES))
    of = await figures(session, warehouses, week, policy, now)
    ran = {where: each for where, each in of.items() if where is not None and each.slots + each.closed}
    languages: dict[uuid.UUID, str | None] = {}
    theirs: dict[uuid.UUID, list[Figures]] = defaultdict(list)
    for row in await session.execute(managers_present(list(ran), now)):
        languages[row.user_id] = row.language
        theirs[row.user_id].append(ran[row.warehouse_id])
    letters = [
        Letter(
            manager_id,
            languages[manager_id],
            WeekReported(
                week,
                sum(each.slots for each in his),
                sum(each.driven for each in his),
                sum(each.no_shows for each in his),
            ),
            Envelope(Kind.REPORT, report_of(week)),
        )
        for manager_id, his in sorted(theirs.items())
    ]
    return {"told": await tell_each(session, letters, say, now)}
