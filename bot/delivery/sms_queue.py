"""An SMS that is in hand: begun with the attempt written down first, recorded, given up (R11.7).

Lock order: deliveries by id, attempt, the rest. All statements commit by themselves.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import Boolean, Date, DateTime, Integer, Interval, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeEngine

from bot.delivery.claims import LEASE_FOR, Claimed
from bot.delivery.outcomes import Accepted, BadNumber, Halted, Misconfigured, NotTaken, OptedOut, Outcome, Rejected
from bot.delivery.sms import Found, behind
from bot.delivery.sms_claims import SmsInHand, Tried, month_of
from bot.delivery.steps import Step
from domain.db.models.words import DeliveryState
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.policy import Policy

REFUSED: Final = "refused"  # our own word beside Twilio's: it surely never took this attempt
NOT_TAKEN: Final = (Halted, NotTaken, Misconfigured, Rejected, BadNumber, OptedOut)


# From now on it may have left: the attempt, whose id Twilio will name, is there before the request is (R11.7). Where
# the lease has run out, another may have the reader's turn; and while it waited for its own the number may have been
# halted (R11.8), and its reader may have texted STOP (R11.5), turned SMS off or got another phone (R12.7).
_BEGIN = sql(
    """
    WITH mine AS (
        UPDATE deliveries SET state = 'sending', lease_until = clock_timestamp() + :lease_for
        WHERE id = :id AND attempt = :attempt AND state = 'pending' AND lease_until > clock_timestamp()
          AND NOT EXISTS (SELECT FROM pace WHERE key = :pace_key AND halted_until > clock_timestamp())
          AND NOT EXISTS (SELECT FROM pauses)
          AND NOT EXISTS (SELECT FROM sms_opt_outs WHERE phone = :phone)
          AND NOT EXISTS (SELECT FROM contact_settings contact
                          WHERE contact.user_id = deliveries.user_id AND NOT contact.sms)
          AND EXISTS (SELECT FROM users person WHERE person.id = deliveries.user_id AND person.phone = :known_phone)
        RETURNING id, user_id, lease_until
    ), tried AS (
        INSERT INTO sms_attempts (id, delivery_id, user_id, phone, body, segments, created_at)
        SELECT :attempt_id, id, user_id, :phone, :body, :segments, :now FROM mine
    ), counted AS (
        INSERT INTO sms_months AS m (month, segments) SELECT :month, :segments FROM mine
        ON CONFLICT (month) DO UPDATE SET segments = m.segments + excluded.segments
        RETURNING m.segments
    ), turn AS (
        UPDATE pace SET next_at = mine.lease_until FROM mine WHERE key = 'sms to:' || mine.user_id
    )
    SELECT mine.lease_until, counted.segments FROM mine, counted
    """,
    lease_for=Interval(),
    id=Uuid(),
    attempt=Integer(),
    attempt_id=Uuid(),
    phone=Text(),
    known_phone=Text(),
    body=Text(),
    segments=SmallInteger(),
    month=Date(),
    pace_key=Text(),
)


@dataclass(frozen=True, slots=True)
class Begun:
    """An SMS whose attempt is written down. `month_segments`: with its own."""

    sms: SmsInHand
    attempt_id: uuid.UUID
    month_segments: int


async def begin(
    db: AsyncEngine, sms: SmsInHand, to: str, body: str, segments: int, policy: Policy, now: datetime
) -> Begun | None:
    """Writes down that from now on the SMS may have left.

    None where it was cancelled or claimed by another, where the number has been halted, and where its reader is no more
    to be texted there.
    """
    attempt_id = uuid.uuid4()
    given = {
        "lease_for": LEASE_FOR,
        "id": sms.row.id,
        "attempt": sms.row.attempt,
        "attempt_id": attempt_id,
        "phone": to,
        "known_phone": sms.row.phone,
        "body": body,
        "segments": segments,
        "month": month_of(now, policy),
        "pace_key": sms.pace_key,
        "now": now,
    }
    async with db.connect() as connection:
        begun = (await connection.execute(_BEGIN, given)).one_or_none()
    if begun is None:
        return None
    turn, month_segments = begun
    row = replace(sms.row, state=DeliveryState.SENDING, at=monotonic())
    last = Tried(attempt_id, to, body, None, now, timedelta(0))
    sending = replace(sms, row=row, turn=turn, tries=sms.tries + 1, tried_since=sms.tried_since or now, last=last)
    return Begun(sending, attempt_id, month_segments)


# What follows for other rows when an SMS has `moved` to a bad end (R11.7): the Telegram row that it goes on from is
# tried again (`back`), and what a digest would have told waits for the next one.
KIN: Final = """
    again AS (
        UPDATE deliveries origin SET state = 'pending', due_at = :now, failure = NULL, reason = 'no SMS: ' || :reason
        FROM moved
        WHERE :back AND origin.id = moved.escalated_from AND origin.state = 'escalated' AND origin.message_id IS NULL
    ), untold AS (
        UPDATE deliveries told SET state = 'pending', superseded_by = NULL, reason = 'its digest came to a bad end'
        FROM moved, notifications note
        WHERE told.superseded_by = :untold_by AND told.superseded_by = moved.id AND told.state = 'superseded'
          AND note.id = told.notification_id AND NOT note.read AND note.created_at > :told_since
          AND (told.expires_at IS NULL OR told.expires_at > :now)
    )
