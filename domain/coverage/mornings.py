"""The manager's morning: a digest of his day, and the live board of it, pinned to the top of his chat (R14)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, DateTime, SmallInteger, Text, Uuid, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import time
from domain.coverage.cover import Cover, cover_now, figures, lists
from domain.db.models import Assignment
from domain.db.models.words import AssignmentStatus, Urgency
from domain.db.sql import sql
from domain.notices.actions import Envelope
from domain.notices.facts.routes import Morning
from domain.notices.kinds import Kind, morning_of
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Wording
from domain.people.queries import manages
from domain.policy import Policy
from domain.shifts import reviewing

AHEAD: Final = timedelta(days=6)  # of which a digest says how much has no driver, behind its own day

# Whoever has had his of this day is passed by: there is one a day, whatever runs twice or on several machines.
_BEGIN = sql(
    """
    INSERT INTO manager_digests (user_id, date, live_until) SELECT unnest(:of), :on, :until
    ON CONFLICT (user_id) DO UPDATE SET date = excluded.date, notification_id = NULL, live_until = excluded.live_until
    WHERE manager_digests.date < excluded.date
    RETURNING user_id
    """,
    of=ARRAY(Uuid()),
    on=Date(),
    until=DateTime(timezone=True),
)
_KEEP = sql(
    """
    UPDATE manager_digests mine SET notification_id = note.id FROM notifications note
    WHERE mine.user_id = note.user_id AND note.data ->> 'dedupe' = ANY (:keys)
    """,
    keys=ARRAY(Text()),
)
# The board of the day before goes, and with it what is pinned: it is deleted from the chat by a worker. Locked in the
# order in which everybody locks (domain.notices.actions).
_PIN_BOARDS = sql(
    """
    WITH turned AS (
        INSERT INTO boards (user_id, date, page, live_until) SELECT unnest(:of), :on, 0, :until
        ON CONFLICT (user_id) DO UPDATE SET warehouse_id = NULL, date = excluded.date, page = 0,
            live_until = excluded.live_until
    ), locked AS (
        SELECT id FROM deliveries
        WHERE user_id = ANY (:of) AND kind = 'board' AND state IN ('pending', 'sending', 'sent')
        ORDER BY id FOR NO KEY UPDATE
    ), retired AS (
        UPDATE deliveries SET kind = 'retired', redraw = true, due_at = :now, urgency = :last
        WHERE id IN (SELECT id FROM locked)
    )
    INSERT INTO deliveries (user_id, channel, kind, urgency, state, due_at, pins, created_at)
    SELECT unnest(:of), 'telegram', 'board', :normal, 'pending', :now, true, :now
    """,
    of=ARRAY(Uuid()),
    on=Date(),
    until=DateTime(timezone=True),
    last=SmallInteger(),
    normal=SmallInteger(),
)


@dataclass(frozen=True, slots=True)
class MorningTold:
    """So many managers have got their digest, and a board that is pinned."""

    told: int


async def tell_morning(session: AsyncSession, say: Wording, policy: Policy, now: datetime) -> MorningTold:
    """Each manager's digest of today, once a day, and his board of today, pinned; whoever has Telegram (R14).

    It is about today's start where something is without a driver or not confirmed, and rings then as such do (R11.4).
    Run again, it tells nobody twice; run late, it is still of use until the day is over. Run for a day on which none of
    his routes run, it tells him nothing. Five statements, whatever the number of managers.
    """
    today = time.local_day(now, policy)
    until = time.local_instant(today + timedelta(days=1), policy.midnight, policy)
    rows = [row for row in await lists(session, today, now) if row.has_chat]
    given = {"of": [row.user_id for row in rows], "on": today, "until": until}
    new = set(await session.scalars(_BEGIN, given))
    if not new:
        return MorningTold(0)
    envelope = Envelope(Kind.MANAGER_DIGEST, morning_of(today), until)
    letters = [
        Letter(row.user_id, row.language, _morning(row, today, policy), envelope) for row in rows if row.user_id in new
    ]
    told = await tell_each(session, letters, say, now)
    await session.execute(_KEEP, {"keys": [f"{envelope.dedupe}{letter.to}" for letter in letters]})
    levels = {"last": int(Urgency.TIDYING), "normal": int(Urgency.NORMAL)}
    await session.execute(_PIN_BOARDS, {"of": sorted(new), "on": today, "until": until, "now": now} | levels)
    return MorningTold(told)


def _morning(row: Any, today: date, policy: Policy) -> Morning:
    to_do = row.uncovered + row.unconfirmed > 0
    return Morning(today, *figures(row), time.shift_start(today, policy) if to_do else None)


@dataclass(frozen=True, slots=True)
class Digest:
    """A manager's day as it stands now, and what else waits: slots without a driver until the last of the days ahead,
    and absences to decide on."""

    day: Cover
    ahead: int
    last: date
    to_review: int


async def digest_now(
    session: AsyncSession, manager_id: uuid.UUID, told: Morning, policy: Policy, now: datetime
) -> Digest:
    """What his digest says now; a warehouse that is no longer his is left out (R12.3)."""
    open_ = select(func.count()).where(
        Assignment.status == AssignmentStatus.UNFILLED,
        Assignment.on.between(told.on + timedelta(days=1), told.on + AHEAD),
        manages(manager_id, Assignment.warehouse_id),
    )
    _, to_review = await reviewing.to_review(session, manager_id, 1, policy)
    day = await cover_now(session, manager_id, told, policy, now)
    return Digest(day, await session.scalar(open_) or 0, told.on + AHEAD, to_review)
