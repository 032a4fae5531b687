"""What Telegram may get next: one statement that finds it, and takes its lease and its chat's turn."""

import uuid
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import Date, Interval
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.alone import alone
from bot.delivery.pace import GROUP_TURNS
from bot.delivery.steps import Row
from domain.db.models.words import Channel, DeliveryState, Urgency, UserRole
from domain.db.sql import sql
from domain.notices.kinds import RULES
from domain.notices.rules import Recipient, answer_within
from domain.policy import Policy
from domain.time import local_day

LEASE_FOR: Final = timedelta(seconds=20)
SEND_FOR: Final = 0.8 * LEASE_FOR.total_seconds()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in this process's hands, for the length of a lease."""

    id: uuid.UUID
    attempt: int
    user_id: uuid.UUID | None  # None: it goes to a group
    channel: Channel
    kind: str
    about: uuid.UUID | None
    urgency: int
    due_at: datetime
    expires_at: datetime | None
    chat_id: int | None
    message_id: int | None
    state: DeliveryState
    level: int | None = None
    notification_id: uuid.UUID | None = None
    sent_at: datetime | None = None
    reachable: bool = True  # by Telegram, as far as is known
    moved: bool = False  # the chat that it is in, or is to go to, is no longer his
    went_on: bool = False  # by SMS, before: it does so once
    language: str | None = None
    phone: str | None = None
    pins: bool = False  # it is to stand at the top of its chat …
    pinned_at: datetime | None = None  # … and does since
    shows: bytes | None = None  # a digest of what the message surely shows (`Screen.digest`)
    starts_at: datetime | None = None  # of the shift that the notice is about
    to: Recipient | None = None
    group_id: uuid.UUID | None = None
    at: float = field(default_factory=monotonic)  # when it was claimed (`time.monotonic`)

    @property
    def seconds_left(self) -> float:
        """How long a send may still take: it is stopped before another sender may begin it."""
        return self.at + SEND_FOR - monotonic()

    @property
    def tags(self) -> dict[str, str]:
        """What every line of the log about it says; a card answers somebody and is no notice."""
        notice = {"notice": str(self.notification_id)} if self.notification_id else {}
        return notice | {"delivery": str(self.id), "kind": self.kind}

    @property
    def whose(self) -> uuid.UUID:
        """The person's id, or the group's."""
        whose = self.user_id or self.group_id
        assert whose is not None, "a row is one or the other's"
        return whose

    @property
    def tells(self) -> bool:
        """Somebody is told what he has not asked for; a card answers him."""
        return self.notification_id is not None or self.group_id is not None

    @property
    def chat(self) -> int:
        """Where it is, or goes to; who has none is found Unreachable before anything is sent."""
        if self.chat_id is None:
            raise LookupError("no chat is linked")
        return self.chat_id

    @property
    def shown(self) -> bool:
        """The message is in the chat already: it is edited or deleted, not sent."""
        return self.message_id is not None

    @property
    def of_level(self) -> Urgency:
        """R11's level of the notice; a card has that of its place in the queue."""
        return Urgency(self.urgency if self.level is None else self.level)

    def row(self, policy: Policy) -> Row:
        """What the next step depends on."""
        rule = RULES.get(self.kind) if self.notification_id is not None else None
        goes_on = rule is not None and rule.by_sms and self.channel is Channel.TELEGRAM and not self.went_on
        return Row(
            channel=self.channel,
            state=self.state,
            urgency=self.of_level,
            shown=self.shown,
            due_at=self.due_at,
            expires_at=self.expires_at,
            by_sms=goes_on,
            answer_within=answer_within(self.of_level, policy) if not self.went_on else None,
            tries=self.attempt,
            sent_at=self.sent_at,
        )


# How the person is to be reached at this moment, read for the one row that is picked.
RECIPIENT = """
    person.role::text AS role, person.phone, contact.language, contact.quiet_from, contact.quiet_until,
    coalesce(contact.wake_me, false) AS wake_me,
    EXISTS (SELECT FROM assignments a WHERE a.user_id = d.user_id AND a.status = 'active') AS working,
    NOT EXISTS (SELECT FROM assignments a WHERE a.user_id = d.user_id AND a.date = :today
                AND a.status NOT IN ('cancelled', 'unfilled')) AS free_today,
    NOT EXISTS (SELECT FROM assignments a WHERE a.user_id = d.user_id AND a.date = :tomorrow
                AND a.status NOT IN ('cancelled', 'unfilled')) AS free_tomorrow,
    (SELECT (n.data ->> 'starts_at')::timestamptz FROM notifications n WHERE n.id = d.notification_id) AS starts_at
"""
ROW = """
    d.id, d.attempt, d.user_id, d.kind, d.about, d.urgency, d.due_at, d.expires_at, d.message_id, d.state, d.level,
    d.notification_id, d.sent_at, d.pins, d.pinned_at, d.group_id
"""

