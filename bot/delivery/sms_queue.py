"""The SMS among the deliveries: claimed, begun with the attempt written down first, recorded, moved on by reports.

An SMS is in one process's hands at a time, and so is its reader: beside the row's lease, whoever has one in hand holds
his turn (a row of `pace`), so that what is counted for him is right. Lock order: deliveries by id, attempt, the rest.
All statements commit by themselves, but those of a report, which are one transaction.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import Boolean, Date, DateTime, Integer, Interval, SmallInteger, Text, TextClause, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.types import TypeEngine

from bot.delivery.claims import LEASE_FOR, RECIPIENT, ROW, Claimed, claimed_from, days
from bot.delivery.sms import Found, behind
from bot.delivery.steps import (
    Accepted,
    BadNumber,
    Halted,
    Misconfigured,
    NotTaken,
    OptedOut,
    Outcome,
    Rejected,
    Row,
    Step,
)
from domain.db.models.words import Channel, DeliveryState
from domain.db.sql import sql
from domain.notices.kinds import BY_ITS_BUTTON, Kind
from domain.policy import Policy
from domain.time import local_day, local_instant

REFUSED: Final = "refused"  # our own word beside Twilio's: it surely never took this attempt
NOT_TAKEN: Final = (Halted, NotTaken, Misconfigured, Rejected, BadNumber, OptedOut)


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that Twilio may have. `sid` None: its answer did not reach us."""

    id: uuid.UUID
    to: str
    body: str
    sid: str | None
    begun_at: datetime  # the business clock
    age: timedelta  # by the database's


@dataclass(frozen=True, slots=True)
class SmsInHand:
    """An SMS in this process's hands, and what decides about it. `turn`: until when its reader's turn is ours."""

    row: Claimed
    turn: datetime
    wanted: bool  # he has not turned SMS off
    opted_out: bool
    answered: bool  # he has done something since Telegram showed it to him
    first: bool  # nothing was ever texted to him
    sent_today: int  # SMS to him
    month_segments: int  # to everybody
    tries: int
    tried_since: datetime | None  # the first attempt of all, whatever came of it
    last: Tried | None
    may_go_back: bool  # see Row
    pace_key: str

    def step_row(self, policy: Policy, now: datetime) -> Row:
        """What the next step depends on. The patience of a send begins with its first try, not with the queue."""
        row = replace(self.row.row(policy), tries=self.tries, may_go_back=self.may_go_back)
        if self.row.state in (DeliveryState.PENDING, DeliveryState.SENDING):
            return replace(row, due_at=max(self.row.due_at, self.tried_since or now))
        return row


# Telegram did not take it, and may do so by now (Row.may_go_back).
_MAY_GO_BACK: Final = """
    coalesce(origin.state = 'escalated' AND origin.message_id IS NULL
             AND origin.failure IN ('no_answer', 'misconfigured'), false) AS may_go_back
"""
_SENDS: Final = "d.state = 'pending'"
_LOOK_UPS: Final = "d.state IN ('sending', 'unknown', 'sent')"  # a sender that died, an answer that was lost, no report


