"""The SMS among the deliveries, taken in hand: one process at a time has an SMS, and its reader's turn.

Beside the row's lease, whoever has one in hand holds its reader's turn (a row of `pace`), so that what is counted for
him is right.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, DateTime, Interval, Text, TextClause
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.delivery.claims import LEASE_FOR, RECIPIENT, ROW, Claimed, claimed_from, days
from bot.delivery.steps import Row
from domain.db.models.words import Channel, DeliveryState
from domain.db.sql import sql
from domain.notices.kinds import BY_ITS_BUTTON
from domain.policy import Policy
from domain.time import local_day, local_instant


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
MAY_GO_BACK: Final = """
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
              AND NOT EXISTS (SELECT FROM pauses)
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
               {MAY_GO_BACK},
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
