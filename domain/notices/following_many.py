"""As `following`, where one transaction changes many things at once: in one statement, whatever their number."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Boolean, Date, SmallInteger, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import Urgency
from domain.db.sql import sql
from domain.notices.following import Day

_FOLLOW_ALL = sql(
    """
    WITH touched AS (
        SELECT unnest(:abouts) AS about
        UNION SELECT list_id FROM arrival_warnings WHERE assignment_id = ANY (:abouts)
        UNION SELECT hold.id FROM assignments a
              JOIN arrival_holds hold ON hold.warehouse_id = a.warehouse_id AND hold.date = a.date
              WHERE a.id = ANY (:abouts)
    ), locked AS (
        SELECT d.id FROM deliveries d JOIN touched USING (about)
        WHERE (d.kind <> 'offer' OR :offers) AND d.channel = 'telegram'
          AND (d.state IN ('sending', 'sent', 'acknowledged') OR d.state = 'escalated' AND d.message_id IS NOT NULL)
        ORDER BY kind IN ('home', 'board', 'coverage'), d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET redraw = true, due_at = :now,
        urgency = CASE kind WHEN 'offer' THEN :last ELSE :soon END
    WHERE id IN (SELECT id FROM locked)
    """,
    abouts=ARRAY(Uuid()),
    offers=Boolean(),
    last=SmallInteger(),
    soon=SmallInteger(),
)


async def follow_all(
    session: AsyncSession, abouts: Collection[uuid.UUID], now: datetime, *, offers: bool = False
) -> None:
    """As `follow`, of several assignments or lists: whatever shows one of them is redrawn, in one statement.

    `offers`: those that were sent, too.
    """
    given = {"abouts": list(abouts), "offers": offers, "now": now}
    await session.execute(_FOLLOW_ALL, given | {"last": int(Urgency.TIDYING), "soon": int(Urgency.IMPORTANT)})


# A slot is shown by what is about any of its rows, past or present, or about their windows. `driver_id`: it is his day
# that has changed, and nobody else's offer.
_FOLLOW_SLOTS = sql(
    """
    WITH rows AS (
        SELECT a.id FROM assignments slot
        JOIN assignments a ON a.route_id = slot.route_id AND a.date = slot.date
        WHERE slot.id = ANY (:slots)
    ), his AS (
        SELECT * FROM unnest(:drivers, :days) AS his (user_id, date)
    ), touched AS (
        SELECT unnest(:also) AS about, CAST(NULL AS uuid) AS driver_id, false AS own
        UNION SELECT id, NULL, false FROM rows
        UNION SELECT w.id, NULL, false FROM rows JOIN bid_windows w ON w.assignment_id = rows.id
        UNION SELECT g.asking_id, NULL, false FROM rows JOIN give_aways g ON g.assignment_id = rows.id
        UNION SELECT list_id, NULL, false FROM arrival_warnings WHERE assignment_id = ANY (:slots)
        UNION SELECT hold.id, NULL, false FROM assignments a
              JOIN arrival_holds hold ON hold.warehouse_id = a.warehouse_id AND hold.date = a.date
              WHERE a.id = ANY (:slots)
        UNION SELECT w.id, his.user_id, false FROM his
              JOIN window_asks ask USING (user_id, date)
              JOIN bid_windows w ON w.id = ask.window_id AND w.status = 'open'
        UNION SELECT g.assignment_id, his.user_id, true FROM his
              JOIN give_away_asks ask USING (user_id)
              JOIN give_aways g ON g.id = ask.give_away_id AND g.ended_at IS NULL
              JOIN assignments a ON a.id = g.assignment_id AND a.date = his.date
    ), locked AS (
        SELECT d.id FROM deliveries d JOIN touched USING (about)
        WHERE driver_id IS NULL AND kind = 'offer' AND state = 'pending'
           OR (driver_id IS NULL OR user_id = driver_id OR kind <> 'offer' AND NOT own) AND channel = 'telegram'
              AND (state IN ('sending', 'sent', 'acknowledged') OR state = 'escalated' AND message_id IS NOT NULL)
        ORDER BY kind IN ('home', 'board', 'coverage'), d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET
        state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END,
        reason = CASE state WHEN 'pending' THEN 'the window is over' ELSE reason END,
        redraw = state <> 'pending',
        due_at = CASE state WHEN 'pending' THEN NULL ELSE CAST(:now AS timestamptz) END,
        escalate_at = CASE kind WHEN 'offer' THEN NULL ELSE escalate_at END,
        urgency = CASE WHEN kind IN ('offer', 'give_away') THEN :last ELSE :soon END
    WHERE id IN (SELECT id FROM locked)
    """,
    slots=ARRAY(Uuid()),
    also=ARRAY(Uuid()),
    drivers=ARRAY(Uuid()),
    days=ARRAY(Date()),
    last=SmallInteger(),
    soon=SmallInteger(),
)


async def follow_slots(
    session: AsyncSession,
    assignment_ids: Sequence[uuid.UUID],
    also: Sequence[uuid.UUID],
    now: datetime,
    *,
    days: Sequence[Day] = (),
) -> None:
    """Slots are called off, opened or filled, the transaction's own rows among them: what shows them is redrawn.

    Offers of their windows that were not sent yet are cancelled; `also`: what else has changed; `days`: so have
    drivers', as in `follow`. Home cards behind, by `follow_homes`.
    """
    whose = {"drivers": [day.driver_id for day in days], "days": [day.on for day in days]}
    given = {"slots": list(assignment_ids), "also": list(also), "now": now}
    await session.execute(_FOLLOW_SLOTS, given | whose | {"last": int(Urgency.TIDYING), "soon": int(Urgency.IMPORTANT)})