def _claim(which: str) -> TextClause:
    """Nothing is claimed where another process has just taken the reader's turn: the row comes back empty then.

    Of a sender that died the attempt may have left; what is `sent` is due when no report has come for long.
    """
    return sql(
        f"""
        WITH picked AS (
            SELECT d.id, d.user_id FROM deliveries d
            LEFT JOIN pace turn ON turn.key = 'sms to:' || d.user_id
            WHERE d.channel = 'sms' AND d.due_at <= :now AND {which}
              AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
              AND (d.pause_until IS NULL OR d.pause_until <= clock_timestamp())
              AND (turn.next_at IS NULL OR turn.next_at <= clock_timestamp())
              AND NOT EXISTS (SELECT FROM pace WHERE key = :pace_key AND halted_until > clock_timestamp())
            ORDER BY d.urgency, d.due_at
            LIMIT 1
            FOR NO KEY UPDATE OF d SKIP LOCKED
        ), turn AS (
            INSERT INTO pace (key, next_at) SELECT 'sms to:' || user_id, clock_timestamp() + :lease_for FROM picked
            ON CONFLICT (key) DO UPDATE SET next_at = excluded.next_at WHERE pace.next_at <= clock_timestamp()
            RETURNING next_at
        ), mine AS (
            UPDATE deliveries d SET attempt = d.attempt + 1, lease_until = turn.next_at, pause_until = NULL
            FROM picked, turn WHERE d.id = picked.id
            RETURNING d.*, turn.next_at AS turn
        )
        SELECT {ROW}, d.chat_id, d.turn, {RECIPIENT},
               coalesce(contact.sms, true) AS wanted,
               EXISTS (SELECT FROM sms_opt_outs opted WHERE opted.phone = person.phone) AS opted_out,
               coalesce(origin.state = 'acknowledged' OR origin.answered_at IS NOT NULL
                        OR heard.at >= origin.sent_at AND NOT d.kind = ANY (CAST(:by_button AS text[])), false)
                   AS answered,
               {_MAY_GO_BACK},
               NOT EXISTS (SELECT FROM sms_attempts t WHERE t.user_id = d.user_id
                           AND t.status IS DISTINCT FROM 'refused') AS first,
               (SELECT count(*) FROM sms_attempts t WHERE t.user_id = d.user_id
                   AND t.status IS DISTINCT FROM 'refused'
                   AND t.created_at >= :day_begins AND t.created_at < :day_ends) AS sent_today,
               coalesce((SELECT m.segments FROM sms_months m WHERE m.month = :month), 0) AS month_segments,
               tried.tries, tried.tried_since, last.id AS last_id, last.phone AS last_to, last.body AS last_body,
               last.sid AS last_sid, last.created_at AS last_begun_at, clock_timestamp() - last.begun_at AS last_age
        FROM picked
        LEFT JOIN mine d ON true
        LEFT JOIN users person ON person.id = d.user_id
        LEFT JOIN contact_settings contact ON contact.user_id = d.user_id
        LEFT JOIN last_heard heard ON heard.user_id = d.user_id
        LEFT JOIN deliveries origin ON origin.id = d.escalated_from
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE status IS DISTINCT FROM 'refused') AS tries, min(created_at) AS tried_since
            FROM sms_attempts WHERE delivery_id = d.id
        ) AS tried ON true
        LEFT JOIN LATERAL (
            SELECT * FROM sms_attempts WHERE delivery_id = d.id AND status IS DISTINCT FROM 'refused'
            ORDER BY begun_at DESC LIMIT 1
        ) AS last ON true
        """,  # noqa: S608 - our own texts
        lease_for=Interval(),
        pace_key=Text(),
        today=Date(),
        tomorrow=Date(),
        month=Date(),
        day_begins=DateTime(timezone=True),
        day_ends=DateTime(timezone=True),
        by_button=ARRAY(Text()),
    )


_CLAIM_SEND, _CLAIM_LOOK_UP = _claim(_SENDS), _claim(_LOOK_UPS)


async def claim_send(db: AsyncEngine, now: datetime, pace_key: str, policy: Policy) -> SmsInHand | None:
    """The most urgent SMS that is to be sent. It stays `pending` until `begin`: who dies before has sent nothing."""
    return await _claimed(db, _CLAIM_SEND, now, pace_key, policy)


async def claim_look_up(db: AsyncEngine, now: datetime, pace_key: str, policy: Policy) -> SmsInHand | None:
    """The most urgent SMS of which nobody knows how it fares: its sender died, or has no answer, or no report comes."""
    return await _claimed(db, _CLAIM_LOOK_UP, now, pace_key, policy)


async def _claimed(
    db: AsyncEngine, statement: TextClause, now: datetime, pace_key: str, policy: Policy
) -> SmsInHand | None:
    on = days(now, policy)
    given = {
        "now": now,
        "pace_key": pace_key,
        "lease_for": LEASE_FOR,
        "month": month_of(now, policy),
        "day_begins": local_instant(on["today"], policy.midnight, policy),
        "day_ends": local_instant(on["tomorrow"], policy.midnight, policy),
        "by_button": BY_ITS_BUTTON,
    }
    while True:
        async with db.connect() as connection:
            found = (await connection.execute(statement, given | on)).mappings().one_or_none()
        if found is None:
            return None
        if found["id"] is not None:
            return _in_hand(dict(found), pace_key)


