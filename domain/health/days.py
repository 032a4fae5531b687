"""Each day's score, with its reasons, and who is told that he delivers too little (R10.1, R10.5)."""

import json
import math
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Boolean, Date, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bidding.queries import lock_people
from domain.db.sql import sql
from domain.health.scoring import Record, Score, rate_of, score_of, stops
from domain.notices import actions as notices
from domain.notices.facts.health import DeliversTooLittle
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import WORKS_HERE
from domain.policy import Policy
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class Facts:
    """What a driver's day is judged by."""

    driver_id: uuid.UUID
    record: Record


_HERE = f"SELECT m.user_id FROM driver_metrics m WHERE {WORKS_HERE.format(who='m.user_id')}"  # noqa: S608 - our own text
_ALL = sql(_HERE, today=Date())
_SOME = sql(f"{_HERE} AND m.user_id = ANY (:of)", of=ARRAY(Uuid()), today=Date())
_FACTS = sql(
    """
    SELECT m.user_id, m.total_shifts, m.completed_shifts, m.completion_rate, coalesce(lately.no_shows, 0),
           coalesce(lately.late_cancels, 0)
    FROM driver_metrics m
    LEFT JOIN (
        SELECT user_id, count(*) FILTER (WHERE kind = 'no_show') AS no_shows,
               count(*) FILTER (WHERE kind = 'late_cancel') AS late_cancels
        FROM incidents WHERE user_id = ANY (:of) AND excused_at IS NULL AND occurred_at > :since GROUP BY user_id
    ) AS lately ON lately.user_id = m.user_id
    WHERE m.user_id = ANY (:of) ORDER BY m.user_id
    """,
    of=ARRAY(Uuid()),
    since=DateTime(timezone=True),
)
_WRITE = sql(
    """
    WITH day AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:scores AS integer[]), CAST(:attendances AS real[]),
                             CAST(:completions AS real[]), CAST(:lates AS integer[]), CAST(:misses AS integer[]),
                             CAST(:stopped AS boolean[]), CAST(:reasons AS text[]))
            AS day (user_id, score, attendance, completion, lates, misses, stopped, reasons)
    ), kept AS (
        INSERT INTO driver_health_snapshots AS s (user_id, evaluated_at, score, attendance_rate, completion_rate,
            late_cancellation_count_30d, no_show_count_30d, hard_stop_triggered, reasons, created_at)
        SELECT user_id, :today, score, attendance, completion, lates, misses, stopped, reasons::jsonb, :now FROM day
        ON CONFLICT (user_id, evaluated_at) DO UPDATE
        SET score = excluded.score, attendance_rate = excluded.attendance_rate,
            completion_rate = excluded.completion_rate, no_show_count_30d = excluded.no_show_count_30d,
            late_cancellation_count_30d = excluded.late_cancellation_count_30d,
            hard_stop_triggered = excluded.hard_stop_triggered, reasons = excluded.reasons
        WHERE (s.score, s.attendance_rate, s.completion_rate, s.no_show_count_30d, s.late_cancellation_count_30d,
               s.hard_stop_triggered, s.reasons)
              IS DISTINCT FROM (excluded.score, excluded.attendance_rate, excluded.completion_rate,
                                excluded.no_show_count_30d, excluded.late_cancellation_count_30d,
                                excluded.hard_stop_triggered, excluded.reasons)
    )
    INSERT INTO driver_health_state AS h (user_id, current_score, updated_at) SELECT user_id, score, :now FROM day
    ON CONFLICT (user_id) DO UPDATE SET current_score = excluded.current_score, updated_at = excluded.updated_at
    WHERE h.current_score <> excluded.current_score
    """,
    ids=ARRAY(Uuid()),
    scores=ARRAY(Integer()),
    attendances=ARRAY(Text()),
    completions=ARRAY(Text()),
    lates=ARRAY(Integer()),
    misses=ARRAY(Integer()),
    stopped=ARRAY(Boolean()),
    reasons=ARRAY(Text()),  # as JSON: a list of lists would be an array of two dimensions
    today=Date(),
)
# Nothing of his is due any more: what was, is excused.
_NOTHING_DUE = sql(
    """
    WITH gone AS (DELETE FROM driver_health_snapshots WHERE user_id = ANY (:of) AND evaluated_at = :today)
    UPDATE driver_health_state SET current_score = 0, updated_at = :now
    WHERE user_id = ANY (:of) AND current_score <> 0
    """,
    of=ARRAY(Uuid()),
    today=Date(),
)


