"""What people see: shifts of theirs that have changed, and what a message asks of who reads it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.db.models.words import AssignmentStatus
from domain.db.sql import sql
from domain.policy import Policy
from sandbox.simulate.habits import Occasion
from sandbox.simulate.hands import HisShift
from sandbox.simulate.managing import DECISIONS
from sandbox.simulate.phones import Button
from sandbox.telegram.messages import Message

# Which message means what to its reader, by the word of a button in it.
MEANINGS: Final = {
    "here": Occasion.REMINDED,
    "take": Occasion.OFFERED,
    "bid": Occasion.TO_BID,
    "whybid": Occasion.TOLD_RESULT,
    "hback": Occasion.WON_LATELY,
    "decl": Occasion.GIVEN_LATE,
    "givet": Occasion.OFFERED_BY_COLLEAGUE,
    "want": Occasion.DROPPED,
    "latehere": Occasion.MISSED,
    "msgok": Occasion.ASKED_TO_ANSWER,
    "off": Occasion.ASKED_TO_ANSWER,
    **dict.fromkeys(DECISIONS, Occasion.ASKED_TO_DECIDE),
}


def meaning(message: Message) -> tuple[Occasion, Button] | None:
    """What it asks of its reader, by its first button that asks anything, and that button."""
    for row in (message.inline or {}).get("inline_keyboard", ()):
        for button in row:
            word = button.get("callback_data", "").partition(":")[0]
            if word in MEANINGS:
                return MEANINGS[word], Button(message.message_id, button["text"], button["callback_data"])
    return None


_CHANGED = sql(
    """
    SELECT a.id, a.user_id, a.date, a.status, a.assigned_at, a.confirmed_at, t.arrive_by, t.confirm_by,
           route.name AS route
    FROM assignments a JOIN routes route ON route.id = a.route_id
    LEFT JOIN assignment_terms t ON t.assignment_id = a.id
    WHERE a.updated_at > :after AND a.status IN ('scheduled', 'active') AND a.user_id IS NOT NULL
    ORDER BY a.date, length(route.name), route.name
    """,
    after=DateTime(timezone=True),
)


async def changed_shifts(
    session: AsyncSession, after: datetime, policy: Policy, now: datetime
) -> Sequence[tuple[UUID, HisShift]]:
    """Those that are somebody's, to whom, and have changed since."""
    rows = await session.execute(_CHANGED, {"after": after})
    return [(row.user_id, _shift(row, policy, now)) for row in rows]


def _shift(row: Row[Any], policy: Policy, now: datetime) -> HisShift:
    arrive_by = row.arrive_by or time.arrive_by(row.date, row.assigned_at, policy)
    return HisShift(
        id=row.id,
        route=row.route,
        on=row.date,
        status=AssignmentStatus(row.status),
        known_at=now,
        starts_at=time.shift_start(row.date, policy),
        arrive_by=arrive_by,
        confirm_by=row.confirm_by or time.last_confirmation(row.date, row.assigned_at, arrive_by, policy),
        confirmed=row.confirmed_at is not None,
    )