_FACTS: Final = tuple(
    "turn wanted opted_out answered first sent_today month_segments tries tried_since may_go_back".split()
)


def _in_hand(row: dict[str, Any], pace_key: str) -> SmsInHand:
    last = {name: row.pop(f"last_{name}") for name in ("id", "to", "body", "sid", "begun_at", "age")}
    facts = {name: row.pop(name) for name in _FACTS}
    tried = Tried(**last) if last["id"] is not None else None
    return SmsInHand(row=claimed_from(row, Channel.SMS), last=tried, pace_key=pace_key, **facts)


def month_of(now: datetime, policy: Policy) -> date:
    """The first day of the company's month, which stands for it."""
    return local_day(now, policy).replace(day=1)


# From now on it may have left: the attempt, whose id Twilio will name, is there before the request is (R11.7). Where
# the lease has run out, another may have the reader's turn; and the number may have been halted while it waited for its
# own (R11.8).
_BEGIN = sql(
    """
    WITH mine AS (
        UPDATE deliveries SET state = 'sending', lease_until = clock_timestamp() + :lease_for
        WHERE id = :id AND attempt = :attempt AND state = 'pending' AND lease_until > clock_timestamp()
          AND NOT EXISTS (SELECT FROM pace WHERE key = :pace_key AND halted_until > clock_timestamp())
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

    None where it was cancelled or claimed by another, or where the number has been halted.
    """
    attempt_id = uuid.uuid4()
    given = {
        "lease_for": LEASE_FOR,
        "id": sms.row.id,
        "attempt": sms.row.attempt,
        "attempt_id": attempt_id,
        "phone": to,
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
_KIN: Final = """
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
_KIN_GIVEN: Final[dict[str, TypeEngine[Any]]] = {
    "back": Boolean(),
    "untold_by": Uuid(),
    "told_since": DateTime(timezone=True),
}
_BAD_ENDS: Final = (DeliveryState.FAILED, DeliveryState.UNDELIVERED, DeliveryState.EXPIRED)


def _kin(row: Claimed, step: Step, policy: Policy, now: datetime) -> dict[str, Any]:
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
    ), {_KIN}, tried AS (
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
    **_KIN_GIVEN,
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
    } | _kin(sms.row, step, policy, now)
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


# -- reports: one transaction each

# Locked with those that its end may concern, in the one order.
_REPORTED_ON = sql(
    f"""
    WITH locked AS MATERIALIZED (
        SELECT kin.id FROM deliveries kin WHERE kin.id IN (
            SELECT unnest(ARRAY[d.id, d.escalated_from]) FROM sms_attempts t JOIN deliveries d ON d.id = t.delivery_id
            WHERE t.id = :attempt_id
            UNION ALL
            SELECT told.id FROM sms_attempts t JOIN deliveries told ON told.superseded_by = t.delivery_id
            WHERE t.id = :attempt_id
        )
        ORDER BY kin.id FOR NO KEY UPDATE
    )
    SELECT {ROW}, d.chat_id, t.phone AS number, {_MAY_GO_BACK},
           (SELECT count(*) FROM sms_attempts each WHERE each.delivery_id = d.id
            AND each.status IS DISTINCT FROM 'refused') AS tries,
           NOT EXISTS (SELECT FROM sms_attempts later WHERE later.delivery_id = d.id AND later.begun_at > t.begun_at
                       AND later.status IS DISTINCT FROM 'refused') AS latest
    FROM sms_attempts t JOIN locked ON locked.id = t.delivery_id JOIN deliveries d ON d.id = locked.id
    LEFT JOIN deliveries origin ON origin.id = d.escalated_from
    WHERE t.id = :attempt_id
    FOR NO KEY UPDATE OF d
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
    ), {_KIN}
    SELECT id FROM moved
    """,  # noqa: S608 - our own texts
    id=Uuid(),
    state=Text(),
    reason=Text(),
    failure=Text(),
    due_at=DateTime(timezone=True),
    **_KIN_GIVEN,
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
    } | _kin(row, step, policy, now)
    await session.execute(_MOVE, given)