async def evaluate(
    session: AsyncSession, policy: Policy, now: datetime, of: Collection[uuid.UUID] | None = None
) -> list[Facts]:
    """Today's score of these drivers, or of all, who work here and have one, from the metrics as they stand (R10.1).

    Done again it writes only what is different; so an excuse makes today's anew. Returns what it was judged by.
    """
    today = local_day(now, policy)
    known = {"today": today}
    whom = session.scalars(_ALL, known) if of is None else session.scalars(_SOME, known | {"of": list(of)})
    some = (await whom).all()
    await lock_people(session, some)  # an incident that comes now counts before, or caps the score behind us (R10.2)
    facts = await _facts(session, some, policy, now)
    judged = [each for each in facts if each.record.due]
    if judged:
        await _write(session, [(each, score_of(each.record, policy)) for each in judged], today, policy, now)
    if nothing := [each.driver_id for each in facts if not each.record.due]:
        await session.execute(_NOTHING_DUE, {"of": nothing, "today": today, "now": now})
    return judged


async def record_of(session: AsyncSession, driver_id: uuid.UUID, policy: Policy, now: datetime) -> Record | None:
    """What a driver's score is made of at this moment; None where nothing of his was ever due."""
    facts = await _facts(session, [driver_id], policy, now)
    return facts[0].record if facts and facts[0].record.due else None


async def _facts(session: AsyncSession, of: Sequence[uuid.UUID], policy: Policy, now: datetime) -> list[Facts]:
    given = {"of": list(of), "since": now - policy.hard_stop_within}
    return [Facts(row[0], Record(*row[1:])) for row in await session.execute(_FACTS, given)]


async def _write(
    session: AsyncSession, scored: Sequence[tuple[Facts, Score]], today: date, policy: Policy, now: datetime
) -> None:
    records = [facts.record for facts, _ in scored]
    given = {
        "ids": [facts.driver_id for facts, _ in scored],
        "scores": [score.score for _, score in scored],
        "attendances": [str(each.completed / each.due) for each in records],
        "completions": [str(each.completion) for each in records],
        "lates": [each.late_cancels for each in records],
        "misses": [each.no_shows for each in records],
        "stopped": [stops(each.no_shows, each.late_cancels, policy) for each in records],
        "reasons": [json.dumps(score.reasons) for _, score in scored],
        "today": today,
        "now": now,
    }
    await session.execute(_WRITE, given)


# -- who delivers too little (R10.5)

# Of these few, who has completed a shift with parcels within the week, and was not told within it.
_TO_CORRECT = sql(
    """
    SELECT who.id FROM unnest(CAST(:of AS uuid[])) AS who (id)
    WHERE EXISTS (SELECT FROM assignments a JOIN shifts s ON s.assignment_id = a.id
                  WHERE a.user_id = who.id AND a.status = 'completed' AND s.completed_at > :since
                    AND s.parcels_start > 0
                    AND NOT EXISTS (SELECT FROM shift_reviews r
                                    WHERE r.assignment_id = a.id AND r.accepted IS NOT FALSE))
      AND NOT EXISTS (SELECT FROM notifications n WHERE n.user_id = who.id AND n.type = 'corrective_warning'
                      AND n.created_at > :since)
    ORDER BY who.id
    """,
    of=ARRAY(Uuid()),
    since=DateTime(timezone=True),
)

ABOUT_DELIVERING: Final = uuid.uuid5(uuid.NAMESPACE_OID, "delivering")


async def judge_day(
    session: AsyncSession, say: Wording, policy: Policy, now: datetime, of: Collection[uuid.UUID] | None = None
) -> dict[str, int]:
    """These drivers' scores of today, or all of them, and a word to whoever delivers too little: at most one in seven
    days."""
    judged = await evaluate(session, policy, now, of)
    low = [each.driver_id for each in judged if rate_of(each.record.completion) < policy.correct_below]
    warned = (await session.scalars(_TO_CORRECT, {"of": low, "since": now - policy.correct_every})).all()
    notice = DeliversTooLittle(math.floor(100 * policy.correct_below))
    envelope = notices.Envelope(Kind.CORRECTIVE, ABOUT_DELIVERING, occasion=now)
    await notices.tell(session, warned, notice, envelope, say, policy, now)
    return {"scored": len(judged), "warned": len(warned)}