"""
KIN_GIVEN: Final[dict[str, TypeEngine[Any]]] = {
    "back": Boolean(),
    "untold_by": Uuid(),
    "told_since": DateTime(timezone=True),
}
_BAD_ENDS: Final = (DeliveryState.FAILED, DeliveryState.UNDELIVERED, DeliveryState.EXPIRED)


def kin(row: Claimed, step: Step, policy: Policy, now: datetime) -> dict[str, Any]:
    untold = row.kind == Kind.DIGEST and step.state in _BAD_ENDS
    since = now - policy.retell_for
    return {"back": step.back, "untold_by": row.id if untold else None, "told_since": since}


# The row only where a report has not moved it on meanwhile; the sid, and the turn's end, in any case. The attempt waits
# for the row: everybody locks them in this order. A sid that another attempt has, as two alike to one phone may, stays
# there.
_RECORD = sql(
    f"""
    WITH locked AS MATERIALIZED (
        SELECT id FROM deliveries WHERE id IN (
            SELECT :id UNION ALL SELECT escalated_from FROM deliveries WHERE id = :id AND :back
            UNION ALL SELECT id FROM deliveries WHERE superseded_by = :untold_by
        )
        ORDER BY id FOR NO KEY UPDATE
    ), moved AS (
        UPDATE deliveries d SET
            state = :state, reason = :reason, failure = :failure, lease_until = NULL,
            pause_until = clock_timestamp() + :pause,
            due_at = CASE WHEN :due_at IS NULL AND :pause IS NOT NULL THEN due_at ELSE :due_at END,
            sent_at = CASE WHEN :accepted THEN CAST(:now AS timestamptz)
                           WHEN :state IN ('sent', 'delivered') THEN coalesce(sent_at, CAST(:now AS timestamptz))
                           ELSE sent_at END
        FROM locked
        WHERE d.id = locked.id AND d.id = :id AND d.attempt = :attempt AND d.state = :was
        RETURNING d.id, d.escalated_from
    ), {KIN}, tried AS (
        UPDATE sms_attempts t SET
            sid = CASE WHEN t.sid IS NULL AND NOT EXISTS (SELECT FROM sms_attempts other WHERE other.sid = :sid)
                       THEN :sid ELSE t.sid END,
            status = CASE WHEN :refused THEN 'refused'
                          WHEN t.status IS NULL OR t.status = ANY (:behind) THEN coalesce(:status, t.status)
                          ELSE t.status END,
            error_code = coalesce(:error_code, t.error_code)
        FROM (SELECT count(*) FROM moved) AS first
        WHERE t.id = :attempt_id AND t.status IS DISTINCT FROM 'refused'
        RETURNING t.segments
    ), given_back AS (
        UPDATE sms_months m SET segments = m.segments - tried.segments
        FROM tried WHERE :refused AND m.month = :month
    ), turn AS (
        UPDATE pace SET next_at = clock_timestamp() WHERE key = :turn_key AND next_at = :turn
    ), over AS (
        DELETE FROM operator_alerts WHERE :accepted AND key = :alert
    )
    SELECT EXISTS (SELECT FROM moved)
    """,  # noqa: S608 - our own texts
    state=Text(),
    was=Text(),
    reason=Text(),
    failure=Text(),
    pause=Interval(),
    due_at=DateTime(timezone=True),
    id=Uuid(),
    attempt=Integer(),
    attempt_id=Uuid(),
    sid=Text(),
    status=Text(),
    error_code=Integer(),
    behind=ARRAY(Text()),
    accepted=Boolean(),
    refused=Boolean(),
    month=Date(),
    turn_key=Text(),
    turn=DateTime(timezone=True),
    alert=Text(),
    **KIN_GIVEN,
)


async def record(
    db: AsyncEngine,
    sms: SmsInHand,
    step: Step,
    outcome: Outcome,
    found: Found | None,
    alert: str,
    policy: Policy,
    now: datetime,
) -> bool:
    """Writes down what came of an attempt or of a look-up, and lets its reader's turn go. Safe to run again.

    False where a later attempt has the row or a report has moved it on; of an attempt only the sid is kept then. What
    Twilio surely did not take counts neither for the day nor for the month. An SMS that it takes ends the `alert`.
    What follows for other rows (`Step.back`, a digest's bad end) is in the same statement.
    """
    accepted = isinstance(outcome, Accepted)
    sent = sms.row.state is DeliveryState.SENDING and sms.last is not None
    given = {
        "state": step.state.value,
        "was": sms.row.state.value,
        "reason": step.reason,
        "failure": step.failure.value if step.failure else None,
        "pause": step.pause,
        "due_at": step.due_at,
        "id": sms.row.id,
        "attempt": sms.row.attempt,
        "attempt_id": sms.last.id if sms.last else None,
        "sid": outcome.sid if isinstance(outcome, Accepted) else found.sid if found else None,
        "status": found.status if found else None,
        "error_code": found.error_code if found else None,
        "behind": behind(found.status) if found else [],
        "accepted": accepted,
        "refused": sent and isinstance(outcome, NOT_TAKEN),
        "month": month_of(sms.last.begun_at, policy) if sms.last else None,
        "turn_key": f"sms to:{sms.row.user_id}",
        "turn": sms.turn,
        "alert": alert,
        "now": now,
    } | kin(sms.row, step, policy, now)
    async with db.connect() as connection:
        return bool((await connection.execute(_RECORD, given)).scalar_one())


_RELEASE = sql(
    """
    WITH mine AS (
        UPDATE deliveries SET lease_until = NULL WHERE id = :id AND attempt = :attempt AND lease_until = :turn
    )
    UPDATE pace SET next_at = clock_timestamp() WHERE key = :turn_key AND next_at = :turn
    """,
    id=Uuid(),
    attempt=Integer(),
    turn_key=Text(),
    turn=DateTime(timezone=True),
)


async def release(db: AsyncEngine, sms: SmsInHand) -> None:
    """Gives it back untried; whoever claims next has it."""
    given = {"id": sms.row.id, "attempt": sms.row.attempt, "turn_key": f"sms to:{sms.row.user_id}", "turn": sms.turn}
    async with db.connect() as connection:
        await connection.execute(_RELEASE, given)


_KNOWN = sql(
    "SELECT sid FROM sms_attempts WHERE phone = :phone AND id <> :id AND sid IS NOT NULL AND created_at >= :since",
    phone=Text(),
    id=Uuid(),
    since=DateTime(timezone=True),
)
_SIDS_SINCE: Final = timedelta(days=2)  # a sid of before that is listed as too old to be this one


async def sids_of_others(db: AsyncEngine, last: Tried) -> frozenset[str]:
    """The SMS to this number that are known to be those of other attempts."""
    given = {"phone": last.to, "id": last.id, "since": last.begun_at - _SIDS_SINCE}
    async with db.connect() as connection:
        return frozenset((await connection.scalars(_KNOWN, given)).all())


_OPTED_OUT = sql("SELECT true FROM sms_opt_outs WHERE phone = :phone", phone=Text())


async def has_opted_out(db: AsyncEngine, phone: str) -> bool:
    """Whether this phone (E.164) takes no texts."""
    async with db.connect() as connection:
        return await connection.scalar(_OPTED_OUT, {"phone": phone}) is True