# Nothing is claimed where another sender has just taken the chat's turn (`took` is empty then), nor for a person of
# whom another message is in hand. What is in hand shows nobody knows what: who has it may die over an edit.
_CLAIM_TELEGRAM = sql(
    f"""
    WITH picked AS (
        SELECT d.id, d.user_id, d.shows, coalesce(d.chat_id, link.chat_id) AS chat_id,
               d.chat_id IS NOT NULL OR link.unreachable_at IS NULL AS reachable,
               d.user_id IS NOT NULL AND d.chat_id IS NOT NULL AND d.chat_id IS DISTINCT FROM link.chat_id AS moved
        FROM deliveries d
        LEFT JOIN chat_links link ON link.user_id = d.user_id
        LEFT JOIN pace chat ON chat.key = 'chat:' || coalesce(d.chat_id, link.chat_id)
        WHERE d.channel = 'telegram' AND d.due_at <= :now
          AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
          AND (d.pause_until IS NULL OR d.pause_until <= clock_timestamp())
          AND (chat.next_at IS NULL OR chat.next_at <= clock_timestamp())
          AND NOT EXISTS (SELECT FROM pace WHERE key = 'telegram' AND halted_until > clock_timestamp())
          AND NOT EXISTS (SELECT FROM pauses)
          AND NOT EXISTS (SELECT FROM deliveries held WHERE held.user_id = d.user_id AND held.channel = 'telegram'
                          AND held.lease_until > clock_timestamp())
        ORDER BY d.urgency, d.due_at
        LIMIT 1
        FOR NO KEY UPDATE OF d SKIP LOCKED
    ), took AS (
        INSERT INTO pace (key, next_at)
        SELECT 'chat:' || chat_id, clock_timestamp() + CASE WHEN chat_id < 0 THEN :group_every ELSE :chat_every END
        FROM picked WHERE chat_id IS NOT NULL
        ON CONFLICT (key) DO UPDATE SET next_at = excluded.next_at WHERE pace.next_at <= clock_timestamp()
        RETURNING key
    )
    UPDATE deliveries d
    SET state = CASE d.state WHEN 'pending' THEN 'sending' ELSE d.state END, redraw = false,
        attempt = d.attempt + 1, lease_until = clock_timestamp() + :lease_for, pause_until = NULL, shows = NULL
    FROM picked
    LEFT JOIN users person ON person.id = picked.user_id
    LEFT JOIN contact_settings contact ON contact.user_id = picked.user_id
    WHERE d.id = picked.id AND (picked.chat_id IS NULL OR EXISTS (SELECT FROM took))
    RETURNING {ROW}, picked.chat_id, picked.reachable, picked.moved, picked.shows, {RECIPIENT},
              EXISTS (SELECT FROM deliveries text WHERE text.escalated_from = d.id) AS went_on
    """,  # noqa: S608 - our own texts
    chat_every=Interval(),
    group_every=Interval(),
    lease_for=Interval(),
    today=Date(),
    tomorrow=Date(),
)


async def claim_telegram(db: AsyncEngine, now: datetime, chat_every: timedelta, policy: Policy) -> Claimed | None:
    """The most urgent message, send or edit, whose chat may get one now; None also where another sender was quicker.

    Takes the chat's turn of `chat_every`, a group's of more. One whose lease ran out is claimed again: Telegram may
    show it twice (R11.7).
    """
    turns = {"chat_every": chat_every, "group_every": GROUP_TURNS * chat_every}
    given = {"now": now, "lease_for": LEASE_FOR} | turns | days(now, policy)
    found = await alone(db, _CLAIM_TELEGRAM, given)
    return claimed_from(dict(found[0]), Channel.TELEGRAM) if found else None


def days(now: datetime, policy: Policy) -> dict[str, Any]:
    """The two days that RECIPIENT asks about."""
    today = local_day(now, policy)
    return {"today": today, "tomorrow": today + timedelta(days=1)}


_TO = tuple(each.name for each in fields(Recipient) if each.name != "role")


def claimed_from(row: dict[str, Any], channel: Channel) -> Claimed:
    """Of a row with the columns of ROW and, where the person was read with it, of RECIPIENT."""
    role, how = row.pop("role", None), {name: row.pop(name, None) for name in _TO}
    to = Recipient(UserRole(role), **how) if role is not None else None
    return Claimed(channel=channel, to=to, **row | {"state": DeliveryState(row["state"])})
