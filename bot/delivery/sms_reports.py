"""What Twilio reports of an SMS, and how its delivery moves on; a report is one transaction."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery.claims import ROW, Claimed, claimed_from
from bot.delivery.sms import Found, behind
from bot.delivery.sms_claims import MAY_GO_BACK
from bot.delivery.sms_queue import KIN, KIN_GIVEN, REFUSED, kin
from bot.delivery.steps import Row, Step
from domain.db.models.words import Channel
from domain.db.sql import sql
from domain.policy import Policy

# Those that its end may concern are locked with it, in the one order.
_LOCK = sql(
    """
    SELECT kin.id FROM deliveries kin WHERE kin.id IN (
        SELECT unnest(ARRAY[d.id, d.escalated_from]) FROM sms_attempts t JOIN deliveries d ON d.id = t.delivery_id
        WHERE t.id = :attempt_id
        UNION ALL
        SELECT told.id FROM sms_attempts t JOIN deliveries told ON told.superseded_by = t.delivery_id
        WHERE t.id = :attempt_id
    )
    ORDER BY kin.id FOR NO KEY UPDATE
    """,
    attempt_id=Uuid(),
)
# By a statement of its own: whoever was waited for may have begun a later attempt.
_REPORTED_ON = sql(
    f"""
    SELECT {ROW}, d.chat_id, t.phone AS number, {MAY_GO_BACK},
           (SELECT count(*) FROM sms_attempts each WHERE each.delivery_id = d.id
            AND each.status IS DISTINCT FROM 'refused') AS tries,
           NOT EXISTS (SELECT FROM sms_attempts later WHERE later.delivery_id = d.id AND later.begun_at > t.begun_at
                       AND later.status IS DISTINCT FROM 'refused') AS latest
    FROM sms_attempts t JOIN deliveries d ON d.id = t.delivery_id
    LEFT JOIN deliveries origin ON origin.id = d.escalated_from
    WHERE t.id = :attempt_id
    """,  # noqa: S608
    attempt_id=Uuid(),
)
_REPORT = sql(
    """
    UPDATE sms_attempts SET
        sid = CASE WHEN NOT EXISTS (SELECT FROM sms_attempts other WHERE other.sid = :sid) THEN :sid ELSE sid END,
        status = :status, error_code = :error_code
    WHERE id = :attempt_id AND (sid IS NULL OR sid = :sid) AND (status IS NULL OR status = ANY (:behind))
    RETURNING true
    """,
    attempt_id=Uuid(),
    sid=Text(),
    status=Text(),
    error_code=Integer(),
    behind=ARRAY(Text()),
)
_MOVE = sql(
    f"""
    WITH moved AS (
        UPDATE deliveries SET state = :state, reason = :reason, failure = :failure, due_at = :due_at,
            lease_until = NULL, pause_until = NULL,
            sent_at = CASE WHEN :state IN ('sent', 'delivered') THEN coalesce(sent_at, CAST(:now AS timestamptz))
                           ELSE sent_at END
        WHERE id = :id
        RETURNING id, escalated_from
    ), {KIN}
    SELECT id FROM moved
    """,  # noqa: S608 - our own texts
    id=Uuid(),
    state=Text(),
    reason=Text(),
    failure=Text(),
    due_at=DateTime(timezone=True),
    **KIN_GIVEN,
)


@dataclass(frozen=True, slots=True)
class ReportedOn:
    """The delivery that a report is about, locked. `latest`: no later attempt has been begun."""

    row: Claimed
    number: str  # E.164
    tries: int
    latest: bool
    may_go_back: bool  # see Row

    def step_row(self, policy: Policy) -> Row:
        """What the next step depends on."""
        return replace(self.row.row(policy), tries=self.tries, may_go_back=self.may_go_back)


async def reported_on(session: AsyncSession, attempt_id: uuid.UUID, now: datetime) -> ReportedOn | None:
    """None where there is no such attempt."""
    await session.execute(_LOCK, {"attempt_id": attempt_id})
    found = (await session.execute(_REPORTED_ON, {"attempt_id": attempt_id})).mappings().one_or_none()
    if found is None:
        return None
    row = dict(found)
    facts = {name: row.pop(name) for name in ("number", "tries", "latest", "may_go_back")}
    return ReportedOn(claimed_from(row | {"due_at": row["due_at"] or now}, Channel.SMS), **facts)


async def take_report(session: AsyncSession, attempt_id: uuid.UUID, report: Found) -> bool:
    """Keeps what Twilio reports of an attempt; False where that is nothing new, or of another SMS."""
    given = {"attempt_id": attempt_id, "sid": report.sid, "status": report.status, "error_code": report.error_code}
    return await session.scalar(_REPORT, given | {"behind": [REFUSED, *behind(report.status)]}) is True


async def move(session: AsyncSession, row: Claimed, step: Step, policy: Policy, now: datetime) -> None:
    """The delivery's next step, whoever has it in hand: its state fences him off."""
    given = {
        "id": row.id,
        "state": step.state.value,
        "reason": step.reason,
        "failure": step.failure.value if step.failure else None,
        "due_at": step.due_at,
        "now": now,
    } | kin(row, step, policy, now)
    await session.execute(_MOVE, given)
